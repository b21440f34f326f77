/*-------------------------------------------------------------------------
 *
 * worker/sim/orders.c
 *	  Placing, cancelling and asking for orders and trades.
 *
 * An order is believed only when its signature is the key holder's over the
 * venue's own digest of its fields; the digest is its id.  Texts of refusals
 * are the venue's, since a client tells them apart by nothing else.
 *
 *-------------------------------------------------------------------------
 */
#include "sim.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "json.h"

#define BATCH_MAX 15
#define CANCEL_MAX 1000
#define PAGE_SIZE 100
#define CURSOR_END "LTE="
#define SIGNATURE_TEXT_MAX (2 + 2 * ORDER_SIGNATURE_MAX + 1)

/* One order of a request, read but not yet believed. */
typedef struct SignedOrder
{
	OrderMessage message;
	uint8_t		signature[ORDER_SIGNATURE_MAX];
	size_t		signature_len;
	char		token[UINT256_TEXT_SIZE];
	int64_t		maker_amount;
	int64_t		taker_amount;
	int64_t		expiration_s;
	char		owner[KEY_TEXT_SIZE];
	OrderType	type;
	bool		post_only;
} SignedOrder;

static bool
read_address(const json_t *object, const char *name, EthAddress *address)
{
	char		text[ETH_ADDRESS_TEXT_SIZE];

	return arb_json_id(object, name, text, sizeof(text), NULL) && arb_eth_address_parse(text, strlen(text), address);
}

static bool
read_number(const json_t *object, const char *name, Uint256 *number)
{
	char		scratch[DECIMAL_TEXT_SIZE];
	const char *text = arb_json_number_text(json_object_get(object, name), scratch);

	return text != NULL && arb_uint256_from_decimal(text, strlen(text), number);
}

static bool
read_bytes32(const json_t *object, const char *name, uint8_t out[ETH_HASH_SIZE])
{
	char		text[ETH_HASH_TEXT_SIZE];

	return arb_json_id(object, name, text, sizeof(text), NULL) &&
		arb_hex_decode(text, strlen(text), out, ETH_HASH_SIZE);
}

static bool
read_signature(const json_t *object, SignedOrder *order)
{
	char		text[SIGNATURE_TEXT_MAX];

	if (!arb_json_id(object, "signature", text, sizeof(text), NULL) || strlen(text) < 2)
		return false;
	order->signature_len = (strlen(text) - 2) / 2;
	return order->signature_len <= sizeof(order->signature) &&
		arb_hex_decode(text, strlen(text), order->signature, order->signature_len);
}

static bool
read_side(const json_t *object, OrderMessage *message)
{
	const char *side = json_string_value(json_object_get(object, "side"));

	if (side == NULL || (strcmp(side, "BUY") != 0 && strcmp(side, "SELL") != 0))
		return false;
	message->side = side[0] == 'B' ? 0 : 1;
	return true;
}

static bool
read_signed_fields(const json_t *object, SignedOrder *order)
{
	OrderMessage *message = &order->message;
	int64_t		type;

	if (!json_is_object(object) || !read_number(object, "salt", &message->salt) ||
		!read_address(object, "maker", &message->maker) || !read_address(object, "signer", &message->signer) ||
		!read_number(object, "tokenId", &message->token_id) || !read_side(object, message) ||
		!read_number(object, "makerAmount", &message->maker_amount) ||
		!read_number(object, "takerAmount", &message->taker_amount) ||
		!arb_json_int(object, "makerAmount", 0, AMOUNT_MAX, &order->maker_amount, NULL) ||
		!arb_json_int(object, "takerAmount", 0, AMOUNT_MAX, &order->taker_amount, NULL) ||
		!arb_json_int(object, "signatureType", 0, 3, &type, NULL) ||
		!read_number(object, "timestamp", &message->timestamp) ||
		!read_bytes32(object, "metadata", message->metadata) || !read_bytes32(object, "builder", message->builder) ||
		!arb_json_int(object, "expiration", 0, INT64_C(10000000000), &order->expiration_s, NULL))
		return false;
	message->signature_type = (uint8_t) type;
	arb_uint256_to_decimal(&message->token_id, order->token);
	return read_signature(object, order);
}

static bool
read_order(const json_t *body, SignedOrder *order)
{
	static const char *const types[] = {"", "GTC", "GTD", "FOK", "FAK", NULL};
	char		type[8];
	int			i;

	memset(order, 0, sizeof(*order));
	if (!json_is_object(body) || !read_signed_fields(json_object_get(body, "order"), order) ||
		!arb_json_id(body, "owner", order->owner, sizeof(order->owner), NULL) ||
		!arb_json_id(body, "orderType", type, sizeof(type), NULL) ||
		!arb_json_bool_optional(body, "postOnly", &order->post_only, NULL, NULL))
		return false;
	for (i = 1; types[i] != NULL; i++)
		if (strcmp(types[i], type) == 0)
			order->type = (OrderType) i;
	return order->type != 0;
}

/* NULL when the key holder signed this order for a wallet of his, else the refusal. */
static const char *
check_signature(Sim *sim, const ApiKey *key, const SignedOrder *order, Wallet **wallet)
{
	const OrderMessage *message = &order->message;
	EthAddress	holder;

	if (message->signature_type == SIGNATURE_TYPE_WALLET_1271
		? !arb_eth_address_equal(&message->signer, &message->maker)
		: !arb_eth_address_equal(&message->signer, &key->address))
		return "the order signer address has to be the address of the API KEY";
	if (!arb_order_recover(&sim->domain, message, order->signature, order->signature_len, &holder) ||
		!arb_eth_address_equal(&holder, &key->address))
	{
		/* Signed for another exchange contract: the client must ask for the version again. */
		if (arb_order_recover(&sim->other_domain, message, order->signature, order->signature_len, &holder) &&
			arb_eth_address_equal(&holder, &key->address))
			return "order_version_mismatch";
		return "invalid signature";
	}
	if (message->signature_type == SIGNATURE_TYPE_EOA)
	{
		if (!arb_eth_address_equal(&message->maker, &key->address))
			return "maker address not allowed, please use the deposit wallet flow";
		*wallet = sim_exchange_wallet(&sim->exchange, &message->maker);
		return NULL;
	}
	*wallet = sim_exchange_find_wallet(&sim->exchange, &message->maker);
	if (*wallet == NULL || (*wallet)->signature_type != message->signature_type ||
		!arb_eth_address_equal(&(*wallet)->owner, &key->address))
		return "not enough balance / allowance";
	return NULL;
}

typedef struct Placement
{
	char		error[320];
	char		id[ETH_HASH_TEXT_SIZE];
	SimOrder   *order;
} Placement;

static bool
fail(Placement *placement, const char *message)
{
	snprintf(placement->error, sizeof(placement->error), "%s", message);
	return false;
}

static bool
place(Sim *sim, const ApiKey *key, const json_t *body, const RequestFault *fault, Placement *placement)
{
	SignedOrder order;
	OrderRequest request;
	OrderResult result;
	uint8_t		struct_hash[ETH_HASH_SIZE];
	uint8_t		digest[ETH_HASH_SIZE];
	const char *error;

	memset(placement, 0, sizeof(*placement));
	memset(&request, 0, sizeof(request));
	if (!read_order(body, &order))
		return fail(placement, "Invalid order payload");
	if (strcmp(order.owner, key->key) != 0)
		return fail(placement, "the order owner has to be the owner of the API KEY");
	arb_order_struct_hash(&order.message, sim->domain.exchange_version, struct_hash);
	arb_order_digest(&sim->domain, struct_hash, digest);
	arb_hex_encode(digest, sizeof(digest), request.id);
	memcpy(placement->id, request.id, sizeof(placement->id));
	error = check_signature(sim, key, &order, &request.wallet);
	if (error != NULL)
		return fail(placement, error);
	if (sim->trading == SIM_TRADING_POST_ONLY && !order.post_only)
		return fail(placement, "post-only mode: only post-only orders and cancels are allowed");
	request.market = sim_world_by_token(&sim->world, order.token, &request.outcome);
	if (request.market == NULL)
	{
		snprintf(placement->error, sizeof(placement->error), "the orderbook %s does not exist", order.token);
		return false;
	}
	memcpy(request.owner, order.owner, sizeof(request.owner));
	request.side = order.message.side == 0 ? SIDE_BUY : SIDE_SELL;
	request.type = order.type;
	request.maker_amount = order.maker_amount;
	request.taker_amount = order.taker_amount;
	request.expiration_s = order.expiration_s;
	request.post_only = order.post_only;
	request.partial_ppm = fault->partial_ppm;
	request.fail_trades = fault->fail_fill;
	sim_exchange_submit(&sim->exchange, &request, &result);
	if (!result.accepted)
		return fail(placement, result.error);
	placement->order = result.order;
	return true;
}

static void
write_trade_ids(Buf *out, const SimOrder *order)
{
	size_t		i;

	if (order->trade_count == 0)
		return;
	sim_buf_text(out, ",\"tradeIDs\":[");
	for (i = 0; i < order->trade_count; i++)
		sim_buf_printf(out, "%s\"%s\"", i > 0 ? "," : "", order->trades[i]->id);
	sim_buf_text(out, "]");
}

/* Amounts in whole units, as live; empty for an order that has not traded. */
static void
write_placed(Buf *out, const SimOrder *order)
{
	bool		traded = order->matched > 0;
	int64_t		making = order->side == SIDE_BUY ? order->matched_money : order->matched;
	int64_t		taking = order->side == SIDE_BUY ? order->matched : order->matched_money;

	sim_buf_printf(out, "{\"errorMsg\":\"\",\"orderID\":\"%s\",\"takingAmount\":\"", order->id);
	if (traded)
		sim_buf_micro(out, taking);
	sim_buf_text(out, "\",\"makingAmount\":\"");
	if (traded)
		sim_buf_micro(out, making);
	sim_buf_printf(out, "\",\"status\":\"%s\",\"success\":true",
				   order->status == ORDER_DELAYED ? "delayed" : traded ? "matched" : "live");
	write_trade_ids(out, order);
	sim_buf_text(out, "}");
}

/*
 * may_pass asks mode and limits before anything is acted upon; it writes the
 * refusal. A request is taken whole or not at all.
 */
static bool
may_pass(Sim *sim, ApiKey *key, bool cancels, int64_t cost, HttpResponse *response)
{
	const SimRate *rate = cancels ? &sim->options.cancel_rate : &sim->options.order_rate;
	SimBucket  *bucket = cancels ? &key->cancels : &key->orders;
	int64_t		wait_ms;

	if (sim->trading == SIM_TRADING_RESTARTING)
		sim_refuse(response, 425, "Too Early: the matching engine is restarting");
	else if (sim->trading == SIM_TRADING_DISABLED)
		sim_refuse(response, 503, "Trading is currently disabled. Check polymarket.com for updates");
	else if (sim->trading == SIM_TRADING_CANCEL_ONLY && !cancels)
		sim_refuse(response, 503, "Trading is currently cancel-only. New orders are not accepted, but cancels are allowed.");
	if (response->status >= 400)
		return false;
	wait_ms = sim_bucket_take(bucket, rate, cost, sim_wall_ms());
	response->counted = rate->per_second > 0;
	response->left = sim_bucket_left(bucket);
	if (response->counted)
		response->reset_s = (int) ((rate->burst - response->left + rate->per_second - 1) / rate->per_second);
	if (wait_ms == 0)
		return true;
	sim->stats.limited++;
	sim_refuse(response, 429, wait_ms < 0 ? "rate limit exceeded: the request costs more than the burst" : "rate limit exceeded");
	response->retry_after_s = wait_ms < 0 ? 1 : (int) ((wait_ms + 999) / 1000);
	return false;
}

void
sim_order_post(Sim *sim, ApiKey *key, const HttpRequest *request, HttpResponse *response)
{
	json_t	   *body = arb_json_load(request->body, request->body_len, JSON_MAX_BYTES, NULL);
	Placement	placement;

	if (!may_pass(sim, key, false, 1, response))
	{
		json_decref(body);
		return;
	}
	sim_exchange_advance(&sim->exchange, sim_now_ms(sim));
	if (place(sim, key, body, request->fault, &placement))
		write_placed(&response->body, placement.order);
	else if (strcmp(placement.error, "could not insert order") == 0)
		sim_refuse(response, 500, placement.error);
	else
	{
		response->status = 400;
		sim_buf_text(&response->body, "{\"error\":");
		sim_buf_json(&response->body, placement.error);
		if (placement.id[0] != '\0')
			sim_buf_printf(&response->body, ",\"orderID\":\"%s\"", placement.id);
		sim_buf_text(&response->body, "}");
	}
	json_decref(body);
}

void
sim_orders_post(Sim *sim, ApiKey *key, const HttpRequest *request, HttpResponse *response)
{
	json_t	   *body = arb_json_load(request->body, request->body_len, JSON_MAX_BYTES, NULL);
	size_t		count = json_array_size(body);
	Placement	placement;
	size_t		i;

	if (!json_is_array(body) || count == 0)
		sim_refuse(response, 400, "Invalid order payload");
	else if (count > BATCH_MAX)
	{
		response->status = 400;
		sim_buf_printf(&response->body, "{\"error\":\"Too many orders in payload: %zu, max allowed: %d\"}", count, BATCH_MAX);
	}
	else if (may_pass(sim, key, false, (int64_t) count, response))
	{
		sim_exchange_advance(&sim->exchange, sim_now_ms(sim));
		for (i = 0; i < count; i++)
		{
			sim_buf_text(&response->body, i == 0 ? "[" : ",");
			if (place(sim, key, json_array_get(body, i), request->fault, &placement))
				write_placed(&response->body, placement.order);
			else
			{
				/* A refused leg says success and carries its error. */
				sim_buf_text(&response->body, "{\"errorMsg\":");
				sim_buf_json(&response->body, placement.error);
				sim_buf_text(&response->body, ",\"orderID\":\"\",\"takingAmount\":\"\",\"makingAmount\":\"\",\"status\":\"\",\"success\":true}");
			}
		}
		sim_buf_text(&response->body, "]");
	}
	json_decref(body);
}

/* ---- cancelling ---- */

typedef struct Cancellation
{
	Buf			done;
	Buf			refused;
} Cancellation;

static bool
is_mine(const ApiKey *key, const SimOrder *order)
{
	return arb_eth_address_equal(&order->wallet->owner, &key->address);
}

static void
cancel_one(Sim *sim, const ApiKey *key, const char *id, Cancellation *result)
{
	SimOrder   *order = sim_exchange_find_order(&sim->exchange, id);
	const char *reason = "Order not found or already canceled";

	if (order != NULL && is_mine(key, order))
		reason = sim_exchange_cancel(&sim->exchange, order);
	if (reason == NULL)
	{
		sim_buf_text(&result->done, result->done.len > 0 ? "," : "");
		sim_buf_json(&result->done, id);
		return;
	}
	sim_buf_text(&result->refused, result->refused.len > 0 ? "," : "");
	sim_buf_json(&result->refused, id);
	sim_buf_text(&result->refused, ":");
	sim_buf_json(&result->refused, reason);
}

static void
write_cancellation(Cancellation *result, HttpResponse *response)
{
	sim_buf_printf(&response->body, "{\"canceled\":[%s],\"not_canceled\":{%s}}",
				   result->done.len > 0 ? result->done.data : "", result->refused.len > 0 ? result->refused.data : "");
	sim_buf_free(&result->done);
	sim_buf_free(&result->refused);
}

void
sim_order_cancel(Sim *sim, ApiKey *key, const HttpRequest *request, HttpResponse *response)
{
	json_t	   *body = arb_json_load(request->body, request->body_len, JSON_MAX_BYTES, NULL);
	Cancellation result = {{0}, {0}};
	char		id[HEADER_TEXT_SIZE];

	if (!json_is_object(body) || !arb_json_id(body, "orderID", id, sizeof(id), NULL))
		sim_refuse(response, 400, "Invalid order payload");
	else if (may_pass(sim, key, true, 1, response))
	{
		cancel_one(sim, key, id, &result);
		write_cancellation(&result, response);
	}
	json_decref(body);
}

void
sim_orders_cancel(Sim *sim, ApiKey *key, const HttpRequest *request, HttpResponse *response)
{
	json_t	   *body = arb_json_load(request->body, request->body_len, JSON_MAX_BYTES, NULL);
	Cancellation result = {{0}, {0}};
	size_t		i;

	if (!json_is_array(body))
		sim_refuse(response, 400, "Invalid order payload");
	else if (json_array_size(body) > CANCEL_MAX)
		sim_refuse(response, 400, "Too many orders in payload, max allowed: 1000");
	else if (may_pass(sim, key, true, (int64_t) json_array_size(body), response))
	{
		for (i = 0; i < json_array_size(body); i++)
		{
			const char *id = json_string_value(json_array_get(body, i));

			cancel_one(sim, key, id == NULL ? "" : id, &result);
		}
		write_cancellation(&result, response);
	}
	json_decref(body);
}

static bool
is_to_cancel(const ApiKey *key, const SimOrder *order, const char *condition, const char *token)
{
	return order->status == ORDER_LIVE && is_mine(key, order) &&
		(condition[0] == '\0' || strcasecmp(condition, order->market->condition) == 0) &&
		(token[0] == '\0' || strcmp(token, order->market->token[order->outcome]) == 0);
}

/* Cancels what rests of this key holder, in one market or one token if told so; it costs one and each of them. */
static void
cancel_matching(Sim *sim, ApiKey *key, const char *condition, const char *token, HttpResponse *response)
{
	Cancellation result = {{0}, {0}};
	int64_t		cost = 1;
	size_t		i;

	for (i = 0; i < sim->exchange.order_count; i++)
		cost += is_to_cancel(key, sim->exchange.orders[i], condition, token) ? 1 : 0;
	if (!may_pass(sim, key, true, cost, response))
		return;
	for (i = 0; i < sim->exchange.order_count; i++)
		if (is_to_cancel(key, sim->exchange.orders[i], condition, token))
			cancel_one(sim, key, sim->exchange.orders[i]->id, &result);
	write_cancellation(&result, response);
}

void
sim_cancel_all(Sim *sim, ApiKey *key, const HttpRequest *request, HttpResponse *response)
{
	(void) request;
	cancel_matching(sim, key, "", "", response);
}

void
sim_cancel_market(Sim *sim, ApiKey *key, const HttpRequest *request, HttpResponse *response)
{
	json_t	   *body = arb_json_load(request->body, request->body_len, JSON_MAX_BYTES, NULL);
	char		condition[HEADER_TEXT_SIZE];
	char		token[HEADER_TEXT_SIZE];

	if (!json_is_object(body) || !arb_json_id_optional(body, "market", condition, sizeof(condition), NULL) ||
		!arb_json_id_optional(body, "asset_id", token, sizeof(token), NULL) ||
		(condition[0] == '\0' && token[0] == '\0'))
		sim_refuse(response, 400, "Invalid order payload");
	else
		cancel_matching(sim, key, condition, token, response);
	json_decref(body);
}

/* ---- asking ---- */

void
sim_order_get(Sim *sim, ApiKey *key, const HttpRequest *request, HttpResponse *response)
{
	const SimOrder *order = sim_exchange_find_order(&sim->exchange, sim_route_tail(request));

	if (order == NULL || !is_mine(key, order))
		sim_refuse(response, 404, "Order not found");
	/* Orders that never rest are forgotten once done: an empty answer, not an error. */
	else if ((order->type == ORDER_FAK || order->type == ORDER_FOK) && order->status != ORDER_DELAYED)
		sim_buf_text(&response->body, "null");
	else
		sim_frame_open_order(&response->body, order);
}

/* Cursors are base64 of an offset; the first is MA==, the end LTE=. */
static bool
read_cursor(const HttpRequest *request, size_t *offset)
{
	const char *text = sim_query(request, "next_cursor");
	L2Secret	decoded;
	int64_t		number;

	*offset = 0;
	if (text == NULL || text[0] == '\0')
		return true;
	if (strlen(text) > 24 || !arb_l2_secret_load(text, strlen(text), &decoded) ||
		!arb_decimal_parse((const char *) decoded.bytes, decoded.len, 0, &number) || number < 0)
		return false;
	*offset = (size_t) number;
	return true;
}

static void
end_page(HttpResponse *response, size_t next, size_t count)
{
	char		number[24];
	char		cursor[40];
	int			len = snprintf(number, sizeof(number), "%zu", next);

	arb_base64url_encode((const uint8_t *) number, (size_t) len, cursor);
	sim_buf_printf(&response->body, "],\"limit\":%d,\"count\":%zu,\"next_cursor\":\"%s\"}",
				   PAGE_SIZE, count, next == 0 ? CURSOR_END : cursor);
}

static bool
query_allows(const HttpRequest *request, const char *name, const char *value)
{
	const char *wanted = sim_query(request, name);

	return wanted == NULL || wanted[0] == '\0' || strcasecmp(wanted, value) == 0;
}

void
sim_orders_get(Sim *sim, ApiKey *key, const HttpRequest *request, HttpResponse *response)
{
	size_t		at;
	size_t		count = 0;
	size_t		next = 0;

	if (!read_cursor(request, &at))
	{
		sim_refuse(response, 400, "invalid order params payload");
		return;
	}
	sim_buf_text(&response->body, "{\"data\":[");
	for (; at < sim->exchange.order_count && next == 0; at++)
	{
		const SimOrder *order = sim->exchange.orders[at];

		if (order->status != ORDER_LIVE || !is_mine(key, order) || !query_allows(request, "id", order->id) ||
			!query_allows(request, "market", order->market->condition) ||
			!query_allows(request, "asset_id", order->market->token[order->outcome]))
			continue;
		if (count == PAGE_SIZE)
		{
			next = at;
			break;
		}
		sim_buf_text(&response->body, count++ > 0 ? "," : "");
		sim_frame_open_order(&response->body, order);
	}
	end_page(response, next, count);
}

static bool
query_time(const HttpRequest *request, const char *name, int64_t fallback, int64_t *seconds)
{
	const char *text = sim_query(request, name);

	*seconds = fallback;
	return text == NULL || text[0] == '\0' || arb_decimal_parse(text, strlen(text), 0, seconds);
}

/* The trade's own token, or the one of a maker that is asked for. */
static bool
trade_has_token(const HttpRequest *request, const SimTrade *trade)
{
	int			i;

	if (query_allows(request, "asset_id", trade->market->token[trade->outcome]))
		return true;
	for (i = 0; i < trade->maker_count; i++)
		if (!trade->makers[i].wallet->house &&
			query_allows(request, "asset_id", trade->market->token[trade->makers[i].outcome]))
			return true;
	return false;
}

static bool
trade_has_wallet(const HttpRequest *request, const SimTrade *trade)
{
	int			i;

	if (query_allows(request, "maker_address", trade->wallet->text))
		return true;
	for (i = 0; i < trade->maker_count; i++)
		if (query_allows(request, "maker_address", trade->makers[i].wallet->text))
			return true;
	return false;
}

void
sim_trades_get(Sim *sim, ApiKey *key, const HttpRequest *request, HttpResponse *response)
{
	size_t		at;
	size_t		count = 0;
	size_t		next = 0;
	int64_t		after;
	int64_t		before;

	if (!read_cursor(request, &at) || !query_time(request, "after", 0, &after) ||
		!query_time(request, "before", INT64_MAX, &before))
	{
		sim_refuse(response, 400, "invalid trade params payload");
		return;
	}
	sim_buf_text(&response->body, "{\"data\":[");
	for (; at < sim->exchange.trade_count; at++)
	{
		const SimTrade *trade = sim->exchange.trades[at];

		if (!sim_trade_concerns(trade, &key->address) || !query_allows(request, "id", trade->id) ||
			!query_allows(request, "market", trade->market->condition) || !trade_has_token(request, trade) ||
			!trade_has_wallet(request, trade) || trade->matched_ms / 1000 < after || trade->matched_ms / 1000 > before)
			continue;
		if (count == PAGE_SIZE)
		{
			next = at;
			break;
		}
		sim_buf_text(&response->body, count++ > 0 ? "," : "");
		sim_frame_trade(&response->body, trade, &key->address, false);
	}
	end_page(response, next, count);
}
