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
#define FLOORS_PER_BATCH 5

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

/* Floors and figures in turn, so that both see the same machine. */
static void
bench_decisions(int rounds)
{
	Desk		desk;
	Samples		async_floor = samples_new(rounds);
	Samples		sync_floor = samples_new(rounds);
	Samples		accepted = samples_new(rounds);
	Samples		denied = samples_new(rounds);
	Samples		claimed = samples_new(rounds);
	int			from = -WARM_UP_BLOCKS * BLOCK;
	const Instrument *instrument = NULL;
	int			i;

	open_desk(&desk, rounds - from + BLOCK);
	for (i = from; i < rounds; i++)
	{
		char		order_id[ID_SIZE];
		double		t_async, t_accepted, t_denied, t_sync, t_claim;

		if ((i - from) % BLOCK == 0)
		{
			end_orders(desk.sync, &desk.book);
			instrument = pool_take(desk.sync, &desk.book, &desk.pool, BLOCK);
		}
		t_async = time_floor(desk.async);
		t_accepted = decide(desk.worker, &desk.book, instrument->id, order_id, sizeof(order_id));
		t_sync = time_floor(desk.sync);
		t_claim = claim(desk.worker, &desk.book, order_id);
		t_denied = decide_denied(desk.worker, &desk.book, instrument->id);
		instrument++;
		if (i < 0)
			continue;
		samples_add(&async_floor, t_async);
		samples_add(&accepted, t_accepted);
		samples_add(&denied, t_denied);
		samples_add(&sync_floor, t_sync);
		samples_add(&claimed, t_accepted + t_claim);
	}
	print_figure("gate.accepted", median(&accepted), "us", median(&async_floor), BETTER_LOWER);
	print_figure("gate.denied", median(&denied), "us", median(&async_floor), BETTER_LOWER);
	print_figure("gate.claimed", median(&claimed), "us", median(&sync_floor), BETTER_LOWER);
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
