/*-------------------------------------------------------------------------
 *
 * worker/db/once.c
 *	  One call on a connection of its own, waited for: before there is a loop.
 *
 *-------------------------------------------------------------------------
 */
#include "db/once.h"

#include <libpq-fe.h>
#include <stddef.h>

#include "log.h"

static PGconn *
connect_now(const char *conninfo)
{
	static const char *const keywords[] = {
		"dbname", "application_name", "target_session_attrs", "connect_timeout", "tcp_user_timeout",
		"client_encoding", NULL
	};
	const char *values[] = {conninfo, "arbees-worker once", "read-write", "5", "10000", "UTF8", NULL};

	return PQconnectdbParams(keywords, values, 1);
}

bool
arb_db_call_once(const char *conninfo, DbStatementId id, const DbParams *params)
{
	const DbStatement *statement = arb_db_statement(id);
	PGconn	   *conn = connect_now(conninfo);
	PGresult   *result = NULL;
	bool		done;

	if (PQstatus(conn) == CONNECTION_OK)
		result = PQexecParams(conn, statement->sql, params->count, NULL, params->values, NULL, NULL, 0);
	done = PQresultStatus(result) == PGRES_TUPLES_OK;
	if (!done)
		log_warning("db", "%s failed: %s", statement->name, PQerrorMessage(conn));
	PQclear(result);
	PQfinish(conn);
	return done;
}
