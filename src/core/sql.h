/*-------------------------------------------------------------------------
 *
 * src/core/sql.h
 *	  SQL from C off the decision path: kept plans, results out of SPI.
 *
 * Usage:
 *		static SqlPlan plan = {"SELECT ... WHERE id = $1", 1, {INT8OID}};
 *		arb_sql_begin();
 *		if (arb_sql_run(&plan, values, nulls) > 0)
 *			x = DatumGetInt64(arb_sql_value(0, 1, &isnull));
 *		arb_sql_end();
 * Values fetched by reference die with arb_sql_end(): copy what outlives it
 * with arb_sql_text() and friends, which allocate in the caller's context.
 * Every name in the text is written with its schema; operators and casts mean
 * those of pg_catalog, whatever the caller's search_path is.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARB_SQL_H
#define ARB_SQL_H

#include "postgres.h"
#include "executor/spi.h"
#include "nodes/pg_list.h"

#define SQL_MAX_ARGS 24

typedef struct SqlPlan
{
	const char *text;
	int			nargs;
	Oid			types[SQL_MAX_ARGS];
	SPIPlanPtr	plan;
	bool		read_only;
} SqlPlan;

extern void arb_sql_begin(void);
extern void arb_sql_end(void);
extern void arb_sql_prepare(SqlPlan *plan);
extern uint64 arb_sql_run(SqlPlan *plan, Datum *values, const char *nulls);
extern Datum arb_sql_value(uint64 row, int column, bool *isnull);
extern char *arb_sql_text(uint64 row, int column);
extern int64 arb_sql_int64(uint64 row, int column, int64 if_null);
extern int32 arb_sql_int32(uint64 row, int column, int32 if_null);
extern bool arb_sql_bool(uint64 row, int column, bool if_null);
extern Datum arb_sql_copy(uint64 row, int column, bool *isnull);
extern List *arb_sql_ids(SqlPlan *plan, Datum *values);

#endif							/* ARB_SQL_H */
