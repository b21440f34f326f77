/*-------------------------------------------------------------------------
 *
 * src/market/calendar.c
 *	  When a venue's market is open.
 *
 * A venue without a calendar never closes. One with a calendar is open within
 * the sessions of arbees.market_sessions, from opens_at on and before closes_at;
 * a calendar without sessions, or past its last one, is closed.
 *
 * On the decision path: a backend keeps all sessions, sorted, until the trigger
 * below tells of a change. Sessions of a calendar do not overlap (the verb that
 * adds one sees to it); where they do all the same, the one that opened last
 * decides.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/table.h"
#include "access/tableam.h"
#include "commands/trigger.h"
#include "core/catalog.h"
#include "core/relcache.h"
#include "fmgr.h"
#include "market/calendar.h"
#include "utils/builtins.h"
#include "utils/inval.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

PG_FUNCTION_INFO_V1(arbees_calendar_changed);

/* Columns of arbees.market_sessions, in order. */
enum
{
	SESSION_COLUMN_CALENDAR = 1, SESSION_COLUMN_OPENS_AT, SESSION_COLUMN_CLOSES_AT
};

typedef struct Session
{
	char	   *calendar;
	TimestampTz opens_at;
	TimestampTz closes_at;
} Session;

#define FIRST_CAPACITY 64

static bool valid = false;
static uint64 invalidations = 0;
static Oid	sessions_oid = InvalidOid;
static Session *sessions = NULL;
static int	session_count = 0;
static MemoryContext sessions_context = NULL;

static void
forget_sessions(Datum arg, Oid relid)
{
	if (relid == InvalidOid || relid == sessions_oid)
	{
		valid = false;
		invalidations++;
	}
}

static int
compare_sessions(const void *a, const void *b)
{
	const Session *x = a;
	const Session *y = b;
	int			by_name = strcmp(x->calendar, y->calendar);

	if (by_name != 0)
		return by_name;
	return x->opens_at < y->opens_at ? -1 : x->opens_at > y->opens_at ? 1 : 0;
}

static void
add_session(TupleTableSlot *slot, int *capacity)
{
	bool		isnull;
	Session    *session;

	if (session_count == *capacity)
	{
		*capacity *= 2;
		sessions = repalloc(sessions, *capacity * sizeof(Session));
	}
	session = &sessions[session_count++];
	session->calendar = TextDatumGetCString(slot_getattr(slot, SESSION_COLUMN_CALENDAR, &isnull));
	session->opens_at = DatumGetTimestampTz(slot_getattr(slot, SESSION_COLUMN_OPENS_AT, &isnull));
	session->closes_at = DatumGetTimestampTz(slot_getattr(slot, SESSION_COLUMN_CLOSES_AT, &isnull));
}

static void
load_sessions(void)
{
	int			capacity = FIRST_CAPACITY;
	Relation	rel;
	Snapshot	snapshot;
	TableScanDesc scan;
	TupleTableSlot *slot;
	MemoryContext old;

	sessions_oid = arb_catalog_relation("market_sessions");
	if (sessions_context == NULL)
		sessions_context = AllocSetContextCreate(TopMemoryContext, "arbees calendars", ALLOCSET_SMALL_SIZES);
	MemoryContextReset(sessions_context);
	session_count = 0;
	rel = table_open(sessions_oid, AccessShareLock);
	snapshot = RegisterSnapshot(GetLatestSnapshot());
	slot = table_slot_create(rel, NULL);
	scan = table_beginscan(rel, snapshot, 0, NULL);
	old = MemoryContextSwitchTo(sessions_context);
	sessions = palloc(capacity * sizeof(Session));
	while (table_scan_getnextslot(scan, ForwardScanDirection, slot))
		add_session(slot, &capacity);
	MemoryContextSwitchTo(old);
	table_endscan(scan);
	ExecDropSingleTupleTableSlot(slot);
	UnregisterSnapshot(snapshot);
	table_close(rel, NoLock);
	qsort(sessions, session_count, sizeof(Session), compare_sessions);
}

static void
require_sessions(void)
{
	static bool registered = false;

	if (!registered)
	{
		arb_relcache_callback(forget_sessions);
		registered = true;
	}
	AcceptInvalidationMessages();
	while (!valid)
	{
		uint64		before = invalidations;

		load_sessions();
		valid = before == invalidations;
	}
}

/* arb_calendar_open tells whether the market of a venue (a row of venues_table) is open. */
bool
arb_calendar_open(const Row *venue, TimestampTz market_time)
{
	Session		now;
	int			low = 0;
	int			high;

	if (venue->null[VENUES_calendar])
		return true;
	require_sessions();
	now.calendar = TextDatumGetCString(venue->value[VENUES_calendar]);
	now.opens_at = market_time;
	/* The last session that opened until now. */
	for (high = session_count; low < high;)
	{
		int			middle = low + (high - low) / 2;

		if (compare_sessions(&sessions[middle], &now) <= 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low > 0 && strcmp(sessions[low - 1].calendar, now.calendar) == 0 &&
		market_time < sessions[low - 1].closes_at;
}

/* Tells every session that the calendars are other ones now. */
Datum
arbees_calendar_changed(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = (TriggerData *) fcinfo->context;

	if (!CALLED_AS_TRIGGER(fcinfo) || TRIGGER_FIRED_FOR_ROW(trigger->tg_event))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("arbees.calendar_changed is a trigger function for statements")));
	CacheInvalidateRelcacheByRelid(RelationGetRelid(trigger->tg_relation));
	return PointerGetDatum(NULL);
}
