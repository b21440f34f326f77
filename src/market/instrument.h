/*-------------------------------------------------------------------------
 *
 * src/market/instrument.h
 *	  Instruments: what can be traded, on which grid.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARB_INSTRUMENT_H
#define ARB_INSTRUMENT_H

#include "postgres.h"
#include "core/columns.h"

extern void arb_instrument_read(int32 instrument_id, Row *row);
extern Fixed arb_lot_size(int32 instrument_id);
extern int	arb_instrument_direction(const Row *instrument);

#endif							/* ARB_INSTRUMENT_H */
