/*-------------------------------------------------------------------------
 *
 * src/safety/kill_file.c
 *	  A file that stops trading by being there.
 *
 * For who has a shell but no database session. A one-way valve: the first step
 * of every tick raises the level while the file is there; that it is gone again
 * raises nothing and lowers nothing. While it is there arbees_resume refuses:
 * to let trading go on until the next tick would be neither stop nor start.
 *
 * A file that cannot be looked for is an error of a safety step, which opens
 * the desk's breaker.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <sys/stat.h>

#include "errors.h"
#include "fmgr.h"
#include "safety/kill.h"
#include "safety/kill_file.h"

char	   *arb_kill_file = NULL;
int			arb_kill_file_level = KILL_FLATTEN;

PG_FUNCTION_INFO_V1(arbees_step_kill_file);

/* A relative name means one file to the server and another to who touches it in an emergency. */
bool
arb_kill_file_check(char **name, void **extra, GucSource source)
{
	if (**name == '\0' || is_absolute_path(*name))
		return true;
	GUC_check_errdetail("\"%s\" is no absolute path.", *name);
	return false;
}

static bool
file_exists(void)
{
	struct stat status;

	if (arb_kill_file == NULL || *arb_kill_file == '\0')
		return false;
	/* lstat: a link that leads nowhere was meant all the same. */
	if (lstat(arb_kill_file, &status) == 0)
		return true;
	if (errno != ENOENT && errno != ENOTDIR)
		ereport(ERROR,
				(errcode_for_file_access(),
				 errmsg("could not look for the kill file \"%s\": %m", arb_kill_file)));
	return false;
}

/* step_kill_file(): the first step of a tick. */
Datum
arbees_step_kill_file(PG_FUNCTION_ARGS)
{
	if (file_exists())
		arb_kill_raise(arb_kill_file_level, psprintf("file \"%s\" is there", arb_kill_file));
	PG_RETURN_VOID();
}

/* arb_kill_file_refuse_resume raises RB001 while the file is there. */
void
arb_kill_file_refuse_resume(void)
{
	if (!file_exists())
		return;
	ereport(ERROR,
			(errcode(ERRCODE_ARB_KILLED),
			 errmsg("trading cannot go on while the kill file is there"),
			 errdetail("The file is \"%s\".", arb_kill_file),
			 errhint("Remove it, then call arbees_resume(reason) again.")));
}
