/*-------------------------------------------------------------------------
 *
 * src/trade/submit.c
 *	  The one way an order comes to exist: lock, gather, judge, write.
 *
 * Locks, taken by arb_submit_lock in this order: kill (share), epoch of the
 * venue account (share, LIVE), portfolio. A caller that decides for several
 * portfolios locks all of them, ascending, before the first decision.
 *
 * A refusal is a committed row, never an exception.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "compat.h"
#include "core/clock.h"
#include "core/debug_point.h"
#include "core/guard.h"
#include "core/lock.h"
#include "core/row_cache.h"
#include "errors.h"
#include "journal/journal.h"
#include "trade/gather.h"
#include "trade/ledger.h"
#include "trade/repeat.h"
#include "trade/simulated_fill.h"
#include "trade/submit.h"
#include "utils/fmgroids.h"

/* Random numbers a backend draws at once for the salts of its orders. */
#define RANDOM_SALTS_DRAWN 32

/* The venue accounts of portfolios, ascending and without doubles. */
static List *
accounts_of(const List *portfolio_ids)
{
	List	   *accounts = NIL;
	ListCell   *lc;

	foreach(lc, portfolio_ids)
	{
		Row			row;

		if (arb_row_cached(&portfolios_table, "portfolios_pkey", lfirst_int(lc), &row) &&
			!row.null[PORTFOLIOS_venue_account_id])
			accounts = list_append_unique_int(accounts, DatumGetInt32(row.value[PORTFOLIOS_venue_account_id]));
	}
	list_sort(accounts, list_int_cmp);
	return accounts;
}

static void
lock_above_portfolios(TradingMode mode, const List *portfolio_ids)
{
	ListCell   *lc;

	arb_lock_kill(ShareLock);
	if (mode == MODE_LIVE || mode == MODE_DRY_RUN)
		foreach(lc, accounts_of(portfolio_ids))
			arb_lock_epoch(lfirst_int(lc), ShareLock);
}

/*
 * arb_submit_lock_free takes the locks of a round of decisions, but waits for no
 * portfolio: one that a forgotten transaction holds must not keep the others.
 *
 * Returns: the portfolios whose lock it got.
 */
List *
arb_submit_lock_free(TradingMode mode, const List *portfolio_ids)
{
	List	   *locked = NIL;
	ListCell   *lc;

	if (portfolio_ids == NIL)
		return NIL;
	lock_above_portfolios(mode, portfolio_ids);
	foreach(lc, portfolio_ids)
		if (arb_lock_portfolio_try(lfirst_int(lc)))
			locked = lappend_int(locked, lfirst_int(lc));
	return locked;
}

/* arb_submit_lock_all takes the locks of a round of decisions; the ids ascend. See the head of this file. */
void
arb_submit_lock_all(TradingMode mode, const List *portfolio_ids)
{
	ListCell   *lc;

	if (portfolio_ids == NIL)
		return;
	lock_above_portfolios(mode, portfolio_ids);
	foreach(lc, portfolio_ids)
		arb_lock_portfolio(lfirst_int(lc));
	ARB_DEBUG_POINT("locked");
}

/* arb_submit_lock takes the locks of a decision for one portfolio. */
void
arb_submit_lock(TradingMode mode, int32 portfolio_id)
{
	arb_submit_lock_all(mode, list_make1_int(portfolio_id));
}

/* ---- write ---- */

static void
write_decision(GateContext *c, Submitted *result)
{
	Datum		value[ARB_MAX_COLUMNS];
	bool		null[ARB_MAX_COLUMNS] = {false};
	Table		table;
	const Wish *w = c->wish;

	result->decision_id = arb_next_id("decisions_seq");
#define SET(column, datum) value[DECISIONS_##column] = (datum)
	SET(decision_id, Int64GetDatum(result->decision_id));
	SET(portfolio_id, Int32GetDatum(w->portfolio_id));
	SET(mode, ObjectIdGetDatum(arb_label_oid(LABEL_MODE, w->mode)));
	SET(deployment_id, Int32GetDatum(w->deployment_id));
	SET(signal_key, CStringGetTextDatum(w->key));
	SET(purpose, ObjectIdGetDatum(arb_label_oid(LABEL_ORDER_PURPOSE, w->purpose)));
	SET(instrument_id, Int32GetDatum(w->instrument_id));
	SET(window_id, Int64GetDatum(c->in.window_id));
	null[DECISIONS_window_id] = c->in.window_id == 0;
	SET(verdict, ObjectIdGetDatum(arb_label_oid(LABEL_VERDICT, (int) c->out.verdict)));
	null[DECISIONS_reason] = result->reason == NULL;
	SET(reason, result->reason == NULL ? (Datum) 0 : CStringGetTextDatum(result->reason));
	SET(market_time, TimestampTzGetDatum(c->in.market_time));
	SET(decided_at, TimestampTzGetDatum(c->now));
	null[DECISIONS_strategy_hash] = c->strategy_hash == (Datum) 0;
	SET(strategy_hash, c->strategy_hash);
	SET(gate_version, Int16GetDatum(GATE_VERSION));
	SET(input, PointerGetDatum(arb_gate_encode((int64 *) &c->in, GateInputCount)));
	SET(output, PointerGetDatum(arb_gate_encode((int64 *) &c->out, GateOutputCount)));
	SET(repeat_count, Int32GetDatum(0));
	SET(last_repeat_at, (Datum) 0);
	null[DECISIONS_last_repeat_at] = true;
	null[DECISIONS_confidence] = null[DECISIONS_confidence_unchanged] = c->in.confidence == FIXED_NULL;
	SET(confidence, null[DECISIONS_confidence] ? (Datum) 0 : arb_fixed_to_numeric(c->in.confidence));
	SET(confidence_unchanged, Int32GetDatum((int32) Min(c->in.confidence_unchanged, PG_INT32_MAX)));
	null[DECISIONS_target_qty] = c->in.target_qty == FIXED_NULL || w->purpose != PURPOSE_ENTRY;
	if (!null[DECISIONS_target_qty])
		SET(target_qty, arb_fixed_to_numeric(c->in.target_qty));
	null[DECISIONS_warnings] = result->warnings == NULL;
	SET(warnings, result->warnings == NULL ? (Datum) 0 : CStringGetTextDatum(result->warnings));
	null[DECISIONS_book] = result->verdict != VERDICT_ACCEPTED || c->quote.book == NULL;
	SET(book, PointerGetDatum(c->quote.book));
#undef SET
	table = arb_table_open(&decisions_table, w->mode, RowExclusiveLock);
	arb_guard_open("decisions");
	arb_table_insert(&table, value, null);
	arb_guard_close();
	arb_table_close(&table);
}

static void
write_position(GateContext *c, int64 position_id)
{
	Datum		value[ARB_MAX_COLUMNS];
	bool		null[ARB_MAX_COLUMNS] = {false};
	Datum		zero = arb_fixed_to_numeric(0);
	Table		table;
	int			i;

	for (i = POSITIONS_entry_qty; i <= POSITIONS_realized_pnl; i++)
		value[i] = zero;
	for (i = POSITIONS_high_water; i <= POSITIONS_intended_price; i++)
		null[i] = true;
#define SET(column, datum) value[POSITIONS_##column] = (datum)
	SET(position_id, Int64GetDatum(position_id));
	SET(portfolio_id, Int32GetDatum(c->wish->portfolio_id));
	SET(mode, ObjectIdGetDatum(arb_label_oid(LABEL_MODE, c->wish->mode)));
	SET(deployment_id, Int32GetDatum(c->wish->deployment_id));
	SET(venue_id, Int32GetDatum(c->venue_id));
	SET(instrument_id, Int32GetDatum(c->wish->instrument_id));
	SET(window_id, Int64GetDatum(c->in.window_id));
	null[POSITIONS_window_id] = c->in.window_id == 0;
	SET(state, ObjectIdGetDatum(arb_label_oid(LABEL_POSITION_STATE, POSITION_STATE_ENTRY)));
	SET(stop_loss_pct, arb_fixed_to_numeric(c->out.stop_loss_pct));
	SET(stop_scale, arb_fixed_to_numeric(c->in.stop_scale));
	null[POSITIONS_entry_volatility_pct] = c->in.volatility_pct == FIXED_NULL;
	SET(entry_volatility_pct, null[POSITIONS_entry_volatility_pct] ? (Datum) 0 : arb_fixed_to_numeric(c->in.volatility_pct));
	SET(take_profit_kind, ObjectIdGetDatum(arb_label_oid(LABEL_TAKE_PROFIT_KIND, (int) c->in.take_profit_kind)));
	SET(take_profit_pct, arb_fixed_to_numeric(c->in.take_profit_pct));
	SET(exit_at, TimestampTzGetDatum(c->in.exit_at));
	null[POSITIONS_exit_at] = c->in.exit_at == 0;
	SET(exit_attempts, Int32GetDatum(0));
	SET(opened_at, TimestampTzGetDatum(c->in.market_time));
	SET(closed_at, (Datum) 0);
	null[POSITIONS_closed_at] = true;
#undef SET
	table = arb_table_open(&positions_table, c->wish->mode, RowExclusiveLock);
	arb_guard_open("positions");
	arb_table_insert(&table, value, null);
	arb_guard_close();
	arb_table_close(&table);
}

/* A salt is a JSON number at the venue: 53 bits, or a double would damage it. */
static int64
random_salt(void)
{
	/* Drawn some at a time: the generator's price is per call. Each is used once. */
	static uint64 drawn[RANDOM_SALTS_DRAWN];
	static int	left = 0;

	if (left == 0)
	{
		if (!pg_strong_random(drawn, sizeof(drawn)))
			ereport(ERROR, (errcode(ERRCODE_INTERNAL_ERROR), errmsg("could not generate a random salt")));
		left = RANDOM_SALTS_DRAWN;
	}
	return (int64) (drawn[--left] >> 11);
}

/* A missing control is the shipped one. */
#define DEFAULT_RESTING_EXPIRY_S 600
/* No venue takes an expiry nearer than this (Polymarket: three minutes). */
#define MIN_RESTING_EXPIRY_S 180

/*
 * resting_expiry returns when the venue is to end an order that rests, 0 for
 * one that does not rest or has no end: with the window, and after
 * resting_expiry_s at the latest, so that nothing works on when everyone who
 * could cancel it is gone.
 */
static TimestampTz
resting_expiry(const GateContext *c)
{
	TimestampTz from = c->in.market_time;
	TimeInForce tif = c->wish->time_in_force;
	int64		seconds = c->controls->resting_expiry_s;
	TimestampTz at;

	if (seconds < 0)
		seconds = DEFAULT_RESTING_EXPIRY_S;
	if (tif != TIF_GTD && (tif != TIF_GTC || seconds == PG_INT64_MAX))
		return 0;
	/* An order that is to end needs an end. */
	at = from + (seconds == PG_INT64_MAX ? SECS_PER_HOUR : seconds) * USECS_PER_SEC;
	if (c->in.closes_at != 0)
		at = Min(at, c->in.closes_at);
	return Max(at, from + MIN_RESTING_EXPIRY_S * USECS_PER_SEC);
}

static void
write_order(GateContext *c, Submitted *result)
{
	Datum		value[ARB_MAX_COLUMNS];
	bool		null[ARB_MAX_COLUMNS] = {false};
	Datum		zero = arb_fixed_to_numeric(0);
	const Wish *w = c->wish;
	TimestampTz now = c->now;
	TimestampTz expires_at = resting_expiry(c);
	Table		table;
	int			i;

	result->order_id = arb_next_id("orders_seq");
	for (i = ORDERS_venue_qty; i <= ORDERS_last_reason; i++)
		null[i] = true;
#define SET(column, datum) (null[ORDERS_##column] = false, value[ORDERS_##column] = (datum))
	SET(order_id, Int64GetDatum(result->order_id));
	SET(portfolio_id, Int32GetDatum(w->portfolio_id));
	SET(mode, ObjectIdGetDatum(arb_label_oid(LABEL_MODE, w->mode)));
	SET(decision_id, Int64GetDatum(result->decision_id));
	SET(deployment_id, Int32GetDatum(w->deployment_id));
	SET(position_id, Int64GetDatum(result->position_id));
	SET(venue_id, Int32GetDatum(c->venue_id));
	SET(venue_account_id, Int32GetDatum(c->venue_account_id));
	null[ORDERS_venue_account_id] = c->venue_account_id == 0;
	SET(instrument_id, Int32GetDatum(w->instrument_id));
	SET(window_id, Int64GetDatum(c->in.window_id));
	null[ORDERS_window_id] = c->in.window_id == 0;
	SET(purpose, ObjectIdGetDatum(arb_label_oid(LABEL_ORDER_PURPOSE, w->purpose)));
	SET(entry_no, Int16GetDatum((int16) (c->in.entries_in_slot + 1)));
	null[ORDERS_entry_no] = w->purpose != PURPOSE_ENTRY || c->in.window_id == 0;
	SET(side, ObjectIdGetDatum(arb_label_oid(LABEL_SIDE, w->side)));
	SET(amount_kind, ObjectIdGetDatum(arb_label_oid(LABEL_AMOUNT_KIND, w->amount_kind)));
	SET(amount, arb_fixed_to_numeric(c->out.amount));
	SET(limit_price, arb_fixed_to_numeric(c->out.limit_price));
	SET(time_in_force, ObjectIdGetDatum(arb_label_oid(LABEL_TIME_IN_FORCE, expires_at != 0 ? TIF_GTD : w->time_in_force)));
	null[ORDERS_expires_at] = expires_at == 0;
	value[ORDERS_expires_at] = TimestampTzGetDatum(expires_at);
	SET(state, ObjectIdGetDatum(arb_label_oid(LABEL_ORDER_STATE, ORDER_STATE_NEW)));
	SET(state_rule, Int32GetDatum(0));
	SET(client_order_id, CStringGetTextDatum(psprintf("ab1-%d-" INT64_FORMAT, w->portfolio_id, result->order_id)));
	null[ORDERS_venue_order_id] = true;
	SET(derives_order_id, BoolGetDatum(c->derives_order_id));
	null[ORDERS_body_hash] = true;
	SET(salt, Int64GetDatum(random_salt()));
	SET(signed_ms, Int64GetDatum(arb_time_to_unix_ms(now)));
	SET(reserved, arb_fixed_to_numeric(c->out.reserve));
	SET(filled_qty, zero);
	SET(filled_money, zero);
	SET(fees, zero);
	SET(created_at, TimestampTzGetDatum(now));
	SET(send_before, TimestampTzGetDatum(now + Max(c->controls->send_deadline_ms, 0) * USECS_PER_MS));
#undef SET
	table = arb_table_open(&orders_table, w->mode, RowExclusiveLock);
	arb_guard_open("orders");
	arb_table_insert(&table, value, null);
	arb_guard_close();
	arb_table_close(&table);
}

static void
write_reservation(GateContext *c, const Submitted *result, bool entry)
{
	const Wish *w = c->wish;
	OrderTerms	ordered = {true, w->side, w->amount_kind, w->time_in_force, c->out.amount, c->out.limit_price};
	OrderTerms	asked = {true, w->side, w->amount_kind, w->time_in_force, w->amount, w->limit_price};
	LedgerChange change = {0};

	change.kind = LEDGER_RESERVE;
	change.order_id = result->order_id;
	change.position_id = result->position_id;
	change.deployment_id = w->deployment_id;
	change.instrument_id = w->instrument_id;
	change.reserved = c->out.reserve;
	change.open_orders = 1;
	change.order = ordered;
	change.asked = asked;
	if (entry)
	{
		change.open_positions = 1;
		change.heat = c->out.heat;
		change.entry_order = true;
		change.order_value = c->out.value;
		change.order_qty = c->out.qty;
	}
	arb_ledger_append(w->mode, w->portfolio_id, &change, c->in.market_time);
}

static void
write_accepted(GateContext *c, Submitted *result)
{
	bool		entry = c->wish->purpose == PURPOSE_ENTRY;

	result->position_id = c->wish->position_id;
	if (entry)
	{
		result->position_id = arb_next_id("positions_seq");
		write_position(c, result->position_id);
		ARB_DEBUG_POINT("position");
	}
	write_order(c, result);
	ARB_DEBUG_POINT("order");
	write_reservation(c, result, entry);
	if (entry && c->in.window_id == 0)
		arb_repeats_count(c->wish, c->in.max_repeats);
	ARB_DEBUG_POINT("ledger");
}

/* A signal's key decides once; whatever comes again only counts. */
static bool
count_repeat(const Wish *w, Submitted *result)
{
	Table		table = arb_table_open(&decisions_table, w->mode, RowExclusiveLock);
	IndexKey	keys[] = {INT4_KEY(w->deployment_id), {CStringGetTextDatum(w->key), F_TEXTEQ}};
	Snapshot	snapshot = arb_snapshot_begin();
	Row			row;
	bool		found = arb_table_fetch(&table, "decisions_signal_key", 2, keys, ForwardScanDirection, snapshot, &row);

	arb_snapshot_end(snapshot);
	if (found)
	{
		row.value[DECISIONS_repeat_count] = Int32GetDatum(DatumGetInt32(row.value[DECISIONS_repeat_count]) + 1);
		row.value[DECISIONS_last_repeat_at] = TimestampTzGetDatum(arb_now());
		row.null[DECISIONS_last_repeat_at] = false;
		arb_guard_open("decisions");
		arb_table_update(&table, &row);
		arb_guard_close();
		result->repeated = true;
		result->decision_id = DatumGetInt64(row.value[DECISIONS_decision_id]);
		result->verdict = arb_label_value(LABEL_VERDICT, DatumGetObjectId(row.value[DECISIONS_verdict]));
		result->reason = row.null[DECISIONS_reason] ? NULL : TextDatumGetCString(row.value[DECISIONS_reason]);
		result->warnings = row.null[DECISIONS_warnings] ? NULL : TextDatumGetCString(row.value[DECISIONS_warnings]);
	}
	arb_table_close(&table);
	return found;
}

static void
note_made(MadeOrders *made, int64 order_id, const Quote *quote)
{
	if (made->count == made->capacity)
	{
		made->capacity = made->capacity == 0 ? 8 : 2 * made->capacity;
		made->orders = made->orders == NULL ? palloc(sizeof(MadeOrder) * made->capacity) :
			repalloc(made->orders, sizeof(MadeOrder) * made->capacity);
	}
	made->orders[made->count].order_id = order_id;
	made->orders[made->count++].quote = *quote;
}

/*
 * arb_submit_unfilled decides over a wish and, if accepted, makes the order and notes it.
 *
 * The caller holds the locks of arb_submit_lock.
 * Errors: P0002 for a portfolio or instrument that does not exist; a refusal is no error.
 */
void
arb_submit_unfilled(const Wish *wish, const QuoteSet *quotes, TimestampTz market_time, Submitted *result,
					MadeOrders *made)
{
	GateContext c;

	memset(result, 0, sizeof(*result));
	if (count_repeat(wish, result))
		return;
	memset(&c, 0, sizeof(c));
	c.wish = wish;
	c.controls = arb_controls();
	arb_gather(&c, quotes, market_time);
	ARB_DEBUG_POINT("gathered");
	arb_judge(&c.in, &c.out);

	result->verdict = (Verdict) c.out.verdict;
	result->reason = arb_gate_reason(&c.out);
	result->warnings = arb_gate_warnings(&c.out);
	write_decision(&c, result);
	ARB_DEBUG_POINT("decision");
	if (result->verdict == VERDICT_ACCEPTED)
		write_accepted(&c, result);
	arb_journal(wish->mode, result->verdict == VERDICT_ACCEPTED ? "decision_accepted" : "decision_refused",
				wish->portfolio_id, result->decision_id,
				result->reason == NULL ? wish->key : psprintf("%s: %s", wish->key, result->reason));
	ARB_DEBUG_POINT("journal");
	if (result->verdict == VERDICT_ACCEPTED)
		note_made(made, result->order_id, &c.quote);
}

/* arb_submit does the same; a PAPER order is filled here, from the quote it was judged by. */
void
arb_submit(const Wish *wish, const QuoteSet *quotes, TimestampTz market_time, Submitted *result)
{
	MadeOrders	made = {0};

	arb_submit_unfilled(wish, quotes, market_time, result, &made);
	if (made.count > 0 && wish->mode == MODE_PAPER)
		arb_simulate_order(wish->mode, made.orders[0].order_id, &made.orders[0].quote, market_time);
}
