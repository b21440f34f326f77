/*-------------------------------------------------------------------------
 *
 * worker/db/link.c
 *	  One libpq connection on the event loop that comes back when it breaks.
 *
 * While connecting, libpq may close one socket and open another, so the poll
 * handle is stopped before every PQconnectPoll and made anew afterwards.  A
 * failure noticed inside a libpq call is acted upon from a zero timer, never
 * under the caller's feet.
 *
 *-------------------------------------------------------------------------
 */
#include "db/link.h"

#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "net/backoff.h"

#define RECONNECT_FIRST_MS 50
#define RECONNECT_CAP_MS 5000
#define CONNECT_TIMEOUT_MS 5000

typedef enum LinkState
{
	LINK_DOWN = 1,
	LINK_CONNECTING,
	LINK_UP
} LinkState;

struct DbLink
{
	uv_loop_t  *loop;
	char		name[16];
	char	   *conninfo;
	DbLinkOps	ops;
	void	   *arg;
	LinkState	state;
	bool		wanted;
	bool		failing;		/* a failure waits to be acted upon */
	char		why[256];
	PGconn	   *conn;
	uv_poll_t  *poll;
	int			events;
	uv_timer_t	timer;			/* back-off, connect time-out or pending failure, by state */
	Backoff		backoff;
};

static void begin_connect(DbLink *link);
static void on_poll(uv_poll_t *poll, int status, int events);

static void
on_poll_closed(uv_handle_t *handle)
{
	free(handle);
}

static void
drop_poll(DbLink *link)
{
	if (link->poll == NULL)
		return;
	(void) uv_poll_stop(link->poll);
	uv_close((uv_handle_t *) link->poll, on_poll_closed);
	link->poll = NULL;
	link->events = 0;
}

static bool
watch(DbLink *link, int events)
{
	if (link->poll == NULL)
	{
		link->poll = calloc(1, sizeof(*link->poll));
		if (link->poll == NULL)
			return false;
		if (uv_poll_init(link->loop, link->poll, PQsocket(link->conn)) != 0)
		{
			free(link->poll);
			link->poll = NULL;
			return false;
		}
		link->poll->data = link;
	}
	if (events == link->events)
		return true;
	link->events = events;
	return uv_poll_start(link->poll, events, on_poll) == 0;
}

static void
on_reconnect(uv_timer_t *timer)
{
	begin_connect(timer->data);
}

static void
schedule(DbLink *link)
{
	int			delay_ms;

	if (!link->wanted)
		return;
	delay_ms = arb_backoff_next(&link->backoff, arb_backoff_random());
	(void) uv_timer_start(&link->timer, on_reconnect, (uint64_t) delay_ms, 0);
}

static void
tear_down(DbLink *link)
{
	bool		was_up = link->state == LINK_UP;

	(void) uv_timer_stop(&link->timer);
	drop_poll(link);
	link->state = LINK_DOWN;
	link->failing = false;
	if (link->conn != NULL)
	{
		PQfinish(link->conn);
		link->conn = NULL;
	}
	if (was_up)
		link->ops.on_lost(link->arg);
}

static void
act_on_failure(DbLink *link)
{
	log_warning("db", "%s connection: %s", link->name, link->why);
	tear_down(link);
	schedule(link);
}

static void
on_failure(uv_timer_t *timer)
{
	act_on_failure(timer->data);
}

static void
note_why(DbLink *link, const char *why)
{
	size_t		len;

	(void) snprintf(link->why, sizeof(link->why), "%s", why[0] == '\0' ? "the session is given up" : why);
	len = strlen(link->why);
	while (len > 0 && link->why[len - 1] == '\n')
		link->why[--len] = '\0';
}

void
arb_link_fail(DbLink *link, const char *why)
{
	if (link->state == LINK_DOWN || link->failing)
		return;
	link->failing = true;
	note_why(link, why);
	if (link->poll != NULL)
	{
		(void) uv_poll_stop(link->poll);
		link->events = 0;
	}
	(void) uv_timer_start(&link->timer, on_failure, 0, 0);
}

static void
on_connect_timeout(uv_timer_t *timer)
{
	DbLink	   *link = timer->data;

	note_why(link, "no connection within the time allowed");
	act_on_failure(link);
}

static void
notice_receiver(void *arg, const PGresult *notice)
{
	DbLink	   *link = arg;

	link->ops.on_notice(link->arg, notice);
}

static void
connected(DbLink *link)
{
	(void) uv_timer_stop(&link->timer);
	link->state = LINK_UP;
	if (PQsetnonblocking(link->conn, 1) != 0 || !watch(link, UV_READABLE))
	{
		arb_link_fail(link, "the connection could not be made non-blocking");
		return;
	}
	if (!link->ops.on_connected(link->arg, link->conn))
	{
		arb_link_fail(link, PQerrorMessage(link->conn));
		return;
	}
	arb_link_flush(link);
}

static void
advance_connect(DbLink *link)
{
	int			events;

	drop_poll(link);
	switch (PQconnectPoll(link->conn))
	{
		case PGRES_POLLING_READING:
			events = UV_READABLE;
			break;
		case PGRES_POLLING_WRITING:
			events = UV_WRITABLE;
			break;
		case PGRES_POLLING_OK:
			connected(link);
			return;
		default:
			arb_link_fail(link, PQerrorMessage(link->conn));
			return;
	}
	if (!watch(link, events))
		arb_link_fail(link, "the socket could not be watched");
}

static void
begin_connect(DbLink *link)
{
	static const char *const keywords[] = {
		"dbname", "application_name", "target_session_attrs", "keepalives_idle",
		"keepalives_interval", "keepalives_count", "tcp_user_timeout", "client_encoding", NULL
	};
	const char *values[] = {
		link->conninfo, NULL, "read-write", "5", "2", "3", "10000", "UTF8", NULL
	};
	char		application[64];

	(void) snprintf(application, sizeof(application), "arbees-worker %s", link->name);
	values[1] = application;
	link->conn = PQconnectStartParams(keywords, values, 1);
	link->state = LINK_CONNECTING;
	if (link->conn == NULL || PQstatus(link->conn) == CONNECTION_BAD)
	{
		note_why(link, link->conn == NULL ? "out of memory" : PQerrorMessage(link->conn));
		act_on_failure(link);
		return;
	}
	(void) PQsetNoticeReceiver(link->conn, notice_receiver, link);
	(void) uv_timer_start(&link->timer, on_connect_timeout, CONNECT_TIMEOUT_MS, 0);
	if (!watch(link, UV_WRITABLE))
		arb_link_fail(link, "the socket could not be watched");
}

static void
on_poll(uv_poll_t *poll, int status, int events)
{
	DbLink	   *link = poll->data;

	/* After an error libuv watches no longer, but what came before it is still to be read. */
	if (status < 0)
		link->events = 0;
	if (link->failing)
		return;
	if (link->state == LINK_CONNECTING)
	{
		advance_connect(link);
		return;
	}
	if (link->state != LINK_UP)
		return;
	if ((status < 0 || (events & UV_READABLE)) && !PQconsumeInput(link->conn))
	{
		/* What came before the break may still be complete answers. */
		(void) link->ops.on_ready(link->arg, link->conn);
		arb_link_fail(link, PQerrorMessage(link->conn));
		return;
	}
	if (!link->ops.on_ready(link->arg, link->conn))
	{
		arb_link_fail(link, PQerrorMessage(link->conn));
		return;
	}
	arb_link_flush(link);
}

void
arb_link_flush(DbLink *link)
{
	int			rc;

	if (link->state != LINK_UP || link->failing)
		return;
	rc = PQflush(link->conn);
	if (rc < 0)
		arb_link_fail(link, PQerrorMessage(link->conn));
	else if (!watch(link, rc == 0 ? UV_READABLE : UV_READABLE | UV_WRITABLE))
		arb_link_fail(link, "the socket could not be watched");
}

DbLink *
arb_link_new(uv_loop_t *loop, const char *name, const char *conninfo, const DbLinkOps *ops, void *arg)
{
	DbLink	   *link = calloc(1, sizeof(*link));

	if (link == NULL)
		return NULL;
	link->loop = loop;
	(void) snprintf(link->name, sizeof(link->name), "%s", name);
	link->conninfo = strdup(conninfo);
	link->ops = *ops;
	link->arg = arg;
	link->state = LINK_DOWN;
	arb_backoff_init(&link->backoff, RECONNECT_FIRST_MS, RECONNECT_CAP_MS);
	(void) uv_timer_init(loop, &link->timer);
	link->timer.data = link;
	if (link->conninfo == NULL)
	{
		free(link);
		return NULL;
	}
	return link;
}

void
arb_link_start(DbLink *link)
{
	if (link->wanted)
		return;
	link->wanted = true;
	begin_connect(link);
}

void
arb_link_settled(DbLink *link)
{
	arb_backoff_reset(&link->backoff);
}

PGconn *
arb_link_conn(DbLink *link)
{
	return link->state == LINK_UP && !link->failing ? link->conn : NULL;
}
