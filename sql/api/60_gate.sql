/* The gate's door, and what can be read back of its decisions. */
-- Without SET search_path, which costs every call two settings: the library fixes it where a name is looked up.
CREATE OR REPLACE FUNCTION arbees.submit_signal(
	deployment integer, signal arbees.signal,
	OUT decision_id bigint, OUT verdict arbees.verdict, OUT reason text, OUT order_id bigint, OUT repeated boolean,
	OUT warnings text)
LANGUAGE C VOLATILE PARALLEL UNSAFE SECURITY DEFINER
AS 'MODULE_PATHNAME', 'arbees_submit_signal';
COMMENT ON FUNCTION arbees.submit_signal(integer, arbees.signal) IS
	'judges a signal as if the deployment''s strategy had sent it, and makes the order if accepted';

CREATE OR REPLACE FUNCTION arbees.list_risk_checks(
	OUT ordinal integer, OUT code text, OUT check_group text, OUT for_entries boolean,
	OUT for_exits boolean, OUT meaning text, OUT limit_key text, OUT may_override boolean, OUT rule text)
RETURNS SETOF record
LANGUAGE C STABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'arbees_list_risk_checks';
CREATE OR REPLACE VIEW arbees.risk_checks AS
	SELECT ordinal, code, check_group, for_entries, for_exits, meaning, limit_key,
		limit_key IS NOT NULL AS has_soft_level, may_override, rule
	FROM arbees.list_risk_checks();
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
	input bytea, OUT ordinal integer, OUT code text, OUT passed boolean, OUT seen text, OUT allowed text,
	OUT soft text, OUT warned boolean, OUT overridden boolean)
RETURNS SETOF record
LANGUAGE C STRICT STABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'arbees_check_decision';

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
	decision_id bigint, OUT code text, OUT passed boolean, OUT seen text, OUT allowed text,
	OUT soft text, OUT warned boolean, OUT overridden boolean)
RETURNS SETOF record
LANGUAGE sql STRICT STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $function$
	SELECT c.code, c.passed, c.seen, c.allowed, c.soft, c.warned, c.overridden
	FROM arbees.decisions d, arbees.check_decision(d.input) c
	WHERE d.decision_id = $1 ORDER BY c.ordinal
$function$;
COMMENT ON FUNCTION @extschema@.arbees_explain(bigint) IS 'why a decision came out as it did: each check, what it saw, what it allows and from where it warns, and whether it was overridden';

CREATE OR REPLACE VIEW arbees.decision_details AS
	SELECT d.decision_id, f.part, f.field, f.value
	FROM arbees.decisions d, arbees.decode_decision(d.input, d.output) f;
COMMENT ON VIEW arbees.decision_details IS 'all the numbers a decision saw and made; ask for one decision_id';

CREATE OR REPLACE FUNCTION arbees.read_book(
	book bytea, OUT side text, OUT level integer, OUT price numeric, OUT size numeric)
RETURNS SETOF record
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'arbees_read_book';
COMMENT ON FUNCTION arbees.read_book(bytea) IS 'the levels of a packed order book, side bid or ask, level 1 the best';

CREATE OR REPLACE VIEW arbees.book_snapshots AS
	SELECT d.decision_id, d.portfolio_id, d.mode, d.instrument_id, b.side, b.level, b.price, b.size, d.market_time
	FROM arbees.decisions d, arbees.read_book(d.book) b;
COMMENT ON VIEW arbees.book_snapshots IS
	'the order book that each accepted decision saw, up to ten levels a side; ask for one decision_id';

CREATE OR REPLACE FUNCTION arbees.read_verdict(
	output bytea, OUT verdict arbees.verdict, OUT reason text, OUT failed text[], OUT warned text[])
LANGUAGE C STRICT STABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'arbees_read_verdict';
COMMENT ON FUNCTION arbees.read_verdict(bytea) IS 'the verdict in a decision''s output, with all checks that failed and all that warned';

CREATE OR REPLACE FUNCTION arbees.compose_input(fields jsonb)
RETURNS bytea
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'arbees_compose_input';
COMMENT ON FUNCTION arbees.compose_input(jsonb) IS
	'the input of a healthy entry without limits, with these fields in the place of its own: numbers as people write them, times as seconds after the decision, null for missing, "none" for no limit, "=5" for the integer that is stored';

CREATE OR REPLACE FUNCTION arbees.change_input(input bytea, fields jsonb)
RETURNS bytea
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'arbees_change_input';
COMMENT ON FUNCTION arbees.change_input(bytea, jsonb) IS
	'a decision''s input with these fields in the place of its own, to be judged again: what if a limit had been another';

CREATE OR REPLACE FUNCTION arbees.judge_fields(
	fields jsonb, OUT verdict arbees.verdict, OUT reason text, OUT failed text[], OUT warned text[], OUT output jsonb)
LANGUAGE sql STRICT STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $function$
	SELECT v.verdict, v.reason, v.failed, v.warned, (
		SELECT jsonb_object_agg(f.field, f.value) FROM arbees.decode_decision(i.input, o.output) f WHERE f.part = 'output')
	FROM arbees.compose_input($1) i (input), arbees.judge(i.input) o (output), arbees.read_verdict(o.output) v
$function$;
COMMENT ON FUNCTION arbees.judge_fields(jsonb) IS
	'the gate''s verdict over a made-up input, see arbees.compose_input; reads and writes nothing';

CREATE OR REPLACE FUNCTION arbees.what_if(deployment integer, signal arbees.signal, OUT input bytea, OUT output bytea)
LANGUAGE C VOLATILE PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'arbees_what_if';
COMMENT ON FUNCTION arbees.what_if(integer, arbees.signal) IS
	'what a decision over the signal would store now; takes the locks of a decision and writes nothing';

CREATE OR REPLACE FUNCTION @extschema@.arbees_what_if(
	deployment integer, signal arbees.signal,
	OUT verdict arbees.verdict, OUT reason text, OUT failed text[], OUT warned text[],
	OUT amount text, OUT limit_price text, OUT value text, OUT reserve text, OUT checks jsonb)
LANGUAGE sql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $function$
	SELECT v.verdict, v.reason, v.failed, v.warned, o.amount, o.limit_price, o.value, o.reserve, c.checks
	FROM arbees.what_if($1, $2) w, arbees.read_verdict(w.output) v,
		LATERAL (SELECT max(f.value) FILTER (WHERE f.field = 'amount') AS amount,
				max(f.value) FILTER (WHERE f.field = 'limit_price') AS limit_price,
				max(f.value) FILTER (WHERE f.field = 'value') AS value,
				max(f.value) FILTER (WHERE f.field = 'reserve') AS reserve
			FROM arbees.decode_decision(w.input, w.output) f WHERE f.part = 'output') o,
		LATERAL (SELECT jsonb_agg(to_jsonb(d) - 'ordinal' ORDER BY d.ordinal) AS checks
			FROM arbees.check_decision(w.input) d) c
$function$;
COMMENT ON FUNCTION @extschema@.arbees_what_if(integer, arbees.signal) IS
	'the verdict a signal would get now, with all checks, what it would buy and reserve; makes no decision and no order';

CREATE OR REPLACE VIEW arbees.intended_positions AS
	SELECT t.deployment_id, t.instrument_id, t.decision_id, t.verdict, t.reason, t.target_qty AS intended_qty,
		coalesce(h.qty, 0) AS held_qty, coalesce(w.qty, 0) AS working_qty,
		t.target_qty - coalesce(h.qty, 0) - coalesce(w.qty, 0) AS missing_qty
	FROM arbees.deployments d
	CROSS JOIN LATERAL (
		SELECT DISTINCT ON (x.instrument_id) x.*
		FROM arbees.decisions x
		WHERE x.deployment_id = d.deployment_id AND x.mode = d.mode AND x.target_qty IS NOT NULL
		ORDER BY x.instrument_id, x.decision_id DESC) t
	LEFT JOIN LATERAL (
		SELECT sum(p.qty) AS qty FROM arbees.positions p
		WHERE p.instrument_id = t.instrument_id AND p.portfolio_id = d.portfolio_id AND p.mode = d.mode
			AND p.deployment_id = d.deployment_id AND p.state <> 'CLOSED') h ON true
	LEFT JOIN LATERAL (
		-- A buy in money works towards the shares its price pays for.
		SELECT sum(CASE WHEN o.amount_kind = 'base' THEN o.amount - o.filled_qty
				ELSE trunc((o.amount - o.filled_money) / o.limit_price, 8) END) AS qty
		FROM arbees.orders o
		WHERE o.portfolio_id = d.portfolio_id AND o.mode = d.mode AND o.finished_at IS NULL
			AND o.deployment_id = d.deployment_id AND o.instrument_id = t.instrument_id AND o.purpose = 'ENTRY') w ON true;
COMMENT ON VIEW arbees.intended_positions IS
	'what each deployment last wanted to hold of an instrument, against what it holds and what works towards it';

REVOKE ALL ON FUNCTION arbees.submit_signal(integer, arbees.signal) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION arbees.submit_signal(integer, arbees.signal) TO arbees_risk;
REVOKE ALL ON FUNCTION arbees.what_if(integer, arbees.signal), @extschema@.arbees_what_if(integer, arbees.signal) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION arbees.what_if(integer, arbees.signal), @extschema@.arbees_what_if(integer, arbees.signal)
	TO arbees_operator;
