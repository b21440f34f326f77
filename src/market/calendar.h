/*-------------------------------------------------------------------------
 *
 * src/market/calendar.h
 *	  When a venue's market is open.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARB_CALENDAR_H
#define ARB_CALENDAR_H

#include "postgres.h"
#include "core/columns.h"
#include "utils/timestamp.h"

extern bool arb_calendar_open(const Row *venue, TimestampTz market_time);

#endif							/* ARB_CALENDAR_H */
