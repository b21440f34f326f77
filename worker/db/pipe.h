/*-------------------------------------------------------------------------
 *
 * worker/db/pipe.h
 *	  Pipelined calls of prepared statements, one transaction each.
 *
 * Every call is followed by its own synchronisation point, so that a failed
 * call takes no other with it.  Calls are refused while the session is not
 * ready: a caller that wants to try later asks again, nothing is kept for it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARBEES_DB_PIPE_H
#define ARBEES_DB_PIPE_H

#include <stdbool.h>
#include <uv.h>

#include "db/params.h"
#include "db/reply.h"
#include "db/statements.h"

/* Most calls in flight on one connection. */
#define DB_PIPE_DEPTH 2048

typedef struct DbPipe DbPipe;

typedef struct DbPipeOps
{
	void		(*on_up) (void *arg);	/* settings made, statements prepared */
	void		(*on_down) (void *arg); /* called once for every on_up, after every call was answered DB_LOST */
	void		(*on_notify) (void *arg, const char *channel, const char *payload);
} DbPipeOps;

typedef struct DbPipeSettings
{
	const char *name;
	const char *conninfo;
	DbLane		lane;			/* whose statements are prepared */
	bool		synchronous_commit;
	const char *listen;			/* a channel, or NULL */
} DbPipeSettings;

extern DbPipe *arb_pipe_new(uv_loop_t *loop, const DbPipeSettings *settings, const DbPipeOps *ops, void *arg);
extern void arb_pipe_start(DbPipe *pipe);
extern bool arb_pipe_is_up(const DbPipe *pipe);

/* arb_pipe_shares_user: the server runs as the operating system's user that runs us, as far as can be seen. */
extern bool arb_pipe_shares_user(const DbPipe *pipe);

/* arb_pipe_call sends a call; false (done is not called) when the session is not ready or full. */
extern bool arb_pipe_call(DbPipe *pipe, DbStatementId id, const DbParams *params, DbDone done, void *arg);

#endif							/* ARBEES_DB_PIPE_H */
