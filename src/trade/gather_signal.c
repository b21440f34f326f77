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
#include "trade/book.h"
#include "trade/gather.h"
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

/*
 * A target is the deployment's own: what another strategy holds of the instrument is
 * not what this one wants. An order counts whatever became of its position.
 */
static void
gather_holding(GateContext *c, Snapshot snapshot)
{
	const Wish *w = c->wish;
	Book	   *book = arb_book(w->mode, w->portfolio_id, c->in.market_time, snapshot);

	c->in.held_qty = arb_book_held(book, w->deployment_id, w->instrument_id).qty;
	c->in.working_qty = arb_book_change_at_work(book, w->deployment_id, w->instrument_id);
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
 * How the strategy declared to size; the books are gathered.
 *
 * Equity is at cost: what is held counts as what was paid for it.
 */
static void
gather_declared(GateContext *c, Snapshot snapshot)
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

/* arb_gather_sizing fills how large an entry may become: by what the strategy declared, by what an override lets through. */
void
arb_gather_sizing(GateContext *c, Snapshot snapshot)
{
	gather_declared(c, snapshot);
	if (c->wish->override_id != 0)
		c->in.sizing_cap_usd = Min(c->in.sizing_cap_usd, c->wish->most_usd);
}
