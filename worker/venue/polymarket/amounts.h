/*-------------------------------------------------------------------------
 *
 * worker/venue/polymarket/amounts.h
 *	  Maker and taker amounts, taker fees, prices from amounts: integers only.
 *
 * Untidy input (a price off the tick, more than two decimals of size or money)
 * is refused with a reason, never rounded into something nobody asked for.
 * Amounts are base units (6 decimals) of collateral or shares.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARBEES_POLYMARKET_AMOUNTS_H
#define ARBEES_POLYMARKET_AMOUNTS_H

#include "../venue.h"

/* Size and money carry two decimals; the venue takes at most four on its answering side. */
#define PM_SIZE_DECIMALS 2
#define PM_MARKET_AMOUNT_DECIMALS_MAX 4
/* Largest size or money of one order, whole units: keeps every product inside int64. */
#define PM_AMOUNT_MAX INT64_C(1000000000)
#define PM_FEE_EXPONENT_MAX 4

typedef struct PmTick
{
	int64_t		step_micro;		/* 10000 for 0.01 */
	int			price_decimals;
	int			amount_decimals;	/* the official table, before the cap of FAK and FOK */
} PmTick;

typedef struct PmAmounts
{
	int64_t		maker_micro;
	int64_t		taker_micro;
} PmAmounts;

typedef enum PmRounding
{
	PM_ROUNDING_NONE = 0,
	PM_ROUNDING_VENUE,			/* what production accepts: answering side at most 4 decimals */
	PM_ROUNDING_CLIENT			/* what the official client computes; refused by production on fine ticks */
} PmRounding;

/* arb_pm_tick_find accepts the six ticks of the venue; false for any other. */
extern bool arb_pm_tick_find(const char *tick_size, PmTick *tick);

/* arb_pm_price_check wants tick <= price <= 1 - tick, on the grid.  reason may be NULL. */
extern bool arb_pm_price_check(const PmTick *tick, const char *price, int64_t *price_micro, char *reason);

/* Resting orders: size in shares.  reason has VENUE_REASON_SIZE bytes or is NULL. */
extern bool arb_pm_amounts_limit(OrderSide side, const char *tick_size, const char *price,
								 const char *size, PmAmounts *amounts, char *reason);

/*
 * Immediate orders: amount is money for BUY, shares for SELL; price is the
 * worst acceptable one.  BUY shares are ceiled at two spare digits and then
 * floored, so the implied price never lies below the cap's tick.
 */
extern bool arb_pm_amounts_market(OrderSide side, const char *tick_size, const char *price,
								  const char *amount, PmRounding rounding, PmAmounts *amounts,
								  char *reason);

/*
 * arb_pm_amounts_of_ticket picks the rule.  GTC and GTD are sized in shares;
 * FAK and FOK BUY in money, or in shares when shares * price has at most two
 * decimals; FAK and FOK SELL in shares.
 */
extern bool arb_pm_amounts_of_ticket(const OrderTicket *ticket, PmAmounts *amounts, char *reason);

/*
 * arb_pm_fee returns shares * rate * (price * (1 - price))^exponent floored to
 * 5 decimals, in micro units (so the last digit is 0).
 *
 * Args:	rate_micro 70000 for 0.07; price_micro in [0, 1000000].
 * Returns: false when an argument is out of range.
 */
extern bool arb_pm_fee(int64_t shares_micro, int64_t rate_micro, int exponent, int64_t price_micro,
					   int64_t *fee_micro);

/* Same with the other rounding and the exact value as numerator over 10^denominator_digits. */
extern bool arb_pm_fee_exact(int64_t shares_micro, int64_t rate_micro, int exponent, int64_t price_micro,
							 char numerator[DECIMAL_TEXT_SIZE], int *denominator_digits);

/*
 * arb_pm_price_of_amounts returns money / shares in micro units and whether it
 * is exact; false when shares is not positive.  Floors.
 */
extern bool arb_pm_price_of_amounts(int64_t money_micro, int64_t shares_micro, int64_t *price_micro,
									bool *exact);

/* arb_pm_money_of returns shares * price floored to a micro unit, the other way round. */
extern int64_t arb_pm_money_of(int64_t shares_micro, int64_t price_micro);

#endif							/* ARBEES_POLYMARKET_AMOUNTS_H */
