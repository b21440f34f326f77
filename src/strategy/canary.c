/*-------------------------------------------------------------------------
 *
 * src/strategy/canary.c
 *	  always_trade_canary: proves the path, not a theory.
 *
 * At seconds_before_close it buys, for one dollar, whichever side of the window the
 * book favours (mid above one half), with no stop and no take-profit, held to
 * settlement. One try per window. Parameters: seconds_before_close (60),
 * amount (1, dollars), slippage (0.02, dollars a share over the ask).
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "core/catalog.h"
#include "core/label.h"
#include "core/money.h"
#include "executor/executor.h"
#include "fmgr.h"
#include "funcapi.h"
#include "trade/wish.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/jsonb.h"
#include "utils/numeric.h"
#include "utils/typcache.h"

typedef struct Side
{
	int32		instrument_id;
	Fixed		bid;
	Fixed		ask;
} Side;

static Fixed
field_fixed(HeapTupleHeader state, const char *name)
{
	bool		isnull;
	Datum		value = GetAttributeByName(state, name, &isnull);

	return isnull ? FIXED_NULL : arb_fixed_from_numeric(value);
}

static int64
field_int(HeapTupleHeader state, const char *name, bool wide)
{
	bool		isnull;
	Datum		value = GetAttributeByName(state, name, &isnull);

	return isnull ? 0 : wide ? DatumGetInt64(value) : DatumGetInt32(value);
}

static Fixed
param(HeapTupleHeader state, const char *name, Fixed if_absent)
{
	bool		isnull;
	Datum		params = GetAttributeByName(state, "params", &isnull);
	JsonbValue *found;
	JsonbValue	key;

	if (isnull)
		return if_absent;
	key.type = jbvString;
	key.val.string.val = unconstify(char *, name);
	key.val.string.len = strlen(name);
	found = findJsonbValueFromContainer(&DatumGetJsonbP(params)->root, JB_FOBJECT, &key);
	if (found == NULL)
		return if_absent;
	if (found->type != jbvNumeric)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("parameter \"%s\" must be a number", name)));
	return arb_fixed_from_numeric(NumericGetDatum(found->val.numeric));
}

static bool
favoured(const Side *side)
{
	return side->bid != FIXED_NULL && side->ask != FIXED_NULL && side->bid + side->ask > FIXED_ONE;
}

static Datum
buy(HeapTupleHeader state, const Side *side)
{
	TupleDesc	desc = lookup_rowtype_tupdesc(arb_catalog_type("signal"), -1);
	Datum		value[SIGNAL_ncolumns] = {0};
	bool		null[SIGNAL_ncolumns];
	HeapTuple	tuple;
	Fixed		tick = field_fixed(state, "tick_size");
	Fixed		limit = arb_fixed_add(side->ask, param(state, "slippage", 2 * FIXED_CENT));

	limit = arb_fixed_floor_to(Min(limit, FIXED_ONE - tick), tick);
	memset(null, true, sizeof(null));
#define SET(field, datum) (null[SIGNAL_##field] = false, value[SIGNAL_##field] = (datum))
	SET(key, CStringGetTextDatum(psprintf("window-" INT64_FORMAT, field_int(state, "window_id", true))));
	SET(instrument_id, Int32GetDatum(side->instrument_id));
	SET(side, ObjectIdGetDatum(arb_label_oid(LABEL_SIDE, SIDE_BUY)));
	SET(amount_kind, ObjectIdGetDatum(arb_label_oid(LABEL_AMOUNT_KIND, AMOUNT_MONEY)));
	SET(amount, arb_fixed_to_numeric(param(state, "amount", FIXED_ONE)));
	SET(limit_price, arb_fixed_to_numeric(limit));
	SET(time_in_force, ObjectIdGetDatum(arb_label_oid(LABEL_TIME_IN_FORCE, TIF_FAK)));
	SET(stop_loss_pct, arb_fixed_to_numeric(0));
	SET(take_profit_kind, ObjectIdGetDatum(arb_label_oid(LABEL_TAKE_PROFIT_KIND, TAKE_PROFIT_NONE)));
	SET(take_profit_pct, arb_fixed_to_numeric(0));
#undef SET
	tuple = heap_form_tuple(desc, value, null);
	ReleaseTupleDesc(desc);
	return HeapTupleGetDatum(tuple);
}

PG_FUNCTION_INFO_V1(arbees_always_trade_canary);
Datum
arbees_always_trade_canary(PG_FUNCTION_ARGS)
{
	HeapTupleHeader state = PG_GETARG_HEAPTUPLEHEADER(0);
	Fixed		to_close = field_fixed(state, "seconds_to_close");
	Side		up;
	Side		down;

	if (field_int(state, "window_id", true) == 0 || to_close == FIXED_NULL ||
		to_close > param(state, "seconds_before_close", 60 * FIXED_ONE) ||
		field_int(state, "entries", false) > 0)
		PG_RETURN_NULL();
	up.instrument_id = (int32) field_int(state, "up_instrument", false);
	up.bid = field_fixed(state, "up_bid");
	up.ask = field_fixed(state, "up_ask");
	down.instrument_id = (int32) field_int(state, "down_instrument", false);
	down.bid = field_fixed(state, "down_bid");
	down.ask = field_fixed(state, "down_ask");
	if (favoured(&up))
		return buy(state, &up);
	if (favoured(&down))
		return buy(state, &down);
	PG_RETURN_NULL();
}
