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
