/*-------------------------------------------------------------------------
 *
 * src/core/installation.c
 *	  Whether this database is the one that was bound, or a copy of it.
 *
 * The row carries the cluster's system identifier, the timeline, the database,
 * the table's own oid and the place of the data directory. A dump restored
 * elsewhere differs in the first, a promoted standby in the second, a cloned
 * database in the third, a restored dump in the fourth, a copy of the whole data
 * directory in the last: each stays paused until arbees_resume binds it.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xlog.h"
#include "core/catalog.h"
#include "core/clock.h"
#include "core/guard.h"
#include "core/installation.h"
#include "core/place.h"
#include "core/relcache.h"
#include "core/table.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/inval.h"
#include "utils/rel.h"
#include "utils/timestamp.h"

PG_FUNCTION_INFO_V1(arbees_installation_is_ours);

enum
{
	INSTALLATION_ONLY_ROW, INSTALLATION_SYSTEM, INSTALLATION_TIMELINE, INSTALLATION_DATABASE,
	INSTALLATION_RELATION, INSTALLATION_PLACE, INSTALLATION_BOUND_AT, INSTALLATION_BOUND_BY, INSTALLATION_COLUMN_COUNT
};

static const char *const InstallationColumns[] = {
	"only_row", "system_identifier", "timeline", "database_oid", "relation_oid", "place", "bound_at", "bound_by"
};
static const TableDef InstallationTable = {
	"installation", INSTALLATION_COLUMN_COUNT, InstallationColumns, false
};

/* The row as last read; forgotten when the table changes. */
static struct
{
	bool		valid;
	bool		present;
	Oid			relid;
	uint64		system;
	uint32		timeline;
	Oid			database;
	Oid			relation;
	bool		here;			/* its place is this one */
}			bound;

static void
forget_installation(Datum arg, Oid relid)
{
	if (relid == InvalidOid || relid == bound.relid)
		bound.valid = false;
}

static bool
fetch_row(Table *table, Row *row)
{
	Snapshot	snapshot = arb_snapshot_begin();
	bool		found;

	/* A copy is a copy, whatever the caller's snapshot shows. */
	table->any_age = true;
	found = arb_table_fetch(table, "installation_pkey", 0, NULL, ForwardScanDirection, snapshot, row);
	arb_snapshot_end(snapshot);
	return found;
}

static void
load_bound(void)
{
	Table		table = arb_table_open(&InstallationTable, 0, AccessShareLock);
	Row			row;

	bound.relid = RelationGetRelid(table.rel);
	bound.valid = true;
	bound.present = fetch_row(&table, &row);
	if (bound.present)
	{
		bound.system = (uint64) DatumGetInt64(row.value[INSTALLATION_SYSTEM]);
		bound.timeline = (uint32) DatumGetInt32(row.value[INSTALLATION_TIMELINE]);
		bound.database = DatumGetObjectId(row.value[INSTALLATION_DATABASE]);
		bound.relation = DatumGetObjectId(row.value[INSTALLATION_RELATION]);
		bound.here = strcmp(TextDatumGetCString(row.value[INSTALLATION_PLACE]), arb_place()) == 0;
	}
	arb_table_close(&table);
}

/*
 * arb_installation_is_ours tells whether trading was allowed in this very database.
 *
 * The row is cached; the timeline is compared every time, since a promotion
 * changes it under running sessions. False on a standby.
 */
bool
arb_installation_is_ours(void)
{
	static bool registered = false;

	if (!registered)
	{
		arb_relcache_callback(forget_installation);
		registered = true;
	}
	if (RecoveryInProgress())
		return false;
	AcceptInvalidationMessages();
	if (!bound.valid)
		load_bound();
	return bound.present &&
		bound.system == arb_system_identifier() &&
		bound.timeline == arb_timeline() &&
		bound.database == MyDatabaseId &&
		bound.relation == bound.relid &&
		bound.here;
}

/* arb_installation_write makes this database the one that trades; the caller journals it. */
void
arb_installation_write(const char *actor)
{
	Table		table = arb_table_open(&InstallationTable, 0, RowExclusiveLock);
	Row			row;
	bool		found = fetch_row(&table, &row);

	memset(row.null, 0, sizeof(row.null));
	row.value[INSTALLATION_ONLY_ROW] = BoolGetDatum(true);
	row.value[INSTALLATION_SYSTEM] = Int64GetDatum((int64) arb_system_identifier());
	row.value[INSTALLATION_TIMELINE] = Int32GetDatum((int32) arb_timeline());
	row.value[INSTALLATION_DATABASE] = ObjectIdGetDatum(MyDatabaseId);
	row.value[INSTALLATION_RELATION] = ObjectIdGetDatum(RelationGetRelid(table.rel));
	row.value[INSTALLATION_PLACE] = CStringGetTextDatum(arb_place());
	row.value[INSTALLATION_BOUND_AT] = TimestampTzGetDatum(arb_now());
	row.value[INSTALLATION_BOUND_BY] = CStringGetTextDatum(actor);
	arb_guard_open("installation");
	if (found)
		arb_table_update(&table, &row);
	else
		arb_table_insert(&table, row.value, row.null);
	arb_guard_close();
	CacheInvalidateRelcache(table.rel);
	arb_table_close(&table);
}

/* arb_installation_unbind makes this database one that does not trade until it is bound again; the caller journals it. */
void
arb_installation_unbind(void)
{
	Table		table = arb_table_open(&InstallationTable, 0, RowExclusiveLock);
	Row			row;

	if (fetch_row(&table, &row))
	{
		row.value[INSTALLATION_RELATION] = ObjectIdGetDatum(InvalidOid);
		arb_guard_open("installation");
		arb_table_update(&table, &row);
		arb_guard_close();
		CacheInvalidateRelcache(table.rel);
	}
	arb_table_close(&table);
}

Datum
arbees_installation_is_ours(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(arb_installation_is_ours());
}
