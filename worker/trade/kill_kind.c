/*-------------------------------------------------------------------------
 *
 * worker/trade/kill_kind.c
 *	  What a kill level asks of a worker.
 *
 *-------------------------------------------------------------------------
 */
#include "trade/trade.h"

#include <string.h>

KillKind
arb_kill_kind(const char *level)
{
	if (level != NULL && (strcmp(level, "none") == 0 || strcmp(level, "pause") == 0))
		return KILL_KIND_NONE;
	if (level != NULL && strcmp(level, "flatten") == 0)
		return KILL_KIND_FLATTEN;
	/* Also what a newer database may mean by a word we do not know: nothing is sent. */
	return KILL_KIND_EMERGENCY;
}
