/*-------------------------------------------------------------------------
 *
 * src/core/txn.c
 *	  What a call may ask of the transaction it runs in.
 *
 * A claim, a report, a lease and a kill are promises: they must be read after
 * the locks they took (READ COMMITTED) and must survive a crash once their
 * commit is acknowledged (synchronous_commit).
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "access/xlog.h"
#include "core/txn.h"
#include "utils/guc.h"

/* arb_require_primary raises 25006 on a standby; what names the call. */
void
arb_require_primary(const char *what)
{
	if (RecoveryInProgress())
		ereport(ERROR,
				(errcode(ERRCODE_READ_ONLY_SQL_TRANSACTION),
				 errmsg("%s cannot run on a standby", what),
				 errhint("Call it on the primary server.")));
}

/* arb_require_read_committed raises 25001 at a stricter level: its snapshot would be older than the locks. */
void
arb_require_read_committed(const char *what)
{
	if (IsolationUsesXactSnapshot())
		ereport(ERROR,
				(errcode(ERRCODE_ACTIVE_SQL_TRANSACTION),
				 errmsg("%s runs at READ COMMITTED only", what),
				 errdetail("A stricter level reads what was true before the locks were taken."),
				 errhint("Use BEGIN TRANSACTION ISOLATION LEVEL READ COMMITTED.")));
}

/* arb_require_synchronous_commit raises 25001 when a commit might be acknowledged before it is durable. */
void
arb_require_synchronous_commit(const char *what)
{
	if (synchronous_commit < SYNCHRONOUS_COMMIT_LOCAL_FLUSH)
		ereport(ERROR,
				(errcode(ERRCODE_ACTIVE_SQL_TRANSACTION),
				 errmsg("%s needs synchronous commit", what),
				 errdetail("With synchronous_commit = off a crash could forget it after it was acknowledged."),
				 errhint("SET synchronous_commit = on before the call.")));
}

/* arb_commit_asynchronously spares this transaction the wait for the disk; for heartbeats and the like. */
void
arb_commit_asynchronously(void)
{
	(void) set_config_option("synchronous_commit", "off", PGC_USERSET, PGC_S_SESSION,
							 GUC_ACTION_LOCAL, true, 0, false);
}
