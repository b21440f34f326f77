/*-------------------------------------------------------------------------
 *
 * src/market/venue.c
 *	  Venues: the time of their market.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "core/clock.h"
#include "core/columns.h"
#include "market/venue.h"
#include "utils/fmgroids.h"

/* arb_market_time returns the driven clock's time, or now. */
TimestampTz
arb_market_time(int32 venue_id)
{
	IndexKey	keys[] = {INT4_KEY(venue_id)};
	Row			row;

	if (!arb_row_read(&venues_table, 0, "venues_pkey", 1, keys, NULL, &row))
		elog(ERROR, "venue %d does not exist", venue_id);
	return DatumGetBool(row.value[VENUES_clock_driven]) && !row.null[VENUES_market_time] ?
		DatumGetTimestampTz(row.value[VENUES_market_time]) : arb_now();
}
