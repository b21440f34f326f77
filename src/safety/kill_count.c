/*-------------------------------------------------------------------------
 *
 * src/safety/kill_count.c
 *	  What a kill finds open: the last rows of the ledgers, and what is in flight.
 *
 * The cost is the number of portfolios and of orders in flight, never what is
 * open or what ever was. Counting is a courtesy that must not stop a kill: a
 * table that somebody holds locked, or any error, leaves a count unknown.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/partition.h"
#include "compat.h"
#include "core/catalog.h"
#include "core/columns.h"
#include "safety/kill_count.h"
#include "storage/lmgr.h"
#include "utils/fmgroids.h"
#include "utils/resowner.h"
#include "utils/snapmgr.h"

static bool
lock_free(const char *relation)
{
	return ConditionalLockRelationOid(arb_catalog_relation(relation), AccessShareLock);
}

/* The number of rows an index of the LIVE orders holds; the index is the leaf's own, or its part of a parent's. */
static int64
count_live_orders(const char *index_name, Snapshot snapshot)
{
	Relation	rel = table_open(arb_catalog_relation("orders_live"), NoLock);
	Oid			oid = arb_catalog_relation(index_name);
	Oid			part = index_get_partition(rel, oid);
	Relation	index = index_open(OidIsValid(part) ? part : oid, AccessShareLock);
	TupleTableSlot *slot = table_slot_create(rel, NULL);
	IndexScanDesc scan;
	int64		n = 0;

	scan = ARB_INDEX_BEGINSCAN(rel, index, snapshot, 0);
	index_rescan(scan, NULL, 0, NULL, 0);
	while (index_getnext_slot(scan, ForwardScanDirection, slot))
		n++;
	index_endscan(scan);
	ExecDropSingleTupleTableSlot(slot);
	index_close(index, NoLock);
	table_close(rel, NoLock);
	return n;
}

typedef struct LedgerSum
{
	Snapshot	snapshot;
	Table		ledger[MODE_BACKTEST];	/* by mode */
	KillCounts *counts;
} LedgerSum;

static bool
add_portfolio(const Row *portfolio, void *arg)
{
	LedgerSum  *sum = arg;
	int			mode = arb_label_value(LABEL_MODE, DatumGetObjectId(portfolio->value[PORTFOLIOS_mode]));
	IndexKey	keys[] = {{portfolio->value[PORTFOLIOS_portfolio_id], F_INT4EQ}};
	Row			last;

	if (mode <= 0 || mode >= MODE_BACKTEST)
		return true;
	if (arb_table_fetch(&sum->ledger[mode], "portfolio_ledger_pkey", 1, keys, BackwardScanDirection,
						sum->snapshot, &last))
	{
		sum->counts->open_orders += DatumGetInt32(last.value[PORTFOLIO_LEDGER_open_orders]);
		sum->counts->held_positions += DatumGetInt32(last.value[PORTFOLIO_LEDGER_held_positions]);
	}
	return true;
}

static void
sum_ledgers(KillCounts *counts, Snapshot snapshot)
{
	LedgerSum	sum = {snapshot};
	Table		portfolios = arb_table_open(&portfolios_table, 0, AccessShareLock);
	int			mode;

	sum.counts = counts;
	portfolios.any_age = true;
	for (mode = MODE_PAPER; mode < MODE_BACKTEST; mode++)
	{
		sum.ledger[mode] = arb_table_open(&portfolio_ledger_table, mode, AccessShareLock);
		sum.ledger[mode].any_age = true;
	}
	counts->open_orders = counts->held_positions = 0;
	arb_table_scan(&portfolios, "portfolios_desk_idx", 0, NULL, ForwardScanDirection, snapshot, add_portfolio, &sum);
	for (mode = MODE_PAPER; mode < MODE_BACKTEST; mode++)
		arb_table_close(&sum.ledger[mode]);
	arb_table_close(&portfolios);
}

static void
count_all(KillCounts *counts)
{
	Snapshot	snapshot = arb_snapshot_begin();

	if (lock_free("orders_live"))
		counts->in_flight = count_live_orders("orders_live_sending_idx", snapshot) +
			count_live_orders("orders_unknown_idx", snapshot);
	if (lock_free("portfolios") && lock_free("portfolio_ledger_paper") &&
		lock_free("portfolio_ledger_dry_run") && lock_free("portfolio_ledger_live"))
		sum_ledgers(counts, snapshot);
	arb_snapshot_end(snapshot);
}

/* arb_kill_count counts what is open now. */
void
arb_kill_count(KillCounts *counts)
{
	MemoryContext context = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	KillCounts	found = {-1, -1, -1};

	*counts = found;
	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(context);
	PG_TRY();
	{
		count_all(&found);
		ReleaseCurrentSubTransaction();
		*counts = found;
	}
	PG_CATCH();
	{
		ErrorData  *error;

		MemoryContextSwitchTo(context);
		error = CopyErrorData();
		FlushErrorState();
		RollbackAndReleaseCurrentSubTransaction();
		ereport(WARNING,
				(errcode(error->sqlerrcode),
				 errmsg("the kill switch could not count what is open: %s", error->message)));
		FreeErrorData(error);
	}
	PG_END_TRY();
	MemoryContextSwitchTo(context);
	CurrentResourceOwner = owner;
}
