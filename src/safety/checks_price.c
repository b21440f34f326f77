/*-------------------------------------------------------------------------
 *
 * src/safety/checks_price.c
 *	  Checks of the order itself: its price, its size, and what it was based on.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "safety/checks.h"
#include "safety/size.h"

CHECK(target_reached)
{
	if (in->target_qty == FIXED_NULL)
		return true;
	f->unit = UNIT_FIXED;
	f->seen = plus(in->held_qty, in->working_qty);
	f->limit = in->target_qty;
	return sized->capped_by != CAP_TARGET && sized->asked_amount != FIXED_NULL;
}

CHECK(size_capped_to_zero)
{
	if (sized->capped_by == CAP_NOTHING || sized->capped_by == CAP_TARGET)
		return true;
	f->unit = UNIT_SIZE_CAP;
	f->seen = sized->capped_by;
	f->limit = CAP_NOTHING;
	return sized->amount > 0 && arb_size_reaches_minimum(in, sized->amount, sized->value);
}

CHECK(amount_invalid)
{
	/* Declared sizes and targets are put on the grid; a signal's own amount must come on it. */
	int64		amount = arb_size_is_signals(in) ? in->amount : sized->asked_amount;
	int64		grid = arb_size_grid(in);

	f->unit = UNIT_FIXED;
	f->seen = amount;
	f->limit = grid;
	if (sized->capped_by == CAP_TARGET)
		return true;
	return amount != FIXED_NULL && amount > 0 && amount <= GATE_LARGEST_VALUE &&
		grid > 0 && amount % grid == 0;
}

CHECK(short_not_supported)
{
	return flag(f, in->side == SIDE_BUY);
}

CHECK(exit_side_invalid)
{
	return flag(f, in->side == SIDE_SELL && in->amount_kind == AMOUNT_BASE);
}

CHECK(reference_missing)
{
	if (in->limit_price != FIXED_NULL)
		return true;
	f->unit = UNIT_FIXED;
	f->seen = sized->limit_price;
	f->limit = in->side == SIDE_SELL ? in->bid : in->ask;
	return sized->limit_price != FIXED_NULL;
}

CHECK(price_off_tick)
{
	f->unit = UNIT_FIXED;
	f->seen = sized->limit_price;
	f->limit = in->tick_size;
	return sized->limit_price != FIXED_NULL && in->tick_size > 0 && sized->limit_price % in->tick_size == 0;
}

CHECK(price_out_of_range)
{
	if (sized->limit_price == FIXED_NULL || in->tick_size <= 0 || sized->limit_price < in->tick_size)
	{
		f->unit = UNIT_FIXED;
		f->seen = sized->limit_price;
		f->limit = in->tick_size;
		return false;
	}
	return at_most(f, UNIT_FIXED, sized->limit_price,
				   in->max_price == FIXED_NONE ? FIXED_NONE : minus(in->max_price, in->tick_size));
}

CHECK(size_below_minimum)
{
	/* The venue's minimum of shares binds orders in shares; a buy in money is bound by its value. */
	return in->amount_kind == AMOUNT_MONEY || at_least(f, UNIT_FIXED, sized->amount, in->min_qty);
}

CHECK(size_above_maximum)
{
	return at_most(f, UNIT_FIXED, sized->qty, in->max_qty);
}

CHECK(notional_below_minimum)
{
	return at_least(f, UNIT_FIXED, sized->value, in->min_notional);
}

CHECK(notional_above_maximum)
{
	return at_most(f, UNIT_FIXED, sized->value, in->max_notional);
}

CHECK(order_value)
{
	return at_most(f, UNIT_FIXED, sized->value, in->max_order_usd);
}

CHECK(order_volume)
{
	return at_most(f, UNIT_FIXED, sized->qty, in->max_order_qty);
}

/* The price stands within pct percent of a reference, or within two ticks of it. */
static bool
within_collar(const GateInput *in, const GateOutput *sized, Finding *f, Fixed reference, Fixed pct)
{
	return at_most(f, UNIT_FIXED, magnitude(minus(sized->limit_price, reference)), arb_collar_width(in, reference, pct));
}

CHECK(price_collar)
{
	return within_collar(in, sized, f, mid_price(in), in->price_collar_pct);
}

CHECK(rolling_collar)
{
	return within_collar(in, sized, f, in->rolling_mid, in->rolling_collar_pct);
}

CHECK(day_value)
{
	return at_most(f, UNIT_FIXED, plus(in->day_value, sized->value), in->max_day_value_usd);
}

CHECK(day_volume)
{
	return at_most(f, UNIT_FIXED, plus(in->day_qty, sized->qty), in->max_day_qty);
}

CHECK(exit_rules_missing)
{
	f->unit = UNIT_FIXED;
	f->seen = sized->stop_loss_pct;
	f->limit = 100 * FIXED_ONE;
	return sized->stop_loss_pct >= 0 && sized->stop_loss_pct <= f->limit &&
		in->take_profit_kind >= TAKE_PROFIT_FIXED && in->take_profit_kind <= TAKE_PROFIT_NONE &&
		in->take_profit_pct >= 0 && in->take_profit_pct <= 100000 * FIXED_ONE;
}

CHECK(confidence_out_of_bounds)
{
	/* A strategy that names no confidence is held by min_confidence alone. */
	return in->confidence == FIXED_NULL ||
		(at_least(f, UNIT_FIXED, in->confidence, 0) && at_most(f, UNIT_FIXED, in->confidence, FIXED_ONE));
}

CHECK(confidence_too_low)
{
	return at_least(f, UNIT_FIXED, in->confidence, in->min_confidence);
}

CHECK(signal_stale)
{
	/* A signal without a time of its own is made in the call that brings it. */
	return fresh(f, in->signal_at == 0 ? 0 : age_ms(in->signal_at, in->market_time), in->signal_max_age_ms);
}
