/*-------------------------------------------------------------------------
 *
 * src/trade/portfolio_level.h
 *	  Kill levels of one simulated portfolio, beside the desk's.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARB_PORTFOLIO_LEVEL_H
#define ARB_PORTFOLIO_LEVEL_H

#include "postgres.h"
#include "core/label.h"

extern void arb_portfolio_set_drill_level(int32 portfolio_id, KillLevel level);
extern void arb_portfolio_raise_level(TradingMode mode, int32 portfolio_id, KillLevel level, const char *reason);

#endif							/* ARB_PORTFOLIO_LEVEL_H */
