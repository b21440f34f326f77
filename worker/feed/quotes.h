/*-------------------------------------------------------------------------
 *
 * worker/feed/quotes.h
 *	  What has changed since the database was last told.
 *
 * Pure.  Of each instrument only the newest quote is kept, with its order book
 * as packed bytes; a change behind the best prices waits for news.  Prices of an
 * underlying are all kept in order, because a window opens and closes on one
 * particular tick, and so are public trades, because they are added up.  A
 * batch is the argument lists of one report_trades and one on_quotes call.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARBEES_FEED_QUOTES_H
#define ARBEES_FEED_QUOTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "decimal.h"
#include "strbuf.h"

/* Instruments followed at once, and prices held while the database is away. */
#define QUOTES_MAX 1024
#define PRICES_MAX 1024
#define TRADES_MAX 1024
/* Bytes of a quote's packed order book. */
#define QUOTE_BOOK_MAX 323

typedef struct QuoteTop
{
	int64_t		bid;			/* micro; 0 = empty side */
	int64_t		bid_size;
	int64_t		ask;
	int64_t		ask_size;
	size_t		book_len;		/* of the levels behind them; 0 = unknown */
	uint8_t		book[QUOTE_BOOK_MAX];
} QuoteTop;

typedef struct QuoteSlot
{
	int			instrument;
	QuoteTop	top;
	int64_t		source_ms;
	int64_t		told_ms;		/* source time of what the database was last told */
	bool		dirty;
	bool		deeper;			/* levels behind the best ones changed: no news, but goes with the next that is */
} QuoteSlot;

typedef struct PriceTick
{
	char		underlying[33];
	char		price[DECIMAL_TEXT_SIZE];
	int64_t		source_ms;
} PriceTick;

typedef struct TradePrint
{
	int			instrument;
	int64_t		price;			/* micro */
	int64_t		size;
	int64_t		source_ms;
} TradePrint;

typedef struct QuoteSet
{
	QuoteSlot	slots[QUOTES_MAX];
	size_t		count;
	size_t		dirty;
	PriceTick	prices[PRICES_MAX];
	size_t		price_count;
	uint64_t	prices_lost;
	TradePrint	trades[TRADES_MAX];
	size_t		trade_count;
	uint64_t	trades_lost;
} QuoteSet;

typedef struct QuoteBatch
{
	StrBuf		instruments;
	StrBuf		bids;
	StrBuf		bid_sizes;
	StrBuf		asks;
	StrBuf		ask_sizes;
	StrBuf		source_ms;
	StrBuf		books;
	StrBuf		underlyings;
	StrBuf		prices;
	StrBuf		price_ms;
	StrBuf		trade_instruments;
	StrBuf		trade_prices;
	StrBuf		trade_sizes;
	StrBuf		trade_ms;
	size_t		quotes;
	size_t		ticks;
	size_t		trades;
} QuoteBatch;

extern void arb_quotes_init(QuoteSet *set);

/*
 * arb_quotes_put takes an instrument's newest quote.
 *
 * Args:	refresh_ms: an unchanged quote counts as news when it is this much
 *			younger than what the database knows.
 * Returns: whether there is news.
 */
extern bool arb_quotes_put(QuoteSet *set, int instrument, const QuoteTop *top, int64_t source_ms,
						   int64_t refresh_ms);
extern void arb_quotes_forget(QuoteSet *set, int instrument);
extern bool arb_quotes_price(QuoteSet *set, const char *underlying, const char *price, int64_t source_ms);

/* arb_quotes_trade takes a public trade; it is no news by itself and goes with the next that is. */
extern void arb_quotes_trade(QuoteSet *set, int instrument, int64_t price, int64_t size, int64_t source_ms);
extern bool arb_quotes_pending(const QuoteSet *set);

extern void arb_quote_batch_init(QuoteBatch *batch);
extern void arb_quote_batch_free(QuoteBatch *batch);

/* arb_quotes_take moves the news into a batch of array literals; false when memory ran out. */
extern bool arb_quotes_take(QuoteSet *set, QuoteBatch *batch);

#endif							/* ARBEES_FEED_QUOTES_H */
