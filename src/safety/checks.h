/*-------------------------------------------------------------------------
 *
 * src/safety/checks.h
 *	  The checks of the gate by name, and what they are written with.
 *
 * A check is named after the refusal it makes and returns true when the order
 * passes. It sees GateInput and the sized order, nothing else. A check whose
 * facts do not apply (no window, PAPER without a venue account) passes; a
 * missing fact or limit (FIXED_NULL, a negative count) fails; FIXED_NONE is no
 * limit. Nothing here raises: arithmetic that does not fit is a missing fact.
 *
 * The order of the list is the order of the reason that is reported. Overrides
 * and stored verdicts name a check by its place: a change of the list raises
 * GATE_VERSION.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARB_CHECKS_H
#define ARB_CHECKS_H

#include "postgres.h"
#include "core/clock.h"
#include "safety/gate.h"
#include "safety/sums.h"

/*
 * X(code, group, whom, limit, meaning, rule)
 *
 * whom: ENTRY, EXIT, BOTH, or WAIVED: entries, but two roles may let one pass once.
 * limit: the LimitKey it holds, or NONE; a soft value of the key warns.
 */
#define RISK_CHECKS(X) \
	X(kill_engaged, state, ENTRY, NONE, "the kill level is none", "RTS 6 art. 12; FIA 2015 1.11") \
	X(kill_emergency, state, EXIT, NONE, "the kill level is below emergency", "RTS 6 art. 12; FIA 2015 1.11") \
	X(foreign_copy, state, BOTH, NONE, "this database is not a copy of another's", "practice: two desks on one state") \
	X(mode_not_built, state, BOTH, NONE, "the mode exists in this version", "fail closed") \
	X(mode_not_allowed, state, ENTRY, NONE, "trading_mode lists the mode", "RTS 6 art. 7") \
	X(breaker_open, state, ENTRY, NONE, "the desk's and the portfolio's breakers are closed", "RTS 6 art. 17") \
	X(venue_breaker_open, state, ENTRY, NONE, "the venue's breaker is closed", "RTS 6 art. 17") \
	X(strategy_breaker_open, state, ENTRY, NONE, "the strategy's breaker is closed", "RTS 6 art. 17") \
	X(conductor_silent, state, ENTRY, NONE, "the conductor's last beat is young enough", "RTS 6 art. 16") \
	X(trader_absent, state, BOTH, NONE, "LIVE, DRY_RUN: a worker holds the lease of the venue account", "practice: one active trader per account") \
	X(worker_silent, state, ENTRY, NONE, "LIVE, DRY_RUN: the trading worker's last beat is young enough", "RTS 6 art. 16; FIA 2024 cancel on disconnect") \
	X(not_reconciled, state, ENTRY, NONE, "LIVE, DRY_RUN: the trader's reconciliation was clean since it connected", "RTS 6 art. 17(3)") \
	X(venue_checks_failed, state, ENTRY, NONE, "LIVE, DRY_RUN: geoblock, closed-only flag, allowance and signature type are good, and the venue takes new orders", "SEC 15c3-5(c)(2)") \
	X(not_armed, state, ENTRY, NONE, "LIVE: an operator's statement arms the portfolio", "SEC 15c3-5(c)(2)") \
	X(strategy_inactive, state, ENTRY, NONE, "the strategy is active", "RTS 6 art. 5") \
	X(strategy_retired, state, ENTRY, NONE, "the strategy is not retired", "Knight 2012: old code stayed callable") \
	X(strategy_not_certified, state, ENTRY, NONE, "LIVE: the strategy's version is certified, but for a simulator", "RTS 6 art. 5 to 7") \
	X(strategy_not_allowed, state, ENTRY, NONE, "allowed_strategies lists it", "SEC 15c3-5(c)(2)") \
	X(deployment_inactive, state, ENTRY, NONE, "the deployment is active", "RTS 6 art. 12(2)") \
	X(deployment_limits_missing, state, ENTRY, NONE, "the deployment's limits of instruments, orders, positions and venues are set", "RTS 6 art. 8") \
	X(venue_locked, state, ENTRY, NONE, "no operator has locked the venue", "RTS 6 art. 15(5)") \
	X(strategy_locked, state, ENTRY, NONE, "no operator has locked the strategy", "RTS 6 art. 15(5)") \
	X(instrument_locked, state, ENTRY, NONE, "no operator has locked the instrument", "RTS 6 art. 15(5)") \
	X(instrument_restricted, state, ENTRY, NONE, "the instrument is not on the restricted list", "SEC 15c3-5(c)(2)") \
	X(instrument_not_allowed, state, ENTRY, NONE, "allowed_instruments lists it", "RTS 6 art. 15(5)") \
	X(window_in_future, market, BOTH, NONE, "the window has opened", "practice: no order for a window that has not opened") \
	X(window_closed, market, BOTH, NONE, "the window has not closed", "practice: no order for a window that has closed") \
	X(window_too_late, market, ENTRY, no_entry_before_close_s, "no entry in the last seconds of a window", "practice: an entry needs time to leave") \
	X(market_closed, market, ENTRY, NONE, "the venue's calendar has a session open", "SEC 15c3-5(c)(2)") \
	X(no_market, market, BOTH, NONE, "the instrument has a quote", "RTS 6 art. 15(1)(a): no order without a reference") \
	X(quote_empty, market, BOTH, NONE, "the side of the quote that the order needs has a price and, for an entry, a size", "FIA 2024 data reasonability") \
	X(quote_crossed, market, ENTRY, NONE, "the bid is below the ask", "FIA 2024 data reasonability") \
	X(quote_stale, market, ENTRY, quote_max_age_ms, "the quote was received a short time ago", "FIA 2024 data reasonability") \
	X(quote_source_stale, market, ENTRY, quote_source_max_age_ms, "the venue made the quote a short time ago", "FIA 2024 data reasonability") \
	X(quote_historical, market, ENTRY, NONE, "the quote is not a recording's", "practice: fills at prices of the past") \
	X(feed_silent, market, ENTRY, feed_max_silence_ms, "data, not only a connection, came from the venue's feeds a short time ago", "FIA 2024 data reasonability; connected but frozen") \
	X(clock_offset, market, ENTRY, max_clock_offset_ms, "the venue's clock and ours agree", "RTS 25 (2017/574)") \
	X(spread_too_wide, market, WAIVED, max_spread_pct, "the spread, in percent of the middle, is narrow enough", "FIA 2024 price tolerance") \
	X(depth_too_thin, market, WAIVED, max_depth_pct, "a taking order is a small enough part of what is quoted no worse than its price, within the collar", "FIA 2024 price tolerance") \
	X(volatility_halt, market, ENTRY, max_volatility_pct, "the underlying's realised volatility is low enough", "FIA 2024 volatility mechanisms") \
	X(price_frozen, market, ENTRY, max_unchanged_updates, "the price moved within so many updates", "FIA 2024 data reasonability; connected but frozen") \
	X(confidence_frozen, market, ENTRY, max_unchanged_updates, "the model's confidence moved within so many signals", "FIA 2024 data reasonability; a model that hangs") \
	X(target_reached, price, ENTRY, NONE, "what is held and what works towards it is less than the target", "practice: repeated signals do not accumulate") \
	X(size_capped_to_zero, price, ENTRY, NONE, "what shrank the order left enough of it to trade", "practice: no cap rounds up to the minimum") \
	X(amount_invalid, price, BOTH, NONE, "the amount is positive and on the lot's or cent's grid", "SEC 15c3-5(c)(1)(ii)") \
	X(short_not_supported, price, ENTRY, NONE, "entries buy", "SEC 15c3-5(c)(2)") \
	X(exit_side_invalid, price, EXIT, NONE, "exits sell shares", "practice: an exit only reduces") \
	X(reference_missing, price, BOTH, NONE, "an order without a price takes the other side's, which is quoted", "RTS 6 art. 15(1)(b): market orders are valued too") \
	X(price_off_tick, price, BOTH, NONE, "the price is on the tick grid", "SEC 15c3-5(c)(1)(ii)") \
	X(price_out_of_range, price, BOTH, NONE, "the price is between one tick and the maximum less one tick", "SEC 15c3-5(c)(1)(ii)") \
	X(size_below_minimum, price, ENTRY, NONE, "an order in shares reaches the venue's minimum", "SEC 15c3-5(c)(1)(ii)") \
	X(size_above_maximum, price, ENTRY, NONE, "the order's shares are within the venue's maximum", "SEC 15c3-5(c)(1)(ii)") \
	X(notional_below_minimum, price, ENTRY, NONE, "the value reaches the venue's minimum", "SEC 15c3-5(c)(1)(ii)") \
	X(notional_above_maximum, price, ENTRY, NONE, "the value is within the venue's maximum", "SEC 15c3-5(c)(1)(ii)") \
	X(order_value, price, WAIVED, max_order_usd, "the value of one order", "RTS 6 art. 15(1)(b)") \
	X(order_volume, price, WAIVED, max_order_qty, "the shares of one order, bought at the best price", "RTS 6 art. 15(1)(c)") \
	X(price_collar, price, WAIVED, price_collar_pct, "the price's distance from the middle, never held closer than two ticks", "RTS 6 art. 15(1)(a)") \
	X(rolling_collar, price, WAIVED, rolling_collar_pct, "the price's distance from the middle of the last minutes, never held closer than two ticks", "RTS 6 art. 15(1)(a): over a period") \
	X(day_value, price, WAIVED, max_day_value_usd, "the value of the day's orders with this one", "SEC 15c3-5(c)(1)(ii): over a period") \
	X(day_volume, price, WAIVED, max_day_qty, "the shares of the day's orders with this one", "SEC 15c3-5(c)(1)(ii): over a period") \
	X(exit_rules_missing, price, ENTRY, NONE, "stop-loss and take-profit are known and within bounds", "practice: no entry without a way out") \
	X(confidence_out_of_bounds, price, ENTRY, NONE, "a confidence is between 0 and 1", "FIA 2024 data reasonability") \
	X(confidence_too_low, price, WAIVED, min_confidence, "the model is confident enough", "practice: weak signals cost fees") \
	X(signal_stale, price, ENTRY, signal_max_age_ms, "the model spoke a short time ago", "FIA 2024 data reasonability") \
	X(position_cap, exposure, WAIVED, max_position_usd, "dollars at work in the instrument with this order", "RTS 6 art. 15(4)") \
	X(position_units, exposure, WAIVED, max_position_qty, "shares of the instrument with this order", "RTS 6 art. 15(4)") \
	X(window_exposure, exposure, WAIVED, max_window_usd, "dollars at work in the window, both outcomes", "RTS 6 art. 15(4)") \
	X(strategy_exposure, exposure, WAIVED, max_strategy_usd, "dollars at work for the strategy", "RTS 6 art. 15(4)") \
	X(venue_exposure, exposure, WAIVED, max_venue_usd, "dollars at work at the venue", "RTS 6 art. 15(4)") \
	X(sector_exposure, exposure, WAIVED, max_sector_usd, "dollars at work in the instrument's sector", "SEC 15c3-5(c)(1)(i)") \
	X(group_exposure, exposure, WAIVED, max_group_usd, "dollars at work in what moves with the instrument", "SEC 15c3-5(c)(1)(i)") \
	X(gross_exposure, exposure, WAIVED, max_gross_usd, "dollars at work in the portfolio", "SEC 15c3-5(c)(1)(i)") \
	X(net_exposure, exposure, WAIVED, max_net_usd, "dollars at work for a rise less those for a fall, unless the order lessens them", "SEC 15c3-5(c)(1)(i)") \
	X(day_net_exposure, exposure, WAIVED, max_day_net_usd, "dollars of the day for a rise less those for a fall, unless the order lessens them", "FIA 2024 intraday position") \
	X(open_positions, exposure, WAIVED, max_open_positions, "open positions with this one", "FIA 2024 intraday position") \
	X(open_orders, exposure, WAIVED, max_open_orders, "working orders with this one", "FIA 2024 intraday position") \
	X(same_side_position, exposure, WAIVED, max_same_side_positions, "open positions of the same instrument and side with this one", "practice: no pile of entries on one idea") \
	X(capital_cap, exposure, ENTRY, NONE, "LIVE, DRY_RUN: the capital at work of the venue account is within its cap", "SEC 15c3-5(c)(1)(i)") \
	X(cash_insufficient, exposure, ENTRY, NONE, "free cash covers the order and its largest fee", "SEC 15c3-5(c)(1)(i)") \
	X(balance_unverified, exposure, ENTRY, balance_max_age_ms, "LIVE, DRY_RUN: the venue confirmed the balance a short time ago", "RTS 6 art. 17(3)") \
	X(portfolio_heat, exposure, WAIVED, max_heat_usd, "what would be lost if every stop were hit, with this order", "SEC 15c3-5(c)(1)(i)") \
	X(window_entry_limit, exposure, ENTRY, NONE, "two entry orders per portfolio, window and instrument, over all strategies", "RTS 6 art. 15(3)") \
	X(unknown_in_slot, exposure, ENTRY, NONE, "no order of the slot is UNKNOWN", "practice: a time-out is not a rejection") \
	X(deployment_instruments, exposure, ENTRY, NONE, "instruments the deployment has at work", "RTS 6 art. 8(a)") \
	X(deployment_order_value, exposure, WAIVED, NONE, "the value of one order of the deployment", "RTS 6 art. 8(b)") \
	X(deployment_orders, exposure, WAIVED, NONE, "orders of the deployment today with this one", "RTS 6 art. 8(b)") \
	X(deployment_positions, exposure, WAIVED, NONE, "open positions of the deployment with this one", "RTS 6 art. 8(c)") \
	X(deployment_venues, exposure, ENTRY, NONE, "venues the deployment trades at", "RTS 6 art. 8(d)") \
	X(exit_crosses_zero, exposure, EXIT, NONE, "an exit sells no more than is held and not yet being sold", "practice: an exit that opens the other side") \
	X(session_loss, loss, ENTRY, max_session_loss_usd, "the session's loss is below its limit", "SEC 15c3-5(c)(1)(i)") \
	X(daily_drawdown, loss, ENTRY, daily_drawdown_limit_usd, "the day's fall from its peak is below its limit", "SEC 15c3-5(c)(1)(i)") \
	X(weekly_drawdown, loss, ENTRY, weekly_drawdown_limit_usd, "the week's fall from its peak is below its limit", "SEC 15c3-5(c)(1)(i)") \
	X(consecutive_losses, loss, ENTRY, max_consecutive_losses, "fewer positions in a row were closed at a loss", "practice: a market that changed") \
	X(strategy_session_loss, loss, ENTRY, strategy_session_loss_usd, "the deployment's loss of the session is below its limit", "RTS 6 art. 17(2)") \
	X(strategy_daily_drawdown, loss, ENTRY, strategy_daily_drawdown_usd, "the deployment's fall of the day from its peak is below its limit", "RTS 6 art. 17(2)") \
	X(strategy_weekly_drawdown, loss, ENTRY, strategy_weekly_drawdown_usd, "the deployment's fall of the week from its peak is below its limit", "RTS 6 art. 17(2)") \
	X(strategy_consecutive_losses, loss, ENTRY, strategy_consecutive_losses, "fewer of the deployment's positions in a row were closed at a loss", "RTS 6 art. 17(2)") \
	X(kill_criterion, loss, ENTRY, NONE, "the strategy's own kill criterion is not met", "RTS 6 art. 17(2)") \
	X(message_rate, conduct, WAIVED, max_messages_per_s, "the portfolio's orders of the last second with this one", "RTS 6 art. 15(1)(d)") \
	X(strategy_message_rate, conduct, WAIVED, strategy_messages_per_s, "the deployment's orders of the last second with this one", "RTS 6 art. 15(1)(d)") \
	X(repeated_execution, conduct, ENTRY, max_repeats, "executions of strategy, instrument and side with this one, since a person enabled them", "RTS 6 art. 15(3)") \
	X(repeats_disabled, conduct, ENTRY, NONE, "no repeats have disabled strategy, instrument and side", "RTS 6 art. 15(3)") \
	X(duplicate_order, conduct, WAIVED, NONE, "no order of the same content within duplicate_window_ms", "SEC 15c3-5(c)(1)(ii): duplicates") \
	X(self_match, conduct, ENTRY, NONE, "the price does not meet an order of our own", "FIA 2024 self-match prevention") \
	X(order_to_trade, conduct, WAIVED, max_order_to_trade, "orders of the day with this one per fill of the day", "RTS 9 (2017/566)")

#define CHECK(code) \
	bool arb_check_##code(const GateInput *in, const GateOutput *sized, Finding *f)

#define CHECK_PROTOTYPE(code, group, whom, limit, meaning, rule) extern CHECK(code);
RISK_CHECKS(CHECK_PROTOTYPE)
#undef CHECK_PROTOTYPE

#define CHECK_PLACE(code, group, whom, limit, meaning, rule) CHECK_##code,
enum
{
	RISK_CHECKS(CHECK_PLACE)
	CHECK_COUNT
};
#undef CHECK_PLACE

StaticAssertDecl(CHECK_COUNT <= GATE_MASKS * GATE_MASK_BITS, "every check has a bit");

static inline bool
flag(Finding *f, int64 seen)
{
	f->seen = seen;
	f->limit = 1;
	f->unit = UNIT_FLAG;
	return seen == 1;
}

static inline bool
noted(Finding *f, GateUnit unit, int64 seen, int64 limit)
{
	f->seen = seen;
	f->limit = limit;
	f->unit = unit;
	return seen != FIXED_NULL && limit != FIXED_NULL;
}

/* The lower the limit, the tighter. */
static inline bool
at_most(Finding *f, GateUnit unit, int64 seen, int64 limit)
{
	return noted(f, unit, seen, limit) ? limit == FIXED_NONE || seen <= limit : limit == FIXED_NONE;
}

/* A loss that equals its limit stops. */
static inline bool
below(Finding *f, GateUnit unit, int64 seen, int64 limit)
{
	return noted(f, unit, seen, limit) ? limit == FIXED_NONE || seen < limit : limit == FIXED_NONE;
}

/* The higher the limit, the tighter. */
static inline bool
at_least(Finding *f, GateUnit unit, int64 seen, int64 limit)
{
	return noted(f, unit, seen, limit) ? limit == FIXED_NONE || seen >= limit : limit == FIXED_NONE;
}

static inline int64
magnitude(int64 value)
{
	return value < 0 && value != FIXED_NULL ? -value : value;
}

/* Milliseconds between two known times. */
static inline int64
age_ms(TimestampTz from, TimestampTz to)
{
	int64		us = from == 0 || to == 0 ? FIXED_NULL : minus(to, from);

	return us == FIXED_NULL ? FIXED_NULL : us / USECS_PER_MS;
}

/* Young enough, and not from a future as far away: a clock that runs ahead would never be stale. */
static inline bool
fresh(Finding *f, int64 age, int64 limit)
{
	return at_most(f, UNIT_MS, age, limit) &&
		(limit == FIXED_NONE || (limit >= 0 && minus(0, limit) <= age));
}

/* Counts with the order that is judged. */
static inline bool
one_more(Finding *f, int64 count, int64 limit)
{
	return at_most(f, UNIT_COUNT, plus(count, 1), limit);
}

/* An order that takes what is quoted; one that rests makes its own market. */
static inline bool
takes(const GateInput *in)
{
	return in->time_in_force != TIF_GTC && in->time_in_force != TIF_GTD;
}

/* The middle of the quote; missing when a side is. */
static inline Fixed
mid_price(const GateInput *in)
{
	Fixed		sum = in->bid <= 0 || in->ask <= 0 ? FIXED_NULL : plus(in->bid, in->ask);

	return sum == FIXED_NULL ? FIXED_NULL : sum / 2;
}

#endif							/* ARB_CHECKS_H */
