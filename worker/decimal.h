/*-------------------------------------------------------------------------
 *
 * worker/decimal.h
 *	  Exact decimals: text in, scaled integers out, and back.
 *
 * Money, prices and sizes are either decimal text or an int64 scaled by a
 * power of ten; micro (scale 6) is the house unit.  Nothing here ever goes
 * through a binary floating point number.  Every conversion is exact or
 * refused: nothing is rounded silently.
 *
 * Pure functions: no allocation, no globals, no errno.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARBEES_DECIMAL_H
#define ARBEES_DECIMAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Longest decimal text accepted or produced, terminator included. */
#define DECIMAL_TEXT_SIZE 96
#define DECIMAL_MICRO_SCALE 6
#define DECIMAL_MICRO INT64_C(1000000)
/* Largest |exponent| accepted in 1e-7 style literals. */
#define DECIMAL_EXPONENT_MAX 40

/*
 * arb_decimal_parse reads a decimal ("-12.5", "0.070", "1e-7") as value * 10^scale.
 *
 * Returns: false when the text is not a decimal, has non-zero digits beyond
 *			the scale, or does not fit in int64.  scale is 0..18.
 */
extern bool arb_decimal_parse(const char *text, size_t len, int scale, int64_t *value);

/* arb_decimal_parse_micro is arb_decimal_parse of a C string at scale 6. */
extern bool arb_decimal_parse_micro(const char *text, int64_t *micro);

/*
 * arb_decimal_format writes value / 10^scale with trailing zeros trimmed ("0.5", "12").
 * Returns the length, excluding the terminator.
 */
extern size_t arb_decimal_format(int64_t value, int scale, char out[DECIMAL_TEXT_SIZE]);

/* arb_decimal_format_fixed keeps exactly scale decimals ("0.50000"). */
extern size_t arb_decimal_format_fixed(int64_t value, int scale, char out[DECIMAL_TEXT_SIZE]);

/* arb_decimal_format_micro is arb_decimal_format at scale 6. */
extern size_t arb_decimal_format_micro(int64_t micro, char out[DECIMAL_TEXT_SIZE]);

/*
 * arb_decimal_canonical rewrites a decimal of any precision without exponent,
 * plus sign, leading or trailing zeros.  "-0.00" becomes "0".
 *
 * Returns: false when the text is not a decimal or the result does not fit.
 */
extern bool arb_decimal_canonical(const char *text, size_t len, char out[DECIMAL_TEXT_SIZE]);

/*
 * arb_decimal_shift is arb_decimal_canonical of text * 10^places; an E18
 * integer becomes its decimal with places = -18.
 */
extern bool arb_decimal_shift(const char *text, size_t len, int places, char out[DECIMAL_TEXT_SIZE]);

/* arb_decimal_power_of_ten returns 10^n for n in 0..18. */
extern int64_t arb_decimal_power_of_ten(int n);

#endif							/* ARBEES_DECIMAL_H */
