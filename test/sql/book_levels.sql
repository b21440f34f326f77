\set ECHO none
\getenv dir PG_ABS_SRCDIR
\set desk :dir '/sql/desk.inc'
\i :desk
-- The order book at decision time: read, refused where it is none, kept with what it was decided by.
\set SHOW_CONTEXT never

SELECT * FROM arbees.read_book(desk.book('{0.50,10,0.49,20.5}', '{0.52,5,0.53,6,0.54,0.00000001}'));
SELECT count(*) FROM arbees.read_book(desk.book('{}', '{}'));
SELECT count(*) AS ten_a_side FROM arbees.read_book(desk.book(
	(SELECT array_agg(x ORDER BY i, k) FROM generate_series(1, 10) i, LATERAL (VALUES (1, 0.5 - i * 0.01), (2, 1)) l (k, x)),
	(SELECT array_agg(x ORDER BY i, k) FROM generate_series(1, 10) i, LATERAL (VALUES (1, 0.5 + i * 0.01), (2, 1)) l (k, x))));

-- What is no book.
CREATE TABLE desk.bad (n serial, what text, book bytea);
INSERT INTO desk.bad (what, book) VALUES
	('nothing', ''), ('a version alone', '\x01'), ('another version', set_byte(desk.book('{0.50,1000}', '{0.52,1000}'), 0, 2)),
	('a count too many', set_byte(desk.book('{0.50,1000}', '{0.52,1000}'), 1, 2)),
	('a count too few', set_byte(desk.book('{0.50,1000}', '{0.52,1000}'), 2, 0)),
	('eleven bids', desk.book((SELECT array_agg(x ORDER BY i, k) FROM generate_series(0, 10) i,
		LATERAL (VALUES (1, 0.5 - i * 0.01), (2, 1000)) l (k, x)), '{0.52,1000}')),
	('a byte short', substr(desk.book('{0.50,1000}', '{0.52,1000}'), 1, 34)),
	('a byte long', desk.book('{0.50,1000}', '{0.52,1000}') || '\x00'),
	('bids upwards', desk.book('{0.50,1000,0.51,1}', '{0.52,1000}')), ('asks downwards', desk.book('{0.50,1000}', '{0.52,1000,0.51,1}')),
	('one price twice', desk.book('{0.50,1000}', '{0.52,1000,0.52,1}')),
	('a negative size', desk.book('{0.50,1000}', '{0.52,1000,0.53,-1}')), ('no size', desk.book('{0.50,1000}', '{0.52,1000,0.53,0}')),
	('a negative price', desk.book('{0.50,1000,-0.01,1}', '{0.52,1000}')),
	('a mark for a size', overlay(desk.book('{0.50,1000}', '{0.52,1000}') PLACING '\x7fffffffffffffff' FROM 12)),
	('a mark for a price', overlay(desk.book('{0.50,1000}', '{0.52,1000}') PLACING '\x8000000000000000' FROM 20));
SELECT what, desk.attempt(format('SELECT FROM arbees.read_book(%L)', book)) FROM desk.bad ORDER BY n;

-- The same with a quote: the levels are unknown and it is counted; the quote itself is news. So it is where the best level is not the quote's.
INSERT INTO desk.bad (what, book) VALUES
	('another bid', desk.book('{0.49,1000}', '{0.52,1000}')), ('another bid size', desk.book('{0.50,999}', '{0.52,1000}')),
	('another ask', desk.book('{0.50,1000}', '{0.53,1000}')), ('another ask size', desk.book('{0.50,1000}', '{0.52,1000.00000001}')),
	('no bids', desk.book('{}', '{0.52,1000}')), ('no asks', desk.book('{0.50,1000}', '{}'));
CREATE FUNCTION desk.bad_quote(n integer, book bytea) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	before	bigint := (SELECT coalesce(sum(count), 0) FROM arbees.input_errors);
BEGIN
	PERFORM desk.levels('PAPER', 100 + n, 'w.up', '{0.50,1000}', '{0.52,1000}', $2);
	RETURN (SELECT format('%s counted, levels %s', (SELECT sum(count) FROM arbees.input_errors) - before,
		CASE WHEN q.book IS NULL THEN 'unknown' ELSE 'taken' END)
		FROM arbees.quotes q WHERE q.instrument_id = desk.instrument('w.up') AND q.received_at = to_timestamp(desk.ms(100 + $1) / 1000.0));
END
$$;
SELECT what, desk.bad_quote(n, book) FROM desk.bad ORDER BY n;
SELECT worker, kind, count, last_context = 'levels of instrument ' || desk.instrument('w.up') AS names_it FROM arbees.input_errors;
-- An empty side, no levels, no array: none of them is an error.
SELECT FROM desk.levels('PAPER', 130, 'w.up', '{}', '{0.52,1000}');
SELECT bid, ask, book IS NOT NULL AS known FROM arbees.quotes;
SELECT FROM arbees.on_quotes(desk.venue('sim'), 'PAPER', desk.ms(131), ARRAY[desk.instrument('w.up')], '{0.50}', '{1000}', '{0.52}', '{1000}',
	ARRAY[desk.ms(131)], '{}', '{}', '{}', '{NULL}');
SELECT bid, ask, book IS NOT NULL AS known FROM arbees.quotes;
SELECT FROM arbees.on_quotes(desk.venue('sim'), 'PAPER', desk.ms(132), ARRAY[desk.instrument('w.up')], '{0.50}', '{1000}', '{0.52}', '{1000}',
	ARRAY[desk.ms(132)], '{}', '{}', '{}', NULL);
SELECT count(*) FROM arbees.input_errors WHERE count <> (SELECT count(*) FROM desk.bad);
-- As many books as quotes, or none.
SELECT desk.attempt($$SELECT FROM arbees.on_quotes(desk.venue('sim'), 'PAPER', desk.ms(133), ARRAY[desk.instrument('w.up')], '{0.50}', '{1000}', '{0.52}', '{1000}',
	ARRAY[desk.ms(133)], '{}', '{}', '{}', '{NULL,NULL}')$$);

-- A book that moves behind its best prices is not frozen.
SELECT FROM desk.levels('PAPER', 140, 'w.up', '{0.50,10}', '{0.52,10,0.53,5}');
SELECT FROM desk.levels('PAPER', 141, 'w.up', '{0.50,10}', '{0.52,10,0.53,5}');
SELECT unchanged FROM arbees.quotes;
SELECT FROM desk.levels('PAPER', 142, 'w.up', '{0.50,10}', '{0.52,10,0.53,6}');
SELECT unchanged FROM arbees.quotes;

-- Every accepted decision has the book it saw, entries and exits, of a call's quotes and of stored ones; what is refused has none.
SELECT desk.go_live(1000);
SELECT FROM desk.levels('PAPER', 150, 'w.up', '{0.50,100,0.49,200}', '{0.52,30,0.53,40,0.55,50}');
SELECT desk.try(desk.signal('{"key": "kept", "stop_loss_pct": 5}')) AS paper, desk.try(desk.signal('{"key": "kept"}'), 'live') AS live,
	desk.try(desk.signal('{"key": "refused", "amount": 900}')) AS refused;
SELECT d.mode, d.signal_key, b.side, b.level, b.price, b.size, b.market_time = d.market_time AND b.instrument_id = d.instrument_id
	AND b.portfolio_id = d.portfolio_id AND b.mode = d.mode AS of_its_decision
FROM arbees.decisions d LEFT JOIN arbees.book_snapshots b USING (decision_id) ORDER BY d.decision_id, b.side, b.level;
SELECT FROM desk.levels('PAPER', 151, 'w.up', '{0.47,100,0.46,1}', '{0.49,1}');
SELECT d.purpose, b.side, b.level, b.price, b.size FROM arbees.decisions d JOIN arbees.book_snapshots b USING (decision_id)
WHERE d.purpose = 'EXIT' ORDER BY d.decision_id, b.side, b.level;
SELECT count(*) AS do_not_replay FROM arbees.decisions d WHERE NOT (arbees_replay(d.decision_id)).agrees;
-- Where only the best prices are known there is nothing to keep.
SELECT FROM desk.quote('PAPER', 152, 'w.up', 0.50, 0.52);
SELECT desk.try(desk.signal('{"key": "best alone"}')), (SELECT book FROM arbees.decisions WHERE signal_key = 'best alone');

-- Depth: what is quoted no worse than the order's price, within the collar.
SELECT count(arbees_set_none(k, 'depth alone')) FROM unnest('{price_collar_pct,max_position_usd}'::text[]) k;
CREATE FUNCTION desk.depth(sig jsonb) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	answer	text;
BEGIN
	BEGIN
		answer := desk.try(desk.signal(sig));
		answer := concat_ws(' ', answer, 'of', (SELECT f.value FROM arbees.decision_details f
			WHERE f.field = 'depth' AND f.decision_id = (SELECT max(d.decision_id) FROM arbees.decisions d)));
		RAISE EXCEPTION USING ERRCODE = 'DK000', MESSAGE = answer;
	EXCEPTION WHEN SQLSTATE 'DK000' THEN
		RETURN SQLERRM;
	END;
END
$$;
SELECT desk.make_window('d', 0, 300);
SELECT FROM desk.levels('PAPER', 160, 'd.up', '{0.50,100,0.49,200}', '{0.52,30,0.53,40,0.55,50,0.80,1000}');
SELECT arbees_set('max_depth_pct', '20', 't');
SELECT price, desk.depth(format('{"symbol": "d.up", "amount_kind": "base", "amount": %s, "limit_price": %s}', amount, price)::jsonb)
FROM (VALUES (0.52, 6), (0.52, 6.01), (0.53, 14), (0.53, 14.01), (0.54, 14.01), (0.55, 24), (0.55, 24.01), (0.51, 5), (0.80, 224), (0.80, 224.01)) l (price, amount);
-- The collar: 10 % around 0.51 ends at 0.561, so the asks at 0.80 do not count, whatever the order would pay.
SELECT arbees_set('price_collar_pct', '10', 't');
SELECT desk.depth('{"symbol": "d.up", "amount_kind": "base", "amount": 5, "limit_price": 0.80}');
SELECT desk.depth('{"symbol": "d.up", "amount_kind": "base", "amount": 24, "limit_price": 0.56}'), desk.depth('{"symbol": "d.up", "amount_kind": "base", "amount": 24.01, "limit_price": 0.56}');
-- At the market: as far as the slippage goes, 5 % beyond 0.52.
SELECT desk.depth('{"symbol": "d.up", "amount": 3, "limit_price": null}');
-- One that rests takes nothing; best prices alone are a book of one level.
SELECT desk.depth('{"symbol": "d.up", "amount_kind": "base", "amount": 500, "limit_price": 0.50, "time_in_force": "GTC"}');
SELECT FROM desk.quote('PAPER', 161, 'd.up', 0.50, 0.52, 60);
SELECT desk.depth('{"symbol": "d.up", "amount_kind": "base", "amount": 12, "limit_price": 0.55}'),
	desk.depth('{"symbol": "d.up", "amount_kind": "base", "amount": 12.01, "limit_price": 0.55}'),
	desk.depth('{"symbol": "d.up", "amount_kind": "base", "amount": 5, "limit_price": 0.51}');

-- Reading is for those who may read decisions.
SELECT has_function_privilege('arbees_viewer', 'arbees.read_book(bytea)', 'EXECUTE') AS viewer,
	has_function_privilege('public', 'arbees.read_book(bytea)', 'EXECUTE') AS everybody,
	has_table_privilege('arbees_viewer', 'arbees.book_snapshots', 'SELECT') AS snapshots;
SET ROLE arbees_viewer;
SELECT count(*) FROM arbees.book_snapshots;
RESET ROLE;
