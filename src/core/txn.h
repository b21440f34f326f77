/*-------------------------------------------------------------------------
 *
 * src/core/txn.h
 *	  What a call may ask of the transaction it runs in.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARB_TXN_H
#define ARB_TXN_H

#include "postgres.h"

extern void arb_require_primary(const char *what);
extern void arb_require_read_committed(const char *what);
extern void arb_require_synchronous_commit(const char *what);
extern void arb_commit_asynchronously(void);

#endif							/* ARB_TXN_H */
