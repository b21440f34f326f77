/*-------------------------------------------------------------------------
 *
 * worker/input_errors.h
 *	  What came in and could not be used: counted by kind, logged once each.
 *
 * The counts since the last heartbeat travel with it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARBEES_INPUT_ERRORS_H
#define ARBEES_INPUT_ERRORS_H

#include <stdbool.h>
#include <stdint.h>

#include "json.h"
#include "strbuf.h"

#define INPUT_ERROR_KINDS 64

typedef struct InputError
{
	char		kind[64];
	char		context[160];	/* of the newest one */
	uint64_t	count;			/* since the last heartbeat */
	bool		logged;
} InputError;

typedef struct InputErrors
{
	InputError	items[INPUT_ERROR_KINDS];
	int			count;
} InputErrors;

/* arb_input_error counts one; context must hold no secret. */
extern void arb_input_error(InputErrors *errors, const char *channel, const char *what, const char *context);
/* arb_input_unreadable counts what a parser refused. */
extern void arb_input_unreadable(InputErrors *errors, const char *channel, const ParseError *error);
extern void arb_input_error_count(InputErrors *errors, const char *channel, const char *what,
								  const char *context, uint64_t count);

/* arb_input_errors_json appends the array for the heartbeat and starts the counts over. */
extern void arb_input_errors_json(InputErrors *errors, StrBuf *out);

#endif							/* ARBEES_INPUT_ERRORS_H */
