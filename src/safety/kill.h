/*-------------------------------------------------------------------------
 *
 * src/safety/kill.h
 *	  The kill switch: a lock every order must pass and a level every order reads.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARB_KILL_H
#define ARB_KILL_H

#include "postgres.h"
#include "core/columns.h"
#include "core/installation.h"
#include "core/label.h"
#include "utils/snapshot.h"

extern KillLevel arb_kill_level(Snapshot snapshot);
extern KillLevel arb_kill_level_of(KillLevel desk, const Row *portfolio);
extern KillLevel arb_kill_raise(KillLevel level, const char *reason);

#endif							/* ARB_KILL_H */
