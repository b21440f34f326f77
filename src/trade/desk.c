/*-------------------------------------------------------------------------
 *
 * src/trade/desk.c
 *	  A portfolio's mode and its market's time.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "core/columns.h"
#include "core/row_cache.h"
#include "market/venue.h"
#include "trade/desk.h"
#include "utils/fmgroids.h"

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
