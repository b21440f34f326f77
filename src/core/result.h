/*-------------------------------------------------------------------------
 *
 * src/core/result.h
 *	  The one row a function returns.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARB_RESULT_H
#define ARB_RESULT_H

#include "postgres.h"
#include "fmgr.h"

extern Datum arb_result_row(FunctionCallInfo fcinfo, int natts, Datum *values, bool *nulls);

#endif							/* ARB_RESULT_H */
