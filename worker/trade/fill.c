/*-------------------------------------------------------------------------
 *
 * worker/trade/fill.c
 *	  Our part of a venue's trade, as facts to be booked.
 *
 *-------------------------------------------------------------------------
 */
#include "trade/fill.h"

#include <stdio.h>
#include <string.h>

#include "venue/polymarket/amounts.h"

#define ONE INT64_C(1000000)

/* A maker of the complementary token trades at one minus his price, seen from ours. */
static int64_t
price_seen_by_taker(const PmTrade *trade, const PmMakerLeg *leg)
{
	return strcmp(leg->token_id, trade->token_id) == 0 ? leg->price : ONE - leg->price;
}

/*
 * The venue settles leg by leg, flooring each, so the sum over the legs is the
 * exact money; without complete legs the trade's own size and price must do.
 */
static int64_t
money_of_taker(const PmTrade *trade)
{
	int64_t		size = 0;
	int64_t		money = 0;
	size_t		i;

	for (i = 0; i < trade->maker_count; i++)
	{
		const PmMakerLeg *leg = &trade->makers[i];

		size += leg->size;
		money += arb_pm_money_of(leg->size, price_seen_by_taker(trade, leg));
	}
	if (trade->maker_count > 0 && size == trade->size)
		return money;
	return arb_pm_money_of(trade->size, trade->price);
}

bool
arb_fill_of_trade(const PmTrade *trade, const char *order_id, int64_t fee_rate_micro, int fee_exponent,
				  FillFact *fact)
{
	PmFill		fill;

	memset(fact, 0, sizeof(*fact));
	if (!arb_pm_trade_fill(trade, order_id, &fill))
		return false;
	(void) snprintf(fact->symbol, sizeof(fact->symbol), "%s", fill.token_id);
	fact->side = fill.side;
	fact->qty = fill.size;
	fact->price = fill.price;
	fact->is_maker = fill.is_maker;
	if (fill.is_maker)
	{
		/* Fees are charged to takers only. */
		fact->money = arb_pm_money_of(fill.size, fill.price);
		return true;
	}
	fact->money = money_of_taker(trade);
	return arb_pm_fee(fill.size, fee_rate_micro, fee_exponent, fill.price, &fact->fee);
}
