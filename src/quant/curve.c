/*-------------------------------------------------------------------------
 *
 * src/quant/curve.c
 *	  Straight lines between two points, level beyond them.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "fmgr.h"
#include "quant/curve.h"
#include "utils/numeric.h"

/*
 * arb_curve_at returns y0 up to x0, y1 from x1, and the line in between, rounded down.
 *
 * Formula: y0 + (x - x0) (y1 - y0) / (x1 - x0).
 */
Fixed
arb_curve_at(const Curve *curve, Fixed x)
{
	if (x <= curve->x0)
		return curve->y0;
	if (x >= curve->x1)
		return curve->y1;
	return arb_fixed_add(curve->y0, arb_fixed_muldiv_floor(arb_fixed_sub(x, curve->x0),
														   arb_fixed_sub(curve->y1, curve->y0),
														   arb_fixed_sub(curve->x1, curve->x0)));
}

/* arbees.curve_at(x, x0, y0, x1, y1) returns numeric. */
PG_FUNCTION_INFO_V1(arbees_curve_at);
Datum
arbees_curve_at(PG_FUNCTION_ARGS)
{
	Curve		curve;
	Fixed		x = arb_fixed_from_numeric(PG_GETARG_DATUM(0));

	curve.x0 = arb_fixed_from_numeric(PG_GETARG_DATUM(1));
	curve.y0 = arb_fixed_from_numeric(PG_GETARG_DATUM(2));
	curve.x1 = arb_fixed_from_numeric(PG_GETARG_DATUM(3));
	curve.y1 = arb_fixed_from_numeric(PG_GETARG_DATUM(4));
	if (curve.x0 >= curve.x1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a curve runs from left to right: %s is not below %s",
						arb_fixed_to_cstring(curve.x0), arb_fixed_to_cstring(curve.x1))));
	PG_RETURN_DATUM(arb_fixed_to_numeric(arb_curve_at(&curve, x)));
}
