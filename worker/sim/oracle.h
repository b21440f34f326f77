/*-------------------------------------------------------------------------
 *
 * worker/sim/oracle.h
 *	  The price of one underlying: a seeded process or recorded ticks.
 *
 * Pure: no clock, no I/O.  Prices are exact integers at 18 decimals, as the
 * venue's price stream carries them; the probability that drives the books is
 * integer arithmetic too, so that a world is the same on every machine.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARBEES_SIM_ORACLE_H
#define ARBEES_SIM_ORACLE_H

#include <stdbool.h>
#include <stdint.h>

#include "rng.h"

#define ORACLE_TWAP_SECONDS 60
#define ORACLE_SCALE 18
#define PROBABILITY_ONE 1000000		/* parts per million */

typedef __int128 PriceE18;

typedef struct Oracle
{
	char		asset[12];		/* "btc" */
	char		title[16];		/* "Bitcoin" */
	char		symbol[20];		/* "btc/usd" */
	Rng			rng;
	int			volatility_ppm; /* standard deviation of one second, parts per million of the price */
	PriceE18	price;			/* 0 = no tick yet */
	PriceE18	ring[ORACLE_TWAP_SECONDS];	/* last ticks, newest at ring_next - 1 */
	int64_t		ring_s[ORACLE_TWAP_SECONDS];	/* their seconds: a recording has gaps */
	int			ring_count;
	int			ring_next;
	int64_t		tick_s;			/* stamped second of the last tick */
} Oracle;

/* sim_oracle_init starts a seeded process; false for an asset it has no starting price for. */
extern bool sim_oracle_init(Oracle *oracle, const char *asset, uint64_t seed, int volatility_ppm);

/* sim_oracle_move lets step_ms of the random process pass. */
extern void sim_oracle_move(Oracle *oracle, int step_ms);

/* sim_oracle_tick makes price the tick of that second. */
extern void sim_oracle_tick(Oracle *oracle, int64_t second, PriceE18 price);

/* sim_oracle_twap averages the last 60 ticks (fewer while the world is young). */
extern PriceE18 sim_oracle_twap(const Oracle *oracle);

/*
 * sim_oracle_up_ppm is the probability, in parts per million, that a driftless
 * diffusion ends at or above strike.
 *
 * Args:	left_ms, time to the end, may be 0; twap, settlement by the 60 s average.
 */
extern int	sim_oracle_up_ppm(const Oracle *oracle, PriceE18 strike, int64_t left_ms, bool twap);

/* Decimal text of up to 18 decimals, and the plain integer. */
#define PRICE_E18_TEXT_SIZE 48
extern void sim_price_decimal(PriceE18 price, char out[PRICE_E18_TEXT_SIZE]);
extern void sim_price_integer(PriceE18 price, char out[PRICE_E18_TEXT_SIZE]);
extern bool sim_price_parse_decimal(const char *text, PriceE18 *price);
extern bool sim_price_parse_integer(const char *text, PriceE18 *price);

extern int64_t sim_isqrt(int64_t value);

#endif							/* ARBEES_SIM_ORACLE_H */
