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

/* The change says what the fill did to the books, for a void to undo; nothing for one that came void. */
static void
insert_fill(TradingMode mode, const Row *order, const FillFacts *facts, const LedgerChange *change)
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
	SET(cost_change, arb_fixed_to_numeric(change->cost_open));
	SET(reserved_change, arb_fixed_to_numeric(change->reserved));
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

/*
 * What a trade adds to the cost of a position. Shares it closes leave with their
 * part of the cost, all of it with the last one; shares it opens come at what
 * they cost. More sold than was held is owed at what it was sold for.
 */
static Fixed
cost_of_trade(const Row *position, Fixed shares, Fixed paid)
{
	Fixed		qty = arb_row_fixed(position, POSITIONS_qty);
	Fixed		cost = arb_row_fixed(position, POSITIONS_cost);
	Fixed		held = Abs(qty);
	Fixed		traded = Abs(shares);

	if (qty == 0 || shares == 0 || (qty > 0) == (shares > 0))
		return paid;
	if (traded < held)
		return -arb_fixed_muldiv_floor(cost, traded, held);
	return arb_fixed_sub(arb_fixed_sub(paid, arb_fixed_muldiv_floor(paid, held, traded)), cost);
}

static void
book_position(Row *position, const FillFacts *facts, LedgerChange *change)
{
	bool		buy = facts->side == SIDE_BUY;
	Fixed		paid = buy ? facts->money : -facts->money;
	Fixed		qty = buy ? facts->qty : -facts->qty;

	change->qty = qty;
	change->net = paid;
	change->cash = -arb_fixed_add(paid, facts->fee);
	change->cost_open = cost_of_trade(position, qty, paid);
	change->realized = arb_fixed_sub(arb_fixed_sub(change->cost_open, paid), facts->fee);
	change->fees = facts->fee;
	add_to(position, buy ? POSITIONS_entry_qty : POSITIONS_exit_qty, facts->qty);
	add_to(position, buy ? POSITIONS_entry_money : POSITIONS_exit_money, facts->money);
	add_to(position, POSITIONS_qty, qty);
	add_to(position, POSITIONS_cost, change->cost_open);
	add_to(position, POSITIONS_fees, facts->fee);
	add_to(position, POSITIONS_realized_pnl, change->realized);
}

/* A fill that failed to settle is its own opposite, to the micro-dollar; cost is what it added to the position's. */
static void
unbook_position(Row *position, const FillFacts *facts, Fixed cost, LedgerChange *change)
{
	bool		buy = facts->side == SIDE_BUY;
	Fixed		paid = buy ? facts->money : -facts->money;
	Fixed		qty = buy ? facts->qty : -facts->qty;

	add_to(position, buy ? POSITIONS_entry_qty : POSITIONS_exit_qty, -facts->qty);
	add_to(position, buy ? POSITIONS_entry_money : POSITIONS_exit_money, -facts->money);
	add_to(position, POSITIONS_qty, -qty);
	add_to(position, POSITIONS_cost, -cost);
	change->qty = -qty;
	change->net = -paid;
	change->cash = arb_fixed_add(paid, facts->fee);
	change->cost_open = -cost;
	change->realized = arb_fixed_add(arb_fixed_sub(paid, cost), facts->fee);
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

/* ---- the orders of a position ---- */

typedef struct WorkingOrders
{
	int			entries;
	List	   *exits;			/* of int64 * */
	Fixed		exit_qty;		/* shares they may still sell */
} WorkingOrders;

static bool
note_working(const Row *row, void *arg)
{
	WorkingOrders *working = arg;
	int64	   *id;

	if (!arb_order_working(arb_order_state(row)))
		return true;
	if (purpose_of(row) == PURPOSE_ENTRY)
	{
		working->entries++;
		return true;
	}
	id = palloc(sizeof(int64));
	*id = DatumGetInt64(row->value[ORDERS_order_id]);
	working->exits = lappend(working->exits, id);
	working->exit_qty = arb_fixed_add(working->exit_qty,
									  arb_row_fixed(row, ORDERS_amount) - arb_row_fixed(row, ORDERS_filled_qty));
	return true;
}

static WorkingOrders
working_orders(TradingMode mode, int64 position_id)
{
	WorkingOrders working = {0};
	Table		table = arb_table_open(&orders_table, mode, AccessShareLock);
	IndexKey	keys[] = {INT8_KEY(position_id)};
	Snapshot	snapshot = arb_snapshot_begin();

	arb_table_scan(&table, "orders_position_idx", 1, keys, ForwardScanDirection, snapshot, note_working, &working);
	arb_snapshot_end(snapshot);
	arb_table_close(&table);
	return working;
}

/*
 * Ends a position in which nothing is left and for which nothing works.
 *
 * What was sold before has its result; what was never bought has none.
 */
static void
end_empty_position(TradingMode mode, const Row *order, TimestampTz market_time)
{
	LedgerChange change;
	Row			position;
	WorkingOrders working;
	PositionState state;
	int			held;
	Fixed		heat;

	if (!arb_position_read(mode, DatumGetInt64(order->value[ORDERS_position_id]), &position))
		return;
	state = arb_position_state(&position);
	/* An entry that ended leaves no position in ENTRY, whatever odd fills it had. */
	if (state == POSITION_STATE_CLOSED ||
		(arb_row_fixed(&position, POSITIONS_qty) != 0 &&
		 !(state == POSITION_STATE_ENTRY && purpose_of(order) == PURPOSE_ENTRY)))
		return;
	working = working_orders(mode, DatumGetInt64(position.value[POSITIONS_position_id]));
	if (working.entries > 0 || working.exits != NIL)
		return;
	arb_order_change(order, LEDGER_RELEASE, &change);
	change.order_id = 0;		/* the order's own row is written; this one is the position's */
	held = arb_position_held(&position);
	heat = heat_of(&position, order);
	arb_position_transition(&position, POSITION_EVENT_ENTRY_ENDED, market_time);
	arb_position_write(mode, &position);
	change.open_positions = -1;
	if (arb_row_fixed(&position, POSITIONS_exit_qty) != 0)
		close_trade(&position, &change);
	change.held_positions = arb_position_held(&position) - held;
	change.heat = arb_fixed_sub(heat_of(&position, order), heat);
	arb_ledger_append(mode, DatumGetInt32(order->value[ORDERS_portfolio_id]), &change, market_time);
}

/* What is to sell more than there is any more makes room for an exit of what there is. */
static void
cancel_exits_beyond(TradingMode mode, const Row *position, TimestampTz market_time)
{
	WorkingOrders working = working_orders(mode, DatumGetInt64(position->value[POSITIONS_position_id]));
	ListCell   *lc;

	if (working.exit_qty <= arb_row_fixed(position, POSITIONS_qty))
		return;
	foreach(lc, working.exits)
	{
		Row			exit;

		if (arb_order_lock(mode, *(int64 *) lfirst(lc), &exit))
			arb_order_cancel(mode, &exit, "a fill of its entry failed to settle", market_time);
	}
}

static void
alarm_oversold(const Row *position, const LedgerChange *change)
{
	if (change->qty < 0 && arb_row_fixed(position, POSITIONS_qty) < 0)
		arb_alert("critical", "oversold", DatumGetInt32(position->value[POSITIONS_portfolio_id]),
				  psprintf("position " INT64_FORMAT " has sold more than it has: %s shares are held",
						   DatumGetInt64(position->value[POSITIONS_position_id]),
						   arb_fixed_to_cstring(arb_row_fixed(position, POSITIONS_qty))));
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
	arb_order_change(order, LEDGER_FILL, &change);
	if (facts->settlement == SETTLEMENT_VOIDED)
	{
		/* Failed before we heard of it: recorded, moves nothing. */
		insert_fill(mode, order, facts, &change);
		return FILL_VOIDED;
	}
	change.reference = facts->venue_trade_id;
	held = arb_position_held(&position);
	change.fill = true;
	heat = heat_of(&position, order);
	book_position(&position, facts, &change);
	if (arb_order_working(before) && facts->side == SIDE_BUY)
		change.reserved = -shrink_reservation(order, facts);
	insert_fill(mode, order, facts, &change);
	ARB_DEBUG_POINT("fill");
	move_position(&position, order, lot_size, market_time, &change);
	change.held_positions = arb_position_held(&position) - held;
	add_to(order, ORDERS_filled_qty, facts->qty);
	add_to(order, ORDERS_filled_money, facts->money);
	add_to(order, ORDERS_fees, facts->fee);
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
	alarm_oversold(&position, &change);
	/* What was sold too much has come in after all. */
	if (arb_row_fixed(&position, POSITIONS_qty) == 0 && arb_position_state(&position) != POSITION_STATE_CLOSED)
		end_empty_position(mode, order, market_time);
	return FILL_BOOKED;
}

/* Before its fills the position was an entry under way: what they set off is over with them. */
static void
return_to_entry(Row *position, TimestampTz market_time)
{
	int			i;

	arb_position_transition(position, POSITION_EVENT_ENTRY_VOIDED, market_time);
	for (i = POSITIONS_high_water; i <= POSITIONS_intended_price; i++)
		position->null[i] = true;
}

/* Where the position stands after a void; one with nothing left ends when nothing works for it. */
static void
move_voided_position(TradingMode mode, Row *position, TimestampTz market_time, LedgerChange *change)
{
	PositionState state = arb_position_state(position);
	bool		empty = arb_row_fixed(position, POSITIONS_qty) == 0;

	if (state == POSITION_STATE_CLOSED && !empty)
	{
		arb_position_transition(position, POSITION_EVENT_LATE_FILL, market_time);
		change->open_positions = 1;
	}
	/* An operator's word, and an exit that is out, outlast the shares: more may come. */
	else if (empty && arb_fsm_find(&PositionFsm, state, POSITION_EVENT_ENTRY_VOIDED) != NULL &&
			 working_orders(mode, DatumGetInt64(position->value[POSITIONS_position_id])).entries > 0)
		return_to_entry(position, market_time);
}

/* The stored fill, not the message, says what is taken back. */
static FillFacts
stored_facts(const Row *fill)
{
	FillFacts	stored = {0};

	stored.venue_trade_id = TextDatumGetCString(fill->value[FILLS_venue_trade_id]);
	stored.side = arb_label_value(LABEL_SIDE, DatumGetObjectId(fill->value[FILLS_side]));
	stored.qty = arb_row_fixed(fill, FILLS_qty);
	stored.money = arb_row_fixed(fill, FILLS_money);
	stored.fee = arb_row_fixed(fill, FILLS_fee);
	return stored;
}

/* While the order works, it may spend again what the fill had spent. */
static Fixed
give_back_reservation(Row *order, const Row *fill)
{
	Fixed		back = -arb_row_fixed(fill, FILLS_reserved_change);

	if (!arb_order_working(arb_order_state(order)))
		return 0;
	add_to(order, ORDERS_reserved, back);
	return back;
}

static void
void_fill(TradingMode mode, Row *order, Row *fill, TimestampTz market_time)
{
	FillFacts	stored = stored_facts(fill);
	LedgerChange change;
	Row			position;
	int			held;
	Fixed		heat;

	if (!arb_position_read(mode, DatumGetInt64(order->value[ORDERS_position_id]), &position))
		elog(ERROR, "position of a filled order does not exist");
	arb_order_change(order, LEDGER_VOID, &change);
	change.reference = stored.venue_trade_id;
	held = arb_position_held(&position);
	heat = heat_of(&position, order);
	unbook_position(&position, &stored, arb_row_fixed(fill, FILLS_cost_change), &change);
	move_voided_position(mode, &position, market_time, &change);
	change.reserved = give_back_reservation(order, fill);
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
	alarm_oversold(&position, &change);
	cancel_exits_beyond(mode, &position, market_time);
	end_empty_position(mode, order, market_time);
}

static bool
add_heard(const Row *fill, void *arg)
{
	Fixed	   *qty = arg;

	*qty = arb_fixed_add(*qty, arb_row_fixed(fill, FILLS_qty));
	return true;
}

/* arb_fills_heard returns the shares of all fills we know of an order, those that failed to settle included. */
Fixed
arb_fills_heard(TradingMode mode, int64 order_id)
{
	Table		table = arb_table_open(&fills_table, mode, AccessShareLock);
	IndexKey	keys[] = {INT8_KEY(order_id)};
	Snapshot	snapshot = arb_snapshot_begin();
	Fixed		qty = 0;

	arb_table_visit(&table, "fills_venue_trade_key", 1, keys, ForwardScanDirection, snapshot, add_heard, &qty);
	arb_snapshot_end(snapshot);
	arb_table_close(&table);
	return qty;
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

/*
 * arb_order_finish ends an order by an event (close, expire, reject, not_sent) and
 * gives its reservation back; a position that this leaves empty ends with it.
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
	end_empty_position(mode, order, market_time);
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
