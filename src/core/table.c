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
#include "commands/trigger.h"
#include "compat.h"
#include "core/catalog.h"
#include "core/table.h"
#include "executor/executor.h"
#include "nodes/makefuncs.h"
#include "utils/datum.h"
#include "utils/fmgroids.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/partcache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

/* Oids of leaves and their indexes, by name; forgotten whenever any of our relations changes. */
#define CACHE_SIZE 64

typedef struct CacheEntry
{
	const void *key1;			/* TableDef, or index name */
	Oid			key2;			/* mode, or leaf */
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
		CacheRegisterRelcacheCallback(forget_all, (Datum) 0);
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

static void
require_visible(TupleTableSlot *slot)
{
	bool		isnull;
	TransactionId xmin;

	if (!IsolationUsesXactSnapshot())
		return;
	xmin = DatumGetTransactionId(slot_getsysattr(slot, MinTransactionIdAttributeNumber, &isnull));
	if (!TransactionIdIsCurrentTransactionId(xmin) &&
		XidInMVCCSnapshot(xmin, GetTransactionSnapshot()))
		ereport(ERROR,
				(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
				 errmsg("could not decide: the books changed since this transaction began"),
				 errhint("Retry the transaction, or decide at READ COMMITTED.")));
}

static void
copy_row(TupleTableSlot *slot, Row *row)
{
	TupleDesc	desc = slot->tts_tupleDescriptor;
	int			i;

	slot_getallattrs(slot);
	for (i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute att = TupleDescAttr(desc, i);

		row->null[i] = slot->tts_isnull[i];
		row->value[i] = row->null[i] ? (Datum) 0 :
			datumCopy(slot->tts_values[i], att->attbyval, att->attlen);
	}
	row->tid = slot->tts_tid;
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
	Relation	idx = index_open(index_oid(table, index), AccessShareLock);
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
#if PG_VERSION_NUM >= 180000
	scan = index_beginscan(table->rel, idx, snapshot, NULL, nkeys, 0);
#else
	scan = index_beginscan(table->rel, idx, snapshot, nkeys, 0);
#endif
	index_rescan(scan, scankeys, nkeys, NULL, 0);
	while (index_getnext_slot(scan, direction, slot))
	{
		Row			row;

		if (!table->any_age)
			require_visible(slot);
		copy_row(slot, &row);
		n++;
		if (!visit(&row, arg))
			break;
	}
	index_endscan(scan);
	ExecDropSingleTupleTableSlot(slot);
	index_close(idx, AccessShareLock);
	return n;
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

/*
 * Checks of a table, prepared once per backend: the executor would read their
 * text anew for every row we insert, which costs more than the insert.
 */
typedef struct PreparedChecks
{
	Oid			relid;
	bool		stale;			/* the table changed; prepared anew at the next use */
	MemoryContext context;
	ExprState **checks;			/* as ResultRelInfo.ri_ConstraintExprs */
	ExprState  *partition;		/* NULL for a table that is no partition */
	int			nindexes;
	Oid		   *index_oids;
	ExprState **predicates;		/* of partial indexes, NULL elsewhere */
} PreparedChecks;

#define MAX_PREPARED 32
static PreparedChecks prepared[MAX_PREPARED];
static int	nprepared = 0;

static void
mark_stale(Datum arg, Oid relid)
{
	int			i;

	for (i = 0; i < nprepared; i++)
		if (relid == InvalidOid || prepared[i].relid == relid)
			prepared[i].stale = true;
}

static void
prepare_indexes(PreparedChecks *p, ResultRelInfo *rri, EState *estate)
{
	int			i;

	p->nindexes = rri->ri_NumIndices;
	p->index_oids = palloc0(sizeof(Oid) * Max(p->nindexes, 1));
	p->predicates = palloc0(sizeof(ExprState *) * Max(p->nindexes, 1));
	for (i = 0; i < p->nindexes; i++)
	{
		p->index_oids[i] = RelationGetRelid(rri->ri_IndexRelationDescs[i]);
		if (rri->ri_IndexRelationInfo[i]->ii_Predicate != NIL)
			p->predicates[i] = ExecPrepareQual(copyObject(rri->ri_IndexRelationInfo[i]->ii_Predicate), estate);
	}
}

static void
prepare_checks(PreparedChecks *p, Relation rel, ResultRelInfo *rri)
{
	MemoryContext old;
	TupleConstr *constr = RelationGetDescr(rel)->constr;
	EState	   *estate;
	int			i;

	if (p->context != NULL)
		MemoryContextDelete(p->context);
	memset(p, 0, sizeof(*p));
	p->context = AllocSetContextCreate(CacheMemoryContext, "arbees prepared checks", ALLOCSET_SMALL_SIZES);
	old = MemoryContextSwitchTo(p->context);
	/* Only its memory is wanted; it lives as long as the expressions. */
	estate = CreateExecutorState();
	if (constr != NULL && constr->num_check > 0)
	{
		p->checks = palloc(sizeof(ExprState *) * constr->num_check);
		for (i = 0; i < constr->num_check; i++)
			p->checks[i] = ExecPrepareExpr(stringToNode(constr->check[i].ccbin), estate);
	}
	if (rel->rd_rel->relispartition)
		p->partition = ExecPrepareCheck(RelationGetPartitionQual(rel), estate);
	prepare_indexes(p, rri, estate);
	MemoryContextSwitchTo(old);
	p->relid = RelationGetRelid(rel);
}

static PreparedChecks *
find_prepared(Relation rel, ResultRelInfo *rri)
{
	static bool registered = false;
	PreparedChecks *p = NULL;
	int			i;

	if (!registered)
	{
		CacheRegisterRelcacheCallback(mark_stale, (Datum) 0);
		registered = true;
	}
	for (i = 0; i < nprepared && p == NULL; i++)
		if (prepared[i].relid == RelationGetRelid(rel))
			p = &prepared[i];
	if (p != NULL && !p->stale)
		return p;
	if (p == NULL)
	{
		if (nprepared == MAX_PREPARED)
			return NULL;
		p = &prepared[nprepared];
		memset(p, 0, sizeof(*p));
	}
	prepare_checks(p, rel, rri);
	if (p == &prepared[nprepared])
		nprepared++;
	return p;
}

/* Hands the prepared checks to the executor, which then does not prepare its own. */
static void
use_prepared_checks(Relation rel, ResultRelInfo *rri)
{
	PreparedChecks *p = find_prepared(rel, rri);
	int			i;

	if (p == NULL)
		return;
	rri->ri_ConstraintExprs = p->checks;
	rri->ri_PartitionCheckExpr = p->partition;
	for (i = 0; i < Min(p->nindexes, rri->ri_NumIndices); i++)
		if (RelationGetRelid(rri->ri_IndexRelationDescs[i]) == p->index_oids[i])
			rri->ri_IndexRelationInfo[i]->ii_PredicateState = p->predicates[i];
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
	use_prepared_checks(table->rel, rri);
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

/* arb_table_insert inserts one row; all columns must be given, defaults do not apply. */
void
arb_table_insert(Table *table, Datum *values, bool *nulls)
{
	ResultRelInfo *rri = makeNode(ResultRelInfo);
	EState	   *estate = begin_write(table, rri);

	PushActiveSnapshot(GetTransactionSnapshot());
	arb_simple_insert(rri, estate, filled_slot(estate, table, values, nulls));
	end_write(estate);
	PopActiveSnapshot();
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
}
