/*-------------------------------------------------------------------------
 *
 * src/quant/decay.c
 *	  Means and variances that forget: old observations lose weight with time.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "datatype/timestamp.h"
#include "quant/decay.h"

/* A billion percent: beyond is no volatility, and Fixed has an end. */
#define LARGEST_PCT 1e9

/* arb_decay returns what is left of a weight after some time: a half after each half-life. */
double
arb_decay(int64 elapsed_us, int64 half_life_us)
{
	if (elapsed_us <= 0 || half_life_us <= 0)
		return elapsed_us <= 0 ? 1.0 : 0.0;
	return exp2(-(double) elapsed_us / (double) half_life_us);
}

/*
 * arb_decayed_mean lets a value stand for some time and returns the mean after it.
 *
 * Formula: mean + (value - mean) * (1 - 2 ^ (-elapsed / half_life)), the weight cut to eight decimals.
 */
Fixed
arb_decayed_mean(Fixed mean, Fixed value, int64 elapsed_us, int64 half_life_us)
{
	Fixed		weight = (Fixed) ((1.0 - arb_decay(elapsed_us, half_life_us)) * (double) FIXED_ONE);

	return arb_fixed_add(mean, arb_fixed_mul_floor(arb_fixed_sub(value, mean), weight));
}

/*
 * arb_decayed_variance_add counts a log return over the time it took.
 *
 * Returns over unequal times are made equal by counting return ^ 2 per minute, for as long as it took;
 * a return that took no time has no rate and is not counted, nor is one that is no number.
 * Formula: V' = V d + (r^2 / minutes) (1 - d), W' = W d + (1 - d), d = 2 ^ (-elapsed / half_life); the
 *			variance is V / W. RiskMetrics Technical Document (J.P. Morgan, 1996), section 5.2,
 *			for unequal intervals, without its start-up bias.
 */
void
arb_decayed_variance_add(DecayedVariance *variance, double log_return, int64 elapsed_us, int64 half_life_us)
{
	double		kept = arb_decay(elapsed_us, half_life_us);
	double		minutes = (double) elapsed_us / (double) USECS_PER_MINUTE;

	if (elapsed_us <= 0 || !isfinite(log_return))
		return;
	variance->sum = variance->sum * kept + log_return * log_return / minutes * (1.0 - kept);
	variance->weight = variance->weight * kept + (1.0 - kept);
}

/* arb_decayed_volatility_pct returns percent per square root of a minute, FIXED_NULL while too little was seen. */
Fixed
arb_decayed_volatility_pct(const DecayedVariance *variance)
{
	double		pct;

	if (!(variance->weight >= DECAYED_VARIANCE_MIN_WEIGHT) || !(variance->sum >= 0))
		return FIXED_NULL;
	pct = 100.0 * sqrt(variance->sum / variance->weight);
	return (Fixed) llround(Min(pct, LARGEST_PCT) * (double) FIXED_ONE);
}
