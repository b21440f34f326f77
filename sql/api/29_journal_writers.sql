/* How SQL functions of arbees write to the journal; nobody else may. */
CREATE OR REPLACE FUNCTION arbees.actor() RETURNS text
	LANGUAGE C STRICT STABLE PARALLEL RESTRICTED AS 'MODULE_PATHNAME', 'arbees_actor';
COMMENT ON FUNCTION arbees.actor() IS 'who called, whatever function they called through';
CREATE OR REPLACE FUNCTION arbees.write_journal(mode arbees.mode, kind text, portfolio integer, ref bigint, message text)
RETURNS void
	LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'arbees_write_journal';
CREATE OR REPLACE FUNCTION arbees.raise_alert(severity text, kind text, message text)
RETURNS void
	LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'arbees_raise_alert';
REVOKE ALL ON FUNCTION arbees.write_journal(arbees.mode, text, integer, bigint, text),
	arbees.raise_alert(text, text, text) FROM PUBLIC;
