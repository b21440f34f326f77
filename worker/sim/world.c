/*-------------------------------------------------------------------------
 *
 * worker/sim/world.c
 *	  Prices move, windows come and go.
 *
 *-------------------------------------------------------------------------
 */
#include "world.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "buf.h"
#include "house.h"

#define WARM_UP_S 120			/* of prices before the first window that can be seen */
#define DRIVEN_EPOCH_S INT64_C(1790000000)
#define DRIVEN_LEAD_S 5			/* shown before the first window of a driven world opens */

void
sim_window_label(int64_t seconds, char out[WINDOW_LABEL_SIZE])
{
	if (seconds % 3600 == 0)
		snprintf(out, WINDOW_LABEL_SIZE, "%" PRId64 "h", seconds / 3600);
	else if (seconds % 60 == 0)
		snprintf(out, WINDOW_LABEL_SIZE, "%" PRId64 "m", seconds / 60);
	else
		snprintf(out, WINDOW_LABEL_SIZE, "%" PRId64 "s", seconds);
}

static bool
make_oracles(World *world, char *error, size_t error_size)
{
	char		assets[64];
	char	   *rest = assets;
	char	   *asset;

	snprintf(assets, sizeof(assets), "%s", world->options.assets);
	while ((asset = strsep(&rest, ",")) != NULL)
	{
		if (world->oracle_count == WORLD_ORACLES_MAX ||
			!sim_oracle_init(&world->oracle[world->oracle_count], asset, world->options.seed,
							 world->options.volatility_ppm))
		{
			snprintf(error, error_size, "cannot simulate asset \"%s\"", asset);
			return false;
		}
		world->oracle_count++;
	}
	return true;
}

bool
sim_world_init(World *world, const WorldOptions *options, Exchange *exchange, char *error, size_t error_size)
{
	memset(world, 0, sizeof(*world));
	world->options = *options;
	if (world->options.ahead == 0)
		world->options.ahead = WORLD_LISTED_AHEAD;
	world->exchange = exchange;
	sim_rng_seed(&world->rng, options->seed, 1);
	if (options->replay != NULL)
	{
		world->options.assets = "btc";
		world->options.window_s = options->replay->windows[0].end_s - options->replay->windows[0].start_s;
	}
	if (world->options.window_s < 5 || world->options.window_s > 7 * 86400)
	{
		snprintf(error, error_size, "a window lasts from 5 seconds to 7 days");
		return false;
	}
	return make_oracles(world, error, error_size);
}

void
sim_world_free(World *world)
{
	size_t		i;

	for (i = 0; i < world->market_count; i++)
	{
		free(world->markets[i]->book);
		free(world->markets[i]);
	}
	free(world->markets);
	memset(world, 0, sizeof(*world));
}

int64_t
sim_world_driven_start_ms(const World *world)
{
	int64_t		first;

	if (world->options.replay != NULL)
		first = world->options.replay->windows[0].start_s;
	else
		first = (DRIVEN_EPOCH_S / world->options.window_s + (int64_t) (world->options.seed % 1000) + 1) *
			world->options.window_s;
	return (first - DRIVEN_LEAD_S) * 1000;
}

static void
name_market(World *world, Market *market)
{
	const char *asset = market->oracle->asset;
	char		label[WINDOW_LABEL_SIZE];
	uint8_t		hash[32];
	int			outcome;

	sim_window_label(market->close_s - market->open_s, label);
	snprintf(market->slug, sizeof(market->slug), "%s-updown-%s-%" PRId64, asset, label, market->open_s);
	sim_rng_derive(world->options.seed, asset, (uint64_t) market->open_s, 10, hash);
	arb_hex_encode(hash, sizeof(hash), market->condition);
	for (outcome = 0; outcome < 2; outcome++)
	{
		Uint256		number;

		sim_rng_derive(world->options.seed, asset, (uint64_t) market->open_s, (uint64_t) outcome, number.bytes);
		number.bytes[0] |= 0x20;	/* so that it has 77 or 78 digits, as live ids do */
		arb_uint256_to_decimal(&number, market->token[outcome]);
	}
}

static Market *
new_market(World *world, const Oracle *oracle, int64_t open_s, int64_t close_s)
{
	Market	   *market = sim_alloc(sizeof(*market));
	uint8_t		hash[32];

	market->oracle = oracle;
	market->open_s = open_s;
	market->close_s = close_s;
	market->number = 5000000 + world->market_count;
	market->state = MARKET_SCHEDULED;
	market->tick = world->options.tick;
	market->fee_rate_e6 = FEE_RATE_E6;
	market->winner = -1;
	market->official = -1;
	market->listed_s = world->now_ms / 1000;
	market->resolve_ms = close_s * 1000 + world->options.resolve_delay_ms;
	/* The venue settles its standard windows on the average; very short ones would never move. */
	market->twap = world->options.replay == NULL && close_s - open_s >= 300;
	market->shown_ask = PRICE_ONE;
	market->book = sim_alloc(sizeof(Book));
	sim_rng_derive(world->options.seed, oracle->asset, (uint64_t) open_s, 11, hash);
	arb_hex_encode(hash, sizeof(hash), market->question_id);
	return market;
}

static void
list_market(World *world, Market *market)
{
	char		from[24];
	char		to[24];
	time_t		open_time = (time_t) market->open_s;
	time_t		close_time = (time_t) market->close_s;
	struct tm	parts;

	strftime(from, sizeof(from), "%b %d, %H:%M:%S", gmtime_r(&open_time, &parts));
	strftime(to, sizeof(to), "%H:%M:%S", gmtime_r(&close_time, &parts));
	snprintf(market->question, sizeof(market->question), "%s Up or Down - %s-%s UTC", market->oracle->title, from, to);
	world->markets = sim_grow(world->markets, &world->market_cap, world->market_count + 1, sizeof(*world->markets));
	world->markets[world->market_count++] = market;
	sim_house_quote(world->exchange, market, &world->rng, world->now_ms);
	if (world->events.listed != NULL)
		world->events.listed(world->events.context, market);
}

static void
list_recorded(World *world)
{
	const Replay *replay = world->options.replay;
	int64_t		until = world->now_ms / 1000 + WORLD_LISTED_AHEAD * world->options.window_s;

	while (world->replay_window < replay->window_count && replay->windows[world->replay_window].start_s <= until)
	{
		const ReplayWindow *window = &replay->windows[world->replay_window++];
		Market	   *market = new_market(world, &world->oracle[0], window->start_s, window->end_s);

		memcpy(market->slug, window->slug, sizeof(market->slug));
		memcpy(market->condition, window->condition, sizeof(market->condition));
		memcpy(market->token, window->token, sizeof(market->token));
		market->tick = window->tick;
		market->official = window->outcome;
		market->resolve_ms = window->closed_s * 1000;
		list_market(world, market);
	}
}

static void
list_synthetic(World *world)
{
	int64_t		length = world->options.window_s;
	int64_t		newest = (world->now_ms / 1000 / length + world->options.ahead) * length;
	int			i;

	if (world->listed_until_s == 0)
	{
		world->listed_until_s = world->now_ms / 1000 / length * length - length;
		world->first_open_s = world->listed_until_s + length;
	}
	while (world->listed_until_s < newest && world->market_count + WORLD_ORACLES_MAX < WORLD_MARKETS_MAX)
	{
		int64_t		open_s = world->listed_until_s + length;

		if (world->options.windows_max > 0 &&
			(open_s - world->first_open_s) / length >= world->options.windows_max)
			return;
		for (i = 0; i < world->oracle_count; i++)
		{
			Market	   *market = new_market(world, &world->oracle[i], open_s, open_s + length);

			name_market(world, market);
			list_market(world, market);
		}
		world->listed_until_s = open_s;
	}
}

static PriceE18
stream_value(const Market *market)
{
	return market->twap ? sim_oracle_twap(market->oracle) : market->oracle->price;
}

static void
resolve(World *world, Market *market)
{
	int			winner = market->final >= market->strike ? 0 : 1;	/* a tie is up */

	if (market->official >= 0)
		winner = market->official;
	sim_exchange_resolve(world->exchange, market, winner);
	free(market->book);
	market->book = NULL;
	if (world->events.resolved != NULL)
		world->events.resolved(world->events.context, market);
}

static PriceE18
recorded_strike(const World *world, const Market *market)
{
	const Replay *replay = world->options.replay;
	size_t		i;

	for (i = 0; replay != NULL && i < world->replay_window; i++)
		if (replay->windows[i].start_s == market->open_s)
			return replay->windows[i].strike;
	return 0;
}

static void
advance_market(World *world, Market *market)
{
	int64_t		now_s = world->now_ms / 1000;

	if (market->state == MARKET_SCHEDULED && now_s >= market->open_s)
	{
		market->state = MARKET_OPEN;
		market->strike = recorded_strike(world, market);
		market->strike_published = market->strike != 0 || world->options.replay == NULL;
		/* Books need a strike even where the venue's is not known. */
		if (market->strike == 0)
		{
			market->strike = stream_value(market);
			market->strike_s = market->oracle->tick_s;
		}
	}
	/*
	 * No tick was stamped with the opening second and none recorded as strike:
	 * on the recorded day the first one after it is what the venue settled by.
	 */
	if (market->state == MARKET_OPEN && !market->strike_published && market->strike_s < market->open_s &&
		market->oracle->tick_s >= market->open_s)
	{
		market->strike = stream_value(market);
		market->strike_s = market->oracle->tick_s;
	}
	if (market->state == MARKET_OPEN && now_s >= market->close_s)
	{
		market->state = MARKET_CLOSED;
		market->final = stream_value(market);
		market->tick_at_close = market->oracle->tick_s == market->close_s;
		market->final_published = market->tick_at_close || world->options.replay == NULL;
		sim_house_leave(market);
	}
	if (market->state == MARKET_CLOSED && world->now_ms >= market->resolve_ms)
		resolve(world, market);
}

static void
change_tick_size(World *world, Market *market)
{
	int			bid = sim_book_best(market->book, BOOK_BIDS);
	int			ask = sim_book_best(market->book, BOOK_ASKS);
	int			old_tick = market->tick;

	if (!world->options.tick_changes || old_tick != 100 || (ask <= 9600 && bid >= 400))
		return;
	market->tick = 10;
	if (world->events.tick_size != NULL)
		world->events.tick_size(world->events.context, market, old_tick);
}

static void
move_prices(World *world, int64_t now_ms)
{
	const Replay *replay = world->options.replay;
	int			i;

	while (replay != NULL && world->replay_tick < replay->tick_count &&
		   replay->ticks[world->replay_tick].second * 1000 <= now_ms)
	{
		const ReplayTick *tick = &replay->ticks[world->replay_tick++];

		sim_oracle_tick(&world->oracle[0], tick->second, tick->price);
		if (world->events.tick != NULL)
			world->events.tick(world->events.context, &world->oracle[0]);
	}
	for (i = 0; replay == NULL && now_ms > world->now_ms && i < world->oracle_count; i++)
	{
		sim_oracle_move(&world->oracle[i], (int) (now_ms - world->now_ms));
		if (now_ms % 1000 != 0)
			continue;
		sim_oracle_tick(&world->oracle[i], now_ms / 1000, world->oracle[i].price);
		if (world->events.tick != NULL)
			world->events.tick(world->events.context, &world->oracle[i]);
	}
}

void
sim_world_begin(World *world, int64_t start_ms)
{
	int64_t		length = world->options.window_s;
	int64_t		second = start_ms / 1000 / length * length - WARM_UP_S;
	WorldEvents events = world->events;

	memset(&world->events, 0, sizeof(world->events));
	if (world->options.replay != NULL)
		world->now_ms = start_ms;
	else
	{
		world->now_ms = second * 1000 - 1000;
		for (; second * 1000 <= start_ms; second++)
		{
			move_prices(world, second * 1000);
			world->now_ms = second * 1000;
			/* The window under way is listed the moment it opens, so that it has its strike. */
			if (second >= start_ms / 1000 / length * length)
			{
				size_t		i;

				list_synthetic(world);
				for (i = world->first_live; i < world->market_count; i++)
					advance_market(world, world->markets[i]);
			}
		}
		world->now_ms = start_ms / 1000 * 1000;
	}
	world->exchange->now_ms = start_ms;
	world->events = events;
}

void
sim_world_step(World *world, int64_t now_ms)
{
	int64_t		step_ms = now_ms - world->now_ms;
	size_t		i;

	move_prices(world, now_ms);
	world->now_ms = now_ms;
	sim_exchange_advance(world->exchange, now_ms);
	if (world->options.replay != NULL)
		list_recorded(world);
	else
		list_synthetic(world);
	for (i = world->first_live; i < world->market_count; i++)
	{
		Market	   *market = world->markets[i];

		advance_market(world, market);
		if (market->state == MARKET_RESOLVED && i == world->first_live)
			world->first_live++;
		if (!sim_market_tradable(market))
			continue;
		sim_house_quote(world->exchange, market, &world->rng, now_ms);
		change_tick_size(world, market);
		sim_house_crowd(world->exchange, market, &world->rng, step_ms);
	}
}

bool
sim_world_ended(const World *world)
{
	const Replay *replay = world->options.replay;

	if (world->first_live < world->market_count || world->market_count == 0)
		return false;
	if (replay != NULL)
		return world->replay_window == replay->window_count;
	return world->options.windows_max > 0 &&
		world->market_count >= (size_t) world->options.windows_max * (size_t) world->oracle_count;
}

Market *
sim_world_by_slug(const World *world, const char *slug)
{
	size_t		i;

	for (i = world->market_count; i > 0; i--)
		if (strcmp(world->markets[i - 1]->slug, slug) == 0)
			return world->markets[i - 1];
	return NULL;
}

Market *
sim_world_by_condition(const World *world, const char *condition)
{
	size_t		i;

	for (i = world->market_count; i > 0; i--)
		if (strcasecmp(world->markets[i - 1]->condition, condition) == 0)
			return world->markets[i - 1];
	return NULL;
}

Market *
sim_world_by_token(const World *world, const char *token, int *outcome)
{
	size_t		i;

	for (i = world->market_count; i > 0; i--)
		for (*outcome = 0; *outcome < 2; ++*outcome)
			if (strcmp(world->markets[i - 1]->token[*outcome], token) == 0)
				return world->markets[i - 1];
	*outcome = 0;
	return NULL;
}
