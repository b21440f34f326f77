\set ECHO none
\getenv dir PG_ABS_SRCDIR
\set desk :dir '/sql/desk.inc'
\i :desk
-- Windows: their prices from ticks, our outcome and the venue's; settlement and redemption of what is held.
SELECT arbees_set('max_position_usd', '100', 'test');
CREATE FUNCTION desk.buy(symbol text, portfolio text DEFAULT 'paper') RETURNS text LANGUAGE sql AS $$
	SELECT desk.try(desk.signal(jsonb_build_object('key', $1, 'symbol', $1, 'amount_kind', 'base', 'amount', 10, 'limit_price', 0.50)), $2)
	FROM (SELECT count(*) FROM desk.quote(CASE WHEN $2 = 'live' THEN 'LIVE' ELSE 'PAPER' END, desk.clock(), $1, 0.48, 0.50)) q
$$;
CREATE FUNCTION desk.window(slug text, OUT state text, OUT open numeric, OUT opened text, OUT close numeric, OUT closed text, OUT ours text, OUT venues text)
LANGUAGE sql STABLE AS $$
	SELECT state::text, open_price, to_char(open_price_at, 'MI:SS.MS'), close_price, to_char(close_price_at, 'MI:SS.MS'), our_outcome::text, venue_outcome::text
	FROM arbees.windows w WHERE w.slug = $1
$$;
CREATE FUNCTION desk.resolve(slug text, outcome text, venue text DEFAULT 'sim') RETURNS text LANGUAGE sql AS $$
	SELECT arbees.report_resolution(desk.venue($3), $1, $2, NULL, NULL, desk.ms(desk.clock()))
$$;

-- The open price is the first tick at or after the opening; the tick of that very second wins, even when it comes late.
SELECT desk.make_window('p', 200, 260), desk.make_window('tie', 260, 320), desk.make_window('quiet', 320, 380);
SELECT desk.price(199, 100);
SELECT * FROM desk.window('p');
SELECT desk.price(200.5, 110);
SELECT * FROM desk.window('p');
SELECT desk.price(201, 101, 200);
SELECT * FROM desk.window('p');
-- An older tick that comes late is no open price, nor the last price.
SELECT desk.price(202, 55, 198);
SELECT * FROM desk.window('p');
SELECT price FROM arbees.underlying_prices;
-- The close: before it there is none, after it the last before; then its own second, late; then nothing changes it.
SELECT desk.price(259, 105);
SELECT * FROM desk.window('p');
SELECT desk.price(261, 90);
SELECT * FROM desk.window('p');
SELECT desk.price(262, 99, 260);
SELECT * FROM desk.window('p');
SELECT desk.price(263, 200, 259.5);
SELECT * FROM desk.window('p');
-- The same tick again (the other mode's call) changes nothing; a second tick of the closing second replaces the first.
SELECT desk.price(264, 98, 260), desk.price(264, 98, 260);
SELECT * FROM desk.window('p');
-- Equal prices are UP by our rule.
SELECT desk.price(320, 98);
SELECT * FROM desk.window('tie');
SELECT open, opened FROM desk.window('quiet');
-- Who comes later than a quarter of the window has no opening price; the venue's strike takes its place.
SELECT desk.make_window('missed', 100, 340);
SELECT desk.price(321, 97);
SELECT open, opened FROM desk.window('missed');
SELECT desk.price(341, 96);
SELECT open, close, ours FROM desk.window('missed');
SELECT arbees.report_resolution(desk.venue('sim'), 'missed', 'UP', 97.5, 97, desk.ms(341));
SELECT open, close, ours, venues FROM desk.window('missed');
SELECT kind, message FROM arbees.alerts;
SELECT p, desk.attempt(format('SELECT desk.price(342, %L)', p)) FROM unnest(ARRAY['NaN', 'Infinity', '0', '-1']) p;
SELECT desk.attempt('SELECT desk.price(300, 98)') AS clock_back;

-- Winners are paid, losers are not; a closed window without an outcome waits.
SELECT desk.make_window('s', 300, 400), desk.make_window('t', 400, 500);
SELECT desk.buy('s.up'), desk.buy('s.down');
SELECT cash, claimable, cost, realized, positions, add_up FROM desk.books('paper');
SELECT desk.price(400, 98);
SELECT state FROM desk.window('s');
SELECT desk.price(450, 98);
SELECT n, state, qty, settled FROM desk.positions('paper');
SELECT desk.resolve('s', 'UP');
SELECT desk.price(451, 98);
SELECT n, state, qty, cost, settled, realized FROM desk.positions('paper');
SELECT cash, claimable, cost, realized, positions, add_up FROM desk.books('paper');
SELECT kind, reference, trim_scale(cash_change) AS cash, trim_scale(claimable_change) AS claimable FROM arbees.portfolio_ledger WHERE kind IN ('SETTLE', 'REDEEM') ORDER BY seq;
SELECT count(*) AS redemptions_awaited FROM arbees.redemptions;
-- Once.
SELECT desk.price(452, 98);
SELECT cash, add_up FROM desk.books('paper');
-- What the venue says again is a duplicate, what it says otherwise a conflict that changes nothing.
SELECT desk.resolve('s', 'UP'), desk.resolve('s', 'DOWN'), desk.resolve('nowhere', 'UP'), desk.attempt('SELECT desk.resolve(''s'', ''SIDEWAYS'')');
SELECT venues FROM desk.window('s');
SELECT severity, kind, message FROM arbees.alerts ORDER BY alert_id;
SELECT cash FROM desk.books('paper');

-- The venue's tie rule pays, ours only tells.
SELECT desk.buy('t.up');
SELECT desk.price(500, 98);
SELECT ours FROM desk.window('t');
SELECT desk.resolve('t', 'DOWN');
SELECT severity, kind, message FROM arbees.alerts WHERE kind = 'resolution_differs';
SELECT desk.price(501, 98);
SELECT n, state, settled, realized FROM desk.positions('paper') WHERE n = 3;

-- LIVE: what is filled after the settlement is settled by the next call; the rest of the order is not.
SELECT desk.make_window('l', 500, 600);
SELECT desk.go_live(50);
SELECT desk.buy('l.up', 'live');
CREATE FUNCTION desk.fill(trade text, shares numeric, status text DEFAULT 'MATCHED') RETURNS text LANGUAGE sql AS $$
	SELECT arbees.report_fill(desk.account(), desk.epoch(), 'v', $1, $3, 'l.up', 'BUY', $2, 0.5, $2 / 2, 0, NULL, desk.ms(desk.clock()))
$$;
SELECT claimed FROM arbees.orders o, arbees.claim_order(desk.account(), desk.epoch(), o.order_id, 'v', sha256(''), E'POST /order\n\n') WHERE o.mode = 'LIVE';
SELECT desk.fill('1', 4);
SELECT desk.resolve('l', 'UP');
SELECT FROM desk.quote('LIVE', 601, 'w.up', 0.5, 0.52);
SELECT state, qty, settled FROM desk.positions('live');
SELECT state, filled FROM desk.orders('live');
SELECT desk.fill('2', 3);
SELECT state, qty, settled FROM desk.positions('live');
SELECT FROM desk.quote('LIVE', 602, 'w.up', 0.5, 0.52);
SELECT state, qty, settled, realized FROM desk.positions('live');
SELECT cash, claimable, reserved, cost, realized, positions, orders, add_up FROM desk.books('live');
SELECT trim_scale(shares) AS shares, redeemed_at FROM arbees.redemptions ORDER BY redemption_id;
-- A fill that fails after it was settled takes its winnings back.
SELECT desk.fill('2', 3, 'FAILED');
SELECT FROM desk.quote('LIVE', 603, 'w.up', 0.5, 0.52);
SELECT state, qty, settled, realized FROM desk.positions('live');
SELECT cash, claimable, reserved, cost, realized, positions, orders, add_up FROM desk.books('live');
SELECT shares = 4 AS what_the_venue_owes FROM arbees.unredeemed;
SELECT arbees.report_redemption(desk.account(), desk.epoch(), 'l.up', 4, 'transaction 0x1');
SELECT cash, claimable, add_up FROM desk.books('live');

-- A venue with the wall's clock: the tick opens, closes and settles.
SELECT arbees_create_venue('wall', true, false, '{}', 137) > 0 AS made, arbees_create_portfolio('clock', 'PAPER', 'wall', NULL) > 0 AS made;
SELECT desk.attempt('SELECT arbees_deposit(''clock'', 10, ''t'')'), desk.attempt('SELECT arbees_deploy(''silent'', ''clock'', ''{}'')');
CREATE FUNCTION desk.s_from_now(s numeric) RETURNS bigint LANGUAGE sql AS $$ SELECT ((extract(epoch FROM date_trunc('second', clock_timestamp())) + $1) * 1000)::bigint $$;
SELECT window_id > 0 AS made FROM arbees.report_window(desk.venue('wall'), 'now', 'BTC', '0x', desk.s_from_now(-100), desk.s_from_now(100), 'last_tick', 'now.up', 'now.down', 0.01, 5, 1, 0, 0, false);
SELECT window_id > 0 AS made FROM arbees.report_window(desk.venue('wall'), 'past', 'BTC', '0x', desk.s_from_now(-200), desk.s_from_now(-100), 'last_tick', 'past.up', 'past.down', 0.01, 5, 1, 0, 0, false);
SELECT window_id > 0 AS made FROM arbees.report_window(desk.venue('wall'), 'next', 'BTC', '0x', desk.s_from_now(100), desk.s_from_now(200), 'last_tick', 'next.up', 'next.down', 0.01, 5, 1, 0, 0, false);
SELECT slug, state FROM arbees.windows WHERE venue_id = desk.venue('wall') ORDER BY opens_at;
SELECT arbees.step_windows();
SELECT slug, state FROM arbees.windows WHERE venue_id = desk.venue('wall') ORDER BY opens_at;
SELECT desk.attempt(format('SELECT FROM arbees.on_quotes(desk.venue(''wall''), ''PAPER'', %s, ''{}'', ''{}'', ''{}'', ''{}'', ''{}'', ''{}'', ''{}'', ''{}'', ''{}'')', desk.s_from_now(0))) AS time_of_the_wall,
	desk.attempt('SELECT FROM arbees.on_quotes(desk.venue(''sim''), ''PAPER'', NULL, ''{}'', ''{}'', ''{}'', ''{}'', ''{}'', ''{}'', ''{}'', ''{}'', ''{}'')') AS no_time;
SELECT FROM arbees.on_quotes(desk.venue('wall'), 'PAPER', NULL, ARRAY[desk.instrument('now.up')], '{0.48}', '{100}', '{0.50}', '{100}', ARRAY[NULL]::bigint[], '{}', '{}', '{}');
SELECT desk.try(desk.signal('{"symbol": "now.up", "amount": 5, "limit_price": 0.50}'), 'clock');
SELECT desk.resolve('now', 'UP', 'wall');
SELECT arbees.step_settlement();
SELECT state, settled, realized FROM desk.positions('clock');
SELECT cash, claimable, cost, realized, add_up FROM desk.books('clock');
SELECT name, step FROM arbees.portfolios LEFT JOIN arbees.tick_errors ON true WHERE step IS NOT NULL;

-- A window reported again keeps its identity and takes new fees and tick sizes.
SELECT window_id = (SELECT window_id FROM arbees.windows WHERE slug = 'w') AS same, up_instrument = desk.instrument('w.up') AS same_up
FROM arbees.report_window(desk.venue('sim'), 'w', 'BTC', '0xother', desk.ms(0), desk.ms(300), 'last_tick', 'w.up', 'w.down', 0.001, 5, 1, 0.02, 1, false);
SELECT arbees.report_tick_size(desk.venue('sim'), 'w.down', 0.01);
SELECT symbol, tick_size, fee_rate, condition_id FROM arbees.instruments JOIN arbees.windows USING (window_id) WHERE slug = 'w' ORDER BY symbol;
SELECT d, desk.attempt(format('SELECT arbees.report_window(desk.venue(''sim''), ''bad'', ''BTC'', ''0x'', desk.ms(%s), desk.ms(%s), %L, ''a'', ''b'', %L, 5, 1, %L, 1, false)', o, c, r, t, f))
FROM (VALUES ('backwards', 10, 5, 'last_tick', '0.01', '0.07'), ('no such rule', 0, 5, 'dice', '0.01', '0.07'), ('no tick', 0, 5, 'last_tick', '0', '0.07'),
	('NaN tick', 0, 5, 'last_tick', 'NaN', '0.07'), ('fee', 0, 5, 'last_tick', '0.01', '1'), ('NaN fee', 0, 5, 'last_tick', '0.01', 'NaN')) v (d, o, c, r, t, f);
SELECT * FROM desk.books('paper');
