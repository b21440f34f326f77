/*-------------------------------------------------------------------------
 *
 * test/worker/test_polymarket_parse.c
 *	  The parsers on made-up good and bad messages; real ones are in
 *	  test_polymarket_samples.c.
 *
 *-------------------------------------------------------------------------
 */
#include "fixture.h"

#include "../../worker/venue/polymarket/parse.h"

/* A literal and its length, NUL bytes inside included. */
#define TEXT(literal) (literal), sizeof(literal) - 1

#define OURS "0x1111111111111111111111111111111111111111111111111111111111111111"
#define TOKEN "71321045679252212594626385532706912750332728571942532289631379312455583992563"
#define OTHER "52114319501245915516055106046884209969926127482827954674443846427813813222426"

/* ----- market channel ----- */

static PmMarketFrame
market(const char *text)
{
	PmMarketFrame frame;
	ParseError	error;

	if (!arb_pm_parse_market(text, strlen(text), &frame, &error))
		fail_msg("%s: %s", arb_parse_error_name(error.kind), error.context);
	return frame;
}

static void
assert_market_fails(const char *text, ParseErrorKind kind)
{
	PmMarketFrame frame;
	ParseError	error = {.kind = PARSE_ERROR_NONE};

	if (arb_pm_parse_market(text, strlen(text), &frame, &error))
		fail_msg("accepted: %s", text);
	if (error.kind != kind)
		fail_msg("%s instead of %s: %s", arb_parse_error_name(error.kind), arb_parse_error_name(kind), text);
	assert_null(frame.events);
	assert_int_equal(frame.count, 0);
}

static void
test_market_control_text(void **state)
{
	static const char *const texts[] = {"", "PONG", "NO NEW ASSETS", " \n"};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
	{
		PmMarketFrame frame = market(texts[i]);

		assert_int_equal(frame.count, 0);
		arb_pm_market_frame_free(&frame);
	}
	assert_market_fails("hello", PARSE_ERROR_BAD_JSON);
	assert_market_fails("<html>502 Bad Gateway</html>", PARSE_ERROR_BAD_JSON);
}

static void
test_market_array_of_events(void **state)
{
	PmMarketFrame frame = market("[{\"event_type\":\"last_trade_price\",\"market\":\"0xaa\",\"asset_id\":\"" TOKEN "\","
								 "\"price\":\"0.456\",\"size\":\"219.217767\",\"side\":\"BUY\",\"timestamp\":\"1750428146322\"},"
								 "{\"event_type\":\"shiny_new_thing\",\"x\":[1,2,3]},"
								 "{\"event_type\":\"clock\",\"seq\":17,\"timestamp\":\"1750428147000\"},"
								 "{\"event_type\":\"end\",\"seq\":18,\"timestamp\":\"1750428147000\"}]");

	assert_int_equal(frame.count, 4);
	assert_int_equal(frame.events[0].kind, PM_MARKET_LAST_TRADE);
	assert_int_equal(frame.events[0].u.last_trade.size, 219217767);
	assert_int_equal(frame.events[0].u.last_trade.price, 456000);
	assert_int_equal(frame.events[0].timestamp_ms, 1750428146322);
	assert_int_equal(frame.events[1].kind, PM_MARKET_UNKNOWN);
	assert_string_equal(frame.events[1].u.unknown.name, "shiny_new_thing");
	assert_int_equal(frame.events[2].kind, PM_MARKET_CLOCK);
	assert_int_equal(frame.events[2].u.clock.seq, 17);
	assert_int_equal(frame.events[2].timestamp_ms, 1750428147000);
	assert_int_equal(frame.events[3].kind, PM_MARKET_END);
	arb_pm_market_frame_free(&frame);
	frame = market("[]");
	assert_int_equal(frame.count, 0);
	arb_pm_market_frame_free(&frame);
}

#define BOOK(asset, bids, asks) \
	"{\"event_type\":\"book\",\"market\":\"0xaa\",\"asset_id\":" asset ",\"timestamp\":\"1\",\"bids\":" bids ",\"asks\":" asks "}"
#define LEVEL(price, size) "[{\"price\":" price ",\"size\":" size "}]"

static void
test_market_books(void **state)
{
	/* Prices may come as JSON numbers; their digits count, not their double. */
	PmMarketFrame frame = market(BOOK("\"" TOKEN "\"", LEVEL("0.57", "10.000001"), "[]"));

	assert_int_equal(frame.events[0].u.book.bids[0].price, 570000);
	assert_int_equal(frame.events[0].u.book.bids[0].size, 10000001);
	assert_int_equal(frame.events[0].u.book.ask_count, 0);
	assert_int_equal(frame.events[0].u.book.last_trade_price, -1);
	arb_pm_market_frame_free(&frame);

	assert_market_fails(BOOK("\"" TOKEN "\"", LEVEL("0.57", "1e30"), "[]"), PARSE_ERROR_OUT_OF_RANGE);
	assert_market_fails(BOOK("\"" TOKEN "\"", LEVEL("0.5700000001", "1"), "[]"), PARSE_ERROR_OUT_OF_RANGE);
	assert_market_fails(BOOK("\"" TOKEN "\"", LEVEL("1", "1"), "[]"), PARSE_ERROR_OUT_OF_RANGE);
	assert_market_fails(BOOK("\"" TOKEN "\"", LEVEL("0", "1"), "[]"), PARSE_ERROR_OUT_OF_RANGE);
	assert_market_fails(BOOK("\"" TOKEN "\"", LEVEL("-0.5", "1"), "[]"), PARSE_ERROR_OUT_OF_RANGE);
	assert_market_fails(BOOK("\"" TOKEN "\"", LEVEL("\"NaN\"", "1"), "[]"), PARSE_ERROR_WRONG_TYPE);
	assert_market_fails(BOOK("\"" TOKEN "\"", LEVEL("NaN", "1"), "[]"), PARSE_ERROR_BAD_JSON);
	assert_market_fails(BOOK("\"" TOKEN "\"", LEVEL("true", "1"), "[]"), PARSE_ERROR_WRONG_TYPE);
	assert_market_fails(BOOK("\"" TOKEN "\"", LEVEL("\"0.5\"", "\"\""), "[]"), PARSE_ERROR_WRONG_TYPE);
	assert_market_fails(BOOK("\"" TOKEN "\"", "[1]", "[]"), PARSE_ERROR_WRONG_TYPE);
	assert_market_fails(BOOK("\"" TOKEN "\"", "{}", "[]"), PARSE_ERROR_WRONG_TYPE);
	assert_market_fails(BOOK("\"" TOKEN "\"", "null", "[]"), PARSE_ERROR_MISSING_FIELD);
	assert_market_fails(BOOK("17", "[]", "[]"), PARSE_ERROR_WRONG_TYPE);
	assert_market_fails(BOOK("\"0x17\"", "[]", "[]"), PARSE_ERROR_OUT_OF_RANGE);
	assert_market_fails(BOOK("\"" TOKEN "99\"", "[]", "[]"), PARSE_ERROR_OUT_OF_RANGE);
	assert_market_fails(BOOK("\"\"", "[]", "[]"), PARSE_ERROR_MISSING_FIELD);
}

static void
test_market_broken_frames(void **state)
{
	assert_market_fails("{}", PARSE_ERROR_MISSING_FIELD);
	assert_market_fails("17", PARSE_ERROR_WRONG_TYPE);
	assert_market_fails("null", PARSE_ERROR_WRONG_TYPE);
	assert_market_fails("[[]]", PARSE_ERROR_WRONG_TYPE);
	assert_market_fails("[null]", PARSE_ERROR_WRONG_TYPE);
	assert_market_fails("{\"event_type\":1}", PARSE_ERROR_WRONG_TYPE);
	assert_market_fails("{\"event_type\":\"book\"}", PARSE_ERROR_MISSING_FIELD);
	assert_market_fails("{\"event_type\":\"book\",\"event_type\":\"book\"}", PARSE_ERROR_BAD_JSON);
	assert_market_fails("{\"event_type\":\"clock\",\"seq\":1}", PARSE_ERROR_MISSING_FIELD);
	assert_market_fails("{\"event_type\":\"clock\",\"seq\":-1,\"timestamp\":\"1\"}", PARSE_ERROR_OUT_OF_RANGE);
	assert_market_fails("{\"event_type\":\"clock\",\"seq\":1.5,\"timestamp\":\"1\"}", PARSE_ERROR_OUT_OF_RANGE);
	assert_market_fails("{\"event_type\":\"price_change\",\"market\":\"0xaa\",\"changes\":[]}", PARSE_ERROR_MISSING_FIELD);
	assert_market_fails("{\"event_type\":\"price_change\",\"market\":\"0xaa\",\"timestamp\":\"soon\",\"price_changes\":[]}",
						PARSE_ERROR_OUT_OF_RANGE);
	assert_market_fails("{\"event_type\":\"price_change\",\"market\":\"0xaa\",\"price_changes\":[{\"asset_id\":\"1\","
						"\"side\":\"HOLD\",\"price\":\"0.5\",\"size\":\"1\"}]}", PARSE_ERROR_OUT_OF_RANGE);
	/* One bad element condemns the frame, and nothing of the good one stays behind. */
	assert_market_fails("[" BOOK("\"" TOKEN "\"", LEVEL("0.5", "1"), LEVEL("0.6", "1")) ",{\"event_type\":\"book\"}]",
						PARSE_ERROR_MISSING_FIELD);
}

static void
test_market_resolved(void **state)
{
	PmMarketFrame frame = market("{\"event_type\":\"market_resolved\",\"market\":\"0xaa\",\"timestamp\":\"1766790415550\","
								 "\"assets_ids\":[\"11\",\"22\"],\"winning_asset_id\":\"22\",\"winning_outcome\":\"Down\"}");

	assert_int_equal(frame.events[0].kind, PM_MARKET_RESOLVED);
	assert_string_equal(frame.events[0].u.resolved.winning_token_id, "22");
	assert_string_equal(frame.events[0].u.resolved.token_ids[0], "11");
	assert_string_equal(frame.events[0].u.resolved.winning_outcome, "Down");
	arb_pm_market_frame_free(&frame);
	frame = market("{\"event_type\":\"market_resolved\",\"market\":\"0xaa\",\"winning_asset_id\":\"\"}");
	assert_string_equal(frame.events[0].u.resolved.winning_token_id, "");
	arb_pm_market_frame_free(&frame);
	assert_market_fails("{\"event_type\":\"market_resolved\",\"market\":\"0xaa\",\"winning_asset_id\":\"Up\"}",
						PARSE_ERROR_OUT_OF_RANGE);
	assert_market_fails("{\"event_type\":\"market_resolved\",\"market\":\"0xaa\",\"assets_ids\":[\"1\",2]}",
						PARSE_ERROR_OUT_OF_RANGE);
}

static void
test_market_hostile_sizes(void **state)
{
	size_t		size = 10000;
	char	   *name = malloc(size + 1);
	char	   *text = malloc(size + 200);
	PmMarketFrame frame;
	ParseError	error;

	memset(name, 'x', size);
	name[size] = '\0';
	sprintf(text, "{\"event_type\":\"%s\"}", name);
	assert_market_fails(text, PARSE_ERROR_OUT_OF_RANGE);
	sprintf(text, "{\"event_type\":\"book\",\"market\":\"%s\"}", name);
	assert_market_fails(text, PARSE_ERROR_OUT_OF_RANGE);
	memset(text, '[', size);
	text[size] = '\0';
	assert_market_fails(text, PARSE_ERROR_TOO_DEEP);
	assert_false(arb_pm_parse_market(TEXT("{\"event_type\":\"end\"}\0"), &frame, &error));
	assert_false(arb_pm_parse_market(TEXT("{\"event_type\":\"e\0d\"}"), &frame, &error));
	free(text);
	text = malloc(PM_EVENTS_MAX * 3 + 10);
	strcpy(text, "[1");
	for (size_t i = 0; i < PM_EVENTS_MAX; i++)
		strcpy(text + 2 + 2 * i, ",1");
	strcat(text + 2 * PM_EVENTS_MAX, "]");
	assert_market_fails(text, PARSE_ERROR_TOO_LARGE);
	free(text);
	free(name);
}

/* ----- user channel ----- */

#define TRADE(status, makers) \
	"{\"event_type\":\"trade\",\"type\":\"TRADE\",\"id\":\"t1\",\"taker_order_id\":\"0xtaker\",\"market\":\"0xaa\"," \
	"\"asset_id\":\"" TOKEN "\",\"side\":\"BUY\",\"size\":\"10\",\"price\":\"0.57\",\"status\":\"" status "\"," \
	"\"matchtime\":\"1672290701\",\"owner\":\"me\",\"trader_side\":\"MAKER\",\"maker_orders\":" makers "}"

static void
test_user_trade_legs(void **state)
{
	static const char text[] = TRADE("TRADE_STATUS_MATCHED",
									 "[{\"order_id\":\"0xsame\",\"asset_id\":\"" TOKEN "\",\"matched_amount\":\"4\",\"price\":\"0.57\"},"
									 "{\"order_id\":\"0xother\",\"asset_id\":\"" OTHER "\",\"matched_amount\":\"6\",\"price\":\"0.43\"},"
									 "{\"order_id\":\"0xgiven\",\"asset_id\":\"" OTHER "\",\"matched_amount\":\"6\",\"price\":\"0.43\",\"side\":\"SELL\"}]");
	PmUserFrame frame;
	ParseError	error;
	PmFill		fill;

	assert_true(arb_pm_parse_user(text, strlen(text), &frame, &error));
	assert_int_equal(frame.events[0].kind, PM_USER_TRADE);
	assert_int_equal(frame.events[0].u.trade.status, PM_TRADE_STATUS_MATCHED);
	assert_int_equal(frame.events[0].u.trade.matched_ms, 1672290701000);
	assert_false(frame.events[0].u.trade.we_are_taker);
	assert_true(arb_pm_trade_fill(&frame.events[0].u.trade, "0xTAKER", &fill));
	assert_false(fill.is_maker);
	assert_int_equal(fill.size, 10000000);
	/* A maker of the same token sold, one of the complement bought as the taker did. */
	assert_true(arb_pm_trade_fill(&frame.events[0].u.trade, "0xsame", &fill));
	assert_true(fill.is_maker);
	assert_int_equal(fill.side, ORDER_SIDE_SELL);
	assert_true(arb_pm_trade_fill(&frame.events[0].u.trade, "0xother", &fill));
	assert_int_equal(fill.side, ORDER_SIDE_BUY);
	assert_string_equal(fill.token_id, OTHER);
	assert_int_equal(fill.price, 430000);
	assert_int_equal(fill.size, 6000000);
	assert_true(arb_pm_trade_fill(&frame.events[0].u.trade, "0xgiven", &fill));
	assert_int_equal(fill.side, ORDER_SIDE_SELL);
	assert_false(arb_pm_trade_fill(&frame.events[0].u.trade, "0xnobody", &fill));
	arb_pm_user_frame_free(&frame);
}

static void
assert_user_fails(const char *text, ParseErrorKind kind)
{
	PmUserFrame frame;
	ParseError	error = {.kind = PARSE_ERROR_NONE};

	if (arb_pm_parse_user(text, strlen(text), &frame, &error))
		fail_msg("accepted: %s", text);
	if (error.kind != kind)
		fail_msg("%s: %s", arb_parse_error_name(error.kind), text);
	assert_null(frame.events);
}

static void
test_user_broken_frames(void **state)
{
	assert_user_fails(TRADE("EXPLODED", "[]"), PARSE_ERROR_UNKNOWN_TYPE);
	assert_user_fails(TRADE("MATCHED", "{}"), PARSE_ERROR_WRONG_TYPE);
	assert_user_fails(TRADE("MATCHED", "[{}]"), PARSE_ERROR_MISSING_FIELD);
	assert_user_fails(TRADE("MATCHED", "[{\"order_id\":\"0xs\",\"asset_id\":\"1\",\"matched_amount\":\"-4\",\"price\":\"0.5\"}]"),
					  PARSE_ERROR_OUT_OF_RANGE);
	assert_user_fails("[" TRADE("MATCHED", "[{\"order_id\":\"0xs\",\"asset_id\":\"1\",\"matched_amount\":\"4\",\"price\":\"0.5\"}]")
					  "," TRADE("MATCHED", "[7]") "]", PARSE_ERROR_WRONG_TYPE);
	assert_user_fails("{\"event_type\":\"order\",\"id\":\"0x1\"}", PARSE_ERROR_MISSING_FIELD);
	assert_user_fails("{\"event_type\":\"order\",\"type\":\"DANCE\",\"id\":\"0x1\",\"market\":\"0xaa\",\"asset_id\":\"1\","
					  "\"side\":\"BUY\",\"original_size\":\"1\",\"price\":\"0.5\",\"status\":\"LIVE\"}", PARSE_ERROR_UNKNOWN_TYPE);
	assert_user_fails("{\"event_type\":\"order\",\"type\":\"UPDATE\",\"id\":\"0x1\",\"market\":\"0xaa\",\"asset_id\":\"1\","
					  "\"side\":\"BUY\",\"original_size\":\"1\",\"price\":\"1.5\",\"status\":\"LIVE\"}", PARSE_ERROR_OUT_OF_RANGE);
}

static PmOrderStatus
status_of(const char *status)
{
	char		text[600];
	PmUserFrame frame;
	ParseError	error;
	PmOrderStatus result;

	snprintf(text, sizeof(text), "{\"event_type\":\"order\",\"type\":\"UPDATE\",\"id\":\"0x1\",\"market\":\"0xaa\",\"asset_id\":\"1\","
			 "\"side\":\"BUY\",\"original_size\":\"1\",\"size_matched\":\"\",\"price\":\"0.5\",\"status\":\"%s\"}", status);
	assert_true(arb_pm_parse_user(text, strlen(text), &frame, &error));
	result = frame.events[0].u.order.status;
	assert_int_equal(frame.events[0].u.order.size_matched, 0);
	arb_pm_user_frame_free(&frame);
	return result;
}

static void
test_order_statuses(void **state)
{
	assert_int_equal(status_of("LIVE"), PM_ORDER_STATUS_LIVE);
	assert_int_equal(status_of("ORDER_STATUS_LIVE"), PM_ORDER_STATUS_LIVE);
	assert_int_equal(status_of("live"), PM_ORDER_STATUS_LIVE);
	assert_int_equal(status_of("MATCHED"), PM_ORDER_STATUS_MATCHED);
	assert_int_equal(status_of("ORDER_STATUS_CANCELED_MARKET_RESOLVED"), PM_ORDER_STATUS_CANCELED_MARKET_RESOLVED);
	assert_int_equal(status_of("CANCELED_order couldn't be fully filled. FOK orders are fully filled or killed."),
					 PM_ORDER_STATUS_CANCELED);
	assert_int_equal(status_of("INVALID"), PM_ORDER_STATUS_INVALID);
	assert_int_equal(status_of("DELAYED"), PM_ORDER_STATUS_DELAYED);
	assert_int_equal(status_of("LIVELY"), PM_ORDER_STATUS_OTHER);
}

/* ----- orders and trades by REST ----- */

static void
test_order_lookup(void **state)
{
	PmLookup	lookup;
	PmOrder		order;
	ParseError	error;

	assert_true(arb_pm_parse_order(200, TEXT("null"), &lookup, &order, &error));
	assert_int_equal(lookup, PM_LOOKUP_ABSENT);
	assert_true(arb_pm_parse_order(200, TEXT(""), &lookup, &order, &error));
	assert_int_equal(lookup, PM_LOOKUP_ABSENT);
	assert_true(arb_pm_parse_order(404, TEXT("{\"error\":\"Order not found\"}"), &lookup, &order, &error));
	assert_int_equal(lookup, PM_LOOKUP_ABSENT);
	/* Evidence comes from the venue, not from something in between. */
	assert_false(arb_pm_parse_order(404, TEXT("<html></html>"), &lookup, &order, &error));
	assert_int_equal(lookup, PM_LOOKUP_NONE);
	assert_false(arb_pm_parse_order(500, TEXT("null"), &lookup, &order, &error));
	assert_int_equal(error.kind, PARSE_ERROR_HTTP_STATUS);
	assert_false(arb_pm_parse_order(200, TEXT("{\"error\":\"x\"}"), &lookup, &order, &error));
	assert_int_equal(lookup, PM_LOOKUP_NONE);
}

static void
test_pages(void **state)
{
	static const char last[] = "{\"limit\":100,\"next_cursor\":\"LTE=\",\"count\":0,\"data\":[]}";
	static const char more[] = "{\"limit\":100,\"next_cursor\":\"MTAw\",\"count\":0,\"data\":[]}";
	static const char broken[] = "{\"next_cursor\":\"LTE=\",\"data\":[{}]}";
	PmOrderPage orders;
	PmTradePage trades;
	ParseError	error;

	assert_true(arb_pm_parse_orders(last, strlen(last), &orders, &error));
	assert_string_equal(orders.next_cursor, "");
	arb_pm_order_page_free(&orders);
	assert_true(arb_pm_parse_trades(more, strlen(more), &trades, &error));
	assert_string_equal(trades.next_cursor, "MTAw");
	arb_pm_trade_page_free(&trades);
	assert_true(arb_pm_parse_orders(TEXT("[]"), &orders, &error));
	assert_int_equal(orders.count, 0);
	arb_pm_order_page_free(&orders);
	assert_false(arb_pm_parse_orders(broken, strlen(broken), &orders, &error));
	assert_false(arb_pm_parse_trades(broken, strlen(broken), &trades, &error));
	assert_false(arb_pm_parse_trades(TEXT("{}"), &trades, &error));
	assert_int_equal(error.kind, PARSE_ERROR_MISSING_FIELD);
}

/* ----- the answer to an order ----- */

static void
assert_post(int status, const char *body, PostOutcome outcome, const char *code)
{
	PostAnswer	answer;

	arb_pm_parse_post(status, body, strlen(body), OURS, &answer);
	if (answer.outcome != outcome || strcmp(answer.code, code) != 0)
		fail_msg("%d %s: %s %s", status, body, arb_post_outcome_name(answer.outcome), answer.code);
}

static void
test_post_accepted(void **state)
{
	assert_post(200, "{\"success\":true,\"errorMsg\":\"\",\"orderID\":\"" OURS "\",\"status\":\"live\",\"makingAmount\":\"\"}",
				POST_OUTCOME_ACCEPTED, "");
	assert_post(200, "{\"success\":true,\"errorMsg\":\"\",\"orderID\":\"" OURS "\",\"status\":\"MATCHED\","
				"\"makingAmount\":\"2.10\",\"takingAmount\":\"5\"}", POST_OUTCOME_MATCHED, "");
	assert_post(200, "{\"success\":true,\"errorMsg\":null,\"orderID\":\"" OURS "\",\"status\":\"delayed\"}",
				POST_OUTCOME_DELAYED, "");
	assert_post(400, "{\"error\":\"order match delayed due to market conditions\"}", POST_OUTCOME_DELAYED, "match_delayed");
}

static void
test_post_refused(void **state)
{
	static const struct
	{
		const char *text;
		const char *code;
	}			refusals[] = {
		{"Invalid order payload", "invalid_payload"},
		{"the order owner has to be the owner of the API KEY", "wrong_owner"},
		{"the order signer address has to be the address of the API KEY", "wrong_signer"},
		{"'0x1234' address banned", "banned"},
		{"'0x1234' address in closed only mode", "closed_only"},
		{"order 0xabc is invalid. Price (100) breaks minimum tick size rule: 0.1", "off_tick"},
		{"Size (1) lower than the minimum: 5", "below_min_size"},
		{"not enough balance / allowance: the balance is not enough -> balance: 1, order amount: 2", "not_enough_balance"},
		{"invalid expiration", "invalid_expiration"},
		{"invalid post-only order: order crosses book", "post_only_crosses"},
		{"invalid post-only order: only GTC and GTD order types are allowed", "invalid_post_only"},
		{"invalid amounts, the market buy orders maker amount supports a max accuracy of 2 decimals, taker amount a max of 4 decimals",
		"invalid_amounts"},
		{"invalid amount for a marketable BUY order ($0.5), min size: $1", "below_min_notional"},
		{"order_version_mismatch", "order_version_mismatch"},
		{"invalid nonce", "invalid_nonce"},
		{"no orders found to match with FAK order. FAK orders are partially filled or killed if no match is found.", "no_match"},
		{"order couldn't be fully filled. FOK orders are fully filled or killed.", "not_fully_filled"},
		{"something nobody has seen before", "refused"},
	};
	char		body[400];

	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++)
	{
		snprintf(body, sizeof(body), "{\"error\":\"%s\"}", refusals[i].text);
		assert_post(400, body, POST_OUTCOME_REJECTED, refusals[i].code);
		snprintf(body, sizeof(body), "{\"success\":false,\"errorMsg\":\"%s\",\"orderID\":\"\"}", refusals[i].text);
		assert_post(200, body, POST_OUTCOME_REJECTED, refusals[i].code);
		/* The same words with a server error may have come too late to be true. */
		snprintf(body, sizeof(body), "{\"error\":\"%s\"}", refusals[i].text);
		assert_post(500, body, POST_OUTCOME_UNKNOWN, "server_error");
	}
	assert_post(401, "{\"error\":\"Invalid API key\"}", POST_OUTCOME_REJECTED, "unauthorized");
	assert_post(401, "", POST_OUTCOME_REJECTED, "unauthorized");
	assert_post(403, "<html>blocked</html>", POST_OUTCOME_REJECTED, "forbidden");
}

static void
test_post_duplicate(void **state)
{
	static const char body[] = "{\"error\":\"order 0xabc is invalid. Duplicated. Same order has already been placed, can't be placed again\"}";

	assert_post(400, body, POST_OUTCOME_DUPLICATE, "duplicated");
	assert_post(500, body, POST_OUTCOME_DUPLICATE, "duplicated");
}

static void
test_post_unknown(void **state)
{
	assert_post(0, "", POST_OUTCOME_UNKNOWN, "no_answer");
	assert_post(500, "{\"error\":\"could not insert order\"}", POST_OUTCOME_UNKNOWN, "could_not_insert");
	assert_post(400, "{\"error\":\"could not run the execution\"}", POST_OUTCOME_UNKNOWN, "could_not_execute");
	assert_post(400, "{\"error\":\"error delaying the order\"}", POST_OUTCOME_UNKNOWN, "could_not_delay");
	assert_post(502, "<html>Bad Gateway</html>", POST_OUTCOME_UNKNOWN, "unreadable");
	assert_post(400, "<html>?</html>", POST_OUTCOME_UNKNOWN, "unreadable");
	assert_post(503, "{}", POST_OUTCOME_UNKNOWN, "unrecognised");
	assert_post(200, "", POST_OUTCOME_UNKNOWN, "unreadable");
	assert_post(200, "{}", POST_OUTCOME_UNKNOWN, "unrecognised");
	assert_post(200, "[]", POST_OUTCOME_UNKNOWN, "unreadable");
	assert_post(200, "{\"success\":true,\"orderID\":\"" OURS "\",\"status\":\"live\"", POST_OUTCOME_UNKNOWN, "unreadable");
	assert_post(200, "{\"success\":true,\"orderID\":\"" OURS "\"}", POST_OUTCOME_UNKNOWN, "unrecognised_status");
	assert_post(200, "{\"success\":true,\"orderID\":\"" OURS "\",\"status\":\"unmatched\"}", POST_OUTCOME_UNKNOWN,
				"unrecognised_status");
	assert_post(200, "{\"success\":true,\"orderID\":\"0x22\",\"status\":\"live\"}", POST_OUTCOME_UNKNOWN, "order_id_mismatch");
	assert_post(200, "{\"success\":true,\"orderID\":7,\"status\":\"live\"}", POST_OUTCOME_UNKNOWN, "order_id_missing");
	assert_post(200, "{\"success\":true,\"orderID\":\"" OURS "\",\"status\":\"live\",\"errorMsg\":\"but then again\"}",
				POST_OUTCOME_UNKNOWN, "unrecognised");
	/* Refused, yet with our id: someone must look. */
	assert_post(200, "{\"success\":false,\"orderID\":\"" OURS "\",\"errorMsg\":\"odd\"}", POST_OUTCOME_UNKNOWN, "unrecognised");
	assert_post(200, "{\"success\":false,\"orderID\":\"\"}", POST_OUTCOME_UNKNOWN, "unrecognised");
}

static void
test_post_retry_later(void **state)
{
	assert_post(408, "{\"error\":\"request timeout\"}", POST_OUTCOME_UNKNOWN, "request_timeout");
	assert_post(425, "", POST_OUTCOME_RETRY_LATER, "engine_restarting");
	assert_post(429, "{\"error\":\"Too Many Requests\"}", POST_OUTCOME_RETRY_LATER, "rate_limited");
	assert_post(503, "{\"error\":\"Trading is currently disabled. Check polymarket.com for updates\"}",
				POST_OUTCOME_RETRY_LATER, "trading_disabled");
	assert_post(503, "{\"error\":\"Trading is currently cancel-only. New orders are not accepted, but cancels are allowed.\"}",
				POST_OUTCOME_RETRY_LATER, "cancel_only");
	assert_post(400, "{\"error\":\"post-only mode: only post-only orders and cancels are allowed\"}",
				POST_OUTCOME_RETRY_LATER, "post_only_mode");
	assert_post(400, "{\"error\":\"the market is not yet ready to process new orders\"}", POST_OUTCOME_RETRY_LATER,
				"market_not_ready");
}

static void
test_post_reason_is_clean(void **state)
{
	static const char body[] = "{\"error\":\"a\\u001b[31m\\nb\\u00e9\"}";
	PostAnswer	answer;

	arb_pm_parse_post(400, body, strlen(body), OURS, &answer);
	for (const char *c = answer.reason; *c != '\0'; c++)
		assert_true(*c >= 0x20 && *c <= 0x7e);
}

static void
test_cancel(void **state)
{
	static const char text[] = "{\"canceled\":[\"0xa1\"],\"not_canceled\":{\"0xb1\":\"already canceled or matched\","
	"\"0xc1\":\"Order not found or already canceled\",\"0xd1\":\"order is being processed\"}}";
	PmCancelAnswer answer;
	ParseError	error;

	assert_true(arb_pm_parse_cancel(200, text, strlen(text), &answer, &error));
	assert_int_equal(answer.count, 4);
	assert_int_equal(arb_pm_cancel_state_of(&answer, "0xA1"), PM_CANCEL_DONE);
	assert_int_equal(arb_pm_cancel_state_of(&answer, "0xb1"), PM_CANCEL_ALREADY_DONE);
	assert_int_equal(arb_pm_cancel_state_of(&answer, "0xc1"), PM_CANCEL_NOT_FOUND);
	assert_int_equal(arb_pm_cancel_state_of(&answer, "0xd1"), PM_CANCEL_REFUSED);
	assert_int_equal(arb_pm_cancel_state_of(&answer, "0xe1"), PM_CANCEL_NONE);
	arb_pm_cancel_answer_free(&answer);
	assert_true(arb_pm_parse_cancel(200, TEXT("{\"canceled\":[],\"not_canceled\":{}}"), &answer, &error));
	assert_int_equal(answer.count, 0);
	arb_pm_cancel_answer_free(&answer);
	assert_false(arb_pm_parse_cancel(200, TEXT("{}"), &answer, &error));
	assert_false(arb_pm_parse_cancel(200, TEXT("{\"canceled\":{}}"), &answer, &error));
	assert_false(arb_pm_parse_cancel(200, TEXT("{\"canceled\":[7]}"), &answer, &error));
	assert_false(arb_pm_parse_cancel(200, TEXT("{\"canceled\":[],\"not_canceled\":{\"0xa\":7}}"), &answer, &error));
	assert_false(arb_pm_parse_cancel(503, text, strlen(text), &answer, &error));
	assert_int_equal(error.kind, PARSE_ERROR_HTTP_STATUS);
}

/* ----- prices ----- */

static PmPriceFrame
price(const char *text)
{
	PmPriceFrame frame;
	ParseError	error;

	if (!arb_pm_parse_price(text, strlen(text), &frame, &error))
		fail_msg("%s: %s", arb_parse_error_name(error.kind), error.context);
	return frame;
}

static void
assert_price_fails(const char *text, ParseErrorKind kind)
{
	PmPriceFrame frame;
	ParseError	error = {.kind = PARSE_ERROR_NONE};

	if (arb_pm_parse_price(text, strlen(text), &frame, &error))
		fail_msg("accepted: %s", text);
	assert_int_equal(error.kind, kind);
	assert_null(frame.points);
}

#define UPDATE(topic, symbol, value, full) \
	"{\"topic\":\"" topic "\",\"type\":\"update\",\"timestamp\":1790877851136,\"payload\":{\"symbol\":\"" symbol "\"," \
	"\"timestamp\":1790877851000,\"value\":" value ",\"full_accuracy_value\":" full "}}"

static void
test_price_updates(void **state)
{
	PmPriceFrame frame = price(UPDATE("crypto_prices_twap_sixty", "btc/usd", "83884.31639475992", "\"83884316394759921234567\""));

	assert_int_equal(frame.kind, PM_PRICE_UPDATE);
	assert_string_equal(frame.points[0].value, "83884.316394759921234567");
	assert_int_equal(frame.points[0].timestamp_ms, 1790877851000);
	assert_int_equal(frame.sent_ms, 1790877851136);
	arb_pm_price_frame_free(&frame);
	frame = price(UPDATE("crypto_prices", "btcusdt", "61035.86", "\"61035.86000000\""));
	assert_string_equal(frame.points[0].value, "61035.86");
	arb_pm_price_frame_free(&frame);
	/* Without the exact text the literal of the number is taken. */
	frame = price(UPDATE("crypto_prices_chainlink", "btc/usd", "83884.316394759925", "null"));
	assert_string_equal(frame.points[0].value, "83884.316394759925");
	arb_pm_price_frame_free(&frame);
	frame = price("{\"event_type\":\"clock\",\"seq\":3,\"timestamp\":\"1790877851000\"}");
	assert_int_equal(frame.kind, PM_PRICE_CLOCK);
	assert_int_equal(frame.seq, 3);
	assert_int_equal(frame.sent_ms, 1790877851000);
	arb_pm_price_frame_free(&frame);
}

static void
test_price_history(void **state)
{
	PmPriceFrame frame = price("{\"topic\":\"crypto_prices\",\"type\":\"subscribe\",\"timestamp\":1780726213178,\"payload\":"
							   "{\"symbol\":\"btc/usd\",\"data\":[{\"timestamp\":1780726209000,\"value\":61164.12},"
							   "{\"timestamp\":1780726210000,\"value\":61161}]}}");

	assert_int_equal(frame.kind, PM_PRICE_HISTORY);
	assert_string_equal(frame.topic, "crypto_prices_chainlink");
	assert_int_equal(frame.count, 2);
	assert_string_equal(frame.points[0].value, "61164.12");
	assert_string_equal(frame.points[1].value, "61161");
	arb_pm_price_frame_free(&frame);
}

static void
test_price_other_frames(void **state)
{
	PmPriceFrame frame = price("{\"statusCode\":401,\"body\":{\"message\":\"unknown topic\"}}");

	assert_int_equal(frame.kind, PM_PRICE_REFUSED);
	assert_int_equal(frame.status_code, 401);
	arb_pm_price_frame_free(&frame);
	frame = price("{\"topic\":\"comments\",\"type\":\"comment_created\",\"payload\":{}}");
	assert_int_equal(frame.kind, PM_PRICE_UNKNOWN);
	arb_pm_price_frame_free(&frame);
	frame = price("");
	assert_int_equal(frame.kind, PM_PRICE_NONE);
	/* A wrong scale is a factor of 10^18: noticed by comparison with the number. */
	assert_price_fails(UPDATE("crypto_prices_chainlink", "btc/usd", "83884.3", "\"83884.3\""), PARSE_ERROR_OUT_OF_RANGE);
	assert_price_fails(UPDATE("crypto_prices", "btcusdt", "83884.3", "\"83884300000000000000000\""), PARSE_ERROR_OUT_OF_RANGE);
	assert_price_fails(UPDATE("crypto_prices", "btcusdt", "-1", "\"-1\""), PARSE_ERROR_OUT_OF_RANGE);
	assert_price_fails(UPDATE("crypto_prices", "btcusdt", "0", "null"), PARSE_ERROR_OUT_OF_RANGE);
	assert_price_fails(UPDATE("crypto_prices", "btcusdt", "null", "null"), PARSE_ERROR_MISSING_FIELD);
	assert_price_fails("{\"topic\":\"crypto_prices\",\"type\":\"update\",\"payload\":[]}", PARSE_ERROR_WRONG_TYPE);
	assert_price_fails("[]", PARSE_ERROR_WRONG_TYPE);
	assert_price_fails("{\"topic\":\"crypto_prices\",\"type\":\"subscribe\",\"payload\":{\"symbol\":\"btcusdt\"}}",
					   PARSE_ERROR_MISSING_FIELD);
}

/* ----- metadata ----- */

#define GAMMA(closed, prices, rest) \
	"{\"slug\":\"w\",\"conditionId\":\"0xcc\",\"closed\":" closed ",\"outcomes\":\"[\\\"Up\\\",\\\"Down\\\"]\"," \
	"\"outcomePrices\":\"" prices "\",\"clobTokenIds\":\"[\\\"11\\\",\\\"22\\\"]\"" rest "}"

static PmGammaMarket
gamma_market(const char *text)
{
	PmGammaMarket result;
	ParseError	error;

	if (!arb_pm_parse_gamma(text, strlen(text), "w", &result, &error))
		fail_msg("%s: %s", arb_parse_error_name(error.kind), error.context);
	return result;
}

static void
test_gamma_resolution(void **state)
{
	assert_int_equal(gamma_market(GAMMA("true", "[\\\"1\\\", \\\"0\\\"]", "")).resolution, PM_RESOLUTION_FIRST);
	assert_int_equal(gamma_market(GAMMA("true", "[\\\"0\\\", \\\"1\\\"]", "")).resolution, PM_RESOLUTION_SECOND);
	assert_int_equal(gamma_market(GAMMA("true", "[0.5, 0.50]", "")).resolution, PM_RESOLUTION_SPLIT);
	assert_int_equal(gamma_market(GAMMA("true", "[\\\"0.9995\\\", \\\"0.0005\\\"]", "")).resolution, PM_RESOLUTION_NONE);
	assert_int_equal(gamma_market(GAMMA("true", "[\\\"0\\\", \\\"0\\\"]", "")).resolution, PM_RESOLUTION_NONE);
	assert_int_equal(gamma_market(GAMMA("false", "[\\\"1\\\", \\\"0\\\"]", "")).resolution, PM_RESOLUTION_NONE);
	assert_int_equal(gamma_market(GAMMA("true", "", "")).resolution, PM_RESOLUTION_NONE);
}

static void
test_gamma_shapes(void **state)
{
	PmGammaMarket found;
	PmGammaMarket market_read = gamma_market("{\"slug\":\"w\",\"eventMetadata\":{\"priceToBeat\":\"83884.31\",\"finalPrice\":83900.5},\"markets\":["
											 GAMMA("false", "", ",\"feesEnabled\":true,\"feeSchedule\":{\"rate\":0.07,\"exponent\":1},"
												   "\"orderPriceMinTickSize\":0.001,\"orderMinSize\":5,"
												   "\"eventStartTime\":\"2026-09-28T17:30:00Z\",\"closedTime\":\"2026-09-28 17:46:27+00\"") "]}");
	static const char unknown[] = "[" GAMMA("false", "", "") "]";
	ParseError	error;

	assert_string_equal(market_read.price_to_beat, "83884.31");
	assert_string_equal(market_read.final_price, "83900.5");
	assert_int_equal(market_read.fee_rate, 70000);
	assert_int_equal(market_read.fee_exponent, 1);
	assert_true(market_read.fees_known);
	assert_int_equal(market_read.tick_size, 1000);
	assert_int_equal(market_read.min_order_size, 5000000);
	assert_int_equal(market_read.start_ms, 1790616600000);
	assert_int_equal(market_read.closed_ms, 1790617587000);
	assert_string_equal(market_read.token_ids[1], "22");
	assert_string_equal(market_read.outcomes[0], "Up");
	/* Fees on without a schedule: unknown, not zero. */
	assert_false(gamma_market(GAMMA("false", "", ",\"feesEnabled\":true")).fees_known);
	assert_true(gamma_market(GAMMA("false", "", ",\"feesEnabled\":false")).fees_known);
	assert_string_equal(gamma_market("{\"slug\":\"w\",\"conditionId\":\"0xcc\",\"clobTokenIds\":\"[\\\"\\\",\\\"\\\"]\"}").token_ids[0], "");
	assert_false(arb_pm_parse_gamma(unknown, strlen(unknown), "x", &found, &error));
	assert_int_equal(error.kind, PARSE_ERROR_MISSING_FIELD);
	assert_true(arb_pm_parse_gamma(unknown, strlen(unknown), "w", &found, &error));
}

static void
assert_gamma_fails(const char *text, ParseErrorKind kind)
{
	PmGammaMarket result;
	ParseError	error = {.kind = PARSE_ERROR_NONE};

	if (arb_pm_parse_gamma(text, strlen(text), "w", &result, &error))
		fail_msg("accepted: %s", text);
	if (error.kind != kind)
		fail_msg("%s: %s", arb_parse_error_name(error.kind), text);
}

static void
test_gamma_broken(void **state)
{
	assert_gamma_fails("[]", PARSE_ERROR_MISSING_FIELD);
	assert_gamma_fails("7", PARSE_ERROR_MISSING_FIELD);
	assert_gamma_fails("{\"markets\":[7,null,[]]}", PARSE_ERROR_MISSING_FIELD);
	assert_gamma_fails("{\"slug\":\"w\"}", PARSE_ERROR_MISSING_FIELD);
	assert_gamma_fails(GAMMA("true", "[1", ""), PARSE_ERROR_BAD_JSON);
	assert_gamma_fails(GAMMA("true", "[1,0,0]", ""), PARSE_ERROR_OUT_OF_RANGE);
	assert_gamma_fails(GAMMA("true", "{}", ""), PARSE_ERROR_WRONG_TYPE);
	assert_gamma_fails(GAMMA("true", "[true,false]", ""), PARSE_ERROR_WRONG_TYPE);
	assert_gamma_fails(GAMMA("\"yes\"", "", ""), PARSE_ERROR_WRONG_TYPE);
	assert_gamma_fails(GAMMA("true", "", ",\"orderPriceMinTickSize\":-0.01"), PARSE_ERROR_OUT_OF_RANGE);
	assert_gamma_fails(GAMMA("true", "", ",\"feesEnabled\":true,\"feeSchedule\":{\"rate\":7,\"exponent\":1}"),
					   PARSE_ERROR_OUT_OF_RANGE);
	assert_gamma_fails(GAMMA("true", "", ",\"feesEnabled\":true,\"feeSchedule\":[]"), PARSE_ERROR_WRONG_TYPE);
	assert_gamma_fails(GAMMA("true", "", ",\"endDate\":\"tomorrow\""), PARSE_ERROR_OUT_OF_RANGE);
	assert_gamma_fails("{\"slug\":\"w\",\"conditionId\":\"0xcc\",\"clobTokenIds\":[\"11\",22]}", PARSE_ERROR_OUT_OF_RANGE);
}

static void
test_clob_descriptions(void **state)
{
	static const char compact[] = "{\"c\":\"0xcc\",\"t\":[{\"t\":\"11\",\"o\":\"Up\"},{\"t\":\"22\",\"o\":\"Down\"}],\"mts\":0.01,"
	"\"mos\":5,\"mbf\":1000,\"tbf\":1000,\"fd\":{\"r\":0.07,\"e\":1,\"to\":true},\"ao\":true,\"itode\":true}";
	static const char no_fee[] = "{\"c\":\"0xcc\",\"t\":[{\"t\":\"11\",\"o\":\"Up\"},{\"t\":\"22\",\"o\":\"Down\"}],\"mts\":\"0.001\",\"mos\":\"5\"}";
	static const char status_text[] = "{\"condition_id\":\"0xcc\",\"closed\":true,\"tokens\":[{\"token_id\":\"11\",\"outcome\":\"Up\","
	"\"price\":1,\"winner\":false},{\"token_id\":\"22\",\"outcome\":\"Down\",\"price\":0,\"winner\":true}]}";
	PmClobMarket clob;
	PmMarketStatus status;
	ParseError	error;

	assert_true(arb_pm_parse_clob_market(compact, strlen(compact), &clob, &error));
	assert_int_equal(clob.fee_rate, 70000);
	assert_int_equal(clob.tick_size, 10000);
	assert_true(clob.taker_delay);
	assert_false(clob.neg_risk);
	assert_true(arb_pm_parse_clob_market(no_fee, strlen(no_fee), &clob, &error));
	assert_int_equal(clob.fee_rate, 0);
	assert_false(arb_pm_parse_clob_market(TEXT("{\"t\":[]}"), &clob, &error));
	assert_true(arb_pm_parse_market_status(status_text, strlen(status_text), &status, &error));
	assert_int_equal(status.resolution, PM_RESOLUTION_SECOND);
	assert_false(arb_pm_parse_market_status(TEXT("{}"), &status, &error));
}

/* ----- account and small answers ----- */

static void
test_balance(void **state)
{
	static const char listed[] = "{\"balance\":\"1000000\",\"allowances\":{\"0xa\":\"115792089237316195423570985008687907853269984665640564039457584007913129639935\","
	"\"0xb\":\"5\"}}";
	PmBalance	balance;
	ParseError	error;

	assert_true(arb_pm_parse_balance(listed, strlen(listed), &balance, &error));
	assert_int_equal(balance.balance, 1000000);
	assert_int_equal(balance.allowance_count, 2);
	assert_int_equal(arb_pm_balance_allowance_min(&balance), 5);
	assert_true(arb_pm_parse_balance(TEXT("{\"balance\":\"7\"}"), &balance, &error));
	assert_false(balance.has_allowance);
	assert_int_equal(arb_pm_balance_allowance_min(&balance), 0);
	assert_false(arb_pm_parse_balance(TEXT("{\"balance\":\"-7\"}"), &balance, &error));
	assert_false(arb_pm_parse_balance(TEXT("{\"balance\":\"7.5\"}"), &balance, &error));
	assert_false(arb_pm_parse_balance(TEXT("{\"balance\":7,\"allowances\":{\"0xa\":\"-1\"}}"), &balance, &error));
	assert_false(arb_pm_parse_balance(TEXT("{\"balance\":7,\"allowances\":[]}"), &balance, &error));
	assert_false(arb_pm_parse_balance(TEXT("{}"), &balance, &error));
	assert_false(arb_pm_parse_balance(TEXT("7"), &balance, &error));
}

static void
test_small_answers(void **state)
{
	char		id[64];
	char		key[64];
	char		secret[64];
	char		pass[64];
	char		text[64];
	int64_t		seconds;
	int			version;
	bool		flag;
	ParseError	error;

	assert_true(arb_pm_parse_time(TEXT("1793000000"), &seconds, &error));
	assert_int_equal(seconds, 1793000000);
	assert_true(arb_pm_parse_time(TEXT("\"1793000000\""), &seconds, &error));
	assert_false(arb_pm_parse_time(TEXT("1793000000000000"), &seconds, &error));
	assert_false(arb_pm_parse_time(TEXT("-5"), &seconds, &error));
	assert_false(arb_pm_parse_time(TEXT("{}"), &seconds, &error));
	assert_true(arb_pm_parse_version(TEXT("{\"version\":3}"), &version, &error));
	assert_int_equal(version, 3);
	assert_true(arb_pm_parse_version(TEXT("{}"), &version, &error));
	assert_int_equal(version, 2);
	assert_false(arb_pm_parse_version(TEXT("{\"version\":4}"), &version, &error));
	assert_false(arb_pm_parse_version(TEXT("[]"), &version, &error));
	assert_true(arb_pm_parse_geoblock(TEXT("{\"blocked\":false,\"ip\":\"1.2.3.4\"}"), &flag, &error));
	assert_false(flag);
	assert_false(arb_pm_parse_geoblock(TEXT("{\"blocked\":\"no\"}"), &flag, &error));
	assert_true(arb_pm_parse_closed_only(TEXT("{\"closed_only\":true}"), &flag, &error));
	assert_true(flag);
	assert_true(arb_pm_parse_heartbeat(TEXT("{\"error\":\"Invalid Heartbeat ID\",\"heartbeat_id\":\"abc\"}"), id, sizeof(id), &error));
	assert_string_equal(id, "abc");
	assert_true(arb_pm_parse_credentials(TEXT("{\"apiKey\":\"k\",\"secret\":\"s\",\"passphrase\":\"p\"}"), key, sizeof(key),
										 secret, sizeof(secret), pass, sizeof(pass), &error));
	assert_string_equal(secret, "s");
	assert_false(arb_pm_parse_credentials(TEXT("{\"apiKey\":\"k\",\"secret\":\"s\"}"), key, sizeof(key),
										  secret, sizeof(secret), pass, sizeof(pass), &error));
	arb_pm_parse_error_text(TEXT("{\"error\":\"nope\"}"), text, sizeof(text));
	assert_string_equal(text, "nope");
	arb_pm_parse_error_text(TEXT("<html>"), text, sizeof(text));
	assert_string_equal(text, "");
}

static void
test_times(void **state)
{
	int64_t		ms;

	assert_true(arb_pm_parse_when("2026-09-28T17:45:00Z", &ms));
	assert_int_equal(ms, 1790617500000);
	assert_true(arb_pm_parse_when("2026-09-28T17:45:00.844892Z", &ms));
	assert_int_equal(ms, 1790617500844);
	assert_true(arb_pm_parse_when("2026-09-28 17:45:00+00", &ms));
	assert_int_equal(ms, 1790617500000);
	assert_true(arb_pm_parse_when("2026-09-28T13:45:00-04:00", &ms));
	assert_int_equal(ms, 1790617500000);
	assert_true(arb_pm_parse_when("1790617500", &ms));
	assert_int_equal(ms, 1790617500000);
	assert_true(arb_pm_parse_when("1790617500123", &ms));
	assert_int_equal(ms, 1790617500123);
	assert_false(arb_pm_parse_when("", &ms));
	assert_false(arb_pm_parse_when("2026-13-28T17:45:00Z", &ms));
	assert_false(arb_pm_parse_when("2026-09-28T17:45:00Zulu", &ms));
	assert_false(arb_pm_parse_when("2026-09-28T17:45:00+0", &ms));
	assert_false(arb_pm_parse_when("2026-09-28", &ms));
	assert_false(arb_pm_parse_when("99999999999999999999", &ms));
	assert_false(arb_pm_parse_when("-5", &ms));
	assert_false(arb_pm_parse_when(NULL, &ms));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_market_control_text),
		cmocka_unit_test(test_market_array_of_events),
		cmocka_unit_test(test_market_books),
		cmocka_unit_test(test_market_broken_frames),
		cmocka_unit_test(test_market_resolved),
		cmocka_unit_test(test_market_hostile_sizes),
		cmocka_unit_test(test_user_trade_legs),
		cmocka_unit_test(test_user_broken_frames),
		cmocka_unit_test(test_order_statuses),
		cmocka_unit_test(test_order_lookup),
		cmocka_unit_test(test_pages),
		cmocka_unit_test(test_post_accepted),
		cmocka_unit_test(test_post_refused),
		cmocka_unit_test(test_post_duplicate),
		cmocka_unit_test(test_post_unknown),
		cmocka_unit_test(test_post_retry_later),
		cmocka_unit_test(test_post_reason_is_clean),
		cmocka_unit_test(test_cancel),
		cmocka_unit_test(test_price_updates),
		cmocka_unit_test(test_price_history),
		cmocka_unit_test(test_price_other_frames),
		cmocka_unit_test(test_gamma_resolution),
		cmocka_unit_test(test_gamma_shapes),
		cmocka_unit_test(test_gamma_broken),
		cmocka_unit_test(test_clob_descriptions),
		cmocka_unit_test(test_balance),
		cmocka_unit_test(test_small_answers),
		cmocka_unit_test(test_times),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
