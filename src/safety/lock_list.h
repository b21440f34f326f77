/*-------------------------------------------------------------------------
 *
 * src/safety/lock_list.h
 *	  What operators hold by hand: locks, and the restricted list.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARB_LOCK_LIST_H
#define ARB_LOCK_LIST_H

#include "postgres.h"
#include "safety/limit.h"

extern void arb_locks(const LimitScope *scope, bool *venue, bool *strategy, bool *instrument, bool *restricted);

#endif							/* ARB_LOCK_LIST_H */
