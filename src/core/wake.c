/*-------------------------------------------------------------------------
 *
 * src/core/wake.c
 *	  Wake who waits: the conductor by its latch, idle workers by a notification.
 *
 * Both happen when the transaction commits: woken earlier, they would find
 * nothing. Not for the decision path, where orders return as results and a
 * notification would serialise commits.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "commands/async.h"
#include "core/columns.h"
#include "core/wake.h"
#include "fmgr.h"
#include "storage/latch.h"
#include "storage/proc.h"
#include "storage/procarray.h"
#include "utils/fmgroids.h"

#define COMMAND_CHANNEL "arbees_command"

/* Beyond this the queue may refuse, and with it the commit that must not fail. */
#define MAX_QUEUE_USAGE 0.9

static int	pid_to_wake = 0;

static void
wake_at_commit(XactEvent event, void *arg)
{
	PGPROC	   *proc;

	if (event == XACT_EVENT_COMMIT && pid_to_wake != 0)
	{
		/* A pid that is no longer the conductor's costs its owner one look at its latch. */
		proc = BackendPidGetProc(pid_to_wake);
		if (proc != NULL)
			SetLatch(&proc->procLatch);
	}
	if (event == XACT_EVENT_COMMIT || event == XACT_EVENT_ABORT)
		pid_to_wake = 0;
}

/* arb_wake_conductor makes the next tick come at once after the commit. */
void
arb_wake_conductor(void)
{
	static bool registered = false;
	Table		table = arb_table_open(&conductor_table, 0, AccessShareLock);
	Snapshot	snapshot = arb_snapshot_begin();
	Row			row;

	table.any_age = true;
	if (!registered)
	{
		RegisterXactCallback(wake_at_commit, NULL);
		registered = true;
	}
	if (arb_table_fetch(&table, "conductor_pkey", 0, NULL, ForwardScanDirection, snapshot, &row))
		pid_to_wake = DatumGetInt32(row.value[CONDUCTOR_pid]);
	arb_snapshot_end(snapshot);
	arb_table_close(&table);
}

/* arb_wake_workers notifies those that listen on arbees_command. */
void
arb_wake_workers(const char *payload)
{
	if (DatumGetFloat8(OidFunctionCall0(F_PG_NOTIFICATION_QUEUE_USAGE)) < MAX_QUEUE_USAGE)
		Async_Notify(COMMAND_CHANNEL, payload);
}
