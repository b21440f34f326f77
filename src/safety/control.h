/*-------------------------------------------------------------------------
 *
 * src/safety/control.h
 *	  Controls, as the gate sees them: parsed, cached, fresh.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARB_CONTROL_H
#define ARB_CONTROL_H

#include "postgres.h"
#include "core/label.h"
#include "core/money.h"
#include "safety/limit.h"

/* When the venue's balance is read for an entry; what is missing or unreadable is the stricter one. */
typedef enum BalanceCheck
{
	BALANCE_PER_ORDER = 0, BALANCE_AGE
} BalanceCheck;

/*
 * Fixed values: FIXED_NULL where the row is missing or NULL (the check denies),
 * FIXED_NONE where "none" is recorded.
 */
typedef struct Controls
{
	int			trading_mode;			/* 0 none allowed; else bit mask 1 << TradingMode */
	bool		allow_submit;
	Fixed		stop_loss_pct;
	int			take_profit_kind;		/* TakeProfitKind, 0 = missing */
	Fixed		take_profit_pct;
	Fixed		trailing_pct;
	int64		send_deadline_ms;		/* -1 = missing */
	int64		confirm_timeout_ms;
	int			balance_check;			/* BalanceCheck */
	int64		resting_expiry_s;		/* -1 = missing, PG_INT64_MAX = none */
	int64		lease_ms;
	Fixed		market_slippage_pct;
	int64		rolling_collar_s;
	Fixed		exit_slippage_pct;
	int64		exit_retry_ms;
	int64		exit_rung_ms;
	Fixed		exit_max_slippage_pct;
	int			loss_action;			/* KillLevel that a loss limit raises, 0 = none: the breaker alone */
	int64		worker_max_silence_ms;
	int64		lock_max_idle_ms;
	int64		simulated_latency_ms;
	bool		tick_history;
	bool		all_instruments;		/* allowed_instruments is none = no list = every one */
	bool		all_strategies;
	char	   *allowed_instruments;	/* comma-separated symbols, underlyings or prefixes ending in *; NULL denies */
	char	   *allowed_strategies;		/* comma-separated names; NULL denies */
	Limits		limits;			/* where no scope says otherwise; see safety/limit.h */
} Controls;

extern const Controls *arb_controls(void);
extern bool arb_control_list_allows(const char *list, const char *name);

#endif							/* ARB_CONTROL_H */
