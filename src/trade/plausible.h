/*-------------------------------------------------------------------------
 *
 * src/trade/plausible.h
 *	  What a venue cannot have meant: amounts in another unit, less than nothing.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARB_PLAUSIBLE_H
#define ARB_PLAUSIBLE_H

#include "postgres.h"
#include "core/columns.h"
#include "trade/fill.h"

/* Beyond it a number was told in another unit: half way between right and wrong by a million. */
#define UNIT_FACTOR		1000
/* Units differ by this much. */
#define UNIT_RATIO		1000000

extern void arb_require_fill(const FillFacts *facts);
extern void arb_require_fill_of(const FillFacts *facts, const Row *order, const Row *instrument);
extern void arb_require_venue_qty(Fixed qty, const Row *order);

#endif							/* ARB_PLAUSIBLE_H */
