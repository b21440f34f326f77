/*-------------------------------------------------------------------------
 *
 * worker/db/pipe.c
 *	  Pipelined calls of prepared statements, one transaction each.
 *
 * Answers come in the order of the calls.  Each call yields its result, a
 * NULL, and a PGRES_PIPELINE_SYNC.  The set-up of the session goes through the
 * same queue; the session is up when the last set-up call has succeeded.
 *
 *-------------------------------------------------------------------------
 */
#include "db/pipe.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "db/link.h"
#include "log.h"

/*
 * A connection may stand and say nothing: the server's own time-outs and the
 * kernel's do not see every such case.  After so long without an answer to the
 * oldest call it is given up.  Commits may wait for a standby without limit, and
 * each connection given up then leaves a waiting session behind, so the patience
 * doubles until something is answered.
 */
#define WATCH_EVERY_MS 1000
#define PATIENCE_FIRST_S 20		/* more than the statement time-out */
#define PATIENCE_CAP_S 3600

typedef struct Call
{
	DbStatementId id;			/* DB_STATEMENT_NONE for the session's set-up */
	DbDone		done;
	void	   *arg;
	PGresult   *result;			/* kept until the synchronisation point */
	bool		doubt;
} Call;

struct DbPipe
{
	DbLink	   *link;
	char		name[16];
	DbLane		lane;
	bool		synchronous_commit;
	char		listen[64];
	DbPipeOps	ops;
	void	   *arg;
	bool		up;
	int			setup_left;
	Call		calls[DB_PIPE_DEPTH];	/* a ring */
	int			first;
	int			count;
	uv_timer_t	watch;
	uint64_t	answered;		/* calls, ever */
	uint64_t	watched;		/* of them when last looked */
	int			silent_s;		/* looks that found a call waiting and none answered */
	int			patience_s;
};

static Call *
push_call(DbPipe *pipe)
{
	Call	   *call;

	if (pipe->count >= DB_PIPE_DEPTH)
		return NULL;
	call = &pipe->calls[(pipe->first + pipe->count) % DB_PIPE_DEPTH];
	memset(call, 0, sizeof(*call));
	pipe->count++;
	return call;
}

static Call
pop_call(DbPipe *pipe)
{
	Call		call = pipe->calls[pipe->first];

	pipe->first = (pipe->first + 1) % DB_PIPE_DEPTH;
	pipe->count--;
	return call;
}

/* Warnings that tell a commit is local only; the standby may not have it. */
static bool
is_durability_warning(const PGresult *notice)
{
	const char *function = PQresultErrorField(notice, PG_DIAG_SOURCE_FUNCTION);
	const char *detail = PQresultErrorField(notice, PG_DIAG_MESSAGE_DETAIL);

	/* A cancelled wait has no SQLSTATE of its own, and the text is in the server's language: where it comes from is the mark. */
	return (function != NULL && strcmp(function, "SyncRepWaitForLSN") == 0) ||
		(detail != NULL && strstr(detail, "committed locally") != NULL);
}

static void
on_notice(void *arg, const PGresult *notice)
{
	DbPipe	   *pipe = arg;
	const char *message = PQresultErrorField(notice, PG_DIAG_MESSAGE_PRIMARY);
	const char *severity = PQresultErrorField(notice, PG_DIAG_SEVERITY_NONLOCALIZED);

	if (is_durability_warning(notice) && pipe->count > 0)
		pipe->calls[pipe->first].doubt = true;
	if (severity != NULL && strcmp(severity, "WARNING") == 0)
		log_warning("db", "%s connection: the server warns: %s", pipe->name, message == NULL ? "" : message);
	else
		log_debug("db", "%s connection: %s", pipe->name, message == NULL ? "" : message);
}

static bool
send_setup(DbPipe *pipe, PGconn *conn, const char *sql)
{
	Call	   *call = push_call(pipe);

	if (call == NULL)
		return false;
	pipe->setup_left++;
	return PQsendQueryParams(conn, sql, 0, NULL, NULL, NULL, NULL, 0) == 1 && PQpipelineSync(conn) == 1;
}

static bool
send_prepare(DbPipe *pipe, PGconn *conn, const DbStatement *statement)
{
	Call	   *call = push_call(pipe);

	if (call == NULL)
		return false;
	pipe->setup_left++;
	return PQsendPrepare(conn, statement->name, statement->sql, 0, NULL) == 1 && PQpipelineSync(conn) == 1;
}

static bool
on_connected(void *arg, PGconn *conn)
{
	DbPipe	   *pipe = arg;
	char		listen_sql[80];
	int			id;

	pipe->first = 0;
	pipe->count = 0;
	pipe->setup_left = 0;
	if (!PQenterPipelineMode(conn) ||
		!send_setup(pipe, conn, pipe->synchronous_commit ? "SET synchronous_commit = on"
					: "SET synchronous_commit = off") ||
		!send_setup(pipe, conn, "SET default_transaction_isolation = 'read committed'") ||
		!send_setup(pipe, conn, "SET search_path = pg_catalog") ||
		!send_setup(pipe, conn, "SET idle_in_transaction_session_timeout = '10s'") ||
		/* A call that hangs must not hold the whole pipeline for ever. */
		!send_setup(pipe, conn, "SET statement_timeout = '15s'"))
		return false;
	for (id = DB_STATEMENT_NONE + 1; id < DB_STATEMENT_COUNT; id++)
	{
		const DbStatement *statement = arb_db_statement((DbStatementId) id);

		if (statement != NULL && statement->lane == pipe->lane && !send_prepare(pipe, conn, statement))
			return false;
	}
	if (pipe->listen[0] != '\0')
	{
		(void) snprintf(listen_sql, sizeof(listen_sql), "LISTEN %s", pipe->listen);
		if (!send_setup(pipe, conn, listen_sql))
			return false;
	}
	return true;
}

static void
fill_error(DbReply *reply, const PGresult *result)
{
	const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
	const char *message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
	const char *severity = PQresultErrorField(result, PG_DIAG_SEVERITY_NONLOCALIZED);
	bool		session_ended;

	/* No SQLSTATE: libpq speaks of the broken connection.  Fatal: the end may have come after the commit. */
	session_ended = sqlstate == NULL || severity == NULL || strcmp(severity, "ERROR") != 0;
	reply->status = session_ended ? DB_LOST : DB_ERROR;
	(void) snprintf(reply->sqlstate, sizeof(reply->sqlstate), "%.5s", sqlstate == NULL ? "08006" : sqlstate);
	reply->message = message == NULL ? "" : message;
}

static bool
finish_setup(DbPipe *pipe, const DbReply *reply)
{
	if (reply->status != DB_OK)
	{
		log_warning("db", "%s connection: the session could not be set up: %s (%s)", pipe->name,
					reply->message, reply->sqlstate);
		return false;
	}
	if (--pipe->setup_left > 0)
		return true;
	arb_link_settled(pipe->link);
	pipe->up = true;
	log_info("db", "%s connection is up", pipe->name);
	pipe->ops.on_up(pipe->arg);
	return true;
}

static void
log_call_error(const DbPipe *pipe, const Call *call, const DbReply *reply)
{
	const DbStatement *statement = arb_db_statement(call->id);

	(void) pipe;
	log_warning("db", "%s failed: %s (%s)", statement == NULL ? "call" : statement->name, reply->message,
				reply->sqlstate);
}

/* The call at the head has reached its synchronisation point. */
static bool
finish_call(DbPipe *pipe)
{
	Call		call = pop_call(pipe);
	DbReply		reply;
	bool		usable = true;

	pipe->answered++;

	memset(&reply, 0, sizeof(reply));
	reply.status = DB_OK;
	reply.message = "";
	reply.durability_doubt = call.doubt;
	if (call.result == NULL)
	{
		reply.status = DB_ERROR;
		(void) snprintf(reply.sqlstate, sizeof(reply.sqlstate), "XX000");
		reply.message = "the server answered nothing";
	}
	else if (PQresultStatus(call.result) == PGRES_TUPLES_OK)
		reply.result = call.result;
	else if (PQresultStatus(call.result) != PGRES_COMMAND_OK)
		fill_error(&reply, call.result);

	if (call.id == DB_STATEMENT_NONE)
		usable = finish_setup(pipe, &reply);
	else
	{
		DbErrorClass class = reply.status == DB_OK ? DB_ERROR_OTHER : arb_db_classify(reply.sqlstate);

		if (reply.status != DB_OK)
			log_call_error(pipe, &call, &reply);
		/* The set-up of a session waits for nobody: it proves nothing. */
		if (reply.status == DB_OK)
			pipe->patience_s = PATIENCE_FIRST_S;
		call.done(call.arg, &reply);
		/* Statements prepared against a dropped extension are of no use to a new one. */
		if (class == DB_ERROR_ABSENT || class == DB_ERROR_CONNECTION)
			usable = false;
	}
	PQclear(call.result);
	return usable;
}

static bool
take_result(DbPipe *pipe, PGresult *result)
{
	Call	   *head = &pipe->calls[pipe->first];

	if (pipe->count == 0)
	{
		PQclear(result);
		return true;
	}
	switch (PQresultStatus(result))
	{
		case PGRES_PIPELINE_SYNC:
			PQclear(result);
			return finish_call(pipe);
		case PGRES_PIPELINE_ABORTED:
			PQclear(result);
			return true;
		default:
			/* The first result of a call is its outcome. */
			if (head->result == NULL)
				head->result = result;
			else
				PQclear(result);
			return true;
	}
}

static void
take_notifications(DbPipe *pipe, PGconn *conn)
{
	PGnotify   *notify;

	while ((notify = PQnotifies(conn)) != NULL)
	{
		if (pipe->up && pipe->ops.on_notify != NULL)
			pipe->ops.on_notify(pipe->arg, notify->relname, notify->extra);
		PQfreemem(notify);
	}
}

static bool
on_ready(void *arg, PGconn *conn)
{
	DbPipe	   *pipe = arg;
	int			nulls = 0;

	/* A NULL ends one call's results; two in a row mean there is nothing more to fetch. */
	while (!PQisBusy(conn) && nulls < 2)
	{
		PGresult   *result = PQgetResult(conn);

		if (result == NULL)
		{
			nulls++;
			continue;
		}
		nulls = 0;
		if (!take_result(pipe, result))
			return false;
		if (arb_link_conn(pipe->link) != conn)
			return true;
	}
	take_notifications(pipe, conn);
	return true;
}

static void
on_lost(void *arg)
{
	DbPipe	   *pipe = arg;
	bool		was_up = pipe->up;

	pipe->up = false;
	while (pipe->count > 0)
	{
		Call		call = pop_call(pipe);
		DbReply		reply;

		PQclear(call.result);
		if (call.id == DB_STATEMENT_NONE)
			continue;
		memset(&reply, 0, sizeof(reply));
		reply.status = DB_LOST;
		reply.message = "connection lost";
		call.done(call.arg, &reply);
	}
	if (was_up)
		pipe->ops.on_down(pipe->arg);
}

/* Looks are counted, not time: a process that was stopped has answers waiting that it did not read yet. */
static void
on_watch(uv_timer_t *timer)
{
	DbPipe	   *pipe = timer->data;
	char		why[80];

	if (pipe->count == 0 || pipe->answered != pipe->watched)
	{
		pipe->watched = pipe->answered;
		pipe->silent_s = 0;
		return;
	}
	if (++pipe->silent_s < pipe->patience_s)
		return;
	(void) snprintf(why, sizeof(why), "no answer for %d s", pipe->silent_s);
	pipe->silent_s = 0;
	pipe->patience_s = 2 * pipe->patience_s < PATIENCE_CAP_S ? 2 * pipe->patience_s : PATIENCE_CAP_S;
	arb_link_fail(pipe->link, why);
}

static const DbLinkOps LinkOps = {
	.on_connected = on_connected,
	.on_ready = on_ready,
	.on_lost = on_lost,
	.on_notice = on_notice,
};

DbPipe *
arb_pipe_new(uv_loop_t *loop, const DbPipeSettings *settings, const DbPipeOps *ops, void *arg)
{
	DbPipe	   *pipe = calloc(1, sizeof(*pipe));

	if (pipe == NULL)
		return NULL;
	(void) snprintf(pipe->name, sizeof(pipe->name), "%s", settings->name);
	(void) snprintf(pipe->listen, sizeof(pipe->listen), "%s", settings->listen == NULL ? "" : settings->listen);
	pipe->lane = settings->lane;
	pipe->synchronous_commit = settings->synchronous_commit;
	pipe->ops = *ops;
	pipe->arg = arg;
	pipe->link = arb_link_new(loop, settings->name, settings->conninfo, &LinkOps, pipe);
	if (pipe->link == NULL || uv_timer_init(loop, &pipe->watch) != 0)
	{
		free(pipe);
		return NULL;
	}
	pipe->watch.data = pipe;
	pipe->patience_s = PATIENCE_FIRST_S;
	return pipe;
}

void
arb_pipe_start(DbPipe *pipe)
{
	arb_link_start(pipe->link);
	(void) uv_timer_start(&pipe->watch, on_watch, WATCH_EVERY_MS, WATCH_EVERY_MS);
}

bool
arb_pipe_is_up(const DbPipe *pipe)
{
	return pipe->up && arb_link_conn(pipe->link) != NULL;
}

/* A server elsewhere has no process here, or one of that number that is not a server. */
static bool
local_backend_is_ours(int pid)
{
	char		path[64];
	char		command[32] = "";
	struct stat info;
	FILE	   *file;

	(void) snprintf(path, sizeof(path), "/proc/%d/comm", pid);
	file = fopen(path, "re");
	if (file == NULL)
		return false;
	if (fgets(command, sizeof(command), file) == NULL)
		command[0] = '\0';
	(void) fclose(file);
	if (strncmp(command, "postgres", 8) != 0)
		return false;
	(void) snprintf(path, sizeof(path), "/proc/%d", pid);
	return stat(path, &info) == 0 && info.st_uid == geteuid();
}

bool
arb_pipe_shares_user(const DbPipe *pipe)
{
	PGconn	   *conn = arb_link_conn(pipe->link);
	struct ucred peer;
	socklen_t	len = sizeof(peer);

	if (conn == NULL)
		return true;
	/* Over a Unix socket the kernel names the user that listens. */
	if (getsockopt(PQsocket(conn), SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0 && peer.pid != 0)
		return peer.uid == geteuid();
	return local_backend_is_ours(PQbackendPID(conn));
}

bool
arb_pipe_call(DbPipe *pipe, DbStatementId id, const DbParams *params, DbDone done, void *arg)
{
	const DbStatement *statement = arb_db_statement(id);
	PGconn	   *conn = arb_link_conn(pipe->link);
	Call	   *call;

	if (!pipe->up || conn == NULL || statement == NULL)
		return false;
	if (params->overflow || params->count != statement->arguments || statement->lane != pipe->lane)
	{
		log_error("db", "%s was called with the wrong arguments", statement->name);
		return false;
	}
	call = push_call(pipe);
	if (call == NULL)
	{
		log_warning("db", "%s connection: more than %d calls in flight, one was refused", pipe->name,
					DB_PIPE_DEPTH);
		return false;
	}
	call->id = id;
	call->done = done;
	call->arg = arg;
	if (PQsendQueryPrepared(conn, statement->name, params->count, params->values, NULL, NULL, 0) != 1 ||
		PQpipelineSync(conn) != 1)
	{
		/* Half a call may have been queued: only a new connection is in step again. */
		pipe->count--;
		arb_link_fail(pipe->link, PQerrorMessage(conn));
		return false;
	}
	arb_link_flush(pipe->link);
	return true;
}
