/*-------------------------------------------------------------------------
 *
 * src/market/book_levels.h
 *	  The levels of an instrument's order book, as a quote brings them.
 *
 * Packed: one byte version (1), one byte number of bids, one byte number of
 * asks, then of each level price and size as big-endian int64 in 1e-8 units,
 * bids first, the best level of each side first.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARB_BOOK_LEVELS_H
#define ARB_BOOK_LEVELS_H

#include "postgres.h"
#include "core/label.h"
#include "market/quote.h"

/* Levels a side at most. */
#define BOOK_LEVELS_MAX 10

typedef struct BookLevel
{
	Fixed		price;
	Fixed		size;
} BookLevel;

typedef struct BookSide
{
	int			count;
	BookLevel	level[BOOK_LEVELS_MAX]; /* best first */
} BookSide;

typedef struct BookLevels
{
	BookSide	bids;
	BookSide	asks;
} BookLevels;

extern bool arb_levels_unpack(const bytea *packed, BookLevels *levels);
extern bool arb_levels_are_of(const BookLevels *levels, const Quote *quote);
extern void arb_levels_of_quote(const Quote *quote, BookLevels *levels);
extern const BookSide *arb_levels_against(const BookLevels *levels, OrderSide side);
extern bool arb_level_reached(const BookLevel *level, OrderSide side, Fixed worst);
extern Fixed arb_levels_depth(const BookLevels *levels, OrderSide side, Fixed worst);

#endif							/* ARB_BOOK_LEVELS_H */
