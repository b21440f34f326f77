\set ECHO none
\getenv dir PG_ABS_SRCDIR
\set desk :dir '/sql/desk.inc'
\i :desk
-- Simulated fills: an order walks the book that its quote brought; amounts as at the venue.
\set SHOW_CONTEXT never
SELECT count(arbees_set_none(k, 'fills alone')) FROM unnest('{price_collar_pct,max_position_usd}'::text[]) k;

-- A market of its own for each order, with this book, and what became of the order.
CREATE FUNCTION desk.asks() RETURNS numeric[] LANGUAGE sql IMMUTABLE AS $$ SELECT '{0.52,10,0.53,20,0.55,30}'::numeric[] $$;
CREATE FUNCTION desk.fills(symbol text) RETURNS text LANGUAGE sql STABLE AS $$
	SELECT concat_ws(', ', max(o.state::text), string_agg(format('%s at %s for %s fee %s %s', trim_scale(f.qty), trim_scale(f.price), trim_scale(f.money),
			trim_scale(f.fee), lower(f.liquidity)), ', ' ORDER BY f.fill_id)
		FILTER (WHERE f.fill_id IS NOT NULL), max(o.last_reason))
	FROM arbees.orders o LEFT JOIN arbees.fills f USING (order_id)
	WHERE o.instrument_id = desk.instrument($1) AND o.order_id = (SELECT max(order_id) FROM arbees.orders WHERE instrument_id = desk.instrument($1))
$$;
CREATE FUNCTION desk.buy(slug text, sig jsonb) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	verdict	text;
BEGIN
	PERFORM desk.make_window(slug, 0, 300);
	PERFORM desk.levels('PAPER', desk.clock(), slug || '.up', '{0.50,15,0.49,25,0.45,100}', desk.asks());
	verdict := desk.try(desk.signal(jsonb_build_object('key', slug, 'symbol', slug || '.up') || sig));
	RETURN CASE WHEN verdict = 'accepted' THEN desk.fills(slug || '.up') ELSE verdict END;
END
$$;
CREATE TABLE desk.cases (n serial, sig jsonb);
INSERT INTO desk.cases (sig) VALUES
	-- within the best level; exactly it; one lot more; all three; more than there is
	('{"amount_kind": "base", "amount": 6, "limit_price": 0.55}'), ('{"amount_kind": "base", "amount": 10, "limit_price": 0.55}'),
	('{"amount_kind": "base", "amount": 10.01, "limit_price": 0.55}'), ('{"amount_kind": "base", "amount": 60, "limit_price": 0.55}'),
	('{"amount_kind": "base", "amount": 61, "limit_price": 0.55}'),
	-- the limit ends the walk
	('{"amount_kind": "base", "amount": 60, "limit_price": 0.54}'), ('{"amount_kind": "base", "amount": 60, "limit_price": 0.52}'),
	('{"amount_kind": "base", "amount": 60, "limit_price": 0.51}'),
	-- all or nothing
	('{"amount_kind": "base", "amount": 60, "limit_price": 0.55, "time_in_force": "FOK"}'),
	('{"amount_kind": "base", "amount": 60.01, "limit_price": 0.55, "time_in_force": "FOK"}'),
	('{"amount_kind": "base", "amount": 30.01, "limit_price": 0.53, "time_in_force": "FOK"}'),
	-- by money: so many millionths of a share that the price is whole micro-dollars
	('{"amount": 1, "limit_price": 0.55}'), ('{"amount": 5.20, "limit_price": 0.55}'), ('{"amount": 6, "limit_price": 0.55}'),
	('{"amount": 15.80, "limit_price": 0.53}'), ('{"amount": 16, "limit_price": 0.53}'), ('{"amount": 33, "limit_price": 0.55}'),
	('{"amount": 16, "limit_price": 0.55, "time_in_force": "FOK"}'), ('{"amount": 16, "limit_price": 0.53, "time_in_force": "FOK"}'),
	-- the rest rests
	('{"amount_kind": "base", "amount": 40, "limit_price": 0.53, "time_in_force": "GTC"}'), ('{"amount_kind": "base", "amount": 40, "limit_price": 0.51, "time_in_force": "GTC"}');
SELECT sig - 'limit_price' - 'amount' AS order, sig ->> 'amount' AS amount, sig ->> 'limit_price' AS price, desk.buy('s' || n, sig) FROM desk.cases ORDER BY n;
SELECT add_up, reserved, positions, orders FROM desk.books('paper');

-- What rests trades at its own price, with all that comes as far.
SELECT FROM desk.levels('PAPER', 101, 's20.up', '{0.50,15}', '{0.51,2,0.53,3,0.54,50}');
SELECT desk.fills('s20.up');
SELECT FROM desk.levels('PAPER', 102, 's20.up', '{0.50,15}', '{0.52,4,0.53,100}');
SELECT desk.fills('s20.up');

-- An exit walks the bids down to its protection price: a tenth below the bid is 0.36.
SELECT desk.buy('x', '{"amount_kind": "base", "amount": 60, "limit_price": 0.55, "stop_loss_pct": 5}');
SELECT FROM desk.levels('PAPER', 103, 'x.up', '{0.40,15,0.39,25,0.36,10,0.35,100}', '{0.45,10}');
SELECT desk.fills('x.up');
SELECT state, qty, why FROM desk.positions('paper') WHERE state <> 'MONITORING' AND qty <> 0;

-- Where only the best prices are known, they are the book.
SELECT desk.make_window('b', 0, 300);
SELECT FROM desk.quote('PAPER', 104, 'b.up', 0.50, 0.52, 10);
SELECT desk.try(desk.signal('{"key": "b", "symbol": "b.up", "amount_kind": "base", "amount": 12, "limit_price": 0.55}'));
SELECT desk.fills('b.up');

-- The venue's own finer ticks, and a price finer than any venue's.
SELECT desk.make_window('t', 0, 300);
UPDATE arbees.instruments SET tick_size = 0.0001, fee_rate = 0.0625 WHERE symbol = 't.up';
SELECT FROM desk.levels('PAPER', 105, 't.up', '{0.50,15}', '{0.5201,1,0.5203,1,0.52035678,7}');
SELECT desk.try(desk.signal('{"key": "t", "symbol": "t.up", "amount": 3, "limit_price": 0.55}'));
SELECT desk.fills('t.up');

-- With a latency the order is on its way, and meets the first book that comes after it arrived.
SELECT arbees_set('simulated_latency_ms', '250', 't');
SELECT desk.buy('l', '{"amount_kind": "base", "amount": 12, "limit_price": 0.55}');
SELECT FROM desk.levels('PAPER', 105.249, 'l.up', '{0.50,15}', '{0.51,100}');
SELECT desk.fills('l.up');
SELECT FROM desk.quote('PAPER', 105.250, 'w.up', 0.50, 0.52);
SELECT desk.fills('l.up');
SELECT FROM desk.levels('PAPER', 105.3, 'l.up', '{0.50,15}', '{0.54,7,0.55,2,0.56,100}');
SELECT desk.fills('l.up');
SELECT array_agg(DISTINCT matched_at) FROM arbees.fills WHERE instrument_id = desk.instrument('l.up');
-- One that rests takes what it finds as it arrives, and rests from then on.
SELECT desk.buy('m', '{"amount_kind": "base", "amount": 12, "limit_price": 0.53, "time_in_force": "GTC"}');
SELECT FROM desk.levels('PAPER', 106, 'm.up', '{0.50,15}', '{0.52,5}');
SELECT desk.fills('m.up');
SELECT FROM desk.levels('PAPER', 107, 'm.up', '{0.50,15}', '{0.52,5}');
SELECT desk.fills('m.up');
-- All or nothing is decided where it arrives.
SELECT desk.buy('n', '{"amount_kind": "base", "amount": 30, "limit_price": 0.53, "time_in_force": "FOK"}');
SELECT FROM desk.levels('PAPER', 108, 'n.up', '{0.50,15}', '{0.52,5,0.53,24.99}');
SELECT desk.fills('n.up');
-- A window that closed lets nothing arrive; an order on its way can be cancelled.
SELECT desk.make_window('o', 0, 150);
SELECT desk.make_window('p', 0, 150);
SELECT FROM desk.levels('PAPER', 109, 'o.up', '{0.50,15}', '{0.52,5}');
SELECT FROM desk.levels('PAPER', 109, 'p.up', '{0.50,15}', '{0.52,5}');
SELECT desk.try(desk.signal('{"key": "o", "symbol": "o.up"}')), desk.try(desk.signal('{"key": "p", "symbol": "p.up"}'));
SELECT arbees_cancel(max(order_id)) FROM arbees.orders;
SELECT FROM desk.quote('PAPER', 150, 'w.up', 0.50, 0.52);
SELECT desk.fills('o.up') AS too_late, desk.fills('p.up') AS cancelled;
SELECT add_up, positions, orders FROM desk.books('paper');
SELECT * FROM desk.alerts();
SELECT count(*) AS do_not_replay FROM arbees.decisions d WHERE NOT (arbees_replay(d.decision_id)).agrees;
