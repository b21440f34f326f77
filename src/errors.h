/*-------------------------------------------------------------------------
 *
 * src/errors.h
 *	  The SQLSTATEs of arbees, class RB. Clients branch on these, never on text.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARB_ERRORS_H
#define ARB_ERRORS_H

/* the kill switch forbids what was asked */
#define ERRCODE_ARB_KILLED				MAKE_SQLSTATE('R', 'B', '0', '0', '1')
/* a risk rule forbids what was asked, outside a decision (a decision's refusal is a row) */
#define ERRCODE_ARB_RISK_DENIED			MAKE_SQLSTATE('R', 'B', '0', '0', '2')
/* the state machine has no such edge, or the row may only be written by its choke point */
#define ERRCODE_ARB_ILLEGAL_TRANSITION	MAKE_SQLSTATE('R', 'B', '0', '0', '3')
/* the caller's epoch is old, or its lease was given up */
#define ERRCODE_ARB_LEASE_LOST			MAKE_SQLSTATE('R', 'B', '0', '0', '4')
/* market data too old for what was asked; kept, not raised: a decision's refusal is a row */
#define ERRCODE_ARB_STALE_DATA			MAKE_SQLSTATE('R', 'B', '0', '0', '5')
/* a breaker is open; kept, not raised */
#define ERRCODE_ARB_BREAKER_OPEN		MAKE_SQLSTATE('R', 'B', '0', '0', '6')
/* an invariant of the books does not hold */
#define ERRCODE_ARB_ASSERTION			MAKE_SQLSTATE('R', 'B', '0', '0', '7')
/* the mode exists and is not built yet */
#define ERRCODE_ARB_NOT_BUILT			MAKE_SQLSTATE('R', 'B', '0', '0', '8')
/* this database is a copy of another and stays paused until arbees_resume; kept, not raised: the gate and a claim answer it */
#define ERRCODE_ARB_FOREIGN_COPY		MAKE_SQLSTATE('R', 'B', '0', '0', '9')

#endif							/* ARB_ERRORS_H */
