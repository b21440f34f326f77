/*-------------------------------------------------------------------------
 *
 * worker/venue/polymarket/parse.h
 *	  The venue's bytes in, structs out, or an error with a stable kind.
 *
 * Prices, sizes and amounts come out in micro units, exact or refused.
 * A frame is all or nothing: when one element is broken the whole frame is
 * refused, and the caller treats the books it may have touched as suspect.
 * Unknown event types are no error: they come out as *_UNKNOWN and are counted.
 * The parts live in parse_market.c, parse_orders.c, parse_answer.c,
 * parse_price.c, parse_metadata.c and parse_account.c.
 * Everything returned with count > 0 is owned by the result struct and freed
 * by its arb_pm_*_free; after false there is nothing to free.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARBEES_POLYMARKET_PARSE_H
#define ARBEES_POLYMARKET_PARSE_H

#include "../venue.h"

#define PM_HASH_SIZE 72
#define PM_STATUS_SIZE 48
#define PM_SLUG_SIZE 128
#define PM_CURSOR_SIZE 128
#define PM_OWNER_SIZE 64
#define PM_ADDRESS_SIZE 48
#define PM_SYMBOL_SIZE 24
#define PM_TOPIC_SIZE 48
#define PM_EVENTS_MAX 4096
#define PM_LEVELS_MAX 20000
#define PM_PAGE_MAX 5000
/* Highest quantity accepted anywhere, micro units: 10^12 whole. */
#define PM_QTY_MAX INT64_C(1000000000000000000)

/* ----- market channel ----- */

typedef enum PmMarketEventKind
{
	PM_MARKET_NONE = 0,
	PM_MARKET_BOOK,
	PM_MARKET_PRICE_CHANGE,
	PM_MARKET_LAST_TRADE,
	PM_MARKET_TICK_SIZE_CHANGE,
	PM_MARKET_BEST_BID_ASK,
	PM_MARKET_RESOLVED,
	PM_MARKET_NEW_MARKET,
	PM_MARKET_CLOCK,			/* a driven clock, simulators only */
	PM_MARKET_END,				/* the driven clock's data ended, simulators only */
	PM_MARKET_UNKNOWN
} PmMarketEventKind;

typedef struct PmLevel
{
	int64_t		price;			/* micro */
	int64_t		size;			/* micro shares */
} PmLevel;

typedef struct PmBook
{
	char		hash[PM_HASH_SIZE];	/* "" when absent */
	PmLevel    *bids;			/* in the venue's order: best last */
	PmLevel    *asks;
	size_t		bid_count;
	size_t		ask_count;
	int64_t		tick_size;		/* 0 when absent */
	int64_t		min_order_size;	/* 0 when absent */
	int64_t		last_trade_price;	/* -1 when absent */
	bool		neg_risk;
} PmBook;

typedef struct PmPriceChange
{
	char		token_id[VENUE_SYMBOL_SIZE];
	OrderSide	side;			/* BUY changes the bids */
	int64_t		price;
	int64_t		size;			/* new absolute size; 0 removes the level */
	bool		has_best;
	int64_t		best_bid;		/* 0 = empty side */
	int64_t		best_ask;		/* 1000000 = empty side */
} PmPriceChange;

typedef struct PmMarketEvent
{
	PmMarketEventKind kind;
	char		market[VENUE_MARKET_SIZE];
	char		token_id[VENUE_SYMBOL_SIZE];	/* "" for price_change, market_resolved, clock */
	int64_t		timestamp_ms;	/* 0 when absent */
	union
	{
		PmBook		book;
		struct
		{
			PmPriceChange *changes;
			size_t		count;
		}			price_change;
		struct
		{
			int64_t		price;
			int64_t		size;
			OrderSide	side;	/* of the taker */
			char		transaction_hash[PM_HASH_SIZE];
		}			last_trade;
		struct
		{
			int64_t		old_tick;
			int64_t		new_tick;
		}			tick;
		struct
		{
			int64_t		best_bid;	/* 0 = empty side */
			int64_t		best_ask;	/* 1000000 = empty side */
		}			best;
		struct
		{
			char		winning_token_id[VENUE_SYMBOL_SIZE];	/* "" when nobody won */
			char		winning_outcome[PM_STATUS_SIZE];
			char		token_ids[2][VENUE_SYMBOL_SIZE];
		}			resolved;
		struct
		{
			char		slug[PM_SLUG_SIZE];
		}			new_market;
		struct
		{
			int64_t		seq;
		}			clock;
		struct
		{
			char		name[PM_STATUS_SIZE];
		}			unknown;
	}			u;
} PmMarketEvent;

typedef struct PmMarketFrame
{
	PmMarketEvent *events;
	size_t		count;			/* 0 for PONG, NO NEW ASSETS, an empty frame */
} PmMarketFrame;

extern bool arb_pm_parse_market(const char *bytes, size_t len, PmMarketFrame *frame, ParseError *error);
extern void arb_pm_market_frame_free(PmMarketFrame *frame);

/* ----- trades and orders, on the user channel and by REST ----- */

typedef enum PmTradeStatus
{
	PM_TRADE_STATUS_NONE = 0,
	PM_TRADE_STATUS_MATCHED,
	PM_TRADE_STATUS_MINED,
	PM_TRADE_STATUS_CONFIRMED,
	PM_TRADE_STATUS_RETRYING,
	PM_TRADE_STATUS_FAILED
} PmTradeStatus;

typedef enum PmOrderStatus
{
	PM_ORDER_STATUS_NONE = 0,
	PM_ORDER_STATUS_LIVE,
	PM_ORDER_STATUS_MATCHED,
	PM_ORDER_STATUS_DELAYED,
	PM_ORDER_STATUS_UNMATCHED,
	PM_ORDER_STATUS_CANCELED,
	PM_ORDER_STATUS_CANCELED_MARKET_RESOLVED,
	PM_ORDER_STATUS_INVALID,
	PM_ORDER_STATUS_OTHER
} PmOrderStatus;

typedef enum PmOrderEvent
{
	PM_ORDER_EVENT_NONE = 0,	/* REST answers have none */
	PM_ORDER_EVENT_PLACEMENT,
	PM_ORDER_EVENT_UPDATE,
	PM_ORDER_EVENT_CANCELLATION
} PmOrderEvent;

typedef struct PmOrder
{
	char		id[VENUE_ORDER_ID_SIZE];
	char		market[VENUE_MARKET_SIZE];
	char		token_id[VENUE_SYMBOL_SIZE];
	char		owner[PM_OWNER_SIZE];
	char		maker_address[PM_ADDRESS_SIZE];	/* "" when absent */
	OrderSide	side;
	int64_t		original_size;
	int64_t		size_matched;
	int64_t		price;
	TimeInForce order_type;		/* NONE when absent */
	PmOrderStatus status;
	char		status_text[VENUE_REASON_SIZE];	/* cleaned; carries the reason of a kill */
	PmOrderEvent event;
	int64_t		created_ms;
	int64_t		timestamp_ms;
	int64_t		expiration_s;
} PmOrder;

typedef struct PmMakerLeg
{
	char		order_id[VENUE_ORDER_ID_SIZE];
	char		token_id[VENUE_SYMBOL_SIZE];
	char		owner[PM_OWNER_SIZE];
	char		maker_address[PM_ADDRESS_SIZE];
	OrderSide	side;			/* given, or derived from the taker's side and token */
	int64_t		size;
	int64_t		price;
} PmMakerLeg;

typedef struct PmTrade
{
	char		id[VENUE_TRADE_ID_SIZE];
	char		taker_order_id[VENUE_ORDER_ID_SIZE];
	char		market[VENUE_MARKET_SIZE];
	char		token_id[VENUE_SYMBOL_SIZE];
	char		owner[PM_OWNER_SIZE];
	char		maker_address[PM_ADDRESS_SIZE];	/* of the taker, whatever its name */
	OrderSide	side;			/* of the taker */
	int64_t		size;
	int64_t		price;
	PmTradeStatus status;
	int64_t		matched_ms;		/* 0 when absent */
	int64_t		updated_ms;
	char		transaction_hash[PM_HASH_SIZE];
	bool		we_are_taker;	/* trader_side TAKER */
	bool		has_trader_side;
	PmMakerLeg *makers;
	size_t		maker_count;
} PmTrade;

/* Our part of a trade. */
typedef struct PmFill
{
	const char *token_id;
	OrderSide	side;
	int64_t		size;
	int64_t		price;
	bool		is_maker;
} PmFill;

extern const char *arb_pm_trade_status_name(PmTradeStatus status);

/* arb_pm_trade_fill finds the leg of order_id: as taker, or as one of the makers. */
extern bool arb_pm_trade_fill(const PmTrade *trade, const char *order_id, PmFill *fill);

typedef enum PmUserEventKind
{
	PM_USER_NONE = 0,
	PM_USER_ORDER,
	PM_USER_TRADE,
	PM_USER_CLOCK,
	PM_USER_END,
	PM_USER_UNKNOWN
} PmUserEventKind;

typedef struct PmUserEvent
{
	PmUserEventKind kind;
	union
	{
		PmOrder		order;
		PmTrade		trade;
		struct
		{
			int64_t		seq;
			int64_t		timestamp_ms;
		}			clock;
		char		unknown[PM_STATUS_SIZE];
	}			u;
} PmUserEvent;

typedef struct PmUserFrame
{
	PmUserEvent *events;
	size_t		count;
} PmUserFrame;

extern bool arb_pm_parse_user(const char *bytes, size_t len, PmUserFrame *frame, ParseError *error);
extern void arb_pm_user_frame_free(PmUserFrame *frame);

typedef struct PmOrderPage
{
	PmOrder    *orders;
	size_t		count;
	char		next_cursor[PM_CURSOR_SIZE];	/* "" when this was the last page */
} PmOrderPage;

typedef struct PmTradePage
{
	PmTrade    *trades;
	size_t		count;
	char		next_cursor[PM_CURSOR_SIZE];
} PmTradePage;

typedef enum PmLookup
{
	PM_LOOKUP_NONE = 0,
	PM_LOOKUP_FOUND,
	PM_LOOKUP_ABSENT			/* 404, null or an empty body: no evidence by itself */
} PmLookup;

extern bool arb_pm_parse_order(int http_status, const char *bytes, size_t len, PmLookup *lookup,
							   PmOrder *order, ParseError *error);
extern bool arb_pm_parse_orders(const char *bytes, size_t len, PmOrderPage *page, ParseError *error);
extern void arb_pm_order_page_free(PmOrderPage *page);
extern bool arb_pm_parse_trades(const char *bytes, size_t len, PmTradePage *page, ParseError *error);
extern void arb_pm_trade_page_free(PmTradePage *page);

/* ----- the answer to POST /order, to DELETE ----- */

/* arb_pm_parse_post never fails: what it cannot read is POST_OUTCOME_UNKNOWN. */
extern void arb_pm_parse_post(int http_status, const char *bytes, size_t len,
							  const char *venue_order_id, PostAnswer *answer);

typedef enum PmCancelState
{
	PM_CANCEL_NONE = 0,
	PM_CANCEL_DONE,
	PM_CANCEL_ALREADY_DONE,		/* matched or canceled before: ask which */
	PM_CANCEL_NOT_FOUND,
	PM_CANCEL_REFUSED			/* any other reason: ask again */
} PmCancelState;

typedef struct PmCancelItem
{
	char		id[VENUE_ORDER_ID_SIZE];
	PmCancelState state;
	char		reason[VENUE_REASON_SIZE];
} PmCancelItem;

typedef struct PmCancelAnswer
{
	PmCancelItem *items;
	size_t		count;
} PmCancelAnswer;

extern bool arb_pm_parse_cancel(int http_status, const char *bytes, size_t len, PmCancelAnswer *answer,
								ParseError *error);
extern void arb_pm_cancel_answer_free(PmCancelAnswer *answer);
/* arb_pm_cancel_state_of returns PM_CANCEL_NONE when the answer does not name the id. */
extern PmCancelState arb_pm_cancel_state_of(const PmCancelAnswer *answer, const char *venue_order_id);

/* ----- price stream ----- */

typedef enum PmPriceFrameKind
{
	PM_PRICE_NONE = 0,
	PM_PRICE_UPDATE,
	PM_PRICE_HISTORY,
	PM_PRICE_CLOCK,
	PM_PRICE_END,
	PM_PRICE_REFUSED,			/* statusCode >= 400: the subscription is dead */
	PM_PRICE_UNKNOWN
} PmPriceFrameKind;

typedef struct PmPricePoint
{
	int64_t		timestamp_ms;	/* the second the price belongs to */
	char		value[DECIMAL_TEXT_SIZE];
} PmPricePoint;

typedef struct PmPriceFrame
{
	PmPriceFrameKind kind;
	char		topic[PM_TOPIC_SIZE];	/* corrected when the venue mislabels a history */
	char		symbol[PM_SYMBOL_SIZE];
	int64_t		sent_ms;
	int64_t		seq;			/* clock frames; the time is sent_ms */
	int			status_code;	/* PM_PRICE_REFUSED */
	PmPricePoint *points;
	size_t		count;
} PmPriceFrame;

extern bool arb_pm_parse_price(const char *bytes, size_t len, PmPriceFrame *frame, ParseError *error);
extern void arb_pm_price_frame_free(PmPriceFrame *frame);

/* ----- market metadata ----- */

typedef enum PmResolution
{
	PM_RESOLUTION_NONE = 0,		/* open, or closed without a final 1/0 */
	PM_RESOLUTION_FIRST,		/* outcome 0 won: Up */
	PM_RESOLUTION_SECOND,
	PM_RESOLUTION_SPLIT			/* 0.5 / 0.5 */
} PmResolution;

typedef struct PmGammaMarket
{
	char		slug[PM_SLUG_SIZE];
	char		condition_id[VENUE_MARKET_SIZE];
	char		outcomes[2][PM_STATUS_SIZE];
	char		token_ids[2][VENUE_SYMBOL_SIZE];	/* "" while the market is hydrating */
	char		outcome_prices[2][DECIMAL_TEXT_SIZE];	/* "" when absent */
	bool		active;
	bool		closed;
	bool		accepting_orders;
	bool		neg_risk;
	bool		clear_book_on_start;
	int64_t		tick_size;		/* micro; 0 when absent */
	int64_t		min_order_size;
	int64_t		start_ms;		/* eventStartTime; 0 when absent */
	int64_t		end_ms;
	int64_t		closed_ms;
	int64_t		fee_rate;		/* micro; 0 when fees are off */
	int			fee_exponent;
	bool		fees_known;		/* false: fees are on and the schedule is missing; ask /clob-markets */
	char		price_to_beat[DECIMAL_TEXT_SIZE];	/* "" until known */
	char		final_price[DECIMAL_TEXT_SIZE];
	char		resolution_source[160];
	int			twap_seconds;	/* 0 when absent */
	PmResolution resolution;
} PmGammaMarket;

/*
 * arb_pm_parse_gamma reads /events/slug/{slug}, /markets/slug/{slug}, arrays of
 * either, or a keyset page, and picks the market of that slug.
 */
extern bool arb_pm_parse_gamma(const char *bytes, size_t len, const char *slug, PmGammaMarket *market,
							   ParseError *error);

/* GET /clob-markets/{condition_id}. */
typedef struct PmClobMarket
{
	char		condition_id[VENUE_MARKET_SIZE];
	char		token_ids[2][VENUE_SYMBOL_SIZE];
	char		outcomes[2][PM_STATUS_SIZE];
	int64_t		tick_size;
	int64_t		min_order_size;
	int64_t		fee_rate;		/* micro; 0 = no fee */
	int			fee_exponent;
	bool		accepting_orders;
	bool		neg_risk;
	bool		taker_delay;
} PmClobMarket;

extern bool arb_pm_parse_clob_market(const char *bytes, size_t len, PmClobMarket *market, ParseError *error);

/* GET /markets/{condition_id}. */
typedef struct PmMarketStatus
{
	char		condition_id[VENUE_MARKET_SIZE];
	char		token_ids[2][VENUE_SYMBOL_SIZE];
	char		outcomes[2][PM_STATUS_SIZE];
	bool		winner[2];
	bool		closed;
	bool		accepting_orders;
	bool		neg_risk;
	int64_t		tick_size;
	int64_t		min_order_size;
	PmResolution resolution;	/* closed and exactly one winner, or 50/50 */
} PmMarketStatus;

extern bool arb_pm_parse_market_status(const char *bytes, size_t len, PmMarketStatus *status,
									   ParseError *error);

/* GET /book: an event of kind PM_MARKET_BOOK; free with arb_pm_book_event_free. */
extern bool arb_pm_parse_book(const char *bytes, size_t len, PmMarketEvent *event, ParseError *error);
extern void arb_pm_book_event_free(PmMarketEvent *event);

/* ----- account and small answers ----- */

typedef struct PmAllowance
{
	char		spender[PM_ADDRESS_SIZE];
	int64_t		amount;			/* base units; INT64_MAX stands for anything larger */
} PmAllowance;

#define PM_ALLOWANCE_MAX 16

typedef struct PmBalance
{
	int64_t		balance;		/* base units = micro */
	bool		has_allowance;
	PmAllowance allowances[PM_ALLOWANCE_MAX];	/* the older shape: one, without spender */
	size_t		allowance_count;
} PmBalance;

extern bool arb_pm_parse_balance(const char *bytes, size_t len, PmBalance *balance, ParseError *error);
/* Smallest allowance, 0 when none is listed. */
extern int64_t arb_pm_balance_allowance_min(const PmBalance *balance);

extern bool arb_pm_parse_time(const char *bytes, size_t len, int64_t *seconds, ParseError *error);
extern bool arb_pm_parse_version(const char *bytes, size_t len, int *version, ParseError *error);
extern bool arb_pm_parse_geoblock(const char *bytes, size_t len, bool *blocked, ParseError *error);
extern bool arb_pm_parse_closed_only(const char *bytes, size_t len, bool *closed_only, ParseError *error);
extern bool arb_pm_parse_heartbeat(const char *bytes, size_t len, char *heartbeat_id, size_t size,
								   ParseError *error);

/* /auth/api-key and /auth/derive-api-key; the buffers are the caller's to wipe. */
extern bool arb_pm_parse_credentials(const char *bytes, size_t len, char *api_key, size_t api_key_size,
									 char *secret, size_t secret_size, char *passphrase,
									 size_t passphrase_size, ParseError *error);

/* arb_pm_parse_error_text pulls error or errorMsg out of a body, "" when there is none. */
extern void arb_pm_parse_error_text(const char *bytes, size_t len, char *out, size_t size);

/* arb_pm_parse_when reads RFC 3339, "2026-09-28 17:46:27+00", Unix seconds or milliseconds. */
extern bool arb_pm_parse_when(const char *text, int64_t *ms);

#endif							/* ARBEES_POLYMARKET_PARSE_H */
