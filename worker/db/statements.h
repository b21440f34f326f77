/*-------------------------------------------------------------------------
 *
 * worker/db/statements.h
 *	  Every statement the worker may send, by name.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARBEES_DB_STATEMENTS_H
#define ARBEES_DB_STATEMENTS_H

typedef enum DbStatementId
{
	DB_STATEMENT_NONE = 0,
	DB_WORKER_HELLO,
	DB_ACQUIRE_TRADER,
	DB_RENEW_TRADER,
	DB_RELEASE_TRADER,
	DB_REPORT_WINDOW,
	DB_REPORT_TICK_SIZE,
	DB_ON_QUOTES,
	DB_REPORT_TRADES,
	DB_REPORT_RESOLUTION,
	DB_CLAIM_ORDER,
	DB_RECORD_PAYLOAD,
	DB_UNRECORDED_ORDERS,
	DB_CLAIM_AGAIN,
	DB_TRADER_SETTINGS,
	DB_REPORT_ORDER,
	DB_REPORT_FILL,
	DB_REPORT_CANCEL_SENT,
	DB_PENDING_WORK,
	DB_REPORT_VENUE_CHECKS,
	DB_REPORT_BALANCE,
	DB_REPORT_REDEMPTION,
	DB_BEGIN_RECONCILIATION,
	DB_FINISH_RECONCILIATION,
	DB_RECONCILIATION_PLAN,
	DB_REPORT_MARKETS,
	DB_WORKER_HEARTBEAT,
	DB_WORKER_ALERT,
	DB_WORKER_KILL,
	DB_REPORT_OPEN_ORDERS,
	DB_STATEMENT_COUNT
} DbStatementId;

/* Which connection prepares a statement. */
typedef enum DbLane
{
	DB_LANE_DECISION = 1,
	DB_LANE_ACTION = 2
} DbLane;

typedef struct DbStatement
{
	const char *name;			/* of the prepared statement, and in logs */
	const char *sql;
	int			arguments;
	DbLane		lane;
} DbStatement;

extern const DbStatement *arb_db_statement(DbStatementId id);

#endif							/* ARBEES_DB_STATEMENTS_H */
