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

#include "journal/journal_hash.h"
#include "port/pg_bswap.h"

static const char JournalHashVersion[] = "arbees journal 1";

Sha256 *
arb_hash_begin(void)
{
	Sha256	   *state = palloc(sizeof(Sha256));

	arb_sha256_begin(state);
	return state;
}

void
arb_hash_add(Sha256 *state, const void *data, size_t length)
{
	arb_sha256_add(state, data, length);
}

/* arb_hash_end returns the digest and frees the state. */
bytea *
arb_hash_end(Sha256 *state)
{
	bytea	   *digest = palloc(VARHDRSZ + JOURNAL_HASH_BYTES);

	SET_VARSIZE(digest, VARHDRSZ + JOURNAL_HASH_BYTES);
	arb_sha256_end(state, (uint8 *) VARDATA(digest));
	pfree(state);
	return digest;
}

static void
add_number(Sha256 *state, int64 number)
{
	uint64		wire = pg_hton64((uint64) number);

	arb_hash_add(state, &wire, sizeof(wire));
}

static void
add_text(Sha256 *state, const char *string)
{
	add_number(state, string == NULL ? -1 : (int64) strlen(string));
	if (string != NULL)
		arb_hash_add(state, string, strlen(string));
}

bytea *
arb_journal_hash(const JournalRow *row)
{
	Sha256	   *state = arb_hash_begin();

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
