\set ECHO none
\getenv dir PG_ABS_SRCDIR
\set desk :dir '/sql/desk.inc'
\i :desk
-- DRY_RUN: all that LIVE does up to the claim, which fills the order from the book it was judged by. And the requests that are kept.
SELECT desk.go_live(50);
SELECT kill_level, dry_run FROM arbees.worker_heartbeat('worker', '{}');
SELECT arbees_create_portfolio(p, 'DRY_RUN', 'sim', 'wallet') > 0 AS made FROM unnest(ARRAY['dry', 'dry2']) p;
SELECT arbees_deposit(p, 50, 'start'), arbees_deploy('silent', p, '{}') > 0 AS deployed FROM unnest(ARRAY['dry', 'dry2']) p;
SELECT desk.attempt('SELECT arbees_create_portfolio(''x'', ''DRY_RUN'', ''sim'', NULL)') AS no_account,
	desk.attempt('SELECT arbees_arm(''dry'', ''not real money'')') AS armed;
SELECT kill_level, dry_run FROM arbees.worker_heartbeat('worker', '{}');
SELECT arbees_set('max_position_usd', '20', 'test');
SELECT FROM desk.quote('LIVE', 100, 'w.up', 0.50, 0.52);

CREATE FUNCTION desk.the(key text) RETURNS bigint LANGUAGE sql STABLE
	AS $$ SELECT max(order_id) FROM arbees.orders JOIN arbees.decisions USING (decision_id) WHERE signal_key = $1 $$;
CREATE FUNCTION desk.request(body text) RETURNS text LANGUAGE sql IMMUTABLE
	AS $$ SELECT E'POST /order\nPOLY_ADDRESS: 0xaa\nPOLY_SIGNATURE: [redacted]\nPOLY_TIMESTAMP: 1\n\n' || $1 $$;
CREATE FUNCTION desk.claim(key text) RETURNS text LANGUAGE sql AS $$
	SELECT CASE WHEN claimed THEN 'claimed' ELSE reason END FROM arbees.claim_order(desk.account(), desk.epoch(), desk.the($1),
		'venue-' || $1, sha256('{}'), desk.request('{}'))
$$;
CREATE FUNCTION desk.show(key text, OUT mode text, OUT state text, OUT filled numeric, OUT money numeric, OUT fees numeric, OUT venue_id text,
	OUT hash_kept boolean, OUT claimed boolean, OUT reason text)
LANGUAGE sql STABLE AS $$
	SELECT o.mode::text, o.state::text, trim_scale(o.filled_qty), trim_scale(o.filled_money), trim_scale(o.fees), o.venue_order_id,
		o.body_hash = sha256('{}'), o.claimed_epoch = desk.epoch(), o.last_reason
	FROM arbees.orders o WHERE order_id = desk.the($1)
$$;

-- The same signal in three modes: PAPER trades at once, the others wait for the worker.
SELECT p, desk.try(desk.signal(jsonb_build_object('key', p)), p) FROM unnest(ARRAY['live', 'dry', 'paper']) p;
SELECT p, s.* FROM unnest(ARRAY['live', 'dry', 'paper']) p, desk.show(p) s;
SELECT kind, state, order_id = desk.the('dry') AS of_dry, dry_run, client_order_id LIKE 'ab1-%' AS named, symbol, side, amount, limit_price
FROM arbees.pending_work(desk.account(), desk.epoch());

-- A claim brings the request that is to be sent; one that is not what it says is refused, and claims nothing.
SELECT what, desk.attempt(format('SELECT arbees.claim_order(desk.account(), desk.epoch(), %s, ''v'', %s, %s)', desk.the('dry'), hash, request))
FROM (VALUES ('other body', 'sha256(''{}'')', 'desk.request(''{ }'')'),
	('a byte more', 'sha256(''{}'')', 'desk.request(E''{}\n'')'),
	('no empty line', 'sha256(''{}'')', 'E''POST /order\nA: b\n'''),
	('nothing', 'sha256('''')', ''''''),
	('no method', 'sha256(''{}'')', 'E''\n\n{}'''),
	('nameless header', 'sha256(''{}'')', 'E''POST /order\n: x\n\n{}'''),
	('no colon', 'sha256(''{}'')', 'E''POST /order\nx\n\n{}'''),
	('a signature', 'sha256(''{}'')', 'E''POST /order\nPOLY_SIGNATURE: abc\n\n{}'''),
	('a passphrase', 'sha256(''{}'')', 'E''POST /order\nPoly_Passphrase: abc\n\n{}'''),
	('an API key', 'sha256(''{}'')', 'E''POST /order\nPOLY_API_KEY: [redacted]x\n\n{}'''),
	('a bearer', 'sha256(''{}'')', 'E''POST /order\nauthorization: Bearer x\n\n{}'''),
	('too long', 'sha256(''{}'')', 'desk.request(repeat(''x'', 20000))'),
	('none', 'sha256(''{}'')', 'NULL')) v (what, hash, request);
SELECT state FROM desk.show('dry');
SELECT count(*) AS kept FROM arbees.order_payloads;

-- A DRY_RUN claim is the whole of it: claimed, kept and filled in one transaction.
BEGIN;
SELECT desk.claim('dry');
SELECT state, filled FROM desk.show('dry');
ROLLBACK;
SELECT state, filled FROM desk.show('dry');
SELECT count(*) AS kept FROM arbees.order_payloads;
SELECT desk.claim('dry'), desk.claim('live');
SELECT p, s.* FROM unnest(ARRAY['live', 'dry', 'paper']) p, desk.show(p) s;
SELECT mode, venue_order_id, body_hash = sha256('{}') AS hash_of_body, request = desk.request('{}') AS request,
	claimed_at = (SELECT o.claimed_at FROM arbees.orders o WHERE o.order_id = p.order_id) AS then
FROM arbees.order_payloads p ORDER BY mode;
SELECT * FROM desk.books('dry');
SELECT desk.claim('dry') AS again;
-- Filled by what it was judged by, not by what is quoted when the worker comes: the price has moved, and only ten were shown.
SELECT FROM desk.quote('LIVE', 101, 'w.up', 0.50, 0.52, 10);
SELECT desk.try(desk.signal('{"key": "thin", "amount": 8, "stop_loss_pct": 10}'), 'dry'), desk.try(desk.signal('{"key": "all or none", "amount": 8, "time_in_force": "FOK"}'), 'dry2');
SELECT FROM desk.quote('LIVE', 102, 'w.up', 0.70, 0.72);
SELECT desk.claim('thin'), desk.claim('all or none');
SELECT s.* FROM unnest(ARRAY['thin', 'all or none']) k, desk.show(k) s;

-- No venue speaks of it; that it cannot be built is all there is to say.
SELECT desk.attempt(format('SELECT arbees.report_order(desk.account(), desk.epoch(), %s, %L, NULL, NULL, NULL)', desk.the('dry'), e))
FROM unnest(ARRAY['accepted', 'matched', 'closed', 'canceled', 'rejected', 'unknown', 'not_found']) e;
SELECT FROM desk.quote('LIVE', 103, 'w.down', 0.28, 0.30);
SELECT desk.try(desk.signal('{"key": "unbuildable", "symbol": "w.down"}'), 'dry');
SELECT arbees.report_order(desk.account(), desk.epoch(), desk.the('unbuildable'), 'not_sent', NULL, NULL, 'cannot be built');
SELECT arbees.report_order(desk.account(), desk.epoch(), desk.the('dry'), 'not_sent', NULL, NULL, 'late news');
SELECT k, s.state, s.reason FROM unnest(ARRAY['unbuildable', 'dry']) k, desk.show(k) s;
SELECT arbees.report_fill(desk.account(), desk.epoch(), 'venue-dry', 'trade', 'MATCHED', 'w.up', 'BUY', 1, 0.52, 0.52, 0, 'TAKER', desk.ms(102));
SELECT desk.try(desk.signal('{"key": "after an orphan", "symbol": "w.down"}'), 'dry');

-- What rests, rests in the database: a quote fills it, flatten ends it.
SELECT desk.agree();
SELECT desk.try(desk.signal('{"key": "rests", "symbol": "w.down", "amount_kind": "base", "amount": 5, "limit_price": 0.20, "time_in_force": "GTC"}'), 'dry2');
SELECT desk.claim('rests');
SELECT state, filled FROM desk.show('rests');
SELECT count(*) AS work FROM arbees.pending_work(desk.account(), desk.epoch()) WHERE dry_run;
SELECT FROM desk.quote('DRY_RUN', 104, 'w.down', 0.18, 0.20, 3);
SELECT state, filled, money, fees FROM desk.show('rests');
SELECT * FROM desk.books('dry2');

-- An exit goes through the worker as well: by a stop, and by hand.
SELECT n, state, qty, cost FROM desk.positions('dry');
SELECT purpose, side, amount, limit_price, time_in_force, dry_run FROM arbees.on_quotes(desk.venue('sim'), 'DRY_RUN', desk.ms(105), ARRAY[desk.instrument('w.up')],
	ARRAY[0.40], ARRAY[1000], ARRAY[0.42], ARRAY[1000], ARRAY[desk.ms(105)], '{}', '{}', '{}');
SELECT n, state, qty, why FROM desk.positions('dry');
SELECT arbees_close(max(position_id)) FROM arbees.positions WHERE portfolio_id = desk.portfolio('dry') AND state = 'MONITORING';
SELECT kind, purpose, side, dry_run FROM arbees.pending_work(desk.account(), desk.epoch()) WHERE dry_run;
SELECT c.claimed, c.reason FROM arbees.pending_work(desk.account(), desk.epoch()) w,
	arbees.claim_order(desk.account(), desk.epoch(), w.order_id, 'venue-exit-' || w.order_id, sha256('{}'), desk.request('{}')) c WHERE w.dry_run;
SELECT n, state, qty, sold, realized, why FROM desk.positions('dry');
SELECT * FROM desk.books('dry');

-- The kill switch and a portfolio's own level stop its claims; what rests is cancelled.
SELECT desk.try(desk.signal('{"key": "killed", "symbol": "w.down", "limit_price": 0.22}'), 'dry');
UPDATE arbees.portfolios SET kill_level = 'pause' WHERE name = 'dry';
SELECT desk.claim('killed') AS own_level;
UPDATE arbees.portfolios SET kill_level = 'none' WHERE name = 'dry';
SELECT level FROM arbees_kill('flatten', 'test');
SELECT desk.claim('killed') AS desk_level;
SELECT arbees.step_orders();
SELECT k, s.state, s.reason FROM unnest(ARRAY['killed', 'rests']) k, desk.show(k) s;
SELECT FROM arbees_resume('test');

-- A window's end pays it as it pays PAPER: nobody redeems.
SELECT arbees.report_resolution(desk.venue('sim'), 'w', 'UP', NULL, NULL, desk.ms(301));
SELECT FROM desk.quote('DRY_RUN', 302, 'w.up', 0.99, 1);
SELECT kind, cash, claimable, positions, orders, add_up FROM desk.books('dry2');
SELECT count(*) AS awaited FROM arbees.redemptions JOIN arbees.portfolios USING (portfolio_id) WHERE mode = 'DRY_RUN';

-- What PAPER would have sent is recorded after the fact, once; what is claimed is not recorded this way.
SELECT arbees.record_payload(desk.the('paper'), NULL, sha256('{}'), E'POST /order\nPOLY_SIGNATURE: [unsigned]\n\n{}') AS first,
	arbees.record_payload(desk.the('paper'), NULL, sha256('{}'), desk.request('{}')) AS second;
SELECT desk.attempt(format('SELECT arbees.record_payload(%s, ''x'', sha256(''{}''), desk.request(''{}''))', desk.the(k))) FROM unnest(ARRAY['live', 'dry']) k;
SELECT desk.attempt(format('SELECT arbees.record_payload(%s, ''x'', sha256(''x''), desk.request(''{}''))', desk.the('paper'))) AS other_hash,
	desk.attempt(format('SELECT arbees.record_payload(%s, ''x'', sha256(''{}''), NULL)', desk.the('paper'))) AS nothing;
SELECT mode, venue_order_id, split_part(request, E'\n', 2) AS header FROM arbees.order_payloads WHERE mode = 'PAPER';

-- Who reads them, and who writes them.
SELECT desk.attempt(s) FROM unnest(ARRAY['UPDATE arbees.order_payloads SET request = ''''', 'DELETE FROM arbees.order_payloads', 'TRUNCATE arbees.order_payloads',
	'INSERT INTO arbees.order_payloads SELECT * FROM arbees.order_payloads']) s;
SELECT r, has_table_privilege(r, 'arbees.order_payloads', 'SELECT') AS reads, has_table_privilege(r, 'arbees.order_payloads_live', 'SELECT') AS reads_leaf,
	has_function_privilege(r, 'arbees.record_payload(bigint, text, bytea, text)', 'EXECUTE') AS records
FROM unnest(ARRAY['arbees_viewer', 'arbees_operator', 'arbees_risk', 'arbees_worker', 'arbees_strategy']) r;
SELECT finding, detail FROM arbees.audit_findings ORDER BY 1, 2;
SELECT desk.by_force('order_payloads_live', 'DELETE FROM arbees.order_payloads_live');
SELECT finding, detail FROM arbees.audit_findings ORDER BY 1, 2;

-- Two portfolios, trade by trade.
SELECT desk.make_window('x', 400, 700);
SELECT FROM desk.quote('LIVE', 401, 'x.up', 0.50, 0.52);
SELECT desk.try(desk.signal('{"key": "same", "symbol": "x.up"}'), p) FROM unnest(ARRAY['paper', 'dry']) p;
SELECT desk.claim('same');
SELECT desk.try(desk.signal('{"key": "price", "symbol": "x.up"}'), 'paper');
SELECT FROM desk.quote('LIVE', 402, 'x.up', 0.49, 0.50);
SELECT desk.try(desk.signal('{"key": "price", "symbol": "x.up"}'), 'dry');
SELECT desk.claim('price');
SELECT desk.try(desk.signal('{"key": "refused", "symbol": "x.down", "amount": 40}'), 'dry') AS dry;
SELECT FROM desk.quote('LIVE', 403, 'x.down', 0.49, 0.50);
SELECT desk.try(desk.signal('{"key": "refused", "symbol": "x.down", "amount": 4}'), 'paper') AS paper;
SELECT arbees.report_resolution(desk.venue('sim'), 'x', 'UP', NULL, NULL, desk.ms(701));
SELECT FROM desk.quote('PAPER', 702, 'x.up', 0.99, 1);
SELECT FROM desk.quote('DRY_RUN', 702, 'x.up', 0.99, 1);
\x on
SELECT * FROM arbees_divergence('paper', 'dry') WHERE signal_key IN ('same', 'price', 'refused');
\x off
SELECT signal_key, match, differs FROM arbees_divergence('live', 'dry') ORDER BY 1;
SELECT signal_key, match, pnl_difference FROM arbees_divergence('dry', 'paper') WHERE signal_key IN ('price', 'refused') ORDER BY 1;
SELECT desk.attempt('SELECT arbees_divergence(''paper'', ''nobody'')');
SELECT add_up FROM desk.books('dry') UNION ALL SELECT add_up FROM desk.books('dry2') UNION ALL SELECT add_up FROM desk.books('paper');
