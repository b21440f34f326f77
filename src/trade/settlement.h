/*-------------------------------------------------------------------------
 *
 * src/trade/settlement.h
 *	  A resolved window pays; redemption turns claimable into cash.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARB_SETTLEMENT_H
#define ARB_SETTLEMENT_H

#include "postgres.h"
#include "core/label.h"
#include "core/money.h"
#include "utils/timestamp.h"

extern bool arb_settle_position(TradingMode mode, int64 position_id, Outcome winner, TimestampTz market_time);
extern void arb_redeem(TradingMode mode, int32 portfolio_id, Fixed amount, const char *evidence,
					   TimestampTz market_time);

#endif							/* ARB_SETTLEMENT_H */
