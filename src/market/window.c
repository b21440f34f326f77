/*-------------------------------------------------------------------------
 *
 * src/market/window.c
 *	  Windows: their states by the clock, their prices by the feed.
 *
 * As of a candle: a window's open price is its underlying's first tick at or
 * after the opening second (within the first quarter of the window: later is
 * no opening price, we came late), its close price the last tick at or before
 * the closing second. A tick of exactly the second always wins, even when it
 * comes late; open_price_at and close_price_at show which it was. Our outcome
 * is UP when close >= open. These are facts of the market: they belong to no
 * portfolio and need none of its locks.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "core/sql.h"
#include "market/underlying.h"
#include "market/window.h"
#include "utils/builtins.h"

/* arb_windows_advance opens and closes windows by market time. */
void
arb_windows_advance(int32 venue_id, TimestampTz market_time)
{
	static SqlPlan plan = {
		"UPDATE arbees.windows SET state = CASE WHEN closes_at <= $2 THEN 'CLOSED' ELSE 'OPEN' END::arbees.window_state"
		" WHERE venue_id = $1 AND venue_outcome IS NULL"
		" AND ((state = 'SCHEDULED' AND opens_at <= $2) OR (state = 'OPEN' AND closes_at <= $2))",
		2, {INT4OID, TIMESTAMPTZOID}
	};
	Datum		args[] = {Int32GetDatum(venue_id), TimestampTzGetDatum(market_time)};

	arb_sql_begin();
	arb_sql_run(&plan, args, NULL);
	arb_sql_end();
}

/* The window's prices that a tick decides; $3 = price, $4 = its second, $5 and $6 = the tick before. */
static SqlPlan window_prices = {
	"WITH priced AS ("
	" SELECT window_id,"
	" CASE WHEN opens_at = $4 OR (open_price_at IS NULL AND $4 <= opens_at + (closes_at - opens_at) / 4) THEN $3"
	" ELSE open_price END AS open_price,"
	" CASE WHEN opens_at = $4 OR (open_price_at IS NULL AND $4 <= opens_at + (closes_at - opens_at) / 4) THEN $4"
	" ELSE open_price_at END AS open_price_at,"
	" CASE WHEN closes_at = $4 THEN $3 WHEN close_price_at IS NULL AND closes_at < $4 AND $6 <= closes_at THEN $5"
	" ELSE close_price END AS close_price,"
	" CASE WHEN closes_at = $4 THEN $4 WHEN close_price_at IS NULL AND closes_at < $4 AND $6 <= closes_at THEN $6"
	" ELSE close_price_at END AS close_price_at"
	" FROM arbees.windows"
	" WHERE venue_id = $1 AND underlying = $2 AND venue_outcome IS NULL AND opens_at <= $4"
	" AND (opens_at = $4 OR closes_at = $4 OR open_price_at IS NULL OR (close_price_at IS NULL AND closes_at < $4)))"
	" UPDATE arbees.windows w SET open_price = p.open_price, open_price_at = p.open_price_at,"
	" close_price = p.close_price, close_price_at = p.close_price_at,"
	" our_outcome = arbees.outcome_of(w.opens_at, p.open_price, p.open_price_at, w.venue_open_price, p.close_price)"
	" FROM priced p WHERE w.window_id = p.window_id"
	" AND (w.open_price, w.open_price_at, w.close_price, w.close_price_at)"
	" IS DISTINCT FROM (p.open_price, p.open_price_at, p.close_price, p.close_price_at)",
	6, {INT4OID, TEXTOID, NUMERICOID, TIMESTAMPTZOID, NUMERICOID, TIMESTAMPTZOID}
};

/*
 * arb_underlying_price takes one tick of the reference feed.
 *
 * The caller holds the venue's clock lock. Ticks of one second replace each
 * other, an older second than the last is only looked at for exact boundaries.
 */
void
arb_underlying_price(int32 venue_id, const char *underlying, Datum price,
					 TimestampTz source_at, TimestampTz received_at)
{
	static SqlPlan last_price = {
		"SELECT price, source_at, variance, variance_weight, unchanged FROM arbees.underlying_prices"
		" WHERE venue_id = $1 AND underlying = $2",
		2, {INT4OID, TEXTOID}
	};
	static SqlPlan keep_price = {
		"INSERT INTO arbees.underlying_prices AS u"
		" (venue_id, underlying, price, source_at, received_at, variance, variance_weight, unchanged)"
		" VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"
		" ON CONFLICT (venue_id, underlying) DO UPDATE SET price = excluded.price,"
		" source_at = excluded.source_at, received_at = excluded.received_at, variance = excluded.variance,"
		" variance_weight = excluded.variance_weight, unchanged = excluded.unchanged"
		" WHERE excluded.source_at >= u.source_at",
		8, {INT4OID, TEXTOID, NUMERICOID, TIMESTAMPTZOID, TIMESTAMPTZOID, FLOAT8OID, FLOAT8OID, INT4OID}
	};
	Datum		value[8];
	char		null[6] = {' ', ' ', ' ', ' ', 'n', 'n'};
	UnderlyingMotion motion = {{0, 0}, 0};
	bool		isnull;

	value[0] = Int32GetDatum(venue_id);
	value[1] = CStringGetTextDatum(underlying);
	value[2] = price;
	value[3] = TimestampTzGetDatum(source_at);
	value[4] = value[5] = (Datum) 0;
	arb_sql_begin();
	if (arb_sql_run(&last_price, value, NULL) > 0)
	{
		TimestampTz previous_at = DatumGetTimestampTz(arb_sql_value(0, 2, &isnull));

		if (previous_at == source_at &&
			DatumGetBool(DirectFunctionCall2(numeric_eq, arb_sql_value(0, 1, &isnull), price)))
		{
			/* The other mode's call of the same frame, or a repeated tick. */
			arb_sql_end();
			return;
		}
		value[4] = arb_sql_value(0, 1, &isnull);
		value[5] = TimestampTzGetDatum(previous_at);
		null[4] = null[5] = ' ';
		motion.variance.sum = DatumGetFloat8(arb_sql_value(0, 3, &isnull));
		motion.variance.weight = DatumGetFloat8(arb_sql_value(0, 4, &isnull));
		motion.unchanged = arb_sql_int32(0, 5, 0);
		arb_underlying_move(&motion, value[4], previous_at, price, source_at);
	}
	arb_sql_run(&window_prices, value, null);
	value[4] = TimestampTzGetDatum(received_at);
	value[5] = Float8GetDatum(motion.variance.sum);
	value[6] = Float8GetDatum(motion.variance.weight);
	value[7] = Int32GetDatum(motion.unchanged);
	arb_sql_run(&keep_price, value, NULL);
	arb_sql_end();
}
