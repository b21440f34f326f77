/*-------------------------------------------------------------------------
 *
 * worker/feed/window.h
 *	  The windows this worker knows, from their discovery to their resolution.
 *
 * No I/O: the table and the questions of what to do next.  Times are market
 * milliseconds.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARBEES_FEED_WINDOW_H
#define ARBEES_FEED_WINDOW_H

#include "feed/slug.h"
#include "venue/polymarket/book.h"

#define WINDOWS_MAX 4096

typedef enum WindowStage
{
	WINDOW_WANTED = 1,			/* to be looked up at retry_ms */
	WINDOW_LOOKING,				/* a request or a call is under way */
	WINDOW_FOLLOWED,			/* reported, books kept */
	WINDOW_CLOSED,				/* over, waiting for its resolution */
	WINDOW_DONE
} WindowStage;

typedef struct Window
{
	const SlugSeries *series;
	char		slug[SLUG_SIZE];
	int64_t		opens_ms;
	int64_t		closes_ms;
	WindowStage stage;
	bool		past;			/* was over when first seen: only its resolution matters */
	int64_t		retry_ms;
	int			attempts;
	PmGammaMarket market;
	int			instruments[2]; /* up, down; 0 until reported */
	OrderBook	books[2];
	bool		snapshot_asked[2];	/* a REST snapshot is under way */
	int64_t		snapshot_ms[2];
	bool		resolution_hinted;	/* the venue announced it: check now */
	bool		checking;
	int			checks;
} Window;

typedef struct WindowTable
{
	Window	   *items[WINDOWS_MAX];
	size_t		count;
} WindowTable;

extern Window *arb_window_add(WindowTable *table, const SlugSeries *series, int64_t opens_s,
							  int64_t now_ms);
extern Window *arb_window_by_slug(const WindowTable *table, const char *slug);
extern Window *arb_window_by_condition(const WindowTable *table, const char *condition_id);
extern Window *arb_window_by_token(const WindowTable *table, const char *token_id, int *outcome);

/* arb_window_identify gives a window its market, so that books can be kept. */
extern void arb_window_identify(Window *window, const PmGammaMarket *market);

/* arb_windows_prune frees windows that are done and older than keep_ms. */
extern void arb_windows_prune(WindowTable *table, int64_t now_ms, int64_t keep_ms);

/* The rule label of the database for a market's settlement. */
extern const char *arb_window_rule(const PmGammaMarket *market, int64_t seconds);

/* Index of the outcome called Up, or -1 when the market has no such pair. */
extern int	arb_window_up_index(const PmGammaMarket *market);

/* When to look a missing market up again, and a closed one's resolution, after now. */
extern int64_t arb_window_lookup_delay_ms(const Window *window, int64_t now_ms);
extern int64_t arb_window_resolution_delay_ms(const Window *window, int64_t now_ms);

#endif							/* ARBEES_FEED_WINDOW_H */
