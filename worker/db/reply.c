/*-------------------------------------------------------------------------
 *
 * worker/db/reply.c
 *	  What one database call came to, and typed access to its rows.
 *
 *-------------------------------------------------------------------------
 */
#include "db/reply.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

typedef struct CodeClass
{
	const char *prefix;			/* a whole SQLSTATE or its first two characters */
	DbErrorClass class;
} CodeClass;

static const CodeClass CodeClasses[] = {
	{"RB001", DB_ERROR_KILLED},
	{"RB002", DB_ERROR_REFUSED},
	{"RB003", DB_ERROR_TRANSITION},
	{"RB004", DB_ERROR_LEASE},
	{"42P01", DB_ERROR_ABSENT},
	{"3F000", DB_ERROR_ABSENT},
	{"42883", DB_ERROR_ABSENT},
	{"42704", DB_ERROR_ABSENT},
	/* A query cancelled by an operator or a time-out is no lost server. */
	{"57014", DB_ERROR_OTHER},
	{"08", DB_ERROR_CONNECTION},
	{"57", DB_ERROR_CONNECTION},
	{"25006", DB_ERROR_CONNECTION},	/* the server became a standby */
	{"40001", DB_ERROR_RETRY},
	{"40P01", DB_ERROR_RETRY},
	{"55P03", DB_ERROR_RETRY},
};

DbErrorClass
arb_db_classify(const char *sqlstate)
{
	size_t		i;

	for (i = 0; i < sizeof(CodeClasses) / sizeof(CodeClasses[0]); i++)
	{
		if (strncmp(sqlstate, CodeClasses[i].prefix, strlen(CodeClasses[i].prefix)) == 0)
			return CodeClasses[i].class;
	}
	return DB_ERROR_OTHER;
}

bool
arb_db_is_passing(const char *sqlstate)
{
	switch (arb_db_classify(sqlstate))
	{
		case DB_ERROR_RETRY:
		case DB_ERROR_CONNECTION:
		case DB_ERROR_ABSENT:
			return true;
		default:
			/* Cancelled or timed out; no memory, disk or connection left; the disk itself. */
			return strcmp(sqlstate, "57014") == 0 || strncmp(sqlstate, "53", 2) == 0 || strncmp(sqlstate, "58", 2) == 0;
	}
}

int
arb_reply_rows(const DbReply *reply)
{
	return reply->result == NULL ? 0 : PQntuples(reply->result);
}

static int
column_of(const DbReply *reply, int row, const char *column)
{
	if (row < 0 || row >= arb_reply_rows(reply))
		return -1;
	return PQfnumber(reply->result, column);
}

const char *
arb_reply_text(const DbReply *reply, int row, const char *column)
{
	int			number = column_of(reply, row, column);

	return number < 0 ? "" : PQgetvalue(reply->result, row, number);
}

int64_t
arb_reply_int(const DbReply *reply, int row, const char *column, int64_t fallback)
{
	const char *text = arb_reply_text(reply, row, column);
	char	   *end;
	long long	value;

	errno = 0;
	value = strtoll(text, &end, 10);
	if (text[0] == '\0' || *end != '\0' || errno != 0)
		return fallback;
	return value;
}

bool
arb_reply_bool(const DbReply *reply, int row, const char *column)
{
	return strcmp(arb_reply_text(reply, row, column), "t") == 0;
}

const char *
arb_reply_value(const DbReply *reply)
{
	if (arb_reply_rows(reply) < 1 || PQnfields(reply->result) < 1)
		return "";
	return PQgetvalue(reply->result, 0, 0);
}
