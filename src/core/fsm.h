/*-------------------------------------------------------------------------
 *
 * src/core/fsm.h
 *	  The transition engine: a state machine is a table of rules.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARB_FSM_H
#define ARB_FSM_H

#include "postgres.h"
#include "core/label.h"
#include "fmgr.h"

typedef struct FsmRule
{
	int			pos;			/* rises; 0 ends the table */
	int			from;
	int			event;
	int			to;
	const char *comment;
} FsmRule;

typedef struct Fsm
{
	const char *name;			/* what moves: "order", "position" */
	LabelType	states;
	const char *const *events;	/* names, position = event; [0] unused, NULL-terminated from 1 */
	const FsmRule *rules;
} Fsm;

extern const FsmRule *arb_fsm_find(const Fsm *fsm, int from, int event);
extern const FsmRule *arb_fsm_require(const Fsm *fsm, int64 id, int from, int event);
extern bool arb_fsm_allows(const Fsm *fsm, int from, int to);
extern Datum arb_fsm_dump(const Fsm *fsm, FunctionCallInfo fcinfo);

#endif							/* ARB_FSM_H */
