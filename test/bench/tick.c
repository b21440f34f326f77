/*-------------------------------------------------------------------------
 *
 * test/bench/tick.c
 *	  The way of an order: from the frame to its bytes, as arbees-worker --trace
 *	  wrote it, against one bare synchronous commit plus one loopback HTTP round
 *	  trip.
 *
 *-------------------------------------------------------------------------
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "desk.h"
#include "figures.h"
#include "measure.h"

#define MAX_ORDERS 100000
#define WARM_UP_ROUNDS 20
#define HTTP_BUFFER_SIZE 8192
#define LINE_SIZE 1024
/* Besides the commit; what is measured is told as a part of it. */
#define SEND_PROMISE_US 1000.0
#define Max(a, b) ((a) > (b) ? (a) : (b))

static double
member(const char *line, const char *key)
{
	char		quoted[64];
	const char *found;

	snprintf(quoted, sizeof(quoted), "\"%s\":", key);
	found = strstr(line, quoted);
	return found == NULL ? -1 : strtod(found + strlen(quoted), NULL);
}

/* What lies between two points of each order's way, us. */
static Samples
read_trace(const char *path, const char *from, const char *to)
{
	Samples		samples = samples_new(MAX_ORDERS);
	char		line[LINE_SIZE];
	FILE	   *file = fopen(path, "r");

	if (file == NULL)
		die(path, strerror(errno));
	while (fgets(line, sizeof(line), file) != NULL && samples.count < MAX_ORDERS)
	{
		double		begun = member(line, from);
		double		ended = member(line, to);

		/* An order found by looking at pending work has no frame. */
		if (begun > 0 && ended > begun)
			samples_add(&samples, (ended - begun) / 1e3);
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

void
bench_tick(const char *trace, int port, int rounds)
{
	Samples		orders = read_trace(trace, "frame_ns", "written_ns");
	Samples		sends = read_trace(trace, "claimed_ns", "written_ns");
	Samples		claims = read_trace(trace, "asked_ns", "written_ns");
	Samples		floors = samples_new(rounds);
	Samples		commits = samples_new(rounds);
	PGconn	   *conn = connect_database("", true);
	int			fd = connect_http(port);
	int			i;

	prepare_floor(conn);
	for (i = -WARM_UP_ROUNDS; i < rounds; i++)
	{
		double		commit = time_floor(conn);
		double		took = commit + time_http(fd);

		if (i < 0)
			continue;
		samples_add(&commits, commit);
		samples_add(&floors, took);
	}
	close(fd);
	PQfinish(conn);
	fprintf(stderr, "bench: %d orders traced\n", orders.count);
	/* Each against the floor at the same rank: a slow disk slows both. */
	print_figure("tick_to_order.p50", quantile(&orders, 0.50), "us", quantile(&floors, 0.50), BETTER_LOWER);
	print_figure("tick_to_order.p99", quantile(&orders, 0.99), "us", quantile(&floors, 0.99), BETTER_LOWER);
	/* From the claim's answer to the bytes, and from asking for it, less the one commit that lies between. */
	print_figure("send.p99", quantile(&sends, 0.99), "us", SEND_PROMISE_US, BETTER_LOWER);
	print_figure("send.with_claim.p99", Max(quantile(&claims, 0.99) - quantile(&commits, 0.99), 0), "us", SEND_PROMISE_US,
				 BETTER_LOWER);
}
