/*-------------------------------------------------------------------------
 *
 * src/journal/journal_hash.c
 *	  The content hash of a journal row, and the chain over such hashes.
 *
 * The bytes hashed are: "arbees journal 1", then every column in order;
 * numbers as eight bytes, most significant first; text as its length in bytes,
 * as a number, and its bytes; a NULL text as the length -1. Anyone can compute
 * it again from the exported rows.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/cryptohash.h"
#include "journal/journal_hash.h"
#include "port/pg_bswap.h"

static const char JournalHashVersion[] = "arbees journal 1";

struct HashState
{
	pg_cryptohash_ctx *context;
};

static pg_attribute_noreturn() void
hash_failed(HashState *state)
{
	pg_cryptohash_free(state->context);
	ereport(ERROR,
			(errcode(ERRCODE_INTERNAL_ERROR),
			 errmsg("could not compute a SHA-256 hash")));
}

HashState *
arb_hash_begin(void)
{
	HashState  *state = palloc(sizeof(HashState));

	state->context = pg_cryptohash_create(PG_SHA256);
	if (state->context == NULL)
		ereport(ERROR, (errcode(ERRCODE_OUT_OF_MEMORY), errmsg("out of memory")));
	if (pg_cryptohash_init(state->context) < 0)
		hash_failed(state);
	return state;
}

void
arb_hash_add(HashState *state, const void *data, size_t length)
{
	if (pg_cryptohash_update(state->context, data, length) < 0)
		hash_failed(state);
}

/* arb_hash_end returns the digest and frees the state. */
bytea *
arb_hash_end(HashState *state)
{
	bytea	   *digest = palloc(VARHDRSZ + JOURNAL_HASH_BYTES);

	SET_VARSIZE(digest, VARHDRSZ + JOURNAL_HASH_BYTES);
	if (pg_cryptohash_final(state->context, (uint8 *) VARDATA(digest), JOURNAL_HASH_BYTES) < 0)
		hash_failed(state);
	pg_cryptohash_free(state->context);
	pfree(state);
	return digest;
}

static void
add_number(HashState *state, int64 number)
{
	uint64		wire = pg_hton64((uint64) number);

	arb_hash_add(state, &wire, sizeof(wire));
}

static void
add_text(HashState *state, const char *string)
{
	add_number(state, string == NULL ? -1 : (int64) strlen(string));
	if (string != NULL)
		arb_hash_add(state, string, strlen(string));
}

bytea *
arb_journal_hash(const JournalRow *row)
{
	HashState  *state = arb_hash_begin();

	arb_hash_add(state, JournalHashVersion, strlen(JournalHashVersion));
	add_number(state, row->journal_id);
	add_text(state, row->mode);
	add_number(state, row->at);
	add_number(state, (int64) row->xid);
	add_text(state, row->kind);
	add_number(state, row->portfolio_id);
	add_number(state, row->ref_id);
	add_text(state, row->actor);
	add_text(state, row->message);
	return arb_hash_end(state);
}
