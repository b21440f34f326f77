/*-------------------------------------------------------------------------
 *
 * worker/clock.h
 *	  The three clocks of the worker, each for one purpose.
 *
 * Monotonic: durations, send deadlines, latency stamps.  Boot time: the lease,
 * because it goes on while the machine sleeps.  Wall: what is told to others.
 * Market time is none of these: it comes with the data.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARBEES_CLOCK_H
#define ARBEES_CLOCK_H

#include <stdint.h>

#define NS_PER_MS INT64_C(1000000)
#define NS_PER_S INT64_C(1000000000)

extern int64_t arb_mono_ns(void);
extern int64_t arb_boot_ns(void);
extern int64_t arb_wall_ms(void);

/*
 * arb_clock_offset_ms returns how far another clock is from ours, at least.
 *
 * Args:	seconds, what it showed, a whole second begun; asked_ms and
 *			answered_ms, our time before and after.
 * Returns: 0 when both may be right, else the smallest offset that explains it.
 */
extern int64_t arb_clock_offset_ms(int64_t seconds, int64_t asked_ms, int64_t answered_ms);

#endif							/* ARBEES_CLOCK_H */
