/*-------------------------------------------------------------------------
 *
 * src/trade/submit.h
 *	  The one way an order comes to exist: lock, gather, judge, write.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARB_SUBMIT_H
#define ARB_SUBMIT_H

#include "postgres.h"
#include "core/columns.h"
#include "core/label.h"
#include "market/quote.h"
#include "nodes/pg_list.h"
#include "safety/gate.h"
#include "trade/wish.h"

typedef struct Submitted
{
	int64		decision_id;
	Verdict		verdict;
	const char *reason;			/* NULL when accepted */
	int64		order_id;		/* 0 unless accepted now */
	int64		position_id;
	const char *warnings;		/* checks beyond their soft level or overridden; NULL when none */
	bool		repeated;
} Submitted;

extern void arb_submit_lock(TradingMode mode, int32 portfolio_id);
extern List *arb_submit_lock_free(TradingMode mode, const List *portfolio_ids);
extern void arb_submit_lock_all(TradingMode mode, const List *portfolio_ids);
/* An order and the quote it was judged by. */
typedef struct MadeOrder
{
	int64		order_id;
	Quote		quote;
} MadeOrder;

/* Orders a round made, in order: what fills them comes after all of its decisions. */
typedef struct MadeOrders
{
	int			count;
	int			capacity;
	MadeOrder  *orders;
} MadeOrders;

extern void arb_submit(const Wish *wish, const QuoteSet *quotes, TimestampTz market_time, Submitted *result);
extern void arb_submit_unfilled(const Wish *wish, const QuoteSet *quotes, TimestampTz market_time, Submitted *result,
								MadeOrders *made);

#endif							/* ARB_SUBMIT_H */
