/*-------------------------------------------------------------------------
 *
 * src/safety/checks_conduct.c
 *	  Checks of conduct: how often, the same again, against ourselves.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "safety/checks.h"

CHECK(message_rate)
{
	return one_more(f, in->messages_last_second, in->max_messages_per_s);
}

CHECK(strategy_message_rate)
{
	return one_more(f, in->strategy_messages_last_second, in->strategy_messages_per_s);
}

CHECK(repeated_execution)
{
	return one_more(f, in->repeats, in->max_repeats);
}

CHECK(repeats_disabled)
{
	return flag(f, in->repeats_disabled == 0);
}

CHECK(duplicate_order)
{
	/* How long an order is remembered is the limit; who counted them had to know it. */
	if (in->duplicate_window_ms == FIXED_NONE)
		return true;
	return at_most(f, UNIT_COUNT, in->duplicates, 0) && in->duplicate_window_ms >= 0;
}

CHECK(self_match)
{
	if (in->own_resting_price == FIXED_NULL)
		return true;
	f->unit = UNIT_FIXED;
	f->seen = sized->limit_price;
	f->limit = in->own_resting_price;
	if (sized->limit_price == FIXED_NULL)
		return false;
	return in->side == SIDE_SELL ? sized->limit_price > in->own_resting_price :
		sized->limit_price < in->own_resting_price;
}

CHECK(order_to_trade)
{
	int64		fills = in->day_fills < 0 ? FIXED_NULL : Max(in->day_fills, 1);

	return at_most(f, UNIT_FIXED, part_up(plus(in->day_orders, 1), FIXED_ONE, fills), in->max_order_to_trade);
}
