/* Limits: their guard, the verbs that change them, and the rows that ship. */
CREATE OR REPLACE FUNCTION arbees.guard_limits()
RETURNS trigger
LANGUAGE C VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'arbees_guard_limits';
COMMENT ON FUNCTION arbees.guard_limits() IS
	'judges, canonicalises and records every change of a limit';
REVOKE ALL ON FUNCTION arbees.guard_limits() FROM PUBLIC;

CREATE OR REPLACE TRIGGER risk_limits_guard
	BEFORE INSERT OR UPDATE OR DELETE ON arbees.risk_limits
	FOR EACH ROW EXECUTE FUNCTION arbees.guard_limits();
CREATE OR REPLACE TRIGGER risk_limits_truncate_guard
	BEFORE TRUNCATE ON arbees.risk_limits
	FOR EACH STATEMENT EXECUTE FUNCTION arbees.guard_limits();
ALTER TABLE arbees.risk_limits ENABLE ALWAYS TRIGGER risk_limits_guard;
ALTER TABLE arbees.risk_limits ENABLE ALWAYS TRIGGER risk_limits_truncate_guard;

-- Columns, not the table: who may update the whole table may also lock it away.
GRANT UPDATE (value, is_none, soft_value, reason) ON arbees.risk_limits TO arbees_risk;

CREATE OR REPLACE FUNCTION @extschema@.arbees_set_limit(
	scope text, name text, key text, value text, soft text, reason text)
RETURNS text
LANGUAGE C VOLATILE PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'arbees_set_limit';
COMMENT ON FUNCTION @extschema@.arbees_set_limit(text, text, text, text, text, text) IS
	'sets a limit of a scope (global, venue, strategy, instrument), with the soft value from where it warns or NULL; arbees_operator only to tighten';

CREATE OR REPLACE FUNCTION @extschema@.arbees_set_limit_none(scope text, name text, key text, reason text)
RETURNS text
LANGUAGE C VOLATILE PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'arbees_set_limit_none';
COMMENT ON FUNCTION @extschema@.arbees_set_limit_none(text, text, text, text) IS
	'records that a scope sets no limit: for a venue, that the control does not bind there';

CREATE OR REPLACE FUNCTION @extschema@.arbees_clear_limit(scope text, name text, key text, reason text)
RETURNS text
LANGUAGE C VOLATILE PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'arbees_clear_limit';
COMMENT ON FUNCTION @extschema@.arbees_clear_limit(text, text, text, text) IS
	'takes the limit of a scope away; what is looser without it needs arbees_risk';

REVOKE ALL ON FUNCTION
	@extschema@.arbees_set_limit(text, text, text, text, text, text),
	@extschema@.arbees_set_limit_none(text, text, text, text),
	@extschema@.arbees_clear_limit(text, text, text, text)
	FROM PUBLIC;
GRANT EXECUTE ON FUNCTION
	@extschema@.arbees_set_limit(text, text, text, text, text, text),
	@extschema@.arbees_clear_limit(text, text, text, text)
	TO arbees_operator;
GRANT EXECUTE ON FUNCTION @extschema@.arbees_set_limit_none(text, text, text, text) TO arbees_risk;

CREATE OR REPLACE FUNCTION arbees.list_limits(
	venue text, strategy text, symbol text, name text, underlying text,
	OUT key text, OUT value text, OUT decided_by text, OUT soft text, OUT soft_decided_by text)
RETURNS SETOF record
LANGUAGE C STABLE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'arbees_list_limits';

-- A restore brings its own rows.
INSERT INTO arbees.runtime_controls
	(key, kind, value, is_none, soft_value, unit, min_value, max_value, description)
SELECT c.key, c.kind, c.value, c.value IS NULL, c.soft_value, c.unit, c.min_value, c.max_value, c.description
FROM (VALUES
	/* market */
	('quote_max_age_ms', 'integer', '2000', NULL, 'ms', 1::numeric, 600000::numeric,
	 'age at which a quote is too old to enter by'),
	('quote_source_max_age_ms', 'integer', '10000', NULL, 'ms', 1, 86400000,
	 'age at which a quote is too old by the time its source wrote on it'),
	('feed_max_silence_ms', 'integer', '10000', NULL, 'ms', 100, 86400000,
	 'time without data on a venue''s feeds after which nothing is entered there, connected or not'),
	('max_clock_offset_ms', 'integer', '10000', NULL, 'ms', 1, 3600000,
	 'how far the venue''s clock may be from ours'),
	('no_entry_before_close_s', 'integer', '1', NULL, 's', 0, 86400,
	 'time before a window closes in which nothing is entered any more'),
	('max_spread_pct', 'numeric', '150', NULL, 'percent of the mid', 0, 200,
	 'widest spread to enter by; wide as shipped, since a share of two cents has a spread as large as its price'),
	('max_depth_pct', 'numeric', NULL, NULL, 'percent of the size shown', 0, 100000,
	 'largest order against what is shown at prices within the collar; none as shipped: where orders fill or die a thin book costs nothing, elsewhere it depends on the book'),
	('max_volatility_pct', 'numeric', NULL, NULL, 'percent per square root of a minute', 0, 100000,
	 'realised volatility of the underlying at which nothing is entered; none as shipped: what is wild for one underlying is calm for another'),
	('max_unchanged_updates', 'integer', '1000', NULL, 'updates', 1, 1000000000,
	 'updates of a price or a confidence without any change, from which on it counts as frozen'),
	/* price and size */
	('price_collar_pct', 'numeric', '25', '15', 'percent of the mid', 0, 100000,
	 'how far from the mid a limit price may be; never tighter than two ticks'),
	('rolling_collar_pct', 'numeric', NULL, NULL, 'percent of the rolling mid', 0, 100000,
	 'how far from the mid of the last minutes a limit price may be; none as shipped: the shares of a window travel from one end to the other by their nature'),
	('max_order_usd', 'numeric', '5', NULL, 'USD', 0, 100000000,
	 'largest value of one order'),
	('max_order_qty', 'numeric', '1000', NULL, 'units', 0, 100000000,
	 'most units of one order'),
	('max_day_value_usd', 'numeric', '10000', '8000', 'USD', 0, 100000000,
	 'value of a portfolio''s entries in one UTC day'),
	('max_day_qty', 'numeric', '1000000', '800000', 'units', 0, 100000000,
	 'units of a portfolio''s entries in one UTC day'),
	('min_confidence', 'numeric', NULL, NULL, 'of 1', 0, 1,
	 'least confidence of a signal; none as shipped: what a confidence means is the strategy''s to say, and not every one states it'),
	('signal_max_age_ms', 'integer', '5000', NULL, 'ms', 1, 86400000,
	 'age at which what a model said is too old to act on'),
	/* exposure */
	('max_position_usd', 'numeric', '5', NULL, 'USD', 0, 1000000,
	 'most that may be at stake in one instrument of a portfolio'),
	('max_position_qty', 'numeric', '1000', NULL, 'units', 0, 100000000,
	 'most units that may be held of one instrument of a portfolio'),
	('max_window_usd', 'numeric', '10', NULL, 'USD', 0, 100000000,
	 'most that may be at stake in one window of a portfolio, both outcomes together'),
	('max_strategy_usd', 'numeric', '50', '40', 'USD', 0, 100000000,
	 'most that one strategy may have at stake in a portfolio'),
	('max_venue_usd', 'numeric', '100', '80', 'USD', 0, 100000000,
	 'most that a portfolio may have at stake at one venue'),
	('max_sector_usd', 'numeric', NULL, NULL, 'USD', 0, 100000000,
	 'most that a portfolio may have at stake in one sector; none as shipped: instruments have no sector until somebody gives them one'),
	('max_group_usd', 'numeric', NULL, NULL, 'USD', 0, 100000000,
	 'most that a portfolio may have at stake in instruments that move together; none as shipped: how many markets of one underlying are traded at once is the desk''s choice'),
	('max_gross_usd', 'numeric', '100', '80', 'USD', 0, 100000000,
	 'most that a portfolio may have at stake, longs and shorts added up'),
	('max_net_usd', 'numeric', '100', '80', 'USD', 0, 100000000,
	 'most that a portfolio may stand on one side, longs less shorts'),
	('max_day_net_usd', 'numeric', NULL, NULL, 'USD', 0, 100000000,
	 'what a UTC day''s entries less exits may add up to on one side; none as shipped: what is held to its settlement is never sold'),
	('max_open_positions', 'integer', '50', '40', 'positions', 0, 1000000,
	 'positions a portfolio may have open'),
	('max_open_orders', 'integer', '50', '40', 'orders', 0, 1000000,
	 'orders a portfolio may have at work'),
	('max_same_side_positions', 'integer', '2', NULL, 'positions', 0, 1000000,
	 'positions on the same side of one instrument; a window takes two entries'),
	('balance_max_age_ms', 'integer', '600000', NULL, 'ms', 1000, 86400000,
	 'age at which the venue''s word on an account''s balance is too old to trade LIVE by'),
	('max_heat_usd', 'numeric', NULL, NULL, 'USD', 0, 100000000,
	 'what a portfolio may lose if every stop is hit; none as shipped: with few or no stops it is the gross exposure, which has its own limit'),
	/* loss */
	('max_session_loss_usd', 'numeric', '50', '40', 'USD', 0, 1000000,
	 'loss of a portfolio''s session (arbees_new_session begins one) at which it makes no more entries'),
	('daily_drawdown_limit_usd', 'numeric', '20', '16', 'USD', 0, 1000000,
	 'fall below the day''s highest result, at which a portfolio makes no more entries'),
	('weekly_drawdown_limit_usd', 'numeric', '100', '80', 'USD', 0, 1000000,
	 'fall below the week''s highest result, at which a portfolio makes no more entries'),
	('max_consecutive_losses', 'integer', '10', '7', 'positions', 1, 1000000,
	 'losing positions in a row, at which a portfolio makes no more entries'),
	('strategy_session_loss_usd', 'numeric', '50', '40', 'USD', 0, 1000000,
	 'loss of one strategy in a portfolio''s session, at which it makes no more entries there'),
	('strategy_daily_drawdown_usd', 'numeric', '20', '16', 'USD', 0, 1000000,
	 'fall of one strategy below its highest result of the day, at which it makes no more entries'),
	('strategy_weekly_drawdown_usd', 'numeric', '100', '80', 'USD', 0, 1000000,
	 'fall of one strategy below its highest result of the week, at which it makes no more entries'),
	('strategy_consecutive_losses', 'integer', '10', '7', 'positions', 1, 1000000,
	 'losing positions of one strategy in a row, at which it makes no more entries'),
	/* conduct */
	('max_messages_per_s', 'integer', '20', '15', 'orders', 0, 1000000,
	 'entry orders of a portfolio within one second'),
	('strategy_messages_per_s', 'integer', '10', '8', 'orders', 0, 1000000,
	 'entry orders of one strategy in a portfolio within one second'),
	('max_repeats', 'integer', '100', '80', 'entries', 1, 1000000,
	 'entries of one strategy into one instrument and side, where there is no window, after which a person must enable them again'),
	('duplicate_window_ms', 'integer', '500', NULL, 'ms', 0, 86400000,
	 'time within which an entry with the same content counts as a duplicate'),
	('max_order_to_trade', 'numeric', '100', '50', 'orders per fill', 1, 1000000,
	 'a portfolio''s entry orders of a UTC day for each of its fills')
) AS c (key, kind, value, soft_value, unit, min_value, max_value, description)
WHERE coalesce(current_setting('arbees.maintenance', true), 'off') = 'off'
ON CONFLICT DO NOTHING;

/* Operator locks and the restricted list. */
CREATE OR REPLACE TRIGGER operator_locks_guard
	BEFORE INSERT OR UPDATE OR DELETE ON arbees.operator_locks
	FOR EACH ROW EXECUTE FUNCTION arbees.guard_rows('operator_locks', 'closed');
CREATE OR REPLACE TRIGGER operator_locks_truncate_guard
	BEFORE TRUNCATE ON arbees.operator_locks
	FOR EACH STATEMENT EXECUTE FUNCTION arbees.guard_rows('operator_locks', 'closed');
ALTER TABLE arbees.operator_locks ENABLE ALWAYS TRIGGER operator_locks_guard;
ALTER TABLE arbees.operator_locks ENABLE ALWAYS TRIGGER operator_locks_truncate_guard;
CREATE OR REPLACE TRIGGER restricted_instruments_guard
	BEFORE INSERT OR UPDATE OR DELETE ON arbees.restricted_instruments
	FOR EACH ROW EXECUTE FUNCTION arbees.guard_rows('restricted_instruments', 'closed');
CREATE OR REPLACE TRIGGER restricted_instruments_truncate_guard
	BEFORE TRUNCATE ON arbees.restricted_instruments
	FOR EACH STATEMENT EXECUTE FUNCTION arbees.guard_rows('restricted_instruments', 'closed');
ALTER TABLE arbees.restricted_instruments ENABLE ALWAYS TRIGGER restricted_instruments_guard;
ALTER TABLE arbees.restricted_instruments ENABLE ALWAYS TRIGGER restricted_instruments_truncate_guard;

CREATE OR REPLACE FUNCTION @extschema@.arbees_lock(scope text, name text, reason text)
RETURNS text
LANGUAGE C VOLATILE PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'arbees_lock';
COMMENT ON FUNCTION @extschema@.arbees_lock(text, text, text) IS
	'holds a venue, a strategy or an instrument: no entries until arbees_unlock; exits are never held';

CREATE OR REPLACE FUNCTION @extschema@.arbees_unlock(scope text, name text, reason text)
RETURNS text
LANGUAGE C VOLATILE PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'arbees_unlock';
COMMENT ON FUNCTION @extschema@.arbees_unlock(text, text, text) IS 'lets what an operator held go on';

CREATE OR REPLACE FUNCTION @extschema@.arbees_restrict(pattern text, reason text)
RETURNS text
LANGUAGE C VOLATILE PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'arbees_restrict';
COMMENT ON FUNCTION @extschema@.arbees_restrict(text, text) IS
	'puts instruments on the restricted list: a symbol, a name, an underlying, or a prefix ending in *';

CREATE OR REPLACE FUNCTION @extschema@.arbees_unrestrict(pattern text, reason text)
RETURNS text
LANGUAGE C VOLATILE PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'arbees_unrestrict';
COMMENT ON FUNCTION @extschema@.arbees_unrestrict(text, text) IS 'takes a pattern off the restricted list';

REVOKE ALL ON FUNCTION
	@extschema@.arbees_lock(text, text, text), @extschema@.arbees_unlock(text, text, text),
	@extschema@.arbees_restrict(text, text), @extschema@.arbees_unrestrict(text, text)
	FROM PUBLIC;
GRANT EXECUTE ON FUNCTION @extschema@.arbees_lock(text, text, text), @extschema@.arbees_restrict(text, text)
	TO arbees_operator;
GRANT EXECUTE ON FUNCTION @extschema@.arbees_unlock(text, text, text), @extschema@.arbees_unrestrict(text, text)
	TO arbees_risk;
