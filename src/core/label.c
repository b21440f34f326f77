/*-------------------------------------------------------------------------
 *
 * src/core/label.c
 *	  C enums and their SQL enum types, matched by name.
 *
 * Oids are looked up once per backend and forgotten when a type changes, so
 * that DROP EXTENSION and CREATE EXTENSION in one session work.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_enum.h"
#include "catalog/pg_type.h"
#include "core/catalog.h"
#include "core/label.h"
#include "utils/inval.h"
#include "utils/syscache.h"

#define MAX_LABELS 10

typedef struct LabelSet
{
	const char *type_name;
	const char *names[MAX_LABELS];	/* position = C value - 1 */
} LabelSet;

static const LabelSet LabelSets[LABEL_TYPE_COUNT] = {
	[LABEL_MODE] = {"mode", {"PAPER", "DRY_RUN", "LIVE", "BACKTEST"}},
	[LABEL_KILL_LEVEL] = {"kill_level", {"none", "pause", "flatten", "emergency"}},
	[LABEL_SIDE] = {"side", {"BUY", "SELL"}},
	[LABEL_AMOUNT_KIND] = {"amount_kind", {"base", "money"}},
	[LABEL_TIME_IN_FORCE] = {"time_in_force", {"GTC", "GTD", "FOK", "FAK"}},
	[LABEL_ORDER_PURPOSE] = {"order_purpose", {"ENTRY", "EXIT"}},
	[LABEL_VERDICT] = {"verdict", {"accepted", "denied", "monitored"}},
	[LABEL_ORDER_STATE] = {"order_state",
		{"NEW", "SENDING", "OPEN", "PARTIALLY_FILLED", "FILLED", "CANCELED",
	"EXPIRED", "REJECTED", "UNKNOWN"}},
	[LABEL_POSITION_STATE] = {"position_state",
		{"ENTRY", "MONITORING", "STOP_TRIGGERED", "TP_TRIGGERED", "EXPIRY",
	"KILL_TRIGGERED", "EXIT_PENDING", "CLOSED"}},
	[LABEL_WINDOW_STATE] = {"window_state",
		{"SCHEDULED", "OPEN", "CLOSED", "RESOLVED", "REDEEMING", "REDEEMED"}},
	[LABEL_BREAKER_STATE] = {"breaker_state", {"CLOSED", "OPEN", "HALF_OPEN"}},
	[LABEL_OUTCOME] = {"outcome", {"UP", "DOWN"}},
	[LABEL_SETTLEMENT] = {"settlement", {"PROVISIONAL", "CONFIRMED", "VOIDED"}},
	[LABEL_TAKE_PROFIT_KIND] = {"take_profit_kind", {"fixed", "trailing", "none"}},
	[LABEL_EXIT_REASON] = {"exit_reason",
		{"kill", "stop_loss", "expiry", "take_profit", "trailing", "operator"}},
	[LABEL_LEDGER_KIND] = {"ledger_kind",
		{"DEPOSIT", "WITHDRAWAL", "RESERVE", "RELEASE", "FILL", "VOID", "SETTLE",
	"REDEEM", "DAY", "ADOPT"}},
};

static Oid	type_oids[LABEL_TYPE_COUNT];
static Oid	label_oids[LABEL_TYPE_COUNT][MAX_LABELS];

static void
forget_oids(Datum arg, int cacheid, uint32 hashvalue)
{
	memset(type_oids, 0, sizeof(type_oids));
	memset(label_oids, 0, sizeof(label_oids));
}

static void
load_type(LabelType type)
{
	static bool registered = false;
	Oid			type_oid;
	Oid			oids[MAX_LABELS] = {0};
	int			i;

	if (!registered)
	{
		CacheRegisterSyscacheCallback(TYPEOID, forget_oids, (Datum) 0);
		registered = true;
	}
	type_oid = arb_catalog_type(LabelSets[type].type_name);
	for (i = 0; i < MAX_LABELS && LabelSets[type].names[i] != NULL; i++)
	{
		HeapTuple	tuple = SearchSysCache2(ENUMTYPOIDNAME, ObjectIdGetDatum(type_oid),
											CStringGetDatum(LabelSets[type].names[i]));

		if (!HeapTupleIsValid(tuple))
			elog(ERROR, "type arbees.%s has no label \"%s\"",
				 LabelSets[type].type_name, LabelSets[type].names[i]);
		oids[i] = ((Form_pg_enum) GETSTRUCT(tuple))->oid;
		ReleaseSysCache(tuple);
	}
	/* At the end and all at once: the look-ups themselves may run forget_oids. */
	memcpy(label_oids[type], oids, sizeof(oids));
	type_oids[type] = type_oid;
}

int
arb_label_count(LabelType type)
{
	int			n = 0;

	while (n < MAX_LABELS && LabelSets[type].names[n] != NULL)
		n++;
	return n;
}

/* arb_label_name returns the label of a C value. */
const char *
arb_label_name(LabelType type, int value)
{
	if (value < 1 || value > arb_label_count(type))
		elog(ERROR, "value %d is no label of arbees.%s", value, LabelSets[type].type_name);
	return LabelSets[type].names[value - 1];
}

/* arb_label_parse returns the C value of a label, 0 when there is none. */
int
arb_label_parse(LabelType type, const char *name)
{
	int			i;

	for (i = 0; i < MAX_LABELS && LabelSets[type].names[i] != NULL; i++)
		if (strcmp(LabelSets[type].names[i], name) == 0)
			return i + 1;
	return 0;
}

Oid
arb_label_oid(LabelType type, int value)
{
	if (!OidIsValid(type_oids[type]))
		load_type(type);
	if (value < 1 || value > MAX_LABELS || !OidIsValid(label_oids[type][value - 1]))
		elog(ERROR, "value %d is no label of arbees.%s", value, LabelSets[type].type_name);
	return label_oids[type][value - 1];
}

/* arb_label_value returns the C value of a stored label, 0 when unknown: the caller denies. */
int
arb_label_value(LabelType type, Oid oid)
{
	int			i;

	if (!OidIsValid(type_oids[type]))
		load_type(type);
	for (i = 0; i < MAX_LABELS && OidIsValid(label_oids[type][i]); i++)
		if (label_oids[type][i] == oid)
			return i + 1;
	return 0;
}
