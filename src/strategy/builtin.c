/*-------------------------------------------------------------------------
 *
 * src/strategy/builtin.c
 *	  What the built-in strategies share: reading a market_state, writing a signal.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "core/catalog.h"
#include "core/label.h"
#include "executor/executor.h"
#include "funcapi.h"
#include "strategy/builtin.h"
#include "trade/wish.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/typcache.h"

Fixed
arb_state_fixed(HeapTupleHeader state, const char *name)
{
	bool		isnull;
	Datum		value = GetAttributeByName(state, name, &isnull);

	return isnull ? FIXED_NULL : arb_fixed_from_numeric(value);
}

int64
arb_state_int(HeapTupleHeader state, const char *name, bool wide)
{
	bool		isnull;
	Datum		value = GetAttributeByName(state, name, &isnull);

	return isnull ? 0 : wide ? DatumGetInt64(value) : DatumGetInt32(value);
}

/* arb_state_side reads the columns of one side; which is up or down. */
void
arb_state_side(HeapTupleHeader state, const char *which, StateSide *side)
{
	side->instrument_id = (int32) arb_state_int(state, psprintf("%s_instrument", which), false);
	side->bid = arb_state_fixed(state, psprintf("%s_bid", which));
	side->ask = arb_state_fixed(state, psprintf("%s_ask", which));
	side->vwap = arb_state_fixed(state, psprintf("%s_vwap", which));
	side->volume = arb_state_fixed(state, psprintf("%s_volume", which));
}

/* arb_state_param reads a number of the deployment's params; raises 22023 for what is none. */
Fixed
arb_state_param(HeapTupleHeader state, const char *name, Fixed if_absent)
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

/* arb_buy_signal wishes to buy for some dollars at once, at limit_price or better; the rest is cancelled. */
Datum
arb_buy_signal(const char *key, int32 instrument_id, Fixed amount_usd, Fixed limit_price, BuyExits exits)
{
	TupleDesc	desc = lookup_rowtype_tupdesc(arb_catalog_type("signal"), -1);
	Datum		value[SIGNAL_ncolumns] = {0};
	bool		null[SIGNAL_ncolumns];
	HeapTuple	tuple;

	memset(null, true, sizeof(null));
#define SET(field, datum) (null[SIGNAL_##field] = false, value[SIGNAL_##field] = (datum))
	SET(key, CStringGetTextDatum(key));
	SET(instrument_id, Int32GetDatum(instrument_id));
	SET(side, ObjectIdGetDatum(arb_label_oid(LABEL_SIDE, SIDE_BUY)));
	SET(amount_kind, ObjectIdGetDatum(arb_label_oid(LABEL_AMOUNT_KIND, AMOUNT_MONEY)));
	SET(amount, arb_fixed_to_numeric(amount_usd));
	SET(limit_price, arb_fixed_to_numeric(limit_price));
	SET(time_in_force, ObjectIdGetDatum(arb_label_oid(LABEL_TIME_IN_FORCE, TIF_FAK)));
	if (exits == EXITS_AT_SETTLEMENT)
	{
		SET(stop_loss_pct, arb_fixed_to_numeric(0));
		SET(take_profit_kind, ObjectIdGetDatum(arb_label_oid(LABEL_TAKE_PROFIT_KIND, TAKE_PROFIT_NONE)));
		SET(take_profit_pct, arb_fixed_to_numeric(0));
	}
#undef SET
	tuple = heap_form_tuple(desc, value, null);
	ReleaseTupleDesc(desc);
	return HeapTupleGetDatum(tuple);
}
