/*-------------------------------------------------------------------------
 *
 * test/worker/test_trade.c
 *	  The lease clock, the classes of answers, evidence and judgement, fills.
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
#include "db/reply.h"
#include "db/statements.h"
#include "trade/classify.h"
#include "trade/fill.h"
#include "trade/judge.h"
#include "trade/lease_clock.h"
#include "trade/trade.h"

static void
lease_stops_early(void **state)
{
	LeaseClock	lease;
	int64_t		asked = 1000 * NS_PER_S;

	arb_lease_clock_clear(&lease);
	assert_false(arb_lease_may_send(&lease, asked));
	arb_lease_clock_set(&lease, asked, 3000);
	assert_true(arb_lease_may_send(&lease, asked));
	assert_true(arb_lease_may_send(&lease, asked + 1799 * NS_PER_MS));
	assert_false(arb_lease_may_send(&lease, asked + 1800 * NS_PER_MS));
	assert_false(arb_lease_expired(&lease, asked + 2999 * NS_PER_MS));
	assert_true(arb_lease_in_force(&lease, asked + 2999 * NS_PER_MS));
	assert_false(arb_lease_in_force(&lease, asked + 3000 * NS_PER_MS));
	assert_true(arb_lease_expired(&lease, asked + 3000 * NS_PER_MS));
	assert_int_equal(arb_lease_renew_after_ms(&lease), 990);
	arb_lease_clock_set(&lease, asked, -5);
	assert_false(arb_lease_may_send(&lease, asked));
	assert_false(arb_lease_in_force(&lease, asked));
}

static OrderReport
classify(PostOutcome outcome)
{
	PostAnswer	post;

	memset(&post, 0, sizeof(post));
	post.outcome = outcome;
	return arb_classify_post(HTTP_ANSWERED, &post);
}

static void
only_a_definite_answer_is_an_answer(void **state)
{
	PostAnswer	post;

	memset(&post, 0, sizeof(post));
	post.outcome = POST_OUTCOME_MATCHED;
	assert_int_equal(arb_classify_post(HTTP_NOT_SENT, NULL), ORDER_REPORT_NOT_SENT);
	/* What a broken connection seemed to say does not count. */
	assert_int_equal(arb_classify_post(HTTP_NO_ANSWER, &post), ORDER_REPORT_UNKNOWN);
	assert_int_equal(classify(POST_OUTCOME_ACCEPTED), ORDER_REPORT_ACCEPTED);
	assert_int_equal(classify(POST_OUTCOME_DELAYED), ORDER_REPORT_ACCEPTED);
	assert_int_equal(classify(POST_OUTCOME_MATCHED), ORDER_REPORT_MATCHED);
	assert_int_equal(classify(POST_OUTCOME_REJECTED), ORDER_REPORT_REJECTED);
	assert_int_equal(classify(POST_OUTCOME_RETRY_LATER), ORDER_REPORT_REJECTED);
	assert_int_equal(classify(POST_OUTCOME_DUPLICATE), ORDER_REPORT_UNKNOWN);
	assert_int_equal(classify(POST_OUTCOME_UNKNOWN), ORDER_REPORT_UNKNOWN);
	assert_int_equal(classify(POST_OUTCOME_NONE), ORDER_REPORT_UNKNOWN);
}

static void
answers_of_the_venue_are_classified(void **state)
{
	static const struct
	{
		const char *body;
		int			status;
		OrderReport report;
	}			cases[] = {
		{"{\"success\":true,\"errorMsg\":\"\",\"orderID\":\"0x1\",\"status\":\"live\"}", 200, ORDER_REPORT_ACCEPTED},
		{"{\"success\":true,\"errorMsg\":\"\",\"orderID\":\"0x1\",\"status\":\"matched\"}", 200, ORDER_REPORT_MATCHED},
		{"{\"success\":true,\"errorMsg\":\"\",\"orderID\":\"0x1\",\"status\":\"delayed\"}", 200, ORDER_REPORT_ACCEPTED},
		{"{\"error\":\"not enough balance / allowance\"}", 400, ORDER_REPORT_REJECTED},
		{"{\"error\":\"no orders found to match with FAK order. FAK orders are partially filled or killed "
		"if no match is found.\"}", 400, ORDER_REPORT_REJECTED},
		{"{\"error\":\"could not insert order\"}", 500, ORDER_REPORT_UNKNOWN},
		{"<html>bad gateway</html>", 502, ORDER_REPORT_UNKNOWN},
		{"{\"success\":true", 200, ORDER_REPORT_UNKNOWN},
		{"", 200, ORDER_REPORT_UNKNOWN},
		{"{\"error\":\"order 0x1 is invalid. Duplicated. Same order has already been placed, can't be placed "
		"again\"}", 400, ORDER_REPORT_UNKNOWN},
	};
	size_t		i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		PostAnswer	post;

		arb_pm_parse_post(cases[i].status, cases[i].body, strlen(cases[i].body), "0x1", &post);
		assert_int_equal(arb_classify_post(HTTP_ANSWERED, &post), cases[i].report);
	}
}

static void
absence_needs_rounds_and_time(void **state)
{
	Evidence	evidence;
	int64_t		quiet = 10 * NS_PER_S;

	arb_evidence_init(&evidence);
	/* Before the send deadline the order may still be on its way. */
	assert_false(arb_evidence_add(&evidence, quiet - 1, quiet, 0));
	assert_int_equal(evidence.rounds, 0);
	assert_false(arb_evidence_add(&evidence, quiet, quiet, 0));
	assert_false(arb_evidence_add(&evidence, quiet + NS_PER_S, quiet, 0));
	/* Three rounds, but not yet two seconds. */
	assert_false(arb_evidence_add(&evidence, quiet + 2 * NS_PER_S - 1, quiet, 0));
	assert_true(arb_evidence_add(&evidence, quiet + 2 * NS_PER_S, quiet, 0));
	/* A round that differs starts over. */
	assert_false(arb_evidence_add(&evidence, quiet + 3 * NS_PER_S, quiet, 500000));
	assert_int_equal(evidence.rounds, 1);
}

static Round
round_of(PmLookup lookup, PmOrderStatus status, int64_t matched, int64_t traded)
{
	Round		round;

	memset(&round, 0, sizeof(round));
	round.complete = true;
	round.stream_open = true;
	round.lookup = lookup;
	round.status = status;
	round.size_matched = matched;
	round.traded = traded;
	return round;
}

static void
found_orders_speak_for_themselves(void **state)
{
	OrderStanding standing = {false, 0};
	Evidence	evidence;
	Round		round;
	Judgement	judgement;

	arb_evidence_init(&evidence);
	round = round_of(PM_LOOKUP_FOUND, PM_ORDER_STATUS_LIVE, 0, 0);
	judgement = arb_judge_round(&round, &standing, 1, &evidence);
	assert_int_equal(judgement.report, ORDER_REPORT_ACCEPTED);

	round = round_of(PM_LOOKUP_FOUND, PM_ORDER_STATUS_MATCHED, 2000000, 1000000);
	judgement = arb_judge_round(&round, &standing, 1, &evidence);
	assert_int_equal(judgement.report, ORDER_REPORT_CLOSED);
	assert_int_equal(judgement.venue_qty, 2000000);
	/* Trades are still missing: the asking goes on. */
	assert_false(judgement.settled);

	round = round_of(PM_LOOKUP_FOUND, PM_ORDER_STATUS_CANCELED, 1000000, 1000000);
	judgement = arb_judge_round(&round, &standing, 1, &evidence);
	assert_int_equal(judgement.report, ORDER_REPORT_CANCELED);
	assert_true(judgement.settled);

	/* That it is over takes every route: one that failed, or that shows it open, leaves it in question. */
	round.complete = false;
	judgement = arb_judge_round(&round, &standing, 1, &evidence);
	assert_int_equal(judgement.report, ORDER_REPORT_NONE);
	round.complete = true;
	round.listed_open = true;
	judgement = arb_judge_round(&round, &standing, 1, &evidence);
	assert_int_equal(judgement.report, ORDER_REPORT_NONE);
	/* That it works takes one. */
	round = round_of(PM_LOOKUP_FOUND, PM_ORDER_STATUS_LIVE, 0, 0);
	round.complete = false;
	judgement = arb_judge_round(&round, &standing, 1, &evidence);
	assert_int_equal(judgement.report, ORDER_REPORT_ACCEPTED);

	round = round_of(PM_LOOKUP_FOUND, PM_ORDER_STATUS_OTHER, 0, 0);
	judgement = arb_judge_round(&round, &standing, 1, &evidence);
	assert_int_equal(judgement.report, ORDER_REPORT_NONE);
}

static Judgement
judge_thrice(Round round, OrderStanding standing)
{
	Evidence	evidence;
	Judgement	judgement;
	int			i;

	arb_evidence_init(&evidence);
	for (i = 0; i < 3; i++)
		judgement = arb_judge_round(&round, &standing, (i + 1) * NS_PER_S, &evidence);
	return judgement;
}

static void
absent_orders_are_judged_by_what_is_known(void **state)
{
	OrderStanding fresh = {false, 0};
	OrderStanding accepted = {true, 0};
	Judgement	judgement;
	Round		round;

	judgement = judge_thrice(round_of(PM_LOOKUP_ABSENT, PM_ORDER_STATUS_NONE, 0, 0), fresh);
	assert_int_equal(judgement.report, ORDER_REPORT_NOT_FOUND);
	/* It was there: gone without a trade is closed, not never been. */
	judgement = judge_thrice(round_of(PM_LOOKUP_ABSENT, PM_ORDER_STATUS_NONE, 0, 0), accepted);
	assert_int_equal(judgement.report, ORDER_REPORT_CLOSED);
	assert_int_equal(judgement.venue_qty, 0);
	/* Trades prove that it was there. */
	judgement = judge_thrice(round_of(PM_LOOKUP_ABSENT, PM_ORDER_STATUS_NONE, 0, 1500000), fresh);
	assert_int_equal(judgement.report, ORDER_REPORT_CLOSED);
	assert_int_equal(judgement.venue_qty, 1500000);
	/* An incomplete round proves nothing, however often it comes. */
	round = round_of(PM_LOOKUP_ABSENT, PM_ORDER_STATUS_NONE, 0, 0);
	round.complete = false;
	assert_int_equal(judge_thrice(round, fresh).report, ORDER_REPORT_NONE);
	/* Nor does silence while nobody could have told us. */
	round = round_of(PM_LOOKUP_ABSENT, PM_ORDER_STATUS_NONE, 0, 0);
	round.stream_open = false;
	assert_int_equal(judge_thrice(round, fresh).report, ORDER_REPORT_NONE);
	assert_int_equal(judge_thrice(round, accepted).report, ORDER_REPORT_NONE);
	/* Listed among the open it is open, even when it is not found by its id. */
	round = round_of(PM_LOOKUP_ABSENT, PM_ORDER_STATUS_NONE, 0, 0);
	round.listed_open = true;
	assert_int_equal(judge_thrice(round, fresh).report, ORDER_REPORT_ACCEPTED);
}

static PmTrade
trade_of(PmMakerLeg *legs, size_t count)
{
	PmTrade		trade;

	memset(&trade, 0, sizeof(trade));
	(void) strcpy(trade.id, "t1");
	(void) strcpy(trade.taker_order_id, "0xaa");
	(void) strcpy(trade.token_id, "11");
	trade.side = ORDER_SIDE_BUY;
	trade.size = 3000000;
	trade.price = 530000;
	trade.status = PM_TRADE_STATUS_MATCHED;
	trade.makers = legs;
	trade.maker_count = count;
	return trade;
}

static void
fill_of_a_taker_sums_the_legs(void **state)
{
	PmMakerLeg	legs[2];
	PmTrade		trade;
	FillFact	fact;

	memset(legs, 0, sizeof(legs));
	(void) strcpy(legs[0].order_id, "0xbb");
	(void) strcpy(legs[0].token_id, "11");
	legs[0].side = ORDER_SIDE_SELL;
	legs[0].size = 1234567;
	legs[0].price = 530000;
	/* A buyer of the other token pays 0.47 and so leaves 0.53 to us. */
	(void) strcpy(legs[1].order_id, "0xcc");
	(void) strcpy(legs[1].token_id, "22");
	legs[1].side = ORDER_SIDE_BUY;
	legs[1].size = 1765433;
	legs[1].price = 470000;
	trade = trade_of(legs, 2);
	assert_true(arb_fill_of_trade(&trade, "0xaa", 70000, 1, &fact));
	assert_false(fact.is_maker);
	assert_int_equal(fact.qty, 3000000);
	/* floor(1.234567 * 0.53) + floor(1.765433 * 0.53), each in micro units */
	assert_int_equal(fact.money, 654320 + 935679);
	/* 3 * 0.07 * 0.53 * 0.47 = 0.0523110, floored to five decimals */
	assert_int_equal(fact.fee, 52310);

	assert_true(arb_fill_of_trade(&trade, "0xcc", 70000, 1, &fact));
	assert_true(fact.is_maker);
	assert_string_equal(fact.symbol, "22");
	assert_int_equal(fact.qty, 1765433);
	assert_int_equal(fact.price, 470000);
	assert_int_equal(fact.fee, 0);
	assert_false(arb_fill_of_trade(&trade, "0xdd", 70000, 1, &fact));
}

static void
fill_without_complete_legs_uses_the_trade(void **state)
{
	PmTrade		trade = trade_of(NULL, 0);
	FillFact	fact;

	assert_true(arb_fill_of_trade(&trade, "0xaa", 70000, 1, &fact));
	assert_int_equal(fact.money, 1590000);
}

static void
sqlstates_have_their_classes(void **state)
{
	assert_int_equal(arb_db_classify("RB004"), DB_ERROR_LEASE);
	assert_int_equal(arb_db_classify("RB001"), DB_ERROR_KILLED);
	assert_int_equal(arb_db_classify("42P01"), DB_ERROR_ABSENT);
	assert_int_equal(arb_db_classify("3F000"), DB_ERROR_ABSENT);
	assert_int_equal(arb_db_classify("42883"), DB_ERROR_ABSENT);
	assert_int_equal(arb_db_classify("08006"), DB_ERROR_CONNECTION);
	assert_int_equal(arb_db_classify("57P01"), DB_ERROR_CONNECTION);
	assert_int_equal(arb_db_classify("57014"), DB_ERROR_OTHER);
	assert_int_equal(arb_db_classify("40001"), DB_ERROR_RETRY);
	assert_int_equal(arb_db_classify("22023"), DB_ERROR_OTHER);
	/* A time-out says nothing of what was asked; a refusal does. */
	assert_true(arb_db_is_passing("57014"));
	assert_true(arb_db_is_passing("53100"));
	assert_true(arb_db_is_passing("40001"));
	assert_false(arb_db_is_passing("22023"));
	assert_false(arb_db_is_passing("RB003"));
}

/* The argument count given is the highest parameter the text names. */
static void
statements_count_their_arguments(void **state)
{
	int			id;

	for (id = DB_STATEMENT_NONE + 1; id < DB_STATEMENT_COUNT; id++)
	{
		const DbStatement *statement = arb_db_statement((DbStatementId) id);
		const char *p;
		int			highest = 0;

		assert_non_null(statement);
		for (p = statement->sql; (p = strchr(p, '$')) != NULL; p++)
		{
			int			number = (int) strtol(p + 1, NULL, 10);

			if (number > highest)
				highest = number;
		}
		assert_int_equal(highest, statement->arguments);
	}
	assert_null(arb_db_statement(DB_STATEMENT_NONE));
	assert_null(arb_db_statement(DB_STATEMENT_COUNT));
}

static void
an_unknown_kill_level_is_an_emergency(void **state)
{
	static const char *const unknown[] = {"", "NONE", "freeze", "emergency ", "flatten2"};

	(void) state;
	assert_int_equal(arb_kill_kind("none"), KILL_KIND_NONE);
	assert_int_equal(arb_kill_kind("pause"), KILL_KIND_NONE);
	assert_int_equal(arb_kill_kind("flatten"), KILL_KIND_FLATTEN);
	assert_int_equal(arb_kill_kind("emergency"), KILL_KIND_EMERGENCY);
	assert_int_equal(arb_kill_kind(NULL), KILL_KIND_EMERGENCY);
	for (size_t i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++)
		assert_int_equal(arb_kill_kind(unknown[i]), KILL_KIND_EMERGENCY);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lease_stops_early),
		cmocka_unit_test(an_unknown_kill_level_is_an_emergency),
		cmocka_unit_test(only_a_definite_answer_is_an_answer),
		cmocka_unit_test(answers_of_the_venue_are_classified),
		cmocka_unit_test(absence_needs_rounds_and_time),
		cmocka_unit_test(found_orders_speak_for_themselves),
		cmocka_unit_test(absent_orders_are_judged_by_what_is_known),
		cmocka_unit_test(fill_of_a_taker_sums_the_legs),
		cmocka_unit_test(fill_without_complete_legs_uses_the_trade),
		cmocka_unit_test(sqlstates_have_their_classes),
		cmocka_unit_test(statements_count_their_arguments),
	};

	return cmocka_run_group_tests_name("trade", tests, NULL, NULL);
}
