/*-------------------------------------------------------------------------
 *
 * worker/trade/redeem.c
 *	  Seeing at the venue that winning shares were paid.
 *
 * A settled winning token whose balance has fallen to nothing, and cash that
 * rose by as much, is a redemption.  One round reads the cash, all watched
 * tokens, and the cash again: cash read before a token was still held cannot
 * contain its payment, cash read after it was gone does.  Our own trades in
 * between are taken out of the comparison.  The venue caches balances, so each
 * is refreshed before it is read.
 *
 *-------------------------------------------------------------------------
 */
#include "trade/desk.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "decimal.h"
#include "log.h"

#define WATCHES_MAX 128
#define ROUND_EVERY_MS 2000
/* While something is in question. */
#define ROUND_SOON_MS 500
#define TICK_MS 250
/* A token never seen with a balance counts as paid when it reads empty this many times. */
#define EMPTY_READS 3
/* Rounds after which missing cash is no delay any more. */
#define PATIENCE_ROUNDS 60
/* The venue pays exactly; this covers a reading between two of its own entries. */
#define TOLERANCE_MICRO 1000

typedef struct RedeemWatch
{
	char		symbol[VENUE_SYMBOL_SIZE];
	int64_t		amount;			/* micro shares = micro dollars */
	bool		listed;			/* by the newest list of pending work */
	bool		seen;			/* in the list being read now */
	int64_t		balance;		/* micro, -1 = not read in this round */
	bool		held;			/* was seen with a balance */
	int			empty_reads;
	int			rounds_gone;
	bool		telling;
	bool		alerted;
} RedeemWatch;

typedef struct Redeemer
{
	Trade	   *trade;
	RedeemWatch items[WATCHES_MAX];
	size_t		count;
	bool		warned;
	bool		reading;
	size_t		next;			/* token being read */
	uint64_t	activity;		/* when the round began */
	bool		started;		/* this round's first reading of the cash is made */
	int64_t		cash_start;		/* that reading */
	int64_t		flow_start;
	int64_t		cash_before;	/* the cash that contains no payment of what is held, -1 = unknown */
	int64_t		flow_before;
	int64_t		round_ns;		/* when the next may begin */
	uv_timer_t	timer;
} Redeemer;

static void read_next(Redeemer *redeemer);

static RedeemWatch *
find_watch(Redeemer *redeemer, const char *symbol)
{
	size_t		i;

	for (i = 0; i < redeemer->count; i++)
	{
		if (strcmp(redeemer->items[i].symbol, symbol) == 0)
			return &redeemer->items[i];
	}
	return NULL;
}

void
arb_redeem_watch(Trade *trade, const char *symbol, int64_t amount)
{
	Redeemer   *redeemer = trade->redeemer;
	RedeemWatch *watch = find_watch(redeemer, symbol);

	if (watch == NULL)
	{
		/* The list may not move under a round; the row is offered again in a moment. */
		if (redeemer->count >= WATCHES_MAX || redeemer->reading || strlen(symbol) >= VENUE_SYMBOL_SIZE)
			return;
		watch = &redeemer->items[redeemer->count++];
		memset(watch, 0, sizeof(*watch));
		watch->balance = -1;
		(void) strcpy(watch->symbol, symbol);
	}
	watch->amount = amount;
	watch->seen = true;
	if (redeemer->warned)
		return;
	redeemer->warned = true;
	arb_worker_alert(trade->worker, "warning", "redemption_manual",
					 "winning shares wait to be redeemed at the venue; no relayer is built, so the wallet's "
					 "owner must do it");
}

/* The newest list is complete: what it does not name is paid or gone. */
void
arb_redeem_work_read(Trade *trade)
{
	Redeemer   *redeemer = trade->redeemer;
	size_t		kept = 0;
	size_t		i;

	for (i = 0; i < redeemer->count; i++)
	{
		redeemer->items[i].listed = redeemer->items[i].seen;
		redeemer->items[i].seen = false;
	}
	if (redeemer->reading)
		return;
	for (i = 0; i < redeemer->count; i++)
	{
		if (redeemer->items[i].listed || redeemer->items[i].telling)
			redeemer->items[kept++] = redeemer->items[i];
	}
	redeemer->count = kept;
	if (kept == 0)
		redeemer->cash_before = -1;
}

size_t
arb_redeem_symbols(const Trade *trade, const char **symbols, size_t max)
{
	const Redeemer *redeemer = trade->redeemer;
	size_t		count = 0;
	size_t		i;

	for (i = 0; i < redeemer->count && count < max; i++)
		symbols[count++] = redeemer->items[i].symbol;
	return count;
}

bool
arb_redeem_is_calm(const Trade *trade)
{
	const Redeemer *redeemer = trade->redeemer;
	size_t		i;

	for (i = 0; i < redeemer->count; i++)
	{
		if (redeemer->items[i].balance <= 0 || redeemer->items[i].telling)
			return false;
	}
	return true;
}

typedef struct RedeemCall
{
	Redeemer   *redeemer;
	char		symbol[VENUE_SYMBOL_SIZE];
} RedeemCall;

static void
on_told(void *arg, const DbReply *reply)
{
	RedeemCall *call = arg;
	RedeemWatch *watch = find_watch(call->redeemer, call->symbol);

	if (watch != NULL)
		watch->telling = false;
	if (reply->status != DB_LOST && arb_desk_ok(call->redeemer->trade, reply))
	{
		log_info("trade", "shares of %.12s... were redeemed", call->symbol);
		arb_work_read(call->redeemer->trade);
		arb_account_refresh(call->redeemer->trade);
	}
	free(call);
}

static void
tell(Redeemer *redeemer, RedeemWatch *watch, const char *evidence)
{
	RedeemCall *call = calloc(1, sizeof(*call));
	DbParams	params;

	if (call == NULL)
		return;
	call->redeemer = redeemer;
	memcpy(call->symbol, watch->symbol, sizeof(call->symbol));
	arb_desk_params(redeemer->trade, &params);
	arb_params_text(&params, watch->symbol);
	arb_params_micro(&params, watch->amount);
	arb_params_text(&params, evidence);
	watch->telling = arb_desk_call(redeemer->trade, DB_REPORT_REDEMPTION, &params, on_told, call);
	if (!watch->telling)
		free(call);
}

static void
tell_gone(Redeemer *redeemer, int64_t cash)
{
	char		evidence[240];
	int64_t		paid = 0;
	size_t		i;

	for (i = 0; i < redeemer->count; i++)
	{
		RedeemWatch *watch = &redeemer->items[i];

		if (!watch->listed || watch->telling || watch->balance != 0 || !watch->held)
			continue;
		(void) snprintf(evidence, sizeof(evidence),
						"token balance 0; cash %" PRId64 " -> %" PRId64 " micro, own trades %" PRId64 " micro",
						redeemer->cash_before, cash, redeemer->trade->cash_flow - redeemer->flow_before);
		tell(redeemer, watch, evidence);
		paid += watch->amount;
	}
	/* What was paid is in the base now; the newest cash may contain more than that. */
	redeemer->cash_before += paid;
}

static void
complain(Redeemer *redeemer)
{
	size_t		i;

	for (i = 0; i < redeemer->count; i++)
	{
		RedeemWatch *watch = &redeemer->items[i];

		if (watch->balance != 0 || !watch->held || ++watch->rounds_gone < PATIENCE_ROUNDS || watch->alerted)
			continue;
		watch->alerted = true;
		arb_worker_alert(redeemer->trade->worker, "critical", "redemption_unpaid",
						 "winning shares of token %.12s... have left the wallet and the cash did not rise",
						 watch->symbol);
	}
}

/* Tokens that were empty when first seen: nothing to compare the cash with. */
static void
tell_never_held(Redeemer *redeemer)
{
	size_t		i;

	for (i = 0; i < redeemer->count; i++)
	{
		RedeemWatch *watch = &redeemer->items[i];

		if (!watch->listed || watch->telling || watch->held || watch->balance != 0)
			continue;
		if (++watch->empty_reads >= EMPTY_READS)
			tell(redeemer, watch, "token balance 0 in three readings; no earlier reading to compare the cash with");
	}
}

static void
judge_round(Redeemer *redeemer, int64_t cash)
{
	Trade	   *trade = redeemer->trade;
	int64_t		due = 0;
	int64_t		rise;
	bool		gone = false;
	size_t		i;

	/* Something of ours moved meanwhile: these numbers do not belong together. */
	if (redeemer->activity != trade->activity || !arb_orders_are_settled(trade))
		return;
	tell_never_held(redeemer);
	for (i = 0; i < redeemer->count; i++)
	{
		RedeemWatch *watch = &redeemer->items[i];

		if (watch->balance > 0)
			watch->held = true;
		else if (watch->balance == 0 && watch->held && watch->listed && !watch->telling)
		{
			gone = true;
			due += watch->amount - TOLERANCE_MICRO;
		}
	}
	if (!gone)
	{
		redeemer->cash_before = redeemer->cash_start;
		redeemer->flow_before = redeemer->flow_start;
		return;
	}
	rise = cash - redeemer->cash_before - (trade->cash_flow - redeemer->flow_before);
	if (redeemer->cash_before >= 0 && rise >= due)
		tell_gone(redeemer, cash);
	else
		complain(redeemer);
}

static void
end_round(Redeemer *redeemer)
{
	bool		calm = arb_redeem_is_calm(redeemer->trade);

	redeemer->reading = false;
	redeemer->round_ns = arb_mono_ns() + (calm ? ROUND_EVERY_MS : ROUND_SOON_MS) * NS_PER_MS;
}

static bool
read_balance(Redeemer *redeemer, const HttpAnswer *answer, int64_t *balance)
{
	PmBalance	parsed;
	ParseError	error;

	if (answer->outcome != HTTP_ANSWERED || answer->status != 200)
		return false;
	if (!arb_pm_parse_balance(answer->body, answer->len, &parsed, &error))
	{
		arb_input_unreadable(&redeemer->trade->worker->input_errors, "balance", &error);
		return false;
	}
	*balance = parsed.balance;
	return true;
}

static void
on_cash(void *arg, const HttpAnswer *answer)
{
	Redeemer   *redeemer = arg;
	int64_t		cash;

	if (!read_balance(redeemer, answer, &cash))
	{
		end_round(redeemer);
		return;
	}
	if (!redeemer->started)
	{
		redeemer->started = true;
		redeemer->cash_start = cash;
		redeemer->flow_start = redeemer->trade->cash_flow;
		read_next(redeemer);
		return;
	}
	judge_round(redeemer, cash);
	end_round(redeemer);
}

static void
on_token(void *arg, const HttpAnswer *answer)
{
	Redeemer   *redeemer = arg;

	if (!read_balance(redeemer, answer, &redeemer->items[redeemer->next].balance))
	{
		end_round(redeemer);
		return;
	}
	redeemer->next++;
	read_next(redeemer);
}

static void
on_refreshed(void *arg, const HttpAnswer *answer)
{
	Redeemer   *redeemer = arg;

	/* Whether the refresh worked does not matter: an old balance only delays what we see. */
	(void) answer;
	if (!arb_account_read(redeemer->trade, redeemer->items[redeemer->next].symbol, on_token, redeemer))
		end_round(redeemer);
}

static void
read_next(Redeemer *redeemer)
{
	Trade	   *trade = redeemer->trade;
	char		path[VENUE_PATH_MAX];

	if (!redeemer->started || redeemer->next >= redeemer->count)
	{
		if (!arb_account_read(trade, NULL, on_cash, redeemer))
			end_round(redeemer);
		return;
	}
	(void) snprintf(path, sizeof(path),
					"/balance-allowance/update?asset_type=CONDITIONAL&token_id=%s&signature_type=%d",
					redeemer->items[redeemer->next].symbol, (int) trade->signer.signature_type);
	if (!arb_pm_private(&trade->worker->client, "GET", path, NULL, 0, on_refreshed, redeemer))
		end_round(redeemer);
}

static void
on_tick(uv_timer_t *timer)
{
	Redeemer   *redeemer = timer->data;
	Trade	   *trade = redeemer->trade;
	size_t		i;

	if (redeemer->count == 0 || redeemer->reading || trade->halted || trade->stopping ||
		arb_mono_ns() < redeemer->round_ns || trade->worker->client.credentials == NULL ||
		!arb_worker_has_database(trade->worker))
		return;
	for (i = 0; i < redeemer->count; i++)
		redeemer->items[i].balance = -1;
	redeemer->reading = true;
	redeemer->started = false;
	redeemer->next = 0;
	redeemer->activity = trade->activity;
	read_next(redeemer);
}

bool
arb_redeem_init(Trade *trade)
{
	Redeemer   *redeemer = calloc(1, sizeof(*redeemer));

	if (redeemer == NULL)
		return false;
	redeemer->trade = trade;
	redeemer->cash_before = -1;
	trade->redeemer = redeemer;
	(void) uv_timer_init(trade->worker->loop, &redeemer->timer);
	redeemer->timer.data = redeemer;
	(void) uv_timer_start(&redeemer->timer, on_tick, TICK_MS, TICK_MS);
	return true;
}
