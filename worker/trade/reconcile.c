/*-------------------------------------------------------------------------
 *
 * worker/trade/reconcile.c
 *	  The venue's account against the database's books.
 *
 * At the start, after the user channel or the database was away.  Orders in
 * question are inquired first; then open orders, trades, holdings and cash are
 * read, the trades booked, and the rest handed over for comparison.  A step
 * that fails ends the attempt; another follows until one was finished.
 *
 *-------------------------------------------------------------------------
 */
#include "trade/desk.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "feed/feed.h"
#include "log.h"

#define PAGES_MAX 600
#define SYMBOLS_MAX 256
#define OPEN_MAX 1000
/* Reading changes nothing, so one answer lost does not cost the whole attempt. */
#define READ_ATTEMPTS 4
/* How far back trades are read; orders still in question are inquired by themselves. */
#define LOOK_BACK_S 86400
/* An order that cannot be settled does not hold the rest up for longer. */
#define SETTLE_PATIENCE_NS (15 * NS_PER_S)
#define AGAIN_NS NS_PER_S
#define UNCLEAN_AGAIN_NS (5 * NS_PER_S)

typedef enum ReconcileStep
{
	RECONCILE_SETTLE = 1,		/* waiting for orders and redemptions in question */
	RECONCILE_READ,
	RECONCILE_TELL,				/* waiting until the database has every fill */
	RECONCILE_FINISH
} ReconcileStep;

typedef struct Reconciliation
{
	Trade	   *trade;
	const char *cause;
	ReconcileStep step;
	int64_t		id;
	int64_t		begun_ns;
	void		(*ask) (struct Reconciliation *run);	/* the read under way */
	char		cursor[PM_CURSOR_SIZE];
	int			attempts;		/* of this read */
	int			pages;
	int			rows_read;
	int			rows_mapped;
	int			rows_refused;
	int64_t		cash;
	char		(*open_ids)[VENUE_ORDER_ID_SIZE];
	size_t		open_count;
	char		(*symbols)[VENUE_SYMBOL_SIZE];
	int64_t		holdings[SYMBOLS_MAX];
	size_t		symbol_count;
	size_t		next_symbol;
} Reconciliation;

static void ask_orders(Reconciliation *run);
static void ask_trades(Reconciliation *run);
static void ask_holding(Reconciliation *run);

static void
run_free(Reconciliation *run)
{
	free(run->open_ids);
	free(run->symbols);
	free(run);
}

static void
give_up(Reconciliation *run, const char *why)
{
	Trade	   *trade = run->trade;

	log_warning("trade", "the reconciliation (%s) could not be finished: %s", run->cause, why);
	trade->reconciliation = NULL;
	if (trade->reconcile_cause == NULL)
		trade->reconcile_cause = run->cause;
	trade->reconcile_ns = arb_mono_ns() + AGAIN_NS;
	run_free(run);
}

/* read_next begins another read; cursor is its page, "" where there are none. */
static void
read_next(Reconciliation *run, void (*ask) (Reconciliation *run), const char *cursor)
{
	run->ask = ask;
	run->attempts = 0;
	if (cursor != run->cursor)
		(void) snprintf(run->cursor, sizeof(run->cursor), "%s", cursor);
	if (++run->pages > PAGES_MAX)
		give_up(run, "the venue has more pages than expected");
	else
		ask(run);
}

static void
read_again(Reconciliation *run, const char *why)
{
	if (++run->attempts >= READ_ATTEMPTS)
		give_up(run, why);
	else
		run->ask(run);
}

/* A run whose database or trader is gone gets no more answers; the HTTP answers it waits for find it here. */
static bool
is_current(const Reconciliation *run)
{
	return run->trade->reconciliation == run;
}

/* Every asynchronous step begins by asking whether its run still counts. */
static bool
still_on(Reconciliation *run)
{
	if (is_current(run))
		return true;
	run_free(run);
	return false;
}

static void
add_symbol(Reconciliation *run, const char *symbol)
{
	size_t		i;

	if (symbol[0] == '\0' || run->symbol_count >= SYMBOLS_MAX)
		return;
	for (i = 0; i < run->symbol_count; i++)
	{
		if (strcmp(run->symbols[i], symbol) == 0)
			return;
	}
	(void) snprintf(run->symbols[run->symbol_count++], VENUE_SYMBOL_SIZE, "%s", symbol);
}

static void
add_known_symbols(Reconciliation *run)
{
	const Trade *trade = run->trade;
	const Feed *feed = trade->worker->feed;
	const char *watched[64];
	size_t		count = arb_redeem_symbols(trade, watched, 64);
	size_t		i;

	for (i = 0; i < count; i++)
		add_symbol(run, watched[i]);
	for (i = 0; i < trade->order_count; i++)
	{
		if (trade->orders[i]->filled > 0 || trade->orders[i]->stage != ORDER_STAGE_FINISHED)
			add_symbol(run, trade->orders[i]->ticket.symbol);
	}
	if (feed == NULL)
		return;
	for (i = 0; i < feed->windows.count; i++)
	{
		const Window *window = feed->windows.items[i];

		if (window->stage == WINDOW_FOLLOWED || (window->stage == WINDOW_CLOSED && !window->past))
		{
			add_symbol(run, window->market.token_ids[0]);
			add_symbol(run, window->market.token_ids[1]);
		}
	}
}

/* ----- the end ----- */

static void
on_finished(void *arg, const DbReply *reply)
{
	Reconciliation *run = arg;
	Trade	   *trade = run->trade;
	bool		clean;

	if (!still_on(run))
		return;
	if (reply->status == DB_LOST || !arb_desk_ok(trade, reply) || arb_reply_rows(reply) != 1)
	{
		give_up(run, "the database did not take the result");
		return;
	}
	clean = arb_reply_bool(reply, 0, "clean");
	log_info("trade", "reconciliation (%s): %d rows read, %d mapped, %d refused, %s differences, %s", run->cause,
			 run->rows_read, run->rows_mapped, run->rows_refused, arb_reply_text(reply, 0, "differences"),
			 clean ? "clean" : "not clean");
	trade->reconciliation = NULL;
	if (!clean && trade->reconcile_cause == NULL)
	{
		trade->reconcile_cause = run->cause;
		trade->reconcile_ns = arb_mono_ns() + UNCLEAN_AGAIN_NS;
	}
	run_free(run);
	if (!trade->reconciled)
	{
		trade->reconciled = true;
		/* A driven clock has waited for this. */
		if (trade->worker->feed != NULL)
			arb_feed_start(trade->worker->feed);
	}
}

static bool
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
	return arb_strbuf_char(list, '"');
}

static void
finish(Reconciliation *run)
{
	Trade	   *trade = run->trade;
	StrBuf		symbols;
	StrBuf		holdings;
	StrBuf		open_ids;
	char		number[DECIMAL_TEXT_SIZE];
	DbParams	params;
	size_t		i;
	bool		sent = false;

	run->step = RECONCILE_FINISH;
	arb_strbuf_init(&symbols, 0);
	arb_strbuf_init(&holdings, 0);
	arb_strbuf_init(&open_ids, 0);
	(void) arb_strbuf_char(&symbols, '{');
	(void) arb_strbuf_char(&holdings, '{');
	(void) arb_strbuf_char(&open_ids, '{');
	for (i = 0; i < run->symbol_count; i++)
	{
		(void) append_element(&symbols, run->symbols[i]);
		(void) arb_decimal_format_micro(run->holdings[i], number);
		(void) append_element(&holdings, number);
	}
	for (i = 0; i < run->open_count; i++)
		(void) append_element(&open_ids, run->open_ids[i]);
	(void) arb_strbuf_char(&symbols, '}');
	(void) arb_strbuf_char(&holdings, '}');
	(void) arb_strbuf_char(&open_ids, '}');
	if (!symbols.failed && !holdings.failed && !open_ids.failed)
	{
		arb_desk_params(trade, &params);
		arb_params_int(&params, run->id);
		arb_params_int(&params, run->rows_read);
		arb_params_int(&params, run->rows_mapped);
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
		give_up(run, "the result could not be sent");
}

/* ----- what the venue has ----- */

static bool
answered_well(Reconciliation *run, const HttpAnswer *answer)
{
	if (answer->outcome == HTTP_ANSWERED && answer->status == 200)
		return true;
	read_again(run, answer->outcome == HTTP_ANSWERED ? "the venue refused an answer" : answer->error);
	return false;
}

static void
refuse_rows(Reconciliation *run, const ParseError *error)
{
	arb_input_unreadable(&run->trade->worker->input_errors, "reconcile", error);
	read_again(run, "an answer could not be read");
}

static bool
read_amount(Reconciliation *run, const HttpAnswer *answer, int64_t *amount)
{
	PmBalance	balance;
	ParseError	error;

	if (!answered_well(run, answer))
		return false;
	if (!arb_pm_parse_balance(answer->body, answer->len, &balance, &error))
	{
		refuse_rows(run, &error);
		return false;
	}
	*amount = balance.balance;
	return true;
}

static void
on_cash(void *arg, const HttpAnswer *answer)
{
	Reconciliation *run = arg;

	if (!still_on(run) || !read_amount(run, answer, &run->cash))
		return;
	run->step = RECONCILE_TELL;
	arb_reconcile_advance(run->trade);
}

static void
on_holding(void *arg, const HttpAnswer *answer)
{
	Reconciliation *run = arg;

	if (!still_on(run) || !read_amount(run, answer, &run->holdings[run->next_symbol]))
		return;
	run->next_symbol++;
	read_next(run, ask_holding, "");
}

static void
ask_holding(Reconciliation *run)
{
	bool		asked;

	if (run->next_symbol < run->symbol_count)
		asked = arb_account_read(run->trade, run->symbols[run->next_symbol], on_holding, run);
	else
		asked = arb_account_read(run->trade, NULL, on_cash, run);
	if (!asked)
		give_up(run, "a request could not be started");
}

static void
take_trade(Reconciliation *run, const PmTrade *news)
{
	int			ours = 0;
	int			mapped = 0;

	/* A row half believed is refused: what it says is not all booked. */
	if (!arb_trade_news(run->trade, news, &ours, &mapped))
		ours = 0;
	run->rows_read++;
	/* Fills of orders no longer in hand are the database's to recognise. */
	if (ours > 0)
	{
		run->rows_mapped++;
		add_symbol(run, news->token_id);
	}
	else
		run->rows_refused++;
}

static void
on_trades(void *arg, const HttpAnswer *answer)
{
	Reconciliation *run = arg;
	PmTradePage page;
	ParseError	error;
	char		next[PM_CURSOR_SIZE];
	size_t		i;

	if (!still_on(run) || !answered_well(run, answer))
		return;
	if (!arb_pm_parse_trades(answer->body, answer->len, &page, &error))
	{
		refuse_rows(run, &error);
		return;
	}
	for (i = 0; i < page.count; i++)
		take_trade(run, &page.trades[i]);
	memcpy(next, page.next_cursor, sizeof(next));
	arb_pm_trade_page_free(&page);
	if (next[0] != '\0')
	{
		read_next(run, ask_trades, next);
		return;
	}
	add_known_symbols(run);
	read_next(run, ask_holding, "");
}

static void
ask_trades(Reconciliation *run)
{
	char		path[VENUE_PATH_MAX];
	char		after[48] = "";

	/* A driven clock stamps trades with its own time. */
	if (!run->trade->worker->hello.clock_driven)
		(void) snprintf(after, sizeof(after), "after=%" PRId64 "&", arb_wall_ms() / 1000 - LOOK_BACK_S);
	(void) snprintf(path, sizeof(path), "/data/trades?%snext_cursor=%s", after, run->cursor);
	if (!arb_pm_private(&run->trade->worker->client, "GET", path, NULL, 0, on_trades, run))
		give_up(run, "the trades could not be read");
}

static void
on_orders(void *arg, const HttpAnswer *answer)
{
	Reconciliation *run = arg;
	PmOrderPage page;
	ParseError	error;
	char		next[PM_CURSOR_SIZE];
	size_t		i;

	if (!still_on(run) || !answered_well(run, answer))
		return;
	if (!arb_pm_parse_orders(answer->body, answer->len, &page, &error))
	{
		refuse_rows(run, &error);
		return;
	}
	for (i = 0; i < page.count; i++)
	{
		run->rows_read++;
		/* Somebody else's order in our list: then what is not in it proves nothing either. */
		if (run->open_count >= OPEN_MAX || arb_order_is_strange(run->trade, &page.orders[i]))
		{
			arb_input_error(&run->trade->worker->input_errors, "reconcile", "strange_order",
							"an open order of somebody else, or too many of them");
			run->rows_refused++;
			continue;
		}
		memcpy(run->open_ids[run->open_count++], page.orders[i].id, VENUE_ORDER_ID_SIZE);
		run->rows_mapped++;
	}
	memcpy(next, page.next_cursor, sizeof(next));
	arb_pm_order_page_free(&page);
	read_next(run, next[0] != '\0' ? ask_orders : ask_trades, next[0] != '\0' ? next : PM_CURSOR_FIRST);
}

static void
ask_orders(Reconciliation *run)
{
	char		path[VENUE_PATH_MAX];

	(void) snprintf(path, sizeof(path), "/data/orders?next_cursor=%s", run->cursor);
	if (!arb_pm_private(&run->trade->worker->client, "GET", path, NULL, 0, on_orders, run))
		give_up(run, "the open orders could not be read");
}

/* ----- the beginning ----- */

static void
on_begun(void *arg, const DbReply *reply)
{
	Reconciliation *run = arg;

	if (!still_on(run))
		return;
	if (reply->status == DB_LOST || !arb_desk_ok(run->trade, reply))
	{
		give_up(run, "the database did not begin it");
		return;
	}
	run->id = strtoll(arb_reply_value(reply), NULL, 10);
	run->step = RECONCILE_SETTLE;
	arb_reconcile_advance(run->trade);
}

static void
begin(Trade *trade)
{
	Reconciliation *run = calloc(1, sizeof(*run));
	DbParams	params;

	if (run == NULL)
		return;
	run->trade = trade;
	run->cause = trade->reconcile_cause;
	run->begun_ns = arb_mono_ns();
	run->step = RECONCILE_FINISH;
	run->open_ids = calloc(OPEN_MAX, sizeof(*run->open_ids));
	run->symbols = calloc(SYMBOLS_MAX, sizeof(*run->symbols));
	arb_desk_params(trade, &params);
	arb_params_text(&params, run->cause);
	if (run->open_ids == NULL || run->symbols == NULL ||
		!arb_desk_call(trade, DB_BEGIN_RECONCILIATION, &params, on_begun, run))
	{
		run_free(run);
		return;
	}
	trade->reconciliation = run;
	trade->reconcile_cause = NULL;
}

static bool
may_begin(const Trade *trade)
{
	/* The books are opened by the first balance, and cancels come before anything else. */
	return trade->reconcile_cause != NULL && !trade->halted && !trade->stopping && trade->epoch > 0 &&
		trade->work_read && trade->balance_told && trade->worker->client.credentials != NULL &&
		arb_mono_ns() >= trade->reconcile_ns && arb_worker_has_database(trade->worker);
}

void
arb_reconcile_advance(Trade *trade)
{
	Reconciliation *run = trade->reconciliation;

	if (run == NULL)
	{
		if (may_begin(trade))
			begin(trade);
		return;
	}
	switch (run->step)
	{
		case RECONCILE_SETTLE:
			if (!(arb_orders_are_settled(trade) && arb_redeem_is_calm(trade)) &&
				arb_mono_ns() - run->begun_ns < SETTLE_PATIENCE_NS)
				return;
			run->step = RECONCILE_READ;
			read_next(run, ask_orders, PM_CURSOR_FIRST);
			return;
		case RECONCILE_TELL:
			if (arb_orders_are_told(trade))
				finish(run);
			return;
		default:
			return;
	}
}

void
arb_reconcile_want(Trade *trade, const char *cause)
{
	if (trade->reconcile_cause == NULL)
		trade->reconcile_cause = cause;
	trade->reconcile_ns = 0;
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
	if (trade->reconcile_cause == NULL)
		trade->reconcile_cause = run->cause;
	/* Waiting for orders it has no request under way that would come back to it. */
	if (run->step == RECONCILE_SETTLE || run->step == RECONCILE_TELL)
		run_free(run);
}
