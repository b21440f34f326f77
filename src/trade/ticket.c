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
#include "funcapi.h"
#include "market/instrument.h"
#include "trade/order.h"
#include "trade/ticket.h"
#include "utils/fmgroids.h"
#include "utils/tuplestore.h"

/* A worker asks every second. */
#define MAX_UNRECORDED 256

static Datum
label_text(LabelType type, Datum oid)
{
	return CStringGetTextDatum(arb_label_name(type, arb_label_value(type, DatumGetObjectId(oid))));
}

/* arb_ticket_values fills the columns of a ticket; see docs/worker-protocol.md. */
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
	/* Said of every mode but one, so that a mode nobody thought of is not sent either. */
	value[TICKET_dry_run] = BoolGetDatum(arb_label_value(LABEL_MODE, DatumGetObjectId(order->value[ORDERS_mode])) != MODE_LIVE);
}

/* arb_tickets_of returns the tickets of orders just made, where a worker is to claim them. */
void
arb_tickets_of(TradingMode mode, const MadeOrders *made, ReturnSetInfo *rsinfo)
{
	Datum		value[TICKET_ncolumns];
	bool		null[TICKET_ncolumns];
	int			i;

	for (i = 0; i < made->count && arb_mode_needs_worker(mode); i++)
	{
		Row			order;

		if (!arb_order_read(mode, made->orders[i].order_id, &order))
			elog(ERROR, "order " INT64_FORMAT " vanished", made->orders[i].order_id);
		arb_ticket_values(&order, value, null);
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, value, null);
	}
}

typedef struct Unrecorded
{
	int32		venue_id;
	Snapshot	snapshot;
	ReturnSetInfo *rsinfo;
	int			seen;
} Unrecorded;

static bool
put_unrecorded(const Row *order, void *arg)
{
	Unrecorded *u = arg;
	IndexKey	keys[] = {{order->value[ORDERS_order_id], F_INT8EQ}};
	Datum		value[TICKET_ncolumns];
	bool		null[TICKET_ncolumns];
	Row			payload;

	if (DatumGetInt32(order->value[ORDERS_venue_id]) == u->venue_id &&
		!arb_row_read(&order_payloads_table, MODE_PAPER, "order_payloads_pkey", 1, keys, u->snapshot, &payload))
	{
		arb_ticket_values(order, value, null);
		tuplestore_putvalues(u->rsinfo->setResult, u->rsinfo->setDesc, value, null);
	}
	return ++u->seen < MAX_UNRECORDED;
}

/*
 * unrecorded_orders(venue): tickets of the youngest PAPER orders whose requests are
 * not kept yet, whoever made them. Looks no further back than MAX_UNRECORDED orders.
 */
PG_FUNCTION_INFO_V1(arbees_unrecorded_orders);
Datum
arbees_unrecorded_orders(PG_FUNCTION_ARGS)
{
	Unrecorded	u = {PG_GETARG_INT32(0)};
	Table		table;

	InitMaterializedSRF(fcinfo, 0);
	u.rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	u.snapshot = arb_snapshot_begin();
	table = arb_table_open(&orders_table, MODE_PAPER, AccessShareLock);
	arb_table_scan(&table, "orders_pkey", 0, NULL, BackwardScanDirection, u.snapshot, put_unrecorded, &u);
	arb_table_close(&table);
	arb_snapshot_end(u.snapshot);
	return (Datum) 0;
}
