/*-------------------------------------------------------------------------
 *
 * worker/trade/plausible.h
 *	  What a venue cannot have meant: amounts in another unit, less than nothing,
 *	  an order that is not the one asked for.
 *
 * Pure.  A fact is reported however unwelcome it is; what is told apart here is
 * no fact.  Numbers in another unit are wrong by a million, so the line is
 * drawn at a thousand.  src/trade/plausible.c draws the same once more.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARBEES_TRADE_PLAUSIBLE_H
#define ARBEES_TRADE_PLAUSIBLE_H

#include "trade/fill.h"
#include "venue/polymarket/parse.h"

/* Each returns NULL when nothing is wrong, else what is, as a stable word. */

/* arb_doubt_trade compares the parts of a trade with each other. */
extern const char *arb_doubt_trade(const PmTrade *trade);

/* arb_doubt_fill compares our part with itself and, unless ticket is NULL, with its order. */
extern const char *arb_doubt_fill(const FillFact *fact, const OrderTicket *ticket);

/*
 * arb_doubt_order compares what the venue says of an order with its ticket, and
 * with matched_before, shares it had said were matched before it was asked.
 */
extern const char *arb_doubt_order(const PmOrder *order, const OrderTicket *ticket, int64_t matched_before);

/*
 * arb_is_stranger tells an order or a part of a trade of somebody else: both
 * names it carries are there and neither is ours.
 */
extern bool arb_is_stranger(const char *owner, const char *address, const char *our_owner, const char *our_address);

#endif							/* ARBEES_TRADE_PLAUSIBLE_H */
