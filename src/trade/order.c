/*-------------------------------------------------------------------------
 *
 * src/trade/order.c
 *	  Orders: the choke point that moves them, and the guard that lets nobody
 *	  else.
 *
 * Callers hold the portfolio's lock (the claim alone holds only the row's).
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "commands/trigger.h"
#include "compat.h"
#include "core/clock.h"
#include "core/guard.h"
#include "errors.h"
#include "journal/journal.h"
#include "safety/heat.h"
#include "trade/ledger.h"
#include "trade/order.h"
#include "trade/position.h"
#include "utils/fmgroids.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

/* arb_order_read fetches an order by id from its mode's leaf. */
bool
arb_order_read(TradingMode mode, int64 order_id, Row *row)
{
	Table		table = arb_table_open(&orders_table, mode, RowExclusiveLock);
	IndexKey	keys[] = {INT8_KEY(order_id)};
	Snapshot	snapshot = arb_snapshot_begin();
	bool		found = arb_table_fetch(&table, "orders_pkey", 1, keys, ForwardScanDirection, snapshot, row);

	arb_snapshot_end(snapshot);
	arb_table_close(&table);
	return found;
}

/* A claim or two may come between look and lock; more mean that something else is wrong. */
#define MAX_LOCK_TRIES 10

/* Reads an order and locks it as read; false when there is none, or it is held and not to be waited for. */
static bool
read_and_lock(TradingMode mode, int64 order_id, LockWaitPolicy policy, Row *row)
{
	int			tries;

	for (tries = 0; tries < MAX_LOCK_TRIES; tries++)
	{
		Table		table;
		TM_FailureData failure;
		TupleTableSlot *slot;
		TM_Result	result;

		if (!arb_order_read(mode, order_id, row))
			return false;
		table = arb_table_open(&orders_table, mode, RowExclusiveLock);
		slot = table_slot_create(table.rel, NULL);
		result = table_tuple_lock(table.rel, &row->tid, GetLatestSnapshot(), slot, GetCurrentCommandId(false),
								  LockTupleExclusive, policy, 0, &failure);
		ExecDropSingleTupleTableSlot(slot);
		arb_table_close(&table);
		if (result == TM_Ok || result == TM_WouldBlock)
			return result == TM_Ok;
	}
	ereport(ERROR,
			(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
			 errmsg("order " INT64_FORMAT " keeps changing", order_id)));
}

/*
 * arb_order_lock waits for whoever writes the order now, then reads what they
 * left. A claim holds no portfolio lock, so whoever may meet one locks the row.
 *
 * Errors: 40001 when it keeps changing.
 */
bool
arb_order_lock(TradingMode mode, int64 order_id, Row *row)
{
	return read_and_lock(mode, order_id, LockWaitBlock, row);
}

/* arb_order_lock_free is for who can come again: false when the order is held by a claim. */
bool
arb_order_lock_free(TradingMode mode, int64 order_id, Row *row)
{
	return read_and_lock(mode, order_id, LockWaitSkip, row);
}

OrderState
arb_order_state(const Row *row)
{
	return arb_label_value(LABEL_ORDER_STATE, DatumGetObjectId(row->value[ORDERS_state]));
}

/* arb_order_working tells whether an order is still someone's business. */
bool
arb_order_working(OrderState state)
{
	return state == ORDER_STATE_NEW || state == ORDER_STATE_SENDING || state == ORDER_STATE_OPEN ||
		state == ORDER_STATE_PARTIALLY_FILLED || state == ORDER_STATE_UNKNOWN;
}

/*
 * arb_order_transition moves an order in memory; arb_order_write stores it.
 *
 * Errors: RB003 when the table has no such edge.
 */
void
arb_order_transition(Row *row, OrderEvent event, const char *reason, TimestampTz at)
{
	OrderState	from = arb_order_state(row);
	const FsmRule *rule = arb_fsm_require(&OrderFsm, DatumGetInt64(row->value[ORDERS_order_id]), from, event);
	bool		finished = !arb_order_working(rule->to);

	row->value[ORDERS_state] = ObjectIdGetDatum(arb_label_oid(LABEL_ORDER_STATE, rule->to));
	row->value[ORDERS_state_rule] = Int32GetDatum(rule->pos);
	if (finished && row->null[ORDERS_finished_at])
	{
		arb_row_set(row, ORDERS_finished_at, TimestampTzGetDatum(at));
	}
	else if (!finished)
		row->null[ORDERS_finished_at] = true;
	if (row->null[ORDERS_acknowledged_at] &&
		(event == ORDER_EVENT_ACCEPT || event == ORDER_EVENT_REJECT ||
		 event == ORDER_EVENT_FILL_PARTIAL || event == ORDER_EVENT_FILL_COMPLETE))
	{
		arb_row_set(row, ORDERS_acknowledged_at, TimestampTzGetDatum(at));
	}
	if (reason != NULL)
	{
		arb_row_set(row, ORDERS_last_reason, CStringGetTextDatum(reason));
	}
}

/* arb_order_lose makes a working order UNKNOWN and tells people: nobody knows what the venue did with it. */
void
arb_order_lose(TradingMode mode, Row *row, const char *reason)
{
	int32		portfolio_id = DatumGetInt32(row->value[ORDERS_portfolio_id]);
	int64		order_id = DatumGetInt64(row->value[ORDERS_order_id]);

	arb_order_transition(row, ORDER_EVENT_LOSE, reason, arb_now());
	arb_order_write(mode, row);
	arb_journal(mode, "order_unknown", portfolio_id, order_id, reason);
	arb_alert("critical", "order_unknown", portfolio_id,
			  psprintf("order " INT64_FORMAT " is UNKNOWN: %s", order_id, reason));
}

void
arb_order_write(TradingMode mode, Row *row)
{
	Table		table = arb_table_open(&orders_table, mode, RowExclusiveLock);

	arb_guard_open("orders");
	arb_table_update(&table, row);
	arb_guard_close();
	arb_table_close(&table);
}

/*
 * arb_order_complete tells whether what remains is less than the venue can fill:
 * less than a lot of shares, or less than a cent of money.
 */
bool
arb_order_complete(const Row *row, Fixed lot_size)
{
	Fixed		amount = arb_row_fixed(row, ORDERS_amount);

	if (arb_label_value(LABEL_AMOUNT_KIND, DatumGetObjectId(row->value[ORDERS_amount_kind])) == AMOUNT_MONEY)
		return amount - arb_row_fixed(row, ORDERS_filled_money) < FIXED_CENT;
	return amount - arb_row_fixed(row, ORDERS_filled_qty) < lot_size;
}

/* arb_order_change begins a ledger entry about an order. */
void
arb_order_change(const Row *row, LedgerKind kind, LedgerChange *change)
{
	memset(change, 0, sizeof(*change));
	change->kind = kind;
	change->order_id = DatumGetInt64(row->value[ORDERS_order_id]);
	change->position_id = DatumGetInt64(row->value[ORDERS_position_id]);
	change->deployment_id = DatumGetInt32(row->value[ORDERS_deployment_id]);
	change->instrument_id = DatumGetInt32(row->value[ORDERS_instrument_id]);
}

/* The heat of what an order reserves, down to its position's stop. */
static Fixed
reserved_heat(TradingMode mode, const Row *row)
{
	Fixed		reserved = arb_row_fixed(row, ORDERS_reserved);
	Row			position;

	if (reserved == 0)
		return 0;
	if (!arb_position_read(mode, DatumGetInt64(row->value[ORDERS_position_id]), &position))
		elog(ERROR, "position of order " INT64_FORMAT " does not exist", DatumGetInt64(row->value[ORDERS_order_id]));
	return arb_heat(reserved, arb_row_fixed(&position, POSITIONS_stop_loss_pct));
}

/* arb_order_end_reservation gives back what an order that just ended still reserved. */
void
arb_order_end_reservation(TradingMode mode, Row *row, TimestampTz market_time)
{
	LedgerChange change;

	arb_order_change(row, LEDGER_RELEASE, &change);
	change.reserved = -arb_row_fixed(row, ORDERS_reserved);
	change.heat = -reserved_heat(mode, row);
	change.open_orders = -1;
	row->value[ORDERS_reserved] = arb_fixed_to_numeric(0);
	arb_ledger_append(mode, DatumGetInt32(row->value[ORDERS_portfolio_id]), &change, market_time);
}

/* The guard of orders: rows come from the gate, move along the table, and stay. */
PG_FUNCTION_INFO_V1(arbees_orders_guard);
Datum
arbees_orders_guard(PG_FUNCTION_ARGS)
{
	TriggerData *data = (TriggerData *) fcinfo->context;
	TupleDesc	desc;
	bool		isnull;
	OrderState	from;
	OrderState	to;

	if (!CALLED_AS_TRIGGER(fcinfo))
		elog(ERROR, "arbees_orders_guard is a trigger");
	if (arb_guard_lets_in(data->tg_event))
		return PointerGetDatum(TRIGGER_FIRED_BY_UPDATE(data->tg_event) ? data->tg_newtuple : data->tg_trigtuple);
	if (TRIGGER_FIRED_BY_DELETE(data->tg_event) || TRIGGER_FIRED_BY_TRUNCATE(data->tg_event))
		ereport(ERROR,
				(errcode(ERRCODE_ARB_ILLEGAL_TRANSITION),
				 errmsg("orders are never deleted"),
				 errdetail("They are the record of what was sent to a venue.")));
	if (!arb_guard_is_open("orders"))
		ereport(ERROR,
				(errcode(ERRCODE_ARB_ILLEGAL_TRANSITION),
				 errmsg("orders are written by the gate and the order protocol only"),
				 errhint("Use arbees.submit_signal, arbees_cancel or arbees_close.")));
	if (TRIGGER_FIRED_BY_INSERT(data->tg_event))
		return PointerGetDatum(data->tg_trigtuple);

	desc = RelationGetDescr(data->tg_relation);
	from = arb_label_value(LABEL_ORDER_STATE, DatumGetObjectId(
		heap_getattr(data->tg_trigtuple, ORDERS_state + 1, desc, &isnull)));
	to = arb_label_value(LABEL_ORDER_STATE, DatumGetObjectId(
		heap_getattr(data->tg_newtuple, ORDERS_state + 1, desc, &isnull)));
	if (from != to && !arb_fsm_allows(&OrderFsm, from, to))
		ereport(ERROR,
				(errcode(ERRCODE_ARB_ILLEGAL_TRANSITION),
				 errmsg("an order cannot go from state \"%s\" to \"%s\"",
						arb_label_name(LABEL_ORDER_STATE, from), arb_label_name(LABEL_ORDER_STATE, to)),
				 errhint("arbees.order_transitions lists what can.")));
	return PointerGetDatum(data->tg_newtuple);
}

PG_FUNCTION_INFO_V1(arbees_order_transitions);
Datum
arbees_order_transitions(PG_FUNCTION_ARGS)
{
	return arb_fsm_dump(&OrderFsm, fcinfo);
}
