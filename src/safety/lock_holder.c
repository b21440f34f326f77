/*-------------------------------------------------------------------------
 *
 * src/safety/lock_holder.c
 *	  A step of the tick: who holds a portfolio's lock for too long is ended.
 *
 * All that changes a portfolio waits for its lock: its fills, its exits, its
 * closing by the kill switch. Whoever forgets a transaction that holds it stops
 * them, so a session that idles in one is ended after lock_max_idle_ms, and any
 * while flatten or emergency is to be carried out, after half a second. What it
 * had not committed is gone; an alert names it.
 *
 * How long a lock is held is counted from when this session first saw it: the
 * server tells only since when a lock is waited for.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "compat.h"
#include "core/clock.h"
#include "core/columns.h"
#include "core/lock.h"
#include "core/sql.h"
#include "core/wake.h"
#include "fmgr.h"
#include "journal/journal.h"
#include "safety/control.h"
#include "safety/kill.h"
#include "storage/proc.h"

/* While positions are to be closed; as long as arbees_kill waits for a claim. */
#define CLOSING_PATIENCE_MS 500

/* Who waits for another's lock is held up itself: that other one is ended first. */
#define WAITING_PATIENCE_MS 5000

#define MAX_SEEN 64

PG_FUNCTION_INFO_V1(arbees_step_lock_holders);

/* A transaction that was seen holding a portfolio's lock. */
typedef struct Holder
{
	VirtualTransactionId vxid;
	int32		portfolio_id;
	TimestampTz since;
	bool		told;
	bool		ended;			/* asked to end, and named */
	bool		seen;			/* in this round */
} Holder;

static Holder holders[MAX_SEEN];
static int	nholders = 0;

static Holder *
find_holder(VirtualTransactionId vxid, int32 portfolio_id, TimestampTz now)
{
	Holder	   *h;
	int			i;

	for (i = 0; i < nholders; i++)
		if (VirtualTransactionIdEquals(holders[i].vxid, vxid) && holders[i].portfolio_id == portfolio_id)
			return &holders[i];
	if (nholders == MAX_SEEN)
		return NULL;			/* seen again when there is room */
	h = &holders[nholders++];
	memset(h, 0, sizeof(*h));
	h->vxid = vxid;
	h->portfolio_id = portfolio_id;
	h->since = now;
	return h;
}

static void
forget_unseen(void)
{
	int			kept = 0;
	int			i;

	for (i = 0; i < nholders; i++)
		if (holders[i].seen)
			holders[kept++] = holders[i];
	nholders = kept;
}

/* What the server says of a holder. */
typedef struct Session
{
	char	   *name;
	bool		idle;			/* in its transaction */
	bool		waits;			/* for another's lock */
	bool		commits;		/* and waits for the standby */
} Session;

static bool
ask_for_session(int pid, Session *session)
{
	static SqlPlan plan = {
		"SELECT pg_catalog.format('pid %s (%s, %s)', a.pid, a.usename,"
		"  coalesce(nullif(a.application_name, ''), 'no application name')),"
		"  coalesce(a.state LIKE 'idle in transaction%', false), coalesce(a.wait_event_type = 'Lock', false),"
		"  coalesce(a.wait_event = 'SyncRep', false)"
		" FROM pg_catalog.pg_stat_activity a WHERE a.pid = $1 AND a.pid <> pg_catalog.pg_backend_pid()",
		1, {INT4OID}
	};
	Datum		value = Int32GetDatum(pid);
	bool		found;

	arb_sql_begin();
	found = arb_sql_run(&plan, &value, NULL) > 0;
	if (found)
	{
		session->name = arb_sql_text(0, 1);
		session->idle = arb_sql_bool(0, 2, false);
		session->waits = arb_sql_bool(0, 3, false);
		session->commits = arb_sql_bool(0, 4, false);
	}
	arb_sql_end();
	return found;
}

static bool
end_session(int pid)
{
	static SqlPlan plan = {"SELECT pg_catalog.pg_terminate_backend($1)", 1, {INT4OID}};
	Datum		value = Int32GetDatum(pid);
	bool		ended;

	arb_sql_begin();
	arb_sql_run(&plan, &value, NULL);
	ended = arb_sql_bool(0, 1, false);
	arb_sql_end();
	return ended;
}

/* Why a holder is to be ended; NULL while it may go on. */
static const char *
why_end(const Session *session, KillLevel level, int64 held_ms)
{
	int64		idle_ms = arb_controls()->lock_max_idle_ms;

	/* What is committed here waits to be safe there: to end it would save nothing. */
	if (session->commits)
		return NULL;
	if (level >= KILL_FLATTEN && held_ms >= (session->waits ? WAITING_PATIENCE_MS : CLOSING_PATIENCE_MS))
		return psprintf("the kill level is %s", arb_label_name(LABEL_KILL_LEVEL, level));
	if (session->idle && idle_ms > 0 && held_ms >= idle_ms)
		return "its transaction idles";
	return NULL;
}

static void
review_holder(Holder *h, int pid, KillLevel level, TimestampTz now)
{
	int64		held_ms = arb_elapsed_ms(h->since, now);
	int64		idle_ms = arb_controls()->lock_max_idle_ms;
	Session		session;
	const char *why;

	if (held_ms < (level >= KILL_FLATTEN ? CLOSING_PATIENCE_MS : idle_ms) || !ask_for_session(pid, &session))
		return;
	why = why_end(&session, level, held_ms);
	if (why != NULL)
	{
		/* It needs a moment to go; in the next round it may still be there. */
		if (!end_session(pid) || h->ended)
			return;
		h->ended = true;
		arb_alert("critical", "lock_holder_ended", h->portfolio_id,
				  psprintf("%s held the lock of portfolio %d for " INT64_FORMAT " ms and was ended: %s",
						   session.name, h->portfolio_id, held_ms, why));
		/* What waited for it is done at once. */
		arb_wake_conductor();
	}
	else if (!h->told && held_ms >= idle_ms)
	{
		h->told = true;
		arb_alert("warning", "lock_held", h->portfolio_id,
				  psprintf("%s holds the lock of portfolio %d for " INT64_FORMAT " ms and works: nothing else of it goes on",
						   session.name, h->portfolio_id, held_ms));
	}
}

typedef struct Round
{
	KillLevel	level;			/* the desk's */
	TimestampTz now;
} Round;

static bool
review_portfolio(const Row *portfolio, void *arg)
{
	const Round *round = arg;
	int32		portfolio_id = DatumGetInt32(portfolio->value[PORTFOLIOS_portfolio_id]);
	VirtualTransactionId *vxids;
	LOCKTAG		tag;
	int			count;
	int			i;

	arb_lock_portfolio_tag(&tag, portfolio_id);
	vxids = GetLockConflicts(&tag, ExclusiveLock, &count);
	for (i = 0; i < count; i++)
	{
		PGPROC	   *proc = ARB_VXID_PROC(vxids[i]);
		Holder	   *h;

		if (proc == NULL || proc->pid == 0 || proc == MyProc)
			continue;
		h = find_holder(vxids[i], portfolio_id, round->now);
		if (h == NULL)
			continue;
		h->seen = true;
		review_holder(h, proc->pid, arb_kill_level_of(round->level, portfolio), round->now);
	}
	pfree(vxids);
	return true;
}

/* step_lock_holders(): who holds up a portfolio. Its cost is a look per portfolio; the server is asked only for who stays. */
Datum
arbees_step_lock_holders(PG_FUNCTION_ARGS)
{
	Table		table = arb_table_open(&portfolios_table, 0, AccessShareLock);
	Snapshot	snapshot = arb_snapshot_begin();
	Round		round = {arb_kill_level(snapshot), arb_now()};
	int			i;

	for (i = 0; i < nholders; i++)
		holders[i].seen = false;
	arb_table_scan(&table, "portfolios_desk_idx", 0, NULL, ForwardScanDirection, snapshot, review_portfolio, &round);
	arb_snapshot_end(snapshot);
	arb_table_close(&table);
	forget_unseen();
	PG_RETURN_VOID();
}
