/*-------------------------------------------------------------------------
 *
 * src/safety/checks_market.c
 *	  Checks of the market: is it open, and is what we see of it true.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "safety/checks.h"

static bool
has_window(const GateInput *in)
{
	return in->window_id != 0;
}

/* Only who has a venue account must know of a feed and of the venue's clock: PAPER also trades quotes that people type. */
static bool
may_be_unknown(const GateInput *in, int64 seen)
{
	return !arb_mode_needs_worker(in->mode) && seen == FIXED_NULL;
}

CHECK(window_in_future)
{
	return !has_window(in) || at_least(f, UNIT_TIME, in->market_time, in->opens_at);
}

CHECK(window_closed)
{
	return !has_window(in) ||
		(below(f, UNIT_TIME, in->market_time, in->closes_at) && in->window_resolved == 0);
}

CHECK(window_too_late)
{
	int64		seconds = in->no_entry_before_close_s;
	int64		span;

	if (!has_window(in) || seconds == FIXED_NONE)
		return true;
	span = seconds < 0 ? FIXED_NULL : part_down(seconds, USECS_PER_SEC, 1);
	return at_most(f, UNIT_TIME, in->market_time, minus(in->closes_at, span));
}

CHECK(market_closed)
{
	return flag(f, in->calendar_open);
}

CHECK(no_market)
{
	return flag(f, in->quote_present);
}

CHECK(quote_empty)
{
	int64		price = in->side == SIDE_SELL ? in->bid : in->ask;
	int64		size = in->side == SIDE_SELL ? in->bid_size : in->ask_size;

	f->unit = UNIT_FIXED;
	f->seen = price;
	if (!takes(in))
		return in->bid > 0 || in->ask > 0;
	if (price <= 0)
		return false;
	if (in->purpose == PURPOSE_EXIT)
		return true;
	f->seen = size;
	return size > 0;
}

CHECK(quote_crossed)
{
	f->unit = UNIT_FIXED;
	f->seen = in->bid;
	f->limit = in->ask;
	return in->bid == FIXED_NULL || in->ask == FIXED_NULL || in->bid < in->ask;
}

CHECK(quote_stale)
{
	int64		age = in->quote_present == 1 ? age_ms(in->quote_received_at, in->market_time) : FIXED_NULL;

	return at_most(f, UNIT_MS, age, in->quote_max_age_ms) &&
		(in->quote_max_age_ms >= 0 || in->quote_max_age_ms == FIXED_NONE);
}

CHECK(quote_source_stale)
{
	return fresh(f, age_ms(in->quote_source_at, in->market_time), in->quote_source_max_age_ms);
}

CHECK(quote_historical)
{
	return flag(f, in->quote_historical == 0);
}

CHECK(feed_silent)
{
	return may_be_unknown(in, in->feed_age_ms) ||
		at_most(f, UNIT_MS, in->feed_age_ms, in->feed_max_silence_ms);
}

CHECK(clock_offset)
{
	return may_be_unknown(in, in->clock_offset_ms) ||
		at_most(f, UNIT_MS, magnitude(in->clock_offset_ms), in->max_clock_offset_ms);
}

CHECK(spread_too_wide)
{
	Fixed		spread = mid_price(in) == FIXED_NULL ? FIXED_NULL : Max(0, in->ask - in->bid);

	return at_most(f, UNIT_FIXED, part_up(spread, 100 * FIXED_ONE, mid_price(in)), in->max_spread_pct);
}

CHECK(depth_too_thin)
{
	if (!takes(in))
		return true;
	return at_most(f, UNIT_FIXED, part_up(sized->qty, 100 * FIXED_ONE, in->depth), in->max_depth_pct);
}

CHECK(volatility_halt)
{
	return at_most(f, UNIT_FIXED, in->volatility_pct, in->max_volatility_pct);
}

CHECK(price_frozen)
{
	return at_most(f, UNIT_COUNT, in->price_unchanged, in->max_unchanged_updates);
}

CHECK(confidence_frozen)
{
	return at_most(f, UNIT_COUNT, in->confidence_unchanged, in->max_unchanged_updates);
}
