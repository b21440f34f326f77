/*-------------------------------------------------------------------------
 *
 * src/safety/limit_change.c
 *	  Changes of limits of a scope: judged, recorded, as changes of controls are.
 *
 * Every write of arbees.risk_limits passes the trigger below, whoever makes it.
 * Whether a change tightens is asked of what binds before and after: where a
 * venue has no row of its own the control stands in its place, where another
 * scope has none nothing binds.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "commands/extension.h"
#include "commands/trigger.h"
#include "core/clock.h"
#include "core/guard.h"
#include "core/txn.h"
#include "journal/journal.h"
#include "safety/control_change.h"
#include "safety/limit_row.h"
#include "utils/builtins.h"
#include "utils/inval.h"
#include "utils/rel.h"

PG_FUNCTION_INFO_V1(arbees_guard_limits);
PG_FUNCTION_INFO_V1(arbees_set_limit);
PG_FUNCTION_INFO_V1(arbees_set_limit_none);
PG_FUNCTION_INFO_V1(arbees_clear_limit);

static const int WrittenColumns[CONTROL_WRITTEN_COLUMNS] = {
	LIMIT_COLUMN_VALUE, LIMIT_COLUMN_IS_NONE, LIMIT_COLUMN_SOFT, LIMIT_COLUMN_CHANGED_BY,
	LIMIT_COLUMN_CHANGED_AT, LIMIT_COLUMN_REASON
};

/* ---- the trigger ---- */

static void
check_scope(const char *scope, const char *name)
{
	LimitScopeKind kind = arb_limit_scope_kind(scope);

	if (kind == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a limit has no scope \"%s\"", scope),
				 errdetail("Scopes are global, venue, strategy and instrument.")));
	if ((kind == LIMIT_SCOPE_GLOBAL) != (name[0] == '\0') || strlen(name) > LIMIT_NAME_MAX_BYTES ||
		strchr(name, ',') != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("\"%s\" names no %s", name, scope),
				 errdetail("A global limit has the empty name, every other one of 1 to %d bytes without a comma.",
						   LIMIT_NAME_MAX_BYTES)));
}

static void
read_row(HeapTuple tuple, TupleDesc desc, ControlRow *row)
{
	bool		isnull;
	char	   *key = arb_control_column_text(tuple, desc, LIMIT_COLUMN_KEY);
	char	   *scope = arb_control_column_text(tuple, desc, LIMIT_COLUMN_SCOPE);
	char	   *name = arb_control_column_text(tuple, desc, LIMIT_COLUMN_NAME);

	arb_control_read_definition(key == NULL ? "" : key, false, row);
	row->scope = scope == NULL ? "" : scope;
	row->name = name == NULL ? "" : name;
	check_scope(row->scope, row->name);
	row->value = arb_control_column_text(tuple, desc, LIMIT_COLUMN_VALUE);
	row->is_none = DatumGetBool(heap_getattr(tuple, LIMIT_COLUMN_IS_NONE, desc, &isnull)) && !isnull;
	row->soft = arb_control_column_text(tuple, desc, LIMIT_COLUMN_SOFT);
}

/* No row where row is. */
static ControlRow
absent_row(const ControlRow *row)
{
	ControlRow	absent = *row;

	absent.absent = true;
	absent.value = NULL;
	absent.is_none = false;
	absent.soft = NULL;
	return absent;
}

/* What binds where a row is as it is, or is absent. */
static ControlRow
binding(const ControlRow *row)
{
	ControlRow	bound = *row;

	if (!row->absent)
		return bound;
	bound.is_none = true;
	if (arb_limit_scope_kind(row->scope) == LIMIT_SCOPE_VENUE)
	{
		arb_control_read_definition(row->def->key, !creating_extension, &bound);
		bound.scope = row->scope;
		bound.name = row->name;
	}
	bound.absent = false;
	return bound;
}

static void
judge(const ControlRow *old, ControlRow *new, TimestampTz now, const char *reason)
{
	ControlRow	was = binding(old);
	ControlRow	is;

	if (!new->absent)
		arb_control_settle(old, new);
	/* What ships is no change. */
	if (creating_extension)
		return;
	arb_require_synchronous_commit("a change of a limit");
	is = binding(new);
	arb_control_require_tighter(&was, &is);
	arb_control_record(old, new, now, reason);
}

static void
require_same_place(const ControlRow *old, const ControlRow *new)
{
	if (strcmp(old->scope, new->scope) != 0 || strcmp(old->name, new->name) != 0 || old->def != new->def)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("a limit stays the limit of its scope"),
				 errhint("Clear this one with arbees_clear_limit(scope, name, key, reason) and set another.")));
}

static HeapTuple
judge_write(TriggerData *trigger)
{
	TupleDesc	desc = RelationGetDescr(trigger->tg_relation);
	bool		update = TRIGGER_FIRED_BY_UPDATE(trigger->tg_event);
	HeapTuple	written = update ? trigger->tg_newtuple : trigger->tg_trigtuple;
	TimestampTz now = arb_now();
	const char *reason = arb_control_reason(update ? trigger->tg_trigtuple : NULL, written, desc, LIMIT_COLUMN_REASON);
	ControlRow	old;
	ControlRow	new;

	read_row(written, desc, &new);
	if (update)
	{
		read_row(trigger->tg_trigtuple, desc, &old);
		require_same_place(&old, &new);
	}
	else
		old = absent_row(&new);
	judge(&old, &new, now, reason);
	return arb_control_written(written, desc, WrittenColumns, &new, now, reason);
}

static HeapTuple
judge_delete(TriggerData *trigger)
{
	ControlRow	old;
	ControlRow	new;

	read_row(trigger->tg_trigtuple, RelationGetDescr(trigger->tg_relation), &old);
	new = absent_row(&old);
	judge(&old, &new, arb_now(), arb_control_reason(NULL, NULL, NULL, 0));
	return trigger->tg_trigtuple;
}

Datum
arbees_guard_limits(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = (TriggerData *) fcinfo->context;

	if (!CALLED_AS_TRIGGER(fcinfo))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("arbees.guard_limits is a trigger function")));
	/* Sent with the commit: the next decision of every session reads the new limit. */
	CacheInvalidateRelcacheByRelid(RelationGetRelid(trigger->tg_relation));
	if (arb_guard_lets_in(trigger->tg_event))
		return PointerGetDatum(TRIGGER_FIRED_BY_UPDATE(trigger->tg_event) ? trigger->tg_newtuple : trigger->tg_trigtuple);
	if (TRIGGER_FIRED_BY_TRUNCATE(trigger->tg_event))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("limits cannot be truncated away"),
				 errhint("arbees_clear_limit(scope, name, key, reason) takes one away.")));
	if (TRIGGER_FIRED_BY_DELETE(trigger->tg_event))
		return PointerGetDatum(judge_delete(trigger));
	return PointerGetDatum(judge_write(trigger));
}

/* ---- verbs ---- */

/* arb_limit_require_known_name raises when a venue or a strategy does not exist: what a mistyped name holds, nothing meets. */
void
arb_limit_require_known_name(const char *scope, const char *name)
{
	static SqlPlan plan = {
		"SELECT true WHERE $1 NOT IN ('venue', 'strategy')"
		" OR ($1 = 'venue' AND EXISTS (SELECT FROM arbees.venues v WHERE v.name = $2))"
		" OR ($1 = 'strategy' AND EXISTS (SELECT FROM arbees.strategies s WHERE s.name = $2))",
		2, {TEXTOID, TEXTOID}
	};
	Datum		values[2];
	uint64		known;

	values[0] = CStringGetTextDatum(scope);
	values[1] = CStringGetTextDatum(name);
	arb_sql_begin();
	known = arb_sql_run(&plan, values, NULL);
	arb_sql_end();
	if (known == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s \"%s\" does not exist", scope, name)));
}

/* The name of a scope; that of global may be NULL. */
static char *
name_argument(FunctionCallInfo fcinfo, const char *scope)
{
	if (arb_limit_scope_kind(scope) == LIMIT_SCOPE_GLOBAL)
		return PG_ARGISNULL(1) ? pstrdup("") : text_to_cstring(PG_GETARG_TEXT_PP(1));
	return arb_required_text(fcinfo, 1, "the name of a venue, a strategy or an instrument");
}

static char *
place(const char *scope, const char *name, const char *key)
{
	return psprintf("%s%s%s %s", scope, name[0] != '\0' ? " " : "", name, key);
}

/* What was recorded, for the one who asked. */
static text *
recorded(const char *scope, const char *name, const char *key)
{
	static SqlPlan plan = {
		"SELECT CASE WHEN is_none THEN 'none' ELSE value END"
		" || coalesce(', warns from ' || soft_value, '') FROM arbees.risk_limits"
		" WHERE scope = $1 AND name = $2 AND key = $3",
		3, {TEXTOID, TEXTOID, TEXTOID}
	};
	Datum		values[3];
	char	   *setting;

	values[0] = CStringGetTextDatum(scope);
	values[1] = CStringGetTextDatum(name);
	values[2] = CStringGetTextDatum(key);
	arb_sql_begin();
	setting = arb_sql_run(&plan, values, NULL) > 0 ? arb_sql_text(0, 1) : NULL;
	arb_sql_end();
	return cstring_to_text(psprintf("%s = %s", place(scope, name, key), setting == NULL ? "NULL" : setting));
}

/* One row with its reason; the trigger does the rest. */
static void
write_limit(const char *scope, const char *name, const char *key, const char *value, bool is_none,
			const char *soft, const char *reason)
{
	static SqlPlan update = {
		"UPDATE arbees.risk_limits SET value = $4, is_none = $5, soft_value = $6"
		" WHERE scope = $1 AND name = $2 AND key = $3",
		6, {TEXTOID, TEXTOID, TEXTOID, TEXTOID, BOOLOID, TEXTOID}
	};
	static SqlPlan insert = {
		"INSERT INTO arbees.risk_limits (scope, name, key, value, is_none, soft_value)"
		" VALUES ($1, $2, $3, $4, $5, $6)",
		6, {TEXTOID, TEXTOID, TEXTOID, TEXTOID, BOOLOID, TEXTOID}
	};
	Datum		values[6] = {0};
	bool		nulls[6] = {false};
	char		spi_nulls[6];
	int			i;

	arb_control_set_text(values, nulls, 0, scope);
	arb_control_set_text(values, nulls, 1, name);
	arb_control_set_text(values, nulls, 2, key);
	arb_control_set_text(values, nulls, 3, value);
	values[4] = BoolGetDatum(is_none);
	arb_control_set_text(values, nulls, 5, soft);
	for (i = 0; i < (int) lengthof(nulls); i++)
		spi_nulls[i] = nulls[i] ? 'n' : ' ';
	/* Not ON CONFLICT: its trigger would judge an insertion that never happens. */
	if (arb_control_run(&update, values, spi_nulls, reason) == 0)
		arb_control_run(&insert, values, spi_nulls, reason);
}

/* arbees_set_limit(scope, name, key, value, soft, reason) sets a limit of a scope; soft NULL = no warning. */
Datum
arbees_set_limit(PG_FUNCTION_ARGS)
{
	char	   *scope = arb_required_text(fcinfo, 0, "a scope");
	char	   *name = name_argument(fcinfo, scope);
	char	   *key = arb_required_text(fcinfo, 2, "a key");
	char	   *value = arb_required_text(fcinfo, 3, "a value");
	char	   *soft = PG_ARGISNULL(4) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(4));
	char	   *reason = arb_required_text(fcinfo, 5, "a reason");

	check_scope(scope, name);
	arb_limit_require_known_name(scope, name);
	write_limit(scope, name, key, value, false, soft, reason);
	PG_RETURN_TEXT_P(recorded(scope, name, key));
}

/* arbees_set_limit_none(scope, name, key, reason) records that a scope has no limit of its own. */
Datum
arbees_set_limit_none(PG_FUNCTION_ARGS)
{
	char	   *scope = arb_required_text(fcinfo, 0, "a scope");
	char	   *name = name_argument(fcinfo, scope);
	char	   *key = arb_required_text(fcinfo, 2, "a key");
	char	   *reason = arb_required_text(fcinfo, 3, "a reason");

	check_scope(scope, name);
	arb_limit_require_known_name(scope, name);
	write_limit(scope, name, key, NULL, true, NULL, reason);
	PG_RETURN_TEXT_P(recorded(scope, name, key));
}

/* arbees_clear_limit(scope, name, key, reason) takes a scope's limit away. */
Datum
arbees_clear_limit(PG_FUNCTION_ARGS)
{
	static SqlPlan plan = {
		"DELETE FROM arbees.risk_limits WHERE scope = $1 AND name = $2 AND key = $3",
		3, {TEXTOID, TEXTOID, TEXTOID}
	};
	char	   *scope = arb_required_text(fcinfo, 0, "a scope");
	char	   *name = name_argument(fcinfo, scope);
	char	   *key = arb_required_text(fcinfo, 2, "a key");
	char	   *reason = arb_required_text(fcinfo, 3, "a reason");
	Datum		values[3];

	values[0] = CStringGetTextDatum(scope);
	values[1] = CStringGetTextDatum(name);
	values[2] = CStringGetTextDatum(key);
	if (arb_control_run(&plan, values, NULL, reason) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_NO_DATA_FOUND),
				 errmsg("there is no limit \"%s\"", place(scope, name, key)),
				 errhint("SELECT * FROM arbees.risk_limits lists them.")));
	PG_RETURN_TEXT_P(cstring_to_text(psprintf("%s cleared", place(scope, name, key))));
}
