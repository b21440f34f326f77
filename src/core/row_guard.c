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
 * CREATE TRIGGER ... EXECUTE FUNCTION arbees.guard_keys(column, ...):
 *		rows stay and keep these columns: others point at them, and the decision
 *		path does not ask again whether what it read a moment ago still exists
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "commands/trigger.h"
#include "core/guard.h"
#include "errors.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "utils/datum.h"
#include "utils/inval.h"
#include "utils/rel.h"

PG_FUNCTION_INFO_V1(arbees_guard_rows);
PG_FUNCTION_INFO_V1(arbees_guard_keys);

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

/* The number of the first key column that a change alters; 0 when none does. */
static int
changed_key(TriggerData *trigger)
{
	TupleDesc	desc = RelationGetDescr(trigger->tg_relation);
	int			i;

	for (i = 0; i < trigger->tg_trigger->tgnargs; i++)
	{
		int			column = SPI_fnumber(desc, trigger->tg_trigger->tgargs[i]);
		Form_pg_attribute att;
		Datum		old;
		Datum		new;
		bool		old_null;
		bool		new_null;

		if (column <= 0)
			elog(ERROR, "table \"%s\" has no column \"%s\"",
				 RelationGetRelationName(trigger->tg_relation), trigger->tg_trigger->tgargs[i]);
		att = TupleDescAttr(desc, column - 1);
		old = heap_getattr(trigger->tg_trigtuple, column, desc, &old_null);
		new = heap_getattr(trigger->tg_newtuple, column, desc, &new_null);
		if (old_null != new_null || (!old_null && !datumIsEqual(old, new, att->attbyval, att->attlen)))
			return column;
	}
	return 0;
}

Datum
arbees_guard_keys(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = (TriggerData *) fcinfo->context;
	const char *table;
	int			column = 0;

	if (!CALLED_AS_TRIGGER(fcinfo) || !TRIGGER_FIRED_FOR_ROW(trigger->tg_event) ||
		TRIGGER_FIRED_BY_INSERT(trigger->tg_event))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("arbees.guard_keys is a trigger function for each row updated or deleted")));
	table = RelationGetRelationName(trigger->tg_relation);
	if (TRIGGER_FIRED_BY_UPDATE(trigger->tg_event))
	{
		column = changed_key(trigger);
		if (column == 0)
			return PointerGetDatum(trigger->tg_newtuple);
	}
	if (arb_guard_lets_in(trigger->tg_event))
		return PointerGetDatum(column != 0 ? trigger->tg_newtuple : trigger->tg_trigtuple);
	if (column != 0)
		ereport(ERROR,
				(errcode(ERRCODE_ARB_ILLEGAL_TRANSITION),
				 errmsg("column \"%s\" of \"%s\" never changes",
						NameStr(TupleDescAttr(RelationGetDescr(trigger->tg_relation), column - 1)->attname), table),
				 errdetail("Orders and positions point at it.")));
	ereport(ERROR,
			(errcode(ERRCODE_ARB_ILLEGAL_TRANSITION),
			 errmsg("rows of \"%s\" are never deleted", table),
			 errdetail("Orders and positions point at them.")));
}
