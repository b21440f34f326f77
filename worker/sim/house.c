/*-------------------------------------------------------------------------
 *
 * worker/sim/house.c
 *	  The other side of every trade.
 *
 * The house only ever buys: a bid for the up token, or a bid for the down
 * token which is an ask for the up one.  So it needs no shares to quote, and
 * every share it sells to a client is minted from both sides' money.
 *
 *-------------------------------------------------------------------------
 */
#include "house.h"

#define SPREAD_HALF 30			/* least distance of a quote from the fair price, ten-thousandths */
#define LEVEL_STEP_MIN 100		/* deeper levels stand on this grid, whatever the tick */
#define SIZE_CENTS_MIN 2000		/* hundredths of a share */
#define SIZE_CENTS_RANGE 48000
#define SWEEP_SHARES (200 * MICRO)	/* taken at once from a client who quotes better than the house */
#define CROWD_PPM 400000		/* chance of a taker per second and open market */
#define CROWD_SHARES 30
#define CROWD_SELL_PPM 300000

static int64_t
random_size(Rng *rng)
{
	return (SIZE_CENTS_MIN + (int64_t) sim_rng_below(rng, SIZE_CENTS_RANGE)) * (MICRO / 100);
}

static bool
chance(Rng *rng, uint64_t ppm)
{
	return sim_rng_below(rng, PROBABILITY_ONE) < ppm;
}

static int
fair_price(const Market *market, int64_t now_ms)
{
	if (market->state == MARKET_SCHEDULED)
		return PRICE_ONE / 2;
	return sim_oracle_up_ppm(market->oracle, market->strike, market->close_s * 1000 - now_ms, market->twap) /
		(PROBABILITY_ONE / PRICE_ONE);
}

static int
clamp(int value, int low, int high)
{
	return value < low ? low : value > high ? high : value;
}

/*
 * Prices of both lists in up terms, 0 where the range ends.  Both sides always
 * have at least one level: a certain outcome still has its last tick.
 */
static void
wanted_prices(const Market *market, int fair, int wanted[2][HOUSE_LEVELS])
{
	int			tick = market->tick;
	int			half = tick * 3 / 10 > SPREAD_HALF ? tick * 3 / 10 : SPREAD_HALF;
	int			step = tick > LEVEL_STEP_MIN ? tick : LEVEL_STEP_MIN;
	int			bid = clamp((fair - half) / tick * tick, tick, PRICE_ONE - 2 * tick);
	int			ask = clamp((fair + half + tick - 1) / tick * tick, bid + tick, PRICE_ONE - tick);
	int			i;

	wanted[BOOK_BIDS][0] = bid;
	wanted[BOOK_ASKS][0] = ask;
	for (i = 1; i < HOUSE_LEVELS; i++)
	{
		/* Only the best level follows every move of the price. */
		int			below = (bid - 1) / step * step - (i - 1) * step;
		int			above = (ask + step) / step * step + (i - 1) * step;

		wanted[BOOK_BIDS][i] = below >= tick ? below : 0;
		wanted[BOOK_ASKS][i] = above <= PRICE_ONE - tick ? above : 0;
	}
}

static int
quote_up_price(const BookOrder *quote)
{
	return sim_price_in_up(quote->outcome, quote->price);
}

static void
withdraw_quotes(Market *market, int list, const int *wanted)
{
	int			i;

	for (i = 0; i < HOUSE_LEVELS; i++)
	{
		BookOrder  *quote = &market->quote[list][i];
		bool		stays = false;
		int			k;

		/* A quote taken whole has already left the book. */
		if (market->quoted[list][i] && quote->remaining == 0)
			market->quoted[list][i] = false;
		if (!market->quoted[list][i])
			continue;
		for (k = 0; wanted != NULL && k < HOUSE_LEVELS; k++)
			stays = stays || wanted[k] == quote_up_price(quote);
		if (stays)
			continue;
		sim_book_remove(market->book, quote);
		quote->remaining = 0;
		market->quoted[list][i] = false;
	}
}

static void
place_quote(Exchange *exchange, Market *market, int list, int price, Rng *rng)
{
	int			i;

	for (i = 0; i < HOUSE_LEVELS; i++)
	{
		BookOrder  *quote = &market->quote[list][i];

		if (market->quoted[list][i])
			continue;
		quote->order = NULL;
		quote->wallet = exchange->maker;
		quote->outcome = list == BOOK_BIDS ? 0 : 1;
		quote->side = SIDE_BUY;
		quote->price = sim_price_in_up(quote->outcome, price);
		quote->remaining = random_size(rng);
		market->quoted[list][i] = true;
		sim_book_insert(market->book, quote);
		return;
	}
}

static void
refresh_quotes(Exchange *exchange, Market *market, int list, const int *wanted, Rng *rng)
{
	int			k;

	for (k = 0; k < HOUSE_LEVELS; k++)
	{
		BookOrder  *found = NULL;
		int			i;

		if (wanted[k] == 0)
			continue;
		for (i = 0; i < HOUSE_LEVELS; i++)
			if (market->quoted[list][i] && quote_up_price(&market->quote[list][i]) == wanted[k])
				found = &market->quote[list][i];
		if (found == NULL)
			place_quote(exchange, market, list, wanted[k], rng);
		else if (market->state == MARKET_OPEN && chance(rng, PROBABILITY_ONE / 8))
			sim_book_reduce(market->book, found, found->remaining - random_size(rng));
	}
}

/* A client who offers better than the house's new price is taken up on it. */
static void
sweep_clients(Exchange *exchange, Market *market, const int wanted[2][HOUSE_LEVELS])
{
	TakerTerms	terms = {.side = SIDE_BUY, .max_shares = SWEEP_SHARES, .max_money = INT64_MAX};

	if (sim_book_best(market->book, BOOK_ASKS) <= wanted[BOOK_BIDS][0])
	{
		terms.outcome = 0;
		terms.limit = wanted[BOOK_BIDS][0];
		sim_exchange_house_take(exchange, market, exchange->maker, &terms);
	}
	if (sim_book_best(market->book, BOOK_BIDS) >= wanted[BOOK_ASKS][0])
	{
		terms.outcome = 1;
		terms.limit = PRICE_ONE - wanted[BOOK_ASKS][0];
		sim_exchange_house_take(exchange, market, exchange->maker, &terms);
	}
}

void
sim_house_quote(Exchange *exchange, Market *market, Rng *rng, int64_t now_ms)
{
	int			wanted[2][HOUSE_LEVELS];

	wanted_prices(market, fair_price(market, now_ms), wanted);
	withdraw_quotes(market, BOOK_BIDS, wanted[BOOK_BIDS]);
	withdraw_quotes(market, BOOK_ASKS, wanted[BOOK_ASKS]);
	sweep_clients(exchange, market, wanted);
	refresh_quotes(exchange, market, BOOK_BIDS, wanted[BOOK_BIDS], rng);
	refresh_quotes(exchange, market, BOOK_ASKS, wanted[BOOK_ASKS], rng);
}

void
sim_house_leave(Market *market)
{
	withdraw_quotes(market, BOOK_BIDS, NULL);
	withdraw_quotes(market, BOOK_ASKS, NULL);
}

void
sim_house_crowd(Exchange *exchange, Market *market, Rng *rng, int64_t step_ms)
{
	TakerTerms	terms = {.side = SIDE_BUY, .max_money = INT64_MAX};
	int			bid;
	int			ask;

	if (market->state != MARKET_OPEN || !chance(rng, (uint64_t) (CROWD_PPM * step_ms / 1000)))
		return;
	terms.outcome = (int) sim_rng_below(rng, 2);
	terms.max_shares = (1 + (int64_t) sim_rng_below(rng, CROWD_SHARES)) * MICRO;
	if (chance(rng, CROWD_SELL_PPM))
	{
		const Holding *holding = sim_wallet_find_holding(exchange->crowd, market);

		if (holding != NULL && holding->shares[terms.outcome] >= terms.max_shares)
			terms.side = SIDE_SELL;
	}
	sim_book_quote(market->book, terms.outcome, &bid, &ask);
	terms.limit = terms.side == SIDE_BUY ? ask : bid;
	if (terms.limit > 0 && terms.limit < PRICE_ONE)
		sim_exchange_house_take(exchange, market, exchange->crowd, &terms);
}
