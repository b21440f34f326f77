/*-------------------------------------------------------------------------
 *
 * worker/trade/order.c
 *	  What is known of each order, and what the database was told of it.
 *
 * Reports of one order go one at a time, the newest waiting; fills go as they
 * come.  Both stay until the database has acknowledged them, so a broken
 * connection loses none.  An order is finished when its last report and all
 * its fills are acknowledged and the fills reach what the venue says.
 *
 *-------------------------------------------------------------------------
 */
#include "trade/desk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "debug_point.h"
#include "decimal.h"
#include "feed/feed.h"
#include "log.h"
#include "trade/cover.h"
#include "trade/plausible.h"

static void tell_next(WorkOrder *order);
static void tell_fills(WorkOrder *order);

WorkOrder *
arb_order_find(const Trade *trade, int64_t order_id)
{
	size_t		i;

	for (i = trade->order_count; i-- > 0;)
	{
		if (trade->orders[i]->ticket.order_id == order_id)
			return trade->orders[i];
	}
	return NULL;
}

WorkOrder *
arb_order_find_venue(const Trade *trade, const char *venue_order_id)
{
	size_t		i;

	if (venue_order_id[0] == '\0')
		return NULL;
	for (i = trade->order_count; i-- > 0;)
	{
		if (strcmp(trade->orders[i]->venue_order_id, venue_order_id) == 0)
			return trade->orders[i];
	}
	return NULL;
}

WorkOrder *
arb_order_add(Trade *trade, const OrderTicket *ticket, OrderStage stage)
{
	WorkOrder  *order;

	if (trade->order_count >= ORDERS_MAX)
	{
		log_error("trade", "more than %d orders are in hand, order %lld must wait", ORDERS_MAX,
				  (long long) ticket->order_id);
		return NULL;
	}
	order = calloc(1, sizeof(*order));
	if (order == NULL)
		return NULL;
	order->trade = trade;
	order->ticket = *ticket;
	order->stage = stage;
	order->gives = arb_cover_of_ticket(ticket);
	order->due_qty = -1;
	order->told_qty = -1;
	arb_evidence_init(&order->evidence);
	trade->orders[trade->order_count++] = order;
	return order;
}

void
arb_order_remove(WorkOrder *order)
{
	Trade	   *trade = order->trade;
	size_t		i;

	for (i = 0; i < trade->order_count; i++)
	{
		if (trade->orders[i] == order)
		{
			memmove(&trade->orders[i], &trade->orders[i + 1],
					(trade->order_count - i - 1) * sizeof(trade->orders[0]));
			trade->order_count--;
			break;
		}
	}
	free(order->prepared);
	free(order->fills);
	free(order);
}

static bool
fills_told(const WorkOrder *order)
{
	size_t		i;

	for (i = 0; i < order->fill_count; i++)
	{
		if (order->fills[i].told != order->fills[i].status)
			return false;
	}
	return true;
}

static bool
is_settled(const WorkOrder *order)
{
	if (order->stage == ORDER_STAGE_FINISHED)
		return fills_told(order);
	return order->stage == ORDER_STAGE_WORKING && order->due == ORDER_REPORT_NONE && !order->telling &&
		fills_told(order) && order->told == ORDER_REPORT_ACCEPTED && !order->cancelling;
}

void
arb_order_review(WorkOrder *order)
{
	if (order->stage == ORDER_STAGE_WORKING && order->due == ORDER_REPORT_NONE && !order->telling &&
		arb_order_report_is_final(order->told) && fills_told(order) &&
		(order->told_qty < 0 || order->heard >= order->told_qty))
	{
		order->stage = ORDER_STAGE_FINISHED;
		order->finished_ns = arb_mono_ns();
		order->inquire_ns = 0;
		free(order->prepared);
		order->prepared = NULL;
		log_info("trade", "order %lld is finished (%s)", (long long) order->ticket.order_id,
				 arb_order_report_name(order->told));
	}
	arb_desk_progress(order->trade);
}

/* The report on its way was not taken: it is due again, unless a newer one is. */
static void
put_back(WorkOrder *order)
{
	if (order->due != ORDER_REPORT_NONE)
		return;
	order->due = order->sent;
	order->due_qty = order->sent_qty;
}

static void
on_told(void *arg, const DbReply *reply)
{
	WorkOrder  *order = arg;
	Trade	   *trade = order->trade;

	order->telling = false;
	if (reply->status == DB_LOST)
	{
		put_back(order);		/* told again when the database is back */
		return;
	}
	if (!arb_desk_ok(trade, reply) && arb_db_is_passing(reply->sqlstate))
	{
		put_back(order);
		/* The timer of the work list tells it again, when the database may be better. */
		if (arb_db_classify(reply->sqlstate) != DB_ERROR_RETRY)
			return;
	}
	else
	{
		/* Refused or not: telling it again would not change what the database makes of it. */
		order->told = order->sent;
		order->told_qty = order->sent_qty;
	}
	arb_order_review(order);
	tell_next(order);
}

/* A report that says nothing new, or less than what was said. */
static bool
is_stale(const WorkOrder *order, OrderReport report, int64_t venue_qty)
{
	OrderReport newest = order->told;
	int64_t		qty = order->told_qty;

	if (order->due != ORDER_REPORT_NONE)
	{
		newest = order->due;
		qty = order->due_qty;
	}
	else if (order->telling)
	{
		newest = order->sent;
		qty = order->sent_qty;
	}
	if (report == newest && venue_qty <= qty)
		return true;
	if (arb_order_report_is_final(newest) && !arb_order_report_is_final(report))
		return true;
	if (newest == ORDER_REPORT_MATCHED && report == ORDER_REPORT_ACCEPTED)
		return true;
	/* Unknown is said once, and never of an order the venue is known to have. */
	return report == ORDER_REPORT_UNKNOWN && newest != ORDER_REPORT_NONE;
}

void
arb_order_tell(WorkOrder *order, OrderReport report, int64_t venue_qty, const char *reason)
{
	if (report == ORDER_REPORT_NONE || is_stale(order, report, venue_qty))
		return;
	order->due = report;
	order->due_qty = venue_qty;
	(void) snprintf(order->due_reason, sizeof(order->due_reason), "%s", reason == NULL ? "" : reason);
	order->trade->activity++;
	tell_next(order);
}

static void
tell_next(WorkOrder *order)
{
	Trade	   *trade = order->trade;
	DbParams	params;

	if (order->telling || order->due == ORDER_REPORT_NONE || trade->halted)
		return;
	arb_desk_params(trade, &params);
	arb_params_int(&params, order->ticket.order_id);
	arb_params_text(&params, arb_order_report_name(order->due));
	arb_params_text(&params, order->venue_order_id[0] == '\0' ? NULL : order->venue_order_id);
	if (order->due_qty < 0)
		arb_params_null(&params);
	else
		arb_params_micro(&params, order->due_qty);
	arb_params_text(&params, order->due_reason[0] == '\0' ? NULL : order->due_reason);
	if (!arb_desk_call(trade, DB_REPORT_ORDER, &params, on_told, order))
		return;
	order->telling = true;
	order->sent = order->due;
	order->sent_qty = order->due_qty;
	order->due = ORDER_REPORT_NONE;
	ARB_DEBUG_POINT("during_report");
}

/* ----- fills ----- */

static KnownFill *
find_fill(WorkOrder *order, const char *trade_id)
{
	size_t		i;

	for (i = 0; i < order->fill_count; i++)
	{
		if (strcmp(order->fills[i].trade_id, trade_id) == 0)
			return &order->fills[i];
	}
	return NULL;
}

static KnownFill *
add_fill(WorkOrder *order)
{
	KnownFill  *fill;

	if (order->fill_count == order->fill_capacity)
	{
		size_t		capacity = order->fill_capacity == 0 ? 4 : 2 * order->fill_capacity;
		KnownFill  *grown = realloc(order->fills, capacity * sizeof(*grown));

		if (grown == NULL)
			return NULL;
		order->fills = grown;
		order->fill_capacity = capacity;
	}
	fill = &order->fills[order->fill_count++];
	memset(fill, 0, sizeof(*fill));
	return fill;
}

/* The venue repeats a trade for each of its states; a late repetition must not undo a newer one. */
static bool
is_newer_status(PmTradeStatus known, PmTradeStatus news)
{
	if (known == news)
		return false;
	return known != PM_TRADE_STATUS_CONFIRMED && known != PM_TRADE_STATUS_FAILED &&
		(news != PM_TRADE_STATUS_MATCHED);
}

/* What the fills of an order did to the cash so far, voided ones left out. */
static int64_t
cash_of(const WorkOrder *order)
{
	int64_t		cash = 0;
	size_t		i;

	for (i = 0; i < order->fill_count; i++)
	{
		const FillFact *fact = &order->fills[i].fact;

		if (order->fills[i].status == PM_TRADE_STATUS_FAILED)
			continue;
		cash += (fact->side == ORDER_SIDE_SELL ? fact->money : -fact->money) - fact->fee;
	}
	return cash;
}

static void
sum_fills(WorkOrder *order)
{
	size_t		i;

	order->filled = 0;
	order->heard = 0;
	for (i = 0; i < order->fill_count; i++)
	{
		order->heard += order->fills[i].fact.qty;
		if (order->fills[i].status != PM_TRADE_STATUS_FAILED)
			order->filled += order->fills[i].fact.qty;
	}
}

/* False when nobody here knows the terms; the database does. */
static bool
fee_terms(const Trade *trade, const OrderTicket *ticket, const char *token_id, int64_t *rate, int *exponent)
{
	*rate = 0;
	*exponent = 1;
	if (ticket != NULL && arb_decimal_parse_micro(ticket->fee_rate, rate))
	{
		*exponent = ticket->fee_exponent;
		return true;
	}
	return trade->worker->feed != NULL && arb_market_fee(trade->worker->feed, token_id, rate, exponent);
}

static bool
refuse_news(Trade *trade, const char *doubt, const char *what, const char *id)
{
	arb_input_error(&trade->worker->input_errors, "venue", doubt, "what cannot be was said of a fill or an order");
	log_warning("trade", "%s %s is no evidence (%s): not booked", what, id, doubt);
	return false;
}

/* NULL, or what is wrong with an order's part in a trade. */
static const char *
doubt_part(const PmTrade *news, const FillFact *fact, const OrderTicket *ticket)
{
	const char *doubt = arb_doubt_fill(fact, ticket);

	return doubt != NULL ? doubt : arb_doubt_trade(news);
}

bool
arb_order_believe(WorkOrder *order, const PmOrder *said, int64_t matched_before)
{
	const char *doubt = arb_doubt_order(said, &order->ticket, matched_before);

	if (doubt != NULL)
		return refuse_news(order->trade, doubt, "order", said->id);
	if (said->size_matched > order->venue_matched)
		order->venue_matched = said->size_matched;
	return true;
}

/* Both names are there, and neither is ours. */
static bool
is_stranger(const Trade *trade, const char *owner, const char *address)
{
	char		ours[ETH_ADDRESS_TEXT_SIZE];

	if (strcmp(owner, trade->signer.owner) == 0)
		return false;
	arb_eth_address_format(&trade->signer.funder, ours);
	return arb_is_stranger(owner, address, trade->signer.owner, ours);
}

bool
arb_order_is_strange(const Trade *trade, const PmOrder *order)
{
	return arb_order_find_venue(trade, order->id) == NULL &&
		is_stranger(trade, order->owner, order->maker_address);
}

bool
arb_order_fill(WorkOrder *order, const PmTrade *news)
{
	KnownFill  *fill = find_fill(order, news->id);
	int64_t		cash_before = cash_of(order);
	int64_t		rate;
	int			exponent;

	if (fill == NULL)
	{
		FillFact	fact;

		const char *doubt;

		(void) fee_terms(order->trade, &order->ticket, news->token_id, &rate, &exponent);
		if (!arb_fill_of_trade(news, order->venue_order_id, rate, exponent, &fact))
			return true;
		doubt = doubt_part(news, &fact, &order->ticket);
		if (doubt != NULL)
			return refuse_news(order->trade, doubt, "trade", news->id);
		if (order->fill_count > 0)
			ARB_DEBUG_POINT("between_fills");
		fill = add_fill(order);
		if (fill == NULL)
		{
			log_error("trade", "out of memory, a fill waits for the next inquiry");
			arb_inquire_at(order, 1000);
			return false;
		}
		(void) snprintf(fill->trade_id, sizeof(fill->trade_id), "%s", news->id);
		fill->fact = fact;
		fill->matched_ms = news->matched_ms > 0 ? news->matched_ms : arb_wall_ms();
		fill->status = news->status;
	}
	else if (is_newer_status(fill->status, news->status))
		fill->status = news->status;
	else
		return true;
	order->trade->activity++;
	order->trade->cash_flow += cash_of(order) - cash_before;
	sum_fills(order);
	tell_fills(order);
	return true;
}

typedef struct FillCall
{
	WorkOrder  *order;
	PmTradeStatus status;
	char		trade_id[VENUE_TRADE_ID_SIZE];
} FillCall;

static void
on_fill_told(void *arg, const DbReply *reply)
{
	FillCall   *call = arg;
	WorkOrder  *order = call->order;
	KnownFill  *fill = find_fill(order, call->trade_id);

	if (fill != NULL)
		fill->telling = false;
	if (fill != NULL && reply->status != DB_LOST)
	{
		bool		ok = arb_desk_ok(order->trade, reply);

		if (ok || !arb_db_is_passing(reply->sqlstate))
			fill->told = call->status;
		if (!ok && strncmp(reply->sqlstate, "22", 2) == 0)
		{
			arb_input_error(&order->trade->worker->input_errors, "database", "fill_refused", reply->sqlstate);
			arb_reconcile_want(order->trade, "bad_fill");
		}
		if (ok && strcmp(arb_reply_value(reply), "orphan") == 0)
			log_warning("trade", "the database does not know the order of trade %s", call->trade_id);
		if (ok || arb_db_classify(reply->sqlstate) == DB_ERROR_RETRY || !arb_db_is_passing(reply->sqlstate))
			tell_fills(order);
		arb_order_review(order);
	}
	free(call);
}

static bool
call_report_fill(Trade *trade, const char *venue_order_id, const char *trade_id, PmTradeStatus status,
				 const FillFact *fact, bool fee_known, int64_t matched_ms, DbDone done, void *arg)
{
	DbParams	params;

	arb_desk_params(trade, &params);
	arb_params_text(&params, venue_order_id);
	arb_params_text(&params, trade_id);
	arb_params_text(&params, arb_pm_trade_status_name(status));
	arb_params_text(&params, fact->symbol);
	arb_params_text(&params, arb_order_side_name(fact->side));
	arb_params_micro(&params, fact->qty);
	arb_params_micro(&params, fact->price);
	arb_params_micro(&params, fact->money);
	if (fee_known)
		arb_params_micro(&params, fact->fee);
	else
		arb_params_null(&params);
	arb_params_text(&params, fact->is_maker ? "MAKER" : "TAKER");
	arb_params_int(&params, matched_ms);
	return arb_desk_call(trade, DB_REPORT_FILL, &params, done, arg);
}

/* On its way to settlement, but neither there nor failed: the books make no difference between these. */
static bool
is_provisional(PmTradeStatus status)
{
	return status == PM_TRADE_STATUS_MATCHED || status == PM_TRADE_STATUS_MINED || status == PM_TRADE_STATUS_RETRYING;
}

static void
tell_fills(WorkOrder *order)
{
	size_t		i;

	if (order->trade->halted)
		return;
	for (i = 0; i < order->fill_count; i++)
	{
		KnownFill  *fill = &order->fills[i];
		FillCall   *call;

		/* Each report is a transaction that waits for the disk: none without news. */
		if (!fill->telling && is_provisional(fill->told) && is_provisional(fill->status))
			fill->told = fill->status;
		if (fill->telling || fill->told == fill->status)
			continue;
		call = calloc(1, sizeof(*call));
		if (call == NULL)
			return;
		call->order = order;
		call->status = fill->status;
		memcpy(call->trade_id, fill->trade_id, sizeof(call->trade_id));
		fill->telling = call_report_fill(order->trade, order->venue_order_id, fill->trade_id, fill->status,
										 &fill->fact, true, fill->matched_ms, on_fill_told, call);
		if (!fill->telling)
			free(call);
	}
}

/* ----- trades of the account that no order in hand explains ----- */

static void
on_stranger_told(void *arg, const DbReply *reply)
{
	Trade	   *trade = arg;

	trade->strangers_telling--;
	if (!arb_desk_ok(trade, reply))
		trade->stranger_failures++;
	else if (strcmp(arb_reply_value(reply), "orphan") == 0)
		arb_reconcile_soon(trade);
	arb_desk_progress(trade);
}

static bool
tell_stranger(Trade *trade, const PmTrade *news, const char *venue_order_id)
{
	FillFact	fact;
	const char *doubt;
	int64_t		rate;
	int			exponent;
	bool		fee_known = fee_terms(trade, NULL, news->token_id, &rate, &exponent);

	if (!arb_fill_of_trade(news, venue_order_id, rate, exponent, &fact))
		return true;
	doubt = doubt_part(news, &fact, NULL);
	if (doubt != NULL)
		return refuse_news(trade, doubt, "trade", news->id);
	if (call_report_fill(trade, venue_order_id, news->id, news->status, &fact, fee_known,
						 news->matched_ms > 0 ? news->matched_ms : arb_wall_ms(), on_stranger_told, trade))
		trade->strangers_telling++;
	else
		trade->stranger_failures++;
	return true;
}

static bool
news_of_order(Trade *trade, const PmTrade *news, const char *venue_order_id, bool is_ours, int *ours,
			  int *mapped)
{
	WorkOrder  *order = arb_order_find_venue(trade, venue_order_id);

	if (order == NULL && !is_ours)
		return true;
	if (order != NULL ? !arb_order_fill(order, news) : !tell_stranger(trade, news, venue_order_id))
		return false;
	(*ours)++;
	if (order != NULL)
		(*mapped)++;
	return true;
}

bool
arb_trade_news(Trade *trade, const PmTrade *news, int *ours, int *mapped)
{
	const char *owner = trade->signer.owner;
	bool		taker_is_us;
	bool		believed;
	size_t		i;

	if (news->status == PM_TRADE_STATUS_NONE)
	{
		arb_input_error(&trade->worker->input_errors, "user", "trade_status", "a trade of unknown status");
		return false;
	}
	taker_is_us = news->has_trader_side ? news->we_are_taker : strcmp(news->owner, owner) == 0;
	/* Called ours, and yet both names are another's: whose it is nobody knows, so it is not ours. */
	if (is_stranger(trade, news->owner, news->maker_address))
		taker_is_us = false;
	believed = news_of_order(trade, news, news->taker_order_id, taker_is_us, ours, mapped);
	for (i = 0; i < news->maker_count; i++)
		believed = news_of_order(trade, news, news->makers[i].order_id,
								 owner[0] != '\0' && strcmp(news->makers[i].owner, owner) == 0, ours, mapped) &&
			believed;
	return believed;
}

/* ----- all orders ----- */

bool
arb_orders_are_settled(const Trade *trade)
{
	size_t		i;

	for (i = 0; i < trade->order_count; i++)
	{
		if (!is_settled(trade->orders[i]))
			return false;
	}
	return true;
}

bool
arb_orders_are_told(const Trade *trade)
{
	size_t		i;

	for (i = 0; i < trade->order_count; i++)
	{
		const WorkOrder *order = trade->orders[i];

		if (order->telling || order->due != ORDER_REPORT_NONE || !fills_told(order))
			return false;
	}
	return true;
}

void
arb_orders_resume(Trade *trade)
{
	size_t		i;

	for (i = 0; i < trade->order_count; i++)
	{
		tell_fills(trade->orders[i]);
		tell_next(trade->orders[i]);
	}
}

void
arb_orders_prune(Trade *trade)
{
	int64_t		now_ns = arb_mono_ns();
	size_t		i;

	for (i = trade->order_count; i-- > 0;)
	{
		WorkOrder  *order = trade->orders[i];
		bool		idle = order->inquiry == NULL && !order->telling && !order->cancelling && !order->repeating &&
			fills_told(order);

		if (order->stage == ORDER_STAGE_FINISHED && idle &&
			(now_ns - order->finished_ns > ORDER_MEMORY_NS || trade->order_count > ORDERS_MAX / 2))
			arb_order_remove(order);
	}
}
