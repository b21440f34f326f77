/*-------------------------------------------------------------------------
 *
 * src/safety/size.c
 *	  How large an order becomes, at what price, and what it may cost.
 *
 * Pure and without errors: a size or price that cannot be known is FIXED_NULL,
 * and the check that needs it denies. Entries may shrink, by what the signal,
 * the strategy and the desk declared; they never grow beyond what was asked.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "safety/checks.h"
#include "safety/heat.h"
#include "safety/size.h"
#include "safety/sums.h"

/* No collar is closer than this: at 0.02 a percentage would forbid the next tick. */
#define COLLAR_FLOOR_TICKS 2

static bool
usable(int64 value)
{
	return is_number(value) && value > 0 && value <= GATE_LARGEST_VALUE;
}

static Fixed
down_to(Fixed value, Fixed step)
{
	return is_number(value) && value >= 0 && step > 0 ? value - value % step : FIXED_NULL;
}

static Fixed
up_to(Fixed value, Fixed step)
{
	Fixed		down = down_to(value, step);

	return down == value || down == FIXED_NULL ? down : plus(down, step);
}

/* arb_size_is_signals is true for an entry or exit whose amount is the signal's own word. */
bool
arb_size_is_signals(const GateInput *in)
{
	return in->purpose == PURPOSE_EXIT || (in->sizing_kind == SIZING_SIGNAL && in->target_qty == FIXED_NULL);
}

/* arb_size_grid returns the step of amounts: the lot of shares, the cent of money. */
Fixed
arb_size_grid(const GateInput *in)
{
	return in->amount_kind == AMOUNT_MONEY ? FIXED_CENT : in->lot_size;
}

/* arb_size_reaches_minimum is true when the venue takes orders as small as this. */
bool
arb_size_reaches_minimum(const GateInput *in, Fixed amount, Fixed value)
{
	return value >= in->min_notional && (in->amount_kind == AMOUNT_MONEY || amount >= in->min_qty);
}

/*
 * The price of an order: the signal's, or for one at the market the other
 * side's quote plus the slippage it may have, on the tick grid, never worse.
 */
static Fixed
order_price(const GateInput *in)
{
	Fixed		quote = in->side == SIDE_SELL ? in->bid : in->ask;
	Fixed		slip;
	Fixed		price;

	if (in->limit_price != FIXED_NULL)
		return in->limit_price;
	if ((in->time_in_force != TIF_FAK && in->time_in_force != TIF_FOK) || !usable(quote) ||
		in->tick_size <= 0 || in->market_slippage_pct < 0 || in->market_slippage_pct > 100 * FIXED_ONE)
		return FIXED_NULL;
	slip = part_down(quote, in->market_slippage_pct, 100 * FIXED_ONE);
	if (in->side == SIDE_SELL)
	{
		price = Min(up_to(quote - slip, in->tick_size), quote);
		return Max(price, in->tick_size);
	}
	price = Max(down_to(plus(quote, slip), in->tick_size), quote);
	return in->max_price == FIXED_NONE ? price : Min(price, minus(in->max_price, in->tick_size));
}

/* arb_collar_width returns how far from a reference a collar of so many percent lets a price be; FIXED_NONE = anywhere. */
Fixed
arb_collar_width(const GateInput *in, Fixed reference, Fixed pct)
{
	Fixed		width = FIXED_NONE;

	if (pct != FIXED_NONE)
		width = part_down(reference, pct, 100 * FIXED_ONE);
	return is_number(width) ? Max(width, part_down(in->tick_size, COLLAR_FLOOR_TICKS, 1)) : width;
}

/*
 * arb_size_worst_price returns the worst price that counts as reached by the
 * order: its own, but not beyond the collar around the middle. FIXED_NULL where
 * one of them cannot be known.
 */
Fixed
arb_size_worst_price(const GateInput *in)
{
	Fixed		price = order_price(in);
	Fixed		width = arb_collar_width(in, mid_price(in), in->price_collar_pct);
	Fixed		bound;

	if (width == FIXED_NONE || price == FIXED_NULL)
		return price;
	bound = in->side == SIDE_SELL ? minus(mid_price(in), width) : plus(mid_price(in), width);
	if (bound == FIXED_NULL)
		return FIXED_NULL;
	return in->side == SIDE_SELL ? Max(price, bound) : Min(price, bound);
}

/* Dollars and shares in the unit of the order, rounded down to its grid. */
static Fixed
from_dollars(const GateInput *in, Fixed price, Fixed dollars)
{
	return down_to(in->amount_kind == AMOUNT_MONEY ? dollars : part_down(dollars, FIXED_ONE, price),
				   arb_size_grid(in));
}

static Fixed
from_shares(const GateInput *in, Fixed price, Fixed shares)
{
	return down_to(in->amount_kind == AMOUNT_MONEY ? part_down(shares, price, FIXED_ONE) : shares,
				   arb_size_grid(in));
}

/*
 * Dollars by the strategy's declaration.
 *
 * SIZING_VOLATILITY_TARGET: exposure = equity x target volatility / realised volatility,
 * never more than the equity itself, since nothing here is lent. Moreira and
 * Muir, "Volatility-Managed Portfolios", Journal of Finance 72 (2017), scale by
 * the variance; by the volatility, as here, it is the usual volatility target,
 * as in Harvey et al., "The Impact of Volatility Targeting", Journal of
 * Portfolio Management 45 (2018).
 */
static Fixed
declared_dollars(const GateInput *in)
{
	Fixed		dollars;

	switch (in->sizing_kind)
	{
		case SIZING_FIXED_USD:
			return in->sizing_base;
		case SIZING_FIXED_FRACTION:
			return part_down(in->equity, in->sizing_base, FIXED_ONE);
		case SIZING_VOLATILITY_TARGET:
			dollars = part_down(in->equity, in->sizing_base, in->volatility_pct);
			return dollars == FIXED_NULL ? FIXED_NULL : Min(dollars, in->equity);
	}
	return FIXED_NULL;
}

/* A factor that is no factor lets nothing through. */
static Fixed
factor(int64 scale)
{
	return scale >= 0 && scale <= FIXED_ONE ? scale : 0;
}

typedef struct Shrinking
{
	Fixed		all;			/* the product of the factors */
	Fixed		strongest;
	SizeCap		by;
} Shrinking;

static void
shrink_by(Shrinking *s, Fixed by_factor, SizeCap cap)
{
	if (by_factor < s->strongest)
	{
		s->strongest = by_factor;
		s->by = cap;
	}
}

static void
scale_by(Shrinking *s, int64 scale, SizeCap cap)
{
	s->all = part_down(s->all, factor(scale), FIXED_ONE);
	shrink_by(s, factor(scale), cap);
}

static Shrinking
shrinking(const GateInput *in)
{
	Shrinking	s = {FIXED_ONE, FIXED_ONE, CAP_NOTHING};

	scale_by(&s, in->risk_scaler, CAP_RISK_SCALER);
	scale_by(&s, in->confidence_scale, CAP_CONFIDENCE);
	scale_by(&s, in->drawdown_scale, CAP_DRAWDOWN);
	scale_by(&s, in->volatility_scale, CAP_VOLATILITY);
	return s;
}

/* No cap in dollars leaves the amount as it is; one that is missing leaves nothing. */
static Fixed
capped(const GateInput *in, Fixed price, Fixed amount, Shrinking *s)
{
	Fixed		cap;

	if (in->sizing_cap_usd == FIXED_NONE)
		return amount;
	cap = in->sizing_cap_usd < 0 ? 0 : from_dollars(in, price, in->sizing_cap_usd);
	if (cap == FIXED_NULL)
		return FIXED_NULL;
	if (cap >= amount)
		return amount;
	shrink_by(s, part_down(cap, FIXED_ONE, amount), CAP_SIZING);
	return cap;
}

static void
finish_entry(GateOutput *out, Fixed amount, const Shrinking *s)
{
	out->amount = amount == FIXED_NULL ? FIXED_NULL : Max(amount, 0);
	if (out->amount != FIXED_NULL && out->amount < out->asked_amount)
		out->capped_by = s->by;
}

/* What a buy pays at least, where it takes at once: the limit is what it pays at most. */
static Fixed
best_price(const GateInput *in, Fixed limit)
{
	return in->ask > 0 ? Min(limit, in->ask) : limit;
}

/*
 * A target is scaled itself, so that repeated signals end at the scaled target
 * and do not creep up to the whole one. In money it is what the missing shares
 * cost at best: at the limit they would cost more, and buy more than is missing.
 */
static void
size_to_target(const GateInput *in, GateOutput *out)
{
	Shrinking	s = shrinking(in);
	Fixed		price = best_price(in, out->limit_price);
	Fixed		have = plus(in->held_qty, in->working_qty);
	Fixed		missing = minus(in->target_qty, have);
	Fixed		wanted;

	if (missing != FIXED_NULL && missing <= 0)
	{
		out->amount = out->asked_amount = 0;
		out->capped_by = CAP_TARGET;
		return;
	}
	out->asked_amount = from_shares(in, price, missing);
	if (out->asked_amount == FIXED_NULL)
		return;
	wanted = minus(part_down(in->target_qty, s.all, FIXED_ONE), have);
	finish_entry(out, capped(in, out->limit_price, from_shares(in, price, Max(wanted, 0)), &s), &s);
}

static void
size_entry(const GateInput *in, GateOutput *out)
{
	Shrinking	s = shrinking(in);
	Fixed		amount;

	out->asked_amount = in->sizing_kind == SIZING_SIGNAL ? in->amount :
		from_dollars(in, out->limit_price, declared_dollars(in));
	if (!usable(out->asked_amount))
		return;
	amount = capped(in, out->limit_price, out->asked_amount, &s);
	if (s.all != FIXED_ONE && amount != FIXED_NULL)
		amount = down_to(part_down(amount, s.all, FIXED_ONE), arb_size_grid(in));
	finish_entry(out, amount, &s);
}

/* The most shares an amount can come to: a buy in money fills no better than at the best ask. */
static Fixed
most_shares(const GateInput *in, const GateOutput *out)
{
	return in->amount_kind == AMOUNT_MONEY ?
		part_up(out->amount, FIXED_ONE, best_price(in, out->limit_price)) : out->amount;
}

/* What the order costs at most, and what of it a stop would lose. */
static void
value_order(const GateInput *in, GateOutput *out)
{
	Fixed		value;

	/* An exit reserves nothing, whatever else of it is unknown: a damaged fee must not hold it. */
	if (in->purpose == PURPOSE_EXIT)
		out->reserve = out->heat = 0;
	if (out->amount == 0 && out->capped_by != CAP_NOTHING)
	{
		out->value = out->qty = out->fee_bound = out->reserve = out->heat = 0;
		return;
	}
	if (!usable(out->amount) || !usable(out->limit_price) || in->fee_rate < 0 || in->fee_rate >= FIXED_ONE ||
		in->fee_exponent < 0 || in->fee_exponent > MAX_FEE_EXPONENT)
		return;
	value = in->amount_kind == AMOUNT_MONEY ? out->amount : part_up(out->amount, out->limit_price, FIXED_ONE);
	if (value == FIXED_NULL || value > GATE_LARGEST_VALUE)
		return;
	out->value = value;
	out->qty = most_shares(in, out);
	out->fee_bound = in->amount_kind == AMOUNT_MONEY ?
		arb_taker_fee_bound(out->amount, 0, in->fee_rate, (int) in->fee_exponent) :
		arb_taker_fee_bound(0, out->amount, in->fee_rate, (int) in->fee_exponent);
	if (in->purpose == PURPOSE_EXIT)
		return;
	out->reserve = plus(value, out->fee_bound);
	out->heat = out->reserve == FIXED_NULL ? FIXED_NULL : arb_heat(out->reserve, out->stop_loss_pct);
}

/* A tighter stop when the market is wild; 0 means no stop, so that a stop never becomes 0. */
static Fixed
stop_distance(const GateInput *in)
{
	Fixed		stop;

	if (in->stop_loss_pct == 0)
		return 0;
	if (in->stop_scale <= 0 || in->stop_scale > FIXED_ONE)
		return FIXED_NULL;
	stop = part_down(in->stop_loss_pct, in->stop_scale, FIXED_ONE);
	return stop == 0 ? 1 : stop;
}

/* arb_size_order fills the numbers of the order; the verdict is arb_judge's. */
void
arb_size_order(const GateInput *in, GateOutput *out)
{
	out->amount = out->asked_amount = in->purpose == PURPOSE_EXIT ? in->amount : FIXED_NULL;
	out->value = out->qty = out->fee_bound = out->reserve = out->heat = FIXED_NULL;
	out->capped_by = CAP_NOTHING;
	out->limit_price = order_price(in);
	out->stop_loss_pct = stop_distance(in);
	if (in->purpose != PURPOSE_EXIT)
	{
		if (in->target_qty != FIXED_NULL)
			size_to_target(in, out);
		else
			size_entry(in, out);
	}
	value_order(in, out);
}
