/*-------------------------------------------------------------------------
 *
 * src/core/clock.c
 *	  Wall time and the text of times.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "core/clock.h"
#include "utils/timestamp.h"

#define UNIX_EPOCH_OFFSET_US \
	((int64) (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * USECS_PER_DAY)

/* arb_now returns the wall clock at this moment, not at the transaction's start. */
TimestampTz
arb_now(void)
{
	return GetCurrentTimestamp();
}

TimestampTz
arb_time_from_unix_ms(int64 ms)
{
	/* Years 1970 to 9999: beyond is a sender's error, not a time. */
	if (ms < 0 || ms > INT64CONST(253402300799999))
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("time is out of range"),
				 errdetail("The value is " INT64_FORMAT " milliseconds since 1970.", ms)));
	return ms * USECS_PER_MS - UNIX_EPOCH_OFFSET_US;
}

int64
arb_time_to_unix_ms(TimestampTz time)
{
	return (time + UNIX_EPOCH_OFFSET_US) / USECS_PER_MS;
}

int64
arb_time_to_unix_s(TimestampTz time)
{
	return (time + UNIX_EPOCH_OFFSET_US) / USECS_PER_SEC;
}

int64
arb_elapsed_ms(TimestampTz from, TimestampTz to)
{
	return (to - from) / USECS_PER_MS;
}
