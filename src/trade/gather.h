/*-------------------------------------------------------------------------
 *
 * src/trade/gather.h
 *	  All that a decision sees, read under the locks of arb_submit_lock.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARB_GATHER_H
#define ARB_GATHER_H

#include "postgres.h"
#include "core/columns.h"
#include "core/label.h"
#include "market/quote.h"
#include "safety/control.h"
#include "safety/gate.h"
#include "trade/ledger.h"
#include "trade/sizing.h"
#include "trade/wish.h"

/* When a deployment is to end, as its strategy declared; FIXED_NULL = not by this. */
typedef struct KillCriterion
{
	Fixed		loss_usd;
	int64		losses_in_row;
	Fixed		win_pct;		/* once after_trades positions have closed */
	int64		after_trades;
} KillCriterion;

/* The rows a decision needs besides the input's numbers. */
typedef struct GateContext
{
	const Wish *wish;
	Row			portfolio;
	Row			instrument;
	Row			position;		/* exits */
	int32		venue_id;
	int32		venue_account_id;	/* 0 = none */
	bool		clock_driven;
	bool		derives_order_id;
	TimestampTz now;			/* the wall clock's, read once */
	const Controls *controls;
	Datum		strategy_hash;	/* text, 0 = unknown */
	KillCriterion kill;
	const Sizing *sizing;		/* the deployment's; NULL = unknown */
	int32		strategy_id;	/* 0 = unknown */
	const char *strategy_name;	/* NULL = unknown */
	const char *venue_name;
	LedgerTotals totals;
	Quote		quote;			/* what the order is judged by; nothing without one */
	GateInput	in;
	GateOutput	out;
} GateContext;

extern void arb_gather(GateContext *c, const QuoteSet *quotes, TimestampTz market_time);
extern void arb_gather_signal(GateContext *c, Snapshot snapshot);
extern void arb_gather_sizing(GateContext *c, Snapshot snapshot);

#endif							/* ARB_GATHER_H */
