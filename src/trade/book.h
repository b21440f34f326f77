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
 * A book belongs to the session that reads it; sessions share nothing but the
 * tables. A pointer to one is good until the next call of arb_book() or the end
 * of the (sub)transaction.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARB_BOOK_H
#define ARB_BOOK_H

#include "postgres.h"
#include "core/columns.h"
#include "trade/ledger.h"
#include "utils/snapshot.h"

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

/*
 * The book as of a market time. Under the portfolio's lock it is read up once and
 * stays current for the transaction; without, each call reads what is new.
 * snapshot: taken after the caller's locks; NULL = the book takes one when it needs it.
 */
extern Book *arb_book(TradingMode mode, int32 portfolio_id, TimestampTz market_time, Snapshot snapshot);
extern const LedgerTotals *arb_book_totals(const Book *book);
extern DeploymentTotals arb_book_deployment(Book *book, int32 deployment_id);
extern Exposure arb_book_exposure(const Book *book, BookScope scope, int64 key);

/* The keys of scopes an instrument belongs to; 0 = none. */
extern int64 arb_book_text_key(const char *name);
extern void arb_book_keys(const Row *instrument, int64 *sector, int64 *group);

/* Signed dollars at work: +1 for what gains with its underlying, -1 for a DOWN share. */
extern Fixed arb_book_net(const Book *book);
extern int	arb_book_direction(Book *book, int32 instrument_id);

/* Instruments in which a deployment has something open: a position or an order. */
extern int	arb_book_instruments(const Book *book, int32 deployment_id);
extern bool arb_book_trades_instrument(const Book *book, int32 deployment_id, int32 instrument_id);

/* What a deployment has at work in an instrument, and the shares its working orders may still add to that or take from it. */
extern Exposure arb_book_held(const Book *book, int32 deployment_id, int32 instrument_id);
extern Fixed arb_book_change_at_work(Book *book, int32 deployment_id, int32 instrument_id);

/* The best price at which an order of ours may rest on a side of an instrument; FIXED_NULL = none. */
extern Fixed arb_book_resting_price(Book *book, int32 instrument_id, OrderSide side);

/* Shares that working orders may still buy of an instrument; FIXED_NULL when that does not fit. */
extern Fixed arb_book_working_qty(Book *book, int32 instrument_id);

/*
 * Entry orders made since a time of the market; deployment_id 0 = by all. A
 * portfolio that made more than BOOK_RECENT_MAX since then made too many to count:
 * PG_INT32_MAX.
 */
#define BOOK_RECENT_MAX 4096
extern int	arb_book_messages(Book *book, int32 deployment_id, TimestampTz since);

/* Entry orders whose signal asked for the same since a time of the market, among the last BOOK_RECENT_MAX. */
extern int	arb_book_duplicates(Book *book, int32 deployment_id, int32 instrument_id, OrderSide side,
								AmountKind amount_kind, Fixed amount, Fixed limit_price, TimestampTz since);

/* For the ledger alone: the row just written. */
extern void arb_book_apply(Book *book, const LedgerEntry *entry);

#endif							/* ARB_BOOK_H */
