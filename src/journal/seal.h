/*-------------------------------------------------------------------------
 *
 * src/journal/seal.h
 *	  The chain over the journal.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARB_SEAL_H
#define ARB_SEAL_H

#include "postgres.h"

extern int64 arb_seal_end_era(void);

#endif							/* ARB_SEAL_H */
