/*-------------------------------------------------------------------------
 *
 * worker/trade/beat.c
 *	  The venue's dead-man's switch: as long as we beat, our orders may rest.
 *
 * Whoever has begun to beat and falls silent has all open orders of his
 * credentials canceled by the venue.  We beat while our own clock says that the
 * lease is held, and fall silent on purpose when it has ended, when another took
 * over, and when we stop: from then on the orders are another's or nobody's.
 *
 * Two workers of one account share the venue's count.  The id that the next
 * beat must carry is the venue's to say: a wrong one is answered with it.
 *
 *-------------------------------------------------------------------------
 */
#include "trade/desk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "log.h"

#define TICK_MS 100
#define BEAT_EVERY_NS (5 * NS_PER_S)
#define AGAIN_NS NS_PER_S
/* After this long without a beat the venue begins to cancel. */
#define SILENCE_NS (10 * NS_PER_S)
/* Another who beats as well may be a beat ahead each time. */
#define ADOPTIONS_MAX 3
#define BEAT_ID_SIZE 80

typedef struct Beat
{
	Trade	   *trade;
	uv_timer_t	timer;
	char		id[BEAT_ID_SIZE];	/* for the next one; "" begins anew */
	bool		beating;		/* the venue counts on us */
	bool		busy;
	bool		unavailable;	/* the venue has no such switch */
	bool		alarmed;
	int			adoptions;		/* in a row */
	int64_t		due_ns;
	int64_t		sent_ns;
	int64_t		heard_ns;		/* when the last one was sent that the venue took */
} Beat;

static void
rest(Beat *beat, int64_t due_ns)
{
	beat->busy = false;
	beat->due_ns = due_ns;
}

static void
on_taken(Beat *beat, const char *id)
{
	memcpy(beat->id, id, sizeof(beat->id));
	if (!beat->beating)
		log_info("trade", "the venue cancels our orders should this worker fall silent");
	beat->beating = true;
	beat->alarmed = false;
	beat->adoptions = 0;
	beat->heard_ns = beat->sent_ns;
	rest(beat, beat->sent_ns + BEAT_EVERY_NS);
}

static void
on_beat(void *arg, const HttpAnswer *answer)
{
	Beat	   *beat = arg;
	char		id[BEAT_ID_SIZE] = "";
	ParseError	error;
	bool		named;

	named = answer->outcome == HTTP_ANSWERED && (answer->status == 200 || answer->status == 400) &&
		arb_pm_parse_heartbeat(answer->body, answer->len, id, sizeof(id), &error);
	if (named && answer->status == 200)
		on_taken(beat, id);
	else if (named)
	{
		memcpy(beat->id, id, sizeof(beat->id));
		rest(beat, ++beat->adoptions <= ADOPTIONS_MAX ? 0 : arb_mono_ns() + AGAIN_NS);
	}
	else if (answer->outcome == HTTP_ANSWERED && (answer->status == 404 || answer->status == 405))
	{
		log_warning("trade", "the venue takes no heartbeats; orders rest there whatever becomes of this worker");
		beat->unavailable = true;
	}
	else
		rest(beat, arb_mono_ns() + AGAIN_NS);
}

static void
send_beat(Beat *beat)
{
	char		body[BEAT_ID_SIZE + 32];
	size_t		len = arb_pm_build_heartbeat(beat->id, body, sizeof(body));

	beat->sent_ns = arb_mono_ns();
	beat->busy = len > 0 &&
		arb_pm_private(&beat->trade->worker->client, "POST", "/v1/heartbeats", body, len, on_beat, beat);
	if (!beat->busy)
		rest(beat, beat->sent_ns + AGAIN_NS);
}

static bool
may_beat(const Trade *trade)
{
	return !trade->halted && !trade->stopping && trade->epoch > 0 && trade->worker->client.credentials != NULL &&
		arb_lease_in_force(&trade->lease, arb_boot_ns());
}

static void
fall_silent(Beat *beat)
{
	if (beat->beating)
		log_warning("trade", "no more heartbeats: the venue cancels what rests there unless another beats");
	beat->beating = false;
}

static void
notice_silence(Beat *beat)
{
	if (!beat->beating || beat->alarmed || arb_mono_ns() - beat->heard_ns < SILENCE_NS)
		return;
	beat->alarmed = true;
	arb_worker_alert(beat->trade->worker, "warning", "venue_heartbeat_late",
					 "the venue took no heartbeat for %d s and may cancel what rests there", (int) (SILENCE_NS / NS_PER_S));
	/* What it canceled is to be found out. */
	arb_reconcile_want(beat->trade, "heartbeat");
}

static void
on_tick(uv_timer_t *timer)
{
	Beat	   *beat = timer->data;

	if (!may_beat(beat->trade))
	{
		fall_silent(beat);
		return;
	}
	notice_silence(beat);
	if (!beat->busy && !beat->unavailable && arb_mono_ns() >= beat->due_ns)
		send_beat(beat);
}

bool
arb_beat_init(Trade *trade)
{
	Beat	   *beat = calloc(1, sizeof(*beat));

	if (beat == NULL)
		return false;
	beat->trade = trade;
	(void) uv_timer_init(trade->worker->loop, &beat->timer);
	beat->timer.data = beat;
	trade->beat = beat;
	return true;
}

void
arb_beat_start(Trade *trade)
{
	if (!trade->worker->options->heartbeats || !trade->worker->endpoints.heartbeats)
	{
		log_warning("trade", "heartbeats are switched off: orders rest at the venue whatever becomes of this worker");
		return;
	}
	(void) uv_timer_start(&trade->beat->timer, on_tick, 0, TICK_MS);
}
