/*-------------------------------------------------------------------------
 *
 * worker/feed/history.c
 *	  Rows for the tick history, in COPY's text format.
 *
 * Prices go into float8 columns for analytics; here they are still text.
 *
 *-------------------------------------------------------------------------
 */
#include "feed/feed.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "clock.h"
#include "decimal.h"

#define STAMP_SIZE 40
#define LINE_SIZE 512

static void
format_stamp(int64_t ms, char out[STAMP_SIZE])
{
	time_t		seconds = (time_t) (ms / 1000);
	struct tm	parts;
	size_t		len;

	if (ms <= 0 || gmtime_r(&seconds, &parts) == NULL)
	{
		(void) strcpy(out, "\\N");
		return;
	}
	len = strftime(out, STAMP_SIZE, "%Y-%m-%d %H:%M:%S", &parts);
	(void) snprintf(out + len, STAMP_SIZE - len, ".%03d+00", (int) (ms % 1000));
}

static void
format_micro(int64_t micro, bool is_null, char out[DECIMAL_TEXT_SIZE])
{
	if (is_null)
		(void) strcpy(out, "\\N");
	else
		(void) arb_decimal_format_micro(micro, out);
}

static void
write_row(Feed *feed, const char *kind, const char *instrument, const char *underlying, const char *price,
		  const char *size, const char *bid, const char *ask, int64_t source_ms)
{
	char		received[STAMP_SIZE];
	char		source[STAMP_SIZE];
	char		line[LINE_SIZE];
	int			len;

	format_stamp(arb_wall_ms(), received);
	format_stamp(source_ms, source);
	len = snprintf(line, sizeof(line), "%s\t%s\t%d\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", received, source,
				   feed->worker->hello.venue_id, kind, instrument, underlying, price, size, bid, ask);
	if (len > 0 && len < LINE_SIZE)
		arb_bulk_row(feed->worker->bulk, line, (size_t) len);
}

void
arb_history_quote(Feed *feed, int instrument, const QuoteTop *top, int64_t source_ms)
{
	char		id[16];
	char		bid[DECIMAL_TEXT_SIZE];
	char		ask[DECIMAL_TEXT_SIZE];

	if (!feed->worker->hello.tick_history)
		return;
	(void) snprintf(id, sizeof(id), "%d", instrument);
	format_micro(top->bid, top->bid == 0, bid);
	format_micro(top->ask, top->ask == 0, ask);
	write_row(feed, "quote", id, "\\N", "\\N", "\\N", bid, ask, source_ms);
}

void
arb_history_trade(Feed *feed, int instrument, int64_t price, int64_t size, int64_t source_ms)
{
	char		id[16];
	char		price_text[DECIMAL_TEXT_SIZE];
	char		size_text[DECIMAL_TEXT_SIZE];

	if (!feed->worker->hello.tick_history)
		return;
	(void) snprintf(id, sizeof(id), "%d", instrument);
	format_micro(price, false, price_text);
	format_micro(size, false, size_text);
	write_row(feed, "trade", id, "\\N", price_text, size_text, "\\N", "\\N", source_ms);
}

void
arb_history_price(Feed *feed, const char *underlying, const char *price, int64_t source_ms)
{
	/* A name with COPY's special characters cannot come from arbees.underlyings. */
	if (!feed->worker->hello.tick_history || strpbrk(underlying, "\t\n\r\\") != NULL)
		return;
	write_row(feed, "price", "\\N", underlying, price, "\\N", "\\N", "\\N", source_ms);
}
