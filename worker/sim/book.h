/*-------------------------------------------------------------------------
 *
 * worker/sim/book.h
 *	  One market's order book and the plan of a match against it.
 *
 * A market has two tokens whose prices add up to one dollar, so one book
 * serves both: everything is filed in terms of token 0 ("up").  Buying up and
 * selling down are bids; selling up and buying down are asks.
 *
 * Pure: planning changes nothing; whoever owns the wallets applies the plan.
 * Prices are ten-thousandths of a dollar, sizes and money are micro units.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARBEES_SIM_BOOK_H
#define ARBEES_SIM_BOOK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PRICE_ONE 10000			/* one dollar */
#define MICRO INT64_C(1000000)

typedef enum SimSide
{
	SIDE_BUY = 1,
	SIDE_SELL
} SimSide;

struct SimOrder;
struct Wallet;

typedef struct BookOrder
{
	struct BookOrder *next;
	struct BookOrder *prev;
	struct SimOrder *order;		/* NULL for the house's own quotes */
	struct Wallet *wallet;
	int			outcome;		/* 0 up, 1 down */
	SimSide	side;
	int			price;			/* of its own token */
	int64_t		remaining;		/* shares */
	uint64_t	seq;			/* time priority, and identity of house quotes */
} BookOrder;

typedef struct Book
{
	BookOrder  *best[2];		/* [0] bids, highest first; [1] asks, lowest first */
	int64_t		depth[2][PRICE_ONE + 1];	/* shares per up-price */
	uint8_t		touched[2][PRICE_ONE + 1];
	uint16_t	touched_price[2][PRICE_ONE + 1];
	int			touched_count[2];
	uint64_t	next_seq;
} Book;

#define BOOK_BIDS 0
#define BOOK_ASKS 1

/* Where an order of that token and side is filed. */
static inline int
sim_book_list_of(int outcome, SimSide side)
{
	return (outcome == 0) == (side == SIDE_BUY) ? BOOK_BIDS : BOOK_ASKS;
}

/* Price of one token in terms of the other; its own inverse. */
static inline int
sim_price_in_up(int outcome, int price)
{
	return outcome == 0 ? price : PRICE_ONE - price;
}

extern void sim_book_insert(Book *book, BookOrder *order);
extern void sim_book_remove(Book *book, BookOrder *order);
extern void sim_book_reduce(Book *book, BookOrder *order, int64_t shares);

/* Best price of a list in up terms; 0 for no bid, PRICE_ONE for no ask. */
extern int	sim_book_best(const Book *book, int list);

/* Best prices as the holder of that token sees them; 0 and PRICE_ONE when empty. */
extern void sim_book_quote(const Book *book, int outcome, int *bid, int *ask);

/* Forgets which levels changed since the last call. */
extern void sim_book_clear_touched(Book *book);

/*
 * Smallest number of shares for which shares * price is a whole number of
 * micro-dollars; every fill is a multiple, so that money is always exact.
 */
extern int64_t sim_price_quantum(int price);
extern int64_t sim_shares_value(int64_t shares, int price);

typedef struct TakerTerms
{
	int			outcome;
	SimSide	side;
	int			limit;			/* worst price of its own token */
	int64_t		max_shares;		/* INT64_MAX: bounded by money alone */
	int64_t		max_money;		/* INT64_MAX: bounded by shares alone; buys only */
} TakerTerms;

typedef struct PlannedFill
{
	BookOrder  *maker;
	int			price;			/* of the taker's token */
	int64_t		shares;
	int64_t		money;			/* what the taker pays or receives, fee excluded */
} PlannedFill;

#define PLAN_FILLS_MAX 256

typedef struct MatchPlan
{
	PlannedFill fill[PLAN_FILLS_MAX];
	int			count;
	int64_t		shares;
	int64_t		money;
	bool		complete;		/* nothing that could still trade is left */
} MatchPlan;

extern bool sim_book_crosses(const Book *book, const TakerTerms *terms);
extern void sim_book_plan(const Book *book, const TakerTerms *terms, MatchPlan *plan);

/*
 * sim_taker_fee is shares * rate * price * (1 - price), floored to five
 * decimals as the venue does, in micro-dollars.
 *
 * Args:	rate_e6, 0.07 is 70000.
 */
extern int64_t sim_taker_fee(int64_t shares, int price, int64_t rate_e6);

#endif							/* ARBEES_SIM_BOOK_H */
