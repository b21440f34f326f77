\set ECHO none
\getenv dir PG_ABS_SRCDIR
\set desk :dir '/sql/desk.inc'
\i :desk
-- Limits of scopes: the tightest binds, changes are judged and recorded; refusals first.
\set SHOW_CONTEXT never
SELECT arbees_set('max_window_usd', '10', 'as shipped') AS _ \gset
SELECT coalesce(max(change_id), 0) AS change FROM arbees.control_history \gset
SELECT max(journal_id) AS row FROM arbees.journal_desk \gset

SELECT scope, name, key, value, is_none, soft_value FROM arbees.risk_limits;

-- no such scope, no such name, no such key, a control that has no scopes
SELECT arbees_set_limit('desk', 'sim', 'max_order_usd', '1', NULL, 'x');
SELECT arbees_set_limit('global', 'sim', 'max_order_usd', '1', NULL, 'x');
SELECT arbees_set_limit('venue', 'sin', 'max_order_usd', '1', NULL, 'a typo');
SELECT arbees_set_limit('venue', NULL, 'max_order_usd', '1', NULL, 'x');
SELECT arbees_set_limit('strategy', 'silence', 'max_order_usd', '1', NULL, 'a typo');
SELECT arbees_set_limit('instrument', 'w.up,w.down', 'max_order_usd', '1', NULL, 'x');
SELECT arbees_set_limit('venue', 'sim', 'max_orders', '1', NULL, 'a typo');
SELECT arbees_set_limit('venue', 'sim', 'lease_ms', '1000', NULL, 'x');
-- values are held to what the control takes
SELECT arbees_set_limit('venue', 'sim', 'max_order_usd', 'much', NULL, 'x');
SELECT arbees_set_limit('venue', 'sim', 'max_order_usd', '-1', NULL, 'x');
SELECT arbees_set_limit('venue', 'sim', 'max_open_orders', '1.5', NULL, 'x');
SELECT arbees_set_limit('venue', 'sim', 'max_order_usd', '4', '4.5', 'x');
SELECT arbees_set_limit('venue', 'sim', 'no_entry_before_close_s', '4', '3', 'x');
SELECT arbees_set_limit_none('venue', 'sim', 'quote_max_age_ms', 'x');
SELECT arbees_set_limit('venue', 'sim', 'max_order_usd', NULL, NULL, 'x');
SELECT arbees_set_limit('venue', 'sim', 'max_order_usd', '1', NULL, NULL);
SELECT arbees_clear_limit('venue', 'sim', 'max_order_usd', 'there is none');
TRUNCATE arbees.risk_limits;
SET synchronous_commit = off;
SELECT arbees_set_limit('venue', 'sim', 'max_order_usd', '1', NULL, 'a crash could forget it');
RESET synchronous_commit;
SELECT count(*) FROM arbees.control_history WHERE change_id > :change;

-- what is in force, and where it comes from
CREATE FUNCTION desk.limit(key text, strategy text DEFAULT 'silent', OUT value text, OUT decided_by text, OUT soft text,
	OUT soft_decided_by text)
LANGUAGE sql STABLE AS $$
	SELECT l.value, l.decided_by, l.soft, l.soft_decided_by
	FROM arbees.effective_limits(desk.deployment('paper', $2), desk.instrument('w.up')) l WHERE l.key = $1
$$;
SELECT * FROM desk.limit('max_position_usd');
SELECT count(*) AS limits, count(DISTINCT key) AS keys, count(c.key) AS controls, bool_and(l.value <> 'missing') AS all_ship
	FROM arbees.effective_limits(desk.deployment('paper', 'silent'), desk.instrument('w.up')) l LEFT JOIN arbees.runtime_controls c USING (key);
-- a venue's row stands in the control's place, looser or tighter
SELECT arbees_set_limit('venue', 'sim', 'max_position_usd', ' 020.0 ', '15', 'more here');
SELECT * FROM desk.limit('max_position_usd');
SELECT arbees_set_limit_none('venue', 'sim', 'max_position_usd', 'no limit here');
SELECT * FROM desk.limit('max_position_usd');
SELECT arbees_set_limit('venue', 'sim', 'max_position_usd', '20', '15', 'back');
SELECT arbees_set_limit('venue', 'polymarket', 'max_position_usd', '1', NULL, 'binds elsewhere');
SELECT * FROM desk.limit('max_position_usd');
-- the others only tighten
SELECT arbees_set_limit('strategy', 'silent', 'max_position_usd', '30', '12', 'looser, but warns earlier');
SELECT * FROM desk.limit('max_position_usd');
SELECT arbees_set_limit('strategy', 'silent', 'max_position_usd', '10', NULL, 'tighter');
SELECT * FROM desk.limit('max_position_usd');
SELECT * FROM desk.limit('max_position_usd', 'silent2');
SELECT arbees_set_limit('instrument', 'BTC', 'max_position_usd', '9', NULL, 'by underlying');
SELECT * FROM desk.limit('max_position_usd');
SELECT arbees_set_limit('instrument', 'w.*', 'max_position_usd', '8', NULL, 'by prefix');
SELECT * FROM desk.limit('max_position_usd');
SELECT arbees_set_limit('instrument', 'w.up', 'max_position_usd', '7', NULL, 'by symbol');
SELECT * FROM desk.limit('max_position_usd');
SELECT arbees_set_limit('instrument', (SELECT left(name, 3) || '*' FROM arbees.instruments WHERE symbol = 'w.up'),
	'max_position_usd', '6.5', NULL, 'by name') ~ '= 6.5$' AS by_name;
SELECT value FROM desk.limit('max_position_usd');
SELECT arbees_set_limit('instrument', 'w.down', 'max_position_usd', '1', NULL, 'another');
SELECT arbees_set_limit('instrument', 'w.u', 'max_position_usd', '1', NULL, 'no prefix without a star');
SELECT value FROM desk.limit('max_position_usd');
SELECT arbees_set_limit('global', NULL, 'max_position_usd', '6', '5', 'everywhere');
SELECT * FROM desk.limit('max_position_usd');
-- where higher is tighter
SELECT arbees_set_limit('strategy', 'silent', 'no_entry_before_close_s', '5', '9', 'earlier out');
SELECT arbees_set_limit('instrument', 'BTC', 'no_entry_before_close_s', '3', '8', 'not as early');
SELECT * FROM desk.limit('no_entry_before_close_s');
-- NULL denies, and nothing outbids it
UPDATE arbees.risk_limits SET value = NULL, reason = 'denies' WHERE scope = 'global';
SELECT value, decided_by FROM desk.limit('max_position_usd');
UPDATE arbees.risk_limits SET value = '6', reason = 'again' WHERE scope = 'global';

-- the next decision
SELECT FROM desk.quote('PAPER', 100, 'w.up', 0.48, 0.52);
SELECT desk.try(desk.signal('{"key": "a", "amount": 5}'));
SELECT desk.try(desk.signal('{"key": "b", "amount": 1.5}'));
SELECT arbees_set_limit('global', '', 'max_position_usd', '6.5', NULL, 'a little more');
SELECT desk.try(desk.signal('{"key": "c", "amount": 1.5}'));
SELECT d.field, d.value FROM arbees.decision_details d JOIN arbees.decisions USING (decision_id)
	WHERE signal_key = 'c' AND field ~ '^(soft_)?(max_position_usd|no_entry_before_close_s)$' ORDER BY 1;
BEGIN;
SELECT arbees_set_limit('strategy', 'silent2', 'max_position_usd', '0.5', NULL, 'seen inside');
SELECT value, decided_by FROM desk.limit('max_position_usd', 'silent2');
ROLLBACK;
SELECT value, decided_by FROM desk.limit('max_position_usd', 'silent2');
-- every instrument of a long day is resolved anew, and none wrongly
SELECT count(*), count(DISTINCT v) FROM generate_series(1, 3000) i,
	LATERAL (SELECT value AS v FROM arbees.list_limits('sim', 'silent', 'w.' || i, 'x', NULL) WHERE key = 'max_position_usd') l;

-- an operator tightens, the risk role loosens
SET ROLE arbees_operator;
SELECT arbees_set_limit('strategy', 'silent2', 'max_order_usd', '3', NULL, 'tighter');
SELECT arbees_set_limit('strategy', 'silent2', 'max_order_usd', '2', NULL, 'tighter still');
SELECT arbees_set_limit('strategy', 'silent2', 'max_order_usd', '2.5', NULL, 'wider');
\echo :LAST_ERROR_SQLSTATE
SELECT arbees_clear_limit('strategy', 'silent2', 'max_order_usd', 'wider');
SELECT arbees_set_limit('global', '', 'max_position_usd', '6', NULL, 'tighter, but does not warn any more');
SELECT arbees_set_limit('global', '', 'max_position_usd', '6', '5', 'tighter');
-- a venue's row is compared with the control that binds without it
SELECT arbees_set_limit('venue', 'sim', 'max_window_usd', '11', NULL, 'wider than the control');
SELECT arbees_set_limit('venue', 'sim', 'max_window_usd', '9', NULL, 'tighter than the control');
SELECT arbees_clear_limit('venue', 'sim', 'max_window_usd', 'back to the looser control');
SELECT arbees_set_limit_none('venue', 'sim', 'max_window_usd', 'wider');
\echo :LAST_ERROR_SQLSTATE
UPDATE arbees.risk_limits SET value = '1';
\echo :LAST_ERROR_SQLSTATE
INSERT INTO arbees.risk_limits (scope, name, key, value) VALUES ('global', '', 'max_order_usd', '1');
RESET ROLE;
SET ROLE arbees_risk;
SELECT arbees_set_limit('venue', 'sim', 'max_window_usd', '11', NULL, 'wider than the control');
SELECT arbees_clear_limit('strategy', 'silent2', 'max_order_usd', 'no longer');
UPDATE arbees.risk_limits SET value = '40', reason = 'by risk' WHERE name = 'silent';
UPDATE arbees.risk_limits SET name = 'silent2' WHERE name = 'silent';
DELETE FROM arbees.risk_limits;
INSERT INTO arbees.risk_limits (scope, name, key, value) VALUES ('global', '', 'max_order_usd', '1');
RESET ROLE;
SET ROLE arbees_operator;
SELECT arbees_clear_limit('venue', 'sim', 'max_window_usd', 'back to the tighter control');
RESET ROLE;
-- the owner's own statements are recorded too
SET session_replication_role = replica;
DELETE FROM arbees.risk_limits WHERE name = 'silent';
UPDATE arbees.risk_limits SET scope = 'strategy', name = 'silent2' WHERE scope = 'global';
RESET session_replication_role;

SELECT scope, name, key, old_value, old_is_none, old_soft, new_value, new_is_none, new_soft, reason
	FROM arbees.control_history WHERE change_id > :change AND key <> 'max_position_usd' ORDER BY change_id;
SELECT message FROM arbees.journal WHERE kind = 'limit_changed' AND journal_id > :row AND message !~ 'by name' ORDER BY journal_id;
