/*-------------------------------------------------------------------------
 *
 * worker/venue/venue.h
 *	  The words every venue adapter shares, and what an adapter offers.
 *
 * build_* and parse_* members are pure: bytes in, struct or bytes out; no
 * socket, no clock, no globals.  A member that is NULL means "not offered",
 * and the capability bits must agree (arb_venue_check).
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARBEES_VENUE_H
#define ARBEES_VENUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../json.h"

#define VENUE_SYMBOL_SIZE 80		/* a token id of 78 digits, NUL */
#define VENUE_MARKET_SIZE 72		/* 0x and 64 hex digits, NUL */
#define VENUE_ORDER_ID_SIZE 100
#define VENUE_TRADE_ID_SIZE 100
#define VENUE_REASON_SIZE 240
#define VENUE_BODY_MAX 4096
#define VENUE_PATH_MAX 512
#define VENUE_REQUEST_MAX (VENUE_BODY_MAX + 1024)

typedef enum OrderSide
{
	ORDER_SIDE_NONE = 0,
	ORDER_SIDE_BUY,
	ORDER_SIDE_SELL
} OrderSide;

typedef enum AmountKind
{
	AMOUNT_KIND_NONE = 0,
	AMOUNT_KIND_BASE,			/* shares */
	AMOUNT_KIND_MONEY			/* collateral to spend */
} AmountKind;

typedef enum TimeInForce
{
	TIME_IN_FORCE_NONE = 0,
	TIME_IN_FORCE_GTC,
	TIME_IN_FORCE_GTD,
	TIME_IN_FORCE_FOK,
	TIME_IN_FORCE_FAK
} TimeInForce;

/* Labels as the database writes them; the parsers return the zero value for unknown text. */
extern const char *arb_order_side_name(OrderSide side);
extern OrderSide arb_order_side_parse(const char *text);
extern AmountKind arb_amount_kind_parse(const char *text);
extern const char *arb_time_in_force_name(TimeInForce tif);
extern TimeInForce arb_time_in_force_parse(const char *text);

/*
 * All that is needed to build the venue's bytes, as the database hands it out
 * (docs/worker-protocol.md).  Decimals stay text.
 */
typedef struct OrderTicket
{
	int64_t		order_id;
	bool		is_exit;
	char		client_order_id[80];
	char		symbol[VENUE_SYMBOL_SIZE];
	OrderSide	side;
	AmountKind	amount_kind;
	char		amount[48];
	char		limit_price[48];
	TimeInForce time_in_force;
	char		tick_size[48];
	bool		neg_risk;
	int64_t		salt;
	int64_t		signed_ms;
	int64_t		expires_s;		/* 0 = none */
	char		condition_id[VENUE_MARKET_SIZE];
	char		fee_rate[48];
	int			fee_exponent;
	bool		dry_run;		/* everything but the POST */
} OrderTicket;

/* A ticket turned into bytes.  Same ticket, same signer: same bytes. */
typedef struct PreparedOrder
{
	char		venue_order_id[VENUE_ORDER_ID_SIZE];
	uint8_t		body_sha256[32];
	size_t		body_len;
	char		body[VENUE_BODY_MAX];
	int64_t		maker_micro;	/* what we give */
	int64_t		taker_micro;	/* what we ask at least */
	bool		dry_run;		/* no client posts it */
	int64_t		timestamp_s;	/* of the request's headers: chosen before it is stored, and what is sent */
} PreparedOrder;

typedef enum VenueCapability
{
	VENUE_CAN_PREPARE = 1 << 0,	/* derives the order id before sending */
	VENUE_CAN_CANCEL = 1 << 1,
	VENUE_CAN_BATCH_CANCEL = 1 << 2,
	VENUE_CAN_USER_STREAM = 1 << 3,
	/* The same signed bytes sent twice are one order: the second answer says that it is there already. */
	VENUE_KNOWS_DUPLICATES = 1 << 4
} VenueCapability;

/* What a venue lets one account do: tokens a second, and how many can be saved up. 0 = it does not count. */
typedef struct VenueLimits
{
	int			orders_per_s;
	int			orders_burst;
	int			cancels_per_s;
	int			cancels_burst;
	int			requests_per_s;	/* of any kind */
	int			requests_burst;
	int			balances_per_s;
	int			balances_burst;
} VenueLimits;

/* What happened to an order we posted, as far as one answer can tell. */
typedef enum PostOutcome
{
	POST_OUTCOME_NONE = 0,
	POST_OUTCOME_ACCEPTED,		/* resting */
	POST_OUTCOME_MATCHED,		/* executed, partly or fully; fills follow by trades */
	POST_OUTCOME_DELAYED,		/* accepted, held before matching */
	POST_OUTCOME_REJECTED,		/* definite refusal: nothing works at the venue */
	POST_OUTCOME_DUPLICATE,		/* the venue has these very bytes already */
	POST_OUTCOME_UNKNOWN,		/* no trustworthy answer: ask */
	POST_OUTCOME_RETRY_LATER	/* refused for now, provably without effect */
} PostOutcome;

extern const char *arb_post_outcome_name(PostOutcome outcome);

typedef struct PostAnswer
{
	PostOutcome outcome;
	char		code[40];		/* stable reason code, "" when accepted */
	char		reason[VENUE_REASON_SIZE];	/* the venue's words, control characters removed */
	char		venue_order_id[VENUE_ORDER_ID_SIZE];	/* "" when not given */
} PostAnswer;

/*
 * One venue's pure half.  signer is the venue's own (PmSigner for Polymarket);
 * reason has VENUE_REASON_SIZE bytes.
 */
typedef struct VenueRoutine
{
	const char *name;
	unsigned	capabilities;	/* VENUE_CAN_*, VENUE_KNOWS_* */
	VenueLimits limits;			/* of its lowest tier; the venue's row may say otherwise */
	bool		(*prepare_order) (const void *signer, const OrderTicket *ticket,
								  PreparedOrder *order, char *reason);
	size_t		(*build_cancel) (const char *venue_order_id, char *out, size_t size);
	size_t		(*build_cancel_many) (const char *const *ids, size_t count, char *out, size_t size);
	void		(*parse_post) (int http_status, const char *bytes, size_t len,
							   const char *venue_order_id, PostAnswer *answer);
} VenueRoutine;

extern const VenueRoutine *arb_venue_polymarket(void);

/* arb_venue_find returns NULL for a name nobody here speaks. */
extern const VenueRoutine *arb_venue_find(const char *name);

/* arb_venue_check returns NULL, or what is wrong with a routine. */
extern const char *arb_venue_check(const VenueRoutine *routine);

#endif							/* ARBEES_VENUE_H */
