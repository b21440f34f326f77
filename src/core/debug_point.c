/*-------------------------------------------------------------------------
 *
 * src/core/debug_point.c
 *	  Named places where a test may stop, break or kill the backend.
 *
 * arbees.debug_point names the place, arbees.debug_action what happens there:
 *		kill	the backend ends as by kill -9
 *		error	an error, as any statement may raise one
 *		wait	for the advisory lock ARB_DEBUG_LOCK, which a test holds
 * Superusers' settings of a debug build; see debug_point.h.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "core/debug_point.h"

#ifdef ARBEES_DEBUG

#include <signal.h>

#include "access/xact.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/fmgrprotos.h"
#include "utils/guc.h"

/* What pg_advisory_lock(4711) of a test holds. */
#define ARB_DEBUG_LOCK INT64CONST(4711)

typedef enum DebugAction
{
	DEBUG_KILL = 1, DEBUG_ERROR, DEBUG_WAIT
} DebugAction;

static const struct config_enum_entry actions[] = {
	{"kill", DEBUG_KILL, false},
	{"error", DEBUG_ERROR, false},
	{"wait", DEBUG_WAIT, false},
	{NULL, 0, false}
};

static char *point = NULL;
static int	action = DEBUG_ERROR;

/* arb_debug_point does what the settings say when they name this place. */
void
arb_debug_point(const char *name)
{
	if (point == NULL || strcmp(point, name) != 0)
		return;
	switch (action)
	{
		case DEBUG_KILL:
			kill(MyProcPid, SIGKILL);
			break;
		case DEBUG_ERROR:
			ereport(ERROR,
					(errcode(ERRCODE_INTERNAL_ERROR), errmsg("debug point \"%s\"", name)));
			break;
		case DEBUG_WAIT:
			DirectFunctionCall1(pg_advisory_xact_lock_shared_int8, Int64GetDatum(ARB_DEBUG_LOCK));
			break;
	}
}

/* After the commit record only death is possible: an error there would be a panic of its own. */
static void
at_xact_event(XactEvent event, void *arg)
{
	if (event == XACT_EVENT_PRE_COMMIT)
		arb_debug_point("before_commit");
	else if (event == XACT_EVENT_COMMIT && action == DEBUG_KILL)
		arb_debug_point("after_commit");
}

void
arb_debug_init(void)
{
	DefineCustomStringVariable("arbees.debug_point", "Place where arbees.debug_action happens.", NULL,
							   &point, "", PGC_SUSET, 0, NULL, NULL, NULL);
	DefineCustomEnumVariable("arbees.debug_action", "What happens at arbees.debug_point.", NULL,
							 &action, DEBUG_ERROR, actions, PGC_SUSET, 0, NULL, NULL, NULL);
	RegisterXactCallback(at_xact_event, NULL);
}

#endif							/* ARBEES_DEBUG */
