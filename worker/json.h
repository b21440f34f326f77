/*-------------------------------------------------------------------------
 *
 * worker/json.h
 *	  Reading hostile JSON with jansson, without losing a digit.
 *
 * jansson turns every real into a double and refuses integers over 64 bits.
 * Money must not pass through a double, so the text is scanned once before
 * jansson sees it: a number literal with a fraction or an exponent, or one too
 * long for int64, is rewritten as a string that starts with JSON_NUMBER_MARK.
 * The accessors below understand the mark and give the literal back digit for
 * digit; other code never sees it.  The flag JSON_DECODE_INT_AS_REAL is never
 * used.  The same scan enforces the number grammar, the depth limit and the
 * size cap, and refuses a mark that came from outside.  Duplicate keys,
 * trailing bytes, NUL bytes and invalid UTF-8 are refused by jansson.
 *
 * Accessors of the plain name demand the field; *_optional treat a missing
 * field and null alike.  All of them leave a stable kind and a short context
 * in ParseError.  The context names fields and lengths, never values.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARBEES_JSON_H
#define ARBEES_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "decimal.h"

/* Default cap of one message, bytes; a full book of the busiest market is under 100 kB. */
#define JSON_MAX_BYTES (4u * 1024u * 1024u)
#define JSON_MAX_DEPTH 32
#define JSON_NUMBER_MARK '\x01'
/* Longest number literal accepted, bytes. */
#define JSON_NUMBER_MAX 90

typedef enum ParseErrorKind
{
	PARSE_ERROR_NONE = 0,
	PARSE_ERROR_BAD_JSON,
	PARSE_ERROR_TOO_LARGE,
	PARSE_ERROR_TOO_DEEP,
	PARSE_ERROR_WRONG_TYPE,
	PARSE_ERROR_MISSING_FIELD,
	PARSE_ERROR_OUT_OF_RANGE,
	PARSE_ERROR_UNKNOWN_TYPE,
	PARSE_ERROR_HTTP_STATUS,
	PARSE_ERROR_NO_MEMORY
} ParseErrorKind;

typedef struct ParseError
{
	ParseErrorKind kind;
	char		context[120];	/* printable ASCII, no values from the input but type names */
} ParseError;

/* arb_parse_error_name returns the stable lower snake name of a kind ("bad_json"). */
extern const char *arb_parse_error_name(ParseErrorKind kind);

/* arb_parse_fail fills *error (when not NULL) and returns false, for use in a return. */
extern bool arb_parse_fail(ParseError *error, ParseErrorKind kind, const char *format,...)
	__attribute__((format(printf, 3, 4)));

/*
 * arb_json_load parses one JSON text of any kind (object, array, scalar).
 *
 * Returns: a new reference, or NULL with *error filled.
 */
extern json_t *arb_json_load(const char *bytes, size_t len, size_t max_bytes, ParseError *error);

/* arb_json_wipe overwrites every string below node; call before json_decref of secrets. */
extern void arb_json_wipe(json_t *node);

/* Scalars by themselves. */
extern bool arb_json_is_number(const json_t *node);

/*
 * arb_json_number_text gives the decimal literal of a number, or of a string
 * that holds one.  The pointer lives as long as node, or in scratch.
 */
extern const char *arb_json_number_text(const json_t *node, char scratch[DECIMAL_TEXT_SIZE]);

/* Fields of an object.  name is the key; buf receives a terminated copy. */
extern json_t *arb_json_object_field(const json_t *object, const char *name, ParseError *error);
extern json_t *arb_json_array_field(const json_t *object, const char *name, ParseError *error);

/* Strings: printable or not, without NUL; refused when longer than size - 1. */
extern bool arb_json_text(const json_t *object, const char *name, char *buf, size_t size, ParseError *error);
extern bool arb_json_text_optional(const json_t *object, const char *name, char *buf, size_t size,
								   ParseError *error);

/* Strings of visible ASCII without quote or backslash: ids, slugs, addresses. */
extern bool arb_json_id(const json_t *object, const char *name, char *buf, size_t size, ParseError *error);
extern bool arb_json_id_optional(const json_t *object, const char *name, char *buf, size_t size,
								 ParseError *error);

/* Decimals as number or string.  Optional ones report presence; "" counts as absent. */
extern bool arb_json_micro(const json_t *object, const char *name, int64_t min, int64_t max,
						   int64_t *micro, ParseError *error);
extern bool arb_json_micro_optional(const json_t *object, const char *name, int64_t min, int64_t max,
									int64_t *micro, bool *present, ParseError *error);
extern bool arb_json_decimal(const json_t *object, const char *name, char out[DECIMAL_TEXT_SIZE],
							 ParseError *error);
extern bool arb_json_decimal_optional(const json_t *object, const char *name, char out[DECIMAL_TEXT_SIZE],
									  ParseError *error);

/* Whole numbers as number or string of digits. */
extern bool arb_json_int(const json_t *object, const char *name, int64_t min, int64_t max,
						 int64_t *value, ParseError *error);
extern bool arb_json_int_optional(const json_t *object, const char *name, int64_t min, int64_t max,
								  int64_t *value, bool *present, ParseError *error);

extern bool arb_json_bool(const json_t *object, const char *name, bool *value, ParseError *error);
extern bool arb_json_bool_optional(const json_t *object, const char *name, bool *value, bool *present,
								   ParseError *error);

/*
 * arb_json_quote appends text as a JSON string literal, quotes included.
 * Returns the length the literal needs; nothing is written beyond size.
 */
extern size_t arb_json_quote(const char *text, char *out, size_t size);

#endif							/* ARBEES_JSON_H */
