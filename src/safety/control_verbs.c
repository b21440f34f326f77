/*-------------------------------------------------------------------------
 *
 * src/safety/control_verbs.c
 *	  arbees_set and its kin: what people say to change a control.
 *
 * A verb is one UPDATE with a reason; control_change.c judges it as it judges
 * every other.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "safety/control_change.h"
#include "utils/builtins.h"

PG_FUNCTION_INFO_V1(arbees_set);
PG_FUNCTION_INFO_V1(arbees_set_none);
PG_FUNCTION_INFO_V1(arbees_set_soft);

static void
update_control(const char *key, const char *value, bool is_none, const char *reason)
{
	static SqlPlan plan = {
		"UPDATE arbees.runtime_controls SET value = $2, is_none = $3 WHERE key = $1",
		3, {TEXTOID, TEXTOID, BOOLOID}
	};
	Datum		values[3];
	char		nulls[3] = {' ', ' ', ' '};

	values[0] = CStringGetTextDatum(key);
	values[1] = value == NULL ? (Datum) 0 : CStringGetTextDatum(value);
	nulls[1] = value == NULL ? 'n' : ' ';
	values[2] = BoolGetDatum(is_none);
	if (arb_control_run(&plan, values, nulls, reason) == 0)
		arb_no_such_control(key);
}

/* Who sets a control must know where it does not bind. */
static void
warn_of_looser_venues(const char *key)
{
	static SqlPlan plan = {
		"SELECT pg_catalog.string_agg(l.name || ' ' || coalesce(l.value, 'none'), ', ' ORDER BY l.name)"
		" FROM arbees.risk_limits l JOIN arbees.runtime_controls c USING (key)"
		" WHERE l.key = $1 AND l.scope = 'venue' AND c.value IS NOT NULL AND (l.is_none OR"
		"  CASE WHEN $2 THEN l.value::numeric < c.value::numeric ELSE l.value::numeric > c.value::numeric END)",
		2, {TEXTOID, BOOLOID}
	};
	Datum		arguments[2];
	const ControlDef *def = arb_control_def(key);
	char	   *venues;

	if (def == NULL || !def->is_limit)
		return;
	arguments[0] = CStringGetTextDatum(key);
	arguments[1] = BoolGetDatum(def->tighter == TIGHTER_HIGHER);
	arb_sql_begin();
	venues = arb_sql_run(&plan, arguments, NULL) > 0 ? arb_sql_text(0, 1) : NULL;
	arb_sql_end();
	if (venues != NULL)
		ereport(WARNING,
				(errmsg("control \"%s\" does not bind where a venue has a looser limit of its own", key),
				 errdetail("Looser are: %s.", venues),
				 errhint("arbees_set_limit('global', '', '%s', value, NULL, reason) binds everywhere.", key)));
}

/* arbees_set(key, value, reason) sets a control and returns what was recorded. */
Datum
arbees_set(PG_FUNCTION_ARGS)
{
	char	   *key = arb_required_text(fcinfo, 0, "a control");
	char	   *reason = arb_required_text(fcinfo, 2, "a reason");
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
	warn_of_looser_venues(key);
	PG_RETURN_TEXT_P(cstring_to_text(psprintf("%s = %s", key, value == NULL ? "NULL" : value)));
}

/* arbees_set_none(key, reason) records that there is no limit. */
Datum
arbees_set_none(PG_FUNCTION_ARGS)
{
	char	   *key = arb_required_text(fcinfo, 0, "a control");

	update_control(key, NULL, true, arb_required_text(fcinfo, 1, "a reason"));
	PG_RETURN_TEXT_P(cstring_to_text(psprintf("%s = none", key)));
}

/* arbees_set_soft(key, value, reason) sets from where a limit warns; NULL = nowhere. */
Datum
arbees_set_soft(PG_FUNCTION_ARGS)
{
	static SqlPlan plan = {
		"UPDATE arbees.runtime_controls SET soft_value = $2 WHERE key = $1",
		2, {TEXTOID, TEXTOID}
	};
	char	   *key = arb_required_text(fcinfo, 0, "a control");
	char	   *reason = arb_required_text(fcinfo, 2, "a reason");
	Datum		values[2];
	char		nulls[2] = {' ', PG_ARGISNULL(1) ? 'n' : ' '};
	ControlRow	row;

	values[0] = CStringGetTextDatum(key);
	values[1] = PG_ARGISNULL(1) ? (Datum) 0 : PG_GETARG_DATUM(1);
	if (arb_control_run(&plan, values, nulls, reason) == 0)
		arb_no_such_control(key);
	arb_control_read_definition(key, false, &row);
	PG_RETURN_TEXT_P(cstring_to_text(row.soft == NULL ? psprintf("%s does not warn", key) :
									 psprintf("%s warns from %s", key, row.soft)));
}
