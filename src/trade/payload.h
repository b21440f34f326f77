/*-------------------------------------------------------------------------
 *
 * src/trade/payload.h
 *	  The HTTP request of an order, kept as evidence.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARB_PAYLOAD_H
#define ARB_PAYLOAD_H

#include "postgres.h"
#include "core/table.h"
#include "utils/timestamp.h"

extern void arb_payload_check(const text *request, const bytea *body_hash);
extern void arb_payload_write(TradingMode mode, const Row *order, const text *venue_order_id, const bytea *body_hash,
							  const text *request, TimestampTz at);

#endif							/* ARB_PAYLOAD_H */
