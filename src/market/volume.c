/*-------------------------------------------------------------------------
 *
 * src/market/volume.c
 *	  Public trades of an instrument's session, summed.
 *
 * One row per instrument, under the venue's clock lock: what a call costs does
 * not depend on how much was traded before. A trade not younger than the last
 * one counted is taken as told again: by a repeated call, or by a second worker
 * that follows the same feed.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "core/clock.h"
#include "core/columns.h"
#include "core/lock.h"
#include "core/sql.h"
#include "core/txn.h"
#include "market/venue.h"
#include "market/volume.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"

#define MAX_TRADES_PER_CALL 1024

/* A venue's time further ahead of ours than this is wrong; believed, it would hide every honest trade. */
#define MAX_AHEAD_US (INT64CONST(60) * USECS_PER_SEC)

/*
 * arb_session_volume reads the sums of the session that runs at a time; false when nothing was traded in it.
 */
bool
arb_session_volume(int32 instrument_id, bool has_window, TimestampTz at, Snapshot snapshot, SessionVolume *volume)
{
	IndexKey	keys[] = {INT4_KEY(instrument_id)};
	Row			row;

	if (!arb_row_read(&session_volumes_table, 0, "session_volumes_pkey", 1, keys, snapshot, &row))
		return false;
	/* A window is one session; without one, yesterday's is over. */
	if (!has_window && at >= DatumGetTimestampTz(row.value[SESSION_VOLUMES_session_start]) + USECS_PER_DAY)
		return false;
	volume->vwap = arb_fixed_from_numeric(DirectFunctionCall2(numeric_div, row.value[SESSION_VOLUMES_value],
															  row.value[SESSION_VOLUMES_qty]));
	volume->qty = arb_row_fixed(&row, SESSION_VOLUMES_qty);
	return true;
}

/* Refuses what is no trade before anything is counted; returns how many there are. */
static int
check_array(ArrayType *array, Oid type, const char *name)
{
	Datum	   *values;
	bool	   *nulls;
	int			count;
	int			i;
	int16		len;
	bool		byval;
	char		align;

	get_typlenbyvalalign(type, &len, &byval, &align);
	deconstruct_array(array, type, len, byval, align, &values, &nulls, &count);
	if (count > MAX_TRADES_PER_CALL)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("array \"%s\" has %d elements, at most %d fit one call", name, count, MAX_TRADES_PER_CALL)));
	for (i = 0; i < count; i++)
	{
		if (nulls[i])
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("array \"%s\" has a NULL in it", name)));
		if (type == NUMERICOID && arb_fixed_from_numeric(values[i]) <= 0)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("a trade's price and size must be above zero")));
		if (type == INT8OID)
			(void) arb_time_from_unix_ms(DatumGetInt64(values[i]));
	}
	return count;
}

static void
same_length(int count, int other, const char *name)
{
	if (count != other)
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("array \"%s\" has %d elements, %d are expected", name, other, count)));
}

/*
 * arbees.report_trades(venue, instruments[], prices[], sizes[], source_ms[]) returns bigint
 *
 * Returns: how many trades were counted.
 * Errors:	25001 outside READ COMMITTED, 22023 and the like for what is no trade.
 */
PG_FUNCTION_INFO_V1(arbees_report_trades);
Datum
arbees_report_trades(PG_FUNCTION_ARGS)
{
	static SqlPlan plan = {
		"WITH told AS ("
		" SELECT t.instrument_id, t.price, t.qty, w.window_id, w.opens_at, w.closes_at, s.last_at,"
		" CASE WHEN to_timestamp(t.ms / 1000.0) > $6 THEN $7 ELSE to_timestamp(t.ms / 1000.0) END AS at"
		" FROM unnest($2, $3, $4, $5) AS t (instrument_id, price, qty, ms)"
		" JOIN arbees.instruments i ON i.instrument_id = t.instrument_id AND i.venue_id = $1"
		" LEFT JOIN arbees.windows w ON w.window_id = i.window_id"
		" LEFT JOIN arbees.session_volumes s ON s.instrument_id = t.instrument_id),"
		" news AS ("
		" SELECT instrument_id, price, qty, at,"
		" coalesce(opens_at, date_trunc('day', at AT TIME ZONE 'UTC') AT TIME ZONE 'UTC') AS session_start"
		" FROM told WHERE (last_at IS NULL OR at > last_at) AND (window_id IS NULL OR (at >= opens_at AND at < closes_at))),"
		" latest AS (SELECT *, max(session_start) OVER (PARTITION BY instrument_id) AS last_session FROM news),"
		" summed AS ("
		" SELECT instrument_id, session_start, sum(price * qty) AS value, sum(qty) AS qty, count(*) AS trades,"
		" max(at) AS last_at FROM latest WHERE session_start = last_session GROUP BY instrument_id, session_start),"
		" kept AS ("
		" INSERT INTO arbees.session_volumes AS v (instrument_id, session_start, value, qty, trades, last_at)"
		" SELECT instrument_id, session_start, value, qty, trades, last_at FROM summed ORDER BY instrument_id"
		" ON CONFLICT (instrument_id) DO UPDATE SET session_start = excluded.session_start, last_at = excluded.last_at,"
		" value = excluded.value + CASE WHEN v.session_start = excluded.session_start THEN v.value ELSE 0 END,"
		" qty = excluded.qty + CASE WHEN v.session_start = excluded.session_start THEN v.qty ELSE 0 END,"
		" trades = excluded.trades + CASE WHEN v.session_start = excluded.session_start THEN v.trades ELSE 0 END)"
		" SELECT coalesce(sum(trades), 0)::bigint FROM summed",
		7, {INT4OID, INT4ARRAYOID, NUMERICARRAYOID, NUMERICARRAYOID, INT8ARRAYOID, TIMESTAMPTZOID, TIMESTAMPTZOID}
	};
	static const Oid types[] = {INT4OID, NUMERICOID, NUMERICOID, INT8OID};
	static const char *const names[] = {"instruments", "prices", "sizes", "source_ms"};
	Datum		value[7];
	TimestampTz now;
	int64		counted;
	int			count = 0;
	int			i;

	arb_require_read_committed("report_trades");
	value[0] = PG_GETARG_DATUM(0);
	for (i = 0; i < lengthof(types); i++)
	{
		int			n = check_array(PG_GETARG_ARRAYTYPE_P(i + 1), types[i], names[i]);

		if (i == 0)
			count = n;
		same_length(count, n, names[i]);
		value[i + 1] = PG_GETARG_DATUM(i + 1);
	}
	/* Lock, then read: another worker may be telling the same trades. */
	arb_lock_venue_clock(PG_GETARG_INT32(0));
	now = arb_now();
	/* A driven clock is the venue's own: its times are right by definition. */
	value[5] = TimestampTzGetDatum(arb_venue_driven(PG_GETARG_INT32(0)) ? DT_NOEND : now + MAX_AHEAD_US);
	value[6] = TimestampTzGetDatum(now);
	arb_sql_begin();
	arb_sql_run(&plan, value, NULL);
	counted = arb_sql_int64(0, 1, 0);
	arb_sql_end();
	PG_RETURN_INT64(counted);
}
