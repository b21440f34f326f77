/*-------------------------------------------------------------------------
 *
 * src/market/venue.h
 *	  Venues: the time of their market.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARB_VENUE_H
#define ARB_VENUE_H

#include "postgres.h"
#include "utils/timestamp.h"

extern TimestampTz arb_market_time(int32 venue_id);
extern bool arb_venue_driven(int32 venue_id);

#endif							/* ARB_VENUE_H */
