/*-------------------------------------------------------------------------
 *
 * worker/venue/polymarket/parse_market.c
 *	  The market channel's frames, and the book by REST.
 *
 *-------------------------------------------------------------------------
 */
#include "parse_common.h"

#include <stdlib.h>
#include <string.h>

typedef struct EventType
{
	const char *name;
	PmMarketEventKind kind;
	bool		(*parse) (const json_t *object, PmMarketEvent *event, ParseError *error);
} EventType;

/* ----- books ----- */

static bool
parse_levels(const json_t *object, const char *name, PmLevel **levels, size_t *count, ParseError *error)
{
	const json_t *array = arb_json_array_field(object, name, error);
	const json_t *item;
	size_t		index;

	if (array == NULL)
		return false;
	if (json_array_size(array) > PM_LEVELS_MAX)
		return arb_parse_fail(error, PARSE_ERROR_TOO_LARGE, "%s has %zu levels", name, json_array_size(array));
	if (json_array_size(array) == 0)
		return true;
	*levels = calloc(json_array_size(array), sizeof(**levels));
	if (*levels == NULL)
		return arb_parse_fail(error, PARSE_ERROR_NO_MEMORY, "%s", name);
	json_array_foreach(array, index, item)
	{
		PmLevel    *level = &(*levels)[index];

		/* Nothing trades at 0 or at 1. */
		if (!arb_json_micro(item, "price", 1, DECIMAL_MICRO - 1, &level->price, error) ||
			!arb_pm_qty_field(item, "size", &level->size, error))
			return false;
	}
	*count = json_array_size(array);
	return true;
}

static bool
parse_book_fields(const json_t *object, PmMarketEvent *event, ParseError *error)
{
	PmBook	   *book = &event->u.book;
	int64_t		last = 0;
	bool		present = false;

	if (!arb_pm_token_field(object, "asset_id", event->token_id, error) ||
		!arb_json_id_optional(object, "hash", book->hash, sizeof(book->hash), error) ||
		!arb_json_micro_optional(object, "tick_size", 1, DECIMAL_MICRO, &book->tick_size, NULL, error) ||
		!arb_json_micro_optional(object, "min_order_size", 0, PM_QTY_MAX, &book->min_order_size, NULL, error) ||
		!arb_json_micro_optional(object, "last_trade_price", 0, DECIMAL_MICRO, &last, &present, error) ||
		!arb_json_bool_optional(object, "neg_risk", &book->neg_risk, NULL, error))
		return false;
	book->last_trade_price = present ? last : -1;
	return parse_levels(object, "bids", &book->bids, &book->bid_count, error) &&
		parse_levels(object, "asks", &book->asks, &book->ask_count, error);
}

/* ----- the other events ----- */

static bool
parse_one_change(const json_t *item, PmPriceChange *change, ParseError *error)
{
	bool		has_bid = false;
	bool		has_ask = false;

	if (!arb_pm_token_field(item, "asset_id", change->token_id, error) ||
		!arb_pm_side_field(item, "side", &change->side, error) ||
		!arb_json_micro(item, "price", 1, DECIMAL_MICRO - 1, &change->price, error) ||
		!arb_pm_qty_field(item, "size", &change->size, error) ||
		!arb_json_micro_optional(item, "best_bid", 0, DECIMAL_MICRO, &change->best_bid, &has_bid, error) ||
		!arb_json_micro_optional(item, "best_ask", 0, DECIMAL_MICRO, &change->best_ask, &has_ask, error))
		return false;
	change->has_best = has_bid && has_ask;
	return true;
}

static bool
parse_price_change(const json_t *object, PmMarketEvent *event, ParseError *error)
{
	const json_t *array = arb_json_array_field(object, "price_changes", error);
	const json_t *item;
	size_t		index;

	if (array == NULL)
		return false;
	if (json_array_size(array) > PM_LEVELS_MAX)
		return arb_parse_fail(error, PARSE_ERROR_TOO_LARGE, "%zu price changes", json_array_size(array));
	if (json_array_size(array) == 0)
		return true;
	event->u.price_change.changes = calloc(json_array_size(array), sizeof(PmPriceChange));
	if (event->u.price_change.changes == NULL)
		return arb_parse_fail(error, PARSE_ERROR_NO_MEMORY, "price changes");
	json_array_foreach(array, index, item)
	{
		if (!parse_one_change(item, &event->u.price_change.changes[index], error))
			return false;
	}
	event->u.price_change.count = json_array_size(array);
	return true;
}

static bool
parse_last_trade(const json_t *object, PmMarketEvent *event, ParseError *error)
{
	return arb_pm_token_field(object, "asset_id", event->token_id, error) &&
		arb_pm_price_field(object, "price", &event->u.last_trade.price, error) &&
		arb_pm_qty_field(object, "size", &event->u.last_trade.size, error) &&
		arb_pm_side_field(object, "side", &event->u.last_trade.side, error) &&
		arb_json_id_optional(object, "transaction_hash", event->u.last_trade.transaction_hash,
							 sizeof(event->u.last_trade.transaction_hash), error);
}

static bool
parse_tick_size(const json_t *object, PmMarketEvent *event, ParseError *error)
{
	return arb_pm_token_field(object, "asset_id", event->token_id, error) &&
		arb_json_micro(object, "old_tick_size", 1, DECIMAL_MICRO, &event->u.tick.old_tick, error) &&
		arb_json_micro(object, "new_tick_size", 1, DECIMAL_MICRO, &event->u.tick.new_tick, error);
}

static bool
parse_best(const json_t *object, PmMarketEvent *event, ParseError *error)
{
	return arb_pm_token_field(object, "asset_id", event->token_id, error) &&
		arb_pm_price_field(object, "best_bid", &event->u.best.best_bid, error) &&
		arb_pm_price_field(object, "best_ask", &event->u.best.best_ask, error);
}

/* Free text of markets that are mostly not ours: cut to fit, never a reason to refuse a frame. */
static void
copy_cut(const json_t *object, const char *name, char *out, size_t size)
{
	const char *text = json_string_value(json_object_get(object, name));

	arb_pm_clean_text(text == NULL ? "" : text, out, size);
}

/* A market that ended even has no winner. */
static bool
parse_resolved(const json_t *object, PmMarketEvent *event, ParseError *error)
{
	const json_t *ids = json_object_get(object, "assets_ids");
	char	   *winner = event->u.resolved.winning_token_id;

	if (!arb_json_id_optional(object, "winning_asset_id", winner, VENUE_SYMBOL_SIZE, error))
		return false;
	if (winner[0] != '\0' && !arb_pm_token_is_valid(winner))
		return arb_parse_fail(error, PARSE_ERROR_OUT_OF_RANGE, "winning_asset_id is no token id");
	copy_cut(object, "winning_outcome", event->u.resolved.winning_outcome,
			 sizeof(event->u.resolved.winning_outcome));
	/* The frame goes out for all markets; of those with more outcomes only two are kept. */
	for (size_t i = 0; i < json_array_size(ids) && i < 2; i++)
	{
		const char *id = json_string_value(json_array_get(ids, i));

		if (id == NULL || !arb_pm_token_is_valid(id))
			return arb_parse_fail(error, PARSE_ERROR_OUT_OF_RANGE, "assets_ids holds no token id");
		memcpy(event->u.resolved.token_ids[i], id, strlen(id) + 1);
	}
	return true;
}

static bool
parse_new_market(const json_t *object, PmMarketEvent *event, ParseError *error)
{
	copy_cut(object, "slug", event->u.new_market.slug, sizeof(event->u.new_market.slug));
	return true;
}

static bool
parse_clock(const json_t *object, PmMarketEvent *event, ParseError *error)
{
	return arb_pm_clock_fields(object, &event->u.clock.seq, &event->timestamp_ms, error);
}

static bool
parse_nothing(const json_t *object, PmMarketEvent *event, ParseError *error)
{
	return true;
}

static const EventType EventTypes[] = {
	{"book", PM_MARKET_BOOK, parse_book_fields},
	{"price_change", PM_MARKET_PRICE_CHANGE, parse_price_change},
	{"last_trade_price", PM_MARKET_LAST_TRADE, parse_last_trade},
	{"tick_size_change", PM_MARKET_TICK_SIZE_CHANGE, parse_tick_size},
	{"best_bid_ask", PM_MARKET_BEST_BID_ASK, parse_best},
	{"market_resolved", PM_MARKET_RESOLVED, parse_resolved},
	{"new_market", PM_MARKET_NEW_MARKET, parse_new_market},
	{"clock", PM_MARKET_CLOCK, parse_clock},
	{"end", PM_MARKET_END, parse_nothing},
};

static const EventType *
find_type(const char *name)
{
	for (size_t i = 0; i < sizeof(EventTypes) / sizeof(EventTypes[0]); i++)
	{
		if (strcmp(EventTypes[i].name, name) == 0)
			return &EventTypes[i];
	}
	return NULL;
}

static bool
parse_event(const json_t *object, PmMarketEvent *event, ParseError *error)
{
	char		name[PM_STATUS_SIZE];
	const EventType *type;
	bool		simulated;

	if (!arb_json_text(object, "event_type", name, sizeof(name), error))
		return false;
	type = find_type(name);
	if (type == NULL)
	{
		event->kind = PM_MARKET_UNKNOWN;
		arb_pm_clean_text(name, event->u.unknown.name, sizeof(event->u.unknown.name));
		return true;
	}
	event->kind = type->kind;
	simulated = type->kind == PM_MARKET_CLOCK || type->kind == PM_MARKET_END;
	if (!simulated && type->kind != PM_MARKET_NEW_MARKET &&
		!arb_json_id(object, "market", event->market, sizeof(event->market), error))
		return false;
	return arb_pm_when_field(object, "timestamp", &event->timestamp_ms, error) &&
		type->parse(object, event, error);
}

static void
free_event(PmMarketEvent *event)
{
	if (event->kind == PM_MARKET_BOOK)
	{
		free(event->u.book.bids);
		free(event->u.book.asks);
	}
	else if (event->kind == PM_MARKET_PRICE_CHANGE)
		free(event->u.price_change.changes);
}

bool
arb_pm_parse_market(const char *bytes, size_t len, PmMarketFrame *frame, ParseError *error)
{
	json_t	   *root;
	size_t		count;

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
	frame->events = count == 0 ? NULL : calloc(count, sizeof(*frame->events));
	if (count > 0 && frame->events == NULL)
	{
		json_decref(root);
		return arb_parse_fail(error, PARSE_ERROR_NO_MEMORY, "%zu events", count);
	}
	frame->count = count;
	for (size_t i = 0; i < count; i++)
	{
		if (!parse_event(arb_pm_frame_item(root, i), &frame->events[i], error))
		{
			arb_pm_market_frame_free(frame);
			json_decref(root);
			return false;
		}
	}
	json_decref(root);
	return true;
}

void
arb_pm_market_frame_free(PmMarketFrame *frame)
{
	for (size_t i = 0; i < frame->count; i++)
		free_event(&frame->events[i]);
	free(frame->events);
	memset(frame, 0, sizeof(*frame));
}

bool
arb_pm_parse_book(const char *bytes, size_t len, PmMarketEvent *event, ParseError *error)
{
	json_t	   *root;
	bool		done;

	memset(event, 0, sizeof(*event));
	root = arb_json_load(bytes, len, JSON_MAX_BYTES, error);
	if (root == NULL)
		return false;
	event->kind = PM_MARKET_BOOK;
	done = arb_json_id(root, "market", event->market, sizeof(event->market), error) &&
		arb_pm_when_field(root, "timestamp", &event->timestamp_ms, error) &&
		parse_book_fields(root, event, error);
	json_decref(root);
	if (!done)
		arb_pm_book_event_free(event);
	return done;
}

void
arb_pm_book_event_free(PmMarketEvent *event)
{
	free_event(event);
	memset(event, 0, sizeof(*event));
}
