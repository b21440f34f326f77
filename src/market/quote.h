/*-------------------------------------------------------------------------
 *
 * src/market/quote.h
 *	  Quotes: those a call brought, and the last stored ones.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARB_QUOTE_H
#define ARB_QUOTE_H

#include "postgres.h"
#include "core/columns.h"
#include "core/money.h"
#include "utils/timestamp.h"

/* A stored quote is replaced at most this often; a call's own quotes always count for that call. */
#define QUOTE_WRITE_INTERVAL_MS 100

/* A quote this much older than the newest of its instrument is no news: a replay, a backfill, a frame that got stuck. */
#define QUOTE_BACKWARD_TOLERANCE_MS 1000

typedef struct Quote
{
	int32		instrument_id;
	Fixed		bid;			/* FIXED_NULL = empty side */
	Fixed		bid_size;
	Fixed		ask;
	Fixed		ask_size;
	TimestampTz source_at;
	TimestampTz received_at;
	const bytea *book;			/* packed levels, see book_levels.h; NULL = only the best are known */
} Quote;

/* What is known of an instrument's quotes beyond the last one. */
typedef struct QuoteFacts
{
	Fixed		rolling_mid;	/* FIXED_NULL = both sides were never quoted */
	int			unchanged;		/* stored updates in a row that repeated the quote */
	bool		historical;		/* the quote in force is older than one seen before */
} QuoteFacts;

/* The quotes that came with a call; they override stored ones. */
typedef struct QuoteSet
{
	int			count;
	Quote	   *quotes;
} QuoteSet;

extern const Quote *arb_quote_in_call(const QuoteSet *set, int32 instrument_id);
extern bool arb_quote_read(const QuoteSet *set, int32 instrument_id, Snapshot snapshot, Quote *quote);
extern bool arb_quote_read_facts(const QuoteSet *set, int32 instrument_id, TimestampTz at, int64 half_life_s,
								 Snapshot snapshot, Quote *quote, QuoteFacts *facts);
extern void arb_quotes_store(const QuoteSet *set, int64 half_life_s);

#endif							/* ARB_QUOTE_H */
