/*-------------------------------------------------------------------------
 *
 * worker/trade/lease.c
 *	  Holding the right to trade for the account.
 *
 * The lease is counted from before it was asked for.  When it cannot be
 * renewed nothing is sent any more; when another has taken it, the worker ends.
 * One that has ended is renewed when the database is back and nobody took over.
 *
 * A lease that the standby may not know is none: after a failover another could
 * be granted the same epoch.
 *
 *-------------------------------------------------------------------------
 */
#include "trade/desk.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "log.h"

#define TICK_MS 100
#define ACQUIRE_EVERY_MS 500

typedef struct LeaseCall
{
	Trade	   *trade;
	int64_t		asked_ns;
} LeaseCall;

static LeaseCall *
new_call(Trade *trade)
{
	LeaseCall  *call = calloc(1, sizeof(*call));

	if (call != NULL)
	{
		call->trade = trade;
		call->asked_ns = arb_boot_ns();
	}
	return call;
}

static void
refused(Trade *trade, const DbReply *reply)
{
	const char *reason = arb_reply_text(reply, 0, "reason");
	const char *holder = arb_reply_text(reply, 0, "holder");
	char		refusal[sizeof(trade->refusal)];

	/* Said once per kind and holder, not for each new number of milliseconds left; asking goes on. */
	(void) snprintf(refusal, sizeof(refusal), "%.*s %.40s", (int) strcspn(reason, " "), reason, holder);
	if (strcmp(refusal, trade->refusal) == 0)
		return;
	memcpy(trade->refusal, refusal, sizeof(trade->refusal));
	log_info("trade", "the lease is not granted: %s", reason);
}

static void
on_acquired(void *arg, const DbReply *reply)
{
	LeaseCall  *call = arg;
	Trade	   *trade = call->trade;
	int64_t		asked_ns = call->asked_ns;

	free(call);
	trade->lease_asking = false;
	if (reply->status != DB_OK || arb_reply_rows(reply) != 1)
		return;
	if (!arb_reply_bool(reply, 0, "granted"))
	{
		refused(trade, reply);
		return;
	}
	if (reply->durability_doubt)
	{
		log_warning("trade", "the lease may not have reached the standby, it is asked for again");
		return;
	}
	trade->refusal[0] = '\0';
	trade->epoch = arb_reply_int(reply, 0, "epoch", 0);
	arb_lease_clock_set(&trade->lease, asked_ns, arb_reply_int(reply, 0, "lease_ms", 0));
	log_info("trade", "the lease is granted, epoch %" PRId64, trade->epoch);
	arb_account_refresh(trade);
	arb_work_read(trade);
	arb_reconcile_want(trade, "start");
}

static void
acquire(Trade *trade)
{
	LeaseCall  *call = new_call(trade);
	DbParams	params;

	if (call == NULL)
		return;
	arb_params_init(&params);
	arb_params_int(&params, trade->worker->hello.account_id);
	arb_params_text(&params, trade->worker->options->name);
	trade->lease_asking = arb_pipe_call(trade->worker->action, DB_ACQUIRE_TRADER, &params, on_acquired, call);
	if (!trade->lease_asking)
		free(call);
}

static void
on_renewed(void *arg, const DbReply *reply)
{
	LeaseCall  *call = arg;
	Trade	   *trade = call->trade;
	int64_t		asked_ns = call->asked_ns;
	bool		late = arb_lease_expired(&trade->lease, arb_boot_ns());

	free(call);
	trade->lease_asking = false;
	if (reply->status == DB_LOST || !arb_desk_ok(trade, reply) || reply->durability_doubt)
		return;
	arb_lease_clock_set(&trade->lease, asked_ns, strtoll(arb_reply_value(reply), NULL, 10));
	if (!late)
		return;
	log_warning("trade", "the lease had ended, nobody took over: epoch %" PRId64 " goes on", trade->epoch);
	arb_orders_resume(trade);
	arb_work_read(trade);
	/* The database wants to see what was missed before it lets entries pass. */
	arb_reconcile_want(trade, "lease");
}

static void
renew(Trade *trade)
{
	LeaseCall  *call = new_call(trade);
	DbParams	params;

	if (call == NULL)
		return;
	arb_desk_params(trade, &params);
	trade->lease_asking = arb_desk_call(trade, DB_RENEW_TRADER, &params, on_renewed, call);
	if (!trade->lease_asking)
		free(call);
}

static void
on_tick(uv_timer_t *timer)
{
	Trade	   *trade = timer->data;
	int64_t		since_ms;

	if (trade->lease_asking || trade->halted || trade->stopping || !trade->worker->registered)
		return;
	since_ms = (arb_boot_ns() - trade->lease.asked_ns) / NS_PER_MS;
	if (trade->epoch == 0)
	{
		if (trade->lease.asked_ns == 0 || since_ms >= ACQUIRE_EVERY_MS)
		{
			trade->lease.asked_ns = arb_boot_ns();
			acquire(trade);
		}
	}
	else if (since_ms >= arb_lease_renew_after_ms(&trade->lease))
		renew(trade);
}

void
arb_lease_init(Trade *trade)
{
	arb_lease_clock_clear(&trade->lease);
	(void) uv_timer_init(trade->worker->loop, &trade->lease_timer);
	trade->lease_timer.data = trade;
}

void
arb_lease_start(Trade *trade)
{
	(void) uv_timer_start(&trade->lease_timer, on_tick, 0, TICK_MS);
}

void
arb_lease_database(Trade *trade, bool up)
{
	trade->lease_asking = false;
	/* After a break the lease is confirmed at once: another may have taken it. */
	if (up && trade->epoch > 0)
		renew(trade);
}

void
arb_lease_release(Trade *trade, DbDone done, void *arg)
{
	DbParams	params;
	DbReply		nothing;

	(void) uv_timer_stop(&trade->lease_timer);
	arb_lease_clock_clear(&trade->lease);
	if (trade->epoch > 0)
	{
		arb_desk_params(trade, &params);
		if (arb_pipe_call(trade->worker->action, DB_RELEASE_TRADER, &params, done, arg))
			return;
	}
	memset(&nothing, 0, sizeof(nothing));
	nothing.status = DB_LOST;
	nothing.message = "not asked";
	done(arg, &nothing);
}
