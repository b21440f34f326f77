\set ECHO none
\getenv dir PG_ABS_SRCDIR
\set desk :dir '/sql/desk.inc'
\i :desk
-- No check of entries can hold up an exit; an exit answers to rules of its own.
\set SHOW_CONTEXT never
SELECT arbees_set('max_position_usd', '100', 'test'), arbees_set('exit_retry_ms', '10', 'test');
SELECT FROM desk.quote('PAPER', 100, 'w.up', 0.48, 0.50);
SELECT desk.try(desk.signal('{"key": "held", "amount_kind": "base", "amount": 10, "limit_price": 0.50, "stop_loss_pct": 10}'));

-- Everything that can be said against an entry, at once: held by hand, no control has a value, nobody lives, nothing is active.
SELECT arbees_lock('venue', 'sim', 'held'), arbees_lock('strategy', 'silent', 'held'), arbees_lock('instrument', 'w.up', 'held'), arbees_restrict('BTC', 'held');
SELECT arbees_set_limit('global', '', 'max_position_usd', '0', NULL, 'nothing');
UPDATE arbees.runtime_controls SET value = NULL, is_none = false, reason = 'missing' WHERE key <> 'kill_switch';
SELECT level FROM arbees_kill('pause', 'no entries');
SELECT desk.breaker('desk', 0, 'OPEN'), desk.breaker('portfolio', desk.portfolio('paper'), 'OPEN');
DELETE FROM arbees.conductor;
UPDATE arbees.strategies SET state = 'retired';
UPDATE arbees.deployments SET state = 'retired';
-- A quote nobody would enter by: crossed, and empty on the other side.
SELECT FROM desk.quote('PAPER', 101, 'w.up', 0.46, 0.45);
SELECT desk.try(desk.signal('{"key": "entry", "amount_kind": "base", "amount": 4.999, "limit_price": 0.535, "stop_loss_pct": 101}'));
-- All the checks that say no, and those for entries that have nothing to say here.
SELECT c.check_group, string_agg(c.code, ', ' ORDER BY c.ordinal) FILTER (WHERE NOT e.passed) AS refused,
	string_agg(c.code, ', ' ORDER BY c.ordinal) FILTER (WHERE e.passed) AS passed
FROM arbees.decisions d, arbees_explain(d.decision_id) e JOIN arbees.risk_checks c USING (code) WHERE d.signal_key = 'entry' AND NOT c.for_exits GROUP BY 1 ORDER BY 1;
-- The stop is hit, and what is held is sold.
SELECT FROM desk.quote('PAPER', 102, 'w.up', 0.44, 0.43);
SELECT * FROM desk.positions('paper');
SELECT purpose, verdict, reason FROM arbees.decisions ORDER BY decision_id;
SELECT add_up FROM desk.books('paper');

-- Over bytes: whatever a single number of an exit's input becomes, what then refuses it is a check of exits.
CREATE TABLE desk.exit AS SELECT input, output FROM arbees.decisions WHERE purpose = 'EXIT' AND verdict = 'accepted';
CREATE TABLE desk.fields AS SELECT f.field FROM desk.exit e, arbees.decode_decision(e.input, e.output) f WHERE f.part = 'input';
CREATE FUNCTION desk.with_field(input bytea, field text, value bigint) RETURNS bytea LANGUAGE sql STABLE AS $$
	SELECT arbees.change_input($1, jsonb_build_object($2, '=' || $3))
$$;
CREATE FUNCTION desk.refusals(input bytea) RETURNS SETOF text LANGUAGE sql STABLE AS $$
	SELECT unnest(v.failed) FROM arbees.read_verdict(arbees.judge($1)) v
$$;
CREATE FUNCTION desk.refused_by(input bytea) RETURNS text LANGUAGE sql STABLE AS $$
	SELECT string_agg(r, ' ') FROM desk.refusals($1) r
$$;
CREATE TABLE desk.mutants AS
SELECT f.field, v, desk.with_field(e.input, f.field, v) AS input
FROM desk.exit e, desk.fields f, unnest(ARRAY[0, 1, 2, -1, 1000000, 9223372036854775807, -9223372036854775807, -9223372036854775808, 9223372036854775806]) v
WHERE f.field NOT IN ('purpose', 'mode');
SELECT count(*) > 500 AS many, count(*) FILTER (WHERE desk.refused_by(input) IS NULL) > 300 AS most_pass FROM desk.mutants;
SELECT count(*) AS refused_by_a_check_of_entries FROM desk.mutants m, desk.refusals(m.input) c JOIN arbees.risk_checks r ON r.code = c
WHERE NOT r.for_exits;
-- What may hold up an exit, and by which number.
SELECT c AS code, string_agg(DISTINCT m.field, ' ' ORDER BY m.field) AS fields FROM desk.mutants m, desk.refusals(m.input) c GROUP BY 1 ORDER BY 1;

-- An exit sells at most what is held and not yet being sold; to the hundredth of a share.
SELECT held, selling, wanted, desk.refused_by(desk.with_field(desk.with_field(desk.with_field(e.input, 'position_qty', (held * 1e8)::bigint),
	'exit_qty_working', (selling * 1e8)::bigint), 'amount', (wanted * 1e8)::bigint)) AS refused
FROM desk.exit e, (VALUES (10, 0, 10), (10, 0, 10.01), (10, 0, 0.01), (10, 4, 6), (10, 4, 6.01), (10, 10, 0.01), (0, 0, 0.01), (-5, 0, 0.01), (10, -3, 10), (10, -3, 13.01), (10, 0, -10)) v (held, selling, wanted);
