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

#include "catalog/namespace.h"
#include "commands/sequence.h"
#include "compat.h"
#include "core/catalog.h"
#include "core/clock.h"
#include "core/guard.h"
#include "core/lock.h"
#include "core/row_cache.h"
#include "errors.h"
#include "journal/journal.h"
#include "safety/breaker.h"
#include "safety/control.h"
#include "safety/gate.h"
#include "safety/kill.h"
#include "safety/trader_lock.h"
#include "trade/ledger.h"
#include "trade/order.h"
#include "trade/position.h"
#include "trade/simulated_fill.h"
#include "trade/submit.h"
#include "utils/fmgroids.h"
#include "utils/jsonb.h"

/* The conductor may miss this many of its own intervals before entries stop. */
#define CONDUCTOR_MISSED_INTERVALS 4
/* Random numbers a backend draws at once for the salts of its orders. */
#define RANDOM_SALTS_DRAWN 32
/* Milliseconds the venue's clock may differ from ours. */
#define MAX_CLOCK_OFFSET_MS 10000

/* The rows a decision needs besides the input's numbers. */
typedef struct Context
{
	const Wish *wish;
	Row			portfolio;
	Row			instrument;
	Row			position;		/* exits */
	int32		venue_id;
	int32		venue_account_id;	/* 0 = none */
	bool		derives_order_id;
	const Controls *controls;
	Datum		strategy_hash;	/* text, 0 = unknown */
	LedgerTotals totals;
	GateInput	in;
	GateOutput	out;
} Context;

static bool
text_is(const Row *row, int column, const char *label)
{
	return !row->null[column] && strcmp(TextDatumGetCString(row->value[column]), label) == 0;
}

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

/* arb_submit_lock_all takes the locks of a round of decisions; the ids ascend. See the head of this file. */
void
arb_submit_lock_all(TradingMode mode, const List *portfolio_ids)
{
	ListCell   *lc;

	if (portfolio_ids == NIL)
		return;
	arb_lock_kill(ShareLock);
	if (mode == MODE_LIVE || mode == MODE_DRY_RUN)
		foreach(lc, accounts_of(portfolio_ids))
			arb_lock_epoch(lfirst_int(lc), ShareLock);
	foreach(lc, portfolio_ids)
		arb_lock_portfolio(lfirst_int(lc));
}

/* arb_submit_lock takes the locks of a decision for one portfolio. */
void
arb_submit_lock(TradingMode mode, int32 portfolio_id)
{
	arb_submit_lock_all(mode, list_make1_int(portfolio_id));
}

/* ---- gather ---- */

/* Its beat only grows without notice, so one that is young enough need not be read again. */
static bool
read_conductor(TimestampTz now, Row *row)
{
	if (!arb_last_row_cached(&conductor_table, "conductor_pkey", row))
		return false;
	return arb_elapsed_ms(DatumGetTimestampTz(row->value[CONDUCTOR_beat_at]), now) <
		DatumGetInt32(row->value[CONDUCTOR_interval_ms]) ||
		arb_last_row_renewed(&conductor_table, "conductor_pkey", row);
}

static void
gather_desk(Context *c, Snapshot snapshot)
{
	GateInput  *in = &c->in;
	const Controls *controls = c->controls;
	Row			row;

	in->kill_level = arb_kill_level(snapshot);
	in->is_our_installation = arb_installation_is_ours();
	in->mode_allowed = (controls->trading_mode & (1 << in->mode)) != 0;
	in->allow_submit = controls->allow_submit;
	in->breaker_open = arb_breaker_open(snapshot, c->wish->portfolio_id);
	in->conductor_age_ms = -1;
	if (read_conductor(in->decided_at, &row))
	{
		in->conductor_age_ms = Max(0, arb_elapsed_ms(DatumGetTimestampTz(row.value[CONDUCTOR_beat_at]), in->decided_at));
		in->conductor_limit_ms = CONDUCTOR_MISSED_INTERVALS * DatumGetInt32(row.value[CONDUCTOR_interval_ms]);
	}
}

/* A venue whose clock is not ours may refuse what we sign, or expire it at once; an unknown clock is no better. */
static bool
clock_agrees(Jsonb *checks)
{
	JsonbValue	key;
	JsonbValue *found;
	Fixed		offset;

	key.type = jbvString;
	key.val.string.val = pstrdup("clock_offset_ms");
	key.val.string.len = strlen(key.val.string.val);
	found = findJsonbValueFromContainer(&checks->root, JB_FOBJECT, &key);
	if (found == NULL || found->type != jbvNumeric)
		return false;
	offset = arb_fixed_from_numeric(NumericGetDatum(found->val.numeric));
	return offset >= -MAX_CLOCK_OFFSET_MS * FIXED_ONE && offset <= MAX_CLOCK_OFFSET_MS * FIXED_ONE;
}

static bool
judge_venue_checks(const Row *account)
{
	Datum		checks;

	if (account->null[VENUE_ACCOUNTS_checks])
		return false;
	if (!clock_agrees(DatumGetJsonbP(account->value[VENUE_ACCOUNTS_checks])))
		return false;
	checks = DirectFunctionCall2(jsonb_contains, account->value[VENUE_ACCOUNTS_checks],
								 DirectFunctionCall1(jsonb_in, CStringGetDatum(
		"{\"geoblock_ok\": true, \"closed_only\": false, \"allowance_ok\": true, \"signature_type_ok\": true}")));
	return DatumGetBool(checks);
}

/* Judged once for each version of the row: reading JSON costs as much as a row. */
static bool
venue_checks_pass(const Row *account)
{
	static TransactionId xmin = InvalidTransactionId;
	static ItemPointerData tid;
	static bool pass;

	if (account->xmin != xmin || memcmp(&tid, &account->tid, sizeof(tid)) != 0)
	{
		pass = judge_venue_checks(account);
		xmin = account->xmin;
		tid = account->tid;
	}
	return pass;
}

static void
gather_account(Context *c, Snapshot snapshot)
{
	GateInput  *in = &c->in;
	TraderState trader;
	Row			row;

	in->capital_cap = FIXED_NONE;
	if (c->venue_account_id == 0)
		return;
	arb_trader_state(snapshot, c->venue_account_id, &trader);
	in->trader_epoch = trader.epoch;
	in->trader_alive = trader.alive;
	in->reconciled = trader.reconciled;
	if (arb_row_cached(&venue_accounts_table, "venue_accounts_pkey", c->venue_account_id, &row))
	{
		in->venue_checks_ok = venue_checks_pass(&row);
		if (!row.null[VENUE_ACCOUNTS_capital_cap_usd])
			in->capital_cap = arb_fixed_from_numeric(row.value[VENUE_ACCOUNTS_capital_cap_usd]);
	}
	in->armed = arb_row_cached(&arm_statements_table, "arm_statements_active_key", c->wish->portfolio_id, &row);
}

static void
gather_strategy(Context *c, Snapshot snapshot)
{
	GateInput  *in = &c->in;
	Row			deployment;
	Row			strategy;

	if (!arb_row_cached(&deployments_table, "deployments_pkey", c->wish->deployment_id, &deployment))
		return;
	in->deployment_active = text_is(&deployment, DEPLOYMENTS_state, "active") &&
		DatumGetInt32(deployment.value[DEPLOYMENTS_portfolio_id]) == c->wish->portfolio_id;
	if (!arb_row_cached(&strategies_table, "strategies_pkey",
						DatumGetInt32(deployment.value[DEPLOYMENTS_strategy_id]), &strategy))
		return;
	c->strategy_hash = strategy.value[STRATEGIES_version_hash];
	in->strategy_active = text_is(&strategy, STRATEGIES_state, "active");
	in->strategy_allowed = c->controls->all_strategies ||
		arb_control_list_allows(c->controls->allowed_strategies,
								TextDatumGetCString(strategy.value[STRATEGIES_name]));
}

static bool
instrument_on_list(Context *c)
{
	const Row  *row = &c->instrument;
	const char *list = c->controls->allowed_instruments;

	if (c->controls->all_instruments)
		return true;
	return arb_control_list_allows(list, TextDatumGetCString(row->value[INSTRUMENTS_symbol])) ||
		arb_control_list_allows(list, TextDatumGetCString(row->value[INSTRUMENTS_name])) ||
		(!row->null[INSTRUMENTS_underlying] &&
		 arb_control_list_allows(list, TextDatumGetCString(row->value[INSTRUMENTS_underlying])));
}

static void
gather_market(Context *c, const QuoteSet *quotes, Snapshot snapshot)
{
	GateInput  *in = &c->in;
	const Row  *row = &c->instrument;
	Quote		quote;

	in->instrument_allowed = instrument_on_list(c);
	in->tick_size = arb_row_fixed(row, INSTRUMENTS_tick_size);
	in->lot_size = arb_row_fixed(row, INSTRUMENTS_lot_size);
	in->min_qty = arb_row_fixed(row, INSTRUMENTS_min_qty);
	in->min_notional = arb_row_fixed(row, INSTRUMENTS_min_notional);
	in->max_price = row->null[INSTRUMENTS_max_price] ? FIXED_NONE : arb_row_fixed(row, INSTRUMENTS_max_price);
	in->fee_rate = arb_row_fixed(row, INSTRUMENTS_fee_rate);
	in->fee_exponent = DatumGetInt32(row->value[INSTRUMENTS_fee_exponent]);
	in->no_entry_before_close_s = c->controls->no_entry_before_close_s;
	in->quote_max_age_ms = c->controls->quote_max_age_ms;
	in->window_id = row->null[INSTRUMENTS_window_id] ? 0 : DatumGetInt64(row->value[INSTRUMENTS_window_id]);
	if (in->window_id != 0)
	{
		IndexKey	by_window[] = {INT8_KEY(in->window_id)};
		Row			window;

		if (arb_row_read(&windows_table, 0, "windows_pkey", 1, by_window, snapshot, &window))
		{
			in->opens_at = DatumGetTimestampTz(window.value[WINDOWS_opens_at]);
			in->closes_at = DatumGetTimestampTz(window.value[WINDOWS_closes_at]);
			in->window_resolved = !window.null[WINDOWS_venue_outcome];
		}
	}
	in->bid = in->ask = in->bid_size = in->ask_size = FIXED_NULL;
	if (arb_quote_read(quotes, c->wish->instrument_id, snapshot, &quote))
	{
		in->quote_present = 1;
		in->bid = quote.bid;
		in->bid_size = quote.bid_size;
		in->ask = quote.ask;
		in->ask_size = quote.ask_size;
		in->quote_received_at = quote.received_at;
	}
}

static void
gather_signal(Context *c)
{
	GateInput  *in = &c->in;
	const Wish *w = c->wish;

	in->side = w->side;
	in->amount_kind = w->amount_kind;
	in->amount = w->amount;
	in->limit_price = w->limit_price;
	in->time_in_force = w->time_in_force;
	in->stop_loss_pct = w->stop_loss_pct != FIXED_NULL ? w->stop_loss_pct : c->controls->stop_loss_pct;
	in->take_profit_kind = w->take_profit_kind != 0 ? w->take_profit_kind : c->controls->take_profit_kind;
	in->take_profit_pct = w->take_profit_pct != FIXED_NULL ? w->take_profit_pct :
		in->take_profit_kind == TAKE_PROFIT_TRAILING ? c->controls->trailing_pct : c->controls->take_profit_pct;
	/* "none" recorded as the control means no stop and no profit target. */
	if (in->stop_loss_pct == FIXED_NONE)
		in->stop_loss_pct = 0;
	if (in->take_profit_pct == FIXED_NONE)
		in->take_profit_pct = 0;
	in->exit_at = w->exit_before_close_s < 0 || in->window_id == 0 ? 0 :
		in->closes_at - w->exit_before_close_s * USECS_PER_SEC;
	in->confidence = w->confidence;
}

typedef struct ExposureScan
{
	TradingMode mode;
	Snapshot	snapshot;
	Fixed		total;
	Fixed		exit_working;
	int64		only_position;	/* exits: count working exits of this one */
} ExposureScan;

static bool
add_working_order(const Row *row, void *arg)
{
	ExposureScan *scan = arg;

	if (!arb_order_working(arb_order_state(row)))
		return true;
	if (arb_label_value(LABEL_ORDER_PURPOSE, DatumGetObjectId(row->value[ORDERS_purpose])) == PURPOSE_ENTRY)
		scan->total = arb_fixed_add(scan->total, arb_row_fixed(row, ORDERS_reserved));
	else
		scan->exit_working = arb_fixed_add(scan->exit_working,
										   arb_row_fixed(row, ORDERS_amount) - arb_row_fixed(row, ORDERS_filled_qty));
	return true;
}

static void
scan_orders_of_position(ExposureScan *scan, int64 position_id)
{
	Table		table = arb_table_open(&orders_table, scan->mode, AccessShareLock);
	IndexKey	keys[] = {INT8_KEY(position_id)};

	arb_table_visit(&table, "orders_position_idx", 1, keys, ForwardScanDirection, scan->snapshot,
				   add_working_order, scan);
	arb_table_close(&table);
}

static bool
add_position(const Row *row, void *arg)
{
	ExposureScan *scan = arg;

	scan->total = arb_fixed_add(scan->total, arb_row_fixed(row, POSITIONS_cost));
	scan_orders_of_position(scan, DatumGetInt64(row->value[POSITIONS_position_id]));
	return true;
}

/* Dollars at work in the instrument: cost of what is held plus what working entries reserve. */
static void
gather_exposure(Context *c, Snapshot snapshot)
{
	ExposureScan scan = {c->wish->mode, snapshot, 0, 0, 0};
	Table		table = arb_table_open(&positions_table, c->wish->mode, AccessShareLock);
	IndexKey	keys[] = {INT4_KEY(c->wish->instrument_id), INT4_KEY(c->wish->portfolio_id)};

	arb_table_visit(&table, "positions_open_idx", 2, keys, ForwardScanDirection, snapshot, add_position, &scan);
	arb_table_close(&table);
	c->in.instrument_exposure = scan.total;
}

static bool
count_row(const Row *row, void *arg)
{
	(*(int64 *) arg)++;
	return true;
}

static void
gather_slot(Context *c, Snapshot snapshot)
{
	Table		table;
	IndexKey	entry[] = {
		INT8_KEY(c->in.window_id), INT4_KEY(c->wish->instrument_id), {(Datum) 0, F_INT2EQ},
		INT4_KEY(c->wish->portfolio_id)
	};
	IndexKey	unknown[] = {INT4_KEY(c->wish->portfolio_id), INT8_KEY(c->in.window_id)};
	int			no;

	if (c->in.window_id == 0)
		return;
	table = arb_table_open(&orders_table, c->wish->mode, AccessShareLock);
	for (no = 1; no <= MAX_ENTRIES_PER_SLOT; no++)
	{
		entry[2].value = Int16GetDatum(no);
		arb_table_visit(&table, "orders_entry_slot_key", 4, entry, ForwardScanDirection, snapshot,
					   count_row, &c->in.entries_in_slot);
	}
	arb_table_visit(&table, "orders_unknown_idx", 2, unknown, ForwardScanDirection, snapshot,
				   count_row, &c->in.unknown_in_slot);
	arb_table_close(&table);
}

static void
gather_books(Context *c, TimestampTz market_time, Snapshot snapshot)
{
	GateInput  *in = &c->in;

	arb_ledger_totals(c->wish->mode, c->wish->portfolio_id, market_time, snapshot, &c->totals);
	in->cash = c->totals.cash;
	in->claimable = c->totals.claimable;
	in->reserved = c->totals.reserved;
	in->cost_open = c->totals.cost_open;
	in->session_pnl = c->totals.session_pnl;
	in->day_pnl = c->totals.day_pnl;
	in->day_peak = c->totals.day_peak;
	in->max_position_usd = c->controls->max_position_usd;
	in->max_session_loss_usd = c->controls->max_session_loss_usd;
	in->daily_drawdown_limit_usd = c->controls->daily_drawdown_limit_usd;
	if (c->wish->purpose == PURPOSE_ENTRY)
	{
		gather_exposure(c, snapshot);
		gather_slot(c, snapshot);
	}
	else
	{
		ExposureScan scan = {c->wish->mode, snapshot, 0, 0, 0};

		scan_orders_of_position(&scan, c->wish->position_id);
		in->position_id = c->wish->position_id;
		in->position_qty = arb_row_fixed(&c->position, POSITIONS_qty);
		in->exit_qty_working = scan.exit_working;
	}
}

static void
gather_identity(Context *c, Snapshot snapshot)
{
	const Wish *w = c->wish;
	Row			venue;

	if (!arb_row_cached(&portfolios_table, "portfolios_pkey", w->portfolio_id, &c->portfolio))
		ereport(ERROR,
				(errcode(ERRCODE_NO_DATA_FOUND), errmsg("portfolio %d does not exist", w->portfolio_id)));
	if (!arb_row_cached(&instruments_table, "instruments_pkey", w->instrument_id, &c->instrument))
		ereport(ERROR,
				(errcode(ERRCODE_NO_DATA_FOUND), errmsg("instrument %d does not exist", w->instrument_id)));
	c->venue_id = DatumGetInt32(c->portfolio.value[PORTFOLIOS_venue_id]);
	c->venue_account_id = c->portfolio.null[PORTFOLIOS_venue_account_id] ? 0 :
		DatumGetInt32(c->portfolio.value[PORTFOLIOS_venue_account_id]);
	if (!arb_row_cached(&venues_table, "venues_pkey", c->venue_id, &venue))
		elog(ERROR, "venue %d does not exist", c->venue_id);
	c->derives_order_id = DatumGetBool(venue.value[VENUES_derives_order_id]);
	if (DatumGetInt32(c->instrument.value[INSTRUMENTS_venue_id]) != c->venue_id)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("instrument %d does not belong to the venue of portfolio %d",
						w->instrument_id, w->portfolio_id)));
	if (w->purpose == PURPOSE_EXIT && !arb_position_read(w->mode, w->position_id, &c->position))
		ereport(ERROR,
				(errcode(ERRCODE_NO_DATA_FOUND),
				 errmsg("position " INT64_FORMAT " does not exist", w->position_id)));
}

static void
gather(Context *c, const QuoteSet *quotes, TimestampTz market_time)
{
	Snapshot	snapshot = arb_snapshot_begin();
	GateInput  *in = &c->in;

	in->market_time = market_time;
	in->decided_at = arb_now();
	in->purpose = c->wish->purpose;
	in->mode = c->wish->mode;
	in->portfolio_id = c->wish->portfolio_id;
	in->deployment_id = c->wish->deployment_id;
	in->instrument_id = c->wish->instrument_id;
	gather_identity(c, snapshot);
	gather_desk(c, snapshot);
	gather_account(c, snapshot);
	gather_strategy(c, snapshot);
	gather_market(c, quotes, snapshot);
	gather_signal(c);
	gather_books(c, market_time, snapshot);
	arb_snapshot_end(snapshot);
}

/* ---- write ---- */

static int64
next_id(const char *sequence)
{
	return nextval_internal(arb_catalog_relation(sequence), false);
}

static void
write_decision(Context *c, Submitted *result)
{
	Datum		value[ARB_MAX_COLUMNS];
	bool		null[ARB_MAX_COLUMNS] = {false};
	Table		table;
	const Wish *w = c->wish;

	result->decision_id = next_id("decisions_seq");
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
	SET(decided_at, TimestampTzGetDatum(c->in.decided_at));
	null[DECISIONS_strategy_hash] = c->strategy_hash == (Datum) 0;
	SET(strategy_hash, c->strategy_hash);
	SET(gate_version, Int16GetDatum(GATE_VERSION));
	SET(input, PointerGetDatum(arb_gate_encode((int64 *) &c->in, GateInputCount)));
	SET(output, PointerGetDatum(arb_gate_encode((int64 *) &c->out, GateOutputCount)));
	SET(repeat_count, Int32GetDatum(0));
	SET(last_repeat_at, (Datum) 0);
	null[DECISIONS_last_repeat_at] = true;
#undef SET
	table = arb_table_open(&decisions_table, w->mode, RowExclusiveLock);
	arb_guard_open("decisions");
	arb_table_insert(&table, value, null);
	arb_guard_close();
	arb_table_close(&table);
}

static void
write_position(Context *c, int64 position_id)
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
	SET(stop_loss_pct, arb_fixed_to_numeric(c->in.stop_loss_pct));
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

static void
write_order(Context *c, Submitted *result)
{
	Datum		value[ARB_MAX_COLUMNS];
	bool		null[ARB_MAX_COLUMNS] = {false};
	Datum		zero = arb_fixed_to_numeric(0);
	const Wish *w = c->wish;
	TimestampTz now = c->in.decided_at;
	Table		table;
	int			i;

	result->order_id = next_id("orders_seq");
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
	SET(time_in_force, ObjectIdGetDatum(arb_label_oid(LABEL_TIME_IN_FORCE, w->time_in_force)));
	null[ORDERS_expires_at] = true;
	if (w->time_in_force == TIF_GTD)
		SET(expires_at, TimestampTzGetDatum(c->in.closes_at != 0 ? c->in.closes_at : now + USECS_PER_HOUR));
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
write_reservation(Context *c, const Submitted *result, bool opens_position)
{
	LedgerChange change = {0};

	change.kind = LEDGER_RESERVE;
	change.order_id = result->order_id;
	change.position_id = result->position_id;
	change.reserved = c->out.reserve;
	change.open_orders = 1;
	change.open_positions = opens_position ? 1 : 0;
	/* Under the portfolio's lock the totals that were judged are still the last. */
	arb_ledger_append_to(&c->totals, c->wish->mode, c->wish->portfolio_id, &change, c->in.market_time);
}

static void
write_accepted(Context *c, Submitted *result)
{
	bool		entry = c->wish->purpose == PURPOSE_ENTRY;

	result->position_id = c->wish->position_id;
	if (entry)
	{
		result->position_id = next_id("positions_seq");
		write_position(c, result->position_id);
	}
	write_order(c, result);
	write_reservation(c, result, entry);
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
	}
	arb_table_close(&table);
	return found;
}

/*
 * arb_submit decides over a wish and, if accepted, makes the order.
 *
 * The caller holds the locks of arb_submit_lock. PAPER orders are filled here,
 * from the quote they were judged by.
 * Errors: P0002 for a portfolio or instrument that does not exist; a refusal is no error.
 */
void
arb_submit(const Wish *wish, const QuoteSet *quotes, TimestampTz market_time, Submitted *result)
{
	Context		c;

	memset(result, 0, sizeof(*result));
	if (count_repeat(wish, result))
		return;
	memset(&c, 0, sizeof(c));
	c.wish = wish;
	c.controls = arb_controls();
	gather(&c, quotes, market_time);
	arb_judge(&c.in, &c.out);

	result->verdict = (Verdict) c.out.verdict;
	result->reason = result->verdict == VERDICT_ACCEPTED ? NULL :
		result->verdict == VERDICT_MONITORED ? "monitor_mode" : RiskChecks[c.out.first_failed].code;
	write_decision(&c, result);
	if (result->verdict == VERDICT_ACCEPTED)
		write_accepted(&c, result);
	arb_journal(wish->mode, result->verdict == VERDICT_ACCEPTED ? "decision_accepted" : "decision_refused",
				wish->portfolio_id, result->decision_id,
				result->reason == NULL ? wish->key : psprintf("%s: %s", wish->key, result->reason));
	if (result->verdict == VERDICT_ACCEPTED && wish->mode == MODE_PAPER)
		arb_simulate_order(wish->mode, result->order_id, quotes, market_time);
}
