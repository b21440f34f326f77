/*-------------------------------------------------------------------------
 *
 * src/core/sql.c
 *	  SQL from C off the decision path: kept plans, results out of SPI.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "core/safe_path.h"
#include "core/sql.h"
#include "nodes/parsenodes.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

void
arb_sql_begin(void)
{
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "could not connect to SPI");
}

void
arb_sql_end(void)
{
	SPI_finish();
}

/* arb_sql_prepare prepares and keeps a plan the first time it is needed. */
void
arb_sql_prepare(SqlPlan *plan)
{
	SPIPlanPtr	prepared;
	int			path;

	if (plan->plan != NULL)
		return;
	path = arb_safe_path_enter();
	/* Generic from the start: our statements find rows by key, and planning each call anew costs more than running it. */
	prepared = SPI_prepare_cursor(plan->text, plan->nargs, plan->types, CURSOR_OPT_GENERIC_PLAN);
	if (prepared == NULL)
		elog(ERROR, "could not prepare \"%s\": %s", plan->text, SPI_result_code_string(SPI_result));
	if (SPI_keepplan(prepared) != 0)
		elog(ERROR, "could not keep a plan");
	plan->plan = prepared;
	arb_safe_path_leave(path);
}

/* arb_sql_run executes a plan and returns the number of rows. */
uint64
arb_sql_run(SqlPlan *plan, Datum *values, const char *nulls)
{
	int			path = arb_safe_path_enter();
	int			result;

	arb_sql_prepare(plan);
	result = SPI_execute_plan(plan->plan, values, nulls, plan->read_only, 0);
	arb_safe_path_leave(path);
	if (result < 0)
		elog(ERROR, "could not execute \"%s\": %s", plan->text, SPI_result_code_string(result));
	return SPI_processed;
}

Datum
arb_sql_value(uint64 row, int column, bool *isnull)
{
	return SPI_getbinval(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, column, isnull);
}

/* arb_sql_copy returns a value that outlives arb_sql_end(). */
Datum
arb_sql_copy(uint64 row, int column, bool *isnull)
{
	Datum		value = arb_sql_value(row, column, isnull);
	int16		len;
	bool		byval;

	if (*isnull)
		return (Datum) 0;
	get_typlenbyval(SPI_gettypeid(SPI_tuptable->tupdesc, column), &len, &byval);
	return SPI_datumTransfer(value, byval, len);
}

/* arb_sql_text returns a column's text form, NULL for NULL; it outlives arb_sql_end(). */
char *
arb_sql_text(uint64 row, int column)
{
	char	   *value = SPI_getvalue(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, column);

	return value == NULL ? NULL : strcpy(SPI_palloc(strlen(value) + 1), value);
}

int64
arb_sql_int64(uint64 row, int column, int64 if_null)
{
	bool		isnull;
	Datum		value = arb_sql_value(row, column, &isnull);

	return isnull ? if_null : DatumGetInt64(value);
}

int32
arb_sql_int32(uint64 row, int column, int32 if_null)
{
	bool		isnull;
	Datum		value = arb_sql_value(row, column, &isnull);

	return isnull ? if_null : DatumGetInt32(value);
}

bool
arb_sql_bool(uint64 row, int column, bool if_null)
{
	bool		isnull;
	Datum		value = arb_sql_value(row, column, &isnull);

	return isnull ? if_null : DatumGetBool(value);
}

/* arb_sql_ids runs a plan of its own and returns its first column, an integer, in the caller's context. */
List *
arb_sql_ids(SqlPlan *plan, Datum *values)
{
	MemoryContext caller = CurrentMemoryContext;
	MemoryContext spi;
	List	   *ids = NIL;
	uint64		n;
	uint64		i;

	arb_sql_begin();
	n = arb_sql_run(plan, values, NULL);
	spi = MemoryContextSwitchTo(caller);
	for (i = 0; i < n; i++)
		ids = lappend_int(ids, arb_sql_int32(i, 1, 0));
	MemoryContextSwitchTo(spi);
	arb_sql_end();
	return ids;
}
