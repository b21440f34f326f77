/*-------------------------------------------------------------------------
 *
 * src/conductor/tick.h
 *	  The steps of a tick: the list, one call, one failure.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARB_TICK_H
#define ARB_TICK_H

#include "postgres.h"
#include "nodes/pg_list.h"

typedef struct TickStep
{
	char	   *name;
	char	   *function_name;
	bool		is_safety;
} TickStep;

extern List *arb_tick_steps(MemoryContext context);
extern void arb_tick_call(const TickStep *step);
extern void arb_tick_record_failure(const TickStep *step, const ErrorData *error);

#endif							/* ARB_TICK_H */
