/*-------------------------------------------------------------------------
 *
 * src/market/window.h
 *	  Windows: their states by the clock, their prices by the feed.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARB_WINDOW_H
#define ARB_WINDOW_H

#include "postgres.h"
#include "utils/timestamp.h"

extern void arb_windows_advance(int32 venue_id, TimestampTz market_time);
extern void arb_underlying_price(int32 venue_id, const char *underlying, Datum price,
								 TimestampTz source_at, TimestampTz received_at);

#endif							/* ARB_WINDOW_H */
