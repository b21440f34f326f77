/*-------------------------------------------------------------------------
 *
 * src/trade/simulated_fill.h
 *	  Fills of simulated orders, from the books the desk sees.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARB_SIMULATED_FILL_H
#define ARB_SIMULATED_FILL_H

#include "postgres.h"
#include "core/label.h"
#include "market/quote.h"
#include "utils/timestamp.h"

extern void arb_simulate_claimed(TradingMode mode, int64 order_id, const Quote *quote, TimestampTz market_time);
extern void arb_simulate_order(TradingMode mode, int64 order_id, const Quote *quote, TimestampTz market_time);
extern void arb_simulate_resting(TradingMode mode, int32 portfolio_id, const QuoteSet *quotes, TimestampTz market_time);

#endif							/* ARB_SIMULATED_FILL_H */
