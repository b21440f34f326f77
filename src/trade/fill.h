/*-------------------------------------------------------------------------
 *
 * src/trade/fill.h
 *	  Fills: what the venue (or the simulated one) says was traded.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARB_FILL_H
#define ARB_FILL_H

#include "postgres.h"
#include "core/columns.h"
#include "core/label.h"
#include "core/money.h"
#include "trade/order.h"
#include "utils/timestamp.h"

typedef struct FillFacts
{
	const char *venue_trade_id;
	OrderSide	side;
	Fixed		qty;
	Fixed		price;
	Fixed		money;			/* dollars paid or received, without the fee */
	Fixed		fee;
	const char *liquidity;		/* may be NULL */
	Settlement	settlement;
	TimestampTz matched_at;
} FillFacts;

typedef enum FillResult
{
	FILL_BOOKED = 1, FILL_DUPLICATE, FILL_CONFIRMED, FILL_VOIDED
} FillResult;

extern FillResult arb_fill_apply(TradingMode mode, Row *order, const FillFacts *facts,
								 Fixed lot_size, TimestampTz market_time);
extern Fixed arb_fills_heard(TradingMode mode, int64 order_id);
extern void arb_order_finish(TradingMode mode, Row *order, OrderEvent event, const char *reason,
							 TimestampTz market_time);
extern const char *arb_order_cancel(TradingMode mode, Row *order, const char *reason, TimestampTz market_time);

#endif							/* ARB_FILL_H */
