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
#include "compat.h"
#include "core/guard.h"
#include "miscadmin.h"
#include "replication/logicalworker.h"
#include "storage/proc.h"

int			arb_maintenance = ARB_MAINTENANCE_OFF;
void		(*arb_guard_maintenance_begin) (void) = NULL;

/* Tables open for writing, innermost last. */
#define MAX_OPEN 4
static const char *open_tables[MAX_OPEN];
static int	open_count = 0;

/* The transaction whose maintenance the log was last told of. */
static LocalTransactionId logged_lxid = InvalidLocalTransactionId;

static void
close_at_xact_end(XactEvent event, void *arg)
{
	open_count = 0;
}

static void
close_at_subxact_end(SubXactEvent event, SubTransactionId my, SubTransactionId parent, void *arg)
{
	if (event == SUBXACT_EVENT_ABORT_SUB)
		open_count = 0;
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
	if (open_count == MAX_OPEN)
		elog(ERROR, "too many guarded writes inside each other");
	open_tables[open_count++] = table;
}

void
arb_guard_close(void)
{
	if (open_count > 0)
		open_count--;
}

bool
arb_guard_is_open(const char *table)
{
	int			i;

	for (i = 0; i < open_count; i++)
		if (strcmp(open_tables[i], table) == 0)
			return true;
	return false;
}

/*
 * arb_guard_lets_in tells whether a statement may bring a row as it is: a
 * superuser restoring a dump inserts, and nothing else; what a publisher changed
 * or removed, the apply worker of a subscription may change and remove.
 *
 * The database is then no longer the one that was bound, so that nothing is
 * decided or sent before arbees_resume, which writes the journal. A fresh
 * restore is bound to nothing and is not added to: its rows are to be equal.
 */
bool
arb_guard_lets_in(TriggerEvent event)
{
	if (arb_maintenance == ARB_MAINTENANCE_OFF || !superuser())
		return false;
	if (arb_maintenance == ARB_MAINTENANCE_RESTORE ? !TRIGGER_FIRED_BY_INSERT(event) : !IsLogicalWorker())
		return false;
	/* For each row: what unbound the database may have been rolled back, or undone by a resume. */
	if (arb_guard_maintenance_begin != NULL)
		arb_guard_maintenance_begin();
	if (logged_lxid != ARB_MY_LXID)
	{
		logged_lxid = ARB_MY_LXID;
		ereport(LOG,
				(errmsg("arbees.maintenance lets rows into guarded tables"),
				 errhidestmt(true)));
	}
	return true;
}

/* Trigger functions that are guards, and what they ask to be open. */
#define MAX_GUARD_FUNCTIONS 8
static struct
{
	PGFunction	function;
	const char *table;
}			guard_functions[MAX_GUARD_FUNCTIONS];
static int	guard_function_count = 0;

/* arb_guard_register makes a trigger function known as a guard of a table, or of ARB_GUARD_...; at load time. */
void
arb_guard_register(PGFunction trigger, const char *table)
{
	if (guard_function_count == MAX_GUARD_FUNCTIONS)
		elog(ERROR, "too many guard functions");
	guard_functions[guard_function_count].function = trigger;
	guard_functions[guard_function_count].table = table;
	guard_function_count++;
}

/*
 * arb_guard_of_trigger tells whether a trigger is a guard of ours, by the
 * address of its function: a name can be taken by anybody.
 *
 * Returns: in *table what must be open for it to pass, NULL for nothing.
 */
bool
arb_guard_of_trigger(const Trigger *trigger, const char **table)
{
	FmgrInfo	flinfo;
	int			i;

	fmgr_info(trigger->tgfoid, &flinfo);
	for (i = 0; i < guard_function_count; i++)
	{
		if (flinfo.fn_addr != guard_functions[i].function)
			continue;
		*table = guard_functions[i].table;
		if (*table == ARB_GUARD_OF_KEYS)
			*table = NULL;
		else if (*table == ARB_GUARD_BY_ARGUMENT)
		{
			if (trigger->tgnargs < 1)
				return false;
			*table = trigger->tgargs[0];
		}
		return true;
	}
	return false;
}
