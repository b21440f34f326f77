/*-------------------------------------------------------------------------
 *
 * worker/db/reply.h
 *	  What one database call came to, and typed access to its rows.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARBEES_DB_REPLY_H
#define ARBEES_DB_REPLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <libpq-fe.h>

typedef enum DbStatus
{
	DB_OK = 1,					/* committed */
	DB_ERROR,					/* rolled back by the server; see sqlstate */
	DB_LOST						/* the connection broke: committed or not, nobody here knows */
} DbStatus;

/* What the worker does about an error; see docs/worker-protocol.md. */
typedef enum DbErrorClass
{
	DB_ERROR_OTHER = 1,
	DB_ERROR_KILLED,			/* RB001 */
	DB_ERROR_REFUSED,			/* RB002: refused by policy */
	DB_ERROR_TRANSITION,		/* RB003 */
	DB_ERROR_LEASE,				/* RB004 */
	DB_ERROR_ABSENT,			/* the extension is not there */
	DB_ERROR_CONNECTION,		/* class 08, 57 */
	DB_ERROR_RETRY				/* serialisation, deadlock: the same call may be made again */
} DbErrorClass;

typedef struct DbReply
{
	DbStatus	status;
	PGresult   *result;			/* rows, when DB_OK */
	char		sqlstate[6];	/* "" unless DB_ERROR */
	const char *message;		/* primary message, "" when none */
	bool		durability_doubt;	/* committed here, perhaps not on the standby */
} DbReply;

/* Called exactly once per call; reply lives until it returns. */
typedef void (*DbDone) (void *arg, const DbReply *reply);

extern DbErrorClass arb_db_classify(const char *sqlstate);
/* arb_db_is_passing tells whether an error says nothing of what was asked: the same call may succeed later. */
extern bool arb_db_is_passing(const char *sqlstate);

extern int	arb_reply_rows(const DbReply *reply);
/* arb_reply_text returns "" for NULL, for a missing column and for a row out of range. */
extern const char *arb_reply_text(const DbReply *reply, int row, const char *column);
/* The number, or fallback when the text is no whole number. */
extern int64_t arb_reply_int(const DbReply *reply, int row, const char *column, int64_t fallback);
extern bool arb_reply_bool(const DbReply *reply, int row, const char *column);
/* arb_reply_value is column 0 of row 0, for functions that return one value. */
extern const char *arb_reply_value(const DbReply *reply);

#endif							/* ARBEES_DB_REPLY_H */
