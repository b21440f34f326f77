/*-------------------------------------------------------------------------
 *
 * src/core/wake.h
 *	  Wake who waits: the conductor by its latch, idle workers by a notification.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARB_WAKE_H
#define ARB_WAKE_H

#include "postgres.h"

extern void arb_wake_conductor(void);
extern void arb_wake_workers(const char *payload);

#endif							/* ARB_WAKE_H */
