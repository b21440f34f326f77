/*-------------------------------------------------------------------------
 *
 * worker/decimal.c
 *	  Exact decimals: text in, scaled integers out, and back.
 *
 * A text is first taken apart into its digits and the place of its point;
 * everything else works on that form, so there is one grammar only.
 *
 *-------------------------------------------------------------------------
 */
#include "decimal.h"

#include <string.h>

/* value = 0.d1 d2 d3 ... * 10^point, no leading or trailing zero digit. */
typedef struct DecimalParts
{
	bool		negative;
	int			point;
	size_t		count;
	char		digits[DECIMAL_TEXT_SIZE];
} DecimalParts;

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Reads e-7, E+12; *pos stands on the e. */
static bool
scan_exponent(const char *text, size_t len, size_t *pos, int *exponent)
{
	size_t		i = *pos + 1;
	bool		negative = false;
	int			value = 0;

	if (i < len && (text[i] == '-' || text[i] == '+'))
		negative = text[i++] == '-';
	if (i >= len)
		return false;
	for (; i < len; i++)
	{
		if (!is_digit(text[i]))
			return false;
		value = value * 10 + (text[i] - '0');
		if (value > DECIMAL_EXPONENT_MAX)
			return false;
	}
	*exponent = negative ? -value : value;
	*pos = i;
	return true;
}

static bool
scan_parts(const char *text, size_t len, DecimalParts *parts)
{
	size_t		i = 0;
	size_t		seen = 0;
	bool		after_point = false;
	int			exponent = 0;

	memset(parts, 0, sizeof(*parts));
	if (len == 0 || len >= DECIMAL_TEXT_SIZE)
		return false;
	if (text[0] == '-' || text[0] == '+')
		parts->negative = text[i++] == '-';

	for (; i < len && (is_digit(text[i]) || text[i] == '.'); i++)
	{
		if (text[i] == '.')
		{
			/* Digits on both sides: "1." and ".5" are typing accidents. */
			if (after_point || seen == 0 || i + 1 >= len || !is_digit(text[i + 1]))
				return false;
			after_point = true;
			continue;
		}
		seen++;
		if (parts->count == 0 && text[i] == '0')
		{
			if (after_point)
				parts->point--;
			continue;
		}
		parts->digits[parts->count++] = text[i];
		if (!after_point)
			parts->point++;
	}
	if (seen == 0)
		return false;
	if (i < len && (text[i] == 'e' || text[i] == 'E') &&
		!scan_exponent(text, len, &i, &exponent))
		return false;
	if (i != len)
		return false;

	while (parts->count > 0 && parts->digits[parts->count - 1] == '0')
		parts->count--;
	parts->point += exponent;
	if (parts->count == 0)
	{
		parts->point = 0;
		parts->negative = false;
	}
	return true;
}

bool
arb_decimal_parse(const char *text, size_t len, int scale, int64_t *value)
{
	DecimalParts parts;
	uint64_t	total = 0;
	uint64_t	limit;
	int			places;

	if (text == NULL || scale < 0 || scale > 18 || !scan_parts(text, len, &parts))
		return false;
	if (parts.count == 0)
	{
		*value = 0;
		return true;
	}
	/* Digits left of the scaled point; fewer than we hold means a remainder. */
	places = parts.point + scale;
	if (places < (int) parts.count || places > 19)
		return false;
	for (int i = 0; i < places; i++)
	{
		unsigned	digit = i < (int) parts.count ? (unsigned) (parts.digits[i] - '0') : 0;

		if (__builtin_mul_overflow(total, (uint64_t) 10, &total) ||
			__builtin_add_overflow(total, (uint64_t) digit, &total))
			return false;
	}
	limit = (uint64_t) INT64_MAX + (parts.negative ? 1 : 0);
	if (total > limit)
		return false;
	if (parts.negative)
		*value = total == limit ? INT64_MIN : -(int64_t) total;
	else
		*value = (int64_t) total;
	return true;
}

bool
arb_decimal_parse_micro(const char *text, int64_t *micro)
{
	return text != NULL && arb_decimal_parse(text, strlen(text), DECIMAL_MICRO_SCALE, micro);
}

int64_t
arb_decimal_power_of_ten(int n)
{
	int64_t		power = 1;

	while (n-- > 0)
		power *= 10;
	return power;
}

size_t
arb_decimal_format_fixed(int64_t value, int scale, char out[DECIMAL_TEXT_SIZE])
{
	char		reversed[DECIMAL_TEXT_SIZE];
	/* Negating as unsigned, because -INT64_MIN does not exist. */
	uint64_t	rest = value < 0 ? (uint64_t) 0 - (uint64_t) value : (uint64_t) value;
	size_t		n = 0;
	size_t		len = 0;

	for (int place = 0; rest > 0 || place <= scale; place++)
	{
		if (place == scale && scale > 0)
			reversed[n++] = '.';
		reversed[n++] = (char) ('0' + rest % 10);
		rest /= 10;
	}
	if (value < 0)
		out[len++] = '-';
	while (n > 0)
		out[len++] = reversed[--n];
	out[len] = '\0';
	return len;
}

size_t
arb_decimal_format(int64_t value, int scale, char out[DECIMAL_TEXT_SIZE])
{
	size_t		len = arb_decimal_format_fixed(value, scale, out);

	if (scale > 0)
	{
		while (out[len - 1] == '0')
			len--;
		if (out[len - 1] == '.')
			len--;
		out[len] = '\0';
	}
	return len;
}

size_t
arb_decimal_format_micro(int64_t micro, char out[DECIMAL_TEXT_SIZE])
{
	return arb_decimal_format(micro, DECIMAL_MICRO_SCALE, out);
}

bool
arb_decimal_shift(const char *text, size_t len, int places, char out[DECIMAL_TEXT_SIZE])
{
	DecimalParts parts;
	int			whole;
	int			fraction;
	size_t		n = 0;

	if (text == NULL || places < -DECIMAL_TEXT_SIZE || places > DECIMAL_TEXT_SIZE ||
		!scan_parts(text, len, &parts))
		return false;
	if (parts.count == 0)
	{
		memcpy(out, "0", 2);
		return true;
	}
	parts.point += places;
	whole = parts.point > 0 ? parts.point : 0;
	fraction = (int) parts.count - parts.point;
	if (fraction < 0)
		fraction = 0;
	/* Sign, one zero before the point, the point, the terminator. */
	if (whole + fraction + 4 > DECIMAL_TEXT_SIZE)
		return false;

	if (parts.negative)
		out[n++] = '-';
	if (whole == 0)
		out[n++] = '0';
	for (int i = 0; i < whole; i++)
		out[n++] = i < (int) parts.count ? parts.digits[i] : '0';
	if (fraction > 0)
	{
		out[n++] = '.';
		for (int i = 0; i < fraction; i++)
		{
			int			at = parts.point + i;

			out[n++] = at < 0 ? '0' : parts.digits[at];
		}
	}
	out[n] = '\0';
	return true;
}

bool
arb_decimal_canonical(const char *text, size_t len, char out[DECIMAL_TEXT_SIZE])
{
	return arb_decimal_shift(text, len, 0, out);
}
