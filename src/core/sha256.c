/*-------------------------------------------------------------------------
 *
 * src/core/sha256.c
 *	  SHA-256 (FIPS 180-4, sections 4.1.2, 4.2.2, 5 and 6.2).
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "core/sha256.h"
#include "port/pg_bswap.h"

/* The first 32 bits of the fractions of the cube roots of the first 64 primes. */
static const uint32 RoundConstants[64] = {
	0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
	0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
	0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
	0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
	0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
	0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
	0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
	0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2
};

static inline uint32
rotate_right(uint32 word, int bits)
{
	return (word >> bits) | (word << (32 - bits));
}

static void
digest_block(uint32 *state, const uint8 *block)
{
	uint32		w[64];
	uint32		a = state[0], b = state[1], c = state[2], d = state[3];
	uint32		e = state[4], f = state[5], g = state[6], h = state[7];
	int			i;

	memcpy(w, block, SHA256_BLOCK_BYTES);
	for (i = 0; i < 16; i++)
		w[i] = pg_ntoh32(w[i]);
	for (i = 16; i < 64; i++)
		w[i] = w[i - 16] + w[i - 7] +
			(rotate_right(w[i - 15], 7) ^ rotate_right(w[i - 15], 18) ^ (w[i - 15] >> 3)) +
			(rotate_right(w[i - 2], 17) ^ rotate_right(w[i - 2], 19) ^ (w[i - 2] >> 10));
	for (i = 0; i < 64; i++)
	{
		uint32		t1 = h + (rotate_right(e, 6) ^ rotate_right(e, 11) ^ rotate_right(e, 25)) +
			((e & f) ^ (~e & g)) + RoundConstants[i] + w[i];
		uint32		t2 = (rotate_right(a, 2) ^ rotate_right(a, 13) ^ rotate_right(a, 22)) +
			((a & b) ^ (a & c) ^ (b & c));

		h = g;
		g = f;
		f = e;
		e = d + t1;
		d = c;
		c = b;
		b = a;
		a = t1 + t2;
	}
	state[0] += a;
	state[1] += b;
	state[2] += c;
	state[3] += d;
	state[4] += e;
	state[5] += f;
	state[6] += g;
	state[7] += h;
}

void
arb_sha256_begin(Sha256 *sha)
{
	/* The first 32 bits of the fractions of the square roots of the first 8 primes. */
	static const uint32 initial[8] = {
		0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19
	};

	memcpy(sha->state, initial, sizeof(initial));
	sha->length = 0;
}

void
arb_sha256_add(Sha256 *sha, const void *data, size_t length)
{
	const uint8 *at = data;

	while (length > 0)
	{
		size_t		used = sha->length % SHA256_BLOCK_BYTES;
		size_t		part = Min(length, SHA256_BLOCK_BYTES - used);

		memcpy(sha->block + used, at, part);
		sha->length += part;
		at += part;
		length -= part;
		if (used + part == SHA256_BLOCK_BYTES)
			digest_block(sha->state, sha->block);
	}
}

/* arb_sha256_end writes SHA256_BYTES to digest. */
void
arb_sha256_end(Sha256 *sha, uint8 *digest)
{
	static const uint8 padding[SHA256_BLOCK_BYTES] = {0x80};
	uint64		bits = pg_hton64(sha->length * 8);
	size_t		used = sha->length % SHA256_BLOCK_BYTES;
	int			i;

	/* One bit, zeros, and the length in the last eight bytes of a block. */
	arb_sha256_add(sha, padding, (used < 56 ? 56 : 120) - used);
	arb_sha256_add(sha, &bits, sizeof(bits));
	for (i = 0; i < 8; i++)
	{
		uint32		word = pg_hton32(sha->state[i]);

		memcpy(digest + i * sizeof(word), &word, sizeof(word));
	}
}
