/*-------------------------------------------------------------------------
 *
 * src/trade/position.h
 *	  Positions: their events and the choke point that moves them.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARB_POSITION_H
#define ARB_POSITION_H

#include "postgres.h"
#include "core/columns.h"
#include "core/fsm.h"
#include "core/money.h"
#include "utils/timestamp.h"

typedef enum PositionEvent
{
	POSITION_EVENT_FILLED = 1, POSITION_EVENT_ENTRY_ENDED, POSITION_EVENT_STOP,
	POSITION_EVENT_TAKE_PROFIT, POSITION_EVENT_EXPIRE, POSITION_EVENT_KILL,
	POSITION_EVENT_EXIT_ORDERED, POSITION_EVENT_EXIT_DONE, POSITION_EVENT_SETTLED,
	POSITION_EVENT_LATE_FILL, POSITION_EVENT_ENTRY_VOIDED
} PositionEvent;

extern const Fsm PositionFsm;

extern bool arb_position_read(TradingMode mode, int64 position_id, Row *row);
extern PositionState arb_position_state(const Row *row);
extern void arb_position_transition(Row *row, PositionEvent event, TimestampTz at);
extern void arb_position_write(TradingMode mode, Row *row);
extern Fixed arb_position_average(const Row *row);
extern int	arb_position_held(const Row *row);

#endif							/* ARB_POSITION_H */
