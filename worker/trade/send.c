/*-------------------------------------------------------------------------
 *
 * worker/trade/send.c
 *	  From a ticket to the venue's answer: build, sign, claim, post.
 *
 * The claim's commit is acknowledged before a byte leaves.  The bytes are then
 * given out once, by a callback that asks the lease, the database connection
 * and the deadline at the last instant.  A claim whose outcome is unknown is
 * never sent: that it was not is reported when the database is back.
 *
 * What the venue's rate limits do not let out waits here, exits before
 * entries, as long as it is worth sending; it is not claimed before its turn.
 *
 *-------------------------------------------------------------------------
 */
#include "trade/desk.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "debug_point.h"
#include "log.h"

/* Until the controls were read once: what ships. */
#define SEND_DEADLINE_MS 2000
/* The queue is looked at so often at least, and when tokens are due. */
#define QUEUE_TICK_MS 50
/* The same bytes go out so many times more, and only while there is time for an answer. */
#define REPEATS_MAX 2
#define REPEAT_MARGIN_NS (300 * NS_PER_MS)
/* With so many on their way another waits, entries before exits: claimed now, it would only grow old. */
#define ON_THEIR_WAY_MAX 256
#define KEPT_FOR_EXITS 32

/* The user channel tells of fills by itself; what it leaves out is asked for after this long. */
#define MATCHED_INQUIRY_MS 250
/* A held order is asked for after the venue's hold is over. */
#define DELAYED_INQUIRY_MS 300

static void
write_trace(const WorkOrder *order)
{
	char		line[256];
	int			len;
	int			fd = order->trade->worker->trace_fd;

	if (fd < 0)
		return;
	len = snprintf(line, sizeof(line),
				   "{\"order_id\":%" PRId64 ",\"frame_ns\":%" PRId64 ",\"decided_ns\":%" PRId64
				   ",\"asked_ns\":%" PRId64 ",\"claimed_ns\":%" PRId64 ",\"written_ns\":%" PRId64 "}\n",
				   order->ticket.order_id, order->frame_ns, order->decided_ns, order->asked_ns, order->claimed_ns,
				   order->written_ns);
	if (len > 0 && write(fd, line, (size_t) len) != len)
		log_warning("trade", "the trace file cannot be written");
}

static BudgetUse
use_of(const WorkOrder *order)
{
	return order->ticket.is_exit ? BUDGET_EXIT : BUDGET_ENTRY;
}

/* The bytes of an order whose fate is in question may be needed again. */
static void
to_working(WorkOrder *order, bool keep_bytes)
{
	order->stage = ORDER_STAGE_WORKING;
	if (keep_bytes)
		return;
	free(order->prepared);
	order->prepared = NULL;
}

static void
not_sent(WorkOrder *order, const char *reason)
{
	log_warning("trade", "order %" PRId64 " was not sent: %s", order->ticket.order_id, reason);
	to_working(order, false);
	arb_order_tell(order, ORDER_REPORT_NOT_SENT, -1, reason);
}

static bool
may_write(void *arg)
{
	const WorkOrder *order = arg;

	return arb_desk_may_send(order->trade) && arb_sweep_lets_send(order->trade) &&
		arb_mono_ns() < order->send_before_ns;
}

/* What an answer to a POST says of the venue's limits and of whether it trades at all. */
static void
note_limits(WorkOrder *order, const HttpAnswer *answer, const PostAnswer *post)
{
	Trade	   *trade = order->trade;
	Budget	   *budget = &trade->budget;
	BudgetUse	use = use_of(order);
	int64_t		now_ns = arb_mono_ns();

	if (answer->outcome != HTTP_ANSWERED)
		return;
	arb_budget_learn(budget, use, answer->watched, now_ns);
	if (post->outcome != POST_OUTCOME_RETRY_LATER)
	{
		/* A server error says nothing of either. */
		if (answer->status < 500)
			arb_budget_served(budget, use, now_ns);
		return;
	}
	arb_budget_refused(budget, use, arb_budget_halt_of(answer->status, post->code), answer->retry_after_s, now_ns);
	if (!arb_budget_takes_orders(budget, now_ns) && trade->orders_told)
		arb_account_refresh(trade);
}

static void
on_posted(void *arg, const HttpAnswer *answer)
{
	WorkOrder  *order = arg;
	PostAnswer	post;
	OrderReport report;
	const char *reason;

	ARB_DEBUG_POINT("after_answer");
	order->written_ns = answer->written_ns;
	memset(&post, 0, sizeof(post));
	if (answer->outcome == HTTP_ANSWERED)
		arb_pm_parse_post(answer->status, answer->body, answer->len, order->venue_order_id, &post);
	report = arb_classify_post(answer->outcome, &post);
	note_limits(order, answer, &post);
	reason = answer->outcome == HTTP_ANSWERED ? post.reason : answer->error;
	write_trace(order);
	log_info("trade", "order %" PRId64 " %s: %s %s", order->ticket.order_id, order->venue_order_id,
			 arb_order_report_name(report), reason == NULL ? "" : reason);

	if (report == ORDER_REPORT_NOT_SENT)
	{
		not_sent(order, reason == NULL ? "no connection" : reason);
		return;
	}
	to_working(order, report == ORDER_REPORT_UNKNOWN);
	if (report == ORDER_REPORT_ACCEPTED || report == ORDER_REPORT_MATCHED)
		order->known_accepted = true;
	arb_order_tell(order, report, -1, report == ORDER_REPORT_ACCEPTED ? NULL : reason);
	/* The user channel may have told the whole story before this answer. */
	arb_order_review(order);
	if (order->stage == ORDER_STAGE_FINISHED)
		return;
	if (report == ORDER_REPORT_UNKNOWN)
		arb_inquire_at(order, 0);
	else if (report == ORDER_REPORT_MATCHED)
		arb_inquire_at(order, arb_ws_is_open(order->trade->user) ? MATCHED_INQUIRY_MS : 0);
	else if (post.outcome == POST_OUTCOME_DELAYED)
		arb_inquire_at(order, DELAYED_INQUIRY_MS);
}

static const char *
cover_reason(const WorkOrder *order)
{
	return order->cover == COVER_SHORT ? "balance: the venue's cash does not cover it" :
		"balance: the venue's cash could not be read";
}

static void
post(WorkOrder *order)
{
	PmClient   *client = &order->trade->worker->client;

	order->stage = ORDER_STAGE_POSTING;
	order->trade->activity++;
	if (order->cover != COVER_YES)
		not_sent(order, cover_reason(order));
	else if (!may_write(order))
		not_sent(order, "the time to send was over");
	else if (!arb_pm_post_order(client, order->prepared, PM_REQUEST_TIMEOUT_MS, may_write, on_posted, order))
		not_sent(order, "the request could not be started");
}

static void
drop(WorkOrder *order)
{
	Trade	   *trade = order->trade;

	arb_order_remove(order);
	arb_desk_progress(trade);
}

static void
on_claimed(void *arg, const DbReply *reply)
{
	WorkOrder  *order = arg;
	Trade	   *trade = order->trade;

	order->claimed_ns = arb_mono_ns();
	/* The claim was the last step of a dry run; whether it was made, the database knows. */
	if (order->ticket.dry_run)
	{
		(void) arb_desk_ok(trade, reply);
		drop(order);
		return;
	}
	if (reply->status == DB_LOST)
	{
		not_sent(order, "the database was lost before the claim was confirmed");
		return;
	}
	if (!arb_desk_ok(trade, reply) || arb_reply_rows(reply) != 1)
	{
		drop(order);
		return;
	}
	if (!arb_reply_bool(reply, 0, "claimed"))
	{
		log_info("trade", "order %" PRId64 " was not claimed: %s", order->ticket.order_id,
				 arb_reply_text(reply, 0, "reason"));
		drop(order);
		return;
	}
	if (reply->durability_doubt)
	{
		not_sent(order, "the claim may not have reached the standby");
		return;
	}
	order->send_before_ns = order->claimed_ns + arb_reply_int(reply, 0, "send_within_ms", 0) * NS_PER_MS;
	order->claimed = true;
	ARB_DEBUG_POINT("after_claim");
	if (order->cover != COVER_ASKING)
		post(order);
}

static bool
claim(WorkOrder *order)
{
	PmClient   *client = &order->trade->worker->client;
	char		hash[BODY_HASH_TEXT_SIZE];
	char		request[VENUE_REQUEST_MAX];
	DbParams	params;

	/* What is stored is what is sent: the time in its headers is chosen now. */
	order->prepared->timestamp_s = arb_wall_ms() / 1000;
	if (arb_pm_render_order(client->credentials, client->address_text, order->prepared, request, sizeof(request)) == 0)
		return false;
	arb_hash_text(order->prepared, hash);
	arb_desk_params(order->trade, &params);
	arb_params_int(&params, order->ticket.order_id);
	arb_params_text(&params, order->venue_order_id);
	arb_params_text(&params, hash);
	arb_params_text(&params, request);
	order->asked_ns = arb_mono_ns();
	return arb_desk_call(order->trade, DB_CLAIM_ORDER, &params, on_claimed, order);
}

void
arb_send_covered(WorkOrder *order)
{
	if (order->stage != ORDER_STAGE_CLAIMING)
		return;
	if (!order->ticket.dry_run)
	{
		if (order->claimed)
			post(order);
	}
	else if (order->cover != COVER_YES)
		not_sent(order, cover_reason(order));
	else if (!claim(order))
		drop(order);
}

static bool
needs_cover(const WorkOrder *order)
{
	return order->trade->balance_per_order && !order->ticket.is_exit && order->gives > 0;
}

static void
unbuildable(WorkOrder *order, const char *reason)
{
	arb_worker_alert(order->trade->worker, "critical", "order_unbuildable",
					 "order %" PRId64 " cannot be built: %s", order->ticket.order_id, reason);
	not_sent(order, reason);
}

/* Its turn has come: build, sign, claim. */
static void
start(WorkOrder *order)
{
	Trade	   *trade = order->trade;
	char		reason[VENUE_REASON_SIZE] = "";

	order->stage = ORDER_STAGE_CLAIMING;
	order->taken_ns = arb_mono_ns();
	order->prepared = malloc(sizeof(*order->prepared));
	if (order->prepared == NULL)
	{
		drop(order);
		return;
	}
	if (!arb_pm_prepare_order(&trade->signer, &order->ticket, order->prepared, reason))
	{
		unbuildable(order, reason);
		return;
	}
	(void) snprintf(order->venue_order_id, sizeof(order->venue_order_id), "%s",
					order->prepared->venue_order_id);
	ARB_DEBUG_POINT("before_claim");
	/* The claim is a dry run's last step: what LIVE asks before it posts is asked before. */
	if (order->ticket.dry_run && needs_cover(order))
		arb_cover_ask(order);
	else if (!claim(order))
		drop(order);
	else if (needs_cover(order))
		arb_cover_ask(order);
}

/* ----- the queue ----- */

/* It was never claimed: no byte left, and none will. */
static void
give_up(WorkOrder *order)
{
	Trade	   *trade = order->trade;

	trade->queued--;
	not_sent(order, arb_budget_reason(&trade->budget, use_of(order), arb_mono_ns()));
}

/* How many more may be under way now. */
static int
room_for(const Trade *trade, bool exits)
{
	int			room = exits ? ON_THEIR_WAY_MAX : ON_THEIR_WAY_MAX - KEPT_FOR_EXITS;
	size_t		i;

	for (i = 0; i < trade->order_count; i++)
	{
		OrderStage	stage = trade->orders[i]->stage;

		if (stage == ORDER_STAGE_CLAIMING || stage == ORDER_STAGE_POSTING)
			room--;
	}
	return room;
}

/* Starts what may start, of one kind, oldest first. */
static void
serve(Trade *trade, bool exits)
{
	int64_t		now_ns = arb_mono_ns();
	int			room = room_for(trade, exits);
	size_t		i = 0;

	while (i < trade->order_count && trade->queued > 0)
	{
		WorkOrder  *order = trade->orders[i];

		if (order->stage == ORDER_STAGE_QUEUED && order->ticket.is_exit == exits)
		{
			int64_t		wait_ns = arb_budget_wait_ns(&trade->budget, use_of(order), 1, now_ns);

			/* It stays NEW: whoever may send finds it in the list of pending work. */
			if (!arb_desk_may_send(trade))
			{
				trade->queued--;
				drop(order);
			}
			else if (wait_ns > 0 && wait_ns >= order->give_up_ns - now_ns)
				give_up(order);
			else if (room > 0 && arb_budget_take(&trade->budget, use_of(order), 1, now_ns))
			{
				trade->queued--;
				room--;
				start(order);
			}
		}
		/* Whoever was dropped leaves its place to the next. */
		if (i < trade->order_count && trade->orders[i] == order)
			i++;
	}
}

static void
serve_queue(Trade *trade)
{
	if (trade->queued == 0)
		return;
	serve(trade, true);
	serve(trade, false);
}

static void
on_queue_tick(uv_timer_t *timer)
{
	Trade	   *trade = timer->data;

	serve_queue(trade);
	if (trade->queued == 0)
		(void) uv_timer_stop(timer);
}

void
arb_send_init(Trade *trade)
{
	const PmEndpoints *endpoints = &trade->worker->endpoints;

	arb_budget_init(&trade->budget, endpoints->has_limits ? &endpoints->limits : &arb_venue_polymarket()->limits);
	trade->worker->client.requests = endpoints->has_limits && endpoints->limits.requests_per_s == 0 ? NULL :
		&trade->budget.requests;
	trade->send_deadline_ms = SEND_DEADLINE_MS;
	trade->balance_per_order = true;
	trade->orders_told = true;
	(void) uv_timer_init(trade->worker->loop, &trade->queue_timer);
	trade->queue_timer.data = trade;
}

void
arb_send_ticket(Trade *trade, const OrderTicket *ticket, int64_t frame_ns, int64_t decided_ns)
{
	WorkOrder  *order;

	/* Dropped here, it stays NEW; the list of pending work offers it again while it is worth sending. */
	if (!arb_desk_may_send(trade) || !arb_sweep_lets_send(trade) || trade->worker->client.credentials == NULL ||
		arb_order_find(trade, ticket->order_id) != NULL)
		return;
	order = arb_order_add(trade, ticket, ORDER_STAGE_QUEUED);
	if (order == NULL)
		return;
	order->frame_ns = frame_ns;
	order->decided_ns = decided_ns;
	order->give_up_ns = decided_ns + trade->send_deadline_ms * NS_PER_MS;
	trade->queued++;
	serve_queue(trade);
	if (trade->queued > 0 && !uv_is_active((uv_handle_t *) &trade->queue_timer))
		(void) uv_timer_start(&trade->queue_timer, on_queue_tick, QUEUE_TICK_MS, QUEUE_TICK_MS);
}

/* ----- the same bytes again ----- */

static void
on_repeated(void *arg, const HttpAnswer *answer)
{
	WorkOrder  *order = arg;
	PostAnswer	answered;
	OrderReport report = ORDER_REPORT_NONE;

	order->repeating = false;
	order->repeated_ns = arb_mono_ns();
	memset(&answered, 0, sizeof(answered));
	if (answer->outcome == HTTP_ANSWERED)
	{
		arb_pm_parse_post(answer->status, answer->body, answer->len, order->venue_order_id, &answered);
		report = arb_classify_repeat(&answered);
		note_limits(order, answer, &answered);
		if (report != ORDER_REPORT_NONE || answered.outcome == POST_OUTCOME_DUPLICATE)
			order->known_accepted = true;
	}
	log_info("trade", "order %" PRId64 " sent again: %s %s", order->ticket.order_id,
			 answer->outcome == HTTP_ANSWERED ? arb_post_outcome_name(answered.outcome) : "no answer", answered.reason);
	if (order->stage == ORDER_STAGE_FINISHED)
		return;
	arb_order_tell(order, report, -1, "found by sending the same bytes again");
	arb_inquire_at(order, 0);
	arb_desk_progress(order->trade);
}

static void
on_claimed_again(void *arg, const DbReply *reply)
{
	WorkOrder  *order = arg;
	Trade	   *trade = order->trade;
	int64_t		deadline_ns;

	order->repeating = false;
	if (reply->status == DB_LOST || !arb_desk_ok(trade, reply) || arb_reply_rows(reply) != 1 ||
		!arb_reply_bool(reply, 0, "claimed") || reply->durability_doubt ||
		order->stage != ORDER_STAGE_WORKING || order->prepared == NULL || order->known_accepted)
		return;
	deadline_ns = arb_mono_ns() + arb_reply_int(reply, 0, "send_within_ms", 0) * NS_PER_MS;
	if (deadline_ns < order->send_before_ns)
		order->send_before_ns = deadline_ns;
	if (arb_mono_ns() + REPEAT_MARGIN_NS >= order->send_before_ns ||
		!arb_budget_take(&trade->budget, use_of(order), 1, arb_mono_ns()))
		return;
	order->repeating = arb_pm_post_order(&trade->worker->client, order->prepared, PM_REQUEST_TIMEOUT_MS, may_write,
										 on_repeated, order);
	if (order->repeating)
		log_info("trade", "order %" PRId64 " is sent again, the same bytes", order->ticket.order_id);
}

/*
 * Only where the venue answers a duplicate with "already there", only while the
 * order is worth sending, and never without the database: kill switch, cancel
 * and epoch are asked again, as for the first time.
 */
bool
arb_send_repeat(WorkOrder *order)
{
	char		hash[2 + 2 * SHA256_SIZE + 1];
	DbParams	params;

	if ((arb_venue_polymarket()->capabilities & VENUE_KNOWS_DUPLICATES) == 0 || order->prepared == NULL ||
		order->stage != ORDER_STAGE_WORKING || order->known_accepted || order->repeating ||
		order->repeats >= REPEATS_MAX || order->telling || order->told != ORDER_REPORT_UNKNOWN ||
		!arb_desk_may_send(order->trade) || arb_mono_ns() + REPEAT_MARGIN_NS >= order->send_before_ns)
		return false;
	arb_hex_encode(order->prepared->body_sha256, SHA256_SIZE, hash);
	hash[0] = '\\';
	arb_desk_params(order->trade, &params);
	arb_params_int(&params, order->ticket.order_id);
	arb_params_text(&params, hash);
	order->repeats++;
	order->repeating = arb_desk_call(order->trade, DB_CLAIM_AGAIN, &params, on_claimed_again, order);
	return order->repeating;
}
