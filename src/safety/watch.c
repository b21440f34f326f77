/*-------------------------------------------------------------------------
 *
 * src/safety/watch.c
 *	  How long ago the workers of a venue, its feeds and its balance were heard.
 *
 * Such times only grow, so a time we know that is still young enough need not
 * be read again: a decision pays for a look only when the last one grew too old,
 * and a silent worker is found out at the same moment either way.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "core/clock.h"
#include "core/money.h"
#include "core/sql.h"
#include "safety/watch.h"

/* Workers silent for longer than this are gone; their feeds say nothing of the venue any more. */
#define GONE_AFTER "interval '10 minutes'"

/* Whoever was not heard is asked for again this much later: news comes late by that, never early. */
#define ASK_AGAIN_MS 100

#define MAX_WATCHED 16

typedef struct Heard
{
	int32		venue_id;
	int32		venue_account_id;
	TimestampTz worker_at;		/* 0 = never */
	TimestampTz feed_at;
	TimestampTz balance_at;
	TimestampTz asked_at;
} Heard;

static Heard heard[MAX_WATCHED];
static int	nheard = 0;
static int	next_victim = 0;

static Heard *
find_heard(int32 venue_id, int32 venue_account_id)
{
	Heard	   *h;
	int			i;

	for (i = 0; i < nheard; i++)
		if (heard[i].venue_id == venue_id && heard[i].venue_account_id == venue_account_id)
			return &heard[i];
	if (nheard < MAX_WATCHED)
		h = &heard[nheard++];
	else
	{
		h = &heard[next_victim];
		next_victim = (next_victim + 1) % MAX_WATCHED;
	}
	memset(h, 0, sizeof(*h));
	h->venue_id = venue_id;
	h->venue_account_id = venue_account_id;
	return h;
}

static TimestampTz
time_at(int column)
{
	bool		isnull;
	Datum		value = arb_sql_value(0, column, &isnull);

	return isnull ? 0 : DatumGetTimestampTz(value);
}

/* The quietest channel counts: one that is frozen is not excused by another that flows. */
static void
listen_again(Heard *h)
{
	static SqlPlan plan = {
		"SELECT (SELECT pg_catalog.max(w.seen_at) FROM arbees.workers w WHERE w.venue_account_id = $2),"
		" (SELECT pg_catalog.min(c.data_at) FROM (SELECT pg_catalog.max(f.last_data_at) AS data_at"
		"   FROM arbees.feeds f JOIN arbees.workers w USING (worker)"
		"   WHERE w.venue_id = $1 AND f.channel <> 'user'"
		"    AND f.seen_at > pg_catalog.clock_timestamp() - " GONE_AFTER " GROUP BY f.channel) c),"
		" (SELECT b.read_at FROM arbees.venue_balances b WHERE b.venue_account_id = $2)",
		2, {INT4OID, INT4OID}, NULL, true
	};
	Datum		values[2] = {Int32GetDatum(h->venue_id), Int32GetDatum(h->venue_account_id)};

	arb_sql_begin();
	arb_sql_run(&plan, values, NULL);
	h->worker_at = time_at(1);
	h->feed_at = time_at(2);
	h->balance_at = time_at(3);
	arb_sql_end();
}

static int64
age_ms(TimestampTz at, TimestampTz now)
{
	return at == 0 ? FIXED_NULL : Max(0, arb_elapsed_ms(at, now));
}

static bool
young(TimestampTz at, TimestampTz now, int64 limit_ms)
{
	return limit_ms == FIXED_NONE || (at != 0 && limit_ms >= 0 && arb_elapsed_ms(at, now) <= limit_ms);
}

/*
 * arb_watch tells how long ago a venue and an account were heard.
 *
 * Args:	venue_account_id, 0 for a portfolio without one; now, the wall clock.
 * An age within its limit may be older than the truth, never younger.
 */
void
arb_watch(int32 venue_id, int32 venue_account_id, TimestampTz now, const WatchLimits *limits, Watch *watch)
{
	Heard	   *h = find_heard(venue_id, venue_account_id);
	bool		fresh = young(h->feed_at, now, limits->feed_ms) &&
		(venue_account_id == 0 || (young(h->worker_at, now, limits->worker_ms) &&
								   young(h->balance_at, now, limits->balance_ms)));

	if (!fresh && (now < h->asked_at || arb_elapsed_ms(h->asked_at, now) >= ASK_AGAIN_MS))
	{
		listen_again(h);
		h->asked_at = now;
	}
	watch->worker_age_ms = age_ms(h->worker_at, now);
	watch->feed_age_ms = age_ms(h->feed_at, now);
	watch->balance_age_ms = age_ms(h->balance_at, now);
}
