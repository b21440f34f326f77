/* How two portfolios that run the same strategies came apart: a rehearsal beside the real thing. */
CREATE OR REPLACE FUNCTION arbees.trades_of(
	portfolio integer, OUT strategy text, OUT signal_key text, OUT verdict arbees.verdict, OUT reason text,
	OUT symbol text, OUT entry_qty numeric, OUT entry_price numeric, OUT entry_at timestamptz,
	OUT exit_qty numeric, OUT exit_price numeric, OUT exit_at timestamptz, OUT exit_reason text,
	OUT fees numeric, OUT pnl numeric)
RETURNS SETOF record
LANGUAGE sql STRICT STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $function$
	SELECT s.name, d.signal_key, d.verdict, d.reason, i.symbol, p.entry_qty,
		round(p.entry_money / nullif(p.entry_qty, 0), 8),
		(SELECT min(f.matched_at) FROM arbees.fills f
		 WHERE f.order_id = o.order_id AND f.portfolio_id = o.portfolio_id AND f.mode = o.mode AND f.settlement <> 'VOIDED'),
		p.exit_qty + p.settled_qty,
		round((p.exit_money + p.settled_money) / nullif(p.exit_qty + p.settled_qty, 0), 8),
		p.closed_at,
		CASE WHEN p.exit_reason IS NOT NULL THEN p.exit_reason::text WHEN p.settled_qty <> 0 THEN 'settled' END,
		p.fees, p.realized_pnl
	FROM arbees.portfolios b
	JOIN arbees.deployments y ON y.portfolio_id = b.portfolio_id
	JOIN arbees.strategies s ON s.strategy_id = y.strategy_id
	JOIN arbees.decisions d ON d.deployment_id = y.deployment_id AND d.portfolio_id = b.portfolio_id AND d.mode = b.mode
		AND d.purpose = 'ENTRY'
	JOIN arbees.instruments i ON i.instrument_id = d.instrument_id
	LEFT JOIN arbees.orders o ON o.decision_id = d.decision_id AND o.portfolio_id = d.portfolio_id AND o.mode = d.mode
	LEFT JOIN arbees.positions p ON p.position_id = o.position_id AND p.portfolio_id = o.portfolio_id AND p.mode = o.mode
	WHERE b.portfolio_id = $1
$function$;
COMMENT ON FUNCTION arbees.trades_of(integer) IS
	'each entry a portfolio was asked for, and what became of it; the P&L is that of the position';

CREATE OR REPLACE FUNCTION @extschema@.arbees_divergence(
	portfolio_a text, portfolio_b text,
	OUT strategy text, OUT signal_key text, OUT symbol text, OUT match text, OUT differs text[],
	OUT entry_qty_a numeric, OUT entry_qty_b numeric, OUT entry_price_a numeric, OUT entry_price_b numeric,
	OUT entry_at_a timestamptz, OUT entry_at_b timestamptz,
	OUT exit_qty_a numeric, OUT exit_qty_b numeric, OUT exit_price_a numeric, OUT exit_price_b numeric,
	OUT exit_at_a timestamptz, OUT exit_at_b timestamptz, OUT exit_reason_a text, OUT exit_reason_b text,
	OUT fees_a numeric, OUT fees_b numeric, OUT pnl_a numeric, OUT pnl_b numeric,
	OUT entry_qty_difference numeric, OUT entry_price_difference numeric, OUT exit_price_difference numeric,
	OUT fees_difference numeric, OUT pnl_difference numeric)
RETURNS SETOF record
LANGUAGE sql STRICT STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $function$
	WITH a AS (SELECT * FROM arbees.trades_of(arbees.portfolio_id($1))),
		b AS (SELECT * FROM arbees.trades_of(arbees.portfolio_id($2))),
		pairs AS (
			SELECT coalesce(a.strategy, b.strategy) AS strategy, coalesce(a.signal_key, b.signal_key) AS signal_key,
				coalesce(a.symbol, b.symbol) AS symbol, a, b,
				coalesce(a.verdict = 'accepted', false) AS in_a, coalesce(b.verdict = 'accepted', false) AS in_b
			FROM a FULL JOIN b ON b.strategy = a.strategy AND b.signal_key = a.signal_key)
	SELECT p.strategy, p.signal_key, p.symbol,
		CASE WHEN p.in_a AND p.in_b THEN 'both'
			WHEN p.in_a THEN 'only in a: b ' || coalesce((p.b).verdict || ' it, ' || (p.b).reason, 'was never asked')
			ELSE 'only in b: a ' || coalesce((p.a).verdict || ' it, ' || (p.a).reason, 'was never asked') END,
		CASE WHEN p.in_a AND p.in_b THEN array_remove(ARRAY[
			CASE WHEN (p.a).symbol IS DISTINCT FROM (p.b).symbol THEN 'symbol' END,
			CASE WHEN (p.a).entry_qty IS DISTINCT FROM (p.b).entry_qty THEN 'entry_qty' END,
			CASE WHEN (p.a).entry_price IS DISTINCT FROM (p.b).entry_price THEN 'entry_price' END,
			CASE WHEN (p.a).entry_at IS DISTINCT FROM (p.b).entry_at THEN 'entry_at' END,
			CASE WHEN (p.a).exit_qty IS DISTINCT FROM (p.b).exit_qty THEN 'exit_qty' END,
			CASE WHEN (p.a).exit_price IS DISTINCT FROM (p.b).exit_price THEN 'exit_price' END,
			CASE WHEN (p.a).exit_at IS DISTINCT FROM (p.b).exit_at THEN 'exit_at' END,
			CASE WHEN (p.a).exit_reason IS DISTINCT FROM (p.b).exit_reason THEN 'exit_reason' END,
			CASE WHEN (p.a).fees IS DISTINCT FROM (p.b).fees THEN 'fees' END,
			CASE WHEN (p.a).pnl IS DISTINCT FROM (p.b).pnl THEN 'pnl' END], NULL) END,
		(p.a).entry_qty, (p.b).entry_qty, (p.a).entry_price, (p.b).entry_price, (p.a).entry_at, (p.b).entry_at,
		(p.a).exit_qty, (p.b).exit_qty, (p.a).exit_price, (p.b).exit_price, (p.a).exit_at, (p.b).exit_at,
		(p.a).exit_reason, (p.b).exit_reason, (p.a).fees, (p.b).fees, (p.a).pnl, (p.b).pnl,
		coalesce((p.b).entry_qty, 0) - coalesce((p.a).entry_qty, 0),
		(p.b).entry_price - (p.a).entry_price, (p.b).exit_price - (p.a).exit_price,
		coalesce((p.b).fees, 0) - coalesce((p.a).fees, 0), coalesce((p.b).pnl, 0) - coalesce((p.a).pnl, 0)
	FROM pairs p
	WHERE p.in_a OR p.in_b
	ORDER BY coalesce((p.a).entry_at, (p.b).entry_at), p.strategy, p.signal_key
$function$;
COMMENT ON FUNCTION @extschema@.arbees_divergence(text, text) IS
	'two portfolios trade by trade, matched by strategy and signal key: what each got, what differs (b less a), and trades that only one of them made';
REVOKE ALL ON FUNCTION arbees.trades_of(integer), @extschema@.arbees_divergence(text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION arbees.trades_of(integer), @extschema@.arbees_divergence(text, text) TO arbees_viewer;
