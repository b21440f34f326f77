-- Controls: typed, bounded, canonical, recorded; refusals first.
SET client_min_messages = error;
DROP EXTENSION IF EXISTS arbees CASCADE;
CREATE EXTENSION arbees;
RESET client_min_messages;
\set VERBOSITY default
\set SHOW_CONTEXT never
SET timezone = 'UTC';
SET datestyle = 'ISO';
SELECT coalesce(max(change_id), 0) AS change FROM arbees.control_history \gset
SELECT max(journal_id) AS row FROM arbees.journal_desk \gset

SELECT key, kind, value, is_none, soft_value, unit, min_value, max_value, labels FROM arbees.runtime_controls ORDER BY key;

-- unknown key
SELECT arbees_set('max_position', '5', 'a typo');
\echo :LAST_ERROR_SQLSTATE
INSERT INTO arbees.runtime_controls (key, kind, value, description) VALUES ('no_such_control', 'numeric', '1', 'x');
\echo :LAST_ERROR_SQLSTATE
INSERT INTO arbees.runtime_controls (key, kind, value, description) VALUES ('max_position_usd', 'numeric', '1', 'x');
\echo :LAST_ERROR_SQLSTATE
-- wrong type
SELECT arbees_set('max_position_usd', 'much', 'x');
\echo :LAST_ERROR_SQLSTATE
SELECT arbees_set('max_position_usd', 'NaN', 'x');
\echo :LAST_ERROR_SQLSTATE
SELECT arbees_set('max_position_usd', 'Infinity', 'x');
SELECT arbees_set('max_position_usd', '1e3', 'x');
SELECT arbees_set('max_position_usd', '0.123456789', 'x');
SELECT arbees_set('max_position_usd', '', 'x');
SELECT arbees_set('lease_ms', '1000.5', 'x');
SELECT arbees_set('lease_ms', '99999999999999999999', 'x');
SELECT arbees_set('allow_submit', 'maybe', 'x');
SELECT arbees_set('take_profit_kind', 'moon', 'x');
\echo :LAST_ERROR_SQLSTATE
SELECT arbees_set('trading_mode', 'PAPER,REAL', 'x');
SELECT arbees_set('allowed_strategies', 'a,,b', 'x');
SELECT arbees_set('allowed_strategies', 'none', 'x');
-- out of bounds
SELECT arbees_set('max_position_usd', '-0.00000001', 'x');
\echo :LAST_ERROR_SQLSTATE
SELECT arbees_set('stop_loss_pct', '100.00000001', 'x');
SELECT arbees_set('lease_ms', '999', 'x');
-- a warning of what does not deny, or beyond what does
SELECT arbees_set_soft('lease_ms', '5000', 'x');
\echo :LAST_ERROR_SQLSTATE
SELECT arbees_set_soft('max_position_usd', '5.5', 'x');
\echo :LAST_ERROR_SQLSTATE
SELECT arbees_set_soft('no_entry_before_close_s', '0', 'x');
SELECT arbees_set_soft('max_position_usd', 'much', 'x');
SELECT arbees_set_soft('max_position', '1', 'x');
SELECT arbees_set_soft('max_position_usd', '1', NULL);
-- missing arguments
SELECT arbees_set('max_position_usd', NULL, 'x');
\echo :LAST_ERROR_SQLSTATE
SELECT arbees_set('max_position_usd', '5', NULL);
SELECT arbees_set(NULL, '5', 'x');
-- none only where it has a meaning, and not together with a value
SELECT arbees_set_none('allow_submit', 'x');
\echo :LAST_ERROR_SQLSTATE
SELECT arbees_set_none('lease_ms', 'x');
UPDATE arbees.runtime_controls SET value = '3', is_none = true WHERE key = 'max_position_usd';
-- what belongs to the extension
UPDATE arbees.runtime_controls SET max_value = 10 WHERE key = 'max_position_usd';
\echo :LAST_ERROR_SQLSTATE
UPDATE arbees.runtime_controls SET key = 'max_position' WHERE key = 'max_position_usd';
DELETE FROM arbees.runtime_controls WHERE key = 'max_position_usd';
\echo :LAST_ERROR_SQLSTATE
TRUNCATE arbees.runtime_controls;
UPDATE arbees.runtime_controls SET value = 'pause' WHERE key = 'kill_switch';
\echo :LAST_ERROR_SQLSTATE
SELECT arbees_set('kill_switch', 'none', 'x');
-- not past the guard either
SET session_replication_role = replica;
DELETE FROM arbees.runtime_controls;
RESET session_replication_role;
-- a change that a crash could forget
SET synchronous_commit = off;
SELECT arbees_set('max_position_usd', '4', 'x');
\echo :LAST_ERROR_SQLSTATE
RESET synchronous_commit;
SELECT count(*) FROM arbees.control_history WHERE change_id > :change;

-- one spelling
SELECT arbees_set('max_position_usd', ' 007.50 ', 'spelling');
SELECT arbees_set('allow_submit', 'off', 'spelling');
SELECT arbees_set('allowed_instruments', ' BTC , ETH,BTC, btc-updown-* ', 'spelling');
SELECT arbees_set('allowed_strategies', ' ', 'nobody');
SELECT arbees_set('trading_mode', 'LIVE,PAPER,LIVE', 'spelling');
SELECT arbees_set_none('max_position_usd', 'no limit');
SELECT arbees_set('lease_ms', '2000', 'bounds included');
SELECT arbees_set_soft('max_session_loss_usd', ' 030 ', 'warn early');
SELECT arbees_set_soft('max_session_loss_usd', NULL, 'not at all');
SELECT arbees_set_soft('no_entry_before_close_s', '3', 'a higher one warns first');
SELECT arbees_set('no_entry_before_close_s', '1', 'leaves the soft value alone');
-- rows can be written as rows
UPDATE arbees.runtime_controls SET value = '3' WHERE key = 'max_position_usd';
UPDATE arbees.runtime_controls SET is_none = true WHERE key = 'max_position_usd';
UPDATE arbees.runtime_controls SET value = '3', is_none = false, reason = 'back' WHERE key = 'max_position_usd';
-- NULL is not none: it denies
UPDATE arbees.runtime_controls SET value = NULL WHERE key = 'daily_drawdown_limit_usd';
SELECT key, value, is_none, changed_by = session_user AS by_me, reason FROM arbees.runtime_controls
	WHERE key IN ('max_position_usd', 'allowed_instruments', 'allowed_strategies', 'daily_drawdown_limit_usd')
	ORDER BY key;
SELECT scope, name, key, old_value, old_is_none, new_value, new_is_none, changed_by = session_user AS by_me, reason
	FROM arbees.control_history WHERE change_id > :change ORDER BY change_id;
SELECT message FROM arbees.journal WHERE kind = 'control_changed' AND journal_id > :row ORDER BY journal_id;
-- nobody rewrites what was
SET session_replication_role = replica;
UPDATE arbees.control_history SET reason = 'x';
INSERT INTO arbees.control_history VALUES (1, 'x', NULL, false, NULL, false, 'x', now(), NULL);
DELETE FROM arbees.control_history;
RESET session_replication_role;
TRUNCATE arbees.control_history;

-- the backend that caches sees its own change, its rollback and the next commit
SELECT lease_ms FROM arbees.worker_hello('controls', 'polymarket', NULL, 'feed', 1, true);
BEGIN;
SELECT arbees_set('lease_ms', '3000', 'seen inside');
SELECT lease_ms FROM arbees.worker_hello('controls', 'polymarket', NULL, 'feed', 1, true);
ROLLBACK;
SELECT lease_ms FROM arbees.worker_hello('controls', 'polymarket', NULL, 'feed', 1, true);

-- an operator may only tighten
SET ROLE arbees_operator;
SELECT arbees_set('max_position_usd', '2', 'tighter');
SELECT arbees_set('max_position_usd', '2.5', 'wider');
\echo :LAST_ERROR_SQLSTATE
SELECT arbees_set('no_entry_before_close_s', '5', 'tighter');
SELECT arbees_set('no_entry_before_close_s', '4', 'wider');
SELECT arbees_set('allowed_instruments', 'BTC,btc-updown-5m-*', 'tighter');
SELECT arbees_set('allowed_instruments', 'BTC,SOL', 'wider');
SELECT arbees_set('allow_submit', 'true', 'wider');
SELECT arbees_set('trading_mode', 'PAPER', 'tighter');
SELECT arbees_set('lease_ms', '5000', 'neither');
SELECT arbees_set_none('max_position_usd', 'wider');
SELECT arbees_set_soft('daily_drawdown_limit_usd', '17', 'a later warning');
\echo :LAST_ERROR_SQLSTATE
SELECT arbees_set_soft('daily_drawdown_limit_usd', NULL, 'none at all');
SELECT arbees_set_soft('daily_drawdown_limit_usd', '15', 'an earlier warning');
UPDATE arbees.runtime_controls SET value = '1' WHERE key = 'max_position_usd';
RESET ROLE;
SET ROLE arbees_risk;
SELECT arbees_set('max_position_usd', '2.5', 'wider');
UPDATE arbees.runtime_controls SET value = '5', reason = 'by risk' WHERE key = 'max_position_usd';
UPDATE arbees.runtime_controls SET description = 'mine' WHERE key = 'max_position_usd';
BEGIN;
LOCK TABLE arbees.runtime_controls IN SHARE MODE;
ROLLBACK;
RESET ROLE;
SELECT changed_by, reason FROM arbees.runtime_controls WHERE key = 'max_position_usd';

-- as it was
SELECT arbees_set(key, value, 'end of test') FROM (VALUES ('allow_submit', 'true'),
	('trading_mode', 'PAPER,LIVE'), ('lease_ms', '10000'), ('no_entry_before_close_s', '1'),
	('daily_drawdown_limit_usd', '20')) AS v (key, value);
SELECT arbees_set_none('allowed_instruments', 'end of test'), arbees_set_none('allowed_strategies', 'end of test');
