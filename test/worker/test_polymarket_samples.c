/*-------------------------------------------------------------------------
 *
 * test/worker/test_polymarket_samples.c
 *	  The venue's own messages: they parse, and cut or damaged they fail
 *	  without harm.
 *
 * Samples lie outside the repository; without them the tests are skipped.
 * They are used as raw text, because a JSON library would rewrite numbers.
 *
 *-------------------------------------------------------------------------
 */
#include "fixture.h"

#include "../../worker/venue/polymarket/book.h"
#include "../../worker/venue/polymarket/parse.h"

/* Texts longer than this are cut at every CUT_STEP-th byte only. */
#define CUT_ALL_BELOW 3000
#define CUT_STEP 61

typedef bool (*Parser) (const char *bytes, size_t len, ParseError *error);

typedef struct Sample
{
	const char *file;
	const char *key;			/* the value of this key is meant; NULL for the whole file */
	bool		each;			/* the value is an array of separate messages */
	Parser		parser;
} Sample;

typedef struct Span
{
	const char *start;
	size_t		len;
} Span;

/* ----- raw JSON ----- */

static const char *
skip_blank(const char *c)
{
	while (*c == ' ' || *c == '\n' || *c == '\t' || *c == '\r' || *c == ',' || *c == ':')
		c++;
	return c;
}

static const char *
skip_string(const char *c)
{
	for (c++; *c != '\0' && *c != '"'; c++)
	{
		if (*c == '\\' && c[1] != '\0')
			c++;
	}
	return *c == '"' ? c + 1 : c;
}

/* The value that starts at c, whatever it is. */
static Span
value_at(const char *c)
{
	Span		span = {.start = c};
	int			depth = 0;

	do
	{
		if (*c == '"')
		{
			c = skip_string(c);
			continue;
		}
		if (*c == '{' || *c == '[')
			depth++;
		else if (*c == '}' || *c == ']')
			depth--;
		c++;
	} while (*c != '\0' && (depth > 0 || (*c != ',' && *c != '}' && *c != ']' && c[-1] != '}' && c[-1] != ']' && c[-1] != '"')));
	span.len = (size_t) (c - span.start);
	return span;
}

static Span
value_of(const char *text, const char *key)
{
	char		quoted[128];
	const char *at;

	snprintf(quoted, sizeof(quoted), "\"%s\"", key);
	at = strstr(text, quoted);
	if (at == NULL)
	{
		fail_msg("no key %s", key);
		return (Span) {.start = text};
	}
	return value_at(skip_blank(at + strlen(quoted)));
}

/* ----- one wrapper per parser: parse, free, tell ----- */

static bool
parse_market(const char *bytes, size_t len, ParseError *error)
{
	PmMarketFrame frame;

	if (!arb_pm_parse_market(bytes, len, &frame, error))
		return false;
	for (size_t i = 0; i < frame.count; i++)
		assert_true(frame.events[i].kind != PM_MARKET_NONE);
	arb_pm_market_frame_free(&frame);
	return true;
}

static bool
parse_user(const char *bytes, size_t len, ParseError *error)
{
	PmUserFrame frame;

	if (!arb_pm_parse_user(bytes, len, &frame, error))
		return false;
	for (size_t i = 0; i < frame.count; i++)
		assert_true(frame.events[i].kind != PM_USER_NONE);
	arb_pm_user_frame_free(&frame);
	return true;
}

static bool
parse_price(const char *bytes, size_t len, ParseError *error)
{
	PmPriceFrame frame;

	if (!arb_pm_parse_price(bytes, len, &frame, error))
		return false;
	if (len > 0)
		assert_true(frame.kind == PM_PRICE_UPDATE || frame.kind == PM_PRICE_HISTORY || frame.kind == PM_PRICE_UNKNOWN);
	arb_pm_price_frame_free(&frame);
	return true;
}

static bool
parse_book(const char *bytes, size_t len, ParseError *error)
{
	PmMarketEvent event;

	if (!arb_pm_parse_book(bytes, len, &event, error))
		return false;
	arb_pm_book_event_free(&event);
	return true;
}

static bool
parse_order(const char *bytes, size_t len, ParseError *error)
{
	PmLookup	lookup;
	PmOrder		order;

	return len > 0 && arb_pm_parse_order(200, bytes, len, &lookup, &order, error);
}

static bool
parse_trades(const char *bytes, size_t len, ParseError *error)
{
	PmTradePage page;

	if (!arb_pm_parse_trades(bytes, len, &page, error))
		return false;
	assert_true(page.count > 0);
	arb_pm_trade_page_free(&page);
	return true;
}

static bool
parse_gamma(const char *bytes, size_t len, ParseError *error)
{
	PmGammaMarket market;

	return arb_pm_parse_gamma(bytes, len, "btc-updown-15m-1790616600", &market, error) ||
		arb_pm_parse_gamma(bytes, len, "btc-updown-5m-1773307200", &market, error) ||
		arb_pm_parse_gamma(bytes, len, "katana-fdv-above-1b-one-day-after-launch-395-996", &market, error) ||
		arb_pm_parse_gamma(bytes, len, "will-joe-biden-get-coronavirus-before-the-election", &market, error);
}

static bool
parse_status(const char *bytes, size_t len, ParseError *error)
{
	PmMarketStatus status;

	return arb_pm_parse_market_status(bytes, len, &status, error);
}

static bool
parse_cancel(const char *bytes, size_t len, ParseError *error)
{
	PmCancelAnswer answer;

	if (!arb_pm_parse_cancel(200, bytes, len, &answer, error))
		return false;
	arb_pm_cancel_answer_free(&answer);
	return true;
}

static bool
parse_balance(const char *bytes, size_t len, ParseError *error)
{
	PmBalance	balance;

	return arb_pm_parse_balance(bytes, len, &balance, error);
}

static const Sample Samples[] = {
	{"captured_ws_market_btc_5m.json", "messages", false, parse_market},
	{"captured_ws_market_btc_5m.json", "messages", true, parse_market},
	{"docs_market_channel_examples.json", "book", true, parse_market},
	{"docs_market_channel_examples.json", "priceChange", true, parse_market},
	{"docs_market_channel_examples.json", "lastTradePrice", true, parse_market},
	{"docs_market_channel_examples.json", "tickSizeChange", true, parse_market},
	{"docs_market_channel_examples.json", "bestBidAsk", true, parse_market},
	{"docs_market_channel_examples.json", "newMarket", true, parse_market},
	{"docs_market_channel_examples.json", "marketResolved", true, parse_market},
	{"nautilus_rust/ws_market_best_bid_ask_msg.json", NULL, false, parse_market},
	{"nautilus_rust/ws_market_book_msg.json", NULL, false, parse_market},
	{"nautilus_rust/ws_market_last_trade_msg.json", NULL, false, parse_market},
	{"nautilus_rust/ws_market_new_market_msg.json", NULL, false, parse_market},
	{"nautilus_rust/ws_market_tick_size_msg.json", NULL, false, parse_market},
	{"docs_user_channel_examples.json", "order", true, parse_user},
	{"docs_user_channel_examples.json", "trade", true, parse_user},
	{"nautilus_rust/ws_user_order_msg.json", NULL, false, parse_user},
	{"nautilus_rust/ws_user_trade_msg.json", NULL, false, parse_user},
	{"nautilus_rust/ws_user_order_fok_killed.json", NULL, false, parse_user},
	{"nautilus_python/ws_messages__order_placement.json", NULL, false, parse_user},
	{"nautilus_python/ws_messages__user_trade1.json", NULL, false, parse_user},
	{"nautilus_python/ws_messages__user_trade2.json", NULL, false, parse_user},
	{"nautilus_python/ws_messages__user_trade4.json", NULL, false, parse_user},
	{"captured_rtds_crypto.json", "messages", true, parse_price},
	{"nautilus_rust/rtds_crypto_prices_subscribe.json", NULL, false, parse_price},
	{"nautilus_rust/rtds_crypto_prices_update.json", NULL, false, parse_price},
	{"nautilus_rust/rtds_equity_prices_update.json", NULL, false, parse_price},
	{"captured_clob_book_btc_5m.json", "response", false, parse_book},
	{"nautilus_rust/clob_book_response.json", NULL, false, parse_book},
	{"nautilus_python/http_responses__book.json", NULL, false, parse_book},
	{"nautilus_rust/http_open_order.json", NULL, false, parse_order},
	{"nautilus_rust/http_open_order_sell_fok.json", NULL, false, parse_order},
	{"nautilus_rust/http_trades_page.json", NULL, false, parse_trades},
	{"captured_gamma_event_btc_15m_resolved.json", "response", false, parse_gamma},
	{"nautilus_rust/gamma_market.json", NULL, false, parse_gamma},
	{"nautilus_rust/gamma_market_closed_binary_accepting_false.json", NULL, false, parse_gamma},
	{"nautilus_rust/gamma_market_closed_zero_zero_legacy.json", NULL, false, parse_gamma},
	{"captured_clob_market_resolved_15m.json", "response", false, parse_status},
	{"nautilus_rust/clob_market_closed_binary_accepting_false.json", NULL, false, parse_status},
	{"nautilus_rust/http_cancel_response_ok.json", NULL, false, parse_cancel},
	{"nautilus_rust/http_cancel_response_failed.json", NULL, false, parse_cancel},
	{"nautilus_rust/http_batch_cancel_response.json", NULL, false, parse_cancel},
	{"nautilus_rust/http_balance_allowance_collateral.json", NULL, false, parse_balance},
};

/* Calls check for every message of a sample. */
static void
for_each_message(const Sample *sample, void (*check) (const Sample *sample, Span message))
{
	size_t		len;
	char	   *text = fixture_sample(sample->file, &len);
	Span		value;
	const char *item;

	if (sample->key == NULL)
	{
		value.start = text;
		value.len = len;
	}
	else
		value = value_of(text, sample->key);
	if (!sample->each)
		check(sample, value);
	else
	{
		assert_int_equal(value.start[0], '[');
		for (item = skip_blank(value.start + 1); *item != ']' && *item != '\0';)
		{
			Span		message = value_at(item);

			check(sample, message);
			item = skip_blank(message.start + message.len);
		}
	}
	free(text);
}

static void
check_parses(const Sample *sample, Span message)
{
	ParseError	error = {.kind = PARSE_ERROR_NONE};

	if (!sample->parser(message.start, message.len, &error))
		fail_msg("%s %s: %s %s", sample->file, sample->key == NULL ? "" : sample->key,
				 arb_parse_error_name(error.kind), error.context);
}

/* Parses a copy of its own size, so that reading past its end is noticed by a checker. */
static bool
parse_copy(const Sample *sample, const char *bytes, size_t len, ParseError *error)
{
	char	   *copy = malloc(len == 0 ? 1 : len);
	bool		done;

	assert_non_null(copy);
	memcpy(copy, bytes, len);
	done = sample->parser(copy, len, error);
	free(copy);
	return done;
}

static size_t
trimmed(Span message)
{
	while (message.len > 0 && strchr(" \n\r\t", message.start[message.len - 1]) != NULL)
		message.len--;
	return message.len;
}

static void
check_cut(const Sample *sample, Span message)
{
	size_t		len = trimmed(message);
	size_t		step = len < CUT_ALL_BELOW ? 1 : CUT_STEP;
	ParseError	error;

	for (size_t cut = 1; cut < len; cut += step)
	{
		error.kind = PARSE_ERROR_NONE;
		if (parse_copy(sample, message.start, cut, &error))
			fail_msg("%s cut at %zu of %zu was accepted", sample->file, cut, len);
		assert_true(error.kind != PARSE_ERROR_NONE);
	}
}

/* Any single byte may be wrong; the outcome may be anything but a crash or a leak. */
static void
check_damaged(const Sample *sample, Span message)
{
	static const char bytes[] = {'\0', '"', '9', '-', '{', '\\', '\xff'};
	size_t		len = trimmed(message);
	size_t		step = len < CUT_ALL_BELOW ? 3 : CUT_STEP;
	char	   *copy = malloc(len + 1);
	ParseError	error;

	assert_non_null(copy);
	for (size_t at = 0; at < len; at += step)
	{
		for (size_t i = 0; i < sizeof(bytes); i++)
		{
			memcpy(copy, message.start, len);
			copy[at] = bytes[i];
			(void) sample->parser(copy, len, &error);
		}
	}
	free(copy);
}

static void
check_trailing_garbage(const Sample *sample, Span message)
{
	static const char *const tails[] = {"x", "{}", ",", "\0", "]"};
	ParseError	error;

	for (size_t i = 0; i < sizeof(tails) / sizeof(tails[0]); i++)
	{
		size_t		tail = tails[i][0] == '\0' ? 1 : strlen(tails[i]);
		char	   *copy = malloc(message.len + tail);

		assert_non_null(copy);
		memcpy(copy, message.start, message.len);
		memcpy(copy + message.len, tails[i], tail);
		assert_false(sample->parser(copy, message.len + tail, &error));
		free(copy);
	}
}

static void
over_all_samples(void (*check) (const Sample *sample, Span message))
{
	for (size_t i = 0; i < sizeof(Samples) / sizeof(Samples[0]); i++)
		for_each_message(&Samples[i], check);
}

static void
test_all_parse(void **state)
{
	over_all_samples(check_parses);
}

static void
test_cut_samples_fail(void **state)
{
	over_all_samples(check_cut);
}

static void
test_damaged_samples_do_no_harm(void **state)
{
	over_all_samples(check_damaged);
}

static void
test_trailing_garbage_fails(void **state)
{
	over_all_samples(check_trailing_garbage);
}

/* ----- what the samples say ----- */

static void
test_resolved_event(void **state)
{
	size_t		len;
	char	   *text = fixture_sample("captured_gamma_event_btc_15m_resolved.json", &len);
	Span		response = value_of(text, "response");
	PmGammaMarket market;
	ParseError	error;

	assert_true(arb_pm_parse_gamma(response.start, response.len, "btc-updown-15m-1790616600", &market, &error));
	assert_int_equal(market.resolution, PM_RESOLUTION_FIRST);
	assert_string_equal(market.price_to_beat, "83884.31639475992");
	assert_string_equal(market.final_price, "83972.53784826923");
	assert_int_equal(market.start_ms, 1790616600000);
	assert_int_equal(market.end_ms, 1790617500000);
	assert_int_equal(market.tick_size, 1000);
	assert_int_equal(market.fee_rate, 70000);
	assert_int_equal(market.twap_seconds, 60);
	assert_string_equal(market.outcomes[0], "Up");
	assert_string_equal(market.token_ids[0], "72701660270447019294988313895569364283368667835389845842623926001625353315502");
	free(text);

	text = fixture_sample("captured_clob_market_resolved_15m.json", &len);
	response = value_of(text, "response");
	{
		PmMarketStatus status;

		assert_true(arb_pm_parse_market_status(response.start, response.len, &status, &error));
		assert_int_equal(status.resolution, PM_RESOLUTION_FIRST);
		assert_string_equal(status.token_ids[0], market.token_ids[0]);
		assert_string_equal(status.condition_id, market.condition_id);
	}
	free(text);
}

static void
test_book_has_its_best_last(void **state)
{
	size_t		len;
	char	   *text = fixture_sample("captured_clob_book_btc_5m.json", &len);
	Span		response = value_of(text, "response");
	PmMarketEvent event;
	OrderBook	book;
	BookTop		top;
	ParseError	error;

	assert_true(arb_pm_parse_book(response.start, response.len, &event, &error));
	arb_book_init(&book, event.token_id);
	assert_int_equal(arb_book_apply(&book, &event), BOOK_CHANGE_TOP);
	assert_true(arb_book_top(&book, &top));
	assert_int_equal(top.bid, event.u.book.bids[event.u.book.bid_count - 1].price);
	assert_int_equal(top.ask, event.u.book.asks[event.u.book.ask_count - 1].price);
	assert_true(top.bid < top.ask);
	arb_pm_book_event_free(&event);
	arb_book_free(&book);
	free(text);
}

static void
test_killed_order(void **state)
{
	size_t		len;
	char	   *text = fixture_sample("nautilus_rust/ws_user_order_fok_killed.json", &len);
	PmUserFrame frame;
	ParseError	error;

	assert_true(arb_pm_parse_user(text, len, &frame, &error));
	assert_int_equal(frame.events[0].u.order.status, PM_ORDER_STATUS_CANCELED);
	assert_int_equal(frame.events[0].u.order.event, PM_ORDER_EVENT_CANCELLATION);
	assert_int_equal(frame.events[0].u.order.size_matched, 0);
	assert_non_null(strstr(frame.events[0].u.order.status_text, "fully filled or killed"));
	arb_pm_user_frame_free(&frame);
	free(text);
}

static void
test_chainlink_price(void **state)
{
	size_t		len;
	char	   *text = fixture_sample("captured_rtds_crypto.json", &len);
	const char *item = skip_blank(value_of(text, "messages").start + 1);
	bool		seen = false;

	while (*item == '{')
	{
		Span		message = value_at(item);
		PmPriceFrame frame;
		ParseError	error;

		assert_true(arb_pm_parse_price(message.start, message.len, &frame, &error));
		if (strcmp(frame.symbol, "hype/usd") == 0 && strcmp(frame.topic, "crypto_prices_chainlink") == 0)
		{
			assert_string_equal(frame.points[0].value, "87.45914423078698");
			seen = true;
		}
		arb_pm_price_frame_free(&frame);
		item = skip_blank(message.start + message.len);
	}
	assert_true(seen);
	free(text);
}

/*
 * A balance with a fraction of a base unit names no unit we know: the sample
 * is refused on purpose.
 */
static void
test_fractional_balance_is_refused(void **state)
{
	size_t		len;
	char	   *text = fixture_sample("nautilus_rust/http_balance_allowance_no_allowance.json", &len);
	PmBalance	balance;
	ParseError	error;

	assert_false(arb_pm_parse_balance(text, len, &balance, &error));
	assert_int_equal(error.kind, PARSE_ERROR_OUT_OF_RANGE);
	free(text);
}

/* Every refusal and answer of the official documentation lands where it should. */
static void
test_documented_answers(void **state)
{
	size_t		len;
	char	   *text = fixture_sample("docs_clob_rest_examples.json", &len);
	Span		post = value_of(text, "POST /order");
	static const struct
	{
		const char *status;
		int			code;
	}			statuses[] = {{"200", 200}, {"400", 400}, {"401", 401}, {"500", 500}, {"503", 503}};
	int			counted = 0;

	for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++)
	{
		const char *item = skip_blank(value_of(post.start, statuses[i].status).start + 1);

		for (; *item == '{'; counted++)
		{
			Span		message = value_at(item);
			PostAnswer	answer;

			arb_pm_parse_post(statuses[i].code, message.start, message.len,
							  "0xabcdef1234567890abcdef1234567890abcdef12", &answer);
			switch (statuses[i].code)
			{
				case 200:
					assert_true(answer.outcome == POST_OUTCOME_ACCEPTED || answer.outcome == POST_OUTCOME_MATCHED ||
								answer.outcome == POST_OUTCOME_DELAYED);
					break;
				case 500:
					assert_int_equal(answer.outcome, POST_OUTCOME_UNKNOWN);
					break;
				case 503:
					assert_int_equal(answer.outcome, POST_OUTCOME_RETRY_LATER);
					break;
				default:
					assert_int_equal(answer.outcome, POST_OUTCOME_REJECTED);
					assert_string_not_equal(answer.code, "refused");
			}
			item = skip_blank(message.start + message.len);
		}
	}
	assert_int_equal(counted, 13);
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_parse),
		cmocka_unit_test(test_cut_samples_fail),
		cmocka_unit_test(test_damaged_samples_do_no_harm),
		cmocka_unit_test(test_trailing_garbage_fails),
		cmocka_unit_test(test_resolved_event),
		cmocka_unit_test(test_book_has_its_best_last),
		cmocka_unit_test(test_killed_order),
		cmocka_unit_test(test_chainlink_price),
		cmocka_unit_test(test_fractional_balance_is_refused),
		cmocka_unit_test(test_documented_answers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
