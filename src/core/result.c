/*-------------------------------------------------------------------------
 *
 * src/core/result.c
 *	  The one row a function returns.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "core/result.h"
#include "funcapi.h"
#include "utils/lsyscache.h"

/* arb_result_row forms the row that a function is declared to return. */
Datum
arb_result_row(FunctionCallInfo fcinfo, int natts, Datum *values, bool *nulls)
{
	TupleDesc	desc;

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE || desc->natts != natts)
		elog(ERROR, "function arbees.%s does not return the %d columns this library was built for",
			 get_func_name(fcinfo->flinfo->fn_oid), natts);
	return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, nulls));
}
