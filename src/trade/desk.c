/*-------------------------------------------------------------------------
 *
 * src/trade/desk.c
 *	  A portfolio: its number by its name, its mode, its market's time.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "core/columns.h"
#include "core/row_cache.h"
#include "core/sql.h"
#include "market/venue.h"
#include "trade/desk.h"
#include "utils/builtins.h"

/* arb_desk_read raises P0002 when there is no such portfolio. */
void
arb_desk_read(int32 portfolio_id, Desk *desk)
{
	Row			portfolio;

	if (!arb_row_cached(&portfolios_table, "portfolios_pkey", portfolio_id, &portfolio))
		ereport(ERROR,
				(errcode(ERRCODE_NO_DATA_FOUND), errmsg("portfolio %d does not exist", portfolio_id)));
	desk->portfolio_id = portfolio_id;
	desk->mode = arb_label_value(LABEL_MODE, DatumGetObjectId(portfolio.value[PORTFOLIOS_mode]));
	desk->market_time = arb_market_time(DatumGetInt32(portfolio.value[PORTFOLIOS_venue_id]));
}

/* arb_portfolio_by_name raises P0002 when there is no such portfolio. */
int32
arb_portfolio_by_name(const char *name)
{
	static SqlPlan plan = {"SELECT portfolio_id FROM arbees.portfolios WHERE name = $1", 1, {TEXTOID}};
	Datum		value = CStringGetTextDatum(name);
	int32		id;

	arb_sql_begin();
	id = arb_sql_run(&plan, &value, NULL) > 0 ? arb_sql_int32(0, 1, 0) : 0;
	arb_sql_end();
	if (id == 0)
		ereport(ERROR,
				(errcode(ERRCODE_NO_DATA_FOUND),
				 errmsg("portfolio \"%s\" does not exist", name),
				 errhint("SELECT name FROM arbees.portfolios lists them.")));
	return id;
}
