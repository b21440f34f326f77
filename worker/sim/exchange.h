/*-------------------------------------------------------------------------
 *
 * worker/sim/exchange.h
 *	  Wallets, orders, matching and trades: what the venue's engine and the
 *	  chain do together.
 *
 * No I/O and no clock of its own: now_ms is set by the owner, what happens is
 * told through ExchangeEvents.  Money is conserved: the cash of all wallets,
 * the fees taken and the collateral behind outstanding shares always add up to
 * what was ever deposited (sim_exchange_audit()).
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARBEES_SIM_EXCHANGE_H
#define ARBEES_SIM_EXCHANGE_H

#include "book.h"
#include "market.h"
#include "rng.h"
#include "sign/eth.h"

#define KEY_TEXT_SIZE 37		/* a UUID */
#define AMOUNT_MAX INT64_C(100000000000000)	/* largest signed amount accepted: 10^8 dollars or shares */
#define OPEN_ORDERS_MAX 100000	/* over all wallets, ever */
#define TRADES_MAX 100000

typedef struct Holding
{
	Market	   *market;
	int64_t		shares[2];
	int64_t		reserved[2];	/* by resting sells */
} Holding;

typedef struct Wallet
{
	EthAddress	address;
	char		text[ETH_ADDRESS_TEXT_SIZE];
	EthAddress	owner;			/* key holder that may act for it; itself unless registered */
	int			signature_type;
	bool		house;			/* the simulator's own money: quotes and takers */
	int64_t		cash;
	int64_t		reserved;		/* by resting buys */
	int64_t		deposited;
	int64_t		redeemed;
	int64_t		fees;
	Holding    *holdings;
	size_t		holding_count;
	size_t		holding_cap;
} Wallet;

typedef enum OrderType
{
	ORDER_GTC = 1,
	ORDER_GTD,
	ORDER_FOK,
	ORDER_FAK
} OrderType;

typedef enum OrderStatus
{
	ORDER_DELAYED = 1,
	ORDER_LIVE,
	ORDER_MATCHED,
	ORDER_CANCELED,
	ORDER_RESOLVED				/* cancelled because the market was resolved */
} OrderStatus;

struct SimTrade;

typedef struct SimOrder
{
	char		id[ETH_HASH_TEXT_SIZE];
	char		owner[KEY_TEXT_SIZE];
	Wallet	   *wallet;
	Market	   *market;
	int			outcome;
	SimSide	side;
	OrderType	type;
	OrderStatus status;
	int			price;
	int64_t		maker_amount;
	int64_t		taker_amount;
	int64_t		original;		/* shares */
	int64_t		matched;		/* shares */
	int64_t		matched_money;
	int64_t		reserved;		/* cash or shares held back while it rests */
	int64_t		created_ms;
	int64_t		expiration_s;
	int64_t		due_ms;			/* when a delayed order is matched */
	bool		post_only;
	BookOrder	resting;
	struct SimTrade **trades;
	size_t		trade_count;
	size_t		trade_cap;
} SimOrder;

typedef enum TradeStatus
{
	TRADE_MATCHED = 1,
	TRADE_MINED,
	TRADE_CONFIRMED,
	TRADE_RETRYING,
	TRADE_FAILED
} TradeStatus;

typedef struct MakerFill
{
	char		order_id[ETH_HASH_TEXT_SIZE];
	char		owner[KEY_TEXT_SIZE];
	SimOrder   *order;			/* NULL for the house */
	Wallet	   *wallet;
	int			outcome;
	SimSide	side;
	int			price;			/* of its own token */
	int64_t		shares;
} MakerFill;

/* One price level of one match: its price is exact, its fee is charged once. */
typedef struct SimTrade
{
	char		id[KEY_TEXT_SIZE];
	char		taker_id[ETH_HASH_TEXT_SIZE];
	char		taker_owner[KEY_TEXT_SIZE];
	SimOrder   *taker;			/* NULL for the house */
	Wallet	   *wallet;			/* the taker's */
	Market	   *market;
	int			outcome;
	SimSide	side;
	int			price;
	int64_t		shares;
	int64_t		money;
	int64_t		fee;
	TradeStatus status;
	bool		will_fail;
	int64_t		matched_ms;
	int64_t		updated_ms;
	int64_t		due_ms;			/* next status change; 0 = final */
	char		hash[ETH_HASH_TEXT_SIZE];
	MakerFill  *makers;
	int			maker_count;
} SimTrade;

typedef enum OrderEvent
{
	ORDER_EVENT_PLACEMENT = 1,
	ORDER_EVENT_UPDATE,
	ORDER_EVENT_CANCELLATION
} OrderEvent;

typedef struct ExchangeEvents
{
	void	   *context;
	void		(*order) (void *context, const SimOrder *order, OrderEvent event);
	void		(*trade) (void *context, const SimTrade *trade);
	/* A print of the tape: every match, the house's own included. */
	void		(*print) (void *context, const Market *market, int outcome, SimSide side,
						  int price, int64_t shares, const char *hash);
} ExchangeEvents;

typedef struct Exchange
{
	uint64_t	seed;
	int64_t		now_ms;
	int64_t		opening_balance;	/* of each new wallet */
	int			mine_delay_ms;
	int			confirm_delay_ms;
	int			taker_delay_ms;
	ExchangeEvents events;
	Wallet	  **wallets;
	size_t		wallet_count;
	size_t		wallet_cap;
	SimOrder  **orders;
	size_t		order_count;
	size_t		order_cap;
	SimTrade  **trades;
	size_t		trade_count;
	size_t		trade_cap;
	size_t		trade_pending;	/* trades before this index are final */
	Wallet	   *maker;			/* quotes of the house */
	Wallet	   *crowd;			/* takers of the house */
	int64_t		deposited;
	int64_t		fees;
	uint64_t	next_trade;
	MatchPlan	plan;
} Exchange;

typedef struct OrderRequest
{
	char		id[ETH_HASH_TEXT_SIZE];
	char		owner[KEY_TEXT_SIZE];
	Wallet	   *wallet;
	Market	   *market;
	int			outcome;
	SimSide	side;
	OrderType	type;
	int64_t		maker_amount;
	int64_t		taker_amount;
	int64_t		expiration_s;
	bool		post_only;
	int			partial_ppm;	/* fault: at most this part of the match; 0 = all of it */
	bool		fail_trades;	/* fault: the chain refuses the fills */
} OrderRequest;

typedef struct OrderResult
{
	bool		accepted;
	char		error[320];		/* the venue's text; empty when accepted */
	SimOrder   *order;
} OrderResult;

extern void sim_exchange_init(Exchange *exchange, uint64_t seed, int64_t opening_balance);
extern void sim_exchange_free(Exchange *exchange);

/* Wallets appear when first named and start with the opening balance. */
extern Wallet *sim_exchange_wallet(Exchange *exchange, const EthAddress *address);
extern Wallet *sim_exchange_find_wallet(const Exchange *exchange, const EthAddress *address);
extern Holding *sim_wallet_holding(Wallet *wallet, Market *market);
extern const Holding *sim_wallet_find_holding(const Wallet *wallet, const Market *market);

extern void sim_exchange_submit(Exchange *exchange, const OrderRequest *request, OrderResult *result);
extern SimOrder *sim_exchange_find_order(const Exchange *exchange, const char *id);

/* NULL when it was cancelled, else the venue's reason why not. */
extern const char *sim_exchange_cancel(Exchange *exchange, SimOrder *order);

/* sim_exchange_advance lets due things happen: held takers, expiries, trade statuses. */
extern void sim_exchange_advance(Exchange *exchange, int64_t now_ms);
/* When sim_exchange_advance() has something to do next; INT64_MAX for never. */
extern int64_t sim_exchange_next_due(const Exchange *exchange);

/* House quotes are BookOrders owned by the caller; takers trade at once or not at all. */
extern void sim_exchange_house_take(Exchange *exchange, Market *market, Wallet *wallet, const TakerTerms *terms);

/* sim_exchange_resolve cancels what rests and lets the house redeem. */
extern void sim_exchange_resolve(Exchange *exchange, Market *market, int winner);

/* sim_exchange_redeem acts as the wallet's owner; returns what was paid. */
extern int64_t sim_exchange_redeem(Exchange *exchange, Wallet *wallet, const Market *only);
extern int64_t sim_wallet_claimable(const Wallet *wallet);

/* NULL when cash + collateral + fees equal deposits and shares are complete sets, else what is wrong. */
extern const char *sim_exchange_audit(const Exchange *exchange, Market *const *markets, size_t market_count);

extern const char *sim_order_status_text(OrderStatus status);
extern const char *sim_order_type_text(OrderType type);
extern const char *sim_trade_status_text(TradeStatus status);
extern const char *sim_side_text(SimSide side);

#endif							/* ARBEES_SIM_EXCHANGE_H */
