/*-------------------------------------------------------------------------
 *
 * src/core/table.c
 *	  Direct access to our own tables: fetch by index, insert, update.
 *
 * Reads use the latest snapshot, taken after the caller's locks. In a
 * transaction with an older snapshot of its own (REPEATABLE READ, SERIALIZABLE)
 * a row that this snapshot cannot see raises 40001: deciding by what the caller
 * cannot see, or by what is no longer true, are both wrong.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/relscan.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/partition.h"
#include "catalog/pg_class.h"
#include "commands/sequence.h"
#include "commands/trigger.h"
#include "compat.h"
#include "core/catalog.h"
#include "core/prepared.h"
#include "core/relcache.h"
#include "core/safe_path.h"
#include "core/table.h"
#include "executor/executor.h"
#include "nodes/makefuncs.h"
#include "utils/fmgroids.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

/* Oids of leaves and their indexes, by name; forgotten whenever any of our relations changes. */
#define CACHE_SIZE 64

typedef struct CacheEntry
{
	const void *key1;			/* TableDef, or name of an index or a sequence */
	Oid			key2;			/* mode, or leaf, or nothing */
	Oid			oid;
} CacheEntry;

static CacheEntry cache[CACHE_SIZE];
static int	cache_used = 0;

static void
forget_all(Datum arg, Oid relid)
{
	int			i;

	if (relid == InvalidOid)
		cache_used = 0;
	for (i = 0; i < cache_used; i++)
		if (cache[i].oid == relid || cache[i].key2 == relid)
			cache_used = 0;
}

static Oid
cache_find(const void *key1, Oid key2)
{
	int			i;

	for (i = 0; i < cache_used; i++)
		if (cache[i].key1 == key1 && cache[i].key2 == key2)
			return cache[i].oid;
	return InvalidOid;
}

static void
cache_add(const void *key1, Oid key2, Oid oid)
{
	static bool registered = false;

	if (!registered)
	{
		arb_relcache_callback(forget_all);
		registered = true;
	}
	if (cache_used == CACHE_SIZE)
		cache_used = 0;
	cache[cache_used].key1 = key1;
	cache[cache_used].key2 = key2;
	cache[cache_used].oid = oid;
	cache_used++;
}

static Oid
leaf_oid(const TableDef *def, TradingMode mode)
{
	char		name[NAMEDATALEN];
	char	   *c;

	if (!def->by_mode)
		return arb_catalog_relation(def->name);
	if (mode == MODE_BACKTEST)
		elog(ERROR, "a backtest's leaf is named by its run");
	snprintf(name, sizeof(name), "%s_%s", def->name, arb_label_name(LABEL_MODE, mode));
	for (c = name; *c; c++)
		*c = pg_tolower((unsigned char) *c);
	return arb_catalog_relation(name);
}

/* The columns we count on must be the columns that are: a library older or newer than the tables stops here. */
static void
check_columns(const TableDef *def, Relation rel)
{
	TupleDesc	desc = RelationGetDescr(rel);
	int			i;

	for (i = 0; i < def->ncolumns; i++)
		if (i >= desc->natts || strcmp(NameStr(TupleDescAttr(desc, i)->attname), def->columns[i]) != 0)
			ereport(ERROR,
					(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					 errmsg("table arbees.%s is not the one this library was built for", def->name),
					 errdetail("Column %d should be \"%s\".", i + 1, def->columns[i]),
					 errhint("Run ALTER EXTENSION arbees UPDATE, or reconnect after an update.")));
	if (desc->natts != def->ncolumns || desc->natts > ARB_MAX_COLUMNS)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("table arbees.%s has %d columns, this library knows %d",
						def->name, desc->natts, def->ncolumns),
				 errhint("Run ALTER EXTENSION arbees UPDATE, or reconnect after an update.")));
}

/* arb_table_open opens a table, or its leaf for a mode. */
Table
arb_table_open(const TableDef *def, TradingMode mode, LOCKMODE lockmode)
{
	Table		table;
	Oid			oid = cache_find(def, (Oid) mode);
	bool		known = OidIsValid(oid);

	if (!known)
		oid = leaf_oid(def, mode);
	table.def = def;
	table.any_age = false;
	table.lockmode = lockmode;
	table.rel = table_open(oid, lockmode);
	if (!known)
	{
		check_columns(def, table.rel);
		cache_add(def, (Oid) mode, oid);
	}
	return table;
}

void
arb_table_close(Table *table)
{
	/* The lock stays until the transaction ends, as after any statement. */
	table_close(table->rel, NoLock);
	table->rel = NULL;
}

static Oid
index_oid(Table *table, const char *index)
{
	Oid			leaf = RelationGetRelid(table->rel);
	Oid			oid = cache_find(index, leaf);

	if (OidIsValid(oid))
		return oid;
	oid = arb_catalog_relation(index);
	if (table->rel->rd_rel->relispartition)
		oid = index_get_partition(table->rel, oid);
	if (!OidIsValid(oid))
		elog(ERROR, "table \"%s\" has no part of index \"%s\"",
			 RelationGetRelationName(table->rel), index);
	cache_add(index, leaf, oid);
	return oid;
}

/* arb_next_id draws from a sequence of ours; the name must be a constant. */
int64
arb_next_id(const char *sequence)
{
	Oid			oid = cache_find(sequence, InvalidOid);

	if (!OidIsValid(oid))
	{
		oid = arb_catalog_relation(sequence);
		cache_add(sequence, InvalidOid, oid);
	}
	return nextval_internal(oid, false);
}

/* arb_snapshot_begin takes the snapshot to read by; call it after the locks. */
Snapshot
arb_snapshot_begin(void)
{
	return RegisterSnapshot(GetLatestSnapshot());
}

void
arb_snapshot_end(Snapshot snapshot)
{
	UnregisterSnapshot(snapshot);
}

/*
 * arb_row_require_visible raises 40001 for a row that the transaction's own
 * snapshot cannot see; for transactions that keep one snapshot.
 */
void
arb_row_require_visible(const Row *row)
{
	if (!TransactionIdIsCurrentTransactionId(row->xmin) &&
		XidInMVCCSnapshot(row->xmin, GetTransactionSnapshot()))
		ereport(ERROR,
				(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
				 errmsg("could not decide: the books changed since this transaction began"),
				 errhint("Retry the transaction, or decide at READ COMMITTED.")));
}

/* The row as it lies in the slot: its values by reference live as long as the slot's content. */
static void
view_row(TupleTableSlot *slot, Row *row)
{
	int			natts = slot->tts_tupleDescriptor->natts;
	bool		isnull;

	slot_getallattrs(slot);
	memcpy(row->null, slot->tts_isnull, natts * sizeof(bool));
	memcpy(row->value, slot->tts_values, natts * sizeof(Datum));
	row->tid = slot->tts_tid;
	row->xmin = DatumGetTransactionId(slot_getsysattr(slot, MinTransactionIdAttributeNumber, &isnull));
}

/* Gives a row its own copy of its tuple, in the current context. */
static void
own_row(TupleTableSlot *slot, Row *row)
{
	heap_deform_tuple(ExecCopySlotHeapTuple(slot), slot->tts_tupleDescriptor, row->value, row->null);
}

static int
scan_index(Table *table, const char *index, int nkeys, const IndexKey *keys,
		   ScanDirection direction, Snapshot snapshot, bool own, RowVisitor visit, void *arg)
{
	/* The table's own mode: what is written later in this transaction is then locked once. */
	Relation	idx = index_open(index_oid(table, index), table->lockmode);
	TupleTableSlot *slot = table_slot_create(table->rel, NULL);
	ScanKeyData scankeys[4];
	IndexScanDesc scan;
	int			n = 0;
	int			i;

	Assert(nkeys <= 4);
	for (i = 0; i < nkeys; i++)
		ScanKeyEntryInitialize(&scankeys[i], 0, i + 1,
							   keys[i].equal == F_INT8GE ? BTGreaterEqualStrategyNumber : BTEqualStrategyNumber,
							   InvalidOid,
							   keys[i].equal == F_TEXTEQ ? idx->rd_indcollation[i] : InvalidOid,
							   keys[i].equal, keys[i].value);
	scan = ARB_INDEX_BEGINSCAN(table->rel, idx, snapshot, nkeys);
	index_rescan(scan, scankeys, nkeys, NULL, 0);
	while (index_getnext_slot(scan, direction, slot))
	{
		Row			row;

		view_row(slot, &row);
		if (IsolationUsesXactSnapshot() && !table->any_age)
			arb_row_require_visible(&row);
		if (own)
			own_row(slot, &row);
		n++;
		if (!visit(&row, arg))
			break;
	}
	index_endscan(scan);
	ExecDropSingleTupleTableSlot(slot);
	/* The lock stays, as the table's does: the next look at it in this transaction is cheaper. */
	index_close(idx, NoLock);
	return n;
}

/*
 * arb_table_scan visits the rows whose leading index columns equal the keys.
 *
 * Returns: the number of rows visited.
 */
int
arb_table_scan(Table *table, const char *index, int nkeys, const IndexKey *keys,
			   ScanDirection direction, Snapshot snapshot, RowVisitor visit, void *arg)
{
	return scan_index(table, index, nkeys, keys, direction, snapshot, true, visit, arg);
}

/* arb_table_visit does the same with rows that are gone after the visit, for visitors that count. */
int
arb_table_visit(Table *table, const char *index, int nkeys, const IndexKey *keys,
				ScanDirection direction, Snapshot snapshot, RowVisitor visit, void *arg)
{
	return scan_index(table, index, nkeys, keys, direction, snapshot, false, visit, arg);
}

static bool
keep_first(const Row *row, void *arg)
{
	memcpy(arg, row, sizeof(Row));
	return false;
}

/* arb_table_fetch reads the first row of a scan; false when there is none. */
bool
arb_table_fetch(Table *table, const char *index, int nkeys, const IndexKey *keys,
				ScanDirection direction, Snapshot snapshot, Row *row)
{
	return arb_table_scan(table, index, nkeys, keys, direction, snapshot, keep_first, row) > 0;
}

/* arb_row_read opens a table to fetch one row of it; without a snapshot, by the latest. */
bool
arb_row_read(const TableDef *def, TradingMode mode, const char *index, int nkeys, const IndexKey *keys,
			 Snapshot snapshot, Row *row)
{
	Table		table = arb_table_open(def, mode, AccessShareLock);
	Snapshot	own = snapshot == NULL ? arb_snapshot_begin() : NULL;
	bool		found = arb_table_fetch(&table, index, nkeys, keys, ForwardScanDirection,
										snapshot == NULL ? own : snapshot, row);

	if (own != NULL)
		arb_snapshot_end(own);
	arb_table_close(&table);
	return found;
}

/* arb_row_fixed returns an amount, FIXED_NULL for NULL. */
Fixed
arb_row_fixed(const Row *row, int column)
{
	return row->null[column] ? FIXED_NULL : arb_fixed_from_numeric(row->value[column]);
}

void
arb_row_set(Row *row, int column, Datum value)
{
	row->value[column] = value;
	row->null[column] = false;
}

void
arb_row_set_fixed(Row *row, int column, Fixed value)
{
	arb_row_set(row, column, arb_fixed_to_numeric(value));
}

/* An executor state for one table, enough for triggers, constraints and index entries. */
static EState *
begin_write(Table *table, ResultRelInfo *rri)
{
	EState	   *estate = CreateExecutorState();
	RangeTblEntry *rte = makeNode(RangeTblEntry);

	rte->rtekind = RTE_RELATION;
	rte->relid = RelationGetRelid(table->rel);
	rte->relkind = table->rel->rd_rel->relkind;
	rte->rellockmode = AccessShareLock;
#if PG_VERSION_NUM >= 160000
	{
		List	   *perminfos = NIL;

		addRTEPermissionInfo(&perminfos, rte);
#if PG_VERSION_NUM >= 180000
		ExecInitRangeTable(estate, list_make1(rte), perminfos, bms_make_singleton(1));
#else
		ExecInitRangeTable(estate, list_make1(rte), perminfos);
#endif
	}
#else
	ExecInitRangeTable(estate, list_make1(rte));
#endif
	InitResultRelInfo(rri, table->rel, 1, NULL, 0);
	/* Known to the state, so that foreign key triggers find it instead of opening it again. */
	estate->es_opened_result_relations = lappend(estate->es_opened_result_relations, rri);
	estate->es_output_cid = GetCurrentCommandId(true);
	ExecOpenIndices(rri, false);
	arb_prepared_lend(table->rel, rri);
	AfterTriggerBeginQuery();
	return estate;
}

static void
end_write(EState *estate)
{
	AfterTriggerEndQuery(estate);
	ExecCloseResultRelations(estate);	/* and their indexes */
	ExecResetTupleTable(estate->es_tupleTable, false);
	FreeExecutorState(estate);
	CommandCounterIncrement();
}

static TupleTableSlot *
filled_slot(EState *estate, Table *table, const Datum *values, const bool *nulls)
{
	TupleTableSlot *slot = ExecInitExtraTupleSlot(estate, RelationGetDescr(table->rel), &TTSOpsVirtual);
	int			natts = table->def->ncolumns;

	ExecClearTuple(slot);
	memcpy(slot->tts_values, values, natts * sizeof(Datum));
	memcpy(slot->tts_isnull, nulls, natts * sizeof(bool));
	ExecStoreVirtualTuple(slot);
	return slot;
}

/* A stranger's trigger must not find its names by the path of whoever called the gate. */
static int
path_of_triggers(Table *table)
{
	return arb_prepared_runs_strangers(table->rel) ? arb_safe_path_enter() : 0;
}

/* arb_table_insert inserts one row; all columns must be given, defaults do not apply. */
void
arb_table_insert(Table *table, Datum *values, bool *nulls)
{
	ResultRelInfo *rri;
	EState	   *estate;
	int			path;

	if (arb_prepared_insert(table->rel, table->def->ncolumns, values, nulls))
		return;
	path = path_of_triggers(table);
	rri = makeNode(ResultRelInfo);
	estate = begin_write(table, rri);
	PushActiveSnapshot(GetTransactionSnapshot());
	arb_simple_insert(rri, estate, filled_slot(estate, table, values, nulls));
	end_write(estate);
	PopActiveSnapshot();
	arb_safe_path_leave(path);
}

/*
 * arb_table_update writes back a fetched row.
 *
 * The caller holds the lock under which the row was read, so that nobody else
 * can have changed it since.
 * Errors: 40001 when somebody has.
 */
void
arb_table_update(Table *table, const Row *row)
{
	int			path = path_of_triggers(table);
	ResultRelInfo *rri = makeNode(ResultRelInfo);
	EState	   *estate = begin_write(table, rri);
	TupleTableSlot *old = table_slot_create(table->rel, &estate->es_tupleTable);
	TM_FailureData failure;
	EPQState	epq;

	/* Without a plan to evaluate again, the executor must never meet a newer version. */
	if (table_tuple_lock(table->rel, (ItemPointer) &row->tid, GetLatestSnapshot(), old, GetCurrentCommandId(true),
						 LockTupleNoKeyExclusive, LockWaitBlock, 0, &failure) != TM_Ok)
		ereport(ERROR,
				(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
				 errmsg("row of \"%s\" changed meanwhile", RelationGetRelationName(table->rel)),
				 errhint("Try again.")));
#if PG_VERSION_NUM >= 160000
	EvalPlanQualInit(&epq, estate, NULL, NIL, -1, NIL);
#else
	EvalPlanQualInit(&epq, estate, NULL, NIL, -1);
#endif
	PushActiveSnapshot(GetTransactionSnapshot());
	arb_simple_update(rri, estate, &epq, old, filled_slot(estate, table, row->value, row->null));
	EvalPlanQualEnd(&epq);
	end_write(estate);
	PopActiveSnapshot();
	arb_safe_path_leave(path);
}
