/* The throttle of repeated executions: its guard, and the person's word that lets them go on. */
CREATE OR REPLACE TRIGGER execution_repeats_guard
	BEFORE INSERT OR UPDATE OR DELETE ON arbees.execution_repeats
	FOR EACH ROW EXECUTE FUNCTION arbees.guard_rows('execution_repeats', 'closed');
CREATE OR REPLACE TRIGGER execution_repeats_truncate_guard
	BEFORE TRUNCATE ON arbees.execution_repeats
	FOR EACH STATEMENT EXECUTE FUNCTION arbees.guard_rows('execution_repeats', 'closed');
ALTER TABLE arbees.execution_repeats ENABLE ALWAYS TRIGGER execution_repeats_guard;
ALTER TABLE arbees.execution_repeats ENABLE ALWAYS TRIGGER execution_repeats_truncate_guard;

CREATE OR REPLACE FUNCTION @extschema@.arbees_enable_execution(
	deployment integer, instrument integer, side text, reason text)
RETURNS text
LANGUAGE C VOLATILE PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'arbees_enable_execution';
COMMENT ON FUNCTION @extschema@.arbees_enable_execution(integer, integer, text, text) IS
	'lets a deployment enter an instrument and side again after its repeats disabled it, and counts from zero';
REVOKE ALL ON FUNCTION @extschema@.arbees_enable_execution(integer, integer, text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION @extschema@.arbees_enable_execution(integer, integer, text, text) TO arbees_operator;
