/*-------------------------------------------------------------------------
 *
 * worker/feed/feed.h
 *	  Everything that comes from the venue's public side.
 *
 * feed.c schedules; discovery, market, price, decide, resolution and driven
 * each own one part and meet in this struct.  Market time is the venue's when
 * its clock is driven, else our wall clock.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARBEES_FEED_H
#define ARBEES_FEED_H

#include "feed/barrier.h"
#include "feed/quotes.h"
#include "feed/window.h"
#include "worker.h"

/* How often wall-clock duties run, and how far back unresolved windows are looked for at the start. */
#define FEED_DUTY_MS 200
#define FEED_LOOK_BACK 48
#define FEED_LOOK_AHEAD 2
/* Lookups of markets and resolutions under way at once. */
#define FEED_DUTIES_MAX 8
/* A standing quote is told again when it is this much younger than what the database knows. */
#define FEED_REFRESH_MS 250
/* Tokens on one market connection; above it the venue loses snapshots. */
#define FEED_TOKENS_MAX 200

/* The calls of a batch, in the order in which they go: trades are counted before anybody decides by them. */
typedef enum DecideMode
{
	DECIDE_TRADES = 0,
	DECIDE_LIVE,
	DECIDE_DRY_RUN,
	DECIDE_PAPER,
	DECIDE_MODES
} DecideMode;

/* One batch of news on its way through the database, at most one at a time. */
typedef struct DecideFlight
{
	struct Feed *feed;
	DecideMode	mode;
	bool		wanted;			/* still to be answered */
	bool		sent;
	int			attempts;
} DecideFlight;

typedef struct Feed
{
	Worker	   *worker;
	WindowTable windows;
	QuoteSet	quotes;
	Ws		   *market;
	Ws		   *price;
	uv_timer_t	duty_timer;
	bool		started;
	bool		planned;		/* the first plan, with its look back, was made */
	int			duties;			/* requests and calls of duties under way */

	/* decide */
	QuoteBatch	batch;
	DecideFlight flights[DECIDE_MODES];
	int64_t		frame_ns;		/* when the oldest news not yet sent was read */
	int64_t		batch_frame_ns; /* the same of the batch under way */

	/* driven clock */
	Barrier		barrier;
	int64_t		market_ms;
	int			instant_step;
	bool		advancing;
	bool		advance_again;
	bool		market_said;	/* the first message of the present market connection was sent */
	int64_t		last_price_ms[SERIES_MAX];
} Feed;

extern Feed *arb_feed_new(Worker *worker);
extern void arb_feed_database(Feed *feed, bool up);
/* arb_feed_start connects to the venue; a driven clock waits until the trader is ready. */
extern void arb_feed_start(Feed *feed);
extern void arb_feed_stop(Feed *feed);
extern int64_t arb_feed_now_ms(const Feed *feed);
extern void arb_feed_state_json(Feed *feed, StrBuf *out);

/* arb_feed_duties looks up windows and resolutions that are due. */
extern void arb_feed_duties(Feed *feed);
extern void arb_feed_duty_begun(Feed *feed);
extern void arb_feed_duty_ended(Feed *feed);

/* discovery.c */
extern void arb_discovery_look_up(Feed *feed, Window *window);

/* resolution.c */
extern void arb_resolution_check(Feed *feed, Window *window);

/* market.c */
extern bool arb_market_new(Feed *feed);
extern void arb_market_follow(Feed *feed, Window *window);
extern void arb_market_unfollow(Feed *feed, Window *window);
/* The rate a token's takers pay; false for a token nobody here knows. */
extern bool arb_market_fee(const Feed *feed, const char *token_id, int64_t *rate_micro, int *exponent);

/* price.c */
extern bool arb_price_new(Feed *feed);

/* decide.c */
extern void arb_decide_init(Feed *feed);
/* arb_decide_kick sends what is new; force sends even when nothing is. */
extern void arb_decide_kick(Feed *feed, bool force);
extern bool arb_decide_busy(const Feed *feed);
extern void arb_decide_database(Feed *feed, bool up);

/* driven.c */
extern void arb_driven_open(Feed *feed, BarrierChannel channel, bool open);
extern void arb_driven_clock(Feed *feed, BarrierChannel channel, int64_t seq, int64_t time_ms);
extern void arb_driven_end(Feed *feed);
/* arb_driven_advance goes on with the instant when what it waited for has happened. */
extern void arb_driven_advance(Feed *feed);

/* history.c: rows for the tick history. */
extern void arb_history_quote(Feed *feed, int instrument, const QuoteTop *top, int64_t source_ms);
extern void arb_history_trade(Feed *feed, int instrument, int64_t price, int64_t size, int64_t source_ms);
extern void arb_history_price(Feed *feed, const char *underlying, const char *price, int64_t source_ms);

#endif							/* ARBEES_FEED_H */
