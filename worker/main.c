/*-------------------------------------------------------------------------
 *
 * worker/main.c
 *	  arbees-worker: hardens the process, reads the keys, runs the loop.
 *
 *-------------------------------------------------------------------------
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "db/once.h"
#include "log.h"
#include "worker.h"

/* Variables that would send traffic another way than the venue's row says. */
static const char *const ProxyVariables[] = {
	"http_proxy", "https_proxy", "all_proxy", "ws_proxy", "wss_proxy", "ftp_proxy", "no_proxy", "socks_proxy",
	"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "WS_PROXY", "WSS_PROXY", "FTP_PROXY", "NO_PROXY", "SOCKS_PROXY",
	"SSLKEYLOGFILE",
};

/* SIGUSR1 before the loop is there to take it. */
static volatile sig_atomic_t killed_early = 0;

static void
note_kill(int number)
{
	(void) number;
	killed_early = 1;
}

/* No core, no debugger of the same user, no proxy: the secrets stay here. */
static bool
harden(void)
{
	struct rlimit none = {0, 0};
	size_t		i;

	for (i = 0; i < sizeof(ProxyVariables) / sizeof(ProxyVariables[0]); i++)
		(void) unsetenv(ProxyVariables[i]);
	(void) signal(SIGPIPE, SIG_IGN);
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0 || setrlimit(RLIMIT_CORE, &none) != 0)
	{
		log_error("main", "could not keep this process out of core dumps: %s", strerror(errno));
		return false;
	}
	return true;
}

/* The parent may have ended before the kernel knew that we want to follow. */
static bool
follow_parent(void)
{
	pid_t		parent = getppid();

	if (prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0) != 0)
	{
		log_error("main", "could not bind to the parent process: %s", strerror(errno));
		return false;
	}
	return getppid() == parent;
}

/* A named file is refused when it is not guarded; a service's credential is optional. */
static bool
load_keys(const Options *options, KeyFile **keys)
{
	const char *directory = getenv("CREDENTIALS_DIRECTORY");
	char		error[KEYFILE_ERROR_SIZE];
	char		path[512];

	*keys = NULL;
	if (options->keys != NULL)
		*keys = arb_keyfile_load(options->keys, false, error);
	else
	{
		if (directory == NULL)
			return true;
		(void) snprintf(path, sizeof(path), "%.400s/%.80s.key", directory, options->venue);
		if (access(path, F_OK) != 0)
			return true;
		*keys = arb_keyfile_load(path, true, error);
	}
	if (*keys == NULL)
	{
		log_error("main", "the keys are refused: %s", error);
		return false;
	}
	if (!arb_log_secret((*keys)->private_key) || !arb_log_secret((*keys)->api_key) ||
		!arb_log_secret((*keys)->secret) || !arb_log_secret((*keys)->passphrase))
		return false;
	/* The same key is as secret without its prefix. */
	if (strncmp((*keys)->private_key, "0x", 2) == 0)
		(void) arb_log_secret((*keys)->private_key + 2);
	return true;
}

static bool
open_trace(Worker *worker, const char *path)
{
	if (path == NULL)
		return true;
	worker->trace_fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	if (worker->trace_fd >= 0)
		return true;
	log_error("main", "could not open \"%s\": %s", path, strerror(errno));
	return false;
}

/*
 * Stops trading before anything that can go wrong, unreadable keys first of all.
 * Without a database it is left to the loop, which asks until it is done.
 */
static void
stop_trading(Options *options)
{
	const char *level;
	DbParams	params;

	if (options->kill == NULL)
		return;
	level = arb_worker_kill_level(options->kill);
	log_warning("main", "stopping all trading (%s): %s", level, KILL_BY_ENVIRONMENT);
	arb_params_init(&params);
	arb_params_text(&params, options->name);
	arb_params_text(&params, level);
	arb_params_text(&params, KILL_BY_ENVIRONMENT);
	if (arb_db_call_once(options->conninfo, DB_WORKER_KILL, &params))
		options->kill = NULL;
}

static ExitCode
run(const Options *options, KeyFile *keys)
{
	static Worker worker;
	uv_loop_t  *loop = uv_default_loop();

	if (loop == NULL || !arb_worker_init(&worker, loop, options, keys))
		return worker.exit_code != 0 ? worker.exit_code : EXIT_CODE_FAILED;
	if (!open_trace(&worker, options->trace))
		return EXIT_CODE_USAGE;
	if (killed_early)
		arb_worker_kill(&worker, "flatten", "signal SIGUSR1");
	arb_worker_start(&worker);
	(void) uv_run(loop, UV_RUN_DEFAULT);
	/* Sockets are left to the kernel: nothing is owed to their other ends. */
	arb_http_abort_all(worker.http);
	if (worker.key != NULL)
		arb_eth_key_free(worker.key);
	return worker.exit_code;
}

int
main(int argc, char **argv)
{
	Options		options;
	KeyFile    *keys;
	const char *broken;
	ExitCode	code;

	(void) signal(SIGUSR1, note_kill);
	switch (arb_options_parse(argc, argv, &options))
	{
		case OPTIONS_DONE:
			return EXIT_CODE_STOPPED;
		case OPTIONS_WRONG:
			return EXIT_CODE_USAGE;
		default:
			break;
	}
	arb_log_set_level(options.log_level);
	stop_trading(&options);
	if (!harden() || (options.die_with_parent && !follow_parent()))
		return EXIT_CODE_FAILED;
	broken = arb_eth_init();
	if (broken != NULL)
	{
		log_error("main", "the signing libraries are not what they should be: %s", broken);
		return EXIT_CODE_FAILED;
	}
	if (!load_keys(&options, &keys))
		return EXIT_CODE_KEYS;
	code = run(&options, keys);
	arb_log_forget_secrets();
	arb_keyfile_free(keys);
	return code;
}
