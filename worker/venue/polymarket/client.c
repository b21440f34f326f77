/*-------------------------------------------------------------------------
 *
 * worker/venue/polymarket/client.c
 *	  Requests to the venue's REST services, with the headers they want.
 *
 *-------------------------------------------------------------------------
 */
#include "venue/polymarket/client.h"

#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "log.h"

#define HEADER_LINE_SIZE 224

static const char *
base_of(const PmClient *client, PmService service)
{
	switch (service)
	{
		case PM_SERVICE_GAMMA:
			return client->endpoints->gamma;
		case PM_SERVICE_GEOBLOCK:
			return client->endpoints->geoblock;
		case PM_SERVICE_CLOB:
		default:
			return client->endpoints->clob;
	}
}

static bool
format_url(const PmClient *client, PmService service, const char *path, char *url, size_t size)
{
	int			len = snprintf(url, size, "%s%s", base_of(client, service), path);

	return len > 0 && (size_t) len < size;
}

static int
add_headers(const PmHeaders *from, char lines[][HEADER_LINE_SIZE], HttpRequest *request)
{
	int			i;

	for (i = 0; i < from->count; i++)
	{
		(void) snprintf(lines[i], HEADER_LINE_SIZE, "%s: %s", from->items[i].name, from->items[i].value);
		request->headers[request->header_count++] = lines[i];
	}
	return from->count;
}

static void
wipe_headers(PmHeaders *headers, char lines[][HEADER_LINE_SIZE])
{
	explicit_bzero(headers, sizeof(*headers));
	explicit_bzero(lines, PM_HEADER_MAX * HEADER_LINE_SIZE);
}

static bool
start(PmClient *client, PmService service, const HttpRequest *request)
{
	if (!arb_http_send(client->http, request))
		return false;
	if (client->requests != NULL && service == PM_SERVICE_CLOB)
		arb_ratelimit_spend(client->requests, arb_mono_ns(), 1);
	return true;
}

bool
arb_pm_get(PmClient *client, PmService service, const char *path, HttpDone done, void *arg)
{
	char		url[ENDPOINT_SIZE + VENUE_PATH_MAX];
	HttpRequest request;

	if (!format_url(client, service, path, url, sizeof(url)))
		return false;
	memset(&request, 0, sizeof(request));
	request.method = "GET";
	request.url = url;
	request.timeout_ms = PM_REQUEST_TIMEOUT_MS;
	request.done = done;
	request.arg = arg;
	return start(client, service, &request);
}

static bool
send_private(PmClient *client, HttpRequest *request, const char *path, int64_t timestamp_s)
{
	char		url[ENDPOINT_SIZE + VENUE_PATH_MAX];
	char		lines[PM_HEADER_MAX][HEADER_LINE_SIZE];
	PmHeaders	headers;
	bool		sent;

	if (client->credentials == NULL || !format_url(client, PM_SERVICE_CLOB, path, url, sizeof(url)))
		return false;
	if (!arb_pm_l2_headers(client->credentials, client->address_text, timestamp_s, request->method,
						   path, request->body, request->body_len, &headers))
	{
		log_error("venue", "a private request could not be signed");
		return false;
	}
	(void) add_headers(&headers, lines, request);
	if (request->body != NULL)
		request->headers[request->header_count++] = PM_CONTENT_TYPE;
	request->url = url;
	request->watched_header = PM_REMAINING_HEADER;
	sent = start(client, PM_SERVICE_CLOB, request);
	wipe_headers(&headers, lines);
	return sent;
}

bool
arb_pm_private(PmClient *client, const char *method, const char *path, const char *body, size_t body_len,
			   HttpDone done, void *arg)
{
	HttpRequest request;

	/* Orders have a door of their own. */
	if (strcmp(method, PM_ORDER_METHOD) == 0 && strcmp(path, PM_ORDER_PATH) == 0)
		return false;
	memset(&request, 0, sizeof(request));
	request.method = method;
	request.body = body;
	request.body_len = body_len;
	request.timeout_ms = PM_REQUEST_TIMEOUT_MS;
	request.done = done;
	request.arg = arg;
	return send_private(client, &request, path, arb_wall_ms() / 1000);
}

bool
arb_pm_post_order(PmClient *client, const PreparedOrder *order, int timeout_ms, HttpMayWrite may_write,
				  HttpDone done, void *arg)
{
	HttpRequest request;

	/* The one place that can put an order's bytes on a socket. */
	if (order->dry_run)
	{
		log_error("venue", "a dry run's order was to be posted; it was not");
		return false;
	}
	memset(&request, 0, sizeof(request));
	request.method = PM_ORDER_METHOD;
	request.body = order->body;
	request.body_len = order->body_len;
	request.timeout_ms = timeout_ms;
	request.may_write = may_write;
	request.done = done;
	request.arg = arg;
	return send_private(client, &request, PM_ORDER_PATH, order->timestamp_s);
}

bool
arb_pm_prove_key(PmClient *client, const char *method, const char *path, HttpDone done, void *arg)
{
	char		url[ENDPOINT_SIZE + VENUE_PATH_MAX];
	char		lines[PM_HEADER_MAX][HEADER_LINE_SIZE];
	PmHeaders	headers;
	HttpRequest request;
	bool		sent;

	if (client->key == NULL || !format_url(client, PM_SERVICE_CLOB, path, url, sizeof(url)) ||
		!arb_pm_l1_headers(client->key, client->chain_id, arb_wall_ms() / 1000, 0, &headers))
		return false;
	memset(&request, 0, sizeof(request));
	request.method = method;
	request.url = url;
	request.timeout_ms = PM_REQUEST_TIMEOUT_MS;
	request.done = done;
	request.arg = arg;
	/* An empty body, so that a POST carries its length. */
	if (strcmp(method, "POST") == 0)
		request.body = "";
	(void) add_headers(&headers, lines, &request);
	sent = arb_http_send(client->http, &request);
	wipe_headers(&headers, lines);
	return sent;
}
