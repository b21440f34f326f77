/*-------------------------------------------------------------------------
 *
 * src/conductor/register.c
 *	  Brings conductors to life and ends them.
 *
 * A preloaded library registers a launcher, which waits until the database of
 * arbees.database exists, hands over to a conductor and is gone; without it
 * every start of the server before CREATE DATABASE would fill the log.
 * arbees_start() registers a conductor from any session.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <signal.h>
#include <unistd.h>

#include "access/heapam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/pg_database.h"
#include "catalog/pg_type.h"
#include "commands/dbcommands.h"
#include "conductor/conductor.h"
#include "conductor/register.h"
#include "core/catalog.h"
#include "core/clock.h"
#include "core/sql.h"
#include "core/txn.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "postmaster/bgworker.h"
#include "postmaster/interrupt.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "storage/proc.h"
#include "tcop/tcopprot.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/snapmgr.h"

/* A conductor that ended unasked is back after this long. */
#define RESTART_S			1

#define LAUNCHER_WAIT_MS	500
#define START_WAIT_MS		10000
#define STOP_WAIT_MS		10000
#define POLL_MS				20

PG_FUNCTION_INFO_V1(arbees_start);
PG_FUNCTION_INFO_V1(arbees_stop);
PG_FUNCTION_INFO_V1(arbees_conductor_pid);

/*
 * arb_conductor_lock_tag names the lock whose holder is the conductor of this database.
 *
 * An aborted transaction gives up session locks of the ordinary method, and a
 * failed step aborts one; those of the user method stay until the session ends.
 */
void
arb_conductor_lock_tag(Oid relation, LOCKTAG *tag)
{
	SET_LOCKTAG_OBJECT(*tag, MyDatabaseId, relation, 0, 0);
	tag->locktag_lockmethodid = USER_LOCKMETHOD;
}

static void
fill_worker(BackgroundWorker *worker, const char *name, const char *function)
{
	memset(worker, 0, sizeof(BackgroundWorker));
	snprintf(worker->bgw_name, BGW_MAXLEN, "%s", name);
	snprintf(worker->bgw_type, BGW_MAXLEN, "%s", name);
	worker->bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION;
	worker->bgw_start_time = BgWorkerStart_RecoveryFinished;
	worker->bgw_restart_time = RESTART_S;
	snprintf(worker->bgw_library_name, sizeof(worker->bgw_library_name), "arbees");
	snprintf(worker->bgw_function_name, sizeof(worker->bgw_function_name), "%s", function);
}

/* Registers a conductor for a database; returns its handle, NULL when there is no room for it. */
static BackgroundWorkerHandle *
register_conductor(const char *database)
{
	BackgroundWorker worker;
	BackgroundWorkerHandle *handle;

	fill_worker(&worker, "arbees conductor", "arb_conductor_main");
	worker.bgw_notify_pid = MyProcPid;
	strlcpy(worker.bgw_extra, database, BGW_EXTRALEN);
	return RegisterDynamicBackgroundWorker(&worker, &handle) ? handle : NULL;
}

/* arb_conductor_register is called while the library is preloaded. */
void
arb_conductor_register(void)
{
	BackgroundWorker worker;

	fill_worker(&worker, "arbees launcher", "arb_launcher_main");
	RegisterBackgroundWorker(&worker);
}

/*
 * Looks through pg_database without an index: a process of no database may find
 * none of them in its caches.
 */
static bool
database_exists(const char *name)
{
	Relation	rel;
	TableScanDesc scan;
	HeapTuple	tuple;
	bool		exists = false;

	StartTransactionCommand();
	rel = table_open(DatabaseRelationId, AccessShareLock);
	scan = table_beginscan_catalog(rel, 0, NULL);
	while (!exists && HeapTupleIsValid(tuple = heap_getnext(scan, ForwardScanDirection)))
		exists = strcmp(NameStr(((Form_pg_database) GETSTRUCT(tuple))->datname), name) == 0;
	table_endscan(scan);
	table_close(rel, AccessShareLock);
	CommitTransactionCommand();
	return exists;
}

/* Waits until the configured database exists, starts its conductor, and is gone for good. */
void
arb_launcher_main(Datum argument)
{
	pqsignal(SIGTERM, die);
	pqsignal(SIGHUP, SignalHandlerForConfigReload);
	BackgroundWorkerUnblockSignals();
	BackgroundWorkerInitializeConnection(NULL, NULL, 0);
	for (;;)
	{
		if (*arb_conductor_database != '\0' && database_exists(arb_conductor_database))
		{
			if (register_conductor(arb_conductor_database) != NULL)
				proc_exit(0);
			ereport(LOG,
					(errmsg("could not start the arbees conductor"),
					 errhint("Raise max_worker_processes.")));
		}
		(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH,
						 LAUNCHER_WAIT_MS, PG_WAIT_EXTENSION);
		ResetLatch(MyLatch);
		CHECK_FOR_INTERRUPTS();
		if (ConfigReloadPending)
		{
			ConfigReloadPending = false;
			ProcessConfigFile(PGC_SIGHUP);
		}
	}
}

/* The pid of whoever holds the conductor's lock in this database, 0 for nobody. */
static int
holder_pid(void)
{
	static SqlPlan plan = {
		"SELECT pid FROM pg_catalog.pg_locks WHERE locktype = 'object' AND database = $1"
		" AND classid = $2 AND objid = 0 AND objsubid = 0 AND mode = 'ExclusiveLock' AND granted",
		2, {OIDOID, OIDOID}
	};
	Datum		values[2];
	int			pid;

	values[0] = ObjectIdGetDatum(MyDatabaseId);
	values[1] = ObjectIdGetDatum(arb_catalog_relation("conductor"));
	arb_sql_begin();
	pid = arb_sql_run(&plan, values, NULL) > 0 ? arb_sql_int32(0, 1, 0) : 0;
	arb_sql_end();
	return pid;
}

static void
nap(void)
{
	(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, POLL_MS, PG_WAIT_EXTENSION);
	ResetLatch(MyLatch);
	CHECK_FOR_INTERRUPTS();
}

/* Whether the conductor with this pid has finished a tick. */
static bool
has_ticked(int pid)
{
	static SqlPlan plan = {
		"SELECT 1 FROM arbees.conductor WHERE pid = $1 AND ticks > 0", 1, {INT4OID}, NULL, true
	};
	Datum		value = Int32GetDatum(pid);
	bool		ticked;

	PushActiveSnapshot(GetLatestSnapshot());
	arb_sql_begin();
	/* Read-only execution uses the snapshot pushed, which is new in every round. */
	ticked = arb_sql_run(&plan, &value, NULL) > 0;
	arb_sql_end();
	PopActiveSnapshot();
	return ticked;
}

/*
 * arbees_start() brings up the conductor of this database and waits for its first tick.
 *
 * It does not survive a restart of the server: that is what
 * shared_preload_libraries and arbees.database are for.
 */
Datum
arbees_start(PG_FUNCTION_ARGS)
{
	BackgroundWorkerHandle *handle;
	pid_t		pid = holder_pid();
	int			waited_ms;

	arb_require_primary("arbees_start");
	if (pid != 0)
		PG_RETURN_TEXT_P(cstring_to_text(psprintf("conductor runs already, pid %d", (int) pid)));
	handle = register_conductor(get_database_name(MyDatabaseId));
	if (handle == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_RESOURCES),
				 errmsg("could not start the conductor"),
				 errhint("Raise max_worker_processes.")));
	if (WaitForBackgroundWorkerStartup(handle, &pid) != BGWH_STARTED)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_RESOURCES),
				 errmsg("could not start the conductor"),
				 errhint("The server log says why.")));
	for (waited_ms = 0; waited_ms < START_WAIT_MS; waited_ms += POLL_MS)
	{
		if (has_ticked(pid))
			PG_RETURN_TEXT_P(cstring_to_text(psprintf("conductor started, pid %d", (int) pid)));
		nap();
	}
	ereport(WARNING,
			(errmsg("the conductor with pid %d has not ticked within %d seconds", (int) pid, START_WAIT_MS / 1000),
			 errhint("It waits until the extension is committed; otherwise the server log says why.")));
	PG_RETURN_TEXT_P(cstring_to_text(psprintf("conductor started, pid %d, no tick yet", (int) pid)));
}

/* arbees_stop() ends the conductor, and with it the worker it runs, until somebody starts it again. */
Datum
arbees_stop(PG_FUNCTION_ARGS)
{
	int			pid = holder_pid();
	int			waited_ms;

	if (pid == 0)
		PG_RETURN_TEXT_P(cstring_to_text("no conductor runs"));
	if (kill(pid, SIGUSR2) != 0)
		ereport(ERROR, (errmsg("could not signal the conductor with pid %d: %m", pid)));
	for (waited_ms = 0; waited_ms < STOP_WAIT_MS; waited_ms += POLL_MS)
	{
		if (holder_pid() != pid)
			PG_RETURN_TEXT_P(cstring_to_text(psprintf("conductor stopped, pid %d", pid)));
		nap();
	}
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_IN_USE),
			 errmsg("the conductor with pid %d did not stop within %d seconds", pid, STOP_WAIT_MS / 1000),
			 errhint("It ends after the step it runs; pg_terminate_backend(%d) interrupts it, but it comes back.", pid)));
}

/* arbees.conductor_pid() is the pid of the conductor that lives now, NULL for none. */
Datum
arbees_conductor_pid(PG_FUNCTION_ARGS)
{
	int			pid = holder_pid();

	if (pid == 0)
		PG_RETURN_NULL();
	PG_RETURN_INT32(pid);
}
