/*-------------------------------------------------------------------------
 *
 * src/safety/control_change.h
 *	  Changes of controls and limits: what their triggers and verbs share.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARB_CONTROL_CHANGE_H
#define ARB_CONTROL_CHANGE_H

#include "postgres.h"
#include "access/htup.h"
#include "access/tupdesc.h"
#include "core/sql.h"
#include "fmgr.h"
#include "safety/control_def.h"
#include "utils/array.h"
#include "utils/timestamp.h"

/* A row as its trigger judges it. */
typedef struct ControlRow
{
	const ControlDef *def;
	const char *scope;			/* NULL = a control */
	const char *name;
	bool		absent;			/* a limit that has no row */
	char	   *value;			/* NULL when NULL */
	bool		is_none;
	char	   *soft;			/* NULL = no warning */
	Fixed		min;			/* FIXED_NULL when unbounded */
	Fixed		max;
	char	   *unit;
	ArrayType  *labels;
} ControlRow;

/* value, is_none, soft value, changed_by, changed_at, reason */
#define CONTROL_WRITTEN_COLUMNS 6

/* control_value.c */
extern void arb_control_canonical(ControlRow *row);
extern bool arb_control_is_tighter(const ControlRow *old, const ControlRow *new);
extern bool arb_control_same(const ControlRow *old, const ControlRow *new);
extern void arb_control_require_soft_within(const ControlRow *row);
extern const char *arb_control_subject(const ControlRow *row);
extern const char *arb_control_shown(const ControlRow *row);

/* control_change.c */
extern char *arb_control_column_text(HeapTuple tuple, TupleDesc desc, int number);
extern void arb_control_set_text(Datum *values, bool *nulls, int i, const char *string);
extern void arb_control_read_definition(const char *key, bool hold, ControlRow *row);
extern void arb_control_settle(const ControlRow *old, ControlRow *new);
extern void arb_control_require_tighter(const ControlRow *was, const ControlRow *is);
extern void arb_control_refuse_looser(const ControlRow *was, const ControlRow *is);
extern const char *arb_control_reason(HeapTuple old, HeapTuple new, TupleDesc desc, int number);
extern void arb_control_record(const ControlRow *old, const ControlRow *new, TimestampTz now, const char *reason);
extern HeapTuple arb_control_written(HeapTuple tuple, TupleDesc desc, const int columns[CONTROL_WRITTEN_COLUMNS],
									 const ControlRow *row, TimestampTz now, const char *reason);
extern bool arb_control_show_kill_level(const char *level);
extern pg_attribute_noreturn() void arb_no_such_control(const char *key);
extern uint64 arb_control_run(SqlPlan *plan, Datum *values, const char *nulls, const char *reason);
extern bool arb_actor_is_risk(void);
extern char *arb_required_text(FunctionCallInfo fcinfo, int argument, const char *name);

#endif							/* ARB_CONTROL_CHANGE_H */
