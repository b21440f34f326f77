/*-------------------------------------------------------------------------
 *
 * src/core/sha256.h
 *	  SHA-256 (FIPS 180-4) of short texts.
 *
 * The server's own goes through a cryptographic library, which looks the
 * algorithm up anew for every digest: for a journal row of 200 bytes that costs
 * several times the digest.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARB_SHA256_H
#define ARB_SHA256_H

#include "postgres.h"

#define SHA256_BYTES 32
#define SHA256_BLOCK_BYTES 64

typedef struct Sha256
{
	uint32		state[8];
	uint64		length;			/* bytes so far */
	uint8		block[SHA256_BLOCK_BYTES];
} Sha256;

extern void arb_sha256_begin(Sha256 *sha);
extern void arb_sha256_add(Sha256 *sha, const void *data, size_t length);
extern void arb_sha256_end(Sha256 *sha, uint8 *digest);

#endif							/* ARB_SHA256_H */
