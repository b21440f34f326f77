/*-------------------------------------------------------------------------
 *
 * src/strategy/market_state.c
 *	  What a strategy sees: arbees.market_state, built from last rows only.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "core/catalog.h"
#include "core/clock.h"
#include "core/columns.h"
#include "core/sql.h"
#include "market/underlying.h"
#include "market/volume.h"
#include "safety/control.h"
#include "strategy/strategy.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/typcache.h"

enum
{
	STATE_market_time, STATE_mode, STATE_portfolio_id, STATE_deployment_id, STATE_window_id,
	STATE_window_epoch, STATE_underlying, STATE_opens_at, STATE_closes_at, STATE_seconds_to_close,
	STATE_open_price, STATE_last_price, STATE_up_instrument, STATE_up_bid, STATE_up_bid_size,
	STATE_up_ask, STATE_up_ask_size, STATE_down_instrument, STATE_down_bid, STATE_down_bid_size,
	STATE_down_ask, STATE_down_ask_size, STATE_tick_size, STATE_entries, STATE_params, STATE_volatility_pct,
	STATE_up_rolling_mid, STATE_up_vwap, STATE_up_volume, STATE_down_rolling_mid, STATE_down_vwap,
	STATE_down_volume, STATE_ncolumns
};

/* arb_deployments lists the active deployments of a venue's portfolios of one mode, by portfolio. */
List *
arb_deployments(int32 venue_id, TradingMode mode)
{
	static SqlPlan plan = {
		"SELECT d.deployment_id, d.portfolio_id, s.function_name, s.run_as, d.params"
		" FROM arbees.portfolios p JOIN arbees.deployments d ON d.portfolio_id = p.portfolio_id"
		" JOIN arbees.strategies s ON s.strategy_id = d.strategy_id"
		" WHERE p.venue_id = $1 AND p.mode::text = $2 AND d.state = 'active' AND s.state = 'active'"
		" ORDER BY d.portfolio_id, d.deployment_id",
		2, {INT4OID, TEXTOID}
	};
	Datum		args[2];
	List	   *list = NIL;
	MemoryContext caller = CurrentMemoryContext;
	uint64		n;
	uint64		i;

	args[0] = Int32GetDatum(venue_id);
	args[1] = CStringGetTextDatum(arb_label_name(LABEL_MODE, mode));
	arb_sql_begin();
	n = arb_sql_run(&plan, args, NULL);
	for (i = 0; i < n; i++)
	{
		bool		isnull;
		Deployment *d = MemoryContextAllocZero(caller, sizeof(Deployment));
		MemoryContext spi;

		d->deployment_id = arb_sql_int32(i, 1, 0);
		d->portfolio_id = arb_sql_int32(i, 2, 0);
		d->venue_id = venue_id;
		d->mode = mode;
		d->function_name = arb_sql_text(i, 3);
		d->run_as = arb_sql_text(i, 4);
		d->params = arb_sql_copy(i, 5, &isnull);
		spi = MemoryContextSwitchTo(caller);
		list = lappend(list, d);
		MemoryContextSwitchTo(spi);
	}
	arb_sql_end();
	return list;
}

/* Which of a window's two instruments is which. */
static bool
note_side(const Row *instrument, void *arg)
{
	MarketView *view = arg;
	int32		id = DatumGetInt32(instrument->value[INSTRUMENTS_instrument_id]);

	if (arb_label_value(LABEL_OUTCOME, DatumGetObjectId(instrument->value[INSTRUMENTS_outcome])) == OUTCOME_UP)
	{
		view->up_instrument = id;
		view->tick_size = instrument->value[INSTRUMENTS_tick_size];
	}
	else
		view->down_instrument = id;
	return true;
}

static void
set_last_price(MarketView *view, int32 venue_id, Snapshot snapshot)
{
	UnderlyingFacts facts;

	view->last_price_null = !arb_underlying_facts(venue_id, view->underlying, snapshot, &facts);
	view->volatility_pct = view->last_price_null ? FIXED_NULL : facts.volatility_pct;
	if (!view->last_price_null)
		view->last_price = facts.price;
}

/* A window's view, NULL unless the window is open at that time and has both instruments. */
static MarketView *
view_of_window(const Row *window, TimestampTz market_time, Snapshot snapshot)
{
	MarketView *view;
	Table		table;
	IndexKey	keys[1];
	bool		priced = !window->null[WINDOWS_open_price];

	if (DatumGetTimestampTz(window->value[WINDOWS_opens_at]) > market_time ||
		DatumGetTimestampTz(window->value[WINDOWS_closes_at]) <= market_time)
		return NULL;
	view = palloc0(sizeof(MarketView));
	view->window_id = DatumGetInt64(window->value[WINDOWS_window_id]);
	view->window_epoch = DatumGetInt64(window->value[WINDOWS_window_epoch]);
	view->underlying = TextDatumGetCString(window->value[WINDOWS_underlying]);
	view->opens_at = DatumGetTimestampTz(window->value[WINDOWS_opens_at]);
	view->closes_at = DatumGetTimestampTz(window->value[WINDOWS_closes_at]);
	view->open_price_null = !priced && window->null[WINDOWS_venue_open_price];
	view->open_price = window->value[priced ? WINDOWS_open_price : WINDOWS_venue_open_price];
	keys[0].value = window->value[WINDOWS_window_id];
	keys[0].equal = F_INT8EQ;
	table = arb_table_open(&instruments_table, 0, AccessShareLock);
	arb_table_scan(&table, "instruments_window_idx", 1, keys, ForwardScanDirection, snapshot, note_side, view);
	arb_table_close(&table);
	set_last_price(view, DatumGetInt32(window->value[WINDOWS_venue_id]), snapshot);
	return view->up_instrument == 0 || view->down_instrument == 0 ? NULL : view;
}

static MarketView *
view_of_instrument(const Row *instrument, Snapshot snapshot)
{
	MarketView *view = palloc0(sizeof(MarketView));

	view->underlying = instrument->null[INSTRUMENTS_underlying] ? NULL :
		TextDatumGetCString(instrument->value[INSTRUMENTS_underlying]);
	view->open_price_null = true;
	view->up_instrument = DatumGetInt32(instrument->value[INSTRUMENTS_instrument_id]);
	view->tick_size = instrument->value[INSTRUMENTS_tick_size];
	set_last_price(view, DatumGetInt32(instrument->value[INSTRUMENTS_venue_id]), snapshot);
	return view;
}

typedef struct ViewList
{
	List	   *views;
	TimestampTz market_time;
	Snapshot	snapshot;
} ViewList;

static bool
add_window(const Row *window, void *arg)
{
	ViewList   *list = arg;
	int64		id = DatumGetInt64(window->value[WINDOWS_window_id]);
	MarketView *view;
	ListCell   *lc;

	foreach(lc, list->views)
		if (((MarketView *) lfirst(lc))->window_id == id)
			return true;
	view = view_of_window(window, list->market_time, list->snapshot);
	if (view != NULL)
		list->views = lappend(list->views, view);
	return true;
}

static void
add_instrument(ViewList *list, int32 instrument_id)
{
	Row			instrument;
	Row			window;
	IndexKey	by_id[] = {INT4_KEY(instrument_id)};
	IndexKey	by_window[1];
	ListCell   *lc;

	if (!arb_row_read(&instruments_table, 0, "instruments_pkey", 1, by_id, list->snapshot, &instrument))
		return;
	if (instrument.null[INSTRUMENTS_window_id])
	{
		foreach(lc, list->views)
			if (((MarketView *) lfirst(lc))->up_instrument == instrument_id)
				return;
		list->views = lappend(list->views, view_of_instrument(&instrument, list->snapshot));
		return;
	}
	by_window[0].value = instrument.value[INSTRUMENTS_window_id];
	by_window[0].equal = F_INT8EQ;
	if (arb_row_read(&windows_table, 0, "windows_pkey", 1, by_window, list->snapshot, &window))
		add_window(&window, list);
}

static int
by_instrument(const ListCell *a, const ListCell *b)
{
	return ((MarketView *) lfirst(a))->up_instrument - ((MarketView *) lfirst(b))->up_instrument;
}

/*
 * arb_market_views lists what a call touches: open windows of its quotes'
 * instruments and of its prices' underlyings, and quoted instruments without a
 * window; each once, by instrument.
 */
List *
arb_market_views(const QuoteSet *quotes, int32 venue_id, const List *underlyings, TimestampTz market_time)
{
	ViewList	list = {NIL, market_time, arb_snapshot_begin()};
	ListCell   *lc;
	int			i;

	for (i = 0; i < quotes->count; i++)
		add_instrument(&list, quotes->quotes[i].instrument_id);
	foreach(lc, underlyings)
	{
		IndexKey	keys[] = {INT4_KEY(venue_id), {CStringGetTextDatum((char *) lfirst(lc)), F_TEXTEQ}};
		Table		table = arb_table_open(&windows_table, 0, AccessShareLock);

		arb_table_scan(&table, "windows_waiting_idx", 2, keys, ForwardScanDirection, list.snapshot, add_window, &list);
		arb_table_close(&table);
	}
	arb_snapshot_end(list.snapshot);
	list_sort(list.views, by_instrument);
	return list.views;
}

typedef struct EntryCount
{
	int32		portfolio_id;
	int			n;
} EntryCount;

static bool
count_entry(const Row *row, void *arg)
{
	EntryCount *count = arg;

	if (!row->null[ORDERS_entry_no] && DatumGetInt32(row->value[ORDERS_portfolio_id]) == count->portfolio_id)
		count->n++;
	return true;
}

static int
entries_in_window(const Deployment *d, int64 window_id, Snapshot snapshot)
{
	EntryCount	count = {d->portfolio_id, 0};
	Table		table = arb_table_open(&orders_table, d->mode, AccessShareLock);
	IndexKey	keys[] = {INT8_KEY(window_id)};

	arb_table_scan(&table, "orders_entry_slot_key", 1, keys, ForwardScanDirection, snapshot, count_entry, &count);
	arb_table_close(&table);
	return count.n;
}

static void
set_side(Datum *value, bool *null, int column, Fixed fixed)
{
	null[column] = fixed == FIXED_NULL;
	if (!null[column])
		value[column] = arb_fixed_to_numeric(fixed);
}

/* The columns of one side: its quote from first on, the rest from more on. */
static void
set_quote(Datum *value, bool *null, int first, int more, const QuoteSet *quotes, int32 instrument_id,
		  TimestampTz at, Snapshot snapshot)
{
	QuoteFacts	facts;
	Quote		quote;

	if (instrument_id == 0 ||
		!arb_quote_read_facts(quotes, instrument_id, at, arb_controls()->rolling_collar_s, snapshot, &quote, &facts))
		return;
	set_side(value, null, more, facts.rolling_mid);
	set_side(value, null, first, quote.bid);
	set_side(value, null, first + 1, quote.bid_size);
	set_side(value, null, first + 2, quote.ask);
	set_side(value, null, first + 3, quote.ask_size);
}

static void
set_volume(Datum *value, bool *null, int first, int32 instrument_id, bool has_window, TimestampTz at, Snapshot snapshot)
{
	SessionVolume volume;

	if (instrument_id == 0 || !arb_session_volume(instrument_id, has_window, at, snapshot, &volume))
		return;
	set_side(value, null, first, volume.vwap);
	set_side(value, null, first + 1, volume.qty);
}

static TupleDesc
state_desc(void)
{
	return lookup_rowtype_tupdesc(arb_catalog_type("market_state"), -1);
}

/* arb_market_state builds the composite a strategy is called with. */
HeapTuple
arb_market_state(const Deployment *d, const MarketView *view, const QuoteSet *quotes,
				 Snapshot snapshot, TimestampTz market_time)
{
	TupleDesc	desc = state_desc();
	Datum		value[STATE_ncolumns] = {0};
	bool		null[STATE_ncolumns];
	HeapTuple	tuple;

	if (desc->natts != STATE_ncolumns)
		elog(ERROR, "type arbees.market_state has %d fields, this library knows %d", desc->natts, STATE_ncolumns);
	memset(null, true, sizeof(null));
#define SET(column, datum) (null[STATE_##column] = false, value[STATE_##column] = (datum))
	SET(market_time, TimestampTzGetDatum(market_time));
	SET(mode, ObjectIdGetDatum(arb_label_oid(LABEL_MODE, d->mode)));
	SET(portfolio_id, Int32GetDatum(d->portfolio_id));
	SET(deployment_id, Int32GetDatum(d->deployment_id));
	if (view->underlying != NULL)
		SET(underlying, CStringGetTextDatum(view->underlying));
	if (view->window_id != 0)
	{
		SET(window_id, Int64GetDatum(view->window_id));
		SET(window_epoch, Int64GetDatum(view->window_epoch));
		SET(opens_at, TimestampTzGetDatum(view->opens_at));
		SET(closes_at, TimestampTzGetDatum(view->closes_at));
		SET(seconds_to_close, arb_fixed_to_numeric((view->closes_at - market_time) * (FIXED_ONE / USECS_PER_SEC)));
		SET(entries, Int32GetDatum(entries_in_window(d, view->window_id, snapshot)));
	}
	if (!view->open_price_null)
		SET(open_price, view->open_price);
	if (!view->last_price_null)
		SET(last_price, view->last_price);
	SET(up_instrument, Int32GetDatum(view->up_instrument));
	if (view->down_instrument != 0)
		SET(down_instrument, Int32GetDatum(view->down_instrument));
	SET(tick_size, view->tick_size);
	SET(params, d->params);
#undef SET
	set_side(value, null, STATE_volatility_pct, view->volatility_pct);
	set_quote(value, null, STATE_up_bid, STATE_up_rolling_mid, quotes, view->up_instrument, market_time, snapshot);
	set_quote(value, null, STATE_down_bid, STATE_down_rolling_mid, quotes, view->down_instrument, market_time, snapshot);
	set_volume(value, null, STATE_up_vwap, view->up_instrument, view->window_id != 0, market_time, snapshot);
	set_volume(value, null, STATE_down_vwap, view->down_instrument, view->window_id != 0, market_time, snapshot);
	tuple = heap_form_tuple(desc, value, null);
	ReleaseTupleDesc(desc);
	return tuple;
}
