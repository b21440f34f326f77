/*-------------------------------------------------------------------------
 *
 * src/trade/what_if.c
 *	  The verdict that a signal would get now, without an order.
 *
 * Locks: those of a decision (see submit.c), so that the numbers are the ones a
 * decision would see. Writes nothing: no decision, no order, no journal row.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "core/catalog.h"
#include "core/result.h"
#include "core/txn.h"
#include "trade/gather.h"
#include "trade/submit.h"

/*
 * what_if(deployment, signal) returns (input, output), the bytes a decision would store.
 *
 * Errors: those of submit_signal.
 */
PG_FUNCTION_INFO_V1(arbees_what_if);
Datum
arbees_what_if(PG_FUNCTION_ARGS)
{
	Wish		wish = {0};
	GateContext c;
	TimestampTz market_time;
	Datum		value[2];
	bool		null[2] = {false};

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("deployment and signal must be given")));
	arb_require_primary("arbees_what_if");
	arb_wish_of_deployment(PG_GETARG_INT32(0), &wish, &market_time);
	arb_wish_from_signal(PG_GETARG_HEAPTUPLEHEADER(1), &wish);
	arb_submit_lock(wish.mode, wish.portfolio_id);
	memset(&c, 0, sizeof(c));
	c.wish = &wish;
	c.controls = arb_controls();
	arb_gather(&c, NULL, market_time);
	arb_judge(&c.in, &c.out);
	value[0] = PointerGetDatum(arb_gate_encode((int64 *) &c.in, GateInputCount));
	value[1] = PointerGetDatum(arb_gate_encode((int64 *) &c.out, GateOutputCount));
	PG_RETURN_DATUM(arb_result_row(fcinfo, lengthof(value), value, null));
}
