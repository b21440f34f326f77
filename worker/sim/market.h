/*-------------------------------------------------------------------------
 *
 * worker/sim/market.h
 *	  One window: two tokens, its rules, its book and how it ended.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARBEES_SIM_MARKET_H
#define ARBEES_SIM_MARKET_H

#include "book.h"
#include "oracle.h"
#include "sign/eth.h"

#define HOUSE_LEVELS 8			/* quotes of the house on each side */
#define MIN_SIZE (5 * MICRO)	/* shares of a resting order */
#define MIN_NOTIONAL (1 * MICRO)	/* of a marketable buy */
#define FEE_RATE_E6 70000		/* 0.07 */

typedef enum MarketState
{
	MARKET_SCHEDULED = 1,		/* listed and tradable, not yet opened */
	MARKET_OPEN,
	MARKET_CLOSED,				/* over, not yet resolved */
	MARKET_RESOLVED
} MarketState;

typedef struct Market
{
	uint64_t	number;			/* Gamma's id */
	char		slug[64];
	char		question[128];
	char		condition[ETH_HASH_TEXT_SIZE];
	char		question_id[ETH_HASH_TEXT_SIZE];
	char		token[2][UINT256_TEXT_SIZE];
	const Oracle *oracle;
	int64_t		open_s;
	int64_t		close_s;
	int64_t		listed_s;
	int64_t		resolve_ms;		/* when the outcome is published */
	MarketState state;
	bool		twap;			/* settled on the 60 s average, else on the last tick */
	int			tick;
	int64_t		fee_rate_e6;
	PriceE18	strike;			/* 0 = not known (yet) */
	PriceE18	final;			/* 0 = not known (yet) */
	int64_t		strike_s;		/* second of the tick it was taken from; 0 when recorded */
	bool		strike_published;	/* a recording does not have every price the venue had */
	bool		final_published;
	bool		tick_at_close;	/* the oracle had a tick stamped with the closing second */
	int			winner;			/* -1 until resolved */
	int			official;		/* recorded outcome, -1 when the rule decides */
	int			last_price;		/* of the up token; 0 = no trade */
	int			last_side;		/* of that trade's taker, in up terms */
	int64_t		volume;			/* micro-dollars */
	int64_t		collateral;		/* behind the outstanding complete sets */
	int64_t		outstanding[2];	/* shares */
	Book	   *book;			/* NULL once resolved */
	BookOrder	quote[2][HOUSE_LEVELS];
	bool		quoted[2][HOUSE_LEVELS];
	int			shown_bid;		/* best prices last published, in up terms */
	int			shown_ask;
	bool		traded;			/* a match touched the book since it was last published */
	int64_t		changed_ms;		/* when the book last changed */
} Market;

static inline const char *
sim_outcome_text(int outcome)
{
	return outcome == 0 ? "Up" : "Down";
}

/* A market takes orders from its listing to its close. */
static inline bool
sim_market_tradable(const Market *market)
{
	return market->book != NULL && (market->state == MARKET_SCHEDULED || market->state == MARKET_OPEN);
}

#endif							/* ARBEES_SIM_MARKET_H */
