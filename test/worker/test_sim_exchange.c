/*-------------------------------------------------------------------------
 *
 * test/worker/test_sim_exchange.c
 *	  The simulator's engine: what it accepts, what it refuses and in which
 *	  words, and that neither money nor shares appear from nowhere.
 *
 *-------------------------------------------------------------------------
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sim/buf.h"
#include "sim/exchange.h"

#define START_MS INT64_C(1790000000000)

typedef struct Desk
{
	Exchange	exchange;
	Market	   *market;
	Oracle		oracle;
	Wallet	   *alice;
	Wallet	   *bob;
	int			next_id;
	int			trades_told;
	int			last_status;
	OrderResult result;
} Desk;

static void
count_trade(void *context, const SimTrade *trade)
{
	Desk	   *desk = context;

	desk->trades_told++;
	desk->last_status = (int) trade->status;
}

static Wallet *
wallet_of(Desk *desk, uint8_t number)
{
	EthAddress	address;

	memset(&address, number, sizeof(address));
	return sim_exchange_wallet(&desk->exchange, &address);
}

static int
setup(void **state)
{
	Desk	   *desk = sim_alloc(sizeof(*desk));

	if (arb_eth_init() != NULL)
		return -1;
	sim_exchange_init(&desk->exchange, 1, 1000 * MICRO);
	desk->exchange.now_ms = START_MS;
	desk->exchange.mine_delay_ms = desk->exchange.confirm_delay_ms = 100;
	desk->exchange.events.context = desk;
	desk->exchange.events.trade = count_trade;
	desk->market = sim_alloc(sizeof(Market));
	desk->market->book = sim_alloc(sizeof(Book));
	desk->market->state = MARKET_OPEN;
	desk->market->tick = 100;
	desk->market->fee_rate_e6 = FEE_RATE_E6;
	desk->market->winner = -1;
	strcpy(desk->market->token[0], "111");
	strcpy(desk->market->token[1], "222");
	desk->alice = wallet_of(desk, 0xa1);
	desk->bob = wallet_of(desk, 0xb0);
	*state = desk;
	return 0;
}

static int
teardown(void **state)
{
	Desk	   *desk = *state;

	free(desk->market->book);
	free(desk->market);
	sim_exchange_free(&desk->exchange);
	free(desk);
	return 0;
}

static void
audit(Desk *desk)
{
	const char *problem = sim_exchange_audit(&desk->exchange, &desk->market, 1);

	if (problem != NULL)
		fail_msg("%s", problem);
}

/* Limit orders by price and size, market orders by the two amounts. */
static const OrderResult *
submit(Desk *desk, Wallet *wallet, int outcome, SimSide side, OrderType type, int64_t maker, int64_t taker)
{
	OrderRequest request;

	memset(&request, 0, sizeof(request));
	snprintf(request.id, sizeof(request.id), "0x%064d", ++desk->next_id);
	snprintf(request.owner, sizeof(request.owner), "key");
	request.wallet = wallet;
	request.market = desk->market;
	request.outcome = outcome;
	request.side = side;
	request.type = type;
	request.maker_amount = maker;
	request.taker_amount = taker;
	sim_exchange_submit(&desk->exchange, &request, &desk->result);
	audit(desk);
	return &desk->result;
}

static const OrderResult *
limit_order(Desk *desk, Wallet *wallet, int outcome, SimSide side, int price, int64_t shares)
{
	int64_t		money = sim_shares_value(shares, price);

	return side == SIDE_BUY ? submit(desk, wallet, outcome, side, ORDER_GTC, money, shares)
		: submit(desk, wallet, outcome, side, ORDER_GTC, shares, money);
}

static int64_t
shares_of(Desk *desk, Wallet *wallet, int outcome)
{
	return sim_wallet_holding(wallet, desk->market)->shares[outcome];
}

static void
assert_refused(const OrderResult *result, const char *words)
{
	assert_false(result->accepted);
	if (strstr(result->error, words) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", result->error, words);
}

static void
test_mint_transfer_merge(void **state)
{
	Desk	   *desk = *state;

	/* Two buyers of opposite tokens: a set is minted. */
	assert_true(limit_order(desk, desk->alice, 0, SIDE_BUY, 4000, 10 * MICRO)->accepted);
	assert_int_equal(desk->alice->reserved, 4 * MICRO);
	assert_true(limit_order(desk, desk->bob, 1, SIDE_BUY, 6000, 10 * MICRO)->accepted);
	assert_int_equal(desk->market->collateral, 10 * MICRO);
	assert_int_equal(shares_of(desk, desk->alice, 0), 10 * MICRO);
	assert_int_equal(shares_of(desk, desk->bob, 1), 10 * MICRO);
	assert_int_equal(desk->alice->cash, 996 * MICRO);
	assert_int_equal(desk->alice->reserved, 0);
	/* Bob was the taker: 6 dollars and 10 * 0.07 * 0.24 of fee. */
	assert_int_equal(desk->bob->cash, 994 * MICRO - 168000);
	/* Alice sells her token, Bob buys it: nothing is minted. */
	assert_true(limit_order(desk, desk->alice, 0, SIDE_SELL, 5000, 5 * MICRO)->accepted);
	assert_true(limit_order(desk, desk->bob, 0, SIDE_BUY, 5000, 5 * MICRO)->accepted);
	assert_int_equal(desk->market->collateral, 10 * MICRO);
	assert_int_equal(shares_of(desk, desk->bob, 0), 5 * MICRO);
	/* Two sellers of opposite tokens: sets are merged back. */
	assert_true(limit_order(desk, desk->bob, 1, SIDE_SELL, 4000, 5 * MICRO)->accepted);
	assert_true(limit_order(desk, desk->alice, 0, SIDE_SELL, 6000, 5 * MICRO)->accepted);
	assert_int_equal(desk->market->collateral, 5 * MICRO);
	assert_int_equal(shares_of(desk, desk->alice, 0), 0);
}

static void
test_price_improvement(void **state)
{
	Desk	   *desk = *state;

	limit_order(desk, desk->bob, 1, SIDE_BUY, 5000, 100 * MICRO);
	/* One dollar, up to 0.55: fills at 0.50, so two shares. */
	assert_true(submit(desk, desk->alice, 0, SIDE_BUY, ORDER_FAK, MICRO, 1818100)->accepted);
	assert_int_equal(desk->result.order->status, ORDER_MATCHED);
	assert_int_equal(desk->result.order->matched, 2 * MICRO);
	assert_int_equal(desk->result.order->matched_money, MICRO);
	assert_int_equal(desk->alice->cash, 999 * MICRO - 35000);
}

static void
test_refusals(void **state)
{
	Desk	   *desk = *state;
	int			orders;

	limit_order(desk, desk->bob, 1, SIDE_BUY, 5000, 100 * MICRO);
	orders = (int) desk->exchange.order_count;
	assert_refused(limit_order(desk, desk->alice, 0, SIDE_BUY, 4050, 10 * MICRO), "breaks minimum tick size rule: 0.01");
	assert_refused(limit_order(desk, desk->alice, 0, SIDE_BUY, 9950, 10 * MICRO), "breaks minimum tick size rule");
	assert_refused(limit_order(desk, desk->alice, 0, SIDE_BUY, 4000, 4 * MICRO), "Size (4) lower than the minimum: 5");
	assert_refused(limit_order(desk, desk->alice, 0, SIDE_BUY, 4000, 10 * MICRO + 1000), "2 decimals");
	assert_refused(limit_order(desk, desk->alice, 0, SIDE_BUY, 4000, 10000 * MICRO), "not enough balance / allowance");
	assert_refused(limit_order(desk, desk->alice, 0, SIDE_SELL, 4000, 10 * MICRO), "not enough balance / allowance");
	assert_refused(submit(desk, desk->alice, 0, SIDE_BUY, ORDER_FAK, 500000, MICRO), "min size: $1");
	assert_refused(submit(desk, desk->alice, 0, SIDE_BUY, ORDER_FAK, 1234567, 2 * MICRO), "max accuracy of 2 decimals");
	assert_refused(submit(desk, desk->alice, 0, SIDE_BUY, ORDER_FAK, MICRO, 10 * MICRO), "no orders found to match with FAK");
	assert_refused(submit(desk, desk->alice, 0, SIDE_BUY, ORDER_FOK, 90 * MICRO, 100 * MICRO + 1000000), "FOK orders are fully");
	assert_refused(submit(desk, desk->alice, 0, SIDE_BUY, ORDER_GTC, 0, MICRO), "higher than 0");
	assert_refused(submit(desk, desk->alice, 0, SIDE_BUY, ORDER_GTC, AMOUNT_MAX + 1, MICRO), "invalid amounts");
	assert_int_equal(desk->exchange.order_count, orders);
	desk->market->state = MARKET_CLOSED;
	assert_refused(limit_order(desk, desk->alice, 0, SIDE_BUY, 4000, 10 * MICRO), "the orderbook 111 does not exist");
}

/* The fee counts: exactly enough for the shares is not enough. */
static void
test_fee_in_balance(void **state)
{
	Desk	   *desk = *state;

	desk->exchange.deposited -= 990 * MICRO;
	desk->alice->cash = 10 * MICRO;
	limit_order(desk, desk->bob, 1, SIDE_BUY, 5000, 100 * MICRO);
	assert_refused(submit(desk, desk->alice, 0, SIDE_BUY, ORDER_FAK, 10 * MICRO, 20 * MICRO), "not enough balance");
	assert_true(submit(desk, desk->alice, 0, SIDE_BUY, ORDER_FAK, 9 * MICRO, 18 * MICRO)->accepted);
}

static void
test_duplicate(void **state)
{
	Desk	   *desk = *state;

	limit_order(desk, desk->alice, 0, SIDE_BUY, 4000, 10 * MICRO);
	desk->next_id--;
	assert_refused(limit_order(desk, desk->alice, 0, SIDE_BUY, 4000, 10 * MICRO), "Duplicated");
	/* Also once it is cancelled. */
	assert_null(sim_exchange_cancel(&desk->exchange, desk->exchange.orders[0]));
	desk->next_id--;
	assert_refused(limit_order(desk, desk->alice, 0, SIDE_BUY, 4000, 10 * MICRO), "Duplicated");
}

static void
test_post_only_and_cancel(void **state)
{
	Desk	   *desk = *state;
	OrderRequest request;
	SimOrder   *order;

	limit_order(desk, desk->bob, 1, SIDE_BUY, 5000, 100 * MICRO);
	memset(&request, 0, sizeof(request));
	strcpy(request.id, "0xpost");
	request.wallet = desk->alice;
	request.market = desk->market;
	request.side = SIDE_BUY;
	request.type = ORDER_GTC;
	request.maker_amount = 5 * MICRO;
	request.taker_amount = 10 * MICRO;
	request.post_only = true;
	sim_exchange_submit(&desk->exchange, &request, &desk->result);
	assert_refused(&desk->result, "invalid post-only order: order crosses book");
	request.maker_amount = 4 * MICRO;
	sim_exchange_submit(&desk->exchange, &request, &desk->result);
	assert_true(desk->result.accepted);
	order = desk->result.order;
	assert_int_equal(desk->alice->reserved, 4 * MICRO);
	assert_null(sim_exchange_cancel(&desk->exchange, order));
	assert_int_equal(desk->alice->reserved, 0);
	assert_non_null(sim_exchange_cancel(&desk->exchange, order));
	audit(desk);
}

static void
test_trade_statuses(void **state)
{
	Desk	   *desk = *state;

	limit_order(desk, desk->bob, 1, SIDE_BUY, 5000, 100 * MICRO);
	submit(desk, desk->alice, 0, SIDE_BUY, ORDER_FAK, 5 * MICRO, 10 * MICRO);
	assert_int_equal(desk->trades_told, 1);
	sim_exchange_advance(&desk->exchange, START_MS + 99);
	assert_int_equal(desk->trades_told, 1);
	sim_exchange_advance(&desk->exchange, START_MS + 100);
	assert_int_equal(desk->last_status, TRADE_MINED);
	assert_int_equal(sim_exchange_next_due(&desk->exchange), START_MS + 200);
	sim_exchange_advance(&desk->exchange, START_MS + 900);
	assert_int_equal(desk->last_status, TRADE_CONFIRMED);
	assert_int_equal(desk->trades_told, 3);
	assert_int_equal(sim_exchange_next_due(&desk->exchange), INT64_MAX);
}

/* A house maker against a failing trade: everything is as before it. */
static void
test_failed_trade_is_undone(void **state)
{
	Desk	   *desk = *state;
	OrderRequest request;
	BookOrder	quote;

	memset(&quote, 0, sizeof(quote));
	quote.wallet = desk->exchange.maker;
	quote.outcome = 1;
	quote.side = SIDE_BUY;
	quote.price = 5000;
	quote.remaining = 50 * MICRO;
	sim_book_insert(desk->market->book, &quote);
	memset(&request, 0, sizeof(request));
	strcpy(request.id, "0xfail");
	request.wallet = desk->alice;
	request.market = desk->market;
	request.side = SIDE_BUY;
	request.type = ORDER_FAK;
	request.maker_amount = 5 * MICRO;
	request.taker_amount = 10 * MICRO;
	request.fail_trades = true;
	sim_exchange_submit(&desk->exchange, &request, &desk->result);
	assert_true(desk->result.accepted);
	assert_int_equal(shares_of(desk, desk->alice, 0), 10 * MICRO);
	sim_exchange_advance(&desk->exchange, START_MS + 1000);
	assert_int_equal(desk->last_status, TRADE_FAILED);
	assert_int_equal(shares_of(desk, desk->alice, 0), 0);
	assert_int_equal(desk->alice->cash, 1000 * MICRO);
	assert_int_equal(desk->market->collateral, 0);
	audit(desk);
}

static void
test_partial_by_plan(void **state)
{
	Desk	   *desk = *state;
	OrderRequest request;

	limit_order(desk, desk->bob, 1, SIDE_BUY, 5000, 100 * MICRO);
	memset(&request, 0, sizeof(request));
	strcpy(request.id, "0xpartial");
	request.wallet = desk->alice;
	request.market = desk->market;
	request.side = SIDE_BUY;
	request.type = ORDER_FAK;
	request.maker_amount = 5 * MICRO;
	request.taker_amount = 10 * MICRO;
	request.partial_ppm = 300000;
	sim_exchange_submit(&desk->exchange, &request, &desk->result);
	assert_true(desk->result.accepted);
	assert_int_equal(desk->result.order->matched, 3 * MICRO);
	assert_int_equal(desk->result.order->status, ORDER_MATCHED);
	audit(desk);
}

static void
test_settlement_pays_on_redemption(void **state)
{
	Desk	   *desk = *state;
	int64_t		cash;

	limit_order(desk, desk->alice, 0, SIDE_BUY, 4000, 10 * MICRO);
	limit_order(desk, desk->bob, 1, SIDE_BUY, 6000, 10 * MICRO);
	limit_order(desk, desk->alice, 0, SIDE_BUY, 3000, 10 * MICRO);
	desk->market->state = MARKET_CLOSED;
	cash = desk->alice->cash;
	sim_exchange_resolve(&desk->exchange, desk->market, 0);
	audit(desk);
	assert_int_equal(desk->exchange.orders[2]->status, ORDER_RESOLVED);
	assert_int_equal(desk->alice->reserved, 0);
	assert_int_equal(desk->alice->cash, cash);
	assert_int_equal(sim_wallet_claimable(desk->alice), 10 * MICRO);
	assert_int_equal(sim_wallet_claimable(desk->bob), 0);
	assert_int_equal(sim_exchange_redeem(&desk->exchange, desk->alice, NULL), 10 * MICRO);
	assert_int_equal(sim_exchange_redeem(&desk->exchange, desk->alice, NULL), 0);
	assert_int_equal(sim_exchange_redeem(&desk->exchange, desk->bob, NULL), 0);
	assert_int_equal(desk->alice->cash, cash + 10 * MICRO);
	assert_int_equal(desk->market->collateral, 0);
	assert_int_equal(shares_of(desk, desk->bob, 1), 0);
	audit(desk);
}

static void
test_taker_delay(void **state)
{
	Desk	   *desk = *state;

	limit_order(desk, desk->bob, 1, SIDE_BUY, 5000, 100 * MICRO);
	desk->exchange.taker_delay_ms = 150;
	assert_true(submit(desk, desk->alice, 0, SIDE_BUY, ORDER_FAK, 5 * MICRO, 10 * MICRO)->accepted);
	assert_int_equal(desk->result.order->status, ORDER_DELAYED);
	assert_non_null(sim_exchange_cancel(&desk->exchange, desk->result.order));
	sim_exchange_advance(&desk->exchange, START_MS + 150);
	assert_int_equal(desk->result.order->status, ORDER_MATCHED);
	assert_int_equal(desk->result.order->matched, 10 * MICRO);
	/* The market closes during the hold: nothing happens but an end. */
	submit(desk, desk->alice, 0, SIDE_BUY, ORDER_FAK, 5 * MICRO, 10 * MICRO);
	desk->market->state = MARKET_CLOSED;
	sim_exchange_advance(&desk->exchange, START_MS + 400);
	assert_int_equal(desk->result.order->status, ORDER_CANCELED);
	audit(desk);
}

/* Random traders for a while: the audit runs after every order. */
static void
test_conservation(void **state)
{
	Desk	   *desk = *state;
	Rng			rng;
	int			i;

	sim_rng_seed(&rng, 42, 0);
	for (i = 0; i < 4000; i++)
	{
		Wallet	   *wallet = sim_rng_below(&rng, 2) == 0 ? desk->alice : desk->bob;
		int			outcome = (int) sim_rng_below(&rng, 2);
		SimSide	side = sim_rng_below(&rng, 3) == 0 ? SIDE_SELL : SIDE_BUY;
		int			price = (int) (1 + sim_rng_below(&rng, 99)) * 100;
		int64_t		shares = (int64_t) (500 + sim_rng_below(&rng, 3000)) * 10000;

		switch (sim_rng_below(&rng, 4))
		{
			case 0:
				if (side == SIDE_BUY)
					submit(desk, wallet, outcome, side, ORDER_FAK, (int64_t) (100 + sim_rng_below(&rng, 900)) * 10000,
						   (int64_t) (10000 + sim_rng_below(&rng, 200000)) * 100);
				else
					submit(desk, wallet, outcome, side, ORDER_FAK, shares, shares / 100 / 2 * 100);
				break;
			case 1:
				if (desk->exchange.order_count > 0)
					sim_exchange_cancel(&desk->exchange,
										desk->exchange.orders[sim_rng_below(&rng, desk->exchange.order_count)]);
				break;
			default:
				limit_order(desk, wallet, outcome, side, price, shares);
				break;
		}
		sim_exchange_advance(&desk->exchange, desk->exchange.now_ms + 40);
		audit(desk);
	}
	assert_true(desk->exchange.trade_count > 200);
	desk->market->state = MARKET_CLOSED;
	sim_exchange_resolve(&desk->exchange, desk->market, 1);
	sim_exchange_redeem(&desk->exchange, desk->alice, NULL);
	sim_exchange_redeem(&desk->exchange, desk->bob, NULL);
	assert_int_equal(desk->market->collateral, 0);
	assert_int_equal(desk->alice->cash + desk->bob->cash + desk->exchange.fees, 2000 * MICRO);
	audit(desk);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_mint_transfer_merge, setup, teardown),
		cmocka_unit_test_setup_teardown(test_price_improvement, setup, teardown),
		cmocka_unit_test_setup_teardown(test_refusals, setup, teardown),
		cmocka_unit_test_setup_teardown(test_fee_in_balance, setup, teardown),
		cmocka_unit_test_setup_teardown(test_duplicate, setup, teardown),
		cmocka_unit_test_setup_teardown(test_post_only_and_cancel, setup, teardown),
		cmocka_unit_test_setup_teardown(test_trade_statuses, setup, teardown),
		cmocka_unit_test_setup_teardown(test_failed_trade_is_undone, setup, teardown),
		cmocka_unit_test_setup_teardown(test_partial_by_plan, setup, teardown),
		cmocka_unit_test_setup_teardown(test_settlement_pays_on_redemption, setup, teardown),
		cmocka_unit_test_setup_teardown(test_taker_delay, setup, teardown),
		cmocka_unit_test_setup_teardown(test_conservation, setup, teardown),
	};

	return cmocka_run_group_tests_name("sim_exchange", tests, NULL, NULL);
}
