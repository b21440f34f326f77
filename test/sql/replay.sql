\set ECHO none
\getenv dir PG_ABS_SRCDIR
\set desk :dir '/sql/desk.inc'
\i :desk
-- Deterministic: a decision judged again over its stored input gives the same bytes, every time, over more
-- than a thousand decisions of all kinds.
\set SHOW_CONTEXT never
SELECT setseed(0.5);
SELECT desk.go_live(1000);
SELECT arbees_deposit('paper', 100000, 'for many orders');
UPDATE arbees.venue_accounts SET capital_cap_usd = 100000;

-- Signals for windows of every age under controls of every kind; exits by what the market does to what was bought.
CREATE FUNCTION desk.pick(VARIADIC list text[]) RETURNS text LANGUAGE sql VOLATILE AS $$ SELECT list[1 + floor(random() * cardinality(list))::int] $$;
CREATE FUNCTION desk.next_quote(mode text, symbol text, bid numeric, ask numeric) RETURNS void LANGUAGE plpgsql VOLATILE AS $$
BEGIN
	PERFORM desk.quote(mode, desk.clock() + round(random()::numeric, 3), symbol, bid, ask, (random() * 500)::int);
END
$$;
-- A signal that mostly passes, or one of which anything may be wrong.
CREATE FUNCTION desk.some_signal(key text, symbol text, ask numeric, sound boolean) RETURNS arbees.signal LANGUAGE sql VOLATILE AS $$
	SELECT desk.signal(jsonb_build_object('key', $1, 'symbol', $2) || CASE WHEN $4 THEN
		jsonb_build_object('amount', desk.pick('1', '2', '2.5', '4.99'), 'limit_price', least($3 + 0.01, 0.99), 'stop_loss_pct', desk.pick('1', '10', NULL),
			'take_profit_kind', desk.pick('none', 'fixed', 'trailing'), 'take_profit_pct', desk.pick('5', '50'), 'exit_before_close_s', desk.pick('10', NULL))
	ELSE jsonb_build_object('amount_kind', desk.pick('money', 'money', 'base'), 'amount', desk.pick('1', '5', '7', '12.345', '100', '0', '0.001', '-1', '1e9'),
			'side', desk.pick('BUY', 'BUY', 'BUY', 'SELL'), 'limit_price', desk.pick('0.53', '0.99', '0.005', '1', '0', NULL),
			'time_in_force', desk.pick('FAK', 'FOK', 'GTC', 'GTD'), 'stop_loss_pct', desk.pick('0', '100', '101', NULL),
			'take_profit_kind', desk.pick('none', 'fixed', 'trailing', NULL), 'take_profit_pct', desk.pick('0', '50', '-1', NULL),
			'confidence', round(random()::numeric, 4))
	END)
$$;
CREATE PROCEDURE desk.deal(rounds integer) LANGUAGE plpgsql AS $$
DECLARE
	slug	text;
	bid		numeric;
	spread	numeric;
	start	numeric;
	sound	boolean;
BEGIN
	FOR n IN 1 .. rounds LOOP
		slug := 'r' || n;
		start := ceil(desk.clock()) + 1;
		sound := random() < 0.6;
		PERFORM desk.make_window(slug, start + CASE WHEN sound THEN -10 ELSE (random() * 20 - 15)::int END, start + 6 + (random() * 300)::int),
			arbees_set('max_position_usd', CASE WHEN sound THEN '50' ELSE desk.pick('0', '2', '5', '1000') END, 'r'),
			arbees_set('max_session_loss_usd', CASE WHEN sound THEN '100000' ELSE desk.pick('0', '50') END, 'r'),
			arbees_set('daily_drawdown_limit_usd', CASE WHEN sound THEN '100000' ELSE desk.pick('0', '1000') END, 'r'),
			arbees_set('quote_max_age_ms', desk.pick('2000', '600000'), 'r'),
			arbees_set('trading_mode', CASE WHEN sound THEN 'PAPER,LIVE' ELSE desk.pick('PAPER,LIVE', 'LIVE', 'PAPER') END, 'r'),
			arbees_set('allow_submit', CASE WHEN sound THEN desk.pick('true', 'true', 'true', 'false') ELSE 'true' END, 'r'),
			arbees_set('allowed_instruments', CASE WHEN sound THEN 'BTC' ELSE desk.pick('BTC', 'r*', 'ETH') END, 'r');
		IF n % 50 = 7 THEN
			PERFORM arbees_kill('pause', 'r');
		ELSIF n % 50 = 9 THEN
			PERFORM arbees_resume('r');
		END IF;
		FOR side IN 0 .. 1 LOOP
			bid := round((0.05 + random() * 0.9)::numeric, 2);
			spread := CASE WHEN sound THEN 0.01 ELSE desk.pick('0.01', '0', '-0.01')::numeric END;
			IF sound OR random() < 0.8 THEN
				PERFORM desk.next_quote(m, slug || outcome, bid, bid + spread) FROM unnest(ARRAY['PAPER', 'LIVE']) m, unnest(ARRAY['.up', '.down']) outcome;
			END IF;
			FOR k IN 1 .. 3 LOOP
				PERFORM desk.try(desk.some_signal(format('%s-%s-%s', slug, side, k), slug || desk.pick('.up', '.down'), bid + spread, sound AND random() < 0.9),
					desk.pick('paper', 'paper', 'live'));
			END LOOP;
		END LOOP;
		-- Prices fall and rise: stops, profits and time close what was bought.
		PERFORM desk.next_quote('PAPER', i.symbol, round((0.02 + random() * 0.9)::numeric, 2), 0.97)
		FROM arbees.instruments i JOIN arbees.positions p USING (instrument_id) WHERE p.mode = 'PAPER' AND p.state <> 'CLOSED';
		COMMIT;
	END LOOP;
END
$$;
CALL desk.deal(220);

-- More than a thousand, accepted and refused, entries and exits, for many reasons.
SELECT count(*) > 1000 AS enough, count(*) FILTER (WHERE verdict = 'accepted') > 100 AS accepted, count(*) FILTER (WHERE verdict = 'denied') > 100 AS denied,
	count(*) FILTER (WHERE verdict = 'monitored') > 10 AS monitored, count(*) FILTER (WHERE purpose = 'EXIT') > 20 AS exits,
	count(*) FILTER (WHERE mode = 'LIVE') > 100 AS live, count(DISTINCT reason) >= 12 AS reasons, count(DISTINCT input) > 1000 AS different
FROM arbees.decisions;
-- Equal bytes, all of them; in another order and in another session as well.
SELECT count(*) FILTER (WHERE r.agrees) = count(*) AS all_agree FROM arbees.decisions d, arbees_replay(d.decision_id) r;
CREATE TABLE desk.once AS SELECT decision_id, arbees.judge(input) AS bytes FROM arbees.decisions ORDER BY decision_id DESC;
\connect -
SELECT count(*) = 0 AS same_again FROM arbees.decisions d JOIN desk.once o USING (decision_id) WHERE arbees.judge(d.input) <> o.bytes OR o.bytes <> d.output;
-- The reason stored is the one the bytes give, and a check says no if and only if its bit is set.
SELECT count(*) AS other_reason FROM arbees.decisions d
WHERE (SELECT c.code FROM arbees.check_decision(d.input) c WHERE NOT c.passed ORDER BY c.ordinal LIMIT 1)
	IS DISTINCT FROM CASE WHEN verdict = 'denied' THEN reason END;
-- Bytes that somebody changed no longer agree, or are no input.
SELECT count(*) FILTER (WHERE arbees.judge(arbees.change_input(input, '{"amount": 4.44444444}')) <> output) > 100 AS changes_are_found,
	bool_and(arbees.change_input(input, '{}') = input) AS unchanged_is_the_same
FROM arbees.decisions;
SELECT * FROM arbees.audit_findings;
SELECT add_up FROM desk.books('paper');
SELECT add_up FROM desk.books('live');
