/*-------------------------------------------------------------------------
 *
 * src/conductor/conductor.h
 *	  The background worker that runs the tick and supervises a local worker.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARB_CONDUCTOR_H
#define ARB_CONDUCTOR_H

#include "postgres.h"

extern char *arb_conductor_database;	/* arbees.database */
extern char *arb_worker_command;		/* arbees.worker_command */
extern int	arb_tick_interval;			/* arbees.tick_interval, ms */

extern void arb_conductor_register(void);
extern PGDLLEXPORT void arb_conductor_main(Datum argument);
extern PGDLLEXPORT void arb_launcher_main(Datum argument);

#endif							/* ARB_CONDUCTOR_H */
