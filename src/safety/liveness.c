/*-------------------------------------------------------------------------
 *
 * src/safety/liveness.c
 *	  Tells people, once, that somebody who should live is silent.
 *
 * The gate refuses entries by itself when a heartbeat or a lease is old; this
 * is for those who have to do something about it.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "core/lock.h"
#include "core/sql.h"
#include "fmgr.h"
#include "journal/journal.h"
#include "safety/control.h"
#include "safety/control_change.h"
#include "utils/builtins.h"

PG_FUNCTION_INFO_V1(arbees_step_liveness);

/*
 * "Once" is looked up among the latest alerts; under a flood of others an alert
 * may be told again, which is better than a scan of all there ever were.
 */
#define RECENT_ALERTS \
	"(SELECT a.kind, a.raised_at, a.message FROM arbees.alerts a ORDER BY a.alert_id DESC LIMIT 200)"

/* Silent longer than allowed; who has been gone for an hour was told about, or retired. */
static SqlPlan silent_workers = {
	"SELECT 'warning', 'worker_silent', pg_catalog.format('worker %s is silent since %s UTC', w.worker,"
	"  pg_catalog.to_char(w.seen_at AT TIME ZONE 'UTC', 'HH24:MI:SS'))"
	" FROM arbees.workers w"
	" WHERE w.seen_at < pg_catalog.clock_timestamp() - $1 * interval '1 millisecond'"
	"  AND w.seen_at > pg_catalog.clock_timestamp() - interval '1 hour'"
	"  AND NOT EXISTS (SELECT FROM " RECENT_ALERTS " r WHERE r.kind = 'worker_silent'"
	"   AND r.raised_at > w.seen_at AND pg_catalog.starts_with(r.message, 'worker ' || w.worker || ' '))",
	1, {INT8OID}, NULL, true
};

/* A lease that ended while orders were at work leaves them unwatched. */
static SqlPlan lapsed_leases = {
	"SELECT 'critical', 'lease_lapsed', pg_catalog.format('nobody watches the working orders of venue account %s:"
	" the lease of epoch %s has ended', a.name, l.epoch)"
	" FROM arbees.trader_leases l JOIN arbees.venue_accounts a USING (venue_account_id)"
	" JOIN arbees.portfolios p ON p.venue_account_id = l.venue_account_id AND p.mode = 'LIVE'"
	" WHERE l.expires_at < pg_catalog.clock_timestamp()"
	"  AND EXISTS (SELECT FROM arbees.orders o WHERE o.mode = 'LIVE' AND o.portfolio_id = p.portfolio_id"
	"   AND o.finished_at IS NULL)"
	"  AND NOT EXISTS (SELECT FROM " RECENT_ALERTS " r WHERE r.kind = 'lease_lapsed'"
	"   AND r.raised_at > l.expires_at AND pg_catalog.strpos(r.message, 'venue account ' || a.name || ':') > 0)",
	0, {0}, NULL, true
};

/* Whoever keeps a transaction open this long keeps vacuum and the journal's chain from going on. */
static SqlPlan long_transactions = {
	"SELECT 'warning', 'old_snapshot', pg_catalog.format('pid %s (%s, %s) holds back the horizon with a transaction"
	" of %s', s.pid, s.usename, coalesce(nullif(s.application_name, ''), 'no application name'),"
	"  pg_catalog.date_trunc('second', s.xact_start AT TIME ZONE 'UTC'))"
	" FROM pg_catalog.pg_stat_activity s"
	" WHERE s.datname = pg_catalog.current_database() AND s.backend_xmin IS NOT NULL"
	"  AND s.xact_start < pg_catalog.clock_timestamp() - interval '60 seconds'"
	"  AND NOT EXISTS (SELECT FROM " RECENT_ALERTS " r WHERE r.kind = 'old_snapshot'"
	"   AND r.raised_at > s.xact_start AND pg_catalog.starts_with(r.message, 'pid ' || s.pid || ' '))",
	0, {0}, NULL, true
};

static void
raise_alerts(SqlPlan *plan, Datum *values)
{
	uint64		n;
	uint64		i;
	char	  **texts;

	arb_sql_begin();
	n = arb_sql_run(plan, values, NULL);
	texts = SPI_palloc(sizeof(char *) * 3 * Max(n, 1));
	for (i = 0; i < n * 3; i++)
		texts[i] = arb_sql_text(i / 3, (int) (i % 3) + 1);
	arb_sql_end();
	for (i = 0; i < n; i++)
		arb_alert(texts[i * 3], texts[i * 3 + 1], 0, texts[i * 3 + 2]);
}

/* The row that shows the kill level may have been locked when the level changed. */
static void
show_kill_level(void)
{
	static SqlPlan plan = {
		"SELECT k.level::text FROM arbees.kill_switch k"
		" JOIN arbees.runtime_controls c ON c.key = 'kill_switch' WHERE c.value IS DISTINCT FROM k.level::text",
		0
	};
	char	   *level;

	arb_sql_begin();
	level = arb_sql_run(&plan, NULL, NULL) > 0 ? arb_sql_text(0, 1) : NULL;
	arb_sql_end();
	if (level == NULL || !arb_lock_kill_try(ShareLock))
		return;
	/* Lock, then read: the level may have changed since. */
	arb_sql_begin();
	level = arb_sql_run(&plan, NULL, NULL) > 0 ? arb_sql_text(0, 1) : NULL;
	arb_sql_end();
	if (level != NULL)
		(void) arb_control_show_kill_level(level);
}

Datum
arbees_step_liveness(PG_FUNCTION_ARGS)
{
	int64		limit_ms = arb_controls()->worker_max_silence_ms;
	Datum		value = Int64GetDatum(limit_ms > 0 ? limit_ms : 0);

	show_kill_level();
	raise_alerts(&silent_workers, &value);
	raise_alerts(&lapsed_leases, NULL);
	raise_alerts(&long_transactions, NULL);
	PG_RETURN_VOID();
}
