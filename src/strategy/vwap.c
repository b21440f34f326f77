/*-------------------------------------------------------------------------
 *
 * src/strategy/vwap.c
 *	  vwap: buys the side of a window that is offered below its session's average price.
 *
 * The session is the window: public trades since it opened, weighted by volume. A
 * side is cheap when its ask stands at least threshold_pct below its average; of two
 * cheap sides, the one further below. It takes what is offered at once, up to
 * slippage over the ask, but never above the price at which the side would no longer
 * be cheap: that is the order's limit_price. One try per window. Parameters:
 * threshold_pct (5), min_volume (10, shares traded on the side), slippage (0.02,
 * dollars a share over the ask), min_seconds_to_close (30), amount (1, dollars; a
 * declared sizing says otherwise).
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "fmgr.h"
#include "strategy/builtin.h"

#define HUNDRED (100 * FIXED_ONE)

/* The highest price at which a side is cheap; FIXED_NULL when too little was traded to say. */
static Fixed
cheap_up_to(HeapTupleHeader state, const StateSide *side)
{
	Fixed		threshold = arb_state_param(state, "threshold_pct", 5 * FIXED_ONE);

	if (threshold <= 0 || threshold >= HUNDRED)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("parameter \"threshold_pct\" must be between 0 and 100, not %s",
						arb_fixed_to_cstring(threshold))));
	if (side->vwap == FIXED_NULL || side->volume == FIXED_NULL ||
		side->volume < arb_state_param(state, "min_volume", 10 * FIXED_ONE))
		return FIXED_NULL;
	return arb_fixed_floor_to(arb_fixed_muldiv_floor(side->vwap, HUNDRED - threshold, HUNDRED),
							  arb_state_fixed(state, "tick_size"));
}

/* Dollars a share below the price that would still be cheap; negative = not cheap. */
static Fixed
discount(HeapTupleHeader state, const StateSide *side)
{
	Fixed		cheap = cheap_up_to(state, side);

	return cheap == FIXED_NULL || side->ask == FIXED_NULL || cheap < side->ask ? -1 : cheap - side->ask;
}

static Datum
buy(HeapTupleHeader state, const StateSide *side)
{
	Fixed		tick = arb_state_fixed(state, "tick_size");
	Fixed		limit = arb_fixed_add(side->ask, arb_state_param(state, "slippage", 2 * FIXED_CENT));

	limit = Min(Min(limit, cheap_up_to(state, side)), FIXED_ONE - tick);
	return arb_buy_signal(psprintf("vwap-" INT64_FORMAT, arb_state_int(state, "window_id", true)),
						  side->instrument_id, arb_state_param(state, "amount", FIXED_ONE),
						  arb_fixed_floor_to(limit, tick), EXITS_BY_CONTROLS);
}

PG_FUNCTION_INFO_V1(arbees_vwap);
Datum
arbees_vwap(PG_FUNCTION_ARGS)
{
	HeapTupleHeader state = PG_GETARG_HEAPTUPLEHEADER(0);
	Fixed		to_close = arb_state_fixed(state, "seconds_to_close");
	StateSide	up;
	StateSide	down;
	Fixed		up_discount;
	Fixed		down_discount;

	if (arb_state_int(state, "window_id", true) == 0 || to_close == FIXED_NULL ||
		to_close < arb_state_param(state, "min_seconds_to_close", 30 * FIXED_ONE) ||
		arb_state_int(state, "entries", false) > 0)
		PG_RETURN_NULL();
	arb_state_side(state, "up", &up);
	arb_state_side(state, "down", &down);
	up_discount = discount(state, &up);
	down_discount = discount(state, &down);
	if (up_discount < 0 && down_discount < 0)
		PG_RETURN_NULL();
	return buy(state, up_discount >= down_discount ? &up : &down);
}
