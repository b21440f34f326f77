\set ECHO none
\getenv dir PG_ABS_SRCDIR
\set desk :dir '/sql/desk.inc'
\i :desk
-- The throttle of repeated executions: where no window bounds entries, a person looks after so many.
\set SHOW_CONTEXT never
SELECT max(journal_id) AS row FROM arbees.journal_desk \gset
INSERT INTO arbees.instruments (venue_id, symbol, name, tick_size, lot_size, min_qty, min_notional, fee_rate, fee_exponent, max_price)
	SELECT desk.venue('sim'), s, s, 0.01, 0.01, 1, 1, 0, 1, 1 FROM unnest(ARRAY['fund', 'bond']) s;
SELECT arbees_set('max_repeats', '3', 'soon'), arbees_set('max_position_usd', '1000', 'enough') FROM (SELECT 1) one;
SELECT FROM desk.quote('PAPER', 100, 'fund', 0.48, 0.52);
SELECT FROM desk.quote('PAPER', 100, 'bond', 0.48, 0.52);
SELECT FROM desk.quote('PAPER', 100, 'w.up', 0.48, 0.52);
CREATE FUNCTION desk.enter(key text, symbol text DEFAULT 'fund', strategy text DEFAULT 'silent', more jsonb DEFAULT '{}') RETURNS text LANGUAGE sql
	AS $$ SELECT desk.try(desk.signal(jsonb_build_object('key', $1, 'symbol', $2) || $4), 'paper', $3) $$;
CREATE VIEW desk.repeats AS SELECT s.name AS strategy, i.symbol, r.side, r.repeats, r.disabled_at IS NOT NULL AS disabled, r.enabled_by = session_user AS enabled_by_me, r.enabled_reason
	FROM arbees.execution_repeats r JOIN arbees.deployments USING (deployment_id) JOIN arbees.strategies s USING (strategy_id)
	JOIN arbees.instruments i USING (instrument_id);

-- refusals
SELECT desk.deployment('paper', 'silent') AS d, desk.instrument('fund') AS fund \gset
SELECT arbees_enable_execution(:d, :fund, 'BUY', 'nothing was entered');
\echo :LAST_ERROR_SQLSTATE
SELECT arbees_enable_execution(1000000, :fund, 'BUY', 'x');
SELECT arbees_enable_execution(:d, :fund, 'HOLD', 'x');
\echo :LAST_ERROR_SQLSTATE
SELECT arbees_enable_execution(:d, :fund, 'BUY', '');
SELECT arbees_enable_execution(NULL, :fund, 'BUY', 'x');
INSERT INTO arbees.execution_repeats VALUES (1, :d, :fund, 'BUY', 0, now());
\echo :LAST_ERROR_SQLSTATE

-- counted per strategy and instrument; what is denied does not count, windows do not either
SELECT desk.enter('a1'), desk.enter('a2'), desk.enter('a0', more => '{"limit_price": 0.535}') AS denied, desk.enter('b1', 'bond') AS bond,
	desk.enter('c1', strategy => 'silent2') AS other, desk.enter('w1', 'w.up') AS window;
SELECT desk.enter('a1') AS said_twice;
SELECT * FROM desk.repeats ORDER BY strategy, symbol;
-- the third is the last
SELECT desk.enter('a3');
SELECT desk.enter('a4') AS fund, desk.enter('b2', 'bond') AS bond, desk.enter('c2', strategy => 'silent2') AS other;
SELECT * FROM desk.repeats ORDER BY strategy, symbol;
-- a higher limit does not enable what is disabled
SELECT arbees_set('max_repeats', '10', 'later');
SELECT desk.enter('a5');
-- exits are never held
SELECT arbees_close(min(position_id)) FROM arbees.positions WHERE instrument_id = :fund AND deployment_id = :d AND state <> 'CLOSED';
-- a person's word
SET ROLE arbees_viewer;
SELECT arbees_enable_execution(1, 1, 'BUY', 'not mine');
\echo :LAST_ERROR_SQLSTATE
RESET ROLE;
SET synchronous_commit = off;
SELECT arbees_enable_execution(:d, :fund, 'BUY', 'a crash could forget it');
RESET synchronous_commit;
SELECT arbees_enable_execution(:d, :fund, 'SELL', 'the other side');
SET ROLE arbees_operator;
SELECT arbees_enable_execution(:d, :fund, 'BUY', 'I looked, it is fine');
RESET ROLE;
SELECT desk.enter('a6');
SELECT * FROM desk.repeats ORDER BY strategy, symbol;
-- counting is undone with the order
BEGIN;
SELECT desk.enter('a7');
ROLLBACK;
SELECT repeats FROM desk.repeats WHERE strategy = 'silent' AND symbol = 'fund';
-- no limit: counted, not held
SELECT arbees_set_none('max_repeats', 'no end');
SELECT count(*) FILTER (WHERE desk.enter('n' || i) = 'accepted') FROM generate_series(1, 20) i;
SELECT repeats, disabled FROM desk.repeats WHERE strategy = 'silent' AND symbol = 'fund';
SELECT kind, message FROM arbees.journal WHERE journal_id > :row AND kind ~ '^execution' ORDER BY journal_id;
SELECT * FROM desk.alerts();
