/*-------------------------------------------------------------------------
 *
 * worker/venue/polymarket/parse_metadata.c
 *	  What a market is: Gamma events and markets, and two CLOB descriptions.
 *
 * Gamma writes arrays as JSON inside strings and changes numbers between
 * integers, floats and strings at will; all forms are read here, none is
 * believed about prices except the final 1/0.
 *
 *-------------------------------------------------------------------------
 */
#include "parse_common.h"

#include <string.h>

#include "amounts.h"

#define FEE_RATE_MAX DECIMAL_MICRO

/*
 * The two elements of a field that is an array, or a string holding one.
 * The result is a new reference, or NULL: with *absent set when there is
 * nothing, with an error otherwise.
 */
static json_t *
pair_field(const json_t *object, const char *name, bool *absent, ParseError *error)
{
	json_t	   *field = json_object_get(object, name);
	json_t	   *pair;

	*absent = field == NULL || json_is_null(field) ||
		(json_is_string(field) && json_string_length(field) == 0);
	if (*absent)
		return NULL;
	if (json_is_string(field))
		pair = arb_json_load(json_string_value(field), json_string_length(field), JSON_MAX_BYTES, error);
	else
		pair = json_incref(field);
	if (pair == NULL)
		return NULL;
	if (!json_is_array(pair))
		arb_parse_fail(error, PARSE_ERROR_WRONG_TYPE, "%s is no array", name);
	else if (json_array_size(pair) == 0)
		*absent = true;
	else if (json_array_size(pair) != 2)
		arb_parse_fail(error, PARSE_ERROR_OUT_OF_RANGE, "%s has %zu elements", name, json_array_size(pair));
	else
		return pair;
	json_decref(pair);
	return NULL;
}

static bool
copy_outcome(const json_t *node, char out[PM_STATUS_SIZE], ParseError *error)
{
	if (!json_is_string(node) || json_string_length(node) >= PM_STATUS_SIZE)
		return arb_parse_fail(error, PARSE_ERROR_WRONG_TYPE, "outcome is no short text");
	arb_pm_clean_text(json_string_value(node), out, PM_STATUS_SIZE);
	return true;
}

/* Token ids are empty texts while a new market is being set up. */
static bool
copy_token(const json_t *node, char out[VENUE_SYMBOL_SIZE], ParseError *error)
{
	if (!json_is_string(node) || json_string_length(node) >= VENUE_SYMBOL_SIZE ||
		(json_string_length(node) > 0 && !arb_pm_token_is_valid(json_string_value(node))))
		return arb_parse_fail(error, PARSE_ERROR_OUT_OF_RANGE, "token id is none");
	memcpy(out, json_string_value(node), json_string_length(node) + 1);
	return true;
}

static bool
copy_price(const json_t *node, char out[DECIMAL_TEXT_SIZE], ParseError *error)
{
	char		scratch[DECIMAL_TEXT_SIZE];
	const char *text = arb_json_number_text(node, scratch);

	if (text == NULL || !arb_decimal_canonical(text, strlen(text), out))
		return arb_parse_fail(error, PARSE_ERROR_WRONG_TYPE, "outcome price is no number");
	return true;
}

static bool
parse_outcomes(const json_t *object, PmGammaMarket *market, ParseError *error)
{
	bool		absent;
	bool		done;
	json_t	   *pair = pair_field(object, "outcomes", &absent, error);

	if (pair == NULL)
		return absent;
	done = copy_outcome(json_array_get(pair, 0), market->outcomes[0], error) &&
		copy_outcome(json_array_get(pair, 1), market->outcomes[1], error);
	json_decref(pair);
	return done;
}

static bool
parse_tokens(const json_t *object, PmGammaMarket *market, ParseError *error)
{
	bool		absent;
	bool		done;
	json_t	   *pair = pair_field(object, "clobTokenIds", &absent, error);

	if (pair == NULL)
		return absent;
	done = copy_token(json_array_get(pair, 0), market->token_ids[0], error) &&
		copy_token(json_array_get(pair, 1), market->token_ids[1], error);
	json_decref(pair);
	return done;
}

static bool
parse_outcome_prices(const json_t *object, PmGammaMarket *market, ParseError *error)
{
	bool		absent;
	bool		done;
	json_t	   *pair = pair_field(object, "outcomePrices", &absent, error);

	if (pair == NULL)
		return absent;
	done = copy_price(json_array_get(pair, 0), market->outcome_prices[0], error) &&
		copy_price(json_array_get(pair, 1), market->outcome_prices[1], error);
	json_decref(pair);
	return done;
}

static bool
prices_are(const PmGammaMarket *market, const char *first, const char *second)
{
	return strcmp(market->outcome_prices[0], first) == 0 && strcmp(market->outcome_prices[1], second) == 0;
}

/* 0.9995 is a price, not a result: only closed and exactly 1/0 is final. */
static PmResolution
resolution_of(const PmGammaMarket *market)
{
	if (!market->closed)
		return PM_RESOLUTION_NONE;
	if (prices_are(market, "1", "0"))
		return PM_RESOLUTION_FIRST;
	if (prices_are(market, "0", "1"))
		return PM_RESOLUTION_SECOND;
	if (prices_are(market, "0.5", "0.5"))
		return PM_RESOLUTION_SPLIT;
	return PM_RESOLUTION_NONE;
}

static bool
parse_schedule(const json_t *schedule, const char *rate_name, const char *exponent_name, int64_t *rate,
			   int *exponent, ParseError *error)
{
	int64_t		power;

	if (!arb_json_micro(schedule, rate_name, 0, FEE_RATE_MAX, rate, error) ||
		!arb_json_int(schedule, exponent_name, 0, PM_FEE_EXPONENT_MAX, &power, error))
		return false;
	*exponent = (int) power;
	return true;
}

static bool
parse_gamma_fees(const json_t *object, PmGammaMarket *market, ParseError *error)
{
	const json_t *schedule = json_object_get(object, "feeSchedule");
	bool		enabled = false;

	if (!arb_json_bool_optional(object, "feesEnabled", &enabled, NULL, error))
		return false;
	market->fees_known = true;
	if (!enabled)
		return true;
	if (schedule == NULL || json_is_null(schedule))
	{
		market->fees_known = false;
		return true;
	}
	return parse_schedule(schedule, "rate", "exponent", &market->fee_rate, &market->fee_exponent, error);
}

static bool
parse_event_metadata(const json_t *event, PmGammaMarket *market, ParseError *error)
{
	const json_t *metadata = json_object_get(event, "eventMetadata");

	if (!json_is_object(metadata))
		return true;
	return arb_json_decimal_optional(metadata, "priceToBeat", market->price_to_beat, error) &&
		arb_json_decimal_optional(metadata, "finalPrice", market->final_price, error);
}

static bool
parse_gamma_market(const json_t *object, PmGammaMarket *market, ParseError *error)
{
	const json_t *config = json_object_get(object, "cryptoMarketConfig");
	int64_t		twap = 0;

	if (!arb_json_id(object, "slug", market->slug, sizeof(market->slug), error) ||
		!arb_json_id(object, "conditionId", market->condition_id, sizeof(market->condition_id), error) ||
		!arb_json_bool_optional(object, "active", &market->active, NULL, error) ||
		!arb_json_bool_optional(object, "closed", &market->closed, NULL, error) ||
		!arb_json_bool_optional(object, "acceptingOrders", &market->accepting_orders, NULL, error) ||
		!arb_json_bool_optional(object, "negRisk", &market->neg_risk, NULL, error) ||
		!arb_json_bool_optional(object, "clearBookOnStart", &market->clear_book_on_start, NULL, error) ||
		!arb_json_micro_optional(object, "orderPriceMinTickSize", 1, DECIMAL_MICRO, &market->tick_size, NULL,
								 error) ||
		!arb_json_micro_optional(object, "orderMinSize", 0, PM_QTY_MAX, &market->min_order_size, NULL, error) ||
		!arb_pm_when_field(object, "eventStartTime", &market->start_ms, error) ||
		!arb_pm_when_field(object, "endDate", &market->end_ms, error) ||
		!arb_pm_when_field(object, "closedTime", &market->closed_ms, error) ||
		!arb_json_text_optional(object, "resolutionSource", market->resolution_source,
								sizeof(market->resolution_source), error))
		return false;
	if (json_is_object(config) &&
		!arb_json_int_optional(config, "twapLookbackSeconds", 0, 86400, &twap, NULL, error))
		return false;
	market->twap_seconds = (int) twap;
	if (!parse_outcomes(object, market, error) || !parse_tokens(object, market, error) ||
		!parse_outcome_prices(object, market, error) || !parse_gamma_fees(object, market, error))
		return false;
	market->resolution = resolution_of(market);
	return true;
}

/* Where a market and the event around it were found. */
typedef struct GammaMatch
{
	const json_t *market;
	const json_t *event;
} GammaMatch;

static bool
has_slug(const json_t *object, const char *slug)
{
	const char *text = json_string_value(json_object_get(object, "slug"));

	return text != NULL && strcmp(text, slug) == 0;
}

/* An event or a keyset page holds markets; a market may name its event. */
static bool
find_in_object(const json_t *object, const char *slug, GammaMatch *match)
{
	const json_t *markets = json_object_get(object, "markets");
	const json_t *item;
	size_t		index;

	json_array_foreach(markets, index, item)
	{
		if (has_slug(item, slug))
		{
			match->market = item;
			match->event = object;
			if (json_object_get(object, "eventMetadata") == NULL)
				match->event = json_array_get(json_object_get(item, "events"), 0);
			return true;
		}
	}
	if (markets != NULL || !has_slug(object, slug))
		return false;
	match->market = object;
	match->event = json_array_get(json_object_get(object, "events"), 0);
	return true;
}

static bool
find_market(const json_t *root, const char *slug, GammaMatch *match)
{
	const json_t *item;
	size_t		index;

	if (!json_is_array(root))
		return find_in_object(root, slug, match);
	json_array_foreach(root, index, item)
	{
		if (find_in_object(item, slug, match))
			return true;
	}
	return false;
}

bool
arb_pm_parse_gamma(const char *bytes, size_t len, const char *slug, PmGammaMarket *market, ParseError *error)
{
	GammaMatch	match = {NULL, NULL};
	json_t	   *root;
	bool		done;

	memset(market, 0, sizeof(*market));
	root = arb_json_load(bytes, len, JSON_MAX_BYTES, error);
	if (root == NULL)
		return false;
	if (!find_market(root, slug, &match))
		done = arb_parse_fail(error, PARSE_ERROR_MISSING_FIELD, "no market of that slug");
	else
		done = parse_gamma_market(match.market, market, error) &&
			parse_event_metadata(match.event, market, error);
	json_decref(root);
	return done;
}

/* ----- the CLOB's compact description ----- */

static bool
parse_compact_tokens(const json_t *root, PmClobMarket *market, ParseError *error)
{
	const json_t *tokens = arb_json_array_field(root, "t", error);

	if (tokens == NULL)
		return false;
	if (json_array_size(tokens) != 2)
		return arb_parse_fail(error, PARSE_ERROR_OUT_OF_RANGE, "t has %zu elements", json_array_size(tokens));
	for (size_t i = 0; i < 2; i++)
	{
		if (!copy_token(json_object_get(json_array_get(tokens, i), "t"), market->token_ids[i], error) ||
			!copy_outcome(json_object_get(json_array_get(tokens, i), "o"), market->outcomes[i], error))
			return false;
	}
	return true;
}

static bool
parse_compact(const json_t *root, PmClobMarket *market, ParseError *error)
{
	const json_t *fees = json_object_get(root, "fd");

	if (!arb_json_id_optional(root, "c", market->condition_id, sizeof(market->condition_id), error) ||
		!parse_compact_tokens(root, market, error) ||
		!arb_json_micro(root, "mts", 1, DECIMAL_MICRO, &market->tick_size, error) ||
		!arb_json_micro(root, "mos", 0, PM_QTY_MAX, &market->min_order_size, error) ||
		!arb_json_bool_optional(root, "ao", &market->accepting_orders, NULL, error) ||
		!arb_json_bool_optional(root, "nr", &market->neg_risk, NULL, error) ||
		!arb_json_bool_optional(root, "itode", &market->taker_delay, NULL, error))
		return false;
	/* No fee description means no fee. */
	if (fees == NULL || json_is_null(fees))
		return true;
	return parse_schedule(fees, "r", "e", &market->fee_rate, &market->fee_exponent, error);
}

bool
arb_pm_parse_clob_market(const char *bytes, size_t len, PmClobMarket *market, ParseError *error)
{
	json_t	   *root;
	bool		done;

	memset(market, 0, sizeof(*market));
	root = arb_json_load(bytes, len, JSON_MAX_BYTES, error);
	if (root == NULL)
		return false;
	done = parse_compact(root, market, error);
	json_decref(root);
	return done;
}

/* ----- the CLOB's description with winners ----- */

static bool
parse_status_tokens(const json_t *root, PmMarketStatus *status, ParseError *error)
{
	const json_t *tokens = arb_json_array_field(root, "tokens", error);

	if (tokens == NULL)
		return false;
	if (json_array_size(tokens) != 2)
		return arb_parse_fail(error, PARSE_ERROR_OUT_OF_RANGE, "tokens has %zu elements",
							  json_array_size(tokens));
	for (size_t i = 0; i < 2; i++)
	{
		const json_t *token = json_array_get(tokens, i);

		if (!copy_token(json_object_get(token, "token_id"), status->token_ids[i], error) ||
			!copy_outcome(json_object_get(token, "outcome"), status->outcomes[i], error) ||
			!arb_json_bool_optional(token, "winner", &status->winner[i], NULL, error))
			return false;
	}
	return true;
}

static bool
parse_status(const json_t *root, PmMarketStatus *status, ParseError *error)
{
	bool		split = false;

	if (!arb_json_id(root, "condition_id", status->condition_id, sizeof(status->condition_id), error) ||
		!arb_json_bool(root, "closed", &status->closed, error) ||
		!arb_json_bool_optional(root, "accepting_orders", &status->accepting_orders, NULL, error) ||
		!arb_json_bool_optional(root, "neg_risk", &status->neg_risk, NULL, error) ||
		!arb_json_bool_optional(root, "is_50_50_outcome", &split, NULL, error) ||
		!arb_json_micro_optional(root, "minimum_tick_size", 1, DECIMAL_MICRO, &status->tick_size, NULL, error) ||
		!arb_json_micro_optional(root, "minimum_order_size", 0, PM_QTY_MAX, &status->min_order_size, NULL,
								 error) ||
		!parse_status_tokens(root, status, error))
		return false;
	if (status->closed && status->winner[0] != status->winner[1])
		status->resolution = status->winner[0] ? PM_RESOLUTION_FIRST : PM_RESOLUTION_SECOND;
	else if (status->closed && split)
		status->resolution = PM_RESOLUTION_SPLIT;
	return true;
}

bool
arb_pm_parse_market_status(const char *bytes, size_t len, PmMarketStatus *status, ParseError *error)
{
	json_t	   *root;
	bool		done;

	memset(status, 0, sizeof(*status));
	root = arb_json_load(bytes, len, JSON_MAX_BYTES, error);
	if (root == NULL)
		return false;
	done = parse_status(root, status, error);
	json_decref(root);
	return done;
}
