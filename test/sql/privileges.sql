-- Who may do what.
SET client_min_messages = error;
DROP EXTENSION IF EXISTS arbees CASCADE;
CREATE EXTENSION arbees;
RESET client_min_messages;
\set SHOW_CONTEXT never

-- PUBLIC may execute nothing of ours and read nothing of ours
SELECT p.oid::regprocedure FROM pg_proc p JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid
	JOIN pg_extension e ON e.oid = d.refobjid AND d.refclassid = 'pg_extension'::regclass
	WHERE e.extname = 'arbees' AND has_function_privilege('public', p.oid, 'EXECUTE') ORDER BY 1::text;
SELECT c.oid::regclass FROM pg_class c WHERE c.relnamespace = 'arbees'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'S')
	AND has_table_privilege('public', c.oid, 'SELECT') ORDER BY 1::text;
-- what runs with its owner's rights cannot be led astray by names: it fixes its path, or is one of the two doors of
-- the decision path, where the library does (safe_path)
SELECT p.oid::regprocedure FROM pg_proc p JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid
	JOIN pg_extension e ON e.oid = d.refobjid AND d.refclassid = 'pg_extension'::regclass
	WHERE e.extname = 'arbees' AND p.prosecdef
	AND NOT coalesce(p.proconfig @> ARRAY['search_path=pg_catalog, pg_temp'], false) ORDER BY 1::text;
-- no default arguments, and no two functions that a call could mean
SELECT p.oid::regprocedure FROM pg_proc p JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid
	JOIN pg_extension e ON e.oid = d.refobjid AND d.refclassid = 'pg_extension'::regclass
	WHERE e.extname = 'arbees' AND p.pronargdefaults > 0;
SELECT p.proname, p.pronargs, count(*) FROM pg_proc p JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid
	JOIN pg_extension e ON e.oid = d.refobjid AND d.refclassid = 'pg_extension'::regclass
	WHERE e.extname = 'arbees' GROUP BY 1, 2 HAVING count(*) > 1;
-- every guard stands
SELECT t.tgrelid::regclass, t.tgname FROM pg_trigger t JOIN pg_proc f ON f.oid = t.tgfoid
	WHERE f.pronamespace = 'arbees'::regnamespace AND t.tgenabled <> 'A';
-- the roles cannot log in, and each holds what the weaker one holds
SELECT rolname, rolcanlogin, rolsuper FROM pg_roles WHERE rolname LIKE 'arbees\_%' ORDER BY 1;
SELECT pg_has_role('arbees_operator', 'arbees_viewer', 'USAGE') AS operator_views,
	pg_has_role('arbees_risk', 'arbees_operator', 'USAGE') AS risk_operates,
	pg_has_role('arbees_worker', 'arbees_viewer', 'MEMBER') AS worker_views;

-- a viewer reads everything and changes nothing
SET ROLE arbees_viewer;
SELECT count(*) > 0 AS reads FROM arbees.runtime_controls;
SELECT count(*) > 0 AS reads FROM arbees.journal;
SELECT count(*) >= 0 AS reads FROM arbees.kill_switch;
SELECT kill_level FROM arbees_status();
SELECT jsonb_typeof(arbees_health());
SELECT ok FROM arbees.verify_journal();
SELECT arbees_kill('pause');
\echo :LAST_ERROR_SQLSTATE
SELECT arbees_set('max_position_usd', '1', 'x');
UPDATE arbees.runtime_controls SET value = '1' WHERE key = 'max_position_usd';
DELETE FROM arbees.journal;
SELECT arbees.step_seal();
CALL arbees.tick();
SELECT arbees.begin_safety();
RESET ROLE;

-- an operator stops; going on is for risk
SET ROLE arbees_operator;
SELECT level FROM arbees_kill('pause', 'by an operator');
SELECT arbees_resume('not mine');
\echo :LAST_ERROR_SQLSTATE
SELECT arbees_stop();
RESET ROLE;
SET ROLE arbees_risk;
SELECT level FROM arbees_resume('by risk');
RESET ROLE;
SELECT level, set_by, reason FROM (SELECT * FROM arbees.kill_levels ORDER BY seq DESC LIMIT 2) k ORDER BY seq;
SELECT kind, actor FROM (SELECT * FROM arbees.journal WHERE kind IN ('killed', 'resumed') ORDER BY journal_id DESC LIMIT 2) j
	ORDER BY journal_id;

-- a worker speaks the protocol and nothing else
SET ROLE arbees_worker;
SELECT lease_ms > 0 AS welcome FROM arbees.worker_hello('privileges', 'polymarket', NULL, 'feed', 1, true);
SELECT kill_level FROM arbees.worker_heartbeat('privileges', '{}');
COPY arbees.ticks (received_at, source_at, venue_id, kind, instrument_id, underlying, price, size, bid, ask) FROM STDIN;
2026-01-01 00:00:00+00	\N	1	price	\N	BTC	100000	\N	\N	\N
\.
SELECT * FROM arbees.orders;
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM arbees.ticks;
SELECT arbees_kill('pause');
SELECT arbees_set('max_position_usd', '1', 'x');
SELECT arbees_status();
INSERT INTO arbees.alerts (severity, kind, message) VALUES ('info', 'x', 'y');
RESET ROLE;
DELETE FROM arbees.ticks WHERE received_at = '2026-01-01 00:00:00+00';

-- a strategy has no power at all
SET ROLE arbees_strategy;
SELECT NULL::arbees.market_state IS NULL AS types_only;
SELECT count(*) FROM arbees.runtime_controls;
SELECT arbees_kill('pause');
SELECT arbees_status();
RESET ROLE;

-- where PUBLIC may create a look-alike, nothing is installed
CREATE DATABASE arbees_public_create;
\connect arbees_public_create
GRANT CREATE ON SCHEMA public TO PUBLIC;
CREATE EXTENSION arbees;
\echo :LAST_ERROR_SQLSTATE
CREATE SCHEMA desk;
CREATE EXTENSION arbees SCHEMA desk;
SELECT level FROM desk.arbees_kill('pause');
SELECT level FROM arbees.kill_switch;
DROP EXTENSION arbees;
SELECT count(*) FROM pg_namespace WHERE nspname = 'arbees';
\connect postgres
DROP DATABASE arbees_public_create;
