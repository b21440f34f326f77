/*-------------------------------------------------------------------------
 *
 * src/trade/repeat.h
 *	  The throttle of repeated executions, for instruments without a window.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARB_REPEAT_H
#define ARB_REPEAT_H

#include "postgres.h"
#include "trade/wish.h"
#include "utils/snapshot.h"

extern int	arb_repeats_read(const Wish *wish, Snapshot snapshot, bool *disabled);
extern void arb_repeats_count(const Wish *wish, int64 max_repeats);

#endif							/* ARB_REPEAT_H */
