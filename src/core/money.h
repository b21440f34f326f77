/*-------------------------------------------------------------------------
 *
 * src/core/money.h
 *	  Exact arithmetic on prices, quantities and dollars.
 *
 * A Fixed is an int64 count of 1e-8 units: what numeric(24,8) columns hold, in
 * a form that can be compared, added and stored without allocation. Overflow
 * raises 22003. Rounding is always named.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARB_MONEY_H
#define ARB_MONEY_H

#include "postgres.h"

typedef int64 Fixed;

#define FIXED_ONE	INT64CONST(100000000)
#define FIXED_DIGITS 8
#define FIXED_CENT	INT64CONST(1000000)

/* Absent (SQL NULL: denies) and explicitly unlimited. */
#define FIXED_NULL	PG_INT64_MIN
#define FIXED_NONE	PG_INT64_MAX

extern Fixed arb_fixed_from_numeric(Datum numeric);
extern Datum arb_fixed_to_numeric(Fixed value);
extern char *arb_fixed_to_cstring(Fixed value);
extern Fixed arb_fixed_add(Fixed a, Fixed b);
extern Fixed arb_fixed_sub(Fixed a, Fixed b);
extern Fixed arb_fixed_mul_floor(Fixed a, Fixed b);
extern Fixed arb_fixed_mul_ceil(Fixed a, Fixed b);
extern Fixed arb_fixed_div_floor(Fixed a, Fixed b);
extern Fixed arb_fixed_muldiv_floor(Fixed a, Fixed b, Fixed c);
extern Fixed arb_fixed_floor_to(Fixed value, Fixed step);
extern Fixed arb_fixed_ceil_to(Fixed value, Fixed step);
extern Fixed arb_taker_fee(Fixed qty, Fixed price, Fixed rate, int exponent);
extern Fixed arb_taker_fee_bound(Fixed money, Fixed qty, Fixed rate, int exponent);

#endif							/* ARB_MONEY_H */
