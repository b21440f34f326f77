/*-------------------------------------------------------------------------
 *
 * src/safety/judge.c
 *	  The verdict: a pure function of GateInput.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "safety/checks.h"
#include "safety/size.h"

void
arb_mask_add(int64 *mask_0, int64 *mask_1, int check)
{
	*(check < GATE_MASK_BITS ? mask_0 : mask_1) |= INT64CONST(1) << (check % GATE_MASK_BITS);
}

bool
arb_mask_has(int64 mask_0, int64 mask_1, int check)
{
	return ((check < GATE_MASK_BITS ? mask_0 : mask_1) & (INT64CONST(1) << (check % GATE_MASK_BITS))) != 0;
}

bool
arb_check_run(int check, const GateInput *in, const GateOutput *sized, Finding *finding)
{
	finding->seen = finding->limit = 0;
	finding->unit = 0;
	return RiskChecks[check].check(in, sized, finding);
}

bool
arb_check_applies(const GateInput *in, int check)
{
	return in->purpose == PURPOSE_EXIT ? RiskChecks[check].exit : RiskChecks[check].entry;
}

/* arb_check_overridden is true when two roles let this entry pass the check, once. */
bool
arb_check_overridden(const GateInput *in, int check)
{
	return in->override_id != 0 && in->purpose == PURPOSE_ENTRY && RiskChecks[check].may_override &&
		arb_mask_has(in->overridden_0, in->overridden_1, check);
}

/*
 * arb_limits_soften copies an input with the soft limits in the place of the
 * hard ones: a check warns when it passes the one and not the other, so that
 * both levels are read by the same code.
 */
void
arb_limits_soften(const GateInput *in, GateInput *soft)
{
	*soft = *in;
	memcpy(GATE_HARD_LIMITS(soft), GATE_SOFT_LIMITS(in), LIMIT_COUNT * sizeof(int64));
}

static void
run_checks(const GateInput *in, GateOutput *out)
{
	GateInput	soft;
	const int64 *soft_limits = GATE_SOFT_LIMITS(in);
	bool		softened = false;
	Finding		finding;
	int			i;

	for (i = 0; i < CHECK_COUNT; i++)
	{
		int			limit = RiskChecks[i].limit;

		if (!arb_check_applies(in, i))
			continue;
		if (!arb_check_run(i, in, out, &finding))
		{
			/* What was waved through stays to be seen. */
			if (arb_check_overridden(in, i))
			{
				arb_mask_add(&out->warned_0, &out->warned_1, i);
				continue;
			}
			arb_mask_add(&out->failed_0, &out->failed_1, i);
			if (out->first_failed < 0)
				out->first_failed = i;
			continue;
		}
		if (limit == LIMIT_NONE || soft_limits[limit] == FIXED_NONE)
			continue;
		if (!softened)
			arb_limits_soften(in, &soft);
		softened = true;
		if (!arb_check_run(i, &soft, out, &finding))
			arb_mask_add(&out->warned_0, &out->warned_1, i);
	}
}

/*
 * arb_judge decides over an input, by nothing else.
 *
 * Every applicable check runs, so that the record names all that failed; the
 * first in the table's order is the reason.
 */
void
arb_judge(const GateInput *in, GateOutput *out)
{
	memset(out, 0, sizeof(*out));
	out->first_failed = -1;
	arb_size_order(in, out);
	run_checks(in, out);
	if (out->first_failed >= 0)
		out->verdict = VERDICT_DENIED;
	else if (in->purpose == PURPOSE_ENTRY && in->allow_submit != 1)
		out->verdict = VERDICT_MONITORED;
	else
		out->verdict = VERDICT_ACCEPTED;
}

/* arb_gate_reason returns the code of the refusal, NULL for an accepted order. */
const char *
arb_gate_reason(const GateOutput *out)
{
	if (out->verdict == VERDICT_ACCEPTED)
		return NULL;
	if (out->verdict == VERDICT_MONITORED)
		return "monitor_mode";
	return out->first_failed >= 0 && out->first_failed < CHECK_COUNT ?
		RiskChecks[out->first_failed].code : "unknown";
}

/* arb_gate_warnings lists what warned or was overridden, comma separated; NULL when nothing did. */
char *
arb_gate_warnings(const GateOutput *out)
{
	StringInfoData list;
	int			i;

	if (out->warned_0 == 0 && out->warned_1 == 0)
		return NULL;
	initStringInfo(&list);
	for (i = 0; i < CHECK_COUNT; i++)
		if (arb_mask_has(out->warned_0, out->warned_1, i))
			appendStringInfo(&list, "%s%s", list.len > 0 ? "," : "", RiskChecks[i].code);
	return list.data;
}
