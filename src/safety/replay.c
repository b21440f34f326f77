/*-------------------------------------------------------------------------
 *
 * src/safety/replay.c
 *	  Reads decisions back: their input as rows, their checks one by one, and
 *	  the verdict judged again over the stored bytes.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "compat.h"
#include "core/result.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "safety/gate.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/tuplestore.h"

static void
put(ReturnSetInfo *rsinfo, Datum *values, bool *nulls)
{
	tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
}

static void
put_text(Datum *values, bool *nulls, int column, const char *string)
{
	nulls[column] = string == NULL;
	values[column] = string == NULL ? (Datum) 0 : CStringGetTextDatum(string);
}

/* An input ends with the hard limits and then the soft ones; a hard one has the name of its key. */
static const char *
limit_key(int limit)
{
	return limit == LIMIT_NONE ? NULL : GateInputFields[GateInputCount - 2 * LIMIT_COUNT + limit].name;
}

/*
 * list_risk_checks(): the table of checks as rows
 * (position, code, group, entry, exit, comment, limit key, may be overridden, rule).
 */
PG_FUNCTION_INFO_V1(arbees_list_risk_checks);
Datum
arbees_list_risk_checks(PG_FUNCTION_ARGS)
{
	const RiskCheck *check;

	InitMaterializedSRF(fcinfo, 0);
	for (check = RiskChecks; check->code != NULL; check++)
	{
		Datum		values[9];
		bool		nulls[9] = {false};

		values[0] = Int32GetDatum((int) (check - RiskChecks) + 1);
		put_text(values, nulls, 1, check->code);
		put_text(values, nulls, 2, check->group);
		values[3] = BoolGetDatum(check->entry);
		values[4] = BoolGetDatum(check->exit);
		put_text(values, nulls, 5, check->comment);
		put_text(values, nulls, 6, limit_key(check->limit));
		values[7] = BoolGetDatum(check->may_override);
		put_text(values, nulls, 8, check->rule);
		put((ReturnSetInfo *) fcinfo->resultinfo, values, nulls);
	}
	return (Datum) 0;
}

static void
put_fields(ReturnSetInfo *rsinfo, const char *part, const GateFieldInfo *info, const int64 *fields, int count)
{
	int			i;

	for (i = 0; i < count; i++)
	{
		Datum		values[3];
		bool		nulls[3] = {false};

		values[0] = CStringGetTextDatum(part);
		values[1] = CStringGetTextDatum(info[i].name);
		values[2] = CStringGetTextDatum(arb_gate_format(info[i].unit, fields[i]));
		put(rsinfo, values, nulls);
	}
}

/* decode_decision(input, output): every number a decision saw and made, as (part, field, value). */
PG_FUNCTION_INFO_V1(arbees_decode_decision);
Datum
arbees_decode_decision(PG_FUNCTION_ARGS)
{
	GateInput	in;
	GateOutput	out;

	arb_gate_decode(PG_GETARG_BYTEA_PP(0), (int64 *) &in, GateInputCount);
	arb_gate_decode(PG_GETARG_BYTEA_PP(1), (int64 *) &out, GateOutputCount);
	InitMaterializedSRF(fcinfo, 0);
	put_fields((ReturnSetInfo *) fcinfo->resultinfo, "input", GateInputFields, (int64 *) &in, GateInputCount);
	put_fields((ReturnSetInfo *) fcinfo->resultinfo, "output", GateOutputFields, (int64 *) &out, GateOutputCount);
	return (Datum) 0;
}

/* What a check allows at its soft level, NULL where it has none. */
static const char *
soft_allowed(int check, const GateInput *in, const GateInput *soft, const GateOutput *sized)
{
	int			limit = RiskChecks[check].limit;
	Finding		finding;

	if (limit == LIMIT_NONE || GATE_SOFT_LIMITS(in)[limit] == FIXED_NONE)
		return NULL;
	arb_check_run(check, soft, sized, &finding);
	return arb_gate_format(finding.unit, finding.limit);
}

/* check_decision(input): each check over a stored input, as (position, code, passed, seen, limit, soft, warned, overridden). */
PG_FUNCTION_INFO_V1(arbees_check_decision);
Datum
arbees_check_decision(PG_FUNCTION_ARGS)
{
	GateInput	in;
	GateInput	soft;
	GateOutput	out;
	int			i;

	arb_gate_decode(PG_GETARG_BYTEA_PP(0), (int64 *) &in, GateInputCount);
	arb_judge(&in, &out);
	arb_limits_soften(&in, &soft);
	InitMaterializedSRF(fcinfo, 0);
	for (i = 0; RiskChecks[i].code != NULL; i++)
	{
		Finding		finding;
		Datum		values[8];
		bool		nulls[8] = {false};
		bool		passed;

		if (!arb_check_applies(&in, i))
			continue;
		passed = arb_check_run(i, &in, &out, &finding);
		values[0] = Int32GetDatum(i + 1);
		put_text(values, nulls, 1, RiskChecks[i].code);
		values[2] = BoolGetDatum(passed);
		put_text(values, nulls, 3, arb_gate_format(finding.unit, finding.seen));
		put_text(values, nulls, 4, arb_gate_format(finding.unit, finding.limit));
		put_text(values, nulls, 5, soft_allowed(i, &in, &soft, &out));
		values[6] = BoolGetDatum(arb_mask_has(out.warned_0, out.warned_1, i));
		values[7] = BoolGetDatum(!passed && arb_check_overridden(&in, i));
		put((ReturnSetInfo *) fcinfo->resultinfo, values, nulls);
	}
	return (Datum) 0;
}

static Datum
codes_of(int64 mask_0, int64 mask_1)
{
	Datum		codes[GATE_MASKS * GATE_MASK_BITS];
	int			count = 0;
	int			i;

	for (i = 0; RiskChecks[i].code != NULL; i++)
		if (arb_mask_has(mask_0, mask_1, i))
			codes[count++] = CStringGetTextDatum(RiskChecks[i].code);
	return PointerGetDatum(construct_array(codes, count, TEXTOID, -1, false, TYPALIGN_INT));
}

/* read_verdict(output): a verdict's bytes as (verdict, reason, failed, warned). */
PG_FUNCTION_INFO_V1(arbees_read_verdict);
Datum
arbees_read_verdict(PG_FUNCTION_ARGS)
{
	GateOutput	out;
	Datum		values[4];
	bool		nulls[4] = {false};

	arb_gate_decode(PG_GETARG_BYTEA_PP(0), (int64 *) &out, GateOutputCount);
	if (out.verdict < VERDICT_ACCEPTED || out.verdict > VERDICT_MONITORED)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED), errmsg("stored verdict is damaged"),
				 errdetail("Its verdict is " INT64_FORMAT ".", out.verdict)));
	values[0] = ObjectIdGetDatum(arb_label_oid(LABEL_VERDICT, (int) out.verdict));
	put_text(values, nulls, 1, arb_gate_reason(&out));
	values[2] = codes_of(out.failed_0, out.failed_1);
	values[3] = codes_of(out.warned_0, out.warned_1);
	PG_RETURN_DATUM(arb_result_row(fcinfo, lengthof(values), values, nulls));
}

/* judge(input): the verdict's bytes over a stored input; equal bytes mean that a decision replays. */
PG_FUNCTION_INFO_V1(arbees_judge);
Datum
arbees_judge(PG_FUNCTION_ARGS)
{
	GateInput	in;
	GateOutput	out;

	arb_gate_decode(PG_GETARG_BYTEA_PP(0), (int64 *) &in, GateInputCount);
	arb_judge(&in, &out);
	PG_RETURN_BYTEA_P(arb_gate_encode((int64 *) &out, GateOutputCount));
}
