/*-------------------------------------------------------------------------
 *
 * src/safety/breaker.h
 *	  Breakers: of the desk and of each portfolio.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARB_BREAKER_H
#define ARB_BREAKER_H

#include "postgres.h"
#include "utils/snapshot.h"

extern bool arb_breaker_open(Snapshot snapshot, int32 portfolio_id);
extern void arb_breaker_trip(int32 portfolio_id, const char *reason);

#endif							/* ARB_BREAKER_H */
