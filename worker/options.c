/*-------------------------------------------------------------------------
 *
 * worker/options.c
 *	  The command line.
 *
 * Nothing secret is ever given here: arguments can be read by everybody.
 *
 *-------------------------------------------------------------------------
 */
#include "options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CANCEL_AFTER_MS 5000
#define CANCEL_AFTER_MAX_MS 3600000

static const char Help[] =
	"Usage: arbees-worker [OPTION]...\n"
	"Carries market data to an arbees database and the orders it decides to a venue.\n"
	"\n"
	"  --db CONNINFO        how to reach the database (libpq connection string; no password here)\n"
	"  --venue NAME         name of the venue's row in arbees.venues (default polymarket)\n"
	"  --account NAME       venue account to trade for; without it: feeds and PAPER only\n"
	"  --roles LIST         feed, trade or feed,trade (default)\n"
	"  --keys FILE          JSON file, mode 0600, owned by this user; without it\n"
	"                       $CREDENTIALS_DIRECTORY/<venue>.key is read when it exists\n"
	"  --name NAME          name of this worker (default arbees-worker-<venue>)\n"
	"  --log-level LEVEL    debug, info (default), warning or error\n"
	"  --trace FILE         append one JSON line of time stamps per order\n"
	"  --cancel-after-ms N  without a database for so long, cancel what rests at the venue\n"
	"                       (default 5000)\n"
	"  --no-heartbeats      do not have the venue cancel our orders when this worker falls silent\n"
	"  --die-with-parent    end when the process that started this one ends\n"
	"  --help, --version\n"
	"\n"
	"ARBEES_KILL=pause, flatten or emergency in the environment stops all trading before\n"
	"anything else is done; empty or unknown, it is flatten. SIGUSR1 stops it at flatten at any\n"
	"time. The worker goes on to cancel and to close. Neither lets trading go on: that is\n"
	"arbees_resume(reason) in the database.\n"
	"\n"
	"Exit codes: 0 asked to stop, 1 failure, 2 wrong usage, 3 key file refused,\n"
	"4 lease lost to another trader, 5 refused by the database.\n";

enum
{
	OPTION_DB = 256,
	OPTION_VENUE,
	OPTION_ACCOUNT,
	OPTION_ROLES,
	OPTION_KEYS,
	OPTION_NAME,
	OPTION_LOG_LEVEL,
	OPTION_TRACE,
	OPTION_CANCEL_AFTER,
	OPTION_NO_HEARTBEATS,
	OPTION_DIE_WITH_PARENT,
	OPTION_HELP,
	OPTION_VERSION
};

static const struct option LongOptions[] = {
	{"db", required_argument, NULL, OPTION_DB},
	{"venue", required_argument, NULL, OPTION_VENUE},
	{"account", required_argument, NULL, OPTION_ACCOUNT},
	{"roles", required_argument, NULL, OPTION_ROLES},
	{"keys", required_argument, NULL, OPTION_KEYS},
	{"name", required_argument, NULL, OPTION_NAME},
	{"log-level", required_argument, NULL, OPTION_LOG_LEVEL},
	{"trace", required_argument, NULL, OPTION_TRACE},
	{"cancel-after-ms", required_argument, NULL, OPTION_CANCEL_AFTER},
	{"no-heartbeats", no_argument, NULL, OPTION_NO_HEARTBEATS},
	{"die-with-parent", no_argument, NULL, OPTION_DIE_WITH_PARENT},
	{"help", no_argument, NULL, OPTION_HELP},
	{"version", no_argument, NULL, OPTION_VERSION},
	{NULL, 0, NULL, 0}
};

static OptionsResult
wrong(const char *what, const char *value)
{
	fprintf(stderr, "arbees-worker: %s%s%s\nTry \"arbees-worker --help\".\n", what,
			value == NULL ? "" : ": ", value == NULL ? "" : value);
	return OPTIONS_WRONG;
}

static bool
parse_roles(const char *list, Options *options)
{
	char		copy[64];
	char	   *rest = copy;
	char	   *word;

	if (strlen(list) >= sizeof(copy))
		return false;
	(void) strcpy(copy, list);
	options->feed = false;
	options->trade = false;
	while ((word = strsep(&rest, ",")) != NULL)
	{
		if (strcmp(word, "feed") == 0)
			options->feed = true;
		else if (strcmp(word, "trade") == 0)
			options->trade = true;
		else
			return false;
	}
	return options->feed || options->trade;
}

static bool
parse_wait(const char *text, int64_t *ms)
{
	size_t		len = strlen(text);

	if (len == 0 || len > 7 || strspn(text, "0123456789") != len)
		return false;
	*ms = strtoll(text, NULL, 10);
	return *ms <= CANCEL_AFTER_MAX_MS;
}

static bool
is_name(const char *text)
{
	size_t		len = strlen(text);

	return len > 0 && len < 64 &&
		strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-") == len;
}

/* A connection string with a password would show it to everyone who can list processes. */
static bool
names_password(const char *conninfo)
{
	const char *userinfo = strstr(conninfo, "://");

	if (strstr(conninfo, "password") != NULL)
		return true;
	if (userinfo == NULL)
		return false;
	userinfo += 3;
	return memchr(userinfo, ':', strcspn(userinfo, "@/?")) != NULL && userinfo[strcspn(userinfo, "@/?")] == '@';
}

static OptionsResult
check(Options *options)
{
	if (options->conninfo == NULL)
		return wrong("--db is missing", NULL);
	if (names_password(options->conninfo))
		return wrong("a password does not belong on a command line; use a password file (PGPASSFILE)", NULL);
	if (!is_name(options->venue))
		return wrong("--venue is no name", options->venue);
	if (options->name[0] == '\0')
		(void) snprintf(options->name, sizeof(options->name), "arbees-worker-%.40s", options->venue);
	if (!is_name(options->name))
		return wrong("--name is no name", options->name);
	(void) snprintf(options->roles, sizeof(options->roles), "%s%s%s", options->feed ? "feed" : "",
					options->feed && options->trade ? "," : "", options->trade ? "trade" : "");
	return OPTIONS_RUN;
}

OptionsResult
arb_options_parse(int argc, char **argv, Options *options)
{
	int			choice;

	memset(options, 0, sizeof(*options));
	options->venue = "polymarket";
	options->feed = true;
	options->trade = true;
	options->log_level = LOG_LEVEL_INFO;
	options->cancel_after_ms = CANCEL_AFTER_MS;
	options->heartbeats = true;
	options->kill = getenv("ARBEES_KILL");

	while ((choice = getopt_long(argc, argv, "", LongOptions, NULL)) != -1)
	{
		switch (choice)
		{
			case OPTION_DB:
				options->conninfo = optarg;
				break;
			case OPTION_VENUE:
				options->venue = optarg;
				break;
			case OPTION_ACCOUNT:
				options->account = optarg;
				break;
			case OPTION_ROLES:
				if (!parse_roles(optarg, options))
					return wrong("--roles is no list of feed and trade", optarg);
				break;
			case OPTION_KEYS:
				options->keys = optarg;
				break;
			case OPTION_NAME:
				if (strlen(optarg) >= sizeof(options->name))
					return wrong("--name is too long", NULL);
				(void) strcpy(options->name, optarg);
				break;
			case OPTION_LOG_LEVEL:
				if (!arb_log_level_parse(optarg, &options->log_level))
					return wrong("--log-level is unknown", optarg);
				break;
			case OPTION_TRACE:
				options->trace = optarg;
				break;
			case OPTION_CANCEL_AFTER:
				if (!parse_wait(optarg, &options->cancel_after_ms))
					return wrong("--cancel-after-ms is no number from 0 to 3600000", optarg);
				break;
			case OPTION_NO_HEARTBEATS:
				options->heartbeats = false;
				break;
			case OPTION_DIE_WITH_PARENT:
				options->die_with_parent = true;
				break;
			case OPTION_HELP:
				(void) fputs(Help, stdout);
				return OPTIONS_DONE;
			case OPTION_VERSION:
				printf("arbees-worker %s\n", ARBEES_VERSION);
				return OPTIONS_DONE;
			default:
				return wrong("wrong usage", NULL);
		}
	}
	if (optind < argc)
		return wrong("unexpected argument", argv[optind]);
	return check(options);
}
