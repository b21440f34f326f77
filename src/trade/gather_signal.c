/*-------------------------------------------------------------------------
 *
 * src/trade/gather_signal.c
 *	  The part of a decision's input that says how much: the signal, the market's
 *	  motion, and the curves by which the strategy declared to shrink.
 *
 * Facts only; the arithmetic of sizing is the judge's. What a declared curve
 * needs and is not known counts as its worst case.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "core/clock.h"
#include "market/underlying.h"
#include "trade/gather.h"
#include "trade/order.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"

/* ---- the signal ---- */

static void
gather_exit_rules(GateContext *c)
{
	GateInput  *in = &c->in;
	const Wish *w = c->wish;

	in->stop_loss_pct = w->stop_loss_pct != FIXED_NULL ? w->stop_loss_pct : c->controls->stop_loss_pct;
	in->take_profit_kind = w->take_profit_kind != 0 ? w->take_profit_kind : c->controls->take_profit_kind;
	in->take_profit_pct = w->take_profit_pct != FIXED_NULL ? w->take_profit_pct :
		in->take_profit_kind == TAKE_PROFIT_TRAILING ? c->controls->trailing_pct : c->controls->take_profit_pct;
	/* "none" recorded as the control means no stop and no profit target. */
	if (in->stop_loss_pct == FIXED_NONE)
		in->stop_loss_pct = 0;
	if (in->take_profit_pct == FIXED_NONE)
		in->take_profit_pct = 0;
	in->exit_at = w->exit_before_close_s < 0 || in->window_id == 0 ? 0 :
		in->closes_at - w->exit_before_close_s * USECS_PER_SEC;
}

/* How many decisions of the deployment before this one had the same confidence: a model that always says the same is stuck. */
static void
gather_confidence(GateContext *c, Snapshot snapshot)
{
	GateInput  *in = &c->in;
	IndexKey	keys[] = {INT4_KEY(c->wish->deployment_id)};
	Table		table;
	Row			last;

	in->confidence = c->wish->confidence;
	in->confidence_unchanged = 0;
	if (in->confidence == FIXED_NULL)
		return;
	table = arb_table_open(&decisions_table, c->wish->mode, AccessShareLock);
	if (arb_table_fetch(&table, "decisions_confidence_idx", 1, keys, BackwardScanDirection, snapshot, &last) &&
		arb_row_fixed(&last, DECISIONS_confidence) == in->confidence)
		in->confidence_unchanged = (int64) DatumGetInt32(last.value[DECISIONS_confidence_unchanged]) + 1;
	arb_table_close(&table);
}

static void
gather_motion(GateContext *c, Snapshot snapshot)
{
	GateInput  *in = &c->in;
	const Row  *instrument = &c->instrument;
	UnderlyingFacts underlying;

	in->volatility_pct = FIXED_NULL;
	/* A book may rest while its underlying moves: where there is one, that is what must not be frozen. */
	if (!instrument->null[INSTRUMENTS_underlying] &&
		arb_underlying_facts(c->venue_id, TextDatumGetCString(instrument->value[INSTRUMENTS_underlying]), snapshot,
							 &underlying))
	{
		in->volatility_pct = underlying.volatility_pct;
		in->price_unchanged = underlying.unchanged;
	}
}

/* arb_gather_signal fills what is asked for, and how the market moves. */
void
arb_gather_signal(GateContext *c, Snapshot snapshot)
{
	GateInput  *in = &c->in;
	const Wish *w = c->wish;

	in->side = w->side;
	in->amount_kind = w->amount_kind;
	in->amount = w->amount;
	in->target_qty = w->target_qty;
	in->limit_price = w->limit_price;
	in->market_slippage_pct = c->controls->market_slippage_pct;
	in->time_in_force = w->time_in_force;
	in->signal_at = w->signal_at == 0 ? in->market_time : w->signal_at;
	in->override_id = w->override_id;
	in->overridden_0 = w->overridden[0];
	in->overridden_1 = w->overridden[1];
	gather_exit_rules(c);
	gather_confidence(c, snapshot);
	gather_motion(c, snapshot);
}

/* ---- what is held and what works towards it ---- */

typedef struct HoldingScan
{
	TradingMode mode;
	int32		deployment_id;
	Snapshot	snapshot;
	Fixed		held;
	Fixed		working;		/* entries more, exits less */
} HoldingScan;

static bool
add_order_qty(const Row *row, void *arg)
{
	HoldingScan *scan = arg;
	Fixed		left;

	if (!arb_order_working(arb_order_state(row)))
		return true;
	if (arb_label_value(LABEL_AMOUNT_KIND, DatumGetObjectId(row->value[ORDERS_amount_kind])) == AMOUNT_MONEY)
		left = arb_fixed_div_floor(arb_fixed_sub(arb_row_fixed(row, ORDERS_amount), arb_row_fixed(row, ORDERS_filled_money)),
								   arb_row_fixed(row, ORDERS_limit_price));
	else
		left = arb_fixed_sub(arb_row_fixed(row, ORDERS_amount), arb_row_fixed(row, ORDERS_filled_qty));
	if (arb_label_value(LABEL_ORDER_PURPOSE, DatumGetObjectId(row->value[ORDERS_purpose])) == PURPOSE_ENTRY)
		scan->working = arb_fixed_add(scan->working, Max(left, 0));
	else
		scan->working = arb_fixed_sub(scan->working, Max(left, 0));
	return true;
}

static bool
add_position_qty(const Row *row, void *arg)
{
	HoldingScan *scan = arg;
	IndexKey	keys[] = {{row->value[POSITIONS_position_id], F_INT8EQ}};
	Table		orders;

	if (DatumGetInt32(row->value[POSITIONS_deployment_id]) != scan->deployment_id)
		return true;
	scan->held = arb_fixed_add(scan->held, arb_row_fixed(row, POSITIONS_qty));
	orders = arb_table_open(&orders_table, scan->mode, AccessShareLock);
	arb_table_scan(&orders, "orders_position_idx", 1, keys, ForwardScanDirection, scan->snapshot, add_order_qty, scan);
	arb_table_close(&orders);
	return true;
}

/* A target is the deployment's own: what another strategy holds of the instrument is not what this one wants. */
static void
gather_holding(GateContext *c, Snapshot snapshot)
{
	HoldingScan scan = {c->wish->mode, c->wish->deployment_id, snapshot, 0, 0};
	IndexKey	keys[] = {INT4_KEY(c->wish->portfolio_id), INT4_KEY(c->wish->instrument_id)};
	Table		table = arb_table_open(&positions_table, c->wish->mode, AccessShareLock);

	arb_table_scan(&table, "positions_open_idx", 2, keys, ForwardScanDirection, snapshot, add_position_qty, &scan);
	arb_table_close(&table);
	c->in.held_qty = scan.held;
	c->in.working_qty = scan.working;
}

/* ---- how much ---- */

static Fixed
fall_from_peak(const GateInput *in)
{
	Fixed		portfolio = arb_fixed_sub(in->day_peak, in->day_pnl);
	Fixed		strategy = arb_fixed_sub(in->strategy_day_peak, in->strategy_day_pnl);

	return Max(portfolio, strategy);
}

static void
apply_curves(GateInput *in, const Sizing *s)
{
	if (s->by_confidence)
		in->confidence_scale = in->confidence == FIXED_NULL ? Min(s->confidence.y0, s->confidence.y1) :
			arb_curve_at(&s->confidence, in->confidence);
	if (s->by_drawdown)
		in->drawdown_scale = arb_curve_at(&s->drawdown, fall_from_peak(in));
	if (s->by_volatility)
		in->volatility_scale = in->volatility_pct == FIXED_NULL ? s->volatility.y1 :
			arb_curve_at(&s->volatility, in->volatility_pct);
	if (s->by_stop)
		in->stop_scale = in->volatility_pct == FIXED_NULL ? s->stop.y1 : arb_curve_at(&s->stop, in->volatility_pct);
}

/*
 * arb_gather_sizing fills how the strategy declared to size; the books are gathered.
 *
 * Equity is at cost: what is held counts as what was paid for it.
 */
void
arb_gather_sizing(GateContext *c, Snapshot snapshot)
{
	GateInput  *in = &c->in;
	const Sizing *s = c->sizing;

	in->confidence_scale = in->drawdown_scale = in->volatility_scale = in->stop_scale = FIXED_ONE;
	in->sizing_kind = SIZING_SIGNAL;
	in->sizing_base = FIXED_NULL;
	in->sizing_cap_usd = FIXED_NONE;
	in->equity = arb_fixed_add(arb_fixed_add(in->cash, in->claimable), in->cost_open);
	if (c->wish->purpose != PURPOSE_ENTRY)
	{
		in->risk_scaler = FIXED_ONE;
		return;
	}
	if (in->target_qty != FIXED_NULL)
		gather_holding(c, snapshot);
	if (s == NULL)
		return;
	if (!s->readable)
	{
		in->sizing_kind = SIZING_UNREADABLE;
		in->confidence_scale = in->drawdown_scale = in->volatility_scale = 0;
		return;
	}
	in->sizing_kind = s->kind;
	in->sizing_base = s->kind == SIZING_SIGNAL ? FIXED_NULL : s->value;
	in->sizing_cap_usd = s->cap_usd;
	apply_curves(in, s);
}
