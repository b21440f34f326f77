/* The kill switch. */
CREATE OR REPLACE TRIGGER kill_levels_guard
	BEFORE INSERT OR UPDATE OR DELETE ON arbees.kill_levels
	FOR EACH ROW EXECUTE FUNCTION arbees.guard_rows('kill_levels', 'append');
CREATE OR REPLACE TRIGGER kill_levels_truncate_guard
	BEFORE TRUNCATE ON arbees.kill_levels
	FOR EACH STATEMENT EXECUTE FUNCTION arbees.guard_rows('kill_levels', 'append');
ALTER TABLE arbees.kill_levels ENABLE ALWAYS TRIGGER kill_levels_guard;
ALTER TABLE arbees.kill_levels ENABLE ALWAYS TRIGGER kill_levels_truncate_guard;

CREATE OR REPLACE TRIGGER installation_guard
	BEFORE INSERT OR UPDATE OR DELETE ON arbees.installation
	FOR EACH ROW EXECUTE FUNCTION arbees.guard_rows('installation', 'closed');
CREATE OR REPLACE TRIGGER installation_truncate_guard
	BEFORE TRUNCATE ON arbees.installation
	FOR EACH STATEMENT EXECUTE FUNCTION arbees.guard_rows('installation', 'closed');
ALTER TABLE arbees.installation ENABLE ALWAYS TRIGGER installation_guard;
ALTER TABLE arbees.installation ENABLE ALWAYS TRIGGER installation_truncate_guard;

CREATE OR REPLACE FUNCTION @extschema@.arbees_kill(level text)
RETURNS arbees.kill_result				-- one row: what it stops, what was already in flight
LANGUAGE C VOLATILE PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'arbees_kill';
COMMENT ON FUNCTION @extschema@.arbees_kill(text) IS
	'stops trading at level pause, flatten or emergency; holds when this call returns';
REVOKE ALL ON FUNCTION @extschema@.arbees_kill(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION @extschema@.arbees_kill(text) TO arbees_operator;

CREATE OR REPLACE FUNCTION @extschema@.arbees_kill(level text, reason text)
RETURNS arbees.kill_result
LANGUAGE C VOLATILE PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'arbees_kill';
COMMENT ON FUNCTION @extschema@.arbees_kill(text, text) IS
	'stops trading at level pause, flatten or emergency, and says why; holds when this call returns';
REVOKE ALL ON FUNCTION @extschema@.arbees_kill(text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION @extschema@.arbees_kill(text, text) TO arbees_operator;

CREATE OR REPLACE FUNCTION @extschema@.arbees_resume(reason text)
RETURNS arbees.kill_result
LANGUAGE C VOLATILE PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'arbees_resume';
COMMENT ON FUNCTION @extschema@.arbees_resume(text) IS
	'lets trading go on after a kill; binds a copy of the database to where it is now';
REVOKE ALL ON FUNCTION @extschema@.arbees_resume(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION @extschema@.arbees_resume(text) TO arbees_risk;

CREATE OR REPLACE FUNCTION arbees.installation_is_ours()
RETURNS boolean
LANGUAGE C VOLATILE PARALLEL RESTRICTED
AS 'MODULE_PATHNAME', 'arbees_installation_is_ours';
COMMENT ON FUNCTION arbees.installation_is_ours() IS
	'false in a restored, cloned or promoted copy until arbees_resume';
REVOKE ALL ON FUNCTION arbees.installation_is_ours() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION arbees.installation_is_ours() TO arbees_viewer, arbees_worker;

CREATE OR REPLACE FUNCTION arbees.begin_safety()
RETURNS void
LANGUAGE C VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'arbees_begin_safety';
COMMENT ON FUNCTION arbees.begin_safety() IS
	'called once by the installation: the first kill level and the first binding';
REVOKE ALL ON FUNCTION arbees.begin_safety() FROM PUBLIC;

CREATE OR REPLACE VIEW arbees.kill_switch AS
SELECT seq, level, reason, set_by, set_at
FROM arbees.kill_levels
ORDER BY seq DESC
LIMIT 1;
COMMENT ON VIEW arbees.kill_switch IS 'the kill level in force';
