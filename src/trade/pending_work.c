/*-------------------------------------------------------------------------
 *
 * src/trade/pending_work.c
 *	  What a worker has to do, from the rows alone: to send, to ask, to cancel.
 *
 * Locks: epoch (share). No portfolio: what changed meanwhile is in the next
 * answer, and claims and reports look again under their own locks.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "core/clock.h"
#include "core/sql.h"
#include "funcapi.h"
#include "market/venue.h"
#include "safety/control.h"
#include "safety/kill.h"
#include "safety/trader_lock.h"
#include "trade/order.h"
#include "trade/protocol.h"
#include "trade/ticket.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/tuplestore.h"

/* A cancel that was sent is sent again after this long without its effect. */
#define CANCEL_RETRY_MS 1000

/*
 * Cancels come first, at most so many in one answer; more than that and nothing
 * else is in it. After a kill the first must not wait for the thousandth.
 */
#define MAX_CANCELS 100

/* What arbees.work_item has before the columns of a ticket: kind, age_ms, venue_order_id, state. */
#define BEFORE_TICKET 4

typedef struct Pending
{
	ReturnSetInfo *rsinfo;
	int64		epoch;
	KillLevel	kill_level;
	TimestampTz now;
	int64		confirm_timeout_ms;
	bool		cancels;		/* this pass hands out cancels, the next one the rest */
	int			cancel_count;
} Pending;

/* Nobody here decided it under this epoch: it goes, and what is still wanted is decided anew. */
static bool
is_of_older_epoch(const Row *order, const Pending *p)
{
	return !order->null[ORDERS_claimed_epoch] && DatumGetInt64(order->value[ORDERS_claimed_epoch]) < p->epoch;
}

/* By the clock of its market. */
static bool
is_over(const Row *order)
{
	return !order->null[ORDERS_expires_at] &&
		DatumGetTimestampTz(order->value[ORDERS_expires_at]) <= arb_market_time(DatumGetInt32(order->value[ORDERS_venue_id]));
}

static bool
wants_cancel(const Row *order, const Pending *p)
{
	bool		entry = arb_label_value(LABEL_ORDER_PURPOSE,
										DatumGetObjectId(order->value[ORDERS_purpose])) == PURPOSE_ENTRY;

	/*
	 * What is to be cancelled follows from the kill level: flatten spares exits,
	 * emergency nothing. An order whose time is over is the venue's to end; where it does not, we do.
	 */
	if (order->null[ORDERS_cancel_requested_at] && !is_of_older_epoch(order, p) && !is_over(order) &&
		!(p->kill_level == KILL_EMERGENCY || (p->kill_level == KILL_FLATTEN && entry)))
		return false;
	return order->null[ORDERS_cancel_sent_at] ||
		arb_elapsed_ms(DatumGetTimestampTz(order->value[ORDERS_cancel_sent_at]), p->now) >= CANCEL_RETRY_MS;
}

static const char *
kind_of_work(const Row *order, const Pending *p, int64 age_ms)
{
	switch (arb_order_state(order))
	{
		case ORDER_STATE_NEW:
			return "send";
		case ORDER_STATE_SENDING:
			return age_ms >= p->confirm_timeout_ms || order->null[ORDERS_claimed_epoch] ||
				DatumGetInt64(order->value[ORDERS_claimed_epoch]) != p->epoch ? "resolve" : NULL;
		case ORDER_STATE_UNKNOWN:
			return "resolve";
		case ORDER_STATE_OPEN:
		case ORDER_STATE_PARTIALLY_FILLED:
			return wants_cancel(order, p) ? "cancel" : "follow";
		default:
			return NULL;
	}
}

static bool
put_pending(const Row *order, void *arg)
{
	Pending    *p = arg;
	Datum		value[BEFORE_TICKET + TICKET_ncolumns];
	bool		null[BEFORE_TICKET + TICKET_ncolumns] = {false};
	bool		claimed = !order->null[ORDERS_claimed_at];
	int64		age_ms = arb_elapsed_ms(DatumGetTimestampTz(order->value[claimed ? ORDERS_claimed_at : ORDERS_created_at]), p->now);
	const char *kind = kind_of_work(order, p, age_ms);

	if (kind == NULL || (strcmp(kind, "cancel") == 0) != p->cancels)
		return true;
	value[0] = CStringGetTextDatum(kind);
	value[1] = Int32GetDatum((int32) Min(age_ms, PG_INT32_MAX));
	null[2] = order->null[ORDERS_venue_order_id];
	value[2] = order->value[ORDERS_venue_order_id];
	value[3] = CStringGetTextDatum(arb_label_name(LABEL_ORDER_STATE, arb_order_state(order)));
	arb_ticket_values(order, value + BEFORE_TICKET, null + BEFORE_TICKET);
	tuplestore_putvalues(p->rsinfo->setResult, p->rsinfo->setDesc, value, null);
	return !p->cancels || ++p->cancel_count < MAX_CANCELS;
}

/* Settled winning shares that the venue has not paid yet, one row per instrument. */
static void
put_redemptions(int32 portfolio_id, ReturnSetInfo *rsinfo)
{
	static SqlPlan plan = {
		"SELECT i.symbol, w.condition_id, u.shares FROM arbees.unredeemed u"
		" JOIN arbees.instruments i ON i.instrument_id = u.instrument_id"
		" LEFT JOIN arbees.windows w ON w.window_id = i.window_id"
		" WHERE u.portfolio_id = $1 ORDER BY i.symbol",
		1, {INT4OID}
	};
	Datum		args[] = {Int32GetDatum(portfolio_id)};
	uint64		n;
	uint64		i;

	arb_sql_begin();
	n = arb_sql_run(&plan, args, NULL);
	for (i = 0; i < n; i++)
	{
		Datum		value[BEFORE_TICKET + TICKET_ncolumns] = {0};
		bool		null[BEFORE_TICKET + TICKET_ncolumns];
		Datum	   *ticket = value + BEFORE_TICKET;
		bool	   *ticket_null = null + BEFORE_TICKET;

		memset(null, true, sizeof(null));
		null[0] = null[1] = null[3] = false;
		value[0] = CStringGetTextDatum("redeem_watch");
		value[1] = Int32GetDatum(0);
		value[3] = CStringGetTextDatum("SETTLED");
		ticket[TICKET_symbol] = arb_sql_value(i, 1, &ticket_null[TICKET_symbol]);
		ticket[TICKET_condition_id] = arb_sql_value(i, 2, &ticket_null[TICKET_condition_id]);
		ticket[TICKET_amount] = arb_sql_value(i, 3, &ticket_null[TICKET_amount]);
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, value, null);
	}
	arb_sql_end();
}

static void
put_live(int32 portfolio_id, Pending *p, Snapshot snapshot)
{
	IndexKey	by_portfolio = INT4_KEY(portfolio_id);
	Table		table = arb_table_open(&orders_table, MODE_LIVE, AccessShareLock);

	p->cancels = true;
	arb_table_scan(&table, "orders_working_idx", 1, &by_portfolio, ForwardScanDirection, snapshot, put_pending, p);
	p->cancels = false;
	if (p->cancel_count < MAX_CANCELS)
	{
		arb_table_scan(&table, "orders_working_idx", 1, &by_portfolio, ForwardScanDirection, snapshot, put_pending, p);
		put_redemptions(portfolio_id, p->rsinfo);
	}
	arb_table_close(&table);
}

/* Of a DRY_RUN order the worker's part is the claim; what rests trades and ends in the database. */
static bool
put_unclaimed(const Row *order, void *arg)
{
	return arb_order_state(order) != ORDER_STATE_NEW || put_pending(order, arg);
}

static void
put_dry_runs(int32 account, Pending *p, Snapshot snapshot)
{
	static SqlPlan plan = {
		"SELECT portfolio_id FROM arbees.portfolios WHERE venue_account_id = $1 AND mode = 'DRY_RUN' ORDER BY 1",
		1, {INT4OID}
	};
	Datum		args[] = {Int32GetDatum(account)};
	List	   *portfolios = arb_sql_ids(&plan, args);
	ListCell   *lc;
	Table		table;

	if (portfolios == NIL)
		return;
	p->cancels = false;
	table = arb_table_open(&orders_table, MODE_DRY_RUN, AccessShareLock);
	foreach(lc, portfolios)
	{
		IndexKey	by_portfolio = INT4_KEY(lfirst_int(lc));

		arb_table_scan(&table, "orders_working_idx", 1, &by_portfolio, ForwardScanDirection, snapshot, put_unclaimed, p);
	}
	arb_table_close(&table);
}

/* pending_work(account, epoch): what a worker has to do, from the rows alone. */
PG_FUNCTION_INFO_V1(arbees_pending_work);
Datum
arbees_pending_work(PG_FUNCTION_ARGS)
{
	int32		account;
	int32		portfolio_id;
	Pending		pending = {0};
	Snapshot	snapshot;

	arb_protocol_require_args(fcinfo, 2);
	account = PG_GETARG_INT32(0);
	arb_trader_require(account, PG_GETARG_INT64(1));
	InitMaterializedSRF(fcinfo, 0);
	snapshot = arb_snapshot_begin();
	pending.rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	pending.epoch = PG_GETARG_INT64(1);
	pending.kill_level = arb_kill_level(snapshot);
	pending.now = arb_now();
	pending.confirm_timeout_ms = arb_controls()->confirm_timeout_ms;
	portfolio_id = arb_live_portfolio(account);
	if (portfolio_id != 0)
		put_live(portfolio_id, &pending, snapshot);
	if (pending.cancel_count < MAX_CANCELS)
		put_dry_runs(account, &pending, snapshot);
	arb_snapshot_end(snapshot);
	return (Datum) 0;
}
