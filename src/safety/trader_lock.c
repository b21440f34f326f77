/*-------------------------------------------------------------------------
 *
 * src/safety/trader_lock.c
 *	  One active trader per venue account: epoch, lease, fencing.
 *
 * Two small tables: the epoch changes only on take-over, the lease on every
 * renewal. Claims and reports share the epoch's lock (arb_trader_require), a
 * take-over takes it exclusively: when it has it, nobody of the old epoch is
 * in the middle of anything, and all who come later are refused.
 *
 * A worker's name stands for one process: a restart under the same name takes
 * over at once, a stranger waits until the lease has ended.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "catalog/pg_type.h"
#include "core/clock.h"
#include "core/columns.h"
#include "core/guard.h"
#include "core/installation.h"
#include "core/lock.h"
#include "core/result.h"
#include "core/row_cache.h"
#include "core/sql.h"
#include "core/txn.h"
#include "errors.h"
#include "fmgr.h"
#include "journal/journal.h"
#include "safety/control.h"
#include "safety/trader_lock.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"

PG_FUNCTION_INFO_V1(arbees_acquire_trader);
PG_FUNCTION_INFO_V1(arbees_renew_trader);
PG_FUNCTION_INFO_V1(arbees_release_trader);

static void
read_lease(TraderState *state, int32 account, bool renew)
{
	Row			lease;

	if (!(renew ? arb_row_renewed(&trader_leases_table, "trader_leases_pkey", account, &lease) :
		  arb_row_cached(&trader_leases_table, "trader_leases_pkey", account, &lease)))
		return;
	state->expires_at = DatumGetTimestampTz(lease.value[TRADER_LEASES_expires_at]);
	state->alive = DatumGetInt64(lease.value[TRADER_LEASES_epoch]) == state->epoch &&
		state->expires_at > arb_now();
}

/* Renewals of a lease come without notice, so one that seems to have ended is looked at again. */
static void
read_state(int32 account, TraderState *state, char **holder, bool renew)
{
	Row			epoch;

	memset(state, 0, sizeof(TraderState));
	*holder = NULL;
	if (!arb_row_cached(&trader_epochs_table, "trader_epochs_pkey", account, &epoch))
		return;
	state->epoch = DatumGetInt64(epoch.value[TRADER_EPOCHS_epoch]);
	state->reconciled = !epoch.null[TRADER_EPOCHS_reconciled_at];
	*holder = TextDatumGetCString(epoch.value[TRADER_EPOCHS_holder]);
	read_lease(state, account, renew);
	if (!state->alive && !renew)
		read_lease(state, account, true);
}

/* arb_trader_state reads who trades an account, without a lock: for the gate's question whether anybody does. */
void
arb_trader_state(Snapshot snapshot, int32 venue_account_id, TraderState *state)
{
	char	   *holder;

	read_state(venue_account_id, state, &holder, false);
}

static void
read_fresh(int32 account, TraderState *state, char **holder)
{
	read_state(account, state, holder, true);
}

static pg_attribute_noreturn() void
epoch_lost(int32 account, int64 epoch, const TraderState *state, const char *holder)
{
	ereport(ERROR,
			(errcode(ERRCODE_ARB_LEASE_LOST),
			 errmsg("epoch " INT64_FORMAT " of venue account %d is not in force", epoch, account),
			 errdetail("The epoch is " INT64_FORMAT ", held by \"%s\".",
					   state->epoch, holder == NULL ? "nobody" : holder),
			 errhint("Stop sending, close the venue connections, and acquire the trader again.")));
}

static pg_attribute_noreturn() void
lease_given_up(int32 account, int64 epoch)
{
	ereport(ERROR,
			(errcode(ERRCODE_ARB_LEASE_LOST),
			 errmsg("the lease of venue account %d was given up", account),
			 errdetail("Epoch " INT64_FORMAT " was released.", epoch),
			 errhint("Acquire the trader again.")));
}

/*
 * arb_trader_require lets only the holder of the epoch in force go on.
 *
 * Whose lease has ended may still tell what the venue did, as long as nobody took
 * over: such facts are nobody else's to tell. New orders are not his to send.
 *
 * Locks: the epoch, shared, until the transaction ends.
 * Returns: false when the lease has ended.
 * Errors: RB004.
 */
bool
arb_trader_require(int32 venue_account_id, int64 epoch)
{
	TraderState state;
	char	   *holder;

	arb_lock_epoch(venue_account_id, ShareLock);
	/* Lock, then read: a take-over may have committed while we waited. It told us before it let the lock go. */
	read_state(venue_account_id, &state, &holder, false);
	if (state.epoch != epoch)
		epoch_lost(venue_account_id, epoch, &state, holder);
	return state.alive;
}

static void
require_promise(const char *what)
{
	arb_require_primary(what);
	arb_require_read_committed(what);
	arb_require_synchronous_commit(what);
}

static void
require_account(int32 account)
{
	static SqlPlan plan = {
		"SELECT 1 FROM arbees.venue_accounts WHERE venue_account_id = $1", 1, {INT4OID}
	};
	Datum		value = Int32GetDatum(account);
	bool		found;

	arb_sql_begin();
	found = arb_sql_run(&plan, &value, NULL) > 0;
	arb_sql_end();
	if (!found)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("venue account %d does not exist", account)));
}

static int64
lease_ms(void)
{
	int64		ms = arb_controls()->lease_ms;

	if (ms <= 0)
		ereport(ERROR,
				(errcode(ERRCODE_ARB_RISK_DENIED),
				 errmsg("control \"lease_ms\" is missing"),
				 errhint("Without it nobody may trade.")));
	return ms;
}

/* The one place that writes epochs: the next epoch of an account, for a new holder. */
static void
write_epoch(int32 account, int64 epoch, const char *holder)
{
	static SqlPlan plan = {
		"INSERT INTO arbees.trader_epochs AS e (venue_account_id, epoch, holder, taken_at, reconciled_at)"
		" VALUES ($1, $2, $3, pg_catalog.clock_timestamp(), NULL)"
		" ON CONFLICT (venue_account_id) DO UPDATE SET epoch = excluded.epoch, holder = excluded.holder,"
		"  taken_at = excluded.taken_at, reconciled_at = NULL",
		3, {INT4OID, INT8OID, TEXTOID}
	};
	Datum		values[3];

	values[0] = Int32GetDatum(account);
	values[1] = Int64GetDatum(epoch);
	values[2] = CStringGetTextDatum(holder);
	arb_guard_open("trader_epochs");
	arb_sql_run(&plan, values, NULL);
	arb_guard_close();
}

/* Sets when the lease of an epoch ends; counted from now. */
static void
write_lease(int32 account, int64 epoch, int64 ms)
{
	static SqlPlan plan = {
		"INSERT INTO arbees.trader_leases AS l (venue_account_id, epoch, expires_at, renewed_at)"
		" VALUES ($1, $2, $3, $4)"
		" ON CONFLICT (venue_account_id) DO UPDATE SET epoch = excluded.epoch,"
		"  expires_at = excluded.expires_at, renewed_at = excluded.renewed_at",
		4, {INT4OID, INT8OID, TIMESTAMPTZOID, TIMESTAMPTZOID}
	};
	TimestampTz now = arb_now();
	Datum		values[4];

	values[0] = Int32GetDatum(account);
	values[1] = Int64GetDatum(epoch);
	values[2] = TimestampTzGetDatum(now + ms * USECS_PER_MS);
	values[3] = TimestampTzGetDatum(now);
	arb_guard_open("trader_leases");
	arb_sql_run(&plan, values, NULL);
	arb_guard_close();
}

static void
end_session(int32 account, int64 epoch, const char *reason)
{
	static SqlPlan plan = {
		"UPDATE arbees.worker_sessions SET ended_at = pg_catalog.clock_timestamp(), end_reason = $3"
		" WHERE venue_account_id = $1 AND epoch = $2 AND ended_at IS NULL",
		3, {INT4OID, INT8OID, TEXTOID}
	};
	Datum		values[3];

	values[0] = Int32GetDatum(account);
	values[1] = Int64GetDatum(epoch);
	values[2] = CStringGetTextDatum(reason);
	arb_sql_run(&plan, values, NULL);
}

static void
begin_session(int32 account, int64 epoch, const char *worker, const char *previous)
{
	static SqlPlan plan = {
		"INSERT INTO arbees.worker_sessions (venue_account_id, epoch, worker, previous_holder, started_at)"
		" VALUES ($1, $2, $3, $4, pg_catalog.clock_timestamp())",
		4, {INT4OID, INT8OID, TEXTOID, TEXTOID}
	};
	Datum		values[4];
	char		nulls[4] = {' ', ' ', ' ', previous == NULL ? 'n' : ' '};

	values[0] = Int32GetDatum(account);
	values[1] = Int64GetDatum(epoch);
	values[2] = CStringGetTextDatum(worker);
	values[3] = previous == NULL ? (Datum) 0 : CStringGetTextDatum(previous);
	arb_sql_run(&plan, values, nulls);
}

static void
take_over(int32 account, int64 epoch, const char *worker, const char *previous, int64 ms)
{
	arb_sql_begin();
	end_session(account, epoch - 1, psprintf("taken over by %s", worker));
	write_epoch(account, epoch, worker);
	write_lease(account, epoch, ms);
	begin_session(account, epoch, worker, previous);
	arb_sql_end();
	arb_journal(JOURNAL_NO_MODE, "trader_acquired", 0, account,
				psprintf("epoch " INT64_FORMAT " by %s%s%s", epoch, worker,
						 previous != NULL ? ", after " : "", previous != NULL ? previous : ""));
}

static Datum
acquired_tuple(FunctionCallInfo fcinfo, bool granted, int64 epoch, int64 ms,
			   const char *holder, const char *reason)
{
	Datum		values[5];
	bool		nulls[5] = {false};

	values[0] = BoolGetDatum(granted);
	nulls[1] = !granted;
	values[1] = Int64GetDatum(epoch);
	values[2] = Int32GetDatum((int32) ms);
	values[3] = CStringGetTextDatum(holder);
	nulls[4] = reason == NULL;
	values[4] = reason == NULL ? (Datum) 0 : CStringGetTextDatum(reason);
	return arb_result_row(fcinfo, lengthof(values), values, nulls);
}

/*
 * A copy has the original's rows. Whoever traded by them would cancel the
 * original's orders at the venue, so nobody does before the copy is bound.
 */
static Datum
refused_copy(FunctionCallInfo fcinfo, const char *holder, int64 ms)
{
	return acquired_tuple(fcinfo, false, 0, ms, holder == NULL ? "nobody" : holder,
						  "paused: this database is a copy of another; arbees_resume(reason) binds it");
}

static bool
held_by_other(const TraderState *state, const char *holder, const char *worker)
{
	return state->alive && strcmp(holder, worker) != 0;
}

static Datum
refused(FunctionCallInfo fcinfo, const TraderState *state, const char *holder, int64 ms)
{
	return acquired_tuple(fcinfo, false, 0, ms, holder,
						  psprintf("held by %s for another " INT64_FORMAT " ms", holder,
								   arb_elapsed_ms(arb_now(), state->expires_at)));
}

/*
 * arbees.acquire_trader(account, worker) makes a worker the one that trades an account.
 *
 * Locks: the epoch, exclusively; not even asked for while another's lease lives,
 * so that a waiting worker's attempts never hold up claims.
 */
Datum
arbees_acquire_trader(PG_FUNCTION_ARGS)
{
	int32		account = PG_ARGISNULL(0) ? 0 : PG_GETARG_INT32(0);
	char	   *worker = PG_ARGISNULL(1) ? "" : text_to_cstring(PG_GETARG_TEXT_PP(1));
	TraderState state;
	char	   *holder;
	int64		ms;

	if (*worker == '\0' || strlen(worker) > MAX_WORKER_NAME_BYTES)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a worker's name has 1 to %d bytes", MAX_WORKER_NAME_BYTES)));
	require_promise("arbees.acquire_trader");
	require_account(account);
	ms = lease_ms();
	read_fresh(account, &state, &holder);
	if (!arb_installation_is_ours())
		PG_RETURN_DATUM(refused_copy(fcinfo, holder, ms));
	if (held_by_other(&state, holder, worker))
		PG_RETURN_DATUM(refused(fcinfo, &state, holder, ms));

	arb_lock_epoch(account, ExclusiveLock);
	read_fresh(account, &state, &holder);
	if (held_by_other(&state, holder, worker))
		PG_RETURN_DATUM(refused(fcinfo, &state, holder, ms));
	take_over(account, state.epoch + 1, worker, holder, ms);
	PG_RETURN_DATUM(acquired_tuple(fcinfo, true, state.epoch + 1, ms, worker, NULL));
}

static bool
session_is_open(int32 account, int64 epoch)
{
	static SqlPlan plan = {
		"SELECT 1 FROM arbees.worker_sessions WHERE venue_account_id = $1 AND epoch = $2 AND ended_at IS NULL",
		2, {INT4OID, INT8OID}
	};
	Datum		values[2];
	bool		found;

	values[0] = Int32GetDatum(account);
	values[1] = Int64GetDatum(epoch);
	arb_sql_begin();
	found = arb_sql_run(&plan, values, NULL) > 0;
	arb_sql_end();
	return found;
}

/* Nobody took over while it had ended: the holder goes on, after it has seen what it missed. */
static void
revive(int32 account, int64 epoch)
{
	if (!session_is_open(account, epoch))
		lease_given_up(account, epoch);
	arb_trader_set_reconciled(account, false);
	arb_journal(JOURNAL_NO_MODE, "trader_renewed_late", 0, account,
				psprintf("epoch " INT64_FORMAT ": the lease had ended and nobody took over", epoch));
}

/*
 * arbees.renew_trader(account, epoch) extends the lease of the epoch in force.
 *
 * Also one that has ended, as long as nobody took over and it was not released.
 */
Datum
arbees_renew_trader(PG_FUNCTION_ARGS)
{
	int32		account = PG_GETARG_INT32(0);
	int64		epoch = PG_GETARG_INT64(1);
	int64		ms;

	require_promise("arbees.renew_trader");
	/* A worker that was led from the original to a copy of it holds nothing here. */
	if (!arb_installation_is_ours())
		ereport(ERROR,
				(errcode(ERRCODE_ARB_LEASE_LOST),
				 errmsg("this database is a copy of another: no lease is renewed by it"),
				 errdetail("Epoch " INT64_FORMAT " of venue account %d was granted elsewhere.", epoch, account),
				 errhint("arbees_resume(reason) binds it; then the trader is acquired again.")));
	if (!arb_trader_require(account, epoch))
		revive(account, epoch);
	ms = lease_ms();
	arb_sql_begin();
	write_lease(account, epoch, ms);
	arb_sql_end();
	PG_RETURN_INT32((int32) ms);
}

/* arbees.release_trader(account, epoch) gives the account up, so that the next worker need not wait. */
Datum
arbees_release_trader(PG_FUNCTION_ARGS)
{
	int32		account = PG_GETARG_INT32(0);
	int64		epoch = PG_GETARG_INT64(1);
	TraderState state;
	char	   *holder;

	require_promise("arbees.release_trader");
	arb_lock_epoch(account, ExclusiveLock);
	read_fresh(account, &state, &holder);
	if (state.epoch != epoch)
		epoch_lost(account, epoch, &state, holder);
	arb_sql_begin();
	write_lease(account, epoch, 0);
	end_session(account, epoch, "released");
	arb_sql_end();
	arb_journal(JOURNAL_NO_MODE, "trader_released", 0, account,
				psprintf("epoch " INT64_FORMAT " by %s", epoch, holder));
	PG_RETURN_VOID();
}

/*
 * arb_trader_set_reconciled records that a reconciliation was clean, or that one is due.
 *
 * Locks: the caller shares the epoch's lock (arb_trader_require).
 */
void
arb_trader_set_reconciled(int32 venue_account_id, bool reconciled)
{
	static SqlPlan plan = {
		"UPDATE arbees.trader_epochs"
		" SET reconciled_at = CASE WHEN $2 THEN pg_catalog.clock_timestamp() END"
		" WHERE venue_account_id = $1",
		2, {INT4OID, BOOLOID}
	};
	Datum		values[2];

	values[0] = Int32GetDatum(venue_account_id);
	values[1] = BoolGetDatum(reconciled);
	arb_sql_begin();
	arb_guard_open("trader_epochs");
	arb_sql_run(&plan, values, NULL);
	arb_guard_close();
	arb_sql_end();
}

/* Ends the lease of one epoch and makes the epoch old, so that its holder must acquire again. */
static void
forget_one(int32 account, const char *reason)
{
	TraderState state;
	char	   *holder;

	arb_lock_epoch(account, ExclusiveLock);
	read_fresh(account, &state, &holder);
	arb_sql_begin();
	end_session(account, state.epoch, reason);
	write_epoch(account, state.epoch + 1, "nobody");
	write_lease(account, state.epoch + 1, 0);
	arb_sql_end();
}

/*
 * arb_trader_forget_all ends every lease: the rows were made somewhere else.
 *
 * Locks: each epoch, exclusively, by ascending account.
 */
void
arb_trader_forget_all(const char *reason)
{
	static SqlPlan plan = {
		"SELECT venue_account_id FROM arbees.trader_epochs ORDER BY 1", 0
	};
	ListCell   *lc;

	foreach(lc, arb_sql_ids(&plan, NULL))
		forget_one(lfirst_int(lc), reason);
}

/*
 * arb_trader_begin_maintenance unbinds the installation, for rows are let in that nobody judged.
 *
 * Where nothing is bound, as in a fresh restore, there is nothing to do: leases
 * of another place bind nobody here.
 * Errors: 55006 while somebody trades here.
 */
void
arb_trader_begin_maintenance(void)
{
	static SqlPlan plan = {
		"SELECT venue_account_id FROM arbees.trader_leases WHERE expires_at > pg_catalog.clock_timestamp() LIMIT 1",
		0
	};
	int32		account;

	if (!arb_installation_is_ours())
		return;
	arb_sql_begin();
	account = arb_sql_run(&plan, NULL, NULL) > 0 ? arb_sql_int32(0, 1, 0) : 0;
	arb_sql_end();
	if (account != 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_IN_USE),
				 errmsg("arbees.maintenance is refused while a trader's lease lives"),
				 errdetail("Venue account %d is being traded.", account),
				 errhint("Stop the worker and wait until its lease has ended.")));
	arb_installation_unbind();
	arb_journal(JOURNAL_NO_MODE, "maintenance", 0, 0,
				"arbees.maintenance lets rows in; nothing is decided or sent before arbees_resume");
}
