/*-------------------------------------------------------------------------
 *
 * worker/feed/driven.c
 *	  One instant of a driven clock after the other.
 *
 * An instant: look up what its time makes due, tell the database everything
 * at once, carry the orders that result to their end, release the venue.  Each
 * step waits for answers; whoever brings one calls arb_driven_advance.
 *
 *-------------------------------------------------------------------------
 */
#include "feed/feed.h"

#include "log.h"
#include "trade/trade.h"

enum
{
	STEP_IDLE = 0,
	STEP_DUTIES,
	STEP_DECIDE,
	STEP_ORDERS
};

void
arb_driven_open(Feed *feed, BarrierChannel channel, bool open)
{
	arb_barrier_open(&feed->barrier, channel, open);
	arb_driven_advance(feed);
}

static void
send_barrier(Feed *feed, int64_t seq)
{
	char		text[96];
	size_t		len = arb_pm_build_barrier(seq, text, sizeof(text));

	if (len > 0)
		(void) arb_ws_send(feed->market, text, len);
}

void
arb_driven_clock(Feed *feed, BarrierChannel channel, int64_t seq, int64_t time_ms)
{
	int64_t		again;

	if (!feed->worker->hello.clock_driven)
	{
		arb_input_error(&feed->worker->input_errors, "market", "clock",
						"a clock frame from a venue whose clock is not driven");
		return;
	}
	arb_barrier_clock(&feed->barrier, channel, seq, time_ms);
	if (channel == BARRIER_MARKET && arb_barrier_repeat(&feed->barrier, &again))
		send_barrier(feed, again);
	arb_driven_advance(feed);
}

void
arb_driven_end(Feed *feed)
{
	(void) feed;
	log_info("feed", "the venue's recorded data has ended");
}

/* Takes one step; false when the instant must wait or there is none. */
static bool
take_step(Feed *feed)
{
	Worker	   *worker = feed->worker;
	int64_t		seq;

	switch (feed->instant_step)
	{
		case STEP_IDLE:
			if (!arb_worker_has_database(worker) ||
				!arb_barrier_begin(&feed->barrier, &seq, &feed->market_ms))
				return false;
			feed->instant_step = STEP_DUTIES;
			arb_feed_duties(feed);
			return true;
		case STEP_DUTIES:
			if (feed->duties > 0 || !arb_worker_has_database(worker))
				return false;
			feed->instant_step = STEP_DECIDE;
			arb_decide_kick(feed, true);
			return true;
		case STEP_DECIDE:
			if (arb_decide_busy(feed))
				return false;
			feed->instant_step = STEP_ORDERS;
			return true;
		case STEP_ORDERS:
		default:
			if (worker->trade != NULL && !arb_trade_settled(worker->trade))
				return false;
			arb_windows_prune(&feed->windows, feed->market_ms, 0);
			seq = feed->barrier.begun;
			arb_barrier_end(&feed->barrier);
			feed->instant_step = STEP_IDLE;
			send_barrier(feed, seq);
			return true;
	}
}

void
arb_driven_advance(Feed *feed)
{
	if (!feed->worker->hello.clock_driven)
		return;
	/* A step may call back here at once; the outer loop then goes round again. */
	if (feed->advancing)
	{
		feed->advance_again = true;
		return;
	}
	feed->advancing = true;
	do
	{
		feed->advance_again = false;
		while (take_step(feed))
			;
	} while (feed->advance_again);
	feed->advancing = false;
}
