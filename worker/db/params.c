/*-------------------------------------------------------------------------
 *
 * worker/db/params.c
 *	  Arguments of one call, as text.
 *
 *-------------------------------------------------------------------------
 */
#include "db/params.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "decimal.h"

void
arb_params_init(DbParams *params)
{
	params->count = 0;
	params->overflow = false;
}

static int
next_slot(DbParams *params)
{
	if (params->count >= DB_PARAMS_MAX)
	{
		params->overflow = true;
		return -1;
	}
	return params->count++;
}

void
arb_params_text(DbParams *params, const char *text)
{
	int			slot = next_slot(params);

	if (slot >= 0)
		params->values[slot] = text;
}

void
arb_params_null(DbParams *params)
{
	arb_params_text(params, NULL);
}

void
arb_params_int(DbParams *params, int64_t value)
{
	int			slot = next_slot(params);

	if (slot < 0)
		return;
	(void) snprintf(params->numbers[slot], sizeof(params->numbers[slot]), "%" PRId64, value);
	params->values[slot] = params->numbers[slot];
}

void
arb_params_bool(DbParams *params, bool value)
{
	arb_params_text(params, value ? "t" : "f");
}

void
arb_params_micro(DbParams *params, int64_t micro)
{
	char		text[DECIMAL_TEXT_SIZE];
	int			slot = next_slot(params);

	if (slot < 0)
		return;
	(void) arb_decimal_format_micro(micro, text);
	(void) snprintf(params->numbers[slot], sizeof(params->numbers[slot]), "%.31s", text);
	params->values[slot] = params->numbers[slot];
}
