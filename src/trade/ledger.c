/*-------------------------------------------------------------------------
 *
 * src/trade/ledger.c
 *	  The ledger: a portfolio's totals as a chain of inserts.
 *
 * Callers hold the portfolio's lock. Days are UTC days of market time, weeks
 * begin on Monday; neither goes back: a clock set back must not forgive a loss.
 * The totals a row builds on come from the portfolio's book (trade/book.h).
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "compat.h"
#include "core/clock.h"
#include "core/guard.h"
#include "core/lock.h"
#include "errors.h"
#include "trade/book.h"
#include "utils/fmgroids.h"

/* A Monday: 2000-01-03, counted from the epoch of DateADT. */
#define FIRST_MONDAY 2

/* What numeric(24,8) and a Fixed both hold; turnover beyond it stays there. */
#define LARGEST_TURNOVER (PG_INT64_MAX - 1)

/* ---- days and weeks ---- */

DateADT
arb_utc_day(TimestampTz time)
{
	int64		day = time / USECS_PER_DAY;

	if (time % USECS_PER_DAY < 0)
		day--;
	return (DateADT) day;
}

static DateADT
monday_of(DateADT day)
{
	int			since = (day - FIRST_MONDAY) % 7;

	return day - (since < 0 ? since + 7 : since);
}

/* arb_ledger_roll brings totals to a day: a later day, and a later week, begin with nothing. */
void
arb_ledger_roll(LedgerTotals *t, DateADT day)
{
	if (t->seq == 0)
	{
		t->day = day;
		t->week = monday_of(day);
		return;
	}
	if (day <= t->day)
		return;
	t->day = day;
	t->day_pnl = t->day_peak = t->day_net = t->day_value = t->day_qty = 0;
	t->day_orders = t->day_fills = 0;
	if (monday_of(day) > t->week)
	{
		t->week = monday_of(day);
		t->week_pnl = t->week_peak = 0;
	}
}

/* arb_deployment_roll brings a deployment's totals, last written on a day of a session, to where its portfolio is. */
void
arb_deployment_roll(DeploymentTotals *t, DateADT day, int session, const LedgerTotals *now)
{
	if (session < now->session)
	{
		t->session_pnl = 0;
		t->losses_in_row = 0;
	}
	if (day < now->day)
	{
		t->day_pnl = t->day_peak = 0;
		t->day_orders = t->day_fills = 0;
	}
	if (monday_of(day) < now->week)
		t->week_pnl = t->week_peak = 0;
}

/* ---- reading ---- */

static Fixed
fixed_at(const Row *row, int column)
{
	return arb_fixed_from_numeric(row->value[column]);
}

static int
int_at(const Row *row, int column)
{
	return DatumGetInt32(row->value[column]);
}

#define FIXED(name) fixed_at(row, PORTFOLIO_LEDGER_##name)
#define INT(name) int_at(row, PORTFOLIO_LEDGER_##name)

static void
read_totals(const Row *row, LedgerTotals *t)
{
	t->seq = DatumGetInt64(row->value[PORTFOLIO_LEDGER_seq]);
	t->cash = FIXED(cash);
	t->claimable = FIXED(claimable);
	t->reserved = FIXED(reserved);
	t->deposits = FIXED(deposits);
	t->cost_open = FIXED(cost_open);
	t->fees = FIXED(fees);
	t->realized = FIXED(realized_pnl);
	t->session_pnl = FIXED(session_pnl);
	t->day = DatumGetDateADT(row->value[PORTFOLIO_LEDGER_day]);
	t->day_pnl = FIXED(day_pnl);
	t->day_peak = FIXED(day_peak);
	t->open_positions = INT(open_positions);
	t->held_positions = INT(held_positions);
	t->open_orders = INT(open_orders);
	t->week = DatumGetDateADT(row->value[PORTFOLIO_LEDGER_week]);
	t->week_pnl = FIXED(week_pnl);
	t->week_peak = FIXED(week_peak);
	t->heat = FIXED(heat);
	t->day_net = FIXED(day_net);
	t->day_value = FIXED(day_value);
	t->day_qty = FIXED(day_qty);
	t->day_orders = INT(day_orders);
	t->day_fills = INT(day_fills);
	t->losses_in_row = INT(losses_in_row);
	t->session = INT(session);
}

static void
read_deployment(const Row *row, DeploymentTotals *d)
{
	d->realized = FIXED(d_realized);
	d->session_pnl = FIXED(d_session_pnl);
	d->day_pnl = FIXED(d_day_pnl);
	d->day_peak = FIXED(d_day_peak);
	d->week_pnl = FIXED(d_week_pnl);
	d->week_peak = FIXED(d_week_peak);
	d->losses_in_row = INT(d_losses_in_row);
	d->trades = INT(d_trades);
	d->wins = INT(d_wins);
	d->day_orders = INT(d_day_orders);
	d->day_fills = INT(d_day_fills);
}

/* arb_ledger_entry_read takes a row apart. */
void
arb_ledger_entry_read(const Row *row, LedgerEntry *entry)
{
	memset(entry, 0, sizeof(*entry));
	read_totals(row, &entry->totals);
	entry->kind = arb_label_value(LABEL_LEDGER_KIND, DatumGetObjectId(row->value[PORTFOLIO_LEDGER_kind]));
	if (!row->null[PORTFOLIO_LEDGER_order_id])
		entry->order_id = DatumGetInt64(row->value[PORTFOLIO_LEDGER_order_id]);
	if (!row->null[PORTFOLIO_LEDGER_instrument_id])
		entry->instrument_id = INT(instrument_id);
	if (!row->null[PORTFOLIO_LEDGER_deployment_id])
	{
		entry->deployment_id = INT(deployment_id);
		read_deployment(row, &entry->deployment);
	}
	entry->qty = FIXED(qty_change);
	entry->reserved = FIXED(reserved_change);
	entry->entered_at = DatumGetTimestampTz(row->value[PORTFOLIO_LEDGER_entered_at]);
	entry->market_time = DatumGetTimestampTz(row->value[PORTFOLIO_LEDGER_market_time]);
}
#undef FIXED
#undef INT

/* arb_ledger_totals reads a portfolio's totals as of a market time. */
void
arb_ledger_totals(TradingMode mode, int32 portfolio_id, TimestampTz market_time,
				  Snapshot snapshot, LedgerTotals *totals)
{
	*totals = *arb_book_totals(arb_book(mode, portfolio_id, market_time, snapshot));
}

/* ---- the next row ---- */

/* Turnover is compared with limits, never paid out: it may stop growing, but not stop a fill from being booked. */
static Fixed
add_turnover(Fixed sum, Fixed change)
{
	int128		wide = (int128) sum + change;

	return wide > LARGEST_TURNOVER ? LARGEST_TURNOVER : wide < -LARGEST_TURNOVER ? -LARGEST_TURNOVER : (Fixed) wide;
}

static void
count_result(int *losses_in_row, Fixed result)
{
	*losses_in_row = result < 0 ? *losses_in_row + 1 : 0;
}

static void
apply(LedgerTotals *t, const LedgerChange *change, Fixed net)
{
	t->seq++;
	t->cash = arb_fixed_add(t->cash, change->cash);
	t->claimable = arb_fixed_add(t->claimable, change->claimable);
	t->reserved = arb_fixed_add(t->reserved, change->reserved);
	t->deposits = arb_fixed_add(t->deposits, change->deposits);
	t->cost_open = arb_fixed_add(t->cost_open, change->cost_open);
	t->fees = arb_fixed_add(t->fees, change->fees);
	t->realized = arb_fixed_add(t->realized, change->realized);
	t->heat = arb_fixed_add(t->heat, change->heat);
	t->session_pnl = change->new_session ? 0 : arb_fixed_add(t->session_pnl, change->realized);
	t->day_pnl = arb_fixed_add(t->day_pnl, change->realized);
	t->day_peak = Max(t->day_peak, t->day_pnl);
	t->week_pnl = arb_fixed_add(t->week_pnl, change->realized);
	t->week_peak = Max(t->week_peak, t->week_pnl);
	t->day_net = add_turnover(t->day_net, net);
	t->day_value = add_turnover(t->day_value, change->order_value);
	t->day_qty = add_turnover(t->day_qty, change->order_qty);
	t->open_positions += change->open_positions;
	t->held_positions += change->held_positions;
	t->open_orders += change->open_orders;
	t->day_orders += change->entry_order ? 1 : 0;
	t->day_fills += change->fill ? 1 : 0;
	if (change->trade_closed)
		count_result(&t->losses_in_row, change->trade_pnl);
	if (change->new_session)
	{
		t->session++;
		t->losses_in_row = 0;
	}
}

static void
apply_to_deployment(DeploymentTotals *d, const LedgerChange *change)
{
	d->realized = arb_fixed_add(d->realized, change->realized);
	d->session_pnl = arb_fixed_add(d->session_pnl, change->realized);
	d->day_pnl = arb_fixed_add(d->day_pnl, change->realized);
	d->day_peak = Max(d->day_peak, d->day_pnl);
	d->week_pnl = arb_fixed_add(d->week_pnl, change->realized);
	d->week_peak = Max(d->week_peak, d->week_pnl);
	d->day_orders += change->entry_order ? 1 : 0;
	d->day_fills += change->fill ? 1 : 0;
	if (change->trade_closed)
	{
		count_result(&d->losses_in_row, change->trade_pnl);
		d->trades++;
		d->wins += change->trade_pnl > 0 ? 1 : 0;
	}
}

#define SET(column, datum) value[PORTFOLIO_LEDGER_##column] = (datum)
#define SET_FIXED(column, fixed) SET(column, arb_fixed_to_numeric(fixed))

static void
put_totals(const LedgerTotals *t, Datum *value)
{
	SET(seq, Int64GetDatum(t->seq));
	SET_FIXED(cash, t->cash);
	SET_FIXED(claimable, t->claimable);
	SET_FIXED(reserved, t->reserved);
	SET_FIXED(deposits, t->deposits);
	SET_FIXED(cost_open, t->cost_open);
	SET_FIXED(fees, t->fees);
	SET_FIXED(realized_pnl, t->realized);
	SET_FIXED(session_pnl, t->session_pnl);
	SET(day, DateADTGetDatum(t->day));
	SET_FIXED(day_pnl, t->day_pnl);
	SET_FIXED(day_peak, t->day_peak);
	SET(open_positions, Int32GetDatum(t->open_positions));
	SET(held_positions, Int32GetDatum(t->held_positions));
	SET(open_orders, Int32GetDatum(t->open_orders));
	SET_FIXED(heat, t->heat);
	SET(session, Int32GetDatum(t->session));
	SET(week, DateADTGetDatum(t->week));
	SET_FIXED(week_pnl, t->week_pnl);
	SET_FIXED(week_peak, t->week_peak);
	SET_FIXED(day_net, t->day_net);
	SET_FIXED(day_value, t->day_value);
	SET_FIXED(day_qty, t->day_qty);
	SET(day_orders, Int32GetDatum(t->day_orders));
	SET(day_fills, Int32GetDatum(t->day_fills));
	SET(losses_in_row, Int32GetDatum(t->losses_in_row));
}

static void
put_deployment(int32 deployment_id, const DeploymentTotals *d, Datum *value, bool *null)
{
	int			i;

	for (i = PORTFOLIO_LEDGER_d_realized; i <= PORTFOLIO_LEDGER_d_day_fills; i++)
	{
		null[i] = deployment_id == 0;
		value[i] = (Datum) 0;
	}
	null[PORTFOLIO_LEDGER_deployment_id] = deployment_id == 0;
	SET(deployment_id, Int32GetDatum(deployment_id));
	if (deployment_id == 0)
		return;
	SET_FIXED(d_realized, d->realized);
	SET_FIXED(d_session_pnl, d->session_pnl);
	SET_FIXED(d_day_pnl, d->day_pnl);
	SET_FIXED(d_day_peak, d->day_peak);
	SET_FIXED(d_week_pnl, d->week_pnl);
	SET_FIXED(d_week_peak, d->week_peak);
	SET(d_losses_in_row, Int32GetDatum(d->losses_in_row));
	SET(d_trades, Int32GetDatum(d->trades));
	SET(d_wins, Int32GetDatum(d->wins));
	SET(d_day_orders, Int32GetDatum(d->day_orders));
	SET(d_day_fills, Int32GetDatum(d->day_fills));
}

static void
put_change(const LedgerChange *change, Datum *value, bool *null)
{
	SET(kind, ObjectIdGetDatum(arb_label_oid(LABEL_LEDGER_KIND, change->kind)));
	SET(order_id, Int64GetDatum(change->order_id));
	null[PORTFOLIO_LEDGER_order_id] = change->order_id == 0;
	SET(position_id, Int64GetDatum(change->position_id));
	null[PORTFOLIO_LEDGER_position_id] = change->position_id == 0;
	null[PORTFOLIO_LEDGER_reference] = change->reference == NULL;
	SET(reference, change->reference ? CStringGetTextDatum(change->reference) : (Datum) 0);
	SET_FIXED(cash_change, change->cash);
	SET_FIXED(claimable_change, change->claimable);
	SET_FIXED(reserved_change, change->reserved);
	SET(instrument_id, Int32GetDatum(change->instrument_id));
	null[PORTFOLIO_LEDGER_instrument_id] = change->instrument_id == 0;
	SET_FIXED(qty_change, change->qty);
	null[PORTFOLIO_LEDGER_trade_pnl] = !change->trade_closed;
	SET(trade_pnl, change->trade_closed ? arb_fixed_to_numeric(change->trade_pnl) : (Datum) 0);
}

static void
insert_entry(TradingMode mode, int32 portfolio_id, const LedgerChange *change, const LedgerEntry *entry)
{
	Datum		value[ARB_MAX_COLUMNS];
	bool		null[ARB_MAX_COLUMNS] = {false};
	Table		table;

	SET(portfolio_id, Int32GetDatum(portfolio_id));
	SET(mode, ObjectIdGetDatum(arb_label_oid(LABEL_MODE, mode)));
	SET(entered_at, TimestampTzGetDatum(entry->entered_at));
	SET(market_time, TimestampTzGetDatum(entry->market_time));
	put_change(change, value, null);
	put_totals(&entry->totals, value);
	put_deployment(entry->deployment_id, &entry->deployment, value, null);
	table = arb_table_open(&portfolio_ledger_table, mode, RowExclusiveLock);
	arb_guard_open("portfolio_ledger");
	arb_table_insert(&table, value, null);
	arb_guard_close();
	arb_table_close(&table);
}
#undef SET
#undef SET_FIXED

static void
require_balanced(int32 portfolio_id, const LedgerChange *change)
{
	if ((int128) change->cash + change->claimable + change->cost_open !=
		(int128) change->deposits + change->realized)
		ereport(ERROR,
				(errcode(ERRCODE_ARB_ASSERTION),
				 errmsg("ledger entry of portfolio %d does not balance", portfolio_id),
				 errdetail("Cash %s, claimable %s, cost %s; deposits %s, realized %s.",
						   arb_fixed_to_cstring(change->cash), arb_fixed_to_cstring(change->claimable),
						   arb_fixed_to_cstring(change->cost_open), arb_fixed_to_cstring(change->deposits),
						   arb_fixed_to_cstring(change->realized))));
}

/* What is at work is at work in something, for somebody: the books by scope know it from here. */
static void
require_owner(int32 portfolio_id, const LedgerChange *change)
{
	bool		at_work = change->reserved != 0 || change->cost_open != 0 || change->qty != 0 ||
		change->heat != 0 || change->open_positions != 0 || change->held_positions != 0 || change->open_orders != 0 || change->net != 0;

	if (at_work && (change->deployment_id == 0 || change->instrument_id == 0))
		ereport(ERROR,
				(errcode(ERRCODE_ARB_ASSERTION),
				 errmsg("ledger entry of portfolio %d does not say what it is about", portfolio_id),
				 errdetail("Deployment %d, instrument %d.", change->deployment_id, change->instrument_id)));
}

/*
 * arb_ledger_append writes the next row.
 *
 * Errors: RB007 when the entry itself does not balance, or nobody can count on
 * the row it builds on.
 */
void
arb_ledger_append(TradingMode mode, int32 portfolio_id, const LedgerChange *change, TimestampTz market_time)
{
	LedgerEntry entry = {0};
	Book	   *book;
	Fixed		net = change->net;

	require_balanced(portfolio_id, change);
	require_owner(portfolio_id, change);
	if (!arb_lock_portfolio_held(portfolio_id))
		ereport(ERROR,
				(errcode(ERRCODE_ARB_ASSERTION),
				 errmsg("ledger of portfolio %d is written without its lock", portfolio_id)));
	book = arb_book(mode, portfolio_id, market_time, NULL);
	if (net != 0 && arb_book_direction(book, change->instrument_id) < 0)
		net = -net;
	entry.totals = *arb_book_totals(book);
	apply(&entry.totals, change, net);
	entry.deployment_id = change->deployment_id;
	if (change->deployment_id != 0)
	{
		entry.deployment = arb_book_deployment(book, change->deployment_id);
		apply_to_deployment(&entry.deployment, change);
	}
	entry.kind = change->kind;
	entry.order_id = change->order_id;
	entry.instrument_id = change->instrument_id;
	entry.qty = change->qty;
	entry.reserved = change->reserved;
	entry.entered_at = arb_now();
	entry.market_time = market_time;
	entry.order = change->order;
	entry.asked = change->asked;
	insert_entry(mode, portfolio_id, change, &entry);
	arb_book_apply(book, &entry);
}
