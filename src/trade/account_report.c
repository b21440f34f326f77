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
#include "trade/protocol.h"
#include "trade/settlement.h"
#include "utils/builtins.h"

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

	arb_protocol_require_args(fcinfo, 5);
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
	arb_redeem(MODE_LIVE, portfolio_id, ours, text_to_cstring(PG_GETARG_TEXT_PP(4)), arb_now());
	if (ours != arb_fixed_from_numeric(PG_GETARG_DATUM(3)))
		arb_alert("warning", "redemption_differs", portfolio_id,
				  psprintf("the venue redeemed %s, our claim was %s",
						   arb_fixed_to_cstring(arb_fixed_from_numeric(PG_GETARG_DATUM(3))), arb_fixed_to_cstring(ours)));
	PG_RETURN_VOID();
}
