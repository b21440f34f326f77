-- Breakers open by themselves, on what is wrong, and close by a person's word.
SET client_min_messages = error;
DROP EXTENSION IF EXISTS arbees CASCADE;
CREATE EXTENSION arbees;
RESET client_min_messages;
\set SHOW_CONTEXT never
SET client_min_messages = error;

SELECT arbees_create_venue('breaker_test', true, false, '{}', 137) AS venue \gset
SELECT arbees_create_portfolio('breaker_test', 'PAPER', 'breaker_test', NULL) AS portfolio \gset
SELECT arbees_deposit('breaker_test', 100, 'to begin with');
SELECT max(journal_id) AS row FROM arbees.journal_desk \gset
SELECT coalesce(max(alert_id), 0) AS alert FROM arbees.alerts \gset

-- refusals
SELECT arbees_reset_breaker('nobody', 'x');
\echo :LAST_ERROR_SQLSTATE
SELECT arbees_reset_breaker('desk', '');
\echo :LAST_ERROR_SQLSTATE
INSERT INTO arbees.breakers VALUES ('desk', 0, 'CLOSED', NULL, 'me', now());
\echo :LAST_ERROR_SQLSTATE
SELECT arbees_reset_breaker('desk', 'nothing open');

-- all is well
SELECT arbees.step_assertions();
SELECT count(*) FROM arbees.breakers WHERE state <> 'CLOSED';

-- a guard that is switched off opens the desk's breaker, once
ALTER TABLE arbees.kill_levels DISABLE TRIGGER kill_levels_guard;
SELECT arbees.step_assertions();
SELECT arbees.step_assertions();
SELECT scope, scope_id, state, reason FROM arbees.breakers WHERE scope = 'desk';
ALTER TABLE arbees.kill_levels ENABLE ALWAYS TRIGGER kill_levels_guard;
SELECT severity, kind, message FROM arbees.alerts WHERE kind = 'breaker_opened' AND alert_id > :alert ORDER BY alert_id;
SELECT breakers_open, entries_possible FROM arbees_status();
SELECT arbees.step_assertions();
-- it does not close by itself
SELECT state FROM arbees.breakers WHERE scope = 'desk';
SET ROLE arbees_operator;
SELECT arbees_reset_breaker('desk', 'not mine to close');
\echo :LAST_ERROR_SQLSTATE
RESET ROLE;
SELECT arbees_reset_breaker('desk', 'the guard is on again');
SELECT arbees_reset_breaker('desk', 'twice');
SELECT state, reason FROM arbees.breakers WHERE scope = 'desk';
-- a guard that fires on origin only is not a guard
ALTER TABLE arbees.orders_paper ENABLE TRIGGER orders_guard;
SELECT arbees.step_assertions();
SELECT state, reason FROM arbees.breakers WHERE scope = 'desk';
ALTER TABLE arbees.orders_paper ENABLE ALWAYS TRIGGER orders_guard;
SELECT arbees_reset_breaker('desk', 'on again');
-- nor is one that is gone
BEGIN;
ALTER EXTENSION arbees DROP FUNCTION arbees.guard_rows();
DROP TRIGGER journal_desk_guard ON arbees.journal_desk;
SELECT arbees.step_assertions();
SELECT state, reason FROM arbees.breakers WHERE scope = 'desk';
ROLLBACK;

-- books that do not add up open their portfolio's breaker and no other
SELECT arbees.step_assertions();
SELECT count(*) FROM arbees.breakers WHERE state <> 'CLOSED';
-- What a superuser can do when he takes a table's guards away.
CREATE FUNCTION pg_temp.by_force(name text, statement text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	guard	name;
BEGIN
	EXECUTE format('ALTER TABLE arbees.%I DISABLE TRIGGER USER', name);
	EXECUTE statement;
	FOR guard IN SELECT tgname FROM pg_trigger WHERE tgrelid = format('arbees.%I', name)::regclass AND NOT tgisinternal LOOP
		EXECUTE format('ALTER TABLE arbees.%I ENABLE ALWAYS TRIGGER %I', name, guard);
	END LOOP;
END
$$;
SELECT pg_temp.by_force('portfolio_ledger_paper', format('UPDATE arbees.portfolio_ledger_paper SET cash = cash + 0.000001 WHERE portfolio_id = %s', :portfolio));
SELECT arbees.step_assertions();
SELECT scope, scope_id = :portfolio AS mine, state, reason FROM arbees.breakers WHERE scope = 'desk' OR scope_id = :portfolio ORDER BY scope, scope_id;
SELECT breakers_open FROM arbees_status();
SELECT pg_temp.by_force('portfolio_ledger_paper', format('UPDATE arbees.portfolio_ledger_paper SET cash = cash - 0.000001 WHERE portfolio_id = %s', :portfolio));
SELECT arbees_reset_breaker('breaker_test', 'corrected');
SELECT arbees.step_assertions();
SELECT count(*) FROM arbees.breakers WHERE state <> 'CLOSED';
SELECT kind, message FROM arbees.journal WHERE kind LIKE 'breaker%' AND journal_id > :row ORDER BY journal_id;
