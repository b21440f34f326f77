/*-------------------------------------------------------------------------
 *
 * src/trade/gather.c
 *	  All that a decision sees, read under the locks of arb_submit_lock.
 *
 * One snapshot, taken after the locks. What cannot be read stays absent, and
 * the check that needs it denies.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "compat.h"
#include "core/clock.h"
#include "core/row_cache.h"
#include "errors.h"
#include "market/book_levels.h"
#include "market/calendar.h"
#include "market/instrument.h"
#include "safety/breaker.h"
#include "safety/kill.h"
#include "safety/lock_list.h"
#include "safety/size.h"
#include "safety/sums.h"
#include "safety/trader_lock.h"
#include "safety/watch.h"
#include "trade/book.h"
#include "trade/gather.h"
#include "trade/order.h"
#include "trade/position.h"
#include "trade/repeat.h"
#include "utils/fmgroids.h"

/* The conductor may miss this many of its own intervals before entries stop. */
#define CONDUCTOR_MISSED_INTERVALS 4

static bool
text_is(const Row *row, int column, const char *label)
{
	return !row->null[column] && strcmp(TextDatumGetCString(row->value[column]), label) == 0;
}

/*
 * Milliseconds of silence, as a decision stores them. Under a driven clock nothing
 * but health may come from the wall's: a session that is traded again, in another
 * mode or at another speed, must store the same for the same health.
 */
static int64
silence(const GateContext *c, int64 age_ms, int64 limit_ms)
{
	return c->clock_driven && age_ms >= 0 && age_ms <= limit_ms ? 0 : age_ms;
}

/* Its beat only grows without notice, so one that is young enough need not be read again. */
static bool
read_conductor(TimestampTz now, Row *row)
{
	if (!arb_last_row_cached(&conductor_table, "conductor_pkey", row))
		return false;
	return arb_elapsed_ms(DatumGetTimestampTz(row->value[CONDUCTOR_beat_at]), now) <
		DatumGetInt32(row->value[CONDUCTOR_interval_ms]) ||
		arb_last_row_renewed(&conductor_table, "conductor_pkey", row);
}

static void
gather_desk(GateContext *c, Snapshot snapshot)
{
	GateInput  *in = &c->in;
	const Controls *controls = c->controls;
	Row			row;

	in->kill_level = arb_kill_level_of(arb_kill_level(snapshot), &c->portfolio);
	in->is_our_installation = arb_installation_is_ours();
	in->mode_allowed = (controls->trading_mode & (1 << in->mode)) != 0;
	in->allow_submit = controls->allow_submit;
	in->conductor_age_ms = -1;
	if (read_conductor(c->now, &row))
	{
		int64		age_ms = arb_elapsed_ms(DatumGetTimestampTz(row.value[CONDUCTOR_beat_at]), c->now);

		in->conductor_limit_ms = CONDUCTOR_MISSED_INTERVALS * DatumGetInt32(row.value[CONDUCTOR_interval_ms]);
		in->conductor_age_ms = silence(c, Max(0, age_ms), in->conductor_limit_ms);
	}
}

static void
gather_account(GateContext *c, Snapshot snapshot)
{
	GateInput  *in = &c->in;
	TraderState trader;
	Row			row;

	in->capital_cap = FIXED_NONE;
	in->clock_offset_ms = FIXED_NULL;
	if (c->venue_account_id == 0)
		return;
	arb_trader_state(snapshot, c->venue_account_id, &trader);
	in->trader_epoch = trader.epoch;
	in->trader_alive = trader.alive;
	in->reconciled = trader.reconciled;
	if (arb_row_cached(&venue_accounts_table, "venue_accounts_pkey", c->venue_account_id, &row))
	{
		in->venue_checks_ok = DatumGetBool(row.value[VENUE_ACCOUNTS_checks_ok]);
		in->clock_offset_ms = row.null[VENUE_ACCOUNTS_clock_offset_ms] ? FIXED_NULL :
			arb_row_fixed(&row, VENUE_ACCOUNTS_clock_offset_ms) / FIXED_ONE;
		if (!row.null[VENUE_ACCOUNTS_capital_cap_usd])
			in->capital_cap = arb_fixed_from_numeric(row.value[VENUE_ACCOUNTS_capital_cap_usd]);
	}
	in->armed = arb_row_cached(&arm_statements_table, "arm_statements_active_key", c->wish->portfolio_id, &row);
}

static int64
row_count(const Row *row, int column)
{
	return row->null[column] ? FIXED_NULL : DatumGetInt32(row->value[column]);
}

static void
gather_deployment_row(GateContext *c, const Row *row)
{
	GateInput  *in = &c->in;

	in->deployment_active = text_is(row, DEPLOYMENTS_state, "active") &&
		DatumGetInt32(row->value[DEPLOYMENTS_portfolio_id]) == c->wish->portfolio_id;
	in->deployment_limits_set = !row->null[DEPLOYMENTS_max_instruments];
	in->deployment_max_instruments = row_count(row, DEPLOYMENTS_max_instruments);
	in->deployment_max_order_usd = arb_row_fixed(row, DEPLOYMENTS_max_order_usd);
	in->deployment_max_day_orders = row_count(row, DEPLOYMENTS_max_day_orders);
	in->deployment_max_positions = row_count(row, DEPLOYMENTS_max_open_positions);
	in->deployment_max_venues = row_count(row, DEPLOYMENTS_max_venues);
	in->risk_scaler = arb_row_fixed(row, DEPLOYMENTS_risk_scaler);
	c->kill.loss_usd = arb_row_fixed(row, DEPLOYMENTS_kill_loss_usd);
	c->kill.losses_in_row = row_count(row, DEPLOYMENTS_kill_losses_in_row);
	c->kill.win_pct = arb_row_fixed(row, DEPLOYMENTS_kill_win_pct);
	c->kill.after_trades = row_count(row, DEPLOYMENTS_kill_after_trades);
}

static void
gather_strategy(GateContext *c, Snapshot snapshot)
{
	GateInput  *in = &c->in;
	Row			deployment;
	Row			strategy;

	if (!arb_row_cached(&deployments_table, "deployments_pkey", c->wish->deployment_id, &deployment))
		return;
	gather_deployment_row(c, &deployment);
	if (!arb_row_cached(&strategies_table, "strategies_pkey",
						DatumGetInt32(deployment.value[DEPLOYMENTS_strategy_id]), &strategy))
		return;
	c->strategy_hash = strategy.value[STRATEGIES_version_hash];
	c->sizing = arb_sizing(c->wish->deployment_id, strategy.value[STRATEGIES_parameters],
						   deployment.value[DEPLOYMENTS_params]);
	c->strategy_id = DatumGetInt32(strategy.value[STRATEGIES_strategy_id]);
	c->strategy_name = TextDatumGetCString(strategy.value[STRATEGIES_name]);
	in->strategy_active = text_is(&strategy, STRATEGIES_state, "active");
	in->strategy_retired = text_is(&strategy, STRATEGIES_state, "retired");
	in->version_certified = DatumGetBool(strategy.value[STRATEGIES_version_certified]);
	in->strategy_allowed = c->controls->all_strategies ||
		arb_control_list_allows(c->controls->allowed_strategies, c->strategy_name);
}

static void
gather_breakers(GateContext *c)
{
	bool		open[BREAKER_SCOPES];

	arb_breakers(c->wish->portfolio_id, c->venue_id, c->strategy_id, open);
	c->in.breaker_open = open[BREAKER_OF_PORTFOLIO];
	c->in.venue_breaker_open = open[BREAKER_OF_VENUE];
	c->in.strategy_breaker_open = open[BREAKER_OF_STRATEGY];
}

/* What binds the order's scopes: locks, and limits, which stand in the same order at the end of the input. */
static void
gather_scopes(GateContext *c)
{
	const Row  *row = &c->instrument;
	LimitScope	scope;
	Limits		limits;
	bool		venue;
	bool		strategy;
	bool		instrument;
	bool		restricted;

	scope.venue = c->venue_name;
	scope.strategy = c->strategy_name;
	scope.symbol = TextDatumGetCString(row->value[INSTRUMENTS_symbol]);
	scope.instrument = TextDatumGetCString(row->value[INSTRUMENTS_name]);
	scope.underlying = row->null[INSTRUMENTS_underlying] ? NULL :
		TextDatumGetCString(row->value[INSTRUMENTS_underlying]);
	arb_limits(&scope, &limits);
	memcpy(GATE_HARD_LIMITS(&c->in), limits.hard, sizeof(limits.hard));
	memcpy(GATE_SOFT_LIMITS(&c->in), limits.soft, sizeof(limits.soft));
	arb_locks(&scope, &venue, &strategy, &instrument, &restricted);
	c->in.venue_locked = venue;
	c->in.strategy_locked = strategy;
	c->in.instrument_locked = instrument;
	c->in.restricted = restricted;
}

/* Needs the limits: what was heard recently enough is not asked for again. */
static void
gather_watch(GateContext *c)
{
	GateInput  *in = &c->in;
	WatchLimits limits;
	Watch		watch;

	limits.worker_ms = c->controls->worker_max_silence_ms;
	limits.feed_ms = in->feed_max_silence_ms;
	limits.balance_ms = in->balance_max_age_ms;
	arb_watch(c->venue_id, c->venue_account_id, c->now, &limits, &watch);
	in->worker_age_ms = silence(c, watch.worker_age_ms, limits.worker_ms);
	in->worker_limit_ms = limits.worker_ms;
	in->feed_age_ms = silence(c, watch.feed_age_ms, limits.feed_ms);
	in->balance_age_ms = silence(c, watch.balance_age_ms, limits.balance_ms);
}

static bool
instrument_on_list(GateContext *c)
{
	const Row  *row = &c->instrument;
	const char *list = c->controls->allowed_instruments;

	if (c->controls->all_instruments)
		return true;
	return arb_control_list_allows(list, TextDatumGetCString(row->value[INSTRUMENTS_symbol])) ||
		arb_control_list_allows(list, TextDatumGetCString(row->value[INSTRUMENTS_name])) ||
		(!row->null[INSTRUMENTS_underlying] &&
		 arb_control_list_allows(list, TextDatumGetCString(row->value[INSTRUMENTS_underlying])));
}

static void
gather_market(GateContext *c, const QuoteSet *quotes, Snapshot snapshot)
{
	GateInput  *in = &c->in;
	const Row  *row = &c->instrument;
	Quote	   *quote = &c->quote;
	QuoteFacts	facts;

	in->instrument_allowed = instrument_on_list(c);
	in->tick_size = arb_row_fixed(row, INSTRUMENTS_tick_size);
	in->lot_size = arb_row_fixed(row, INSTRUMENTS_lot_size);
	in->min_qty = arb_row_fixed(row, INSTRUMENTS_min_qty);
	in->min_notional = arb_row_fixed(row, INSTRUMENTS_min_notional);
	in->max_price = row->null[INSTRUMENTS_max_price] ? FIXED_NONE : arb_row_fixed(row, INSTRUMENTS_max_price);
	in->max_qty = row->null[INSTRUMENTS_max_qty] ? FIXED_NONE : arb_row_fixed(row, INSTRUMENTS_max_qty);
	in->max_notional = row->null[INSTRUMENTS_max_notional] ? FIXED_NONE : arb_row_fixed(row, INSTRUMENTS_max_notional);
	in->fee_rate = arb_row_fixed(row, INSTRUMENTS_fee_rate);
	in->fee_exponent = DatumGetInt32(row->value[INSTRUMENTS_fee_exponent]);
	in->window_id = row->null[INSTRUMENTS_window_id] ? 0 : DatumGetInt64(row->value[INSTRUMENTS_window_id]);
	if (in->window_id != 0)
	{
		IndexKey	by_window[] = {INT8_KEY(in->window_id)};
		Row			window;

		if (arb_row_read(&windows_table, 0, "windows_pkey", 1, by_window, snapshot, &window))
		{
			in->opens_at = DatumGetTimestampTz(window.value[WINDOWS_opens_at]);
			in->closes_at = DatumGetTimestampTz(window.value[WINDOWS_closes_at]);
			in->window_resolved = !window.null[WINDOWS_venue_outcome];
		}
	}
	in->bid = in->ask = in->bid_size = in->ask_size = in->depth = in->rolling_mid = FIXED_NULL;
	if (arb_quote_read_facts(quotes, c->wish->instrument_id, in->market_time, c->controls->rolling_collar_s, snapshot,
							 quote, &facts))
	{
		in->quote_present = 1;
		in->bid = quote->bid;
		in->bid_size = quote->bid_size;
		in->ask = quote->ask;
		in->ask_size = quote->ask_size;
		in->quote_received_at = quote->received_at;
		in->quote_source_at = quote->source_at;
		in->quote_historical = facts.historical;
		in->rolling_mid = facts.rolling_mid;
		in->price_unchanged = facts.unchanged;
	}
}

/* What of the book the order can reach; needs the market, the signal and the limits. */
static void
gather_depth(GateContext *c)
{
	GateInput  *in = &c->in;
	Fixed		worst = arb_size_worst_price(in);
	BookLevels	levels;

	if (in->quote_present != 1 || worst == FIXED_NULL)
		return;
	arb_levels_of_quote(&c->quote, &levels);
	in->depth = arb_levels_depth(&levels, c->wish->side, worst);
}

/* Shares that working exits of a position are to sell. */
static bool
add_working_exit(const Row *row, void *arg)
{
	Fixed	   *qty = arg;

	if (arb_order_working(arb_order_state(row)) &&
		arb_label_value(LABEL_ORDER_PURPOSE, DatumGetObjectId(row->value[ORDERS_purpose])) == PURPOSE_EXIT)
		*qty = arb_fixed_add(*qty, arb_row_fixed(row, ORDERS_amount) - arb_row_fixed(row, ORDERS_filled_qty));
	return true;
}

static void
gather_exit(GateContext *c, Snapshot snapshot)
{
	Table		table = arb_table_open(&orders_table, c->wish->mode, RowExclusiveLock);
	IndexKey	keys[] = {INT8_KEY(c->wish->position_id)};

	c->in.position_id = c->wish->position_id;
	c->in.position_qty = arb_row_fixed(&c->position, POSITIONS_qty);
	c->in.exit_qty_working = 0;
	arb_table_visit(&table, "orders_position_idx", 1, keys, ForwardScanDirection, snapshot,
				   add_working_exit, &c->in.exit_qty_working);
	arb_table_close(&table);
}

/* Dollars at work in a scope: cost of what is held plus what working entries reserve; nothing without the scope. */
static Fixed
dollars_in(const Book *book, BookScope scope, int64 key)
{
	Exposure	e = arb_book_exposure(book, scope, key);

	return e.cost + e.reserved;
}

static void
gather_exposure(GateContext *c, Book *book)
{
	GateInput  *in = &c->in;
	Exposure	instrument = arb_book_exposure(book, BOOK_INSTRUMENT, in->instrument_id);
	int64		sector;
	int64		group;

	arb_book_keys(&c->instrument, &sector, &group);
	in->instrument_exposure = instrument.cost + instrument.reserved;
	in->instrument_qty = plus(instrument.qty, arb_book_working_qty(book, c->wish->instrument_id));
	in->same_side_positions = instrument.positions;
	in->window_exposure = dollars_in(book, BOOK_WINDOW, in->window_id);
	in->strategy_exposure = dollars_in(book, BOOK_DEPLOYMENT, in->deployment_id);
	in->sector_exposure = dollars_in(book, BOOK_SECTOR, sector);
	in->group_exposure = dollars_in(book, BOOK_GROUP, group);
	in->direction = arb_instrument_direction(&c->instrument);
	in->net_exposure = arb_book_net(book);
	in->own_resting_price = arb_book_resting_price(book, c->wish->instrument_id,
												   c->wish->side == SIDE_BUY ? SIDE_SELL : SIDE_BUY);
}

/* The criterion a strategy declared for its own end, in what its deployment has come to; NULL is none of it. */
static bool
kill_criterion_met(const KillCriterion *kill, const DeploymentTotals *d)
{
	if (kill->loss_usd != FIXED_NULL && -d->realized >= kill->loss_usd)
		return true;
	if (kill->losses_in_row != FIXED_NULL && d->losses_in_row >= kill->losses_in_row)
		return true;
	return kill->win_pct != FIXED_NULL && d->trades >= kill->after_trades &&
		(int128) d->wins * 100 * FIXED_ONE < (int128) d->trades * kill->win_pct;
}

static void
gather_deployment(GateContext *c, Book *book)
{
	GateInput  *in = &c->in;
	DeploymentTotals d = arb_book_deployment(book, c->wish->deployment_id);

	in->strategy_session_pnl = d.session_pnl;
	in->strategy_day_pnl = d.day_pnl;
	in->strategy_day_peak = d.day_peak;
	in->strategy_week_pnl = d.week_pnl;
	in->strategy_week_peak = d.week_peak;
	in->strategy_losses_in_row = d.losses_in_row;
	in->kill_criterion_met = kill_criterion_met(&c->kill, &d);
	in->deployment_day_orders = d.day_orders;
	in->deployment_positions = arb_book_exposure(book, BOOK_DEPLOYMENT, in->deployment_id).positions;
	in->deployment_instruments = arb_book_instruments(book, c->wish->deployment_id) +
		(arb_book_trades_instrument(book, c->wish->deployment_id, c->wish->instrument_id) ? 0 : 1);
	/* A portfolio trades at one venue, and its deployments with it. */
	in->deployment_venues = 1;
}

/* Needs the limits: how far back a duplicate counts is one of them. */
static void
gather_conduct(GateContext *c, Book *book)
{
	GateInput  *in = &c->in;
	const Wish *w = c->wish;
	TimestampTz second_ago = in->market_time - USECS_PER_SEC;

	in->messages_last_second = arb_book_messages(book, 0, second_ago);
	in->strategy_messages_last_second = arb_book_messages(book, w->deployment_id, second_ago);
	in->duplicates = 0;
	if (in->duplicate_window_ms != FIXED_NULL && in->duplicate_window_ms != FIXED_NONE && in->duplicate_window_ms > 0)
		in->duplicates = arb_book_duplicates(book, w->deployment_id, w->instrument_id, w->side, w->amount_kind,
											 w->amount, w->limit_price,
											 in->market_time - in->duplicate_window_ms * USECS_PER_MS);
}

static bool
count_row(const Row *row, void *arg)
{
	(*(int64 *) arg)++;
	return true;
}

/* Exits have no number and come last in the index: the first ends the count. */
static bool
count_entry(const Row *row, void *arg)
{
	return !row->null[ORDERS_entry_no] && count_row(row, arg);
}

static void
gather_slot(GateContext *c, Snapshot snapshot)
{
	Table		table;
	IndexKey	entry[] = {
		INT8_KEY(c->in.window_id), INT4_KEY(c->wish->instrument_id), INT4_KEY(c->wish->portfolio_id)
	};
	IndexKey	unknown[] = {INT4_KEY(c->wish->portfolio_id), INT8_KEY(c->in.window_id)};

	if (c->in.window_id == 0)
		return;
	table = arb_table_open(&orders_table, c->wish->mode, RowExclusiveLock);
	arb_table_visit(&table, "orders_entry_slot_key", 3, entry, ForwardScanDirection, snapshot,
					count_entry, &c->in.entries_in_slot);
	arb_table_visit(&table, "orders_unknown_idx", 2, unknown, ForwardScanDirection, snapshot,
				   count_row, &c->in.unknown_in_slot);
	arb_table_close(&table);
}

static void
gather_repeats(GateContext *c, Snapshot snapshot)
{
	bool		disabled;

	if (c->in.window_id != 0)
		return;
	c->in.repeats = arb_repeats_read(c->wish, snapshot, &disabled);
	c->in.repeats_disabled = disabled;
}

static void
gather_books(GateContext *c, TimestampTz market_time, Snapshot snapshot)
{
	GateInput  *in = &c->in;
	Book	   *book = arb_book(c->wish->mode, c->wish->portfolio_id, market_time, snapshot);

	c->totals = *arb_book_totals(book);
	in->cash = c->totals.cash;
	in->claimable = c->totals.claimable;
	in->reserved = c->totals.reserved;
	in->cost_open = c->totals.cost_open;
	in->session_pnl = c->totals.session_pnl;
	in->day_pnl = c->totals.day_pnl;
	in->day_peak = c->totals.day_peak;
	in->week_pnl = c->totals.week_pnl;
	in->week_peak = c->totals.week_peak;
	in->losses_in_row = c->totals.losses_in_row;
	in->heat = c->totals.heat;
	in->open_positions = c->totals.open_positions;
	in->open_orders = c->totals.open_orders;
	in->day_net = c->totals.day_net;
	in->day_value = c->totals.day_value;
	in->day_qty = c->totals.day_qty;
	in->day_orders = c->totals.day_orders;
	in->day_fills = c->totals.day_fills;
	if (c->wish->purpose == PURPOSE_ENTRY)
	{
		gather_exposure(c, book);
		gather_deployment(c, book);
		gather_conduct(c, book);
		gather_slot(c, snapshot);
		gather_repeats(c, snapshot);
	}
	else
		gather_exit(c, snapshot);
}

static void
gather_identity(GateContext *c, Snapshot snapshot)
{
	const Wish *w = c->wish;
	Row			venue;

	if (!arb_row_cached(&portfolios_table, "portfolios_pkey", w->portfolio_id, &c->portfolio))
		ereport(ERROR,
				(errcode(ERRCODE_NO_DATA_FOUND), errmsg("portfolio %d does not exist", w->portfolio_id)));
	if (!arb_row_cached(&instruments_table, "instruments_pkey", w->instrument_id, &c->instrument))
		ereport(ERROR,
				(errcode(ERRCODE_NO_DATA_FOUND), errmsg("instrument %d does not exist", w->instrument_id)));
	c->venue_id = DatumGetInt32(c->portfolio.value[PORTFOLIOS_venue_id]);
	c->venue_account_id = c->portfolio.null[PORTFOLIOS_venue_account_id] ? 0 :
		DatumGetInt32(c->portfolio.value[PORTFOLIOS_venue_account_id]);
	if (!arb_row_cached(&venues_table, "venues_pkey", c->venue_id, &venue))
		elog(ERROR, "venue %d does not exist", c->venue_id);
	c->venue_name = TextDatumGetCString(venue.value[VENUES_name]);
	c->in.calendar_open = arb_calendar_open(&venue, c->in.market_time);
	c->in.is_simulator = DatumGetBool(venue.value[VENUES_is_simulator]);
	c->clock_driven = DatumGetBool(venue.value[VENUES_clock_driven]);
	c->derives_order_id = DatumGetBool(venue.value[VENUES_derives_order_id]);
	if (DatumGetInt32(c->instrument.value[INSTRUMENTS_venue_id]) != c->venue_id)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("instrument %d does not belong to the venue of portfolio %d",
						w->instrument_id, w->portfolio_id)));
	if (w->purpose == PURPOSE_EXIT && !arb_position_read(w->mode, w->position_id, &c->position))
		ereport(ERROR,
				(errcode(ERRCODE_NO_DATA_FOUND),
				 errmsg("position " INT64_FORMAT " does not exist", w->position_id)));
}

/* arb_gather fills the input of a wish; c->wish and c->controls are set. Errors: P0002 for a portfolio, instrument or position that does not exist. */
void
arb_gather(GateContext *c, const QuoteSet *quotes, TimestampTz market_time)
{
	Snapshot	snapshot = arb_snapshot_begin();
	GateInput  *in = &c->in;

	in->market_time = market_time;
	c->now = arb_now();
	in->purpose = c->wish->purpose;
	in->mode = c->wish->mode;
	in->portfolio_id = c->wish->portfolio_id;
	in->deployment_id = c->wish->deployment_id;
	in->instrument_id = c->wish->instrument_id;
	in->override_id = c->wish->override_id;
	in->overridden_0 = c->wish->overridden[0];
	in->overridden_1 = c->wish->overridden[1];
	gather_identity(c, snapshot);
	in->decided_at = c->clock_driven ? market_time : c->now;
	gather_desk(c, snapshot);
	gather_account(c, snapshot);
	gather_strategy(c, snapshot);
	gather_breakers(c);
	gather_scopes(c);
	gather_watch(c);
	gather_market(c, quotes, snapshot);
	arb_gather_signal(c, snapshot);
	gather_depth(c);
	gather_books(c, market_time, snapshot);
	arb_gather_sizing(c, snapshot);
	arb_snapshot_end(snapshot);
}
