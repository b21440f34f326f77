/*-------------------------------------------------------------------------
 *
 * worker/sim/book.c
 *	  One market's order book and the plan of a match against it.
 *
 *-------------------------------------------------------------------------
 */
#include "book.h"

#include <string.h>

static int
up_price(const BookOrder *order)
{
	return sim_price_in_up(order->outcome, order->price);
}

static void
touch(Book *book, int list, int price, int64_t change)
{
	book->depth[list][price] += change;
	if (book->touched[list][price])
		return;
	book->touched[list][price] = 1;
	book->touched_price[list][book->touched_count[list]++] = (uint16_t) price;
}

void
sim_book_clear_touched(Book *book)
{
	int			list;
	int			i;

	for (list = 0; list < 2; list++)
	{
		for (i = 0; i < book->touched_count[list]; i++)
			book->touched[list][book->touched_price[list][i]] = 0;
		book->touched_count[list] = 0;
	}
}

void
sim_book_insert(Book *book, BookOrder *order)
{
	int			list = sim_book_list_of(order->outcome, order->side);
	int			price = up_price(order);
	BookOrder  *after = NULL;
	BookOrder  *at = book->best[list];

	order->seq = ++book->next_seq;
	/* Behind every order at the same or a better price. */
	while (at != NULL && (list == BOOK_BIDS ? up_price(at) >= price : up_price(at) <= price))
	{
		after = at;
		at = at->next;
	}
	order->prev = after;
	order->next = at;
	if (after != NULL)
		after->next = order;
	else
		book->best[list] = order;
	if (at != NULL)
		at->prev = order;
	touch(book, list, price, order->remaining);
}

void
sim_book_remove(Book *book, BookOrder *order)
{
	int			list = sim_book_list_of(order->outcome, order->side);

	if (order->prev != NULL)
		order->prev->next = order->next;
	else
		book->best[list] = order->next;
	if (order->next != NULL)
		order->next->prev = order->prev;
	order->next = order->prev = NULL;
	touch(book, list, up_price(order), -order->remaining);
}

void
sim_book_reduce(Book *book, BookOrder *order, int64_t shares)
{
	order->remaining -= shares;
	touch(book, sim_book_list_of(order->outcome, order->side), up_price(order), -shares);
}

int
sim_book_best(const Book *book, int list)
{
	if (book->best[list] == NULL)
		return list == BOOK_BIDS ? 0 : PRICE_ONE;
	return up_price(book->best[list]);
}

void
sim_book_quote(const Book *book, int outcome, int *bid, int *ask)
{
	int			up_bid = sim_book_best(book, BOOK_BIDS);
	int			up_ask = sim_book_best(book, BOOK_ASKS);

	*bid = outcome == 0 ? up_bid : PRICE_ONE - up_ask;
	*ask = outcome == 0 ? up_ask : PRICE_ONE - up_bid;
}

static int
greatest_common_divisor(int a, int b)
{
	while (b != 0)
	{
		int			rest = a % b;

		a = b;
		b = rest;
	}
	return a;
}

int64_t
sim_price_quantum(int price)
{
	return PRICE_ONE / greatest_common_divisor(price, PRICE_ONE);
}

int64_t
sim_shares_value(int64_t shares, int price)
{
	return (int64_t) ((__int128) shares * price / PRICE_ONE);
}

static bool
price_acceptable(const TakerTerms *terms, int price)
{
	return terms->side == SIDE_BUY ? price <= terms->limit : price >= terms->limit;
}

bool
sim_book_crosses(const Book *book, const TakerTerms *terms)
{
	int			list = 1 - sim_book_list_of(terms->outcome, terms->side);

	return book->best[list] != NULL &&
		price_acceptable(terms, sim_price_in_up(terms->outcome, up_price(book->best[list])));
}

/* How many shares of this maker the taker can still take: whole quanta only. */
static int64_t
shares_wanted(const TakerTerms *terms, const MatchPlan *plan, const BookOrder *maker, int price)
{
	int64_t		quantum = sim_price_quantum(price);
	int64_t		shares = maker->remaining;

	if (terms->max_shares != INT64_MAX && terms->max_shares - plan->shares < shares)
		shares = terms->max_shares - plan->shares;
	if (terms->max_money != INT64_MAX)
	{
		__int128	affordable = (__int128) (terms->max_money - plan->money) * PRICE_ONE / price;

		if (affordable < shares)
			shares = (int64_t) affordable;
	}
	return shares / quantum * quantum;
}

void
sim_book_plan(const Book *book, const TakerTerms *terms, MatchPlan *plan)
{
	int			list = 1 - sim_book_list_of(terms->outcome, terms->side);
	BookOrder  *maker;

	plan->count = 0;
	plan->shares = 0;
	plan->money = 0;
	plan->complete = false;
	for (maker = book->best[list]; maker != NULL; maker = maker->next)
	{
		int			price = sim_price_in_up(terms->outcome, up_price(maker));
		int64_t		shares;

		if (!price_acceptable(terms, price) || plan->count == PLAN_FILLS_MAX)
			return;
		shares = shares_wanted(terms, plan, maker, price);
		if (shares > 0)
		{
			PlannedFill *fill = &plan->fill[plan->count++];

			fill->maker = maker;
			fill->price = price;
			fill->shares = shares;
			fill->money = sim_shares_value(shares, price);
			plan->shares += fill->shares;
			plan->money += fill->money;
		}
		/* The taker, not the maker, was the limit: what is left is smaller than a quantum. */
		if (shares < maker->remaining || plan->shares == terms->max_shares || plan->money == terms->max_money)
		{
			plan->complete = plan->count > 0;
			return;
		}
	}
}

int64_t
sim_taker_fee(int64_t shares, int price, int64_t rate_e6)
{
	/* shares e6 * rate e6 * price e4 * (1 - price) e4 = e20; five decimals are e5. */
	__int128	fee = (__int128) shares * rate_e6 * price * (PRICE_ONE - price);
	__int128	unit = (__int128) 1000000000 * 1000000;

	return (int64_t) (fee / unit) * 10;
}
