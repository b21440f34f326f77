/*-------------------------------------------------------------------------
 *
 * worker/sim/main.c
 *	  arbees-sim: a venue on loopback, for tests, the demo and replays.
 *
 * Reads the command line, puts the parts together and runs the loop until it
 * is told to stop.  See docs/simulator.md.
 *
 *-------------------------------------------------------------------------
 */
#include "sim.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include "decimal.h"

#define FAULTS_FILE_MAX (256 * 1024)

void
sim_log(const char *format,...)
{
	char		line[512];
	char		stamp[32];
	time_t		now = time(NULL);
	struct tm	parts;
	va_list		args;

	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	strftime(stamp, sizeof(stamp), "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &parts));
	fprintf(stderr, "%s arbees-sim %s\n", stamp, line);
}

static const char Usage[] =
	"arbees-sim simulates a prediction market venue on loopback.\n"
	"\n"
	"  --listen HOST:PORT         where to listen (127.0.0.1:0; port 0 picks a free one)\n"
	"  --ready-file FILE          one JSON line with port and endpoints, once listening\n"
	"  --seed N                   same seed, same world (1)\n"
	"  --window LENGTH            of a window: 20s, 5m, 15m, 4h (5m)\n"
	"  --assets LIST              btc,eth,sol,xrp (btc)\n"
	"  --windows N                stop listing after so many windows (0: never)\n"
	"  --ahead N                  windows tradable before they open (2)\n"
	"  --resolve-delay MS         from the close to the outcome (1000, or 20000 from 5m on)\n"
	"  --volatility PPM           of one second, parts per million of the price (90)\n"
	"  --tick SIZE                tick size of a new market (0.01)\n"
	"  --fixed-tick               no finer ticks near 0 and 1\n"
	"  --balance AMOUNT           of each new wallet (1000)\n"
	"  --mine-delay MS            from MATCHED to MINED (300)\n"
	"  --confirm-delay MS         from MINED to CONFIRMED (300)\n"
	"  --taker-delay MS           orders that would match are held so long (0)\n"
	"  --auth-tolerance S         largest error of a client's timestamps (60)\n"
	"  --chain-id N               137 or 80002 (137)\n"
	"  --limits RATES             orders a second/burst,cancels a second/burst: 40/60,80/120 (none)\n"
	"  --blocked                  the geoblock says no\n"
	"  --driven                   a seeded world that owns the clock and waits for barriers\n"
	"  --replay-windows CSV       recorded windows (.csv or .csv.gz); implies --driven\n"
	"  --replay-ticks CSV         recorded oracle ticks\n"
	"  --speed N                  of a driven clock, times real time (0: as fast as the barrier allows)\n"
	"  --report FILE              written at the end of the data, and on exit\n"
	"  --faults FILE              fault plan\n"
	"  --die-with-parent\n"
	"  --help, --version\n";

enum
{
	O_LISTEN = 256, O_READY, O_SEED, O_WINDOW, O_ASSETS, O_AHEAD, O_WINDOWS, O_RESOLVE, O_VOLATILITY, O_TICK,
	O_FIXED_TICK, O_BALANCE, O_MINE, O_CONFIRM, O_TAKER, O_TOLERANCE, O_CHAIN, O_LIMITS, O_BLOCKED, O_DRIVEN,
	O_REPLAY_WINDOWS, O_REPLAY_TICKS, O_SPEED, O_REPORT, O_FAULTS, O_DIE, O_HELP, O_VERSION
};

static const struct option LongOptions[] = {
	{"listen", required_argument, NULL, O_LISTEN},
	{"ready-file", required_argument, NULL, O_READY},
	{"seed", required_argument, NULL, O_SEED},
	{"window", required_argument, NULL, O_WINDOW},
	{"assets", required_argument, NULL, O_ASSETS},
	{"ahead", required_argument, NULL, O_AHEAD},
	{"windows", required_argument, NULL, O_WINDOWS},
	{"resolve-delay", required_argument, NULL, O_RESOLVE},
	{"volatility", required_argument, NULL, O_VOLATILITY},
	{"tick", required_argument, NULL, O_TICK},
	{"fixed-tick", no_argument, NULL, O_FIXED_TICK},
	{"balance", required_argument, NULL, O_BALANCE},
	{"mine-delay", required_argument, NULL, O_MINE},
	{"confirm-delay", required_argument, NULL, O_CONFIRM},
	{"taker-delay", required_argument, NULL, O_TAKER},
	{"auth-tolerance", required_argument, NULL, O_TOLERANCE},
	{"chain-id", required_argument, NULL, O_CHAIN},
	{"limits", required_argument, NULL, O_LIMITS},
	{"blocked", no_argument, NULL, O_BLOCKED},
	{"driven", no_argument, NULL, O_DRIVEN},
	{"replay-windows", required_argument, NULL, O_REPLAY_WINDOWS},
	{"replay-ticks", required_argument, NULL, O_REPLAY_TICKS},
	{"speed", required_argument, NULL, O_SPEED},
	{"report", required_argument, NULL, O_REPORT},
	{"faults", required_argument, NULL, O_FAULTS},
	{"die-with-parent", no_argument, NULL, O_DIE},
	{"help", no_argument, NULL, O_HELP},
	{"version", no_argument, NULL, O_VERSION},
	{NULL, 0, NULL, 0}
};

static bool
read_whole(const char *text, int64_t min, int64_t max, int64_t *value)
{
	return arb_decimal_parse(text, strlen(text), 0, value) && *value >= min && *value <= max;
}

static bool
read_into_int(const char *text, int64_t min, int64_t max, int *value)
{
	int64_t		wide;

	if (!read_whole(text, min, max, &wide))
		return false;
	*value = (int) wide;
	return true;
}

/* "20s", "5m", "4h"; a bare number is seconds. */
static bool
read_length(const char *text, int64_t *seconds)
{
	size_t		len = strspn(text, "0123456789");
	int64_t		unit = 1;

	if (len == 0 || !arb_decimal_parse(text, len, 0, seconds))
		return false;
	if (strcmp(text + len, "m") == 0)
		unit = 60;
	else if (strcmp(text + len, "h") == 0)
		unit = 3600;
	else if (text[len] != '\0' && strcmp(text + len, "s") != 0)
		return false;
	if (*seconds > 7 * 86400)
		return false;
	*seconds *= unit;
	return true;
}

static bool
read_listen(char *text, SimOptions *options)
{
	char	   *colon = strrchr(text, ':');

	if (colon == NULL)
		return false;
	*colon = '\0';
	options->listen_host = text;
	return text[0] != '\0' && read_into_int(colon + 1, 0, 65535, &options->listen_port);
}

static bool
read_tick(const char *text, int *tick)
{
	static const int known[] = {1000, 100, 50, 25, 10, 1, 0};
	int64_t		value;
	int			i;

	if (!arb_decimal_parse(text, strlen(text), 4, &value))
		return false;
	for (i = 0; known[i] != 0; i++)
		if (known[i] == value)
		{
			*tick = known[i];
			return true;
		}
	return false;
}

static bool
read_option(int option, char *value, SimOptions *options)
{
	WorldOptions *world = &options->world;
	int64_t		number;

	switch (option)
	{
		case O_LISTEN:
			return read_listen(value, options);
		case O_READY:
			options->ready_file = value;
			return true;
		case O_SEED:
			if (!read_whole(value, 0, INT64_MAX, &number))
				return false;
			options->seed = (uint64_t) number;
			return true;
		case O_WINDOW:
			return read_length(value, &world->window_s);
		case O_ASSETS:
			world->assets = value;
			return true;
		case O_AHEAD:
			return read_into_int(value, 1, WORLD_AHEAD_MAX, &world->ahead);
		case O_WINDOWS:
			return read_into_int(value, 0, WORLD_MARKETS_MAX, &world->windows_max);
		case O_RESOLVE:
			return read_whole(value, 0, 86400000, &world->resolve_delay_ms);
		case O_VOLATILITY:
			return read_into_int(value, 1, 100000, &world->volatility_ppm);
		case O_TICK:
			return read_tick(value, &world->tick);
		case O_FIXED_TICK:
			world->tick_changes = false;
			return true;
		case O_BALANCE:
			return arb_decimal_parse_micro(value, &options->opening_balance) && options->opening_balance >= 0 &&
				options->opening_balance <= AMOUNT_MAX;
		case O_MINE:
			return read_into_int(value, 0, 3600000, &options->mine_delay_ms);
		case O_CONFIRM:
			return read_into_int(value, 0, 3600000, &options->confirm_delay_ms);
		case O_TAKER:
			return read_into_int(value, 0, 60000, &options->taker_delay_ms);
		case O_TOLERANCE:
			return read_whole(value, 1, INT64_C(10000000000), &options->auth_tolerance_s);
		case O_CHAIN:
			if (!read_whole(value, 1, INT64_MAX, &number))
				return false;
			options->chain_id = (uint64_t) number;
			return true;
		case O_LIMITS:
			return sim_rates_parse(value, &options->order_rate, &options->cancel_rate);
		case O_BLOCKED:
			options->blocked = true;
			return true;
		case O_DRIVEN:
			options->driven = true;
			return true;
		case O_REPLAY_WINDOWS:
			options->replay_windows = value;
			options->driven = true;
			return true;
		case O_REPLAY_TICKS:
			options->replay_ticks = value;
			return true;
		case O_SPEED:
			return read_into_int(value, 0, 1000000, &options->speed);
		case O_REPORT:
			options->report_file = value;
			return true;
		case O_FAULTS:
			options->faults_file = value;
			return true;
		case O_DIE:
			options->die_with_parent = true;
			return true;
		default:
			return false;
	}
}

static void
set_defaults(SimOptions *options)
{
	memset(options, 0, sizeof(*options));
	options->listen_host = "127.0.0.1";
	options->seed = 1;
	options->chain_id = 137;
	options->opening_balance = 1000 * MICRO;
	options->auth_tolerance_s = 60;
	options->mine_delay_ms = 300;
	options->confirm_delay_ms = 300;
	options->world.window_s = 300;
	options->world.resolve_delay_ms = -1;
	options->world.tick = 100;
	options->world.tick_changes = true;
	options->world.volatility_ppm = 90;
	options->world.assets = "btc";
}

/* Returns the exit code, or -1 to go on. */
static int
read_options(int argc, char **argv, SimOptions *options)
{
	int			index = 0;
	int			option;

	set_defaults(options);
	while ((option = getopt_long(argc, argv, "", LongOptions, &index)) != -1)
	{
		if (option == O_HELP)
		{
			fputs(Usage, stdout);
			return 0;
		}
		if (option == O_VERSION)
		{
			puts("arbees-sim " SIM_VERSION);
			return 0;
		}
		if (option == '?')
			return 2;
		if (!read_option(option, optarg, options))
		{
			fprintf(stderr, "arbees-sim: --%s does not take \"%s\"\n", LongOptions[index].name, optarg);
			return 2;
		}
	}
	if (optind < argc || (options->replay_windows == NULL) != (options->replay_ticks == NULL))
	{
		fputs("arbees-sim: --replay-windows and --replay-ticks belong together, and nothing follows the options\n", stderr);
		return 2;
	}
	if (options->world.resolve_delay_ms < 0)
		options->world.resolve_delay_ms = options->world.window_s >= 300 ? 20000 : 1000;
	/* A driven world has no time between a match and its confirmation. */
	if (options->driven)
		options->mine_delay_ms = options->confirm_delay_ms = options->taker_delay_ms = 0;
	options->world.seed = options->seed;
	return -1;
}

static bool
load_faults(Sim *sim)
{
	char	   *text;
	char		error[200];
	size_t		len;
	FILE	   *file;
	bool		ok;

	if (sim->options.faults_file == NULL)
		return true;
	file = fopen(sim->options.faults_file, "re");
	if (file == NULL)
	{
		sim_log("cannot open %s: %s", sim->options.faults_file, strerror(errno));
		return false;
	}
	text = sim_alloc(FAULTS_FILE_MAX);
	len = fread(text, 1, FAULTS_FILE_MAX, file);
	fclose(file);
	ok = sim_fault_load(&sim->faults, text, len, sim->options.seed, error, sizeof(error));
	if (!ok)
		sim_log("%s: %s", sim->options.faults_file, error);
	free(text);
	return ok;
}

static void
write_slugs(Buf *out, const Sim *sim)
{
	const World *world = &sim->world;
	char		label[WINDOW_LABEL_SIZE];
	int			i;

	sim_window_label(world->options.window_s, label);
	for (i = 0; i < world->oracle_count; i++)
	{
		const Oracle *oracle = &world->oracle[i];
		char		underlying[12];
		int			k;

		for (k = 0; oracle->asset[k] != '\0'; k++)
			underlying[k] = (char) (oracle->asset[k] - 'a' + 'A');
		underlying[k] = '\0';
		sim_buf_printf(out, "%s{\"prefix\":\"%s-updown-%s\",\"underlying\":\"%s\",\"feed_symbol\":\"%s\",\"feed_topic\":\"%s\",\"seconds\":%" PRId64 "}",
					   i > 0 ? "," : "", oracle->asset, label, underlying, oracle->symbol,
					   sim_topic_name(world->options.replay == NULL && world->options.window_s >= 300 ? TOPIC_TWAP_SIXTY : TOPIC_CHAINLINK),
					   world->options.window_s);
	}
}

/* Written aside and renamed: whoever waits for the file never reads half of it. */
static bool
write_ready(Sim *sim)
{
	const char *host = sim->options.listen_host;
	int			port = sim->port;
	char		aside[4096];
	Buf			out = {0};
	FILE	   *file;
	bool		ok = false;

	if (sim->options.ready_file == NULL)
		return true;
	sim_buf_printf(&out, "{\"port\":%d,\"pid\":%d,\"driven\":%s,\"endpoints\":{\"clob\":\"http://%s:%d\",\"gamma\":\"http://%s:%d\","
				   "\"ws_market\":\"ws://%s:%d/ws/market\",\"ws_user\":\"ws://%s:%d/ws/user\",\"rtds\":\"ws://%s:%d\","
				   "\"geoblock\":\"http://%s:%d/api/geoblock\",\"rpc\":\"\",\"limits\":{"
				   "\"orders_per_s\":%d,\"orders_burst\":%d,\"cancels_per_s\":%d,\"cancels_burst\":%d,"
				   "\"requests_per_s\":0,\"requests_burst\":0,\"balances_per_s\":0,\"balances_burst\":0},\"slugs\":[",
				   port, (int) getpid(), sim->options.driven ? "true" : "false", host, port, host, port, host, port,
				   host, port, host, port, host, port, sim->options.order_rate.per_second, sim->options.order_rate.burst,
				   sim->options.cancel_rate.per_second, sim->options.cancel_rate.burst);
	write_slugs(&out, sim);
	sim_buf_text(&out, "]}}\n");
	if (snprintf(aside, sizeof(aside), "%s.new", sim->options.ready_file) < (int) sizeof(aside) &&
		(file = fopen(aside, "we")) != NULL)
	{
		ok = fwrite(out.data, 1, out.len, file) == out.len;
		if (fclose(file) != 0 || !ok || rename(aside, sim->options.ready_file) != 0)
			ok = false;
	}
	if (!ok)
		sim_log("cannot write %s: %s", sim->options.ready_file, strerror(errno));
	sim_buf_free(&out);
	return ok;
}

static bool
build_world(Sim *sim)
{
	SimOptions *options = &sim->options;
	char		error[256];

	if (options->replay_windows != NULL)
	{
		if (!sim_replay_load(&sim->replay, options->replay_windows, options->replay_ticks, error, sizeof(error)))
		{
			sim_log("%s", error);
			return false;
		}
		options->world.replay = &sim->replay;
	}
	sim_exchange_init(&sim->exchange, options->seed, options->opening_balance);
	sim->exchange.mine_delay_ms = options->mine_delay_ms;
	sim->exchange.confirm_delay_ms = options->confirm_delay_ms;
	sim->exchange.taker_delay_ms = options->taker_delay_ms;
	if (!sim_world_init(&sim->world, &options->world, &sim->exchange, error, sizeof(error)))
	{
		sim_log("%s", error);
		return false;
	}
	sim->auth.seed = options->seed;
	sim->auth.chain_id = options->chain_id;
	sim->auth.tolerance_s = options->auth_tolerance_s;
	if (!arb_domain_of_exchange(2, options->chain_id, false, &sim->domain) ||
		!arb_domain_of_exchange(3, options->chain_id, false, &sim->other_domain))
	{
		sim_log("no exchange is known on chain %" PRIu64, options->chain_id);
		return false;
	}
	sim_stream_listen(sim);
	return load_faults(sim);
}

static void
on_signal(uv_signal_t *handle, int number)
{
	Sim		   *sim = handle->data;

	sim_log("stopping on signal %d", number);
	uv_stop(sim->loop);
}

static bool
watch_signal(Sim *sim, uv_signal_t *handle, int number)
{
	handle->data = sim;
	return uv_signal_init(sim->loop, handle) == 0 && uv_signal_start(handle, on_signal, number) == 0;
}

static bool
run(Sim *sim)
{
	uv_signal_t terminate;
	uv_signal_t interrupt;
	char		error[200];

	if (!watch_signal(sim, &terminate, SIGTERM) || !watch_signal(sim, &interrupt, SIGINT))
		return false;
	if (!sim_server_start(sim, error, sizeof(error)))
	{
		sim_log("%s", error);
		return false;
	}
	if (!sim_clock_start(sim) || !write_ready(sim))
		return false;
	sim_log("listening on %s:%d, seed %" PRIu64 "%s", sim->options.listen_host, sim->port, sim->options.seed,
			sim->options.driven ? ", waiting for someone to watch" : "");
	uv_run(sim->loop, UV_RUN_DEFAULT);
	uv_close((uv_handle_t *) &terminate, NULL);
	uv_close((uv_handle_t *) &interrupt, NULL);
	if (sim->options.report_file != NULL)
		sim_report_write(sim, sim->options.report_file);
	sim_server_stop(sim);
	sim_clock_stop(sim);
	return true;
}

int
main(int argc, char **argv)
{
	static Sim	sim;
	int			code = read_options(argc, argv, &sim.options);
	const char *problem;
	bool		ok;

	if (code >= 0)
		return code;
	if (sim.options.die_with_parent)
	{
		pid_t		parent = getppid();

		/* The parent may have died before we asked to be told. */
		if (prctl(PR_SET_PDEATHSIG, SIGTERM) != 0 || getppid() != parent)
			return 1;
	}
	signal(SIGPIPE, SIG_IGN);
	problem = arb_eth_init();
	if (problem != NULL)
	{
		sim_log("cryptography does not work: %s", problem);
		return 1;
	}
	sim.loop = uv_default_loop();
	ok = build_world(&sim) && run(&sim);
	sim_world_free(&sim.world);
	sim_exchange_free(&sim.exchange);
	sim_auth_free(&sim.auth);
	sim_fault_clear(&sim.faults);
	sim_replay_free(&sim.replay);
	arb_eth_shutdown();
	return ok ? 0 : 1;
}
