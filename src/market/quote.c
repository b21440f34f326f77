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
#include "utils/fmgroids.h"

static bool
read_stored(int32 instrument_id, Snapshot snapshot, Quote *quote)
{
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
	return true;
}

/* arb_quote_read finds an instrument's quote: the call's own, else the stored one. */
bool
arb_quote_read(const QuoteSet *set, int32 instrument_id, Snapshot snapshot, Quote *quote)
{
	int			i;

	/* The last of several for one instrument is the newest. */
	for (i = set == NULL ? -1 : set->count - 1; i >= 0; i--)
		if (set->quotes[i].instrument_id == instrument_id)
		{
			*quote = set->quotes[i];
			return true;
		}
	return read_stored(instrument_id, snapshot, quote);
}

/*
 * arb_quotes_store keeps a call's quotes, but rewrites a row at most every
 * QUOTE_WRITE_INTERVAL_MS. A quote older than the stored one is dropped.
 */
void
arb_quotes_store(const QuoteSet *set)
{
	static SqlPlan plan = {
		"INSERT INTO arbees.quotes_desk AS q"
		" (run_id, instrument_id, bid, bid_size, ask, ask_size, source_at, received_at)"
		" VALUES (0, $1, $2, $3, $4, $5, $6, $7)"
		" ON CONFLICT (instrument_id, run_id) DO UPDATE SET bid = excluded.bid, bid_size = excluded.bid_size,"
		" ask = excluded.ask, ask_size = excluded.ask_size,"
		" source_at = excluded.source_at, received_at = excluded.received_at"
		" WHERE excluded.received_at >= q.received_at + $8 * interval '1 millisecond'"
		" AND excluded.source_at >= q.source_at",
		8, {INT4OID, NUMERICOID, NUMERICOID, NUMERICOID, NUMERICOID, TIMESTAMPTZOID, TIMESTAMPTZOID, INT4OID}
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
		Quote		stored;
		Datum		value[8];
		char		null[8] = {' ', ' ', ' ', ' ', ' ', ' ', ' ', ' '};
		Fixed		side[4];
		int			j;

		/* Most calls come sooner than the interval: a look is cheaper than a statement. */
		if (read_stored(q->instrument_id, snapshot, &stored) &&
			(arb_elapsed_ms(stored.received_at, q->received_at) < QUOTE_WRITE_INTERVAL_MS ||
			 q->source_at < stored.source_at))
			continue;
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
		arb_sql_run(&plan, value, null);
	}
	arb_sql_end();
	arb_snapshot_end(snapshot);
}
