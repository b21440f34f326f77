/*-------------------------------------------------------------------------
 *
 * src/market/underlying.c
 *	  What is known of an underlying's price: the last, how it moves, whether it moves.
 *
 * One row per venue and underlying, updated in place; nothing here reads history.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "core/columns.h"
#include "fmgr.h"
#include "market/underlying.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/fmgrprotos.h"

/* arb_underlying_facts reads what is known; false where no price ever came. */
bool
arb_underlying_facts(int32 venue_id, const char *underlying, Snapshot snapshot, UnderlyingFacts *facts)
{
	IndexKey	keys[] = {INT4_KEY(venue_id), {(Datum) 0, F_TEXTEQ}};
	DecayedVariance variance;
	Row			row;

	if (underlying == NULL)
		return false;
	keys[1].value = CStringGetTextDatum(underlying);
	if (!arb_row_read(&underlying_prices_table, 0, "underlying_prices_pkey", 2, keys, snapshot, &row))
		return false;
	variance.sum = DatumGetFloat8(row.value[UNDERLYING_PRICES_variance]);
	variance.weight = DatumGetFloat8(row.value[UNDERLYING_PRICES_variance_weight]);
	facts->price = row.value[UNDERLYING_PRICES_price];
	facts->volatility_pct = arb_decayed_volatility_pct(&variance);
	facts->unchanged = DatumGetInt32(row.value[UNDERLYING_PRICES_unchanged]);
	return true;
}

static double
log_of(Datum price)
{
	return log(DatumGetFloat8(DirectFunctionCall1(numeric_float8_no_overflow, price)));
}

/*
 * arb_underlying_move counts the way from one tick to a later one.
 *
 * A tick of the same time replaces the other: it took no time, so it is no return, and both
 * modes' calls of one frame come to the same.
 */
void
arb_underlying_move(UnderlyingMotion *motion, Datum from, TimestampTz from_at, Datum to, TimestampTz to_at)
{
	if (!DatumGetBool(DirectFunctionCall2(numeric_eq, from, to)))
		motion->unchanged = 0;
	else if (to_at > from_at && motion->unchanged < PG_INT32_MAX)
		motion->unchanged++;
	arb_decayed_variance_add(&motion->variance, log_of(to) - log_of(from), to_at - from_at, VOLATILITY_HALF_LIFE_US);
}
