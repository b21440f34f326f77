/*-------------------------------------------------------------------------
 *
 * src/safety/limit_row.h
 *	  What a row of arbees.risk_limits is, shared by its reader and its writer.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARB_LIMIT_ROW_H
#define ARB_LIMIT_ROW_H

#include "postgres.h"
#include "safety/limit.h"

typedef enum LimitScopeKind
{
	LIMIT_SCOPE_GLOBAL = 1, LIMIT_SCOPE_VENUE, LIMIT_SCOPE_STRATEGY, LIMIT_SCOPE_INSTRUMENT
} LimitScopeKind;

/* Of a venue, a strategy or an instrument, where a limit or a lock names one. */
#define LIMIT_NAME_MAX_BYTES 128

/* Columns of arbees.risk_limits, in order. */
enum
{
	LIMIT_COLUMN_SCOPE = 1, LIMIT_COLUMN_NAME, LIMIT_COLUMN_KEY, LIMIT_COLUMN_VALUE, LIMIT_COLUMN_IS_NONE,
	LIMIT_COLUMN_SOFT, LIMIT_COLUMN_CHANGED_BY, LIMIT_COLUMN_CHANGED_AT, LIMIT_COLUMN_REASON
};

extern LimitScopeKind arb_limit_scope_kind(const char *name);
extern void arb_limit_require_known_name(const char *scope, const char *name);
extern bool arb_limit_names_instrument(const char *name, const LimitScope *scope);

#endif							/* ARB_LIMIT_ROW_H */
