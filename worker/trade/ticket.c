/*-------------------------------------------------------------------------
 *
 * worker/trade/ticket.c
 *	  A ticket from a row of the database.
 *
 *-------------------------------------------------------------------------
 */
#include "trade/trade.h"

#include <stdio.h>
#include <string.h>

static bool
copy_text(const DbReply *reply, int row, const char *column, char *out, size_t size)
{
	const char *text = arb_reply_text(reply, row, column);
	size_t		len = strlen(text);

	if (len >= size)
		return false;
	memcpy(out, text, len + 1);
	return true;
}

bool
arb_ticket_read(const DbReply *reply, int row, OrderTicket *ticket)
{
	memset(ticket, 0, sizeof(*ticket));
	ticket->order_id = arb_reply_int(reply, row, "order_id", 0);
	ticket->is_exit = strcmp(arb_reply_text(reply, row, "purpose"), "EXIT") == 0;
	ticket->side = arb_order_side_parse(arb_reply_text(reply, row, "side"));
	ticket->amount_kind = arb_amount_kind_parse(arb_reply_text(reply, row, "amount_kind"));
	ticket->time_in_force = arb_time_in_force_parse(arb_reply_text(reply, row, "time_in_force"));
	ticket->neg_risk = arb_reply_bool(reply, row, "neg_risk");
	ticket->salt = arb_reply_int(reply, row, "salt", -1);
	ticket->signed_ms = arb_reply_int(reply, row, "signed_ms", -1);
	ticket->expires_s = arb_reply_int(reply, row, "expires_s", -1);
	/* What does not say that it may be sent is not sent. */
	ticket->dry_run = strcmp(arb_reply_text(reply, row, "dry_run"), "f") != 0;
	ticket->fee_exponent = (int) arb_reply_int(reply, row, "fee_exponent", 0);
	if (ticket->order_id <= 0 || ticket->side == ORDER_SIDE_NONE || ticket->amount_kind == AMOUNT_KIND_NONE ||
		ticket->time_in_force == TIME_IN_FORCE_NONE || ticket->salt < 0 || ticket->signed_ms < 0 ||
		ticket->expires_s < 0)
		return false;
	return copy_text(reply, row, "client_order_id", ticket->client_order_id, sizeof(ticket->client_order_id)) &&
		copy_text(reply, row, "symbol", ticket->symbol, sizeof(ticket->symbol)) &&
		copy_text(reply, row, "amount", ticket->amount, sizeof(ticket->amount)) &&
		copy_text(reply, row, "limit_price", ticket->limit_price, sizeof(ticket->limit_price)) &&
		copy_text(reply, row, "tick_size", ticket->tick_size, sizeof(ticket->tick_size)) &&
		copy_text(reply, row, "condition_id", ticket->condition_id, sizeof(ticket->condition_id)) &&
		copy_text(reply, row, "fee_rate", ticket->fee_rate, sizeof(ticket->fee_rate));
}
