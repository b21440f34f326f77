/*-------------------------------------------------------------------------
 *
 * worker/trade/lease_clock.h
 *	  What a lease still allows, counted from before it was asked for.
 *
 * Pure.  The server counts from when it answered, so our count ends first.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARBEES_TRADE_LEASE_CLOCK_H
#define ARBEES_TRADE_LEASE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

/* Nothing is sent after this part of the lease, and it is renewed after that part. */
#define LEASE_SEND_PERCENT 60
#define LEASE_RENEW_PERCENT 33

typedef struct LeaseClock
{
	int64_t		asked_ns;		/* CLOCK_BOOTTIME, before the call left */
	int64_t		lease_ms;		/* 0 = no lease */
} LeaseClock;

extern void arb_lease_clock_set(LeaseClock *lease, int64_t asked_ns, int64_t lease_ms);
extern void arb_lease_clock_clear(LeaseClock *lease);
extern bool arb_lease_may_send(const LeaseClock *lease, int64_t now_ns);
/* It is held, and will be for some time still: no other can have taken over. */
extern bool arb_lease_in_force(const LeaseClock *lease, int64_t now_ns);
extern bool arb_lease_expired(const LeaseClock *lease, int64_t now_ns);
/* How long after asking the renewal is due. */
extern int64_t arb_lease_renew_after_ms(const LeaseClock *lease);

#endif							/* ARBEES_TRADE_LEASE_CLOCK_H */
