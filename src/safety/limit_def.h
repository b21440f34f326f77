/*-------------------------------------------------------------------------
 *
 * src/safety/limit_def.h
 *	  The limits of the gate: their keys, units and which way is tighter.
 *
 * Every key is a row of arbees.runtime_controls (the value where no scope says
 * otherwise) and may have rows of its own in arbees.risk_limits for a venue,
 * a strategy or an instrument. A key has a hard value, beyond which the gate
 * denies, and may have a soft one, beyond which it warns.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARB_LIMIT_DEF_H
#define ARB_LIMIT_DEF_H

typedef enum GateUnit
{
	UNIT_ID = 1, UNIT_FLAG, UNIT_COUNT, UNIT_TIME, UNIT_MS, UNIT_FIXED, UNIT_MODE, UNIT_KILL_LEVEL,
	UNIT_PURPOSE, UNIT_SIDE, UNIT_AMOUNT_KIND, UNIT_TIF, UNIT_TAKE_PROFIT_KIND, UNIT_MASK,
	UNIT_SIZE_CAP
} GateUnit;

/* X(key, unit, LOWER or HIGHER: which value lets fewer orders pass) */
#define RISK_LIMITS(X) \
	/* market */ \
	X(quote_max_age_ms, UNIT_MS, LOWER) \
	X(quote_source_max_age_ms, UNIT_MS, LOWER) \
	X(feed_max_silence_ms, UNIT_MS, LOWER) \
	X(max_clock_offset_ms, UNIT_MS, LOWER) \
	X(no_entry_before_close_s, UNIT_COUNT, HIGHER) \
	X(max_spread_pct, UNIT_FIXED, LOWER) \
	X(max_depth_pct, UNIT_FIXED, LOWER) \
	X(max_volatility_pct, UNIT_FIXED, LOWER) \
	X(max_unchanged_updates, UNIT_COUNT, LOWER) \
	/* price and size */ \
	X(price_collar_pct, UNIT_FIXED, LOWER) \
	X(rolling_collar_pct, UNIT_FIXED, LOWER) \
	X(max_order_usd, UNIT_FIXED, LOWER) \
	X(max_order_qty, UNIT_FIXED, LOWER) \
	X(max_day_value_usd, UNIT_FIXED, LOWER) \
	X(max_day_qty, UNIT_FIXED, LOWER) \
	X(min_confidence, UNIT_FIXED, HIGHER) \
	X(signal_max_age_ms, UNIT_MS, LOWER) \
	/* exposure */ \
	X(max_position_usd, UNIT_FIXED, LOWER) \
	X(max_position_qty, UNIT_FIXED, LOWER) \
	X(max_window_usd, UNIT_FIXED, LOWER) \
	X(max_strategy_usd, UNIT_FIXED, LOWER) \
	X(max_venue_usd, UNIT_FIXED, LOWER) \
	X(max_sector_usd, UNIT_FIXED, LOWER) \
	X(max_group_usd, UNIT_FIXED, LOWER) \
	X(max_gross_usd, UNIT_FIXED, LOWER) \
	X(max_net_usd, UNIT_FIXED, LOWER) \
	X(max_day_net_usd, UNIT_FIXED, LOWER) \
	X(max_open_positions, UNIT_COUNT, LOWER) \
	X(max_open_orders, UNIT_COUNT, LOWER) \
	X(max_same_side_positions, UNIT_COUNT, LOWER) \
	X(balance_max_age_ms, UNIT_MS, LOWER) \
	X(max_heat_usd, UNIT_FIXED, LOWER) \
	/* loss */ \
	X(max_session_loss_usd, UNIT_FIXED, LOWER) \
	X(daily_drawdown_limit_usd, UNIT_FIXED, LOWER) \
	X(weekly_drawdown_limit_usd, UNIT_FIXED, LOWER) \
	X(max_consecutive_losses, UNIT_COUNT, LOWER) \
	X(strategy_session_loss_usd, UNIT_FIXED, LOWER) \
	X(strategy_daily_drawdown_usd, UNIT_FIXED, LOWER) \
	X(strategy_weekly_drawdown_usd, UNIT_FIXED, LOWER) \
	X(strategy_consecutive_losses, UNIT_COUNT, LOWER) \
	/* conduct */ \
	X(max_messages_per_s, UNIT_COUNT, LOWER) \
	X(strategy_messages_per_s, UNIT_COUNT, LOWER) \
	X(max_repeats, UNIT_COUNT, LOWER) \
	X(duplicate_window_ms, UNIT_MS, HIGHER) \
	X(max_order_to_trade, UNIT_FIXED, LOWER)

#define LIMIT_NONE (-1)

#define LIMIT_ENUM(key, unit, tighter) LIMIT_##key,
typedef enum LimitKey
{
	RISK_LIMITS(LIMIT_ENUM)
	LIMIT_COUNT
} LimitKey;
#undef LIMIT_ENUM

#endif							/* ARB_LIMIT_DEF_H */
