/*-------------------------------------------------------------------------
 *
 * worker/venue/polymarket/endpoints.c
 *	  Where the venue's services are and which series it lists.
 *
 *-------------------------------------------------------------------------
 */
#include "venue/polymarket/endpoints.h"

#include <string.h>

static bool
read_url(const json_t *root, const char *name, const char *safe, const char *plain, bool plain_allowed,
		 char out[ENDPOINT_SIZE], ParseError *error)
{
	size_t		len;

	if (!arb_json_id(root, name, out, ENDPOINT_SIZE, error))
		return false;
	len = strlen(out);
	while (len > 0 && out[len - 1] == '/')
		out[--len] = '\0';
	if (strncmp(out, safe, strlen(safe)) == 0)
		return true;
	if (strncmp(out, plain, strlen(plain)) != 0)
		return arb_parse_fail(error, PARSE_ERROR_OUT_OF_RANGE, "%s is no %s address", name, safe);
	if (!plain_allowed)
		return arb_parse_fail(error, PARSE_ERROR_OUT_OF_RANGE, "%s is not encrypted", name);
	return true;
}

static bool
read_series(const json_t *node, SlugSeries *series, ParseError *error)
{
	return arb_json_id(node, "prefix", series->prefix, sizeof(series->prefix), error) &&
		arb_json_id(node, "underlying", series->underlying, sizeof(series->underlying), error) &&
		arb_json_id(node, "feed_symbol", series->feed_symbol, sizeof(series->feed_symbol), error) &&
		arb_json_id(node, "feed_topic", series->feed_topic, sizeof(series->feed_topic), error) &&
		arb_json_int(node, "seconds", 1, 7 * 86400, &series->seconds, error);
}

static bool
read_all_series(const json_t *root, PmEndpoints *endpoints, ParseError *error)
{
	const json_t *list = arb_json_array_field(root, "slugs", error);
	size_t		i;

	if (list == NULL)
		return false;
	if (json_array_size(list) > SERIES_MAX)
		return arb_parse_fail(error, PARSE_ERROR_OUT_OF_RANGE, "slugs has more than %d entries", SERIES_MAX);
	for (i = 0; i < json_array_size(list); i++)
	{
		if (!read_series(json_array_get(list, i), &endpoints->series[i], error))
			return false;
	}
	endpoints->series_count = json_array_size(list);
	return true;
}

#define RATE_MAX 1000000

static bool
read_rate(const json_t *node, const char *name, int *value, ParseError *error)
{
	int64_t		number;

	if (!arb_json_int(node, name, 0, RATE_MAX, &number, error))
		return false;
	*value = (int) number;
	return true;
}

/* Of a pair one cannot be without the other: a bucket that never fills is a mistake. */
static bool
read_limits(const json_t *root, PmEndpoints *endpoints, ParseError *error)
{
	const json_t *node = json_object_get(root, "limits");
	VenueLimits *limits = &endpoints->limits;

	endpoints->has_limits = node != NULL;
	if (node == NULL)
		return true;
	if (!read_rate(node, "orders_per_s", &limits->orders_per_s, error) ||
		!read_rate(node, "orders_burst", &limits->orders_burst, error) ||
		!read_rate(node, "cancels_per_s", &limits->cancels_per_s, error) ||
		!read_rate(node, "cancels_burst", &limits->cancels_burst, error) ||
		!read_rate(node, "requests_per_s", &limits->requests_per_s, error) ||
		!read_rate(node, "requests_burst", &limits->requests_burst, error) ||
		!read_rate(node, "balances_per_s", &limits->balances_per_s, error) ||
		!read_rate(node, "balances_burst", &limits->balances_burst, error))
		return false;
	if ((limits->orders_per_s > 0) != (limits->orders_burst > 0) ||
		(limits->cancels_per_s > 0) != (limits->cancels_burst > 0) ||
		(limits->requests_per_s > 0) != (limits->requests_burst > 0) ||
		(limits->balances_per_s > 0) != (limits->balances_burst > 0))
		return arb_parse_fail(error, PARSE_ERROR_OUT_OF_RANGE, "limits has a rate without a burst, or a burst without a rate");
	return true;
}

bool
arb_pm_endpoints_parse(const char *text, size_t len, bool is_simulator, PmEndpoints *endpoints,
					   ParseError *error)
{
	json_t	   *root = arb_json_load(text, len, 65536, error);
	bool		present = false;
	bool		ok;

	memset(endpoints, 0, sizeof(*endpoints));
	if (root == NULL)
		return false;
	ok = read_url(root, "clob", "https://", "http://", is_simulator, endpoints->clob, error) &&
		read_url(root, "gamma", "https://", "http://", is_simulator, endpoints->gamma, error) &&
		read_url(root, "geoblock", "https://", "http://", is_simulator, endpoints->geoblock, error) &&
		read_url(root, "ws_market", "wss://", "ws://", is_simulator, endpoints->ws_market, error) &&
		read_url(root, "ws_user", "wss://", "ws://", is_simulator, endpoints->ws_user, error) &&
		read_url(root, "rtds", "wss://", "ws://", is_simulator, endpoints->rtds, error) &&
		arb_json_bool_optional(root, "heartbeats", &endpoints->heartbeats, &present, error) &&
		read_all_series(root, endpoints, error) && read_limits(root, endpoints, error);
	if (!present)
		endpoints->heartbeats = true;
	json_decref(root);
	return ok;
}
