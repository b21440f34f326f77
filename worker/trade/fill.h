/*-------------------------------------------------------------------------
 *
 * worker/trade/fill.h
 *	  Our part of a venue's trade, as facts to be booked.
 *
 * Pure.  The fee follows the venue's formula with the rate the order's ticket
 * carries; the venue's own messages do not tell it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARBEES_TRADE_FILL_H
#define ARBEES_TRADE_FILL_H

#include "venue/polymarket/parse.h"

typedef struct FillFact
{
	char		symbol[VENUE_SYMBOL_SIZE];
	OrderSide	side;
	int64_t		qty;			/* micro */
	int64_t		price;			/* micro */
	int64_t		money;			/* micro, before the fee */
	int64_t		fee;			/* micro */
	bool		is_maker;
} FillFact;

/*
 * arb_fill_of_trade finds the part of order_id in a trade.
 *
 * Returns: false when the order has no part in it, or an argument is out of range.
 */
extern bool arb_fill_of_trade(const PmTrade *trade, const char *order_id, int64_t fee_rate_micro,
							  int fee_exponent, FillFact *fact);

#endif							/* ARBEES_TRADE_FILL_H */
