/*-------------------------------------------------------------------------
 *
 * worker/venue/polymarket/build.h
 *	  Structs in, the bytes the venue wants out.
 *
 * Every build_* writes a terminated text into the caller's buffer and returns
 * its length, or 0 when it does not fit or an argument is not fit to be sent.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARBEES_POLYMARKET_BUILD_H
#define ARBEES_POLYMARKET_BUILD_H

#include "../../sign/eip712.h"
#include "../../sign/l2.h"
#include "../venue.h"

#define PM_API_KEY_SIZE 64
#define PM_PASSPHRASE_SIZE 160
#define PM_TIMESTAMP_SIZE 24
#define PM_HEADER_MAX 5
#define PM_CANCEL_MAX 1000		/* ids in one DELETE /orders */

/* Credentials of the private API; secret_text is kept for the user channel only. */
typedef struct PmCredentials
{
	char		api_key[PM_API_KEY_SIZE];
	char		secret_text[2 * L2_SECRET_MAX];
	char		passphrase[PM_PASSPHRASE_SIZE];
	L2Secret	secret;
} PmCredentials;

/*
 * Everything that is the same for all orders of one wallet.  domain[0] is the
 * ordinary exchange, domain[1] the neg-risk one; both filled by arb_pm_signer_init.
 */
typedef struct PmSigner
{
	const EthKey *key;			/* not owned */
	EthAddress	funder;			/* maker of every order */
	SignatureType signature_type;
	uint64_t	chain_id;
	SigningDomain domain[2];
	char		owner[PM_API_KEY_SIZE];	/* the API key, "owner" in the body */
	uint8_t		builder[ETH_HASH_SIZE];
	char		address_text[ETH_ADDRESS_TEXT_SIZE];	/* of the key, checksummed */
} PmSigner;

typedef struct PmHeader
{
	const char *name;
	char		value[160];
} PmHeader;

typedef struct PmHeaders
{
	PmHeader	items[PM_HEADER_MAX];
	int			count;
} PmHeaders;

/* The body of POST /order besides the signed fields. */
typedef struct PmOrderEnvelope
{
	int64_t		expiration_s;	/* 0 = none */
	TimeInForce order_type;
	bool		post_only;
	bool		defer_exec;
	const char *owner;
} PmOrderEnvelope;

/*
 * arb_pm_credentials_load fills the struct and decodes the secret; false when
 * one of them is empty, too long or not fit for a header.
 */
extern bool arb_pm_credentials_load(const char *api_key, const char *secret, const char *passphrase,
									PmCredentials *credentials);
extern void arb_pm_credentials_wipe(PmCredentials *credentials);

/*
 * arb_pm_signer_init caches the domain separators.
 *
 * Args:	funder NULL = the key's own address; owner may be NULL and set later.
 * Returns: false for a chain, version or signature type we do not know.
 */
extern bool arb_pm_signer_init(PmSigner *signer, const EthKey *key, const EthAddress *funder,
							   SignatureType type, uint64_t chain_id, int exchange_version,
							   const char *owner);

#define PM_ORDER_METHOD "POST"
#define PM_ORDER_PATH "/order"
#define PM_CONTENT_TYPE "Content-Type: application/json"
/* The exchange we sign for. */
#define PM_EXCHANGE_VERSION 2
/* In the place of what a stored request must not show, and of what nobody without a key can write. */
#define PM_REDACTED "[redacted]"
#define PM_UNSIGNED "[unsigned]"

/* arb_pm_prepare_order: amounts, message, signature, body, hash.  No allocation. */
extern bool arb_pm_prepare_order(const PmSigner *signer, const OrderTicket *ticket,
								 PreparedOrder *order, char *reason);

/* arb_pm_prepare_unsigned does the same without a key, for the record: no id, and no client posts it. */
extern bool arb_pm_prepare_unsigned(const OrderTicket *ticket, PreparedOrder *order, char *reason);

/*
 * arb_pm_render_order writes the request as it is stored: method and path, the
 * headers as arb_pm_l2_headers makes them with secret values redacted, an empty
 * line, the body.  credentials NULL: nothing could be signed.
 */
extern size_t arb_pm_render_order(const PmCredentials *credentials, const char *address_text,
								  const PreparedOrder *order, char *out, size_t size);

/* The body of POST /order, byte for byte as the official client writes it. */
extern size_t arb_pm_build_post_order(const OrderMessage *message, const OrderSignature *signature,
									  const PmOrderEnvelope *envelope, char *out, size_t size);

/* DELETE bodies. */
extern size_t arb_pm_build_cancel(const char *venue_order_id, char *out, size_t size);
extern size_t arb_pm_build_cancel_many(const char *const *ids, size_t count, char *out, size_t size);
extern size_t arb_pm_build_cancel_market(const char *market, const char *token_id, char *out, size_t size);

/* Websocket messages.  initial opens a connection, else operation "subscribe" or "unsubscribe". */
extern size_t arb_pm_build_market_subscribe(const char *const *token_ids, size_t count, char *out,
											size_t size);
extern size_t arb_pm_build_market_update(bool subscribe, const char *const *token_ids, size_t count,
										 char *out, size_t size);
extern size_t arb_pm_build_user_subscribe(const PmCredentials *credentials, const char *const *markets,
										  size_t count, char *out, size_t size);
extern size_t arb_pm_build_user_update(bool subscribe, const char *const *markets, size_t count,
									   char *out, size_t size);
/* One topic and symbol per subscription; the filter text holds no space. */
extern size_t arb_pm_build_rtds_subscribe(const char *const *topics, const char *const *symbols,
										  size_t count, char *out, size_t size);
/* {"operation":"barrier","seq":N}: only simulators understand it. */
extern size_t arb_pm_build_barrier(int64_t seq, char *out, size_t size);

/* POST /v1/heartbeats; "" for the first. */
extern size_t arb_pm_build_heartbeat(const char *heartbeat_id, char *out, size_t size);

/* L1: proves control of the key.  timestamp in seconds. */
extern bool arb_pm_l1_headers(const EthKey *key, uint64_t chain_id, int64_t timestamp_s, uint64_t nonce,
							  PmHeaders *headers);

/* L2: every private request.  body NULL when none is sent; path may carry a query, which is not signed. */
extern bool arb_pm_l2_headers(const PmCredentials *credentials, const char *address_text,
							  int64_t timestamp_s, const char *method, const char *path,
							  const char *body, size_t body_len, PmHeaders *headers);

#endif							/* ARBEES_POLYMARKET_BUILD_H */
