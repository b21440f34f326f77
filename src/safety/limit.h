/*-------------------------------------------------------------------------
 *
 * src/safety/limit.h
 *	  The limits in force for one order: the tightest of its scopes.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARB_LIMIT_H
#define ARB_LIMIT_H

#include "postgres.h"
#include "safety/limit_def.h"

/*
 * Indexed by LimitKey, in the unit of the key (Fixed for UNIT_FIXED, else a plain
 * integer). hard: FIXED_NULL = missing, which denies; FIXED_NONE = no limit.
 * soft: FIXED_NONE = no warning.
 */
typedef struct Limits
{
	int64		hard[LIMIT_COUNT];
	int64		soft[LIMIT_COUNT];
} Limits;

/* Whom a limit may be set for; names as people write them. */
typedef struct LimitScope
{
	const char *venue;
	const char *strategy;
	const char *symbol;			/* an instrument's scope matches its symbol, name or underlying, */
	const char *instrument;		/* exactly or by a prefix that ends in * */
	const char *underlying;		/* NULL = none */
} LimitScope;

extern void arb_limits(const LimitScope *scope, Limits *limits);

#endif							/* ARB_LIMIT_H */
