\set ECHO none
\getenv dir PG_ABS_SRCDIR
\set desk :dir '/sql/desk.inc'
\i :desk
-- Deployments: their limits and risk scaler; versions certified by a second person; strategies retired.
\set SHOW_CONTEXT never
SELECT max(change_id) AS change FROM arbees.control_history \gset
SELECT max(journal_id) AS row FROM arbees.journal_desk \gset
CREATE VIEW desk.deployed AS SELECT s.name AS strategy, p.name AS portfolio, d.state, d.max_instruments AS instruments,
		trim_scale(d.max_order_usd) AS order_usd, d.max_day_orders AS day_orders, d.max_open_positions AS positions, d.max_venues AS venues,
		trim_scale(d.risk_scaler) AS scaler
	FROM arbees.deployments d JOIN arbees.strategies s USING (strategy_id) JOIN arbees.portfolios p USING (portfolio_id);
SELECT arbees_create_portfolio('second', 'PAPER', 'sim', NULL) > 0 AS second;

-- what a strategy declares: all of it, or nothing
SELECT l, desk.attempt(format('SELECT arbees_register_strategy(''d'', ''desk.silent(arbees.market_state)'', %L, NULL, NULL)',
	jsonb_build_object('limits', l::jsonb))) FROM unnest(ARRAY['5', 'null', '[]', '{}', '{"instruments": 1}',
	'{"instruments": 1, "order_usd": 5, "day_orders": 10, "open_positions": 2, "venues": 1, "more": 1}',
	'{"instruments": 1.5, "order_usd": 5, "day_orders": 10, "open_positions": 2, "venues": 1}',
	'{"instruments": 1, "order_usd": 0.123456789, "day_orders": 10, "open_positions": 2, "venues": 1}',
	'{"instruments": 1, "order_usd": 5, "day_orders": "10", "open_positions": 2, "venues": 1}',
	'{"instruments": 1, "order_usd": 5, "day_orders": null, "open_positions": 2, "venues": 1}',
	'{"instruments": 1, "order_usd": 5, "day_orders": 10, "open_positions": -2, "venues": 1}',
	'{"instruments": 1, "order_usd": 5, "day_orders": 10, "open_positions": 2, "venues": 1001}']) l;
SELECT arbees_register_strategy('d', 'desk.silent(arbees.market_state)',
	'{"mine": 7, "limits": {"instruments": 2, "order_usd": 5.5, "day_orders": 10, "open_positions": 3, "venues": 1}}', NULL, NULL) > 0 AS registered;
SELECT arbees_register_strategy('bare', 'desk.silent(arbees.market_state)', NULL, NULL, NULL) > 0 AS registered;
SELECT name, parameters, limits FROM arbees.strategies WHERE name IN ('d', 'bare', 'always_trade_canary') ORDER BY name;
SELECT desk.attempt($$SELECT arbees_deploy('d', 'paper', '{"limits": {"instruments": 9}}')$$);
SELECT arbees_deploy('d', 'paper', '{"mine": 8}') AS d, arbees_deploy('bare', 'paper', '{}') AS bare, arbees_deploy('bare', 'second', '{}') AS other \gset
SET client_min_messages = warning;
BEGIN;
DELETE FROM arbees.deployments WHERE deployment_id = :other;
SELECT arbees_deploy('bare', 'second', '{}') > 0 AS warns;
ROLLBACK;
SET client_min_messages = error;
SELECT * FROM desk.deployed WHERE strategy IN ('d', 'bare') ORDER BY strategy, portfolio;
-- declared anew: what is deployed keeps its own
SELECT arbees_register_strategy('d', 'desk.silent(arbees.market_state)',
	'{"limits": {"instruments": 9, "order_usd": 9, "day_orders": 9, "open_positions": 9, "venues": 9}}', NULL, NULL) > 0 AS registered;
SELECT arbees_register_strategy('d', 'desk.silent(arbees.market_state)', '{"mine": 7}', NULL, NULL) > 0 AS registered;
SELECT s.limits ->> 'instruments' AS declared, s.parameters, d.instruments FROM arbees.strategies s JOIN desk.deployed d ON d.strategy = s.name WHERE name = 'd';
-- the gate sees them
CREATE FUNCTION desk.seen(strategy text) RETURNS TABLE (field text, value text) LANGUAGE plpgsql AS $$
BEGIN
	PERFORM desk.try(desk.signal(jsonb_build_object('key', clock_timestamp()::text)), 'paper', $1);
	RETURN QUERY SELECT f.field, f.value FROM arbees.decision_details f
		WHERE f.decision_id = (SELECT max(decision_id) FROM arbees.decisions)
			AND (f.field ~ '^deployment_(max|limits)' OR f.field IN ('risk_scaler', 'version_certified', 'strategy_retired')) ORDER BY 1;
END
$$;
SELECT * FROM desk.seen('d');
SELECT * FROM desk.seen('bare') WHERE field = 'deployment_limits_set';

-- refusals
SELECT arbees_set_deployment_limits(1000000, 1, 1, 1, 1, 1, 'x');
\echo :LAST_ERROR_SQLSTATE
SELECT arbees_set_deployment_limits(NULL, 1, 1, 1, 1, 1, 'x');
SELECT arbees_set_deployment_limits(:d, -1, NULL, NULL, NULL, NULL, 'x');
\echo :LAST_ERROR_SQLSTATE
SELECT arbees_set_deployment_limits(:d, NULL, 'NaN', NULL, NULL, NULL, 'x');
SELECT arbees_set_deployment_limits(:d, NULL, 0.000000001, NULL, NULL, NULL, 'x');
SELECT arbees_set_deployment_limits(:d, NULL, 1000000000, NULL, NULL, NULL, 'x');
SELECT arbees_set_deployment_limits(:d, 1, NULL, NULL, NULL, NULL, '');
SELECT arbees_set_deployment_limits(:bare, 1, NULL, NULL, NULL, NULL, 'some of them');
\echo :LAST_ERROR_SQLSTATE
SELECT arbees_set_risk_scaler(:d, 1.1, 'x');
\echo :LAST_ERROR_SQLSTATE
SELECT arbees_set_risk_scaler(:d, -0.1, 'x');
SELECT arbees_set_risk_scaler(:d, NULL, 'x');
SELECT arbees_set_risk_scaler(:d, 0.5, NULL);
UPDATE arbees.deployments SET max_order_usd = 100 WHERE deployment_id = :d;
\echo :LAST_ERROR_SQLSTATE
SET session_replication_role = replica;
UPDATE arbees.deployments SET risk_scaler = 1 WHERE deployment_id = :d;
RESET session_replication_role;
SET synchronous_commit = off;
SELECT arbees_set_risk_scaler(:d, 0.5, 'a crash could forget it');
RESET synchronous_commit;
UPDATE arbees.deployments SET state = 'paused' WHERE deployment_id = :d;
UPDATE arbees.deployments SET state = 'active' WHERE deployment_id = :d;
SELECT count(*) FROM arbees.control_history WHERE change_id > :change;

-- an operator tightens, the risk role loosens
SET ROLE arbees_operator;
SELECT arbees_set_deployment_limits(:d, 1, 5, NULL, NULL, NULL, 'tighter');
SELECT arbees_set_deployment_limits(:d, 1, 5.1, NULL, NULL, NULL, 'wider');
\echo :LAST_ERROR_SQLSTATE
SELECT arbees_set_deployment_limits(:d, 0, NULL, 11, NULL, NULL, 'one of them wider');
SELECT arbees_set_deployment_limits(:bare, 1, 1, 1, 1, 1, 'from none to some');
SELECT arbees_set_risk_scaler(:d, 0.25, 'half of the half');
SELECT arbees_set_risk_scaler(:d, 0.26, 'wider');
RESET ROLE;
SET ROLE arbees_viewer;
SELECT arbees_set_deployment_limits(:d, 0, NULL, NULL, NULL, NULL, 'not mine');
SELECT arbees_set_risk_scaler(:d, 0, 'not mine');
RESET ROLE;
SET ROLE arbees_risk;
SELECT arbees_set_deployment_limits(:bare, 1, 1, 1, 1, 1, 'from none to some');
SELECT arbees_set_risk_scaler(:d, 0.75, 'calmer');
SELECT arbees_set_risk_scaler(:d, 0.750, 'nothing new');
RESET ROLE;
SELECT * FROM desk.deployed WHERE strategy IN ('d', 'bare') ORDER BY strategy, portfolio;
SELECT * FROM desk.seen('d') WHERE field IN ('risk_scaler', 'deployment_max_order_usd');
SELECT scope, name, key, old_value, old_is_none, new_value, new_is_none, changed_by = session_user AS by_me, reason FROM arbees.control_history WHERE change_id > :change ORDER BY change_id;

-- a version is certified by a second person
CREATE ROLE desk_ann LOGIN IN ROLE arbees_risk;
CREATE ROLE desk_bob LOGIN IN ROLE arbees_risk;
CREATE ROLE desk_cleo LOGIN IN ROLE arbees_operator;
CREATE FUNCTION desk.model(arbees.market_state) RETURNS arbees.signal LANGUAGE sql AS 'SELECT NULL::arbees.signal';
GRANT USAGE ON SCHEMA desk TO arbees_viewer;
SET SESSION AUTHORIZATION desk_ann;
SELECT arbees_register_strategy('model', 'desk.model(arbees.market_state)',
	'{"limits": {"instruments": 2, "order_usd": 5.5, "day_orders": 10, "open_positions": 3, "venues": 1}}', NULL, NULL) > 0 AS registered;
SELECT arbees_deploy('model', 'paper', '{}') > 0 AS deployed;
SELECT arbees_certify('model', 'I wrote it, I know it');
\echo :LAST_ERROR_SQLSTATE
SET ROLE arbees_risk;
SELECT arbees_certify('model', 'nobody else I am');
\echo :LAST_ERROR_SQLSTATE
SET SESSION AUTHORIZATION desk_cleo;
SELECT arbees_certify('model', 'not mine to do');
\echo :LAST_ERROR_SQLSTATE
SET SESSION AUTHORIZATION desk_bob;
SELECT arbees_certify('nobody', 'x');
SELECT arbees_certify('model', ' ');
SELECT arbees_certify('model', 'read, replayed, agreed') ~ '^version [0-9a-f]{12} certified$' AS certified;
SELECT arbees_certify('model', 'again') ~ '^version [0-9a-f]{12} was certified already, by desk_bob$' AS certified;
RESET SESSION AUTHORIZATION;
SELECT * FROM desk.seen('model') WHERE field = 'version_certified';
-- a change takes the certificate away, its undoing brings it back
CREATE OR REPLACE FUNCTION desk.model(arbees.market_state) RETURNS arbees.signal LANGUAGE sql AS 'SELECT NULL::arbees.signal -- better';
SELECT arbees_register_strategy('model', 'desk.model(arbees.market_state)', NULL, NULL, NULL) > 0 AS registered;
SELECT * FROM desk.seen('model') WHERE field = 'version_certified';
CREATE OR REPLACE FUNCTION desk.model(arbees.market_state) RETURNS arbees.signal LANGUAGE sql AS 'SELECT NULL::arbees.signal -- best';
SET SESSION AUTHORIZATION desk_bob;
SELECT arbees_certify('model', 'what was registered is not what runs');
\echo :LAST_ERROR_SQLSTATE
RESET SESSION AUTHORIZATION;
CREATE OR REPLACE FUNCTION desk.model(arbees.market_state) RETURNS arbees.signal LANGUAGE sql AS 'SELECT NULL::arbees.signal';
SELECT arbees_register_strategy('model', 'desk.model(arbees.market_state)', NULL, NULL, NULL) > 0 AS registered;
SELECT * FROM desk.seen('model') WHERE field = 'version_certified';
SELECT v.registered_by, v.certified_by, v.certificate FROM arbees.strategy_versions v JOIN arbees.strategies USING (strategy_id)
	WHERE name = 'model' AND v.certified_at IS NOT NULL;

-- any operator retires; nothing is deployed of it any more
SET SESSION AUTHORIZATION desk_cleo;
SELECT arbees_retire('nobody', 'x');
SELECT arbees_retire('model', NULL);
SELECT arbees_retire('model', 'it stopped working');
SELECT arbees_retire('model', 'again');
RESET SESSION AUTHORIZATION;
SELECT desk.try(desk.signal('{"key": "late"}'), 'paper', 'model'), desk.attempt($$SELECT arbees_deploy('model', 'second', '{}')$$);
SELECT * FROM desk.seen('model') WHERE field = 'strategy_retired';
SELECT strategy, state FROM desk.deployed WHERE strategy IN ('d', 'model') ORDER BY 1;
SELECT kind, regexp_replace(message, 'version [0-9a-f]{12}', 'version ...') FROM arbees.journal WHERE journal_id > :row AND kind ~ 'strategy_|limit_changed' ORDER BY journal_id;
DROP ROLE desk_ann, desk_bob, desk_cleo;
-- What was retired stays as a record; the strategy may run in the portfolio again, as a deployment of its own, one at a time.
SELECT desk.deployment('paper', 'silent') AS before \gset
UPDATE arbees.deployments SET state = 'retired' WHERE deployment_id = :before;
SELECT desk.attempt($$SELECT arbees_deploy('silent', 'paper', '{}')$$) AS again, desk.attempt($$SELECT arbees_deploy('silent', 'paper', '{}')$$) ~ '^23505' AS only_one;
SELECT d.state, deployment_id <> :before AS anew FROM arbees.deployments d JOIN arbees.strategies USING (strategy_id) JOIN arbees.portfolios USING (portfolio_id)
WHERE strategies.name = 'silent' AND portfolios.name = 'paper' ORDER BY deployment_id;
