/*-------------------------------------------------------------------------
 *
 * src/conductor/supervisor.h
 *	  Runs arbees.worker_command as a child of the conductor.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARB_SUPERVISOR_H
#define ARB_SUPERVISOR_H

#include "postgres.h"

extern void arb_supervisor_run(const char *command, const char *database);
extern void arb_supervisor_stop(void);
extern int	arb_supervisor_pid(void);

#endif							/* ARB_SUPERVISOR_H */
