/*-------------------------------------------------------------------------
 *
 * src/trade/book_facts.c
 *	  What a book says, as rows: for people, and to be compared with the tables.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "compat.h"
#include "core/lock.h"
#include "fmgr.h"
#include "funcapi.h"
#include "trade/book_state.h"
#include "trade/desk.h"
#include "utils/fmgroids.h"

typedef struct Facts
{
	ReturnSetInfo *out;
	Book	   *book;
	TimestampTz since;			/* from when messages count */
	const char *scope;
	int64		key;
} Facts;

static void
put(Facts *f, const char *fact, Datum numeric)
{
	Datum		value[4];
	bool		null[4] = {false};

	value[0] = CStringGetTextDatum(f->scope);
	value[1] = Int64GetDatum(f->key);
	value[2] = CStringGetTextDatum(fact);
	value[3] = numeric;
	tuplestore_putvalues(f->out->setResult, f->out->setDesc, value, null);
}

static void
put_fixed(Facts *f, const char *fact, Fixed value)
{
	if (value != 0)
		put(f, fact, arb_fixed_to_numeric(value));
}

static void
put_count(Facts *f, const char *fact, int value)
{
	if (value != 0)
		put(f, fact, NumericGetDatum(int64_to_numeric(value)));
}

static void
put_exposure(Facts *f, const Exposure *e)
{
	put_fixed(f, "cost", e->cost);
	put_fixed(f, "reserved", e->reserved);
	put_fixed(f, "qty", e->qty);
	put_count(f, "positions", e->positions);
	put_count(f, "orders", e->orders);
}

static void
put_portfolio(Facts *f)
{
	const LedgerTotals *t = arb_book_totals(f->book);

	f->scope = "portfolio";
	f->key = f->book->portfolio_id;
	put_fixed(f, "cash", t->cash);
	put_fixed(f, "claimable", t->claimable);
	put_fixed(f, "reserved", t->reserved);
	put_fixed(f, "cost", t->cost_open);
	put_fixed(f, "fees", t->fees);
	put_fixed(f, "realized", t->realized);
	put_fixed(f, "heat", t->heat);
	put_fixed(f, "net", arb_book_net(f->book));
	put_fixed(f, "session_pnl", t->session_pnl);
	put_fixed(f, "day_pnl", t->day_pnl);
	put_fixed(f, "day_peak", t->day_peak);
	put_fixed(f, "week_pnl", t->week_pnl);
	put_fixed(f, "week_peak", t->week_peak);
	put_fixed(f, "day_net", t->day_net);
	put_fixed(f, "day_value", t->day_value);
	put_fixed(f, "day_qty", t->day_qty);
	put_count(f, "day_orders", t->day_orders);
	put_count(f, "day_fills", t->day_fills);
	put_count(f, "losses_in_row", t->losses_in_row);
	put_count(f, "positions", t->open_positions);
	put_count(f, "orders", t->open_orders);
	put_count(f, "messages", arb_book_messages(f->book, 0, f->since));
}

static void
put_deployment(Facts *f, int32 deployment_id)
{
	DeploymentTotals d = arb_book_deployment(f->book, deployment_id);

	f->scope = "deployment";
	f->key = deployment_id;
	put_fixed(f, "realized", d.realized);
	put_fixed(f, "session_pnl", d.session_pnl);
	put_fixed(f, "day_pnl", d.day_pnl);
	put_fixed(f, "day_peak", d.day_peak);
	put_fixed(f, "week_pnl", d.week_pnl);
	put_fixed(f, "week_peak", d.week_peak);
	put_count(f, "losses_in_row", d.losses_in_row);
	put_count(f, "trades", d.trades);
	put_count(f, "wins", d.wins);
	put_count(f, "day_orders", d.day_orders);
	put_count(f, "day_fills", d.day_fills);
	put_count(f, "instruments", arb_book_instruments(f->book, deployment_id));
	put_count(f, "messages", arb_book_messages(f->book, deployment_id, f->since));
}

static bool
put_deployment_row(const Row *row, void *arg)
{
	Facts	   *f = arg;

	put_deployment(f, DatumGetInt32(row->value[DEPLOYMENTS_deployment_id]));
	return true;
}

static void
put_deployments(Facts *f)
{
	Table		table = arb_table_open(&deployments_table, 0, AccessShareLock);
	IndexKey	keys[] = {INT4_KEY(f->book->portfolio_id)};
	Snapshot	snapshot = arb_snapshot_begin();

	arb_table_visit(&table, "deployments_portfolio_idx", 1, keys, ForwardScanDirection, snapshot, put_deployment_row, f);
	arb_snapshot_end(snapshot);
	arb_table_close(&table);
}

static void
put_scopes(Facts *f)
{
	static const char *const names[] = {NULL, "instrument", "window", "deployment", "sector", "group"};
	HASH_SEQ_STATUS status;
	ExposureEntry *entry;

	hash_seq_init(&status, f->book->exposures);
	while ((entry = hash_seq_search(&status)) != NULL)
	{
		if (entry->key.scope >= (int64) lengthof(names))
			continue;
		f->scope = names[entry->key.scope];
		f->key = entry->key.key;
		put_exposure(f, &entry->exposure);
	}
}

static void
put_resting(Facts *f)
{
	HASH_SEQ_STATUS status;
	BookInstrument *i;

	f->scope = "instrument";
	hash_seq_init(&status, f->book->instruments);
	while ((i = hash_seq_search(&status)) != NULL)
	{
		Fixed		buy = arb_book_resting_price(f->book, i->instrument_id, SIDE_BUY);
		Fixed		sell = arb_book_resting_price(f->book, i->instrument_id, SIDE_SELL);

		f->key = i->instrument_id;
		put_fixed(f, "resting_buy", buy == FIXED_NULL ? 0 : buy);
		put_fixed(f, "resting_sell", sell == FIXED_NULL ? 0 : sell);
	}
}

/* book_facts(portfolio) returns (scope, key, fact, value) rows, as of the market's time; zeros are left out. */
PG_FUNCTION_INFO_V1(arbees_book_facts);
Datum
arbees_book_facts(PG_FUNCTION_ARGS)
{
	Facts		f = {0};
	Desk		desk;

	arb_desk_read(PG_GETARG_INT32(0), &desk);
	arb_lock_portfolio(desk.portfolio_id);
	InitMaterializedSRF(fcinfo, 0);
	f.out = (ReturnSetInfo *) fcinfo->resultinfo;
	f.book = arb_book(desk.mode, desk.portfolio_id, desk.market_time, NULL);
	f.since = desk.market_time - USECS_PER_DAY;
	put_portfolio(&f);
	put_deployments(&f);
	put_scopes(&f);
	put_resting(&f);
	return (Datum) 0;
}
