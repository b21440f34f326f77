/*-------------------------------------------------------------------------
 *
 * worker/sim/rng.c
 *	  Seeded randomness in integers (splitmix64).
 *
 *-------------------------------------------------------------------------
 */
#include "rng.h"

#include <inttypes.h>
#include <stdio.h>

#include "sign/l2.h"

void
sim_rng_seed(Rng *rng, uint64_t seed, uint64_t stream)
{
	rng->state = seed;
	rng->state = sim_rng_next(rng) ^ (stream * UINT64_C(0xd1342543de82ef95));
	sim_rng_next(rng);
}

uint64_t
sim_rng_next(Rng *rng)
{
	uint64_t	z;

	rng->state += UINT64_C(0x9e3779b97f4a7c15);
	z = rng->state;
	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

uint64_t
sim_rng_below(Rng *rng, uint64_t bound)
{
	return (uint64_t) (((unsigned __int128) sim_rng_next(rng) * bound) >> 64);
}

int64_t
sim_rng_normal(Rng *rng)
{
	int64_t		sum = -6 * RNG_NORMAL_ONE;
	int			i;

	for (i = 0; i < 12; i++)
		sum += (int64_t) sim_rng_below(rng, RNG_NORMAL_ONE);
	return sum;
}

void
sim_rng_derive(uint64_t seed, const char *label, uint64_t a, uint64_t b, uint8_t out[32])
{
	char		text[160];
	int			len = snprintf(text, sizeof(text), "%s|%" PRIu64 "|%" PRIu64 "|%" PRIu64, label, seed, a, b);

	if (len < 0 || (size_t) len >= sizeof(text))
		len = (int) sizeof(text) - 1;
	arb_sha256(text, (size_t) len, out);
}
