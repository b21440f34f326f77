/*-------------------------------------------------------------------------
 *
 * worker/sign/eth.c
 *	  Keccak-256, secp256k1 keys, addresses, hex and 256-bit integers.
 *
 * The hash object and the curve context are made once and kept: making a hash
 * object costs more than hashing an order.  Keccak-1600(256) is not SHA-3(256):
 * the padding differs, which the known-answer test below would notice.
 *
 *-------------------------------------------------------------------------
 */
#include "eth.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <unistd.h>

#include <botan/ffi.h>
#include <openssl/rand.h>
#include <secp256k1.h>
#include <secp256k1_recovery.h>

struct EthKey
{
	uint8_t		secret[32];
	EthAddress	address;
};

static botan_hash_t Hash = NULL;
static secp256k1_context *Curve = NULL;

/*
 * arb_keccak256 cannot report a failure, because every caller would have to
 * treat a missing hash as fatal anyway: a worker that cannot hash must not go
 * on to sign.
 */
void
arb_keccak256(const void *data, size_t len, uint8_t out[ETH_HASH_SIZE])
{
	/* final() also resets the object for the next message. */
	if (Hash == NULL ||
		(len > 0 && botan_hash_update(Hash, data, len) != BOTAN_FFI_SUCCESS) ||
		botan_hash_final(Hash, out) != BOTAN_FFI_SUCCESS)
		abort();
}

/* Key, digest and signature of a published order; the signature must come out byte for byte. */
static const char *
check_known_answers(void)
{
	static const char empty_hash[] = "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470";
	static const char key_hex[] = "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";
	static const char address_text[] = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266";
	static const char digest_hex[] = "8f442df8073c9cf2e36d7b20ca9d64d1a9352e982cc82a293b7de2df57920610";
	static const char signature_hex[] =
	"f62319a987514da40e57e2f4d7529f7bac38f0355bd88bb5adbb3768d80de6c1"
	"682518e0af677d5260366425f4361e7b70c25ae232aff0ab2331e2b164a1aedc1b";
	uint8_t		expected[ETH_SIGNATURE_SIZE];
	uint8_t		hash[ETH_HASH_SIZE];
	uint8_t		signature[ETH_SIGNATURE_SIZE];
	char		text[ETH_ADDRESS_TEXT_SIZE];
	EthAddress	recovered;
	EthKey	   *key;
	const char *fault = NULL;

	arb_keccak256("", 0, hash);
	if (!arb_hex_decode(empty_hash, strlen(empty_hash), expected, ETH_HASH_SIZE) ||
		memcmp(hash, expected, ETH_HASH_SIZE) != 0)
		return "keccak-256 gives a wrong hash";

	key = arb_eth_key_from_hex(key_hex, strlen(key_hex));
	if (key == NULL)
		return "could not lock memory for a key";
	arb_eth_address_format(arb_eth_key_address(key), text);
	if (!arb_hex_decode(digest_hex, strlen(digest_hex), hash, sizeof(hash)) ||
		!arb_hex_decode(signature_hex, strlen(signature_hex), expected, sizeof(expected)))
		fault = "hex decoding is broken";
	else if (strcmp(text, address_text) != 0)
		fault = "secp256k1 derives a wrong address";
	else if (!arb_eth_sign(key, hash, signature) || memcmp(signature, expected, sizeof(expected)) != 0)
		fault = "secp256k1 makes a wrong signature";
	else if (!arb_eth_recover(hash, signature, &recovered) ||
			 !arb_eth_address_equal(&recovered, arb_eth_key_address(key)))
		fault = "secp256k1 recovers a wrong signer";
	arb_eth_key_free(key);
	return fault;
}

const char *
arb_eth_init(void)
{
	uint8_t		seed[32];
	const char *fault;

	if (Curve != NULL)
		return NULL;
	if (botan_hash_init(&Hash, "Keccak-1600(256)", 0) != BOTAN_FFI_SUCCESS)
	{
		Hash = NULL;
		return "could not create the keccak-256 hash";
	}
	Curve = secp256k1_context_create(SECP256K1_CONTEXT_NONE);
	/* Blinding hides the key from timing and power measurements. */
	if (Curve == NULL || RAND_bytes(seed, sizeof(seed)) != 1 ||
		secp256k1_context_randomize(Curve, seed) != 1)
	{
		arb_eth_shutdown();
		return "could not create the secp256k1 context";
	}
	explicit_bzero(seed, sizeof(seed));
	fault = check_known_answers();
	if (fault != NULL)
		arb_eth_shutdown();
	return fault;
}

void
arb_eth_shutdown(void)
{
	if (Hash != NULL)
		botan_hash_destroy(Hash);
	if (Curve != NULL)
		secp256k1_context_destroy(Curve);
	Hash = NULL;
	Curve = NULL;
}

/* ----- keys ----- */

static size_t
page_size(void)
{
	return (size_t) sysconf(_SC_PAGESIZE);
}

/* The last 20 bytes of the hash of the uncompressed point without its prefix. */
static bool
address_of_public_key(const secp256k1_pubkey *public_key, EthAddress *address)
{
	uint8_t		point[65];
	uint8_t		hash[ETH_HASH_SIZE];
	size_t		len = sizeof(point);

	if (!secp256k1_ec_pubkey_serialize(Curve, point, &len, public_key, SECP256K1_EC_UNCOMPRESSED))
		return false;
	arb_keccak256(point + 1, len - 1, hash);
	memcpy(address->bytes, hash + 12, ETH_ADDRESS_SIZE);
	return true;
}

EthKey *
arb_eth_key_new(const uint8_t secret[32])
{
	secp256k1_pubkey public_key;
	EthKey	   *key;

	if (Curve == NULL || !secp256k1_ec_seckey_verify(Curve, secret))
		return NULL;
	key = mmap(NULL, page_size(), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (key == MAP_FAILED)
		return NULL;
	if (mlock(key, page_size()) != 0)
	{
		munmap(key, page_size());
		return NULL;
	}
	/* Best effort: the process is not dumpable anyway. */
	(void) madvise(key, page_size(), MADV_DONTDUMP);
	(void) madvise(key, page_size(), MADV_WIPEONFORK);
	memcpy(key->secret, secret, sizeof(key->secret));
	if (!secp256k1_ec_pubkey_create(Curve, &public_key, key->secret) ||
		!address_of_public_key(&public_key, &key->address))
	{
		arb_eth_key_free(key);
		return NULL;
	}
	return key;
}

EthKey *
arb_eth_key_from_hex(const char *hex, size_t len)
{
	uint8_t		secret[32];
	EthKey	   *key = NULL;

	if (arb_hex_decode(hex, len, secret, sizeof(secret)))
		key = arb_eth_key_new(secret);
	explicit_bzero(secret, sizeof(secret));
	return key;
}

void
arb_eth_key_free(EthKey *key)
{
	if (key == NULL)
		return;
	explicit_bzero(key, sizeof(*key));
	munmap(key, page_size());
}

const EthAddress *
arb_eth_key_address(const EthKey *key)
{
	return &key->address;
}

bool
arb_eth_sign(const EthKey *key, const uint8_t digest[ETH_HASH_SIZE], uint8_t signature[ETH_SIGNATURE_SIZE])
{
	secp256k1_ecdsa_recoverable_signature raw;
	int			recovery_id;

	/* The default nonce function is RFC 6979 and the result has low s. */
	if (!secp256k1_ecdsa_sign_recoverable(Curve, &raw, digest, key->secret, NULL, NULL) ||
		!secp256k1_ecdsa_recoverable_signature_serialize_compact(Curve, signature, &recovery_id, &raw))
		return false;
	signature[64] = (uint8_t) (27 + recovery_id);
	return true;
}

bool
arb_eth_recover(const uint8_t digest[ETH_HASH_SIZE], const uint8_t signature[ETH_SIGNATURE_SIZE],
				EthAddress *address)
{
	secp256k1_ecdsa_recoverable_signature raw;
	secp256k1_ecdsa_signature plain;
	secp256k1_pubkey public_key;
	int			recovery_id = signature[64] >= 27 ? signature[64] - 27 : signature[64];

	if (Curve == NULL || recovery_id > 1)
		return false;
	if (!secp256k1_ecdsa_recoverable_signature_parse_compact(Curve, &raw, signature, recovery_id) ||
		!secp256k1_ecdsa_recoverable_signature_convert(Curve, &plain, &raw))
		return false;
	/* A changed result means s was high: a second valid form of the same signature. */
	if (secp256k1_ecdsa_signature_normalize(Curve, NULL, &plain))
		return false;
	return secp256k1_ecdsa_recover(Curve, &public_key, &raw, digest) &&
		address_of_public_key(&public_key, address);
}

/* ----- hex ----- */

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

void
arb_hex_encode(const void *bytes, size_t len, char *out)
{
	static const char digits[] = "0123456789abcdef";
	const uint8_t *in = bytes;

	*out++ = '0';
	*out++ = 'x';
	for (size_t i = 0; i < len; i++)
	{
		*out++ = digits[in[i] >> 4];
		*out++ = digits[in[i] & 15];
	}
	*out = '\0';
}

bool
arb_hex_decode(const char *text, size_t len, uint8_t *out, size_t out_len)
{
	if (text == NULL)
		return false;
	if (len >= 2 && text[0] == '0' && text[1] == 'x')
	{
		text += 2;
		len -= 2;
	}
	if (len != 2 * out_len)
		return false;
	for (size_t i = 0; i < out_len; i++)
	{
		int			high = hex_digit(text[2 * i]);
		int			low = hex_digit(text[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		out[i] = (uint8_t) (high << 4 | low);
	}
	return true;
}

/* ----- addresses ----- */

void
arb_eth_address_format(const EthAddress *address, char out[ETH_ADDRESS_TEXT_SIZE])
{
	uint8_t		hash[ETH_HASH_SIZE];

	arb_hex_encode(address->bytes, ETH_ADDRESS_SIZE, out);
	arb_keccak256(out + 2, 2 * ETH_ADDRESS_SIZE, hash);
	/* EIP-55: a letter is upper case where the hash's digit is 8 or more. */
	for (size_t i = 0; i < 2 * ETH_ADDRESS_SIZE; i++)
	{
		int			digit = i % 2 == 0 ? hash[i / 2] >> 4 : hash[i / 2] & 15;

		if (digit >= 8 && out[2 + i] >= 'a')
			out[2 + i] = (char) (out[2 + i] - 'a' + 'A');
	}
}

bool
arb_eth_address_parse(const char *text, size_t len, EthAddress *address)
{
	char		checksummed[ETH_ADDRESS_TEXT_SIZE];
	bool		upper = false;
	bool		lower = false;

	if (text == NULL || len != ETH_ADDRESS_TEXT_SIZE - 1 || text[0] != '0' || text[1] != 'x' ||
		!arb_hex_decode(text, len, address->bytes, ETH_ADDRESS_SIZE))
		return false;
	for (size_t i = 2; i < len; i++)
	{
		upper = upper || (text[i] >= 'A' && text[i] <= 'F');
		lower = lower || (text[i] >= 'a' && text[i] <= 'f');
	}
	if (!(upper && lower))
		return true;
	arb_eth_address_format(address, checksummed);
	return memcmp(text, checksummed, len) == 0;
}

bool
arb_eth_address_equal(const EthAddress *a, const EthAddress *b)
{
	return memcmp(a->bytes, b->bytes, ETH_ADDRESS_SIZE) == 0;
}

bool
arb_eth_address_is_zero(const EthAddress *address)
{
	static const EthAddress zero;

	return arb_eth_address_equal(address, &zero);
}

/* ----- 256-bit integers ----- */

bool
arb_uint256_from_decimal(const char *text, size_t len, Uint256 *value)
{
	memset(value, 0, sizeof(*value));
	if (text == NULL || len == 0 || len >= UINT256_TEXT_SIZE || (text[0] == '0' && len > 1))
		return false;
	for (size_t i = 0; i < len; i++)
	{
		unsigned	carry;

		if (text[i] < '0' || text[i] > '9')
			return false;
		carry = (unsigned) (text[i] - '0');
		for (int byte = 31; byte >= 0; byte--)
		{
			carry += value->bytes[byte] * 10u;
			value->bytes[byte] = (uint8_t) carry;
			carry >>= 8;
		}
		if (carry != 0)
			return false;
	}
	return true;
}

size_t
arb_uint256_to_decimal(const Uint256 *value, char out[UINT256_TEXT_SIZE])
{
	Uint256		rest = *value;
	char		reversed[UINT256_TEXT_SIZE];
	size_t		n = 0;
	bool		zero;

	do
	{
		unsigned	remainder = 0;

		zero = true;
		for (int byte = 0; byte < 32; byte++)
		{
			remainder = remainder << 8 | rest.bytes[byte];
			rest.bytes[byte] = (uint8_t) (remainder / 10);
			remainder %= 10;
			zero = zero && rest.bytes[byte] == 0;
		}
		reversed[n++] = (char) ('0' + remainder);
	} while (!zero);
	for (size_t i = 0; i < n; i++)
		out[i] = reversed[n - 1 - i];
	out[n] = '\0';
	return n;
}

void
arb_uint256_from_u64(uint64_t number, Uint256 *value)
{
	memset(value, 0, sizeof(*value));
	for (int byte = 31; number > 0; byte--)
	{
		value->bytes[byte] = (uint8_t) number;
		number >>= 8;
	}
}
