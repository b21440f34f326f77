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

typedef struct Quote
{
	int32		instrument_id;
	Fixed		bid;			/* FIXED_NULL = empty side */
	Fixed		bid_size;
	Fixed		ask;
	Fixed		ask_size;
	TimestampTz source_at;
	TimestampTz received_at;
} Quote;

/* The quotes that came with a call; they override stored ones. */
typedef struct QuoteSet
{
	int			count;
	Quote	   *quotes;
} QuoteSet;

extern bool arb_quote_read(const QuoteSet *set, int32 instrument_id, Snapshot snapshot, Quote *quote);
extern void arb_quotes_store(const QuoteSet *set);

#endif							/* ARB_QUOTE_H */
