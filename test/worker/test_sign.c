/*-------------------------------------------------------------------------
 *
 * test/worker/test_sign.c
 *	  Hashes, keys, addresses, order and request signatures.
 *
 * The published vectors are checked by arbees-vectors; here are the edges, and
 * that a changed byte anywhere changes the outcome.
 *
 *-------------------------------------------------------------------------
 */
#include "fixture.h"

#include "../../worker/sign/eip712.h"
#include "../../worker/sign/l2.h"

/* A key everybody knows; it holds nothing. */
#define KEY_HEX "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"
#define KEY_ADDRESS "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"
#define TOKEN "71321045679252212594626385532706912750332728571942532289631379312455583992563"

static int
init_library(void **state)
{
	return arb_eth_init() == NULL ? 0 : -1;
}

static int
shut_library_down(void **state)
{
	arb_eth_shutdown();
	return 0;
}

static void
test_init_is_idempotent(void **state)
{
	assert_null(arb_eth_init());
	assert_null(arb_eth_init());
}

static void
test_hex(void **state)
{
	static const uint8_t bytes[] = {0x00, 0xff, 0x1a};
	char		text[HEX_TEXT_SIZE(3)];
	uint8_t		out[3];

	arb_hex_encode(bytes, 3, text);
	assert_string_equal(text, "0x00ff1a");
	assert_true(arb_hex_decode("00FF1a", 6, out, 3));
	assert_memory_equal(out, bytes, 3);
	assert_false(arb_hex_decode("0x00ff1", 7, out, 3));
	assert_false(arb_hex_decode("0x00ff1a2b", 10, out, 3));
	assert_false(arb_hex_decode("0x00ff1g", 8, out, 3));
	assert_false(arb_hex_decode("0x00f\0" "1a", 8, out, 3));
	assert_false(arb_hex_decode(NULL, 0, out, 3));
}

static void
test_uint256(void **state)
{
	static const char largest[] = "115792089237316195423570985008687907853269984665640564039457584007913129639935";
	static const char too_large[] = "115792089237316195423570985008687907853269984665640564039457584007913129639936";
	char		text[UINT256_TEXT_SIZE];
	Uint256		value;
	Uint256		same;

	assert_true(arb_uint256_from_decimal(largest, strlen(largest), &value));
	for (int i = 0; i < 32; i++)
		assert_int_equal(value.bytes[i], 0xff);
	assert_int_equal(arb_uint256_to_decimal(&value, text), 78);
	assert_string_equal(text, largest);
	assert_false(arb_uint256_from_decimal(too_large, strlen(too_large), &value));
	assert_true(arb_uint256_from_decimal(TOKEN, strlen(TOKEN), &value));
	arb_uint256_to_decimal(&value, text);
	assert_string_equal(text, TOKEN);
	assert_true(arb_uint256_from_decimal("18446744073709551615", 20, &value));
	arb_uint256_from_u64(UINT64_MAX, &same);
	assert_memory_equal(&value, &same, sizeof(value));
	arb_uint256_from_u64(0, &value);
	arb_uint256_to_decimal(&value, text);
	assert_string_equal(text, "0");
	assert_false(arb_uint256_from_decimal("", 0, &value));
	assert_false(arb_uint256_from_decimal("01", 2, &value));
	assert_false(arb_uint256_from_decimal("-1", 2, &value));
	assert_false(arb_uint256_from_decimal("1.0", 3, &value));
	assert_false(arb_uint256_from_decimal("1e9", 3, &value));
}

static void
test_addresses(void **state)
{
	char		text[ETH_ADDRESS_TEXT_SIZE];
	EthAddress	address;
	EthAddress	lower;

	assert_true(arb_eth_address_parse(KEY_ADDRESS, 42, &address));
	arb_eth_address_format(&address, text);
	assert_string_equal(text, KEY_ADDRESS);
	assert_true(arb_eth_address_parse("0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266", 42, &lower));
	assert_true(arb_eth_address_equal(&address, &lower));
	/* One letter in the wrong case is a typing error, not an address. */
	assert_false(arb_eth_address_parse("0xF39Fd6e51aad88F6F4ce6aB8827279cffFb92266", 42, &address));
	assert_false(arb_eth_address_parse("f39fd6e51aad88f6f4ce6ab8827279cfffb92266", 40, &address));
	assert_false(arb_eth_address_parse("0xf39fd6e51aad88f6f4ce6ab8827279cfffb9226", 41, &address));
	assert_false(arb_eth_address_parse("0xf39fd6e51aad88f6f4ce6ab8827279cfffb9226g", 42, &address));
	assert_false(arb_eth_address_parse(NULL, 0, &address));
	memset(&address, 0, sizeof(address));
	assert_true(arb_eth_address_is_zero(&address));
	assert_false(arb_eth_address_is_zero(&lower));
}

static void
test_keys(void **state)
{
	static const char order[] = "0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141";
	static const char zero[] = "0x0000000000000000000000000000000000000000000000000000000000000000";
	char		text[ETH_ADDRESS_TEXT_SIZE];
	EthKey	   *key = arb_eth_key_from_hex(KEY_HEX, strlen(KEY_HEX));

	assert_non_null(key);
	arb_eth_address_format(arb_eth_key_address(key), text);
	assert_string_equal(text, KEY_ADDRESS);
	arb_eth_key_free(key);
	arb_eth_key_free(NULL);
	/* 0 and the order of the group are no keys. */
	assert_null(arb_eth_key_from_hex(zero, strlen(zero)));
	assert_null(arb_eth_key_from_hex(order, strlen(order)));
	assert_null(arb_eth_key_from_hex(KEY_HEX, strlen(KEY_HEX) - 1));
	assert_null(arb_eth_key_from_hex("", 0));
}

/* n - s is the other valid form of a signature; accepting both would allow two ids for one act. */
static void
negate_s(uint8_t signature[ETH_SIGNATURE_SIZE])
{
	static const char order_hex[] = "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141";
	uint8_t		order[32];
	int			borrow = 0;

	assert_true(arb_hex_decode(order_hex, 64, order, 32));
	for (int i = 31; i >= 0; i--)
	{
		int			digit = order[i] - signature[32 + i] - borrow;

		borrow = digit < 0;
		signature[32 + i] = (uint8_t) (digit + (borrow ? 256 : 0));
	}
	signature[64] = (uint8_t) (signature[64] == 27 ? 28 : 27);
}

static void
test_sign_and_recover(void **state)
{
	EthKey	   *key = arb_eth_key_from_hex(KEY_HEX, strlen(KEY_HEX));
	uint8_t		digest[ETH_HASH_SIZE];
	uint8_t		signature[ETH_SIGNATURE_SIZE];
	uint8_t		again[ETH_SIGNATURE_SIZE];
	EthAddress	address;

	assert_non_null(key);
	for (int i = 0; i < 50; i++)
	{
		arb_keccak256(&i, sizeof(i), digest);
		assert_true(arb_eth_sign(key, digest, signature));
		assert_true(arb_eth_sign(key, digest, again));
		assert_memory_equal(signature, again, sizeof(signature));
		assert_true(signature[64] == 27 || signature[64] == 28);
		assert_true(arb_eth_recover(digest, signature, &address));
		assert_true(arb_eth_address_equal(&address, arb_eth_key_address(key)));
		digest[0] ^= 1;
		assert_false(arb_eth_recover(digest, signature, &address) &&
					 arb_eth_address_equal(&address, arb_eth_key_address(key)));
		digest[0] ^= 1;
		negate_s(again);
		assert_false(arb_eth_recover(digest, again, &address));
	}
	signature[64] = 29;
	assert_false(arb_eth_recover(digest, signature, &address));
	signature[64] = 2;
	assert_false(arb_eth_recover(digest, signature, &address));
	memset(signature, 0, sizeof(signature));
	assert_false(arb_eth_recover(digest, signature, &address));
	memset(signature, 0xff, 64);
	assert_false(arb_eth_recover(digest, signature, &address));
	arb_eth_key_free(key);
}

static void
make_order(const EthKey *key, SignatureType type, OrderMessage *order)
{
	memset(order, 0, sizeof(*order));
	arb_uint256_from_u64(479249096354, &order->salt);
	order->maker = *arb_eth_key_address(key);
	order->signer = *arb_eth_key_address(key);
	if (type != SIGNATURE_TYPE_EOA)
		memset(&order->maker, 0x11, sizeof(order->maker));
	if (type == SIGNATURE_TYPE_WALLET_1271)
		order->signer = order->maker;
	assert_true(arb_uint256_from_decimal(TOKEN, strlen(TOKEN), &order->token_id));
	arb_uint256_from_u64(100000000, &order->maker_amount);
	arb_uint256_from_u64(50000000, &order->taker_amount);
	order->signature_type = (uint8_t) type;
	arb_uint256_from_u64(1780449126930, &order->timestamp);
}

static void
test_orders_of_every_type(void **state)
{
	EthKey	   *key = arb_eth_key_from_hex(KEY_HEX, strlen(KEY_HEX));
	SigningDomain domain;

	assert_true(arb_domain_of_exchange(2, 137, false, &domain));
	for (int type = SIGNATURE_TYPE_EOA; type <= SIGNATURE_TYPE_WALLET_1271; type++)
	{
		OrderMessage order;
		OrderSignature signature;
		uint8_t		digest[ETH_HASH_SIZE];
		EthAddress	holder;

		make_order(key, (SignatureType) type, &order);
		assert_true(arb_order_sign(key, &domain, &order, digest, &signature));
		assert_int_equal(signature.len, type == SIGNATURE_TYPE_WALLET_1271 ? 317 : 65);
		assert_true(arb_order_recover(&domain, &order, signature.bytes, signature.len, &holder));
		assert_true(arb_eth_address_equal(&holder, arb_eth_key_address(key)));
		assert_false(arb_order_recover(&domain, &order, signature.bytes, signature.len - 1, &holder));
		/* Every byte after the inner signature is checked as well. */
		for (size_t i = 0; i < signature.len; i++)
		{
			signature.bytes[i] ^= 1;
			assert_false(arb_order_recover(&domain, &order, signature.bytes, signature.len, &holder) &&
						 arb_eth_address_equal(&holder, arb_eth_key_address(key)));
			signature.bytes[i] ^= 1;
		}
	}
	arb_eth_key_free(key);
}

/* The id must depend on each field: two orders with one id would be one order. */
static void
test_every_field_is_signed(void **state)
{
	EthKey	   *key = arb_eth_key_from_hex(KEY_HEX, strlen(KEY_HEX));
	OrderMessage order = {.side = 0};
	uint8_t		base[ETH_HASH_SIZE];
	uint8_t		changed[ETH_HASH_SIZE];
	uint8_t    *const fields[] = {
		order.salt.bytes, order.maker.bytes, order.signer.bytes, order.token_id.bytes,
		order.maker_amount.bytes, order.taker_amount.bytes, &order.side, &order.signature_type,
		order.timestamp.bytes, order.metadata, order.builder,
	};

	make_order(key, SIGNATURE_TYPE_EOA, &order);
	arb_order_struct_hash(&order, 2, base);
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
	{
		*fields[i] ^= 1;
		arb_order_struct_hash(&order, 2, changed);
		assert_memory_not_equal(base, changed, ETH_HASH_SIZE);
		*fields[i] ^= 1;
	}
	arb_order_struct_hash(&order, 2, changed);
	assert_memory_equal(base, changed, ETH_HASH_SIZE);
	arb_eth_key_free(key);
}

static void
test_domains(void **state)
{
	char		text[ETH_HASH_TEXT_SIZE];
	SigningDomain domain;
	SigningDomain other;

	assert_true(arb_domain_of_exchange(2, 137, false, &domain));
	arb_hex_encode(domain.separator, ETH_HASH_SIZE, text);
	assert_string_equal(text, "0x3264e159346253e26a64e00b69032db0e7d32f94628de3e6eecb50304d7af3d2");
	assert_true(arb_domain_of_exchange(2, 137, true, &other));
	assert_memory_not_equal(domain.separator, other.separator, ETH_HASH_SIZE);
	assert_true(arb_domain_of_exchange(3, 137, true, &domain));
	assert_true(arb_domain_of_exchange(3, 137, false, &other));
	assert_memory_equal(domain.separator, other.separator, ETH_HASH_SIZE);
	assert_true(arb_domain_of_exchange(1, 137, false, &domain));
	assert_false(arb_domain_of_exchange(2, 1, false, &domain));
	assert_false(arb_domain_of_exchange(4, 137, false, &domain));
}

static void
test_request_secret(void **state)
{
	L2Secret	secret;
	char		long_text[400];

	assert_true(arb_l2_secret_load("AAEC", 4, &secret));
	assert_int_equal(secret.len, 3);
	assert_int_equal(secret.bytes[2], 2);
	assert_true(arb_l2_secret_load("-_8=", 4, &secret));
	assert_int_equal(secret.len, 2);
	assert_int_equal(secret.bytes[0], 0xfb);
	assert_true(arb_l2_secret_load("+/8", 3, &secret));
	assert_int_equal(secret.bytes[1], 0xff);
	assert_false(arb_l2_secret_load("", 0, &secret));
	assert_false(arb_l2_secret_load("A", 1, &secret));
	assert_false(arb_l2_secret_load("====", 4, &secret));
	assert_false(arb_l2_secret_load("AA=", 3, &secret));
	assert_false(arb_l2_secret_load("AA A", 4, &secret));
	assert_false(arb_l2_secret_load("A=AA", 4, &secret));
	assert_false(arb_l2_secret_load("AA\0A", 4, &secret));
	memset(long_text, 'A', sizeof(long_text));
	assert_false(arb_l2_secret_load(long_text, sizeof(long_text), &secret));
	assert_int_equal(secret.len, 0);
}

static void
test_request_signature(void **state)
{
	static const char secret_text[] = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
	static const char body[] = "{\"hash\": \"0x123\"}";
	char		signature[L2_SIGNATURE_TEXT_SIZE];
	char		other[L2_SIGNATURE_TEXT_SIZE];
	L2Secret	secret;

	assert_true(arb_l2_secret_load(secret_text, strlen(secret_text), &secret));
	assert_true(arb_l2_sign(&secret, "1000000", "test-sign", "/orders", body, strlen(body), signature));
	assert_string_equal(signature, "ZwAdJKvoYRlEKDkNMwd5BuwNNtg93kNaR_oU2HrfVvc=");
	/* The query string is not signed. */
	assert_true(arb_l2_sign(&secret, "1000000", "test-sign", "/orders?next_cursor=MA==", body, strlen(body), other));
	assert_string_equal(signature, other);
	assert_true(arb_l2_verify(&secret, "1000000", "test-sign", "/orders", body, strlen(body), signature));
	assert_false(arb_l2_verify(&secret, "1000001", "test-sign", "/orders", body, strlen(body), signature));
	assert_false(arb_l2_verify(&secret, "1000000", "test-sign", "/orders", NULL, 0, signature));
	assert_false(arb_l2_verify(&secret, "1000000", "test-sign", "/orders", body, strlen(body), ""));
	arb_l2_secret_wipe(&secret);
	assert_false(arb_l2_sign(&secret, "1", "GET", "/", NULL, 0, signature));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_init_is_idempotent),
		cmocka_unit_test(test_hex),
		cmocka_unit_test(test_uint256),
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_sign_and_recover),
		cmocka_unit_test(test_orders_of_every_type),
		cmocka_unit_test(test_every_field_is_signed),
		cmocka_unit_test(test_domains),
		cmocka_unit_test(test_request_secret),
		cmocka_unit_test(test_request_signature),
	};

	return cmocka_run_group_tests(tests, init_library, shut_library_down);
}
