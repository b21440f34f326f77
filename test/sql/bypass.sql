\set ECHO none
\getenv dir PG_ABS_SRCDIR
\set desk :dir '/sql/desk.inc'
\i :desk
-- Ways around the gate: each is tried by each role; a cell is the SQLSTATE of the refusal.
\set SHOW_CONTEXT never

-- Something to get at: a position held, an order at rest, a fill, two kinds of decision.
SELECT FROM desk.quote('PAPER', 100, 'w.up', 0.50, 0.52);
SELECT desk.try(desk.signal('{"key": "held"}')), desk.try(desk.signal('{"key": "denied", "amount": 99}')),
	desk.try(desk.signal('{"key": "rests", "amount_kind": "base", "amount": 5, "limit_price": 0.30, "time_in_force": "GTC"}'));

-- The tables, one leaf of each, a column to write, its key.
CREATE TABLE desk.targets (n serial, name text, leaf text, col text, key text);
INSERT INTO desk.targets (name, leaf, col, key) VALUES
	('orders', 'orders_paper', 'reserved', 'order_id, portfolio_id, mode'),
	('positions', 'positions_paper', 'qty', 'position_id, portfolio_id, mode'),
	('decisions', 'decisions_paper', 'reason', 'decision_id, portfolio_id, mode'),
	('fills', 'fills_paper', 'qty', 'fill_id, portfolio_id, mode'),
	('portfolio_ledger', 'portfolio_ledger_paper', 'cash', 'portfolio_id, seq, mode'),
	('journal', 'journal_desk', 'message', 'journal_id'),
	('kill_levels', 'kill_levels', 'level', 'seq'),
	('runtime_controls', 'runtime_controls', 'description', 'key');

CREATE TABLE desk.ways (n serial, way text, statement text);
INSERT INTO desk.ways (way, statement) VALUES
	('INSERT', 'INSERT INTO arbees.%name SELECT * FROM arbees.%name'),
	('INSERT, leaf', 'INSERT INTO arbees.%leaf SELECT * FROM arbees.%leaf'),
	('ON CONFLICT DO NOTHING', 'INSERT INTO arbees.%leaf SELECT * FROM arbees.%leaf ON CONFLICT DO NOTHING'),
	('ON CONFLICT DO UPDATE', 'INSERT INTO arbees.%leaf SELECT * FROM arbees.%leaf ON CONFLICT (%key) DO UPDATE SET %col = excluded.%col'),
	('UPDATE', 'UPDATE arbees.%name SET %col = %col'),
	('UPDATE, leaf', 'UPDATE arbees.%leaf SET %col = %col'),
	('UPDATE ... FROM', 'UPDATE arbees.%name t SET %col = s.%col FROM arbees.%name s'),
	('DELETE', 'DELETE FROM arbees.%name'),
	('DELETE, leaf', 'DELETE FROM ONLY arbees.%leaf'),
	('TRUNCATE', 'TRUNCATE arbees.%name CASCADE'),
	('TRUNCATE, leaf', 'TRUNCATE ONLY arbees.%leaf CASCADE'),
	('MERGE, insert', 'MERGE INTO arbees.%name t USING (SELECT * FROM arbees.%name) s ON false WHEN NOT MATCHED THEN INSERT VALUES (s.*)'),
	('MERGE, update', 'MERGE INTO arbees.%name t USING (SELECT 1) s ON true WHEN MATCHED THEN UPDATE SET %col = %col'),
	('MERGE, delete', 'MERGE INTO arbees.%name t USING (SELECT 1) s ON true WHEN MATCHED THEN DELETE'),
	('WITH ... DELETE', 'WITH gone AS (DELETE FROM arbees.%name RETURNING *) SELECT count(*) FROM gone'),
	('COPY', 'COPY (SELECT * FROM arbees.%name LIMIT 1) TO %L; COPY arbees.%name FROM %L'),
	('COPY, leaf', 'COPY (SELECT * FROM arbees.%leaf LIMIT 1) TO %L; COPY arbees.%leaf FROM %L'),
	('view, INSERT', 'CREATE TEMP VIEW v AS SELECT * FROM arbees.%name; INSERT INTO v SELECT * FROM v'),
	('view, UPDATE', 'CREATE TEMP VIEW v AS SELECT * FROM arbees.%name; UPDATE v SET %col = %col'),
	('view, DELETE', 'CREATE TEMP VIEW v AS SELECT * FROM arbees.%name; DELETE FROM v'),
	('replica, INSERT', 'SET LOCAL session_replication_role = replica; INSERT INTO arbees.%name SELECT * FROM arbees.%name'),
	('replica, UPDATE', 'SET LOCAL session_replication_role = replica; UPDATE arbees.%name SET %col = %col'),
	('replica, DELETE', 'SET LOCAL session_replication_role = replica; DELETE FROM arbees.%name'),
	('replica, TRUNCATE', 'SET LOCAL session_replication_role = replica; TRUNCATE arbees.%name CASCADE'),
	('restore, INSERT', 'SET LOCAL arbees.maintenance = restore; INSERT INTO arbees.%leaf SELECT * FROM arbees.%leaf ON CONFLICT DO NOTHING'),
	('restore, UPDATE', 'SET LOCAL arbees.maintenance = restore; UPDATE arbees.%name SET %col = %col'),
	('restore, DELETE', 'SET LOCAL arbees.maintenance = restore; DELETE FROM arbees.%name'),
	('restore, TRUNCATE', 'SET LOCAL arbees.maintenance = restore; TRUNCATE arbees.%name CASCADE'),
	('as if a replica, INSERT', 'SET LOCAL arbees.maintenance = replica; INSERT INTO arbees.%name SELECT * FROM arbees.%name'),
	('as if a replica, UPDATE', 'SET LOCAL arbees.maintenance = replica; UPDATE arbees.%name SET %col = %col'),
	('as if a replica, DELETE', 'SET LOCAL arbees.maintenance = replica; SET LOCAL session_replication_role = replica; DELETE FROM arbees.%name'),
	('LOCK', 'LOCK TABLE arbees.%name'),
	('SELECT FOR UPDATE', 'SELECT FROM arbees.%name FOR UPDATE'),
	('DROP TABLE', 'DROP TABLE arbees.%name CASCADE'),
	('trigger beside the guard', 'CREATE FUNCTION pg_temp.f() RETURNS trigger LANGUAGE plpgsql AS ''BEGIN RETURN NULL; END''; CREATE TRIGGER a BEFORE INSERT ON arbees.%leaf FOR EACH ROW EXECUTE FUNCTION pg_temp.f()'),
	('guard for a table of its own', 'CREATE TEMP TABLE t (LIKE arbees.%name); CREATE TRIGGER a BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION arbees.guard_rows(''%name'', ''closed'')');

-- Does it as a role and takes it back; the SQLSTATE, OPEN when it was done.
CREATE FUNCTION desk.as_role(who name, statement text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	BEGIN
		PERFORM set_config('role', who, true);
		EXECUTE statement;
		RAISE EXCEPTION USING ERRCODE = 'DK000';
	EXCEPTION
		WHEN SQLSTATE 'DK000' THEN
			RETURN 'OPEN';
		WHEN OTHERS THEN
			RETURN SQLSTATE;
	END;
END
$$;
CREATE FUNCTION desk.fitted(statement text, target desk.targets) RETURNS text LANGUAGE sql STABLE AS $$
	SELECT replace(replace(replace(replace(replace($1, '%L', quote_literal(current_setting('data_directory') || '/bypass')), '%name', ($2).name), '%leaf', ($2).leaf), '%col', ($2).col), '%key', ($2).key)
$$;
-- One row for each way, one column for each table.
CREATE FUNCTION desk.tried_by(who name)
RETURNS TABLE (way text, orders text, positions text, decisions text, fills text, ledger text, journal text, kill text, controls text)
LANGUAGE sql AS $$
	SELECT a[1], a[2], a[3], a[4], a[5], a[6], a[7], a[8], a[9] FROM (
		SELECT w.n, w.way || array_agg(desk.as_role(who, desk.fitted(w.statement, t)) ORDER BY t.n) AS a
		FROM desk.ways w, desk.targets t GROUP BY w.n, w.way) x
	ORDER BY n
$$;
-- What all roles but the superuser hear of every way and table, and the exceptions.
CREATE FUNCTION desk.summary(who name, OUT way text, OUT refusal text, OUT tables text) RETURNS SETOF record LANGUAGE sql AS $$
	SELECT way, refusal, string_agg(name, ' ' ORDER BY n) FROM (
		SELECT w.way, t.n, t.name, desk.as_role(who, desk.fitted(w.statement, t)) AS refusal FROM desk.ways w, desk.targets t) x
	WHERE refusal <> '42501' GROUP BY way, refusal ORDER BY 1, 2
$$;

-- Every way is closed to each role with 42501; what says otherwise is shown: a control may be locked by who may change it.
SELECT count(*) AS tried FROM desk.ways, desk.targets;
SELECT * FROM desk.summary('arbees_viewer');
SELECT * FROM desk.summary('arbees_strategy');
SELECT * FROM desk.summary('arbees_worker');
SELECT * FROM desk.summary('arbees_operator');
SELECT * FROM desk.summary('arbees_risk');
-- The owner of the extension, a superuser here: every statement meets a guard that no setting switches off. What is
-- OPEN brings no row into being: locks; what the assertions find (below); and an INSERT of a restore, which unbinds
-- the desk, so that nothing is decided or sent before arbees_resume.
SELECT * FROM desk.tried_by('postgres');

-- An owner of the tables who is no superuser, for as long as this transaction lasts.
BEGIN;
CREATE ROLE bypass_owner;
GRANT USAGE, CREATE ON SCHEMA arbees TO bypass_owner;
GRANT USAGE ON SCHEMA desk TO bypass_owner;
DO $$
DECLARE
	t	text;
BEGIN
	FOR t IN SELECT name FROM desk.targets UNION SELECT leaf FROM desk.targets UNION VALUES ('order_payloads'), ('order_payloads_paper') LOOP
		EXECUTE format('ALTER TABLE arbees.%I OWNER TO bypass_owner', t);
	END LOOP;
END
$$;
SELECT * FROM desk.tried_by('bypass_owner');
ROLLBACK;

-- A restore into a desk that trades: the journal says so and the gate stands still, until somebody resumes.
BEGIN;
SET LOCAL arbees.maintenance = restore;
INSERT INTO arbees.orders SELECT (jsonb_populate_record(o, jsonb_build_object('order_id', 999, 'client_order_id', format('ab1-%s-999', o.portfolio_id),
	'instrument_id', desk.instrument('w.down'), 'amount', 99))).*
	FROM arbees.orders o WHERE state = 'OPEN';
SELECT arbees.installation_is_ours();
SELECT kind, message FROM arbees.journal ORDER BY journal_id DESC LIMIT 1;
SELECT desk.try(desk.signal('{"key": "after a restore"}'));
ROLLBACK;

-- Whoever owns the tables can take a guard away; the next tick opens the breaker and says what it found.
CREATE FUNCTION desk.tamper(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	found	text;
BEGIN
	BEGIN
		EXECUTE statement;
		PERFORM arbees.step_assertions();
		SELECT coalesce(max(reason), 'NOT CAUGHT') INTO found FROM arbees.breakers WHERE scope = 'desk' AND state = 'OPEN';
		RAISE EXCEPTION USING ERRCODE = 'DK000', MESSAGE = found;
	EXCEPTION
		WHEN SQLSTATE 'DK000' THEN
			RETURN SQLERRM;
		WHEN OTHERS THEN
			RETURN format('%s %s', SQLSTATE, SQLERRM);
	END;
END
$$;
CREATE FUNCTION desk.let_pass() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN coalesce(NEW, OLD); END';
CREATE TABLE desk.tampering (n serial, what text, statement text);
INSERT INTO desk.tampering (what, statement) VALUES
	('nothing', 'SELECT'),
	('guard disabled', 'ALTER TABLE arbees.orders_live DISABLE TRIGGER orders_guard'),
	('guard disabled, root', 'ALTER TABLE arbees.orders DISABLE TRIGGER orders_guard'),
	('all guards disabled', 'ALTER TABLE arbees.fills_dry_run DISABLE TRIGGER ALL'),
	('guard off for replicas', 'ALTER TABLE arbees.positions_live ENABLE TRIGGER positions_guard'),
	('guard for replicas alone', 'ALTER TABLE arbees.kill_levels ENABLE REPLICA TRIGGER kill_levels_guard'),
	('guard dropped', 'DROP TRIGGER kill_levels_guard ON arbees.kill_levels'),
	('guard dropped, whole tree', 'DROP TRIGGER portfolio_ledger_guard ON arbees.portfolio_ledger'),
	('guard of TRUNCATE dropped', 'DROP TRIGGER decisions_no_truncate ON arbees.decisions_live'),
	('guard with a condition', 'CREATE OR REPLACE TRIGGER journal_desk_guard BEFORE INSERT OR UPDATE OR DELETE ON arbees.journal_desk FOR EACH ROW WHEN (false)
		EXECUTE FUNCTION arbees.guard_rows(''journal'', ''append''); ALTER TABLE arbees.journal_desk ENABLE ALWAYS TRIGGER journal_desk_guard'),
	('guard of one column', 'CREATE OR REPLACE TRIGGER breakers_guard BEFORE INSERT OR UPDATE OF reason OR DELETE ON arbees.breakers FOR EACH ROW
		EXECUTE FUNCTION arbees.guard_rows(''breakers'', ''closed''); ALTER TABLE arbees.breakers ENABLE ALWAYS TRIGGER breakers_guard'),
	('guard that lets inserts pass', 'CREATE OR REPLACE TRIGGER trader_epochs_guard BEFORE UPDATE OR DELETE ON arbees.trader_epochs FOR EACH ROW
		EXECUTE FUNCTION arbees.guard_rows(''trader_epochs'', ''closed''); ALTER TABLE arbees.trader_epochs ENABLE ALWAYS TRIGGER trader_epochs_guard'),
	('function of a guard replaced', 'CREATE OR REPLACE FUNCTION arbees.orders_guard() RETURNS trigger LANGUAGE plpgsql AS ''BEGIN RETURN NEW; END'''),
	('trigger beside a guard', 'CREATE TRIGGER z BEFORE INSERT ON arbees.orders_live FOR EACH ROW EXECUTE FUNCTION desk.let_pass();
		ALTER TABLE arbees.orders_live ENABLE ALWAYS TRIGGER z'),
	('rule', 'CREATE RULE r AS ON INSERT TO arbees.kill_levels DO INSTEAD NOTHING'),
	('rule, partitioned', 'CREATE RULE r AS ON UPDATE TO arbees.orders DO INSTEAD NOTHING'),
	('child', 'CREATE TABLE desk.child () INHERITS (arbees.kill_levels)'),
	('child of a leaf', 'CREATE TABLE desk.child () INHERITS (arbees.orders_live)'),
	('another leaf', 'CREATE TABLE desk.leaf PARTITION OF arbees.orders FOR VALUES IN (''BACKTEST'')'),
	('another leaf, by default', 'CREATE TABLE arbees.orders_more PARTITION OF arbees.orders DEFAULT'),
	('leaf taken off', 'ALTER TABLE arbees.orders DETACH PARTITION arbees.orders_live'),
	('leaf renamed', 'ALTER TABLE arbees.orders_live RENAME TO o; ALTER TABLE arbees.o DISABLE TRIGGER ALL');
SELECT what, desk.tamper(statement) AS caught FROM desk.tampering ORDER BY n;
-- No table that has a guard is left out of the comparison, those of a later version included.
CREATE FUNCTION desk.neglected(change text) RETURNS TABLE (guard name, name regclass, found text) LANGUAGE sql AS $$
	SELECT * FROM (SELECT t.tgname, t.tgrelid::regclass, desk.tamper(format(change, t.tgrelid::regclass, t.tgname)) AS found
		FROM pg_trigger t JOIN pg_proc f ON f.oid = t.tgfoid
		WHERE f.pronamespace = 'arbees'::regnamespace AND f.prosrc ~ '_guard' AND t.tgtype IN (31, 34) AND t.tgparentid = 0) x
	WHERE found NOT LIKE format('%%table %s%%', regexp_replace(tgrelid::text, '^arbees.', '')) ORDER BY 1
$$;
SELECT * FROM desk.neglected('ALTER TABLE %s DISABLE TRIGGER %I');
SELECT * FROM desk.neglected('DROP TRIGGER %2$I ON %1$s');

-- Guards are not to be called, nor can the door be opened from SQL: the library's own functions are no SQL functions.
SELECT f, desk.attempt('SELECT ' || f) FROM unnest(ARRAY['arbees.orders_guard()', 'arbees.positions_guard()', 'arbees.guard_rows()', 'arbees.guard_controls()']) f;
CREATE FUNCTION desk.borrow(symbol text, result text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE format('CREATE FUNCTION desk.borrowed() RETURNS %s LANGUAGE c AS ''$libdir/arbees'', %L', result, symbol);
	EXECUTE 'SELECT desk.borrowed()';
	RETURN 'OPEN';
EXCEPTION WHEN OTHERS THEN
	RETURN format('%s %s', SQLSTATE, regexp_replace(SQLERRM, 'in file ".*"', 'in file ...'));
END
$$;
SELECT symbol, desk.borrow(symbol, result) FROM (VALUES ('arb_guard_open', 'void'), ('arb_submit', 'void'), ('arb_order_write', 'void'), ('arb_table_insert', 'void'), ('arb_ledger_append', 'void'),
	('arbees_orders_guard', 'void'), ('arbees_guard_rows', 'void')) v (symbol, result);
-- Only a superuser can make a C function at all; with code of his own he can do anything the server can.
SELECT r, desk.as_role(r::name, 'CREATE FUNCTION pg_temp.f() RETURNS void LANGUAGE c AS ''$libdir/arbees'', ''arbees_guard_rows''') AS c_function,
	desk.as_role(r::name, 'SELECT arbees.orders_guard()') AS guard, desk.as_role(r::name, 'ALTER EXTENSION arbees UPDATE') AS extension,
	desk.as_role(r::name, 'SELECT arbees.begin_safety()') AS installation,
	desk.as_role(r::name, 'SELECT arbees.write_journal(NULL, ''x'', NULL, NULL, ''y'')') AS journal,
	desk.as_role(r::name, format('SELECT arbees.submit_signal(%s, %L)', desk.deployment('paper', 'silent'), desk.signal())) AS gate
FROM unnest(ARRAY['arbees_viewer', 'arbees_operator', 'arbees_risk', 'arbees_worker', 'arbees_strategy']) r;

-- Nothing of all this left a trace.
SELECT add_up, orders, positions FROM desk.books('paper');
SELECT count(*), bool_and((arbees_replay(decision_id)).agrees) AS replay FROM arbees.decisions;

-- A guard taken away and put back between two ticks: what was written in between contradicts what is left.
CREATE FUNCTION desk.audited(name text, statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	found	text;
	broken	text;
BEGIN
	BEGIN
		PERFORM desk.by_force(name, statement);
		SELECT string_agg(DISTINCT finding, ', ' ORDER BY finding) INTO found FROM arbees.audit_findings;
		SELECT regexp_replace(detail, '[0-9]+', 'N', 'g') INTO broken FROM arbees.verify_journal() WHERE NOT ok;
		RAISE EXCEPTION USING ERRCODE = 'DK000', MESSAGE = coalesce(concat_ws('; ', found, 'journal: ' || broken), 'NOT FOUND');
	EXCEPTION WHEN SQLSTATE 'DK000' THEN
		RETURN coalesce(nullif(SQLERRM, ''), 'NOT FOUND');
	END;
END
$$;
SELECT regexp_replace(left(statement, 96), '\s+', ' ', 'g') AS written, desk.audited(name, statement) AS found FROM (VALUES
	('orders_paper', 'SELECT'),
	('orders_paper', 'UPDATE arbees.orders_paper SET amount = amount + 1 WHERE state = ''OPEN'''),
	('orders_paper', 'UPDATE arbees.orders_paper SET limit_price = limit_price + 0.01 WHERE state = ''OPEN'''),
	('orders_paper', 'UPDATE arbees.orders_paper SET reserved = 0'),
	('orders_paper', 'UPDATE arbees.orders_paper SET filled_qty = filled_qty + 1'),
	('orders_paper', 'DELETE FROM arbees.orders_paper WHERE state = ''OPEN'''),
	('orders_paper', 'INSERT INTO arbees.orders_paper SELECT (jsonb_populate_record(o, jsonb_build_object(''order_id'', 999, ''client_order_id'', format(''ab1-%s-999'', o.portfolio_id),
		''instrument_id'', desk.instrument(''w.down'')))).* FROM arbees.orders_paper o WHERE state = ''OPEN'''),
	('orders_paper', 'INSERT INTO arbees.orders_paper SELECT (jsonb_populate_record(o, jsonb_build_object(''order_id'', 999, ''client_order_id'', format(''ab1-%s-999'', o.portfolio_id),
		''decision_id'', (SELECT decision_id FROM arbees.decisions WHERE verdict = ''denied''), ''instrument_id'', desk.instrument(''w.down'')))).* FROM arbees.orders_paper o WHERE state = ''OPEN'''),
	('decisions_paper', 'UPDATE arbees.decisions_paper SET verdict = ''accepted'', reason = NULL WHERE verdict = ''denied'''),
	('decisions_paper', 'UPDATE arbees.decisions_paper SET output = set_byte(output, 11, 1) WHERE verdict = ''denied'''),
	('decisions_paper', 'DELETE FROM arbees.decisions_paper WHERE verdict = ''denied'''),
	('decisions_paper', 'INSERT INTO arbees.decisions_paper SELECT (jsonb_populate_record(d, ''{"decision_id": 999, "signal_key": "forged"}'')).* FROM arbees.decisions_paper d WHERE verdict = ''denied'''),
	('fills_paper', 'UPDATE arbees.fills_paper SET qty = qty + 1'),
	('fills_paper', 'DELETE FROM arbees.fills_paper'),
	('positions_paper', 'UPDATE arbees.positions_paper SET cost = cost + 1'),
	('portfolio_ledger_paper', 'UPDATE arbees.portfolio_ledger_paper SET cash = cash + 1, deposits = deposits + 1 WHERE seq = 1'),
	('portfolio_ledger_paper', 'DELETE FROM arbees.portfolio_ledger_paper WHERE seq = 2'),
	('journal_desk', 'DELETE FROM arbees.journal_desk WHERE kind = ''decision_refused'''),
	('journal_desk', 'UPDATE arbees.journal_desk SET message = ''nothing'' WHERE kind = ''fill''')) v (name, statement);

-- A prepared transaction would keep the kill switch's lock with no backend to end: what decides, asks or kills is not prepared.
BEGIN;
SELECT desk.try(desk.signal('{"key": "prepared", "symbol": "w.down"}')) AS decided;
PREPARE TRANSACTION 'decided';
\echo :LAST_ERROR_SQLSTATE
BEGIN;
SELECT verdict FROM arbees_what_if(desk.deployment('paper', 'silent'), desk.signal('{"key": "prepared"}'));
PREPARE TRANSACTION 'asked';
\echo :LAST_ERROR_SQLSTATE
-- Its locks may be in a savepoint.
BEGIN;
SAVEPOINT s;
SELECT desk.try(desk.signal('{"key": "prepared", "symbol": "w.down"}')) AS decided;
RELEASE s;
PREPARE TRANSACTION 'in a savepoint';
\echo :LAST_ERROR_SQLSTATE
SELECT count(*) FROM arbees.decisions WHERE signal_key = 'prepared';
