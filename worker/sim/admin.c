/*-------------------------------------------------------------------------
 *
 * worker/sim/admin.c
 *	  Paths under /sim/: what a test or the demo may ask that no venue offers.
 *
 *-------------------------------------------------------------------------
 */
#include "sim.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "json.h"

static void
money(Buf *out, const char *name, int64_t micro)
{
	sim_buf_printf(out, ",\"%s\":\"", name);
	sim_buf_micro(out, micro);
	sim_buf_text(out, "\"");
}

static void
write_holding(Buf *out, const Holding *holding, bool first)
{
	const Market *market = holding->market;

	sim_buf_printf(out, "%s{\"slug\":\"%s\",\"condition_id\":\"%s\",\"resolved\":%s,\"winner\":\"%s\",\"up_token\":\"%s\",\"down_token\":\"%s\"",
				   first ? "" : ",", market->slug, market->condition, market->state == MARKET_RESOLVED ? "true" : "false",
				   market->winner < 0 ? "" : sim_outcome_text(market->winner), market->token[0], market->token[1]);
	money(out, "up", holding->shares[0]);
	money(out, "down", holding->shares[1]);
	sim_buf_text(out, "}");
}

static void
write_account(Buf *out, const Wallet *wallet)
{
	bool		first = true;
	size_t		i;

	sim_buf_printf(out, "{\"address\":\"%s\",\"signature_type\":%d", wallet->text, wallet->signature_type);
	money(out, "balance", wallet->cash);
	money(out, "reserved", wallet->reserved);
	money(out, "claimable", sim_wallet_claimable(wallet));
	money(out, "deposited", wallet->deposited);
	money(out, "redeemed", wallet->redeemed);
	money(out, "fees", wallet->fees);
	sim_buf_text(out, ",\"holdings\":[");
	for (i = 0; i < wallet->holding_count; i++)
	{
		if (wallet->holdings[i].shares[0] == 0 && wallet->holdings[i].shares[1] == 0)
			continue;
		write_holding(out, &wallet->holdings[i], first);
		first = false;
	}
	sim_buf_text(out, "]}");
}

static Wallet *
demand_wallet(Sim *sim, const char *text, HttpResponse *response)
{
	EthAddress	address;
	Wallet	   *wallet;

	if (text == NULL || !arb_eth_address_parse(text, strlen(text), &address))
	{
		sim_refuse(response, 400, "address is missing or not an address");
		return NULL;
	}
	wallet = sim_exchange_find_wallet(&sim->exchange, &address);
	if (wallet == NULL)
		sim_refuse(response, 404, "no such account");
	return wallet;
}

void
sim_admin_account(Sim *sim, const HttpRequest *request, HttpResponse *response)
{
	const Wallet *wallet = demand_wallet(sim, sim_query(request, "address"), response);

	if (wallet != NULL)
		write_account(&response->body, wallet);
}

/* A proxy, safe or deposit wallet and the key holder who acts for it. */
void
sim_admin_wallet(Sim *sim, const HttpRequest *request, HttpResponse *response)
{
	json_t	   *body = arb_json_load(request->body, request->body_len, JSON_MAX_BYTES, NULL);
	char		funder_text[ETH_ADDRESS_TEXT_SIZE];
	char		owner_text[ETH_ADDRESS_TEXT_SIZE];
	EthAddress	funder;
	EthAddress	owner;
	int64_t		type;

	if (!json_is_object(body) || !arb_json_id(body, "funder", funder_text, sizeof(funder_text), NULL) ||
		!arb_json_id(body, "address", owner_text, sizeof(owner_text), NULL) ||
		!arb_json_int(body, "signature_type", 1, 3, &type, NULL) ||
		!arb_eth_address_parse(funder_text, strlen(funder_text), &funder) ||
		!arb_eth_address_parse(owner_text, strlen(owner_text), &owner))
		sim_refuse(response, 400, "wanted: funder, address and signature_type 1 to 3");
	else
	{
		Wallet	   *wallet = sim_exchange_wallet(&sim->exchange, &funder);

		wallet->owner = owner;
		wallet->signature_type = (int) type;
		write_account(&response->body, wallet);
	}
	json_decref(body);
}

void
sim_admin_redeem(Sim *sim, const HttpRequest *request, HttpResponse *response)
{
	json_t	   *body = arb_json_load(request->body, request->body_len, JSON_MAX_BYTES, NULL);
	char		address[HEADER_TEXT_SIZE];
	char		condition[HEADER_TEXT_SIZE];
	const Market *only = NULL;
	Wallet	   *wallet;

	if (!json_is_object(body) || !arb_json_id(body, "address", address, sizeof(address), NULL) ||
		!arb_json_id_optional(body, "condition_id", condition, sizeof(condition), NULL))
		sim_refuse(response, 400, "wanted: address, and condition_id for one market only");
	else if (condition[0] != '\0' && (only = sim_world_by_condition(&sim->world, condition)) == NULL)
		sim_refuse(response, 404, "no such market");
	else if ((wallet = demand_wallet(sim, address, response)) != NULL)
	{
		int64_t		paid = sim_exchange_redeem(&sim->exchange, wallet, only);

		sim_buf_printf(&response->body, "{\"address\":\"%s\"", wallet->text);
		money(&response->body, "redeemed", paid);
		money(&response->body, "balance", wallet->cash);
		money(&response->body, "claimable", sim_wallet_claimable(wallet));
		sim_buf_text(&response->body, "}");
	}
	json_decref(body);
}

static bool
address_allows(const HttpRequest *request, const Wallet *wallet)
{
	const char *wanted = sim_query(request, "address");

	return wanted == NULL || strcasecmp(wanted, wallet->text) == 0;
}

static void
write_orders(Sim *sim, const HttpRequest *request, Buf *out)
{
	bool		first = true;
	size_t		i;

	sim_buf_text(out, "[");
	for (i = 0; i < sim->exchange.order_count; i++)
	{
		if (request != NULL && !address_allows(request, sim->exchange.orders[i]->wallet))
			continue;
		sim_buf_text(out, first ? "" : ",");
		sim_frame_open_order(out, sim->exchange.orders[i]);
		first = false;
	}
	sim_buf_text(out, "]");
}

static void
write_trade(Buf *out, const SimTrade *trade)
{
	int			i;

	sim_buf_printf(out, "{\"id\":\"%s\",\"status\":\"%s\",\"slug\":\"%s\",\"outcome\":\"%s\",\"taker\":\"%s\",\"taker_order_id\":\"%s\",\"side\":\"%s\"",
				   trade->id, sim_trade_status_text(trade->status), trade->market->slug, sim_outcome_text(trade->outcome),
				   trade->wallet->text, trade->taker_id, sim_side_text(trade->side));
	money(out, "size", trade->shares);
	sim_buf_text(out, ",\"price\":\"");
	sim_buf_price(out, trade->price);
	sim_buf_text(out, "\"");
	money(out, "money", trade->money);
	money(out, "fee", trade->fee);
	sim_buf_printf(out, ",\"matched_ms\":%" PRId64 ",\"makers\":[", trade->matched_ms);
	for (i = 0; i < trade->maker_count; i++)
	{
		sim_buf_printf(out, "%s{\"order_id\":\"%s\",\"address\":\"%s\",\"house\":%s", i > 0 ? "," : "",
					   trade->makers[i].order_id, trade->makers[i].wallet->text,
					   trade->makers[i].wallet->house ? "true" : "false");
		money(out, "size", trade->makers[i].shares);
		sim_buf_text(out, "}");
	}
	sim_buf_text(out, "]}");
}

static void
write_trades(Sim *sim, const HttpRequest *request, Buf *out)
{
	bool		first = true;
	size_t		i;

	sim_buf_text(out, "[");
	for (i = 0; i < sim->exchange.trade_count; i++)
	{
		const SimTrade *trade = sim->exchange.trades[i];
		bool		wanted = request == NULL || address_allows(request, trade->wallet);
		int			k;

		for (k = 0; k < trade->maker_count && !wanted; k++)
			wanted = address_allows(request, trade->makers[k].wallet);
		if (!wanted)
			continue;
		sim_buf_text(out, first ? "" : ",");
		write_trade(out, trade);
		first = false;
	}
	sim_buf_text(out, "]");
}

static void
price_text(Buf *out, const char *name, PriceE18 price)
{
	char		text[PRICE_E18_TEXT_SIZE];

	sim_price_decimal(price, text);
	if (price == 0)
		sim_buf_printf(out, ",\"%s\":null", name);
	else
		sim_buf_printf(out, ",\"%s\":\"%s\"", name, text);
}

static void
write_windows(Sim *sim, Buf *out)
{
	static const char *const states[] = {"", "SCHEDULED", "OPEN", "CLOSED", "RESOLVED"};
	size_t		i;

	sim_buf_text(out, "[");
	for (i = 0; i < sim->world.market_count; i++)
	{
		const Market *market = sim->world.markets[i];

		sim_buf_printf(out, "%s{\"slug\":\"%s\",\"condition_id\":\"%s\",\"up_token\":\"%s\",\"down_token\":\"%s\",\"opens_s\":%" PRId64
					   ",\"closes_s\":%" PRId64 ",\"state\":\"%s\",\"outcome\":%s,\"tick_at_close\":%s,\"rule\":\"%s\"",
					   i > 0 ? "," : "", market->slug, market->condition, market->token[0], market->token[1],
					   market->open_s, market->close_s, states[market->state],
					   market->winner < 0 ? "null" : market->winner == 0 ? "\"UP\"" : "\"DOWN\"",
					   market->tick_at_close ? "true" : "false",
					   market->official >= 0 ? "recorded" : market->twap ? "twap_60s" : "last_tick");
		price_text(out, "strike", market->strike_published ? market->strike : 0);
		price_text(out, "final", market->final_published ? market->final : 0);
		money(out, "volume", market->volume);
		sim_buf_text(out, "}");
	}
	sim_buf_text(out, "]");
}

void
sim_admin_orders(Sim *sim, const HttpRequest *request, HttpResponse *response)
{
	write_orders(sim, request, &response->body);
}

void
sim_admin_trades(Sim *sim, const HttpRequest *request, HttpResponse *response)
{
	write_trades(sim, request, &response->body);
}

void
sim_admin_windows(Sim *sim, const HttpRequest *request, HttpResponse *response)
{
	(void) request;
	write_windows(sim, &response->body);
}

static void
write_stats(Sim *sim, Buf *out)
{
	const Stats *stats = &sim->stats;
	const char *audit = sim_exchange_audit(&sim->exchange, sim->world.markets, sim->world.market_count);
	int			i;

	sim_buf_printf(out, "{\"seed\":%" PRIu64 ",\"driven\":%s,\"clock_seq\":%" PRId64 ",\"market_ms\":%" PRId64
				   ",\"ended\":%s,\"requests\":%" PRId64 ",\"refused\":%" PRId64 ",\"limited\":%" PRId64 ",\"bad_requests\":%" PRId64
				   ",\"frames\":%" PRId64 ",\"connections\":%" PRId64 ",\"slow_closed\":%" PRId64 ",\"steps\":%" PRId64
				   ",\"late_steps\":%" PRId64 ",\"windows\":%zu,\"orders\":%zu,\"trades\":%zu,\"audit\":",
				   sim->options.seed, sim->options.driven ? "true" : "false", sim_clock_seq(sim), sim_now_ms(sim),
				   sim_world_ended(&sim->world) ? "true" : "false", stats->requests, stats->refused, stats->limited, stats->bad_requests,
				   stats->frames, stats->connections, stats->slow_closed, stats->steps, stats->late_steps,
				   sim->world.market_count, sim->exchange.order_count, sim->exchange.trade_count);
	sim_buf_json(out, audit == NULL ? "ok" : audit);
	money(out, "fees", sim->exchange.fees);
	sim_buf_text(out, ",\"faults\":[");
	for (i = 0; i < sim->faults.count; i++)
		sim_buf_printf(out, "%s{\"rule\":%d,\"matches\":%" PRId64 ",\"fired\":%" PRId64 "}", i > 0 ? "," : "", i + 1,
					   sim->faults.rule[i].matches, sim->faults.rule[i].fired);
	sim_buf_text(out, "]}");
}

void
sim_admin_stats(Sim *sim, const HttpRequest *request, HttpResponse *response)
{
	(void) request;
	write_stats(sim, &response->body);
}

void
sim_admin_trading(Sim *sim, const HttpRequest *request, HttpResponse *response)
{
	json_t	   *body = arb_json_load(request->body, request->body_len, JSON_MAX_BYTES, NULL);
	const char *mode = json_string_value(json_object_get(body, "mode"));

	if (!sim_trading_parse(mode, &sim->trading))
		sim_refuse(response, 400, "mode is open, restarting, post_only, cancel_only or disabled");
	else
		sim_buf_printf(&response->body, "{\"mode\":\"%s\"}", mode);
	json_decref(body);
}

void
sim_admin_faults(Sim *sim, const HttpRequest *request, HttpResponse *response)
{
	char		error[200];

	if (sim_fault_load(&sim->faults, request->body, request->body_len, sim->options.seed, error, sizeof(error)))
		sim_buf_printf(&response->body, "{\"rules\":%d}", sim->faults.count);
	else
		sim_refuse(response, 400, error);
}

void
sim_admin_cut(Sim *sim, const HttpRequest *request, HttpResponse *response)
{
	(void) request;
	sim_buf_printf(&response->body, "{\"connections\":%d}", sim_server_cut(sim));
}

bool
sim_report_write(Sim *sim, const char *path)
{
	Buf			out = {0};
	FILE	   *file;
	bool		first = true;
	bool		ok;
	size_t		i;

	sim_buf_text(&out, "{\"stats\":");
	write_stats(sim, &out);
	sim_buf_text(&out, ",\n\"windows\":");
	write_windows(sim, &out);
	sim_buf_text(&out, ",\n\"wallets\":[");
	for (i = 0; i < sim->exchange.wallet_count; i++)
	{
		if (sim->exchange.wallets[i]->house)
			continue;
		sim_buf_text(&out, first ? "" : ",");
		write_account(&out, sim->exchange.wallets[i]);
		first = false;
	}
	sim_buf_text(&out, "],\n\"orders\":");
	write_orders(sim, NULL, &out);
	sim_buf_text(&out, ",\n\"trades\":");
	write_trades(sim, NULL, &out);
	sim_buf_text(&out, "}\n");
	file = fopen(path, "we");
	ok = file != NULL && fwrite(out.data, 1, out.len, file) == out.len;
	if (file != NULL && fclose(file) != 0)
		ok = false;
	sim_buf_free(&out);
	if (!ok)
		sim_log("cannot write the report to %s", path);
	return ok;
}
