/*-------------------------------------------------------------------------
 *
 * worker/db/once.h
 *	  One call on a connection of its own, waited for: before there is a loop.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARBEES_DB_ONCE_H
#define ARBEES_DB_ONCE_H

#include <stdbool.h>

#include "db/params.h"
#include "db/statements.h"

/* arb_db_call_once is true once the call is committed; why not, it logs. */
extern bool arb_db_call_once(const char *conninfo, DbStatementId id, const DbParams *params);

#endif							/* ARBEES_DB_ONCE_H */
