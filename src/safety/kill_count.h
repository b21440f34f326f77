/*-------------------------------------------------------------------------
 *
 * src/safety/kill_count.h
 *	  What a kill finds open.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARB_KILL_COUNT_H
#define ARB_KILL_COUNT_H

#include "postgres.h"

/* -1 for a count that could not be taken. */
typedef struct KillCounts
{
	int64		open_orders;	/* working, in flight included */
	int64		held_positions; /* open and holding something */
	int64		in_flight;		/* SENDING or UNKNOWN: their bytes may have left */
} KillCounts;

extern void arb_kill_count(KillCounts *counts);

#endif							/* ARB_KILL_COUNT_H */
