/*-------------------------------------------------------------------------
 *
 * worker/trade/outage.c
 *	  No database: after a grace, nothing of ours rests at the venue.
 *
 * Sending has stopped already (arb_desk_may_send).  What works at the venue is
 * canceled by name, in pieces, and the venue's list is read again and again
 * until it shows none of it.  That needs no judgement: it only reduces risk.
 *
 * The database may be away for us alone, and another have taken over once our
 * lease had ended.  So we cancel only what was there while the lease was held by
 * our own clock, which ends before the server's: the orders in our hands, and
 * what a list showed that was answered before that end.  A later order may be
 * another's, so everything is never canceled at once.
 *
 * What was done is reported when the database is back; how each order ended is
 * found by inquiry and reported as always.
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

#define TICK_MS 100
#define AGAIN_NS NS_PER_S
/* Once the list shows none of ours. */
#define LOOK_NS (5 * NS_PER_S)
#define INQUIRE_AFTER_MS 500
#define PAGES_MAX 100
/* Names in one request at most; the venue's limit may have room for fewer, or for none just now. */
#define PIECE 50
#define PIECE_NS (250 * NS_PER_MS)

typedef char VenueName[VENUE_ORDER_ID_SIZE];

typedef struct NameList
{
	VenueName  *items;
	size_t		count;
	size_t		capacity;
} NameList;

typedef struct Outage
{
	Trade	   *trade;
	uv_timer_t	timer;
	int64_t		since_ns;		/* 0 = the database serves */
	bool		busy;
	int64_t		due_ns;
	NameList	ours;			/* what may be canceled */
	NameList	targets;		/* what is canceled in this round */
	size_t		next;			/* of the targets */
	char		cursor[PM_CURSOR_SIZE];
	int			pages;
	int			requests;
	size_t		confirmed;		/* cancels the venue confirmed */
	size_t		found;			/* on the list last read */
	size_t		left;			/* of ours among them */
	bool		listed;			/* it was read once */
	bool		begun;			/* there is something to report */
} Outage;

static void list_orders(Outage *outage);
static void cancel_piece(Outage *outage);

static bool
has_name(const NameList *list, const char *name)
{
	size_t		i;

	for (i = 0; i < list->count; i++)
	{
		if (strcmp(list->items[i], name) == 0)
			return true;
	}
	return false;
}

static void
add_name(NameList *list, const char *name)
{
	if (name[0] == '\0' || has_name(list, name))
		return;
	if (list->count == list->capacity)
	{
		size_t		capacity = list->capacity == 0 ? 64 : 2 * list->capacity;
		VenueName  *grown = realloc(list->items, capacity * sizeof(*grown));

		/* It is found again by the next round. */
		if (grown == NULL)
			return;
		list->items = grown;
		list->capacity = capacity;
	}
	(void) snprintf(list->items[list->count++], VENUE_ORDER_ID_SIZE, "%s", name);
}

static void
rest(Outage *outage, int64_t delay_ns)
{
	outage->busy = false;
	outage->due_ns = arb_mono_ns() + delay_ns;
}

/* Ours as long as our own clock says so: nobody else can have placed anything yet. */
static bool
lease_is_held(const Outage *outage)
{
	return arb_lease_in_force(&outage->trade->lease, arb_boot_ns());
}

/* ----- cancels ----- */

static void
note_limits(Outage *outage, const HttpAnswer *answer)
{
	Budget	   *budget = &outage->trade->budget;
	int64_t		now_ns = arb_mono_ns();

	if (answer->outcome != HTTP_ANSWERED)
		return;
	arb_budget_learn(budget, BUDGET_CANCEL, answer->watched, now_ns);
	arb_budget_refused(budget, BUDGET_CANCEL, arb_budget_halt_of(answer->status, ""), answer->retry_after_s, now_ns);
	if (answer->status == 200)
		arb_budget_served(budget, BUDGET_CANCEL, now_ns);
}

static void
on_piece(void *arg, const HttpAnswer *answer)
{
	Outage	   *outage = arg;
	PmCancelAnswer cancels;
	ParseError	error;
	size_t		i;

	note_limits(outage, answer);
	if (answer->outcome != HTTP_ANSWERED)
		log_warning("trade", "canceling without the database: %s", answer->error);
	else if (!arb_pm_parse_cancel(answer->status, answer->body, answer->len, &cancels, &error))
		arb_input_unreadable(&outage->trade->worker->input_errors, "cancel", &error);
	else
	{
		for (i = 0; i < cancels.count; i++)
			outage->confirmed += cancels.items[i].state == PM_CANCEL_DONE ? 1 : 0;
		arb_pm_cancel_answer_free(&cancels);
	}
	cancel_piece(outage);
}

static size_t
build_piece(const Outage *outage, size_t count, char *body, size_t size)
{
	const char *names[PIECE];
	size_t		i;

	for (i = 0; i < count; i++)
		names[i] = outage->targets.items[outage->next + i];
	return arb_pm_build_cancel_many(names, count, body, size);
}

/* The next piece, or the list when there is none; an answer that is lost shows in the list. */
static void
cancel_piece(Outage *outage)
{
	char		body[PIECE * (VENUE_ORDER_ID_SIZE + 4) + 16];
	Budget	   *budget = &outage->trade->budget;
	size_t		count = outage->targets.count - outage->next;
	size_t		len;

	if (outage->trade->halted)
		return;
	if (count == 0)
	{
		list_orders(outage);
		return;
	}
	if (count > PIECE)
		count = PIECE;
	count = (size_t) arb_budget_cancels(budget, (int) count, arb_mono_ns());
	if (count == 0 || !arb_budget_take(budget, BUDGET_CANCEL, (int) count, arb_mono_ns()))
	{
		rest(outage, PIECE_NS);
		return;
	}
	len = build_piece(outage, count, body, sizeof(body));
	outage->next += count;
	outage->requests++;
	if (len == 0 ||
		!arb_pm_private(&outage->trade->worker->client, "DELETE", "/orders", body, len, on_piece, outage))
		rest(outage, AGAIN_NS);
}

/* ----- the venue's list ----- */

static void
list_is_read(Outage *outage)
{
	outage->left = outage->targets.count;
	outage->listed = true;
	log_warning("trade", "without the database: the venue lists %zu orders, %zu of ours", outage->found, outage->left);
	rest(outage, outage->left > 0 ? AGAIN_NS : LOOK_NS);
}

static void
take_page(Outage *outage, const PmOrderPage *page)
{
	bool		held = lease_is_held(outage);
	size_t		i;

	outage->found += page->count;
	for (i = 0; i < page->count; i++)
	{
		if (held)
			add_name(&outage->ours, page->orders[i].id);
		if (has_name(&outage->ours, page->orders[i].id))
			add_name(&outage->targets, page->orders[i].id);
	}
}

static void
on_list(void *arg, const HttpAnswer *answer)
{
	Outage	   *outage = arg;
	PmOrderPage page;
	ParseError	error;

	if (answer->outcome != HTTP_ANSWERED || answer->status != 200)
	{
		rest(outage, AGAIN_NS);
		return;
	}
	if (!arb_pm_parse_orders(answer->body, answer->len, &page, &error))
	{
		arb_input_unreadable(&outage->trade->worker->input_errors, "outage", &error);
		rest(outage, AGAIN_NS);
		return;
	}
	take_page(outage, &page);
	memcpy(outage->cursor, page.next_cursor, sizeof(outage->cursor));
	arb_pm_order_page_free(&page);
	if (outage->cursor[0] != '\0' && ++outage->pages < PAGES_MAX)
		list_orders(outage);
	else
		list_is_read(outage);
}

/* Begins, or goes on, to collect what is to be canceled in the next round. */
static void
list_orders(Outage *outage)
{
	char		path[VENUE_PATH_MAX];

	if (outage->pages == 0)
	{
		outage->targets.count = 0;
		outage->next = 0;
		outage->found = 0;
		(void) snprintf(outage->cursor, sizeof(outage->cursor), "%s", PM_CURSOR_FIRST);
	}
	(void) snprintf(path, sizeof(path), "/data/orders?next_cursor=%s", outage->cursor);
	if (!arb_pm_private(&outage->trade->worker->client, "GET", path, NULL, 0, on_list, outage))
		rest(outage, AGAIN_NS);
}

/* ----- rounds ----- */

static bool
may_be_there(const WorkOrder *order)
{
	if (order->stage != ORDER_STAGE_POSTING && order->stage != ORDER_STAGE_WORKING)
		return false;
	return !arb_order_report_is_final(order->told) && !arb_order_report_is_final(order->due) &&
		!(order->telling && arb_order_report_is_final(order->sent));
}

/* Orders in hand that no round has named yet: the first has all, later ones those that were being sent. */
static void
name_orders(Outage *outage)
{
	Trade	   *trade = outage->trade;
	size_t		i;

	for (i = 0; i < trade->order_count; i++)
	{
		WorkOrder  *order = trade->orders[i];

		if (!may_be_there(order) || has_name(&outage->ours, order->venue_order_id))
			continue;
		add_name(&outage->ours, order->venue_order_id);
		add_name(&outage->targets, order->venue_order_id);
		order->cancel_ns = arb_mono_ns();
		arb_inquire_at(order, INQUIRE_AFTER_MS);
	}
}

static void
begin_round(Outage *outage)
{
	outage->busy = true;
	outage->begun = true;
	outage->pages = 0;
	name_orders(outage);
	cancel_piece(outage);
}

static bool
database_serves(const Trade *trade)
{
	return trade->worker->registered && arb_pipe_is_up(trade->worker->action) &&
		(trade->epoch == 0 || arb_lease_may_send(&trade->lease, arb_boot_ns()));
}

static void
end(Outage *outage)
{
	arb_outage_report(outage->trade);
	outage->since_ns = 0;
	outage->ours.count = 0;
	outage->targets.count = 0;
}

static void
advance(Outage *outage)
{
	Trade	   *trade = outage->trade;
	int64_t		now_ns = arb_mono_ns();

	if (trade->halted || trade->stopping || trade->epoch == 0 || trade->worker->client.credentials == NULL)
		return;
	if (database_serves(trade))
	{
		if (outage->since_ns != 0 && !outage->busy)
			end(outage);
		return;
	}
	if (outage->since_ns == 0)
		outage->since_ns = now_ns;
	if (outage->busy || now_ns < outage->due_ns ||
		now_ns - outage->since_ns < trade->worker->options->cancel_after_ms * NS_PER_MS)
		return;
	if (!outage->begun)
		log_warning("trade", "no database for %lld ms: what rests at the venue is canceled",
					(long long) ((now_ns - outage->since_ns) / NS_PER_MS));
	begin_round(outage);
}

static void
on_tick(uv_timer_t *timer)
{
	advance(timer->data);
}

bool
arb_outage_init(Trade *trade)
{
	Outage	   *outage = calloc(1, sizeof(*outage));

	if (outage == NULL)
		return false;
	outage->trade = trade;
	(void) uv_timer_init(trade->worker->loop, &outage->timer);
	outage->timer.data = outage;
	trade->outage = outage;
	return true;
}

void
arb_outage_start(Trade *trade)
{
	(void) uv_timer_start(&trade->outage->timer, on_tick, TICK_MS, TICK_MS);
}

static void
tell(Outage *outage)
{
	arb_worker_alert(outage->trade->worker, "warning", "canceled_without_database",
					 "no database for %" PRId64 " ms: %zu orders were canceled by name in %d requests,"
					 " the venue confirmed %zu and %s%zu",
					 (arb_mono_ns() - outage->since_ns) / NS_PER_MS, outage->ours.count, outage->requests,
					 outage->confirmed, outage->listed ? "still listed " : "its list was never read, left of them ",
					 outage->listed ? outage->left : outage->ours.count);
}

void
arb_outage_report(Trade *trade)
{
	Outage	   *outage = trade->outage;

	if (!outage->begun || !trade->worker->registered)
		return;
	/* Nothing was there, and the venue said so: nothing to tell. */
	if (outage->requests > 0 || !outage->listed)
		tell(outage);
	outage->begun = false;
	outage->requests = 0;
	outage->confirmed = 0;
	outage->left = 0;
	outage->listed = false;
}
