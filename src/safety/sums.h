/*-------------------------------------------------------------------------
 *
 * src/safety/sums.h
 *	  The gate's arithmetic: never raises; what is missing stays missing.
 *
 * Numbers are Fixed or plain counts. FIXED_NULL and FIXED_NONE are no numbers:
 * a sum with one of them, or one that does not fit, is FIXED_NULL.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARB_SUMS_H
#define ARB_SUMS_H

#include "postgres.h"
#include "core/money.h"

static inline int64
known(int128 wide)
{
	return wide <= (int128) FIXED_NULL || wide >= (int128) FIXED_NONE ? FIXED_NULL : (int64) wide;
}

static inline bool
is_number(int64 value)
{
	return value != FIXED_NULL && value != FIXED_NONE;
}

static inline int64
plus(int64 a, int64 b)
{
	return is_number(a) && is_number(b) ? known((int128) a + b) : FIXED_NULL;
}

static inline int64
minus(int64 a, int64 b)
{
	return is_number(a) && is_number(b) ? known((int128) a - b) : FIXED_NULL;
}

/* a * b / c, rounded down or up; missing unless all are numbers, a and b not negative, c positive. */
static inline int64
part_down(int64 a, int64 b, int64 c)
{
	return is_number(a) && is_number(b) && is_number(c) && a >= 0 && b >= 0 && c > 0 ?
		known((int128) a * b / c) : FIXED_NULL;
}

static inline int64
part_up(int64 a, int64 b, int64 c)
{
	return is_number(a) && is_number(b) && is_number(c) && a >= 0 && b >= 0 && c > 0 ?
		known(((int128) a * b + c - 1) / c) : FIXED_NULL;
}

#endif							/* ARB_SUMS_H */
