/*-------------------------------------------------------------------------
 *
 * src/journal/verify.c
 *	  Proves the journal: every row against its hash, every seal against its rows.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/transam.h"
#include "catalog/pg_type.h"
#include "core/result.h"
#include "core/sql.h"
#include "fmgr.h"
#include "journal/journal_hash.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"
#include "utils/xid8.h"

#define FETCH_ROWS 1000

PG_FUNCTION_INFO_V1(arbees_verify_journal);

/* The first thing found wrong, and how far the check came. */
typedef struct Finding
{
	int64		seal_no;		/* 0 for none */
	int64		journal_id;		/* 0 for none */
	const char *detail;			/* NULL while nothing is wrong */
	int64		seals;
	int64		rows;
} Finding;

typedef struct SealRow
{
	int64		seal_no;
	int64		era_after_id;
	int64		era_end_id;		/* last id of the era, PG_INT64_MAX for the era in force */
	Datum		through_xid;
	int64		through_id;
	int64		row_count;
	bytea	   *previous_head;
	bytea	   *head;
} SealRow;

#define ROW_COLUMNS \
	"SELECT journal_id, mode::text, at, xid, kind, portfolio_id, ref_id, actor, message, hash" \
	" FROM arbees.journal_desk"

static bool
same_bytes(const bytea *a, const bytea *b)
{
	return VARSIZE_ANY_EXHDR(a) == VARSIZE_ANY_EXHDR(b) &&
		memcmp(VARDATA_ANY(a), VARDATA_ANY(b), VARSIZE_ANY_EXHDR(a)) == 0;
}

static const char *
text_at(uint64 row, int column)
{
	return SPI_getvalue(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, column);
}

/* The hash stored with a fetched row, after comparing it with the row's content. */
static bytea *
checked_hash(uint64 i, Finding *finding)
{
	bool		isnull;
	JournalRow	row;
	bytea	   *stored = DatumGetByteaPP(arb_sql_value(i, 10, &isnull));

	row.journal_id = arb_sql_int64(i, 1, 0);
	row.mode = text_at(i, 2);
	row.at = DatumGetTimestampTz(arb_sql_value(i, 3, &isnull));
	row.xid = U64FromFullTransactionId(DatumGetFullTransactionId(arb_sql_value(i, 4, &isnull)));
	row.kind = text_at(i, 5);
	row.portfolio_id = arb_sql_int32(i, 6, 0);
	row.ref_id = arb_sql_int64(i, 7, 0);
	row.actor = text_at(i, 8);
	row.message = text_at(i, 9);
	finding->rows++;
	if (!same_bytes(stored, arb_journal_hash(&row)))
	{
		finding->journal_id = row.journal_id;
		finding->detail = "the row is not what was written: its hash differs";
	}
	return stored;
}

/* Runs over the rows of a plan, adds their hashes to the chain (when given); returns how many were seen. */
static int64
walk_rows(SqlPlan *plan, Datum *values, Sha256 *chain, Finding *finding)
{
	Portal		portal;
	int64		n = 0;
	uint64		i;

	arb_sql_prepare(plan);
	portal = SPI_cursor_open(NULL, plan->plan, values, NULL, true);
	for (;;)
	{
		SPI_cursor_fetch(portal, true, FETCH_ROWS);
		if (SPI_processed == 0 || finding->detail != NULL)
			break;
		for (i = 0; i < SPI_processed && finding->detail == NULL; i++, n++)
		{
			bytea	   *hash = checked_hash(i, finding);

			if (chain != NULL)
				arb_hash_add(chain, VARDATA_ANY(hash), VARSIZE_ANY_EXHDR(hash));
		}
		SPI_freetuptable(SPI_tuptable);
		CHECK_FOR_INTERRUPTS();
	}
	SPI_cursor_close(portal);
	return n;
}

static void
check_seal(const SealRow *seal, const SealRow *previous, Finding *finding)
{
	static SqlPlan plan = {
		ROW_COLUMNS " WHERE journal_id > $1 AND journal_id <= $2"
		" AND (xid, journal_id) > ($3, $4) AND (xid, journal_id) <= ($5, $6)"
		" ORDER BY xid, journal_id",
		6, {INT8OID, INT8OID, XID8OID, INT8OID, XID8OID, INT8OID}
	};
	bool		same_era = previous->era_after_id == seal->era_after_id;
	Sha256	   *chain = arb_hash_begin();
	Datum		values[6];
	int64		n;
	bytea	   *head;

	values[0] = Int64GetDatum(seal->era_after_id);
	values[1] = Int64GetDatum(seal->era_end_id);
	values[2] = same_era ? previous->through_xid : FullTransactionIdGetDatum(FullTransactionIdFromU64(0));
	values[3] = Int64GetDatum(same_era ? previous->through_id : 0);
	values[4] = seal->through_xid;
	values[5] = Int64GetDatum(seal->through_id);
	arb_hash_add(chain, VARDATA_ANY(seal->previous_head), VARSIZE_ANY_EXHDR(seal->previous_head));
	n = walk_rows(&plan, values, chain, finding);
	head = arb_hash_end(chain);
	if (finding->detail == NULL && seal->seal_no != previous->seal_no + 1)
		finding->detail = "a seal before this one is missing";
	else if (finding->detail == NULL && !same_bytes(previous->head, seal->previous_head))
		finding->detail = "the seal does not continue the one before it";
	else if (finding->detail == NULL && n != seal->row_count)
		finding->detail = psprintf("the seal covers " INT64_FORMAT " rows, " INT64_FORMAT " are there",
								   seal->row_count, n);
	else if (finding->detail == NULL && !same_bytes(head, seal->head))
		finding->detail = "the rows do not give the seal's head";
	if (finding->detail != NULL)
		finding->seal_no = seal->seal_no;
	finding->seals++;
}

static SealRow *
read_seals(uint64 *n)
{
	static SqlPlan plan = {
		"SELECT s.seal_no, s.era_after_id, s.through_xid, s.through_id, s.row_count, s.previous_head, s.head,"
		"  coalesce((SELECT pg_catalog.min(b.ref_id) FROM arbees.journal_desk b"
		"   WHERE b.kind = 'installation_bound' AND b.ref_id > s.era_after_id), 9223372036854775807)"
		" FROM arbees.journal_seals s ORDER BY s.seal_no",
		0, {0}, NULL, true
	};
	SealRow    *seals;
	uint64		i;
	bool		isnull;

	*n = arb_sql_run(&plan, NULL, NULL);
	seals = palloc(sizeof(SealRow) * Max(*n, 1));
	for (i = 0; i < *n; i++)
	{
		seals[i].seal_no = arb_sql_int64(i, 1, 0);
		seals[i].era_after_id = arb_sql_int64(i, 2, 0);
		seals[i].through_xid = arb_sql_value(i, 3, &isnull);
		seals[i].through_id = arb_sql_int64(i, 4, 0);
		seals[i].row_count = arb_sql_int64(i, 5, 0);
		seals[i].previous_head = DatumGetByteaPCopy(arb_sql_value(i, 6, &isnull));
		seals[i].head = DatumGetByteaPCopy(arb_sql_value(i, 7, &isnull));
		seals[i].era_end_id = arb_sql_int64(i, 8, PG_INT64_MAX);
	}
	return seals;
}

/* Rows that no seal covers yet, or that none ever will because they came too late. */
static void
check_unsealed(const SealRow *last, int64 sealed_rows, Finding *finding)
{
	static SqlPlan tail = {
		ROW_COLUMNS " WHERE journal_id > $1 AND (xid, journal_id) > ($2, $3) ORDER BY xid, journal_id",
		3, {INT8OID, XID8OID, INT8OID}
	};
	static SqlPlan era = {
		"SELECT coalesce(ref_id, 0) FROM arbees.journal_desk WHERE kind = 'installation_bound'"
		" ORDER BY journal_id DESC LIMIT 1",
		0, {0}, NULL, true
	};
	static SqlPlan count = {"SELECT pg_catalog.count(*) FROM arbees.journal_desk", 0, {0}, NULL, true};
	int64		current = arb_sql_run(&era, NULL, NULL) > 0 ? arb_sql_int64(0, 1, 0) : 0;
	bool		same_era = last->era_after_id == current;
	Datum		values[3];
	int64		unsealed;
	int64		total;

	values[0] = Int64GetDatum(current);
	values[1] = same_era ? last->through_xid : FullTransactionIdGetDatum(FullTransactionIdFromU64(0));
	values[2] = Int64GetDatum(same_era ? last->through_id : 0);
	unsealed = walk_rows(&tail, values, NULL, finding);
	arb_sql_run(&count, NULL, NULL);
	total = arb_sql_int64(0, 1, 0);
	if (finding->detail == NULL && total != sealed_rows + unsealed)
		finding->detail = psprintf(INT64_FORMAT " rows are neither sealed nor waiting for a seal",
								   total - sealed_rows - unsealed);
}

/*
 * arbees.verify_journal() re-computes every hash and every seal.
 *
 * Returns: (ok, seal_no, journal_id, detail, seals_checked, rows_checked);
 * seal_no and journal_id name the first thing broken, NULL where none is.
 */
Datum
arbees_verify_journal(PG_FUNCTION_ARGS)
{
	Finding		finding = {0};
	Datum		values[6];
	bool		nulls[6] = {false};
	SealRow		start = {.era_after_id = -1};
	const SealRow *previous = &start;
	SealRow    *seals;
	uint64		n;
	uint64		i;
	int64		sealed_rows = 0;
	char	   *detail = NULL;

	/* The chain begins with a head of zeros. */
	start.head = palloc0(VARHDRSZ + JOURNAL_HASH_BYTES);
	SET_VARSIZE(start.head, VARHDRSZ + JOURNAL_HASH_BYTES);
	arb_sql_begin();
	seals = read_seals(&n);
	for (i = 0; i < n && finding.detail == NULL; i++)
	{
		check_seal(&seals[i], previous, &finding);
		sealed_rows += seals[i].row_count;
		previous = &seals[i];
	}
	if (finding.detail == NULL)
		check_unsealed(previous, sealed_rows, &finding);
	if (finding.detail != NULL)
		detail = strcpy(SPI_palloc(strlen(finding.detail) + 1), finding.detail);
	arb_sql_end();

	values[0] = BoolGetDatum(detail == NULL);
	values[1] = Int64GetDatum(finding.seal_no);
	nulls[1] = finding.seal_no == 0;
	values[2] = Int64GetDatum(finding.journal_id);
	nulls[2] = finding.journal_id == 0;
	nulls[3] = detail == NULL;
	values[3] = detail == NULL ? (Datum) 0 : CStringGetTextDatum(detail);
	values[4] = Int64GetDatum(finding.seals);
	values[5] = Int64GetDatum(finding.rows);
	PG_RETURN_DATUM(arb_result_row(fcinfo, lengthof(values), values, nulls));
}
