/*-------------------------------------------------------------------------
 *
 * worker/net/ratelimit.c
 *	  A token bucket; the caller brings the time.
 *
 *-------------------------------------------------------------------------
 */
#include "net/ratelimit.h"

#define NANO INT64_C(1000000000)

void
arb_ratelimit_init(RateLimit *limit, int burst, int per_second)
{
	limit->burst = burst;
	limit->per_second = per_second;
	limit->level = burst * NANO;
	limit->filled_ns = 0;
	limit->started = false;
}

static void
refill(RateLimit *limit, int64_t now_ns)
{
	int64_t		full = limit->burst * NANO;
	int64_t		elapsed = now_ns - limit->filled_ns;

	if (!limit->started || elapsed < 0)
	{
		limit->started = true;
		limit->filled_ns = now_ns;
		return;
	}
	limit->filled_ns = now_ns;
	/* Compared by division: the product of a long pause and the rate would overflow. */
	if (limit->per_second > 0 && elapsed >= (full - limit->level) / limit->per_second)
		limit->level = full;
	else
		limit->level += elapsed * limit->per_second;
}

bool
arb_ratelimit_take(RateLimit *limit, int64_t now_ns)
{
	refill(limit, now_ns);
	if (limit->level < NANO)
		return false;
	limit->level -= NANO;
	return true;
}

int64_t
arb_ratelimit_wait_ns(RateLimit *limit, int64_t now_ns, int64_t tokens)
{
	int64_t		missing;

	if (tokens > limit->burst)
		return INT64_MAX;
	refill(limit, now_ns);
	missing = tokens * NANO - limit->level;
	if (missing <= 0)
		return 0;
	if (limit->per_second <= 0)
		return INT64_MAX;
	return (missing + limit->per_second - 1) / limit->per_second;
}

void
arb_ratelimit_spend(RateLimit *limit, int64_t now_ns, int64_t tokens)
{
	refill(limit, now_ns);
	limit->level -= tokens * NANO;
	if (limit->level < -limit->burst * NANO)
		limit->level = -limit->burst * NANO;
}

void
arb_ratelimit_lower(RateLimit *limit, int64_t now_ns, int64_t tokens)
{
	refill(limit, now_ns);
	if (tokens >= 0 && tokens < limit->burst && limit->level > tokens * NANO)
		limit->level = tokens * NANO;
}
