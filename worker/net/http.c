/*-------------------------------------------------------------------------
 *
 * worker/net/http.c
 *	  HTTP requests on the event loop: one answer or one reason per request.
 *
 * curl's multi interface is driven by the loop's poll handles.  A request is
 * kicked at once when it is added outside of a curl callback, so an order
 * never waits for a timer.  Proxies, redirects and 100-continue are off,
 * certificates are always checked, responses are capped.
 *
 *-------------------------------------------------------------------------
 */
#include "net/http.h"

#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "debug_point.h"
#include "log.h"
#include "strbuf.h"

#define CONNECT_TIMEOUT_MS 3000L
/* As many as a burst of orders has under way at once: a new connection costs more than a request. */
#define CONNECTIONS_KEPT 128L
#define IN_FLIGHT_MAX 1024
#define HTTP_USER_AGENT "arbees-worker/0.1"

typedef struct Transfer
{
	struct Transfer *next;
	struct Transfer *previous;
	Http	   *http;
	CURL	   *easy;
	struct curl_slist *headers;
	StrBuf		answer;
	char	   *body;
	size_t		body_len;
	size_t		body_given;
	int64_t		written_ns;
	const char *watched_header;
	HttpMayWrite may_write;
	HttpDone	done;
	void	   *arg;
	bool		refused;		/* may_write said no */
	char		error[CURL_ERROR_SIZE];
} Transfer;

typedef struct Watch
{
	uv_poll_t	poll;
	Http	   *http;
	curl_socket_t fd;
} Watch;

struct Http
{
	uv_loop_t  *loop;
	CURLM	   *multi;
	uv_timer_t	timer;
	uv_timer_t	collector;
	Transfer   *transfers;
	int			in_flight;
	int			depth;			/* inside curl: adding is allowed, driving is not */
	bool		body_left;		/* a guarded body was given to the wire in this call of curl */
};

static void kick(Http *http);

static void
transfer_free(Transfer *transfer)
{
	if (transfer->easy != NULL)
		curl_easy_cleanup(transfer->easy);
	curl_slist_free_all(transfer->headers);
	arb_strbuf_free(&transfer->answer);
	free(transfer->body);
	free(transfer);
}

static void
transfer_unlink(Transfer *transfer)
{
	Http	   *http = transfer->http;

	if (transfer->previous != NULL)
		transfer->previous->next = transfer->next;
	else
		http->transfers = transfer->next;
	if (transfer->next != NULL)
		transfer->next->previous = transfer->previous;
	http->in_flight--;
}

static size_t
on_body(char *bytes, size_t size, size_t count, void *arg)
{
	Transfer   *transfer = arg;

	if (!arb_strbuf_append(&transfer->answer, bytes, size * count))
		return 0;				/* makes curl end the transfer with an error */
	return size * count;
}

/*
 * give_body hands the order to curl.  The first call is the last instant at
 * which nothing has left; later calls only continue what has begun.
 */
static size_t
give_body(char *buffer, size_t size, size_t count, void *arg)
{
	Transfer   *transfer = arg;
	size_t		room = size * count;
	size_t		rest = transfer->body_len - transfer->body_given;

	if (transfer->written_ns == 0)
	{
		if (!transfer->may_write(transfer->arg))
		{
			transfer->refused = true;
			return CURL_READFUNC_ABORT;
		}
		transfer->written_ns = arb_mono_ns();
	}
	if (rest > room)
		rest = room;
	memcpy(buffer, transfer->body + transfer->body_given, rest);
	transfer->body_given += rest;
	transfer->http->body_left = transfer->body_given == transfer->body_len;
	return rest;
}

static bool
set_options(Transfer *transfer, const HttpRequest *request)
{
	CURL	   *easy = transfer->easy;
	CURLcode	rc = CURLE_OK;
	int			i;

	for (i = 0; i < request->header_count; i++)
	{
		struct curl_slist *longer = curl_slist_append(transfer->headers, request->headers[i]);

		if (longer == NULL)
			return false;
		transfer->headers = longer;
	}
	if (request->body != NULL)
	{
		struct curl_slist *longer = curl_slist_append(transfer->headers, "Expect:");

		if (longer == NULL)
			return false;
		transfer->headers = longer;
	}

#define SET(option, value) \
	do { if (rc == CURLE_OK) rc = curl_easy_setopt(easy, option, value); } while (0)
	SET(CURLOPT_URL, request->url);
	SET(CURLOPT_PRIVATE, transfer);
	SET(CURLOPT_ERRORBUFFER, transfer->error);
	SET(CURLOPT_WRITEFUNCTION, on_body);
	SET(CURLOPT_WRITEDATA, transfer);
	SET(CURLOPT_HTTPHEADER, transfer->headers);
	SET(CURLOPT_USERAGENT, HTTP_USER_AGENT);
	SET(CURLOPT_NOSIGNAL, 1L);
	/* No proxy at all, and no way for the environment to name one. */
	SET(CURLOPT_PROXY, "");
	SET(CURLOPT_NOPROXY, "");
	SET(CURLOPT_FOLLOWLOCATION, 0L);
	SET(CURLOPT_PROTOCOLS_STR, "http,https");
	SET(CURLOPT_SSL_VERIFYPEER, 1L);
	SET(CURLOPT_SSL_VERIFYHOST, 2L);
	SET(CURLOPT_TCP_NODELAY, 1L);
	SET(CURLOPT_TCP_KEEPALIVE, 1L);
	SET(CURLOPT_CONNECTTIMEOUT_MS, CONNECT_TIMEOUT_MS);
	SET(CURLOPT_TIMEOUT_MS, (long) request->timeout_ms);

	if (request->may_write != NULL)
	{
		/* No seek function: what has been given out once cannot be given again. */
		SET(CURLOPT_POST, 1L);
		SET(CURLOPT_READFUNCTION, give_body);
		SET(CURLOPT_READDATA, transfer);
		SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t) transfer->body_len);
	}
	else if (request->body != NULL)
	{
		SET(CURLOPT_POSTFIELDS, transfer->body);
		SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t) transfer->body_len);
	}
	if (strcmp(request->method, "GET") != 0)
		SET(CURLOPT_CUSTOMREQUEST, request->method);
#undef SET
	return rc == CURLE_OK;
}

bool
arb_http_send(Http *http, const HttpRequest *request)
{
	Transfer   *transfer;

	if (http->in_flight >= IN_FLIGHT_MAX)
	{
		log_warning("http", "more than %d requests in flight, one was refused", IN_FLIGHT_MAX);
		return false;
	}
	transfer = calloc(1, sizeof(*transfer));
	if (transfer == NULL)
		return false;
	transfer->http = http;
	transfer->done = request->done;
	transfer->arg = request->arg;
	transfer->may_write = request->may_write;
	transfer->watched_header = request->watched_header;
	arb_strbuf_init(&transfer->answer, HTTP_ANSWER_MAX);
	if (request->body != NULL)
	{
		transfer->body = malloc(request->body_len + 1);
		transfer->body_len = request->body_len;
		if (transfer->body != NULL)
		{
			memcpy(transfer->body, request->body, request->body_len);
			transfer->body[request->body_len] = '\0';
		}
	}
	transfer->easy = curl_easy_init();
	if (transfer->easy == NULL || (request->body != NULL && transfer->body == NULL) ||
		!arb_strbuf_text(&transfer->answer, "") || !set_options(transfer, request) ||
		curl_multi_add_handle(http->multi, transfer->easy) != CURLM_OK)
	{
		log_error("http", "could not set up a request");
		transfer_free(transfer);
		return false;
	}
	transfer->next = http->transfers;
	if (http->transfers != NULL)
		http->transfers->previous = transfer;
	http->transfers = transfer;
	http->in_flight++;

	if (http->depth == 0)
		kick(http);
	return true;
}

int
arb_http_in_flight(const Http *http)
{
	return http->in_flight;
}

static void
finish(Transfer *transfer, CURLcode code)
{
	HttpAnswer	answer;
	long		status = 0;
	curl_off_t	retry_after = 0;
	struct curl_header *header;

	memset(&answer, 0, sizeof(answer));
	answer.body = transfer->answer.data;
	answer.len = transfer->answer.len;
	answer.written_ns = transfer->written_ns;
	(void) curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
	(void) curl_easy_getinfo(transfer->easy, CURLINFO_RETRY_AFTER, &retry_after);
	if (retry_after > 0 && retry_after < 86400)
		answer.retry_after_s = (int) retry_after;

	if (transfer->watched_header != NULL &&
		curl_easy_header(transfer->easy, transfer->watched_header, 0, CURLH_HEADER, -1, &header) == CURLHE_OK)
		answer.watched = header->value;

	if (code == CURLE_OK && status > 0)
	{
		answer.outcome = HTTP_ANSWERED;
		answer.status = (int) status;
	}
	else
	{
		bool		not_sent;

		if (transfer->may_write != NULL)
			not_sent = transfer->written_ns == 0;
		else
			not_sent = code == CURLE_COULDNT_CONNECT || code == CURLE_COULDNT_RESOLVE_HOST;
		answer.outcome = not_sent ? HTTP_NOT_SENT : HTTP_NO_ANSWER;
		answer.error = transfer->refused ? "held back at the last instant" :
			transfer->error[0] != '\0' ? transfer->error : curl_easy_strerror(code);
	}
	transfer->done(transfer->arg, &answer);
}

static void
collect(Http *http)
{
	CURLMsg    *message;
	int			left;

	while ((message = curl_multi_info_read(http->multi, &left)) != NULL)
	{
		Transfer   *transfer = NULL;
		CURLcode	code;
		CURL	   *easy;

		if (message->msg != CURLMSG_DONE)
			continue;
		/* The message does not survive the removal. */
		code = message->data.result;
		easy = message->easy_handle;
		(void) curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **) &transfer);
		(void) curl_multi_remove_handle(http->multi, easy);
		transfer_unlink(transfer);
		finish(transfer, code);
		transfer_free(transfer);
	}
}

/* call_curl lets curl go on; it may take new requests meanwhile, but not be called again. */
static void
call_curl(Http *http, curl_socket_t fd, int events)
{
	int			running;

	http->depth++;
	(void) curl_multi_socket_action(http->multi, fd, events, &running);
	http->depth--;
	if (http->body_left)
		ARB_DEBUG_POINT("after_send");
	http->body_left = false;
}

static void
drive(Http *http, curl_socket_t fd, int events)
{
	call_curl(http, fd, events);
	if (http->depth == 0)
		collect(http);
}

static void
on_collect(uv_timer_t *timer)
{
	collect(timer->data);
}

/*
 * kick lets curl begin at once.  A request may even end here (a refused
 * connection), but its answer is given from the loop: nobody is called back
 * before arb_http_send has returned.
 */
static void
kick(Http *http)
{
	call_curl(http, CURL_SOCKET_TIMEOUT, 0);
	(void) uv_timer_start(&http->collector, on_collect, 0, 0);
}

static void
on_poll(uv_poll_t *handle, int status, int events)
{
	Watch	   *watch = handle->data;
	int			flags = 0;

	if (status < 0)
		flags = CURL_CSELECT_ERR;
	if (events & UV_READABLE)
		flags |= CURL_CSELECT_IN;
	if (events & UV_WRITABLE)
		flags |= CURL_CSELECT_OUT;
	drive(watch->http, watch->fd, flags);
}

static void
on_timer(uv_timer_t *timer)
{
	drive(timer->data, CURL_SOCKET_TIMEOUT, 0);
}

static int
on_want_timer(CURLM *multi, long timeout_ms, void *arg)
{
	Http	   *http = arg;

	(void) multi;
	if (timeout_ms < 0)
		(void) uv_timer_stop(&http->timer);
	else
		(void) uv_timer_start(&http->timer, on_timer, (uint64_t) timeout_ms, 0);
	return 0;
}

static void
on_watch_closed(uv_handle_t *handle)
{
	free(handle->data);
}

static int
on_want_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *socket_arg)
{
	Http	   *http = arg;
	Watch	   *watch = socket_arg;
	int			events = 0;

	(void) easy;
	if (what == CURL_POLL_REMOVE)
	{
		if (watch != NULL)
		{
			(void) uv_poll_stop(&watch->poll);
			uv_close((uv_handle_t *) &watch->poll, on_watch_closed);
			(void) curl_multi_assign(http->multi, fd, NULL);
		}
		return 0;
	}
	if (watch == NULL)
	{
		watch = calloc(1, sizeof(*watch));
		if (watch == NULL)
			return -1;
		watch->http = http;
		watch->fd = fd;
		watch->poll.data = watch;
		if (uv_poll_init_socket(http->loop, &watch->poll, fd) != 0)
		{
			free(watch);
			return -1;
		}
		(void) curl_multi_assign(http->multi, fd, watch);
	}
	if (what != CURL_POLL_OUT)
		events |= UV_READABLE;
	if (what != CURL_POLL_IN)
		events |= UV_WRITABLE;
	return uv_poll_start(&watch->poll, events, on_poll) == 0 ? 0 : -1;
}

Http *
arb_http_new(uv_loop_t *loop)
{
	Http	   *http = calloc(1, sizeof(*http));

	if (http == NULL)
		return NULL;
	http->loop = loop;
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != 0 || (http->multi = curl_multi_init()) == NULL ||
		uv_timer_init(loop, &http->timer) != 0 || uv_timer_init(loop, &http->collector) != 0)
	{
		log_error("http", "could not set up the HTTP client");
		if (http->multi != NULL)
			(void) curl_multi_cleanup(http->multi);
		free(http);
		return NULL;
	}
	http->timer.data = http;
	http->collector.data = http;
	(void) curl_multi_setopt(http->multi, CURLMOPT_SOCKETFUNCTION, on_want_socket);
	(void) curl_multi_setopt(http->multi, CURLMOPT_SOCKETDATA, http);
	(void) curl_multi_setopt(http->multi, CURLMOPT_TIMERFUNCTION, on_want_timer);
	(void) curl_multi_setopt(http->multi, CURLMOPT_TIMERDATA, http);
	(void) curl_multi_setopt(http->multi, CURLMOPT_MAXCONNECTS, CONNECTIONS_KEPT);
	/* What exceeds them waits for one, and is asked again whether it may still leave. */
	(void) curl_multi_setopt(http->multi, CURLMOPT_MAX_HOST_CONNECTIONS, CONNECTIONS_KEPT);
	return http;
}

void
arb_http_abort_all(Http *http)
{
	Transfer   *next;
	Transfer   *transfer;

	for (transfer = http->transfers; transfer != NULL; transfer = next)
	{
		next = transfer->next;
		(void) curl_multi_remove_handle(http->multi, transfer->easy);
		transfer_free(transfer);
	}
	http->transfers = NULL;
	http->in_flight = 0;
}

/* The collector is closed after the timer, so this is the last to use the memory. */
static void
on_collector_closed(uv_handle_t *handle)
{
	free(handle->data);
}

void
arb_http_free(Http *http)
{
	if (http == NULL)
		return;
	arb_http_abort_all(http);
	(void) curl_multi_cleanup(http->multi);
	(void) uv_timer_stop(&http->timer);
	(void) uv_timer_stop(&http->collector);
	uv_close((uv_handle_t *) &http->timer, NULL);
	uv_close((uv_handle_t *) &http->collector, on_collector_closed);
}
