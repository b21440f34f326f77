/*-------------------------------------------------------------------------
 *
 * src/core/label.h
 *	  C enums and their SQL enum types, matched by name.
 *
 * Value 0 of every C enum is never a real label.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARB_LABEL_H
#define ARB_LABEL_H

#include "postgres.h"

typedef enum LabelType
{
	LABEL_MODE = 1,
	LABEL_KILL_LEVEL,
	LABEL_SIDE,
	LABEL_AMOUNT_KIND,
	LABEL_TIME_IN_FORCE,
	LABEL_ORDER_PURPOSE,
	LABEL_VERDICT,
	LABEL_ORDER_STATE,
	LABEL_POSITION_STATE,
	LABEL_WINDOW_STATE,
	LABEL_BREAKER_STATE,
	LABEL_OUTCOME,
	LABEL_SETTLEMENT,
	LABEL_TAKE_PROFIT_KIND,
	LABEL_EXIT_REASON,
	LABEL_LEDGER_KIND,
	LABEL_TYPE_COUNT
} LabelType;

typedef enum TradingMode
{
	MODE_PAPER = 1, MODE_DRY_RUN, MODE_LIVE, MODE_BACKTEST
} TradingMode;

/* Whose fills the database makes; LIVE believes only the venue. */
static inline bool
arb_mode_is_simulated(TradingMode mode)
{
	return mode != MODE_LIVE;
}

/* Whose orders a worker claims, with a venue account's lease and key. */
static inline bool
arb_mode_needs_worker(TradingMode mode)
{
	return mode == MODE_LIVE || mode == MODE_DRY_RUN;
}

typedef enum KillLevel
{
	KILL_NONE = 1, KILL_PAUSE, KILL_FLATTEN, KILL_EMERGENCY
} KillLevel;

typedef enum OrderSide
{
	SIDE_BUY = 1, SIDE_SELL
} OrderSide;

typedef enum AmountKind
{
	AMOUNT_BASE = 1, AMOUNT_MONEY
} AmountKind;

typedef enum TimeInForce
{
	TIF_GTC = 1, TIF_GTD, TIF_FOK, TIF_FAK
} TimeInForce;

typedef enum OrderPurpose
{
	PURPOSE_ENTRY = 1, PURPOSE_EXIT
} OrderPurpose;

typedef enum Verdict
{
	VERDICT_ACCEPTED = 1, VERDICT_DENIED, VERDICT_MONITORED
} Verdict;

typedef enum OrderState
{
	ORDER_STATE_NEW = 1, ORDER_STATE_SENDING, ORDER_STATE_OPEN,
	ORDER_STATE_PARTIALLY_FILLED, ORDER_STATE_FILLED, ORDER_STATE_CANCELED,
	ORDER_STATE_EXPIRED, ORDER_STATE_REJECTED, ORDER_STATE_UNKNOWN,
	ORDER_STATE_COUNT
} OrderState;

typedef enum PositionState
{
	POSITION_STATE_ENTRY = 1, POSITION_STATE_MONITORING,
	POSITION_STATE_STOP_TRIGGERED, POSITION_STATE_TP_TRIGGERED,
	POSITION_STATE_EXPIRY, POSITION_STATE_KILL_TRIGGERED,
	POSITION_STATE_EXIT_PENDING, POSITION_STATE_CLOSED,
	POSITION_STATE_COUNT
} PositionState;

typedef enum WindowState
{
	WINDOW_STATE_SCHEDULED = 1, WINDOW_STATE_OPEN, WINDOW_STATE_CLOSED,
	WINDOW_STATE_RESOLVED, WINDOW_STATE_REDEEMING, WINDOW_STATE_REDEEMED,
	WINDOW_STATE_COUNT
} WindowState;

typedef enum BreakerState
{
	BREAKER_CLOSED = 1, BREAKER_OPEN, BREAKER_HALF_OPEN
} BreakerState;

typedef enum Outcome
{
	OUTCOME_UP = 1, OUTCOME_DOWN
} Outcome;

typedef enum Settlement
{
	SETTLEMENT_PROVISIONAL = 1, SETTLEMENT_CONFIRMED, SETTLEMENT_VOIDED
} Settlement;

typedef enum TakeProfitKind
{
	TAKE_PROFIT_FIXED = 1, TAKE_PROFIT_TRAILING, TAKE_PROFIT_NONE
} TakeProfitKind;

typedef enum ExitReason
{
	EXIT_KILL = 1, EXIT_STOP_LOSS, EXIT_EXPIRY, EXIT_TAKE_PROFIT, EXIT_TRAILING, EXIT_OPERATOR
} ExitReason;

typedef enum LedgerKind
{
	LEDGER_DEPOSIT = 1, LEDGER_WITHDRAWAL, LEDGER_RESERVE, LEDGER_RELEASE,
	LEDGER_FILL, LEDGER_VOID, LEDGER_SETTLE, LEDGER_REDEEM, LEDGER_DAY, LEDGER_ADOPT
} LedgerKind;

extern int	arb_label_count(LabelType type);
extern const char *arb_label_name(LabelType type, int value);
extern int	arb_label_parse(LabelType type, const char *name);
extern Oid	arb_label_oid(LabelType type, int value);
extern int	arb_label_value(LabelType type, Oid oid);

#endif							/* ARB_LABEL_H */
