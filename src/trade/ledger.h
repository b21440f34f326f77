/*-------------------------------------------------------------------------
 *
 * src/trade/ledger.h
 *	  The ledger: a portfolio's totals as a chain of inserts.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARB_LEDGER_H
#define ARB_LEDGER_H

#include "postgres.h"
#include "core/columns.h"
#include "core/label.h"
#include "core/money.h"
#include "utils/date.h"
#include "utils/timestamp.h"

/* What an entry changes; the books must balance: cash + claimable + cost_open = deposits + realized. */
typedef struct LedgerChange
{
	LedgerKind	kind;
	int64		order_id;		/* 0 = none */
	int64		position_id;	/* 0 = none */
	const char *reference;
	Fixed		cash;
	Fixed		claimable;
	Fixed		reserved;
	Fixed		deposits;
	Fixed		cost_open;
	Fixed		fees;
	Fixed		realized;
	int			open_positions;
	int			open_orders;
	bool		new_session;
} LedgerChange;

/* The totals of the last row; all zero for a portfolio without one. */
typedef struct LedgerTotals
{
	int64		seq;
	Fixed		cash;
	Fixed		claimable;
	Fixed		reserved;
	Fixed		deposits;
	Fixed		cost_open;
	Fixed		fees;
	Fixed		realized;
	Fixed		session_pnl;
	DateADT		day;
	Fixed		day_pnl;
	Fixed		day_peak;
	int			open_positions;
	int			open_orders;
} LedgerTotals;

extern void arb_ledger_totals(TradingMode mode, int32 portfolio_id, TimestampTz market_time,
							  Snapshot snapshot, LedgerTotals *totals);
extern void arb_ledger_append_to(const LedgerTotals *last, TradingMode mode, int32 portfolio_id,
								 const LedgerChange *change, TimestampTz market_time);
extern void arb_ledger_append(TradingMode mode, int32 portfolio_id, const LedgerChange *change,
							  TimestampTz market_time);

#endif							/* ARB_LEDGER_H */
