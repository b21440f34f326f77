/*-------------------------------------------------------------------------
 *
 * worker/sim/limit.c
 *	  What an API key may do in a time, and whether the venue trades at all.
 *
 *-------------------------------------------------------------------------
 */
#include "limit.h"

#include <string.h>

#include "decimal.h"

#define MILLI 1000
#define RATE_MAX 1000000

int64_t
sim_bucket_take(SimBucket *bucket, const SimRate *rate, int64_t cost, int64_t now_ms)
{
	int64_t		full = (int64_t) rate->burst * MILLI;
	int64_t		elapsed = now_ms - bucket->filled_ms;
	int64_t		missing;

	if (rate->per_second == 0)
		return 0;
	/* A pause as long as filling takes fills it, however long it was. */
	if (bucket->filled_ms == 0 || elapsed >= full / rate->per_second + 1)
		bucket->level = full;
	else if (elapsed > 0)
		bucket->level = bucket->level + elapsed * rate->per_second < full ? bucket->level + elapsed * rate->per_second : full;
	bucket->filled_ms = now_ms;
	if (cost > rate->burst)
		return -1;
	missing = cost * MILLI - bucket->level;
	if (missing > 0)
		return (missing + rate->per_second - 1) / rate->per_second;
	bucket->level -= cost * MILLI;
	return 0;
}

int64_t
sim_bucket_left(const SimBucket *bucket)
{
	return bucket->level / MILLI;
}

bool
sim_trading_parse(const char *text, SimTrading *mode)
{
	static const char *const names[] = {
		[SIM_TRADING_OPEN] = "open",
		[SIM_TRADING_RESTARTING] = "restarting",
		[SIM_TRADING_POST_ONLY] = "post_only",
		[SIM_TRADING_CANCEL_ONLY] = "cancel_only",
		[SIM_TRADING_DISABLED] = "disabled",
	};
	size_t		i;

	for (i = 0; text != NULL && i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(names[i], text) == 0)
		{
			*mode = (SimTrading) i;
			return true;
		}
	return false;
}

static bool
parse_rate(const char *text, size_t len, SimRate *rate)
{
	const char *slash = memchr(text, '/', len);
	size_t		before = slash == NULL ? 0 : (size_t) (slash - text);
	int64_t		per_second;
	int64_t		burst;

	if (slash == NULL || !arb_decimal_parse(text, before, 0, &per_second) ||
		!arb_decimal_parse(slash + 1, len - before - 1, 0, &burst) ||
		per_second < 1 || per_second > RATE_MAX || burst < 1 || burst > RATE_MAX)
		return false;
	rate->per_second = (int) per_second;
	rate->burst = (int) burst;
	return true;
}

bool
sim_rates_parse(const char *text, SimRate *orders, SimRate *cancels)
{
	const char *comma = strchr(text, ',');

	return comma != NULL && parse_rate(text, (size_t) (comma - text), orders) &&
		parse_rate(comma + 1, strlen(comma + 1), cancels);
}
