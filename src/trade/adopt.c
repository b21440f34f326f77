/*-------------------------------------------------------------------------
 *
 * src/trade/adopt.c
 *	  Shares at the venue that no order of ours explains, taken into the books.
 *
 * Orders come from the gate and fills from orders; neither is invented here.
 * What is made is the position, as if bought for the money named, and its row of
 * the ledger; from then on it is watched and closed like any other.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "compat.h"
#include "core/guard.h"
#include "core/lock.h"
#include "core/txn.h"
#include "market/instrument.h"
#include "safety/control.h"
#include "safety/heat.h"
#include "trade/desk.h"
#include "trade/ledger.h"
#include "trade/position.h"
#include "utils/builtins.h"

typedef struct Adoption
{
	Desk		desk;
	int32		deployment_id;
	int32		instrument_id;
	Fixed		qty;
	Fixed		money;
	Fixed		fee;
	Fixed		stop_loss_pct;
	char	   *reference;
} Adoption;

/* "none" recorded as the control, or no number at all: no stop, no profit target. */
static Fixed
percent(Fixed control)
{
	return control == FIXED_NONE || control < 0 ? 0 : control;
}

/* The exit rules of who declares none. */
static void
set_exit_rules(Adoption *a, Datum *value)
{
	const Controls *controls = arb_controls();
	Fixed		profit = controls->take_profit_kind == TAKE_PROFIT_TRAILING ? controls->trailing_pct :
		controls->take_profit_pct;

	a->stop_loss_pct = percent(controls->stop_loss_pct);
	value[POSITIONS_stop_loss_pct] = arb_fixed_to_numeric(a->stop_loss_pct);
	value[POSITIONS_stop_scale] = arb_fixed_to_numeric(FIXED_ONE);
	value[POSITIONS_take_profit_kind] = ObjectIdGetDatum(arb_label_oid(LABEL_TAKE_PROFIT_KIND,
		controls->take_profit_kind == 0 ? TAKE_PROFIT_NONE : (int) controls->take_profit_kind));
	value[POSITIONS_take_profit_pct] = arb_fixed_to_numeric(percent(profit));
}

static void
insert_position(Adoption *a, int64 position_id)
{
	Datum		value[ARB_MAX_COLUMNS];
	bool		null[ARB_MAX_COLUMNS] = {false};
	Datum		zero = arb_fixed_to_numeric(0);
	Row			instrument;
	Table		table;
	int			i;

	arb_instrument_read(a->instrument_id, &instrument);
	for (i = POSITIONS_entry_qty; i <= POSITIONS_realized_pnl; i++)
		value[i] = zero;
	for (i = POSITIONS_high_water; i <= POSITIONS_intended_price; i++)
	{
		null[i] = true;
		value[i] = (Datum) 0;
	}
#define SET(column, datum) value[POSITIONS_##column] = (datum)
	SET(position_id, Int64GetDatum(position_id));
	SET(portfolio_id, Int32GetDatum(a->desk.portfolio_id));
	SET(mode, ObjectIdGetDatum(arb_label_oid(LABEL_MODE, a->desk.mode)));
	SET(deployment_id, Int32GetDatum(a->deployment_id));
	SET(venue_id, instrument.value[INSTRUMENTS_venue_id]);
	SET(instrument_id, Int32GetDatum(a->instrument_id));
	SET(window_id, instrument.value[INSTRUMENTS_window_id]);
	null[POSITIONS_window_id] = instrument.null[INSTRUMENTS_window_id];
	SET(state, ObjectIdGetDatum(arb_label_oid(LABEL_POSITION_STATE, POSITION_STATE_MONITORING)));
	set_exit_rules(a, value);
	SET(exit_at, (Datum) 0);
	null[POSITIONS_exit_at] = true;
	SET(entry_qty, arb_fixed_to_numeric(a->qty));
	SET(entry_money, arb_fixed_to_numeric(a->money));
	SET(qty, arb_fixed_to_numeric(a->qty));
	SET(cost, arb_fixed_to_numeric(a->money));
	SET(fees, arb_fixed_to_numeric(a->fee));
	SET(realized_pnl, arb_fixed_to_numeric(-a->fee));
	SET(exit_attempts, Int32GetDatum(0));
	SET(opened_at, TimestampTzGetDatum(a->desk.market_time));
	SET(closed_at, (Datum) 0);
	null[POSITIONS_closed_at] = true;
	SET(entry_volatility_pct, (Datum) 0);
	null[POSITIONS_entry_volatility_pct] = true;
#undef SET
	table = arb_table_open(&positions_table, a->desk.mode, RowExclusiveLock);
	arb_guard_open("positions");
	arb_table_insert(&table, value, null);
	arb_guard_close();
	arb_table_close(&table);
}

static void
append_entry(const Adoption *a, int64 position_id)
{
	LedgerChange change = {0};

	change.kind = LEDGER_ADOPT;
	change.position_id = position_id;
	change.reference = a->reference;
	change.deployment_id = a->deployment_id;
	change.instrument_id = a->instrument_id;
	change.qty = a->qty;
	change.cash = -arb_fixed_add(a->money, a->fee);
	change.cost_open = a->money;
	change.fees = a->fee;
	change.realized = -a->fee;
	change.open_positions = change.held_positions = 1;
	change.heat = arb_heat(a->money, a->stop_loss_pct);
	arb_ledger_append(a->desk.mode, a->desk.portfolio_id, &change, a->desk.market_time);
}

/* book_adoption(portfolio, deployment, instrument, qty, money, fee, reference) returns position */
PG_FUNCTION_INFO_V1(arbees_book_adoption);
Datum
arbees_book_adoption(PG_FUNCTION_ARGS)
{
	Adoption	a = {0};
	int64		position_id;

	arb_require_primary("an adoption");
	arb_require_read_committed("an adoption");
	arb_require_synchronous_commit("an adoption");
	arb_desk_read(PG_GETARG_INT32(0), &a.desk);
	arb_lock_portfolio(a.desk.portfolio_id);
	a.deployment_id = PG_GETARG_INT32(1);
	a.instrument_id = PG_GETARG_INT32(2);
	a.qty = arb_fixed_from_numeric(PG_GETARG_DATUM(3));
	a.money = arb_fixed_from_numeric(PG_GETARG_DATUM(4));
	a.fee = arb_fixed_from_numeric(PG_GETARG_DATUM(5));
	a.reference = text_to_cstring(PG_GETARG_TEXT_PP(6));
	position_id = arb_next_id("positions_seq");
	insert_position(&a, position_id);
	append_entry(&a, position_id);
	PG_RETURN_INT64(position_id);
}
