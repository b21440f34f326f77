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
	STATE_down_ask, STATE_down_ask_size, STATE_tick_size, STATE_entries, STATE_params, STATE_ncolumns
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

/*
 * arb_market_views lists what a call touches: open windows of its quotes'
 * instruments and of its prices' underlyings, and quoted instruments without a window.
 */
List *
arb_market_views(const QuoteSet *quotes, int32 venue_id, const List *underlyings, TimestampTz market_time)
{
	static SqlPlan plan = {
		"SELECT w.window_id, w.window_epoch, coalesce(w.underlying, i.underlying), w.opens_at, w.closes_at,"
		" coalesce(w.open_price, w.venue_open_price), u.price, i.instrument_id,"
		" d.instrument_id, i.tick_size"
		" FROM arbees.instruments i"
		" LEFT JOIN arbees.windows w ON w.window_id = i.window_id"
		" LEFT JOIN arbees.instruments d ON d.window_id = i.window_id AND d.outcome = 'DOWN'"
		" LEFT JOIN arbees.underlying_prices u ON u.venue_id = i.venue_id"
		" AND u.underlying = coalesce(w.underlying, i.underlying)"
		" WHERE i.instrument_id IN ("
		" SELECT coalesce(up.instrument_id, q.instrument_id) FROM unnest($1) AS q_id"
		" JOIN arbees.instruments q ON q.instrument_id = q_id"
		" LEFT JOIN arbees.instruments up ON up.window_id = q.window_id AND up.outcome = 'UP'"
		" UNION SELECT up.instrument_id FROM arbees.windows x"
		" JOIN arbees.instruments up ON up.window_id = x.window_id AND up.outcome = 'UP'"
		" WHERE x.venue_id = $2 AND x.underlying = ANY ($3) AND x.venue_outcome IS NULL"
		" AND x.opens_at <= $4 AND x.closes_at > $4)"
		" AND (w.window_id IS NULL OR (w.opens_at <= $4 AND w.closes_at > $4))"
		" ORDER BY i.instrument_id",
		4, {INT4ARRAYOID, INT4OID, TEXTARRAYOID, TIMESTAMPTZOID}
	};
	Datum	   *ids = palloc(sizeof(Datum) * Max(quotes->count, 1));
	Datum	   *names = palloc(sizeof(Datum) * Max(list_length(underlyings), 1));
	Datum		args[4];
	List	   *list = NIL;
	ListCell   *lc;
	MemoryContext caller = CurrentMemoryContext;
	uint64		n;
	uint64		i;
	int			k = 0;

	for (i = 0; i < (uint64) quotes->count; i++)
		ids[i] = Int32GetDatum(quotes->quotes[i].instrument_id);
	foreach(lc, underlyings)
		names[k++] = CStringGetTextDatum((char *) lfirst(lc));
	args[0] = PointerGetDatum(construct_array(ids, quotes->count, INT4OID, 4, true, TYPALIGN_INT));
	args[1] = Int32GetDatum(venue_id);
	args[2] = PointerGetDatum(construct_array(names, k, TEXTOID, -1, false, TYPALIGN_INT));
	args[3] = TimestampTzGetDatum(market_time);
	arb_sql_begin();
	n = arb_sql_run(&plan, args, NULL);
	for (i = 0; i < n; i++)
	{
		MarketView *v = MemoryContextAllocZero(caller, sizeof(MarketView));
		bool		isnull;
		MemoryContext spi;

		v->window_id = arb_sql_int64(i, 1, 0);
		v->window_epoch = arb_sql_int64(i, 2, 0);
		v->underlying = arb_sql_text(i, 3);
		v->opens_at = DatumGetTimestampTz(arb_sql_value(i, 4, &isnull));
		v->closes_at = DatumGetTimestampTz(arb_sql_value(i, 5, &isnull));
		v->open_price = arb_sql_copy(i, 6, &v->open_price_null);
		v->last_price = arb_sql_copy(i, 7, &v->last_price_null);
		v->up_instrument = arb_sql_int32(i, 8, 0);
		v->down_instrument = arb_sql_int32(i, 9, 0);
		v->tick_size = arb_sql_copy(i, 10, &isnull);
		spi = MemoryContextSwitchTo(caller);
		list = lappend(list, v);
		MemoryContextSwitchTo(spi);
	}
	arb_sql_end();
	return list;
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

static void
set_quote(Datum *value, bool *null, int first, const QuoteSet *quotes, int32 instrument_id, Snapshot snapshot)
{
	Quote		quote;

	if (instrument_id == 0 || !arb_quote_read(quotes, instrument_id, snapshot, &quote))
		return;
	set_side(value, null, first, quote.bid);
	set_side(value, null, first + 1, quote.bid_size);
	set_side(value, null, first + 2, quote.ask);
	set_side(value, null, first + 3, quote.ask_size);
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
	set_quote(value, null, STATE_up_bid, quotes, view->up_instrument, snapshot);
	set_quote(value, null, STATE_down_bid, quotes, view->down_instrument, snapshot);
	tuple = heap_form_tuple(desc, value, null);
	ReleaseTupleDesc(desc);
	return tuple;
}
