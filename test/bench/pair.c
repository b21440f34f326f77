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

/* One server of the pair. */
typedef struct Side
{
	PGconn	   *worker;
	PGconn	   *admin;
	Book		book;
	Pool		pool;
	const Instrument *instrument;
	Samples		took;
} Side;

static void
open_side(Side *side, const char *conninfo, int rounds, int instruments)
{
	side->worker = connect_database(conninfo, false);
	side->admin = connect_database(conninfo, true);
	open_book(side->admin, "bench-1", &side->book);
	prepare_protocol(side->worker);
	pool_make(side->admin, &side->book, instruments, &side->pool);
	side->took = samples_new(rounds);
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

static void
measure(Side *side, bool counts)
{
	char		order_id[ID_SIZE];
	double		took = decide(side->worker, &side->book, side->instrument->id, order_id, sizeof(order_id));

	side->instrument++;
	if (counts)
		samples_add(&side->took, took);
}

/* Each goes first as often as the other. */
static void
compare_sides(Side *a, Side *b, int rounds)
{
	int			from = -WARM_UP_BLOCKS * BLOCK;
	int			i;

	for (i = from; i < rounds; i++)
	{
		if ((i - from) % BLOCK == 0)
		{
			rest(a);
			rest(b);
		}
		measure(i % 2 == 0 ? a : b, i >= 0);
		measure(i % 2 == 0 ? b : a, i >= 0);
	}
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
	compare_sides(&without, &with, rounds);
	print_figure("gate.flat_cost", median(&with.took), "us", median(&without.took), BETTER_LOWER);
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
	compare_sides(&without, &with, rounds);
	run(holder, "COMMIT");
	print_figure("gate.old_snapshot", median(&with.took), "us", median(&without.took), BETTER_LOWER);
	PQfinish(holder);
	close_side(&without);
	close_side(&with);
}
