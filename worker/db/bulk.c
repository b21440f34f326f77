/*-------------------------------------------------------------------------
 *
 * worker/db/bulk.c
 *	  Tick history by COPY, in batches, losing ticks rather than time.
 *
 * COPY is not possible in pipeline mode, so this connection talks the simple
 * protocol: SET once, then one COPY per batch.  held collects rows while the
 * batch is under way; the two swap when a batch begins.
 *
 *-------------------------------------------------------------------------
 */
#include "db/bulk.h"

#include <stdlib.h>
#include <string.h>

#include "db/link.h"
#include "log.h"
#include "strbuf.h"

#define COPY_CHUNK 65536

typedef enum BulkState
{
	BULK_DOWN = 1,
	BULK_SETUP,
	BULK_IDLE,
	BULK_OPENING,				/* COPY sent */
	BULK_COPYING,
	BULK_ENDING					/* waiting for the server's verdict */
} BulkState;

static const char CopySql[] =
	"COPY arbees.ticks (received_at, source_at, venue_id, kind, instrument_id, underlying, price, size, bid, ask)"
	" FROM STDIN";

struct DbBulk
{
	DbLink	   *link;
	uv_timer_t	timer;
	BulkState	state;
	StrBuf		held;
	uint64_t	held_rows;
	StrBuf		batch;
	size_t		batch_sent;
	uint64_t	batch_rows;
	uint64_t	dropped;
};

static bool
begin_batch(DbBulk *bulk, PGconn *conn)
{
	StrBuf		swap = bulk->batch;

	if (bulk->held.len == 0)
		return true;
	bulk->batch = bulk->held;
	bulk->held = swap;
	arb_strbuf_reset(&bulk->held);
	bulk->batch_rows = bulk->held_rows;
	bulk->held_rows = 0;
	bulk->batch_sent = 0;
	bulk->state = BULK_OPENING;
	return PQsendQuery(conn, CopySql) == 1;
}

static void
end_batch(DbBulk *bulk, bool copied)
{
	if (!copied)
		bulk->dropped += bulk->batch_rows;
	bulk->batch_rows = 0;
	arb_strbuf_reset(&bulk->batch);
}

/* Hands libpq what it takes; false when the connection is unusable. */
static bool
feed_batch(DbBulk *bulk, PGconn *conn)
{
	while (bulk->batch_sent < bulk->batch.len)
	{
		size_t		rest = bulk->batch.len - bulk->batch_sent;
		int			rc;

		if (rest > COPY_CHUNK)
			rest = COPY_CHUNK;
		rc = PQputCopyData(conn, bulk->batch.data + bulk->batch_sent, (int) rest);
		if (rc < 0)
			return false;
		if (rc == 0)
			return true;
		bulk->batch_sent += rest;
	}
	switch (PQputCopyEnd(conn, NULL))
	{
		case 1:
			bulk->state = BULK_ENDING;
			return true;
		case 0:
			return true;
		default:
			return false;
	}
}

static void
take_result(DbBulk *bulk, PGresult *result)
{
	switch (PQresultStatus(result))
	{
		case PGRES_COPY_IN:
			bulk->state = BULK_COPYING;
			break;
		case PGRES_COMMAND_OK:
			if (bulk->state == BULK_SETUP)
				arb_link_settled(bulk->link);
			else
				end_batch(bulk, true);
			bulk->state = BULK_IDLE;
			break;
		default:
			log_warning("db", "tick history: %s", PQresultErrorMessage(result));
			end_batch(bulk, false);
			bulk->state = BULK_IDLE;
			break;
	}
}

static bool
on_ready(void *arg, PGconn *conn)
{
	DbBulk	   *bulk = arg;

	while (bulk->state != BULK_COPYING && bulk->state != BULK_IDLE && !PQisBusy(conn))
	{
		PGresult   *result = PQgetResult(conn);

		if (result == NULL)
			break;
		take_result(bulk, result);
		PQclear(result);
	}
	/* The command is over only when its NULL has been fetched. */
	while (bulk->state == BULK_IDLE && !PQisBusy(conn))
	{
		PGresult   *result = PQgetResult(conn);

		if (result == NULL)
			break;
		PQclear(result);
	}
	if (bulk->state == BULK_COPYING)
		return feed_batch(bulk, conn);
	return PQstatus(conn) == CONNECTION_OK;
}

static bool
on_connected(void *arg, PGconn *conn)
{
	DbBulk	   *bulk = arg;

	bulk->state = BULK_SETUP;
	return PQsendQuery(conn, "SET synchronous_commit = off; SET statement_timeout = '30s'") == 1;
}

static void
on_lost(void *arg)
{
	DbBulk	   *bulk = arg;

	bulk->state = BULK_DOWN;
	end_batch(bulk, false);
}

static void
on_notice(void *arg, const PGresult *notice)
{
	const char *message = PQresultErrorField(notice, PG_DIAG_MESSAGE_PRIMARY);

	(void) arg;
	log_debug("db", "bulk connection: %s", message == NULL ? "" : message);
}

static void
on_due(uv_timer_t *timer)
{
	DbBulk	   *bulk = timer->data;
	PGconn	   *conn = arb_link_conn(bulk->link);

	/* Idle by our count is not idle by libpq's until the last NULL was fetched. */
	if (bulk->state != BULK_IDLE || conn == NULL || PQtransactionStatus(conn) != PQTRANS_IDLE)
		return;
	if (!begin_batch(bulk, conn))
	{
		arb_link_fail(bulk->link, PQerrorMessage(conn));
		return;
	}
	arb_link_flush(bulk->link);
}

static const DbLinkOps LinkOps = {
	.on_connected = on_connected,
	.on_ready = on_ready,
	.on_lost = on_lost,
	.on_notice = on_notice,
};

DbBulk *
arb_bulk_new(uv_loop_t *loop, const char *conninfo)
{
	DbBulk	   *bulk = calloc(1, sizeof(*bulk));

	if (bulk == NULL)
		return NULL;
	bulk->state = BULK_DOWN;
	arb_strbuf_init(&bulk->held, DB_BULK_HELD_MAX);
	arb_strbuf_init(&bulk->batch, DB_BULK_HELD_MAX);
	bulk->link = arb_link_new(loop, "bulk", conninfo, &LinkOps, bulk);
	if (bulk->link == NULL || uv_timer_init(loop, &bulk->timer) != 0)
	{
		free(bulk);
		return NULL;
	}
	bulk->timer.data = bulk;
	return bulk;
}

void
arb_bulk_start(DbBulk *bulk)
{
	arb_link_start(bulk->link);
	(void) uv_timer_start(&bulk->timer, on_due, DB_BULK_EVERY_MS, DB_BULK_EVERY_MS);
}

void
arb_bulk_row(DbBulk *bulk, const char *line, size_t len)
{
	if (bulk->held.len + len > DB_BULK_HELD_MAX)
	{
		bulk->dropped++;
		return;
	}
	if (arb_strbuf_append(&bulk->held, line, len))
		bulk->held_rows++;
	else
	{
		/* Out of memory: the rows held so far are intact, this one is lost. */
		bulk->held.failed = false;
		bulk->dropped++;
	}
}

uint64_t
arb_bulk_take_dropped(DbBulk *bulk)
{
	uint64_t	dropped = bulk->dropped;

	bulk->dropped = 0;
	return dropped;
}
