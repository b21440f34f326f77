/*-------------------------------------------------------------------------
 *
 * src/safety/gate.h
 *	  The gate's pure half: what a decision sees, the checks, the verdict.
 *
 * GateInput and GateOutput are flat: every field is an int64, so that a
 * decision's bytes are a version, a count and integers, and replay is judge()
 * over stored bytes. A change of the fields raises GATE_VERSION; a decision is
 * replayed by the version that made it.
 *
 * Absent numbers are FIXED_NULL (a check that needs them denies), "no limit" is
 * FIXED_NONE, in fields of every unit; an exposure of FIXED_NONE says that the
 * instrument has none of that kind (no sector, no group). A time of 0 is unknown.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARB_GATE_H
#define ARB_GATE_H

#include "postgres.h"
#include "core/label.h"
#include "core/money.h"
#include "safety/limit_def.h"

#define GATE_VERSION 4

/* At most two entry orders per portfolio, window and instrument, over all strategies; no setting. */
#define MAX_ENTRIES_PER_SLOT 2

/* As instruments_fee_check has it: judge() also meets bytes no instrument made. */
#define MAX_FEE_EXPONENT 4

/* A billion dollars or shares: beyond is no order, and sums of it could overflow. */
#define GATE_LARGEST_VALUE (INT64CONST(1000000000) * FIXED_ONE)

/* Masks of checks are pairs of int64: 63 checks in each, so that no mask is negative. */
#define GATE_MASK_BITS 63
#define GATE_MASKS 2

#define GATE_INPUT_FIELDS(X) \
	/* the call */ \
	X(market_time, UNIT_TIME) X(decided_at, UNIT_TIME) X(purpose, UNIT_PURPOSE) X(mode, UNIT_MODE) \
	X(portfolio_id, UNIT_ID) X(deployment_id, UNIT_ID) X(instrument_id, UNIT_ID) X(window_id, UNIT_ID) \
	X(override_id, UNIT_ID) X(overridden_0, UNIT_MASK) X(overridden_1, UNIT_MASK) \
	/* the desk */ \
	X(kill_level, UNIT_KILL_LEVEL) X(is_our_installation, UNIT_FLAG) X(mode_allowed, UNIT_FLAG) \
	X(allow_submit, UNIT_FLAG) X(breaker_open, UNIT_FLAG) X(venue_breaker_open, UNIT_FLAG) \
	X(strategy_breaker_open, UNIT_FLAG) \
	X(conductor_age_ms, UNIT_MS) X(conductor_limit_ms, UNIT_MS) \
	X(trader_epoch, UNIT_COUNT) X(trader_alive, UNIT_FLAG) X(reconciled, UNIT_FLAG) \
	X(worker_age_ms, UNIT_MS) X(worker_limit_ms, UNIT_MS) \
	X(venue_checks_ok, UNIT_FLAG) X(armed, UNIT_FLAG) X(capital_cap, UNIT_FIXED) X(is_simulator, UNIT_FLAG) \
	X(strategy_active, UNIT_FLAG) X(strategy_retired, UNIT_FLAG) X(strategy_allowed, UNIT_FLAG) \
	X(version_certified, UNIT_FLAG) X(deployment_active, UNIT_FLAG) X(deployment_limits_set, UNIT_FLAG) \
	X(instrument_allowed, UNIT_FLAG) \
	X(venue_locked, UNIT_FLAG) X(strategy_locked, UNIT_FLAG) X(instrument_locked, UNIT_FLAG) \
	X(restricted, UNIT_FLAG) \
	/* the market */ \
	X(opens_at, UNIT_TIME) X(closes_at, UNIT_TIME) X(window_resolved, UNIT_FLAG) X(calendar_open, UNIT_FLAG) \
	X(quote_present, UNIT_FLAG) X(bid, UNIT_FIXED) X(bid_size, UNIT_FIXED) X(ask, UNIT_FIXED) \
	X(ask_size, UNIT_FIXED) \
	/* shares quoted on the side the order takes from, no worse than its price and within the collar */ \
	X(depth, UNIT_FIXED) X(quote_received_at, UNIT_TIME) X(quote_source_at, UNIT_TIME) \
	X(quote_historical, UNIT_FLAG) X(rolling_mid, UNIT_FIXED) \
	/* milliseconds since data last flowed on the venue's feeds; FIXED_NULL = no feed is known */ \
	X(feed_age_ms, UNIT_MS) X(clock_offset_ms, UNIT_MS) \
	/* realised volatility of the underlying, percent per square root of a minute; updates without a change */ \
	X(volatility_pct, UNIT_FIXED) X(price_unchanged, UNIT_COUNT) X(confidence_unchanged, UNIT_COUNT) \
	X(tick_size, UNIT_FIXED) X(lot_size, UNIT_FIXED) X(min_qty, UNIT_FIXED) X(min_notional, UNIT_FIXED) \
	/* the venue's largest order; FIXED_NONE = it names none */ \
	X(max_qty, UNIT_FIXED) X(max_notional, UNIT_FIXED) \
	X(max_price, UNIT_FIXED) X(fee_rate, UNIT_FIXED) X(fee_exponent, UNIT_COUNT) \
	/* the signal; limit_price FIXED_NULL = at the market, within market_slippage_pct of the other side */ \
	X(side, UNIT_SIDE) X(amount_kind, UNIT_AMOUNT_KIND) X(amount, UNIT_FIXED) X(limit_price, UNIT_FIXED) \
	X(time_in_force, UNIT_TIF) X(stop_loss_pct, UNIT_FIXED) X(take_profit_kind, UNIT_TAKE_PROFIT_KIND) \
	X(take_profit_pct, UNIT_FIXED) X(exit_at, UNIT_TIME) X(confidence, UNIT_FIXED) X(signal_at, UNIT_TIME) \
	X(market_slippage_pct, UNIT_FIXED) \
	/* target position in shares, FIXED_NULL where the signal states an amount; what is held and what works towards it */ \
	X(target_qty, UNIT_FIXED) X(held_qty, UNIT_FIXED) X(working_qty, UNIT_FIXED) \
	/* sizing: a SizingKind; base = dollars, fraction of equity, or target volatility */ \
	X(sizing_kind, UNIT_COUNT) X(sizing_base, UNIT_FIXED) X(sizing_cap_usd, UNIT_FIXED) X(equity, UNIT_FIXED) \
	/* factors between 0 and 1 that shrink an entry; FIXED_ONE = as it is */ \
	X(risk_scaler, UNIT_FIXED) X(confidence_scale, UNIT_FIXED) X(drawdown_scale, UNIT_FIXED) \
	X(volatility_scale, UNIT_FIXED) X(stop_scale, UNIT_FIXED) \
	/* the books of the portfolio */ \
	X(cash, UNIT_FIXED) X(claimable, UNIT_FIXED) X(reserved, UNIT_FIXED) X(cost_open, UNIT_FIXED) \
	X(balance_age_ms, UNIT_MS) X(heat, UNIT_FIXED) \
	X(instrument_exposure, UNIT_FIXED) X(instrument_qty, UNIT_FIXED) X(window_exposure, UNIT_FIXED) \
	X(strategy_exposure, UNIT_FIXED) X(sector_exposure, UNIT_FIXED) X(group_exposure, UNIT_FIXED) \
	/* signed: +1 for what gains when the underlying rises, -1 for a DOWN share */ \
	X(direction, UNIT_COUNT) X(net_exposure, UNIT_FIXED) X(day_net, UNIT_FIXED) \
	X(open_positions, UNIT_COUNT) X(open_orders, UNIT_COUNT) X(same_side_positions, UNIT_COUNT) \
	X(entries_in_slot, UNIT_COUNT) X(unknown_in_slot, UNIT_COUNT) \
	X(day_orders, UNIT_COUNT) X(day_fills, UNIT_COUNT) X(day_value, UNIT_FIXED) X(day_qty, UNIT_FIXED) \
	/* the deployment's own: instruments it has at work (with this one), orders today, open positions, venues */ \
	X(deployment_instruments, UNIT_COUNT) X(deployment_day_orders, UNIT_COUNT) X(deployment_positions, UNIT_COUNT) \
	X(deployment_venues, UNIT_COUNT) \
	X(deployment_max_instruments, UNIT_COUNT) X(deployment_max_order_usd, UNIT_FIXED) \
	X(deployment_max_day_orders, UNIT_COUNT) X(deployment_max_positions, UNIT_COUNT) \
	X(deployment_max_venues, UNIT_COUNT) \
	/* results, dollars; losses in a row count closed positions */ \
	X(session_pnl, UNIT_FIXED) X(day_pnl, UNIT_FIXED) X(day_peak, UNIT_FIXED) X(week_pnl, UNIT_FIXED) \
	X(week_peak, UNIT_FIXED) X(losses_in_row, UNIT_COUNT) \
	X(strategy_session_pnl, UNIT_FIXED) X(strategy_day_pnl, UNIT_FIXED) X(strategy_day_peak, UNIT_FIXED) \
	X(strategy_week_pnl, UNIT_FIXED) X(strategy_week_peak, UNIT_FIXED) X(strategy_losses_in_row, UNIT_COUNT) \
	X(kill_criterion_met, UNIT_FLAG) \
	/* conduct */ \
	X(messages_last_second, UNIT_COUNT) X(strategy_messages_last_second, UNIT_COUNT) X(repeats, UNIT_COUNT) \
	X(repeats_disabled, UNIT_FLAG) X(duplicates, UNIT_COUNT) \
	/* the best price at which an order of ours rests on the other side; FIXED_NULL = none */ \
	X(own_resting_price, UNIT_FIXED) \
	/* an exit's position */ \
	X(position_id, UNIT_ID) X(position_qty, UNIT_FIXED) X(exit_qty_working, UNIT_FIXED)

#define GATE_OUTPUT_FIELDS(X) \
	X(verdict, UNIT_COUNT) X(first_failed, UNIT_COUNT) \
	X(failed_0, UNIT_MASK) X(failed_1, UNIT_MASK) X(warned_0, UNIT_MASK) X(warned_1, UNIT_MASK) \
	X(amount, UNIT_FIXED) X(limit_price, UNIT_FIXED) X(value, UNIT_FIXED) X(qty, UNIT_FIXED) \
	X(fee_bound, UNIT_FIXED) X(reserve, UNIT_FIXED) X(heat, UNIT_FIXED) X(stop_loss_pct, UNIT_FIXED) \
	/* what was asked before shrinking, and what shrank it most: a SizeCap */ \
	X(asked_amount, UNIT_FIXED) X(capped_by, UNIT_SIZE_CAP)

/* Where the size of an entry comes from. */
typedef enum SizingKind
{
	SIZING_SIGNAL, SIZING_FIXED_USD, SIZING_FIXED_FRACTION, SIZING_VOLATILITY_TARGET,
	SIZING_UNREADABLE			/* declared, but not to be read: nothing may be entered by it */
} SizingKind;

/* What made an order smaller than asked. */
typedef enum SizeCap
{
	CAP_NOTHING, CAP_RISK_SCALER, CAP_CONFIDENCE, CAP_DRAWDOWN, CAP_VOLATILITY, CAP_SIZING, CAP_TARGET
} SizeCap;

#define GATE_FIELD(name, unit) int64 name;
#define GATE_LIMIT(key, unit, tighter) int64 key;
#define GATE_SOFT(key, unit, tighter) int64 soft_##key;
typedef struct GateInput
{
	GATE_INPUT_FIELDS(GATE_FIELD)
	/* the limits in force, hard (deny) and soft (warn), in the order of LimitKey */
	RISK_LIMITS(GATE_LIMIT)
	RISK_LIMITS(GATE_SOFT)
} GateInput;

/* Where LIMIT_COUNT hard and soft limits stand in the input, as arrays. */
#define GATE_HARD_LIMITS(in) ((int64 *) (in) + offsetof(GateInput, quote_max_age_ms) / sizeof(int64))
#define GATE_SOFT_LIMITS(in) ((int64 *) (in) + offsetof(GateInput, soft_quote_max_age_ms) / sizeof(int64))

typedef struct GateOutput
{
	GATE_OUTPUT_FIELDS(GATE_FIELD)
} GateOutput;
#undef GATE_FIELD
#undef GATE_LIMIT
#undef GATE_SOFT

typedef struct GateFieldInfo
{
	const char *name;
	GateUnit	unit;
} GateFieldInfo;

extern const GateFieldInfo GateInputFields[];
extern const GateFieldInfo GateOutputFields[];
extern const int GateInputCount;
extern const int GateOutputCount;

/* What a check saw and what it allows; unit says how to read them, 0 = nothing was to be seen. */
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
	const char *group;			/* state, market, price, exposure, loss, conduct */
	bool		entry;
	bool		exit;
	bool		may_override;	/* two roles may let an entry pass it once */
	int			limit;			/* LimitKey whose soft level warns, or LIMIT_NONE */
	CheckFunction check;
	const char *comment;
	const char *rule;			/* the regulation or practice it serves */
} RiskCheck;

/* Ends with a row whose code is NULL. */
extern const RiskCheck RiskChecks[];

extern void arb_judge(const GateInput *in, GateOutput *out);
extern const char *arb_gate_reason(const GateOutput *out);
extern char *arb_gate_warnings(const GateOutput *out);
extern bool arb_mask_has(int64 mask_0, int64 mask_1, int check);
extern void arb_mask_add(int64 *mask_0, int64 *mask_1, int check);
extern bool arb_check_applies(const GateInput *in, int check);
extern bool arb_check_overridden(const GateInput *in, int check);
extern void arb_limits_soften(const GateInput *in, GateInput *soft);
extern bool arb_check_run(int check, const GateInput *in, const GateOutput *sized, Finding *finding);
extern bytea *arb_gate_encode(const int64 *fields, int count);
extern void arb_gate_decode(const bytea *bytes, int64 *fields, int count);
extern LabelType arb_gate_label_type(GateUnit unit);
extern char *arb_gate_format(GateUnit unit, int64 value);

#endif							/* ARB_GATE_H */
