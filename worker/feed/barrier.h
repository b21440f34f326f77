/*-------------------------------------------------------------------------
 *
 * worker/feed/barrier.h
 *	  When an instant of a driven clock is complete.
 *
 * Pure.  The venue ends each instant with a clock frame on every one of its
 * websockets; the instant is complete when all that take part have shown the
 * same number.  A channel takes part from its first clock frame on: one that
 * has just connected may have missed the frame the others have.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARBEES_FEED_BARRIER_H
#define ARBEES_FEED_BARRIER_H

#include <stdbool.h>
#include <stdint.h>

typedef enum BarrierChannel
{
	BARRIER_MARKET = 0,
	BARRIER_PRICE,
	BARRIER_USER,
	BARRIER_CHANNELS
} BarrierChannel;

typedef struct Barrier
{
	bool		open[BARRIER_CHANNELS];
	int64_t		seq[BARRIER_CHANNELS];	/* 0 until its first clock frame */
	int64_t		time_ms;		/* of the newest clock frame of the market channel */
	int64_t		begun;			/* instant being worked on, or last worked on */
	int64_t		ended;			/* instant the venue was told to leave */
} Barrier;

extern void arb_barrier_init(Barrier *barrier);
extern void arb_barrier_open(Barrier *barrier, BarrierChannel channel, bool open);
extern void arb_barrier_clock(Barrier *barrier, BarrierChannel channel, int64_t seq, int64_t time_ms);

/* arb_barrier_begin says whether an instant is complete and marks it begun. */
extern bool arb_barrier_begin(Barrier *barrier, int64_t *seq, int64_t *time_ms);

/* arb_barrier_busy: an instant has begun and not ended. */
extern bool arb_barrier_busy(const Barrier *barrier);
extern void arb_barrier_end(Barrier *barrier);

/* arb_barrier_repeat: the venue asks again for an instant already ended (it lost our word). */
extern bool arb_barrier_repeat(const Barrier *barrier, int64_t *seq);

#endif							/* ARBEES_FEED_BARRIER_H */
