/*-------------------------------------------------------------------------
 *
 * src/trade/kill_drill.c
 *	  A rehearsal of the kill switch in one PAPER portfolio.
 *
 * arbees_kill_drill writes what is to be rehearsed; a step of the tick carries
 * it out, one level after the other, each by the machinery that a real kill
 * uses: the gate, the cancels and the exit ladder read the portfolio's
 * drill_level as they read the kill switch. All its state is rows, so a drill
 * goes on after a restart of the server.
 *
 * pause and emergency prove themselves by a signal that the gate must refuse,
 * flatten and emergency by nothing being left; a level that has not got there
 * within its time has failed, and the drill goes on to the next.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "core/clock.h"
#include "core/guard.h"
#include "core/lock.h"
#include "core/sql.h"
#include "core/txn.h"
#include "core/wake.h"
#include "errors.h"
#include "fmgr.h"
#include "journal/journal.h"
#include "safety/kill.h"
#include "trade/desk.h"
#include "trade/portfolio_level.h"
#include "trade/submit.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

/* A level that has not done its work by then has failed. */
#define LEVEL_PATIENCE_MS 60000

PG_FUNCTION_INFO_V1(arbees_kill_drill);
PG_FUNCTION_INFO_V1(arbees_step_drills);

typedef struct Drill
{
	int64		drill_id;
	int32		portfolio_id;
	KillLevel	level;			/* the one at work, or the next; 0 = none left */
	TimestampTz started_at;		/* 0 = not yet */
} Drill;

/* ---- the verb ---- */

static void
refuse_unless_rehearsable(const char *name, const Desk *desk)
{
	static SqlPlan plan = {
		"SELECT p.kill_level::text, EXISTS (SELECT FROM arbees.kill_drills d"
		"  WHERE d.portfolio_id = p.portfolio_id AND d.finished_at IS NULL)"
		" FROM arbees.portfolios p WHERE p.portfolio_id = $1",
		1, {INT4OID}
	};
	Datum		value = Int32GetDatum(desk->portfolio_id);
	Snapshot	snapshot = arb_snapshot_begin();
	KillLevel	level = arb_kill_level(snapshot);
	bool		stopped;
	bool		running;

	arb_snapshot_end(snapshot);
	if (desk->mode != MODE_PAPER)
		ereport(ERROR,
				(errcode(ERRCODE_ARB_RISK_DENIED),
				 errmsg("portfolio \"%s\" is %s: only a PAPER portfolio can be drilled", name,
						arb_label_name(LABEL_MODE, desk->mode)),
				 errdetail("A drill cancels every order and sells every position of the portfolio.")));
	arb_sql_begin();
	arb_sql_run(&plan, &value, NULL);
	stopped = strcmp(arb_sql_text(0, 1), "none") != 0;
	running = arb_sql_bool(0, 2, true);
	arb_sql_end();
	if (level != KILL_NONE || stopped)
		ereport(ERROR,
				(errcode(ERRCODE_ARB_KILLED),
				 errmsg("portfolio \"%s\" is stopped already: there is nothing to rehearse", name),
				 errhint("A drill starts from a portfolio that trades.")));
	if (running)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_IN_USE),
				 errmsg("a drill runs in portfolio \"%s\" already", name),
				 errhint("arbees.kill_drills shows it; arbees_resume_portfolio(portfolio, reason) ends it.")));
}

static int64
write_plan(int32 portfolio_id)
{
	static SqlPlan plan = {
		"INSERT INTO arbees.kill_drills (drill_id, level, portfolio_id, called_by, called_at)"
		" SELECT d.id, l.level, $1, $2, d.at"
		" FROM (SELECT nextval('arbees.kill_drills_seq') AS id, clock_timestamp() AS at OFFSET 0) d,"
		"  unnest('{pause,flatten,emergency}'::arbees.kill_level[]) AS l(level) RETURNING drill_id",
		2, {INT4OID, TEXTOID}
	};
	Datum		values[2];
	int64		id;

	values[0] = Int32GetDatum(portfolio_id);
	values[1] = CStringGetTextDatum(arb_actor());
	arb_sql_begin();
	arb_guard_open("kill_drills");
	arb_sql_run(&plan, values, NULL);
	arb_guard_close();
	id = arb_sql_int64(0, 1, 0);
	arb_sql_end();
	return id;
}

/*
 * arbees_kill_drill(portfolio) returns the number of the drill; arbees.kill_drills shows how it goes.
 *
 * Locks: the portfolio.
 */
Datum
arbees_kill_drill(PG_FUNCTION_ARGS)
{
	char	   *name = text_to_cstring(PG_GETARG_TEXT_PP(0));
	Desk		desk;
	int64		id;

	arb_require_primary("arbees_kill_drill");
	arb_require_read_committed("arbees_kill_drill");
	arb_desk_read(arb_portfolio_by_name(name), &desk);
	arb_lock_portfolio(desk.portfolio_id);
	refuse_unless_rehearsable(name, &desk);
	id = write_plan(desk.portfolio_id);
	arb_journal(desk.mode, "kill_drill_called", desk.portfolio_id, id, "pause, flatten, emergency");
	arb_wake_conductor();
	PG_RETURN_INT64(id);
}

/* ---- the step ---- */

/* The level of a portfolio's drill that comes next. */
static bool
read_drill(int32 portfolio_id, Drill *drill)
{
	static SqlPlan plan = {
		"SELECT d.drill_id, d.level::text, d.started_at FROM arbees.kill_drills d"
		" WHERE d.portfolio_id = $1 AND d.finished_at IS NULL ORDER BY d.level LIMIT 1",
		1, {INT4OID}
	};
	Datum		value = Int32GetDatum(portfolio_id);
	bool		found;

	memset(drill, 0, sizeof(*drill));
	drill->portfolio_id = portfolio_id;
	arb_sql_begin();
	found = arb_sql_run(&plan, &value, NULL) > 0;
	if (found)
	{
		bool		isnull;
		Datum		started = arb_sql_value(0, 3, &isnull);

		drill->drill_id = arb_sql_int64(0, 1, 0);
		drill->level = arb_label_parse(LABEL_KILL_LEVEL, arb_sql_text(0, 2));
		drill->started_at = isnull ? 0 : DatumGetTimestampTz(started);
	}
	arb_sql_end();
	return found;
}

static void
begin_level(const Drill *drill)
{
	static SqlPlan plan = {
		"UPDATE arbees.kill_drills SET started_at = clock_timestamp()"
		" WHERE drill_id = $1 AND level = $2::arbees.kill_level",
		2, {INT8OID, TEXTOID}
	};
	Datum		values[2];

	arb_portfolio_set_drill_level(drill->portfolio_id, drill->level);
	values[0] = Int64GetDatum(drill->drill_id);
	values[1] = CStringGetTextDatum(arb_label_name(LABEL_KILL_LEVEL, drill->level));
	arb_sql_begin();
	arb_guard_open("kill_drills");
	arb_sql_run(&plan, values, NULL);
	arb_guard_close();
	arb_sql_end();
	/* What the level demands is done by the steps of the next tick, which comes at once. */
	arb_wake_conductor();
}

static void
finish_level(const Drill *drill, bool ok, int64 ms_to_flat, const char *result)
{
	static SqlPlan plan = {
		"UPDATE arbees.kill_drills SET finished_at = clock_timestamp(), ok = $3, ms_to_flat = $4, result = $5"
		" WHERE drill_id = $1 AND level = $2::arbees.kill_level",
		5, {INT8OID, TEXTOID, BOOLOID, INT8OID, TEXTOID}
	};
	const char *level = arb_label_name(LABEL_KILL_LEVEL, drill->level);
	char		nulls[5] = {' ', ' ', ' ', ms_to_flat < 0 ? 'n' : ' ', ' '};
	Datum		values[5];

	values[0] = Int64GetDatum(drill->drill_id);
	values[1] = CStringGetTextDatum(level);
	values[2] = BoolGetDatum(ok);
	values[3] = Int64GetDatum(ms_to_flat);
	values[4] = CStringGetTextDatum(result);
	arb_sql_begin();
	arb_guard_open("kill_drills");
	arb_sql_run(&plan, values, nulls);
	arb_guard_close();
	arb_sql_end();
	arb_journal(MODE_PAPER, "kill_drill", drill->portfolio_id, drill->drill_id,
				psprintf("%s %s: %s", level, ok ? "works" : "fails", result));
	if (!ok)
		arb_alert("critical", "kill_drill_failed", drill->portfolio_id,
				  psprintf("drill " INT64_FORMAT ", %s: %s", drill->drill_id, level, result));
}

/* A signal of a strategy that runs here, for what is quoted here; false when there is none. */
static bool
find_probe(int32 portfolio_id, Wish *wish)
{
	static SqlPlan plan = {
		"SELECT d.deployment_id, q.instrument_id FROM arbees.deployments d"
		" JOIN arbees.portfolios p ON p.portfolio_id = d.portfolio_id"
		" JOIN arbees.instruments i ON i.venue_id = p.venue_id"
		" JOIN arbees.quotes_desk q ON q.instrument_id = i.instrument_id"
		" WHERE d.portfolio_id = $1 AND d.state = 'active'"
		" ORDER BY q.received_at DESC, q.instrument_id, d.deployment_id LIMIT 1",
		1, {INT4OID}
	};
	Datum		value = Int32GetDatum(portfolio_id);
	bool		found;

	arb_sql_begin();
	found = arb_sql_run(&plan, &value, NULL) > 0;
	if (found)
	{
		wish->deployment_id = arb_sql_int32(0, 1, 0);
		wish->instrument_id = arb_sql_int32(0, 2, 0);
	}
	arb_sql_end();
	return found;
}

/* Puts a signal to the gate that the level must refuse; true when it did, and what it said. */
static bool
refuses_entries(const Drill *drill, const char **said)
{
	Wish		wish = {0};
	Submitted	result;
	Desk		desk;

	if (!find_probe(drill->portfolio_id, &wish))
	{
		*said = "entries could not be tried: no active deployment, or no quote";
		return false;
	}
	arb_desk_read(drill->portfolio_id, &desk);
	wish.portfolio_id = drill->portfolio_id;
	wish.mode = desk.mode;
	wish.purpose = PURPOSE_ENTRY;
	wish.key = psprintf("drill-" INT64_FORMAT "-%s", drill->drill_id, arb_label_name(LABEL_KILL_LEVEL, drill->level));
	wish.side = SIDE_BUY;
	wish.amount_kind = AMOUNT_MONEY;
	/* Should it pass, it is a dollar of play money at a price nobody sells at. */
	wish.amount = FIXED_ONE;
	wish.limit_price = FIXED_CENT;
	wish.time_in_force = TIF_FAK;
	wish.stop_loss_pct = wish.take_profit_pct = wish.confidence = wish.target_qty = FIXED_NULL;
	wish.exit_before_close_s = -1;
	arb_submit(&wish, NULL, desk.market_time, &result);
	if (result.reason != NULL && strcmp(result.reason, "kill_engaged") == 0)
	{
		*said = "entries are refused";
		return true;
	}
	*said = psprintf("the gate answered %s to decision " INT64_FORMAT,
					 result.reason == NULL ? "yes" : result.reason, result.decision_id);
	return false;
}

typedef struct Left
{
	int64		positions;
	int64		working;
	int64		unknown;
} Left;

static Left
what_is_left(int32 portfolio_id)
{
	static SqlPlan plan = {
		"SELECT positions_left, working, unknown FROM arbees.flatten_progress WHERE portfolio_id = $1",
		1, {INT4OID}
	};
	Datum		value = Int32GetDatum(portfolio_id);
	Left		left = {-1, -1, -1};

	arb_sql_begin();
	if (arb_sql_run(&plan, &value, NULL) > 0)
	{
		left.positions = arb_sql_int64(0, 1, -1);
		left.working = arb_sql_int64(0, 2, -1);
		left.unknown = arb_sql_int64(0, 3, -1);
	}
	arb_sql_end();
	return left;
}

/* Looks whether a level has done its work; true when it is over, well or not. */
static bool
review_level(const Drill *drill)
{
	int64		ms = arb_elapsed_ms(drill->started_at, arb_now());
	bool		sells = drill->level == KILL_FLATTEN;
	const char *said;
	Left		left;

	if (drill->level != KILL_PAUSE)
	{
		left = what_is_left(drill->portfolio_id);
		if (left.working != 0 || left.unknown != 0 || (sells && left.positions != 0))
		{
			if (ms < LEVEL_PATIENCE_MS)
				return false;
			finish_level(drill, false, -1,
						 psprintf(INT64_FORMAT " positions, " INT64_FORMAT " working and " INT64_FORMAT
								  " unknown orders are left after " INT64_FORMAT " ms",
								  left.positions, left.working, left.unknown, ms));
			return true;
		}
	}
	if (sells)
		finish_level(drill, true, ms, "no position and no order is left");
	else if (!refuses_entries(drill, &said))
		finish_level(drill, false, -1, said);
	else if (drill->level == KILL_PAUSE)
		finish_level(drill, true, -1, said);
	else
		finish_level(drill, true, ms, psprintf("no order is left, %s", said));
	return true;
}

static void
advance(int32 portfolio_id)
{
	Drill		drill;

	if (!read_drill(portfolio_id, &drill))
		return;
	if (drill.started_at != 0)
	{
		if (!review_level(&drill))
			return;
		if (!read_drill(portfolio_id, &drill))
		{
			arb_portfolio_set_drill_level(portfolio_id, KILL_NONE);
			return;
		}
	}
	begin_level(&drill);
}

/*
 * step_drills(): rehearsals under way.
 *
 * Locks: kill, shared; the portfolios.
 */
Datum
arbees_step_drills(PG_FUNCTION_ARGS)
{
	static SqlPlan plan = {
		"SELECT DISTINCT portfolio_id FROM arbees.kill_drills WHERE finished_at IS NULL ORDER BY 1", 0, {0}
	};
	List	   *portfolios = arb_sql_ids(&plan, NULL);
	ListCell   *lc;

	foreach(lc, arb_submit_lock_free(MODE_PAPER, portfolios))
		advance(lfirst_int(lc));
	PG_RETURN_VOID();
}
