/*-------------------------------------------------------------------------
 *
 * test/bench/orders.c
 *	  Orders through the whole desk: gate, worker, simulated venue, and back.
 *
 * A worker trades the account; this program only plays the strategies: it has
 * the gate judge signals and looks at what becomes of the orders. Windows are
 * those the venue has listed ahead of their time; test/bench/run told the
 * database of them.
 *
 *-------------------------------------------------------------------------
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "desk.h"
#include "figures.h"
#include "measure.h"

#define US_PER_SECOND 1e6
#define TURN_US 10000
#define QUOTES_US 8e6
#define POLL_US 2000
#define PATIENCE_US 120e6
#define MAX_PER_TURN 100

/* What has not come to its end, with its fills booked. */
#define UNCONFIRMED "SELECT count(*) FROM arbees.orders WHERE mode = 'LIVE' AND finished_at IS NULL"

static void
quote(PGconn *conn)
{
	run(conn, "SELECT bench.quote()");
}

static void
take(PGconn *conn, int orders)
{
	char		query[64];

	snprintf(query, sizeof(query), "SELECT bench.take(%d)", orders);
	run(conn, query);
}

/* Offers a steady stream; each turn makes up what the clock says is due. */
static void
offer(PGconn *conn, int orders, int per_second)
{
	double		start = now_us();
	double		quoted = start;
	int			made = 0;

	quote(conn);
	while (made < orders)
	{
		double		now = now_us();
		int			due = (int) ((now - start) / US_PER_SECOND * per_second) - made;

		if (now - quoted > QUOTES_US)
		{
			quote(conn);
			quoted = now;
		}
		if (due > orders - made)
			due = orders - made;
		if (due > MAX_PER_TURN)
			due = MAX_PER_TURN;
		if (due > 0)
			take(conn, due);
		else
			usleep(TURN_US);
		made += due;
	}
}

/* Not freed: it is told on the way out. */
static const char *
ask_text(PGconn *conn, const char *query)
{
	return PQgetvalue(checked(conn, PQexec(conn, query), query), 0, 0);
}

/* What became of the orders since a mark, for whoever wonders. */
#define STATES "SELECT string_agg(format('%s %s %s', n, state, last_reason), '; ')" \
	" FROM (SELECT count(*) AS n, state, last_reason FROM arbees.orders WHERE mode = 'LIVE' GROUP BY 2, 3 ORDER BY 1 DESC LIMIT 9) s"

static void
wait_for_orders(PGconn *conn)
{
	double		start = now_us();

	while (ask_number(conn, UNCONFIRMED) > 0)
	{
		if (now_us() - start > PATIENCE_US)
			die("orders did not end", ask_text(conn, STATES));
		usleep(POLL_US);
	}
}

static double
ask_double(PGconn *conn, const char *query)
{
	PGresult   *result = checked(conn, PQexec(conn, query), query);
	double		number = PQgetisnull(result, 0, 0) ? -1 : strtod(PQgetvalue(result, 0, 0), NULL);

	PQclear(result);
	return number;
}

static double
commits_per_second(PGconn *conn, int rounds)
{
	Samples		floors = samples_new(rounds);
	int			i;

	prepare_floor(conn);
	for (i = 0; i < rounds; i++)
		samples_add(&floors, time_floor(conn));
	return US_PER_SECOND / median(&floors);
}

void
bench_orders(int orders, int per_second, int rounds)
{
	PGconn	   *conn = connect_database("", false);
	PGconn	   *durable = connect_database("", true);
	long long	strange;
	double		seconds;

	/* Prepared statements and connections are there before anything is timed. */
	offer(conn, orders / 10, per_second / 4 + 1);
	wait_for_orders(conn);
	run(conn, "CREATE TABLE bench.begun AS SELECT max(order_id) AS order_id FROM arbees.orders");
	offer(conn, orders, per_second);
	wait_for_orders(conn);
	strange = ask_number(conn, "SELECT count(*) FROM arbees.orders o, bench.begun b WHERE o.order_id > b.order_id"
						 " AND NOT (state = 'FILLED' OR filled_qty > 0)");
	fprintf(stderr, "bench: %d orders at %d a second; %lld without a fill\n", orders, per_second, strange);
	if (strange > orders / 20)
		die("too many orders were not filled", ask_text(conn, STATES));
	seconds = ask_double(conn, "SELECT extract(epoch FROM"
						 "  max(coalesce(o.acknowledged_at, o.finished_at)) - min(o.created_at))"
						 " FROM arbees.orders o, bench.begun b WHERE o.order_id > b.order_id");
	print_figure("orders.sustained", orders / seconds, "/s", commits_per_second(durable, rounds), BETTER_HIGHER);
	PQfinish(conn);
	PQfinish(durable);
}

/* An order from now on that the venue confirms; the database and its worker may be on their way back. */
void
bench_trading_again(double patience_s)
{
	double		start = now_us();
	char		last[400] = "trading did not begin again";

	while (now_us() - start < patience_s * US_PER_SECOND)
	{
		PGconn	   *conn = PQconnectdb("connect_timeout=2");
		PGresult   *result;
		bool		filled = false;

		if (PQstatus(conn) == CONNECTION_OK)
		{
			/* One statement each: what is refused now is tried again in a moment. */
			result = PQexec(conn, "SELECT bench.quote()");
			PQclear(result);
			result = PQexec(conn, "SELECT bench.trades_again()");
			filled = PQresultStatus(result) == PGRES_TUPLES_OK && strcmp(PQgetvalue(result, 0, 0), "t") == 0;
			if (PQresultStatus(result) != PGRES_TUPLES_OK)
				snprintf(last, sizeof(last), "%s", PQresultErrorMessage(result));
			PQclear(result);
		}
		PQfinish(conn);
		if (filled)
		{
			printf("%.3f\n", (now_us() - start) / US_PER_SECOND);
			return;
		}
		usleep(TURN_US);
	}
	die("no order was filled", last);
}
