/*-------------------------------------------------------------------------
 *
 * src/safety/heat.h
 *	  Heat: the dollars an amount at work can lose down to its stop.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARB_HEAT_H
#define ARB_HEAT_H

#include "postgres.h"
#include "core/money.h"

extern Fixed arb_heat(Fixed dollars, Fixed stop_loss_pct);

#endif							/* ARB_HEAT_H */
