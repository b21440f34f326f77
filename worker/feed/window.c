/*-------------------------------------------------------------------------
 *
 * worker/feed/window.c
 *	  The windows this worker knows, from their discovery to their resolution.
 *
 *-------------------------------------------------------------------------
 */
#include "feed/window.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define MINUTE_MS INT64_C(60000)

Window *
arb_window_add(WindowTable *table, const SlugSeries *series, int64_t opens_s, int64_t now_ms)
{
	Window	   *window;

	if (table->count >= WINDOWS_MAX)
		return NULL;
	window = calloc(1, sizeof(*window));
	if (window == NULL || !arb_slug_format(series, opens_s, window->slug))
	{
		free(window);
		return NULL;
	}
	window->series = series;
	window->opens_ms = opens_s * 1000;
	window->closes_ms = window->opens_ms + series->seconds * 1000;
	window->stage = WINDOW_WANTED;
	window->past = window->closes_ms <= now_ms;
	window->retry_ms = now_ms;
	table->items[table->count++] = window;
	return window;
}

Window *
arb_window_by_slug(const WindowTable *table, const char *slug)
{
	size_t		i;

	for (i = 0; i < table->count; i++)
	{
		if (strcmp(table->items[i]->slug, slug) == 0)
			return table->items[i];
	}
	return NULL;
}

Window *
arb_window_by_condition(const WindowTable *table, const char *condition_id)
{
	size_t		i;

	/* The newest windows speak most, and they are at the end. */
	for (i = table->count; i-- > 0;)
	{
		if (strcmp(table->items[i]->market.condition_id, condition_id) == 0)
			return table->items[i];
	}
	return NULL;
}

Window *
arb_window_by_token(const WindowTable *table, const char *token_id, int *outcome)
{
	size_t		i;
	int			k;

	for (i = table->count; i-- > 0;)
	{
		for (k = 0; k < 2; k++)
		{
			if (strcmp(table->items[i]->market.token_ids[k], token_id) == 0)
			{
				*outcome = k;
				return table->items[i];
			}
		}
	}
	return NULL;
}

void
arb_window_identify(Window *window, const PmGammaMarket *market)
{
	int			k;

	window->market = *market;
	for (k = 0; k < 2; k++)
	{
		arb_book_free(&window->books[k]);
		arb_book_init(&window->books[k], market->token_ids[k]);
	}
}

void
arb_windows_prune(WindowTable *table, int64_t now_ms, int64_t keep_ms)
{
	size_t		kept = 0;
	size_t		i;

	for (i = 0; i < table->count; i++)
	{
		Window	   *window = table->items[i];

		if (window->stage == WINDOW_DONE && !window->checking &&
			!window->snapshot_asked[0] && !window->snapshot_asked[1] &&
			now_ms - window->closes_ms > keep_ms + 4 * window->series->seconds * 1000)
		{
			arb_book_free(&window->books[0]);
			arb_book_free(&window->books[1]);
			free(window);
			continue;
		}
		table->items[kept++] = window;
	}
	table->count = kept;
}

const char *
arb_window_rule(const PmGammaMarket *market, int64_t seconds)
{
	if (market->twap_seconds == 60 || strstr(market->resolution_source, "twap-60") != NULL)
		return "twap_60s";
	if (strcasestr(market->resolution_source, "binance") != NULL)
		return seconds >= 86400 ? "candle_1m" : "candle_1h";
	return "last_tick";
}

int
arb_window_up_index(const PmGammaMarket *market)
{
	int			k;

	for (k = 0; k < 2; k++)
	{
		if (strcasecmp(market->outcomes[k], "Up") == 0 && strcasecmp(market->outcomes[1 - k], "Down") == 0)
			return k;
	}
	return -1;
}

int64_t
arb_window_lookup_delay_ms(const Window *window, int64_t now_ms)
{
	int64_t		until_open = window->opens_ms - now_ms;

	/* Listed markets take minutes to hydrate; an open window is worth asking for often. */
	if (until_open <= 0)
		return 1000;
	return until_open < 10 * MINUTE_MS ? 2000 : 15000;
}

int64_t
arb_window_resolution_delay_ms(const Window *window, int64_t now_ms)
{
	int64_t		age = now_ms - window->closes_ms;

	if (age < MINUTE_MS)
		return 1000;
	if (age < 5 * MINUTE_MS)
		return 5000;
	if (age < 120 * MINUTE_MS)
		return 30000;
	return 10 * MINUTE_MS;
}
