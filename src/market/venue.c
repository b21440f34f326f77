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

static void
read_venue(int32 venue_id, Row *row)
{
	IndexKey	keys[] = {INT4_KEY(venue_id)};

	if (!arb_row_read(&venues_table, 0, "venues_pkey", 1, keys, NULL, row))
		ereport(ERROR,
				(errcode(ERRCODE_NO_DATA_FOUND), errmsg("venue %d does not exist", venue_id)));
}

/* arb_market_time returns the driven clock's time, or now. */
TimestampTz
arb_market_time(int32 venue_id)
{
	Row			row;

	read_venue(venue_id, &row);
	return DatumGetBool(row.value[VENUES_clock_driven]) && !row.null[VENUES_market_time] ?
		DatumGetTimestampTz(row.value[VENUES_market_time]) : arb_now();
}

/* arb_venue_driven tells whether the venue owns the clock. */
bool
arb_venue_driven(int32 venue_id)
{
	Row			row;

	read_venue(venue_id, &row);
	return DatumGetBool(row.value[VENUES_clock_driven]);
}
