/*-------------------------------------------------------------------------
 *
 * src/safety/limit.c
 *	  The limits in force for one order: the tightest of its scopes.
 *
 * For each key, the value in force is the tightest of
 *		the global row, where there is one;
 *		the venue's row, or the control where the venue has none;
 *		the strategy's row, where there is one;
 *		every row of an instrument that the order's instrument matches.
 * A venue's row thus may be looser than the control (the risk role's recorded
 * act); rows of strategies and instruments only tighten. Soft values are merged
 * in the same way, apart from the hard ones.
 *
 * On the decision path. A backend keeps the rows, and the limits resolved for
 * each (venue, strategy, instrument) it met, until either relation's cache entry
 * is invalidated, which their triggers do on every change: a committed change
 * binds the next decision of every session.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/table.h"
#include "access/tableam.h"
#include "common/hashfn.h"
#include "compat.h"
#include "core/catalog.h"
#include "core/money.h"
#include "core/relcache.h"
#include "fmgr.h"
#include "funcapi.h"
#include "safety/control.h"
#include "safety/control_def.h"
#include "safety/limit.h"
#include "safety/limit_row.h"
#include "utils/builtins.h"
#include "utils/inval.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/tuplestore.h"

/* Windows bring new instruments every few minutes: when this many are known, all are forgotten. */
#define MAX_RESOLVED 1024
#define BUCKETS 512

typedef struct LimitRow
{
	LimitScopeKind scope;
	char	   *name;
	LimitKey	key;
	int64		hard;
	int64		soft;
	struct LimitRow *next;
} LimitRow;

typedef struct Resolved
{
	struct Resolved *next;
	uint32		hash;
	LimitScope	scope;
	Limits		limits;
} Resolved;

/* Which row a value came from; NULL = the control. */
typedef struct Origins
{
	const LimitRow *hard[LIMIT_COUNT];
	const LimitRow *soft[LIMIT_COUNT];
} Origins;

typedef struct LimitInfo
{
	const char *key;
	GateUnit	unit;
	bool		lower_is_tighter;
} LimitInfo;

#define LOWER true
#define HIGHER false
#define DESCRIBE(key, unit, tighter) {#key, unit, tighter},
static const LimitInfo Infos[] = {RISK_LIMITS(DESCRIBE)};
#undef DESCRIBE
#undef LOWER
#undef HIGHER

static const char *const ScopeNames[] = {NULL, "global", "venue", "strategy", "instrument"};

static bool valid = false;
static uint64 invalidations = 0;
static Oid	controls_oid = InvalidOid;
static Oid	limits_oid = InvalidOid;
static LimitRow *rows = NULL;
static MemoryContext rows_context = NULL;
static Resolved *buckets[BUCKETS];
static int	resolved_count = 0;
static MemoryContext resolved_context = NULL;

static void
forget_limits(Datum arg, Oid relid)
{
	if (relid == InvalidOid || relid == controls_oid || relid == limits_oid)
	{
		valid = false;
		invalidations++;
	}
}

/* arb_limit_scope_kind reads a scope's name; 0 = there is none of this name. */
LimitScopeKind
arb_limit_scope_kind(const char *name)
{
	int			kind;

	for (kind = LIMIT_SCOPE_GLOBAL; kind < (int) lengthof(ScopeNames); kind++)
		if (strcmp(ScopeNames[kind], name) == 0)
			return (LimitScopeKind) kind;
	return 0;
}

/* ---- rows ---- */

static char *
text_of(TupleTableSlot *slot, int column)
{
	bool		isnull;
	Datum		datum = slot_getattr(slot, column, &isnull);

	return isnull ? NULL : TextDatumGetCString(datum);
}

static void
load_row(TupleTableSlot *slot)
{
	const ControlDef *def = arb_control_def(text_of(slot, LIMIT_COLUMN_KEY));
	LimitScopeKind scope = arb_limit_scope_kind(text_of(slot, LIMIT_COLUMN_SCOPE));
	const char *soft = text_of(slot, LIMIT_COLUMN_SOFT);
	bool		isnull;
	LimitRow   *row;

	if (def == NULL || !def->is_limit || scope == 0)
		return;
	row = palloc(sizeof(LimitRow));
	row->scope = scope;
	row->name = text_of(slot, LIMIT_COLUMN_NAME);
	row->key = def->limit;
	row->hard = arb_limit_parse(def, text_of(slot, LIMIT_COLUMN_VALUE),
								DatumGetBool(slot_getattr(slot, LIMIT_COLUMN_IS_NONE, &isnull)));
	row->soft = soft == NULL ? FIXED_NONE : arb_limit_parse(def, soft, false);
	row->next = rows;
	rows = row;
}

static void
forget_resolved(void)
{
	if (resolved_context == NULL)
		resolved_context = AllocSetContextCreate(TopMemoryContext, "arbees limits in force", ALLOCSET_DEFAULT_SIZES);
	MemoryContextReset(resolved_context);
	memset(buckets, 0, sizeof(buckets));
	resolved_count = 0;
}

/* Reads every row with the latest snapshot, whatever the transaction's own is: a limit binds from its commit. */
static void
load_rows(void)
{
	Relation	rel;
	Snapshot	snapshot;
	TableScanDesc scan;
	TupleTableSlot *slot;
	MemoryContext old;

	controls_oid = arb_catalog_relation("runtime_controls");
	limits_oid = arb_catalog_relation("risk_limits");
	if (rows_context == NULL)
		rows_context = AllocSetContextCreate(TopMemoryContext, "arbees limits", ALLOCSET_SMALL_SIZES);
	rows = NULL;
	MemoryContextReset(rows_context);
	forget_resolved();

	rel = table_open(limits_oid, AccessShareLock);
	snapshot = RegisterSnapshot(GetLatestSnapshot());
	slot = table_slot_create(rel, NULL);
	scan = table_beginscan(rel, snapshot, 0, NULL);
	old = MemoryContextSwitchTo(rows_context);
	while (table_scan_getnextslot(scan, ForwardScanDirection, slot))
		load_row(slot);
	MemoryContextSwitchTo(old);
	table_endscan(scan);
	ExecDropSingleTupleTableSlot(slot);
	UnregisterSnapshot(snapshot);
	table_close(rel, NoLock);
}

/* Rows and controls as last committed; what arrives while we read is not lost. */
static const Controls *
load(void)
{
	static bool registered = false;
	const Controls *controls;

	if (!registered)
	{
		arb_relcache_callback(forget_limits);
		registered = true;
	}
	for (;;)
	{
		uint64		before;

		controls = arb_controls();
		if (valid)
			return controls;
		before = invalidations;
		load_rows();
		valid = before == invalidations;
	}
}

/* ---- resolve ---- */

static bool
is_tighter(LimitKey key, int64 a, int64 b)
{
	if (a == b || a == FIXED_NONE || b == FIXED_NULL)
		return false;
	if (a == FIXED_NULL || b == FIXED_NONE)
		return true;
	return Infos[key].lower_is_tighter ? a < b : a > b;
}

static bool
row_applies(const LimitRow *row, const LimitScope *scope)
{
	switch (row->scope)
	{
		case LIMIT_SCOPE_GLOBAL:
			return true;
		case LIMIT_SCOPE_VENUE:
			return scope->venue != NULL && strcmp(row->name, scope->venue) == 0;
		case LIMIT_SCOPE_STRATEGY:
			return scope->strategy != NULL && strcmp(row->name, scope->strategy) == 0;
		case LIMIT_SCOPE_INSTRUMENT:
			return arb_limit_names_instrument(row->name, scope);
	}
	return false;
}

/* arb_limit_names_instrument tells whether a name, or a prefix that ends in *, means the instrument of a scope. */
bool
arb_limit_names_instrument(const char *name, const LimitScope *scope)
{
	return arb_control_list_allows(name, scope->symbol) || arb_control_list_allows(name, scope->instrument) ||
		arb_control_list_allows(name, scope->underlying);
}

static void
take(const LimitRow *row, Limits *limits, Origins *origins)
{
	limits->hard[row->key] = row->hard;
	limits->soft[row->key] = row->soft;
	origins->hard[row->key] = origins->soft[row->key] = row;
}

static void
tighten(const LimitRow *row, Limits *limits, Origins *origins)
{
	if (is_tighter(row->key, row->hard, limits->hard[row->key]))
	{
		limits->hard[row->key] = row->hard;
		origins->hard[row->key] = row;
	}
	if (is_tighter(row->key, row->soft, limits->soft[row->key]))
	{
		limits->soft[row->key] = row->soft;
		origins->soft[row->key] = row;
	}
}

static void
resolve(const Controls *controls, const LimitScope *scope, Limits *limits, Origins *origins)
{
	const LimitRow *row;

	*limits = controls->limits;
	memset(origins, 0, sizeof(*origins));
	for (row = rows; row != NULL; row = row->next)
		if (row->scope == LIMIT_SCOPE_VENUE && row_applies(row, scope))
			take(row, limits, origins);
	for (row = rows; row != NULL; row = row->next)
		if (row->scope != LIMIT_SCOPE_VENUE && row_applies(row, scope))
			tighten(row, limits, origins);
}

static uint32
hash_name(uint32 hash, const char *name)
{
	return name == NULL ? hash : hash_combine(hash, hash_bytes((const unsigned char *) name, (int) strlen(name)));
}

static bool
same_name(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static bool
same_scope(const LimitScope *a, const LimitScope *b)
{
	return same_name(a->symbol, b->symbol) && same_name(a->strategy, b->strategy) && same_name(a->venue, b->venue) &&
		same_name(a->instrument, b->instrument) && same_name(a->underlying, b->underlying);
}

static const char *
keep(const char *name)
{
	return name == NULL ? NULL : MemoryContextStrdup(resolved_context, name);
}

static Resolved *
remember(const Controls *controls, const LimitScope *scope, uint32 hash)
{
	Resolved   *entry;
	Origins		origins;

	if (resolved_count == MAX_RESOLVED)
		forget_resolved();
	entry = MemoryContextAlloc(resolved_context, sizeof(Resolved));
	resolve(controls, scope, &entry->limits, &origins);
	entry->hash = hash;
	entry->scope.venue = keep(scope->venue);
	entry->scope.strategy = keep(scope->strategy);
	entry->scope.symbol = keep(scope->symbol);
	entry->scope.instrument = keep(scope->instrument);
	entry->scope.underlying = keep(scope->underlying);
	entry->next = buckets[hash % BUCKETS];
	buckets[hash % BUCKETS] = entry;
	resolved_count++;
	return entry;
}

/* arb_limits returns the limits in force for an order of this scope, as last committed. */
void
arb_limits(const LimitScope *scope, Limits *limits)
{
	const Controls *controls = load();
	uint32		hash = hash_name(hash_name(hash_name(0, scope->symbol), scope->strategy), scope->venue);
	Resolved   *entry = buckets[hash % BUCKETS];

	while (entry != NULL && (entry->hash != hash || !same_scope(&entry->scope, scope)))
		entry = entry->next;
	if (entry == NULL)
		entry = remember(controls, scope, hash);
	*limits = entry->limits;
}

/* ---- shown ---- */

static Datum
origin_text(const LimitRow *row)
{
	if (row == NULL)
		return CStringGetTextDatum("control");
	return CStringGetTextDatum(psprintf("%s%s%s", ScopeNames[row->scope], row->name[0] != '\0' ? " " : "", row->name));
}

static char *
limit_text(LimitKey key, int64 value)
{
	if (value == FIXED_NONE)
		return pstrdup("none");
	if (value == FIXED_NULL)
		return pstrdup("missing");
	return Infos[key].unit == UNIT_FIXED ? arb_fixed_to_cstring(value) : psprintf(INT64_FORMAT, value);
}

static const char *
text_argument(FunctionCallInfo fcinfo, int argument)
{
	return PG_ARGISNULL(argument) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(argument));
}

/* list_limits(venue, strategy, symbol, name, underlying): the limits in force, and the row each comes from. */
PG_FUNCTION_INFO_V1(arbees_list_limits);
Datum
arbees_list_limits(PG_FUNCTION_ARGS)
{
	LimitScope	scope = {
		text_argument(fcinfo, 0), text_argument(fcinfo, 1), text_argument(fcinfo, 2),
		text_argument(fcinfo, 3), text_argument(fcinfo, 4)
	};
	Limits		limits;
	Limits		resolved;
	Origins		origins;
	int			key;

	InitMaterializedSRF(fcinfo, 0);
	/* The values as the gate gets them; where they come from is worked out for the reader alone. */
	arb_limits(&scope, &limits);
	resolve(load(), &scope, &resolved, &origins);
	for (key = 0; key < LIMIT_COUNT; key++)
	{
		ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
		Datum		values[5];
		bool		nulls[5] = {false};

		values[0] = CStringGetTextDatum(Infos[key].key);
		values[1] = CStringGetTextDatum(limit_text(key, limits.hard[key]));
		values[2] = origin_text(origins.hard[key]);
		nulls[3] = nulls[4] = limits.soft[key] == FIXED_NONE;
		values[3] = CStringGetTextDatum(limit_text(key, limits.soft[key]));
		values[4] = origin_text(origins.soft[key]);
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	}
	return (Datum) 0;
}
