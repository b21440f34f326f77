/*-------------------------------------------------------------------------
 *
 * worker/venue/polymarket/build.c
 *	  Structs in, the bytes the venue wants out.
 *
 * Bodies are written by hand and not by a JSON library: the order of keys and
 * the absence of spaces must be the same after every restart, because a retry
 * sends the very bytes whose hash was claimed.
 *
 *-------------------------------------------------------------------------
 */
#include "build.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "amounts.h"
#include "parse.h"

/* The venue's own numbers pass through JSON doubles: larger salts would be corrupted. */
#define SALT_MAX ((INT64_C(1) << 53) - 1)
#define EXPIRY_MARGIN_S 60

/* Texts grow at the end and remember that something did not fit. */
typedef struct Text
{
	char	   *out;
	size_t		size;
	size_t		len;
	bool		failed;
} Text;

static void put(Text *text, const char *format,...) __attribute__((format(printf, 2, 3)));

static void
put(Text *text, const char *format,...)
{
	va_list		args;
	int			n;

	if (text->failed)
		return;
	va_start(args, format);
	n = vsnprintf(text->out + text->len, text->size - text->len, format, args);
	va_end(args);
	if (n < 0 || (size_t) n >= text->size - text->len)
		text->failed = true;
	else
		text->len += (size_t) n;
}

static void
put_quoted(Text *text, const char *value)
{
	size_t		need;

	if (text->failed)
		return;
	need = arb_json_quote(value, text->out + text->len, text->size - text->len);
	if (need >= text->size - text->len)
		text->failed = true;
	else
		text->len += need;
}

static size_t
finish(Text *text)
{
	if (text->failed)
	{
		if (text->size > 0)
			text->out[0] = '\0';
		return 0;
	}
	text->out[text->len] = '\0';
	return text->len;
}

static void
put_list(Text *text, const char *const *items, size_t count)
{
	put(text, "[");
	/* A refused count may be larger than the array: touch nothing then. */
	for (size_t i = 0; !text->failed && i < count; i++)
	{
		if (i > 0)
			put(text, ",");
		put_quoted(text, items[i]);
	}
	put(text, "]");
}

/* Visible ASCII only: nothing that could end a header line or start another. */
static bool
is_header_safe(const char *value)
{
	for (const char *c = value; *c != '\0'; c++)
	{
		if (*c <= 0x20 || *c > 0x7e)
			return false;
	}
	return value[0] != '\0';
}

/* ----- credentials and signer ----- */

static bool
copy_text(char *to, size_t size, const char *from)
{
	size_t		len = from == NULL ? 0 : strlen(from);

	if (len == 0 || len >= size || !is_header_safe(from))
		return false;
	memcpy(to, from, len + 1);
	return true;
}

bool
arb_pm_credentials_load(const char *api_key, const char *secret, const char *passphrase,
						PmCredentials *credentials)
{
	memset(credentials, 0, sizeof(*credentials));
	if (copy_text(credentials->api_key, sizeof(credentials->api_key), api_key) &&
		copy_text(credentials->secret_text, sizeof(credentials->secret_text), secret) &&
		copy_text(credentials->passphrase, sizeof(credentials->passphrase), passphrase) &&
		arb_l2_secret_load(secret, strlen(secret), &credentials->secret))
		return true;
	arb_pm_credentials_wipe(credentials);
	return false;
}

void
arb_pm_credentials_wipe(PmCredentials *credentials)
{
	explicit_bzero(credentials, sizeof(*credentials));
}

bool
arb_pm_signer_init(PmSigner *signer, const EthKey *key, const EthAddress *funder, SignatureType type,
				   uint64_t chain_id, int exchange_version, const char *owner)
{
	memset(signer, 0, sizeof(*signer));
	if (key == NULL || type > SIGNATURE_TYPE_WALLET_1271 || exchange_version < 2)
		return false;
	/* An account of its own funds itself; every other kind has a separate wallet. */
	if (type != SIGNATURE_TYPE_EOA && funder == NULL)
		return false;
	signer->key = key;
	signer->funder = funder != NULL ? *funder : *arb_eth_key_address(key);
	signer->signature_type = type;
	signer->chain_id = chain_id;
	if (type == SIGNATURE_TYPE_EOA && !arb_eth_address_equal(&signer->funder, arb_eth_key_address(key)))
		return false;
	if (owner != NULL && !copy_text(signer->owner, sizeof(signer->owner), owner))
		return false;
	arb_eth_address_format(arb_eth_key_address(key), signer->address_text);
	return arb_domain_of_exchange(exchange_version, chain_id, false, &signer->domain[0]) &&
		arb_domain_of_exchange(exchange_version, chain_id, true, &signer->domain[1]);
}

/* ----- orders ----- */

/* Who gives, who signs and the signature, as the body has them. */
typedef struct SignedTexts
{
	const char *maker;
	const char *signer;
	const char *signature;
} SignedTexts;

static size_t
build_body(const OrderMessage *message, const SignedTexts *texts, const PmOrderEnvelope *envelope, char *out,
		   size_t size)
{
	Text		text = {.out = out, .size = size};
	char		number[5][UINT256_TEXT_SIZE];
	char		metadata[ETH_HASH_TEXT_SIZE];
	char		builder[ETH_HASH_TEXT_SIZE];

	arb_uint256_to_decimal(&message->salt, number[0]);
	arb_uint256_to_decimal(&message->token_id, number[1]);
	arb_uint256_to_decimal(&message->maker_amount, number[2]);
	arb_uint256_to_decimal(&message->taker_amount, number[3]);
	arb_uint256_to_decimal(&message->timestamp, number[4]);
	arb_hex_encode(message->metadata, sizeof(message->metadata), metadata);
	arb_hex_encode(message->builder, sizeof(message->builder), builder);

	put(&text, "{\"deferExec\":%s,\"postOnly\":%s,\"order\":{", envelope->defer_exec ? "true" : "false",
		envelope->post_only ? "true" : "false");
	put(&text, "\"salt\":%s,\"maker\":\"%s\",\"signer\":\"%s\",\"tokenId\":\"%s\",", number[0], texts->maker,
		texts->signer, number[1]);
	put(&text, "\"makerAmount\":\"%s\",\"takerAmount\":\"%s\",\"side\":\"%s\",\"signatureType\":%u,", number[2],
		number[3], message->side == 0 ? "BUY" : "SELL", (unsigned) message->signature_type);
	put(&text, "\"timestamp\":\"%s\",\"expiration\":\"%lld\",\"metadata\":\"%s\",\"builder\":\"%s\",", number[4],
		(long long) envelope->expiration_s, metadata, builder);
	put(&text, "\"signature\":\"%s\"},\"owner\":", texts->signature);
	put_quoted(&text, envelope->owner);
	put(&text, ",\"orderType\":\"%s\"}", arb_time_in_force_name(envelope->order_type));
	return finish(&text);
}

size_t
arb_pm_build_post_order(const OrderMessage *message, const OrderSignature *signature,
						const PmOrderEnvelope *envelope, char *out, size_t size)
{
	char		maker[ETH_ADDRESS_TEXT_SIZE];
	char		signer[ETH_ADDRESS_TEXT_SIZE];
	char		signed_hex[HEX_TEXT_SIZE(ORDER_SIGNATURE_MAX)];
	SignedTexts texts = {maker, signer, signed_hex};

	arb_eth_address_format(&message->maker, maker);
	arb_eth_address_format(&message->signer, signer);
	arb_hex_encode(signature->bytes, signature->len, signed_hex);
	return build_body(message, &texts, envelope, out, size);
}

/* Ids with zero bits 40 to 103 belong to the third exchange, another contract. */
static bool
is_position_id(const Uint256 *token_id)
{
	for (int byte = 19; byte <= 26; byte++)
	{
		if (token_id->bytes[byte] != 0)
			return false;
	}
	return true;
}

/* All of the message that is not the wallet's. */
static bool
fill_terms(const OrderTicket *ticket, int exchange_version, const PmAmounts *amounts, OrderMessage *message,
		   char *reason)
{
	memset(message, 0, sizeof(*message));
	if (ticket->salt < 0 || ticket->salt > SALT_MAX || ticket->signed_ms < 0)
	{
		snprintf(reason, VENUE_REASON_SIZE, "salt or timestamp out of range");
		return false;
	}
	if (!arb_uint256_from_decimal(ticket->symbol, strlen(ticket->symbol), &message->token_id))
	{
		snprintf(reason, VENUE_REASON_SIZE, "symbol is no token id");
		return false;
	}
	if (is_position_id(&message->token_id) != (exchange_version == 3))
	{
		snprintf(reason, VENUE_REASON_SIZE, "token id belongs to another exchange version than %d",
				 exchange_version);
		return false;
	}
	arb_uint256_from_u64((uint64_t) ticket->salt, &message->salt);
	arb_uint256_from_u64((uint64_t) ticket->signed_ms, &message->timestamp);
	arb_uint256_from_u64((uint64_t) amounts->maker_micro, &message->maker_amount);
	arb_uint256_from_u64((uint64_t) amounts->taker_micro, &message->taker_amount);
	message->side = ticket->side == ORDER_SIDE_BUY ? 0 : 1;
	return true;
}

static void
fill_wallet(const PmSigner *signer, OrderMessage *message)
{
	message->maker = signer->funder;
	message->signer = signer->signature_type == SIGNATURE_TYPE_WALLET_1271 ? signer->funder :
		*arb_eth_key_address(signer->key);
	message->signature_type = (uint8_t) signer->signature_type;
	memcpy(message->builder, signer->builder, sizeof(message->builder));
}

/* Only GTD carries a time; the venue refuses one on the others. */
static bool
fill_expiry(const OrderTicket *ticket, PmOrderEnvelope *envelope, char *reason)
{
	if (ticket->time_in_force != TIME_IN_FORCE_GTD)
		return true;
	if (ticket->expires_s <= 0)
	{
		snprintf(reason, VENUE_REASON_SIZE, "GTD without an expiry");
		return false;
	}
	/* The venue ends an order a minute before the time it carries. */
	envelope->expiration_s = ticket->expires_s + EXPIRY_MARGIN_S;
	return true;
}

static bool
finish_order(const OrderTicket *ticket, const PmAmounts *amounts, PreparedOrder *order, char *reason)
{
	if (order->body_len == 0)
	{
		snprintf(reason, VENUE_REASON_SIZE, "body does not fit");
		return false;
	}
	arb_sha256(order->body, order->body_len, order->body_sha256);
	order->maker_micro = amounts->maker_micro;
	order->taker_micro = amounts->taker_micro;
	order->dry_run = ticket->dry_run;
	order->timestamp_s = 0;
	return true;
}

bool
arb_pm_prepare_order(const PmSigner *signer, const OrderTicket *ticket, PreparedOrder *order, char *reason)
{
	const SigningDomain *domain = &signer->domain[ticket->neg_risk ? 1 : 0];
	PmOrderEnvelope envelope = {.order_type = ticket->time_in_force, .owner = signer->owner};
	PmAmounts	amounts;
	OrderMessage message;
	OrderSignature signature;
	uint8_t		digest[ETH_HASH_SIZE];

	if (!arb_pm_amounts_of_ticket(ticket, &amounts, reason) ||
		!fill_terms(ticket, domain->exchange_version, &amounts, &message, reason))
		return false;
	fill_wallet(signer, &message);
	if (signer->owner[0] == '\0')
	{
		snprintf(reason, VENUE_REASON_SIZE, "no API key yet");
		return false;
	}
	if (!fill_expiry(ticket, &envelope, reason))
		return false;
	if (!arb_order_sign(signer->key, domain, &message, digest, &signature))
	{
		snprintf(reason, VENUE_REASON_SIZE, "could not sign");
		return false;
	}
	order->body_len = arb_pm_build_post_order(&message, &signature, &envelope, order->body,
											  sizeof(order->body));
	arb_hex_encode(digest, sizeof(digest), order->venue_order_id);
	return finish_order(ticket, &amounts, order, reason);
}

bool
arb_pm_prepare_unsigned(const OrderTicket *ticket, PreparedOrder *order, char *reason)
{
	static const SignedTexts unsigned_texts = {PM_UNSIGNED, PM_UNSIGNED, PM_UNSIGNED};
	PmOrderEnvelope envelope = {.order_type = ticket->time_in_force, .owner = PM_UNSIGNED};
	PmAmounts	amounts;
	OrderMessage message;

	if (!arb_pm_amounts_of_ticket(ticket, &amounts, reason) ||
		!fill_terms(ticket, PM_EXCHANGE_VERSION, &amounts, &message, reason) ||
		!fill_expiry(ticket, &envelope, reason))
		return false;
	order->body_len = build_body(&message, &unsigned_texts, &envelope, order->body, sizeof(order->body));
	order->venue_order_id[0] = '\0';
	if (!finish_order(ticket, &amounts, order, reason))
		return false;
	order->dry_run = true;
	return true;
}

size_t
arb_pm_build_cancel(const char *venue_order_id, char *out, size_t size)
{
	Text		text = {.out = out, .size = size};

	put(&text, "{\"orderID\":");
	put_quoted(&text, venue_order_id);
	put(&text, "}");
	return finish(&text);
}

size_t
arb_pm_build_cancel_many(const char *const *ids, size_t count, char *out, size_t size)
{
	Text		text = {.out = out, .size = size, .failed = count == 0 || count > PM_CANCEL_MAX};

	put_list(&text, ids, count);
	return finish(&text);
}

size_t
arb_pm_build_cancel_market(const char *market, const char *token_id, char *out, size_t size)
{
	Text		text = {.out = out, .size = size};

	put(&text, "{\"market\":");
	put_quoted(&text, market);
	put(&text, ",\"asset_id\":");
	put_quoted(&text, token_id);
	put(&text, "}");
	return finish(&text);
}

/* ----- websocket messages ----- */

size_t
arb_pm_build_market_subscribe(const char *const *token_ids, size_t count, char *out, size_t size)
{
	Text		text = {.out = out, .size = size};

	put(&text, "{\"assets_ids\":");
	put_list(&text, token_ids, count);
	put(&text, ",\"type\":\"market\",\"custom_feature_enabled\":true}");
	return finish(&text);
}

static size_t
build_update(bool subscribe, const char *key, const char *const *items, size_t count, char *out, size_t size)
{
	Text		text = {.out = out, .size = size};

	put(&text, "{\"operation\":\"%s\",\"%s\":", subscribe ? "subscribe" : "unsubscribe", key);
	put_list(&text, items, count);
	put(&text, "}");
	return finish(&text);
}

size_t
arb_pm_build_market_update(bool subscribe, const char *const *token_ids, size_t count, char *out, size_t size)
{
	return build_update(subscribe, "assets_ids", token_ids, count, out, size);
}

size_t
arb_pm_build_user_subscribe(const PmCredentials *credentials, const char *const *markets, size_t count,
							char *out, size_t size)
{
	Text		text = {.out = out, .size = size};

	put(&text, "{\"auth\":{\"apiKey\":");
	put_quoted(&text, credentials->api_key);
	put(&text, ",\"secret\":");
	put_quoted(&text, credentials->secret_text);
	put(&text, ",\"passphrase\":");
	put_quoted(&text, credentials->passphrase);
	put(&text, "},\"type\":\"user\"");
	/* Without markets the channel carries all of the account's. */
	if (count > 0)
	{
		put(&text, ",\"markets\":");
		put_list(&text, markets, count);
	}
	put(&text, "}");
	return finish(&text);
}

size_t
arb_pm_build_user_update(bool subscribe, const char *const *markets, size_t count, char *out, size_t size)
{
	return build_update(subscribe, "markets", markets, count, out, size);
}

size_t
arb_pm_build_rtds_subscribe(const char *const *topics, const char *const *symbols, size_t count,
							char *out, size_t size)
{
	Text		text = {.out = out, .size = size, .failed = count == 0};

	put(&text, "{\"action\":\"subscribe\",\"subscriptions\":[");
	for (size_t i = 0; !text.failed && i < count; i++)
	{
		char		filter[PM_SYMBOL_SIZE + 32];

		/* One space in the filter and the venue sends the history, then nothing. */
		if (!is_header_safe(symbols[i]) || strlen(symbols[i]) >= PM_SYMBOL_SIZE ||
			strpbrk(symbols[i], "\"\\") != NULL)
			text.failed = true;
		snprintf(filter, sizeof(filter), "{\"symbol\":\"%s\"}", symbols[i]);
		put(&text, "%s{\"topic\":", i > 0 ? "," : "");
		put_quoted(&text, topics[i]);
		put(&text, ",\"type\":\"update\",\"filters\":");
		put_quoted(&text, filter);
		put(&text, "}");
	}
	put(&text, "]}");
	return finish(&text);
}

size_t
arb_pm_build_barrier(int64_t seq, char *out, size_t size)
{
	Text		text = {.out = out, .size = size};

	put(&text, "{\"operation\":\"barrier\",\"seq\":%lld}", (long long) seq);
	return finish(&text);
}

size_t
arb_pm_build_heartbeat(const char *heartbeat_id, char *out, size_t size)
{
	Text		text = {.out = out, .size = size};

	put(&text, "{\"heartbeat_id\":");
	put_quoted(&text, heartbeat_id);
	put(&text, "}");
	return finish(&text);
}

/* ----- headers ----- */

static bool
add_header(PmHeaders *headers, const char *name, const char *value)
{
	PmHeader   *header;

	if (headers->count == PM_HEADER_MAX)
		return false;
	header = &headers->items[headers->count];
	header->name = name;
	if (!copy_text(header->value, sizeof(header->value), value))
		return false;
	headers->count++;
	return true;
}

bool
arb_pm_l1_headers(const EthKey *key, uint64_t chain_id, int64_t timestamp_s, uint64_t nonce,
				  PmHeaders *headers)
{
	char		address[ETH_ADDRESS_TEXT_SIZE];
	char		timestamp[PM_TIMESTAMP_SIZE];
	char		nonce_text[PM_TIMESTAMP_SIZE];
	char		signed_hex[HEX_TEXT_SIZE(ETH_SIGNATURE_SIZE)];
	uint8_t		digest[ETH_HASH_SIZE];
	uint8_t		signature[ETH_SIGNATURE_SIZE];

	headers->count = 0;
	snprintf(timestamp, sizeof(timestamp), "%lld", (long long) timestamp_s);
	snprintf(nonce_text, sizeof(nonce_text), "%llu", (unsigned long long) nonce);
	arb_eth_address_format(arb_eth_key_address(key), address);
	arb_clob_auth_digest(chain_id, arb_eth_key_address(key), timestamp, nonce, ClobAuthMessage, digest);
	if (!arb_eth_sign(key, digest, signature))
		return false;
	arb_hex_encode(signature, sizeof(signature), signed_hex);
	return add_header(headers, "POLY_ADDRESS", address) &&
		add_header(headers, "POLY_SIGNATURE", signed_hex) &&
		add_header(headers, "POLY_TIMESTAMP", timestamp) &&
		add_header(headers, "POLY_NONCE", nonce_text);
}

bool
arb_pm_l2_headers(const PmCredentials *credentials, const char *address_text, int64_t timestamp_s,
				  const char *method, const char *path, const char *body, size_t body_len,
				  PmHeaders *headers)
{
	char		timestamp[PM_TIMESTAMP_SIZE];
	char		signature[L2_SIGNATURE_TEXT_SIZE];

	headers->count = 0;
	snprintf(timestamp, sizeof(timestamp), "%lld", (long long) timestamp_s);
	return arb_l2_sign(&credentials->secret, timestamp, method, path, body, body_len, signature) &&
		add_header(headers, "POLY_ADDRESS", address_text) &&
		add_header(headers, "POLY_SIGNATURE", signature) &&
		add_header(headers, "POLY_TIMESTAMP", timestamp) &&
		add_header(headers, "POLY_API_KEY", credentials->api_key) &&
		add_header(headers, "POLY_PASSPHRASE", credentials->passphrase);
}

/* What proves who we are; the address and the time do not. */
static bool
is_secret_header(const char *name)
{
	return strcmp(name, "POLY_ADDRESS") != 0 && strcmp(name, "POLY_TIMESTAMP") != 0;
}

size_t
arb_pm_render_order(const PmCredentials *credentials, const char *address_text, const PreparedOrder *order,
					char *out, size_t size)
{
	static const char *const names[] = {"POLY_ADDRESS", "POLY_SIGNATURE", "POLY_TIMESTAMP", "POLY_API_KEY", "POLY_PASSPHRASE"};
	Text		text = {.out = out, .size = size};
	PmHeaders	headers;

	put(&text, "%s %s\n", PM_ORDER_METHOD, PM_ORDER_PATH);
	if (credentials == NULL)
	{
		for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
			put(&text, "%s: %s\n", names[i], PM_UNSIGNED);
	}
	else
	{
		if (!arb_pm_l2_headers(credentials, address_text, order->timestamp_s, PM_ORDER_METHOD, PM_ORDER_PATH,
							   order->body, order->body_len, &headers))
			return 0;
		for (int i = 0; i < headers.count; i++)
			put(&text, "%s: %s\n", headers.items[i].name,
				is_secret_header(headers.items[i].name) ? PM_REDACTED : headers.items[i].value);
		explicit_bzero(&headers, sizeof(headers));
	}
	put(&text, "%s\n\n%s", PM_CONTENT_TYPE, order->body);
	return finish(&text);
}
