/*-------------------------------------------------------------------------
 *
 * src/trade/override.c
 *	  Overrides: a denied entry let through once, by two people.
 *
 * Only checks that say so may be overridden, and only those that denied; the
 * entry is submitted anew, under a key of its own, with the numbers of the
 * moment. Whatever comes of it, the override is used up.
 *
 * Locks: those of the gate, before the override is read, so that of two
 * approvals at once one finds it used. People are told apart by their login:
 * SET ROLE makes nobody a second person.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "compat.h"
#include "core/guard.h"
#include "core/result.h"
#include "core/sql.h"
#include "core/txn.h"
#include "errors.h"
#include "fmgr.h"
#include "journal/journal.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "safety/sums.h"
#include "trade/desk.h"
#include "trade/submit.h"
#include "utils/builtins.h"

PG_FUNCTION_INFO_V1(arbees_request_override);
PG_FUNCTION_INFO_V1(arbees_approve_override);

/* A decision that was denied, read back. */
typedef struct Denied
{
	int64		decision_id;
	int32		portfolio_id;
	char	   *key;
	GateInput	in;
	GateOutput	out;
} Denied;

typedef struct Override
{
	int64		override_id;
	int64		decision_id;
	int32		portfolio_id;
	char	   *requested_by;
	char	   *approved_by;	/* NULL = nobody yet */
	bool		expired;
	bool		entry_used;		/* another override let the same entry through */
} Override;

static char *
reason_argument(FunctionCallInfo fcinfo, int argument)
{
	char	   *reason = PG_ARGISNULL(argument) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(argument));

	if (reason == NULL || strspn(reason, " \t\r\n") == strlen(reason))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("a reason must be given")));
	return reason;
}

static pg_attribute_noreturn() void
refuse(const char *what, const char *detail)
{
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("%s", what),
			 errdetail_internal("%s", detail)));
}

/* ---- what was denied ---- */

static void
read_denied(int64 decision_id, Denied *denied)
{
	static SqlPlan plan = {
		"SELECT portfolio_id, signal_key, gate_version::integer, verdict::text, purpose::text, input, output"
		" FROM arbees.decisions WHERE decision_id = $1",
		1, {INT8OID}
	};
	Datum		argument = Int64GetDatum(decision_id);
	bool		isnull;
	char	   *verdict;
	char	   *purpose;

	denied->decision_id = decision_id;
	arb_sql_begin();
	if (arb_sql_run(&plan, &argument, NULL) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_NO_DATA_FOUND), errmsg("decision " INT64_FORMAT " does not exist", decision_id)));
	denied->portfolio_id = arb_sql_int32(0, 1, 0);
	denied->key = arb_sql_text(0, 2);
	verdict = arb_sql_text(0, 4);
	purpose = arb_sql_text(0, 5);
	if (strcmp(verdict, "denied") != 0 || strcmp(purpose, "ENTRY") != 0)
		refuse(psprintf("decision " INT64_FORMAT " is no denied entry", decision_id),
			   psprintf("It is an %s, %s.", purpose, verdict));
	if (arb_sql_int32(0, 3, 0) != GATE_VERSION)
		refuse(psprintf("decision " INT64_FORMAT " was made by another version of the gate", decision_id),
			   psprintf("It is version %d, this one is %d.", arb_sql_int32(0, 3, 0), GATE_VERSION));
	arb_gate_decode(DatumGetByteaPP(arb_sql_value(0, 6, &isnull)), (int64 *) &denied->in, GateInputCount);
	arb_gate_decode(DatumGetByteaPP(arb_sql_value(0, 7, &isnull)), (int64 *) &denied->out, GateOutputCount);
	arb_sql_end();
}

/* The checks that denied, as names; raises when one of them lets nobody past. */
static char *
overridable_checks(const Denied *denied)
{
	StringInfoData names;
	int			i;

	initStringInfo(&names);
	for (i = 0; RiskChecks[i].code != NULL; i++)
	{
		if (!arb_mask_has(denied->out.failed_0, denied->out.failed_1, i))
			continue;
		if (!RiskChecks[i].may_override)
			refuse(psprintf("check \"%s\" lets nobody past", RiskChecks[i].code),
				   psprintf("It denied decision " INT64_FORMAT ": %s.", denied->decision_id, RiskChecks[i].comment));
		appendStringInfo(&names, "%s%s", names.len > 0 ? ", " : "", RiskChecks[i].code);
	}
	return names.data;
}

/* ---- request ---- */

static int64
insert_request(const Denied *denied, const char *checks, const char *reason, Datum expires)
{
	static SqlPlan plan = {
		"INSERT INTO arbees.overrides (decision_id, portfolio_id, checks, reason, requested_by, requested_at, expires_at)"
		" SELECT $1, $2, $3, $4, $5, t.now, t.now + $6"
		" FROM (SELECT pg_catalog.clock_timestamp() AS now) t RETURNING override_id",
		6, {INT8OID, INT4OID, TEXTOID, TEXTOID, TEXTOID, INTERVALOID}
	};
	Datum		values[6];
	int64		override_id;

	values[0] = Int64GetDatum(denied->decision_id);
	values[1] = Int32GetDatum(denied->portfolio_id);
	values[2] = CStringGetTextDatum(checks);
	values[3] = CStringGetTextDatum(reason);
	values[4] = CStringGetTextDatum(arb_login());
	values[5] = expires;
	arb_sql_begin();
	arb_guard_open("overrides");
	arb_sql_run(&plan, values, NULL);
	arb_guard_close();
	override_id = arb_sql_int64(0, 1, 0);
	arb_sql_end();
	return override_id;
}

static void
require_lifetime(Interval *expires)
{
	bool		fits = expires->month == 0 && expires->day >= 0 && expires->day <= 1 && expires->time >= 0 &&
		expires->day * USECS_PER_DAY + expires->time > 0 &&
		expires->day * USECS_PER_DAY + expires->time <= USECS_PER_DAY;

	if (!fits)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("an override lives for more than nothing and at most one day")));
}

static pg_attribute_noreturn() void
refuse_used(int64 decision_id)
{
	refuse(psprintf("decision " INT64_FORMAT " was let through already", decision_id), "An entry is let through once.");
}

static void
require_unused(int64 decision_id)
{
	static SqlPlan plan = {
		"SELECT true FROM arbees.overrides WHERE decision_id = $1 AND used_decision_id IS NOT NULL", 1, {INT8OID}
	};
	Datum		argument = Int64GetDatum(decision_id);
	bool		used;

	arb_sql_begin();
	used = arb_sql_run(&plan, &argument, NULL) > 0;
	arb_sql_end();
	if (used)
		refuse_used(decision_id);
}

/* arbees_request_override(decision_id, reason, expires) returns the number of the override. */
Datum
arbees_request_override(PG_FUNCTION_ARGS)
{
	Denied		denied;
	char	   *reason = reason_argument(fcinfo, 1);
	char	   *checks;
	int64		override_id;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(2))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("a decision and a lifetime must be given")));
	arb_require_synchronous_commit("a request for an override");
	require_lifetime(PG_GETARG_INTERVAL_P(2));
	read_denied(PG_GETARG_INT64(0), &denied);
	require_unused(denied.decision_id);
	checks = overridable_checks(&denied);
	override_id = insert_request(&denied, checks, reason, PG_GETARG_DATUM(2));
	arb_journal((TradingMode) denied.in.mode, "override_requested", denied.portfolio_id, denied.decision_id,
				psprintf("override " INT64_FORMAT " by %s of %s: %s", override_id, arb_login(), checks, reason));
	PG_RETURN_INT64(override_id);
}

/* ---- approve ---- */

/* A plain read: what decides is read again under the portfolio's lock. */
static void
read_override(int64 override_id, Override *o)
{
	static SqlPlan plan = {
		"SELECT o.decision_id, o.portfolio_id, o.requested_by, o.approved_by,"
		" o.expires_at <= pg_catalog.clock_timestamp(),"
		" EXISTS (SELECT FROM arbees.overrides x WHERE x.decision_id = o.decision_id AND x.used_decision_id IS NOT NULL)"
		" FROM arbees.overrides o WHERE o.override_id = $1",
		1, {INT8OID}
	};
	Datum		argument = Int64GetDatum(override_id);

	o->override_id = override_id;
	arb_sql_begin();
	if (arb_sql_run(&plan, &argument, NULL) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_NO_DATA_FOUND), errmsg("override " INT64_FORMAT " does not exist", override_id)));
	o->decision_id = arb_sql_int64(0, 1, 0);
	o->portfolio_id = arb_sql_int32(0, 2, 0);
	o->requested_by = arb_sql_text(0, 3);
	o->approved_by = arb_sql_text(0, 4);
	o->expired = arb_sql_bool(0, 5, true);
	o->entry_used = arb_sql_bool(0, 6, true);
	arb_sql_end();
}

static void
require_approvable(const Override *o)
{
	if (o->approved_by != NULL)
		refuse(psprintf("override " INT64_FORMAT " is used", o->override_id),
			   psprintf("%s approved it.", o->approved_by));
	if (o->expired)
		refuse(psprintf("override " INT64_FORMAT " has expired", o->override_id),
			   "An operator may ask for another.");
	if (o->entry_used)
		refuse_used(o->decision_id);
	if (strcmp(o->requested_by, arb_login()) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("override " INT64_FORMAT " cannot be approved by who asked for it", o->override_id),
				 errdetail("%s did.", o->requested_by)));
}

/* The key of the new decision: the signal's, and which override this is. */
static char *
override_key(const char *key, int64 override_id)
{
	char	   *suffix = psprintf("#override-" INT64_FORMAT, override_id);
	int			length = (int) strlen(key);
	int			most = SIGNAL_KEY_MAX_CHARACTERS - (int) strlen(suffix);

	if (pg_mbstrlen_with_len(key, length) > most)
		length = pg_mbcharcliplen(key, length, most);
	return psprintf("%.*s%s", length, key, suffix);
}

/*
 * Dollars of what was asked. What the two people saw is what they let through:
 * a target, a fraction of the equity or a price at the market may have grown.
 */
static Fixed
dollars_asked(const Denied *denied)
{
	return denied->in.amount_kind == AMOUNT_MONEY ? denied->out.asked_amount :
		part_up(denied->out.asked_amount, denied->out.limit_price, FIXED_ONE);
}

/* The wish that was denied, as its decision stored it. */
static void
wish_again(const Denied *denied, int64 override_id, Wish *wish)
{
	const GateInput *in = &denied->in;

	memset(wish, 0, sizeof(*wish));
	wish->deployment_id = (int32) in->deployment_id;
	wish->portfolio_id = denied->portfolio_id;
	wish->mode = (TradingMode) in->mode;
	wish->purpose = PURPOSE_ENTRY;
	wish->key = override_key(denied->key, override_id);
	wish->instrument_id = (int32) in->instrument_id;
	wish->side = (OrderSide) in->side;
	wish->amount_kind = (AmountKind) in->amount_kind;
	wish->amount = in->amount;
	wish->limit_price = in->limit_price;
	wish->time_in_force = (TimeInForce) in->time_in_force;
	wish->stop_loss_pct = in->stop_loss_pct;
	wish->take_profit_kind = (int) in->take_profit_kind;
	wish->take_profit_pct = in->take_profit_pct;
	wish->exit_before_close_s = in->exit_at == 0 ? -1 : (in->closes_at - in->exit_at) / USECS_PER_SEC;
	wish->confidence = in->confidence;
	/* Two people say so now; how old it may become is the override's lifetime. */
	wish->signal_at = 0;
	wish->target_qty = in->target_qty;
	wish->override_id = override_id;
	wish->overridden[0] = denied->out.failed_0;
	wish->overridden[1] = denied->out.failed_1;
	wish->most_usd = dollars_asked(denied);
}

static void
use_override(const Override *o, const char *reason, int64 decision_id)
{
	static SqlPlan plan = {
		"UPDATE arbees.overrides SET approved_by = $2, approved_at = pg_catalog.clock_timestamp(),"
		" approve_reason = $3, used_decision_id = $4 WHERE override_id = $1",
		4, {INT8OID, TEXTOID, TEXTOID, INT8OID}
	};
	Datum		values[4];

	values[0] = Int64GetDatum(o->override_id);
	values[1] = CStringGetTextDatum(arb_login());
	values[2] = CStringGetTextDatum(reason);
	values[3] = Int64GetDatum(decision_id);
	arb_sql_begin();
	arb_guard_open("overrides");
	arb_sql_run(&plan, values, NULL);
	arb_guard_close();
	arb_sql_end();
}

static Datum
submitted_row(FunctionCallInfo fcinfo, const Submitted *result)
{
	Datum		value[4];
	bool		null[4] = {false};

	value[0] = Int64GetDatum(result->decision_id);
	value[1] = ObjectIdGetDatum(arb_label_oid(LABEL_VERDICT, result->verdict));
	null[2] = result->reason == NULL;
	value[2] = null[2] ? (Datum) 0 : CStringGetTextDatum(result->reason);
	null[3] = result->order_id == 0;
	value[3] = Int64GetDatum(result->order_id);
	return arb_result_row(fcinfo, lengthof(value), value, null);
}

/* arbees_approve_override(override_id, reason) submits the entry again; returns its decision, verdict, reason and order. */
Datum
arbees_approve_override(PG_FUNCTION_ARGS)
{
	char	   *reason = reason_argument(fcinfo, 1);
	Override	o;
	Denied		denied;
	Desk		desk;
	Wish		wish;
	Submitted	result;

	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("an override must be given")));
	arb_require_primary("arbees_approve_override");
	arb_require_read_committed("arbees_approve_override");
	arb_require_synchronous_commit("an approval of an override");
	read_override(PG_GETARG_INT64(0), &o);
	read_denied(o.decision_id, &denied);
	arb_desk_read(o.portfolio_id, &desk);
	arb_submit_lock(desk.mode, o.portfolio_id);
	/* Lock, then read: another approval may have been first. */
	read_override(PG_GETARG_INT64(0), &o);
	require_approvable(&o);
	overridable_checks(&denied);
	wish_again(&denied, o.override_id, &wish);
	arb_submit(&wish, NULL, desk.market_time, &result);
	if (result.repeated)
		refuse(psprintf("the key \"%s\" is taken", wish.key), "A signal used it before; ask for another override.");
	use_override(&o, reason, result.decision_id);
	arb_journal(desk.mode, "override_approved", o.portfolio_id, result.decision_id,
				psprintf("override " INT64_FORMAT " of decision " INT64_FORMAT " by %s, asked for by %s: %s",
						 o.override_id, o.decision_id, arb_login(), o.requested_by, reason));
	PG_RETURN_DATUM(submitted_row(fcinfo, &result));
}
