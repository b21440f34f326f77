/*-------------------------------------------------------------------------
 *
 * worker/sign/eth.h
 *	  Keccak-256, secp256k1 keys, addresses, hex and 256-bit integers.
 *
 * arb_eth_init() must have succeeded before anything else is called: it makes
 * the one hash object and the one curve context and checks both against known
 * answers.  One thread only.  A key lives in its own locked, non-dumpable page
 * and is overwritten when freed.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARBEES_SIGN_ETH_H
#define ARBEES_SIGN_ETH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ETH_HASH_SIZE 32
#define ETH_ADDRESS_SIZE 20
#define ETH_SIGNATURE_SIZE 65
#define ETH_ADDRESS_TEXT_SIZE 43	/* 0x, 40 digits, NUL */
#define ETH_HASH_TEXT_SIZE 67		/* 0x, 64 digits, NUL */
#define UINT256_TEXT_SIZE 79		/* 78 digits, NUL */

typedef struct EthAddress
{
	uint8_t		bytes[ETH_ADDRESS_SIZE];
} EthAddress;

/* Big-endian, as the EVM writes it. */
typedef struct Uint256
{
	uint8_t		bytes[32];
} Uint256;

typedef struct EthKey EthKey;

/* Size of the text arb_hex_encode writes for n bytes. */
#define HEX_TEXT_SIZE(n) (2 + 2 * (n) + 1)

/*
 * arb_eth_init makes the library objects and runs the known-answer tests.
 * Returns: NULL when all is well, else what failed.  Repeated calls are cheap.
 */
extern const char *arb_eth_init(void);
extern void arb_eth_shutdown(void);

extern void arb_keccak256(const void *data, size_t len, uint8_t out[ETH_HASH_SIZE]);

/*
 * arb_eth_key_new takes a 32-byte secret; the caller wipes its own copy.
 * Returns: NULL when the secret is no valid scalar or the page cannot be locked.
 */
extern EthKey *arb_eth_key_new(const uint8_t secret[32]);
extern EthKey *arb_eth_key_from_hex(const char *hex, size_t len);
extern void arb_eth_key_free(EthKey *key);
extern const EthAddress *arb_eth_key_address(const EthKey *key);

/* arb_eth_sign writes r || s || v with v in {27, 28}, low s, RFC 6979 nonce. */
extern bool arb_eth_sign(const EthKey *key, const uint8_t digest[ETH_HASH_SIZE],
						 uint8_t signature[ETH_SIGNATURE_SIZE]);

/* arb_eth_recover returns the signer; refuses v outside {0, 1, 27, 28} and high s. */
extern bool arb_eth_recover(const uint8_t digest[ETH_HASH_SIZE],
							const uint8_t signature[ETH_SIGNATURE_SIZE], EthAddress *address);

/* Addresses: 0x and 40 hex digits.  Mixed case must carry a right EIP-55 checksum. */
extern bool arb_eth_address_parse(const char *text, size_t len, EthAddress *address);
extern void arb_eth_address_format(const EthAddress *address, char out[ETH_ADDRESS_TEXT_SIZE]);
extern bool arb_eth_address_equal(const EthAddress *a, const EthAddress *b);
extern bool arb_eth_address_is_zero(const EthAddress *address);

/* arb_hex_encode writes 0x and lower-case digits; out has HEX_TEXT_SIZE(len) bytes. */
extern void arb_hex_encode(const void *bytes, size_t len, char *out);
/* arb_hex_decode demands exactly out_len bytes; the 0x is optional. */
extern bool arb_hex_decode(const char *text, size_t len, uint8_t *out, size_t out_len);

/* Decimal digits only, no sign, no leading zeros but "0" itself, at most 2^256 - 1. */
extern bool arb_uint256_from_decimal(const char *text, size_t len, Uint256 *value);
extern size_t arb_uint256_to_decimal(const Uint256 *value, char out[UINT256_TEXT_SIZE]);
extern void arb_uint256_from_u64(uint64_t number, Uint256 *value);

#endif							/* ARBEES_SIGN_ETH_H */
