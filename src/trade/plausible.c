/*-------------------------------------------------------------------------
 *
 * src/trade/plausible.c
 *	  What a venue cannot have meant: amounts in another unit, less than nothing.
 *
 * A fact is booked however unwelcome it is: an overfill, another price, a fee
 * nobody expected. But venues count in whole units here and in millionths
 * there, and a report that confused them is no fact. Both are told apart at a
 * factor of a thousand, half way between right and wrong by a million: what
 * lies on the near side is booked and alarmed, what lies beyond is refused
 * with 22023 and booked nowhere. worker/trade/plausible.c asks the same before
 * anything is sent here.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "compat.h"
#include "core/label.h"
#include "trade/plausible.h"

/* A dollar buys up to a thousand shares at the finest price, a million times more in the wrong unit. */
#define UNIT_FACTOR_OF_MONEY	10000
/* The venue floors money to a millionth. */
#define MONEY_STEP		(FIXED_ONE / UNIT_RATIO)

static pg_attribute_noreturn() void
refuse(const FillFacts *facts, const char *why)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("a fill is no evidence: %s", why),
			 errdetail("Trade %s: %s shares at %s for %s.", facts->venue_trade_id, arb_fixed_to_cstring(facts->qty),
					   arb_fixed_to_cstring(facts->price), arb_fixed_to_cstring(facts->money)),
			 errhint("Nothing was booked. Ask the venue again.")));
}

static bool
is_many_times(Fixed a, Fixed b, int64 times)
{
	return (int128) a > (int128) b * times;
}

/* arb_require_fill raises 22023 for a fill that contradicts itself. */
void
arb_require_fill(const FillFacts *facts)
{
	Fixed		value;

	if (facts->qty <= 0)
		refuse(facts, "it has no shares");
	if (facts->price <= 0)
		refuse(facts, "its price is not above zero");
	if (facts->money < 0)
		refuse(facts, "its money is below zero");
	value = arb_fixed_mul_floor(facts->qty, facts->price);
	if (is_many_times(facts->money, Max(value, MONEY_STEP), UNIT_FACTOR) ||
		is_many_times(value, Max(facts->money, MONEY_STEP), UNIT_FACTOR))
		refuse(facts, "shares, price and money are in different units");
}

static bool
is_of_money(const Row *order)
{
	return arb_label_value(LABEL_AMOUNT_KIND, DatumGetObjectId(order->value[ORDERS_amount_kind])) == AMOUNT_MONEY;
}

/*
 * arb_require_fill_of raises 22023 for a fill that its order cannot have. Far
 * more than was ordered is in another unit; so is a millionth of it that is
 * not even a lot. A small part of a large order is neither.
 */
void
arb_require_fill_of(const FillFacts *facts, const Row *order, const Row *instrument)
{
	Fixed		amount = arb_row_fixed(order, ORDERS_amount);
	Fixed		taken = is_of_money(order) ? facts->money : facts->qty;
	Fixed		max_price = arb_row_fixed(instrument, INSTRUMENTS_max_price);

	if (max_price != FIXED_NULL && facts->price > max_price)
		refuse(facts, "its price is above the highest there is");
	if (is_many_times(taken, amount, UNIT_FACTOR))
		refuse(facts, "it is a thousand times its order");
	if (facts->qty < arb_row_fixed(instrument, INSTRUMENTS_lot_size) && (int128) taken * UNIT_RATIO <= amount)
		refuse(facts, "it is a millionth of its order and less than a lot");
}

/* arb_require_venue_qty raises 22023 for a quantity of which the venue cannot have matched an order. */
void
arb_require_venue_qty(Fixed qty, const Row *order)
{
	Fixed		amount = arb_row_fixed(order, ORDERS_amount);

	if (qty < 0 || is_many_times(qty, amount, is_of_money(order) ? UNIT_FACTOR_OF_MONEY : UNIT_FACTOR))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a matched quantity is no evidence: it cannot be of its order"),
				 errdetail("Order " INT64_FORMAT " is for %s; the venue is said to have matched %s shares.",
						   DatumGetInt64(order->value[ORDERS_order_id]), arb_fixed_to_cstring(amount),
						   arb_fixed_to_cstring(qty)),
				 errhint("Nothing was noted. Ask the venue again.")));
}
