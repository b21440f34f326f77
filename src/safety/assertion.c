/*-------------------------------------------------------------------------
 *
 * src/safety/assertion.c
 *	  What must be true at every tick, checked from outside the code that makes it so.
 *
 * Reads last rows and the catalogue, never history. A violation opens a breaker;
 * an error in here opens the desk's (the step is a safety step).
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "core/sql.h"
#include "fmgr.h"
#include "safety/breaker.h"
#include "utils/builtins.h"

PG_FUNCTION_INFO_V1(arbees_step_assertions);

typedef struct Violation
{
	int32		portfolio_id;	/* 0 for the desk */
	char	   *reason;
} Violation;

/* In the last ledger row of a portfolio the money adds up. */
static SqlPlan books = {
	"SELECT p.portfolio_id,"
	"  pg_catalog.format('books of portfolio %s do not add up in row %s: cash + claimable + cost = %s,"
	" deposits + realized = %s', p.name, l.seq, l.held, l.made)"
	" FROM arbees.portfolios p CROSS JOIN LATERAL ("
	"  SELECT g.seq, g.cash + g.claimable + g.cost_open AS held, g.deposits + g.realized_pnl AS made"
	"  FROM arbees.portfolio_ledger g"
	"  WHERE g.portfolio_id = p.portfolio_id AND g.mode = p.mode ORDER BY g.seq DESC LIMIT 1) l"
	" WHERE p.mode <> 'BACKTEST' AND l.held IS DISTINCT FROM l.made",
	0, {0}, NULL, true
};

/* A superuser can disable a guard; nobody can do it unnoticed. */
static SqlPlan guards = {
	"SELECT 0, pg_catalog.format('guard %s of table %s is not enabled', t.tgname, c.relname)"
	" FROM pg_catalog.pg_trigger t"
	" JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid"
	" JOIN pg_catalog.pg_proc f ON f.oid = t.tgfoid"
	" JOIN pg_catalog.pg_namespace n ON n.oid = f.pronamespace"
	" WHERE n.nspname = 'arbees' AND NOT t.tgisinternal AND t.tgenabled <> 'A'",
	0, {0}, NULL, true
};

/* Nor can a guard be dropped unnoticed. */
static SqlPlan unguarded = {
	"SELECT 0, pg_catalog.format('table %s has lost its guard', c.relname)"
	" FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
	" WHERE n.nspname = 'arbees' AND c.relname = ANY ('{runtime_controls,control_history,risk_limits,operator_locks,restricted_instruments,kill_levels,"
	"installation,journal_desk,journal_seals,breakers,trader_epochs,trader_leases,"
	"decisions_paper,decisions_live,orders_paper,orders_live,positions_paper,positions_live,"
	"fills_paper,fills_live,portfolio_ledger_paper,portfolio_ledger_live}'::name[])"
	" AND NOT EXISTS (SELECT FROM pg_catalog.pg_trigger t JOIN pg_catalog.pg_proc f ON f.oid = t.tgfoid"
	"  WHERE t.tgrelid = c.oid AND f.pronamespace = n.oid AND t.tgtype & 1 = 1)",
	0, {0}, NULL, true
};

static void
check(SqlPlan *plan)
{
	Violation  *found;
	uint64		n;
	uint64		i;

	arb_sql_begin();
	n = arb_sql_run(plan, NULL, NULL);
	found = SPI_palloc(sizeof(Violation) * Max(n, 1));
	for (i = 0; i < n; i++)
	{
		found[i].portfolio_id = arb_sql_int32(i, 1, 0);
		found[i].reason = arb_sql_text(i, 2);
	}
	arb_sql_end();
	for (i = 0; i < n; i++)
		arb_breaker_trip(found[i].portfolio_id, found[i].reason);
}

Datum
arbees_step_assertions(PG_FUNCTION_ARGS)
{
	check(&books);
	check(&guards);
	check(&unguarded);
	PG_RETURN_VOID();
}
