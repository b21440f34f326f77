/*-------------------------------------------------------------------------
 *
 * worker/trade/desk.h
 *	  What the parts of the trader share among themselves.
 *
 * order: what is known of each order and what the database was told of it;
 * send: ticket to answer; balance: is there the money; inquiry: asking the venue; work: the database's list;
 * lease, account, redeem, reconcile, sweep, outage, beat, user: one duty each.  trade.c
 * starts them and stops them.
 *
 * Nothing is sent unless arb_desk_may_send() says so at the last instant.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARBEES_TRADE_DESK_H
#define ARBEES_TRADE_DESK_H

#include "net/backoff.h"
#include "trade/budget.h"
#include "trade/fill.h"
#include "trade/judge.h"
#include "trade/lease_clock.h"
#include "trade/trade.h"

#define ORDERS_MAX 4096
/* Finished orders are remembered this long, for late news of their trades. */
#define ORDER_MEMORY_NS (600 * INT64_C(1000000000))

typedef enum OrderStage
{
	ORDER_STAGE_QUEUED = 1,		/* waits for the venue to take more */
	ORDER_STAGE_CLAIMING,
	ORDER_STAGE_POSTING,
	ORDER_STAGE_WORKING,		/* posted, or inherited from an earlier worker */
	ORDER_STAGE_FINISHED
} OrderStage;

/* A fill of one order and how far the database has been told. */
typedef struct KnownFill
{
	char		trade_id[VENUE_TRADE_ID_SIZE];
	FillFact	fact;
	int64_t		matched_ms;
	PmTradeStatus status;		/* newest seen */
	PmTradeStatus told;			/* newest acknowledged by the database */
	bool		telling;
} KnownFill;

typedef struct Inquiry Inquiry;

/* What the venue's balance says to an entry; without the check it covers. */
typedef enum Cover
{
	COVER_YES = 0,
	COVER_ASKING,
	COVER_SHORT,
	COVER_UNREAD
} Cover;

typedef struct WorkOrder
{
	Trade	   *trade;
	OrderTicket ticket;
	char		venue_order_id[VENUE_ORDER_ID_SIZE];
	PreparedOrder *prepared;	/* NULL once posted, unless its fate is in question */
	OrderStage	stage;
	int64_t		frame_ns;
	int64_t		decided_ns;
	int64_t		asked_ns;		/* when its claim was asked for */
	int64_t		claimed_ns;
	int64_t		written_ns;
	int64_t		send_before_ns;
	bool		known_accepted;
	int64_t		taken_ns;		/* a balance read since then is good for it */
	int64_t		give_up_ns;		/* queued: it is not worth sending any more */
	int64_t		gives;			/* money it may take, fee included, micro; 0 for a sale */
	Cover		cover;
	bool		claimed;
	bool		repeating;		/* the same bytes are on their way again */
	int			repeats;
	int64_t		repeated_ns;	/* when the last repetition ended */

	OrderReport told;			/* newest acknowledged by the database */
	int64_t		told_qty;
	OrderReport sent;			/* on its way to the database, while telling */
	int64_t		sent_qty;
	bool		telling;
	OrderReport due;			/* to be told next; NONE = nothing */
	int64_t		due_qty;		/* -1 = unsaid */
	char		due_reason[VENUE_REASON_SIZE];

	KnownFill  *fills;
	size_t		fill_count;
	size_t		fill_capacity;
	int64_t		filled;			/* sum of fills not voided, micro */
	int64_t		heard;			/* of all fills: what the venue says it matched */
	int64_t		venue_matched;	/* most the venue's word of the order said was matched, micro */

	Inquiry    *inquiry;		/* under way */
	int64_t		inquire_ns;		/* when the next is due; 0 = none */
	int			inquiries;
	Evidence	evidence;

	bool		cancelling;
	int64_t		cancel_ns;		/* when a cancel was last sent */
	int64_t		finished_ns;
} WorkOrder;

struct Trade
{
	Worker	   *worker;
	PmSigner	signer;
	PmCredentials *credentials; /* locked memory; client.credentials points here once known */

	/* lease */
	LeaseClock	lease;
	int64_t		epoch;			/* 0 = never held */
	uv_timer_t	lease_timer;
	char		refusal[160];	/* last reason told by the database */

	/* orders */
	WorkOrder  *orders[ORDERS_MAX];
	size_t		order_count;
	uint64_t	activity;		/* counts everything that moves money */
	int64_t		cash_flow;		/* sum of what our fills did to the cash, micro */
	uv_timer_t	work_timer;
	uv_timer_t	inquiry_timer;

	/* sending */
	Budget		budget;
	uv_timer_t	queue_timer;
	size_t		queued;
	bool		cover_asking;	/* the balance is being read for entries */
	int64_t		cover_asked_ns;
	int64_t		send_deadline_ms;	/* of the controls, as last read */
	bool		balance_per_order;
	int64_t		settings_ns;	/* when they are to be read again */
	bool		settings_asking;
	bool		orders_told;	/* the last checks said that the venue takes orders */

	/* account */
	uv_timer_t	account_timer;
	int64_t		checked_ns;		/* when the next checks, balance and warming are due */
	int64_t		balance_ns;
	int64_t		warm_ns;
	int64_t		cash;			/* micro, last read; -1 = never */

	/* reconciliation */
	struct Reconciliation *reconciliation;
	const char *reconcile_cause;	/* wanted; NULL = none */
	int64_t		reconcile_ns;	/* not before */
	int64_t		periodic_ns;	/* when the next one without a cause is due; 0 = none */
	int			strangers_telling;	/* fills of no order in hand on their way to the database */
	uint64_t	stranger_failures;	/* which it did not take */

	struct Redeemer *redeemer;
	struct Sweep *sweep;
	struct Outage *outage;
	struct Beat *beat;
	Ws		   *user;

	/* stop */
	void		(*stopped) (void *arg);
	void	   *stopped_arg;
	int64_t		stop_ns;
	uv_timer_t	stop_timer;

	Backoff		derive_backoff;
	bool		halted;			/* nothing more is sent, ever */
	bool		stopping;
	bool		lease_asking;	/* a call for the lease is under way */
	bool		work_asking;	/* the list of work is being read */
	bool		work_again;		/* and is wanted again */
	bool		work_read;		/* once in this session with the database */
	bool		deriving;		/* credentials are being derived */
	bool		balance_asking;
	bool		balance_told;	/* once under this lease */
	bool		checks_told;	/* likewise */
	bool		reconciled;		/* one was finished */
};

/* trade.c */
extern bool arb_desk_may_send(const Trade *trade);
/* arb_desk_epoch_call starts a parameter list with account and epoch. */
extern void arb_desk_params(const Trade *trade, DbParams *params);
extern bool arb_desk_call(Trade *trade, DbStatementId id, const DbParams *params, DbDone done, void *arg);
/* arb_desk_ok is the first thing a reply's receiver asks; it notices a lost lease. */
extern bool arb_desk_ok(Trade *trade, const DbReply *reply);
/* Something may have come to its end: a driven clock or a stop waits for it. */
extern void arb_desk_progress(Trade *trade);

/* lease.c */
extern void arb_lease_init(Trade *trade);
extern void arb_lease_start(Trade *trade);
extern void arb_lease_database(Trade *trade, bool up);
extern void arb_lease_release(Trade *trade, DbDone done, void *arg);

/* order.c */
extern WorkOrder *arb_order_find(const Trade *trade, int64_t order_id);
extern WorkOrder *arb_order_find_venue(const Trade *trade, const char *venue_order_id);
extern WorkOrder *arb_order_add(Trade *trade, const OrderTicket *ticket, OrderStage stage);
extern void arb_order_remove(WorkOrder *order);
/* arb_order_tell queues a report; venue_qty -1 leaves it unsaid. */
extern void arb_order_tell(WorkOrder *order, OrderReport report, int64_t venue_qty, const char *reason);
/* arb_order_fill is false when the order's part in the trade is no evidence: counted, not booked. */
extern bool arb_order_fill(WorkOrder *order, const PmTrade *trade);
/*
 * arb_order_believe is false when what the venue says of the order cannot be of
 * it: counted, and to be taken as no answer.  matched_before: what was known
 * to be matched when it was asked.
 */
extern bool arb_order_believe(WorkOrder *order, const PmOrder *said, int64_t matched_before);
/* An order of somebody else's in a list of ours. */
extern bool arb_order_is_strange(const Trade *trade, const PmOrder *order);
/* arb_order_review finishes an order about which nothing is left to say. */
extern void arb_order_review(WorkOrder *order);
extern bool arb_orders_are_settled(const Trade *trade);
/* Every fill and report known to us is acknowledged by the database. */
extern bool arb_orders_are_told(const Trade *trade);
/* arb_orders_resume tells again what a lost connection left untold. */
extern void arb_orders_resume(Trade *trade);
extern void arb_orders_prune(Trade *trade);

/*
 * arb_trade_news books our parts of a trade; mapped counts those of orders we
 * know.  False when a part was no evidence: it is not among ours.
 */
extern bool arb_trade_news(Trade *trade, const PmTrade *news, int *ours, int *mapped);

/* record.c */
#define BODY_HASH_TEXT_SIZE (2 + 2 * SHA256_SIZE + 1)
extern void arb_hash_text(const PreparedOrder *prepared, char hash[BODY_HASH_TEXT_SIZE]);

/* send.c */
extern void arb_send_init(Trade *trade);
extern void arb_send_ticket(Trade *trade, const OrderTicket *ticket, int64_t frame_ns, int64_t decided_ns);
/* arb_send_repeat sends the bytes of an order in question once more, where that is no second order; true when it tries. */
extern bool arb_send_repeat(WorkOrder *order);

/* balance.c */
/* arb_cover_ask has the balance read for an entry; arb_send_covered is called when it is. */
extern void arb_cover_ask(WorkOrder *order);
extern void arb_send_covered(WorkOrder *order);

/* inquiry.c */
extern void arb_inquire_at(WorkOrder *order, int64_t delay_ms);
extern void arb_inquiries_init(Trade *trade);

/* work.c */
extern void arb_work_init(Trade *trade);
extern void arb_work_start(Trade *trade);
extern void arb_work_read(Trade *trade);

/* account.c */
extern void arb_account_init(Trade *trade);
extern void arb_account_start(Trade *trade);
/* arb_account_refresh reads checks and balance again now. */
extern void arb_account_refresh(Trade *trade);
/* arb_account_read asks for a balance; token_id NULL is the collateral. */
extern bool arb_account_read(Trade *trade, const char *token_id, HttpDone done, void *arg);

/* redeem.c */
extern bool arb_redeem_init(Trade *trade);
extern void arb_redeem_watch(Trade *trade, const char *symbol, int64_t amount);
extern void arb_redeem_work_read(Trade *trade);
/* No redemption is in question: every watched token was last seen with a balance. */
extern bool arb_redeem_is_calm(const Trade *trade);
extern size_t arb_redeem_symbols(const Trade *trade, const char **symbols, size_t max);

/* sweep.c */
extern bool arb_sweep_init(Trade *trade);
extern void arb_sweep_start(Trade *trade);
extern void arb_sweep_kill(Trade *trade, KillKind kind);

/* In an emergency no order leaves, whatever the database handed out before. */
extern bool arb_sweep_lets_send(const Trade *trade);

/* outage.c */
extern bool arb_outage_init(Trade *trade);
extern void arb_outage_start(Trade *trade);
/* arb_outage_report tells the database what was canceled while it was away, once. */
extern void arb_outage_report(Trade *trade);

/* beat.c */
extern bool arb_beat_init(Trade *trade);
extern void arb_beat_start(Trade *trade);

/* reconcile.c */
extern void arb_reconcile_want(Trade *trade, const char *cause);
extern void arb_reconcile_advance(Trade *trade);
/* Something is strange: the next one in between comes at once. */
extern void arb_reconcile_soon(Trade *trade);
extern void arb_reconcile_forget(Trade *trade);

/* user.c */
extern bool arb_user_new(Trade *trade);
extern void arb_user_start(Trade *trade);

#endif							/* ARBEES_TRADE_DESK_H */
