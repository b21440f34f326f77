/*-------------------------------------------------------------------------
 *
 * src/safety/breaker.c
 *	  Breakers: of the desk and of each portfolio.
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

static bool
is_row_of(const Row *row, const char *scope, int32 scope_id)
{
	return DatumGetInt32(row->value[BREAKERS_scope_id]) == scope_id &&
		strcmp(TextDatumGetCString(row->value[BREAKERS_scope]), scope) == 0;
}

/* arb_breaker_open tells whether the desk's breaker or the portfolio's forbids entries. */
bool
arb_breaker_open(Snapshot snapshot, int32 portfolio_id)
{
	const RowSet *breakers = arb_rows_cached(&breakers_table, "breakers_pkey");
	int			i;

	for (i = 0; i < breakers->count; i++)
	{
		const Row  *row = breakers->rows[i];

		if (arb_label_value(LABEL_BREAKER_STATE, DatumGetObjectId(row->value[BREAKERS_state])) == BREAKER_CLOSED)
			continue;
		if (is_row_of(row, "desk", 0) || (portfolio_id != 0 && is_row_of(row, "portfolio", portfolio_id)))
			return true;
	}
	return false;
}

/*
 * arb_breaker_trip opens a breaker; one that is open already stays as it is.
 *
 * Args:	portfolio_id, 0 for the desk's.
 */
void
arb_breaker_trip(int32 portfolio_id, const char *reason)
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
	bool		opened;

	values[0] = CStringGetTextDatum(portfolio_id == 0 ? "desk" : "portfolio");
	values[1] = Int32GetDatum(portfolio_id);
	values[2] = CStringGetTextDatum(reason);
	values[3] = CStringGetTextDatum(arb_actor());
	arb_sql_begin();
	arb_guard_open("breakers");
	opened = arb_sql_run(&plan, values, NULL) > 0;
	arb_guard_close();
	arb_sql_end();
	if (!opened)
		return;
	arb_journal(JOURNAL_NO_MODE, "breaker_opened", portfolio_id, 0, reason);
	arb_alert("critical", "breaker_opened", portfolio_id, reason);
}

/* The id of a portfolio's name; raises when there is none. */
static int32
portfolio_by_name(const char *name)
{
	static SqlPlan plan = {
		"SELECT portfolio_id FROM arbees.portfolios WHERE name = $1", 1, {TEXTOID}
	};
	Datum		value = CStringGetTextDatum(name);
	int32		id;

	arb_sql_begin();
	id = arb_sql_run(&plan, &value, NULL) > 0 ? arb_sql_int32(0, 1, 0) : 0;
	arb_sql_end();
	if (id == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("portfolio \"%s\" does not exist", name),
				 errhint("Name a portfolio, or 'desk' for the breaker of the whole desk.")));
	return id;
}

/* arbees_reset_breaker(portfolio, reason) closes a breaker; 'desk' is the desk's. */
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
	bool		is_desk = strcmp(name, "desk") == 0;
	int32		portfolio_id;
	Datum		values[4];
	bool		closed;

	if (*name == '\0' || *reason == '\0')
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("a portfolio (or 'desk') and a reason must be given")));
	arb_require_synchronous_commit("a reset of a breaker");
	portfolio_id = is_desk ? 0 : portfolio_by_name(name);
	values[0] = CStringGetTextDatum(is_desk ? "desk" : "portfolio");
	values[1] = Int32GetDatum(portfolio_id);
	values[2] = CStringGetTextDatum(reason);
	values[3] = CStringGetTextDatum(arb_actor());
	arb_sql_begin();
	arb_guard_open("breakers");
	closed = arb_sql_run(&plan, values, NULL) > 0;
	arb_guard_close();
	arb_sql_end();
	if (closed)
		arb_journal(JOURNAL_NO_MODE, "breaker_reset", portfolio_id, 0, reason);
	PG_RETURN_TEXT_P(cstring_to_text(psprintf("breaker of %s %s", name,
											  closed ? "closed" : "was closed already")));
}
