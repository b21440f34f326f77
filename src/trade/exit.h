/*-------------------------------------------------------------------------
 *
 * src/trade/exit.h
 *	  Watch positions and make their exit orders.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARB_EXIT_H
#define ARB_EXIT_H

#include "postgres.h"
#include "core/columns.h"
#include "core/label.h"
#include "market/quote.h"
#include "trade/submit.h"
#include "utils/timestamp.h"

extern void arb_exits_on_quotes(TradingMode mode, int32 portfolio_id, const QuoteSet *quotes, TimestampTz market_time,
								MadeOrders *made);
extern int	arb_exits_of_portfolio(TradingMode mode, int32 portfolio_id, TimestampTz market_time);

extern void arb_position_request_close(TradingMode mode, Row *position, TimestampTz market_time);

#endif							/* ARB_EXIT_H */
