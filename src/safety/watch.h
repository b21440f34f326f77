/*-------------------------------------------------------------------------
 *
 * src/safety/watch.h
 *	  How long ago the workers of a venue, its feeds and its balance were heard.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARB_WATCH_H
#define ARB_WATCH_H

#include "postgres.h"
#include "utils/timestamp.h"

/* How old an answer may be before it is worth asking again; FIXED_NONE = any age. */
typedef struct WatchLimits
{
	int64		worker_ms;
	int64		feed_ms;
	int64		balance_ms;
} WatchLimits;

/* Milliseconds since then, at most; FIXED_NULL where nothing was ever heard. */
typedef struct Watch
{
	int64		worker_age_ms;	/* heartbeat of the account's worker */
	int64		feed_age_ms;	/* data on the quietest market channel */
	int64		balance_age_ms; /* the venue's word on the account's money */
} Watch;

extern void arb_watch(int32 venue_id, int32 venue_account_id, TimestampTz now,
					  const WatchLimits *limits, Watch *watch);

#endif							/* ARB_WATCH_H */
