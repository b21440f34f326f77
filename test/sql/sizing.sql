\set ECHO none
\getenv dir PG_ABS_SRCDIR
\set desk :dir '/sql/desk.inc'
\i :desk
-- How much: declared sizing and its curves, what the market's motion is made of, targets instead of amounts.

-- Straight lines, level beyond their ends, rounded down; worked out by hand.
SELECT x, curve_at, curve_at = should AS as_worked_out FROM (VALUES
	(-1, 0, 1, 10, 0, 1), (0, 0, 1, 10, 0, 1), (2.5, 0, 1, 10, 0, 0.75), (10, 0, 1, 10, 0, 0), (11, 0, 1, 10, 0, 0),
	(0.25, 0, 0.2, 1, 1, 0.4), (0.15, 0.05, 1, 0.25, 0.5, 0.75), (1, 0, 0, 3, 1, 0.33333333), (2, 0, 1, 3, 0, 0.33333333)) v (x, x0, y0, x1, y1, should),
	LATERAL arbees.curve_at(x, x0, y0, x1, y1);
SELECT desk.attempt('SELECT arbees.curve_at(1, 2, 0, 2, 1)') AS no_way_to_go;

-- What may be declared, and what a deployment may make of it.
SELECT parameters, params, kind, trim_scale(value) AS value, trim_scale(cap_usd) AS cap_usd FROM (VALUES
	('{}', '{}'), ('{"sizing": {"kind": "signal", "cap_usd": 3}}', '{}'), ('{"sizing": {"kind": "fixed_usd", "value": 2}}', '{}'),
	('{"sizing": {"kind": "fixed_usd", "value": 2}}', '{"sizing": {"value": 0.5}}'), ('{"sizing": {"kind": "fixed_usd", "value": 2}}', '{"sizing": {"cap_usd": 700}}'),
	('{"sizing": {"kind": "fixed_fraction", "value": 0.01, "cap_usd": 50}}', '{"sizing": {"cap_usd": 20}}'),
	('{"sizing": {"kind": "volatility_target", "value": 0.02, "cap_usd": 10, "ranges": {"value": [0.01, 0.05], "cap_usd": [5, 20]}}}', '{"sizing": {"value": 0.05, "cap_usd": 20}}'),
	('{"sizing": {"kind": "fixed_usd", "value": 1, "confidence": {"at_0": 0, "at_1": 1}, "drawdown": {"start_usd": 0, "zero_usd": 1}, "volatility": {"full_pct": 1, "zero_pct": 2}, "stop": {"calm_pct": 1, "wild_pct": 2, "tightest": 0.5}}}', '{}')
	) v (parameters, params), LATERAL arbees.sizing_of(parameters::jsonb, params::jsonb);
SELECT sizing, substr(desk.attempt(format('SELECT arbees.sizing_of(%L, ''{}'')', format('{"sizing": %s}', sizing))), 30) AS refused FROM (VALUES
	('3'), ('{}'), ('{"kind": "all_in", "value": 1}'), ('{"kind": "fixed_usd"}'), ('{"kind": "fixed_usd", "value": "2"}'), ('{"kind": "fixed_usd", "value": 0}'),
	('{"kind": "fixed_usd", "value": -1}'), ('{"kind": "fixed_usd", "value": 1e400}'), ('{"kind": "fixed_fraction", "value": 1.01}'), ('{"kind": "signal", "value": 1}'),
	('{"kind": "volatility_target", "value": 1}'), ('{"kind": "fixed_usd", "value": 1, "cap_usd": 0}'), ('{"kind": "fixed_usd", "value": 1, "cap": 2}'),
	('{"kind": "fixed_usd", "value": 1, "confidence": 1}'), ('{"kind": "fixed_usd", "value": 1, "confidence": {"at_0": 0.5}}'), ('{"kind": "fixed_usd", "value": 1, "confidence": {"at_0": 0.5, "at_1": 1.5}}'),
	('{"kind": "fixed_usd", "value": 1, "confidence": {"at_0": 0.5, "at_1": 1, "at_2": 1}}'), ('{"kind": "fixed_usd", "value": 1, "drawdown": {"start_usd": 5, "zero_usd": 5}}'),
	('{"kind": "fixed_usd", "value": 1, "volatility": {"full_pct": 2, "zero_pct": 1}}'), ('{"kind": "fixed_usd", "value": 1, "stop": {"calm_pct": 1, "wild_pct": 2, "tightest": 0}}'),
	('{"kind": "fixed_usd", "value": 1, "stop": {"calm_pct": 2, "wild_pct": 1, "tightest": 1}}'), ('{"kind": "fixed_usd", "value": 1, "ranges": {"value": [2, 3]}}'), ('{"kind": "fixed_usd", "value": 1, "ranges": {"value": [1]}}'),
	('{"kind": "fixed_usd", "value": 1, "ranges": {"value": [3, 0.5]}}'), ('{"kind": "fixed_usd", "value": 1, "ranges": {"stop": [1, 2]}}')) v (sizing);
SELECT parameters, params, substr(desk.attempt(format('SELECT arbees.sizing_of(%L, %L)', parameters, params)), 30) AS refused FROM (VALUES
	('{}', '{"sizing": {"value": 1}}'), ('[]', '{}'), ('{"sizing": {"kind": "fixed_usd", "value": 2}}', '{"sizing": {"value": 2.01}}'), ('{"sizing": {"kind": "fixed_usd", "value": 2}}', '{"sizing": {"kind": "signal"}}'),
	('{"sizing": {"kind": "fixed_usd", "value": 2}}', '{"sizing": 1}'), ('{"sizing": {"kind": "fixed_usd", "value": 2, "cap_usd": 4}}', '{"sizing": {"cap_usd": 4.01}}'), ('{"sizing": {"kind": "signal"}}', '{"sizing": {"value": 1}}'),
	('{"sizing": {"kind": "fixed_usd", "value": 2, "ranges": {"value": [1, 3]}}}', '{"sizing": {"value": 0.99}}')) v (parameters, params);
-- It is looked at when it is registered, when it is deployed, and when a new version meets what is deployed.
SELECT desk.attempt($$SELECT arbees_register_strategy('sized', 'desk.silent(arbees.market_state)', '{"sizing": {"kind": "fixed_usd", "value": 0}}', NULL, 'never')$$) AS bad;
SELECT count(*) FROM arbees.strategies WHERE name = 'sized';
SELECT arbees_register_strategy('sized', 'desk.silent(arbees.market_state)', desk.limits() || '{"sizing": {"kind": "fixed_usd", "value": 4, "cap_usd": 5, "ranges": {"value": [1, 5]},
	"confidence": {"at_0": 0.2, "at_1": 1}, "drawdown": {"start_usd": 0.1, "zero_usd": 2.1}, "volatility": {"full_pct": 5, "zero_pct": 15}, "stop": {"calm_pct": 5, "wild_pct": 15, "tightest": 0.5}}}', NULL, 'never') > 0 AS registered;
SELECT desk.attempt($$SELECT arbees_deploy('sized', 'paper', '{"sizing": {"value": 6}}')$$) AS beyond;
SELECT arbees_deploy('sized', 'paper', '{"sizing": {"value": 5}}') > 0 AS deployed;
SELECT desk.attempt($$SELECT arbees_register_strategy('sized', 'desk.silent(arbees.market_state)', '{"sizing": {"kind": "fixed_usd", "value": 1}}', NULL, 'never')$$) AS does_not_fit;

-- What the last decision saw.
CREATE FUNCTION desk.saw(VARIADIC fields text[]) RETURNS TABLE (field text, value text) LANGUAGE sql STABLE AS $$
	SELECT d.field, d.value FROM unnest($1) WITH ORDINALITY f (name, n) JOIN arbees.decision_details d ON d.field = f.name AND d.part = 'input'
	WHERE d.decision_id = (SELECT max(decision_id) FROM arbees.decisions) ORDER BY f.n
$$;
CREATE FUNCTION desk.made(OUT asked text, OUT amount text, OUT capped_by text, OUT stop_loss_pct text) LANGUAGE sql STABLE AS $$
	SELECT max(value) FILTER (WHERE field = 'asked_amount'), max(value) FILTER (WHERE field = 'amount'), max(value) FILTER (WHERE field = 'capped_by'), max(value) FILTER (WHERE field = 'stop_loss_pct')
	FROM arbees.decision_details WHERE part = 'output' AND decision_id = (SELECT max(decision_id) FROM arbees.decisions)
$$;
CREATE FUNCTION desk.sized(key text, given jsonb DEFAULT '{}') RETURNS text LANGUAGE sql AS $$ SELECT desk.try(desk.signal(jsonb_build_object('key', $1) || $2), 'paper', 'sized') $$;

-- Without a price there is no volatility, without a confidence none: what is declared to shrink by them counts the worst.
SELECT FROM desk.quote('PAPER', 100, 'w.up', 0.50, 0.52);
SELECT desk.sized('first');
SELECT * FROM desk.saw('sizing_kind', 'sizing_base', 'sizing_cap_usd', 'equity', 'volatility_pct', 'confidence', 'confidence_scale', 'drawdown_scale', 'volatility_scale', 'stop_scale');
SELECT * FROM desk.made();
-- Who declares nothing is sized by the signal.
SELECT desk.try(desk.signal('{"key": "plain", "confidence": 0.5}'));
SELECT * FROM desk.saw('sizing_kind', 'sizing_base', 'sizing_cap_usd', 'confidence_scale', 'drawdown_scale', 'volatility_scale', 'stop_scale');

-- Volatility: a tenth up and down each minute is 100 ln 1.1 percent per square root of a minute, however it is weighted; known from about a minute on.
SELECT desk.price(110, 100), desk.price(140, 101);
SELECT desk.make_window('v', 100, 900);
SELECT FROM desk.quote('PAPER', 140, 'v.up', 0.50, 0.52);
SELECT desk.sized('early', '{"symbol": "v.up"}');
SELECT * FROM desk.saw('volatility_pct', 'price_unchanged');
SELECT desk.price(200, 100, 200);
DELETE FROM arbees.underlying_prices;
SELECT desk.price(201, 100), desk.price(261, 110), desk.price(321, 100);
SELECT FROM desk.quote('PAPER', 321, 'v.up', 0.50, 0.52);
SELECT desk.sized('tenths', '{"symbol": "v.up", "confidence": 0.25}');
SELECT * FROM desk.saw('volatility_pct', 'price_unchanged', 'confidence_scale', 'volatility_scale', 'stop_scale');
SELECT round((100 * ln(1.1))::numeric, 5) AS by_hand, round(1 - (100 * ln(1.1) - 5) / 10, 5) AS scale, round(1 - (100 * ln(1.1) - 5) / 10 / 2, 5) AS stop;
-- Five dollars, four tenths by confidence, 0.5468982 by volatility, down to the cent.
SELECT * FROM desk.made();
-- The stop that was declared, times its curve, is what the position has; what the curve saw stays with it.
SELECT trim_scale(stop_loss_pct) AS stop_loss_pct, stop_scale, entry_volatility_pct FROM arbees.positions ORDER BY position_id DESC LIMIT 1;
SELECT FROM desk.quote('PAPER', 321.5, 'v.down', 0.47, 0.49);
SELECT desk.sized('with a stop', '{"symbol": "v.down", "stop_loss_pct": 20, "confidence": 1}');
SELECT * FROM desk.made();
SELECT round(stop_loss_pct, 4) AS stop_loss_pct, round(stop_scale, 6) AS stop_scale, round(stop_loss_pct / stop_scale) AS declared FROM arbees.positions ORDER BY position_id DESC LIMIT 1;
-- A fall from the day's peak shrinks what follows: the stop above sells at a loss.
SELECT FROM desk.quote('PAPER', 322, 'v.down', 0.40, 0.42);
SELECT state, why FROM desk.positions('paper') ORDER BY n DESC LIMIT 1;
SELECT FROM desk.quote('PAPER', 322.5, 'v.up', 0.50, 0.52);
SELECT desk.sized('after a loss', '{"symbol": "v.up", "confidence": 1}');
SELECT s.value::numeric = arbees.curve_at(p.value::numeric - n.value::numeric, 0.1, 1, 2.1, 0) AS as_worked_out, s.value::numeric BETWEEN 0.01 AND 0.99 AS smaller
FROM desk.saw('drawdown_scale') s, desk.saw('day_peak') p, desk.saw('day_pnl') n;

-- A share of the equity, and a target volatility: by hand.
SELECT arbees_register_strategy('fraction', 'desk.silent(arbees.market_state)', desk.limits() || '{"sizing": {"kind": "fixed_fraction", "value": 0.003}}', NULL, 'never') > 0 AS registered, arbees_deploy('fraction', 'paper', '{}') > 0 AS deployed;
SELECT arbees_register_strategy('wild', 'desk.silent(arbees.market_state)', desk.limits() || '{"sizing": {"kind": "volatility_target", "value": 0.03, "cap_usd": 4}}', NULL, 'never') > 0 AS registered, arbees_deploy('wild', 'paper', '{}') > 0 AS deployed;
SELECT desk.make_window('x', 100, 900);
SELECT FROM desk.quote('PAPER', 323, 'x.up', 0.50, 0.52);
SELECT FROM desk.quote('PAPER', 323.5, 'x.down', 0.47, 0.49);
SELECT desk.try(desk.signal('{"key": "f", "symbol": "x.up", "amount": null}'), 'paper', 'fraction');
SELECT m.*, m.amount::numeric = trunc(e.value::numeric * 0.003, 2) AS as_worked_out FROM desk.made() m, desk.saw('equity') e;
SELECT desk.try(desk.signal('{"key": "v", "symbol": "x.down", "amount": null}'), 'paper', 'wild');
SELECT m.*, m.amount::numeric = trunc(e.value::numeric * 0.03 / v.value::numeric, 2) AS as_worked_out FROM desk.made() m, desk.saw('equity') e, desk.saw('volatility_pct') v;
-- The operator's own factor comes on top.
SELECT desk.attempt(format('SELECT arbees_set_risk_scaler(%s, 0.5, ''careful'')', desk.deployment('paper', 'fraction'))) AS halved;
SELECT FROM desk.quote('PAPER', 323.7, 'x.up', 0.50, 0.52);
SELECT desk.try(desk.signal('{"key": "f2", "symbol": "x.up", "amount": null}'), 'paper', 'fraction');
SELECT * FROM desk.made();
SELECT desk.attempt(format('SELECT arbees_set_risk_scaler(%s, 0, ''not at all'')', desk.deployment('paper', 'fraction'))) AS stopped;
SELECT desk.try(desk.signal('{"key": "f3", "symbol": "x.up", "amount": null}'), 'paper', 'fraction');
-- What a deployment chooses anew binds its next decision; what somebody wrote past the verbs and cannot be read lets nothing through.
UPDATE arbees.deployments SET params = '{"sizing": {"cap_usd": 1.5}}' WHERE deployment_id = desk.deployment('paper', 'wild');
SELECT desk.try(desk.signal('{"key": "v2", "symbol": "x.down"}'), 'paper', 'wild');
SELECT * FROM desk.made();
UPDATE arbees.strategies SET parameters = '{"sizing": {"kind": "volatility_target", "value": 0.03}}' WHERE name = 'wild';
SELECT desk.try(desk.signal('{"key": "v3", "symbol": "x.down"}'), 'paper', 'wild');
SELECT * FROM desk.made();

-- A minute that stands still has its own weight; a tick of the same second replaces, a tick of an older one is none, the other mode's call of a frame adds nothing.
SELECT desk.price(381, 100);
SELECT unchanged, round((10000 * variance / variance_weight)::numeric, 6) = round((10000 * ln(1.1) ^ 2 * (p + p * p) / (1 + p + p * p))::numeric, 6) AS as_worked_out
FROM arbees.underlying_prices, (SELECT 0.5 ^ (60 / 300.0)) h (p);
SELECT desk.price(381, 100), desk.price(381, 104), desk.price(381, 100), desk.price(381, 50, 300);
SELECT unchanged, price, round((10000 * variance / variance_weight)::numeric, 6) = round((10000 * ln(1.1) ^ 2 * (p + p * p) / (1 + p + p * p))::numeric, 6) AS as_before
FROM arbees.underlying_prices, (SELECT 0.5 ^ (60 / 300.0)) h (p);
SELECT desk.price(382, 100), desk.price(383, 100);
SELECT unchanged FROM arbees.underlying_prices;
-- No number a feed may bring makes it other than a number.
SELECT desk.attempt(format('SELECT desk.price(%s, %s)', 383 + n, p)) FROM (VALUES (1, '1e300'), (2, '1e-300'), (3, '1e9000'), (4, '100')) v (n, p);
SELECT variance < 'infinity' AS finite, variance_weight < 1 AS less FROM arbees.underlying_prices;

-- The rolling middle: each middle weighs as long as it stood, half of it after a minute.
SELECT desk.make_window('r', 300, 1200);
SELECT FROM desk.quote('PAPER', 400, 'r.up', 0.50, 0.52);
SELECT FROM desk.quote('PAPER', 460, 'r.up', 0.60, 0.62);
SELECT rolling_mid AS still, unchanged FROM arbees.quotes WHERE instrument_id = desk.instrument('r.up');
SELECT FROM desk.quote('PAPER', 520, 'r.up', 0.60, 0.62);
SELECT rolling_mid AS half_way, unchanged FROM arbees.quotes WHERE instrument_id = desk.instrument('r.up');
SELECT arbees_set('rolling_collar_s', '30', 'shorter') IS NOT NULL AS halved;
SELECT FROM desk.quote('PAPER', 580, 'r.up', 0.60, NULL);
SELECT rolling_mid AS three_quarters_more, unchanged FROM arbees.quotes WHERE instrument_id = desk.instrument('r.up');
SELECT FROM desk.quote('PAPER', 581, 'r.up', 0.20, 0.22);
SELECT desk.sized('rolls', '{"symbol": "r.up", "limit_price": 0.25}');
SELECT * FROM desk.saw('bid', 'ask', 'rolling_mid', 'quote_historical');
SELECT desk.attempt($$SELECT arbees_set('rolling_collar_s', '0', 'none')$$) AS below;

-- A quote from before what was seen already is no news, whoever brings it; a little disorder is.
CREATE FUNCTION desk.late_quote(sec numeric, source numeric) RETURNS SETOF arbees.order_ticket LANGUAGE sql AS $$
	SELECT * FROM arbees.on_quotes(desk.venue('sim'), 'PAPER', desk.ms($1), ARRAY[desk.instrument('r.up')], '{0.30}', '{1000}', '{0.32}', '{1000}', ARRAY[desk.ms($2)], '{}', '{}', '{}')
$$;
CREATE FUNCTION desk.asks(state arbees.market_state) RETURNS arbees.signal LANGUAGE sql AS $$
	SELECT ROW('asks-' || extract(epoch FROM state.market_time), state.up_instrument, 'BUY', 'money', 1, 0.33, 'FAK', 0, 'none', 0, NULL, NULL, NULL, state.market_time - interval '3 s', NULL)::arbees.signal WHERE state.underlying = 'BTC' AND state.up_ask = 0.32
$$;
SELECT arbees_register_strategy('asks', 'desk.asks(arbees.market_state)', desk.limits(), NULL, 'never') > 0 AS registered, arbees_deploy('asks', 'paper', '{}') > 0 AS deployed;
SELECT FROM desk.late_quote(590, 580.5);
SELECT * FROM desk.saw('quote_historical', 'quote_source_at', 'signal_at', 'market_time');
SELECT FROM desk.late_quote(591, 579.9);
SELECT * FROM desk.saw('quote_historical', 'quote_source_at');
SELECT bid, source_at FROM arbees.quotes WHERE instrument_id = desk.instrument('r.up');
UPDATE arbees.deployments SET state = 'retired' WHERE deployment_id = desk.deployment('paper', 'asks');

-- A model that always says the same: counted per deployment, over decisions, not over what was taken back.
CREATE FUNCTION desk.says(key text, confidence numeric, strategy text DEFAULT 'sized') RETURNS text LANGUAGE sql AS $$
	SELECT desk.try(desk.signal(jsonb_build_object('key', $1, 'confidence', $2, 'symbol', 'none', 'instrument_id', desk.instrument('r.up'))), 'paper', $3)
$$;
SELECT desk.says('c1', 0.5) IS NOT NULL AS said;
SELECT * FROM desk.saw('confidence_unchanged');
SELECT desk.says('c2', 0.5) IS NOT NULL AS said, desk.says('c3', 0.5) IS NOT NULL AS again;
SELECT * FROM desk.saw('confidence_unchanged');
BEGIN;
SELECT desk.says('c4', 0.5) IS NOT NULL AS said;
SELECT * FROM desk.saw('confidence_unchanged');
ROLLBACK;
SELECT desk.says('other', 0.5, 'silent') IS NOT NULL AS said;
SELECT * FROM desk.saw('confidence_unchanged');
SELECT desk.says('c5', NULL) IS NOT NULL AS said_nothing;
SELECT * FROM desk.saw('confidence_unchanged');
SELECT desk.says('c6', 0.5) IS NOT NULL AS said;
SELECT * FROM desk.saw('confidence_unchanged');
SELECT desk.says('c6', 0.5) AS a_repeat;
SELECT desk.says('c7', 0.51) IS NOT NULL AS said;
SELECT * FROM desk.saw('confidence_unchanged');

-- A signal may say when its model spoke; a moment, not a for ever.
SELECT desk.sized('as of', '{"as_of": "2026-01-01 00:09:00+00"}') IS NOT NULL AS judged;
SELECT * FROM desk.saw('signal_at', 'market_time');
SELECT desk.sized('for ever', '{"as_of": "infinity"}');

-- A position to have instead of an amount to trade.
SELECT given, desk.sized('t', given::jsonb) FROM (VALUES ('{"target_position": 5}'), ('{"target_position": 5, "amount": null}'), ('{"target_position": -1, "amount": null, "amount_kind": null}'),
	('{"target_position": "NaN", "amount": null, "amount_kind": null}'), ('{"amount_kind": null}')) v (given);
-- Said again it accumulates nothing: what is missing is bought, what is there or on its way is not.
SELECT desk.make_window('t', 500, 1200), arbees_set('max_position_usd', '20', 'test') IS NOT NULL AS room;
CREATE FUNCTION desk.target(key text, given jsonb DEFAULT '{}') RETURNS text LANGUAGE sql AS $$
	SELECT desk.try(desk.signal(jsonb_build_object('key', $1, 'symbol', 't.up', 'amount', NULL, 'amount_kind', NULL, 'limit_price', 0.20) || $2), 'paper', 'silent2')
$$;
SELECT FROM desk.quote('PAPER', 600, 't.up', 0.18, 0.20);
SELECT desk.target('t1', '{"target_position": 10}');
SELECT * FROM desk.saw('held_qty', 'working_qty'), desk.made();
SELECT desk.target('t2', '{"target_position": 10}') AS reached, desk.target('t3', '{"target_position": 4}') AS more_than_reached;
-- What another strategy holds is not what this one wants; in money the same shares are missing.
SELECT FROM desk.quote('PAPER', 600.5, 't.down', 0.78, 0.80);
SELECT desk.try(desk.signal('{"key": "t4", "symbol": "t.up", "amount": null, "target_position": 20, "limit_price": 0.20}'), 'paper', 'silent2');
SELECT * FROM desk.saw('held_qty', 'working_qty'), desk.made();
SELECT desk.try(desk.signal('{"key": "t5", "symbol": "t.down", "amount": null, "amount_kind": "base", "target_position": 6, "limit_price": 0.70, "time_in_force": "GTC"}'), 'paper', 'silent2') AS rests;
SELECT desk.try(desk.signal('{"key": "t6", "symbol": "t.down", "amount": null, "amount_kind": "base", "target_position": 6, "limit_price": 0.80}'), 'paper', 'silent2') AS on_its_way,
	desk.try(desk.signal('{"key": "t7", "symbol": "t.down", "amount": null, "amount_kind": "base", "target_position": 6, "limit_price": 0.80}'), 'paper', 'silent') AS not_its_own;
SELECT * FROM desk.saw('held_qty', 'working_qty');
-- A limit far above the ask asks for what the missing shares cost, not for what they would cost at the limit.
SELECT FROM desk.quote('PAPER', 601, 't.up', 0.18, 0.20);
SELECT desk.target('t8', '{"target_position": 30, "amount_kind": "money", "limit_price": 0.24}');
SELECT * FROM desk.saw('held_qty', 'working_qty'), desk.made();
SELECT i.symbol, s.name, trim_scale(p.intended_qty) AS intended, trim_scale(p.held_qty) AS held, trim_scale(p.working_qty) AS working FROM arbees.intended_positions p
	JOIN arbees.deployments USING (deployment_id) JOIN arbees.strategies s USING (strategy_id) JOIN arbees.instruments i USING (instrument_id) ORDER BY 1, 2;
