\set ECHO none
\getenv dir PG_ABS_SRCDIR
\set desk :dir '/sql/desk.inc'
\i :desk
-- A session's average price, and the strategy that buys below it: in the current window, never in a future one.

-- Trades are summed per instrument; a window's session is the window.
CREATE FUNCTION desk.trades(symbols text[], prices numeric[], sizes numeric[], secs numeric[], venue text DEFAULT 'sim') RETURNS bigint LANGUAGE sql AS $$
	SELECT arbees.report_trades(desk.venue($5), (SELECT array_agg(desk.instrument(s) ORDER BY n) FROM unnest($1) WITH ORDINALITY u (s, n)), $2, $3,
		(SELECT array_agg(desk.ms(s) ORDER BY n) FROM unnest($4) WITH ORDINALITY u (s, n)))
$$;
CREATE FUNCTION desk.session(symbol text, OUT start numeric, OUT vwap numeric, OUT qty numeric, OUT trades bigint, OUT last numeric) LANGUAGE sql STABLE AS $$
	SELECT trim_scale(extract(epoch FROM session_start) - 1767225600), trim_scale(vwap), trim_scale(qty), trades, trim_scale(extract(epoch FROM last_at) - 1767225600)
	FROM arbees.session_prices p WHERE p.symbol = $1
$$;
SELECT desk.make_window('v', 100, 400), desk.make_window('next', 400, 700);
SELECT desk.trades('{v.up,v.up,v.down,v.up}', '{0.50,0.60,0.40,0.70}', '{10,30,5,10}', '{100,101,101,102}') AS counted;
SELECT * FROM desk.session('v.up');
SELECT * FROM desk.session('v.down');
-- What is not younger than the last one counted was told before; what is outside the window is of no session.
SELECT desk.trades('{v.up,v.up,v.down,v.up}', '{0.50,0.60,0.40,0.70}', '{10,30,5,10}', '{100,101,101,102}') AS again,
	desk.trades('{v.up,v.up}', '{0.70,0.10}', '{10,50}', '{102,103}') AS one_is_new, desk.trades('{v.up,next.up,w.up}', '{0.5,0.5,0.5}', '{1,1,1}', '{400,399.999,-1}') AS outside;
SELECT * FROM desk.session('v.up');
SELECT count(*) AS sessions FROM arbees.session_prices;
SELECT desk.trades('{v.up}', '{0.5}', '{1}', '{104}', 'polymarket') AS of_another_venue, arbees.report_trades(desk.venue('sim'), '{}', '{}', '{}', '{}') AS none;
-- No trade that is none; nothing of such a call stays.
SELECT what, desk.attempt(format('SELECT arbees.report_trades(desk.venue(''sim''), %s)', a)) FROM (VALUES
	('lengths', $$'{1,1}', '{0.5}', '{1}', '{1}'$$), ('NULL', $$'{1}', '{NULL}', '{1}', '{1}'$$), ('NaN', $$'{1}', '{NaN}', '{1}', '{1}'$$), ('no price', $$'{1}', '{0}', '{1}', '{1}'$$),
	('no size', $$'{1}', '{0.5}', '{-1}', '{1}'$$), ('a year beyond', $$'{1}', '{0.5}', '{1}', '{9223372036854775807}'$$),
	('too many', $$array_fill(1, '{1025}'), array_fill(0.5, '{1025}'), array_fill(1.0, '{1025}'), array_fill(1::bigint, '{1025}')$$)) v (what, a);
SELECT desk.attempt('SELECT arbees.report_trades(999, ''{}'', ''{}'', ''{}'', ''{}'')') AS no_venue;
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT desk.attempt('SELECT desk.trades(''{v.up}'', ''{0.5}'', ''{1}'', ''{104}'')');
COMMIT;
SELECT role, has_function_privilege(role, 'arbees.report_trades(integer, integer[], numeric[], numeric[], bigint[])', 'EXECUTE') AS may_tell,
	has_table_privilege(role, 'arbees.session_volumes', 'INSERT, UPDATE, DELETE') AS may_write FROM unnest('{arbees_viewer,arbees_operator,arbees_risk,arbees_worker,arbees_strategy}'::name[]) role;
-- Without a window the session is the day; a batch over midnight keeps the new day's, and what comes late from the old one is too old.
INSERT INTO arbees.instruments (venue_id, symbol, name, tick_size, lot_size, min_qty, min_notional, fee_rate, fee_exponent)
VALUES (desk.venue('sim'), 'FUND', 'index fund', 0.01, 1, 1, 1, 0, 0);
SELECT desk.trades('{FUND,FUND}', '{10,20}', '{1,1}', '{100,200}') AS counted;
SELECT * FROM desk.session('FUND');
SELECT desk.trades('{FUND,FUND,FUND}', '{10,30,40}', '{5,1,1}', '{86399,86400,86401}') AS the_new_days, desk.trades('{FUND}', '{10}', '{1}', '{86399.5}') AS too_old;
SELECT * FROM desk.session('FUND');
-- A time that cannot be is not believed where the clock is not the venue's own.
SELECT arbees_create_venue('wall', true, false, '{}', 137) > 0 AS made;
INSERT INTO arbees.instruments (venue_id, symbol, name, tick_size, lot_size, min_qty, min_notional, fee_rate, fee_exponent)
VALUES (desk.venue('wall'), 'W', 'w', 0.01, 1, 1, 1, 0, 0);
SELECT arbees.report_trades(desk.venue('wall'), ARRAY[desk.instrument('W')], '{10}', '{1}', ARRAY[(extract(epoch FROM now()) * 1000)::bigint + 86400000]) AS counted;
SELECT last_at <= clock_timestamp() AS believed_until_now FROM arbees.session_prices WHERE symbol = 'W';

-- What the strategy sees and asks, without the gate: its signal over a state.
CREATE FUNCTION desk.state(given jsonb) RETURNS arbees.market_state LANGUAGE sql STABLE AS $$
	SELECT jsonb_populate_record(NULL::arbees.market_state, '{"window_id": 7, "seconds_to_close": 200, "up_instrument": 1, "up_bid": 0.50, "up_ask": 0.52, "up_vwap": 0.60, "up_volume": 10,
		"down_instrument": 2, "down_bid": 0.47, "down_ask": 0.49, "down_vwap": 0.40, "down_volume": 10, "tick_size": 0.01, "entries": 0, "params": {}}'::jsonb || $1)
$$;
SELECT what, s.key, s.instrument_id AS buys, trim_scale(s.limit_price) AS at_most, trim_scale(s.amount) AS usd, s.time_in_force FROM (VALUES
	(1, 'cheap: 0.52 <= 0.60 less 5 %', '{}'), (2, 'the dearest cheap price is 0.54', '{"params": {"threshold_pct": 10, "slippage": 0.10}}'), (3, 'just cheap', '{"up_ask": 0.57}'), (4, 'a tick too dear', '{"up_ask": 0.58}'),
	(5, 'the other side is cheaper still', '{"down_vwap": 0.90}'), (6, 'both as cheap: up', '{"down_vwap": 0.57, "down_ask": 0.49, "up_ask": 0.52}'), (7, 'too little was traded', '{"up_volume": 9.99}'), (8, 'but enough for this one', '{"up_volume": 9.99, "params": {"min_volume": 5}}'),
	(9, 'nothing was traded', '{"up_vwap": null, "up_volume": null}'), (10, 'nothing is offered', '{"up_ask": null}'), (11, 'too late', '{"seconds_to_close": 29.99}'), (12, 'once per window', '{"entries": 1}'),
	(13, 'no window', '{"window_id": null}'), (14, 'by the deployment', '{"params": {"amount": 3, "min_seconds_to_close": 300}, "seconds_to_close": 300}')) v (n, what, given),
	LATERAL arbees.vwap(desk.state(given::jsonb)) s ORDER BY n;
SELECT desk.attempt($$SELECT arbees.vwap(desk.state('{"params": {"threshold_pct": 0}}'))$$) AS no_threshold, desk.attempt($$SELECT arbees.vwap(desk.state('{"params": {"threshold_pct": "5"}}'))$$) AS no_number;

-- On the desk: the average of its window's trades, one order at the price at which it would cease to be cheap.
SELECT arbees_create_portfolio('averages', 'PAPER', 'sim', NULL) > 0 AS made;
SELECT desk.attempt('SELECT arbees_deposit(''averages'', 100, ''t'')'), desk.attempt('SELECT arbees_deploy(''vwap'', ''averages'', ''{"sizing": {"value": 2}}'')');
CREATE FUNCTION desk.asked() RETURNS TABLE (n bigint, signal_key text, symbol text, verdict text, reason text, limit_price text, amount text, stop text) LANGUAGE sql STABLE AS $$
	SELECT row_number() OVER (ORDER BY d.decision_id), regexp_replace(d.signal_key, '[\d.]+', (SELECT w.slug FROM arbees.windows w WHERE w.window_id = d.window_id)), i.symbol, d.verdict::text, d.reason, o.p, o.a, o.s
	FROM arbees.decisions d JOIN arbees.instruments i USING (instrument_id), LATERAL (SELECT max(x.value) FILTER (WHERE x.field = 'limit_price') AS p, max(x.value) FILTER (WHERE x.field = 'amount') AS a, max(x.value) FILTER (WHERE x.field = 'stop_loss_pct') AS s
		FROM arbees.decision_details x WHERE x.decision_id = d.decision_id AND x.part = 'output') o WHERE d.portfolio_id = desk.portfolio('averages') ORDER BY d.decision_id
$$;
SELECT * FROM desk.session('v.up');
SELECT FROM desk.quote('PAPER', 150, 'v.up', 0.38, 0.40);
SELECT * FROM desk.asked();
SELECT desk.trades('{v.up}', '{0.60}', '{100}', '{151}') AS counted;
SELECT FROM desk.quote('PAPER', 152, 'v.up', 0.38, 0.40);
SELECT * FROM desk.asked();
SELECT state, filled, money FROM desk.orders('averages');
SELECT FROM desk.quote('PAPER', 153, 'v.up', 0.37, 0.39);
SELECT count(*) AS once FROM desk.asked();

-- A future window: its quotes and trades make it no window to be asked about ...
SELECT FROM desk.quote('PAPER', 154, 'next.up', 0.18, 0.20);
SELECT count(*) AS as_before FROM desk.asked();
-- ... and a twin that asks for it all the same, with vwap's own words, is refused by the gate, at every quote until it opens.
CREATE FUNCTION desk.rogue(state arbees.market_state) RETURNS arbees.signal LANGUAGE plpgsql AS $$
DECLARE
	s arbees.signal;
BEGIN
	state.entries := 0;
	state.up_vwap := 0.90;
	state.up_volume := 1000;
	state.up_ask := 0.20;
	s := arbees.vwap(state);
	s.instrument_id := (state.params ->> 'future')::integer;
	s.key := 'rogue-' || extract(epoch FROM state.market_time);
	RETURN s;
END
$$;
SELECT arbees_register_strategy('vwap_rogue', 'desk.rogue(arbees.market_state)', (SELECT parameters || desk.limits() FROM arbees.strategies WHERE name = 'vwap'), NULL, 'never') > 0 AS registered,
	arbees_deploy('vwap_rogue', 'averages', jsonb_build_object('future', desk.instrument('next.up'))) > 0 AS deployed;
SELECT FROM desk.quote('PAPER', 155, 'v.up', 0.38, 0.40);
SELECT FROM desk.quote('PAPER', 300, 'next.up', 0.18, 0.20);
SELECT FROM desk.quote('PAPER', 300.5, 'v.up', 0.38, 0.40);
SELECT FROM desk.quote('PAPER', 369.999, 'v.up', 0.38, 0.40);
SELECT signal_key, symbol, verdict, reason FROM desk.asked();
SELECT count(*) AS orders_of_the_future FROM arbees.orders WHERE window_id = (SELECT window_id FROM arbees.windows WHERE slug = 'next');
SELECT last_error FROM arbees.deployments WHERE portfolio_id = desk.portfolio('averages');
-- From its opening second on it is a window like any other.
SELECT FROM desk.quote('PAPER', 400, 'next.up', 0.18, 0.20);
SELECT signal_key, symbol, verdict, reason FROM desk.asked() ORDER BY n DESC LIMIT 1;
