/*-------------------------------------------------------------------------
 *
 * worker/trade/budget.h
 *	  What the venue lets us send, and who of us comes first.
 *
 * Pure: the caller brings the time.  A token bucket each for orders, cancels,
 * balances and requests of any kind.  Cancels come before exits before entries
 * before questions: who comes later leaves a reserve for who comes first.
 *
 * What the venue refuses for a while (too many requests, a restart, a pause of
 * trading) is a halt of that class: it ends by itself, the next order is the
 * probe, and each refusal in a row makes the next halt twice as long.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARBEES_TRADE_BUDGET_H
#define ARBEES_TRADE_BUDGET_H

#include <stdbool.h>
#include <stdint.h>

#include "net/ratelimit.h"
#include "venue/venue.h"

typedef enum BudgetUse
{
	BUDGET_CANCEL = 0,
	BUDGET_EXIT,
	BUDGET_ENTRY,
	BUDGET_ASK,					/* reading: one request each */
	BUDGET_BALANCE,				/* reading the balance for an entry */
	BUDGET_USES
} BudgetUse;

typedef enum BudgetHalt
{
	BUDGET_HALT_NONE = 0,
	BUDGET_HALT_RATE_LIMITED,
	BUDGET_HALT_RESTARTING,
	BUDGET_HALT_DISABLED,
	BUDGET_HALT_CANCEL_ONLY,
	BUDGET_HALT_POST_ONLY
} BudgetHalt;

/* Entries and exits wait together: the venue does not tell them apart. */
typedef enum BudgetClass
{
	BUDGET_CLASS_ORDERS = 0,
	BUDGET_CLASS_CANCELS,
	BUDGET_CLASS_QUESTIONS,
	BUDGET_CLASSES
} BudgetClass;

typedef struct BudgetPause
{
	BudgetHalt	why;
	int64_t		until_ns;
	int			refusals;		/* in a row */
} BudgetPause;

typedef struct Budget
{
	VenueLimits limits;
	RateLimit	orders;
	RateLimit	cancels;
	RateLimit	requests;
	RateLimit	balances;
	BudgetPause pause[BUDGET_CLASSES];
} Budget;

extern void arb_budget_init(Budget *budget, const VenueLimits *limits);

/* arb_budget_wait_ns returns how long a use of that cost has to wait; 0 = not at all, INT64_MAX = it is never possible. */
extern int64_t arb_budget_wait_ns(Budget *budget, BudgetUse use, int cost, int64_t now_ns);

/* arb_budget_take takes what a use costs; false, and nothing taken, when it has to wait. */
extern bool arb_budget_take(Budget *budget, BudgetUse use, int cost, int64_t now_ns);

/* arb_budget_cancels returns how many cancels may go out now, at most so many. */
extern int	arb_budget_cancels(Budget *budget, int most, int64_t now_ns);

/* arb_budget_refused begins or prolongs a halt; retry_after_s 0 when the venue named no time. */
extern void arb_budget_refused(Budget *budget, BudgetUse use, BudgetHalt why, int retry_after_s, int64_t now_ns);
/* arb_budget_served forgets past refusals: the venue took one. A halt that still holds goes on. */
extern void arb_budget_served(Budget *budget, BudgetUse use, int64_t now_ns);

/* arb_budget_learn takes the venue's word on what is left; text NULL when it said nothing. */
extern void arb_budget_learn(Budget *budget, BudgetUse use, const char *text, int64_t now_ns);

/* The halt a venue's refusal means: its HTTP status, or the stable code of a PostAnswer ("" for none). */
extern BudgetHalt arb_budget_halt_of(int http_status, const char *code);

/* The venue takes new orders, as far as we know: it is not restarting, disabled, cancel-only or post-only. */
extern bool arb_budget_takes_orders(const Budget *budget, int64_t now_ns);

/* arb_budget_reason returns why a use has to wait, for the order's row. */
extern const char *arb_budget_reason(const Budget *budget, BudgetUse use, int64_t now_ns);

#endif							/* ARBEES_TRADE_BUDGET_H */
