\set ECHO none
\getenv dir PG_ABS_SRCDIR
\set desk :dir '/sql/desk.inc'
\i :desk
-- Overrides: a denied entry is let through once, by two people, and only where the check allows it.
\set SHOW_CONTEXT never
SELECT max(journal_id) AS row FROM arbees.journal_desk \gset
CREATE ROLE desk_olga LOGIN IN ROLE arbees_operator;
CREATE ROLE desk_rita LOGIN IN ROLE arbees_risk;
CREATE ROLE desk_rolf LOGIN IN ROLE arbees_risk;
GRANT USAGE ON SCHEMA desk TO arbees_viewer;
CREATE FUNCTION desk.decision(key text) RETURNS bigint LANGUAGE sql STABLE AS $$ SELECT decision_id FROM arbees.decisions WHERE signal_key = $1 $$;
SELECT arbees_set('max_order_usd', '2', 'small'), arbees_set('max_position_usd', '6', 'small') FROM (SELECT 1) one;
SELECT FROM desk.quote('PAPER', 100, 'w.up', 0.48, 0.52);
SELECT FROM desk.quote('PAPER', 100, 'w.down', 0.48, 0.52);
SELECT desk.try(desk.signal('{"key": "small"}')) AS small,
	desk.try(desk.signal('{"key": "large", "amount": 3, "limit_price": 0.54, "stop_loss_pct": 20, "take_profit_kind": "fixed", "take_profit_pct": 25, "exit_before_close_s": 30, "confidence": 0.7}')) AS large,
	desk.try(desk.signal('{"key": "off", "amount": 3, "limit_price": 0.535}')) AS off,
	desk.try(desk.signal(jsonb_build_object('key', repeat('k', 128), 'amount', 3))) AS long,
	desk.try(desk.signal('{"key": "huge", "amount": 7}')) AS huge;

-- refusals
SELECT arbees_request_override(0, 'x', '1 hour');
\echo :LAST_ERROR_SQLSTATE
SELECT arbees_request_override(desk.decision('small'), 'it was accepted', '1 hour') IS NULL;
\echo :LAST_ERROR_SQLSTATE
SELECT desk.attempt(format('SELECT arbees_request_override(%s, ''off the grid is off the grid'', ''1 hour'')', desk.decision('off')));
SELECT arbees_request_override(desk.decision('large'), ' ', '1 hour');
SELECT arbees_request_override(desk.decision('large'), 'x', NULL);
SELECT arbees_request_override(desk.decision('large'), 'x', '0');
\echo :LAST_ERROR_SQLSTATE
SELECT arbees_request_override(desk.decision('large'), 'x', '-1 hour');
SELECT arbees_request_override(desk.decision('large'), 'x', '1 day 1 second');
SELECT arbees_request_override(desk.decision('large'), 'x', '1 month');
SELECT arbees_approve_override(1, 'there is none');
\echo :LAST_ERROR_SQLSTATE
INSERT INTO arbees.overrides (decision_id, portfolio_id, checks, reason, requested_by, requested_at, expires_at)
	VALUES (1, 1, 'order_value', 'x', 'me', now(), now() + interval '1 hour');
\echo :LAST_ERROR_SQLSTATE
SELECT count(*) FROM arbees.overrides;

-- an operator asks; neither an operator nor who asked grants
SELECT desk.decision('large') AS large, desk.decision('huge') AS huge, desk.decision(repeat('k', 128)) AS long \gset
SET SESSION AUTHORIZATION desk_olga;
SELECT arbees_request_override(:large, 'the client insists', '1 hour') AS o \gset
SELECT arbees_approve_override(:o, 'I insist too');
\echo :LAST_ERROR_SQLSTATE
SET SESSION AUTHORIZATION desk_rita;
SELECT arbees_request_override(:large, 'asked twice', '1 hour') AS o2 \gset
SELECT arbees_approve_override(:o2, 'my own idea');
\echo :LAST_ERROR_SQLSTATE
SET ROLE arbees_risk;
SELECT arbees_approve_override(:o2, 'as somebody else');
\echo :LAST_ERROR_SQLSTATE
RESET ROLE;
SELECT arbees_approve_override(:o, NULL);
SET default_transaction_isolation = 'repeatable read';
SELECT arbees_approve_override(:o, 'not with an old snapshot');
\echo :LAST_ERROR_SQLSTATE
RESET default_transaction_isolation;
SET synchronous_commit = off;
SELECT arbees_approve_override(:o, 'a crash could forget it');
RESET synchronous_commit;

-- a second person does: the same wish, with what denied it waved through, once
SELECT verdict, denied_by, order_id IS NOT NULL AS ordered FROM arbees_approve_override(:o, 'agreed');
SELECT arbees_approve_override(:o, 'again');
\echo :LAST_ERROR_SQLSTATE
SET SESSION AUTHORIZATION desk_rolf;
SELECT arbees_approve_override(:o2, 'the other request');
\echo :LAST_ERROR_SQLSTATE
RESET SESSION AUTHORIZATION;
SELECT d.signal_key, d.verdict, d.reason, f.field, f.value FROM arbees.decisions d JOIN arbees.decision_details f USING (decision_id)
	WHERE d.signal_key ~ '^large' AND f.part = 'input' AND f.field IN ('amount', 'limit_price', 'stop_loss_pct', 'take_profit_kind', 'take_profit_pct', 'confidence', 'exit_at', 'override_id', 'max_order_usd')
	AND (f.field <> 'override_id' OR f.value <> '0') ORDER BY d.decision_id, f.field;
SELECT code, passed, overridden FROM arbees_explain(desk.decision('large#override-' || :o)) WHERE NOT passed;
SELECT (arbees_replay(decision_id)).agrees, count(*) FROM arbees.decisions GROUP BY 1;
SELECT purpose, state, money FROM desk.orders('paper');
SELECT desk.try(desk.signal('{"key": "large again", "amount": 3}')) AS next_large;

-- only the checks that denied: what has changed meanwhile denies on
SET SESSION AUTHORIZATION desk_olga;
SELECT arbees_request_override(:long, 'a long name', '1 hour') AS o3, arbees_request_override(:huge, 'all in', '1 hour') AS o4 \gset
RESET SESSION AUTHORIZATION;
SELECT arbees_lock('instrument', 'w.up', 'odd prices') IS NOT NULL AS locked;
SET SESSION AUTHORIZATION desk_rita;
SELECT verdict, denied_by, order_id FROM arbees_approve_override(:o3, 'agreed');
RESET SESSION AUTHORIZATION;
SELECT arbees_unlock('instrument', 'w.up', 'fine') IS NOT NULL AS unlocked;
SELECT length(signal_key), right(signal_key, 13), reason FROM arbees.decisions WHERE signal_key ~ '^k+#';
-- that was its one chance
SET SESSION AUTHORIZATION desk_rolf;
SELECT arbees_approve_override(:o3, 'again');
-- the window's own limit is nobody's to wave through
SELECT checks FROM arbees.overrides WHERE override_id = :o4;
SELECT verdict, denied_by, order_id FROM arbees_approve_override(:o4, 'agreed');
RESET SESSION AUTHORIZATION;
-- nor is a late approval worth anything
SELECT desk.try(desk.signal('{"key": "late", "amount": 3, "symbol": "w.down"}')) AS late;
SELECT desk.decision('late') AS late \gset
SET SESSION AUTHORIZATION desk_olga;
SELECT desk.attempt(format('SELECT arbees_request_override(%s, ''x'', ''1 hour'')', :large)) AS asked_after_use;
SELECT arbees_request_override(:late, 'quickly', '1 microsecond') AS o5, arbees_request_override(:late, 'whenever', '1 day') AS o6 \gset
SET SESSION AUTHORIZATION desk_rita;
SELECT arbees_approve_override(:o5, 'too late');
\echo :LAST_ERROR_SQLSTATE
RESET SESSION AUTHORIZATION;
-- A strategy's word is old when people have read it: theirs is the one that counts.
SELECT arbees_set('signal_max_age_ms', '5000', 'as shipped') IS NOT NULL AS set;
SELECT arbees_set_none('max_position_usd', 'this is about one order') IS NOT NULL AS set, desk.make_window('t', 0, 300);
SELECT FROM desk.quote('PAPER', 100, 't.up', 0.48, 0.52);
SELECT FROM desk.quote('PAPER', 100, 't.down', 0.48, 0.52);
SELECT desk.try(desk.signal('{"key": "slow", "amount": 3, "symbol": "t.down"}')) AS slow;
SELECT FROM desk.quote('PAPER', 110, 't.up', 0.48, 0.52);
SELECT FROM desk.quote('PAPER', 110, 't.down', 0.48, 0.52);
-- And no more than they read: of sixty shares to hold ten were missing, then all are.
SELECT arbees_set('max_order_usd', '30', 'room') IS NOT NULL AS set;
SELECT desk.try(desk.signal('{"key": "there", "symbol": "t.up", "amount_kind": "base", "amount": 50, "limit_price": 0.40, "time_in_force": "GTC"}')) AS there;
SELECT arbees_set('max_order_usd', '2', 'small') IS NOT NULL AS set;
SELECT desk.try(desk.signal('{"key": "target", "symbol": "t.up", "amount_kind": "base", "amount": null, "target_position": 60, "limit_price": 0.40, "time_in_force": "GTC"}')) AS target;
SELECT arbees_cancel(o.order_id) FROM arbees.orders o JOIN arbees.decisions d USING (decision_id) WHERE d.signal_key = 'there';
SELECT desk.decision('slow') AS slow, desk.decision('target') AS target \gset
SET SESSION AUTHORIZATION desk_olga;
SELECT arbees_request_override(:slow, 'read it twice', '1 hour') AS o7, arbees_request_override(:target, 'four dollars are fine', '1 hour') AS o8 \gset
SET SESSION AUTHORIZATION desk_rita;
SELECT verdict, denied_by, order_id IS NOT NULL AS ordered FROM arbees_approve_override(:o7, 'agreed');
SELECT verdict, denied_by, order_id IS NOT NULL AS ordered FROM arbees_approve_override(:o8, 'agreed');
RESET SESSION AUTHORIZATION;
SELECT d.signal_key ~ '^target#' AS target, trim_scale(o.amount) AS amount FROM arbees.orders o JOIN arbees.decisions d USING (decision_id)
	WHERE d.signal_key ~ '^(slow|target)#' ORDER BY d.decision_id;
SELECT (arbees_replay(decision_id)).agrees, count(*) FROM arbees.decisions GROUP BY 1;
SELECT override_id - :o AS n, decision_id = :large AS large, checks, reason, requested_by, approved_by, approve_reason, used_decision_id IS NOT NULL AS used FROM arbees.overrides ORDER BY override_id;
SELECT kind, regexp_replace(message, '[0-9]+', 'N', 'g') FROM arbees.journal WHERE journal_id > :row AND kind ~ '^override' ORDER BY journal_id;
DROP ROLE desk_olga, desk_rita, desk_rolf;
