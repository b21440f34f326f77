/*-------------------------------------------------------------------------
 *
 * src/conductor/conductor.c
 *	  The background worker that runs the tick and supervises a local worker.
 *
 * One conductor per database: it holds a session lock on arbees.conductor, and
 * that lock, not the row's pid, says whether one is alive. Each step runs in
 * its own transaction; the heartbeat is written last and only when no safety
 * step failed without opening the breaker, so the gate stops entries in every
 * other case. Nothing here waits on a lock for long (lock_timeout).
 *
 * Ends: SIGTERM ends it to be started again (as a crash does), SIGUSR2 (from
 * arbees_stop) for good.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <signal.h>
#include <unistd.h>

#include "access/xact.h"
#include "access/xlog.h"
#include "catalog/pg_type.h"
#include "commands/dbcommands.h"
#include "conductor/conductor.h"
#include "conductor/register.h"
#include "conductor/supervisor.h"
#include "conductor/tick.h"
#include "core/catalog.h"
#include "core/clock.h"
#include "core/sql.h"
#include "core/txn.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "postmaster/bgworker.h"
#include "postmaster/interrupt.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "storage/lmgr.h"
#include "storage/proc.h"
#include "tcop/tcopprot.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

/* Between two looks for an extension that is not there (yet). */
#define ABSENT_WAIT_MS		500

/* Another conductor that is just ending gets this many looks. */
#define LOCK_ATTEMPTS		10

/* The same failure of a step is told to the server log once a minute; the table counts them all. */
#define REPEAT_LOG_MS		60000
#define MAX_LOGGED_STEPS	32

char	   *arb_conductor_database = NULL;
char	   *arb_worker_command = NULL;
int			arb_tick_interval = 250;

static volatile sig_atomic_t stop_for_good = false;
static MemoryContext tick_context = NULL;
static char *database_name = NULL;
static TimestampTz started_at = 0;
static int64 ticks = 0;

/* The table whose lock makes us the conductor; InvalidOid while we are not. */
static Oid	held_relation = InvalidOid;

static struct
{
	char		step[NAMEDATALEN];
	int			sqlstate;
	TimestampTz at;
}			logged[MAX_LOGGED_STEPS];

static void
handle_stop(SIGNAL_ARGS)
{
	int			saved_errno = errno;

	stop_for_good = true;
	SetLatch(MyLatch);
	errno = saved_errno;
}

/* The child's end should not wait for the next tick to be noticed. */
static void
handle_child(SIGNAL_ARGS)
{
	int			saved_errno = errno;

	SetLatch(MyLatch);
	errno = saved_errno;
}

static void
begin_transaction(void)
{
	SetCurrentStatementStartTimestamp();
	StartTransactionCommand();
}

/* After an error: the transaction is gone, the error is ours to keep. */
static ErrorData *
abandon_transaction(void)
{
	ErrorData  *error;

	MemoryContextSwitchTo(tick_context);
	error = CopyErrorData();
	AbortCurrentTransaction();
	FlushErrorState();
	MemoryContextSwitchTo(tick_context);
	return error;
}

static void
log_failure(const TickStep *step, const ErrorData *error)
{
	TimestampTz now = arb_now();
	int			i;

	for (i = 0; i < MAX_LOGGED_STEPS - 1 && logged[i].step[0] != '\0'; i++)
		if (strcmp(logged[i].step, step->name) == 0)
			break;
	if (strcmp(logged[i].step, step->name) == 0 && logged[i].sqlstate == error->sqlerrcode &&
		arb_elapsed_ms(logged[i].at, now) < REPEAT_LOG_MS)
		return;
	strlcpy(logged[i].step, step->name, NAMEDATALEN);
	logged[i].sqlstate = error->sqlerrcode;
	logged[i].at = now;
	ereport(LOG,
			(errcode(error->sqlerrcode),
			 errmsg("step \"%s\" failed: %s", step->name, error->message),
			 error->detail != NULL ? errdetail_internal("%s", error->detail) : 0,
			 error->context != NULL ? errcontext("%s", error->context) : 0));
}

/* Records a failure in a fresh transaction; false when even that failed. */
static bool
record_failure(const TickStep *step, const ErrorData *failure)
{
	volatile bool recorded = false;

	PG_TRY();
	{
		begin_transaction();
		arb_tick_record_failure(step, failure);
		CommitTransactionCommand();
		recorded = true;
	}
	PG_CATCH();
	{
		ErrorData  *error = abandon_transaction();

		ereport(LOG, (errmsg("could not record the failure of step \"%s\": %s", step->name, error->message)));
	}
	PG_END_TRY();
	MemoryContextSwitchTo(tick_context);
	return recorded;
}

/* Runs one step; false when the gate must not be told that all is well. */
static bool
run_step(const TickStep *step)
{
	ErrorData  *volatile failure = NULL;

	PG_TRY();
	{
		begin_transaction();
		arb_tick_call(step);
		CommitTransactionCommand();
	}
	PG_CATCH();
	{
		failure = abandon_transaction();
	}
	PG_END_TRY();
	MemoryContextSwitchTo(tick_context);
	if (failure == NULL)
		return true;
	log_failure(step, failure);
	return record_failure(step, failure) || !step->is_safety;
}

static void
write_heartbeat(void)
{
	static SqlPlan plan = {
		"INSERT INTO arbees.conductor AS c"
		"  (only_row, pid, ticks, interval_ms, started_at, beat_at, worker_pid)"
		" VALUES (true, $1, $2, $3, $4, pg_catalog.clock_timestamp(), nullif($5, 0))"
		" ON CONFLICT (only_row) DO UPDATE SET pid = excluded.pid, ticks = excluded.ticks,"
		"  interval_ms = excluded.interval_ms, started_at = excluded.started_at,"
		"  beat_at = excluded.beat_at, worker_pid = excluded.worker_pid",
		5, {INT4OID, INT8OID, INT4OID, TIMESTAMPTZOID, INT4OID}
	};
	Datum		values[5];

	values[0] = Int32GetDatum(MyProcPid);
	values[1] = Int64GetDatum(ticks);
	values[2] = Int32GetDatum(arb_tick_interval);
	values[3] = TimestampTzGetDatum(started_at);
	values[4] = Int32GetDatum(arb_supervisor_pid());
	begin_transaction();
	arb_commit_asynchronously();
	PushActiveSnapshot(GetTransactionSnapshot());
	arb_sql_begin();
	arb_sql_run(&plan, values, NULL);
	arb_sql_end();
	PopActiveSnapshot();
	CommitTransactionCommand();
}

/* Becomes the conductor of this database, or finds that it cannot; in a transaction of its own. */
static bool
take_office(void)
{
	static int	attempts = 0;
	Oid			relation = InvalidOid;
	LOCKTAG		tag;
	bool		taken = false;

	begin_transaction();
	if (!RecoveryInProgress() && arb_catalog_installed())
	{
		relation = arb_catalog_relation("conductor");
		arb_conductor_lock_tag(relation, &tag);
		taken = LockAcquire(&tag, ExclusiveLock, true, true) != LOCKACQUIRE_NOT_AVAIL;
	}
	CommitTransactionCommand();
	if (taken)
	{
		held_relation = relation;
		attempts = 0;
		started_at = arb_now();
		ticks = 0;
		ereport(LOG, (errmsg("arbees conductor started in database \"%s\"", database_name)));
	}
	else if (OidIsValid(relation) && ++attempts >= LOCK_ATTEMPTS)
	{
		ereport(LOG, (errmsg("another arbees conductor runs in database \"%s\"", database_name)));
		proc_exit(0);
	}
	return taken;
}

static void
leave_office(void)
{
	LOCKTAG		tag;

	arb_supervisor_stop();
	arb_conductor_lock_tag(held_relation, &tag);
	LockRelease(&tag, ExclusiveLock, true);
	held_relation = InvalidOid;
	ereport(LOG, (errmsg("arbees conductor rests: the extension is gone from database \"%s\"", database_name)));
}

/* The steps of this tick; *installed is false when the extension left or was made anew. */
static List *
load_steps(bool *installed)
{
	List	   *steps = NIL;

	begin_transaction();
	*installed = arb_catalog_installed() && arb_catalog_relation("conductor") == held_relation;
	if (*installed)
	{
		PushActiveSnapshot(GetTransactionSnapshot());
		steps = arb_tick_steps(tick_context);
		PopActiveSnapshot();
	}
	CommitTransactionCommand();
	MemoryContextSwitchTo(tick_context);
	return steps;
}

static void
run_tick(void)
{
	volatile bool installed = false;
	volatile bool well = true;
	List	   *steps;
	ListCell   *cell;

	PG_TRY();
	{
		bool		is_installed;

		steps = load_steps(&is_installed);
		installed = is_installed;
		foreach(cell, steps)
		{
			if (!run_step((TickStep *) lfirst(cell)))
				well = false;
			CHECK_FOR_INTERRUPTS();
		}
		if (installed && well)
		{
			ticks++;
			write_heartbeat();
		}
	}
	PG_CATCH();
	{
		ErrorData  *error = abandon_transaction();

		/* No heartbeat: the gate refuses entries until the next tick succeeds. */
		ereport(LOG, (errmsg("tick failed: %s", error->message)));
		installed = true;
	}
	PG_END_TRY();
	MemoryContextSwitchTo(tick_context);
	if (!installed)
		leave_office();
	pgstat_report_stat(false);
	MemoryContextReset(tick_context);
}

static void
wait_until(TimestampTz due)
{
	long		ms = (long) Max(0, arb_elapsed_ms(arb_now(), due) + 1);

	pgstat_report_activity(STATE_IDLE, NULL);
	(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, ms, PG_WAIT_EXTENSION);
	ResetLatch(MyLatch);
	/* A cancel is for the step that runs; between two there is none, and nobody to catch the error. */
	QueryCancelPending = false;
	CHECK_FOR_INTERRUPTS();
	if (ConfigReloadPending)
	{
		ConfigReloadPending = false;
		ProcessConfigFile(PGC_SIGHUP);
	}
	pgstat_report_activity(STATE_RUNNING, "tick");
}

static void
stop_child_at_exit(int code, Datum argument)
{
	arb_supervisor_stop();
}

static void
prepare_session(void)
{
	SetConfigOption("application_name", "arbees conductor", PGC_USERSET, PGC_S_SESSION);
	SetConfigOption("search_path", "pg_catalog, pg_temp", PGC_USERSET, PGC_S_SESSION);
	SetConfigOption("default_transaction_isolation", "read committed", PGC_USERSET, PGC_S_SESSION);
	SetConfigOption("default_transaction_read_only", "off", PGC_USERSET, PGC_S_SESSION);
	SetConfigOption("synchronous_commit", "on", PGC_USERSET, PGC_S_SESSION);
	/* A transaction somebody left open must not stop the clock of everything else. */
	SetConfigOption("lock_timeout", "2s", PGC_USERSET, PGC_S_SESSION);
}

void
arb_conductor_main(Datum argument)
{
	pqsignal(SIGTERM, die);
	pqsignal(SIGHUP, SignalHandlerForConfigReload);
	pqsignal(SIGUSR2, handle_stop);
	pqsignal(SIGCHLD, handle_child);
	BackgroundWorkerUnblockSignals();

	database_name = MemoryContextStrdup(TopMemoryContext, MyBgworkerEntry->bgw_extra);
	BackgroundWorkerInitializeConnection(database_name, NULL, 0);
	prepare_session();
	before_shmem_exit(stop_child_at_exit, (Datum) 0);
	tick_context = AllocSetContextCreate(TopMemoryContext, "arbees conductor tick", ALLOCSET_DEFAULT_SIZES);
	MemoryContextSwitchTo(tick_context);
	pgstat_report_activity(STATE_RUNNING, "starting");

	while (!stop_for_good)
	{
		TimestampTz begun = arb_now();

		if (OidIsValid(held_relation) || take_office())
		{
			run_tick();
			if (OidIsValid(held_relation))
				arb_supervisor_run(arb_worker_command, database_name);
			wait_until(begun + arb_tick_interval * USECS_PER_MS);
		}
		else
			wait_until(begun + ABSENT_WAIT_MS * USECS_PER_MS);
	}
	ereport(LOG, (errmsg("arbees conductor stopped in database \"%s\"", database_name)));
	proc_exit(0);
}
