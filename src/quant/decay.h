/*-------------------------------------------------------------------------
 *
 * src/quant/decay.h
 *	  Means and variances that forget: old observations lose weight with time.
 *
 * Pure. Weights are double; a mean of prices stays Fixed.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARB_DECAY_H
#define ARB_DECAY_H

#include "postgres.h"
#include "core/money.h"

/* Of squared log returns per minute; weight 0 = nothing seen, towards 1 = seen for many half-lives. */
typedef struct DecayedVariance
{
	double		sum;
	double		weight;
} DecayedVariance;

/* Less seen than this (a minute, at a half-life of five) is too little to speak of a volatility. */
#define DECAYED_VARIANCE_MIN_WEIGHT 0.125

extern double arb_decay(int64 elapsed_us, int64 half_life_us);
extern Fixed arb_decayed_mean(Fixed mean, Fixed value, int64 elapsed_us, int64 half_life_us);
extern void arb_decayed_variance_add(DecayedVariance *variance, double log_return, int64 elapsed_us,
									 int64 half_life_us);
extern Fixed arb_decayed_volatility_pct(const DecayedVariance *variance);

#endif							/* ARB_DECAY_H */
