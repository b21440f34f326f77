/*-------------------------------------------------------------------------
 *
 * src/trade/exit.c
 *	  Watch positions and make their exit orders.
 *
 * Two ways in, one way through: a call's quotes (arb_exits_on_quotes) and the
 * tick (arb_exits_of_portfolio: kill, expiry, retries). Callers hold the
 * portfolio's lock. Whether to leave is arb_exit_decision(); whether the order
 * may be made is the gate, by its exit rules.
 *
 * An exit is immediate-or-cancel with a protection price. Together the exits of
 * a position are a ladder: what one leaves is tried again after exit_retry_ms,
 * at the price of then, and further below it; one that still works after
 * exit_rung_ms is cancelled to make room. The rung is the number of orders made,
 * so the ladder goes on after a restart where it was.
 *
 * In an emergency nothing climbs: what was triggered stays so, unprotected, and
 * goes on after arbees_resume.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "compat.h"
#include "core/clock.h"
#include "core/row_cache.h"
#include "core/wake.h"
#include "market/instrument.h"
#include "safety/control.h"
#include "safety/kill.h"
#include "trade/exit.h"
#include "trade/exit_decision.h"
#include "trade/fill.h"
#include "trade/order.h"
#include "trade/position.h"
#include "trade/submit.h"
#include "utils/fmgroids.h"

/* Exits judged in one transaction; the rest comes in the next, so that claims and reports get in between. */
#define MAX_EXITS_PER_CALL 64

/* Without the control the price falls to a tenth of the bid at most. */
#define DEFAULT_MAX_SLIPPAGE_PCT (90 * FIXED_ONE)

typedef struct Watch
{
	TradingMode mode;
	int32		portfolio_id;
	TimestampTz market_time;
	const QuoteSet *quotes;
	KillLevel	kill_level;
	int			tried;
	int			ordered;
	MadeOrders *made;			/* NULL: orders are filled as they are made */
	bool		by_price;		/* stops and targets too, not the clock and the kill switch alone */
} Watch;

typedef struct PositionList
{
	int			count;
	int			capacity;
	Row		   *rows;
} PositionList;

static bool
collect(const Row *row, void *arg)
{
	PositionList *list = arg;

	if (list->count == list->capacity)
	{
		list->capacity = list->capacity == 0 ? 16 : 2 * list->capacity;
		list->rows = list->rows == NULL ? palloc(list->capacity * sizeof(Row)) :
			repalloc_huge(list->rows, (Size) list->capacity * sizeof(Row));
	}
	list->rows[list->count++] = *row;
	return true;
}

typedef struct ExitHistory
{
	int64		working_id;		/* 0 = none; UNKNOWN ones are not counted here */
	Fixed		unknown_qty;	/* what UNKNOWN exits may have sold, or may sell yet */
	int			orders;
} ExitHistory;

static bool
note_exit(const Row *row, void *arg)
{
	ExitHistory *history = arg;

	if (arb_label_value(LABEL_ORDER_PURPOSE, DatumGetObjectId(row->value[ORDERS_purpose])) != PURPOSE_EXIT)
		return true;
	if (arb_order_state(row) == ORDER_STATE_UNKNOWN)
		history->unknown_qty = arb_fixed_add(history->unknown_qty,
											 Max(0, arb_fixed_sub(arb_row_fixed(row, ORDERS_amount),
																  arb_row_fixed(row, ORDERS_filled_qty))));
	else if (arb_order_working(arb_order_state(row)))
		history->working_id = DatumGetInt64(row->value[ORDERS_order_id]);
	history->orders++;
	return true;
}

static ExitHistory
exit_history(const Watch *w, int64 position_id)
{
	ExitHistory history = {0, 0, 0};
	Table		table = arb_table_open(&orders_table, w->mode, AccessShareLock);
	IndexKey	keys[] = {INT8_KEY(position_id)};
	Snapshot	snapshot = arb_snapshot_begin();

	arb_table_scan(&table, "orders_position_idx", 1, keys, ForwardScanDirection, snapshot, note_exit, &history);
	arb_snapshot_end(snapshot);
	arb_table_close(&table);
	return history;
}

static char *
exit_key(const Row *position, int attempt)
{
	return psprintf("exit-" INT64_FORMAT "-%d", DatumGetInt64(position->value[POSITIONS_position_id]), attempt);
}

/* When an exit was last judged, refused ones included; 0 when none was. */
static TimestampTz
last_try_at(const Watch *w, const Row *position)
{
	int			attempts = DatumGetInt32(position->value[POSITIONS_exit_attempts]);
	IndexKey	keys[] = {
		INT4_KEY(DatumGetInt32(position->value[POSITIONS_deployment_id])),
		{CStringGetTextDatum(exit_key(position, attempts)), F_TEXTEQ}
	};
	Row			decision;

	return arb_row_read(&decisions_table, w->mode, "decisions_signal_key", 2, keys, NULL, &decision) ?
		DatumGetTimestampTz(decision.value[DECISIONS_decided_at]) : 0;
}

/* The worst price we take: the bid less the slippage, wider with each order before, on the tick, above zero. */
static Fixed
protection_price(Fixed bid, int orders_before, Fixed tick)
{
	const Controls *controls = arb_controls();
	Fixed		widest = controls->exit_max_slippage_pct == FIXED_NULL ? DEFAULT_MAX_SLIPPAGE_PCT :
		controls->exit_max_slippage_pct;
	Fixed		step = controls->exit_slippage_pct == FIXED_NULL ? 10 * FIXED_ONE : controls->exit_slippage_pct;
	/* Beyond a hundred rungs nothing widens; it keeps the product in bounds. */
	Fixed		pct = Min(step * (Min(orders_before, 100) + 1), widest);
	Fixed		price = bid - arb_fixed_muldiv_floor(bid, pct, 100 * FIXED_ONE);

	return Max(tick, arb_fixed_floor_to(price, tick));
}

/* As much of a position as the venue takes in one order, in whole lots: the rest is the next attempt's. */
static Fixed
exit_amount(Fixed qty, Fixed price, const Row *instrument)
{
	Fixed		most = arb_row_fixed(instrument, INSTRUMENTS_max_qty);
	Fixed		most_money = arb_row_fixed(instrument, INSTRUMENTS_max_notional);

	if (most != FIXED_NULL && most > 0)
		qty = Min(qty, most);
	if (most_money != FIXED_NULL && most_money > 0)
		qty = Min(qty, arb_fixed_div_floor(most_money, price));
	return arb_fixed_floor_to(qty, arb_row_fixed(instrument, INSTRUMENTS_lot_size));
}

/* A rung has its time; the next one waits until the venue says how this one ended. */
static void
end_rung(Watch *w, int64 order_id)
{
	int64		rung_ms = arb_controls()->exit_rung_ms;
	Row			order;
	OrderState	state;

	if (rung_ms <= 0 || !arb_order_lock(w->mode, order_id, &order) || !order.null[ORDERS_cancel_requested_at])
		return;
	state = arb_order_state(&order);
	/* What is SENDING or UNKNOWN is asked for, not cancelled: nobody knows whether there is something to cancel. */
	if ((state == ORDER_STATE_OPEN || state == ORDER_STATE_PARTIALLY_FILLED) &&
		arb_elapsed_ms(DatumGetTimestampTz(order.value[ORDERS_created_at]), arb_now()) >= rung_ms)
		arb_order_cancel(w->mode, &order, "its rung of the exit ladder is over", w->market_time);
}

static PositionEvent
event_of(ExitReason reason)
{
	switch (reason)
	{
		case EXIT_STOP_LOSS:
			return POSITION_EVENT_STOP;
		case EXIT_EXPIRY:
			return POSITION_EVENT_EXPIRE;
		case EXIT_TAKE_PROFIT:
		case EXIT_TRAILING:
			return POSITION_EVENT_TAKE_PROFIT;
		case EXIT_KILL:
		case EXIT_OPERATOR:
			break;
	}
	return POSITION_EVENT_KILL;
}

static void
mark_triggered(Watch *w, Row *position, ExitReason reason, Fixed threshold, Fixed bid)
{
	arb_position_transition(position, event_of(reason), w->market_time);
	arb_row_set(position, POSITIONS_exit_reason, ObjectIdGetDatum(arb_label_oid(LABEL_EXIT_REASON, reason)));
	arb_row_set(position, POSITIONS_trigger_at, TimestampTzGetDatum(w->market_time));
	position->null[POSITIONS_trigger_threshold] = threshold == FIXED_NULL;
	if (threshold != FIXED_NULL)
		position->value[POSITIONS_trigger_threshold] = arb_fixed_to_numeric(threshold);
	position->null[POSITIONS_trigger_price] = bid == FIXED_NULL;
	if (bid != FIXED_NULL)
		position->value[POSITIONS_trigger_price] = arb_fixed_to_numeric(bid);
	arb_position_write(w->mode, position);
	arb_position_read(w->mode, DatumGetInt64(position->value[POSITIONS_position_id]), position);
}

/* Makes the exit order; the position stays triggered when the gate or the market does not allow one now. */
static void
order_exit(Watch *w, Row *position, const Quote *quote, bool quoted)
{
	int64		position_id = DatumGetInt64(position->value[POSITIONS_position_id]);
	int			attempt = DatumGetInt32(position->value[POSITIONS_exit_attempts]) + 1;
	ExitHistory history = exit_history(w, position_id);
	Wish		wish = {0};
	Submitted	result;
	Row			instrument;
	Fixed		tick;

	/* A working exit blocks the next one; one whose fate is UNKNOWN only its own shares: none are sold twice. */
	if (history.working_id != 0)
	{
		end_rung(w, history.working_id);
		return;
	}
	if (!quoted || quote->bid == FIXED_NULL)
		return;
	arb_instrument_read(DatumGetInt32(position->value[POSITIONS_instrument_id]), &instrument);
	tick = arb_fixed_from_numeric(instrument.value[INSTRUMENTS_tick_size]);
	wish.deployment_id = DatumGetInt32(position->value[POSITIONS_deployment_id]);
	wish.portfolio_id = w->portfolio_id;
	wish.mode = w->mode;
	wish.purpose = PURPOSE_EXIT;
	wish.key = exit_key(position, attempt);
	wish.instrument_id = DatumGetInt32(position->value[POSITIONS_instrument_id]);
	wish.side = SIDE_SELL;
	wish.amount_kind = AMOUNT_BASE;
	wish.limit_price = protection_price(quote->bid, history.orders, tick);
	wish.amount = exit_amount(arb_fixed_sub(arb_row_fixed(position, POSITIONS_qty), history.unknown_qty),
							  wish.limit_price, &instrument);
	wish.time_in_force = TIF_FAK;
	wish.take_profit_kind = TAKE_PROFIT_NONE;
	wish.confidence = wish.target_qty = FIXED_NULL;
	wish.exit_before_close_s = -1;
	wish.position_id = position_id;
	if (wish.amount <= 0)
		return;

	/* EXIT_PENDING before the order: a PAPER order may fill inside the call below. */
	arb_position_transition(position, POSITION_EVENT_EXIT_ORDERED, w->market_time);
	position->value[POSITIONS_exit_attempts] = Int32GetDatum(attempt);
	arb_row_set_fixed(position, POSITIONS_intended_price, quote->bid);
	arb_position_write(w->mode, position);
	w->tried++;
	if (w->made != NULL)
		arb_submit_unfilled(&wish, w->quotes, w->market_time, &result, w->made);
	else
		arb_submit(&wish, w->quotes, w->market_time, &result);
	if (result.order_id != 0)
		w->ordered++;
}

static void
update_high_water(Watch *w, Row *position, Fixed bid)
{
	Fixed		high = arb_row_fixed(position, POSITIONS_high_water);

	if (bid == FIXED_NULL || (high != FIXED_NULL && bid <= high))
		return;
	arb_row_set_fixed(position, POSITIONS_high_water, bid);
	arb_position_write(w->mode, position);
	arb_position_read(w->mode, DatumGetInt64(position->value[POSITIONS_position_id]), position);
}

static bool
window_still_trades(const Row *position, TimestampTz market_time)
{
	IndexKey	keys[] = {{position->value[POSITIONS_window_id], F_INT8EQ}};
	Row			window;

	if (position->null[POSITIONS_window_id])
		return true;
	if (!arb_row_read(&windows_table, 0, "windows_pkey", 1, keys, NULL, &window))
		return false;
	return market_time < DatumGetTimestampTz(window.value[WINDOWS_closes_at]);
}

static void
watch_monitoring(Watch *w, Row *position, const Quote *quote, bool quoted)
{
	ExitInput	in = {0};
	ExitVerdict verdict;

	in.kill_level = w->kill_level;
	in.market_time = w->market_time;
	in.exit_at = position->null[POSITIONS_exit_at] ? 0 : DatumGetTimestampTz(position->value[POSITIONS_exit_at]);
	in.bid = quoted && w->by_price ? quote->bid : FIXED_NULL;
	in.average_entry = arb_position_average(position);
	in.stop_loss_pct = arb_row_fixed(position, POSITIONS_stop_loss_pct);
	in.take_profit_kind = arb_label_value(LABEL_TAKE_PROFIT_KIND,
										  DatumGetObjectId(position->value[POSITIONS_take_profit_kind]));
	in.take_profit_pct = arb_row_fixed(position, POSITIONS_take_profit_pct);
	/* Only a trailing profit needs the high water: nobody else pays for its writes. */
	if (in.take_profit_kind == TAKE_PROFIT_TRAILING)
		update_high_water(w, position, in.bid);
	in.high_water = arb_row_fixed(position, POSITIONS_high_water);
	verdict = arb_exit_decision(&in);
	if (verdict.reason == 0)
		return;
	mark_triggered(w, position, verdict.reason, verdict.threshold, in.bid);
	order_exit(w, position, quote, quoted);
}

static void
watch_position(Watch *w, Row *position)
{
	PositionState state = arb_position_state(position);
	Quote		quote;
	Snapshot	snapshot;
	bool		quoted;

	if (state == POSITION_STATE_ENTRY || state == POSITION_STATE_CLOSED ||
		arb_row_fixed(position, POSITIONS_qty) <= 0 ||
		!window_still_trades(position, w->market_time))
		return;
	snapshot = arb_snapshot_begin();
	quoted = arb_quote_read(w->quotes, DatumGetInt32(position->value[POSITIONS_instrument_id]), snapshot, &quote);
	arb_snapshot_end(snapshot);
	if (state == POSITION_STATE_MONITORING)
	{
		watch_monitoring(w, position, &quote, quoted);
		return;
	}
	/* The gate would refuse; asking it again and again would only bury what it said the first time. */
	if (w->kill_level == KILL_EMERGENCY)
		return;
	/* Triggered or pending: try (again) when the last try is old enough. */
	if (arb_elapsed_ms(last_try_at(w, position), arb_now()) >= Max(arb_controls()->exit_retry_ms, 0))
		order_exit(w, position, &quote, quoted);
}

static void
watch_all(Watch *w, PositionList *list)
{
	int			i;

	for (i = 0; i < list->count && w->tried < MAX_EXITS_PER_CALL; i++)
		watch_position(w, &list->rows[i]);
	/* Positions whose try is not due yet do not come before the others in the next call. */
	if (i < list->count)
		arb_wake_conductor();
}

static void
begin_watch(Watch *w, TradingMode mode, int32 portfolio_id, const QuoteSet *quotes, TimestampTz market_time)
{
	Snapshot	snapshot = arb_snapshot_begin();
	Row			portfolio;

	w->mode = mode;
	w->portfolio_id = portfolio_id;
	w->quotes = quotes;
	w->market_time = market_time;
	w->tried = w->ordered = 0;
	w->made = NULL;
	w->by_price = true;
	w->kill_level = arb_kill_level(snapshot);
	if (arb_row_cached(&portfolios_table, "portfolios_pkey", portfolio_id, &portfolio))
		w->kill_level = arb_kill_level_of(w->kill_level, &portfolio);
	arb_snapshot_end(snapshot);
}

static bool
is_driven(int32 portfolio_id)
{
	Row			portfolio;
	Row			venue;

	return arb_row_cached(&portfolios_table, "portfolios_pkey", portfolio_id, &portfolio) &&
		arb_row_cached(&venues_table, "venues_pkey", DatumGetInt32(portfolio.value[PORTFOLIOS_venue_id]), &venue) &&
		DatumGetBool(venue.value[VENUES_clock_driven]);
}

/* arb_exits_on_quotes watches the positions whose instruments a call quotes; its orders are noted, not filled. */
void
arb_exits_on_quotes(TradingMode mode, int32 portfolio_id, const QuoteSet *quotes, TimestampTz market_time,
					MadeOrders *made)
{
	PositionList list = {0};
	Table		table = arb_table_open(&positions_table, mode, AccessShareLock);
	Snapshot	snapshot = arb_snapshot_begin();
	Watch		w;
	int			i;

	for (i = 0; i < quotes->count; i++)
	{
		IndexKey	keys[] = {INT4_KEY(portfolio_id), INT4_KEY(quotes->quotes[i].instrument_id)};

		arb_table_scan(&table, "positions_open_idx", 2, keys, ForwardScanDirection, snapshot, collect, &list);
	}
	arb_snapshot_end(snapshot);
	arb_table_close(&table);
	if (list.count == 0)
		return;
	begin_watch(&w, mode, portfolio_id, quotes, market_time);
	w.made = made;
	watch_all(&w, &list);
	pfree(list.rows);
}

/*
 * arb_exits_of_portfolio watches every open position of a portfolio by the stored
 * quotes: what the clock and the kill switch demand while no quote comes.
 *
 * Returns: the number of exit orders made.
 */
int
arb_exits_of_portfolio(TradingMode mode, int32 portfolio_id, TimestampTz market_time)
{
	PositionList list = {0};
	IndexKey	keys[] = {INT4_KEY(portfolio_id)};
	QuoteSet	none = {0, NULL};
	Table		table = arb_table_open(&positions_table, mode, AccessShareLock);
	Snapshot	snapshot = arb_snapshot_begin();
	Watch		w;

	arb_table_scan(&table, "positions_open_idx", 1, keys, ForwardScanDirection, snapshot, collect, &list);
	arb_snapshot_end(snapshot);
	arb_table_close(&table);
	if (list.count == 0)
		return 0;
	begin_watch(&w, mode, portfolio_id, &none, market_time);
	/* Whoever drives the clock sees every price in a call of its own; a tick between two would depend on ours. */
	w.by_price = !is_driven(portfolio_id);
	watch_all(&w, &list);
	pfree(list.rows);
	return w.ordered;
}

/* arb_position_request_close triggers a monitored position on an operator's word; the caller makes the exit. */
void
arb_position_request_close(TradingMode mode, Row *position, TimestampTz market_time)
{
	Watch		w = {0};

	w.mode = mode;
	w.market_time = market_time;
	mark_triggered(&w, position, EXIT_OPERATOR, FIXED_NULL, FIXED_NULL);
}
