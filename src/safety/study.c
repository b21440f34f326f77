/*-------------------------------------------------------------------------
 *
 * src/safety/study.c
 *	  Inputs of the gate that nobody submitted: what if a number were another.
 *
 * A study starts from a healthy PAPER entry without limits, or from the input of
 * a decision, and changes fields by name. Nothing here is on the way of an order.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "compat.h"
#include "core/clock.h"
#include "fmgr.h"
#include "safety/gate.h"
#include "utils/jsonb.h"

/* The moment of every study: 2026-01-01 00:02 UTC, in a window that opened two minutes ago and closes in three. */
#define STUDY_MOMENT_MS INT64CONST(1767225720000)
#define STUDY_WINDOW_BEFORE_S 120
#define STUDY_WINDOW_AFTER_S 180

static TimestampTz
study_moment(void)
{
	return arb_time_from_unix_ms(STUDY_MOMENT_MS);
}

static void
healthy_desk(GateInput *in)
{
	in->kill_level = KILL_NONE;
	in->is_our_installation = in->mode_allowed = in->allow_submit = 1;
	in->conductor_limit_ms = in->worker_limit_ms = 1000;
	in->trader_alive = in->reconciled = in->venue_checks_ok = in->armed = 1;
	in->capital_cap = 1000 * FIXED_ONE;
	in->is_simulator = 0;
	in->strategy_active = in->strategy_allowed = in->version_certified = 1;
	in->deployment_active = in->deployment_limits_set = in->instrument_allowed = 1;
	in->deployment_instruments = in->deployment_venues = 1;
	in->deployment_max_instruments = in->deployment_max_venues = 10;
	in->deployment_max_order_usd = 1000 * FIXED_ONE;
	in->deployment_max_day_orders = in->deployment_max_positions = 1000;
}

static void
healthy_market(GateInput *in)
{
	in->window_id = 1;
	in->opens_at = in->market_time - STUDY_WINDOW_BEFORE_S * USECS_PER_SEC;
	in->closes_at = in->market_time + STUDY_WINDOW_AFTER_S * USECS_PER_SEC;
	in->calendar_open = in->quote_present = 1;
	in->bid = in->rolling_mid = FIXED_ONE / 2;
	in->ask = FIXED_ONE / 2 + 2 * FIXED_CENT;
	in->bid_size = in->ask_size = in->depth = 1000 * FIXED_ONE;
	in->quote_received_at = in->quote_source_at = in->market_time;
	in->tick_size = in->lot_size = FIXED_CENT;
	in->min_qty = 5 * FIXED_ONE;
	in->min_notional = FIXED_ONE;
	in->max_qty = in->max_notional = FIXED_NONE;
	in->max_price = FIXED_ONE;
	in->fee_rate = 7 * FIXED_CENT;
	in->fee_exponent = 1;
	in->volatility_pct = FIXED_ONE;
	in->direction = 1;
}

static void
healthy_signal(GateInput *in)
{
	in->side = SIDE_BUY;
	in->amount_kind = AMOUNT_MONEY;
	in->amount = 5 * FIXED_ONE;
	in->limit_price = FIXED_ONE / 2 + 3 * FIXED_CENT;
	in->time_in_force = TIF_FAK;
	in->take_profit_kind = TAKE_PROFIT_NONE;
	in->confidence = FIXED_NULL;
	in->signal_at = in->market_time;
	in->market_slippage_pct = 5 * FIXED_ONE;
	in->target_qty = FIXED_NULL;
	in->sizing_cap_usd = FIXED_NONE;
	in->risk_scaler = in->confidence_scale = in->drawdown_scale = FIXED_ONE;
	in->volatility_scale = in->stop_scale = FIXED_ONE;
}

static void
healthy_input(GateInput *in)
{
	int			i;

	memset(in, 0, sizeof(*in));
	in->market_time = in->decided_at = study_moment();
	in->purpose = PURPOSE_ENTRY;
	in->mode = MODE_PAPER;
	in->portfolio_id = in->deployment_id = in->instrument_id = 1;
	healthy_desk(in);
	healthy_market(in);
	healthy_signal(in);
	in->cash = in->equity = 1000 * FIXED_ONE;
	in->own_resting_price = FIXED_NULL;
	for (i = 0; i < LIMIT_COUNT; i++)
		GATE_HARD_LIMITS(in)[i] = GATE_SOFT_LIMITS(in)[i] = FIXED_NONE;
}

static pg_attribute_noreturn() void
bad_value(const char *field, const char *wanted)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("field \"%s\" of the study has no value that fits", field),
			 errhint("It takes %s.", wanted)));
}

static int64
labelled(const char *field, LabelType type, const JsonbValue *value)
{
	int			found;

	if (value->type != jbvString)
		bad_value(field, "a label");
	found = arb_label_parse(type, pnstrdup(value->val.string.val, value->val.string.len));
	if (found == 0)
		bad_value(field, "one of the labels of its type");
	return found;
}

static int64
numbered(const char *field, GateUnit unit, const JsonbValue *value, TimestampTz moment)
{
	if (value->type == jbvBool)
		return value->val.boolean ? 1 : 0;
	if (value->type == jbvString && value->val.string.len == 4 && strncmp(value->val.string.val, "none", 4) == 0)
		return FIXED_NONE;
	if (value->type != jbvNumeric)
		bad_value(field, "a number, true, false, null (missing) or \"none\" (no limit)");
	if (unit == UNIT_FIXED)
		return arb_fixed_from_numeric(NumericGetDatum(value->val.numeric));
	if (unit == UNIT_TIME)
		return moment + arb_fixed_from_numeric(NumericGetDatum(value->val.numeric)) / (FIXED_ONE / USECS_PER_SEC);
	return DatumGetInt64(DirectFunctionCall1(numeric_int8, NumericGetDatum(value->val.numeric)));
}

/* "=" and an integer: the field as it is stored, also where it means nothing. */
static bool
stored_form(const JsonbValue *value, int64 *field)
{
	if (value->type != jbvString || value->val.string.len < 2 || value->val.string.val[0] != '=')
		return false;
	*field = DatumGetInt64(DirectFunctionCall1(int8in, CStringGetDatum(pnstrdup(value->val.string.val + 1,
																				 value->val.string.len - 1))));
	return true;
}

static void
set_field(GateInput *in, const char *name, const JsonbValue *value, TimestampTz moment)
{
	int			i;

	for (i = 0; i < GateInputCount; i++)
	{
		const GateFieldInfo *field = &GateInputFields[i];
		LabelType	type = arb_gate_label_type(field->unit);

		if (strcmp(field->name, name) != 0)
			continue;
		if (stored_form(value, &((int64 *) in)[i]))
			return;
		((int64 *) in)[i] = value->type == jbvNull ? FIXED_NULL :
			type != 0 ? labelled(name, type, value) : numbered(name, field->unit, value, moment);
		return;
	}
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("the gate has no field \"%s\"", name),
			 errhint("arbees.decision_details shows the fields of a decision.")));
}

static void
override_check(GateInput *in, const JsonbValue *value)
{
	int			i;

	if (value->type != jbvString)
		bad_value("overridden", "a list of checks");
	for (i = 0; RiskChecks[i].code != NULL; i++)
		if (strlen(RiskChecks[i].code) == value->val.string.len &&
			strncmp(RiskChecks[i].code, value->val.string.val, value->val.string.len) == 0)
		{
			arb_mask_add(&in->overridden_0, &in->overridden_1, i);
			in->override_id = 1;
			return;
		}
	bad_value("overridden", "the codes of arbees.risk_checks");
}

static bytea *
changed(GateInput *in, Jsonb *fields)
{
	JsonbIterator *it = JsonbIteratorInit(&fields->root);
	JsonbIteratorToken token;
	JsonbValue	value;
	TimestampTz moment = in->market_time;
	const char *name = "";
	bool		inside = false;

	if (!JB_ROOT_IS_OBJECT(fields))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("the fields of a study must be an object")));
	while ((token = JsonbIteratorNext(&it, &value, false)) != WJB_DONE)
	{
		bool		overridden = strcmp(name, "overridden") == 0;

		if (token == WJB_KEY)
			name = pnstrdup(value.val.string.val, value.val.string.len);
		else if (token == WJB_ELEM && overridden)
			override_check(in, &value);
		else if (token == WJB_VALUE && !overridden)
			set_field(in, name, &value, moment);
		else if (token == WJB_BEGIN_OBJECT && !inside)
			inside = true;
		else if (token == WJB_VALUE || token == WJB_BEGIN_OBJECT || (token == WJB_BEGIN_ARRAY && !overridden))
			bad_value(name, "a plain value, and \"overridden\" a list");
	}
	return arb_gate_encode((int64 *) in, GateInputCount);
}

/*
 * compose_input(fields jsonb) returns the bytes of a healthy entry with these
 * fields in the place of its own. Times are seconds after the decision; a text
 * of "=" and an integer is a field as it is stored; the field "overridden" lists
 * checks that an override lets pass.
 *
 * Errors: 22023 for a field that is none or a value that does not fit it.
 */
PG_FUNCTION_INFO_V1(arbees_compose_input);
Datum
arbees_compose_input(PG_FUNCTION_ARGS)
{
	GateInput	in;

	healthy_input(&in);
	PG_RETURN_BYTEA_P(changed(&in, PG_GETARG_JSONB_P(0)));
}

/* change_input(input, fields jsonb) does the same to the input of a decision. Errors: XX001 too. */
PG_FUNCTION_INFO_V1(arbees_change_input);
Datum
arbees_change_input(PG_FUNCTION_ARGS)
{
	GateInput	in;

	arb_gate_decode(PG_GETARG_BYTEA_PP(0), (int64 *) &in, GateInputCount);
	PG_RETURN_BYTEA_P(changed(&in, PG_GETARG_JSONB_P(1)));
}
