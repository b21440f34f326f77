/*-------------------------------------------------------------------------
 *
 * test/worker/test_http.c
 *	  Orders leave at most once, whatever becomes of the connection.
 *
 * A small server on the same loop misbehaves on purpose.  libcurl repeats a
 * request by itself when a kept connection turns out to be dead; a guarded
 * request must not be.
 *
 *-------------------------------------------------------------------------
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/http.h"
#include "venue/polymarket/client.h"

#define BODY "{\"order\":1}"

typedef enum Manner
{
	MANNER_ANSWER = 1,
	MANNER_CLOSE_POSTS,			/* reads a POST whole, then closes without a word */
	MANNER_REDIRECT,
	MANNER_HALF_ANSWER,			/* promises more than it sends, then closes */
	MANNER_HALF_CHUNK,			/* the same without a length: a chunk that does not end */
	MANNER_STALL,				/* promises more than it sends, and stays */
	MANNER_COMPRESSED,			/* says that what it sends wants unpacking */
	MANNER_ENDLESS				/* sends more than anybody wants */
} Manner;

typedef struct Server
{
	uv_tcp_t	listener;
	int			port;
	Manner		manner;
	int			posts;			/* whole ones, over all connections */
	int			requests;
	int			connections;
	int			pieces;
} Server;

typedef struct Peer
{
	uv_tcp_t	tcp;
	Server	   *server;
	char		input[8192];
	size_t		len;
} Peer;

typedef struct Result
{
	bool		done;
	HttpOutcome outcome;
	int			status;
	int64_t		written_ns;
	char		body[16];
	int			timeout_ms;
	bool		allow;
	int			asked;
} Result;

static uv_loop_t *Loop;

static void
on_peer_closed(uv_handle_t *handle)
{
	free(handle->data);
}

static void
on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
	Peer	   *peer = handle->data;

	*buf = uv_buf_init(peer->input + peer->len, (unsigned) (sizeof(peer->input) - peer->len - 1));
}

static void
reply(Peer *peer, const char *text)
{
	uv_buf_t	buf = uv_buf_init((char *) text, (unsigned) strlen(text));

	assert_int_equal(uv_try_write((uv_stream_t *) &peer->tcp, &buf, 1), strlen(text));
}

static void
close_peer(Peer *peer)
{
	if (!uv_is_closing((uv_handle_t *) &peer->tcp))
		uv_close((uv_handle_t *) &peer->tcp, on_peer_closed);
}

/* Writes on until the reader hangs up. */
static void
on_piece_sent(uv_write_t *request, int status)
{
	static char piece[65536];
	Peer	   *peer = request->data;
	uv_buf_t	buf = uv_buf_init(piece, sizeof(piece));

	if (status < 0 || uv_is_closing((uv_handle_t *) &peer->tcp))
	{
		free(request);
		return;
	}
	peer->server->pieces++;
	assert_int_equal(uv_write(request, (uv_stream_t *) &peer->tcp, &buf, 1, on_piece_sent), 0);
}

static void
send_endlessly(Peer *peer)
{
	uv_write_t *request = calloc(1, sizeof(*request));

	assert_non_null(request);
	request->data = peer;
	reply(peer, "HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n");
	on_piece_sent(request, 0);
}

static void
serve(Peer *peer, bool is_post)
{
	Server	   *server = peer->server;

	server->requests++;
	if (is_post)
		server->posts++;
	peer->len = 0;
	if (server->manner == MANNER_REDIRECT)
		reply(peer, "HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n");
	else if (server->manner == MANNER_CLOSE_POSTS && is_post)
		close_peer(peer);
	else if (server->manner == MANNER_HALF_ANSWER)
	{
		reply(peer, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"succ");
		close_peer(peer);
	}
	else if (server->manner == MANNER_HALF_CHUNK)
	{
		reply(peer, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n40\r\n{\"success\":true");
		close_peer(peer);
	}
	else if (server->manner == MANNER_STALL)
		reply(peer, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"succ");
	else if (server->manner == MANNER_COMPRESSED)
		reply(peer, "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 10\r\n\r\n\x1f\x8bpacked\r\n");
	else if (server->manner == MANNER_ENDLESS)
		send_endlessly(peer);
	else
		reply(peer, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
}

static void
on_read(uv_stream_t *stream, ssize_t got, const uv_buf_t *buf)
{
	Peer	   *peer = stream->data;
	char	   *head_end;
	bool		is_post;

	if (got < 0)
	{
		close_peer(peer);
		return;
	}
	peer->len += (size_t) got;
	peer->input[peer->len] = '\0';
	head_end = strstr(peer->input, "\r\n\r\n");
	if (head_end == NULL)
		return;
	is_post = strncmp(peer->input, "POST", 4) == 0;
	if (!is_post || strstr(head_end, BODY) != NULL)
		serve(peer, is_post);
}

static void
on_connection(uv_stream_t *listener, int status)
{
	Server	   *server = listener->data;
	Peer	   *peer = calloc(1, sizeof(*peer));

	assert_int_equal(status, 0);
	assert_non_null(peer);
	peer->server = server;
	assert_int_equal(uv_tcp_init(Loop, &peer->tcp), 0);
	peer->tcp.data = peer;
	assert_int_equal(uv_accept(listener, (uv_stream_t *) &peer->tcp), 0);
	assert_int_equal(uv_read_start((uv_stream_t *) &peer->tcp, on_alloc, on_read), 0);
	server->connections++;
}

static void
start_server(Server *server, Manner manner)
{
	struct sockaddr_in address;
	int			len = sizeof(address);

	memset(server, 0, sizeof(*server));
	server->manner = manner;
	assert_int_equal(uv_ip4_addr("127.0.0.1", 0, &address), 0);
	assert_int_equal(uv_tcp_init(Loop, &server->listener), 0);
	server->listener.data = server;
	assert_int_equal(uv_tcp_bind(&server->listener, (struct sockaddr *) &address, 0), 0);
	assert_int_equal(uv_listen((uv_stream_t *) &server->listener, 8, on_connection), 0);
	assert_int_equal(uv_tcp_getsockname(&server->listener, (struct sockaddr *) &address, &len), 0);
	server->port = ntohs(address.sin_port);
}

static bool
may_write(void *arg)
{
	Result	   *result = arg;

	result->asked++;
	return result->allow;
}

static void
on_done(void *arg, const HttpAnswer *answer)
{
	Result	   *result = arg;

	assert_false(result->done);
	result->done = true;
	result->outcome = answer->outcome;
	result->status = answer->status;
	result->written_ns = answer->written_ns;
	(void) snprintf(result->body, sizeof(result->body), "%.*s", (int) answer->len, answer->body);
	if (answer->outcome != HTTP_ANSWERED)
		assert_non_null(answer->error);
}

static void
request(Http *http, int port, bool post, Result *result)
{
	HttpRequest spec;
	char		url[64];

	(void) snprintf(url, sizeof(url), "http://127.0.0.1:%d/order", port);
	memset(&spec, 0, sizeof(spec));
	spec.method = post ? "POST" : "GET";
	spec.url = url;
	spec.timeout_ms = result->timeout_ms > 0 ? result->timeout_ms : 3000;
	spec.done = on_done;
	spec.arg = result;
	if (post)
	{
		spec.body = BODY;
		spec.body_len = strlen(BODY);
		spec.may_write = may_write;
	}
	result->done = false;
	result->asked = 0;
	assert_true(arb_http_send(http, &spec));
	while (!result->done)
		(void) uv_run(Loop, UV_RUN_ONCE);
	assert_int_equal(arb_http_in_flight(http), 0);
}

static void
an_answer_arrives(void **state)
{
	Http	   *http = arb_http_new(Loop);
	Server		server;
	Result		result = {.allow = true};

	start_server(&server, MANNER_ANSWER);
	request(http, server.port, true, &result);
	assert_int_equal(result.outcome, HTTP_ANSWERED);
	assert_int_equal(result.status, 200);
	assert_true(result.written_ns > 0);
	assert_int_equal(result.asked, 1);
	/* The connection is kept for the next. */
	request(http, server.port, true, &result);
	assert_int_equal(server.connections, 1);
	assert_int_equal(server.posts, 2);
	arb_http_free(http);
}

static void
a_dead_connection_repeats_nothing(void **state)
{
	Http	   *http = arb_http_new(Loop);
	Server		server;
	Result		result = {.allow = true};

	start_server(&server, MANNER_CLOSE_POSTS);
	request(http, server.port, false, &result);
	assert_int_equal(result.outcome, HTTP_ANSWERED);
	/* Reused, read to the end by the server, and closed without a word. */
	request(http, server.port, true, &result);
	assert_int_equal(result.outcome, HTTP_NO_ANSWER);
	assert_int_equal(server.posts, 1);
	assert_int_equal(result.asked, 1);
	arb_http_free(http);
}

static void
half_an_answer_is_none(void **state)
{
	Http	   *http = arb_http_new(Loop);
	Server		server;
	Result		result = {.allow = true};

	start_server(&server, MANNER_HALF_ANSWER);
	request(http, server.port, true, &result);
	assert_int_equal(result.outcome, HTTP_NO_ANSWER);
	assert_int_equal(server.posts, 1);
	arb_http_free(http);
}

/* A part of an answer is none, however it comes to be one. */
static void
a_body_that_does_not_end_is_none(void **state)
{
	static const Manner manners[] = {MANNER_HALF_CHUNK, MANNER_STALL, MANNER_ENDLESS};
	size_t		i;

	for (i = 0; i < sizeof(manners) / sizeof(manners[0]); i++)
	{
		Http	   *http = arb_http_new(Loop);
		Server		server;
		Result		result = {.allow = true};

		if (manners[i] == MANNER_STALL)
			result.timeout_ms = 300;
		start_server(&server, manners[i]);
		request(http, server.port, true, &result);
		assert_int_equal(result.outcome, HTTP_NO_ANSWER);
		assert_int_equal(server.posts, 1);
		/* What is too much is not read to its end. */
		assert_in_range(server.pieces, manners[i] == MANNER_ENDLESS, 4096);
		arb_http_free(http);
	}
}

/* Nothing is unpacked: a small body cannot become a large one. */
static void
what_is_packed_stays_packed(void **state)
{
	Http	   *http = arb_http_new(Loop);
	Server		server;
	Result		result = {.allow = true};

	start_server(&server, MANNER_COMPRESSED);
	request(http, server.port, true, &result);
	assert_int_equal(result.outcome, HTTP_ANSWERED);
	assert_string_equal(result.body, "\x1f\x8bpacked\r\n");
	arb_http_free(http);
}

static void
held_back_is_proof_of_not_sent(void **state)
{
	Http	   *http = arb_http_new(Loop);
	Server		server;
	Result		result = {.allow = false};

	start_server(&server, MANNER_ANSWER);
	request(http, server.port, true, &result);
	assert_int_equal(result.outcome, HTTP_NOT_SENT);
	assert_int_equal(result.written_ns, 0);
	assert_int_equal(server.posts, 0);
	arb_http_free(http);
}

static void
no_connection_is_proof_of_not_sent(void **state)
{
	Http	   *http = arb_http_new(Loop);
	Result		result = {.allow = true};

	/* Port 1 of loopback: nobody listens there. */
	request(http, 1, true, &result);
	assert_int_equal(result.outcome, HTTP_NOT_SENT);
	assert_int_equal(result.asked, 0);
	arb_http_free(http);
}

static void
redirects_are_not_followed(void **state)
{
	Http	   *http = arb_http_new(Loop);
	Server		server;
	Result		result = {.allow = true};

	start_server(&server, MANNER_REDIRECT);
	request(http, server.port, true, &result);
	assert_int_equal(result.outcome, HTTP_ANSWERED);
	assert_int_equal(result.status, 302);
	assert_int_equal(server.requests, 1);
	arb_http_free(http);
}

/* The one door through which an order reaches a socket stays shut for a dry run, and there is no other. */
static void
a_dry_run_is_never_posted(void **state)
{
	static PmEndpoints endpoints;
	PmCredentials credentials;
	PmClient	client = {.http = arb_http_new(Loop), .endpoints = &endpoints, .credentials = &credentials,
		.address_text = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"};
	PreparedOrder order = {.body = BODY, .body_len = strlen(BODY), .timestamp_s = 1780449127};
	Server		server;
	Result		result = {.allow = true};

	start_server(&server, MANNER_ANSWER);
	(void) snprintf(endpoints.clob, sizeof(endpoints.clob), "http://127.0.0.1:%d", server.port);
	assert_true(arb_pm_credentials_load("key", "bLcZffpvUgeErAENRUwir1zo_sEhzrZGJ1FsZ1YJ2JQ=", "pass", &credentials));
	assert_true(arb_pm_post_order(&client, &order, 3000, may_write, on_done, &result));
	while (!result.done)
		(void) uv_run(Loop, UV_RUN_ONCE);
	assert_int_equal(result.outcome, HTTP_ANSWERED);
	assert_int_equal(server.posts, 1);

	order.dry_run = true;
	assert_false(arb_pm_post_order(&client, &order, 3000, may_write, on_done, &result));
	assert_false(arb_pm_private(&client, "POST", "/order", order.body, order.body_len, on_done, &result));
	assert_int_equal(arb_http_in_flight(client.http), 0);
	/* Another request shows that the server heard of nothing else before. */
	request(client.http, server.port, false, &result);
	assert_int_equal(server.posts, 1);
	assert_int_equal(server.requests, 2);
	arb_http_free(client.http);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_answer_arrives),
		cmocka_unit_test(a_dead_connection_repeats_nothing),
		cmocka_unit_test(half_an_answer_is_none),
		cmocka_unit_test(a_body_that_does_not_end_is_none),
		cmocka_unit_test(what_is_packed_stays_packed),
		cmocka_unit_test(held_back_is_proof_of_not_sent),
		cmocka_unit_test(no_connection_is_proof_of_not_sent),
		cmocka_unit_test(redirects_are_not_followed),
		cmocka_unit_test(a_dry_run_is_never_posted),
	};

	Loop = uv_default_loop();
	return cmocka_run_group_tests_name("http", tests, NULL, NULL);
}
