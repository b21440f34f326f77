/*-------------------------------------------------------------------------
 *
 * src/safety/breaker.c
 *	  Breakers: of the desk, of each portfolio, venue and strategy.
 *
 * A missing row is a closed breaker; anything that is not CLOSED stops entries.
 * A breaker opens by itself and closes only by a person's recorded word.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "core/columns.h"
#include "core/guard.h"
#include "core/row_cache.h"
#include "core/sql.h"
#include "core/txn.h"
#include "errors.h"
#include "fmgr.h"
#include "journal/journal.h"
#include "safety/breaker.h"
#include "utils/builtins.h"

PG_FUNCTION_INFO_V1(arbees_reset_breaker);
PG_FUNCTION_INFO_V1(arbees_trip_breaker);

static bool
is_row_of(const Row *row, const char *scope, int32 scope_id)
{
	return DatumGetInt32(row->value[BREAKERS_scope_id]) == scope_id &&
		strcmp(TextDatumGetCString(row->value[BREAKERS_scope]), scope) == 0;
}

/*
 * arb_breakers tells which breakers forbid entries: the portfolio's or the desk's, the venue's, the strategy's.
 */
void
arb_breakers(int32 portfolio_id, int32 venue_id, int32 strategy_id, bool open[BREAKER_SCOPES])
{
	const RowSet *breakers = arb_rows_cached(&breakers_table, "breakers_pkey");
	int			i;

	memset(open, 0, sizeof(bool) * BREAKER_SCOPES);
	for (i = 0; i < breakers->count; i++)
	{
		const Row  *row = breakers->rows[i];

		if (arb_label_value(LABEL_BREAKER_STATE, DatumGetObjectId(row->value[BREAKERS_state])) == BREAKER_CLOSED)
			continue;
		open[BREAKER_OF_PORTFOLIO] |= is_row_of(row, "desk", 0) ||
			(portfolio_id != 0 && is_row_of(row, "portfolio", portfolio_id));
		open[BREAKER_OF_VENUE] |= venue_id != 0 && is_row_of(row, "venue", venue_id);
		open[BREAKER_OF_STRATEGY] |= strategy_id != 0 && is_row_of(row, "strategy", strategy_id);
	}
}

static const char *
scope_name(BreakerScope scope, int32 id)
{
	return scope == BREAKER_OF_VENUE ? "venue" : scope == BREAKER_OF_STRATEGY ? "strategy" :
		id == 0 ? "desk" : "portfolio";
}

/* One that is open already stays as it is, with its reason. */
static void
trip(BreakerScope scope, int32 id, const char *reason)
{
	static SqlPlan plan = {
		"INSERT INTO arbees.breakers AS b (scope, scope_id, state, reason, changed_by, changed_at)"
		" VALUES ($1, $2, 'OPEN', $3, $4, pg_catalog.clock_timestamp())"
		" ON CONFLICT (scope, scope_id) DO UPDATE SET state = 'OPEN', reason = excluded.reason,"
		"  changed_by = excluded.changed_by, changed_at = excluded.changed_at"
		" WHERE b.state <> 'OPEN'",
		4, {TEXTOID, INT4OID, TEXTOID, TEXTOID}
	};
	Datum		values[4];
	int32		portfolio_id = scope == BREAKER_OF_PORTFOLIO ? id : 0;
	const char *told = scope == BREAKER_OF_PORTFOLIO ? reason :
		psprintf("%s %d: %s", scope_name(scope, id), id, reason);
	bool		opened;

	values[0] = CStringGetTextDatum(scope_name(scope, id));
	values[1] = Int32GetDatum(id);
	values[2] = CStringGetTextDatum(reason);
	values[3] = CStringGetTextDatum(arb_actor());
	arb_sql_begin();
	arb_guard_open("breakers");
	opened = arb_sql_run(&plan, values, NULL) > 0;
	arb_guard_close();
	arb_sql_end();
	if (!opened)
		return;
	arb_journal(JOURNAL_NO_MODE, "breaker_opened", portfolio_id, 0, told);
	arb_alert("critical", "breaker_opened", portfolio_id, told);
}

/*
 * arb_breaker_trip opens the breaker of a portfolio, or the desk's.
 *
 * Args:	portfolio_id, 0 for the desk's.
 */
void
arb_breaker_trip(int32 portfolio_id, const char *reason)
{
	trip(BREAKER_OF_PORTFOLIO, portfolio_id, reason);
}

/* What the name of a breaker means: 'desk', a portfolio, 'venue:name' or 'strategy:name'. */
static void
find_breaker(const char *name, BreakerScope *scope, int32 *id)
{
	static SqlPlan plan = {
		"SELECT portfolio_id FROM arbees.portfolios WHERE $1 = 0 AND name = $2"
		" UNION ALL SELECT venue_id FROM arbees.venues WHERE $1 = 1 AND name = $2"
		" UNION ALL SELECT strategy_id FROM arbees.strategies WHERE $1 = 2 AND name = $2",
		2, {INT4OID, TEXTOID}
	};
	const char *colon = strchr(name, ':');
	Datum		values[2];

	*scope = BREAKER_OF_PORTFOLIO;
	*id = 0;
	if (strcmp(name, "desk") == 0)
		return;
	if (strncmp(name, "venue:", 6) == 0)
		*scope = BREAKER_OF_VENUE;
	else if (strncmp(name, "strategy:", 9) == 0)
		*scope = BREAKER_OF_STRATEGY;
	if (*scope != BREAKER_OF_PORTFOLIO)
		name = colon + 1;
	values[0] = Int32GetDatum((int32) *scope);
	values[1] = CStringGetTextDatum(name);
	arb_sql_begin();
	*id = arb_sql_run(&plan, values, NULL) > 0 ? arb_sql_int32(0, 1, 0) : 0;
	arb_sql_end();
	if (*id == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s \"%s\" does not exist", scope_name(*scope, 1), name),
				 errhint("Name a portfolio, 'venue:name', 'strategy:name', or 'desk' for the breaker of the whole desk.")));
}

/* arbees_reset_breaker(portfolio, reason) closes a breaker; see find_breaker for whose. */
Datum
arbees_reset_breaker(PG_FUNCTION_ARGS)
{
	static SqlPlan plan = {
		"UPDATE arbees.breakers SET state = 'CLOSED', reason = $3, changed_by = $4,"
		" changed_at = pg_catalog.clock_timestamp()"
		" WHERE scope = $1 AND scope_id = $2 AND state <> 'CLOSED'",
		4, {TEXTOID, INT4OID, TEXTOID, TEXTOID}
	};
	char	   *name = PG_ARGISNULL(0) ? "" : text_to_cstring(PG_GETARG_TEXT_PP(0));
	char	   *reason = PG_ARGISNULL(1) ? "" : text_to_cstring(PG_GETARG_TEXT_PP(1));
	BreakerScope scope;
	int32		id;
	Datum		values[4];
	bool		closed;

	if (*name == '\0' || *reason == '\0')
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("a portfolio (or 'desk') and a reason must be given")));
	arb_require_synchronous_commit("a reset of a breaker");
	find_breaker(name, &scope, &id);
	values[0] = CStringGetTextDatum(scope_name(scope, id));
	values[1] = Int32GetDatum(id);
	values[2] = CStringGetTextDatum(reason);
	values[3] = CStringGetTextDatum(arb_actor());
	arb_sql_begin();
	arb_guard_open("breakers");
	closed = arb_sql_run(&plan, values, NULL) > 0;
	arb_guard_close();
	arb_sql_end();
	if (closed)
		arb_journal(JOURNAL_NO_MODE, "breaker_reset", scope == BREAKER_OF_PORTFOLIO ? id : 0, 0,
					scope == BREAKER_OF_PORTFOLIO ? reason : psprintf("%s: %s", name, reason));
	PG_RETURN_TEXT_P(cstring_to_text(psprintf("breaker of %s %s", name,
											  closed ? "closed" : "was closed already")));
}

/* arbees_trip_breaker(portfolio, reason) opens a breaker by hand; see find_breaker for whose. */
Datum
arbees_trip_breaker(PG_FUNCTION_ARGS)
{
	char	   *name = PG_ARGISNULL(0) ? "" : text_to_cstring(PG_GETARG_TEXT_PP(0));
	char	   *reason = PG_ARGISNULL(1) ? "" : text_to_cstring(PG_GETARG_TEXT_PP(1));
	BreakerScope scope;
	int32		id;

	if (*name == '\0' || *reason == '\0')
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("a portfolio (or 'desk') and a reason must be given")));
	arb_require_synchronous_commit("a trip of a breaker");
	find_breaker(name, &scope, &id);
	trip(scope, id, reason);
	PG_RETURN_TEXT_P(cstring_to_text(psprintf("breaker of %s open", name)));
}
