/*-------------------------------------------------------------------------
 *
 * src/safety/checks_exposure.c
 *	  Checks of what is at work once the order is: per instrument, window,
 *	  strategy, venue, sector, group, portfolio and deployment.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "safety/checks.h"

/* What is at work in a scope, with the order. */
static bool
exposure(const GateOutput *sized, Finding *f, Fixed at_work, Fixed limit)
{
	return at_most(f, UNIT_FIXED, plus(at_work, sized->value), limit);
}

/* A scope that the instrument may have none of. */
static bool
optional_exposure(const GateOutput *sized, Finding *f, Fixed at_work, Fixed limit)
{
	return at_work == FIXED_NONE || exposure(sized, f, at_work, limit);
}

/* Signed dollars; an order that brings them nearer to zero passes. */
static bool
net(const GateInput *in, const GateOutput *sized, Finding *f, Fixed before, Fixed limit)
{
	Fixed		signed_value = in->direction == 1 ? sized->value :
	in->direction == -1 ? minus(0, sized->value) : FIXED_NULL;
	Fixed		after = magnitude(plus(before, signed_value));

	return at_most(f, UNIT_FIXED, after, limit) ||
		(after != FIXED_NULL && limit != FIXED_NULL && after < magnitude(before));
}

static Fixed
at_work(const GateInput *in)
{
	return plus(in->cost_open, in->reserved);
}

CHECK(position_cap)
{
	return exposure(sized, f, in->instrument_exposure, in->max_position_usd);
}

CHECK(position_units)
{
	return at_most(f, UNIT_FIXED, plus(in->instrument_qty, sized->qty), in->max_position_qty);
}

CHECK(window_exposure)
{
	return in->window_id == 0 || exposure(sized, f, in->window_exposure, in->max_window_usd);
}

CHECK(strategy_exposure)
{
	return exposure(sized, f, in->strategy_exposure, in->max_strategy_usd);
}

/* A portfolio is at one venue, so that all it has at work is at work there. */
CHECK(venue_exposure)
{
	return exposure(sized, f, at_work(in), in->max_venue_usd);
}

CHECK(sector_exposure)
{
	return optional_exposure(sized, f, in->sector_exposure, in->max_sector_usd);
}

CHECK(group_exposure)
{
	return optional_exposure(sized, f, in->group_exposure, in->max_group_usd);
}

CHECK(gross_exposure)
{
	return exposure(sized, f, at_work(in), in->max_gross_usd);
}

CHECK(net_exposure)
{
	return net(in, sized, f, in->net_exposure, in->max_net_usd);
}

CHECK(day_net_exposure)
{
	return net(in, sized, f, in->day_net, in->max_day_net_usd);
}

CHECK(open_positions)
{
	return one_more(f, in->open_positions, in->max_open_positions);
}

CHECK(open_orders)
{
	return one_more(f, in->open_orders, in->max_open_orders);
}

CHECK(same_side_position)
{
	return one_more(f, in->same_side_positions, in->max_same_side_positions);
}

CHECK(capital_cap)
{
	if (!arb_mode_needs_worker(in->mode))
		return true;
	/* A venue account without a cap trades nothing: no cap is not an unlimited one. */
	return at_most(f, UNIT_FIXED, plus(at_work(in), sized->reserve), in->capital_cap) &&
		in->capital_cap != FIXED_NONE;
}

CHECK(cash_insufficient)
{
	return at_most(f, UNIT_FIXED, sized->reserve, minus(in->cash, in->reserved));
}

CHECK(balance_unverified)
{
	return !arb_mode_needs_worker(in->mode) || at_most(f, UNIT_MS, in->balance_age_ms, in->balance_max_age_ms);
}

CHECK(portfolio_heat)
{
	return at_most(f, UNIT_FIXED, plus(in->heat, sized->heat), in->max_heat_usd);
}

CHECK(window_entry_limit)
{
	return in->window_id == 0 || one_more(f, in->entries_in_slot, MAX_ENTRIES_PER_SLOT);
}

CHECK(unknown_in_slot)
{
	return at_most(f, UNIT_COUNT, in->unknown_in_slot, 0);
}

CHECK(deployment_instruments)
{
	return at_most(f, UNIT_COUNT, in->deployment_instruments, in->deployment_max_instruments);
}

CHECK(deployment_order_value)
{
	return at_most(f, UNIT_FIXED, sized->value, in->deployment_max_order_usd);
}

CHECK(deployment_orders)
{
	return one_more(f, in->deployment_day_orders, in->deployment_max_day_orders);
}

CHECK(deployment_positions)
{
	return one_more(f, in->deployment_positions, in->deployment_max_positions);
}

CHECK(deployment_venues)
{
	return at_most(f, UNIT_COUNT, in->deployment_venues, in->deployment_max_venues);
}

CHECK(exit_crosses_zero)
{
	return at_most(f, UNIT_FIXED, sized->amount, minus(in->position_qty, in->exit_qty_working));
}
