/*-------------------------------------------------------------------------
 *
 * test/worker/test_json.c
 *	  JSON: no digit is lost, nothing hostile gets through.
 *
 *-------------------------------------------------------------------------
 */
#include "fixture.h"

#include "../../worker/json.h"

static json_t *
load(const char *text)
{
	ParseError	error = {.kind = PARSE_ERROR_NONE};
	json_t	   *root = arb_json_load(text, strlen(text), JSON_MAX_BYTES, &error);

	if (root == NULL)
		fail_msg("%s refused: %s %s", text, arb_parse_error_name(error.kind), error.context);
	return root;
}

static void
assert_load_fails(const char *bytes, size_t len, ParseErrorKind kind)
{
	ParseError	error = {.kind = PARSE_ERROR_NONE};
	json_t	   *root = arb_json_load(bytes, len, JSON_MAX_BYTES, &error);

	if (root != NULL)
		fail_msg("%.60s was accepted", bytes);
	if (error.kind != kind)
		fail_msg("%.60s: kind %s", bytes, arb_parse_error_name(error.kind));
	assert_true(error.context[0] != '\0');
}

static void
test_numbers_keep_their_digits(void **state)
{
	json_t	   *root = load("{\"a\":0.1000000000000000055511151231257827,\"b\":\"0.57\",\"c\":12,\"d\":1e-7,"
							"\"e\":115792089237316195423570985008687907853269984665640564039457584007913129639935,"
							"\"f\":-0.50,\"g\":9007199254740993}");
	char		text[DECIMAL_TEXT_SIZE];
	int64_t		micro;
	int64_t		whole;
	ParseError	error;

	assert_true(arb_json_decimal(root, "a", text, &error));
	assert_string_equal(text, "0.1000000000000000055511151231257827");
	assert_true(arb_json_micro(root, "b", 0, DECIMAL_MICRO, &micro, &error));
	assert_int_equal(micro, 570000);
	assert_true(arb_json_micro(root, "c", 0, 100 * DECIMAL_MICRO, &micro, &error));
	assert_int_equal(micro, 12000000);
	assert_true(arb_json_decimal(root, "d", text, &error));
	assert_string_equal(text, "0.0000001");
	assert_false(arb_json_micro(root, "d", 0, DECIMAL_MICRO, &micro, &error));
	assert_int_equal(error.kind, PARSE_ERROR_OUT_OF_RANGE);
	assert_true(arb_json_decimal(root, "e", text, &error));
	assert_int_equal(strlen(text), 78);
	assert_false(arb_json_int(root, "e", 0, INT64_MAX, &whole, &error));
	assert_int_equal(error.kind, PARSE_ERROR_OUT_OF_RANGE);
	assert_true(arb_json_micro(root, "f", -DECIMAL_MICRO, 0, &micro, &error));
	assert_int_equal(micro, -500000);
	assert_true(arb_json_int(root, "g", 0, INT64_MAX, &whole, &error));
	assert_true(whole == INT64_C(9007199254740993));
	assert_true(arb_json_is_number(json_object_get(root, "a")));
	assert_false(arb_json_is_number(json_object_get(root, "b")));
	/* A number is no string, however it is kept inside. */
	assert_false(arb_json_text(root, "a", text, sizeof(text), &error));
	assert_int_equal(error.kind, PARSE_ERROR_WRONG_TYPE);
	json_decref(root);
}

static void
test_broken_texts(void **state)
{
	static const char *const texts[] = {
		"", " ", "{", "}", "[", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "[1,]", "{\"a\":1}x", "{\"a\":1}{}", "nul",
		"{\"a\":1,\"a\":2}", "{a:1}", "{'a':1}", "\"\\x\"", "\"abc", "\"abc\\", "\"abc\\\"", "[NaN]", "[Infinity]",
		"[-Infinity]", "[-]", "[01]", "[1.]", "[.5]", "[1e]", "[1e+]", "[+1]", "[0x10]", "[1.2.3]", "[--1]", "[1 2]",
		"[\"\\u00010.5\"]", "[\"\\u0000\"]", "[\"\\ud800\"]", "\xff\xfe", "[\"\xc0\x80\"]", "{\"a\":\"\n\"}",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_load_fails(texts[i], strlen(texts[i]), PARSE_ERROR_BAD_JSON);
	assert_load_fails("{\"a\":1}\0", 8, PARSE_ERROR_BAD_JSON);
	assert_load_fails("{\"a\0b\":1}", 9, PARSE_ERROR_BAD_JSON);
	assert_load_fails("[1\0]", 4, PARSE_ERROR_BAD_JSON);
	assert_load_fails("[\"\x01" "5\"]", 6, PARSE_ERROR_BAD_JSON);
}

static void
test_limits(void **state)
{
	size_t		size = 100000;
	char	   *text = malloc(size);
	json_t	   *root;
	ParseError	error;

	memset(text, '[', size);
	assert_load_fails(text, size, PARSE_ERROR_TOO_DEEP);
	/* The deepest text that passes, and one level more; a bracket in a string is no level. */
	memset(text + JSON_MAX_DEPTH, ']', JSON_MAX_DEPTH);
	root = arb_json_load(text, 2 * JSON_MAX_DEPTH, JSON_MAX_BYTES, &error);
	assert_non_null(root);
	json_decref(root);
	memset(text, '[', JSON_MAX_DEPTH + 1);
	memset(text + JSON_MAX_DEPTH + 1, ']', JSON_MAX_DEPTH + 1);
	assert_load_fails(text, 2 * (JSON_MAX_DEPTH + 1), PARSE_ERROR_TOO_DEEP);
	root = load("[\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\"]");
	json_decref(root);
	assert_null(arb_json_load("[1,2,3]", 7, 6, &error));
	assert_int_equal(error.kind, PARSE_ERROR_TOO_LARGE);
	text[0] = '[';
	memset(text + 1, '7', JSON_NUMBER_MAX + 1);
	text[JSON_NUMBER_MAX + 2] = ']';
	assert_load_fails(text, JSON_NUMBER_MAX + 3, PARSE_ERROR_OUT_OF_RANGE);
	free(text);
}

/* The rewritten text grows most when the input is nothing but short reals. */
static void
test_dense_reals(void **state)
{
	size_t		count = 50000;
	char	   *text = malloc(count * 4 + 2);
	json_t	   *root;
	char		scratch[DECIMAL_TEXT_SIZE];
	size_t		len = 0;

	text[len++] = '[';
	for (size_t i = 0; i < count; i++)
	{
		memcpy(text + len, i == 0 ? "1e5" : ",1e5", i == 0 ? 3 : 4);
		len += i == 0 ? 3 : 4;
	}
	text[len++] = ']';
	root = arb_json_load(text, len, JSON_MAX_BYTES, NULL);
	assert_non_null(root);
	assert_int_equal(json_array_size(root), count);
	assert_string_equal(arb_json_number_text(json_array_get(root, count - 1), scratch), "1e5");
	json_decref(root);
	free(text);
}

static void
test_fields(void **state)
{
	json_t	   *root = load("{\"s\":\"abc\",\"n\":null,\"e\":\"\",\"b\":true,\"o\":{},\"l\":[],\"i\":\"42\",\"x\":\"4x\","
							"\"sp\":\"a b\",\"q\":\"a\\\"b\",\"nul\":\"ok\",\"big\":\"12345\"}");
	char		text[8];
	char		decimal[DECIMAL_TEXT_SIZE];
	int64_t		value = 5;
	bool		flag = false;
	bool		present = true;
	ParseError	error;

	assert_true(arb_json_text(root, "s", text, sizeof(text), &error));
	assert_string_equal(text, "abc");
	assert_false(arb_json_text(root, "n", text, sizeof(text), &error));
	assert_int_equal(error.kind, PARSE_ERROR_MISSING_FIELD);
	assert_false(arb_json_text(root, "b", text, sizeof(text), &error));
	assert_int_equal(error.kind, PARSE_ERROR_WRONG_TYPE);
	assert_false(arb_json_text(root, "s", text, 3, &error));
	assert_int_equal(error.kind, PARSE_ERROR_OUT_OF_RANGE);
	assert_true(arb_json_text_optional(root, "n", text, sizeof(text), &error));
	assert_string_equal(text, "");
	assert_false(arb_json_id(root, "e", text, sizeof(text), &error));
	assert_false(arb_json_id(root, "sp", text, sizeof(text), &error));
	assert_false(arb_json_id(root, "q", text, sizeof(text), &error));
	assert_true(arb_json_int(root, "i", 0, 100, &value, &error));
	assert_int_equal(value, 42);
	assert_false(arb_json_int(root, "i", 0, 41, &value, &error));
	assert_int_equal(error.kind, PARSE_ERROR_OUT_OF_RANGE);
	assert_false(arb_json_int(root, "x", 0, 100, &value, &error));
	assert_int_equal(error.kind, PARSE_ERROR_WRONG_TYPE);
	assert_true(arb_json_int_optional(root, "e", 0, 100, &value, &present, &error));
	assert_false(present);
	assert_true(arb_json_decimal_optional(root, "missing", decimal, &error));
	assert_string_equal(decimal, "");
	assert_true(arb_json_bool(root, "b", &flag, &error));
	assert_true(flag);
	assert_false(arb_json_bool(root, "i", &flag, &error));
	assert_null(arb_json_object_field(root, "l", &error));
	assert_null(arb_json_array_field(root, "o", &error));
	assert_null(arb_json_array_field(json_object_get(root, "l"), "o", &error));
	assert_int_equal(error.kind, PARSE_ERROR_WRONG_TYPE);
	json_decref(root);
}

/* Values of the input must not reach a log by way of the context. */
static void
test_context_holds_no_value(void **state)
{
	static const char secret[] = "{\"secret\":\"hunter2hunter2\",oops}";
	ParseError	error;
	json_t	   *root;
	char		text[4];

	assert_null(arb_json_load(secret, strlen(secret), JSON_MAX_BYTES, &error));
	assert_null(strstr(error.context, "hunter2"));
	root = load("{\"secret\":\"hunter2hunter2\"}");
	assert_false(arb_json_text(root, "secret", text, sizeof(text), &error));
	assert_null(strstr(error.context, "hunter2"));
	arb_json_wipe(root);
	assert_int_equal(json_string_value(json_object_get(root, "secret"))[0], '\0');
	json_decref(root);
	arb_parse_fail(&error, PARSE_ERROR_UNKNOWN_TYPE, "type %s", "a\nb\x1b[31m");
	assert_string_equal(error.context, "type a?b?[31m");
}

static void
test_quote(void **state)
{
	char		out[64];
	size_t		len = arb_json_quote("a\"b\\c\n", out, sizeof(out));

	out[len] = '\0';
	assert_string_equal(out, "\"a\\\"b\\\\c\\u000a\"");
	assert_int_equal(arb_json_quote("abc", out, 2), 5);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_numbers_keep_their_digits),
		cmocka_unit_test(test_broken_texts),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_dense_reals),
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_context_holds_no_value),
		cmocka_unit_test(test_quote),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
