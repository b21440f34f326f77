/*-------------------------------------------------------------------------
 *
 * src/core/clock.h
 *	  Wall time and the text of times.
 *
 * Market time is a parameter of a call and never read from here.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARB_CLOCK_H
#define ARB_CLOCK_H

#include "postgres.h"
#include "datatype/timestamp.h"

#define USECS_PER_MS INT64CONST(1000)

extern TimestampTz arb_now(void);
extern TimestampTz arb_time_from_unix_ms(int64 ms);
extern int64 arb_time_to_unix_ms(TimestampTz time);
extern int64 arb_time_to_unix_s(TimestampTz time);
extern int64 arb_elapsed_ms(TimestampTz from, TimestampTz to);

#endif							/* ARB_CLOCK_H */
