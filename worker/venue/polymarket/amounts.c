/*-------------------------------------------------------------------------
 *
 * worker/venue/polymarket/amounts.c
 *	  Maker and taker amounts, taker fees, prices from amounts: integers only.
 *
 * Prices are micro units throughout (every tick of the venue divides one), so
 * shares * price is exact in __int128 and each rounding is one visible step.
 *
 *-------------------------------------------------------------------------
 */
#include "amounts.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

typedef __int128 Wide;

/* 10^(6 - PM_SIZE_DECIMALS): base units in the smallest step of size and money. */
#define SIZE_STEP INT64_C(10000)

static bool refuse(char *reason, const char *format,...) __attribute__((format(printf, 2, 3)));

static bool
refuse(char *reason, const char *format,...)
{
	va_list		args;

	if (reason != NULL)
	{
		va_start(args, format);
		vsnprintf(reason, VENUE_REASON_SIZE, format, args);
		va_end(args);
	}
	return false;
}

bool
arb_pm_tick_find(const char *tick_size, PmTick *tick)
{
	/* Decimals of price and amount per tick are the venue's table, not arithmetic. */
	static const PmTick ticks[] = {
		{100000, 1, 3},
		{10000, 2, 4},
		{5000, 3, 5},
		{2500, 4, 6},
		{1000, 3, 5},
		{100, 4, 6},
	};
	int64_t		step;

	if (!arb_decimal_parse_micro(tick_size, &step))
		return false;
	for (size_t i = 0; i < sizeof(ticks) / sizeof(ticks[0]); i++)
	{
		if (ticks[i].step_micro == step)
		{
			*tick = ticks[i];
			return true;
		}
	}
	return false;
}

bool
arb_pm_price_check(const PmTick *tick, const char *price, int64_t *price_micro, char *reason)
{
	if (!arb_decimal_parse_micro(price, price_micro))
		return refuse(reason, "price is no decimal of at most 6 places");
	if (*price_micro < tick->step_micro || *price_micro > DECIMAL_MICRO - tick->step_micro)
		return refuse(reason, "price %s lies outside one tick from 0 and 1", price);
	if (*price_micro % tick->step_micro != 0)
		return refuse(reason, "price %s is off the tick", price);
	return true;
}

/* Size or money: positive, at most two decimals, within the cap.  In micro units. */
static bool
amount_check(const char *what, const char *text, int64_t *micro, char *reason)
{
	if (!arb_decimal_parse_micro(text, micro))
		return refuse(reason, "%s is no decimal of at most 6 places", what);
	if (*micro <= 0)
		return refuse(reason, "%s is not positive", what);
	if (*micro % SIZE_STEP != 0)
		return refuse(reason, "%s %s has more than %d decimals", what, text, PM_SIZE_DECIMALS);
	if (*micro > PM_AMOUNT_MAX * DECIMAL_MICRO)
		return refuse(reason, "%s %s exceeds the limit of one order", what, text);
	return true;
}

static bool
tick_and_price(const char *tick_size, const char *price, PmTick *tick, int64_t *price_micro, char *reason)
{
	if (!arb_pm_tick_find(tick_size, tick))
		return refuse(reason, "tick size is not one of the venue's");
	return arb_pm_price_check(tick, price, price_micro, reason);
}

/* Rejects an amount that rounded to nothing or outgrew int64. */
static bool
take_amounts(Wide maker, Wide taker, PmAmounts *amounts, char *reason)
{
	if (maker <= 0 || taker <= 0)
		return refuse(reason, "an amount rounds to zero");
	if (maker > INT64_MAX || taker > INT64_MAX)
		return refuse(reason, "an amount exceeds 64 bits");
	amounts->maker_micro = (int64_t) maker;
	amounts->taker_micro = (int64_t) taker;
	return true;
}

bool
arb_pm_amounts_limit(OrderSide side, const char *tick_size, const char *price, const char *size,
					 PmAmounts *amounts, char *reason)
{
	PmTick		tick;
	int64_t		price_micro = 0;
	int64_t		shares = 0;
	Wide		money;

	if (side != ORDER_SIDE_BUY && side != ORDER_SIDE_SELL)
		return refuse(reason, "no side");
	if (!tick_and_price(tick_size, price, &tick, &price_micro, reason) ||
		!amount_check("size", size, &shares, reason))
		return false;
	/* Exact: two decimals of size times at most four of price. */
	money = (Wide) shares * price_micro / DECIMAL_MICRO;
	if (side == ORDER_SIDE_BUY)
		return take_amounts(money, shares, amounts, reason);
	return take_amounts(shares, money, amounts, reason);
}

/* numerator / denominator rounded to decimals, the venue's way, in micro units. */
static Wide
round_quotient(Wide numerator, Wide denominator, int decimals)
{
	Wide		fine = arb_decimal_power_of_ten(decimals + 4);
	Wide		ceiled;

	if (denominator <= 0)
		return 0;
	/*
	 * Ceil four digits further down, then floor, as the official client does.
	 * No quotient on today's ticks comes so close to the next digit that the
	 * ceil would show; a finer tick might.
	 */
	ceiled = (numerator * fine + denominator - 1) / denominator;
	return ceiled / 10000 * arb_decimal_power_of_ten(DECIMAL_MICRO_SCALE - decimals);
}

bool
arb_pm_amounts_market(OrderSide side, const char *tick_size, const char *price, const char *amount,
					  PmRounding rounding, PmAmounts *amounts, char *reason)
{
	PmTick		tick = {.step_micro = 0};
	int64_t		price_micro = 0;
	int64_t		given = 0;
	int			decimals;

	if (side != ORDER_SIDE_BUY && side != ORDER_SIDE_SELL)
		return refuse(reason, "no side");
	if (!tick_and_price(tick_size, price, &tick, &price_micro, reason) ||
		!amount_check(side == ORDER_SIDE_BUY ? "money" : "size", amount, &given, reason))
		return false;
	decimals = tick.amount_decimals;
	if (rounding == PM_ROUNDING_VENUE && decimals > PM_MARKET_AMOUNT_DECIMALS_MAX)
		decimals = PM_MARKET_AMOUNT_DECIMALS_MAX;
	if (side == ORDER_SIDE_BUY)
		return take_amounts(given, round_quotient(given, price_micro, decimals), amounts, reason);
	return take_amounts(given, round_quotient((Wide) given * price_micro, (Wide) DECIMAL_MICRO * DECIMAL_MICRO,
											  decimals), amounts, reason);
}

/*
 * An immediate BUY sized in shares.  The venue wants money with two decimals
 * on the giving side, so only a size that makes such money can be sent.
 */
static bool
market_buy_of_shares(const OrderTicket *ticket, PmAmounts *amounts, char *reason)
{
	if (!arb_pm_amounts_limit(ORDER_SIDE_BUY, ticket->tick_size, ticket->limit_price, ticket->amount,
							  amounts, reason))
		return false;
	if (amounts->maker_micro % SIZE_STEP != 0)
		return refuse(reason, "shares times price has more than %d decimals; size the order in money",
					  PM_SIZE_DECIMALS);
	return true;
}

bool
arb_pm_amounts_of_ticket(const OrderTicket *ticket, PmAmounts *amounts, char *reason)
{
	bool		immediate = ticket->time_in_force == TIME_IN_FORCE_FAK ||
		ticket->time_in_force == TIME_IN_FORCE_FOK;

	if (ticket->time_in_force == TIME_IN_FORCE_NONE)
		return refuse(reason, "no time in force");
	if (ticket->amount_kind != AMOUNT_KIND_BASE && ticket->amount_kind != AMOUNT_KIND_MONEY)
		return refuse(reason, "no amount kind");
	if (ticket->amount_kind == AMOUNT_KIND_MONEY && (!immediate || ticket->side != ORDER_SIDE_BUY))
		return refuse(reason, "only an immediate BUY is sized in money");
	if (!immediate)
		return arb_pm_amounts_limit(ticket->side, ticket->tick_size, ticket->limit_price, ticket->amount,
									amounts, reason);
	if (ticket->side == ORDER_SIDE_BUY && ticket->amount_kind == AMOUNT_KIND_BASE)
		return market_buy_of_shares(ticket, amounts, reason);
	return arb_pm_amounts_market(ticket->side, ticket->tick_size, ticket->limit_price, ticket->amount,
								 PM_ROUNDING_VENUE, amounts, reason);
}

/* ----- fees ----- */

/* An unsigned product of many factors; 320 bits hold the largest fee numerator (96 digits). */
#define LIMBS 5

typedef struct Product
{
	uint64_t	limb[LIMBS];	/* least significant first */
} Product;

static void
multiply(Product *product, uint64_t factor)
{
	unsigned __int128 carry = 0;

	for (int i = 0; i < LIMBS; i++)
	{
		carry += (unsigned __int128) product->limb[i] * factor;
		product->limb[i] = (uint64_t) carry;
		carry >>= 64;
	}
}

/* Divides in place and returns the remainder. */
static uint64_t
divide(Product *product, uint64_t divisor)
{
	unsigned __int128 rest = 0;

	for (int i = LIMBS - 1; i >= 0; i--)
	{
		rest = rest << 64 | product->limb[i];
		product->limb[i] = (uint64_t) (rest / divisor);
		rest %= divisor;
	}
	return (uint64_t) rest;
}

static bool
is_zero(const Product *product)
{
	for (int i = 0; i < LIMBS; i++)
	{
		if (product->limb[i] != 0)
			return false;
	}
	return true;
}

/* The fee as an integer over 10^digits: 12 for shares and rate, 12 per power. */
static bool
fee_product(int64_t shares_micro, int64_t rate_micro, int exponent, int64_t price_micro,
			Product *product, int *digits)
{
	if (shares_micro < 0 || rate_micro < 0 || rate_micro > DECIMAL_MICRO ||
		exponent < 0 || exponent > PM_FEE_EXPONENT_MAX || price_micro < 0 || price_micro > DECIMAL_MICRO)
		return false;
	memset(product, 0, sizeof(*product));
	product->limb[0] = (uint64_t) shares_micro;
	multiply(product, (uint64_t) rate_micro);
	for (int i = 0; i < exponent; i++)
	{
		multiply(product, (uint64_t) price_micro);
		multiply(product, (uint64_t) (DECIMAL_MICRO - price_micro));
	}
	*digits = 12 + 12 * exponent;
	return true;
}

bool
arb_pm_fee(int64_t shares_micro, int64_t rate_micro, int exponent, int64_t price_micro, int64_t *fee_micro)
{
	Product		product;
	int			digits;

	if (!fee_product(shares_micro, rate_micro, exponent, price_micro, &product, &digits))
		return false;
	/* Down to 5 decimals; flooring in steps equals flooring once. */
	for (digits -= 5; digits > 0; digits -= 18)
		divide(&product, (uint64_t) arb_decimal_power_of_ten(digits < 18 ? digits : 18));
	/* rate <= 1 and p(1-p) <= 1/4 keep the fee below the shares, so it fits. */
	*fee_micro = (int64_t) product.limb[0] * 10;
	return true;
}

bool
arb_pm_fee_exact(int64_t shares_micro, int64_t rate_micro, int exponent, int64_t price_micro,
				 char numerator[DECIMAL_TEXT_SIZE], int *denominator_digits)
{
	char		reversed[DECIMAL_TEXT_SIZE];
	Product		product;
	size_t		n = 0;

	if (!fee_product(shares_micro, rate_micro, exponent, price_micro, &product, denominator_digits))
		return false;
	do
	{
		if (n + 1 >= sizeof(reversed))
			return false;
		reversed[n++] = (char) ('0' + divide(&product, 10));
	} while (!is_zero(&product));
	for (size_t i = 0; i < n; i++)
		numerator[i] = reversed[n - 1 - i];
	numerator[n] = '\0';
	return true;
}

bool
arb_pm_price_of_amounts(int64_t money_micro, int64_t shares_micro, int64_t *price_micro, bool *exact)
{
	Wide		scaled = (Wide) money_micro * DECIMAL_MICRO;

	if (money_micro < 0 || shares_micro <= 0 || scaled / shares_micro > INT64_MAX)
		return false;
	*price_micro = (int64_t) (scaled / shares_micro);
	*exact = scaled % shares_micro == 0;
	return true;
}

int64_t
arb_pm_money_of(int64_t shares_micro, int64_t price_micro)
{
	return (int64_t) ((Wide) shares_micro * price_micro / DECIMAL_MICRO);
}
