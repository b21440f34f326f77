/*-------------------------------------------------------------------------
 *
 * src/market/book_levels.c
 *	  The levels of an instrument's order book, as a quote brings them.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "compat.h"
#include "core/money.h"
#include "fmgr.h"
#include "funcapi.h"
#include "market/book_levels.h"
#include "port/pg_bswap.h"
#include "utils/builtins.h"
#include "utils/tuplestore.h"

#define BOOK_VERSION 1
#define HEAD_BYTES 3
#define LEVEL_BYTES (2 * sizeof(int64))

static Fixed
read_number(const unsigned char *p)
{
	uint64		value;

	memcpy(&value, p, sizeof(value));
	return (Fixed) pg_ntoh64(value);
}

/* Reads a side; false unless prices and sizes are amounts and each price is worse than the one before. */
static bool
read_side(const unsigned char *p, int count, bool is_bid, BookSide *side)
{
	int			i;

	side->count = count;
	for (i = 0; i < count; i++, p += LEVEL_BYTES)
	{
		BookLevel  *level = &side->level[i];

		level->price = read_number(p);
		level->size = read_number(p + sizeof(int64));
		if (level->price <= 0 || level->size <= 0 || level->price == FIXED_NONE || level->size == FIXED_NONE)
			return false;
		if (i > 0 && (is_bid ? level->price >= level[-1].price : level->price <= level[-1].price))
			return false;
	}
	return true;
}

/* arb_levels_unpack reads a packed book; false when it is none. */
bool
arb_levels_unpack(const bytea *packed, BookLevels *levels)
{
	const unsigned char *p = (const unsigned char *) VARDATA_ANY(packed);
	size_t		length = VARSIZE_ANY_EXHDR(packed);
	int			bids;
	int			asks;

	if (length < HEAD_BYTES || p[0] != BOOK_VERSION)
		return false;
	bids = p[1];
	asks = p[2];
	if (bids > BOOK_LEVELS_MAX || asks > BOOK_LEVELS_MAX || length != HEAD_BYTES + (bids + asks) * LEVEL_BYTES)
		return false;
	p += HEAD_BYTES;
	return read_side(p, bids, true, &levels->bids) && read_side(p + bids * LEVEL_BYTES, asks, false, &levels->asks);
}

static bool
begins_with(const BookSide *side, Fixed price, Fixed size)
{
	if (side->count == 0)
		return price == FIXED_NULL;
	return side->level[0].price == price && side->level[0].size == size;
}

/* arb_levels_are_of is true when the best levels are the quote's bid and ask. */
bool
arb_levels_are_of(const BookLevels *levels, const Quote *quote)
{
	return begins_with(&levels->bids, quote->bid, quote->bid_size) &&
		begins_with(&levels->asks, quote->ask, quote->ask_size);
}

static void
best_alone(BookSide *side, Fixed price, Fixed size)
{
	side->count = 0;
	if (price == FIXED_NULL || size == FIXED_NULL || price <= 0 || size <= 0)
		return;
	side->level[0].price = price;
	side->level[0].size = size;
	side->count = 1;
}

/* arb_levels_of_quote gives a quote's levels: the best ones alone where no more are known. */
void
arb_levels_of_quote(const Quote *quote, BookLevels *levels)
{
	if (quote->book != NULL && arb_levels_unpack(quote->book, levels))
		return;
	best_alone(&levels->bids, quote->bid, quote->bid_size);
	best_alone(&levels->asks, quote->ask, quote->ask_size);
}

/* arb_levels_against returns what an order of a side trades with. */
const BookSide *
arb_levels_against(const BookLevels *levels, OrderSide side)
{
	return side == SIDE_SELL ? &levels->bids : &levels->asks;
}

/* arb_level_reached is true when an order that goes to the worst price takes the level. */
bool
arb_level_reached(const BookLevel *level, OrderSide side, Fixed worst)
{
	return side == SIDE_SELL ? level->price >= worst : level->price <= worst;
}

/* arb_levels_depth adds up what an order of a side can take down (or up) to the worst price; never raises. */
Fixed
arb_levels_depth(const BookLevels *levels, OrderSide side, Fixed worst)
{
	const BookSide *against = arb_levels_against(levels, side);
	int128		sum = 0;
	int			i;

	for (i = 0; i < against->count && arb_level_reached(&against->level[i], side, worst); i++)
		sum += against->level[i].size;
	return (Fixed) Min(sum, (int128) FIXED_NONE - 1);
}

static void
put_side(ReturnSetInfo *rsinfo, const char *name, const BookSide *side)
{
	int			i;

	for (i = 0; i < side->count; i++)
	{
		Datum		values[4];
		bool		nulls[4] = {false};

		values[0] = CStringGetTextDatum(name);
		values[1] = Int32GetDatum(i + 1);
		values[2] = arb_fixed_to_numeric(side->level[i].price);
		values[3] = arb_fixed_to_numeric(side->level[i].size);
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	}
}

/* read_book(book bytea): the levels of a packed book as (side, level, price, size). Errors: XX001 when it is none. */
PG_FUNCTION_INFO_V1(arbees_read_book);
Datum
arbees_read_book(PG_FUNCTION_ARGS)
{
	BookLevels	levels;

	if (!arb_levels_unpack(PG_GETARG_BYTEA_PP(0), &levels))
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("packed order book is damaged"),
				 errhint("It is version 1, the numbers of bids and asks, and of each level price and size, best first.")));
	InitMaterializedSRF(fcinfo, 0);
	put_side((ReturnSetInfo *) fcinfo->resultinfo, "bid", &levels.bids);
	put_side((ReturnSetInfo *) fcinfo->resultinfo, "ask", &levels.asks);
	return (Datum) 0;
}
