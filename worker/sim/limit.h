/*-------------------------------------------------------------------------
 *
 * worker/sim/limit.h
 *	  What an API key may do in a time: token buckets for orders and cancels,
 *	  and whether the venue trades at all.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARBEES_SIM_LIMIT_H
#define ARBEES_SIM_LIMIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Tokens a second and how many can be saved up; 0 = not counted. */
typedef struct SimRate
{
	int			per_second;
	int			burst;
} SimRate;

typedef struct SimBucket
{
	int64_t		level;			/* thousandths of a token */
	int64_t		filled_ms;		/* 0 = never used: full */
} SimBucket;

/*
 * sim_bucket_take takes cost tokens, or none.
 *
 * Returns: milliseconds until they are there; 0 when they were taken, -1 when
 *			so many can never be.
 */
extern int64_t sim_bucket_take(SimBucket *bucket, const SimRate *rate, int64_t cost, int64_t now_ms);
extern int64_t sim_bucket_left(const SimBucket *bucket);	/* whole tokens */

typedef enum SimTrading
{
	SIM_TRADING_OPEN = 0,
	SIM_TRADING_RESTARTING,		/* neither orders nor cancels: 425 */
	SIM_TRADING_POST_ONLY,
	SIM_TRADING_CANCEL_ONLY,
	SIM_TRADING_DISABLED		/* neither: 503 */
} SimTrading;

/* "open", "restarting", ...; false when there is no such mode. */
extern bool sim_trading_parse(const char *text, SimTrading *mode);

/* "40/60,80/120": orders a second and burst, cancels a second and burst. */
extern bool sim_rates_parse(const char *text, SimRate *orders, SimRate *cancels);

#endif							/* ARBEES_SIM_LIMIT_H */
