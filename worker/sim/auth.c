/*-------------------------------------------------------------------------
 *
 * worker/sim/auth.c
 *	  L1 statements, API keys, L2 signatures.
 *
 *-------------------------------------------------------------------------
 */
#include "auth.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "buf.h"
#include "decimal.h"
#include "sign/eip712.h"

static bool
same_secret(const char *a, const char *b)
{
	size_t		len = strlen(a);

	return len == strlen(b) && CRYPTO_memcmp(a, b, len) == 0;
}

static bool
timely(const Auth *auth, const char *timestamp, int64_t now_s)
{
	int64_t		seconds;

	return arb_decimal_parse(timestamp, strlen(timestamp), 0, &seconds) &&
		seconds >= now_s - auth->tolerance_s && seconds <= now_s + auth->tolerance_s;
}

bool
sim_auth_l1(const Auth *auth, const AuthHeaders *headers, int64_t now_s, EthAddress *address, uint64_t *nonce)
{
	const char *nonce_text = headers->nonce[0] == '\0' ? "0" : headers->nonce;
	uint8_t		signature[ETH_SIGNATURE_SIZE];
	uint8_t		digest[ETH_HASH_SIZE];
	EthAddress	signer;
	int64_t		number;

	if (!arb_eth_address_parse(headers->address, strlen(headers->address), address) ||
		!arb_hex_decode(headers->signature, strlen(headers->signature), signature, sizeof(signature)) ||
		!arb_decimal_parse(nonce_text, strlen(nonce_text), 0, &number) || number < 0 ||
		!timely(auth, headers->timestamp, now_s))
		return false;
	*nonce = (uint64_t) number;
	arb_clob_auth_digest(auth->chain_id, address, headers->timestamp, *nonce, ClobAuthMessage, digest);
	return arb_eth_recover(digest, signature, &signer) && arb_eth_address_equal(&signer, address);
}

ApiKey *
sim_auth_find(const Auth *auth, const EthAddress *address, uint64_t nonce)
{
	size_t		i;

	for (i = 0; i < auth->key_count; i++)
		if (!auth->keys[i]->deleted && auth->keys[i]->nonce == nonce &&
			arb_eth_address_equal(&auth->keys[i]->address, address))
			return auth->keys[i];
	return NULL;
}

ApiKey *
sim_auth_create(Auth *auth, const EthAddress *address, uint64_t nonce)
{
	char		text[ETH_ADDRESS_TEXT_SIZE];
	uint8_t		hash[32];
	ApiKey	   *key;

	if (sim_auth_find(auth, address, nonce) != NULL || auth->key_count >= API_KEYS_MAX)
		return NULL;
	key = sim_alloc(sizeof(*key));
	arb_eth_address_format(address, text);
	key->address = *address;
	key->nonce = nonce;
	sim_rng_derive(auth->seed, text, nonce, 1, hash);
	snprintf(key->key, sizeof(key->key), "%02x%02x%02x%02x-%02x%02x-4%01x%02x-b%01x%02x-%02x%02x%02x%02x%02x%02x",
			 hash[0], hash[1], hash[2], hash[3], hash[4], hash[5], hash[6] & 15, hash[7], hash[8] & 15, hash[9],
			 hash[10], hash[11], hash[12], hash[13], hash[14], hash[15]);
	sim_rng_derive(auth->seed, text, nonce, 2, hash);
	arb_base64url_encode(hash, sizeof(hash), key->secret);
	arb_l2_secret_load(key->secret, strlen(key->secret), &key->decoded);
	sim_rng_derive(auth->seed, text, nonce, 3, hash);
	{
		char		hex[HEX_TEXT_SIZE(32)];

		arb_hex_encode(hash, sizeof(hash), hex);
		memcpy(key->passphrase, hex + 2, sizeof(key->passphrase));
	}
	auth->keys = sim_grow(auth->keys, &auth->key_cap, auth->key_count + 1, sizeof(*auth->keys));
	auth->keys[auth->key_count++] = key;
	return key;
}

ApiKey *
sim_auth_by_key(const Auth *auth, const char *key)
{
	size_t		i;

	for (i = 0; i < auth->key_count; i++)
		if (!auth->keys[i]->deleted && strcmp(auth->keys[i]->key, key) == 0)
			return auth->keys[i];
	return NULL;
}

ApiKey *
sim_auth_l2(const Auth *auth, const AuthHeaders *headers, int64_t now_s, const char *method,
			const char *path, const char *body, size_t body_len)
{
	ApiKey	   *key = sim_auth_by_key(auth, headers->api_key);
	EthAddress	address;

	if (key == NULL || !same_secret(key->passphrase, headers->passphrase) ||
		!arb_eth_address_parse(headers->address, strlen(headers->address), &address) ||
		!arb_eth_address_equal(&address, &key->address) || !timely(auth, headers->timestamp, now_s) ||
		!arb_l2_verify(&key->decoded, headers->timestamp, method, path, body_len > 0 ? body : NULL, body_len,
					   headers->signature))
		return NULL;
	return key;
}

ApiKey *
sim_auth_plain(const Auth *auth, const char *key, const char *secret, const char *passphrase)
{
	ApiKey	   *found = sim_auth_by_key(auth, key);

	if (found == NULL || !same_secret(found->secret, secret) || !same_secret(found->passphrase, passphrase))
		return NULL;
	return found;
}

void
sim_auth_free(Auth *auth)
{
	size_t		i;

	for (i = 0; i < auth->key_count; i++)
	{
		OPENSSL_cleanse(auth->keys[i], sizeof(ApiKey));
		free(auth->keys[i]);
	}
	free(auth->keys);
	memset(auth, 0, sizeof(*auth));
}
