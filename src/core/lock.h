/*-------------------------------------------------------------------------
 *
 * src/core/lock.h
 *	  The heavyweight locks of arbees, and their order.
 *
 * Order, left to right, skip freely, never go back:
 *		venue clock -> deployment (only tried) -> kill -> epoch (ascending) ->
 *		portfolio (ascending) -> window -> position -> order
 * Rows of positions and orders belong to a portfolio and are guarded by its
 * lock; their row locks exist only for the claim, which takes no portfolio.
 *
 * Locks are on our own relations (venues, deployments, kill_levels, trader_epochs,
 * portfolios): not advisory, since anyone can hold those. All end with the
 * transaction.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARB_LOCK_H
#define ARB_LOCK_H

#include "postgres.h"
#include "storage/lock.h"

extern void arb_lock_kill(LOCKMODE mode);
extern void arb_lock_kill_tag(LOCKTAG *tag);
extern bool arb_lock_kill_try(LOCKMODE mode);
extern void arb_lock_epoch(int32 venue_account_id, LOCKMODE mode);
extern void arb_lock_portfolio_tag(LOCKTAG *tag, int32 portfolio_id);
extern void arb_lock_portfolio(int32 portfolio_id);
extern bool arb_lock_portfolio_try(int32 portfolio_id);
extern bool arb_lock_portfolio_held(int32 portfolio_id);
extern bool arb_lock_deployment_try(int32 deployment_id);
extern void arb_lock_venue_clock(int32 venue_id);

#endif							/* ARB_LOCK_H */
