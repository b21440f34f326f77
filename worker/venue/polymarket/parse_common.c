/*-------------------------------------------------------------------------
 *
 * worker/venue/polymarket/parse_common.c
 *	  What the parsers of this venue share: ids, prices, times, control text.
 *
 *-------------------------------------------------------------------------
 */
#include "parse_common.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

/* Below this a bare number is seconds, from here on milliseconds (year 5138 against 1973). */
#define SECONDS_LIMIT INT64_C(100000000000)
#define CONTROL_TEXT_MAX 64

bool
arb_pm_token_is_valid(const char *text)
{
	size_t		len = strlen(text);

	return len >= 1 && len < VENUE_SYMBOL_SIZE - 1 && strspn(text, "0123456789") == len;
}

bool
arb_pm_token_field(const json_t *object, const char *name, char out[VENUE_SYMBOL_SIZE], ParseError *error)
{
	if (!arb_json_id(object, name, out, VENUE_SYMBOL_SIZE, error))
		return false;
	if (!arb_pm_token_is_valid(out))
		return arb_parse_fail(error, PARSE_ERROR_OUT_OF_RANGE, "%s is no token id", name);
	return true;
}

bool
arb_pm_price_field(const json_t *object, const char *name, int64_t *price, ParseError *error)
{
	return arb_json_micro(object, name, 0, DECIMAL_MICRO, price, error);
}

bool
arb_pm_qty_field(const json_t *object, const char *name, int64_t *qty, ParseError *error)
{
	return arb_json_micro(object, name, 0, PM_QTY_MAX, qty, error);
}

bool
arb_pm_side_field(const json_t *object, const char *name, OrderSide *side, ParseError *error)
{
	char		text[8];

	if (!arb_json_id(object, name, text, sizeof(text), error))
		return false;
	*side = arb_order_side_parse(text);
	if (*side == ORDER_SIDE_NONE)
		return arb_parse_fail(error, PARSE_ERROR_OUT_OF_RANGE, "%s is neither BUY nor SELL", name);
	return true;
}

/* ----- times ----- */

/* Reads exactly count digits and moves on. */
static bool
take_digits(const char **text, int count, int *value)
{
	*value = 0;
	for (int i = 0; i < count; i++)
	{
		if (**text < '0' || **text > '9')
			return false;
		*value = *value * 10 + (**text - '0');
		(*text)++;
	}
	return true;
}

static bool
take_char(const char **text, char c)
{
	if (**text != c)
		return false;
	(*text)++;
	return true;
}

/* Z, +00, +00:00, +0000, or nothing, which the venue uses for UTC. */
static bool
take_zone(const char **text, int *offset_minutes)
{
	bool		west;
	int			hours;
	int			minutes = 0;

	*offset_minutes = 0;
	if (**text == '\0' || take_char(text, 'Z'))
		return **text == '\0';
	if (**text != '+' && **text != '-')
		return false;
	west = *(*text)++ == '-';
	if (!take_digits(text, 2, &hours))
		return false;
	if (**text != '\0')
	{
		(void) take_char(text, ':');
		if (!take_digits(text, 2, &minutes))
			return false;
	}
	*offset_minutes = (hours * 60 + minutes) * (west ? -1 : 1);
	return **text == '\0';
}

/* Milliseconds of a fraction of any length; the rest is dropped. */
static bool
take_fraction(const char **text, int *milliseconds)
{
	int			weight = 100;

	*milliseconds = 0;
	if (!take_char(text, '.'))
		return true;
	if (**text < '0' || **text > '9')
		return false;
	for (; **text >= '0' && **text <= '9'; (*text)++)
	{
		*milliseconds += (**text - '0') * weight;
		weight /= 10;
	}
	return true;
}

static bool
parse_date(const char *text, int64_t *ms)
{
	struct tm	broken = {0};
	int			year;
	int			month;
	int			milliseconds;
	int			offset;

	if (!take_digits(&text, 4, &year) || !take_char(&text, '-') ||
		!take_digits(&text, 2, &month) || !take_char(&text, '-') ||
		!take_digits(&text, 2, &broken.tm_mday) || !(take_char(&text, 'T') || take_char(&text, ' ')) ||
		!take_digits(&text, 2, &broken.tm_hour) || !take_char(&text, ':') ||
		!take_digits(&text, 2, &broken.tm_min) || !take_char(&text, ':') ||
		!take_digits(&text, 2, &broken.tm_sec) || !take_fraction(&text, &milliseconds) ||
		!take_zone(&text, &offset))
		return false;
	if (year < 1970 || year > 2100 || month < 1 || month > 12 || broken.tm_mday < 1 || broken.tm_mday > 31 ||
		broken.tm_hour > 23 || broken.tm_min > 59 || broken.tm_sec > 60)
		return false;
	broken.tm_year = year - 1900;
	broken.tm_mon = month - 1;
	*ms = (int64_t) timegm(&broken) * 1000 + milliseconds - (int64_t) offset * 60000;
	return *ms >= 0;
}

bool
arb_pm_parse_when(const char *text, int64_t *ms)
{
	int64_t		number;

	if (text == NULL)
		return false;
	if (strspn(text, "0123456789") != strlen(text))
		return parse_date(text, ms);
	if (!arb_decimal_parse(text, strlen(text), 0, &number) || number > PM_TIME_MAX)
		return false;
	*ms = number < SECONDS_LIMIT ? number * 1000 : number;
	return *ms <= PM_TIME_MAX;
}

bool
arb_pm_when_field(const json_t *object, const char *name, int64_t *ms, ParseError *error)
{
	const json_t *field = json_object_get(object, name);
	char		scratch[DECIMAL_TEXT_SIZE];
	const char *text;

	*ms = 0;
	if (field == NULL || json_is_null(field))
		return true;
	text = arb_json_number_text(field, scratch);
	if (text == NULL)
		return arb_parse_fail(error, PARSE_ERROR_WRONG_TYPE, "%s is no time", name);
	if (text[0] == '\0')
		return true;
	if (!arb_pm_parse_when(text, ms))
		return arb_parse_fail(error, PARSE_ERROR_OUT_OF_RANGE, "%s is no time we understand", name);
	return true;
}

bool
arb_pm_clock_fields(const json_t *object, int64_t *seq, int64_t *timestamp_ms, ParseError *error)
{
	return arb_json_int(object, "seq", 0, PM_SEQ_MAX, seq, error) &&
		arb_json_int(object, "timestamp", 0, PM_TIME_MAX, timestamp_ms, error);
}

/* ----- frames ----- */

bool
arb_pm_is_control_text(const char *bytes, size_t len)
{
	if (len > CONTROL_TEXT_MAX)
		return false;
	for (size_t i = 0; i < len; i++)
	{
		bool		letter = bytes[i] >= 'A' && bytes[i] <= 'Z';

		if (!letter && bytes[i] != ' ' && bytes[i] != '\n' && bytes[i] != '\r')
			return false;
	}
	return true;
}

void
arb_pm_clean_text(const char *text, char *out, size_t size)
{
	size_t		n = 0;

	for (; *text != '\0' && n + 1 < size; text++)
		out[n++] = (char) (*text >= 0x20 && *text <= 0x7e ? *text : '?');
	out[n] = '\0';
}

size_t
arb_pm_frame_count(const json_t *root)
{
	return json_is_array(root) ? json_array_size(root) : 1;
}

const json_t *
arb_pm_frame_item(const json_t *root, size_t index)
{
	return json_is_array(root) ? json_array_get(root, index) : root;
}
