/*-------------------------------------------------------------------------
 *
 * src/trade/sizing.h
 *	  How a strategy sizes its orders: what it declared, what a deployment made of it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARB_SIZING_H
#define ARB_SIZING_H

#include "postgres.h"
#include "core/money.h"
#include "quant/curve.h"
#include "safety/gate.h"

typedef struct SizingRange
{
	Fixed		least;
	Fixed		most;
} SizingRange;

typedef struct Sizing
{
	bool		readable;		/* else nothing may be entered by it */
	SizingKind	kind;
	Fixed		value;			/* dollars, fraction of equity, or percent of equity per square root of a minute */
	Fixed		cap_usd;		/* FIXED_NONE = none */
	SizingRange value_range;	/* within which a deployment may choose */
	SizingRange cap_range;
	bool		by_confidence;
	bool		by_drawdown;
	bool		by_volatility;
	bool		by_stop;
	Curve		confidence;		/* share of the size over confidence */
	Curve		drawdown;		/* over dollars below the peak */
	Curve		volatility;		/* over percent per square root of a minute */
	Curve		stop;			/* share of the stop's distance over the same */
} Sizing;

extern const Sizing *arb_sizing(int32 deployment_id, Datum parameters, Datum params);

#endif							/* ARB_SIZING_H */
