/*-------------------------------------------------------------------------
 *
 * worker/vectors.c
 *	  arbees-vectors FILE...: does our arithmetic reproduce the test vectors?
 *
 * Formats are told apart by what a vector holds, not by file names.  Every
 * vector counts as one: it passes when all of its fields come out right.  The
 * last line is "N passed, N failed"; the exit code is 0 only when something
 * was checked and nothing failed.
 *
 *-------------------------------------------------------------------------
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "sign/eip712.h"
#include "sign/l2.h"
#include "venue/polymarket/amounts.h"
#include "venue/polymarket/build.h"

#define FILE_MAX (64u * 1024u * 1024u)
#define BODY_MAX 16384

/* One vector under test; failures are printed as they are found. */
typedef struct Vector
{
	const char *file;
	size_t		number;
	const json_t *root;
	bool		failed;
} Vector;

typedef struct Format
{
	const char *name;
	bool		(*matches) (const json_t *root);
	void		(*check) (Vector *vector);
} Format;

static void fail(Vector *vector, const char *format,...) __attribute__((format(printf, 2, 3)));

static void
fail(Vector *vector, const char *format,...)
{
	const char *name = json_string_value(json_object_get(vector->root, "name"));
	va_list		args;

	printf("%s: vector %zu%s%s%s: ", vector->file, vector->number, name != NULL ? " (" : "",
		   name != NULL ? name : "", name != NULL ? ")" : "");
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
	vector->failed = true;
}

/* ----- reading fields ----- */

static const json_t *
field(const json_t *root, const char *first, const char *second)
{
	const json_t *node = json_object_get(root, first);

	return second == NULL ? node : json_object_get(node, second);
}

/* The text of a string or number; "" with a failure when missing. */
static const char *
text_of(Vector *vector, const json_t *object, const char *name, char scratch[DECIMAL_TEXT_SIZE])
{
	const char *text = arb_json_number_text(json_object_get(object, name), scratch);

	if (text != NULL)
		return text;
	fail(vector, "%s is missing", name);
	return "";
}

static void
expect_text(Vector *vector, const char *name, const char *expected, const char *got)
{
	if (expected == NULL)
		fail(vector, "%s is missing", name);
	else if (strcmp(expected, got) != 0)
		fail(vector, "%s: expected %s, got %s", name, expected, got);
}

static void
expect_field(Vector *vector, const json_t *object, const char *name, const char *got)
{
	expect_text(vector, name, json_string_value(json_object_get(object, name)), got);
}

static void
expect_bytes(Vector *vector, const json_t *object, const char *name, const uint8_t *bytes, size_t len)
{
	char		hex[HEX_TEXT_SIZE(ORDER_SIGNATURE_MAX)];

	arb_hex_encode(bytes, len, hex);
	expect_field(vector, object, name, hex);
}

static uint64_t
u64_of(Vector *vector, const json_t *object, const char *name)
{
	int64_t		value = 0;
	ParseError	error;

	if (!arb_json_int(object, name, 0, INT64_MAX, &value, &error))
		fail(vector, "%s: %s %s", name, arb_parse_error_name(error.kind), error.context);
	return (uint64_t) value;
}

static void
uint256_of(Vector *vector, const json_t *object, const char *name, Uint256 *value)
{
	char		scratch[DECIMAL_TEXT_SIZE];
	const char *text = text_of(vector, object, name, scratch);

	if (!arb_uint256_from_decimal(text, strlen(text), value))
		fail(vector, "%s is no 256-bit integer", name);
}

static void
address_of(Vector *vector, const json_t *object, const char *name, EthAddress *address)
{
	const char *text = json_string_value(json_object_get(object, name));

	memset(address, 0, sizeof(*address));
	if (text == NULL || !arb_eth_address_parse(text, strlen(text), address))
		fail(vector, "%s is no address", name);
}

static void
hash_of(Vector *vector, const json_t *object, const char *name, uint8_t hash[ETH_HASH_SIZE])
{
	const char *text = json_string_value(json_object_get(object, name));

	if (text == NULL || !arb_hex_decode(text, strlen(text), hash, ETH_HASH_SIZE))
		fail(vector, "%s is no 32-byte hex", name);
}

static EthKey *
key_of(Vector *vector, const json_t *inputs)
{
	const char *text = json_string_value(json_object_get(inputs, "private_key"));
	EthKey	   *key = text == NULL ? NULL : arb_eth_key_from_hex(text, strlen(text));

	if (key == NULL)
		fail(vector, "private_key is no key");
	return key;
}

/* ----- orders ----- */

static void
order_of(Vector *vector, const json_t *inputs, int exchange_version, OrderMessage *order)
{
	const json_t *fields = json_object_get(inputs, "order");

	memset(order, 0, sizeof(*order));
	uint256_of(vector, fields, "salt", &order->salt);
	address_of(vector, fields, "maker", &order->maker);
	address_of(vector, fields, "signer", &order->signer);
	uint256_of(vector, fields, "tokenId", &order->token_id);
	uint256_of(vector, fields, "makerAmount", &order->maker_amount);
	uint256_of(vector, fields, "takerAmount", &order->taker_amount);
	order->side = (uint8_t) u64_of(vector, fields, "side");
	order->signature_type = (uint8_t) u64_of(vector, fields, "signatureType");
	if (exchange_version == 1)
	{
		address_of(vector, fields, "taker", &order->taker);
		uint256_of(vector, fields, "expiration", &order->expiration);
		uint256_of(vector, fields, "nonce", &order->nonce);
		uint256_of(vector, fields, "feeRateBps", &order->fee_rate_bps);
		return;
	}
	uint256_of(vector, fields, "timestamp", &order->timestamp);
	hash_of(vector, fields, "metadata", order->metadata);
	hash_of(vector, fields, "builder", order->builder);
}

/* The domain as the vector states it; our own table must agree where it knows the exchange. */
static void
domain_of(Vector *vector, const json_t *inputs, SigningDomain *domain)
{
	const json_t *stated = json_object_get(inputs, "domain");
	const json_t *neg_risk = json_object_get(inputs, "neg_risk");
	uint64_t	chain_id = u64_of(vector, stated, "chainId");
	uint64_t	version = 0;
	SigningDomain known;
	EthAddress	contract;
	char		scratch[DECIMAL_TEXT_SIZE];
	const char *version_text = text_of(vector, stated, "version", scratch);

	if (version_text[0] >= '1' && version_text[0] <= '3' && version_text[1] == '\0')
		version = (uint64_t) (version_text[0] - '0');
	else
		fail(vector, "domain version %s is unknown", version_text);
	expect_field(vector, stated, "name", "Polymarket CTF Exchange");
	if (u64_of(vector, inputs, "chain_id") != chain_id)
		fail(vector, "chain_id and domain.chainId differ");
	if (json_object_get(inputs, "exchange_version") != NULL &&
		u64_of(vector, inputs, "exchange_version") != version)
		fail(vector, "exchange_version and domain.version differ");
	address_of(vector, stated, "verifyingContract", &contract);
	arb_domain_make((int) version, chain_id, &contract, domain);
	if (neg_risk != NULL && arb_domain_of_exchange((int) version, chain_id, json_is_true(neg_risk), &known) &&
		!arb_eth_address_equal(&known.contract, &contract))
		fail(vector, "verifyingContract differs from the exchange we would choose");
}

/* The signed amounts follow from price and size where the vector says how. */
static void
check_amount_calculation(Vector *vector, const json_t *inputs)
{
	const json_t *rule = json_object_get(inputs, "amount_calculation");
	const json_t *order = json_object_get(inputs, "order");
	char		scratch[4][DECIMAL_TEXT_SIZE];
	char		got[DECIMAL_TEXT_SIZE];
	char		reason[VENUE_REASON_SIZE];
	PmAmounts	amounts;
	bool		market;
	bool		done;
	OrderSide	side;
	const char *kind;
	const char *tick;
	const char *price;
	const char *amount;

	if (rule == NULL)
		return;
	kind = text_of(vector, rule, "kind", scratch[0]);
	market = strcmp(kind, "market") == 0;
	if (!market && strcmp(kind, "limit") != 0)
		fail(vector, "amount_calculation.kind %s is unknown", kind);
	side = arb_order_side_parse(text_of(vector, rule, "side", scratch[0]));
	tick = text_of(vector, rule, "tick", scratch[1]);
	price = text_of(vector, rule, "price", scratch[2]);
	amount = text_of(vector, rule, market ? "amount" : "size", scratch[3]);
	if (market)
		done = arb_pm_amounts_market(side, tick, price, amount, PM_ROUNDING_CLIENT, &amounts, reason);
	else
		done = arb_pm_amounts_limit(side, tick, price, amount, &amounts, reason);
	if (!done)
	{
		fail(vector, "amount_calculation refused: %s", reason);
		return;
	}
	arb_decimal_format(amounts.maker_micro, 0, got);
	expect_field(vector, order, "makerAmount", got);
	arb_decimal_format(amounts.taker_micro, 0, got);
	expect_field(vector, order, "takerAmount", got);
}

static void
check_post_body(Vector *vector, const OrderMessage *order, const OrderSignature *signature)
{
	const json_t *inputs = json_object_get(vector->root, "inputs");
	char		scratch[DECIMAL_TEXT_SIZE];
	char		body[BODY_MAX];
	PmOrderEnvelope envelope;

	if (field(vector->root, "expected", "post_body") == NULL)
		return;
	envelope.expiration_s = (int64_t) u64_of(vector, json_object_get(inputs, "order_not_signed"), "expiration");
	envelope.order_type = arb_time_in_force_parse(text_of(vector, inputs, "order_type", scratch));
	envelope.post_only = json_is_true(json_object_get(inputs, "post_only"));
	envelope.defer_exec = json_is_true(json_object_get(inputs, "defer_exec"));
	envelope.owner = json_string_value(json_object_get(inputs, "owner"));
	if (envelope.owner == NULL)
	{
		fail(vector, "owner is missing");
		return;
	}
	if (arb_pm_build_post_order(order, signature, &envelope, body, sizeof(body)) == 0)
		fail(vector, "post_body does not fit");
	else
		expect_field(vector, json_object_get(vector->root, "expected"), "post_body", body);
}

/* The inner digest of a wallet signature, where the vector tells it. */
static void
check_wallet_digest(Vector *vector, const SigningDomain *domain, const OrderMessage *order,
					const uint8_t struct_hash[ETH_HASH_SIZE])
{
	const json_t *expected = json_object_get(vector->root, "expected");
	uint8_t		digest[ETH_HASH_SIZE];

	if (json_object_get(expected, "erc7739_digest") == NULL)
		return;
	arb_order_wallet_digest(domain, struct_hash, &order->signer, digest);
	expect_bytes(vector, expected, "erc7739_digest", digest, sizeof(digest));
}

static bool
matches_order(const json_t *root)
{
	return field(root, "inputs", "order") != NULL && field(root, "inputs", "private_key") != NULL;
}

static void
check_order(Vector *vector)
{
	const json_t *inputs = json_object_get(vector->root, "inputs");
	const json_t *expected = json_object_get(vector->root, "expected");
	EthKey	   *key = key_of(vector, inputs);
	char		address[ETH_ADDRESS_TEXT_SIZE];
	uint8_t		struct_hash[ETH_HASH_SIZE];
	uint8_t		digest[ETH_HASH_SIZE];
	SigningDomain domain;
	OrderMessage order;
	OrderSignature signature;
	EthAddress	holder;

	if (key == NULL)
		return;
	arb_eth_address_format(arb_eth_key_address(key), address);
	expect_field(vector, inputs, "signer_address", address);
	domain_of(vector, inputs, &domain);
	order_of(vector, inputs, domain.exchange_version, &order);
	arb_order_struct_hash(&order, domain.exchange_version, struct_hash);
	expect_bytes(vector, expected, "domain_separator", domain.separator, ETH_HASH_SIZE);
	expect_bytes(vector, expected, "struct_hash", struct_hash, ETH_HASH_SIZE);
	check_wallet_digest(vector, &domain, &order, struct_hash);
	if (!arb_order_sign(key, &domain, &order, digest, &signature))
		fail(vector, "could not sign");
	else
	{
		expect_bytes(vector, expected, "order_hash", digest, ETH_HASH_SIZE);
		expect_bytes(vector, expected, "signature", signature.bytes, signature.len);
		if (!arb_order_recover(&domain, &order, signature.bytes, signature.len, &holder) ||
			!arb_eth_address_equal(&holder, arb_eth_key_address(key)))
			fail(vector, "the signature does not recover to its signer");
		check_post_body(vector, &order, &signature);
	}
	check_amount_calculation(vector, inputs);
	arb_eth_key_free(key);
}

static bool
matches_chain_order(const json_t *root)
{
	return field(root, "inputs", "order") != NULL && field(root, "expected", "signature_on_chain") != NULL;
}

static void
check_chain_order(Vector *vector)
{
	const json_t *inputs = json_object_get(vector->root, "inputs");
	const json_t *expected = json_object_get(vector->root, "expected");
	const char *hex = json_string_value(json_object_get(expected, "signature_on_chain"));
	uint8_t		struct_hash[ETH_HASH_SIZE];
	uint8_t		digest[ETH_HASH_SIZE];
	uint8_t		signature[ORDER_SIGNATURE_MAX];
	char		address[ETH_ADDRESS_TEXT_SIZE];
	SigningDomain domain;
	OrderMessage order;
	EthAddress	holder;
	size_t		len;

	domain_of(vector, inputs, &domain);
	order_of(vector, inputs, domain.exchange_version, &order);
	arb_order_struct_hash(&order, domain.exchange_version, struct_hash);
	arb_order_digest(&domain, struct_hash, digest);
	expect_bytes(vector, expected, "domain_separator", domain.separator, ETH_HASH_SIZE);
	expect_bytes(vector, expected, "struct_hash", struct_hash, ETH_HASH_SIZE);
	expect_bytes(vector, expected, "order_hash", digest, ETH_HASH_SIZE);
	check_wallet_digest(vector, &domain, &order, struct_hash);

	len = hex == NULL || strlen(hex) < 2 ? 0 : (strlen(hex) - 2) / 2;
	if (len == 0 || len > sizeof(signature) || !arb_hex_decode(hex, strlen(hex), signature, len))
	{
		fail(vector, "signature_on_chain is no signature");
		return;
	}
	if (!arb_order_recover(&domain, &order, signature, len, &holder))
	{
		fail(vector, "signature_on_chain does not fit the order");
		return;
	}
	arb_eth_address_format(&holder, address);
	/* A wallet's signature recovers to its owner, which only the vector knows. */
	if (order.signature_type == SIGNATURE_TYPE_WALLET_1271)
		expect_field(vector, expected, "inner_signer_recovered", address);
	else if (!arb_eth_address_equal(&holder, &order.signer))
		fail(vector, "signature_on_chain recovers to %s", address);
}

/* ----- authentication ----- */

static bool
matches_auth(const json_t *root)
{
	return field(root, "inputs", "message") != NULL && field(root, "inputs", "nonce") != NULL;
}

static void
check_auth_headers(Vector *vector, const EthKey *key)
{
	const json_t *inputs = json_object_get(vector->root, "inputs");
	const json_t *expected = field(vector->root, "expected", "headers");
	PmHeaders	headers;

	if (expected == NULL)
		return;
	if (!arb_pm_l1_headers(key, u64_of(vector, inputs, "chain_id"), (int64_t) u64_of(vector, inputs, "timestamp"),
						   u64_of(vector, inputs, "nonce"), &headers))
	{
		fail(vector, "could not make the headers");
		return;
	}
	if (json_object_size(expected) != (size_t) headers.count)
		fail(vector, "expected %zu headers, got %d", json_object_size(expected), headers.count);
	for (int i = 0; i < headers.count; i++)
		expect_field(vector, expected, headers.items[i].name, headers.items[i].value);
}

static void
check_auth(Vector *vector)
{
	const json_t *inputs = json_object_get(vector->root, "inputs");
	const json_t *expected = json_object_get(vector->root, "expected");
	EthKey	   *key = key_of(vector, inputs);
	uint64_t	chain_id = u64_of(vector, inputs, "chain_id");
	char		scratch[2][DECIMAL_TEXT_SIZE];
	char		address[ETH_ADDRESS_TEXT_SIZE];
	uint8_t		hash[ETH_HASH_SIZE];
	uint8_t		signature[ETH_SIGNATURE_SIZE];

	if (key == NULL)
		return;
	arb_eth_address_format(arb_eth_key_address(key), address);
	expect_field(vector, inputs, "address", address);
	expect_field(vector, inputs, "message", ClobAuthMessage);
	arb_clob_auth_separator(chain_id, hash);
	expect_bytes(vector, expected, "domain_separator", hash, sizeof(hash));
	arb_clob_auth_digest(chain_id, arb_eth_key_address(key), text_of(vector, inputs, "timestamp", scratch[0]),
						 u64_of(vector, inputs, "nonce"), text_of(vector, inputs, "message", scratch[1]), hash);
	expect_bytes(vector, expected, "digest", hash, sizeof(hash));
	if (!arb_eth_sign(key, hash, signature))
		fail(vector, "could not sign");
	else
		expect_bytes(vector, expected, "signature", signature, sizeof(signature));
	check_auth_headers(vector, key);
	arb_eth_key_free(key);
}

static bool
matches_hmac(const json_t *root)
{
	return field(root, "inputs", "secret") != NULL && field(root, "expected_signature", NULL) != NULL;
}

static void
check_hmac(Vector *vector)
{
	const json_t *inputs = json_object_get(vector->root, "inputs");
	const char *text = json_string_value(json_object_get(inputs, "secret"));
	const char *method = json_string_value(json_object_get(inputs, "method"));
	const char *path = json_string_value(json_object_get(inputs, "request_path"));
	const json_t *body = json_object_get(inputs, "body");
	const char *body_text = json_string_value(body);
	char		scratch[DECIMAL_TEXT_SIZE];
	const char *timestamp = text_of(vector, inputs, "timestamp", scratch);
	char		signature[L2_SIGNATURE_TEXT_SIZE];
	char		message[BODY_MAX];
	L2Secret	secret;

	if (text == NULL || method == NULL || path == NULL)
	{
		fail(vector, "secret, method or request_path is missing");
		return;
	}
	snprintf(message, sizeof(message), "%s%s%s%s", timestamp, method, path, body_text == NULL ? "" : body_text);
	if (json_object_get(vector->root, "signed_string") != NULL)
		expect_field(vector, vector->root, "signed_string", message);
	if (!arb_l2_secret_load(text, strlen(text), &secret))
		fail(vector, "secret is no base64");
	else if (!arb_l2_sign(&secret, timestamp, method, path, body_text, json_string_length(body), signature))
		fail(vector, "could not sign");
	else
		expect_field(vector, vector->root, "expected_signature", signature);
}

/* ----- amounts and fees ----- */

static bool
matches_amounts(const json_t *root)
{
	return field(root, "kind", NULL) != NULL && field(root, "tick", NULL) != NULL;
}

static void
check_one_amount(Vector *vector, PmRounding rounding, const char *expected_name)
{
	const json_t *expected = json_object_get(vector->root, expected_name);
	char		scratch[5][DECIMAL_TEXT_SIZE];
	const char *kind = text_of(vector, vector->root, "kind", scratch[0]);
	OrderSide	side = arb_order_side_parse(text_of(vector, vector->root, "side", scratch[1]));
	const char *tick = text_of(vector, vector->root, "tick", scratch[2]);
	const char *price = text_of(vector, vector->root, "price", scratch[3]);
	bool		market = strcmp(kind, "market") == 0;
	const char *amount = text_of(vector, vector->root, market ? "amount" : "size", scratch[4]);
	char		got[DECIMAL_TEXT_SIZE];
	char		reason[VENUE_REASON_SIZE] = "";
	PmAmounts	amounts;
	bool		done;

	if (!market && strcmp(kind, "limit") != 0)
	{
		fail(vector, "kind %s is unknown", kind);
		return;
	}
	if (market)
		done = arb_pm_amounts_market(side, tick, price, amount, rounding, &amounts, reason);
	else
		done = arb_pm_amounts_limit(side, tick, price, amount, &amounts, reason);
	if (json_is_true(json_object_get(vector->root, "untidy")))
	{
		if (done)
			fail(vector, "untidy input was not refused");
		return;
	}
	if (!done)
	{
		fail(vector, "refused: %s", reason);
		return;
	}
	arb_decimal_format(amounts.maker_micro, 0, got);
	expect_field(vector, expected, "makerAmount", got);
	arb_decimal_format(amounts.taker_micro, 0, got);
	expect_field(vector, expected, "takerAmount", got);
}

static void
check_amounts(Vector *vector)
{
	check_one_amount(vector, PM_ROUNDING_CLIENT, "expected");
	if (json_object_get(vector->root, "expected_venue_precision") != NULL)
		check_one_amount(vector, PM_ROUNDING_VENUE, "expected_venue_precision");
}

static bool
matches_fee(const json_t *root)
{
	return field(root, "rate", NULL) != NULL && field(root, "shares", NULL) != NULL;
}

/* numerator / denominator as canonical decimal; false unless the denominator is a power of ten. */
static bool
fraction_text(const char *numerator, const char *denominator, char out[DECIMAL_TEXT_SIZE])
{
	size_t		zeros = denominator == NULL ? 0 : strlen(denominator);

	if (numerator == NULL || zeros == 0 || denominator[0] != '1' ||
		strspn(denominator + 1, "0") != zeros - 1)
		return false;
	return arb_decimal_shift(numerator, strlen(numerator), -(int) (zeros - 1), out);
}

static void
check_fee_exact(Vector *vector, const char *numerator, int digits)
{
	const json_t *expected = json_object_get(vector->root, "expected");
	const char *stated_numerator = json_string_value(json_object_get(expected, "exact_numerator"));
	const char *stated_denominator = json_string_value(json_object_get(expected, "exact_denominator"));
	char		stated[DECIMAL_TEXT_SIZE];
	char		got[DECIMAL_TEXT_SIZE];

	if (stated_numerator == NULL && stated_denominator == NULL)
		return;
	if (!fraction_text(stated_numerator, stated_denominator, stated) ||
		!arb_decimal_shift(numerator, strlen(numerator), -digits, got))
		fail(vector, "exact value is no decimal fraction");
	else
		expect_text(vector, "exact value", stated, got);
}

static void
check_fee(Vector *vector)
{
	const json_t *expected = json_object_get(vector->root, "expected");
	char		scratch[3][DECIMAL_TEXT_SIZE];
	char		numerator[DECIMAL_TEXT_SIZE];
	char		got[DECIMAL_TEXT_SIZE];
	uint64_t	exponent = u64_of(vector, vector->root, "exponent");
	int64_t		shares;
	int64_t		rate;
	int64_t		price;
	int64_t		fee;
	int			digits;
	size_t		len;

	if (!arb_decimal_parse_micro(text_of(vector, vector->root, "shares", scratch[0]), &shares) ||
		!arb_decimal_parse_micro(text_of(vector, vector->root, "rate", scratch[1]), &rate) ||
		!arb_decimal_parse_micro(text_of(vector, vector->root, "price", scratch[2]), &price) ||
		exponent > PM_FEE_EXPONENT_MAX ||
		!arb_pm_fee(shares, rate, (int) exponent, price, &fee) ||
		!arb_pm_fee_exact(shares, rate, (int) exponent, price, numerator, &digits))
	{
		fail(vector, "inputs out of range");
		return;
	}
	arb_decimal_format_fixed(fee / 10, 5, got);
	expect_field(vector, expected, "floor_5dp", got);
	check_fee_exact(vector, numerator, digits);
	if (json_object_get(expected, "half_up_5dp") == NULL)
		return;
	/* The sixth decimal decides; it is the digit with digits - 6 others behind it. */
	len = strlen(numerator);
	if (digits >= 6 && len > (size_t) (digits - 6) && numerator[len - 1 - (size_t) (digits - 6)] >= '5')
		fee += 10;
	arb_decimal_format_fixed(fee / 10, 5, got);
	expect_field(vector, expected, "half_up_5dp", got);
}

/* ----- files ----- */

static const Format Formats[] = {
	{"chain order", matches_chain_order, check_chain_order},
	{"order", matches_order, check_order},
	{"key ownership", matches_auth, check_auth},
	{"hmac", matches_hmac, check_hmac},
	{"amounts", matches_amounts, check_amounts},
	{"fee", matches_fee, check_fee},
};

static char *
read_file(const char *path, size_t *len)
{
	FILE	   *file = fopen(path, "rb");
	char	   *bytes = NULL;
	long		size;

	if (file == NULL)
		return NULL;
	if (fseek(file, 0, SEEK_END) == 0 && (size = ftell(file)) >= 0 && (size_t) size <= FILE_MAX &&
		fseek(file, 0, SEEK_SET) == 0)
	{
		bytes = malloc((size_t) size + 1);
		if (bytes != NULL && fread(bytes, 1, (size_t) size, file) != (size_t) size)
		{
			free(bytes);
			bytes = NULL;
		}
		*len = (size_t) size;
	}
	fclose(file);
	return bytes;
}

static void
check_vector(Vector *vector)
{
	for (size_t i = 0; i < sizeof(Formats) / sizeof(Formats[0]); i++)
	{
		if (Formats[i].matches(vector->root))
		{
			Formats[i].check(vector);
			return;
		}
	}
	fail(vector, "format is unknown");
}

static void
check_file(const char *path, size_t *passed, size_t *failed)
{
	size_t		len = 0;
	char	   *bytes = read_file(path, &len);
	ParseError	error = {.kind = PARSE_ERROR_NONE};
	json_t	   *root = bytes == NULL ? NULL : arb_json_load(bytes, len, FILE_MAX, &error);
	const json_t *vectors = json_is_array(root) ? root : json_object_get(root, "vectors");
	const json_t *item;
	size_t		index;
	bool		readable = bytes != NULL;

	free(bytes);
	if (json_array_size(vectors) == 0)
	{
		if (!readable)
			printf("%s: could not read the file\n", path);
		else if (root == NULL)
			printf("%s: %s: %s\n", path, arb_parse_error_name(error.kind), error.context);
		else
			printf("%s: holds no vectors of a known format\n", path);
		(*failed)++;
	}
	json_array_foreach(vectors, index, item)
	{
		Vector		vector = {.file = path, .number = index + 1, .root = item};

		check_vector(&vector);
		if (vector.failed)
			(*failed)++;
		else
			(*passed)++;
	}
	json_decref(root);
}

int
main(int argc, char **argv)
{
	const char *fault;
	size_t		passed = 0;
	size_t		failed = 0;

	if (argc < 2)
	{
		fprintf(stderr, "usage: arbees-vectors FILE...\n");
		return 2;
	}
	fault = arb_eth_init();
	if (fault != NULL)
	{
		fprintf(stderr, "arbees-vectors: %s\n", fault);
		return 3;
	}
	for (int i = 1; i < argc; i++)
		check_file(argv[i], &passed, &failed);
	arb_eth_shutdown();
	printf("%zu passed, %zu failed\n", passed, failed);
	return failed > 0 || passed == 0 ? 1 : 0;
}
