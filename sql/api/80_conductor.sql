/* The conductor: the steps it runs, the verbs that start and end it. */
CREATE OR REPLACE FUNCTION arbees.step_assertions()
RETURNS void
LANGUAGE C VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'arbees_step_assertions';
COMMENT ON FUNCTION arbees.step_assertions() IS
	'step of the tick: the books add up and the guards stand; a violation opens a breaker';
REVOKE ALL ON FUNCTION arbees.step_assertions() FROM PUBLIC;

CREATE OR REPLACE FUNCTION arbees.step_liveness()
RETURNS void
LANGUAGE C VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'arbees_step_liveness';
COMMENT ON FUNCTION arbees.step_liveness() IS
	'step of the tick: tells of silent workers, lapsed leases and old transactions';
REVOKE ALL ON FUNCTION arbees.step_liveness() FROM PUBLIC;

CREATE OR REPLACE PROCEDURE arbees.tick()
LANGUAGE C
AS 'MODULE_PATHNAME', 'arbees_tick';
COMMENT ON PROCEDURE arbees.tick() IS
	'runs the steps of one tick now; commits after each when called outside a transaction block';
REVOKE ALL ON PROCEDURE arbees.tick() FROM PUBLIC;

CREATE OR REPLACE FUNCTION arbees.conductor_pid()
RETURNS integer
LANGUAGE C VOLATILE PARALLEL RESTRICTED SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'arbees_conductor_pid';
COMMENT ON FUNCTION arbees.conductor_pid() IS
	'pid of the conductor that lives now, by its lock; NULL when none does';
REVOKE ALL ON FUNCTION arbees.conductor_pid() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION arbees.conductor_pid() TO arbees_viewer;

CREATE OR REPLACE FUNCTION @extschema@.arbees_start()
RETURNS text
LANGUAGE C VOLATILE PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'arbees_start';
COMMENT ON FUNCTION @extschema@.arbees_start() IS
	'starts the conductor, and the worker it runs, and waits for its first tick';
REVOKE ALL ON FUNCTION @extschema@.arbees_start() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION @extschema@.arbees_start() TO arbees_operator;

CREATE OR REPLACE FUNCTION @extschema@.arbees_stop()
RETURNS text
LANGUAGE C VOLATILE PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'arbees_stop';
COMMENT ON FUNCTION @extschema@.arbees_stop() IS
	'ends the conductor and the worker it runs; without one the gate refuses entries';
REVOKE ALL ON FUNCTION @extschema@.arbees_stop() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION @extschema@.arbees_stop() TO arbees_risk;

-- A restore brings its own rows.
INSERT INTO arbees.tick_steps (position, name, function_name, is_safety, description)
SELECT s.position, s.name, s.function_name, s.is_safety, s.description
FROM (VALUES
	(2, 'kill_file', 'arbees.step_kill_file', true, 'the kill file stops trading while it is there'),
	(3, 'lock_holders', 'arbees.step_lock_holders', true, 'a session that holds a portfolio for too long is ended'),
	(10, 'windows', 'arbees.step_windows', false, 'windows open and close by their clock'),
	(20, 'orders', 'arbees.step_orders', false, 'orders that nobody claimed expire, unconfirmed ones become UNKNOWN'),
	(30, 'exits', 'arbees.step_exits', false, 'exits by time, by the kill level, and what an earlier exit left open'),
	(35, 'drills', 'arbees.step_drills', false, 'rehearsals of the kill switch'),
	(40, 'settlement', 'arbees.step_settlement', false, 'positions of resolved windows settle'),
	(50, 'assertions', 'arbees.step_assertions', true, 'the books add up, the guards stand'),
	(55, 'losses', 'arbees.step_losses', true, 'loss limits that are reached open breakers and stop trading'),
	(60, 'liveness', 'arbees.step_liveness', true, 'tells of who is silent and what nobody watches'),
	(70, 'seal', 'arbees.step_seal', false, 'chains the journal')
) AS s (position, name, function_name, is_safety, description)
WHERE coalesce(current_setting('arbees.maintenance', true), 'off') = 'off'
ON CONFLICT DO NOTHING;
