/*-------------------------------------------------------------------------
 *
 * worker/feed/slug.c
 *	  Which windows exist at a time, and what the venue calls them.
 *
 *-------------------------------------------------------------------------
 */
#include "feed/slug.h"

#include <inttypes.h>
#include <stdio.h>

int64_t
arb_slug_opening(const SlugSeries *series, int64_t market_ms)
{
	int64_t		now_s = market_ms / 1000;

	if (series->seconds <= 0 || now_s < 0)
		return 0;
	return now_s - now_s % series->seconds;
}

bool
arb_slug_format(const SlugSeries *series, int64_t opens_s, char out[SLUG_SIZE])
{
	int			len = snprintf(out, SLUG_SIZE, "%s-%" PRId64, series->prefix, opens_s);

	return len > 0 && len < SLUG_SIZE;
}

size_t
arb_slug_plan(const SlugSeries *series, int64_t market_ms, int before, int after,
			  int64_t *opens_s, size_t max)
{
	int64_t		current = arb_slug_opening(series, market_ms);
	size_t		count = 0;
	int			step;

	if (series->seconds <= 0)
		return 0;
	for (step = -before; step <= after && count < max; step++)
	{
		int64_t		opening = current + step * series->seconds;

		if (opening >= 0)
			opens_s[count++] = opening;
	}
	return count;
}
