/*-------------------------------------------------------------------------
 *
 * worker/venue/polymarket/book.h
 *	  One token's order book, kept from snapshots and level changes.
 *
 * The venue numbers nothing, so loss is noticed only by comparing the best
 * prices it states with ours.  A book that disagrees, or whose tick changed,
 * is dropped: it answers nothing until the next snapshot.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARBEES_POLYMARKET_BOOK_H
#define ARBEES_POLYMARKET_BOOK_H

#include "parse.h"

/* A packed book: version, numbers of bids and asks, then price and size of each level. */
#define BOOK_PACK_LEVELS 10
#define BOOK_PACK_MAX (3 + 2 * BOOK_PACK_LEVELS * 16)

typedef enum BookState
{
	BOOK_STATE_NONE = 0,
	BOOK_STATE_EMPTY,			/* waiting for a snapshot */
	BOOK_STATE_LIVE
} BookState;

typedef enum BookChange
{
	BOOK_CHANGE_NONE = 0,
	BOOK_CHANGE_IGNORED,		/* no snapshot yet, or another token */
	BOOK_CHANGE_DEPTH,			/* a level changed, the best prices and sizes did not */
	BOOK_CHANGE_TOP,			/* best price or its size changed */
	BOOK_CHANGE_DROPPED			/* diverged, crossed or re-ticked: ask for a snapshot */
} BookChange;

typedef struct BookSide
{
	PmLevel    *levels;			/* ascending by price, sizes > 0, prices unique */
	size_t		count;
	size_t		capacity;
} BookSide;

typedef struct BookTop
{
	int64_t		bid;			/* micro; 0 = empty side */
	int64_t		bid_size;
	int64_t		ask;			/* micro; 0 = empty side */
	int64_t		ask_size;
} BookTop;

typedef struct OrderBook
{
	char		token_id[VENUE_SYMBOL_SIZE];
	BookState	state;
	BookSide	bids;
	BookSide	asks;
	int64_t		timestamp_ms;	/* of the last frame applied */
	int64_t		tick_size;		/* micro; 0 when unknown */
	char		hash[PM_HASH_SIZE];
	int			mismatches;		/* statements of the best prices we disagreed with, in a row */
	char		drop_reason[80];	/* why the book was last dropped */
} OrderBook;

extern void arb_book_init(OrderBook *book, const char *token_id);
extern void arb_book_free(OrderBook *book);

/* arb_book_drop empties the book; reconnects and suspect frames call it too. */
extern void arb_book_drop(OrderBook *book, const char *reason);

/* arb_book_apply takes any event; one of another token is BOOK_CHANGE_IGNORED. */
extern BookChange arb_book_apply(OrderBook *book, const PmMarketEvent *event);

/* false when the book is not live. */
extern bool arb_book_top(const OrderBook *book, BookTop *top);

/*
 * arb_book_pack writes the best levels of both sides as docs/worker-protocol.md has them.
 *
 * Returns: the bytes written, 0 when the book is not live or a number does not fit.
 */
extern size_t arb_book_pack(const OrderBook *book, uint8_t out[BOOK_PACK_MAX]);

/* Shares obtainable at limit or better: asks for BUY, bids for SELL. */
extern int64_t arb_book_depth(const OrderBook *book, OrderSide side, int64_t limit);

#endif							/* ARBEES_POLYMARKET_BOOK_H */
