/*-------------------------------------------------------------------------
 *
 * src/core/guard.c
 *	  Who may write the guarded tables: our own choke points, one statement at
 *	  a time.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "core/guard.h"
#include "miscadmin.h"

/* arbees.maintenance: off, restore or replica. Set wrongly, it lets a superuser write any row by hand. */
char	   *arb_maintenance_setting = NULL;

static const char *open_table = NULL;

static void
close_at_xact_end(XactEvent event, void *arg)
{
	open_table = NULL;
}

static void
close_at_subxact_end(SubXactEvent event, SubTransactionId my, SubTransactionId parent, void *arg)
{
	if (event == SUBXACT_EVENT_ABORT_SUB)
		open_table = NULL;
}

/* arb_guard_open lets the next statement write one table; the name must be a constant. */
void
arb_guard_open(const char *table)
{
	static bool registered = false;

	if (!registered)
	{
		RegisterXactCallback(close_at_xact_end, NULL);
		RegisterSubXactCallback(close_at_subxact_end, NULL);
		registered = true;
	}
	Assert(open_table == NULL);
	open_table = table;
}

void
arb_guard_close(void)
{
	open_table = NULL;
}

bool
arb_guard_is_open(const char *table)
{
	return open_table != NULL && strcmp(open_table, table) == 0;
}

/*
 * arb_guard_maintenance tells whether rows are let in as they are: a superuser
 * restoring a dump or applying a logical replica's stream.
 */
bool
arb_guard_maintenance(void)
{
	return arb_maintenance_setting != NULL &&
		strcmp(arb_maintenance_setting, "off") != 0 && superuser();
}
