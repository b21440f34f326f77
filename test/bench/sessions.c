/*-------------------------------------------------------------------------
 *
 * test/bench/sessions.c
 *	  Sixteen sessions at once: one portfolio, then a portfolio each.
 *
 * Each phase is a number of operations that the sessions share, so that none is
 * waited for at the end; the floor is the same sessions' bare durable commits.
 *
 *-------------------------------------------------------------------------
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "desk.h"
#include "figures.h"
#include "measure.h"

#define SESSIONS 16
#define OPERATIONS (SESSIONS * 60)
#define FLOOR_OPERATIONS (SESSIONS * 200)

typedef enum Phase
{
	PHASE_FLOOR,
	PHASE_ONE,
	PHASE_MANY
} Phase;

typedef struct Desk Desk;

typedef struct Session
{
	Desk	   *desk;
	int			number;
	PGconn	   *conn;
} Session;

struct Desk
{
	Session		session[SESSIONS];
	Book		book[SESSIONS];
	PGconn	   *admin;
	Pool		pool;
	Phase		phase;
	const Instrument *instruments;	/* of this phase */
	pthread_barrier_t start;
	atomic_int	done;
};

static void
trade(Session *session, const Book *book, const Instrument *instrument)
{
	char		order_id[ID_SIZE];

	decide(session->conn, book, instrument->id, order_id, sizeof(order_id));
	claim(session->conn, book, order_id);
}

static void *
run_session(void *arg)
{
	Session    *session = arg;
	Desk	   *desk = session->desk;
	int			own = 0;
	int			n;

	pthread_barrier_wait(&desk->start);
	switch (desk->phase)
	{
		case PHASE_FLOOR:
			while (atomic_fetch_add(&desk->done, 1) < FLOOR_OPERATIONS)
				time_floor(session->conn);
			break;
		case PHASE_ONE:
			while ((n = atomic_fetch_add(&desk->done, 1)) < OPERATIONS)
				trade(session, &desk->book[0], &desk->instruments[n]);
			break;
		case PHASE_MANY:
			/* Slots are a portfolio's own, so all may order in the same instruments. */
			while (atomic_fetch_add(&desk->done, 1) < OPERATIONS)
				trade(session, &desk->book[session->number], &desk->instruments[own++]);
			break;
	}
	return NULL;
}

/* Operations per second. */
static double
run_phase(Desk *desk, Phase phase)
{
	pthread_t	thread[SESSIONS];
	int			count = phase == PHASE_FLOOR ? FLOOR_OPERATIONS : OPERATIONS;
	double		start;
	int			i;

	desk->phase = phase;
	atomic_store(&desk->done, 0);
	if (phase != PHASE_FLOOR)
		desk->instruments = pool_take(desk->admin, &desk->book[0], &desk->pool, OPERATIONS);
	for (i = 0; i < SESSIONS; i++)
	{
		/* The floor commits durably; a decision does not, its claim does. */
		run(desk->session[i].conn, phase == PHASE_FLOOR ? "SET synchronous_commit = on" :
			"SET synchronous_commit = off");
		if (pthread_create(&thread[i], NULL, run_session, &desk->session[i]) != 0)
			die("could not start a thread", "sessions");
	}
	pthread_barrier_wait(&desk->start);
	start = now_us();
	for (i = 0; i < SESSIONS; i++)
		pthread_join(thread[i], NULL);
	start = now_us() - start;
	for (i = 0; i < SESSIONS; i++)
		end_orders(desk->admin, &desk->book[i]);
	return count / start * 1e6;
}

static void
open_desk(Desk *desk, int rounds)
{
	char		name[16];
	int			i;

	memset(desk, 0, sizeof(*desk));
	desk->admin = connect_database("", true);
	pthread_barrier_init(&desk->start, NULL, SESSIONS + 1);
	for (i = 0; i < SESSIONS; i++)
	{
		snprintf(name, sizeof(name), "bench-%d", i + 1);
		open_book(desk->admin, name, &desk->book[i]);
		desk->session[i].desk = desk;
		desk->session[i].number = i;
		desk->session[i].conn = connect_database("", false);
		prepare_floor(desk->session[i].conn);
		prepare_protocol(desk->session[i].conn);
	}
	pool_make(desk->admin, &desk->book[0], (rounds + 1) * 2 * OPERATIONS, &desk->pool);
}

void
bench_sessions(int rounds)
{
	Desk		desk;
	Samples		base = samples_new(rounds);
	Samples		one = samples_new(rounds);
	Samples		many = samples_new(rounds);
	int			i;

	open_desk(&desk, rounds);
	for (i = -1; i < rounds; i++)
	{
		double		base_rate = run_phase(&desk, PHASE_FLOOR);
		double		one_rate = run_phase(&desk, PHASE_ONE);
		double		many_rate = run_phase(&desk, PHASE_MANY);

		if (i < 0)
			continue;
		samples_add(&base, base_rate);
		samples_add(&one, one_rate);
		samples_add(&many, many_rate);
	}
	print_figure("gate.sessions16.one", median(&one), "/s", median(&base), BETTER_HIGHER);
	print_figure("gate.sessions16.many", median(&many), "/s", median(&base), BETTER_HIGHER);
	for (i = 0; i < SESSIONS; i++)
		PQfinish(desk.session[i].conn);
	PQfinish(desk.admin);
	pthread_barrier_destroy(&desk.start);
	pool_free(&desk.pool);
}
