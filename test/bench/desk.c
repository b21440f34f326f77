/*-------------------------------------------------------------------------
 *
 * test/bench/desk.c
 *	  A desk as a worker sees it.
 *
 * Windows are made before anything is timed, as many as a whole run needs: the
 * gate takes two entries per portfolio, window and instrument. Between blocks of
 * rounds quotes are renewed and orders ended, so that a desk has a few orders
 * open, not as many as were measured.
 *
 *-------------------------------------------------------------------------
 */
#include "desk.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "measure.h"

/* As many quotes as one call of on_quotes takes. */
#define QUOTES_PER_CALL 1024
#define WINDOWS_PER_CALL 1000
/* Longer than any run, the long options included. */
#define WINDOW_SECONDS 14400
#define TEXT_OF(x) TEXT_OF_VALUE(x)
#define TEXT_OF_VALUE(x) #x
#define LINE_SIZE 1024
#define KEY_SIZE 48
#define POLL_US 5000
#define MAX_POLLS 24000

/* A signal as a strategy sends it: kind of amount, amount, price, time in force. */
#define SIGNAL(key, instrument, kind, amount, price, tif) \
	"ROW(" key ", " instrument ", 'BUY', '" kind "', " amount ", " price ", '" tif \
	"', 0, 'none', 0, NULL, NULL, NULL, NULL, NULL)::arbees.signal"

PGconn *
connect_database(const char *conninfo, bool durable)
{
	PGconn	   *conn = PQconnectdb(conninfo);

	if (PQstatus(conn) != CONNECTION_OK)
		die("could not connect", PQerrorMessage(conn));
	run(conn, "SET client_min_messages = warning");
	run(conn, durable ? "SET synchronous_commit = on" : "SET synchronous_commit = off");
	return conn;
}

PGresult *
checked(PGconn *conn, PGresult *result, const char *what)
{
	ExecStatusType status = PQresultStatus(result);

	if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK)
		die(what, PQerrorMessage(conn));
	return result;
}

void
run(PGconn *conn, const char *query)
{
	PQclear(checked(conn, PQexec(conn, query), query));
}

void
prepare(PGconn *conn, const char *name, const char *query)
{
	PQclear(checked(conn, PQprepare(conn, name, query, 0, NULL), query));
}

PGresult *
execute(PGconn *conn, const char *name, int count, const char *const *values)
{
	return checked(conn, PQexecPrepared(conn, name, count, values, NULL, NULL, 0), name);
}

long long
ask_number(PGconn *conn, const char *query)
{
	PGresult   *result = checked(conn, PQexec(conn, query), query);
	long long	number;

	if (PQntuples(result) != 1 || PQgetisnull(result, 0, 0))
		die("no answer", query);
	number = strtoll(PQgetvalue(result, 0, 0), NULL, 10);
	PQclear(result);
	return number;
}

/* wait_until_zero asks until the answer is 0. */
void
wait_until_zero(PGconn *conn, const char *query)
{
	int			i;

	for (i = 0; i < MAX_POLLS; i++)
	{
		if (ask_number(conn, query) == 0)
			return;
		usleep(POLL_US);
	}
	die("waited too long", query);
}

/* wait_for_ticks lets the conductor finish what it does and run whole ticks after it. */
void
wait_for_ticks(PGconn *conn, int ticks)
{
	char		query[LINE_SIZE];

	snprintf(query, sizeof(query), "SELECT greatest(%lld - ticks, 0) FROM arbees.conductor",
			 ask_number(conn, "SELECT ticks FROM arbees.conductor") + ticks);
	wait_until_zero(conn, query);
}

void
prepare_floor(PGconn *conn)
{
	run(conn, "CREATE TABLE IF NOT EXISTS public.bench_floor ("
		"id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, at timestamptz NOT NULL, note text NOT NULL)");
	prepare(conn, "floor", "INSERT INTO public.bench_floor (at, note) VALUES (clock_timestamp(), $1)");
}

double
time_floor(PGconn *conn)
{
	const char *values[1] = {"one bare row, about as wide as a decision's key columns"};
	double		start = now_us();

	PQclear(execute(conn, "floor", 1, values));
	return now_us() - start;
}

static void
copy_value(char *into, size_t size, PGresult *result, const char *column)
{
	int			number = PQfnumber(result, column);

	if (number < 0 || PQntuples(result) < 1 || PQgetisnull(result, 0, number))
		die("missing in an answer", column);
	snprintf(into, size, "%s", PQgetvalue(result, 0, number));
}

static PGresult *
ask(PGconn *conn, const char *query, int count, const char *const *values)
{
	return checked(conn, PQexecParams(conn, query, count, NULL, values, NULL, NULL, 0), query);
}

static void
reconcile(PGconn *conn, const Book *book)
{
	const char *values[3] = {book->account, book->epoch};
	char		reconciliation[ID_SIZE];
	PGresult   *result = ask(conn, "SELECT arbees.begin_reconciliation($1, $2, 'start') AS id", 2, values);

	copy_value(reconciliation, sizeof(reconciliation), result, "id");
	PQclear(result);
	PQclear(ask(conn, "SELECT arbees.report_balance($1, $2, 1000000, true)", 2, values));
	values[2] = reconciliation;
	PQclear(ask(conn, "SELECT * FROM arbees.finish_reconciliation("
				"$1, $2, $3, 0, 0, 0, 1000000, '{}', '{}', '{}')", 3, values));
}

/* The worker says that it lives and its feed delivers. */
static void
beat(PGconn *conn, const Book *book)
{
	char		state[LINE_SIZE];
	const char *values[2] = {book->name, state};

	snprintf(state, sizeof(state), "{\"feeds\": [{\"channel\": \"market\", \"connected\": true, "
			 "\"messages\": 1, \"last_data_ms\": %lld}]}", now_ms());
	PQclear(ask(conn, "SELECT * FROM arbees.worker_heartbeat($1, $2)", 2, values));
}

/* open_book does what a worker does before it trades an account. */
void
open_book(PGconn *conn, const char *name, Book *book)
{
	const char *values[2] = {name};
	PGresult   *result = ask(conn, "SELECT * FROM arbees.worker_hello("
							 "$1, 'bench', $1, 'feed,trade', 1, true)", 1, values);

	snprintf(book->name, sizeof(book->name), "%s", name);
	copy_value(book->venue, sizeof(book->venue), result, "venue_id");
	copy_value(book->account, sizeof(book->account), result, "venue_account_id");
	PQclear(result);
	result = ask(conn, "SELECT deployment_id FROM arbees.deployments d"
				 " JOIN arbees.portfolios p USING (portfolio_id) WHERE p.name = $1", 1, values);
	copy_value(book->deployment, sizeof(book->deployment), result, "deployment_id");
	PQclear(result);
	values[0] = book->account;
	values[1] = name;
	result = ask(conn, "SELECT * FROM arbees.acquire_trader($1, $2)", 2, values);
	copy_value(book->epoch, sizeof(book->epoch), result, "epoch");
	PQclear(result);
	values[1] = book->epoch;
	PQclear(ask(conn, "SELECT arbees.report_venue_checks($1, $2, "
				"'{\"geoblock_ok\": true, \"closed_only\": false, \"allowance_ok\": true, "
				"\"signature_type_ok\": true, \"clock_offset_ms\": 0}')", 2, values));
	reconcile(conn, book);
}

/* prepare_protocol readies what workers, and here strategies, call. */
void
prepare_protocol(PGconn *conn)
{
	prepare(conn, "decide", "SELECT order_id, verdict, reason FROM arbees.submit_signal($1, "
			SIGNAL("$2", "$3", "money", "$4", "0.51", "FAK") ")");
	prepare(conn, "decide_resting", "SELECT order_id, verdict, reason FROM arbees.submit_signal($1, "
			SIGNAL("$2", "$3", "base", "5", "0.48", "GTC") ")");
	prepare(conn, "decide_batch", "SELECT count(d.order_id), min(d.reason)"
			" FROM unnest($2::text[], $3::integer[]) AS s (key, instrument),"
			" LATERAL arbees.submit_signal($1, "
			SIGNAL("s.key", "s.instrument", "money", "1", "0.51", "FAK") ") AS d");
	prepare(conn, "durable", "SELECT set_config('synchronous_commit', 'on', true)");
	/* The body is as long as a venue's; its hash, the worker's work, costs a microsecond here. */
	prepare(conn, "claim", "SELECT claimed, reason FROM arbees.claim_order($1, $2, $3, $4, sha256(convert_to($5, 'UTF8')),"
			" E'POST /order\nPOLY_SIGNATURE: [redacted]\nPOLY_TIMESTAMP: 0\n\n' || $5)");
}

/*
 * The pool.
 */
static void
make_windows(PGconn *conn, const Book *book, int first, int count, Pool *pool)
{
	char		from[ID_SIZE], to[ID_SIZE], opens[32];
	const char *values[4] = {book->venue, from, to, opens};
	PGresult   *result;
	int			i;

	snprintf(from, sizeof(from), "%d", first);
	snprintf(to, sizeof(to), "%d", first + count - 1);
	snprintf(opens, sizeof(opens), "%lld", now_ms() / 1000 * 1000 - 60000);
	result = ask(conn, "SELECT w.up_instrument, w.down_instrument FROM generate_series($2::int, $3::int) AS n,"
				 " LATERAL arbees.report_window($1, 'btc-updown-bench-' || n, 'BTC',"
				 "  '0x' || lpad(to_hex(n), 64, '0'), $4::bigint,"
				 "  $4::bigint + 1000 * " TEXT_OF(WINDOW_SECONDS) ", 'last_tick',"
				 "  '71' || lpad(n::text, 70, '0'), '72' || lpad(n::text, 70, '0'),"
				 "  0.01, 5, 1, 0.07, 1, false) AS w", 4, values);
	for (i = 0; i < PQntuples(result); i++)
	{
		snprintf(pool->instrument[pool->count++].id, ID_SIZE, "%s", PQgetvalue(result, i, 0));
		snprintf(pool->instrument[pool->count++].id, ID_SIZE, "%s", PQgetvalue(result, i, 1));
	}
	PQclear(result);
}

/* pool_make opens windows for at least that many instruments and waits until the conductor is done with them. */
void
pool_make(PGconn *conn, const Book *book, int instruments, Pool *pool)
{
	static int	windows_made;
	int			left = (instruments + 1) / 2;

	pool->instrument = calloc((size_t) left * 2, sizeof(Instrument));
	if (pool->instrument == NULL)
		die("out of memory", strerror(errno));
	pool->count = 0;
	pool->used = 0;
	while (left > 0)
	{
		int			count = left < WINDOWS_PER_CALL ? left : WINDOWS_PER_CALL;

		make_windows(conn, book, windows_made, count, pool);
		windows_made += count;
		left -= count;
	}
	wait_until_zero(conn, "SELECT count(*) FROM arbees.windows WHERE state = 'SCHEDULED' AND opens_at < now()");
}

void
pool_free(Pool *pool)
{
	free(pool->instrument);
	memset(pool, 0, sizeof(*pool));
}

/* array_text writes '{a,a,...}' where a is text, or the ids of instruments when it is NULL. */
static char *
array_text(const Instrument *instruments, int count, const char *text)
{
	size_t		each = (text == NULL ? ID_SIZE : strlen(text)) + 1;
	char	   *array = malloc((size_t) count * each + 3);
	char	   *end = array;
	int			i;

	if (array == NULL)
		die("out of memory", strerror(errno));
	*end++ = '{';
	for (i = 0; i < count; i++)
		end += sprintf(end, "%s%s", i == 0 ? "" : ",", text == NULL ? instruments[i].id : text);
	*end++ = '}';
	*end = '\0';
	return array;
}

/* A packed order book as an element of bytea[], all its levels in use; 0.49 and 0.51 are the best. */
static const char *
full_book(void)
{
	static char text[768];
	char	   *end = text;
	int			side;
	int			i;

	if (text[0] != '\0')
		return text;
	end += sprintf(end, "\"\\\\x010a0a");
	for (side = -1; side <= 1; side += 2)
		for (i = 0; i < 10; i++)
			end += sprintf(end, "%016llx%016llx", 50000000ULL + side * (i + 1) * 1000000LL, 50000000000ULL);
	sprintf(end, "\"");
	return text;
}

/* The call is of mode PAPER, in which nothing is deployed: quotes are kept, nobody acts on them. */
static void
send_quotes(PGconn *conn, const Book *book, const Instrument *instruments, int count)
{
	char		ms[32];
	const char *values[7];
	int			i;

	snprintf(ms, sizeof(ms), "%lld", now_ms());
	values[0] = book->venue;
	values[1] = array_text(instruments, count, NULL);
	values[2] = array_text(NULL, count, "0.49");
	values[3] = array_text(NULL, count, "500");
	values[4] = array_text(NULL, count, "0.51");
	values[5] = array_text(NULL, count, ms);
	values[6] = array_text(NULL, count, full_book());
	PQclear(ask(conn, "SELECT count(*) FROM arbees.on_quotes($1, 'PAPER', NULL, $2,"
				" $3, $4, $5, $4, $6, '{}', '{}', '{}', $7)", 7, values));
	for (i = 1; i < 7; i++)
		free((char *) values[i]);
}

/* pool_take hands out instruments with fresh quotes. */
const Instrument *
pool_take(PGconn *conn, const Book *book, Pool *pool, int count)
{
	const Instrument *taken = pool->instrument + pool->used;
	int			sent;

	if (pool->used + count > pool->count)
		die("the pool is empty", "more instruments were taken than were made");
	beat(conn, book);
	pool->used += count;
	for (sent = 0; sent < count; sent += QUOTES_PER_CALL)
		send_quotes(conn, book, taken + sent, count - sent < QUOTES_PER_CALL ? count - sent : QUOTES_PER_CALL);
	return taken;
}

/*
 * The calls that are measured. A key is used once.
 */
static void
next_key(char *key, size_t size)
{
	static atomic_long keys;

	snprintf(key, size, "bench-%d-%ld", (int) getpid(), atomic_fetch_add(&keys, 1));
}

static PGresult *
submit(PGconn *conn, const char *statement, const Book *book, const char *instrument, const char *amount, double *took)
{
	char		key[KEY_SIZE];
	const char *values[4] = {book->deployment, key, instrument, amount};
	double		start;
	PGresult   *result;

	next_key(key, sizeof(key));
	start = now_us();
	result = execute(conn, statement, amount == NULL ? 3 : 4, values);
	*took = now_us() - start;
	if (PQntuples(result) != 1)
		die("the gate said nothing", statement);
	return result;
}

static void
require_order(PGresult *result, char *order_id, size_t size)
{
	if (PQgetisnull(result, 0, 0))
		die("the gate did not accept", PQgetvalue(result, 0, 2));
	snprintf(order_id, size, "%s", PQgetvalue(result, 0, 0));
	PQclear(result);
}

/* decide has the gate judge one signal; anything but an order ends the program. */
double
decide(PGconn *conn, const Book *book, const char *instrument, char *order_id, size_t size)
{
	double		took;

	require_order(submit(conn, "decide", book, instrument, ACCEPTED_USD, &took), order_id, size);
	return took;
}

/* decide_denied has the gate judge a signal beyond every limit. */
double
decide_denied(PGconn *conn, const Book *book, const char *instrument)
{
	double		took;
	PGresult   *result = submit(conn, "decide", book, instrument, DENIED_USD, &took);

	if (!PQgetisnull(result, 0, 0) || strcmp(PQgetvalue(result, 0, 1), "denied") != 0)
		die("the gate did not deny", PQgetvalue(result, 0, 1));
	PQclear(result);
	return took;
}

/* decide_resting makes an order that the venue would keep in its book. */
void
decide_resting(PGconn *conn, const Book *book, const char *instrument, char *order_id, size_t size)
{
	double		took;

	require_order(submit(conn, "decide_resting", book, instrument, NULL, &took), order_id, size);
}

/* decide_batch has the gate judge signals in one transaction; all must be accepted. */
double
decide_batch(PGconn *conn, const Book *book, const Instrument *instruments, int count)
{
	const char *values[3] = {book->deployment};
	char	   *keys = malloc((size_t) count * (KEY_SIZE + 1) + 3);
	char	   *end = keys;
	double		took;
	PGresult   *result;
	int			i;

	if (keys == NULL)
		die("out of memory", strerror(errno));
	for (i = 0; i < count; i++)
	{
		*end++ = i == 0 ? '{' : ',';
		next_key(end, KEY_SIZE);
		end += strlen(end);
	}
	strcpy(end, "}");
	values[1] = keys;
	values[2] = array_text(instruments, count, NULL);
	took = now_us();
	result = execute(conn, "decide_batch", 3, values);
	took = now_us() - took;
	if (strtol(PQgetvalue(result, 0, 0), NULL, 10) != count)
		die("the gate did not accept a batch", PQgetvalue(result, 0, 1));
	PQclear(result);
	free(keys);
	free((char *) values[2]);
	return took;
}

/* venue_order_id_of derives what stands for the venue's id of an order. */
void
venue_order_id_of(const char *order_id, char *id, size_t size)
{
	snprintf(id, size, "0x%064x", (unsigned) strtoul(order_id, NULL, 10));
}

/* claim sends the durable claim; both statements travel together and are one transaction. */
double
claim(PGconn *conn, const Book *book, const char *order_id)
{
	char		venue_order_id[72];
	char		body[900];
	const char *values[5] = {book->account, book->epoch, order_id, venue_order_id, body};
	double		start, took;
	PGresult   *result;
	bool		claimed = false;
	int			syncs = 0;

	venue_order_id_of(order_id, venue_order_id, sizeof(venue_order_id));
	snprintf(body, sizeof(body), "%0880d", 0);
	start = now_us();
	if (!PQenterPipelineMode(conn) ||
		!PQsendQueryPrepared(conn, "durable", 0, NULL, NULL, NULL, 0) ||
		!PQsendQueryPrepared(conn, "claim", 5, values, NULL, NULL, 0) ||
		!PQpipelineSync(conn))
		die("could not send a claim", PQerrorMessage(conn));
	while (syncs == 0)
	{
		result = PQgetResult(conn);
		if (result == NULL)
			continue;
		if (PQresultStatus(result) == PGRES_PIPELINE_SYNC)
			syncs++;
		else
		{
			checked(conn, result, "claim_order");
			if (PQfnumber(result, "claimed") >= 0)
				claimed = PQgetvalue(result, 0, 0)[0] == 't';
		}
		PQclear(result);
	}
	took = now_us() - start;
	if (!PQexitPipelineMode(conn))
		die("could not leave the pipeline", PQerrorMessage(conn));
	if (!claimed)
		die("claim refused", order_id);
	return took;
}

/* end_orders ends all that works in a book, as if nothing of it had been filled. */
void
end_orders(PGconn *conn, const Book *book)
{
	const char *values[2] = {book->account, book->epoch};

	PQclear(ask(conn, "SELECT count(CASE o.state WHEN 'NEW' THEN arbees_cancel(o.order_id)"
				"  WHEN 'SENDING' THEN arbees.report_order($1, $2, o.order_id, 'not_sent', NULL, NULL, NULL)"
				"  ELSE arbees.report_order($1, $2, o.order_id, 'canceled', NULL, NULL, NULL) END)"
				" FROM arbees.orders o JOIN arbees.portfolios p USING (portfolio_id)"
				" WHERE o.mode = 'LIVE' AND p.venue_account_id = $1 AND o.finished_at IS NULL", 2, values));
}
