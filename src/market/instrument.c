/*-------------------------------------------------------------------------
 *
 * src/market/instrument.c
 *	  Instruments: what can be traded, on which grid.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "core/row_cache.h"
#include "market/instrument.h"

/* arb_instrument_read fetches the instrument that a row of ours refers to. */
void
arb_instrument_read(int32 instrument_id, Row *row)
{
	if (!arb_row_cached(&instruments_table, "instruments_pkey", instrument_id, row))
		elog(ERROR, "instrument %d does not exist", instrument_id);
}

Fixed
arb_lot_size(int32 instrument_id)
{
	Row			row;

	arb_instrument_read(instrument_id, &row);
	return arb_fixed_from_numeric(row.value[INSTRUMENTS_lot_size]);
}

/* arb_instrument_direction returns +1 for what gains when its underlying rises, -1 for a DOWN share. */
int
arb_instrument_direction(const Row *instrument)
{
	return !instrument->null[INSTRUMENTS_outcome] &&
		arb_label_value(LABEL_OUTCOME, DatumGetObjectId(instrument->value[INSTRUMENTS_outcome])) == OUTCOME_DOWN ? -1 : 1;
}
