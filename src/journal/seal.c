/*-------------------------------------------------------------------------
 *
 * src/journal/seal.c
 *	  The chain over the journal.
 *
 * Rows are sealed in order of (transaction, id), and only rows of transactions
 * below the snapshot's horizon: none of these can still commit a row, so no row
 * ever appears before one that is sealed.
 *
 * Transaction numbers start anew where a dump is restored. The order therefore
 * holds within an era; arbees_resume on a copy seals what is left of the old
 * one and begins the next behind its last row.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/transam.h"
#include "catalog/pg_type.h"
#include "core/catalog.h"
#include "core/clock.h"
#include "core/guard.h"
#include "core/installation.h"
#include "core/sql.h"
#include "fmgr.h"
#include "journal/journal.h"
#include "journal/journal_hash.h"
#include "journal/seal.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"
#include "utils/xid8.h"

/* What one seal covers at most; a step of the tick must stay short. */
#define MAX_ROWS_PER_SEAL 5000

/* A busy desk gets one seal per second, not one per tick. */
#define MIN_SEAL_AGE_MS 1000

PG_FUNCTION_INFO_V1(arbees_step_seal);

typedef struct Seal
{
	int64		seal_no;
	int64		era_after_id;
	uint64		through_xid;
	int64		through_id;
	bytea	   *head;
	TimestampTz sealed_at;
} Seal;

static bytea *
zero_head(void)
{
	bytea	   *head = palloc0(VARHDRSZ + JOURNAL_HASH_BYTES);

	SET_VARSIZE(head, VARHDRSZ + JOURNAL_HASH_BYTES);
	return head;
}

/* The last seal; a seal of number 0 before the first. */
static void
read_last_seal(Seal *seal)
{
	static SqlPlan plan = {
		"SELECT seal_no, era_after_id, through_xid, through_id, head, sealed_at"
		" FROM arbees.journal_seals ORDER BY seal_no DESC LIMIT 1", 0
	};
	bool		isnull;

	memset(seal, 0, sizeof(Seal));
	seal->head = zero_head();
	seal->era_after_id = -1;
	arb_sql_begin();
	if (arb_sql_run(&plan, NULL, NULL) > 0)
	{
		seal->seal_no = arb_sql_int64(0, 1, 0);
		seal->era_after_id = arb_sql_int64(0, 2, 0);
		seal->through_xid = U64FromFullTransactionId(DatumGetFullTransactionId(arb_sql_value(0, 3, &isnull)));
		seal->through_id = arb_sql_int64(0, 4, 0);
		/* Copied once, into the caller's context: a copy made here would die with SPI. */
		seal->head = (bytea *) DatumGetPointer(arb_sql_copy(0, 5, &isnull));
		seal->sealed_at = DatumGetTimestampTz(arb_sql_value(0, 6, &isnull));
	}
	arb_sql_end();
}

/* Where the era in force begins: behind the row that the last binding named. */
static int64
current_era(void)
{
	static SqlPlan plan = {
		"SELECT ref_id FROM arbees.journal_desk WHERE kind = 'installation_bound'"
		" ORDER BY journal_id DESC LIMIT 1", 0
	};
	int64		era = 0;

	arb_sql_begin();
	if (arb_sql_run(&plan, NULL, NULL) > 0)
		era = arb_sql_int64(0, 1, 0);
	arb_sql_end();
	return era;
}

static void
write_seal(const Seal *seal, int64 row_count, const bytea *previous_head)
{
	static SqlPlan plan = {
		"INSERT INTO arbees.journal_seals (seal_no, era_after_id, through_xid, through_id, row_count,"
		"  previous_head, head, sealed_at)"
		" VALUES ($1, $2, $3, $4, $5, $6, $7, pg_catalog.clock_timestamp())",
		7, {INT8OID, INT8OID, XID8OID, INT8OID, INT8OID, BYTEAOID, BYTEAOID}
	};
	Datum		values[7];

	values[0] = Int64GetDatum(seal->seal_no);
	values[1] = Int64GetDatum(seal->era_after_id);
	values[2] = FullTransactionIdGetDatum(FullTransactionIdFromU64(seal->through_xid));
	values[3] = Int64GetDatum(seal->through_id);
	values[4] = Int64GetDatum(row_count);
	values[5] = PointerGetDatum(previous_head);
	values[6] = PointerGetDatum(seal->head);
	arb_guard_open("journal_seals");
	arb_sql_run(&plan, values, NULL);
	arb_guard_close();
}

/*
 * Seals the next rows of an era and moves *seal on; returns how many.
 *
 * Args:	finished, whether the era has ended: its numbers are another cluster's,
 *			so the horizon of this one says nothing about them.
 */
static uint64
seal_next(Seal *seal, int64 era_after_id, bool finished)
{
	static SqlPlan below_horizon = {
		"SELECT xid, journal_id, hash FROM arbees.journal_desk"
		" WHERE journal_id > $1 AND (xid, journal_id) > ($2, $3)"
		"  AND xid < pg_catalog.pg_snapshot_xmin(pg_catalog.pg_current_snapshot())"
		" ORDER BY xid, journal_id LIMIT $4",
		4, {INT8OID, XID8OID, INT8OID, INT8OID}
	};
	static SqlPlan all_rows = {
		"SELECT xid, journal_id, hash FROM arbees.journal_desk"
		" WHERE journal_id > $1 AND (xid, journal_id) > ($2, $3)"
		" ORDER BY xid, journal_id LIMIT $4",
		4, {INT8OID, XID8OID, INT8OID, INT8OID}
	};
	bool		same_era = seal->era_after_id == era_after_id;
	bytea	   *previous_head = seal->head;
	Sha256	   *hash;
	Datum		values[4];
	uint64		n;
	uint64		i;
	bool		isnull;

	values[0] = Int64GetDatum(era_after_id);
	values[1] = FullTransactionIdGetDatum(FullTransactionIdFromU64(same_era ? seal->through_xid : 0));
	values[2] = Int64GetDatum(same_era ? seal->through_id : 0);
	values[3] = Int64GetDatum(MAX_ROWS_PER_SEAL);
	arb_sql_begin();
	n = arb_sql_run(finished ? &all_rows : &below_horizon, values, NULL);
	if (n > 0)
	{
		hash = arb_hash_begin();
		arb_hash_add(hash, VARDATA_ANY(previous_head), VARSIZE_ANY_EXHDR(previous_head));
		for (i = 0; i < n; i++)
		{
			bytea	   *row_hash = DatumGetByteaPP(arb_sql_value(i, 3, &isnull));

			arb_hash_add(hash, VARDATA_ANY(row_hash), VARSIZE_ANY_EXHDR(row_hash));
		}
		seal->through_xid = U64FromFullTransactionId(DatumGetFullTransactionId(arb_sql_value(n - 1, 1, &isnull)));
		seal->through_id = arb_sql_int64(n - 1, 2, 0);
		seal->seal_no++;
		seal->era_after_id = era_after_id;
		seal->head = arb_hash_end(hash);
		write_seal(seal, n, previous_head);
		/* It must outlive SPI for the next round. */
		seal->head = (bytea *) memcpy(SPI_palloc(VARSIZE(seal->head)), seal->head, VARSIZE(seal->head));
	}
	arb_sql_end();
	return n;
}

/* arbees.step_seal() seals what no running transaction can still add to; one sealer at a time. */
Datum
arbees_step_seal(PG_FUNCTION_ARGS)
{
	Seal		seal;

	if (!ConditionalLockRelationOid(arb_catalog_relation("journal_seals"), ShareUpdateExclusiveLock))
		PG_RETURN_VOID();
	/* A copy's rows carry another cluster's numbers until arbees_resume ends their era. */
	if (!arb_installation_is_ours())
		PG_RETURN_VOID();
	read_last_seal(&seal);
	if (seal.seal_no > 0 && arb_elapsed_ms(seal.sealed_at, arb_now()) < MIN_SEAL_AGE_MS)
		PG_RETURN_VOID();
	seal_next(&seal, current_era(), false);
	PG_RETURN_VOID();
}

/*
 * arb_seal_end_era seals all that is left and returns where the next era begins.
 *
 * Locks: the journal against writers, until the transaction ends. A writer draws
 * its id after it has its own lock (arb_journal), so no smaller id can follow.
 */
int64
arb_seal_end_era(void)
{
	static SqlPlan plan = {
		"SELECT coalesce(pg_catalog.max(journal_id), 0) FROM arbees.journal_desk", 0
	};
	int64		last;
	int64		era;
	Seal		seal;

	LockRelationOid(arb_catalog_relation("journal_seals"), ShareUpdateExclusiveLock);
	LockRelationOid(arb_catalog_relation("journal_desk"), ShareRowExclusiveLock);
	era = current_era();
	read_last_seal(&seal);
	while (seal_next(&seal, era, true) > 0)
		CHECK_FOR_INTERRUPTS();
	arb_sql_begin();
	arb_sql_run(&plan, NULL, NULL);
	last = arb_sql_int64(0, 1, 0);
	arb_sql_end();
	return last;
}
