/*-------------------------------------------------------------------------
 *
 * src/core/forget.c
 *	  Who keeps something of a table in memory hears of its changes here.
 *
 * PostgreSQL has room for ten relcache callbacks in a backend, for everybody in
 * it, and none is ever given back: we take one and hand the news on.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "core/forget.h"

#define MAX_LISTENERS 32

static RelcacheCallbackFunction listeners[MAX_LISTENERS];
static int	listener_count = 0;

/* Must not raise: it runs wherever messages are accepted, also while a transaction aborts. */
static void
tell_all(Datum arg, Oid relid)
{
	int			i;

	for (i = 0; i < listener_count; i++)
		listeners[i] (arg, relid);
}

/* arb_forget_register has a function called with the oid of each relation that changed; InvalidOid = any may have. */
void
arb_forget_register(RelcacheCallbackFunction forget)
{
	if (listener_count == MAX_LISTENERS)
		elog(ERROR, "too many caches of tables");
	if (listener_count == 0)
		CacheRegisterRelcacheCallback(tell_all, (Datum) 0);
	listeners[listener_count++] = forget;
}
