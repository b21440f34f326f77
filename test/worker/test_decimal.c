/*-------------------------------------------------------------------------
 *
 * test/worker/test_decimal.c
 *	  Decimals: exact or refused, at the edges of int64 and of the text.
 *
 *-------------------------------------------------------------------------
 */
#include "fixture.h"

#include "../../worker/decimal.h"

static int64_t
parsed(const char *text, int scale)
{
	int64_t		value = -99;

	if (!arb_decimal_parse(text, strlen(text), scale, &value))
		fail_msg("%s was refused", text);
	return value;
}

static void
assert_refused(const char *text, int scale)
{
	int64_t		value;

	if (arb_decimal_parse(text, strlen(text), scale, &value))
		fail_msg("%s was accepted as %lld", text, (long long) value);
}

static void
test_parse_exact(void **state)
{
	assert_int_equal(parsed("0", 6), 0);
	assert_int_equal(parsed("-0.000", 6), 0);
	assert_int_equal(parsed("1", 6), 1000000);
	assert_int_equal(parsed("0.07", 6), 70000);
	assert_int_equal(parsed("0.0700000000000", 6), 70000);
	assert_int_equal(parsed("000.5", 6), 500000);
	assert_int_equal(parsed("-12.345678", 6), -12345678);
	assert_int_equal(parsed("219.217767", 6), 219217767);
	assert_int_equal(parsed("+3", 0), 3);
	assert_int_equal(parsed("1e-6", 6), 1);
	assert_int_equal(parsed("1.5E2", 0), 150);
	assert_int_equal(parsed("12300e-2", 0), 123);
	assert_int_equal(parsed("1e3", 2), 100000);
	assert_int_equal(parsed("0e40", 0), 0);
}

static void
test_parse_limits(void **state)
{
	assert_true(parsed("9223372036854775807", 0) == INT64_MAX);
	assert_true(parsed("-9223372036854775808", 0) == INT64_MIN);
	assert_true(parsed("9223372036854.775807", 6) == INT64_MAX);
	assert_refused("9223372036854775808", 0);
	assert_refused("-9223372036854775809", 0);
	assert_refused("9223372036854.775808", 6);
	assert_refused("99999999999999999999", 0);
	assert_refused("1e19", 0);
	assert_refused("1e41", 0);
	assert_refused("1e99999999999999999999", 0);
	/* A digit beyond the scale is not rounded away. */
	assert_refused("0.0000001", 6);
	assert_refused("1.5", 0);
}

static void
test_parse_refuses_other_texts(void **state)
{
	static const char *const texts[] = {
		"", "-", "+", ".", "1.", ".5", "1..2", "1.2.3", "--1", "1e", "1e+", "e5", " 1", "1 ", "1,5",
		"NaN", "nan", "Infinity", "inf", "0x10", "1_000", "1f", "1e5.5", "\0011",
	};
	char		long_text[200];
	int64_t		value;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_refused(texts[i], 6);
	memset(long_text, '1', sizeof(long_text));
	assert_false(arb_decimal_parse(long_text, sizeof(long_text), 0, &value));
	assert_false(arb_decimal_parse("1\0" "2", 3, 0, &value));
	assert_false(arb_decimal_parse(NULL, 0, 0, &value));
	assert_false(arb_decimal_parse("1", 1, 19, &value));
	assert_false(arb_decimal_parse_micro(NULL, &value));
}

static void
assert_format(int64_t value, int scale, const char *trimmed, const char *fixed)
{
	char		out[DECIMAL_TEXT_SIZE];

	assert_int_equal(arb_decimal_format(value, scale, out), strlen(trimmed));
	assert_string_equal(out, trimmed);
	assert_int_equal(arb_decimal_format_fixed(value, scale, out), strlen(fixed));
	assert_string_equal(out, fixed);
}

static void
test_format(void **state)
{
	assert_format(0, 6, "0", "0.000000");
	assert_format(0, 0, "0", "0");
	assert_format(500000, 6, "0.5", "0.500000");
	assert_format(12000000, 6, "12", "12.000000");
	assert_format(100, 0, "100", "100");
	assert_format(-1, 6, "-0.000001", "-0.000001");
	assert_format(INT64_MIN, 0, "-9223372036854775808", "-9223372036854775808");
	assert_format(INT64_MAX, 18, "9.223372036854775807", "9.223372036854775807");
}

static void
test_round_trip(void **state)
{
	static const int64_t values[] = {0, 1, -1, 10, 999999, 1000000, 1000001, 123456789012345678, INT64_MAX, INT64_MIN};
	char		out[DECIMAL_TEXT_SIZE];

	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
	{
		for (int scale = 0; scale <= 18; scale++)
		{
			arb_decimal_format(values[i], scale, out);
			assert_true(parsed(out, scale) == values[i]);
		}
	}
}

static void
assert_shift(const char *text, int places, const char *expected)
{
	char		out[DECIMAL_TEXT_SIZE];

	assert_true(arb_decimal_shift(text, strlen(text), places, out));
	assert_string_equal(out, expected);
}

static void
test_shift(void **state)
{
	char		out[DECIMAL_TEXT_SIZE];

	assert_shift("87459144230786980000", -18, "87.45914423078698");
	assert_shift("770995366312083849216", -18, "770.995366312083849216");
	assert_shift("1", -18, "0.000000000000000001");
	assert_shift("61035.86000000", 0, "61035.86");
	assert_shift("-0.50", 0, "-0.5");
	assert_shift("-0.00", 0, "0");
	assert_shift("007", 0, "7");
	assert_shift("1e-7", 0, "0.0000001");
	assert_shift("1.5", 3, "1500");
	assert_shift("0.5843311669077693146635445446077281", 0, "0.5843311669077693146635445446077281");
	assert_false(arb_decimal_shift("abc", 3, 0, out));
	assert_false(arb_decimal_shift("1", 1, 95, out));
	assert_false(arb_decimal_shift("1", 1, 500, out));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse_exact),
		cmocka_unit_test(test_parse_limits),
		cmocka_unit_test(test_parse_refuses_other_texts),
		cmocka_unit_test(test_format),
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_shift),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
