/*-------------------------------------------------------------------------
 *
 * src/trade/ticket.h
 *	  Tickets: all that a worker needs to build an order's bytes.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARB_TICKET_H
#define ARB_TICKET_H

#include "postgres.h"
#include "core/columns.h"
#include "nodes/execnodes.h"
#include "trade/submit.h"

/* The columns of arbees.order_ticket. */
enum
{
	TICKET_order_id, TICKET_purpose, TICKET_client_order_id, TICKET_symbol, TICKET_side, TICKET_amount_kind,
	TICKET_amount, TICKET_limit_price, TICKET_time_in_force, TICKET_tick_size, TICKET_neg_risk, TICKET_salt,
	TICKET_signed_ms, TICKET_expires_s, TICKET_condition_id, TICKET_fee_rate, TICKET_fee_exponent,
	TICKET_dry_run,
	TICKET_ncolumns
};

extern void arb_ticket_values(const Row *order, Datum *value, bool *null);
extern void arb_tickets_of(TradingMode mode, const MadeOrders *made, ReturnSetInfo *rsinfo);

#endif							/* ARB_TICKET_H */
