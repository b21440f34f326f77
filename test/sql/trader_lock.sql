-- The trader lock: one holder per account, fenced by its epoch.
SET client_min_messages = error;
DROP EXTENSION IF EXISTS arbees CASCADE;
CREATE EXTENSION arbees;
RESET client_min_messages;
\set SHOW_CONTEXT never
SET timezone = 'UTC';
SET datestyle = 'ISO';

SELECT arbees_create_venue('lock_test', true, false, '{}', 137) AS venue \gset
-- a number of its own, since messages show it
INSERT INTO arbees.venue_accounts (venue_account_id, venue_id, name, capital_cap_usd) VALUES (9001, :venue, 'lock_test', 100);
\set account 9001

-- refusals
SELECT * FROM arbees.acquire_trader(0, 'a');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM arbees.acquire_trader(NULL, 'a');
SELECT * FROM arbees.acquire_trader(:account, '');
SELECT * FROM arbees.acquire_trader(:account, NULL);
SET synchronous_commit = off;
SELECT * FROM arbees.acquire_trader(:account, 'a');
\echo :LAST_ERROR_SQLSTATE
RESET synchronous_commit;
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT * FROM arbees.acquire_trader(:account, 'a');
\echo :LAST_ERROR_SQLSTATE
ROLLBACK;
SELECT arbees.renew_trader(:account, 1);
\echo :LAST_ERROR_SQLSTATE

-- the first, the same again (a restart), a stranger
SELECT * FROM arbees.acquire_trader(:account, 'a');
SELECT arbees.renew_trader(:account, 1);
SELECT * FROM arbees.acquire_trader(:account, 'a');
SELECT granted, epoch, holder, regexp_replace(reason, '[0-9]+', 'N') AS reason FROM arbees.acquire_trader(:account, 'b');

-- an old epoch can do nothing
SELECT arbees.renew_trader(:account, 1);
\echo :LAST_ERROR_SQLSTATE
SELECT arbees.release_trader(:account, 1);
\echo :LAST_ERROR_SQLSTATE
SELECT arbees.report_venue_checks(:account, 1, '{}');
\echo :LAST_ERROR_SQLSTATE

-- released: the next need not wait, and starts unreconciled
SELECT arbees.release_trader(:account, 2);
\set VERBOSITY terse
SELECT arbees.renew_trader(:account, 2) IS NOT NULL;
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM arbees.acquire_trader(:account, 'b');
SELECT epoch, holder, reconciled_at FROM arbees.trader_epochs WHERE venue_account_id = :account;

-- a lease that ran out is renewed as long as nobody took over; what was missed is to be seen first
SELECT arbees_set('lease_ms', '1000', 'to wait for its end');
SELECT arbees.renew_trader(:account, 3);
SELECT arbees.finish_reconciliation(:account, 3, arbees.begin_reconciliation(:account, 3, 'start'), 0, 0, 0, 0, '{}', '{}', '{}');
SELECT reconciled_at IS NOT NULL AS reconciled FROM arbees.trader_epochs WHERE venue_account_id = :account;
SELECT pg_sleep(1.1);
-- meanwhile it tells what the venue did
SELECT arbees.report_venue_checks(:account, 3, '{}');
SELECT arbees.renew_trader(:account, 3);
SELECT reconciled_at IS NOT NULL AS reconciled FROM arbees.trader_epochs WHERE venue_account_id = :account;
-- and lost as soon as somebody did
SELECT pg_sleep(1.1);
\set VERBOSITY default
SELECT granted, epoch, holder, reason FROM arbees.acquire_trader(:account, 'c');
SELECT arbees.renew_trader(:account, 3);
\echo :LAST_ERROR_SQLSTATE
SELECT arbees_set('lease_ms', '10000', 'end of test');
SELECT epoch, worker, previous_holder, ended_at IS NOT NULL AS ended, end_reason
	FROM arbees.worker_sessions WHERE venue_account_id = :account ORDER BY epoch;
SELECT kind, message FROM arbees.journal WHERE kind LIKE 'trader%' AND ref_id = :account ORDER BY journal_id;

-- nobody writes it by hand
UPDATE arbees.trader_epochs SET epoch = 99;
\echo :LAST_ERROR_SQLSTATE
UPDATE arbees.trader_leases SET expires_at = 'infinity';
DELETE FROM arbees.trader_leases;
TRUNCATE arbees.trader_epochs, arbees.trader_leases;

-- maintenance is refused while somebody trades
SELECT arbees.renew_trader(:account, 4);
SET arbees.maintenance = 'restore';
INSERT INTO arbees.kill_levels SELECT seq + 1, 'pause', 'restored', 'me', now() FROM arbees.kill_switch;
\echo :LAST_ERROR_SQLSTATE
RESET arbees.maintenance;
SELECT arbees.release_trader(:account, 4);

-- in a copy nobody is granted it; resume makes every epoch old
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
SELECT * FROM arbees.acquire_trader(:account, 'd');
SELECT warning FROM arbees_resume('not a copy any more');
SELECT arbees.renew_trader(:account, 4);
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM arbees.acquire_trader(:account, 'd');
SELECT arbees.release_trader(:account, 6);
