/*-------------------------------------------------------------------------
 *
 * worker/sign/l2.c
 *	  HMAC-SHA256 of a private request, as URL-safe base64 with padding.
 *
 * Base64 is decoded here rather than by OpenSSL, because both alphabets and
 * missing padding must be accepted and everything else refused.
 *
 *-------------------------------------------------------------------------
 */
#include "l2.h"

#include <string.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/sha.h>

static int
base64_value(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '+' || c == '-')
		return 62;
	if (c == '/' || c == '_')
		return 63;
	return -1;
}

bool
arb_l2_secret_load(const char *text, size_t len, L2Secret *secret)
{
	unsigned	bits = 0;
	int			bit_count = 0;
	size_t		digits = len;

	memset(secret, 0, sizeof(*secret));
	if (text == NULL)
		return false;
	while (digits > 0 && len - digits < 2 && text[digits - 1] == '=')
		digits--;
	/* One digit left over holds no byte; padding, when given, must be complete. */
	if (digits == 0 || digits % 4 == 1 || (digits != len && len % 4 != 0))
		return false;
	for (size_t i = 0; i < digits; i++)
	{
		int			value = base64_value(text[i]);

		if (value < 0)
			goto refuse;
		bits = (bits << 6 | (unsigned) value) & 0xffff;
		bit_count += 6;
		if (bit_count < 8)
			continue;
		bit_count -= 8;
		if (secret->len == L2_SECRET_MAX)
			goto refuse;
		secret->bytes[secret->len++] = (uint8_t) (bits >> bit_count);
	}
	return true;

refuse:
	arb_l2_secret_wipe(secret);
	return false;
}

void
arb_l2_secret_wipe(L2Secret *secret)
{
	OPENSSL_cleanse(secret, sizeof(*secret));
}

size_t
arb_base64url_encode(const uint8_t *bytes, size_t len, char *out)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	size_t		n = 0;

	for (size_t i = 0; i < len; i += 3)
	{
		unsigned	group = (unsigned) bytes[i] << 16;

		if (i + 1 < len)
			group |= (unsigned) bytes[i + 1] << 8;
		if (i + 2 < len)
			group |= bytes[i + 2];
		out[n++] = digits[group >> 18 & 63];
		out[n++] = digits[group >> 12 & 63];
		out[n++] = i + 1 < len ? digits[group >> 6 & 63] : '=';
		out[n++] = i + 2 < len ? digits[group & 63] : '=';
	}
	out[n] = '\0';
	return n;
}

/* Fetching an algorithm by name is the slow part of OpenSSL 3, so it is done once. */
static EVP_MAC *
hmac_algorithm(void)
{
	static EVP_MAC *hmac = NULL;

	if (hmac == NULL)
		hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
	return hmac;
}

static bool
hmac_update_text(EVP_MAC_CTX *context, const char *text, size_t len)
{
	return len == 0 || EVP_MAC_update(context, (const unsigned char *) text, len) == 1;
}

bool
arb_l2_sign(const L2Secret *secret, const char *timestamp, const char *method, const char *path,
			const char *body, size_t body_len, char out[L2_SIGNATURE_TEXT_SIZE])
{
	char		digest_name[] = "SHA256";
	OSSL_PARAM	params[2];
	EVP_MAC_CTX *context;
	uint8_t		mac[SHA256_SIZE];
	size_t		mac_len = 0;
	bool		done;

	if (secret->len == 0 || hmac_algorithm() == NULL)
		return false;
	context = EVP_MAC_CTX_new(hmac_algorithm());
	if (context == NULL)
		return false;
	params[0] = OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest_name, 0);
	params[1] = OSSL_PARAM_construct_end();
	done = EVP_MAC_init(context, secret->bytes, secret->len, params) == 1 &&
		hmac_update_text(context, timestamp, strlen(timestamp)) &&
		hmac_update_text(context, method, strlen(method)) &&
		/* The venue signs the path alone. */
		hmac_update_text(context, path, strcspn(path, "?")) &&
		(body == NULL || hmac_update_text(context, body, body_len)) &&
		EVP_MAC_final(context, mac, &mac_len, sizeof(mac)) == 1 && mac_len == sizeof(mac);
	EVP_MAC_CTX_free(context);
	if (done)
		arb_base64url_encode(mac, sizeof(mac), out);
	return done;
}

bool
arb_l2_verify(const L2Secret *secret, const char *timestamp, const char *method, const char *path,
			  const char *body, size_t body_len, const char *signature)
{
	char		expected[L2_SIGNATURE_TEXT_SIZE];

	return strlen(signature) == L2_SIGNATURE_TEXT_SIZE - 1 &&
		arb_l2_sign(secret, timestamp, method, path, body, body_len, expected) &&
		CRYPTO_memcmp(expected, signature, L2_SIGNATURE_TEXT_SIZE - 1) == 0;
}

void
arb_sha256(const void *data, size_t len, uint8_t out[SHA256_SIZE])
{
	SHA256(data, len, out);
}
