/*-------------------------------------------------------------------------
 *
 * worker/options.h
 *	  The command line.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARBEES_OPTIONS_H
#define ARBEES_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "log.h"

#define ARBEES_VERSION "0.1"

/* How the process ends; service managers and the conductor read these. */
typedef enum ExitCode
{
	EXIT_CODE_STOPPED = 0,		/* it was asked to stop */
	EXIT_CODE_FAILED = 1,		/* something broke that it cannot work around */
	EXIT_CODE_USAGE = 2,
	EXIT_CODE_KEYS = 3,			/* the key file was refused */
	EXIT_CODE_LEASE = 4,		/* another trader took over */
	EXIT_CODE_REFUSED = 5		/* the database refused this worker */
} ExitCode;

typedef struct Options
{
	const char *conninfo;
	const char *venue;
	const char *account;		/* NULL: feeds and PAPER only */
	const char *keys;			/* NULL: none named */
	char		name[64];
	bool		feed;
	bool		trade;
	char		roles[32];		/* as told to the database */
	LogLevel	log_level;
	bool		die_with_parent;
	int64_t		cancel_after_ms;	/* without a database, until what rests at the venue is canceled */
	bool		heartbeats;		/* of the venue, where it takes any */
	const char *kill;			/* ARBEES_KILL of the environment: stop trading first; NULL: unset */
	const char *trace;			/* file for per-order time stamps, or NULL */
} Options;

typedef enum OptionsResult
{
	OPTIONS_RUN = 1,
	OPTIONS_DONE,				/* help or version was printed */
	OPTIONS_WRONG				/* the reason was printed */
} OptionsResult;

extern OptionsResult arb_options_parse(int argc, char **argv, Options *options);

#endif							/* ARBEES_OPTIONS_H */
