/*-------------------------------------------------------------------------
 *
 * src/trade/order_fsm.c
 *	  The order's state machine: the table, nothing else.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "trade/order.h"

static const char *const OrderEvents[] = {
	NULL, "claim", "accept", "fill_partial", "fill_complete", "close", "expire", "reject",
	"lose", "not_sent", "void", NULL
};

static const FsmRule OrderRules[] = {
	{110, ORDER_STATE_NEW, ORDER_EVENT_CLAIM, ORDER_STATE_SENDING, "claimed: bytes may leave from here on"},
	{120, ORDER_STATE_NEW, ORDER_EVENT_CLOSE, ORDER_STATE_CANCELED, "cancelled before it was claimed"},
	{130, ORDER_STATE_NEW, ORDER_EVENT_EXPIRE, ORDER_STATE_EXPIRED, "nobody claimed it in time"},

	{210, ORDER_STATE_SENDING, ORDER_EVENT_ACCEPT, ORDER_STATE_OPEN, "the venue took it"},
	{220, ORDER_STATE_SENDING, ORDER_EVENT_REJECT, ORDER_STATE_REJECTED, "the venue refused it"},
	{230, ORDER_STATE_SENDING, ORDER_EVENT_LOSE, ORDER_STATE_UNKNOWN, "no trustworthy answer in time"},
	/* Provably: no byte was written to the socket. */
	{240, ORDER_STATE_SENDING, ORDER_EVENT_NOT_SENT, ORDER_STATE_CANCELED, "no byte left the worker"},
	/* A fill can overtake the acknowledgement, so SENDING accepts fills. */
	{250, ORDER_STATE_SENDING, ORDER_EVENT_FILL_PARTIAL, ORDER_STATE_PARTIALLY_FILLED, "first fill arrived before the acknowledgement"},
	{260, ORDER_STATE_SENDING, ORDER_EVENT_FILL_COMPLETE, ORDER_STATE_FILLED, "filled before the acknowledgement"},
	{270, ORDER_STATE_SENDING, ORDER_EVENT_CLOSE, ORDER_STATE_CANCELED, "the venue killed it at once"},

	{310, ORDER_STATE_OPEN, ORDER_EVENT_ACCEPT, ORDER_STATE_OPEN, "acknowledged again"},
	{320, ORDER_STATE_OPEN, ORDER_EVENT_FILL_PARTIAL, ORDER_STATE_PARTIALLY_FILLED, "first fill"},
	{330, ORDER_STATE_OPEN, ORDER_EVENT_FILL_COMPLETE, ORDER_STATE_FILLED, "filled"},
	{340, ORDER_STATE_OPEN, ORDER_EVENT_CLOSE, ORDER_STATE_CANCELED, "cancelled at the venue"},
	{350, ORDER_STATE_OPEN, ORDER_EVENT_EXPIRE, ORDER_STATE_EXPIRED, "its time in force ended"},
	{360, ORDER_STATE_OPEN, ORDER_EVENT_LOSE, ORDER_STATE_UNKNOWN, "we no longer know how it stands"},
	/* An order held before matching can still be refused. */
	{370, ORDER_STATE_OPEN, ORDER_EVENT_REJECT, ORDER_STATE_REJECTED, "refused after the acknowledgement"},

	/* Found working after an UNKNOWN, its fills having come to nothing. */
	{380, ORDER_STATE_OPEN, ORDER_EVENT_VOID, ORDER_STATE_OPEN, "a fill failed to settle"},

	{410, ORDER_STATE_PARTIALLY_FILLED, ORDER_EVENT_ACCEPT, ORDER_STATE_PARTIALLY_FILLED, "acknowledged after its first fill"},
	{420, ORDER_STATE_PARTIALLY_FILLED, ORDER_EVENT_FILL_PARTIAL, ORDER_STATE_PARTIALLY_FILLED, "another fill"},
	{430, ORDER_STATE_PARTIALLY_FILLED, ORDER_EVENT_FILL_COMPLETE, ORDER_STATE_FILLED, "filled"},
	{440, ORDER_STATE_PARTIALLY_FILLED, ORDER_EVENT_CLOSE, ORDER_STATE_CANCELED, "the rest was cancelled"},
	{450, ORDER_STATE_PARTIALLY_FILLED, ORDER_EVENT_EXPIRE, ORDER_STATE_EXPIRED, "the rest expired"},
	{460, ORDER_STATE_PARTIALLY_FILLED, ORDER_EVENT_LOSE, ORDER_STATE_UNKNOWN, "we no longer know how the rest stands"},
	{470, ORDER_STATE_PARTIALLY_FILLED, ORDER_EVENT_VOID, ORDER_STATE_PARTIALLY_FILLED, "a fill failed to settle"},

	/* UNKNOWN ends on evidence only, and any evidence may come. */
	{510, ORDER_STATE_UNKNOWN, ORDER_EVENT_ACCEPT, ORDER_STATE_OPEN, "found working at the venue"},
	{520, ORDER_STATE_UNKNOWN, ORDER_EVENT_FILL_PARTIAL, ORDER_STATE_PARTIALLY_FILLED, "found partly filled"},
	{530, ORDER_STATE_UNKNOWN, ORDER_EVENT_FILL_COMPLETE, ORDER_STATE_FILLED, "found filled"},
	{540, ORDER_STATE_UNKNOWN, ORDER_EVENT_CLOSE, ORDER_STATE_CANCELED, "found finished, or agreed by every route not to be there"},
	{550, ORDER_STATE_UNKNOWN, ORDER_EVENT_EXPIRE, ORDER_STATE_EXPIRED, "found expired"},
	{560, ORDER_STATE_UNKNOWN, ORDER_EVENT_REJECT, ORDER_STATE_REJECTED, "found refused"},
	{570, ORDER_STATE_UNKNOWN, ORDER_EVENT_LOSE, ORDER_STATE_UNKNOWN, "asked again, still unknown"},
	{580, ORDER_STATE_UNKNOWN, ORDER_EVENT_VOID, ORDER_STATE_UNKNOWN, "a fill failed to settle"},

	/* The venue may match before it sees our cancel, and say so late. */
	{610, ORDER_STATE_CANCELED, ORDER_EVENT_FILL_PARTIAL, ORDER_STATE_CANCELED, "late fill, rest stays cancelled"},
	{620, ORDER_STATE_CANCELED, ORDER_EVENT_FILL_COMPLETE, ORDER_STATE_FILLED, "fill reported after cancel"},
	{630, ORDER_STATE_CANCELED, ORDER_EVENT_VOID, ORDER_STATE_CANCELED, "a fill failed to settle"},
	{640, ORDER_STATE_EXPIRED, ORDER_EVENT_FILL_PARTIAL, ORDER_STATE_EXPIRED, "late fill, rest stays expired"},
	{650, ORDER_STATE_EXPIRED, ORDER_EVENT_FILL_COMPLETE, ORDER_STATE_FILLED, "fill reported after expiry"},
	{660, ORDER_STATE_EXPIRED, ORDER_EVENT_VOID, ORDER_STATE_EXPIRED, "a fill failed to settle"},
	{670, ORDER_STATE_REJECTED, ORDER_EVENT_FILL_PARTIAL, ORDER_STATE_REJECTED, "filled although refused: booked and alarmed"},
	{680, ORDER_STATE_REJECTED, ORDER_EVENT_FILL_COMPLETE, ORDER_STATE_FILLED, "filled although refused: booked and alarmed"},
	{690, ORDER_STATE_REJECTED, ORDER_EVENT_VOID, ORDER_STATE_REJECTED, "a fill failed to settle"},

	/* More than was ordered is still a fact. */
	{710, ORDER_STATE_FILLED, ORDER_EVENT_FILL_PARTIAL, ORDER_STATE_FILLED, "overfill: booked and alarmed"},
	{720, ORDER_STATE_FILLED, ORDER_EVENT_FILL_COMPLETE, ORDER_STATE_FILLED, "overfill: booked and alarmed"},
	{730, ORDER_STATE_FILLED, ORDER_EVENT_VOID, ORDER_STATE_FILLED, "a fill failed to settle"},
	{0}
};

const Fsm	OrderFsm = {"order", LABEL_ORDER_STATE, OrderEvents, OrderRules};
