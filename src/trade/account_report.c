/*-------------------------------------------------------------------------
 *
 * src/trade/account_report.c
 *	  What the venue says of an account's money: its balance, what it redeemed.
 *
 * Locks: epoch (share), portfolio.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "core/clock.h"
#include "core/lock.h"
#include "core/sql.h"
#include "journal/journal.h"
#include "trade/ledger.h"
#include "trade/plausible.h"
#include "trade/protocol.h"
#include "trade/settlement.h"
#include "utils/builtins.h"

/* Both were told of the same money, one in millionths. */
static bool
is_in_other_unit(Fixed a, Fixed b)
{
	return b > 0 && (int128) a * 100 >= (int128) b * 99 * UNIT_RATIO && (int128) a * 100 <= (int128) b * 101 * UNIT_RATIO;
}

static void
require_balance(int32 account, Fixed cash)
{
	static SqlPlan plan = {
		"SELECT cash FROM arbees.venue_balances WHERE venue_account_id = $1", 1, {INT4OID}
	};
	Datum		args[] = {Int32GetDatum(account)};
	Fixed		known = 0;
	bool		isnull = true;

	arb_sql_begin();
	if (arb_sql_run(&plan, args, NULL) > 0)
		known = arb_fixed_from_numeric(arb_sql_value(0, 1, &isnull));
	arb_sql_end();
	if (cash < 0 || is_in_other_unit(cash, known) || is_in_other_unit(known, cash))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a balance is no evidence: it is below zero or in another unit"),
				 errdetail("Venue account %d is said to have %s; it had %s.", account, arb_fixed_to_cstring(cash),
						   isnull ? "never been read" : arb_fixed_to_cstring(known))));
}

static void
keep_balance(int32 account, Datum cash, bool quiet)
{
	static SqlPlan plan = {
		"INSERT INTO arbees.venue_balances AS b (venue_account_id, cash, quiet, read_at)"
		" VALUES ($1, $2, $3, clock_timestamp())"
		" ON CONFLICT (venue_account_id) DO UPDATE SET cash = excluded.cash, quiet = excluded.quiet,"
		" read_at = excluded.read_at",
		3, {INT4OID, NUMERICOID, BOOLOID}
	};
	Datum		args[3];

	args[0] = Int32GetDatum(account);
	args[1] = cash;
	args[2] = BoolGetDatum(quiet);
	arb_sql_begin();
	arb_sql_run(&plan, args, NULL);
	arb_sql_end();
}

/* The first balance the venue reports opens the books of its LIVE portfolio. */
static void
open_books(int32 portfolio_id, Fixed cash)
{
	LedgerTotals totals;
	LedgerChange change = {0};
	Snapshot	snapshot;

	arb_lock_portfolio(portfolio_id);
	snapshot = arb_snapshot_begin();
	arb_ledger_totals(MODE_LIVE, portfolio_id, arb_now(), snapshot, &totals);
	arb_snapshot_end(snapshot);
	if (totals.seq != 0)
		return;
	change.kind = LEDGER_DEPOSIT;
	change.reference = "opening balance read at the venue";
	change.cash = change.deposits = cash;
	arb_ledger_append(MODE_LIVE, portfolio_id, &change, arb_now());
	arb_journal(MODE_LIVE, "books_opened", portfolio_id, 0,
				psprintf("opening balance %s", arb_fixed_to_cstring(cash)));
}

/* report_balance(account, epoch, cash, quiet) */
PG_FUNCTION_INFO_V1(arbees_report_balance);
Datum
arbees_report_balance(PG_FUNCTION_ARGS)
{
	int32		portfolio_id;

	arb_protocol_require_args(fcinfo, 4);
	arb_protocol_begin("report_balance", PG_GETARG_INT32(0), PG_GETARG_INT64(1));
	require_balance(PG_GETARG_INT32(0), arb_fixed_from_numeric(PG_GETARG_DATUM(2)));
	keep_balance(PG_GETARG_INT32(0), PG_GETARG_DATUM(2), PG_GETARG_BOOL(3));
	portfolio_id = arb_live_portfolio(PG_GETARG_INT32(0));
	if (portfolio_id != 0)
		open_books(portfolio_id, arb_fixed_from_numeric(PG_GETARG_DATUM(2)));
	PG_RETURN_VOID();
}

/* report_redemption(account, epoch, symbol, amount, evidence) */
PG_FUNCTION_INFO_V1(arbees_report_redemption);
Datum
arbees_report_redemption(PG_FUNCTION_ARGS)
{
	static SqlPlan plan = {
		"WITH paid AS (UPDATE arbees.redemptions r SET redeemed_at = clock_timestamp(), evidence = $3"
		" FROM arbees.instruments i WHERE i.instrument_id = r.instrument_id AND i.symbol = $2"
		" AND r.portfolio_id = $1 AND r.redeemed_at IS NULL RETURNING r.shares)"
		" SELECT sum(shares) FROM paid",
		3, {INT4OID, TEXTOID, TEXTOID}
	};
	Datum		args[3];
	int32		portfolio_id;
	Datum		paid;
	bool		isnull;
	Fixed		ours;
	Fixed		theirs;

	arb_protocol_require_args(fcinfo, 5);
	theirs = arb_fixed_from_numeric(PG_GETARG_DATUM(3));
	arb_protocol_begin("report_redemption", PG_GETARG_INT32(0), PG_GETARG_INT64(1));
	portfolio_id = arb_live_portfolio(PG_GETARG_INT32(0));
	if (portfolio_id == 0)
		ereport(ERROR,
				(errcode(ERRCODE_NO_DATA_FOUND), errmsg("venue account %d has no LIVE portfolio", PG_GETARG_INT32(0))));
	arb_lock_portfolio(portfolio_id);
	args[0] = Int32GetDatum(portfolio_id);
	args[1] = PG_GETARG_DATUM(2);
	args[2] = PG_GETARG_DATUM(4);
	arb_sql_begin();
	arb_sql_run(&plan, args, NULL);
	paid = arb_sql_copy(0, 1, &isnull);
	arb_sql_end();
	if (isnull)
		PG_RETURN_VOID();		/* already booked */
	ours = arb_fixed_from_numeric(paid);
	if (theirs <= 0 || (int128) theirs > (int128) ours * UNIT_FACTOR || (int128) ours > (int128) theirs * UNIT_FACTOR)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a redemption is no evidence: it cannot be of our claim"),
				 errdetail("The venue is said to have redeemed %s, our claim is %s.", arb_fixed_to_cstring(theirs),
						   arb_fixed_to_cstring(ours))));
	arb_redeem(MODE_LIVE, portfolio_id, ours, text_to_cstring(PG_GETARG_TEXT_PP(4)), arb_now());
	if (ours != theirs)
		arb_alert("warning", "redemption_differs", portfolio_id,
				  psprintf("the venue redeemed %s, our claim was %s",
						   arb_fixed_to_cstring(theirs), arb_fixed_to_cstring(ours)));
	PG_RETURN_VOID();
}
