/*-------------------------------------------------------------------------
 *
 * src/trade/fill.c
 *	  Fills: booked once, whatever the order's state, and carried through to
 *	  position and ledger; and the end of an order.
 *
 * A fill is a fact: nothing here refuses one. What should not have happened
 * (overfill, fill after the end, wrong side) is booked, then alarmed.
 * Callers hold the portfolio's lock.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "compat.h"
#include "core/clock.h"
#include "core/debug_point.h"
#include "core/guard.h"
#include "core/wake.h"
#include "journal/journal.h"
#include "safety/heat.h"
#include "trade/fill.h"
#include "trade/ledger.h"
#include "trade/order.h"
#include "trade/position.h"
#include "utils/fmgroids.h"

static OrderPurpose
purpose_of(const Row *order)
{
	return arb_label_value(LABEL_ORDER_PURPOSE, DatumGetObjectId(order->value[ORDERS_purpose]));
}

static bool
find_fill(TradingMode mode, int64 order_id, const char *venue_trade_id, Row *fill)
{
	Table		table = arb_table_open(&fills_table, mode, RowExclusiveLock);
	IndexKey	keys[] = {INT8_KEY(order_id), {CStringGetTextDatum(venue_trade_id), F_TEXTEQ}};
	Snapshot	snapshot = arb_snapshot_begin();
	bool		found = arb_table_fetch(&table, "fills_venue_trade_key", 2, keys, ForwardScanDirection, snapshot, fill);

	arb_snapshot_end(snapshot);
	arb_table_close(&table);
	return found;
}

static void
insert_fill(TradingMode mode, const Row *order, const FillFacts *facts)
{
	Datum		value[ARB_MAX_COLUMNS];
	bool		null[ARB_MAX_COLUMNS] = {false};
	TimestampTz now = arb_now();
	Table		table;

#define SET(column, datum) value[FILLS_##column] = (datum)
	SET(fill_id, Int64GetDatum(arb_next_id("fills_seq")));
	SET(portfolio_id, order->value[ORDERS_portfolio_id]);
	SET(mode, order->value[ORDERS_mode]);
	SET(order_id, order->value[ORDERS_order_id]);
	SET(position_id, order->value[ORDERS_position_id]);
	SET(instrument_id, order->value[ORDERS_instrument_id]);
	SET(venue_trade_id, CStringGetTextDatum(facts->venue_trade_id));
	SET(side, ObjectIdGetDatum(arb_label_oid(LABEL_SIDE, facts->side)));
	SET(qty, arb_fixed_to_numeric(facts->qty));
	SET(price, arb_fixed_to_numeric(facts->price));
	SET(money, arb_fixed_to_numeric(facts->money));
	SET(fee, arb_fixed_to_numeric(facts->fee));
	null[FILLS_liquidity] = facts->liquidity == NULL;
	SET(liquidity, facts->liquidity == NULL ? (Datum) 0 : CStringGetTextDatum(facts->liquidity));
	SET(settlement, ObjectIdGetDatum(arb_label_oid(LABEL_SETTLEMENT, facts->settlement)));
	SET(matched_at, TimestampTzGetDatum(facts->matched_at));
	SET(booked_at, TimestampTzGetDatum(now));
	SET(voided_at, TimestampTzGetDatum(now));
	null[FILLS_voided_at] = facts->settlement != SETTLEMENT_VOIDED;
#undef SET
	table = arb_table_open(&fills_table, mode, RowExclusiveLock);
	arb_guard_open("fills");
	arb_table_insert(&table, value, null);
	arb_guard_close();
	arb_table_close(&table);
}

static void
set_settlement(TradingMode mode, Row *fill, Settlement settlement)
{
	Table		table = arb_table_open(&fills_table, mode, RowExclusiveLock);

	fill->value[FILLS_settlement] = ObjectIdGetDatum(arb_label_oid(LABEL_SETTLEMENT, settlement));
	if (settlement == SETTLEMENT_VOIDED)
	{
		fill->value[FILLS_voided_at] = TimestampTzGetDatum(arb_now());
		fill->null[FILLS_voided_at] = false;
	}
	arb_guard_open("fills");
	arb_table_update(&table, fill);
	arb_guard_close();
	arb_table_close(&table);
}

static void
add_to(Row *row, int column, Fixed change)
{
	row->value[column] = arb_fixed_to_numeric(arb_fixed_add(arb_fixed_from_numeric(row->value[column]), change));
}

/* What an order may still need: its reservation less what its fills have taken. */
static Fixed
shrink_reservation(Row *order, const FillFacts *facts)
{
	Fixed		reserved = arb_row_fixed(order, ORDERS_reserved);
	Fixed		used = Min(reserved, Max(0, arb_fixed_add(facts->money, facts->fee)));

	order->value[ORDERS_reserved] = arb_fixed_to_numeric(reserved - used);
	return used;
}

/* What a position and an order of it can lose down to its stop; nothing once it is closed, dust and all. */
static Fixed
heat_of(const Row *position, const Row *order)
{
	Fixed		stop_loss_pct = arb_row_fixed(position, POSITIONS_stop_loss_pct);
	Fixed		held = arb_position_state(position) == POSITION_STATE_CLOSED ? 0 :
		arb_heat(arb_row_fixed(position, POSITIONS_cost), stop_loss_pct);

	return arb_fixed_add(held, arb_heat(arb_row_fixed(order, ORDERS_reserved), stop_loss_pct));
}

/* A position that just closed is a trade with a result; one that comes back and closes again is another. */
static void
close_trade(const Row *position, LedgerChange *change)
{
	change->open_positions = -1;
	change->trade_closed = true;
	change->trade_pnl = arb_row_fixed(position, POSITIONS_realized_pnl);
}

/* The cost that leaves the position with the shares sold: all of it with the last share. */
static Fixed
cost_of_sold(const Row *position, Fixed qty_sold)
{
	Fixed		qty = arb_row_fixed(position, POSITIONS_qty);
	Fixed		cost = arb_row_fixed(position, POSITIONS_cost);

	if (qty <= 0 || qty_sold >= qty)
		return cost;
	return arb_fixed_muldiv_floor(cost, qty_sold, qty);
}

static void
book_buy(Row *position, const FillFacts *facts, LedgerChange *change)
{
	add_to(position, POSITIONS_entry_qty, facts->qty);
	add_to(position, POSITIONS_entry_money, facts->money);
	add_to(position, POSITIONS_qty, facts->qty);
	add_to(position, POSITIONS_cost, facts->money);
	change->qty = facts->qty;
	change->net = facts->money;
	change->cash = -arb_fixed_add(facts->money, facts->fee);
	change->cost_open = facts->money;
	change->realized = -facts->fee;
}

static void
book_sell(Row *position, const FillFacts *facts, LedgerChange *change)
{
	Fixed		cost = cost_of_sold(position, facts->qty);

	add_to(position, POSITIONS_exit_qty, facts->qty);
	add_to(position, POSITIONS_exit_money, facts->money);
	add_to(position, POSITIONS_qty, -facts->qty);
	add_to(position, POSITIONS_cost, -cost);
	change->qty = -facts->qty;
	change->net = -facts->money;
	change->cash = arb_fixed_sub(facts->money, facts->fee);
	change->cost_open = -cost;
	change->realized = arb_fixed_sub(arb_fixed_sub(facts->money, cost), facts->fee);
}

static void
book_position(Row *position, const FillFacts *facts, LedgerChange *change)
{
	if (facts->side == SIDE_BUY)
		book_buy(position, facts, change);
	else
		book_sell(position, facts, change);
	add_to(position, POSITIONS_fees, facts->fee);
	add_to(position, POSITIONS_realized_pnl, change->realized);
	change->fees = facts->fee;
}

/* A fill that failed to settle is its own opposite, to the micro-dollar. */
static void
unbook_position(Row *position, const FillFacts *facts, LedgerChange *change)
{
	if (facts->side == SIDE_BUY)
	{
		add_to(position, POSITIONS_entry_qty, -facts->qty);
		add_to(position, POSITIONS_entry_money, -facts->money);
		add_to(position, POSITIONS_qty, -facts->qty);
		add_to(position, POSITIONS_cost, -facts->money);
		change->qty = -facts->qty;
		change->net = -facts->money;
		change->cash = arb_fixed_add(facts->money, facts->fee);
		change->cost_open = -facts->money;
		change->realized = facts->fee;
	}
	else
	{
		/* The shares come back at the cost the entry's average gives them. */
		Fixed		average = arb_position_average(position);
		Fixed		cost = arb_fixed_mul_floor(average, facts->qty);

		add_to(position, POSITIONS_exit_qty, -facts->qty);
		add_to(position, POSITIONS_exit_money, -facts->money);
		add_to(position, POSITIONS_qty, facts->qty);
		add_to(position, POSITIONS_cost, cost);
		change->qty = facts->qty;
		change->net = facts->money;
		change->cash = arb_fixed_sub(facts->fee, facts->money);
		change->cost_open = cost;
		change->realized = arb_fixed_add(arb_fixed_sub(cost, facts->money), facts->fee);
	}
	add_to(position, POSITIONS_fees, -facts->fee);
	add_to(position, POSITIONS_realized_pnl, change->realized);
	change->fees = -facts->fee;
}

/* Where the position stands after its quantity changed. */
static void
move_position(Row *position, const Row *order, Fixed lot_size, TimestampTz at, LedgerChange *change)
{
	PositionState state = arb_position_state(position);
	Fixed		qty = arb_row_fixed(position, POSITIONS_qty);
	bool		dust = qty < lot_size;

	if (state == POSITION_STATE_ENTRY && qty > 0)
		arb_position_transition(position, POSITION_EVENT_FILLED, at);
	else if (state == POSITION_STATE_EXIT_PENDING && dust && purpose_of(order) == PURPOSE_EXIT)
	{
		arb_position_transition(position, POSITION_EVENT_EXIT_DONE, at);
		close_trade(position, change);
	}
	else if (state == POSITION_STATE_CLOSED && !dust)
	{
		arb_position_transition(position, POSITION_EVENT_LATE_FILL, at);
		change->open_positions = 1;
	}
}

static void
alarm_odd_fill(const Row *order, const FillFacts *facts, OrderState before)
{
	int32		portfolio_id = DatumGetInt32(order->value[ORDERS_portfolio_id]);
	int64		order_id = DatumGetInt64(order->value[ORDERS_order_id]);
	Fixed		amount = arb_row_fixed(order, ORDERS_amount);
	bool		money = arb_label_value(LABEL_AMOUNT_KIND,
										DatumGetObjectId(order->value[ORDERS_amount_kind])) == AMOUNT_MONEY;
	Fixed		filled = arb_row_fixed(order, money ? ORDERS_filled_money : ORDERS_filled_qty);

	if (filled > arb_fixed_add(amount, FIXED_CENT))
		arb_alert("critical", "overfill", portfolio_id,
				  psprintf("order " INT64_FORMAT " was filled for %s of %s", order_id,
						   arb_fixed_to_cstring(filled), arb_fixed_to_cstring(amount)));
	if (before == ORDER_STATE_CANCELED || before == ORDER_STATE_EXPIRED || before == ORDER_STATE_REJECTED)
		arb_alert("warning", "late_fill", portfolio_id,
				  psprintf("order " INT64_FORMAT " was %s and was filled for %s shares", order_id,
						   arb_label_name(LABEL_ORDER_STATE, before), arb_fixed_to_cstring(facts->qty)));
	if (facts->side != arb_label_value(LABEL_SIDE, DatumGetObjectId(order->value[ORDERS_side])))
		arb_alert("critical", "wrong_side_fill", portfolio_id,
				  psprintf("order " INT64_FORMAT " has a fill of the other side", order_id));
}

static void
move_order(TradingMode mode, Row *order, Fixed lot_size, TimestampTz market_time)
{
	OrderState	before = arb_order_state(order);
	bool		complete = arb_order_complete(order, lot_size);
	TimestampTz now = arb_now();

	arb_order_transition(order, complete ? ORDER_EVENT_FILL_COMPLETE : ORDER_EVENT_FILL_PARTIAL, NULL, now);
	if (arb_order_working(before) && !arb_order_working(arb_order_state(order)))
		arb_order_end_reservation(mode, order, market_time);
}

static FillResult
apply_new(TradingMode mode, Row *order, const FillFacts *facts, Fixed lot_size, TimestampTz market_time)
{
	LedgerChange change;
	Row			position;
	Fixed		heat;
	OrderState	before = arb_order_state(order);
	int64		position_id = DatumGetInt64(order->value[ORDERS_position_id]);
	int			held;

	if (!arb_position_read(mode, position_id, &position))
		elog(ERROR, "position " INT64_FORMAT " of a filled order does not exist", position_id);
	insert_fill(mode, order, facts);
	ARB_DEBUG_POINT("fill");
	if (facts->settlement == SETTLEMENT_VOIDED)
		return FILL_VOIDED;		/* failed before we heard of it: recorded, moves nothing */

	arb_order_change(order, LEDGER_FILL, &change);
	change.reference = facts->venue_trade_id;
	held = arb_position_held(&position);
	change.fill = true;
	heat = heat_of(&position, order);
	book_position(&position, facts, &change);
	move_position(&position, order, lot_size, market_time, &change);
	change.held_positions = arb_position_held(&position) - held;
	add_to(order, ORDERS_filled_qty, facts->qty);
	add_to(order, ORDERS_filled_money, facts->money);
	add_to(order, ORDERS_fees, facts->fee);
	if (arb_order_working(before) && facts->side == SIDE_BUY)
		change.reserved = -shrink_reservation(order, facts);
	change.heat = arb_fixed_sub(heat_of(&position, order), heat);
	arb_ledger_append(mode, DatumGetInt32(order->value[ORDERS_portfolio_id]), &change, market_time);
	arb_position_write(mode, &position);
	ARB_DEBUG_POINT("fill_position");
	move_order(mode, order, lot_size, market_time);
	arb_order_write(mode, order);
	ARB_DEBUG_POINT("fill_order");
	arb_journal(mode, "fill", DatumGetInt32(order->value[ORDERS_portfolio_id]), change.order_id,
				psprintf("%s %s at %s, fee %s, trade %s", arb_label_name(LABEL_SIDE, facts->side),
						 arb_fixed_to_cstring(facts->qty), arb_fixed_to_cstring(facts->price),
						 arb_fixed_to_cstring(facts->fee), facts->venue_trade_id));
	alarm_odd_fill(order, facts, before);
	return FILL_BOOKED;
}

/* The stored fill, not the message, says what is taken back. */
static void
void_fill(TradingMode mode, Row *order, Row *fill, TimestampTz market_time)
{
	LedgerChange change;
	FillFacts	stored = {0};
	Row			position;
	Fixed		qty;
	int			held;
	Fixed		heat;

	stored.side = arb_label_value(LABEL_SIDE, DatumGetObjectId(fill->value[FILLS_side]));
	stored.qty = arb_fixed_from_numeric(fill->value[FILLS_qty]);
	stored.money = arb_fixed_from_numeric(fill->value[FILLS_money]);
	stored.fee = arb_fixed_from_numeric(fill->value[FILLS_fee]);
	if (!arb_position_read(mode, DatumGetInt64(order->value[ORDERS_position_id]), &position))
		elog(ERROR, "position of a filled order does not exist");
	arb_order_change(order, LEDGER_VOID, &change);
	change.reference = TextDatumGetCString(fill->value[FILLS_venue_trade_id]);
	held = arb_position_held(&position);
	heat = heat_of(&position, order);
	unbook_position(&position, &stored, &change);
	qty = arb_row_fixed(&position, POSITIONS_qty);
	if (arb_position_state(&position) != POSITION_STATE_CLOSED && qty == 0)
	{
		arb_position_transition(&position, POSITION_EVENT_ENTRY_ENDED, market_time);
		change.open_positions = -1;
		/* What was sold before has its result; what was never bought has none. */
		if (arb_row_fixed(&position, POSITIONS_exit_qty) != 0)
			close_trade(&position, &change);
	}
	else if (arb_position_state(&position) == POSITION_STATE_CLOSED && qty != 0)
	{
		arb_position_transition(&position, POSITION_EVENT_LATE_FILL, market_time);
		change.open_positions = 1;
	}
	change.held_positions = arb_position_held(&position) - held;
	change.heat = arb_fixed_sub(heat_of(&position, order), heat);
	add_to(order, ORDERS_filled_qty, -stored.qty);
	add_to(order, ORDERS_filled_money, -stored.money);
	add_to(order, ORDERS_fees, -stored.fee);
	arb_order_transition(order, ORDER_EVENT_VOID, "a fill failed to settle", arb_now());
	set_settlement(mode, fill, SETTLEMENT_VOIDED);
	arb_position_write(mode, &position);
	arb_order_write(mode, order);
	arb_ledger_append(mode, DatumGetInt32(order->value[ORDERS_portfolio_id]), &change, market_time);
	arb_journal(mode, "fill_voided", DatumGetInt32(order->value[ORDERS_portfolio_id]), change.order_id, change.reference);
	arb_alert("critical", "fill_voided", DatumGetInt32(order->value[ORDERS_portfolio_id]),
			  psprintf("trade %s of order " INT64_FORMAT " failed to settle and was taken back",
					   change.reference, change.order_id));
}

/*
 * arb_fill_apply books a fill, or confirms or voids one that is known.
 *
 * The order row is changed in place and written. Idempotent by (order, trade id).
 */
FillResult
arb_fill_apply(TradingMode mode, Row *order, const FillFacts *facts, Fixed lot_size, TimestampTz market_time)
{
	Row			fill;
	Settlement	known;

	if (!find_fill(mode, DatumGetInt64(order->value[ORDERS_order_id]), facts->venue_trade_id, &fill))
		return apply_new(mode, order, facts, lot_size, market_time);
	known = arb_label_value(LABEL_SETTLEMENT, DatumGetObjectId(fill.value[FILLS_settlement]));
	/* CONFIRMED and VOIDED are final: a later, lesser word changes nothing. */
	if (known != SETTLEMENT_PROVISIONAL || facts->settlement == SETTLEMENT_PROVISIONAL)
		return FILL_DUPLICATE;
	if (facts->settlement == SETTLEMENT_VOIDED)
	{
		void_fill(mode, order, &fill, market_time);
		return FILL_VOIDED;
	}
	set_settlement(mode, &fill, SETTLEMENT_CONFIRMED);
	return FILL_CONFIRMED;
}

/* The entry ended without a share: there is no position to watch. */
static void
end_empty_entry(TradingMode mode, const Row *order, TimestampTz market_time)
{
	LedgerChange change;
	Row			position;

	if (purpose_of(order) != PURPOSE_ENTRY ||
		!arb_position_read(mode, DatumGetInt64(order->value[ORDERS_position_id]), &position) ||
		arb_position_state(&position) != POSITION_STATE_ENTRY)
		return;
	arb_position_transition(&position, POSITION_EVENT_ENTRY_ENDED, market_time);
	arb_position_write(mode, &position);
	arb_order_change(order, LEDGER_RELEASE, &change);
	change.order_id = 0;		/* the order's own row is written; this one is the position's */
	change.open_positions = -1;
	arb_ledger_append(mode, DatumGetInt32(order->value[ORDERS_portfolio_id]), &change, market_time);
}

/*
 * arb_order_finish ends an order by an event (close, expire, reject, not_sent) and
 * gives its reservation back; an entry without fills takes its position with it.
 */
void
arb_order_finish(TradingMode mode, Row *order, OrderEvent event, const char *reason, TimestampTz market_time)
{
	bool		was_working = arb_order_working(arb_order_state(order));

	arb_order_transition(order, event, reason, arb_now());
	if (was_working && !arb_order_working(arb_order_state(order)))
		arb_order_end_reservation(mode, order, market_time);
	arb_order_write(mode, order);
	ARB_DEBUG_POINT("order_ended");
	end_empty_entry(mode, order, market_time);
	arb_journal(mode, "order_ended", DatumGetInt32(order->value[ORDERS_portfolio_id]),
				DatumGetInt64(order->value[ORDERS_order_id]),
				psprintf("%s: %s", arb_label_name(LABEL_ORDER_STATE, arb_order_state(order)),
						 reason == NULL ? "-" : reason));
}

/*
 * arb_order_cancel ends an order: at once when it was never claimed or is
 * simulated, through the worker otherwise.
 *
 * Returns: canceled, requested or already_ended.
 */
const char *
arb_order_cancel(TradingMode mode, Row *order, const char *reason, TimestampTz market_time)
{
	OrderState	state = arb_order_state(order);

	if (!arb_order_working(state))
		return "already_ended";
	if (state == ORDER_STATE_NEW || (mode != MODE_LIVE && state != ORDER_STATE_UNKNOWN))
	{
		arb_order_finish(mode, order, ORDER_EVENT_CLOSE, reason, market_time);
		return "canceled";
	}
	if (order->null[ORDERS_cancel_requested_at])
	{
		arb_row_set(order, ORDERS_cancel_requested_at, TimestampTzGetDatum(arb_now()));
		arb_order_write(mode, order);
	}
	arb_wake_workers(NULL);
	return "requested";
}
