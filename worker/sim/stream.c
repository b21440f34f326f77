/*-------------------------------------------------------------------------
 *
 * worker/sim/stream.c
 *	  The three websockets: market data, the user's orders, prices.
 *
 * Frames are queued per connection and written one at a time when the socket
 * takes them.  A reader that does not keep up is closed, not waited for.
 *
 *-------------------------------------------------------------------------
 */
#include "sim.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libwebsockets.h>

#include "json.h"

#define QUEUE_BYTES_MAX (64u * 1024u * 1024u)
#define SUBSCRIPTIONS_MAX 500	/* tokens of one market connection */
#define USER_MARKETS_MAX 1000
#define TOPICS 3				/* TOPIC_* start at 1 */

typedef struct Frame
{
	struct Frame *next;
	size_t		len;
	unsigned char bytes[];		/* LWS_PRE bytes of room, then the text */
} Frame;

typedef struct Subscription
{
	const Market *market;
	bool		wanted[2];
} Subscription;

struct StreamConn
{
	StreamConn *next;
	StreamKind	kind;
	struct lws *wsi;
	Frame	   *first;
	Frame	   *last;
	size_t		queued;
	bool		dead;			/* to be closed at the next chance */
	bool		custom;			/* market: custom_feature_enabled */
	Subscription *subs;
	size_t		sub_count;
	size_t		sub_cap;
	size_t		token_count;
	ApiKey	   *key;			/* user */
	bool		all_markets;
	bool		topic[TOPICS][WORLD_ORACLES_MAX];	/* prices */
	bool		subscribed;
	int64_t		clock_seq;		/* last clock frame sent */
	char		id[20];
};

static void
enqueue(Sim *sim, StreamConn *conn, const char *text, size_t len)
{
	Frame	   *frame;

	if (conn->dead)
		return;
	if (conn->queued + len > QUEUE_BYTES_MAX)
	{
		sim->stats.slow_closed++;
		conn->dead = true;
		lws_callback_on_writable(conn->wsi);
		return;
	}
	frame = sim_alloc(sizeof(*frame) + LWS_PRE + len);
	frame->len = len;
	memcpy(frame->bytes + LWS_PRE, text, len);
	if (conn->last != NULL)
		conn->last->next = frame;
	else
		conn->first = frame;
	conn->last = frame;
	conn->queued += len;
	sim->stats.frames++;
	lws_callback_on_writable(conn->wsi);
}

static void
drop_conn(StreamConn *conn)
{
	conn->dead = true;
	lws_callback_on_writable(conn->wsi);
}

/* Sends one frame as the fault plan wants it sent. */
static void
send_faulty(Sim *sim, StreamConn *conn, const FrameFault *fault, const Buf *frame)
{
	static const char garbage[] = "{\"event_type\":\"book\",\"bids\":[[[\"\x7f";
	Buf			other = {0};

	if (fault->disconnect)
	{
		drop_conn(conn);
		return;
	}
	if (fault->drop)
		return;
	if (fault->garbage)
		enqueue(sim, conn, garbage, strlen(garbage));
	else if (fault->truncate_ppm > 0)
		enqueue(sim, conn, frame->data, frame->len * (size_t) fault->truncate_ppm / PROBABILITY_ONE);
	else if (fault->rewrites > 0)
	{
		sim_buf_bytes(&other, frame->data, frame->len);
		sim_fault_rewrite(fault->rewrite, fault->rewrites, &other);
		enqueue(sim, conn, other.data, other.len);
		sim_buf_free(&other);
	}
	else
		enqueue(sim, conn, frame->data, frame->len);
	if (fault->duplicate)
		enqueue(sim, conn, frame->data, frame->len);
}

StreamConn *
sim_stream_open(Sim *sim, StreamKind kind, struct lws *wsi)
{
	StreamConn *conn = sim_alloc(sizeof(*conn));
	StreamConn **tail = &sim->streams;
	uint8_t		hash[32];

	conn->kind = kind;
	conn->wsi = wsi;
	sim_rng_derive(sim->options.seed, "connection", (uint64_t) ++sim->stats.connections, 0, hash);
	arb_base64url_encode(hash, 12, conn->id);
	while (*tail != NULL)
		tail = &(*tail)->next;
	*tail = conn;
	sim_clock_streams_changed(sim, conn);
	return conn;
}

void
sim_stream_close(Sim *sim, StreamConn *conn)
{
	StreamConn **at = &sim->streams;

	while (*at != NULL && *at != conn)
		at = &(*at)->next;
	if (*at != NULL)
		*at = conn->next;
	while (conn->first != NULL)
	{
		Frame	   *next = conn->first->next;

		free(conn->first);
		conn->first = next;
	}
	free(conn->subs);
	free(conn);
}

bool
sim_stream_writeable(Sim *sim, StreamConn *conn)
{
	Frame	   *frame = conn->first;

	if (conn->dead)
		return false;
	if (frame == NULL)
		return true;
	if (lws_write(conn->wsi, frame->bytes + LWS_PRE, frame->len, LWS_WRITE_TEXT) < (int) frame->len)
		return false;
	conn->first = frame->next;
	if (conn->first == NULL)
		conn->last = NULL;
	else
		lws_callback_on_writable(conn->wsi);
	conn->queued -= frame->len;
	free(frame);
	return true;
}

static Subscription *
find_subscription(const StreamConn *conn, const Market *market)
{
	size_t		i;

	for (i = conn->sub_count; i > 0; i--)
		if (conn->subs[i - 1].market == market)
			return &conn->subs[i - 1];
	return NULL;
}

/* outcome -1: any of the two tokens. */
static bool
watches(const StreamConn *conn, const Market *market, int outcome)
{
	const Subscription *sub;

	if (conn->kind != STREAM_MARKET || conn->dead)
		return false;
	sub = find_subscription(conn, market);
	if (sub == NULL)
		return false;
	return outcome < 0 ? sub->wanted[0] || sub->wanted[1] : sub->wanted[outcome];
}

typedef struct Audience
{
	const Market *market;		/* NULL: everyone with the custom features */
	int			outcome;
	bool		custom_only;
} Audience;

static bool
belongs(const StreamConn *conn, const Audience *audience)
{
	if (conn->kind != STREAM_MARKET || conn->dead || (audience->custom_only && !conn->custom))
		return false;
	return audience->market == NULL || watches(conn, audience->market, audience->outcome);
}

static bool
has_audience(const Sim *sim, const Audience *audience)
{
	const StreamConn *conn;

	for (conn = sim->streams; conn != NULL; conn = conn->next)
		if (belongs(conn, audience))
			return true;
	return false;
}

static void
broadcast(Sim *sim, const Audience *audience, const char *event, const Buf *frame)
{
	StreamConn *conn;
	FrameFault	fault;

	sim_fault_frame(&sim->faults, "market", event, &fault);
	if (fault.stale_ms > 0)
	{
		sim->stale_until_ms = sim_wall_ms() + fault.stale_ms;
		return;
	}
	for (conn = sim->streams; conn != NULL; conn = conn->next)
		if (belongs(conn, audience))
			send_faulty(sim, conn, &fault, frame);
}

static bool
books_frozen(const Sim *sim)
{
	return sim->stale_until_ms > sim_wall_ms();
}

static void
publish_quotes(Sim *sim, Market *market, Buf *text)
{
	Audience	audience = {market, 0, true};
	int			bid = sim_book_best(market->book, BOOK_BIDS);
	int			ask = sim_book_best(market->book, BOOK_ASKS);
	int			outcome;

	if (bid == market->shown_bid && ask == market->shown_ask)
		return;
	market->shown_bid = bid;
	market->shown_ask = ask;
	for (outcome = 0; outcome < 2; outcome++)
	{
		audience.outcome = outcome;
		if (!has_audience(sim, &audience))
			continue;
		sim_buf_reset(text);
		sim_frame_best_bid_ask(text, market, outcome, market->changed_ms);
		broadcast(sim, &audience, "best_bid_ask", text);
	}
}

static void
publish_books(Sim *sim, Market *market, Buf *text)
{
	Audience	audience = {market, 0, false};
	int			outcome;

	for (outcome = 0; outcome < 2; outcome++)
	{
		audience.outcome = outcome;
		if (!has_audience(sim, &audience))
			continue;
		sim_buf_reset(text);
		sim_frame_book(text, market, outcome, true);
		broadcast(sim, &audience, "book", text);
	}
}

static void
publish_market(Sim *sim, Market *market)
{
	Audience	audience = {market, -1, false};
	Buf			text = {0};

	market->changed_ms = sim_now_ms(sim);
	if (has_audience(sim, &audience))
	{
		sim_frame_price_change(&text, market);
		broadcast(sim, &audience, "price_change", &text);
		if (market->traded)
			publish_books(sim, market, &text);
	}
	publish_quotes(sim, market, &text);
	market->traded = false;
	sim_book_clear_touched(market->book);
	sim_buf_free(&text);
}

void
sim_stream_publish(Sim *sim)
{
	size_t		i;

	if (books_frozen(sim))
		return;
	for (i = sim->world.first_live; i < sim->world.market_count; i++)
	{
		Market	   *market = sim->world.markets[i];

		if (market->book != NULL && market->book->touched_count[0] + market->book->touched_count[1] > 0)
			publish_market(sim, market);
	}
}

/* ---- events of the exchange and the world ---- */

static bool
user_follows(const StreamConn *conn, const Market *market)
{
	return conn->kind == STREAM_USER && conn->key != NULL && !conn->dead &&
		(conn->all_markets || find_subscription(conn, market) != NULL);
}

static void
on_order(void *context, const SimOrder *order, OrderEvent event)
{
	Sim		   *sim = context;
	StreamConn *conn;
	FrameFault	fault;
	Buf			text = {0};

	sim_frame_order_event(&text, order, event, sim_now_ms(sim));
	for (conn = sim->streams; conn != NULL; conn = conn->next)
	{
		if (!user_follows(conn, order->market) || !arb_eth_address_equal(&conn->key->address, &order->wallet->owner))
			continue;
		sim_fault_frame(&sim->faults, "user", "order", &fault);
		send_faulty(sim, conn, &fault, &text);
	}
	sim_buf_free(&text);
}

static void
on_trade(void *context, const SimTrade *trade)
{
	Sim		   *sim = context;
	StreamConn *conn;
	FrameFault	fault;
	Buf			text = {0};

	for (conn = sim->streams; conn != NULL; conn = conn->next)
	{
		if (!user_follows(conn, trade->market) || !sim_trade_concerns(trade, &conn->key->address))
			continue;
		sim_buf_reset(&text);
		sim_frame_trade(&text, trade, &conn->key->address, true);
		sim_fault_frame(&sim->faults, "user", "trade", &fault);
		send_faulty(sim, conn, &fault, &text);
	}
	sim_buf_free(&text);
}

static void
on_print(void *context, const Market *market, int outcome, SimSide side, int price, int64_t shares, const char *hash)
{
	Sim		   *sim = context;
	Audience	audience = {market, outcome, false};
	Buf			text = {0};

	if (books_frozen(sim) || !has_audience(sim, &audience))
		return;
	sim_frame_last_trade(&text, market, outcome, side, price, shares, hash, sim_now_ms(sim));
	broadcast(sim, &audience, "last_trade_price", &text);
	sim_buf_free(&text);
}

static void
on_tick(void *context, const Oracle *oracle)
{
	Sim		   *sim = context;
	int			index = (int) (oracle - sim->world.oracle);
	StreamConn *conn;
	FrameFault	fault;
	Buf			text = {0};
	PriceTopic	topic;

	for (topic = TOPIC_CHAINLINK; topic <= TOPIC_TWAP_SIXTY; topic++)
	{
		sim_fault_frame(&sim->faults, "prices", sim_topic_name(topic), &fault);
		for (conn = sim->streams; conn != NULL; conn = conn->next)
		{
			if (conn->kind != STREAM_PRICES || !conn->topic[topic][index])
				continue;
			sim_buf_reset(&text);
			sim_frame_price(&text, oracle, topic, conn->id, sim_now_ms(sim));
			send_faulty(sim, conn, &fault, &text);
		}
	}
	sim_buf_free(&text);
}

static void
on_listed(void *context, const Market *market)
{
	Sim		   *sim = context;
	Audience	audience = {NULL, 0, true};
	Buf			text = {0};

	sim_frame_new_market(&text, market, sim_now_ms(sim));
	if (has_audience(sim, &audience))
		broadcast(sim, &audience, "new_market", &text);
	sim_buf_free(&text);
}

static void
on_tick_size(void *context, Market *market, int old_tick)
{
	Sim		   *sim = context;
	Audience	audience = {market, 0, false};
	Buf			text = {0};

	for (audience.outcome = 0; audience.outcome < 2; audience.outcome++)
	{
		if (!has_audience(sim, &audience))
			continue;
		sim_buf_reset(&text);
		sim_frame_tick_size(&text, market, audience.outcome, old_tick, sim_now_ms(sim));
		broadcast(sim, &audience, "tick_size_change", &text);
	}
	/* Readers have dropped their books: the next publication brings whole ones. */
	market->changed_ms = sim_now_ms(sim);
	publish_books(sim, market, &text);
	sim_buf_free(&text);
}

static void
on_resolved(void *context, const Market *market)
{
	Sim		   *sim = context;
	Audience	audience = {market, -1, true};
	Buf			text = {0};

	sim_frame_resolved(&text, market, sim_now_ms(sim));
	if (has_audience(sim, &audience))
		broadcast(sim, &audience, "market_resolved", &text);
	sim_buf_free(&text);
}

void
sim_stream_listen(Sim *sim)
{
	sim->exchange.events = (ExchangeEvents) {sim, on_order, on_trade, on_print};
	sim->world.events = (WorldEvents) {sim, on_tick, on_listed, on_tick_size, on_resolved};
}

/* ---- the driven clock's frames ---- */

void
sim_stream_clock(Sim *sim, int64_t seq, int64_t now_ms)
{
	StreamConn *conn;
	Buf			text = {0};

	sim_frame_clock(&text, seq, now_ms);
	for (conn = sim->streams; conn != NULL; conn = conn->next)
		if (conn->clock_seq < seq)
		{
			conn->clock_seq = seq;
			enqueue(sim, conn, text.data, text.len);
		}
	sim_buf_free(&text);
}

void
sim_stream_end(Sim *sim)
{
	static const char text[] = "{\"event_type\":\"end\"}";
	StreamConn *conn;

	for (conn = sim->streams; conn != NULL; conn = conn->next)
		enqueue(sim, conn, text, strlen(text));
}

bool
sim_stream_ready(const Sim *sim)
{
	const StreamConn *conn;
	bool		prices = false;

	for (conn = sim->streams; conn != NULL; conn = conn->next)
		prices = prices || (conn->kind == STREAM_PRICES && conn->subscribed && !conn->dead);
	return prices && sim_stream_driver(sim) != NULL;
}

const StreamConn *
sim_stream_driver(const Sim *sim)
{
	const StreamConn *conn;

	for (conn = sim->streams; conn != NULL; conn = conn->next)
		if (conn->kind == STREAM_MARKET && !conn->dead)
			return conn;
	return NULL;
}

/* ---- what clients say ---- */

static bool
subscribe_token(StreamConn *conn, const Market *market, int outcome)
{
	Subscription *sub = find_subscription(conn, market);

	if (sub == NULL)
	{
		conn->subs = sim_grow(conn->subs, &conn->sub_cap, conn->sub_count + 1, sizeof(*conn->subs));
		sub = &conn->subs[conn->sub_count++];
		memset(sub, 0, sizeof(*sub));
		sub->market = market;
	}
	if (sub->wanted[outcome])
		return false;
	sub->wanted[outcome] = true;
	conn->token_count++;
	return true;
}

static void
unsubscribe_token(StreamConn *conn, const Market *market, int outcome)
{
	Subscription *sub = find_subscription(conn, market);

	if (sub == NULL || !sub->wanted[outcome])
		return;
	sub->wanted[outcome] = false;
	conn->token_count--;
	if (!sub->wanted[0] && !sub->wanted[1])
		*sub = conn->subs[--conn->sub_count];
}

/* The first books arrive in one array, as they do live. */
static void
change_tokens(Sim *sim, StreamConn *conn, const json_t *tokens, bool add, bool dump)
{
	Buf			text = {0};
	FrameFault	fault;
	size_t		i;
	bool		fresh = false;

	for (i = 0; i < json_array_size(tokens); i++)
	{
		const char *token = json_string_value(json_array_get(tokens, i));
		int			outcome;
		const Market *market = token == NULL ? NULL : sim_world_by_token(&sim->world, token, &outcome);

		if (market == NULL)
			continue;
		if (!add)
			unsubscribe_token(conn, market, outcome);
		else if (conn->token_count < SUBSCRIPTIONS_MAX && subscribe_token(conn, market, outcome))
		{
			fresh = true;
			if (!dump || market->book == NULL)
				continue;
			sim_buf_text(&text, text.len == 0 ? "[" : ",");
			sim_frame_book(&text, market, outcome, true);
		}
	}
	if (text.len > 0)
	{
		sim_buf_text(&text, "]");
		sim_fault_frame(&sim->faults, "market", "book", &fault);
		send_faulty(sim, conn, &fault, &text);
	}
	else if (add && !fresh)
		enqueue(sim, conn, "NO NEW ASSETS", strlen("NO NEW ASSETS"));
	sim_buf_free(&text);
}

static bool
receive_market(Sim *sim, StreamConn *conn, const json_t *message)
{
	const char *operation = json_string_value(json_object_get(message, "operation"));
	const json_t *tokens = json_object_get(message, "assets_ids");
	const json_t *dump = json_object_get(message, "initial_dump");
	int64_t		seq;

	if (operation != NULL && strcmp(operation, "barrier") == 0)
	{
		if (arb_json_int(message, "seq", 0, INT64_MAX, &seq, NULL))
			sim_clock_barrier(sim, conn, seq);
		return true;
	}
	if (json_is_true(json_object_get(message, "custom_feature_enabled")))
		conn->custom = true;
	/* What is pending for others must not be mistaken for news after the dump. */
	sim_stream_publish(sim);
	if (operation == NULL || strcmp(operation, "subscribe") == 0)
		change_tokens(sim, conn, tokens, true, !json_is_false(dump));
	else if (strcmp(operation, "unsubscribe") == 0)
		change_tokens(sim, conn, tokens, false, false);
	conn->subscribed = true;
	return true;
}

static void
change_markets(Sim *sim, StreamConn *conn, const json_t *markets, bool add)
{
	size_t		i;

	for (i = 0; i < json_array_size(markets); i++)
	{
		const char *condition = json_string_value(json_array_get(markets, i));
		const Market *market = condition == NULL ? NULL : sim_world_by_condition(&sim->world, condition);

		if (market == NULL || conn->sub_count >= USER_MARKETS_MAX)
			continue;
		if (add)
			subscribe_token(conn, market, 0);
		else
			unsubscribe_token(conn, market, 0);
	}
}

static bool
receive_user(Sim *sim, StreamConn *conn, const json_t *message)
{
	const char *operation = json_string_value(json_object_get(message, "operation"));
	const json_t *auth = json_object_get(message, "auth");
	const json_t *markets = json_object_get(message, "markets");
	char		key[KEY_TEXT_SIZE];
	char		secret[HEADER_TEXT_SIZE];
	char		passphrase[HEADER_TEXT_SIZE];

	if (conn->key == NULL)
	{
		if (!arb_json_id(auth, "apiKey", key, sizeof(key), NULL) ||
			!arb_json_id(auth, "secret", secret, sizeof(secret), NULL) ||
			!arb_json_id(auth, "passphrase", passphrase, sizeof(passphrase), NULL))
			return false;
		conn->key = sim_auth_plain(&sim->auth, key, secret, passphrase);
		/* The venue closes without a word. */
		if (conn->key == NULL)
			return false;
		conn->all_markets = json_array_size(markets) == 0;
	}
	change_markets(sim, conn, markets, operation == NULL || strcmp(operation, "unsubscribe") != 0);
	conn->subscribed = true;
	return true;
}

static bool
known_topic(const char *topic, PriceTopic *found)
{
	*found = 0;
	if (strcmp(topic, sim_topic_name(TOPIC_CHAINLINK)) == 0)
		*found = TOPIC_CHAINLINK;
	else if (strcmp(topic, sim_topic_name(TOPIC_TWAP_SIXTY)) == 0)
		*found = TOPIC_TWAP_SIXTY;
	/* Topics the venue has and this world has nothing to say on. */
	return *found != 0 || strcmp(topic, "crypto_prices") == 0 || strcmp(topic, "crypto_prices_twap_thirty") == 0;
}

static bool
filter_admits(const char *filter, const char *symbol)
{
	char		wanted[64];

	if (filter == NULL || filter[0] == '\0')
		return true;
	snprintf(wanted, sizeof(wanted), "\"symbol\":\"%s\"", symbol);
	return strstr(filter, wanted) != NULL;
}

/* Spaces in a filter: the history comes, and then nothing, as the venue does it. */
static void
subscribe_topic(Sim *sim, StreamConn *conn, PriceTopic topic, const char *filter, bool add)
{
	char		squeezed[256];
	size_t		n = 0;
	bool		spaced = false;
	int			i;

	for (; filter != NULL && *filter != '\0' && n + 1 < sizeof(squeezed); filter++)
	{
		if (*filter == ' ')
			spaced = true;
		else
			squeezed[n++] = *filter;
	}
	squeezed[n] = '\0';
	for (i = 0; i < sim->world.oracle_count; i++)
	{
		const Oracle *oracle = &sim->world.oracle[i];
		Buf			text = {0};

		if (!filter_admits(squeezed, oracle->symbol))
			continue;
		conn->topic[topic][i] = add && !spaced;
		if (!add)
			continue;
		sim_frame_price_history(&text, oracle, topic, sim_now_ms(sim));
		enqueue(sim, conn, text.data, text.len);
		sim_buf_free(&text);
	}
}

static bool
receive_prices(Sim *sim, StreamConn *conn, const json_t *message)
{
	const char *action = json_string_value(json_object_get(message, "action"));
	const json_t *list = json_object_get(message, "subscriptions");
	PriceTopic	topic;
	size_t		i;

	if (action == NULL || (strcmp(action, "subscribe") != 0 && strcmp(action, "unsubscribe") != 0))
		return true;
	/* One unknown topic silences the whole array. */
	for (i = 0; i < json_array_size(list); i++)
	{
		const char *name = json_string_value(json_object_get(json_array_get(list, i), "topic"));

		if (name == NULL || !known_topic(name, &topic))
		{
			static const char text[] = "{\"body\":{\"message\":\"Unauthorized\"},\"statusCode\":401}";

			enqueue(sim, conn, text, strlen(text));
			return true;
		}
	}
	for (i = 0; i < json_array_size(list); i++)
	{
		const json_t *entry = json_array_get(list, i);

		if (known_topic(json_string_value(json_object_get(entry, "topic")), &topic) && topic != 0)
			subscribe_topic(sim, conn, topic, json_string_value(json_object_get(entry, "filters")),
							strcmp(action, "subscribe") == 0);
	}
	conn->subscribed = true;
	return true;
}

bool
sim_stream_receive(Sim *sim, StreamConn *conn, const char *text, size_t len)
{
	json_t	   *message;
	bool		ok = true;

	if (len == 4 && memcmp(text, "PING", 4) == 0)
	{
		/* The price relay does not answer. */
		if (conn->kind != STREAM_PRICES)
			enqueue(sim, conn, "PONG", 4);
		return true;
	}
	message = arb_json_load(text, len, JSON_MAX_BYTES, NULL);
	if (!json_is_object(message))
	{
		sim->stats.bad_requests++;
		json_decref(message);
		return true;
	}
	switch (conn->kind)
	{
		case STREAM_MARKET:
			ok = receive_market(sim, conn, message);
			break;
		case STREAM_USER:
			ok = receive_user(sim, conn, message);
			break;
		case STREAM_PRICES:
			ok = receive_prices(sim, conn, message);
			break;
	}
	arb_json_wipe(message);
	json_decref(message);
	if (ok)
		sim_clock_streams_changed(sim, conn);
	return ok;
}
