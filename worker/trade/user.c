/*-------------------------------------------------------------------------
 *
 * worker/trade/user.c
 *	  The user channel: what happens to our orders, as it happens.
 *
 * The channel loses what happens while it is away, so each connection is
 * followed by a reconciliation.  Fills are booked from its trades; an order
 * event tells that an order is over and how much of it was matched.
 *
 *-------------------------------------------------------------------------
 */
#include "trade/desk.h"

#include <stdlib.h>
#include <string.h>

#include "feed/feed.h"
#include "log.h"

#define PING_EVERY_MS 10000
#define STALE_AFTER_MS 25000
#define MESSAGE_SIZE 2048

static bool
is_over(const PmOrder *event)
{
	return event->event == PM_ORDER_EVENT_CANCELLATION || event->status == PM_ORDER_STATUS_CANCELED ||
		event->status == PM_ORDER_STATUS_CANCELED_MARKET_RESOLVED || event->status == PM_ORDER_STATUS_INVALID;
}

/* Whatever an immediate order has not matched at once is gone. */
static bool
is_matched_out(const WorkOrder *order, const PmOrder *event)
{
	TimeInForce tif = order->ticket.time_in_force;

	if (event->status != PM_ORDER_STATUS_MATCHED)
		return false;
	return tif == TIME_IN_FORCE_FAK || tif == TIME_IN_FORCE_FOK || event->size_matched >= event->original_size;
}

static void
take_order(Trade *trade, const PmOrder *event)
{
	WorkOrder  *order = arb_order_find_venue(trade, event->id);

	if (order == NULL)
	{
		/* Somebody else uses the wallet, or it is late news of an order that is forgotten. */
		if (event->event == PM_ORDER_EVENT_PLACEMENT)
			arb_reconcile_soon(trade);
		return;
	}
	if (order->stage == ORDER_STAGE_CLAIMING)
		return;
	/* Frames may be late or say no number, so less than what was answered before is no wonder: it is asked. */
	if (event->size_matched < order->venue_matched || !arb_order_believe(order, event, 0))
	{
		arb_inquire_at(order, 200);
		return;
	}
	order->known_accepted = true;
	if (is_over(event))
		arb_order_tell(order, ORDER_REPORT_CANCELED, event->size_matched, event->status_text);
	else if (is_matched_out(order, event))
		arb_order_tell(order, ORDER_REPORT_CLOSED, event->size_matched, NULL);
	else if (event->event == PM_ORDER_EVENT_PLACEMENT)
		arb_order_tell(order, ORDER_REPORT_ACCEPTED, -1, NULL);
	if (order->stage == ORDER_STAGE_WORKING && order->heard < event->size_matched)
		arb_inquire_at(order, 200);
}

static void
take_event(Trade *trade, const PmUserEvent *event)
{
	Feed	   *feed = trade->worker->feed;
	int			ours = 0;
	int			mapped = 0;

	switch (event->kind)
	{
		case PM_USER_ORDER:
			take_order(trade, &event->u.order);
			break;
		case PM_USER_TRADE:
			if (!arb_trade_news(trade, &event->u.trade, &ours, &mapped))
				arb_reconcile_want(trade, "bad_fill");
			else if (ours == 0)
				arb_input_error(&trade->worker->input_errors, "user", "strange_trade",
								"a trade in which no order of this account has a part");
			break;
		case PM_USER_CLOCK:
			if (feed != NULL)
				arb_driven_clock(feed, BARRIER_USER, event->u.clock.seq, event->u.clock.timestamp_ms);
			break;
		case PM_USER_UNKNOWN:
			arb_input_error(&trade->worker->input_errors, "user", "unknown_type", event->u.unknown);
			break;
		default:
			break;
	}
}

static void
on_frame(void *arg, const char *data, size_t len, int64_t read_ns)
{
	Trade	   *trade = arg;
	PmUserFrame frame;
	ParseError	error;
	size_t		i;

	(void) read_ns;
	if (!arb_pm_parse_user(data, len, &frame, &error))
	{
		arb_ws_counters(trade->user)->errors++;
		arb_input_unreadable(&trade->worker->input_errors, "user", &error);
		/* It may have been news of an order. */
		arb_reconcile_want(trade, "bad_frame");
		return;
	}
	for (i = 0; i < frame.count; i++)
		take_event(trade, &frame.events[i]);
	arb_pm_user_frame_free(&frame);
}

static void
on_open(void *arg)
{
	Trade	   *trade = arg;
	char		text[MESSAGE_SIZE];
	size_t		len = arb_pm_build_user_subscribe(trade->credentials, NULL, 0, text, sizeof(text));

	if (len == 0)
		log_error("trade", "the subscription of the user channel could not be built");
	else
		(void) arb_ws_send(trade->user, text, len);
	explicit_bzero(text, sizeof(text));
	if (trade->worker->feed != NULL)
		arb_driven_open(trade->worker->feed, BARRIER_USER, true);
	arb_reconcile_want(trade, "user_channel");
}

static void
on_close(void *arg)
{
	Trade	   *trade = arg;

	if (trade->worker->feed != NULL)
		arb_driven_open(trade->worker->feed, BARRIER_USER, false);
}

static const WsOps Ops = {
	.on_open = on_open,
	.on_frame = on_frame,
	.on_close = on_close,
};

bool
arb_user_new(Trade *trade)
{
	WsSettings	settings;

	memset(&settings, 0, sizeof(settings));
	settings.name = "user";
	settings.url = trade->worker->endpoints.ws_user;
	settings.ping_every_ms = PING_EVERY_MS;
	settings.stale_after_ms = STALE_AFTER_MS;
	trade->user = arb_ws_new(trade->worker->ws, &settings, &Ops, trade);
	return trade->user != NULL;
}

void
arb_user_start(Trade *trade)
{
	arb_ws_start(trade->user);
}
