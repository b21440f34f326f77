/*-------------------------------------------------------------------------
 *
 * src/trade/portfolio_level.c
 *	  Kill levels of one simulated portfolio, beside the desk's.
 *
 * Two columns of the portfolio's row, which the gate reads anyway: the level its
 * own losses set, and the one a drill rehearses. The strictest of them and the
 * kill switch binds the gate, exits, claims and cancels (arb_kill_level_of). A
 * simulated order is made and filled under the portfolio's lock, so that lock is
 * all a change needs. Money that is not play money is stopped by the kill switch of
 * the desk and by nothing weaker; a constraint of the table says so.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "core/guard.h"
#include "core/lock.h"
#include "core/sql.h"
#include "core/txn.h"
#include "core/wake.h"
#include "fmgr.h"
#include "journal/journal.h"
#include "trade/desk.h"
#include "trade/portfolio_level.h"
#include "utils/builtins.h"

PG_FUNCTION_INFO_V1(arbees_resume_portfolio);

/* True when the statement changed the row. */
static bool
update_level(SqlPlan *plan, int32 portfolio_id, KillLevel level)
{
	Datum		values[2];
	bool		changed;

	values[0] = Int32GetDatum(portfolio_id);
	values[1] = CStringGetTextDatum(arb_label_name(LABEL_KILL_LEVEL, level));
	arb_sql_begin();
	changed = arb_sql_run(plan, values, NULL) > 0;
	arb_sql_end();
	if (changed)
		arb_wake_conductor();
	return changed;
}

/* arb_portfolio_set_drill_level: the caller holds the portfolio's lock. */
void
arb_portfolio_set_drill_level(int32 portfolio_id, KillLevel level)
{
	static SqlPlan plan = {
		"UPDATE arbees.portfolios SET drill_level = $2::arbees.kill_level"
		" WHERE portfolio_id = $1 AND drill_level::text <> $2",
		2, {INT4OID, TEXTOID}
	};

	update_level(&plan, portfolio_id, level);
}

/* arb_portfolio_raise_level: the caller holds the portfolio's lock; a level in force is never lowered. */
void
arb_portfolio_raise_level(TradingMode mode, int32 portfolio_id, KillLevel level, const char *reason)
{
	static SqlPlan plan = {
		"UPDATE arbees.portfolios SET kill_level = $2::arbees.kill_level"
		" WHERE portfolio_id = $1 AND kill_level < $2::arbees.kill_level",
		2, {INT4OID, TEXTOID}
	};

	if (update_level(&plan, portfolio_id, level))
		arb_journal(mode, "portfolio_killed", portfolio_id, 0,
					psprintf("%s: %s", arb_label_name(LABEL_KILL_LEVEL, level), reason));
}

static bool
end_drills(int32 portfolio_id, const char *why)
{
	static SqlPlan plan = {
		"UPDATE arbees.kill_drills SET finished_at = clock_timestamp(), ok = false, result = $2"
		" WHERE portfolio_id = $1 AND finished_at IS NULL",
		2, {INT4OID, TEXTOID}
	};
	Datum		values[2];
	bool		ended;

	values[0] = Int32GetDatum(portfolio_id);
	values[1] = CStringGetTextDatum(why);
	arb_sql_begin();
	arb_guard_open("kill_drills");
	ended = arb_sql_run(&plan, values, NULL) > 0;
	arb_guard_close();
	arb_sql_end();
	return ended;
}

/*
 * arbees_resume_portfolio(portfolio, reason) lifts a simulated portfolio's own level
 * and ends a drill that runs in it; the desk's level stays what it is.
 */
Datum
arbees_resume_portfolio(PG_FUNCTION_ARGS)
{
	static SqlPlan plan = {
		"UPDATE arbees.portfolios SET kill_level = $2::arbees.kill_level"
		" WHERE portfolio_id = $1 AND kill_level::text <> $2",
		2, {INT4OID, TEXTOID}
	};
	char	   *name = PG_ARGISNULL(0) ? "" : text_to_cstring(PG_GETARG_TEXT_PP(0));
	char	   *reason = PG_ARGISNULL(1) ? "" : text_to_cstring(PG_GETARG_TEXT_PP(1));
	int32		portfolio_id;
	Desk		desk;
	bool		lifted;
	bool		ended;

	if (*name == '\0' || *reason == '\0')
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("a portfolio and a reason must be given")));
	arb_require_primary("arbees_resume_portfolio");
	arb_require_read_committed("arbees_resume_portfolio");
	portfolio_id = arb_portfolio_by_name(name);
	arb_lock_portfolio(portfolio_id);
	ended = end_drills(portfolio_id, psprintf("ended by %s: %s", arb_actor(), reason));
	arb_portfolio_set_drill_level(portfolio_id, KILL_NONE);
	lifted = update_level(&plan, portfolio_id, KILL_NONE);
	if (lifted || ended)
	{
		arb_desk_read(portfolio_id, &desk);
		arb_journal(desk.mode, "portfolio_resumed", portfolio_id, 0, reason);
	}
	PG_RETURN_TEXT_P(cstring_to_text(lifted ? "resumed" : ended ? "drill ended" : "was not stopped"));
}
