\set ECHO none
\getenv dir PG_ABS_SRCDIR
\set desk :dir '/sql/desk.inc'
\i :desk
-- Reconciliation: who may finish what, what is believed when, what is kept of it, and how shares nobody ordered come into the books.
SELECT arbees_set('max_position_usd', '100', 'test');
SELECT desk.go_live(50);
CREATE FUNCTION desk.nth(n integer) RETURNS bigint LANGUAGE sql STABLE AS $$
	SELECT order_id FROM arbees.orders WHERE mode = 'LIVE' ORDER BY order_id OFFSET $1 - 1 LIMIT 1
$$;
-- An order of two dollars in a window of its own, claimed; its number.
CREATE FUNCTION desk.send(key text, sig jsonb DEFAULT '{}') RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	n	bigint;
BEGIN
	PERFORM desk.make_window(key, 0, 900);
	PERFORM FROM desk.quote('LIVE', desk.clock(), key || '.up', 0.50, 0.52);
	PERFORM desk.try(desk.signal(jsonb_build_object('key', key, 'symbol', key || '.up', 'amount', 2) || sig), 'live');
	SELECT count(*) INTO n FROM arbees.orders WHERE mode = 'LIVE';
	PERFORM FROM arbees.claim_order(desk.account(), desk.epoch(), desk.nth(n::integer), 'venue-' || n, sha256('body'), E'POST /order\n\nbody');
	RETURN n;
END
$$;
CREATE FUNCTION desk.report(n integer, event text, qty numeric DEFAULT NULL, reason text DEFAULT NULL) RETURNS text LANGUAGE sql AS $$
	SELECT arbees.report_order(desk.account(), desk.epoch(), desk.nth(n), event, NULL, qty, reason)
$$;
CREATE FUNCTION desk.fill(venue_id text, trade text, status text, symbol text, shares numeric, price numeric, fee numeric DEFAULT 0,
	side text DEFAULT 'BUY') RETURNS text LANGUAGE sql AS $$
	SELECT arbees.report_fill(desk.account(), desk.epoch(), venue_id, trade, status, symbol, side, shares, price,
		round(shares * price, 6), fee, 'TAKER', desk.ms(100))
$$;
CREATE FUNCTION desk.begin(cause text DEFAULT 'test') RETURNS bigint LANGUAGE sql
	AS $$ SELECT arbees.begin_reconciliation(desk.account(), desk.epoch(), cause) $$;
-- What the venue would say if it agreed, and what is changed of it.
CREATE VIEW desk.agreed AS
	SELECT coalesce(array_agg(symbol ORDER BY symbol), '{}') AS symbols, coalesce(array_agg(qty ORDER BY symbol), '{}') AS holdings,
		(SELECT cash FROM desk.books('live')) AS cash,
		(SELECT coalesce(array_agg(venue_order_id ORDER BY order_id), '{}') FROM arbees.orders
			WHERE mode = 'LIVE' AND state IN ('OPEN', 'PARTIALLY_FILLED')) AS open_ids
	FROM (SELECT i.symbol, sum(s.qty) AS qty FROM arbees.positions s JOIN arbees.instruments i USING (instrument_id)
		WHERE s.mode = 'LIVE' AND s.qty <> 0 GROUP BY 1) h;
CREATE FUNCTION desk.look(reconciliation bigint, more_cash numeric DEFAULT 0, more_symbols text[] DEFAULT '{}', more_holdings numeric[] DEFAULT '{}',
	more_open text[] DEFAULT '{}', less_open text[] DEFAULT '{}', refused integer DEFAULT 0)
RETURNS TABLE (clean boolean, differences integer, again boolean, cancel text[], next_ms integer) LANGUAGE sql AS $$
	SELECT f.clean, f.differences, f.again_ms IS NOT NULL, f.cancel_order_ids, f.next_ms FROM desk.agreed a,
		arbees.finish_reconciliation(desk.account(), desk.epoch(), $1, 3, 3, refused, a.cash + more_cash, a.symbols || more_symbols,
			a.holdings || more_holdings, ARRAY(SELECT unnest(a.open_ids || more_open) EXCEPT SELECT unnest(less_open))) f
$$;
-- A whole comparison: looks until it is over.
CREATE FUNCTION desk.reconcile(more_cash numeric DEFAULT 0, more_symbols text[] DEFAULT '{}', more_holdings numeric[] DEFAULT '{}',
	more_open text[] DEFAULT '{}', less_open text[] DEFAULT '{}', refused integer DEFAULT 0, cause text DEFAULT 'test')
RETURNS TABLE (looks integer, clean boolean, differences integer, cancel text[]) LANGUAGE plpgsql AS $$
DECLARE
	id	bigint := desk.begin(cause);
	f	record;
BEGIN
	looks := 0;
	LOOP
		looks := looks + 1;
		SELECT * INTO f FROM desk.look(id, more_cash, more_symbols, more_holdings, more_open, less_open, refused);
		EXIT WHEN NOT f.again;
	END LOOP;
	RETURN QUERY SELECT looks, f.clean, f.differences, f.cancel;
END
$$;
CREATE FUNCTION desk.breaker() RETURNS text LANGUAGE sql STABLE
	AS $$ SELECT coalesce((SELECT state::text FROM arbees.breakers WHERE scope = 'portfolio' AND scope_id = desk.portfolio('live')), 'CLOSED') $$;
CREATE FUNCTION desk.open_ones() RETURNS TABLE (kind text, subject text, ours text, theirs text, action text, times_seen bigint)
	LANGUAGE sql STABLE AS $$ SELECT kind, subject, ours, theirs, action, times_seen FROM arbees.open_discrepancies ORDER BY discrepancy_id $$;

-- A comparison is finished once, by whom it belongs to.
SELECT desk.begin() AS run \gset
SELECT desk.begin() = :run AS goes_on_under_its_number;
SELECT desk.attempt('SELECT FROM desk.look(999)') AS none, desk.attempt('SELECT FROM desk.look(NULL)') AS nameless;
SELECT arbees_create_account('other', 'sim', '0x00000000000000000000000000000000000000bb', 0, 100);
SELECT granted FROM arbees.acquire_trader((SELECT venue_account_id FROM arbees.venue_accounts WHERE name = 'other'), 'worker');
SELECT desk.attempt(format('SELECT arbees.finish_reconciliation(a.venue_account_id, e.epoch, %s, 0, 0, 0, 0, ''{}'', ''{}'', ''{}'')
	FROM arbees.venue_accounts a JOIN arbees.trader_epochs e USING (venue_account_id) WHERE a.name = ''other''', :run)) AS of_another_account;
SELECT clean, differences, again, next_ms FROM desk.look(:run);
SELECT regexp_replace(desk.attempt(format('SELECT FROM desk.look(%s)', :run)), '\d+ is', 'N is') AS again;
-- A take-over ends what its predecessor began.
SELECT desk.begin() AS run \gset
SELECT granted FROM arbees.acquire_trader(desk.account(), 'worker');
SELECT regexp_replace(desk.attempt(format('SELECT FROM desk.look(%s)', :run)), '\d+', 'N', 'g') AS of_an_old_epoch;
SELECT * FROM desk.reconcile(cause => 'start');
SELECT clean, complete, finished_at IS NOT NULL AS finished FROM arbees.reconciliations WHERE reconciliation_id = :run;

-- Entries wait for a comparison that follows a start or a reconnect, not for one in between.
SELECT desk.make_window('e', 0, 900);
SELECT FROM desk.quote('LIVE', desk.clock(), 'e.up', 0.50, 0.52);
SELECT desk.begin('user_channel') AS run \gset
SELECT desk.try(desk.signal('{"key": "e1", "symbol": "e.up"}'), 'live') AS after_a_reconnect;
SELECT clean FROM desk.look(:run);
SELECT desk.begin('periodic') AS run \gset
SELECT reconciled_at IS NOT NULL AS entries_go_on FROM arbees.trader_epochs WHERE venue_account_id = desk.account();
-- What differs for a moment keeps entries out for that moment, and nothing is kept of it.
SELECT clean, differences, again FROM desk.look(:run, 1);
SELECT reconciled_at IS NOT NULL AS entries_go_on FROM arbees.trader_epochs WHERE venue_account_id = desk.account();
SELECT clean, differences, again FROM desk.look(:run, 1);
SELECT clean, differences, again FROM desk.look(:run);
SELECT desk.breaker(), (SELECT count(*) FROM arbees.discrepancies) AS kept, (SELECT count(*) FROM arbees.alerts WHERE kind LIKE 'reconciliation%') AS alerts,
	(SELECT reconciled_at IS NOT NULL FROM arbees.trader_epochs WHERE venue_account_id = desk.account()) AS entries_go_on;
-- Looks that differ from each other prove nothing but that something moves.
SELECT desk.begin('periodic') AS run \gset
SELECT differences, again FROM generate_series(1, 4) n, desk.look(:run, n);
SELECT clean, again FROM desk.look(:run);

-- What differs and stays is one row, one alert, and the breaker; however often it is seen.
SELECT * FROM desk.reconcile(1);
SELECT * FROM desk.open_ones();
SELECT desk.breaker(), (SELECT reason ~ 'our books and the venue differ' FROM arbees.breakers) AS why;
SELECT count(*), max(r.looks) AS looks FROM generate_series(1, 20) n, desk.reconcile(1 + 0 * n) r;
SELECT * FROM desk.open_ones();
SELECT severity, count(*) FROM arbees.alerts WHERE kind = 'reconciliation_differs' GROUP BY 1;
SELECT count(*) <= 3 AS flat FROM arbees.reconciliations WHERE NOT clean AND complete;
-- A refused row: not complete. It proves nothing, settles nothing and trips nothing.
SELECT arbees_reset_breaker('live', 'test');
SELECT * FROM desk.reconcile(refused => 2);
SELECT kind, subject, ours, theirs FROM desk.open_ones();
SELECT desk.breaker();
-- Agreement settles; the breaker waits for a person.
SELECT arbees_trip_breaker('live', 'test');
SELECT * FROM desk.reconcile();
SELECT count(*) FROM arbees.open_discrepancies;
SELECT kind, action, resolved_at IS NOT NULL AS resolved FROM arbees.discrepancies ORDER BY discrepancy_id;
SELECT desk.breaker();
SELECT arbees_reset_breaker('live', 'test');
SELECT kind, count(*) FROM arbees.journal_desk WHERE kind LIKE 'discrepancy%' GROUP BY 1 ORDER BY 1;
-- The same difference again is another one, and is told again.
SELECT * FROM desk.reconcile(1);
SELECT count(*) FROM arbees.alerts WHERE kind = 'reconciliation_differs';
SELECT * FROM desk.reconcile();
SELECT arbees_reset_breaker('live', 'test');

-- The watermark: only a complete and clean comparison moves it.
SELECT trades_until AS mark FROM arbees.trade_watermarks \gset
SELECT FROM desk.reconcile(1);
SELECT FROM desk.reconcile(refused => 1);
SELECT trades_until = :'mark' AS stands FROM arbees.trade_watermarks;
SELECT arbees_reset_breaker('live', 'test');
SELECT * FROM desk.reconcile();
SELECT w.trades_until > :'mark' AS moved, w.trades_until = r.started_at AS to_the_begin FROM arbees.trade_watermarks w JOIN arbees.reconciliations r USING (reconciliation_id);
-- Trades are read from a minute before it; from further back while a fill may still fail or an order works.
SELECT desk.begin('periodic') AS run \gset
SELECT since_s = floor(extract(epoch FROM w.trades_until - interval '1 minute')) AS since FROM arbees.trade_watermarks w, arbees.reconciliation_plan(desk.account(), desk.epoch(), :run) p
	WHERE p.symbol IS NULL;
SELECT desk.send('p', '{"amount_kind": "base", "amount": 5, "time_in_force": "GTC"}');
SELECT desk.report(1, 'accepted'), desk.fill('venue-1', 't1', 'MATCHED', 'p.up', 2, 0.5);
SELECT since_s = floor(extract(epoch FROM (SELECT matched_at FROM arbees.fills WHERE venue_trade_id = 't1') - interval '1 minute')) AS since
	FROM arbees.reconciliation_plan(desk.account(), desk.epoch(), :run) p WHERE p.symbol IS NULL;
SELECT desk.fill('venue-1', 't1', 'CONFIRMED', 'p.up', 2, 0.5);
SELECT since_s > extract(epoch FROM timestamptz '2026-02-01') AS since FROM arbees.reconciliation_plan(desk.account(), desk.epoch(), :run) p WHERE p.symbol IS NULL;
-- What is held, works, or is offered is read; a decided market has no parameters any more.
SELECT symbol, condition_id, tradable FROM arbees.reconciliation_plan(desk.account(), desk.epoch(), :run) WHERE symbol IS NOT NULL ORDER BY symbol;
SELECT clean FROM desk.look(:run);

-- Orders: a stranger's is told of and left alone, one that ended here is cancelled there, one that works here must be there.
SELECT desk.send('c', '{"amount_kind": "base", "amount": 5, "time_in_force": "GTC"}');
SELECT desk.report(2, 'accepted'), desk.report(2, 'not_found', NULL, 'asked');
SELECT * FROM desk.reconcile(more_open => '{stranger,venue-2}', less_open => '{venue-1}');
SELECT * FROM desk.open_ones();
SELECT state, cancel_requested_at IS NOT NULL AS cancelling FROM arbees.orders WHERE mode = 'LIVE' ORDER BY order_id;
SELECT * FROM desk.reconcile();
SELECT kind, action FROM arbees.discrepancies WHERE kind LIKE '%order' AND resolved_at IS NOT NULL ORDER BY 1;
SELECT arbees_reset_breaker('live', 'test');

-- What a run finds out and books is told as repaired: the fate of an order nobody knew, an order the venue ended.
SELECT desk.send('u', '{"amount_kind": "base", "amount": 5, "time_in_force": "GTC"}');
SELECT desk.report(3, 'unknown', NULL, 'timed out');
SELECT desk.begin() AS run \gset
SELECT desk.report(3, 'accepted'), desk.report(1, 'canceled', 2, 'found by inquiry');
SELECT clean, differences FROM desk.look(:run);
SELECT kind, subject, ours, theirs, action, resolved_at IS NOT NULL AS resolved FROM arbees.discrepancies WHERE action = 'repaired' ORDER BY discrepancy_id;
SELECT severity, message ~ 'took over 2 facts' AS told FROM arbees.alerts WHERE kind = 'reconciliation_repaired';
SELECT desk.breaker();

-- Markets: the venue's numbers are taken over; another market under our name is a difference.
SELECT desk.begin() AS run \gset
SELECT arbees.report_markets(desk.account(), desk.epoch(), :run, '{0xe,0xe,0xp,0xp}', '{e.up,e.down,p.up,p.down}', '{0.01,0.01,0.001,0.01}', '{5,5,5,5}',
	'{0.07,0.07,0.07,0.07}', '{1,1,1,1}', '{false,false,false,false}');
SELECT clean FROM desk.look(:run);
SELECT subject, ours, theirs, action FROM arbees.discrepancies WHERE kind = 'market';
SELECT trim_scale(tick_size) FROM arbees.instruments WHERE symbol = 'p.up';
SELECT desk.begin() AS run \gset
SELECT arbees.report_markets(desk.account(), desk.epoch(), :run, '{0xe,0xp,0xp}', '{"",p.up,q.down}', '{0,0.001,0.01}', '{0,5,5}', '{0,0.07,0.07}', '{0,1,1}', '{false,false,false}');
SELECT differences, again FROM generate_series(1, 3) n, desk.look(:run, 0 * n);
SELECT kind, subject, ours, theirs, action FROM desk.open_ones();
SELECT desk.breaker();
SELECT * FROM desk.reconcile();
SELECT arbees_reset_breaker('live', 'test');

-- A fill whose reporter does not know the fee is charged by the instrument's terms.
SELECT arbees.report_fill(desk.account(), desk.epoch(), 'venue-3', 't3', 'CONFIRMED', 'u.up', 'BUY', 5, 0.5, 2.5, NULL, 'TAKER', desk.ms(100));
SELECT trim_scale(fee) AS fee FROM arbees.fills WHERE venue_trade_id = 't3';

-- Shares that nothing of ours explains. The fills that brought them are known, but of no order.
SELECT desk.make_window('a', 0, 900);
SELECT FROM desk.quote('LIVE', desk.clock(), 'a.up', 0.50, 0.52);
SELECT desk.fill('stranger', 'o1', 'MATCHED', 'a.up', 4, 0.5, NULL), desk.fill('stranger', 'o2', 'MATCHED', 'a.up', 6, 0.5, NULL);
SELECT desk.fill('stranger', 'o1', 'CONFIRMED', 'a.up', 4, 0.5, NULL);
SELECT venue_trade_id, status, trim_scale(money) AS money, trim_scale(fee) AS fee FROM arbees.orphan_fills ORDER BY 1;
CREATE FUNCTION desk.adopt(symbol text, qty numeric, price numeric, reason text DEFAULT 'bought by hand', portfolio text DEFAULT 'live') RETURNS text
	LANGUAGE plpgsql AS $$
BEGIN
	PERFORM arbees_adopt(portfolio, symbol, qty, price, reason);
	RETURN 'adopted';
EXCEPTION WHEN OTHERS THEN
	RETURN regexp_replace(format('%s %s', SQLSTATE, SQLERRM), 'reconciliation \d+', 'reconciliation N');
END
$$;
SELECT desk.adopt('a.up', 10, 0.5) AS not_shown_yet;
SELECT * FROM desk.reconcile(-5.175, '{a.up}', '{10}');
SELECT desk.adopt('a.up', 10.01, 0.5) AS too_many, desk.adopt('b.up', 1, 0.5) AS unheard_of, desk.adopt('w.up', 1, 0.5) AS no_difference,
	desk.adopt('a.up', 0, 0.5) AS nothing, desk.adopt('a.up', 'NaN', 0.5) AS no_number, desk.adopt('a.up', 1, 1) AS dear,
	desk.adopt('a.up', 1, 0.5, ' ') AS no_reason, desk.adopt('a.up', 1, 0.5, 'r', 'paper') AS in_paper;
SELECT desk.adopt('a.up', 10, 0.6) AS another_price;
SELECT desk.adopt('a.up', 10, 0.5), desk.adopt('a.up', 10, 0.5) AS twice;
SELECT kind, trim_scale(cash_change) AS cash, trim_scale(heat - lag(heat) OVER (ORDER BY seq)) AS heat, reference ~ '^adopt-\d+-\d+-1$' AS reference
	FROM arbees.portfolio_ledger WHERE portfolio_id = desk.portfolio('live') ORDER BY seq DESC LIMIT 1;
SELECT p.state, trim_scale(qty) AS qty, trim_scale(cost) AS cost, trim_scale(fees) AS fees, trim_scale(stop_loss_pct) AS stop, s.name, d.state AS deployment
	FROM arbees.positions p JOIN arbees.deployments d USING (deployment_id) JOIN arbees.strategies s USING (strategy_id) ORDER BY position_id DESC LIMIT 1;
SELECT trim_scale(a.qty) AS qty, trim_scale(a.money) AS money, trim_scale(a.fee) AS fee, a.reason, (SELECT count(*) FROM arbees.orphan_fills o WHERE o.adoption_id = a.adoption_id) AS fills
	FROM arbees.adoptions a;
SELECT count(*) FROM arbees.journal_desk WHERE kind = 'adopted';
SELECT * FROM desk.books('live');
SELECT * FROM desk.reconcile();
SELECT arbees_reset_breaker('live', 'adopted');
SELECT count(*) FROM arbees.open_discrepancies;
SELECT * FROM arbees.audit_findings;
-- It enters nothing and is closed like any other position: by its stop.
SELECT desk.try(desk.signal('{"key": "x1", "symbol": "a.up"}'), 'live', 'adopted') ~ '^denied' AS denied;
SELECT purpose, side, symbol, trim_scale(amount) AS amount FROM desk.quote('LIVE', desk.clock() + 1, 'a.up', 0.10, 0.12);
SELECT state, exit_reason FROM arbees.positions ORDER BY position_id DESC LIMIT 1;
-- Shares that came without any fill: in two parts, at the price that is named.
SELECT * FROM desk.reconcile(0, '{b.up,w.down}', '{1,7}');
SELECT desk.adopt('w.down', 3, 0), desk.adopt('w.down', 4, 0), desk.adopt('w.down', 1, 0) AS beyond;
SELECT count(DISTINCT reference) FROM arbees.adoptions;
SELECT kind, subject, ours, theirs FROM desk.open_ones();
SELECT * FROM desk.books('live');
-- What is listed twice differs once.
SELECT FROM desk.reconcile(0, '{b.up,b.up}', '{1,1}');
SELECT kind, subject FROM desk.open_ones() WHERE subject = 'b.up';
-- Who may: risk, nobody else.
SELECT r, has_function_privilege(r, 'arbees_adopt(text, text, numeric, numeric, text)', 'EXECUTE') AS may
	FROM unnest(ARRAY['arbees_risk', 'arbees_operator', 'arbees_worker', 'arbees_viewer', 'public']) r;
