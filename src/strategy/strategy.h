/*-------------------------------------------------------------------------
 *
 * src/strategy/strategy.h
 *	  Strategies: what they see, how they are called, what they wish.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARB_STRATEGY_H
#define ARB_STRATEGY_H

#include "postgres.h"
#include "core/label.h"
#include "core/money.h"
#include "market/quote.h"
#include "trade/submit.h"
#include "utils/timestamp.h"

typedef struct Deployment
{
	int32		deployment_id;
	int32		portfolio_id;
	int32		venue_id;
	TradingMode mode;
	char	   *function_name;
	char	   *run_as;
	Datum		params;			/* jsonb */
} Deployment;

/* A window with its two instruments, or an instrument without a window (down_instrument 0). */
typedef struct MarketView
{
	int64		window_id;		/* 0 = no window */
	int64		window_epoch;
	char	   *underlying;		/* may be NULL */
	TimestampTz opens_at;
	TimestampTz closes_at;
	Datum		open_price;		/* numeric */
	bool		open_price_null;
	Datum		last_price;
	bool		last_price_null;
	Fixed		volatility_pct; /* FIXED_NULL = unknown */
	int32		up_instrument;
	int32		down_instrument;
	Datum		tick_size;
} MarketView;

extern List *arb_deployments(int32 venue_id, TradingMode mode);
extern List *arb_market_views(const QuoteSet *quotes, int32 venue_id, const List *underlyings,
							  TimestampTz market_time);
extern HeapTuple arb_market_state(const Deployment *d, const MarketView *view, const QuoteSet *quotes,
								  Snapshot snapshot, TimestampTz market_time);
extern bool arb_strategy_evaluate(const Deployment *d, HeapTuple state, Wish *wish);

#endif							/* ARB_STRATEGY_H */
