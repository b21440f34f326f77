/*-------------------------------------------------------------------------
 *
 * worker/net/ws.h
 *	  WebSocket clients that stay connected.
 *
 * A channel reconnects by itself with jittered back-off, sends the venue's
 * text PING, and is closed when nothing has arrived for too long.  Frames are
 * handed over whole; one that exceeds the cap ends the connection.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARBEES_NET_WS_H
#define ARBEES_NET_WS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

/* Largest frame accepted, and most bytes queued for sending. */
#define WS_FRAME_MAX (8u * 1024u * 1024u)
#define WS_QUEUE_MAX (1024u * 1024u)

typedef struct WsContext WsContext;
typedef struct Ws Ws;

typedef struct WsOps
{
	void		(*on_open) (void *arg);
	/* read_ns: when the frame's first bytes were taken from the socket. */
	void		(*on_frame) (void *arg, const char *data, size_t len, int64_t read_ns);
	/* Called once for every on_open; never for a failed attempt. */
	void		(*on_close) (void *arg);
} WsOps;

typedef struct WsSettings
{
	const char *name;			/* for logs */
	const char *url;			/* ws:// or wss:// */
	int			ping_every_ms;	/* text PING; 0 for none */
	int			stale_after_ms; /* 0 for no limit */
} WsSettings;

typedef struct WsCounters
{
	uint64_t	messages;
	uint64_t	errors;
	uint64_t	reconnects;
	int64_t		last_data_ms;	/* wall, 0 for never */
} WsCounters;

extern WsContext *arb_ws_context_new(uv_loop_t *loop);

/* arb_ws_new makes a channel at rest; arb_ws_start connects it and keeps it connected. */
extern Ws  *arb_ws_new(WsContext *context, const WsSettings *settings, const WsOps *ops, void *arg);
extern void arb_ws_start(Ws *ws);
extern void arb_ws_stop(Ws *ws);
extern bool arb_ws_is_open(const Ws *ws);

/* arb_ws_send queues one text message; false when closed or when the queue is full. */
extern bool arb_ws_send(Ws *ws, const char *text, size_t len);

/* arb_ws_reconnect drops the connection, for a caller that no longer trusts it. */
extern void arb_ws_reconnect(Ws *ws, const char *why);
extern WsCounters *arb_ws_counters(Ws *ws);

#endif							/* ARBEES_NET_WS_H */
