\set ECHO none
\getenv dir PG_ABS_SRCDIR
\set desk :dir '/sql/desk.inc'
\i :desk
-- A drill: all three levels in one PAPER portfolio, by the gate, the cancels and the exits of a real kill; no other portfolio notices.
SELECT arbees_set('max_position_usd', '100', 'test'), arbees_set('exit_retry_ms', '10', 'test');
SELECT arbees_create_portfolio('other', 'PAPER', 'sim', NULL) > 0 AS made;
SELECT arbees_deposit('other', 1000, 'start');
SELECT arbees_deploy('silent', 'other', '{}') > 0 AS deployed;
SELECT arbees_create_account('wallet', 'sim', '0x00000000000000000000000000000000000000aa', 0, 100), arbees_create_portfolio('live', 'LIVE', 'sim', 'wallet');
-- Both hold ten shares and have an order resting.
SELECT FROM desk.quote('PAPER', desk.clock(), 'w.up', 0.48, 0.50);
SELECT FROM desk.quote('PAPER', desk.clock(), 'w.down', 0.48, 0.50);
SELECT p, desk.try(desk.signal('{"key": "a", "amount_kind": "base", "amount": 10, "limit_price": 0.50}'), p),
	desk.try(desk.signal('{"key": "b", "symbol": "w.down", "amount_kind": "base", "amount": 10, "limit_price": 0.10, "time_in_force": "GTC"}'), p)
FROM unnest(ARRAY['paper', 'other']) p;
CREATE FUNCTION desk.left_of(name text, OUT level text, OUT positions bigint, OUT working bigint, OUT unknown bigint, OUT flat boolean)
LANGUAGE sql STABLE AS $$
	SELECT f.level::text, f.positions_left, f.working, f.unknown, f.flat FROM arbees.flatten_progress f WHERE f.name = $1
$$;
CREATE FUNCTION desk.tick() RETURNS void LANGUAGE sql AS $$
	SELECT arbees.step_orders(), arbees.step_exits(), arbees.step_drills()
$$;
CREATE VIEW desk.drill AS
	SELECT level, called_by = session_user AS by_me, started_at >= called_at AS started, finished_at >= started_at AS finished,
		ms_to_flat BETWEEN 0 AND 59999 AS timed, ok, result FROM arbees.kill_drills;
SELECT * FROM desk.left_of('paper');

-- refusals
SELECT desk.attempt('SELECT arbees_kill_drill(''live'')');
SELECT desk.attempt('SELECT arbees_kill_drill(''nobody'')');
SELECT arbees_kill_drill(NULL);
SELECT desk.attempt('SELECT arbees_kill_drill(''paper'') FROM arbees_kill(''pause'')');
SELECT level FROM arbees_resume('go on');
SELECT desk.attempt('UPDATE arbees.portfolios SET kill_level = ''pause'' WHERE name = ''live''');

-- called; the steps of the tick carry it out
SELECT arbees_kill_drill('paper') > 0 AS called;
SELECT desk.attempt('SELECT arbees_kill_drill(''paper'')');
SELECT desk.attempt('UPDATE arbees.kill_drills SET ok = true'), desk.attempt('DELETE FROM arbees.kill_drills'), desk.attempt('TRUNCATE arbees.kill_drills');
SELECT * FROM desk.drill ORDER BY level;
SELECT * FROM desk.left_of('paper');
SELECT desk.tick();
SELECT * FROM desk.left_of('paper');
SELECT * FROM desk.drill ORDER BY level;
-- pause: no entry here, one elsewhere
SELECT p, desk.try(desk.signal('{"key": "c", "symbol": "w.down"}'), p) FROM unnest(ARRAY['paper', 'other']) p;
SELECT desk.tick();
SELECT * FROM desk.drill ORDER BY level;
SELECT * FROM desk.left_of('paper');
-- flatten: nobody bids, so it waits; then a thin book, then enough
SELECT FROM desk.quote('PAPER', desk.clock() + 1, 'w.up', NULL, 0.50);
SELECT desk.tick();
SELECT * FROM desk.left_of('paper');
SELECT arbees_set('exit_retry_ms', '600000', 'test');
SELECT FROM desk.quote('PAPER', desk.clock() + 1, 'w.up', 0.48, 0.50, 4);
SELECT desk.tick();
SELECT * FROM desk.left_of('paper');
SELECT symbol, qty, state, why FROM arbees.unprotected_positions;
SELECT arbees_set('exit_retry_ms', '10', 'test');
SELECT pg_sleep(0.02);
SELECT FROM desk.quote('PAPER', desk.clock() + 1, 'w.up', 0.47, 0.50);
SELECT desk.tick();
SELECT * FROM desk.drill ORDER BY level;
SELECT * FROM desk.left_of('paper');
-- emergency, and back
SELECT desk.tick();
SELECT * FROM desk.drill ORDER BY level;
SELECT * FROM desk.left_of('paper');
SELECT * FROM desk.orders('paper');
SELECT state, qty, why FROM desk.positions('paper');
SELECT signal_key ~ '^drill-\d+-\w+$' AS probe, verdict, reason FROM arbees.decisions WHERE portfolio_id = desk.portfolio('paper') AND verdict = 'denied' ORDER BY decision_id;
-- the other portfolio, the live one and the kill switch never moved
SELECT * FROM desk.left_of('other');
SELECT * FROM desk.orders('other');
SELECT level, (SELECT count(*) FROM arbees.kill_levels WHERE level = 'flatten') AS kills FROM arbees.kill_switch;
SELECT desk.try(desk.signal('{"key": "d", "symbol": "w.up"}'));
SELECT kind, regexp_replace(message, '\d+ ms', 'N ms') AS message FROM arbees.journal WHERE kind LIKE '%drill%' ORDER BY journal_id;
SELECT * FROM desk.books('paper');

-- one that cannot get there fails in its time, is alarmed, and goes on
SELECT arbees_kill_drill('other') > 0 AS called;
SELECT desk.tick() FROM generate_series(1, 2);
SELECT FROM desk.quote('PAPER', desk.clock() + 1, 'w.up', NULL, 0.50);
SELECT desk.by_force('kill_drills', 'UPDATE arbees.kill_drills SET started_at = clock_timestamp() - interval ''61 s'' WHERE level = ''flatten'' AND finished_at IS NULL');
SELECT desk.tick();
SELECT level, ok, ms_to_flat, regexp_replace(result, '6\d{4} ms', 'N ms') AS result FROM arbees.kill_drills WHERE ok IS NOT TRUE ORDER BY level;
SELECT * FROM desk.alerts();
-- a person ends it
SELECT * FROM desk.left_of('other');
SELECT arbees_resume_portfolio('other', 'enough');
SELECT * FROM desk.left_of('other');
SELECT level, ok, result LIKE 'ended by %: enough' AS by_me FROM arbees.kill_drills WHERE ok IS NOT TRUE ORDER BY level;
SELECT arbees_resume_portfolio('other', 'again');
SELECT desk.attempt('SELECT arbees_resume_portfolio(''other'', '''')'), desk.attempt('SELECT arbees_resume_portfolio(''nobody'', ''x'')');

-- where nobody could enter, that entries are refused is not proven
SELECT arbees_create_portfolio('idle', 'PAPER', 'sim', NULL) > 0 AS made, arbees_kill_drill('idle') > 0 AS called;
SELECT desk.tick() FROM generate_series(1, 4);
SELECT level, ok, result FROM arbees.kill_drills WHERE portfolio_id = desk.portfolio('idle') ORDER BY level;

-- the desk's level is above a drill's
SELECT arbees_kill_drill('paper') > 0 AS called;
SELECT desk.tick();
SELECT level FROM arbees_kill('emergency', 'for real');
SELECT * FROM desk.left_of('paper');
SELECT arbees_resume_portfolio('paper', 'over');
SELECT * FROM desk.left_of('paper');

-- who may
SET ROLE arbees_viewer;
SELECT arbees_kill_drill('paper');
\echo :LAST_ERROR_SQLSTATE
SELECT count(*) AS levels FROM arbees.kill_drills;
SET ROLE arbees_operator;
SELECT arbees_resume_portfolio('paper', 'x');
\echo :LAST_ERROR_SQLSTATE
RESET ROLE;
