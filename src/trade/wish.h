/*-------------------------------------------------------------------------
 *
 * src/trade/wish.h
 *	  A wish to trade: arbees.signal, read.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARB_WISH_H
#define ARB_WISH_H

#include "postgres.h"
#include "access/htup.h"
#include "core/label.h"
#include "core/money.h"
#include "utils/timestamp.h"

/* As decisions_key_length_check has it. */
#define SIGNAL_KEY_MAX_CHARACTERS 128

/* The fields of arbees.signal. */
enum
{
	SIGNAL_key, SIGNAL_instrument_id, SIGNAL_side, SIGNAL_amount_kind, SIGNAL_amount,
	SIGNAL_limit_price, SIGNAL_time_in_force, SIGNAL_stop_loss_pct, SIGNAL_take_profit_kind,
	SIGNAL_take_profit_pct, SIGNAL_exit_before_close_s, SIGNAL_confidence, SIGNAL_note, SIGNAL_as_of,
	SIGNAL_target_position, SIGNAL_ncolumns
};

/* A wish to trade. FIXED_NULL and 0 in the optional fields take the control's value. */
typedef struct Wish
{
	int32		deployment_id;
	int32		portfolio_id;
	TradingMode mode;
	OrderPurpose purpose;
	const char *key;
	int32		instrument_id;
	OrderSide	side;
	AmountKind	amount_kind;
	Fixed		amount;
	Fixed		limit_price;
	TimeInForce time_in_force;
	Fixed		stop_loss_pct;
	int			take_profit_kind;
	Fixed		take_profit_pct;
	int64		exit_before_close_s;	/* -1 = held to settlement */
	Fixed		confidence;
	TimestampTz signal_at;		/* market time at which the model said so; 0 = now */
	Fixed		target_qty;		/* shares to hold; FIXED_NULL = amount says how much to trade */
	int64		override_id;	/* an override lets these checks pass once; 0 = none */
	int64		overridden[2];
	Fixed		most_usd;		/* an override's: no more than was asked when it was denied */
	int64		position_id;	/* exits only */
} Wish;

extern void arb_wish_of_deployment(int32 deployment_id, Wish *wish, TimestampTz *market_time);
extern void arb_wish_from_signal(HeapTupleHeader signal, Wish *wish);

#endif							/* ARB_WISH_H */
