/*-------------------------------------------------------------------------
 *
 * worker/feed/price.c
 *	  The price stream of the underlyings.
 *
 * Every price is passed on, none coalesced: a window opens and closes on the
 * one of a particular second.  Points not younger than the last one told are
 * dropped, so a history after a reconnect repeats nothing.
 *
 *-------------------------------------------------------------------------
 */
#include "feed/feed.h"

#include <stdio.h>
#include <string.h>

#include "log.h"

/* One price each second; the stream answers no PING. */
#define STALE_AFTER_MS 15000

/* The first series that reads this topic and symbol, -1 for none. */
static int
series_of(const Feed *feed, const char *topic, const char *symbol)
{
	const PmEndpoints *endpoints = &feed->worker->endpoints;
	size_t		i;

	for (i = 0; i < endpoints->series_count; i++)
	{
		if (strcmp(endpoints->series[i].feed_symbol, symbol) == 0 &&
			strcmp(endpoints->series[i].feed_topic, topic) == 0)
			return (int) i;
	}
	return -1;
}

static void
subscribe(Feed *feed)
{
	const PmEndpoints *endpoints = &feed->worker->endpoints;
	const char *topics[SERIES_MAX];
	const char *symbols[SERIES_MAX];
	char		text[8192];
	size_t		count = 0;
	size_t		len;
	size_t		i;

	for (i = 0; i < endpoints->series_count; i++)
	{
		const SlugSeries *series = &endpoints->series[i];

		/* Several series may share one stream. */
		if (series_of(feed, series->feed_topic, series->feed_symbol) != (int) i)
			continue;
		topics[count] = series->feed_topic;
		symbols[count] = series->feed_symbol;
		count++;
	}
	if (count == 0)
		return;
	len = arb_pm_build_rtds_subscribe(topics, symbols, count, text, sizeof(text));
	if (len == 0)
		log_error("feed", "the subscription of the price stream could not be built");
	else
		(void) arb_ws_send(feed->price, text, len);
}

static void
take_points(Feed *feed, const PmPriceFrame *frame)
{
	int			series = series_of(feed, frame->topic, frame->symbol);
	const char *underlying;
	size_t		i;

	if (series < 0)
		return;
	underlying = feed->worker->endpoints.series[series].underlying;
	for (i = 0; i < frame->count; i++)
	{
		const PmPricePoint *point = &frame->points[i];

		if (point->timestamp_ms <= feed->last_price_ms[series])
			continue;
		feed->last_price_ms[series] = point->timestamp_ms;
		(void) arb_quotes_price(&feed->quotes, underlying, point->value, point->timestamp_ms);
		arb_history_price(feed, underlying, point->value, point->timestamp_ms);
	}
}

static void
take_frame(Feed *feed, const PmPriceFrame *frame)
{
	char		context[96];

	switch (frame->kind)
	{
		case PM_PRICE_UPDATE:
		case PM_PRICE_HISTORY:
			take_points(feed, frame);
			break;
		case PM_PRICE_CLOCK:
			arb_driven_clock(feed, BARRIER_PRICE, frame->seq, frame->sent_ms);
			break;
		case PM_PRICE_END:
			break;
		case PM_PRICE_REFUSED:
			(void) snprintf(context, sizeof(context), "the subscription was refused with status %d",
							frame->status_code);
			arb_input_error(&feed->worker->input_errors, "price", "refused", context);
			arb_ws_reconnect(feed->price, context);
			break;
		case PM_PRICE_UNKNOWN:
			arb_input_error(&feed->worker->input_errors, "price", "unknown_type", frame->topic);
			break;
		default:
			break;
	}
}

static void
on_frame(void *arg, const char *data, size_t len, int64_t read_ns)
{
	Feed	   *feed = arg;
	PmPriceFrame frame;
	ParseError	error;

	if (!arb_pm_parse_price(data, len, &frame, &error))
	{
		arb_ws_counters(feed->price)->errors++;
		arb_input_unreadable(&feed->worker->input_errors, "price", &error);
		return;
	}
	if (feed->frame_ns == 0)
		feed->frame_ns = read_ns;
	take_frame(feed, &frame);
	arb_pm_price_frame_free(&frame);
	if (feed->worker->hello.clock_driven)
		return;
	arb_decide_kick(feed, false);
	if (!arb_quotes_pending(&feed->quotes))
		feed->frame_ns = 0;
}

static void
on_open(void *arg)
{
	Feed	   *feed = arg;

	arb_driven_open(feed, BARRIER_PRICE, true);
	subscribe(feed);
}

static void
on_close(void *arg)
{
	arb_driven_open(arg, BARRIER_PRICE, false);
}

static const WsOps Ops = {
	.on_open = on_open,
	.on_frame = on_frame,
	.on_close = on_close,
};

bool
arb_price_new(Feed *feed)
{
	WsSettings	settings;

	memset(&settings, 0, sizeof(settings));
	settings.name = "price";
	settings.url = feed->worker->endpoints.rtds;
	/* A driven clock may rest as long as it likes. */
	settings.stale_after_ms = feed->worker->hello.clock_driven ? 0 : STALE_AFTER_MS;
	feed->price = arb_ws_new(feed->worker->ws, &settings, &Ops, feed);
	return feed->price != NULL;
}
