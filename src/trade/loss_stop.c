/*-------------------------------------------------------------------------
 *
 * src/trade/loss_stop.c
 *	  What happens when a portfolio's losses reach a limit.
 *
 * The gate refuses entries by the same limits at once; this opens the
 * portfolio's breaker and, where loss_action says so, raises the kill switch
 * (for a simulated portfolio its own level: play money must not sell real
 * positions). It acts once: a limit that was reached stands in
 * arbees.loss_stops until the loss is within it again, so that a person's
 * resume is not overruled by the next tick.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "core/clock.h"
#include "core/guard.h"
#include "core/lock.h"
#include "core/row_cache.h"
#include "core/sql.h"
#include "fmgr.h"
#include "journal/journal.h"
#include "safety/breaker.h"
#include "safety/control.h"
#include "safety/kill.h"
#include "safety/limit.h"
#include "trade/desk.h"
#include "trade/ledger.h"
#include "trade/portfolio_level.h"
#include "utils/builtins.h"

PG_FUNCTION_INFO_V1(arbees_step_losses);

typedef struct Loss
{
	const char *limit_name;		/* the control's key */
	const char *what;			/* for people: what so many are */
	Fixed		loss;			/* dollars, or losses in a row */
	Fixed		limit;
} Loss;

#define LOSS_LIMITS 4

/* A limit that was just reached. */
typedef struct Stop
{
	Desk		desk;
	Loss		loss;
	char	   *reason;
} Stop;

/* The limits of the portfolio as a whole: its venue's, or the desk's. */
static void
limits_of(int32 portfolio_id, Limits *limits)
{
	LimitScope	scope = {NULL};
	Row			portfolio;
	Row			venue;

	if (arb_row_cached(&portfolios_table, "portfolios_pkey", portfolio_id, &portfolio) &&
		arb_row_cached(&venues_table, "venues_pkey", DatumGetInt32(portfolio.value[PORTFOLIOS_venue_id]), &venue))
		scope.venue = TextDatumGetCString(venue.value[VENUES_name]);
	arb_limits(&scope, limits);
}

/* Counts are compared as the dollars are. */
static Fixed
count_limit(int64 limit)
{
	return limit == FIXED_NULL || limit == FIXED_NONE ? limit : limit * FIXED_ONE;
}

static void
measure(const Desk *desk, Loss losses[LOSS_LIMITS])
{
	Snapshot	snapshot = arb_snapshot_begin();
	LedgerTotals totals;
	Limits		limits;

	limits_of(desk->portfolio_id, &limits);
	arb_ledger_totals(desk->mode, desk->portfolio_id, desk->market_time, snapshot, &totals);
	arb_snapshot_end(snapshot);
	losses[0] = (Loss) {"max_session_loss_usd", "dollars lost", -totals.session_pnl,
		limits.hard[LIMIT_max_session_loss_usd]};
	losses[1] = (Loss) {"daily_drawdown_limit_usd", "dollars lost", arb_fixed_sub(totals.day_peak, totals.day_pnl),
		limits.hard[LIMIT_daily_drawdown_limit_usd]};
	losses[2] = (Loss) {"weekly_drawdown_limit_usd", "dollars lost", arb_fixed_sub(totals.week_peak, totals.week_pnl),
		limits.hard[LIMIT_weekly_drawdown_limit_usd]};
	losses[3] = (Loss) {"max_consecutive_losses", "losses in a row", totals.losses_in_row * FIXED_ONE,
		count_limit(limits.hard[LIMIT_max_consecutive_losses])};
}

/* As the gate sees it; a limit that is missing makes it deny, but is none that could be reached, and no loss reaches none. */
static bool
is_reached(const Loss *loss)
{
	return loss->limit != FIXED_NULL && loss->limit != FIXED_NONE && loss->loss > 0 && loss->loss >= loss->limit;
}

static bool
stands(int32 portfolio_id, const char *limit_name)
{
	static SqlPlan plan = {
		"SELECT 1 FROM arbees.loss_stops WHERE portfolio_id = $1 AND loss_limit = $2 AND cleared_at IS NULL",
		2, {INT4OID, TEXTOID}
	};
	Datum		values[2];
	bool		found;

	values[0] = Int32GetDatum(portfolio_id);
	values[1] = CStringGetTextDatum(limit_name);
	arb_sql_begin();
	found = arb_sql_run(&plan, values, NULL) > 0;
	arb_sql_end();
	return found;
}

static const char *
action_name(void)
{
	return arb_controls()->loss_action == 0 ? "breaker" :
		arb_label_name(LABEL_KILL_LEVEL, arb_controls()->loss_action);
}

static void
record(const Desk *desk, const Loss *loss)
{
	static SqlPlan plan = {
		"INSERT INTO arbees.loss_stops (portfolio_id, loss_limit, reached_at, loss, limit_value, action)"
		" VALUES ($1, $2, clock_timestamp(), $3, $4, $5)",
		5, {INT4OID, TEXTOID, NUMERICOID, NUMERICOID, TEXTOID}
	};
	Datum		values[5];

	values[0] = Int32GetDatum(desk->portfolio_id);
	values[1] = CStringGetTextDatum(loss->limit_name);
	values[2] = arb_fixed_to_numeric(loss->loss);
	values[3] = arb_fixed_to_numeric(loss->limit);
	values[4] = CStringGetTextDatum(action_name());
	arb_sql_begin();
	arb_guard_open("loss_stops");
	arb_sql_run(&plan, values, NULL);
	arb_guard_close();
	arb_sql_end();
}

static void
clear(const Desk *desk, const Loss *loss)
{
	static SqlPlan plan = {
		"UPDATE arbees.loss_stops SET cleared_at = clock_timestamp()"
		" WHERE portfolio_id = $1 AND loss_limit = $2 AND cleared_at IS NULL",
		2, {INT4OID, TEXTOID}
	};
	Datum		values[2];

	values[0] = Int32GetDatum(desk->portfolio_id);
	values[1] = CStringGetTextDatum(loss->limit_name);
	arb_sql_begin();
	arb_guard_open("loss_stops");
	arb_sql_run(&plan, values, NULL);
	arb_guard_close();
	arb_sql_end();
	arb_journal(desk->mode, "loss_limit_cleared", desk->portfolio_id, 0, loss->limit_name);
}

/* Notes what is over; returns the limits just reached. */
static List *
review(const Desk *desk)
{
	Loss		losses[LOSS_LIMITS];
	List	   *stops = NIL;
	int			i;

	measure(desk, losses);
	for (i = 0; i < LOSS_LIMITS; i++)
	{
		bool		reached = is_reached(&losses[i]);
		Stop	   *stop;

		if (reached == stands(desk->portfolio_id, losses[i].limit_name))
			continue;
		if (!reached)
		{
			clear(desk, &losses[i]);
			continue;
		}
		stop = palloc(sizeof(Stop));
		stop->desk = *desk;
		stop->loss = losses[i];
		stop->reason = psprintf("%s %s: %s is %s", arb_fixed_to_cstring(losses[i].loss), losses[i].what,
								losses[i].limit_name, arb_fixed_to_cstring(losses[i].limit));
		stops = lappend(stops, stop);
	}
	return stops;
}

/* Kill first, portfolios after: the order of core/lock.h. */
static void
act(List *stops)
{
	KillLevel	level = arb_controls()->loss_action;
	ListCell   *lc;

	foreach(lc, stops)
	{
		Stop	   *stop = lfirst(lc);

		if (level >= KILL_PAUSE && !arb_mode_is_simulated(stop->desk.mode))
			arb_kill_raise(level, psprintf("portfolio %d: %s", stop->desk.portfolio_id, stop->reason));
	}
	foreach(lc, stops)
	{
		Stop	   *stop = lfirst(lc);
		bool		raises = level >= KILL_PAUSE && arb_mode_is_simulated(stop->desk.mode);

		arb_breaker_trip(stop->desk.portfolio_id, stop->reason);
		/* One that somebody holds is raised, and noted as dealt with, in a later tick. */
		if (raises && !arb_lock_portfolio_try(stop->desk.portfolio_id))
			continue;
		record(&stop->desk, &stop->loss);
		if (raises)
			arb_portfolio_raise_level(stop->desk.mode, stop->desk.portfolio_id, level, stop->reason);
	}
}

/*
 * step_losses(): losses against their limits, from the last rows of the ledgers.
 *
 * Locks: kill, exclusively, when it is raised; portfolios whose level is.
 */
Datum
arbees_step_losses(PG_FUNCTION_ARGS)
{
	static SqlPlan plan = {
		"SELECT portfolio_id FROM arbees.portfolios WHERE mode <> 'BACKTEST' ORDER BY portfolio_id", 0, {0}
	};
	List	   *stops = NIL;
	ListCell   *lc;

	foreach(lc, arb_sql_ids(&plan, NULL))
	{
		Desk		desk;

		arb_desk_read(lfirst_int(lc), &desk);
		stops = list_concat(stops, review(&desk));
	}
	act(stops);
	PG_RETURN_VOID();
}
