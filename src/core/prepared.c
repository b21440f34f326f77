/*-------------------------------------------------------------------------
 *
 * src/core/prepared.c
 *	  Writing rows without an executor: checks, indexes and triggers of a table,
 *	  prepared once per backend.
 *
 * The executor reads the text of every CHECK anew for every row, opens every
 * index twice and queues a trigger event per foreign key, which costs several
 * times the row. Here constraints, partition bounds and indexes are prepared
 * once and forgotten when the relation changes; what is in force stays in force:
 *
 *	NOT NULL, CHECK, partition bound	evaluated here; the executor words the error
 *	unique indexes						checked by the index itself, as always
 *	guard triggers						pass when the caller opened the guard, so
 *										they are asked that question instead
 *	foreign keys						our callers have read the parent in the same
 *										transaction; it cannot vanish meanwhile when
 *										a guard of ours lets no key of it go, which
 *										is looked up; else the executor checks
 *
 * Any other row trigger on INSERT, any index that is no plain b-tree, any
 * generated column: the executor does the work.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/index.h"
#include "catalog/pg_am.h"
#include "catalog/pg_class.h"
#include "catalog/pg_trigger.h"
#include "commands/trigger.h"
#include "compat.h"
#include "core/guard.h"
#include "core/prepared.h"
#include "core/relcache.h"
#include "executor/executor.h"
#include "nodes/makefuncs.h"
#include "utils/fmgroids.h"
#include "utils/inval.h"
#include "utils/memutils.h"
#include "utils/partcache.h"
#include "utils/rel.h"

#define MAX_PREPARED 48
#define MAX_GUARDS 4
#define MAX_PARENTS 8

typedef struct PreparedIndex
{
	Oid			oid;
	IndexInfo  *info;
	ExprState  *predicate;		/* of a partial index */
} PreparedIndex;

typedef struct Prepared
{
	Oid			relid;
	bool		complete;
	bool		stale;			/* the table changed; prepared anew at the next use */
	bool		fast;			/* the executor need not be asked */
	bool		strangers;		/* a row trigger that is not ours */
	MemoryContext context;
	EState	   *estate;			/* only its memory and its per-row context are used */
	TupleTableSlot *slot;
	int			nchecks;
	ExprState **checks;			/* as the executor's array of them */
	ExprState  *partition;		/* NULL for a table that is no partition */
	int			nindexes;
	PreparedIndex *indexes;
	int			nguards;
	const char *guards[MAX_GUARDS]; /* to be open */
	int			nparents;
	Oid			parents[MAX_PARENTS];	/* their guards were looked up */
} Prepared;

static Prepared prepared[MAX_PREPARED];
static int	nprepared = 0;

static void
mark_stale(Datum arg, Oid relid)
{
	int			i;
	int			j;

	for (i = 0; i < nprepared; i++)
	{
		Prepared   *p = &prepared[i];

		if (relid == InvalidOid || p->relid == relid)
			p->stale = true;
		for (j = 0; j < p->nparents; j++)
			if (p->parents[j] == relid)
				p->stale = true;
	}
}

/* Whether no key of a table goes away: a guard of ours stands before its DELETE and nothing switches it off. */
static bool
keeps_its_keys(Oid relid)
{
	Relation	rel = table_open(relid, AccessShareLock);
	TriggerDesc *triggers = CopyTriggerDesc(rel->trigdesc);
	bool		kept = false;
	int			i;

	for (i = 0; triggers != NULL && i < triggers->numtriggers; i++)
	{
		const Trigger *t = &triggers->triggers[i];
		const char *guard;

		if (TRIGGER_FOR_ROW(t->tgtype) && TRIGGER_FOR_BEFORE(t->tgtype) && TRIGGER_FOR_DELETE(t->tgtype) &&
			TRIGGER_FOR_UPDATE(t->tgtype) && t->tgenabled == TRIGGER_FIRES_ALWAYS &&
			arb_guard_of_trigger(t, &guard))
			kept = true;
	}
	table_close(rel, NoLock);
	return kept;
}

/* The fast way must know what every row trigger would have done. */
static bool
knows_insert_trigger(Prepared *p, const Trigger *t)
{
	const char *guard;

	if (arb_guard_of_trigger(t, &guard))
	{
		if (guard == NULL)
			return true;
		if (p->nguards == MAX_GUARDS)
			return false;
		p->guards[p->nguards++] = MemoryContextStrdup(p->context, guard);
		return true;
	}
	if (t->tgfoid == F_RI_FKEY_CHECK_INS && p->nparents < MAX_PARENTS)
	{
		p->parents[p->nparents++] = t->tgconstrrelid;
		return keeps_its_keys(t->tgconstrrelid);
	}
	return false;
}

static bool
is_ours_or_foreign_key(const Trigger *t)
{
	const char *guard;

	return t->tgisinternal || arb_guard_of_trigger(t, &guard);
}

static void
prepare_triggers(Prepared *p, Relation rel)
{
	/* A copy: the look-ups below may replace the relation's own. */
	TriggerDesc *triggers = CopyTriggerDesc(rel->trigdesc);
	int			i;

	for (i = 0; triggers != NULL && i < triggers->numtriggers; i++)
	{
		const Trigger *t = &triggers->triggers[i];

		if (!TRIGGER_FOR_ROW(t->tgtype) || t->tgenabled == TRIGGER_DISABLED)
			continue;
		if (!is_ours_or_foreign_key(t))
			p->strangers = true;
		if (TRIGGER_FOR_INSERT(t->tgtype) && !knows_insert_trigger(p, t))
			p->fast = false;
	}
}

static void
prepare_indexes(Prepared *p, Relation rel)
{
	List	   *oids = RelationGetIndexList(rel);
	ListCell   *lc;

	p->indexes = palloc0(sizeof(PreparedIndex) * Max(list_length(oids), 1));
	foreach(lc, oids)
	{
		Relation	idx = index_open(lfirst_oid(lc), AccessShareLock);
		PreparedIndex *index = &p->indexes[p->nindexes];

		index->oid = lfirst_oid(lc);
		index->info = BuildIndexInfo(idx);
		if (index->info->ii_Predicate != NIL)
			index->predicate = ExecPrepareQual(copyObject(index->info->ii_Predicate), p->estate);
		if (idx->rd_rel->relam != BTREE_AM_OID || index->info->ii_Expressions != NIL ||
			index->info->ii_ExclusionOps != NULL || !idx->rd_index->indimmediate)
			p->fast = false;
		/* One that is just being built takes rows only when it says so; the relation changes then. */
		if (index->info->ii_ReadyForInserts)
			p->nindexes++;
		index_close(idx, AccessShareLock);
	}
	list_free(oids);
}

static void
prepare_constraints(Prepared *p, Relation rel)
{
	TupleConstr *constr = p->slot->tts_tupleDescriptor->constr;
	int			i;

	if (constr != NULL && ARB_HAS_GENERATED(constr))
		p->fast = false;
	if (constr != NULL && constr->num_check > 0)
	{
		p->nchecks = constr->num_check;
		p->checks = palloc0(sizeof(ExprState *) * constr->num_check);
		for (i = 0; i < constr->num_check; i++)
			if (ARB_CHECK_IS_ENFORCED(constr->check[i]))
				p->checks[i] = ExecPrepareExpr(stringToNode(constr->check[i].ccbin), p->estate);
	}
	if (rel->rd_rel->relispartition)
		p->partition = ExecPrepareCheck(RelationGetPartitionQual(rel), p->estate);
}

static void
prepare(Prepared *p, Relation rel)
{
	MemoryContext context = AllocSetContextCreate(CacheMemoryContext, "arbees prepared writes",
												  ALLOCSET_SMALL_SIZES);
	MemoryContext old;

	if (p->context != NULL)
		MemoryContextDelete(p->context);
	memset(p, 0, sizeof(*p));
	p->context = context;
	/* Before anything that may run the callback: what changes from here on makes it stale again. */
	p->relid = RelationGetRelid(rel);
	p->fast = rel->rd_rel->relkind == RELKIND_RELATION;
	old = MemoryContextSwitchTo(context);
	p->estate = CreateExecutorState();
	p->slot = MakeSingleTupleTableSlot(CreateTupleDescCopyConstr(RelationGetDescr(rel)), &TTSOpsVirtual);
	p->slot->tts_tableOid = p->relid;
	prepare_constraints(p, rel);
	prepare_indexes(p, rel);
	prepare_triggers(p, rel);
	MemoryContextSwitchTo(old);
	p->complete = true;
}

/* A place for a table: its own, a free one, or that of a table that is gone. */
static Prepared *
place_of(Oid relid)
{
	static bool registered = false;
	Prepared   *gone = NULL;
	int			i;

	if (!registered)
	{
		arb_relcache_callback(mark_stale);
		registered = true;
	}
	for (i = 0; i < nprepared; i++)
	{
		if (prepared[i].relid == relid)
			return &prepared[i];
		if (prepared[i].stale)
			gone = &prepared[i];
	}
	if (nprepared < MAX_PREPARED)
		return &prepared[nprepared++];
	return gone;
}

static Prepared *
find_prepared(Relation rel)
{
	Prepared   *p = place_of(RelationGetRelid(rel));

	if (p != NULL && (p->relid != RelationGetRelid(rel) || p->stale || !p->complete))
		prepare(p, rel);
	return p;
}

void
arb_prepared_lend(Relation rel, ResultRelInfo *rri)
{
	Prepared   *p = find_prepared(rel);
	int			i;
	int			j;

	if (p == NULL)
		return;
	rri->ARB_CHECK_STATES = p->checks;
	rri->ri_PartitionCheckExpr = p->partition;
	for (i = 0; i < rri->ri_NumIndices; i++)
		for (j = 0; j < p->nindexes; j++)
			if (RelationGetRelid(rri->ri_IndexRelationDescs[i]) == p->indexes[j].oid)
				rri->ri_IndexRelationInfo[i]->ii_PredicateState = p->indexes[j].predicate;
}

bool
arb_prepared_runs_strangers(Relation rel)
{
	Prepared   *p = find_prepared(rel);

	return p == NULL || p->strangers;
}

static bool
satisfies_constraints(Prepared *p, TupleTableSlot *slot, ExprContext *econtext)
{
	TupleDesc	desc = slot->tts_tupleDescriptor;
	int			i;

	for (i = 0; i < desc->natts; i++)
		if (slot->tts_isnull[i] && TupleDescAttr(desc, i)->attnotnull)
			return false;
	for (i = 0; i < p->nchecks; i++)
		if (p->checks[i] != NULL && !ExecCheck(p->checks[i], econtext))
			return false;
	return p->partition == NULL || ExecCheck(p->partition, econtext);
}

static void
insert_index_entries(Prepared *p, Relation rel, TupleTableSlot *slot, ExprContext *econtext)
{
	Datum		values[INDEX_MAX_KEYS];
	bool		nulls[INDEX_MAX_KEYS];
	int			i;

	for (i = 0; i < p->nindexes; i++)
	{
		PreparedIndex *index = &p->indexes[i];
		Relation	idx;

		if (index->predicate != NULL && !ExecQual(index->predicate, econtext))
			continue;
		idx = index_open(index->oid, RowExclusiveLock);
		FormIndexDatum(index->info, slot, p->estate, values, nulls);
		ARB_INDEX_INSERT(idx, values, nulls, &slot->tts_tid, rel,
						 idx->rd_index->indisunique ? UNIQUE_CHECK_YES : UNIQUE_CHECK_NO, index->info);
		index_close(idx, NoLock);
	}
}

bool
arb_prepared_insert(Relation rel, int natts, const Datum *values, const bool *nulls)
{
	Prepared   *p = find_prepared(rel);
	TupleTableSlot *slot;
	ExprContext *econtext;
	bool		fits;
	int			i;

	if (p == NULL || !p->fast)
		return false;
	for (i = 0; i < p->nguards; i++)
		if (!arb_guard_is_open(p->guards[i]))
			return false;
	slot = p->slot;
	ExecClearTuple(slot);
	memcpy(slot->tts_values, values, natts * sizeof(Datum));
	memcpy(slot->tts_isnull, nulls, natts * sizeof(bool));
	ExecStoreVirtualTuple(slot);
	econtext = GetPerTupleExprContext(p->estate);
	ResetExprContext(econtext);
	econtext->ecxt_scantuple = slot;
	fits = satisfies_constraints(p, slot, econtext);
	if (fits)
	{
		table_tuple_insert(rel, slot, GetCurrentCommandId(true), 0, NULL);
		insert_index_entries(p, rel, slot, econtext);
	}
	ExecClearTuple(slot);
	if (fits)
		CommandCounterIncrement();
	return fits;
}
