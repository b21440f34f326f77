/*-------------------------------------------------------------------------
 *
 * worker/sim/world.h
 *	  The world a venue lives in: prices move, windows come and go, the house
 *	  quotes both sides and a crowd takes.
 *
 * The world has no clock: sim_world_step() is called for every step in order,
 * by whoever owns time.  With the same seed, start and orders of the clients
 * it does the same things.  A recorded day replaces the price process, the
 * identities and the outcomes; books stay synthetic.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARBEES_SIM_WORLD_H
#define ARBEES_SIM_WORLD_H

#include "exchange.h"
#include "market.h"
#include "oracle.h"
#include "replay.h"

#define WORLD_ORACLES_MAX 4
#define WORLD_MARKETS_MAX 20000 /* listed at one time or another */
#define WORLD_LISTED_AHEAD 2	/* windows tradable before they open, unless asked for more */
#define WORLD_AHEAD_MAX 1000

typedef struct WorldEvents
{
	void	   *context;
	void		(*tick) (void *context, const Oracle *oracle);
	void		(*listed) (void *context, const Market *market);
	void		(*tick_size) (void *context, Market *market, int old_tick);
	void		(*resolved) (void *context, const Market *market);
} WorldEvents;

typedef struct WorldOptions
{
	uint64_t	seed;
	int64_t		window_s;
	int64_t		resolve_delay_ms;
	int			ahead;			/* windows tradable before they open; 0: WORLD_LISTED_AHEAD */
	int			tick;			/* of a new market */
	bool		tick_changes;	/* 0.01 becomes 0.001 near the ends of the range */
	int			volatility_ppm;
	int			windows_max;	/* per underlying; 0 = without end */
	const char *assets;			/* "btc,eth" */
	const Replay *replay;		/* NULL for a synthetic world */
} WorldOptions;

typedef struct World
{
	WorldOptions options;
	WorldEvents events;
	Exchange   *exchange;
	Oracle		oracle[WORLD_ORACLES_MAX];
	int			oracle_count;
	Market	  **markets;		/* in order of listing */
	size_t		market_count;
	size_t		market_cap;
	size_t		first_live;		/* markets before this one are resolved */
	int64_t		listed_until_s; /* opening second of the newest window */
	int64_t		first_open_s;
	int64_t		now_ms;
	Rng			rng;
	size_t		replay_tick;
	size_t		replay_window;
} World;

/* False with a message when the options make no world. */
extern bool sim_world_init(World *world, const WorldOptions *options, Exchange *exchange,
						   char *error, size_t error_size);
extern void sim_world_free(World *world);

/*
 * sim_world_begin lets the past happen silently: prices up to start_ms, so that
 * a window already under way has its strike.
 */
extern void sim_world_begin(World *world, int64_t start_ms);

/* sim_world_step lets the time up to now_ms pass; steps are at most one second. */
extern void sim_world_step(World *world, int64_t now_ms);

/* Whether a recorded or bounded world has nothing left to show. */
extern bool sim_world_ended(const World *world);

/* First instant worth showing in a world that owns its clock. */
extern int64_t sim_world_driven_start_ms(const World *world);

extern Market *sim_world_by_slug(const World *world, const char *slug);
extern Market *sim_world_by_condition(const World *world, const char *condition);
extern Market *sim_world_by_token(const World *world, const char *token, int *outcome);

/* "5m", "4h", "20s": as slugs name a length. */
#define WINDOW_LABEL_SIZE 24
extern void sim_window_label(int64_t seconds, char out[WINDOW_LABEL_SIZE]);

#endif							/* ARBEES_SIM_WORLD_H */
