/*-------------------------------------------------------------------------
 *
 * test/bench/bench.c
 *	  Measures arbees against floors taken in the same run.
 *
 * bench gate ROUNDS BATCHES	decisions, denials and claims as a worker asks for
 *								them, and batches of 50 decisions
 * bench sessions ROUNDS		sixteen sessions, one portfolio and sixteen
 * bench kill ROUNDS			arbees_kill over 1,000 open orders and 500 positions
 * bench history ROUNDS A B		B has a history, A has none
 * bench snapshot ROUNDS DECISIONS A B
 *								on B somebody holds a snapshot while DECISIONS pass
 * bench tick TRACE PORT ROUNDS	what arbees-worker --trace wrote
 * bench orders COUNT RATE ROUNDS	orders through worker and venue, offered at RATE a second
 * bench again SECONDS			prints how long it took until an order was filled
 * bench bound NAME MOST VALUE...	the largest value against what it may be
 *
 * Floors and figures are taken in turn, so that both see the same machine, and
 * told as medians: "name value unit floor ratio", and the same as JSON lines in
 * the file named by BENCH_JSON. ONLY=prefix leaves figures out. Connects by
 * PGHOST and the like, or by the conninfo strings A and B.
 *
 *-------------------------------------------------------------------------
 */
#include "figures.h"

#include <stdlib.h>
#include <string.h>

#include "measure.h"

#define MAX_KILLS 100

/* What was promised is its own floor: a ratio above one breaks it. */
static void
print_bound(const char *name, const char *bound, int count, char **values)
{
	double		most = 0;
	int			i;

	for (i = 0; i < count; i++)
	{
		double		value = strtod(values[i], NULL);

		if (value > most)
			most = value;
	}
	print_figure(name, most, "s", strtod(bound, NULL), BETTER_LOWER);
}

static bool
is_call(int argc, char **argv, const char *name, int arguments)
{
	return argc == arguments + 2 && strcmp(argv[1], name) == 0;
}

int
main(int argc, char **argv)
{
	if (is_call(argc, argv, "gate", 2))
		bench_gate(parse_count(argv[2], MAX_ROUNDS), parse_count(argv[3], MAX_ROUNDS));
	else if (is_call(argc, argv, "sessions", 1))
		bench_sessions(parse_count(argv[2], MAX_ROUNDS));
	else if (is_call(argc, argv, "kill", 1))
		bench_kill(parse_count(argv[2], MAX_KILLS));
	else if (is_call(argc, argv, "history", 3))
		bench_history(parse_count(argv[2], MAX_ROUNDS), argv[3], argv[4]);
	else if (is_call(argc, argv, "snapshot", 4))
		bench_snapshot(parse_count(argv[2], MAX_ROUNDS), parse_count(argv[3], MAX_ROUNDS), argv[4], argv[5]);
	else if (is_call(argc, argv, "tick", 3))
		bench_tick(argv[2], parse_count(argv[3], 65535), parse_count(argv[4], MAX_ROUNDS));
	else if (is_call(argc, argv, "orders", 3))
		bench_orders(parse_count(argv[2], MAX_ROUNDS), parse_count(argv[3], MAX_ROUNDS), parse_count(argv[4], MAX_ROUNDS));
	else if (is_call(argc, argv, "again", 1))
		bench_trading_again(parse_count(argv[2], MAX_ROUNDS));
	else if (argc > 4 && strcmp(argv[1], "bound") == 0)
		print_bound(argv[2], argv[3], argc - 4, argv + 4);
	else
		die("usage", "bench gate ROUNDS BATCHES | sessions ROUNDS | kill ROUNDS | history ROUNDS A B |"
			" snapshot ROUNDS DECISIONS A B | tick TRACE PORT ROUNDS | orders COUNT RATE ROUNDS | again SECONDS |"
			" bound NAME MOST VALUE...");
	return 0;
}
