/*-------------------------------------------------------------------------
 *
 * src/journal/journal.c
 *	  Append to the journal; raise alerts.
 *
 * A row's hash covers all its columns, so that a changed row is found without
 * the chain; seal.c chains the hashes. The id is drawn after the table is
 * locked: whoever locks the table against writers (seal.c does, when it ends an
 * era) then knows that no smaller id can still arrive.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/transam.h"
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "core/clock.h"
#include "core/columns.h"
#include "core/guard.h"
#include "core/sql.h"
#include "journal/journal.h"
#include "journal/journal_hash.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/timestamp.h"
#include "utils/xid8.h"

/* A message longer than this is cut: a journal is read by people. */
#define MAX_MESSAGE_BYTES 4000

static const char *const AlertColumns[] = {
	"alert_id", "raised_at", "severity", "kind", "message", "portfolio_id",
	"acknowledged_by", "acknowledged_at"
};
static const TableDef AlertTable = {"alerts", lengthof(AlertColumns), AlertColumns, false};

/* arb_actor returns who called: the session's role, not the owner of a SECURITY DEFINER function. */
char *
arb_actor(void)
{
	return GetUserNameFromId(GetOuterUserId(), false);
}

/* arb_login returns who logged in: a person, whatever role they act in. SET ROLE makes nobody a second one. */
char *
arb_login(void)
{
	return GetUserNameFromId(GetSessionUserId(), false);
}

static Datum
clipped_text(const char *string)
{
	int			length = strlen(string);

	if (length > MAX_MESSAGE_BYTES)
		length = pg_mbcliplen(string, length, MAX_MESSAGE_BYTES);
	return PointerGetDatum(cstring_to_text_with_len(string, length));
}

/*
 * arb_journal appends one row; it commits or vanishes with the caller.
 *
 * Args:	mode, a TradingMode or JOURNAL_NO_MODE; portfolio_id and ref_id, 0 for none.
 */
void
arb_journal(int mode, const char *kind, int32 portfolio_id, int64 ref_id, const char *message)
{
	Datum		values[JOURNAL_ncolumns];
	bool		nulls[JOURNAL_ncolumns] = {false};
	JournalRow	row;
	Table		table;

	if (mode == MODE_BACKTEST)
		elog(ERROR, "a backtest has a journal of its own");
	table = arb_table_open(&journal_table, 0, RowExclusiveLock);
	row.journal_id = arb_next_id("journal_seq");
	row.mode = mode == JOURNAL_NO_MODE ? NULL : arb_label_name(LABEL_MODE, mode);
	row.at = arb_now();
	row.xid = U64FromFullTransactionId(GetTopFullTransactionId());
	row.kind = kind;
	row.portfolio_id = portfolio_id;
	row.ref_id = ref_id;
	row.actor = arb_actor();
	values[JOURNAL_message] = clipped_text(message);
	row.message = TextDatumGetCString(values[JOURNAL_message]);

	values[JOURNAL_journal_id] = Int64GetDatum(row.journal_id);
	nulls[JOURNAL_mode] = row.mode == NULL;
	values[JOURNAL_mode] = nulls[JOURNAL_mode] ? (Datum) 0 : ObjectIdGetDatum(arb_label_oid(LABEL_MODE, mode));
	values[JOURNAL_at] = TimestampTzGetDatum(row.at);
	values[JOURNAL_xid] = FullTransactionIdGetDatum(FullTransactionIdFromU64(row.xid));
	values[JOURNAL_kind] = CStringGetTextDatum(kind);
	nulls[JOURNAL_portfolio_id] = portfolio_id == 0;
	values[JOURNAL_portfolio_id] = Int32GetDatum(portfolio_id);
	nulls[JOURNAL_ref_id] = ref_id == 0;
	values[JOURNAL_ref_id] = Int64GetDatum(ref_id);
	values[JOURNAL_actor] = CStringGetTextDatum(row.actor);
	values[JOURNAL_hash] = PointerGetDatum(arb_journal_hash(&row));
	arb_guard_open("journal");
	arb_table_insert(&table, values, nulls);
	arb_guard_close();
	arb_table_close(&table);
}

/*
 * arb_alert raises an alert for people.
 *
 * Args:	severity, info, warning or critical; portfolio_id, 0 for none.
 */
void
arb_alert(const char *severity, const char *kind, int32 portfolio_id, const char *message)
{
	Datum		values[lengthof(AlertColumns)];
	bool		nulls[lengthof(AlertColumns)] = {false};
	Table		table = arb_table_open(&AlertTable, 0, RowExclusiveLock);

	values[0] = Int64GetDatum(arb_next_id("alerts_seq"));
	values[1] = TimestampTzGetDatum(arb_now());
	values[2] = CStringGetTextDatum(severity);
	values[3] = CStringGetTextDatum(kind);
	values[4] = clipped_text(message);
	nulls[5] = portfolio_id == 0;
	values[5] = Int32GetDatum(portfolio_id);
	nulls[6] = nulls[7] = true;
	values[6] = values[7] = (Datum) 0;
	arb_table_insert(&table, values, nulls);
	arb_table_close(&table);
}
