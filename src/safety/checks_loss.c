/*-------------------------------------------------------------------------
 *
 * src/safety/checks_loss.c
 *	  Checks of what was lost: a loss that equals its limit stops.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "safety/checks.h"

static bool
loss(Finding *f, Fixed pnl, Fixed limit)
{
	return below(f, UNIT_FIXED, minus(0, pnl), limit);
}

static bool
drawdown(Finding *f, Fixed peak, Fixed pnl, Fixed limit)
{
	return below(f, UNIT_FIXED, minus(peak, pnl), limit);
}

CHECK(session_loss)
{
	return loss(f, in->session_pnl, in->max_session_loss_usd);
}

CHECK(daily_drawdown)
{
	return drawdown(f, in->day_peak, in->day_pnl, in->daily_drawdown_limit_usd);
}

CHECK(weekly_drawdown)
{
	return drawdown(f, in->week_peak, in->week_pnl, in->weekly_drawdown_limit_usd);
}

CHECK(consecutive_losses)
{
	return below(f, UNIT_COUNT, in->losses_in_row, in->max_consecutive_losses);
}

CHECK(strategy_session_loss)
{
	return loss(f, in->strategy_session_pnl, in->strategy_session_loss_usd);
}

CHECK(strategy_daily_drawdown)
{
	return drawdown(f, in->strategy_day_peak, in->strategy_day_pnl, in->strategy_daily_drawdown_usd);
}

CHECK(strategy_weekly_drawdown)
{
	return drawdown(f, in->strategy_week_peak, in->strategy_week_pnl, in->strategy_weekly_drawdown_usd);
}

CHECK(strategy_consecutive_losses)
{
	return below(f, UNIT_COUNT, in->strategy_losses_in_row, in->strategy_consecutive_losses);
}

CHECK(kill_criterion)
{
	return flag(f, in->kill_criterion_met == 0);
}
