/*-------------------------------------------------------------------------
 *
 * worker/sim/house.h
 *	  The other side of every trade: quotes around a fair price, and takers.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARBEES_SIM_HOUSE_H
#define ARBEES_SIM_HOUSE_H

#include "exchange.h"

/* sim_house_quote moves the house's quotes to where the price is now. */
extern void sim_house_quote(Exchange *exchange, Market *market, Rng *rng, int64_t now_ms);

/* sim_house_leave takes them all away. */
extern void sim_house_leave(Market *market);

/* sim_house_crowd lets someone trade, now and then. */
extern void sim_house_crowd(Exchange *exchange, Market *market, Rng *rng, int64_t step_ms);

#endif							/* ARBEES_SIM_HOUSE_H */
