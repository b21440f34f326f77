/*-------------------------------------------------------------------------
 *
 * worker/sign/eip712.h
 *	  EIP-712 messages of the exchange: orders and the key-ownership statement.
 *
 * A SigningDomain is computed once and kept by the caller; signing an order
 * then costs two short hashes and one curve operation, without allocation.
 * The order id of the venue is the digest, so it is known before any byte
 * leaves.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARBEES_SIGN_EIP712_H
#define ARBEES_SIGN_EIP712_H

#include "eth.h"

/* The venue's numbers, so zero is a real value here. */
typedef enum SignatureType
{
	SIGNATURE_TYPE_EOA = 0,
	SIGNATURE_TYPE_PROXY = 1,
	SIGNATURE_TYPE_SAFE = 2,
	SIGNATURE_TYPE_WALLET_1271 = 3
} SignatureType;

/* 65 of the inner signature, 32 separator, 32 contents hash, 186 type text, 2 length. */
#define ORDER_SIGNATURE_WRAPPED_SIZE 317
#define ORDER_SIGNATURE_MAX ORDER_SIGNATURE_WRAPPED_SIZE

typedef struct SigningDomain
{
	int			exchange_version;	/* 1, 2 or 3; chooses the order's fields */
	uint64_t	chain_id;
	EthAddress	contract;
	uint8_t		separator[ETH_HASH_SIZE];
} SigningDomain;

/* The signed fields.  The last four exist only in exchange version 1. */
typedef struct OrderMessage
{
	Uint256		salt;
	EthAddress	maker;
	EthAddress	signer;
	Uint256		token_id;
	Uint256		maker_amount;
	Uint256		taker_amount;
	uint8_t		side;			/* 0 buy, 1 sell */
	uint8_t		signature_type;
	Uint256		timestamp;
	uint8_t		metadata[ETH_HASH_SIZE];
	uint8_t		builder[ETH_HASH_SIZE];
	EthAddress	taker;
	Uint256		expiration;
	Uint256		nonce;
	Uint256		fee_rate_bps;
} OrderMessage;

typedef struct OrderSignature
{
	uint8_t		bytes[ORDER_SIGNATURE_MAX];
	size_t		len;
} OrderSignature;

extern const char ClobAuthMessage[];	/* "This message attests that ..." */

/* arb_domain_make hashes name "Polymarket CTF Exchange", the version, the chain and the contract. */
extern void arb_domain_make(int exchange_version, uint64_t chain_id, const EthAddress *contract,
							SigningDomain *domain);

/* arb_domain_of_exchange knows the contracts of chains 137 and 80002; false for anything else. */
extern bool arb_domain_of_exchange(int exchange_version, uint64_t chain_id, bool neg_risk,
								   SigningDomain *domain);

/* arb_order_struct_hash hashes the fields alone, arb_order_digest binds them to the domain. */
extern void arb_order_struct_hash(const OrderMessage *order, int exchange_version,
								  uint8_t struct_hash[ETH_HASH_SIZE]);
extern void arb_order_digest(const SigningDomain *domain, const uint8_t struct_hash[ETH_HASH_SIZE],
							 uint8_t digest[ETH_HASH_SIZE]);

/* arb_order_wallet_digest is what the owner of a deposit wallet signs (ERC-7739). */
extern void arb_order_wallet_digest(const SigningDomain *domain, const uint8_t struct_hash[ETH_HASH_SIZE],
									const EthAddress *wallet, uint8_t digest[ETH_HASH_SIZE]);

/*
 * arb_order_sign makes the signature the order's signature_type asks for and
 * the order's digest, which is the venue's order id.
 */
extern bool arb_order_sign(const EthKey *key, const SigningDomain *domain, const OrderMessage *order,
						   uint8_t digest[ETH_HASH_SIZE], OrderSignature *signature);

/*
 * arb_order_recover returns the key holder that signed, unwrapping type 3 and
 * checking its separator, contents hash and type text against the order.
 * Whether that holder may act for order->signer is the caller's question.
 */
extern bool arb_order_recover(const SigningDomain *domain, const OrderMessage *order,
							  const uint8_t *signature, size_t len, EthAddress *holder);

/* The statement of key ownership: timestamp is hashed as text. */
extern void arb_clob_auth_separator(uint64_t chain_id, uint8_t separator[ETH_HASH_SIZE]);
extern void arb_clob_auth_digest(uint64_t chain_id, const EthAddress *address, const char *timestamp,
								 uint64_t nonce, const char *message, uint8_t digest[ETH_HASH_SIZE]);

#endif							/* ARBEES_SIGN_EIP712_H */
