/*-------------------------------------------------------------------------
 *
 * worker/feed/market.c
 *	  The market channel: books, trades, announcements.
 *
 * A frame is applied whole, then what changed goes to the database in one
 * call.  A book that disagrees with the venue answers nothing until a snapshot
 * has come; a lost connection makes every book unknown.
 *
 *-------------------------------------------------------------------------
 */
#include "feed/feed.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "log.h"

_Static_assert(QUOTE_BOOK_MAX == BOOK_PACK_MAX, "a quote holds a packed book");

#define PING_EVERY_MS 10000
#define STALE_AFTER_MS 25000
/* Snapshots of one book are asked for no more often than this. */
#define SNAPSHOT_EVERY_MS 1000

typedef struct Snapshot
{
	Feed	   *feed;
	Window	   *window;
	int			outcome;
} Snapshot;

static size_t
followed_tokens(const Feed *feed, const char **tokens, size_t max)
{
	size_t		count = 0;
	size_t		i;
	int			k;

	for (i = 0; i < feed->windows.count; i++)
	{
		const Window *window = feed->windows.items[i];

		if (window->past || (window->stage != WINDOW_FOLLOWED && window->stage != WINDOW_CLOSED))
			continue;
		for (k = 0; k < 2 && count < max; k++)
			tokens[count++] = window->market.token_ids[k];
	}
	return count;
}

/* The first message of a connection is a subscription; later ones are updates. */
static void
send_first(Feed *feed)
{
	const char *tokens[FEED_TOKENS_MAX];
	static char text[FEED_TOKENS_MAX * (VENUE_SYMBOL_SIZE + 4) + 256];
	size_t		count = followed_tokens(feed, tokens, FEED_TOKENS_MAX);
	size_t		len;

	if (feed->market_said || !arb_ws_is_open(feed->market))
		return;
	/* The venue has nothing to say about no token; a driven clock starts with none. */
	if (count == 0 && !feed->worker->hello.clock_driven)
		return;
	len = arb_pm_build_market_subscribe(tokens, count, text, sizeof(text));
	if (len == 0)
	{
		log_error("feed", "the subscription of %zu tokens could not be built", count);
		return;
	}
	feed->market_said = arb_ws_send(feed->market, text, len);
}

static void
send_update(Feed *feed, const Window *window, bool subscribe)
{
	const char *tokens[2] = {window->market.token_ids[0], window->market.token_ids[1]};
	char		text[512];
	size_t		len = arb_pm_build_market_update(subscribe, tokens, 2, text, sizeof(text));

	if (len > 0)
		(void) arb_ws_send(feed->market, text, len);
}

void
arb_market_follow(Feed *feed, Window *window)
{
	const char *tokens[FEED_TOKENS_MAX + 1];

	if (followed_tokens(feed, tokens, FEED_TOKENS_MAX + 1) > FEED_TOKENS_MAX)
		log_warning("feed", "more than %d tokens are followed; the venue may lose snapshots", FEED_TOKENS_MAX);
	if (!arb_ws_is_open(feed->market))
		return;
	if (feed->market_said)
		send_update(feed, window, true);
	else
		send_first(feed);
}

void
arb_market_unfollow(Feed *feed, Window *window)
{
	int			k;

	for (k = 0; k < 2; k++)
	{
		arb_book_drop(&window->books[k], "the window is over");
		if (window->instruments[k] > 0)
			arb_quotes_forget(&feed->quotes, window->instruments[k]);
	}
	if (arb_ws_is_open(feed->market) && feed->market_said)
		send_update(feed, window, false);
}

bool
arb_market_fee(const Feed *feed, const char *token_id, int64_t *rate_micro, int *exponent)
{
	int			outcome;
	const Window *window = arb_window_by_token(&feed->windows, token_id, &outcome);

	if (window == NULL)
		return false;
	*rate_micro = window->market.fee_rate;
	*exponent = window->market.fee_exponent;
	return true;
}

static void
publish_top(Feed *feed, Window *window, int outcome, bool is_top)
{
	BookTop		book_top;
	QuoteTop	top;

	if (window->instruments[outcome] <= 0 || !arb_book_top(&window->books[outcome], &book_top))
		return;
	top.book_len = arb_book_pack(&window->books[outcome], top.book);
	top.bid = book_top.bid;
	top.bid_size = book_top.bid_size;
	top.ask = book_top.ask;
	top.ask_size = book_top.ask_size;
	(void) arb_quotes_put(&feed->quotes, window->instruments[outcome], &top,
						  window->books[outcome].timestamp_ms, FEED_REFRESH_MS);
	if (is_top)
		arb_history_quote(feed, window->instruments[outcome], &top, window->books[outcome].timestamp_ms);
}

static void
on_snapshot(void *arg, const HttpAnswer *answer)
{
	Snapshot   *snapshot = arg;
	Feed	   *feed = snapshot->feed;
	OrderBook  *book = &snapshot->window->books[snapshot->outcome];
	PmMarketEvent event;
	ParseError	error;

	snapshot->window->snapshot_asked[snapshot->outcome] = false;
	if (answer->outcome == HTTP_ANSWERED && answer->status == 200)
	{
		if (!arb_pm_parse_book(answer->body, answer->len, &event, &error))
			arb_input_unreadable(&feed->worker->input_errors, "book", &error);
		else
		{
			/* A snapshot by the channel may have overtaken this one. */
			if (book->state != BOOK_STATE_LIVE &&
				arb_book_apply(book, &event) != BOOK_CHANGE_DROPPED)
				publish_top(feed, snapshot->window, snapshot->outcome, true);
			arb_pm_book_event_free(&event);
		}
	}
	free(snapshot);
	if (!feed->worker->hello.clock_driven)
		arb_decide_kick(feed, false);
}

static void
ask_snapshot(Feed *feed, Window *window, int outcome)
{
	char		path[VENUE_PATH_MAX];
	int64_t		now_ms = arb_mono_ns() / NS_PER_MS;
	Snapshot   *snapshot;

	if (window->snapshot_asked[outcome] || window->stage != WINDOW_FOLLOWED ||
		now_ms - window->snapshot_ms[outcome] < SNAPSHOT_EVERY_MS)
		return;
	snapshot = calloc(1, sizeof(*snapshot));
	if (snapshot == NULL)
		return;
	snapshot->feed = feed;
	snapshot->window = window;
	snapshot->outcome = outcome;
	(void) snprintf(path, sizeof(path), "/book?token_id=%s", window->market.token_ids[outcome]);
	window->snapshot_ms[outcome] = now_ms;
	if (!arb_pm_get(&feed->worker->client, PM_SERVICE_CLOB, path, on_snapshot, snapshot))
	{
		free(snapshot);
		return;
	}
	window->snapshot_asked[outcome] = true;
}

static void
apply_to_books(Feed *feed, const PmMarketEvent *event)
{
	Window	   *window = arb_window_by_condition(&feed->windows, event->market);
	int			k;

	if (window == NULL || window->past)
		return;
	for (k = 0; k < 2; k++)
	{
		OrderBook  *book = &window->books[k];

		switch (arb_book_apply(book, event))
		{
			case BOOK_CHANGE_TOP:
				publish_top(feed, window, k, true);
				break;
			case BOOK_CHANGE_DEPTH:
				publish_top(feed, window, k, false);
				break;
			case BOOK_CHANGE_DROPPED:
				/* A new tick size empties the book by rule; anything else is a loss. */
				if (event->kind != PM_MARKET_TICK_SIZE_CHANGE)
					arb_input_error(&feed->worker->input_errors, "book", "dropped", book->drop_reason);
				ask_snapshot(feed, window, k);
				break;
			case BOOK_CHANGE_IGNORED:
				/* Changes without a snapshot: it was lost, or has not come yet. */
				if (event->kind == PM_MARKET_PRICE_CHANGE && book->state != BOOK_STATE_LIVE)
					ask_snapshot(feed, window, k);
				break;
			default:
				break;
		}
	}
}

static void
on_tick_size_stored(void *arg, const DbReply *reply)
{
	(void) arg;
	(void) reply;				/* an error was logged; report_window tells it again */
}

static void
take_tick_size(Feed *feed, const PmMarketEvent *event)
{
	DbParams	params;
	int			outcome;
	Window	   *window = arb_window_by_token(&feed->windows, event->token_id, &outcome);

	if (window == NULL)
		return;
	window->market.tick_size = event->u.tick.new_tick;
	arb_params_init(&params);
	arb_params_int(&params, feed->worker->hello.venue_id);
	arb_params_text(&params, event->token_id);
	arb_params_micro(&params, event->u.tick.new_tick);
	(void) arb_pipe_call(feed->worker->action, DB_REPORT_TICK_SIZE, &params, on_tick_size_stored, NULL);
}

static void
take_trade(Feed *feed, const PmMarketEvent *event)
{
	int			outcome;
	const Window *window = arb_window_by_token(&feed->windows, event->token_id, &outcome);

	if (window == NULL || window->instruments[outcome] <= 0)
		return;
	arb_quotes_trade(&feed->quotes, window->instruments[outcome], event->u.last_trade.price,
					 event->u.last_trade.size, event->timestamp_ms);
	arb_history_trade(feed, window->instruments[outcome], event->u.last_trade.price,
					  event->u.last_trade.size, event->timestamp_ms);
}

static void
take_event(Feed *feed, const PmMarketEvent *event)
{
	Window	   *window;

	switch (event->kind)
	{
		case PM_MARKET_BOOK:
		case PM_MARKET_PRICE_CHANGE:
		case PM_MARKET_BEST_BID_ASK:
			apply_to_books(feed, event);
			break;
		case PM_MARKET_TICK_SIZE_CHANGE:
			take_tick_size(feed, event);
			apply_to_books(feed, event);
			break;
		case PM_MARKET_LAST_TRADE:
			take_trade(feed, event);
			break;
		case PM_MARKET_RESOLVED:
			window = arb_window_by_condition(&feed->windows, event->market);
			if (window != NULL)
				window->resolution_hinted = true;
			break;
		case PM_MARKET_CLOCK:
			arb_driven_clock(feed, BARRIER_MARKET, event->u.clock.seq, event->timestamp_ms);
			break;
		case PM_MARKET_END:
			arb_driven_end(feed);
			break;
		case PM_MARKET_UNKNOWN:
			arb_input_error(&feed->worker->input_errors, "market", "unknown_type", event->u.unknown.name);
			break;
		default:
			break;
	}
}

static void
on_frame(void *arg, const char *data, size_t len, int64_t read_ns)
{
	Feed	   *feed = arg;
	PmMarketFrame frame;
	ParseError	error;
	size_t		i;

	if (!arb_pm_parse_market(data, len, &frame, &error))
	{
		arb_ws_counters(feed->market)->errors++;
		arb_input_unreadable(&feed->worker->input_errors, "market", &error);
		return;
	}
	if (feed->frame_ns == 0)
		feed->frame_ns = read_ns;
	for (i = 0; i < frame.count; i++)
		take_event(feed, &frame.events[i]);
	arb_pm_market_frame_free(&frame);
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

	feed->market_said = false;
	arb_driven_open(feed, BARRIER_MARKET, true);
	send_first(feed);
}

static void
on_close(void *arg)
{
	Feed	   *feed = arg;
	size_t		i;

	feed->market_said = false;
	for (i = 0; i < feed->windows.count; i++)
	{
		Window	   *window = feed->windows.items[i];

		if (window->past || window->stage < WINDOW_FOLLOWED)
			continue;
		arb_book_drop(&window->books[0], "connection lost");
		arb_book_drop(&window->books[1], "connection lost");
	}
	arb_driven_open(feed, BARRIER_MARKET, false);
}

static const WsOps Ops = {
	.on_open = on_open,
	.on_frame = on_frame,
	.on_close = on_close,
};

bool
arb_market_new(Feed *feed)
{
	WsSettings	settings;

	memset(&settings, 0, sizeof(settings));
	settings.name = "market";
	settings.url = feed->worker->endpoints.ws_market;
	settings.ping_every_ms = PING_EVERY_MS;
	settings.stale_after_ms = STALE_AFTER_MS;
	feed->market = arb_ws_new(feed->worker->ws, &settings, &Ops, feed);
	return feed->market != NULL;
}
