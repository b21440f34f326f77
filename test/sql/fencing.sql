\set ECHO none
\getenv dir PG_ABS_SRCDIR
\set desk :dir '/sql/desk.inc'
\i :desk
-- Fencing: whose lease has ended, what an earlier epoch left, what a copy may do.
SELECT desk.go_live(50);
CREATE FUNCTION desk.claim(symbol text) RETURNS text LANGUAGE sql AS $$
	SELECT CASE WHEN claimed THEN 'claimed' ELSE reason END
	FROM arbees.orders o JOIN arbees.instruments i USING (instrument_id),
		arbees.claim_order(desk.account(), desk.epoch(), o.order_id, 'venue-' || o.order_id, sha256('body'), E'POST /order\n\nbody')
	WHERE i.symbol = $1 ORDER BY order_id DESC LIMIT 1
$$;
-- An order in a window of its own; it rests when asked to.
CREATE FUNCTION desk.place(slug text, OUT verdict text, OUT claim text) LANGUAGE plpgsql AS $$
BEGIN
	PERFORM desk.make_window(slug, 0, 900);
	PERFORM FROM desk.quote('LIVE', desk.clock(), slug || '.up', 0.50, 0.52);
	verdict := desk.try(desk.signal(jsonb_build_object('key', slug, 'symbol', slug || '.up', 'amount_kind', 'base', 'amount', 5,
		'limit_price', 0.40, 'time_in_force', 'GTC')), 'live');
	claim := desk.claim(slug || '.up');
END
$$;
CREATE FUNCTION desk.id(slug text) RETURNS bigint LANGUAGE sql STABLE AS $$
	SELECT order_id FROM arbees.orders o JOIN arbees.instruments i USING (instrument_id) WHERE i.symbol = $1 || '.up' ORDER BY order_id DESC LIMIT 1
$$;
CREATE FUNCTION desk.accept(slug text) RETURNS text LANGUAGE sql AS $$
	SELECT arbees.report_order(desk.account(), desk.epoch(), desk.id($1), 'accepted', NULL, NULL, NULL)
$$;
CREATE FUNCTION desk.cancel_sent(slug text) RETURNS void LANGUAGE sql AS $$
	SELECT arbees.report_cancel_sent(desk.account(), desk.epoch(), desk.id($1))
$$;
CREATE VIEW desk.work AS SELECT split_part(symbol, '.', 1) AS slug, kind, state FROM arbees.pending_work(desk.account(), desk.epoch());
CREATE VIEW desk.cancels AS SELECT split_part(i.symbol, '.', 1) AS slug, o.state, cancel_requested_at IS NOT NULL AS requested,
		cancel_sent_at IS NOT NULL AS sent
	FROM arbees.orders o JOIN arbees.instruments i USING (instrument_id) ORDER BY order_id;
CREATE FUNCTION desk.end_lease() RETURNS void LANGUAGE sql AS $$
	SELECT desk.by_force('trader_leases', 'UPDATE arbees.trader_leases SET expires_at = clock_timestamp() - interval ''1 s''')
$$;

-- Our own orders are followed, and nobody cancels them.
SELECT * FROM desk.place('rests');
SELECT desk.accept('rests');
SELECT * FROM desk.place('asked');
SELECT * FROM desk.work;

-- The lease has ended and nobody took over: facts are booked, nothing new is claimed.
SELECT desk.make_window('late', 0, 900);
SELECT FROM desk.quote('LIVE', desk.clock(), 'late.up', 0.50, 0.52);
SELECT desk.try(desk.signal('{"key": "late", "symbol": "late.up"}'), 'live') AS before_the_end;
SELECT desk.end_lease();
SELECT desk.claim('late.up') AS claim, desk.accept('asked') AS report, desk.try(desk.signal('{"key": "later", "symbol": "late.down"}'), 'live') AS entry;
SELECT * FROM desk.work;
-- Renewed, the orders are still its own; entries wait for a clean reconciliation.
SELECT arbees.renew_trader(desk.account(), desk.epoch());
SELECT kind, message FROM arbees.journal WHERE kind = 'trader_renewed_late';
SELECT FROM desk.quote('LIVE', desk.clock(), 'late.down', 0.40, 0.42);
SELECT desk.try(desk.signal('{"key": "later2", "symbol": "late.down"}'), 'live') AS entry;
SELECT desk.claim('late.up') AS claim;
SELECT * FROM desk.work;
SELECT * FROM desk.cancels;

-- A take-over: what the older epoch left at rest is cancelled, what is in question is asked for first.
SELECT desk.accept('late');
SELECT desk.agree();
SELECT * FROM desk.place('unsure');
SELECT desk.epoch() AS old \gset
SELECT granted, epoch - :old AS later FROM arbees.acquire_trader(desk.account(), 'worker');
SELECT * FROM desk.work;
SELECT desk.cancel_sent('rests'), desk.cancel_sent('rests');
SELECT * FROM desk.cancels;
SELECT kind, ref_id = desk.id('rests') AS of_it, regexp_replace(message, '\d+', 'N', 'g') AS message FROM arbees.journal WHERE kind = 'older_epoch_canceled';
-- Found at the venue, it is cancelled too.
SELECT desk.accept('unsure');
SELECT kind, state FROM desk.work WHERE slug = 'unsure';
-- The new holder's own are not.
SELECT desk.agree();
SELECT * FROM desk.place('anew');
SELECT desk.accept('anew');
SELECT kind, state FROM desk.work WHERE slug = 'anew';

-- An exit of an older epoch is cancelled like an entry, and the ladder goes on under the new one.
SELECT arbees_set('exit_retry_ms', '10', 'test');
SELECT arbees.report_fill(desk.account(), desk.epoch(), 'venue-' || desk.id('anew'), 'trade', 'MATCHED', 'anew.up', 'BUY', 5, 0.40, 2, 0, 'MAKER', desk.ms(100));
SELECT arbees_close(position_id) FROM arbees.orders WHERE order_id = desk.id('anew');
SELECT FROM desk.quote('LIVE', desk.clock(), 'anew.up', 0.50, 0.52);
SELECT desk.claim('anew.up'), desk.accept('anew');
SELECT granted FROM arbees.acquire_trader(desk.account(), 'worker');
SELECT kind, state FROM desk.work WHERE slug = 'anew';
SELECT desk.cancel_sent('anew');
SELECT arbees.report_order(desk.account(), desk.epoch(), desk.id('anew'), 'canceled', NULL, 0, NULL);
SELECT pg_sleep(0.02);
SELECT FROM desk.quote('LIVE', desk.clock(), 'anew.up', 0.49, 0.52);
SELECT n, purpose, state, filled FROM desk.orders('live') ORDER BY n DESC LIMIT 2;
SELECT desk.claim('anew.up');
SELECT kind, state FROM desk.work WHERE slug = 'anew';

-- A given-up lease is not renewed.
SELECT arbees.release_trader(desk.account(), desk.epoch());
SELECT desk.attempt('SELECT arbees.renew_trader(desk.account(), desk.epoch())');

-- The files at another place: a copy, and nobody trades by its rows.
SELECT place ~ '^[0-9a-f]{64}$' AS digest, arbees.installation_is_ours() FROM arbees.installation;
SELECT desk.by_force('installation', 'UPDATE arbees.installation SET place = reverse(place)');
SELECT arbees.installation_is_ours();
SELECT desk.attempt('SELECT arbees.renew_trader(desk.account(), desk.epoch())');
SELECT granted, epoch, reason FROM arbees.acquire_trader(desk.account(), 'worker');
SELECT warning FROM arbees_resume('this is the one that trades');
SELECT arbees.installation_is_ours();
SELECT granted, reason FROM arbees.acquire_trader(desk.account(), 'worker');
SELECT count(*) FILTER (WHERE kind = 'cancel') > 0 AS cancels FROM desk.work;
