/*-------------------------------------------------------------------------
 *
 * worker/trade/work.c
 *	  The database's list of what is to be done, read again and again.
 *
 * The list is the truth after any restart: what this process knows of an order
 * is only a memory of it.  Cancels come first.
 *
 *-------------------------------------------------------------------------
 */
#include "trade/desk.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "debug_point.h"
#include "log.h"

#define READ_EVERY_MS 250
/* An answer with so many cancels holds nothing else (MAX_CANCELS of pending_work.c): there is more. */
#define CANCELS_FULL 100
#define CANCEL_AGAIN_MS 1000
#define SETTINGS_EVERY_MS 1000
/* An open order about which nothing was heard for this long is asked for. */
#define FOLLOW_AFTER_MS 5000
/* What an order of an earlier worker has at least, to reach the venue. */
#define TAKEN_OVER_MS 1000

typedef struct WorkRow
{
	const char *kind;
	const char *state;
	int64_t		age_ms;
	OrderTicket ticket;
	char		venue_order_id[VENUE_ORDER_ID_SIZE];
} WorkRow;

/* The order of a row: remembered, or inherited from an earlier worker. */
static WorkOrder *
order_of(Trade *trade, const WorkRow *row)
{
	WorkOrder  *order = arb_order_find(trade, row->ticket.order_id);

	if (order != NULL)
		return order;
	order = arb_order_add(trade, &row->ticket, ORDER_STAGE_WORKING);
	if (order == NULL)
		return NULL;
	memcpy(order->venue_order_id, row->venue_order_id, sizeof(order->venue_order_id));
	if (strcmp(row->state, "OPEN") == 0 || strcmp(row->state, "PARTIALLY_FILLED") == 0)
	{
		order->known_accepted = true;
		order->told = ORDER_REPORT_ACCEPTED;
	}
	/* An earlier worker may have sent it just before it died, or sends it still: one of the same name is not waited for. */
	order->send_before_ns = arb_mono_ns() +
		(trade->send_deadline_ms > TAKEN_OVER_MS ? trade->send_deadline_ms : TAKEN_OVER_MS) * NS_PER_MS;
	log_info("trade", "order %" PRId64 " (%s) is taken over", row->ticket.order_id, row->state);
	return order;
}

static void
on_cancel_answer(void *arg, const HttpAnswer *answer)
{
	WorkOrder  *order = arg;
	PmCancelAnswer cancels;
	ParseError	error;

	Budget	   *budget = &order->trade->budget;
	BudgetHalt	halt = BUDGET_HALT_NONE;

	order->cancelling = false;
	if (answer->outcome == HTTP_ANSWERED)
	{
		halt = arb_budget_halt_of(answer->status, "");
		arb_budget_learn(budget, BUDGET_CANCEL, answer->watched, arb_mono_ns());
		arb_budget_refused(budget, BUDGET_CANCEL, halt, answer->retry_after_s, arb_mono_ns());
	}
	if (halt != BUDGET_HALT_NONE)
		log_warning("trade", "cancel of order %" PRId64 " was refused for now: %s", order->ticket.order_id,
					arb_budget_reason(budget, BUDGET_CANCEL, arb_mono_ns()));
	else if (answer->outcome != HTTP_ANSWERED)
		log_warning("trade", "cancel of order %" PRId64 ": %s", order->ticket.order_id, answer->error);
	else if (!arb_pm_parse_cancel(answer->status, answer->body, answer->len, &cancels, &error))
		arb_input_unreadable(&order->trade->worker->input_errors, "cancel", &error);
	else
	{
		PmCancelState state = arb_pm_cancel_state_of(&cancels, order->venue_order_id);

		arb_budget_served(budget, BUDGET_CANCEL, arb_mono_ns());
		if (state == PM_CANCEL_DONE)
			log_info("trade", "order %" PRId64 " is canceled", order->ticket.order_id);
		else if (state == PM_CANCEL_NONE)
			arb_input_error(&order->trade->worker->input_errors, "cancel", "wrong_id",
							"the answer to a cancel names other orders");
		arb_pm_cancel_answer_free(&cancels);
	}
	/* How much of it was filled before, the venue says only when asked. */
	arb_inquire_at(order, 0);
	arb_desk_progress(order->trade);
}

static void
on_cancel_noted(void *arg, const DbReply *reply)
{
	(void) arb_desk_ok(arg, reply);
}

/* True when a cancel went out. */
static bool
cancel(Trade *trade, const WorkRow *row)
{
	WorkOrder  *order = order_of(trade, row);
	int64_t		now_ns = arb_mono_ns();
	char		body[VENUE_ORDER_ID_SIZE + 32];
	size_t		len;
	DbParams	params;

	/* While it is being claimed or posted there is nothing to cancel yet. */
	if (order == NULL || order->stage != ORDER_STAGE_WORKING || order->cancelling ||
		order->venue_order_id[0] == '\0' || !arb_desk_may_send(trade))
		return false;
	if (order->cancel_ns > 0 && now_ns - order->cancel_ns < CANCEL_AGAIN_MS * NS_PER_MS)
		return false;
	len = arb_pm_build_cancel(order->venue_order_id, body, sizeof(body));
	/* Without room for it the cancel stays on the list. */
	if (len == 0 || !arb_budget_take(&trade->budget, BUDGET_CANCEL, 1, now_ns) ||
		!arb_pm_private(&trade->worker->client, "DELETE", "/order", body, len, on_cancel_answer, order))
		return false;
	order->cancelling = true;
	order->cancel_ns = now_ns;
	ARB_DEBUG_POINT("during_cancel");
	arb_desk_params(trade, &params);
	arb_params_int(&params, order->ticket.order_id);
	return arb_desk_call(trade, DB_REPORT_CANCEL_SENT, &params, on_cancel_noted, trade);
}

static void
resolve(Trade *trade, const WorkRow *row)
{
	WorkOrder  *order = order_of(trade, row);

	if (order == NULL || order->stage != ORDER_STAGE_WORKING || order->inquiry != NULL ||
		order->inquire_ns > 0)
		return;
	/* What we know for certain is told again rather than asked. */
	if (order->due == ORDER_REPORT_NONE && !order->telling)
		arb_inquire_at(order, order->inquiries == 0 ? 0 : 500);
}

static void
follow(Trade *trade, const WorkRow *row)
{
	WorkOrder  *order = order_of(trade, row);

	if (order == NULL || order->stage != ORDER_STAGE_WORKING || order->inquiry != NULL ||
		order->inquire_ns > 0)
		return;
	if (row->age_ms >= FOLLOW_AFTER_MS || order->inquiries == 0)
		arb_inquire_at(order, order->inquiries == 0 ? 0 : FOLLOW_AFTER_MS);
}

static void
redeem_watch(Trade *trade, const DbReply *reply, int row)
{
	int64_t		amount;

	if (arb_decimal_parse_micro(arb_reply_text(reply, row, "amount"), &amount))
		arb_redeem_watch(trade, arb_reply_text(reply, row, "symbol"), amount);
}

static bool
is_exit_to_send(const DbReply *reply, int row)
{
	return strcmp(arb_reply_text(reply, row, "kind"), "send") == 0 &&
		strcmp(arb_reply_text(reply, row, "purpose"), "EXIT") == 0;
}

/* True when a cancel went out. */
static bool
do_row(Trade *trade, const DbReply *reply, int number)
{
	WorkRow		row;

	memset(&row, 0, sizeof(row));
	row.kind = arb_reply_text(reply, number, "kind");
	if (strcmp(row.kind, "redeem_watch") == 0)
	{
		redeem_watch(trade, reply, number);
		return false;
	}
	row.state = arb_reply_text(reply, number, "state");
	row.age_ms = arb_reply_int(reply, number, "age_ms", 0);
	(void) snprintf(row.venue_order_id, sizeof(row.venue_order_id), "%s",
					arb_reply_text(reply, number, "venue_order_id"));
	if (!arb_ticket_read(reply, number, &row.ticket))
	{
		arb_input_error(&trade->worker->input_errors, "database", "ticket", "pending work could not be read");
		return false;
	}
	if (strcmp(row.kind, "cancel") == 0)
		return cancel(trade, &row);
	if (strcmp(row.kind, "resolve") == 0)
		resolve(trade, &row);
	else if (strcmp(row.kind, "follow") == 0)
		follow(trade, &row);
	else if (strcmp(row.kind, "send") == 0)
		arb_send_ticket(trade, &row.ticket, 0, arb_mono_ns() - row.age_ms * NS_PER_MS);
	else
		arb_input_error(&trade->worker->input_errors, "database", "work_kind", row.kind);
	return false;
}

static void
on_work(void *arg, const DbReply *reply)
{
	Trade	   *trade = arg;
	int			count;
	int			cancels = 0;
	int			sent = 0;
	int			row;

	trade->work_asking = false;
	if (reply->status == DB_LOST || !arb_desk_ok(trade, reply))
		return;
	count = arb_reply_rows(reply);
	for (row = 0; row < count; row++)
	{
		if (strcmp(arb_reply_text(reply, row, "kind"), "cancel") == 0)
		{
			cancels++;
			sent += do_row(trade, reply, row) ? 1 : 0;
		}
	}
	/* Then the exits, so that no entry takes their place at the venue. */
	for (row = 0; row < count; row++)
	{
		if (is_exit_to_send(reply, row))
			(void) do_row(trade, reply, row);
	}
	for (row = 0; row < count; row++)
	{
		if (strcmp(arb_reply_text(reply, row, "kind"), "cancel") != 0 && !is_exit_to_send(reply, row))
			(void) do_row(trade, reply, row);
	}
	/* Those that went out are not in the next answer; if none did, the timer asks again. */
	if (cancels >= CANCELS_FULL && sent > 0)
		trade->work_again = true;
	trade->work_read = true;
	arb_redeem_work_read(trade);
	arb_reconcile_advance(trade);
	if (trade->work_again)
	{
		trade->work_again = false;
		arb_work_read(trade);
	}
}

static void
on_settings(void *arg, const DbReply *reply)
{
	Trade	   *trade = arg;

	trade->settings_asking = false;
	if (reply->status == DB_LOST || !arb_desk_ok(trade, reply) || arb_reply_rows(reply) != 1)
		return;
	trade->worker->hello.confirm_timeout_ms = arb_reply_int(reply, 0, "confirm_timeout_ms",
															trade->worker->hello.confirm_timeout_ms);
	trade->send_deadline_ms = arb_reply_int(reply, 0, "send_deadline_ms", trade->send_deadline_ms);
	trade->balance_per_order = arb_reply_bool(reply, 0, "balance_per_order");
}

/* A change of a control binds within a second. */
static void
read_settings(Trade *trade)
{
	DbParams	params;

	if (trade->settings_asking || trade->epoch == 0 || arb_mono_ns() < trade->settings_ns)
		return;
	trade->settings_ns = arb_mono_ns() + SETTINGS_EVERY_MS * NS_PER_MS;
	arb_desk_params(trade, &params);
	trade->settings_asking = arb_desk_call(trade, DB_TRADER_SETTINGS, &params, on_settings, trade);
}

void
arb_work_read(Trade *trade)
{
	DbParams	params;

	if (trade->epoch == 0 || trade->halted || trade->stopping || trade->worker->client.credentials == NULL)
		return;
	/* A notification that comes while an answer is under way may be about later work. */
	if (trade->work_asking)
	{
		trade->work_again = true;
		return;
	}
	/* The deadline of what is taken over is among them. */
	read_settings(trade);
	arb_desk_params(trade, &params);
	trade->work_asking = arb_desk_call(trade, DB_PENDING_WORK, &params, on_work, trade);
}

static void
on_timer(uv_timer_t *timer)
{
	Trade	   *trade = timer->data;

	read_settings(trade);
	/* What the database could not take just then. */
	arb_orders_resume(trade);
	if (!trade->work_asking)
		arb_work_read(trade);
	arb_orders_prune(trade);
}

void
arb_work_init(Trade *trade)
{
	(void) uv_timer_init(trade->worker->loop, &trade->work_timer);
	trade->work_timer.data = trade;
}

void
arb_work_start(Trade *trade)
{
	(void) uv_timer_start(&trade->work_timer, on_timer, READ_EVERY_MS, READ_EVERY_MS);
}
