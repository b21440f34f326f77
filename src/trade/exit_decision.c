/*-------------------------------------------------------------------------
 *
 * src/trade/exit_decision.c
 *	  Hold or exit: one pure function; nobody else closes a position.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "trade/exit_decision.h"

#define HUNDRED (100 * FIXED_ONE)

/* The stop is rounded up and the profit down: both act a hair early, never late. */
static Fixed
stop_price(Fixed average_entry, Fixed stop_loss_pct)
{
	return average_entry - arb_fixed_muldiv_floor(average_entry, stop_loss_pct, HUNDRED);
}

static Fixed
profit_price(Fixed average_entry, Fixed take_profit_pct)
{
	return arb_fixed_add(average_entry, arb_fixed_muldiv_floor(average_entry, take_profit_pct, HUNDRED));
}

static Fixed
trailing_price(Fixed high_water, Fixed trailing_pct)
{
	return high_water - arb_fixed_muldiv_floor(high_water, trailing_pct, HUNDRED);
}

static ExitVerdict
verdict(ExitReason reason, Fixed threshold)
{
	ExitVerdict v = {reason, threshold};

	return v;
}

/*
 * arb_exit_decision tells whether a position is to be left, and why.
 *
 * Priority: kill, stop-loss, expiry, take-profit and trailing. A
 * trailing profit arms only above the entry, so that it never sells at a loss
 * what the stop still holds.
 */
ExitVerdict
arb_exit_decision(const ExitInput *in)
{
	bool		priced = in->bid != FIXED_NULL && in->average_entry > 0;

	if (in->kill_level == KILL_FLATTEN)
		return verdict(EXIT_KILL, FIXED_NULL);
	if (priced && in->stop_loss_pct > 0 && in->bid <= stop_price(in->average_entry, in->stop_loss_pct))
		return verdict(EXIT_STOP_LOSS, stop_price(in->average_entry, in->stop_loss_pct));
	if (in->exit_at != 0 && in->market_time >= in->exit_at)
		return verdict(EXIT_EXPIRY, FIXED_NULL);
	if (!priced)
		return verdict(0, FIXED_NULL);
	if (in->take_profit_kind == TAKE_PROFIT_FIXED && in->take_profit_pct > 0 &&
		in->bid >= profit_price(in->average_entry, in->take_profit_pct))
		return verdict(EXIT_TAKE_PROFIT, profit_price(in->average_entry, in->take_profit_pct));
	if (in->take_profit_kind == TAKE_PROFIT_TRAILING && in->take_profit_pct > 0 &&
		in->high_water != FIXED_NULL && in->high_water > in->average_entry &&
		in->bid <= trailing_price(in->high_water, in->take_profit_pct))
		return verdict(EXIT_TRAILING, trailing_price(in->high_water, in->take_profit_pct));
	return verdict(0, FIXED_NULL);
}
