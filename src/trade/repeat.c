/*-------------------------------------------------------------------------
 *
 * src/trade/repeat.c
 *	  The throttle of repeated executions, for instruments without a window.
 *
 * A window bounds its entries by itself. Elsewhere a strategy that repeats
 * itself is stopped after max_repeats entries into one instrument and side, until
 * a person looks and says so; nothing else resets the count, a restart least of
 * all.
 *
 * Locks: the portfolio's, for reading, counting and enabling.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "core/clock.h"
#include "core/columns.h"
#include "core/guard.h"
#include "core/lock.h"
#include "core/txn.h"
#include "fmgr.h"
#include "journal/journal.h"
#include "trade/repeat.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"

PG_FUNCTION_INFO_V1(arbees_enable_execution);

typedef struct Search
{
	OrderSide	side;
	bool		found;
	Row			row;
} Search;

static bool
keep_side(const Row *row, void *arg)
{
	Search	   *search = arg;

	if (arb_label_value(LABEL_SIDE, DatumGetObjectId(row->value[EXECUTION_REPEATS_side])) != (int) search->side)
		return true;
	search->row = *row;
	search->found = true;
	return false;
}

/* An index key compares integers; of the two sides the right one is picked here. */
static bool
find_row(Table *table, const Wish *wish, Snapshot snapshot, Row *row)
{
	Search		search = {wish->side, false};
	IndexKey	keys[] = {
		INT4_KEY(wish->portfolio_id), INT4_KEY(wish->deployment_id), INT4_KEY(wish->instrument_id)
	};

	arb_table_scan(table, "execution_repeats_pkey", 3, keys, ForwardScanDirection, snapshot, keep_side, &search);
	if (search.found)
		*row = search.row;
	return search.found;
}

/* arb_repeats_read returns how often the wish's deployment entered its instrument and side since a person enabled it. */
int
arb_repeats_read(const Wish *wish, Snapshot snapshot, bool *disabled)
{
	Table		table = arb_table_open(&execution_repeats_table, 0, AccessShareLock);
	Row			row;
	bool		found = find_row(&table, wish, snapshot, &row);

	arb_table_close(&table);
	*disabled = found && !row.null[EXECUTION_REPEATS_disabled_at];
	return found ? DatumGetInt32(row.value[EXECUTION_REPEATS_repeats]) : 0;
}

static void
insert_row(Table *table, const Wish *wish, TimestampTz now, bool disable)
{
	Datum		value[ARB_MAX_COLUMNS] = {0};
	bool		null[ARB_MAX_COLUMNS] = {false};

	value[EXECUTION_REPEATS_portfolio_id] = Int32GetDatum(wish->portfolio_id);
	value[EXECUTION_REPEATS_deployment_id] = Int32GetDatum(wish->deployment_id);
	value[EXECUTION_REPEATS_instrument_id] = Int32GetDatum(wish->instrument_id);
	value[EXECUTION_REPEATS_side] = ObjectIdGetDatum(arb_label_oid(LABEL_SIDE, wish->side));
	value[EXECUTION_REPEATS_repeats] = Int32GetDatum(1);
	value[EXECUTION_REPEATS_last_at] = TimestampTzGetDatum(now);
	value[EXECUTION_REPEATS_disabled_at] = TimestampTzGetDatum(now);
	null[EXECUTION_REPEATS_disabled_at] = !disable;
	null[EXECUTION_REPEATS_enabled_by] = null[EXECUTION_REPEATS_enabled_at] =
		null[EXECUTION_REPEATS_enabled_reason] = true;
	arb_table_insert(table, value, null);
}

static void
tell_disabled(const Wish *wish, int64 repeats)
{
	const char *message = psprintf("deployment %d entered instrument %d, side %s, " INT64_FORMAT
								   " times: disabled until arbees_enable_execution",
								   wish->deployment_id, wish->instrument_id,
								   arb_label_name(LABEL_SIDE, wish->side), repeats);

	arb_journal(wish->mode, "execution_disabled", wish->portfolio_id, wish->deployment_id, message);
	arb_alert("warning", "execution_disabled", wish->portfolio_id, message);
}

/*
 * arb_repeats_count counts an accepted entry, and disables what reached max_repeats.
 *
 * Args:	max_repeats, the limit in force; FIXED_NONE counts on and disables nothing.
 */
void
arb_repeats_count(const Wish *wish, int64 max_repeats)
{
	Table		table = arb_table_open(&execution_repeats_table, 0, RowExclusiveLock);
	Snapshot	snapshot = arb_snapshot_begin();
	TimestampTz now = arb_now();
	Row			row;
	bool		known = find_row(&table, wish, snapshot, &row);
	int32		repeats = known ? DatumGetInt32(row.value[EXECUTION_REPEATS_repeats]) + 1 : 1;
	bool		disable = repeats >= max_repeats;

	arb_snapshot_end(snapshot);
	arb_guard_open("execution_repeats");
	if (known)
	{
		arb_row_set(&row, EXECUTION_REPEATS_repeats, Int32GetDatum(repeats));
		arb_row_set(&row, EXECUTION_REPEATS_last_at, TimestampTzGetDatum(now));
		if (disable)
			arb_row_set(&row, EXECUTION_REPEATS_disabled_at, TimestampTzGetDatum(now));
		arb_table_update(&table, &row);
	}
	else
		insert_row(&table, wish, now, disable);
	arb_guard_close();
	arb_table_close(&table);
	if (disable)
		tell_disabled(wish, repeats);
}

/* What a person names, as the gate names it. */
static void
read_arguments(FunctionCallInfo fcinfo, Wish *wish, Row *deployment)
{
	IndexKey	by_deployment[] = {INT4_KEY(PG_ARGISNULL(0) ? 0 : PG_GETARG_INT32(0))};

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1) || PG_ARGISNULL(2) || PG_ARGISNULL(3) ||
		VARSIZE_ANY_EXHDR(PG_GETARG_TEXT_PP(3)) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("a deployment, an instrument, a side and a reason must be given")));
	if (!arb_row_read(&deployments_table, 0, "deployments_pkey", 1, by_deployment, NULL, deployment))
		ereport(ERROR,
				(errcode(ERRCODE_NO_DATA_FOUND), errmsg("deployment %d does not exist", PG_GETARG_INT32(0))));
	wish->deployment_id = PG_GETARG_INT32(0);
	wish->portfolio_id = DatumGetInt32(deployment->value[DEPLOYMENTS_portfolio_id]);
	wish->mode = arb_label_value(LABEL_MODE, DatumGetObjectId(deployment->value[DEPLOYMENTS_mode]));
	wish->instrument_id = PG_GETARG_INT32(1);
	wish->side = arb_label_parse(LABEL_SIDE, text_to_cstring(PG_GETARG_TEXT_PP(2)));
	if (wish->side == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("\"%s\" is no side", text_to_cstring(PG_GETARG_TEXT_PP(2))),
				 errdetail("Sides are BUY and SELL.")));
}

/* arbees_enable_execution(deployment, instrument, side, reason): a person looked. */
Datum
arbees_enable_execution(PG_FUNCTION_ARGS)
{
	Wish		wish = {0};
	Row			deployment;
	Row			row;
	Table		table;
	Snapshot	snapshot;
	const char *reason;
	bool		found;

	read_arguments(fcinfo, &wish, &deployment);
	reason = text_to_cstring(PG_GETARG_TEXT_PP(3));
	arb_require_synchronous_commit("a word that enables executions");
	arb_lock_portfolio(wish.portfolio_id);
	table = arb_table_open(&execution_repeats_table, 0, RowExclusiveLock);
	snapshot = arb_snapshot_begin();
	found = find_row(&table, &wish, snapshot, &row);
	arb_snapshot_end(snapshot);
	if (!found)
		ereport(ERROR,
				(errcode(ERRCODE_NO_DATA_FOUND),
				 errmsg("deployment %d has not entered instrument %d, side %s", wish.deployment_id,
						wish.instrument_id, arb_label_name(LABEL_SIDE, wish.side)),
				 errhint("SELECT * FROM arbees.execution_repeats WHERE disabled_at IS NOT NULL lists what is disabled.")));
	arb_journal(wish.mode, "execution_enabled", wish.portfolio_id, wish.deployment_id,
				psprintf("instrument %d, side %s, after %d entries: %s", wish.instrument_id,
						 arb_label_name(LABEL_SIDE, wish.side),
						 DatumGetInt32(row.value[EXECUTION_REPEATS_repeats]), reason));
	arb_row_set(&row, EXECUTION_REPEATS_repeats, Int32GetDatum(0));
	row.null[EXECUTION_REPEATS_disabled_at] = true;
	arb_row_set(&row, EXECUTION_REPEATS_enabled_by, CStringGetTextDatum(arb_login()));
	arb_row_set(&row, EXECUTION_REPEATS_enabled_at, TimestampTzGetDatum(arb_now()));
	arb_row_set(&row, EXECUTION_REPEATS_enabled_reason, CStringGetTextDatum(reason));
	arb_guard_open("execution_repeats");
	arb_table_update(&table, &row);
	arb_guard_close();
	arb_table_close(&table);
	PG_RETURN_TEXT_P(cstring_to_text("enabled"));
}
