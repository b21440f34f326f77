/*-------------------------------------------------------------------------
 *
 * test/worker/test_sim_rewrite.c
 *	  One field of an answer changed, every other byte as it was.
 *
 *-------------------------------------------------------------------------
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sim/fault.h"

static const char Text[] =
	"{\"data\":[{\"id\":\"a\",\"size\":\"5\",\"tags\":[\"x,}\",\"\\\"]\"]},{\"id\":\"b\",\"size\":0.25,\"price\":\"0.5\"}],\"next\":\"LTE=\"}";

static FaultPlan *plan;

/* Loads one rewriting rule and lets it have the text; what becomes of it. */
static const char *
rewritten(const char *rule)
{
	static Buf	buf;
	RequestFault fault;
	char		plan_text[400];
	char		error[200] = "";

	snprintf(plan_text, sizeof(plan_text), "[{\"do\":\"rewrite\",%s}]", rule);
	if (!sim_fault_load(plan, plan_text, strlen(plan_text), 1, error, sizeof(error)))
		return error[0] != '\0' ? "refused" : "";
	sim_fault_request(plan, "GET", "/data/trades", &fault);
	assert_int_equal(fault.kind, 0);
	assert_int_equal(fault.rewrites, 1);
	sim_buf_reset(&buf);
	sim_buf_text(&buf, Text);
	sim_fault_rewrite(fault.rewrite, fault.rewrites, &buf);
	return buf.data;
}

static void
test_places(void **state)
{
	assert_string_equal(rewritten("\"field\":\"data.0.size\",\"shift\":6"),
						"{\"data\":[{\"id\":\"a\",\"size\":\"5000000\",\"tags\":[\"x,}\",\"\\\"]\"]},{\"id\":\"b\",\"size\":0.25,\"price\":\"0.5\"}],\"next\":\"LTE=\"}");
	assert_string_equal(rewritten("\"field\":\"data.*.size\",\"shift\":-6"),
						"{\"data\":[{\"id\":\"a\",\"size\":\"0.000005\",\"tags\":[\"x,}\",\"\\\"]\"]},{\"id\":\"b\",\"size\":0.00000025,\"price\":\"0.5\"}],\"next\":\"LTE=\"}");
	assert_string_equal(rewritten("\"field\":\"data.1.price\",\"to\":\"=NaN\""),
						"{\"data\":[{\"id\":\"a\",\"size\":\"5\",\"tags\":[\"x,}\",\"\\\"]\"]},{\"id\":\"b\",\"size\":0.25,\"price\":NaN}],\"next\":\"LTE=\"}");
	assert_string_equal(rewritten("\"field\":\"data.0.tags\",\"to\":{\"a\":null}"),
						"{\"data\":[{\"id\":\"a\",\"size\":\"5\",\"tags\":{\"a\":null}},{\"id\":\"b\",\"size\":0.25,\"price\":\"0.5\"}],\"next\":\"LTE=\"}");
	assert_string_equal(rewritten("\"field\":\"data.0.size\",\"to\":0.10"),
						"{\"data\":[{\"id\":\"a\",\"size\":0.10,\"tags\":[\"x,}\",\"\\\"]\"]},{\"id\":\"b\",\"size\":0.25,\"price\":\"0.5\"}],\"next\":\"LTE=\"}");
	assert_string_equal(rewritten("\"field\":\"data.*.id\",\"remove\":true"),
						"{\"data\":[{\"size\":\"5\",\"tags\":[\"x,}\",\"\\\"]\"]},{\"size\":0.25,\"price\":\"0.5\"}],\"next\":\"LTE=\"}");
	assert_string_equal(rewritten("\"field\":\"next\",\"repeat\":true"),
						"{\"data\":[{\"id\":\"a\",\"size\":\"5\",\"tags\":[\"x,}\",\"\\\"]\"]},{\"id\":\"b\",\"size\":0.25,\"price\":\"0.5\"}],\"next\":\"LTE=\",\"next\":\"LTE=\"}");
	/* A path that leads nowhere, and a shift of what is no number. */
	assert_string_equal(rewritten("\"field\":\"data.7.size\",\"shift\":6"), Text);
	assert_string_equal(rewritten("\"field\":\"data.0.id\",\"shift\":6"), Text);
	assert_string_equal(rewritten("\"field\":\"data.0.size.more\",\"shift\":6"), Text);
}

static void
test_refuses(void **state)
{
	assert_string_equal(rewritten("\"shift\":6"), "refused");
	assert_string_equal(rewritten("\"field\":\"size\""), "refused");
	assert_string_equal(rewritten("\"field\":\"size\",\"shift\":6,\"remove\":true"), "refused");
	assert_string_equal(rewritten("\"field\":\"size\",\"shift\":19"), "refused");
}

static void
test_scopes(void **state)
{
	static const char rules[] =
		"[{\"match\":{\"stream\":\"user\",\"event\":\"trade\"},\"do\":\"rewrite\",\"field\":\"size\",\"shift\":6},"
		"{\"match\":{\"path\":\"/balance-allowance\"},\"do\":\"stalled_answer\",\"fraction\":0.5},"
		"{\"match\":{\"path\":\"/data/*\"},\"do\":\"cut_answer\",\"fraction\":0.25}]";
	char		error[200] = "";
	RequestFault request;
	FrameFault	frame;

	assert_true(sim_fault_load(plan, rules, strlen(rules), 1, error, sizeof(error)));
	sim_fault_frame(plan, "user", "trade", &frame);
	assert_int_equal(frame.rewrites, 1);
	sim_fault_frame(plan, "market", "book", &frame);
	assert_int_equal(frame.rewrites, 0);
	sim_fault_request(plan, "GET", "/balance-allowance", &request);
	assert_int_equal(request.kind, FAULT_STALLED_ANSWER);
	assert_int_equal(request.rewrites, 0);
	/* It is a part of a true answer. */
	assert_true(request.after);
	sim_fault_request(plan, "GET", "/data/orders", &request);
	assert_int_equal(request.kind, FAULT_CUT_ANSWER);
	assert_int_equal(request.part_ppm, 250000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_places),
		cmocka_unit_test(test_refuses),
		cmocka_unit_test(test_scopes),
	};

	plan = calloc(1, sizeof(*plan));
	return cmocka_run_group_tests_name("sim_rewrite", tests, NULL, NULL);
}
