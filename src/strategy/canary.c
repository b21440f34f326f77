/*-------------------------------------------------------------------------
 *
 * src/strategy/canary.c
 *	  always_trade_canary: proves the path, not a theory.
 *
 * At seconds_before_close it buys, for one dollar, whichever side of the window the
 * book favours (mid above one half), with no stop and no take-profit, held to
 * settlement. One try per window. Parameters: seconds_before_close (60),
 * amount (1, dollars), slippage (0.02, dollars a share over the ask).
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "fmgr.h"
#include "strategy/builtin.h"

static bool
favoured(const StateSide *side)
{
	return side->bid != FIXED_NULL && side->ask != FIXED_NULL && side->bid + side->ask > FIXED_ONE;
}

static Datum
buy(HeapTupleHeader state, const StateSide *side)
{
	Fixed		tick = arb_state_fixed(state, "tick_size");
	Fixed		limit = arb_fixed_add(side->ask, arb_state_param(state, "slippage", 2 * FIXED_CENT));

	limit = arb_fixed_floor_to(Min(limit, FIXED_ONE - tick), tick);
	return arb_buy_signal(psprintf("window-" INT64_FORMAT, arb_state_int(state, "window_id", true)),
						  side->instrument_id, arb_state_param(state, "amount", FIXED_ONE), limit,
						  EXITS_AT_SETTLEMENT);
}

PG_FUNCTION_INFO_V1(arbees_always_trade_canary);
Datum
arbees_always_trade_canary(PG_FUNCTION_ARGS)
{
	HeapTupleHeader state = PG_GETARG_HEAPTUPLEHEADER(0);
	Fixed		to_close = arb_state_fixed(state, "seconds_to_close");
	StateSide	side;

	if (arb_state_int(state, "window_id", true) == 0 || to_close == FIXED_NULL ||
		to_close > arb_state_param(state, "seconds_before_close", 60 * FIXED_ONE) ||
		arb_state_int(state, "entries", false) > 0)
		PG_RETURN_NULL();
	arb_state_side(state, "up", &side);
	if (favoured(&side))
		return buy(state, &side);
	arb_state_side(state, "down", &side);
	if (favoured(&side))
		return buy(state, &side);
	PG_RETURN_NULL();
}
