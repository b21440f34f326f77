/*
 * Guards first, leaves after: a leaf takes its parent's triggers as it is made.
 * ENABLE ALWAYS, so that session_replication_role cannot switch them off.
 */
CREATE FUNCTION arbees.orders_guard() RETURNS trigger
	LANGUAGE C AS 'MODULE_PATHNAME', 'arbees_orders_guard';
CREATE FUNCTION arbees.positions_guard() RETURNS trigger
	LANGUAGE C AS 'MODULE_PATHNAME', 'arbees_positions_guard';
CREATE FUNCTION arbees.guard_rows() RETURNS trigger
	LANGUAGE C AS 'MODULE_PATHNAME', 'arbees_guard_rows';
COMMENT ON FUNCTION arbees.guard_rows() IS
	'refuses rows written by hand: arguments are the guard''s name and append or closed';
REVOKE ALL ON FUNCTION arbees.orders_guard(), arbees.positions_guard(), arbees.guard_rows() FROM PUBLIC;

CREATE TRIGGER orders_guard BEFORE INSERT OR UPDATE OR DELETE ON arbees.orders
	FOR EACH ROW EXECUTE FUNCTION arbees.orders_guard();
CREATE TRIGGER positions_guard BEFORE INSERT OR UPDATE OR DELETE ON arbees.positions
	FOR EACH ROW EXECUTE FUNCTION arbees.positions_guard();
CREATE TRIGGER decisions_guard BEFORE INSERT OR UPDATE OR DELETE ON arbees.decisions
	FOR EACH ROW EXECUTE FUNCTION arbees.guard_rows('decisions', 'closed');
CREATE TRIGGER fills_guard BEFORE INSERT OR UPDATE OR DELETE ON arbees.fills
	FOR EACH ROW EXECUTE FUNCTION arbees.guard_rows('fills', 'closed');
CREATE TRIGGER portfolio_ledger_guard BEFORE INSERT OR UPDATE OR DELETE ON arbees.portfolio_ledger
	FOR EACH ROW EXECUTE FUNCTION arbees.guard_rows('portfolio_ledger', 'append');

CREATE TRIGGER orders_no_truncate BEFORE TRUNCATE ON arbees.orders
	FOR EACH STATEMENT EXECUTE FUNCTION arbees.orders_guard();
CREATE TRIGGER positions_no_truncate BEFORE TRUNCATE ON arbees.positions
	FOR EACH STATEMENT EXECUTE FUNCTION arbees.positions_guard();
CREATE TRIGGER decisions_no_truncate BEFORE TRUNCATE ON arbees.decisions
	FOR EACH STATEMENT EXECUTE FUNCTION arbees.guard_rows('decisions', 'closed');
CREATE TRIGGER fills_no_truncate BEFORE TRUNCATE ON arbees.fills
	FOR EACH STATEMENT EXECUTE FUNCTION arbees.guard_rows('fills', 'closed');
CREATE TRIGGER portfolio_ledger_no_truncate BEFORE TRUNCATE ON arbees.portfolio_ledger
	FOR EACH STATEMENT EXECUTE FUNCTION arbees.guard_rows('portfolio_ledger', 'append');

/*
 * create_leaf makes the leaves of one mode, or of one backtest run, with the
 * foreign keys between them.
 */
CREATE FUNCTION arbees.create_leaf(suffix text, bound text, parent_suffix text)
RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	t	text;
BEGIN
	FOREACH t IN ARRAY ARRAY['decisions', 'positions', 'orders', 'fills', 'portfolio_ledger'] LOOP
		EXECUTE format('CREATE TABLE arbees.%I PARTITION OF arbees.%I FOR VALUES IN (%s)',
			t || suffix, t || parent_suffix, bound);
		EXECUTE format('ALTER TABLE arbees.%I ENABLE ALWAYS TRIGGER %I', t || suffix, t || '_guard');
		EXECUTE format('CREATE TRIGGER %I BEFORE TRUNCATE ON arbees.%I FOR EACH STATEMENT EXECUTE FUNCTION %s',
			t || '_no_truncate', t || suffix,
			CASE t WHEN 'orders' THEN 'arbees.orders_guard()'
				   WHEN 'positions' THEN 'arbees.positions_guard()'
				   ELSE format('arbees.guard_rows(%L, %L)', t,
						CASE t WHEN 'portfolio_ledger' THEN 'append' ELSE 'closed' END) END);
		EXECUTE format('ALTER TABLE arbees.%I ENABLE ALWAYS TRIGGER %I', t || suffix, t || '_no_truncate');
	END LOOP;
	EXECUTE format('ALTER TABLE arbees.%1$I
		ADD CONSTRAINT positions_portfolio_fkey FOREIGN KEY (portfolio_id, mode)
			REFERENCES arbees.portfolios (portfolio_id, mode),
		ADD CONSTRAINT positions_window_fkey FOREIGN KEY (window_id) REFERENCES arbees.windows,
		ADD CONSTRAINT positions_instrument_fkey FOREIGN KEY (instrument_id) REFERENCES arbees.instruments',
		'positions' || suffix);
	EXECUTE format('ALTER TABLE arbees.%1$I
		ADD CONSTRAINT orders_portfolio_fkey FOREIGN KEY (portfolio_id, mode)
			REFERENCES arbees.portfolios (portfolio_id, mode),
		ADD CONSTRAINT orders_decision_fkey FOREIGN KEY (decision_id, portfolio_id, mode)
			REFERENCES arbees.%2$I,
		ADD CONSTRAINT orders_position_fkey FOREIGN KEY (position_id, portfolio_id, mode)
			REFERENCES arbees.%3$I',
		'orders' || suffix, 'decisions' || suffix, 'positions' || suffix);
	EXECUTE format('ALTER TABLE arbees.%1$I
		ADD CONSTRAINT fills_portfolio_fkey FOREIGN KEY (portfolio_id, mode)
			REFERENCES arbees.portfolios (portfolio_id, mode),
		ADD CONSTRAINT fills_order_fkey FOREIGN KEY (order_id, portfolio_id, mode)
			REFERENCES arbees.%2$I',
		'fills' || suffix, 'orders' || suffix);
	EXECUTE format('ALTER TABLE arbees.%1$I
		ADD CONSTRAINT portfolio_ledger_portfolio_fkey FOREIGN KEY (portfolio_id, mode)
			REFERENCES arbees.portfolios (portfolio_id, mode)',
		'portfolio_ledger' || suffix);
END
$function$;
REVOKE ALL ON FUNCTION arbees.create_leaf(text, text, text) FROM PUBLIC;
COMMENT ON FUNCTION arbees.create_leaf(text, text, text) IS
	'makes the partitions of a mode or a backtest run, guards and foreign keys included';

ALTER TABLE arbees.orders ENABLE ALWAYS TRIGGER orders_guard;
ALTER TABLE arbees.orders ENABLE ALWAYS TRIGGER orders_no_truncate;
ALTER TABLE arbees.positions ENABLE ALWAYS TRIGGER positions_guard;
ALTER TABLE arbees.positions ENABLE ALWAYS TRIGGER positions_no_truncate;
ALTER TABLE arbees.decisions ENABLE ALWAYS TRIGGER decisions_guard;
ALTER TABLE arbees.decisions ENABLE ALWAYS TRIGGER decisions_no_truncate;
ALTER TABLE arbees.fills ENABLE ALWAYS TRIGGER fills_guard;
ALTER TABLE arbees.fills ENABLE ALWAYS TRIGGER fills_no_truncate;
ALTER TABLE arbees.portfolio_ledger ENABLE ALWAYS TRIGGER portfolio_ledger_guard;
ALTER TABLE arbees.portfolio_ledger ENABLE ALWAYS TRIGGER portfolio_ledger_no_truncate;

SELECT arbees.create_leaf('_live', '''LIVE''', '');
SELECT arbees.create_leaf('_paper', '''PAPER''', '');
SELECT arbees.create_leaf('_dry_run', '''DRY_RUN''', '');
CREATE TABLE arbees.decisions_backtest PARTITION OF arbees.decisions
	FOR VALUES IN ('BACKTEST') PARTITION BY LIST (portfolio_id);
CREATE TABLE arbees.positions_backtest PARTITION OF arbees.positions
	FOR VALUES IN ('BACKTEST') PARTITION BY LIST (portfolio_id);
CREATE TABLE arbees.orders_backtest PARTITION OF arbees.orders
	FOR VALUES IN ('BACKTEST') PARTITION BY LIST (portfolio_id);
CREATE TABLE arbees.fills_backtest PARTITION OF arbees.fills
	FOR VALUES IN ('BACKTEST') PARTITION BY LIST (portfolio_id);
CREATE TABLE arbees.portfolio_ledger_backtest PARTITION OF arbees.portfolio_ledger
	FOR VALUES IN ('BACKTEST') PARTITION BY LIST (portfolio_id);
