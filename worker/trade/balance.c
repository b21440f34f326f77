/*-------------------------------------------------------------------------
 *
 * worker/trade/balance.c
 *	  Is there the money: the venue's balance, read for each entry.
 *
 * The read starts together with the claim, so that an entry waits for the
 * slower of the two, not for both.  One read is under way at a time and serves
 * every entry that was taken before it started: none leaves on a balance read
 * earlier than its own decision.  What our other buys may still take is added
 * to what the entry needs, for the venue's number may not show it yet.
 *
 * The gate judges by our books; this asks whether the venue's agree.  A
 * balance that cannot be read covers nothing.
 *
 *-------------------------------------------------------------------------
 */
#include "trade/desk.h"

#include <inttypes.h>
#include <stdio.h>

#include "clock.h"
#include "log.h"
#include "trade/cover.h"

static void ask(Trade *trade);

/* What other buys may still take: all of what is on its way, the rest of what works; a dry run takes nothing. */
static int64_t
committed(const Trade *trade, const WorkOrder *except)
{
	int64_t		sum = 0;
	size_t		i;

	for (i = 0; i < trade->order_count; i++)
	{
		const WorkOrder *order = trade->orders[i];
		int64_t		taken = 0;
		size_t		k;

		if (order == except || order->ticket.dry_run || order->stage == ORDER_STAGE_FINISHED || order->stage == ORDER_STAGE_QUEUED ||
			order->cover != COVER_YES)
			continue;
		for (k = 0; k < order->fill_count; k++)
		{
			if (order->fills[k].status != PM_TRADE_STATUS_FAILED)
				taken += order->fills[k].fact.money + order->fills[k].fact.fee;
		}
		if (order->gives > taken)
			sum += order->gives - taken;
	}
	return sum;
}

static void
judge(Trade *trade, bool known, int64_t cash)
{
	size_t		i;

	/* Backwards: an order that is dropped leaves the list. */
	for (i = trade->order_count; i-- > 0;)
	{
		WorkOrder  *order = trade->orders[i];
		int64_t		others;

		if (order->cover != COVER_ASKING || order->taken_ns > trade->cover_asked_ns)
			continue;
		others = committed(trade, order);
		order->cover = !known ? COVER_UNREAD : arb_cover_is_enough(cash, others, order->gives) ? COVER_YES : COVER_SHORT;
		if (order->cover == COVER_SHORT)
			arb_worker_alert(trade->worker, "warning", "balance_short",
							 "order %" PRId64 " may take %" PRId64 ".%06" PRId64 ", other orders %" PRId64 ".%06" PRId64
							 ", the venue holds %" PRId64 ".%06" PRId64, order->ticket.order_id,
							 order->gives / DECIMAL_MICRO, order->gives % DECIMAL_MICRO, others / DECIMAL_MICRO,
							 others % DECIMAL_MICRO, cash / DECIMAL_MICRO, cash % DECIMAL_MICRO);
		arb_send_covered(order);
		/* More than one may have left meanwhile. */
		if (i > trade->order_count)
			i = trade->order_count;
	}
}

static bool
is_asked(const Trade *trade)
{
	size_t		i;

	for (i = 0; i < trade->order_count; i++)
	{
		if (trade->orders[i]->cover == COVER_ASKING)
			return true;
	}
	return false;
}

static void
on_balance(void *arg, const HttpAnswer *answer)
{
	Trade	   *trade = arg;
	PmBalance	balance;
	ParseError	error;
	bool		known = false;

	trade->cover_asking = false;
	if (answer->outcome == HTTP_ANSWERED && answer->status == 200)
	{
		known = arb_pm_parse_balance(answer->body, answer->len, &balance, &error);
		if (!known)
			arb_input_unreadable(&trade->worker->input_errors, "balance", &error);
	}
	else if (answer->outcome == HTTP_ANSWERED)
		arb_budget_refused(&trade->budget, BUDGET_BALANCE, arb_budget_halt_of(answer->status, ""),
						   answer->retry_after_s, arb_mono_ns());
	judge(trade, known, known ? balance.balance : 0);
	if (is_asked(trade))
		ask(trade);
}

static void
ask(Trade *trade)
{
	int64_t		now_ns = arb_mono_ns();

	trade->cover_asked_ns = now_ns;
	trade->cover_asking = arb_budget_take(&trade->budget, BUDGET_BALANCE, 1, now_ns) &&
		arb_account_read(trade, NULL, on_balance, trade);
	if (!trade->cover_asking)
		judge(trade, false, 0);
}

void
arb_cover_ask(WorkOrder *order)
{
	order->cover = COVER_ASKING;
	if (!order->trade->cover_asking)
		ask(order->trade);
}
