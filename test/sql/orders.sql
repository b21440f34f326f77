\set ECHO none
\getenv dir PG_ABS_SRCDIR
\set desk :dir '/sql/desk.inc'
\i :desk
-- Orders and positions: their tables of transitions, the whole square of them, and the guards nobody gets past.

-- The tables themselves: rules rise, one edge per state and event, states are the labels, every state is reached and left.
CREATE VIEW desk.machines AS
	SELECT 'order' AS machine, t.*, 'arbees.order_state'::regtype AS type, 'NEW' AS first, '{FILLED,CANCELED,EXPIRED,REJECTED}'::text[] AS final FROM arbees.order_transitions t
	UNION ALL SELECT 'position', t.*, 'arbees.position_state'::regtype, 'ENTRY', '{CLOSED}' FROM arbees.position_transitions t;
SELECT machine, count(*) AS rules, count(*) = count(DISTINCT rule) AS rules_differ, count(*) = count(DISTINCT (from_state, event)) AS one_edge,
	bool_and(meaning <> '') AS all_explained FROM desk.machines GROUP BY 1 ORDER BY 1;
SELECT machine, rule FROM (SELECT machine, rule, lag(rule) OVER (PARTITION BY machine ORDER BY n) AS before
	FROM (SELECT *, row_number() OVER () AS n FROM desk.machines) m) r WHERE rule <= before;
SELECT DISTINCT machine, s AS no_label FROM desk.machines m, unnest(ARRAY[from_state, to_state]) s
WHERE NOT EXISTS (SELECT FROM pg_enum e WHERE e.enumtypid = m.type AND e.enumlabel = s);
WITH RECURSIVE labels AS (SELECT DISTINCT machine, enumlabel::text AS state, first, final FROM desk.machines m JOIN pg_enum e ON e.enumtypid = m.type),
reached AS (SELECT DISTINCT machine, first AS state FROM labels UNION SELECT m.machine, m.to_state FROM reached r JOIN desk.machines m ON m.machine = r.machine AND m.from_state = r.state)
SELECT machine, state, r.state IS NOT NULL AS reached, state = ANY (final) OR EXISTS (SELECT FROM desk.machines m
	WHERE m.machine = l.machine AND m.from_state = l.state AND m.to_state <> l.state) AS can_be_left
FROM labels l LEFT JOIN reached r USING (machine, state) WHERE r.state IS NULL OR NOT (state = ANY (final) OR EXISTS (SELECT FROM desk.machines m
	WHERE m.machine = l.machine AND m.from_state = l.state AND m.to_state <> l.state)) ORDER BY 1, 2;
-- From every state of a position there is a way to its end.
WITH RECURSIVE ends AS (SELECT 'CLOSED'::text AS state UNION SELECT t.from_state FROM ends e JOIN arbees.position_transitions t ON t.to_state = e.state)
SELECT e.enumlabel AS never_ends FROM pg_enum e WHERE enumtypid = 'arbees.position_state'::regtype AND enumlabel NOT IN (SELECT state FROM ends);

-- The square: an order in every state, and everything that may be said of it.
SELECT desk.go_live(50);
SELECT FROM desk.quote('LIVE', 100, 'w.up', 0.50, 0.52);
CREATE FUNCTION desk.the() RETURNS bigint LANGUAGE sql STABLE AS 'SELECT max(order_id) FROM arbees.orders WHERE mode = ''LIVE''';
CREATE FUNCTION desk.say(what text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	CASE
		WHEN what = 'claim' THEN PERFORM arbees.claim_order(desk.account(), desk.epoch(), desk.the(), 'venue', sha256(''), E'POST /order\n\n');
		WHEN what = 'tick' THEN CALL arbees.tick();
		WHEN what = 'operator' THEN PERFORM arbees_cancel(desk.the());
		WHEN what = 'killed' THEN PERFORM arbees_kill('pause'), arbees.step_orders(), arbees_resume('go on');
		WHEN what IN ('part', 'fill', 'failed') THEN
			PERFORM arbees.report_fill(desk.account(), desk.epoch(), 'venue', CASE what WHEN 'failed' THEN 'part' ELSE what END,
				CASE what WHEN 'failed' THEN 'FAILED' ELSE 'MATCHED' END, 'w.up', 'BUY', q, 0.5, q / 2, 0, NULL, desk.ms(100))
			FROM (VALUES (CASE WHEN what = 'fill' THEN 4.0 ELSE 1.0 END)) v (q);
		ELSE PERFORM arbees.report_order(desk.account(), desk.epoch(), desk.the(), what, NULL,
			CASE WHEN what = 'closed' THEN (SELECT filled_qty FROM arbees.orders WHERE order_id = desk.the()) END, 'test');
	END CASE;
END
$$;
CREATE FUNCTION desk.square(path text, said text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	step	text;
	was		text;
	became	text;
BEGIN
	BEGIN
		PERFORM desk.try(desk.signal('{"amount": 2}'), 'live');
		FOREACH step IN ARRAY string_to_array(path, ' ') LOOP
			PERFORM desk.say(step);
		END LOOP;
		SELECT o.state INTO was FROM arbees.orders o WHERE order_id = desk.the();
		became := '-';
		BEGIN
			PERFORM desk.say(said);
			SELECT o.state INTO became FROM arbees.orders o WHERE order_id = desk.the();
			IF was <> became AND NOT EXISTS (SELECT FROM arbees.order_transitions t JOIN arbees.orders o ON o.state_rule = t.rule
				WHERE o.order_id = desk.the() AND t.from_state = was AND t.to_state = became) THEN
				became := became || ' without a rule';
			END IF;
			IF NOT (SELECT add_up FROM desk.books('live')) THEN
				became := became || ', books do not add up';
			END IF;
		EXCEPTION WHEN SQLSTATE 'RB003' THEN
			became := 'RB003';
		END;
		RAISE EXCEPTION USING ERRCODE = 'DK000', MESSAGE = was || ':' || CASE WHEN became = was THEN '.' ELSE became END;
	EXCEPTION WHEN SQLSTATE 'DK000' THEN
		RETURN SQLERRM;
	END;
END
$$;
-- A dot: it stays as it was.
SELECT split_part(min(r), ':', 1) AS "from", path, string_agg(said || ' ' || split_part(r, ':', 2), ', ' ORDER BY n) AS "to"
FROM unnest(ARRAY['', 'claim', 'claim accepted', 'claim part', 'claim fill', 'claim canceled', 'killed', 'claim rejected', 'claim unknown', 'claim part unknown', 'claim part canceled'])
		WITH ORDINALITY p (path, p),
	unnest(ARRAY['claim', 'accepted', 'matched', 'part', 'fill', 'failed', 'closed', 'canceled', 'rejected', 'unknown', 'not_sent', 'not_found', 'operator', 'tick'])
		WITH ORDINALITY s (said, n),
	LATERAL desk.square(path, said) r
GROUP BY p, path ORDER BY p;

-- Nobody writes by hand, whatever the statement, the role or the way.
SELECT FROM desk.quote('PAPER', 100, 'w.up', 0.50, 0.52);
SELECT desk.try(desk.signal('{"key": "paper"}')), desk.try(desk.signal('{"key": "live", "amount": 2}'), 'live');
CREATE VIEW desk.through AS SELECT * FROM arbees.orders;
CREATE VIEW desk.through_leaf AS SELECT * FROM arbees.orders_paper;
CREATE FUNCTION desk.by_hand() RETURNS TABLE (statement text, answer text) LANGUAGE sql AS $$
	SELECT s, desk.attempt(s) FROM unnest(ARRAY[
		'UPDATE arbees.orders SET state = state', 'UPDATE arbees.orders_live SET venue_order_id = ''x''', 'UPDATE desk.through SET reserved = 0', 'UPDATE desk.through_leaf SET reserved = 0',
		'DELETE FROM arbees.orders', 'DELETE FROM arbees.orders_paper', 'DELETE FROM desk.through', 'TRUNCATE arbees.orders, arbees.fills, arbees.order_payloads', 'TRUNCATE arbees.orders_live CASCADE',
		'INSERT INTO arbees.orders SELECT * FROM arbees.orders', 'INSERT INTO arbees.orders_live SELECT * FROM arbees.orders_live', 'INSERT INTO desk.through_leaf SELECT * FROM desk.through_leaf',
		'INSERT INTO arbees.orders SELECT * FROM arbees.orders ON CONFLICT DO NOTHING',
		'INSERT INTO arbees.orders SELECT * FROM arbees.orders ON CONFLICT (order_id, portfolio_id, mode) DO UPDATE SET reserved = 0',
		'MERGE INTO arbees.orders o USING (SELECT 1) x ON true WHEN MATCHED THEN UPDATE SET reserved = 0',
		'MERGE INTO arbees.orders o USING (SELECT 1) x ON true WHEN MATCHED THEN DELETE',
		'UPDATE arbees.orders SET mode = ''LIVE'', portfolio_id = desk.portfolio(''live'') WHERE mode = ''PAPER''',
		'UPDATE arbees.positions SET qty = 0', 'DELETE FROM arbees.positions', 'TRUNCATE arbees.positions CASCADE', 'INSERT INTO arbees.positions SELECT * FROM arbees.positions',
		'UPDATE arbees.fills SET qty = 0', 'DELETE FROM arbees.fills', 'TRUNCATE arbees.fills', 'INSERT INTO arbees.fills SELECT * FROM arbees.fills',
		'UPDATE arbees.decisions SET verdict = ''accepted''', 'DELETE FROM arbees.decisions', 'TRUNCATE arbees.decisions CASCADE', 'INSERT INTO arbees.decisions SELECT * FROM arbees.decisions',
		'UPDATE arbees.portfolio_ledger SET cash = 1000000', 'DELETE FROM arbees.portfolio_ledger', 'TRUNCATE arbees.portfolio_ledger', 'TRUNCATE arbees.portfolio_ledger_paper',
		'INSERT INTO arbees.portfolio_ledger SELECT * FROM arbees.portfolio_ledger']) s
$$;
SELECT * FROM desk.by_hand();
COPY arbees.portfolio_ledger (portfolio_id, seq, mode, kind, cash) FROM stdin;
1	99	PAPER	DEPOSIT	1
\.
COPY arbees.portfolio_ledger_paper (portfolio_id, seq, mode, kind, cash) FROM stdin;
1	99	PAPER	DEPOSIT	1
\.
SET session_replication_role = replica;
SELECT left(answer, 5) AS answer, count(*) FROM desk.by_hand() GROUP BY 1;
RESET session_replication_role;
-- A guard that opened for the gate is shut again, after an error inside it too.
BEGIN;
SELECT desk.try(desk.signal('{"key": "in a block"}'));
SELECT desk.try(desk.signal('{"key": "error", "instrument_id": -1}'));
SELECT desk.attempt('DELETE FROM arbees.orders'), desk.attempt('UPDATE arbees.portfolio_ledger SET cash = 0');
COMMIT;
-- Roles of the desk may not even try.
SELECT r AS role, t AS "table", bool_or(has_table_privilege(r, 'arbees.' || t, p)) AS may_write
FROM unnest(ARRAY['arbees_viewer', 'arbees_operator', 'arbees_risk', 'arbees_worker', 'arbees_strategy']) r, unnest(ARRAY['orders', 'positions', 'fills', 'decisions', 'portfolio_ledger', 'order_payloads']) t,
	unnest(ARRAY['INSERT', 'UPDATE', 'DELETE', 'TRUNCATE']) p GROUP BY 1, 2 HAVING bool_or(has_table_privilege(r, 'arbees.' || t, p));
-- Every guard fires always, on every leaf.
SELECT count(*) AS guards, bool_and(t.tgenabled = 'A') AS always FROM pg_trigger t WHERE NOT tgisinternal AND tgrelid IN (
	SELECT c.oid FROM pg_class c WHERE relnamespace = 'arbees'::regnamespace AND relkind IN ('r', 'p') AND relname ~ '^(orders|positions|fills|decisions|portfolio_ledger|order_payloads)(_live|_paper|_dry_run)?$');
SELECT c.relname AS unguarded FROM pg_class c WHERE relnamespace = 'arbees'::regnamespace AND relkind IN ('r', 'p')
	AND relname ~ '^(orders|positions|fills|decisions|portfolio_ledger|order_payloads)(_live|_paper|_dry_run)?$'
	AND (SELECT count(*) FROM pg_trigger t WHERE t.tgrelid = c.oid AND NOT tgisinternal) < 2;

-- Rows that must not be: even where guards let everything in, constraints do not.
SELECT arbees.release_trader(desk.account(), desk.epoch());
SET arbees.maintenance = restore;
CREATE FUNCTION desk.refused(tab text, source text, given jsonb) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	broken	text;
BEGIN
	BEGIN
		EXECUTE format('INSERT INTO arbees.%1$I SELECT (jsonb_populate_record(t, %3$L)).* FROM arbees.%1$I t WHERE %2$s LIMIT 1', tab, source, given);
		RAISE EXCEPTION USING ERRCODE = 'DK000';
	EXCEPTION WHEN SQLSTATE 'DK000' THEN
		RETURN 'taken';
	WHEN OTHERS THEN
		GET STACKED DIAGNOSTICS broken = CONSTRAINT_NAME;
		RETURN concat_ws(' ', SQLSTATE, coalesce(nullif(broken, ''), SQLERRM));
	END;
END
$$;
-- The client's id follows from the order's own; what is given comes last.
CREATE FUNCTION desk.other_order(given jsonb) RETURNS jsonb LANGUAGE sql STABLE AS $$
	SELECT '{"order_id": 99, "entry_no": 2}'::jsonb || jsonb_build_object('client_order_id',
		format('ab1-%s-99', coalesce(given ->> 'portfolio_id', desk.portfolio('live')::text))) || given
$$;
SELECT given, desk.refused('orders', 'mode = ''LIVE''', desk.other_order(given)) AS answer FROM unnest(ARRAY[
	'{}', '{"state": "SENDING", "claimed_at": "2026-01-01", "claimed_epoch": 1, "body_hash": "\\x00"}',
	'{"state": "OPEN", "claimed_at": "2026-01-01", "claimed_epoch": 1, "body_hash": "\\x00", "venue_order_id": "v"}',
	'{"state": "OPEN", "venue_order_id": "v"}', '{"state": "UNKNOWN", "claimed_at": "2026-01-01", "claimed_epoch": 1, "body_hash": "\\x00"}',
	'{"state": "UNKNOWN", "claimed_at": "2026-01-01", "claimed_epoch": 1, "body_hash": "\\x00", "derives_order_id": false}',
	'{"state": "OPEN", "claimed_at": "2026-01-01", "claimed_epoch": 1, "body_hash": "\\x00", "derives_order_id": false}',
	'{"state": "CANCELED", "finished_at": "2026-01-01"}', '{"state": "CANCELED"}', '{"finished_at": "2026-01-01"}',
	'{"state": "CANCELED", "finished_at": "2026-01-01", "claimed_at": "2026-01-01"}', '{"state": "REJECTED", "finished_at": "2026-01-01"}',
	'{"client_order_id": "ab1-x"}', '{"entry_no": 1}', '{"entry_no": 3}', '{"entry_no": null}', '{"purpose": "EXIT"}',
	'{"amount": 0}', '{"amount": "NaN"}', '{"limit_price": 0}', '{"side": "SELL"}', '{"salt": 9007199254740992}', '{"salt": -1}', '{"reserved": -0.01}',
	'{"time_in_force": "GTD"}', '{"expires_at": "2026-01-01"}', '{"portfolio_id": 1}', '{"portfolio_id": 77}', '{"decision_id": 999}', '{"position_id": 999}', '{"mode": "PAPER"}']::jsonb[]) given;
SELECT given, desk.refused('positions', 'mode = ''PAPER''', '{"position_id": 99}'::jsonb || given) AS answer FROM unnest(ARRAY[
	'{}', '{"state": "CLOSED"}', '{"state": "CLOSED", "closed_at": "2026-01-01"}', '{"closed_at": "2026-01-01"}', '{"state": "EXIT_PENDING"}',
	'{"state": "EXIT_PENDING", "exit_reason": "kill", "trigger_at": "2026-01-01"}', '{"stop_loss_pct": -1}', '{"stop_loss_pct": 101}', '{"take_profit_pct": -1}',
	'{"window_id": 999}', '{"portfolio_id": 999}']::jsonb[]) given;
-- A venue's facts pass, numbers that are none do not.
SELECT given, desk.refused('fills', 'mode = ''PAPER''', '{"fill_id": 99, "venue_trade_id": "t"}'::jsonb || given) AS answer FROM unnest(ARRAY[
	'{}', '{"qty": -5}', '{"price": 7}', '{"fee": 0.000000019}', '{"qty": "NaN"}', '{"fee": "NaN"}', '{"price": "Infinity"}', '{"settlement": "VOIDED"}', '{"order_id": 999}']::jsonb[]) given;
SELECT desk.refused('fills', 'mode = ''PAPER''', '{"fill_id": 99}') AS same_trade_twice, desk.refused('orders', 'mode = ''LIVE''',
	'{"order_id": 99, "entry_no": 2, "state": "NEW"}') AS client_order_id_of_another;
SELECT desk.by_force('orders_live', $$UPDATE arbees.orders_live SET venue_order_id = 'taken'$$);
SELECT desk.refused('orders', 'mode = ''LIVE''', desk.other_order('{}')) AS same_venue_order_id;
SELECT left(given::text, 40) AS given, desk.refused('decisions', 'mode = ''PAPER''', '{"decision_id": 99, "signal_key": "other"}'::jsonb || given) AS answer FROM unnest(ARRAY[
	'{}', '{"signal_key": "paper"}', '{"signal_key": ""}', '{"reason": "x"}', '{"verdict": "denied"}']::jsonb[] || ARRAY[jsonb_build_object('input', '\x' || repeat('00', 2048)), jsonb_build_object('signal_key', repeat('k', 129))]) given;
RESET arbees.maintenance;
