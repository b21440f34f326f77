/*-------------------------------------------------------------------------
 *
 * worker/clock.c
 *	  The three clocks of the worker, each for one purpose.
 *
 *-------------------------------------------------------------------------
 */
#include "clock.h"

#include <time.h>

static int64_t
read_ns(clockid_t which)
{
	struct timespec now;

	/* The clocks named here exist on every kernel we run on. */
	(void) clock_gettime(which, &now);
	return (int64_t) now.tv_sec * NS_PER_S + now.tv_nsec;
}

int64_t
arb_mono_ns(void)
{
	return read_ns(CLOCK_MONOTONIC);
}

int64_t
arb_boot_ns(void)
{
	return read_ns(CLOCK_BOOTTIME);
}

int64_t
arb_wall_ms(void)
{
	return read_ns(CLOCK_REALTIME) / NS_PER_MS;
}

int64_t
arb_clock_offset_ms(int64_t seconds, int64_t asked_ms, int64_t answered_ms)
{
	int64_t		earliest = seconds * 1000 - answered_ms;
	int64_t		latest = seconds * 1000 + 999 - asked_ms;

	if (earliest > 0)
		return earliest;
	return latest < 0 ? latest : 0;
}
