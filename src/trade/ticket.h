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
#include "nodes/pg_list.h"
#include "utils/timestamp.h"

#define TICKET_COLUMNS 17

extern void arb_ticket_values(const Row *order, Datum *value, bool *null);
extern void arb_tickets_new(const List *portfolio_ids, TradingMode mode, TimestampTz since,
							ReturnSetInfo *rsinfo);

#endif							/* ARB_TICKET_H */
