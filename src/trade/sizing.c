/*-------------------------------------------------------------------------
 *
 * src/trade/sizing.c
 *	  How a strategy sizes its orders: what it declared, what a deployment made of it.
 *
 * A strategy declares under "sizing" in its parameters:
 *
 *		{"kind": "fixed_usd" | "fixed_fraction" | "volatility_target" | "signal",
 *		 "value": dollars | share of equity | percent of equity per square root of a minute,
 *		 "cap_usd": most dollars of an order (volatility_target must have one),
 *		 "confidence": {"at_0": share, "at_1": share},
 *		 "drawdown": {"start_usd": dollars, "zero_usd": dollars},
 *		 "volatility": {"full_pct": percent, "zero_pct": percent},
 *		 "stop": {"calm_pct": percent, "wild_pct": percent, "tightest": share},
 *		 "ranges": {"value": [least, most], "cap_usd": [least, most]}}
 *
 * A deployment's params may state value and cap_usd under "sizing", within the ranges; where no
 * range is declared, it may only make them smaller. What cannot be read is refused when it is
 * registered or deployed; should it stand in a row all the same, the gate denies.
 *
 * Parsed once: a backend keeps what it parsed with the bytes it was parsed from, and compares
 * those bytes at each use, so that nothing needs to be invalidated.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "core/result.h"
#include "fmgr.h"
#include "trade/sizing.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/hsearch.h"
#include "utils/jsonb.h"
#include "utils/memutils.h"

/* A billion: no dollars, percent or shares of an order are beyond. */
#define LARGEST (INT64CONST(1000000000) * FIXED_ONE)

static const char *const KindNames[] = {"signal", "fixed_usd", "fixed_fraction", "volatility_target"};

/* ---- reading ---- */

/* What is wrong, said once; NULL while nothing is. Reading never raises: the gate reads, too. */
typedef struct Complaint
{
	char	   *message;
} Complaint;

static void pg_attribute_printf(2, 3)
complain(Complaint *c, const char *format, ...)
{
	va_list		args;

	if (c->message != NULL)
		return;
	c->message = palloc(256);
	va_start(args, format);
	vsnprintf(c->message, 256, format, args);
	va_end(args);
}

static JsonbValue *
field(JsonbContainer *object, const char *name)
{
	JsonbValue	key;

	key.type = jbvString;
	key.val.string.val = unconstify(char *, name);
	key.val.string.len = (int) strlen(name);
	return findJsonbValueFromContainer(object, JB_FOBJECT, &key);
}

/* The object under a name; NULL where it is absent, or is none (then the complaint says so). */
static JsonbContainer *
object_field(JsonbContainer *object, const char *name, Complaint *c)
{
	JsonbValue *found = field(object, name);

	if (found == NULL)
		return NULL;
	if (found->type != jbvBinary || !JsonContainerIsObject(found->val.binary.data))
	{
		complain(c, "\"%s\" must be an object", name);
		return NULL;
	}
	return found->val.binary.data;
}

/* A key nobody reads is a wish nobody heeds. */
static void
only_fields(JsonbContainer *object, const char *where, const char *const *names, int count, Complaint *c)
{
	JsonbIterator *it = JsonbIteratorInit(object);
	JsonbValue	key;
	JsonbIteratorToken token;

	while ((token = JsonbIteratorNext(&it, &key, true)) != WJB_DONE)
	{
		int			i;

		if (token != WJB_KEY)
			continue;
		for (i = 0; i < count; i++)
			if (key.val.string.len == (int) strlen(names[i]) &&
				memcmp(key.val.string.val, names[i], key.val.string.len) == 0)
				break;
		if (i == count)
			complain(c, "\"%s\" has no field \"%.*s\"", where, Min(key.val.string.len, 64), key.val.string.val);
	}
}

static Fixed
number(const JsonbValue *found, const char *where, Fixed least, Fixed most, Complaint *c)
{
	double		rough;
	Fixed		value = 0;

	if (found == NULL || found->type != jbvNumeric)
	{
		complain(c, "\"%s\" must be a number", where);
		return 0;
	}
	rough = DatumGetFloat8(DirectFunctionCall1(numeric_float8_no_overflow, NumericGetDatum(found->val.numeric)));
	if (fabs(rough) <= 2e9)
		value = arb_fixed_from_numeric(NumericGetDatum(found->val.numeric));
	if (fabs(rough) > 2e9 || value < least || value > most)
		complain(c, "\"%s\" must be between %s and %s", where, arb_fixed_to_cstring(least), arb_fixed_to_cstring(most));
	return value;
}

static Fixed
number_field(JsonbContainer *object, const char *where, const char *name, Fixed least, Fixed most, Complaint *c)
{
	return number(field(object, name), psprintf("%s.%s", where, name), least, most, c);
}

/* ---- what a strategy declares ---- */

/* Names of a curve's ends, and between what its ends must lie. */
typedef struct CurveDef
{
	const char *name;
	const char *from;			/* x0 */
	const char *to;				/* x1 */
} CurveDef;

static bool
read_falling_curve(JsonbContainer *sizing, const CurveDef *def, Curve *curve, Complaint *c)
{
	const char *const names[] = {def->from, def->to};
	JsonbContainer *object = object_field(sizing, def->name, c);

	if (object == NULL)
		return false;
	only_fields(object, def->name, names, lengthof(names), c);
	curve->x0 = number_field(object, def->name, def->from, 0, LARGEST, c);
	curve->x1 = number_field(object, def->name, def->to, 0, LARGEST, c);
	curve->y0 = FIXED_ONE;
	curve->y1 = 0;
	if (curve->x0 >= curve->x1)
		complain(c, "\"%s.%s\" must be below \"%s.%s\"", def->name, def->from, def->name, def->to);
	return true;
}

static bool
read_confidence(JsonbContainer *sizing, Curve *curve, Complaint *c)
{
	static const char *const names[] = {"at_0", "at_1"};
	JsonbContainer *object = object_field(sizing, "confidence", c);

	if (object == NULL)
		return false;
	only_fields(object, "confidence", names, lengthof(names), c);
	curve->x0 = 0;
	curve->y0 = number_field(object, "confidence", "at_0", 0, FIXED_ONE, c);
	curve->x1 = FIXED_ONE;
	curve->y1 = number_field(object, "confidence", "at_1", 0, FIXED_ONE, c);
	return true;
}

static bool
read_stop(JsonbContainer *sizing, Curve *curve, Complaint *c)
{
	static const char *const names[] = {"calm_pct", "wild_pct", "tightest"};
	JsonbContainer *object = object_field(sizing, "stop", c);

	if (object == NULL)
		return false;
	only_fields(object, "stop", names, lengthof(names), c);
	curve->x0 = number_field(object, "stop", "calm_pct", 0, LARGEST, c);
	curve->y0 = FIXED_ONE;
	curve->x1 = number_field(object, "stop", "wild_pct", 0, LARGEST, c);
	/* A stop at no distance is none. */
	curve->y1 = number_field(object, "stop", "tightest", FIXED_CENT, FIXED_ONE, c);
	if (curve->x0 >= curve->x1)
		complain(c, "\"stop.calm_pct\" must be below \"stop.wild_pct\"");
	return true;
}

/* [least, most], which must have the declared value in it; without one, what is declared and anything smaller. */
static void
read_range(JsonbContainer *ranges, const char *name, Fixed declared, Fixed largest, SizingRange *range, Complaint *c)
{
	JsonbValue *found = ranges == NULL ? NULL : field(ranges, name);
	const char *where = psprintf("ranges.%s", name);

	range->least = 1;
	range->most = Min(declared, largest);
	if (found == NULL)
		return;
	if (found->type != jbvBinary || !JsonContainerIsArray(found->val.binary.data) ||
		JsonContainerSize(found->val.binary.data) != 2)
	{
		complain(c, "\"%s\" must be a pair of numbers", where);
		return;
	}
	range->least = number(getIthJsonbValueFromContainer(found->val.binary.data, 0), where, 1, largest, c);
	range->most = number(getIthJsonbValueFromContainer(found->val.binary.data, 1), where, 1, largest, c);
	if (range->least > range->most)
		complain(c, "\"%s\" must run from the least to the most", where);
	else if (declared != FIXED_NONE && (declared < range->least || declared > range->most))
		complain(c, "\"%s\" must have the declared %s in it", where, arb_fixed_to_cstring(declared));
}

static SizingKind
read_kind(JsonbContainer *sizing, Complaint *c)
{
	JsonbValue *found = field(sizing, "kind");
	int			i;

	if (found != NULL && found->type == jbvString)
		for (i = 0; i < lengthof(KindNames); i++)
			if (found->val.string.len == (int) strlen(KindNames[i]) &&
				memcmp(found->val.string.val, KindNames[i], found->val.string.len) == 0)
				return (SizingKind) i;
	complain(c, "\"kind\" must be signal, fixed_usd, fixed_fraction or volatility_target");
	return SIZING_FIXED_USD;
}

static void
read_declared(JsonbContainer *sizing, Sizing *s, Complaint *c)
{
	static const char *const names[] = {
		"kind", "value", "cap_usd", "confidence", "drawdown", "volatility", "stop", "ranges"
	};
	static const char *const range_names[] = {"value", "cap_usd"};
	static const CurveDef drawdown = {"drawdown", "start_usd", "zero_usd"};
	static const CurveDef volatility = {"volatility", "full_pct", "zero_pct"};
	JsonbContainer *ranges = object_field(sizing, "ranges", c);
	Fixed		largest;

	only_fields(sizing, "sizing", names, lengthof(names), c);
	s->kind = read_kind(sizing, c);
	largest = s->kind == SIZING_FIXED_FRACTION ? FIXED_ONE : LARGEST;
	if (s->kind == SIZING_SIGNAL && field(sizing, "value") != NULL)
		complain(c, "\"value\" has no meaning where the signal says the size");
	if (s->kind != SIZING_SIGNAL)
		s->value = number_field(sizing, "sizing", "value", 1, largest, c);
	s->cap_usd = FIXED_NONE;
	if (field(sizing, "cap_usd") != NULL)
		s->cap_usd = number_field(sizing, "sizing", "cap_usd", FIXED_CENT, LARGEST, c);
	else if (s->kind == SIZING_VOLATILITY_TARGET)
		complain(c, "volatility_target needs \"cap_usd\": a market that stands still would ask for any size");
	if (ranges != NULL)
		only_fields(ranges, "ranges", range_names, lengthof(range_names), c);
	read_range(ranges, "value", s->value, largest, &s->value_range, c);
	read_range(ranges, "cap_usd", s->cap_usd, LARGEST, &s->cap_range, c);
	s->by_confidence = read_confidence(sizing, &s->confidence, c);
	s->by_drawdown = read_falling_curve(sizing, &drawdown, &s->drawdown, c);
	s->by_volatility = read_falling_curve(sizing, &volatility, &s->volatility, c);
	s->by_stop = read_stop(sizing, &s->stop, c);
}

/* ---- what a deployment makes of it ---- */

static void
read_chosen(JsonbContainer *sizing, Sizing *s, Complaint *c)
{
	static const char *const names[] = {"value", "cap_usd"};

	only_fields(sizing, "sizing of a deployment", names, lengthof(names), c);
	if (field(sizing, "value") != NULL)
	{
		if (s->kind == SIZING_SIGNAL)
			complain(c, "\"value\" has no meaning where the signal says the size");
		s->value = number_field(sizing, "sizing", "value", s->value_range.least, s->value_range.most, c);
	}
	if (field(sizing, "cap_usd") != NULL)
		s->cap_usd = number_field(sizing, "sizing", "cap_usd", s->cap_range.least, s->cap_range.most, c);
}

static bool
read_sizing(Datum parameters, Datum params, Sizing *s, Complaint *c)
{
	Jsonb	   *declared = DatumGetJsonbP(parameters);
	Jsonb	   *chosen = DatumGetJsonbP(params);
	JsonbContainer *sizing;

	memset(s, 0, sizeof(*s));
	s->kind = SIZING_SIGNAL;
	s->cap_usd = FIXED_NONE;
	if (!JB_ROOT_IS_OBJECT(declared) || !JB_ROOT_IS_OBJECT(chosen))
		complain(c, "parameters must be an object");
	else
	{
		sizing = object_field(&declared->root, "sizing", c);
		if (sizing != NULL)
			read_declared(sizing, s, c);
		if (c->message == NULL && field(&chosen->root, "sizing") != NULL)
		{
			if (sizing == NULL)
				complain(c, "the strategy declares no sizing that a deployment could choose from");
			sizing = object_field(&chosen->root, "sizing", c);
			if (sizing != NULL && c->message == NULL)
				read_chosen(sizing, s, c);
		}
	}
	s->readable = c->message == NULL;
	return s->readable;
}

/* ---- kept by the backend ---- */

#define MAX_KEPT 1024

typedef struct KeptSizing
{
	int32		deployment_id;	/* hash key */
	Datum		parameters;		/* what it was read from */
	Datum		params;
	Sizing		sizing;
} KeptSizing;

static HTAB *kept = NULL;
static MemoryContext kept_context = NULL;

static HTAB *
kept_table(void)
{
	HASHCTL		ctl;

	if (kept != NULL && hash_get_num_entries(kept) < MAX_KEPT)
		return kept;
	if (kept_context != NULL)
		MemoryContextReset(kept_context);
	else
		kept_context = AllocSetContextCreate(TopMemoryContext, "arbees sizing", ALLOCSET_DEFAULT_SIZES);
	kept = NULL;
	memset(&ctl, 0, sizeof(ctl));
	ctl.keysize = sizeof(int32);
	ctl.entrysize = sizeof(KeptSizing);
	ctl.hcxt = kept_context;
	kept = hash_create("arbees sizing", 32, &ctl, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	return kept;
}

static bool
same_bytes(Datum a, Datum b)
{
	Size		size = VARSIZE_ANY(DatumGetPointer(a));

	return size == VARSIZE_ANY(DatumGetPointer(b)) && memcmp(DatumGetPointer(a), DatumGetPointer(b), size) == 0;
}

static Datum
keep_bytes(Datum value)
{
	MemoryContext old = MemoryContextSwitchTo(kept_context);
	Datum		copy = datumCopy(value, false, -1);

	MemoryContextSwitchTo(old);
	return copy;
}

/*
 * arb_sizing returns how a deployment sizes its orders.
 *
 * Args:	parameters, params: the jsonb of its strategy's and its own row, as read now.
 * Returns: valid until the next call. Never raises for what it reads; see readable.
 */
const Sizing *
arb_sizing(int32 deployment_id, Datum parameters, Datum params)
{
	HTAB	   *table = kept_table();
	KeptSizing *entry = hash_search(table, &deployment_id, HASH_FIND, NULL);
	Complaint	complaint = {NULL};
	Sizing		sizing;

	if (entry != NULL && same_bytes(entry->parameters, parameters) && same_bytes(entry->params, params))
		return &entry->sizing;
	(void) read_sizing(parameters, params, &sizing, &complaint);
	if (entry != NULL)
	{
		pfree(DatumGetPointer(entry->parameters));
		pfree(DatumGetPointer(entry->params));
		hash_search(table, &deployment_id, HASH_REMOVE, NULL);
	}
	parameters = keep_bytes(parameters);
	params = keep_bytes(params);
	entry = hash_search(table, &deployment_id, HASH_ENTER, NULL);
	entry->parameters = parameters;
	entry->params = params;
	entry->sizing = sizing;
	return &entry->sizing;
}

/*
 * arbees.sizing_of(parameters jsonb, params jsonb) returns (kind, value, cap_usd)
 *
 * Errors: 22023 for what cannot be read as a sizing.
 */
PG_FUNCTION_INFO_V1(arbees_sizing_of);
Datum
arbees_sizing_of(PG_FUNCTION_ARGS)
{
	Complaint	complaint = {NULL};
	Sizing		sizing;
	Datum		value[3];
	bool		null[3] = {false};

	if (!read_sizing(PG_GETARG_DATUM(0), PG_GETARG_DATUM(1), &sizing, &complaint))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("sizing cannot be read: %s", complaint.message),
				 errhint("docs/strategies.md has the form.")));
	value[0] = CStringGetTextDatum(KindNames[sizing.kind]);
	null[1] = sizing.kind == SIZING_SIGNAL;
	value[1] = arb_fixed_to_numeric(sizing.value);
	null[2] = sizing.cap_usd == FIXED_NONE;
	value[2] = null[2] ? (Datum) 0 : arb_fixed_to_numeric(sizing.cap_usd);
	PG_RETURN_DATUM(arb_result_row(fcinfo, lengthof(value), value, null));
}
