/*-------------------------------------------------------------------------
 *
 * worker/sim/public.c
 *	  Public answers of the order book service, and the geoblock.
 *
 *-------------------------------------------------------------------------
 */
#include "sim.h"

#include <inttypes.h>
#include <string.h>
#include <strings.h>

#include "json.h"

#define BOOKS_MAX 500
#define NO_BOOK "No orderbook exists for the requested token id"

static Market *
demand_market(Sim *sim, const HttpRequest *request, HttpResponse *response, int *outcome)
{
	const char *token = sim_query(request, "token_id");
	Market	   *market;

	if (token == NULL || token[0] == '\0')
	{
		sim_refuse(response, 400, "Invalid token id");
		return NULL;
	}
	market = sim_world_by_token(&sim->world, token, outcome);
	if (market == NULL)
		sim_refuse(response, 404, NO_BOOK);
	return market;
}

/* A book only exists while there can still be orders in it. */
static Market *
demand_book(Sim *sim, const HttpRequest *request, HttpResponse *response, int *outcome)
{
	Market	   *market = demand_market(sim, request, response, outcome);

	if (market != NULL && market->book == NULL)
	{
		sim_refuse(response, 404, NO_BOOK);
		return NULL;
	}
	return market;
}

static void
price_answer(HttpResponse *response, const char *name, int price)
{
	sim_buf_printf(&response->body, "{\"%s\":\"", name);
	sim_buf_price(&response->body, price);
	sim_buf_text(&response->body, "\"}");
}

void
sim_public_ok(Sim *sim, const HttpRequest *request, HttpResponse *response)
{
	(void) sim;
	(void) request;
	sim_buf_text(&response->body, "\"OK\"");
}

void
sim_public_time(Sim *sim, const HttpRequest *request, HttpResponse *response)
{
	(void) request;
	sim_buf_printf(&response->body, "%" PRId64, sim_wall_ms() / 1000 + sim_fault_clock(&sim->faults));
}

void
sim_public_version(Sim *sim, const HttpRequest *request, HttpResponse *response)
{
	(void) request;
	sim_buf_printf(&response->body, "{\"version\":%d}", sim->domain.exchange_version);
}

void
sim_public_book(Sim *sim, const HttpRequest *request, HttpResponse *response)
{
	int			outcome;
	Market	   *market = demand_book(sim, request, response, &outcome);

	if (market != NULL)
		sim_frame_book(&response->body, market, outcome, false);
}

void
sim_public_books(Sim *sim, const HttpRequest *request, HttpResponse *response)
{
	json_t	   *list = arb_json_load(request->body, request->body_len, JSON_MAX_BYTES, NULL);
	bool		first = true;
	size_t		i;

	if (!json_is_array(list))
	{
		sim_refuse(response, 400, "Invalid payload");
		json_decref(list);
		return;
	}
	if (json_array_size(list) > BOOKS_MAX)
	{
		sim_refuse(response, 400, "Payload exceeds the limit");
		json_decref(list);
		return;
	}
	sim_buf_text(&response->body, "[");
	for (i = 0; i < json_array_size(list); i++)
	{
		char		token[UINT256_TEXT_SIZE];
		int			outcome;
		Market	   *market;

		/* Unknown tokens are dropped without a word. */
		if (!arb_json_id(json_array_get(list, i), "token_id", token, sizeof(token), NULL))
			continue;
		market = sim_world_by_token(&sim->world, token, &outcome);
		if (market == NULL || market->book == NULL)
			continue;
		if (!first)
			sim_buf_text(&response->body, ",");
		first = false;
		sim_frame_book(&response->body, market, outcome, false);
	}
	sim_buf_text(&response->body, "]");
	json_decref(list);
}

/* BUY asks for the best bid and SELL for the best ask, as the venue reads it. */
void
sim_public_price(Sim *sim, const HttpRequest *request, HttpResponse *response)
{
	const char *side = sim_query(request, "side");
	int			outcome;
	int			bid;
	int			ask;
	Market	   *market;

	if (side == NULL || (strcasecmp(side, "BUY") != 0 && strcasecmp(side, "SELL") != 0))
	{
		sim_refuse(response, 400, "Invalid side");
		return;
	}
	market = demand_book(sim, request, response, &outcome);
	if (market == NULL)
		return;
	sim_book_quote(market->book, outcome, &bid, &ask);
	price_answer(response, "price", strcasecmp(side, "BUY") == 0 ? bid : ask % PRICE_ONE);
}

void
sim_public_midpoint(Sim *sim, const HttpRequest *request, HttpResponse *response)
{
	int			outcome;
	int			bid;
	int			ask;
	Market	   *market = demand_book(sim, request, response, &outcome);
	char		text[DECIMAL_TEXT_SIZE];

	if (market == NULL)
		return;
	sim_book_quote(market->book, outcome, &bid, &ask);
	arb_decimal_format((int64_t) (bid + ask) * 5, 5, text);
	sim_buf_printf(&response->body, "{\"mid\":\"%s\"}", text);
}

void
sim_public_spread(Sim *sim, const HttpRequest *request, HttpResponse *response)
{
	int			outcome;
	int			bid;
	int			ask;
	Market	   *market = demand_book(sim, request, response, &outcome);

	if (market == NULL)
		return;
	sim_book_quote(market->book, outcome, &bid, &ask);
	price_answer(response, "spread", ask - bid);
}

void
sim_public_last_trade(Sim *sim, const HttpRequest *request, HttpResponse *response)
{
	int			outcome;
	Market	   *market = demand_book(sim, request, response, &outcome);

	if (market == NULL)
		return;
	sim_buf_text(&response->body, "{\"price\":\"");
	sim_buf_price(&response->body, market->last_price);
	sim_buf_printf(&response->body, "\",\"side\":\"%s\"}",
				   market->last_price == 0 ? "" : market->last_side == 0 ? "BUY" : "SELL");
}

void
sim_public_tick_size(Sim *sim, const HttpRequest *request, HttpResponse *response)
{
	int			outcome;
	Market	   *market = demand_market(sim, request, response, &outcome);

	if (market == NULL)
		return;
	sim_buf_text(&response->body, "{\"minimum_tick_size\":");
	sim_buf_price(&response->body, market->tick);
	sim_buf_text(&response->body, "}");
}

void
sim_public_neg_risk(Sim *sim, const HttpRequest *request, HttpResponse *response)
{
	int			outcome;

	if (demand_market(sim, request, response, &outcome) != NULL)
		sim_buf_text(&response->body, "{\"neg_risk\":false}");
}

/* A legacy switch, not the fee. */
void
sim_public_fee_rate(Sim *sim, const HttpRequest *request, HttpResponse *response)
{
	int			outcome;

	if (demand_market(sim, request, response, &outcome) != NULL)
		sim_buf_text(&response->body, "{\"base_fee\":1000}");
}

static Market *
demand_condition(Sim *sim, const HttpRequest *request, HttpResponse *response)
{
	Market	   *market = sim_world_by_condition(&sim->world, sim_route_tail(request));

	if (market == NULL)
		sim_refuse(response, 404, "market not found");
	return market;
}

void
sim_public_clob_market(Sim *sim, const HttpRequest *request, HttpResponse *response)
{
	Market	   *market = demand_condition(sim, request, response);
	Buf		   *out = &response->body;
	char		listed[TIME_TEXT_SIZE];

	if (market == NULL)
		return;
	sim_time_text(market->listed_s, listed);
	sim_buf_printf(out, "{\"c\":\"%s\",\"t\":[{\"t\":\"%s\",\"o\":\"Up\"},{\"t\":\"%s\",\"o\":\"Down\"}],\"mts\":",
				   market->condition, market->token[0], market->token[1]);
	sim_buf_price(out, market->tick);
	sim_buf_text(out, ",\"mos\":");
	sim_buf_micro(out, MIN_SIZE);
	sim_buf_text(out, ",\"mbf\":1000,\"tbf\":1000,\"fd\":{\"r\":");
	sim_buf_micro(out, market->fee_rate_e6);
	sim_buf_printf(out, ",\"e\":1,\"to\":true},\"ao\":%s,\"aot\":\"%s\",\"sd\":0,\"itode\":%s,\"cbos\":false,\"v\":\"v1\"}",
				   sim_market_tradable(market) ? "true" : "false", listed,
				   sim->options.taker_delay_ms > 0 ? "true" : "false");
}

static void
market_token(Buf *out, const Market *market, int outcome)
{
	int			bid = 0;
	int			ask = PRICE_ONE;

	sim_buf_printf(out, "%s{\"token_id\":\"%s\",\"outcome\":\"%s\",\"price\":",
				   outcome == 0 ? "" : ",", market->token[outcome], sim_outcome_text(outcome));
	if (market->state == MARKET_RESOLVED)
		sim_buf_text(out, market->winner == outcome ? "1" : "0");
	else
	{
		if (market->book != NULL)
			sim_book_quote(market->book, outcome, &bid, &ask);
		sim_buf_price(out, (bid + ask) / 2);
	}
	sim_buf_printf(out, ",\"winner\":%s}", market->winner == outcome ? "true" : "false");
}

void
sim_public_market(Sim *sim, const HttpRequest *request, HttpResponse *response)
{
	Market	   *market = demand_condition(sim, request, response);
	Buf		   *out = &response->body;
	char		listed[TIME_TEXT_SIZE];
	char		end[TIME_TEXT_SIZE];
	bool		resolved;

	if (market == NULL)
		return;
	resolved = market->state == MARKET_RESOLVED;
	sim_time_text(market->listed_s, listed);
	sim_time_text(market->close_s / 86400 * 86400, end);	/* the venue gives the day only */
	sim_buf_printf(out, "{\"enable_order_book\":%s,\"active\":true,\"closed\":%s,\"archived\":false,\"accepting_orders\":%s,"
				   "\"accepting_order_timestamp\":\"%s\",\"minimum_order_size\":",
				   resolved ? "false" : "true", resolved ? "true" : "false",
				   sim_market_tradable(market) ? "true" : "false", listed);
	sim_buf_micro(out, MIN_SIZE);
	sim_buf_text(out, ",\"minimum_tick_size\":");
	sim_buf_price(out, market->tick);
	sim_buf_printf(out, ",\"condition_id\":\"%s\",\"question_id\":\"%s\",\"question\":\"%s\",\"market_slug\":\"%s\","
				   "\"end_date_iso\":\"%s\",\"game_start_time\":null,\"seconds_delay\":0,\"fpmm\":\"\","
				   "\"maker_base_fee\":1000,\"taker_base_fee\":1000,\"notifications_enabled\":true,\"neg_risk\":false,"
				   "\"neg_risk_market_id\":\"\",\"neg_risk_request_id\":\"\",\"rewards\":{\"rates\":null,\"min_size\":50,"
				   "\"max_spread\":4.5},\"is_50_50_outcome\":false,\"tokens\":[",
				   market->condition, market->question_id, market->question, market->slug, end);
	market_token(out, market, 0);
	market_token(out, market, 1);
	sim_buf_text(out, "],\"tags\":[\"Up or Down\",\"Recurring\",\"Crypto\"]}");
}

void
sim_public_market_by_token(Sim *sim, const HttpRequest *request, HttpResponse *response)
{
	int			outcome;
	Market	   *market = sim_world_by_token(&sim->world, sim_route_tail(request), &outcome);

	if (market == NULL)
		sim_refuse(response, 404, "market not found");
	else
		sim_buf_printf(&response->body, "{\"condition_id\":\"%s\",\"primary_token_id\":\"%s\",\"secondary_token_id\":\"%s\"}",
					   market->condition, market->token[0], market->token[1]);
}

void
sim_public_geoblock(Sim *sim, const HttpRequest *request, HttpResponse *response)
{
	(void) request;
	sim_buf_printf(&response->body, "{\"blocked\":%s,\"ip\":\"127.0.0.1\",\"country\":\"%s\",\"region\":\"\"}",
				   sim->options.blocked ? "true" : "false", sim->options.blocked ? "US" : "IE");
}
