/*-------------------------------------------------------------------------
 *
 * src/strategy/round.c
 *	  arbees.on_quotes: one round of the desk. Quotes and prices in, market facts,
 *	  exits, strategies, gate, and the new orders out, in one transaction.
 *
 * Evaluate first, without any lock; then lock (kill, epochs, portfolios ascending)
 * and judge. Each mode is a call of its own, so that none can hold up or
 * roll back another.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "compat.h"
#include "core/clock.h"
#include "core/columns.h"
#include "core/lock.h"
#include "core/sql.h"
#include "core/txn.h"
#include "errors.h"
#include "funcapi.h"
#include "market/book_levels.h"
#include "market/quote.h"
#include "market/window.h"
#include "miscadmin.h"
#include "safety/control.h"
#include "strategy/strategy.h"
#include "trade/exit.h"
#include "trade/settle_due.h"
#include "trade/simulated_fill.h"
#include "trade/submit.h"
#include "trade/ticket.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"

#define MAX_QUOTES_PER_CALL 1024

/* A venue's time further ahead of ours than this is wrong; believed, it would outlast every honest one. */
#define MAX_AHEAD_MS 60000

typedef struct Round
{
	int32		venue_id;
	TradingMode mode;
	bool		driven;
	TimestampTz market_time;
	TimestampTz received_at;	/* what quotes are stamped with: market time under a driven clock */
	QuoteSet	quotes;
	List	   *underlyings;
	List	   *wishes;			/* Wish * */
	MadeOrders	made;
} Round;

/* ---- arguments ---- */

typedef struct Column
{
	Datum	   *values;
	bool	   *nulls;
	int			count;
} Column;

static Column
read_array(FunctionCallInfo fcinfo, int arg, Oid type, const char *name)
{
	Column		c = {NULL, NULL, 0};
	int16		len;
	bool		byval;
	char		align;

	if (PG_ARGISNULL(arg))
		return c;
	get_typlenbyvalalign(type, &len, &byval, &align);
	deconstruct_array(PG_GETARG_ARRAYTYPE_P(arg), type, len, byval, align, &c.values, &c.nulls, &c.count);
	if (c.count > MAX_QUOTES_PER_CALL)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("array \"%s\" has %d elements, at most %d fit one call", name, c.count, MAX_QUOTES_PER_CALL)));
	return c;
}

static void
same_length(const Column *a, const Column *b, const char *name)
{
	if (a->count != b->count)
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("array \"%s\" has %d elements, %d are expected", name, b->count, a->count)));
}

static Fixed
side_of(const Column *c, int i)
{
	Fixed		value;

	if (c->nulls[i])
		return FIXED_NULL;
	value = arb_fixed_from_numeric(c->values[i]);
	if (value < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a quote's price or size cannot be negative")));
	return value;
}

static bool
is_ahead(const Round *r, TimestampTz source_at)
{
	return arb_elapsed_ms(r->received_at, source_at) > MAX_AHEAD_MS;
}

/* Counts levels that could not be used; the quotes they came with are. */
static void
count_bad_books(int count, int32 instrument_id)
{
	static SqlPlan plan = {
		"INSERT INTO arbees.input_errors AS o (worker, kind, count, first_at, last_at, last_context)"
		" VALUES ('on_quotes', 'book', $1, pg_catalog.clock_timestamp(), pg_catalog.clock_timestamp(), $2)"
		" ON CONFLICT (worker, kind) DO UPDATE SET count = o.count + excluded.count,"
		"  last_at = excluded.last_at, last_context = excluded.last_context",
		2, {INT8OID, TEXTOID}
	};
	Datum		args[2];

	args[0] = Int64GetDatum(count);
	args[1] = CStringGetTextDatum(psprintf("levels of instrument %d", instrument_id));
	arb_sql_begin();
	arb_sql_run(&plan, args, NULL);
	arb_sql_end();
}

/* The levels of each quote, where they can be read and begin with its bid and ask; else its best prices stand alone. */
static void
read_books(const Column *book, Round *r)
{
	int			bad = 0;
	int32		bad_instrument = 0;
	int			i;

	for (i = 0; i < book->count; i++)
	{
		Quote	   *q = &r->quotes.quotes[i];
		const bytea *packed = book->nulls[i] ? NULL : DatumGetByteaPP(book->values[i]);
		BookLevels	levels;

		if (packed == NULL)
			continue;
		if (arb_levels_unpack(packed, &levels) && arb_levels_are_of(&levels, q))
			q->book = packed;
		else
		{
			bad++;
			bad_instrument = q->instrument_id;
		}
	}
	if (bad > 0)
		count_bad_books(bad, bad_instrument);
}

static void
read_quotes(FunctionCallInfo fcinfo, Round *r)
{
	Column		instrument = read_array(fcinfo, 3, INT4OID, "instruments");
	Column		bid = read_array(fcinfo, 4, NUMERICOID, "bids");
	Column		bid_size = read_array(fcinfo, 5, NUMERICOID, "bid_sizes");
	Column		ask = read_array(fcinfo, 6, NUMERICOID, "asks");
	Column		ask_size = read_array(fcinfo, 7, NUMERICOID, "ask_sizes");
	Column		source = read_array(fcinfo, 8, INT8OID, "source_ms");
	Column		book = {NULL, NULL, 0};
	int			i;

	same_length(&instrument, &bid, "bids");
	same_length(&instrument, &bid_size, "bid_sizes");
	same_length(&instrument, &ask, "asks");
	same_length(&instrument, &ask_size, "ask_sizes");
	same_length(&instrument, &source, "source_ms");
	if (PG_NARGS() > 12)
		book = read_array(fcinfo, 12, BYTEAOID, "books");
	if (book.count > 0)
		same_length(&instrument, &book, "books");
	r->quotes.count = instrument.count;
	r->quotes.quotes = palloc0(sizeof(Quote) * Max(instrument.count, 1));
	for (i = 0; i < instrument.count; i++)
	{
		Quote	   *q = &r->quotes.quotes[i];

		if (instrument.nulls[i])
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("a quote has no instrument")));
		q->instrument_id = DatumGetInt32(instrument.values[i]);
		q->bid = side_of(&bid, i);
		q->bid_size = side_of(&bid_size, i);
		q->ask = side_of(&ask, i);
		q->ask_size = side_of(&ask_size, i);
		q->source_at = source.nulls[i] ? r->received_at : arb_time_from_unix_ms(DatumGetInt64(source.values[i]));
		/* The quote is news, whatever its clock says; only its time is not believed. */
		if (is_ahead(r, q->source_at))
			q->source_at = r->received_at;
		q->received_at = r->received_at;
	}
	read_books(&book, r);
}

static void
take_prices(FunctionCallInfo fcinfo, Round *r)
{
	Column		underlying = read_array(fcinfo, 9, TEXTOID, "underlyings");
	Column		price = read_array(fcinfo, 10, NUMERICOID, "prices");
	Column		at = read_array(fcinfo, 11, INT8OID, "price_ms");
	int			i;

	same_length(&underlying, &price, "prices");
	same_length(&underlying, &at, "price_ms");
	for (i = 0; i < underlying.count; i++)
	{
		char	   *name;
		TimestampTz source_at;

		if (underlying.nulls[i] || price.nulls[i] || at.nulls[i])
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("a price tick has a NULL in it")));
		name = TextDatumGetCString(underlying.values[i]);
		source_at = arb_time_from_unix_ms(DatumGetInt64(at.values[i]));
		if (is_ahead(r, source_at))
		{
			/* Which window a tick decides follows from its time, so without one it is none. */
			ereport(WARNING,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("a price of \"%s\" from the future was dropped", name),
					 errdetail("Its time is %s.", timestamptz_to_str(source_at))));
			continue;
		}
		arb_underlying_price(r->venue_id, name, price.values[i], source_at, r->received_at);
		r->underlyings = lappend(r->underlyings, name);
	}
}

/* Market time: the frame's under a driven clock, the wall's otherwise; nothing else may set it. */
static void
read_clock(FunctionCallInfo fcinfo, Round *r)
{
	IndexKey	keys[] = {INT4_KEY(r->venue_id)};
	Row			venue;

	if (!arb_row_read(&venues_table, 0, "venues_pkey", 1, keys, NULL, &venue))
		ereport(ERROR,
				(errcode(ERRCODE_NO_DATA_FOUND), errmsg("venue %d does not exist", r->venue_id)));
	r->driven = DatumGetBool(venue.value[VENUES_clock_driven]);
	if (r->driven == PG_ARGISNULL(2))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg(r->driven ? "venue \"%s\" drives the clock: market time is missing" :
						"venue \"%s\" does not drive the clock: market time cannot be set",
						TextDatumGetCString(venue.value[VENUES_name]))));
	r->market_time = r->driven ? arb_time_from_unix_ms(PG_GETARG_INT64(2)) : arb_now();
	r->received_at = r->market_time;
	if (r->driven && !venue.null[VENUES_market_time] &&
		r->market_time < DatumGetTimestampTz(venue.value[VENUES_market_time]))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("market time cannot go back")));
}

static void
drive_clock(Round *r)
{
	static SqlPlan plan = {
		"UPDATE arbees.venues SET market_time = $2 WHERE venue_id = $1 AND market_time IS DISTINCT FROM $2",
		2, {INT4OID, TIMESTAMPTZOID}
	};
	Datum		args[] = {Int32GetDatum(r->venue_id), TimestampTzGetDatum(r->market_time)};

	arb_sql_begin();
	arb_sql_run(&plan, args, NULL);
	arb_sql_end();
	arb_windows_advance(r->venue_id, r->market_time);
}

/* ---- evaluate ---- */

static void
evaluate_all(Round *r)
{
	List	   *deployments = arb_deployments(r->venue_id, r->mode);
	List	   *views;
	Snapshot	snapshot;
	ListCell   *d;
	ListCell   *v;

	if (deployments == NIL)
		return;
	views = arb_market_views(&r->quotes, r->venue_id, r->underlyings, r->market_time);
	snapshot = arb_snapshot_begin();
	foreach(d, deployments)
	{
		Deployment *deployment = lfirst(d);

		if (views == NIL || !arb_lock_deployment_try(deployment->deployment_id))
			continue;
		foreach(v, views)
		{
			Wish	   *wish = palloc(sizeof(Wish));

			if (arb_strategy_evaluate(deployment,
									  arb_market_state(deployment, lfirst(v), &r->quotes, snapshot, r->market_time),
									  wish))
				r->wishes = lappend(r->wishes, wish);
		}
	}
	arb_snapshot_end(snapshot);
}

/* ---- lock and judge ---- */

/* All portfolios of the venue and mode, ascending: one may hold something though no strategy runs in it. */
static List *
portfolios_of(const Round *r)
{
	static SqlPlan plan = {
		"SELECT p.portfolio_id FROM arbees.portfolios p WHERE p.venue_id = $1 AND p.mode::text = $2 ORDER BY 1",
		2, {INT4OID, TEXTOID}
	};
	Datum		args[2];

	args[0] = Int32GetDatum(r->venue_id);
	args[1] = CStringGetTextDatum(arb_label_name(LABEL_MODE, r->mode));
	return arb_sql_ids(&plan, args);
}

static bool
note_one(const Row *row, void *arg)
{
	*(bool *) arg = true;
	return false;
}

/* A portfolio needs its lock when it wishes, holds something quoted, or (simulated) has orders resting. */
static bool
needs_lock(Round *r, int32 portfolio_id, Snapshot snapshot)
{
	bool		needed = false;
	Table		table;
	ListCell   *lc;
	int			i;

	foreach(lc, r->wishes)
		if (((Wish *) lfirst(lc))->portfolio_id == portfolio_id)
			return true;
	table = arb_table_open(&positions_table, r->mode, AccessShareLock);
	for (i = 0; i < r->quotes.count && !needed; i++)
	{
		IndexKey	keys[] = {INT4_KEY(portfolio_id), INT4_KEY(r->quotes.quotes[i].instrument_id)};

		arb_table_scan(&table, "positions_open_idx", 2, keys, ForwardScanDirection, snapshot, note_one, &needed);
	}
	arb_table_close(&table);
	if (!needed && arb_mode_is_simulated(r->mode))
	{
		IndexKey	keys[] = {INT4_KEY(portfolio_id)};

		table = arb_table_open(&orders_table, r->mode, AccessShareLock);
		arb_table_scan(&table, "orders_working_idx", 1, keys, ForwardScanDirection, snapshot, note_one, &needed);
		arb_table_close(&table);
	}
	return needed;
}

static List *
lock_portfolios(Round *r)
{
	Snapshot	snapshot = arb_snapshot_begin();
	List	   *locked = NIL;
	ListCell   *lc;

	/* Under a driven clock the settlement that follows may touch any of them, and must not lock backwards. */
	foreach(lc, portfolios_of(r))
		if (r->driven || needs_lock(r, lfirst_int(lc), snapshot))
			locked = lappend_int(locked, lfirst_int(lc));
	arb_snapshot_end(snapshot);
	arb_submit_lock_all(r->mode, locked);
	return locked;
}

/*
 * Fills come after all decisions of the round, in every mode: at a venue they do,
 * and a decision must see the same books whoever fills.
 */
static void
judge_all(Round *r, List *locked)
{
	ListCell   *p;
	ListCell   *w;
	int			i;

	foreach(p, locked)
	{
		int32		portfolio_id = lfirst_int(p);

		if (arb_mode_is_simulated(r->mode))
			arb_simulate_resting(r->mode, portfolio_id, &r->quotes, r->market_time);
		arb_exits_on_quotes(r->mode, portfolio_id, &r->quotes, r->market_time, &r->made);
		foreach(w, r->wishes)
		{
			Wish	   *wish = lfirst(w);
			Submitted	result;

			if (wish->portfolio_id == portfolio_id)
				arb_submit_unfilled(wish, &r->quotes, r->market_time, &result, &r->made);
		}
	}
	for (i = 0; i < r->made.count && r->mode == MODE_PAPER; i++)
		arb_simulate_order(r->mode, r->made.orders[i].order_id, &r->made.orders[i].quote, r->market_time);
}

/*
 * arbees.on_quotes(venue, mode, market_ms, instruments[], bids[], bid_sizes[], asks[],
 *					ask_sizes[], source_ms[], underlyings[], prices[], price_ms[] [, books[]])
 *
 * Returns: the tickets of the orders this call made, for a worker to claim (none for PAPER).
 * Errors:	25001 outside READ COMMITTED, 22023 for malformed input, RB008 for modes not built.
 */
PG_FUNCTION_INFO_V1(arbees_on_quotes);
Datum
arbees_on_quotes(PG_FUNCTION_ARGS)
{
	Round		r = {0};
	List	   *locked;

	arb_require_read_committed("on_quotes");
	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("venue and mode must be given")));
	r.venue_id = PG_GETARG_INT32(0);
	r.mode = arb_label_value(LABEL_MODE, PG_GETARG_OID(1));
	if (r.mode == MODE_BACKTEST || r.mode == 0)
		ereport(ERROR,
				(errcode(ERRCODE_ARB_NOT_BUILT),
				 errmsg("mode %s is not built yet", arb_label_name(LABEL_MODE, r.mode))));
	InitMaterializedSRF(fcinfo, 0);
	/* Lock, then read: another call may move the clock on while we wait. */
	arb_lock_venue_clock(r.venue_id);
	read_clock(fcinfo, &r);
	read_quotes(fcinfo, &r);

	arb_quotes_store(&r.quotes, arb_controls()->rolling_collar_s);
	take_prices(fcinfo, &r);
	if (r.driven)
		drive_clock(&r);

	evaluate_all(&r);
	locked = lock_portfolios(&r);
	judge_all(&r, locked);
	if (r.driven)
		arb_settle_due(r.venue_id, r.mode, r.market_time, false);
	arb_tickets_of(r.mode, &r.made, (ReturnSetInfo *) fcinfo->resultinfo);
	return (Datum) 0;
}
