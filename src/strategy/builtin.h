/*-------------------------------------------------------------------------
 *
 * src/strategy/builtin.h
 *	  What the built-in strategies share: reading a market_state, writing a signal.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARB_BUILTIN_H
#define ARB_BUILTIN_H

#include "postgres.h"
#include "access/htup.h"
#include "core/money.h"

/* One side of a window, as a strategy sees it; FIXED_NULL = unknown. */
typedef struct StateSide
{
	int32		instrument_id;
	Fixed		bid;
	Fixed		ask;
	Fixed		vwap;
	Fixed		volume;
} StateSide;

/* Who closes what was bought. */
typedef enum BuyExits
{
	EXITS_BY_CONTROLS = 1,		/* stop and take-profit as the controls say */
	EXITS_AT_SETTLEMENT			/* none: held to the end */
} BuyExits;

extern Fixed arb_state_fixed(HeapTupleHeader state, const char *name);
extern int64 arb_state_int(HeapTupleHeader state, const char *name, bool wide);
extern void arb_state_side(HeapTupleHeader state, const char *which, StateSide *side);
extern Fixed arb_state_param(HeapTupleHeader state, const char *name, Fixed if_absent);
extern Datum arb_buy_signal(const char *key, int32 instrument_id, Fixed amount_usd, Fixed limit_price, BuyExits exits);

#endif							/* ARB_BUILTIN_H */
