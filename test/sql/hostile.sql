\set ECHO none
\getenv dir PG_ABS_SRCDIR
\set desk :dir '/sql/desk.inc'
\i :desk
-- Arguments and facts that cannot be: each is refused, and nothing of it stays.

-- transfers go one way
SELECT f, a, desk.attempt(format('SELECT %s(''paper'', %L, ''test'')', f, a))
FROM unnest(ARRAY['arbees_deposit', 'arbees_withdraw']) f, unnest(ARRAY['0', '-1', 'NaN', 'Infinity', '1e12']::numeric[]) a
ORDER BY 1, 2;
SELECT * FROM desk.books('paper');
-- a journal row says something
SELECT desk.attempt(format('SELECT arbees.write_journal(NULL, %s, NULL, NULL, %s)', k, m))
FROM (VALUES ('NULL', '''x'''), ('''x''', 'NULL'), ('NULL', 'NULL')) v (k, m);
-- history holds numbers
SELECT v, desk.attempt(format('INSERT INTO arbees.ticks (received_at, venue_id, kind, %s) VALUES (now(), 1, ''quote'', %L)', c, v))
FROM unnest(ARRAY['NaN', 'Infinity', '-Infinity']) v, unnest(ARRAY['price', 'size', 'bid', 'ask']) c
GROUP BY 1, 2 ORDER BY 1;

-- bytes of no instrument are judged at once, whatever exponent they give the fee
SELECT count(*) FROM desk.quote('PAPER', 105, 'w.up', 0.50, 0.53);
SELECT desk.try(desk.signal()) AS accepted;
SET statement_timeout = '5s';
SELECT arbees.judge(input) = output AS alike,
	(arbees.read_verdict(arbees.judge(arbees.change_input(input, '{"fee_exponent": 9223372036854775806}')))).verdict AS huge,
	(arbees.read_verdict(arbees.judge(arbees.change_input(input, '{"fee_exponent": -1}')))).verdict AS negative
FROM arbees.decisions;
RESET statement_timeout;

-- what a strategy sets ends with its call; registered again, it declares anew
CREATE FUNCTION desk.sets(arbees.market_state) RETURNS arbees.signal LANGUAGE plpgsql AS $$
BEGIN
	PERFORM set_config('statement_timeout', '1234', false), set_config('default_transaction_isolation', 'serializable', false);
	RETURN NULL;
END $$;
SELECT count(arbees_register_strategy('sets', 'desk.sets(arbees.market_state)', p::jsonb, e::jsonb, k))
FROM (VALUES ('{"a": 1}', NULL, 'never'), ('{"a": 2}', '{"win_rate": [0, 1]}', NULL)) v (p, e, k);
SELECT parameters, expectations, kill_criterion FROM arbees.strategies WHERE name = 'sets';
SELECT arbees_deploy('sets', 'paper', '{}') > 0 AS deployed;
SELECT count(*) FROM desk.quote('PAPER', 110, 'w.up', 0.50, 0.53);
SELECT current_setting('statement_timeout') AS statement_timeout, current_setting('default_transaction_isolation') AS isolation,
	(SELECT count(last_error) FROM arbees.deployments) AS errors;

-- a frame from the future does not hide the honest ones behind it
SELECT count(*) FROM arbees.on_quotes(desk.venue('sim'), 'PAPER', desk.ms(111), ARRAY[desk.instrument('w.up')],
	'{0.6}', '{10}', '{0.7}', '{10}', ARRAY[desk.ms(1e8)], '{}', '{}', '{}');
SELECT trim_scale(bid) AS bid, source_at = received_at AS by_our_clock FROM arbees.quotes;
SELECT count(*) FROM desk.quote('PAPER', 112, 'w.up', 0.40, 0.41);
SELECT trim_scale(bid) AS bid FROM arbees.quotes;
SELECT desk.price(113, 60000);
SELECT desk.price(114, 1, 1e8);
SELECT trim_scale(price) AS price, source_at FROM arbees.underlying_prices;
SELECT desk.price(115, 60001);
SELECT trim_scale(price) AS price, source_at FROM arbees.underlying_prices;

-- a share belongs to one window and one outcome for good
SELECT up, down, desk.attempt(format('SELECT arbees.report_window(desk.venue(''sim''), %L, ''BTC'', ''0x'', desk.ms(%s), desk.ms(%s),
	''last_tick'', %L, %L, 0.01, 5, 1, 0.07, 1, false)', slug, opens, opens + 300, up, down))
FROM (VALUES ('w2', 300, 'w.up', 'w.down'), ('w2', 300, 'w2.up', 'w.down'), ('w', 0, 'w.down', 'w.up'), ('w2', 300, 'x', 'x'),
	('w2', 300, 'w2.up', 'w2.down'), ('w2', 300, 'w2.up', 'w2.down')) v (slug, opens, up, down);
SELECT slug, symbol, outcome FROM arbees.windows LEFT JOIN arbees.instruments USING (window_id) ORDER BY 1, 3;
