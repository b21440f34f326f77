/*-------------------------------------------------------------------------
 *
 * src/trade/desk.h
 *	  A portfolio: its number by its name, its mode, its market's time.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARB_DESK_H
#define ARB_DESK_H

#include "postgres.h"
#include "core/label.h"
#include "utils/timestamp.h"

typedef struct Desk
{
	int32		portfolio_id;
	TradingMode mode;
	TimestampTz market_time;
} Desk;

extern void arb_desk_read(int32 portfolio_id, Desk *desk);
extern int32 arb_portfolio_by_name(const char *name);

#endif							/* ARB_DESK_H */
