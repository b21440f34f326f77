/*-------------------------------------------------------------------------
 *
 * src/safety/checks_state.c
 *	  Checks of the desk's state: may anybody trade at all, and may this one.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "safety/checks.h"

/* What only a venue account has is asked of the modes that have one. */
static bool
account_flag(const GateInput *in, Finding *f, int64 seen)
{
	return !arb_mode_needs_worker(in->mode) || flag(f, seen);
}

/* What makes the money real is asked of LIVE alone. */
static bool
live_flag(const GateInput *in, Finding *f, int64 seen)
{
	return in->mode != MODE_LIVE || flag(f, seen);
}

static bool
beat(Finding *f, int64 age, int64 limit)
{
	return at_most(f, UNIT_MS, age, limit) && age >= 0 && limit != FIXED_NONE;
}

CHECK(kill_engaged)
{
	return at_most(f, UNIT_KILL_LEVEL, in->kill_level, KILL_NONE) && in->kill_level == KILL_NONE;
}

CHECK(kill_emergency)
{
	return at_most(f, UNIT_KILL_LEVEL, in->kill_level, KILL_FLATTEN) && in->kill_level >= KILL_NONE;
}

CHECK(foreign_copy)
{
	return flag(f, in->is_our_installation);
}

CHECK(mode_not_built)
{
	return flag(f, in->mode == MODE_PAPER || in->mode == MODE_DRY_RUN || in->mode == MODE_LIVE);
}

CHECK(mode_not_allowed)
{
	return flag(f, in->mode_allowed);
}

CHECK(breaker_open)
{
	return flag(f, in->breaker_open == 0);
}

CHECK(venue_breaker_open)
{
	return flag(f, in->venue_breaker_open == 0);
}

CHECK(strategy_breaker_open)
{
	return flag(f, in->strategy_breaker_open == 0);
}

CHECK(conductor_silent)
{
	return beat(f, in->conductor_age_ms, in->conductor_limit_ms);
}

CHECK(trader_absent)
{
	return account_flag(in, f, in->trader_alive);
}

CHECK(worker_silent)
{
	return !arb_mode_needs_worker(in->mode) || beat(f, in->worker_age_ms, in->worker_limit_ms);
}

CHECK(not_reconciled)
{
	return account_flag(in, f, in->reconciled);
}

CHECK(venue_checks_failed)
{
	return account_flag(in, f, in->venue_checks_ok);
}

CHECK(not_armed)
{
	return live_flag(in, f, in->armed);
}

CHECK(strategy_inactive)
{
	return flag(f, in->strategy_active);
}

CHECK(strategy_retired)
{
	return flag(f, in->strategy_retired == 0);
}

CHECK(strategy_not_certified)
{
	/* A simulator's money is none; a version is certified by what it did there. */
	return in->is_simulator == 1 || live_flag(in, f, in->version_certified);
}

CHECK(strategy_not_allowed)
{
	return flag(f, in->strategy_allowed);
}

CHECK(deployment_inactive)
{
	return flag(f, in->deployment_active);
}

CHECK(deployment_limits_missing)
{
	return flag(f, in->deployment_limits_set == 1 &&
				is_number(in->deployment_max_instruments) && is_number(in->deployment_max_order_usd) &&
				is_number(in->deployment_max_day_orders) && is_number(in->deployment_max_positions) &&
				is_number(in->deployment_max_venues));
}

CHECK(venue_locked)
{
	return flag(f, in->venue_locked == 0);
}

CHECK(strategy_locked)
{
	return flag(f, in->strategy_locked == 0);
}

CHECK(instrument_locked)
{
	return flag(f, in->instrument_locked == 0);
}

CHECK(instrument_restricted)
{
	return flag(f, in->restricted == 0);
}

CHECK(instrument_not_allowed)
{
	return flag(f, in->instrument_allowed);
}
