/*-------------------------------------------------------------------------
 *
 * src/trade/protocol.c
 *	  What a worker says of orders: claim and report.
 *
 * Every call carries the venue account and the epoch; an old epoch is refused
 * with RB004. Claims and reports commit synchronously and run at READ COMMITTED
 * only: after the wait for a lock they must see what others committed.
 *
 * Locks: claim = kill (share), epoch (share), the order's row.
 *		  report = epoch (share), portfolio, the order's row.
 * A LIVE claim takes no portfolio lock, so that its flush never holds up decisions.
 * A DRY_RUN claim fills its order too and takes it, between epoch and order.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "common/sha2.h"
#include "compat.h"
#include "core/clock.h"
#include "core/debug_point.h"
#include "core/lock.h"
#include "core/result.h"
#include "core/sql.h"
#include "core/txn.h"
#include "journal/journal.h"
#include "market/instrument.h"
#include "market/venue.h"
#include "safety/gate.h"
#include "safety/control.h"
#include "safety/kill.h"
#include "safety/trader_lock.h"
#include "trade/fill.h"
#include "trade/order.h"
#include "trade/payload.h"
#include "trade/plausible.h"
#include "trade/protocol.h"
#include "trade/simulated_fill.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"

/*
 * arb_protocol_begin refuses a call that is not durable, or not of the account's trader.
 *
 * Locks: epoch (share).
 * Returns: false when the trader's lease has ended.
 */
bool
arb_protocol_begin(const char *name, int32 account, int64 epoch)
{
	bool		leased;

	arb_require_primary(name);
	arb_require_read_committed(name);
	arb_require_synchronous_commit(name);
	leased = arb_trader_require(account, epoch);
	ARB_DEBUG_POINT("call_begun");
	return leased;
}

/* arb_protocol_require_args raises 22004 unless the first n arguments are given. */
void
arb_protocol_require_args(FunctionCallInfo fcinfo, int n)
{
	int			i;

	for (i = 0; i < n; i++)
		if (PG_ARGISNULL(i))
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("argument %d of a protocol call is NULL", i + 1)));
}

/* arb_live_portfolio returns the portfolio that trades a venue account, 0 for none. */
int32
arb_live_portfolio(int32 account)
{
	IndexKey	keys[] = {INT4_KEY(account)};
	Row			row;

	return arb_row_read(&portfolios_table, 0, "portfolios_live_account_key", 1, keys, NULL, &row) ?
		DatumGetInt32(row.value[PORTFOLIOS_portfolio_id]) : 0;
}

static bool
is_of_account(const Row *order, int32 account)
{
	return !order->null[ORDERS_venue_account_id] &&
		DatumGetInt32(order->value[ORDERS_venue_account_id]) == account;
}

/* ---- claim ---- */

/* Without them nobody could ask the venue for the order, nor prove what was sent. */
static void
require_identity(const text *venue_order_id, const bytea *body_hash)
{
	if (VARSIZE_ANY_EXHDR(venue_order_id) == 0 || VARSIZE_ANY_EXHDR(body_hash) != PG_SHA256_DIGEST_LENGTH)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a claim names the order's venue id and the SHA-256 of its body")));
}

/* The strictest of the desk's level and, for a simulated portfolio, its own. */
static KillLevel
kill_level_for(TradingMode mode, const Row *order, Snapshot snapshot)
{
	KillLevel	level = arb_kill_level(snapshot);
	IndexKey	keys[] = {{order->value[ORDERS_portfolio_id], F_INT4EQ}};
	Row			portfolio;

	if (mode == MODE_LIVE)
		return level;
	if (!arb_row_read(&portfolios_table, 0, "portfolios_pkey", 1, keys, snapshot, &portfolio))
		return KILL_EMERGENCY;
	return arb_kill_level_of(level, &portfolio);
}

/* What keeps bytes of an order from leaving, whichever time it is. */
static const char *
standing_refusal(TradingMode mode, const Row *order, int32 account, TimestampTz now)
{
	Snapshot	snapshot = arb_snapshot_begin();
	KillLevel	level = kill_level_for(mode, order, snapshot);
	bool		ours = arb_installation_is_ours();
	bool		entry = arb_label_value(LABEL_ORDER_PURPOSE,
										DatumGetObjectId(order->value[ORDERS_purpose])) == PURPOSE_ENTRY;

	arb_snapshot_end(snapshot);
	if (!is_of_account(order, account))
		return "other_account";
	if (!ours)
		return "foreign_copy";
	if (level == KILL_EMERGENCY || (entry && level != KILL_NONE))
		return "kill_engaged";
	if (!order->null[ORDERS_cancel_requested_at])
		return "cancel_requested";
	if (now >= DatumGetTimestampTz(order->value[ORDERS_send_before]))
		return "too_late";
	return NULL;
}

static const char *
claim_refusal(TradingMode mode, const Row *order, int32 account, TimestampTz now)
{
	if (is_of_account(order, account) && arb_order_state(order) != ORDER_STATE_NEW)
		return "not_new";
	return standing_refusal(mode, order, account, now);
}

/* Locks the order that is to be claimed, a DRY_RUN one below its portfolio; returns its mode. */
static TradingMode
lock_claimed(int64 order_id, Row *order)
{
	if (arb_order_lock(MODE_LIVE, order_id, order))
		return MODE_LIVE;
	if (!arb_order_read(MODE_DRY_RUN, order_id, order))
		ereport(ERROR,
				(errcode(ERRCODE_NO_DATA_FOUND),
				 errmsg("order " INT64_FORMAT " does not exist", order_id)));
	arb_lock_portfolio(DatumGetInt32(order->value[ORDERS_portfolio_id]));
	arb_order_lock(MODE_DRY_RUN, order_id, order);
	return MODE_DRY_RUN;
}

/* What the order was judged by, out of its decision: the book the fill is simulated from. */
static Quote
judged_quote(const Row *order)
{
	IndexKey	keys[] = {{order->value[ORDERS_decision_id], F_INT8EQ}};
	GateInput	in;
	Quote		quote = {0};
	Row			decision;

	if (!arb_row_read(&decisions_table, MODE_DRY_RUN, "decisions_pkey", 1, keys, NULL, &decision))
		elog(ERROR, "decision of an order does not exist");
	arb_gate_decode(DatumGetByteaPP(decision.value[DECISIONS_input]), (int64 *) &in, GateInputCount);
	quote.instrument_id = (int32) in.instrument_id;
	quote.bid = in.bid;
	quote.bid_size = in.bid_size;
	quote.ask = in.ask;
	quote.ask_size = in.ask_size;
	quote.source_at = in.quote_source_at;
	quote.received_at = in.quote_received_at;
	quote.book = decision.null[DECISIONS_book] ? NULL : DatumGetByteaPP(decision.value[DECISIONS_book]);
	return quote;
}

static void
fill_claimed(const Row *order)
{
	Quote		quote = judged_quote(order);

	arb_simulate_claimed(MODE_DRY_RUN, DatumGetInt64(order->value[ORDERS_order_id]), &quote,
						 arb_market_time(DatumGetInt32(order->value[ORDERS_venue_id])));
}

/*
 * claim_order(account, epoch, order_id, venue_order_id, body_hash, request)
 *		returns (claimed boolean, reason text, send_within_ms integer)
 *
 * NEW -> SENDING, and the request is stored. Only after this commits may a byte
 * leave. A DRY_RUN order trades in the same transaction: no byte ever leaves, and
 * a crash leaves nothing half done.
 */
PG_FUNCTION_INFO_V1(arbees_claim_order);
Datum
arbees_claim_order(PG_FUNCTION_ARGS)
{
	int32		account;
	Row			order;
	TradingMode mode;
	const char *refusal;
	bool		leased;
	TimestampTz now;
	Datum		value[3] = {0};
	bool		null[3] = {false};

	arb_protocol_require_args(fcinfo, 6);
	account = PG_GETARG_INT32(0);
	require_identity(PG_GETARG_TEXT_PP(3), PG_GETARG_BYTEA_PP(4));
	arb_payload_check(PG_GETARG_TEXT_PP(5), PG_GETARG_BYTEA_PP(4));
	arb_lock_kill(ShareLock);
	leased = arb_protocol_begin("claim_order", account, PG_GETARG_INT64(1));
	mode = lock_claimed(PG_GETARG_INT64(2), &order);
	now = arb_now();
	refusal = leased ? claim_refusal(mode, &order, account, now) : "lease_ended";
	if (refusal == NULL)
	{
		arb_order_transition(&order, ORDER_EVENT_CLAIM, NULL, now);
		arb_row_set(&order, ORDERS_venue_order_id, PG_GETARG_DATUM(3));
		arb_row_set(&order, ORDERS_body_hash, PG_GETARG_DATUM(4));
		arb_row_set(&order, ORDERS_claimed_epoch, PG_GETARG_DATUM(1));
		arb_row_set(&order, ORDERS_claimed_at, TimestampTzGetDatum(now));
		arb_order_write(mode, &order);
		arb_payload_write(mode, &order, PG_GETARG_TEXT_PP(3), PG_GETARG_BYTEA_PP(4), PG_GETARG_TEXT_PP(5), now);
		if (mode == MODE_DRY_RUN)
			fill_claimed(&order);
		ARB_DEBUG_POINT("claimed");
		value[2] = Int32GetDatum((int32) arb_elapsed_ms(now, DatumGetTimestampTz(order.value[ORDERS_send_before])));
	}
	value[0] = BoolGetDatum(refusal == NULL);
	null[1] = refusal == NULL;
	if (refusal != NULL)
		value[1] = CStringGetTextDatum(refusal);
	PG_RETURN_DATUM(arb_result_row(fcinfo, lengthof(value), value, null));
}

/* ---- report ---- */

/* News of another order is none of this one, whatever it says. */
static void
require_same_id(const Row *order, text *said)
{
	text	   *known;

	if (order->null[ORDERS_venue_order_id])
		return;
	known = DatumGetTextPP(order->value[ORDERS_venue_order_id]);
	if (VARSIZE_ANY_EXHDR(known) != VARSIZE_ANY_EXHDR(said) ||
		memcmp(VARDATA_ANY(known), VARDATA_ANY(said), VARSIZE_ANY_EXHDR(said)) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a report names another venue order id than its order has"),
				 errdetail("Order " INT64_FORMAT " is \"%s\" at the venue, the report is of \"%s\".",
						   DatumGetInt64(order->value[ORDERS_order_id]), text_to_cstring(known),
						   text_to_cstring(said))));
}

/* Locks the order's portfolio, then the order, against a claim: in this order, always. */
static bool
lock_and_read(int64 order_id, Row *order)
{
	if (!arb_order_read(MODE_LIVE, order_id, order))
		return false;
	arb_lock_portfolio(DatumGetInt32(order->value[ORDERS_portfolio_id]));
	return arb_order_lock(MODE_LIVE, order_id, order);
}

static Row
require_order(int64 order_id, int32 account)
{
	Row			order;

	if (!lock_and_read(order_id, &order) || !is_of_account(&order, account))
		ereport(ERROR,
				(errcode(ERRCODE_NO_DATA_FOUND),
				 errmsg("order " INT64_FORMAT " is no order of venue account %d", order_id, account)));
	return order;
}

/* A match that failed to settle was heard of, and counts: nothing more comes of it. */
static bool
fills_are_missing(const Row *order)
{
	Fixed		venue_qty = arb_row_fixed(order, ORDERS_venue_qty);

	return venue_qty != FIXED_NULL && arb_row_fixed(order, ORDERS_filled_qty) < venue_qty &&
		arb_fills_heard(MODE_LIVE, DatumGetInt64(order->value[ORDERS_order_id])) < venue_qty;
}

/* Why the bytes of an order whose fate is unknown may not go out a second time; NULL when they may. */
static const char *
repeat_refusal(const Row *order, const bytea *body_hash)
{
	OrderState	state = arb_order_state(order);
	bytea	   *claimed = order->null[ORDERS_body_hash] ? NULL : DatumGetByteaPP(order->value[ORDERS_body_hash]);

	if (state != ORDER_STATE_SENDING && state != ORDER_STATE_UNKNOWN)
		return "not_in_question";
	if (claimed == NULL || VARSIZE_ANY_EXHDR(claimed) != VARSIZE_ANY_EXHDR(body_hash) ||
		memcmp(VARDATA_ANY(claimed), VARDATA_ANY(body_hash), VARSIZE_ANY_EXHDR(claimed)) != 0)
		return "other_bytes";
	return NULL;
}

/*
 * claim_again(account, epoch, order_id, body_hash)
 *		returns (claimed boolean, reason text, send_within_ms integer)
 *
 * The same bytes once more, to a venue that answers a duplicate with "already
 * there". Everything a claim must pass is passed again: kill switch, cancel,
 * deadline, epoch. The order stays as it is.
 */
PG_FUNCTION_INFO_V1(arbees_claim_again);
Datum
arbees_claim_again(PG_FUNCTION_ARGS)
{
	Row			order;
	const char *refusal;
	bool		leased;
	TimestampTz now;
	Datum		value[3] = {0};
	bool		null[3] = {false};

	arb_protocol_require_args(fcinfo, 4);
	arb_lock_kill(ShareLock);
	leased = arb_protocol_begin("claim_again", PG_GETARG_INT32(0), PG_GETARG_INT64(1));
	order = require_order(PG_GETARG_INT64(2), PG_GETARG_INT32(0));
	now = arb_now();
	refusal = leased ? repeat_refusal(&order, PG_GETARG_BYTEA_PP(3)) : "lease_ended";
	if (refusal == NULL)
		refusal = standing_refusal(MODE_LIVE, &order, PG_GETARG_INT32(0), now);
	if (refusal == NULL)
	{
		arb_journal(MODE_LIVE, "order_repeated", DatumGetInt32(order.value[ORDERS_portfolio_id]),
					PG_GETARG_INT64(2), "the same bytes are sent again while its fate is unknown");
		value[2] = Int32GetDatum((int32) arb_elapsed_ms(now, DatumGetTimestampTz(order.value[ORDERS_send_before])));
	}
	value[0] = BoolGetDatum(refusal == NULL);
	null[1] = refusal == NULL;
	null[2] = refusal != NULL;
	if (refusal != NULL)
		value[1] = CStringGetTextDatum(refusal);
	PG_RETURN_DATUM(arb_result_row(fcinfo, lengthof(value), value, null));
}

/* Ends an order that the venue says is over, once our fills reach what it says it matched. */
static void
close_when_booked(Row *order, const char *reason, TimestampTz market_time)
{
	if (!arb_order_working(arb_order_state(order)) || fills_are_missing(order))
		return;
	arb_order_finish(MODE_LIVE, order, ORDER_EVENT_CLOSE, reason, market_time);
}

static void
note_venue_qty(Row *order, Datum qty, bool null)
{
	Fixed		known = arb_row_fixed(order, ORDERS_venue_qty);
	Fixed		said = null ? 0 : arb_fixed_from_numeric(qty);

	/* What the venue once matched does not become less by a later, emptier answer. */
	if (known != FIXED_NULL && known >= said)
		return;
	arb_row_set_fixed(order, ORDERS_venue_qty, said);
}

static void
acknowledge(Row *order, const char *reason)
{
	OrderState	state = arb_order_state(order);
	bool		filled = state == ORDER_STATE_UNKNOWN && arb_row_fixed(order, ORDERS_filled_qty) > 0;

	/* Of what is acknowledged already it says nothing new. */
	if (state == ORDER_STATE_OPEN || state == ORDER_STATE_PARTIALLY_FILLED)
		return;
	arb_order_transition(order, filled ? ORDER_EVENT_FILL_PARTIAL : ORDER_EVENT_ACCEPT, reason, arb_now());
	arb_order_write(MODE_LIVE, order);
}

static void
require_event(const char *event)
{
	static const char *const known[] = {
		"accepted", "matched", "closed", "canceled", "rejected", "unknown", "not_sent", "not_found"
	};
	int			i;

	for (i = 0; i < (int) lengthof(known); i++)
		if (strcmp(event, known[i]) == 0)
			return;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("unknown order event \"%s\"", event)));
}

static void
apply_event(Row *order, const char *event, Datum qty, bool qty_null, const char *reason, TimestampTz market_time)
{

	/* Nothing said of an order that has ended is news. */
	if (!arb_order_working(arb_order_state(order)))
		return;
	if (strcmp(event, "accepted") == 0 || strcmp(event, "matched") == 0)
		acknowledge(order, reason);
	else if (strcmp(event, "unknown") == 0)
	{
		if (arb_order_state(order) != ORDER_STATE_UNKNOWN)
			arb_order_lose(MODE_LIVE, order, reason == NULL ? "no trustworthy answer" : reason);
	}
	else if (strcmp(event, "closed") == 0 || strcmp(event, "canceled") == 0)
	{
		note_venue_qty(order, qty, qty_null);
		if (fills_are_missing(order))
			arb_order_write(MODE_LIVE, order);	/* its fills are still to come */
		else
			close_when_booked(order, reason, market_time);
	}
	else if (strcmp(event, "rejected") == 0)
	{
		/* A refusal after fills cannot be: the fills are the facts, the rest is over. */
		if (arb_row_fixed(order, ORDERS_filled_qty) > 0)
			arb_order_finish(MODE_LIVE, order, ORDER_EVENT_CLOSE, reason, market_time);
		else
			arb_order_finish(MODE_LIVE, order, ORDER_EVENT_REJECT, reason, market_time);
	}
	else						/* not_sent, not_found */
		arb_order_finish(MODE_LIVE, order,
						 strcmp(event, "not_sent") == 0 && arb_order_state(order) == ORDER_STATE_SENDING ?
						 ORDER_EVENT_NOT_SENT : ORDER_EVENT_CLOSE,
						 reason == NULL ? event : reason, market_time);
}

/*
 * A DRY_RUN order never was at the venue: all there is to say of one is that it
 * cannot be built, and then it ends before anybody claimed it.
 *
 * Returns: false when there is no such order.
 */
static bool
end_dry_run(int64 order_id, int32 account, const char *event, const char *reason, Row *order)
{
	if (!arb_order_read(MODE_DRY_RUN, order_id, order) || !is_of_account(order, account))
		return false;
	if (strcmp(event, "not_sent") != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("order " INT64_FORMAT " is DRY_RUN: no venue can say \"%s\" of it", order_id, event)));
	arb_lock_portfolio(DatumGetInt32(order->value[ORDERS_portfolio_id]));
	arb_order_lock(MODE_DRY_RUN, order_id, order);
	if (arb_order_state(order) == ORDER_STATE_NEW)
		arb_order_finish(MODE_DRY_RUN, order, ORDER_EVENT_CLOSE, reason == NULL ? event : reason,
						 arb_market_time(DatumGetInt32(order->value[ORDERS_venue_id])));
	return true;
}

/*
 * report_order(account, epoch, order_id, event, venue_order_id, venue_qty, reason) returns state
 *
 * Reports may come twice and in any order; what is already known changes nothing.
 */
PG_FUNCTION_INFO_V1(arbees_report_order);
Datum
arbees_report_order(PG_FUNCTION_ARGS)
{
	Row			order;
	char	   *reason = PG_ARGISNULL(6) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(6));
	char	   *event;

	arb_protocol_require_args(fcinfo, 4);
	event = text_to_cstring(PG_GETARG_TEXT_PP(3));
	require_event(event);
	arb_protocol_begin("report_order", PG_GETARG_INT32(0), PG_GETARG_INT64(1));
	if (end_dry_run(PG_GETARG_INT64(2), PG_GETARG_INT32(0), event, reason, &order))
		PG_RETURN_TEXT_P(cstring_to_text(arb_label_name(LABEL_ORDER_STATE, arb_order_state(&order))));
	order = require_order(PG_GETARG_INT64(2), PG_GETARG_INT32(0));
	if (!PG_ARGISNULL(4))
		require_same_id(&order, PG_GETARG_TEXT_PP(4));
	if (!PG_ARGISNULL(5))
		arb_require_venue_qty(arb_fixed_from_numeric(PG_GETARG_DATUM(5)), &order);
	if (!PG_ARGISNULL(4) && order.null[ORDERS_venue_order_id])
		arb_row_set(&order, ORDERS_venue_order_id, PG_GETARG_DATUM(4));
	apply_event(&order, event, PG_GETARG_DATUM(5), PG_ARGISNULL(5),
				reason, arb_market_time(DatumGetInt32(order.value[ORDERS_venue_id])));
	arb_order_read(MODE_LIVE, PG_GETARG_INT64(2), &order);
	PG_RETURN_TEXT_P(cstring_to_text(arb_label_name(LABEL_ORDER_STATE, arb_order_state(&order))));
}

static bool
find_by_venue_id(text *venue_order_id, int32 account, int64 *order_id)
{
	IndexKey	keys[] = {{PointerGetDatum(venue_order_id), F_TEXTEQ}};
	Row			order;

	if (!arb_row_read(&orders_table, MODE_LIVE, "orders_venue_order_id_key", 1, keys, NULL, &order) ||
		!is_of_account(&order, account))
		return false;
	*order_id = DatumGetInt64(order.value[ORDERS_order_id]);
	return true;
}

static Settlement
settlement_of(const char *status)
{
	if (strcmp(status, "CONFIRMED") == 0)
		return SETTLEMENT_CONFIRMED;
	if (strcmp(status, "FAILED") == 0)
		return SETTLEMENT_VOIDED;
	if (strcmp(status, "MATCHED") == 0 || strcmp(status, "MINED") == 0 || strcmp(status, "RETRYING") == 0)
		return SETTLEMENT_PROVISIONAL;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("unknown trade status \"%s\"", status)));
}

/* A fill no order of ours explains: kept, alarmed, and the account's reconciliation is void. */
static void
book_orphan(FunctionCallInfo fcinfo, const FillFacts *facts)
{
	static SqlPlan plan = {
		"INSERT INTO arbees.orphan_fills AS o (venue_account_id, venue_order_id, venue_trade_id, status,"
		" symbol, side, qty, price, money, fee, matched_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"
		" ON CONFLICT ON CONSTRAINT orphan_fills_key DO UPDATE SET status = excluded.status"
		"  WHERE o.status NOT IN ('CONFIRMED', 'FAILED') AND o.status <> excluded.status"
		" RETURNING o.xmax = 0",
		11, {INT4OID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, NUMERICOID, NUMERICOID, NUMERICOID, NUMERICOID,
		TIMESTAMPTZOID}
	};
	Datum		args[11];
	bool		is_new;

	args[0] = PG_GETARG_DATUM(0);
	args[1] = PG_GETARG_DATUM(2);
	args[2] = PG_GETARG_DATUM(3);
	args[3] = PG_GETARG_DATUM(4);
	args[4] = PG_GETARG_DATUM(5);
	args[5] = PG_GETARG_DATUM(6);
	args[6] = PG_GETARG_DATUM(7);
	args[7] = PG_GETARG_DATUM(8);
	args[8] = PG_GETARG_DATUM(9);
	args[9] = arb_fixed_to_numeric(facts->fee);
	args[10] = TimestampTzGetDatum(arb_time_from_unix_ms(PG_GETARG_INT64(12)));
	arb_sql_begin();
	is_new = arb_sql_run(&plan, args, NULL) > 0 && arb_sql_bool(0, 1, false);
	arb_sql_end();
	if (is_new)
	{
		arb_trader_set_reconciled(PG_GETARG_INT32(0), false);
		arb_alert("critical", "orphan_fill", 0,
				  psprintf("venue account %d: trade %s of order %s is of no order of ours",
						   PG_GETARG_INT32(0), text_to_cstring(PG_GETARG_TEXT_PP(3)),
						   text_to_cstring(PG_GETARG_TEXT_PP(2))));
	}
}

/* The fee of a fill whose reporter does not know the terms: the instrument's own. Makers pay none. */
static Fixed
fee_by_terms(const FillFacts *facts, const Row *instrument)
{
	if (facts->liquidity == NULL || strcmp(facts->liquidity, "TAKER") != 0)
		return 0;
	return arb_taker_fee(facts->qty, facts->price, arb_fixed_from_numeric(instrument->value[INSTRUMENTS_fee_rate]),
						 DatumGetInt32(instrument->value[INSTRUMENTS_fee_exponent]));
}

static Fixed
fee_of_orphan(const FillFacts *facts, int32 account, Datum symbol)
{
	static SqlPlan plan = {
		"SELECT i.instrument_id FROM arbees.venue_accounts a JOIN arbees.instruments i ON i.venue_id = a.venue_id"
		" WHERE a.venue_account_id = $1 AND i.symbol = $2",
		2, {INT4OID, TEXTOID}
	};
	Datum		args[2];
	Row			instrument;
	int32		instrument_id;

	args[0] = Int32GetDatum(account);
	args[1] = symbol;
	arb_sql_begin();
	instrument_id = arb_sql_run(&plan, args, NULL) > 0 ? arb_sql_int32(0, 1, 0) : 0;
	arb_sql_end();
	if (instrument_id == 0)
		return 0;
	arb_instrument_read(instrument_id, &instrument);
	return fee_by_terms(facts, &instrument);
}

static Fixed
fee_of_order(const FillFacts *facts, const Row *order)
{
	Row			instrument;

	arb_instrument_read(DatumGetInt32(order->value[ORDERS_instrument_id]), &instrument);
	return fee_by_terms(facts, &instrument);
}

/* A fill is booked on its order's instrument; a venue that names another one is told of. */
static void
alarm_other_symbol(const Row *order, const char *symbol, const char *trade)
{
	Row			instrument;
	char	   *ours;

	arb_instrument_read(DatumGetInt32(order->value[ORDERS_instrument_id]), &instrument);
	ours = TextDatumGetCString(instrument.value[INSTRUMENTS_symbol]);
	if (strcmp(ours, symbol) != 0)
		arb_alert("critical", "wrong_symbol_fill", DatumGetInt32(order->value[ORDERS_portfolio_id]),
				  psprintf("trade %s of order " INT64_FORMAT " names \"%s\" instead of \"%s\"", trade,
						   DatumGetInt64(order->value[ORDERS_order_id]), symbol, ours));
}

/*
 * report_fill(account, epoch, venue_order_id, venue_trade_id, status, symbol, side, qty, price,
 *			   money, fee, liquidity, matched_ms) returns text
 *
 * A fee of NULL is computed from the instrument's terms.
 */
PG_FUNCTION_INFO_V1(arbees_report_fill);
Datum
arbees_report_fill(PG_FUNCTION_ARGS)
{
	static const char *const names[] = {NULL, "booked", "duplicate", "confirmed", "voided"};
	FillFacts	facts = {0};
	Row			order;
	Row			instrument;
	int64		order_id;
	FillResult	result;
	TimestampTz market_time;

	arb_protocol_require_args(fcinfo, 10);
	if (PG_ARGISNULL(12))
		arb_protocol_require_args(fcinfo, 13);
	arb_protocol_begin("report_fill", PG_GETARG_INT32(0), PG_GETARG_INT64(1));
	facts.venue_trade_id = text_to_cstring(PG_GETARG_TEXT_PP(3));
	facts.settlement = settlement_of(text_to_cstring(PG_GETARG_TEXT_PP(4)));
	facts.side = arb_label_parse(LABEL_SIDE, text_to_cstring(PG_GETARG_TEXT_PP(6)));
	if (facts.side == 0)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("side must be BUY or SELL")));
	facts.qty = arb_fixed_from_numeric(PG_GETARG_DATUM(7));
	facts.price = arb_fixed_from_numeric(PG_GETARG_DATUM(8));
	facts.money = arb_fixed_from_numeric(PG_GETARG_DATUM(9));
	facts.fee = PG_ARGISNULL(10) ? 0 : arb_fixed_from_numeric(PG_GETARG_DATUM(10));
	facts.liquidity = PG_ARGISNULL(11) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(11));
	facts.matched_at = arb_time_from_unix_ms(PG_GETARG_INT64(12));
	arb_require_fill(&facts);
	if (!find_by_venue_id(PG_GETARG_TEXT_PP(2), PG_GETARG_INT32(0), &order_id))
	{
		if (PG_ARGISNULL(10))
			facts.fee = fee_of_orphan(&facts, PG_GETARG_INT32(0), PG_GETARG_DATUM(5));
		book_orphan(fcinfo, &facts);
		PG_RETURN_TEXT_P(cstring_to_text("orphan"));
	}
	order = require_order(order_id, PG_GETARG_INT32(0));
	arb_instrument_read(DatumGetInt32(order.value[ORDERS_instrument_id]), &instrument);
	arb_require_fill_of(&facts, &order, &instrument);
	market_time = arb_market_time(DatumGetInt32(order.value[ORDERS_venue_id]));
	if (PG_ARGISNULL(10))
		facts.fee = fee_of_order(&facts, &order);
	result = arb_fill_apply(MODE_LIVE, &order, &facts, arb_lot_size(DatumGetInt32(order.value[ORDERS_instrument_id])), market_time);
	if (result == FILL_BOOKED)
		alarm_other_symbol(&order, text_to_cstring(PG_GETARG_TEXT_PP(5)), facts.venue_trade_id);
	if (result == FILL_BOOKED || result == FILL_VOIDED)
	{
		arb_order_read(MODE_LIVE, order_id, &order);
		if (!order.null[ORDERS_venue_qty])
			close_when_booked(&order, "the rest was cancelled", market_time);
	}
	PG_RETURN_TEXT_P(cstring_to_text(names[result]));
}

/* What an earlier holder of the account left working is canceled; why, is written once. */
static void
note_older_epoch(Row *order, int64 epoch)
{
	int64		claimed;

	if (!order->null[ORDERS_cancel_requested_at] || order->null[ORDERS_claimed_epoch])
		return;
	claimed = DatumGetInt64(order->value[ORDERS_claimed_epoch]);
	if (claimed >= epoch)
		return;
	arb_row_set(order, ORDERS_cancel_requested_at, TimestampTzGetDatum(arb_now()));
	arb_journal(MODE_LIVE, "older_epoch_canceled", DatumGetInt32(order->value[ORDERS_portfolio_id]),
				DatumGetInt64(order->value[ORDERS_order_id]),
				psprintf("left by epoch " INT64_FORMAT ", canceled by epoch " INT64_FORMAT, claimed, epoch));
}

PG_FUNCTION_INFO_V1(arbees_report_cancel_sent);
Datum
arbees_report_cancel_sent(PG_FUNCTION_ARGS)
{
	Row			order;

	arb_protocol_require_args(fcinfo, 3);
	arb_protocol_begin("report_cancel_sent", PG_GETARG_INT32(0), PG_GETARG_INT64(1));
	order = require_order(PG_GETARG_INT64(2), PG_GETARG_INT32(0));
	if (arb_order_working(arb_order_state(&order)))
	{
		note_older_epoch(&order, PG_GETARG_INT64(1));
		arb_row_set(&order, ORDERS_cancel_sent_at, TimestampTzGetDatum(arb_now()));
		arb_order_write(MODE_LIVE, &order);
	}
	PG_RETURN_VOID();
}

/*
 * trader_settings(account, epoch)
 *		returns (confirm_timeout_ms integer, send_deadline_ms integer, balance_per_order boolean)
 *
 * What a worker obeys of the controls; read again and again, so that a change binds within a second.
 */
PG_FUNCTION_INFO_V1(arbees_trader_settings);
Datum
arbees_trader_settings(PG_FUNCTION_ARGS)
{
	const Controls *controls;
	Datum		value[3];
	bool		null[3] = {false};

	arb_protocol_require_args(fcinfo, 2);
	arb_trader_require(PG_GETARG_INT32(0), PG_GETARG_INT64(1));
	controls = arb_controls();
	value[0] = Int32GetDatum((int32) Max(controls->confirm_timeout_ms, 0));
	value[1] = Int32GetDatum((int32) Max(controls->send_deadline_ms, 0));
	value[2] = BoolGetDatum(controls->balance_check == BALANCE_PER_ORDER);
	PG_RETURN_DATUM(arb_result_row(fcinfo, lengthof(value), value, null));
}
