-- What workers say of themselves, and how the desk shows it.
SET client_min_messages = error;
DROP EXTENSION IF EXISTS arbees CASCADE;
CREATE EXTENSION arbees;
RESET client_min_messages;
\set SHOW_CONTEXT never
SET timezone = 'UTC';
SET datestyle = 'ISO';

SELECT arbees_create_venue('workers_live', false, false, '{"clob": "http://127.0.0.1:1"}', 137) AS live \gset
SELECT arbees_create_venue('workers_sim', true, true, '{"clob": "http://127.0.0.1:1"}', 137) AS sim \gset
INSERT INTO arbees.venue_accounts (venue_account_id, venue_id, name, address, signature_type, capital_cap_usd) VALUES
	(9101, :live, 'workers_live', '0x0000000000000000000000000000000000000001', 0, 10),
	(9102, :sim, 'workers_sim', '0x0000000000000000000000000000000000000002', 2, 10);

-- refusals
SELECT * FROM arbees.worker_hello('', 'workers_sim', NULL, 'feed', 1, true);
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM arbees.worker_hello('w', 'nowhere', NULL, 'feed', 1, true);
SELECT * FROM arbees.worker_hello('w', NULL, NULL, 'feed', 1, true);
SELECT * FROM arbees.worker_hello('w', 'workers_sim', 'workers_live', 'feed', 1, true);
SELECT * FROM arbees.worker_hello('w', 'workers_sim', NULL, 'feed,decide', 1, true);
SELECT * FROM arbees.worker_hello('w', 'workers_sim', NULL, NULL, 1, true);
-- real keys are not for the server's own user
SELECT * FROM arbees.worker_hello('w', 'workers_live', 'workers_live', 'trade', 1, false);
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM arbees.worker_hello('w', 'workers_live', 'workers_live', 'trade', 1, NULL);
SELECT arbees.worker_heartbeat('w', '{}');
\echo :LAST_ERROR_SQLSTATE

-- welcome
SELECT is_simulator, clock_driven, endpoints, chain_id, venue_account_id, address, signature_type, lease_ms,
	confirm_timeout_ms, tick_history, live_portfolios
	FROM arbees.worker_hello('w', 'workers_live', 'workers_live', 'feed,trade', 1, true);
SELECT is_simulator, clock_driven, venue_account_id, signature_type, live_portfolios
	FROM arbees.worker_hello('s', 'workers_sim', 'workers_sim', 'feed,trade,serve,alert', 2, false);
SELECT venue_account_id IS NULL AS feeds_only FROM arbees.worker_hello('f', 'workers_live', NULL, 'feed', 3, false);
SELECT worker, venue_account_id, roles, pid FROM arbees.workers WHERE worker IN ('w', 's', 'f') ORDER BY worker;

-- heartbeats add up what they count
SELECT * FROM arbees.worker_heartbeat('w', '{"feeds": [
	{"channel": "market", "connected": true, "messages": 10, "errors": 1, "reconnects": 2, "last_data_ms": 1700000000123},
	{"channel": "user", "connected": false}],
	"input_errors": [{"kind": "bad_json", "count": 2, "context": "{\"a"}], "clock_offset_ms": -12.5}');
SELECT * FROM arbees.worker_heartbeat('w', '{"feeds": [
	{"channel": "market", "connected": true, "messages": 5, "errors": 0, "reconnects": 0},
	{"channel": "market", "connected": true, "messages": 5}],
	"input_errors": [{"kind": "bad_json", "count": 3}, {"kind": "unknown_type", "count": 1, "context": "x"}]}');
SELECT * FROM arbees.worker_heartbeat('w', NULL);
SELECT channel, connected, messages, errors, reconnects, last_data_at FROM arbees.feeds WHERE worker = 'w' ORDER BY channel;
SELECT kind, count, last_context FROM arbees.input_errors WHERE worker = 'w' ORDER BY kind;
SELECT clock_offset_ms FROM arbees.workers WHERE worker = 'w';
-- the driven clock, and the kill level
UPDATE arbees.venues SET market_time = '2026-01-01 00:00:00.25+00' WHERE venue_id = :sim;
SELECT level FROM arbees_kill('pause', 'heard by workers');
SELECT * FROM arbees.worker_heartbeat('s', '{}');
SELECT level FROM arbees_resume('heard by workers');
-- hostile states change nothing
SELECT * FROM arbees.worker_heartbeat('w', '[]');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM arbees.worker_heartbeat('w', '{"feeds": "many"}');
SELECT * FROM arbees.worker_heartbeat('w', '{"feeds": [{"channel": "market", "messages": "lots"}]}');
SELECT * FROM arbees.worker_heartbeat('w', jsonb_build_object('x', repeat('y', 70000)));
\echo :LAST_ERROR_SQLSTATE
SELECT messages FROM arbees.feeds WHERE worker = 'w' AND channel = 'market';

-- what the venue says of the account
SELECT granted, epoch FROM arbees.acquire_trader(9102, 's');
SELECT arbees.report_venue_checks(9102, 1, '{"geoblock_ok": true, "closed_only": false, "allowance_ok": true, "signature_type_ok": true, "clock_offset_ms": 3}');
SELECT arbees.report_venue_checks(9102, 1, '{"geoblock_ok": "yes"}');
\echo :LAST_ERROR_SQLSTATE
SELECT arbees.report_venue_checks(9102, 1, '{"banned": false}');
SELECT arbees.report_venue_checks(9102, 1, '[]');
SELECT checks, checks_at IS NOT NULL AS dated FROM arbees.venue_accounts WHERE venue_account_id = 9102;

-- silence is told once
SELECT arbees_set('worker_max_silence_ms', '500', 'to hear silence');
SELECT pg_sleep(0.6);
SELECT arbees.step_liveness();
SELECT arbees.step_liveness();
SELECT severity, kind, regexp_replace(message, 'since .*', 'since T') AS message FROM arbees.alerts
	WHERE kind = 'worker_silent' AND message ~ '^worker [wsf] ' ORDER BY message;
SELECT name, alive FROM arbees.liveness WHERE what = 'worker' AND name IN ('w', 's', 'f') ORDER BY name;
SELECT kill_level FROM arbees.worker_heartbeat('w', '{}');
SELECT name, alive FROM arbees.liveness WHERE what = 'worker' AND name IN ('w', 's', 'f') ORDER BY name;
SELECT worker FROM arbees_status();
SELECT arbees_set('worker_max_silence_ms', '5000', 'end of test');
SELECT jsonb_path_query(arbees_health(), '$.workers[*] ? (@.worker == "s").roles');
SELECT arbees.release_trader(9102, 1);
DELETE FROM arbees.feeds WHERE worker IN ('w', 's', 'f');
DELETE FROM arbees.workers WHERE worker IN ('w', 's', 'f');
