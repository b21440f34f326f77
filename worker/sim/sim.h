/*-------------------------------------------------------------------------
 *
 * worker/sim/sim.h
 *	  The simulator as a whole, and what its parts call of each other.
 *
 * One process, one libuv loop, no threads: every function below runs on the
 * loop.  The world and the exchange know nothing of this file; they tell what
 * happens through their events, which stream.c turns into frames.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARBEES_SIM_SIM_H
#define ARBEES_SIM_SIM_H

#include <uv.h>

#include "auth.h"
#include "exchange.h"
#include "fault.h"
#include "frames.h"
#include "limit.h"
#include "replay.h"
#include "sign/eip712.h"
#include "world.h"

#define SIM_VERSION "0.1"
#define STEP_MS 250				/* of a world on the wall clock */
#define STEP_DRIVEN_MS 1000		/* of a world that owns its clock: one recorded second */

typedef struct SimOptions
{
	const char *listen_host;
	int			listen_port;
	const char *ready_file;
	const char *report_file;
	const char *faults_file;
	const char *replay_windows;
	const char *replay_ticks;
	uint64_t	seed;
	uint64_t	chain_id;
	int64_t		opening_balance;
	int64_t		auth_tolerance_s;
	int			mine_delay_ms;
	int			confirm_delay_ms;
	int			taker_delay_ms;
	int			speed;			/* of a driven clock, times real time; 0 = as fast as the barrier allows */
	bool		driven;
	bool		blocked;		/* what the geoblock answers */
	bool		die_with_parent;
	SimRate		order_rate;
	SimRate		cancel_rate;
	WorldOptions world;
} SimOptions;

typedef struct Stats
{
	int64_t		requests;
	int64_t		refused;		/* answered 4xx */
	int64_t		limited;		/* of those: too many in too short a time */
	int64_t		bad_requests;	/* of those: not understood */
	int64_t		frames;
	int64_t		connections;
	int64_t		slow_closed;	/* streams closed because their reader did not keep up */
	int64_t		steps;
	int64_t		late_steps;		/* wall clock steps skipped because the machine was too slow */
} Stats;

struct StreamConn;
struct ClockState;
struct Server;

typedef struct Sim
{
	SimOptions	options;
	uv_loop_t  *loop;
	struct Server *server;
	struct ClockState *clock;
	struct StreamConn *streams;
	Exchange	exchange;
	World		world;
	Replay		replay;
	Auth		auth;
	FaultPlan	faults;
	SimTrading	trading;
	SigningDomain domain;
	SigningDomain other_domain; /* version 3: recognised to say order_version_mismatch */
	Stats		stats;
	int64_t		stale_until_ms; /* fault: books are frozen until then */
	int			port;
	int			exit_code;
} Sim;

/* Wall clock: what timestamps of requests are judged by, always. */
extern int64_t sim_wall_ms(void);

extern void sim_log(const char *format,...) __attribute__((format(printf, 1, 2)));

/* ---- server.c: the listener, and a request's way through it ---- */

#define QUERY_MAX 24

typedef struct HttpRequest
{
	char		method[8];
	char		path[256];
	char	   *query_name[QUERY_MAX];
	char	   *query_value[QUERY_MAX];
	int			query_count;
	AuthHeaders auth;
	const char *body;
	size_t		body_len;
	const RequestFault *fault;
} HttpRequest;

typedef struct HttpResponse
{
	int			status;
	int			retry_after_s;
	bool		counted;		/* the next two are said */
	int64_t		left;			/* tokens of this kind */
	int			reset_s;		/* until there are as many as can be */
	Buf			body;
} HttpResponse;

extern bool sim_server_start(Sim *sim, char *error, size_t error_size);
extern void sim_server_stop(Sim *sim);
extern int	sim_server_cut(Sim *sim);
extern const char *sim_query(const HttpRequest *request, const char *name);	/* NULL when absent */

/* ---- routes.c: which function answers; and the two shapes of a refusal ---- */

extern void sim_route(Sim *sim, const HttpRequest *request, HttpResponse *response);
extern void sim_refuse(HttpResponse *response, int status, const char *message);

typedef void (*PublicHandler) (Sim *sim, const HttpRequest *request, HttpResponse *response);
typedef void (*PrivateHandler) (Sim *sim, ApiKey *key, const HttpRequest *request, HttpResponse *response);

/* What follows the fixed part of the path of a route that ends with a slash. */
extern const char *sim_route_tail(const HttpRequest *request);

extern void sim_public_time(Sim *sim, const HttpRequest *request, HttpResponse *response);
extern void sim_public_ok(Sim *sim, const HttpRequest *request, HttpResponse *response);
extern void sim_public_version(Sim *sim, const HttpRequest *request, HttpResponse *response);
extern void sim_public_book(Sim *sim, const HttpRequest *request, HttpResponse *response);
extern void sim_public_books(Sim *sim, const HttpRequest *request, HttpResponse *response);
extern void sim_public_price(Sim *sim, const HttpRequest *request, HttpResponse *response);
extern void sim_public_midpoint(Sim *sim, const HttpRequest *request, HttpResponse *response);
extern void sim_public_spread(Sim *sim, const HttpRequest *request, HttpResponse *response);
extern void sim_public_last_trade(Sim *sim, const HttpRequest *request, HttpResponse *response);
extern void sim_public_tick_size(Sim *sim, const HttpRequest *request, HttpResponse *response);
extern void sim_public_neg_risk(Sim *sim, const HttpRequest *request, HttpResponse *response);
extern void sim_public_fee_rate(Sim *sim, const HttpRequest *request, HttpResponse *response);
extern void sim_public_clob_market(Sim *sim, const HttpRequest *request, HttpResponse *response);
extern void sim_public_market(Sim *sim, const HttpRequest *request, HttpResponse *response);
extern void sim_public_market_by_token(Sim *sim, const HttpRequest *request, HttpResponse *response);
extern void sim_public_geoblock(Sim *sim, const HttpRequest *request, HttpResponse *response);

extern void sim_gamma_event(Sim *sim, const HttpRequest *request, HttpResponse *response);
extern void sim_gamma_events(Sim *sim, const HttpRequest *request, HttpResponse *response);
extern void sim_gamma_market(Sim *sim, const HttpRequest *request, HttpResponse *response);
extern void sim_gamma_markets(Sim *sim, const HttpRequest *request, HttpResponse *response);
extern void sim_gamma_keyset(Sim *sim, const HttpRequest *request, HttpResponse *response);

extern void sim_key_create(Sim *sim, const HttpRequest *request, HttpResponse *response);
extern void sim_key_derive(Sim *sim, const HttpRequest *request, HttpResponse *response);
extern void sim_key_list(Sim *sim, ApiKey *key, const HttpRequest *request, HttpResponse *response);
extern void sim_key_delete(Sim *sim, ApiKey *key, const HttpRequest *request, HttpResponse *response);
extern void sim_closed_only(Sim *sim, ApiKey *key, const HttpRequest *request, HttpResponse *response);
extern void sim_balance(Sim *sim, ApiKey *key, const HttpRequest *request, HttpResponse *response);
extern void sim_heartbeat(Sim *sim, ApiKey *key, const HttpRequest *request, HttpResponse *response);

/* Ends the open orders of every key that began to beat and stopped. */
extern void sim_heartbeat_sweep(Sim *sim);

extern void sim_order_post(Sim *sim, ApiKey *key, const HttpRequest *request, HttpResponse *response);
extern void sim_orders_post(Sim *sim, ApiKey *key, const HttpRequest *request, HttpResponse *response);
extern void sim_order_cancel(Sim *sim, ApiKey *key, const HttpRequest *request, HttpResponse *response);
extern void sim_orders_cancel(Sim *sim, ApiKey *key, const HttpRequest *request, HttpResponse *response);
extern void sim_cancel_all(Sim *sim, ApiKey *key, const HttpRequest *request, HttpResponse *response);
extern void sim_cancel_market(Sim *sim, ApiKey *key, const HttpRequest *request, HttpResponse *response);
extern void sim_order_get(Sim *sim, ApiKey *key, const HttpRequest *request, HttpResponse *response);
extern void sim_orders_get(Sim *sim, ApiKey *key, const HttpRequest *request, HttpResponse *response);
extern void sim_trades_get(Sim *sim, ApiKey *key, const HttpRequest *request, HttpResponse *response);

/* Not of the venue: /sim/... for tests and the demo. */
extern void sim_admin_account(Sim *sim, const HttpRequest *request, HttpResponse *response);
extern void sim_admin_wallet(Sim *sim, const HttpRequest *request, HttpResponse *response);
extern void sim_admin_redeem(Sim *sim, const HttpRequest *request, HttpResponse *response);
extern void sim_admin_orders(Sim *sim, const HttpRequest *request, HttpResponse *response);
extern void sim_admin_trades(Sim *sim, const HttpRequest *request, HttpResponse *response);
extern void sim_admin_windows(Sim *sim, const HttpRequest *request, HttpResponse *response);
extern void sim_admin_stats(Sim *sim, const HttpRequest *request, HttpResponse *response);
extern void sim_admin_trading(Sim *sim, const HttpRequest *request, HttpResponse *response);
extern void sim_admin_faults(Sim *sim, const HttpRequest *request, HttpResponse *response);
extern void sim_admin_cut(Sim *sim, const HttpRequest *request, HttpResponse *response);
extern bool sim_report_write(Sim *sim, const char *path);

/* ---- stream.c: the three websockets ---- */

typedef enum StreamKind
{
	STREAM_MARKET = 1,
	STREAM_USER,
	STREAM_PRICES
} StreamKind;

typedef struct StreamConn StreamConn;
struct lws;

extern StreamConn *sim_stream_open(Sim *sim, StreamKind kind, struct lws *wsi);
extern void sim_stream_close(Sim *sim, StreamConn *conn);

/* False: the connection must be closed. */
extern bool sim_stream_receive(Sim *sim, StreamConn *conn, const char *text, size_t len);
extern bool sim_stream_writeable(Sim *sim, StreamConn *conn);

/* Tells every reader what changed in the books since the last call. */
extern void sim_stream_publish(Sim *sim);
extern void sim_stream_listen(Sim *sim);	/* connects the events of world and exchange */
extern void sim_stream_clock(Sim *sim, int64_t seq, int64_t now_ms);
extern void sim_stream_end(Sim *sim);
extern bool sim_stream_ready(const Sim *sim);	/* someone watches markets and prices */
extern const StreamConn *sim_stream_driver(const Sim *sim);	/* whose barrier counts; NULL for none */

/* ---- clock.c: who lets time pass ---- */

extern bool sim_clock_start(Sim *sim);
extern void sim_clock_stop(Sim *sim);
extern void sim_clock_barrier(Sim *sim, const StreamConn *conn, int64_t seq);
extern void sim_clock_streams_changed(Sim *sim, StreamConn *fresh);
extern int64_t sim_now_ms(const Sim *sim);	/* market time */
extern int64_t sim_clock_seq(const Sim *sim);

/* Lets what is due at once happen (trade statuses), then tells the streams. */
extern void sim_after_action(Sim *sim);

#endif							/* ARBEES_SIM_SIM_H */
