/*-------------------------------------------------------------------------
 *
 * test/worker/test_feed.c
 *	  Slug arithmetic, coalescing of quotes, the barrier, the window table.
 *
 *-------------------------------------------------------------------------
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "feed/barrier.h"
#include "feed/quotes.h"
#include "feed/slug.h"
#include "feed/window.h"
#include "venue/polymarket/endpoints.h"

static const SlugSeries FiveMinutes = {
	.prefix = "btc-updown-5m", .underlying = "BTC", .feed_symbol = "btc/usd",
	.feed_topic = "crypto_prices_chainlink", .seconds = 300
};

static void
slug_opening_is_the_multiple_at_or_before(void **state)
{
	assert_int_equal(arb_slug_opening(&FiveMinutes, INT64_C(1784850900) * 1000), 1784850900);
	assert_int_equal(arb_slug_opening(&FiveMinutes, INT64_C(1784851199) * 1000 + 999), 1784850900);
	assert_int_equal(arb_slug_opening(&FiveMinutes, INT64_C(1784851200) * 1000), 1784851200);
}

static void
slug_plan_lists_around_the_present(void **state)
{
	int64_t		opens[8];
	char		slug[SLUG_SIZE];

	assert_int_equal(arb_slug_plan(&FiveMinutes, INT64_C(1784851000000), 1, 2, opens, 8), 4);
	assert_int_equal(opens[0], 1784850600);
	assert_int_equal(opens[3], 1784851500);
	assert_true(arb_slug_format(&FiveMinutes, opens[1], slug));
	assert_string_equal(slug, "btc-updown-5m-1784850900");
	/* A full array ends the list; a series begins with the epoch. */
	assert_int_equal(arb_slug_plan(&FiveMinutes, INT64_C(1784851000000), 48, 2, opens, 8), 8);
	assert_int_equal(arb_slug_plan(&FiveMinutes, 1000, 5, 1, opens, 8), 2);
	assert_int_equal(opens[0], 0);
}

static void
slug_plan_refuses_a_series_without_length(void **state)
{
	SlugSeries	broken = FiveMinutes;
	int64_t		opens[4];

	broken.seconds = 0;
	assert_int_equal(arb_slug_plan(&broken, INT64_C(1784851000000), 1, 2, opens, 4), 0);
}

static QuoteTop
top_of(int64_t bid, int64_t ask)
{
	QuoteTop	top = {.bid = bid,.bid_size = 5000000,.ask = ask,.ask_size = 7000000};

	return top;
}

static void
quotes_keep_only_the_newest(void **state)
{
	static QuoteSet set;
	QuoteBatch	batch;
	QuoteTop	first = top_of(500000, 520000);
	QuoteTop	second = top_of(510000, 530000);

	arb_quotes_init(&set);
	arb_quote_batch_init(&batch);
	assert_false(arb_quotes_pending(&set));
	assert_true(arb_quotes_put(&set, 7, &first, 1000, 250));
	assert_true(arb_quotes_put(&set, 9, &first, 1000, 250));
	assert_true(arb_quotes_put(&set, 7, &second, 1100, 250));
	assert_true(arb_quotes_take(&set, &batch));
	assert_int_equal(batch.quotes, 2);
	assert_string_equal(batch.instruments.data, "{7,9}");
	assert_string_equal(batch.bids.data, "{0.51,0.5}");
	assert_string_equal(batch.asks.data, "{0.53,0.52}");
	assert_string_equal(batch.ask_sizes.data, "{7,7}");
	assert_string_equal(batch.source_ms.data, "{1100,1000}");
	assert_false(arb_quotes_pending(&set));

	/* An unchanged quote is news only when it is clearly younger. */
	assert_false(arb_quotes_put(&set, 7, &second, 1200, 250));
	assert_true(arb_quotes_put(&set, 7, &second, 1350, 250));
	arb_quotes_forget(&set, 7);
	assert_false(arb_quotes_pending(&set));
	arb_quote_batch_free(&batch);
}

static void
quotes_write_an_empty_side_as_null(void **state)
{
	static QuoteSet set;
	QuoteBatch	batch;
	QuoteTop	no_bid = top_of(0, 990000);

	arb_quotes_init(&set);
	arb_quote_batch_init(&batch);
	assert_true(arb_quotes_put(&set, 1, &no_bid, 5, 250));
	assert_true(arb_quotes_take(&set, &batch));
	assert_string_equal(batch.bids.data, "{NULL}");
	assert_string_equal(batch.bid_sizes.data, "{NULL}");
	assert_string_equal(batch.asks.data, "{0.99}");
	arb_quote_batch_free(&batch);
}

static void
levels_wait_for_news_and_are_told_with_it(void **state)
{
	static QuoteSet set;
	QuoteBatch	batch;
	QuoteTop	first = top_of(500000, 520000);
	QuoteTop	second = top_of(500000, 520000);

	arb_quotes_init(&set);
	arb_quote_batch_init(&batch);
	first.book_len = 3;
	memcpy(first.book, "\001\000\000", 3);
	second.book_len = 4;
	memcpy(second.book, "\001\002\377\243", 4);
	assert_true(arb_quotes_put(&set, 7, &first, 1000, 250));
	assert_true(arb_quotes_put(&set, 9, &first, 1000, 250));
	assert_true(arb_quotes_take(&set, &batch));
	assert_string_equal(batch.books.data, "{\"\\\\x010000\",\"\\\\x010000\"}");

	/* Behind the best prices something moved: that wakes nobody, but whoever is woken sees it. */
	assert_false(arb_quotes_put(&set, 7, &second, 1010, 250));
	assert_false(arb_quotes_put(&set, 7, &second, 1020, 250));
	assert_false(arb_quotes_pending(&set));
	assert_true(arb_quotes_take(&set, &batch));
	assert_string_equal(batch.instruments.data, "{7}");
	assert_string_equal(batch.source_ms.data, "{1020}");
	assert_string_equal(batch.books.data, "{\"\\\\x0102ffa3\"}");
	assert_true(arb_quotes_take(&set, &batch));
	assert_string_equal(batch.books.data, "{}");

	/* A book that cannot be told is no book. */
	second.book_len = 0;
	second.bid = 510000;
	assert_true(arb_quotes_put(&set, 7, &second, 1030, 250));
	assert_true(arb_quotes_take(&set, &batch));
	assert_string_equal(batch.books.data, "{NULL}");
	arb_quote_batch_free(&batch);
}

static void
trades_wait_for_news_and_are_all_told(void **state)
{
	static QuoteSet set;
	QuoteBatch	batch;
	QuoteTop	top = top_of(500000, 520000);
	int			i;

	arb_quotes_init(&set);
	arb_quote_batch_init(&batch);
	arb_quotes_trade(&set, 7, 510000, 12340000, 1000);
	arb_quotes_trade(&set, 7, 510000, 12340000, 1000);
	arb_quotes_trade(&set, 9, 490000, 5000000, 1001);
	assert_false(arb_quotes_pending(&set));
	assert_true(arb_quotes_put(&set, 7, &top, 1001, 250));
	assert_true(arb_quotes_take(&set, &batch));
	assert_int_equal(batch.trades, 3);
	assert_string_equal(batch.trade_instruments.data, "{7,7,9}");
	assert_string_equal(batch.trade_prices.data, "{0.51,0.51,0.49}");
	assert_string_equal(batch.trade_sizes.data, "{12.34,12.34,5}");
	assert_string_equal(batch.trade_ms.data, "{1000,1000,1001}");
	assert_true(arb_quotes_take(&set, &batch));
	assert_int_equal(batch.trades, 0);
	assert_string_equal(batch.trade_instruments.data, "{}");

	/* When too many wait, the oldest go and are counted. */
	for (i = 0; i < TRADES_MAX + 2; i++)
		arb_quotes_trade(&set, 7, 500000, 1000000, i);
	assert_int_equal(set.trades_lost, 2);
	assert_int_equal(set.trades[0].source_ms, 2);
	assert_int_equal(set.trade_count, TRADES_MAX);
	arb_quote_batch_free(&batch);
}

static void
prices_are_never_coalesced(void **state)
{
	static QuoteSet set;
	QuoteBatch	batch;
	int			i;

	arb_quotes_init(&set);
	arb_quote_batch_init(&batch);
	assert_true(arb_quotes_price(&set, "BTC", "117000.5", 1000));
	assert_true(arb_quotes_price(&set, "A\"B", "1", 2000));
	assert_true(arb_quotes_take(&set, &batch));
	assert_string_equal(batch.underlyings.data, "{\"BTC\",\"A\\\"B\"}");
	assert_string_equal(batch.prices.data, "{117000.5,1}");
	assert_string_equal(batch.price_ms.data, "{1000,2000}");
	assert_string_equal(batch.instruments.data, "{}");

	/* When too many wait, the oldest go and are counted. */
	for (i = 0; i < PRICES_MAX + 3; i++)
		assert_true(arb_quotes_price(&set, "BTC", "1", i));
	assert_int_equal(set.prices_lost, 3);
	assert_int_equal(set.prices[0].source_ms, 3);
	arb_quote_batch_free(&batch);
}

static void
barrier_waits_for_every_channel(void **state)
{
	Barrier		barrier;
	int64_t		seq;
	int64_t		time_ms;

	arb_barrier_init(&barrier);
	arb_barrier_open(&barrier, BARRIER_MARKET, true);
	arb_barrier_open(&barrier, BARRIER_PRICE, true);
	arb_barrier_open(&barrier, BARRIER_USER, true);
	arb_barrier_clock(&barrier, BARRIER_MARKET, 1, 1000);
	assert_false(arb_barrier_begin(&barrier, &seq, &time_ms));
	arb_barrier_clock(&barrier, BARRIER_PRICE, 1, 1000);
	/* The user channel has not shown a clock yet: it may have missed this one. */
	assert_true(arb_barrier_begin(&barrier, &seq, &time_ms));
	assert_int_equal(seq, 1);
	assert_int_equal(time_ms, 1000);
	assert_true(arb_barrier_busy(&barrier));
	assert_false(arb_barrier_begin(&barrier, &seq, &time_ms));
	arb_barrier_end(&barrier);
	assert_false(arb_barrier_busy(&barrier));

	arb_barrier_clock(&barrier, BARRIER_USER, 1, 1000);
	arb_barrier_clock(&barrier, BARRIER_MARKET, 2, 2000);
	arb_barrier_clock(&barrier, BARRIER_PRICE, 2, 2000);
	assert_false(arb_barrier_begin(&barrier, &seq, &time_ms));
	arb_barrier_clock(&barrier, BARRIER_USER, 2, 2000);
	assert_true(arb_barrier_begin(&barrier, &seq, &time_ms));
	assert_int_equal(seq, 2);
}

static void
barrier_survives_a_reconnect(void **state)
{
	Barrier		barrier;
	int64_t		seq;
	int64_t		time_ms;

	arb_barrier_init(&barrier);
	arb_barrier_open(&barrier, BARRIER_MARKET, true);
	arb_barrier_open(&barrier, BARRIER_PRICE, true);
	arb_barrier_clock(&barrier, BARRIER_MARKET, 5, 5000);
	arb_barrier_clock(&barrier, BARRIER_PRICE, 5, 5000);
	assert_true(arb_barrier_begin(&barrier, &seq, &time_ms));
	arb_barrier_end(&barrier);
	arb_barrier_open(&barrier, BARRIER_MARKET, false);
	arb_barrier_open(&barrier, BARRIER_MARKET, true);
	assert_false(arb_barrier_repeat(&barrier, &seq));
	/* Our word was lost with the connection: the venue shows the same instant again. */
	arb_barrier_clock(&barrier, BARRIER_MARKET, 5, 5000);
	assert_true(arb_barrier_repeat(&barrier, &seq));
	assert_int_equal(seq, 5);
	assert_false(arb_barrier_begin(&barrier, &seq, &time_ms));
}

static void
window_rules_follow_the_source(void **state)
{
	static PmGammaMarket market;

	memset(&market, 0, sizeof(market));
	assert_string_equal(arb_window_rule(&market, 300), "last_tick");
	market.twap_seconds = 60;
	assert_string_equal(arb_window_rule(&market, 300), "twap_60s");
	market.twap_seconds = 0;
	(void) strcpy(market.resolution_source, "https://data.chain.link/streams/btc-usd-twap-60s");
	assert_string_equal(arb_window_rule(&market, 300), "twap_60s");
	(void) strcpy(market.resolution_source, "https://www.binance.com/en/trade/BTC_USDT");
	assert_string_equal(arb_window_rule(&market, 3600), "candle_1h");
	assert_string_equal(arb_window_rule(&market, 86400), "candle_1m");
}

static void
window_table_finds_and_forgets(void **state)
{
	static WindowTable table;
	static PmGammaMarket market;
	Window	   *window;
	int			outcome = -1;

	window = arb_window_add(&table, &FiveMinutes, 1784850900, INT64_C(1784850000000));
	assert_non_null(window);
	assert_false(window->past);
	(void) strcpy(market.condition_id, "0xc0");
	(void) strcpy(market.token_ids[0], "11");
	(void) strcpy(market.token_ids[1], "22");
	(void) strcpy(market.outcomes[0], "Up");
	(void) strcpy(market.outcomes[1], "Down");
	assert_int_equal(arb_window_up_index(&market), 0);
	arb_window_identify(window, &market);
	assert_ptr_equal(arb_window_by_slug(&table, "btc-updown-5m-1784850900"), window);
	assert_ptr_equal(arb_window_by_condition(&table, "0xc0"), window);
	assert_ptr_equal(arb_window_by_token(&table, "22", &outcome), window);
	assert_int_equal(outcome, 1);
	assert_null(arb_window_by_token(&table, "33", &outcome));

	/* Only what is done is forgotten. */
	arb_windows_prune(&table, INT64_C(1784990000000), 1000);
	assert_int_equal(table.count, 1);
	window->stage = WINDOW_DONE;
	arb_windows_prune(&table, INT64_C(1784990000000), 1000);
	assert_int_equal(table.count, 0);
}

static const char Plain[] =
	"{\"clob\":\"http://127.0.0.1:1/\",\"gamma\":\"http://127.0.0.1:1\",\"ws_market\":\"ws://127.0.0.1:1/ws/market\","
	"\"ws_user\":\"ws://127.0.0.1:1/ws/user\",\"rtds\":\"ws://127.0.0.1:1\",\"geoblock\":\"http://127.0.0.1:1/g\","
	"\"slugs\":[{\"prefix\":\"btc-updown-20s\",\"underlying\":\"BTC\",\"feed_symbol\":\"btc/usd\","
	"\"feed_topic\":\"crypto_prices_chainlink\",\"seconds\":20}]}";

static void
endpoints_demand_encryption_of_a_real_venue(void **state)
{
	static PmEndpoints endpoints;
	ParseError	error;

	assert_true(arb_pm_endpoints_parse(Plain, strlen(Plain), true, &endpoints, &error));
	assert_string_equal(endpoints.clob, "http://127.0.0.1:1");
	assert_int_equal(endpoints.series_count, 1);
	assert_int_equal(endpoints.series[0].seconds, 20);
	assert_false(arb_pm_endpoints_parse(Plain, strlen(Plain), false, &endpoints, &error));
	assert_int_equal(error.kind, PARSE_ERROR_OUT_OF_RANGE);
	assert_false(arb_pm_endpoints_parse("{}", 2, true, &endpoints, &error));
	assert_false(arb_pm_endpoints_parse("[1", 2, true, &endpoints, &error));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(slug_opening_is_the_multiple_at_or_before),
		cmocka_unit_test(slug_plan_lists_around_the_present),
		cmocka_unit_test(slug_plan_refuses_a_series_without_length),
		cmocka_unit_test(quotes_keep_only_the_newest),
		cmocka_unit_test(quotes_write_an_empty_side_as_null),
		cmocka_unit_test(levels_wait_for_news_and_are_told_with_it),
		cmocka_unit_test(trades_wait_for_news_and_are_all_told),
		cmocka_unit_test(prices_are_never_coalesced),
		cmocka_unit_test(barrier_waits_for_every_channel),
		cmocka_unit_test(barrier_survives_a_reconnect),
		cmocka_unit_test(window_rules_follow_the_source),
		cmocka_unit_test(window_table_finds_and_forgets),
		cmocka_unit_test(endpoints_demand_encryption_of_a_real_venue),
	};

	return cmocka_run_group_tests_name("feed", tests, NULL, NULL);
}
