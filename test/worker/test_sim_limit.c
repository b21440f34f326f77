/*-------------------------------------------------------------------------
 *
 * test/worker/test_sim_limit.c
 *	  The simulator's token buckets and its modes of trading.
 *
 *-------------------------------------------------------------------------
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "limit.h"

static void
buckets_fill_and_empty(void **state)
{
	SimRate		rate = {40, 60};
	SimBucket	bucket = {0, 0};
	int			i;

	for (i = 0; i < 60; i++)
		assert_int_equal(sim_bucket_take(&bucket, &rate, 1, 5000), 0);
	assert_int_equal(sim_bucket_left(&bucket), 0);
	assert_int_equal(sim_bucket_take(&bucket, &rate, 1, 5000), 25);
	assert_int_equal(sim_bucket_take(&bucket, &rate, 1, 5025), 0);
	/* A refusal takes nothing; a cost beyond the burst never fits. */
	assert_int_equal(sim_bucket_take(&bucket, &rate, 2, 5050), 25);
	assert_int_equal(sim_bucket_take(&bucket, &rate, 1, 5050), 0);
	assert_int_equal(sim_bucket_take(&bucket, &rate, 61, 999999), -1);
	assert_int_equal(sim_bucket_take(&bucket, &rate, 60, 999999), 0);
	/* A clock that goes back gives nothing. */
	assert_int_equal(sim_bucket_take(&bucket, &rate, 1, 900000), 25);
}

static void
what_is_not_counted_is_free(void **state)
{
	SimRate		rate = {0, 0};
	SimBucket	bucket = {0, 0};

	assert_int_equal(sim_bucket_take(&bucket, &rate, 100000, 1), 0);
}

static void
rates_and_modes_are_read(void **state)
{
	static const char *const bad[] = {"", "40/60", "40/60,", "40/60,80", "0/60,80/120", "40/60,80/120x", "a/b,c/d", "40,60/80/120"};
	SimRate		orders = {0, 0};
	SimRate		cancels = {0, 0};
	SimTrading	mode = SIM_TRADING_OPEN;
	size_t		i;

	assert_true(sim_rates_parse("40/60,80/120", &orders, &cancels));
	assert_int_equal(orders.per_second, 40);
	assert_int_equal(orders.burst, 60);
	assert_int_equal(cancels.per_second, 80);
	assert_int_equal(cancels.burst, 120);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(sim_rates_parse(bad[i], &orders, &cancels));
	assert_true(sim_trading_parse("cancel_only", &mode));
	assert_int_equal(mode, SIM_TRADING_CANCEL_ONLY);
	assert_false(sim_trading_parse("closed", &mode));
	assert_false(sim_trading_parse(NULL, &mode));
	assert_int_equal(mode, SIM_TRADING_CANCEL_ONLY);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(buckets_fill_and_empty),
		cmocka_unit_test(what_is_not_counted_is_free),
		cmocka_unit_test(rates_and_modes_are_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
