/*-------------------------------------------------------------------------
 *
 * test/worker/test_budget.c
 *	  What the venue's limits let out, who comes first, what a refusal stops;
 *	  and whether the venue's cash covers an entry.
 *
 *-------------------------------------------------------------------------
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "clock.h"
#include "trade/budget.h"
#include "trade/classify.h"
#include "trade/cover.h"
#include "venue/polymarket/parse.h"

#define START (1000 * NS_PER_S)

static const VenueLimits Standard = {
	.orders_per_s = 40,
	.orders_burst = 60,
	.cancels_per_s = 80,
	.cancels_burst = 120,
	.requests_per_s = 800,
	.requests_burst = 800,
	.balances_per_s = 20,
	.balances_burst = 100,
};

static int
take_all(Budget *budget, BudgetUse use, int64_t now_ns)
{
	int			count = 0;

	while (count < 10000 && arb_budget_take(budget, use, 1, now_ns))
		count++;
	return count;
}

static void
entries_leave_a_reserve_to_exits(void **state)
{
	Budget		budget;

	arb_budget_init(&budget, &Standard);
	/* A quarter of the burst is not theirs. */
	assert_int_equal(take_all(&budget, BUDGET_ENTRY, START), 45);
	assert_int_equal(take_all(&budget, BUDGET_EXIT, START), 15);
	/* And cancels have a bucket of their own. */
	assert_int_equal(take_all(&budget, BUDGET_CANCEL, START), 120);
	/* 40 come back in a second: exits have them all, entries none while the reserve is not full. */
	assert_int_equal(take_all(&budget, BUDGET_ENTRY, START + NS_PER_S / 4), 0);
	assert_int_equal(take_all(&budget, BUDGET_EXIT, START + NS_PER_S / 4), 10);
	assert_int_equal(take_all(&budget, BUDGET_ENTRY, START + NS_PER_S / 4 + NS_PER_S), 25);
}

static void
waits_are_as_long_as_tokens_need(void **state)
{
	Budget		budget;

	arb_budget_init(&budget, &Standard);
	assert_int_equal(arb_budget_wait_ns(&budget, BUDGET_EXIT, 1, START), 0);
	(void) take_all(&budget, BUDGET_EXIT, START);
	assert_int_equal(arb_budget_wait_ns(&budget, BUDGET_EXIT, 1, START), NS_PER_S / 40);
	assert_int_equal(arb_budget_wait_ns(&budget, BUDGET_ENTRY, 1, START), 16 * (NS_PER_S / 40));
	assert_false(arb_budget_take(&budget, BUDGET_EXIT, 1, START + NS_PER_S / 40 - 1));
	assert_true(arb_budget_take(&budget, BUDGET_EXIT, 1, START + NS_PER_S / 40));
	/* More than can be saved up never comes. */
	assert_int_equal(arb_budget_wait_ns(&budget, BUDGET_CANCEL, 121, START), INT64_MAX);
}

static void
cancels_go_in_pieces(void **state)
{
	Budget		budget;

	arb_budget_init(&budget, &Standard);
	assert_int_equal(arb_budget_cancels(&budget, 1000, START), 120);
	assert_int_equal(arb_budget_cancels(&budget, 7, START), 7);
	assert_true(arb_budget_take(&budget, BUDGET_CANCEL, 120, START));
	assert_int_equal(arb_budget_cancels(&budget, 1000, START), 0);
	assert_int_equal(arb_budget_cancels(&budget, 1000, START + NS_PER_S / 4), 20);
	assert_int_equal(arb_budget_cancels(&budget, 0, START + NS_PER_S), 0);
}

static void
a_venue_that_does_not_count_holds_nobody(void **state)
{
	VenueLimits none;
	Budget		budget;

	memset(&none, 0, sizeof(none));
	arb_budget_init(&budget, &none);
	assert_int_equal(take_all(&budget, BUDGET_ENTRY, START), 10000);
	assert_int_equal(arb_budget_cancels(&budget, 1000, START), 1000);
	assert_int_equal(arb_budget_wait_ns(&budget, BUDGET_ASK, 100000, START), 0);
	/* Its refusals hold all the same. */
	arb_budget_refused(&budget, BUDGET_ENTRY, BUDGET_HALT_RATE_LIMITED, 3, START);
	assert_int_equal(arb_budget_wait_ns(&budget, BUDGET_ENTRY, 1, START), 3 * NS_PER_S);
}

static void
questions_leave_requests_to_orders(void **state)
{
	Budget		budget;

	arb_budget_init(&budget, &Standard);
	/* Requests are counted where they are made. */
	arb_ratelimit_spend(&budget.requests, START, 600);
	assert_int_equal(arb_budget_wait_ns(&budget, BUDGET_ENTRY, 1, START), NS_PER_S / 800);
	assert_int_equal(arb_budget_wait_ns(&budget, BUDGET_EXIT, 1, START), 0);
	assert_true(arb_budget_wait_ns(&budget, BUDGET_ASK, 3, START) > 0);
	arb_ratelimit_spend(&budget.requests, START, 150);
	assert_true(arb_budget_wait_ns(&budget, BUDGET_EXIT, 1, START) > 0);
	assert_int_equal(arb_budget_wait_ns(&budget, BUDGET_CANCEL, 1, START), 0);
}

static void
a_refusal_stops_its_class_alone(void **state)
{
	Budget		budget;

	arb_budget_init(&budget, &Standard);
	arb_budget_refused(&budget, BUDGET_EXIT, BUDGET_HALT_RATE_LIMITED, 2, START);
	assert_false(arb_budget_take(&budget, BUDGET_ENTRY, 1, START + 2 * NS_PER_S - 1));
	assert_false(arb_budget_take(&budget, BUDGET_EXIT, 1, START + 2 * NS_PER_S - 1));
	assert_string_equal(arb_budget_reason(&budget, BUDGET_ENTRY, START), "rate_limited");
	assert_true(arb_budget_take(&budget, BUDGET_CANCEL, 1, START));
	assert_int_equal(arb_budget_wait_ns(&budget, BUDGET_ASK, 3, START), 0);
	assert_true(arb_budget_take(&budget, BUDGET_EXIT, 1, START + 2 * NS_PER_S));
	assert_string_equal(arb_budget_reason(&budget, BUDGET_ENTRY, START + 2 * NS_PER_S), "rate_budget");
	/* Too many requests are no reason to let no decision be made. */
	assert_true(arb_budget_takes_orders(&budget, START));
}

static void
halts_grow_until_one_is_served(void **state)
{
	static const int seconds[] = {1, 2, 4, 8, 16, 30, 30};
	Budget		budget;
	int64_t		now = START;
	size_t		i;

	arb_budget_init(&budget, &Standard);
	for (i = 0; i < sizeof(seconds) / sizeof(seconds[0]); i++)
	{
		arb_budget_refused(&budget, BUDGET_ENTRY, BUDGET_HALT_RESTARTING, 0, now);
		assert_int_equal(arb_budget_wait_ns(&budget, BUDGET_ENTRY, 1, now), seconds[i] * NS_PER_S);
		assert_false(arb_budget_takes_orders(&budget, now));
		/* What was on its way with the first is no further refusal, and no end of it. */
		arb_budget_refused(&budget, BUDGET_ENTRY, BUDGET_HALT_RESTARTING, 0, now);
		arb_budget_served(&budget, BUDGET_ENTRY, now);
		assert_int_equal(arb_budget_wait_ns(&budget, BUDGET_ENTRY, 1, now), seconds[i] * NS_PER_S);
		now += seconds[i] * NS_PER_S;
		assert_true(arb_budget_takes_orders(&budget, now));
	}
	arb_budget_served(&budget, BUDGET_EXIT, now);
	arb_budget_refused(&budget, BUDGET_ENTRY, BUDGET_HALT_CANCEL_ONLY, 0, now);
	assert_int_equal(arb_budget_wait_ns(&budget, BUDGET_ENTRY, 1, now), NS_PER_S);
	assert_string_equal(arb_budget_reason(&budget, BUDGET_ENTRY, now), "cancel_only");
}

static void
the_venue_knows_better_what_is_left(void **state)
{
	Budget		budget;

	arb_budget_init(&budget, &Standard);
	arb_budget_learn(&budget, BUDGET_CANCEL, "5", START);
	assert_int_equal(arb_budget_cancels(&budget, 100, START), 5);
	/* It never gives more than we counted, and nonsense is nothing. */
	arb_budget_learn(&budget, BUDGET_CANCEL, "50", START);
	arb_budget_learn(&budget, BUDGET_CANCEL, "-3", START);
	arb_budget_learn(&budget, BUDGET_CANCEL, "many", START);
	arb_budget_learn(&budget, BUDGET_CANCEL, NULL, START);
	assert_int_equal(arb_budget_cancels(&budget, 100, START), 5);
}

static void
refusals_are_told_apart(void **state)
{
	static const struct
	{
		int			status;
		const char *body;
		BudgetHalt	halt;
	}			cases[] = {
		{429, "{\"error\":\"rate limit exceeded\"}", BUDGET_HALT_RATE_LIMITED},
		{429, "<html>", BUDGET_HALT_RATE_LIMITED},
		{425, "", BUDGET_HALT_RESTARTING},
		{503, "{\"error\":\"Trading is currently disabled. Check polymarket.com for updates\"}", BUDGET_HALT_DISABLED},
		{503, "{\"error\":\"Trading is currently cancel-only. New orders are not accepted, but cancels are allowed.\"}",
			BUDGET_HALT_CANCEL_ONLY},
		{400, "{\"error\":\"post-only mode: only post-only orders and cancels are allowed\"}", BUDGET_HALT_POST_ONLY},
		{400, "{\"error\":\"not enough balance / allowance\"}", BUDGET_HALT_NONE},
		{503, "{\"error\":\"upstream\"}", BUDGET_HALT_NONE},
	};
	size_t		i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		PostAnswer	post;

		arb_pm_parse_post(cases[i].status, cases[i].body, strlen(cases[i].body), "0x1", &post);
		assert_int_equal(arb_budget_halt_of(cases[i].status, post.code), cases[i].halt);
		assert_true(cases[i].halt == BUDGET_HALT_NONE || post.outcome == POST_OUTCOME_RETRY_LATER);
	}
}

static OrderReport
repeat(PostOutcome outcome)
{
	PostAnswer	post;

	memset(&post, 0, sizeof(post));
	post.outcome = outcome;
	return arb_classify_repeat(&post);
}

static void
a_second_sending_proves_presence_only(void **state)
{
	assert_int_equal(repeat(POST_OUTCOME_ACCEPTED), ORDER_REPORT_ACCEPTED);
	assert_int_equal(repeat(POST_OUTCOME_DELAYED), ORDER_REPORT_ACCEPTED);
	assert_int_equal(repeat(POST_OUTCOME_MATCHED), ORDER_REPORT_MATCHED);
	/* The first may be there and have taken the money the second is refused for. */
	assert_int_equal(repeat(POST_OUTCOME_REJECTED), ORDER_REPORT_NONE);
	assert_int_equal(repeat(POST_OUTCOME_RETRY_LATER), ORDER_REPORT_NONE);
	assert_int_equal(repeat(POST_OUTCOME_UNKNOWN), ORDER_REPORT_NONE);
	assert_int_equal(repeat(POST_OUTCOME_DUPLICATE), ORDER_REPORT_NONE);
}

static OrderTicket
ticket_of(OrderSide side, AmountKind kind, const char *amount, const char *price, const char *fee_rate)
{
	OrderTicket ticket;

	memset(&ticket, 0, sizeof(ticket));
	ticket.side = side;
	ticket.amount_kind = kind;
	(void) strcpy(ticket.amount, amount);
	(void) strcpy(ticket.limit_price, price);
	(void) strcpy(ticket.fee_rate, fee_rate);
	return ticket;
}

static void
an_order_costs_at_most_this(void **state)
{
	OrderTicket ticket = ticket_of(ORDER_SIDE_BUY, AMOUNT_KIND_MONEY, "5", "0.52", "0.07");

	assert_int_equal(arb_cover_of_ticket(&ticket), 5350000);
	ticket = ticket_of(ORDER_SIDE_BUY, AMOUNT_KIND_BASE, "10.01", "0.523", "");
	/* 5.23523 exactly */
	assert_int_equal(arb_cover_of_ticket(&ticket), 5235230);
	/* Rounded against us: a third of a micro-dollar is a whole one. */
	ticket = ticket_of(ORDER_SIDE_BUY, AMOUNT_KIND_BASE, "0.000001", "0.3", "0");
	assert_int_equal(arb_cover_of_ticket(&ticket), 1);
	ticket = ticket_of(ORDER_SIDE_SELL, AMOUNT_KIND_BASE, "10", "0.5", "0.07");
	assert_int_equal(arb_cover_of_ticket(&ticket), 0);
	ticket = ticket_of(ORDER_SIDE_BUY, AMOUNT_KIND_BASE, "ten", "0.5", "0.07");
	assert_int_equal(arb_cover_of_ticket(&ticket), COVER_MOST);
	ticket = ticket_of(ORDER_SIDE_BUY, AMOUNT_KIND_BASE, "9000000000000", "0.999", "0.07");
	assert_int_equal(arb_cover_of_ticket(&ticket), COVER_MOST);
}

static void
cash_covers_with_what_others_take(void **state)
{
	assert_true(arb_cover_is_enough(5000000, 0, 5000000));
	assert_false(arb_cover_is_enough(4999999, 0, 5000000));
	assert_true(arb_cover_is_enough(8000000, 3000000, 5000000));
	assert_false(arb_cover_is_enough(8000000, 3000001, 5000000));
	assert_false(arb_cover_is_enough(INT64_MAX, INT64_MAX, 1));
	assert_false(arb_cover_is_enough(-1, 0, 1));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(entries_leave_a_reserve_to_exits),
		cmocka_unit_test(waits_are_as_long_as_tokens_need),
		cmocka_unit_test(cancels_go_in_pieces),
		cmocka_unit_test(a_venue_that_does_not_count_holds_nobody),
		cmocka_unit_test(questions_leave_requests_to_orders),
		cmocka_unit_test(a_refusal_stops_its_class_alone),
		cmocka_unit_test(halts_grow_until_one_is_served),
		cmocka_unit_test(the_venue_knows_better_what_is_left),
		cmocka_unit_test(refusals_are_told_apart),
		cmocka_unit_test(a_second_sending_proves_presence_only),
		cmocka_unit_test(an_order_costs_at_most_this),
		cmocka_unit_test(cash_covers_with_what_others_take),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
