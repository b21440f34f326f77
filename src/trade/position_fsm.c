/*-------------------------------------------------------------------------
 *
 * src/trade/position_fsm.c
 *	  The position's state machine: the table, nothing else.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "trade/position.h"

static const char *const PositionEvents[] = {
	NULL, "filled", "entry_ended", "stop", "take_profit", "expire", "kill", "exit_ordered", "exit_done",
	"settled", "late_fill", "entry_voided", NULL
};

static const FsmRule PositionRules[] = {
	{110, POSITION_STATE_ENTRY, POSITION_EVENT_FILLED, POSITION_STATE_MONITORING, "the entry's first fill"},
	{120, POSITION_STATE_ENTRY, POSITION_EVENT_ENTRY_ENDED, POSITION_STATE_CLOSED, "the entry ended and nothing was filled"},

	{210, POSITION_STATE_MONITORING, POSITION_EVENT_FILLED, POSITION_STATE_MONITORING, "another fill of the entry"},
	{220, POSITION_STATE_MONITORING, POSITION_EVENT_KILL, POSITION_STATE_KILL_TRIGGERED, "flatten, or an operator's close"},
	{230, POSITION_STATE_MONITORING, POSITION_EVENT_STOP, POSITION_STATE_STOP_TRIGGERED, "the bid reached the stop"},
	{240, POSITION_STATE_MONITORING, POSITION_EVENT_EXPIRE, POSITION_STATE_EXPIRY, "its time to leave came"},
	{250, POSITION_STATE_MONITORING, POSITION_EVENT_TAKE_PROFIT, POSITION_STATE_TP_TRIGGERED, "the bid reached the profit, or fell back from its high"},
	{260, POSITION_STATE_MONITORING, POSITION_EVENT_SETTLED, POSITION_STATE_CLOSED, "held to settlement"},
	/* A voided entry fill can leave nothing to watch. */
	{270, POSITION_STATE_MONITORING, POSITION_EVENT_ENTRY_ENDED, POSITION_STATE_CLOSED, "the entry's fills were voided"},

	{275, POSITION_STATE_MONITORING, POSITION_EVENT_ENTRY_VOIDED, POSITION_STATE_ENTRY, "the entry's fills were voided, and it still works"},

	/* The same, when an exit was already on its way. */
	{280, POSITION_STATE_STOP_TRIGGERED, POSITION_EVENT_ENTRY_ENDED, POSITION_STATE_CLOSED, "the entry's fills were voided"},
	{282, POSITION_STATE_TP_TRIGGERED, POSITION_EVENT_ENTRY_ENDED, POSITION_STATE_CLOSED, "the entry's fills were voided"},
	{284, POSITION_STATE_EXPIRY, POSITION_EVENT_ENTRY_ENDED, POSITION_STATE_CLOSED, "the entry's fills were voided"},
	{286, POSITION_STATE_KILL_TRIGGERED, POSITION_EVENT_ENTRY_ENDED, POSITION_STATE_CLOSED, "the entry's fills were voided"},

	/* A price or a time that called for an exit calls again; an operator's word is kept. */
	{290, POSITION_STATE_STOP_TRIGGERED, POSITION_EVENT_ENTRY_VOIDED, POSITION_STATE_ENTRY, "the entry's fills were voided, and it still works"},
	{292, POSITION_STATE_TP_TRIGGERED, POSITION_EVENT_ENTRY_VOIDED, POSITION_STATE_ENTRY, "the entry's fills were voided, and it still works"},
	{294, POSITION_STATE_EXPIRY, POSITION_EVENT_ENTRY_VOIDED, POSITION_STATE_ENTRY, "the entry's fills were voided, and it still works"},

	{310, POSITION_STATE_STOP_TRIGGERED, POSITION_EVENT_EXIT_ORDERED, POSITION_STATE_EXIT_PENDING, "exit order made"},
	{320, POSITION_STATE_TP_TRIGGERED, POSITION_EVENT_EXIT_ORDERED, POSITION_STATE_EXIT_PENDING, "exit order made"},
	{330, POSITION_STATE_EXPIRY, POSITION_EVENT_EXIT_ORDERED, POSITION_STATE_EXIT_PENDING, "exit order made"},
	{340, POSITION_STATE_KILL_TRIGGERED, POSITION_EVENT_EXIT_ORDERED, POSITION_STATE_EXIT_PENDING, "exit order made"},
	/* No bid to sell to until the end: the venue's settlement is the exit. */
	{350, POSITION_STATE_STOP_TRIGGERED, POSITION_EVENT_SETTLED, POSITION_STATE_CLOSED, "settled before an exit could be made"},
	{360, POSITION_STATE_TP_TRIGGERED, POSITION_EVENT_SETTLED, POSITION_STATE_CLOSED, "settled before an exit could be made"},
	{370, POSITION_STATE_EXPIRY, POSITION_EVENT_SETTLED, POSITION_STATE_CLOSED, "settled before an exit could be made"},
	{380, POSITION_STATE_KILL_TRIGGERED, POSITION_EVENT_SETTLED, POSITION_STATE_CLOSED, "settled before an exit could be made"},

	{410, POSITION_STATE_EXIT_PENDING, POSITION_EVENT_EXIT_ORDERED, POSITION_STATE_EXIT_PENDING, "next attempt for what is left"},
	{420, POSITION_STATE_EXIT_PENDING, POSITION_EVENT_EXIT_DONE, POSITION_STATE_CLOSED, "sold, but for dust below one lot"},
	{430, POSITION_STATE_EXIT_PENDING, POSITION_EVENT_FILLED, POSITION_STATE_EXIT_PENDING, "late fill of the entry; the exit is re-sized"},
	{440, POSITION_STATE_EXIT_PENDING, POSITION_EVENT_SETTLED, POSITION_STATE_CLOSED, "settled before the exit was complete"},
	{450, POSITION_STATE_EXIT_PENDING, POSITION_EVENT_ENTRY_ENDED, POSITION_STATE_CLOSED, "the entry's fills were voided; there is nothing to sell"},

	/* A late or voided fill brings quantity back; it must be watched again. */
	{510, POSITION_STATE_CLOSED, POSITION_EVENT_LATE_FILL, POSITION_STATE_MONITORING, "quantity came back after the close"},
	{520, POSITION_STATE_CLOSED, POSITION_EVENT_SETTLED, POSITION_STATE_CLOSED, "dust settled"},
	{0}
};

const Fsm	PositionFsm = {"position", LABEL_POSITION_STATE, PositionEvents, PositionRules};
