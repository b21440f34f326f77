-- The kill switch: levels, who may lower them, what it asks of its transaction.
SET client_min_messages = error;
DROP EXTENSION IF EXISTS arbees CASCADE;
CREATE EXTENSION arbees;
RESET client_min_messages;
\set SHOW_CONTEXT never
SET timezone = 'UTC';
SET datestyle = 'ISO';
SELECT max(seq) AS before FROM arbees.kill_levels \gset
SELECT max(journal_id) AS row FROM arbees.journal_desk \gset

-- refusals
SELECT * FROM arbees_kill('everything');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM arbees_kill(NULL);
SELECT * FROM arbees_kill('none');
SELECT * FROM arbees_resume(NULL);
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM arbees_resume('');
-- who commits asynchronously is not told to change a setting first
SET synchronous_commit = off;
SELECT level, warning FROM arbees_kill('pause', 'asynchronous');
SELECT level, warning FROM arbees_resume('asynchronous');
RESET synchronous_commit;
SELECT max(seq) AS before FROM arbees.kill_levels \gset
SELECT max(journal_id) AS row FROM arbees.journal_desk \gset
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT * FROM arbees_kill('pause');
\echo :LAST_ERROR_SQLSTATE
ROLLBACK;
BEGIN ISOLATION LEVEL SERIALIZABLE;
SELECT * FROM arbees_resume('x');
ROLLBACK;
SELECT level FROM arbees.kill_switch;

-- levels only rise
SELECT * FROM arbees_kill('pause', 'look at this first');
SELECT value FROM arbees.runtime_controls WHERE key = 'kill_switch';
SELECT * FROM arbees_kill('flatten');
SELECT * FROM arbees_kill('pause');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM arbees_kill('flatten', 'once more');
SELECT * FROM arbees_kill('emergency');
SELECT value FROM arbees.runtime_controls WHERE key = 'kill_switch';
SELECT * FROM arbees_resume('looked');
SELECT value FROM arbees.runtime_controls WHERE key = 'kill_switch';

-- a single statement works at whatever level the session prefers
SET default_transaction_isolation = 'serializable';
SELECT * FROM arbees_kill('pause', 'serializable');
SET default_transaction_isolation = 'repeatable read';
SELECT * FROM arbees_kill('flatten', 'repeatable read');
SELECT * FROM arbees_resume('repeatable read');
RESET default_transaction_isolation;

-- inside a block it warns, and a rollback takes it back
BEGIN;
SELECT * FROM arbees_kill('flatten', 'in a block');
SELECT level FROM arbees.kill_switch;
ROLLBACK;
SELECT level FROM arbees.kill_switch;
SELECT value FROM arbees.runtime_controls WHERE key = 'kill_switch';

-- the levels are their own history, and nobody writes them by hand
SELECT level, reason, set_by = session_user AS by_me FROM arbees.kill_levels WHERE seq > :before ORDER BY seq;
SELECT kind, message FROM arbees.journal WHERE kind IN ('killed', 'resumed') AND journal_id > :row ORDER BY journal_id;
INSERT INTO arbees.kill_levels SELECT seq + 1, 'none', 'by hand', 'me', now() FROM arbees.kill_switch;
\echo :LAST_ERROR_SQLSTATE
SET session_replication_role = replica;
UPDATE arbees.kill_levels SET level = 'none';
DELETE FROM arbees.kill_levels;
RESET session_replication_role;
TRUNCATE arbees.kill_levels;
DELETE FROM arbees.installation;
UPDATE arbees.installation SET timeline = 7;

-- a worker raises the level and never lowers it; what it cannot name is flatten
SET ROLE arbees_worker;
SELECT arbees.worker_kill('w', 'pause', 'signal');
SELECT arbees.worker_kill('w', '', 'an empty variable');
SELECT arbees.worker_kill('w', 'pause', 'not lower');
SELECT arbees.worker_kill(NULL, 'none', NULL);
SELECT arbees_resume('not a worker''s');
\echo :LAST_ERROR_SQLSTATE
SELECT arbees_kill('emergency');
SELECT arbees.report_open_orders(1, 1, 0);
\echo :LAST_ERROR_SQLSTATE
RESET ROLE;
SELECT level, reason, set_by FROM (SELECT * FROM arbees.kill_levels ORDER BY seq DESC LIMIT 2) k ORDER BY seq;
SELECT level FROM arbees_resume('over');

-- a copy of the database stays paused until somebody resumes it
SELECT arbees.installation_is_ours();
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
SELECT pg_temp.by_force('installation', 'UPDATE arbees.installation SET system_identifier = system_identifier + 1');
SELECT arbees.installation_is_ours();
SELECT entries_possible, split_part(advice, ';', 1) AS first_advice FROM arbees_status();
SELECT * FROM arbees_resume('this is the one that trades');
SELECT arbees.installation_is_ours();
SELECT pg_temp.by_force('installation', 'UPDATE arbees.installation SET timeline = timeline + 1');
SELECT arbees.installation_is_ours();
SELECT pg_temp.by_force('installation', 'UPDATE arbees.installation SET timeline = timeline - 1, relation_oid = ''pg_class''::regclass');
SELECT arbees.installation_is_ours();
SELECT warning FROM arbees_resume('again');
SELECT arbees.installation_is_ours();

-- in a desk that trades, maintenance lets rows be added and nothing else; it stands still until resumed
SET arbees.maintenance = 'restore';
UPDATE arbees.kill_levels SET level = 'none';
DELETE FROM arbees.kill_levels;
TRUNCATE arbees.kill_levels;
UPDATE arbees.runtime_controls SET value = '1000' WHERE key = 'max_position_usd' RETURNING value;
SELECT arbees_set('max_position_usd', '5', 'as it was');
UPDATE arbees.installation SET bound_by = 'x';
SELECT arbees.installation_is_ours();
SELECT max(seq) AS level FROM arbees.kill_levels \gset
SELECT max(journal_id) AS row FROM arbees.journal \gset
BEGIN;
-- what began it is rolled back, what follows begins it anew
SAVEPOINT s;
INSERT INTO arbees.kill_levels SELECT seq + 1, 'pause', 'restored', 'me', now() FROM arbees.kill_switch;
ROLLBACK TO s;
SELECT arbees.installation_is_ours();
INSERT INTO arbees.kill_levels SELECT seq + 1, 'pause', 'restored', 'me', now() FROM arbees.kill_switch;
SELECT warning FROM arbees_resume('too early');
INSERT INTO arbees.kill_levels SELECT seq + 1, 'none', 'restored', 'me', now() FROM arbees.kill_switch;
COMMIT;
RESET arbees.maintenance;
SELECT arbees.installation_is_ours();
SELECT count(*) AS restored FROM arbees.kill_levels WHERE seq > :level;
SELECT kind, regexp_replace(message, '[0-9]+', 'N', 'g') AS message FROM arbees.journal WHERE journal_id > :row ORDER BY journal_id;
SELECT entries_possible FROM arbees_status();
SELECT warning FROM arbees_resume('what came in was looked at');
SELECT arbees.installation_is_ours();
-- a replica's rows come with a subscription's worker; no session can play it
SET arbees.maintenance = 'replica';
INSERT INTO arbees.kill_levels SELECT seq + 1, 'pause', 'restored', 'me', now() FROM arbees.kill_switch;
DELETE FROM arbees.kill_levels;
RESET arbees.maintenance;
-- only a superuser can use maintenance
SET ROLE arbees_risk;
SET arbees.maintenance = 'restore';
\echo :LAST_ERROR_SQLSTATE
RESET ROLE;

-- a kill file has one name for everybody
ALTER SYSTEM SET arbees.kill_file = 'KILL.flag';
ALTER SYSTEM SET arbees.kill_file = '~/KILL.flag';
