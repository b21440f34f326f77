/*-------------------------------------------------------------------------
 *
 * src/core/relcache.h
 *	  Being told that a relation changed, for any number of our caches.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARB_RELCACHE_H
#define ARB_RELCACHE_H

#include "postgres.h"
#include "utils/inval.h"

extern void arb_relcache_callback(RelcacheCallbackFunction callback);

#endif							/* ARB_RELCACHE_H */
