/*-------------------------------------------------------------------------
 *
 * src/trade/position.c
 *	  Positions: the choke point that moves them, and the guard that lets
 *	  nobody else.
 *
 * Callers hold the portfolio's lock.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "commands/trigger.h"
#include "compat.h"
#include "core/clock.h"
#include "core/guard.h"
#include "errors.h"
#include "trade/position.h"
#include "utils/fmgroids.h"
#include "utils/rel.h"

bool
arb_position_read(TradingMode mode, int64 position_id, Row *row)
{
	Table		table = arb_table_open(&positions_table, mode, RowExclusiveLock);
	IndexKey	keys[] = {INT8_KEY(position_id)};
	Snapshot	snapshot = arb_snapshot_begin();
	bool		found = arb_table_fetch(&table, "positions_pkey", 1, keys, ForwardScanDirection, snapshot, row);

	arb_snapshot_end(snapshot);
	arb_table_close(&table);
	return found;
}

PositionState
arb_position_state(const Row *row)
{
	return arb_label_value(LABEL_POSITION_STATE, DatumGetObjectId(row->value[POSITIONS_state]));
}

/* arb_position_average returns the average entry price of what was bought, 0 when nothing was. */
Fixed
arb_position_average(const Row *row)
{
	Fixed		qty = arb_row_fixed(row, POSITIONS_entry_qty);

	return qty <= 0 ? 0 : arb_fixed_div_floor(arb_row_fixed(row, POSITIONS_entry_money), qty);
}

/* arb_position_held counts a position that is open and holds something. */
int
arb_position_held(const Row *row)
{
	return arb_position_state(row) != POSITION_STATE_CLOSED && arb_row_fixed(row, POSITIONS_qty) != 0 ? 1 : 0;
}

/*
 * arb_position_transition moves a position in memory; arb_position_write stores it.
 *
 * Errors: RB003 when the table has no such edge.
 */
void
arb_position_transition(Row *row, PositionEvent event, TimestampTz at)
{
	const FsmRule *rule = arb_fsm_require(&PositionFsm, DatumGetInt64(row->value[POSITIONS_position_id]),
										  arb_position_state(row), event);

	row->value[POSITIONS_state] = ObjectIdGetDatum(arb_label_oid(LABEL_POSITION_STATE, rule->to));
	if (rule->to != POSITION_STATE_CLOSED)
		row->null[POSITIONS_closed_at] = true;
	else if (row->null[POSITIONS_closed_at])
		arb_row_set(row, POSITIONS_closed_at, TimestampTzGetDatum(at));
}

void
arb_position_write(TradingMode mode, Row *row)
{
	Table		table = arb_table_open(&positions_table, mode, RowExclusiveLock);

	arb_guard_open("positions");
	arb_table_update(&table, row);
	arb_guard_close();
	arb_table_close(&table);
}

PG_FUNCTION_INFO_V1(arbees_positions_guard);
Datum
arbees_positions_guard(PG_FUNCTION_ARGS)
{
	TriggerData *data = (TriggerData *) fcinfo->context;
	TupleDesc	desc;
	bool		isnull;
	PositionState from;
	PositionState to;

	if (!CALLED_AS_TRIGGER(fcinfo))
		elog(ERROR, "arbees_positions_guard is a trigger");
	if (arb_guard_lets_in(data->tg_event))
		return PointerGetDatum(TRIGGER_FIRED_BY_UPDATE(data->tg_event) ? data->tg_newtuple : data->tg_trigtuple);
	if (TRIGGER_FIRED_BY_DELETE(data->tg_event) || TRIGGER_FIRED_BY_TRUNCATE(data->tg_event))
		ereport(ERROR,
				(errcode(ERRCODE_ARB_ILLEGAL_TRANSITION), errmsg("positions are never deleted")));
	if (!arb_guard_is_open("positions"))
		ereport(ERROR,
				(errcode(ERRCODE_ARB_ILLEGAL_TRANSITION),
				 errmsg("positions are written by fills, exits and settlement only"),
				 errhint("Use arbees_close to close one.")));
	if (TRIGGER_FIRED_BY_INSERT(data->tg_event))
		return PointerGetDatum(data->tg_trigtuple);

	desc = RelationGetDescr(data->tg_relation);
	from = arb_label_value(LABEL_POSITION_STATE, DatumGetObjectId(
		heap_getattr(data->tg_trigtuple, POSITIONS_state + 1, desc, &isnull)));
	to = arb_label_value(LABEL_POSITION_STATE, DatumGetObjectId(
		heap_getattr(data->tg_newtuple, POSITIONS_state + 1, desc, &isnull)));
	if (from != to && !arb_fsm_allows(&PositionFsm, from, to))
		ereport(ERROR,
				(errcode(ERRCODE_ARB_ILLEGAL_TRANSITION),
				 errmsg("a position cannot go from state \"%s\" to \"%s\"",
						arb_label_name(LABEL_POSITION_STATE, from), arb_label_name(LABEL_POSITION_STATE, to)),
				 errhint("arbees.position_transitions lists what can.")));
	return PointerGetDatum(data->tg_newtuple);
}

PG_FUNCTION_INFO_V1(arbees_position_transitions);
Datum
arbees_position_transitions(PG_FUNCTION_ARGS)
{
	return arb_fsm_dump(&PositionFsm, fcinfo);
}
