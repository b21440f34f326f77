/*-------------------------------------------------------------------------
 *
 * worker/trade/record.c
 *	  The requests PAPER orders would have been, for the record.
 *
 * Asked for with each heartbeat and stored on the connection whose commits are
 * not waited for: no decision depends on it.  Without a key what nobody could
 * sign says so.
 *
 *-------------------------------------------------------------------------
 */
#include "trade/desk.h"

#include <inttypes.h>

#include "clock.h"
#include "log.h"

void
arb_hash_text(const PreparedOrder *prepared, char hash[BODY_HASH_TEXT_SIZE])
{
	/* bytea's text form begins with a backslash where other hex begins with a zero. */
	arb_hex_encode(prepared->body_sha256, SHA256_SIZE, hash);
	hash[0] = '\\';
}

static void
on_recorded(void *arg, const DbReply *reply)
{
	(void) arg;
	if (reply->status == DB_ERROR)
		log_warning("trade", "a request could not be recorded: %s", reply->message);
}

static void
record(Worker *worker, const OrderTicket *ticket)
{
	const Trade *trade = worker->trade;
	bool		can_sign = trade != NULL && worker->client.credentials != NULL && trade->signer.owner[0] != '\0';
	PreparedOrder prepared;
	char		reason[VENUE_REASON_SIZE] = "";
	char		hash[BODY_HASH_TEXT_SIZE];
	char		request[VENUE_REQUEST_MAX];
	DbParams	params;

	if (can_sign ? !arb_pm_prepare_order(&trade->signer, ticket, &prepared, reason) :
		!arb_pm_prepare_unsigned(ticket, &prepared, reason))
	{
		log_debug("trade", "order %" PRId64 " cannot be built for the record: %s", ticket->order_id, reason);
		return;
	}
	prepared.timestamp_s = arb_wall_ms() / 1000;
	if (arb_pm_render_order(can_sign ? worker->client.credentials : NULL, worker->client.address_text, &prepared, request,
							sizeof(request)) == 0)
		return;
	arb_hash_text(&prepared, hash);
	arb_params_init(&params);
	arb_params_int(&params, ticket->order_id);
	arb_params_text(&params, prepared.venue_order_id[0] == '\0' ? NULL : prepared.venue_order_id);
	arb_params_text(&params, hash);
	arb_params_text(&params, request);
	(void) arb_pipe_call(worker->decision, DB_RECORD_PAYLOAD, &params, on_recorded, NULL);
}

static void
on_unrecorded(void *arg, const DbReply *reply)
{
	Worker	   *worker = arg;
	int			row;

	worker->recording = false;
	if (reply->status != DB_OK)
		return;
	for (row = 0; row < arb_reply_rows(reply); row++)
	{
		OrderTicket ticket;

		if (!arb_ticket_read(reply, row, &ticket))
			arb_input_error(&worker->input_errors, "database", "ticket", "a ticket could not be read");
		else
			record(worker, &ticket);
	}
}

void
arb_record_orders(Worker *worker)
{
	DbParams	params;

	if (worker->recording || worker->feed == NULL || !arb_pipe_is_up(worker->decision))
		return;
	/* With a key, what can be signed waits until it can be. */
	if (worker->trade != NULL && worker->client.credentials == NULL)
		return;
	arb_params_init(&params);
	arb_params_int(&params, worker->hello.venue_id);
	worker->recording = arb_pipe_call(worker->decision, DB_UNRECORDED_ORDERS, &params, on_unrecorded, worker);
}
