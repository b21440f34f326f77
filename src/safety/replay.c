/*-------------------------------------------------------------------------
 *
 * src/safety/replay.c
 *	  Reads decisions back: their input as rows, their checks one by one, and
 *	  the verdict judged again over the stored bytes.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "compat.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "safety/gate.h"
#include "utils/builtins.h"
#include "utils/tuplestore.h"

static void
put(ReturnSetInfo *rsinfo, Datum *values, bool *nulls)
{
	tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
}

/* risk_checks(): the table of checks as rows (position, code, group, entry, exit, comment). */
PG_FUNCTION_INFO_V1(arbees_risk_checks);
Datum
arbees_risk_checks(PG_FUNCTION_ARGS)
{
	int			i;

	InitMaterializedSRF(fcinfo, 0);
	for (i = 0; RiskChecks[i].code != NULL; i++)
	{
		Datum		values[6];
		bool		nulls[6] = {false};

		values[0] = Int32GetDatum(i + 1);
		values[1] = CStringGetTextDatum(RiskChecks[i].code);
		values[2] = CStringGetTextDatum(RiskChecks[i].group);
		values[3] = BoolGetDatum(RiskChecks[i].entry);
		values[4] = BoolGetDatum(RiskChecks[i].exit);
		values[5] = CStringGetTextDatum(RiskChecks[i].comment);
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

/* decision_checks(input): each check over a stored input, as (position, code, passed, seen, limit). */
PG_FUNCTION_INFO_V1(arbees_decision_checks);
Datum
arbees_decision_checks(PG_FUNCTION_ARGS)
{
	GateInput	in;
	GateOutput	out;
	int			i;

	arb_gate_decode(PG_GETARG_BYTEA_PP(0), (int64 *) &in, GateInputCount);
	arb_judge(&in, &out);
	InitMaterializedSRF(fcinfo, 0);
	for (i = 0; RiskChecks[i].code != NULL; i++)
	{
		Finding		finding;
		Datum		values[5];
		bool		nulls[5] = {false};

		if (in.purpose == PURPOSE_EXIT ? !RiskChecks[i].exit : !RiskChecks[i].entry)
			continue;
		values[0] = Int32GetDatum(i + 1);
		values[1] = CStringGetTextDatum(RiskChecks[i].code);
		values[2] = BoolGetDatum(arb_check_run(i, &in, &out, &finding));
		values[3] = CStringGetTextDatum(arb_gate_format(finding.unit, finding.seen));
		values[4] = CStringGetTextDatum(arb_gate_format(finding.unit, finding.limit));
		put((ReturnSetInfo *) fcinfo->resultinfo, values, nulls);
	}
	return (Datum) 0;
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
