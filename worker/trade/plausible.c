/*-------------------------------------------------------------------------
 *
 * worker/trade/plausible.c
 *	  What a venue cannot have meant.
 *
 *-------------------------------------------------------------------------
 */
#include "trade/plausible.h"

#include <string.h>
#include <strings.h>

#include "venue/polymarket/amounts.h"

/* Beyond it a number was told in another unit. */
#define UNIT_FACTOR 1000
/* A dollar buys up to a thousand shares at the finest price, a million times more in the wrong unit. */
#define UNIT_FACTOR_OF_MONEY 10000
/* Units differ by this much. */
#define UNIT_RATIO 1000000
/* The smallest size an order is made of; remainders may be smaller. */
#define LOT_MICRO 10000

static bool
is_many_times(int64_t a, int64_t b, int64_t times)
{
	return (__int128) a > (__int128) b * times;
}

static bool
differ_in_unit(int64_t a, int64_t b)
{
	int64_t		at_least_a = a > 0 ? a : 1;
	int64_t		at_least_b = b > 0 ? b : 1;

	return is_many_times(a, at_least_b, UNIT_FACTOR) || is_many_times(b, at_least_a, UNIT_FACTOR);
}

const char *
arb_doubt_trade(const PmTrade *trade)
{
	int64_t		legs = 0;
	size_t		i;

	for (i = 0; i < trade->maker_count; i++)
	{
		if (__builtin_add_overflow(legs, trade->makers[i].size, &legs))
			return "leg_unit";
	}
	/* A list of legs may be short; the parts of a trade may not be many times the whole. */
	if (is_many_times(legs, trade->size > 0 ? trade->size : 1, UNIT_FACTOR))
		return "leg_unit";
	return NULL;
}

static const char *
doubt_fill_of(const FillFact *fact, const OrderTicket *ticket)
{
	int64_t		taken = ticket->amount_kind == AMOUNT_KIND_MONEY ? fact->money : fact->qty;
	int64_t		amount;

	if (!arb_decimal_parse_micro(ticket->amount, &amount))
		return NULL;			/* a ticket we could not have sent */
	if (is_many_times(taken, amount, UNIT_FACTOR))
		return "fill_unit";
	/* A small part of a large order is at least a lot; a millionth of a small one is in another unit. */
	if (fact->qty < LOT_MICRO && (__int128) taken * UNIT_RATIO <= amount)
		return "fill_unit";
	return NULL;
}

const char *
arb_doubt_fill(const FillFact *fact, const OrderTicket *ticket)
{
	if (fact->qty <= 0)
		return "fill_empty";
	if (fact->price <= 0 || fact->price > DECIMAL_MICRO)
		return "fill_price";
	if (fact->money < 0 || differ_in_unit(fact->money, arb_pm_money_of(fact->qty, fact->price)))
		return "fill_money";
	return ticket == NULL ? NULL : doubt_fill_of(fact, ticket);
}

const char *
arb_doubt_order(const PmOrder *order, const OrderTicket *ticket, int64_t matched_before)
{
	bool		by_money = ticket->amount_kind == AMOUNT_KIND_MONEY;
	int64_t		amount;

	if (strcmp(order->token_id, ticket->symbol) != 0)
		return "order_symbol";
	if (order->side != ticket->side)
		return "order_side";
	/* What was matched does not become less, nor more than the venue itself says was ordered. */
	if (order->size_matched < matched_before)
		return "order_shrank";
	if (!by_money && order->size_matched > order->original_size)
		return "order_overmatched";
	if (!arb_decimal_parse_micro(ticket->amount, &amount))
		return NULL;
	if (is_many_times(order->size_matched, amount, by_money ? UNIT_FACTOR_OF_MONEY : UNIT_FACTOR) ||
		(!by_money && differ_in_unit(order->original_size, amount)))
		return "order_unit";
	return NULL;
}

bool
arb_is_stranger(const char *owner, const char *address, const char *our_owner, const char *our_address)
{
	return owner[0] != '\0' && address[0] != '\0' && our_owner[0] != '\0' && our_address[0] != '\0' &&
		strcmp(owner, our_owner) != 0 && strcasecmp(address, our_address) != 0;
}
