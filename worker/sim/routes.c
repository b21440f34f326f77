/*-------------------------------------------------------------------------
 *
 * worker/sim/routes.c
 *	  Which function answers which path, and who may ask.
 *
 * A route is a row.  Paths of all services live on one port: they do not
 * overlap, so the Host header is not needed to tell them apart.  A path that
 * ends with a slash takes one more segment.
 *
 *-------------------------------------------------------------------------
 */
#include "sim.h"

#include <string.h>

typedef struct Route
{
	const char *method;
	const char *path;
	PublicHandler open;			/* exactly one of the two */
	PrivateHandler closed;		/* L2 signature demanded */
} Route;

static const Route Routes[] = {
	{"GET", "/ok", sim_public_ok, NULL},
	{"GET", "/", sim_public_ok, NULL},
	{"GET", "/time", sim_public_time, NULL},
	{"GET", "/version", sim_public_version, NULL},
	{"GET", "/book", sim_public_book, NULL},
	{"POST", "/books", sim_public_books, NULL},
	{"GET", "/price", sim_public_price, NULL},
	{"GET", "/midpoint", sim_public_midpoint, NULL},
	{"GET", "/spread", sim_public_spread, NULL},
	{"GET", "/last-trade-price", sim_public_last_trade, NULL},
	{"GET", "/tick-size", sim_public_tick_size, NULL},
	{"GET", "/neg-risk", sim_public_neg_risk, NULL},
	{"GET", "/fee-rate", sim_public_fee_rate, NULL},
	{"GET", "/clob-markets/", sim_public_clob_market, NULL},
	{"GET", "/markets-by-token/", sim_public_market_by_token, NULL},

	{"POST", "/auth/api-key", sim_key_create, NULL},
	{"GET", "/auth/derive-api-key", sim_key_derive, NULL},
	{"GET", "/auth/api-keys", NULL, sim_key_list},
	{"DELETE", "/auth/api-key", NULL, sim_key_delete},
	{"GET", "/auth/ban-status/closed-only", NULL, sim_closed_only},
	{"GET", "/balance-allowance", NULL, sim_balance},
	{"GET", "/balance-allowance/update", NULL, sim_balance},
	{"PUT", "/balance-allowance/update", NULL, sim_balance},
	{"POST", "/v1/heartbeats", NULL, sim_heartbeat},

	{"POST", "/order", NULL, sim_order_post},
	{"POST", "/orders", NULL, sim_orders_post},
	{"DELETE", "/order", NULL, sim_order_cancel},
	{"DELETE", "/orders", NULL, sim_orders_cancel},
	{"DELETE", "/cancel-all", NULL, sim_cancel_all},
	{"DELETE", "/cancel-market-orders", NULL, sim_cancel_market},
	{"GET", "/data/order/", NULL, sim_order_get},
	{"GET", "/order/", NULL, sim_order_get},
	{"GET", "/data/orders", NULL, sim_orders_get},
	{"GET", "/data/trades", NULL, sim_trades_get},

	/* Metadata (Gamma); its slugs before the order book's condition ids. */
	{"GET", "/events/slug/", sim_gamma_event, NULL},
	{"GET", "/events", sim_gamma_events, NULL},
	{"GET", "/markets/slug/", sim_gamma_market, NULL},
	{"GET", "/markets/keyset", sim_gamma_keyset, NULL},
	{"GET", "/markets", sim_gamma_markets, NULL},
	{"GET", "/markets/", sim_public_market, NULL},

	{"GET", "/api/geoblock", sim_public_geoblock, NULL},

	/* Ours: nothing below exists at the venue. */
	{"GET", "/sim/account", sim_admin_account, NULL},
	{"POST", "/sim/wallet", sim_admin_wallet, NULL},
	{"POST", "/sim/redeem", sim_admin_redeem, NULL},
	{"GET", "/sim/orders", sim_admin_orders, NULL},
	{"GET", "/sim/trades", sim_admin_trades, NULL},
	{"GET", "/sim/windows", sim_admin_windows, NULL},
	{"GET", "/sim/stats", sim_admin_stats, NULL},
	{"POST", "/sim/trading", sim_admin_trading, NULL},
	{"POST", "/sim/faults", sim_admin_faults, NULL},
	{"POST", "/sim/cut", sim_admin_cut, NULL},
	{NULL, NULL, NULL, NULL}
};

void
sim_refuse(HttpResponse *response, int status, const char *message)
{
	response->status = status;
	sim_buf_reset(&response->body);
	sim_buf_text(&response->body, "{\"error\":");
	sim_buf_json(&response->body, message);
	sim_buf_text(&response->body, "}");
}

static bool
route_matches(const Route *route, const HttpRequest *request)
{
	size_t		len = strlen(route->path);

	if (strcmp(route->method, request->method) != 0)
		return false;
	if (len > 1 && route->path[len - 1] == '/')
		return strncmp(route->path, request->path, len) == 0 && request->path[len] != '\0' &&
			strchr(request->path + len, '/') == NULL;
	return strcmp(route->path, request->path) == 0;
}

const char *
sim_route_tail(const HttpRequest *request)
{
	return strrchr(request->path, '/') + 1;
}

void
sim_route(Sim *sim, const HttpRequest *request, HttpResponse *response)
{
	const Route *route;
	ApiKey	   *key;

	response->status = 200;
	for (route = Routes; route->method != NULL; route++)
		if (route_matches(route, request))
			break;
	if (route->method == NULL)
	{
		sim_refuse(response, 404, "Not found");
		return;
	}
	if (route->open != NULL)
	{
		route->open(sim, request, response);
		return;
	}
	key = sim_auth_l2(&sim->auth, &request->auth, sim_wall_ms() / 1000, request->method, request->path,
					  request->body, request->body_len);
	if (key == NULL)
		sim_refuse(response, 401, "Unauthorized/Invalid api key");
	else
		route->closed(sim, key, request, response);
}
