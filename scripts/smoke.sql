-- scripts/smoke.sql: what a worker would say, one PAPER order, one kill. Answers one line each.
\set QUIET on
SELECT arbees_start() AS ignored \gset
SELECT arbees_create_venue('smoke', true, false, '{}', 137) AS ignored \gset
SELECT arbees_create_portfolio('smoke', 'PAPER', 'smoke', NULL) AS ignored \gset
SELECT arbees_deposit('smoke', 1000, 'to begin with') AS ignored \gset
SELECT arbees_deploy('always_trade_canary', 'smoke', '{"seconds_before_close": 3600}') AS ignored \gset
SELECT venue_id AS venue FROM arbees.venues WHERE name = 'smoke' \gset
SELECT 'hello' AS ignored FROM arbees.worker_hello('smoke', 'smoke', NULL, 'feed,trade', 1, true) \gset
SELECT 'beat' AS ignored FROM arbees.worker_heartbeat('smoke', '{}') \gset
SELECT floor(extract(epoch FROM clock_timestamp()))::bigint * 1000 AS now_ms \gset

SELECT up_instrument AS up, down_instrument AS down
FROM arbees.report_window(:venue, 'btc-updown-smoke-1', 'BTC', '0x01', :now_ms - 60000, :now_ms + 600000,
	'last_tick', '101', '102', 0.01, 5, 1, 0.07, 1, false) \gset
SELECT count(*) AS ignored
FROM arbees.on_quotes(:venue, 'PAPER', NULL, ARRAY[:up, :down], '{0.55,0.43}', '{500,500}', '{0.57,0.45}', '{500,500}',
	ARRAY[:now_ms, :now_ms], '{BTC}', '{100000}', ARRAY[:now_ms]) \gset
SELECT state FROM arbees.orders WHERE mode = 'PAPER' AND purpose = 'ENTRY';
SELECT bool_and(agrees) FROM arbees.decisions, LATERAL arbees_replay(decision_id) AS replay (agrees);

SELECT level FROM arbees_kill('flatten', 'smoke');
SELECT up_instrument AS up, down_instrument AS down
FROM arbees.report_window(:venue, 'btc-updown-smoke-2', 'BTC', '0x02', :now_ms - 60000, :now_ms + 600000,
	'last_tick', '201', '202', 0.01, 5, 1, 0.07, 1, false) \gset
SELECT count(*) AS ignored
FROM arbees.on_quotes(:venue, 'PAPER', NULL, ARRAY[:up, :down], '{0.55,0.43}', '{500,500}', '{0.57,0.45}', '{500,500}',
	ARRAY[:now_ms, :now_ms], '{BTC}', '{100000}', ARRAY[:now_ms]) \gset
SELECT count(*) FROM arbees.orders WHERE mode = 'PAPER' AND purpose = 'ENTRY' AND instrument_id IN (:up, :down);
SELECT verdict FROM arbees.decisions WHERE purpose = 'ENTRY' AND instrument_id IN (:up, :down);
