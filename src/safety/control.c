/*-------------------------------------------------------------------------
 *
 * src/safety/control.c
 *	  Controls, as the gate sees them: parsed, cached, fresh.
 *
 * A backend keeps the parsed controls until the relation's cache entry is
 * invalidated, which the guard trigger does on every change; a committed change
 * is therefore seen by the next call of arb_controls() in every session. What
 * is missing, NULL or unreadable is FIXED_NULL, -1 or false: the checks deny.
 *
 * The list below is what C knows; bounds, unit and labels are columns.
 * control_change.c judges writes by the same list.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/heapam.h"
#include "access/table.h"
#include "access/tableam.h"
#include "core/catalog.h"
#include "core/relcache.h"
#include "safety/control.h"
#include "safety/control_def.h"
#include "utils/builtins.h"
#include "utils/inval.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#define FIELD(name) offsetof(Controls, name)

/* Without these two a decision has no meaning; every other limit may be recorded as none. */
#define LIMIT(key, unit, tighter) \
	{#key, (unit) == UNIT_FIXED ? CONTROL_NUMERIC : CONTROL_INTEGER, \
	LIMIT_##key != LIMIT_quote_max_age_ms && LIMIT_##key != LIMIT_no_entry_before_close_s, \
	TIGHTER_##tighter, CONTROL_NO_FIELD, true, LIMIT_##key},

static const ControlDef ControlDefs[] = {
	{"kill_switch", CONTROL_LABEL, false, TIGHTER_NEVER, CONTROL_NO_FIELD},
	{"trading_mode", CONTROL_LIST, false, TIGHTER_SUBSET, FIELD(trading_mode)},
	{"allow_submit", CONTROL_BOOLEAN, false, TIGHTER_FALSE, FIELD(allow_submit)},
	{"allowed_instruments", CONTROL_LIST, true, TIGHTER_SUBSET, FIELD(allowed_instruments)},
	{"allowed_strategies", CONTROL_LIST, true, TIGHTER_SUBSET, FIELD(allowed_strategies)},
	{"stop_loss_pct", CONTROL_NUMERIC, true, TIGHTER_LOWER, FIELD(stop_loss_pct)},
	{"take_profit_kind", CONTROL_LABEL, false, TIGHTER_NEVER, FIELD(take_profit_kind)},
	{"take_profit_pct", CONTROL_NUMERIC, false, TIGHTER_NEVER, FIELD(take_profit_pct)},
	{"trailing_pct", CONTROL_NUMERIC, false, TIGHTER_NEVER, FIELD(trailing_pct)},
	{"send_deadline_ms", CONTROL_INTEGER, false, TIGHTER_LOWER, FIELD(send_deadline_ms)},
	{"confirm_timeout_ms", CONTROL_INTEGER, false, TIGHTER_NEVER, FIELD(confirm_timeout_ms)},
	{"reconcile_every_s", CONTROL_INTEGER, false, TIGHTER_NEVER, CONTROL_NO_FIELD},
	{"balance_check", CONTROL_LABEL, false, TIGHTER_NEVER, FIELD(balance_check)},
	{"resting_expiry_s", CONTROL_INTEGER, true, TIGHTER_LOWER, FIELD(resting_expiry_s)},
	{"lease_ms", CONTROL_INTEGER, false, TIGHTER_NEVER, FIELD(lease_ms)},
	{"market_slippage_pct", CONTROL_NUMERIC, false, TIGHTER_LOWER, FIELD(market_slippage_pct)},
	{"rolling_collar_s", CONTROL_INTEGER, false, TIGHTER_NEVER, FIELD(rolling_collar_s)},
	{"exit_slippage_pct", CONTROL_NUMERIC, false, TIGHTER_NEVER, FIELD(exit_slippage_pct)},
	{"exit_retry_ms", CONTROL_INTEGER, false, TIGHTER_NEVER, FIELD(exit_retry_ms)},
	{"exit_rung_ms", CONTROL_INTEGER, false, TIGHTER_NEVER, FIELD(exit_rung_ms)},
	{"exit_max_slippage_pct", CONTROL_NUMERIC, false, TIGHTER_NEVER, FIELD(exit_max_slippage_pct)},
	{"loss_action", CONTROL_LABEL, false, TIGHTER_NEVER, FIELD(loss_action)},
	{"worker_max_silence_ms", CONTROL_INTEGER, false, TIGHTER_LOWER, FIELD(worker_max_silence_ms)},
	{"lock_max_idle_ms", CONTROL_INTEGER, false, TIGHTER_LOWER, FIELD(lock_max_idle_ms)},
	{"simulated_latency_ms", CONTROL_INTEGER, false, TIGHTER_NEVER, FIELD(simulated_latency_ms)},
	{"tick_history", CONTROL_BOOLEAN, false, TIGHTER_NEVER, FIELD(tick_history)},
	RISK_LIMITS(LIMIT)
	{NULL}
};
#undef LIMIT

static const char *const KindNames[] = {NULL, "boolean", "integer", "numeric", "label", "list"};

static Controls current;
static bool current_valid = false;
static Oid	controls_oid = InvalidOid;
static MemoryContext list_context = NULL;

/* Counts invalidations, so that one that arrives while we read is not lost. */
static uint64 invalidations = 0;

static void
forget_controls(Datum arg, Oid relid)
{
	if (relid == InvalidOid || relid == controls_oid)
	{
		current_valid = false;
		invalidations++;
	}
}

const ControlDef *
arb_control_def(const char *key)
{
	const ControlDef *def;

	for (def = ControlDefs; def->key != NULL; def++)
		if (strcmp(def->key, key) == 0)
			return def;
	return NULL;
}

const char *
arb_control_kind_name(ControlKind kind)
{
	return KindNames[kind];
}

static void
set_defaults(Controls *controls)
{
	const ControlDef *def;
	int			limit;

	memset(controls, 0, sizeof(Controls));
	for (limit = 0; limit < LIMIT_COUNT; limit++)
	{
		controls->limits.hard[limit] = FIXED_NULL;
		controls->limits.soft[limit] = FIXED_NONE;
	}
	for (def = ControlDefs; def->key != NULL; def++)
	{
		if (def->field == CONTROL_NO_FIELD)
			continue;
		if (def->kind == CONTROL_NUMERIC)
			*(Fixed *) ((char *) controls + def->field) = FIXED_NULL;
		else if (def->kind == CONTROL_INTEGER)
			*(int64 *) ((char *) controls + def->field) = -1;
	}
}

/* A list as it was canonicalised on write: elements separated by single commas. */
static int
parse_modes(const char *list)
{
	int			mask = 0;
	int			mode;

	for (mode = 1; mode <= arb_label_count(LABEL_MODE); mode++)
		if (arb_control_list_allows(list, arb_label_name(LABEL_MODE, mode)))
			mask |= 1 << mode;
	return mask;
}

static void
load_list(Controls *controls, const ControlDef *def, const char *value, bool is_none)
{
	char	   *copy = value == NULL ? NULL : MemoryContextStrdup(list_context, value);

	if (def->field == FIELD(trading_mode))
		controls->trading_mode = value == NULL ? 0 : parse_modes(value);
	else if (def->field == FIELD(allowed_instruments))
	{
		controls->allowed_instruments = copy;
		controls->all_instruments = is_none;
	}
	else if (def->field == FIELD(allowed_strategies))
	{
		controls->allowed_strategies = copy;
		controls->all_strategies = is_none;
	}
}

/* Values were validated when written; one that cannot be read all the same stays missing. */
static void
load_value(Controls *controls, const ControlDef *def, const char *value, bool is_none)
{
	void	   *field = (char *) controls + def->field;

	switch (def->kind)
	{
		case CONTROL_BOOLEAN:
			if (value == NULL || !parse_bool(value, (bool *) field))
				*(bool *) field = false;
			break;
		case CONTROL_INTEGER:
			if (is_none)
				*(int64 *) field = PG_INT64_MAX;
			else if (value == NULL || !arb_control_parse_int(value, (int64 *) field))
				*(int64 *) field = -1;
			break;
		case CONTROL_NUMERIC:
			if (is_none)
				*(Fixed *) field = FIXED_NONE;
			else if (value == NULL || !arb_control_parse_fixed(value, (Fixed *) field))
				*(Fixed *) field = FIXED_NULL;
			break;
		case CONTROL_LABEL:
			if (def->field == FIELD(balance_check))
			{
				*(int *) field = value != NULL && strcmp(value, "age") == 0 ? BALANCE_AGE : BALANCE_PER_ORDER;
				break;
			}
			/* "breaker" is no kill level and leaves 0: the breaker opens in any case. */
			*(int *) field = value == NULL ? 0 :
				arb_label_parse(def->field == FIELD(loss_action) ? LABEL_KILL_LEVEL : LABEL_TAKE_PROFIT_KIND, value);
			break;
		case CONTROL_LIST:
			load_list(controls, def, value, is_none);
			break;
	}
}

/*
 * arb_limit_parse reads a limit in its canonical form: FIXED_NONE for none, FIXED_NULL for what cannot be read.
 */
int64
arb_limit_parse(const ControlDef *def, const char *value, bool is_none)
{
	int64		result;

	if (is_none && def->may_be_none)
		return FIXED_NONE;
	if (value == NULL)
		return FIXED_NULL;
	if (def->kind == CONTROL_INTEGER)
		return arb_control_parse_int(value, &result) ? result : FIXED_NULL;
	return arb_control_parse_fixed(value, &result) ? result : FIXED_NULL;
}

static char *
text_of(TupleTableSlot *slot, int column)
{
	bool		isnull;
	Datum		datum = slot_getattr(slot, column, &isnull);

	return isnull ? NULL : TextDatumGetCString(datum);
}

static void
load_row(Controls *controls, TupleTableSlot *slot)
{
	const ControlDef *def = arb_control_def(text_of(slot, CONTROL_COLUMN_KEY));
	char	   *value = text_of(slot, CONTROL_COLUMN_VALUE);
	char	   *soft = text_of(slot, CONTROL_COLUMN_SOFT);
	bool		isnull;
	bool		is_none = DatumGetBool(slot_getattr(slot, CONTROL_COLUMN_IS_NONE, &isnull));

	if (def == NULL)
		return;
	if (def->is_limit)
	{
		controls->limits.hard[def->limit] = arb_limit_parse(def, value, is_none);
		controls->limits.soft[def->limit] = soft == NULL ? FIXED_NONE : arb_limit_parse(def, soft, false);
	}
	else if (def->field != CONTROL_NO_FIELD)
		load_value(controls, def, value, is_none && def->may_be_none);
}

/* Reads every row with the latest snapshot, whatever the transaction's own is: a limit binds from its commit. */
static void
load_controls(void)
{
	Relation	rel;
	Snapshot	snapshot;
	TableScanDesc scan;
	TupleTableSlot *slot;
	Controls	fresh;

	controls_oid = arb_catalog_relation("runtime_controls");
	if (list_context == NULL)
		list_context = AllocSetContextCreate(TopMemoryContext, "arbees controls", ALLOCSET_SMALL_SIZES);
	MemoryContextReset(list_context);
	set_defaults(&fresh);

	rel = table_open(controls_oid, AccessShareLock);
	snapshot = RegisterSnapshot(GetLatestSnapshot());
	slot = table_slot_create(rel, NULL);
	scan = table_beginscan(rel, snapshot, 0, NULL);
	while (table_scan_getnextslot(scan, ForwardScanDirection, slot))
		load_row(&fresh, slot);
	table_endscan(scan);
	ExecDropSingleTupleTableSlot(slot);
	UnregisterSnapshot(snapshot);
	table_close(rel, NoLock);
	current = fresh;
}

/*
 * arb_controls returns the controls as last committed.
 *
 * The struct and its lists are valid until the next call.
 */
const Controls *
arb_controls(void)
{
	static bool registered = false;

	if (!registered)
	{
		arb_relcache_callback(forget_controls);
		registered = true;
	}
	AcceptInvalidationMessages();
	while (!current_valid)
	{
		uint64		before = invalidations;

		load_controls();
		current_valid = before == invalidations;
	}
	return &current;
}

/* arb_control_list_allows tells whether a list has the name, or a prefix of it that ends in *. */
bool
arb_control_list_allows(const char *list, const char *name)
{
	const char *element = list;

	if (list == NULL || name == NULL)
		return false;
	while (*element != '\0')
	{
		size_t		length = strcspn(element, ",");

		if (length > 0 && element[length - 1] == '*')
		{
			if (strncmp(element, name, length - 1) == 0)
				return true;
		}
		else if (length == strlen(name) && strncmp(element, name, length) == 0)
			return true;
		element += length;
		if (*element == ',')
			element++;
	}
	return false;
}
