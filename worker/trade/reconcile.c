/*-------------------------------------------------------------------------
 *
 * worker/trade/reconcile.c
 *	  The venue's account against the database's books: the course of it.
 *
 * At the start, after the user channel or the database was away, and once in a
 * while.  The checks of the venue come first, then orders in question are
 * inquired; the database says what to read, and compares what was read.  What
 * moved meanwhile is read again, and so is what differs, until the database has
 * seen enough.  A step that fails ends the attempt; another follows.
 *
 *-------------------------------------------------------------------------
 */
#include "trade/reconcile.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "feed/feed.h"
#include "log.h"

/* An order that cannot be settled does not hold the rest up for longer. */
#define SETTLE_PATIENCE_NS (15 * NS_PER_S)
#define AGAIN_NS NS_PER_S
/* Looks at a desk that does not come to rest; one in between waits longer, since entries would wait for it. */
#define MOVES_MAX 20
#define BUSY_PATIENCE_NS (600 * NS_PER_S)
#define PERIODIC "periodic"

static void
run_free(Reconciliation *run)
{
	arb_reconcile_forget_look(run);
	free(run);
}

static bool
is_periodic(const Reconciliation *run)
{
	return strcmp(run->cause, PERIODIC) == 0;
}

/* The cause comes back, unless a weightier one has come meanwhile. */
static void
want_again(Reconciliation *run, int64_t delay_ns)
{
	Trade	   *trade = run->trade;

	if (is_periodic(run))
		trade->periodic_ns = arb_mono_ns() + delay_ns;
	else if (trade->reconcile_cause == NULL)
	{
		trade->reconcile_cause = run->cause;
		trade->reconcile_ns = arb_mono_ns() + delay_ns;
	}
}

void
arb_reconcile_give_up(Reconciliation *run, const char *why)
{
	log_warning("trade", "the reconciliation (%s) could not be finished: %s", run->cause, why);
	run->trade->reconciliation = NULL;
	want_again(run, AGAIN_NS);
	run_free(run);
}

/* A run whose database or trader is gone gets no more answers; the HTTP answers it waits for find it here. */
bool
arb_reconcile_still_on(Reconciliation *run)
{
	if (run->trade->reconciliation == run)
		return true;
	run_free(run);
	return false;
}

/* ----- lists for the database ----- */

static void
begin_list(StrBuf *list)
{
	arb_strbuf_init(list, 0);
	(void) arb_strbuf_char(list, '{');
}

static void
append_element(StrBuf *list, const char *text)
{
	if (list->len > 1)
		(void) arb_strbuf_char(list, ',');
	(void) arb_strbuf_char(list, '"');
	for (; *text != '\0'; text++)
	{
		if (*text == '"' || *text == '\\')
			(void) arb_strbuf_char(list, '\\');
		(void) arb_strbuf_char(list, *text);
	}
	(void) arb_strbuf_char(list, '"');
}

static void
append_micro(StrBuf *list, int64_t micro)
{
	char		number[DECIMAL_TEXT_SIZE];

	(void) arb_decimal_format_micro(micro, number);
	append_element(list, number);
}

/* ----- the end ----- */

static void
on_canceled(void *arg, const HttpAnswer *answer)
{
	(void) arg;
	log_warning("trade", "cancelling orders that have ended here and rest at the venue: %s",
				answer->outcome != HTTP_ANSWERED ? answer->error : answer->status == 200 ? "done" : "refused");
}

/* Orders of ours that only the venue still has; what is not cancelled now is found again. */
static void
cancel_ended(Trade *trade, const char *list)
{
	const char **ids = calloc(PM_CANCEL_MAX, sizeof(*ids));
	char	   *text = strdup(list);
	size_t		size = strlen(list) + 8 * (size_t) PM_CANCEL_MAX;
	char	   *body = malloc(size);
	char	   *rest = NULL;
	char	   *id;
	size_t		count = 0;
	size_t		len;

	if (ids != NULL && text != NULL && body != NULL && arb_desk_may_send(trade))
	{
		for (id = strtok_r(text, "{},\"", &rest); id != NULL && count < PM_CANCEL_MAX; id = strtok_r(NULL, "{},\"", &rest))
			ids[count++] = id;
		len = count == 0 ? 0 : arb_pm_build_cancel_many(ids, count, body, size);
		if (len > 0)
			(void) arb_pm_private(&trade->worker->client, "DELETE", "/orders", body, len, on_canceled, trade);
	}
	free(ids);
	free(text);
	free(body);
}

static void
end(Reconciliation *run, bool clean, int64_t next_ms)
{
	Trade	   *trade = run->trade;

	trade->reconciliation = NULL;
	if (!clean)
		want_again(run, next_ms * NS_PER_MS);
	else
		trade->periodic_ns = next_ms > 0 ? arb_mono_ns() + next_ms * NS_PER_MS : 0;
	run_free(run);
	if (!trade->reconciled)
	{
		trade->reconciled = true;
		/* A driven clock has waited for this. */
		if (trade->worker->feed != NULL)
			arb_feed_start(trade->worker->feed);
	}
}

static void
on_finished(void *arg, const DbReply *reply)
{
	Reconciliation *run = arg;
	Trade	   *trade = run->trade;
	int64_t		again_ms;
	bool		clean;

	if (!arb_reconcile_still_on(run))
		return;
	if (reply->status == DB_LOST || !arb_desk_ok(trade, reply) || arb_reply_rows(reply) != 1)
	{
		arb_reconcile_give_up(run, "the database did not take the result");
		return;
	}
	clean = arb_reply_bool(reply, 0, "clean");
	again_ms = arb_reply_int(reply, 0, "again_ms", -1);
	log_info("trade", "reconciliation (%s), look %d: %d rows read, %d refused, %s differences, %s", run->cause,
			 run->looks + 1, run->rows_read, run->rows_refused, arb_reply_text(reply, 0, "differences"),
			 clean ? "clean" : again_ms >= 0 ? "to be read again" : "not clean");
	if (again_ms >= 0)
	{
		run->looks++;
		run->step = RECONCILE_SETTLE;
		run->settle_ns = arb_mono_ns();
		run->due_ns = run->settle_ns + again_ms * NS_PER_MS;
		return;
	}
	cancel_ended(trade, arb_reply_text(reply, 0, "cancel_order_ids"));
	end(run, clean, arb_reply_int(reply, 0, "next_ms", 0));
}

static void
finish(Reconciliation *run)
{
	Trade	   *trade = run->trade;
	StrBuf		symbols;
	StrBuf		holdings;
	StrBuf		open_ids;
	DbParams	params;
	size_t		i;
	bool		sent = false;

	run->step = RECONCILE_READ;
	begin_list(&symbols);
	begin_list(&holdings);
	begin_list(&open_ids);
	for (i = 0; i < run->holding_count && !run->incomplete; i++)
	{
		append_element(&symbols, run->holdings[i].symbol);
		append_micro(&holdings, run->holdings[i].amount);
	}
	for (i = 0; i < run->open_count && !run->incomplete; i++)
		append_element(&open_ids, run->open_ids[i]);
	(void) arb_strbuf_char(&symbols, '}');
	(void) arb_strbuf_char(&holdings, '}');
	(void) arb_strbuf_char(&open_ids, '}');
	if (!symbols.failed && !holdings.failed && !open_ids.failed)
	{
		arb_desk_params(trade, &params);
		arb_params_int(&params, run->id);
		arb_params_int(&params, run->rows_read);
		arb_params_int(&params, run->rows_read - run->rows_refused);
		arb_params_int(&params, run->rows_refused);
		arb_params_micro(&params, run->cash);
		arb_params_text(&params, symbols.data);
		arb_params_text(&params, holdings.data);
		arb_params_text(&params, open_ids.data);
		sent = arb_desk_call(trade, DB_FINISH_RECONCILIATION, &params, on_finished, run);
	}
	arb_strbuf_free(&symbols);
	arb_strbuf_free(&holdings);
	arb_strbuf_free(&open_ids);
	if (!sent)
		arb_reconcile_give_up(run, "the result could not be sent");
}

void
arb_reconcile_incomplete(Reconciliation *run, const char *why)
{
	log_warning("trade", "the reconciliation (%s) is not complete: %s", run->cause, why);
	run->incomplete = true;
	finish(run);
}

/* ----- the markets ----- */

typedef struct MarketLists
{
	StrBuf		conditions;
	StrBuf		symbols;
	StrBuf		ticks;
	StrBuf		sizes;
	StrBuf		rates;
	StrBuf		exponents;
	StrBuf		neg_risks;
} MarketLists;

#define MARKET_LISTS 7

static void
append_share(MarketLists *lists, const ReadMarket *seen, const char *symbol)
{
	char		exponent[16];

	(void) snprintf(exponent, sizeof(exponent), "%d", seen->market.fee_exponent);
	append_element(&lists->conditions, seen->condition_id);
	append_element(&lists->symbols, symbol);
	append_micro(&lists->ticks, seen->market.tick_size);
	append_micro(&lists->sizes, seen->market.min_order_size);
	append_micro(&lists->rates, seen->market.fee_rate);
	append_element(&lists->exponents, exponent);
	append_element(&lists->neg_risks, seen->market.neg_risk ? "true" : "false");
}

static void
on_markets_told(void *arg, const DbReply *reply)
{
	Reconciliation *run = arg;

	if (!arb_reconcile_still_on(run))
		return;
	if (reply->status == DB_LOST || !arb_desk_ok(run->trade, reply))
		arb_reconcile_give_up(run, "the database did not take the markets");
	else
		finish(run);
}

static void
tell_markets(Reconciliation *run)
{
	MarketLists lists;
	StrBuf	   *each[MARKET_LISTS] = {&lists.conditions, &lists.symbols, &lists.ticks, &lists.sizes, &lists.rates,
	&lists.exponents, &lists.neg_risks};
	DbParams	params;
	bool		failed = false;
	size_t		i;

	run->step = RECONCILE_READ;
	for (i = 0; i < MARKET_LISTS; i++)
		begin_list(each[i]);
	for (i = 0; i < run->market_count; i++)
	{
		append_share(&lists, &run->markets[i], run->markets[i].listed ? run->markets[i].market.token_ids[0] : "");
		if (run->markets[i].listed)
			append_share(&lists, &run->markets[i], run->markets[i].market.token_ids[1]);
	}
	arb_desk_params(run->trade, &params);
	arb_params_int(&params, run->id);
	for (i = 0; i < MARKET_LISTS; i++)
	{
		(void) arb_strbuf_char(each[i], '}');
		failed = failed || each[i]->failed;
		arb_params_text(&params, each[i]->data);
	}
	if (failed || !arb_desk_call(run->trade, DB_REPORT_MARKETS, &params, on_markets_told, run))
		arb_reconcile_give_up(run, "the markets could not be sent");
	for (i = 0; i < MARKET_LISTS; i++)
		arb_strbuf_free(each[i]);
}

/* ----- from look to look ----- */

/* Back to waiting: the next look begins when the orders in question are settled, but not before the delay. */
static void
look_later(Reconciliation *run, int64_t delay_ns)
{
	run->step = RECONCILE_SETTLE;
	run->settle_ns = arb_mono_ns();
	run->due_ns = run->settle_ns + delay_ns;
}

/* What moved between the reads was read twice, or not at all. */
static bool
has_moved(Reconciliation *run)
{
	const Trade *trade = run->trade;
	int64_t		busy_ns = arb_mono_ns() - run->begun_ns;

	if (trade->activity == run->activity)
		return false;
	run->moves++;
	return is_periodic(run) ? busy_ns < BUSY_PATIENCE_NS : run->moves < MOVES_MAX;
}

static void
conclude(Reconciliation *run)
{
	Trade	   *trade = run->trade;

	if (trade->stranger_failures != run->failures)
	{
		run->rows_refused += (int) (trade->stranger_failures - run->failures);
		arb_reconcile_incomplete(run, "the database did not take a fill");
	}
	else if (has_moved(run))
		look_later(run, run->moves < 3 ? 0 : AGAIN_NS);
	else if (run->market_count > 0)
		tell_markets(run);
	else
		finish(run);
}

void
arb_reconcile_is_read(Reconciliation *run)
{
	run->step = RECONCILE_TELL;
	arb_reconcile_advance(run->trade);
}

static void
on_plan(void *arg, const DbReply *reply)
{
	Reconciliation *run = arg;
	int			rows;
	int			row;
	bool		kept = true;

	if (!arb_reconcile_still_on(run))
		return;
	rows = reply->status == DB_LOST || !arb_desk_ok(run->trade, reply) ? 0 : arb_reply_rows(reply);
	if (rows < 1)
	{
		arb_reconcile_give_up(run, "the database did not say what to read");
		return;
	}
	run->since_s = arb_reply_int(reply, 0, "since_s", 0);
	for (row = 1; row < rows; row++)
	{
		kept = arb_reconcile_add_symbol(run, arb_reply_text(reply, row, "symbol")) && kept;
		if (arb_reply_bool(reply, row, "tradable"))
			kept = arb_reconcile_add_market(run, arb_reply_text(reply, row, "condition_id")) && kept;
	}
	if (kept)
		arb_reconcile_read(run);
	else
		arb_reconcile_give_up(run, "out of memory");
}

static void
look(Reconciliation *run)
{
	Trade	   *trade = run->trade;
	DbParams	params;

	arb_reconcile_forget_look(run);
	run->step = RECONCILE_READ;
	run->activity = trade->activity;
	run->failures = trade->stranger_failures;
	run->incomplete = false;
	/* Whatever else asked for a comparison until now gets it by this one. */
	trade->reconcile_cause = NULL;
	arb_desk_params(trade, &params);
	arb_params_int(&params, run->id);
	if (!arb_desk_call(trade, DB_RECONCILIATION_PLAN, &params, on_plan, run))
		arb_reconcile_give_up(run, "the database could not be asked what to read");
}

/* The books are opened by the first balance, the checks come before the orders, and cancels before anything else. */
static bool
may_look(Reconciliation *run)
{
	const Trade *trade = run->trade;
	int64_t		now_ns = arb_mono_ns();

	if (now_ns < run->due_ns)
		return false;
	if (trade->worker->client.credentials == NULL || !trade->work_read || !trade->balance_told || !trade->checks_told)
	{
		run->settle_ns = now_ns;
		return false;
	}
	return (arb_orders_are_settled(trade) && arb_redeem_is_calm(trade)) ||
		now_ns - run->settle_ns >= SETTLE_PATIENCE_NS;
}

/* ----- the beginning ----- */

static void
on_begun(void *arg, const DbReply *reply)
{
	Reconciliation *run = arg;

	if (!arb_reconcile_still_on(run))
		return;
	if (reply->status == DB_LOST || !arb_desk_ok(run->trade, reply))
	{
		arb_reconcile_give_up(run, "the database did not begin it");
		return;
	}
	run->id = strtoll(arb_reply_value(reply), NULL, 10);
	look_later(run, 0);
	arb_reconcile_advance(run->trade);
}

static void
begin(Trade *trade, const char *cause)
{
	Reconciliation *run = calloc(1, sizeof(*run));
	DbParams	params;

	if (run == NULL)
		return;
	run->trade = trade;
	run->cause = cause;
	run->begun_ns = arb_mono_ns();
	run->step = RECONCILE_READ;
	arb_desk_params(trade, &params);
	arb_params_text(&params, run->cause);
	if (!arb_desk_call(trade, DB_BEGIN_RECONCILIATION, &params, on_begun, run))
	{
		run_free(run);
		return;
	}
	trade->reconciliation = run;
	trade->reconcile_cause = NULL;
	trade->periodic_ns = 0;
}

/* The database hears of it before anything is asked of the venue: it notes what was in question. */
static void
begin_if_due(Trade *trade)
{
	int64_t		now_ns = arb_mono_ns();

	if (trade->halted || trade->stopping || trade->epoch == 0 || !arb_worker_has_database(trade->worker))
		return;
	if (trade->reconcile_cause != NULL && now_ns >= trade->reconcile_ns)
		begin(trade, trade->reconcile_cause);
	else if (trade->reconcile_cause == NULL && trade->periodic_ns > 0 && now_ns >= trade->periodic_ns)
		begin(trade, PERIODIC);
}

void
arb_reconcile_advance(Trade *trade)
{
	Reconciliation *run = trade->reconciliation;

	if (run == NULL)
		begin_if_due(trade);
	else if (run->step == RECONCILE_SETTLE && may_look(run))
		look(run);
	else if (run->step == RECONCILE_TELL && arb_orders_are_told(trade) && trade->strangers_telling == 0)
		conclude(run);
}

void
arb_reconcile_want(Trade *trade, const char *cause)
{
	trade->reconcile_cause = cause;
	trade->reconcile_ns = 0;
	arb_reconcile_advance(trade);
}

void
arb_reconcile_soon(Trade *trade)
{
	/* One that is under way, or about to begin, sees it too. */
	if (trade->reconciliation == NULL && trade->reconciled)
		trade->periodic_ns = 1;
	arb_reconcile_advance(trade);
}

/* The run's own callbacks free it when they find that it no longer counts. */
void
arb_reconcile_forget(Trade *trade)
{
	Reconciliation *run = trade->reconciliation;

	if (run == NULL)
		return;
	trade->reconciliation = NULL;
	want_again(run, 0);
	/* Waiting for orders it has no request under way that would come back to it. */
	if (run->step != RECONCILE_READ)
		run_free(run);
}
