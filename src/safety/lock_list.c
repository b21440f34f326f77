/*-------------------------------------------------------------------------
 *
 * src/safety/lock_list.c
 *	  What operators hold by hand: locks, and the restricted list.
 *
 * On the decision path: a backend keeps the rows that stand, until a verb below
 * (or a restore) invalidates their table's cache entry. Any operator may hold,
 * the risk role lets go.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "core/catalog.h"
#include "core/columns.h"
#include "core/guard.h"
#include "core/relcache.h"
#include "core/txn.h"
#include "journal/journal.h"
#include "safety/control_change.h"
#include "safety/limit_row.h"
#include "safety/lock_list.h"
#include "utils/builtins.h"
#include "utils/inval.h"
#include "utils/memutils.h"

PG_FUNCTION_INFO_V1(arbees_lock);
PG_FUNCTION_INFO_V1(arbees_unlock);
PG_FUNCTION_INFO_V1(arbees_restrict);
PG_FUNCTION_INFO_V1(arbees_unrestrict);

/* A row that stands; scope 0 = of the restricted list. */
typedef struct Held
{
	LimitScopeKind scope;
	char	   *name;
	struct Held *next;
} Held;

static bool valid = false;
static uint64 invalidations = 0;
static Oid	locks_oid = InvalidOid;
static Oid	restrictions_oid = InvalidOid;
static Held *held = NULL;
static MemoryContext held_context = NULL;

/* ---- reading ---- */

static void
forget_held(Datum arg, Oid relid)
{
	if (relid == InvalidOid || relid == locks_oid || relid == restrictions_oid)
	{
		valid = false;
		invalidations++;
	}
}

static void
add_held(LimitScopeKind scope, Datum name)
{
	Held	   *row = MemoryContextAlloc(held_context, sizeof(Held));

	row->scope = scope;
	row->name = MemoryContextStrdup(held_context, TextDatumGetCString(name));
	row->next = held;
	held = row;
}

static bool
add_lock(const Row *row, void *arg)
{
	add_held(arb_limit_scope_kind(TextDatumGetCString(row->value[OPERATOR_LOCKS_scope])), row->value[OPERATOR_LOCKS_name]);
	return true;
}

static bool
add_restriction(const Row *row, void *arg)
{
	add_held(0, row->value[RESTRICTED_INSTRUMENTS_pattern]);
	return true;
}

/* The index holds what stands and nothing of the past. */
static void
scan_standing(const TableDef *def, const char *index, Snapshot snapshot, RowVisitor visit)
{
	Table		table = arb_table_open(def, 0, AccessShareLock);

	table.any_age = true;
	arb_table_scan(&table, index, 0, NULL, ForwardScanDirection, snapshot, visit, NULL);
	arb_table_close(&table);
}

/* By the latest snapshot, whatever the transaction's own is: a lock binds from its commit. */
static void
load_held(void)
{
	Snapshot	snapshot;

	locks_oid = arb_catalog_relation("operator_locks");
	restrictions_oid = arb_catalog_relation("restricted_instruments");
	if (held_context == NULL)
		held_context = AllocSetContextCreate(TopMemoryContext, "arbees locks", ALLOCSET_SMALL_SIZES);
	held = NULL;
	MemoryContextReset(held_context);
	snapshot = arb_snapshot_begin();
	scan_standing(&operator_locks_table, "operator_locks_standing_key", snapshot, add_lock);
	scan_standing(&restricted_instruments_table, "restricted_instruments_standing_key", snapshot, add_restriction);
	arb_snapshot_end(snapshot);
}

static void
require_held(void)
{
	static bool registered = false;

	if (!registered)
	{
		arb_relcache_callback(forget_held);
		registered = true;
	}
	AcceptInvalidationMessages();
	while (!valid)
	{
		uint64		before = invalidations;

		load_held();
		valid = before == invalidations;
	}
}

/* arb_locks tells what of an order's scope is held, as last committed. */
void
arb_locks(const LimitScope *scope, bool *venue, bool *strategy, bool *instrument, bool *restricted)
{
	const Held *row;

	require_held();
	*venue = *strategy = *instrument = *restricted = false;
	for (row = held; row != NULL; row = row->next)
	{
		if (row->scope == LIMIT_SCOPE_VENUE)
			*venue = *venue || (scope->venue != NULL && strcmp(row->name, scope->venue) == 0);
		else if (row->scope == LIMIT_SCOPE_STRATEGY)
			*strategy = *strategy || (scope->strategy != NULL && strcmp(row->name, scope->strategy) == 0);
		else if (row->scope == LIMIT_SCOPE_INSTRUMENT)
			*instrument = *instrument || arb_limit_names_instrument(row->name, scope);
		else
			*restricted = *restricted || arb_limit_names_instrument(row->name, scope);
	}
}

/* ---- verbs ---- */

/* One statement of a verb; true when it changed a row, which every backend then hears of. */
static bool
write_row(SqlPlan *plan, const char *table, const char *first, const char *second, const char *reason)
{
	Datum		values[4];
	bool		written;
	int			n = 0;

	arb_require_synchronous_commit("a change of what is held");
	values[n++] = CStringGetTextDatum(first);
	if (second != NULL)
		values[n++] = CStringGetTextDatum(second);
	values[n++] = CStringGetTextDatum(reason);
	values[n++] = CStringGetTextDatum(arb_actor());
	arb_sql_begin();
	arb_guard_open(table);
	written = arb_sql_run(plan, values, NULL) > 0;
	arb_guard_close();
	arb_sql_end();
	if (written)
		CacheInvalidateRelcacheByRelid(arb_catalog_relation(table));
	return written;
}

/* The table's own checks say the same, less kindly. */
static void
require_one_name(const char *name)
{
	if (strchr(name, ',') != NULL || strlen(name) > LIMIT_NAME_MAX_BYTES)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("\"%.*s\" is not one name", LIMIT_NAME_MAX_BYTES, name),
				 errdetail("A name, or a prefix that ends in *, has 1 to %d bytes and no comma.", LIMIT_NAME_MAX_BYTES)));
}

static void
require_lock_scope(const char *scope)
{
	LimitScopeKind kind = arb_limit_scope_kind(scope);

	if (kind == LIMIT_SCOPE_VENUE || kind == LIMIT_SCOPE_STRATEGY || kind == LIMIT_SCOPE_INSTRUMENT)
		return;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("a lock has no scope \"%s\"", scope),
			 errdetail("Scopes are venue, strategy and instrument."),
			 errhint("arbees_kill(level, reason) stops everything.")));
}

/* arbees_lock(scope, name, reason) holds a venue, a strategy or an instrument. */
Datum
arbees_lock(PG_FUNCTION_ARGS)
{
	static SqlPlan plan = {
		"INSERT INTO arbees.operator_locks (scope, name, reason, locked_by, locked_at)"
		" VALUES ($1, $2, $3, $4, pg_catalog.clock_timestamp())"
		" ON CONFLICT (scope, name) WHERE unlocked_at IS NULL DO NOTHING",
		4, {TEXTOID, TEXTOID, TEXTOID, TEXTOID}
	};
	char	   *scope = arb_required_text(fcinfo, 0, "a scope");
	char	   *name = arb_required_text(fcinfo, 1, "the name of a venue, a strategy or an instrument");
	char	   *reason = arb_required_text(fcinfo, 2, "a reason");

	require_lock_scope(scope);
	require_one_name(name);
	arb_limit_require_known_name(scope, name);
	if (!write_row(&plan, "operator_locks", scope, name, reason))
		PG_RETURN_TEXT_P(cstring_to_text(psprintf("%s %s was locked already", scope, name)));
	arb_journal(JOURNAL_NO_MODE, "locked", 0, 0, psprintf("%s %s: %s", scope, name, reason));
	PG_RETURN_TEXT_P(cstring_to_text(psprintf("%s %s locked", scope, name)));
}

/* arbees_unlock(scope, name, reason) lets it go on. */
Datum
arbees_unlock(PG_FUNCTION_ARGS)
{
	static SqlPlan plan = {
		"UPDATE arbees.operator_locks SET unlock_reason = $3, unlocked_by = $4,"
		" unlocked_at = pg_catalog.clock_timestamp()"
		" WHERE scope = $1 AND name = $2 AND unlocked_at IS NULL",
		4, {TEXTOID, TEXTOID, TEXTOID, TEXTOID}
	};
	char	   *scope = arb_required_text(fcinfo, 0, "a scope");
	char	   *name = arb_required_text(fcinfo, 1, "the name of a venue, a strategy or an instrument");
	char	   *reason = arb_required_text(fcinfo, 2, "a reason");

	require_lock_scope(scope);
	if (!write_row(&plan, "operator_locks", scope, name, reason))
		ereport(ERROR,
				(errcode(ERRCODE_NO_DATA_FOUND),
				 errmsg("%s \"%s\" is not locked", scope, name),
				 errhint("SELECT scope, name FROM arbees.operator_locks WHERE unlocked_at IS NULL lists what is.")));
	arb_journal(JOURNAL_NO_MODE, "unlocked", 0, 0, psprintf("%s %s: %s", scope, name, reason));
	PG_RETURN_TEXT_P(cstring_to_text(psprintf("%s %s unlocked", scope, name)));
}

/* arbees_restrict(pattern, reason) puts instruments on the restricted list. */
Datum
arbees_restrict(PG_FUNCTION_ARGS)
{
	static SqlPlan plan = {
		"INSERT INTO arbees.restricted_instruments (pattern, reason, restricted_by, restricted_at)"
		" VALUES ($1, $2, $3, pg_catalog.clock_timestamp())"
		" ON CONFLICT (pattern) WHERE lifted_at IS NULL DO NOTHING",
		3, {TEXTOID, TEXTOID, TEXTOID}
	};
	char	   *pattern = arb_required_text(fcinfo, 0, "an instrument, or a prefix ending in *,");
	char	   *reason = arb_required_text(fcinfo, 1, "a reason");

	require_one_name(pattern);
	if (!write_row(&plan, "restricted_instruments", pattern, NULL, reason))
		PG_RETURN_TEXT_P(cstring_to_text(psprintf("%s was restricted already", pattern)));
	arb_journal(JOURNAL_NO_MODE, "restricted", 0, 0, psprintf("%s: %s", pattern, reason));
	PG_RETURN_TEXT_P(cstring_to_text(psprintf("%s restricted", pattern)));
}

/* arbees_unrestrict(pattern, reason) takes a pattern off the list. */
Datum
arbees_unrestrict(PG_FUNCTION_ARGS)
{
	static SqlPlan plan = {
		"UPDATE arbees.restricted_instruments SET lift_reason = $2, lifted_by = $3,"
		" lifted_at = pg_catalog.clock_timestamp()"
		" WHERE pattern = $1 AND lifted_at IS NULL",
		3, {TEXTOID, TEXTOID, TEXTOID}
	};
	char	   *pattern = arb_required_text(fcinfo, 0, "an instrument, or a prefix ending in *,");
	char	   *reason = arb_required_text(fcinfo, 1, "a reason");

	if (!write_row(&plan, "restricted_instruments", pattern, NULL, reason))
		ereport(ERROR,
				(errcode(ERRCODE_NO_DATA_FOUND),
				 errmsg("\"%s\" is not restricted", pattern),
				 errhint("SELECT pattern FROM arbees.restricted_instruments WHERE lifted_at IS NULL lists what is.")));
	arb_journal(JOURNAL_NO_MODE, "unrestricted", 0, 0, psprintf("%s: %s", pattern, reason));
	PG_RETURN_TEXT_P(cstring_to_text(psprintf("%s unrestricted", pattern)));
}
