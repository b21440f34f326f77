/*-------------------------------------------------------------------------
 *
 * worker/trade/cover.h
 *	  What an order may take of the cash, and whether it is there.
 *
 * Pure, and exact: micro units, rounded against us.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARBEES_TRADE_COVER_H
#define ARBEES_TRADE_COVER_H

#include <stdbool.h>
#include <stdint.h>

#include "decimal.h"
#include "venue/venue.h"

/* More than any order: what cannot be read costs this. Thousands of them still have a sum. */
#define COVER_MOST (INT64_MAX / 8192)

/* arb_cover_of_ticket returns the most an order can cost, fee included; 0 for a sale. */
extern int64_t arb_cover_of_ticket(const OrderTicket *ticket);

extern bool arb_cover_is_enough(int64_t cash, int64_t others, int64_t needed);

#endif							/* ARBEES_TRADE_COVER_H */
