/*-------------------------------------------------------------------------
 *
 * test/bench/gate.c
 *	  One session at the gate: accepted, denied, claimed, and a batch.
 *
 *-------------------------------------------------------------------------
 */
#include "desk.h"
#include "figures.h"
#include "measure.h"

#define WARM_UP_BLOCKS 1
#define WARM_UP_BATCHES 3
#define BATCH 50
/* Floors between two batches. */
#define FLOORS_PER_BATCH 20

typedef struct Desk
{
	PGconn	   *worker;			/* decides and claims */
	PGconn	   *async;
	PGconn	   *sync;			/* also does what is not timed */
	Book		book;
	Pool		pool;
} Desk;

static void
open_desk(Desk *desk, int instruments)
{
	desk->worker = connect_database("", false);
	desk->async = connect_database("", false);
	desk->sync = connect_database("", true);
	prepare_floor(desk->async);
	prepare_floor(desk->sync);
	open_book(desk->sync, "bench-1", &desk->book);
	prepare_protocol(desk->worker);
	pool_make(desk->sync, &desk->book, instruments, &desk->pool);
}

static void
close_desk(Desk *desk)
{
	PQfinish(desk->worker);
	PQfinish(desk->async);
	PQfinish(desk->sync);
	pool_free(&desk->pool);
}

typedef struct Decisions
{
	Samples		async_floor;
	Samples		sync_floor;
	Samples		accepted;
	Samples		denied;
	Samples		claimed;
} Decisions;

static void
keep(Samples *samples, bool counts, double took)
{
	if (counts)
		samples_add(samples, took);
}

/*
 * Each kind some times in a row, as a busy session makes them: a session that has
 * just slept is measured by how soon the machine wakes it.
 */
static void
decide_block(Desk *desk, Decisions *d, bool counts)
{
	const Instrument *instrument;
	char		order_id[ID_SIZE];
	int			i;

	end_orders(desk->sync, &desk->book);
	instrument = pool_take(desk->sync, &desk->book, &desk->pool, 2 * BLOCK);
	for (i = 0; i < BLOCK; i++)
		keep(&d->async_floor, counts, time_floor(desk->async));
	for (i = 0; i < BLOCK; i++)
		keep(&d->accepted, counts, decide(desk->worker, &desk->book, (instrument++)->id, order_id, sizeof(order_id)));
	for (i = 0; i < BLOCK; i++)
		keep(&d->denied, counts, decide_denied(desk->worker, &desk->book, (instrument + i)->id));
	for (i = 0; i < BLOCK; i++)
		keep(&d->sync_floor, counts, time_floor(desk->sync));
	for (i = 0; i < BLOCK; i++)
	{
		double		took = decide(desk->worker, &desk->book, (instrument++)->id, order_id, sizeof(order_id));

		keep(&d->claimed, counts, took + claim(desk->worker, &desk->book, order_id));
	}
}

static void
bench_decisions(int rounds)
{
	int			blocks = (rounds + BLOCK - 1) / BLOCK;
	int			n = blocks * BLOCK;
	Decisions	d = {samples_new(n), samples_new(n), samples_new(n), samples_new(n), samples_new(n)};
	Desk		desk;
	int			i;

	open_desk(&desk, (blocks + WARM_UP_BLOCKS) * 2 * BLOCK);
	for (i = -WARM_UP_BLOCKS; i < blocks; i++)
		decide_block(&desk, &d, i >= 0);
	print_figure("gate.accepted", median(&d.accepted), "us", median(&d.async_floor), BETTER_LOWER);
	print_figure("gate.denied", median(&d.denied), "us", median(&d.async_floor), BETTER_LOWER);
	print_figure("gate.claimed", median(&d.claimed), "us", median(&d.sync_floor), BETTER_LOWER);
	close_desk(&desk);
}

/* A batch's time is divided by its signals; what it commits is durable. */
static void
bench_batches(int batches)
{
	Desk		desk;
	Samples		sync_floor = samples_new(batches * FLOORS_PER_BATCH);
	Samples		each = samples_new(batches);
	int			i;

	open_desk(&desk, (batches + WARM_UP_BATCHES) * BATCH);
	run(desk.worker, "SET synchronous_commit = on");
	for (i = -WARM_UP_BATCHES; i < batches; i++)
	{
		const Instrument *instruments;
		double		took;
		int			j;

		end_orders(desk.sync, &desk.book);
		instruments = pool_take(desk.sync, &desk.book, &desk.pool, BATCH);
		for (j = 0; j < FLOORS_PER_BATCH; j++)
		{
			took = time_floor(desk.sync);
			if (i >= 0)
				samples_add(&sync_floor, took);
		}
		took = decide_batch(desk.worker, &desk.book, instruments, BATCH);
		if (i >= 0)
			samples_add(&each, took / BATCH);
	}
	print_figure("gate.batch50", median(&each), "us", median(&sync_floor), BETTER_LOWER);
	close_desk(&desk);
}

void
bench_gate(int rounds, int batches)
{
	if (wanted("gate.accepted") || wanted("gate.denied") || wanted("gate.claimed"))
		bench_decisions(rounds);
	if (wanted("gate.batch50"))
		bench_batches(batches);
}
