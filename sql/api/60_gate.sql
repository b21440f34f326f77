/* The gate's door, and what can be read back of its decisions. */
-- Without SET search_path, which costs every call two settings: the library fixes it where a name is looked up.
CREATE OR REPLACE FUNCTION arbees.submit_signal(
	deployment integer, signal arbees.signal,
	OUT decision_id bigint, OUT verdict arbees.verdict, OUT reason text, OUT order_id bigint, OUT repeated boolean)
LANGUAGE C VOLATILE PARALLEL UNSAFE SECURITY DEFINER
AS 'MODULE_PATHNAME', 'arbees_submit_signal';
COMMENT ON FUNCTION arbees.submit_signal(integer, arbees.signal) IS
	'judges a signal as if the deployment''s strategy had sent it, and makes the order if accepted';

CREATE OR REPLACE FUNCTION arbees.list_risk_checks(
	OUT ordinal integer, OUT code text, OUT check_group text, OUT for_entries boolean,
	OUT for_exits boolean, OUT meaning text)
RETURNS SETOF record
LANGUAGE C STABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'arbees_risk_checks';
CREATE OR REPLACE VIEW arbees.risk_checks AS SELECT * FROM arbees.list_risk_checks();
COMMENT ON VIEW arbees.risk_checks IS 'the checks of the gate, in the order in which the first failure is reported';

CREATE OR REPLACE FUNCTION arbees.judge(input bytea)
RETURNS bytea
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'arbees_judge';
COMMENT ON FUNCTION arbees.judge(bytea) IS 'the pure part of the gate over a stored input';

CREATE OR REPLACE FUNCTION arbees.decode_decision(input bytea, output bytea, OUT part text, OUT field text, OUT value text)
RETURNS SETOF record
LANGUAGE C STRICT STABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'arbees_decode_decision';

CREATE OR REPLACE FUNCTION arbees.check_decision(
	input bytea, OUT ordinal integer, OUT code text, OUT passed boolean, OUT seen text, OUT allowed text)
RETURNS SETOF record
LANGUAGE C STRICT STABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'arbees_decision_checks';

CREATE OR REPLACE FUNCTION @extschema@.arbees_replay(
	decision_id bigint, OUT agrees boolean, OUT verdict arbees.verdict, OUT reason text)
LANGUAGE sql STRICT STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $function$
	SELECT arbees.judge(d.input) = d.output, d.verdict, d.reason
	FROM arbees.decisions d WHERE d.decision_id = $1
$function$;
COMMENT ON FUNCTION @extschema@.arbees_replay(bigint) IS
	'judges a past decision again over its stored input; agrees is true when the verdict''s bytes are the same';

CREATE OR REPLACE FUNCTION @extschema@.arbees_explain(
	decision_id bigint, OUT code text, OUT passed boolean, OUT seen text, OUT allowed text)
RETURNS SETOF record
LANGUAGE sql STRICT STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $function$
	SELECT c.code, c.passed, c.seen, c.allowed
	FROM arbees.decisions d, arbees.check_decision(d.input) c
	WHERE d.decision_id = $1 ORDER BY c.ordinal
$function$;
COMMENT ON FUNCTION @extschema@.arbees_explain(bigint) IS 'why a decision came out as it did: each check, what it saw, what it allows';

CREATE OR REPLACE VIEW arbees.decision_details AS
	SELECT d.decision_id, f.part, f.field, f.value
	FROM arbees.decisions d, arbees.decode_decision(d.input, d.output) f;
COMMENT ON VIEW arbees.decision_details IS 'all the numbers a decision saw and made; ask for one decision_id';

REVOKE ALL ON FUNCTION arbees.submit_signal(integer, arbees.signal) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION arbees.submit_signal(integer, arbees.signal) TO arbees_risk;
