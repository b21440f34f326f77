/*-------------------------------------------------------------------------
 *
 * src/core/lock.c
 *	  The heavyweight locks of arbees, and their order.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "compat.h"
#include "core/catalog.h"
#include "core/lock.h"
#include "core/relcache.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "storage/proc.h"
#include "utils/inval.h"

/* The object classes: oids of our own tables, kept until any of them changes. */
static Oid	kill_class;
static Oid	epoch_class;
static Oid	portfolio_class;
static Oid	deployment_class;
static Oid	venue_class;

static void
forget_classes(Datum arg, Oid relid)
{
	if (relid == InvalidOid || relid == kill_class || relid == epoch_class ||
		relid == portfolio_class || relid == deployment_class || relid == venue_class)
		kill_class = epoch_class = portfolio_class = deployment_class = venue_class = InvalidOid;
}

static Oid
class_of(Oid *slot, const char *table)
{
	static bool registered = false;

	if (!registered)
	{
		arb_relcache_callback(forget_classes);
		registered = true;
	}
	if (!OidIsValid(*slot))
	{
		/* Into a local first: the look-up itself may run the callback above. */
		Oid			oid = arb_catalog_relation(table);

		*slot = oid;
	}
	return *slot;
}

/* The transaction that last asked for a lock of ours. */
static LocalTransactionId asked_in = InvalidLocalTransactionId;

/* A prepared transaction keeps its locks and has no backend: the kill switch could not end it, and would wait. */
static void
refuse_prepare(XactEvent event, void *arg)
{
	if (event == XACT_EVENT_PRE_PREPARE && asked_in == ARB_MY_LXID)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("cannot PREPARE a transaction that decided or acted"),
				 errdetail("It would hold the locks that arbees_kill has to take, and nobody could end it."),
				 errhint("COMMIT it, or roll it back.")));
}

static void
note_lock(void)
{
	static bool registered = false;

	if (!registered)
	{
		RegisterXactCallback(refuse_prepare, NULL);
		registered = true;
	}
	asked_in = ARB_MY_LXID;
}

static bool
acquire(Oid class, int32 object, LOCKMODE mode, bool wait)
{
	LOCKTAG		tag;

	note_lock();
	SET_LOCKTAG_OBJECT(tag, MyDatabaseId, class, (uint32) object, 0);
	if (LockAcquire(&tag, mode, false, !wait) == LOCKACQUIRE_NOT_AVAIL)
		return false;
	/* Lock, then read: what others committed while we waited must be seen. */
	AcceptInvalidationMessages();
	return true;
}

void
arb_lock_kill_tag(LOCKTAG *tag)
{
	SET_LOCKTAG_OBJECT(*tag, MyDatabaseId, class_of(&kill_class, "kill_levels"), 0, 0);
}

/* arb_lock_kill passes (ShareLock) or throws (ExclusiveLock) the kill switch. */
void
arb_lock_kill(LOCKMODE mode)
{
	acquire(class_of(&kill_class, "kill_levels"), 0, mode, true);
}

bool
arb_lock_kill_try(LOCKMODE mode)
{
	return acquire(class_of(&kill_class, "kill_levels"), 0, mode, false);
}

/* arb_lock_epoch is shared by claims and reports and exclusive to a take-over. */
void
arb_lock_epoch(int32 venue_account_id, LOCKMODE mode)
{
	acquire(class_of(&epoch_class, "trader_epochs"), venue_account_id, mode, true);
}

void
arb_lock_portfolio_tag(LOCKTAG *tag, int32 portfolio_id)
{
	SET_LOCKTAG_OBJECT(*tag, MyDatabaseId, class_of(&portfolio_class, "portfolios"), (uint32) portfolio_id, 0);
}

/* arb_lock_portfolio serialises all that changes one portfolio's books. */
void
arb_lock_portfolio(int32 portfolio_id)
{
	acquire(class_of(&portfolio_class, "portfolios"), portfolio_id, ExclusiveLock, true);
}

/* arb_lock_portfolio_try is for who can come again: false when another session has the lock. */
bool
arb_lock_portfolio_try(int32 portfolio_id)
{
	return acquire(class_of(&portfolio_class, "portfolios"), portfolio_id, ExclusiveLock, false);
}

/* arb_lock_portfolio_held tells whether this session may count on nobody else changing a portfolio's books. */
bool
arb_lock_portfolio_held(int32 portfolio_id)
{
	LOCKTAG		tag;

	arb_lock_portfolio_tag(&tag, portfolio_id);
	return ARB_LOCK_HELD_BY_ME(&tag, ExclusiveLock);
}

/* arb_lock_deployment_try lets one session evaluate a deployment; busy means skip. */
bool
arb_lock_deployment_try(int32 deployment_id)
{
	return acquire(class_of(&deployment_class, "deployments"), deployment_id, ExclusiveLock, false);
}

/* arb_lock_venue_clock serialises what a venue's market time drives: windows and their prices. */
void
arb_lock_venue_clock(int32 venue_id)
{
	acquire(class_of(&venue_class, "venues"), venue_id, ExclusiveLock, true);
}
