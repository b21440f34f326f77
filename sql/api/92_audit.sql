/*
 * What the tables say of each other. Guards and assertions watch who writes; a
 * superuser who takes a guard away and puts it back between two ticks is found here:
 * a forged row has no decision, a forged decision no journal row, a forged journal
 * row no place in the sealed chain. Reads history, so it is for people, not the tick.
 */
CREATE OR REPLACE VIEW arbees.audit_findings AS
SELECT 'order without an accepted decision' AS finding, o.order_id AS id, o.portfolio_id,
	'decision ' || o.decision_id AS detail
FROM arbees.orders o
WHERE o.mode <> 'BACKTEST' AND NOT EXISTS (
	SELECT FROM arbees.decisions d
	WHERE d.decision_id = o.decision_id AND d.portfolio_id = o.portfolio_id AND d.mode = o.mode AND d.verdict = 'accepted')
UNION ALL
SELECT 'order differs from its decision', o.order_id, o.portfolio_id,
	pg_catalog.format('%s of instrument %s at %s; decided were %s of instrument %s at %s',
		pg_catalog.trim_scale(o.amount), o.instrument_id, pg_catalog.trim_scale(o.limit_price), s.amount, d.instrument_id, s.limit_price)
FROM arbees.orders o
JOIN arbees.decisions d USING (decision_id, portfolio_id, mode)
CROSS JOIN LATERAL (
	SELECT pg_catalog.max(f.value) FILTER (WHERE f.field = 'amount') AS amount,
		pg_catalog.max(f.value) FILTER (WHERE f.field = 'limit_price') AS limit_price
	FROM arbees.decode_decision(d.input, d.output) f WHERE f.part = 'output') s
WHERE o.mode <> 'BACKTEST' AND d.verdict = 'accepted'
	AND (o.amount <> s.amount::numeric OR o.limit_price <> s.limit_price::numeric
		OR o.instrument_id <> d.instrument_id OR o.purpose <> d.purpose OR o.deployment_id <> d.deployment_id)
UNION ALL
SELECT 'accepted decision without an order', d.decision_id, d.portfolio_id, d.signal_key
FROM arbees.decisions d
WHERE d.mode <> 'BACKTEST' AND d.verdict = 'accepted' AND NOT EXISTS (
	SELECT FROM arbees.orders o WHERE o.decision_id = d.decision_id AND o.portfolio_id = d.portfolio_id AND o.mode = d.mode)
UNION ALL
SELECT 'several orders of one decision', o.decision_id, o.portfolio_id, pg_catalog.count(*) || ' orders'
FROM arbees.orders o
WHERE o.mode <> 'BACKTEST'
GROUP BY o.decision_id, o.portfolio_id
HAVING pg_catalog.count(*) > 1
UNION ALL
SELECT 'claimed order without its request', o.order_id, o.portfolio_id, 'venue order ' || coalesce(o.venue_order_id, 'unknown')
FROM arbees.orders o
WHERE o.mode IN ('LIVE', 'DRY_RUN') AND o.body_hash IS NOT NULL AND NOT EXISTS (
	SELECT FROM arbees.order_payloads y
	WHERE y.order_id = o.order_id AND y.portfolio_id = o.portfolio_id AND y.mode = o.mode AND y.body_hash = o.body_hash)
UNION ALL
SELECT 'decision does not replay', d.decision_id, d.portfolio_id, d.signal_key
FROM arbees.decisions d
WHERE d.mode <> 'BACKTEST' AND arbees.judge(d.input) <> d.output
UNION ALL
SELECT 'decision without its journal row', d.decision_id, d.portfolio_id, d.signal_key
FROM arbees.decisions d
WHERE d.mode <> 'BACKTEST' AND NOT EXISTS (
	SELECT FROM arbees.journal_desk j
	WHERE j.kind = CASE d.verdict WHEN 'accepted' THEN 'decision_accepted' ELSE 'decision_refused' END
		AND j.ref_id = d.decision_id AND j.portfolio_id = d.portfolio_id AND j.mode = d.mode)
UNION ALL
SELECT 'journal row without its decision', j.journal_id, j.portfolio_id, j.message
FROM arbees.journal_desk j
WHERE j.kind IN ('decision_accepted', 'decision_refused') AND NOT EXISTS (
	SELECT FROM arbees.decisions d
	WHERE d.decision_id = j.ref_id AND d.portfolio_id = j.portfolio_id AND d.mode = j.mode
		AND (d.verdict = 'accepted') = (j.kind = 'decision_accepted'))
UNION ALL
SELECT 'order differs from its fills', o.order_id, o.portfolio_id,
	pg_catalog.format('filled %s, fills add up to %s', pg_catalog.trim_scale(o.filled_qty), pg_catalog.trim_scale(f.qty))
FROM arbees.orders o
CROSS JOIN LATERAL (
	SELECT coalesce(pg_catalog.sum(x.qty), 0) AS qty FROM arbees.fills x
	WHERE x.order_id = o.order_id AND x.portfolio_id = o.portfolio_id AND x.mode = o.mode AND x.settlement <> 'VOIDED') f
WHERE o.mode <> 'BACKTEST' AND o.filled_qty <> f.qty
UNION ALL
SELECT 'ledger row does not follow the one before', l.seq, l.portfolio_id,
	pg_catalog.format('cash %s by %s, reserved %s by %s', pg_catalog.trim_scale(l.cash), pg_catalog.trim_scale(l.cash_change),
		pg_catalog.trim_scale(l.reserved), pg_catalog.trim_scale(l.reserved_change))
FROM (
	SELECT g.*, pg_catalog.lag(g.seq, 1, 0::bigint) OVER w AS seq_before, pg_catalog.lag(g.cash, 1, 0.0) OVER w AS cash_before,
		pg_catalog.lag(g.claimable, 1, 0.0) OVER w AS claimable_before, pg_catalog.lag(g.reserved, 1, 0.0) OVER w AS reserved_before
	FROM arbees.portfolio_ledger g
	WHERE g.mode <> 'BACKTEST'
	WINDOW w AS (PARTITION BY g.portfolio_id, g.mode ORDER BY g.seq)) l
WHERE l.seq <> l.seq_before + 1 OR l.cash <> l.cash_before + l.cash_change
	OR l.claimable <> l.claimable_before + l.claimable_change OR l.reserved <> l.reserved_before + l.reserved_change
	OR l.cash + l.claimable + l.cost_open <> l.deposits + l.realized_pnl
UNION ALL
SELECT 'totals differ from orders and positions', l.seq, l.portfolio_id,
	pg_catalog.format('reserved %s, orders %s; cost %s, positions %s', pg_catalog.trim_scale(l.reserved),
		pg_catalog.trim_scale(o.reserved), pg_catalog.trim_scale(l.cost_open), pg_catalog.trim_scale(p.cost))
FROM arbees.portfolios b
CROSS JOIN LATERAL (
	SELECT g.seq, g.portfolio_id, g.reserved, g.cost_open, g.open_orders FROM arbees.portfolio_ledger g
	WHERE g.portfolio_id = b.portfolio_id AND g.mode = b.mode ORDER BY g.seq DESC LIMIT 1) l
CROSS JOIN LATERAL (
	SELECT coalesce(pg_catalog.sum(x.reserved), 0) AS reserved, pg_catalog.count(*) FILTER (WHERE x.finished_at IS NULL) AS working
	FROM arbees.orders x WHERE x.portfolio_id = b.portfolio_id AND x.mode = b.mode) o
CROSS JOIN LATERAL (
	SELECT coalesce(pg_catalog.sum(x.cost), 0) AS cost FROM arbees.positions x
	WHERE x.portfolio_id = b.portfolio_id AND x.mode = b.mode) p
WHERE b.mode <> 'BACKTEST' AND (l.reserved <> o.reserved OR l.cost_open <> p.cost OR l.open_orders <> o.working);
COMMENT ON VIEW arbees.audit_findings IS
	'rows that contradict each other, which only somebody who took the guards away can make; arbees.verify_journal() is its other half';
