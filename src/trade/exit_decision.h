/*-------------------------------------------------------------------------
 *
 * src/trade/exit_decision.h
 *	  Hold or exit: one pure function; nobody else closes a position.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARB_EXIT_DECISION_H
#define ARB_EXIT_DECISION_H

#include "postgres.h"
#include "core/label.h"
#include "core/money.h"
#include "utils/timestamp.h"

typedef struct ExitInput
{
	KillLevel	kill_level;
	TimestampTz market_time;
	TimestampTz exit_at;		/* 0 = held to settlement */
	Fixed		bid;			/* FIXED_NULL = nobody bids */
	Fixed		average_entry;
	Fixed		high_water;		/* highest bid seen, FIXED_NULL = none */
	Fixed		stop_loss_pct;	/* 0 = none declared */
	TakeProfitKind take_profit_kind;
	Fixed		take_profit_pct;
} ExitInput;

typedef struct ExitVerdict
{
	ExitReason	reason;			/* 0 = hold */
	Fixed		threshold;		/* the price that triggered, FIXED_NULL for kill and expiry */
} ExitVerdict;

extern ExitVerdict arb_exit_decision(const ExitInput *in);

#endif							/* ARB_EXIT_DECISION_H */
