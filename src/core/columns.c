/*-------------------------------------------------------------------------
 *
 * src/core/columns.c
 *	  The columns of our tables, in order, as names.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "core/columns.h"

#define NAME(table, column) #column,

static const char *const decisions_columns[] = {DECISIONS_COLUMNS(NAME)};
const TableDef decisions_table = {"decisions", lengthof(decisions_columns), decisions_columns, true};

static const char *const orders_columns[] = {ORDERS_COLUMNS(NAME)};
const TableDef orders_table = {"orders", lengthof(orders_columns), orders_columns, true};

static const char *const positions_columns[] = {POSITIONS_COLUMNS(NAME)};
const TableDef positions_table = {"positions", lengthof(positions_columns), positions_columns, true};

static const char *const fills_columns[] = {FILLS_COLUMNS(NAME)};
const TableDef fills_table = {"fills", lengthof(fills_columns), fills_columns, true};

static const char *const order_payloads_columns[] = {ORDER_PAYLOADS_COLUMNS(NAME)};
const TableDef order_payloads_table = {"order_payloads", lengthof(order_payloads_columns), order_payloads_columns, true};

static const char *const portfolio_ledger_columns[] = {PORTFOLIO_LEDGER_COLUMNS(NAME)};
const TableDef portfolio_ledger_table = {"portfolio_ledger", lengthof(portfolio_ledger_columns), portfolio_ledger_columns, true};

static const char *const portfolios_columns[] = {PORTFOLIOS_COLUMNS(NAME)};
const TableDef portfolios_table = {"portfolios", lengthof(portfolios_columns), portfolios_columns, false};

static const char *const deployments_columns[] = {DEPLOYMENTS_COLUMNS(NAME)};
const TableDef deployments_table = {"deployments", lengthof(deployments_columns), deployments_columns, false};

static const char *const strategies_columns[] = {STRATEGIES_COLUMNS(NAME)};
const TableDef strategies_table = {"strategies", lengthof(strategies_columns), strategies_columns, false};

static const char *const instruments_columns[] = {INSTRUMENTS_COLUMNS(NAME)};
const TableDef instruments_table = {"instruments", lengthof(instruments_columns), instruments_columns, false};

static const char *const windows_columns[] = {WINDOWS_COLUMNS(NAME)};
const TableDef windows_table = {"windows", lengthof(windows_columns), windows_columns, false};

static const char *const quotes_columns[] = {QUOTES_COLUMNS(NAME)};
const TableDef quotes_table = {"quotes_desk", lengthof(quotes_columns), quotes_columns, false};

static const char *const underlying_prices_columns[] = {UNDERLYING_PRICES_COLUMNS(NAME)};
const TableDef underlying_prices_table = {"underlying_prices", lengthof(underlying_prices_columns), underlying_prices_columns, false};

static const char *const session_volumes_columns[] = {SESSION_VOLUMES_COLUMNS(NAME)};
const TableDef session_volumes_table = {"session_volumes", lengthof(session_volumes_columns), session_volumes_columns, false};

static const char *const venue_accounts_columns[] = {VENUE_ACCOUNTS_COLUMNS(NAME)};
const TableDef venue_accounts_table = {"venue_accounts", lengthof(venue_accounts_columns), venue_accounts_columns, false};

static const char *const arm_statements_columns[] = {ARM_STATEMENTS_COLUMNS(NAME)};
const TableDef arm_statements_table = {"arm_statements", lengthof(arm_statements_columns), arm_statements_columns, false};

static const char *const breakers_columns[] = {BREAKERS_COLUMNS(NAME)};
const TableDef breakers_table = {"breakers", lengthof(breakers_columns), breakers_columns, false};

static const char *const kill_levels_columns[] = {KILL_LEVELS_COLUMNS(NAME)};
const TableDef kill_levels_table = {"kill_levels", lengthof(kill_levels_columns), kill_levels_columns, false};

static const char *const conductor_columns[] = {CONDUCTOR_COLUMNS(NAME)};
const TableDef conductor_table = {"conductor", lengthof(conductor_columns), conductor_columns, false};

static const char *const trader_epochs_columns[] = {TRADER_EPOCHS_COLUMNS(NAME)};
const TableDef trader_epochs_table = {"trader_epochs", lengthof(trader_epochs_columns), trader_epochs_columns, false};

static const char *const trader_leases_columns[] = {TRADER_LEASES_COLUMNS(NAME)};
const TableDef trader_leases_table = {"trader_leases", lengthof(trader_leases_columns), trader_leases_columns, false};

static const char *const journal_columns[] = {JOURNAL_COLUMNS(NAME)};
const TableDef journal_table = {"journal_desk", lengthof(journal_columns), journal_columns, false};

static const char *const venues_columns[] = {VENUES_COLUMNS(NAME)};
const TableDef venues_table = {"venues", lengthof(venues_columns), venues_columns, false};

static const char *const execution_repeats_columns[] = {EXECUTION_REPEATS_COLUMNS(NAME)};
const TableDef execution_repeats_table = {"execution_repeats", lengthof(execution_repeats_columns), execution_repeats_columns, false};

static const char *const control_history_columns[] = {CONTROL_HISTORY_COLUMNS(NAME)};
const TableDef control_history_table = {"control_history", lengthof(control_history_columns), control_history_columns, false};

static const char *const operator_locks_columns[] = {OPERATOR_LOCKS_COLUMNS(NAME)};
const TableDef operator_locks_table = {"operator_locks", lengthof(operator_locks_columns), operator_locks_columns, false};

static const char *const restricted_instruments_columns[] = {RESTRICTED_INSTRUMENTS_COLUMNS(NAME)};
const TableDef restricted_instruments_table = {"restricted_instruments", lengthof(restricted_instruments_columns), restricted_instruments_columns, false};
