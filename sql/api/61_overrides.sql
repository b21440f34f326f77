/* Overrides: asked for by one person, granted by another. */
CREATE OR REPLACE TRIGGER overrides_guard
	BEFORE INSERT OR UPDATE OR DELETE ON arbees.overrides
	FOR EACH ROW EXECUTE FUNCTION arbees.guard_rows('overrides', 'closed');
CREATE OR REPLACE TRIGGER overrides_truncate_guard
	BEFORE TRUNCATE ON arbees.overrides
	FOR EACH STATEMENT EXECUTE FUNCTION arbees.guard_rows('overrides', 'closed');
ALTER TABLE arbees.overrides ENABLE ALWAYS TRIGGER overrides_guard;
ALTER TABLE arbees.overrides ENABLE ALWAYS TRIGGER overrides_truncate_guard;

CREATE OR REPLACE FUNCTION @extschema@.arbees_request_override(decision_id bigint, reason text, expires interval)
RETURNS bigint
LANGUAGE C VOLATILE PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'arbees_request_override';
COMMENT ON FUNCTION @extschema@.arbees_request_override(bigint, text, interval) IS
	'asks to let a denied entry through once, for at most a day; returns the number of the override';

CREATE OR REPLACE FUNCTION @extschema@.arbees_approve_override(
	override_id bigint, reason text,
	OUT decision_id bigint, OUT verdict arbees.verdict, OUT denied_by text, OUT order_id bigint)
RETURNS record
LANGUAGE C VOLATILE PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'arbees_approve_override';
COMMENT ON FUNCTION @extschema@.arbees_approve_override(bigint, text) IS
	'submits the entry again, without the checks that denied it, all others in force; not by who asked for it';

REVOKE ALL ON FUNCTION
	@extschema@.arbees_request_override(bigint, text, interval), @extschema@.arbees_approve_override(bigint, text)
	FROM PUBLIC;
GRANT EXECUTE ON FUNCTION @extschema@.arbees_request_override(bigint, text, interval) TO arbees_operator;
GRANT EXECUTE ON FUNCTION @extschema@.arbees_approve_override(bigint, text) TO arbees_risk;
