/*-------------------------------------------------------------------------
 *
 * src/trade/book_state.h
 *	  What a book is made of; for trade/book*.c only.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARB_BOOK_STATE_H
#define ARB_BOOK_STATE_H

#include "postgres.h"
#include "lib/ilist.h"
#include "storage/proc.h"
#include "trade/book.h"
#include "utils/hsearch.h"

/* Beside the scopes of book.h: one deployment in one instrument. */
#define BOOK_DEPLOYMENT_INSTRUMENT (BOOK_GROUP + 1)

typedef struct ExposureKey
{
	int64		key;
	int64		scope;			/* as wide as the key: no padding to hash */
} ExposureKey;

typedef struct ExposureEntry
{
	ExposureKey key;
	Exposure	exposure;
} ExposureEntry;

/* An instrument with something at work. */
typedef struct BookInstrument
{
	int32		instrument_id;
	int32		direction;
	int64		window_id;
	int64		sector;
	int64		group;
	dlist_head	orders;			/* BookOrder, working */
} BookInstrument;

typedef struct BookOrder
{
	int64		order_id;
	dlist_node	node;
	int32		deployment_id;
	OrderTerms	terms;
	Fixed		filled;			/* shares; less than nothing for a sale */
	Fixed		filled_money;	/* dollars a buy has spent */
} BookOrder;

typedef struct BookDeployment
{
	int32		deployment_id;
	int			instruments;
	int			messages;		/* its orders among those counted */
	bool		known;			/* the rest was read */
	DateADT		day;			/* of its last row */
	int			session;
	DeploymentTotals totals;
} BookDeployment;

typedef struct RecentOrder
{
	TimestampTz at;
	int64		order_id;
	int32		deployment_id;
	int32		instrument_id;
	OrderTerms	asked;
} RecentOrder;

/* The last entry orders, a ring; complete from a time on. */
typedef struct RecentOrders
{
	RecentOrder *ring;
	int			size;			/* allocated, a power of two */
	int			first;			/* the oldest */
	int			count;
	TimestampTz complete_from;
	TimestampTz counted_since;	/* DT_NOEND: they are to be counted */
	int			uncounted;		/* the oldest of the ring, made before that */
} RecentOrders;

typedef struct BookKey
{
	int32		mode;
	int32		portfolio_id;
} BookKey;

struct Book
{
	TradingMode mode;
	int32		portfolio_id;
	Oid			ledger;			/* the leaf it was read from */
	MemoryContext context;
	LedgerTotals last;			/* of the last row */
	LedgerTotals as_of;			/* the same at the market time asked for */
	Fixed		net;
	HTAB	   *exposures;
	HTAB	   *instruments;
	HTAB	   *orders;
	HTAB	   *deployments;
	RecentOrders recent;
	uint32		keys_read;		/* generation of the instruments' keys */
	bool		changing;		/* an error that finds this set leaves a book nobody may read */
	uint64		used;			/* when, for the eviction */
	LocalTransactionId current_in;	/* nobody else can have written since, in this transaction */
	SubTransactionId touched_by;	/* may hold rows of this transaction's, latest; 0 = no */
};

/* book_scopes.c */
extern void arb_book_scopes_init(Book *book);
extern void arb_book_expose(Book *book, int32 deployment_id, int32 instrument_id, const Exposure *change);
extern void arb_book_order_add(Book *book, int64 order_id, int32 deployment_id, int32 instrument_id,
							   const OrderTerms *terms, Fixed filled, Fixed filled_money);
extern void arb_book_order_fill(Book *book, int64 order_id, Fixed qty, Fixed money);
extern void arb_book_order_remove(Book *book, int64 order_id);
extern void arb_book_refresh_keys(Book *book);
extern BookDeployment *arb_book_deployment_entry(Book *book, int32 deployment_id);
extern OrderTerms arb_book_terms(const Row *order);

/* book_recent.c */
extern void arb_book_recent_init(Book *book);
extern void arb_book_recent_add(Book *book, const LedgerEntry *entry);

#endif							/* ARB_BOOK_STATE_H */
