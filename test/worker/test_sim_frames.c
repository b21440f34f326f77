/*-------------------------------------------------------------------------
 *
 * test/worker/test_sim_frames.c
 *	  What the simulator says, read by the trader's own parsers.
 *
 * Both were written from the venue's documents, apart from each other: a book
 * kept from frames alone must stay equal to the book that made them.
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
#include "sim/frames.h"
#include "venue/polymarket/book.h"
#include "venue/polymarket/parse.h"
#include "sim/world.h"

typedef struct Stage
{
	Exchange	exchange;
	World		world;
	Market	   *market;
	OrderBook	copy[2];
	Buf			text;
	int			tick_changes;
	int			trades;
	int64_t		traded_shares;
	int64_t		traded_money;
	int			order_events;
} Stage;

static void
apply(Stage *stage)
{
	PmMarketFrame frame;
	ParseError	error;
	size_t		i;

	if (!arb_pm_parse_market(stage->text.data, stage->text.len, &frame, &error))
		fail_msg("%s: %s", error.context, stage->text.data);
	for (i = 0; i < frame.count; i++)
	{
		assert_true(frame.events[i].kind != PM_MARKET_UNKNOWN);
		arb_book_apply(&stage->copy[0], &frame.events[i]);
		arb_book_apply(&stage->copy[1], &frame.events[i]);
	}
	arb_pm_market_frame_free(&frame);
	sim_buf_reset(&stage->text);
}

static void
compare(Stage *stage)
{
	int			outcome;

	for (outcome = 0; outcome < 2; outcome++)
	{
		BookTop		top;
		int			bid;
		int			ask;
		int			list = sim_book_list_of(outcome, SIDE_BUY);

		sim_book_quote(stage->market->book, outcome, &bid, &ask);
		assert_true(arb_book_top(&stage->copy[outcome], &top));
		assert_int_equal(top.bid, bid * 100);
		assert_int_equal(top.ask, ask < PRICE_ONE ? ask * 100 : 0);
		if (bid > 0)
			assert_int_equal(arb_book_depth(&stage->copy[outcome], ORDER_SIDE_SELL, top.bid),
							 stage->market->book->depth[list][sim_price_in_up(outcome, bid)]);
	}
}

static void
send_books(Stage *stage)
{
	int			outcome;

	for (outcome = 0; outcome < 2; outcome++)
	{
		sim_frame_book(&stage->text, stage->market, outcome, true);
		apply(stage);
	}
}

static void
on_tick_size(void *context, Market *market, int old_tick)
{
	Stage	   *stage = context;
	int			outcome;

	if (market != stage->market)
		return;
	stage->tick_changes++;
	for (outcome = 0; outcome < 2; outcome++)
	{
		sim_frame_tick_size(&stage->text, market, outcome, old_tick, 1);
		apply(stage);
	}
	send_books(stage);
}

static void
on_trade(void *context, const SimTrade *trade)
{
	Stage	   *stage = context;
	PmUserFrame frame;
	PmFill		fill;
	ParseError	error;
	Buf			text = {0};

	sim_frame_trade(&text, trade, &trade->wallet->owner, true);
	if (!arb_pm_parse_user(text.data, text.len, &frame, &error))
		fail_msg("%s: %s", error.context, text.data);
	assert_int_equal(frame.count, 1);
	assert_int_equal(frame.events[0].kind, PM_USER_TRADE);
	assert_string_equal(arb_pm_trade_status_name(frame.events[0].u.trade.status), sim_trade_status_text(trade->status));
	assert_true(frame.events[0].u.trade.we_are_taker);
	assert_true(arb_pm_trade_fill(&frame.events[0].u.trade, trade->taker_id, &fill));
	assert_int_equal(fill.size, trade->shares);
	assert_int_equal(fill.price, trade->price * 100);
	assert_false(fill.is_maker);
	assert_true(arb_pm_trade_fill(&frame.events[0].u.trade, trade->makers[0].order_id, &fill));
	assert_true(fill.is_maker);
	assert_string_equal(fill.token_id, trade->market->token[trade->makers[0].outcome]);
	assert_int_equal(fill.side, trade->makers[0].side == SIDE_BUY ? ORDER_SIDE_BUY : ORDER_SIDE_SELL);
	arb_pm_user_frame_free(&frame);
	if (trade->status == TRADE_MATCHED)
	{
		stage->trades++;
		stage->traded_shares += trade->shares;
		stage->traded_money += trade->money;
	}
	sim_buf_free(&text);
}

static void
on_order(void *context, const SimOrder *order, OrderEvent event)
{
	Stage	   *stage = context;
	PmUserFrame frame;
	ParseError	error;
	Buf			text = {0};

	sim_frame_order_event(&text, order, event, 1790000000123);
	if (!arb_pm_parse_user(text.data, text.len, &frame, &error))
		fail_msg("%s: %s", error.context, text.data);
	assert_int_equal(frame.events[0].kind, PM_USER_ORDER);
	assert_string_equal(frame.events[0].u.order.id, order->id);
	assert_int_equal(frame.events[0].u.order.size_matched, order->matched);
	assert_int_equal(frame.events[0].u.order.original_size, order->original);
	assert_int_equal(frame.events[0].u.order.price, order->price * 100);
	assert_int_equal(frame.events[0].u.order.timestamp_ms, 1790000000123);
	stage->order_events++;
	arb_pm_user_frame_free(&frame);
	sim_buf_free(&text);
}

static void
on_price(void *context, const Oracle *oracle)
{
	Stage	   *stage = context;
	PmPriceFrame frame;
	ParseError	error;
	char		decimal[PRICE_E18_TEXT_SIZE];

	sim_frame_price(&stage->text, oracle, TOPIC_CHAINLINK, "c", 1);
	assert_true(arb_pm_parse_price(stage->text.data, stage->text.len, &frame, &error));
	assert_int_equal(frame.kind, PM_PRICE_UPDATE);
	sim_price_decimal(oracle->price, decimal);
	assert_string_equal(frame.points[0].value, decimal);
	assert_int_equal(frame.points[0].timestamp_ms, oracle->tick_s * 1000);
	arb_pm_price_frame_free(&frame);
	sim_buf_reset(&stage->text);
	sim_frame_price_history(&stage->text, oracle, TOPIC_CHAINLINK, 1);
	assert_true(arb_pm_parse_price(stage->text.data, stage->text.len, &frame, &error));
	assert_int_equal(frame.kind, PM_PRICE_HISTORY);
	assert_string_equal(frame.topic, sim_topic_name(TOPIC_CHAINLINK));
	assert_int_equal(frame.count, oracle->ring_count);
	arb_pm_price_frame_free(&frame);
	sim_buf_reset(&stage->text);
}

static void
buy_something(Stage *stage, int number)
{
	OrderRequest request;
	OrderResult result;
	EthAddress	address;

	memset(&address, 7, sizeof(address));
	memset(&request, 0, sizeof(request));
	snprintf(request.id, sizeof(request.id), "0x%064d", number);
	snprintf(request.owner, sizeof(request.owner), "key");
	request.wallet = sim_exchange_wallet(&stage->exchange, &address);
	request.market = stage->market;
	request.outcome = number % 2;
	request.side = SIDE_BUY;
	request.type = number % 5 == 0 ? ORDER_GTC : ORDER_FAK;
	request.maker_amount = request.type == ORDER_GTC ? 200000 : MICRO;
	request.taker_amount = request.type == ORDER_GTC ? 10 * MICRO : 1010100;
	sim_exchange_submit(&stage->exchange, &request, &result);
	sim_exchange_advance(&stage->exchange, stage->exchange.now_ms);
}

static void
test_a_window_from_frames_alone(void **state)
{
	WorldOptions options = {.seed = 21, .window_s = 120, .resolve_delay_ms = 1000, .tick = 100,
	.tick_changes = true, .volatility_ppm = 90, .assets = "btc"};
	Stage	   *stage = sim_alloc(sizeof(*stage));
	char		error[200];
	int			i;

	sim_exchange_init(&stage->exchange, 21, 1000 * MICRO);
	assert_true(sim_world_init(&stage->world, &options, &stage->exchange, error, sizeof(error)));
	sim_world_begin(&stage->world, sim_world_driven_start_ms(&stage->world));
	sim_world_step(&stage->world, stage->world.now_ms + 1000);
	stage->market = stage->world.markets[1];
	arb_book_init(&stage->copy[0], stage->market->token[0]);
	arb_book_init(&stage->copy[1], stage->market->token[1]);
	send_books(stage);
	sim_book_clear_touched(stage->market->book);
	stage->world.events = (WorldEvents) {stage, on_price, NULL, on_tick_size, NULL};
	stage->exchange.events = (ExchangeEvents) {stage, on_order, on_trade, NULL};
	for (i = 0; sim_market_tradable(stage->market); i++)
	{
		sim_world_step(&stage->world, stage->world.now_ms + 1000);
		if (stage->market->book == NULL || !sim_market_tradable(stage->market))
			break;
		buy_something(stage, i + 1);
		sim_frame_price_change(&stage->text, stage->market);
		sim_book_clear_touched(stage->market->book);
		apply(stage);
		compare(stage);
	}
	assert_true(i >= 100);
	assert_true(stage->trades > 20);
	assert_true(stage->order_events > 20);
	assert_null(sim_exchange_audit(&stage->exchange, stage->world.markets, stage->world.market_count));
	arb_book_free(&stage->copy[0]);
	arb_book_free(&stage->copy[1]);
	sim_buf_free(&stage->text);
	sim_world_free(&stage->world);
	sim_exchange_free(&stage->exchange);
	free(stage);
}

static void
test_clock_frame(void **state)
{
	Buf			text = {0};
	PmMarketFrame market;
	PmUserFrame user;
	PmPriceFrame price;
	ParseError	error;

	sim_frame_clock(&text, 42, 1790000000000);
	assert_true(arb_pm_parse_market(text.data, text.len, &market, &error));
	assert_int_equal(market.events[0].kind, PM_MARKET_CLOCK);
	assert_int_equal(market.events[0].u.clock.seq, 42);
	assert_int_equal(market.events[0].timestamp_ms, 1790000000000);
	arb_pm_market_frame_free(&market);
	assert_true(arb_pm_parse_user(text.data, text.len, &user, &error));
	assert_int_equal(user.events[0].u.clock.seq, 42);
	arb_pm_user_frame_free(&user);
	assert_true(arb_pm_parse_price(text.data, text.len, &price, &error));
	assert_int_equal(price.kind, PM_PRICE_CLOCK);
	assert_int_equal(price.seq, 42);
	assert_int_equal(price.sent_ms, 1790000000000);
	arb_pm_price_frame_free(&price);
	sim_buf_free(&text);
}

static int
setup(void **state)
{
	return arb_eth_init() == NULL ? 0 : -1;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_window_from_frames_alone),
		cmocka_unit_test(test_clock_frame),
	};

	return cmocka_run_group_tests_name("sim_frames", tests, setup, NULL);
}
