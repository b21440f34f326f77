/*-------------------------------------------------------------------------
 *
 * worker/net/ws.c
 *	  WebSocket clients that stay connected.
 *
 * libwebsockets runs on the worker's own loop through its uv plug-in.  It
 * writes only in the WRITEABLE callback.  A NULL return of the connect call
 * counts as a failed attempt even when no error callback came.  Closing is
 * done by returning -1 from a callback, so a request to close sets a flag and
 * asks for one.
 *
 *-------------------------------------------------------------------------
 */
#include "net/ws.h"

#include <libwebsockets.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "log.h"
#include "net/backoff.h"
#include "strbuf.h"

#define RECONNECT_FIRST_MS 100
#define RECONNECT_CAP_MS 15000
/* An attempt that has not opened by then is given up. */
#define OPEN_TIMEOUT_MS 10000
#define WATCH_EVERY_MS 500
#define URL_MAX 256

typedef struct WsMessage
{
	struct WsMessage *next;
	size_t		len;
	unsigned char bytes[];		/* LWS_PRE bytes of room, then the text */
} WsMessage;

struct WsContext
{
	uv_loop_t  *loop;
	void	   *loops[1];
	struct lws_context *lws;
};

struct Ws
{
	WsContext  *context;
	char		name[24];
	char		url[URL_MAX];
	char		host[URL_MAX];
	char		path[URL_MAX];
	int			port;
	bool		tls;
	int			ping_every_ms;
	int			stale_after_ms;
	WsOps		ops;
	void	   *arg;

	struct lws *wsi;
	bool		wanted;
	bool		open;
	bool		closing;		/* the next callback ends the connection */
	StrBuf		frame;
	int64_t		frame_ns;
	int64_t		started_ns;
	int64_t		heard_ns;
	int64_t		pinged_ns;
	WsMessage  *first;
	WsMessage  *last;
	size_t		queued;
	Backoff		backoff;
	uv_timer_t	retry;
	uv_timer_t	watch;
	WsCounters	counters;
};

static void connect_now(Ws *ws);

/* Messages may carry credentials. */
static void
message_free(WsMessage *message)
{
	explicit_bzero(message->bytes, LWS_PRE + message->len);
	free(message);
}

static void
queue_clear(Ws *ws)
{
	while (ws->first != NULL)
	{
		WsMessage  *message = ws->first;

		ws->first = message->next;
		message_free(message);
	}
	ws->last = NULL;
	ws->queued = 0;
}

static void
on_retry(uv_timer_t *timer)
{
	connect_now(timer->data);
}

static void
schedule(Ws *ws)
{
	int			delay_ms;

	if (!ws->wanted)
		return;
	delay_ms = arb_backoff_next(&ws->backoff, arb_backoff_random());
	(void) uv_timer_start(&ws->retry, on_retry, (uint64_t) delay_ms, 0);
}

/* ended is called when a connection or an attempt is over, however that came about. */
static void
ended(Ws *ws, const char *why)
{
	bool		was_open = ws->open;

	ws->wsi = NULL;
	ws->open = false;
	ws->closing = false;
	arb_strbuf_reset(&ws->frame);
	queue_clear(ws);
	if (ws->wanted)
	{
		ws->counters.reconnects++;
		log_warning("ws", "%s: %s: %s", ws->name, was_open ? "connection lost" : "could not connect", why);
	}
	if (was_open)
		ws->ops.on_close(ws->arg);
	schedule(ws);
}

static bool
take_fragment(Ws *ws, struct lws *wsi, const char *bytes, size_t len)
{
	if (ws->frame.len == 0)
		ws->frame_ns = arb_mono_ns();
	if (!arb_strbuf_append(&ws->frame, bytes, len))
	{
		log_warning("ws", "%s: a frame exceeds %u bytes, the connection is dropped", ws->name, WS_FRAME_MAX);
		ws->counters.errors++;
		return false;
	}
	ws->heard_ns = ws->frame_ns;
	if (lws_remaining_packet_payload(wsi) > 0 || !lws_is_final_fragment(wsi))
		return true;
	ws->counters.messages++;
	ws->counters.last_data_ms = arb_wall_ms();
	ws->ops.on_frame(ws->arg, ws->frame.data, ws->frame.len, ws->frame_ns);
	arb_strbuf_reset(&ws->frame);
	return true;
}

static bool
write_next(Ws *ws, struct lws *wsi)
{
	WsMessage  *message = ws->first;
	int			written;

	if (message == NULL)
		return true;
	written = lws_write(wsi, message->bytes + LWS_PRE, message->len, LWS_WRITE_TEXT);
	if (written < (int) message->len)
		return false;
	ws->first = message->next;
	if (ws->first == NULL)
		ws->last = NULL;
	ws->queued -= message->len;
	message_free(message);
	if (ws->first != NULL)
		(void) lws_callback_on_writable(wsi);
	return true;
}

static void
opened(Ws *ws)
{
	ws->open = true;
	ws->heard_ns = arb_mono_ns();
	ws->pinged_ns = ws->heard_ns;
	arb_backoff_reset(&ws->backoff);
	log_info("ws", "%s: connected", ws->name);
	ws->ops.on_open(ws->arg);
}

static int
callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t len)
{
	Ws		   *ws = wsi == NULL ? NULL : lws_get_opaque_user_data(wsi);

	(void) user;
	if (ws == NULL)
		return 0;
	switch (reason)
	{
		case LWS_CALLBACK_CLIENT_ESTABLISHED:
			ws->wsi = wsi;
			opened(ws);
			break;
		case LWS_CALLBACK_CLIENT_RECEIVE:
			if (ws->closing || !take_fragment(ws, wsi, in, len) || ws->closing)
				return -1;
			break;
		case LWS_CALLBACK_CLIENT_WRITEABLE:
			if (ws->closing || !write_next(ws, wsi))
				return -1;
			break;
		case LWS_CALLBACK_CLIENT_CONNECTION_ERROR:
			ws->counters.errors++;
			lws_set_opaque_user_data(wsi, NULL);
			ended(ws, in != NULL ? (const char *) in : "refused");
			break;
		case LWS_CALLBACK_CLIENT_CLOSED:
			lws_set_opaque_user_data(wsi, NULL);
			ended(ws, "closed");
			break;
		default:
			break;
	}
	return 0;
}

static const struct lws_protocols Protocols[] = {
	{"arbees", callback, 0, 65536, 0, NULL, 0},
	{NULL, NULL, 0, 0, 0, NULL, 0}
};

static void
emit(int level, const char *line)
{
	size_t		len = strlen(line);

	while (len > 0 && (line[len - 1] == '\n' || line[len - 1] == '\r'))
		len--;
	arb_log(level == LLL_ERR ? LOG_LEVEL_WARNING : LOG_LEVEL_DEBUG, "lws", "%.*s", (int) len, line);
}

WsContext *
arb_ws_context_new(uv_loop_t *loop)
{
	struct lws_context_creation_info info;
	WsContext  *context = calloc(1, sizeof(*context));

	if (context == NULL)
		return NULL;
	lws_set_log_level(LLL_ERR | LLL_WARN, emit);
	context->loop = loop;
	context->loops[0] = loop;
	memset(&info, 0, sizeof(info));
	info.port = CONTEXT_PORT_NO_LISTEN;
	info.protocols = Protocols;
	info.gid = (gid_t) -1;
	info.uid = (uid_t) -1;
	info.options = LWS_SERVER_OPTION_LIBUV | LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT;
	info.foreign_loops = context->loops;
	info.pt_serv_buf_size = 65536;
	info.timeout_secs = 10;
	context->lws = lws_create_context(&info);
	if (context->lws == NULL)
	{
		log_error("ws", "could not set up the WebSocket client");
		free(context);
		return NULL;
	}
	return context;
}

static bool
split_url(Ws *ws)
{
	char		copy[URL_MAX];
	const char *scheme;
	const char *address;
	const char *path;
	int			port = 0;

	memcpy(copy, ws->url, sizeof(copy));
	if (lws_parse_uri(copy, &scheme, &address, &port, &path) != 0)
		return false;
	ws->tls = strcmp(scheme, "wss") == 0 || strcmp(scheme, "https") == 0;
	if (!ws->tls && strcmp(scheme, "ws") != 0 && strcmp(scheme, "http") != 0)
		return false;
	/* The library knows the default port of https and http only. */
	if (port == 0 || (ws->tls && port == 80))
		port = ws->tls ? 443 : 80;
	ws->port = port;
	(void) snprintf(ws->host, sizeof(ws->host), "%s", address);
	(void) snprintf(ws->path, sizeof(ws->path), "/%.*s", (int) sizeof(ws->path) - 2, path);
	return ws->host[0] != '\0';
}

static void
connect_now(Ws *ws)
{
	struct lws_client_connect_info info;
	char		host_header[URL_MAX + 8];
	struct lws *wsi;

	if (!ws->wanted || ws->wsi != NULL)
		return;
	memset(&info, 0, sizeof(info));
	(void) snprintf(host_header, sizeof(host_header), "%s:%d", ws->host, ws->port);
	info.context = ws->context->lws;
	info.address = ws->host;
	info.port = ws->port;
	info.path = ws->path;
	info.host = (ws->port == 443 || ws->port == 80) ? ws->host : host_header;
	info.origin = ws->host;
	info.ssl_connection = (ws->tls ? LCCSCF_USE_SSL : 0) | LCCSCF_PRIORITIZE_READS;
	info.local_protocol_name = Protocols[0].name;
	info.ietf_version_or_minus_one = -1;
	info.opaque_user_data = ws;
	info.pwsi = &ws->wsi;
	ws->started_ns = arb_mono_ns();
	wsi = lws_client_connect_via_info(&info);
	/* A failure may have been told by the callback already, which started the next wait. */
	if (wsi == NULL && !uv_is_active((uv_handle_t *) &ws->retry))
	{
		ws->counters.errors++;
		ended(ws, "no connection could be started");
	}
}

static void
close_soon(Ws *ws)
{
	if (ws->wsi == NULL || ws->closing)
		return;
	ws->closing = true;
	if (ws->open)
		(void) lws_callback_on_writable(ws->wsi);
	lws_set_timeout(ws->wsi, PENDING_TIMEOUT_USER_OK, ws->open ? 1 : LWS_TO_KILL_ASYNC);
}

static void
on_watch(uv_timer_t *timer)
{
	Ws		   *ws = timer->data;
	int64_t		now_ns = arb_mono_ns();

	if (ws->wsi == NULL)
		return;
	if (!ws->open)
	{
		if (now_ns - ws->started_ns > OPEN_TIMEOUT_MS * NS_PER_MS)
			close_soon(ws);
		return;
	}
	if (ws->stale_after_ms > 0 && now_ns - ws->heard_ns > ws->stale_after_ms * NS_PER_MS)
	{
		arb_ws_reconnect(ws, "nothing arrived for too long");
		return;
	}
	if (ws->ping_every_ms > 0 && now_ns - ws->pinged_ns >= ws->ping_every_ms * NS_PER_MS)
	{
		ws->pinged_ns = now_ns;
		(void) arb_ws_send(ws, "PING", 4);
	}
}

Ws *
arb_ws_new(WsContext *context, const WsSettings *settings, const WsOps *ops, void *arg)
{
	Ws		   *ws = calloc(1, sizeof(*ws));

	if (ws == NULL)
		return NULL;
	ws->context = context;
	(void) snprintf(ws->name, sizeof(ws->name), "%s", settings->name);
	ws->ping_every_ms = settings->ping_every_ms;
	ws->stale_after_ms = settings->stale_after_ms;
	ws->ops = *ops;
	ws->arg = arg;
	arb_strbuf_init(&ws->frame, WS_FRAME_MAX);
	arb_backoff_init(&ws->backoff, RECONNECT_FIRST_MS, RECONNECT_CAP_MS);
	if (strlen(settings->url) >= sizeof(ws->url) ||
		(memcpy(ws->url, settings->url, strlen(settings->url) + 1), !split_url(ws)))
	{
		log_error("ws", "%s: the address is no WebSocket URL", ws->name);
		free(ws);
		return NULL;
	}
	(void) uv_timer_init(context->loop, &ws->retry);
	(void) uv_timer_init(context->loop, &ws->watch);
	ws->retry.data = ws;
	ws->watch.data = ws;
	return ws;
}

void
arb_ws_start(Ws *ws)
{
	if (ws->wanted)
		return;
	ws->wanted = true;
	(void) uv_timer_start(&ws->watch, on_watch, WATCH_EVERY_MS, WATCH_EVERY_MS);
	connect_now(ws);
}

void
arb_ws_stop(Ws *ws)
{
	ws->wanted = false;
	(void) uv_timer_stop(&ws->retry);
	(void) uv_timer_stop(&ws->watch);
	close_soon(ws);
}

bool
arb_ws_is_open(const Ws *ws)
{
	return ws->open && !ws->closing;
}

bool
arb_ws_send(Ws *ws, const char *text, size_t len)
{
	WsMessage  *message;

	if (!arb_ws_is_open(ws))
		return false;
	if (ws->queued + len > WS_QUEUE_MAX)
	{
		arb_ws_reconnect(ws, "the peer does not read what we send");
		return false;
	}
	message = malloc(sizeof(*message) + LWS_PRE + len);
	if (message == NULL)
		return false;
	message->next = NULL;
	message->len = len;
	memcpy(message->bytes + LWS_PRE, text, len);
	if (ws->last != NULL)
		ws->last->next = message;
	else
		ws->first = message;
	ws->last = message;
	ws->queued += len;
	(void) lws_callback_on_writable(ws->wsi);
	return true;
}

void
arb_ws_reconnect(Ws *ws, const char *why)
{
	if (ws->wsi == NULL || ws->closing)
		return;
	log_warning("ws", "%s: reconnecting: %s", ws->name, why);
	ws->counters.errors++;
	close_soon(ws);
}

WsCounters *
arb_ws_counters(Ws *ws)
{
	return &ws->counters;
}
