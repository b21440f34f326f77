/*-------------------------------------------------------------------------
 *
 * src/market/underlying.h
 *	  What is known of an underlying's price: the last, how it moves, whether it moves.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARB_UNDERLYING_H
#define ARB_UNDERLYING_H

#include "postgres.h"
#include "core/money.h"
#include "quant/decay.h"
#include "utils/snapshot.h"
#include "utils/timestamp.h"

/* Half of a volatility's weight is of the last five minutes. */
#define VOLATILITY_HALF_LIFE_US (INT64CONST(300) * USECS_PER_SEC)

typedef struct UnderlyingFacts
{
	Datum		price;			/* numeric */
	Fixed		volatility_pct; /* per square root of a minute; FIXED_NULL = too little seen */
	int			unchanged;		/* updates in a row that repeated the price */
} UnderlyingFacts;

/* What moves with each tick. */
typedef struct UnderlyingMotion
{
	DecayedVariance variance;
	int			unchanged;
} UnderlyingMotion;

extern bool arb_underlying_facts(int32 venue_id, const char *underlying, Snapshot snapshot, UnderlyingFacts *facts);
extern void arb_underlying_move(UnderlyingMotion *motion, Datum from, TimestampTz from_at, Datum to,
								TimestampTz to_at);

#endif							/* ARB_UNDERLYING_H */
