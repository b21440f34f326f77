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
 *-------------------------------------------------------------------------
 */
#include "trade/desk.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "log.h"

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
				   ",\"claimed_ns\":%" PRId64 ",\"written_ns\":%" PRId64 "}\n",
				   order->ticket.order_id, order->frame_ns, order->decided_ns, order->claimed_ns,
				   order->written_ns);
	if (len > 0 && write(fd, line, (size_t) len) != len)
		log_warning("trade", "the trace file cannot be written");
}

static void
to_working(WorkOrder *order)
{
	order->stage = ORDER_STAGE_WORKING;
	free(order->prepared);
	order->prepared = NULL;
}

static void
not_sent(WorkOrder *order, const char *reason)
{
	log_warning("trade", "order %" PRId64 " was not sent: %s", order->ticket.order_id, reason);
	to_working(order);
	arb_order_tell(order, ORDER_REPORT_NOT_SENT, -1, reason);
}

static bool
may_write(void *arg)
{
	const WorkOrder *order = arg;

	return arb_desk_may_send(order->trade) && arb_sweep_lets_send(order->trade) &&
		arb_mono_ns() < order->send_before_ns;
}

static void
on_posted(void *arg, const HttpAnswer *answer)
{
	WorkOrder  *order = arg;
	PostAnswer	post;
	OrderReport report;
	const char *reason;

	order->written_ns = answer->written_ns;
	memset(&post, 0, sizeof(post));
	if (answer->outcome == HTTP_ANSWERED)
		arb_pm_parse_post(answer->status, answer->body, answer->len, order->venue_order_id, &post);
	report = arb_classify_post(answer->outcome, &post);
	reason = answer->outcome == HTTP_ANSWERED ? post.reason : answer->error;
	write_trace(order);
	log_info("trade", "order %" PRId64 " %s: %s %s", order->ticket.order_id, order->venue_order_id,
			 arb_order_report_name(report), reason == NULL ? "" : reason);

	if (report == ORDER_REPORT_NOT_SENT)
	{
		not_sent(order, reason == NULL ? "no connection" : reason);
		return;
	}
	to_working(order);
	if (report == ORDER_REPORT_ACCEPTED || report == ORDER_REPORT_MATCHED)
		order->known_accepted = true;
	arb_order_tell(order, report, -1, report == ORDER_REPORT_ACCEPTED ? NULL : reason);
	/* The user channel may have told the whole story before this answer. */
	arb_order_review(order);
	if (order->stage == ORDER_STAGE_FINISHED)
		return;
	if (report == ORDER_REPORT_MATCHED || report == ORDER_REPORT_UNKNOWN)
		arb_inquire_at(order, 0);
	else if (post.outcome == POST_OUTCOME_DELAYED)
		arb_inquire_at(order, DELAYED_INQUIRY_MS);
}

static void
post(WorkOrder *order)
{
	PmClient   *client = &order->trade->worker->client;

	order->stage = ORDER_STAGE_POSTING;
	order->trade->activity++;
	if (!may_write(order))
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
	return arb_desk_call(order->trade, DB_CLAIM_ORDER, &params, on_claimed, order);
}

static void
unbuildable(WorkOrder *order, const char *reason)
{
	arb_worker_alert(order->trade->worker, "critical", "order_unbuildable",
					 "order %" PRId64 " cannot be built: %s", order->ticket.order_id, reason);
	not_sent(order, reason);
}

void
arb_send_ticket(Trade *trade, const OrderTicket *ticket, int64_t frame_ns, int64_t decided_ns)
{
	char		reason[VENUE_REASON_SIZE] = "";
	WorkOrder  *order;

	/* Dropped here, it stays NEW; the list of pending work offers it again while it is worth sending. */
	if (!arb_desk_may_send(trade) || !arb_sweep_lets_send(trade) || trade->worker->client.credentials == NULL ||
		arb_order_find(trade, ticket->order_id) != NULL)
		return;
	order = arb_order_add(trade, ticket, ORDER_STAGE_CLAIMING);
	if (order == NULL)
		return;
	order->frame_ns = frame_ns;
	order->decided_ns = decided_ns;
	order->prepared = malloc(sizeof(*order->prepared));
	if (order->prepared == NULL)
	{
		drop(order);
		return;
	}
	if (!arb_pm_prepare_order(&trade->signer, ticket, order->prepared, reason))
	{
		unbuildable(order, reason);
		return;
	}
	(void) snprintf(order->venue_order_id, sizeof(order->venue_order_id), "%s",
					order->prepared->venue_order_id);
	if (!claim(order))
		drop(order);
}
