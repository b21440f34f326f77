/*-------------------------------------------------------------------------
 *
 * worker/db/link.h
 *	  One libpq connection on the event loop that comes back when it breaks.
 *
 * The link knows how to connect, poll, flush and reconnect; what is said over
 * it belongs to its owner (db/pipe, db/bulk).
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARBEES_DB_LINK_H
#define ARBEES_DB_LINK_H

#include <stdbool.h>
#include <libpq-fe.h>
#include <uv.h>

typedef struct DbLink DbLink;

typedef struct DbLinkOps
{
	/* Connected; the owner sets the session up.  false: give up this connection. */
	bool		(*on_connected) (void *arg, PGconn *conn);
	/* Input was consumed or output drained.  false: the connection is unusable. */
	bool		(*on_ready) (void *arg, PGconn *conn);
	/* The connection is gone; called once for every on_connected. */
	void		(*on_lost) (void *arg);
	/* A notice or warning arrived. */
	void		(*on_notice) (void *arg, const PGresult *notice);
} DbLinkOps;

extern DbLink *arb_link_new(uv_loop_t *loop, const char *name, const char *conninfo,
							const DbLinkOps *ops, void *arg);
extern void arb_link_start(DbLink *link);

/* arb_link_fail ends the connection and schedules the next one. */
extern void arb_link_fail(DbLink *link, const char *why);

/* arb_link_flush sends what libpq holds and waits for the socket when it must. */
extern void arb_link_flush(DbLink *link);

/* arb_link_settled tells that the session works, so the next break starts a fresh back-off. */
extern void arb_link_settled(DbLink *link);
extern PGconn *arb_link_conn(DbLink *link);	/* NULL while there is none */

#endif							/* ARBEES_DB_LINK_H */
