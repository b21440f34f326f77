/*-------------------------------------------------------------------------
 *
 * src/trade/book.c
 *	  What a portfolio has at work, by scope: a projection of its ledger.
 *
 * The books of this backend. A book follows the ledger row by row: what a row
 * says of its instrument and deployment, and the difference of its totals from
 * the row before, is all there is to know. Its memory is a context of its own,
 * dropped when a (sub)transaction whose rows it may hold is rolled back.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "compat.h"
#include "core/lock.h"
#include "miscadmin.h"
#include "trade/book_state.h"
#include "trade/order.h"
#include "trade/position.h"
#include "utils/fmgroids.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

/* Books a backend keeps; the one asked for longest ago makes room. Some 30 kB each, more with much at work. */
#define MAX_BOOKS 256

/* Rows to follow; whoever is further behind reads what is open instead. */
#define MAX_ROWS_BEHIND 1000

typedef struct BookSlot
{
	BookKey		key;
	Book	   *book;
} BookSlot;

static HTAB *books = NULL;
static uint64 uses = 0;

/* ---- forgetting ---- */

static void
forget(BookSlot *slot)
{
	Book	   *book = slot->book;

	hash_search(books, &slot->key, HASH_REMOVE, NULL);
	if (book != NULL)
		MemoryContextDelete(book->context);
}

/* After a subtransaction's end its locks may be gone: nothing is current. Forgets what it may have written. */
static void
end_of_subtransaction(SubXactEvent event, SubTransactionId my, SubTransactionId parent, void *arg)
{
	HASH_SEQ_STATUS status;
	BookSlot   *slot;

	if (event != SUBXACT_EVENT_ABORT_SUB)
		return;
	hash_seq_init(&status, books);
	while ((slot = hash_seq_search(&status)) != NULL)
	{
		if (slot->book != NULL)
			slot->book->current_in = InvalidLocalTransactionId;
		/* Of this one, or of one begun in it: numbers ascend. */
		if (slot->book == NULL || slot->book->touched_by >= my)
			forget(slot);
	}
}

/* A prepared transaction may still be rolled back, by others. */
static void
end_of_transaction(XactEvent event, void *arg)
{
	HASH_SEQ_STATUS status;
	BookSlot   *slot;
	bool		kept = event == XACT_EVENT_COMMIT;

	if (!kept && event != XACT_EVENT_ABORT && event != XACT_EVENT_PREPARE)
		return;
	hash_seq_init(&status, books);
	while ((slot = hash_seq_search(&status)) != NULL)
	{
		if (slot->book == NULL || (!kept && slot->book->touched_by != InvalidSubTransactionId))
		{
			forget(slot);
			continue;
		}
		slot->book->current_in = InvalidLocalTransactionId;
		slot->book->touched_by = InvalidSubTransactionId;
	}
}

/* From here on the book may hold rows that this subtransaction takes away when it is rolled back. */
static void
touch(Book *book)
{
	book->touched_by = Max(book->touched_by, GetCurrentSubTransactionId());
}

static void
make_room(void)
{
	HASH_SEQ_STATUS status;
	BookSlot   *slot;
	BookSlot   *oldest = NULL;

	if (hash_get_num_entries(books) < MAX_BOOKS)
		return;
	hash_seq_init(&status, books);
	while ((slot = hash_seq_search(&status)) != NULL)
		if (oldest == NULL || slot->book == NULL || slot->book->used < oldest->book->used)
		{
			oldest = slot;
			if (slot->book == NULL)
			{
				hash_seq_term(&status);
				break;
			}
		}
	forget(oldest);
}

static void
begin_books(void)
{
	HASHCTL		ctl = {0};

	ctl.keysize = sizeof(BookKey);
	ctl.entrysize = sizeof(BookSlot);
	books = hash_create("arbees books", 16, &ctl, HASH_ELEM | HASH_BLOBS);
	RegisterXactCallback(end_of_transaction, NULL);
	RegisterSubXactCallback(end_of_subtransaction, NULL);
}

/* ---- following the ledger ---- */

static void
follow(Book *book, const LedgerEntry *e)
{
	Exposure	change = {
		e->totals.cost_open - book->last.cost_open, e->reserved, e->qty,
		e->totals.open_positions - book->last.open_positions,
		e->totals.open_orders - book->last.open_orders
	};

	if (change.orders < 0)
		arb_book_order_remove(book, e->order_id);
	if (e->instrument_id != 0)
		arb_book_expose(book, e->deployment_id, e->instrument_id, &change);
	if (change.orders > 0)
		arb_book_order_add(book, e->order_id, e->deployment_id, e->instrument_id, &e->order, 0, 0);
	else if (e->order_id != 0 && e->qty != 0)
		arb_book_order_fill(book, e->order_id, e->qty, change.cost);
	if (e->deployment_id != 0)
	{
		BookDeployment *d = arb_book_deployment_entry(book, e->deployment_id);

		d->known = true;
		d->totals = e->deployment;
		d->day = e->totals.day;
		d->session = e->totals.session;
	}
	arb_book_recent_add(book, e);
	book->last = e->totals;
}

/* arb_book_apply lets a current book follow the row its own session wrote. */
void
arb_book_apply(Book *book, const LedgerEntry *entry)
{
	touch(book);
	book->changing = true;
	follow(book, entry);
	book->as_of = book->last;
	book->changing = false;
}

typedef struct Following
{
	Book	   *book;
	int			rows;
	bool		lost;			/* too far behind, or a row is missing */
} Following;

static bool
follow_row(const Row *row, void *arg)
{
	Following  *f = arg;
	LedgerEntry entry;
	int64		seq = DatumGetInt64(row->value[PORTFOLIO_LEDGER_seq]);

	/* A strict transaction must see the last known row, too: its snapshot may be an older one, imported. */
	if (seq == f->book->last.seq)
		return true;
	if (seq != f->book->last.seq + 1 || ++f->rows > MAX_ROWS_BEHIND)
	{
		f->lost = true;
		return false;
	}
	arb_ledger_entry_read(row, &entry);
	follow(f->book, &entry);
	return true;
}

/* Returns false when the book cannot follow and must be read anew. */
static bool
catch_up(Book *book, Table *table, Snapshot snapshot)
{
	Following	f = {book, 0, false};
	IndexKey	keys[] = {
		INT4_KEY(book->portfolio_id), INT8_FROM(book->last.seq + (IsolationUsesXactSnapshot() ? 0 : 1))
	};

	if (TransactionIdIsValid(GetTopTransactionIdIfAny()))
		touch(book);
	book->changing = true;
	arb_table_visit(table, "portfolio_ledger_pkey", 2, keys, ForwardScanDirection, snapshot, follow_row, &f);
	book->changing = f.lost;
	return !f.lost;
}

/* ---- reading what is open ---- */

static bool
load_position(const Row *row, void *arg)
{
	Exposure	e = {0};

	e.cost = arb_row_fixed(row, POSITIONS_cost);
	e.qty = arb_row_fixed(row, POSITIONS_qty);
	e.positions = arb_position_state(row) != POSITION_STATE_CLOSED ? 1 : 0;
	arb_book_expose(arg, DatumGetInt32(row->value[POSITIONS_deployment_id]),
					DatumGetInt32(row->value[POSITIONS_instrument_id]), &e);
	return true;
}

static bool
load_order(const Row *row, void *arg)
{
	int32		instrument_id = DatumGetInt32(row->value[ORDERS_instrument_id]);
	int32		deployment_id = DatumGetInt32(row->value[ORDERS_deployment_id]);
	OrderTerms	terms = arb_book_terms(row);
	Fixed		filled = arb_row_fixed(row, ORDERS_filled_qty);
	Exposure	e = {0};

	e.reserved = arb_row_fixed(row, ORDERS_reserved);
	e.orders = 1;
	arb_book_expose(arg, deployment_id, instrument_id, &e);
	arb_book_order_add(arg, DatumGetInt64(row->value[ORDERS_order_id]), deployment_id, instrument_id, &terms,
					   terms.side == SIDE_BUY ? filled : -filled, arb_row_fixed(row, ORDERS_filled_money));
	return true;
}

static void
load_open(Book *book, const TableDef *def, const char *index, RowVisitor visit, Snapshot snapshot)
{
	Table		table = arb_table_open(def, book->mode, AccessShareLock);
	IndexKey	keys[] = {INT4_KEY(book->portfolio_id)};

	arb_table_visit(&table, index, 1, keys, ForwardScanDirection, snapshot, visit, book);
	arb_table_close(&table);
}

static void
load(Book *book, Table *table, Snapshot snapshot)
{
	IndexKey	keys[] = {INT4_KEY(book->portfolio_id)};
	Row			row;

	book->changing = true;
	if (TransactionIdIsValid(GetTopTransactionIdIfAny()))
		touch(book);
	arb_book_scopes_init(book);
	arb_book_recent_init(book);
	if (arb_table_fetch(table, "portfolio_ledger_pkey", 1, keys, BackwardScanDirection, snapshot, &row))
	{
		LedgerEntry last;

		arb_ledger_entry_read(&row, &last);
		book->last = last.totals;
	}
	load_open(book, &positions_table, "positions_open_idx", load_position, snapshot);
	load_open(book, &positions_table, "positions_dust_idx", load_position, snapshot);
	load_open(book, &orders_table, "orders_working_idx", load_order, snapshot);
	book->changing = false;
}

/* ---- a book ---- */

static Book *
new_book(TradingMode mode, int32 portfolio_id, Table *table, Snapshot snapshot)
{
	BookKey		key = {mode, portfolio_id};
	MemoryContext context = AllocSetContextCreate(CacheMemoryContext, "arbees book", ALLOCSET_DEFAULT_SIZES);
	BookSlot   *slot;
	bool		found;

	make_room();
	slot = hash_search(books, &key, HASH_ENTER, &found);
	slot->book = NULL;
	slot->book = MemoryContextAllocZero(context, sizeof(Book));
	slot->book->context = context;
	slot->book->mode = mode;
	slot->book->portfolio_id = portfolio_id;
	slot->book->ledger = RelationGetRelid(table->rel);
	load(slot->book, table, snapshot);
	return slot->book;
}

static Book *
find_book(TradingMode mode, int32 portfolio_id)
{
	BookKey		key = {mode, portfolio_id};
	BookSlot   *slot;

	if (books == NULL)
		begin_books();
	slot = hash_search(books, &key, HASH_FIND, NULL);
	if (slot == NULL)
		return NULL;
	if (slot->book != NULL && !slot->book->changing)
		return slot->book;
	forget(slot);
	return NULL;
}

/* Reads up what the ledger says that the book does not know yet. */
static Book *
read_up(Book *book, TradingMode mode, int32 portfolio_id, Snapshot snapshot)
{
	/* Who holds the portfolio's lock mostly writes a row next: one lock then does for both. */
	Table		table = arb_table_open(&portfolio_ledger_table, mode,
									   arb_lock_portfolio_held(portfolio_id) ? RowExclusiveLock : AccessShareLock);
	Snapshot	own = snapshot == NULL ? arb_snapshot_begin() : NULL;

	if (own != NULL)
		snapshot = own;
	/* An extension installed anew has another ledger for the same number. */
	if (book != NULL &&
		(book->ledger != RelationGetRelid(table.rel) || !catch_up(book, &table, snapshot)))
	{
		book->changing = true;
		book = find_book(mode, portfolio_id);
	}
	if (book == NULL)
		book = new_book(mode, portfolio_id, &table, snapshot);
	if (own != NULL)
		arb_snapshot_end(own);
	arb_table_close(&table);
	return book;
}

Book *
arb_book(TradingMode mode, int32 portfolio_id, TimestampTz market_time, Snapshot snapshot)
{
	Book	   *book = find_book(mode, portfolio_id);
	bool		locked = arb_lock_portfolio_held(portfolio_id);

	if (book == NULL || !locked || book->current_in != ARB_MY_LXID)
	{
		book = read_up(book, mode, portfolio_id, snapshot);
		book->current_in = locked ? ARB_MY_LXID : InvalidLocalTransactionId;
	}
	book->changing = true;
	arb_book_refresh_keys(book);
	book->changing = false;
	book->used = ++uses;
	book->as_of = book->last;
	arb_ledger_roll(&book->as_of, arb_utc_day(market_time));
	return book;
}

const LedgerTotals *
arb_book_totals(const Book *book)
{
	return &book->as_of;
}

/* A deployment that did nothing since the book was opened is looked up once. */
static void
read_deployment(Book *book, BookDeployment *d)
{
	IndexKey	keys[] = {INT4_KEY(d->deployment_id)};
	Table		table = arb_table_open(&portfolio_ledger_table, book->mode, AccessShareLock);
	Snapshot	snapshot = arb_snapshot_begin();
	Row			row;

	if (arb_table_fetch(&table, "portfolio_ledger_deployment_idx", 1, keys, BackwardScanDirection, snapshot, &row))
	{
		LedgerEntry entry;

		arb_ledger_entry_read(&row, &entry);
		d->totals = entry.deployment;
		d->day = entry.totals.day;
		d->session = entry.totals.session;
	}
	d->known = true;
	arb_snapshot_end(snapshot);
	arb_table_close(&table);
}

DeploymentTotals
arb_book_deployment(Book *book, int32 deployment_id)
{
	BookDeployment *d = arb_book_deployment_entry(book, deployment_id);
	DeploymentTotals totals;

	if (!d->known)
		read_deployment(book, d);
	totals = d->totals;
	arb_deployment_roll(&totals, d->day, d->session, &book->as_of);
	return totals;
}
