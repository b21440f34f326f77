/*-------------------------------------------------------------------------
 *
 * worker/net/backoff.c
 *	  How long to wait before the next attempt: doubling, capped, jittered.
 *
 *-------------------------------------------------------------------------
 */
#include "net/backoff.h"

#include <sys/random.h>

#include "clock.h"

void
arb_backoff_init(Backoff *backoff, int first_ms, int cap_ms)
{
	backoff->first_ms = first_ms;
	backoff->cap_ms = cap_ms;
	backoff->attempts = 0;
}

void
arb_backoff_reset(Backoff *backoff)
{
	backoff->attempts = 0;
}

int
arb_backoff_next(Backoff *backoff, uint32_t random)
{
	int64_t		delay = backoff->first_ms;
	int64_t		half;
	int			i;

	for (i = 0; i < backoff->attempts && delay < backoff->cap_ms; i++)
		delay *= 2;
	if (delay > backoff->cap_ms)
		delay = backoff->cap_ms;
	if (delay < backoff->cap_ms)
		backoff->attempts++;
	half = delay / 2;
	return (int) (delay - half + (int64_t) ((uint64_t) (half + 1) * random >> 32));
}

uint32_t
arb_backoff_random(void)
{
	uint32_t	bits;

	if (getrandom(&bits, sizeof(bits), GRND_NONBLOCK) != (ssize_t) sizeof(bits))
		bits = (uint32_t) arb_mono_ns() * UINT32_C(2654435761);
	return bits;
}
