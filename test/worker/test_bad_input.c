/*-------------------------------------------------------------------------
 *
 * test/worker/test_bad_input.c
 *	  What the venue says wrongly: each field of each message that can move
 *	  money, with each wrong value, is refused by the parser; what a parser
 *	  cannot know is told apart by plausible.c.
 *
 *-------------------------------------------------------------------------
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "trade/plausible.h"
#include "venue/polymarket/parse.h"

#define TEXT_MAX 4096
#define UP "71321045679252212594626385532706912750332728571942532289631379312455583992563"
#define OURS "0x6b1f"

/* A message with one field to be told wrongly: %s stands for the member, name and all. */
static const char TradeText[] =
	"{\"id\":\"t1\",\"taker_order_id\":\"" OURS "\",\"market\":\"0xaa\",\"asset_id\":\"" UP "\",\"side\":\"BUY\",\"price\":\"0.5\","
	"\"size\":\"5\",\"status\":\"MATCHED\",\"match_time\":\"1672290701\",\"owner\":\"me\",\"trader_side\":\"TAKER\",\"maker_orders\":"
	"[{\"order_id\":\"0xbb\",\"owner\":\"you\",\"asset_id\":\"" UP "\",\"matched_amount\":\"5\",\"price\":\"0.5\",\"side\":\"SELL\"}]}";
static const char OrderText[] =
	"{\"id\":\"" OURS "\",\"market\":\"0xaa\",\"asset_id\":\"" UP "\",\"owner\":\"me\",\"maker_address\":\"0x1\",\"side\":\"BUY\","
	"\"original_size\":\"10\",\"size_matched\":\"5\",\"price\":\"0.5\",\"order_type\":\"GTC\",\"status\":\"LIVE\"}";

/* The text with the value of a member replaced, or the member left out when value is NULL. */
static void
with(const char *text, const char *name, const char *value, char *out)
{
	char		key[64];
	const char *found;
	const char *rest;

	snprintf(key, sizeof(key), "\"%s\":", name);
	found = strstr(text, key);
	assert_non_null(found);
	rest = found + strlen(key);
	if (*rest == '"')
		rest = strchr(rest + 1, '"') + 1;
	else
		rest = strrchr(rest, ']') + 1;
	if (value != NULL)
		snprintf(out, TEXT_MAX, "%.*s%s%s%s", (int) (found - text), text, key, value, rest);
	else
		snprintf(out, TEXT_MAX, "%.*s%s", (int) (found - text), text, *rest == ',' ? rest + 1 : rest);
}

static bool
trade_is_read(const char *text)
{
	char		page[TEXT_MAX + 64];
	char		frame_text[TEXT_MAX + 64];
	PmTradePage trades;
	PmUserFrame frame;
	ParseError	error;
	bool		by_rest;
	bool		by_channel;

	snprintf(page, sizeof(page), "{\"next_cursor\":\"LTE=\",\"data\":[%s]}", text);
	snprintf(frame_text, sizeof(frame_text), "{\"event_type\":\"trade\",%s", text + 1);
	by_rest = arb_pm_parse_trades(page, strlen(page), &trades, &error);
	by_channel = arb_pm_parse_user(frame_text, strlen(frame_text), &frame, &error);
	if (by_rest)
		arb_pm_trade_page_free(&trades);
	if (by_channel)
		arb_pm_user_frame_free(&frame);
	assert_int_equal(by_rest, by_channel);
	return by_rest;
}

static bool
order_is_read(const char *text)
{
	char		page[TEXT_MAX + 64];
	PmOrderPage orders;
	PmOrder		order;
	PmLookup	lookup;
	ParseError	error;
	bool		by_id = arb_pm_parse_order(200, text, strlen(text), &lookup, &order, &error);
	bool		in_list;

	assert_int_equal(lookup, by_id ? PM_LOOKUP_FOUND : PM_LOOKUP_NONE);
	snprintf(page, sizeof(page), "[%s]", text);
	in_list = arb_pm_parse_orders(page, strlen(page), &orders, &error);
	if (in_list)
		arb_pm_order_page_free(&orders);
	assert_int_equal(by_id, in_list);
	return by_id;
}

/* No number at all, or none that an amount of money or shares can be. */
static const char *const BadNumbers[] = {
	"null", "true", "[]", "{}", "[5]", "NaN", "Infinity", "-Infinity", "\"NaN\"", "\"nan\"", "\"Infinity\"", "\"inf\"",
	"1e400", "\"1e400\"", "-1e400", "\"-5\"", "-5", "\"- 5\"", "\"5 \"", "\" 5\"", "\"5,0\"", "\"5,000\"", "\"0x5\"", "\"5f\"", "\"5\\u0000\"",
	"\"\\u0665\"", "\"1e-7\"", "\"0.0000005\"", "\"5.0000001\"", "\"99999999999999999999999999999999\"", "99999999999999999999", "05", "+5", ".5",
	"5.", "\"--5\"", "\"five\"", "\"0.5e\"",
};

static const char *const BadTexts[] = {
	"null", "7", "true", "[]", "{}", "\"\"", "\"a b\"", "\"a\\u0000b\"", "\"a\\nb\"", "\"\xff\"", "\"\xc3\xa4\"", "\"a\\\"b\"",
};

static void
numbers_that_are_none(void **state)
{
	static const char *const fields[] = {"size", "price", "matched_amount"};
	char		text[TEXT_MAX];

	assert_true(trade_is_read(TradeText));
	assert_true(order_is_read(OrderText));
	for (size_t i = 0; i < sizeof(BadNumbers) / sizeof(BadNumbers[0]); i++)
	{
		for (size_t k = 0; k < sizeof(fields) / sizeof(fields[0]); k++)
		{
			with(TradeText, fields[k], BadNumbers[i], text);
			if (trade_is_read(text))
				fail_msg("%s %s was read", fields[k], BadNumbers[i]);
		}
		with(OrderText, "original_size", BadNumbers[i], text);
		if (order_is_read(text))
			fail_msg("original_size %s was read", BadNumbers[i]);
		/* Absent is what null says, and an empty text: nothing is matched yet. */
		with(OrderText, "size_matched", BadNumbers[i], text);
		if (order_is_read(text) && strcmp(BadNumbers[i], "null") != 0)
			fail_msg("size_matched %s was read", BadNumbers[i]);
	}
	for (size_t k = 0; k < sizeof(fields) / sizeof(fields[0]); k++)
	{
		with(TradeText, fields[k], NULL, text);
		assert_false(trade_is_read(text));
	}
}

static void
prices_that_are_none(void **state)
{
	static const char *const prices[] = {"\"1.000001\"", "\"2\"", "\"500000\"", "500000", "\"-0.5\"", "\"5e5\""};
	char		text[TEXT_MAX];

	for (size_t i = 0; i < sizeof(prices) / sizeof(prices[0]); i++)
	{
		with(TradeText, "price", prices[i], text);
		assert_false(trade_is_read(text));
		with(OrderText, "price", prices[i], text);
		assert_false(order_is_read(text));
	}
}

static void
names_that_are_none(void **state)
{
	static const char *const trade_fields[] = {"id", "taker_order_id", "market", "asset_id", "side", "status", "order_id"};
	static const char *const order_fields[] = {"id", "market", "asset_id", "side", "status"};
	char		text[TEXT_MAX];

	for (size_t k = 0; k < sizeof(trade_fields) / sizeof(trade_fields[0]); k++)
	{
		for (size_t i = 0; i < sizeof(BadTexts) / sizeof(BadTexts[0]); i++)
		{
			with(TradeText, trade_fields[k], BadTexts[i], text);
			if (trade_is_read(text))
				fail_msg("%s %s was read", trade_fields[k], BadTexts[i]);
		}
		with(TradeText, trade_fields[k], NULL, text);
		assert_false(trade_is_read(text));
	}
	for (size_t k = 0; k < sizeof(order_fields) / sizeof(order_fields[0]); k++)
	{
		/* An order's status is free text: what it says is unknown, not unreadable. */
		for (size_t i = 0; strcmp(order_fields[k], "status") != 0 && i < sizeof(BadTexts) / sizeof(BadTexts[0]); i++)
		{
			with(OrderText, order_fields[k], BadTexts[i], text);
			if (order_is_read(text))
				fail_msg("%s %s was read", order_fields[k], BadTexts[i]);
		}
		with(OrderText, order_fields[k], NULL, text);
		assert_false(order_is_read(text));
	}
	with(TradeText, "status", "\"SETTLED\"", text);
	assert_false(trade_is_read(text));
	with(TradeText, "side", "\"HOLD\"", text);
	assert_false(trade_is_read(text));
	with(TradeText, "asset_id", "\"-5\"", text);
	assert_false(trade_is_read(text));
	with(TradeText, "match_time", "\"yesterday\"", text);
	assert_false(trade_is_read(text));
	with(TradeText, "maker_orders", "{}", text);
	assert_false(trade_is_read(text));
}

/* Which of two values was meant nobody knows. */
static void
members_told_twice(void **state)
{
	static const char *const fields[] = {"id", "taker_order_id", "asset_id", "side", "price", "size", "status", "trader_side", "matched_amount"};
	char		value[64];
	char		text[TEXT_MAX];

	for (size_t k = 0; k < sizeof(fields) / sizeof(fields[0]); k++)
	{
		snprintf(value, sizeof(value), "\"1\",\"%s\":\"1\"", fields[k]);
		with(TradeText, fields[k], value, text);
		assert_false(trade_is_read(text));
	}
	with(OrderText, "size_matched", "\"5\",\"size_matched\":\"5\"", text);
	assert_false(order_is_read(text));
}

/* Every text cut short is no message. */
static void
half_a_message(void **state)
{
	char		text[TEXT_MAX];
	size_t		len = strlen(TradeText);

	for (size_t i = 1; i < len; i++)
	{
		PmTradePage trades;
		ParseError	error;

		snprintf(text, sizeof(text), "[%.*s", (int) i, TradeText);
		assert_false(arb_pm_parse_trades(text, strlen(text), &trades, &error));
	}
}

static void
no_page_of_the_venue(void **state)
{
	static const char *const bodies[] = {
		"<!DOCTYPE html><html><body>502 Bad Gateway</body></html>", "", " ", "OK", "null", "7", "\"x\"", "true", "{}", "{\"data\":null}", "{\"data\":{}}",
		"{\"data\":[null]}", "{\"data\":[7]}", "{\"data\":[[]]}", "{\"error\":\"try again\"}", "\x1f\x8b\x08", "\xef\xbb\xbf[]", "[]garbage", "[],[]",
		"{\"data\":[],\"next_cursor\":7}", "{\"data\":[],\"data\":[]}",
	};

	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++)
	{
		PmOrderPage orders;
		PmTradePage trades;
		PmBalance	balance;
		ParseError	error;

		if (arb_pm_parse_orders(bodies[i], strlen(bodies[i]), &orders, &error) ||
			arb_pm_parse_trades(bodies[i], strlen(bodies[i]), &trades, &error) ||
			arb_pm_parse_balance(bodies[i], strlen(bodies[i]), &balance, &error))
			fail_msg("\"%s\" was read", bodies[i]);
	}
}

/* A page without end is refused before there is room made for it. */
static void
too_much_of_it(void **state)
{
	size_t		items = PM_PAGE_MAX + 1;
	char	   *text = malloc(2 * items + 3);
	char	   *big = malloc(JSON_MAX_BYTES + 2);
	PmOrderPage orders;
	PmTradePage trades;
	ParseError	error;

	text[0] = '[';
	for (size_t i = 0; i < items; i++)
		memcpy(text + 1 + 2 * i, "1,", 2);
	strcpy(text + 2 * items, "]");
	assert_false(arb_pm_parse_orders(text, strlen(text), &orders, &error));
	assert_int_equal(error.kind, PARSE_ERROR_TOO_LARGE);
	assert_false(arb_pm_parse_trades(text, strlen(text), &trades, &error));
	assert_int_equal(error.kind, PARSE_ERROR_TOO_LARGE);
	memset(big, ' ', JSON_MAX_BYTES + 1);
	memcpy(big, "[]", 2);
	assert_false(arb_pm_parse_orders(big, JSON_MAX_BYTES + 1, &orders, &error));
	assert_int_equal(error.kind, PARSE_ERROR_TOO_LARGE);
	free(big);
	free(text);
}

static void
balances_that_are_none(void **state)
{
	static const char *const bodies[] = {
		"{\"balance\":12.5}", "{\"balance\":\"12.5\"}", "{\"balance\":\"-1\"}", "{\"balance\":\"1e400\"}", "{\"balance\":\"NaN\"}",
		"{\"balance\":null}", "{\"balance\":\"\"}", "{\"balance\":\"99999999999999999999\"}", "{\"balance\":\"1\",\"balance\":\"2\"}",
		"{\"allowances\":{}}", "{\"balance\":[1]}", "{\"balance\":\"1\",\"allowances\":[]}", "{\"balance\":\"1\",\"allowances\":{\"0x1\":\"-1\"}}",
		"{\"balance\":\"1\",\"allowances\":{\"0x1\":\"1.5\"}}",
	};
	PmBalance	balance;
	ParseError	error;

	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++)
	{
		if (arb_pm_parse_balance(bodies[i], strlen(bodies[i]), &balance, &error))
			fail_msg("%s was read", bodies[i]);
	}
}

/* An order is accepted by its own id and every word of it; half of that is unknown. */
static void
answers_to_an_order(void **state)
{
	static const char *const bodies[] = {
		"{\"success\":true,\"orderID\":\"0xother\",\"status\":\"live\"}", "{\"success\":true,\"orderID\":\"\",\"status\":\"live\"}",
		"{\"success\":true,\"status\":\"live\"}", "{\"success\":true,\"orderID\":7,\"status\":\"live\"}",
		"{\"success\":\"true\",\"orderID\":\"" OURS "\",\"status\":\"live\"}", "{\"success\":1,\"orderID\":\"" OURS "\",\"status\":\"live\"}",
		"{\"success\":true,\"orderID\":\"" OURS "\",\"status\":7}", "{\"success\":true,\"orderID\":\"" OURS "\"}",
		"{\"success\":true,\"orderID\":\"" OURS "\",\"status\":\"filled\"}", "[{\"success\":true,\"orderID\":\"" OURS "\",\"status\":\"live\"}]",
		"{\"success\":true,\"success\":true,\"orderID\":\"" OURS "\",\"status\":\"live\"}",
		"{\"success\":true,\"orderID\":\"" OURS "\",\"status\":\"live\"", "<html>200 OK</html>", "", "null", "\"matched\"",
	};

	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++)
	{
		PostAnswer	answer;

		arb_pm_parse_post(200, bodies[i], strlen(bodies[i]), OURS, &answer);
		if (answer.outcome != POST_OUTCOME_UNKNOWN)
			fail_msg("%s: %s", bodies[i], arb_post_outcome_name(answer.outcome));
	}
}

/* The answer to a cancel that speaks of other orders says nothing of ours. */
static void
answers_to_a_cancel(void **state)
{
	static const char *const broken[] = {
		"{}", "{\"canceled\":{}}", "{\"canceled\":[7]}", "{\"canceled\":[\"\"]}", "{\"not_canceled\":[]}", "{\"not_canceled\":{\"" OURS "\":7}}", "<html>",
	};
	static const char others[] = "{\"canceled\":[\"0xother\"],\"not_canceled\":{\"0xmore\":\"the order is already canceled\"}}";
	PmCancelAnswer answer;
	ParseError	error;

	for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++)
		assert_false(arb_pm_parse_cancel(200, broken[i], strlen(broken[i]), &answer, &error));
	assert_true(arb_pm_parse_cancel(200, others, strlen(others), &answer, &error));
	assert_int_equal(arb_pm_cancel_state_of(&answer, OURS), PM_CANCEL_NONE);
	arb_pm_cancel_answer_free(&answer);
}

static void
books_that_are_none(void **state)
{
	static const char *const levels[] = {
		"{\"price\":\"0.5\",\"size\":\"-1\"}", "{\"price\":\"-0.5\",\"size\":\"1\"}", "{\"price\":\"1.5\",\"size\":\"1\"}", "{\"price\":\"NaN\",\"size\":\"1\"}",
		"{\"price\":\"0.5\"}", "{\"size\":\"1\"}", "{\"price\":\"0.5\",\"size\":\"1e400\"}", "{\"price\":\"0.5\",\"size\":null}", "[\"0.5\",\"1\"]", "7",
		"{\"price\":\"500000\",\"size\":\"1\"}", "{\"price\":\"0.5\",\"price\":\"0.5\",\"size\":\"1\"}",
	};
	char		text[TEXT_MAX];
	PmMarketFrame frame;
	ParseError	error;

	for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++)
	{
		snprintf(text, sizeof(text), "{\"event_type\":\"book\",\"market\":\"0xaa\",\"asset_id\":\"" UP "\",\"timestamp\":\"1700000000000\","
				 "\"hash\":\"x\",\"bids\":[%s],\"asks\":[]}", levels[i]);
		if (arb_pm_parse_market(text, strlen(text), &frame, &error))
			fail_msg("level %s was read", levels[i]);
	}
}

/* ----- what a parser cannot know ----- */

static OrderTicket
ticket_of(AmountKind kind, const char *amount)
{
	OrderTicket ticket;

	memset(&ticket, 0, sizeof(ticket));
	strcpy(ticket.symbol, UP);
	ticket.side = ORDER_SIDE_BUY;
	ticket.amount_kind = kind;
	snprintf(ticket.amount, sizeof(ticket.amount), "%s", amount);
	return ticket;
}

static const char *
doubt_fill(AmountKind kind, const char *amount, int64_t qty, int64_t price, int64_t money)
{
	OrderTicket ticket = ticket_of(kind, amount);
	FillFact	fact;
	const char *doubt;

	memset(&fact, 0, sizeof(fact));
	fact.qty = qty;
	fact.price = price;
	fact.money = money;
	doubt = arb_doubt_fill(&fact, kind == AMOUNT_KIND_NONE ? NULL : &ticket);
	return doubt == NULL ? "" : doubt;
}

static void
fills_that_cannot_be(void **state)
{
	const int64_t cent = 10000;

	/* Five shares at a half, of an order for sixty, for two dollars, of none. */
	assert_string_equal(doubt_fill(AMOUNT_KIND_BASE, "60", 5000000, 500000, 2500000), "");
	assert_string_equal(doubt_fill(AMOUNT_KIND_MONEY, "2", 4000000, 500000, 2000000), "");
	assert_string_equal(doubt_fill(AMOUNT_KIND_NONE, "", 5000000, 500000, 2500000), "");
	assert_string_equal(doubt_fill(AMOUNT_KIND_BASE, "60", 0, 500000, 0), "fill_empty");
	assert_string_equal(doubt_fill(AMOUNT_KIND_BASE, "60", -5000000, 500000, -2500000), "fill_empty");
	assert_string_equal(doubt_fill(AMOUNT_KIND_BASE, "60", 5000000, 0, 0), "fill_price");
	assert_string_equal(doubt_fill(AMOUNT_KIND_BASE, "60", 5000000, 1000001, 5000005), "fill_price");
	assert_string_equal(doubt_fill(AMOUNT_KIND_BASE, "60", 5000000, 500000, -1), "fill_money");
	/* One of the three in another unit. */
	assert_string_equal(doubt_fill(AMOUNT_KIND_NONE, "", 5000000, 500000, INT64_C(2500000000000)), "fill_money");
	assert_string_equal(doubt_fill(AMOUNT_KIND_NONE, "", 5000000, 500000, 2), "fill_money");
	assert_string_equal(doubt_fill(AMOUNT_KIND_NONE, "", INT64_C(5000000000000), 500000, 2500000), "fill_money");
	/* All of them: only the order can tell. */
	assert_string_equal(doubt_fill(AMOUNT_KIND_BASE, "60", INT64_C(5000000000000), 500000, INT64_C(2500000000000)), "fill_unit");
	assert_string_equal(doubt_fill(AMOUNT_KIND_BASE, "60", 5, 500000, 2), "fill_unit");
	assert_string_equal(doubt_fill(AMOUNT_KIND_MONEY, "2", INT64_C(4000000000000), 500000, INT64_C(2000000000000)), "fill_unit");
	assert_string_equal(doubt_fill(AMOUNT_KIND_MONEY, "2", 4, 500000, 2), "fill_unit");
	/* The other side of each line. */
	assert_string_equal(doubt_fill(AMOUNT_KIND_BASE, "60", INT64_C(60000) * 1000000, 500000, INT64_C(30000) * 1000000), "");
	assert_string_equal(doubt_fill(AMOUNT_KIND_BASE, "60", INT64_C(60001) * 1000000, 500000, INT64_C(30000) * 1000000), "fill_unit");
	assert_string_equal(doubt_fill(AMOUNT_KIND_BASE, "60", 60, 500000, 30), "fill_unit");
	assert_string_equal(doubt_fill(AMOUNT_KIND_BASE, "60", 61, 500000, 30), "");
	assert_string_equal(doubt_fill(AMOUNT_KIND_BASE, "1000000", cent, 500000, 5000), "");
	assert_string_equal(doubt_fill(AMOUNT_KIND_BASE, "1000000", cent - 1, 500000, 4999), "fill_unit");
	assert_string_equal(doubt_fill(AMOUNT_KIND_NONE, "", 5000000, 500000, INT64_C(2500000000)), "");
	assert_string_equal(doubt_fill(AMOUNT_KIND_NONE, "", 5000000, 500000, INT64_C(2500000001)), "fill_money");
	/* What is floored to nothing is worth nothing. */
	assert_string_equal(doubt_fill(AMOUNT_KIND_BASE, "60", 100, 1000, 0), "");
}

static const char *
doubt_order(AmountKind kind, const char *amount, int64_t original, int64_t matched, int64_t before)
{
	OrderTicket ticket = ticket_of(kind, amount);
	PmOrder		order;
	const char *doubt;

	memset(&order, 0, sizeof(order));
	strcpy(order.token_id, UP);
	order.side = ORDER_SIDE_BUY;
	order.original_size = original;
	order.size_matched = matched;
	doubt = arb_doubt_order(&order, &ticket, before);
	return doubt == NULL ? "" : doubt;
}

static void
orders_that_cannot_be(void **state)
{
	const int64_t one = 1000000;
	OrderTicket ticket = ticket_of(AMOUNT_KIND_BASE, "60");
	PmOrder		order;

	assert_string_equal(doubt_order(AMOUNT_KIND_BASE, "60", 60 * one, 0, 0), "");
	assert_string_equal(doubt_order(AMOUNT_KIND_BASE, "60", 60 * one, 60 * one, 60 * one), "");
	assert_string_equal(doubt_order(AMOUNT_KIND_BASE, "60", 60 * one, 60 * one + 1, 0), "order_overmatched");
	assert_string_equal(doubt_order(AMOUNT_KIND_BASE, "60", 60 * one, 5 * one, 6 * one), "order_shrank");
	assert_string_equal(doubt_order(AMOUNT_KIND_BASE, "60", 60 * one * one, 0, 0), "order_unit");
	assert_string_equal(doubt_order(AMOUNT_KIND_BASE, "60", 60, 0, 0), "order_unit");
	assert_string_equal(doubt_order(AMOUNT_KIND_BASE, "60", 60 * one * one, 5 * one * one, 0), "order_unit");
	/* Two dollars buy two thousand shares at the finest tick, and no two million. */
	assert_string_equal(doubt_order(AMOUNT_KIND_MONEY, "2", 2 * one, 2000 * one, 0), "");
	assert_string_equal(doubt_order(AMOUNT_KIND_MONEY, "2", 2 * one, 4 * one * one, 0), "order_unit");

	memset(&order, 0, sizeof(order));
	strcpy(order.token_id, "22");
	order.side = ORDER_SIDE_BUY;
	order.original_size = 60 * one;
	assert_string_equal(arb_doubt_order(&order, &ticket, 0), "order_symbol");
	strcpy(order.token_id, UP);
	order.side = ORDER_SIDE_SELL;
	assert_string_equal(arb_doubt_order(&order, &ticket, 0), "order_side");
}

static void
parts_larger_than_the_whole(void **state)
{
	PmMakerLeg	legs[2];
	PmTrade		trade;

	memset(legs, 0, sizeof(legs));
	memset(&trade, 0, sizeof(trade));
	trade.size = 5000000;
	trade.makers = legs;
	trade.maker_count = 2;
	legs[0].size = 2000000;
	legs[1].size = 3000000;
	assert_null(arb_doubt_trade(&trade));
	legs[1].size = INT64_C(3000000000000);
	assert_string_equal(arb_doubt_trade(&trade), "leg_unit");
	legs[0].size = legs[1].size = PM_QTY_MAX;
	assert_string_equal(arb_doubt_trade(&trade), "leg_unit");
	/* Our part alone of a large trade is not all of it. */
	trade.size = PM_QTY_MAX;
	legs[0].size = 5000000;
	legs[1].size = 0;
	assert_null(arb_doubt_trade(&trade));
}

static void
somebody_else(void **state)
{
	assert_true(arb_is_stranger("you", "0xbb", "me", "0xaa"));
	/* Another key of the same wallet, the same key under another name, and what is not said at all. */
	assert_false(arb_is_stranger("you", "0xAA", "me", "0xaa"));
	assert_false(arb_is_stranger("me", "0xbb", "me", "0xaa"));
	assert_false(arb_is_stranger("", "0xbb", "me", "0xaa"));
	assert_false(arb_is_stranger("you", "", "me", "0xaa"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_that_are_none),
		cmocka_unit_test(prices_that_are_none),
		cmocka_unit_test(names_that_are_none),
		cmocka_unit_test(members_told_twice),
		cmocka_unit_test(half_a_message),
		cmocka_unit_test(no_page_of_the_venue),
		cmocka_unit_test(too_much_of_it),
		cmocka_unit_test(balances_that_are_none),
		cmocka_unit_test(answers_to_an_order),
		cmocka_unit_test(answers_to_a_cancel),
		cmocka_unit_test(books_that_are_none),
		cmocka_unit_test(fills_that_cannot_be),
		cmocka_unit_test(orders_that_cannot_be),
		cmocka_unit_test(parts_larger_than_the_whole),
		cmocka_unit_test(somebody_else),
	};

	return cmocka_run_group_tests_name("bad_input", tests, NULL, NULL);
}
