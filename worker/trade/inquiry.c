/*-------------------------------------------------------------------------
 *
 * worker/trade/inquiry.c
 *	  Asking the venue how an order stands: by id, among the open, among the trades.
 *
 * The three questions go out together; the trades found are booked whatever
 * the rest says, and judge.c draws the conclusion; the user channel tells by
 * itself, and its silence counts while it is open.  Inquiries repeat until the
 * order is finished, ever more slowly.
 *
 * Where the venue knows nothing of an order of unknown fate that is still worth
 * sending, its bytes are sent again (send.c): a question that cannot be
 * misunderstood.
 *
 *-------------------------------------------------------------------------
 */
#include "trade/desk.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "log.h"

#define PAGES_MAX 50
#define AGAIN_FIRST_MS 250
#define AGAIN_MAX_MS 5000
/* An order of unknown fate blocks its slot: it is asked for more often. */
#define AGAIN_UNKNOWN_MS 800
#define SWEEP_EVERY_MS 50
#define QUESTIONS 3
/* When the venue's limits leave no room for questions, it is looked again after this long at most. */
#define MOST_WAIT_MS 5000
/* With so many requests under way questions wait: what is to be sent does not. */
#define CROWDED 128
/* Trades may be stamped by another clock than ours. */
#define TRADE_CLOCK_SLACK_S 120

struct Inquiry
{
	WorkOrder  *order;
	int			open_questions;
	bool		failed;
	int64_t		matched_before; /* what the venue had said was matched when it was asked */
	bool		stream_open;
	Round		round;
	int			order_pages;
	int			trade_pages;
};

static bool ask_open(Inquiry *inquiry, const char *cursor);
static bool ask_trades(Inquiry *inquiry, const char *cursor);

static int64_t
again_after_ms(const WorkOrder *order)
{
	int64_t		most = order->known_accepted ? AGAIN_MAX_MS : AGAIN_UNKNOWN_MS;
	int64_t		delay = AGAIN_FIRST_MS;
	int			i;

	for (i = 1; i < order->inquiries && delay < most; i++)
		delay *= 2;
	return delay < most ? delay : most;
}

/* From when on nothing of ours can be on its way; what is found missing before proves nothing. */
static int64_t
quiet_from(const WorkOrder *order)
{
	if (order->repeating)
		return INT64_MAX;
	return order->repeated_ns > order->send_before_ns ? order->repeated_ns : order->send_before_ns;
}

static void
conclude(Inquiry *inquiry)
{
	WorkOrder  *order = inquiry->order;
	OrderStanding standing;
	Judgement	judgement;
	bool		unheard_of;

	inquiry->round.complete = !inquiry->failed;
	inquiry->round.stream_open = inquiry->stream_open && arb_ws_is_open(order->trade->user);
	unheard_of = inquiry->round.complete && inquiry->round.lookup == PM_LOOKUP_ABSENT && !inquiry->round.listed_open &&
		order->heard == 0;
	/* A match that failed to settle was one: nothing more comes of it. */
	inquiry->round.traded = order->heard;
	standing.known_accepted = order->known_accepted;
	standing.quiet_from_ns = quiet_from(order);
	judgement = arb_judge_round(&inquiry->round, &standing, arb_mono_ns(), &order->evidence);
	free(inquiry);
	order->inquiry = NULL;

	if (judgement.report == ORDER_REPORT_ACCEPTED)
		order->known_accepted = true;
	if (judgement.report != ORDER_REPORT_NONE)
		arb_order_tell(order, judgement.report, judgement.venue_qty, "found by inquiry");
	arb_order_review(order);
	if (unheard_of && judgement.report == ORDER_REPORT_NONE)
		(void) arb_send_repeat(order);
	if (order->stage != ORDER_STAGE_FINISHED && (judgement.report == ORDER_REPORT_NONE || !judgement.settled))
		arb_inquire_at(order, again_after_ms(order));
}

static void
release(Inquiry *inquiry, int answers)
{
	inquiry->open_questions -= answers;
	if (inquiry->open_questions == 0)
		conclude(inquiry);
}

/* An answer that is none: network, refusal, too many requests. */
static bool
is_answer(Inquiry *inquiry, const HttpAnswer *answer)
{
	if (answer->outcome != HTTP_ANSWERED)
		return false;
	arb_budget_refused(&inquiry->order->trade->budget, BUDGET_ASK, arb_budget_halt_of(answer->status, ""),
					   answer->retry_after_s, arb_mono_ns());
	if (answer->status == 200)
		arb_budget_served(&inquiry->order->trade->budget, BUDGET_ASK, arb_mono_ns());
	return answer->status == 200;
}

static void
answered(Inquiry *inquiry, bool ok)
{
	if (!ok)
		inquiry->failed = true;
	release(inquiry, 1);
}

static void
note_bad(Inquiry *inquiry, const char *channel, const ParseError *error)
{
	arb_input_unreadable(&inquiry->order->trade->worker->input_errors, channel, error);
}

static void
on_order(void *arg, const HttpAnswer *answer)
{
	Inquiry    *inquiry = arg;
	PmOrder		found;
	PmLookup	lookup;
	ParseError	error;

	if (!is_answer(inquiry, answer) && answer->status != 404)
	{
		answered(inquiry, false);
		return;
	}
	if (!arb_pm_parse_order(answer->status, answer->body, answer->len, &lookup, &found, &error))
	{
		note_bad(inquiry, "order", &error);
		answered(inquiry, false);
		return;
	}
	if (lookup == PM_LOOKUP_FOUND && strcmp(found.id, inquiry->order->venue_order_id) != 0)
	{
		arb_input_error(&inquiry->order->trade->worker->input_errors, "order", "wrong_id",
						"an answer about another order");
		answered(inquiry, false);
		return;
	}
	if (lookup == PM_LOOKUP_FOUND && !arb_order_believe(inquiry->order, &found, inquiry->matched_before))
	{
		answered(inquiry, false);
		return;
	}
	inquiry->round.lookup = lookup;
	if (lookup == PM_LOOKUP_FOUND)
	{
		inquiry->round.status = found.status;
		inquiry->round.size_matched = found.size_matched;
	}
	answered(inquiry, true);
}

static void
on_open(void *arg, const HttpAnswer *answer)
{
	Inquiry    *inquiry = arg;
	PmOrderPage page;
	ParseError	error;
	char		next[PM_CURSOR_SIZE];
	size_t		i;

	if (!is_answer(inquiry, answer))
	{
		answered(inquiry, false);
		return;
	}
	if (!arb_pm_parse_orders(answer->body, answer->len, &page, &error))
	{
		note_bad(inquiry, "orders", &error);
		answered(inquiry, false);
		return;
	}
	for (i = 0; i < page.count; i++)
	{
		if (strcmp(page.orders[i].id, inquiry->order->venue_order_id) == 0)
			inquiry->round.listed_open = true;
	}
	memcpy(next, page.next_cursor, sizeof(next));
	arb_pm_order_page_free(&page);
	if (next[0] == '\0')
		answered(inquiry, true);
	else if (++inquiry->order_pages >= PAGES_MAX || !ask_open(inquiry, next))
		answered(inquiry, false);
}

static void
on_trades(void *arg, const HttpAnswer *answer)
{
	Inquiry    *inquiry = arg;
	PmTradePage page;
	ParseError	error;
	char		next[PM_CURSOR_SIZE];
	size_t		i;

	if (!is_answer(inquiry, answer))
	{
		answered(inquiry, false);
		return;
	}
	if (!arb_pm_parse_trades(answer->body, answer->len, &page, &error))
	{
		note_bad(inquiry, "trades", &error);
		answered(inquiry, false);
		return;
	}
	for (i = 0; i < page.count; i++)
	{
		if (!arb_order_fill(inquiry->order, &page.trades[i]))
			inquiry->failed = true;
	}
	memcpy(next, page.next_cursor, sizeof(next));
	arb_pm_trade_page_free(&page);
	if (next[0] == '\0')
		answered(inquiry, true);
	else if (++inquiry->trade_pages >= PAGES_MAX || !ask_trades(inquiry, next))
		answered(inquiry, false);
}

static bool
ask_open(Inquiry *inquiry, const char *cursor)
{
	char		path[VENUE_PATH_MAX];

	(void) snprintf(path, sizeof(path), "/data/orders?market=%s&next_cursor=%s",
					inquiry->order->ticket.condition_id, cursor);
	return arb_pm_private(&inquiry->order->trade->worker->client, "GET", path, NULL, 0, on_open, inquiry);
}

/* By market, not by token: as a maker our fill may be part of a trade in the other token. */
static bool
ask_trades(Inquiry *inquiry, const char *cursor)
{
	const WorkOrder *order = inquiry->order;
	char		path[VENUE_PATH_MAX];
	char		after[48] = "";

	if (!order->trade->worker->hello.clock_driven)
		(void) snprintf(after, sizeof(after), "&after=%" PRId64,
						order->ticket.signed_ms / 1000 - TRADE_CLOCK_SLACK_S);
	(void) snprintf(path, sizeof(path), "/data/trades?market=%s%s&next_cursor=%s", order->ticket.condition_id,
					after, cursor);
	return arb_pm_private(&order->trade->worker->client, "GET", path, NULL, 0, on_trades, inquiry);
}

static bool
ask_order(Inquiry *inquiry)
{
	char		path[VENUE_PATH_MAX];

	(void) snprintf(path, sizeof(path), "/data/order/%s", inquiry->order->venue_order_id);
	return arb_pm_private(&inquiry->order->trade->worker->client, "GET", path, NULL, 0, on_order, inquiry);
}

static void
inquire(WorkOrder *order)
{
	Inquiry    *inquiry;
	int64_t		wait_ns = arb_budget_wait_ns(&order->trade->budget, BUDGET_ASK, QUESTIONS, arb_mono_ns());
	int			unasked = 0;

	order->inquire_ns = 0;
	if (order->inquiry != NULL || order->venue_order_id[0] == '\0' || order->trade->halted)
		return;
	if (arb_http_in_flight(order->trade->worker->http) >= CROWDED)
	{
		order->inquire_ns = arb_mono_ns() + AGAIN_FIRST_MS * NS_PER_MS;
		return;
	}
	if (wait_ns > 0)
	{
		arb_inquire_at(order, wait_ns < MOST_WAIT_MS * NS_PER_MS ? wait_ns / NS_PER_MS + 1 : MOST_WAIT_MS);
		return;
	}
	inquiry = calloc(1, sizeof(*inquiry));
	if (inquiry == NULL)
	{
		arb_inquire_at(order, 1000);
		return;
	}
	order->inquiry = inquiry;
	order->inquiries++;
	inquiry->order = order;
	inquiry->matched_before = order->venue_matched;
	inquiry->open_questions = QUESTIONS;
	inquiry->stream_open = arb_ws_is_open(order->trade->user);
	if (!ask_order(inquiry))
		unasked++;
	if (!ask_open(inquiry, PM_CURSOR_FIRST))
		unasked++;
	if (!ask_trades(inquiry, PM_CURSOR_FIRST))
		unasked++;
	if (unasked > 0)
	{
		inquiry->failed = true;
		release(inquiry, unasked);
	}
}

void
arb_inquire_at(WorkOrder *order, int64_t delay_ms)
{
	int64_t		due_ns = arb_mono_ns() + delay_ms * NS_PER_MS;

	if (delay_ms == 0 && order->inquiry == NULL)
	{
		inquire(order);
		return;
	}
	if (order->inquire_ns == 0 || due_ns < order->inquire_ns)
		order->inquire_ns = due_ns;
}

static void
on_sweep(uv_timer_t *timer)
{
	Trade	   *trade = timer->data;
	int64_t		now_ns = arb_mono_ns();
	size_t		i;

	for (i = 0; i < trade->order_count; i++)
	{
		WorkOrder  *order = trade->orders[i];

		if (order->inquire_ns > 0 && order->inquire_ns <= now_ns && order->inquiry == NULL &&
			trade->worker->client.credentials != NULL && arb_worker_has_database(trade->worker))
			inquire(order);
	}
}

void
arb_inquiries_init(Trade *trade)
{
	(void) uv_timer_init(trade->worker->loop, &trade->inquiry_timer);
	trade->inquiry_timer.data = trade;
	(void) uv_timer_start(&trade->inquiry_timer, on_sweep, SWEEP_EVERY_MS, SWEEP_EVERY_MS);
}
