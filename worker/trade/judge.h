/*-------------------------------------------------------------------------
 *
 * worker/trade/judge.h
 *	  What three questions about one order, answered together, prove.
 *
 * Pure.  The questions: the order by its id, the open orders, the trades.  One
 * round is complete when all three were answered in full and do not contradict
 * each other.  Absence alone proves nothing: a finished order is not listed, a fresh one may not be yet.
 * So absence must be said by several complete rounds, spread over time, the
 * last of them after nothing of ours can still be on its way.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARBEES_TRADE_JUDGE_H
#define ARBEES_TRADE_JUDGE_H

#include <stdbool.h>
#include <stdint.h>

#include "trade/classify.h"
#include "venue/polymarket/parse.h"

/* Complete rounds that must agree on absence, and the time they must span. */
#define EVIDENCE_ROUNDS 3
#define EVIDENCE_SPREAD_NS INT64_C(2000000000)

/* Rounds that agreed so far; a round that differs starts over. */
typedef struct Evidence
{
	int			rounds;
	int64_t		first_ns;
	int64_t		matched;		/* what they agree on, micro shares */
} Evidence;

typedef struct Round
{
	bool		complete;		/* all three questions answered in full */
	bool		stream_open;	/* the user channel was open all the while: its silence counts */
	PmLookup	lookup;			/* the order by id */
	PmOrderStatus status;		/* when found */
	int64_t		size_matched;	/* when found, micro */
	bool		listed_open;
	int64_t		traded;			/* sum of our fills among the trades, voided ones left out, micro */
} Round;

typedef struct OrderStanding
{
	bool		known_accepted;	/* the venue once said it has the order */
	int64_t		quiet_from_ns;	/* from here on nothing of ours is on its way (send deadline) */
} OrderStanding;

typedef struct Judgement
{
	OrderReport report;			/* NONE: ask again */
	int64_t		venue_qty;		/* micro, -1 = unsaid */
	bool		settled;		/* trades known to us reach venue_qty */
} Judgement;

extern void arb_evidence_init(Evidence *evidence);

/*
 * arb_evidence_add counts a complete round that found the order neither by id
 * nor open; true when the rounds suffice.
 */
extern bool arb_evidence_add(Evidence *evidence, int64_t now_ns, int64_t quiet_from_ns, int64_t matched);

/* arb_judge_round draws the conclusion of one round and keeps the evidence. */
extern Judgement arb_judge_round(const Round *round, const OrderStanding *standing, int64_t now_ns,
								 Evidence *evidence);

#endif							/* ARBEES_TRADE_JUDGE_H */
