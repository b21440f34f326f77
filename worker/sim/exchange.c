/*-------------------------------------------------------------------------
 *
 * worker/sim/exchange.c
 *	  Orders, matching and trades.
 *
 * Every fill is two legs, each priced in its own token: a buyer gains shares
 * and pays, a seller the reverse.  Two buyers of opposite tokens mint complete
 * sets from collateral, two sellers merge them; nothing else exists.
 *
 *-------------------------------------------------------------------------
 */
#include "exchange.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "decimal.h"

#define SHARE_STEP_LIMIT 10000	/* 0.01 share, micro: sizes of limit orders and market sells */
#define SHARE_STEP_MARKET 100	/* 0.0001: the other amount of a market order */
#define MONEY_STEP_MARKET 10000 /* 0.01 dollar: money of a market buy */
#define EXPIRY_LEAD_S 180		/* an expiration nearer than this is refused */
#define EXPIRY_MARGIN_S 60		/* the venue ends GTD orders this long before their expiration */
#define HOUSE_FUNDS (INT64_C(1000000000) * MICRO)

const char *
sim_side_text(SimSide side)
{
	return side == SIDE_BUY ? "BUY" : "SELL";
}

const char *
sim_order_type_text(OrderType type)
{
	static const char *const text[] = {"", "GTC", "GTD", "FOK", "FAK"};

	return text[type];
}

const char *
sim_order_status_text(OrderStatus status)
{
	static const char *const text[] = {"", "DELAYED", "LIVE", "MATCHED", "CANCELED", "CANCELED_MARKET_RESOLVED"};

	return text[status];
}

const char *
sim_trade_status_text(TradeStatus status)
{
	static const char *const text[] = {"", "MATCHED", "MINED", "CONFIRMED", "RETRYING", "FAILED"};

	return text[status];
}

static Wallet *
house_wallet(Exchange *exchange, const char *label)
{
	uint8_t		hash[32];
	EthAddress	address;
	Wallet	   *wallet;
	int64_t		opening = exchange->opening_balance;

	sim_rng_derive(exchange->seed, label, 0, 0, hash);
	memcpy(address.bytes, hash, sizeof(address.bytes));
	exchange->opening_balance = HOUSE_FUNDS;
	wallet = sim_exchange_wallet(exchange, &address);
	exchange->opening_balance = opening;
	wallet->house = true;
	return wallet;
}

void
sim_exchange_init(Exchange *exchange, uint64_t seed, int64_t opening_balance)
{
	memset(exchange, 0, sizeof(*exchange));
	exchange->seed = seed;
	exchange->opening_balance = opening_balance;
	exchange->maker = house_wallet(exchange, "house maker");
	exchange->crowd = house_wallet(exchange, "house crowd");
}

void
sim_exchange_free(Exchange *exchange)
{
	size_t		i;

	for (i = 0; i < exchange->wallet_count; i++)
	{
		free(exchange->wallets[i]->holdings);
		free(exchange->wallets[i]);
	}
	for (i = 0; i < exchange->order_count; i++)
	{
		free(exchange->orders[i]->trades);
		free(exchange->orders[i]);
	}
	for (i = 0; i < exchange->trade_count; i++)
	{
		free(exchange->trades[i]->makers);
		free(exchange->trades[i]);
	}
	free(exchange->wallets);
	free(exchange->orders);
	free(exchange->trades);
	memset(exchange, 0, sizeof(*exchange));
}

SimOrder *
sim_exchange_find_order(const Exchange *exchange, const char *id)
{
	size_t		i;

	for (i = exchange->order_count; i > 0; i--)
		if (strcmp(exchange->orders[i - 1]->id, id) == 0)
			return exchange->orders[i - 1];
	return NULL;
}

static void
tell_order(Exchange *exchange, const SimOrder *order, OrderEvent event)
{
	if (exchange->events.order != NULL)
		exchange->events.order(exchange->events.context, order, event);
}

static void
tell_trade(Exchange *exchange, const SimTrade *trade)
{
	if (exchange->events.trade != NULL)
		exchange->events.trade(exchange->events.context, trade);
}

/* One leg of a fill; sign -1 takes it back. */
static void
book_leg(Wallet *wallet, Market *market, int outcome, SimSide side, int price, int64_t shares, int sign)
{
	Holding    *holding = sim_wallet_holding(wallet, market);
	int64_t		value = sim_shares_value(shares, price) * sign;

	if (side == SIDE_SELL)
	{
		value = -value;
		shares = -shares;
	}
	wallet->cash -= value;
	holding->shares[outcome] += shares * sign;
}

static void
book_collateral(Market *market, SimSide taker, SimSide maker, int64_t shares, int sign)
{
	if (taker != maker)
		return;
	shares *= taker == SIDE_BUY ? sign : -sign;
	market->collateral += shares;
	market->outstanding[0] += shares;
	market->outstanding[1] += shares;
}

/* Gives back what a resting order holds for that many of its shares. */
static void
release_reserve(SimOrder *order, int64_t shares)
{
	if (order->side == SIDE_BUY)
	{
		int64_t		value = sim_shares_value(shares, order->price);

		order->reserved -= value;
		order->wallet->reserved -= value;
	}
	else
	{
		order->reserved -= shares;
		sim_wallet_holding(order->wallet, order->market)->reserved[order->outcome] -= shares;
	}
}

static void
order_add_trade(SimOrder *order, SimTrade *trade)
{
	order->trades = sim_grow(order->trades, &order->trade_cap, order->trade_count + 1, sizeof(*order->trades));
	order->trades[order->trade_count++] = trade;
}

static void
uuid_from(const uint8_t hash[32], char out[KEY_TEXT_SIZE])
{
	snprintf(out, KEY_TEXT_SIZE, "%02x%02x%02x%02x-%02x%02x-4%01x%02x-a%01x%02x-%02x%02x%02x%02x%02x%02x",
			 hash[0], hash[1], hash[2], hash[3], hash[4], hash[5], hash[6] & 15, hash[7], hash[8] & 15, hash[9],
			 hash[10], hash[11], hash[12], hash[13], hash[14], hash[15]);
}

static void
house_identity(const Exchange *exchange, const Wallet *wallet, uint64_t seq,
			   char id[ETH_HASH_TEXT_SIZE], char owner[KEY_TEXT_SIZE])
{
	uint8_t		hash[32];

	sim_rng_derive(exchange->seed, "house order", seq, (uint64_t) (wallet == exchange->crowd), hash);
	arb_hex_encode(hash, sizeof(hash), id);
	sim_rng_derive(exchange->seed, "house key", 0, (uint64_t) (wallet == exchange->crowd), hash);
	uuid_from(hash, owner);
}

/* The record of one price level; fills first .. last of the plan share its price. */
static SimTrade *
make_trade(Exchange *exchange, Market *market, SimOrder *taker, Wallet *wallet, const TakerTerms *terms,
		   const MatchPlan *plan, int first, int last)
{
	SimTrade   *trade = sim_alloc(sizeof(*trade));
	uint8_t		hash[32];
	int			i;

	sim_rng_derive(exchange->seed, "trade", ++exchange->next_trade, 0, hash);
	uuid_from(hash, trade->id);
	sim_rng_derive(exchange->seed, "transaction", exchange->next_trade, 0, hash);
	arb_hex_encode(hash, sizeof(hash), trade->hash);
	trade->taker = taker;
	trade->wallet = wallet;
	trade->market = market;
	trade->outcome = terms->outcome;
	trade->side = terms->side;
	trade->price = plan->fill[first].price;
	trade->status = TRADE_MATCHED;
	trade->matched_ms = trade->updated_ms = exchange->now_ms;
	trade->due_ms = exchange->now_ms + exchange->mine_delay_ms;
	if (taker != NULL)
	{
		memcpy(trade->taker_id, taker->id, sizeof(trade->taker_id));
		memcpy(trade->taker_owner, taker->owner, sizeof(trade->taker_owner));
	}
	else
		house_identity(exchange, wallet, exchange->next_trade, trade->taker_id, trade->taker_owner);
	trade->maker_count = last - first + 1;
	trade->makers = sim_alloc(sizeof(*trade->makers) * (size_t) trade->maker_count);
	for (i = first; i <= last; i++)
	{
		const BookOrder *resting = plan->fill[i].maker;
		MakerFill  *fill = &trade->makers[i - first];

		fill->order = resting->order;
		fill->wallet = resting->wallet;
		fill->outcome = resting->outcome;
		fill->side = resting->side;
		fill->price = resting->price;
		fill->shares = plan->fill[i].shares;
		if (resting->order != NULL)
		{
			memcpy(fill->order_id, resting->order->id, sizeof(fill->order_id));
			memcpy(fill->owner, resting->order->owner, sizeof(fill->owner));
		}
		else
			house_identity(exchange, resting->wallet, resting->seq, fill->order_id, fill->owner);
		trade->shares += plan->fill[i].shares;
		trade->money += plan->fill[i].money;
	}
	trade->fee = sim_taker_fee(trade->shares, trade->price, market->fee_rate_e6);
	return trade;
}

static void
settle_maker(Exchange *exchange, Market *market, const TakerTerms *terms, const PlannedFill *planned)
{
	BookOrder  *resting = planned->maker;
	SimOrder   *order = resting->order;

	if (order != NULL)
	{
		release_reserve(order, planned->shares);
		order->matched += planned->shares;
		order->matched_money += sim_shares_value(planned->shares, order->price);
	}
	book_leg(resting->wallet, market, resting->outcome, resting->side, resting->price, planned->shares, 1);
	book_collateral(market, terms->side, resting->side, planned->shares, 1);
	sim_book_reduce(market->book, resting, planned->shares);
	if (resting->remaining == 0)
	{
		sim_book_remove(market->book, resting);
		if (order != NULL)
			order->status = ORDER_MATCHED;
	}
}

/* A trade no client takes part in leaves a print and nothing else. */
static bool
concerns_client(const SimTrade *trade)
{
	int			i;

	if (!trade->wallet->house)
		return true;
	for (i = 0; i < trade->maker_count; i++)
		if (!trade->makers[i].wallet->house)
			return true;
	return false;
}

static void
keep_trade(Exchange *exchange, SimTrade *trade)
{
	int			i;

	exchange->trades = sim_grow(exchange->trades, &exchange->trade_cap,
								exchange->trade_count + 1, sizeof(*exchange->trades));
	exchange->trades[exchange->trade_count++] = trade;
	if (trade->taker != NULL)
		order_add_trade(trade->taker, trade);
	for (i = 0; i < trade->maker_count; i++)
		if (trade->makers[i].order != NULL)
			order_add_trade(trade->makers[i].order, trade);
	tell_trade(exchange, trade);
	for (i = 0; i < trade->maker_count; i++)
		if (trade->makers[i].order != NULL)
			tell_order(exchange, trade->makers[i].order, ORDER_EVENT_UPDATE);
}

static int64_t
plan_fees(const MatchPlan *plan, int64_t rate_e6)
{
	int64_t		fees = 0;
	int64_t		shares = 0;
	int			i;

	for (i = 0; i < plan->count; i++)
	{
		shares += plan->fill[i].shares;
		if (i + 1 < plan->count && plan->fill[i + 1].price == plan->fill[i].price)
			continue;
		fees += sim_taker_fee(shares, plan->fill[i].price, rate_e6);
		shares = 0;
	}
	return fees;
}

/* Carries the plan in exchange->plan out; returns whether it did anything. */
static bool
execute_plan(Exchange *exchange, Market *market, SimOrder *taker, Wallet *wallet,
			 const TakerTerms *terms, bool fail_trades)
{
	const MatchPlan *plan = &exchange->plan;
	int			first = 0;
	int			i;

	for (i = 0; i < plan->count; i++)
	{
		SimTrade   *trade;
		int			k;

		if (i + 1 < plan->count && plan->fill[i + 1].price == plan->fill[i].price)
			continue;
		trade = make_trade(exchange, market, taker, wallet, terms, plan, first, i);
		trade->will_fail = fail_trades;
		book_leg(wallet, market, terms->outcome, terms->side, trade->price, trade->shares, 1);
		wallet->cash -= trade->fee;
		wallet->fees += trade->fee;
		exchange->fees += trade->fee;
		for (k = first; k <= i; k++)
			settle_maker(exchange, market, terms, &plan->fill[k]);
		if (taker != NULL)
		{
			taker->matched += trade->shares;
			taker->matched_money += trade->money;
		}
		market->traded = true;
		market->volume += trade->money;
		market->last_price = sim_price_in_up(terms->outcome, trade->price);
		market->last_side = terms->side == SIDE_BUY ? 0 : 1;
		if (exchange->events.print != NULL)
			exchange->events.print(exchange->events.context, market, terms->outcome, terms->side,
								   trade->price, trade->shares, trade->hash);
		if (concerns_client(trade) && exchange->trade_count < TRADES_MAX)
			keep_trade(exchange, trade);
		else
		{
			free(trade->makers);
			free(trade);
		}
		first = i + 1;
	}
	return plan->count > 0;
}

static bool
refuse(OrderResult *result, const char *format,...) __attribute__((format(printf, 2, 3)));

static bool
refuse(OrderResult *result, const char *format,...)
{
	va_list		args;

	va_start(args, format);
	vsnprintf(result->error, sizeof(result->error), format, args);
	va_end(args);
	return false;
}

static bool
is_market_order(OrderType type)
{
	return type == ORDER_FAK || type == ORDER_FOK;
}

static int64_t
request_shares(const OrderRequest *request)
{
	return request->side == SIDE_BUY ? request->taker_amount : request->maker_amount;
}

static int64_t
request_money(const OrderRequest *request)
{
	return request->side == SIDE_BUY ? request->maker_amount : request->taker_amount;
}

/*
 * The worst price the amounts allow, in ten-thousandths: a limit order's must
 * be exact, a market order's is rounded to what the grid can match.
 */
static bool
check_price(const OrderRequest *request, int *limit, OrderResult *result)
{
	__int128	scaled = (__int128) request_money(request) * PRICE_ONE;
	int64_t		shares = request_shares(request);
	int64_t		price = (int64_t) (scaled / shares);
	bool		exact = scaled % shares == 0;
	int			tick = request->market->tick;
	char		price_text[DECIMAL_TEXT_SIZE];
	char		tick_text[DECIMAL_TEXT_SIZE];
	bool		good;

	if (is_market_order(request->type))
	{
		if (request->side == SIDE_SELL && !exact)
			price++;
		price = request->side == SIDE_BUY ? price / tick * tick : (price + tick - 1) / tick * tick;
		good = true;
	}
	else
		good = exact && price % tick == 0;
	if (good && price >= tick && price <= PRICE_ONE - tick)
	{
		*limit = (int) price;
		return true;
	}
	arb_decimal_format((int64_t) (scaled * 100 / shares), 6, price_text);
	arb_decimal_format(tick, 4, tick_text);
	return refuse(result, "order %s is invalid. Price (%s) breaks minimum tick size rule: %s",
				  request->id, price_text, tick_text);
}

static bool
check_amounts(const OrderRequest *request, OrderResult *result)
{
	int64_t		shares = request_shares(request);
	char		text[DECIMAL_TEXT_SIZE];

	if (is_market_order(request->type))
	{
		int64_t		maker_step = request->side == SIDE_BUY ? MONEY_STEP_MARKET : SHARE_STEP_LIMIT;

		if (request->maker_amount % maker_step == 0 && request->taker_amount % SHARE_STEP_MARKET == 0)
			return true;
		return refuse(result, "invalid amounts, the market %s orders maker amount supports a max accuracy of 2 decimals, "
					  "taker amount a max of 4 decimals", request->side == SIDE_BUY ? "buy" : "sell");
	}
	if (shares % SHARE_STEP_LIMIT != 0)
		return refuse(result, "order %s is invalid. Size supports a max accuracy of 2 decimals", request->id);
	if (shares < MIN_SIZE)
	{
		arb_decimal_format_micro(shares, text);
		return refuse(result, "order %s is invalid. Size (%s) lower than the minimum: 5", request->id, text);
	}
	return true;
}

static bool
check_terms(const Exchange *exchange, const OrderRequest *request, OrderResult *result)
{
	if (!sim_market_tradable(request->market))
		return refuse(result, "the orderbook %s does not exist", request->market->token[request->outcome]);
	if (request->post_only && is_market_order(request->type))
		return refuse(result, "invalid post-only order: only GTC and GTD order types are allowed");
	if (request->type == ORDER_GTD
		? request->expiration_s < exchange->now_ms / 1000 + EXPIRY_LEAD_S
		: request->expiration_s != 0)
		return refuse(result, "invalid expiration");
	if (request->maker_amount <= 0 || request->taker_amount <= 0 ||
		request->maker_amount > AMOUNT_MAX || request->taker_amount > AMOUNT_MAX)
		return refuse(result, "invalid amounts, maker and taker amount must be higher than 0");
	return true;
}

static void
make_terms(const SimOrder *order, TakerTerms *terms)
{
	terms->outcome = order->outcome;
	terms->side = order->side;
	terms->limit = order->price;
	terms->max_shares = INT64_MAX;
	terms->max_money = INT64_MAX;
	/* A market buy spends money; everything else trades shares. */
	if (is_market_order(order->type) && order->side == SIDE_BUY)
		terms->max_money = order->maker_amount;
	else
		terms->max_shares = order->original - order->matched;
}

static bool
check_balance(const SimOrder *order, const MatchPlan *plan, OrderResult *result)
{
	const Wallet *wallet = order->wallet;
	int64_t		free_amount;
	int64_t		needed;

	if (order->side == SIDE_BUY)
	{
		free_amount = wallet->cash - wallet->reserved;
		needed = order->maker_amount + plan_fees(plan, order->market->fee_rate_e6);
	}
	else
	{
		const Holding *holding = sim_wallet_find_holding(wallet, order->market);

		free_amount = holding == NULL ? 0 : holding->shares[order->outcome] - holding->reserved[order->outcome];
		needed = order->maker_amount;
	}
	if (needed <= free_amount)
		return true;
	return refuse(result, "not enough balance / allowance: the balance is not enough -> balance: %" PRId64
				  ", order amount: %" PRId64, free_amount, needed);
}

/* A part of the plan only, as if the rest of the book had just been taken. */
static void
shorten_plan(Exchange *exchange, Market *market, TakerTerms *terms, int partial_ppm)
{
	int64_t		shares = (int64_t) ((__int128) exchange->plan.shares * partial_ppm / PROBABILITY_ONE);

	shares = shares / SHARE_STEP_LIMIT * SHARE_STEP_LIMIT;
	terms->max_shares = shares > 0 ? shares : SHARE_STEP_LIMIT;
	sim_book_plan(market->book, terms, &exchange->plan);
	exchange->plan.complete = false;
}

static void
rest_order(SimOrder *order)
{
	BookOrder  *resting = &order->resting;
	int64_t		shares = order->original - order->matched;

	order->status = ORDER_LIVE;
	resting->order = order;
	resting->wallet = order->wallet;
	resting->outcome = order->outcome;
	resting->side = order->side;
	resting->price = order->price;
	resting->remaining = shares;
	if (order->side == SIDE_BUY)
	{
		order->reserved = sim_shares_value(shares, order->price);
		order->wallet->reserved += order->reserved;
	}
	else
	{
		order->reserved = shares;
		sim_wallet_holding(order->wallet, order->market)->reserved[order->outcome] += shares;
	}
	sim_book_insert(order->market->book, resting);
}

static void
finish_order(SimOrder *order, OrderStatus status)
{
	order->status = status;
	order->due_ms = 0;
}

/* Plan and judge; nothing has changed when it says no. */
static bool
plan_order(Exchange *exchange, SimOrder *order, int partial_ppm, TakerTerms *terms, OrderResult *result)
{
	MatchPlan  *plan = &exchange->plan;

	make_terms(order, terms);
	sim_book_plan(order->market->book, terms, plan);
	if (order->post_only && plan->count > 0)
		return refuse(result, "invalid post-only order: order crosses book");
	if (order->side == SIDE_BUY && plan->count > 0 && order->maker_amount < MIN_NOTIONAL)
	{
		char		text[DECIMAL_TEXT_SIZE];

		arb_decimal_format_micro(order->maker_amount, text);
		return refuse(result, "invalid amount for a marketable BUY order ($%s), min size: $1", text);
	}
	if (!check_balance(order, plan, result))
		return false;
	if (partial_ppm > 0 && plan->count > 0 && is_market_order(order->type))
		shorten_plan(exchange, order->market, terms, partial_ppm);
	if (order->type == ORDER_FAK && plan->count == 0)
		return refuse(result, "no orders found to match with FAK order. FAK orders are partially filled or killed "
					  "if no match is found.");
	if (order->type == ORDER_FOK && !plan->complete)
		return refuse(result, "order couldn't be fully filled. FOK orders are fully filled or killed.");
	return true;
}

static void
carry_out(Exchange *exchange, SimOrder *order, const TakerTerms *terms, bool fail_trades)
{
	bool		traded = execute_plan(exchange, order->market, order, order->wallet, terms, fail_trades);

	if (is_market_order(order->type) || order->matched >= order->original)
	{
		finish_order(order, ORDER_MATCHED);
		tell_order(exchange, order, ORDER_EVENT_UPDATE);
		return;
	}
	rest_order(order);
	tell_order(exchange, order, ORDER_EVENT_PLACEMENT);
	if (traded)
		tell_order(exchange, order, ORDER_EVENT_UPDATE);
}

static SimOrder *
make_order(const Exchange *exchange, const OrderRequest *request, int limit)
{
	SimOrder   *order = sim_alloc(sizeof(*order));

	memcpy(order->id, request->id, sizeof(order->id));
	memcpy(order->owner, request->owner, sizeof(order->owner));
	order->wallet = request->wallet;
	order->market = request->market;
	order->outcome = request->outcome;
	order->side = request->side;
	order->type = request->type;
	order->price = limit;
	order->maker_amount = request->maker_amount;
	order->taker_amount = request->taker_amount;
	order->original = request_shares(request);
	order->expiration_s = request->expiration_s;
	order->post_only = request->post_only;
	order->created_ms = exchange->now_ms;
	return order;
}

static void
keep_order(Exchange *exchange, SimOrder *order)
{
	exchange->orders = sim_grow(exchange->orders, &exchange->order_cap,
								exchange->order_count + 1, sizeof(*exchange->orders));
	exchange->orders[exchange->order_count++] = order;
}

void
sim_exchange_submit(Exchange *exchange, const OrderRequest *request, OrderResult *result)
{
	SimOrder   *order;
	TakerTerms	terms;
	int			limit = 0;

	memset(result, 0, sizeof(*result));
	if (sim_exchange_find_order(exchange, request->id) != NULL)
	{
		refuse(result, "order %s is invalid. Duplicated. Same order has already been placed, can't be placed again",
			   request->id);
		return;
	}
	if (exchange->order_count >= OPEN_ORDERS_MAX)
	{
		refuse(result, "could not insert order");
		return;
	}
	if (!check_terms(exchange, request, result) || !check_price(request, &limit, result) ||
		!check_amounts(request, result))
		return;
	order = make_order(exchange, request, limit);
	if (!plan_order(exchange, order, request->partial_ppm, &terms, result))
	{
		free(order);
		return;
	}
	keep_order(exchange, order);
	result->accepted = true;
	result->order = order;
	if (exchange->taker_delay_ms > 0 && exchange->plan.count > 0)
	{
		order->status = ORDER_DELAYED;
		order->due_ms = exchange->now_ms + exchange->taker_delay_ms;
		return;
	}
	carry_out(exchange, order, &terms, request->fail_trades);
}

/* The hold is over: the world may have changed, so judge again. */
static void
match_delayed(Exchange *exchange, SimOrder *order)
{
	OrderResult result;
	TakerTerms	terms;

	memset(&result, 0, sizeof(result));
	if (sim_market_tradable(order->market) && plan_order(exchange, order, 0, &terms, &result))
	{
		carry_out(exchange, order, &terms, false);
		return;
	}
	finish_order(order, ORDER_CANCELED);
	tell_order(exchange, order, ORDER_EVENT_CANCELLATION);
}

static void
take_off_book(SimOrder *order)
{
	int64_t		left = order->resting.remaining;

	sim_book_remove(order->market->book, &order->resting);
	release_reserve(order, left);
	order->resting.remaining = 0;
}

const char *
sim_exchange_cancel(Exchange *exchange, SimOrder *order)
{
	if (order->status == ORDER_MATCHED)
		return "Order already matched";
	/* A held taker order cannot be called back. */
	if (order->status != ORDER_LIVE)
		return "already canceled or matched";
	take_off_book(order);
	finish_order(order, ORDER_CANCELED);
	tell_order(exchange, order, ORDER_EVENT_CANCELLATION);
	return NULL;
}

void
sim_exchange_house_take(Exchange *exchange, Market *market, Wallet *wallet, const TakerTerms *terms)
{
	sim_book_plan(market->book, terms, &exchange->plan);
	execute_plan(exchange, market, NULL, wallet, terms, false);
}

void
sim_exchange_resolve(Exchange *exchange, Market *market, int winner)
{
	int			list;

	for (list = 0; list < 2; list++)
	{
		BookOrder  *resting = market->book->best[list];

		while (resting != NULL)
		{
			BookOrder  *next = resting->next;

			if (resting->order != NULL)
			{
				take_off_book(resting->order);
				finish_order(resting->order, ORDER_RESOLVED);
				tell_order(exchange, resting->order, ORDER_EVENT_CANCELLATION);
			}
			resting = next;
		}
	}
	market->winner = winner;
	market->state = MARKET_RESOLVED;
	sim_exchange_redeem(exchange, exchange->maker, market);
	sim_exchange_redeem(exchange, exchange->crowd, market);
}

/* Whether every party still has what it would have to give back. */
static bool
can_undo(const SimTrade *trade)
{
	const Holding *holding = sim_wallet_find_holding(trade->wallet, trade->market);
	int			i;

	if (trade->market->state == MARKET_RESOLVED)
		return false;
	if (trade->side == SIDE_BUY
		? holding == NULL || holding->shares[trade->outcome] - holding->reserved[trade->outcome] < trade->shares
		: trade->wallet->cash - trade->wallet->reserved < trade->money)
		return false;
	for (i = 0; i < trade->maker_count; i++)
		if (!trade->makers[i].wallet->house)
			return false;
	return true;
}

static void
undo_trade(Exchange *exchange, SimTrade *trade)
{
	int			i;

	book_leg(trade->wallet, trade->market, trade->outcome, trade->side, trade->price, trade->shares, -1);
	trade->wallet->cash += trade->fee;
	trade->wallet->fees -= trade->fee;
	exchange->fees -= trade->fee;
	for (i = 0; i < trade->maker_count; i++)
	{
		MakerFill  *fill = &trade->makers[i];

		book_leg(fill->wallet, trade->market, fill->outcome, fill->side, fill->price, fill->shares, -1);
		book_collateral(trade->market, trade->side, fill->side, fill->shares, -1);
	}
	if (trade->taker != NULL)
	{
		trade->taker->matched -= trade->shares;
		trade->taker->matched_money -= trade->money;
	}
}

static void
step_trade(Exchange *exchange, SimTrade *trade)
{
	trade->updated_ms = trade->due_ms;
	trade->due_ms += exchange->confirm_delay_ms;
	switch (trade->status)
	{
		case TRADE_MATCHED:
			trade->status = trade->will_fail && can_undo(trade) ? TRADE_RETRYING : TRADE_MINED;
			break;
		case TRADE_RETRYING:
			if (can_undo(trade))
			{
				undo_trade(exchange, trade);
				trade->status = TRADE_FAILED;
				trade->due_ms = 0;
			}
			else
				trade->status = TRADE_MINED;
			break;
		default:
			trade->status = TRADE_CONFIRMED;
			trade->due_ms = 0;
			break;
	}
	tell_trade(exchange, trade);
}

void
sim_exchange_advance(Exchange *exchange, int64_t now_ms)
{
	size_t		i;

	if (now_ms > exchange->now_ms)
		exchange->now_ms = now_ms;
	for (i = 0; i < exchange->order_count; i++)
	{
		SimOrder   *order = exchange->orders[i];

		if (order->status == ORDER_DELAYED && order->due_ms <= exchange->now_ms)
			match_delayed(exchange, order);
		else if (order->status == ORDER_LIVE && order->type == ORDER_GTD &&
				 (order->expiration_s - EXPIRY_MARGIN_S) * 1000 <= exchange->now_ms)
			sim_exchange_cancel(exchange, order);
	}
	for (i = exchange->trade_pending; i < exchange->trade_count; i++)
	{
		SimTrade   *trade = exchange->trades[i];

		while (trade->due_ms != 0 && trade->due_ms <= exchange->now_ms)
			step_trade(exchange, trade);
		if (trade->due_ms == 0 && i == exchange->trade_pending)
			exchange->trade_pending++;
	}
}

int64_t
sim_exchange_next_due(const Exchange *exchange)
{
	int64_t		due = INT64_MAX;
	size_t		i;

	for (i = exchange->order_count; i > 0 && i + 1000 > exchange->order_count; i--)
		if (exchange->orders[i - 1]->status == ORDER_DELAYED && exchange->orders[i - 1]->due_ms < due)
			due = exchange->orders[i - 1]->due_ms;
	for (i = exchange->trade_pending; i < exchange->trade_count; i++)
		if (exchange->trades[i]->due_ms != 0 && exchange->trades[i]->due_ms < due)
			due = exchange->trades[i]->due_ms;
	return due;
}
