/*-------------------------------------------------------------------------
 *
 * worker/trade/cover.c
 *	  What an order may take of the cash, and whether it is there.
 *
 *-------------------------------------------------------------------------
 */
#include "trade/cover.h"

static int64_t
multiply_up(int64_t a, int64_t b)
{
	__int128	product = (__int128) a * b + DECIMAL_MICRO - 1;

	return product / DECIMAL_MICRO > COVER_MOST ? COVER_MOST : (int64_t) (product / DECIMAL_MICRO);
}

int64_t
arb_cover_of_ticket(const OrderTicket *ticket)
{
	int64_t		amount;
	int64_t		price;
	int64_t		rate;
	int64_t		money;
	int64_t		fee;

	if (ticket->side != ORDER_SIDE_BUY)
		return 0;
	if (!arb_decimal_parse_micro(ticket->amount, &amount) || !arb_decimal_parse_micro(ticket->limit_price, &price) ||
		amount < 0 || amount > COVER_MOST || price < 0)
		return COVER_MOST;
	money = ticket->amount_kind == AMOUNT_KIND_MONEY ? amount : multiply_up(amount, price);
	/* shares * rate * (p (1 - p)) ^ exponent is at most money * rate, for shares * p is the money. */
	if (!arb_decimal_parse_micro(ticket->fee_rate, &rate) || rate <= 0)
		return money;
	fee = multiply_up(money, rate);
	return money + fee > COVER_MOST ? COVER_MOST : money + fee;
}

bool
arb_cover_is_enough(int64_t cash, int64_t others, int64_t needed)
{
	return needed <= cash && others <= cash - needed;
}
