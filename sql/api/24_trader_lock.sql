/* The trader lock: one worker trades a venue account, fenced by its epoch. */
CREATE OR REPLACE TRIGGER trader_epochs_guard
	BEFORE INSERT OR UPDATE OR DELETE ON arbees.trader_epochs
	FOR EACH ROW EXECUTE FUNCTION arbees.guard_rows('trader_epochs', 'closed');
CREATE OR REPLACE TRIGGER trader_epochs_truncate_guard
	BEFORE TRUNCATE ON arbees.trader_epochs
	FOR EACH STATEMENT EXECUTE FUNCTION arbees.guard_rows('trader_epochs', 'closed');
ALTER TABLE arbees.trader_epochs ENABLE ALWAYS TRIGGER trader_epochs_guard;
ALTER TABLE arbees.trader_epochs ENABLE ALWAYS TRIGGER trader_epochs_truncate_guard;

CREATE OR REPLACE TRIGGER trader_leases_guard
	BEFORE INSERT OR UPDATE OR DELETE ON arbees.trader_leases
	FOR EACH ROW EXECUTE FUNCTION arbees.guard_rows('trader_leases', 'closed');
CREATE OR REPLACE TRIGGER trader_leases_truncate_guard
	BEFORE TRUNCATE ON arbees.trader_leases
	FOR EACH STATEMENT EXECUTE FUNCTION arbees.guard_rows('trader_leases', 'closed');
ALTER TABLE arbees.trader_leases ENABLE ALWAYS TRIGGER trader_leases_guard;
ALTER TABLE arbees.trader_leases ENABLE ALWAYS TRIGGER trader_leases_truncate_guard;

CREATE OR REPLACE FUNCTION arbees.acquire_trader(account integer, worker text,
	OUT granted boolean, OUT epoch bigint, OUT lease_ms integer, OUT holder text, OUT reason text)
RETURNS record
LANGUAGE C VOLATILE PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'arbees_acquire_trader';
COMMENT ON FUNCTION arbees.acquire_trader(integer, text) IS
	'makes a worker the only one that trades a venue account, under a new epoch';
REVOKE ALL ON FUNCTION arbees.acquire_trader(integer, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION arbees.acquire_trader(integer, text) TO arbees_worker;

CREATE OR REPLACE FUNCTION arbees.renew_trader(account integer, epoch bigint)
RETURNS integer
LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'arbees_renew_trader';
COMMENT ON FUNCTION arbees.renew_trader(integer, bigint) IS
	'extends the lease of the epoch in force; RB004 when it is lost';
REVOKE ALL ON FUNCTION arbees.renew_trader(integer, bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION arbees.renew_trader(integer, bigint) TO arbees_worker;

CREATE OR REPLACE FUNCTION arbees.release_trader(account integer, epoch bigint)
RETURNS void
LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'arbees_release_trader';
COMMENT ON FUNCTION arbees.release_trader(integer, bigint) IS
	'gives the account up before the lease ends; RB004 when it is lost';
REVOKE ALL ON FUNCTION arbees.release_trader(integer, bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION arbees.release_trader(integer, bigint) TO arbees_worker;
