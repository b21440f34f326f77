\set ECHO none
\getenv dir PG_ABS_SRCDIR
\set desk :dir '/sql/desk.inc'
\i :desk
-- The order protocol: claims and reports of a LIVE portfolio, in every order they can come, with the books after each.
CREATE FUNCTION desk.nth(n integer) RETURNS bigint LANGUAGE sql STABLE AS $$
	SELECT order_id FROM arbees.orders WHERE mode = 'LIVE' ORDER BY order_id OFFSET $1 - 1 LIMIT 1
$$;
-- What a step answered, and where the order, its position and the books stand after it.
CREATE FUNCTION desk.after(n integer, INOUT answer text, OUT state text, OUT filled numeric, OUT "position" text, OUT qty numeric,
	OUT cash numeric, OUT reserved numeric, OUT cost numeric, OUT realized numeric, OUT add_up boolean)
LANGUAGE sql AS $$
	SELECT $2, o.state::text, trim_scale(o.filled_qty), s.state::text, trim_scale(s.qty), b.cash, b.reserved, b.cost, b.realized, b.add_up
	FROM arbees.orders o JOIN arbees.positions s USING (position_id), desk.books('live') b
	WHERE o.order_id = desk.nth($1)
$$;
-- A window of its own, a quote, a signal for two dollars; the number of the order that results.
CREATE FUNCTION desk.order(key text, sig jsonb DEFAULT '{}') RETURNS integer LANGUAGE plpgsql AS $$
BEGIN
	PERFORM desk.make_window(key, 0, 900);
	PERFORM FROM desk.quote('LIVE', desk.clock(), key || '.up', 0.50, 0.52);
	PERFORM desk.try(desk.signal(jsonb_build_object('key', key, 'symbol', key || '.up', 'amount', 2) || sig), 'live');
	RETURN count(*) FROM arbees.orders WHERE mode = 'LIVE';
END
$$;
CREATE FUNCTION desk.claim(n integer, epoch bigint DEFAULT NULL) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	r	record;
BEGIN
	SELECT * INTO r FROM arbees.claim_order(desk.account(), coalesce(epoch, desk.epoch()), desk.nth(n), 'venue-' || n, sha256('body'), E'POST /order\n\nbody');
	RETURN CASE WHEN r.claimed THEN 'claimed' ELSE r.reason END;
EXCEPTION WHEN OTHERS THEN
	RETURN format('%s %s', SQLSTATE, SQLERRM);
END
$$;
CREATE FUNCTION desk.send(key text, sig jsonb DEFAULT '{}') RETURNS TABLE (answer text, state text, filled numeric, "position" text,
	qty numeric, cash numeric, reserved numeric, cost numeric, realized numeric, add_up boolean) LANGUAGE plpgsql AS $$
DECLARE
	n	integer := desk.order(key, sig);
BEGIN
	RETURN QUERY SELECT * FROM desk.after(n, desk.claim(n));
END
$$;
CREATE FUNCTION desk.report(n integer, event text, venue_qty numeric DEFAULT NULL, reason text DEFAULT NULL)
RETURNS TABLE (answer text, state text, filled numeric, "position" text,
	qty numeric, cash numeric, reserved numeric, cost numeric, realized numeric, add_up boolean) LANGUAGE plpgsql AS $$
DECLARE
	a	text := arbees.report_order(desk.account(), desk.epoch(), desk.nth(n), event, NULL, venue_qty, reason);
BEGIN
	RETURN QUERY SELECT * FROM desk.after(n, event || ': ' || a);
END
$$;
CREATE FUNCTION desk.fill(n integer, trade text, status text, shares numeric, price numeric, fee numeric DEFAULT 0, side text DEFAULT 'BUY')
RETURNS TABLE (answer text, state text, filled numeric, "position" text,
	qty numeric, cash numeric, reserved numeric, cost numeric, realized numeric, add_up boolean) LANGUAGE plpgsql AS $$
DECLARE
	a	text;
BEGIN
	SELECT arbees.report_fill(desk.account(), desk.epoch(), 'venue-' || n, trade, status, i.symbol, fill.side, shares, fill.price,
		round(shares * fill.price, 6), fee, 'TAKER', desk.ms(100))
	INTO a FROM arbees.orders o JOIN arbees.instruments i USING (instrument_id) WHERE o.order_id = desk.nth(n);
	RETURN QUERY SELECT * FROM desk.after(n, a);
END
$$;
SELECT arbees_set('max_position_usd', '100', 'test');
SELECT desk.go_live(50);

-- The first balance opened the books; a later one does not.
SELECT desk.attempt('SELECT arbees.report_balance(desk.account(), desk.epoch(), 77, true)');
SELECT * FROM desk.books('live');
SELECT trim_scale(cash) AS cash, quiet FROM arbees.venue_balances;

-- A claim: who may, when, and once.
SELECT desk.order('first');
SELECT purpose, client_order_id ~ '^ab1-\d+-\d+$' AS client_id, symbol, side, amount_kind, trim_scale(amount) AS amount,
	trim_scale(limit_price) AS price, time_in_force, tick_size, neg_risk, salt BETWEEN 0 AND 9007199254740991 AS salt,
	expires_s, condition_id, fee_rate, fee_exponent, kind, venue_order_id, state
FROM arbees.pending_work(desk.account(), desk.epoch());
SELECT desk.claim(1, 0) AS no_epoch, desk.claim(1, 999) AS future_epoch;
SELECT desk.attempt('SELECT arbees.claim_order(desk.account(), desk.epoch(), 999, ''x'', sha256(''''), E''POST /order\n\n'')') AS unknown_order,
	desk.attempt('SELECT arbees.claim_order(desk.account(), desk.epoch(), desk.nth(1), NULL, sha256(''''), E''POST /order\n\n'')') AS no_id,
	desk.attempt('SELECT arbees.claim_order(desk.account(), desk.epoch(), desk.nth(1), ''x'', NULL, E''POST /order\n\n'')') AS no_hash,
	desk.attempt('SELECT arbees.claim_order(desk.account(), desk.epoch(), desk.nth(1), '''', sha256(''''), E''POST /order\n\n'')') AS empty_id,
	desk.attempt('SELECT arbees.claim_order(desk.account(), desk.epoch(), desk.nth(1), ''x'', '''', E''POST /order\n\n'')') AS empty_hash,
	desk.attempt('SELECT arbees.claim_order(99, desk.epoch(), desk.nth(1), ''x'', sha256(''''), E''POST /order\n\n'')') AS other_account;
BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ;
SELECT desk.claim(1), desk.attempt('SELECT arbees.report_order(desk.account(), desk.epoch(), desk.nth(1), ''accepted'', NULL, NULL, NULL)');
COMMIT;
BEGIN TRANSACTION ISOLATION LEVEL SERIALIZABLE;
SELECT desk.claim(1);
COMMIT;
SET synchronous_commit = off;
SELECT desk.claim(1), desk.attempt('SELECT arbees.report_balance(desk.account(), desk.epoch(), 1, true)');
RESET synchronous_commit;
SELECT * FROM desk.after(1, 'nothing claimed');
SELECT * FROM desk.after(1, desk.claim(1));
SELECT desk.claim(1) AS again;
SELECT venue_order_id, claimed_epoch = desk.epoch() AS epoch, body_hash = sha256('body') AS hash, acknowledged_at
FROM arbees.orders WHERE order_id = desk.nth(1);

-- The plain course: taken, filled in parts, each part once.
SELECT * FROM desk.report(1, 'accepted');
SELECT * FROM desk.report(1, 'accepted');
SELECT * FROM desk.fill(1, 't1', 'MATCHED', 1.5, 0.52, 0.0262);
SELECT * FROM desk.fill(1, 't1', 'MATCHED', 1.5, 0.52, 0.0262);
SELECT * FROM desk.fill(1, 't1', 'MINED', 1.5, 0.52, 0.0262);
SELECT * FROM desk.fill(1, 't1', 'CONFIRMED', 1.5, 0.52, 0.0262);
SELECT * FROM desk.fill(1, 't1', 'CONFIRMED', 1.5, 0.52, 0.0262);
SELECT * FROM desk.fill(1, 't1', 'FAILED', 1.5, 0.52, 0.0262);
SELECT * FROM desk.report(1, 'matched', 3.84);
SELECT * FROM desk.fill(1, 't2', 'MATCHED', 2.34, 0.52, 0.04);
SELECT * FROM desk.report(1, 'accepted');

-- The fill overtakes the acknowledgement.
SELECT * FROM desk.send('overtaken');
SELECT * FROM desk.fill(2, 't3', 'MATCHED', 1, 0.52);
SELECT * FROM desk.report(2, 'accepted');
SELECT * FROM desk.fill(2, 't4', 'MATCHED', 2.84, 0.52);
SELECT * FROM desk.report(2, 'matched', 3.84);

-- Cancelled, and filled all the same: in part, then wholly.
SELECT * FROM desk.send('late', '{"amount_kind": "base", "amount": 5, "time_in_force": "GTC"}');
SELECT * FROM desk.report(3, 'accepted');
SELECT arbees_cancel(desk.nth(3)), arbees_cancel(desk.nth(3));
SELECT kind, state FROM arbees.pending_work(desk.account(), desk.epoch()) WHERE order_id = desk.nth(3);
SELECT arbees.report_cancel_sent(desk.account(), desk.epoch(), desk.nth(3));
SELECT kind, state FROM arbees.pending_work(desk.account(), desk.epoch()) WHERE order_id = desk.nth(3);
SELECT * FROM desk.report(3, 'canceled', 0);
SELECT * FROM desk.fill(3, 't5', 'MATCHED', 2, 0.53);
SELECT * FROM desk.fill(3, 't6', 'MATCHED', 3, 0.53);
SELECT arbees_cancel(desk.nth(3));

-- Closed at the venue with shares we have not heard of yet: it waits for them, and a later lesser word changes nothing.
SELECT * FROM desk.send('waits', '{"amount_kind": "base", "amount": 5, "time_in_force": "GTC"}');
SELECT * FROM desk.report(4, 'accepted');
SELECT * FROM desk.fill(4, 't7', 'MATCHED', 1, 0.53);
SELECT * FROM desk.report(4, 'closed', 3);
SELECT * FROM desk.report(4, 'closed', 0);
SELECT * FROM desk.fill(4, 't8', 'MATCHED', 2, 0.53);

-- Refused: at once, and although a part was filled.
SELECT * FROM desk.send('refused');
SELECT * FROM desk.report(5, 'rejected', NULL, 'not enough balance');
SELECT * FROM desk.report(5, 'rejected', NULL, 'again');
SELECT * FROM desk.send('refused2');
SELECT * FROM desk.fill(6, 't9', 'MATCHED', 1, 0.52);
SELECT * FROM desk.report(6, 'rejected', NULL, 'fills are facts');

-- No byte left.
SELECT * FROM desk.send('unsent');
SELECT * FROM desk.report(7, 'not_sent');

-- UNKNOWN keeps its reservation and blocks its window, both outcomes, and nothing else.
SELECT * FROM desk.send('unsure');
SELECT * FROM desk.report(8, 'unknown', NULL, 'timed out');
SELECT * FROM desk.report(8, 'unknown', NULL, 'timed out again');
SELECT kind, state, venue_order_id FROM arbees.pending_work(desk.account(), desk.epoch()) WHERE order_id = desk.nth(8);
SELECT FROM desk.quote('LIVE', 100, 'unsure.down', 0.40, 0.42);
SELECT desk.try(desk.signal('{"key": "u1", "symbol": "unsure.up"}'), 'live') AS same, desk.try(desk.signal('{"key": "u2", "symbol": "unsure.down"}'), 'live') AS other_outcome;
SELECT desk.order('sure') AS other_window;
SELECT * FROM desk.report(8, 'not_found', NULL, 'asked on every route');
SELECT desk.try(desk.signal('{"key": "u3", "symbol": "unsure.down"}'), 'live');
-- It ends by whatever evidence there is.
SELECT * FROM desk.send('found');
SELECT * FROM desk.report(11, 'unknown');
SELECT * FROM desk.report(11, 'accepted');
SELECT * FROM desk.report(11, 'unknown');
SELECT * FROM desk.fill(11, 't10', 'MATCHED', 1, 0.52);
SELECT * FROM desk.report(11, 'unknown');
SELECT * FROM desk.report(11, 'accepted');
SELECT * FROM desk.report(11, 'canceled', 1);
-- Time alone makes it UNKNOWN, never rejected; the worker is told to ask.
SELECT * FROM desk.send('overdue');
SELECT arbees_set('confirm_timeout_ms', '100', 'test');
SELECT pg_sleep(0.12);
SELECT kind, state FROM arbees.pending_work(desk.account(), desk.epoch()) WHERE order_id = desk.nth(12);
SELECT arbees.step_orders();
SELECT * FROM desk.after(12, 'time passed');
SELECT * FROM desk.fill(12, 't11', 'MATCHED', 3.84, 0.52);
SELECT arbees_set('confirm_timeout_ms', '60000', 'test');

-- A failed fill is taken back to the micro-dollar; it does not come again.
SELECT * FROM desk.send('fails');
SELECT * FROM desk.fill(13, 't12', 'MATCHED', 3.84, 0.52, 0.067);
SELECT * FROM desk.fill(13, 't12', 'RETRYING', 3.84, 0.52, 0.067);
SELECT * FROM desk.fill(13, 't12', 'FAILED', 3.84, 0.52, 0.067);
SELECT * FROM desk.fill(13, 't12', 'FAILED', 3.84, 0.52, 0.067);
SELECT * FROM desk.fill(13, 't12', 'CONFIRMED', 3.84, 0.52, 0.067);
SELECT * FROM desk.fill(13, 't13', 'FAILED', 1, 0.52);
SELECT venue_trade_id, settlement, voided_at IS NOT NULL AS voided FROM arbees.fills WHERE order_id = desk.nth(13) ORDER BY fill_id;

-- What should not be is booked and told: more than ordered, the other side. What cannot be is refused: bad_input.
SELECT * FROM desk.send('odd');
SELECT * FROM desk.fill(14, 't14', 'MATCHED', 3.84, 0.52);
SELECT * FROM desk.fill(14, 't15', 'MATCHED', 1, 0.52);
SELECT * FROM desk.fill(14, 't16', 'MATCHED', 2, 0.52, 0, 'SELL');
SELECT * FROM desk.alerts();
SELECT arbees.report_fill(desk.account(), desk.epoch(), 'venue-14', 't18', 'MATCHED', 'odd.down', 'BUY', 1, 0.52, 0.52, 0, 'TAKER', desk.ms(100)) AS other_symbol;
SELECT * FROM desk.after(14, 'other symbol');
SELECT kind, message FROM arbees.alerts WHERE kind = 'wrong_symbol_fill';
-- What is no message is an error and changes nothing.
SELECT desk.attempt(format('SELECT arbees.report_fill(desk.account(), desk.epoch(), ''venue-14'', %L, %L, ''odd.up'', %L, %L, %L, %L, 0, NULL, %s)',
	trade, status, side, shares, price, money, at))
FROM (VALUES ('x', 'SETTLED', 'BUY', '1', '0.5', '0.5', '1'), ('x', 'MATCHED', 'HOLD', '1', '0.5', '0.5', '1'), ('x', 'MATCHED', 'BUY', 'NaN', '0.5', '0.5', '1'),
	('x', 'MATCHED', 'BUY', '1', 'Infinity', '0.5', '1'), ('x', 'MATCHED', 'BUY', '1', '0.5', NULL, '1'), (NULL, 'MATCHED', 'BUY', '1', '0.5', '0.5', '1'),
	('x', 'MATCHED', 'BUY', '1', '0.5', '0.5', '-1'), ('x', 'MATCHED', 'BUY', '1e11', '0.5', '0.5', '1')) v (trade, status, side, shares, price, money, at);
SELECT desk.attempt('SELECT arbees.report_order(desk.account(), desk.epoch(), desk.nth(4), ''exploded'', NULL, NULL, NULL)') AS ended,
	desk.attempt('SELECT arbees.report_order(desk.account(), desk.epoch(), desk.nth(10), ''exploded'', NULL, NULL, NULL)') AS working;
SELECT desk.attempt('SELECT arbees.report_order(desk.account(), desk.epoch(), desk.nth(10), ''accepted'', NULL, NULL, NULL)') AS never_claimed;

-- A fill of no order of ours is kept, told once, and entries wait for a reconciliation.
SELECT arbees.report_fill(desk.account(), desk.epoch(), 'stranger', 't20', 'MATCHED', 'odd.up', 'BUY', 1, 0.52, 0.52, 0, NULL, desk.ms(100)) AS first,
	arbees.report_fill(desk.account(), desk.epoch(), 'stranger', 't20', 'MATCHED', 'odd.up', 'BUY', 1, 0.52, 0.52, 0, NULL, desk.ms(100)) AS again;
SELECT venue_order_id, venue_trade_id, symbol, qty FROM arbees.orphan_fills;
SELECT desk.try(desk.signal('{"key": "o1", "symbol": "sure.up"}'), 'live');
SELECT severity, times FROM desk.alerts() WHERE kind = 'orphan_fill';

-- Reconciliation: a difference in cash, in holdings or an unknown order keeps entries out; agreement lets them in.
CREATE FUNCTION desk.reconcile(cash numeric, symbols text[], holdings numeric[], open_ids text[], refused integer DEFAULT 0)
RETURNS TABLE (clean boolean, differences integer, what text) LANGUAGE plpgsql AS $$
DECLARE
	r	bigint := arbees.begin_reconciliation(desk.account(), desk.epoch(), 'test');
	again	integer;
BEGIN
	-- What differs is looked at again.
	LOOP
		SELECT f.clean, f.differences, f.again_ms INTO reconcile.clean, reconcile.differences, again
		FROM arbees.finish_reconciliation(desk.account(), desk.epoch(), r, 3, 3, refused, cash, symbols, holdings, open_ids) f;
		EXIT WHEN again IS NULL;
	END LOOP;
	SELECT string_agg(format('%s %s: ours %s, theirs %s', d.kind, d.subject, coalesce(d.ours, '-'), d.theirs), '; ' ORDER BY d.discrepancy_id)
	INTO what FROM arbees.discrepancies d WHERE d.last_reconciliation_id = r;
	RETURN NEXT;
END
$$;
CREATE VIEW desk.held AS
	SELECT array_agg(symbol ORDER BY symbol) AS symbols, array_agg(qty ORDER BY symbol) AS holdings, (SELECT cash FROM desk.books('live')) AS cash
	FROM (SELECT i.symbol, sum(s.qty) AS qty FROM arbees.positions s JOIN arbees.instruments i USING (instrument_id)
		WHERE s.mode = 'LIVE' AND s.qty <> 0 GROUP BY 1) h;
SELECT array_agg(h ORDER BY h) = (SELECT symbols FROM desk.held) AS held_symbols_agree FROM arbees.held_symbols(desk.account(), desk.epoch()) h;
SELECT r.* FROM desk.held, desk.reconcile(cash - 0.000001, symbols, holdings, '{}') r;
SELECT r.* FROM desk.held, desk.reconcile(cash, symbols || '{other.up}', holdings || '{7}', '{venue-1,stranger}') r;
SELECT r.* FROM desk.held, desk.reconcile(cash, symbols[2:], holdings[2:], '{}') r;
SELECT r.* FROM desk.held, desk.reconcile(cash, symbols, holdings, '{}', 1) r;
SELECT desk.try(desk.signal('{"key": "o2", "symbol": "sure.up"}'), 'live');
-- The differences opened the breaker, which a clean comparison does not close.
SELECT arbees_reset_breaker('live', 'looked into');
SELECT desk.try(desk.signal('{"key": "o2b", "symbol": "sure.up"}'), 'live');
SELECT r.* FROM desk.held, desk.reconcile(cash, symbols, holdings, '{}') r;
SELECT desk.try(desk.signal('{"key": "o3", "symbol": "sure.up"}'), 'live');

-- What is not claimed in time, or not wanted any more, is never sent.
SELECT desk.order('cancelled');
SELECT arbees_cancel(desk.nth(16));
SELECT desk.claim(16);
SELECT arbees_set('send_deadline_ms', '1', 'test');
SELECT desk.order('tardy');
SELECT pg_sleep(0.01);
SELECT desk.claim(17);
SELECT arbees.step_orders();
SELECT * FROM desk.after(17, 'the tick ended it');
SELECT arbees_set('send_deadline_ms', '60000', 'test');
SELECT desk.order('killed');
SELECT level, orders_to_cancel, positions_to_close, orders_in_flight, holders_terminated, warning FROM arbees_kill('pause');
SELECT desk.claim(18);
SELECT arbees.step_orders();
SELECT * FROM desk.after(18, 'the tick ended it');
SELECT level FROM arbees_resume('test goes on');

-- Winning shares: claimable until the venue shows it paid them, once.
SELECT arbees.report_resolution(desk.venue('sim'), 'first', 'UP', NULL, NULL, desk.ms(300)), arbees.report_resolution(desk.venue('sim'), 'overtaken', 'DOWN', NULL, NULL, desk.ms(300));
SELECT FROM desk.quote('LIVE', 301, 'w.up', 0.5, 0.52);
SELECT cash, claimable, add_up FROM desk.books('live');
SELECT kind, symbol, condition_id, trim_scale(amount) AS amount FROM arbees.pending_work(desk.account(), desk.epoch()) WHERE kind = 'redeem_watch';
SELECT arbees.report_redemption(desk.account(), desk.epoch(), 'overtaken.up', 1, 'nothing to pay');
SELECT arbees.report_redemption(desk.account(), desk.epoch(), 'first.up', 3.84, 'transaction 0x1');
SELECT arbees.report_redemption(desk.account(), desk.epoch(), 'first.up', 3.84, 'transaction 0x1');
SELECT cash, claimable, add_up FROM desk.books('live');
SELECT trim_scale(shares) AS shares, evidence FROM arbees.redemptions;
-- The venue paid less than we claimed: told.
SELECT arbees.report_resolution(desk.venue('sim'), 'late', 'UP', NULL, NULL, desk.ms(300));
SELECT FROM desk.quote('LIVE', 302, 'w.up', 0.5, 0.52);
SELECT arbees.report_redemption(desk.account(), desk.epoch(), 'late.up', 4, 'transaction 0x2');
SELECT cash, claimable, add_up FROM desk.books('live');
SELECT severity, message FROM arbees.alerts WHERE kind = 'redemption_differs';

-- A take-over makes the old epoch worthless for every call.
SELECT * FROM desk.send('handed over');
SELECT desk.epoch() AS old \gset
SELECT granted, epoch - :old AS epochs_later FROM arbees.acquire_trader(desk.account(), 'worker');
SELECT call, left(desk.attempt(format('SELECT arbees.' || call, desk.account(), :old)), 5) AS answer FROM unnest(ARRAY[
	'renew_trader(%s, %s)', 'release_trader(%s, %s)', 'claim_order(%s, %s, 1, ''x'', sha256(''''), E''POST /order\n\n'')', 'report_order(%s, %s, 1, ''accepted'', NULL, NULL, NULL)',
	'report_fill(%s, %s, ''venue-1'', ''t'', ''MATCHED'', ''s'', ''BUY'', 1, 1, 1, 0, NULL, 1)', 'report_cancel_sent(%s, %s, 1)', 'pending_work(%s, %s)',
	'report_venue_checks(%s, %s, ''{}'')', 'report_balance(%s, %s, 1, true)', 'report_redemption(%s, %s, ''s'', 1, ''e'')',
	'begin_reconciliation(%s, %s, ''c'')', 'finish_reconciliation(%s, %s, 1, 0, 0, 0, 0, ''{}'', ''{}'', ''{}'')', 'held_symbols(%s, %s)']) call;
-- What the former trader had in flight is the new one's to resolve.
SELECT count(*) FILTER (WHERE kind = 'send') AS send, count(*) FILTER (WHERE kind = 'resolve') AS resolve FROM arbees.pending_work(desk.account(), desk.epoch());
SELECT * FROM desk.books('live');
