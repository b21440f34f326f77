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

/* What an order, or its signal, asks for; known = false: the row knows. */
typedef struct OrderTerms
{
	bool		known;
	OrderSide	side;
	AmountKind	amount_kind;
	TimeInForce time_in_force;
	Fixed		amount;
	Fixed		limit_price;
} OrderTerms;

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
	int			held_positions; /* of the open ones, those that hold shares */
	int			open_orders;
	bool		new_session;
	int32		deployment_id;	/* whose; 0 for what is the portfolio's alone */
	int32		instrument_id;	/* in what; 0 = none */
	Fixed		qty;			/* shares gained or lost */
	Fixed		heat;			/* dollars at risk down to the stops */
	OrderTerms	order;			/* of an order that was made */
	OrderTerms	asked;			/* what its signal asked for, before it was sized and priced */
	bool		entry_order;	/* it is an entry: it counts as a message of the day */
	Fixed		order_value;	/* its dollars and shares */
	Fixed		order_qty;
	Fixed		net;			/* dollars bought less sold; the ledger gives them the instrument's sign */
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

/* The totals of the last row; all zero for a portfolio without one. Day and week never go back. */
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
	int			held_positions;
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
	int			session;		/* how many were begun */
} LedgerTotals;

/* A row of the ledger: the totals it leaves, and what it was about. */
typedef struct LedgerEntry
{
	LedgerTotals totals;
	DeploymentTotals deployment;	/* of deployment_id, where there is one */
	LedgerKind	kind;
	int64		order_id;
	int32		deployment_id;
	int32		instrument_id;
	Fixed		qty;
	Fixed		reserved;
	TimestampTz entered_at;
	TimestampTz market_time;
	OrderTerms	order;
	OrderTerms	asked;
} LedgerEntry;

extern void arb_ledger_entry_read(const Row *row, LedgerEntry *entry);
extern void arb_ledger_roll(LedgerTotals *totals, DateADT day);
extern void arb_deployment_roll(DeploymentTotals *totals, DateADT day, int session, const LedgerTotals *now);
extern DateADT arb_utc_day(TimestampTz time);
extern void arb_ledger_totals(TradingMode mode, int32 portfolio_id, TimestampTz market_time,
							  Snapshot snapshot, LedgerTotals *totals);
extern void arb_ledger_append(TradingMode mode, int32 portfolio_id, const LedgerChange *change,
							  TimestampTz market_time);

#endif							/* ARB_LEDGER_H */
