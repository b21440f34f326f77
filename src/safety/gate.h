/*-------------------------------------------------------------------------
 *
 * src/safety/gate.h
 *	  The gate's pure half: what a decision sees, the checks, the verdict.
 *
 * GateInput and GateOutput are flat: every field is an int64, so that a
 * decision's bytes are a version, a count and big-endian integers, and replay
 * is judge() over stored bytes. A new field goes to the end and raises
 * GATE_VERSION; old versions stay readable.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARB_GATE_H
#define ARB_GATE_H

#include "postgres.h"
#include "core/label.h"
#include "core/money.h"

#define GATE_VERSION 1

/* At most two entry orders per portfolio, window and instrument, over all strategies; no setting. */
#define MAX_ENTRIES_PER_SLOT 2

/* As instruments_fee_check has it: judge() also meets bytes no instrument made. */
#define MAX_FEE_EXPONENT 4

/* A billion dollars or shares: beyond is no order, and sums of it could overflow. */
#define GATE_LARGEST_VALUE (INT64CONST(1000000000) * FIXED_ONE)

typedef enum GateUnit
{
	UNIT_ID = 1, UNIT_FLAG, UNIT_COUNT, UNIT_TIME, UNIT_MS, UNIT_FIXED, UNIT_MODE, UNIT_KILL_LEVEL,
	UNIT_PURPOSE, UNIT_SIDE, UNIT_AMOUNT_KIND, UNIT_TIF, UNIT_TAKE_PROFIT_KIND, UNIT_WINDOW_STATE
} GateUnit;

#define GATE_INPUT_FIELDS(X) \
	/* the call */ \
	X(market_time, UNIT_TIME) X(decided_at, UNIT_TIME) X(purpose, UNIT_PURPOSE) X(mode, UNIT_MODE) \
	X(portfolio_id, UNIT_ID) X(deployment_id, UNIT_ID) X(instrument_id, UNIT_ID) X(window_id, UNIT_ID) \
	/* the desk */ \
	X(kill_level, UNIT_KILL_LEVEL) X(is_our_installation, UNIT_FLAG) X(mode_allowed, UNIT_FLAG) \
	X(allow_submit, UNIT_FLAG) X(breaker_open, UNIT_FLAG) \
	X(conductor_age_ms, UNIT_MS) X(conductor_limit_ms, UNIT_MS) \
	X(trader_epoch, UNIT_COUNT) X(trader_alive, UNIT_FLAG) X(reconciled, UNIT_FLAG) \
	X(venue_checks_ok, UNIT_FLAG) X(armed, UNIT_FLAG) X(capital_cap, UNIT_FIXED) \
	X(strategy_active, UNIT_FLAG) X(strategy_allowed, UNIT_FLAG) X(deployment_active, UNIT_FLAG) \
	X(instrument_allowed, UNIT_FLAG) \
	/* the market */ \
	X(opens_at, UNIT_TIME) X(closes_at, UNIT_TIME) X(window_resolved, UNIT_FLAG) \
	X(no_entry_before_close_s, UNIT_COUNT) \
	X(quote_present, UNIT_FLAG) X(bid, UNIT_FIXED) X(bid_size, UNIT_FIXED) X(ask, UNIT_FIXED) \
	X(ask_size, UNIT_FIXED) X(quote_received_at, UNIT_TIME) X(quote_max_age_ms, UNIT_MS) \
	X(tick_size, UNIT_FIXED) X(lot_size, UNIT_FIXED) X(min_qty, UNIT_FIXED) X(min_notional, UNIT_FIXED) \
	X(max_price, UNIT_FIXED) X(fee_rate, UNIT_FIXED) X(fee_exponent, UNIT_COUNT) \
	/* the signal */ \
	X(side, UNIT_SIDE) X(amount_kind, UNIT_AMOUNT_KIND) X(amount, UNIT_FIXED) X(limit_price, UNIT_FIXED) \
	X(time_in_force, UNIT_TIF) X(stop_loss_pct, UNIT_FIXED) X(take_profit_kind, UNIT_TAKE_PROFIT_KIND) \
	X(take_profit_pct, UNIT_FIXED) X(exit_at, UNIT_TIME) X(confidence, UNIT_FIXED) \
	/* the books */ \
	X(cash, UNIT_FIXED) X(claimable, UNIT_FIXED) X(reserved, UNIT_FIXED) X(cost_open, UNIT_FIXED) \
	X(instrument_exposure, UNIT_FIXED) X(max_position_usd, UNIT_FIXED) \
	X(entries_in_slot, UNIT_COUNT) X(unknown_in_slot, UNIT_COUNT) \
	X(session_pnl, UNIT_FIXED) X(max_session_loss_usd, UNIT_FIXED) \
	X(day_pnl, UNIT_FIXED) X(day_peak, UNIT_FIXED) X(daily_drawdown_limit_usd, UNIT_FIXED) \
	/* an exit's position */ \
	X(position_id, UNIT_ID) X(position_qty, UNIT_FIXED) X(exit_qty_working, UNIT_FIXED)

#define GATE_OUTPUT_FIELDS(X) \
	X(verdict, UNIT_COUNT) X(first_failed, UNIT_COUNT) X(failed_mask, UNIT_COUNT) \
	X(amount, UNIT_FIXED) X(limit_price, UNIT_FIXED) X(value, UNIT_FIXED) X(fee_bound, UNIT_FIXED) \
	X(reserve, UNIT_FIXED)

#define GATE_FIELD(name, unit) int64 name;
typedef struct GateInput
{
	GATE_INPUT_FIELDS(GATE_FIELD)
} GateInput;

typedef struct GateOutput
{
	GATE_OUTPUT_FIELDS(GATE_FIELD)
} GateOutput;
#undef GATE_FIELD

typedef struct GateFieldInfo
{
	const char *name;
	GateUnit	unit;
} GateFieldInfo;

extern const GateFieldInfo GateInputFields[];
extern const GateFieldInfo GateOutputFields[];
extern const int GateInputCount;
extern const int GateOutputCount;

/* What a check saw and what it allows; unit says how to read them. */
typedef struct Finding
{
	int64		seen;
	int64		limit;
	GateUnit	unit;
} Finding;

/* true = passes */
typedef bool (*CheckFunction) (const GateInput *in, const GateOutput *sized, Finding *finding);

typedef struct RiskCheck
{
	const char *code;			/* stable reason code */
	const char *group;			/* state, market, price, exposure, loss */
	bool		entry;
	bool		exit;
	CheckFunction check;
	const char *comment;
} RiskCheck;

extern const RiskCheck RiskChecks[];

extern void arb_judge(const GateInput *in, GateOutput *out);
extern bool arb_check_run(int check, const GateInput *in, const GateOutput *sized, Finding *finding);
extern bytea *arb_gate_encode(const int64 *fields, int count);
extern void arb_gate_decode(const bytea *bytes, int64 *fields, int count);
extern char *arb_gate_format(GateUnit unit, int64 value);

#endif							/* ARB_GATE_H */
