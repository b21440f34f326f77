/*-------------------------------------------------------------------------
 *
 * worker/trade/reconcile_read.c
 *	  What the venue has: markets, open orders, trades, holdings, cash.
 *
 * One after the other; trades are booked as they come.  What the venue refuses
 * or nobody hears is asked again a few times and then ends the attempt; what is
 * answered and cannot be read makes it incomplete.
 *
 *-------------------------------------------------------------------------
 */
#include "trade/reconcile.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "feed/feed.h"

#define PAGES_MAX 4000
/* Reading changes nothing, so one answer lost does not cost the whole attempt. */
#define READ_ATTEMPTS 4

static void ask_market(Reconciliation *run);
static void ask_orders(Reconciliation *run);
static void ask_trades(Reconciliation *run);
static void ask_holding(Reconciliation *run);

/* read_next begins another read; cursor is its page, "" where there are none. */
static void
read_next(Reconciliation *run, void (*ask) (Reconciliation *run), const char *cursor)
{
	run->ask = ask;
	run->attempts = 0;
	if (cursor != run->cursor)
		(void) snprintf(run->cursor, sizeof(run->cursor), "%s", cursor);
	if (++run->pages > PAGES_MAX)
		arb_reconcile_give_up(run, "the venue has more pages than expected");
	else
		ask(run);
}

static bool
answered_well(Reconciliation *run, const HttpAnswer *answer)
{
	const char *why = answer->outcome == HTTP_ANSWERED ? "the venue refused an answer" : answer->error;

	if (answer->outcome == HTTP_ANSWERED && answer->status == 200)
		return true;
	if (++run->attempts >= READ_ATTEMPTS)
		arb_reconcile_give_up(run, why);
	else
		run->ask(run);
	return false;
}

static void
refuse_rows(Reconciliation *run, const ParseError *error)
{
	arb_input_unreadable(&run->trade->worker->input_errors, "reconcile", error);
	if (++run->attempts < READ_ATTEMPTS)
	{
		run->ask(run);
		return;
	}
	run->rows_read++;
	run->rows_refused++;
	arb_reconcile_incomplete(run, "an answer could not be read");
}

/* Makes room for one more; false when there is no memory. */
static bool
grow(void **items, size_t count, size_t *capacity, size_t size)
{
	size_t		wanted = *capacity == 0 ? 64 : 2 * *capacity;
	void	   *grown;

	if (count < *capacity)
		return true;
	grown = realloc(*items, wanted * size);
	if (grown == NULL)
		return false;
	*items = grown;
	*capacity = wanted;
	return true;
}

bool
arb_reconcile_add_symbol(Reconciliation *run, const char *symbol)
{
	size_t		i;

	if (symbol[0] == '\0')
		return true;
	for (i = 0; i < run->holding_count; i++)
	{
		if (strcmp(run->holdings[i].symbol, symbol) == 0)
			return true;
	}
	if (!grow((void **) &run->holdings, run->holding_count, &run->holding_capacity, sizeof(*run->holdings)))
		return false;
	memset(&run->holdings[run->holding_count], 0, sizeof(*run->holdings));
	(void) snprintf(run->holdings[run->holding_count++].symbol, VENUE_SYMBOL_SIZE, "%s", symbol);
	return true;
}

bool
arb_reconcile_add_market(Reconciliation *run, const char *condition_id)
{
	size_t		i;

	for (i = 0; i < run->market_count; i++)
	{
		if (strcmp(run->markets[i].condition_id, condition_id) == 0)
			return true;
	}
	if (!grow((void **) &run->markets, run->market_count, &run->market_capacity, sizeof(*run->markets)))
		return false;
	memset(&run->markets[run->market_count], 0, sizeof(*run->markets));
	(void) snprintf(run->markets[run->market_count++].condition_id, VENUE_MARKET_SIZE, "%s", condition_id);
	return true;
}

static bool
add_open(Reconciliation *run, const char *venue_order_id)
{
	if (!grow((void **) &run->open_ids, run->open_count, &run->open_capacity, sizeof(*run->open_ids)))
		return false;
	memcpy(run->open_ids[run->open_count++], venue_order_id, VENUE_ORDER_ID_SIZE);
	return true;
}

void
arb_reconcile_forget_look(Reconciliation *run)
{
	free(run->open_ids);
	free(run->holdings);
	free(run->markets);
	run->open_ids = NULL;
	run->holdings = NULL;
	run->markets = NULL;
	run->open_count = run->open_capacity = 0;
	run->holding_count = run->holding_capacity = run->next_holding = 0;
	run->market_count = run->market_capacity = run->next_market = 0;
	run->rows_read = run->rows_refused = 0;
	run->pages = 0;
}

/* ----- holdings and cash ----- */

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
	run->rows_read++;
	return true;
}

static void
on_cash(void *arg, const HttpAnswer *answer)
{
	Reconciliation *run = arg;

	if (arb_reconcile_still_on(run) && read_amount(run, answer, &run->cash))
		arb_reconcile_is_read(run);
}

static void
on_holding(void *arg, const HttpAnswer *answer)
{
	Reconciliation *run = arg;

	if (!arb_reconcile_still_on(run) || !read_amount(run, answer, &run->holdings[run->next_holding].amount))
		return;
	run->next_holding++;
	run->refreshed = false;
	read_next(run, ask_holding, "");
}

static void
on_refreshed(void *arg, const HttpAnswer *answer)
{
	Reconciliation *run = arg;

	(void) answer;				/* the read itself tells how the venue is */
	if (!arb_reconcile_still_on(run))
		return;
	run->refreshed = true;
	run->ask(run);
}

/* The venue keeps balances for a while; what differed is not read from there again. */
static bool
refresh(Reconciliation *run, const char *token_id)
{
	char		path[VENUE_PATH_MAX];

	(void) snprintf(path, sizeof(path), "/balance-allowance/update?asset_type=%s%s&signature_type=%d",
					token_id == NULL ? "COLLATERAL" : "CONDITIONAL&token_id=", token_id == NULL ? "" : token_id,
					(int) run->trade->signer.signature_type);
	return arb_pm_private(&run->trade->worker->client, "GET", path, NULL, 0, on_refreshed, run);
}

static void
ask_holding(Reconciliation *run)
{
	const char *token_id = run->next_holding < run->holding_count ? run->holdings[run->next_holding].symbol : NULL;
	bool		asked;

	if (run->looks > 0 && !run->refreshed)
		asked = refresh(run, token_id);
	else
		asked = arb_account_read(run->trade, token_id, token_id == NULL ? on_cash : on_holding, run);
	if (!asked)
		arb_reconcile_give_up(run, "a request could not be started");
}

/* Beside what the database knows of: whatever we may hold by what is in hand. */
static bool
add_known_symbols(Reconciliation *run)
{
	const Trade *trade = run->trade;
	const Feed *feed = trade->worker->feed;
	const char *watched[64];
	size_t		count = arb_redeem_symbols(trade, watched, 64);
	size_t		i;
	bool		ok = true;

	for (i = 0; i < count; i++)
		ok = arb_reconcile_add_symbol(run, watched[i]) && ok;
	for (i = 0; i < trade->order_count; i++)
	{
		if (trade->orders[i]->filled > 0 || trade->orders[i]->stage != ORDER_STAGE_FINISHED)
			ok = arb_reconcile_add_symbol(run, trade->orders[i]->ticket.symbol) && ok;
	}
	for (i = 0; feed != NULL && i < feed->windows.count; i++)
	{
		const Window *window = feed->windows.items[i];

		if (window->stage == WINDOW_FOLLOWED || (window->stage == WINDOW_CLOSED && !window->past))
			ok = arb_reconcile_add_symbol(run, window->market.token_ids[0]) &&
				arb_reconcile_add_symbol(run, window->market.token_ids[1]) && ok;
	}
	return ok;
}

/* ----- trades ----- */

static bool
take_trade(Reconciliation *run, const PmTrade *news)
{
	int			ours = 0;
	int			mapped = 0;

	/* A row half believed is refused: what it says is not all booked. */
	if (!arb_trade_news(run->trade, news, &ours, &mapped))
		ours = 0;
	run->rows_read++;
	/* Fills of orders no longer in hand are the database's to recognise. */
	if (ours == 0)
	{
		run->rows_refused++;
		return true;
	}
	return arb_reconcile_add_symbol(run, news->token_id);
}

static void
on_trades(void *arg, const HttpAnswer *answer)
{
	Reconciliation *run = arg;
	PmTradePage page;
	ParseError	error;
	char		next[PM_CURSOR_SIZE];
	bool		kept = true;
	size_t		i;

	if (!arb_reconcile_still_on(run) || !answered_well(run, answer))
		return;
	if (!arb_pm_parse_trades(answer->body, answer->len, &page, &error))
	{
		refuse_rows(run, &error);
		return;
	}
	for (i = 0; i < page.count; i++)
		kept = take_trade(run, &page.trades[i]) && kept;
	memcpy(next, page.next_cursor, sizeof(next));
	arb_pm_trade_page_free(&page);
	if (!kept || (next[0] == '\0' && !add_known_symbols(run)))
		arb_reconcile_give_up(run, "out of memory");
	else if (next[0] != '\0')
		read_next(run, ask_trades, next);
	else
		read_next(run, ask_holding, "");
}

static void
ask_trades(Reconciliation *run)
{
	char		path[VENUE_PATH_MAX];
	char		after[48] = "";

	/* A driven clock stamps trades with its own time. */
	if (!run->trade->worker->hello.clock_driven)
		(void) snprintf(after, sizeof(after), "after=%" PRId64 "&", run->since_s);
	(void) snprintf(path, sizeof(path), "/data/trades?%snext_cursor=%s", after, run->cursor);
	if (!arb_pm_private(&run->trade->worker->client, "GET", path, NULL, 0, on_trades, run))
		arb_reconcile_give_up(run, "the trades could not be read");
}

/* ----- open orders ----- */

/* Somebody else's order in our list: then what is not in it proves nothing either. */
static bool
take_open(Reconciliation *run, const PmOrder *order)
{
	run->rows_read++;
	if (!arb_order_is_strange(run->trade, order))
		return add_open(run, order->id);
	arb_input_error(&run->trade->worker->input_errors, "reconcile", "strange_order", "an open order of somebody else");
	run->rows_refused++;
	return true;
}

static bool
is_listed(const Reconciliation *run, const char *venue_order_id)
{
	size_t		i;

	for (i = 0; i < run->open_count; i++)
	{
		if (strcmp(run->open_ids[i], venue_order_id) == 0)
			return true;
	}
	return false;
}

/* Orders that are to rest there and do not: how they ended is asked, and told before the next look. */
static void
inquire_missing(Reconciliation *run)
{
	const Trade *trade = run->trade;
	size_t		i;

	for (i = 0; i < trade->order_count; i++)
	{
		WorkOrder  *order = trade->orders[i];
		TimeInForce tif = order->ticket.time_in_force;

		if (order->stage == ORDER_STAGE_WORKING && order->known_accepted && order->inquiry == NULL &&
			tif != TIME_IN_FORCE_FAK && tif != TIME_IN_FORCE_FOK && !is_listed(run, order->venue_order_id))
			arb_inquire_at(order, 0);
	}
}

static void
on_orders(void *arg, const HttpAnswer *answer)
{
	Reconciliation *run = arg;
	PmOrderPage page;
	ParseError	error;
	char		next[PM_CURSOR_SIZE];
	bool		kept = true;
	size_t		i;

	if (!arb_reconcile_still_on(run) || !answered_well(run, answer))
		return;
	if (!arb_pm_parse_orders(answer->body, answer->len, &page, &error))
	{
		refuse_rows(run, &error);
		return;
	}
	for (i = 0; i < page.count; i++)
		kept = take_open(run, &page.orders[i]) && kept;
	memcpy(next, page.next_cursor, sizeof(next));
	arb_pm_order_page_free(&page);
	if (!kept)
	{
		arb_reconcile_give_up(run, "out of memory");
		return;
	}
	if (next[0] == '\0')
		inquire_missing(run);
	read_next(run, next[0] != '\0' ? ask_orders : ask_trades, next[0] != '\0' ? next : PM_CURSOR_FIRST);
}

static void
ask_orders(Reconciliation *run)
{
	char		path[VENUE_PATH_MAX];

	(void) snprintf(path, sizeof(path), "/data/orders?next_cursor=%s", run->cursor);
	if (!arb_pm_private(&run->trade->worker->client, "GET", path, NULL, 0, on_orders, run))
		arb_reconcile_give_up(run, "the open orders could not be read");
}

/* ----- markets ----- */

static void
on_market(void *arg, const HttpAnswer *answer)
{
	Reconciliation *run = arg;
	ReadMarket *seen;
	ParseError	error;

	if (!arb_reconcile_still_on(run))
		return;
	seen = &run->markets[run->next_market];
	/* That the venue does not list it is an answer. */
	if (answer->outcome != HTTP_ANSWERED || answer->status != 404)
	{
		if (!answered_well(run, answer))
			return;
		if (!arb_pm_parse_clob_market(answer->body, answer->len, &seen->market, &error))
		{
			refuse_rows(run, &error);
			return;
		}
		/* An answer about another market says nothing of this one. */
		seen->listed = seen->market.condition_id[0] == '\0' ||
			strcmp(seen->market.condition_id, seen->condition_id) == 0;
	}
	run->rows_read++;
	run->next_market++;
	read_next(run, ask_market, "");
}

static void
ask_market(Reconciliation *run)
{
	char		path[VENUE_PATH_MAX];

	if (run->next_market >= run->market_count)
	{
		read_next(run, ask_orders, PM_CURSOR_FIRST);
		return;
	}
	(void) snprintf(path, sizeof(path), "/clob-markets/%s", run->markets[run->next_market].condition_id);
	if (!arb_pm_get(&run->trade->worker->client, PM_SERVICE_CLOB, path, on_market, run))
		arb_reconcile_give_up(run, "a market could not be read");
}

void
arb_reconcile_read(Reconciliation *run)
{
	run->refreshed = false;
	read_next(run, ask_market, "");
}
