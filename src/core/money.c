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
#include "utils/fmgrprotos.h"

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
 * arb_fixed_from_numeric converts a numeric, rounding half away from zero at
 * the ninth decimal.
 *
 * Errors: 22003 on NaN, infinity and overflow.
 */
Fixed
arb_fixed_from_numeric(Datum numeric)
{
	Numeric		value = DatumGetNumeric(numeric);
	Datum		scale;

	if (numeric_is_nan(value)
#if PG_VERSION_NUM >= 140000
		|| numeric_is_inf(value)
#endif
		)
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("amount is not a finite number")));
	scale = NumericGetDatum(int64_to_numeric(FIXED_ONE));
	return narrow((int128) DatumGetInt64(DirectFunctionCall1(numeric_int8,
															 DirectFunctionCall2(numeric_mul, numeric, scale))));
}

Datum
arb_fixed_to_numeric(Fixed value)
{
#if PG_VERSION_NUM >= 140000
	return NumericGetDatum(int64_div_fast_to_numeric(value, FIXED_DIGITS));
#else
	return DirectFunctionCall3(numeric_in, CStringGetDatum(arb_fixed_to_cstring(value)),
							   ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1));
#endif
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
