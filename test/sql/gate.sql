\set ECHO none
\getenv dir PG_ABS_SRCDIR
\set desk :dir '/sql/desk.inc'
\i :desk
-- The gate: every check on both sides of its limit; refusals are rows, hostile signals are errors.

-- Arranges, submits one signal, and takes everything back; says so if the stored decision does not replay.
CREATE FUNCTION desk.probe(arrange text, sig jsonb, portfolio text DEFAULT 'paper') RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
	result	text;
BEGIN
	BEGIN
		IF arrange <> '' THEN
			EXECUTE arrange;
		END IF;
		result := desk.try(desk.signal(sig), portfolio);
		IF EXISTS (SELECT FROM arbees.decisions d WHERE NOT (arbees_replay(d.decision_id)).agrees) THEN
			result := result || ', does not replay';
		END IF;
		RAISE EXCEPTION USING ERRCODE = 'DK000', MESSAGE = result;
	EXCEPTION WHEN SQLSTATE 'DK000' THEN
		RETURN SQLERRM;
	END;
END
$$;
CREATE TABLE desk.cases (n serial, arrange text, sig jsonb, portfolio text DEFAULT 'paper');
CREATE PROCEDURE desk.clear() LANGUAGE sql AS 'TRUNCATE desk.cases RESTART IDENTITY';
CREATE VIEW desk.verdicts AS
	SELECT n, left(arrange, 70) AS arrange, coalesce(sig #>> '{}', '') AS signal, desk.probe(arrange, sig, portfolio) AS verdict
	FROM desk.cases ORDER BY n;
SELECT FROM desk.quote('PAPER', 100, 'w.up', 0.50, 0.52);
SELECT FROM desk.quote('PAPER', 100.5, 'w.down', 0.47, 0.49);

-- Here each check stands alone: those that judge the same numbers more tightly stand back; checks.sql has them all.
SELECT count(arbees_set_none(k, 'one at a time')) FROM unnest('{max_spread_pct,max_order_usd,max_window_usd,max_gross_usd,max_venue_usd,max_strategy_usd,max_net_usd,max_same_side_positions}'::text[]) k;

-- The table of checks has no gaps and no double codes.
SELECT ordinal, code, check_group, for_entries, for_exits FROM arbees.risk_checks ORDER BY ordinal;
SELECT count(*) = max(ordinal) AND count(DISTINCT code) = count(*) AS sound FROM arbees.risk_checks;

-- State.
INSERT INTO desk.cases (arrange, sig) VALUES
	('', '{}'),
	('SELECT arbees_kill(''pause'')', '{}'),
	('SELECT arbees_kill(''flatten'')', '{}'),
	('SELECT arbees_kill(''emergency'')', '{}'),
	('SELECT arbees_kill(''pause''), arbees_resume(''go'')', '{}'),
	('SELECT desk.by_force(''installation'', ''UPDATE arbees.installation SET database_oid = 1'')', '{}'),
	('SELECT arbees_set(''trading_mode'', ''LIVE'', ''t'')', '{}'),
	('SELECT arbees_set(''trading_mode'', '''', ''t'')', '{}'),
	('SELECT arbees_set(''trading_mode'', ''PAPER'', ''t'')', '{}'),
	('SELECT desk.breaker(''desk'', 0, ''OPEN'')', '{}'),
	('SELECT desk.breaker(''desk'', 0, ''HALF_OPEN'')', '{}'),
	('SELECT desk.breaker(''desk'', 0, ''CLOSED'')', '{}'),
	('SELECT desk.breaker(''portfolio'', desk.portfolio(''paper''), ''OPEN'')', '{}'),
	('SELECT desk.breaker(''portfolio'', 77, ''OPEN'')', '{}'),
	('UPDATE arbees.conductor SET beat_at = clock_timestamp() - interval ''500 ms''', '{}'),
	('UPDATE arbees.conductor SET beat_at = clock_timestamp() - interval ''1002 ms''', '{}'),
	('DELETE FROM arbees.conductor', '{}'),
	('UPDATE arbees.strategies SET state = ''retired'' WHERE name = ''silent''', '{}'),
	('SELECT arbees_set(''allowed_strategies'', ''other,sil*'', ''t'')', '{}'),
	('SELECT arbees_set(''allowed_strategies'', ''silent'', ''t'')', '{}'),
	('SELECT arbees_set(''allowed_strategies'', ''silent2'', ''t'')', '{}'),
	('SELECT arbees_set(''allowed_strategies'', '''', ''t'')', '{}'),
	('UPDATE arbees.runtime_controls SET is_none = false WHERE key = ''allowed_strategies''', '{}'),
	('UPDATE arbees.deployments SET state = ''paused''', '{}'),
	('SELECT arbees_set(''allowed_instruments'', ''ETH'', ''t'')', '{}'),
	('SELECT arbees_set(''allowed_instruments'', ''BTC'', ''t'')', '{}'),
	('SELECT arbees_set(''allowed_instruments'', ''w.*'', ''t'')', '{}'),
	('SELECT arbees_set(''allowed_instruments'', ''w.down'', ''t'')', '{}'),
	('UPDATE arbees.runtime_controls SET is_none = false WHERE key = ''allowed_instruments''', '{}'),
	('SELECT arbees_set(''allow_submit'', ''false'', ''t'')', '{}'),
	('SELECT arbees_set(''allow_submit'', ''false'', ''t''), arbees_kill(''pause'')', '{}'),
	('UPDATE arbees.runtime_controls SET value = NULL WHERE key = ''allow_submit''', '{}');
SELECT * FROM desk.verdicts;
CALL desk.clear();

-- Market: the window's times, the quote's presence and age.
SELECT desk.make_window('later', 200, 400), desk.make_window('unquoted', 0, 300);
INSERT INTO desk.cases (arrange, sig) VALUES
	('SELECT FROM desk.quote(''PAPER'', 199.999, ''later.up'', 0.5, 0.52)', '{"symbol": "later.up"}'),
	('SELECT FROM desk.quote(''PAPER'', 200, ''later.up'', 0.5, 0.52)', '{"symbol": "later.up"}'),
	('SELECT FROM desk.quote(''PAPER'', 299, ''w.up'', 0.5, 0.52)', '{}'),
	('SELECT FROM desk.quote(''PAPER'', 299.001, ''w.up'', 0.5, 0.52)', '{}'),
	('SELECT arbees_set(''no_entry_before_close_s'', ''0'', ''t''), desk.quote(''PAPER'', 299.999, ''w.up'', 0.5, 0.52)', '{}'),
	('SELECT arbees_set(''no_entry_before_close_s'', ''0'', ''t''), desk.quote(''PAPER'', 300, ''w.up'', 0.5, 0.52)', '{}'),
	('UPDATE arbees.runtime_controls SET value = NULL WHERE key = ''no_entry_before_close_s''', '{}'),
	('SELECT arbees.report_resolution(desk.venue(''sim''), ''w'', ''UP'', NULL, NULL, desk.ms(100))', '{}'),
	('', '{"symbol": "unquoted.up"}'),
	('', '{"symbol": "unquoted.up", "time_in_force": "GTC"}'),
	('SELECT FROM desk.quote(''PAPER'', 101, ''w.up'', 0.5, NULL)', '{}'),
	('SELECT FROM desk.quote(''PAPER'', 101, ''w.up'', 0.5, NULL)', '{"time_in_force": "GTC"}'),
	('SELECT FROM desk.quote(''PAPER'', 101, ''w.up'', NULL, NULL)', '{"time_in_force": "GTC"}'),
	('SELECT FROM desk.quote(''PAPER'', 101, ''w.up'', NULL, 0.52)', '{}'),
	('SELECT FROM desk.quote(''PAPER'', 101, ''w.up'', 0.51, 0.52)', '{}'),
	('SELECT FROM desk.quote(''PAPER'', 101, ''w.up'', 0.52, 0.52)', '{}'),
	('SELECT FROM desk.quote(''PAPER'', 101, ''w.up'', 0.53, 0.52)', '{}'),
	('SELECT FROM desk.quote(''PAPER'', 102, ''w.down'', 0.47, 0.49)', '{}'),
	('SELECT FROM desk.quote(''PAPER'', 102.001, ''w.down'', 0.47, 0.49)', '{}'),
	('SELECT arbees_set(''quote_max_age_ms'', ''499'', ''t'')', '{}'),
	('SELECT arbees_set(''quote_max_age_ms'', ''500'', ''t'')', '{}'),
	('UPDATE arbees.runtime_controls SET value = NULL WHERE key = ''quote_max_age_ms''', '{}');
SELECT * FROM desk.verdicts;
CALL desk.clear();

-- Price and size.
INSERT INTO desk.cases (arrange, sig)
SELECT '', s::jsonb FROM unnest(ARRAY[
	'{"amount": 1.01}', '{"amount": 1.011}', '{"amount": 1.00000001}', '{"amount": 0}', '{"amount": -1}', '{"amount": null}',
	'{"amount_kind": "base", "amount": 5}', '{"amount_kind": "base", "amount": 4.99}', '{"amount_kind": "base", "amount": 5.005}',
	'{"side": "SELL", "amount_kind": "base", "amount": 5}', '{"side": "SELL"}',
	'{"limit_price": 0.54}', '{"limit_price": 0.535}', '{"limit_price": 0.53000001}', '{"limit_price": null}',
	'{"limit_price": 0.99}', '{"limit_price": 1}', '{"limit_price": 1.01}', '{"limit_price": 0.01}', '{"limit_price": 0}', '{"limit_price": -0.5}',
	'{"amount": 0.99}', '{"amount_kind": "base", "amount": 5, "limit_price": 0.20}', '{"amount_kind": "base", "amount": 5, "limit_price": 0.19}',
	'{"stop_loss_pct": 100}', '{"stop_loss_pct": 100.00000001}', '{"stop_loss_pct": -1}', '{"stop_loss_pct": null}',
	'{"take_profit_kind": "fixed", "take_profit_pct": 100000}', '{"take_profit_kind": "fixed", "take_profit_pct": 100001}',
	'{"take_profit_kind": "fixed", "take_profit_pct": -1}', '{"take_profit_kind": null, "take_profit_pct": null}']) s;
INSERT INTO desk.cases (arrange, sig) VALUES
	('UPDATE arbees.runtime_controls SET value = NULL WHERE key = ''stop_loss_pct''', '{"stop_loss_pct": null}'),
	('SELECT arbees_set_none(''stop_loss_pct'', ''t'')', '{"stop_loss_pct": null}'),
	('UPDATE arbees.runtime_controls SET value = NULL WHERE key = ''take_profit_kind''', '{"take_profit_kind": null}'),
	('UPDATE arbees.runtime_controls SET value = NULL WHERE key = ''take_profit_pct''', '{"take_profit_kind": "fixed", "take_profit_pct": null}');
SELECT * FROM desk.verdicts;
CALL desk.clear();

-- Exposure: position cap with what is held and what works, entries of a slot, cash with the largest fee.
SELECT arbees_create_portfolio('poor', 'PAPER', 'sim', NULL) > 0 AS made;
SELECT desk.attempt($$SELECT arbees_deploy('silent', 'poor', '{}')$$);
INSERT INTO desk.cases (arrange, sig) VALUES
	('', '{"amount": 5}'),
	('', '{"amount": 5.01}'),
	('', '{"amount_kind": "base", "amount": 9.43}'),
	('', '{"amount_kind": "base", "amount": 9.44}'),
	('SELECT arbees_set(''max_position_usd'', ''0'', ''t'')', '{}'),
	('SELECT arbees_set_none(''max_position_usd'', ''t'')', '{"amount": 500}'),
	('UPDATE arbees.runtime_controls SET value = NULL WHERE key = ''max_position_usd''', '{}'),
	('SELECT desk.try(desk.signal(''{"key": "held", "amount": 3}''))', '{"amount": 2}'),
	('SELECT desk.try(desk.signal(''{"key": "held", "amount": 3}''))', '{"amount": 2.01}'),
	-- Working: 5 shares at 0.40 reserve 2.0875 with the largest fee.
	('SELECT desk.try(desk.signal(''{"key": "works", "amount_kind": "base", "amount": 5, "limit_price": 0.40, "time_in_force": "GTC"}''))', '{"amount": 2.91}'),
	('SELECT desk.try(desk.signal(''{"key": "works", "amount_kind": "base", "amount": 5, "limit_price": 0.40, "time_in_force": "GTC"}''))', '{"amount": 2.92}'),
	-- The other side of the window is another instrument.
	('SELECT desk.try(desk.signal(''{"key": "held", "amount": 5}''))', '{"symbol": "w.down", "amount": 5}'),
	('SELECT desk.try(desk.signal(''{"key": "a"}''))', '{}'),
	('SELECT desk.try(desk.signal(''{"key": "a"}'')), desk.try(desk.signal(''{"key": "b"}''))', '{}'),
	('SELECT desk.try(desk.signal(''{"key": "a"}'')), desk.try(desk.signal(''{"key": "b"}''), ''paper'', ''silent2'')', '{}'),
	('SELECT desk.try(desk.signal(''{"key": "a"}'')), desk.try(desk.signal(''{"key": "b"}''), ''paper'', ''silent2'')', '{"symbol": "w.down"}'),
	-- An entry that was refused or found nobody takes a slot only if it became an order.
	('SELECT desk.try(desk.signal(''{"key": "a", "amount": 7}'')), desk.try(desk.signal(''{"key": "b"}''))', '{}'),
	('SELECT desk.try(desk.signal(''{"key": "a", "limit_price": 0.40}'')), desk.try(desk.signal(''{"key": "b", "limit_price": 0.40}''))', '{}');
INSERT INTO desk.cases (arrange, sig, portfolio) VALUES
	('', '{}', 'poor'),
	('SELECT arbees_deposit(''poor'', 1.07, ''t'')', '{}', 'poor'),
	('SELECT arbees_deposit(''poor'', 1.06999999, ''t'')', '{}', 'poor'),
	('SELECT arbees_deposit(''poor'', 2.66, ''t'')', '{"amount_kind": "base", "amount": 5, "limit_price": 0.50}', 'poor'),
	('SELECT arbees_deposit(''poor'', 2.58749999, ''t'')', '{"amount_kind": "base", "amount": 5, "limit_price": 0.50}', 'poor'),
	('SELECT arbees_deposit(''poor'', 2.5875, ''t'')', '{"amount_kind": "base", "amount": 5, "limit_price": 0.50}', 'poor'),
	('SELECT arbees_deposit(''poor'', 3.1574, ''t''), desk.try(desk.signal(''{"key": "works", "amount_kind": "base", "amount": 5, "limit_price": 0.40, "time_in_force": "GTC"}''), ''poor'')', '{}', 'poor'),
	('SELECT arbees_deposit(''poor'', 3.1575, ''t''), desk.try(desk.signal(''{"key": "works", "amount_kind": "base", "amount": 5, "limit_price": 0.40, "time_in_force": "GTC"}''), ''poor'')', '{}', 'poor');
SELECT * FROM desk.verdicts;
CALL desk.clear();

-- Loss: a bought dollar costs 0.03359 in fees at once.
INSERT INTO desk.cases (arrange, sig)
SELECT format('SELECT desk.try(desk.signal(''{"key": "a"}'')), arbees_set(%L, %L, ''t'')', k, v), '{}'
FROM unnest(ARRAY['max_session_loss_usd', 'daily_drawdown_limit_usd']) k, unnest(ARRAY['0.03359', '0.03358']) v;
INSERT INTO desk.cases (arrange, sig) VALUES
	('SELECT arbees_set_none(''max_session_loss_usd'', ''t''), arbees_set_none(''daily_drawdown_limit_usd'', ''t''), desk.try(desk.signal(''{"key": "a"}''))', '{}'),
	('UPDATE arbees.runtime_controls SET value = NULL WHERE key = ''max_session_loss_usd''', '{}'),
	('UPDATE arbees.runtime_controls SET value = NULL WHERE key = ''daily_drawdown_limit_usd''', '{}'),
	('SELECT desk.try(desk.signal(''{"key": "a"}'')), arbees_set(''max_session_loss_usd'', ''0'', ''t''), arbees_new_session(''paper'')', '{}');
SELECT desk.probe(arrange, sig) AS verdict, arrange FROM desk.cases ORDER BY n;
CALL desk.clear();

-- Every limit that one entry of a dollar, 1.92307693 shares at 0.52, meets by itself: at it, and just beyond.
INSERT INTO desk.cases (arrange, sig)
SELECT format('SELECT arbees_set(%L, %L, ''t'')', k, v), s::jsonb FROM (VALUES
	('quote_source_max_age_ms', '500', '499', '{}'), ('max_spread_pct', '3.93', '3.92', '{}'), ('max_depth_pct', '0.1924', '0.1923', '{}'),
	('max_order_usd', '1', '0.99', '{}'), ('max_order_qty', '1.92307693', '1.92307692', '{}'), ('max_day_value_usd', '1', '0.99', '{}'),
	('max_day_qty', '1.92307693', '1.92307692', '{}'), ('price_collar_pct', '18', '17', '{"limit_price": 0.60}'),
	('rolling_collar_pct', '18', '17', '{"limit_price": 0.60}'), ('min_confidence', '0.6', '0.61', '{"confidence": 0.6}'),
	('signal_max_age_ms', '1500', '1499', '{"as_of": "2026-01-01 00:01:39+00"}'),
	('max_position_qty', '1.92307693', '1.92307692', '{}'), ('max_window_usd', '1', '0.99', '{}'), ('max_strategy_usd', '1', '0.99', '{}'),
	('max_venue_usd', '1', '0.99', '{}'), ('max_group_usd', '1', '0.99', '{}'), ('max_gross_usd', '1', '0.99', '{}'), ('max_net_usd', '1', '0.99', '{}'),
	('max_day_net_usd', '1', '0.99', '{}'), ('max_open_positions', '1', '0', '{}'), ('max_open_orders', '1', '0', '{}'),
	('max_same_side_positions', '1', '0', '{}'), ('max_heat_usd', '1.07', '1.06', '{}'), ('max_heat_usd', '0.107', '0.106', '{"stop_loss_pct": 10}'),
	('max_messages_per_s', '1', '0', '{}'), ('strategy_messages_per_s', '1', '0', '{}')) l (k, at, beyond, s),
	unnest(ARRAY[at, beyond]) v;
-- And the second one: what the first did counts.
INSERT INTO desk.cases (arrange, sig)
SELECT format('SELECT arbees_set(%L, %L, ''t''), desk.try(desk.signal(''{"key": "first", "amount": 1.5}''))', k, v), '{}' FROM (VALUES
	('max_day_value_usd', '2.5', '2.49'), ('max_position_usd', '2.5', '2.49'), ('max_window_usd', '2.5', '2.49'), ('max_strategy_usd', '2.5', '2.49'),
	('max_gross_usd', '2.5', '2.49'), ('max_group_usd', '2.5', '2.49'), ('max_net_usd', '2.5', '2.49'), ('max_day_net_usd', '2.5', '2.49'),
	('max_open_positions', '2', '1'), ('max_same_side_positions', '2', '1'), ('strategy_messages_per_s', '2', '1'), ('max_messages_per_s', '2', '1'),
	('max_order_to_trade', '2', '1.99'), ('strategy_session_loss_usd', '0.0504', '0.0503'), ('strategy_daily_drawdown_usd', '0.0504', '0.0503'),
	('weekly_drawdown_limit_usd', '0.0504', '0.0503'), ('strategy_weekly_drawdown_usd', '0.0504', '0.0503')) l (k, at, beyond),
	unnest(ARRAY[at, beyond]) v;
INSERT INTO desk.cases (arrange, sig) VALUES
	('SELECT arbees_set(''duplicate_window_ms'', ''60000'', ''t''), desk.try(desk.signal(''{"key": "first"}''))', '{}'),
	('SELECT arbees_set(''duplicate_window_ms'', ''60000'', ''t''), desk.try(desk.signal(''{"key": "first"}''))', '{"limit_price": 0.54}'),
	('SELECT arbees_set(''duplicate_window_ms'', ''60000'', ''t''), desk.try(desk.signal(''{"key": "first"}''), ''paper'', ''silent2'')', '{}'),
	('SELECT arbees_set_none(''duplicate_window_ms'', ''t''), desk.try(desk.signal(''{"key": "first"}''))', '{}'),
	('SELECT arbees_lock(''venue'', ''sim'', ''t'')', '{}'), ('SELECT arbees_lock(''strategy'', ''silent'', ''t'')', '{}'),
	('SELECT arbees_lock(''strategy'', ''silent2'', ''t'')', '{}'), ('SELECT arbees_lock(''instrument'', ''w.up'', ''t'')', '{}'),
	('SELECT arbees_lock(''instrument'', ''w.down'', ''t'')', '{}'), ('SELECT arbees_restrict(''BTC'', ''t'')', '{}'),
	('SELECT arbees_trip_breaker(''venue:sim'', ''t'')', '{}'), ('SELECT arbees_trip_breaker(''strategy:silent'', ''t'')', '{}');
SELECT regexp_replace(regexp_replace(arrange, 'SELECT |, ''t''|desk.try\(desk.signal', '', 'g'), 'arbees_set\((.*?)\)', '\1') AS arrange, sig, desk.probe(arrange, sig) AS verdict
FROM desk.cases ORDER BY n;
CALL desk.clear();

-- A target: the order is what is missing, however often it is said; the view shows what was meant beside what there is.
SELECT desk.make_window('t', 0, 300);
SELECT FROM desk.quote('PAPER', 100.5, 't.up', 0.48, 0.50);
CREATE FUNCTION desk.target(key text, target numeric, given jsonb DEFAULT '{}') RETURNS text LANGUAGE sql AS $$
	SELECT desk.try(desk.signal(jsonb_build_object('key', key, 'symbol', 't.up', 'amount', NULL, 'amount_kind', NULL, 'target_position', target,
		'limit_price', 0.50) || given))
$$;
SELECT k, t, desk.target(k, t, g) AS verdict FROM (VALUES ('t1', 6, '{}'::jsonb), ('t2', 6, '{}'), ('t3', 8, '{}'),
	('t4', 11, '{"limit_price": 0.40, "time_in_force": "GTC"}'), ('t5', 11, '{}'), ('t6', 0, '{}'), ('t7', 11.5, '{}')) v (k, t, g);
SELECT verdict, reason, trim_scale(intended_qty) AS intended, trim_scale(held_qty) AS held, trim_scale(working_qty) AS working, trim_scale(missing_qty) AS missing
FROM arbees.intended_positions;
SELECT signal_key, trim_scale(target_qty) AS target, f.value AS amount FROM arbees.decisions d, arbees.decode_decision(d.input, d.output) f
WHERE f.part = 'output' AND f.field = 'amount' ORDER BY decision_id;
SELECT count(arbees_cancel(order_id)) FROM arbees.orders WHERE finished_at IS NULL;
SELECT trim_scale(held_qty) AS held, trim_scale(working_qty) AS working, trim_scale(missing_qty) AS missing FROM arbees.intended_positions;

-- LIVE: nobody trades without lease, reconciliation, the venue's checks, an operator's word and a cap.
SELECT desk.go_live(50);
SELECT FROM desk.quote('LIVE', 101, 'w.up', 0.50, 0.52);
INSERT INTO desk.cases (arrange, sig, portfolio)
SELECT a, '{}', 'live' FROM unnest(ARRAY['',
	'SELECT arbees.release_trader(desk.account(), desk.epoch())',
	'SELECT arbees.acquire_trader(desk.account(), ''worker'')',
	'SELECT arbees_disarm(''live'', ''enough'')',
	'SELECT arbees.report_venue_checks(desk.account(), desk.epoch(), ''{"geoblock_ok": false, "closed_only": false, "allowance_ok": true, "signature_type_ok": true}'')',
	'SELECT arbees.report_venue_checks(desk.account(), desk.epoch(), ''{"geoblock_ok": true, "closed_only": true, "allowance_ok": true, "signature_type_ok": true}'')',
	'SELECT arbees.report_venue_checks(desk.account(), desk.epoch(), ''{"geoblock_ok": true, "closed_only": false, "allowance_ok": false, "signature_type_ok": true}'')',
	'SELECT arbees.report_venue_checks(desk.account(), desk.epoch(), ''{"geoblock_ok": true, "closed_only": false, "allowance_ok": true, "signature_type_ok": false}'')',
	'SELECT arbees.report_venue_checks(desk.account(), desk.epoch(), ''{"geoblock_ok": true, "closed_only": false, "allowance_ok": true}'')',
	'UPDATE arbees.venue_accounts SET checks = NULL',
	'UPDATE arbees.venue_accounts SET capital_cap_usd = 1.07',
	'UPDATE arbees.venue_accounts SET capital_cap_usd = 1.069',
	'UPDATE arbees.venue_accounts SET capital_cap_usd = NULL',
	'SELECT arbees_set(''trading_mode'', ''PAPER'', ''t'')']) a;
SELECT desk.probe(arrange, sig, portfolio) AS verdict, regexp_replace(arrange, '.*desk.epoch\(\), ', '') AS arrange FROM desk.cases ORDER BY n;
CALL desk.clear();

-- Hostile signals are errors of the caller or refusals; no row comes from an error.
INSERT INTO desk.cases (arrange, sig)
SELECT '', s::jsonb FROM unnest(ARRAY[
	'{"amount": "NaN"}', '{"amount": "Infinity"}', '{"amount": "-Infinity"}', '{"amount": 1e30}', '{"amount": 90000000000}',
	'{"amount": 1e10}', '{"amount": 1000000000, "limit_price": 0.99}', '{"amount": 1.000000001}', '{"amount": 0.000000001}',
	'{"limit_price": "NaN"}', '{"limit_price": "Infinity"}', '{"limit_price": 1e18}', '{"limit_price": 0.530000001}',
	'{"stop_loss_pct": "NaN"}', '{"take_profit_pct": "Infinity"}', '{"confidence": "NaN"}', '{"confidence": -5}',
	'{"key": null}', '{"key": ""}', '{"instrument_id": null}', '{"instrument_id": -1}', '{"instrument_id": 2147483647}',
	'{"side": null}', '{"amount_kind": null}', '{"time_in_force": null}', '{"exit_before_close_s": -2147483648}',
	'{"exit_before_close_s": 2147483647}', '{"amount_kind": "base", "amount": 90000000000}']) s;
INSERT INTO desk.cases (arrange, sig) VALUES
	('', jsonb_build_object('key', repeat('k', 128))), ('', jsonb_build_object('key', repeat('k', 129))),
	('', jsonb_build_object('key', repeat(U&'\00e4', 128))), ('', jsonb_build_object('key', repeat(U&'\00e4', 129))),
	('', jsonb_build_object('key', repeat('k', 10000))), ('', jsonb_build_object('note', repeat('n', 100000)));
SELECT left(sig::text, 60) AS signal, desk.probe(arrange, sig) AS verdict FROM desk.cases ORDER BY n;
CALL desk.clear();
SELECT desk.make_window('elsewhere', 0, 300, 'polymarket');
SELECT desk.probe('', '{"symbol": "elsewhere.up"}') AS other_venue;
SELECT desk.attempt('SELECT arbees.submit_signal(NULL, desk.signal())') AS no_deployment,
	desk.attempt('SELECT arbees.submit_signal(1, NULL)') AS no_signal,
	desk.attempt('SELECT arbees.submit_signal(999, desk.signal())') AS unknown_deployment;

-- Modes that are not built say so.
INSERT INTO arbees.portfolios (name, mode, venue_id) VALUES ('back', 'BACKTEST', desk.venue('sim'));
SELECT desk.attempt('SELECT arbees_deploy(''silent'', ''back'', ''{}'')');
INSERT INTO arbees.deployments (strategy_id, portfolio_id, mode)
SELECT strategy_id, portfolio_id, mode FROM arbees.strategies s, arbees.portfolios p
WHERE s.name = 'silent' AND p.mode = 'BACKTEST';
SELECT desk.probe('', '{}', 'back');
SELECT m AS mode, desk.attempt(format('SELECT FROM desk.quote(%L, 101, ''w.up'', 0.5, 0.52)', m)),
	desk.attempt(format('SELECT arbees_create_portfolio(''x'', %L, ''sim'', NULL)', m))
FROM unnest(ARRAY['BACKTEST']) m;

-- What is decided stays decided: repeats count, and come to nothing else.
SELECT desk.try(desk.signal('{"key": "once", "amount": 7}')), desk.try(desk.signal('{"key": "once"}')), desk.try(desk.signal('{"key": "once"}'));
SELECT desk.try(desk.signal('{"key": "once"}'), 'paper', 'silent2');
SELECT desk.try(desk.signal('{"key": "once"}'), 'paper', 'silent2');
SELECT s.name, d.verdict, d.reason, d.repeat_count, d.last_repeat_at IS NOT NULL AS counted,
	octet_length(d.input) < 2048 AS small, (arbees_replay(d.decision_id)).*,
	(SELECT count(*) FROM arbees.orders o WHERE o.decision_id = d.decision_id) AS orders
FROM arbees.decisions d JOIN arbees.deployments USING (deployment_id) JOIN arbees.strategies s USING (strategy_id)
ORDER BY d.decision_id;
SELECT kind, count(*) FROM arbees.journal WHERE kind LIKE 'decision%' GROUP BY 1 ORDER BY 1;

-- Monitor mode decides and records, reserves and makes nothing.
SELECT arbees_set('allow_submit', 'false', 'watch');
SELECT desk.try(desk.signal('{"key": "watched"}'));
SELECT kind, reserved, orders, add_up FROM desk.books('paper');
SELECT verdict, reason, (arbees_replay(decision_id)).agrees FROM arbees.decisions WHERE signal_key = 'watched';
SELECT arbees_set('allow_submit', 'true', 'trade');

-- Why: each check with what it saw and allows; a refusal names all that failed, the reason is the first.
SELECT desk.try(desk.signal('{"key": "why", "amount": 7.001, "limit_price": 1}'));
SELECT e.* FROM arbees.decisions d, arbees_explain(d.decision_id) e
WHERE d.signal_key = 'why' AND e.code NOT IN ('conductor_silent', 'quote_stale');
SELECT part, field, value FROM arbees.decision_details JOIN arbees.decisions USING (decision_id)
WHERE signal_key = 'why' AND field IN ('market_time', 'mode', 'side', 'amount', 'bid', 'ask', 'opens_at', 'max_position_usd',
	'cash', 'reserved', 'reserve', 'first_failed', 'verdict')
ORDER BY part, field;
-- Damaged bytes are no decision.
SELECT desk.attempt(format('SELECT arbees.judge(%L)', b)) FROM unnest(ARRAY['', '\x00', '\x00040001', '\x00010001', '\x0001ffff']::bytea[]) b;
SELECT desk.attempt(format('SELECT arbees.judge(%L)', substr(input, 1, octet_length(input) - 1))) AS cut,
	arbees.judge(arbees.change_input(input, '{}')) = output AS unchanged,
	arbees.judge(arbees.change_input(input, '{"kill_level": "pause"}')) = output AS unmoved_by_a_kill,
	(arbees.read_verdict(arbees.judge(arbees.change_input(input, '{"allow_submit": true}')))).verdict AS had_it_been_allowed
FROM arbees.decisions WHERE signal_key = 'watched';

-- What if: the verdict a signal would get, and nothing written.
CREATE TABLE desk.before AS SELECT (SELECT count(*) FROM arbees.decisions) AS decisions, (SELECT count(*) FROM arbees.orders) AS orders,
	(SELECT count(*) FROM arbees.portfolio_ledger) AS ledger, (SELECT count(*) FROM arbees.journal) AS journal;
SELECT s AS signal, w.verdict, w.reason, w.failed, w.amount, w.limit_price, w.value, w.reserve, jsonb_array_length(w.checks) > 90 AS all_checks
FROM unnest(ARRAY['{"symbol": "w.down", "limit_price": 0.5}', '{"symbol": "w.down", "limit_price": null}', '{"symbol": "w.down", "amount": 7.001}', '{}']::jsonb[]) s,
	arbees_what_if(desk.deployment('paper', 'silent'), desk.signal(s)) w;
SELECT c - 'seen' - 'allowed' AS check FROM arbees_what_if(desk.deployment('paper', 'silent'), desk.signal('{"symbol": "w.down", "amount": 7.001}')) w,
	jsonb_array_elements(w.checks) c WHERE NOT (c ->> 'passed')::boolean;
SELECT b.decisions = (SELECT count(*) FROM arbees.decisions) AND b.orders = (SELECT count(*) FROM arbees.orders)
	AND b.ledger = (SELECT count(*) FROM arbees.portfolio_ledger) AND b.journal = (SELECT count(*) FROM arbees.journal) AS nothing_written
FROM desk.before b;
-- What it says is what happens.
SELECT w.verdict, w.value, desk.try(desk.signal('{"key": "as said", "symbol": "w.down", "limit_price": 0.5, "amount": 2}')) AS then_it_is
FROM arbees_what_if(desk.deployment('paper', 'silent'), desk.signal('{"symbol": "w.down", "limit_price": 0.5, "amount": 2}')) w;
SELECT desk.attempt('SELECT arbees_what_if(NULL, desk.signal())') AS no_deployment, desk.attempt('SELECT arbees_what_if(999, desk.signal())') AS unknown_deployment;

-- Beyond a soft level an order passes; its decision says so, and so does the answer, again and again.
SELECT arbees_set_soft('max_position_usd', '0.5', 'warn early');
SELECT verdict, reason, repeated, warnings
FROM arbees.submit_signal(desk.deployment('paper', 'silent'), desk.signal('{"key": "warned", "symbol": "w.down", "limit_price": 0.5}'));
SELECT verdict, reason, repeated, warnings
FROM arbees.submit_signal(desk.deployment('paper', 'silent'), desk.signal('{"key": "warned", "symbol": "w.down", "limit_price": 0.5}'));
SELECT d.warnings, e.code, e.passed, e.allowed, e.soft, e.warned, e.overridden, (arbees_replay(d.decision_id)).agrees
FROM arbees.decisions d, arbees_explain(d.decision_id) e WHERE d.signal_key = 'warned' AND e.warned;
