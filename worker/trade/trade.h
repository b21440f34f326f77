/*-------------------------------------------------------------------------
 *
 * worker/trade/trade.h
 *	  The trader as the rest of the worker sees it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARBEES_TRADE_H
#define ARBEES_TRADE_H

#include "worker.h"

typedef struct Trade Trade;

/* What a kill level asks of the venue; pause asks nothing. */
typedef enum KillKind
{
	KILL_KIND_NONE = 0,
	KILL_KIND_FLATTEN,			/* cancel all, but spare the exits */
	KILL_KIND_EMERGENCY			/* cancel all, send nothing */
} KillKind;

/* arb_kill_kind reads a level; one that is not known is an emergency. */
extern KillKind arb_kill_kind(const char *level);

/* arb_trade_new needs keys and an account; NULL when they do not fit together. */
extern Trade *arb_trade_new(Worker *worker);
extern void arb_trade_start(Trade *trade);

/* The action connection was registered, or lost. */
extern void arb_trade_database(Trade *trade, bool up);

/* Someone notified us: there is work in the database. */
extern void arb_trade_notified(Trade *trade);

/* arb_trade_kill begins to empty the venue's list of our orders, or ends it. */
extern void arb_trade_kill(Trade *trade, KillKind kind);

/* LIVE quotes are worth sending: the lease is held and not near its end. */
extern bool arb_trade_holds_lease(const Trade *trade);

/* arb_trade_take claims and sends what the database decided. */
extern void arb_trade_take(Trade *trade, const OrderTicket *ticket, int64_t frame_ns, int64_t decided_ns);

/* arb_record_orders stores the requests PAPER orders would have been, unsigned where there is no key. */
extern void arb_record_orders(Worker *worker);

/* No order is on its way anywhere: every one is refused, resting, or finished and reported. */
extern bool arb_trade_settled(const Trade *trade);

/* The lease is held and the first reconciliation is over. */
extern bool arb_trade_ready(const Trade *trade);

/* arb_trade_stop sends nothing more and gives the lease back; done is called when that is over. */
extern void arb_trade_stop(Trade *trade, void (*done) (void *arg), void *arg);

/* arb_trade_abandon sends nothing more and tells nobody: the lease is another's. */
extern void arb_trade_abandon(Trade *trade);

extern void arb_trade_state_json(Trade *trade, StrBuf *out);

/* arb_ticket_read takes a ticket from a row; false when a column does not fit. */
extern bool arb_ticket_read(const DbReply *reply, int row, OrderTicket *ticket);

#endif							/* ARBEES_TRADE_H */
