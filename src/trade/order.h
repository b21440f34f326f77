/*-------------------------------------------------------------------------
 *
 * src/trade/order.h
 *	  Orders: their events, the choke point that moves them, their guard.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARB_ORDER_H
#define ARB_ORDER_H

#include "postgres.h"
#include "core/columns.h"
#include "core/fsm.h"
#include "core/money.h"
#include "trade/ledger.h"
#include "utils/timestamp.h"

typedef enum OrderEvent
{
	ORDER_EVENT_CLAIM = 1, ORDER_EVENT_ACCEPT, ORDER_EVENT_FILL_PARTIAL, ORDER_EVENT_FILL_COMPLETE,
	ORDER_EVENT_CLOSE, ORDER_EVENT_EXPIRE, ORDER_EVENT_REJECT, ORDER_EVENT_LOSE,
	ORDER_EVENT_NOT_SENT, ORDER_EVENT_VOID
} OrderEvent;

extern const Fsm OrderFsm;

extern bool arb_order_read(TradingMode mode, int64 order_id, Row *row);
extern bool arb_order_lock(TradingMode mode, int64 order_id, Row *row);
extern bool arb_order_lock_free(TradingMode mode, int64 order_id, Row *row);
extern OrderState arb_order_state(const Row *row);
extern bool arb_order_working(OrderState state);
extern void arb_order_transition(Row *row, OrderEvent event, const char *reason, TimestampTz at);
extern void arb_order_lose(TradingMode mode, Row *row, const char *reason);
extern void arb_order_write(TradingMode mode, Row *row);
extern bool arb_order_complete(const Row *row, Fixed lot_size);
extern void arb_order_change(const Row *row, LedgerKind kind, LedgerChange *change);
extern void arb_order_end_reservation(TradingMode mode, Row *row, TimestampTz market_time);

#endif							/* ARB_ORDER_H */
