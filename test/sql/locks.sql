\set ECHO none
\getenv dir PG_ABS_SRCDIR
\set desk :dir '/sql/desk.inc'
\i :desk
-- What people hold by hand: operator locks, the restricted list, breakers of venues and strategies.
\set SHOW_CONTEXT never
SELECT max(journal_id) AS row FROM arbees.journal_desk \gset
-- What the gate saw of a signal's scope: what is held, by name.
CREATE FUNCTION desk.seen(key text, symbol text DEFAULT 'w.up', strategy text DEFAULT 'silent') RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	PERFORM desk.try(desk.signal(jsonb_build_object('key', $1, 'symbol', $2)), 'paper', $3);
	RETURN coalesce((SELECT string_agg(d.field, ' ' ORDER BY d.field) FROM arbees.decision_details d
		JOIN arbees.decisions USING (decision_id) WHERE signal_key = $1
			AND d.field IN ('venue_locked', 'strategy_locked', 'instrument_locked', 'restricted',
				'breaker_open', 'venue_breaker_open', 'strategy_breaker_open') AND d.value <> 'no'), 'nothing');
END
$$;
SELECT FROM desk.quote('PAPER', 100, 'w.up', 0.48, 0.52);
SELECT FROM desk.quote('PAPER', 100, 'w.down', 0.48, 0.52);

-- refusals
SELECT arbees_lock('portfolio', 'paper', 'x');
\echo :LAST_ERROR_SQLSTATE
SELECT arbees_lock('global', '', 'x');
SELECT arbees_lock('venue', 'sin', 'a typo');
\echo :LAST_ERROR_SQLSTATE
SELECT arbees_lock('strategy', 'silence', 'a typo');
SELECT arbees_lock('instrument', 'w.up,w.down', 'one at a time');
\echo :LAST_ERROR_SQLSTATE
SELECT arbees_lock('instrument', 'w.up', '');
SELECT arbees_lock('instrument', NULL, 'x');
SELECT arbees_unlock('instrument', 'w.up', 'it is not');
\echo :LAST_ERROR_SQLSTATE
SELECT arbees_restrict('a,b', 'one at a time');
SELECT arbees_restrict('BTC', NULL);
SELECT arbees_unrestrict('BTC', 'it is not');
SET synchronous_commit = off;
SELECT arbees_lock('instrument', 'w.up', 'a crash could forget it');
RESET synchronous_commit;
INSERT INTO arbees.operator_locks (scope, name, reason, locked_by, locked_at) VALUES ('venue', 'sim', 'x', 'me', now());
\echo :LAST_ERROR_SQLSTATE
INSERT INTO arbees.restricted_instruments (pattern, reason, restricted_by, restricted_at) VALUES ('BTC', 'x', 'me', now());
TRUNCATE arbees.operator_locks, arbees.restricted_instruments;
SELECT desk.seen('free');

-- any operator holds, only the risk role lets go
SET ROLE arbees_operator;
SELECT arbees_lock('instrument', 'w.up', 'odd prices');
SELECT arbees_lock('instrument', 'w.up', 'again');
SELECT arbees_lock('strategy', 'silent2', 'loses its mind');
SELECT arbees_restrict('ETH', 'we advise the issuer');
SELECT arbees_unlock('instrument', 'w.up', 'not mine to do');
\echo :LAST_ERROR_SQLSTATE
SELECT arbees_unrestrict('ETH', 'not mine to do');
\echo :LAST_ERROR_SQLSTATE
SELECT arbees_trip_breaker('strategy:silent', 'by hand');
SELECT arbees_reset_breaker('strategy:silent', 'not mine to do');
\echo :LAST_ERROR_SQLSTATE
RESET ROLE;
SET ROLE arbees_viewer;
SELECT arbees_lock('instrument', 'w.down', 'not mine to do');
SELECT arbees_restrict('w.down', 'not mine to do');
SELECT arbees_trip_breaker('desk', 'not mine to do');
RESET ROLE;

-- each holds what it names, and nothing else
SELECT desk.seen('a1') AS up, desk.seen('a2', 'w.down') AS down, desk.seen('a3', 'w.down', 'silent2') AS other_strategy;
SELECT arbees_restrict('BTC', 'all of it'), arbees_lock('venue', 'polymarket', 'elsewhere');
SELECT desk.seen('b1') AS up, desk.seen('b2', 'w.down') AS down;
SELECT arbees_lock('venue', 'sim', 'here'), arbees_unlock('instrument', 'w.up', 'fine again'),
	arbees_unrestrict('BTC', 'done'), arbees_reset_breaker('strategy:silent', 'fine again');
SELECT desk.seen('c1') AS up, desk.seen('c2', 'w.down') AS down;
SELECT arbees_unlock('venue', 'sim', 'fine again'), arbees_lock('instrument', 'w.d*', 'a prefix');
SELECT desk.seen('d1') AS up, desk.seen('d2', 'w.down') AS down;
SELECT arbees_trip_breaker('venue:sim', 'by hand'), arbees_trip_breaker('strategy:silent2', 'by hand');
SELECT desk.seen('e1') AS up, desk.seen('e2', 'w.up', 'silent2') AS other_strategy;
SELECT breakers_open FROM arbees_status();
SELECT arbees_trip_breaker('venue:nowhere', 'a typo');
SELECT arbees_trip_breaker('strategy:nobody', 'a typo');
SELECT arbees_reset_breaker('venue:sim', 'fine again'), arbees_reset_breaker('strategy:silent2', 'fine again');
-- a lock that is rolled back held nobody afterwards
BEGIN;
SELECT arbees_lock('venue', 'sim', 'for a moment');
SELECT desk.seen('f1');
ROLLBACK;
SELECT desk.seen('f2');
-- what was lifted can be held again
SELECT arbees_lock('instrument', 'w.up', 'odd again');
SELECT desk.seen('g1');
-- an exit is held by none of it
SELECT count(*) FROM arbees.positions WHERE state <> 'CLOSED';
SELECT arbees_lock('strategy', 'silent', 'hold'), arbees_lock('venue', 'sim', 'hold'),
	arbees_restrict('w.up', 'hold');
SELECT arbees_close(position_id) FROM arbees.positions WHERE portfolio_id = desk.portfolio('paper') AND state <> 'CLOSED';
SELECT state, count(*) FROM arbees.positions GROUP BY 1 ORDER BY 1;

SELECT scope, name, reason, locked_by = session_user AS by_me, unlocked_by IS NOT NULL AS unlocked, unlock_reason
	FROM arbees.operator_locks ORDER BY lock_id;
SELECT pattern, reason, lifted_by IS NOT NULL AS lifted, lift_reason FROM arbees.restricted_instruments ORDER BY restriction_id;
SELECT kind, message FROM arbees.journal WHERE journal_id > :row AND kind ~ 'lock|restrict|breaker' ORDER BY journal_id;
