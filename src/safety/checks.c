/*-------------------------------------------------------------------------
 *
 * src/safety/checks.c
 *	  The checks of the gate: each one row and one function.
 *
 * Pure: they see GateInput and the sized order, nothing else. A missing limit
 * (FIXED_NULL, or a negative count) fails; FIXED_NONE is no limit. Order in the
 * table is the order of the reason that is reported first.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "core/clock.h"
#include "safety/gate.h"

static bool
flag(Finding *finding, int64 seen)
{
	finding->seen = seen;
	finding->limit = 1;
	finding->unit = UNIT_FLAG;
	return seen == 1;
}

static bool
at_most(Finding *finding, GateUnit unit, int64 seen, int64 limit)
{
	finding->seen = seen;
	finding->limit = limit;
	finding->unit = unit;
	if (unit == UNIT_FIXED && limit == FIXED_NONE)
		return true;
	if (unit == UNIT_FIXED && (seen == FIXED_NULL || limit == FIXED_NULL))
		return false;
	return seen <= limit;
}

static bool
at_least(Finding *finding, GateUnit unit, int64 seen, int64 limit)
{
	finding->seen = seen;
	finding->limit = limit;
	finding->unit = unit;
	if (unit == UNIT_FIXED && (seen == FIXED_NULL || limit == FIXED_NULL))
		return false;
	return seen >= limit;
}

/* ---- state ---- */

static bool
kill_none(const GateInput *in, const GateOutput *sized, Finding *f)
{
	return at_most(f, UNIT_KILL_LEVEL, in->kill_level, KILL_NONE) && in->kill_level == KILL_NONE;
}

static bool
kill_not_emergency(const GateInput *in, const GateOutput *sized, Finding *f)
{
	return at_most(f, UNIT_KILL_LEVEL, in->kill_level, KILL_FLATTEN) && in->kill_level >= KILL_NONE;
}

static bool
installation(const GateInput *in, const GateOutput *sized, Finding *f)
{
	return flag(f, in->is_our_installation);
}

static bool
mode_built(const GateInput *in, const GateOutput *sized, Finding *f)
{
	return flag(f, in->mode == MODE_PAPER || in->mode == MODE_LIVE);
}

static bool
mode_allowed(const GateInput *in, const GateOutput *sized, Finding *f)
{
	return flag(f, in->mode_allowed);
}

static bool
breaker(const GateInput *in, const GateOutput *sized, Finding *f)
{
	return flag(f, in->breaker_open == 0);
}

static bool
conductor(const GateInput *in, const GateOutput *sized, Finding *f)
{
	return at_most(f, UNIT_MS, in->conductor_age_ms, in->conductor_limit_ms) && in->conductor_age_ms >= 0;
}

static bool
trader(const GateInput *in, const GateOutput *sized, Finding *f)
{
	return flag(f, in->mode != MODE_LIVE || in->trader_alive == 1);
}

static bool
reconciled(const GateInput *in, const GateOutput *sized, Finding *f)
{
	return flag(f, in->mode != MODE_LIVE || in->reconciled == 1);
}

static bool
venue_checks(const GateInput *in, const GateOutput *sized, Finding *f)
{
	return flag(f, in->mode != MODE_LIVE || in->venue_checks_ok == 1);
}

static bool
armed(const GateInput *in, const GateOutput *sized, Finding *f)
{
	return flag(f, in->mode != MODE_LIVE || in->armed == 1);
}

static bool
strategy_active(const GateInput *in, const GateOutput *sized, Finding *f)
{
	return flag(f, in->strategy_active);
}

static bool
strategy_allowed(const GateInput *in, const GateOutput *sized, Finding *f)
{
	return flag(f, in->strategy_allowed);
}

static bool
deployment_active(const GateInput *in, const GateOutput *sized, Finding *f)
{
	return flag(f, in->deployment_active);
}

static bool
instrument_allowed(const GateInput *in, const GateOutput *sized, Finding *f)
{
	return flag(f, in->instrument_allowed);
}

/* ---- market ---- */

static bool
window_open(const GateInput *in, const GateOutput *sized, Finding *f)
{
	if (in->window_id == 0)
		return true;
	return at_least(f, UNIT_TIME, in->market_time, in->opens_at);
}

static bool
window_not_closed(const GateInput *in, const GateOutput *sized, Finding *f)
{
	if (in->window_id == 0)
		return true;
	at_most(f, UNIT_TIME, in->market_time, in->closes_at);
	return in->market_time < in->closes_at && in->window_resolved == 0;
}

static bool
window_not_too_late(const GateInput *in, const GateOutput *sized, Finding *f)
{
	if (in->window_id == 0)
		return true;
	if (in->no_entry_before_close_s < 0)
		return false;
	return at_most(f, UNIT_TIME, in->market_time,
				   in->closes_at - in->no_entry_before_close_s * USECS_PER_SEC);
}

static bool
market_exists(const GateInput *in, const GateOutput *sized, Finding *f)
{
	f->unit = UNIT_FIXED;
	f->seen = in->side == SIDE_BUY ? in->ask : in->bid;
	f->limit = FIXED_NULL;
	if (in->quote_present != 1)
		return false;
	/* A resting order makes its own market; a taking one needs the other side. */
	if (in->time_in_force == TIF_GTC || in->time_in_force == TIF_GTD)
		return in->bid != FIXED_NULL || in->ask != FIXED_NULL;
	return f->seen != FIXED_NULL;
}

static bool
quote_not_crossed(const GateInput *in, const GateOutput *sized, Finding *f)
{
	f->unit = UNIT_FIXED;
	f->seen = in->bid;
	f->limit = in->ask;
	return in->bid == FIXED_NULL || in->ask == FIXED_NULL || in->bid < in->ask;
}

static bool
quote_fresh(const GateInput *in, const GateOutput *sized, Finding *f)
{
	if (in->quote_present != 1 || in->quote_max_age_ms < 0)
		return at_least(f, UNIT_FLAG, 0, 1);
	return at_most(f, UNIT_MS, arb_elapsed_ms(in->quote_received_at, in->market_time), in->quote_max_age_ms);
}

/* ---- price and size ---- */

static bool
amount_valid(const GateInput *in, const GateOutput *sized, Finding *f)
{
	f->unit = UNIT_FIXED;
	f->seen = in->amount;
	f->limit = in->amount_kind == AMOUNT_MONEY ? FIXED_CENT : in->lot_size;
	return in->amount != FIXED_NULL && in->amount > 0 && in->amount <= GATE_LARGEST_VALUE &&
		f->limit > 0 && in->amount % f->limit == 0;
}

static bool
entry_buys(const GateInput *in, const GateOutput *sized, Finding *f)
{
	return flag(f, in->side == SIDE_BUY);
}

static bool
exit_sells(const GateInput *in, const GateOutput *sized, Finding *f)
{
	return flag(f, in->side == SIDE_SELL && in->amount_kind == AMOUNT_BASE);
}

static bool
price_on_tick(const GateInput *in, const GateOutput *sized, Finding *f)
{
	f->unit = UNIT_FIXED;
	f->seen = in->limit_price;
	f->limit = in->tick_size;
	return in->limit_price != FIXED_NULL && in->tick_size > 0 && in->limit_price % in->tick_size == 0;
}

static bool
price_in_range(const GateInput *in, const GateOutput *sized, Finding *f)
{
	f->unit = UNIT_FIXED;
	f->seen = in->limit_price;
	f->limit = in->max_price;
	if (in->limit_price == FIXED_NULL || in->limit_price < in->tick_size)
		return false;
	return in->max_price == FIXED_NONE || in->limit_price <= in->max_price - in->tick_size;
}

static bool
size_minimum(const GateInput *in, const GateOutput *sized, Finding *f)
{
	/* The venue's minimum of shares binds resting orders; a taking buy is bound by its value. */
	if (in->amount_kind == AMOUNT_MONEY)
		return true;
	return at_least(f, UNIT_FIXED, in->amount, in->min_qty);
}

static bool
notional_minimum(const GateInput *in, const GateOutput *sized, Finding *f)
{
	return at_least(f, UNIT_FIXED, sized->value, in->min_notional);
}

static bool
exit_rules_known(const GateInput *in, const GateOutput *sized, Finding *f)
{
	f->unit = UNIT_FIXED;
	f->seen = in->stop_loss_pct;
	f->limit = 100 * FIXED_ONE;
	return in->stop_loss_pct != FIXED_NULL && in->stop_loss_pct >= 0 && in->stop_loss_pct <= f->limit &&
		in->take_profit_kind != 0 && in->take_profit_pct != FIXED_NULL && in->take_profit_pct >= 0 &&
		in->take_profit_pct <= 100000 * FIXED_ONE;
}

/* ---- exposure ---- */

static bool
position_cap(const GateInput *in, const GateOutput *sized, Finding *f)
{
	int64		after = in->instrument_exposure == FIXED_NULL || sized->value == FIXED_NULL ? FIXED_NULL :
		arb_fixed_add(in->instrument_exposure, sized->value);

	return at_most(f, UNIT_FIXED, after, in->max_position_usd);
}

static bool
capital_cap(const GateInput *in, const GateOutput *sized, Finding *f)
{
	int64		after;

	if (in->mode != MODE_LIVE)
		return true;
	after = sized->reserve == FIXED_NULL ? FIXED_NULL :
		arb_fixed_add(arb_fixed_add(in->cost_open, in->reserved), sized->reserve);
	/* A venue account without a cap trades nothing: no cap is not an unlimited one. */
	if (in->capital_cap == FIXED_NONE)
		return false;
	return at_most(f, UNIT_FIXED, after, in->capital_cap);
}

static bool
window_entries(const GateInput *in, const GateOutput *sized, Finding *f)
{
	if (in->window_id == 0)
		return true;
	return at_most(f, UNIT_COUNT, in->entries_in_slot + 1, MAX_ENTRIES_PER_SLOT);
}

static bool
no_unknown(const GateInput *in, const GateOutput *sized, Finding *f)
{
	return at_most(f, UNIT_COUNT, in->unknown_in_slot, 0);
}

static bool
cash_enough(const GateInput *in, const GateOutput *sized, Finding *f)
{
	int64		need = sized->reserve;
	int64		free_cash = arb_fixed_sub(in->cash, in->reserved);

	return at_most(f, UNIT_FIXED, need, free_cash);
}

static bool
exit_within_position(const GateInput *in, const GateOutput *sized, Finding *f)
{
	return at_most(f, UNIT_FIXED, in->amount, arb_fixed_sub(in->position_qty, in->exit_qty_working));
}

/* ---- loss ---- */

static bool
session_loss(const GateInput *in, const GateOutput *sized, Finding *f)
{
	return at_most(f, UNIT_FIXED, -in->session_pnl, in->max_session_loss_usd);
}

static bool
daily_drawdown(const GateInput *in, const GateOutput *sized, Finding *f)
{
	return at_most(f, UNIT_FIXED, arb_fixed_sub(in->day_peak, in->day_pnl), in->daily_drawdown_limit_usd);
}

const RiskCheck RiskChecks[] = {
	{"kill_engaged", "state", true, false, false, LIMIT_NONE, kill_none, "the kill level is none", ""},
	{"kill_emergency", "state", false, true, false, LIMIT_NONE, kill_not_emergency, "not even exits pass an emergency", ""},
	{"foreign_copy", "state", true, true, false, LIMIT_NONE, installation, "this database is not a copy of another's", ""},
	{"mode_not_built", "state", true, true, false, LIMIT_NONE, mode_built, "the mode exists in this version", ""},
	{"mode_not_allowed", "state", true, false, false, LIMIT_NONE, mode_allowed, "trading_mode lists the mode", ""},
	{"breaker_open", "state", true, false, false, LIMIT_NONE, breaker, "the desk's and the portfolio's breakers are closed", ""},
	{"conductor_silent", "state", true, false, false, LIMIT_NONE, conductor, "the conductor's last beat is young enough", ""},
	{"trader_absent", "state", true, true, false, LIMIT_NONE, trader, "a worker holds the live lease of the venue account", ""},
	{"not_reconciled", "state", true, false, false, LIMIT_NONE, reconciled, "the trader's reconciliation was clean since it connected", ""},
	{"venue_checks_failed", "state", true, false, false, LIMIT_NONE, venue_checks, "geoblock, closed-only flag, allowance, signature type are good", ""},
	{"not_armed", "state", true, false, false, LIMIT_NONE, armed, "an operator's statement arms the portfolio", ""},
	{"strategy_inactive", "state", true, false, false, LIMIT_NONE, strategy_active, "the strategy is active", ""},
	{"strategy_not_allowed", "state", true, false, false, LIMIT_NONE, strategy_allowed, "allowed_strategies lists it", ""},
	{"deployment_inactive", "state", true, false, false, LIMIT_NONE, deployment_active, "the deployment is active", ""},
	{"instrument_not_allowed", "state", true, false, false, LIMIT_NONE, instrument_allowed, "allowed_instruments lists it", ""},
	{"window_in_future", "market", true, true, false, LIMIT_NONE, window_open, "the window has opened", ""},
	{"window_closed", "market", true, true, false, LIMIT_NONE, window_not_closed, "the window has not closed", ""},
	{"window_too_late", "market", true, false, false, LIMIT_NONE, window_not_too_late, "no entry in the last seconds of a window", ""},
	{"no_market", "market", true, true, false, LIMIT_NONE, market_exists, "the side the order needs is quoted", ""},
	{"quote_crossed", "market", true, false, false, LIMIT_NONE, quote_not_crossed, "the bid is below the ask", ""},
	{"quote_stale", "market", true, false, false, LIMIT_NONE, quote_fresh, "the quote is young enough", ""},
	{"amount_invalid", "price", true, true, false, LIMIT_NONE, amount_valid, "the amount is positive and on the lot's or cent's grid", ""},
	{"short_not_supported", "price", true, false, false, LIMIT_NONE, entry_buys, "entries buy", ""},
	{"exit_side_invalid", "price", false, true, false, LIMIT_NONE, exit_sells, "exits sell shares", ""},
	{"price_off_tick", "price", true, true, false, LIMIT_NONE, price_on_tick, "the price is on the tick grid", ""},
	{"price_out_of_range", "price", true, true, false, LIMIT_NONE, price_in_range, "the price is between one tick and the maximum less one tick", ""},
	{"size_below_minimum", "price", true, false, false, LIMIT_NONE, size_minimum, "orders in shares reach the venue's minimum", ""},
	{"notional_below_minimum", "price", true, false, false, LIMIT_NONE, notional_minimum, "the value reaches the venue's minimum", ""},
	{"exit_rules_missing", "price", true, false, false, LIMIT_NONE, exit_rules_known, "stop-loss and take-profit are known and within bounds", ""},
	{"position_cap", "exposure", true, false, false, LIMIT_NONE, position_cap, "instrument's exposure after the order stays within max_position_usd", ""},
	{"capital_cap", "exposure", true, false, false, LIMIT_NONE, capital_cap, "the venue account's capital at work stays within its cap", ""},
	{"window_entry_limit", "exposure", true, false, false, LIMIT_NONE, window_entries, "two entry orders per portfolio, window and instrument", ""},
	{"unknown_in_slot", "exposure", true, false, false, LIMIT_NONE, no_unknown, "no order of the slot is UNKNOWN", ""},
	{"cash_insufficient", "exposure", true, false, false, LIMIT_NONE, cash_enough, "free cash covers the order and its largest fee", ""},
	{"exit_crosses_zero", "exposure", false, true, false, LIMIT_NONE, exit_within_position, "an exit sells no more than is held and not yet being sold", ""},
	{"session_loss", "loss", true, false, false, LIMIT_NONE, session_loss, "the session's loss is within its limit", ""},
	{"daily_drawdown", "loss", true, false, false, LIMIT_NONE, daily_drawdown, "the day's fall from its peak is within its limit", ""},
	{NULL}
};
