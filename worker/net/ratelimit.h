/*-------------------------------------------------------------------------
 *
 * worker/net/ratelimit.h
 *	  A token bucket; the caller brings the time.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARBEES_NET_RATELIMIT_H
#define ARBEES_NET_RATELIMIT_H

#include <stdbool.h>
#include <stdint.h>

typedef struct RateLimit
{
	int64_t		burst;			/* tokens */
	int64_t		per_second;		/* tokens */
	int64_t		level;			/* nano-tokens */
	int64_t		filled_ns;
	bool		started;
} RateLimit;

extern void arb_ratelimit_init(RateLimit *limit, int burst, int per_second);

/* arb_ratelimit_take takes one token; false when there is none. */
extern bool arb_ratelimit_take(RateLimit *limit, int64_t now_ns);

#endif							/* ARBEES_NET_RATELIMIT_H */
