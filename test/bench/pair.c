/*-------------------------------------------------------------------------
 *
 * test/bench/pair.c
 *	  Two servers that differ in one thing, measured in turn: what does it cost?
 *
 * history: one has none, one has as many orders as test/bench/run wrote.
 * snapshot: both made the same decisions, one while a session held a snapshot
 * from before the first.
 *
 *-------------------------------------------------------------------------
 */
#include <stdio.h>

#include "desk.h"
#include "figures.h"
#include "measure.h"

#define WARM_UP_BLOCKS 2
#define IN_A_ROW 10

/* One server of the pair. */
typedef struct Side
{
	PGconn	   *worker;
	PGconn	   *admin;
	Book		book;
	Pool		pool;
	const Instrument *instrument;
	Samples		took;
	double		round[IN_A_ROW];
} Side;

static void
open_side(Side *side, const char *conninfo, int rounds, int instruments)
{
	side->worker = connect_database(conninfo, false);
	side->admin = connect_database(conninfo, true);
	open_book(side->admin, "bench-1", &side->book);
	prepare_protocol(side->worker);
	pool_make(side->admin, &side->book, instruments, &side->pool);
	/* The median of each turn. */
	side->took = samples_new(rounds / IN_A_ROW + 1);
}

static void
close_side(Side *side)
{
	PQfinish(side->worker);
	PQfinish(side->admin);
	pool_free(&side->pool);
}

static void
rest(Side *side)
{
	end_orders(side->admin, &side->book);
	side->instrument = pool_take(side->admin, &side->book, &side->pool, BLOCK);
}

/* Some in a row, as a busy session makes them. */
static void
measure(Side *side)
{
	char		order_id[ID_SIZE];
	int			i;

	for (i = 0; i < IN_A_ROW; i++)
		side->round[i] = decide(side->worker, &side->book, (side->instrument++)->id, order_id, sizeof(order_id));
}

static double
median_of_round(Side *side)
{
	Samples		samples = {side->round, IN_A_ROW, IN_A_ROW};

	return median(&samples);
}

/*
 * What the one takes more than the other is told by each pair of turns, a
 * millisecond apart, and not by how busy the machine was with either. Each goes
 * first as often as the other.
 */
static void
compare_sides(const char *name, Side *a, Side *b, int rounds)
{
	Samples		ratio = samples_new(rounds / IN_A_ROW + 1);
	int			from = -WARM_UP_BLOCKS * BLOCK;
	double		base;
	int			i;

	for (i = from; i < rounds; i += IN_A_ROW)
	{
		bool		swap = (i - from) / IN_A_ROW % 2 == 1;

		if ((i - from) % BLOCK == 0)
		{
			rest(a);
			rest(b);
		}
		measure(swap ? b : a);
		measure(swap ? a : b);
		if (i < 0)
			continue;
		base = median_of_round(a);
		samples_add(&a->took, base);
		samples_add(&ratio, median_of_round(b) / base);
	}
	base = median(&a->took);
	print_figure(name, base * median(&ratio), "us", base, BETTER_LOWER);
}

static int
instruments_for(int rounds)
{
	return (rounds / BLOCK + 1 + WARM_UP_BLOCKS) * BLOCK;
}

void
bench_history(int rounds, const char *empty, const char *full)
{
	Side		without, with;

	open_side(&without, empty, rounds, instruments_for(rounds));
	open_side(&with, full, rounds, instruments_for(rounds));
	compare_sides("gate.flat_cost", &without, &with, rounds);
	close_side(&without);
	close_side(&with);
}

static void
pass_decisions(Side *side, int decisions)
{
	int			i;

	for (i = 0; i < decisions; i += BLOCK)
	{
		rest(side);
		decide_batch(side->worker, &side->book, side->instrument, BLOCK);
	}
}

void
bench_snapshot(int rounds, int decisions, const char *free, const char *held)
{
	int			instruments = instruments_for(rounds) + instruments_for(decisions);
	PGconn	   *holder;
	Side		without, with;

	open_side(&without, free, rounds, instruments);
	open_side(&with, held, rounds, instruments);
	holder = connect_database(held, true);
	run(holder, "BEGIN ISOLATION LEVEL REPEATABLE READ");
	run(holder, "SELECT count(*) FROM arbees.orders");
	pass_decisions(&without, decisions);
	pass_decisions(&with, decisions);
	compare_sides("gate.old_snapshot", &without, &with, rounds);
	run(holder, "COMMIT");
	PQfinish(holder);
	close_side(&without);
	close_side(&with);
}
