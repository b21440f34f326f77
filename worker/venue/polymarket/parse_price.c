/*-------------------------------------------------------------------------
 *
 * worker/venue/polymarket/parse_price.c
 *	  The relayed price stream: updates, history, refusals, the driven clock.
 *
 * A price comes twice, as a JSON number (a rounded double of the sender) and
 * as exact text.  The text is used; the number only guards against reading
 * the text at a wrong scale.
 *
 *-------------------------------------------------------------------------
 */
#include "parse_common.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SPOT_TOPIC "crypto_prices_chainlink"
#define EXCHANGE_TOPIC "crypto_prices"
#define TWAP_TOPIC_PREFIX "crypto_prices_twap_"
/* Decimals of the integers Chainlink topics write. */
#define CHAINLINK_DECIMALS 18
/* The number and the text may differ by a double's rounding, never by a thousandth. */
#define AGREEMENT_DIVISOR 1000
#define POINTS_MAX 10000

static bool
is_chainlink_topic(const char *topic)
{
	return strcmp(topic, SPOT_TOPIC) == 0 || strncmp(topic, TWAP_TOPIC_PREFIX, strlen(TWAP_TOPIC_PREFIX)) == 0;
}

/* First 6 decimals, rest cut off: good enough to compare magnitudes. */
static bool
magnitude(const char *text, int64_t *micro)
{
	const char *point = strchr(text, '.');
	size_t		len = strlen(text);

	if (point != NULL && len > (size_t) (point - text) + 7)
		len = (size_t) (point - text) + 7;
	return arb_decimal_parse(text, len, DECIMAL_MICRO_SCALE, micro);
}

static bool
roughly_agree(const char *exact, const char *rounded)
{
	int64_t		a;
	int64_t		b;
	int64_t		difference;

	if (!magnitude(exact, &a) || !magnitude(rounded, &b))
		return false;
	difference = a > b ? a - b : b - a;
	return difference <= b / AGREEMENT_DIVISOR + 1;
}

static bool
is_positive(const char *canonical)
{
	return canonical[0] != '-' && strcmp(canonical, "0") != 0;
}

static bool
parse_point(const json_t *object, const char *topic, PmPricePoint *point, ParseError *error)
{
	char		rounded[DECIMAL_TEXT_SIZE];
	char		exact[DECIMAL_TEXT_SIZE];

	if (!arb_json_int(object, "timestamp", 1, PM_TIME_MAX, &point->timestamp_ms, error) ||
		!arb_json_decimal_optional(object, "value", rounded, error) ||
		!arb_json_decimal_optional(object, "full_accuracy_value", exact, error))
		return false;
	if (exact[0] == '\0')
	{
		if (rounded[0] == '\0')
			return arb_parse_fail(error, PARSE_ERROR_MISSING_FIELD, "value");
		memcpy(point->value, rounded, sizeof(rounded));
	}
	else if (is_chainlink_topic(topic))
	{
		if (!arb_decimal_shift(exact, strlen(exact), -CHAINLINK_DECIMALS, point->value))
			return arb_parse_fail(error, PARSE_ERROR_OUT_OF_RANGE, "full_accuracy_value");
	}
	else
		memcpy(point->value, exact, sizeof(exact));
	if (!is_positive(point->value))
		return arb_parse_fail(error, PARSE_ERROR_OUT_OF_RANGE, "price is not positive");
	if (rounded[0] != '\0' && exact[0] != '\0' && !roughly_agree(point->value, rounded))
		return arb_parse_fail(error, PARSE_ERROR_OUT_OF_RANGE, "value and full_accuracy_value disagree");
	return true;
}

static bool
make_points(size_t count, PmPriceFrame *frame, ParseError *error)
{
	if (count > POINTS_MAX)
	{
		arb_parse_fail(error, PARSE_ERROR_TOO_LARGE, "%zu prices", count);
		return false;
	}
	frame->points = calloc(count == 0 ? 1 : count, sizeof(*frame->points));
	if (frame->points != NULL)
		return true;
	arb_parse_fail(error, PARSE_ERROR_NO_MEMORY, "%zu prices", count);
	return false;
}

static bool
parse_update(const json_t *payload, PmPriceFrame *frame, ParseError *error)
{
	frame->kind = PM_PRICE_UPDATE;
	if (!make_points(1, frame, error) || !parse_point(payload, frame->topic, &frame->points[0], error))
		return false;
	frame->count = 1;
	return true;
}

static bool
parse_history(const json_t *payload, PmPriceFrame *frame, ParseError *error)
{
	const json_t *data = arb_json_array_field(payload, "data", error);

	frame->kind = PM_PRICE_HISTORY;
	/* The spot history comes under the exchange's name; pairs with a slash are Chainlink's. */
	if (strcmp(frame->topic, EXCHANGE_TOPIC) == 0 && strchr(frame->symbol, '/') != NULL)
		memcpy(frame->topic, SPOT_TOPIC, sizeof(SPOT_TOPIC));
	if (data == NULL || !make_points(json_array_size(data), frame, error))
		return false;
	for (size_t i = 0; i < json_array_size(data); i++)
	{
		if (!parse_point(json_array_get(data, i), frame->topic, &frame->points[i], error))
			return false;
	}
	frame->count = json_array_size(data);
	return true;
}

static bool
parse_frame(const json_t *root, PmPriceFrame *frame, ParseError *error)
{
	char		type[PM_STATUS_SIZE];
	const json_t *payload;
	int64_t		status = 0;
	bool		present = false;

	if (!json_is_object(root))
		return arb_parse_fail(error, PARSE_ERROR_WRONG_TYPE, "frame is no object");
	if (!arb_json_int_optional(root, "statusCode", 0, 999, &status, &present, error) ||
		!arb_json_text_optional(root, "event_type", type, sizeof(type), error))
		return false;
	if (present && status >= 400)
	{
		frame->kind = PM_PRICE_REFUSED;
		frame->status_code = (int) status;
		return true;
	}
	if (strcmp(type, "clock") == 0)
	{
		frame->kind = PM_PRICE_CLOCK;
		return arb_pm_clock_fields(root, &frame->seq, &frame->sent_ms, error);
	}
	if (strcmp(type, "end") == 0)
	{
		frame->kind = PM_PRICE_END;
		return true;
	}
	if (present)
	{
		frame->kind = PM_PRICE_UNKNOWN;
		return true;
	}
	if (!arb_json_id(root, "topic", frame->topic, sizeof(frame->topic), error) ||
		!arb_json_text(root, "type", type, sizeof(type), error) ||
		!arb_pm_when_field(root, "timestamp", &frame->sent_ms, error))
		return false;
	frame->kind = PM_PRICE_UNKNOWN;
	if (strcmp(type, "update") != 0 && strcmp(type, "subscribe") != 0)
		return true;
	payload = arb_json_object_field(root, "payload", error);
	if (payload == NULL || !arb_json_id(payload, "symbol", frame->symbol, sizeof(frame->symbol), error))
		return false;
	return strcmp(type, "update") == 0 ? parse_update(payload, frame, error) :
		parse_history(payload, frame, error);
}

bool
arb_pm_parse_price(const char *bytes, size_t len, PmPriceFrame *frame, ParseError *error)
{
	json_t	   *root;
	bool		done;

	memset(frame, 0, sizeof(*frame));
	if (arb_pm_is_control_text(bytes, len))
		return true;
	root = arb_json_load(bytes, len, JSON_MAX_BYTES, error);
	if (root == NULL)
		return false;
	done = parse_frame(root, frame, error);
	json_decref(root);
	if (!done)
		arb_pm_price_frame_free(frame);
	return done;
}

void
arb_pm_price_frame_free(PmPriceFrame *frame)
{
	free(frame->points);
	memset(frame, 0, sizeof(*frame));
}
