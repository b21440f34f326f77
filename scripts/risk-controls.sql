-- scripts/risk-controls.sql: prints docs/risk-controls.md; needs the table check_cases of test/sql/check_cases.inc.
CREATE FUNCTION pg_temp.pairs(fields jsonb) RETURNS text LANGUAGE sql AS $$
	SELECT coalesce(string_agg(format('%s %s', key, coalesce(value, 'missing')), ' ' ORDER BY key), '') FROM jsonb_each_text(fields)
$$;
SELECT $$# The controls of the gate

Printed by `make docs` from `arbees.risk_checks`, the shipped limits and the cases of
[test/sql/check_cases.inc](../test/sql/check_cases.inc); a test fails when this page is not what they print.

Every order is judged by every check that applies to it, in one transaction with the order. The first check of this list that
fails is the reason of the refusal; all that failed are stored with the decision (`arbees_explain`). A check with a limit has
two levels: beyond the hard one the order is refused, beyond the soft one it passes and the decision carries a warning. A limit
that is missing refuses; only the word `none` means no limit. Limits also have rows of their own for a venue, a strategy or an
instrument, and the tightest of them holds.

"Two roles" may let a single entry pass a check: one asks, another approves, once and for a limited time; it is recorded.
Nothing else passes any check, and no check of an entry holds an exit.

The rules are named as a bar for the work, not as advice: RTS 6 is Regulation (EU) 2017/589, RTS 9 is (EU) 2017/566, RTS 25 is
(EU) 2017/574, SEC 15c3-5 the market access rule, FIA the papers of the Futures Industry Association on automated trading,
Knight the case SEC 34-70694. "Practice" is what traders lost money by.
$$;
SELECT format('%s checks: %s for entries, %s for exits; %s with a soft level.', count(*), count(*) FILTER (WHERE for_entries),
	count(*) FILTER (WHERE for_exits), count(*) FILTER (WHERE has_soft_level)) FROM arbees.risk_checks;
WITH described AS (
	SELECT r.*, to_jsonb(c) AS control,
		CASE WHEN for_entries AND for_exits THEN 'entries, exits' WHEN for_entries THEN 'entries' ELSE 'exits' END AS whom
	FROM arbees.risk_checks r LEFT JOIN arbees.runtime_controls c ON c.key = r.limit_key
), tested AS (
	SELECT code, count(*) AS cases, (array_agg(inside ORDER BY n))[1] AS inside, (array_agg(outside ORDER BY n))[1] AS outside,
		(array_agg(given - ARRAY(SELECT jsonb_object_keys(fields) FROM exit_study) ORDER BY n))[1] AS given
	FROM check_cases GROUP BY code
), lines AS (
	SELECT check_group, min(ordinal) * 1000 AS place, format(E'\n## %s\n\n| check | holds | asks | limit | shipped | may be let through by | rule | test: passes, refused |\n| --- | --- | --- | --- | --- | --- | --- | --- |',
		CASE check_group WHEN 'state' THEN 'State' WHEN 'market' THEN 'Market' WHEN 'price' THEN 'Price and size'
			WHEN 'exposure' THEN 'Exposure' WHEN 'loss' THEN 'Loss' WHEN 'conduct' THEN 'Conduct' ELSE check_group END) AS line
	FROM arbees.risk_checks GROUP BY 1
	UNION ALL
	SELECT d.check_group, d.ordinal * 1000 + 1, format('| `%s` | %s | %s | %s | %s | %s | %s | %s |', d.code, d.whom, d.meaning,
		coalesce('`' || d.limit_key || '`', ''),
		CASE WHEN d.limit_key IS NULL THEN '' ELSE concat_ws(', ',
			CASE WHEN d.control IS NULL THEN 'no row: refuses' WHEN (d.control ->> 'is_none')::boolean THEN 'none'
				ELSE coalesce(d.control ->> 'value', 'missing: refuses') END,
			'warns from ' || (d.control ->> 'soft_value')) END,
		CASE WHEN d.may_override THEN 'two roles' ELSE '' END, d.rule,
		(SELECT concat_ws('; ', nullif(pg_temp.pairs(t.given), ''), pg_temp.pairs(t.inside) || ', ' || pg_temp.pairs(t.outside)) FROM tested t WHERE t.code = d.code)
			|| (SELECT CASE WHEN cases > 1 THEN format(' (and %s more)', cases - 1) ELSE '' END FROM tested t WHERE t.code = d.code))
	FROM described d
)
SELECT line FROM lines ORDER BY place;
