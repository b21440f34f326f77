/*-------------------------------------------------------------------------
 *
 * src/trade/steps.c
 *	  The steps of the tick that move the books: windows, orders, exits, settlement.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "compat.h"
#include "core/clock.h"
#include "core/lock.h"
#include "core/sql.h"
#include "core/wake.h"
#include "fmgr.h"
#include "market/window.h"
#include "safety/control.h"
#include "safety/kill.h"
#include "trade/desk.h"
#include "trade/exit.h"
#include "trade/fill.h"
#include "trade/settle_due.h"
#include "trade/submit.h"
#include "utils/builtins.h"

/* step_windows(): venues whose clock is the wall's. */
PG_FUNCTION_INFO_V1(arbees_step_windows);
Datum
arbees_step_windows(PG_FUNCTION_ARGS)
{
	static SqlPlan plan = {"SELECT venue_id FROM arbees.venues WHERE NOT clock_driven ORDER BY venue_id", 0, {0}};
	ListCell   *lc;

	foreach(lc, arb_sql_ids(&plan, NULL))
		arb_windows_advance(lfirst_int(lc), arb_now());
	PG_RETURN_VOID();
}

/* Ended in one transaction; more wait for the next tick, which then comes at once. */
#define MAX_ORDERS_PER_STEP 1000

typedef struct OrderWork
{
	int64		order_id;
	int32		portfolio_id;
	TradingMode mode;
} OrderWork;

/* Orders nobody will claim any more, and those whose answer is overdue; found in the index of working orders. */
static uint64
find_overdue(OrderWork **work)
{
	static SqlPlan plan = {
		"SELECT o.order_id, o.portfolio_id, o.mode::text FROM arbees.orders o"
		" JOIN arbees.portfolios p ON p.portfolio_id = o.portfolio_id,"
		" LATERAL (SELECT greatest($1::arbees.kill_level, p.kill_level, p.drill_level) AS level) k"
		" WHERE o.finished_at IS NULL AND o.mode <> 'BACKTEST'"
		" AND ((o.state = 'NEW' AND (o.send_before < clock_timestamp() OR o.cancel_requested_at IS NOT NULL"
		"   OR (k.level <> 'none' AND o.purpose = 'ENTRY') OR k.level = 'emergency'))"
		" OR (o.state = 'SENDING' AND o.claimed_at < clock_timestamp() - $2 * interval '1 millisecond')"
		" OR (o.state IN ('OPEN', 'PARTIALLY_FILLED') AND o.mode <> 'LIVE' AND"
		"   (k.level = 'emergency' OR (k.level = 'flatten' AND o.purpose = 'ENTRY'))))"
		" ORDER BY 2, 1 LIMIT " CppAsString2(MAX_ORDERS_PER_STEP),
		2, {TEXTOID, INT8OID}
	};
	Snapshot	snapshot = arb_snapshot_begin();
	Datum		args[2];
	uint64		n;
	uint64		i;

	args[0] = CStringGetTextDatum(arb_label_name(LABEL_KILL_LEVEL, arb_kill_level(snapshot)));
	args[1] = Int64GetDatum(Max(arb_controls()->confirm_timeout_ms, 0));
	arb_snapshot_end(snapshot);
	arb_sql_begin();
	n = arb_sql_run(&plan, args, NULL);
	*work = SPI_palloc(sizeof(OrderWork) * Max(n, 1));
	for (i = 0; i < n; i++)
	{
		(*work)[i].order_id = arb_sql_int64(i, 1, 0);
		(*work)[i].portfolio_id = arb_sql_int32(i, 2, 0);
		(*work)[i].mode = arb_label_parse(LABEL_MODE, arb_sql_text(i, 3));
	}
	arb_sql_end();
	return n;
}

static void
end_overdue(const OrderWork *work)
{
	Row			order;
	Desk		desk;

	if (!arb_order_lock_free(work->mode, work->order_id, &order))
		return;
	arb_desk_read(work->portfolio_id, &desk);
	switch (arb_order_state(&order))
	{
		case ORDER_STATE_NEW:
			if (!order.null[ORDERS_cancel_requested_at])
				arb_order_finish(work->mode, &order, ORDER_EVENT_CLOSE, "cancelled before it was sent", desk.market_time);
			else
				arb_order_finish(work->mode, &order, ORDER_EVENT_EXPIRE, "not sent: late, or the kill switch is engaged",
								 desk.market_time);
			break;
		case ORDER_STATE_SENDING:
			/* It may have been claimed while we waited for it: its time counts from then. */
			if (arb_elapsed_ms(DatumGetTimestampTz(order.value[ORDERS_claimed_at]), arb_now()) <
				Max(arb_controls()->confirm_timeout_ms, 0))
				break;
			arb_order_lose(work->mode, &order, "no answer in time");
			break;
		case ORDER_STATE_OPEN:
		case ORDER_STATE_PARTIALLY_FILLED:
			/* A LIVE order here was claimed and accepted while we waited: it was in time. */
			if (arb_mode_is_simulated(work->mode))
				arb_order_cancel(work->mode, &order, "kill switch", desk.market_time);
			break;
		default:
			break;
	}
}

/* step_orders(): what time and the kill switch demand of working orders. */
PG_FUNCTION_INFO_V1(arbees_step_orders);
Datum
arbees_step_orders(PG_FUNCTION_ARGS)
{
	OrderWork  *work;
	uint64		n;
	uint64		i;

	arb_lock_kill(ShareLock);
	n = find_overdue(&work);
	/* One that somebody holds has its turn in the next tick, and keeps no other waiting. */
	for (i = 0; i < n; i++)
		if (arb_lock_portfolio_try(work[i].portfolio_id))
			end_overdue(&work[i]);
	if (n == MAX_ORDERS_PER_STEP)
		arb_wake_conductor();
	PG_RETURN_VOID();
}

/* Portfolios with an open position, ascending; from the index of open positions. */
static List *
portfolios_with_positions(void)
{
	static SqlPlan plan = {
		"SELECT DISTINCT portfolio_id FROM arbees.positions WHERE state <> 'CLOSED' AND mode <> 'BACKTEST'"
		" ORDER BY portfolio_id",
		0, {0}
	};

	return arb_sql_ids(&plan, NULL);
}

/* step_exits(): kill, expiry and retries, by the stored quotes. */
PG_FUNCTION_INFO_V1(arbees_step_exits);
Datum
arbees_step_exits(PG_FUNCTION_ARGS)
{
	List	   *portfolios = portfolios_with_positions();
	ListCell   *lc;
	int			made = 0;

	/* Both modes' epochs, then the portfolios: the order of core/lock.h. */
	foreach(lc, arb_submit_lock_free(MODE_LIVE, portfolios))
	{
		Desk		desk;

		arb_desk_read(lfirst_int(lc), &desk);
		made += arb_exits_of_portfolio(desk.mode, desk.portfolio_id, desk.market_time);
	}
	if (made > 0)
		arb_wake_workers(NULL);
	PG_RETURN_VOID();
}

/* step_settlement(): positions of resolved windows at venues whose clock is the wall's. */
PG_FUNCTION_INFO_V1(arbees_step_settlement);
Datum
arbees_step_settlement(PG_FUNCTION_ARGS)
{
	static SqlPlan plan = {
		"SELECT DISTINCT w.venue_id FROM arbees.positions p"
		" JOIN arbees.windows w ON w.window_id = p.window_id JOIN arbees.venues v ON v.venue_id = w.venue_id"
		" WHERE p.qty <> 0 AND p.mode <> 'BACKTEST' AND w.venue_outcome IS NOT NULL AND NOT v.clock_driven"
		" ORDER BY 1",
		0, {0}
	};
	ListCell   *lc;

	foreach(lc, arb_sql_ids(&plan, NULL))
	{
		arb_settle_due(lfirst_int(lc), MODE_LIVE, arb_now(), true);
		arb_settle_due(lfirst_int(lc), MODE_DRY_RUN, arb_now(), true);
		arb_settle_due(lfirst_int(lc), MODE_PAPER, arb_now(), true);
	}
	PG_RETURN_VOID();
}
