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

#endif							/* ARBEES_CLOCK_H */
