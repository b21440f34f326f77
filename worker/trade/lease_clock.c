/*-------------------------------------------------------------------------
 *
 * worker/trade/lease_clock.c
 *	  What a lease still allows, counted from before it was asked for.
 *
 *-------------------------------------------------------------------------
 */
#include "trade/lease_clock.h"

#include "clock.h"

void
arb_lease_clock_set(LeaseClock *lease, int64_t asked_ns, int64_t lease_ms)
{
	lease->asked_ns = asked_ns;
	lease->lease_ms = lease_ms > 0 ? lease_ms : 0;
}

void
arb_lease_clock_clear(LeaseClock *lease)
{
	lease->lease_ms = 0;
}

static int64_t
part_ns(const LeaseClock *lease, int percent)
{
	return lease->lease_ms * percent / 100 * NS_PER_MS;
}

bool
arb_lease_may_send(const LeaseClock *lease, int64_t now_ns)
{
	return lease->lease_ms > 0 && now_ns - lease->asked_ns < part_ns(lease, LEASE_SEND_PERCENT);
}

bool
arb_lease_in_force(const LeaseClock *lease, int64_t now_ns)
{
	return lease->lease_ms > 0 && now_ns - lease->asked_ns < part_ns(lease, 100);
}

bool
arb_lease_expired(const LeaseClock *lease, int64_t now_ns)
{
	return lease->lease_ms > 0 && now_ns - lease->asked_ns >= part_ns(lease, 100);
}

int64_t
arb_lease_renew_after_ms(const LeaseClock *lease)
{
	return lease->lease_ms * LEASE_RENEW_PERCENT / 100;
}
