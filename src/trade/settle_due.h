/*-------------------------------------------------------------------------
 *
 * src/trade/settle_due.h
 *	  Settle every position whose window is resolved.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARB_SETTLE_DUE_H
#define ARB_SETTLE_DUE_H

#include "postgres.h"
#include "core/label.h"
#include "utils/timestamp.h"

extern int	arb_settle_due(int32 venue_id, TradingMode mode, TimestampTz market_time, bool skip_busy);

#endif							/* ARB_SETTLE_DUE_H */
