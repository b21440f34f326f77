/*-------------------------------------------------------------------------
 *
 * src/trade/book_scopes.c
 *	  A book's exposures by scope, and its working orders by instrument.
 *
 * Only what is at work is kept: an entry that comes to nothing goes.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "core/catalog.h"
#include "core/relcache.h"
#include "market/instrument.h"
#include "safety/sums.h"
#include "trade/book_state.h"
#include "trade/order.h"
#include "utils/builtins.h"
#include "utils/inval.h"
#include "utils/memutils.h"

/* Raised whenever an instrument may have moved to another sector or group. */
static uint32 keys_generation = 1;
static Oid	instruments_relid = InvalidOid;

static void
note_instruments_change(Datum arg, Oid relid)
{
	if (relid == InvalidOid || relid == instruments_relid)
		keys_generation++;
}

/* ---- keys ---- */

/* arb_book_text_key is hashtextextended(name, 0), but never 0, which stands for none. */
int64
arb_book_text_key(const char *name)
{
	uint64		key = hash_bytes_extended((const unsigned char *) name, (int) strlen(name), 0);

	return key == 0 ? 1 : (int64) key;
}

static int64
key_at(const Row *instrument, int column)
{
	return instrument->null[column] ? 0 : arb_book_text_key(TextDatumGetCString(instrument->value[column]));
}

/* arb_book_keys tells the sector and the correlation group of an instrument. */
void
arb_book_keys(const Row *instrument, int64 *sector, int64 *group)
{
	*sector = key_at(instrument, INSTRUMENTS_sector);
	*group = key_at(instrument, INSTRUMENTS_correlation_group);
	/* Windows on one underlying move together, whoever says nothing else. */
	if (*group == 0 && !instrument->null[INSTRUMENTS_window_id])
		*group = key_at(instrument, INSTRUMENTS_underlying);
}

static void
read_keys(BookInstrument *i, const Row *row)
{
	i->direction = arb_instrument_direction(row);
	i->window_id = row->null[INSTRUMENTS_window_id] ? 0 : DatumGetInt64(row->value[INSTRUMENTS_window_id]);
	arb_book_keys(row, &i->sector, &i->group);
}

/* ---- entries ---- */

static HTAB *
make_hash(Book *book, const char *name, Size keysize, Size entrysize)
{
	HASHCTL		ctl = {0};

	ctl.keysize = keysize;
	ctl.entrysize = entrysize;
	ctl.hcxt = book->context;
	return hash_create(name, 64, &ctl, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
}

void
arb_book_scopes_init(Book *book)
{
	static bool registered = false;

	if (!registered)
	{
		arb_relcache_callback(note_instruments_change);
		registered = true;
	}
	instruments_relid = arb_catalog_relation("instruments");
	book->exposures = make_hash(book, "arbees exposures", sizeof(ExposureKey), sizeof(ExposureEntry));
	book->instruments = make_hash(book, "arbees instruments at work", sizeof(int32), sizeof(BookInstrument));
	book->orders = make_hash(book, "arbees working orders", sizeof(int64), sizeof(BookOrder));
	book->deployments = make_hash(book, "arbees deployments", sizeof(int32), sizeof(BookDeployment));
	book->keys_read = keys_generation;
}

static BookInstrument *
instrument_entry(Book *book, int32 instrument_id)
{
	BookInstrument *i = hash_search(book->instruments, &instrument_id, HASH_FIND, NULL);
	Row			row;

	if (i != NULL)
		return i;
	/* Read first: what fails must leave no half-made entry. */
	arb_instrument_read(instrument_id, &row);
	i = hash_search(book->instruments, &instrument_id, HASH_ENTER, NULL);
	read_keys(i, &row);
	dlist_init(&i->orders);
	return i;
}

BookDeployment *
arb_book_deployment_entry(Book *book, int32 deployment_id)
{
	bool		found;
	BookDeployment *d = hash_search(book->deployments, &deployment_id, HASH_ENTER, &found);

	if (!found)
	{
		memset(d, 0, sizeof(*d));
		d->deployment_id = deployment_id;
	}
	return d;
}

static bool
nothing(const Exposure *e)
{
	return e->cost == 0 && e->reserved == 0 && e->qty == 0 && e->positions == 0 && e->orders == 0;
}

static bool
something_open(const Exposure *e)
{
	return e->positions != 0 || e->orders != 0;
}

/* Sums may wrap around: then they wrap back, too. */
static void
add_to(Exposure *e, const Exposure *change)
{
	e->cost += change->cost;
	e->reserved += change->reserved;
	e->qty += change->qty;
	e->positions += change->positions;
	e->orders += change->orders;
}

/* Returns the change of the number of scopes with something open: -1, 0 or 1. */
static int
add_to_scope(Book *book, int scope, int64 key, const Exposure *change)
{
	ExposureKey k = {key, scope};
	ExposureEntry *entry;
	bool		found;
	bool		before;
	bool		after;

	if (key == 0)
		return 0;
	entry = hash_search(book->exposures, &k, HASH_ENTER, &found);
	if (!found)
		memset(&entry->exposure, 0, sizeof(entry->exposure));
	before = something_open(&entry->exposure);
	add_to(&entry->exposure, change);
	after = something_open(&entry->exposure);
	if (nothing(&entry->exposure))
		hash_search(book->exposures, &k, HASH_REMOVE, NULL);
	return (int) after - (int) before;
}

static int64
pair_key(int32 deployment_id, int32 instrument_id)
{
	return ((int64) deployment_id << 32) | (uint32) instrument_id;
}

/* arb_book_expose adds to everything an instrument and a deployment count in. */
void
arb_book_expose(Book *book, int32 deployment_id, int32 instrument_id, const Exposure *change)
{
	BookInstrument *i = instrument_entry(book, instrument_id);

	book->net += i->direction * (change->cost + change->reserved);
	add_to_scope(book, BOOK_WINDOW, i->window_id, change);
	add_to_scope(book, BOOK_SECTOR, i->sector, change);
	add_to_scope(book, BOOK_GROUP, i->group, change);
	add_to_scope(book, BOOK_INSTRUMENT, instrument_id, change);
	if (deployment_id != 0)
	{
		add_to_scope(book, BOOK_DEPLOYMENT, deployment_id, change);
		arb_book_deployment_entry(book, deployment_id)->instruments +=
			add_to_scope(book, BOOK_DEPLOYMENT_INSTRUMENT, pair_key(deployment_id, instrument_id), change);
	}
	if (dlist_is_empty(&i->orders))
	{
		Exposure	left = arb_book_exposure(book, BOOK_INSTRUMENT, instrument_id);

		if (nothing(&left))
			hash_search(book->instruments, &instrument_id, HASH_REMOVE, NULL);
	}
}

/* arb_book_refresh_keys moves what an instrument has at work when its sector or group changed. */
void
arb_book_refresh_keys(Book *book)
{
	HASH_SEQ_STATUS status;
	BookInstrument *i;

	if (book->keys_read == keys_generation)
		return;
	book->keys_read = keys_generation;
	hash_seq_init(&status, book->instruments);
	while ((i = hash_seq_search(&status)) != NULL)
	{
		Exposure	at_work = arb_book_exposure(book, BOOK_INSTRUMENT, i->instrument_id);
		Exposure	gone = {-at_work.cost, -at_work.reserved, -at_work.qty, -at_work.positions, -at_work.orders};
		Row			row;
		BookInstrument old = *i;

		arb_instrument_read(i->instrument_id, &row);
		read_keys(i, &row);
		if (i->sector != old.sector)
		{
			add_to_scope(book, BOOK_SECTOR, old.sector, &gone);
			add_to_scope(book, BOOK_SECTOR, i->sector, &at_work);
		}
		if (i->group != old.group)
		{
			add_to_scope(book, BOOK_GROUP, old.group, &gone);
			add_to_scope(book, BOOK_GROUP, i->group, &at_work);
		}
	}
}

/* ---- working orders ---- */

OrderTerms
arb_book_terms(const Row *order)
{
	OrderTerms	terms;

	terms.known = true;
	terms.side = arb_label_value(LABEL_SIDE, DatumGetObjectId(order->value[ORDERS_side]));
	terms.amount_kind = arb_label_value(LABEL_AMOUNT_KIND, DatumGetObjectId(order->value[ORDERS_amount_kind]));
	terms.time_in_force = arb_label_value(LABEL_TIME_IN_FORCE, DatumGetObjectId(order->value[ORDERS_time_in_force]));
	terms.amount = arb_row_fixed(order, ORDERS_amount);
	terms.limit_price = arb_row_fixed(order, ORDERS_limit_price);
	return terms;
}

/* The instrument is exposed to the order already. */
void
arb_book_order_add(Book *book, int64 order_id, int32 deployment_id, int32 instrument_id, const OrderTerms *terms,
				   Fixed filled, Fixed filled_money)
{
	BookInstrument *i = hash_search(book->instruments, &instrument_id, HASH_FIND, NULL);
	BookOrder  *order;
	bool		found;

	if (i == NULL)
		elog(ERROR, "book has no instrument %d for order " INT64_FORMAT, instrument_id, order_id);
	order = hash_search(book->orders, &order_id, HASH_ENTER, &found);
	order->deployment_id = deployment_id;
	order->terms = *terms;
	order->filled = filled;
	order->filled_money = filled_money;
	if (!found)
		dlist_push_tail(&i->orders, &order->node);
}

/* Shares and dollars a buy gained and spent, or those of a fill taken back; what a sale gave has the opposite sign. */
void
arb_book_order_fill(Book *book, int64 order_id, Fixed qty, Fixed money)
{
	BookOrder  *order = hash_search(book->orders, &order_id, HASH_FIND, NULL);

	if (order == NULL)
		return;
	order->filled += qty;
	order->filled_money += money;
}

void
arb_book_order_remove(Book *book, int64 order_id)
{
	BookOrder  *order = hash_search(book->orders, &order_id, HASH_FIND, NULL);

	if (order == NULL)
		return;
	dlist_delete(&order->node);
	hash_search(book->orders, &order_id, HASH_REMOVE, NULL);
}

/* What another session ordered is read when somebody asks. */
static const OrderTerms *
terms_of(const Book *book, BookOrder *order)
{
	Row			row;

	if (!order->terms.known && arb_order_read(book->mode, order->order_id, &row))
		order->terms = arb_book_terms(&row);
	return &order->terms;
}

Fixed
arb_book_resting_price(Book *book, int32 instrument_id, OrderSide side)
{
	BookInstrument *i = hash_search(book->instruments, &instrument_id, HASH_FIND, NULL);
	Fixed		best = FIXED_NULL;
	dlist_iter	iter;

	if (i == NULL)
		return FIXED_NULL;
	dlist_foreach(iter, &i->orders)
	{
		const OrderTerms *terms = terms_of(book, dlist_container(BookOrder, node, iter.cur));

		if (terms->side != side || terms->time_in_force == TIF_FAK || terms->time_in_force == TIF_FOK)
			continue;
		if (best == FIXED_NULL || (side == SIDE_BUY ? terms->limit_price > best : terms->limit_price < best))
			best = terms->limit_price;
	}
	return best;
}

/* Shares an order may still buy; in money, at the price it may pay. */
static Fixed
shares_left(const OrderTerms *terms, Fixed filled)
{
	Fixed		shares = terms->amount_kind == AMOUNT_MONEY ?
		part_up(terms->amount, FIXED_ONE, terms->limit_price) : terms->amount;

	return shares == FIXED_NULL ? FIXED_NULL : Max(minus(shares, filled), 0);
}

Fixed
arb_book_working_qty(Book *book, int32 instrument_id)
{
	BookInstrument *i = hash_search(book->instruments, &instrument_id, HASH_FIND, NULL);
	Fixed		qty = 0;
	dlist_iter	iter;

	if (i == NULL)
		return 0;
	dlist_foreach(iter, &i->orders)
	{
		BookOrder  *order = dlist_container(BookOrder, node, iter.cur);
		const OrderTerms *terms = terms_of(book, order);

		if (terms->side == SIDE_BUY)
			qty = plus(qty, shares_left(terms, order->filled));
	}
	return qty;
}

/* Shares by which an order may still change what is held: those of a buy in money at the price it may pay at most. */
static Fixed
change_left(const OrderTerms *terms, const BookOrder *order)
{
	if (terms->side == SIDE_SELL)
		return -Max(arb_fixed_add(terms->amount, order->filled), 0);
	if (terms->amount_kind == AMOUNT_MONEY)
		return Max(arb_fixed_div_floor(arb_fixed_sub(terms->amount, order->filled_money), terms->limit_price), 0);
	return Max(arb_fixed_sub(terms->amount, order->filled), 0);
}

Fixed
arb_book_change_at_work(Book *book, int32 deployment_id, int32 instrument_id)
{
	BookInstrument *i = hash_search(book->instruments, &instrument_id, HASH_FIND, NULL);
	Fixed		qty = 0;
	dlist_iter	iter;

	if (i == NULL)
		return 0;
	dlist_foreach(iter, &i->orders)
	{
		BookOrder  *order = dlist_container(BookOrder, node, iter.cur);

		if (order->deployment_id == deployment_id)
			qty = arb_fixed_add(qty, change_left(terms_of(book, order), order));
	}
	return qty;
}

/* ---- questions ---- */

Exposure
arb_book_exposure(const Book *book, BookScope scope, int64 key)
{
	ExposureKey k = {key, scope};
	ExposureEntry *entry = hash_search(book->exposures, &k, HASH_FIND, NULL);
	Exposure	none = {0};

	return entry == NULL ? none : entry->exposure;
}

Fixed
arb_book_net(const Book *book)
{
	return book->net;
}

int
arb_book_direction(Book *book, int32 instrument_id)
{
	BookInstrument *i = hash_search(book->instruments, &instrument_id, HASH_FIND, NULL);
	Row			row;

	if (i != NULL)
		return i->direction;
	arb_instrument_read(instrument_id, &row);
	return arb_instrument_direction(&row);
}

int
arb_book_instruments(const Book *book, int32 deployment_id)
{
	BookDeployment *d = hash_search(book->deployments, &deployment_id, HASH_FIND, NULL);

	return d == NULL ? 0 : d->instruments;
}

/* What a deployment has at work in an instrument. */
Exposure
arb_book_held(const Book *book, int32 deployment_id, int32 instrument_id)
{
	return arb_book_exposure(book, BOOK_DEPLOYMENT_INSTRUMENT, pair_key(deployment_id, instrument_id));
}

bool
arb_book_trades_instrument(const Book *book, int32 deployment_id, int32 instrument_id)
{
	Exposure	e = arb_book_held(book, deployment_id, instrument_id);

	return something_open(&e);
}
