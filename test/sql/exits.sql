\set ECHO none
\getenv dir PG_ABS_SRCDIR
\set desk :dir '/sql/desk.inc'
\i :desk
-- Exits: what triggers them, what they sell, and that no entry limit stands in their way.
SELECT arbees_set('max_position_usd', '100', 'test'), arbees_set('exit_retry_ms', '10', 'test');
-- Buys 10 shares at 0.50 in a window of their own, by the given exit rules; entry 0.50, cost 5.
CREATE FUNCTION desk.hold(slug text, sig jsonb DEFAULT '{}', closes_in numeric DEFAULT 900) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	PERFORM desk.make_window(slug, 0, desk.clock() + closes_in);
	PERFORM FROM desk.quote('PAPER', desk.clock(), slug || '.up', 0.48, 0.50);
	RETURN desk.try(desk.signal(jsonb_build_object('key', slug, 'symbol', slug || '.up', 'amount_kind', 'base', 'amount', 10,
		'limit_price', 0.50) || sig));
END
$$;
-- Where a position stands, with its last exit order.
CREATE FUNCTION desk.stands(slug text, OUT state text, OUT qty numeric, OUT exit_money numeric, OUT why text, OUT threshold numeric,
	OUT at_bid numeric, OUT attempts integer, OUT exits text)
LANGUAGE sql STABLE AS $$
	SELECT s.state::text, trim_scale(s.qty), trim_scale(s.exit_money), s.exit_reason::text, trim_scale(s.trigger_threshold),
		trim_scale(s.trigger_price), s.exit_attempts,
		(SELECT string_agg(concat_ws(' ', o.state, trim_scale(o.filled_qty) || '/' || trim_scale(o.amount), 'from', trim_scale(o.limit_price)), ', '
			ORDER BY o.order_id) FROM arbees.orders o WHERE o.position_id = s.position_id AND o.purpose = 'EXIT')
	FROM arbees.positions s JOIN arbees.instruments i USING (instrument_id) WHERE i.symbol = $1 || '.up' ORDER BY s.position_id DESC LIMIT 1
$$;
-- The next second's bid, and where the position stands then.
CREATE FUNCTION desk.bid(slug text, bid numeric, size numeric DEFAULT 1000, OUT at numeric, OUT after record) LANGUAGE plpgsql AS $$
BEGIN
	at := desk.clock() + 1;
	PERFORM FROM desk.quote('PAPER', at, slug || '.up', bid, coalesce(bid, 0.5) + 0.02, size);
	after := desk.stands(slug);
END
$$;
SELECT name, value FROM (SELECT key AS name, value FROM arbees.runtime_controls) c
WHERE name IN ('stop_loss_pct', 'take_profit_kind', 'take_profit_pct', 'trailing_pct', 'exit_slippage_pct') ORDER BY name;

-- Stop-loss at 10 %: 0.4501 holds, 0.45 sells all of it, once, no worse than 10 % below the bid.
SELECT desk.hold('stop', '{"stop_loss_pct": null, "take_profit_kind": null, "take_profit_pct": null}');
SELECT after FROM desk.bid('stop', 0.4501);
SELECT after FROM desk.bid('stop', 0.45);
SELECT after FROM desk.bid('stop', 0.30);
SELECT purpose, state, amount, side, time_in_force FROM arbees.orders JOIN arbees.instruments i USING (instrument_id) WHERE symbol = 'stop.up' ORDER BY order_id;
SELECT cash, reserved, cost, realized, positions, add_up FROM desk.books('paper');

-- Take-profit at 30 %: 0.6499 holds, 0.65 sells.
SELECT desk.hold('profit', '{"stop_loss_pct": null, "take_profit_kind": null, "take_profit_pct": null}');
SELECT after FROM desk.bid('profit', 0.6499);
SELECT after FROM desk.bid('profit', 0.65);

-- Trailing 20 %: arms above the entry only; falls from the high, not from the entry.
SELECT desk.hold('trail', '{"take_profit_kind": "trailing", "take_profit_pct": null}');
SELECT after FROM desk.bid('trail', 0.50);
SELECT after FROM desk.bid('trail', 0.30);
SELECT after FROM desk.bid('trail', 0.70);
SELECT after FROM desk.bid('trail', 0.5601);
SELECT after FROM desk.bid('trail', 0.56);

-- No stop and no profit declared: held, whatever the price.
SELECT desk.hold('held');
SELECT after FROM desk.bid('held', 0.01);
SELECT after FROM desk.bid('held', 0.97);

-- Before the close, by the clock of the market; the stop comes first when both are due.
SELECT desk.hold('expiry', '{"exit_before_close_s": 5}', 7);
SELECT after FROM desk.bid('expiry', 0.52);
SELECT after FROM desk.bid('expiry', 0.51);
SELECT desk.hold('both', '{"exit_before_close_s": 5, "stop_loss_pct": 10}', 6);
SELECT after FROM desk.bid('both', 0.40);
-- A window that has closed is the settlement's business, not the exits'.
SELECT desk.hold('closed', '{"stop_loss_pct": 10}', 2);
SELECT desk.price(desk.clock() + 2, 100);
SELECT after FROM desk.bid('closed', 0.10);

-- Nobody buys: it waits, triggered, and sells when somebody does.
SELECT desk.hold('empty', '{"exit_before_close_s": 898}');
SELECT after FROM desk.bid('empty', NULL);
SELECT after FROM desk.bid('empty', NULL);
SELECT after FROM desk.bid('empty', 0.47);

-- A thin book: what is left is tried again after exit_retry_ms, never more than is held, wider each time.
SELECT desk.hold('thin', '{"stop_loss_pct": 10}');
SELECT after FROM desk.bid('thin', 0.40, 4);
SELECT pg_sleep(0.02);
SELECT after FROM desk.bid('thin', 0.40, 3);
SELECT arbees_set('exit_retry_ms', '600000', 'test');
SELECT after FROM desk.bid('thin', 0.40);
SELECT arbees_set('exit_retry_ms', '10', 'test');
SELECT pg_sleep(0.02);
SELECT after FROM desk.bid('thin', 0.40);
-- Retries widen to 90 % at most and never reach zero.
SELECT desk.hold('wide', '{"stop_loss_pct": 10}');
SELECT arbees_set('exit_slippage_pct', '60', 'test');
SELECT after FROM desk.bid('wide', 0.40, 1);
SELECT pg_sleep(0.02);
SELECT after FROM desk.bid('wide', 0.40, 1);
SELECT pg_sleep(0.02);
SELECT after FROM desk.bid('wide', 0.02);
SELECT arbees_set('exit_slippage_pct', '10', 'test');

-- Dust below a lot stays with the position, closed, until settlement.
SELECT desk.make_window('dust', 0, 9000);
SELECT FROM desk.quote('PAPER', desk.clock(), 'dust.up', 0.45, 0.47);
SELECT desk.try(desk.signal('{"key": "dust", "symbol": "dust.up", "amount": 5, "stop_loss_pct": 10}'));
SELECT after FROM desk.bid('dust', 0.40);
SELECT after FROM desk.bid('dust', 0.30);

-- An emergency refuses an exit once and is not asked again; the ladder goes on at the first rung after it.
SELECT desk.hold('emergency', '{"stop_loss_pct": 10}');
SELECT level FROM arbees_kill('emergency', 'nothing moves');
SELECT after FROM desk.bid('emergency', 0.40);
SELECT pg_sleep(0.02);
SELECT after FROM desk.bid('emergency', 0.40);
SELECT portfolio, symbol, qty, state, exit_reason, since IS NOT NULL AS since, why FROM arbees.unprotected_positions WHERE symbol IN ('emergency.up', 'held.up') ORDER BY 2;
SELECT verdict, reason, count(*) FROM arbees.decisions WHERE purpose = 'EXIT' AND reason IS NOT NULL GROUP BY 1, 2;
SELECT level FROM arbees_resume('go on');
SELECT pg_sleep(0.02);
SELECT after FROM desk.bid('emergency', 0.40);

SELECT count(*) FROM arbees.unprotected_positions WHERE symbol = 'emergency.up';

-- The widest rung is a control's.
SELECT desk.hold('widest', '{"stop_loss_pct": 10}');
SELECT arbees_set('exit_slippage_pct', '30', 'test'), arbees_set('exit_max_slippage_pct', '50', 'test');
SELECT after FROM desk.bid('widest', 0.40, 1);
SELECT pg_sleep(0.02);
SELECT after FROM desk.bid('widest', 0.40, 1);
SELECT why, qty FROM arbees.unprotected_positions WHERE symbol = 'widest.up';
SELECT rung, flat FROM arbees.flatten_progress WHERE name = 'paper';
SELECT pg_sleep(0.02);
SELECT after FROM desk.bid('widest', 0.40);
SELECT arbees_set('exit_slippage_pct', '10', 'test'), arbees_set('exit_max_slippage_pct', '90', 'test');

-- Exits pass where entries are refused: pause, an open breaker, a silent conductor, losses, monitor mode, a stale quote, lists.
CREATE FUNCTION desk.exit_passes(arrange text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	entry	text;
	after	record;
BEGIN
	BEGIN
		PERFORM desk.hold('pass', '{"stop_loss_pct": 10}');
		EXECUTE arrange;
		entry := desk.try(desk.signal('{"key": "no", "symbol": "pass.up"}'));
		after := desk.stands('pass');
		SELECT b.after INTO after FROM desk.bid('pass', 0.40) b;
		RAISE EXCEPTION USING ERRCODE = 'DK000', MESSAGE = format('entry %s; exit %s', entry, after);
	EXCEPTION WHEN SQLSTATE 'DK000' THEN
		RETURN SQLERRM;
	END;
END
$$;
SELECT desk.exit_passes(a), left(a, 60) AS arrange FROM unnest(ARRAY[
	'SELECT arbees_kill(''pause'')',
	'SELECT desk.breaker(''desk'', 0, ''OPEN'')',
	'DELETE FROM arbees.conductor',
	'SELECT arbees_set(''max_session_loss_usd'', ''0'', ''t'')',
	'SELECT arbees_set(''daily_drawdown_limit_usd'', ''0'', ''t'')',
	'SELECT arbees_set(''allow_submit'', ''false'', ''t'')',
	'SELECT arbees_set(''max_position_usd'', ''0'', ''t'')',
	'SELECT arbees_set(''trading_mode'', ''LIVE'', ''t'')',
	'SELECT arbees_set(''allowed_instruments'', ''ETH'', ''t'')',
	'SELECT arbees_set(''allowed_strategies'', ''other'', ''t'')',
	'UPDATE arbees.deployments SET state = ''retired''',
	'UPDATE arbees.runtime_controls SET value = NULL WHERE key IN (''max_position_usd'', ''stop_loss_pct'', ''exit_slippage_pct'', ''quote_max_age_ms'')']) a;

-- The kill switch at flatten closes by the stored quote, without waiting for one; the position says why.
SELECT desk.hold('kill'), desk.hold('kill2');
SELECT level, positions_to_close, orders_in_flight FROM arbees_kill('flatten', 'all out');
SELECT arbees.step_exits();
SELECT state, why, exit_money FROM unnest(ARRAY['kill', 'kill2', 'held']) s, desk.stands(s);
SELECT level FROM arbees_resume('go on');

-- An operator's close.
SELECT desk.hold('word');
SELECT arbees_close(s.position_id) FROM arbees.positions s JOIN arbees.instruments i USING (instrument_id) WHERE symbol = 'word.up';
SELECT arbees_close(s.position_id) FROM arbees.positions s JOIN arbees.instruments i USING (instrument_id) WHERE symbol = 'word.up';
SELECT desk.stands('word');
SELECT desk.attempt('SELECT arbees_close(9999)');
SELECT desk.try(desk.signal('{"key": "rests", "symbol": "word.down", "amount_kind": "base", "amount": 10, "limit_price": 0.10, "time_in_force": "GTC"}'))
FROM desk.quote('PAPER', desk.clock() + 1, 'word.down', 0.48, 0.50) RIGHT JOIN (VALUES (1)) v ON true;
SELECT arbees_close(s.position_id), s.state FROM arbees.positions s JOIN arbees.instruments i USING (instrument_id) WHERE symbol = 'word.down';

-- LIVE: exactly one exit works at a time; UNKNOWN blocks the next; a late fill of the entry re-sizes it; nothing crosses zero.
SELECT desk.go_live(50);
CREATE FUNCTION desk.live_bid(bid numeric) RETURNS TABLE (side text, amount numeric, limit_price numeric, time_in_force text) LANGUAGE sql AS $$
	SELECT q.side, trim_scale(q.amount), trim_scale(q.limit_price), q.time_in_force FROM desk.quote('LIVE', desk.clock() + 1, 'w.up', $1, $1 + 0.02) q
$$;
CREATE FUNCTION desk.last(purpose text) RETURNS bigint LANGUAGE sql STABLE AS $$
	SELECT max(order_id) FROM arbees.orders o WHERE mode = 'LIVE' AND o.purpose::text = $1
$$;
CREATE FUNCTION desk.claim(purpose text) RETURNS boolean LANGUAGE sql AS $$
	SELECT claimed FROM arbees.claim_order(desk.account(), desk.epoch(), desk.last($1), 'venue-' || desk.last($1), sha256(''), E'POST /order\n\n')
$$;
CREATE FUNCTION desk.fill(purpose text, trade text, shares numeric, price numeric, status text DEFAULT 'MATCHED') RETURNS text LANGUAGE sql AS $$
	SELECT arbees.report_fill(desk.account(), desk.epoch(), 'venue-' || desk.last($1), trade, status, 'w.up',
		CASE WHEN $1 = 'ENTRY' THEN 'BUY' ELSE 'SELL' END, shares, price, round(shares * price, 6), 0, 'TAKER', desk.ms(desk.clock()))
$$;
CREATE FUNCTION desk.report(purpose text, event text, venue_qty numeric DEFAULT NULL) RETURNS text LANGUAGE sql AS $$
	SELECT arbees.report_order(desk.account(), desk.epoch(), desk.last($1), event, NULL, venue_qty, 'test')
$$;
SELECT desk.make_window('w2', 0, 99999);
UPDATE arbees.windows SET closes_at = closes_at + interval '1 day' WHERE slug = 'w';
SELECT * FROM desk.live_bid(0.48);
SELECT desk.try(desk.signal('{"amount_kind": "base", "amount": 10, "limit_price": 0.50, "time_in_force": "GTC", "stop_loss_pct": 10}'), 'live');
SELECT desk.claim('ENTRY');
SELECT desk.report('ENTRY', 'accepted'), desk.fill('ENTRY', 'e1', 6, 0.50);
SELECT * FROM desk.live_bid(0.45);
SELECT * FROM desk.live_bid(0.44);
SELECT desk.claim('EXIT');
SELECT desk.report('EXIT', 'unknown');
SELECT * FROM desk.live_bid(0.44);
SELECT desk.fill('ENTRY', 'e2', 4, 0.50);
SELECT desk.fill('EXIT', 'x1', 5, 0.44), desk.report('EXIT', 'closed', 5);
SELECT state, qty, exits FROM desk.stands('w');
SELECT pg_sleep(0.02);
SELECT * FROM desk.live_bid(0.44);
SELECT desk.claim('EXIT'), desk.fill('EXIT', 'x2', 5, 0.44);
SELECT state, qty, why, exits FROM desk.stands('w');
SELECT cash, reserved, cost, realized, positions, add_up FROM desk.books('live');
-- The last sale fails to settle: the shares are back and are watched again.
SELECT desk.fill('EXIT', 'x2', 5, 0.44, 'FAILED');
SELECT state, qty, why FROM desk.stands('w');
SELECT cash, cost, realized, positions, add_up FROM desk.books('live');
-- Without its trader a LIVE portfolio makes no exit; with one it does, at the first price.
SELECT arbees.release_trader(desk.account(), desk.epoch());
SELECT * FROM desk.live_bid(0.44);
SELECT pg_sleep(0.02);
SELECT * FROM desk.live_bid(0.44);
SELECT granted FROM arbees.acquire_trader(desk.account(), 'worker');
SELECT pg_sleep(0.02);
SELECT * FROM desk.live_bid(0.44);
SELECT desk.claim('EXIT');
SELECT desk.fill('EXIT', 'x3', 5, 0.44), desk.agree();
-- The entry's fills fail while its exit is out: nothing is left to sell, and the position ends.
SELECT * FROM desk.live_bid(0.48);
SELECT desk.try(desk.signal('{"key": "void", "amount_kind": "base", "amount": 10, "limit_price": 0.50, "stop_loss_pct": 10}'), 'live');
SELECT desk.claim('ENTRY'), desk.fill('ENTRY', 'v1', 10, 0.50);
SELECT * FROM desk.live_bid(0.44);
SELECT desk.claim('EXIT');
SELECT desk.fill('ENTRY', 'v1', 10, 0.50, 'FAILED');
SELECT desk.report('EXIT', 'rejected');
SELECT state, qty, exits FROM desk.stands('w');
SELECT cash, claimable, cost, realized, positions, orders, add_up FROM desk.books('live');
-- An exit that rests at the venue has its time; then it is cancelled, and the next rung is priced anew, further below.
SELECT desk.make_window('r', 0, 9000);
SELECT FROM desk.quote('LIVE', desk.clock() + 1, 'r.up', 0.48, 0.50);
SELECT desk.try(desk.signal('{"key": "r", "symbol": "r.up", "amount_kind": "base", "amount": 10, "limit_price": 0.50, "stop_loss_pct": 10}'), 'live');
SELECT desk.claim('ENTRY'), desk.fill('ENTRY', 'r1', 10, 0.50);
CREATE FUNCTION desk.rung(bid numeric) RETURNS TABLE (side text, amount numeric, limit_price numeric) LANGUAGE sql AS $$
	SELECT q.side, trim_scale(q.amount), trim_scale(q.limit_price) FROM desk.quote('LIVE', desk.clock() + 1, 'r.up', $1, $1 + 0.02) q
$$;
CREATE FUNCTION desk.work() RETURNS TABLE (kind text, state text, purpose text) LANGUAGE sql AS $$
	SELECT w.kind, w.state, w.purpose FROM arbees.pending_work(desk.account(), desk.epoch()) w WHERE w.symbol = 'r.up' ORDER BY w.order_id
$$;
SELECT * FROM desk.rung(0.40);
SELECT desk.claim('EXIT'), desk.report('EXIT', 'accepted');
SELECT pg_sleep(0.02);
SELECT * FROM desk.rung(0.39);
SELECT * FROM desk.work();
SELECT arbees_set('exit_rung_ms', '10', 'test');
SELECT * FROM desk.rung(0.39);
SELECT * FROM desk.work();
SELECT * FROM desk.rung(0.39);
SELECT desk.report('EXIT', 'canceled', 0);
SELECT state, qty, attempts, exits FROM desk.stands('r');
SELECT pg_sleep(0.02);
SELECT * FROM desk.rung(0.39);
SELECT state, qty, attempts, exits FROM desk.stands('r');
-- An emergency cancels the exit that works: the position stays EXIT_PENDING and unprotected; its ladder goes on after arbees_resume.
SELECT desk.claim('EXIT'), desk.report('EXIT', 'accepted');
SELECT arbees_set('exit_rung_ms', '600000', 'test');
SELECT count(*) FROM arbees.unprotected_positions WHERE symbol = 'r.up';
SELECT level, orders_to_cancel, positions_to_close FROM arbees_kill('emergency', 'everything stops');
SELECT * FROM desk.work();
SELECT working, unknown, at_venue, flat FROM arbees.flatten_progress WHERE name = 'live';
SELECT arbees.report_open_orders(desk.account(), desk.epoch(), 1);
SELECT desk.report('EXIT', 'canceled', 0);
SELECT state, qty, attempts FROM desk.stands('r');
SELECT portfolio, mode, qty, state, exit_reason, since IS NOT NULL AS since, why FROM arbees.unprotected_positions WHERE symbol = 'r.up';
SELECT pg_sleep(0.02);
SELECT * FROM desk.rung(0.39);
SELECT arbees.step_exits();
SELECT state, qty, attempts FROM desk.stands('r');
SELECT level FROM arbees_resume('go on');
SELECT * FROM desk.rung(0.39);
SELECT desk.claim('EXIT'), desk.fill('EXIT', 'r2', 10, 0.39);
SELECT state, qty, attempts, exits FROM desk.stands('r');
-- Flat is what the venue's own list says, too, when it was read after the kill.
SELECT level FROM arbees_kill('flatten', 'all out');
SELECT positions_left, working, unknown, at_venue, flat FROM arbees.flatten_progress WHERE name = 'live';
SELECT arbees.report_open_orders(desk.account(), desk.epoch(), 1);
SELECT positions_left, working, unknown, at_venue, flat FROM arbees.flatten_progress WHERE name = 'live';
SELECT arbees.report_open_orders(desk.account(), desk.epoch(), 0);
SELECT positions_left, working, unknown, at_venue, flat FROM arbees.flatten_progress WHERE name = 'live';
SELECT level FROM arbees_resume('go on');

-- Flatten: an exit may still be claimed, an entry not; in an emergency neither.
CREATE FUNCTION desk.may_claim(level text) RETURNS TABLE (purpose text, claimed boolean, reason text) LANGUAGE plpgsql AS $$
BEGIN
	BEGIN
		PERFORM arbees_kill(level);
		RETURN QUERY SELECT o.purpose::text, c.claimed, c.reason FROM arbees.orders o, arbees.claim_order(desk.account(), desk.epoch(), o.order_id, 'c-' || o.order_id, sha256(''), E'POST /order\n\n') c
			WHERE o.mode = 'LIVE' AND o.state = 'NEW' ORDER BY o.order_id;
		RAISE EXCEPTION USING ERRCODE = 'DK000';
	EXCEPTION WHEN SQLSTATE 'DK000' THEN
		RETURN;
	END;
END
$$;
SELECT desk.make_window('x', 0, 9000), desk.make_window('y', 0, 9000);
SELECT FROM desk.quote('LIVE', desk.clock() + 1, 'x.up', 0.48, 0.50);
SELECT desk.try(desk.signal('{"key": "x", "symbol": "x.up", "amount_kind": "base", "amount": 10, "limit_price": 0.50, "stop_loss_pct": 10}'), 'live');
SELECT desk.claim('ENTRY'), desk.fill('ENTRY', 'x1', 10, 0.50);
SELECT purpose, symbol, trim_scale(amount) AS amount FROM desk.quote('LIVE', desk.clock() + 1, 'x.up', 0.40, 0.42);
SELECT FROM desk.quote('LIVE', desk.clock(), 'y.up', 0.48, 0.50);
SELECT desk.try(desk.signal('{"key": "y", "symbol": "y.up"}'), 'live');
SELECT level, m.* FROM unnest(ARRAY['pause', 'flatten', 'emergency']) level, desk.may_claim(level) m;
SELECT * FROM desk.books('paper');
SELECT * FROM desk.books('live');
SELECT count(*) AS decisions, bool_and((arbees_replay(decision_id)).agrees) AS all_replay FROM arbees.decisions;

-- More than the venue takes in one order leaves in several: no larger than its largest, in shares or in dollars, to the last share.
SELECT desk.hold('large', '{"stop_loss_pct": 10}'), desk.hold('dear', '{"stop_loss_pct": 10}');
UPDATE arbees.instruments SET max_qty = 4.005 WHERE symbol = 'large.up';
UPDATE arbees.instruments SET max_notional = 2 WHERE symbol = 'dear.up';
CREATE FUNCTION desk.rungs(slug text, n integer) RETURNS SETOF record LANGUAGE plpgsql AS $$
DECLARE
	a	record;
BEGIN
	FOR i IN 1 .. n LOOP
		a := (desk.bid(slug, 0.40)).after;
		RETURN NEXT a;
		PERFORM pg_sleep(0.02);
	END LOOP;
END
$$;
SELECT state, qty, attempts, exits FROM desk.rungs('large', 4) r (state text, qty numeric, exit_money numeric, why text, threshold numeric, at_bid numeric, attempts integer, exits text);
SELECT state, qty, attempts, exits FROM desk.rungs('dear', 3) r (state text, qty numeric, exit_money numeric, why text, threshold numeric, at_bid numeric, attempts integer, exits text);
SELECT count(*) AS refused FROM arbees.decisions WHERE purpose = 'EXIT' AND verdict <> 'accepted' AND decision_id > (SELECT max(decision_id) - 7 FROM arbees.decisions);
SELECT add_up FROM desk.books('paper');
