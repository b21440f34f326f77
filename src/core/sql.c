/*-------------------------------------------------------------------------
 *
 * src/core/sql.c
 *	  SQL from C off the decision path: kept plans, results out of SPI.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "core/sql.h"
#include "nodes/parsenodes.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

/* The context of whoever called arb_sql_begin: what outlives SPI goes there. */
static MemoryContext caller_context(void);

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

/* arb_sql_run executes a plan, preparing and keeping it the first time; returns the number of rows. */
uint64
arb_sql_run(SqlPlan *plan, Datum *values, const char *nulls)
{
	int			result;

	if (plan->plan == NULL)
	{
		/* Generic from the start: our statements find rows by key, and planning each call anew costs more than running it. */
		SPIPlanPtr	prepared = SPI_prepare_cursor(plan->text, plan->nargs, plan->types, CURSOR_OPT_GENERIC_PLAN);

		if (prepared == NULL)
			elog(ERROR, "could not prepare \"%s\": %s", plan->text, SPI_result_code_string(SPI_result));
		if (SPI_keepplan(prepared) != 0)
			elog(ERROR, "could not keep a plan");
		plan->plan = prepared;
	}
	result = SPI_execute_plan(plan->plan, values, nulls, plan->read_only, 0);
	if (result < 0)
		elog(ERROR, "could not execute \"%s\": %s", plan->text, SPI_result_code_string(result));
	return SPI_processed;
}

/* arb_sql_exec executes a statement once, without keeping a plan. */
uint64
arb_sql_exec(const char *statement)
{
	int			result = SPI_execute(statement, false, 0);

	if (result < 0)
		elog(ERROR, "could not execute \"%s\": %s", statement, SPI_result_code_string(result));
	return SPI_processed;
}

Datum
arb_sql_value(uint64 row, int column, bool *isnull)
{
	return SPI_getbinval(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, column, isnull);
}

static MemoryContext
caller_context(void)
{
	/* SPI_palloc allocates in the context that was current at SPI_connect. */
	void	   *probe = SPI_palloc(1);
	MemoryContext context = GetMemoryChunkContext(probe);

	pfree(probe);
	return context;
}

/* arb_sql_copy returns a value that outlives arb_sql_end(). */
Datum
arb_sql_copy(uint64 row, int column, bool *isnull)
{
	Datum		value = arb_sql_value(row, column, isnull);
	int16		len;
	bool		byval;
	MemoryContext old;

	if (*isnull)
		return (Datum) 0;
	get_typlenbyval(SPI_gettypeid(SPI_tuptable->tupdesc, column), &len, &byval);
	old = MemoryContextSwitchTo(caller_context());
	value = datumCopy(value, byval, len);
	MemoryContextSwitchTo(old);
	return value;
}

/* arb_sql_text returns a column's text form, NULL for NULL; it outlives arb_sql_end(). */
char *
arb_sql_text(uint64 row, int column)
{
	char	   *value = SPI_getvalue(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, column);

	return value == NULL ? NULL : MemoryContextStrdup(caller_context(), value);
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
