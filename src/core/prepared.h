/*-------------------------------------------------------------------------
 *
 * src/core/prepared.h
 *	  What writing a row of a table needs, prepared once per backend.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARB_PREPARED_H
#define ARB_PREPARED_H

#include "postgres.h"
#include "nodes/execnodes.h"
#include "utils/relcache.h"

/*
 * arb_prepared_insert inserts one row without an executor; false when the table
 * asks for more than the fast way knows, or when the row breaks a constraint:
 * nothing was written then, and the executor does it or says what is wrong.
 */
extern bool arb_prepared_insert(Relation rel, int natts, const Datum *values, const bool *nulls);

/* arb_prepared_lend hands prepared checks to the executor, which then does not prepare its own. */
extern void arb_prepared_lend(Relation rel, ResultRelInfo *rri);

/* arb_prepared_runs_strangers tells whether writing the table may run a trigger that is not ours. */
extern bool arb_prepared_runs_strangers(Relation rel);

#endif							/* ARB_PREPARED_H */
