\set ECHO none
\getenv dir PG_ABS_SRCDIR
\set desk :dir '/sql/desk.inc'
\i :desk
-- What no venue can have meant: each is an error that says so, and nothing is booked.
CREATE FUNCTION desk.claimed(key text, sig jsonb) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	id	bigint;
	why	text;
BEGIN
	PERFORM desk.make_window(key, 0, 900);
	PERFORM FROM desk.quote('LIVE', desk.clock(), key || '.up', 0.50, 0.52);
	why := desk.try(desk.signal(jsonb_build_object('key', key, 'symbol', key || '.up') || sig), 'live');
	IF why <> 'accepted' THEN
		RAISE EXCEPTION '%: %', key, why;
	END IF;
	SELECT max(order_id) INTO id FROM arbees.orders WHERE mode = 'LIVE';
	PERFORM FROM arbees.claim_order(desk.account(), desk.epoch(), id, 'venue-' || key, sha256('body'), E'POST /order\n\nbody');
	RETURN id;
END
$$;
-- The SQLSTATE and the words of one fill, or ok.
CREATE FUNCTION desk.fill(key text, trade text, qty text, price text, money text, fee text DEFAULT '0', status text DEFAULT 'MATCHED',
	side text DEFAULT 'BUY', symbol text DEFAULT NULL) RETURNS text LANGUAGE sql AS $$
	SELECT desk.attempt(format('SELECT arbees.report_fill(desk.account(), desk.epoch(), %L, %L, %L, %L, %L, %s, %s, %s, %s, ''TAKER'', desk.ms(100))',
		'venue-' || key, trade, status, coalesce(symbol, key || '.up'), side, coalesce(quote_literal(qty) || '::numeric', 'NULL'),
		coalesce(quote_literal(price) || '::numeric', 'NULL'), coalesce(quote_literal(money) || '::numeric', 'NULL'), coalesce(quote_literal(fee) || '::numeric', 'NULL')))
$$;
CREATE VIEW desk.booked AS
	SELECT (SELECT count(*) FROM arbees.fills WHERE mode = 'LIVE') AS fills, (SELECT count(*) FROM arbees.orphan_fills) AS orphans,
		(SELECT max(seq) FROM arbees.portfolio_ledger WHERE mode = 'LIVE') AS ledger, b.*
	FROM desk.books('live') b;
SELECT arbees_set('max_position_usd', '5000', 'test');
SELECT desk.go_live(5000);
UPDATE arbees.venue_accounts SET capital_cap_usd = 5000;
SELECT desk.claimed('base', '{"amount_kind": "base", "amount": 60, "limit_price": 0.52, "time_in_force": "GTC"}') AS base,
	desk.claimed('cash', '{"amount": 2}') AS cash,
	desk.claimed('big', '{"amount_kind": "base", "amount": 20000, "limit_price": 0.01, "time_in_force": "GTC"}') AS big \gset
SELECT purpose, amount_kind, amount, state FROM arbees.orders WHERE mode = 'LIVE' ORDER BY order_id;
CREATE TABLE desk.before AS SELECT * FROM desk.booked;

-- A fill of nothing, of less than nothing, of no number, at no price, for no money.
SELECT qty, price, money, fee, desk.fill('base', 'bad', qty, price, money, fee) AS answer
FROM (VALUES ('0', '0.5', '0', '0'), ('-5', '0.5', '2.5', '0'), ('-5', '-0.5', '2.5', '0'), ('NaN', '0.5', '2.5', '0'), ('Infinity', '0.5', '2.5', '0'),
	('-Infinity', '0.5', '2.5', '0'), ('1e400', '0.5', '2.5', '0'), (NULL, '0.5', '2.5', '0'), ('5', '0', '0', '0'), ('5', '-0.5', '2.5', '0'),
	('5', '1.5', '7.5', '0'), ('5', 'NaN', '2.5', '0'), ('5', 'Infinity', '2.5', '0'), ('5', NULL, '2.5', '0'), ('5', '0.5', '-2.5', '0'),
	('5', '0.5', 'NaN', '0'), ('5', '0.5', NULL, '0'), ('5', '0.5', '2.5', 'NaN'), ('5', '0.5', '2.5', '1e12')) v (qty, price, money, fee);
-- Each number in the wrong unit, both ways: whole where millionths are documented, millionths where wholes are.
SELECT qty, price, money, desk.fill('base', 'unit', qty, price, money) AS answer
FROM (VALUES ('5000000', '0.5', '2.5'), ('0.000005', '0.5', '2.5'), ('5', '500000', '2.5'), ('5', '0.0000005', '2.5'), ('5', '0.5', '2500000'), ('5', '0.5', '0.0000025'),
	('5000000', '0.5', '2500000'), ('0.000005', '0.5', '0.0000025'), ('60000000', '0.5', '30000000'), ('0.00006', '0.5', '0.00003')) v (qty, price, money);
SELECT qty, price, money, desk.fill('cash', 'unit', qty, price, money) AS answer
FROM (VALUES ('4000000', '0.5', '2000000'), ('0.000004', '0.5', '0.000002')) v (qty, price, money);
-- A fill of no order of ours is kept only if it can be one.
SELECT qty, price, money, desk.fill('nobody', 'unit', qty, price, money) AS answer
FROM (VALUES ('5000000', '0.5', '2.5'), ('-5', '0.5', '2.5'), ('0', '0', '0')) v (qty, price, money);
-- No status, side or trade of the venue.
SELECT desk.fill('base', 'odd', '5', '0.5', '2.5', '0', 'SETTLED') AS status, desk.fill('base', 'odd', '5', '0.5', '2.5', '0', 'MATCHED', 'HOLD') AS side,
	desk.fill('base', NULL, '5', '0.5', '2.5') AS trade;
SELECT b = a AS nothing_was_booked FROM desk.before b, desk.booked a;

-- What an order is said to be matched for.
SELECT qty, desk.attempt(format('SELECT arbees.report_order(desk.account(), desk.epoch(), %s, ''closed'', NULL, %L, NULL)', :base, qty)) AS answer
FROM unnest(ARRAY['NaN', 'Infinity', '-1', '60001', '60000000', '1e11']) qty;
SELECT qty, desk.attempt(format('SELECT arbees.report_order(desk.account(), desk.epoch(), %s, ''closed'', NULL, %L, NULL)', :cash, qty)) AS answer
FROM unnest(ARRAY['-1', '20001', '4000000']) qty;
-- The word of another order, and of none.
SELECT desk.attempt(format('SELECT arbees.report_order(desk.account(), desk.epoch(), %s, ''canceled'', ''venue-cash'', 0, NULL)', :base)) AS other_id,
	desk.attempt('SELECT arbees.report_order(desk.account(), desk.epoch(), -1, ''canceled'', NULL, 0, NULL)') AS no_order,
	desk.attempt(format('SELECT arbees.report_order(desk.account(), desk.epoch(), %s, NULL, NULL, 0, NULL)', :base)) AS no_event;
SELECT state, venue_order_id, venue_qty FROM arbees.orders WHERE mode = 'LIVE' ORDER BY order_id;

-- A balance that is none, or the one before in another unit.
SELECT cash, desk.attempt(format('SELECT arbees.report_balance(desk.account(), desk.epoch(), %L, true)', cash)) AS answer
FROM unnest(ARRAY['NaN', 'Infinity', '-1', '5000000000', '0.005', '1e11', NULL]) cash;
SELECT trim_scale(cash) AS cash FROM arbees.venue_balances;
-- A reconciliation with numbers that are none is not clean.
CREATE FUNCTION desk.reconcile(cash text, symbols text, holdings text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	RETURN (SELECT f.clean FROM arbees.finish_reconciliation(desk.account(), desk.epoch(),
		arbees.begin_reconciliation(desk.account(), desk.epoch(), 'test'), 1, 1, 0, $1::numeric, $2::text[], $3::numeric[], '{}') f);
EXCEPTION WHEN OTHERS THEN
	RETURN format('%s %s', SQLSTATE, SQLERRM);
END
$$;
SELECT cash, holdings, desk.reconcile(cash, symbols, holdings) AS clean
FROM (VALUES ('NaN', '{}', '{}'), ('-5000', '{}', '{}'), ('5000000000', '{}', '{}'), ('5000', '{base.up}', '{NaN}'), ('5000', '{base.up}', '{-1}'), ('5000', '{base.up}', '{}'),
	('5000', '{base.up}', '{NULL}'), (NULL, '{}', '{}'), ('5000', '{}', '{}')) v (cash, symbols, holdings);
-- Quotes with no number, with a negative one, with one beyond every amount.
SELECT bid, ask, desk.attempt(format('SELECT count(*) FROM arbees.on_quotes(desk.venue(''sim''), ''LIVE'', desk.ms(300), ARRAY[desk.instrument(''base.up'')], ARRAY[%L]::numeric[], ''{1}'','
	' ARRAY[%L]::numeric[], ''{1}'', ARRAY[desk.ms(300)], ''{}'', ''{}'', ''{}'')', bid, ask)) AS answer
FROM (VALUES ('NaN', '0.5'), ('-0.5', '0.5'), ('0.4', 'Infinity'), ('0.4', '-1'), ('1e12', '0.5')) v (bid, ask);
SELECT b = a AS nothing_was_booked FROM desk.before b, desk.booked a;

-- The other side of each line: unwelcome, and a fact.
-- Seven times the order; a lot of a large order; money that is fifty times off; a fee we are paid; no order of ours.
SELECT desk.fill('base', 'f1', '420', '0.5', '210') AS overfill, desk.fill('big', 'f2', '0.01', '0.01', '0.0001') AS small_part,
	desk.fill('big', 'f3', '19999.99', '0.01', '4') AS odd_money, desk.fill('cash', 'f4', '3.846153', '0.52', '1.999999', '-0.5') AS odd_fee,
	desk.fill('nobody', 'f5', '5', '0.5', '2.5') AS orphan;
SELECT kind, severity, count(*) FROM arbees.alerts WHERE kind IN ('overfill', 'orphan_fill') GROUP BY 1, 2 ORDER BY 1;
SELECT state, trim_scale(filled_qty) AS filled, trim_scale(filled_money) AS money FROM arbees.orders WHERE mode = 'LIVE' ORDER BY order_id;
SELECT * FROM desk.books('live');
-- Known by its trade, a fill that failed is taken back whatever the message says of its size, if that can be one.
SELECT desk.fill('base', 'f1', '420000000', '0.5', '210000000', '0', 'FAILED') AS other_unit, desk.fill('base', 'f1', '420', '0.5', '210', '0', 'FAILED') AS failed;
-- A balance may change by much, but not by the ratio of two units.
SELECT cash, desk.attempt(format('SELECT arbees.report_balance(desk.account(), desk.epoch(), %L, true)', cash)) AS answer
FROM unnest(ARRAY['4', '5000', '0']) cash;
