/*-------------------------------------------------------------------------
 *
 * src/safety/trader_lock.h
 *	  One active trader per venue account: epoch, lease, fencing.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARB_TRADER_LOCK_H
#define ARB_TRADER_LOCK_H

#include "postgres.h"
#include "utils/snapshot.h"
#include "utils/timestamp.h"

#define MAX_WORKER_NAME_BYTES 128

typedef struct TraderState
{
	int64		epoch;			/* 0 = nobody ever traded this account */
	TimestampTz expires_at;
	bool		alive;			/* the lease is of this epoch and has not ended */
	bool		reconciled;		/* the holder's first reconciliation was clean and none is due */
} TraderState;

extern void arb_trader_state(Snapshot snapshot, int32 venue_account_id, TraderState *state);
extern bool arb_trader_require(int32 venue_account_id, int64 epoch);
extern void arb_trader_set_reconciled(int32 venue_account_id, bool reconciled);
extern void arb_trader_forget_all(const char *reason);
extern void arb_trader_begin_maintenance(void);

#endif							/* ARB_TRADER_LOCK_H */
