/*-------------------------------------------------------------------------
 *
 * src/core/relcache.c
 *	  Being told that a relation changed, for any number of our caches.
 *
 * The server has ten places for such callbacks, for itself and all extensions,
 * and ends a session that asks for one more: we take one, and pass it on.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "core/relcache.h"

#define MAX_CALLBACKS 32

static RelcacheCallbackFunction callbacks[MAX_CALLBACKS];
static int	ncallbacks = 0;

static void
pass_on(Datum arg, Oid relid)
{
	int			i;

	for (i = 0; i < ncallbacks; i++)
		callbacks[i] (arg, relid);
}

/* arb_relcache_callback registers for the rest of the session; relid InvalidOid = anything may have changed. */
void
arb_relcache_callback(RelcacheCallbackFunction callback)
{
	if (ncallbacks == MAX_CALLBACKS)
		elog(ERROR, "too many caches of relations");
	if (ncallbacks == 0)
		CacheRegisterRelcacheCallback(pass_on, (Datum) 0);
	callbacks[ncallbacks++] = callback;
}
