/*-------------------------------------------------------------------------
 *
 * src/safety/judge.c
 *	  The verdict: a pure function of GateInput, and its bytes.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "compat.h"
#include "core/clock.h"
#include "safety/gate.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#define FIELD_INFO(name, unit) {#name, unit},
#define LIMIT_INFO(key, unit, tighter) {#key, unit},
#define SOFT_INFO(key, unit, tighter) {"soft_" #key, unit},
const GateFieldInfo GateInputFields[] = {
	GATE_INPUT_FIELDS(FIELD_INFO) RISK_LIMITS(LIMIT_INFO) RISK_LIMITS(SOFT_INFO)
};
const GateFieldInfo GateOutputFields[] = {GATE_OUTPUT_FIELDS(FIELD_INFO)};
#undef FIELD_INFO
#undef LIMIT_INFO
#undef SOFT_INFO

const int	GateInputCount = lengthof(GateInputFields);
const int	GateOutputCount = lengthof(GateOutputFields);

StaticAssertDecl(sizeof(GateInput) == lengthof(GateInputFields) * sizeof(int64),
				 "GateInput is nothing but int64 fields");
StaticAssertDecl(sizeof(GateOutput) == lengthof(GateOutputFields) * sizeof(int64),
				 "GateOutput is nothing but int64 fields");

static bool
usable(int64 amount)
{
	return amount != FIXED_NULL && amount != FIXED_NONE && amount > 0;
}

/* What the order would cost at most; FIXED_NULL when the signal's numbers are no numbers. */
static void
size_order(const GateInput *in, GateOutput *out)
{
	out->amount = in->amount;
	out->limit_price = in->limit_price;
	out->value = out->fee_bound = out->reserve = FIXED_NULL;
	if (!usable(in->amount) || !usable(in->limit_price) || in->fee_rate < 0 ||
		in->fee_exponent < 0 || in->fee_exponent > MAX_FEE_EXPONENT ||
		(int128) in->amount * in->limit_price > (int128) GATE_LARGEST_VALUE * FIXED_ONE ||
		in->amount > GATE_LARGEST_VALUE)
		return;
	if (in->amount_kind == AMOUNT_MONEY)
	{
		out->value = in->amount;
		out->fee_bound = arb_taker_fee_bound(in->amount, 0, in->fee_rate, (int) in->fee_exponent);
	}
	else
	{
		out->value = arb_fixed_mul_ceil(in->amount, in->limit_price);
		out->fee_bound = arb_taker_fee_bound(0, in->amount, in->fee_rate, (int) in->fee_exponent);
	}
	out->reserve = in->side == SIDE_SELL ? 0 : arb_fixed_add(out->value, out->fee_bound);
}

bool
arb_check_run(int check, const GateInput *in, const GateOutput *sized, Finding *finding)
{
	finding->seen = finding->limit = 0;
	finding->unit = UNIT_FLAG;
	return RiskChecks[check].check(in, sized, finding);
}

static void
set_bit(int64 *mask, int bit)
{
	*mask |= INT64CONST(1) << bit;
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
	int			i;

	memset(out, 0, sizeof(*out));
	size_order(in, out);
	out->first_failed = -1;
	for (i = 0; RiskChecks[i].code != NULL; i++)
	{
		Finding		finding;

		if (in->purpose == PURPOSE_EXIT ? !RiskChecks[i].exit : !RiskChecks[i].entry)
			continue;
		if (arb_check_run(i, in, out, &finding))
			continue;
		set_bit(i < GATE_MASK_BITS ? &out->failed_0 : &out->failed_1, i % GATE_MASK_BITS);
		if (out->first_failed < 0)
			out->first_failed = i;
	}
	if (out->first_failed >= 0)
		out->verdict = VERDICT_DENIED;
	else if (in->purpose == PURPOSE_ENTRY && in->allow_submit != 1)
		out->verdict = VERDICT_MONITORED;
	else
		out->verdict = VERDICT_ACCEPTED;
}

/* arb_gate_encode writes version, count and the fields, big-endian. */
bytea *
arb_gate_encode(const int64 *fields, int count)
{
	int			size = VARHDRSZ + 4 + count * (int) sizeof(int64);
	bytea	   *bytes = palloc(size);
	unsigned char *p = (unsigned char *) VARDATA(bytes);
	int			i;

	SET_VARSIZE(bytes, size);
	*p++ = 0;
	*p++ = GATE_VERSION;
	*p++ = (unsigned char) (count >> 8);
	*p++ = (unsigned char) count;
	for (i = 0; i < count; i++)
	{
		uint64		v = (uint64) fields[i];
		int			shift;

		for (shift = 56; shift >= 0; shift -= 8)
			*p++ = (unsigned char) (v >> shift);
	}
	return bytes;
}

/* arb_gate_decode reads what arb_gate_encode wrote; raises XX001 on anything else. */
void
arb_gate_decode(const bytea *bytes, int64 *fields, int count)
{
	const unsigned char *p = (const unsigned char *) VARDATA_ANY(bytes);
	int			size = (int) VARSIZE_ANY_EXHDR(bytes);
	int			stored;
	int			i;

	if (size < 4 || p[0] != 0 || p[1] != GATE_VERSION)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("stored decision is not of gate version %d", GATE_VERSION)));
	stored = (p[2] << 8) | p[3];
	if (stored != count || size != 4 + count * 8)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("stored decision is damaged"),
				 errdetail("It has %d fields in %d bytes; %d fields are expected.", stored, size, count)));
	p += 4;
	for (i = 0; i < count; i++, p += 8)
	{
		uint64		v = 0;
		int			j;

		for (j = 0; j < 8; j++)
			v = (v << 8) | p[j];
		fields[i] = (int64) v;
	}
}

/* arb_gate_format writes a field for people. */
char *
arb_gate_format(GateUnit unit, int64 value)
{
	switch (unit)
	{
		case UNIT_FIXED:
			return arb_fixed_to_cstring(value);
		case UNIT_FLAG:
			return pstrdup(value == 1 ? "yes" : value == 0 ? "no" : "unknown");
		case UNIT_TIME:
			return value == 0 ? pstrdup("-") : pstrdup(timestamptz_to_str(value));
		case UNIT_MODE:
			return pstrdup(value == 0 ? "-" : arb_label_name(LABEL_MODE, (int) value));
		case UNIT_KILL_LEVEL:
			return pstrdup(value == 0 ? "-" : arb_label_name(LABEL_KILL_LEVEL, (int) value));
		case UNIT_PURPOSE:
			return pstrdup(value == 0 ? "-" : arb_label_name(LABEL_ORDER_PURPOSE, (int) value));
		case UNIT_SIDE:
			return pstrdup(value == 0 ? "-" : arb_label_name(LABEL_SIDE, (int) value));
		case UNIT_AMOUNT_KIND:
			return pstrdup(value == 0 ? "-" : arb_label_name(LABEL_AMOUNT_KIND, (int) value));
		case UNIT_TIF:
			return pstrdup(value == 0 ? "-" : arb_label_name(LABEL_TIME_IN_FORCE, (int) value));
		case UNIT_TAKE_PROFIT_KIND:
			return pstrdup(value == 0 ? "-" : arb_label_name(LABEL_TAKE_PROFIT_KIND, (int) value));
		case UNIT_WINDOW_STATE:
			return pstrdup(value == 0 ? "-" : arb_label_name(LABEL_WINDOW_STATE, (int) value));
		case UNIT_MS:
			return psprintf(INT64_FORMAT " ms", value);
		case UNIT_MASK:
			return psprintf("%llx", (unsigned long long) value);
		case UNIT_ID:
		case UNIT_COUNT:
			break;
	}
	return psprintf(INT64_FORMAT, value);
}
