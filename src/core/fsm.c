/*-------------------------------------------------------------------------
 *
 * src/core/fsm.c
 *	  The transition engine: look up a rule, refuse, show the table as rows.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "compat.h"
#include "core/fsm.h"
#include "errors.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/tuplestore.h"

/* arb_fsm_find returns the rule of an event in a state, NULL when there is none. */
const FsmRule *
arb_fsm_find(const Fsm *fsm, int from, int event)
{
	const FsmRule *rule;

	for (rule = fsm->rules; rule->pos != 0; rule++)
		if (rule->from == from && rule->event == event)
			return rule;
	return NULL;
}

/* arb_fsm_require finds the rule or raises RB003. */
const FsmRule *
arb_fsm_require(const Fsm *fsm, int64 id, int from, int event)
{
	const FsmRule *rule = arb_fsm_find(fsm, from, event);

	if (rule == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_ARB_ILLEGAL_TRANSITION),
				 errmsg("%s " INT64_FORMAT " cannot go from state \"%s\" on event \"%s\"",
						fsm->name, id, arb_label_name(fsm->states, from), fsm->events[event]),
				 errhint("arbees.%s_transitions lists what can.", fsm->name)));
	return rule;
}

/* arb_fsm_allows tells whether any event leads from one state to the other. */
bool
arb_fsm_allows(const Fsm *fsm, int from, int to)
{
	const FsmRule *rule;

	for (rule = fsm->rules; rule->pos != 0; rule++)
		if (rule->from == from && rule->to == to)
			return true;
	return false;
}

/* arb_fsm_dump returns (position, from_state, event, to_state, comment) rows. */
Datum
arb_fsm_dump(const Fsm *fsm, FunctionCallInfo fcinfo)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	const FsmRule *rule;

	InitMaterializedSRF(fcinfo, 0);
	for (rule = fsm->rules; rule->pos != 0; rule++)
	{
		Datum		values[5];
		bool		nulls[5] = {false};

		values[0] = Int32GetDatum(rule->pos);
		values[1] = CStringGetTextDatum(arb_label_name(fsm->states, rule->from));
		values[2] = CStringGetTextDatum(fsm->events[rule->event]);
		values[3] = CStringGetTextDatum(arb_label_name(fsm->states, rule->to));
		values[4] = CStringGetTextDatum(rule->comment);
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	}
	return (Datum) 0;
}
