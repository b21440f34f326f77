/*-------------------------------------------------------------------------
 *
 * src/safety/control_def.h
 *	  What a control is, shared by its reader and its writers.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARB_CONTROL_DEF_H
#define ARB_CONTROL_DEF_H

#include "postgres.h"
#include "core/money.h"
#include "safety/limit_def.h"

typedef enum ControlKind
{
	CONTROL_BOOLEAN = 1, CONTROL_INTEGER, CONTROL_NUMERIC, CONTROL_LABEL, CONTROL_LIST
} ControlKind;

/* Which change an operator may make: the one that lets fewer orders pass. */
typedef enum ControlTighter
{
	TIGHTER_NEVER = 1,			/* only arbees_risk changes it */
	TIGHTER_LOWER, TIGHTER_HIGHER, TIGHTER_FALSE, TIGHTER_SUBSET
} ControlTighter;

#define CONTROL_NO_FIELD SIZE_MAX

typedef struct ControlDef
{
	const char *key;
	ControlKind kind;
	bool		may_be_none;
	ControlTighter tighter;
	size_t		field;			/* offset in Controls */
	bool		is_limit;		/* of the gate: has a soft value and scopes, lives in Controls.limits */
	LimitKey	limit;
} ControlDef;

/* Columns of arbees.runtime_controls, in order. */
enum
{
	CONTROL_COLUMN_KEY = 1, CONTROL_COLUMN_KIND, CONTROL_COLUMN_VALUE, CONTROL_COLUMN_IS_NONE, CONTROL_COLUMN_SOFT,
	CONTROL_COLUMN_UNIT, CONTROL_COLUMN_MIN, CONTROL_COLUMN_MAX, CONTROL_COLUMN_LABELS,
	CONTROL_COLUMN_DESCRIPTION, CONTROL_COLUMN_CHANGED_BY, CONTROL_COLUMN_CHANGED_AT,
	CONTROL_COLUMN_REASON
};

extern const ControlDef *arb_control_def(const char *key);
extern const char *arb_control_kind_name(ControlKind kind);
extern int64 arb_limit_parse(const ControlDef *def, const char *value, bool is_none);
extern bool arb_control_parse_int(const char *text, int64 *value);
extern bool arb_control_parse_fixed(const char *text, Fixed *value);

#endif							/* ARB_CONTROL_DEF_H */
