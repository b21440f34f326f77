\set ECHO none
\getenv dir PG_ABS_SRCDIR
\set desk :dir '/sql/desk.inc'
\i :desk
-- What working orders may still buy counts in the limit of units, to the last share.
\set SHOW_CONTEXT never
CREATE FUNCTION desk.rest(key text, given jsonb) RETURNS text LANGUAGE sql AS $$
	SELECT desk.try(desk.signal('{"amount_kind": "base", "limit_price": 0.40, "time_in_force": "GTC"}'::jsonb || given || jsonb_build_object('key', $1)))
$$;
-- What the last decision saw of the instrument.
CREATE FUNCTION desk.units() RETURNS text LANGUAGE sql STABLE AS $$
	SELECT f.value FROM arbees.decision_details f WHERE f.part = 'input' AND f.field = 'instrument_qty'
		AND f.decision_id = (SELECT max(decision_id) FROM arbees.decisions)
$$;
SELECT arbees_set_none('max_position_usd', 'this is about units') IS NOT NULL AS set, arbees_set('max_position_qty', '100', 'this') IS NOT NULL AS set;
SELECT FROM desk.quote('PAPER', 100, 'w.up', 0.48, 0.52);
SELECT FROM desk.quote('PAPER', 100, 'w.down', 0.48, 0.52);
SELECT desk.rest('1', '{"amount": 60}'), desk.rest('over', '{"amount": 40.01}');
SELECT desk.units();
-- Another session's book, and one read anew, see the same.
\c
SELECT desk.rest('over again', '{"amount": 40.01}');
SELECT desk.units();
SELECT desk.rest('exactly', '{"amount": 40}');
SELECT desk.units();
-- The other outcome is another instrument.
SELECT desk.rest('down', '{"amount": 100, "symbol": "w.down"}');
SELECT desk.units();

-- Part of an order is filled: what it got and what it may still get are counted once.
SELECT desk.go_live(100);
SELECT FROM desk.quote('LIVE', 101, 'w.up', 0.48, 0.52);
CREATE FUNCTION desk.live(key text, given jsonb) RETURNS text LANGUAGE sql AS $$
	SELECT desk.try(desk.signal('{"amount_kind": "base", "limit_price": 0.40, "time_in_force": "GTC"}'::jsonb || given || jsonb_build_object('key', $1)), 'live')
$$;
CREATE FUNCTION desk.fill(trade text, shares numeric, status text) RETURNS text LANGUAGE sql AS $$
	SELECT arbees.report_fill(desk.account(), desk.epoch(), 'v', $1, $3, 'w.up', 'BUY', $2, 0.40, $2 * 0.40, 0, NULL, desk.ms(desk.clock()))
$$;
SELECT desk.live('1', '{"amount": 60}');
SELECT claimed FROM arbees.orders o, arbees.claim_order(desk.account(), desk.epoch(), o.order_id, 'v', sha256(''), E'POST /order\n\n') WHERE o.mode = 'LIVE';
SELECT desk.fill('a', 25, 'MATCHED'), desk.live('2', '{"amount": 40.01}');
SELECT desk.units();
SELECT desk.fill('b', 5, 'MATCHED'), desk.live('3', '{"amount": 40.01}');
SELECT desk.units();
SELECT desk.fill('b', 5, 'FAILED'), desk.live('4', '{"amount": 40.01}');
SELECT desk.units();
\c
SELECT desk.live('5', '{"amount": 40.01}');
SELECT desk.units();
-- What will not come any more does not count.
SELECT arbees.report_order(desk.account(), desk.epoch(), order_id, 'closed', NULL, NULL, 'test') FROM arbees.orders WHERE mode = 'LIVE';
SELECT desk.live('6', '{"amount": 75.01}');
SELECT desk.units();
-- An order in money: the shares its price gives.
SELECT desk.live('7', '{"amount_kind": "money", "amount": 10}'), desk.live('8', '{"amount": 50.01}');
SELECT desk.units();
SELECT * FROM arbees.check_book(desk.portfolio('live'));
SELECT (arbees_replay(decision_id)).agrees, count(*) FROM arbees.decisions GROUP BY 1;
