/*-------------------------------------------------------------------------
 *
 * src/trade/simulated_fill.c
 *	  Fills of simulated orders, from the books the desk sees.
 *
 * A taking order walks the book that its quote brought, level by level, no worse
 * than its limit: one fill per level, at the level's price. What then remains of
 * FAK is killed, FOK fills wholly or not at all, GTC and GTD rest. Where only the
 * best prices are known, they are the book. A resting order trades at its limit
 * once the other side reaches it. Fees are the instrument's taker fees (makers
 * pay none).
 *
 * Amounts come out as at the venue and its simulator (worker/sim/book.c): of each
 * level so many millionths of a share that their price is whole micro-dollars.
 *
 * With simulated_latency_ms an order is OPEN and not acknowledged until market
 * time has gone on by so much since its decision; the first quote of its
 * instrument from then on is the one it meets.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "compat.h"
#include "core/clock.h"
#include "market/book_levels.h"
#include "market/instrument.h"
#include "safety/control.h"
#include "trade/fill.h"
#include "trade/order.h"
#include "trade/simulated_fill.h"
#include "utils/fmgroids.h"

/* A millionth of a share, a micro-dollar, and the finest price the venue knows. */
#define MICRO_SHARE INT64CONST(100)
#define MICRO_DOLLAR INT64CONST(100)
#define FINEST_TICK INT64CONST(10000)

typedef struct Match
{
	Fixed		qty;
	Fixed		price;
	Fixed		money;
} Match;

typedef struct MatchPlan
{
	int			count;
	Match		match[BOOK_LEVELS_MAX];
	Fixed		qty;
	Fixed		money;
	bool		complete;		/* what is left is too little to trade */
} MatchPlan;

/* What an order still wants; one of the two bounds it. */
typedef struct Wanted
{
	OrderSide	side;
	Fixed		limit;
	bool		by_money;
	Fixed		amount;
} Wanted;

static Wanted
wanted_of(const Row *order)
{
	Wanted		w;
	Fixed		amount = arb_row_fixed(order, ORDERS_amount);

	w.side = arb_label_value(LABEL_SIDE, DatumGetObjectId(order->value[ORDERS_side]));
	w.limit = arb_row_fixed(order, ORDERS_limit_price);
	w.by_money = arb_label_value(LABEL_AMOUNT_KIND, DatumGetObjectId(order->value[ORDERS_amount_kind])) == AMOUNT_MONEY;
	w.amount = arb_fixed_sub(amount, arb_row_fixed(order, w.by_money ? ORDERS_filled_money : ORDERS_filled_qty));
	return w;
}

/* The fewest shares, in micro-shares, that cost whole micro-dollars; a finer price than the venue's rounds the money. */
static Fixed
share_step(Fixed price)
{
	Fixed		a = FIXED_ONE;
	Fixed		b = price;

	if (price % FINEST_TICK != 0)
		return MICRO_SHARE;
	while (b != 0)
	{
		Fixed		rest = a % b;

		a = b;
		b = rest;
	}
	return FIXED_ONE / a * MICRO_SHARE;
}

static Fixed
money_of(OrderSide side, Fixed qty, Fixed price)
{
	return side == SIDE_BUY ? arb_fixed_ceil_to(arb_fixed_mul_ceil(qty, price), MICRO_DOLLAR) :
		arb_fixed_floor_to(arb_fixed_mul_floor(qty, price), MICRO_DOLLAR);
}

/* What of a level the order takes. */
static Match
match_level(const Wanted *w, const MatchPlan *plan, const BookLevel *level)
{
	Match		m;
	Fixed		left = w->by_money ? arb_fixed_div_floor(Max(w->amount - plan->money, 0), level->price) :
		Max(w->amount - plan->qty, 0);

	m.price = level->price;
	m.qty = arb_fixed_floor_to(Min(left, level->size), share_step(level->price));
	m.money = money_of(w->side, m.qty, m.price);
	return m;
}

/* Walks the levels until the limit, the book or the order ends. */
static void
plan_matches(const Wanted *w, const BookLevels *levels, MatchPlan *plan)
{
	const BookSide *against = arb_levels_against(levels, w->side);
	int			i;

	memset(plan, 0, sizeof(*plan));
	for (i = 0; i < against->count && arb_level_reached(&against->level[i], w->side, w->limit); i++)
	{
		Match		m = match_level(w, plan, &against->level[i]);

		if (m.qty > 0)
		{
			plan->match[plan->count++] = m;
			plan->qty = arb_fixed_add(plan->qty, m.qty);
			plan->money = arb_fixed_add(plan->money, m.money);
		}
		/* The order, not the level, was the limit. */
		if (m.qty < arb_fixed_floor_to(against->level[i].size, share_step(m.price)) ||
			(w->by_money ? plan->money : plan->qty) >= w->amount)
		{
			plan->complete = plan->count > 0;
			return;
		}
	}
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
	arb_order_read(mode, DatumGetInt64(order->value[ORDERS_order_id]), order);
}

/* The order meets the book: it takes what it reaches, then ends or rests. */
static void
meet_book(TradingMode mode, Row *order, const Quote *quote, TimestampTz market_time)
{
	TimeInForce tif = arb_label_value(LABEL_TIME_IN_FORCE, DatumGetObjectId(order->value[ORDERS_time_in_force]));
	Wanted		wanted = wanted_of(order);
	BookLevels	levels;
	MatchPlan	plan;
	Row			instrument;
	int			i;

	arb_instrument_read(DatumGetInt32(order->value[ORDERS_instrument_id]), &instrument);
	arb_levels_of_quote(quote, &levels);
	plan_matches(&wanted, &levels, &plan);
	if (tif == TIF_FOK && !plan.complete)
		plan.count = 0;
	for (i = 0; i < plan.count; i++)
		book_match(mode, order, &plan.match[i], &instrument, true, market_time);
	if (!arb_order_working(arb_order_state(order)))
		return;
	if (tif == TIF_FAK || tif == TIF_FOK)
		arb_order_finish(mode, order, ORDER_EVENT_CLOSE,
						 plan.count > 0 ? "the rest found no counter-order" : "no counter-order within the limit", market_time);
	else
	{
		arb_order_transition(order, ORDER_EVENT_ACCEPT, NULL, arb_now());
		arb_order_write(mode, order);
	}
}

/* ---- latency ---- */

/* OPEN and never acknowledged: on its way to the simulated venue. */
static bool
on_its_way(const Row *order)
{
	return arb_order_state(order) == ORDER_STATE_OPEN && order->null[ORDERS_acknowledged_at];
}

static void
send_on_its_way(TradingMode mode, Row *order)
{
	arb_order_transition(order, ORDER_EVENT_ACCEPT, NULL, arb_now());
	order->null[ORDERS_acknowledged_at] = true;
	arb_order_write(mode, order);
}

/* Market time at which an order reaches its venue: its decision's, and the latency. */
static TimestampTz
arrives_at(TradingMode mode, const Row *order)
{
	IndexKey	keys[] = {{order->value[ORDERS_decision_id], F_INT8EQ}};
	Row			decision;

	if (!arb_row_read(&decisions_table, mode, "decisions_pkey", 1, keys, NULL, &decision))
		elog(ERROR, "decision of order " INT64_FORMAT " does not exist", DatumGetInt64(order->value[ORDERS_order_id]));
	return DatumGetTimestampTz(decision.value[DECISIONS_market_time]) +
		Max(arb_controls()->simulated_latency_ms, 0) * USECS_PER_MS;
}

static bool
window_is_over(const Row *order, TimestampTz market_time)
{
	IndexKey	keys[] = {{order->value[ORDERS_window_id], F_INT8EQ}};
	Row			window;

	return !order->null[ORDERS_window_id] &&
		(!arb_row_read(&windows_table, 0, "windows_pkey", 1, keys, NULL, &window) ||
		 DatumGetTimestampTz(window.value[WINDOWS_closes_at]) <= market_time);
}

/*
 * arb_simulate_claimed trades an order that was just claimed against the quote it
 * was judged by, unless it has a way to go.
 */
void
arb_simulate_claimed(TradingMode mode, int64 order_id, const Quote *quote, TimestampTz market_time)
{
	Row			order;

	if (!arb_order_read(mode, order_id, &order))
		elog(ERROR, "order " INT64_FORMAT " vanished", order_id);
	if (arb_controls()->simulated_latency_ms > 0)
		send_on_its_way(mode, &order);
	else
		meet_book(mode, &order, quote, market_time);
}

/* arb_simulate_order claims a new PAPER order and trades it. */
void
arb_simulate_order(TradingMode mode, int64 order_id, const Quote *quote, TimestampTz market_time)
{
	Row			order;

	if (!arb_order_read(mode, order_id, &order))
		elog(ERROR, "order " INT64_FORMAT " vanished", order_id);
	arb_order_transition(&order, ORDER_EVENT_CLAIM, NULL, arb_now());
	arb_row_set(&order, ORDERS_claimed_at, TimestampTzGetDatum(arb_now()));
	arb_order_write(mode, &order);
	arb_simulate_claimed(mode, order_id, quote, market_time);
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

/* All that the other side offers no worse than the order's price trades with it, at that price. */
static void
fill_resting(TradingMode mode, Row *order, const Quote *quote, TimestampTz market_time)
{
	Wanted		wanted = wanted_of(order);
	BookLevels	levels;
	MatchPlan	plan;
	Match		m;
	Row			instrument;

	arb_levels_of_quote(quote, &levels);
	plan_matches(&wanted, &levels, &plan);
	m.price = wanted.limit;
	m.qty = plan.qty;
	if (wanted.by_money)
		m.qty = Min(m.qty, arb_fixed_div_floor(wanted.amount, wanted.limit));
	m.qty = arb_fixed_floor_to(m.qty, share_step(m.price));
	m.money = money_of(wanted.side, m.qty, m.price);
	if (m.qty <= 0)
		return;
	arb_instrument_read(DatumGetInt32(order->value[ORDERS_instrument_id]), &instrument);
	book_match(mode, order, &m, &instrument, false, market_time);
}

static void
simulate_one_resting(TradingMode mode, int64 order_id, const QuoteSet *quotes, TimestampTz market_time)
{
	const Quote *quote;
	Row			order;

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
	if (on_its_way(&order) && window_is_over(&order, market_time))
	{
		arb_order_finish(mode, &order, ORDER_EVENT_CLOSE, "its window closed before it arrived", market_time);
		return;
	}
	quote = arb_quote_in_call(quotes, DatumGetInt32(order.value[ORDERS_instrument_id]));
	/* Only what this call's quotes show: an order must not trade twice against one stored quote. */
	if (quote == NULL)
		return;
	if (!on_its_way(&order))
		fill_resting(mode, &order, quote, market_time);
	else if (arrives_at(mode, &order) <= market_time)
		meet_book(mode, &order, quote, market_time);
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
