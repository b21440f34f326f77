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
 * the desk's breaker. Nobody can put one where there is no directory: that the
 * valve could not work is told once.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <sys/stat.h>

#include "errors.h"
#include "fmgr.h"
#include "journal/journal.h"
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

/* The directory of the file, NULL when there is one to put it in, or no file is named. */
static char *
missing_directory(void)
{
	struct stat status;
	char	   *directory;

	if (arb_kill_file == NULL || *arb_kill_file == '\0')
		return NULL;
	directory = pstrdup(arb_kill_file);
	get_parent_directory(directory);
	return stat(directory, &status) == 0 && S_ISDIR(status.st_mode) ? NULL : directory;
}

/* Once for each name, and again when it was there in between. */
static void
tell_missing_directory(const char *directory)
{
	static char told[MAXPGPATH] = "";

	if (directory == NULL)
		told[0] = '\0';
	else if (strcmp(told, directory) != 0)
	{
		strlcpy(told, directory, sizeof(told));
		arb_alert("critical", "kill_file_impossible", 0,
				  psprintf("the kill file \"%s\" cannot stop trading: there is no directory \"%s\"",
						   arb_kill_file, directory));
	}
}

/* step_kill_file(): the first step of a tick. */
Datum
arbees_step_kill_file(PG_FUNCTION_ARGS)
{
	bool		there = file_exists();

	tell_missing_directory(there ? NULL : missing_directory());
	if (there)
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
