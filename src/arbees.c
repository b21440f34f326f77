/*-------------------------------------------------------------------------
 *
 * src/arbees.c
 *	  Module magic, settings, registration of the conductor; nothing else.
 *
 * Limits that must be audited are rows of arbees.runtime_controls, not
 * settings. What is left are the handful of values that are needed before a
 * table can be read.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "compat.h"
#include "conductor/conductor.h"
#include "core/debug_point.h"
#include "core/guard.h"
#include "core/label.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "safety/kill_file.h"
#include "safety/trader_lock.h"
#include "utils/guc.h"

PG_MODULE_MAGIC;

void		_PG_init(void);

extern Datum arbees_guard_rows(PG_FUNCTION_ARGS);
extern Datum arbees_guard_keys(PG_FUNCTION_ARGS);
extern Datum arbees_orders_guard(PG_FUNCTION_ARGS);
extern Datum arbees_positions_guard(PG_FUNCTION_ARGS);

static const struct config_enum_entry maintenance_options[] = {
	{"off", ARB_MAINTENANCE_OFF, false},
	{"restore", ARB_MAINTENANCE_RESTORE, false},
	{"replica", ARB_MAINTENANCE_REPLICA, false},
	{NULL, 0, false}
};

static const struct config_enum_entry kill_file_levels[] = {
	{"pause", KILL_PAUSE, false},
	{"flatten", KILL_FLATTEN, false},
	{"emergency", KILL_EMERGENCY, false},
	{NULL, 0, false}
};

void
_PG_init(void)
{
	/* Left on, a superuser's INSERT brings rows nobody judged, and the desk stands still. */
	DefineCustomEnumVariable("arbees.maintenance",
							 "Lets rows of a restored dump or a logical replica into guarded tables.",
							 "off, restore or replica; it works for superusers alone, never while a trader holds a lease, and leaves the desk paused until arbees_resume.",
							 &arb_maintenance, ARB_MAINTENANCE_OFF, maintenance_options,
							 PGC_SUSET, 0, NULL, NULL, NULL);

	/* Wrong, no conductor runs after a restart and the gate refuses every entry. */
	DefineCustomStringVariable("arbees.database",
							   "Database whose conductor starts with the server.",
							   "Read when the library is in shared_preload_libraries.",
							   &arb_conductor_database, "",
							   PGC_SIGHUP, 0, NULL, NULL, NULL);

	/* Runs as the server's OS user: only configuration files may set it. */
	DefineCustomStringVariable("arbees.worker_command",
							   "Command line of the worker that the conductor runs and restarts.",
							   "Empty: workers are started by somebody else.",
							   &arb_worker_command, "",
							   PGC_SIGHUP, GUC_SUPERUSER_ONLY, NULL, NULL, NULL);

	/* Too low burns a processor; too high delays exits by time and makes the gate's heartbeat limit lax. */
	DefineCustomIntVariable("arbees.tick_interval",
							"Time between two ticks of the conductor.",
							NULL,
							&arb_tick_interval, 250, 10, 60000,
							PGC_SIGHUP, GUC_UNIT_MS, NULL, NULL, NULL);

	/* Looked for in every tick: on a file system that can hang, it would hang the conductor. */
	DefineCustomStringVariable("arbees.kill_file",
							   "File that stops trading within one tick while it is there.",
							   "Removing it does not let trading go on. Empty: no file is looked for.",
							   &arb_kill_file, "",
							   PGC_SIGHUP, GUC_SUPERUSER_ONLY, arb_kill_file_check, NULL, NULL);

	/* Too weak, and positions stay where somebody wanted out. */
	DefineCustomEnumVariable("arbees.kill_file_level",
							 "Level at which the kill file stops trading.",
							 "pause, flatten or emergency.",
							 &arb_kill_file_level, KILL_FLATTEN, kill_file_levels,
							 PGC_SIGHUP, 0, NULL, NULL, NULL);

	ARB_DEBUG_INIT();
	MarkGUCPrefixReserved("arbees");

	arb_guard_maintenance_begin = arb_trader_begin_maintenance;
	arb_guard_register(arbees_guard_rows, ARB_GUARD_BY_ARGUMENT);
	arb_guard_register(arbees_guard_keys, ARB_GUARD_OF_KEYS);
	arb_guard_register(arbees_orders_guard, "orders");
	arb_guard_register(arbees_positions_guard, "positions");

	if (process_shared_preload_libraries_in_progress)
		arb_conductor_register();
}
