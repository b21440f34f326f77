\set ECHO none
\getenv dir PG_ABS_SRCDIR
\set desk :dir '/sql/desk.inc'
\i :desk
-- Sending: what an UNKNOWN exit holds back, the same bytes again, what a venue that does not trade stops, when a resting order ends.
CREATE FUNCTION desk.id(n integer) RETURNS bigint LANGUAGE sql STABLE AS $$
	SELECT order_id FROM arbees.orders WHERE mode = 'LIVE' ORDER BY order_id OFFSET $1 - 1 LIMIT 1
$$;
CREATE FUNCTION desk.claim(n integer) RETURNS text LANGUAGE sql AS $$
	SELECT CASE WHEN claimed THEN 'claimed' ELSE reason END
	FROM arbees.claim_order(desk.account(), desk.epoch(), desk.id(n), 'venue-' || n, sha256('body'), E'POST /order\n\nbody')
$$;
CREATE FUNCTION desk.again(n integer, body text DEFAULT 'body') RETURNS text LANGUAGE sql AS $$
	SELECT CASE WHEN claimed THEN CASE WHEN send_within_ms BETWEEN 1 AND 60000 THEN 'claimed' ELSE 'claimed too long' END ELSE reason END
	FROM arbees.claim_again(desk.account(), desk.epoch(), desk.id(n), sha256(convert_to(body, 'UTF8')))
$$;
CREATE FUNCTION desk.report(n integer, event text, venue_qty numeric DEFAULT NULL, reason text DEFAULT NULL) RETURNS text LANGUAGE sql AS $$
	SELECT arbees.report_order(desk.account(), desk.epoch(), desk.id(n), event, NULL, venue_qty, reason)
$$;
CREATE FUNCTION desk.fill(n integer, trade text, shares numeric, price numeric, side text) RETURNS text LANGUAGE sql AS $$
	SELECT arbees.report_fill(desk.account(), desk.epoch(), 'venue-' || n, trade, 'MATCHED', i.symbol, $5, shares, price,
		round(shares * price, 6), 0, 'TAKER', desk.ms(100))
	FROM arbees.orders o JOIN arbees.instruments i USING (instrument_id) WHERE o.order_id = desk.id(n)
$$;
CREATE FUNCTION desk.enter(slug text, sig jsonb DEFAULT '{}') RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	PERFORM desk.make_window(slug, 0, 900);
	PERFORM FROM desk.quote('LIVE', desk.clock(), slug || '.up', 0.48, 0.50);
	RETURN desk.try(desk.signal(jsonb_build_object('key', slug, 'symbol', slug || '.up', 'amount_kind', 'base', 'amount', 10,
		'limit_price', 0.50) || sig), 'live');
END
$$;
-- The exits a quote makes, as tickets for the worker, and where the position stands.
CREATE FUNCTION desk.bid(slug text, bid numeric, OUT tickets text, OUT state text, OUT qty numeric, OUT exits text) LANGUAGE plpgsql AS $$
BEGIN
	SELECT string_agg(q.purpose || ' ' || trim_scale(q.amount), ', ') INTO tickets
	FROM desk.quote('LIVE', desk.clock() + 1, slug || '.up', bid, bid + 0.02) q;
	SELECT s.state::text, trim_scale(s.qty), (SELECT string_agg(concat_ws(' ', o.state, trim_scale(o.filled_qty) || '/' || trim_scale(o.amount)), ', '
		ORDER BY o.order_id) FROM arbees.orders o WHERE o.position_id = s.position_id AND o.purpose = 'EXIT')
	INTO state, qty, exits
	FROM arbees.positions s JOIN arbees.instruments i USING (instrument_id) WHERE i.symbol = slug || '.up' ORDER BY s.position_id DESC LIMIT 1;
END
$$;
SELECT arbees_set('max_position_usd', '100', 'test'), arbees_set('exit_retry_ms', '10', 'test'), arbees_set('send_deadline_ms', '60000', 'test');
SELECT desk.go_live(100);

-- An exit whose fate is unknown holds its own shares and no others: what the entry is filled for late is sold meanwhile.
SELECT desk.enter('stop', '{"stop_loss_pct": 10, "time_in_force": "GTC"}');
SELECT desk.claim(1), desk.report(1, 'accepted'), desk.fill(1, 't1', 6, 0.50, 'BUY');
SELECT * FROM desk.bid('stop', 0.40);
SELECT desk.claim(2), desk.report(2, 'unknown', NULL, 'timed out');
SELECT pg_sleep(0.02);
SELECT * FROM desk.bid('stop', 0.40);
SELECT desk.fill(1, 't2', 4, 0.50, 'BUY');
SELECT * FROM desk.bid('stop', 0.40);
-- It is told, and no entry gets into its slot.
SELECT severity, kind, message LIKE '% is UNKNOWN: timed out' AS says FROM arbees.alerts WHERE kind = 'order_unknown';
SELECT desk.try(desk.signal('{"key": "again", "symbol": "stop.up"}'), 'live') AS same;
-- The second goes its way; a part of the first turns out to be sold, and what is left of it stays held back.
SELECT desk.claim(3), desk.fill(3, 't3', 4, 0.40, 'SELL');
SELECT desk.fill(2, 't4', 2, 0.40, 'SELL');
SELECT desk.report(2, 'unknown', NULL, 'still');
SELECT pg_sleep(0.02);
SELECT * FROM desk.bid('stop', 0.39);
-- Found over: the rest is free.
SELECT desk.report(2, 'closed', 2, 'found by inquiry');
SELECT pg_sleep(0.02);
SELECT * FROM desk.bid('stop', 0.39);
SELECT desk.claim(4), desk.fill(4, 't5', 4, 0.39, 'SELL');
SELECT * FROM desk.bid('stop', 0.39);
SELECT reserved, positions, orders, add_up FROM desk.books('live');

-- The same bytes again: only while the order is in question, worth sending, and nothing stands against it.
SELECT desk.enter('twice');
SELECT desk.again(5) AS never_claimed;
SELECT desk.claim(5);
SELECT desk.again(5) AS sending, desk.again(5, 'other') AS other_bytes;
SELECT desk.report(5, 'unknown', NULL, 'hung up');
SELECT desk.again(5) AS unknown;
SELECT desk.attempt('SELECT arbees.claim_again(desk.account(), 0, desk.id(5), sha256(''body''))') AS old_epoch,
	desk.attempt('SELECT arbees.claim_again(desk.account(), desk.epoch(), 999, sha256(''body''))') AS no_order,
	desk.attempt('SELECT arbees.claim_again(desk.account(), desk.epoch(), desk.id(5), NULL)') AS no_hash;
SELECT state, last_reason FROM arbees.orders WHERE order_id = desk.id(5);
SELECT level FROM arbees_kill('pause');
SELECT desk.again(5) AS paused;
SELECT level FROM arbees_resume('test goes on');
SELECT count(*) AS written_down FROM arbees.journal WHERE kind = 'order_repeated' AND ref_id = desk.id(5);
SELECT arbees_cancel(desk.id(5)), desk.again(5) AS cancelled;
SELECT desk.fill(5, 't6', 10, 0.50, 'BUY'), desk.again(5) AS filled;
SELECT arbees_set('send_deadline_ms', '2000', 'test');
SELECT desk.enter('tardy');
SELECT desk.claim(6), desk.report(6, 'unknown', NULL, 'hung up');
SELECT pg_sleep(2.01);
SELECT desk.again(6) AS late;
SELECT desk.report(6, 'not_found');
SELECT arbees_set('send_deadline_ms', '60000', 'test');

-- What the worker's budget did not let out ends without having been claimed, and gives back what it reserved.
SELECT desk.enter('queued');
SELECT desk.report(7, 'not_sent', NULL, 'rate_budget');
SELECT state, last_reason, claimed_at, venue_order_id, trim_scale(reserved) AS reserved FROM arbees.orders WHERE order_id = desk.id(7);
SELECT desk.claim(7);

-- The controls a worker obeys.
SELECT * FROM arbees.trader_settings(desk.account(), desk.epoch());
SELECT arbees_set('balance_check', 'age', 'test'), arbees_set('confirm_timeout_ms', '700', 'test');
SELECT * FROM arbees.trader_settings(desk.account(), desk.epoch());
SELECT arbees_set('balance_check', 'per_order', 'test'), arbees_set('confirm_timeout_ms', '60000', 'test');
SELECT desk.attempt('SELECT arbees_set(''balance_check'', ''never'', ''test'')');
SELECT desk.attempt('SELECT arbees.trader_settings(desk.account(), 0)') AS old_epoch;

-- A venue that takes no orders stops entries; it may say nothing of it.
CREATE FUNCTION desk.checks(more jsonb) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	PERFORM arbees.report_venue_checks(desk.account(), desk.epoch(),
		'{"geoblock_ok": true, "closed_only": false, "allowance_ok": true, "signature_type_ok": true, "clock_offset_ms": 0}' || more);
	RETURN desk.enter('checks-' || nextval('desk.tries'));
END
$$;
CREATE SEQUENCE desk.tries;
SELECT desk.checks('{"trading_allowed": false}');
SELECT desk.checks('{"trading_allowed": true}');
SELECT desk.checks('{"trading_allowed": false}');
SELECT desk.checks('{}');
SELECT desk.attempt('SELECT desk.checks(''{"trading_allowed": "no"}'')');

-- An order that rests ends at the venue: with its window, after resting_expiry_s, and never nearer than a venue takes.
CREATE FUNCTION desk.rest(slug text, tif text, closes numeric DEFAULT 900) RETURNS TABLE (verdict text, time_in_force text, seconds numeric) LANGUAGE plpgsql AS $$
BEGIN
	PERFORM desk.make_window(slug, 0, desk.clock() + closes);
	PERFORM FROM desk.quote('LIVE', desk.clock(), slug || '.up', 0.48, 0.50);
	verdict := desk.try(desk.signal(jsonb_build_object('key', slug, 'symbol', slug || '.up', 'amount_kind', 'base', 'amount', 5,
		'limit_price', 0.40, 'time_in_force', tif)), 'live');
	SELECT o.time_in_force::text, extract(epoch FROM o.expires_at) - 1767225600 - desk.clock() INTO rest.time_in_force, seconds
	FROM arbees.orders o JOIN arbees.instruments i USING (instrument_id) WHERE i.symbol = slug || '.up';
	RETURN NEXT;
END
$$;
SELECT arbees_set('resting_expiry_s', '300', 'test');
SELECT * FROM desk.rest('gtc', 'GTC');
SELECT * FROM desk.rest('gtd', 'GTD');
SELECT * FROM desk.rest('closing', 'GTC', 250);
SELECT * FROM desk.rest('nearly', 'GTC', 20);
SELECT * FROM desk.rest('fak', 'FAK');
SELECT desk.attempt('SELECT arbees_set(''resting_expiry_s'', ''60'', ''test'')');
SELECT arbees_set_none('resting_expiry_s', 'test');
SELECT * FROM desk.rest('long', 'GTC');
SELECT * FROM desk.rest('longgtd', 'GTD', 7200);
-- When the venue does not end it, the worker is told to.
SELECT symbol, kind FROM arbees.pending_work(desk.account(), desk.epoch()) WHERE symbol = 'gtc.up';
SELECT c.claimed, arbees.report_order(desk.account(), desk.epoch(), o.order_id, 'accepted', NULL, NULL, NULL) AS state
FROM arbees.orders o JOIN arbees.instruments i USING (instrument_id),
	LATERAL arbees.claim_order(desk.account(), desk.epoch(), o.order_id, 'resting', sha256('body'), E'POST /order\n\nbody') c WHERE i.symbol = 'gtc.up';
SELECT symbol, kind FROM arbees.pending_work(desk.account(), desk.epoch()) WHERE symbol = 'gtc.up';
SELECT FROM desk.quote('LIVE', desk.clock() + 301, 'w.up', 0.5, 0.52);
SELECT symbol, kind FROM arbees.pending_work(desk.account(), desk.epoch()) WHERE symbol = 'gtc.up';
