/*-------------------------------------------------------------------------
 *
 * src/safety/kill.c
 *	  The kill switch: a lock every order must pass and a level every order reads.
 *
 * arbees_kill takes the lock exclusively, claims share it; so after it returned
 * committed nothing is claimed, whether workers live or not. It writes one
 * level row and one journal row and nothing that grows: what is to be cancelled
 * and closed follows from the level.
 *
 * The switch must work in the worst hour. A holder that keeps it waiting is
 * terminated; nothing else it touches may block it: counts are read only where
 * the tables are free (kill_count.c), the row that shows the level is skipped
 * when locked.
 *
 * Reads here use the latest snapshot under the lock, so a single statement is
 * right at every isolation level; inside a transaction block READ COMMITTED is
 * asked for, as of everybody who takes this lock.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "compat.h"
#include "core/catalog.h"
#include "core/clock.h"
#include "core/columns.h"
#include "core/guard.h"
#include "core/lock.h"
#include "core/result.h"
#include "core/row_cache.h"
#include "core/sql.h"
#include "core/txn.h"
#include "core/wake.h"
#include "errors.h"
#include "fmgr.h"
#include "journal/journal.h"
#include "journal/seal.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "safety/control_change.h"
#include "safety/kill.h"
#include "safety/kill_count.h"
#include "safety/kill_file.h"
#include "safety/trader_lock.h"
#include "storage/lmgr.h"
#include "storage/proc.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

/* A claim holds the lock for milliseconds; who holds it longer than this hangs. */
#define HOLDER_PATIENCE_MS 500

/* Terminated backends let go within one round; this many mean that something cannot be terminated. */
#define MAX_ROUNDS 60

#define MAX_REASON_BYTES 1000

PG_FUNCTION_INFO_V1(arbees_kill);
PG_FUNCTION_INFO_V1(arbees_resume);
PG_FUNCTION_INFO_V1(arbees_worker_kill);
PG_FUNCTION_INFO_V1(arbees_begin_safety);

/* What arbees.kill_result shows; -1 for a count that could not be taken. */
typedef struct KillResult
{
	KillLevel	level;
	KillCounts	counts;
	char	   *holders;
	char	   *warning;
} KillResult;

static bool
fetch_last(Table *table, Snapshot snapshot, Row *row)
{
	return arb_table_fetch(table, "kill_levels_pkey", 0, NULL, BackwardScanDirection, snapshot, row);
}

static KillLevel
level_of(const Row *row)
{
	int			level = arb_label_value(LABEL_KILL_LEVEL, DatumGetObjectId(row->value[KILL_LEVELS_level]));

	/* An unknown label of a newer version stops everything this version could do. */
	return level == 0 ? KILL_EMERGENCY : (KillLevel) level;
}

/* arb_kill_level returns the level in force; pause when none was ever written. */
KillLevel
arb_kill_level(Snapshot snapshot)
{
	Row			row;

	return arb_last_row_cached(&kill_levels_table, "kill_levels_pkey", &row) ? level_of(&row) : KILL_PAUSE;
}

/* The level as last committed, not as a cache may have it. */
static KillLevel
level_now(void)
{
	Table		table = arb_table_open(&kill_levels_table, 0, AccessShareLock);
	Snapshot	snapshot = arb_snapshot_begin();
	KillLevel	level = KILL_PAUSE;
	Row			row;

	table.any_age = true;
	if (fetch_last(&table, snapshot, &row))
		level = level_of(&row);
	arb_snapshot_end(snapshot);
	arb_table_close(&table);
	return level;
}

/* Waits in the lock's queue, so that no new claim overtakes; false when the time is over. */
static bool
lock_within(int ms)
{
	MemoryContext context = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	int			saved_timeout = LockTimeout;
	volatile bool locked = false;

	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(context);
	PG_TRY();
	{
		LockTimeout = ms;
		arb_lock_kill(ExclusiveLock);
		LockTimeout = saved_timeout;
		ReleaseCurrentSubTransaction();
		locked = true;
	}
	PG_CATCH();
	{
		ErrorData  *error;

		LockTimeout = saved_timeout;
		MemoryContextSwitchTo(context);
		error = CopyErrorData();
		FlushErrorState();
		RollbackAndReleaseCurrentSubTransaction();
		MemoryContextSwitchTo(context);
		CurrentResourceOwner = owner;
		if (error->sqlerrcode != ERRCODE_LOCK_NOT_AVAILABLE)
			ReThrowError(error);
		FreeErrorData(error);
	}
	PG_END_TRY();
	MemoryContextSwitchTo(context);
	CurrentResourceOwner = owner;
	return locked;
}

/* Ends the sessions that hold the lock and names them. */
static void
terminate_holders(StringInfo names)
{
	static SqlPlan plan = {
		"SELECT coalesce(pg_catalog.format('pid %s (%s, %s)', l.pid, a.usename,"
		"   coalesce(nullif(a.application_name, ''), 'no application name')), 'a prepared transaction'),"
		"  l.pid IS NOT NULL AND pg_catalog.pg_terminate_backend(l.pid)"
		" FROM pg_catalog.pg_locks l LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid"
		" WHERE l.locktype = 'object' AND l.granted AND l.database = $1 AND l.classid = $2"
		"  AND l.objid = 0 AND l.objsubid = 0 AND l.pid IS DISTINCT FROM pg_catalog.pg_backend_pid()",
		2, {OIDOID, OIDOID}
	};
	LOCKTAG		tag;
	Datum		values[2];
	uint64		n;
	uint64		i;

	arb_lock_kill_tag(&tag);
	values[0] = ObjectIdGetDatum(tag.locktag_field1);
	values[1] = ObjectIdGetDatum(tag.locktag_field2);
	arb_sql_begin();
	n = arb_sql_run(&plan, values, NULL);
	for (i = 0; i < n; i++)
	{
		char	   *name = arb_sql_text(i, 1);

		if (strstr(names->data, name) == NULL)
			appendStringInfo(names, "%s%s", names->len > 0 ? ", " : "", name);
	}
	arb_sql_end();
}

/* Takes the lock, terminating who does not let go; returns who, NULL for nobody. */
static char *
take_lock(void)
{
	StringInfoData names;
	int			round;

	if (arb_lock_kill_try(ExclusiveLock))
		return NULL;
	initStringInfo(&names);
	for (round = 0; round < MAX_ROUNDS; round++)
	{
		if (lock_within(HOLDER_PATIENCE_MS))
			return names.len > 0 ? names.data : NULL;
		terminate_holders(&names);
	}
	ereport(ERROR,
			(errcode(ERRCODE_LOCK_NOT_AVAILABLE),
			 errmsg("could not take the kill switch's lock"),
			 errdetail("Still held after %d seconds by: %s.",
					   MAX_ROUNDS * HOLDER_PATIENCE_MS / 1000, names.data),
			 errhint("Stop the workers, or end a prepared transaction with ROLLBACK PREPARED.")));
}

static void
write_level(Table *table, int64 seq, KillLevel level, const char *reason)
{
	Datum		values[KILL_LEVELS_ncolumns];
	bool		nulls[KILL_LEVELS_ncolumns] = {false};

	values[KILL_LEVELS_seq] = Int64GetDatum(seq);
	values[KILL_LEVELS_level] = ObjectIdGetDatum(arb_label_oid(LABEL_KILL_LEVEL, level));
	nulls[KILL_LEVELS_reason] = reason == NULL;
	values[KILL_LEVELS_reason] = reason == NULL ? (Datum) 0 : CStringGetTextDatum(reason);
	values[KILL_LEVELS_set_by] = CStringGetTextDatum(arb_actor());
	values[KILL_LEVELS_set_at] = TimestampTzGetDatum(arb_now());
	arb_guard_open("kill_levels");
	arb_table_insert(table, values, nulls);
	arb_guard_close();
}

static void
add_warning(KillResult *result, const char *warning)
{
	result->warning = result->warning == NULL ? pstrdup(warning) :
		psprintf("%s; %s", result->warning, warning);
}

/* Appends the level under the lock and lets it be seen; the level may fall only for resume. */
static void
change_level(KillResult *result, const char *reason, bool may_lower)
{
	const char *name = arb_label_name(LABEL_KILL_LEVEL, result->level);
	Table		table = arb_table_open(&kill_levels_table, 0, RowExclusiveLock);
	Snapshot	snapshot = arb_snapshot_begin();
	KillLevel	current = KILL_NONE;
	int64		seq = 0;
	Row			row;

	table.any_age = true;
	if (fetch_last(&table, snapshot, &row))
	{
		seq = DatumGetInt64(row.value[KILL_LEVELS_seq]);
		current = level_of(&row);
	}
	arb_snapshot_end(snapshot);
	if (result->level < current && !may_lower)
		ereport(ERROR,
				(errcode(ERRCODE_ARB_KILLED),
				 errmsg("kill level \"%s\" cannot be lowered to \"%s\"",
						arb_label_name(LABEL_KILL_LEVEL, current), name),
				 errhint("arbees_resume(reason) lets trading go on.")));
	write_level(&table, seq + 1, result->level, reason);
	arb_table_close(&table);
	if (!arb_control_show_kill_level(name))
		add_warning(result, "control kill_switch is locked by another session and shows the old level until it ends");
	arb_journal(JOURNAL_NO_MODE, may_lower ? "resumed" : "killed", 0, seq + 1,
				psprintf("%s -> %s%s%s", arb_label_name(LABEL_KILL_LEVEL, current), name,
						 reason != NULL ? ": " : "", reason != NULL ? reason : ""));
	arb_wake_workers(name);
	arb_wake_conductor();
}

/* What is in flight can only be asked for, the rest that works is cancelled; only flatten closes. */
static Datum
result_tuple(FunctionCallInfo fcinfo, const KillResult *result)
{
	const KillCounts *counts = &result->counts;
	Datum		values[6];
	bool		nulls[6] = {false};

	values[0] = ObjectIdGetDatum(arb_label_oid(LABEL_KILL_LEVEL, result->level));
	values[1] = Int64GetDatum(result->level < KILL_FLATTEN ? 0 : Max(counts->open_orders - counts->in_flight, 0));
	nulls[1] = counts->open_orders < 0 || counts->in_flight < 0;
	values[2] = Int64GetDatum(result->level == KILL_FLATTEN ? counts->held_positions : 0);
	nulls[2] = counts->held_positions < 0;
	values[3] = Int64GetDatum(counts->in_flight);
	nulls[3] = counts->in_flight < 0;
	nulls[4] = result->holders == NULL;
	values[4] = nulls[4] ? (Datum) 0 : CStringGetTextDatum(result->holders);
	nulls[5] = result->warning == NULL;
	values[5] = nulls[5] ? (Datum) 0 : CStringGetTextDatum(result->warning);
	return arb_result_row(fcinfo, lengthof(values), values, nulls);
}

/*
 * What both verbs ask of their transaction before they wait for the lock. That
 * a kill is durable is not asked but seen to: whoever trades with asynchronous
 * commits must not be told to change a setting first.
 */
static void
begin_change(KillResult *result, const char *verb)
{
	bool		in_block = IsTransactionBlock();

	memset(result, 0, sizeof(KillResult));
	arb_require_primary(verb);
	if (in_block)
		arb_require_read_committed(verb);
	ForceSyncCommit();
	if (in_block)
	{
		add_warning(result, "inside a transaction block: it holds only once committed");
		ereport(WARNING,
				(errcode(ERRCODE_ACTIVE_SQL_TRANSACTION),
				 errmsg("%s was called inside a transaction block", verb),
				 errdetail("It holds only once the block is committed; until then every claim waits."),
				 errhint("COMMIT now.")));
	}
	result->holders = take_lock();
}

static char *
reason_argument(FunctionCallInfo fcinfo, int argument)
{
	char	   *reason;

	if (PG_NARGS() <= argument || PG_ARGISNULL(argument))
		return NULL;
	reason = text_to_cstring(PG_GETARG_TEXT_PP(argument));
	/* A long story must not stop a kill. */
	reason[pg_mbcliplen(reason, strlen(reason), MAX_REASON_BYTES)] = '\0';
	return *reason == '\0' ? NULL : reason;
}

/*
 * Binds this database and begins the journal's era behind a row, 0 for none;
 * seal.c finds the era by the row written here.
 */
static void
bind_here(int64 era_after_id)
{
	arb_installation_write(arb_actor());
	arb_journal(JOURNAL_NO_MODE, "installation_bound", 0, era_after_id,
				psprintf("bound to system " UINT64_FORMAT ", timeline %u, database %u",
						 arb_system_identifier(), arb_timeline(), MyDatabaseId));
}

/*
 * arbees_kill(level [, reason]) stops trading at a level.
 *
 * Locks: kill, exclusively, until the transaction ends.
 * Errors: RB001 when the level in force is stricter, 22023 on an unknown level.
 */
Datum
arbees_kill(PG_FUNCTION_ARGS)
{
	char	   *name = PG_ARGISNULL(0) ? "" : text_to_cstring(PG_GETARG_TEXT_PP(0));
	char	   *reason = reason_argument(fcinfo, 1);
	int			level = arb_label_parse(LABEL_KILL_LEVEL, name);
	KillResult	result;

	if (level == 0 || level == KILL_NONE)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("\"%s\" is no kill level", name),
				 errdetail("pause: no entries. flatten: no entries, cancel and close all. emergency: cancel all, then no order of any kind."),
				 level == KILL_NONE ? errhint("arbees_resume(reason) lets trading go on.") : 0));
	begin_change(&result, "arbees_kill");
	result.level = level;
	change_level(&result, reason, false);
	arb_kill_count(&result.counts);
	PG_RETURN_DATUM(result_tuple(fcinfo, &result));
}

/*
 * arbees_resume(reason) lets trading go on, and binds a copy to where it is now.
 *
 * Locks: kill, then every epoch when a copy is bound.
 */
Datum
arbees_resume(PG_FUNCTION_ARGS)
{
	char	   *reason = reason_argument(fcinfo, 0);
	KillResult	result;

	if (reason == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("a reason must be given")));
	arb_kill_file_refuse_resume();
	begin_change(&result, "arbees_resume");
	result.level = KILL_NONE;
	if (!arb_installation_is_ours())
	{
		arb_trader_forget_all("bound to another place");
		bind_here(arb_seal_end_era());
		add_warning(&result, "this database was a copy: entries wait for a clean reconciliation");
	}
	change_level(&result, reason, true);
	arb_kill_count(&result.counts);
	PG_RETURN_DATUM(result_tuple(fcinfo, &result));
}

/*
 * arb_kill_raise raises the level to at least this one, for whoever may stop
 * trading but not let it go on.
 *
 * Locks: kill, exclusively, until the transaction ends, when there is something to raise.
 * Returns: the level now in force.
 */
KillLevel
arb_kill_raise(KillLevel level, const char *reason)
{
	KillResult	result = {0};
	KillLevel	current = level_now();

	if (current >= level)
		return current;
	ForceSyncCommit();
	result.holders = take_lock();
	/* Lock, then read: another may have raised it further while we waited. */
	current = level_now();
	if (current >= level)
		return current;
	result.level = level;
	change_level(&result, result.holders == NULL ? reason :
				 psprintf("%s; ended the sessions that stood in the way: %s", reason, result.holders), false);
	return level;
}

/* arb_kill_level_of returns what binds a portfolio: the desk's level, its own, or that of a drill. */
KillLevel
arb_kill_level_of(KillLevel desk, const Row *portfolio)
{
	KillLevel	level = desk;
	static const int columns[] = {PORTFOLIOS_kill_level, PORTFOLIOS_drill_level};
	int			i;

	for (i = 0; i < lengthof(columns); i++)
	{
		int			own = arb_label_value(LABEL_KILL_LEVEL, DatumGetObjectId(portfolio->value[columns[i]]));

		level = Max(level, own == 0 ? KILL_EMERGENCY : (KillLevel) own);
	}
	return level;
}

/*
 * arbees.worker_kill(worker, level, reason) is how a worker stops trading: by
 * its environment at the start, or a signal. Returns the level now in force.
 *
 * An unknown level is flatten: whoever reaches for the brake means it.
 */
Datum
arbees_worker_kill(PG_FUNCTION_ARGS)
{
	char	   *worker = PG_ARGISNULL(0) ? "" : text_to_cstring(PG_GETARG_TEXT_PP(0));
	int			level = PG_ARGISNULL(1) ? 0 : arb_label_parse(LABEL_KILL_LEVEL, text_to_cstring(PG_GETARG_TEXT_PP(1)));
	char	   *reason = reason_argument(fcinfo, 2);

	arb_require_primary("worker_kill");
	if (level < KILL_PAUSE)
		level = KILL_FLATTEN;
	reason = psprintf("worker %s: %s", worker, reason == NULL ? "no reason given" : reason);
	reason[pg_mbcliplen(reason, strlen(reason), MAX_REASON_BYTES)] = '\0';
	PG_RETURN_TEXT_P(cstring_to_text(arb_label_name(LABEL_KILL_LEVEL, arb_kill_raise(level, reason))));
}

/* Called by the installation script: the first level, the first binding. Nobody is granted it. */
Datum
arbees_begin_safety(PG_FUNCTION_ARGS)
{
	Table		table = arb_table_open(&kill_levels_table, 0, RowExclusiveLock);

	write_level(&table, 1, KILL_NONE, "installed");
	arb_table_close(&table);
	bind_here(0);
	PG_RETURN_VOID();
}
