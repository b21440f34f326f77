/*-------------------------------------------------------------------------
 *
 * test/worker/test_polymarket_book.c
 *	  Order books: snapshots, changes, divergence.
 *
 *-------------------------------------------------------------------------
 */
#include "fixture.h"

#include "../../worker/venue/polymarket/book.h"

#define SNAPSHOT \
	"{\"event_type\":\"book\",\"market\":\"0xaa\",\"asset_id\":\"11\",\"timestamp\":\"1790877850652\",\"hash\":\"h1\"," \
	"\"bids\":[{\"price\":\"0.48\",\"size\":\"30\"},{\"price\":\"0.49\",\"size\":\"20\"},{\"price\":\"0.50\",\"size\":\"15\"}]," \
	"\"asks\":[{\"price\":\"0.54\",\"size\":\"10\"},{\"price\":\"0.53\",\"size\":\"60\"},{\"price\":\"0.52\",\"size\":\"25\"}]," \
	"\"tick_size\":\"0.01\"}"

/* Parses a frame and applies all of its events; the last change counts. */
static BookChange
apply(OrderBook *book, const char *text)
{
	PmMarketFrame frame;
	ParseError	error;
	BookChange	change = BOOK_CHANGE_NONE;

	if (!arb_pm_parse_market(text, strlen(text), &frame, &error))
		fail_msg("%s: %s", arb_parse_error_name(error.kind), error.context);
	for (size_t i = 0; i < frame.count; i++)
		change = arb_book_apply(book, &frame.events[i]);
	arb_pm_market_frame_free(&frame);
	return change;
}

static BookChange
change_level(OrderBook *book, const char *side, const char *price, const char *size, const char *best)
{
	char		text[512];

	snprintf(text, sizeof(text), "{\"event_type\":\"price_change\",\"market\":\"0xaa\",\"timestamp\":\"1790877850700\","
			 "\"price_changes\":[{\"asset_id\":\"11\",\"price\":\"%s\",\"size\":\"%s\",\"side\":\"%s\",\"hash\":\"h\"%s}]}",
			 price, size, side, best);
	return apply(book, text);
}

static void
assert_top(const OrderBook *book, int64_t bid, int64_t bid_size, int64_t ask, int64_t ask_size)
{
	BookTop		top;

	assert_true(arb_book_top(book, &top));
	assert_int_equal(top.bid, bid);
	assert_int_equal(top.bid_size, bid_size);
	assert_int_equal(top.ask, ask);
	assert_int_equal(top.ask_size, ask_size);
}

static void
test_snapshot(void **state)
{
	OrderBook	book;
	BookTop		top;

	arb_book_init(&book, "11");
	assert_false(arb_book_top(&book, &top));
	assert_int_equal(apply(&book, SNAPSHOT), BOOK_CHANGE_TOP);
	assert_top(&book, 500000, 15000000, 520000, 25000000);
	assert_int_equal(book.tick_size, 10000);
	assert_string_equal(book.hash, "h1");
	assert_int_equal(apply(&book, SNAPSHOT), BOOK_CHANGE_DEPTH);
	assert_int_equal(arb_book_depth(&book, ORDER_SIDE_BUY, 530000), 85000000);
	assert_int_equal(arb_book_depth(&book, ORDER_SIDE_SELL, 490000), 35000000);
	assert_int_equal(arb_book_depth(&book, ORDER_SIDE_BUY, 510000), 0);
	arb_book_free(&book);
}

static void
test_changes(void **state)
{
	OrderBook	book;

	arb_book_init(&book, "11");
	/* Before the snapshot a change says nothing. */
	assert_int_equal(change_level(&book, "BUY", "0.51", "5", ""), BOOK_CHANGE_IGNORED);
	apply(&book, SNAPSHOT);
	assert_int_equal(change_level(&book, "BUY", "0.51", "5", ""), BOOK_CHANGE_TOP);
	assert_top(&book, 510000, 5000000, 520000, 25000000);
	assert_int_equal(change_level(&book, "BUY", "0.51", "7.5", ""), BOOK_CHANGE_TOP);
	assert_top(&book, 510000, 7500000, 520000, 25000000);
	assert_int_equal(change_level(&book, "BUY", "0.51", "0", ""), BOOK_CHANGE_TOP);
	assert_top(&book, 500000, 15000000, 520000, 25000000);
	assert_int_equal(change_level(&book, "SELL", "0.90", "1", ""), BOOK_CHANGE_DEPTH);
	assert_int_equal(change_level(&book, "SELL", "0.91", "0", ""), BOOK_CHANGE_DEPTH);
	assert_int_equal(book.asks.count, 4);
	assert_int_equal(change_level(&book, "SELL", "0.52", "0", ",\"best_bid\":\"0.5\",\"best_ask\":\"0.53\""),
					 BOOK_CHANGE_TOP);
	arb_book_free(&book);
}

static void
test_other_tokens_are_ignored(void **state)
{
	OrderBook	book;

	arb_book_init(&book, "12");
	assert_int_equal(apply(&book, SNAPSHOT), BOOK_CHANGE_IGNORED);
	arb_book_free(&book);
	arb_book_init(&book, "11");
	apply(&book, SNAPSHOT);
	assert_int_equal(apply(&book, "{\"event_type\":\"price_change\",\"market\":\"0xaa\",\"timestamp\":\"1790877850700\","
						   "\"price_changes\":[{\"asset_id\":\"12\",\"price\":\"0.51\",\"size\":\"5\",\"side\":\"BUY\","
						   "\"best_bid\":\"0.51\",\"best_ask\":\"0.52\"}]}"), BOOK_CHANGE_IGNORED);
	assert_top(&book, 500000, 15000000, 520000, 25000000);
	arb_book_free(&book);
}

static void
test_empty_sides(void **state)
{
	OrderBook	book;

	arb_book_init(&book, "11");
	apply(&book, SNAPSHOT);
	change_level(&book, "SELL", "0.52", "0", "");
	change_level(&book, "SELL", "0.53", "0", "");
	assert_int_equal(change_level(&book, "SELL", "0.54", "0", ",\"best_bid\":\"0.50\",\"best_ask\":\"1\""),
					 BOOK_CHANGE_TOP);
	assert_top(&book, 500000, 15000000, 0, 0);
	arb_book_free(&book);
}

static void
test_divergence_drops(void **state)
{
	OrderBook	book;
	BookTop		top;

	arb_book_init(&book, "11");
	apply(&book, SNAPSHOT);
	assert_int_equal(change_level(&book, "BUY", "0.47", "5", ",\"best_bid\":\"0.49\",\"best_ask\":\"0.52\""),
					 BOOK_CHANGE_DROPPED);
	assert_false(arb_book_top(&book, &top));
	assert_int_equal(arb_book_depth(&book, ORDER_SIDE_BUY, 990000), 0);
	assert_true(book.drop_reason[0] != '\0');
	/* Only a snapshot revives it. */
	assert_int_equal(change_level(&book, "BUY", "0.47", "5", ""), BOOK_CHANGE_IGNORED);
	assert_int_equal(apply(&book, SNAPSHOT), BOOK_CHANGE_TOP);
	/* A crossed book has lost a message. */
	assert_int_equal(change_level(&book, "BUY", "0.52", "5", ""), BOOK_CHANGE_DROPPED);
	arb_book_free(&book);
}

static void
test_best_bid_ask(void **state)
{
	static const char agreeing[] = "{\"event_type\":\"best_bid_ask\",\"market\":\"0xaa\",\"asset_id\":\"11\","
	"\"best_bid\":\"0.50\",\"best_ask\":\"0.52\",\"spread\":\"0.02\",\"timestamp\":\"1790877850800\"}";
	static const char differing[] = "{\"event_type\":\"best_bid_ask\",\"market\":\"0xaa\",\"asset_id\":\"11\","
	"\"best_bid\":\"0.51\",\"best_ask\":\"0.52\",\"spread\":\"0.01\",\"timestamp\":\"1790877850800\"}";
	static const char old[] = "{\"event_type\":\"best_bid_ask\",\"market\":\"0xaa\",\"asset_id\":\"11\","
	"\"best_bid\":\"0.51\",\"best_ask\":\"0.52\",\"spread\":\"0.01\",\"timestamp\":\"1790877850000\"}";
	OrderBook	book;

	arb_book_init(&book, "11");
	apply(&book, SNAPSHOT);
	assert_int_equal(apply(&book, agreeing), BOOK_CHANGE_NONE);
	assert_int_equal(apply(&book, old), BOOK_CHANGE_IGNORED);
	/* Once it may have overtaken the change itself ... */
	assert_int_equal(apply(&book, differing), BOOK_CHANGE_NONE);
	assert_int_equal(change_level(&book, "BUY", "0.51", "5", ""), BOOK_CHANGE_TOP);
	assert_int_equal(apply(&book, agreeing), BOOK_CHANGE_NONE);
	/* ... twice without a change it has not. */
	assert_int_equal(apply(&book, agreeing), BOOK_CHANGE_DROPPED);
	arb_book_free(&book);
}

static void
test_tick_size_change_drops(void **state)
{
	OrderBook	book;
	BookTop		top;

	arb_book_init(&book, "11");
	apply(&book, SNAPSHOT);
	assert_int_equal(apply(&book, "{\"event_type\":\"tick_size_change\",\"market\":\"0xaa\",\"asset_id\":\"11\","
						   "\"old_tick_size\":\"0.01\",\"new_tick_size\":\"0.001\",\"timestamp\":\"1790877850800\"}"),
					 BOOK_CHANGE_DROPPED);
	assert_false(arb_book_top(&book, &top));
	assert_int_equal(book.tick_size, 1000);
	arb_book_free(&book);
}

/* Against a plain array indexed by price, over many changes. */
static void
test_many_changes(void **state)
{
	int64_t		sizes[1000] = {0};
	unsigned	seed = 12345;
	OrderBook	book;
	size_t		levels = 0;

	arb_book_init(&book, "11");
	apply(&book, "{\"event_type\":\"book\",\"market\":\"0xaa\",\"asset_id\":\"11\",\"timestamp\":\"1\",\"bids\":[],\"asks\":[]}");
	for (int i = 0; i < 20000; i++)
	{
		PmPriceChange change = {.token_id = "11", .side = ORDER_SIDE_BUY};
		PmMarketEvent event = {.kind = PM_MARKET_PRICE_CHANGE};

		seed = seed * 1103515245u + 12345u;
		change.price = (seed >> 16) % 999 + 1;
		seed = seed * 1103515245u + 12345u;
		change.size = (seed >> 16) % 3;
		sizes[change.price] = change.size;
		event.u.price_change.changes = &change;
		event.u.price_change.count = 1;
		arb_book_apply(&book, &event);
	}
	for (int64_t price = 1; price < 1000; price++)
	{
		if (sizes[price] == 0)
			continue;
		assert_true(levels < book.bids.count);
		assert_int_equal(book.bids.levels[levels].price, price);
		assert_int_equal(book.bids.levels[levels].size, sizes[price]);
		levels++;
	}
	assert_int_equal(levels, book.bids.count);
	arb_book_free(&book);
}

static void
assert_number(const uint8_t *p, uint64_t expected)
{
	uint64_t	value = 0;
	int			i;

	for (i = 0; i < 8; i++)
		value = value << 8 | p[i];
	assert_int_equal(value, expected);
}

static void
test_pack(void **state)
{
	uint8_t		packed[BOOK_PACK_MAX];
	OrderBook	book;
	int			i;

	arb_book_init(&book, "11");
	assert_int_equal(arb_book_pack(&book, packed), 0);
	apply(&book, SNAPSHOT);
	assert_int_equal(arb_book_pack(&book, packed), 3 + (book.bids.count + book.asks.count) * 16);
	assert_int_equal(packed[0], 1);
	assert_int_equal(packed[1], book.bids.count);
	assert_int_equal(packed[2], book.asks.count);
	/* The best of each side first: 0.50 x 15, then the next bid below; 0.52 x 25 begins the asks. */
	assert_number(packed + 3, 50000000);
	assert_number(packed + 11, 1500000000);
	assert_number(packed + 19, (uint64_t) book.bids.levels[book.bids.count - 2].price * 100);
	assert_true(book.bids.levels[book.bids.count - 2].price < 500000);
	assert_number(packed + 3 + book.bids.count * 16, 52000000);
	assert_number(packed + 11 + book.bids.count * 16, UINT64_C(2500000000));

	/* Ten levels a side and no more; an empty side has none. */
	for (i = 0; i < 12; i++)
	{
		char		price[8];

		snprintf(price, sizeof(price), "0.%02d", 54 + i);
		change_level(&book, "SELL", price, "3", "");
	}
	assert_int_equal(arb_book_pack(&book, packed), 3 + (book.bids.count + 10) * 16);
	assert_int_equal(packed[2], 10);
	while (book.bids.count > 0)
	{
		char		price[DECIMAL_TEXT_SIZE];

		arb_decimal_format_micro(book.bids.levels[0].price, price);
		change_level(&book, "BUY", price, "0", "");
	}
	assert_int_equal(arb_book_pack(&book, packed), 3 + 10 * 16);
	assert_int_equal(packed[1], 0);
	assert_number(packed + 3, 52000000);

	/* A size beyond what the database counts: better no levels than wrong ones. */
	change_level(&book, "SELL", "0.51", "100000000000", "");
	assert_int_equal(arb_book_pack(&book, packed), 0);
	arb_book_free(&book);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_snapshot),
		cmocka_unit_test(test_pack),
		cmocka_unit_test(test_changes),
		cmocka_unit_test(test_other_tokens_are_ignored),
		cmocka_unit_test(test_empty_sides),
		cmocka_unit_test(test_divergence_drops),
		cmocka_unit_test(test_best_bid_ask),
		cmocka_unit_test(test_tick_size_change_drops),
		cmocka_unit_test(test_many_changes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
