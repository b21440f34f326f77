/*-------------------------------------------------------------------------
 *
 * src/strategy/evaluate.c
 *	  Calls a strategy without giving it any power: in a read-only internal
 *	  subtransaction, as the strategy's own role; its failure is its own.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
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
#include "utils/typcache.h"

enum
{
	SIGNAL_key, SIGNAL_instrument_id, SIGNAL_side, SIGNAL_amount_kind, SIGNAL_amount,
	SIGNAL_limit_price, SIGNAL_time_in_force, SIGNAL_stop_loss_pct, SIGNAL_take_profit_kind,
	SIGNAL_take_profit_pct, SIGNAL_exit_before_close_s, SIGNAL_confidence, SIGNAL_note, SIGNAL_ncolumns
};

static void
require_field(bool null, const char *field)
{
	if (null)
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("signal has no %s", field)));
}

static Fixed
optional_fixed(Datum value, bool null)
{
	return null ? FIXED_NULL : arb_fixed_from_numeric(value);
}

/*
 * arb_wish_from_signal reads an arbees.signal into a wish; the caller sets who wishes.
 *
 * Errors: 22004 for a missing field that has no default, 22003 for numbers that are none.
 */
void
arb_wish_from_signal(HeapTupleHeader signal, Wish *wish)
{
	TupleDesc	desc = lookup_rowtype_tupdesc(HeapTupleHeaderGetTypeId(signal), HeapTupleHeaderGetTypMod(signal));
	HeapTupleData tuple;
	Datum		value[SIGNAL_ncolumns];
	bool		null[SIGNAL_ncolumns];

	if (desc->natts != SIGNAL_ncolumns)
		elog(ERROR, "type arbees.signal has %d fields, this library knows %d", desc->natts, SIGNAL_ncolumns);
	tuple.t_len = HeapTupleHeaderGetDatumLength(signal);
	ItemPointerSetInvalid(&tuple.t_self);
	tuple.t_tableOid = InvalidOid;
	tuple.t_data = signal;
	heap_deform_tuple(&tuple, desc, value, null);
	ReleaseTupleDesc(desc);

	require_field(null[SIGNAL_key], "key");
	require_field(null[SIGNAL_instrument_id], "instrument_id");
	require_field(null[SIGNAL_side], "side");
	require_field(null[SIGNAL_amount_kind], "amount_kind");
	require_field(null[SIGNAL_time_in_force], "time_in_force");
	wish->key = TextDatumGetCString(value[SIGNAL_key]);
	if (wish->key[0] == '\0' || strlen(wish->key) > 128)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("signal key must have 1 to 128 characters")));
	wish->instrument_id = DatumGetInt32(value[SIGNAL_instrument_id]);
	wish->side = arb_label_value(LABEL_SIDE, DatumGetObjectId(value[SIGNAL_side]));
	wish->amount_kind = arb_label_value(LABEL_AMOUNT_KIND, DatumGetObjectId(value[SIGNAL_amount_kind]));
	wish->time_in_force = arb_label_value(LABEL_TIME_IN_FORCE, DatumGetObjectId(value[SIGNAL_time_in_force]));
	wish->amount = optional_fixed(value[SIGNAL_amount], null[SIGNAL_amount]);
	wish->limit_price = optional_fixed(value[SIGNAL_limit_price], null[SIGNAL_limit_price]);
	wish->stop_loss_pct = optional_fixed(value[SIGNAL_stop_loss_pct], null[SIGNAL_stop_loss_pct]);
	wish->take_profit_pct = optional_fixed(value[SIGNAL_take_profit_pct], null[SIGNAL_take_profit_pct]);
	wish->take_profit_kind = null[SIGNAL_take_profit_kind] ? 0 :
		arb_label_value(LABEL_TAKE_PROFIT_KIND, DatumGetObjectId(value[SIGNAL_take_profit_kind]));
	wish->exit_before_close_s = null[SIGNAL_exit_before_close_s] ? -1 :
		DatumGetInt32(value[SIGNAL_exit_before_close_s]);
	wish->confidence = optional_fixed(value[SIGNAL_confidence], null[SIGNAL_confidence]);
	wish->purpose = PURPOSE_ENTRY;
}

/* What a strategy wishes for must exist where it trades; the gate takes that for granted. */
static void
require_instrument(const Deployment *d, const Wish *wish)
{
	Table		table = arb_table_open(&instruments_table, 0, AccessShareLock);
	IndexKey	keys[] = {INT4_KEY(wish->instrument_id)};
	Snapshot	snapshot = arb_snapshot_begin();
	Row			row;
	bool		found = arb_table_fetch(&table, "instruments_pkey", 1, keys, ForwardScanDirection, snapshot, &row);

	arb_snapshot_end(snapshot);
	arb_table_close(&table);
	if (!found || DatumGetInt32(row.value[INSTRUMENTS_venue_id]) != d->venue_id)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("signal names instrument %d, which its venue does not have", wish->instrument_id)));
}

/* The function's oid; looked up anew each time only until the session has seen it. */
static Oid
function_oid(const char *name)
{
	return DatumGetObjectId(DirectFunctionCall1(regprocedurein, CStringGetDatum(name)));
}

static bool
call_strategy(const Deployment *d, HeapTuple state, Wish *wish, MemoryContext caller)
{
	LOCAL_FCINFO(fcinfo, 1);
	FmgrInfo	flinfo;
	Datum		result;
	MemoryContext old;
	HeapTupleHeader signal;

	fmgr_info(function_oid(d->function_name), &flinfo);
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
