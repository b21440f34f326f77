/*-------------------------------------------------------------------------
 *
 * worker/venue/polymarket/parse_orders.c
 *	  Orders and trades: the user channel, and the same things by REST.
 *
 * The two sources spell fields differently (matchtime, match_time; statuses
 * with and without a prefix; seconds, milliseconds, dates); one pair of
 * functions reads both.
 *
 *-------------------------------------------------------------------------
 */
#include "parse_common.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define ORDER_STATUS_PREFIX "ORDER_STATUS_"
#define TRADE_STATUS_PREFIX "TRADE_STATUS_"
/* The cursor the venue returns with the last page; it must not be sent back. */
#define LAST_CURSOR "LTE="

static const char *
skip_prefix(const char *text, const char *prefix)
{
	return strncasecmp(text, prefix, strlen(prefix)) == 0 ? text + strlen(prefix) : text;
}

/* Room for count items of the given size; *items stays NULL for none. */
static bool
make_items(size_t count, size_t size, void **items, ParseError *error)
{
	*items = count == 0 ? NULL : calloc(count, size);
	if (count == 0 || *items != NULL)
		return true;
	arb_parse_fail(error, PARSE_ERROR_NO_MEMORY, "%zu items", count);
	return false;
}

/* ----- orders ----- */

/* A reason may be glued to the word, as in "CANCELED_order couldn't be fully filled. ...". */
static PmOrderStatus
order_status_of(const char *text)
{
	static const struct
	{
		const char *word;
		PmOrderStatus status;
	}			words[] = {
		{"CANCELED_MARKET_RESOLVED", PM_ORDER_STATUS_CANCELED_MARKET_RESOLVED},
		{"CANCELED", PM_ORDER_STATUS_CANCELED},
		{"CANCELLED", PM_ORDER_STATUS_CANCELED},
		{"INVALID", PM_ORDER_STATUS_INVALID},
		{"LIVE", PM_ORDER_STATUS_LIVE},
		{"MATCHED", PM_ORDER_STATUS_MATCHED},
		{"DELAYED", PM_ORDER_STATUS_DELAYED},
		{"UNMATCHED", PM_ORDER_STATUS_UNMATCHED},
	};

	text = skip_prefix(text, ORDER_STATUS_PREFIX);
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
	{
		size_t		len = strlen(words[i].word);

		if (strncasecmp(text, words[i].word, len) == 0 && (text[len] == '\0' || text[len] == '_'))
			return words[i].status;
	}
	return PM_ORDER_STATUS_OTHER;
}

static PmOrderEvent
order_event_of(const char *text)
{
	if (strcmp(text, "PLACEMENT") == 0)
		return PM_ORDER_EVENT_PLACEMENT;
	if (strcmp(text, "UPDATE") == 0)
		return PM_ORDER_EVENT_UPDATE;
	if (strcmp(text, "CANCELLATION") == 0)
		return PM_ORDER_EVENT_CANCELLATION;
	return PM_ORDER_EVENT_NONE;
}

static bool
parse_order_fields(const json_t *object, PmOrder *order, ParseError *error)
{
	char		text[VENUE_REASON_SIZE];
	int64_t		expiration_ms;

	memset(order, 0, sizeof(*order));
	if (!arb_json_id(object, "id", order->id, sizeof(order->id), error) ||
		!arb_json_id(object, "market", order->market, sizeof(order->market), error) ||
		!arb_pm_token_field(object, "asset_id", order->token_id, error) ||
		!arb_json_id_optional(object, "owner", order->owner, sizeof(order->owner), error) ||
		!arb_json_id_optional(object, "maker_address", order->maker_address, sizeof(order->maker_address), error) ||
		!arb_pm_side_field(object, "side", &order->side, error) ||
		!arb_pm_qty_field(object, "original_size", &order->original_size, error) ||
		!arb_json_micro_optional(object, "size_matched", 0, PM_QTY_MAX, &order->size_matched, NULL, error) ||
		!arb_pm_price_field(object, "price", &order->price, error) ||
		!arb_pm_when_field(object, "created_at", &order->created_ms, error) ||
		!arb_pm_when_field(object, "timestamp", &order->timestamp_ms, error) ||
		!arb_pm_when_field(object, "expiration", &expiration_ms, error))
		return false;
	order->expiration_s = expiration_ms / 1000;
	if (!arb_json_text_optional(object, "order_type", text, sizeof(text), error))
		return false;
	order->order_type = arb_time_in_force_parse(text);
	if (!arb_json_text(object, "status", text, sizeof(text), error))
		return false;
	order->status = order_status_of(text);
	arb_pm_clean_text(text, order->status_text, sizeof(order->status_text));
	return true;
}

/* ----- trades ----- */

static const char *const TradeStatusNames[] = {
	[PM_TRADE_STATUS_NONE] = "",
	[PM_TRADE_STATUS_MATCHED] = "MATCHED",
	[PM_TRADE_STATUS_MINED] = "MINED",
	[PM_TRADE_STATUS_CONFIRMED] = "CONFIRMED",
	[PM_TRADE_STATUS_RETRYING] = "RETRYING",
	[PM_TRADE_STATUS_FAILED] = "FAILED",
};

#define TRADE_STATUS_COUNT (sizeof(TradeStatusNames) / sizeof(TradeStatusNames[0]))

const char *
arb_pm_trade_status_name(PmTradeStatus status)
{
	return (size_t) status < TRADE_STATUS_COUNT ? TradeStatusNames[status] : "";
}

static bool
trade_status_field(const json_t *object, PmTradeStatus *status, ParseError *error)
{
	char		text[PM_STATUS_SIZE];
	const char *word;

	if (!arb_json_text(object, "status", text, sizeof(text), error))
		return false;
	word = skip_prefix(text, TRADE_STATUS_PREFIX);
	for (size_t i = 1; i < TRADE_STATUS_COUNT; i++)
	{
		if (strcasecmp(word, TradeStatusNames[i]) == 0)
		{
			*status = (PmTradeStatus) i;
			return true;
		}
	}
	return arb_parse_fail(error, PARSE_ERROR_UNKNOWN_TYPE, "trade status %.40s", text);
}

/*
 * A maker of the taker's own token took the other side; a maker of the
 * complementary token took the same side (two buys mint a pair, two sells
 * merge one).
 */
static OrderSide
derived_maker_side(const PmTrade *trade, const char *maker_token)
{
	if (strcmp(maker_token, trade->token_id) != 0)
		return trade->side;
	return trade->side == ORDER_SIDE_BUY ? ORDER_SIDE_SELL : ORDER_SIDE_BUY;
}

static bool
parse_maker(const json_t *item, const PmTrade *trade, PmMakerLeg *maker, ParseError *error)
{
	const json_t *side = json_object_get(item, "side");

	if (!arb_json_id(item, "order_id", maker->order_id, sizeof(maker->order_id), error) ||
		!arb_json_id_optional(item, "owner", maker->owner, sizeof(maker->owner), error) ||
		!arb_json_id_optional(item, "maker_address", maker->maker_address, sizeof(maker->maker_address), error) ||
		!arb_pm_token_field(item, "asset_id", maker->token_id, error) ||
		!arb_pm_qty_field(item, "matched_amount", &maker->size, error) ||
		!arb_pm_price_field(item, "price", &maker->price, error))
		return false;
	if (json_string_length(side) > 0)
		return arb_pm_side_field(item, "side", &maker->side, error);
	maker->side = derived_maker_side(trade, maker->token_id);
	return true;
}

static bool
parse_makers(const json_t *object, PmTrade *trade, ParseError *error)
{
	const json_t *array = json_object_get(object, "maker_orders");
	const json_t *item;
	size_t		index;

	if (array == NULL || json_is_null(array))
		return true;
	if (!json_is_array(array))
		return arb_parse_fail(error, PARSE_ERROR_WRONG_TYPE, "maker_orders is no array");
	if (json_array_size(array) == 0)
		return true;
	if (json_array_size(array) > PM_PAGE_MAX)
		return arb_parse_fail(error, PARSE_ERROR_TOO_LARGE, "%zu makers", json_array_size(array));
	trade->makers = calloc(json_array_size(array), sizeof(*trade->makers));
	if (trade->makers == NULL)
		return arb_parse_fail(error, PARSE_ERROR_NO_MEMORY, "makers");
	json_array_foreach(array, index, item)
	{
		if (!parse_maker(item, trade, &trade->makers[index], error))
			return false;
	}
	trade->maker_count = json_array_size(array);
	return true;
}

static void
free_trade(PmTrade *trade)
{
	free(trade->makers);
	trade->makers = NULL;
	trade->maker_count = 0;
}

/* Which of the two spellings this message uses. */
static const char *
either(const json_t *object, const char *first, const char *second)
{
	return json_object_get(object, first) != NULL ? first : second;
}

static bool
parse_trade_fields(const json_t *object, PmTrade *trade, ParseError *error)
{
	char		role[16];

	memset(trade, 0, sizeof(*trade));
	if (!arb_json_id(object, "id", trade->id, sizeof(trade->id), error) ||
		!arb_json_id(object, "taker_order_id", trade->taker_order_id, sizeof(trade->taker_order_id), error) ||
		!arb_json_id(object, "market", trade->market, sizeof(trade->market), error) ||
		!arb_pm_token_field(object, "asset_id", trade->token_id, error) ||
		!arb_json_id_optional(object, either(object, "trade_owner", "owner"), trade->owner,
							  sizeof(trade->owner), error) ||
		!arb_json_id_optional(object, "maker_address", trade->maker_address, sizeof(trade->maker_address), error) ||
		!arb_pm_side_field(object, "side", &trade->side, error) ||
		!arb_pm_qty_field(object, "size", &trade->size, error) ||
		!arb_pm_price_field(object, "price", &trade->price, error) ||
		!trade_status_field(object, &trade->status, error) ||
		!arb_pm_when_field(object, either(object, "match_time", "matchtime"), &trade->matched_ms, error) ||
		!arb_pm_when_field(object, "last_update", &trade->updated_ms, error) ||
		!arb_json_id_optional(object, "transaction_hash", trade->transaction_hash,
							  sizeof(trade->transaction_hash), error) ||
		!arb_json_text_optional(object, "trader_side", role, sizeof(role), error))
		return false;
	trade->has_trader_side = strcmp(role, "TAKER") == 0 || strcmp(role, "MAKER") == 0;
	trade->we_are_taker = strcmp(role, "TAKER") == 0;
	if (parse_makers(object, trade, error))
		return true;
	free_trade(trade);
	return false;
}

bool
arb_pm_trade_fill(const PmTrade *trade, const char *order_id, PmFill *fill)
{
	if (strcasecmp(trade->taker_order_id, order_id) == 0)
	{
		fill->token_id = trade->token_id;
		fill->side = trade->side;
		fill->size = trade->size;
		fill->price = trade->price;
		fill->is_maker = false;
		return true;
	}
	for (size_t i = 0; i < trade->maker_count; i++)
	{
		const PmMakerLeg *maker = &trade->makers[i];

		if (strcasecmp(maker->order_id, order_id) != 0)
			continue;
		fill->token_id = maker->token_id;
		fill->side = maker->side;
		fill->size = maker->size;
		fill->price = maker->price;
		fill->is_maker = true;
		return true;
	}
	return false;
}

/* ----- the user channel ----- */

static bool
parse_user_event(const json_t *object, PmUserEvent *event, ParseError *error)
{
	char		name[PM_STATUS_SIZE];
	char		text[PM_STATUS_SIZE];

	if (!arb_json_text(object, "event_type", name, sizeof(name), error))
		return false;
	if (strcmp(name, "order") == 0)
	{
		if (!parse_order_fields(object, &event->u.order, error) ||
			!arb_json_text(object, "type", text, sizeof(text), error))
			return false;
		event->u.order.event = order_event_of(text);
		if (event->u.order.event == PM_ORDER_EVENT_NONE)
			return arb_parse_fail(error, PARSE_ERROR_UNKNOWN_TYPE, "order event %s", text);
		event->kind = PM_USER_ORDER;
	}
	else if (strcmp(name, "trade") == 0)
	{
		if (!parse_trade_fields(object, &event->u.trade, error))
			return false;
		event->kind = PM_USER_TRADE;
	}
	else if (strcmp(name, "clock") == 0)
	{
		if (!arb_pm_clock_fields(object, &event->u.clock.seq, &event->u.clock.timestamp_ms, error))
			return false;
		event->kind = PM_USER_CLOCK;
	}
	else if (strcmp(name, "end") == 0)
		event->kind = PM_USER_END;
	else
	{
		event->kind = PM_USER_UNKNOWN;
		arb_pm_clean_text(name, event->u.unknown, sizeof(event->u.unknown));
	}
	return true;
}

bool
arb_pm_parse_user(const char *bytes, size_t len, PmUserFrame *frame, ParseError *error)
{
	json_t	   *root;
	void	   *events = NULL;
	size_t		count;
	bool		done;

	memset(frame, 0, sizeof(*frame));
	if (arb_pm_is_control_text(bytes, len))
		return true;
	root = arb_json_load(bytes, len, JSON_MAX_BYTES, error);
	if (root == NULL)
		return false;
	count = arb_pm_frame_count(root);
	if (count > PM_EVENTS_MAX)
	{
		json_decref(root);
		return arb_parse_fail(error, PARSE_ERROR_TOO_LARGE, "%zu events", count);
	}
	done = make_items(count, sizeof(PmUserEvent), &events, error);
	frame->events = events;
	frame->count = done ? count : 0;
	for (size_t i = 0; done && i < count; i++)
		done = parse_user_event(arb_pm_frame_item(root, i), &frame->events[i], error);
	json_decref(root);
	if (!done)
		arb_pm_user_frame_free(frame);
	return done;
}

void
arb_pm_user_frame_free(PmUserFrame *frame)
{
	for (size_t i = 0; i < frame->count; i++)
	{
		if (frame->events[i].kind == PM_USER_TRADE)
			free_trade(&frame->events[i].u.trade);
	}
	free(frame->events);
	memset(frame, 0, sizeof(*frame));
}

/* ----- by REST ----- */

/* The venue answers null or {} for an order it no longer shows. */
static bool
names_no_order(const json_t *root)
{
	return json_is_null(root) || (json_is_object(root) && json_object_size(root) == 0);
}

bool
arb_pm_parse_order(int http_status, const char *bytes, size_t len, PmLookup *lookup, PmOrder *order,
				   ParseError *error)
{
	json_t	   *root;
	bool		done;

	*lookup = PM_LOOKUP_NONE;
	if (http_status != 200 && http_status != 404)
		return arb_parse_fail(error, PARSE_ERROR_HTTP_STATUS, "status %d", http_status);
	if (len == 0)
	{
		*lookup = PM_LOOKUP_ABSENT;
		return true;
	}
	/* A page of some proxy in between is no answer of the venue. */
	root = arb_json_load(bytes, len, JSON_MAX_BYTES, error);
	if (root == NULL)
		return false;
	if (http_status == 404 || names_no_order(root))
	{
		*lookup = PM_LOOKUP_ABSENT;
		done = true;
	}
	else
	{
		done = parse_order_fields(root, order, error);
		if (done)
			*lookup = PM_LOOKUP_FOUND;
	}
	json_decref(root);
	return done;
}

/* The items of a page, which is {"data":[..],"next_cursor":".."} or a bare array. */
static const json_t *
page_items(const json_t *root, char cursor[PM_CURSOR_SIZE], ParseError *error)
{
	const json_t *items;

	cursor[0] = '\0';
	items = json_is_array(root) ? root : arb_json_array_field(root, "data", error);
	if (items == NULL)
		return NULL;
	if (items != root && !arb_json_id_optional(root, "next_cursor", cursor, PM_CURSOR_SIZE, error))
		return NULL;
	if (strcmp(cursor, LAST_CURSOR) == 0)
		cursor[0] = '\0';
	if (json_array_size(items) > PM_PAGE_MAX)
	{
		arb_parse_fail(error, PARSE_ERROR_TOO_LARGE, "%zu items", json_array_size(items));
		return NULL;
	}
	return items;
}

bool
arb_pm_parse_orders(const char *bytes, size_t len, PmOrderPage *page, ParseError *error)
{
	json_t	   *root;
	const json_t *items;
	void	   *orders = NULL;
	size_t		count;
	bool		done;

	memset(page, 0, sizeof(*page));
	root = arb_json_load(bytes, len, JSON_MAX_BYTES, error);
	if (root == NULL)
		return false;
	items = page_items(root, page->next_cursor, error);
	count = json_array_size(items);
	done = items != NULL && make_items(count, sizeof(PmOrder), &orders, error);
	page->orders = orders;
	for (size_t i = 0; done && orders != NULL && i < count; i++)
	{
		done = parse_order_fields(json_array_get(items, i), &page->orders[i], error);
		if (done)
			page->count++;
	}
	json_decref(root);
	if (!done)
		arb_pm_order_page_free(page);
	return done;
}

void
arb_pm_order_page_free(PmOrderPage *page)
{
	free(page->orders);
	memset(page, 0, sizeof(*page));
}

bool
arb_pm_parse_trades(const char *bytes, size_t len, PmTradePage *page, ParseError *error)
{
	json_t	   *root;
	const json_t *items;
	void	   *trades = NULL;
	size_t		count;
	bool		done;

	memset(page, 0, sizeof(*page));
	root = arb_json_load(bytes, len, JSON_MAX_BYTES, error);
	if (root == NULL)
		return false;
	items = page_items(root, page->next_cursor, error);
	count = json_array_size(items);
	done = items != NULL && make_items(count, sizeof(PmTrade), &trades, error);
	page->trades = trades;
	for (size_t i = 0; done && trades != NULL && i < count; i++)
	{
		done = parse_trade_fields(json_array_get(items, i), &page->trades[i], error);
		if (done)
			page->count++;
	}
	json_decref(root);
	if (!done)
		arb_pm_trade_page_free(page);
	return done;
}

void
arb_pm_trade_page_free(PmTradePage *page)
{
	for (size_t i = 0; i < page->count; i++)
		free_trade(&page->trades[i]);
	free(page->trades);
	memset(page, 0, sizeof(*page));
}
