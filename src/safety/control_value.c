/*-------------------------------------------------------------------------
 *
 * src/safety/control_value.c
 *	  What a control's value may be: read, checked, in one spelling, compared.
 *
 * Knows nothing of tables: control_change.c and limit_change.c judge their rows
 * by it.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "safety/control.h"
#include "safety/control_change.h"
#include "utils/array.h"
#include "utils/builtins.h"

#define MAX_LIST_ELEMENTS	1000
#define MAX_ELEMENT_BYTES	128

/* arb_control_parse_int reads a whole decimal number, nothing before or after it. */
bool
arb_control_parse_int(const char *string, int64 *value)
{
	char	   *end;

	if (!isdigit((unsigned char) string[0]) && !(string[0] == '-' && isdigit((unsigned char) string[1])))
		return false;
	errno = 0;
	*value = strtoll(string, &end, 10);
	return errno == 0 && *end == '\0';
}

/* arb_control_parse_fixed reads plain decimal text of at most nine digits before and eight after the point. */
bool
arb_control_parse_fixed(const char *string, Fixed *value)
{
	const char *c = string;
	bool		negative = *c == '-';
	int			whole = 0;
	int			fraction = 0;
	Fixed		result = 0;

	if (negative)
		c++;
	for (; isdigit((unsigned char) *c); c++, whole++)
	{
		if (whole == 9)
			return false;
		result = result * 10 + (*c - '0');
	}
	if (whole == 0)
		return false;
	if (*c == '.')
	{
		for (c++; isdigit((unsigned char) *c); c++, fraction++)
		{
			if (fraction == FIXED_DIGITS)
				return false;
			result = result * 10 + (*c - '0');
		}
		if (fraction == 0)
			return false;
	}
	if (*c != '\0')
		return false;
	for (; fraction < FIXED_DIGITS; fraction++)
		result *= 10;
	*value = negative ? -result : result;
	return true;
}

/* arb_control_subject is what a row sets, as a message names it. */
const char *
arb_control_subject(const ControlRow *row)
{
	return row->scope == NULL ? psprintf("control \"%s\"", row->def->key) :
		psprintf("limit \"%s\" of %s%s%s", row->def->key, row->scope, row->name[0] != '\0' ? " " : "", row->name);
}

static pg_attribute_noreturn() void
wrong_type(const ControlRow *row, const char *value, const char *expected)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
			 errmsg("%s cannot be \"%s\"", arb_control_subject(row), value),
			 errdetail("It takes %s%s%s.", expected,
					   row->unit != NULL ? ", in " : "", row->unit != NULL ? row->unit : ""),
			 row->def->may_be_none && row->scope == NULL ?
			 errhint("Use arbees_set_none('%s', reason) to record that there is no limit.", row->def->key) : 0));
}

static void
check_bounds(const ControlRow *row, Fixed value)
{
	if ((row->min == FIXED_NULL || value >= row->min) && (row->max == FIXED_NULL || value <= row->max))
		return;
	ereport(ERROR,
			(errcode(ERRCODE_CHECK_VIOLATION),
			 errmsg("%s is out of bounds", arb_control_subject(row)),
			 errdetail("%s was given; it takes %s to %s%s%s.", arb_fixed_to_cstring(value),
					   row->min == FIXED_NULL ? "anything" : arb_fixed_to_cstring(row->min),
					   row->max == FIXED_NULL ? "anything" : arb_fixed_to_cstring(row->max),
					   row->unit != NULL ? " " : "", row->unit != NULL ? row->unit : "")));
}

/* The labels of a row as one text, for messages and for look-up. */
static bool
has_label(const ControlRow *row, const char *name, char **all)
{
	StringInfoData buf;
	Datum	   *elements;
	bool	   *nulls;
	int			n;
	int			i;
	bool		found = false;

	initStringInfo(&buf);
	deconstruct_array(row->labels, TEXTOID, -1, false, TYPALIGN_INT, &elements, &nulls, &n);
	for (i = 0; i < n; i++)
	{
		char	   *label = TextDatumGetCString(elements[i]);

		found = found || strcmp(label, name) == 0;
		appendStringInfo(&buf, "%s%s", i > 0 ? ", " : "", label);
	}
	*all = buf.data;
	return found;
}

static void
require_label(const ControlRow *row, const char *name)
{
	char	   *all;

	if (row->labels == NULL || has_label(row, name, &all))
		return;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("control \"%s\" has no label \"%s\"", row->def->key, name),
			 errdetail("Its labels are %s.", all)));
}

static char *
trimmed(const char *string, size_t length)
{
	while (length > 0 && isspace((unsigned char) *string))
		string++, length--;
	while (length > 0 && isspace((unsigned char) string[length - 1]))
		length--;
	return pnstrdup(string, length);
}

static void
check_element(const ControlRow *row, const char *element)
{
	if (*element == '\0' || strlen(element) > MAX_ELEMENT_BYTES)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("control \"%s\" has an element of %zu bytes", row->def->key, strlen(element)),
				 errdetail("Elements have 1 to %d bytes and are separated by commas.", MAX_ELEMENT_BYTES)));
	if (row->labels != NULL)
		require_label(row, element);
	else if (pg_strcasecmp(element, "none") == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("control \"%s\" cannot list \"%s\"", row->def->key, element),
				 errhint("Use arbees_set_none('%s', reason) for no limit, an empty list to allow nothing.",
						 row->def->key)));
}

/* Elements trimmed, duplicates dropped, single commas between: the form the readers expect. */
static char *
canonical_list(const ControlRow *row, const char *given)
{
	StringInfoData buf;
	const char *c = given;
	int			n = 0;

	initStringInfo(&buf);
	if (strspn(c, " \t\r\n") == strlen(c))
		return pstrdup("");
	for (;;)
	{
		size_t		length = strcspn(c, ",");
		char	   *element = trimmed(c, length);

		check_element(row, element);
		if (++n > MAX_LIST_ELEMENTS)
			ereport(ERROR,
					(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
					 errmsg("control \"%s\" has more than %d elements", row->def->key, MAX_LIST_ELEMENTS)));
		if (!arb_control_list_allows(buf.data, element) || strchr(element, '*') != NULL)
			appendStringInfo(&buf, "%s%s", buf.len > 0 ? "," : "", element);
		c += length;
		if (*c == '\0')
			return buf.data;
		c++;
	}
}

/* The one spelling of a value, or an error that says what is wrong with it. */
static char *
canonical(const ControlRow *row, const char *given)
{
	char	   *value;
	bool		truth;
	int64		whole;
	Fixed		fixed;

	if (row->def->kind == CONTROL_LIST)
		return canonical_list(row, given);
	value = trimmed(given, strlen(given));
	switch (row->def->kind)
	{
		case CONTROL_BOOLEAN:
			if (!parse_bool(value, &truth))
				wrong_type(row, value, "true or false");
			return pstrdup(truth ? "true" : "false");
		case CONTROL_INTEGER:
			if (!arb_control_parse_int(value, &whole) || whole < -INT64CONST(1000000000) ||
				whole > INT64CONST(1000000000))
				wrong_type(row, value, "a whole number");
			check_bounds(row, whole * FIXED_ONE);
			return psprintf(INT64_FORMAT, whole);
		case CONTROL_NUMERIC:
			if (!arb_control_parse_fixed(value, &fixed))
				wrong_type(row, value, "a decimal number of at most nine digits before and eight after the point");
			check_bounds(row, fixed);
			return arb_fixed_to_cstring(fixed);
		case CONTROL_LABEL:
			require_label(row, value);
			return value;
		case CONTROL_LIST:
			break;
	}
	elog(ERROR, "control \"%s\" is of no known kind", row->def->key);
}

/* arb_control_canonical brings value and soft value into their one spelling, or raises what is wrong with them. */
void
arb_control_canonical(ControlRow *row)
{
	if (row->value != NULL)
		row->value = canonical(row, row->value);
	if (row->soft == NULL)
		return;
	if (!row->def->is_limit)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("control \"%s\" has no soft value", row->def->key),
				 errdetail("Only limits of the gate warn before they deny.")));
	row->soft = canonical(row, row->soft);
}

static bool
list_is_subset(const char *list, const char *of)
{
	const char *c = list;

	while (*c != '\0')
	{
		size_t		length = strcspn(c, ",");
		char	   *element = pnstrdup(c, length);

		if (!arb_control_list_allows(of, element))
			return false;
		c += length;
		if (*c == ',')
			c++;
	}
	return true;
}

/* Values of the kinds whose direction is lower or higher; all of these are numbers. */
static bool
number_is_tighter(ControlTighter tighter, const char *old, const char *new)
{
	Fixed		was;
	Fixed		is;

	if (!arb_control_parse_fixed(old, &was) || !arb_control_parse_fixed(new, &is))
		return false;
	return tighter == TIGHTER_LOWER ? is <= was : is >= was;
}

static bool
value_is_tighter(const ControlRow *old, const ControlRow *new)
{
	/* NULL denies, so becoming NULL tightens and leaving it does not. */
	if (new->value == NULL && !new->is_none)
		return true;
	if (new->is_none)
		return old->is_none;
	if (old->value == NULL)
		return old->is_none;
	switch (new->def->tighter)
	{
		case TIGHTER_LOWER:
		case TIGHTER_HIGHER:
			return number_is_tighter(new->def->tighter, old->value, new->value);
		case TIGHTER_FALSE:
			return strcmp(new->value, "false") == 0;
		case TIGHTER_SUBSET:
			return list_is_subset(new->value, old->value);
		case TIGHTER_NEVER:
			break;
	}
	return false;
}

/* A warning less is looser too: somebody counts on being told. */
static bool
soft_is_tighter(const ControlRow *old, const ControlRow *new)
{
	if (old->soft == NULL || (new->soft != NULL && strcmp(old->soft, new->soft) == 0))
		return true;
	return new->soft != NULL && number_is_tighter(new->def->tighter, old->soft, new->soft);
}

/* arb_control_is_tighter tells whether a change lets no order pass that was held before. */
bool
arb_control_is_tighter(const ControlRow *old, const ControlRow *new)
{
	return value_is_tighter(old, new) && soft_is_tighter(old, new);
}

/* arb_control_require_soft_within refuses a soft value beyond the hard one: it would never warn. */
void
arb_control_require_soft_within(const ControlRow *row)
{
	if (row->soft == NULL || row->value == NULL ||
		number_is_tighter(row->def->tighter, row->value, row->soft))
		return;
	ereport(ERROR,
			(errcode(ERRCODE_CHECK_VIOLATION),
			 errmsg("the soft value of \"%s\" would never warn", row->def->key),
			 errdetail("It is %s, and orders beyond %s are denied.", row->soft, row->value)));
}

/* arb_control_same tells whether two rows say the same. */
bool
arb_control_same(const ControlRow *old, const ControlRow *new)
{
	if (old->absent != new->absent || old->is_none != new->is_none)
		return false;
	if ((old->value == NULL) != (new->value == NULL) || (old->soft == NULL) != (new->soft == NULL))
		return false;
	return (old->value == NULL || strcmp(old->value, new->value) == 0) &&
		(old->soft == NULL || strcmp(old->soft, new->soft) == 0);
}

/* arb_control_shown is a row's setting for messages. */
const char *
arb_control_shown(const ControlRow *row)
{
	const char *value = row->absent ? "not set" : row->is_none ? "none" :
		row->value == NULL ? "NULL (denies)" : row->value;

	return row->soft == NULL ? value : psprintf("%s (warns from %s)", value, row->soft);
}
