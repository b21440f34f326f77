\set ECHO none
\getenv dir PG_ABS_SRCDIR
\set desk :dir '/sql/desk.inc'
\i :desk
-- A backtest run lives in leaves of its own: made at once, guarded like the desk's, dropped at once, touching nothing else.
SELECT FROM desk.quote('PAPER', 100, 'w.up', 0.50, 0.52);
SELECT desk.try(desk.signal());
INSERT INTO arbees.portfolios (portfolio_id, name, mode, venue_id) VALUES (900, 'run', 'BACKTEST', desk.venue('sim')), (901, 'run2', 'BACKTEST', desk.venue('sim'));
SELECT arbees.create_run_leaves(900), arbees.create_run_leaves(901);
CREATE VIEW desk.leaves AS SELECT c.relname, pg_get_expr(c.relpartbound, c.oid) AS bound,
	(SELECT count(*) FROM pg_trigger t WHERE t.tgrelid = c.oid AND NOT tgisinternal AND tgenabled = 'A') AS guards
	FROM pg_class c WHERE relnamespace = 'arbees'::regnamespace AND relname ~ '_run_' AND relkind = 'r';
SELECT * FROM desk.leaves WHERE relname ~ '_900$' ORDER BY 1;
CREATE VIEW desk.rows AS SELECT leaf::text, count(*) FROM (SELECT tableoid::regclass AS leaf FROM arbees.orders UNION ALL SELECT tableoid::regclass FROM arbees.orders_backtest
	UNION ALL SELECT tableoid::regclass FROM arbees.ticks UNION ALL SELECT tableoid::regclass FROM arbees.ticks_backtest) r GROUP BY 1 ORDER BY 1;
-- A run's leaf has the constraints and indexes a desk's leaf has.
CREATE FUNCTION desk.shape(leaf text, suffix text) RETURNS SETOF text LANGUAGE sql AS $$
	SELECT regexp_replace(regexp_replace(pg_get_indexdef(indexrelid), ' INDEX \S+ ON', ' INDEX ON'), $2, '') FROM pg_index WHERE indrelid = ('arbees.' || $1 || $2)::regclass
	UNION ALL SELECT replace(pg_get_constraintdef(oid), $2, '') FROM pg_constraint WHERE conrelid = ('arbees.' || $1 || $2)::regclass AND conname !~ '_backtest_mode_check'
$$;
SELECT t, (SELECT count(*) FROM desk.shape(t, '_paper')) AS parts FROM unnest(ARRAY['decisions', 'positions', 'orders', 'fills', 'portfolio_ledger', 'order_payloads']) t
WHERE EXISTS ((SELECT * FROM desk.shape(t, '_paper') EXCEPT SELECT * FROM desk.shape(t, '_run_900')) UNION ALL (SELECT * FROM desk.shape(t, '_run_900') EXCEPT SELECT * FROM desk.shape(t, '_paper')))
	OR (SELECT count(*) FROM desk.shape(t, '_paper')) < 2;
-- Twice is an error; a desk's portfolio is no run.
SELECT desk.attempt('SELECT arbees.create_run_leaves(900)') AS twice, desk.attempt('SELECT arbees.drop_run_leaves(desk.portfolio(''paper''))') AS desk,
	desk.attempt('SELECT arbees.drop_run_leaves(902)') AS absent;
-- Guards stand in a run's leaves too.
SELECT t, desk.attempt(format('INSERT INTO arbees.%I_run_900 SELECT (jsonb_populate_record(x, ''{"portfolio_id": 900, "mode": "BACKTEST"}'')).* FROM arbees.%I_paper x', t, t)),
	desk.attempt(format('TRUNCATE arbees.%I_run_900 CASCADE', t))
FROM unnest(ARRAY['decisions', 'positions', 'orders', 'fills', 'portfolio_ledger', 'order_payloads']) t;
-- A run's rows, as a restore would bring them; they reference each other within the run.
SET arbees.maintenance = restore;
SELECT t, desk.attempt(format('INSERT INTO arbees.%1$I_backtest SELECT (jsonb_populate_record(x, ''{"portfolio_id": 900, "mode": "BACKTEST"}''
	|| jsonb_build_object(''client_order_id'', ''ab1-900-'' || (to_jsonb(x) ->> ''order_id'')))).* FROM arbees.%1$I x', t))
FROM unnest(ARRAY['decisions', 'positions', 'orders', 'fills', 'portfolio_ledger', 'order_payloads']) t;
SELECT desk.attempt('INSERT INTO arbees.fills_backtest SELECT (jsonb_populate_record(x, ''{"portfolio_id": 901}'')).* FROM arbees.fills_backtest x') AS across_runs;
SELECT desk.attempt('INSERT INTO arbees.orders_backtest SELECT (jsonb_populate_record(x, ''{"portfolio_id": 999}'')).* FROM arbees.orders_backtest x') AS no_leaf,
	desk.attempt('INSERT INTO arbees.orders SELECT * FROM arbees.orders_backtest') AS into_the_desk,
	desk.attempt('INSERT INTO arbees.orders_run_900 SELECT * FROM arbees.orders_paper') AS from_the_desk;
RESET arbees.maintenance;
-- What let them in left the desk standing still.
SELECT desk.try(desk.signal('{"key": "meanwhile"}'));
SELECT level FROM arbees_resume('the rows were looked at');
INSERT INTO arbees.ticks (received_at, venue_id, kind, price) VALUES ('2026-01-01', 1, 'price', 1);
INSERT INTO arbees.ticks_backtest (received_at, venue_id, run_id, kind, price) VALUES ('2026-01-01', 1, 900, 'price', 1), ('2026-01-01', 1, 901, 'price', 1);
SELECT desk.attempt('INSERT INTO arbees.ticks (received_at, venue_id, kind, price) VALUES (now(), 1, ''price'', ''NaN'')') AS nan_tick,
	desk.attempt('INSERT INTO arbees.ticks (received_at, venue_id, kind, price) VALUES (now(), 1, ''rumour'', 1)') AS rumour;
SELECT * FROM desk.rows;

-- Removal: the run's leaves are gone, every other table is as it was, to the file.
CREATE TABLE desk.before AS SELECT c.oid, c.relname, c.relfilenode FROM pg_class c WHERE relnamespace = 'arbees'::regnamespace AND relname !~ '_900';
CREATE FUNCTION desk.content() RETURNS TABLE (tab text, n bigint, hash text) LANGUAGE plpgsql AS $$
BEGIN
	FOR tab IN SELECT relname FROM pg_class WHERE relnamespace = 'arbees'::regnamespace AND relkind = 'r' AND relname !~ '_900' ORDER BY 1 LOOP
		EXECUTE format('SELECT count(*), md5(string_agg(t::text, '','' ORDER BY t::text)) FROM arbees.%I t', tab) INTO n, hash;
		RETURN NEXT;
	END LOOP;
END
$$;
CREATE TABLE desk.content_before AS SELECT * FROM desk.content();
SELECT arbees.drop_run_leaves(900);
SELECT relname FROM desk.leaves WHERE relname ~ '_900$';
SELECT count(*) > 30 AS many, (SELECT count(*) FROM desk.content_before WHERE n > 0) > 10 AS filled FROM desk.before;
SELECT coalesce(b.relname, c.relname) AS changed FROM desk.before b FULL JOIN pg_class c ON c.oid = b.oid AND c.relfilenode = b.relfilenode
WHERE (b.oid IS NULL AND c.relnamespace = 'arbees'::regnamespace) OR c.oid IS NULL;
(TABLE desk.content_before EXCEPT SELECT * FROM desk.content()) UNION ALL (SELECT * FROM desk.content() EXCEPT TABLE desk.content_before);
SELECT * FROM desk.rows;
-- And the desk trades on.
SELECT desk.try(desk.signal('{"key": "on"}'));
SELECT add_up FROM desk.books('paper');
