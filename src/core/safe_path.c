/*-------------------------------------------------------------------------
 *
 * src/core/safe_path.c
 *	  Names in our SQL mean ours, whatever the caller's search_path is.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "core/safe_path.h"
#include "utils/guc.h"

#define SAFE_PATH "pg_catalog, pg_temp"

/* The path is safe already: a function that fixes it called us. */
#define NO_LEVEL 0

int
arb_safe_path_enter(void)
{
	int			level;

	if (strcmp(namespace_search_path, SAFE_PATH) == 0)
		return NO_LEVEL;
	level = NewGUCNestLevel();
	(void) set_config_option("search_path", SAFE_PATH, PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
	return level;
}

void
arb_safe_path_leave(int level)
{
	if (level != NO_LEVEL)
		AtEOXact_GUC(true, level);
}
