/*-------------------------------------------------------------------------
 *
 * src/core/columns.h
 *	  The columns of our tables, in order, as numbers: ORDERS_state and so on.
 *
 * Compared with the catalogue when a table is first opened in a session
 * (core/table.c); a column added to a table is added here.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARB_COLUMNS_H
#define ARB_COLUMNS_H

#include "core/table.h"

#define DECISIONS_COLUMNS(X) \
	X(DECISIONS, decision_id) X(DECISIONS, portfolio_id) X(DECISIONS, mode) \
	X(DECISIONS, deployment_id) X(DECISIONS, signal_key) X(DECISIONS, purpose) \
	X(DECISIONS, instrument_id) X(DECISIONS, window_id) X(DECISIONS, verdict) X(DECISIONS, reason) \
	X(DECISIONS, market_time) X(DECISIONS, decided_at) X(DECISIONS, strategy_hash) \
	X(DECISIONS, gate_version) X(DECISIONS, input) X(DECISIONS, output) X(DECISIONS, repeat_count) \
	X(DECISIONS, last_repeat_at) X(DECISIONS, confidence) X(DECISIONS, confidence_unchanged) \
	X(DECISIONS, target_qty) X(DECISIONS, warnings) X(DECISIONS, book)
#define ORDERS_COLUMNS(X) \
	X(ORDERS, order_id) X(ORDERS, portfolio_id) X(ORDERS, mode) X(ORDERS, decision_id) \
	X(ORDERS, deployment_id) X(ORDERS, position_id) X(ORDERS, venue_id) \
	X(ORDERS, venue_account_id) X(ORDERS, instrument_id) X(ORDERS, window_id) X(ORDERS, purpose) \
	X(ORDERS, entry_no) X(ORDERS, side) X(ORDERS, amount_kind) X(ORDERS, amount) \
	X(ORDERS, limit_price) X(ORDERS, time_in_force) X(ORDERS, expires_at) X(ORDERS, state) \
	X(ORDERS, state_rule) X(ORDERS, client_order_id) X(ORDERS, venue_order_id) \
	X(ORDERS, derives_order_id) X(ORDERS, body_hash) X(ORDERS, salt) X(ORDERS, signed_ms) \
	X(ORDERS, reserved) X(ORDERS, filled_qty) X(ORDERS, filled_money) X(ORDERS, fees) \
	X(ORDERS, venue_qty) X(ORDERS, claimed_epoch) X(ORDERS, created_at) X(ORDERS, send_before) \
	X(ORDERS, claimed_at) X(ORDERS, acknowledged_at) X(ORDERS, finished_at) \
	X(ORDERS, cancel_requested_at) X(ORDERS, cancel_sent_at) X(ORDERS, last_reason)
#define POSITIONS_COLUMNS(X) \
	X(POSITIONS, position_id) X(POSITIONS, portfolio_id) X(POSITIONS, mode) \
	X(POSITIONS, deployment_id) X(POSITIONS, venue_id) X(POSITIONS, instrument_id) \
	X(POSITIONS, window_id) X(POSITIONS, state) X(POSITIONS, stop_loss_pct) \
	X(POSITIONS, take_profit_kind) X(POSITIONS, take_profit_pct) X(POSITIONS, exit_at) \
	X(POSITIONS, entry_qty) X(POSITIONS, entry_money) X(POSITIONS, qty) X(POSITIONS, cost) \
	X(POSITIONS, exit_qty) X(POSITIONS, exit_money) X(POSITIONS, settled_qty) \
	X(POSITIONS, settled_money) X(POSITIONS, fees) X(POSITIONS, realized_pnl) \
	X(POSITIONS, high_water) X(POSITIONS, exit_reason) X(POSITIONS, trigger_threshold) \
	X(POSITIONS, trigger_price) X(POSITIONS, trigger_at) X(POSITIONS, intended_price) \
	X(POSITIONS, exit_attempts) X(POSITIONS, opened_at) X(POSITIONS, closed_at) \
	X(POSITIONS, stop_scale) X(POSITIONS, entry_volatility_pct)
#define FILLS_COLUMNS(X) \
	X(FILLS, fill_id) X(FILLS, portfolio_id) X(FILLS, mode) X(FILLS, order_id) \
	X(FILLS, position_id) X(FILLS, instrument_id) X(FILLS, venue_trade_id) X(FILLS, side) \
	X(FILLS, qty) X(FILLS, price) X(FILLS, money) X(FILLS, fee) X(FILLS, liquidity) \
	X(FILLS, settlement) X(FILLS, matched_at) X(FILLS, booked_at) X(FILLS, voided_at) \
	X(FILLS, cost_change) X(FILLS, reserved_change)
#define ORDER_PAYLOADS_COLUMNS(X) \
	X(ORDER_PAYLOADS, order_id) X(ORDER_PAYLOADS, portfolio_id) X(ORDER_PAYLOADS, mode) \
	X(ORDER_PAYLOADS, venue_order_id) X(ORDER_PAYLOADS, body_hash) X(ORDER_PAYLOADS, request) \
	X(ORDER_PAYLOADS, claimed_at)
#define PORTFOLIO_LEDGER_COLUMNS(X) \
	X(PORTFOLIO_LEDGER, portfolio_id) X(PORTFOLIO_LEDGER, seq) X(PORTFOLIO_LEDGER, mode) \
	X(PORTFOLIO_LEDGER, kind) X(PORTFOLIO_LEDGER, order_id) X(PORTFOLIO_LEDGER, position_id) \
	X(PORTFOLIO_LEDGER, reference) X(PORTFOLIO_LEDGER, entered_at) \
	X(PORTFOLIO_LEDGER, market_time) X(PORTFOLIO_LEDGER, cash_change) \
	X(PORTFOLIO_LEDGER, claimable_change) X(PORTFOLIO_LEDGER, reserved_change) \
	X(PORTFOLIO_LEDGER, cash) X(PORTFOLIO_LEDGER, claimable) X(PORTFOLIO_LEDGER, reserved) \
	X(PORTFOLIO_LEDGER, deposits) X(PORTFOLIO_LEDGER, cost_open) X(PORTFOLIO_LEDGER, fees) \
	X(PORTFOLIO_LEDGER, realized_pnl) X(PORTFOLIO_LEDGER, session_pnl) X(PORTFOLIO_LEDGER, day) \
	X(PORTFOLIO_LEDGER, day_pnl) X(PORTFOLIO_LEDGER, day_peak) X(PORTFOLIO_LEDGER, open_positions) \
	X(PORTFOLIO_LEDGER, held_positions) \
	X(PORTFOLIO_LEDGER, open_orders) X(PORTFOLIO_LEDGER, deployment_id) \
	X(PORTFOLIO_LEDGER, instrument_id) X(PORTFOLIO_LEDGER, qty_change) X(PORTFOLIO_LEDGER, heat) \
	X(PORTFOLIO_LEDGER, session) X(PORTFOLIO_LEDGER, week) X(PORTFOLIO_LEDGER, week_pnl) \
	X(PORTFOLIO_LEDGER, week_peak) X(PORTFOLIO_LEDGER, day_net) X(PORTFOLIO_LEDGER, day_value) \
	X(PORTFOLIO_LEDGER, day_qty) X(PORTFOLIO_LEDGER, day_orders) X(PORTFOLIO_LEDGER, day_fills) \
	X(PORTFOLIO_LEDGER, losses_in_row) X(PORTFOLIO_LEDGER, trade_pnl) X(PORTFOLIO_LEDGER, d_realized) \
	X(PORTFOLIO_LEDGER, d_session_pnl) X(PORTFOLIO_LEDGER, d_day_pnl) X(PORTFOLIO_LEDGER, d_day_peak) \
	X(PORTFOLIO_LEDGER, d_week_pnl) X(PORTFOLIO_LEDGER, d_week_peak) X(PORTFOLIO_LEDGER, d_losses_in_row) \
	X(PORTFOLIO_LEDGER, d_trades) X(PORTFOLIO_LEDGER, d_wins) X(PORTFOLIO_LEDGER, d_day_orders) \
	X(PORTFOLIO_LEDGER, d_day_fills)
#define PORTFOLIOS_COLUMNS(X) \
	X(PORTFOLIOS, portfolio_id) X(PORTFOLIOS, name) X(PORTFOLIOS, mode) X(PORTFOLIOS, venue_id) \
	X(PORTFOLIOS, venue_account_id) X(PORTFOLIOS, created_by) X(PORTFOLIOS, created_at) \
	X(PORTFOLIOS, kill_level) X(PORTFOLIOS, drill_level)
#define DEPLOYMENTS_COLUMNS(X) \
	X(DEPLOYMENTS, deployment_id) X(DEPLOYMENTS, strategy_id) X(DEPLOYMENTS, portfolio_id) \
	X(DEPLOYMENTS, mode) X(DEPLOYMENTS, params) X(DEPLOYMENTS, state) X(DEPLOYMENTS, last_error) \
	X(DEPLOYMENTS, deployed_by) X(DEPLOYMENTS, deployed_at) X(DEPLOYMENTS, max_instruments) \
	X(DEPLOYMENTS, max_order_usd) X(DEPLOYMENTS, max_day_orders) X(DEPLOYMENTS, max_open_positions) \
	X(DEPLOYMENTS, max_venues) X(DEPLOYMENTS, risk_scaler) X(DEPLOYMENTS, kill_loss_usd) \
	X(DEPLOYMENTS, kill_losses_in_row) X(DEPLOYMENTS, kill_win_pct) X(DEPLOYMENTS, kill_after_trades)
#define STRATEGIES_COLUMNS(X) \
	X(STRATEGIES, strategy_id) X(STRATEGIES, name) X(STRATEGIES, function_name) \
	X(STRATEGIES, run_as) X(STRATEGIES, state) X(STRATEGIES, parameters) \
	X(STRATEGIES, expectations) X(STRATEGIES, kill_criterion) X(STRATEGIES, version_hash) X(STRATEGIES, registered_by) \
	X(STRATEGIES, registered_at) X(STRATEGIES, limits) X(STRATEGIES, kill_rules) \
	X(STRATEGIES, version_certified)
#define INSTRUMENTS_COLUMNS(X) \
	X(INSTRUMENTS, instrument_id) X(INSTRUMENTS, venue_id) X(INSTRUMENTS, symbol) \
	X(INSTRUMENTS, name) X(INSTRUMENTS, underlying) X(INSTRUMENTS, window_id) \
	X(INSTRUMENTS, outcome) X(INSTRUMENTS, tick_size) X(INSTRUMENTS, lot_size) \
	X(INSTRUMENTS, min_qty) X(INSTRUMENTS, min_notional) X(INSTRUMENTS, fee_rate) \
	X(INSTRUMENTS, fee_exponent) X(INSTRUMENTS, neg_risk) X(INSTRUMENTS, max_price) \
	X(INSTRUMENTS, sector) X(INSTRUMENTS, correlation_group) X(INSTRUMENTS, max_qty) X(INSTRUMENTS, max_notional)
#define WINDOWS_COLUMNS(X) \
	X(WINDOWS, window_id) X(WINDOWS, venue_id) X(WINDOWS, underlying) X(WINDOWS, slug) \
	X(WINDOWS, window_epoch) X(WINDOWS, opens_at) X(WINDOWS, closes_at) X(WINDOWS, state) \
	X(WINDOWS, condition_id) X(WINDOWS, rule) X(WINDOWS, open_price) X(WINDOWS, open_price_at) \
	X(WINDOWS, close_price) X(WINDOWS, close_price_at) X(WINDOWS, our_outcome) \
	X(WINDOWS, venue_open_price) X(WINDOWS, venue_close_price) X(WINDOWS, venue_outcome) \
	X(WINDOWS, resolved_at)
#define QUOTES_COLUMNS(X) \
	X(QUOTES, run_id) X(QUOTES, instrument_id) X(QUOTES, bid) X(QUOTES, bid_size) X(QUOTES, ask) \
	X(QUOTES, ask_size) X(QUOTES, source_at) X(QUOTES, received_at) X(QUOTES, rolling_mid) X(QUOTES, unchanged) \
	X(QUOTES, book)
#define UNDERLYING_PRICES_COLUMNS(X) \
	X(UNDERLYING_PRICES, venue_id) X(UNDERLYING_PRICES, underlying) X(UNDERLYING_PRICES, price) \
	X(UNDERLYING_PRICES, source_at) X(UNDERLYING_PRICES, received_at) X(UNDERLYING_PRICES, variance) \
	X(UNDERLYING_PRICES, variance_weight) X(UNDERLYING_PRICES, unchanged)
#define SESSION_VOLUMES_COLUMNS(X) \
	X(SESSION_VOLUMES, instrument_id) X(SESSION_VOLUMES, session_start) X(SESSION_VOLUMES, value) \
	X(SESSION_VOLUMES, qty) X(SESSION_VOLUMES, trades) X(SESSION_VOLUMES, last_at)
#define VENUE_ACCOUNTS_COLUMNS(X) \
	X(VENUE_ACCOUNTS, venue_account_id) X(VENUE_ACCOUNTS, venue_id) X(VENUE_ACCOUNTS, name) \
	X(VENUE_ACCOUNTS, address) X(VENUE_ACCOUNTS, signature_type) \
	X(VENUE_ACCOUNTS, capital_cap_usd) X(VENUE_ACCOUNTS, checks) X(VENUE_ACCOUNTS, checks_at) \
	X(VENUE_ACCOUNTS, checks_ok) X(VENUE_ACCOUNTS, clock_offset_ms)
#define ARM_STATEMENTS_COLUMNS(X) \
	X(ARM_STATEMENTS, arm_id) X(ARM_STATEMENTS, portfolio_id) X(ARM_STATEMENTS, statement) \
	X(ARM_STATEMENTS, armed_by) X(ARM_STATEMENTS, armed_at) X(ARM_STATEMENTS, disarmed_at)
#define BREAKERS_COLUMNS(X) \
	X(BREAKERS, scope) X(BREAKERS, scope_id) X(BREAKERS, state) X(BREAKERS, reason) \
	X(BREAKERS, changed_by) X(BREAKERS, changed_at)
#define KILL_LEVELS_COLUMNS(X) \
	X(KILL_LEVELS, seq) X(KILL_LEVELS, level) X(KILL_LEVELS, reason) X(KILL_LEVELS, set_by) \
	X(KILL_LEVELS, set_at)
#define CONDUCTOR_COLUMNS(X) \
	X(CONDUCTOR, only_row) X(CONDUCTOR, pid) X(CONDUCTOR, ticks) X(CONDUCTOR, interval_ms) \
	X(CONDUCTOR, started_at) X(CONDUCTOR, beat_at) X(CONDUCTOR, worker_pid)
#define TRADER_EPOCHS_COLUMNS(X) \
	X(TRADER_EPOCHS, venue_account_id) X(TRADER_EPOCHS, epoch) X(TRADER_EPOCHS, holder) \
	X(TRADER_EPOCHS, taken_at) X(TRADER_EPOCHS, reconciled_at)
#define TRADER_LEASES_COLUMNS(X) \
	X(TRADER_LEASES, venue_account_id) X(TRADER_LEASES, epoch) X(TRADER_LEASES, expires_at) \
	X(TRADER_LEASES, renewed_at)
#define JOURNAL_COLUMNS(X) \
	X(JOURNAL, journal_id) X(JOURNAL, mode) X(JOURNAL, at) X(JOURNAL, xid) X(JOURNAL, kind) \
	X(JOURNAL, portfolio_id) X(JOURNAL, ref_id) X(JOURNAL, actor) X(JOURNAL, message) \
	X(JOURNAL, hash)
#define VENUES_COLUMNS(X) \
	X(VENUES, venue_id) X(VENUES, name) X(VENUES, is_simulator) X(VENUES, clock_driven) \
	X(VENUES, derives_order_id) X(VENUES, chain_id) X(VENUES, endpoints) X(VENUES, market_time) \
	X(VENUES, calendar)
#define CONTROL_HISTORY_COLUMNS(X) \
	X(CONTROL_HISTORY, change_id) X(CONTROL_HISTORY, scope) X(CONTROL_HISTORY, name) X(CONTROL_HISTORY, key) \
	X(CONTROL_HISTORY, old_value) X(CONTROL_HISTORY, old_is_none) X(CONTROL_HISTORY, old_soft) \
	X(CONTROL_HISTORY, new_value) X(CONTROL_HISTORY, new_is_none) X(CONTROL_HISTORY, new_soft) \
	X(CONTROL_HISTORY, changed_by) X(CONTROL_HISTORY, changed_at) X(CONTROL_HISTORY, reason)
#define OPERATOR_LOCKS_COLUMNS(X) \
	X(OPERATOR_LOCKS, lock_id) X(OPERATOR_LOCKS, scope) X(OPERATOR_LOCKS, name) X(OPERATOR_LOCKS, reason) \
	X(OPERATOR_LOCKS, locked_by) X(OPERATOR_LOCKS, locked_at) X(OPERATOR_LOCKS, unlocked_by) \
	X(OPERATOR_LOCKS, unlocked_at) X(OPERATOR_LOCKS, unlock_reason)
#define RESTRICTED_INSTRUMENTS_COLUMNS(X) \
	X(RESTRICTED_INSTRUMENTS, restriction_id) X(RESTRICTED_INSTRUMENTS, pattern) \
	X(RESTRICTED_INSTRUMENTS, reason) X(RESTRICTED_INSTRUMENTS, restricted_by) \
	X(RESTRICTED_INSTRUMENTS, restricted_at) X(RESTRICTED_INSTRUMENTS, lifted_by) \
	X(RESTRICTED_INSTRUMENTS, lifted_at) X(RESTRICTED_INSTRUMENTS, lift_reason)
#define EXECUTION_REPEATS_COLUMNS(X) \
	X(EXECUTION_REPEATS, portfolio_id) X(EXECUTION_REPEATS, deployment_id) X(EXECUTION_REPEATS, instrument_id) \
	X(EXECUTION_REPEATS, side) X(EXECUTION_REPEATS, repeats) X(EXECUTION_REPEATS, last_at) \
	X(EXECUTION_REPEATS, disabled_at) X(EXECUTION_REPEATS, enabled_by) X(EXECUTION_REPEATS, enabled_at) \
	X(EXECUTION_REPEATS, enabled_reason)

#define COLUMN_NUMBER(table, column) table##_##column,
enum
{
	DECISIONS_COLUMNS(COLUMN_NUMBER) DECISIONS_ncolumns
};
enum
{
	ORDERS_COLUMNS(COLUMN_NUMBER) ORDERS_ncolumns
};
enum
{
	POSITIONS_COLUMNS(COLUMN_NUMBER) POSITIONS_ncolumns
};
enum
{
	FILLS_COLUMNS(COLUMN_NUMBER) FILLS_ncolumns
};
enum
{
	ORDER_PAYLOADS_COLUMNS(COLUMN_NUMBER) ORDER_PAYLOADS_ncolumns
};
enum
{
	PORTFOLIO_LEDGER_COLUMNS(COLUMN_NUMBER) PORTFOLIO_LEDGER_ncolumns
};
enum
{
	PORTFOLIOS_COLUMNS(COLUMN_NUMBER) PORTFOLIOS_ncolumns
};
enum
{
	DEPLOYMENTS_COLUMNS(COLUMN_NUMBER) DEPLOYMENTS_ncolumns
};
enum
{
	STRATEGIES_COLUMNS(COLUMN_NUMBER) STRATEGIES_ncolumns
};
enum
{
	INSTRUMENTS_COLUMNS(COLUMN_NUMBER) INSTRUMENTS_ncolumns
};
enum
{
	WINDOWS_COLUMNS(COLUMN_NUMBER) WINDOWS_ncolumns
};
enum
{
	QUOTES_COLUMNS(COLUMN_NUMBER) QUOTES_ncolumns
};
enum
{
	UNDERLYING_PRICES_COLUMNS(COLUMN_NUMBER) UNDERLYING_PRICES_ncolumns
};
enum
{
	SESSION_VOLUMES_COLUMNS(COLUMN_NUMBER) SESSION_VOLUMES_ncolumns
};
enum
{
	VENUE_ACCOUNTS_COLUMNS(COLUMN_NUMBER) VENUE_ACCOUNTS_ncolumns
};
enum
{
	ARM_STATEMENTS_COLUMNS(COLUMN_NUMBER) ARM_STATEMENTS_ncolumns
};
enum
{
	BREAKERS_COLUMNS(COLUMN_NUMBER) BREAKERS_ncolumns
};
enum
{
	KILL_LEVELS_COLUMNS(COLUMN_NUMBER) KILL_LEVELS_ncolumns
};
enum
{
	CONDUCTOR_COLUMNS(COLUMN_NUMBER) CONDUCTOR_ncolumns
};
enum
{
	TRADER_EPOCHS_COLUMNS(COLUMN_NUMBER) TRADER_EPOCHS_ncolumns
};
enum
{
	TRADER_LEASES_COLUMNS(COLUMN_NUMBER) TRADER_LEASES_ncolumns
};
enum
{
	JOURNAL_COLUMNS(COLUMN_NUMBER) JOURNAL_ncolumns
};
enum
{
	VENUES_COLUMNS(COLUMN_NUMBER) VENUES_ncolumns
};
enum
{
	EXECUTION_REPEATS_COLUMNS(COLUMN_NUMBER) EXECUTION_REPEATS_ncolumns
};
enum
{
	CONTROL_HISTORY_COLUMNS(COLUMN_NUMBER) CONTROL_HISTORY_ncolumns
};
enum
{
	OPERATOR_LOCKS_COLUMNS(COLUMN_NUMBER) OPERATOR_LOCKS_ncolumns
};
enum
{
	RESTRICTED_INSTRUMENTS_COLUMNS(COLUMN_NUMBER) RESTRICTED_INSTRUMENTS_ncolumns
};
#undef COLUMN_NUMBER

extern const TableDef decisions_table;
extern const TableDef orders_table;
extern const TableDef positions_table;
extern const TableDef fills_table;
extern const TableDef order_payloads_table;
extern const TableDef portfolio_ledger_table;
extern const TableDef portfolios_table;
extern const TableDef deployments_table;
extern const TableDef strategies_table;
extern const TableDef instruments_table;
extern const TableDef windows_table;
extern const TableDef quotes_table;
extern const TableDef underlying_prices_table;
extern const TableDef session_volumes_table;
extern const TableDef venue_accounts_table;
extern const TableDef arm_statements_table;
extern const TableDef breakers_table;
extern const TableDef kill_levels_table;
extern const TableDef conductor_table;
extern const TableDef trader_epochs_table;
extern const TableDef trader_leases_table;
extern const TableDef journal_table;
extern const TableDef venues_table;
extern const TableDef execution_repeats_table;
extern const TableDef control_history_table;
extern const TableDef operator_locks_table;
extern const TableDef restricted_instruments_table;

#endif							/* ARB_COLUMNS_H */
