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

/* The tables that only choke points write, by name, and what hangs below them under whatever name. */
#define GUARDED \
	"named AS MATERIALIZED (SELECT c.oid, c.relname FROM pg_catalog.pg_class c" \
	" WHERE c.relnamespace = 'arbees'::pg_catalog.regnamespace AND c.relkind IN ('r', 'p')" \
	" AND c.relname ~ '^((decisions|orders|positions|fills|portfolio_ledger|order_payloads)(_.*)?|journal|journal_desk|journal_seals" \
	"|runtime_controls|control_history|risk_limits|operator_locks|restricted_instruments|kill_levels|kill_drills" \
	"|execution_repeats|overrides|loss_stops|installation|breakers|trader_epochs|trader_leases)$')," \
	" guarded AS MATERIALIZED (SELECT n.oid, n.relname FROM named n UNION" \
	" SELECT c.oid, c.relname FROM named n JOIN pg_catalog.pg_inherits i ON i.inhparent = n.oid" \
	" JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid WHERE n.relname <> 'journal')"

/* What makes a trigger one of ours: it is there for every row and nobody replaced its function. */
#define OURS \
	"(f.pronamespace = 'arbees'::pg_catalog.regnamespace AND f.probin = '$libdir/arbees'" \
	" AND t.tgqual IS NULL AND t.tgattr::pg_catalog.text = '')"

/* Not everything of ours guards: some only tell of changes. */
#define GUARDING \
	"(" OURS " AND f.prosrc ~ '_guard')"

/* tgtype of BEFORE INSERT OR UPDATE OR DELETE ... FOR EACH ROW, and of BEFORE TRUNCATE */
#define GUARDS_ROWS "31"
#define GUARDS_TRUNCATE "34"

/* A superuser can disable a guard; nobody can do it unnoticed. */
static SqlPlan guards = {
	"WITH " GUARDED
	" SELECT 0, pg_catalog.format('guard %s of table %s is not enabled', t.tgname, g.relname)"
	" FROM guarded g JOIN pg_catalog.pg_trigger t ON t.tgrelid = g.oid"
	" WHERE NOT t.tgisinternal AND t.tgenabled <> 'A' ORDER BY g.relname, t.tgname",
	0, {0}, NULL, true
};

/* Nor can a guard be dropped unnoticed, be given a condition, or another function under its name. */
static SqlPlan unguarded = {
	"WITH " GUARDED
	" SELECT 0, pg_catalog.format('table %s has lost its guard', g.relname)"
	" FROM guarded g, pg_catalog.unnest('{" GUARDS_ROWS "," GUARDS_TRUNCATE "}'::pg_catalog.int2[]) kind"
	/* Rows and truncations of the journal arrive in its leaf; those of a run are nobody's evidence. */
	" WHERE g.relname <> 'journal' AND NOT EXISTS ("
	"  SELECT FROM pg_catalog.pg_trigger t JOIN pg_catalog.pg_proc f ON f.oid = t.tgfoid"
	"  WHERE t.tgrelid = g.oid AND t.tgtype = kind AND " GUARDING ") ORDER BY g.relname LIMIT 1",
	0, {0}, NULL, true
};

/* What stands beside a guard may change a row that the gate judged, hide it, or lead it elsewhere. */
static SqlPlan strangers = {
	"WITH " GUARDED
	" SELECT 0, pg_catalog.format('trigger %s on table %s is none of ours', t.tgname, g.relname)"
	" FROM guarded g JOIN pg_catalog.pg_trigger t ON t.tgrelid = g.oid"
	"  JOIN pg_catalog.pg_proc f ON f.oid = t.tgfoid"
	" WHERE NOT t.tgisinternal AND NOT " OURS
	" UNION ALL"
	" SELECT 0, pg_catalog.format('rule %s on table %s is none of ours', r.rulename, g.relname)"
	" FROM guarded g JOIN pg_catalog.pg_rewrite r ON r.ev_class = g.oid"
	" UNION ALL"
	" SELECT 0, pg_catalog.format('table %s is no leaf of ours and hangs below %s', c.relname, g.relname)"
	" FROM guarded g JOIN pg_catalog.pg_inherits i ON i.inhparent = g.oid"
	"  JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid"
	/* Runs of a backtest come and go; all else came with the extension. */
	" WHERE NOT (g.relname LIKE '%!_backtest' ESCAPE '!' AND c.relname LIKE '%!_run!_%' ESCAPE '!') AND NOT EXISTS ("
	"  SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass"
	"  AND d.objid = c.oid AND d.deptype = 'e')",
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
	check(&strangers);
	PG_RETURN_VOID();
}
