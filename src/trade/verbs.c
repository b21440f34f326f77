/*-------------------------------------------------------------------------
 *
 * src/trade/verbs.c
 *	  What people and the tick may ask of the books: submit a signal, cancel,
 *	  close, deposit, and the tick's steps of orders, exits and settlement.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "compat.h"
#include "core/clock.h"
#include "core/lock.h"
#include "core/result.h"
#include "core/sql.h"
#include "core/txn.h"
#include "core/wake.h"
#include "errors.h"
#include "journal/journal.h"
#include "market/instrument.h"
#include "market/venue.h"
#include "market/window.h"
#include "safety/control.h"
#include "safety/kill.h"
#include "trade/exit.h"
#include "trade/fill.h"
#include "trade/ledger.h"
#include "trade/order.h"
#include "trade/position.h"
#include "trade/settle_due.h"
#include "trade/submit.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"

/* ---- finding ---- */

static const TradingMode DeskModes[] = {MODE_LIVE, MODE_PAPER, MODE_DRY_RUN};

static bool
find_order(int64 order_id, TradingMode *mode, Row *order)
{
	int			i;

	for (i = 0; i < (int) lengthof(DeskModes); i++)
		if (arb_order_read(DeskModes[i], order_id, order))
		{
			*mode = DeskModes[i];
			return true;
		}
	return false;
}

static bool
find_position(int64 position_id, TradingMode *mode, Row *position)
{
	int			i;

	for (i = 0; i < (int) lengthof(DeskModes); i++)
		if (arb_position_read(DeskModes[i], position_id, position))
		{
			*mode = DeskModes[i];
			return true;
		}
	return false;
}

typedef struct Desk
{
	int32		portfolio_id;
	TradingMode mode;
	TimestampTz market_time;
} Desk;

/* A portfolio's mode, and its market's time. */
static void
read_desk(int32 portfolio_id, Desk *desk)
{
	IndexKey	keys[] = {INT4_KEY(portfolio_id)};
	Row			portfolio;

	if (!arb_row_read(&portfolios_table, 0, "portfolios_pkey", 1, keys, NULL, &portfolio))
		ereport(ERROR,
				(errcode(ERRCODE_NO_DATA_FOUND), errmsg("portfolio %d does not exist", portfolio_id)));
	desk->portfolio_id = portfolio_id;
	desk->mode = arb_label_value(LABEL_MODE, DatumGetObjectId(portfolio.value[PORTFOLIOS_mode]));
	desk->market_time = arb_market_time(DatumGetInt32(portfolio.value[PORTFOLIOS_venue_id]));
}

/* ---- signals ---- */

static void
require_deployment(int32 deployment_id, Wish *wish, TimestampTz *market_time)
{
	IndexKey	keys[] = {INT4_KEY(deployment_id)};
	Row			row;
	Desk		desk;

	if (!arb_row_read(&deployments_table, 0, "deployments_pkey", 1, keys, NULL, &row))
		ereport(ERROR,
				(errcode(ERRCODE_NO_DATA_FOUND), errmsg("deployment %d does not exist", deployment_id)));
	wish->deployment_id = deployment_id;
	wish->portfolio_id = DatumGetInt32(row.value[DEPLOYMENTS_portfolio_id]);
	read_desk(wish->portfolio_id, &desk);
	wish->mode = desk.mode;
	*market_time = desk.market_time;
	if (desk.mode == MODE_DRY_RUN || desk.mode == MODE_BACKTEST)
		ereport(ERROR,
				(errcode(ERRCODE_ARB_NOT_BUILT),
				 errmsg("mode %s is not built yet", arb_label_name(LABEL_MODE, desk.mode))));
}

/*
 * submit_signal(deployment, signal) returns (decision_id, verdict, reason, order_id, repeated)
 *
 * The gate's door for tests, tools and people; strategies come through on_quotes.
 */
PG_FUNCTION_INFO_V1(arbees_submit_signal);
Datum
arbees_submit_signal(PG_FUNCTION_ARGS)
{
	Wish		wish = {0};
	Submitted	result;
	TimestampTz market_time;
	Datum		value[5];
	bool		null[5] = {false};

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("deployment and signal must be given")));
	arb_require_primary("submit_signal");
	require_deployment(PG_GETARG_INT32(0), &wish, &market_time);
	arb_wish_from_signal(PG_GETARG_HEAPTUPLEHEADER(1), &wish);
	arb_submit_lock(wish.mode, wish.portfolio_id);
	arb_submit(&wish, NULL, market_time, &result);

	value[0] = Int64GetDatum(result.decision_id);
	value[1] = ObjectIdGetDatum(arb_label_oid(LABEL_VERDICT, result.verdict));
	null[2] = result.reason == NULL;
	value[2] = null[2] ? (Datum) 0 : CStringGetTextDatum(result.reason);
	null[3] = result.order_id == 0;
	value[3] = Int64GetDatum(result.order_id);
	value[4] = BoolGetDatum(result.repeated);
	PG_RETURN_DATUM(arb_result_row(fcinfo, lengthof(value), value, null));
}

/* ---- cancel and close ---- */

/* Ends an order at once when it was never claimed or is simulated, through the worker otherwise. */
static const char *
cancel_locked(TradingMode mode, Row *order, TimestampTz market_time, const char *reason)
{
	OrderState	state = arb_order_state(order);

	if (!arb_order_working(state))
		return "already_ended";
	if (state == ORDER_STATE_NEW || (mode != MODE_LIVE && state != ORDER_STATE_UNKNOWN))
	{
		arb_order_finish(mode, order, ORDER_EVENT_CLOSE, reason, arb_lot_size(DatumGetInt32(order->value[ORDERS_instrument_id])), market_time);
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

/* arbees_cancel(order_id) returns text: canceled, requested or already_ended. */
PG_FUNCTION_INFO_V1(arbees_cancel);
Datum
arbees_cancel(PG_FUNCTION_ARGS)
{
	TradingMode mode;
	Row			order;
	Desk		desk;
	const char *result;

	arb_require_primary("arbees_cancel");
	arb_require_read_committed("arbees_cancel");
	if (!find_order(PG_GETARG_INT64(0), &mode, &order))
		ereport(ERROR,
				(errcode(ERRCODE_NO_DATA_FOUND),
				 errmsg("order " INT64_FORMAT " does not exist", PG_GETARG_INT64(0))));
	arb_lock_portfolio(DatumGetInt32(order.value[ORDERS_portfolio_id]));
	/* Lock, then read: it may have been claimed or filled while we waited. */
	arb_order_lock(mode, PG_GETARG_INT64(0), &order);
	read_desk(DatumGetInt32(order.value[ORDERS_portfolio_id]), &desk);
	result = cancel_locked(mode, &order, desk.market_time, "cancelled by an operator");
	arb_journal(mode, "cancel", DatumGetInt32(order.value[ORDERS_portfolio_id]), PG_GETARG_INT64(0), result);
	PG_RETURN_TEXT_P(cstring_to_text(result));
}

/* arbees_close(position_id) returns text: what becomes of the position. */
PG_FUNCTION_INFO_V1(arbees_close);
Datum
arbees_close(PG_FUNCTION_ARGS)
{
	TradingMode mode;
	Row			position;
	Desk		desk;
	const char *result;
	int64		position_id = PG_GETARG_INT64(0);

	arb_require_primary("arbees_close");
	arb_require_read_committed("arbees_close");
	if (!find_position(position_id, &mode, &position))
		ereport(ERROR,
				(errcode(ERRCODE_NO_DATA_FOUND), errmsg("position " INT64_FORMAT " does not exist", position_id)));
	arb_submit_lock(mode, DatumGetInt32(position.value[POSITIONS_portfolio_id]));
	arb_position_read(mode, position_id, &position);
	read_desk(DatumGetInt32(position.value[POSITIONS_portfolio_id]), &desk);
	switch (arb_position_state(&position))
	{
		case POSITION_STATE_CLOSED:
			result = "already_closed";
			break;
		case POSITION_STATE_MONITORING:
			arb_position_request_close(mode, &position, desk.market_time);
			arb_exits_of_portfolio(mode, desk.portfolio_id, desk.market_time);
			arb_position_read(mode, position_id, &position);
			result = arb_position_state(&position) == POSITION_STATE_CLOSED ? "closed" : "closing";
			arb_wake_workers(NULL);
			break;
		case POSITION_STATE_ENTRY:
			result = "not_filled_yet";
			break;
		default:
			result = "closing";
	}
	arb_journal(mode, "close", desk.portfolio_id, position_id, result);
	PG_RETURN_TEXT_P(cstring_to_text(result));
}

/* ---- cash ---- */

/* arbees.book_transfer(portfolio, amount, reason): a deposit, or a withdrawal when negative. */
PG_FUNCTION_INFO_V1(arbees_book_transfer);
Datum
arbees_book_transfer(PG_FUNCTION_ARGS)
{
	Desk		desk;
	LedgerChange change = {0};
	LedgerTotals totals;
	Snapshot	snapshot;
	Fixed		amount = arb_fixed_from_numeric(PG_GETARG_DATUM(1));
	Fixed		free_cash;

	arb_require_primary("book_transfer");
	read_desk(PG_GETARG_INT32(0), &desk);
	arb_lock_portfolio(desk.portfolio_id);
	snapshot = arb_snapshot_begin();
	arb_ledger_totals(desk.mode, desk.portfolio_id, desk.market_time, snapshot, &totals);
	arb_snapshot_end(snapshot);
	free_cash = arb_fixed_sub(totals.cash, totals.reserved);
	if (amount == 0 || arb_fixed_add(free_cash, amount) < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("transfer is not possible"),
				 errdetail("Amount is %s, free cash is %s.", arb_fixed_to_cstring(amount),
						   arb_fixed_to_cstring(free_cash))));
	change.kind = amount > 0 ? LEDGER_DEPOSIT : LEDGER_WITHDRAWAL;
	change.cash = change.deposits = amount;
	change.reference = text_to_cstring(PG_GETARG_TEXT_PP(2));
	arb_ledger_append(desk.mode, desk.portfolio_id, &change, desk.market_time);
	arb_journal(desk.mode, "transfer", desk.portfolio_id, 0,
				psprintf("%s: %s", arb_fixed_to_cstring(amount), change.reference));
	PG_RETURN_VOID();
}

/* arbees.book_new_session(portfolio): the session's result starts from nothing. */
PG_FUNCTION_INFO_V1(arbees_book_new_session);
Datum
arbees_book_new_session(PG_FUNCTION_ARGS)
{
	Desk		desk;
	LedgerChange change = {0};

	arb_require_primary("book_new_session");
	read_desk(PG_GETARG_INT32(0), &desk);
	arb_lock_portfolio(desk.portfolio_id);
	change.kind = LEDGER_DAY;
	change.new_session = true;
	change.reference = "new session";
	arb_ledger_append(desk.mode, desk.portfolio_id, &change, desk.market_time);
	arb_journal(desk.mode, "new_session", desk.portfolio_id, 0, "session result set to zero");
	PG_RETURN_VOID();
}

/* ---- steps of the tick ---- */

/* step_windows(): venues whose clock is the wall's. */
PG_FUNCTION_INFO_V1(arbees_step_windows);
Datum
arbees_step_windows(PG_FUNCTION_ARGS)
{
	static SqlPlan plan = {"SELECT venue_id FROM arbees.venues WHERE NOT clock_driven ORDER BY venue_id", 0, {0}};
	ListCell   *lc;

	foreach(lc, arb_sql_ids(&plan, NULL))
		arb_windows_advance(lfirst_int(lc), arb_now());
	PG_RETURN_VOID();
}

typedef struct OrderWork
{
	int64		order_id;
	int32		portfolio_id;
	TradingMode mode;
} OrderWork;

/* Orders nobody will claim any more, and those whose answer is overdue; found in the index of working orders. */
static uint64
find_overdue(OrderWork **work)
{
	static SqlPlan plan = {
		"SELECT order_id, portfolio_id, mode::text FROM arbees.orders WHERE finished_at IS NULL AND mode <> 'BACKTEST'"
		" AND ((state = 'NEW' AND (send_before < clock_timestamp() OR cancel_requested_at IS NOT NULL"
		"   OR ($1 <> 'none' AND purpose = 'ENTRY') OR $1 = 'emergency'))"
		" OR (state = 'SENDING' AND claimed_at < clock_timestamp() - $2 * interval '1 millisecond')"
		" OR (state IN ('OPEN', 'PARTIALLY_FILLED') AND mode = 'PAPER' AND"
		"   ($1 = 'emergency' OR ($1 = 'flatten' AND purpose = 'ENTRY'))))"
		" ORDER BY portfolio_id, order_id LIMIT 1000",
		2, {TEXTOID, INT8OID}
	};
	Snapshot	snapshot = arb_snapshot_begin();
	Datum		args[2];
	uint64		n;
	uint64		i;

	args[0] = CStringGetTextDatum(arb_label_name(LABEL_KILL_LEVEL, arb_kill_level(snapshot)));
	args[1] = Int64GetDatum(Max(arb_controls()->confirm_timeout_ms, 0));
	arb_snapshot_end(snapshot);
	arb_sql_begin();
	n = arb_sql_run(&plan, args, NULL);
	*work = SPI_palloc(sizeof(OrderWork) * Max(n, 1));
	for (i = 0; i < n; i++)
	{
		(*work)[i].order_id = arb_sql_int64(i, 1, 0);
		(*work)[i].portfolio_id = arb_sql_int32(i, 2, 0);
		(*work)[i].mode = arb_label_parse(LABEL_MODE, arb_sql_text(i, 3));
	}
	arb_sql_end();
	return n;
}

static void
end_overdue(const OrderWork *work)
{
	Row			order;
	Desk		desk;

	if (!arb_order_lock(work->mode, work->order_id, &order))
		return;
	read_desk(work->portfolio_id, &desk);
	switch (arb_order_state(&order))
	{
		case ORDER_STATE_NEW:
			if (!order.null[ORDERS_cancel_requested_at])
				arb_order_finish(work->mode, &order, ORDER_EVENT_CLOSE, "cancelled before it was sent",
								 arb_lot_size(DatumGetInt32(order.value[ORDERS_instrument_id])), desk.market_time);
			else
				arb_order_finish(work->mode, &order, ORDER_EVENT_EXPIRE, "not sent: late, or the kill switch is engaged",
								 arb_lot_size(DatumGetInt32(order.value[ORDERS_instrument_id])), desk.market_time);
			break;
		case ORDER_STATE_SENDING:
			/* It may have been claimed while we waited for it: its time counts from then. */
			if (arb_elapsed_ms(DatumGetTimestampTz(order.value[ORDERS_claimed_at]), arb_now()) <
				Max(arb_controls()->confirm_timeout_ms, 0))
				break;
			arb_order_lose(work->mode, &order, "no answer in time");
			break;
		case ORDER_STATE_OPEN:
		case ORDER_STATE_PARTIALLY_FILLED:
			/* A LIVE order here was claimed and accepted while we waited: it was in time. */
			if (work->mode == MODE_PAPER)
				cancel_locked(work->mode, &order, desk.market_time, "kill switch");
			break;
		default:
			break;
	}
}

/* step_orders(): what time and the kill switch demand of working orders. */
PG_FUNCTION_INFO_V1(arbees_step_orders);
Datum
arbees_step_orders(PG_FUNCTION_ARGS)
{
	OrderWork  *work;
	uint64		n;
	uint64		i;

	arb_lock_kill(ShareLock);
	n = find_overdue(&work);
	for (i = 0; i < n; i++)
		arb_lock_portfolio(work[i].portfolio_id);
	for (i = 0; i < n; i++)
		end_overdue(&work[i]);
	PG_RETURN_VOID();
}

/* Portfolios with an open position, ascending; from the index of open positions. */
static List *
portfolios_with_positions(void)
{
	static SqlPlan plan = {
		"SELECT DISTINCT portfolio_id FROM arbees.positions WHERE state <> 'CLOSED' AND mode <> 'BACKTEST'"
		" ORDER BY portfolio_id",
		0, {0}
	};

	return arb_sql_ids(&plan, NULL);
}

/* step_exits(): kill, expiry and retries, by the stored quotes. */
PG_FUNCTION_INFO_V1(arbees_step_exits);
Datum
arbees_step_exits(PG_FUNCTION_ARGS)
{
	List	   *portfolios = portfolios_with_positions();
	ListCell   *lc;
	int			made = 0;

	/* Both modes' epochs, then all portfolios: the order of core/lock.h. */
	arb_submit_lock_all(MODE_LIVE, portfolios);
	foreach(lc, portfolios)
	{
		Desk		desk;

		read_desk(lfirst_int(lc), &desk);
		made += arb_exits_of_portfolio(desk.mode, desk.portfolio_id, desk.market_time);
	}
	if (made > 0)
		arb_wake_workers(NULL);
	PG_RETURN_VOID();
}

/* step_settlement(): positions of resolved windows at venues whose clock is the wall's. */
PG_FUNCTION_INFO_V1(arbees_step_settlement);
Datum
arbees_step_settlement(PG_FUNCTION_ARGS)
{
	static SqlPlan plan = {
		"SELECT DISTINCT p.portfolio_id, w.venue_id FROM arbees.positions p"
		" JOIN arbees.windows w ON w.window_id = p.window_id JOIN arbees.venues v ON v.venue_id = w.venue_id"
		" WHERE p.qty <> 0 AND p.mode <> 'BACKTEST' AND w.venue_outcome IS NOT NULL AND NOT v.clock_driven"
		" ORDER BY 1",
		0, {0}
	};
	int32	   *portfolios;
	int32	   *venues;
	uint64		n;
	uint64		i;

	arb_sql_begin();
	n = arb_sql_run(&plan, NULL, NULL);
	portfolios = SPI_palloc(sizeof(int32) * Max(n, 1));
	venues = SPI_palloc(sizeof(int32) * Max(n, 1));
	for (i = 0; i < n; i++)
	{
		portfolios[i] = arb_sql_int32(i, 1, 0);
		venues[i] = arb_sql_int32(i, 2, 0);
	}
	arb_sql_end();
	if (n > 0)
		arb_lock_kill(ShareLock);
	for (i = 0; i < n; i++)
		arb_lock_portfolio(portfolios[i]);
	for (i = 0; i < n; i++)
	{
		arb_settle_due(venues[i], MODE_LIVE, arb_now());
		arb_settle_due(venues[i], MODE_PAPER, arb_now());
	}
	PG_RETURN_VOID();
}
