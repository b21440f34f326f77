/*-------------------------------------------------------------------------
 *
 * src/trade/verbs.c
 *	  What people may ask of the books: submit a signal, cancel, close, deposit.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "compat.h"
#include "core/clock.h"
#include "core/lock.h"
#include "core/row_cache.h"
#include "core/result.h"
#include "core/txn.h"
#include "core/wake.h"
#include "errors.h"
#include "journal/journal.h"
#include "trade/desk.h"
#include "trade/exit.h"
#include "trade/fill.h"
#include "trade/ledger.h"
#include "trade/order.h"
#include "trade/position.h"
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

/* ---- signals ---- */

/*
 * submit_signal(deployment, signal) returns (decision_id, verdict, reason, order_id, repeated, warnings)
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
	Datum		value[6];
	bool		null[6] = {false};

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("deployment and signal must be given")));
	arb_require_primary("submit_signal");
	arb_wish_of_deployment(PG_GETARG_INT32(0), &wish, &market_time);
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
	null[5] = result.warnings == NULL;
	value[5] = null[5] ? (Datum) 0 : CStringGetTextDatum(result.warnings);
	PG_RETURN_DATUM(arb_result_row(fcinfo, lengthof(value), value, null));
}

/* ---- cancel and close ---- */

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
	arb_desk_read(DatumGetInt32(order.value[ORDERS_portfolio_id]), &desk);
	result = arb_order_cancel(mode, &order, "cancelled by an operator", desk.market_time);
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
	arb_desk_read(DatumGetInt32(position.value[POSITIONS_portfolio_id]), &desk);
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
	arb_desk_read(PG_GETARG_INT32(0), &desk);
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
	arb_desk_read(PG_GETARG_INT32(0), &desk);
	arb_lock_portfolio(desk.portfolio_id);
	change.kind = LEDGER_DAY;
	change.new_session = true;
	change.reference = "new session";
	arb_ledger_append(desk.mode, desk.portfolio_id, &change, desk.market_time);
	arb_journal(desk.mode, "new_session", desk.portfolio_id, 0, "session result set to zero");
	PG_RETURN_VOID();
}
