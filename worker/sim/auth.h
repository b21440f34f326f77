/*-------------------------------------------------------------------------
 *
 * worker/sim/auth.h
 *	  Who is asking: L1 statements of key ownership, API keys, L2 signatures.
 *
 * Credentials derive from the seed, the address and the nonce, so that a world
 * restarted with the same seed hands out the same ones.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARBEES_SIM_AUTH_H
#define ARBEES_SIM_AUTH_H

#include "exchange.h"
#include "limit.h"
#include "sign/l2.h"

#define API_KEYS_MAX 10000
#define SECRET_TEXT_SIZE 48
#define PASSPHRASE_TEXT_SIZE 65
#define HEADER_TEXT_SIZE 256

typedef struct ApiKey
{
	char		key[KEY_TEXT_SIZE];
	char		secret[SECRET_TEXT_SIZE];
	char		passphrase[PASSPHRASE_TEXT_SIZE];
	L2Secret	decoded;
	EthAddress	address;
	uint64_t	nonce;
	bool		deleted;
	char		heartbeat[KEY_TEXT_SIZE];	/* id the next beat must carry; empty = never beaten */
	uint64_t	beats;
	int64_t		beat_ms;
	SimBucket	orders;
	SimBucket	cancels;
} ApiKey;

typedef struct AuthHeaders
{
	char		address[HEADER_TEXT_SIZE];
	char		signature[HEADER_TEXT_SIZE];
	char		timestamp[HEADER_TEXT_SIZE];
	char		nonce[HEADER_TEXT_SIZE];
	char		api_key[HEADER_TEXT_SIZE];
	char		passphrase[HEADER_TEXT_SIZE];
} AuthHeaders;

typedef struct Auth
{
	uint64_t	seed;
	uint64_t	chain_id;
	int64_t		tolerance_s;
	ApiKey	  **keys;
	size_t		key_count;
	size_t		key_cap;
} Auth;

/* sim_auth_l1 checks the signed statement; false when it proves nothing. */
extern bool sim_auth_l1(const Auth *auth, const AuthHeaders *headers, int64_t now_s,
						EthAddress *address, uint64_t *nonce);

/* NULL when the address has no live key of that nonce. */
extern ApiKey *sim_auth_find(const Auth *auth, const EthAddress *address, uint64_t nonce);
/* NULL when one exists already, or when there are too many. */
extern ApiKey *sim_auth_create(Auth *auth, const EthAddress *address, uint64_t nonce);

/* sim_auth_l2 checks key, passphrase, time and HMAC of a private request. */
extern ApiKey *sim_auth_l2(const Auth *auth, const AuthHeaders *headers, int64_t now_s, const char *method,
						   const char *path, const char *body, size_t body_len);

/* The user stream sends its credentials in clear. */
extern ApiKey *sim_auth_plain(const Auth *auth, const char *key, const char *secret, const char *passphrase);
extern ApiKey *sim_auth_by_key(const Auth *auth, const char *key);

extern void sim_auth_free(Auth *auth);

#endif							/* ARBEES_SIM_AUTH_H */
