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

/* arb_ratelimit_wait_ns returns how long until so many tokens are there; 0 = now, INT64_MAX = never. */
extern int64_t arb_ratelimit_wait_ns(RateLimit *limit, int64_t now_ns, int64_t tokens);

/* arb_ratelimit_spend takes tokens that may not be there: what is done is done, and is waited for. */
extern void arb_ratelimit_spend(RateLimit *limit, int64_t now_ns, int64_t tokens);

/* arb_ratelimit_lower sets what is left, as somebody knows who counts too; it never raises it. */
extern void arb_ratelimit_lower(RateLimit *limit, int64_t now_ns, int64_t tokens);

#endif							/* ARBEES_NET_RATELIMIT_H */
