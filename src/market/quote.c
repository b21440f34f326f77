/*-------------------------------------------------------------------------
 *
 * src/market/quote.c
 *	  Quotes: those a call brought, and the last stored ones.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "compat.h"
#include "core/clock.h"
#include "core/sql.h"
#include "market/quote.h"
#include "catalog/pg_type.h"
#include "quant/decay.h"
#include "utils/fmgroids.h"

/* A stored quote and what moves with it. */
typedef struct StoredQuote
{
	Quote		quote;
	Fixed		rolling_mid;	/* until received_at; FIXED_NULL = none */
	int			unchanged;
} StoredQuote;

static bool
read_stored(int32 instrument_id, Snapshot snapshot, StoredQuote *stored)
{
	Quote	   *quote = &stored->quote;
	IndexKey	keys[] = {INT4_KEY(instrument_id)};
	Row			row;

	if (!arb_row_read(&quotes_table, 0, "quotes_pkey", 1, keys, snapshot, &row))
		return false;
	quote->instrument_id = instrument_id;
	quote->bid = arb_row_fixed(&row, QUOTES_bid);
	quote->bid_size = arb_row_fixed(&row, QUOTES_bid_size);
	quote->ask = arb_row_fixed(&row, QUOTES_ask);
	quote->ask_size = arb_row_fixed(&row, QUOTES_ask_size);
	quote->source_at = DatumGetTimestampTz(row.value[QUOTES_source_at]);
	quote->received_at = DatumGetTimestampTz(row.value[QUOTES_received_at]);
	quote->book = row.null[QUOTES_book] ? NULL : DatumGetByteaPP(row.value[QUOTES_book]);
	stored->rolling_mid = arb_row_fixed(&row, QUOTES_rolling_mid);
	stored->unchanged = DatumGetInt32(row.value[QUOTES_unchanged]);
	return true;
}

static Fixed
middle(const Quote *q)
{
	if (q->bid == FIXED_NULL || q->ask == FIXED_NULL)
		return FIXED_NULL;
	return arb_fixed_add(q->bid, q->ask) / 2;
}

/* The rolling middle at a time: the stored quote stood until then, what follows it has stood for no time yet. */
static Fixed
rolling_mid_at(const StoredQuote *stored, TimestampTz at, int64 half_life_s)
{
	Fixed		mid = middle(&stored->quote);

	if (stored->rolling_mid == FIXED_NULL || mid == FIXED_NULL)
		return stored->rolling_mid;
	return arb_decayed_mean(stored->rolling_mid, mid, at - stored->quote.received_at, half_life_s * USECS_PER_SEC);
}

static bool
same_book(const bytea *a, const bytea *b)
{
	if (a == NULL || b == NULL)
		return a == b;
	return VARSIZE_ANY_EXHDR(a) == VARSIZE_ANY_EXHDR(b) && memcmp(VARDATA_ANY(a), VARDATA_ANY(b), VARSIZE_ANY_EXHDR(a)) == 0;
}

static bool
same_quote(const Quote *a, const Quote *b)
{
	return a->bid == b->bid && a->bid_size == b->bid_size && a->ask == b->ask && a->ask_size == b->ask_size &&
		same_book(a->book, b->book);
}

/* arb_quote_in_call finds the call's own quote of an instrument, NULL without one; the last of several is the newest. */
const Quote *
arb_quote_in_call(const QuoteSet *set, int32 instrument_id)
{
	int			i;

	for (i = set == NULL ? -1 : set->count - 1; i >= 0; i--)
		if (set->quotes[i].instrument_id == instrument_id)
			return &set->quotes[i];
	return NULL;
}

/* arb_quote_read finds an instrument's quote: the call's own, else the stored one. */
bool
arb_quote_read(const QuoteSet *set, int32 instrument_id, Snapshot snapshot, Quote *quote)
{
	const Quote *own = arb_quote_in_call(set, instrument_id);
	StoredQuote stored;

	if (own == NULL && !read_stored(instrument_id, snapshot, &stored))
		return false;
	*quote = own != NULL ? *own : stored.quote;
	return true;
}

/* arb_quote_read_facts does the same, and tells what else is known of the instrument. */
bool
arb_quote_read_facts(const QuoteSet *set, int32 instrument_id, TimestampTz at, int64 half_life_s, Snapshot snapshot,
					 Quote *quote, QuoteFacts *facts)
{
	const Quote *own = arb_quote_in_call(set, instrument_id);
	StoredQuote stored;
	bool		is_stored = read_stored(instrument_id, snapshot, &stored);
	TimestampTz newest;
	int			i;

	if (own == NULL && !is_stored)
		return false;
	*quote = own != NULL ? *own : stored.quote;
	newest = quote->source_at;
	facts->rolling_mid = middle(quote);
	facts->unchanged = 0;
	for (i = 0; set != NULL && i < set->count; i++)
		if (set->quotes[i].instrument_id == instrument_id)
			newest = Max(newest, set->quotes[i].source_at);
	if (is_stored)
	{
		newest = Max(newest, stored.quote.source_at);
		if (stored.rolling_mid != FIXED_NULL)
			facts->rolling_mid = rolling_mid_at(&stored, at, half_life_s);
		facts->unchanged = same_quote(quote, &stored.quote) ? stored.unchanged : 0;
	}
	facts->historical = arb_elapsed_ms(quote->source_at, newest) > QUOTE_BACKWARD_TOLERANCE_MS;
	return true;
}

/*
 * arb_quotes_store keeps a call's quotes, but rewrites a row at most every
 * QUOTE_WRITE_INTERVAL_MS. A quote older than the stored one is dropped. The rolling
 * middle forgets by half_life_s. The caller holds the venue's clock lock.
 */
void
arb_quotes_store(const QuoteSet *set, int64 half_life_s)
{
	static SqlPlan plan = {
		"INSERT INTO arbees.quotes_desk AS q"
		" (run_id, instrument_id, bid, bid_size, ask, ask_size, source_at, received_at, rolling_mid, unchanged, book)"
		" VALUES (0, $1, $2, $3, $4, $5, $6, $7, $9, $10, $11)"
		" ON CONFLICT (instrument_id, run_id) DO UPDATE SET bid = excluded.bid, bid_size = excluded.bid_size,"
		" ask = excluded.ask, ask_size = excluded.ask_size,"
		" source_at = excluded.source_at, received_at = excluded.received_at,"
		" rolling_mid = excluded.rolling_mid, unchanged = excluded.unchanged, book = excluded.book"
		" WHERE excluded.received_at >= q.received_at + $8 * interval '1 millisecond'"
		" AND excluded.source_at >= q.source_at",
		11, {INT4OID, NUMERICOID, NUMERICOID, NUMERICOID, NUMERICOID, TIMESTAMPTZOID, TIMESTAMPTZOID, INT4OID,
		NUMERICOID, INT4OID, BYTEAOID}
	};
	Snapshot	snapshot;
	int			i;

	if (set->count == 0)
		return;
	snapshot = arb_snapshot_begin();
	arb_sql_begin();
	for (i = 0; i < set->count; i++)
	{
		const Quote *q = &set->quotes[i];
		StoredQuote stored;
		bool		known = read_stored(q->instrument_id, snapshot, &stored);
		Fixed		rolling = middle(q);
		Datum		value[11];
		char		null[11] = {' ', ' ', ' ', ' ', ' ', ' ', ' ', ' ', ' ', ' ', ' '};
		Fixed		side[4];
		int			j;

		/* Most calls come sooner than the interval: a look is cheaper than a statement. */
		if (known &&
			(arb_elapsed_ms(stored.quote.received_at, q->received_at) < QUOTE_WRITE_INTERVAL_MS ||
			 q->source_at < stored.quote.source_at))
			continue;
		if (known && stored.rolling_mid != FIXED_NULL)
			rolling = rolling_mid_at(&stored, q->received_at, half_life_s);
		side[0] = q->bid;
		side[1] = q->bid_size;
		side[2] = q->ask;
		side[3] = q->ask_size;
		value[0] = Int32GetDatum(q->instrument_id);
		for (j = 0; j < 4; j++)
		{
			null[j + 1] = side[j] == FIXED_NULL ? 'n' : ' ';
			value[j + 1] = side[j] == FIXED_NULL ? (Datum) 0 : arb_fixed_to_numeric(side[j]);
		}
		value[5] = TimestampTzGetDatum(q->source_at);
		value[6] = TimestampTzGetDatum(q->received_at);
		value[7] = Int32GetDatum(QUOTE_WRITE_INTERVAL_MS);
		null[8] = rolling == FIXED_NULL ? 'n' : ' ';
		value[8] = rolling == FIXED_NULL ? (Datum) 0 : arb_fixed_to_numeric(rolling);
		value[9] = Int32GetDatum(known && same_quote(q, &stored.quote) && stored.unchanged < PG_INT32_MAX ?
								 stored.unchanged + 1 : 0);
		null[10] = q->book == NULL ? 'n' : ' ';
		value[10] = PointerGetDatum(q->book);
		arb_sql_run(&plan, value, null);
	}
	arb_sql_end();
	arb_snapshot_end(snapshot);
}
