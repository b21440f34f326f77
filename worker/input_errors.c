/*-------------------------------------------------------------------------
 *
 * worker/input_errors.c
 *	  What came in and could not be used: counted by kind, logged once each.
 *
 *-------------------------------------------------------------------------
 */
#include "input_errors.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "log.h"

static InputError *
find_kind(InputErrors *errors, const char *kind)
{
	InputError *item;
	int			i;

	for (i = 0; i < errors->count; i++)
	{
		if (strcmp(errors->items[i].kind, kind) == 0)
			return &errors->items[i];
	}
	/* Kinds are our own constants; the last slot takes whatever exceeds the table. */
	if (errors->count >= INPUT_ERROR_KINDS)
		return &errors->items[INPUT_ERROR_KINDS - 1];
	item = &errors->items[errors->count++];
	memset(item, 0, sizeof(*item));
	(void) snprintf(item->kind, sizeof(item->kind), "%s", kind);
	return item;
}

void
arb_input_error_count(InputErrors *errors, const char *channel, const char *what, const char *context,
					  uint64_t count)
{
	char		kind[64];
	InputError *item;

	if (count == 0)
		return;
	(void) snprintf(kind, sizeof(kind), "%.30s.%.30s", channel, what);
	item = find_kind(errors, kind);
	item->count += count;
	(void) snprintf(item->context, sizeof(item->context), "%s", context == NULL ? "" : context);
	if (item->logged)
		return;
	item->logged = true;
	log_warning("input", "%s: %s (further ones are only counted)", item->kind, item->context);
}

void
arb_input_error(InputErrors *errors, const char *channel, const char *what, const char *context)
{
	arb_input_error_count(errors, channel, what, context, 1);
}

void
arb_input_unreadable(InputErrors *errors, const char *channel, const ParseError *error)
{
	arb_input_error(errors, channel, arb_parse_error_name(error->kind), error->context);
}

void
arb_input_errors_json(InputErrors *errors, StrBuf *out)
{
	bool		first = true;
	int			i;

	(void) arb_strbuf_char(out, '[');
	for (i = 0; i < errors->count; i++)
	{
		InputError *item = &errors->items[i];

		if (item->count == 0)
			continue;
		(void) arb_strbuf_text(out, first ? "{\"kind\":" : ",{\"kind\":");
		(void) arb_strbuf_json(out, item->kind);
		(void) arb_strbuf_printf(out, ",\"count\":%" PRIu64 ",\"context\":", item->count);
		(void) arb_strbuf_json(out, item->context);
		(void) arb_strbuf_char(out, '}');
		item->count = 0;
		first = false;
	}
	(void) arb_strbuf_char(out, ']');
}
