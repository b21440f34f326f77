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
#include "core/row_cache.h"
#include "market/venue.h"
#include "utils/fmgroids.h"

static void
read_static(int32 venue_id, Row *row)
{
	if (!arb_row_cached(&venues_table, "venues_pkey", venue_id, row))
		ereport(ERROR,
				(errcode(ERRCODE_NO_DATA_FOUND), errmsg("venue %d does not exist", venue_id)));
}

/* arb_market_time returns the driven clock's time, or now. */
TimestampTz
arb_market_time(int32 venue_id)
{
	IndexKey	keys[] = {INT4_KEY(venue_id)};
	Row			row;

	read_static(venue_id, &row);
	if (!DatumGetBool(row.value[VENUES_clock_driven]))
		return arb_now();
	/* The driven clock moves with every frame; it is never kept. */
	if (!arb_row_read(&venues_table, 0, "venues_pkey", 1, keys, NULL, &row))
		elog(ERROR, "venue %d does not exist", venue_id);
	return row.null[VENUES_market_time] ? arb_now() : DatumGetTimestampTz(row.value[VENUES_market_time]);
}

/* arb_venue_driven tells whether the venue owns the clock. */
bool
arb_venue_driven(int32 venue_id)
{
	Row			row;

	read_static(venue_id, &row);
	return DatumGetBool(row.value[VENUES_clock_driven]);
}
