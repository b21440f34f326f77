/*-------------------------------------------------------------------------
 *
 * src/quant/curve.h
 *	  Straight lines between two points, level beyond them.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARB_CURVE_H
#define ARB_CURVE_H

#include "postgres.h"
#include "core/money.h"

typedef struct Curve
{
	Fixed		x0;				/* x0 < x1 */
	Fixed		y0;
	Fixed		x1;
	Fixed		y1;
} Curve;

extern Fixed arb_curve_at(const Curve *curve, Fixed x);

#endif							/* ARB_CURVE_H */
