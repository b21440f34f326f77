/*-------------------------------------------------------------------------
 *
 * worker/db/statements.c
 *	  Every statement the worker may send, by name.
 *
 * The worker's whole power over the database is this list; it mirrors
 * docs/worker-protocol.md line by line.  Columns are named, never "*", where
 * the result has more than one.
 *
 *-------------------------------------------------------------------------
 */
#include "db/statements.h"

#include <stddef.h>

#define TICKET_COLUMNS \
	"order_id, purpose, client_order_id, symbol, side, amount_kind, amount, limit_price, " \
	"time_in_force, tick_size, neg_risk, salt, signed_ms, expires_s, condition_id, fee_rate, fee_exponent, " \
	"dry_run"

static const DbStatement Statements[DB_STATEMENT_COUNT] = {
	[DB_WORKER_HELLO] = {"worker_hello",
		"SELECT venue_id, is_simulator, clock_driven, endpoints::text AS endpoints, chain_id, venue_account_id,"
		" address, signature_type, lease_ms, confirm_timeout_ms, tick_history, live_portfolios"
		" FROM arbees.worker_hello($1::text, $2::text, $3::text, $4::text, $5::int, $6::boolean)",
	6, DB_LANE_ACTION},
	[DB_ACQUIRE_TRADER] = {"acquire_trader",
		"SELECT granted, epoch, lease_ms, holder, reason FROM arbees.acquire_trader($1::int, $2::text)",
	2, DB_LANE_ACTION},
	[DB_RENEW_TRADER] = {"renew_trader",
		"SELECT arbees.renew_trader($1::int, $2::bigint)",
	2, DB_LANE_ACTION},
	[DB_RELEASE_TRADER] = {"release_trader",
		"SELECT arbees.release_trader($1::int, $2::bigint)",
	2, DB_LANE_ACTION},
	[DB_REPORT_WINDOW] = {"report_window",
		"SELECT window_id, up_instrument, down_instrument"
		" FROM arbees.report_window($1::int, $2::text, $3::text, $4::text, $5::bigint, $6::bigint, $7::text,"
		" $8::text, $9::text, $10::numeric, $11::numeric, $12::numeric, $13::numeric, $14::int, $15::boolean)",
	15, DB_LANE_ACTION},
	[DB_REPORT_TICK_SIZE] = {"report_tick_size",
		"SELECT arbees.report_tick_size($1::int, $2::text, $3::numeric)",
	3, DB_LANE_ACTION},
	[DB_ON_QUOTES] = {"on_quotes",
		"SELECT " TICKET_COLUMNS
		" FROM arbees.on_quotes($1::int, $2::arbees.mode, $3::bigint, $4::int[], $5::numeric[], $6::numeric[],"
		" $7::numeric[], $8::numeric[], $9::bigint[], $10::text[], $11::numeric[], $12::bigint[], $13::bytea[])",
	13, DB_LANE_DECISION},
	[DB_REPORT_TRADES] = {"report_trades",
		"SELECT arbees.report_trades($1::int, $2::int[], $3::numeric[], $4::numeric[], $5::bigint[])",
	5, DB_LANE_DECISION},
	[DB_REPORT_RESOLUTION] = {"report_resolution",
		"SELECT arbees.report_resolution($1::int, $2::text, $3::text, $4::numeric, $5::numeric, $6::bigint)",
	6, DB_LANE_ACTION},
	[DB_CLAIM_ORDER] = {"claim_order",
		"SELECT claimed, reason, send_within_ms"
		" FROM arbees.claim_order($1::int, $2::bigint, $3::bigint, $4::text, $5::bytea, $6::text)",
	6, DB_LANE_ACTION},
	[DB_RECORD_PAYLOAD] = {"record_payload",
		"SELECT arbees.record_payload($1::bigint, $2::text, $3::bytea, $4::text)",
	4, DB_LANE_DECISION},
	[DB_UNRECORDED_ORDERS] = {"unrecorded_orders",
		"SELECT " TICKET_COLUMNS " FROM arbees.unrecorded_orders($1::int)",
	1, DB_LANE_DECISION},
	[DB_CLAIM_AGAIN] = {"claim_again",
		"SELECT claimed, reason, send_within_ms"
		" FROM arbees.claim_again($1::int, $2::bigint, $3::bigint, $4::bytea)",
	4, DB_LANE_ACTION},
	[DB_TRADER_SETTINGS] = {"trader_settings",
		"SELECT confirm_timeout_ms, send_deadline_ms, balance_per_order"
		" FROM arbees.trader_settings($1::int, $2::bigint)",
	2, DB_LANE_ACTION},
	[DB_REPORT_ORDER] = {"report_order",
		"SELECT arbees.report_order($1::int, $2::bigint, $3::bigint, $4::text, $5::text, $6::numeric, $7::text)",
	7, DB_LANE_ACTION},
	[DB_REPORT_FILL] = {"report_fill",
		"SELECT arbees.report_fill($1::int, $2::bigint, $3::text, $4::text, $5::text, $6::text, $7::text,"
		" $8::numeric, $9::numeric, $10::numeric, $11::numeric, $12::text, $13::bigint)",
	13, DB_LANE_ACTION},
	[DB_REPORT_CANCEL_SENT] = {"report_cancel_sent",
		"SELECT arbees.report_cancel_sent($1::int, $2::bigint, $3::bigint)",
	3, DB_LANE_ACTION},
	[DB_PENDING_WORK] = {"pending_work",
		"SELECT kind, age_ms, venue_order_id, state, " TICKET_COLUMNS
		" FROM arbees.pending_work($1::int, $2::bigint)",
	2, DB_LANE_ACTION},
	[DB_REPORT_VENUE_CHECKS] = {"report_venue_checks",
		"SELECT arbees.report_venue_checks($1::int, $2::bigint, $3::jsonb)",
	3, DB_LANE_ACTION},
	[DB_REPORT_BALANCE] = {"report_balance",
		"SELECT arbees.report_balance($1::int, $2::bigint, $3::numeric, $4::boolean)",
	4, DB_LANE_ACTION},
	[DB_REPORT_REDEMPTION] = {"report_redemption",
		"SELECT arbees.report_redemption($1::int, $2::bigint, $3::text, $4::numeric, $5::text)",
	5, DB_LANE_ACTION},
	[DB_BEGIN_RECONCILIATION] = {"begin_reconciliation",
		"SELECT arbees.begin_reconciliation($1::int, $2::bigint, $3::text)",
	3, DB_LANE_ACTION},
	[DB_FINISH_RECONCILIATION] = {"finish_reconciliation",
		"SELECT clean, differences, again_ms, cancel_order_ids::text AS cancel_order_ids, next_ms"
		" FROM arbees.finish_reconciliation($1::int, $2::bigint, $3::bigint, $4::int, $5::int, $6::int,"
		" $7::numeric, $8::text[], $9::numeric[], $10::text[])",
	10, DB_LANE_ACTION},
	[DB_RECONCILIATION_PLAN] = {"reconciliation_plan",
		"SELECT since_s, symbol, condition_id, tradable"
		" FROM arbees.reconciliation_plan($1::int, $2::bigint, $3::bigint)",
	3, DB_LANE_ACTION},
	[DB_REPORT_MARKETS] = {"report_markets",
		"SELECT arbees.report_markets($1::int, $2::bigint, $3::bigint, $4::text[], $5::text[], $6::numeric[],"
		" $7::numeric[], $8::numeric[], $9::int[], $10::boolean[])",
	10, DB_LANE_ACTION},
	[DB_WORKER_HEARTBEAT] = {"worker_heartbeat",
		"SELECT kill_level, market_ms, dry_run FROM arbees.worker_heartbeat($1::text, $2::jsonb)",
	2, DB_LANE_ACTION},
	[DB_WORKER_ALERT] = {"worker_alert",
		"SELECT arbees.worker_alert($1::text, $2::text, $3::text, $4::text)",
	4, DB_LANE_ACTION},
	[DB_WORKER_KILL] = {"worker_kill",
		"SELECT arbees.worker_kill($1::text, $2::text, $3::text)",
	3, DB_LANE_ACTION},
	[DB_REPORT_OPEN_ORDERS] = {"report_open_orders",
		"SELECT arbees.report_open_orders($1::int, $2::bigint, $3::int)",
	3, DB_LANE_ACTION},
};

const DbStatement *
arb_db_statement(DbStatementId id)
{
	if (id <= DB_STATEMENT_NONE || id >= DB_STATEMENT_COUNT || Statements[id].sql == NULL)
		return NULL;
	return &Statements[id];
}
