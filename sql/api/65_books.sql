/* What a session's book of a portfolio says, and what the tables say: the two must be one. */
CREATE FUNCTION arbees.book_facts(portfolio integer)
RETURNS TABLE (scope text, key bigint, fact text, value numeric)
LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'arbees_book_facts';
COMMENT ON FUNCTION arbees.book_facts(integer) IS
	'what this session''s book of a portfolio says, by scope, zeros left out; sectors and groups have hashtextextended(name, 0) as key';

/*
 * The same from positions, orders and the whole ledger: exact and slow, for
 * comparison. day is the market's day, since the market's time from which messages count.
 */
CREATE FUNCTION arbees.table_facts(portfolio integer, day date, since timestamptz)
RETURNS TABLE (scope text, key bigint, fact text, value numeric)
LANGUAGE sql STRICT VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $function$
	WITH scoped AS (
		SELECT i.instrument_id, CASE WHEN i.outcome = 'DOWN' THEN -1 ELSE 1 END AS direction,
			i.sector, coalesce(i.correlation_group, CASE WHEN i.window_id IS NOT NULL THEN i.underlying END) AS correlated
		FROM arbees.instruments i
	), held AS (
		SELECT s.*, i.direction, i.sector, i.correlated
		FROM arbees.positions s JOIN scoped i USING (instrument_id)
		WHERE s.portfolio_id = $1
	), working AS (
		SELECT o.*, i.direction, i.sector, i.correlated, p.stop_loss_pct
		FROM arbees.orders o JOIN scoped i USING (instrument_id)
		JOIN arbees.positions p ON p.position_id = o.position_id AND p.portfolio_id = o.portfolio_id
		WHERE o.portfolio_id = $1 AND o.finished_at IS NULL
	), at_work AS (
		SELECT instrument_id, window_id, deployment_id, sector, correlated, direction, cost, 0 AS reserved, qty,
			CASE WHEN state <> 'CLOSED' THEN 1 ELSE 0 END AS positions, 0 AS orders,
			CASE WHEN state = 'CLOSED' THEN 0
				 WHEN stop_loss_pct = 0 THEN greatest(cost, 0)
				 ELSE ceil(greatest(cost, 0) * stop_loss_pct * 1000000) / 100000000 END AS heat
		FROM held
		UNION ALL
		SELECT instrument_id, window_id, deployment_id, sector, correlated, direction, 0, reserved, 0, 0, 1,
			CASE WHEN stop_loss_pct = 0 THEN reserved
				 ELSE ceil(reserved * stop_loss_pct * 1000000) / 100000000 END
		FROM working
	), scopes AS (
		SELECT s.scope, s.key, a.*
		FROM at_work a CROSS JOIN LATERAL (VALUES
			('instrument', a.instrument_id::bigint), ('window', a.window_id), ('deployment', a.deployment_id::bigint),
			('sector', pg_catalog.hashtextextended(a.sector, 0)), ('group', pg_catalog.hashtextextended(a.correlated, 0))) s (scope, key)
		WHERE s.key IS NOT NULL
	), sums AS (
		SELECT s.scope, s.key, f.fact, f.value
		FROM (SELECT scope, key, sum(cost) AS cost, sum(reserved) AS reserved, sum(qty) AS qty,
				sum(positions) AS positions, sum(orders) AS orders
			FROM scopes GROUP BY scope, key) s
		CROSS JOIN LATERAL (VALUES ('cost', s.cost), ('reserved', s.reserved), ('qty', s.qty),
			('positions', s.positions), ('orders', s.orders)) f (fact, value)
	), resting AS (
		SELECT 'instrument', instrument_id, CASE side WHEN 'BUY' THEN 'resting_buy' ELSE 'resting_sell' END,
			CASE side WHEN 'BUY' THEN max(limit_price) ELSE min(limit_price) END
		FROM working WHERE time_in_force IN ('GTC', 'GTD')
		GROUP BY instrument_id, side
	), ledger AS (
		SELECT l.*, l.realized_pnl - lag(l.realized_pnl, 1, 0) OVER (ORDER BY l.seq) AS gain,
			date_trunc('week', l.day)::date AS monday
		FROM arbees.portfolio_ledger l WHERE l.portfolio_id = $1
	), last AS (
		SELECT l.*, greatest(l.day, $2) AS today, date_trunc('week', greatest(l.day, $2))::date AS this_week
		FROM arbees.portfolio_ledger l WHERE l.portfolio_id = $1 ORDER BY l.seq DESC LIMIT 1
	), running AS (
		SELECT o.scope, o.key, l.seq, l.day, l.monday, l.session, l.gain, l.trade_pnl, l.kind, l.reserved_change,
			sum(l.gain) OVER (PARTITION BY o.scope, o.key, l.day ORDER BY l.seq) AS day_pnl,
			sum(l.gain) OVER (PARTITION BY o.scope, o.key, l.monday ORDER BY l.seq) AS week_pnl
		FROM ledger l CROSS JOIN LATERAL (
			VALUES ('portfolio', $1::bigint), ('deployment', l.deployment_id::bigint)) o (scope, key)
		WHERE o.key IS NOT NULL
	), results AS (
		SELECT r.scope, r.key, f.fact, f.value
		FROM (
			SELECT r.scope, r.key,
				sum(r.gain) AS realized,
				coalesce(sum(r.gain) FILTER (WHERE r.session = last.session), 0) AS session_pnl,
				coalesce(sum(r.gain) FILTER (WHERE r.day = last.today), 0) AS day_pnl,
				coalesce(max(greatest(r.day_pnl, 0)) FILTER (WHERE r.day = last.today), 0) AS day_peak,
				coalesce(sum(r.gain) FILTER (WHERE r.monday = last.this_week), 0) AS week_pnl,
				coalesce(max(greatest(r.week_pnl, 0)) FILTER (WHERE r.monday = last.this_week), 0) AS week_peak,
				count(*) FILTER (WHERE r.trade_pnl < 0 AND r.session = last.session AND r.seq > coalesce((
					SELECT max(x.seq) FROM running x WHERE x.scope = r.scope AND x.key = r.key
						AND x.trade_pnl >= 0), 0)) AS losses_in_row,
				count(r.trade_pnl) AS trades,
				count(*) FILTER (WHERE r.trade_pnl > 0) AS wins,
				count(*) FILTER (WHERE r.day = last.today AND r.kind = 'RESERVE' AND r.reserved_change > 0) AS day_orders,
				count(*) FILTER (WHERE r.day = last.today AND r.kind = 'FILL') AS day_fills
			FROM running r CROSS JOIN last
			GROUP BY r.scope, r.key) r
		CROSS JOIN LATERAL (VALUES ('realized', r.realized), ('session_pnl', r.session_pnl), ('day_pnl', r.day_pnl),
			('day_peak', r.day_peak), ('week_pnl', r.week_pnl), ('week_peak', r.week_peak),
			('losses_in_row', r.losses_in_row), ('trades', CASE WHEN r.scope = 'deployment' THEN r.trades END),
			('wins', CASE WHEN r.scope = 'deployment' THEN r.wins END), ('day_orders', r.day_orders),
			('day_fills', r.day_fills)) f (fact, value)
	), messages AS (
		SELECT 'deployment', l.deployment_id, 'messages', count(*)::numeric
		FROM ledger l WHERE l.kind = 'RESERVE' AND l.reserved_change > 0 AND l.market_time >= $3
		GROUP BY l.deployment_id
		UNION ALL
		SELECT 'portfolio', $1, 'messages', count(*)
		FROM ledger l WHERE l.kind = 'RESERVE' AND l.reserved_change > 0 AND l.market_time >= $3
	), instruments AS (
		SELECT 'deployment', deployment_id, 'instruments', count(DISTINCT instrument_id)::numeric
		FROM at_work WHERE positions + orders > 0 GROUP BY deployment_id
	), totals AS (
		SELECT 'portfolio', $1, f.fact, f.value
		FROM last CROSS JOIN (
			SELECT coalesce(sum(cost), 0) AS cost, coalesce(sum(reserved), 0) AS reserved,
				coalesce(sum(positions), 0) AS positions, coalesce(sum(orders), 0) AS orders, coalesce(sum(heat), 0) AS heat,
				coalesce(sum(direction * (cost + reserved)), 0) AS net
			FROM at_work) w
		CROSS JOIN (
			SELECT coalesce(sum(CASE WHEN l.kind = 'RESERVE' AND l.reserved_change > 0 THEN
					CASE o.amount_kind WHEN 'money' THEN o.amount ELSE ceil(o.amount * o.limit_price * 100000000) / 100000000 END END), 0) AS day_value,
				coalesce(sum(CASE WHEN l.kind = 'RESERVE' AND l.reserved_change > 0 THEN
					(SELECT f.value::numeric FROM arbees.decisions d, arbees.decode_decision(d.input, d.output) f
					WHERE d.decision_id = o.decision_id AND f.part = 'output' AND f.field = 'qty') END), 0) AS day_qty,
				coalesce(sum(CASE WHEN l.kind IN ('FILL', 'VOID') THEN
					(CASE WHEN i.outcome = 'DOWN' THEN -1 ELSE 1 END) * (CASE l.kind WHEN 'FILL' THEN 1 ELSE -1 END)
					* (CASE f.side WHEN 'BUY' THEN f.money ELSE -f.money END) END), 0) AS day_net
			FROM last JOIN arbees.portfolio_ledger l ON l.portfolio_id = $1 AND l.day = last.today
			LEFT JOIN arbees.orders o ON o.order_id = l.order_id AND o.portfolio_id = $1
			LEFT JOIN arbees.instruments i ON i.instrument_id = o.instrument_id
			LEFT JOIN arbees.fills f ON f.order_id = l.order_id AND f.venue_trade_id = l.reference AND f.portfolio_id = $1
				AND l.kind IN ('FILL', 'VOID')) d
		CROSS JOIN LATERAL (VALUES ('cash', last.cash), ('claimable', last.claimable), ('fees', last.fees),
			('cost', w.cost), ('reserved', w.reserved), ('positions', w.positions), ('orders', w.orders), ('heat', w.heat),
			('net', w.net), ('day_value', d.day_value), ('day_qty', d.day_qty), ('day_net', d.day_net)) f (fact, value)
	)
	SELECT a.scope, a.key, a.fact, trim_scale(a.value)
	FROM (
		SELECT * FROM sums UNION ALL SELECT * FROM resting UNION ALL SELECT * FROM results
		UNION ALL SELECT * FROM messages UNION ALL SELECT * FROM instruments UNION ALL SELECT * FROM totals
	) a (scope, key, fact, value)
	WHERE a.value <> 0
$function$;
COMMENT ON FUNCTION arbees.table_facts(integer, date, timestamptz) IS
	'what positions, orders and the whole ledger say of a portfolio, as book_facts has it';

CREATE FUNCTION arbees.check_book(portfolio integer)
RETURNS TABLE (scope text, key bigint, fact text, book numeric, tables numeric)
LANGUAGE plpgsql STRICT VOLATILE PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
#variable_conflict use_column
DECLARE
	moment	timestamptz;
BEGIN
	PERFORM arbees.lock_portfolio($1);
	SELECT coalesce(v.market_time, clock_timestamp()) INTO moment
	FROM arbees.portfolios p JOIN arbees.venues v USING (venue_id) WHERE p.portfolio_id = $1;
	-- Messages of the last day: as many as the book is asked for.
	RETURN QUERY
		SELECT scope, key, fact, b.value, t.value
		FROM arbees.book_facts($1) b
		FULL JOIN arbees.table_facts($1, (moment AT TIME ZONE 'UTC')::date, moment - interval '1 day') t USING (scope, key, fact)
		WHERE b.value IS DISTINCT FROM t.value
		ORDER BY 1, 2, 3;
END
$function$;
COMMENT ON FUNCTION arbees.check_book(integer) IS
	'where this session''s book of a portfolio differs from the tables: no row when it does not; reads the whole ledger';
REVOKE ALL ON FUNCTION arbees.book_facts(integer), arbees.table_facts(integer, date, timestamptz),
	arbees.check_book(integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION arbees.book_facts(integer), arbees.check_book(integer) TO arbees_operator;
