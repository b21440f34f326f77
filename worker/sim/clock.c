/*-------------------------------------------------------------------------
 *
 * worker/sim/clock.c
 *	  Who lets time pass: the wall clock, or the barrier of the one watching.
 *
 * Driven: after the events of an instant a clock frame goes to every stream,
 * and the next instant waits until the first market connection has answered
 * with the barrier of that number.  So the result depends neither on the
 * speed asked for nor on the machine.  When that connection closes, time
 * stands still until there is another one.
 *
 *-------------------------------------------------------------------------
 */
#include "sim.h"

#include <inttypes.h>
#include <stdlib.h>
#include <time.h>

#define SWEEP_MS 5000			/* heartbeat sweep of the venue */
#define NUDGE_MS 100			/* streams opened meanwhile get the outstanding clock frame */
#define CATCH_UP_STEPS 40		/* more than that behind: the missed steps are skipped */

typedef struct ClockState
{
	uv_timer_t	step;			/* wall: next step; driven: next instant when paced */
	uv_timer_t	due;			/* wall: next thing due at the exchange */
	uv_timer_t	sweep;
	uv_timer_t	nudge;
	bool		begun;
	bool		ended;
	bool		waiting;		/* for the barrier of seq */
	int64_t		seq;
	int64_t		begun_wall_ms;
	int64_t		begun_market_ms;
} ClockState;

int64_t
sim_wall_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t) now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t
sim_now_ms(const Sim *sim)
{
	return sim->options.driven ? sim->world.now_ms : sim_wall_ms();
}

int64_t
sim_clock_seq(const Sim *sim)
{
	return sim->clock != NULL ? sim->clock->seq : 0;
}

static void on_due(uv_timer_t *timer);

void
sim_after_action(Sim *sim)
{
	int64_t		due;

	sim_exchange_advance(&sim->exchange, sim_now_ms(sim));
	sim_stream_publish(sim);
	if (sim->options.driven || sim->clock == NULL)
		return;
	due = sim_exchange_next_due(&sim->exchange);
	if (due != INT64_MAX)
	{
		int64_t		wait = due - sim_wall_ms();

		uv_timer_start(&sim->clock->due, on_due, (uint64_t) (wait > 1 ? wait : 1), 0);
	}
}

static void
on_due(uv_timer_t *timer)
{
	sim_after_action(timer->data);
}

static void
on_sweep(uv_timer_t *timer)
{
	Sim		   *sim = timer->data;

	sim_heartbeat_sweep(sim);
	sim_after_action(sim);
}

/* ---- the wall clock ---- */

static void
on_wall_step(uv_timer_t *timer)
{
	Sim		   *sim = timer->data;
	int64_t		now = sim_wall_ms();
	int64_t		next = sim->world.now_ms + STEP_MS;

	if (now - next > CATCH_UP_STEPS * STEP_MS)
	{
		sim->stats.late_steps += (now - next) / STEP_MS;
		next = now / 1000 * 1000;
	}
	for (; next <= now; next += STEP_MS)
	{
		sim_world_step(&sim->world, next);
		sim->stats.steps++;
	}
	sim_after_action(sim);
	now = sim_wall_ms();
	uv_timer_start(timer, on_wall_step, (uint64_t) (next > now ? next - now : 1), 0);
}

/* ---- the driven clock ---- */

static void
show_instant(Sim *sim)
{
	ClockState *clock = sim->clock;

	sim_after_action(sim);
	clock->seq++;
	clock->waiting = true;
	if (!clock->ended && sim_world_ended(&sim->world))
	{
		clock->ended = true;
		sim_stream_end(sim);
		if (sim->options.report_file != NULL)
			sim_report_write(sim, sim->options.report_file);
	}
	sim_stream_clock(sim, clock->seq, sim->world.now_ms);
}

static void
next_instant(Sim *sim)
{
	sim_world_step(&sim->world, sim->world.now_ms + STEP_DRIVEN_MS);
	sim->stats.steps++;
	show_instant(sim);
}

static void
on_paced_step(uv_timer_t *timer)
{
	next_instant(timer->data);
}

static void
begin_driven(Sim *sim)
{
	ClockState *clock = sim->clock;
	int64_t		start_ms = sim_world_driven_start_ms(&sim->world);

	clock->begun = true;
	clock->begun_wall_ms = sim_wall_ms();
	clock->begun_market_ms = start_ms;
	show_instant(sim);
}

void
sim_clock_streams_changed(Sim *sim, StreamConn *fresh)
{
	ClockState *clock = sim->clock;

	(void) fresh;
	if (!sim->options.driven || clock == NULL)
		return;
	if (!clock->begun && sim_stream_ready(sim))
		begin_driven(sim);
}

/*
 * A stream opened in the middle of an instant has missed its clock frame.  It
 * comes a little later than the stream, so that subscriptions sent at once are
 * answered before it.
 */
static void
on_nudge(uv_timer_t *timer)
{
	Sim		   *sim = timer->data;

	if (sim->clock->waiting)
		sim_stream_clock(sim, sim->clock->seq, sim->world.now_ms);
}

void
sim_clock_barrier(Sim *sim, const StreamConn *conn, int64_t seq)
{
	ClockState *clock = sim->clock;
	int64_t		due_ms;
	int64_t		wait_ms;

	if (!sim->options.driven || !clock->waiting || seq != clock->seq || conn != sim_stream_driver(sim))
		return;
	clock->waiting = false;
	if (clock->ended)
		return;
	if (sim->options.speed == 0)
	{
		next_instant(sim);
		return;
	}
	due_ms = clock->begun_wall_ms +
		(sim->world.now_ms + STEP_DRIVEN_MS - clock->begun_market_ms) / sim->options.speed;
	wait_ms = due_ms - sim_wall_ms();
	uv_timer_start(&clock->step, on_paced_step, (uint64_t) (wait_ms > 0 ? wait_ms : 0), 0);
}

bool
sim_clock_start(Sim *sim)
{
	ClockState *clock = sim_alloc(sizeof(*clock));

	sim->clock = clock;
	if (uv_timer_init(sim->loop, &clock->step) != 0 || uv_timer_init(sim->loop, &clock->due) != 0 ||
		uv_timer_init(sim->loop, &clock->sweep) != 0 || uv_timer_init(sim->loop, &clock->nudge) != 0)
		return false;
	clock->step.data = clock->due.data = clock->sweep.data = clock->nudge.data = sim;
	if (sim->options.driven)
	{
		sim_world_begin(&sim->world, sim_world_driven_start_ms(&sim->world));
		/* The windows under way can be asked for before the first instant. */
		sim_world_step(&sim->world, sim->world.now_ms);
		uv_timer_start(&clock->nudge, on_nudge, NUDGE_MS, NUDGE_MS);
		return true;
	}
	sim_world_begin(&sim->world, sim_wall_ms() / 1000 * 1000);
	sim_world_step(&sim->world, sim->world.now_ms);
	uv_timer_start(&clock->step, on_wall_step, 1, 0);
	uv_timer_start(&clock->sweep, on_sweep, SWEEP_MS, SWEEP_MS);
	return true;
}

static void
close_timer(uv_timer_t *timer)
{
	uv_timer_stop(timer);
	uv_close((uv_handle_t *) timer, NULL);
}

void
sim_clock_stop(Sim *sim)
{
	if (sim->clock == NULL)
		return;
	close_timer(&sim->clock->step);
	close_timer(&sim->clock->due);
	close_timer(&sim->clock->sweep);
	close_timer(&sim->clock->nudge);
	uv_run(sim->loop, UV_RUN_NOWAIT);
	free(sim->clock);
	sim->clock = NULL;
}
