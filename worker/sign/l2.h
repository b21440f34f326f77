/*-------------------------------------------------------------------------
 *
 * worker/sign/l2.h
 *	  HMAC-SHA256 of a private request, as URL-safe base64 with padding.
 *
 * The secret is decoded once into an L2Secret, which the caller keeps in
 * memory it has locked and wipes with arb_l2_secret_wipe().
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARBEES_SIGN_L2_H
#define ARBEES_SIGN_L2_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define L2_SECRET_MAX 128		/* decoded bytes */
#define L2_SIGNATURE_TEXT_SIZE 45	/* 44 characters, NUL */
#define SHA256_SIZE 32

typedef struct L2Secret
{
	uint8_t		bytes[L2_SECRET_MAX];
	size_t		len;
} L2Secret;

/* arb_l2_secret_load decodes base64 in either alphabet, padding optional; refuses anything else. */
extern bool arb_l2_secret_load(const char *text, size_t len, L2Secret *secret);
extern void arb_l2_secret_wipe(L2Secret *secret);

/*
 * arb_l2_sign signs timestamp || method || path || body.
 *
 * Args:	path, cut at its query string here; body, the exact bytes sent, or
 *			NULL when none are.
 */
extern bool arb_l2_sign(const L2Secret *secret, const char *timestamp, const char *method,
						const char *path, const char *body, size_t body_len,
						char out[L2_SIGNATURE_TEXT_SIZE]);

/* arb_l2_verify compares in constant time. */
extern bool arb_l2_verify(const L2Secret *secret, const char *timestamp, const char *method,
						  const char *path, const char *body, size_t body_len, const char *signature);

extern void arb_sha256(const void *data, size_t len, uint8_t out[SHA256_SIZE]);

/* URL-safe base64 with padding; out holds 4 * ((len + 2) / 3) + 1 bytes. */
extern size_t arb_base64url_encode(const uint8_t *bytes, size_t len, char *out);

#endif							/* ARBEES_SIGN_L2_H */
