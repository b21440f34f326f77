/*-------------------------------------------------------------------------
 *
 * src/safety/deployment_limit.c
 *	  The limits of a deployment, and its risk scaler: who may change them, and
 *	  the history of it.
 *
 * The columns are written by the verbs below and by arbees_deploy(), which
 * copies what the strategy declared; the trigger refuses everybody else.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "core/catalog.h"
#include "core/clock.h"
#include "core/guard.h"
#include "core/txn.h"
#include "errors.h"
#include "safety/control_change.h"
#include "utils/builtins.h"
#include "utils/inval.h"
#include "utils/rel.h"

PG_FUNCTION_INFO_V1(arbees_guard_deployments);
PG_FUNCTION_INFO_V1(arbees_set_deployment_limits);
PG_FUNCTION_INFO_V1(arbees_set_risk_scaler);

#define GUARD "deployments"

/* The columns, in the order of the plans below; the first five are set together or not at all. */
enum
{
	COLUMN_INSTRUMENTS, COLUMN_ORDER_USD, COLUMN_DAY_ORDERS, COLUMN_OPEN_POSITIONS, COLUMN_VENUES,
	COLUMN_RISK_SCALER, COLUMN_COUNT
};
#define LIMIT_COLUMNS COLUMN_RISK_SCALER

static const ControlDef Defs[COLUMN_COUNT] = {
	{"max_instruments", CONTROL_INTEGER, false, TIGHTER_LOWER, CONTROL_NO_FIELD},
	{"max_order_usd", CONTROL_NUMERIC, false, TIGHTER_LOWER, CONTROL_NO_FIELD},
	{"max_day_orders", CONTROL_INTEGER, false, TIGHTER_LOWER, CONTROL_NO_FIELD},
	{"max_open_positions", CONTROL_INTEGER, false, TIGHTER_LOWER, CONTROL_NO_FIELD},
	{"max_venues", CONTROL_INTEGER, false, TIGHTER_LOWER, CONTROL_NO_FIELD},
	{"risk_scaler", CONTROL_NUMERIC, false, TIGHTER_LOWER, CONTROL_NO_FIELD}
};

/* As deployments_limits_check and deployments_risk_scaler_check have it. */
static const Fixed Largest[COLUMN_COUNT] = {
	1000000 * FIXED_ONE, 999999999 * FIXED_ONE, 1000000 * FIXED_ONE, 1000000 * FIXED_ONE, 1000 * FIXED_ONE, FIXED_ONE
};

Datum
arbees_guard_deployments(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = (TriggerData *) fcinfo->context;

	if (!CALLED_AS_TRIGGER(fcinfo) || !TRIGGER_FIRED_BY_UPDATE(trigger->tg_event))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("arbees.guard_deployments is a trigger function for updates")));
	if (!arb_guard_is_open(GUARD) && !arb_guard_lets_in(trigger->tg_event))
		ereport(ERROR,
				(errcode(ERRCODE_ARB_ILLEGAL_TRANSITION),
				 errmsg("the limits and the kill criterion of a deployment cannot be updated by hand"),
				 errhint("Use arbees_set_deployment_limits and arbees_set_risk_scaler.")));
	return PointerGetDatum(trigger->tg_newtuple);
}

/* The rows of a deployment's limits as they are, locked. */
static void
read_deployment(int32 deployment_id, ControlRow rows[COLUMN_COUNT])
{
	static SqlPlan plan = {
		"SELECT d.max_instruments::text, pg_catalog.trim_scale(d.max_order_usd)::text, d.max_day_orders::text,"
		" d.max_open_positions::text, d.max_venues::text, pg_catalog.trim_scale(d.risk_scaler)::text,"
		" s.name || ' in ' || p.name"
		" FROM arbees.deployments d JOIN arbees.strategies s USING (strategy_id)"
		" JOIN arbees.portfolios p USING (portfolio_id) WHERE d.deployment_id = $1 FOR UPDATE OF d",
		1, {INT4OID}
	};
	Datum		argument = Int32GetDatum(deployment_id);
	int			i;

	memset(rows, 0, COLUMN_COUNT * sizeof(ControlRow));
	arb_sql_begin();
	if (arb_sql_run(&plan, &argument, NULL) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_NO_DATA_FOUND), errmsg("deployment %d does not exist", deployment_id)));
	for (i = 0; i < COLUMN_COUNT; i++)
	{
		rows[i].def = &Defs[i];
		rows[i].scope = "deployment";
		rows[i].name = arb_sql_text(0, COLUMN_COUNT + 1);
		rows[i].value = arb_sql_text(0, i + 1);
		rows[i].min = 0;
		rows[i].max = Largest[i];
	}
	arb_sql_end();
}

static void
write_deployment(int32 deployment_id, const ControlRow rows[COLUMN_COUNT])
{
	static SqlPlan plan = {
		"UPDATE arbees.deployments SET max_instruments = $2::integer, max_order_usd = $3::numeric,"
		" max_day_orders = $4::integer, max_open_positions = $5::integer, max_venues = $6::integer,"
		" risk_scaler = $7::numeric WHERE deployment_id = $1",
		COLUMN_COUNT + 1, {INT4OID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID}
	};
	Datum		values[COLUMN_COUNT + 1];
	char		nulls[COLUMN_COUNT + 1];
	int			i;

	values[0] = Int32GetDatum(deployment_id);
	nulls[0] = ' ';
	for (i = 0; i < COLUMN_COUNT; i++)
	{
		nulls[i + 1] = rows[i].value == NULL ? 'n' : ' ';
		values[i + 1] = rows[i].value == NULL ? (Datum) 0 : CStringGetTextDatum(rows[i].value);
	}
	arb_sql_begin();
	arb_guard_open(GUARD);
	arb_sql_run(&plan, values, nulls);
	arb_guard_close();
	arb_sql_end();
	/* Sent with the commit: whoever keeps the row looks again. */
	CacheInvalidateRelcacheByRelid(arb_catalog_relation("deployments"));
}

/* The four limits of RTS 6 are one set: some of them alone mean nothing. */
static void
require_whole(const ControlRow rows[COLUMN_COUNT])
{
	int			i;

	for (i = 1; i < LIMIT_COLUMNS; i++)
		if ((rows[i].value == NULL) != (rows[0].value == NULL))
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("a deployment has all its limits or none"),
					 errdetail("\"%s\" is missing.", rows[rows[i].value == NULL ? i : 0].def->key)));
}

/* Sets what is given and leaves the rest; operators tighten, the risk role loosens. */
static void
change_deployment(int32 deployment_id, char *const given[COLUMN_COUNT], const char *reason)
{
	ControlRow	old[COLUMN_COUNT];
	ControlRow	new[COLUMN_COUNT];
	bool		is_risk = arb_actor_is_risk();
	int			i;

	arb_require_synchronous_commit("a change of a deployment's limits");
	read_deployment(deployment_id, old);
	memcpy(new, old, sizeof(new));
	for (i = 0; i < COLUMN_COUNT; i++)
	{
		if (given[i] == NULL)
			continue;
		new[i].value = given[i];
		arb_control_canonical(&new[i]);
		if (!is_risk)
			arb_control_refuse_looser(&old[i], &new[i]);
	}
	require_whole(new);
	write_deployment(deployment_id, new);
	for (i = 0; i < COLUMN_COUNT; i++)
		arb_control_record(&old[i], &new[i], arb_now(), reason);
}

static char *
number_argument(FunctionCallInfo fcinfo, int argument, Oid type)
{
	if (PG_ARGISNULL(argument))
		return NULL;
	return DatumGetCString(type == INT4OID ? DirectFunctionCall1(int4out, PG_GETARG_DATUM(argument)) :
						   DirectFunctionCall1(numeric_out, DirectFunctionCall1(numeric_trim_scale, PG_GETARG_DATUM(argument))));
}

static int32
deployment_argument(FunctionCallInfo fcinfo)
{
	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("a deployment must be given")));
	return PG_GETARG_INT32(0);
}

/*
 * arbees_set_deployment_limits(deployment, instruments, order_usd, day_orders, open_positions, venues, reason)
 *
 * NULL leaves a limit as it is.
 */
Datum
arbees_set_deployment_limits(PG_FUNCTION_ARGS)
{
	char	   *given[COLUMN_COUNT] = {NULL};
	int32		deployment_id = deployment_argument(fcinfo);
	int			i;

	for (i = 0; i < LIMIT_COLUMNS; i++)
		given[i] = number_argument(fcinfo, i + 1, i == COLUMN_ORDER_USD ? NUMERICOID : INT4OID);
	change_deployment(deployment_id, given, arb_required_text(fcinfo, LIMIT_COLUMNS + 1, "a reason"));
	PG_RETURN_VOID();
}

/* arbees_set_risk_scaler(deployment, scaler, reason): 0 to 1, what every entry's size is multiplied by. */
Datum
arbees_set_risk_scaler(PG_FUNCTION_ARGS)
{
	char	   *given[COLUMN_COUNT] = {NULL};
	int32		deployment_id = deployment_argument(fcinfo);

	given[COLUMN_RISK_SCALER] = number_argument(fcinfo, 1, NUMERICOID);
	if (given[COLUMN_RISK_SCALER] == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("a risk scaler must be given")));
	change_deployment(deployment_id, given, arb_required_text(fcinfo, 2, "a reason"));
	PG_RETURN_VOID();
}
