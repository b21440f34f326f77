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
CREATE FUNCTION arbees.guard_keys() RETURNS trigger
	LANGUAGE C AS 'MODULE_PATHNAME', 'arbees_guard_keys';
COMMENT ON FUNCTION arbees.guard_keys() IS
	'rows stay and keep the columns named: orders and positions point at them';
REVOKE ALL ON FUNCTION arbees.orders_guard(), arbees.positions_guard(), arbees.guard_rows(), arbees.guard_keys()
	FROM PUBLIC;

CREATE TRIGGER portfolios_keys BEFORE UPDATE OR DELETE ON arbees.portfolios
	FOR EACH ROW EXECUTE FUNCTION arbees.guard_keys('portfolio_id', 'mode');
CREATE TRIGGER windows_keys BEFORE UPDATE OR DELETE ON arbees.windows
	FOR EACH ROW EXECUTE FUNCTION arbees.guard_keys('window_id');
CREATE TRIGGER instruments_keys BEFORE UPDATE OR DELETE ON arbees.instruments
	FOR EACH ROW EXECUTE FUNCTION arbees.guard_keys('instrument_id');
ALTER TABLE arbees.portfolios ENABLE ALWAYS TRIGGER portfolios_keys;
ALTER TABLE arbees.windows ENABLE ALWAYS TRIGGER windows_keys;
ALTER TABLE arbees.instruments ENABLE ALWAYS TRIGGER instruments_keys;

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
CREATE TRIGGER order_payloads_guard BEFORE INSERT OR UPDATE OR DELETE ON arbees.order_payloads
	FOR EACH ROW EXECUTE FUNCTION arbees.guard_rows('order_payloads', 'append');

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
CREATE TRIGGER order_payloads_no_truncate BEFORE TRUNCATE ON arbees.order_payloads
	FOR EACH STATEMENT EXECUTE FUNCTION arbees.guard_rows('order_payloads', 'append');

/* guard_table gives a table of the trade its guards, which nothing switches off. */
CREATE FUNCTION arbees.guard_table(name text, suffix text)
RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	guard	text := CASE name WHEN 'orders' THEN 'arbees.orders_guard()'
		WHEN 'positions' THEN 'arbees.positions_guard()'
		ELSE format('arbees.guard_rows(%L, %L)', name,
			CASE WHEN name IN ('portfolio_ledger', 'order_payloads') THEN 'append' ELSE 'closed' END) END;
BEGIN
	IF NOT EXISTS (SELECT FROM pg_trigger t WHERE t.tgname = name || '_guard'
		AND t.tgrelid = format('arbees.%I', name || suffix)::regclass) THEN
		EXECUTE format('CREATE TRIGGER %I BEFORE INSERT OR UPDATE OR DELETE ON arbees.%I FOR EACH ROW EXECUTE FUNCTION %s',
			name || '_guard', name || suffix, guard);
	END IF;
	EXECUTE format('ALTER TABLE arbees.%I ENABLE ALWAYS TRIGGER %I', name || suffix, name || '_guard');
	EXECUTE format('CREATE TRIGGER %I BEFORE TRUNCATE ON arbees.%I FOR EACH STATEMENT EXECUTE FUNCTION %s',
		name || '_no_truncate', name || suffix, guard);
	EXECUTE format('ALTER TABLE arbees.%I ENABLE ALWAYS TRIGGER %I', name || suffix, name || '_no_truncate');
END
$function$;

/*
 * furnish_leaf gives the leaves of one mode, or of one backtest run, their guards
 * and the foreign keys between them.
 */
CREATE FUNCTION arbees.furnish_leaf(suffix text)
RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
	PERFORM arbees.guard_table(t, suffix)
	FROM unnest(ARRAY['decisions', 'positions', 'orders', 'fills', 'portfolio_ledger', 'order_payloads']) t;
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
		ADD CONSTRAINT order_payloads_order_fkey FOREIGN KEY (order_id, portfolio_id, mode)
			REFERENCES arbees.%2$I',
		'order_payloads' || suffix, 'orders' || suffix);
	EXECUTE format('ALTER TABLE arbees.%1$I
		ADD CONSTRAINT portfolio_ledger_portfolio_fkey FOREIGN KEY (portfolio_id, mode)
			REFERENCES arbees.portfolios (portfolio_id, mode)',
		'portfolio_ledger' || suffix);
END
$function$;
REVOKE ALL ON FUNCTION arbees.guard_table(text, text), arbees.furnish_leaf(text) FROM PUBLIC;
COMMENT ON FUNCTION arbees.furnish_leaf(text) IS
	'guards and foreign keys of the tables of a mode or a backtest run';

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
ALTER TABLE arbees.order_payloads ENABLE ALWAYS TRIGGER order_payloads_guard;
ALTER TABLE arbees.order_payloads ENABLE ALWAYS TRIGGER order_payloads_no_truncate;

CREATE TABLE arbees.decisions_live PARTITION OF arbees.decisions FOR VALUES IN ('LIVE');
CREATE TABLE arbees.positions_live PARTITION OF arbees.positions FOR VALUES IN ('LIVE');
CREATE TABLE arbees.orders_live PARTITION OF arbees.orders FOR VALUES IN ('LIVE');
CREATE TABLE arbees.fills_live PARTITION OF arbees.fills FOR VALUES IN ('LIVE');
CREATE TABLE arbees.portfolio_ledger_live PARTITION OF arbees.portfolio_ledger FOR VALUES IN ('LIVE');
CREATE TABLE arbees.order_payloads_live PARTITION OF arbees.order_payloads FOR VALUES IN ('LIVE');
SELECT arbees.furnish_leaf('_live');
-- Orders whose bytes may be on their way, for the kill's count; simulated ones never stand here.
CREATE INDEX orders_live_sending_idx ON arbees.orders_live (order_id) WHERE state = 'SENDING';
CREATE TABLE arbees.decisions_paper PARTITION OF arbees.decisions FOR VALUES IN ('PAPER');
CREATE TABLE arbees.positions_paper PARTITION OF arbees.positions FOR VALUES IN ('PAPER');
CREATE TABLE arbees.orders_paper PARTITION OF arbees.orders FOR VALUES IN ('PAPER');
CREATE TABLE arbees.fills_paper PARTITION OF arbees.fills FOR VALUES IN ('PAPER');
CREATE TABLE arbees.portfolio_ledger_paper PARTITION OF arbees.portfolio_ledger FOR VALUES IN ('PAPER');
CREATE TABLE arbees.order_payloads_paper PARTITION OF arbees.order_payloads FOR VALUES IN ('PAPER');
SELECT arbees.furnish_leaf('_paper');
CREATE TABLE arbees.decisions_dry_run PARTITION OF arbees.decisions FOR VALUES IN ('DRY_RUN');
CREATE TABLE arbees.positions_dry_run PARTITION OF arbees.positions FOR VALUES IN ('DRY_RUN');
CREATE TABLE arbees.orders_dry_run PARTITION OF arbees.orders FOR VALUES IN ('DRY_RUN');
CREATE TABLE arbees.fills_dry_run PARTITION OF arbees.fills FOR VALUES IN ('DRY_RUN');
CREATE TABLE arbees.portfolio_ledger_dry_run PARTITION OF arbees.portfolio_ledger FOR VALUES IN ('DRY_RUN');
CREATE TABLE arbees.order_payloads_dry_run PARTITION OF arbees.order_payloads FOR VALUES IN ('DRY_RUN');
SELECT arbees.furnish_leaf('_dry_run');

/*
 * Backtest runs hang in trees of their own, one leaf per run. These trees have no
 * index: pg_dump hangs a leaf in first and builds its indexes afterwards, and a
 * tree that had some would have built them already. Nor does dropping a run's
 * leaf then lock a table of the desk.
 */
CREATE TABLE arbees.decisions_backtest (LIKE arbees.decisions INCLUDING DEFAULTS INCLUDING CONSTRAINTS,
	CONSTRAINT decisions_backtest_mode_check CHECK (mode = 'BACKTEST')) PARTITION BY LIST (portfolio_id);
CREATE TABLE arbees.positions_backtest (LIKE arbees.positions INCLUDING DEFAULTS INCLUDING CONSTRAINTS,
	CONSTRAINT positions_backtest_mode_check CHECK (mode = 'BACKTEST')) PARTITION BY LIST (portfolio_id);
CREATE TABLE arbees.orders_backtest (LIKE arbees.orders INCLUDING DEFAULTS INCLUDING CONSTRAINTS,
	CONSTRAINT orders_backtest_mode_check CHECK (mode = 'BACKTEST')) PARTITION BY LIST (portfolio_id);
CREATE TABLE arbees.fills_backtest (LIKE arbees.fills INCLUDING DEFAULTS INCLUDING CONSTRAINTS,
	CONSTRAINT fills_backtest_mode_check CHECK (mode = 'BACKTEST')) PARTITION BY LIST (portfolio_id);
CREATE TABLE arbees.portfolio_ledger_backtest (LIKE arbees.portfolio_ledger INCLUDING DEFAULTS INCLUDING CONSTRAINTS,
	CONSTRAINT portfolio_ledger_backtest_mode_check CHECK (mode = 'BACKTEST')) PARTITION BY LIST (portfolio_id);
CREATE TABLE arbees.order_payloads_backtest (LIKE arbees.order_payloads INCLUDING DEFAULTS INCLUDING CONSTRAINTS,
	CONSTRAINT order_payloads_backtest_mode_check CHECK (mode = 'BACKTEST')) PARTITION BY LIST (portfolio_id);
CREATE TABLE arbees.quotes_backtest (LIKE arbees.quotes INCLUDING CONSTRAINTS) PARTITION BY LIST (run_id);
CREATE TABLE arbees.ticks_backtest (LIKE arbees.ticks INCLUDING CONSTRAINTS) PARTITION BY LIST (run_id);
SELECT arbees.guard_table(t, '_backtest')
FROM unnest(ARRAY['decisions', 'positions', 'orders', 'fills', 'portfolio_ledger', 'order_payloads']) t;
