/*-------------------------------------------------------------------------
 *
 * test/worker/test_sim_book.c
 *	  The simulator's book: order of matching, exact money, fees.
 *
 *-------------------------------------------------------------------------
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sim/book.h"
#include "sim/buf.h"
#include "venue/polymarket/amounts.h"

static Book *
make_book(void **state)
{
	Book	   *book = *state;

	memset(book, 0, sizeof(*book));
	return book;
}

static BookOrder
order_of(int outcome, SimSide side, int price, int64_t shares)
{
	BookOrder	order;

	memset(&order, 0, sizeof(order));
	order.outcome = outcome;
	order.side = side;
	order.price = price;
	order.remaining = shares;
	return order;
}

static TakerTerms
terms_of(int outcome, SimSide side, int limit, int64_t max_shares, int64_t max_money)
{
	TakerTerms	terms = {outcome, side, limit, max_shares, max_money};

	return terms;
}

static void
test_tokens_mirror(void **state)
{
	Book	   *book = make_book(state);
	BookOrder	buy_up = order_of(0, SIDE_BUY, 4800, 10 * MICRO);
	BookOrder	buy_down = order_of(1, SIDE_BUY, 4900, 20 * MICRO);
	int			bid;
	int			ask;

	sim_book_insert(book, &buy_up);
	sim_book_insert(book, &buy_down);
	sim_book_quote(book, 0, &bid, &ask);
	assert_int_equal(bid, 4800);
	assert_int_equal(ask, 5100);
	sim_book_quote(book, 1, &bid, &ask);
	assert_int_equal(bid, 4900);
	assert_int_equal(ask, 5200);
	assert_int_equal(book->depth[BOOK_ASKS][5100], 20 * MICRO);
}

static void
test_empty_sides(void **state)
{
	Book	   *book = make_book(state);
	TakerTerms	terms = terms_of(0, SIDE_BUY, 9900, INT64_MAX, MICRO);
	MatchPlan	plan;
	int			bid;
	int			ask;

	sim_book_quote(book, 1, &bid, &ask);
	assert_int_equal(bid, 0);
	assert_int_equal(ask, PRICE_ONE);
	sim_book_plan(book, &terms, &plan);
	assert_int_equal(plan.count, 0);
	assert_false(plan.complete);
	assert_false(sim_book_crosses(book, &terms));
}

static void
test_price_then_time(void **state)
{
	Book	   *book = make_book(state);
	BookOrder	late_best = order_of(0, SIDE_SELL, 5000, 5 * MICRO);
	BookOrder	first = order_of(0, SIDE_SELL, 5100, 5 * MICRO);
	BookOrder	second = order_of(1, SIDE_BUY, 4900, 5 * MICRO);	/* also an ask at 5100 */
	TakerTerms	terms = terms_of(0, SIDE_BUY, 5100, 12 * MICRO, INT64_MAX);
	MatchPlan	plan;

	sim_book_insert(book, &first);
	sim_book_insert(book, &second);
	sim_book_insert(book, &late_best);
	sim_book_plan(book, &terms, &plan);
	assert_int_equal(plan.count, 3);
	assert_ptr_equal(plan.fill[0].maker, &late_best);
	assert_ptr_equal(plan.fill[1].maker, &first);
	assert_ptr_equal(plan.fill[2].maker, &second);
	assert_int_equal(plan.fill[2].shares, 2 * MICRO);
	assert_int_equal(plan.shares, 12 * MICRO);
	assert_int_equal(plan.money, 5 * 500000 + 7 * 510000);
	assert_true(plan.complete);
	/* Planning changes nothing. */
	assert_int_equal(first.remaining, 5 * MICRO);
}

static void
test_limit_holds(void **state)
{
	Book	   *book = make_book(state);
	BookOrder	cheap = order_of(0, SIDE_SELL, 5000, 5 * MICRO);
	BookOrder	dear = order_of(0, SIDE_SELL, 5300, 50 * MICRO);
	TakerTerms	terms = terms_of(0, SIDE_BUY, 5200, 20 * MICRO, INT64_MAX);
	MatchPlan	plan;

	sim_book_insert(book, &dear);
	sim_book_insert(book, &cheap);
	sim_book_plan(book, &terms, &plan);
	assert_int_equal(plan.count, 1);
	assert_false(plan.complete);
	terms = terms_of(1, SIDE_SELL, 5001, 5 * MICRO, INT64_MAX);
	assert_false(sim_book_crosses(book, &terms));
}

static void
test_money_never_exceeded(void **state)
{
	int			price;

	/* Whatever the price: a buy by money spends at most the money, and less than a quantum is left. */
	for (price = 1; price < PRICE_ONE; price += 7)
	{
		Book	   *book = make_book(state);
		BookOrder	ask = order_of(0, SIDE_SELL, price, 1000000 * MICRO);
		TakerTerms	terms = terms_of(0, SIDE_BUY, price, INT64_MAX, 3 * MICRO);
		MatchPlan	plan;

		sim_book_insert(book, &ask);
		sim_book_plan(book, &terms, &plan);
		assert_int_equal(plan.count, 1);
		assert_true(plan.money <= 3 * MICRO);
		assert_true(plan.complete);
		assert_int_equal((__int128) plan.shares * price % PRICE_ONE, 0);
		assert_true(3 * MICRO - plan.money <= sim_shares_value(sim_price_quantum(price), price));
	}
}

static void
test_depth_follows(void **state)
{
	Book	   *book = make_book(state);
	BookOrder	a = order_of(0, SIDE_BUY, 4000, 5 * MICRO);
	BookOrder	b = order_of(1, SIDE_SELL, 6000, 7 * MICRO);	/* the same level */

	sim_book_insert(book, &a);
	sim_book_insert(book, &b);
	assert_int_equal(book->depth[BOOK_BIDS][4000], 12 * MICRO);
	assert_int_equal(book->touched_count[BOOK_BIDS], 1);
	sim_book_clear_touched(book);
	sim_book_reduce(book, &a, 2 * MICRO);
	assert_int_equal(book->depth[BOOK_BIDS][4000], 10 * MICRO);
	sim_book_remove(book, &a);
	sim_book_remove(book, &b);
	assert_int_equal(book->depth[BOOK_BIDS][4000], 0);
	assert_null(book->best[BOOK_BIDS]);
}

/* The rate of the venue's example: 108 shares at 0.36. */
static void
test_fee_example(void **state)
{
	assert_int_equal(sim_taker_fee(108 * MICRO, 3600, 70000), 1741820);
	assert_int_equal(sim_taker_fee(1, 5000, 70000), 0);
}

/* The simulator's fee and the trader's were written apart: they must agree. */
static void
test_fee_agrees_with_the_trader(void **state)
{
	int64_t		shares;
	int			price;

	for (price = 1; price < PRICE_ONE; price += 97)
		for (shares = 1; shares < INT64_C(200000000000); shares = shares * 3 + 1)
		{
			int64_t		fee;

			assert_true(arb_pm_fee(shares, 70000, 1, (int64_t) price * 100, &fee));
			assert_int_equal(sim_taker_fee(shares, price, 70000), fee);
		}
}

static int
setup(void **state)
{
	*state = sim_alloc(sizeof(Book));
	return 0;
}

static int
teardown(void **state)
{
	free(*state);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tokens_mirror),
		cmocka_unit_test(test_empty_sides),
		cmocka_unit_test(test_price_then_time),
		cmocka_unit_test(test_limit_holds),
		cmocka_unit_test(test_money_never_exceeded),
		cmocka_unit_test(test_depth_follows),
		cmocka_unit_test(test_fee_example),
		cmocka_unit_test(test_fee_agrees_with_the_trader),
	};

	return cmocka_run_group_tests_name("sim_book", tests, setup, teardown);
}
