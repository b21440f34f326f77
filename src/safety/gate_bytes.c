/*-------------------------------------------------------------------------
 *
 * src/safety/gate_bytes.c
 *	  The gate's numbers as bytes and as text.
 *
 * Bytes: 0, version, count (two, big-endian), then each field. A number is written
 * as m * 10^e with the largest e up to 14, since amounts mostly end in zeros; its
 * zigzag z (small numbers of either sign are small) makes m unsigned. First byte:
 * e in the low four bits, the lowest three bits of z above them; then the rest of z,
 * seven bits to a byte, lowest first. The high bit of a byte says that more follow.
 * e = 15 marks what is no number: z = 0 is FIXED_NULL, z = 1 FIXED_NONE. A number has
 * one form, so that equal inputs are equal bytes.
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
#define MAX_FIELD_BYTES 10
#define MAX_EXPONENT 14
#define NO_NUMBER 15
#define EXPONENT_BITS 4
#define FIRST_BITS 3			/* of z, in the first byte */

/* Takes the zeros off a number's end, as many as MAX_EXPONENT. */
static int
take_zeros(int64 *value)
{
	int64		m = *value;
	int			e = 0;

	if (m == 0)
		return 0;
	if (m % 100000000 == 0)
	{
		m /= 100000000;
		e = 8;
	}
	if (m % 10000 == 0)
	{
		m /= 10000;
		e += 4;
	}
	if (m % 100 == 0)
	{
		m /= 100;
		e += 2;
	}
	if (e < MAX_EXPONENT && m % 10 == 0)
	{
		m /= 10;
		e++;
	}
	*value = m;
	return e;
}

static unsigned char *
put_field(unsigned char *p, int64 value)
{
	uint64		z;
	int			e;

	if (value == FIXED_NULL || value == FIXED_NONE)
	{
		*p++ = NO_NUMBER | (value == FIXED_NONE) << EXPONENT_BITS;
		return p;
	}
	e = take_zeros(&value);
	z = ((uint64) value << 1) ^ (uint64) (value >> 63);
	*p = (unsigned char) (e | (z & ((1 << FIRST_BITS) - 1)) << EXPONENT_BITS);
	for (z >>= FIRST_BITS; z != 0; z >>= 7)
	{
		*p++ |= 0x80;
		*p = (unsigned char) (z & 0x7f);
	}
	return p + 1;
}

/* The number that e and z stand for; false when they are not its only form. */
static bool
make_value(int e, uint64 z, int64 *value)
{
	int64		m = (int64) (z >> 1) ^ -(int64) (z & 1);
	int128		wide = m;
	int			i;

	if (e == NO_NUMBER)
	{
		*value = z == 0 ? FIXED_NULL : FIXED_NONE;
		return z <= 1;
	}
	if (m == 0 ? e != 0 : e < MAX_EXPONENT && m % 10 == 0)
		return false;
	for (i = 0; i < e; i++)
		wide *= 10;
	*value = (int64) wide;
	return wide == *value && *value != FIXED_NULL && *value != FIXED_NONE;
}

/* arb_gate_encode writes version, count and the fields. */
bytea *
arb_gate_encode(const int64 *fields, int count)
{
	bytea	   *bytes = palloc(VARHDRSZ + HEAD_BYTES + count * MAX_FIELD_BYTES);
	unsigned char *p = (unsigned char *) VARDATA(bytes);
	int			i;

	*p++ = 0;
	*p++ = GATE_VERSION;
	*p++ = (unsigned char) (count >> 8);
	*p++ = (unsigned char) count;
	for (i = 0; i < count; i++)
		p = put_field(p, fields[i]);
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

/* Reads one field; false when the bytes end, do not fit or are not a number's only form. */
static bool
read_field(const unsigned char **p, const unsigned char *end, int64 *value)
{
	unsigned char byte;
	uint64		z;
	int			e;
	int			shift;

	if (*p == end)
		return false;
	byte = *(*p)++;
	e = byte & ((1 << EXPONENT_BITS) - 1);
	z = byte >> EXPONENT_BITS & ((1 << FIRST_BITS) - 1);
	for (shift = FIRST_BITS; byte >= 0x80; shift += 7)
	{
		uint64		bits;

		if (*p == end || shift > 63)
			return false;
		byte = *(*p)++;
		bits = byte & 0x7f;
		if (byte == 0 || bits << shift >> shift != bits)
			return false;
		z |= bits << shift;
	}
	return make_value(e, z, value);
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
		if (!read_field(&p, end, &fields[i]))
			damaged(i, count);
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
