\set ECHO none
\getenv dir PG_ABS_SRCDIR
\set desk :dir '/sql/desk.inc'
\i :desk
-- The book of a portfolio, by scope, against positions, orders and the whole ledger, after every kind of event.
SELECT arbees_set('max_position_usd', '100', 'test'), arbees_set('exit_retry_ms', '10', 'test');
-- Where the session's book and the tables differ: nowhere.
CREATE FUNCTION desk.wrong(portfolio text DEFAULT 'book') RETURNS TABLE (scope text, fact text, book numeric, tables numeric)
LANGUAGE sql AS $$ SELECT scope, fact, book, tables FROM arbees.check_book(desk.portfolio($1)) $$;
CREATE FUNCTION desk.facts(scope text, portfolio text DEFAULT 'book') RETURNS TABLE (who text, facts text) LANGUAGE sql AS $$
	SELECT coalesce(i.symbol, w.slug, s.name, u.underlying),
		string_agg(f.fact || ' ' || trim_scale(f.value), ', ' ORDER BY f.fact)
	FROM arbees.book_facts(desk.portfolio($2)) f
	LEFT JOIN arbees.instruments i ON f.scope = 'instrument' AND i.instrument_id = f.key
	LEFT JOIN arbees.windows w ON f.scope = 'window' AND w.window_id = f.key
	LEFT JOIN arbees.deployments d ON f.scope = 'deployment' AND d.deployment_id = f.key
	LEFT JOIN arbees.strategies s ON s.strategy_id = d.strategy_id
	LEFT JOIN arbees.underlyings u ON f.scope IN ('group', 'sector') AND hashtextextended(u.underlying, 0) = f.key
	WHERE f.scope = $1 AND f.fact <> 'messages'
	GROUP BY 1 ORDER BY 1
$$;
-- What the gate saw of the books, in its last decision but for zeros.
CREATE FUNCTION desk.saw(portfolio text DEFAULT 'book') RETURNS TABLE (saw text) LANGUAGE sql STABLE AS $$
	SELECT string_agg(field || ' ' || value, ', ' ORDER BY field)
	FROM arbees.decision_details d
	WHERE d.decision_id = (SELECT max(decision_id) FROM arbees.decisions x WHERE x.portfolio_id = desk.portfolio($1))
		AND part = 'input' AND value NOT IN ('0', 'null')
		AND field ~ '^(heat|.*_exposure|instrument_qty|day_.*|open_.*|same_side_positions|deployment_(instruments|day_orders|positions|venues)|week_.*|losses_in_row|strategy_.*(pnl|peak|row)|own_resting_price|direction)$'
$$;
CREATE FUNCTION desk.send(key text, symbol text, given jsonb DEFAULT '{}', strategy text DEFAULT 'silent') RETURNS text LANGUAGE sql AS $$
	SELECT desk.try(desk.signal(jsonb_build_object('key', $1, 'symbol', $2, 'amount_kind', 'base', 'amount', 10, 'limit_price', 0.50) || $3), 'book', $4)
$$;

-- A portfolio with nothing but its cash, opened when the market's clock already ran.
SELECT FROM desk.quote('PAPER', 0, 'w.up', 0.48, 0.50);
SELECT arbees_create_portfolio('book', 'PAPER', 'sim', NULL) > 0 AS made;
SELECT arbees_deposit('book', 1000, 'start');
SELECT arbees_deploy('silent', 'book', '{}') > 0 AS deployed, arbees_deploy('silent2', 'book', '{}') > 0 AS deployed;
SELECT * FROM desk.facts('portfolio');
SELECT * FROM desk.wrong();

-- Entries that rest, on both sides of a window, of two deployments.
SELECT FROM desk.quote('PAPER', 1, 'w.up', 0.48, 0.50);
SELECT FROM desk.quote('PAPER', 1, 'w.down', 0.48, 0.50);
SELECT desk.send('1', 'w.up', '{"limit_price": 0.45, "time_in_force": "GTC", "stop_loss_pct": 10}');
SELECT desk.send('2', 'w.down', '{"amount": 20, "limit_price": 0.40, "time_in_force": "GTC", "stop_loss_pct": 50}', 'silent2');
SELECT scope.s, f.* FROM unnest(ARRAY['portfolio', 'deployment', 'instrument', 'window', 'group', 'sector']) scope (s), desk.facts(s) f;
SELECT * FROM desk.wrong();

-- A partial fill moves dollars from the reservation to the cost, and the rest's heat with it.
SELECT FROM desk.quote('PAPER', 2, 'w.up', 0.43, 0.45, 4);
SELECT * FROM desk.facts('instrument');
SELECT * FROM desk.facts('portfolio');
SELECT * FROM desk.wrong();
-- What the next decision sees of all this; a message is counted for its portfolio and its deployment.
SELECT desk.send('3', 'w.up', '{"amount": 1000}');
SELECT * FROM desk.saw();
CREATE FUNCTION desk.conduct() RETURNS text LANGUAGE sql STABLE AS $$
	SELECT string_agg(field || ' ' || value, ', ' ORDER BY field) FROM arbees.decision_details
	WHERE part = 'input' AND field IN ('messages_last_second', 'strategy_messages_last_second', 'duplicates')
		AND decision_id = (SELECT max(decision_id) FROM arbees.decisions)
$$;
SELECT desk.conduct();

-- A cancel gives the rest back; an empty entry leaves nothing at all.
SELECT arbees_cancel(o.order_id) FROM arbees.orders o WHERE finished_at IS NULL ORDER BY order_id;
SELECT scope.s, f.* FROM unnest(ARRAY['portfolio', 'deployment', 'instrument']) scope (s), desk.facts(s) f;
SELECT * FROM desk.wrong();

-- An exit at a loss: flat, no heat, one loss in a row, the day's and the week's results.
SELECT FROM desk.quote('PAPER', 3, 'w.up', 0.30, 0.32);
SELECT state, sold, realized FROM desk.positions('book') WHERE n = 1;
SELECT scope.s, f.* FROM unnest(ARRAY['portfolio', 'deployment', 'instrument']) scope (s), desk.facts(s) f;
SELECT * FROM desk.wrong();

-- A second loss, of the other deployment, then a gain.
SELECT desk.make_window('v', 0, 300);
SELECT FROM desk.quote('PAPER', 4, 'v.down', 0.48, 0.50);
SELECT desk.send('4', 'v.down', '{"stop_loss_pct": 10}', 'silent2');
SELECT * FROM desk.facts('portfolio');
SELECT * FROM desk.wrong();
SELECT FROM desk.quote('PAPER', 5, 'v.down', 0.40, 0.42);
SELECT desk.send('5', 'v.down', '{"amount": 1000}');
SELECT * FROM desk.saw();
SELECT FROM desk.quote('PAPER', 6, 'v.up', 0.48, 0.50);
SELECT desk.send('6', 'v.up', '{"take_profit_kind": "fixed", "take_profit_pct": 10}');
SELECT FROM desk.quote('PAPER', 7, 'v.up', 0.60, 0.62);
SELECT * FROM desk.facts('deployment');
SELECT * FROM desk.facts('portfolio');
SELECT * FROM desk.wrong();

-- Cash in and out, and a new session: its result starts from nothing, so do losses in a row; the day's stay.
SELECT arbees_deposit('book', 50, 'more'), arbees_withdraw('book', 10, 'some');
SELECT * FROM desk.wrong();
SELECT FROM desk.quote('PAPER', 8, 'v.down', 0.48, 0.50);
SELECT desk.send('7', 'v.down', '{"stop_loss_pct": 10}', 'silent2');
SELECT FROM desk.quote('PAPER', 9, 'v.down', 0.40, 0.42);
SELECT * FROM desk.facts('deployment') WHERE who = 'silent2';
SELECT arbees_new_session('book');
SELECT * FROM desk.facts('deployment') WHERE who = 'silent2';
SELECT * FROM desk.facts('portfolio');
SELECT * FROM desk.wrong();

-- Held over midnight into Friday, and over the weekend into Monday, 2026-01-05: the day starts from nothing, then the week.
SELECT desk.make_window('long', 0, 500000);
SELECT FROM desk.quote('PAPER', 10, 'long.up', 0.48, 0.50);
SELECT desk.send('8', 'long.up');
SELECT FROM desk.quote('PAPER', 86400, 'w.up', 0.48, 0.50);
SELECT * FROM desk.facts('portfolio');
SELECT * FROM desk.facts('deployment');
SELECT * FROM desk.wrong();
SELECT arbees_deposit('book', 1, 'a row of the new day');
SELECT * FROM desk.wrong();
SELECT FROM desk.quote('PAPER', 345599, 'w.up', 0.48, 0.50);
SELECT * FROM desk.facts('deployment');
SELECT FROM desk.quote('PAPER', 345600, 'w.up', 0.48, 0.50);
SELECT * FROM desk.facts('deployment');
SELECT * FROM desk.wrong();
SELECT desk.send('9', 'long.down', '{"amount": 1000}');
SELECT * FROM desk.saw();

-- Settlement: claimable, then cash; nothing at work.
SELECT arbees.report_resolution(desk.venue('sim'), 'long', 'UP', NULL, NULL, desk.ms(500000));
SELECT FROM desk.quote('PAPER', 500001, 'w.up', 0.48, 0.50);
SELECT scope.s, f.* FROM unnest(ARRAY['portfolio', 'deployment', 'instrument']) scope (s), desk.facts(s) f;
SELECT * FROM desk.wrong();

-- Rolled back to a savepoint: the book forgets what it followed, and reads the tables again.
SELECT desk.make_window('s', 500000, 600000);
SELECT FROM desk.quote('PAPER', 500002, 's.up', 0.48, 0.50);
BEGIN;
SELECT desk.send('10', 's.up');
SELECT cost FROM desk.books('book');
SAVEPOINT one;
SELECT desk.send('11', 's.up');
SELECT cost, add_up FROM desk.books('book');
ROLLBACK TO one;
SELECT cost, add_up FROM desk.books('book');
-- Of two savepoints inside each other, the inner one released: gone with the outer one.
SAVEPOINT outer_one;
SELECT desk.send('12', 's.up');
SAVEPOINT inner_one;
SELECT arbees_deposit('book', 1000, 'never was');
RELEASE inner_one;
SELECT cash, cost, add_up FROM desk.books('book');
ROLLBACK TO outer_one;
SELECT cash, cost, add_up FROM desk.books('book');
COMMIT;
SELECT cash, cost, add_up FROM desk.books('book');
-- A failed statement, and a transaction rolled back.
DO $$ BEGIN PERFORM desk.send('13', 's.up'); RAISE 'no'; EXCEPTION WHEN OTHERS THEN NULL; END $$;
SELECT cash, cost, add_up FROM desk.books('book');
BEGIN;
SELECT desk.send('14', 's.up');
ROLLBACK;
SELECT cash, cost, add_up FROM desk.books('book');
-- Built while rows of the own transaction stand, which then go.
BEGIN;
SELECT desk.send('15', 's.up');
SAVEPOINT two;
ROLLBACK TO two;
DO $$ BEGIN PERFORM arbees_deposit('book', 1, 'never was'); RAISE 'no'; EXCEPTION WHEN OTHERS THEN NULL; END $$;
SELECT cash, cost, add_up FROM desk.books('book');
ROLLBACK;
SELECT cash, cost, add_up FROM desk.books('book');

-- What a position leaves below one lot stays in the books until it is settled; it is no open position and has no heat.
UPDATE arbees.instruments SET lot_size = 1 WHERE symbol LIKE 's.%';
SELECT FROM desk.quote('PAPER', 500003, 's.down', 0.48, 0.50);
SELECT desk.send('17', 's.down', '{"amount": 12, "stop_loss_pct": 10}');
SELECT FROM desk.quote('PAPER', 500004, 's.down', 0.40, 0.42, 11.5);
SELECT state, qty, cost FROM desk.positions('book') ORDER BY n DESC LIMIT 1;
SELECT * FROM desk.facts('instrument');
SELECT * FROM desk.wrong();


-- An instrument that moves to another sector and group takes along what it has at work, and is seen there at once.
UPDATE arbees.instruments SET sector = 'ETH', correlation_group = 'ETH' WHERE symbol = 's.up';
INSERT INTO arbees.underlyings VALUES ('ETH') ON CONFLICT DO NOTHING;
SELECT s.s, f.* FROM unnest(ARRAY['sector', 'group']) s (s), desk.facts(s) f;
SELECT * FROM desk.wrong();
SELECT desk.send('18', 's.up', '{"amount": 1000}');
SELECT * FROM desk.saw();
UPDATE arbees.instruments SET sector = NULL, correlation_group = NULL WHERE symbol = 's.up';
SELECT s.s, f.* FROM unnest(ARRAY['sector', 'group']) s (s), desk.facts(s) f;

-- LIVE: fills, a void that takes an entry back, a void that brings shares back, in every state of the order.
SELECT desk.go_live(50);
SELECT desk.make_window('l', 500000, 600000);
SELECT FROM desk.quote('LIVE', 500005, 'l.up', 0.50, 0.52);
CREATE FUNCTION desk.live(key text, given jsonb DEFAULT '{}') RETURNS text LANGUAGE sql AS $$
	SELECT desk.try(desk.signal(jsonb_build_object('key', $1, 'symbol', 'l.up', 'amount_kind', 'base', 'amount', 10, 'limit_price', 0.52, 'stop_loss_pct', 20) || $2), 'live')
$$;
CREATE FUNCTION desk.fill(n integer, trade text, side text, shares numeric, price numeric, status text DEFAULT 'MATCHED') RETURNS text LANGUAGE sql AS $$
	SELECT arbees.report_fill(desk.account(), desk.epoch(), 'v' || $1, $2, $6, 'l.up', $3, $4, $5, $4 * $5, 0.01, NULL, desk.ms(desk.clock()))
$$;
CREATE FUNCTION desk.claim_all() RETURNS SETOF boolean LANGUAGE sql AS $$
	SELECT claimed FROM (SELECT o.order_id, row_number() OVER (ORDER BY order_id) AS n, state FROM arbees.orders o WHERE mode = 'LIVE') o,
		arbees.claim_order(desk.account(), desk.epoch(), o.order_id, 'v' || o.n, sha256(''), E'POST /order\n\n') WHERE o.state = 'NEW'
$$;
SELECT desk.live('1'), desk.claim_all();
SELECT * FROM desk.wrong('live');
SELECT desk.fill(1, 'a', 'BUY', 4, 0.51), desk.fill(1, 'b', 'BUY', 3, 0.52);
SELECT scope.s, f.* FROM unnest(ARRAY['portfolio', 'deployment', 'instrument']) scope (s), desk.facts(s, 'live') f;
SELECT * FROM desk.wrong('live');
-- Void one of them; the order still works.
SELECT desk.fill(1, 'b', 'BUY', 3, 0.52, 'FAILED');
SELECT * FROM desk.facts('instrument', 'live');
SELECT * FROM desk.wrong('live');
-- The rest dies; then the stop sells what is left.
SELECT arbees.report_order(desk.account(), desk.epoch(), order_id, 'closed', NULL, NULL, 'test') FROM arbees.orders WHERE mode = 'LIVE';
SELECT * FROM desk.wrong('live');
SELECT count(*) FROM desk.quote('LIVE', 500006, 'l.up', 0.30, 0.32);
SELECT * FROM desk.facts('instrument', 'live');
SELECT desk.claim_all();
SELECT desk.fill(2, 'c', 'SELL', 4, 0.30);
SELECT state, qty, cost, realized FROM desk.positions('live');
SELECT scope.s, f.* FROM unnest(ARRAY['portfolio', 'deployment', 'instrument']) scope (s), desk.facts(s, 'live') f;
SELECT * FROM desk.wrong('live');
-- The sale fails: the shares are back, and watched.
SELECT desk.fill(2, 'c', 'SELL', 4, 0.30, 'FAILED');
SELECT state, qty, cost FROM desk.positions('live');
SELECT * FROM desk.facts('portfolio', 'live');
SELECT * FROM desk.wrong('live');
-- The entry fails as well: nothing is left, and nothing was.
SELECT desk.fill(1, 'a', 'BUY', 4, 0.51, 'FAILED');
SELECT state, qty, cost, realized FROM desk.positions('live');
SELECT * FROM desk.facts('portfolio', 'live');
SELECT * FROM desk.wrong('live');
-- A late fill of an order that ended, an overfill, and more sold than was held.
SELECT desk.fill(1, 'd', 'BUY', 12, 0.50);
SELECT * FROM desk.facts('instrument', 'live');
SELECT * FROM desk.wrong('live');
SELECT desk.fill(2, 'e', 'SELL', 13, 0.50);
SELECT state, qty, cost FROM desk.positions('live');
SELECT * FROM desk.wrong('live');

-- The same content again, by the signal and not by what became of it; of another deployment, another price: not the same.
SELECT arbees_set('duplicate_window_ms', '86400000', 'test');
SELECT desk.make_window('d', 500000, 600000);
SELECT FROM desk.quote('PAPER', 500007, 'd.up', 0.48, 0.50);
CREATE FUNCTION desk.duplicates(key text, given jsonb DEFAULT '{}', strategy text DEFAULT 'silent') RETURNS TABLE (duplicates text) LANGUAGE plpgsql AS $$
BEGIN
	PERFORM desk.send(key, 'd.up', given, strategy);
	RETURN QUERY SELECT value FROM arbees.decision_details
		WHERE part = 'input' AND field = 'duplicates' AND decision_id = (SELECT max(decision_id) FROM arbees.decisions);
END
$$;
SELECT duplicates FROM desk.duplicates('d1');
SELECT duplicates FROM desk.duplicates('d2');
SELECT duplicates FROM desk.duplicates('d3', '{"limit_price": 0.49}');
SELECT duplicates FROM desk.duplicates('d4', '{"amount": 11}');
SELECT duplicates FROM desk.duplicates('d5', '{}', 'silent2');

-- A new session builds the books from what is open: the same.
CREATE TABLE desk.warm AS SELECT p.name, f.* FROM arbees.portfolios p, arbees.book_facts(p.portfolio_id) f WHERE fact <> 'messages';
\c -
SELECT count(*) > 50 AS facts, count(*) FILTER (WHERE w.value IS DISTINCT FROM f.value) AS differ
FROM desk.warm w FULL JOIN (SELECT p.name, f.* FROM arbees.portfolios p, arbees.book_facts(p.portfolio_id) f WHERE fact <> 'messages') f
	USING (name, scope, key, fact);
SELECT * FROM desk.wrong();
SELECT * FROM desk.wrong('live');

-- It also finds the orders that were made before it came, and what their signals asked for.
SELECT duplicates > 0 AS finds_them FROM (SELECT duplicates::integer FROM desk.duplicates('d6')) d;
SELECT duplicates FROM desk.duplicates('d7', '{"limit_price": 0.48}');

-- Who may look.
SELECT r, has_function_privilege(r, 'arbees.check_book(integer)', 'EXECUTE') AS checks, has_function_privilege(r, 'arbees.table_facts(integer, date, timestamptz)', 'EXECUTE') AS reads
FROM unnest(ARRAY['arbees_viewer', 'arbees_operator', 'arbees_risk', 'arbees_worker', 'arbees_strategy', 'public']) r;
SELECT desk.attempt('SELECT arbees.check_book(12345)');

-- Seconds are the market's, not the wall's: what was sent at one moment here was sent a second apart there.
SELECT arbees_set('duplicate_window_ms', '2000', 'test');
SELECT desk.make_window(slug, 500000, 600000) FROM unnest('{x,y,z}'::text[]) slug;
CREATE FUNCTION desk.again(at numeric, slug text, key text, OUT at_second numeric, OUT said text, OUT counted text) LANGUAGE plpgsql AS $$
BEGIN
	PERFORM FROM desk.quote('PAPER', at, slug || '.up', 0.48, 0.50);
	at_second := at - 500000;
	said := desk.send(key, slug || '.up');
	counted := desk.conduct();
END
$$;
SELECT a.* FROM (VALUES (1, 500010, 'x', 'm1'), (2, 500010, 'y', 'm2'), (3, 500011, 'y', 'm3'), (4, 500011.001, 'z', 'm4')) v (n, at, slug, key), desk.again(at, slug, key) a;
\c
SELECT a.* FROM (VALUES (1, 500012.000, 'x', 'm5'), (2, 500013.002, 'z', 'm6')) v (n, at, slug, key), desk.again(at, slug, key) a;
SELECT * FROM desk.wrong();
-- The wall's clock may stand anywhere: the same health is stored as the same number, and the moment is the market's.
SELECT DISTINCT f.field, f.value FROM arbees.decisions d, arbees.decode_decision(d.input, d.output) f
WHERE f.field ~ '^(conductor|worker|feed|balance)_age_ms$' AND d.verdict = 'accepted' ORDER BY 1, 2;
SELECT bool_and(f.value = (SELECT m.value FROM arbees.decode_decision(d.input, d.output) m WHERE m.field = 'market_time')) AS the_markets
FROM arbees.decisions d, arbees.decode_decision(d.input, d.output) f WHERE f.field = 'decided_at';
