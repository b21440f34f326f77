/*-------------------------------------------------------------------------
 *
 * src/strategy/evaluate.c
 *	  Calls a strategy without giving it any power: in a read-only internal
 *	  subtransaction, as the strategy's own role; its failure is its own.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "core/catalog.h"
#include "core/clock.h"
#include "core/columns.h"
#include "core/sql.h"
#include "journal/journal.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "strategy/strategy.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/fmgrprotos.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/resowner.h"

/* What a strategy wishes for must exist where it trades; the gate takes that for granted. */
static void
require_instrument(const Deployment *d, const Wish *wish)
{
	IndexKey	keys[] = {INT4_KEY(wish->instrument_id)};
	Row			row;

	if (!arb_row_read(&instruments_table, 0, "instruments_pkey", 1, keys, NULL, &row) ||
		DatumGetInt32(row.value[INSTRUMENTS_venue_id]) != d->venue_id)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("signal names instrument %d, which its venue does not have", wish->instrument_id)));
}

static bool
call_strategy(const Deployment *d, HeapTuple state, Wish *wish, MemoryContext caller)
{
	LOCAL_FCINFO(fcinfo, 1);
	FmgrInfo	flinfo;
	Datum		result;
	MemoryContext old;
	HeapTupleHeader signal;

	fmgr_info(DatumGetObjectId(DirectFunctionCall1(regprocedurein, CStringGetDatum(d->function_name))), &flinfo);
	InitFunctionCallInfoData(*fcinfo, &flinfo, 1, InvalidOid, NULL, NULL);
	fcinfo->args[0].value = HeapTupleGetDatum(state);
	fcinfo->args[0].isnull = false;
	result = FunctionCallInvoke(fcinfo);
	if (fcinfo->isnull)
		return false;
	old = MemoryContextSwitchTo(caller);
	signal = DatumGetHeapTupleHeaderCopy(result);
	arb_wish_from_signal(signal, wish);
	MemoryContextSwitchTo(old);
	require_instrument(d, wish);
	return true;
}

/* Told once per SQLSTATE: a message with a time or a price in it is another one at every quote. */
static void
note_failure(const Deployment *d, const ErrorData *error)
{
	static SqlPlan plan = {
		"UPDATE arbees.deployments SET last_error = $2"
		" WHERE deployment_id = $1 AND left(last_error, 5) IS DISTINCT FROM left($2, 5)",
		2, {INT4OID, TEXTOID}
	};
	Datum		args[2];

	args[0] = Int32GetDatum(d->deployment_id);
	args[1] = CStringGetTextDatum(psprintf("%s: %s", unpack_sql_state(error->sqlerrcode), error->message));
	arb_sql_begin();
	if (arb_sql_run(&plan, args, NULL) > 0)
		arb_alert("warning", "strategy_failed", d->portfolio_id,
				  psprintf("deployment %d: %s", d->deployment_id, error->message));
	arb_sql_end();
}

/*
 * arb_strategy_evaluate asks a strategy; true when it wishes something.
 *
 * An error of the strategy, or of reading its signal, is noted on the deployment
 * and counts as no wish.
 */
bool
arb_strategy_evaluate(const Deployment *d, HeapTuple state, Wish *wish)
{
	MemoryContext caller = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	Oid			user;
	int			context;
	int			settings;
	ErrorData  *volatile error = NULL;
	volatile bool wishes = false;

	memset(wish, 0, sizeof(*wish));
	GetUserIdAndSecContext(&user, &context);
	BeginInternalSubTransaction(NULL);
	PG_TRY();
	{
		XactReadOnly = true;
		SetUserIdAndSecContext(get_role_oid(d->run_as, false),
							   context | SECURITY_LOCAL_USERID_CHANGE | SECURITY_RESTRICTED_OPERATION);
		/* What a strategy sets for the session ends with its call. */
		settings = NewGUCNestLevel();
		wishes = call_strategy(d, state, wish, caller);
		AtEOXact_GUC(false, settings);
		SetUserIdAndSecContext(user, context);
		ReleaseCurrentSubTransaction();
		MemoryContextSwitchTo(caller);
		CurrentResourceOwner = owner;
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(caller);
		error = CopyErrorData();
		FlushErrorState();
		RollbackAndReleaseCurrentSubTransaction();
		SetUserIdAndSecContext(user, context);
		MemoryContextSwitchTo(caller);
		CurrentResourceOwner = owner;
		wishes = false;
	}
	PG_END_TRY();

	if (error != NULL)
	{
		/* A cancelled or terminated session is not the strategy's failure. */
		if (error->sqlerrcode == ERRCODE_QUERY_CANCELED || error->sqlerrcode == ERRCODE_ADMIN_SHUTDOWN)
			ReThrowError(error);
		note_failure(d, error);
		return false;
	}
	wish->deployment_id = d->deployment_id;
	wish->portfolio_id = d->portfolio_id;
	wish->mode = d->mode;
	return wishes;
}
