/*-------------------------------------------------------------------------
 *
 * test/worker/test_polymarket_build.c
 *	  Orders prepared from tickets, messages, headers.
 *
 *-------------------------------------------------------------------------
 */
#include "fixture.h"

#include "../../worker/venue/polymarket/build.h"
#include "../../worker/venue/polymarket/parse.h"

#define KEY_HEX "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"
#define TOKEN "71321045679252212594626385532706912750332728571942532289631379312455583992563"
#define OWNER "9180014b-33c8-9240-a14b-bdca11c0a465"
#define SECRET "bLcZffpvUgeErAENRUwir1zo_sEhzrZGJ1FsZ1YJ2JQ="

static EthKey *Key;

static int
init_library(void **state)
{
	if (arb_eth_init() != NULL)
		return -1;
	Key = arb_eth_key_from_hex(KEY_HEX, strlen(KEY_HEX));
	return Key == NULL ? -1 : 0;
}

static int
shut_library_down(void **state)
{
	arb_eth_key_free(Key);
	arb_eth_shutdown();
	return 0;
}

static OrderTicket
good_ticket(void)
{
	OrderTicket ticket = {.order_id = 1, .symbol = TOKEN, .side = ORDER_SIDE_BUY,
		.amount_kind = AMOUNT_KIND_MONEY, .amount = "1", .limit_price = "0.56",
		.time_in_force = TIME_IN_FORCE_FAK, .tick_size = "0.01", .salt = 479249096354,
		.signed_ms = 1780449126930};

	return ticket;
}

static void
test_same_ticket_same_bytes(void **state)
{
	OrderTicket ticket = good_ticket();
	char		reason[VENUE_REASON_SIZE] = "";
	PreparedOrder first;
	PreparedOrder second;
	PmSigner	signer;
	uint8_t		hash[SHA256_SIZE];

	assert_true(arb_pm_signer_init(&signer, Key, NULL, SIGNATURE_TYPE_EOA, 137, 2, OWNER));
	assert_true(arb_pm_prepare_order(&signer, &ticket, &first, reason));
	assert_true(arb_pm_prepare_order(&signer, &ticket, &second, reason));
	assert_int_equal(first.body_len, second.body_len);
	assert_memory_equal(first.body, second.body, first.body_len);
	assert_string_equal(first.venue_order_id, second.venue_order_id);
	assert_int_equal(strlen(first.venue_order_id), 66);
	arb_sha256(first.body, first.body_len, hash);
	assert_memory_equal(hash, first.body_sha256, sizeof(hash));
	assert_int_equal(first.maker_micro, 1000000);
	assert_int_equal(first.taker_micro, 1785700);
	assert_non_null(strstr(first.body, "\"expiration\":\"0\""));
	/* Another salt, another contract: another order. */
	ticket.salt++;
	assert_true(arb_pm_prepare_order(&signer, &ticket, &second, reason));
	assert_string_not_equal(first.venue_order_id, second.venue_order_id);
	ticket.salt--;
	ticket.neg_risk = true;
	assert_true(arb_pm_prepare_order(&signer, &ticket, &second, reason));
	assert_string_not_equal(first.venue_order_id, second.venue_order_id);
}

/* What is stored shows the whole request, and nothing that proves who we are. */
static void
test_stored_request(void **state)
{
	OrderTicket ticket = good_ticket();
	char		reason[VENUE_REASON_SIZE] = "";
	char		request[VENUE_REQUEST_MAX];
	char		expected[VENUE_REQUEST_MAX];
	PreparedOrder order;
	PmSigner	signer;
	PmCredentials credentials;
	size_t		len;

	assert_true(arb_pm_credentials_load(OWNER, SECRET, "pass-phrase", &credentials));
	assert_true(arb_pm_signer_init(&signer, Key, NULL, SIGNATURE_TYPE_EOA, 137, 2, OWNER));
	assert_true(arb_pm_prepare_order(&signer, &ticket, &order, reason));
	order.timestamp_s = 1780449127;
	len = arb_pm_render_order(&credentials, signer.address_text, &order, request, sizeof(request));
	(void) snprintf(expected, sizeof(expected), "POST /order\nPOLY_ADDRESS: %s\nPOLY_SIGNATURE: [redacted]\n"
					"POLY_TIMESTAMP: 1780449127\nPOLY_API_KEY: [redacted]\nPOLY_PASSPHRASE: [redacted]\n"
					"Content-Type: application/json\n\n%s", signer.address_text, order.body);
	assert_string_equal(request, expected);
	assert_int_equal(len, strlen(expected));
	assert_null(strstr(request, "pass-phrase"));
	/* A buffer too small holds nothing. */
	assert_int_equal(arb_pm_render_order(&credentials, signer.address_text, &order, request, len), 0);
	assert_string_equal(request, "");
	arb_pm_credentials_wipe(&credentials);
}

static void
test_unsigned_request(void **state)
{
	OrderTicket ticket = good_ticket();
	char		reason[VENUE_REASON_SIZE] = "";
	char		request[VENUE_REQUEST_MAX];
	PreparedOrder order;
	uint8_t		hash[SHA256_SIZE];

	assert_true(arb_pm_prepare_unsigned(&ticket, &order, reason));
	assert_string_equal(order.venue_order_id, "");
	assert_int_equal(order.maker_micro, 1000000);
	assert_non_null(strstr(order.body, "\"maker\":\"[unsigned]\",\"signer\":\"[unsigned]\""));
	assert_non_null(strstr(order.body, "\"signature\":\"[unsigned]\"},\"owner\":\"[unsigned]\""));
	assert_non_null(strstr(order.body, "\"makerAmount\":\"1000000\",\"takerAmount\":\"1785700\""));
	arb_sha256(order.body, order.body_len, hash);
	assert_memory_equal(hash, order.body_sha256, sizeof(hash));
	/* Nobody may post it, whatever the ticket says. */
	assert_true(order.dry_run);
	assert_true(arb_pm_render_order(NULL, "", &order, request, sizeof(request)) > 0);
	assert_non_null(strstr(request, "POLY_SIGNATURE: [unsigned]\n"));
	ticket.time_in_force = TIME_IN_FORCE_GTD;
	ticket.amount_kind = AMOUNT_KIND_BASE;
	assert_false(arb_pm_prepare_unsigned(&ticket, &order, reason));
	assert_string_equal(reason, "GTD without an expiry");
}

/* The body must say what was signed: read it back and compare. */
static void
test_body_is_readable_json(void **state)
{
	OrderTicket ticket = good_ticket();
	char		reason[VENUE_REASON_SIZE] = "";
	char		text[VENUE_SYMBOL_SIZE];
	PreparedOrder order;
	PmSigner	signer;
	ParseError	error;
	json_t	   *root;
	json_t	   *fields;

	ticket.time_in_force = TIME_IN_FORCE_GTD;
	ticket.amount_kind = AMOUNT_KIND_BASE;
	ticket.expires_s = 1780450000;
	assert_true(arb_pm_signer_init(&signer, Key, NULL, SIGNATURE_TYPE_EOA, 137, 2, OWNER));
	assert_true(arb_pm_prepare_order(&signer, &ticket, &order, reason));
	root = arb_json_load(order.body, order.body_len, JSON_MAX_BYTES, &error);
	assert_non_null(root);
	fields = arb_json_object_field(root, "order", &error);
	assert_true(json_is_integer(json_object_get(fields, "salt")));
	assert_true(arb_json_id(fields, "tokenId", text, sizeof(text), &error));
	assert_string_equal(text, TOKEN);
	assert_true(arb_json_id(fields, "expiration", text, sizeof(text), &error));
	/* The venue ends it a minute before the time it carries. */
	assert_string_equal(text, "1780450060");
	assert_true(arb_json_id(root, "orderType", text, sizeof(text), &error));
	assert_string_equal(text, "GTD");
	json_decref(root);
}

/* One number of a prepared order's body, in micro units. */
static int64_t
amount_in_body(const json_t *fields, const char *name)
{
	char		text[VENUE_SYMBOL_SIZE];
	ParseError	error;

	assert_true(arb_json_id(fields, name, text, sizeof(text), &error));
	return strtoll(text, NULL, 10);
}

/*
 * An immediate buy's highest price is the quotient of its two amounts: the
 * venue has no field for it.  At the limit it matches, a tick above it does not.
 */
static void
test_highest_price_of_an_immediate_buy(void **state)
{
	static const char *const keys[] = {
		"salt", "maker", "signer", "tokenId", "makerAmount", "takerAmount", "side", "signatureType",
		"timestamp", "expiration", "metadata", "builder", "signature"
	};
	OrderTicket ticket = good_ticket();
	char		reason[VENUE_REASON_SIZE] = "";
	PmSigner	signer;
	int			cents;

	assert_true(arb_pm_signer_init(&signer, Key, NULL, SIGNATURE_TYPE_EOA, 137, 2, OWNER));
	for (cents = 1; cents <= 99; cents++)
	{
		PreparedOrder order;
		ParseError	error;
		json_t	   *root;
		json_t	   *fields;
		int64_t		money;
		int64_t		shares;
		size_t		i;

		(void) snprintf(ticket.limit_price, sizeof(ticket.limit_price), "0.%02d", cents);
		(void) snprintf(ticket.amount, sizeof(ticket.amount), "%d.%02d", 1 + cents % 5, cents % 7);
		assert_true(arb_pm_prepare_order(&signer, &ticket, &order, reason));
		root = arb_json_load(order.body, order.body_len, JSON_MAX_BYTES, &error);
		assert_non_null(root);
		assert_string_equal(json_string_value(json_object_get(root, "orderType")), "FAK");
		fields = arb_json_object_field(root, "order", &error);
		assert_int_equal(json_object_size(fields), sizeof(keys) / sizeof(keys[0]));
		for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
			assert_non_null(json_object_get(fields, keys[i]));
		money = amount_in_body(fields, "makerAmount");
		shares = amount_in_body(fields, "takerAmount");
		assert_int_equal(money, (1 + cents % 5) * 1000000 + (cents % 7) * 10000);
		/* money / shares is the limit, or less than a tick above it. */
		assert_true(money * 100 >= shares * cents);
		assert_true(money * 100 < shares * (cents + 1));
		/* Shares to four decimals: the venue refuses more. */
		assert_int_equal(shares % 100, 0);
		json_decref(root);
	}
}

static void
assert_not_prepared(const PmSigner *signer, const OrderTicket *ticket)
{
	PreparedOrder order;
	char		reason[VENUE_REASON_SIZE] = "";

	assert_false(arb_pm_prepare_order(signer, ticket, &order, reason));
	assert_true(reason[0] != '\0');
}

static void
test_unfit_tickets(void **state)
{
	OrderTicket ticket;
	PmSigner	signer;

	assert_true(arb_pm_signer_init(&signer, Key, NULL, SIGNATURE_TYPE_EOA, 137, 2, OWNER));
	ticket = good_ticket();
	ticket.salt = INT64_C(1) << 53;
	assert_not_prepared(&signer, &ticket);
	ticket.salt = -1;
	assert_not_prepared(&signer, &ticket);
	ticket = good_ticket();
	ticket.signed_ms = -1;
	assert_not_prepared(&signer, &ticket);
	ticket = good_ticket();
	strcpy(ticket.symbol, "0x12");
	assert_not_prepared(&signer, &ticket);
	/* A position id of the third exchange. */
	strcpy(ticket.symbol, "1234");
	assert_not_prepared(&signer, &ticket);
	ticket = good_ticket();
	ticket.time_in_force = TIME_IN_FORCE_GTD;
	ticket.amount_kind = AMOUNT_KIND_BASE;
	assert_not_prepared(&signer, &ticket);
	ticket = good_ticket();
	strcpy(ticket.limit_price, "0.565");
	assert_not_prepared(&signer, &ticket);
	signer.owner[0] = '\0';
	ticket = good_ticket();
	assert_not_prepared(&signer, &ticket);
}

static void
test_signers(void **state)
{
	EthAddress	wallet;
	PmSigner	signer;
	PreparedOrder order;
	OrderTicket ticket = good_ticket();
	char		reason[VENUE_REASON_SIZE];

	memset(&wallet, 0x11, sizeof(wallet));
	assert_false(arb_pm_signer_init(&signer, Key, &wallet, SIGNATURE_TYPE_EOA, 137, 2, OWNER));
	assert_false(arb_pm_signer_init(&signer, Key, NULL, SIGNATURE_TYPE_SAFE, 137, 2, OWNER));
	assert_false(arb_pm_signer_init(&signer, Key, NULL, SIGNATURE_TYPE_EOA, 1, 2, OWNER));
	assert_false(arb_pm_signer_init(&signer, Key, NULL, SIGNATURE_TYPE_EOA, 137, 1, OWNER));
	assert_false(arb_pm_signer_init(&signer, Key, NULL, SIGNATURE_TYPE_EOA, 137, 2, "a\r\nb"));
	assert_false(arb_pm_signer_init(&signer, NULL, NULL, SIGNATURE_TYPE_EOA, 137, 2, OWNER));
	assert_true(arb_pm_signer_init(&signer, Key, &wallet, SIGNATURE_TYPE_WALLET_1271, 137, 2, OWNER));
	assert_true(arb_pm_prepare_order(&signer, &ticket, &order, reason));
	assert_non_null(strstr(order.body, "\"signatureType\":3"));
	assert_non_null(strstr(order.body, "\"signer\":\"0x1111111111111111111111111111111111111111\""));
	assert_true(arb_pm_signer_init(&signer, Key, &wallet, SIGNATURE_TYPE_PROXY, 137, 2, OWNER));
	assert_true(arb_pm_prepare_order(&signer, &ticket, &order, reason));
	assert_non_null(strstr(order.body, "\"signer\":\"0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266\""));
}

static void
test_messages(void **state)
{
	static const char *const ids[] = {"11", "22"};
	static const char *const topics[] = {"crypto_prices_twap_sixty"};
	static const char *const symbols[] = {"btc/usd"};
	static const char *const spaced[] = {"btc /usd"};
	static const char *const quoted[] = {"btc\"usd"};
	char		out[512];

	assert_int_equal(arb_pm_build_cancel("0xab", out, sizeof(out)), strlen("{\"orderID\":\"0xab\"}"));
	assert_string_equal(out, "{\"orderID\":\"0xab\"}");
	assert_true(arb_pm_build_cancel_many(ids, 2, out, sizeof(out)) > 0);
	assert_string_equal(out, "[\"11\",\"22\"]");
	assert_int_equal(arb_pm_build_cancel_many(ids, 0, out, sizeof(out)), 0);
	assert_int_equal(arb_pm_build_cancel_many(ids, PM_CANCEL_MAX + 1, out, sizeof(out)), 0);
	assert_true(arb_pm_build_cancel_market("0xcc", "11", out, sizeof(out)) > 0);
	assert_string_equal(out, "{\"market\":\"0xcc\",\"asset_id\":\"11\"}");
	assert_true(arb_pm_build_market_subscribe(ids, 2, out, sizeof(out)) > 0);
	assert_string_equal(out, "{\"assets_ids\":[\"11\",\"22\"],\"type\":\"market\",\"custom_feature_enabled\":true}");
	assert_true(arb_pm_build_market_update(true, ids, 1, out, sizeof(out)) > 0);
	assert_string_equal(out, "{\"operation\":\"subscribe\",\"assets_ids\":[\"11\"]}");
	assert_true(arb_pm_build_user_update(false, ids, 1, out, sizeof(out)) > 0);
	assert_string_equal(out, "{\"operation\":\"unsubscribe\",\"markets\":[\"11\"]}");
	assert_true(arb_pm_build_rtds_subscribe(topics, symbols, 1, out, sizeof(out)) > 0);
	assert_string_equal(out, "{\"action\":\"subscribe\",\"subscriptions\":[{\"topic\":\"crypto_prices_twap_sixty\","
						"\"type\":\"update\",\"filters\":\"{\\\"symbol\\\":\\\"btc/usd\\\"}\"}]}");
	assert_int_equal(arb_pm_build_rtds_subscribe(topics, spaced, 1, out, sizeof(out)), 0);
	assert_int_equal(arb_pm_build_rtds_subscribe(topics, quoted, 1, out, sizeof(out)), 0);
	assert_true(arb_pm_build_barrier(7, out, sizeof(out)) > 0);
	assert_string_equal(out, "{\"operation\":\"barrier\",\"seq\":7}");
	assert_true(arb_pm_build_heartbeat("", out, sizeof(out)) > 0);
	assert_string_equal(out, "{\"heartbeat_id\":\"\"}");
}

/* No buffer size may make a builder write past its end or hand out a cut text. */
static void
test_small_buffers(void **state)
{
	static const char *const ids[] = {"123456", "789"};
	static const char expected[] = "[\"123456\",\"789\"]";
	char		out[64];

	for (size_t size = 1; size < sizeof(out); size++)
	{
		size_t		len;

		memset(out, 'Z', sizeof(out));
		len = arb_pm_build_cancel_many(ids, 2, out, size);
		for (size_t i = size; i < sizeof(out); i++)
			assert_int_equal(out[i], 'Z');
		if (size > strlen(expected))
			assert_string_equal(out, expected);
		else
			assert_int_equal(len, 0);
	}
}

static void
test_credentials_and_headers(void **state)
{
	PmCredentials credentials;
	PmCredentials wiped = {.api_key = ""};
	PmHeaders	headers;
	char		out[512];

	assert_true(arb_pm_credentials_load(OWNER, SECRET, "pass", &credentials));
	assert_true(arb_pm_l2_headers(&credentials, "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266", 1793000000, "GET",
								  "/data/orders?next_cursor=MA==", NULL, 0, &headers));
	assert_int_equal(headers.count, 5);
	assert_string_equal(headers.items[1].name, "POLY_SIGNATURE");
	assert_string_equal(headers.items[1].value, "qD1tWgKQEgslgt2jLaZn0i9RklRbMx5XrkP4tfoOvtY=");
	assert_string_equal(headers.items[3].value, OWNER);
	assert_true(arb_pm_build_user_subscribe(&credentials, NULL, 0, out, sizeof(out)) > 0);
	assert_string_equal(out, "{\"auth\":{\"apiKey\":\"" OWNER "\",\"secret\":\"" SECRET
						"\",\"passphrase\":\"pass\"},\"type\":\"user\"}");
	arb_pm_credentials_wipe(&credentials);
	assert_memory_equal(&credentials, &wiped, sizeof(wiped));
	assert_false(arb_pm_credentials_load("", SECRET, "pass", &credentials));
	assert_false(arb_pm_credentials_load(OWNER, "!", "pass", &credentials));
	assert_false(arb_pm_credentials_load(OWNER, SECRET, "a\nb", &credentials));
	assert_false(arb_pm_credentials_load(NULL, SECRET, "pass", &credentials));
	assert_true(arb_pm_l1_headers(Key, 137, 1793000000, 0, &headers));
	assert_int_equal(headers.count, 4);
	assert_string_equal(headers.items[1].value,
						"0x716192a957593ecc3dfc7c1fb9af5a9b176724e0180782830360072755d91d5b"
						"1c7cf683f5c0665c17fc9ea805d260d661e1f5d2a553f9409806683e8abcaeec1c");
}

static void
test_routine(void **state)
{
	VenueRoutine broken;

	assert_non_null(arb_venue_find("polymarket"));
	assert_null(arb_venue_find("nowhere"));
	assert_null(arb_venue_find(NULL));
	assert_null(arb_venue_check(arb_venue_polymarket()));
	broken = *arb_venue_polymarket();
	broken.build_cancel = NULL;
	assert_non_null(arb_venue_check(&broken));
	assert_int_equal(arb_order_side_parse("BUY"), ORDER_SIDE_BUY);
	assert_int_equal(arb_order_side_parse("buy"), ORDER_SIDE_NONE);
	assert_int_equal(arb_time_in_force_parse("FAK"), TIME_IN_FORCE_FAK);
	assert_int_equal(arb_amount_kind_parse("money"), AMOUNT_KIND_MONEY);
	assert_string_equal(arb_time_in_force_name(TIME_IN_FORCE_NONE), "");
	assert_string_equal(arb_post_outcome_name(POST_OUTCOME_RETRY_LATER), "retry_later");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_same_ticket_same_bytes),
		cmocka_unit_test(test_body_is_readable_json),
		cmocka_unit_test(test_highest_price_of_an_immediate_buy),
		cmocka_unit_test(test_unfit_tickets),
		cmocka_unit_test(test_signers),
		cmocka_unit_test(test_messages),
		cmocka_unit_test(test_small_buffers),
		cmocka_unit_test(test_stored_request),
		cmocka_unit_test(test_unsigned_request),
		cmocka_unit_test(test_credentials_and_headers),
		cmocka_unit_test(test_routine),
	};

	return cmocka_run_group_tests(tests, init_library, shut_library_down);
}
