/*-------------------------------------------------------------------------
 *
 * src/trade/ledger.c
 *	  The ledger: a portfolio's totals as a chain of inserts.
 *
 * Callers hold the portfolio's lock. The market day is UTC.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "compat.h"
#include "core/clock.h"
#include "core/guard.h"
#include "errors.h"
#include "trade/ledger.h"
#include "utils/fmgroids.h"

static DateADT
utc_day(TimestampTz time)
{
	int64		day = time / USECS_PER_DAY;

	if (time % USECS_PER_DAY < 0)
		day--;
	return (DateADT) day;
}

static Fixed
fixed_at(const Row *row, int column)
{
	return arb_fixed_from_numeric(row->value[column]);
}

/*
 * arb_ledger_totals reads a portfolio's last row as of a market time: on a later
 * day the day's result starts from nothing.
 */
void
arb_ledger_totals(TradingMode mode, int32 portfolio_id, TimestampTz market_time,
				  Snapshot snapshot, LedgerTotals *totals)
{
	Table		table = arb_table_open(&portfolio_ledger_table, mode, RowExclusiveLock);
	IndexKey	keys[] = {INT4_KEY(portfolio_id)};
	Row			row;

	memset(totals, 0, sizeof(*totals));
	totals->day = utc_day(market_time);
	if (arb_table_fetch(&table, "portfolio_ledger_pkey", 1, keys, BackwardScanDirection, snapshot, &row))
	{
		totals->seq = DatumGetInt64(row.value[PORTFOLIO_LEDGER_seq]);
		totals->cash = fixed_at(&row, PORTFOLIO_LEDGER_cash);
		totals->claimable = fixed_at(&row, PORTFOLIO_LEDGER_claimable);
		totals->reserved = fixed_at(&row, PORTFOLIO_LEDGER_reserved);
		totals->deposits = fixed_at(&row, PORTFOLIO_LEDGER_deposits);
		totals->cost_open = fixed_at(&row, PORTFOLIO_LEDGER_cost_open);
		totals->fees = fixed_at(&row, PORTFOLIO_LEDGER_fees);
		totals->realized = fixed_at(&row, PORTFOLIO_LEDGER_realized_pnl);
		totals->session_pnl = fixed_at(&row, PORTFOLIO_LEDGER_session_pnl);
		totals->open_positions = DatumGetInt32(row.value[PORTFOLIO_LEDGER_open_positions]);
		totals->open_orders = DatumGetInt32(row.value[PORTFOLIO_LEDGER_open_orders]);
		if (DatumGetDateADT(row.value[PORTFOLIO_LEDGER_day]) >= totals->day)
		{
			/* Never back to an earlier day: a clock set back must not forgive a loss. */
			totals->day = DatumGetDateADT(row.value[PORTFOLIO_LEDGER_day]);
			totals->day_pnl = fixed_at(&row, PORTFOLIO_LEDGER_day_pnl);
			totals->day_peak = fixed_at(&row, PORTFOLIO_LEDGER_day_peak);
		}
	}
	arb_table_close(&table);
}

static void
apply(LedgerTotals *t, const LedgerChange *change)
{
	t->seq++;
	t->cash = arb_fixed_add(t->cash, change->cash);
	t->claimable = arb_fixed_add(t->claimable, change->claimable);
	t->reserved = arb_fixed_add(t->reserved, change->reserved);
	t->deposits = arb_fixed_add(t->deposits, change->deposits);
	t->cost_open = arb_fixed_add(t->cost_open, change->cost_open);
	t->fees = arb_fixed_add(t->fees, change->fees);
	t->realized = arb_fixed_add(t->realized, change->realized);
	t->session_pnl = change->new_session ? 0 : arb_fixed_add(t->session_pnl, change->realized);
	t->day_pnl = arb_fixed_add(t->day_pnl, change->realized);
	t->day_peak = Max(t->day_peak, t->day_pnl);
	t->open_positions += change->open_positions;
	t->open_orders += change->open_orders;
}

/* arb_ledger_append reads the last row and writes the next. */
void
arb_ledger_append(TradingMode mode, int32 portfolio_id, const LedgerChange *change, TimestampTz market_time)
{
	Snapshot	snapshot = arb_snapshot_begin();
	LedgerTotals last;

	arb_ledger_totals(mode, portfolio_id, market_time, snapshot, &last);
	arb_snapshot_end(snapshot);
	arb_ledger_append_to(&last, mode, portfolio_id, change, market_time);
}

/*
 * arb_ledger_append_to writes the row after the last one, which the caller read
 * as of this market time, under the portfolio's lock.
 *
 * Errors: RB007 when the entry itself does not balance.
 */
void
arb_ledger_append_to(const LedgerTotals *last, TradingMode mode, int32 portfolio_id,
					 const LedgerChange *change, TimestampTz market_time)
{
	Datum		value[ARB_MAX_COLUMNS];
	bool		null[ARB_MAX_COLUMNS] = {false};
	LedgerTotals t = *last;
	Table		table;

	if ((int128) change->cash + change->claimable + change->cost_open !=
		(int128) change->deposits + change->realized)
		ereport(ERROR,
				(errcode(ERRCODE_ARB_ASSERTION),
				 errmsg("ledger entry of portfolio %d does not balance", portfolio_id),
				 errdetail("Cash %s, claimable %s, cost %s; deposits %s, realized %s.",
						   arb_fixed_to_cstring(change->cash), arb_fixed_to_cstring(change->claimable),
						   arb_fixed_to_cstring(change->cost_open), arb_fixed_to_cstring(change->deposits),
						   arb_fixed_to_cstring(change->realized))));
	apply(&t, change);

#define SET(column, datum) value[PORTFOLIO_LEDGER_##column] = (datum)
	SET(portfolio_id, Int32GetDatum(portfolio_id));
	SET(seq, Int64GetDatum(t.seq));
	SET(mode, ObjectIdGetDatum(arb_label_oid(LABEL_MODE, mode)));
	SET(kind, ObjectIdGetDatum(arb_label_oid(LABEL_LEDGER_KIND, change->kind)));
	SET(order_id, Int64GetDatum(change->order_id));
	null[PORTFOLIO_LEDGER_order_id] = change->order_id == 0;
	SET(position_id, Int64GetDatum(change->position_id));
	null[PORTFOLIO_LEDGER_position_id] = change->position_id == 0;
	null[PORTFOLIO_LEDGER_reference] = change->reference == NULL;
	SET(reference, change->reference ? CStringGetTextDatum(change->reference) : (Datum) 0);
	SET(entered_at, TimestampTzGetDatum(arb_now()));
	SET(market_time, TimestampTzGetDatum(market_time));
	SET(cash_change, arb_fixed_to_numeric(change->cash));
	SET(claimable_change, arb_fixed_to_numeric(change->claimable));
	SET(reserved_change, arb_fixed_to_numeric(change->reserved));
	SET(cash, arb_fixed_to_numeric(t.cash));
	SET(claimable, arb_fixed_to_numeric(t.claimable));
	SET(reserved, arb_fixed_to_numeric(t.reserved));
	SET(deposits, arb_fixed_to_numeric(t.deposits));
	SET(cost_open, arb_fixed_to_numeric(t.cost_open));
	SET(fees, arb_fixed_to_numeric(t.fees));
	SET(realized_pnl, arb_fixed_to_numeric(t.realized));
	SET(session_pnl, arb_fixed_to_numeric(t.session_pnl));
	SET(day, DateADTGetDatum(t.day));
	SET(day_pnl, arb_fixed_to_numeric(t.day_pnl));
	SET(day_peak, arb_fixed_to_numeric(t.day_peak));
	SET(open_positions, Int32GetDatum(t.open_positions));
	SET(open_orders, Int32GetDatum(t.open_orders));
#undef SET

	table = arb_table_open(&portfolio_ledger_table, mode, RowExclusiveLock);
	arb_guard_open("portfolio_ledger");
	arb_table_insert(&table, value, null);
	arb_guard_close();
	arb_table_close(&table);
}
