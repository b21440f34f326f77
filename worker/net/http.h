/*-------------------------------------------------------------------------
 *
 * worker/net/http.h
 *	  HTTP requests on the event loop: one answer or one reason per request.
 *
 * A guarded request (an order) is handed to the wire exactly once.  Its body
 * is given out by a callback that asks may_write at the last instant, and
 * there is no way to rewind it, so the library's own retry on a stale
 * keep-alive connection fails instead of sending twice.  For it
 * HTTP_NOT_SENT is proof that no byte of the body left.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARBEES_NET_HTTP_H
#define ARBEES_NET_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

/* Largest answer read, bytes. */
#define HTTP_ANSWER_MAX (8u * 1024u * 1024u)
#define HTTP_HEADERS_MAX 10

typedef enum HttpOutcome
{
	HTTP_ANSWERED = 1,			/* a complete answer of any status */
	HTTP_NOT_SENT,				/* guarded: no byte of the body left.  Others: no connection */
	HTTP_NO_ANSWER				/* something may have arrived there; nothing trustworthy came back */
} HttpOutcome;

typedef struct HttpAnswer
{
	HttpOutcome outcome;
	int			status;			/* 0 unless answered */
	const char *body;			/* terminated */
	size_t		len;
	const char *error;			/* why there is no answer */
	int			retry_after_s;	/* 0 when the venue named none */
	const char *watched;		/* the header asked for; NULL when it did not come */
	int64_t		written_ns;		/* guarded: when the body was handed to the socket, 0 when it was not */
} HttpAnswer;

/* Called exactly once per accepted request; answer lives until it returns. */
typedef void (*HttpDone) (void *arg, const HttpAnswer *answer);
typedef bool (*HttpMayWrite) (void *arg);

typedef struct HttpRequest
{
	const char *method;			/* GET, POST, DELETE */
	const char *url;
	const char *headers[HTTP_HEADERS_MAX];	/* "Name: value" */
	int			header_count;
	const char *body;			/* copied; NULL for none */
	size_t		body_len;
	int			timeout_ms;
	const char *watched_header; /* a constant; NULL for none */
	HttpMayWrite may_write;		/* not NULL makes the request a guarded one */
	HttpDone	done;
	void	   *arg;
} HttpRequest;

typedef struct Http Http;

extern Http *arb_http_new(uv_loop_t *loop);

/* arb_http_send starts a request; false when it could not even be queued, and done is not called. */
extern bool arb_http_send(Http *http, const HttpRequest *request);
extern int	arb_http_in_flight(const Http *http);

/* arb_http_abort_all ends every request as HTTP_NO_ANSWER or HTTP_NOT_SENT, without calling done. */
extern void arb_http_abort_all(Http *http);
extern void arb_http_free(Http *http);

#endif							/* ARBEES_NET_HTTP_H */
