/* The journal: nothing is ever changed in it, and the chain proves that. */
CREATE OR REPLACE TRIGGER journal_desk_guard
	BEFORE INSERT OR UPDATE OR DELETE ON arbees.journal_desk
	FOR EACH ROW EXECUTE FUNCTION arbees.guard_rows('journal', 'append');
CREATE OR REPLACE TRIGGER journal_desk_truncate_guard
	BEFORE TRUNCATE ON arbees.journal_desk
	FOR EACH STATEMENT EXECUTE FUNCTION arbees.guard_rows('journal', 'append');
ALTER TABLE arbees.journal_desk ENABLE ALWAYS TRIGGER journal_desk_guard;
ALTER TABLE arbees.journal_desk ENABLE ALWAYS TRIGGER journal_desk_truncate_guard;

CREATE OR REPLACE TRIGGER journal_seals_guard
	BEFORE INSERT OR UPDATE OR DELETE ON arbees.journal_seals
	FOR EACH ROW EXECUTE FUNCTION arbees.guard_rows('journal_seals', 'append');
CREATE OR REPLACE TRIGGER journal_seals_truncate_guard
	BEFORE TRUNCATE ON arbees.journal_seals
	FOR EACH STATEMENT EXECUTE FUNCTION arbees.guard_rows('journal_seals', 'append');
ALTER TABLE arbees.journal_seals ENABLE ALWAYS TRIGGER journal_seals_guard;
ALTER TABLE arbees.journal_seals ENABLE ALWAYS TRIGGER journal_seals_truncate_guard;

CREATE OR REPLACE FUNCTION arbees.step_seal()
RETURNS void
LANGUAGE C VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'arbees_step_seal';
COMMENT ON FUNCTION arbees.step_seal() IS
	'step of the tick: seals the journal rows that no running transaction can still precede';
REVOKE ALL ON FUNCTION arbees.step_seal() FROM PUBLIC;

CREATE OR REPLACE FUNCTION arbees.verify_journal(
	OUT ok boolean, OUT seal_no bigint, OUT journal_id bigint, OUT detail text,
	OUT seals_checked bigint, OUT rows_checked bigint)
RETURNS record
LANGUAGE C STABLE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'arbees_verify_journal';
COMMENT ON FUNCTION arbees.verify_journal() IS
	're-computes every hash and every seal; names the first that does not agree';
REVOKE ALL ON FUNCTION arbees.verify_journal() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION arbees.verify_journal() TO arbees_viewer;

CREATE OR REPLACE VIEW arbees.journal_head AS
SELECT seal_no, through_xid, through_id, sealed_at, pg_catalog.encode(head, 'hex') AS head
FROM arbees.journal_seals
ORDER BY seal_no DESC
LIMIT 1;
COMMENT ON VIEW arbees.journal_head IS
	'the chain''s head: keep it elsewhere, and nobody can rewrite what it covers unnoticed';
