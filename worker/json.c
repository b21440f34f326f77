/*-------------------------------------------------------------------------
 *
 * worker/json.c
 *	  Reading hostile JSON with jansson, without losing a digit.
 *
 * See json.h for why numbers are marked before jansson sees them.
 *
 *-------------------------------------------------------------------------
 */
#include "json.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Texts up to this size are marked on the stack. */
#define STACK_TEXT_SIZE 16384
/* Integers of up to this many digits always fit int64. */
#define SAFE_INTEGER_DIGITS 18

static const char *const ParseErrorNames[] = {
	[PARSE_ERROR_NONE] = "none",
	[PARSE_ERROR_BAD_JSON] = "bad_json",
	[PARSE_ERROR_TOO_LARGE] = "too_large",
	[PARSE_ERROR_TOO_DEEP] = "too_deep",
	[PARSE_ERROR_WRONG_TYPE] = "wrong_type",
	[PARSE_ERROR_MISSING_FIELD] = "missing_field",
	[PARSE_ERROR_OUT_OF_RANGE] = "out_of_range",
	[PARSE_ERROR_UNKNOWN_TYPE] = "unknown_type",
	[PARSE_ERROR_HTTP_STATUS] = "http_status",
	[PARSE_ERROR_NO_MEMORY] = "no_memory",
};

const char *
arb_parse_error_name(ParseErrorKind kind)
{
	if ((size_t) kind >= sizeof(ParseErrorNames) / sizeof(ParseErrorNames[0]))
		return "none";
	return ParseErrorNames[kind];
}

bool
arb_parse_fail(ParseError *error, ParseErrorKind kind, const char *format,...)
{
	va_list		args;

	if (error == NULL)
		return false;
	error->kind = kind;
	va_start(args, format);
	vsnprintf(error->context, sizeof(error->context), format, args);
	va_end(args);
	/* The context may quote a type name of the input; keep log lines intact. */
	for (char *c = error->context; *c != '\0'; c++)
	{
		if (*c < 0x20 || *c > 0x7e)
			*c = '?';
	}
	return false;
}

/* ----- the scan before jansson ----- */

typedef struct Marker
{
	const char *in;
	size_t		len;
	size_t		pos;
	char	   *out;
	size_t		written;
} Marker;

static bool
is_digit_at(const Marker *marker, size_t pos)
{
	return pos < marker->len && marker->in[pos] >= '0' && marker->in[pos] <= '9';
}

/*
 * Copies a string literal.  An escaped mark would let the outside pass a
 * string off as a number, so it is refused like a raw one.
 */
static bool
copy_string(Marker *marker, ParseError *error)
{
	size_t		start = marker->pos++;

	while (marker->pos < marker->len && marker->in[marker->pos] != '"')
	{
		if ((unsigned char) marker->in[marker->pos] < 0x20)
			return arb_parse_fail(error, PARSE_ERROR_BAD_JSON, "control character in a string");
		if (marker->in[marker->pos] == '\\')
		{
			if (marker->len - marker->pos >= 6 && memcmp(marker->in + marker->pos, "\\u0001", 6) == 0)
				return arb_parse_fail(error, PARSE_ERROR_BAD_JSON, "control character in a string");
			marker->pos++;
		}
		marker->pos++;
	}
	if (marker->pos >= marker->len)
		return arb_parse_fail(error, PARSE_ERROR_BAD_JSON, "unterminated string");
	marker->pos++;
	memcpy(marker->out + marker->written, marker->in + start, marker->pos - start);
	marker->written += marker->pos - start;
	return true;
}

/* Finds the end of a number by the JSON grammar; *plain when it is a short integer. */
static bool
scan_number(const Marker *marker, size_t *end, bool *plain)
{
	size_t		pos = marker->pos;
	size_t		first;

	*plain = true;
	if (marker->in[pos] == '-')
		pos++;
	first = pos;
	if (!is_digit_at(marker, pos))
		return false;
	if (marker->in[pos] == '0')
		pos++;
	else
	{
		while (is_digit_at(marker, pos))
			pos++;
	}
	if (pos - first > SAFE_INTEGER_DIGITS)
		*plain = false;
	if (pos < marker->len && marker->in[pos] == '.')
	{
		*plain = false;
		if (!is_digit_at(marker, ++pos))
			return false;
		while (is_digit_at(marker, pos))
			pos++;
	}
	if (pos < marker->len && (marker->in[pos] == 'e' || marker->in[pos] == 'E'))
	{
		*plain = false;
		pos++;
		if (pos < marker->len && (marker->in[pos] == '+' || marker->in[pos] == '-'))
			pos++;
		if (!is_digit_at(marker, pos))
			return false;
		while (is_digit_at(marker, pos))
			pos++;
	}
	/* "01", "1x", "-1-": a number must end where a value may end. */
	if (pos < marker->len && strchr(" \t\r\n,]}", marker->in[pos]) == NULL)
		return false;
	*end = pos;
	return true;
}

static bool
copy_number(Marker *marker, ParseError *error)
{
	static const char mark[] = "\"\\u0001";
	size_t		end;
	size_t		len;
	bool		plain;

	if (!scan_number(marker, &end, &plain))
		return arb_parse_fail(error, PARSE_ERROR_BAD_JSON, "malformed number at byte %zu", marker->pos);
	len = end - marker->pos;
	if (len > JSON_NUMBER_MAX)
		return arb_parse_fail(error, PARSE_ERROR_OUT_OF_RANGE, "number of %zu characters", len);
	if (!plain)
	{
		memcpy(marker->out + marker->written, mark, sizeof(mark) - 1);
		marker->written += sizeof(mark) - 1;
	}
	memcpy(marker->out + marker->written, marker->in + marker->pos, len);
	marker->written += len;
	if (!plain)
		marker->out[marker->written++] = '"';
	marker->pos = end;
	return true;
}

/* Rewrites the whole text; marker->out has room for marked_size() bytes. */
static bool
mark_numbers(Marker *marker, ParseError *error)
{
	int			depth = 0;

	while (marker->pos < marker->len)
	{
		char		c = marker->in[marker->pos];

		if (c == '"')
		{
			if (!copy_string(marker, error))
				return false;
			continue;
		}
		if (c == '-' || (c >= '0' && c <= '9'))
		{
			if (!copy_number(marker, error))
				return false;
			continue;
		}
		if (c == '{' || c == '[')
		{
			if (++depth > JSON_MAX_DEPTH)
				return arb_parse_fail(error, PARSE_ERROR_TOO_DEEP, "more than %d levels", JSON_MAX_DEPTH);
		}
		else if (c == '}' || c == ']')
			depth--;
		/* jansson skips a NUL byte that follows a number. */
		else if ((unsigned char) c < 0x20 && c != '\t' && c != '\n' && c != '\r')
			return arb_parse_fail(error, PARSE_ERROR_BAD_JSON, "control character at byte %zu", marker->pos);
		marker->out[marker->written++] = c;
		marker->pos++;
	}
	return true;
}

/*
 * A marked number grows by 8 bytes and takes at least 3 itself ("1.5", with a
 * delimiter 4), so three times the input always holds the output.
 */
static size_t
marked_size(size_t len)
{
	return 3 * len + 16;
}

json_t *
arb_json_load(const char *bytes, size_t len, size_t max_bytes, ParseError *error)
{
	char		stack[STACK_TEXT_SIZE];
	Marker		marker = {.in = bytes, .len = len};
	json_error_t detail;
	json_t	   *root = NULL;

	if (bytes == NULL || len == 0)
	{
		arb_parse_fail(error, PARSE_ERROR_BAD_JSON, "empty text");
		return NULL;
	}
	if (len > max_bytes)
	{
		arb_parse_fail(error, PARSE_ERROR_TOO_LARGE, "%zu bytes, limit %zu", len, max_bytes);
		return NULL;
	}
	marker.out = marked_size(len) <= sizeof(stack) ? stack : malloc(marked_size(len));
	if (marker.out == NULL)
	{
		arb_parse_fail(error, PARSE_ERROR_NO_MEMORY, "%zu bytes", len);
		return NULL;
	}
	if (mark_numbers(&marker, error))
	{
		root = json_loadb(marker.out, marker.written, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &detail);
		/* jansson's own text quotes the input, which may be a secret: keep the code only. */
		if (root == NULL)
			arb_parse_fail(error, PARSE_ERROR_BAD_JSON, "code %d near line %d of %zu bytes",
						   (int) json_error_code(&detail), detail.line, len);
	}
	explicit_bzero(marker.out, marker.written);
	if (marker.out != stack)
		free(marker.out);
	return root;
}

void
arb_json_wipe(json_t *node)
{
	const char *key;
	size_t		index;
	json_t	   *child;

	if (json_is_string(node))
	{
		/* The only owner of the string is about to drop it. */
		explicit_bzero((char *) (uintptr_t) json_string_value(node), json_string_length(node));
		return;
	}
	json_object_foreach(node, key, child)
		arb_json_wipe(child);
	json_array_foreach(node, index, child)
		arb_json_wipe(child);
}

/* ----- scalars ----- */

static bool
is_marked(const json_t *node)
{
	return json_is_string(node) && json_string_value(node)[0] == JSON_NUMBER_MARK;
}

static bool
is_plain_string(const json_t *node)
{
	return json_is_string(node) && !is_marked(node);
}

bool
arb_json_is_number(const json_t *node)
{
	return json_is_integer(node) || is_marked(node);
}

const char *
arb_json_number_text(const json_t *node, char scratch[DECIMAL_TEXT_SIZE])
{
	if (json_is_integer(node))
	{
		snprintf(scratch, DECIMAL_TEXT_SIZE, "%lld", (long long) json_integer_value(node));
		return scratch;
	}
	if (is_marked(node))
		return json_string_value(node) + 1;
	return json_is_string(node) ? json_string_value(node) : NULL;
}

/* ----- fields ----- */

/* NULL with an error when object is none or the field is missing or null. */
static json_t *
demand_field(const json_t *object, const char *name, ParseError *error)
{
	json_t	   *field;

	if (!json_is_object(object))
	{
		arb_parse_fail(error, PARSE_ERROR_WRONG_TYPE, "no object where %s was expected", name);
		return NULL;
	}
	field = json_object_get(object, name);
	if (field == NULL || json_is_null(field))
	{
		arb_parse_fail(error, PARSE_ERROR_MISSING_FIELD, "%s", name);
		return NULL;
	}
	return field;
}

static bool
is_absent(const json_t *object, const char *name)
{
	json_t	   *field = json_object_get(object, name);

	return field == NULL || json_is_null(field);
}

/* Absent, or the empty text the venue writes where it has no number. */
static bool
is_blank(const json_t *object, const char *name)
{
	json_t	   *field = json_object_get(object, name);

	return is_absent(object, name) || (is_plain_string(field) && json_string_length(field) == 0);
}

json_t *
arb_json_object_field(const json_t *object, const char *name, ParseError *error)
{
	json_t	   *field = demand_field(object, name, error);

	if (field != NULL && !json_is_object(field))
	{
		arb_parse_fail(error, PARSE_ERROR_WRONG_TYPE, "%s is no object", name);
		return NULL;
	}
	return field;
}

json_t *
arb_json_array_field(const json_t *object, const char *name, ParseError *error)
{
	json_t	   *field = demand_field(object, name, error);

	if (field != NULL && !json_is_array(field))
	{
		arb_parse_fail(error, PARSE_ERROR_WRONG_TYPE, "%s is no array", name);
		return NULL;
	}
	return field;
}

bool
arb_json_text(const json_t *object, const char *name, char *buf, size_t size, ParseError *error)
{
	const json_t *field = demand_field(object, name, error);

	if (field == NULL)
		return false;
	if (!is_plain_string(field))
		return arb_parse_fail(error, PARSE_ERROR_WRONG_TYPE, "%s is no string", name);
	if (json_string_length(field) >= size)
		return arb_parse_fail(error, PARSE_ERROR_OUT_OF_RANGE, "%s has %zu bytes", name,
							  json_string_length(field));
	memcpy(buf, json_string_value(field), json_string_length(field) + 1);
	return true;
}

bool
arb_json_text_optional(const json_t *object, const char *name, char *buf, size_t size, ParseError *error)
{
	buf[0] = '\0';
	return is_absent(object, name) || arb_json_text(object, name, buf, size, error);
}

bool
arb_json_id(const json_t *object, const char *name, char *buf, size_t size, ParseError *error)
{
	if (!arb_json_text(object, name, buf, size, error))
		return false;
	if (buf[0] == '\0')
		return arb_parse_fail(error, PARSE_ERROR_MISSING_FIELD, "%s is empty", name);
	for (const char *c = buf; *c != '\0'; c++)
	{
		if (*c <= 0x20 || *c > 0x7e || *c == '"' || *c == '\\')
			return arb_parse_fail(error, PARSE_ERROR_OUT_OF_RANGE, "%s holds a character no id has", name);
	}
	return true;
}

bool
arb_json_id_optional(const json_t *object, const char *name, char *buf, size_t size, ParseError *error)
{
	buf[0] = '\0';
	return is_blank(object, name) || arb_json_id(object, name, buf, size, error);
}

/* The literal of a field that must be a number or a string holding one. */
static const char *
demand_number(const json_t *object, const char *name, char scratch[DECIMAL_TEXT_SIZE], ParseError *error)
{
	const json_t *field = demand_field(object, name, error);
	const char *text;

	if (field == NULL)
		return NULL;
	text = arb_json_number_text(field, scratch);
	if (text == NULL)
		arb_parse_fail(error, PARSE_ERROR_WRONG_TYPE, "%s is no number", name);
	return text;
}

/* Tells a number that does not fit from a text that is none. */
static bool
refuse_number(const char *text, const char *name, ParseError *error)
{
	char		scratch[DECIMAL_TEXT_SIZE];

	if (arb_decimal_canonical(text, strlen(text), scratch))
		return arb_parse_fail(error, PARSE_ERROR_OUT_OF_RANGE, "%s", name);
	return arb_parse_fail(error, PARSE_ERROR_WRONG_TYPE, "%s is no number", name);
}

static bool
scaled_field(const json_t *object, const char *name, int scale, int64_t min, int64_t max,
			 int64_t *value, ParseError *error)
{
	char		scratch[DECIMAL_TEXT_SIZE];
	const char *text = demand_number(object, name, scratch, error);

	if (text == NULL)
		return false;
	if (!arb_decimal_parse(text, strlen(text), scale, value))
		return refuse_number(text, name, error);
	if (*value < min || *value > max)
		return arb_parse_fail(error, PARSE_ERROR_OUT_OF_RANGE, "%s", name);
	return true;
}

static bool
scaled_field_optional(const json_t *object, const char *name, int scale, int64_t min, int64_t max,
					  int64_t *value, bool *present, ParseError *error)
{
	bool		blank = is_blank(object, name);

	if (present != NULL)
		*present = !blank;
	return blank || scaled_field(object, name, scale, min, max, value, error);
}

bool
arb_json_micro(const json_t *object, const char *name, int64_t min, int64_t max, int64_t *micro,
			   ParseError *error)
{
	return scaled_field(object, name, DECIMAL_MICRO_SCALE, min, max, micro, error);
}

bool
arb_json_micro_optional(const json_t *object, const char *name, int64_t min, int64_t max,
						int64_t *micro, bool *present, ParseError *error)
{
	return scaled_field_optional(object, name, DECIMAL_MICRO_SCALE, min, max, micro, present, error);
}

bool
arb_json_int(const json_t *object, const char *name, int64_t min, int64_t max, int64_t *value,
			 ParseError *error)
{
	return scaled_field(object, name, 0, min, max, value, error);
}

bool
arb_json_int_optional(const json_t *object, const char *name, int64_t min, int64_t max,
					  int64_t *value, bool *present, ParseError *error)
{
	return scaled_field_optional(object, name, 0, min, max, value, present, error);
}

bool
arb_json_decimal(const json_t *object, const char *name, char out[DECIMAL_TEXT_SIZE], ParseError *error)
{
	char		scratch[DECIMAL_TEXT_SIZE];
	const char *text = demand_number(object, name, scratch, error);

	if (text == NULL)
		return false;
	if (!arb_decimal_canonical(text, strlen(text), out))
		return refuse_number(text, name, error);
	return true;
}

bool
arb_json_decimal_optional(const json_t *object, const char *name, char out[DECIMAL_TEXT_SIZE],
						  ParseError *error)
{
	out[0] = '\0';
	return is_blank(object, name) || arb_json_decimal(object, name, out, error);
}

bool
arb_json_bool(const json_t *object, const char *name, bool *value, ParseError *error)
{
	const json_t *field = demand_field(object, name, error);

	if (field == NULL)
		return false;
	if (!json_is_boolean(field))
		return arb_parse_fail(error, PARSE_ERROR_WRONG_TYPE, "%s is no boolean", name);
	*value = json_is_true(field);
	return true;
}

bool
arb_json_bool_optional(const json_t *object, const char *name, bool *value, bool *present,
					   ParseError *error)
{
	bool		absent = is_absent(object, name);

	if (present != NULL)
		*present = !absent;
	return absent || arb_json_bool(object, name, value, error);
}

/* ----- writing ----- */

static void
put_byte(char *out, size_t size, size_t *len, char c)
{
	if (*len < size)
		out[*len] = c;
	(*len)++;
}

size_t
arb_json_quote(const char *text, char *out, size_t size)
{
	static const char hex[] = "0123456789abcdef";
	size_t		len = 0;

	put_byte(out, size, &len, '"');
	for (const unsigned char *c = (const unsigned char *) text; *c != '\0'; c++)
	{
		if (*c == '"' || *c == '\\')
		{
			put_byte(out, size, &len, '\\');
			put_byte(out, size, &len, (char) *c);
		}
		else if (*c < 0x20)
		{
			const char	escape[] = {'\\', 'u', '0', '0', hex[*c >> 4], hex[*c & 15]};

			for (size_t i = 0; i < sizeof(escape); i++)
				put_byte(out, size, &len, escape[i]);
		}
		else
			put_byte(out, size, &len, (char) *c);
	}
	put_byte(out, size, &len, '"');
	return len;
}
