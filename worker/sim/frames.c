/*-------------------------------------------------------------------------
 *
 * worker/sim/frames.c
 *	  Books, orders, trades and prices as text.
 *
 *-------------------------------------------------------------------------
 */
#include "frames.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <openssl/evp.h>

#include "decimal.h"

void
sim_time_text(int64_t seconds, char out[TIME_TEXT_SIZE])
{
	time_t		when = (time_t) seconds;
	struct tm	parts;

	strftime(out, TIME_TEXT_SIZE, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&when, &parts));
}

/* ,"name":"1.5" */
static void
micro_field(Buf *out, const char *name, int64_t micro)
{
	sim_buf_printf(out, ",\"%s\":\"", name);
	sim_buf_micro(out, micro);
	sim_buf_text(out, "\"");
}

static void
price_field(Buf *out, const char *name, int price)
{
	sim_buf_printf(out, ",\"%s\":\"", name);
	sim_buf_price(out, price);
	sim_buf_text(out, "\"");
}

/* Worst level first, best last: the order the venue uses on both sides. */
static void
levels(Buf *out, const Market *market, int outcome, SimSide side)
{
	int			list = sim_book_list_of(outcome, side);
	uint16_t	price[PRICE_ONE + 1];	/* in up terms, best first, each once */
	int			count = 0;
	const BookOrder *order;
	int			i;

	for (order = market->book->best[list]; order != NULL; order = order->next)
	{
		int			at = sim_price_in_up(order->outcome, order->price);

		if (count == 0 || price[count - 1] != at)
			price[count++] = (uint16_t) at;
	}
	for (i = count - 1; i >= 0; i--)
	{
		sim_buf_text(out, i == count - 1 ? "{\"price\":\"" : ",{\"price\":\"");
		sim_buf_price(out, sim_price_in_up(outcome, price[i]));
		sim_buf_text(out, "\"");
		micro_field(out, "size", market->book->depth[list][price[i]]);
		sim_buf_text(out, "}");
	}
}

static void
book_summary(Buf *out, const Market *market, int outcome, const char *hash)
{
	sim_buf_printf(out, "{\"market\":\"%s\",\"asset_id\":\"%s\",\"timestamp\":\"%" PRId64 "\",\"hash\":\"%s\",\"bids\":[",
				   market->condition, market->token[outcome], market->changed_ms, hash);
	levels(out, market, outcome, SIDE_BUY);
	sim_buf_text(out, "],\"asks\":[");
	levels(out, market, outcome, SIDE_SELL);
	sim_buf_text(out, "],\"min_order_size\":\"");
	sim_buf_micro(out, MIN_SIZE);
	sim_buf_text(out, "\"");
	price_field(out, "tick_size", market->tick);
	sim_buf_text(out, ",\"neg_risk\":false");
	price_field(out, "last_trade_price", market->last_price);
}

/* SHA-1 of the summary with an empty hash, as the official client computes it. */
void
sim_frame_book_hash(const Market *market, int outcome, char hash[BOOK_HASH_TEXT_SIZE])
{
	Buf			text = {0};
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned int len = 0;
	unsigned int i;

	book_summary(&text, market, outcome, "");
	sim_buf_text(&text, "}");
	hash[0] = '\0';
	if (EVP_Digest(text.data, text.len, digest, &len, EVP_sha1(), NULL) == 1)
		for (i = 0; i < len && i < 20; i++)
			snprintf(hash + 2 * i, 3, "%02x", digest[i]);
	sim_buf_free(&text);
}

void
sim_frame_book(Buf *out, const Market *market, int outcome, bool as_event)
{
	char		hash[BOOK_HASH_TEXT_SIZE];

	sim_frame_book_hash(market, outcome, hash);
	book_summary(out, market, outcome, hash);
	sim_buf_text(out, as_event ? ",\"event_type\":\"book\"}" : "}");
}

static void
change_entry(Buf *out, const Market *market, int outcome, int list, int up_price, const char *hash, bool first)
{
	int			bid;
	int			ask;

	/* A bid of the up token is an ask of the down token. */
	sim_book_quote(market->book, outcome, &bid, &ask);
	sim_buf_printf(out, "%s{\"asset_id\":\"%s\"", first ? "" : ",", market->token[outcome]);
	price_field(out, "price", sim_price_in_up(outcome, up_price));
	micro_field(out, "size", market->book->depth[list][up_price]);
	sim_buf_printf(out, ",\"side\":\"%s\",\"hash\":\"%s\"",
				   (list == BOOK_BIDS) == (outcome == 0) ? "BUY" : "SELL", hash);
	price_field(out, "best_bid", bid);
	price_field(out, "best_ask", ask);
	sim_buf_text(out, "}");
}

void
sim_frame_price_change(Buf *out, const Market *market)
{
	const Book *book = market->book;
	char		hash[2][BOOK_HASH_TEXT_SIZE];
	bool		first = true;
	int			list;
	int			i;

	sim_frame_book_hash(market, 0, hash[0]);
	sim_frame_book_hash(market, 1, hash[1]);
	sim_buf_printf(out, "{\"market\":\"%s\",\"price_changes\":[", market->condition);
	for (list = 0; list < 2; list++)
		for (i = 0; i < book->touched_count[list]; i++)
		{
			change_entry(out, market, 0, list, book->touched_price[list][i], hash[0], first);
			change_entry(out, market, 1, list, book->touched_price[list][i], hash[1], false);
			first = false;
		}
	sim_buf_printf(out, "],\"timestamp\":\"%" PRId64 "\",\"event_type\":\"price_change\"}", market->changed_ms);
}

void
sim_frame_best_bid_ask(Buf *out, const Market *market, int outcome, int64_t now_ms)
{
	int			bid;
	int			ask;

	sim_book_quote(market->book, outcome, &bid, &ask);
	sim_buf_printf(out, "{\"market\":\"%s\",\"asset_id\":\"%s\"", market->condition, market->token[outcome]);
	price_field(out, "best_bid", bid);
	price_field(out, "best_ask", ask);
	price_field(out, "spread", ask - bid);
	sim_buf_printf(out, ",\"timestamp\":\"%" PRId64 "\",\"event_type\":\"best_bid_ask\"}", now_ms);
}

void
sim_frame_last_trade(Buf *out, const Market *market, int outcome, SimSide side, int price,
					 int64_t shares, const char *hash, int64_t now_ms)
{
	sim_buf_printf(out, "{\"market\":\"%s\",\"asset_id\":\"%s\"", market->condition, market->token[outcome]);
	price_field(out, "price", price);
	micro_field(out, "size", shares);
	sim_buf_printf(out, ",\"fee_rate_bps\":\"0\",\"side\":\"%s\",\"timestamp\":\"%" PRId64
				   "\",\"event_type\":\"last_trade_price\",\"transaction_hash\":\"%s\"}",
				   sim_side_text(side), now_ms, hash);
}

void
sim_frame_tick_size(Buf *out, const Market *market, int outcome, int old_tick, int64_t now_ms)
{
	sim_buf_printf(out, "{\"market\":\"%s\",\"asset_id\":\"%s\"", market->condition, market->token[outcome]);
	price_field(out, "old_tick_size", old_tick);
	price_field(out, "new_tick_size", market->tick);
	sim_buf_printf(out, ",\"timestamp\":\"%" PRId64 "\",\"event_type\":\"tick_size_change\"}", now_ms);
}

static void
token_list(Buf *out, const char *name, const Market *market)
{
	sim_buf_printf(out, ",\"%s\":[\"%s\",\"%s\"]", name, market->token[0], market->token[1]);
}

void
sim_frame_new_market(Buf *out, const Market *market, int64_t now_ms)
{
	sim_buf_printf(out, "{\"id\":\"%" PRIu64 "\",\"question\":\"%s\",\"market\":\"%s\",\"slug\":\"%s\",\"description\":\"\"",
				   market->number, market->question, market->condition, market->slug);
	token_list(out, "assets_ids", market);
	sim_buf_printf(out, ",\"outcomes\":[\"Up\",\"Down\"],\"event_message\":{\"id\":\"%" PRIu64 "\",\"ticker\":\"%s\",\"slug\":\"%s\","
				   "\"title\":\"%s\",\"description\":\"\"},\"timestamp\":\"%" PRId64 "\",\"event_type\":\"new_market\","
				   "\"condition_id\":\"%s\",\"active\":true",
				   market->number, market->slug, market->slug, market->question, now_ms, market->condition);
	token_list(out, "clob_token_ids", market);
	price_field(out, "order_price_min_tick_size", market->tick);
	sim_buf_text(out, "}");
}

void
sim_frame_resolved(Buf *out, const Market *market, int64_t now_ms)
{
	sim_buf_printf(out, "{\"id\":\"%" PRIu64 "\",\"question\":\"%s\",\"market\":\"%s\",\"slug\":\"%s\"",
				   market->number, market->question, market->condition, market->slug);
	token_list(out, "assets_ids", market);
	sim_buf_printf(out, ",\"outcomes\":[\"Up\",\"Down\"],\"winning_asset_id\":\"%s\",\"winning_outcome\":\"%s\","
				   "\"timestamp\":\"%" PRId64 "\",\"event_type\":\"market_resolved\"}",
				   market->token[market->winner], sim_outcome_text(market->winner), now_ms);
}

static void
trade_ids(Buf *out, const SimOrder *order)
{
	size_t		i;

	sim_buf_text(out, ",\"associate_trades\":[");
	for (i = 0; i < order->trade_count; i++)
		sim_buf_printf(out, "%s\"%s\"", i > 0 ? "," : "", order->trades[i]->id);
	sim_buf_text(out, "]");
}

static void
order_fields(Buf *out, const SimOrder *order)
{
	sim_buf_printf(out, "\"id\":\"%s\",\"status\":\"%s\",\"owner\":\"%s\",\"maker_address\":\"%s\",\"market\":\"%s\","
				   "\"asset_id\":\"%s\",\"side\":\"%s\"",
				   order->id, sim_order_status_text(order->status), order->owner, order->wallet->text,
				   order->market->condition, order->market->token[order->outcome], sim_side_text(order->side));
	micro_field(out, "original_size", order->original);
	micro_field(out, "size_matched", order->matched);
	price_field(out, "price", order->price);
	sim_buf_printf(out, ",\"outcome\":\"%s\",\"expiration\":\"%" PRId64 "\",\"order_type\":\"%s\"",
				   sim_outcome_text(order->outcome), order->expiration_s, sim_order_type_text(order->type));
	trade_ids(out, order);
}

void
sim_frame_open_order(Buf *out, const SimOrder *order)
{
	sim_buf_text(out, "{");
	order_fields(out, order);
	sim_buf_printf(out, ",\"created_at\":%" PRId64 "}", order->created_ms / 1000);
}

void
sim_frame_order_event(Buf *out, const SimOrder *order, OrderEvent event, int64_t now_ms)
{
	static const char *const type[] = {"", "PLACEMENT", "UPDATE", "CANCELLATION"};

	sim_buf_text(out, "{\"event_type\":\"order\",");
	order_fields(out, order);
	sim_buf_printf(out, ",\"order_owner\":\"%s\",\"type\":\"%s\",\"created_at\":\"%" PRId64 "\",\"timestamp\":\"%" PRId64 "\"}",
				   order->owner, type[event], order->created_ms / 1000, now_ms);
}

bool
sim_trade_concerns(const SimTrade *trade, const EthAddress *viewer)
{
	int			i;

	if (arb_eth_address_equal(&trade->wallet->owner, viewer))
		return true;
	for (i = 0; i < trade->maker_count; i++)
		if (arb_eth_address_equal(&trade->makers[i].wallet->owner, viewer))
			return true;
	return false;
}

static void
maker_entry(Buf *out, const SimTrade *trade, const MakerFill *fill)
{
	sim_buf_printf(out, "{\"order_id\":\"%s\",\"owner\":\"%s\",\"maker_address\":\"%s\"",
				   fill->order_id, fill->owner, fill->wallet->text);
	micro_field(out, "matched_amount", fill->shares);
	price_field(out, "price", fill->price);
	sim_buf_printf(out, ",\"fee_rate_bps\":\"0\",\"asset_id\":\"%s\",\"outcome\":\"%s\",\"side\":\"%s\"}",
				   trade->market->token[fill->outcome], sim_outcome_text(fill->outcome), sim_side_text(fill->side));
}

void
sim_frame_trade(Buf *out, const SimTrade *trade, const EthAddress *viewer, bool as_event)
{
	bool		taker = arb_eth_address_equal(&trade->wallet->owner, viewer);
	int			i;

	if (as_event)
		sim_buf_printf(out, "{\"event_type\":\"trade\",\"type\":\"TRADE\",\"matchtime\":\"%" PRId64
					   "\",\"trade_owner\":\"%s\",\"timestamp\":\"%" PRId64 "\",",
					   trade->matched_ms / 1000, trade->taker_owner, trade->updated_ms);
	else
		sim_buf_printf(out, "{\"match_time_nano\":\"%" PRId64 "000000\",\"err_msg\":\"\",", trade->matched_ms);
	sim_buf_printf(out, "\"id\":\"%s\",\"taker_order_id\":\"%s\",\"market\":\"%s\",\"asset_id\":\"%s\",\"side\":\"%s\"",
				   trade->id, trade->taker_id, trade->market->condition, trade->market->token[trade->outcome],
				   sim_side_text(trade->side));
	micro_field(out, "size", trade->shares);
	sim_buf_text(out, ",\"fee_rate_bps\":\"0\"");
	price_field(out, "price", trade->price);
	/* The hash is known once the transaction is mined, as on the venue since July 2026. */
	sim_buf_printf(out, ",\"status\":\"%s\",\"match_time\":\"%" PRId64 "\",\"last_update\":\"%" PRId64 "\",\"outcome\":\"%s\","
				   "\"bucket_index\":0,\"owner\":\"%s\",\"maker_address\":\"%s\",\"transaction_hash\":\"%s\","
				   "\"trader_side\":\"%s\",\"maker_orders\":[",
				   sim_trade_status_text(trade->status), trade->matched_ms / 1000, trade->updated_ms / 1000,
				   sim_outcome_text(trade->outcome), trade->taker_owner, trade->wallet->text,
				   trade->status == TRADE_MATCHED ? "" : trade->hash, taker ? "TAKER" : "MAKER");
	for (i = 0; i < trade->maker_count; i++)
	{
		if (i > 0)
			sim_buf_text(out, ",");
		maker_entry(out, trade, &trade->makers[i]);
	}
	sim_buf_text(out, "]}");
}

const char *
sim_topic_name(PriceTopic topic)
{
	return topic == TOPIC_CHAINLINK ? "crypto_prices_chainlink" : "crypto_prices_twap_sixty";
}

static PriceE18
topic_value(const Oracle *oracle, PriceTopic topic)
{
	return topic == TOPIC_CHAINLINK ? oracle->price : sim_oracle_twap(oracle);
}

void
sim_frame_price(Buf *out, const Oracle *oracle, PriceTopic topic, const char *connection, int64_t now_ms)
{
	char		decimal[PRICE_E18_TEXT_SIZE];
	char		integer[PRICE_E18_TEXT_SIZE];

	sim_price_decimal(topic_value(oracle, topic), decimal);
	sim_price_integer(topic_value(oracle, topic), integer);
	sim_buf_printf(out, "{\"connection_id\":\"%s\",\"payload\":{\"full_accuracy_value\":\"%s\",\"symbol\":\"%s\","
				   "\"timestamp\":%" PRId64 ",\"value\":%s%s},\"timestamp\":%" PRId64 ",\"topic\":\"%s\",\"type\":\"update\"}",
				   connection, integer, oracle->symbol, oracle->tick_s * 1000, decimal,
				   topic == TOPIC_TWAP_SIXTY ? ",\"window_s\":60" : "", now_ms, sim_topic_name(topic));
}

void
sim_frame_price_history(Buf *out, const Oracle *oracle, PriceTopic topic, int64_t now_ms)
{
	int			i;

	/* The venue labels the history of the spot stream with another topic's name. */
	sim_buf_printf(out, "{\"payload\":{\"data\":[");
	for (i = oracle->ring_count; topic == TOPIC_CHAINLINK && i > 0; i--)
	{
		char		decimal[PRICE_E18_TEXT_SIZE];
		int			at = (oracle->ring_next - i + ORACLE_TWAP_SECONDS) % ORACLE_TWAP_SECONDS;

		sim_price_decimal(oracle->ring[at], decimal);
		sim_buf_printf(out, "{\"timestamp\":%" PRId64 ",\"value\":%s}%s", oracle->ring_s[at] * 1000, decimal, i > 1 ? "," : "");
	}
	sim_buf_printf(out, "],\"symbol\":\"%s\"},\"timestamp\":%" PRId64 ",\"topic\":\"%s\",\"type\":\"subscribe\"}",
				   oracle->symbol, now_ms, topic == TOPIC_CHAINLINK ? "crypto_prices" : sim_topic_name(topic));
}

void
sim_frame_clock(Buf *out, int64_t seq, int64_t now_ms)
{
	sim_buf_printf(out, "{\"event_type\":\"clock\",\"seq\":%" PRId64 ",\"timestamp\":\"%" PRId64 "\"}", seq, now_ms);
}
