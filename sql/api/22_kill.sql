/* The kill switch. */
CREATE OR REPLACE TRIGGER kill_levels_guard
	BEFORE INSERT OR UPDATE OR DELETE ON arbees.kill_levels
	FOR EACH ROW EXECUTE FUNCTION arbees.guard_rows('kill_levels', 'append');
CREATE OR REPLACE TRIGGER kill_levels_truncate_guard
	BEFORE TRUNCATE ON arbees.kill_levels
	FOR EACH STATEMENT EXECUTE FUNCTION arbees.guard_rows('kill_levels', 'append');
ALTER TABLE arbees.kill_levels ENABLE ALWAYS TRIGGER kill_levels_guard;
ALTER TABLE arbees.kill_levels ENABLE ALWAYS TRIGGER kill_levels_truncate_guard;

CREATE OR REPLACE TRIGGER installation_guard
	BEFORE INSERT OR UPDATE OR DELETE ON arbees.installation
	FOR EACH ROW EXECUTE FUNCTION arbees.guard_rows('installation', 'closed');
CREATE OR REPLACE TRIGGER installation_truncate_guard
	BEFORE TRUNCATE ON arbees.installation
	FOR EACH STATEMENT EXECUTE FUNCTION arbees.guard_rows('installation', 'closed');
ALTER TABLE arbees.installation ENABLE ALWAYS TRIGGER installation_guard;
ALTER TABLE arbees.installation ENABLE ALWAYS TRIGGER installation_truncate_guard;

CREATE OR REPLACE FUNCTION @extschema@.arbees_kill(level text)
RETURNS arbees.kill_result				-- one row: what it stops, what was already in flight
LANGUAGE C VOLATILE PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'arbees_kill';
COMMENT ON FUNCTION @extschema@.arbees_kill(text) IS
	'stops trading at level pause, flatten or emergency; holds when this call returns';
REVOKE ALL ON FUNCTION @extschema@.arbees_kill(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION @extschema@.arbees_kill(text) TO arbees_operator;

CREATE OR REPLACE FUNCTION @extschema@.arbees_kill(level text, reason text)
RETURNS arbees.kill_result
LANGUAGE C VOLATILE PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'arbees_kill';
COMMENT ON FUNCTION @extschema@.arbees_kill(text, text) IS
	'stops trading at level pause, flatten or emergency, and says why; holds when this call returns';
REVOKE ALL ON FUNCTION @extschema@.arbees_kill(text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION @extschema@.arbees_kill(text, text) TO arbees_operator;

CREATE OR REPLACE FUNCTION @extschema@.arbees_resume(reason text)
RETURNS arbees.kill_result
LANGUAGE C VOLATILE PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'arbees_resume';
COMMENT ON FUNCTION @extschema@.arbees_resume(text) IS
	'lets trading go on after a kill; binds a copy of the database to where it is now';
REVOKE ALL ON FUNCTION @extschema@.arbees_resume(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION @extschema@.arbees_resume(text) TO arbees_risk;

CREATE OR REPLACE FUNCTION arbees.installation_is_ours()
RETURNS boolean
LANGUAGE C VOLATILE PARALLEL RESTRICTED
AS 'MODULE_PATHNAME', 'arbees_installation_is_ours';
COMMENT ON FUNCTION arbees.installation_is_ours() IS
	'false in a restored, cloned or promoted copy until arbees_resume';
REVOKE ALL ON FUNCTION arbees.installation_is_ours() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION arbees.installation_is_ours() TO arbees_viewer, arbees_worker;

CREATE OR REPLACE FUNCTION arbees.begin_safety()
RETURNS void
LANGUAGE C VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'arbees_begin_safety';
COMMENT ON FUNCTION arbees.begin_safety() IS
	'called once by the installation: the first kill level and the first binding';
REVOKE ALL ON FUNCTION arbees.begin_safety() FROM PUBLIC;

CREATE OR REPLACE VIEW arbees.kill_switch AS
SELECT seq, level, reason, set_by, set_at
FROM arbees.kill_levels
ORDER BY seq DESC
LIMIT 1;
COMMENT ON VIEW arbees.kill_switch IS 'the kill level in force';


/* From the worker's environment, or a signal to it: up, never down. */
CREATE OR REPLACE FUNCTION arbees.worker_kill(worker text, level text, reason text)
RETURNS text
LANGUAGE C VOLATILE PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'arbees_worker_kill';
COMMENT ON FUNCTION arbees.worker_kill(text, text, text) IS
	'raises the kill switch to at least a level (an unknown one is flatten); returns the level now in force';
REVOKE ALL ON FUNCTION arbees.worker_kill(text, text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION arbees.worker_kill(text, text, text) TO arbees_worker;

CREATE OR REPLACE FUNCTION arbees.report_open_orders(account integer, epoch bigint, open_orders integer)
RETURNS void
LANGUAGE plpgsql STRICT VOLATILE PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
#variable_conflict use_column
BEGIN
	PERFORM arbees.require_trader($1, $2);
	INSERT INTO arbees.venue_open_orders AS v (venue_account_id, open_orders, read_at)
	VALUES ($1, $3, clock_timestamp())
	ON CONFLICT (venue_account_id) DO UPDATE SET open_orders = excluded.open_orders, read_at = excluded.read_at;
END
$function$;
COMMENT ON FUNCTION arbees.report_open_orders(integer, bigint, integer) IS
	'how many orders the venue''s own list shows, read while the kill switch is at flatten or emergency';
REVOKE ALL ON FUNCTION arbees.report_open_orders(integer, bigint, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION arbees.report_open_orders(integer, bigint, integer) TO arbees_worker;

CREATE OR REPLACE FUNCTION arbees.step_kill_file()
RETURNS void
LANGUAGE C VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'arbees_step_kill_file';
COMMENT ON FUNCTION arbees.step_kill_file() IS
	'step of the tick: the file of arbees.kill_file stops trading while it is there';
CREATE OR REPLACE FUNCTION arbees.step_losses()
RETURNS void
LANGUAGE C VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'arbees_step_losses';
COMMENT ON FUNCTION arbees.step_losses() IS
	'step of the tick: a loss limit that is reached opens the portfolio''s breaker and does what loss_action says';
CREATE OR REPLACE FUNCTION arbees.step_drills()
RETURNS void
LANGUAGE C VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'arbees_step_drills';
COMMENT ON FUNCTION arbees.step_drills() IS 'step of the tick: rehearsals of the kill switch';
CREATE OR REPLACE FUNCTION arbees.step_lock_holders()
RETURNS void
LANGUAGE C VOLATILE PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'arbees_step_lock_holders';
COMMENT ON FUNCTION arbees.step_lock_holders() IS
	'step of the tick: ends a session that holds a portfolio''s lock, idle, or while positions are to be closed';
REVOKE ALL ON FUNCTION arbees.step_kill_file(), arbees.step_lock_holders(), arbees.step_losses(), arbees.step_drills() FROM PUBLIC;

/* Rehearsals. */
CREATE OR REPLACE TRIGGER kill_drills_guard
	BEFORE INSERT OR UPDATE OR DELETE ON arbees.kill_drills
	FOR EACH ROW EXECUTE FUNCTION arbees.guard_rows('kill_drills', 'closed');
CREATE OR REPLACE TRIGGER kill_drills_truncate_guard
	BEFORE TRUNCATE ON arbees.kill_drills
	FOR EACH STATEMENT EXECUTE FUNCTION arbees.guard_rows('kill_drills', 'closed');
ALTER TABLE arbees.kill_drills ENABLE ALWAYS TRIGGER kill_drills_guard;
ALTER TABLE arbees.kill_drills ENABLE ALWAYS TRIGGER kill_drills_truncate_guard;

CREATE OR REPLACE TRIGGER loss_stops_guard
	BEFORE INSERT OR UPDATE OR DELETE ON arbees.loss_stops
	FOR EACH ROW EXECUTE FUNCTION arbees.guard_rows('loss_stops', 'closed');
CREATE OR REPLACE TRIGGER loss_stops_truncate_guard
	BEFORE TRUNCATE ON arbees.loss_stops
	FOR EACH STATEMENT EXECUTE FUNCTION arbees.guard_rows('loss_stops', 'closed');
ALTER TABLE arbees.loss_stops ENABLE ALWAYS TRIGGER loss_stops_guard;
ALTER TABLE arbees.loss_stops ENABLE ALWAYS TRIGGER loss_stops_truncate_guard;

CREATE OR REPLACE FUNCTION @extschema@.arbees_kill_drill(portfolio text)
RETURNS bigint
LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'arbees_kill_drill';
COMMENT ON FUNCTION @extschema@.arbees_kill_drill(text) IS
	'rehearses pause, flatten and emergency in a PAPER portfolio, touching no other; arbees.kill_drills shows how it goes';
REVOKE ALL ON FUNCTION @extschema@.arbees_kill_drill(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION @extschema@.arbees_kill_drill(text) TO arbees_operator;

CREATE OR REPLACE FUNCTION @extschema@.arbees_resume_portfolio(portfolio text, reason text)
RETURNS text
LANGUAGE C VOLATILE PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'arbees_resume_portfolio';
COMMENT ON FUNCTION @extschema@.arbees_resume_portfolio(text, text) IS
	'lifts the level that a PAPER or DRY_RUN portfolio''s losses set, and ends a drill in it; the kill switch stays as it is';
REVOKE ALL ON FUNCTION @extschema@.arbees_resume_portfolio(text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION @extschema@.arbees_resume_portfolio(text, text) TO arbees_risk;

/*
 * How far it has come. What is below a lot cannot be sold and counts as nothing;
 * of a LIVE portfolio the venue's own list must be empty, read after the level came into force.
 */
CREATE OR REPLACE VIEW arbees.flatten_progress AS
SELECT p.portfolio_id, p.name, p.mode, k.level,
	coalesce(s.positions_left, 0) AS positions_left,
	coalesce(o.working, 0) AS working,
	coalesce(o.unknown, 0) AS unknown,
	coalesce(s.rung, 0) AS rung,
	v.open_orders AS at_venue,
	coalesce(s.positions_left, 0) = 0 AND coalesce(o.working, 0) = 0 AND coalesce(o.unknown, 0) = 0
		AND (p.mode <> 'LIVE' OR k.level < 'flatten' OR coalesce(v.open_orders = 0,
			NOT EXISTS (SELECT FROM arbees.trader_epochs e WHERE e.venue_account_id = p.venue_account_id))) AS flat
FROM arbees.portfolios p
CROSS JOIN LATERAL (
	SELECT greatest(coalesce((SELECT w.level FROM arbees.kill_switch w), 'pause'), p.kill_level, p.drill_level) AS level) k
LEFT JOIN arbees.venue_open_orders v ON v.venue_account_id = p.venue_account_id
	AND v.read_at > (SELECT w.set_at FROM arbees.kill_switch w)
LEFT JOIN (
	SELECT x.portfolio_id, x.mode, count(*) AS positions_left, max(r.rung) AS rung
	FROM arbees.positions x
	JOIN arbees.instruments i ON i.instrument_id = x.instrument_id
	CROSS JOIN LATERAL (
		SELECT count(*) AS rung FROM arbees.orders e
		WHERE e.position_id = x.position_id AND e.mode = x.mode AND e.purpose = 'EXIT') r
	WHERE x.state <> 'CLOSED' AND x.mode <> 'BACKTEST' AND x.qty >= i.lot_size
	GROUP BY 1, 2) s ON s.portfolio_id = p.portfolio_id AND s.mode = p.mode
LEFT JOIN (
	SELECT x.portfolio_id, x.mode, count(*) FILTER (WHERE x.state <> 'UNKNOWN') AS working,
		count(*) FILTER (WHERE x.state = 'UNKNOWN') AS unknown
	FROM arbees.orders x
	WHERE x.finished_at IS NULL AND x.mode <> 'BACKTEST'
	GROUP BY 1, 2) o ON o.portfolio_id = p.portfolio_id AND o.mode = p.mode
WHERE p.mode <> 'BACKTEST';
COMMENT ON VIEW arbees.flatten_progress IS
	'what each portfolio still holds and has working; rung = most exit orders made for one position; flat = nothing of it is left';

CREATE OR REPLACE VIEW arbees.unprotected_positions AS
SELECT s.position_id, p.name AS portfolio, s.mode, i.symbol, s.qty, s.state, s.exit_reason,
	coalesce(e.ended_at, s.trigger_at) AS since,
	CASE WHEN f.level = 'emergency' THEN 'emergency: no order of any kind until arbees_resume'
		WHEN e.orders = 0 THEN 'its exit could not be made yet'
		ELSE 'its last exit ended; the next rung follows' END AS why
FROM arbees.positions s
JOIN arbees.flatten_progress f ON f.portfolio_id = s.portfolio_id AND f.mode = s.mode
JOIN arbees.portfolios p ON p.portfolio_id = s.portfolio_id
JOIN arbees.instruments i ON i.instrument_id = s.instrument_id
CROSS JOIN LATERAL (
	SELECT count(*) AS orders, count(*) FILTER (WHERE o.finished_at IS NULL) AS working, max(o.finished_at) AS ended_at
	FROM arbees.orders o
	WHERE o.position_id = s.position_id AND o.mode = s.mode AND o.purpose = 'EXIT') e
WHERE s.state <> 'CLOSED' AND s.mode <> 'BACKTEST' AND s.qty >= i.lot_size AND e.working = 0
	AND (f.level = 'emergency' OR s.state NOT IN ('ENTRY', 'MONITORING'));
COMMENT ON VIEW arbees.unprotected_positions IS
	'what is held while no exit works: in an emergency every position, otherwise those that want out';
