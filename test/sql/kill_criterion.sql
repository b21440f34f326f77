\set ECHO none
\getenv dir PG_ABS_SRCDIR
\set desk :dir '/sql/desk.inc'
\i :desk
-- The criterion by which a strategy declared its own end: a deployment that meets it enters no more.
\set SHOW_CONTEXT never
CREATE FUNCTION desk.kill(rules jsonb) RETURNS jsonb LANGUAGE sql AS $$ SELECT desk.limits() || jsonb_build_object('kill', $1) $$;
-- what cannot be read
SELECT rules, desk.attempt(format('SELECT arbees_register_strategy(''x'', ''desk.silent(arbees.market_state)'', %L, NULL, ''none'')', desk.kill(rules)))
FROM unnest(ARRAY['1', '[]', '{}', '{"loss": 1}', '{"loss_usd": 0}', '{"loss_usd": -1}', '{"loss_usd": "5"}', '{"loss_usd": null}',
	'{"losses_in_row": 1.5}', '{"win_pct": 50}', '{"after_trades": 5}', '{"win_pct": 101, "after_trades": 5}', '{"loss_usd": 1000001}']::jsonb[]) rules;
SELECT desk.attempt('SELECT arbees_deploy(''silent'', ''paper'', ''{"kill": {"loss_usd": 1}}'')') AS no_parameter;

SELECT arbees_register_strategy('row', 'desk.silent(arbees.market_state)', desk.kill('{"losses_in_row": 2}'), NULL, 'two losses in a row') AS _ \gset
SELECT arbees_register_strategy('loss', 'desk.silent(arbees.market_state)', desk.kill('{"loss_usd": 0.15}'), NULL, 'fifteen cents') AS _ \gset
SELECT arbees_register_strategy('rate', 'desk.silent(arbees.market_state)', desk.kill('{"win_pct": 50, "after_trades": 2}'), NULL, 'half of them') AS _ \gset
SELECT count(arbees_deploy(s, 'paper', '{}')) AS _ FROM unnest('{row,loss,rate}'::text[]) s \gset
SELECT name, kill_loss_usd, kill_losses_in_row, kill_win_pct, kill_after_trades
FROM arbees.deployments JOIN arbees.strategies USING (strategy_id) WHERE name IN ('row', 'loss', 'rate', 'silent') ORDER BY 1;
SELECT desk.attempt('UPDATE arbees.deployments SET kill_loss_usd = 1000') AS by_hand;

-- A trade: in at the ask, out at a bid that makes it a loss or a gain.
CREATE FUNCTION desk.trade(strategy text, bid numeric) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	n		int := (SELECT count(*) FROM arbees.windows);
	answer	text;
	id		bigint;
BEGIN
	PERFORM desk.make_window('k' || n, 0, 300);
	PERFORM FROM desk.quote('PAPER', desk.clock(), 'k' || n || '.up', 0.50, 0.52);
	answer := desk.try(desk.signal(jsonb_build_object('key', 'k' || n, 'symbol', 'k' || n || '.up')), 'paper', $1);
	SELECT max(position_id) INTO id FROM arbees.positions s
		WHERE s.instrument_id = desk.instrument('k' || n || '.up') AND s.state <> 'CLOSED';
	IF id IS NOT NULL THEN
		PERFORM FROM desk.quote('PAPER', desk.clock() + 1, 'k' || n || '.up', $2, $2 + 0.02);
		PERFORM arbees_close(id);
	END IF;
	RETURN answer;
END
$$;
SELECT desk.trade('row', 0.50) AS lost, desk.trade('row', 0.70) AS won, desk.trade('row', 0.50) AS lost, desk.trade('row', 0.50) AS lost;
SELECT desk.trade('row', 0.70) AS over, desk.trade('silent', 0.70) AS another;
SELECT desk.trade('loss', 0.45) AS lost;
SELECT desk.trade('loss', 0.50) AS over;
-- one of two is half: not below it; one of three is
SELECT desk.trade('rate', 0.45) AS lost, desk.trade('rate', 0.70) AS won, desk.trade('rate', 0.45) AS lost;
SELECT desk.trade('rate', 0.70) AS over;
-- exits are none of it, and a new declaration binds new deployments only
SELECT arbees_register_strategy('loss', 'desk.silent(arbees.market_state)', desk.kill('{"loss_usd": 100}'), NULL, 'a hundred') > 0 AS again;
SELECT desk.trade('loss', 0.50) AS over_still;
