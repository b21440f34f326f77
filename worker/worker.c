/*-------------------------------------------------------------------------
 *
 * worker/worker.c
 *	  The process as a whole: registration, heartbeat, orderly end.
 *
 * Feed and trade come to exist when the database has answered worker_hello for
 * the first time.  Each new action connection says hello again; what the venue
 * row says then is compared, not adopted: changed addresses want a restart.
 *
 *-------------------------------------------------------------------------
 */
#include "worker.h"

#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "feed/feed.h"
#include "log.h"
#include "trade/trade.h"

#define HEARTBEAT_MS 1000
/* The process ends by then, whatever still waits. */
#define FAREWELL_MS 3000
/* A kill that the database could not take is told again. */
#define KILL_AGAIN_MS 500
#define LISTEN_CHANNEL "arbees_command"

bool
arb_worker_has_database(const Worker *worker)
{
	return worker->registered && arb_pipe_is_up(worker->action) && arb_pipe_is_up(worker->decision);
}

/* ----- the end ----- */

static void
leave(void *arg)
{
	Worker	   *worker = arg;

	uv_stop(worker->loop);
}

static void
on_farewell(uv_timer_t *timer)
{
	leave(timer->data);
}

void
arb_worker_stop(Worker *worker, ExitCode code, const char *why)
{
	if (worker->stopping)
		return;
	worker->stopping = true;
	worker->exit_code = code;
	arb_log(code == EXIT_CODE_STOPPED ? LOG_LEVEL_INFO : LOG_LEVEL_ERROR, "worker", "stopping (%d): %s",
			(int) code, why);
	if (worker->feed != NULL)
		arb_feed_stop(worker->feed);
	if (code == EXIT_CODE_LEASE)
	{
		/* The account is another's now: whatever is under way is his to find out. */
		if (worker->trade != NULL)
			arb_trade_abandon(worker->trade);
		arb_http_abort_all(worker->http);
	}
	else if (worker->trade != NULL && code == EXIT_CODE_STOPPED)
	{
		(void) uv_timer_start(&worker->farewell, on_farewell, FAREWELL_MS, 0);
		arb_trade_stop(worker->trade, leave, worker);
		return;
	}
	/* From a timer, so that whoever called us can finish what he does. */
	(void) uv_timer_start(&worker->farewell, on_farewell, 0, 0);
}

static void
on_signal(uv_signal_t *handle, int number)
{
	Worker	   *worker = handle->data;

	if (number == SIGUSR1)
		arb_worker_kill(worker, "flatten", "signal SIGUSR1");
	else if (worker->stopping)
		leave(worker);
	else
		arb_worker_stop(worker, EXIT_CODE_STOPPED, number == SIGINT ? "interrupted" : "asked to stop");
}

/* ----- the kill switch ----- */

static const char *const KillLevels[] = {"none", "pause", "flatten", "emergency"};

/* The place of a level among them, -1 for what is none. */
static int
strictness(const char *level)
{
	int			i;

	for (i = 0; i < (int) (sizeof(KillLevels) / sizeof(KillLevels[0])); i++)
	{
		if (strcmp(level, KillLevels[i]) == 0)
			return i;
	}
	return -1;
}

const char *
arb_worker_kill_level(const char *wanted)
{
	int			i;

	for (i = 1; i < (int) (sizeof(KillLevels) / sizeof(KillLevels[0])); i++)
	{
		if (strcasecmp(wanted, KillLevels[i]) == 0)
			return KillLevels[i];
	}
	/* Empty or unknown: whoever reaches for the brake means it. */
	return "flatten";
}

static char last_level[32] = "none";

/* Also for a trader that comes to exist after the level was heard. */
static void
tell_trader(Worker *worker)
{
	if (worker->trade != NULL)
		arb_trade_kill(worker->trade, arb_kill_kind(last_level));
}

/* A level in force; engaged is true when somebody engaged it just now, be it the same again. */
static void
note_level(Worker *worker, const char *level, bool engaged)
{
	bool		changed = strcmp(level, last_level) != 0;

	if (!changed && !engaged)
		return;
	if (changed)
		log_warning("worker", "the kill level is %s", level);
	(void) snprintf(last_level, sizeof(last_level), "%s", level);
	tell_trader(worker);
	if (worker->trade != NULL)
		arb_trade_notified(worker->trade);
}

static void say_hello(Worker *worker);
static void tell_kill(Worker *worker);

static void
on_kill_timer(uv_timer_t *timer)
{
	tell_kill(timer->data);
}

static void
on_killed(void *arg, const DbReply *reply)
{
	Worker	   *worker = arg;
	const char *asked = worker->kill_asked;

	worker->kill_asked = NULL;
	if (reply->status == DB_LOST)
		return;					/* told again when the database is back */
	if (reply->status == DB_ERROR)
	{
		log_error("worker", "trading could not be stopped: %s", reply->message);
		if (strcmp(reply->sqlstate, "42501") == 0)
			arb_worker_stop(worker, EXIT_CODE_REFUSED, reply->message);
		else
			(void) uv_timer_start(&worker->kill_timer, on_kill_timer, KILL_AGAIN_MS, 0);
		return;
	}
	log_warning("worker", "trading was stopped (%s): the kill level is %s", worker->kill_reason,
				arb_reply_value(reply));
	/* A stricter one may have been asked for meanwhile. */
	if (worker->kill_level != asked)
	{
		tell_kill(worker);
		return;
	}
	worker->kill_level = NULL;
	if (!worker->registered && !worker->stopping)
		say_hello(worker);
}

static void
tell_kill(Worker *worker)
{
	DbParams	params;

	if (worker->kill_level == NULL || worker->kill_asked != NULL)
		return;
	arb_params_init(&params);
	arb_params_text(&params, worker->options->name);
	arb_params_text(&params, worker->kill_level);
	arb_params_text(&params, worker->kill_reason);
	if (arb_pipe_call(worker->action, DB_WORKER_KILL, &params, on_killed, worker))
		worker->kill_asked = worker->kill_level;
}

void
arb_worker_kill(Worker *worker, const char *level, const char *reason)
{
	level = arb_worker_kill_level(level);
	if (worker->kill_level != NULL && strictness(worker->kill_level) >= strictness(level))
		return;
	log_warning("worker", "stopping all trading (%s): %s", level, reason);
	worker->kill_level = level;
	worker->kill_reason = reason;
	tell_kill(worker);
}

/* ----- alerts and heartbeat ----- */

static void
on_ignored(void *arg, const DbReply *reply)
{
	(void) arg;
	(void) reply;				/* an error was logged where it was noticed */
}

void
arb_worker_alert(Worker *worker, const char *severity, const char *kind, const char *format,...)
{
	char		message[400];
	va_list		args;
	DbParams	params;

	va_start(args, format);
	(void) vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	log_warning("alert", "%s %s: %s", severity, kind, message);
	arb_params_init(&params);
	arb_params_text(&params, worker->options->name);
	arb_params_text(&params, severity);
	arb_params_text(&params, kind);
	arb_params_text(&params, message);
	if (worker->registered)
		(void) arb_pipe_call(worker->action, DB_WORKER_ALERT, &params, on_ignored, worker);
}

static void
on_heartbeat_answer(void *arg, const DbReply *reply)
{
	Worker	   *worker = arg;

	if (reply->status != DB_OK || arb_reply_rows(reply) != 1)
		return;
	worker->dry_run = arb_reply_bool(reply, 0, "dry_run");
	arb_record_orders(worker);
	note_level(worker, arb_reply_text(reply, 0, "kill_level"), false);
}

static void
state_json(Worker *worker, StrBuf *out)
{
	uint64_t	dropped = arb_bulk_take_dropped(worker->bulk);

	arb_input_error_count(&worker->input_errors, "database", "tick_history_dropped",
						  "the tick history could not keep up", dropped);
	if (worker->feed != NULL)
	{
		arb_input_error_count(&worker->input_errors, "database", "prices_dropped",
							  "prices arrived while the database was away", worker->feed->quotes.prices_lost);
		worker->feed->quotes.prices_lost = 0;
		arb_input_error_count(&worker->input_errors, "database", "trades_dropped",
							  "trades arrived while the database was away", worker->feed->quotes.trades_lost);
		worker->feed->quotes.trades_lost = 0;
	}
	(void) arb_strbuf_text(out, "{\"feeds\":[");
	if (worker->feed != NULL)
		arb_feed_state_json(worker->feed, out);
	if (worker->trade != NULL)
	{
		if (worker->feed != NULL)
			(void) arb_strbuf_char(out, ',');
		arb_trade_state_json(worker->trade, out);
	}
	(void) arb_strbuf_text(out, "],\"input_errors\":");
	arb_input_errors_json(&worker->input_errors, out);
	if (worker->clock_offset_known)
		(void) arb_strbuf_printf(out, ",\"clock_offset_ms\":%.0f", worker->clock_offset_ms);
	(void) arb_strbuf_char(out, '}');
}

static void
on_heartbeat(uv_timer_t *timer)
{
	Worker	   *worker = timer->data;
	StrBuf		state;
	DbParams	params;

	if (!arb_pipe_is_up(worker->action) || worker->stopping)
		return;
	if (!worker->registered)
	{
		say_hello(worker);
		return;
	}
	arb_strbuf_init(&state, 0);
	state_json(worker, &state);
	arb_params_init(&params);
	arb_params_text(&params, worker->options->name);
	arb_params_text(&params, state.data);
	if (!state.failed)
		(void) arb_pipe_call(worker->action, DB_WORKER_HEARTBEAT, &params, on_heartbeat_answer, worker);
	arb_strbuf_free(&state);
}

/* ----- registration ----- */

static bool
read_hello(const DbReply *reply, Hello *hello)
{
	memset(hello, 0, sizeof(*hello));
	hello->venue_id = (int) arb_reply_int(reply, 0, "venue_id", 0);
	hello->is_simulator = arb_reply_bool(reply, 0, "is_simulator");
	hello->clock_driven = arb_reply_bool(reply, 0, "clock_driven");
	hello->chain_id = arb_reply_int(reply, 0, "chain_id", 0);
	hello->account_id = (int) arb_reply_int(reply, 0, "venue_account_id", 0);
	(void) snprintf(hello->address, sizeof(hello->address), "%s", arb_reply_text(reply, 0, "address"));
	hello->signature_type = (int) arb_reply_int(reply, 0, "signature_type", 0);
	hello->lease_ms = arb_reply_int(reply, 0, "lease_ms", 0);
	hello->confirm_timeout_ms = arb_reply_int(reply, 0, "confirm_timeout_ms", 0);
	hello->tick_history = arb_reply_bool(reply, 0, "tick_history");
	hello->live_portfolios = (int) arb_reply_int(reply, 0, "live_portfolios", 0);
	return hello->venue_id > 0;
}

/* The parts exist from the first hello on. */
static bool
build_parts(Worker *worker, const DbReply *reply)
{
	const char *text = arb_reply_text(reply, 0, "endpoints");
	ParseError	error;

	if (!arb_pm_endpoints_parse(text, strlen(text), worker->hello.is_simulator, &worker->endpoints, &error))
	{
		arb_worker_stop(worker, EXIT_CODE_REFUSED, "the venue's endpoints cannot be used");
		log_error("worker", "endpoints: %s (%s)", error.context, arb_parse_error_name(error.kind));
		return false;
	}
	worker->client.http = worker->http;
	worker->client.endpoints = &worker->endpoints;
	if (worker->options->trade && worker->key != NULL && worker->hello.account_id > 0)
	{
		worker->trade = arb_trade_new(worker);
		if (worker->trade == NULL)
		{
			arb_worker_stop(worker, EXIT_CODE_KEYS, "the keys do not fit the account");
			return false;
		}
	}
	else if (worker->options->trade)
		log_info("worker", "no %s: feeds and PAPER only", worker->key == NULL ? "keys" : "account");
	if (worker->options->feed)
	{
		worker->feed = arb_feed_new(worker);
		if (worker->feed == NULL)
		{
			arb_worker_stop(worker, EXIT_CODE_FAILED, "the feeds could not be set up");
			return false;
		}
	}
	if (worker->hello.tick_history)
		arb_bulk_start(worker->bulk);
	worker->greeted = true;
	if (worker->trade != NULL)
		arb_trade_start(worker->trade);
	tell_trader(worker);
	return true;
}

static void
on_hello(void *arg, const DbReply *reply)
{
	Worker	   *worker = arg;
	Hello		hello;
	DbErrorClass class;

	worker->hello_asking = false;
	if (reply->status == DB_LOST || worker->stopping)
		return;
	if (reply->status == DB_ERROR)
	{
		class = arb_db_classify(reply->sqlstate);
		/* Anything else is the database's trouble, not its verdict; the heartbeat's timer asks again. */
		if (class == DB_ERROR_REFUSED || strncmp(reply->sqlstate, "22", 2) == 0 ||
			strcmp(reply->sqlstate, "42501") == 0)
			arb_worker_stop(worker, EXIT_CODE_REFUSED, reply->message);
		return;
	}
	if (arb_reply_rows(reply) != 1 || !read_hello(reply, &hello))
	{
		arb_worker_stop(worker, EXIT_CODE_REFUSED, "the database's greeting makes no sense");
		return;
	}
	if (worker->greeted && (hello.venue_id != worker->hello.venue_id || hello.account_id != worker->hello.account_id ||
							hello.clock_driven != worker->hello.clock_driven))
	{
		arb_worker_stop(worker, EXIT_CODE_FAILED, "the venue or the account has changed; a restart is needed");
		return;
	}
	worker->hello = hello;
	worker->registered = true;
	log_info("worker", "registered as %s for venue %s", worker->options->name, worker->options->venue);
	if (!worker->greeted && !build_parts(worker, reply))
		return;
	on_heartbeat(&worker->heartbeat);
	if (worker->trade != NULL)
		arb_trade_database(worker->trade, true);
	if (worker->feed != NULL && arb_pipe_is_up(worker->decision))
		arb_feed_database(worker->feed, true);
}

static void
say_hello(Worker *worker)
{
	DbParams	params;

	/* Stopping comes first: hello follows when the database has heard of it. */
	if (worker->hello_asking || worker->kill_level != NULL)
		return;
	arb_params_init(&params);
	arb_params_text(&params, worker->options->name);
	arb_params_text(&params, worker->options->venue);
	arb_params_text(&params, worker->key != NULL ? worker->options->account : NULL);
	arb_params_text(&params, worker->options->roles);
	arb_params_int(&params, getpid());
	arb_params_bool(&params, !arb_pipe_shares_user(worker->action));
	worker->hello_asking = arb_pipe_call(worker->action, DB_WORKER_HELLO, &params, on_hello, worker);
}

static void
on_action_up(void *arg)
{
	Worker	   *worker = arg;

	if (worker->stopping)
		return;
	/* Who was told to stop trading says so before it says anything else. */
	if (worker->kill_level != NULL)
		tell_kill(worker);
	else
		say_hello(worker);
}

static void
on_action_down(void *arg)
{
	Worker	   *worker = arg;

	if (!worker->registered)
		return;
	worker->registered = false;
	log_warning("worker", "the database is lost, nothing is sent");
	if (worker->trade != NULL)
		arb_trade_database(worker->trade, false);
	if (worker->feed != NULL)
		arb_feed_database(worker->feed, false);
}

static void
on_notify(void *arg, const char *channel, const char *payload)
{
	Worker	   *worker = arg;

	if (strcmp(channel, LISTEN_CHANNEL) != 0)
		return;
	if (strictness(payload) >= 0)
		note_level(worker, payload, true);
	else if (worker->trade != NULL)
		arb_trade_notified(worker->trade);
}

static void
on_decision_up(void *arg)
{
	Worker	   *worker = arg;

	if (worker->feed != NULL && worker->registered)
		arb_feed_database(worker->feed, true);
}

static void
on_decision_down(void *arg)
{
	Worker	   *worker = arg;

	if (worker->feed != NULL)
		arb_feed_database(worker->feed, false);
}

static const DbPipeOps ActionOps = {
	.on_up = on_action_up,
	.on_down = on_action_down,
	.on_notify = on_notify,
};

static const DbPipeOps DecisionOps = {
	.on_up = on_decision_up,
	.on_down = on_decision_down,
};

static bool
open_connections(Worker *worker)
{
	DbPipeSettings settings;

	memset(&settings, 0, sizeof(settings));
	settings.conninfo = worker->options->conninfo;
	settings.name = "action";
	settings.lane = DB_LANE_ACTION;
	settings.synchronous_commit = true;
	settings.listen = LISTEN_CHANNEL;
	worker->action = arb_pipe_new(worker->loop, &settings, &ActionOps, worker);
	settings.name = "decision";
	settings.lane = DB_LANE_DECISION;
	settings.synchronous_commit = false;
	settings.listen = NULL;
	worker->decision = arb_pipe_new(worker->loop, &settings, &DecisionOps, worker);
	worker->bulk = arb_bulk_new(worker->loop, worker->options->conninfo);
	return worker->action != NULL && worker->decision != NULL && worker->bulk != NULL;
}

bool
arb_worker_init(Worker *worker, uv_loop_t *loop, const Options *options, KeyFile *keys)
{
	static const int numbers[] = {SIGTERM, SIGINT, SIGHUP, SIGUSR1};
	size_t		i;

	memset(worker, 0, sizeof(*worker));
	worker->loop = loop;
	worker->options = options;
	worker->keys = keys;
	worker->trace_fd = -1;
	if (keys != NULL)
	{
		worker->key = arb_eth_key_from_hex(keys->private_key, strlen(keys->private_key));
		if (worker->key == NULL)
		{
			log_error("worker", "the private key in the key file is none");
			worker->exit_code = EXIT_CODE_KEYS;
			return false;
		}
	}
	worker->http = arb_http_new(loop);
	worker->ws = arb_ws_context_new(loop);
	if (worker->http == NULL || worker->ws == NULL || !open_connections(worker) ||
		uv_timer_init(loop, &worker->heartbeat) != 0 || uv_timer_init(loop, &worker->farewell) != 0 ||
		uv_timer_init(loop, &worker->kill_timer) != 0)
	{
		log_error("worker", "out of memory");
		worker->exit_code = EXIT_CODE_FAILED;
		return false;
	}
	worker->heartbeat.data = worker;
	worker->farewell.data = worker;
	worker->kill_timer.data = worker;
	for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
	{
		(void) uv_signal_init(loop, &worker->signals[i]);
		worker->signals[i].data = worker;
		(void) uv_signal_start(&worker->signals[i], on_signal, numbers[i]);
	}
	if (options->kill != NULL)
		arb_worker_kill(worker, options->kill, KILL_BY_ENVIRONMENT);
	return true;
}

void
arb_worker_start(Worker *worker)
{
	(void) uv_timer_start(&worker->heartbeat, on_heartbeat, HEARTBEAT_MS, HEARTBEAT_MS);
	arb_pipe_start(worker->action);
	arb_pipe_start(worker->decision);
}
