/*-------------------------------------------------------------------------
 *
 * test/bench/bench.c
 *	  Measures arbees against floors taken in the same run.
 *
 * bench gate ROUNDS		decisions and claims, as a worker would ask for them;
 *							one floor and one figure in turn, so that both see the
 *							same machine; medians
 * bench tick TRACE PORT ROUNDS
 *							what arbees-worker --trace wrote, against one bare
 *							synchronous commit plus one loopback HTTP round trip
 *
 * Connects by PGHOST and the like. Prints "name value unit floor ratio", and
 * the same as JSON lines into the file named by BENCH_JSON. ONLY=prefix leaves
 * figures out.
 *
 *-------------------------------------------------------------------------
 */
#include <arpa/inet.h>
#include <errno.h>
#include <libpq-fe.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MAX_ROUNDS 100000
#define WARM_UP_ROUNDS 20
#define WINDOW_SECONDS 3600
#define OPEN_WINDOWS 3
#define HTTP_BUFFER_SIZE 8192
#define LINE_SIZE 1024

typedef struct Samples
{
	double	   *us;
	int			count;
} Samples;

static void die(const char *what, const char *why) __attribute__((noreturn));

static void
die(const char *what, const char *why)
{
	fprintf(stderr, "bench: %s: %s\n", what, why);
	exit(1);
}

static double
now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double) t.tv_sec * 1e6 + (double) t.tv_nsec / 1e3;
}

static Samples
samples_new(int capacity)
{
	Samples		samples = {calloc((size_t) capacity, sizeof(double)), 0};

	if (samples.us == NULL)
		die("out of memory", strerror(errno));
	return samples;
}

static int
compare_doubles(const void *a, const void *b)
{
	double		x = *(const double *) a;
	double		y = *(const double *) b;

	return (x > y) - (x < y);
}

/* quantile sorts; nearest rank. */
static double
quantile(Samples *samples, double q)
{
	int			rank;

	if (samples->count == 0)
		die("no samples", "nothing was measured");
	qsort(samples->us, (size_t) samples->count, sizeof(double), compare_doubles);
	rank = (int) (q * samples->count);
	if (rank >= samples->count)
		rank = samples->count - 1;
	return samples->us[rank];
}

static bool
wanted(const char *name)
{
	const char *only = getenv("ONLY");

	return only == NULL || strncmp(name, only, strlen(only)) == 0;
}

static void
print_figure(const char *name, double value, double floor_us)
{
	const char *path = getenv("BENCH_JSON");
	double		ratio = value / floor_us;

	if (!wanted(name))
		return;
	printf("%-22s %10.1f us  floor %10.1f us  ratio %6.2f\n", name, value, floor_us, ratio);
	fflush(stdout);
	if (path != NULL && path[0] != '\0')
	{
		FILE	   *file = fopen(path, "a");

		if (file == NULL)
			die(path, strerror(errno));
		fprintf(file, "{\"name\":\"%s\",\"value\":%.1f,\"unit\":\"us\",\"floor\":%.1f,\"ratio\":%.3f}\n",
				name, value, floor_us, ratio);
		if (fclose(file) != 0)
			die(path, strerror(errno));
	}
}

/*
 * The database side.
 */
static PGconn *
connect_database(void)
{
	PGconn	   *conn = PQconnectdb("application_name=arbees-bench options='-c client_min_messages=warning'");

	if (PQstatus(conn) != CONNECTION_OK)
		die("could not connect", PQerrorMessage(conn));
	return conn;
}

static PGresult *
checked(PGconn *conn, PGresult *result, const char *what)
{
	ExecStatusType status = PQresultStatus(result);

	if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK)
		die(what, PQerrorMessage(conn));
	return result;
}

static void
run(PGconn *conn, const char *query)
{
	PQclear(checked(conn, PQexec(conn, query), query));
}

static void
prepare(PGconn *conn, const char *name, const char *query)
{
	PQclear(checked(conn, PQprepare(conn, name, query, 0, NULL), query));
}

static PGresult *
execute(PGconn *conn, const char *name, int count, const char *const *values)
{
	return checked(conn, PQexecPrepared(conn, name, count, values, NULL, NULL, 0), name);
}

static void
prepare_floor(PGconn *conn)
{
	run(conn, "CREATE TABLE IF NOT EXISTS public.bench_floor ("
		"id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, at timestamptz NOT NULL, note text NOT NULL)");
	prepare(conn, "floor", "INSERT INTO public.bench_floor (at, note) VALUES (clock_timestamp(), $1)");
}

static double
time_floor(PGconn *conn)
{
	const char *values[1] = {"one bare row, about as wide as a decision's key columns"};
	double		start = now_us();

	PQclear(execute(conn, "floor", 1, values));
	return now_us() - start;
}

typedef struct Desk
{
	PGconn	   *conn;
	char		venue[16];
	char		account[16];
	char		epoch[32];
	char		deployment[16];
} Desk;

static void
copy_value(char *into, size_t size, PGresult *result, const char *column)
{
	int			number = PQfnumber(result, column);

	if (number < 0 || PQntuples(result) < 1 || PQgetisnull(result, 0, number))
		die("missing in an answer", column);
	snprintf(into, size, "%s", PQgetvalue(result, 0, number));
}

/* open_desk does what a worker does before it trades; test/bench/run made venue, account and portfolio. */
static void
open_desk(Desk *desk)
{
	PGresult   *result;
	char		query[LINE_SIZE];
	char		reconciliation[32];
	const char *names[4];

	desk->conn = connect_database();
	result = checked(desk->conn, PQexec(desk->conn, "SELECT * FROM arbees.worker_hello("
										"'bench', 'bench', 'bench', 'feed,trade', 1, true)"),
					 "worker_hello");
	copy_value(desk->venue, sizeof(desk->venue), result, "venue_id");
	copy_value(desk->account, sizeof(desk->account), result, "venue_account_id");
	PQclear(result);
	snprintf(query, sizeof(query), "SELECT * FROM arbees.acquire_trader(%s, 'bench')", desk->account);
	result = checked(desk->conn, PQexec(desk->conn, query), "acquire_trader");
	copy_value(desk->epoch, sizeof(desk->epoch), result, "epoch");
	PQclear(result);
	result = checked(desk->conn, PQexec(desk->conn, "SELECT deployment_id FROM arbees.deployments"), "deployments");
	copy_value(desk->deployment, sizeof(desk->deployment), result, "deployment_id");
	PQclear(result);
	names[0] = desk->account;
	names[1] = desk->epoch;
	PQclear(checked(desk->conn, PQexecParams(desk->conn, "SELECT arbees.report_venue_checks($1, $2, "
		"'{\"geoblock_ok\": true, \"closed_only\": false, \"allowance_ok\": true, "
		"\"signature_type_ok\": true, \"clock_offset_ms\": 0}')", 2, NULL, names, NULL, NULL, 0),
		"report_venue_checks"));
	result = checked(desk->conn, PQexecParams(desk->conn,
		"SELECT arbees.begin_reconciliation($1, $2, 'start') AS id", 2, NULL, names, NULL, NULL, 0),
		"begin_reconciliation");
	copy_value(reconciliation, sizeof(reconciliation), result, "id");
	PQclear(result);
	PQclear(checked(desk->conn, PQexecParams(desk->conn,
		"SELECT arbees.report_balance($1, $2, 1000000, true)", 2, NULL, names, NULL, NULL, 0),
		"report_balance"));
	names[2] = reconciliation;
	PQclear(checked(desk->conn, PQexecParams(desk->conn,
		"SELECT * FROM arbees.finish_reconciliation($1, $2, $3, 0, 0, 0, 1000000, '{}', '{}', '{}')",
		3, NULL, names, NULL, NULL, 0), "finish_reconciliation"));
}

static void
prepare_protocol(PGconn *conn)
{
	prepare(conn, "window", "SELECT up_instrument, down_instrument FROM arbees.report_window("
			"$1, $2, 'BTC', $3, $4, $5, 'last_tick', $6, $7, 0.01, 5, 1, 0.07, 1, false)");
	prepare(conn, "quotes", "SELECT order_id FROM arbees.on_quotes($1, 'LIVE', NULL, $2, "
			"'{0.55,0.43}', '{500,500}', '{0.57,0.45}', '{500,500}', $3, '{}', '{}', '{}')");
	prepare(conn, "resolve", "SELECT arbees.report_resolution($1, $2, 'UP', NULL, NULL, $3)");
	prepare(conn, "decide", "SELECT order_id, verdict, reason FROM arbees.submit_signal($1, "
			"ROW($2, $3, 'BUY', 'money', 1, 0.59, 'FAK', 0, 'none', 0, NULL, NULL, NULL, NULL, NULL)::arbees.signal)");
	prepare(conn, "durable", "SELECT set_config('synchronous_commit', 'on', true)");
	prepare(conn, "claim", "SELECT claimed, reason FROM arbees.claim_order($1, $2, $3, $4, $5)");
}

/* keep_alive does what the gate asks of a worker: a heartbeat and a lease that lives; conn commits durably. */
static void
keep_alive(const Desk *desk, PGconn *conn)
{
	static double last_us;
	const char *names[2] = {desk->account, desk->epoch};

	if (now_us() - last_us < 500e3)
		return;
	PQclear(execute(conn, "heartbeat", 0, NULL));
	PQclear(execute(conn, "renew", 2, names));
	last_us = now_us();
}

static long long
now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (long long) t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void
slug_of(char *slug, size_t size, int number)
{
	snprintf(slug, size, "btc-updown-bench-%d-%d", (int) getpid(), number);
}

/* send_quotes says what the book of a window is; nothing is deployed that would act on it. */
static void
send_quotes(const Desk *desk, const char *instruments)
{
	char		source[64];
	const char *values[3] = {desk->venue, instruments, source};
	long long	ms = now_ms();

	snprintf(source, sizeof(source), "{%lld,%lld}", ms, ms);
	PQclear(execute(desk->conn, "quotes", 3, values));
}

/* new_window gives the gate a slot that nothing was ordered in yet, with fresh quotes. */
static void
new_window(const Desk *desk, int number, char *instrument, size_t size)
{
	char		slug[64], condition[80], opens[32], closes[32], up[96], down[96], pair[64];
	const char *values[7] = {desk->venue, slug, condition, opens, closes, up, down};
	/* Opening seconds may repeat; all windows are open now and stay so until resolved. */
	long long	opens_s = now_ms() / 1000 - 60;
	PGresult   *result;

	slug_of(slug, sizeof(slug), number);
	snprintf(condition, sizeof(condition), "0x%064x", (unsigned) (getpid() * 100000 + number));
	snprintf(opens, sizeof(opens), "%lld000", opens_s);
	snprintf(closes, sizeof(closes), "%lld000", opens_s + WINDOW_SECONDS);
	snprintf(up, sizeof(up), "7%060d%08d%07d", 1, number, (int) getpid());
	snprintf(down, sizeof(down), "7%060d%08d%07d", 2, number, (int) getpid());
	result = execute(desk->conn, "window", 7, values);
	snprintf(instrument, size, "%s", PQgetvalue(result, 0, 0));
	snprintf(pair, sizeof(pair), "{%s,%s}", PQgetvalue(result, 0, 0), PQgetvalue(result, 0, 1));
	PQclear(result);
	send_quotes(desk, pair);
}

/* A desk has a few windows open, not as many as rounds are measured. */
static void
end_window(const Desk *desk, int number)
{
	char		slug[64], resolved[32];
	const char *values[3] = {desk->venue, slug, resolved};

	if (number < 0)
		return;
	slug_of(slug, sizeof(slug), number);
	snprintf(resolved, sizeof(resolved), "%lld", now_ms());
	PQclear(execute(desk->conn, "resolve", 3, values));
}

/* decide has the gate judge one signal; anything but an order ends the program. */
static double
decide(const Desk *desk, int number, const char *instrument, char *order_id, size_t size)
{
	char		key[32];
	const char *values[3] = {desk->deployment, key, instrument};
	double		start, took;
	PGresult   *result;

	snprintf(key, sizeof(key), "bench-%d-%d", (int) getpid(), number);
	start = now_us();
	result = execute(desk->conn, "decide", 3, values);
	took = now_us() - start;
	if (PQntuples(result) != 1 || PQgetisnull(result, 0, 0))
		die("the gate did not accept", PQntuples(result) == 1 ? PQgetvalue(result, 0, 2) : "no row");
	snprintf(order_id, size, "%s", PQgetvalue(result, 0, 0));
	PQclear(result);
	return took;
}

/* claim sends the durable claim; both statements travel together and are one transaction. */
static double
claim(Desk *desk, const char *order_id)
{
	char		venue_order_id[72];
	char		hash[72];
	const char *values[5] = {desk->account, desk->epoch, order_id, venue_order_id, hash};
	double		start, took;
	PGresult   *result;
	bool		claimed = false;
	int			syncs = 0;

	snprintf(venue_order_id, sizeof(venue_order_id), "0x%064x", (unsigned) strtoul(order_id, NULL, 10));
	snprintf(hash, sizeof(hash), "\\x%064x", (unsigned) strtoul(order_id, NULL, 10));
	start = now_us();
	if (!PQenterPipelineMode(desk->conn) ||
		!PQsendQueryPrepared(desk->conn, "durable", 0, NULL, NULL, NULL, 0) ||
		!PQsendQueryPrepared(desk->conn, "claim", 5, values, NULL, NULL, 0) ||
		!PQpipelineSync(desk->conn))
		die("could not send a claim", PQerrorMessage(desk->conn));
	while (syncs == 0)
	{
		result = PQgetResult(desk->conn);
		if (result == NULL)
			continue;
		if (PQresultStatus(result) == PGRES_PIPELINE_SYNC)
			syncs++;
		else
		{
			checked(desk->conn, result, "claim_order");
			if (PQfnumber(result, "claimed") >= 0)
				claimed = PQgetvalue(result, 0, 0)[0] == 't';
		}
		PQclear(result);
	}
	took = now_us() - start;
	if (!PQexitPipelineMode(desk->conn))
		die("could not leave the pipeline", PQerrorMessage(desk->conn));
	if (!claimed)
		die("claim refused", order_id);
	return took;
}

static void
bench_gate(int rounds)
{
	Desk		desk;
	PGconn	   *async = connect_database();
	PGconn	   *sync = connect_database();
	Samples		decided = samples_new(rounds);
	Samples		claimed = samples_new(rounds);
	Samples		async_floor = samples_new(rounds);
	Samples		sync_floor = samples_new(rounds);
	double		accepted_median;
	int			i;

	run(async, "SET synchronous_commit = off");
	run(sync, "SET synchronous_commit = on");
	prepare_floor(async);
	prepare_floor(sync);
	prepare(sync, "heartbeat", "SELECT * FROM arbees.worker_heartbeat('bench', '{}')");
	prepare(sync, "renew", "SELECT arbees.renew_trader($1, $2)");
	open_desk(&desk);
	run(desk.conn, "SET synchronous_commit = off");
	prepare_protocol(desk.conn);
	for (i = -WARM_UP_ROUNDS; i < rounds; i++)
	{
		int			number = i + WARM_UP_ROUNDS;
		char		instrument[32], order_id[32];
		double		t_async, t_decide, t_sync, t_claim;

		keep_alive(&desk, sync);
		end_window(&desk, number - OPEN_WINDOWS);
		new_window(&desk, number, instrument, sizeof(instrument));
		t_async = time_floor(async);
		t_decide = decide(&desk, number, instrument, order_id, sizeof(order_id));
		t_sync = time_floor(sync);
		t_claim = claim(&desk, order_id);
		if (i < 0)
			continue;
		async_floor.us[async_floor.count++] = t_async;
		decided.us[decided.count++] = t_decide;
		sync_floor.us[sync_floor.count++] = t_sync;
		claimed.us[claimed.count++] = t_decide + t_claim;
	}
	accepted_median = quantile(&decided, 0.5);
	print_figure("gate.accepted", accepted_median, quantile(&async_floor, 0.5));
	print_figure("gate.claimed", quantile(&claimed, 0.5), quantile(&sync_floor, 0.5));
	PQfinish(async);
	PQfinish(sync);
	PQfinish(desk.conn);
}

/*
 * The way of an order: from the frame to its bytes.
 */
static double
member(const char *line, const char *key)
{
	char		quoted[64];
	const char *found;

	snprintf(quoted, sizeof(quoted), "\"%s\":", key);
	found = strstr(line, quoted);
	return found == NULL ? -1 : strtod(found + strlen(quoted), NULL);
}

static Samples
read_trace(const char *path)
{
	Samples		samples = samples_new(MAX_ROUNDS);
	char		line[LINE_SIZE];
	FILE	   *file = fopen(path, "r");

	if (file == NULL)
		die(path, strerror(errno));
	while (fgets(line, sizeof(line), file) != NULL && samples.count < MAX_ROUNDS)
	{
		double		frame = member(line, "frame_ns");
		double		written = member(line, "written_ns");

		/* An order found by looking at pending work has no frame. */
		if (frame > 0 && written > frame)
			samples.us[samples.count++] = (written - frame) / 1e3;
	}
	fclose(file);
	return samples;
}

static int
connect_http(int port)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t) port)};
	int			one = 1;
	int			fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0 || setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)) != 0 ||
		connect(fd, (struct sockaddr *) &address, sizeof(address)) != 0)
		die("could not connect to the simulator", strerror(errno));
	return fd;
}

/* time_http asks for the venue's time on a connection that stays open. */
static double
time_http(int fd)
{
	static const char request[] = "GET /time HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";
	char		buffer[HTTP_BUFFER_SIZE + 1];
	size_t		len = 0;
	double		start = now_us();

	if (write(fd, request, sizeof(request) - 1) != (ssize_t) sizeof(request) - 1)
		die("could not ask the simulator", strerror(errno));
	for (;;)
	{
		ssize_t		got = read(fd, buffer + len, HTTP_BUFFER_SIZE - len);
		const char *body;
		const char *length;

		if (got <= 0)
			die("the simulator did not answer", got == 0 ? "connection closed" : strerror(errno));
		len += (size_t) got;
		buffer[len] = '\0';
		body = strstr(buffer, "\r\n\r\n");
		length = strcasestr(buffer, "\r\ncontent-length:");
		if (body == NULL)
			continue;
		if (length == NULL || length > body)
			die("the simulator's answer", "no content-length");
		if (len - (size_t) (body + 4 - buffer) >= strtoul(length + strlen("\r\ncontent-length:"), NULL, 10))
			return now_us() - start;
	}
}

static void
bench_tick(const char *trace, int port, int rounds)
{
	Samples		orders = read_trace(trace);
	Samples		floors = samples_new(rounds);
	PGconn	   *conn = connect_database();
	int			fd = connect_http(port);
	int			i;

	run(conn, "SET synchronous_commit = on");
	prepare_floor(conn);
	for (i = -WARM_UP_ROUNDS; i < rounds; i++)
	{
		double		took = time_floor(conn) + time_http(fd);

		if (i >= 0)
			floors.us[floors.count++] = took;
	}
	close(fd);
	PQfinish(conn);
	fprintf(stderr, "bench: %d orders traced\n", orders.count);
	/* Each against the floor at the same rank: a slow disk slows both. */
	print_figure("tick_to_order.p50", quantile(&orders, 0.50), quantile(&floors, 0.50));
	print_figure("tick_to_order.p99", quantile(&orders, 0.99), quantile(&floors, 0.99));
}

static int
parse_count(const char *text, int most)
{
	char	   *end;
	long		value = strtol(text, &end, 10);

	if (*text == '\0' || *end != '\0' || value < 1 || value > most)
		die("not a number in range", text);
	return (int) value;
}

int
main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "gate") == 0)
		bench_gate(parse_count(argv[2], MAX_ROUNDS));
	else if (argc == 5 && strcmp(argv[1], "tick") == 0)
		bench_tick(argv[2], parse_count(argv[3], 65535), parse_count(argv[4], MAX_ROUNDS));
	else
		die("usage", "bench gate ROUNDS | bench tick TRACE PORT ROUNDS");
	return 0;
}
