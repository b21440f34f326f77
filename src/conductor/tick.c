/*-------------------------------------------------------------------------
 *
 * src/conductor/tick.c
 *	  The steps of a tick: the list, one call, one failure.
 *
 * The list is arbees.tick_steps, in order. The conductor runs each step in a
 * transaction of its own; CALL arbees.tick() runs the same list for people and
 * tests: each step in a subtransaction, committed before the next where the
 * call may commit (outside a transaction block), else with the block.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "compat.h"
#include "conductor/tick.h"
#include "core/sql.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "journal/journal.h"
#include "miscadmin.h"
#include "parser/parse_func.h"
#include "safety/breaker.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/regproc.h"
#include "utils/resowner.h"
#include "utils/snapmgr.h"

PG_FUNCTION_INFO_V1(arbees_tick);

/* arb_tick_steps reads the enabled steps; the list lives in the context given. */
List *
arb_tick_steps(MemoryContext context)
{
	static SqlPlan plan = {
		"SELECT name, function_name, is_safety FROM arbees.tick_steps WHERE enabled ORDER BY position",
		0, {0}, NULL, true
	};
	List	   *steps = NIL;
	uint64		n;
	uint64		i;

	arb_sql_begin();
	n = arb_sql_run(&plan, NULL, NULL);
	for (i = 0; i < n; i++)
	{
		MemoryContext old = MemoryContextSwitchTo(context);
		TickStep   *step = palloc(sizeof(TickStep));

		step->name = pstrdup(SPI_getvalue(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 1));
		step->function_name = pstrdup(SPI_getvalue(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 2));
		step->is_safety = arb_sql_bool(i, 3, true);
		steps = lappend(steps, step);
		MemoryContextSwitchTo(old);
	}
	arb_sql_end();
	return steps;
}

/* arb_tick_call calls a step's function: without arguments, its result ignored. */
void
arb_tick_call(const TickStep *step)
{
	LOCAL_FCINFO(fcinfo, 0);
	Oid			function = LookupFuncName(ARB_NAME_LIST(step->function_name), 0, NULL, true);
	FmgrInfo	flinfo;

	if (!OidIsValid(function))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_FUNCTION),
				 errmsg("function %s() of step \"%s\" does not exist", step->function_name, step->name)));
	fmgr_info(function, &flinfo);
	InitFunctionCallInfoData(*fcinfo, &flinfo, 0, InvalidOid, NULL, NULL);
	PushActiveSnapshot(GetTransactionSnapshot());
	(void) FunctionCallInvoke(fcinfo);
	PopActiveSnapshot();
}

/*
 * arb_tick_record_failure counts a failed step and fails closed for a safety step.
 *
 * Runs in a transaction that the failure did not touch.
 */
void
arb_tick_record_failure(const TickStep *step, const ErrorData *error)
{
	static SqlPlan plan = {
		"INSERT INTO arbees.tick_errors AS e (step, count, last_at, last_sqlstate, last_message)"
		" VALUES ($1, 1, pg_catalog.clock_timestamp(), $2, $3)"
		" ON CONFLICT (step) DO UPDATE SET count = e.count + 1, last_at = excluded.last_at,"
		"  last_sqlstate = excluded.last_sqlstate, last_message = excluded.last_message"
		" RETURNING count",
		3, {TEXTOID, TEXTOID, TEXTOID}
	};
	char	   *message = psprintf("step %s failed: %s", step->name, error->message);
	Datum		values[3];
	int64		count;

	values[0] = CStringGetTextDatum(step->name);
	values[1] = CStringGetTextDatum(unpack_sql_state(error->sqlerrcode));
	values[2] = CStringGetTextDatum(error->message);
	PushActiveSnapshot(GetTransactionSnapshot());
	arb_sql_begin();
	arb_sql_run(&plan, values, NULL);
	count = arb_sql_int64(0, 1, 0);
	arb_sql_end();
	if (count == 1)
		arb_alert("warning", "step_failed", 0, message);
	if (step->is_safety)
		arb_breaker_trip(0, message);
	PopActiveSnapshot();
}

/* One step in a subtransaction, so that its failure is its own. */
static void
run_in_subtransaction(const TickStep *step)
{
	MemoryContext context = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;

	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(context);
	PG_TRY();
	{
		arb_tick_call(step);
		ReleaseCurrentSubTransaction();
		MemoryContextSwitchTo(context);
		CurrentResourceOwner = owner;
	}
	PG_CATCH();
	{
		ErrorData  *error;

		MemoryContextSwitchTo(context);
		error = CopyErrorData();
		FlushErrorState();
		RollbackAndReleaseCurrentSubTransaction();
		MemoryContextSwitchTo(context);
		CurrentResourceOwner = owner;
		/* Who cancels the call means the call. */
		if (error->sqlerrcode == ERRCODE_QUERY_CANCELED)
			ReThrowError(error);
		ereport(WARNING,
				(errcode(error->sqlerrcode),
				 errmsg("step \"%s\" failed: %s", step->name, error->message)));
		arb_tick_record_failure(step, error);
		FreeErrorData(error);
	}
	PG_END_TRY();
}

/* CALL arbees.tick() runs one tick; a step's failure is a warning and a row of arbees.tick_errors. */
Datum
arbees_tick(PG_FUNCTION_ARGS)
{
	bool		may_commit = fcinfo->context != NULL && IsA(fcinfo->context, CallContext) &&
		!castNode(CallContext, fcinfo->context)->atomic;
	MemoryContext context = AllocSetContextCreate(TopMemoryContext, "arbees tick", ALLOCSET_SMALL_SIZES);
	List	   *steps;
	ListCell   *cell;

	if (SPI_connect_ext(may_commit ? SPI_OPT_NONATOMIC : 0) != SPI_OK_CONNECT)
		elog(ERROR, "could not connect to SPI");
	PG_TRY();
	{
		steps = arb_tick_steps(context);
		foreach(cell, steps)
		{
			run_in_subtransaction((TickStep *) lfirst(cell));
			if (may_commit)
				SPI_commit();
		}
	}
	PG_FINALLY();
	{
		MemoryContextDelete(context);
	}
	PG_END_TRY();
	SPI_finish();
	PG_RETURN_VOID();
}
