/*-------------------------------------------------------------------------
 *
 * src/safety/control_change.c
 *	  Changes of controls: judged, canonicalised, recorded.
 *
 * Every write passes the trigger below, whoever makes it: UPDATE by arbees_risk,
 * arbees_set() by an operator (who may only tighten; control_verbs.c), the kill
 * switch showing its level. The trigger writes the history and the journal and tells every
 * backend. Rows appear and disappear only with the extension itself.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "commands/extension.h"
#include "commands/trigger.h"
#include "core/catalog.h"
#include "core/clock.h"
#include "core/columns.h"
#include "core/guard.h"
#include "core/sql.h"
#include "core/txn.h"
#include "errors.h"
#include "journal/journal.h"
#include "miscadmin.h"
#include "safety/control_change.h"
#include "storage/lmgr.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/fmgroids.h"
#include "utils/inval.h"
#include "utils/rel.h"

#define MAX_REASON_BYTES	1000

PG_FUNCTION_INFO_V1(arbees_guard_controls);

/* What the caller of the one statement under way asked of the trigger. */
static struct
{
	const char *reason;
	bool		tighten_only;
}			change;

static const char *const ControlColumns[] = {
	"key", "kind", "value", "is_none", "soft_value", "unit", "min_value", "max_value", "labels",
	"description", "changed_by", "changed_at", "reason"
};
static const TableDef ControlsTable = {"runtime_controls", lengthof(ControlColumns), ControlColumns, false};

static const int WrittenColumns[CONTROL_WRITTEN_COLUMNS] = {
	CONTROL_COLUMN_VALUE, CONTROL_COLUMN_IS_NONE, CONTROL_COLUMN_SOFT, CONTROL_COLUMN_CHANGED_BY,
	CONTROL_COLUMN_CHANGED_AT, CONTROL_COLUMN_REASON
};

static Datum
column(HeapTuple tuple, TupleDesc desc, int number, bool *isnull)
{
	return heap_getattr(tuple, number, desc, isnull);
}

/* arb_control_column_text is a text column of a tuple, NULL where it is NULL. */
char *
arb_control_column_text(HeapTuple tuple, TupleDesc desc, int number)
{
	bool		isnull;
	Datum		datum = column(tuple, desc, number, &isnull);

	return isnull ? NULL : TextDatumGetCString(datum);
}

static Fixed
bound_column(HeapTuple tuple, TupleDesc desc, int number)
{
	bool		isnull;
	Datum		datum = column(tuple, desc, number, &isnull);

	return isnull ? FIXED_NULL : arb_fixed_from_numeric(datum);
}

/* arb_no_such_control raises 22023. */
void
arb_no_such_control(const char *key)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("control \"%s\" does not exist", key),
			 errhint("SELECT key, description FROM arbees.runtime_controls lists them.")));
}

static void
read_row(HeapTuple tuple, TupleDesc desc, ControlRow *row)
{
	bool		isnull;
	Datum		labels;
	char	   *key = arb_control_column_text(tuple, desc, CONTROL_COLUMN_KEY);
	char	   *kind = arb_control_column_text(tuple, desc, CONTROL_COLUMN_KIND);

	memset(row, 0, sizeof(*row));
	row->def = key == NULL ? NULL : arb_control_def(key);
	if (row->def == NULL)
		arb_no_such_control(key == NULL ? "" : key);
	if (kind == NULL || strcmp(kind, arb_control_kind_name(row->def->kind)) != 0)
		elog(ERROR, "control \"%s\" is not of kind \"%s\"", key, kind == NULL ? "" : kind);
	row->value = arb_control_column_text(tuple, desc, CONTROL_COLUMN_VALUE);
	row->is_none = DatumGetBool(column(tuple, desc, CONTROL_COLUMN_IS_NONE, &isnull)) && !isnull;
	row->soft = arb_control_column_text(tuple, desc, CONTROL_COLUMN_SOFT);
	row->unit = arb_control_column_text(tuple, desc, CONTROL_COLUMN_UNIT);
	row->min = bound_column(tuple, desc, CONTROL_COLUMN_MIN);
	row->max = bound_column(tuple, desc, CONTROL_COLUMN_MAX);
	labels = column(tuple, desc, CONTROL_COLUMN_LABELS, &isnull);
	row->labels = isnull ? NULL : DatumGetArrayTypeP(labels);
}

static bool
column_changed(HeapTuple old, HeapTuple new, TupleDesc desc, int number)
{
	bool		old_null;
	bool		new_null;
	Datum		was = column(old, desc, number, &old_null);
	Datum		is = column(new, desc, number, &new_null);
	Form_pg_attribute att = TupleDescAttr(desc, number - 1);

	if (old_null || new_null)
		return old_null != new_null;
	return !datum_image_eq(was, is, att->attbyval, att->attlen);
}

static void
require_same_definition(const char *key, HeapTuple old, HeapTuple new, TupleDesc desc)
{
	static const int fixed[] = {
		CONTROL_COLUMN_KEY, CONTROL_COLUMN_KIND, CONTROL_COLUMN_UNIT, CONTROL_COLUMN_MIN,
		CONTROL_COLUMN_MAX, CONTROL_COLUMN_LABELS, CONTROL_COLUMN_DESCRIPTION
	};
	int			i;

	for (i = 0; i < lengthof(fixed); i++)
		if (column_changed(old, new, desc, fixed[i]))
			ereport(ERROR,
					(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					 errmsg("column \"%s\" of control \"%s\" cannot be changed",
							NameStr(TupleDescAttr(desc, fixed[i] - 1)->attname), key),
					 errdetail("Kind, unit, bounds and labels belong to the version of the extension.")));
}

/* An UPDATE names value, is_none or both; what it left alone follows from what it changed. */
static void
settle_none(const ControlRow *old, ControlRow *new)
{
	bool		value_given = new->value != NULL && (old->value == NULL || strcmp(old->value, new->value) != 0);
	bool		none_given = new->is_none && !old->is_none;

	if (none_given && value_given)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("control \"%s\" cannot be none and \"%s\" at once", new->def->key, new->value)));
	if (none_given)
		new->value = NULL;
	else if (value_given)
		new->is_none = false;
	if (new->is_none && !new->def->may_be_none)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s cannot be none", arb_control_subject(new)),
				 errdetail("Trading without it has no meaning; NULL denies every decision that needs it.")));
}

/*
 * arb_control_settle makes a changed row whole: none or a value, each in its one spelling, within bounds.
 */
void
arb_control_settle(const ControlRow *old, ControlRow *new)
{
	settle_none(old, new);
	arb_control_canonical(new);
	/* A value tightened past the soft one may leave it behind; who sets a soft value sets one that warns. */
	if (new->soft != NULL && (old->soft == NULL || strcmp(old->soft, new->soft) != 0))
		arb_control_require_soft_within(new);
}

/* arb_control_refuse_looser refuses what loosens: was and is are what bound before and would bind. */
void
arb_control_refuse_looser(const ControlRow *was, const ControlRow *is)
{
	if (arb_control_is_tighter(was, is))
		return;
	ereport(ERROR,
			(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
			 errmsg("an operator can only tighten %s", arb_control_subject(is)),
			 errdetail("It is %s and would become %s.", arb_control_shown(was), arb_control_shown(is)),
			 errhint("Members of arbees_risk may loosen it.")));
}

/* arb_control_require_tighter refuses to let an operator loosen, in the trigger of a statement of arb_control_run. */
void
arb_control_require_tighter(const ControlRow *was, const ControlRow *is)
{
	if (change.tighten_only)
		arb_control_refuse_looser(was, is);
}

void
arb_control_set_text(Datum *values, bool *nulls, int i, const char *string)
{
	nulls[i] = string == NULL;
	values[i] = string == NULL ? (Datum) 0 : CStringGetTextDatum(string);
}

static void
write_history(const ControlRow *old, const ControlRow *new, TimestampTz now, const char *reason)
{
	Datum		values[CONTROL_HISTORY_ncolumns];
	bool		nulls[CONTROL_HISTORY_ncolumns] = {false};
	Table		table = arb_table_open(&control_history_table, 0, RowExclusiveLock);

#define SET(column, datum) values[CONTROL_HISTORY_##column] = (datum)
#define SET_TEXT(column, string) arb_control_set_text(values, nulls, CONTROL_HISTORY_##column, string)
	SET(change_id, Int64GetDatum(arb_next_id("control_history_seq")));
	SET_TEXT(scope, new->scope != NULL ? new->scope : "control");
	SET_TEXT(name, new->scope != NULL ? new->name : "");
	SET_TEXT(key, new->def->key);
	SET_TEXT(old_value, old->value);
	SET(old_is_none, BoolGetDatum(old->is_none));
	nulls[CONTROL_HISTORY_old_is_none] = old->absent;
	SET_TEXT(old_soft, old->soft);
	SET_TEXT(new_value, new->value);
	SET(new_is_none, BoolGetDatum(new->is_none));
	nulls[CONTROL_HISTORY_new_is_none] = new->absent;
	SET_TEXT(new_soft, new->soft);
	SET_TEXT(changed_by, arb_actor());
	SET(changed_at, TimestampTzGetDatum(now));
	SET_TEXT(reason, reason);
#undef SET
#undef SET_TEXT
	arb_guard_open("control_history");
	arb_table_insert(&table, values, nulls);
	arb_guard_close();
	arb_table_close(&table);
}

/* arb_control_record writes what was changed into the history and the journal. */
void
arb_control_record(const ControlRow *old, const ControlRow *new, TimestampTz now, const char *reason)
{
	const char *scope = new->scope == NULL ? "" :
		psprintf("%s%s%s ", new->scope, new->name[0] != '\0' ? " " : "", new->name);

	if (arb_control_same(old, new))
		return;
	write_history(old, new, now, reason);
	arb_journal(JOURNAL_NO_MODE, new->scope == NULL ? "control_changed" : "limit_changed", 0, 0,
				psprintf("%s%s: %s -> %s%s%s", scope, new->def->key, arb_control_shown(old), arb_control_shown(new),
						 reason != NULL ? ": " : "", reason != NULL ? reason : ""));
}

/* arb_control_reason is the reason of the change under way: the verb's, or what this very statement wrote. */
const char *
arb_control_reason(HeapTuple old, HeapTuple new, TupleDesc desc, int number)
{
	const char *reason = change.reason;

	if (reason == NULL && new != NULL && (old == NULL || column_changed(old, new, desc, number)))
		reason = arb_control_column_text(new, desc, number);
	if (reason != NULL && strlen(reason) > MAX_REASON_BYTES)
		ereport(ERROR,
				(errcode(ERRCODE_STRING_DATA_RIGHT_TRUNCATION),
				 errmsg("the reason is longer than %d bytes", MAX_REASON_BYTES)));
	return reason;
}

/*
 * arb_control_written is a written tuple as it is to be stored: settled, and with who changed it.
 *
 * Args:	columns, the numbers of value, is_none, soft value, changed_by, changed_at and reason.
 */
HeapTuple
arb_control_written(HeapTuple tuple, TupleDesc desc, const int columns[CONTROL_WRITTEN_COLUMNS],
					const ControlRow *row, TimestampTz now, const char *reason)
{
	Datum		values[CONTROL_WRITTEN_COLUMNS];
	bool		nulls[CONTROL_WRITTEN_COLUMNS] = {false};

	arb_control_set_text(values, nulls, 0, row->value);
	values[1] = BoolGetDatum(row->is_none);
	arb_control_set_text(values, nulls, 2, row->soft);
	arb_control_set_text(values, nulls, 3, arb_actor());
	values[4] = TimestampTzGetDatum(now);
	arb_control_set_text(values, nulls, 5, reason);
	return heap_modify_tuple_by_cols(tuple, desc, CONTROL_WRITTEN_COLUMNS, (int *) columns, values, nulls);
}

static HeapTuple
judge_insert(TriggerData *trigger)
{
	HeapTuple	tuple = trigger->tg_trigtuple;
	TupleDesc	desc = RelationGetDescr(trigger->tg_relation);
	ControlRow	row;

	read_row(tuple, desc, &row);
	if (!creating_extension)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("control \"%s\" cannot be inserted", row.def->key),
				 errdetail("Controls come with the extension; only their values change.")));
	arb_control_canonical(&row);
	arb_control_require_soft_within(&row);
	return arb_control_written(tuple, desc, WrittenColumns, &row, arb_now(),
							   arb_control_column_text(tuple, desc, CONTROL_COLUMN_REASON));
}

static HeapTuple
judge_update(TriggerData *trigger)
{
	TupleDesc	desc = RelationGetDescr(trigger->tg_relation);
	TimestampTz now = arb_now();
	ControlRow	old;
	ControlRow	new;
	const char *reason;

	read_row(trigger->tg_trigtuple, desc, &old);
	if (!creating_extension)
		require_same_definition(old.def->key, trigger->tg_trigtuple, trigger->tg_newtuple, desc);
	read_row(trigger->tg_newtuple, desc, &new);
	if (strcmp(new.def->key, "kill_switch") == 0 && !arb_guard_is_open("runtime_controls"))
		ereport(ERROR,
				(errcode(ERRCODE_ARB_ILLEGAL_TRANSITION),
				 errmsg("control \"kill_switch\" only shows the level of the kill switch"),
				 errhint("Use arbees_kill(level, reason) and arbees_resume(reason).")));
	/* The kill switch sees to its own flush, whatever the session's commits are. */
	if (strcmp(new.def->key, "kill_switch") != 0)
		arb_require_synchronous_commit("a change of a control");
	arb_control_settle(&old, &new);
	arb_control_require_tighter(&old, &new);
	reason = arb_control_reason(trigger->tg_trigtuple, trigger->tg_newtuple, desc, CONTROL_COLUMN_REASON);
	/* The kill switch has a history of its own. */
	if (!arb_guard_is_open("runtime_controls"))
		arb_control_record(&old, &new, now, reason);
	return arb_control_written(trigger->tg_newtuple, desc, WrittenColumns, &new, now, reason);
}

Datum
arbees_guard_controls(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = (TriggerData *) fcinfo->context;
	bool		update;
	HeapTuple	result;

	if (!CALLED_AS_TRIGGER(fcinfo))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("arbees.guard_controls is a trigger function")));
	/* Sent with the commit: the next statement of every session reads the new value. */
	CacheInvalidateRelcacheByRelid(RelationGetRelid(trigger->tg_relation));
	update = TRIGGER_FIRED_BY_UPDATE(trigger->tg_event);
	if (arb_guard_lets_in(trigger->tg_event))
		return PointerGetDatum(update ? trigger->tg_newtuple : trigger->tg_trigtuple);
	if (TRIGGER_FIRED_BY_DELETE(trigger->tg_event) || TRIGGER_FIRED_BY_TRUNCATE(trigger->tg_event))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("controls cannot be deleted"),
				 errdetail("A missing control denies every decision that needs it."),
				 errhint("arbees_set_none(key, reason) records that there is no limit.")));
	result = update ? judge_update(trigger) : judge_insert(trigger);
	return PointerGetDatum(result);
}

/* arb_actor_is_risk tells whether the caller may loosen. */
bool
arb_actor_is_risk(void)
{
	Oid			risk = get_role_oid("arbees_risk", true);

	return superuser_arg(GetOuterUserId()) ||
		(OidIsValid(risk) && has_privs_of_role(GetOuterUserId(), risk));
}

/*
 * arb_control_run runs the one statement of a verb, with its reason; the trigger does the rest.
 *
 * Returns: the rows changed.
 */
uint64
arb_control_run(SqlPlan *plan, Datum *values, const char *nulls, const char *reason)
{
	volatile uint64 changed = 0;

	arb_sql_begin();
	PG_TRY();
	{
		change.reason = reason;
		change.tighten_only = !arb_actor_is_risk();
		changed = arb_sql_run(plan, values, nulls);
	}
	PG_FINALLY();
	{
		change.reason = NULL;
		change.tighten_only = false;
	}
	PG_END_TRY();
	arb_sql_end();
	return changed;
}

/* arb_required_text is an argument that must be given. */
char *
arb_required_text(FunctionCallInfo fcinfo, int argument, const char *name)
{
	char	   *string = PG_ARGISNULL(argument) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(argument));

	if (string == NULL || *string == '\0')
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("%s must be given", name)));
	return string;
}

/*
 * arb_control_read_definition reads a limit's control: definition, unit, bounds and present value.
 *
 * Errors: 22023 for a key that is no control, or that is no limit.
 */
void
arb_control_read_definition(const char *key, ControlRow *row)
{
	IndexKey	by_key = {CStringGetTextDatum(key), F_TEXTEQ};
	const ControlDef *def = arb_control_def(key);
	Table		table;
	Snapshot	snapshot;
	Row			found;

	if (def == NULL)
		arb_no_such_control(key);
	if (!def->is_limit)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("control \"%s\" is the same for all", key),
				 errdetail("Only limits of the gate may be set for a venue, a strategy or an instrument.")));
	table = arb_table_open(&ControlsTable, 0, AccessShareLock);
	table.any_age = true;
	snapshot = arb_snapshot_begin();
	if (!arb_table_fetch(&table, "runtime_controls_pkey", 1, &by_key, ForwardScanDirection, snapshot, &found))
		arb_no_such_control(key);
	arb_snapshot_end(snapshot);
	read_row(heap_form_tuple(RelationGetDescr(table.rel), found.value, found.null), RelationGetDescr(table.rel), row);
	arb_table_close(&table);
}

/*
 * arb_control_show_kill_level writes the kill level into the row that shows it.
 *
 * The truth is arbees.kill_levels. This row must never make a kill wait: when
 * somebody holds it or the table locked, it follows later (arbees.step_liveness).
 *
 * Locks: the caller holds the kill lock: the level stands meanwhile.
 * Returns: false when the row still shows what it showed.
 */
bool
arb_control_show_kill_level(const char *level)
{
	IndexKey	key = {CStringGetTextDatum("kill_switch"), F_TEXTEQ};
	Oid			relid = arb_catalog_relation("runtime_controls");
	Snapshot	snapshot;
	Table		table;
	Row			row;
	bool		shown = false;

	if (!ConditionalLockRelationOid(relid, RowExclusiveLock))
		return false;
	table = arb_table_open(&ControlsTable, 0, NoLock);
	table.any_age = true;
	snapshot = arb_snapshot_begin();
	if (arb_table_fetch(&table, "runtime_controls_pkey", 1, &key, ForwardScanDirection, snapshot, &row))
	{
		TupleTableSlot *slot = table_slot_create(table.rel, NULL);
		TM_FailureData failure;

		if (table_tuple_lock(table.rel, &row.tid, snapshot, slot, GetCurrentCommandId(true),
							 LockTupleNoKeyExclusive, LockWaitSkip, 0, &failure) == TM_Ok)
		{
			row.value[CONTROL_COLUMN_VALUE - 1] = CStringGetTextDatum(level);
			row.null[CONTROL_COLUMN_VALUE - 1] = false;
			arb_guard_open("runtime_controls");
			arb_table_update(&table, &row);
			arb_guard_close();
			shown = true;
		}
		ExecDropSingleTupleTableSlot(slot);
	}
	arb_snapshot_end(snapshot);
	arb_table_close(&table);
	return shown;
}
