/*-------------------------------------------------------------------------
 *
 * test/worker/test_polymarket_amounts.c
 *	  Amounts, fees and prices: exact where possible, refused where untidy.
 *
 *-------------------------------------------------------------------------
 */
#include "fixture.h"

#include "../../worker/venue/polymarket/amounts.h"

static void
assert_limit(OrderSide side, const char *tick, const char *price, const char *size, int64_t maker, int64_t taker)
{
	PmAmounts	amounts;
	char		reason[VENUE_REASON_SIZE] = "";

	if (!arb_pm_amounts_limit(side, tick, price, size, &amounts, reason))
		fail_msg("refused: %s", reason);
	assert_int_equal(amounts.maker_micro, maker);
	assert_int_equal(amounts.taker_micro, taker);
}

static void
assert_market(OrderSide side, const char *tick, const char *price, const char *amount, int64_t maker, int64_t taker)
{
	PmAmounts	amounts;
	char		reason[VENUE_REASON_SIZE] = "";

	if (!arb_pm_amounts_market(side, tick, price, amount, PM_ROUNDING_VENUE, &amounts, reason))
		fail_msg("refused: %s", reason);
	assert_int_equal(amounts.maker_micro, maker);
	assert_int_equal(amounts.taker_micro, taker);
}

static void
assert_refused(const char *tick, const char *price, const char *amount)
{
	PmAmounts	amounts;
	char		reason[VENUE_REASON_SIZE] = "";

	assert_false(arb_pm_amounts_limit(ORDER_SIDE_BUY, tick, price, amount, &amounts, reason));
	assert_true(reason[0] != '\0');
	assert_false(arb_pm_amounts_limit(ORDER_SIDE_SELL, tick, price, amount, &amounts, NULL));
	reason[0] = '\0';
	assert_false(arb_pm_amounts_market(ORDER_SIDE_BUY, tick, price, amount, PM_ROUNDING_VENUE, &amounts, reason));
	assert_true(reason[0] != '\0');
	assert_false(arb_pm_amounts_market(ORDER_SIDE_SELL, tick, price, amount, PM_ROUNDING_CLIENT, &amounts, NULL));
}

static void
test_limit(void **state)
{
	assert_limit(ORDER_SIDE_BUY, "0.01", "0.56", "21.04", 11782400, 21040000);
	assert_limit(ORDER_SIDE_SELL, "0.01", "0.56", "21.04", 21040000, 11782400);
	assert_limit(ORDER_SIDE_BUY, "0.0025", "0.0025", "0.01", 25, 10000);
	assert_limit(ORDER_SIDE_BUY, "0.010", "0.5600", "21.0400", 11782400, 21040000);
	assert_limit(ORDER_SIDE_BUY, "0.0001", "0.9999", "1000000000", 999900000000000, 1000000000000000);
}

static void
test_market(void **state)
{
	/* 1 / 0.3 = 3.3333..: four decimals at the venue whatever the tick. */
	assert_market(ORDER_SIDE_BUY, "0.01", "0.30", "1", 1000000, 3333300);
	assert_market(ORDER_SIDE_BUY, "0.001", "0.300", "1", 1000000, 3333300);
	assert_market(ORDER_SIDE_BUY, "0.1", "0.3", "1", 1000000, 3333000);
	assert_market(ORDER_SIDE_BUY, "0.01", "0.50", "1", 1000000, 2000000);
	assert_market(ORDER_SIDE_SELL, "0.01", "0.57", "33.33", 33330000, 18998100);
	assert_market(ORDER_SIDE_SELL, "0.001", "0.567", "33.33", 33330000, 18898100);
}

/*
 * The price the venue derives never lies below the cap's tick: otherwise asks
 * at the cap itself would not match.
 */
static void
test_market_buy_reaches_its_cap(void **state)
{
	char		price[DECIMAL_TEXT_SIZE];
	char		money[DECIMAL_TEXT_SIZE];
	PmAmounts	amounts;
	int64_t		implied;
	bool		exact;

	for (int64_t cents = 1; cents < 100; cents++)
	{
		for (int64_t spend = 100; spend < 1000; spend += 37)
		{
			arb_decimal_format(cents, 2, price);
			arb_decimal_format(spend, 2, money);
			assert_true(arb_pm_amounts_market(ORDER_SIDE_BUY, "0.01", price, money, PM_ROUNDING_VENUE,
											  &amounts, NULL));
			assert_true(arb_pm_price_of_amounts(amounts.maker_micro, amounts.taker_micro, &implied, &exact));
			assert_true(implied >= cents * 10000 && implied < (cents + 1) * 10000);
			assert_int_equal(amounts.taker_micro % 100, 0);
		}
	}
}

static void
test_untidy_input_is_refused(void **state)
{
	assert_refused("0.01", "0.565", "10");
	assert_refused("0.01", "0.56", "10.001");
	assert_refused("0.01", "0.5600001", "10");
	assert_refused("0.01", "0", "10");
	assert_refused("0.01", "1", "10");
	assert_refused("0.1", "0.05", "10");
	assert_refused("0.01", "-0.56", "10");
	assert_refused("0.01", "0.56", "0");
	assert_refused("0.01", "0.56", "-5");
	assert_refused("0.01", "0.56", "1000000000.01");
	assert_refused("0.02", "0.56", "10");
	assert_refused("", "0.56", "10");
	assert_refused("NaN", "0.56", "10");
	assert_refused("0.01", "NaN", "10");
	assert_refused("0.01", "0.56", "Infinity");
	assert_refused("0.01", "0.56", "");
	assert_refused("0.0025", "0.0026", "10");
	assert_refused("0.005", "0.503", "10");
}

static void
test_nothing_left_after_rounding(void **state)
{
	PmAmounts	amounts;
	char		reason[VENUE_REASON_SIZE] = "";

	/* 0.01 share at 0.0001 is one micro-dollar: below what the venue can express. */
	assert_false(arb_pm_amounts_market(ORDER_SIDE_SELL, "0.0001", "0.0001", "0.01", PM_ROUNDING_VENUE, &amounts,
									   reason));
	assert_string_equal(reason, "an amount rounds to zero");
	assert_false(arb_pm_amounts_limit(ORDER_SIDE_NONE, "0.01", "0.5", "1", &amounts, reason));
}

static OrderTicket
ticket(OrderSide side, TimeInForce tif, AmountKind kind, const char *amount)
{
	OrderTicket made = {.side = side, .time_in_force = tif, .amount_kind = kind,
		.limit_price = "0.56", .tick_size = "0.01"};

	snprintf(made.amount, sizeof(made.amount), "%s", amount);
	return made;
}

static void
test_rule_of_a_ticket(void **state)
{
	PmAmounts	amounts;
	char		reason[VENUE_REASON_SIZE];
	OrderTicket made = ticket(ORDER_SIDE_BUY, TIME_IN_FORCE_FAK, AMOUNT_KIND_MONEY, "1");

	assert_true(arb_pm_amounts_of_ticket(&made, &amounts, reason));
	assert_int_equal(amounts.maker_micro, 1000000);
	assert_int_equal(amounts.taker_micro, 1785700);
	made = ticket(ORDER_SIDE_SELL, TIME_IN_FORCE_FOK, AMOUNT_KIND_BASE, "5");
	assert_true(arb_pm_amounts_of_ticket(&made, &amounts, reason));
	assert_int_equal(amounts.taker_micro, 2800000);
	made = ticket(ORDER_SIDE_BUY, TIME_IN_FORCE_GTC, AMOUNT_KIND_BASE, "5.01");
	assert_true(arb_pm_amounts_of_ticket(&made, &amounts, reason));
	assert_int_equal(amounts.maker_micro, 2805600);
	/* 5.01 * 0.56 has four decimals of money: fine when resting, refused by the venue when immediate. */
	made.time_in_force = TIME_IN_FORCE_FAK;
	assert_false(arb_pm_amounts_of_ticket(&made, &amounts, reason));
	made = ticket(ORDER_SIDE_BUY, TIME_IN_FORCE_FAK, AMOUNT_KIND_BASE, "25");
	assert_true(arb_pm_amounts_of_ticket(&made, &amounts, reason));
	assert_int_equal(amounts.maker_micro, 14000000);
	made = ticket(ORDER_SIDE_BUY, TIME_IN_FORCE_GTC, AMOUNT_KIND_MONEY, "5");
	assert_false(arb_pm_amounts_of_ticket(&made, &amounts, reason));
	made = ticket(ORDER_SIDE_SELL, TIME_IN_FORCE_FAK, AMOUNT_KIND_MONEY, "5");
	assert_false(arb_pm_amounts_of_ticket(&made, &amounts, reason));
	made = ticket(ORDER_SIDE_BUY, TIME_IN_FORCE_NONE, AMOUNT_KIND_BASE, "5");
	assert_false(arb_pm_amounts_of_ticket(&made, &amounts, reason));
	made = ticket(ORDER_SIDE_BUY, TIME_IN_FORCE_GTC, AMOUNT_KIND_NONE, "5");
	assert_false(arb_pm_amounts_of_ticket(&made, &amounts, reason));
}

static int64_t
fee(int64_t shares, int64_t rate, int exponent, int64_t price)
{
	int64_t		result = -1;

	assert_true(arb_pm_fee(shares, rate, exponent, price, &result));
	return result;
}

static void
test_fee(void **state)
{
	/* As charged on chain in four matches. */
	assert_int_equal(fee(539000000, 70000, 1, 990000), 373520);
	assert_int_equal(fee(10000000, 70000, 1, 460000), 173880);
	assert_int_equal(fee(108000000, 70000, 1, 360000), 1741820);
	/* Below 0.00001 it is nothing. */
	assert_int_equal(fee(10000, 70000, 1, 10000), 0);
	assert_int_equal(fee(100000000, 0, 1, 500000), 0);
	assert_int_equal(fee(100000000, 70000, 1, 0), 0);
	assert_int_equal(fee(100000000, 70000, 1, 1000000), 0);
	assert_int_equal(fee(100000000, 250000, 2, 500000), 1562500);
	assert_int_equal(fee(100000000, 70000, 0, 500000), 7000000);
	assert_int_equal(fee(INT64_MAX, 1000000, 4, 500000), 36028797018963960);
}

static void
test_fee_refuses(void **state)
{
	int64_t		result;

	assert_false(arb_pm_fee(-1, 70000, 1, 500000, &result));
	assert_false(arb_pm_fee(1, -1, 1, 500000, &result));
	assert_false(arb_pm_fee(1, 1000001, 1, 500000, &result));
	assert_false(arb_pm_fee(1, 70000, -1, 500000, &result));
	assert_false(arb_pm_fee(1, 70000, PM_FEE_EXPONENT_MAX + 1, 500000, &result));
	assert_false(arb_pm_fee(1, 70000, 1, 1000001, &result));
	assert_false(arb_pm_fee(1, 70000, 1, -1, &result));
}

static void
test_price_of_amounts(void **state)
{
	int64_t		price;
	bool		exact;

	assert_true(arb_pm_price_of_amounts(1000000, 2000000, &price, &exact));
	assert_int_equal(price, 500000);
	assert_true(exact);
	assert_true(arb_pm_price_of_amounts(1000000, 3333300, &price, &exact));
	assert_int_equal(price, 300003);
	assert_false(exact);
	assert_false(arb_pm_price_of_amounts(1, 0, &price, &exact));
	assert_false(arb_pm_price_of_amounts(INT64_MAX, 1, &price, &exact));
	assert_int_equal(arb_pm_money_of(3333300, 300000), 999990);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_limit),
		cmocka_unit_test(test_market),
		cmocka_unit_test(test_market_buy_reaches_its_cap),
		cmocka_unit_test(test_untidy_input_is_refused),
		cmocka_unit_test(test_nothing_left_after_rounding),
		cmocka_unit_test(test_rule_of_a_ticket),
		cmocka_unit_test(test_fee),
		cmocka_unit_test(test_fee_refuses),
		cmocka_unit_test(test_price_of_amounts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
