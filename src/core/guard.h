/*-------------------------------------------------------------------------
 *
 * src/core/guard.h
 *	  Who may write the guarded tables: our own choke points, one statement at
 *	  a time.
 *
 * A choke point opens the guard for one table, writes, and closes it; a write
 * that makes another one nests. The guard triggers ask arb_guard_is_open().
 * Neither role nor setting opens it; an error closes it through the
 * transaction callbacks.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARB_GUARD_H
#define ARB_GUARD_H

#include "postgres.h"
#include "commands/trigger.h"
#include "fmgr.h"
#include "utils/reltrigger.h"

typedef enum MaintenanceKind
{
	ARB_MAINTENANCE_OFF = 1,
	ARB_MAINTENANCE_RESTORE,
	ARB_MAINTENANCE_REPLICA
} MaintenanceKind;

extern int	arb_maintenance;		/* arbees.maintenance */

/* Called before a row is let in: raises, or unbinds the installation. Set by the module that knows the leases. */
extern void (*arb_guard_maintenance_begin) (void);

extern void arb_guard_open(const char *table);
extern void arb_guard_close(void);
extern bool arb_guard_is_open(const char *table);
extern bool arb_guard_lets_in(TriggerEvent event);

/* Guards whose name is not fixed: it is the trigger's first argument, or there is none to open. */
#define ARB_GUARD_BY_ARGUMENT	((const char *) 1)
#define ARB_GUARD_OF_KEYS		((const char *) 2)

extern void arb_guard_register(PGFunction trigger, const char *table);
extern bool arb_guard_of_trigger(const Trigger *trigger, const char **table);

#endif							/* ARB_GUARD_H */
