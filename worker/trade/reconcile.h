/*-------------------------------------------------------------------------
 *
 * worker/trade/reconcile.h
 *	  One comparison of the venue's account with our books, while it runs.
 *
 * reconcile.c holds its course, reconcile_read.c reads the venue.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARBEES_TRADE_RECONCILE_H
#define ARBEES_TRADE_RECONCILE_H

#include "trade/desk.h"

typedef enum ReconcileStep
{
	RECONCILE_SETTLE = 1,		/* waiting for orders and redemptions in question */
	RECONCILE_READ,				/* a request, or a call, is under way */
	RECONCILE_TELL				/* waiting until the database has every fill */
} ReconcileStep;

typedef struct ReadHolding
{
	char		symbol[VENUE_SYMBOL_SIZE];
	int64_t		amount;			/* micro */
} ReadHolding;

typedef struct ReadMarket
{
	char		condition_id[VENUE_MARKET_SIZE];
	bool		listed;
	PmClobMarket market;
} ReadMarket;

typedef struct Reconciliation
{
	Trade	   *trade;
	const char *cause;
	ReconcileStep step;
	int64_t		id;
	int64_t		begun_ns;
	int64_t		settle_ns;		/* since when it waits for orders in question */
	int64_t		due_ns;			/* not before: the next look */
	int			looks;			/* that the database asked to be repeated */
	int			moves;			/* looks during which something moved */
	bool		incomplete;		/* an answer could not be read */

	/* what this look has read */
	void		(*ask) (struct Reconciliation *run);	/* the read under way */
	char		cursor[PM_CURSOR_SIZE];
	int			attempts;		/* of this read */
	int			pages;
	bool		refreshed;		/* the venue read this holding anew */
	uint64_t	activity;		/* when it began */
	uint64_t	failures;
	int64_t		since_s;		/* trades are read from here */
	int			rows_read;
	int			rows_refused;
	int64_t		cash;
	char		(*open_ids)[VENUE_ORDER_ID_SIZE];
	size_t		open_count;
	size_t		open_capacity;
	ReadHolding *holdings;
	size_t		holding_count;
	size_t		holding_capacity;
	size_t		next_holding;
	ReadMarket *markets;
	size_t		market_count;
	size_t		market_capacity;
	size_t		next_market;
} Reconciliation;

/* reconcile.c */
/* Every asynchronous step begins by asking whether its run still counts; one that does not is freed. */
extern bool arb_reconcile_still_on(Reconciliation *run);
/* It could not be finished: nothing is concluded, and it is begun again soon. */
extern void arb_reconcile_give_up(Reconciliation *run, const char *why);
/* Something was answered that nobody can read: told of, and concluded nothing from. */
extern void arb_reconcile_incomplete(Reconciliation *run, const char *why);
/* Everything is read. */
extern void arb_reconcile_is_read(Reconciliation *run);

/* reconcile_read.c */
extern void arb_reconcile_read(Reconciliation *run);
extern bool arb_reconcile_add_symbol(Reconciliation *run, const char *symbol);
extern bool arb_reconcile_add_market(Reconciliation *run, const char *condition_id);
extern void arb_reconcile_forget_look(Reconciliation *run);

#endif							/* ARBEES_TRADE_RECONCILE_H */
