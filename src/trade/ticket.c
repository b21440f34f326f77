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
	int			i = 0;

	arb_instrument_read(DatumGetInt32(order->value[ORDERS_instrument_id]), &instrument);
	memset(null, false, TICKET_COLUMNS);
	value[i++] = order->value[ORDERS_order_id];
	value[i++] = label_text(LABEL_ORDER_PURPOSE, order->value[ORDERS_purpose]);
	value[i++] = order->value[ORDERS_client_order_id];
	value[i++] = instrument.value[INSTRUMENTS_symbol];
	value[i++] = label_text(LABEL_SIDE, order->value[ORDERS_side]);
	value[i++] = label_text(LABEL_AMOUNT_KIND, order->value[ORDERS_amount_kind]);
	value[i++] = order->value[ORDERS_amount];
	value[i++] = order->value[ORDERS_limit_price];
	value[i++] = label_text(LABEL_TIME_IN_FORCE, order->value[ORDERS_time_in_force]);
	value[i++] = instrument.value[INSTRUMENTS_tick_size];
	value[i++] = instrument.value[INSTRUMENTS_neg_risk];
	value[i++] = order->value[ORDERS_salt];
	value[i++] = order->value[ORDERS_signed_ms];
	value[i++] = Int64GetDatum(order->null[ORDERS_expires_at] ? 0 :
							   arb_time_to_unix_s(DatumGetTimestampTz(order->value[ORDERS_expires_at])));
	null[i] = order->null[ORDERS_window_id];
	if (!null[i])
	{
		IndexKey	keys[] = {{order->value[ORDERS_window_id], F_INT8EQ}};

		if (!arb_row_read(&windows_table, 0, "windows_pkey", 1, keys, NULL, &window))
			elog(ERROR, "window of an order does not exist");
		null[i] = window.null[WINDOWS_condition_id];
		value[i] = window.value[WINDOWS_condition_id];
	}
	i++;
	value[i++] = instrument.value[INSTRUMENTS_fee_rate];
	value[i++] = instrument.value[INSTRUMENTS_fee_exponent];
	Assert(i == TICKET_COLUMNS);
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
	Datum		value[TICKET_COLUMNS];
	bool		null[TICKET_COLUMNS];

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
