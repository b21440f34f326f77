/*-------------------------------------------------------------------------
 *
 * worker/sim/rng.h
 *	  Seeded randomness in integers: the same seed is the same world on any
 *	  machine and with any mathematical library.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARBEES_SIM_RNG_H
#define ARBEES_SIM_RNG_H

#include <stdint.h>

typedef struct Rng
{
	uint64_t	state;
} Rng;

/* One standard deviation of sim_rng_normal(). */
#define RNG_NORMAL_ONE (INT64_C(1) << 20)

/* Streams of one seed are independent: a stream per purpose keeps worlds equal when code elsewhere draws more. */
extern void sim_rng_seed(Rng *rng, uint64_t seed, uint64_t stream);
extern uint64_t sim_rng_next(Rng *rng);
extern uint64_t sim_rng_below(Rng *rng, uint64_t bound);

/* Standard normal by the sum of twelve uniforms, in units of RNG_NORMAL_ONE. */
extern int64_t sim_rng_normal(Rng *rng);

/* sim_rng_derive hashes seed, label and two numbers: identities that must not depend on draws. */
extern void sim_rng_derive(uint64_t seed, const char *label, uint64_t a, uint64_t b, uint8_t out[32]);

#endif							/* ARBEES_SIM_RNG_H */
