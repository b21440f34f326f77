/*-------------------------------------------------------------------------
 *
 * src/trade/reconcile.c
 *	  What the SQL half of reconciliation and set-up needs of C: fencing, the
 *	  portfolio's lock, the trader's reconciled mark, journal and alerts.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "core/lock.h"
#include "core/txn.h"
#include "fmgr.h"
#include "journal/journal.h"
#include "safety/breaker.h"
#include "safety/trader_lock.h"
#include "utils/builtins.h"

PG_FUNCTION_INFO_V1(arbees_lock_portfolio);
Datum
arbees_lock_portfolio(PG_FUNCTION_ARGS)
{
	arb_lock_portfolio(PG_GETARG_INT32(0));
	PG_RETURN_VOID();
}

/* require_trader(account, epoch): RB004 unless the caller still trades the account. */
PG_FUNCTION_INFO_V1(arbees_require_trader);
Datum
arbees_require_trader(PG_FUNCTION_ARGS)
{
	arb_require_primary("a reconciliation");
	arb_require_read_committed("a reconciliation");
	arb_trader_require(PG_GETARG_INT32(0), PG_GETARG_INT64(1));
	PG_RETURN_VOID();
}

PG_FUNCTION_INFO_V1(arbees_set_reconciled);
Datum
arbees_set_reconciled(PG_FUNCTION_ARGS)
{
	arb_trader_require(PG_GETARG_INT32(0), PG_GETARG_INT64(1));
	arb_trader_set_reconciled(PG_GETARG_INT32(0), PG_GETARG_BOOL(2));
	PG_RETURN_VOID();
}

/* trip_portfolio_breaker(portfolio, reason); one that is open stays as it is. */
PG_FUNCTION_INFO_V1(arbees_trip_portfolio_breaker);
Datum
arbees_trip_portfolio_breaker(PG_FUNCTION_ARGS)
{
	arb_breaker_trip(PG_GETARG_INT32(0), text_to_cstring(PG_GETARG_TEXT_PP(1)));
	PG_RETURN_VOID();
}

PG_FUNCTION_INFO_V1(arbees_actor);
Datum
arbees_actor(PG_FUNCTION_ARGS)
{
	PG_RETURN_TEXT_P(cstring_to_text(arb_actor()));
}

/* write_journal(mode, kind, portfolio, ref, message); mode, portfolio and ref may be NULL. */
PG_FUNCTION_INFO_V1(arbees_write_journal);
Datum
arbees_write_journal(PG_FUNCTION_ARGS)
{
	if (PG_ARGISNULL(1) || PG_ARGISNULL(4))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("a row of the journal has a kind and a message")));
	arb_journal(PG_ARGISNULL(0) ? JOURNAL_NO_MODE : arb_label_value(LABEL_MODE, PG_GETARG_OID(0)),
				text_to_cstring(PG_GETARG_TEXT_PP(1)),
				PG_ARGISNULL(2) ? 0 : PG_GETARG_INT32(2),
				PG_ARGISNULL(3) ? 0 : PG_GETARG_INT64(3),
				text_to_cstring(PG_GETARG_TEXT_PP(4)));
	PG_RETURN_VOID();
}

PG_FUNCTION_INFO_V1(arbees_raise_alert);
Datum
arbees_raise_alert(PG_FUNCTION_ARGS)
{
	arb_alert(text_to_cstring(PG_GETARG_TEXT_PP(0)), text_to_cstring(PG_GETARG_TEXT_PP(1)), 0,
			  text_to_cstring(PG_GETARG_TEXT_PP(2)));
	PG_RETURN_VOID();
}
