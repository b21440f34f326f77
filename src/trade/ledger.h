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
	int32		deployment_id;	/* whose; 0 for what is the portfolio's alone */
	int32		instrument_id;	/* in what; 0 = none */
	Fixed		qty;			/* shares gained or lost */
	Fixed		heat;			/* dollars at risk down to the stops */
	bool		entry_order;	/* an entry order was made: it counts as a message of the day */
	Fixed		order_value;	/* its dollars and shares */
	Fixed		order_qty;
	Fixed		net;			/* dollars bought less sold today, signed by the instrument's direction */
	bool		fill;			/* counts as a trade of the day */
	bool		trade_closed;	/* a position ended, with this result */
	Fixed		trade_pnl;
} LedgerChange;

/* A deployment's totals; all zero before its first row. */
typedef struct DeploymentTotals
{
	Fixed		realized;
	Fixed		session_pnl;
	Fixed		day_pnl;
	Fixed		day_peak;
	Fixed		week_pnl;
	Fixed		week_peak;
	int			losses_in_row;
	int			trades;			/* positions closed, and those with a gain */
	int			wins;
	int			day_orders;
	int			day_fills;
} DeploymentTotals;

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
	DateADT		week;			/* its Monday */
	Fixed		week_pnl;
	Fixed		week_peak;
	Fixed		heat;
	Fixed		day_net;
	Fixed		day_value;
	Fixed		day_qty;
	int			day_orders;
	int			day_fills;
	int			losses_in_row;
} LedgerTotals;

extern void arb_ledger_totals(TradingMode mode, int32 portfolio_id, TimestampTz market_time,
							  Snapshot snapshot, LedgerTotals *totals);
extern void arb_ledger_append_to(const LedgerTotals *last, TradingMode mode, int32 portfolio_id,
								 const LedgerChange *change, TimestampTz market_time);
extern void arb_ledger_append(TradingMode mode, int32 portfolio_id, const LedgerChange *change,
							  TimestampTz market_time);

#endif							/* ARB_LEDGER_H */
