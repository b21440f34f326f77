/*-------------------------------------------------------------------------
 *
 * src/safety/kill_file.h
 *	  A file that stops trading by being there.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARB_KILL_FILE_H
#define ARB_KILL_FILE_H

#include "postgres.h"

#include "utils/guc.h"

extern char *arb_kill_file;
extern int	arb_kill_file_level;	/* KillLevel */

extern bool arb_kill_file_check(char **name, void **extra, GucSource source);
extern void arb_kill_file_refuse_resume(void);

#endif							/* ARB_KILL_FILE_H */
