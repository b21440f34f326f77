\set ECHO none
\getenv dir PG_ABS_SRCDIR
\set desk :dir '/sql/desk.inc'
\i :desk
-- Strategies have no power: what may be registered, what a bad one can do (nothing), what the canary does.

-- Only f(arbees.market_state) returns arbees.signal, without power of its own.
CREATE FUNCTION desk.nothing() RETURNS arbees.signal LANGUAGE sql AS 'SELECT NULL::arbees.signal';
CREATE FUNCTION desk.two(arbees.market_state, integer) RETURNS arbees.signal LANGUAGE sql AS 'SELECT NULL::arbees.signal';
CREATE FUNCTION desk.number(integer) RETURNS arbees.signal LANGUAGE sql AS 'SELECT NULL::arbees.signal';
CREATE FUNCTION desk.says_text(arbees.market_state) RETURNS text LANGUAGE sql AS 'SELECT NULL::text';
CREATE FUNCTION desk.says_many(arbees.market_state) RETURNS SETOF arbees.signal LANGUAGE sql AS 'SELECT NULL::arbees.signal';
CREATE FUNCTION desk.mighty(arbees.market_state) RETURNS arbees.signal LANGUAGE sql SECURITY DEFINER AS 'SELECT NULL::arbees.signal';
SELECT f, desk.attempt(format('SELECT arbees_register_strategy(''bad'', %L, NULL, NULL, ''never'')', f)) FROM unnest(ARRAY[
	'desk.nothing()', 'desk.two(arbees.market_state, integer)', 'desk.number(integer)', 'desk.says_text(arbees.market_state)',
	'desk.says_many(arbees.market_state)', 'desk.mighty(arbees.market_state)', 'desk.absent(arbees.market_state)', 'pg_catalog.now()']) f;
SELECT count(*) FROM arbees.strategies WHERE name = 'bad';
-- The version is the hash of the definition; the same again is no new one.
CREATE FUNCTION desk.changes(arbees.market_state) RETURNS arbees.signal LANGUAGE sql AS 'SELECT NULL::arbees.signal';
SELECT arbees_register_strategy('changes', 'desk.changes(arbees.market_state)', NULL, NULL, 'never') = arbees_register_strategy('changes', 'desk.changes(arbees.market_state)', NULL, NULL, 'never') AS same;
CREATE OR REPLACE FUNCTION desk.changes(arbees.market_state) RETURNS arbees.signal LANGUAGE sql AS 'SELECT NULL::arbees.signal -- otherwise';
SELECT arbees_register_strategy('changes', 'desk.changes(arbees.market_state)', NULL, NULL, 'never') > 0 AS again;
SELECT count(*) AS versions, count(DISTINCT v.hash) AS hashes, bool_and(v.hash = encode(sha256(convert_to(v.definition, 'UTF8')), 'hex')) AS of_definition
FROM arbees.strategy_versions v JOIN arbees.strategies USING (strategy_id) WHERE name = 'changes';
SELECT desk.attempt('SELECT arbees_deploy(''absent'', ''paper'', ''{}'')') AS no_strategy, desk.attempt('SELECT arbees_deploy(''changes'', ''absent'', ''{}'')') AS no_portfolio,
	desk.attempt('SELECT arbees_deploy(''changes'', ''paper'', ''[]'')') AS no_object, desk.attempt('SELECT arbees_deploy(''silent'', ''paper'', ''{}'')') AS twice;

-- An instrument of another venue has the lowest id.
SELECT up_instrument AS elsewhere FROM arbees.report_window(1, 'other', 'BTC', '0x', 1767225600000, 1767229200000, 'last_tick', 'o.up', 'o.down', 0.01, 5, 1, 0, 0, false) \gset
SELECT desk.price(99, 65000);
-- Bad ones, one by one; each fails alone, the good one among them trades.
CREATE TABLE desk.scratch (n integer);
GRANT ALL ON desk.scratch TO arbees_strategy;
CREATE FUNCTION desk.make_strategy(name text, body text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE format('CREATE FUNCTION desk.%I(state arbees.market_state) RETURNS arbees.signal LANGUAGE plpgsql AS %L', name, body);
	PERFORM arbees_register_strategy(name, format('desk.%I(arbees.market_state)', name)::regprocedure, desk.limits(), NULL, 'never'), arbees_deploy(name, 'paper', '{"mine": 7}');
END
$$;
SELECT desk.make_strategy(n, 'BEGIN ' || b || '; RETURN NULL; END') FROM (VALUES
	('a_throws', 'RAISE EXCEPTION ''I am lost'''), ('b_writes', 'INSERT INTO desk.scratch VALUES (1)'), ('c_reads', 'PERFORM count(*) FROM arbees.portfolios'),
	('d_submits', 'PERFORM arbees.submit_signal(1, NULL)'), ('e_kills', 'PERFORM public.arbees_kill(''pause'')'), ('f_resumes', 'PERFORM public.arbees_resume(''x'')'),
	('g_maintains', 'SET LOCAL arbees.maintenance = restore'), ('h_escapes', 'RESET ROLE'), ('i_becomes', 'SET ROLE postgres'), ('j_creates', 'CREATE TEMP TABLE t (n integer)'),
	('l_divides', 'PERFORM 1 / 0'), ('m_locks', 'LOCK TABLE arbees.orders IN ACCESS EXCLUSIVE MODE'),
	('n_terminates', 'PERFORM pg_terminate_backend(pg_backend_pid())'), ('o_empty', 'RETURN ROW(NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)::arbees.signal'),
	('p_nan', 'RETURN ROW(''p'', state.up_instrument, ''BUY'', ''money'', ''NaN''::numeric, 0.53, ''FAK'', 0, ''none'', 0, NULL, NULL, NULL, NULL, NULL)::arbees.signal'),
	('q_else', 'RETURN ROW(''q'', 1000000, ''BUY'', ''money'', 1, 0.53, ''FAK'', 0, ''none'', 0, NULL, NULL, NULL, NULL, NULL)::arbees.signal'),
	('r_elsewhere', 'RETURN ROW(''r'', ' || :elsewhere || ', ''BUY'', ''money'', 1, 0.53, ''FAK'', 0, ''none'', 0, NULL, NULL, NULL, NULL, NULL)::arbees.signal'), ('s_sequence', 'PERFORM nextval(''arbees.orders_seq'')'), ('t_says', 'RAISE EXCEPTION ''%'', (SELECT string_agg(k || '' '' || coalesce(trim(both ''"'' from v::text), ''-''), '', '' ORDER BY o) FROM json_each(row_to_json(state)) WITH ORDINALITY e (k, v, o) WHERE k NOT IN (''portfolio_id'', ''deployment_id'', ''window_id'', ''up_instrument'', ''down_instrument''))')) v (n, b);
SELECT desk.make_strategy('z_good', 'BEGIN RETURN ROW(''good-'' || state.window_id, state.up_instrument, ''BUY'', ''money'', 1, 0.53, ''FAK'', 0, ''none'', 0, NULL, NULL, NULL, NULL, NULL)::arbees.signal; END');
SELECT FROM desk.quote('PAPER', 100, 'w.up', 0.50, 0.52);
SELECT s.name, d.last_error FROM arbees.deployments d JOIN arbees.strategies s USING (strategy_id) WHERE s.name ~ '^[a-z]_' ORDER BY s.name;
SELECT signal_key ~ '^good-' AS good, verdict, strategy_hash = (SELECT hash FROM arbees.strategy_versions JOIN arbees.strategies USING (strategy_id) WHERE name = 'z_good') AS its_version,
	(arbees_replay(decision_id)).agrees FROM arbees.decisions ORDER BY decision_id;
SELECT purpose, state FROM desk.orders('paper');
SELECT count(*) FROM desk.scratch;
SELECT current_user = session_user AS still_us, current_setting('transaction_read_only') AS read_only, current_setting('arbees.maintenance') AS maintenance, (SELECT level FROM arbees.kill_switch);
-- Told once per error, not at every quote.
SELECT FROM desk.quote('PAPER', 101, 'w.up', 0.50, 0.52);
SELECT severity, kind, count(*) = (SELECT count(*) FROM arbees.deployments WHERE last_error IS NOT NULL) AS one_each FROM arbees.alerts GROUP BY 1, 2;
SELECT repeat_count FROM arbees.decisions;
-- Paused and retired ones are not asked.
UPDATE arbees.deployments SET state = 'paused', last_error = NULL WHERE deployment_id = desk.deployment('paper', 'a_throws');
UPDATE arbees.strategies SET state = 'retired' WHERE name = 'l_divides';
UPDATE arbees.deployments SET last_error = NULL WHERE deployment_id = desk.deployment('paper', 'l_divides');
SELECT FROM desk.quote('PAPER', 102, 'w.up', 0.50, 0.52);
SELECT s.name, d.last_error FROM arbees.deployments d JOIN arbees.strategies s USING (strategy_id) WHERE s.name IN ('a_throws', 'l_divides') ORDER BY 1;

-- The canary: in the last seconds, a dollar on the favoured side, once per window, in PAPER and LIVE alike.
UPDATE arbees.deployments SET state = 'retired';
SELECT arbees_create_portfolio('canary', 'PAPER', 'sim', NULL) > 0 AS made;
SELECT desk.attempt('SELECT arbees_deposit(''canary'', 10, ''t'')'), desk.attempt('SELECT arbees_deploy(''always_trade_canary'', ''canary'', ''{"seconds_before_close": 20}'')');
CREATE FUNCTION desk.book(mode text, sec numeric, slug text, up_bid numeric, up_ask numeric, down_bid numeric, down_ask numeric)
RETURNS TABLE (symbol text, side text, amount_kind text, amount numeric, limit_price numeric, time_in_force text, expires_s bigint) LANGUAGE sql AS $$
	SELECT q.symbol, q.side, q.amount_kind, trim_scale(q.amount), trim_scale(q.limit_price), q.time_in_force, q.expires_s
	FROM arbees.on_quotes(desk.venue('sim'), $1::arbees.mode, desk.ms($2), ARRAY[desk.instrument($3 || '.up'), desk.instrument($3 || '.down')],
		ARRAY[$4, $6], '{100,100}', ARRAY[$5, $7], '{100,100}', ARRAY[desk.ms($2), desk.ms($2)], '{}', '{}', '{}') q
$$;
CREATE FUNCTION desk.bought(portfolio text DEFAULT 'canary') RETURNS TABLE (symbol text, state text, amount numeric, limit_price numeric, time_in_force text, stop numeric, profit text, exit_at timestamptz) LANGUAGE sql STABLE AS $$
	SELECT i.symbol, o.state::text, trim_scale(o.amount), trim_scale(o.limit_price), o.time_in_force::text, trim_scale(s.stop_loss_pct), s.take_profit_kind::text, s.exit_at
	FROM arbees.orders o JOIN arbees.positions s USING (position_id) JOIN arbees.instruments i ON i.instrument_id = o.instrument_id
	WHERE o.portfolio_id = desk.portfolio($1) ORDER BY o.order_id
$$;
SELECT desk.make_window('c1', 102, 200), desk.make_window('c2', 200, 300), desk.make_window('c3', 300, 400), desk.make_window('c4', 400, 500);
-- Too early; then even books, which favour nobody; then one side; then no second time.
SELECT * FROM desk.book('PAPER', 179.999, 'c1', 0.60, 0.62, 0.38, 0.40);
SELECT * FROM desk.book('PAPER', 180, 'c1', 0.49, 0.51, 0.49, 0.51);
SELECT * FROM desk.bought();
SELECT * FROM desk.book('PAPER', 181, 'c1', 0.60, 0.62, 0.38, 0.40);
SELECT * FROM desk.bought();
SELECT * FROM desk.book('PAPER', 182, 'c1', 0.30, 0.32, 0.68, 0.70);
SELECT count(*) FROM desk.bought();
SELECT * FROM desk.book('PAPER', 285, 'c2', 0.38, 0.40, 0.60, 0.62);
SELECT * FROM desk.book('PAPER', 385, 'c3', 0.98, 0.99, 0.01, 0.02);
SELECT * FROM desk.book('PAPER', 485, 'c4', NULL, NULL, 0.98, NULL);
SELECT * FROM desk.bought();
SELECT last_error FROM arbees.deployments WHERE portfolio_id = desk.portfolio('canary');
SELECT * FROM desk.books('canary');
-- LIVE: the same wish comes out as a ticket, in its own call.
SELECT desk.go_live(50);
UPDATE arbees.deployments SET state = 'retired' WHERE portfolio_id = desk.portfolio('live');
SELECT desk.attempt('SELECT arbees_deploy(''always_trade_canary'', ''live'', ''{"seconds_before_close": 20, "amount": 2, "slippage": 0.01}'')');
SELECT desk.make_window('c5', 500, 600);
SELECT * FROM desk.book('LIVE', 585, 'c5', 0.60, 0.62, 0.38, 0.40);
SELECT * FROM desk.book('PAPER', 585, 'c5', 0.60, 0.62, 0.38, 0.40);
SELECT * FROM desk.book('LIVE', 586, 'c5', 0.60, 0.62, 0.38, 0.40);
SELECT * FROM desk.bought('live');
SELECT count(*) FROM desk.bought();
-- Parameters that are no numbers are its failure.
UPDATE arbees.deployments SET params = '{"seconds_before_close": "soon"}' WHERE portfolio_id = desk.portfolio('live');
SELECT desk.make_window('c6', 600, 700);
SELECT * FROM desk.book('LIVE', 685, 'c6', 0.60, 0.62, 0.38, 0.40);
SELECT last_error FROM arbees.deployments WHERE portfolio_id = desk.portfolio('live') AND state = 'active';

-- What a call may bring: arrays of one length, no NULL instrument, no number that is none; one bad element refuses the call, and nothing of it stays.
SELECT what, desk.attempt(format('SELECT FROM arbees.on_quotes(desk.venue(''sim''), ''PAPER'', desk.ms(690), %s)', a)) FROM (VALUES
	('lengths', $$'{1,2}', '{0.5}', '{1}', '{0.52}', '{1}', '{1}', '{}', '{}', '{}'$$), ('NULL instrument', $$'{NULL}', '{0.5}', '{1}', '{0.52}', '{1}', '{1}', '{}', '{}', '{}'$$),
	('NaN', $$'{1}', '{NaN}', '{1}', '{0.52}', '{1}', '{1}', '{}', '{}', '{}'$$), ('infinite', $$'{1}', '{0.5}', '{Infinity}', '{0.52}', '{1}', '{1}', '{}', '{}', '{}'$$),
	('negative', $$'{1}', '{0.5}', '{1}', '{-0.52}', '{1}', '{1}', '{}', '{}', '{}'$$), ('unknown instrument', $$'{999999}', '{0.5}', '{1}', '{0.52}', '{1}', '{1}', '{}', '{}', '{}'$$),
	('78 digits', $$'{1}', '{123456789012345678901234567890123456789012345678901234567890123456789012345678}', '{1}', '{0.52}', '{1}', '{1}', '{}', '{}', '{}'$$),
	('NULL price', $$'{}', '{}', '{}', '{}', '{}', '{}', '{BTC}', '{NULL}', '{1}'$$), ('unknown underlying', $$'{}', '{}', '{}', '{}', '{}', '{}', '{DOGE}', '{1}', '{1}'$$),
	('a year beyond', $$'{}', '{}', '{}', '{}', '{}', '{}', '{BTC}', '{1}', '{253402300800000}'$$), ('too many', $$array_fill(1, '{1025}'), array_fill(0.5, '{1025}'), array_fill(1, '{1025}'), array_fill(0.52, '{1025}'), array_fill(1, '{1025}'), array_fill(1, '{1025}'), '{}', '{}', '{}'$$)) v (what, a);
SELECT desk.clock() AS unmoved;
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT desk.attempt('SELECT FROM desk.quote(''PAPER'', 691, ''w.up'', 0.5, 0.52)');
COMMIT;
