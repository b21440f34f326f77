/* Controls: their guard, the verbs that change them, and the rows that ship. */
CREATE OR REPLACE FUNCTION arbees.guard_controls()
RETURNS trigger
LANGUAGE C VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'arbees_guard_controls';
COMMENT ON FUNCTION arbees.guard_controls() IS
	'judges, canonicalises and records every change of a control';
REVOKE ALL ON FUNCTION arbees.guard_controls() FROM PUBLIC;

CREATE OR REPLACE TRIGGER runtime_controls_guard
	BEFORE INSERT OR UPDATE OR DELETE ON arbees.runtime_controls
	FOR EACH ROW EXECUTE FUNCTION arbees.guard_controls();
CREATE OR REPLACE TRIGGER runtime_controls_truncate_guard
	BEFORE TRUNCATE ON arbees.runtime_controls
	FOR EACH STATEMENT EXECUTE FUNCTION arbees.guard_controls();
ALTER TABLE arbees.runtime_controls ENABLE ALWAYS TRIGGER runtime_controls_guard;
ALTER TABLE arbees.runtime_controls ENABLE ALWAYS TRIGGER runtime_controls_truncate_guard;

CREATE OR REPLACE TRIGGER control_history_guard
	BEFORE INSERT OR UPDATE OR DELETE ON arbees.control_history
	FOR EACH ROW EXECUTE FUNCTION arbees.guard_rows('control_history', 'append');
CREATE OR REPLACE TRIGGER control_history_truncate_guard
	BEFORE TRUNCATE ON arbees.control_history
	FOR EACH STATEMENT EXECUTE FUNCTION arbees.guard_rows('control_history', 'append');
ALTER TABLE arbees.control_history ENABLE ALWAYS TRIGGER control_history_guard;
ALTER TABLE arbees.control_history ENABLE ALWAYS TRIGGER control_history_truncate_guard;

-- Columns, not the table: who may update the whole table may also lock it away.
GRANT UPDATE (value, is_none, soft_value, reason) ON arbees.runtime_controls TO arbees_risk;

CREATE OR REPLACE FUNCTION @extschema@.arbees_set(key text, value text, reason text)
RETURNS text
LANGUAGE C VOLATILE PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'arbees_set';
COMMENT ON FUNCTION @extschema@.arbees_set(text, text, text) IS
	'changes a control; arbees_risk in any way, arbees_operator only to tighten';
REVOKE ALL ON FUNCTION @extschema@.arbees_set(text, text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION @extschema@.arbees_set(text, text, text) TO arbees_operator;

CREATE OR REPLACE FUNCTION @extschema@.arbees_set_none(key text, reason text)
RETURNS text
LANGUAGE C VOLATILE PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'arbees_set_none';
COMMENT ON FUNCTION @extschema@.arbees_set_none(text, text) IS
	'records that a control has explicitly no limit';
REVOKE ALL ON FUNCTION @extschema@.arbees_set_none(text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION @extschema@.arbees_set_none(text, text) TO arbees_risk;

CREATE OR REPLACE FUNCTION @extschema@.arbees_set_soft(key text, value text, reason text)
RETURNS text
LANGUAGE C VOLATILE PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'arbees_set_soft';
COMMENT ON FUNCTION @extschema@.arbees_set_soft(text, text, text) IS
	'sets from where a limit warns, NULL for nowhere; arbees_risk in any way, arbees_operator only to tighten';
REVOKE ALL ON FUNCTION @extschema@.arbees_set_soft(text, text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION @extschema@.arbees_set_soft(text, text, text) TO arbees_operator;

-- A restore brings its own rows. Limits, which have scopes, follow in 25_limits.
INSERT INTO arbees.runtime_controls
	(key, kind, value, is_none, unit, min_value, max_value, labels, description)
SELECT c.key, c.kind, c.value, c.is_none, c.unit, c.min_value, c.max_value, c.labels, c.description
FROM (VALUES
	('kill_switch', 'label', 'none', false, NULL, NULL::numeric, NULL::numeric,
	 '{none,pause,flatten,emergency}'::text[],
	 'level of the kill switch; shown here, changed only by arbees_kill and arbees_resume'),
	('trading_mode', 'list', 'PAPER,DRY_RUN,LIVE', false, NULL, NULL, NULL,
	 '{PAPER,DRY_RUN,LIVE,BACKTEST}',
	 'modes in which decisions are made; an empty list makes none'),
	('allow_submit', 'boolean', 'true', false, NULL, NULL, NULL, NULL,
	 'false is monitor mode: entries are decided and recorded, nothing is reserved or sent; exits still work'),
	('allowed_instruments', 'list', NULL, true, NULL, NULL, NULL, NULL,
	 'symbols or underlyings that may be entered, or prefixes ending in *; none allows every one'),
	('allowed_strategies', 'list', NULL, true, NULL, NULL, NULL, NULL,
	 'strategies whose signals may become entries, or prefixes ending in *; none allows every one'),
	('stop_loss_pct', 'numeric', '10', false, 'percent of the entry price', 0, 100, NULL,
	 'stop of a position whose signal declares none of its own; 0 is no stop'),
	('take_profit_kind', 'label', 'fixed', false, NULL, NULL, NULL, '{fixed,trailing,none}',
	 'take-profit of a position whose signal declares none of its own'),
	('take_profit_pct', 'numeric', '30', false, 'percent of the entry price', 0, 100000, NULL,
	 'gain at which a fixed take-profit closes'),
	('trailing_pct', 'numeric', '20', false, 'percent of the highest price', 0, 100, NULL,
	 'fall from the high at which a trailing take-profit closes; it arms above the entry price'),
	('send_deadline_ms', 'integer', '2000', false, 'ms', 1, 60000, NULL,
	 'time an order has from its decision to its first byte; later it expires unsent'),
	('confirm_timeout_ms', 'integer', '5000', false, 'ms', 100, 600000, NULL,
	 'time a sent order has to be acknowledged before its fate is asked for'),
	('reconcile_every_s', 'integer', '60', false, 's', 1, 86400, NULL,
	 'time between two comparisons of our books with the venue''s account'),
	('balance_check', 'label', 'per_order', false, NULL, NULL, NULL, '{per_order,age}',
	 'per_order: the worker reads the venue''s balance for each LIVE entry before it is sent; age: one not older than balance_max_age_ms will do'),
	('resting_expiry_s', 'integer', '600', false, 's', 180, 86400, NULL,
	 'time after which the venue itself ends an order that rests, whatever became of us; none rests until it is cancelled'),
	('lease_ms', 'integer', '10000', false, 'ms', 1000, 600000, NULL,
	 'time after which a trader that does not renew may be replaced'),
	('lock_max_idle_ms', 'integer', '60000', false, 'ms', 100, 3600000, NULL,
	 'time a session may hold a portfolio''s lock in a transaction that idles; then it is ended'),
	('market_slippage_pct', 'numeric', '5', false, 'percent of the quote', 0, 100, NULL,
	 'how far beyond the other side''s quote an entry without a price of its own may go'),
	('rolling_collar_s', 'integer', '60', false, 's', 1, 86400, NULL,
	 'half-life of the rolling middle that orders are compared with: a quote this old counts half'),
	('exit_slippage_pct', 'numeric', '10', false, 'percent of the bid', 0, 100, NULL,
	 'how far below the bid an exit may sell'),
	('exit_retry_ms', 'integer', '1000', false, 'ms', 10, 600000, NULL,
	 'time between two attempts to close a position'),
	('exit_rung_ms', 'integer', '3000', false, 'ms', 10, 600000, NULL,
	 'time one exit order has; what still works then is cancelled and priced anew'),
	('exit_max_slippage_pct', 'numeric', '90', false, 'percent of the bid', 0, 100, NULL,
	 'how far below the bid the last rungs of an exit may sell'),
	('loss_action', 'label', 'pause', false, NULL, NULL, NULL, '{breaker,pause,flatten}',
	 'what a loss limit does once reached, besides opening the portfolio''s breaker: a kill level for the desk (a simulated portfolio''s for itself)'),
	('worker_max_silence_ms', 'integer', '5000', false, 'ms', 500, 600000, NULL,
	 'age of a worker''s heartbeat at which it counts as gone'),
	('simulated_latency_ms', 'integer', '0', false, 'ms', 0, 60000, NULL,
	 'time a simulated order takes to its venue: the first quote from then on fills it'),
	('tick_history', 'boolean', 'true', false, NULL, NULL, NULL, NULL,
	 'whether workers store every quote, trade and price in arbees.ticks')
) AS c (key, kind, value, is_none, unit, min_value, max_value, labels, description)
WHERE coalesce(current_setting('arbees.maintenance', true), 'off') = 'off'
ON CONFLICT DO NOTHING;
