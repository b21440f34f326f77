/*-------------------------------------------------------------------------
 *
 * src/trade/ticket.c
 *	  Tickets: all that a worker needs to build an order's bytes, the same
 *	  after any restart.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "compat.h"
#include "core/clock.h"
#include "market/instrument.h"
#include "trade/order.h"
#include "trade/ticket.h"
#include "utils/fmgroids.h"
#include "utils/tuplestore.h"

static Datum
label_text(LabelType type, Datum oid)
{
	return CStringGetTextDatum(arb_label_name(type, arb_label_value(type, DatumGetObjectId(oid))));
}

/* arb_ticket_values fills the seventeen columns of a ticket; see docs/worker-protocol.md. */
void
arb_ticket_values(const Row *order, Datum *value, bool *null)
{
	Row			instrument;
	Row			window;

	arb_instrument_read(DatumGetInt32(order->value[ORDERS_instrument_id]), &instrument);
	memset(null, false, TICKET_ncolumns);
	value[TICKET_order_id] = order->value[ORDERS_order_id];
	value[TICKET_purpose] = label_text(LABEL_ORDER_PURPOSE, order->value[ORDERS_purpose]);
	value[TICKET_client_order_id] = order->value[ORDERS_client_order_id];
	value[TICKET_symbol] = instrument.value[INSTRUMENTS_symbol];
	value[TICKET_side] = label_text(LABEL_SIDE, order->value[ORDERS_side]);
	value[TICKET_amount_kind] = label_text(LABEL_AMOUNT_KIND, order->value[ORDERS_amount_kind]);
	value[TICKET_amount] = order->value[ORDERS_amount];
	value[TICKET_limit_price] = order->value[ORDERS_limit_price];
	value[TICKET_time_in_force] = label_text(LABEL_TIME_IN_FORCE, order->value[ORDERS_time_in_force]);
	value[TICKET_tick_size] = instrument.value[INSTRUMENTS_tick_size];
	value[TICKET_neg_risk] = instrument.value[INSTRUMENTS_neg_risk];
	value[TICKET_salt] = order->value[ORDERS_salt];
	value[TICKET_signed_ms] = order->value[ORDERS_signed_ms];
	value[TICKET_expires_s] = Int64GetDatum(order->null[ORDERS_expires_at] ? 0 :
							   arb_time_to_unix_s(DatumGetTimestampTz(order->value[ORDERS_expires_at])));
	null[TICKET_condition_id] = order->null[ORDERS_window_id];
	if (!null[TICKET_condition_id])
	{
		IndexKey	keys[] = {{order->value[ORDERS_window_id], F_INT8EQ}};

		if (!arb_row_read(&windows_table, 0, "windows_pkey", 1, keys, NULL, &window))
			elog(ERROR, "window of an order does not exist");
		null[TICKET_condition_id] = window.null[WINDOWS_condition_id];
		value[TICKET_condition_id] = window.value[WINDOWS_condition_id];
	}
	value[TICKET_fee_rate] = instrument.value[INSTRUMENTS_fee_rate];
	value[TICKET_fee_exponent] = instrument.value[INSTRUMENTS_fee_exponent];
}

typedef struct NewTickets
{
	TimestampTz since;
	ReturnSetInfo *rsinfo;
} NewTickets;

static bool
put_new(const Row *order, void *arg)
{
	NewTickets *tickets = arg;
	Datum		value[TICKET_ncolumns];
	bool		null[TICKET_ncolumns];

	if (DatumGetTimestampTz(order->value[ORDERS_created_at]) < tickets->since)
		return false;
	if (arb_order_state(order) != ORDER_STATE_NEW)
		return true;
	arb_ticket_values(order, value, null);
	tuplestore_putvalues(tickets->rsinfo->setResult, tickets->rsinfo->setDesc, value, null);
	return true;
}

/* arb_tickets_new returns the new orders of portfolios made since a moment, newest first. */
void
arb_tickets_new(const List *portfolio_ids, TradingMode mode, TimestampTz since, ReturnSetInfo *rsinfo)
{
	NewTickets	tickets = {since, rsinfo};
	Snapshot	snapshot;
	Table		table;
	ListCell   *lc;

	if (mode != MODE_LIVE || portfolio_ids == NIL)
		return;
	snapshot = arb_snapshot_begin();
	table = arb_table_open(&orders_table, mode, AccessShareLock);
	foreach(lc, portfolio_ids)
	{
		IndexKey	keys[] = {INT4_KEY(lfirst_int(lc))};

		arb_table_scan(&table, "orders_working_idx", 1, keys, BackwardScanDirection, snapshot, put_new, &tickets);
	}
	arb_table_close(&table);
	arb_snapshot_end(snapshot);
}
