/*-------------------------------------------------------------------------
 *
 * test/worker/test_sim_fault.c
 *	  The fault plan: what it reads, what it refuses, when rules fire.
 *
 *-------------------------------------------------------------------------
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sim/buf.h"
#include "sim/fault.h"

static FaultPlan *plan;

static bool
load(const char *text)
{
	char		error[200] = "";
	bool		ok = sim_fault_load(plan, text, strlen(text), 1, error, sizeof(error));

	assert_int_equal(ok, error[0] == '\0');
	return ok;
}

static void
test_reads(void **state)
{
	RequestFault fault;

	assert_true(load("[]"));
	assert_true(load("[{\"match\":{\"method\":\"POST\",\"path\":\"/order\",\"nth\":2},\"do\":\"status\",\"status\":503,"
					 "\"retry_after\":2,\"when\":\"after\",\"body\":{\"error\":\"x\"}}]"));
	sim_fault_request(plan, "POST", "/order", &fault);
	assert_int_equal(fault.kind, 0);
	sim_fault_request(plan, "DELETE", "/order", &fault);
	assert_int_equal(fault.kind, 0);
	sim_fault_request(plan, "POST", "/order", &fault);
	assert_int_equal(fault.kind, FAULT_STATUS);
	assert_int_equal(fault.status, 503);
	assert_int_equal(fault.retry_after_s, 2);
	assert_true(fault.after);
	assert_string_equal(fault.body, "{\"error\":\"x\"}");
	sim_fault_request(plan, "POST", "/order", &fault);
	assert_int_equal(fault.kind, 0);
}

static void
test_counts(void **state)
{
	RequestFault fault;
	int			fired = 0;
	int			i;

	assert_true(load("[{\"match\":{\"path\":\"/data/*\",\"every\":3,\"times\":2},\"do\":\"delay\",\"ms\":5}]"));
	for (i = 1; i <= 12; i++)
	{
		sim_fault_request(plan, "GET", "/data/trades", &fault);
		fired += fault.delay_ms == 5;
		assert_int_equal(fault.delay_ms, i == 3 || i == 6 ? 5 : 0);
	}
	assert_int_equal(fired, 2);
	sim_fault_request(plan, "GET", "/time", &fault);
	assert_int_equal(fault.delay_ms, 0);
}

static void
test_probability_is_seeded(void **state)
{
	RequestFault fault;
	char		first[200] = "";
	char		second[200] = "";
	int			i;
	int			run;

	for (run = 0; run < 2; run++)
	{
		assert_true(load("[{\"match\":{\"probability\":0.25},\"do\":\"drop_answer\"}]"));
		for (i = 0; i < 199; i++)
		{
			sim_fault_request(plan, "GET", "/time", &fault);
			(run == 0 ? first : second)[i] = fault.kind == FAULT_DROP_ANSWER ? '1' : '0';
		}
	}
	first[199] = second[199] = '\0';
	assert_string_equal(first, second);
	assert_non_null(strchr(first, '1'));
	assert_non_null(strchr(first, '0'));
}

static void
test_frames(void **state)
{
	FrameFault	fault;
	RequestFault request;

	assert_true(load("[{\"do\":\"duplicate_fill\"},{\"match\":{\"stream\":\"market\",\"event\":\"book\"},\"do\":\"truncated_frame\",\"fraction\":0.5},"
					 "{\"match\":{\"stream\":\"prices\"},\"do\":\"disconnect\"},{\"match\":{\"stream\":\"market\",\"event\":\"price_change\"},\"do\":\"stale_book\",\"ms\":100}]"));
	sim_fault_frame(plan, "user", "trade", &fault);
	assert_true(fault.duplicate && !fault.disconnect && fault.truncate_ppm == 0);
	sim_fault_frame(plan, "user", "order", &fault);
	assert_false(fault.duplicate);
	sim_fault_frame(plan, "market", "book", &fault);
	assert_int_equal(fault.truncate_ppm, 500000);
	sim_fault_frame(plan, "prices", "crypto_prices_chainlink", &fault);
	assert_true(fault.disconnect);
	sim_fault_frame(plan, "market", "price_change", &fault);
	assert_int_equal(fault.stale_ms, 100);
	sim_fault_request(plan, "GET", "/time", &request);
	assert_int_equal(request.kind, 0);
}

static void
test_orders_and_clock(void **state)
{
	RequestFault fault;

	assert_true(load("[{\"do\":\"partial_fill\",\"fraction\":0.4},{\"do\":\"fail_fill\"},{\"do\":\"fill_before_ack\",\"ms\":50},"
					 "{\"do\":\"wrong_clock\",\"seconds\":-30}]"));
	sim_fault_request(plan, "POST", "/order", &fault);
	assert_int_equal(fault.partial_ppm, 400000);
	assert_true(fault.fail_fill);
	assert_int_equal(fault.delay_ms, 50);
	assert_true(fault.delay_after);
	sim_fault_request(plan, "GET", "/time", &fault);
	assert_int_equal(fault.partial_ppm, 0);
	assert_int_equal(sim_fault_clock(plan), -30);
}

static void
test_refuses(void **state)
{
	static const char *const bad[] = {
		"", "{}", "[", "null", "[1]", "[{}]", "[{\"do\":1}]", "[{\"do\":\"explode\"}]",
		"[{\"do\":\"delay\"}]", "[{\"do\":\"delay\",\"ms\":-1}]", "[{\"do\":\"delay\",\"ms\":1e99}]",
		"[{\"do\":\"delay\",\"ms\":\"NaN\"}]", "[{\"do\":\"delay\",\"ms\":1.5}]", "[{\"do\":\"delay\",\"ms\":99999999}]",
		"[{\"do\":\"partial_fill\",\"fraction\":1.5}]", "[{\"do\":\"partial_fill\",\"fraction\":0}]",
		"[{\"do\":\"status\",\"status\":99}]", "[{\"do\":\"status\",\"when\":\"later\"}]",
		"[{\"do\":\"answer\"}]", "[{\"do\":\"delay\",\"ms\":1,\"match\":[]}]",
		"[{\"do\":\"delay\",\"ms\":1,\"match\":{\"pth\":\"/x\"}}]", "[{\"do\":\"delay\",\"ms\":1,\"extra\":1}]",
		"[{\"do\":\"delay\",\"ms\":1,\"match\":{\"nth\":0}}]", "[{\"do\":\"delay\",\"ms\":1,\"match\":{\"probability\":2}}]",
		"[{\"do\":\"delay\",\"ms\":1,\"match\":{\"stream\":\"radio\"}}]",
		"[{\"do\":\"delay\",\"ms\":1,\"match\":{\"method\":\"OVERLONGMETHOD\"}}]",
		"[{\"do\":\"delay\",\"ms\":1}] trailing", "[{\"do\":\"delay\",\"do\":\"status\",\"ms\":1}]", NULL
	};
	RequestFault fault;
	Buf			many = {0};
	int			i;

	assert_true(load("[{\"do\":\"delay\",\"ms\":7}]"));
	for (i = 0; bad[i] != NULL; i++)
		assert_false(load(bad[i]));
	sim_buf_text(&many, "[");
	for (i = 0; i <= FAULT_RULES_MAX; i++)
		sim_buf_printf(&many, "%s{\"do\":\"drop_answer\"}", i > 0 ? "," : "");
	sim_buf_text(&many, "]");
	assert_false(load(many.data));
	sim_buf_free(&many);
	/* A refused plan leaves the one before in force. */
	sim_fault_request(plan, "GET", "/time", &fault);
	assert_int_equal(fault.delay_ms, 7);
}

/* Every prefix of a good plan is refused or read, never more. */
static void
test_truncations(void **state)
{
	static const char good[] = "[{\"match\":{\"method\":\"POST\",\"path\":\"/order\",\"nth\":2},\"do\":\"status\",\"status\":503}]";
	size_t		len;

	for (len = 0; len < strlen(good); len++)
	{
		char		error[200];

		assert_false(sim_fault_load(plan, good, len, 1, error, sizeof(error)));
	}
}

static int
setup(void **state)
{
	plan = sim_alloc(sizeof(*plan));
	return 0;
}

static int
teardown(void **state)
{
	sim_fault_clear(plan);
	free(plan);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reads),
		cmocka_unit_test(test_counts),
		cmocka_unit_test(test_probability_is_seeded),
		cmocka_unit_test(test_frames),
		cmocka_unit_test(test_orders_and_clock),
		cmocka_unit_test(test_refuses),
		cmocka_unit_test(test_truncations),
	};

	return cmocka_run_group_tests_name("sim_fault", tests, setup, teardown);
}
