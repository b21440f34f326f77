/* How it stands: one row for people, one document for machines. */
CREATE OR REPLACE VIEW arbees.session_results AS
SELECT p.portfolio_id, p.name, p.mode, l.session_pnl, l.day_pnl, l.realized_pnl, l.cash, l.claimable
FROM arbees.portfolios p
LEFT JOIN LATERAL (
	SELECT g.session_pnl, g.day_pnl, g.realized_pnl, g.cash, g.claimable
	FROM arbees.portfolio_ledger g
	WHERE g.portfolio_id = p.portfolio_id AND g.mode = p.mode
	ORDER BY g.seq DESC
	LIMIT 1) l ON true
WHERE p.mode <> 'BACKTEST';
COMMENT ON VIEW arbees.session_results IS 'realised results of each portfolio, from the last row of its ledger';

CREATE OR REPLACE VIEW arbees.liveness AS
SELECT 'conductor' AS what, 'conductor' AS name,
	coalesce(c.beat_at > pg_catalog.clock_timestamp() - 4 * c.interval_ms * interval '1 millisecond', false) AS alive,
	c.beat_at AS seen_at
FROM (SELECT 1) one
LEFT JOIN arbees.conductor c ON true
UNION ALL
SELECT 'worker', w.worker,
	coalesce(w.seen_at > pg_catalog.clock_timestamp() - l.ms * interval '1 millisecond', false),
	w.seen_at
FROM arbees.workers w
LEFT JOIN (SELECT value::numeric AS ms FROM arbees.runtime_controls
	WHERE key = 'worker_max_silence_ms' AND NOT is_none) l ON true
UNION ALL
SELECT 'trader', a.name, l.epoch = e.epoch AND l.expires_at > pg_catalog.clock_timestamp(), l.renewed_at
FROM arbees.trader_epochs e
JOIN arbees.venue_accounts a USING (venue_account_id)
JOIN arbees.trader_leases l USING (venue_account_id);
COMMENT ON VIEW arbees.liveness IS 'who lives: conductor and workers by their heartbeats, traders by their leases';

CREATE OR REPLACE FUNCTION @extschema@.arbees_status(
	OUT kill_level text, OUT entries_possible boolean, OUT conductor text, OUT worker text, OUT trader text,
	OUT modes text, OUT open_orders bigint, OUT unknown_orders bigint, OUT open_positions bigint,
	OUT paper_session_pnl numeric, OUT live_session_pnl numeric, OUT breakers_open text,
	OUT last_alert text, OUT advice text)
RETURNS record
LANGUAGE sql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
WITH facts AS (
	SELECT
		coalesce((SELECT k.level::text FROM arbees.kill_switch k), 'pause') AS kill_level,
		(SELECT k.set_by FROM arbees.kill_switch k) AS killed_by,
		arbees.installation_is_ours() AS ours,
		(SELECT l.alive FROM arbees.liveness l WHERE l.what = 'conductor') AS conductor_alive,
		(SELECT l.seen_at FROM arbees.liveness l WHERE l.what = 'conductor') AS conductor_seen,
		(SELECT count(*) FROM arbees.liveness l WHERE l.what = 'worker' AND l.alive) AS workers_alive,
		(SELECT string_agg(l.name, ', ' ORDER BY l.name) FROM arbees.liveness l
		 WHERE l.what = 'worker' AND l.alive) AS worker_names,
		(SELECT max(l.seen_at) FROM arbees.liveness l WHERE l.what = 'worker') AS worker_seen,
		(SELECT string_agg(format('%s: %s', a.name, CASE
			WHEN NOT l.alive THEN format('nobody (epoch %s)', e.epoch)
			WHEN e.reconciled_at IS NULL THEN format('%s, epoch %s, reconciling', e.holder, e.epoch)
			ELSE format('%s, epoch %s', e.holder, e.epoch) END), '; ' ORDER BY a.name)
		 FROM arbees.trader_epochs e JOIN arbees.venue_accounts a USING (venue_account_id)
		 JOIN arbees.liveness l ON l.what = 'trader' AND l.name = a.name) AS traders,
		(SELECT string_agg(p.name, ', ' ORDER BY p.name) FROM arbees.portfolios p
		 WHERE p.mode IN ('LIVE', 'DRY_RUN') AND NOT EXISTS (
			SELECT FROM arbees.liveness l JOIN arbees.venue_accounts a ON a.name = l.name
			WHERE l.what = 'trader' AND l.alive AND a.venue_account_id = p.venue_account_id)) AS untraded,
		(SELECT string_agg(CASE b.scope WHEN 'desk' THEN 'desk'
			WHEN 'venue' THEN 'venue:' || (SELECT v.name FROM arbees.venues v WHERE v.venue_id = b.scope_id)
			WHEN 'strategy' THEN 'strategy:' || (SELECT s.name FROM arbees.strategies s WHERE s.strategy_id = b.scope_id)
			ELSE coalesce(p.name, b.scope_id::text) END, ', '
			ORDER BY b.scope, b.scope_id)
		 FROM arbees.breakers b LEFT JOIN arbees.portfolios p ON p.portfolio_id = b.scope_id
		 WHERE b.state <> 'CLOSED') AS breakers,
		EXISTS (SELECT FROM arbees.breakers b WHERE b.scope = 'desk' AND b.state <> 'CLOSED') AS desk_open,
		(SELECT count(*) FROM arbees.orders o WHERE o.finished_at IS NULL
		 AND o.mode IN ('PAPER', 'DRY_RUN', 'LIVE')) AS open_orders,
		(SELECT count(*) FROM arbees.orders o WHERE o.state = 'UNKNOWN'
		 AND o.mode IN ('PAPER', 'DRY_RUN', 'LIVE')) AS unknown_orders,
		(SELECT count(*) FROM arbees.positions p WHERE p.state <> 'CLOSED'
		 AND p.mode IN ('PAPER', 'DRY_RUN', 'LIVE')) AS open_positions,
		(SELECT c.value FROM arbees.runtime_controls c WHERE c.key = 'trading_mode') AS modes,
		(SELECT c.value FROM arbees.runtime_controls c WHERE c.key = 'allow_submit') AS allow_submit,
		(SELECT string_agg(t.step, ', ' ORDER BY t.step) FROM arbees.tick_errors t
		 WHERE t.last_at > clock_timestamp() - interval '1 minute') AS failing_steps
)
SELECT f.kill_level,
	f.ours AND f.kill_level = 'none' AND f.conductor_alive AND NOT f.desk_open
		AND f.workers_alive > 0 AND f.modes <> '' AND f.allow_submit = 'true',
	CASE WHEN f.conductor_seen IS NULL THEN 'never ran'
		WHEN f.conductor_alive THEN 'alive'
		ELSE 'silent since ' || to_char(f.conductor_seen AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS') || ' UTC' END,
	CASE WHEN f.worker_seen IS NULL THEN 'never ran'
		WHEN f.workers_alive > 0 THEN 'alive: ' || f.worker_names
		ELSE 'silent since ' || to_char(f.worker_seen AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS') || ' UTC' END,
	coalesce(f.traders, 'no account was ever traded'),
	CASE WHEN f.modes IS NULL OR f.modes = '' THEN 'none'
		ELSE f.modes || CASE WHEN f.allow_submit = 'true' THEN '' ELSE ' (monitor only)' END END,
	f.open_orders, f.unknown_orders, f.open_positions,
	(SELECT sum(s.session_pnl) FROM arbees.session_results s WHERE s.mode = 'PAPER'),
	(SELECT sum(s.session_pnl) FROM arbees.session_results s WHERE s.mode = 'LIVE'),
	coalesce(f.breakers, 'none'),
	(SELECT format('%s UTC %s %s: %s', to_char(a.raised_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS'),
		a.severity, a.kind, a.message) FROM arbees.alerts a ORDER BY a.alert_id DESC LIMIT 1),
	coalesce(nullif(concat_ws('; ',
		CASE WHEN NOT f.ours THEN 'this database is a copy of another: when only this one trades, arbees_resume(reason)' END,
		CASE WHEN f.ours AND f.kill_level <> 'none' THEN
			format('trading was stopped by %s (%s): arbees_resume(reason) lets it go on', f.killed_by, f.kill_level) END,
		CASE WHEN NOT f.conductor_alive THEN 'start the conductor: SELECT arbees_start()' END,
		CASE WHEN f.breakers IS NOT NULL THEN
			format('see arbees.alerts, then arbees_reset_breaker for %s', f.breakers) END,
		CASE WHEN f.workers_alive = 0 THEN 'start a worker: no quotes come in, no orders go out' END,
		CASE WHEN f.untraded IS NOT NULL THEN format('no trader holds the account of %s', f.untraded) END,
		CASE WHEN f.unknown_orders > 0 THEN
			format('%s orders of unknown fate block their windows until the venue answers', f.unknown_orders) END,
		CASE WHEN f.failing_steps IS NOT NULL THEN
			format('steps that fail (arbees.tick_errors): %s', f.failing_steps) END), ''), 'nothing to do')
FROM facts f
$$;
COMMENT ON FUNCTION @extschema@.arbees_status() IS 'how the desk stands, in one row, with what to do about it';
REVOKE ALL ON FUNCTION @extschema@.arbees_status() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION @extschema@.arbees_status() TO arbees_viewer;

CREATE OR REPLACE FUNCTION @extschema@.arbees_health()
RETURNS jsonb
LANGUAGE sql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
SELECT jsonb_build_object(
	'at', clock_timestamp(),
	'kill', (SELECT to_jsonb(k) FROM arbees.kill_switch k),
	'installation', (SELECT jsonb_build_object('ours', arbees.installation_is_ours(), 'bound_at', max(i.bound_at),
		'bound_by', max(i.bound_by)) FROM arbees.installation i),
	'conductor', (SELECT jsonb_build_object('alive', l.alive, 'beat_at', c.beat_at, 'pid', c.pid, 'ticks', c.ticks,
		'interval_ms', c.interval_ms, 'worker_pid', c.worker_pid)
		FROM arbees.liveness l LEFT JOIN arbees.conductor c ON true WHERE l.what = 'conductor'),
	'tick_errors', (SELECT coalesce(jsonb_agg(to_jsonb(t) ORDER BY t.step), '[]') FROM arbees.tick_errors t),
	'workers', (SELECT coalesce(jsonb_agg(to_jsonb(w) || jsonb_build_object('alive', l.alive) ORDER BY w.worker), '[]')
		FROM arbees.workers w JOIN arbees.liveness l ON l.what = 'worker' AND l.name = w.worker),
	'feeds', (SELECT coalesce(jsonb_agg(to_jsonb(f) ORDER BY f.worker, f.channel), '[]') FROM arbees.feeds f),
	'traders', (SELECT coalesce(jsonb_agg(to_jsonb(e) || jsonb_build_object('account', a.name, 'alive', l.alive,
		'lease_until', t.expires_at) ORDER BY a.name), '[]')
		FROM arbees.trader_epochs e JOIN arbees.venue_accounts a USING (venue_account_id)
		JOIN arbees.trader_leases t USING (venue_account_id)
		JOIN arbees.liveness l ON l.what = 'trader' AND l.name = a.name),
	'venue_checks', (SELECT coalesce(jsonb_object_agg(a.name, jsonb_build_object('checks', a.checks, 'at', a.checks_at)), '{}')
		FROM arbees.venue_accounts a),
	'reconciliation', (SELECT coalesce(jsonb_agg(to_jsonb(r) ORDER BY r.venue_account_id), '[]') FROM (
		SELECT DISTINCT ON (venue_account_id) * FROM arbees.reconciliations
		ORDER BY venue_account_id, reconciliation_id DESC) r),
	'breakers', (SELECT coalesce(jsonb_agg(to_jsonb(b) ORDER BY b.scope, b.scope_id), '[]') FROM arbees.breakers b
		WHERE b.state <> 'CLOSED'),
	'input_errors', (SELECT coalesce(jsonb_agg(to_jsonb(i) ORDER BY i.worker, i.kind), '[]') FROM arbees.input_errors i),
	'open_alerts', (SELECT count(*) FROM arbees.alerts a WHERE a.acknowledged_at IS NULL),
	'journal', (SELECT to_jsonb(j) FROM arbees.journal_head j),
	'status', (SELECT to_jsonb(s) FROM @extschema@.arbees_status() s))
$$;
COMMENT ON FUNCTION @extschema@.arbees_health() IS 'the state of every component, for monitoring';
REVOKE ALL ON FUNCTION @extschema@.arbees_health() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION @extschema@.arbees_health() TO arbees_viewer;

CREATE OR REPLACE FUNCTION @extschema@.arbees_acknowledge(alert bigint)
RETURNS text
LANGUAGE sql VOLATILE PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
WITH done AS (
	UPDATE arbees.alerts SET acknowledged_by = arbees.actor(), acknowledged_at = clock_timestamp()
	WHERE alert_id = alert AND acknowledged_at IS NULL
	RETURNING kind
)
SELECT coalesce((SELECT 'acknowledged: ' || kind FROM done), 'no open alert has this number')
$$;
COMMENT ON FUNCTION @extschema@.arbees_acknowledge(bigint) IS 'records that somebody saw an alert';
REVOKE ALL ON FUNCTION @extschema@.arbees_acknowledge(bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION @extschema@.arbees_acknowledge(bigint) TO arbees_operator;
