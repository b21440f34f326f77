/*-------------------------------------------------------------------------
 *
 * worker/venue/polymarket/polymarket.c
 *	  The venue's routine: what the adapter offers to the rest of the worker.
 *
 *-------------------------------------------------------------------------
 */
#include "build.h"
#include "parse.h"

static bool
prepare_order(const void *signer, const OrderTicket *ticket, PreparedOrder *order, char *reason)
{
	return arb_pm_prepare_order(signer, ticket, order, reason);
}

static const VenueRoutine Polymarket = {
	.name = "polymarket",
	.capabilities = VENUE_CAN_PREPARE | VENUE_CAN_CANCEL | VENUE_CAN_BATCH_CANCEL | VENUE_CAN_USER_STREAM |
		VENUE_KNOWS_DUPLICATES,
	.limits = {
		.orders_per_s = 40,
		.orders_burst = 60,
		.cancels_per_s = 80,
		.cancels_burst = 120,
		/* Per address: 9000 in ten seconds, 200 of them for balances; we stay below. */
		.requests_per_s = 800,
		.requests_burst = 800,
		.balances_per_s = 20,
		.balances_burst = 100,
	},
	.prepare_order = prepare_order,
	.build_cancel = arb_pm_build_cancel,
	.build_cancel_many = arb_pm_build_cancel_many,
	.parse_post = arb_pm_parse_post,
};

const VenueRoutine *
arb_venue_polymarket(void)
{
	return &Polymarket;
}
