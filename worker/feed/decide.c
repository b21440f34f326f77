/*-------------------------------------------------------------------------
 *
 * worker/feed/decide.c
 *	  News into the database, decisions out: one round trip, one batch at a time.
 *
 * Trades, LIVE, DRY_RUN and PAPER are calls of their own in one flush.  What arrives while a
 * batch is under way waits and goes as one.  A call whose connection broke is
 * made again when the database is back: prices at a window's edges must not be
 * lost, a signal decided twice is only counted, and a trade told twice is not.
 *
 *-------------------------------------------------------------------------
 */
#include "feed/feed.h"

#include "clock.h"
#include "log.h"
#include "trade/trade.h"

#define RETRIES_MAX 5

static void send_flight(DecideFlight *flight);

static const char *const ModeNames[DECIDE_MODES] = {
	[DECIDE_LIVE] = "LIVE",
	[DECIDE_DRY_RUN] = "DRY_RUN",
	[DECIDE_PAPER] = "PAPER",
};

void
arb_decide_init(Feed *feed)
{
	int			mode;

	arb_quotes_init(&feed->quotes);
	arb_quote_batch_init(&feed->batch);
	for (mode = 0; mode < DECIDE_MODES; mode++)
	{
		feed->flights[mode].feed = feed;
		feed->flights[mode].mode = (DecideMode) mode;
	}
}

bool
arb_decide_busy(const Feed *feed)
{
	int			mode;

	for (mode = 0; mode < DECIDE_MODES; mode++)
	{
		if (feed->flights[mode].wanted)
			return true;
	}
	return false;
}

/* LIVE and DRY_RUN decisions are for whoever holds the lease. */
static bool
may_decide(const Worker *worker, DecideMode mode)
{
	bool		holds = worker->trade != NULL && arb_trade_holds_lease(worker->trade);

	switch (mode)
	{
		case DECIDE_LIVE:
			return holds;
		case DECIDE_DRY_RUN:
			return holds && worker->dry_run;
		default:
			return true;
	}
}

static void
take_tickets(Feed *feed, const DbReply *reply)
{
	Worker	   *worker = feed->worker;
	int64_t		decided_ns = arb_mono_ns();
	int			row;

	for (row = 0; row < arb_reply_rows(reply); row++)
	{
		OrderTicket ticket;

		if (!arb_ticket_read(reply, row, &ticket))
			arb_input_error(&worker->input_errors, "database", "ticket", "a ticket could not be read");
		else if (worker->trade != NULL)
			arb_trade_take(worker->trade, &ticket, feed->batch_frame_ns, decided_ns);
	}
}

static void
landed(Feed *feed)
{
	if (arb_decide_busy(feed))
		return;
	if (feed->worker->hello.clock_driven)
		arb_driven_advance(feed);
	else
		arb_decide_kick(feed, false);
}

static void
on_decided(void *arg, const DbReply *reply)
{
	DecideFlight *flight = arg;
	DbErrorClass class;

	flight->sent = false;
	if (reply->status == DB_LOST)
		return;					/* wanted still: sent again when the database is back */
	if (reply->status == DB_OK)
	{
		flight->wanted = false;
		if (flight->mode == DECIDE_LIVE || flight->mode == DECIDE_DRY_RUN)
			take_tickets(flight->feed, reply);
		landed(flight->feed);
		return;
	}
	class = arb_db_classify(reply->sqlstate);
	if (class == DB_ERROR_ABSENT || class == DB_ERROR_CONNECTION)
		return;
	if (class == DB_ERROR_RETRY && flight->attempts < RETRIES_MAX)
	{
		send_flight(flight);
		return;
	}
	flight->wanted = false;
	landed(flight->feed);
}

static bool
send_trades(DecideFlight *flight)
{
	const QuoteBatch *batch = &flight->feed->batch;
	DbParams	params;

	arb_params_init(&params);
	arb_params_int(&params, flight->feed->worker->hello.venue_id);
	arb_params_text(&params, batch->trade_instruments.data);
	arb_params_text(&params, batch->trade_prices.data);
	arb_params_text(&params, batch->trade_sizes.data);
	arb_params_text(&params, batch->trade_ms.data);
	return arb_pipe_call(flight->feed->worker->decision, DB_REPORT_TRADES, &params, on_decided, flight);
}

static bool
send_quotes(DecideFlight *flight)
{
	Feed	   *feed = flight->feed;
	const QuoteBatch *batch = &feed->batch;
	DbParams	params;

	arb_params_init(&params);
	arb_params_int(&params, feed->worker->hello.venue_id);
	arb_params_text(&params, ModeNames[flight->mode]);
	if (feed->worker->hello.clock_driven)
		arb_params_int(&params, feed->market_ms);
	else
		arb_params_null(&params);
	arb_params_text(&params, batch->instruments.data);
	arb_params_text(&params, batch->bids.data);
	arb_params_text(&params, batch->bid_sizes.data);
	arb_params_text(&params, batch->asks.data);
	arb_params_text(&params, batch->ask_sizes.data);
	arb_params_text(&params, batch->source_ms.data);
	arb_params_text(&params, batch->underlyings.data);
	arb_params_text(&params, batch->prices.data);
	arb_params_text(&params, batch->price_ms.data);
	arb_params_text(&params, batch->books.data);
	return arb_pipe_call(feed->worker->decision, DB_ON_QUOTES, &params, on_decided, flight);
}

static void
send_flight(DecideFlight *flight)
{
	flight->attempts++;
	flight->sent = flight->mode == DECIDE_TRADES ? send_trades(flight) : send_quotes(flight);
}

void
arb_decide_kick(Feed *feed, bool force)
{
	Worker	   *worker = feed->worker;
	int			mode;

	if (arb_decide_busy(feed) || !worker->registered || !arb_pipe_is_up(worker->decision))
		return;
	if (!force && !arb_quotes_pending(&feed->quotes))
		return;
	if (!arb_quotes_take(&feed->quotes, &feed->batch))
	{
		log_error("feed", "out of memory, quotes wait");
		return;
	}
	feed->batch_frame_ns = feed->frame_ns;
	feed->frame_ns = 0;
	feed->flights[DECIDE_TRADES].wanted = feed->batch.trades > 0;
	feed->flights[DECIDE_LIVE].wanted = may_decide(worker, DECIDE_LIVE);
	feed->flights[DECIDE_DRY_RUN].wanted = may_decide(worker, DECIDE_DRY_RUN);
	feed->flights[DECIDE_PAPER].wanted = true;
	for (mode = 0; mode < DECIDE_MODES; mode++)
	{
		feed->flights[mode].attempts = 0;
		if (feed->flights[mode].wanted)
			send_flight(&feed->flights[mode]);
	}
}

void
arb_decide_database(Feed *feed, bool up)
{
	int			mode;

	if (!up)
		return;
	for (mode = 0; mode < DECIDE_MODES; mode++)
	{
		DecideFlight *flight = &feed->flights[mode];

		if (!flight->wanted || flight->sent)
			continue;
		if (!may_decide(feed->worker, (DecideMode) mode))
			flight->wanted = false;
		else
			send_flight(flight);
	}
	landed(feed);
}
