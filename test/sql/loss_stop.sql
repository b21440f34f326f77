\set ECHO none
\getenv dir PG_ABS_SRCDIR
\set desk :dir '/sql/desk.inc'
\i :desk
-- What a loss limit does besides refusing entries: the breaker opens, and where loss_action says so, trading stops.
SELECT arbees_set('loss_action', 'breaker', 'the mildest first');
SELECT arbees_set('max_position_usd', '100', 'test'), arbees_set('exit_retry_ms', '10', 'test'), arbees_set('daily_drawdown_limit_usd', '100', 'test');
SELECT arbees_create_portfolio('other', 'PAPER', 'sim', NULL) > 0 AS made;
SELECT arbees_deposit('other', 1000, 'start');
SELECT arbees_deploy('silent', 'other', '{}') > 0 AS deployed;
CREATE VIEW desk.stopped AS
	SELECT p.name, p.kill_level, coalesce((SELECT b.state::text FROM arbees.breakers b WHERE b.scope = 'portfolio' AND b.scope_id = p.portfolio_id), 'none') AS breaker,
		(SELECT level FROM arbees.kill_switch) AS desk
	FROM arbees.portfolios p ORDER BY p.portfolio_id;
CREATE VIEW desk.stops AS
	SELECT p.name, s.loss_limit, trim_scale(s.loss) AS loss, trim_scale(s.limit_value) AS limit_value, s.action, s.cleared_at IS NOT NULL AS cleared
	FROM arbees.loss_stops s JOIN arbees.portfolios p USING (portfolio_id) ORDER BY s.reached_at;
-- Buys ten shares at 0.50 in a window of their own and sells them at a bid of 0.40: a loss of one dollar and fees.
CREATE FUNCTION desk.lose(slug text, portfolio text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	answer text;
BEGIN
	PERFORM desk.make_window(slug, 0, desk.clock() + 900);
	PERFORM FROM desk.quote('PAPER', desk.clock(), slug || '.up', 0.48, 0.50);
	answer := desk.try(desk.signal(jsonb_build_object('key', slug, 'symbol', slug || '.up', 'amount_kind', 'base', 'amount', 10,
		'limit_price', 0.50, 'stop_loss_pct', 10)), portfolio);
	PERFORM FROM desk.quote('PAPER', desk.clock() + 1, slug || '.up', 0.40, 0.42);
	RETURN answer;
END
$$;
CREATE FUNCTION desk.session(portfolio text) RETURNS numeric LANGUAGE sql STABLE AS $$
	SELECT trim_scale(session_pnl) FROM arbees.session_results WHERE name = $1
$$;

-- within the limit nothing happens; one dollar later the breaker opens, once
SELECT arbees_set('max_session_loss_usd', '2.5', 'test');
SELECT desk.lose('l1', 'paper'), arbees.step_losses();
SELECT desk.session('paper');
SELECT * FROM desk.stops;
SELECT desk.lose('l2', 'paper'), arbees.step_losses(), arbees.step_losses();
SELECT desk.session('paper');
SELECT * FROM desk.stops;
SELECT * FROM desk.stopped;
SELECT * FROM desk.alerts();
SELECT desk.try(desk.signal('{"key": "n1"}'), 'paper');
-- a person's word is not overruled while the loss still stands
SELECT arbees_reset_breaker('paper', 'seen'), arbees.step_losses();
SELECT * FROM desk.stopped;
-- a new session clears it; it can be reached again
SELECT arbees_new_session('paper'), arbees.step_losses();
SELECT * FROM desk.stops;
SELECT arbees_set('loss_action', 'flatten', 'test'), arbees_set('daily_drawdown_limit_usd', '4', 'test');
SELECT arbees.step_losses();
-- the day's limit, in a PAPER portfolio with a position and a resting order: it alone is flattened
SELECT desk.make_window('h', 0, desk.clock() + 900);
SELECT FROM desk.quote('PAPER', desk.clock(), 'h.up', 0.48, 0.50);
SELECT p, desk.try(desk.signal('{"key": "h", "symbol": "h.up", "amount_kind": "base", "amount": 10, "limit_price": 0.50}'), p),
	desk.try(desk.signal('{"key": "r", "symbol": "h.up", "amount_kind": "base", "amount": 10, "limit_price": 0.10, "time_in_force": "GTC"}'), p)
FROM unnest(ARRAY['paper', 'other']) p;
SELECT desk.lose('l3', 'paper'), arbees.step_losses();
SELECT desk.session('paper');
SELECT * FROM desk.stops;
SELECT * FROM desk.stopped;
SELECT arbees.step_orders(), arbees.step_exits();
SELECT name, level, positions_left, working, flat FROM arbees.flatten_progress ORDER BY portfolio_id;
SELECT desk.try(desk.signal('{"key": "n2"}'), p) FROM unnest(ARRAY['paper', 'other']) p;
SELECT kind, message FROM arbees.journal WHERE kind IN ('portfolio_killed', 'breaker_opened', 'loss_limit_cleared') ORDER BY journal_id;
SELECT arbees_resume_portfolio('paper', 'looked at'), arbees.step_losses();
SELECT * FROM desk.stopped;

-- the week's limit is one more
SELECT arbees_set('loss_action', 'breaker', 'test'), arbees_set('weekly_drawdown_limit_usd', '4.1', 'test');
SELECT arbees.step_losses();
SELECT * FROM desk.stops;

-- a LIVE portfolio stops the desk
SELECT arbees_new_session('paper');
SELECT arbees_set('max_session_loss_usd', '0.5', 'test'), arbees_set('loss_action', 'pause', 'test');
SELECT desk.go_live(50);
SELECT FROM desk.quote('LIVE', desk.clock() + 1, 'w.up', 0.48, 0.50);
SELECT desk.try(desk.signal('{"key": "live", "amount_kind": "base", "amount": 10, "limit_price": 0.50, "stop_loss_pct": 10}'), 'live');
CREATE FUNCTION desk.trade(purpose text, price numeric) RETURNS text LANGUAGE sql AS $$
	SELECT arbees.report_fill(desk.account(), desk.epoch(), 'v' || o.order_id, 't' || o.order_id, 'MATCHED', 'w.up', o.side::text, 10, $2, 10 * $2, 0,
		'TAKER', desk.ms(desk.clock()))
	FROM (SELECT order_id, side FROM arbees.orders WHERE mode = 'LIVE' AND purpose::text = $1 ORDER BY order_id DESC LIMIT 1) o,
		arbees.claim_order(desk.account(), desk.epoch(), o.order_id, 'v' || o.order_id, sha256(''), E'POST /order\n\n') c
$$;
SELECT desk.trade('ENTRY', 0.50);
SELECT FROM desk.quote('LIVE', desk.clock() + 1, 'w.up', 0.40, 0.42);
SELECT desk.trade('EXIT', 0.40), arbees.step_losses();
SELECT desk.session('live');
SELECT * FROM desk.stopped;
SELECT level, regexp_replace(reason, 'portfolio \d+', 'portfolio N') AS reason FROM arbees.kill_switch;
SELECT level FROM arbees_resume('looked at');
SELECT arbees.step_losses();
SELECT level FROM arbees.kill_switch;
SELECT desk.attempt('DELETE FROM arbees.loss_stops'), desk.attempt('TRUNCATE arbees.loss_stops');
-- losses in a row are losses, too
SELECT arbees_new_session('paper'), arbees_set('max_consecutive_losses', '1', 'test');
SELECT arbees.step_losses();
SELECT loss_limit, loss, limit_value, cleared FROM desk.stops WHERE loss_limit = 'max_consecutive_losses';
SELECT desk.attempt('SELECT arbees_set(''loss_action'', ''emergency'', ''x'')');
