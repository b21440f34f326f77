/*-------------------------------------------------------------------------
 *
 * src/trade/wish.c
 *	  A wish to trade: arbees.signal, read, and whose it is.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "core/columns.h"
#include "core/row_cache.h"
#include "errors.h"
#include "mb/pg_wchar.h"
#include "trade/desk.h"
#include "trade/wish.h"
#include "utils/builtins.h"
#include "utils/typcache.h"

static void
require_field(bool null, const char *field)
{
	if (null)
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("signal has no %s", field)));
}

static Fixed
optional_fixed(Datum value, bool null)
{
	return null ? FIXED_NULL : arb_fixed_from_numeric(value);
}

static TimestampTz
read_time(Datum value)
{
	TimestampTz time = DatumGetTimestampTz(value);

	if (TIMESTAMP_NOT_FINITE(time))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("signal's as_of is not a moment")));
	return time;
}

/* An amount to trade, or a position to have: one of them, or the gate could not tell which is meant. */
static void
read_amount(Wish *wish, const Datum *value, const bool *null)
{
	wish->amount = optional_fixed(value[SIGNAL_amount], null[SIGNAL_amount]);
	wish->target_qty = optional_fixed(value[SIGNAL_target_position], null[SIGNAL_target_position]);
	if (!null[SIGNAL_amount_kind])
		wish->amount_kind = arb_label_value(LABEL_AMOUNT_KIND, DatumGetObjectId(value[SIGNAL_amount_kind]));
	if (wish->target_qty == FIXED_NULL)
	{
		require_field(null[SIGNAL_amount_kind], "amount_kind");
		return;
	}
	if (wish->amount != FIXED_NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("signal states both an amount and a target position"),
				 errhint("Leave the amount NULL where target_position says what to hold.")));
	if (wish->target_qty < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("target position %s is below zero", arb_fixed_to_cstring(wish->target_qty)),
				 errdetail("Positions are long: what is held cannot be less than nothing.")));
	/* The target is shares; the order towards it may be in either. */
	if (null[SIGNAL_amount_kind])
		wish->amount_kind = AMOUNT_BASE;
}

/*
 * arb_wish_from_signal reads an arbees.signal into a wish; the caller sets who wishes.
 *
 * Errors: 22004 for a missing field that has no default, 22003 for numbers that are none,
 *		   22023 for fields that contradict each other.
 */
void
arb_wish_from_signal(HeapTupleHeader signal, Wish *wish)
{
	TupleDesc	desc = lookup_rowtype_tupdesc(HeapTupleHeaderGetTypeId(signal), HeapTupleHeaderGetTypMod(signal));
	HeapTupleData tuple;
	Datum		value[SIGNAL_ncolumns];
	bool		null[SIGNAL_ncolumns];

	if (desc->natts != SIGNAL_ncolumns)
		elog(ERROR, "type arbees.signal has %d fields, this library knows %d", desc->natts, SIGNAL_ncolumns);
	tuple.t_len = HeapTupleHeaderGetDatumLength(signal);
	ItemPointerSetInvalid(&tuple.t_self);
	tuple.t_tableOid = InvalidOid;
	tuple.t_data = signal;
	heap_deform_tuple(&tuple, desc, value, null);
	ReleaseTupleDesc(desc);

	require_field(null[SIGNAL_key], "key");
	require_field(null[SIGNAL_instrument_id], "instrument_id");
	require_field(null[SIGNAL_side], "side");
	require_field(null[SIGNAL_time_in_force], "time_in_force");
	wish->key = TextDatumGetCString(value[SIGNAL_key]);
	if (wish->key[0] == '\0' || pg_mbstrlen(wish->key) > SIGNAL_KEY_MAX_CHARACTERS)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("signal key must have 1 to %d characters", SIGNAL_KEY_MAX_CHARACTERS)));
	wish->instrument_id = DatumGetInt32(value[SIGNAL_instrument_id]);
	wish->side = arb_label_value(LABEL_SIDE, DatumGetObjectId(value[SIGNAL_side]));
	wish->time_in_force = arb_label_value(LABEL_TIME_IN_FORCE, DatumGetObjectId(value[SIGNAL_time_in_force]));
	read_amount(wish, value, null);
	wish->limit_price = optional_fixed(value[SIGNAL_limit_price], null[SIGNAL_limit_price]);
	wish->stop_loss_pct = optional_fixed(value[SIGNAL_stop_loss_pct], null[SIGNAL_stop_loss_pct]);
	wish->take_profit_pct = optional_fixed(value[SIGNAL_take_profit_pct], null[SIGNAL_take_profit_pct]);
	wish->take_profit_kind = null[SIGNAL_take_profit_kind] ? 0 :
		arb_label_value(LABEL_TAKE_PROFIT_KIND, DatumGetObjectId(value[SIGNAL_take_profit_kind]));
	wish->exit_before_close_s = null[SIGNAL_exit_before_close_s] ? -1 :
		DatumGetInt32(value[SIGNAL_exit_before_close_s]);
	wish->confidence = optional_fixed(value[SIGNAL_confidence], null[SIGNAL_confidence]);
	wish->signal_at = null[SIGNAL_as_of] ? 0 : read_time(value[SIGNAL_as_of]);
	wish->override_id = 0;
	wish->overridden[0] = wish->overridden[1] = 0;
	wish->purpose = PURPOSE_ENTRY;
}

/*
 * arb_wish_of_deployment sets whose wish it is, and reads the market's time.
 *
 * Errors: P0002 for a deployment that does not exist, ERRCODE_ARB_NOT_BUILT for its mode.
 */
void
arb_wish_of_deployment(int32 deployment_id, Wish *wish, TimestampTz *market_time)
{
	Row			row;
	Desk		desk;

	if (!arb_row_cached(&deployments_table, "deployments_pkey", deployment_id, &row))
		ereport(ERROR,
				(errcode(ERRCODE_NO_DATA_FOUND), errmsg("deployment %d does not exist", deployment_id)));
	wish->deployment_id = deployment_id;
	wish->portfolio_id = DatumGetInt32(row.value[DEPLOYMENTS_portfolio_id]);
	arb_desk_read(wish->portfolio_id, &desk);
	wish->mode = desk.mode;
	*market_time = desk.market_time;
	if (desk.mode == MODE_BACKTEST)
		ereport(ERROR,
				(errcode(ERRCODE_ARB_NOT_BUILT),
				 errmsg("mode %s is not built yet", arb_label_name(LABEL_MODE, desk.mode))));
}
