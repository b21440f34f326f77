\set ECHO none
\getenv dir PG_ABS_SRCDIR
\set desk :dir '/sql/desk.inc'
\i :desk
-- A fill that fails to settle: all it had changed is as before, and what still works goes on working.
SELECT desk.go_live(100);
SELECT arbees_set('max_position_usd', '1000', 'test') IS NOT NULL AS room, arbees_set('exit_retry_ms', '10', 'test') IS NOT NULL AS at_once;
CREATE FUNCTION desk.order(n integer) RETURNS bigint LANGUAGE sql STABLE AS $$
	SELECT order_id FROM (SELECT order_id, row_number() OVER (ORDER BY order_id) AS n FROM arbees.orders WHERE mode = 'LIVE') o WHERE o.n = $1
$$;
-- A window of its own for each case, quoted; an entry of 20 at 0.50 that rests, claimed and taken by the venue.
CREATE FUNCTION desk.rest(slug text, n integer, given jsonb DEFAULT '{}') RETURNS TABLE (said text, claimed boolean, state text) LANGUAGE plpgsql AS $$
BEGIN
	PERFORM desk.make_window(slug, 0, 90000);
	PERFORM FROM desk.quote('LIVE', desk.clock() + 1, slug || '.up', 0.48, 0.52);
	said := desk.try(desk.signal(jsonb_build_object('key', slug, 'symbol', slug || '.up', 'amount_kind', 'base', 'amount', 20,
		'limit_price', 0.50, 'time_in_force', 'GTC', 'stop_loss_pct', 10) || given), 'live');
	claimed := (SELECT c.claimed FROM arbees.claim_order(desk.account(), desk.epoch(), desk.order(n), 'v' || n, sha256(''), E'POST /order\n\n') c);
	state := arbees.report_order(desk.account(), desk.epoch(), desk.order(n), 'accepted', NULL, NULL, NULL);
	RETURN NEXT;
END
$$;
CREATE FUNCTION desk.claim(n integer) RETURNS boolean LANGUAGE sql AS $$
	SELECT claimed FROM arbees.claim_order(desk.account(), desk.epoch(), desk.order($1), 'v' || $1, sha256(''), E'POST /order\n\n')
$$;
CREATE FUNCTION desk.fill(n integer, trade text, shares numeric, price numeric, status text DEFAULT 'MATCHED') RETURNS text LANGUAGE sql AS $$
	SELECT arbees.report_fill(desk.account(), desk.epoch(), 'v' || $1, $2, $5, i.symbol, o.side::text, $3, $4, round($3 * $4, 6), 0.01, 'TAKER', desk.ms(desk.clock()))
	FROM arbees.orders o JOIN arbees.instruments i USING (instrument_id) WHERE o.order_id = desk.order($1)
$$;
CREATE FUNCTION desk.say(n integer, event text, venue_qty numeric DEFAULT NULL) RETURNS text LANGUAGE sql AS $$
	SELECT arbees.report_order(desk.account(), desk.epoch(), desk.order($1), $2, NULL, $3, 'test')
$$;
CREATE FUNCTION desk.bid(slug text, bid numeric) RETURNS bigint LANGUAGE sql AS $$
	SELECT count(*) FROM desk.quote('LIVE', desk.clock() + 1, $1 || '.up', $2, $2 + 0.02)
$$;
-- Every number of the books, of an order and of its position: what a void must leave as it was.
CREATE FUNCTION desk.all_of(n integer) RETURNS jsonb LANGUAGE sql AS $$
	SELECT jsonb_object_agg(key, value) FROM (
		SELECT 'ledger ' || key AS key, value FROM arbees.portfolio_ledger l, jsonb_each_text(to_jsonb(l)) WHERE l.mode = 'LIVE' AND l.seq = (
			SELECT max(seq) FROM arbees.portfolio_ledger x WHERE x.mode = 'LIVE')
			AND key NOT IN ('seq', 'kind', 'reference', 'entered_at', 'market_time', 'cash_change', 'reserved_change', 'qty_change', 'trade_pnl',
				'order_id', 'position_id', 'day_fills', 'd_day_fills')
		UNION ALL
		SELECT 'order ' || key, value FROM arbees.orders o, jsonb_each_text(to_jsonb(o)) WHERE o.order_id = desk.order($1)
			AND key NOT IN ('state', 'state_rule', 'last_reason', 'acknowledged_at')
		UNION ALL
		SELECT 'position ' || key, value FROM arbees.orders o JOIN arbees.positions s USING (position_id), jsonb_each_text(to_jsonb(s)) WHERE o.order_id = desk.order($1)
			AND key <> 'exit_attempts') f
$$;
CREATE FUNCTION desk.stands(n integer, OUT state text, OUT qty numeric, OUT cost numeric, OUT why text, OUT orders text) LANGUAGE sql AS $$
	SELECT s.state::text, trim_scale(s.qty), trim_scale(s.cost), s.exit_reason::text,
		(SELECT string_agg(concat_ws(' ', x.purpose, x.state, trim_scale(x.filled_qty) || '/' || trim_scale(x.amount), 'reserves', trim_scale(x.reserved),
			CASE WHEN x.cancel_requested_at IS NOT NULL THEN '(to be cancelled)' END), ', ' ORDER BY x.order_id) FROM arbees.orders x WHERE x.position_id = s.position_id)
	FROM arbees.orders o JOIN arbees.positions s USING (position_id) WHERE o.order_id = desk.order($1)
$$;

-- The entry still works: the position is an entry again, its reservation whole, nothing of the fill is left.
SELECT * FROM desk.rest('a', 1);
SELECT desk.all_of(1) AS before \gset
SELECT desk.fill(1, 'a1', 8, 0.49);
SELECT * FROM desk.stands(1);
SELECT count(*) FROM desk.all_of(1) a, jsonb_each(a) x WHERE x.value IS DISTINCT FROM :'before'::jsonb -> x.key;
SELECT desk.fill(1, 'a1', 8, 0.49, 'FAILED');
SELECT * FROM desk.stands(1);
SELECT x.key, x.value, :'before'::jsonb -> x.key AS before FROM desk.all_of(1) a, jsonb_each(a) x WHERE x.value IS DISTINCT FROM :'before'::jsonb -> x.key;
SELECT cash, reserved, cost, realized, positions, orders, add_up FROM desk.books('live');
-- A target of what works already orders nothing more, in this session and in one that reads the books anew.
CREATE FUNCTION desk.target(key text, shares numeric, slug text DEFAULT 'a') RETURNS text LANGUAGE sql AS $$
	SELECT desk.try(desk.signal(jsonb_build_object('key', $1, 'symbol', $3 || '.up', 'amount', NULL, 'amount_kind', 'base', 'target_position', $2, 'limit_price', 0.52)), 'live')
$$;
CREATE FUNCTION desk.saw() RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(f.field || ' ' || f.value, ', ' ORDER BY f.field) FROM (SELECT * FROM arbees.decisions WHERE mode = 'LIVE' ORDER BY decision_id DESC LIMIT 1) d,
		arbees.decode_decision(d.input, d.output) f WHERE f.field IN ('held_qty', 'working_qty')
$$;
SELECT desk.target('t1', 20), desk.saw();
\c
SELECT desk.target('t2', 20), desk.saw();
-- It fills after all; the same trade is not heard twice, the same target is reached.
SELECT desk.fill(1, 'a1', 8, 0.49), desk.fill(1, 'a2', 20, 0.50);
SELECT * FROM desk.stands(1);
SELECT desk.target('t3', 20), desk.saw();
SELECT cash, reserved, cost, realized, positions, orders, add_up FROM desk.books('live');

-- What the fill had set off is over with it: a high water, a stop that found no bid to sell to.
SELECT * FROM desk.rest('b', 2, '{"take_profit_kind": "trailing", "take_profit_pct": 50}');
SELECT desk.all_of(2) AS before \gset
SELECT desk.fill(2, 'b1', 8, 0.50), desk.bid('b', 0.70);
SELECT desk.fill(2, 'b1', 8, 0.50, 'FAILED');
SELECT x.key, x.value, :'before'::jsonb -> x.key AS before FROM desk.all_of(2) a, jsonb_each(a) x WHERE x.value IS DISTINCT FROM :'before'::jsonb -> x.key;
SELECT desk.fill(2, 'b2', 8, 0.50), desk.bid('b', 0.40);
SELECT arbees.report_order(desk.account(), desk.epoch(), desk.order(3), 'not_sent', NULL, NULL, NULL);
SELECT * FROM desk.stands(2);
-- An exit is out: the position keeps its word to leave while the entry may still fill, and ends with the last of its orders.
SELECT desk.fill(2, 'b2', 8, 0.50, 'FAILED');
SELECT * FROM desk.stands(2);
SELECT desk.say(2, 'canceled', 0);
SELECT * FROM desk.stands(2);
SELECT cash, reserved, cost, realized, positions, orders, add_up FROM desk.books('live');

-- A time that called for an exit of shares that never were: the order that works is an entry again. An operator's word stands.
SELECT * FROM desk.rest('c', 4, '{"exit_before_close_s": 89990}');
SELECT desk.all_of(4) AS before \gset
SELECT desk.fill(4, 'c1', 8, 0.50), desk.bid('c', NULL);
SELECT * FROM desk.stands(4);
SELECT desk.fill(4, 'c1', 8, 0.50, 'FAILED');
SELECT * FROM desk.stands(4);
SELECT x.key, x.value, :'before'::jsonb -> x.key AS before FROM desk.all_of(4) a, jsonb_each(a) x WHERE x.value IS DISTINCT FROM :'before'::jsonb -> x.key;
SELECT desk.say(4, 'canceled', 0);
SELECT * FROM desk.rest('d', 5);
SELECT desk.fill(5, 'd1', 8, 0.50), desk.bid('d', NULL);
SELECT arbees_close(position_id) FROM arbees.orders WHERE order_id = desk.order(5);
SELECT * FROM desk.stands(5);
SELECT desk.fill(5, 'd1', 8, 0.50, 'FAILED');
SELECT * FROM desk.stands(5);
SELECT desk.fill(5, 'd2', 20, 0.50), desk.bid('d', 0.49);
SELECT * FROM desk.stands(5);

-- All was sold while the entry worked on: a target counts what works, whatever became of its position.
SELECT * FROM desk.rest('e', 7);
SELECT desk.fill(7, 'e1', 8, 0.50), desk.bid('e', 0.40), desk.claim(8), desk.fill(8, 'e2', 8, 0.40);
SELECT * FROM desk.stands(7);
SELECT desk.target('t4', 20, 'e'), desk.saw();
SELECT desk.target('t5', 12, 'e'), desk.saw();
\c
SELECT desk.target('t6', 12, 'e'), desk.saw();
SELECT * FROM arbees.intended_positions JOIN arbees.instruments USING (instrument_id) WHERE symbol = 'e.up' \gset
SELECT trim_scale(:held_qty) AS held, trim_scale(:working_qty) AS working;
-- The sale fails: shares and cost are back to the cent, the trade's result is not. Then the purchase fails as well.
SELECT cash, reserved, cost, realized, positions, orders, add_up FROM desk.books('live');
SELECT desk.fill(8, 'e2', 8, 0.40, 'FAILED');
SELECT * FROM desk.stands(7);
SELECT desk.fill(7, 'e1', 8, 0.50, 'FAILED');
SELECT * FROM desk.stands(7);
SELECT desk.say(7, 'canceled', 0), desk.say(8, 'closed', 8);
SELECT * FROM desk.stands(7);
SELECT cash, reserved, cost, realized, positions, orders, add_up FROM desk.books('live');

-- Three shares for a dollar, all sold: their cost has no whole cents, and comes back whole.
SELECT * FROM desk.rest('f', 10);
SELECT arbees.report_fill(desk.account(), desk.epoch(), 'v10', 'f1', 'MATCHED', 'f.up', 'BUY', 3, 0.333333, 1, 0.01, NULL, desk.ms(desk.clock())), desk.say(10, 'canceled', 3);
SELECT desk.all_of(10) AS before \gset
SELECT desk.bid('f', 0.20), desk.claim(11);
SELECT desk.fill(11, 'f2', 3, 0.20);
SELECT * FROM desk.stands(10);
SELECT desk.fill(11, 'f2', 3, 0.20, 'FAILED');
SELECT * FROM desk.stands(10);
SELECT x.key, x.value, :'before'::jsonb -> x.key AS before FROM desk.all_of(10) a, jsonb_each(a) x
WHERE x.value IS DISTINCT FROM :'before'::jsonb -> x.key AND x.key !~ 'exit|trigger|intended|state|losses|trades';
-- The bought shares come to nothing: so does the position, though its one order ended long ago.
SELECT desk.fill(10, 'f1', 3, 0.333333, 'FAILED');
SELECT * FROM desk.stands(10);
SELECT cash, reserved, cost, realized, positions, orders, add_up FROM desk.books('live');

-- One of two fills of an order that is FILLED, and one of an order that is UNKNOWN.
SELECT * FROM desk.rest('g', 12);
SELECT desk.fill(12, 'g1', 12, 0.50), desk.fill(12, 'g2', 8, 0.49);
SELECT desk.fill(12, 'g1', 12, 0.50, 'FAILED');
SELECT * FROM desk.stands(12);
SELECT desk.fill(12, 'g2', 8, 0.49, 'FAILED'), desk.fill(12, 'g2', 8, 0.49, 'FAILED');
SELECT * FROM desk.stands(12);
SELECT * FROM desk.rest('h', 13);
SELECT desk.all_of(13) AS before \gset
SELECT desk.fill(13, 'h1', 12, 0.50), desk.say(13, 'unknown'), desk.fill(13, 'h1', 12, 0.50, 'FAILED');
SELECT x.key, x.value, :'before'::jsonb -> x.key AS before FROM desk.all_of(13) a, jsonb_each(a) x WHERE x.value IS DISTINCT FROM :'before'::jsonb -> x.key;
SELECT * FROM desk.stands(13);
SELECT desk.say(13, 'not_found');
SELECT * FROM desk.stands(13);
SELECT cash, reserved, cost, realized, positions, orders, add_up FROM desk.books('live');

-- A match that failed is no match to wait for: the order ends, whether it was heard as a match before or not.
SELECT * FROM desk.rest('i', 14);
SELECT desk.fill(14, 'i1', 5, 0.50), desk.fill(14, 'i2', 4, 0.50), desk.say(14, 'canceled', 10);
SELECT desk.fill(14, 'i2', 4, 0.50, 'FAILED');
SELECT * FROM desk.stands(14);
SELECT desk.fill(14, 'i3', 1, 0.50, 'FAILED');
SELECT * FROM desk.stands(14);
SELECT * FROM desk.rest('j', 15);
SELECT desk.fill(15, 'j1', 5, 0.50), desk.fill(15, 'j1', 5, 0.50, 'FAILED'), desk.say(15, 'closed', 5);
SELECT * FROM desk.stands(15);

-- The entry fails after part of it was sold: more was sold than there is. Booked, alarmed; the exit that is out for the rest is called back.
SELECT * FROM desk.rest('k', 16);
SELECT desk.fill(16, 'k1', 20, 0.50), desk.bid('k', 0.40), desk.claim(17), desk.fill(17, 'k2', 7, 0.40);
SELECT * FROM desk.stands(16);
DELETE FROM arbees.alerts;
SELECT desk.fill(16, 'k1', 20, 0.50, 'FAILED');
SELECT * FROM desk.stands(16);
SELECT severity, kind, message ~ '-7 shares' AS by_how_many FROM arbees.alerts ORDER BY alert_id;
SELECT kind FROM arbees.pending_work(desk.account(), desk.epoch()) WHERE venue_order_id = 'v17';
SELECT cash, reserved, cost, realized, positions, orders, add_up FROM desk.books('live');
SELECT desk.fill(17, 'k3', 2, 0.40), desk.say(17, 'canceled', 9);
SELECT * FROM desk.stands(16);
SELECT cash, reserved, cost, realized, positions, orders, add_up FROM desk.books('live');
-- Shares that come in late fill the hole; with nothing left the position ends.
SELECT desk.fill(16, 'k4', 9, 0.50);
SELECT * FROM desk.stands(16);
SELECT cash, reserved, cost, realized, positions, orders, add_up FROM desk.books('live');

-- An exit is out for shares that never were: it is called back, and its position waits for its end.
SELECT * FROM desk.rest('l', 18);
SELECT desk.fill(18, 'l1', 8, 0.50), desk.say(18, 'canceled', 8), desk.bid('l', 0.40);
SELECT desk.claim(19), desk.say(19, 'accepted');
SELECT desk.fill(18, 'l1', 8, 0.50, 'FAILED');
SELECT * FROM desk.stands(18);
SELECT kind FROM arbees.pending_work(desk.account(), desk.epoch()) WHERE venue_order_id = 'v19';
SELECT desk.say(19, 'canceled', 0);
SELECT * FROM desk.stands(18);
-- One that nobody claimed yet ends with the shares.
SELECT * FROM desk.rest('m', 20);
SELECT desk.fill(20, 'm1', 8, 0.50), desk.say(20, 'canceled', 8), desk.bid('m', 0.40), desk.fill(20, 'm1', 8, 0.50, 'FAILED');
SELECT * FROM desk.stands(20);
SELECT cash, reserved, cost, realized, positions, orders, add_up FROM desk.books('live');
SELECT * FROM arbees.audit_findings;
SELECT * FROM arbees.check_book(desk.portfolio('live'));
SELECT (arbees_replay(decision_id)).agrees, count(*) FROM arbees.decisions GROUP BY 1;
