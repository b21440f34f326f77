/*-------------------------------------------------------------------------
 *
 * worker/feed/quotes.c
 *	  What has changed since the database was last told.
 *
 *-------------------------------------------------------------------------
 */
#include "feed/quotes.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

void
arb_quotes_init(QuoteSet *set)
{
	memset(set, 0, sizeof(*set));
}

static QuoteSlot *
find_slot(QuoteSet *set, int instrument)
{
	size_t		i;

	for (i = 0; i < set->count; i++)
	{
		if (set->slots[i].instrument == instrument)
			return &set->slots[i];
	}
	return NULL;
}

static bool
same_top(const QuoteTop *a, const QuoteTop *b)
{
	return a->bid == b->bid && a->bid_size == b->bid_size && a->ask == b->ask && a->ask_size == b->ask_size;
}

static bool
same_book(const QuoteTop *a, const QuoteTop *b)
{
	return a->book_len == b->book_len && memcmp(a->book, b->book, a->book_len) == 0;
}

bool
arb_quotes_put(QuoteSet *set, int instrument, const QuoteTop *top, int64_t source_ms, int64_t refresh_ms)
{
	QuoteSlot  *slot = find_slot(set, instrument);
	bool		news;

	if (slot == NULL)
	{
		if (set->count >= QUOTES_MAX)
			return false;
		slot = &set->slots[set->count++];
		memset(slot, 0, sizeof(*slot));
		slot->instrument = instrument;
		news = true;
	}
	else
		news = slot->dirty || !same_top(&slot->top, top) || source_ms - slot->told_ms >= refresh_ms;
	slot->deeper = slot->deeper || !same_book(&slot->top, top);
	slot->top = *top;
	slot->source_ms = source_ms;
	if (news && !slot->dirty)
	{
		slot->dirty = true;
		set->dirty++;
	}
	return news;
}

void
arb_quotes_forget(QuoteSet *set, int instrument)
{
	QuoteSlot  *slot = find_slot(set, instrument);

	if (slot == NULL)
		return;
	if (slot->dirty)
		set->dirty--;
	*slot = set->slots[--set->count];
}

bool
arb_quotes_price(QuoteSet *set, const char *underlying, const char *price, int64_t source_ms)
{
	PriceTick  *tick;

	if (set->price_count >= PRICES_MAX)
	{
		memmove(&set->prices[0], &set->prices[1], (PRICES_MAX - 1) * sizeof(set->prices[0]));
		set->price_count--;
		set->prices_lost++;
	}
	tick = &set->prices[set->price_count];
	if (strlen(underlying) >= sizeof(tick->underlying) || strlen(price) >= sizeof(tick->price))
		return false;
	(void) strcpy(tick->underlying, underlying);
	(void) strcpy(tick->price, price);
	tick->source_ms = source_ms;
	set->price_count++;
	return true;
}

void
arb_quotes_trade(QuoteSet *set, int instrument, int64_t price, int64_t size, int64_t source_ms)
{
	TradePrint *trade;

	if (set->trade_count >= TRADES_MAX)
	{
		memmove(&set->trades[0], &set->trades[1], (TRADES_MAX - 1) * sizeof(set->trades[0]));
		set->trade_count--;
		set->trades_lost++;
	}
	trade = &set->trades[set->trade_count++];
	trade->instrument = instrument;
	trade->price = price;
	trade->size = size;
	trade->source_ms = source_ms;
}

bool
arb_quotes_pending(const QuoteSet *set)
{
	return set->dirty > 0 || set->price_count > 0;
}

#define BATCH_LISTS 14

static void
lists_of(QuoteBatch *batch, StrBuf *lists[BATCH_LISTS])
{
	lists[0] = &batch->instruments;
	lists[1] = &batch->bids;
	lists[2] = &batch->bid_sizes;
	lists[3] = &batch->asks;
	lists[4] = &batch->ask_sizes;
	lists[5] = &batch->source_ms;
	lists[6] = &batch->underlyings;
	lists[7] = &batch->prices;
	lists[8] = &batch->price_ms;
	lists[9] = &batch->trade_instruments;
	lists[10] = &batch->trade_prices;
	lists[11] = &batch->trade_sizes;
	lists[12] = &batch->trade_ms;
	lists[13] = &batch->books;
}

void
arb_quote_batch_init(QuoteBatch *batch)
{
	StrBuf	   *lists[BATCH_LISTS];
	int			i;

	memset(batch, 0, sizeof(*batch));
	lists_of(batch, lists);
	for (i = 0; i < BATCH_LISTS; i++)
		arb_strbuf_init(lists[i], 0);
}

void
arb_quote_batch_free(QuoteBatch *batch)
{
	StrBuf	   *lists[BATCH_LISTS];
	int			i;

	lists_of(batch, lists);
	for (i = 0; i < BATCH_LISTS; i++)
		arb_strbuf_free(lists[i]);
}

static void
separate(StrBuf *list)
{
	if (list->len > 1)
		(void) arb_strbuf_char(list, ',');
}

static void
append_int(StrBuf *list, int64_t value)
{
	separate(list);
	(void) arb_strbuf_printf(list, "%" PRId64, value);
}

/* An empty side has neither price nor size. */
static void
append_micro(StrBuf *list, int64_t micro, bool is_null)
{
	char		text[DECIMAL_TEXT_SIZE];

	separate(list);
	if (is_null)
	{
		(void) arb_strbuf_text(list, "NULL");
		return;
	}
	(void) arb_strbuf_append(list, text, arb_decimal_format_micro(micro, text));
}

/* Array elements in double quotes; backslash protects the two special characters. */
static void
append_quoted(StrBuf *list, const char *text)
{
	separate(list);
	(void) arb_strbuf_char(list, '"');
	for (; *text != '\0'; text++)
	{
		if (*text == '"' || *text == '\\')
			(void) arb_strbuf_char(list, '\\');
		(void) arb_strbuf_char(list, *text);
	}
	(void) arb_strbuf_char(list, '"');
}

/* An element of bytea[]: hexadecimal, its backslash doubled. */
static void
append_book(StrBuf *list, const QuoteTop *top)
{
	static const char digits[] = "0123456789abcdef";
	char		text[2 * QUOTE_BOOK_MAX];
	size_t		i;

	separate(list);
	if (top->book_len == 0)
	{
		(void) arb_strbuf_text(list, "NULL");
		return;
	}
	for (i = 0; i < top->book_len; i++)
	{
		text[2 * i] = digits[top->book[i] >> 4];
		text[2 * i + 1] = digits[top->book[i] & 15];
	}
	(void) arb_strbuf_text(list, "\"\\\\x");
	(void) arb_strbuf_append(list, text, 2 * top->book_len);
	(void) arb_strbuf_char(list, '"');
}

static void
append_quote(QuoteBatch *batch, const QuoteSlot *slot)
{
	const QuoteTop *top = &slot->top;

	append_int(&batch->instruments, slot->instrument);
	append_micro(&batch->bids, top->bid, top->bid == 0);
	append_micro(&batch->bid_sizes, top->bid_size, top->bid == 0);
	append_micro(&batch->asks, top->ask, top->ask == 0);
	append_micro(&batch->ask_sizes, top->ask_size, top->ask == 0);
	append_int(&batch->source_ms, slot->source_ms);
	append_book(&batch->books, top);
	batch->quotes++;
}

static void
append_trade(QuoteBatch *batch, const TradePrint *trade)
{
	append_int(&batch->trade_instruments, trade->instrument);
	append_micro(&batch->trade_prices, trade->price, false);
	append_micro(&batch->trade_sizes, trade->size, false);
	append_int(&batch->trade_ms, trade->source_ms);
	batch->trades++;
}

bool
arb_quotes_take(QuoteSet *set, QuoteBatch *batch)
{
	StrBuf	   *lists[BATCH_LISTS];
	bool		complete = true;
	size_t		i;

	lists_of(batch, lists);
	batch->quotes = 0;
	batch->ticks = 0;
	batch->trades = 0;
	for (i = 0; i < BATCH_LISTS; i++)
	{
		arb_strbuf_reset(lists[i]);
		(void) arb_strbuf_char(lists[i], '{');
	}
	for (i = 0; i < set->count; i++)
	{
		if (set->slots[i].dirty || set->slots[i].deeper)
			append_quote(batch, &set->slots[i]);
	}
	for (i = 0; i < set->price_count; i++)
	{
		append_quoted(&batch->underlyings, set->prices[i].underlying);
		separate(&batch->prices);
		(void) arb_strbuf_text(&batch->prices, set->prices[i].price);
		append_int(&batch->price_ms, set->prices[i].source_ms);
		batch->ticks++;
	}
	for (i = 0; i < set->trade_count; i++)
		append_trade(batch, &set->trades[i]);
	for (i = 0; i < BATCH_LISTS; i++)
	{
		(void) arb_strbuf_char(lists[i], '}');
		complete = complete && !lists[i]->failed;
	}
	if (!complete)
		return false;
	for (i = 0; i < set->count; i++)
	{
		if (set->slots[i].dirty || set->slots[i].deeper)
			set->slots[i].told_ms = set->slots[i].source_ms;
		set->slots[i].dirty = set->slots[i].deeper = false;
	}
	set->dirty = 0;
	set->price_count = 0;
	set->trade_count = 0;
	return true;
}
