/*-------------------------------------------------------------------------
 *
 * src/safety/control_change.c
 *	  Changes of controls: judged, canonicalised, recorded.
 *
 * Every write passes the trigger below, whoever makes it: UPDATE by arbees_risk,
 * arbees_set() by an operator (who may only tighten), the kill switch showing
 * its level. The trigger writes the history and the journal and tells every
 * backend. Rows appear and disappear only with the extension itself.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "commands/extension.h"
#include "commands/sequence.h"
#include "commands/trigger.h"
#include "compat.h"
#include "core/catalog.h"
#include "core/clock.h"
#include "core/guard.h"
#include "core/sql.h"
#include "core/table.h"
#include "core/txn.h"
#include "errors.h"
#include "executor/spi.h"
#include "journal/journal.h"
#include "miscadmin.h"
#include "safety/control.h"
#include "safety/control_def.h"
#include "storage/lmgr.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/fmgroids.h"
#include "utils/inval.h"
#include "utils/numeric.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#define MAX_LIST_ELEMENTS	1000
#define MAX_ELEMENT_BYTES	128
#define MAX_REASON_BYTES	1000

PG_FUNCTION_INFO_V1(arbees_guard_controls);
PG_FUNCTION_INFO_V1(arbees_set);
PG_FUNCTION_INFO_V1(arbees_set_none);

/* What the caller of the one UPDATE under way asked of the trigger. */
static struct
{
	const char *reason;
	bool		tighten_only;
}			change;

/* A row as the trigger judges it. */
typedef struct ControlRow
{
	const ControlDef *def;
	char	   *value;			/* NULL when NULL */
	bool		is_none;
	Fixed		min;			/* FIXED_NULL when unbounded */
	Fixed		max;
	char	   *unit;
	ArrayType  *labels;
} ControlRow;

static const char *const ControlColumns[] = {
	"key", "kind", "value", "is_none", "unit", "min_value", "max_value", "labels",
	"description", "changed_by", "changed_at", "reason"
};
static const TableDef ControlsTable = {"runtime_controls", lengthof(ControlColumns), ControlColumns, false};

static const char *const HistoryColumns[] = {
	"change_id", "key", "old_value", "old_is_none", "new_value", "new_is_none",
	"changed_by", "changed_at", "reason"
};
static const TableDef HistoryTable = {"control_history", lengthof(HistoryColumns), HistoryColumns, false};

/* arb_control_parse_int reads a whole decimal number, nothing before or after it. */
bool
arb_control_parse_int(const char *string, int64 *value)
{
	char	   *end;

	if (!isdigit((unsigned char) string[0]) && !(string[0] == '-' && isdigit((unsigned char) string[1])))
		return false;
	errno = 0;
	*value = strtoll(string, &end, 10);
	return errno == 0 && *end == '\0';
}

/* arb_control_parse_fixed reads plain decimal text of at most nine digits before and eight after the point. */
bool
arb_control_parse_fixed(const char *string, Fixed *value)
{
	const char *c = string;
	bool		negative = *c == '-';
	int			whole = 0;
	int			fraction = 0;
	Fixed		result = 0;

	if (negative)
		c++;
	for (; isdigit((unsigned char) *c); c++, whole++)
	{
		if (whole == 9)
			return false;
		result = result * 10 + (*c - '0');
	}
	if (whole == 0)
		return false;
	if (*c == '.')
	{
		for (c++; isdigit((unsigned char) *c); c++, fraction++)
		{
			if (fraction == FIXED_DIGITS)
				return false;
			result = result * 10 + (*c - '0');
		}
		if (fraction == 0)
			return false;
	}
	if (*c != '\0')
		return false;
	for (; fraction < FIXED_DIGITS; fraction++)
		result *= 10;
	*value = negative ? -result : result;
	return true;
}

static pg_attribute_noreturn() void
wrong_type(const ControlRow *row, const char *expected)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
			 errmsg("control \"%s\" cannot be \"%s\"", row->def->key, row->value),
			 errdetail("It takes %s%s%s.", expected,
					   row->unit != NULL ? ", in " : "", row->unit != NULL ? row->unit : ""),
			 row->def->may_be_none ?
			 errhint("Use arbees_set_none('%s', reason) to record that there is no limit.", row->def->key) : 0));
}

static void
check_bounds(const ControlRow *row, Fixed value)
{
	if ((row->min == FIXED_NULL || value >= row->min) && (row->max == FIXED_NULL || value <= row->max))
		return;
	ereport(ERROR,
			(errcode(ERRCODE_CHECK_VIOLATION),
			 errmsg("control \"%s\" is out of bounds", row->def->key),
			 errdetail("%s was given; it takes %s to %s%s%s.", arb_fixed_to_cstring(value),
					   row->min == FIXED_NULL ? "anything" : arb_fixed_to_cstring(row->min),
					   row->max == FIXED_NULL ? "anything" : arb_fixed_to_cstring(row->max),
					   row->unit != NULL ? " " : "", row->unit != NULL ? row->unit : "")));
}

/* The labels of a row as one text, for messages and for look-up. */
static bool
has_label(const ControlRow *row, const char *name, char **all)
{
	StringInfoData buf;
	Datum	   *elements;
	bool	   *nulls;
	int			n;
	int			i;
	bool		found = false;

	initStringInfo(&buf);
	deconstruct_array(row->labels, TEXTOID, -1, false, TYPALIGN_INT, &elements, &nulls, &n);
	for (i = 0; i < n; i++)
	{
		char	   *label = TextDatumGetCString(elements[i]);

		found = found || strcmp(label, name) == 0;
		appendStringInfo(&buf, "%s%s", i > 0 ? ", " : "", label);
	}
	*all = buf.data;
	return found;
}

static void
require_label(const ControlRow *row, const char *name)
{
	char	   *all;

	if (row->labels == NULL || has_label(row, name, &all))
		return;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("control \"%s\" has no label \"%s\"", row->def->key, name),
			 errdetail("Its labels are %s.", all)));
}

static char *
trimmed(const char *string, size_t length)
{
	while (length > 0 && isspace((unsigned char) *string))
		string++, length--;
	while (length > 0 && isspace((unsigned char) string[length - 1]))
		length--;
	return pnstrdup(string, length);
}

static void
check_element(const ControlRow *row, const char *element)
{
	if (*element == '\0' || strlen(element) > MAX_ELEMENT_BYTES)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("control \"%s\" has an element of %zu bytes", row->def->key, strlen(element)),
				 errdetail("Elements have 1 to %d bytes and are separated by commas.", MAX_ELEMENT_BYTES)));
	if (row->labels != NULL)
		require_label(row, element);
	else if (pg_strcasecmp(element, "none") == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("control \"%s\" cannot list \"%s\"", row->def->key, element),
				 errhint("Use arbees_set_none('%s', reason) for no limit, an empty list to allow nothing.",
						 row->def->key)));
}

/* Elements trimmed, duplicates dropped, single commas between: the form the readers expect. */
static char *
canonical_list(const ControlRow *row)
{
	StringInfoData buf;
	const char *c = row->value;
	int			n = 0;

	initStringInfo(&buf);
	if (strspn(c, " \t\r\n") == strlen(c))
		return pstrdup("");
	for (;;)
	{
		size_t		length = strcspn(c, ",");
		char	   *element = trimmed(c, length);

		check_element(row, element);
		if (++n > MAX_LIST_ELEMENTS)
			ereport(ERROR,
					(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
					 errmsg("control \"%s\" has more than %d elements", row->def->key, MAX_LIST_ELEMENTS)));
		if (!arb_control_list_allows(buf.data, element) || strchr(element, '*') != NULL)
			appendStringInfo(&buf, "%s%s", buf.len > 0 ? "," : "", element);
		c += length;
		if (*c == '\0')
			return buf.data;
		c++;
	}
}

/* The one spelling of a value, or an error that says what is wrong with it. */
static char *
canonical_value(ControlRow *row)
{
	bool		truth;
	int64		whole;
	Fixed		fixed;

	if (row->def->kind == CONTROL_LIST)
		return canonical_list(row);
	row->value = trimmed(row->value, strlen(row->value));
	switch (row->def->kind)
	{
		case CONTROL_BOOLEAN:
			if (!parse_bool(row->value, &truth))
				wrong_type(row, "true or false");
			return pstrdup(truth ? "true" : "false");
		case CONTROL_INTEGER:
			if (!arb_control_parse_int(row->value, &whole) || whole < -INT64CONST(1000000000) ||
				whole > INT64CONST(1000000000))
				wrong_type(row, "a whole number");
			check_bounds(row, whole * FIXED_ONE);
			return psprintf(INT64_FORMAT, whole);
		case CONTROL_NUMERIC:
			if (!arb_control_parse_fixed(row->value, &fixed))
				wrong_type(row, "a decimal number of at most nine digits before and eight after the point");
			check_bounds(row, fixed);
			return arb_fixed_to_cstring(fixed);
		case CONTROL_LABEL:
			require_label(row, row->value);
			return row->value;
		case CONTROL_LIST:
			break;
	}
	elog(ERROR, "control \"%s\" is of no known kind", row->def->key);
}

static bool
list_is_subset(const char *list, const char *of)
{
	const char *c = list;

	while (*c != '\0')
	{
		size_t		length = strcspn(c, ",");
		char	   *element = pnstrdup(c, length);

		if (!arb_control_list_allows(of, element))
			return false;
		c += length;
		if (*c == ',')
			c++;
	}
	return true;
}

static bool
is_tighter(const ControlRow *old, const ControlRow *new)
{
	Fixed		was;
	Fixed		is;

	/* NULL denies, so becoming NULL tightens and leaving it does not. */
	if (new->value == NULL && !new->is_none)
		return true;
	if (new->is_none)
		return old->is_none;
	if (old->value == NULL)
		return old->is_none;
	switch (new->def->tighter)
	{
		case TIGHTER_LOWER:
			return arb_control_parse_fixed(old->value, &was) &&
				arb_control_parse_fixed(new->value, &is) && is <= was;
		case TIGHTER_HIGHER:
			return arb_control_parse_fixed(old->value, &was) &&
				arb_control_parse_fixed(new->value, &is) && is >= was;
		case TIGHTER_FALSE:
			return strcmp(new->value, "false") == 0;
		case TIGHTER_SUBSET:
			return list_is_subset(new->value, old->value);
		case TIGHTER_NEVER:
			break;
	}
	return false;
}

static Datum
column(HeapTuple tuple, TupleDesc desc, int number, bool *isnull)
{
	return heap_getattr(tuple, number, desc, isnull);
}

static char *
text_column(HeapTuple tuple, TupleDesc desc, int number)
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

static void
read_row(HeapTuple tuple, TupleDesc desc, ControlRow *row)
{
	bool		isnull;
	Datum		labels;
	char	   *key = text_column(tuple, desc, CONTROL_COLUMN_KEY);
	char	   *kind = text_column(tuple, desc, CONTROL_COLUMN_KIND);

	row->def = key == NULL ? NULL : arb_control_def(key);
	if (row->def == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("control \"%s\" does not exist", key == NULL ? "" : key),
				 errhint("SELECT key, description FROM arbees.runtime_controls lists them.")));
	if (kind == NULL || strcmp(kind, arb_control_kind_name(row->def->kind)) != 0)
		elog(ERROR, "control \"%s\" is not of kind \"%s\"", key, kind == NULL ? "" : kind);
	row->value = text_column(tuple, desc, CONTROL_COLUMN_VALUE);
	row->is_none = DatumGetBool(column(tuple, desc, CONTROL_COLUMN_IS_NONE, &isnull)) && !isnull;
	row->unit = text_column(tuple, desc, CONTROL_COLUMN_UNIT);
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
				 errmsg("control \"%s\" cannot be none", new->def->key),
				 errdetail("Trading without it has no meaning; NULL denies every decision that needs it.")));
}

static const char *
shown(const ControlRow *row)
{
	return row->is_none ? "none" : row->value == NULL ? "NULL (denies)" : row->value;
}

static void
require_tighter(const ControlRow *old, const ControlRow *new)
{
	if (!change.tighten_only || is_tighter(old, new))
		return;
	ereport(ERROR,
			(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
			 errmsg("an operator can only tighten control \"%s\"", new->def->key),
			 errdetail("It is %s and would become %s.", shown(old), shown(new)),
			 errhint("Members of arbees_risk may loosen it.")));
}

static void
set_text(Datum *values, bool *nulls, int i, const char *string)
{
	nulls[i] = string == NULL;
	values[i] = string == NULL ? (Datum) 0 : CStringGetTextDatum(string);
}

static void
write_history(const ControlRow *old, const ControlRow *new, TimestampTz now, const char *reason)
{
	Datum		values[lengthof(HistoryColumns)];
	bool		nulls[lengthof(HistoryColumns)] = {false};
	Table		table = arb_table_open(&HistoryTable, 0, RowExclusiveLock);

	values[0] = Int64GetDatum(nextval_internal(arb_catalog_relation("control_history_seq"), false));
	set_text(values, nulls, 1, new->def->key);
	set_text(values, nulls, 2, old->value);
	values[3] = BoolGetDatum(old->is_none);
	set_text(values, nulls, 4, new->value);
	values[5] = BoolGetDatum(new->is_none);
	set_text(values, nulls, 6, arb_actor());
	values[7] = TimestampTzGetDatum(now);
	set_text(values, nulls, 8, reason);
	arb_guard_open("control_history");
	arb_table_insert(&table, values, nulls);
	arb_guard_close();
	arb_table_close(&table);
}

static bool
same_setting(const ControlRow *old, const ControlRow *new)
{
	if (old->is_none != new->is_none || (old->value == NULL) != (new->value == NULL))
		return false;
	return old->value == NULL || strcmp(old->value, new->value) == 0;
}

static HeapTuple
with_columns(HeapTuple tuple, TupleDesc desc, const ControlRow *row, TimestampTz now, const char *reason)
{
	int			numbers[] = {
		CONTROL_COLUMN_VALUE, CONTROL_COLUMN_IS_NONE, CONTROL_COLUMN_CHANGED_BY,
		CONTROL_COLUMN_CHANGED_AT, CONTROL_COLUMN_REASON
	};
	Datum		values[lengthof(numbers)];
	bool		nulls[lengthof(numbers)] = {false};

	set_text(values, nulls, 0, row->value);
	values[1] = BoolGetDatum(row->is_none);
	set_text(values, nulls, 2, arb_actor());
	values[3] = TimestampTzGetDatum(now);
	set_text(values, nulls, 4, reason);
	return heap_modify_tuple_by_cols(tuple, desc, lengthof(numbers), numbers, values, nulls);
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
	if (row.value != NULL)
		row.value = canonical_value(&row);
	return with_columns(tuple, desc, &row, arb_now(), text_column(tuple, desc, CONTROL_COLUMN_REASON));
}

static HeapTuple
judge_update(TriggerData *trigger)
{
	TupleDesc	desc = RelationGetDescr(trigger->tg_relation);
	TimestampTz now = arb_now();
	ControlRow	old;
	ControlRow	new;
	const char *reason = change.reason;

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
	settle_none(&old, &new);
	if (new.value != NULL)
		new.value = canonical_value(&new);
	require_tighter(&old, &new);

	/* A reason stays only when this very statement gave it. */
	if (reason == NULL && column_changed(trigger->tg_trigtuple, trigger->tg_newtuple, desc, CONTROL_COLUMN_REASON))
		reason = text_column(trigger->tg_newtuple, desc, CONTROL_COLUMN_REASON);
	if (reason != NULL && strlen(reason) > MAX_REASON_BYTES)
		ereport(ERROR,
				(errcode(ERRCODE_STRING_DATA_RIGHT_TRUNCATION),
				 errmsg("the reason is longer than %d bytes", MAX_REASON_BYTES)));
	/* The kill switch has a history of its own. */
	if (!same_setting(&old, &new) && !arb_guard_is_open("runtime_controls"))
	{
		write_history(&old, &new, now, reason);
		arb_journal(JOURNAL_NO_MODE, "control_changed", 0, 0,
					psprintf("%s: %s -> %s%s%s", new.def->key, shown(&old), shown(&new),
							 reason != NULL ? ": " : "", reason != NULL ? reason : ""));
	}
	return with_columns(trigger->tg_newtuple, desc, &new, now, reason);
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
	if (arb_guard_maintenance())
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

static bool
actor_is_risk(void)
{
	Oid			risk = get_role_oid("arbees_risk", true);

	return superuser_arg(GetOuterUserId()) ||
		(OidIsValid(risk) && has_privs_of_role(GetOuterUserId(), risk));
}

/* One UPDATE with its reason; the trigger does the rest. */
static void
update_control(const char *key, const char *value, bool is_none, const char *reason)
{
	static SqlPlan plan = {
		"UPDATE arbees.runtime_controls SET value = $2, is_none = $3 WHERE key = $1",
		3, {TEXTOID, TEXTOID, BOOLOID}
	};
	Datum		values[3];
	char		nulls[3] = {' ', ' ', ' '};
	volatile uint64 updated = 0;

	values[0] = CStringGetTextDatum(key);
	values[1] = value == NULL ? (Datum) 0 : CStringGetTextDatum(value);
	nulls[1] = value == NULL ? 'n' : ' ';
	values[2] = BoolGetDatum(is_none);
	arb_sql_begin();
	PG_TRY();
	{
		change.reason = reason;
		change.tighten_only = !actor_is_risk();
		updated = arb_sql_run(&plan, values, nulls);
	}
	PG_FINALLY();
	{
		change.reason = NULL;
		change.tighten_only = false;
	}
	PG_END_TRY();
	arb_sql_end();
	if (updated == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("control \"%s\" does not exist", key),
				 errhint("SELECT key, description FROM arbees.runtime_controls lists them.")));
}

static char *
required_text(FunctionCallInfo fcinfo, int argument, const char *name)
{
	char	   *string = PG_ARGISNULL(argument) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(argument));

	if (string == NULL || *string == '\0')
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("%s must be given", name)));
	return string;
}

/* arbees_set(key, value, reason) sets a control and returns what was recorded. */
Datum
arbees_set(PG_FUNCTION_ARGS)
{
	char	   *key = required_text(fcinfo, 0, "a control");
	char	   *reason = required_text(fcinfo, 2, "a reason");
	static SqlPlan plan = {
		"SELECT value FROM arbees.runtime_controls WHERE key = $1", 1, {TEXTOID}
	};
	Datum		argument = CStringGetTextDatum(key);
	char	   *value;

	if (PG_ARGISNULL(1))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("a value must be given"),
				 errhint("arbees_set_none(key, reason) records that there is no limit.")));
	update_control(key, text_to_cstring(PG_GETARG_TEXT_PP(1)), false, reason);
	arb_sql_begin();
	value = arb_sql_run(&plan, &argument, NULL) > 0 ? arb_sql_text(0, 1) : NULL;
	arb_sql_end();
	PG_RETURN_TEXT_P(cstring_to_text(psprintf("%s = %s", key, value == NULL ? "NULL" : value)));
}

/* arbees_set_none(key, reason) records that there is no limit. */
Datum
arbees_set_none(PG_FUNCTION_ARGS)
{
	char	   *key = required_text(fcinfo, 0, "a control");

	update_control(key, NULL, true, required_text(fcinfo, 1, "a reason"));
	PG_RETURN_TEXT_P(cstring_to_text(psprintf("%s = none", key)));
}

/*
 * arb_control_show_kill_level writes the kill level into the row that shows it.
 *
 * The truth is arbees.kill_levels. This row must never make a kill wait: when
 * somebody holds it or the table locked, *shown is false and the row follows
 * later (arbees.step_liveness).
 *
 * Locks: the caller holds the kill lock exclusively.
 */
void
arb_control_show_kill_level(const char *level, bool *shown_now)
{
	IndexKey	key = {CStringGetTextDatum("kill_switch"), F_TEXTEQ};
	Oid			relid = arb_catalog_relation("runtime_controls");
	Snapshot	snapshot;
	Table		table;
	Row			row;

	*shown_now = false;
	if (!ConditionalLockRelationOid(relid, RowExclusiveLock))
		return;
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
			*shown_now = true;
		}
		ExecDropSingleTupleTableSlot(slot);
	}
	arb_snapshot_end(snapshot);
	arb_table_close(&table);
}
