/*-------------------------------------------------------------------------
 *
 * worker/sim/gamma.c
 *	  Market metadata, with the venue's habits: arrays inside strings, numbers
 *	  where one expects text, and the strike only once the window before has
 *	  been resolved.
 *
 *-------------------------------------------------------------------------
 */
#include "sim.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#define PAGE_MAX 100

static const char *
truth(bool value)
{
	return value ? "true" : "false";
}

/* "2026-09-28 17:46:27+00": the one field the venue writes so. */
static void
closed_time_field(Buf *out, const Market *market)
{
	time_t		when = (time_t) (market->resolve_ms / 1000);
	struct tm	parts;
	char		text[40];

	if (market->state != MARKET_RESOLVED)
		return;
	strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S+00", gmtime_r(&when, &parts));
	sim_buf_printf(out, ",\"closedTime\":\"%s\",\"umaResolutionStatus\":\"resolved\",\"automaticallyResolved\":true", text);
}

static void
price_number(Buf *out, const char *name, int price)
{
	sim_buf_printf(out, ",\"%s\":", name);
	sim_buf_price(out, price);
}

static void
outcome_prices(Buf *out, const Market *market)
{
	int			bid = 0;
	int			ask = PRICE_ONE;
	int			mid;

	if (market->state == MARKET_RESOLVED)
	{
		sim_buf_text(out, market->winner == 0 ? ",\"outcomePrices\":\"[\\\"1\\\", \\\"0\\\"]\"" :
					 ",\"outcomePrices\":\"[\\\"0\\\", \\\"1\\\"]\"");
		return;
	}
	if (market->book != NULL)
		sim_book_quote(market->book, 0, &bid, &ask);
	mid = (bid + ask) / 2;
	sim_buf_text(out, ",\"outcomePrices\":\"[\\\"");
	sim_buf_price(out, mid);
	sim_buf_text(out, "\\\", \\\"");
	sim_buf_price(out, PRICE_ONE - mid);
	sim_buf_text(out, "\\\"]\"");
}

static void
price_fields(Buf *out, const Market *market)
{
	int			bid = market->winner == 0 ? PRICE_ONE - market->tick : 0;
	int			ask = market->winner == 1 ? market->tick : PRICE_ONE;

	if (market->book != NULL)
		sim_book_quote(market->book, 0, &bid, &ask);
	price_number(out, "spread", ask - bid);
	price_number(out, "lastTradePrice", market->last_price);
	price_number(out, "bestBid", bid);
	price_number(out, "bestAsk", ask);
}

static void
source_field(Buf *out, const Market *market)
{
	sim_buf_printf(out, ",\"resolutionSource\":\"https://data.chain.link/streams/%s-usd%s-streams\"",
				   market->oracle->asset, market->twap ? "-twap-60s" : "");
}

static void
write_market(Buf *out, const Market *market)
{
	char		listed[TIME_TEXT_SIZE];
	char		start[TIME_TEXT_SIZE];
	char		end[TIME_TEXT_SIZE];
	char		label[WINDOW_LABEL_SIZE];
	bool		resolved = market->state == MARKET_RESOLVED;

	sim_time_text(market->listed_s, listed);
	sim_time_text(market->open_s, start);
	sim_time_text(market->close_s, end);
	sim_window_label(market->close_s - market->open_s, label);
	sim_buf_printf(out, "{\"id\":\"%" PRIu64 "\",\"question\":\"%s\",\"conditionId\":\"%s\",\"slug\":\"%s\"",
				   market->number, market->question, market->condition, market->slug);
	source_field(out, market);
	sim_buf_printf(out, ",\"endDate\":\"%s\",\"startDate\":\"%s\",\"outcomes\":\"[\\\"Up\\\", \\\"Down\\\"]\"", end, listed);
	outcome_prices(out, market);
	sim_buf_printf(out, ",\"active\":true,\"closed\":%s,\"archived\":false,\"restricted\":true,\"questionID\":\"%s\","
				   "\"enableOrderBook\":true,\"orderPriceMinTickSize\":", truth(resolved), market->question_id);
	sim_buf_price(out, market->tick);
	sim_buf_text(out, ",\"orderMinSize\":");
	sim_buf_micro(out, MIN_SIZE);
	sim_buf_printf(out, ",\"clobTokenIds\":\"[\\\"%s\\\", \\\"%s\\\"]\",\"makerBaseFee\":1000,\"takerBaseFee\":1000,"
				   "\"acceptingOrders\":%s,\"negRisk\":false,\"acceptingOrdersTimestamp\":\"%s\"",
				   market->token[0], market->token[1], truth(sim_market_tradable(market)), listed);
	closed_time_field(out, market);
	price_fields(out, market);
	sim_buf_printf(out, ",\"clearBookOnStart\":false,\"umaResolutionStatuses\":\"[]\",\"eventStartTime\":\"%s\","
				   "\"feesEnabled\":true,\"feeType\":\"crypto_fees_v2\",\"feeSchedule\":{\"exponent\":1,\"rate\":", start);
	sim_buf_micro(out, market->fee_rate_e6);
	sim_buf_printf(out, ",\"takerOnly\":true,\"rebateRate\":0.2},\"cryptoMarketConfig\":{\"id\":\"%s-%s%s\",\"asset\":\"%s\","
				   "\"duration\":\"%s\",\"twapEnabled\":%s,\"twapLookbackSeconds\":%d},\"version\":\"v1\"}",
				   market->oracle->asset, label, market->twap ? "-twap-60" : "", market->oracle->asset, label,
				   truth(market->twap), market->twap ? ORACLE_TWAP_SECONDS : 0);
}

/* Both are numbers at the venue; ours are exact ones. */
static void
metadata_field(Buf *out, const Sim *sim, const Market *market)
{
	char		text[PRICE_E18_TEXT_SIZE];
	bool		has_final = market->state == MARKET_RESOLVED && market->final_published;

	/* The start price appears when the window before has been resolved. */
	if (!market->strike_published ||
		sim_now_ms(sim) < market->open_s * 1000 + (market->resolve_ms - market->close_s * 1000))
		return;
	sim_price_decimal(market->strike, text);
	sim_buf_printf(out, ",\"eventMetadata\":{\"priceToBeat\":%s", text);
	sim_price_decimal(market->final, text);
	if (has_final)
		sim_buf_printf(out, ",\"finalPrice\":%s", text);
	sim_buf_text(out, "}");
}

static void
write_event(Buf *out, const Sim *sim, const Market *market)
{
	char		listed[TIME_TEXT_SIZE];
	char		start[TIME_TEXT_SIZE];
	char		end[TIME_TEXT_SIZE];
	char		label[WINDOW_LABEL_SIZE];

	sim_time_text(market->listed_s, listed);
	sim_time_text(market->open_s, start);
	sim_time_text(market->close_s, end);
	sim_window_label(market->close_s - market->open_s, label);
	sim_buf_printf(out, "{\"id\":\"%" PRIu64 "\",\"ticker\":\"%s\",\"slug\":\"%s\",\"title\":\"%s\"",
				   market->number - 4000000, market->slug, market->slug, market->question);
	source_field(out, market);
	sim_buf_printf(out, ",\"startDate\":\"%s\",\"creationDate\":\"%s\",\"endDate\":\"%s\",\"active\":true,\"closed\":%s,"
				   "\"archived\":false,\"restricted\":true,\"enableOrderBook\":true,\"negRisk\":false,\"markets\":[",
				   listed, listed, end, truth(market->state == MARKET_RESOLVED));
	write_market(out, market);
	sim_buf_printf(out, "],\"series\":[{\"id\":\"1\",\"slug\":\"%s-up-or-down-%s\",\"recurrence\":\"%s\"}],"
				   "\"startTime\":\"%s\",\"seriesSlug\":\"%s-up-or-down-%s\"",
				   market->oracle->asset, label, label, start, market->oracle->asset, label);
	metadata_field(out, sim, market);
	sim_buf_text(out, ",\"version\":\"v1\"}");
}

static void
not_found(HttpResponse *response)
{
	response->status = 404;
	sim_buf_text(&response->body, "{\"type\":\"not found error\",\"error\":\"slug not found\"}");
}

void
sim_gamma_event(Sim *sim, const HttpRequest *request, HttpResponse *response)
{
	Market	   *market = sim_world_by_slug(&sim->world, sim_route_tail(request));

	if (market == NULL)
		not_found(response);
	else
		write_event(&response->body, sim, market);
}

void
sim_gamma_events(Sim *sim, const HttpRequest *request, HttpResponse *response)
{
	const char *slug = sim_query(request, "slug");
	Market	   *market = slug == NULL ? NULL : sim_world_by_slug(&sim->world, slug);

	sim_buf_text(&response->body, "[");
	if (market != NULL)
		write_event(&response->body, sim, market);
	sim_buf_text(&response->body, "]");
}

void
sim_gamma_market(Sim *sim, const HttpRequest *request, HttpResponse *response)
{
	Market	   *market = sim_world_by_slug(&sim->world, sim_route_tail(request));

	if (market == NULL)
		not_found(response);
	else
		write_market(&response->body, market);
}

/* Whether a list, given by repeating the name, holds the value; an absent list holds everything. */
static bool
listed_in(const HttpRequest *request, const char *name, const char *a, const char *b)
{
	bool		given = false;
	int			i;

	for (i = 0; i < request->query_count; i++)
	{
		if (strcmp(request->query_name[i], name) != 0)
			continue;
		given = true;
		if (strcasecmp(request->query_value[i], a) == 0 || (b != NULL && strcmp(request->query_value[i], b) == 0))
			return true;
	}
	return !given;
}

/* Closed markets are silently missing unless asked for. */
static bool
selected(const HttpRequest *request, const Market *market)
{
	const char *closed = sim_query(request, "closed");
	bool		wants_closed = closed != NULL && strcmp(closed, "true") == 0;

	return (market->state == MARKET_RESOLVED) == wants_closed &&
		listed_in(request, "condition_ids", market->condition, NULL) &&
		listed_in(request, "clob_token_ids", market->token[0], market->token[1]) &&
		listed_in(request, "slug", market->slug, NULL);
}

/* Writes from cursor on; returns the next cursor, 0 at the end. */
static size_t
write_markets(Sim *sim, const HttpRequest *request, Buf *out, size_t cursor, int limit)
{
	int			count = 0;
	size_t		i;

	for (i = cursor; i < sim->world.market_count; i++)
	{
		if (!selected(request, sim->world.markets[i]))
			continue;
		if (count == limit)
			return i;
		if (count++ > 0)
			sim_buf_text(out, ",");
		write_market(out, sim->world.markets[i]);
	}
	return 0;
}

static int
page_limit(const HttpRequest *request)
{
	const char *text = sim_query(request, "limit");
	long		limit = text == NULL ? PAGE_MAX : strtol(text, NULL, 10);

	return limit < 1 || limit > PAGE_MAX ? PAGE_MAX : (int) limit;
}

void
sim_gamma_markets(Sim *sim, const HttpRequest *request, HttpResponse *response)
{
	sim_buf_text(&response->body, "[");
	write_markets(sim, request, &response->body, 0, page_limit(request));
	sim_buf_text(&response->body, "]");
}

void
sim_gamma_keyset(Sim *sim, const HttpRequest *request, HttpResponse *response)
{
	const char *after = sim_query(request, "after_cursor");
	size_t		next;

	sim_buf_text(&response->body, "{\"markets\":[");
	next = write_markets(sim, request, &response->body, after == NULL ? 0 : (size_t) strtoull(after, NULL, 10),
						 page_limit(request));
	if (next == 0)
		sim_buf_text(&response->body, "],\"next_cursor\":\"\"}");
	else
		sim_buf_printf(&response->body, "],\"next_cursor\":\"%zu\"}", next);
}
