/*-------------------------------------------------------------------------
 *
 * test/worker/test_sim_world.c
 *	  The simulator's world: same seed, same world; windows in order; the books
 *	  of a whole run add up; recorded rows, good and hostile.
 *
 *-------------------------------------------------------------------------
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "sim/buf.h"
#include "sim/frames.h"
#include "sign/l2.h"
#include "sim/world.h"

typedef struct Run
{
	Exchange	exchange;
	World		world;
	Buf			story;			/* everything a reader of the streams would see */
	int			resolved;
	int			ups;
	int			ticks;
} Run;

static void
tell_tick(void *context, const Oracle *oracle)
{
	Run		   *run = context;

	run->ticks++;
	sim_frame_price(&run->story, oracle, TOPIC_CHAINLINK, "c", oracle->tick_s * 1000);
}

static void
tell_resolved(void *context, const Market *market)
{
	Run		   *run = context;

	run->resolved++;
	run->ups += market->winner == 0;
	/* A tie is up. */
	assert_int_equal(market->winner, market->final >= market->strike ? 0 : 1);
	sim_frame_resolved(&run->story, market, 0);
}

static void
tell_print(void *context, const Market *market, int outcome, SimSide side, int price, int64_t shares, const char *hash)
{
	Run		   *run = context;

	sim_frame_last_trade(&run->story, market, outcome, side, price, shares, hash, 0);
}

static void
run_world(Run *run, uint64_t seed, int64_t window_s, int steps, int step_ms)
{
	WorldOptions options = {.seed = seed, .window_s = window_s, .resolve_delay_ms = 1000, .tick = 100,
	.tick_changes = true, .volatility_ppm = 90, .assets = "btc,eth"};
	char		error[200];
	int			i;
	size_t		k;

	memset(run, 0, sizeof(*run));
	sim_exchange_init(&run->exchange, seed, 1000 * MICRO);
	assert_true(sim_world_init(&run->world, &options, &run->exchange, error, sizeof(error)));
	run->world.events = (WorldEvents) {run, tell_tick, NULL, NULL, tell_resolved};
	run->exchange.events = (ExchangeEvents) {run, NULL, NULL, tell_print};
	sim_world_begin(&run->world, sim_world_driven_start_ms(&run->world));
	for (i = 0; i < steps; i++)
	{
		sim_world_step(&run->world, run->world.now_ms + step_ms);
		for (k = run->world.first_live; k < run->world.market_count; k++)
		{
			Market	   *market = run->world.markets[k];

			if (!sim_market_tradable(market))
				continue;
			assert_true(sim_book_best(market->book, BOOK_BIDS) < sim_book_best(market->book, BOOK_ASKS));
			/* The crowd may have taken the last level of one side, never of both. */
			assert_true(market->book->best[BOOK_BIDS] != NULL || market->book->best[BOOK_ASKS] != NULL);
			sim_frame_price_change(&run->story, market);
			sim_book_clear_touched(market->book);
		}
		if (i % 50 == 0)
			assert_null(sim_exchange_audit(&run->exchange, run->world.markets, run->world.market_count));
	}
	assert_null(sim_exchange_audit(&run->exchange, run->world.markets, run->world.market_count));
}

static void
end_run(Run *run)
{
	sim_world_free(&run->world);
	sim_exchange_free(&run->exchange);
	sim_buf_free(&run->story);
}

static void
test_same_seed_same_world(void **state)
{
	Run		   *a = sim_alloc(sizeof(*a));
	Run		   *b = sim_alloc(sizeof(*b));

	run_world(a, 7, 20, 400, 250);
	run_world(b, 7, 20, 400, 250);
	assert_int_equal(a->story.len, b->story.len);
	assert_memory_equal(a->story.data, b->story.data, a->story.len);
	assert_true(a->resolved >= 6);
	end_run(b);
	run_world(b, 8, 20, 400, 250);
	assert_true(a->story.len != b->story.len || memcmp(a->story.data, b->story.data, a->story.len) != 0);
	end_run(a);
	end_run(b);
	free(a);
	free(b);
}

static void
test_windows_follow_each_other(void **state)
{
	Run		   *run = sim_alloc(sizeof(*run));
	size_t		i;

	run_world(run, 3, 20, 300, 1000);
	for (i = 2; i < run->world.market_count; i++)
	{
		const Market *market = run->world.markets[i];

		/* Two underlyings take turns. */
		assert_int_equal(market->open_s, run->world.markets[i - 2]->close_s);
		assert_int_equal(market->open_s % 20, 0);
		assert_true(strlen(market->token[0]) >= 77 && strlen(market->token[1]) >= 77);
		assert_true(market->state == MARKET_SCHEDULED || market->strike > 0);
	}
	assert_int_equal(run->ticks, 600);
	/* Both outcomes happen. */
	assert_true(run->ups > 0 && run->ups < run->resolved);
	end_run(run);
	free(run);
}

static void
test_twap_windows(void **state)
{
	Run		   *run = sim_alloc(sizeof(*run));

	run_world(run, 11, 300, 700, 1000);
	assert_true(run->resolved >= 2);
	assert_true(run->world.markets[0]->twap);
	end_run(run);
	free(run);
}

static void
test_probability(void **state)
{
	Oracle		oracle;
	PriceE18	strike;
	int			i;
	int			before = 0;

	assert_true(sim_oracle_init(&oracle, "btc", 1, 90));
	assert_false(sim_oracle_init(&oracle, "doge", 1, 90));
	assert_true(sim_oracle_init(&oracle, "btc", 1, 90));
	strike = oracle.price;
	assert_int_equal(sim_oracle_up_ppm(&oracle, strike, 60000, false), 500000);
	assert_int_equal(sim_oracle_up_ppm(&oracle, strike, 0, false), PROBABILITY_ONE);
	assert_int_equal(sim_oracle_up_ppm(&oracle, strike + 1, 0, false), 0);
	/* One standard deviation of 100 s above the strike: 0.84. */
	oracle.price = strike + strike / 1000000 * 900;
	assert_in_range(sim_oracle_up_ppm(&oracle, strike, 100000, false), 840000, 843000);
	/* The nearer the end, the surer. */
	for (i = 100; i >= 0; i--)
	{
		int			ppm = sim_oracle_up_ppm(&oracle, strike, i * 1000, false);

		assert_true(ppm >= before);
		before = ppm;
	}
}

static void
test_prices_as_text(void **state)
{
	PriceE18	price;
	char		text[PRICE_E18_TEXT_SIZE];

	assert_true(sim_price_parse_integer("65048078902260626000000", &price));
	sim_price_decimal(price, text);
	assert_string_equal(text, "65048.078902260626");
	assert_true(sim_price_parse_decimal("65048.078902260626", &price));
	sim_price_integer(price, text);
	assert_string_equal(text, "65048078902260626000000");
	assert_true(sim_price_parse_decimal("5", &price));
	sim_price_decimal(price, text);
	assert_string_equal(text, "5");
	assert_false(sim_price_parse_decimal("", &price));
	assert_false(sim_price_parse_decimal("1.", &price));
	assert_false(sim_price_parse_decimal("-1", &price));
	assert_false(sim_price_parse_decimal("1e5", &price));
	assert_false(sim_price_parse_decimal("NaN", &price));
	assert_false(sim_price_parse_decimal("1.1234567890123456789", &price));
	assert_false(sim_price_parse_integer("99999999999999999999999999999", &price));
}

static const char WindowHeader[] =
	"slug,start_sec,end_sec,interval_sec,resolved,outcome,strike,condition_id,token_up,token_down,volume_usd,tick_size,min_size,closed_time\n";
static const char WindowRow[] =
	"btc-updown-5m-1000000200,1000000200,1000000500,300,1,DOWN,65048.078902260626,"
	"0x36cb924e956b2d13bcafe194cb4c59fbd13d3cccbf1368b081d07924ab20f329,1132847995816097515898915501661369923896998456"
	"33635525538167662371764318518311,48565563723288791013647874716778694654875975981785981900232388978043327398639,1.5,0.001,5,2001-09-09 01:55:18+00\n";
static const char TickHeader[] = "feed_ts_ms,value,full_accuracy_value,server_ts_ms,recv_ms\n";

static bool
load_texts(Replay *replay, const char *windows, const char *ticks, char *error, size_t size)
{
	char		windows_path[] = "/tmp/arbees-sim-test-XXXXXX";
	char		ticks_path[] = "/tmp/arbees-sim-test-XXXXXX";
	int			first = mkstemp(windows_path);
	int			second = mkstemp(ticks_path);
	bool		ok;

	assert_true(first >= 0 && second >= 0);
	assert_int_equal(write(first, windows, strlen(windows)), strlen(windows));
	assert_int_equal(write(second, ticks, strlen(ticks)), strlen(ticks));
	close(first);
	close(second);
	ok = sim_replay_load(replay, windows_path, ticks_path, error, size);
	unlink(windows_path);
	unlink(ticks_path);
	return ok;
}

static void
test_replay_rows(void **state)
{
	char		windows[2048];
	char		error[256];
	Replay		replay;

	snprintf(windows, sizeof(windows), "%s%s", WindowHeader, WindowRow);
	assert_true(load_texts(&replay, windows,
						   "feed_ts_ms,value,full_accuracy_value,server_ts_ms,recv_ms\n"
						   "1000000201000,2,2000000000000000000,1000000202000,1000000202900\n"
						   "1000000200000,1,1000000000000000000,1000000201000,1000000201377\n"
						   "1000000201000,3,3000000000000000000,1000000202000,1000000202300\n", error, sizeof(error)));
	assert_int_equal(replay.window_count, 1);
	assert_int_equal(replay.windows[0].outcome, 1);
	assert_int_equal(replay.windows[0].tick, 10);
	assert_int_equal(replay.windows[0].closed_s, 1000000518);
	/* Two rows of one second: the later receipt comes last. */
	assert_int_equal(replay.tick_count, 3);
	assert_true(replay.ticks[2].price == (PriceE18) 2000000000000000000);
	sim_replay_free(&replay);
}

static void
test_replay_refuses(void **state)
{
	static const char *const bad_ticks[] = {
		"1000000201000,2,-5,1,1\n", "1000000201000,2,2.5,1,1\n", "x,2,2,1,1\n", "1000000201000,2\n",
		"1000000201000,2,0,1,1\n", ",,,,\n", "1000000201000,2,99999999999999999999999999999999,1,1\n", NULL
	};
	char		windows[2048];
	char		ticks[512];
	char		error[256];
	Replay		replay;
	int			i;

	snprintf(windows, sizeof(windows), "%s%s", WindowHeader, WindowRow);
	for (i = 0; bad_ticks[i] != NULL; i++)
	{
		snprintf(ticks, sizeof(ticks), "%s%s", TickHeader, bad_ticks[i]);
		assert_false(load_texts(&replay, windows, ticks, error, sizeof(error)));
		assert_non_null(strstr(error, "line 2"));
	}
	assert_false(load_texts(&replay, windows, TickHeader, error, sizeof(error)));
	assert_false(load_texts(&replay, windows, "a,b\n1,2\n", error, sizeof(error)));
	strchr(windows, 'D')[0] = 'X';	/* an outcome nobody knows */
	assert_false(load_texts(&replay, windows, "feed_ts_ms,full_accuracy_value,recv_ms\n1000,1,1\n", error, sizeof(error)));
	assert_false(sim_replay_load(&replay, "/nonexistent", "/nonexistent", error, sizeof(error)));
}

static void
test_labels(void **state)
{
	static const struct
	{
		int64_t		seconds;
		const char *label;
	}			cases[] = {{20, "20s"}, {300, "5m"}, {900, "15m"}, {14400, "4h"}, {90, "90s"}, {60, "1m"}};
	char		label[WINDOW_LABEL_SIZE];
	size_t		i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		sim_window_label(cases[i].seconds, label);
		assert_string_equal(label, cases[i].label);
	}
}

static int
setup(void **state)
{
	return arb_eth_init() == NULL ? 0 : -1;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_same_seed_same_world),
		cmocka_unit_test(test_windows_follow_each_other),
		cmocka_unit_test(test_twap_windows),
		cmocka_unit_test(test_probability),
		cmocka_unit_test(test_prices_as_text),
		cmocka_unit_test(test_replay_rows),
		cmocka_unit_test(test_replay_refuses),
		cmocka_unit_test(test_labels),
	};

	return cmocka_run_group_tests_name("sim_world", tests, setup, NULL);
}
