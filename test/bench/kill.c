/*-------------------------------------------------------------------------
 *
 * test/bench/kill.c
 *	  arbees_kill('flatten') over a full desk, and how soon a worker is told.
 *
 * Every round sets the desk up anew: orders resting at the venue and positions
 * held. A worker listens as arbees-worker does and asks for its work when it
 * hears; the conductor runs and closes positions meanwhile.
 *
 *-------------------------------------------------------------------------
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "desk.h"
#include "figures.h"
#include "measure.h"

/* Both even: a window belongs to one round. */
#define OPEN_ORDERS 1000
#define POSITIONS 500
#define FLOORS_PER_KILL 30
#define HEAR_TIMEOUT_MS 10000

typedef struct Desk
{
	PGconn	   *operator;		/* also the floor */
	PGconn	   *worker;
	Book		book;
	Pool		pool;
} Desk;

static void
report(Desk *desk, const char *order_id, const char *event)
{
	const char *values[4] = {desk->book.account, desk->book.epoch, order_id, event};

	PQclear(execute(desk->worker, "report", 4, values));
}

/* A dollar buys two shares at 0.50. */
static void
fill(Desk *desk, const char *order_id, const char *instrument)
{
	char		venue_order_id[72];
	const char *values[5] = {desk->book.account, desk->book.epoch, venue_order_id, order_id, instrument};

	venue_order_id_of(order_id, venue_order_id, sizeof(venue_order_id));
	PQclear(execute(desk->worker, "fill", 5, values));
}

static void
fill_desk(Desk *desk)
{
	const Instrument *instrument = pool_take(desk->operator, &desk->book, &desk->pool, OPEN_ORDERS + POSITIONS);
	char		order_id[ID_SIZE];
	int			i;

	for (i = 0; i < OPEN_ORDERS; i++)
	{
		decide_resting(desk->worker, &desk->book, instrument[i].id, order_id, sizeof(order_id));
		claim(desk->worker, &desk->book, order_id);
		report(desk, order_id, "accepted");
	}
	for (; i < OPEN_ORDERS + POSITIONS; i++)
	{
		decide(desk->worker, &desk->book, instrument[i].id, order_id, sizeof(order_id));
		claim(desk->worker, &desk->book, order_id);
		report(desk, order_id, "matched");
		fill(desk, order_id, instrument[i].id);
	}
}

/* All windows lose, so that nothing is left to be paid. */
static void
empty_desk(Desk *desk)
{
	wait_for_ticks(desk->operator, 2);
	run(desk->operator, "SELECT * FROM arbees_resume('measured')");
	end_orders(desk->operator, &desk->book);
	run(desk->operator, "SELECT arbees.report_resolution(w.venue_id, w.slug,"
		"  CASE i.outcome WHEN 'UP' THEN 'DOWN' ELSE 'UP' END, NULL, NULL, 0)"
		" FROM arbees.windows w JOIN arbees.instruments i USING (window_id)"
		" JOIN arbees.positions p USING (instrument_id) WHERE p.mode = 'LIVE' AND p.qty <> 0");
	wait_until_zero(desk->operator, "SELECT count(*) FROM arbees.positions WHERE state <> 'CLOSED'");
	wait_for_ticks(desk->operator, 1);
}

static void
wait_for_notification(PGconn *conn)
{
	struct pollfd ready = {.fd = PQsocket(conn), .events = POLLIN};
	PGnotify   *notification;

	for (;;)
	{
		if (!PQconsumeInput(conn))
			die("the listener lost its connection", PQerrorMessage(conn));
		notification = PQnotifies(conn);
		if (notification != NULL)
			break;
		if (poll(&ready, 1, HEAR_TIMEOUT_MS) <= 0)
			die("no notification of a kill came", strerror(errno));
	}
	while (notification != NULL)
	{
		PQfreemem(notification);
		notification = PQnotifies(conn);
	}
}

/* What came before belongs to another round. */
static void
drain_notifications(PGconn *conn)
{
	PGnotify   *notification;

	run(conn, "SELECT 1");
	while ((notification = PQnotifies(conn)) != NULL)
		PQfreemem(notification);
}

/* The first answer that hands out cancels, from when the kill returned. */
static double
time_first_cancel(Desk *desk, double killed_us)
{
	const char *values[2] = {desk->book.account, desk->book.epoch};
	PGresult   *result;
	int			cancels = 0;
	double		took;
	int			i;

	wait_for_notification(desk->worker);
	result = execute(desk->worker, "work", 2, values);
	took = now_us() - killed_us;
	for (i = 0; i < PQntuples(result); i++)
		if (strcmp(PQgetvalue(result, i, 0), "cancel") == 0)
			cancels++;
	if (cancels == 0)
		die("no cancel was handed out", "pending_work");
	PQclear(result);
	return took;
}

static double
time_kill(Desk *desk)
{
	double		start = now_us();
	PGresult   *result = execute(desk->operator, "kill", 0, NULL);
	double		took = now_us() - start;

	if (strtol(PQgetvalue(result, 0, 0), NULL, 10) != OPEN_ORDERS ||
		strtol(PQgetvalue(result, 0, 1), NULL, 10) != POSITIONS)
		die("the desk is not what was to be killed", PQgetvalue(result, 0, 0));
	PQclear(result);
	return took;
}

static void
open_desk(Desk *desk, int rounds)
{
	desk->operator = connect_database("", true);
	desk->worker = connect_database("", true);
	prepare_floor(desk->operator);
	open_book(desk->operator, "bench-1", &desk->book);
	prepare_protocol(desk->worker);
	prepare(desk->operator, "kill", "SELECT orders_to_cancel, positions_to_close FROM arbees_kill('flatten', 'measuring')");
	prepare(desk->worker, "report", "SELECT arbees.report_order($1, $2, $3, $4, NULL, NULL, NULL)");
	prepare(desk->worker, "fill", "SELECT arbees.report_fill($1, $2, $3, 'trade-' || $4::text, 'CONFIRMED', symbol, 'BUY',"
			" 2, 0.5, 1, 0, 'TAKER', (extract(epoch FROM now()) * 1000)::bigint)"
			" FROM arbees.instruments WHERE instrument_id = $5");
	prepare(desk->worker, "work", "SELECT * FROM arbees.pending_work($1, $2)");
	run(desk->worker, "LISTEN arbees_command");
	pool_make(desk->operator, &desk->book, rounds * (OPEN_ORDERS + POSITIONS), &desk->pool);
}

void
bench_kill(int rounds)
{
	Desk		desk;
	Samples		base = samples_new(rounds * FLOORS_PER_KILL);
	Samples		killed = samples_new(rounds);
	Samples		first_cancel = samples_new(rounds);
	int			i;
	int			j;

	open_desk(&desk, rounds);
	for (i = 0; i < rounds; i++)
	{
		double		killed_us;

		fill_desk(&desk);
		drain_notifications(desk.worker);
		for (j = 0; j < FLOORS_PER_KILL; j++)
			samples_add(&base, time_floor(desk.operator));
		samples_add(&killed, time_kill(&desk));
		killed_us = now_us();
		samples_add(&first_cancel, time_first_cancel(&desk, killed_us));
		empty_desk(&desk);
	}
	print_figure("kill.flatten_1000", median(&killed), "us", median(&base), BETTER_LOWER);
	print_figure("kill.first_cancel", median(&first_cancel), "us", median(&base), BETTER_LOWER);
	PQfinish(desk.operator);
	PQfinish(desk.worker);
	pool_free(&desk.pool);
}
