\set ECHO none
SET client_min_messages = error;
SET timezone = 'UTC';
DROP EXTENSION IF EXISTS arbees CASCADE;
CREATE EXTENSION arbees;
\getenv dir PG_ABS_SRCDIR
\set cases :dir '/sql/check_cases.inc'
\i :cases
\set ECHO all
-- The gate's checks over made-up inputs: each on both sides of its limit, at both levels.

-- Just inside passes; just outside is refused, by this check before all others.
CREATE TEMPORARY VIEW judged AS
	SELECT c.*, i.verdict AS inside_verdict, o.reason AS outside_reason, array_remove(o.failed, c.code) AS also_failed
	FROM check_cases c, arbees.judge_fields(c.given || c.inside) i, arbees.judge_fields(c.given || c.outside) o;
SELECT j.code, j.given - ARRAY(SELECT jsonb_object_keys(fields) FROM exit_study) AS given, j.inside, j.outside,
	j.inside_verdict AS inside_is, j.outside_reason = j.code AS outside_is_refused, nullif(also_failed, '{}') AS also_failed
FROM judged j ORDER BY n;
SELECT code, inside, outside, inside_verdict, outside_reason FROM judged
WHERE inside_verdict <> 'accepted' OR outside_reason IS DISTINCT FROM code;
-- Checks without a case: none; and none whose exits or entries are not tried.
SELECT r.code FROM arbees.risk_checks r
WHERE r.for_entries AND NOT EXISTS (SELECT FROM check_cases c WHERE c.code = r.code AND NOT c.given ? 'purpose')
	OR r.for_exits AND NOT EXISTS (SELECT FROM check_cases c WHERE c.code = r.code AND c.given ? 'purpose')
ORDER BY r.ordinal;
SELECT code FROM check_cases EXCEPT SELECT code FROM arbees.risk_checks;

-- The same limits as soft levels: just inside is silent, just outside passes and warns. No limit passes, a missing one is refused.
CREATE TEMPORARY VIEW limited AS
	SELECT c.*, r.limit_key AS key, (c.given || c.outside) -> r.limit_key AS edge,
		jsonb_build_object(r.limit_key, 'none', 'soft_' || r.limit_key, (c.given || c.outside) -> r.limit_key) AS soft
	FROM check_cases c JOIN arbees.risk_checks r USING (code)
	WHERE jsonb_typeof((c.given || c.outside) -> r.limit_key) = 'number' AND NOT c.outside ? r.limit_key;
SELECT l.code, l.key, l.edge, array_agg(DISTINCT o.verdict) AS verdicts, bool_and(o.warned = ARRAY[l.code]) AS outside_warns,
	bool_and(i.verdict = 'accepted' AND i.warned = '{}') AS inside_is_silent, array_agg(DISTINCT n.verdict) AS without_limit,
	bool_and(m.verdict = 'denied' AND l.code = ANY (m.failed)) AS missing_is_refused
FROM limited l, arbees.judge_fields(l.given || l.outside || l.soft) o, arbees.judge_fields(l.given || l.inside || l.soft) i,
	arbees.judge_fields(l.given || l.outside || jsonb_build_object(l.key, 'none')) n,
	arbees.judge_fields(l.given || l.outside || jsonb_build_object(l.key, NULL)) m
GROUP BY 1, 2, 3 ORDER BY min(l.n);
SELECT code FROM arbees.risk_checks WHERE has_soft_level AND code NOT IN (SELECT code FROM limited);
-- Every limit has its check; the time in which duplicates count is the only one without a soft level.
SELECT f.field FROM arbees.compose_input('{}') i (input), arbees.judge(i.input) o (output),
	arbees.decode_decision(i.input, o.output) f
WHERE f.field LIKE 'soft\_%' AND substr(f.field, 6) NOT IN (SELECT limit_key FROM arbees.risk_checks WHERE has_soft_level);

-- No entry's check holds an exit, not even under a kill that closes positions.
SELECT c.code, j.reason FROM check_cases c JOIN arbees.risk_checks r USING (code), exit_study e,
	arbees.judge_fields(c.given || c.outside || e.fields || '{"bid": 0.5, "kill_level": "flatten"}') j
WHERE NOT r.for_exits AND j.verdict <> 'accepted';

-- An override lets one entry pass, where two people may, and stays to be seen; nothing else passes with it.
SELECT r.code, array_agg(DISTINCT o.verdict) AS overridden, bool_and(o.warned = ARRAY[r.code]) AS seen,
	array_agg(DISTINCT k.reason) AS with_kill
FROM arbees.risk_checks r JOIN judged c USING (code),
	arbees.judge_fields(c.given || c.outside || jsonb_build_object('overridden', jsonb_build_array(r.code))) o,
	arbees.judge_fields(c.given || c.outside || jsonb_build_object('kill_level', 'pause', 'overridden', jsonb_build_array(r.code, 'kill_engaged'))) k
WHERE r.may_override AND c.also_failed = '{}' GROUP BY r.ordinal, r.code ORDER BY r.ordinal;
SELECT r.code, o.reason FROM arbees.risk_checks r JOIN check_cases c USING (code),
	arbees.judge_fields(c.given || c.outside || jsonb_build_object('overridden', jsonb_build_array(r.code))) o
WHERE NOT r.may_override AND (o.verdict <> 'denied' OR o.reason <> r.code OR o.warned <> '{}');
SELECT verdict, reason, warned FROM arbees.judge_fields('{"max_order_usd": 1, "overridden": ["order_value"], "override_id": 0}');

-- Sizes: what was asked, what came of it, what shrank it most.
CREATE TEMPORARY TABLE sizes (n serial, fields jsonb);
INSERT INTO sizes (fields) SELECT s::jsonb FROM unnest(ARRAY[
	'{}',
	'{"risk_scaler": 0.5}', '{"risk_scaler": 0.5, "confidence_scale": 0.5}', '{"risk_scaler": 0.9, "drawdown_scale": 0.5, "volatility_scale": 0.7}',
	'{"risk_scaler": 0.333}', '{"amount": 100, "sizing_cap_usd": 20}', '{"amount": 100, "sizing_cap_usd": 20, "risk_scaler": 0.5}',
	'{"amount": 100, "sizing_cap_usd": 20, "risk_scaler": 0.1}', '{"sizing_cap_usd": 5}', '{"sizing_cap_usd": null}',
	'{"amount_kind": "base", "amount": 10, "risk_scaler": 0.75}', '{"amount_kind": "base", "amount": 100, "sizing_cap_usd": 10}',
	'{"sizing_kind": 1, "sizing_base": 7.5}', '{"sizing_kind": 1, "sizing_base": 7.555}', '{"sizing_kind": 1, "sizing_base": 7.5, "amount_kind": "base"}',
	'{"sizing_kind": 1, "sizing_base": 7.5, "risk_scaler": 0.5}', '{"sizing_kind": 1, "sizing_base": null}',
	'{"sizing_kind": 2, "sizing_base": 0.02}', '{"sizing_kind": 2, "sizing_base": 0.02, "equity": -3}', '{"sizing_kind": 2, "sizing_base": 0.02, "equity": null}',
	'{"sizing_kind": 3, "sizing_base": 0.01, "volatility_pct": 2}', '{"sizing_kind": 3, "sizing_base": 0.01, "volatility_pct": 0.5}',
	'{"sizing_kind": 3, "sizing_base": 5, "volatility_pct": 0.5, "equity": 100}', '{"sizing_kind": 3, "sizing_base": 0.01, "volatility_pct": 0}',
	'{"sizing_kind": 3, "sizing_base": 0.01, "volatility_pct": null}', '{"sizing_kind": 4, "sizing_base": 1}',
	'{"amount_kind": "base", "target_qty": 20}', '{"amount_kind": "base", "target_qty": 20, "held_qty": 8, "working_qty": 4}',
	'{"target_qty": 20, "held_qty": 8, "working_qty": 4}', '{"amount_kind": "base", "target_qty": 20, "held_qty": 8, "risk_scaler": 0.75}',
	'{"amount_kind": "base", "target_qty": 20, "held_qty": 15, "risk_scaler": 0.75}', '{"amount_kind": "base", "target_qty": 20, "held_qty": 25}',
	'{"amount_kind": "base", "target_qty": 0}', '{"amount_kind": "base", "target_qty": -5}', '{"amount_kind": "base", "target_qty": 20, "held_qty": null}',
	'{"amount_kind": "base", "target_qty": 20, "sizing_cap_usd": 4}', '{"amount": null, "target_qty": 20, "sizing_kind": 2, "sizing_base": 0.5}']) s;
SELECT s.fields, j.verdict, j.reason, o.asked_amount AS asked, o.amount, o.capped_by
FROM sizes s, arbees.judge_fields(s.fields) j, jsonb_to_record(j.output) o (asked_amount text, amount text, capped_by text) ORDER BY n;
TRUNCATE sizes RESTART IDENTITY;

-- Prices at the market, stops, what is reserved and risked.
INSERT INTO sizes (fields) SELECT s::jsonb FROM unnest(ARRAY[
	'{"limit_price": null}', '{"limit_price": null, "market_slippage_pct": 0}', '{"limit_price": null, "market_slippage_pct": 1}',
	'{"limit_price": null, "market_slippage_pct": 100}', '{"limit_price": null, "market_slippage_pct": 101}', '{"limit_price": null, "market_slippage_pct": -1}',
	'{"limit_price": null, "ask": 0.98, "bid": 0.97, "market_slippage_pct": 10}', '{"limit_price": null, "ask": null}', '{"limit_price": null, "max_price": "none", "ask": 180.11, "bid": 180.10}',
	'{"limit_price": null, "time_in_force": "FOK"}', '{"limit_price": null, "time_in_force": "GTD"}', '{"limit_price": null, "amount_kind": "base", "amount": 10}',
	'{"stop_loss_pct": 20}', '{"stop_loss_pct": 20, "stop_scale": 0.5}', '{"stop_loss_pct": 0.00000001, "stop_scale": 0.5}', '{"stop_loss_pct": 20, "stop_scale": 1.5}',
	'{"fee_rate": 0}', '{"fee_rate": 1}', '{"fee_exponent": 5}', '{"amount": 1000000000, "limit_price": 0.99}', '{"amount": 1000000000.01}',
	'{"amount_kind": "base", "amount": 1000000000, "limit_price": 92000000000, "max_price": "none"}']) s;
INSERT INTO sizes (fields) SELECT e.fields || s::jsonb FROM exit_study e, unnest(ARRAY[
	'{}', '{"limit_price": null}', '{"limit_price": null, "market_slippage_pct": 10}', '{"limit_price": null, "bid": 0.02, "market_slippage_pct": 100}',
	'{"limit_price": null, "bid": null}', '{"fee_rate": 2}', '{"risk_scaler": 0, "sizing_kind": 1, "sizing_base": 1, "target_qty": 1}']) s;
SELECT s.fields - ARRAY(SELECT k FROM exit_study, jsonb_object_keys(exit_study.fields) k WHERE s.fields ? 'purpose' AND k <> 'limit_price') AS fields,
	s.fields ->> 'purpose' AS purpose, j.reason, o.limit_price, o.value, o.qty, o.fee_bound, o.reserve, o.heat, o.stop_loss_pct AS stop
FROM sizes s, arbees.judge_fields(s.fields) j,
	jsonb_to_record(j.output) o (limit_price text, value text, qty text, fee_bound text, reserve text, heat text, stop_loss_pct text) ORDER BY n;

-- Monitor mode: an entry that would pass is only watched; an exit goes.
SELECT verdict, reason FROM arbees.judge_fields('{"allow_submit": false}');
SELECT verdict, reason FROM arbees.judge_fields('{"allow_submit": false, "kill_level": "pause"}');
SELECT j.verdict FROM exit_study, arbees.judge_fields(fields || '{"allow_submit": false}') j;

-- Bytes: a healthy input is short, comes back as it went, and is refused when damaged.
SELECT octet_length(arbees.compose_input('{}')) < 700 AS short, octet_length(arbees.compose_input((
	SELECT jsonb_object_agg(f.field, 90000000000::bigint) FROM arbees.compose_input('{}') i (input), arbees.judge(i.input) o (output),
		arbees.decode_decision(i.input, o.output) f
	WHERE f.part = 'input' AND f.value ~ '^-?[0-9.]+$'))) < 2048 AS long_fits;
SELECT count(*) AS values, bool_and(f.value = coalesce(v::text, 'null')) AS come_back
FROM unnest(ARRAY[0, 1, -1, 63, 64, -64, -65, 127, 128, 8191, 8192, 9223372036854775806, -9223372036854775807, NULL,
	10, -100, 12000, 100000000, 100000000000000, -1000000000000000, 1234500000000000000]::bigint[]) v,
	arbees.compose_input(jsonb_build_object('repeats', v)) i (input), arbees.judge(i.input) o (output),
	arbees.decode_decision(i.input, o.output) f
WHERE f.field = 'repeats' AND f.part = 'input';
CREATE FUNCTION pg_temp.refused(input bytea) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	PERFORM arbees.judge(input);
	RETURN 'judged';
EXCEPTION WHEN data_corrupted THEN
	RETURN SQLERRM;
END
$$;
SELECT pg_temp.refused(b), count(*) FROM arbees.compose_input('{}') i (input),
	LATERAL (SELECT substr(input, 1, n) FROM generate_series(0, octet_length(input) - 1) n
		UNION ALL SELECT input || '\x02' UNION ALL SELECT set_byte(input, 1, 1) UNION ALL SELECT set_byte(input, 3, 1)
		-- One more byte of nothing, and a number of eleven bytes.
		UNION ALL SELECT substr(input, 1, octet_length(input) - 1) || '\x8100'
		-- Ten with its zero, nothing times ten, a mark that is none.
		UNION ALL SELECT substr(input, 1, octet_length(input) - 1) || '\xc002'
		UNION ALL SELECT substr(input, 1, octet_length(input) - 1) || '\x01'
		UNION ALL SELECT substr(input, 1, octet_length(input) - 1) || '\x2f'
		UNION ALL SELECT substr(input, 1, octet_length(input) - 1) || '\xffffffffffffffffff02'
		UNION ALL SELECT substr(input, 1, octet_length(input) - 1) || '\xffffffffffffffffffff01') x (b)
GROUP BY 1 ORDER BY 1;
SELECT pg_temp.refused(substr(input, 1, octet_length(input) - 1) || '\xc0ffffffffffffffff1f') AS largest_token FROM arbees.compose_input('{}') i (input);

-- Random inputs: the gate answers, the same twice, and no entry passes a kill.
SELECT setseed(0.3);
CREATE TEMPORARY TABLE fields AS
	SELECT row_number() OVER () AS n, f.field FROM arbees.compose_input('{}') i (input), arbees.judge(i.input) o (output),
		arbees.decode_decision(i.input, o.output) f WHERE f.part = 'input';
CREATE TEMPORARY TABLE fuzz AS
	SELECT g AS n, arbees.compose_input((SELECT coalesce(jsonb_object_agg(field, value), '{}') FROM (
		SELECT f.field, CASE
			-- Labels have no decimals.
			WHEN f.field IN ('purpose', 'mode', 'kill_level', 'side', 'amount_kind', 'time_in_force', 'take_profit_kind')
				THEN to_jsonb('=' || floor(random() * 7 - 1)::text)
			ELSE (ARRAY['null', '"none"', '0', '1', '-1', '0.5', '92000000000', '-92000000000', '5000000', '"=9223372036854775806"', '"=-9223372036854775807"', '"=2"']::jsonb[])[1 + floor(random() * 12)::integer]
		END AS value
		-- A few fields are wild in one input, all of them in another.
		FROM fields f WHERE random() < (CASE g % 4 WHEN 0 THEN 1 WHEN 1 THEN 0.1 ELSE 0.004 END)) x) ||
		jsonb_build_object('kill_level', (ARRAY['none', 'none', 'none', 'pause', 'flatten', 'emergency'])[1 + floor(random() * 6)::integer],
			'purpose', (ARRAY['ENTRY', 'ENTRY', 'EXIT'])[1 + floor(random() * 3)::integer])) AS input
	FROM generate_series(1, 4000) g;
SELECT count(*) AS judged, count(*) FILTER (WHERE v.verdict = 'accepted') > 100 AS some_pass, count(*) FILTER (WHERE v.verdict = 'denied') > 1000 AS most_fail,
	bool_and(arbees.judge(z.input) = o.output) AS the_same_again,
	count(*) FILTER (WHERE v.verdict <> 'denied' AND k.level NOT IN ('none') AND k.purpose = 'ENTRY') AS entries_under_kill,
	count(*) FILTER (WHERE v.verdict <> 'denied' AND k.level = 'emergency') AS orders_in_emergency,
	count(*) FILTER (WHERE v.verdict <> 'denied' AND (k.amount IN ('null', 'none') OR k.limit_price IN ('null', 'none') OR k.value IN ('null', 'none')
		OR k.reserve IN ('null', 'none') OR k.amount::numeric <= 0 OR k.reserve::numeric < 0)) AS without_numbers,
	count(*) FILTER (WHERE v.verdict <> 'denied' AND v.failed <> '{}') AS passed_in_spite
FROM fuzz z, arbees.judge(z.input) o (output), arbees.read_verdict(o.output) v, LATERAL (
	SELECT max(f.value) FILTER (WHERE f.field = 'kill_level') AS level, max(f.value) FILTER (WHERE f.field = 'purpose') AS purpose,
		max(f.value) FILTER (WHERE f.field = 'amount' AND f.part = 'output') AS amount, max(f.value) FILTER (WHERE f.field = 'limit_price' AND f.part = 'output') AS limit_price,
		max(f.value) FILTER (WHERE f.field = 'value') AS value, max(f.value) FILTER (WHERE f.field = 'reserve') AS reserve
	FROM arbees.decode_decision(z.input, o.output) f) k;

-- Studies say what is wrong with them.
CREATE FUNCTION pg_temp.study(fields text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	RETURN (arbees.judge_fields(fields::jsonb)).verdict;
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE || ' ' || SQLERRM;
END
$$;
SELECT s, pg_temp.study(s) FROM unnest(ARRAY['{"amuont": 1}', '{"amount": "five"}', '{"amount": [1]}', '{"amount": {"a": 1}}', '{"": {"amount": 1}}', '{"side": "HOLD"}', '{"side": 1}',
	'[]', '5', '{"overridden": "order_value"}', '{"overridden": ["no_such"]}', '{"overridden": [1]}', '{"overridden": []}', '{"amount": 1e30}', '{"repeats": 1e30}', '{"window_id": true}', '{"side": "=2"}', '{"side": "=x"}', '{"side": "="}', '{"bid": "=9223372036854775808"}']) s;
