/*-------------------------------------------------------------------------
 *
 * src/journal/journal_hash.h
 *	  The content hash of a journal row, and the chain over such hashes.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARB_JOURNAL_HASH_H
#define ARB_JOURNAL_HASH_H

#include "postgres.h"
#include "common/sha2.h"
#include "datatype/timestamp.h"

#define JOURNAL_HASH_BYTES PG_SHA256_DIGEST_LENGTH

typedef struct JournalRow
{
	int64		journal_id;
	const char *mode;			/* NULL for none */
	TimestampTz at;
	uint64		xid;
	const char *kind;
	int32		portfolio_id;	/* 0 for none */
	int64		ref_id;			/* 0 for none */
	const char *actor;
	const char *message;
} JournalRow;

typedef struct HashState HashState;

extern bytea *arb_journal_hash(const JournalRow *row);
extern HashState *arb_hash_begin(void);
extern void arb_hash_add(HashState *state, const void *data, size_t length);
extern bytea *arb_hash_end(HashState *state);

#endif							/* ARB_JOURNAL_HASH_H */
