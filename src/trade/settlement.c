/*-------------------------------------------------------------------------
 *
 * src/trade/settlement.c
 *	  A resolved window pays: shares of the winner become claimable dollars,
 *	  shares of the loser nothing. Claimable becomes cash on redemption only.
 *
 * A simulated portfolio redeems at once: it has no venue to wait for.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "compat.h"
#include "core/clock.h"
#include "core/sql.h"
#include "journal/journal.h"
#include "market/instrument.h"
#include "safety/heat.h"
#include "trade/ledger.h"
#include "trade/position.h"
#include "trade/settlement.h"
#include "utils/fmgroids.h"

static void
redeem_entry(TradingMode mode, int32 portfolio_id, int64 position_id, Fixed amount,
			 const char *reference, TimestampTz market_time)
{
	LedgerChange change = {0};

	change.kind = LEDGER_REDEEM;
	change.position_id = position_id;
	change.reference = reference;
	change.cash = amount;
	change.claimable = -amount;
	arb_ledger_append(mode, portfolio_id, &change, market_time);
}

/* The venue owes these shares' dollars until its evidence of redemption. */
static void
await_redemption(const Row *position, Fixed shares, TimestampTz market_time)
{
	static SqlPlan plan = {
		"INSERT INTO arbees.redemptions (portfolio_id, position_id, instrument_id, shares, settled_at)"
		" VALUES ($1, $2, $3, $4, $5)",
		5, {INT4OID, INT8OID, INT4OID, NUMERICOID, TIMESTAMPTZOID}
	};
	Datum		args[5];

	args[0] = position->value[POSITIONS_portfolio_id];
	args[1] = position->value[POSITIONS_position_id];
	args[2] = position->value[POSITIONS_instrument_id];
	args[3] = arb_fixed_to_numeric(shares);
	args[4] = TimestampTzGetDatum(market_time);
	arb_sql_begin();
	arb_sql_run(&plan, args, NULL);
	arb_sql_end();
}

/*
 * arb_settle_position books a resolved window's payment for one position.
 *
 * The caller holds the portfolio's lock. Returns true when something was booked.
 */
bool
arb_settle_position(TradingMode mode, int64 position_id, Outcome winner, TimestampTz market_time)
{
	LedgerChange change = {0};
	Row			position;
	Row			instrument;
	Fixed		qty;
	Fixed		cost;
	Fixed		payout;
	bool		won;
	int32		portfolio_id;
	int			held;

	if (!arb_position_read(mode, position_id, &position))
		return false;
	qty = arb_row_fixed(&position, POSITIONS_qty);
	if (qty == 0 || arb_position_state(&position) == POSITION_STATE_ENTRY)
		return false;
	arb_instrument_read(DatumGetInt32(position.value[POSITIONS_instrument_id]), &instrument);
	won = arb_label_value(LABEL_OUTCOME, DatumGetObjectId(instrument.value[INSTRUMENTS_outcome])) == winner;
	cost = arb_row_fixed(&position, POSITIONS_cost);
	payout = won ? qty : 0;
	portfolio_id = DatumGetInt32(position.value[POSITIONS_portfolio_id]);
	change.kind = LEDGER_SETTLE;
	change.position_id = position_id;
	change.deployment_id = DatumGetInt32(position.value[POSITIONS_deployment_id]);
	change.instrument_id = DatumGetInt32(position.value[POSITIONS_instrument_id]);
	change.qty = -qty;
	change.reference = won ? "won" : "lost";
	change.claimable = payout;
	change.cost_open = -cost;
	change.realized = arb_fixed_sub(payout, cost);
	if (arb_position_state(&position) != POSITION_STATE_CLOSED)
	{
		change.open_positions = -1;
		change.heat = -arb_heat(cost, arb_row_fixed(&position, POSITIONS_stop_loss_pct));
		change.trade_closed = true;
		change.trade_pnl = arb_fixed_add(arb_row_fixed(&position, POSITIONS_realized_pnl), change.realized);
	}
	held = arb_position_held(&position);
	arb_position_transition(&position, POSITION_EVENT_SETTLED, market_time);
	arb_row_set_fixed(&position, POSITIONS_settled_qty,
						   arb_fixed_add(arb_row_fixed(&position, POSITIONS_settled_qty), qty));
	arb_row_set_fixed(&position, POSITIONS_settled_money,
						   arb_fixed_add(arb_row_fixed(&position, POSITIONS_settled_money), payout));
	arb_row_set_fixed(&position, POSITIONS_qty, 0);
	arb_row_set_fixed(&position, POSITIONS_cost, 0);
	arb_row_set_fixed(&position, POSITIONS_realized_pnl,
						   arb_fixed_add(arb_row_fixed(&position, POSITIONS_realized_pnl), change.realized));
	change.held_positions = arb_position_held(&position) - held;
	arb_position_write(mode, &position);
	arb_ledger_append(mode, portfolio_id, &change, market_time);
	/* Less than nothing: winnings of a fill that was voided after it was settled. */
	if (payout != 0)
	{
		if (mode == MODE_LIVE)
			await_redemption(&position, payout, market_time);
		else
			redeem_entry(mode, portfolio_id, position_id, payout, mode == MODE_DRY_RUN ? "dry run" : "paper", market_time);
	}
	arb_journal(mode, "settled", portfolio_id, position_id,
				psprintf("%s, %s shares, %s dollars", change.reference,
						 arb_fixed_to_cstring(qty), arb_fixed_to_cstring(payout)));
	return true;
}

/* arb_redeem turns claimable dollars into cash on the venue's evidence. */
void
arb_redeem(TradingMode mode, int32 portfolio_id, Fixed amount, const char *evidence, TimestampTz market_time)
{
	redeem_entry(mode, portfolio_id, 0, amount, evidence, market_time);
	arb_journal(mode, "redeemed", portfolio_id, 0, psprintf("%s dollars: %s", arb_fixed_to_cstring(amount), evidence));
}
