/*-------------------------------------------------------------------------
 *
 * worker/sim/account.c
 *	  API keys, balances and heartbeats.
 *
 *-------------------------------------------------------------------------
 */
#include "sim.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "json.h"

#define HEARTBEAT_MAX_MS 10000	/* silence after which a beating key's orders are cancelled */
#define ALLOWANCE "115792089237316195423570985008687907853269984665640564039457584007913129639935"

/* Spenders an account must have allowed: both exchanges and the neg-risk adapter. */
static const char *const Spenders[] = {
	"0xE111180000d2663C0091e4f400237545B87B996B",
	"0xe2222d279d744050d28e00520010520000310F59",
	"0xd91E80cF2E7be2e162c6513ceD06f1dD0dA35296",
	NULL
};

static bool
prove_ownership(Sim *sim, const HttpRequest *request, HttpResponse *response, EthAddress *address, uint64_t *nonce)
{
	if (sim_auth_l1(&sim->auth, &request->auth, sim_wall_ms() / 1000, address, nonce))
		return true;
	sim_refuse(response, 401, "Invalid L1 Request headers");
	return false;
}

static void
write_key(HttpResponse *response, const ApiKey *key)
{
	sim_buf_printf(&response->body, "{\"apiKey\":\"%s\",\"secret\":\"%s\",\"passphrase\":\"%s\"}",
				   key->key, key->secret, key->passphrase);
}

void
sim_key_create(Sim *sim, const HttpRequest *request, HttpResponse *response)
{
	EthAddress	address;
	uint64_t	nonce;
	ApiKey	   *key;

	if (!prove_ownership(sim, request, response, &address, &nonce))
		return;
	key = sim_auth_create(&sim->auth, &address, nonce);
	if (key == NULL)
	{
		sim_refuse(response, 400, "Could not create api key");
		return;
	}
	/* Whoever has a key has a wallet, with the opening balance. */
	sim_exchange_wallet(&sim->exchange, &address);
	write_key(response, key);
}

void
sim_key_derive(Sim *sim, const HttpRequest *request, HttpResponse *response)
{
	EthAddress	address;
	uint64_t	nonce;
	ApiKey	   *key;

	if (!prove_ownership(sim, request, response, &address, &nonce))
		return;
	key = sim_auth_find(&sim->auth, &address, nonce);
	if (key == NULL)
		sim_refuse(response, 400, "Could not derive api key!");
	else
		write_key(response, key);
}

void
sim_key_list(Sim *sim, ApiKey *key, const HttpRequest *request, HttpResponse *response)
{
	bool		first = true;
	size_t		i;

	(void) request;
	sim_buf_text(&response->body, "{\"apiKeys\":[");
	for (i = 0; i < sim->auth.key_count; i++)
	{
		const ApiKey *other = sim->auth.keys[i];

		if (other->deleted || !arb_eth_address_equal(&other->address, &key->address))
			continue;
		sim_buf_printf(&response->body, "%s\"%s\"", first ? "" : ",", other->key);
		first = false;
	}
	sim_buf_text(&response->body, "]}");
}

void
sim_key_delete(Sim *sim, ApiKey *key, const HttpRequest *request, HttpResponse *response)
{
	(void) sim;
	(void) request;
	key->deleted = true;
	sim_buf_text(&response->body, "\"OK\"");
}

void
sim_closed_only(Sim *sim, ApiKey *key, const HttpRequest *request, HttpResponse *response)
{
	(void) sim;
	(void) key;
	(void) request;
	sim_buf_text(&response->body, "{\"closed_only\":false}");
}

/* The wallet that key holder and signature type name; NULL where the venue would read zero. */
static Wallet *
wallet_of_type(Sim *sim, const ApiKey *key, const char *type)
{
	size_t		i;

	if (type == NULL || strcmp(type, "0") == 0)
		return sim_exchange_wallet(&sim->exchange, &key->address);
	for (i = 0; i < sim->exchange.wallet_count; i++)
	{
		Wallet	   *wallet = sim->exchange.wallets[i];

		if (arb_eth_address_equal(&wallet->owner, &key->address) && wallet->signature_type > 0 &&
			strlen(type) == 1 && type[0] == '0' + wallet->signature_type)
			return wallet;
	}
	return NULL;
}

void
sim_balance(Sim *sim, ApiKey *key, const HttpRequest *request, HttpResponse *response)
{
	const char *type = sim_query(request, "asset_type");
	const char *token = sim_query(request, "token_id");
	const Wallet *wallet = wallet_of_type(sim, key, sim_query(request, "signature_type"));
	int64_t		balance = 0;
	int			i;

	if (type != NULL && strcmp(type, "COLLATERAL") == 0)
		balance = wallet == NULL ? 0 : wallet->cash;
	else if (type != NULL && strcmp(type, "CONDITIONAL") == 0 && token != NULL)
	{
		int			outcome;
		Market	   *market = sim_world_by_token(&sim->world, token, &outcome);
		const Holding *holding = market == NULL || wallet == NULL ? NULL : sim_wallet_find_holding(wallet, market);

		balance = holding == NULL ? 0 : holding->shares[outcome];
	}
	else
	{
		sim_refuse(response, 400, "Invalid asset type");
		return;
	}
	sim_buf_printf(&response->body, "{\"balance\":\"%" PRId64 "\",\"allowances\":{", balance);
	for (i = 0; Spenders[i] != NULL; i++)
		sim_buf_printf(&response->body, "%s\"%s\":\"%s\"", i > 0 ? "," : "", Spenders[i], wallet == NULL ? "0" : ALLOWANCE);
	sim_buf_text(&response->body, "}}");
}

static void
next_beat(Sim *sim, ApiKey *key)
{
	uint8_t		hash[32];

	sim_rng_derive(sim->options.seed, key->key, ++key->beats, 4, hash);
	snprintf(key->heartbeat, sizeof(key->heartbeat),
			 "%02x%02x%02x%02x-%02x%02x-4%01x%02x-8%01x%02x-%02x%02x%02x%02x%02x%02x",
			 hash[0], hash[1], hash[2], hash[3], hash[4], hash[5], hash[6] & 15, hash[7], hash[8] & 15, hash[9],
			 hash[10], hash[11], hash[12], hash[13], hash[14], hash[15]);
}

void
sim_heartbeat(Sim *sim, ApiKey *key, const HttpRequest *request, HttpResponse *response)
{
	json_t	   *body = arb_json_load(request->body, request->body_len, JSON_MAX_BYTES, NULL);
	char		id[KEY_TEXT_SIZE];

	if (!json_is_object(body) || !arb_json_id_optional(body, "heartbeat_id", id, sizeof(id), NULL))
		sim_refuse(response, 400, "Invalid payload");
	else if (key->heartbeat[0] != '\0' && strcmp(id, key->heartbeat) != 0)
	{
		response->status = 400;
		sim_buf_printf(&response->body, "{\"error\":\"Invalid Heartbeat ID\",\"heartbeat_id\":\"%s\"}", key->heartbeat);
	}
	else
	{
		next_beat(sim, key);
		key->beat_ms = sim_wall_ms();
		sim_buf_printf(&response->body, "{\"heartbeat_id\":\"%s\"}", key->heartbeat);
	}
	json_decref(body);
}

void
sim_heartbeat_sweep(Sim *sim)
{
	size_t		i;
	size_t		k;

	for (i = 0; i < sim->auth.key_count; i++)
	{
		ApiKey	   *key = sim->auth.keys[i];

		if (key->heartbeat[0] == '\0' || sim_wall_ms() - key->beat_ms <= HEARTBEAT_MAX_MS)
			continue;
		/* The next beat starts anew. */
		key->heartbeat[0] = '\0';
		for (k = 0; k < sim->exchange.order_count; k++)
			if (sim->exchange.orders[k]->status == ORDER_LIVE && strcmp(sim->exchange.orders[k]->owner, key->key) == 0)
				sim_exchange_cancel(&sim->exchange, sim->exchange.orders[k]);
	}
}
