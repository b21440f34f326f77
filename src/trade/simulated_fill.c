/*-------------------------------------------------------------------------
 *
 * src/trade/simulated_fill.c
 *	  Fills of PAPER and DRY_RUN orders, from the quotes they were judged by.
 *
 * A taking order trades at the best quote up to its visible size and no worse
 * than its limit; what remains of FAK is killed, FOK fills wholly or not at
 * all. A resting order trades at its limit once the other side reaches it.
 * Fees are the instrument's taker fees (makers pay none). Amounts are rounded
 * as the venue rounds: shares down to four decimals, money to the micro-dollar.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "compat.h"
#include "core/clock.h"
#include "market/instrument.h"
#include "trade/fill.h"
#include "trade/order.h"
#include "trade/simulated_fill.h"
#include "utils/fmgroids.h"

/* A ten-thousandth of a share, a micro-dollar. */
#define SHARE_STEP INT64CONST(10000)
#define MICRO_DOLLAR INT64CONST(100)

typedef struct Match
{
	Fixed		qty;
	Fixed		price;
	Fixed		money;
} Match;

/* How much of the order the quote's best level gives; qty 0 = nothing. */
static Match
match_best(const Row *order, const Quote *quote)
{
	Match		m = {0, 0, 0};
	bool		buy = arb_label_value(LABEL_SIDE, DatumGetObjectId(order->value[ORDERS_side])) == SIDE_BUY;
	bool		by_money = arb_label_value(LABEL_AMOUNT_KIND,
										   DatumGetObjectId(order->value[ORDERS_amount_kind])) == AMOUNT_MONEY;
	Fixed		price = buy ? quote->ask : quote->bid;
	Fixed		size = buy ? quote->ask_size : quote->bid_size;
	Fixed		limit = arb_row_fixed(order, ORDERS_limit_price);
	Fixed		amount = arb_row_fixed(order, ORDERS_amount);
	Fixed		wanted;

	if (price == FIXED_NULL || size == FIXED_NULL || size <= 0 || (buy ? price > limit : price < limit))
		return m;
	if (by_money)
		wanted = arb_fixed_div_floor(amount - arb_row_fixed(order, ORDERS_filled_money), price);
	else
		wanted = amount - arb_row_fixed(order, ORDERS_filled_qty);
	m.price = price;
	m.qty = arb_fixed_floor_to(Min(wanted, size), SHARE_STEP);
	m.money = buy ? arb_fixed_ceil_to(arb_fixed_mul_ceil(m.qty, price), MICRO_DOLLAR) :
		arb_fixed_floor_to(arb_fixed_mul_floor(m.qty, price), MICRO_DOLLAR);
	return m;
}

static void
book_match(TradingMode mode, Row *order, const Match *m, const Row *instrument, bool taker, TimestampTz market_time)
{
	FillFacts	facts = {0};

	facts.venue_trade_id = psprintf("sim-" INT64_FORMAT "-%s", DatumGetInt64(order->value[ORDERS_order_id]),
									arb_fixed_to_cstring(arb_row_fixed(order, ORDERS_filled_qty)));
	facts.side = arb_label_value(LABEL_SIDE, DatumGetObjectId(order->value[ORDERS_side]));
	facts.qty = m->qty;
	facts.price = m->price;
	facts.money = m->money;
	facts.fee = !taker ? 0 : arb_taker_fee(m->qty, m->price,
										   arb_fixed_from_numeric(instrument->value[INSTRUMENTS_fee_rate]),
										   DatumGetInt32(instrument->value[INSTRUMENTS_fee_exponent]));
	facts.liquidity = taker ? "TAKER" : "MAKER";
	facts.settlement = SETTLEMENT_CONFIRMED;
	facts.matched_at = market_time;
	arb_fill_apply(mode, order, &facts, arb_fixed_from_numeric(instrument->value[INSTRUMENTS_lot_size]), market_time);
}

static bool
fills_wholly(const Row *order, const Match *m, Fixed lot_size)
{
	bool		by_money = arb_label_value(LABEL_AMOUNT_KIND,
										   DatumGetObjectId(order->value[ORDERS_amount_kind])) == AMOUNT_MONEY;
	Fixed		amount = arb_row_fixed(order, ORDERS_amount);

	return by_money ? amount - m->money < FIXED_CENT : amount - m->qty < lot_size;
}

/* arb_simulate_claimed trades an order that was just claimed against its quote. */
void
arb_simulate_claimed(TradingMode mode, int64 order_id, const QuoteSet *quotes, TimestampTz market_time)
{
	Row			order;
	Row			instrument;
	Quote		quote;
	Snapshot	snapshot;
	TimeInForce tif;
	Match		m = {0, 0, 0};
	Fixed		lot_size;

	if (!arb_order_read(mode, order_id, &order))
		elog(ERROR, "order " INT64_FORMAT " vanished", order_id);
	arb_instrument_read(DatumGetInt32(order.value[ORDERS_instrument_id]), &instrument);
	lot_size = arb_fixed_from_numeric(instrument.value[INSTRUMENTS_lot_size]);
	tif = arb_label_value(LABEL_TIME_IN_FORCE, DatumGetObjectId(order.value[ORDERS_time_in_force]));
	snapshot = arb_snapshot_begin();
	if (arb_quote_read(quotes, DatumGetInt32(order.value[ORDERS_instrument_id]), snapshot, &quote))
		m = match_best(&order, &quote);
	arb_snapshot_end(snapshot);
	if (tif == TIF_FOK && !fills_wholly(&order, &m, lot_size))
		m.qty = 0;
	if (m.qty > 0)
	{
		book_match(mode, &order, &m, &instrument, true, market_time);
		arb_order_read(mode, order_id, &order);
	}
	if (!arb_order_working(arb_order_state(&order)))
		return;
	if (tif == TIF_FAK || tif == TIF_FOK)
		arb_order_finish(mode, &order, ORDER_EVENT_CLOSE,
						 m.qty > 0 ? "the rest found no counter-order" : "no counter-order within the limit", market_time);
	else
	{
		arb_order_transition(&order, ORDER_EVENT_ACCEPT, NULL, arb_now());
		arb_order_write(mode, &order);
	}
}

/* arb_simulate_order claims a new PAPER order and trades it. */
void
arb_simulate_order(TradingMode mode, int64 order_id, const QuoteSet *quotes, TimestampTz market_time)
{
	Row			order;

	if (!arb_order_read(mode, order_id, &order))
		elog(ERROR, "order " INT64_FORMAT " vanished", order_id);
	arb_order_transition(&order, ORDER_EVENT_CLAIM, NULL, arb_now());
	arb_row_set(&order, ORDERS_claimed_at, TimestampTzGetDatum(arb_now()));
	arb_order_write(mode, &order);
	arb_simulate_claimed(mode, order_id, quotes, market_time);
}

typedef struct Resting
{
	int			count;
	int64		ids[256];
} Resting;

static bool
collect_resting(const Row *row, void *arg)
{
	Resting    *list = arg;
	OrderState	state = arb_order_state(row);

	if (state == ORDER_STATE_OPEN || state == ORDER_STATE_PARTIALLY_FILLED)
		list->ids[list->count++] = DatumGetInt64(row->value[ORDERS_order_id]);
	return list->count < (int) lengthof(list->ids);
}

static void
simulate_one_resting(TradingMode mode, int64 order_id, const QuoteSet *quotes, TimestampTz market_time)
{
	Row			order;
	Row			instrument;
	Match		m = {0, 0, 0};
	int			i;

	if (!arb_order_read(mode, order_id, &order))
		return;
	if (!order.null[ORDERS_cancel_requested_at])
	{
		arb_order_finish(mode, &order, ORDER_EVENT_CLOSE, "cancelled", market_time);
		return;
	}
	if (!order.null[ORDERS_expires_at] && DatumGetTimestampTz(order.value[ORDERS_expires_at]) <= market_time)
	{
		arb_order_finish(mode, &order, ORDER_EVENT_EXPIRE, "its time in force ended", market_time);
		return;
	}
	/* Only what this call's quotes show: an order must not trade twice against one stored quote. */
	for (i = 0; i < quotes->count && m.qty == 0; i++)
		if (quotes->quotes[i].instrument_id == DatumGetInt32(order.value[ORDERS_instrument_id]))
			m = match_best(&order, &quotes->quotes[i]);
	if (m.qty <= 0)
		return;
	m.price = arb_row_fixed(&order, ORDERS_limit_price);
	m.money = arb_fixed_ceil_to(arb_fixed_mul_ceil(m.qty, m.price), MICRO_DOLLAR);
	arb_instrument_read(DatumGetInt32(order.value[ORDERS_instrument_id]), &instrument);
	book_match(mode, &order, &m, &instrument, false, market_time);
}

/* arb_simulate_resting trades a simulated portfolio's resting orders against a call's quotes. */
void
arb_simulate_resting(TradingMode mode, int32 portfolio_id, const QuoteSet *quotes, TimestampTz market_time)
{
	Table		table = arb_table_open(&orders_table, mode, AccessShareLock);
	IndexKey	keys[] = {INT4_KEY(portfolio_id)};
	Snapshot	snapshot = arb_snapshot_begin();
	Resting		list = {0};
	int			i;

	arb_table_scan(&table, "orders_working_idx", 1, keys, ForwardScanDirection, snapshot, collect_resting, &list);
	arb_snapshot_end(snapshot);
	arb_table_close(&table);
	for (i = 0; i < list.count; i++)
		simulate_one_resting(mode, list.ids[i], quotes, market_time);
}
