/*-------------------------------------------------------------------------
 *
 * src/trade/settle_due.c
 *	  Settle every position whose window is resolved.
 *
 * Found through the partial index of positions that still hold something: the
 * cost follows what is open, not the history. Takes kill (share) and the
 * portfolios' locks, ascending.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "core/lock.h"
#include "core/sql.h"
#include "trade/settle_due.h"
#include "trade/settlement.h"
#include "utils/builtins.h"

/* Per call: the rest is found by the next one. */
#define MAX_SETTLED_PER_CALL 1000

typedef struct Due
{
	int32		portfolio_id;
	int64		position_id;
	Outcome		winner;
} Due;

static int
find_due(int32 venue_id, TradingMode mode, Due *due)
{
	static SqlPlan plan = {
		"SELECT p.portfolio_id, p.position_id, w.venue_outcome::text"
		" FROM arbees.positions p JOIN arbees.windows w ON w.window_id = p.window_id"
		" WHERE p.qty <> 0 AND p.mode = $2::text::arbees.mode AND w.venue_id = $1 AND w.venue_outcome IS NOT NULL"
		" AND p.state <> 'ENTRY'"
		" ORDER BY p.portfolio_id, p.position_id LIMIT $3",
		3, {INT4OID, TEXTOID, INT4OID}
	};
	Datum		args[3];
	uint64		n;
	uint64		i;

	args[0] = Int32GetDatum(venue_id);
	args[1] = CStringGetTextDatum(arb_label_name(LABEL_MODE, mode));
	args[2] = Int32GetDatum(MAX_SETTLED_PER_CALL);
	arb_sql_begin();
	n = arb_sql_run(&plan, args, NULL);
	for (i = 0; i < n; i++)
	{
		due[i].portfolio_id = arb_sql_int32(i, 1, 0);
		due[i].position_id = arb_sql_int64(i, 2, 0);
		due[i].winner = arb_label_parse(LABEL_OUTCOME, arb_sql_text(i, 3));
	}
	arb_sql_end();
	return (int) n;
}

/*
 * arb_settle_due settles what is due at a venue for one mode.
 *
 * Args:	skip_busy, portfolios that another session holds are left for the next call.
 * Returns: how many positions.
 */
int
arb_settle_due(int32 venue_id, TradingMode mode, TimestampTz market_time, bool skip_busy)
{
	Due		   *due = palloc(sizeof(Due) * MAX_SETTLED_PER_CALL);
	int			n = find_due(venue_id, mode, due);
	int			settled = 0;
	int			i;

	if (n > 0)
		arb_lock_kill(ShareLock);
	for (i = 0; i < n; i++)
		if (!skip_busy)
			arb_lock_portfolio(due[i].portfolio_id);
	for (i = 0; i < n; i++)
		if (arb_lock_portfolio_try(due[i].portfolio_id))
			settled += arb_settle_position(mode, due[i].position_id, due[i].winner, market_time);
	pfree(due);
	return settled;
}
