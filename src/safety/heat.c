/*-------------------------------------------------------------------------
 *
 * src/safety/heat.c
 *	  Heat: the dollars an amount at work can lose down to its stop.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "safety/heat.h"

#define ONE_HUNDRED_PERCENT (100 * FIXED_ONE)

/*
 * arb_heat returns dollars x stop, rounded up; all of them where there is no stop
 * (0), or one that lies deeper than nothing.
 *
 * A function of the amount alone, so that differences of it add up to what is
 * left: nothing, once nothing is at work.
 */
Fixed
arb_heat(Fixed dollars, Fixed stop_loss_pct)
{
	if (dollars <= 0)
		return 0;
	if (stop_loss_pct <= 0 || stop_loss_pct >= ONE_HUNDRED_PERCENT)
		return dollars;
	return -arb_fixed_muldiv_floor(-dollars, stop_loss_pct, ONE_HUNDRED_PERCENT);
}
