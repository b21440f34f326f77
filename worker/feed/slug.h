/*-------------------------------------------------------------------------
 *
 * worker/feed/slug.h
 *	  Which windows exist at a time, and what the venue calls them.
 *
 * Pure.  Windows of a series follow each other on multiples of their length
 * since the epoch, so their names can be computed and need not be searched.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARBEES_FEED_SLUG_H
#define ARBEES_FEED_SLUG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SLUG_SIZE 128

/* One series of windows, from the venue's endpoints. */
typedef struct SlugSeries
{
	char		prefix[64];		/* "btc-updown-5m" */
	char		underlying[33];	/* "BTC" */
	char		feed_symbol[24];	/* "btc/usd" */
	char		feed_topic[48];	/* of the price stream */
	int64_t		seconds;
} SlugSeries;

/* arb_slug_opening returns the opening second of the window that holds the instant. */
extern int64_t arb_slug_opening(const SlugSeries *series, int64_t market_ms);

/* arb_slug_format writes "<prefix>-<opening second>"; false when it does not fit. */
extern bool arb_slug_format(const SlugSeries *series, int64_t opens_s, char out[SLUG_SIZE]);

/*
 * arb_slug_plan lists opening seconds, oldest first: the window that holds the
 * instant, before ones before it and after ones after it.
 *
 * Returns: how many were written, at most max.
 */
extern size_t arb_slug_plan(const SlugSeries *series, int64_t market_ms, int before, int after,
							int64_t *opens_s, size_t max);

#endif							/* ARBEES_FEED_SLUG_H */
