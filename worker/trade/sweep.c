/*-------------------------------------------------------------------------
 *
 * worker/trade/sweep.c
 *	  Nothing of ours may rest at the venue: what a kill asks beyond the books.
 *
 * The database lists the orders it knows; this goes by the venue's own list.
 * When the kill level reaches flatten or emergency everything is cancelled in
 * one request at once, and then the list is read again and again: what it still
 * shows is cancelled by name, and its length is told to the database, which
 * believes that an account is flat only when the list is empty.
 *
 * The venue's limit counts each order that a request cancels, and a request
 * that costs more than can be saved up never succeeds.  So the one request is
 * made only when it is cheap enough, and the names go in pieces.
 *
 * While positions are being closed the exits on their way are spared.
 *
 *-------------------------------------------------------------------------
 */
#include "trade/desk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "log.h"

#define TICK_MS 100
/* Until the list is empty, and afterwards: others may place orders for the account. */
#define AGAIN_NS NS_PER_S
#define LOOK_NS (5 * NS_PER_S)
/* Between two pieces of the list, when the venue's limit has no room for the next. */
#define PIECE_NS (250 * NS_PER_MS)
/* The user channel tells of a cancelled order before this; otherwise it is asked for. */
#define INQUIRE_AFTER_MS 500
#define PAGES_MAX 100

typedef struct Sweep
{
	Trade	   *trade;
	uv_timer_t	timer;
	KillKind	kind;
	bool		all_due;		/* the one request that cancels everything has still to succeed */
	bool		busy;
	int64_t		due_ns;
	char		cursor[PM_CURSOR_SIZE];
	int			pages;
	int			found;			/* on the list */
	size_t		count;			/* of them to be cancelled */
	char		ids[PM_CANCEL_MAX][VENUE_ORDER_ID_SIZE];
} Sweep;

static void list_orders(Sweep *sweep);

static void
rest(Sweep *sweep, int64_t delay_ns)
{
	sweep->busy = false;
	sweep->due_ns = arb_mono_ns() + delay_ns;
}

static void
on_told(void *arg, const DbReply *reply)
{
	(void) arb_desk_ok(arg, reply);
}

static void
tell_database(Sweep *sweep)
{
	DbParams	params;

	arb_desk_params(sweep->trade, &params);
	arb_params_int(&params, sweep->found);
	(void) arb_desk_call(sweep->trade, DB_REPORT_OPEN_ORDERS, &params, on_told, sweep->trade);
}

/* ----- what the list still shows ----- */

/* Too many requests, or a restart: every cancel waits. */
static void
note_limits(Sweep *sweep, const HttpAnswer *answer)
{
	Budget	   *budget = &sweep->trade->budget;
	int64_t		now_ns = arb_mono_ns();

	if (answer->outcome != HTTP_ANSWERED)
		return;
	arb_budget_learn(budget, BUDGET_CANCEL, answer->watched, now_ns);
	arb_budget_refused(budget, BUDGET_CANCEL, arb_budget_halt_of(answer->status, ""), answer->retry_after_s, now_ns);
	if (answer->status == 200)
		arb_budget_served(budget, BUDGET_CANCEL, now_ns);
}

static void
on_named_canceled(void *arg, const HttpAnswer *answer)
{
	Sweep	   *sweep = arg;

	note_limits(sweep, answer);
	if (answer->outcome != HTTP_ANSWERED || answer->status != 200)
		log_warning("trade", "cancelling what the venue lists: %s",
					answer->outcome == HTTP_ANSWERED ? "refused" : answer->error);
	rest(sweep, 0);
}

static bool
cancel_named(Sweep *sweep)
{
	size_t		piece = (size_t) arb_budget_cancels(&sweep->trade->budget, (int) sweep->count, arb_mono_ns());
	const char **ids = calloc(piece + 1, sizeof(*ids));
	size_t		size = piece * (VENUE_ORDER_ID_SIZE + 4) + 16;
	char	   *body = malloc(size);
	size_t		len = 0;
	size_t		i;
	bool		sent = false;

	if (ids != NULL && body != NULL && piece > 0)
	{
		for (i = 0; i < piece; i++)
			ids[i] = sweep->ids[i];
		len = arb_pm_build_cancel_many(ids, piece, body, size);
	}
	if (len > 0 && arb_budget_take(&sweep->trade->budget, BUDGET_CANCEL, (int) piece, arb_mono_ns()))
		sent = arb_pm_private(&sweep->trade->worker->client, "DELETE", "/orders", body, len, on_named_canceled, sweep);
	free(ids);
	free(body);
	return sent;
}

static void
list_is_read(Sweep *sweep)
{
	tell_database(sweep);
	if (sweep->count > 0)
	{
		log_warning("trade", "the venue still lists %d orders, %zu are to be cancelled by name", sweep->found, sweep->count);
		if (cancel_named(sweep))
			return;
		/* There was no room for one: tokens come back quickly. */
		rest(sweep, PIECE_NS);
		return;
	}
	rest(sweep, sweep->found > 0 ? AGAIN_NS : LOOK_NS);
}

/* An exit of ours that works while positions are closed is what we want. */
static bool
is_spared(const Sweep *sweep, const char *venue_order_id)
{
	const WorkOrder *order = arb_order_find_venue(sweep->trade, venue_order_id);

	return sweep->kind == KILL_KIND_FLATTEN && order != NULL && order->ticket.is_exit;
}

static void
on_list(void *arg, const HttpAnswer *answer)
{
	Sweep	   *sweep = arg;
	PmOrderPage page;
	ParseError	error;
	size_t		i;

	if (answer->outcome != HTTP_ANSWERED || answer->status != 200)
	{
		rest(sweep, AGAIN_NS);
		return;
	}
	if (!arb_pm_parse_orders(answer->body, answer->len, &page, &error))
	{
		arb_input_unreadable(&sweep->trade->worker->input_errors, "sweep", &error);
		rest(sweep, AGAIN_NS);
		return;
	}
	for (i = 0; i < page.count; i++)
	{
		sweep->found++;
		if (sweep->count < PM_CANCEL_MAX && !is_spared(sweep, page.orders[i].id))
			memcpy(sweep->ids[sweep->count++], page.orders[i].id, VENUE_ORDER_ID_SIZE);
	}
	memcpy(sweep->cursor, page.next_cursor, sizeof(sweep->cursor));
	arb_pm_order_page_free(&page);
	if (sweep->cursor[0] != '\0' && ++sweep->pages < PAGES_MAX)
		list_orders(sweep);
	else
		list_is_read(sweep);
}

static void
list_orders(Sweep *sweep)
{
	char		path[VENUE_PATH_MAX];

	(void) snprintf(path, sizeof(path), "/data/orders?next_cursor=%s", sweep->cursor);
	if (!arb_pm_private(&sweep->trade->worker->client, "GET", path, NULL, 0, on_list, sweep))
		rest(sweep, AGAIN_NS);
}

/* ----- everything at once ----- */

/* The orders in hand need no cancel of their own for now; the database hears that theirs went out. */
static void
note_cancels(Sweep *sweep)
{
	Trade	   *trade = sweep->trade;
	int64_t		now_ns = arb_mono_ns();
	size_t		i;

	for (i = 0; i < trade->order_count; i++)
	{
		WorkOrder  *order = trade->orders[i];
		DbParams	params;

		if (order->stage != ORDER_STAGE_WORKING || !order->known_accepted)
			continue;
		order->cancel_ns = now_ns;
		arb_inquire_at(order, INQUIRE_AFTER_MS);
		arb_desk_params(trade, &params);
		arb_params_int(&params, order->ticket.order_id);
		(void) arb_desk_call(trade, DB_REPORT_CANCEL_SENT, &params, on_told, trade);
	}
}

static void
on_all_canceled(void *arg, const HttpAnswer *answer)
{
	Sweep	   *sweep = arg;
	bool		done = answer->outcome == HTTP_ANSWERED && answer->status == 200;

	note_limits(sweep, answer);
	/* Too many for one request, as the venue counts them: then by name. */
	if (done || (answer->outcome == HTTP_ANSWERED && answer->status == 429))
		sweep->all_due = false;
	log_warning("trade", "cancelling everything at the venue: %s",
				done ? "done" : answer->outcome == HTTP_ANSWERED ? "refused" : answer->error);
	rest(sweep, done ? 0 : AGAIN_NS);
}

/* What the one request costs: itself, and each order that it may cancel. */
static int
cost_of_all(const Trade *trade)
{
	int			cost = 1;
	size_t		i;

	for (i = 0; i < trade->order_count; i++)
		cost += trade->orders[i]->stage == ORDER_STAGE_POSTING || trade->orders[i]->stage == ORDER_STAGE_WORKING ? 1 : 0;
	return cost;
}

static void
begin_round(Sweep *sweep)
{
	sweep->busy = true;
	if (sweep->all_due && !arb_budget_take(&sweep->trade->budget, BUDGET_CANCEL, cost_of_all(sweep->trade), arb_mono_ns()))
		sweep->all_due = false;
	if (sweep->all_due)
	{
		if (!arb_pm_private(&sweep->trade->worker->client, "DELETE", "/cancel-all", NULL, 0, on_all_canceled, sweep))
			rest(sweep, AGAIN_NS);
		else
			note_cancels(sweep);
		return;
	}
	sweep->found = 0;
	sweep->count = 0;
	sweep->pages = 0;
	(void) snprintf(sweep->cursor, sizeof(sweep->cursor), "%s", PM_CURSOR_FIRST);
	list_orders(sweep);
}

static void
advance(Sweep *sweep)
{
	Trade	   *trade = sweep->trade;

	if (sweep->kind == KILL_KIND_NONE || sweep->busy || trade->worker->client.credentials == NULL ||
		!arb_desk_may_send(trade) || arb_mono_ns() < sweep->due_ns)
		return;
	begin_round(sweep);
}

static void
on_tick(uv_timer_t *timer)
{
	advance(timer->data);
}

bool
arb_sweep_init(Trade *trade)
{
	Sweep	   *sweep = calloc(1, sizeof(*sweep));

	if (sweep == NULL)
		return false;
	sweep->trade = trade;
	(void) uv_timer_init(trade->worker->loop, &sweep->timer);
	sweep->timer.data = sweep;
	trade->sweep = sweep;
	return true;
}

void
arb_sweep_start(Trade *trade)
{
	(void) uv_timer_start(&trade->sweep->timer, on_tick, 0, TICK_MS);
}

bool
arb_sweep_lets_send(const Trade *trade)
{
	return trade->sweep->kind != KILL_KIND_EMERGENCY;
}

/* Each time somebody engages it everything is cancelled anew, and the list read at once. */
void
arb_sweep_kill(Trade *trade, KillKind kind)
{
	Sweep	   *sweep = trade->sweep;

	sweep->kind = kind;
	sweep->all_due = kind != KILL_KIND_NONE;
	sweep->due_ns = 0;
	advance(sweep);
}
