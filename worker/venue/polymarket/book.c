/*-------------------------------------------------------------------------
 *
 * worker/venue/polymarket/book.c
 *	  One token's order book, kept from snapshots and level changes.
 *
 * Sides are sorted arrays: books have some hundred levels and changes cluster
 * at the best price, which is the end that moves least memory for bids.
 *
 *-------------------------------------------------------------------------
 */
#include "book.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_CAPACITY 64
/* Disagreeing statements of the best prices, with no change between them, that drop a book. */
#define MISMATCHES_MAX 2

void
arb_book_init(OrderBook *book, const char *token_id)
{
	memset(book, 0, sizeof(*book));
	book->state = BOOK_STATE_EMPTY;
	snprintf(book->token_id, sizeof(book->token_id), "%s", token_id);
}

void
arb_book_free(OrderBook *book)
{
	free(book->bids.levels);
	free(book->asks.levels);
	memset(book, 0, sizeof(*book));
}

void
arb_book_drop(OrderBook *book, const char *reason)
{
	book->state = BOOK_STATE_EMPTY;
	book->bids.count = 0;
	book->asks.count = 0;
	book->hash[0] = '\0';
	snprintf(book->drop_reason, sizeof(book->drop_reason), "%s", reason);
}

/* ----- one side ----- */

static bool
reserve(BookSide *side, size_t count)
{
	size_t		capacity = side->capacity == 0 ? FIRST_CAPACITY : side->capacity;
	PmLevel    *levels;

	if (count <= side->capacity)
		return true;
	if (count > PM_LEVELS_MAX)
		return false;
	while (capacity < count)
		capacity *= 2;
	levels = realloc(side->levels, capacity * sizeof(*levels));
	if (levels == NULL)
		return false;
	side->levels = levels;
	side->capacity = capacity;
	return true;
}

/* First index whose price is not below the given one. */
static size_t
lower_bound(const BookSide *side, int64_t price)
{
	size_t		low = 0;
	size_t		high = side->count;

	while (low < high)
	{
		size_t		middle = low + (high - low) / 2;

		if (side->levels[middle].price < price)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Sets the absolute size of a level; 0 removes it. */
static bool
set_level(BookSide *side, int64_t price, int64_t size)
{
	size_t		at = lower_bound(side, price);
	bool		found = at < side->count && side->levels[at].price == price;
	PmLevel    *level;

	if (size == 0)
	{
		if (found)
		{
			side->count--;
			memmove(side->levels + at, side->levels + at + 1, (side->count - at) * sizeof(PmLevel));
		}
		return true;
	}
	if (!found)
	{
		if (!reserve(side, side->count + 1))
			return false;
		memmove(side->levels + at + 1, side->levels + at, (side->count - at) * sizeof(PmLevel));
		side->count++;
	}
	level = &side->levels[at];
	level->price = price;
	level->size = size;
	return true;
}

/* Order of the snapshot does not matter; of two entries at one price the later counts. */
static bool
load_side(BookSide *side, const PmLevel *levels, size_t count)
{
	side->count = 0;
	if (count > 0 && !reserve(side, count))
		return false;
	for (size_t i = 0; i < count; i++)
	{
		if (!set_level(side, levels[i].price, levels[i].size))
			return false;
	}
	return true;
}

/* ----- the book ----- */

bool
arb_book_top(const OrderBook *book, BookTop *top)
{
	memset(top, 0, sizeof(*top));
	if (book->state != BOOK_STATE_LIVE)
		return false;
	if (book->bids.count > 0)
	{
		top->bid = book->bids.levels[book->bids.count - 1].price;
		top->bid_size = book->bids.levels[book->bids.count - 1].size;
	}
	if (book->asks.count > 0)
	{
		top->ask = book->asks.levels[0].price;
		top->ask_size = book->asks.levels[0].size;
	}
	return true;
}

static bool
is_same_top(const BookTop *a, const BookTop *b)
{
	return a->bid == b->bid && a->bid_size == b->bid_size && a->ask == b->ask && a->ask_size == b->ask_size;
}

static BookChange
drop(OrderBook *book, const char *reason)
{
	arb_book_drop(book, reason);
	return BOOK_CHANGE_DROPPED;
}

/* Bids at or above asks would have matched: the book has lost something. */
static bool
is_crossed(const BookTop *top)
{
	return top->bid != 0 && top->ask != 0 && top->bid >= top->ask;
}

/* The venue writes 0 and 1 for an empty side, we write 0 for both. */
static bool
agrees_with(const BookTop *top, int64_t best_bid, int64_t best_ask)
{
	int64_t		ask = best_ask == 0 || best_ask >= DECIMAL_MICRO ? 0 : best_ask;

	return top->bid == best_bid && top->ask == ask;
}

static BookChange
apply_snapshot(OrderBook *book, const PmMarketEvent *event)
{
	const PmBook *snapshot = &event->u.book;
	BookTop		before;
	BookTop		after;
	bool		was_live = arb_book_top(book, &before);

	if (!load_side(&book->bids, snapshot->bids, snapshot->bid_count) ||
		!load_side(&book->asks, snapshot->asks, snapshot->ask_count))
		return drop(book, "snapshot does not fit in memory");
	book->state = BOOK_STATE_LIVE;
	book->mismatches = 0;
	book->timestamp_ms = event->timestamp_ms;
	if (snapshot->tick_size > 0)
		book->tick_size = snapshot->tick_size;
	snprintf(book->hash, sizeof(book->hash), "%s", snapshot->hash);
	arb_book_top(book, &after);
	if (is_crossed(&after))
		return drop(book, "snapshot is crossed");
	return was_live && is_same_top(&before, &after) ? BOOK_CHANGE_DEPTH : BOOK_CHANGE_TOP;
}

/*
 * One frame may carry several levels of this token.  Only the best prices of
 * the last one describe the book after the whole frame.
 */
static BookChange
apply_changes(OrderBook *book, const PmMarketEvent *event)
{
	const PmPriceChange *last = NULL;
	BookTop		before;
	BookTop		after;

	if (!arb_book_top(book, &before))
		return BOOK_CHANGE_IGNORED;
	for (size_t i = 0; i < event->u.price_change.count; i++)
	{
		const PmPriceChange *change = &event->u.price_change.changes[i];

		if (strcmp(change->token_id, book->token_id) != 0)
			continue;
		if (!set_level(change->side == ORDER_SIDE_BUY ? &book->bids : &book->asks, change->price, change->size))
			return drop(book, "level does not fit in memory");
		last = change;
	}
	if (last == NULL)
		return BOOK_CHANGE_IGNORED;
	book->timestamp_ms = event->timestamp_ms;
	book->hash[0] = '\0';
	book->mismatches = 0;
	arb_book_top(book, &after);
	if (is_crossed(&after))
		return drop(book, "crossed");
	if (last->has_best && !agrees_with(&after, last->best_bid, last->best_ask))
		return drop(book, "best prices differ from the venue's");
	return is_same_top(&before, &after) ? BOOK_CHANGE_DEPTH : BOOK_CHANGE_TOP;
}

static BookChange
compare_best(OrderBook *book, const PmMarketEvent *event)
{
	BookTop		top;

	if (!arb_book_top(book, &top))
		return BOOK_CHANGE_IGNORED;
	/* An older statement says nothing about a newer book. */
	if (event->timestamp_ms < book->timestamp_ms)
		return BOOK_CHANGE_IGNORED;
	if (agrees_with(&top, event->u.best.best_bid, event->u.best.best_ask))
	{
		book->mismatches = 0;
		return BOOK_CHANGE_NONE;
	}
	/* The statement may overtake the change it tells of; a second one without a change may not. */
	if (++book->mismatches < MISMATCHES_MAX)
		return BOOK_CHANGE_NONE;
	return drop(book, "best prices differ from the venue's");
}

BookChange
arb_book_apply(OrderBook *book, const PmMarketEvent *event)
{
	if (event->kind == PM_MARKET_PRICE_CHANGE)
		return apply_changes(book, event);
	if (strcmp(event->token_id, book->token_id) != 0)
		return BOOK_CHANGE_IGNORED;
	switch (event->kind)
	{
		case PM_MARKET_BOOK:
			return apply_snapshot(book, event);
		case PM_MARKET_BEST_BID_ASK:
			return compare_best(book, event);
		case PM_MARKET_TICK_SIZE_CHANGE:
			book->tick_size = event->u.tick.new_tick;
			return drop(book, "tick size changed");
		default:
			return BOOK_CHANGE_IGNORED;
	}
}

int64_t
arb_book_depth(const OrderBook *book, OrderSide side, int64_t limit)
{
	const BookSide *levels = side == ORDER_SIDE_BUY ? &book->asks : &book->bids;
	int64_t		total = 0;

	if (book->state != BOOK_STATE_LIVE)
		return 0;
	for (size_t i = 0; i < levels->count; i++)
	{
		const PmLevel *level = &levels->levels[i];
		bool		obtainable = side == ORDER_SIDE_BUY ? level->price <= limit : level->price >= limit;

		if (obtainable && __builtin_add_overflow(total, level->size, &total))
			return INT64_MAX;
	}
	return total;
}

/* ----- packed ----- */

#define PACK_VERSION 1
/* The database counts in 1e-8, the venue in micro. */
#define UNITS_PER_MICRO 100

static bool
pack_number(uint8_t **p, int64_t micro)
{
	int64_t		units;
	int			shift;

	if (__builtin_mul_overflow(micro, UNITS_PER_MICRO, &units))
		return false;
	for (shift = 56; shift >= 0; shift -= 8)
		*(*p)++ = (uint8_t) ((uint64_t) units >> shift);
	return true;
}

static bool
pack_level(uint8_t **p, const PmLevel *level)
{
	return pack_number(p, level->price) && pack_number(p, level->size);
}

size_t
arb_book_pack(const OrderBook *book, uint8_t out[BOOK_PACK_MAX])
{
	size_t		bids = book->bids.count < BOOK_PACK_LEVELS ? book->bids.count : BOOK_PACK_LEVELS;
	size_t		asks = book->asks.count < BOOK_PACK_LEVELS ? book->asks.count : BOOK_PACK_LEVELS;
	uint8_t    *p = out;
	size_t		i;

	if (book->state != BOOK_STATE_LIVE)
		return 0;
	*p++ = PACK_VERSION;
	*p++ = (uint8_t) bids;
	*p++ = (uint8_t) asks;
	for (i = 0; i < bids; i++)
	{
		if (!pack_level(&p, &book->bids.levels[book->bids.count - 1 - i]))
			return 0;
	}
	for (i = 0; i < asks; i++)
	{
		if (!pack_level(&p, &book->asks.levels[i]))
			return 0;
	}
	return (size_t) (p - out);
}
