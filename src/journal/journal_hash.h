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
#include "core/sha256.h"
#include "datatype/timestamp.h"

#define JOURNAL_HASH_BYTES SHA256_BYTES

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

extern bytea *arb_journal_hash(const JournalRow *row);
extern Sha256 *arb_hash_begin(void);
extern void arb_hash_add(Sha256 *state, const void *data, size_t length);
extern bytea *arb_hash_end(Sha256 *state);

#endif							/* ARB_JOURNAL_HASH_H */
