/*-------------------------------------------------------------------------
 *
 * worker/feed/feed.c
 *	  What the public side of the venue makes due, and when.
 *
 *-------------------------------------------------------------------------
 */
#include "feed/feed.h"

#include <inttypes.h>
#include <stdlib.h>

#include "clock.h"
#include "log.h"
#include "trade/trade.h"

#define PRUNE_KEEP_MS INT64_C(60000)
#define PLAN_MAX (FEED_LOOK_BACK + FEED_LOOK_AHEAD + 1)

int64_t
arb_feed_now_ms(const Feed *feed)
{
	return feed->worker->hello.clock_driven ? feed->market_ms : arb_wall_ms();
}

void
arb_feed_duty_begun(Feed *feed)
{
	feed->duties++;
}

void
arb_feed_duty_ended(Feed *feed)
{
	feed->duties--;
	/* The place may be wanted by another window. */
	arb_feed_duties(feed);
	if (feed->duties == 0)
		arb_driven_advance(feed);
}

static void
plan_windows(Feed *feed, int64_t now_ms)
{
	const PmEndpoints *endpoints = &feed->worker->endpoints;
	int			before = feed->planned ? 1 : FEED_LOOK_BACK;
	int64_t		opens_s[PLAN_MAX];
	char		slug[SLUG_SIZE];
	size_t		i;
	size_t		k;

	for (i = 0; i < endpoints->series_count; i++)
	{
		const SlugSeries *series = &endpoints->series[i];
		size_t		count = arb_slug_plan(series, now_ms, before, FEED_LOOK_AHEAD, opens_s, PLAN_MAX);

		for (k = 0; k < count; k++)
		{
			if (!arb_slug_format(series, opens_s[k], slug) || arb_window_by_slug(&feed->windows, slug) != NULL)
				continue;
			if (arb_window_add(&feed->windows, series, opens_s[k], now_ms) == NULL)
				log_warning("feed", "window %s cannot be followed, the table is full", slug);
		}
	}
	feed->planned = true;
}

static void
attend(Feed *feed, Window *window, int64_t now_ms)
{
	if (window->stage == WINDOW_FOLLOWED && window->closes_ms <= now_ms)
	{
		window->stage = WINDOW_CLOSED;
		window->retry_ms = window->closes_ms + 1000;
	}
	if (window->stage == WINDOW_WANTED && window->past)
		window->stage = WINDOW_CLOSED;
	/* One after the other under a driven clock: rows get their numbers in the same order in every run. */
	if (feed->duties >= (feed->worker->hello.clock_driven ? 1 : FEED_DUTIES_MAX) || window->checking)
		return;
	if (window->stage == WINDOW_WANTED && window->retry_ms <= now_ms)
		arb_discovery_look_up(feed, window);
	else if (window->stage == WINDOW_CLOSED && (window->resolution_hinted || window->retry_ms <= now_ms))
		arb_resolution_check(feed, window);
}

void
arb_feed_duties(Feed *feed)
{
	int64_t		now_ms = arb_feed_now_ms(feed);
	size_t		i;

	if (!feed->started || feed->worker->stopping || !arb_worker_has_database(feed->worker) || now_ms <= 0)
		return;
	plan_windows(feed, now_ms);
	/* Newest first: what can be traded matters more than what is over. */
	for (i = feed->windows.count; i-- > 0;)
		attend(feed, feed->windows.items[i], now_ms);
}

static void
on_duty_timer(uv_timer_t *timer)
{
	Feed	   *feed = timer->data;

	arb_feed_duties(feed);
	if (feed->duties == 0)
		arb_windows_prune(&feed->windows, arb_feed_now_ms(feed), PRUNE_KEEP_MS);
}

Feed *
arb_feed_new(Worker *worker)
{
	Feed	   *feed = calloc(1, sizeof(*feed));

	if (feed == NULL)
		return NULL;
	feed->worker = worker;
	arb_decide_init(feed);
	arb_barrier_init(&feed->barrier);
	if (!arb_market_new(feed) || !arb_price_new(feed) || uv_timer_init(worker->loop, &feed->duty_timer) != 0)
	{
		free(feed);
		return NULL;
	}
	feed->duty_timer.data = feed;
	return feed;
}

void
arb_feed_start(Feed *feed)
{
	/* Two runs of a driven world are equal only when the trader is there from the first instant. */
	if (feed->worker->hello.clock_driven && feed->worker->trade != NULL &&
		!arb_trade_ready(feed->worker->trade))
		return;
	if (feed->started)
		return;
	feed->started = true;
	arb_ws_start(feed->market);
	arb_ws_start(feed->price);
	if (!feed->worker->hello.clock_driven)
	{
		(void) uv_timer_start(&feed->duty_timer, on_duty_timer, FEED_DUTY_MS, FEED_DUTY_MS);
		arb_feed_duties(feed);
	}
}

void
arb_feed_stop(Feed *feed)
{
	(void) uv_timer_stop(&feed->duty_timer);
	arb_ws_stop(feed->market);
	arb_ws_stop(feed->price);
}

void
arb_feed_database(Feed *feed, bool up)
{
	if (!up)
		return;
	arb_feed_start(feed);
	arb_feed_duties(feed);
	arb_decide_database(feed, true);
	arb_driven_advance(feed);
}

static void
channel_json(Ws *ws, const char *name, StrBuf *out)
{
	WsCounters *counters = arb_ws_counters(ws);

	(void) arb_strbuf_printf(out, "{\"channel\":\"%s\",\"connected\":%s,\"messages\":%" PRIu64
							 ",\"errors\":%" PRIu64 ",\"reconnects\":%" PRIu64 ",\"last_data_ms\":",
							 name, arb_ws_is_open(ws) ? "true" : "false", counters->messages,
							 counters->errors, counters->reconnects);
	if (counters->last_data_ms > 0)
		(void) arb_strbuf_printf(out, "%" PRId64 "}", counters->last_data_ms);
	else
		(void) arb_strbuf_text(out, "null}");
	counters->messages = 0;
	counters->errors = 0;
	counters->reconnects = 0;
}

void
arb_feed_state_json(Feed *feed, StrBuf *out)
{
	channel_json(feed->market, "market", out);
	(void) arb_strbuf_char(out, ',');
	channel_json(feed->price, "price", out);
}
