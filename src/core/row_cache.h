/*-------------------------------------------------------------------------
 *
 * src/core/row_cache.h
 *	  Rows that seldom change, kept by each backend until they do.
 *
 * For the decision path: a portfolio or an instrument is read thousands of times
 * between two changes. What is committed is seen by the next decision of every
 * session: the trigger arbees.forget_rows invalidates the table's relcache entry
 * with the change, and a backend looks for invalidations before it trusts what
 * it kept. A table without that trigger is simply read each time.
 *
 * Only rows that are there are kept; that there is none is asked anew, but for
 * arb_rows_cached, which keeps a whole small table.
 *
 * What a row refers to can be read until the transaction ends.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARB_ROW_CACHE_H
#define ARB_ROW_CACHE_H

#include "core/table.h"

/* The rows of a whole table, in the index's order. */
typedef struct RowSet
{
	int			count;
	Row		  **rows;
} RowSet;

/* The row with a key of an index over one integer column; false when there is none. */
extern bool arb_row_cached(const TableDef *def, const char *index, int32 key, Row *row);

/* The same, read anew now: for a kept row that has become too old for the question. */
extern bool arb_row_renewed(const TableDef *def, const char *index, int32 key, Row *row);

/* The last row of an index. */
extern bool arb_last_row_cached(const TableDef *def, const char *index, Row *row);
extern bool arb_last_row_renewed(const TableDef *def, const char *index, Row *row);

/* All rows of a small table. */
extern const RowSet *arb_rows_cached(const TableDef *def, const char *index);

#endif							/* ARB_ROW_CACHE_H */
