-- The conductor: started from SQL, each step on its own, a failing safety step opens the breaker.
SET client_min_messages = error;
DROP EXTENSION IF EXISTS arbees CASCADE;
CREATE EXTENSION arbees;
RESET client_min_messages;
\set SHOW_CONTEXT never
SET client_min_messages = error;

-- waits until a query is true
CREATE PROCEDURE pg_temp.wait_for(query text) LANGUAGE plpgsql AS $$
DECLARE
	done boolean;
BEGIN
	FOR i IN 1..200 LOOP
		EXECUTE query INTO done;
		IF done THEN
			RETURN;
		END IF;
		COMMIT;
		PERFORM pg_sleep(0.05);
	END LOOP;
	RAISE EXCEPTION 'never true: %', query;
END
$$;

SELECT arbees.conductor_pid() IS NULL AS none_runs;
SELECT arbees_stop();
SELECT conductor = 'alive' AS alive FROM arbees_status();
SELECT regexp_replace(arbees_start(), '[0-9]+', 'N') AS start;
SELECT regexp_replace(arbees_start(), '[0-9]+', 'N') AS again;
SELECT pid = arbees.conductor_pid() AS same, ticks > 0 AS ticks, interval_ms, worker_pid FROM arbees.conductor;
SELECT conductor FROM arbees_status();

-- one that is told to end comes back; what ended for good does not
SELECT pid AS first FROM arbees.conductor \gset
SELECT pg_terminate_backend(:first);
CALL pg_temp.wait_for('SELECT pid <> ' || :first || ' AND pid = arbees.conductor_pid() FROM arbees.conductor');

-- a failing step is counted and stops no other; the steps are superusers' business
INSERT INTO arbees.tick_steps VALUES (6, 'test_missing', 'arbees.no_such_step', false, true, 'fails');
CREATE FUNCTION arbees.testing_fail() RETURNS void LANGUAGE plpgsql AS 'BEGIN PERFORM 1 / 0; END';
INSERT INTO arbees.tick_steps VALUES (7, 'test_failing', 'arbees.testing_fail', false, true, 'fails');
CREATE TABLE tick_marks (n integer);
CREATE FUNCTION arbees.testing_mark() RETURNS void LANGUAGE sql AS 'INSERT INTO public.tick_marks VALUES (1)';
INSERT INTO arbees.tick_steps VALUES (8, 'test_mark', 'arbees.testing_mark', false, true, 'comes after');
CALL pg_temp.wait_for('SELECT count(*) > 2 FROM tick_marks');
SELECT step, count > 1 AS counted, last_sqlstate, last_message FROM arbees.tick_errors WHERE step LIKE 'test%' ORDER BY step;
SELECT kind, message FROM arbees.alerts WHERE kind = 'step_failed' AND message LIKE 'step test%' ORDER BY message;
SELECT count(*) FROM arbees.breakers WHERE scope = 'desk' AND state <> 'CLOSED';
SELECT conductor FROM arbees_status();

-- a failing safety step opens the desk's breaker, and the conductor lives on
UPDATE arbees.tick_steps SET is_safety = true WHERE name = 'test_failing';
CALL pg_temp.wait_for('SELECT count(*) = 1 FROM arbees.breakers WHERE scope = ''desk'' AND state = ''OPEN''');
SELECT reason FROM arbees.breakers WHERE scope = 'desk';
SELECT conductor FROM arbees_status();
-- a safety step cannot be switched off
UPDATE arbees.tick_steps SET enabled = false WHERE name = 'test_failing';
DELETE FROM arbees.tick_steps WHERE name IN ('test_missing', 'test_failing');
SELECT pg_sleep(0.6);
SELECT arbees_reset_breaker('desk', 'end of test');

-- the same list for people: CALL arbees.tick(), in and outside a block
SELECT arbees_stop() IS NOT NULL AS stopped;
SELECT arbees.conductor_pid() IS NULL AS none_runs;
SELECT pg_sleep(1.1);
SELECT conductor LIKE 'silent since%' AS silent, entries_possible FROM arbees_status();
TRUNCATE tick_marks;
INSERT INTO arbees.tick_steps VALUES (7, 'test_failing', 'arbees.testing_fail', false, true, 'fails');
SET client_min_messages = warning;
CALL arbees.tick();
SELECT count(*) FROM tick_marks;
BEGIN;
CALL arbees.tick();
SELECT count(*) FROM tick_marks;
ROLLBACK;
SELECT count(*) FROM tick_marks;
SET client_min_messages = error;
DELETE FROM arbees.tick_steps WHERE name LIKE 'test%';

-- a worker of its own: run, shown, started again when it ends, gone with its conductor
ALTER SYSTEM SET arbees.worker_command = 'sleep 0.3';
SELECT pg_reload_conf();
SELECT arbees_start() IS NOT NULL AS started;
CALL pg_temp.wait_for('SELECT worker_pid IS NOT NULL FROM arbees.conductor');
SELECT worker_pid AS worker FROM arbees.conductor \gset
CALL pg_temp.wait_for('SELECT worker_pid <> ' || :worker || ' FROM arbees.conductor');
SELECT worker_pid AS worker FROM arbees.conductor \gset
ALTER SYSTEM SET arbees.worker_command = 'sleep 1000';
SELECT pg_reload_conf();
CALL pg_temp.wait_for('SELECT encode(pg_read_binary_file(''/proc/'' || coalesce(worker_pid, 1) || ''/cmdline'', 0, 100, true), ''escape'') LIKE ''sleep%1000%'' FROM arbees.conductor');
SELECT worker_pid AS worker FROM arbees.conductor \gset
-- nothing of the server but standard error is open in it
SELECT count(*) FROM pg_ls_dir('/proc/' || :worker || '/fd') AS fd WHERE fd::integer > 2;
-- signals 32 and 33 belong to the C library, which lets nobody reset them
SELECT regexp_replace(pg_read_file('/proc/' || :worker || '/status', 0, 100000), '.*SigBlk:\s*[0-9a-f]{9}([0-9a-f]+).*SigIgn:\s*[0-9a-f]{9}([0-9a-f]+).*', '\1 \2') AS signals;
ALTER SYSTEM RESET arbees.worker_command;
SELECT pg_reload_conf();
CALL pg_temp.wait_for('SELECT worker_pid IS NULL FROM arbees.conductor');
SELECT pg_stat_file('/proc/' || :worker, true) IS NULL AS gone;
SELECT arbees_stop() IS NOT NULL AS stopped;

DROP FUNCTION arbees.testing_fail(), arbees.testing_mark();
DROP TABLE tick_marks;
DELETE FROM arbees.tick_errors WHERE step LIKE 'test%';
