/*-------------------------------------------------------------------------
 *
 * src/safety/gate_bytes.c
 *	  The gate's numbers as bytes and as text.
 *
 * Bytes: 0, version, count (two, big-endian), then one token for each field: 0 is
 * FIXED_NULL, 1 is FIXED_NONE, any other number is its zigzag (small numbers of
 * either sign are small) plus 2, seven bits to a byte, lowest first, the high
 * bit set when more follow. A number has one form, so that equal inputs are
 * equal bytes.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "compat.h"
#include "safety/gate.h"
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
StaticAssertDecl(lengthof(GateInputFields) <= 0xffff, "the count of fields has two bytes");

#define HEAD_BYTES 4
#define MAX_TOKEN_BYTES 10

static uint64
to_token(int64 value)
{
	if (value == FIXED_NULL)
		return 0;
	if (value == FIXED_NONE)
		return 1;
	return (((uint64) value << 1) ^ (uint64) (value >> 63)) + 2;
}

static int64
from_token(uint64 token)
{
	uint64		zigzag = token - 2;

	if (token == 0)
		return FIXED_NULL;
	if (token == 1)
		return FIXED_NONE;
	return (int64) (zigzag >> 1) ^ -(int64) (zigzag & 1);
}

/* arb_gate_encode writes version, count and the fields. */
bytea *
arb_gate_encode(const int64 *fields, int count)
{
	bytea	   *bytes = palloc(VARHDRSZ + HEAD_BYTES + count * MAX_TOKEN_BYTES);
	unsigned char *p = (unsigned char *) VARDATA(bytes);
	int			i;

	*p++ = 0;
	*p++ = GATE_VERSION;
	*p++ = (unsigned char) (count >> 8);
	*p++ = (unsigned char) count;
	for (i = 0; i < count; i++)
	{
		uint64		token = to_token(fields[i]);

		for (; token >= 0x80; token >>= 7)
			*p++ = (unsigned char) (token | 0x80);
		*p++ = (unsigned char) token;
	}
	SET_VARSIZE(bytes, (char *) p - (char *) bytes);
	return bytes;
}

static pg_attribute_noreturn() void
damaged(int field, int count)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATA_CORRUPTED),
			 errmsg("stored decision is damaged"),
			 errdetail("Of its %d fields, %d could be read.", count, field)));
}

/* Reads one token; false when the bytes end, do not fit or are not its only form. */
static bool
read_token(const unsigned char **p, const unsigned char *end, uint64 *token)
{
	int			shift;

	*token = 0;
	for (shift = 0; *p < end && shift < 7 * MAX_TOKEN_BYTES; shift += 7)
	{
		unsigned char byte = *(*p)++;

		if (shift == 63 && byte > 1)
			return false;
		*token |= (uint64) (byte & 0x7f) << shift;
		if (byte < 0x80)
			return byte != 0 || shift == 0;
	}
	return false;
}

/* arb_gate_decode reads what arb_gate_encode wrote; raises XX001 on anything else. */
void
arb_gate_decode(const bytea *bytes, int64 *fields, int count)
{
	const unsigned char *p = (const unsigned char *) VARDATA_ANY(bytes);
	const unsigned char *end = p + VARSIZE_ANY_EXHDR(bytes);
	int			stored;
	int			i;

	if (end - p < HEAD_BYTES || p[0] != 0 || p[1] != GATE_VERSION)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("stored decision is not of gate version %d", GATE_VERSION)));
	stored = (p[2] << 8) | p[3];
	if (stored != count)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("stored decision is damaged"),
				 errdetail("It has %d fields; %d are expected.", stored, count)));
	p += HEAD_BYTES;
	for (i = 0; i < count; i++)
	{
		uint64		token;

		if (!read_token(&p, end, &token))
			damaged(i, count);
		fields[i] = from_token(token);
	}
	if (p != end)
		damaged(count, count);
}

/* ---- text ---- */

/* Labels and marks of bytes that no desk wrote are shown, not refused. */
static char *
label(LabelType type, int64 value)
{
	if (value == 0)
		return pstrdup("-");
	if (value < 1 || value > arb_label_count(type))
		return pstrdup("unknown");
	return pstrdup(arb_label_name(type, (int) value));
}

static const char *const SizeCapNames[] = {
	[CAP_NOTHING] = "nothing",[CAP_RISK_SCALER] = "risk_scaler",[CAP_CONFIDENCE] = "confidence_scale",
	[CAP_DRAWDOWN] = "drawdown_scale",[CAP_VOLATILITY] = "volatility_scale",[CAP_SIZING] = "sizing_cap_usd",
	[CAP_TARGET] = "target"
};

/* arb_gate_label_type returns whose labels a unit shows; 0 = it shows a number. */
LabelType
arb_gate_label_type(GateUnit unit)
{
	switch (unit)
	{
		case UNIT_MODE:
			return LABEL_MODE;
		case UNIT_KILL_LEVEL:
			return LABEL_KILL_LEVEL;
		case UNIT_PURPOSE:
			return LABEL_ORDER_PURPOSE;
		case UNIT_SIDE:
			return LABEL_SIDE;
		case UNIT_AMOUNT_KIND:
			return LABEL_AMOUNT_KIND;
		case UNIT_TIF:
			return LABEL_TIME_IN_FORCE;
		case UNIT_TAKE_PROFIT_KIND:
			return LABEL_TAKE_PROFIT_KIND;
		default:
			return 0;
	}
}

/* arb_gate_format writes a field for people. */
char *
arb_gate_format(GateUnit unit, int64 value)
{
	if (arb_gate_label_type(unit) != 0)
		return label(arb_gate_label_type(unit), value);
	if (unit == UNIT_FLAG)
		return pstrdup(value == 1 ? "yes" : value == 0 ? "no" : "unknown");
	if (value == FIXED_NULL || value == FIXED_NONE || unit == UNIT_FIXED)
		return arb_fixed_to_cstring(value);
	switch (unit)
	{
		case UNIT_TIME:
			return value == 0 ? pstrdup("-") : pstrdup(timestamptz_to_str(value));
		case UNIT_MS:
			return psprintf(INT64_FORMAT " ms", value);
		case UNIT_MASK:
			return psprintf("%llx", (unsigned long long) value);
		case UNIT_SIZE_CAP:
			return pstrdup(value >= 0 && value < lengthof(SizeCapNames) ? SizeCapNames[value] : "unknown");
		case UNIT_ID:
		case UNIT_COUNT:
			return psprintf(INT64_FORMAT, value);
		default:
			return pstrdup("-");
	}
}
