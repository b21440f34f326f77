/*-------------------------------------------------------------------------
 *
 * worker/sim/server.c
 *	  One listener for REST and websockets (libwebsockets on our libuv loop).
 *
 * Every byte of a client is hostile: header fields, paths and bodies have
 * fixed limits, and what does not fit is refused before anyone reads it.
 * A request waits, fails or vanishes here when the fault plan says so; no
 * handler knows of faults but the one that places orders.
 *
 *-------------------------------------------------------------------------
 */
#include "sim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libwebsockets.h>

#define BODY_MAX (512 * 1024)
#define FRAME_MAX (256 * 1024)	/* one incoming websocket message */
#define RECEIVE_BUFFER 65536
#define ANSWER_CHUNK 16384
#define CONNECTIONS_MAX 512		/* that a cut can reach */

typedef enum SessionStage
{
	STAGE_READING = 1,
	STAGE_WAITING,				/* a delay of the fault plan */
	STAGE_ANSWERING,
	STAGE_SILENT				/* fault: never answered */
} SessionStage;

typedef struct Session
{
	SessionStage stage;
	HttpRequest request;
	HttpResponse response;
	RequestFault fault;
	Buf			body;
	Buf			query;
	bool		too_large;
	bool		acted;
	bool		headers_sent;
	size_t		sent;
	StreamConn *stream;
	Buf			message;
} Session;

struct Server
{
	struct lws_context *context;
	struct lws_vhost *vhost;
	struct lws *connection[CONNECTIONS_MAX];
	int			connection_count;
	struct lws *acting;			/* whose request is being acted upon */
};

const char *
sim_query(const HttpRequest *request, const char *name)
{
	int			i;

	for (i = 0; i < request->query_count; i++)
		if (strcmp(request->query_name[i], name) == 0)
			return request->query_value[i];
	return NULL;
}

static void
read_header(struct lws *wsi, const char *name, char *out, size_t size)
{
	int			len = lws_hdr_custom_copy(wsi, out, (int) size, name, (int) strlen(name));

	if (len < 0)
		out[0] = '\0';
}

static bool
read_method(struct lws *wsi, HttpRequest *request)
{
	static const struct
	{
		enum lws_token_indexes token;
		const char *method;
	}			table[] = {
		{WSI_TOKEN_GET_URI, "GET"},
		{WSI_TOKEN_POST_URI, "POST"},
		{WSI_TOKEN_DELETE_URI, "DELETE"},
		{WSI_TOKEN_PUT_URI, "PUT"},
	};
	size_t		i;

	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (lws_hdr_total_length(wsi, table[i].token) > 0)
		{
			strcpy(request->method, table[i].method);
			return lws_hdr_copy(wsi, request->path, sizeof(request->path), table[i].token) > 0;
		}
	return false;
}

/* Names and values are pointers into one buffer, so first all text, then the pointers. */
static void
read_query(struct lws *wsi, Session *session)
{
	char		piece[2048];
	size_t		offset[QUERY_MAX] = {0};
	int			count = 0;
	int			i;

	while (count < QUERY_MAX &&
		   lws_hdr_copy_fragment(wsi, piece, sizeof(piece), WSI_TOKEN_HTTP_URI_ARGS, count) > 0)
	{
		offset[count++] = session->query.len;
		sim_buf_bytes(&session->query, piece, strlen(piece) + 1);
	}
	for (i = 0; i < count; i++)
	{
		char	   *name = session->query.data + offset[i];
		char	   *equals = strchr(name, '=');

		if (equals == NULL)
			continue;
		*equals = '\0';
		session->request.query_name[session->request.query_count] = name;
		session->request.query_value[session->request.query_count++] = equals + 1;
	}
}

static Session *
begin_request(struct lws *wsi)
{
	Session    *session = sim_alloc(sizeof(*session));
	AuthHeaders *auth = &session->request.auth;

	session->stage = STAGE_READING;
	if (!read_method(wsi, &session->request))
	{
		free(session);
		return NULL;
	}
	read_query(wsi, session);
	read_header(wsi, "poly_address:", auth->address, sizeof(auth->address));
	read_header(wsi, "poly_signature:", auth->signature, sizeof(auth->signature));
	read_header(wsi, "poly_timestamp:", auth->timestamp, sizeof(auth->timestamp));
	read_header(wsi, "poly_nonce:", auth->nonce, sizeof(auth->nonce));
	read_header(wsi, "poly_api_key:", auth->api_key, sizeof(auth->api_key));
	read_header(wsi, "poly_passphrase:", auth->passphrase, sizeof(auth->passphrase));
	return session;
}

static void
free_session(Sim *sim, struct lws *wsi)
{
	Session    *session = lws_get_opaque_user_data(wsi);

	if (session == NULL)
		return;
	lws_set_opaque_user_data(wsi, NULL);
	if (session->stream != NULL)
		sim_stream_close(sim, session->stream);
	sim_buf_free(&session->body);
	sim_buf_free(&session->query);
	sim_buf_free(&session->message);
	sim_buf_free(&session->response.body);
	free(session);
}

static void
act(Sim *sim, struct lws *wsi, Session *session)
{
	session->acted = true;
	session->request.body = session->body.data != NULL ? session->body.data : "";
	session->request.body_len = session->body.len;
	session->request.fault = &session->fault;
	sim->server->acting = wsi;
	if (session->too_large)
		sim_refuse(&session->response, 413, "Payload exceeds the limit");
	else
		sim_route(sim, &session->request, &session->response);
	sim_after_action(sim);
}

/* The answer the fault plan wants in place of ours, or no answer at all. */
static bool
misbehave(struct lws *wsi, Session *session, bool *close)
{
	const RequestFault *fault = &session->fault;

	*close = false;
	sim_fault_rewrite(fault->rewrite, fault->rewrites, &session->response.body);
	switch (fault->kind)
	{
		case FAULT_DISCONNECT:
			*close = true;
			return true;
		case FAULT_DROP_ANSWER:
			session->stage = STAGE_SILENT;
			return true;
		case FAULT_STATUS:
		case FAULT_ANSWER:
			session->response.status = fault->status;
			session->response.retry_after_s = fault->retry_after_s;
			sim_buf_reset(&session->response.body);
			sim_buf_text(&session->response.body,
						 fault->body != NULL ? fault->body : "{\"error\":\"Internal server error\"}");
			return false;
		default:
			return false;
	}
}

/* Returns whether the connection must be closed. */
static bool
finish_request(Sim *sim, struct lws *wsi, Session *session)
{
	bool		close;

	if (!session->acted && (session->fault.kind == 0 || session->fault.after))
		act(sim, wsi, session);
	if (misbehave(wsi, session, &close))
		return close;
	session->stage = STAGE_ANSWERING;
	lws_callback_on_writable(wsi);
	return false;
}

static bool
request_complete(Sim *sim, struct lws *wsi, Session *session)
{
	if (session->stage != STAGE_READING)
		return false;
	sim->stats.requests++;
	sim_fault_request(&sim->faults, session->request.method, session->request.path, &session->fault);
	if (session->fault.delay_ms == 0)
		return finish_request(sim, wsi, session);
	if (session->fault.delay_after && (session->fault.kind == 0 || session->fault.after))
		act(sim, wsi, session);
	session->stage = STAGE_WAITING;
	lws_set_timer_usecs(wsi, session->fault.delay_ms * LWS_USEC_PER_SEC / 1000);
	return false;
}

static bool
add_number(struct lws *wsi, const char *name, int64_t value, unsigned char **at, unsigned char *end)
{
	char		number[24];
	int			len = snprintf(number, sizeof(number), "%" PRId64, value);

	return lws_add_http_header_by_name(wsi, (const unsigned char *) name, (const unsigned char *) number, len, at, end) == 0;
}

static bool
send_headers(Sim *sim, struct lws *wsi, Session *session)
{
	unsigned char space[LWS_PRE + 1024];
	unsigned char *at = space + LWS_PRE;
	unsigned char *end = space + sizeof(space) - 1;
	HttpResponse *response = &session->response;

	if (response->status >= 400)
		sim->stats.refused++;
	if (response->status == 400)
		sim->stats.bad_requests++;
	if (lws_add_http_common_headers(wsi, (unsigned int) response->status, "application/json",
									response->body.len, &at, end) != 0)
		return false;
	if (response->retry_after_s > 0 && !add_number(wsi, "retry-after:", response->retry_after_s, &at, end))
		return false;
	if (response->counted &&
		(!add_number(wsi, "poly-ratelimit-remaining:", response->left, &at, end) ||
		 !add_number(wsi, "poly-ratelimit-reset:", response->reset_s, &at, end) ||
		 lws_add_http_header_by_name(wsi, (const unsigned char *) "poly-ratelimit-tier:",
									 (const unsigned char *) "standard", 8, &at, end) != 0))
		return false;
	session->headers_sent = true;
	return lws_finalize_write_http_header(wsi, space + LWS_PRE, &at, end) == 0;
}

static bool
is_partial(const Session *session)
{
	return session->fault.kind == FAULT_CUT_ANSWER || session->fault.kind == FAULT_STALLED_ANSWER;
}

/* Returns whether the connection must be closed. */
static bool
write_answer(Sim *sim, struct lws *wsi, Session *session)
{
	unsigned char chunk[LWS_PRE + ANSWER_CHUNK];
	const Buf  *body = &session->response.body;
	size_t		whole = body->len;
	size_t		len;
	bool		last;

	if (!session->headers_sent && !send_headers(sim, wsi, session))
		return true;
	/* The header promised all of it. */
	if (is_partial(session))
		whole = body->len * (size_t) session->fault.part_ppm / 1000000;
	len = whole - session->sent;
	if (len > ANSWER_CHUNK)
		len = ANSWER_CHUNK;
	last = session->sent + len == whole;
	if (len > 0)
		memcpy(chunk + LWS_PRE, body->data + session->sent, len);
	if (lws_write(wsi, chunk + LWS_PRE, len, last && !is_partial(session) ? LWS_WRITE_HTTP_FINAL : LWS_WRITE_HTTP) != (int) len)
		return true;
	session->sent += len;
	if (!last)
	{
		lws_callback_on_writable(wsi);
		return false;
	}
	if (is_partial(session))
	{
		session->stage = STAGE_SILENT;
		return session->fault.kind == FAULT_CUT_ANSWER;
	}
	free_session(sim, wsi);
	return lws_http_transaction_completed(wsi) != 0;
}

static StreamKind
stream_kind(const char *path)
{
	if (strcmp(path, "/ws/market") == 0)
		return STREAM_MARKET;
	if (strcmp(path, "/ws/user") == 0)
		return STREAM_USER;
	return strcmp(path, "/") == 0 ? STREAM_PRICES : 0;
}

static bool
begin_stream(Sim *sim, struct lws *wsi)
{
	Session    *session = lws_get_opaque_user_data(wsi);
	StreamKind	kind;

	/* The path is only known before the upgrade, in the session made then. */
	if (session == NULL || (kind = stream_kind(session->request.path)) == 0)
		return false;
	session->stream = sim_stream_open(sim, kind, wsi);
	return true;
}

static bool
receive_message(Sim *sim, struct lws *wsi, const char *bytes, size_t len)
{
	Session    *session = lws_get_opaque_user_data(wsi);
	bool		ok;

	if (session == NULL || session->stream == NULL || session->message.len + len > FRAME_MAX)
		return false;
	sim_buf_bytes(&session->message, bytes, len);
	if (lws_remaining_packet_payload(wsi) > 0 || !lws_is_final_fragment(wsi))
		return true;
	ok = sim_stream_receive(sim, session->stream, session->message.data, session->message.len);
	sim_buf_reset(&session->message);
	return ok;
}

static int
on_http(Sim *sim, struct lws *wsi)
{
	Session    *session;
	bool		has_body;

	free_session(sim, wsi);
	session = begin_request(wsi);
	if (session == NULL)
		return -1;
	lws_set_opaque_user_data(wsi, session);
	/* Without a length nobody can say where the body ends: not supported, and said. */
	if (lws_hdr_total_length(wsi, WSI_TOKEN_HTTP_TRANSFER_ENCODING) > 0)
	{
		sim_refuse(&session->response, 411, "Length required");
		session->stage = STAGE_ANSWERING;
		lws_callback_on_writable(wsi);
		return 0;
	}
	has_body = lws_hdr_total_length(wsi, WSI_TOKEN_HTTP_CONTENT_LENGTH) > 0;
	if (has_body)
	{
		char		text[24] = "0";

		if (lws_hdr_copy(wsi, text, sizeof(text), WSI_TOKEN_HTTP_CONTENT_LENGTH) <= 0)
			return -1;
		has_body = strtoull(text, NULL, 10) > 0;
	}
	if (!has_body && request_complete(sim, wsi, session))
		return -1;
	return 0;
}

/* Of more than it can list, a cut leaves the rest alone. */
static void
note_connection(struct Server *server, struct lws *wsi)
{
	if (server->connection_count < CONNECTIONS_MAX)
		server->connection[server->connection_count++] = wsi;
}

static void
forget_connection(struct Server *server, const struct lws *wsi)
{
	int			i;

	for (i = 0; i < server->connection_count; i++)
		if (server->connection[i] == wsi)
		{
			server->connection[i] = server->connection[--server->connection_count];
			return;
		}
}

/* sim_server_cut hangs up on everybody but the one who asks for it; how many. */
int
sim_server_cut(Sim *sim)
{
	const struct Server *server = sim->server;
	int			count = 0;
	int			i;

	for (i = 0; i < server->connection_count; i++)
	{
		if (server->connection[i] == server->acting)
			continue;
		lws_set_timeout(server->connection[i], PENDING_TIMEOUT_USER_OK, LWS_TO_KILL_ASYNC);
		count++;
	}
	return count;
}

static int
callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t len)
{
	Sim		   *sim = lws_context_user(lws_get_context(wsi));
	Session    *session = lws_get_opaque_user_data(wsi);

	switch (reason)
	{
		case LWS_CALLBACK_SERVER_NEW_CLIENT_INSTANTIATED:
			note_connection(sim->server, wsi);
			return 0;
		case LWS_CALLBACK_HTTP:
			return on_http(sim, wsi);
		case LWS_CALLBACK_HTTP_BODY:
			if (session == NULL)
				return -1;
			if (session->body.len + len > BODY_MAX)
				session->too_large = true;
			else
				sim_buf_bytes(&session->body, in, len);
			return 0;
		case LWS_CALLBACK_HTTP_BODY_COMPLETION:
			return session == NULL || request_complete(sim, wsi, session) ? -1 : 0;
		case LWS_CALLBACK_TIMER:
			if (session == NULL || session->stage != STAGE_WAITING)
				return 0;
			return finish_request(sim, wsi, session) ? -1 : 0;
		case LWS_CALLBACK_HTTP_WRITEABLE:
			if (session == NULL || session->stage != STAGE_ANSWERING)
				return 0;
			return write_answer(sim, wsi, session) ? -1 : 0;
		case LWS_CALLBACK_FILTER_PROTOCOL_CONNECTION:
			free_session(sim, wsi);
			session = begin_request(wsi);
			if (session == NULL)
				return -1;
			lws_set_opaque_user_data(wsi, session);
			return stream_kind(session->request.path) == 0 ? -1 : 0;
		case LWS_CALLBACK_ESTABLISHED:
			return begin_stream(sim, wsi) ? 0 : -1;
		case LWS_CALLBACK_RECEIVE:
			return receive_message(sim, wsi, in, len) ? 0 : -1;
		case LWS_CALLBACK_SERVER_WRITEABLE:
			return session == NULL || session->stream == NULL ||
				sim_stream_writeable(sim, session->stream) ? 0 : -1;
		case LWS_CALLBACK_CLOSED:
		case LWS_CALLBACK_CLOSED_HTTP:
			free_session(sim, wsi);
			return 0;
		case LWS_CALLBACK_WSI_DESTROY:
			free_session(sim, wsi);
			/* Connections go after the server that was told to stop. */
			if (sim->server != NULL)
				forget_connection(sim->server, wsi);
			return 0;
		default:
			return 0;
	}
}

static const struct lws_protocols Protocols[] = {
	{"arbees-sim", callback, 0, RECEIVE_BUFFER, 0, NULL, 0},
	{NULL, NULL, 0, 0, 0, NULL, 0}
};

static void
log_library(int level, const char *line)
{
	sim_log("libwebsockets: %.*s", (int) strcspn(line, "\n"), line);
}

bool
sim_server_start(Sim *sim, char *error, size_t error_size)
{
	struct lws_context_creation_info info;
	struct Server *server = sim_alloc(sizeof(*server));
	void	   *loops[1] = {sim->loop};

	sim->server = server;
	lws_set_log_level(LLL_ERR, log_library);
	memset(&info, 0, sizeof(info));
	info.options = LWS_SERVER_OPTION_LIBUV | LWS_SERVER_OPTION_DISABLE_IPV6 | LWS_SERVER_OPTION_EXPLICIT_VHOSTS;
	info.foreign_loops = loops;
	info.user = sim;
	/* A reader that says nothing for this long is not reading. */
	info.timeout_secs = 60;
	info.keepalive_timeout = 3600;
	/* As many requests as a busy client has open at once; the library's own 16 make them wait in turn. */
	info.max_http_header_pool = 512;
	server->context = lws_create_context(&info);
	if (server->context == NULL)
	{
		snprintf(error, error_size, "cannot create the websocket library's context");
		return false;
	}
	info.port = sim->options.listen_port;
	info.iface = sim->options.listen_host;
	info.protocols = Protocols;
	info.vhost_name = "arbees-sim";
	server->vhost = lws_create_vhost(server->context, &info);
	if (server->vhost == NULL)
	{
		snprintf(error, error_size, "cannot listen on %s:%d", sim->options.listen_host, sim->options.listen_port);
		return false;
	}
	sim->port = lws_get_vhost_listen_port(server->vhost);
	if (sim->port <= 0)
	{
		snprintf(error, error_size, "cannot listen on %s:%d", sim->options.listen_host, sim->options.listen_port);
		return false;
	}
	return true;
}

void
sim_server_stop(Sim *sim)
{
	if (sim->server == NULL)
		return;
	if (sim->server->context != NULL)
		lws_context_destroy(sim->server->context);
	free(sim->server);
	sim->server = NULL;
}
