/* What workers say of themselves; docs/worker-protocol.md is the contract. */
CREATE OR REPLACE FUNCTION arbees.worker_hello(worker text, venue text, account text, roles text,
	pid integer, own_user boolean,
	OUT venue_id integer, OUT is_simulator boolean, OUT clock_driven boolean, OUT endpoints jsonb,
	OUT chain_id integer, OUT venue_account_id integer, OUT address text, OUT signature_type integer,
	OUT lease_ms integer, OUT confirm_timeout_ms integer, OUT tick_history boolean,
	OUT live_portfolios integer)
RETURNS record
LANGUAGE C VOLATILE PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'arbees_worker_hello';
COMMENT ON FUNCTION arbees.worker_hello(text, text, text, text, integer, boolean) IS
	'registers a worker and tells it where its venue is';
REVOKE ALL ON FUNCTION arbees.worker_hello(text, text, text, text, integer, boolean) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION arbees.worker_hello(text, text, text, text, integer, boolean) TO arbees_worker;

CREATE OR REPLACE FUNCTION arbees.worker_heartbeat(worker text, state jsonb,
	OUT kill_level text, OUT market_ms bigint, OUT dry_run boolean)
RETURNS record
LANGUAGE C VOLATILE PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'arbees_worker_heartbeat';
COMMENT ON FUNCTION arbees.worker_heartbeat(text, jsonb) IS
	'says that a worker lives, with the state of its feeds and what it could not read since the last time';
REVOKE ALL ON FUNCTION arbees.worker_heartbeat(text, jsonb) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION arbees.worker_heartbeat(text, jsonb) TO arbees_worker;

CREATE OR REPLACE FUNCTION arbees.worker_alert(worker text, severity text, kind text, message text)
RETURNS void
LANGUAGE C VOLATILE PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'arbees_worker_alert';
COMMENT ON FUNCTION arbees.worker_alert(text, text, text, text) IS 'raises an alert in a worker''s name';
REVOKE ALL ON FUNCTION arbees.worker_alert(text, text, text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION arbees.worker_alert(text, text, text, text) TO arbees_worker;

CREATE OR REPLACE FUNCTION arbees.report_venue_checks(account integer, epoch bigint, checks jsonb)
RETURNS void
LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'arbees_report_venue_checks';
COMMENT ON FUNCTION arbees.report_venue_checks(integer, bigint, jsonb) IS
	'stores what the venue says about the account; LIVE entries wait until all of it is good';
REVOKE ALL ON FUNCTION arbees.report_venue_checks(integer, bigint, jsonb) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION arbees.report_venue_checks(integer, bigint, jsonb) TO arbees_worker;

GRANT INSERT (received_at, source_at, venue_id, kind, instrument_id, underlying, price, size, bid, ask)
	ON arbees.ticks TO arbees_worker;
