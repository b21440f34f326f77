/*-------------------------------------------------------------------------
 *
 * src/trade/book_recent.c
 *	  A book's last entry orders: how many messages, which were the same.
 *
 * A ring that grows to BOOK_RECENT_MAX orders. It is complete from a time on;
 * a question about an earlier time reads the ledger backwards to there, once.
 *
 * Times are the market's, so that a recorded session counts the same whenever it
 * is traded again. An order that waited for the portfolio's lock may be older than
 * one before it; it counts as made with that one, so that the ring ascends.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "safety/gate.h"
#include "trade/book_state.h"
#include "trade/order.h"
#include "utils/fmgroids.h"
#include "utils/memutils.h"

#define FIRST_SIZE 64

/* Whoever waited longer than this for a portfolio's lock orders nothing any more: its quotes are stale. */
#define LONGEST_WAIT (10 * USECS_PER_SEC)

static RecentOrder *
nth(const RecentOrders *r, int n)
{
	return &r->ring[(r->first + n) & (r->size - 1)];
}

void
arb_book_recent_init(Book *book)
{
	RecentOrders *r = &book->recent;

	r->size = FIRST_SIZE;
	r->ring = MemoryContextAlloc(book->context, sizeof(RecentOrder) * r->size);
	r->first = r->count = 0;
	r->complete_from = DT_NOEND;
	r->counted_since = DT_NOEND;
}

static void
grow(Book *book)
{
	RecentOrders *r = &book->recent;
	RecentOrder *larger = MemoryContextAlloc(book->context, sizeof(RecentOrder) * r->size * 2);
	int			n;

	for (n = 0; n < r->count; n++)
		larger[n] = *nth(r, n);
	pfree(r->ring);
	r->ring = larger;
	r->first = 0;
	r->size *= 2;
}

static void
append(Book *book, const RecentOrder *order)
{
	RecentOrders *r = &book->recent;

	arb_book_deployment_entry(book, order->deployment_id)->messages++;
	if (r->count == r->size && r->size < BOOK_RECENT_MAX)
		grow(book);
	if (r->count == r->size)
	{
		/* The oldest goes; nothing is known of its time any more. */
		r->complete_from = Max(r->complete_from, nth(r, 0)->at + 1);
		if (r->uncounted > 0)
			r->uncounted--;
		else
			r->counted_since = DT_NOEND;
		r->first = (r->first + 1) & (r->size - 1);
		r->count--;
	}
	*nth(r, r->count) = *order;
	if (r->count > 0)
		nth(r, r->count)->at = Max(order->at, nth(r, r->count - 1)->at);
	r->count++;
}

/* Entries buy, and reserve what they may cost; exits reserve nothing. */
static bool
is_entry_order(const LedgerEntry *e)
{
	return e->kind == LEDGER_RESERVE && e->reserved > 0;
}

static RecentOrder
recent_order(const LedgerEntry *e)
{
	RecentOrder order = {0};

	order.at = e->market_time;
	order.order_id = e->order_id;
	order.deployment_id = e->deployment_id;
	order.instrument_id = e->instrument_id;
	order.asked = e->asked;
	return order;
}

/* arb_book_recent_add takes note of a ledger row that comes after all that are known. */
void
arb_book_recent_add(Book *book, const LedgerEntry *entry)
{
	RecentOrder order;

	if (!is_entry_order(entry))
		return;
	/* The first known: after it nothing is missed; before it there may be more of the same time. */
	if (book->recent.complete_from == DT_NOEND)
		book->recent.complete_from = entry->market_time + 1;
	order = recent_order(entry);
	append(book, &order);
}

/* ---- reading backwards ---- */

typedef struct Backwards
{
	RecentOrder *orders;		/* the latest first */
	int			size;
	int			count;
	TimestampTz since;
} Backwards;

static bool
collect(const Row *row, void *arg)
{
	Backwards  *b = arg;
	LedgerEntry entry;

	arb_ledger_entry_read(row, &entry);
	if (entry.market_time < b->since - LONGEST_WAIT)
		return false;
	if (!is_entry_order(&entry))
		return true;
	if (b->count == b->size)
	{
		b->size *= 2;
		b->orders = repalloc(b->orders, sizeof(RecentOrder) * b->size);
	}
	b->orders[b->count++] = recent_order(&entry);
	return b->count < BOOK_RECENT_MAX;
}

static void
read_back(Book *book, TimestampTz since)
{
	Backwards	b = {palloc(sizeof(RecentOrder) * FIRST_SIZE), FIRST_SIZE, 0, since};
	Table		table = arb_table_open(&portfolio_ledger_table, book->mode, AccessShareLock);
	IndexKey	keys[] = {INT4_KEY(book->portfolio_id)};
	Snapshot	snapshot = arb_snapshot_begin();

	arb_table_visit(&table, "portfolio_ledger_pkey", 1, keys, BackwardScanDirection, snapshot, collect, &b);
	arb_snapshot_end(snapshot);
	arb_table_close(&table);
	book->recent.first = book->recent.count = 0;
	book->recent.counted_since = DT_NOEND;
	book->recent.complete_from = b.count < BOOK_RECENT_MAX ? since : b.orders[b.count - 1].at + 1;
	while (b.count > 0)
		append(book, &b.orders[--b.count]);
	pfree(b.orders);
}

/* Returns false when more orders were made since then than the ring holds. */
static bool
complete_since(Book *book, TimestampTz since)
{
	if (book->recent.complete_from > since && book->recent.count < BOOK_RECENT_MAX)
		read_back(book, since);
	return book->recent.complete_from <= since;
}

/* ---- questions ---- */

static void
count_anew(Book *book, TimestampTz since)
{
	RecentOrders *r = &book->recent;
	HASH_SEQ_STATUS status;
	BookDeployment *d;

	hash_seq_init(&status, book->deployments);
	while ((d = hash_seq_search(&status)) != NULL)
		d->messages = 0;
	for (r->uncounted = r->count; r->uncounted > 0 && nth(r, r->uncounted - 1)->at >= since; r->uncounted--)
		arb_book_deployment_entry(book, nth(r, r->uncounted - 1)->deployment_id)->messages++;
}

/* Lets the counts begin at a time: it moves with the clock, so that each order is counted once and forgotten once. */
static void
count_since(Book *book, TimestampTz since)
{
	RecentOrders *r = &book->recent;

	if (since < r->counted_since)
		count_anew(book, since);
	else
		for (; r->uncounted < r->count && nth(r, r->uncounted)->at < since; r->uncounted++)
			arb_book_deployment_entry(book, nth(r, r->uncounted)->deployment_id)->messages--;
	r->counted_since = since;
}

int
arb_book_messages(Book *book, int32 deployment_id, TimestampTz since)
{
	RecentOrders *r = &book->recent;

	if (!complete_since(book, since))
		return PG_INT32_MAX;
	count_since(book, since);
	return deployment_id == 0 ? r->count - r->uncounted : arb_book_deployment_entry(book, deployment_id)->messages;
}

/* The signal behind an order, as its decision stores it; the order itself when an older version stored that. */
static OrderTerms
read_asked(TradingMode mode, const Row *order)
{
	OrderTerms	terms = arb_book_terms(order);
	Table		table = arb_table_open(&decisions_table, mode, AccessShareLock);
	IndexKey	keys[] = {INT8_KEY(DatumGetInt64(order->value[ORDERS_decision_id]))};
	Snapshot	snapshot = arb_snapshot_begin();
	Row			row;

	if (arb_table_fetch(&table, "decisions_pkey", 1, keys, ForwardScanDirection, snapshot, &row) &&
		DatumGetInt16(row.value[DECISIONS_gate_version]) == GATE_VERSION)
	{
		GateInput	in;

		arb_gate_decode(DatumGetByteaPP(row.value[DECISIONS_input]), (int64 *) &in, GateInputCount);
		terms.amount = in.amount;
		terms.limit_price = in.limit_price;
	}
	arb_snapshot_end(snapshot);
	arb_table_close(&table);
	return terms;
}

static bool
asked_the_same(Book *book, RecentOrder *order, const OrderTerms *terms)
{
	Row			row;

	/* What another session ordered is read when somebody asks. */
	if (!order->asked.known && arb_order_read(book->mode, order->order_id, &row))
		order->asked = read_asked(book->mode, &row);
	return order->asked.side == terms->side && order->asked.amount_kind == terms->amount_kind &&
		order->asked.amount == terms->amount && order->asked.limit_price == terms->limit_price;
}

int
arb_book_duplicates(Book *book, int32 deployment_id, int32 instrument_id, OrderSide side,
					AmountKind amount_kind, Fixed amount, Fixed limit_price, TimestampTz since)
{
	RecentOrders *r = &book->recent;
	OrderTerms	terms = {true, side, amount_kind, 0, amount, limit_price};
	int			count = 0;
	int			n;

	(void) complete_since(book, since);
	for (n = r->count - 1; n >= 0 && nth(r, n)->at >= since; n--)
		if (nth(r, n)->instrument_id == instrument_id && nth(r, n)->deployment_id == deployment_id &&
			asked_the_same(book, nth(r, n), &terms))
			count++;
	return count;
}
