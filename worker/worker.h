/*-------------------------------------------------------------------------
 *
 * worker/worker.h
 *	  The process as a whole: what its parts share.
 *
 * The worker owns the connections and tells feed and trade when the database
 * comes and goes; they own everything about their side of the venue.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARBEES_WORKER_H
#define ARBEES_WORKER_H

#include <uv.h>

#include "db/bulk.h"
#include "db/pipe.h"
#include "input_errors.h"
#include "keyfile.h"
#include "net/http.h"
#include "net/ws.h"
#include "options.h"
#include "venue/polymarket/client.h"

/* What the database said when we registered. */
typedef struct Hello
{
	int			venue_id;
	int			account_id;		/* 0 = none */
	bool		is_simulator;
	bool		clock_driven;
	bool		tick_history;
	int64_t		chain_id;
	char		address[ETH_ADDRESS_TEXT_SIZE];	/* "" = none */
	int			signature_type;
	int64_t		lease_ms;
	int64_t		confirm_timeout_ms;
	int			live_portfolios;
} Hello;

struct Feed;
struct Trade;

typedef struct Worker
{
	uv_loop_t  *loop;
	const Options *options;
	KeyFile    *keys;			/* NULL: no keys */
	EthKey	   *key;
	Http	   *http;
	WsContext  *ws;
	DbPipe	   *decision;
	DbPipe	   *action;
	DbBulk	   *bulk;
	PmEndpoints endpoints;
	PmClient	client;
	Hello		hello;
	bool		greeted;		/* hello was answered once; the parts exist */
	bool		hello_asking;	/* its answer is under way */
	bool		recording;		/* requests of PAPER orders are being asked for */
	bool		dry_run;		/* the account has DRY_RUN portfolios, said with each heartbeat */
	bool		registered;		/* hello was answered on the present action connection */
	InputErrors input_errors;
	double		clock_offset_ms;	/* the venue's clock minus ours; a measurement, not money */
	bool		clock_offset_known;
	struct Feed *feed;			/* NULL without the role */
	struct Trade *trade;		/* NULL without role, account or keys */
	int			trace_fd;		/* -1 = none */
	bool		stopping;
	ExitCode	exit_code;
	uv_timer_t	heartbeat;
	uv_timer_t	farewell;
	uv_signal_t signals[4];
	const char *kill_level;		/* to be raised before anything else is said; NULL = nothing */
	const char *kill_reason;
	const char *kill_asked;		/* the level on its way to the database; NULL = none */
	uv_timer_t	kill_timer;
} Worker;

extern bool arb_worker_init(Worker *worker, uv_loop_t *loop, const Options *options, KeyFile *keys);
extern void arb_worker_start(Worker *worker);

/* arb_worker_stop ends the process in order; the first reason wins. */
extern void arb_worker_stop(Worker *worker, ExitCode code, const char *why);

#define KILL_BY_ENVIRONMENT "ARBEES_KILL in the environment"

/* arb_worker_kill_level returns the level a text means, in any case of its letters; flatten when it means none. */
extern const char *arb_worker_kill_level(const char *wanted);

/* arb_worker_kill stops all trading at a level, as soon as the database can be told. */
extern void arb_worker_kill(Worker *worker, const char *level, const char *reason);

/* Severity is info, warning or critical; kind is a constant word. */
extern void arb_worker_alert(Worker *worker, const char *severity, const char *kind, const char *format,...)
	__attribute__((format(printf, 4, 5)));

/* Both connections are up and the worker is registered. */
extern bool arb_worker_has_database(const Worker *worker);

#endif							/* ARBEES_WORKER_H */
