/*-------------------------------------------------------------------------
 *
 * src/core/money.c
 *	  Exact arithmetic on prices, quantities and dollars.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "compat.h"
#include "core/money.h"
#include "fmgr.h"

PG_FUNCTION_INFO_V1(arbees_fixed_amount);

static pg_attribute_noreturn() void
overflow(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
			 errmsg("amount is out of range"),
			 errdetail("Amounts have eight decimals and stay below 92 billion.")));
}

static Fixed
narrow(int128 wide)
{
	/* The extreme values are marks, not amounts. */
	if (wide <= (int128) PG_INT64_MIN || wide >= (int128) PG_INT64_MAX)
		overflow();
	return (Fixed) wide;
}

static int128
div_floor(int128 a, int128 b)
{
	int128		q;

	if (b == 0)
		ereport(ERROR,
				(errcode(ERRCODE_DIVISION_BY_ZERO), errmsg("division by zero")));
	q = a / b;
	if (a % b != 0 && ((a < 0) != (b < 0)))
		q--;
	return q;
}

/*
 * A numeric as it lies in a tuple: a header, perhaps a weight, then the digits
 * in base 10000, most significant first, each an int16. The format is that of
 * the disk since 9.1; the server has no faster way to read or write one, and a
 * decision does it some hundred times.
 */
#define DIGIT_BASE		10000
#define DIGIT_DECIMALS	4
#define FRACTION_DIGITS	(FIXED_DIGITS / DIGIT_DECIMALS)
/* 4 + 4 + 4 decimals before the point, 8 after. */
#define MAX_DIGITS		5
/* No amount has a digit above this weight: 10000 ^ 2 = 100 million, times 9223. */
#define MAX_WEIGHT		2

#define HEADER_SIGN_MASK	0xC000
#define HEADER_NEGATIVE		0x4000
#define HEADER_SHORT		0x8000
#define HEADER_SPECIAL		0xC000
#define SHORT_NEGATIVE		0x2000
#define SHORT_SCALE_SHIFT	7
#define SHORT_WEIGHT_SIGN	0x0040
#define SHORT_WEIGHT_MASK	0x003F

/* Adds one digit of a weight to an amount; what comes after the ninth decimal is nothing. */
static int128
add_digit(int128 sum, int digit, int weight)
{
	int			place = weight + FRACTION_DIGITS;

	if (place < -1 || digit == 0)
		return sum;
	if (place == -1)
		return sum + (digit >= DIGIT_BASE / 2 ? 1 : 0);
	if (weight > MAX_WEIGHT)
		overflow();
	{
		int128		value = digit;

		while (place-- > 0)
			value *= DIGIT_BASE;
		return sum + value;
	}
}

/*
 * arb_fixed_from_numeric converts a numeric, rounding half away from zero at
 * the ninth decimal.
 *
 * Errors: 22003 on NaN, infinity and overflow.
 */
Fixed
arb_fixed_from_numeric(Datum numeric)
{
	/* A column's value may have a header of one byte: read it where it lies, as bytes. */
	struct varlena *stored = PG_DETOAST_DATUM_PACKED(numeric);
	const char *at = VARDATA_ANY(stored);
	const char *end = at + VARSIZE_ANY_EXHDR(stored);
	uint16		header;
	int			weight;
	bool		negative;
	int128		sum = 0;

	memcpy(&header, at, sizeof(header));
	at += sizeof(header);
	if ((header & HEADER_SIGN_MASK) == HEADER_SPECIAL)
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("amount is not a finite number")));
	if (header & HEADER_SHORT)
	{
		negative = (header & SHORT_NEGATIVE) != 0;
		weight = header & SHORT_WEIGHT_MASK;
		if (header & SHORT_WEIGHT_SIGN)
			weight -= SHORT_WEIGHT_MASK + 1;
	}
	else
	{
		int16		full;

		memcpy(&full, at, sizeof(full));
		at += sizeof(full);
		negative = (header & HEADER_SIGN_MASK) == HEADER_NEGATIVE;
		weight = full;
	}
	for (; at < end; at += sizeof(int16), weight--)
	{
		int16		digit;

		memcpy(&digit, at, sizeof(digit));
		sum = add_digit(sum, digit, weight);
	}
	return narrow(negative ? -sum : sum);
}

/* arb_fixed_to_numeric writes eight decimals, as numeric(24,8) has them. */
Datum
arb_fixed_to_numeric(Fixed value)
{
	uint64		rest = value < 0 ? (uint64) (-(value + 1)) + 1 : (uint64) value;
	int16		digits[MAX_DIGITS];
	int			first = MAX_DIGITS;
	int			last = MAX_DIGITS;
	int			weight;
	uint16		header;
	struct varlena *result;
	Size		size;

	while (rest > 0)
	{
		digits[--first] = (int16) (rest % DIGIT_BASE);
		rest /= DIGIT_BASE;
	}
	weight = MAX_DIGITS - FRACTION_DIGITS - 1 - first;
	while (last > first && digits[last - 1] == 0)
		last--;
	header = HEADER_SHORT | (FIXED_DIGITS << SHORT_SCALE_SHIFT);
	if (last > first)
		header |= (value < 0 ? SHORT_NEGATIVE : 0) |
			(weight < 0 ? SHORT_WEIGHT_SIGN : 0) | (weight & SHORT_WEIGHT_MASK);
	size = VARHDRSZ + sizeof(header) + (last - first) * sizeof(int16);
	result = palloc(size);
	SET_VARSIZE(result, size);
	memcpy(VARDATA(result), &header, sizeof(header));
	memcpy(VARDATA(result) + sizeof(header), digits + first, (last - first) * sizeof(int16));
	return PointerGetDatum(result);
}

/* arbees.fixed_amount(numeric) returns numeric: an amount as the gate counts it. */
Datum
arbees_fixed_amount(PG_FUNCTION_ARGS)
{
	return arb_fixed_to_numeric(arb_fixed_from_numeric(PG_GETARG_DATUM(0)));
}

/* arb_fixed_to_cstring writes the shortest exact decimal text. */
char *
arb_fixed_to_cstring(Fixed value)
{
	uint64		magnitude = value < 0 ? (uint64) (-(value + 1)) + 1 : (uint64) value;
	char	   *string;
	char	   *end;

	if (value == FIXED_NULL)
		return pstrdup("null");
	if (value == FIXED_NONE)
		return pstrdup("none");
	string = psprintf("%s" UINT64_FORMAT ".%08d", value < 0 ? "-" : "",
					magnitude / (uint64) FIXED_ONE, (int) (magnitude % (uint64) FIXED_ONE));
	for (end = string + strlen(string) - 1; *end == '0'; end--)
		*end = '\0';
	if (*end == '.')
		*end = '\0';
	return string;
}

Fixed
arb_fixed_add(Fixed a, Fixed b)
{
	return narrow((int128) a + b);
}

Fixed
arb_fixed_sub(Fixed a, Fixed b)
{
	return narrow((int128) a - b);
}

Fixed
arb_fixed_mul_floor(Fixed a, Fixed b)
{
	return narrow(div_floor((int128) a * b, FIXED_ONE));
}

Fixed
arb_fixed_mul_ceil(Fixed a, Fixed b)
{
	return narrow(-div_floor(-((int128) a * b), FIXED_ONE));
}

Fixed
arb_fixed_div_floor(Fixed a, Fixed b)
{
	return narrow(div_floor((int128) a * FIXED_ONE, b));
}

/* arb_fixed_muldiv_floor returns a * b / c rounded down, without losing digits in between. */
Fixed
arb_fixed_muldiv_floor(Fixed a, Fixed b, Fixed c)
{
	return narrow(div_floor((int128) a * b, c));
}

Fixed
arb_fixed_floor_to(Fixed value, Fixed step)
{
	return narrow(div_floor(value, step) * step);
}

Fixed
arb_fixed_ceil_to(Fixed value, Fixed step)
{
	return narrow(-div_floor(-(int128) value, step) * step);
}

/*
 * arb_taker_fee returns the fee of a taker's fill on an outcome share, in dollars.
 *
 * Formula: qty * rate * (price * (1 - price)) ^ exponent, rounded down to five
 *			decimals (Polymarket fee schedule of 2026; on chain it is floored).
 */
Fixed
arb_taker_fee(Fixed qty, Fixed price, Fixed rate, int exponent)
{
	/* Kept at 16 decimals between the steps; five are wanted at the end. */
	int128		fee = (int128) qty * rate;
	int			i;

	if (rate == 0 || price <= 0 || price >= FIXED_ONE)
		return 0;
	for (i = 0; i < exponent; i++)
	{
		int128		spread = (int128) price * (FIXED_ONE - price);	/* 16 decimals */

		/* To 8 decimals before, from 24 after: a qty of 92 billion does not overflow. */
		fee = div_floor(div_floor(fee, FIXED_ONE) * spread, FIXED_ONE);
	}
	/* 16 decimals to 5 */
	return narrow(div_floor(fee, INT64CONST(100000000000)) * 1000);
}

/*
 * arb_taker_fee_bound returns the largest fee a taker order can cost, rounded up
 * to a micro-dollar: reserved with the order.
 *
 * Args: money, the dollars to spend, or 0 when the order is sized in shares;
 *		 qty, the shares, or 0 when it is sized in money.
 * Formula: money order: shares = money / p, so fee = money * rate * p^(e-1) * (1-p)^e <= money * rate;
 *			share order: (p * (1 - p)) ^ e <= 0.25 ^ e.
 */
Fixed
arb_taker_fee_bound(Fixed money, Fixed qty, Fixed rate, int exponent)
{
	Fixed		bound;
	int			i;

	if (rate == 0)
		return 0;
	if (money > 0)
		bound = arb_fixed_mul_ceil(money, rate);
	else
	{
		bound = arb_fixed_mul_ceil(qty, rate);
		for (i = 0; i < exponent; i++)
			bound = arb_fixed_mul_ceil(bound, FIXED_ONE / 4);
	}
	return arb_fixed_ceil_to(bound, 100);
}
