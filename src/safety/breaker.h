/*-------------------------------------------------------------------------
 *
 * src/safety/breaker.h
 *	  Breakers: of the desk, of each portfolio, venue and strategy.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARB_BREAKER_H
#define ARB_BREAKER_H

#include "postgres.h"

typedef enum BreakerScope
{
	BREAKER_OF_PORTFOLIO,		/* id 0 = of the desk */
	BREAKER_OF_VENUE,
	BREAKER_OF_STRATEGY,
	BREAKER_SCOPES
} BreakerScope;

extern void arb_breakers(int32 portfolio_id, int32 venue_id, int32 strategy_id,
						 bool open[BREAKER_SCOPES]);
extern void arb_breaker_trip(int32 portfolio_id, const char *reason);

#endif							/* ARB_BREAKER_H */
