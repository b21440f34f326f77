/*-------------------------------------------------------------------------
 *
 * src/trade/book.h
 *	  What a portfolio has at work, by scope: a projection of its ledger.
 *
 * A backend keeps the book of a portfolio in memory and catches it up under the
 * portfolio's lock: it reads the ledger rows after the last it knows (usually
 * none, or the few that other sessions wrote), never history. A book that is not
 * there yet is built from the ledger's last rows, the open positions and the
 * working orders. A rolled-back (sub)transaction forgets the books it touched.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARB_BOOK_H
#define ARB_BOOK_H

#include "postgres.h"
#include "trade/ledger.h"

typedef enum BookScope
{
	BOOK_INSTRUMENT = 1,		/* key: instrument_id */
	BOOK_WINDOW,				/* key: window_id */
	BOOK_DEPLOYMENT,			/* key: deployment_id */
	BOOK_SECTOR,				/* key: arb_book_text_key(sector) */
	BOOK_GROUP					/* key: arb_book_text_key(correlation group) */
} BookScope;

/* What is at work in a scope; zero where nothing is. */
typedef struct Exposure
{
	Fixed		cost;			/* dollars paid for what is held */
	Fixed		reserved;		/* dollars reserved by working entries */
	Fixed		qty;			/* shares held */
	int			positions;		/* not closed */
	int			orders;			/* working */
} Exposure;

typedef struct Book Book;

extern Book *arb_book(TradingMode mode, int32 portfolio_id, TimestampTz market_time, Snapshot snapshot);
extern const LedgerTotals *arb_book_totals(const Book *book);
extern DeploymentTotals arb_book_deployment(const Book *book, int32 deployment_id);
extern Exposure arb_book_exposure(const Book *book, BookScope scope, int64 key);
extern int64 arb_book_text_key(const char *text);

/* Signed dollars at work: +1 for what gains with its underlying, -1 for a DOWN share. */
extern Fixed arb_book_net(const Book *book);

/* Instruments in which a deployment has something at work. */
extern int	arb_book_instruments(const Book *book, int32 deployment_id);

/* Entry orders made since a time (wall clock); deployment_id 0 = by all. */
extern int	arb_book_messages(const Book *book, int32 deployment_id, TimestampTz since);

/* Entry orders of the same content made since a time (wall clock). */
extern int	arb_book_duplicates(const Book *book, int32 deployment_id, int32 instrument_id, OrderSide side,
								AmountKind amount_kind, Fixed amount, Fixed limit_price, TimestampTz since);

#endif							/* ARB_BOOK_H */
