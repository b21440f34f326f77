/*-------------------------------------------------------------------------
 *
 * worker/feed/barrier.c
 *	  When an instant of a driven clock is complete.
 *
 *-------------------------------------------------------------------------
 */
#include "feed/barrier.h"

#include <string.h>

void
arb_barrier_init(Barrier *barrier)
{
	memset(barrier, 0, sizeof(*barrier));
}

void
arb_barrier_open(Barrier *barrier, BarrierChannel channel, bool open)
{
	barrier->open[channel] = open;
	barrier->seq[channel] = 0;
}

void
arb_barrier_clock(Barrier *barrier, BarrierChannel channel, int64_t seq, int64_t time_ms)
{
	barrier->seq[channel] = seq;
	if (channel == BARRIER_MARKET)
		barrier->time_ms = time_ms;
}

bool
arb_barrier_busy(const Barrier *barrier)
{
	return barrier->begun > barrier->ended;
}

bool
arb_barrier_begin(Barrier *barrier, int64_t *seq, int64_t *time_ms)
{
	int64_t		target = barrier->seq[BARRIER_MARKET];

	if (arb_barrier_busy(barrier) || !barrier->open[BARRIER_MARKET] || target <= barrier->ended)
		return false;
	if (!barrier->open[BARRIER_PRICE] || barrier->seq[BARRIER_PRICE] < target)
		return false;
	if (barrier->open[BARRIER_USER] && barrier->seq[BARRIER_USER] > 0 && barrier->seq[BARRIER_USER] < target)
		return false;
	barrier->begun = target;
	*seq = target;
	*time_ms = barrier->time_ms;
	return true;
}

void
arb_barrier_end(Barrier *barrier)
{
	barrier->ended = barrier->begun;
}

bool
arb_barrier_repeat(const Barrier *barrier, int64_t *seq)
{
	*seq = barrier->seq[BARRIER_MARKET];
	return barrier->open[BARRIER_MARKET] && *seq > 0 && *seq <= barrier->ended;
}
