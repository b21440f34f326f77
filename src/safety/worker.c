/*-------------------------------------------------------------------------
 *
 * src/safety/worker.c
 *	  What workers say of themselves: hello, heartbeat, alerts, the venue's checks.
 *
 * docs/worker-protocol.md is the contract. A heartbeat commits asynchronously:
 * losing the last one in a crash only makes a worker look older than it is.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "core/clock.h"
#include "core/result.h"
#include "core/sql.h"
#include "core/table.h"
#include "core/txn.h"
#include "errors.h"
#include "fmgr.h"
#include "journal/journal.h"
#include "safety/control.h"
#include "safety/kill.h"
#include "safety/trader_lock.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/timestamp.h"

#define MAX_STATE_BYTES			65536
#define MAX_FEEDS				64
#define MAX_INPUT_ERROR_KINDS	64

PG_FUNCTION_INFO_V1(arbees_worker_hello);
PG_FUNCTION_INFO_V1(arbees_worker_heartbeat);
PG_FUNCTION_INFO_V1(arbees_worker_alert);
PG_FUNCTION_INFO_V1(arbees_report_venue_checks);

static char *
text_argument(FunctionCallInfo fcinfo, int argument)
{
	return PG_ARGISNULL(argument) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(argument));
}

static char *
worker_argument(FunctionCallInfo fcinfo)
{
	char	   *worker = text_argument(fcinfo, 0);

	if (worker == NULL || *worker == '\0' || strlen(worker) > MAX_WORKER_NAME_BYTES)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a worker's name has 1 to %d bytes", MAX_WORKER_NAME_BYTES)));
	return worker;
}

static void
check_roles(const char *roles)
{
	static const char known[] = "feed,trade,serve,alert";
	const char *c = roles;

	if (roles == NULL || *roles == '\0')
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a worker has at least one role of %s", known)));
	while (*c != '\0')
	{
		size_t		length = strcspn(c, ",");
		char	   *role = pnstrdup(c, length);

		if (!arb_control_list_allows(known, role))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("\"%s\" is no role of a worker", role),
					 errdetail("Roles are %s, separated by commas.", known)));
		c += length;
		if (*c == ',')
			c++;
	}
}

/* The venue as its row, with the account's columns beside it. */
typedef struct Welcome
{
	Datum		values[12];
	bool		nulls[12];
} Welcome;

enum
{
	WELCOME_VENUE_ID, WELCOME_IS_SIMULATOR, WELCOME_CLOCK_DRIVEN, WELCOME_ENDPOINTS, WELCOME_CHAIN_ID,
	WELCOME_ACCOUNT_ID, WELCOME_ADDRESS, WELCOME_SIGNATURE_TYPE, WELCOME_FROM_TABLES,
	WELCOME_LEASE_MS = WELCOME_FROM_TABLES, WELCOME_CONFIRM_MS, WELCOME_TICK_HISTORY,
	WELCOME_LIVE_PORTFOLIOS
};

static void
read_welcome(const char *venue, const char *account, Welcome *welcome)
{
	static SqlPlan plan = {
		"SELECT v.venue_id, v.is_simulator, v.clock_driven, v.endpoints, v.chain_id,"
		"  a.venue_account_id, a.address, a.signature_type,"
		"  (SELECT pg_catalog.count(*)::integer FROM arbees.portfolios p"
		"   WHERE p.venue_account_id = a.venue_account_id AND p.mode = 'LIVE')"
		" FROM arbees.venues v"
		" LEFT JOIN arbees.venue_accounts a ON a.venue_id = v.venue_id AND a.name = $2"
		" WHERE v.name = $1",
		2, {TEXTOID, TEXTOID}
	};
	Datum		values[2] = {CStringGetTextDatum(venue), (Datum) 0};
	char		nulls[2] = {' ', 'n'};
	bool		found;
	int			i;

	if (account != NULL)
	{
		values[1] = CStringGetTextDatum(account);
		nulls[1] = ' ';
	}
	memset(welcome, 0, sizeof(Welcome));
	arb_sql_begin();
	found = arb_sql_run(&plan, values, nulls) > 0;
	for (i = 0; found && i < WELCOME_FROM_TABLES; i++)
		welcome->values[i] = arb_sql_copy(0, i + 1, &welcome->nulls[i]);
	if (found)
		welcome->values[WELCOME_LIVE_PORTFOLIOS] = Int32GetDatum(arb_sql_int32(0, 9, 0));
	arb_sql_end();
	if (!found)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("venue \"%s\" does not exist", venue),
				 errhint("SELECT name FROM arbees.venues lists them.")));
	if (account != NULL && welcome->nulls[WELCOME_ACCOUNT_ID])
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("venue \"%s\" has no account \"%s\"", venue, account),
				 errhint("SELECT name FROM arbees.venue_accounts lists them.")));
}

static void
register_worker(const char *worker, const Welcome *welcome, const char *roles, int32 pid)
{
	static SqlPlan plan = {
		"INSERT INTO arbees.workers AS w (worker, venue_id, venue_account_id, roles, pid, started_at, seen_at)"
		" VALUES ($1, $2, $3, $4, $5, pg_catalog.clock_timestamp(), pg_catalog.clock_timestamp())"
		" ON CONFLICT (worker) DO UPDATE SET venue_id = excluded.venue_id,"
		"  venue_account_id = excluded.venue_account_id, roles = excluded.roles, pid = excluded.pid,"
		"  started_at = excluded.started_at, seen_at = excluded.seen_at, clock_offset_ms = NULL",
		5, {TEXTOID, INT4OID, INT4OID, TEXTOID, INT4OID}
	};
	static SqlPlan forget_feeds = {"DELETE FROM arbees.feeds WHERE worker = $1", 1, {TEXTOID}};
	Datum		values[5];
	char		nulls[5] = {' ', ' ', welcome->nulls[WELCOME_ACCOUNT_ID] ? 'n' : ' ', ' ', ' '};

	values[0] = CStringGetTextDatum(worker);
	values[1] = welcome->values[WELCOME_VENUE_ID];
	values[2] = welcome->values[WELCOME_ACCOUNT_ID];
	values[3] = CStringGetTextDatum(roles);
	values[4] = Int32GetDatum(pid);
	arb_sql_begin();
	arb_sql_run(&plan, values, nulls);
	/* The channels of the process before are not this one's. */
	arb_sql_run(&forget_feeds, values, NULL);
	arb_sql_end();
	arb_journal(JOURNAL_NO_MODE, "worker_started", 0, 0,
				psprintf("%s, pid %d, roles %s", worker, pid, roles));
}

/* arbees.worker_hello registers a worker and tells it where the venue is. */
Datum
arbees_worker_hello(PG_FUNCTION_ARGS)
{
	char	   *worker = worker_argument(fcinfo);
	char	   *venue = text_argument(fcinfo, 1);
	char	   *account = text_argument(fcinfo, 2);
	char	   *roles = text_argument(fcinfo, 3);
	int32		pid = PG_ARGISNULL(4) ? 0 : PG_GETARG_INT32(4);
	/* Whoever does not say counts as the server's own user. */
	bool		own_user = PG_ARGISNULL(5) ? false : PG_GETARG_BOOL(5);
	const Controls *controls;
	Welcome		welcome;

	check_roles(roles);
	read_welcome(venue == NULL ? "" : venue, account, &welcome);
	if (account != NULL && !own_user && !DatumGetBool(welcome.values[WELCOME_IS_SIMULATOR]))
		ereport(ERROR,
				(errcode(ERRCODE_ARB_RISK_DENIED),
				 errmsg("worker \"%s\" cannot trade account \"%s\" as the server's own user", worker, account),
				 errdetail("Real keys must not be readable by the database server."),
				 errhint("Run the worker as an operating system user of its own.")));
	register_worker(worker, &welcome, roles, pid);
	controls = arb_controls();
	welcome.values[WELCOME_LEASE_MS] = Int32GetDatum((int32) controls->lease_ms);
	welcome.nulls[WELCOME_LEASE_MS] = controls->lease_ms < 0;
	welcome.values[WELCOME_CONFIRM_MS] = Int32GetDatum((int32) controls->confirm_timeout_ms);
	welcome.nulls[WELCOME_CONFIRM_MS] = controls->confirm_timeout_ms < 0;
	welcome.values[WELCOME_TICK_HISTORY] = BoolGetDatum(controls->tick_history);
	PG_RETURN_DATUM(arb_result_row(fcinfo, lengthof(welcome.values), welcome.values, welcome.nulls));
}

/* Marks the worker as seen; returns whether it is known, the driven clock of its venue, and whether its account has DRY_RUN portfolios. */
static bool
touch_worker(const char *worker, Datum state, bool has_state, int64 *market_ms, bool *dry_run)
{
	static SqlPlan plan = {
		"UPDATE arbees.workers w SET seen_at = pg_catalog.clock_timestamp(),"
		"  clock_offset_ms = CASE WHEN pg_catalog.jsonb_typeof($2 -> 'clock_offset_ms') = 'number'"
		"   THEN ($2 ->> 'clock_offset_ms')::numeric ELSE w.clock_offset_ms END"
		" FROM arbees.venues v WHERE w.worker = $1 AND v.venue_id = w.venue_id"
		" RETURNING CASE WHEN v.clock_driven THEN v.market_time END,"
		"  EXISTS (SELECT FROM arbees.portfolios p WHERE p.venue_account_id = w.venue_account_id AND p.mode = 'DRY_RUN')",
		2, {TEXTOID, JSONBOID}
	};
	Datum		values[2] = {CStringGetTextDatum(worker), state};
	char		nulls[2] = {' ', has_state ? ' ' : 'n'};
	bool		isnull = true;
	bool		known;
	Datum		time = (Datum) 0;

	arb_sql_begin();
	known = arb_sql_run(&plan, values, nulls) > 0;
	*dry_run = false;
	if (known)
	{
		bool		no_answer;

		*dry_run = DatumGetBool(arb_sql_value(0, 2, &no_answer));
		time = arb_sql_value(0, 1, &isnull);
	}
	*market_ms = isnull ? -1 : arb_time_to_unix_ms(DatumGetTimestampTz(time));
	arb_sql_end();
	return known;
}

static void
store_feeds(const char *worker, Datum state)
{
	static SqlPlan plan = {
		"INSERT INTO arbees.feeds AS o"
		"  (worker, channel, connected, messages, errors, reconnects, last_data_at, seen_at)"
		" SELECT DISTINCT ON (f.channel) $1, f.channel, coalesce(f.connected, false), coalesce(f.messages, 0),"
		"  coalesce(f.errors, 0), coalesce(f.reconnects, 0),"
		"  CASE WHEN f.last_data_ms > 0 THEN pg_catalog.to_timestamp(f.last_data_ms / 1000.0) END,"
		"  pg_catalog.clock_timestamp()"
		" FROM (SELECT * FROM pg_catalog.jsonb_to_recordset($2 -> 'feeds') AS r (channel text, connected boolean,"
		"   messages bigint, errors bigint, reconnects bigint, last_data_ms bigint) LIMIT $3) f"
		" WHERE pg_catalog.length(f.channel) BETWEEN 1 AND 64"
		" ON CONFLICT (worker, channel) DO UPDATE SET connected = excluded.connected,"
		"  messages = o.messages + excluded.messages, errors = o.errors + excluded.errors,"
		"  reconnects = o.reconnects + excluded.reconnects,"
		"  last_data_at = coalesce(excluded.last_data_at, o.last_data_at), seen_at = excluded.seen_at",
		3, {TEXTOID, JSONBOID, INT8OID}
	};
	Datum		values[3] = {CStringGetTextDatum(worker), state, Int64GetDatum(MAX_FEEDS)};

	arb_sql_begin();
	arb_sql_run(&plan, values, NULL);
	arb_sql_end();
}

static void
store_input_errors(const char *worker, Datum state)
{
	static SqlPlan plan = {
		"INSERT INTO arbees.input_errors AS o (worker, kind, count, first_at, last_at, last_context)"
		" SELECT DISTINCT ON (e.kind) $1, e.kind, e.count, pg_catalog.clock_timestamp(),"
		"  pg_catalog.clock_timestamp(), pg_catalog.left(e.context, 500)"
		" FROM (SELECT * FROM pg_catalog.jsonb_to_recordset($2 -> 'input_errors') AS r (kind text, count bigint,"
		"   context text) LIMIT $3) e"
		" WHERE pg_catalog.length(e.kind) BETWEEN 1 AND 64 AND e.count > 0"
		" ON CONFLICT (worker, kind) DO UPDATE SET count = o.count + excluded.count,"
		"  last_at = excluded.last_at, last_context = coalesce(excluded.last_context, o.last_context)",
		3, {TEXTOID, JSONBOID, INT8OID}
	};
	Datum		values[3] = {CStringGetTextDatum(worker), state, Int64GetDatum(MAX_INPUT_ERROR_KINDS)};

	arb_sql_begin();
	arb_sql_run(&plan, values, NULL);
	arb_sql_end();
}

/* Whether an optional member is there as an array; anything else under its name is the worker's error. */
static bool
has_array(Datum state, const char *name)
{
	JsonbValue	key;
	JsonbValue *value;

	key.type = jbvString;
	key.val.string.val = unconstify(char *, name);
	key.val.string.len = strlen(name);
	value = findJsonbValueFromContainer(&DatumGetJsonbP(state)->root, JB_FOBJECT, &key);
	if (value == NULL || value->type == jbvNull)
		return false;
	if (value->type != jbvBinary || !JsonContainerIsArray(value->val.binary.data) ||
		JsonContainerIsScalar(value->val.binary.data))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("member \"%s\" of a worker's state is not an array", name)));
	return true;
}

static void
check_state(Datum state)
{
	Jsonb	   *jsonb = DatumGetJsonbP(state);

	if (!JB_ROOT_IS_OBJECT(jsonb))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a worker's state is a JSON object")));
	if (VARSIZE(jsonb) > MAX_STATE_BYTES)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("a worker's state is larger than %d bytes", MAX_STATE_BYTES)));
}

/* arbees.worker_heartbeat says that a worker lives; it hears the kill level, the driven time, and whether it decides for DRY_RUN. */
Datum
arbees_worker_heartbeat(PG_FUNCTION_ARGS)
{
	char	   *worker = worker_argument(fcinfo);
	bool		has_state = !PG_ARGISNULL(1);
	Datum		state = has_state ? PG_GETARG_DATUM(1) : (Datum) 0;
	Datum		values[3];
	bool		nulls[3] = {false};
	int64		market_ms;
	bool		dry_run;
	Snapshot	snapshot;

	arb_commit_asynchronously();
	if (has_state)
		check_state(state);
	if (!touch_worker(worker, state, has_state, &market_ms, &dry_run))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("worker \"%s\" is not registered", worker),
				 errhint("Call arbees.worker_hello first.")));
	if (has_state && has_array(state, "feeds"))
		store_feeds(worker, state);
	if (has_state && has_array(state, "input_errors"))
		store_input_errors(worker, state);
	snapshot = arb_snapshot_begin();
	values[0] = CStringGetTextDatum(arb_label_name(LABEL_KILL_LEVEL, arb_kill_level(snapshot)));
	arb_snapshot_end(snapshot);
	values[1] = Int64GetDatum(market_ms);
	nulls[1] = market_ms < 0;
	values[2] = BoolGetDatum(dry_run);
	PG_RETURN_DATUM(arb_result_row(fcinfo, lengthof(values), values, nulls));
}

/* arbees.worker_alert raises an alert in a worker's name. */
Datum
arbees_worker_alert(PG_FUNCTION_ARGS)
{
	char	   *worker = worker_argument(fcinfo);
	char	   *severity = text_argument(fcinfo, 1);
	char	   *kind = text_argument(fcinfo, 2);
	char	   *message = text_argument(fcinfo, 3);

	if (severity == NULL || !arb_control_list_allows("info,warning,critical", severity))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("an alert's severity is info, warning or critical")));
	if (kind == NULL || *kind == '\0' || strlen(kind) > 64 || message == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("an alert has a kind of 1 to 64 bytes and a message")));
	arb_alert(severity, kind, 0, psprintf("%s: %s", worker, message));
	PG_RETURN_VOID();
}

/* Only what the contract names, of the type it names. */
static void
check_checks(Datum checks)
{
	static SqlPlan plan = {
		"SELECT e.key FROM pg_catalog.jsonb_each($1) e"
		" WHERE CASE WHEN e.key IN ('geoblock_ok', 'closed_only', 'allowance_ok', 'signature_type_ok', 'trading_allowed')"
		"  THEN pg_catalog.jsonb_typeof(e.value) <> 'boolean'"
		"  WHEN e.key = 'clock_offset_ms' THEN pg_catalog.jsonb_typeof(e.value) NOT IN ('number', 'null')"
		"  ELSE true END",
		1, {JSONBOID}, NULL, true
	};
	char	   *wrong;

	if (!JB_ROOT_IS_OBJECT(DatumGetJsonbP(checks)))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a venue's checks are a JSON object")));
	arb_sql_begin();
	wrong = arb_sql_run(&plan, &checks, NULL) > 0 ? arb_sql_text(0, 1) : NULL;
	arb_sql_end();
	if (wrong != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("venue check \"%s\" is unknown or of the wrong type", wrong),
				 errdetail("geoblock_ok, closed_only, allowance_ok, signature_type_ok and trading_allowed are booleans, clock_offset_ms is a number.")));
}

/* arbees.report_venue_checks stores what the venue says about the account. */
Datum
arbees_report_venue_checks(PG_FUNCTION_ARGS)
{
	static SqlPlan plan = {
		"UPDATE arbees.venue_accounts SET checks = $2, checks_at = pg_catalog.clock_timestamp()"
		" WHERE venue_account_id = $1",
		2, {INT4OID, JSONBOID}
	};
	int32		account = PG_GETARG_INT32(0);
	Datum		values[2] = {Int32GetDatum(account), PG_GETARG_DATUM(2)};

	arb_require_read_committed("arbees.report_venue_checks");
	arb_trader_require(account, PG_GETARG_INT64(1));
	check_checks(values[1]);
	arb_sql_begin();
	arb_sql_run(&plan, values, NULL);
	arb_sql_end();
	PG_RETURN_VOID();
}
