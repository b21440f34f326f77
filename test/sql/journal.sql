-- The journal: append-only, hashed, chained; what is changed in it is found.
SET client_min_messages = error;
DROP EXTENSION IF EXISTS arbees CASCADE;
CREATE EXTENSION arbees;
RESET client_min_messages;
\set SHOW_CONTEXT never
SET timezone = 'UTC';
SET datestyle = 'ISO';

-- other transactions of the cluster, an autovacuum say, may hold a seal back for a moment
CREATE PROCEDURE pg_temp.seal_all() LANGUAGE plpgsql AS $$
BEGIN
	FOR i IN 1..100 LOOP
		PERFORM arbees.step_seal();
		COMMIT;
		EXIT WHEN (SELECT max(journal_id) FROM arbees.journal_desk) = (SELECT through_id FROM arbees.journal_head);
		PERFORM pg_sleep(0.1);
	END LOOP;
END
$$;

-- every row can be computed again by anybody
SELECT count(*) > 0 AS some, bool_and(octet_length(hash) = 32) AS hashed FROM arbees.journal_desk;
SELECT kind, encode(hash, 'hex') = encode(sha256(
		'arbees journal 1' || int8send(journal_id)
		|| CASE WHEN mode IS NULL THEN int8send(-1) ELSE int8send(octet_length(mode::text)) || convert_to(mode::text, 'UTF8') END
		|| int8send((extract(epoch FROM at) * 1000000)::bigint - 946684800000000)
		|| int8send(xid::text::bigint)
		|| int8send(octet_length(kind)) || convert_to(kind, 'UTF8')
		|| int8send(coalesce(portfolio_id, 0)) || int8send(coalesce(ref_id, 0))
		|| int8send(octet_length(actor)) || convert_to(actor, 'UTF8')
		|| int8send(octet_length(message)) || convert_to(message, 'UTF8')), 'hex') AS same
	FROM arbees.journal_desk ORDER BY journal_id LIMIT 1;

-- nobody writes it by hand, whatever the settings
INSERT INTO arbees.journal (journal_id, at, xid, kind, actor, message, hash)
	VALUES (0, now(), '1', 'forged', 'me', 'x', '\x00');
\echo :LAST_ERROR_SQLSTATE
UPDATE arbees.journal SET message = 'x';
DELETE FROM arbees.journal;
TRUNCATE arbees.journal;
SET session_replication_role = replica;
DELETE FROM arbees.journal;
TRUNCATE arbees.journal_desk;
RESET session_replication_role;

-- seal what there is; a row whose transaction still runs waits
CALL pg_temp.seal_all();
SELECT ok, seal_no, journal_id, detail, seals_checked > 0 AS sealed FROM arbees.verify_journal();
DELETE FROM arbees.journal_seals;
UPDATE arbees.journal_seals SET head = '\x00';
TRUNCATE arbees.journal_seals;
BEGIN;
SELECT arbees_set('max_position_usd', '6', 'unsealed while it runs');
SELECT pg_sleep(1.1);
SELECT arbees.step_seal();
SELECT max(j.journal_id) > (SELECT through_id FROM arbees.journal_head) AS waits FROM arbees.journal_desk j;
COMMIT;
SELECT arbees_set('max_position_usd', '5', 'end of test');
CALL pg_temp.seal_all();
SELECT max(j.journal_id) = (SELECT through_id FROM arbees.journal_head) AS all_sealed FROM arbees.journal_desk j;
SELECT ok FROM arbees.verify_journal();
-- one seal per second
SELECT seal_no AS before FROM arbees.journal_head \gset
SELECT arbees_set('max_position_usd', '5.5', 'too soon for a seal') IS NOT NULL;
SELECT arbees.step_seal();
SELECT seal_no - :before AS seals FROM arbees.journal_head;
SELECT arbees_set('max_position_usd', '5', 'end of test') IS NOT NULL;
SELECT count(*) - count(DISTINCT previous_head) AS repeated FROM arbees.journal_seals;

-- what somebody changes who takes the guards away is found: a message, a hash with it, a missing row, an added one, a seal
SELECT min(journal_id) AS first, max(journal_id) AS last FROM arbees.journal_desk \gset
BEGIN;
ALTER TABLE arbees.journal_desk DISABLE TRIGGER USER;
UPDATE arbees.journal SET message = message || '.' WHERE journal_id = :first;
SELECT ok, seal_no, journal_id = :first AS named, detail FROM arbees.verify_journal();
ROLLBACK;
BEGIN;
ALTER TABLE arbees.journal_desk DISABLE TRIGGER USER;
UPDATE arbees.journal SET hash = sha256('x') WHERE journal_id = :last;
SELECT ok, seal_no, journal_id = :last AS named, detail FROM arbees.verify_journal();
ROLLBACK;
BEGIN;
ALTER TABLE arbees.journal_desk DISABLE TRIGGER USER;
DELETE FROM arbees.journal WHERE journal_id = :first;
SELECT ok, seal_no, journal_id, regexp_replace(detail, '[0-9]+', 'N', 'g') AS detail FROM arbees.verify_journal();
ROLLBACK;
BEGIN;
ALTER TABLE arbees.journal_seals DISABLE TRIGGER USER;
DELETE FROM arbees.journal_seals WHERE seal_no = 1;
SELECT ok, seal_no, detail FROM arbees.verify_journal();
ROLLBACK;
BEGIN;
ALTER TABLE arbees.journal_seals DISABLE TRIGGER USER;
UPDATE arbees.journal_seals SET head = sha256('x') WHERE seal_no = 1;
SELECT ok, seal_no, detail FROM arbees.verify_journal();
ROLLBACK;
SELECT ok FROM arbees.verify_journal();

-- a restored journal carries another cluster's numbers: resume seals it and begins a new era
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
SELECT seal_no AS before FROM arbees.journal_head \gset
SELECT pg_sleep(1.1);
SELECT arbees.step_seal();
SELECT seal_no - :before AS sealed_in_a_copy FROM arbees.journal_head;
SELECT count(DISTINCT era_after_id) AS eras FROM arbees.journal_seals \gset
SELECT level FROM arbees_resume('a new era');
CALL pg_temp.seal_all();
SELECT count(DISTINCT era_after_id) - :eras AS new_eras FROM arbees.journal_seals;
SELECT ok, detail FROM arbees.verify_journal();
-- nothing can be slipped into an era that is over
BEGIN;
ALTER TABLE arbees.journal_desk DISABLE TRIGGER USER;
INSERT INTO arbees.journal (journal_id, at, xid, kind, actor, message, hash)
	SELECT 0, at, '18446744073709551615', kind, actor, message, hash FROM arbees.journal_desk WHERE journal_id = :first;
SELECT ok, seal_no, regexp_replace(detail, '[0-9]+', 'N', 'g') AS detail FROM arbees.verify_journal();
ROLLBACK;
SELECT ok FROM arbees.verify_journal();

-- alerts
SELECT arbees.worker_alert('journal', 'shout', 'x', 'y');
SELECT arbees.worker_alert('journal', 'info', 'test_alert', 'hello');
SELECT max(alert_id) AS alert FROM arbees.alerts WHERE kind = 'test_alert' \gset
SELECT arbees_acknowledge(:alert);
SELECT arbees_acknowledge(:alert);
SELECT severity, kind, message, acknowledged_by = session_user AS by_me FROM arbees.alerts WHERE alert_id = :alert;
