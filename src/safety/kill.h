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
#include "core/installation.h"
#include "core/label.h"
#include "utils/snapshot.h"

extern KillLevel arb_kill_level(Snapshot snapshot);

#endif							/* ARB_KILL_H */
