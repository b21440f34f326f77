/*-------------------------------------------------------------------------
 *
 * src/core/row_cache.c
 *	  Rows that seldom change, kept by each backend until they do.
 *
 * A table's generation counts its invalidations; a kept row is good while its
 * generation is the table's. It is taken before the snapshot the row is read by,
 * so a change that commits in between makes the row old at once. Changes of the
 * own transaction invalidate at the next command, those of an aborted one when
 * it aborts, as with the catalogues.
 *
 * Trigger, BEFORE INSERT OR UPDATE OR DELETE FOR EACH ROW, ENABLE ALWAYS:
 *		arbees.forget_rows(argument, ...)
 *		'-column'	not kept (NULL in a kept row); its changes do not count
 *		'+column'	may grow without notice: a kept value can be too old, never
 *					too young; a heartbeat
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/table.h"
#include "access/transam.h"
#include "access/xact.h"
#include "catalog/pg_trigger.h"
#include "commands/trigger.h"
#include "compat.h"
#include "core/relcache.h"
#include "core/row_cache.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "utils/datum.h"
#include "utils/fmgroids.h"
#include "utils/inval.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

PG_FUNCTION_INFO_V1(arbees_forget_rows);

#define MAX_TABLES 32
/* A power of two; an instrument beyond that many displaces another one. */
#define MAX_ENTRIES 1024

typedef struct CachedTable
{
	const TableDef *def;
	Oid			relid;
	uint64		generation;		/* grows with every invalidation */
	bool		known;			/* the triggers were looked at in this generation */
	bool		keeps_rows;		/* they tell of updates and deletes */
	bool		keeps_all;		/* and of inserts */
	bool		blank[ARB_MAX_COLUMNS];
} CachedTable;

typedef enum EntryKind
{
	ENTRY_ROW = 1,
	ENTRY_LAST,
	ENTRY_ALL
} EntryKind;

typedef struct Entry
{
	EntryKind	kind;			/* 0 = free */
	CachedTable *table;
	const char *index;
	int32		key;
	uint64		generation;
	MemoryContext context;		/* holds set and rows */
	RowSet	   *set;
} Entry;

static CachedTable tables[MAX_TABLES];
static int	ntables = 0;
static Entry entries[MAX_ENTRIES];

static void
forget_table(Datum arg, Oid relid)
{
	int			i;

	for (i = 0; i < ntables; i++)
		if (relid == InvalidOid || tables[i].relid == relid)
		{
			tables[i].generation++;
			tables[i].known = false;
		}
}

static CachedTable *
find_table(const TableDef *def)
{
	static bool registered = false;
	int			i;

	if (!registered)
	{
		arb_relcache_callback(forget_table);
		registered = true;
	}
	for (i = 0; i < ntables; i++)
		if (tables[i].def == def)
			return &tables[i];
	if (ntables == MAX_TABLES)
		elog(ERROR, "too many tables with kept rows");
	memset(&tables[ntables], 0, sizeof(CachedTable));
	tables[ntables].def = def;
	return &tables[ntables++];
}

static Entry *
place_of(const CachedTable *table, const char *index, EntryKind kind, int32 key)
{
	/* Multiplicative hashing; neighbouring ids of one table never meet. */
	uint32		hash = (uint32) (table - tables) * 0x9E3779B1U + (uint32) kind * 0x85EBCA6BU + (uint32) key;

	return &entries[hash % MAX_ENTRIES];
}

static bool
is_forget_rows(const Trigger *t)
{
	FmgrInfo	flinfo;

	if (!TRIGGER_FOR_ROW(t->tgtype) || !TRIGGER_FOR_BEFORE(t->tgtype) || t->tgenabled != TRIGGER_FIRES_ALWAYS ||
		t->tgqual != NULL || t->tgnattr != 0)
		return false;
	fmgr_info(t->tgfoid, &flinfo);
	return flinfo.fn_addr == arbees_forget_rows;
}

/* Keeps rows only of a table whose trigger tells of changes: without it the cache is slow, not wrong. */
static void
look_at_triggers(CachedTable *table, Relation rel)
{
	TriggerDesc *triggers = CopyTriggerDesc(rel->trigdesc);
	int			i;
	int			j;

	/* First, so that a change that comes while we look is not lost. */
	table->known = true;
	table->relid = RelationGetRelid(rel);
	table->keeps_rows = table->keeps_all = false;
	memset(table->blank, 0, sizeof(table->blank));
	for (i = 0; triggers != NULL && i < triggers->numtriggers; i++)
	{
		const Trigger *t = &triggers->triggers[i];

		if (!is_forget_rows(t))
			continue;
		if (TRIGGER_FOR_UPDATE(t->tgtype) && TRIGGER_FOR_DELETE(t->tgtype))
			table->keeps_rows = true;
		if (table->keeps_rows && TRIGGER_FOR_INSERT(t->tgtype))
			table->keeps_all = true;
		for (j = 0; j < t->tgnargs; j++)
			if (t->tgargs[j][0] == '-')
			{
				int			column = SPI_fnumber(RelationGetDescr(rel), t->tgargs[j] + 1);

				if (column > 0)
					table->blank[column - 1] = true;
			}
	}
}

typedef struct Collector
{
	const CachedTable *table;
	RowSet	   *set;
	int			room;
	bool		only_one;
} Collector;

static bool
collect(const Row *row, void *arg)
{
	Collector  *c = arg;
	Row		   *kept = palloc(sizeof(Row));
	int			i;

	memcpy(kept, row, sizeof(Row));
	for (i = 0; i < c->table->def->ncolumns; i++)
		if (c->table->blank[i])
			kept->null[i] = true;
	if (c->set->count == c->room)
	{
		c->room *= 2;
		c->set->rows = repalloc(c->set->rows, c->room * sizeof(Row *));
	}
	c->set->rows[c->set->count++] = kept;
	return !c->only_one;
}

/*
 * Reads into a context of its own. It belongs to the transaction first, so that
 * an error leaves nothing behind, and to the entry when it is kept.
 */
static void
load(Entry *entry, CachedTable *table, const char *index, EntryKind kind, int32 key)
{
	Collector	c = {table, NULL, 1, kind != ENTRY_ALL};
	IndexKey	keys[] = {INT4_KEY(key)};
	Table		opened = arb_table_open(table->def, 0, AccessShareLock);
	MemoryContext context = AllocSetContextCreate(TopTransactionContext, "arbees kept rows", ALLOCSET_SMALL_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	Snapshot	snapshot;
	uint64		generation;

	c.set = palloc0(sizeof(RowSet));
	c.set->rows = palloc(sizeof(Row *));
	/* Opening the table may have told of a change; then its triggers are looked at again. */
	while (!table->known || table->relid != RelationGetRelid(opened.rel))
		look_at_triggers(table, opened.rel);
	/* Before the snapshot: what commits from here on makes it old. */
	generation = table->generation;
	snapshot = arb_snapshot_begin();
	arb_table_scan(&opened, index, kind == ENTRY_ROW ? 1 : 0, keys,
				   kind == ENTRY_LAST ? BackwardScanDirection : ForwardScanDirection, snapshot, collect, &c);
	arb_snapshot_end(snapshot);
	arb_table_close(&opened);
	MemoryContextSwitchTo(old);

	/* What the caller was given before lives on until the transaction ends. */
	if (entry->context != NULL)
		MemoryContextSetParent(entry->context, TopTransactionContext);
	entry->kind = kind;
	entry->table = table;
	entry->index = index;
	entry->key = key;
	entry->context = context;
	entry->set = c.set;
	entry->generation = generation;
}

/* Whether an answer may stay for later transactions. */
static bool
may_stay(const Entry *entry)
{
	return entry->generation == entry->table->generation &&
		(entry->kind == ENTRY_ROW ? entry->table->keeps_rows && entry->set->count > 0 : entry->table->keeps_all);
}

/* A stricter transaction must not decide by what its own snapshot cannot see. */
static void
require_visible_rows(const RowSet *set)
{
	int			i;

	if (IsolationUsesXactSnapshot())
		for (i = 0; i < set->count; i++)
			arb_row_require_visible(set->rows[i]);
}

static const RowSet *
read_rows(const TableDef *def, const char *index, EntryKind kind, int32 key, bool renew)
{
	CachedTable *table = find_table(def);
	Entry	   *entry = place_of(table, index, kind, key);
	RowSet	   *set;

	AcceptInvalidationMessages();
	if (!renew && entry->kind == kind && entry->table == table && entry->index == index && entry->key == key &&
		entry->generation == table->generation)
	{
		require_visible_rows(entry->set);
		return entry->set;
	}
	load(entry, table, index, kind, key);
	set = entry->set;
	if (may_stay(entry))
		MemoryContextSetParent(entry->context, CacheMemoryContext);
	else
	{
		entry->kind = 0;
		entry->context = NULL;
	}
	return set;
}

/* Copies what the table has of columns: a row's place is for the widest one. */
static bool
only_row(const TableDef *def, const RowSet *set, Row *row)
{
	const Row  *kept;

	if (set->count == 0)
		return false;
	kept = set->rows[0];
	row->tid = kept->tid;
	row->xmin = kept->xmin;
	memcpy(row->value, kept->value, def->ncolumns * sizeof(Datum));
	memcpy(row->null, kept->null, def->ncolumns * sizeof(bool));
	return true;
}

bool
arb_row_cached(const TableDef *def, const char *index, int32 key, Row *row)
{
	return only_row(def, read_rows(def, index, ENTRY_ROW, key, false), row);
}

bool
arb_row_renewed(const TableDef *def, const char *index, int32 key, Row *row)
{
	return only_row(def, read_rows(def, index, ENTRY_ROW, key, true), row);
}

bool
arb_last_row_cached(const TableDef *def, const char *index, Row *row)
{
	return only_row(def, read_rows(def, index, ENTRY_LAST, 0, false), row);
}

bool
arb_last_row_renewed(const TableDef *def, const char *index, Row *row)
{
	return only_row(def, read_rows(def, index, ENTRY_LAST, 0, true), row);
}

const RowSet *
arb_rows_cached(const TableDef *def, const char *index)
{
	return read_rows(def, index, ENTRY_ALL, 0, false);
}

/* ---- the trigger ---- */

/* Whether the arguments say that a column's change does not count. */
static bool
is_excused(const Trigger *t, const char *column, Datum old, Datum new, bool either_null)
{
	int			i;

	for (i = 0; i < t->tgnargs; i++)
	{
		const char *argument = t->tgargs[i];

		if (strcmp(argument + 1, column) != 0)
			continue;
		if (argument[0] == '-')
			return true;
		/* Times and counts alike are int64. */
		if (argument[0] == '+')
			return !either_null && DatumGetInt64(new) >= DatumGetInt64(old);
	}
	return false;
}

static bool
matters(TriggerData *trigger)
{
	TupleDesc	desc = RelationGetDescr(trigger->tg_relation);
	int			i;

	for (i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute att = TupleDescAttr(desc, i);
		Datum		old;
		Datum		new;
		bool		old_null;
		bool		new_null;

		if (att->attisdropped)
			continue;
		old = heap_getattr(trigger->tg_trigtuple, i + 1, desc, &old_null);
		new = heap_getattr(trigger->tg_newtuple, i + 1, desc, &new_null);
		if (old_null && new_null)
			continue;
		if (!old_null && !new_null && datum_image_eq(old, new, att->attbyval, att->attlen))
			continue;
		if (!is_excused(trigger->tg_trigger, NameStr(att->attname), old, new, old_null || new_null))
			return true;
	}
	return false;
}

/* Tells every session that a row it may have kept is another one now. */
Datum
arbees_forget_rows(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = (TriggerData *) fcinfo->context;

	if (!CALLED_AS_TRIGGER(fcinfo) || !TRIGGER_FIRED_FOR_ROW(trigger->tg_event) ||
		!TRIGGER_FIRED_BEFORE(trigger->tg_event))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("arbees.forget_rows is a trigger function before each row")));
	if (!TRIGGER_FIRED_BY_UPDATE(trigger->tg_event) || matters(trigger))
		CacheInvalidateRelcacheByRelid(RelationGetRelid(trigger->tg_relation));
	return PointerGetDatum(TRIGGER_FIRED_BY_UPDATE(trigger->tg_event) ?
						   trigger->tg_newtuple : trigger->tg_trigtuple);
}
