/*-------------------------------------------------------------------------
 *
 * worker/trade/trade.c
 *	  The trader as a whole: what it needs to exist, to start and to stop.
 *
 *-------------------------------------------------------------------------
 */
#include "trade/desk.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "feed/feed.h"
#include "log.h"

/* Orders under way at a stop get this long to come to their end. */
#define STOP_PATIENCE_NS (1500 * NS_PER_MS)
#define STOP_TICK_MS 20

bool
arb_desk_may_send(const Trade *trade)
{
	return !trade->halted && !trade->stopping && arb_pipe_is_up(trade->worker->action) &&
		trade->worker->registered && trade->epoch > 0 && arb_lease_may_send(&trade->lease, arb_boot_ns());
}

void
arb_desk_params(const Trade *trade, DbParams *params)
{
	arb_params_init(params);
	arb_params_int(params, trade->worker->hello.account_id);
	arb_params_int(params, trade->epoch);
}

bool
arb_desk_call(Trade *trade, DbStatementId id, const DbParams *params, DbDone done, void *arg)
{
	if (trade->halted || trade->epoch == 0)
		return false;
	return arb_pipe_call(trade->worker->action, id, params, done, arg);
}

bool
arb_desk_ok(Trade *trade, const DbReply *reply)
{
	if (reply->status == DB_OK)
		return true;
	if (reply->status == DB_ERROR && arb_db_classify(reply->sqlstate) == DB_ERROR_LEASE && !trade->halted)
	{
		arb_outage_report(trade);
		trade->halted = true;
		arb_worker_stop(trade->worker, EXIT_CODE_LEASE, reply->message);
	}
	return false;
}

void
arb_desk_progress(Trade *trade)
{
	arb_reconcile_advance(trade);
	if (trade->worker->feed != NULL)
		arb_driven_advance(trade->worker->feed);
}

/* The wallet the database means must be the one these keys hold. */
static bool
keys_fit(const Trade *trade)
{
	const Hello *hello = &trade->worker->hello;
	EthAddress	expected;

	if (hello->address[0] != '\0' &&
		(!arb_eth_address_parse(hello->address, strlen(hello->address), &expected) ||
		 !arb_eth_address_equal(&expected, &trade->signer.funder)))
	{
		log_error("trade", "the keys hold another wallet than account's address %s", hello->address);
		return false;
	}
	return true;
}

static bool
init_signer(Trade *trade)
{
	const Worker *worker = trade->worker;
	const KeyFile *keys = worker->keys;
	EthAddress	funder;
	int			type = keys->signature_type >= 0 ? keys->signature_type : worker->hello.signature_type;
	bool		has_funder = keys->funder[0] != '\0';

	if (has_funder && !arb_eth_address_parse(keys->funder, strlen(keys->funder), &funder))
	{
		log_error("trade", "the funder in the key file is no address");
		return false;
	}
	if (!arb_pm_signer_init(&trade->signer, worker->key, has_funder ? &funder : NULL, (SignatureType) type,
							(uint64_t) worker->hello.chain_id, PM_EXCHANGE_VERSION, NULL))
	{
		log_error("trade", "orders cannot be signed for chain %" PRId64 " and signature type %d",
				  worker->hello.chain_id, type);
		return false;
	}
	return keys_fit(trade);
}

Trade *
arb_trade_new(Worker *worker)
{
	Trade	   *trade = calloc(1, sizeof(*trade));

	if (trade == NULL)
		return NULL;
	trade->worker = worker;
	trade->credentials = arb_secret_alloc(sizeof(*trade->credentials));
	if (trade->credentials == NULL || !init_signer(trade) || !arb_user_new(trade) || !arb_redeem_init(trade) ||
		!arb_sweep_init(trade) || !arb_outage_init(trade) || !arb_beat_init(trade))
	{
		arb_secret_free(trade->credentials, sizeof(*trade->credentials));
		free(trade);
		return NULL;
	}
	worker->client.key = worker->key;
	worker->client.chain_id = (uint64_t) worker->hello.chain_id;
	memcpy(worker->client.address_text, trade->signer.address_text, sizeof(worker->client.address_text));
	arb_lease_init(trade);
	arb_send_init(trade);
	arb_inquiries_init(trade);
	arb_work_init(trade);
	arb_account_init(trade);
	(void) uv_timer_init(worker->loop, &trade->stop_timer);
	trade->stop_timer.data = trade;
	return trade;
}

void
arb_trade_start(Trade *trade)
{
	arb_lease_start(trade);
	arb_account_start(trade);
	arb_work_start(trade);
	arb_sweep_start(trade);
	arb_outage_start(trade);
	arb_beat_start(trade);
}

void
arb_trade_database(Trade *trade, bool up)
{
	arb_lease_database(trade, up);
	trade->work_asking = false;
	trade->work_again = false;
	trade->settings_asking = false;
	trade->settings_ns = 0;
	if (!up)
	{
		trade->work_read = false;
		arb_reconcile_forget(trade);
		return;
	}
	if (trade->epoch == 0)
		return;
	arb_orders_resume(trade);
	arb_work_read(trade);
	arb_account_refresh(trade);
	arb_reconcile_want(trade, "database");
}

void
arb_trade_notified(Trade *trade)
{
	arb_work_read(trade);
}

void
arb_trade_kill(Trade *trade, KillKind kind)
{
	arb_sweep_kill(trade, kind);
}

bool
arb_trade_holds_lease(const Trade *trade)
{
	return arb_desk_may_send(trade);
}

void
arb_trade_take(Trade *trade, const OrderTicket *ticket, int64_t frame_ns, int64_t decided_ns)
{
	arb_send_ticket(trade, ticket, frame_ns, decided_ns);
}

bool
arb_trade_settled(const Trade *trade)
{
	return arb_orders_are_settled(trade);
}

bool
arb_trade_ready(const Trade *trade)
{
	return trade->epoch > 0 && trade->reconciled;
}

static void
on_released(void *arg, const DbReply *reply)
{
	Trade	   *trade = arg;

	log_info("trade", reply->status == DB_OK ? "the lease is given back" : "the lease could not be given back");
	trade->halted = true;
	trade->stopped(trade->stopped_arg);
}

static void
on_stop_tick(uv_timer_t *timer)
{
	Trade	   *trade = timer->data;

	if (!arb_orders_are_settled(trade) && arb_mono_ns() - trade->stop_ns < STOP_PATIENCE_NS)
		return;
	(void) uv_timer_stop(&trade->stop_timer);
	arb_lease_release(trade, on_released, trade);
}

void
arb_trade_stop(Trade *trade, void (*done) (void *arg), void *arg)
{
	trade->stopping = true;
	trade->stopped = done;
	trade->stopped_arg = arg;
	trade->stop_ns = arb_mono_ns();
	(void) uv_timer_start(&trade->stop_timer, on_stop_tick, 0, STOP_TICK_MS);
}

void
arb_trade_abandon(Trade *trade)
{
	trade->halted = true;
	arb_lease_clock_clear(&trade->lease);
	arb_ws_stop(trade->user);
}

void
arb_trade_state_json(Trade *trade, StrBuf *out)
{
	WsCounters *counters = arb_ws_counters(trade->user);

	(void) arb_strbuf_printf(out, "{\"channel\":\"user\",\"connected\":%s,\"messages\":%" PRIu64
							 ",\"errors\":%" PRIu64 ",\"reconnects\":%" PRIu64 ",\"last_data_ms\":",
							 arb_ws_is_open(trade->user) ? "true" : "false", counters->messages,
							 counters->errors, counters->reconnects);
	if (counters->last_data_ms > 0)
		(void) arb_strbuf_printf(out, "%" PRId64 "}", counters->last_data_ms);
	else
		(void) arb_strbuf_text(out, "null}");
	counters->messages = 0;
	counters->errors = 0;
	counters->reconnects = 0;
}
