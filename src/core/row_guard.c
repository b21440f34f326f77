/*-------------------------------------------------------------------------
 *
 * src/core/row_guard.c
 *	  The trigger of tables that only their choke points may write.
 *
 * CREATE TRIGGER ... EXECUTE FUNCTION arbees.guard_rows(guard, kind):
 *		append	a choke point inserts; nothing is ever changed or removed
 *		closed	a choke point inserts, updates and deletes
 * guard is the name the choke point gives to arb_guard_open(). Fires for each
 * row, and for TRUNCATE, which is always refused.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "commands/trigger.h"
#include "core/guard.h"
#include "errors.h"
#include "fmgr.h"
#include "utils/inval.h"
#include "utils/rel.h"

PG_FUNCTION_INFO_V1(arbees_guard_rows);

static const char *
operation(TriggerData *trigger)
{
	if (TRIGGER_FIRED_BY_INSERT(trigger->tg_event))
		return "inserted into";
	if (TRIGGER_FIRED_BY_UPDATE(trigger->tg_event))
		return "updated in";
	return "removed from";
}

static bool
is_allowed(TriggerData *trigger)
{
	const char *guard = trigger->tg_trigger->tgargs[0];
	bool		append_only = strcmp(trigger->tg_trigger->tgargs[1], "append") == 0;

	if (!arb_guard_is_open(guard) || TRIGGER_FIRED_BY_TRUNCATE(trigger->tg_event))
		return false;
	return !append_only || TRIGGER_FIRED_BY_INSERT(trigger->tg_event);
}

Datum
arbees_guard_rows(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = (TriggerData *) fcinfo->context;

	if (!CALLED_AS_TRIGGER(fcinfo) || trigger->tg_trigger->tgnargs != 2)
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("arbees.guard_rows is a trigger function with two arguments")));
	if (!is_allowed(trigger))
	{
		if (!arb_guard_lets_in(trigger->tg_event))
			ereport(ERROR,
					(errcode(ERRCODE_ARB_ILLEGAL_TRANSITION),
					 errmsg("rows of \"%s\" cannot be %s the table by hand",
							RelationGetRelationName(trigger->tg_relation), operation(trigger)),
					 errdetail("Only the functions of the extension write it."),
					 errhint("Restore dumps with PGOPTIONS='-c arbees.maintenance=restore'.")));
		/* Whoever keeps something of this table in memory must look again. */
		CacheInvalidateRelcacheByRelid(RelationGetRelid(trigger->tg_relation));
	}
	return PointerGetDatum(TRIGGER_FIRED_BY_UPDATE(trigger->tg_event) ?
						   trigger->tg_newtuple : trigger->tg_trigtuple);
}
