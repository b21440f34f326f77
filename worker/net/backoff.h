/*-------------------------------------------------------------------------
 *
 * worker/net/backoff.h
 *	  How long to wait before the next attempt: doubling, capped, jittered.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARBEES_NET_BACKOFF_H
#define ARBEES_NET_BACKOFF_H

#include <stdint.h>

typedef struct Backoff
{
	int			first_ms;
	int			cap_ms;
	int			attempts;
} Backoff;

extern void arb_backoff_init(Backoff *backoff, int first_ms, int cap_ms);
extern void arb_backoff_reset(Backoff *backoff);

/*
 * arb_backoff_next returns the wait before the next attempt and counts it.
 *
 * Args:	random, 32 uniform bits.
 * Returns: a value in [d/2, d] with d = min(cap, first * 2^attempts), so that
 *			many clients of one restarted server do not come back together.
 */
extern int	arb_backoff_next(Backoff *backoff, uint32_t random);

/* arb_backoff_random returns 32 uniform bits; the impure half, for callers. */
extern uint32_t arb_backoff_random(void);

#endif							/* ARBEES_NET_BACKOFF_H */
