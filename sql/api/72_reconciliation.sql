/*
 * Reconciliation: what the venue has against what we have. Only a clean one lets
 * entries through. What differs is read again before it is believed: news may be
 * on its way. Then it is one row of arbees.discrepancies for as long as it stands.
 */
CREATE OR REPLACE FUNCTION arbees.held_symbols(account integer, epoch bigint)
RETURNS SETOF text
LANGUAGE sql STRICT VOLATILE PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
	SELECT arbees.require_trader($1, $2);
	SELECT DISTINCT i.symbol
	FROM arbees.portfolios p
	CROSS JOIN LATERAL (
		SELECT instrument_id FROM arbees.positions s
		WHERE s.portfolio_id = p.portfolio_id AND s.mode = 'LIVE' AND s.qty <> 0
		UNION ALL
		SELECT instrument_id FROM arbees.redemptions r WHERE r.portfolio_id = p.portfolio_id AND r.redeemed_at IS NULL) h
	JOIN arbees.instruments i ON i.instrument_id = h.instrument_id
	WHERE p.venue_account_id = $1 AND p.mode = 'LIVE'
$function$;
COMMENT ON FUNCTION arbees.held_symbols(integer, bigint) IS
	'instruments whose holdings a reconciliation must read at the venue, because our books hold some';

CREATE OR REPLACE FUNCTION arbees.begin_reconciliation(account integer, epoch bigint, cause text)
RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
#variable_conflict use_column
DECLARE
	id	bigint;
	v_working	jsonb;
BEGIN
	IF num_nulls($1, $2, $3) > 0 THEN
		RAISE EXCEPTION 'an argument of begin_reconciliation is NULL' USING ERRCODE = 'null_value_not_allowed';
	END IF;
	PERFORM arbees.require_trader($1, $2);
	-- What is not known since a start or a reconnect keeps entries out; a look in between does not.
	IF $3 <> 'periodic' THEN
		PERFORM arbees.set_reconciled($1, $2, false);
	END IF;
	SELECT coalesce(jsonb_object_agg(o.order_id, jsonb_build_array(o.state, o.claimed_epoch)), '{}') INTO v_working
	FROM arbees.portfolios p JOIN arbees.orders o ON o.portfolio_id = p.portfolio_id AND o.mode = 'LIVE'
	WHERE p.venue_account_id = $1 AND p.mode = 'LIVE' AND o.finished_at IS NULL;
	UPDATE arbees.reconciliations r SET finished_at = clock_timestamp(), clean = false, complete = false
	WHERE r.venue_account_id = $1 AND r.epoch <> $2 AND r.finished_at IS NULL;
	-- One that could not be finished goes on under its number: a venue that is away for hours leaves one row.
	UPDATE arbees.reconciliations r SET cause = $3, started_at = clock_timestamp(), looks = 0, seen = NULL,
		market_differences = '[]'
	WHERE r.venue_account_id = $1 AND r.finished_at IS NULL RETURNING r.reconciliation_id INTO id;
	IF id IS NULL THEN
		INSERT INTO arbees.reconciliations (venue_account_id, epoch, cause, started_at, working)
		VALUES ($1, $2, $3, clock_timestamp(), v_working) RETURNING reconciliation_id INTO id;
	END IF;
	RETURN id;
END
$function$;
COMMENT ON FUNCTION arbees.begin_reconciliation(integer, bigint, text) IS
	'opens a comparison with the venue; unless its cause is periodic, entries wait for its end';

/* The comparison that is under way, or an error: nobody answers for another's, or twice. */
CREATE OR REPLACE FUNCTION arbees.open_reconciliation(account integer, epoch bigint, reconciliation bigint)
RETURNS arbees.reconciliations
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	r	arbees.reconciliations;
BEGIN
	PERFORM arbees.require_trader($1, $2);
	SELECT * INTO r FROM arbees.reconciliations x WHERE x.reconciliation_id = $3 FOR UPDATE;
	IF r.reconciliation_id IS NULL OR r.venue_account_id <> $1 OR r.epoch <> $2 THEN
		RAISE EXCEPTION 'reconciliation % is none of venue account % in epoch %', $3, $1, $2
			USING ERRCODE = 'no_data_found', HINT = 'begin_reconciliation opens one.';
	END IF;
	IF r.finished_at IS NOT NULL THEN
		RAISE EXCEPTION 'reconciliation % is over', $3
			USING ERRCODE = 'object_not_in_prerequisite_state',
			DETAIL = format('It was finished at %s.', r.finished_at), HINT = 'begin_reconciliation opens another.';
	END IF;
	RETURN r;
END
$function$;

CREATE OR REPLACE FUNCTION arbees.reconciliation_plan(
	account integer, epoch bigint, reconciliation bigint,
	OUT since_s bigint, OUT symbol text, OUT condition_id text, OUT tradable boolean)
RETURNS SETOF record
LANGUAGE plpgsql STRICT VOLATILE PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
#variable_conflict use_column
DECLARE
	r	arbees.reconciliations := arbees.open_reconciliation($1, $2, $3);
	p	arbees.portfolios;
	-- Clocks may differ by ten seconds before entries are refused.
	overlap	constant interval := '1 minute';
BEGIN
	SELECT * INTO p FROM arbees.portfolios x WHERE x.venue_account_id = $1 AND x.mode = 'LIVE';
	-- Without a watermark: since the books were opened; what was before is in their opening balance.
	since_s := floor(extract(epoch FROM least(
		coalesce((SELECT w.trades_until - overlap FROM arbees.trade_watermarks w WHERE w.venue_account_id = $1),
			(SELECT l.entered_at FROM arbees.portfolio_ledger l
			 WHERE l.portfolio_id = p.portfolio_id AND l.mode = 'LIVE' ORDER BY l.seq LIMIT 1),
			r.started_at - overlap),
		(SELECT min(f.matched_at) - overlap FROM arbees.fills f
		 WHERE f.portfolio_id = p.portfolio_id AND f.mode = 'LIVE' AND f.settlement = 'PROVISIONAL'),
		(SELECT min(o.created_at) - overlap FROM arbees.orders o
		 WHERE o.portfolio_id = p.portfolio_id AND o.mode = 'LIVE' AND o.finished_at IS NULL))));
	RETURN NEXT;
	-- Held, working, or offered for trade now; a market that is decided has no parameters any more.
	FOR symbol, condition_id, tradable IN
		SELECT i.symbol, coalesce(w.condition_id, ''), w.condition_id IS NOT NULL AND w.venue_outcome IS NULL
		FROM (SELECT i.instrument_id FROM arbees.held_symbols($1, $2) s
			JOIN arbees.instruments i ON i.venue_id = p.venue_id AND i.symbol = s
			UNION
			SELECT o.instrument_id FROM arbees.orders o
			WHERE o.portfolio_id = p.portfolio_id AND o.mode = 'LIVE' AND o.finished_at IS NULL
			UNION
			SELECT i.instrument_id FROM arbees.windows w JOIN arbees.instruments i ON i.window_id = w.window_id
			WHERE w.venue_id = p.venue_id AND w.venue_outcome IS NULL AND w.state = 'OPEN') x
		JOIN arbees.instruments i ON i.instrument_id = x.instrument_id
		LEFT JOIN arbees.windows w ON w.window_id = i.window_id
		ORDER BY i.instrument_id
	LOOP
		RETURN NEXT;
	END LOOP;
END
$function$;
COMMENT ON FUNCTION arbees.reconciliation_plan(integer, bigint, bigint) IS
	'what to read at the venue: trades since since_s, the holdings of each symbol, the market of each tradable one';

CREATE OR REPLACE FUNCTION arbees.note_repair(
	account integer, reconciliation bigint, kind text, subject text, ours text, theirs text)
RETURNS void
LANGUAGE sql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $function$
	INSERT INTO arbees.discrepancies (reconciliation_id, last_reconciliation_id, venue_account_id, kind, subject, ours,
		theirs, action, resolved_at)
	SELECT $2, $2, $1, $3, $4, $5, $6, 'repaired', clock_timestamp()
	WHERE NOT EXISTS (SELECT FROM arbees.discrepancies d WHERE d.reconciliation_id = $2 AND d.kind = $3 AND d.subject = $4
		AND d.action = 'repaired' AND d.theirs IS NOT DISTINCT FROM $6)
$function$;

/* What the venue says of markets: their numbers are taken over, another market under the same name is a difference. */
CREATE OR REPLACE FUNCTION arbees.report_markets(
	account integer, epoch bigint, reconciliation bigint, conditions text[], symbols text[], tick_sizes numeric[],
	min_sizes numeric[], fee_rates numeric[], fee_exponents integer[], neg_risks boolean[])
RETURNS integer
LANGUAGE plpgsql STRICT VOLATILE PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
#variable_conflict use_column
DECLARE
	r	arbees.reconciliations := arbees.open_reconciliation($1, $2, $3);
	v_venue	integer := (SELECT a.venue_id FROM arbees.venue_accounts a WHERE a.venue_account_id = $1);
	v_found	jsonb;
	m	record;
BEGIN
	FOR m IN
		SELECT i.instrument_id, i.symbol, t.tick, t.least, t.rate, t.exponent, t.neg_risk,
			format('tick %s, least %s, fee %s^%s, neg_risk %s', trim_scale(i.tick_size), trim_scale(i.min_qty),
				trim_scale(i.fee_rate), i.fee_exponent, i.neg_risk) AS ours,
			format('tick %s, least %s, fee %s^%s, neg_risk %s', trim_scale(t.tick), trim_scale(t.least),
				trim_scale(t.rate), t.exponent, t.neg_risk) AS theirs
		FROM unnest($4, $5, $6, $7, $8, $9, $10) AS t(condition, symbol, tick, least, rate, exponent, neg_risk)
		JOIN arbees.windows w ON w.venue_id = v_venue AND w.condition_id = t.condition
		JOIN arbees.instruments i ON i.window_id = w.window_id AND i.symbol = t.symbol
		WHERE (i.tick_size, i.min_qty, i.fee_rate, i.fee_exponent, i.neg_risk)
			IS DISTINCT FROM (t.tick, t.least, t.rate, t.exponent, t.neg_risk)
	LOOP
		UPDATE arbees.instruments i SET tick_size = m.tick, min_qty = m.least, fee_rate = m.rate,
			fee_exponent = m.exponent, neg_risk = m.neg_risk
		WHERE i.instrument_id = m.instrument_id;
		PERFORM arbees.note_repair($1, $3, 'market', m.symbol, m.ours, m.theirs);
	END LOOP;
	-- A share of ours that the venue does not list in its market.
	SELECT coalesce(jsonb_agg(jsonb_build_array('market', i.symbol, w.condition_id,
		coalesce((SELECT string_agg(t.symbol, ',' ORDER BY t.symbol) FROM unnest($4, $5) AS t(condition, symbol)
			WHERE t.condition = w.condition_id AND t.symbol <> ''), 'not listed')) ORDER BY i.instrument_id), '[]')
	INTO v_found
	FROM arbees.windows w JOIN arbees.instruments i ON i.window_id = w.window_id
	WHERE w.venue_id = v_venue AND w.condition_id = ANY ($4)
		AND NOT EXISTS (SELECT FROM unnest($4, $5) AS t(condition, symbol)
			WHERE t.condition = w.condition_id AND t.symbol = i.symbol);
	UPDATE arbees.reconciliations x SET market_differences = v_found WHERE x.reconciliation_id = $3;
	RETURN jsonb_array_length(v_found);
END
$function$;
COMMENT ON FUNCTION arbees.report_markets(integer, bigint, bigint, text[], text[], numeric[], numeric[], numeric[], integer[], boolean[]) IS
	'the markets of what is held, working or traded, as the venue describes them; an empty symbol for one it does not have; returns the differences';

/* Where the venue's cash, holdings and open orders differ from ours. Callers hold the portfolio's lock. */
CREATE OR REPLACE FUNCTION arbees.compare_account(
	portfolio integer, cash numeric, symbols text[], holdings numeric[], open_order_ids text[])
RETURNS TABLE (kind text, subject text, ours text, theirs text)
LANGUAGE sql STABLE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $function$
	SELECT 'cash', 'cash', trim_scale(l.cash)::text, trim_scale($2)::text
	FROM (SELECT x.cash FROM arbees.portfolio_ledger x WHERE x.portfolio_id = $1 AND x.mode = 'LIVE'
		ORDER BY x.seq DESC LIMIT 1) l
	WHERE l.cash <> $2
	UNION ALL
	(SELECT 'holding', coalesce(o.symbol, t.symbol), trim_scale(coalesce(o.qty, 0))::text, trim_scale(coalesce(t.qty, 0))::text
	FROM (SELECT i.symbol, sum(q.qty) AS qty FROM (
			SELECT x.instrument_id, x.qty FROM arbees.positions x
			WHERE x.portfolio_id = $1 AND x.mode = 'LIVE' AND x.qty <> 0
			UNION ALL
			SELECT r.instrument_id, r.shares FROM arbees.redemptions r
			WHERE r.portfolio_id = $1 AND r.redeemed_at IS NULL) q
		JOIN arbees.instruments i ON i.instrument_id = q.instrument_id GROUP BY i.symbol) o
	FULL JOIN (SELECT s AS symbol, h AS qty FROM unnest($3, $4) AS u(s, h)) t ON t.symbol = o.symbol
	WHERE coalesce(o.qty, 0) <> coalesce(t.qty, 0)
		-- Shares that lost are settled for nothing here, but stay in the wallet until somebody burns them.
		AND NOT (coalesce(o.qty, 0) = 0 AND EXISTS (
			SELECT FROM arbees.instruments i JOIN arbees.windows w ON w.window_id = i.window_id
			JOIN arbees.portfolios p ON p.portfolio_id = $1 AND p.venue_id = i.venue_id
			WHERE i.symbol = t.symbol AND w.venue_outcome <> i.outcome))
	ORDER BY 2)
	UNION ALL
	-- Somebody else's, or of ours and ended here: the one is not touched, the other is cancelled.
	(SELECT CASE WHEN o.order_id IS NULL THEN 'foreign_order' ELSE 'ended_order' END, v, o.state::text, 'open'
	FROM (SELECT DISTINCT unnest($5)) AS listed(v)
	LEFT JOIN arbees.orders o ON o.venue_order_id = v AND o.portfolio_id = $1 AND o.mode = 'LIVE'
	WHERE o.order_id IS NULL OR o.finished_at IS NOT NULL
	ORDER BY 2)
	UNION ALL
	(SELECT 'missing_order', o.venue_order_id, o.state::text, 'not open'
	FROM arbees.orders o
	WHERE o.portfolio_id = $1 AND o.mode = 'LIVE' AND o.finished_at IS NULL AND o.state IN ('OPEN', 'PARTIALLY_FILLED')
		AND o.time_in_force IN ('GTC', 'GTD') AND NOT (o.venue_order_id = ANY ($5))
	ORDER BY 2)
$function$;

/* The venue and we learn of some things at different times: trades on their way to the chain, windows that end, redemptions. */
CREATE OR REPLACE FUNCTION arbees.is_settling(portfolio integer)
RETURNS boolean
LANGUAGE sql STABLE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $function$
	SELECT EXISTS (SELECT FROM arbees.fills f
			WHERE f.portfolio_id = $1 AND f.mode = 'LIVE' AND f.settlement = 'PROVISIONAL')
		OR EXISTS (SELECT FROM arbees.redemptions x WHERE x.portfolio_id = $1 AND x.redeemed_at IS NULL)
		OR EXISTS (SELECT FROM arbees.positions s JOIN arbees.windows w ON w.window_id = s.window_id
			JOIN arbees.venues v ON v.venue_id = w.venue_id
			WHERE s.portfolio_id = $1 AND s.mode = 'LIVE' AND s.qty <> 0
				AND w.closes_at <= coalesce(v.market_time, clock_timestamp()))
$function$;

/* What the run found out of itself and booked: fills nobody had told us of, fates of orders nobody knew. */
CREATE OR REPLACE FUNCTION arbees.note_repairs(reconciliation arbees.reconciliations, portfolio integer)
RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
	-- News takes a moment; a fill that is booked so long after it was made had been missed.
	PERFORM arbees.note_repair($1.venue_account_id, $1.reconciliation_id, 'missed_fill', f.venue_trade_id, NULL,
		format('%s %s at %s of order %s', f.side, trim_scale(f.qty), trim_scale(f.price), f.order_id))
	FROM (SELECT * FROM arbees.fills x WHERE x.mode = 'LIVE' ORDER BY x.fill_id DESC LIMIT 1000) f
	JOIN arbees.portfolios p ON p.portfolio_id = f.portfolio_id
	JOIN arbees.venues v ON v.venue_id = p.venue_id
	WHERE f.portfolio_id = $2 AND f.booked_at >= $1.started_at AND f.matched_at < f.booked_at - interval '3 seconds'
		AND NOT v.clock_driven AND f.settlement <> 'VOIDED';
	PERFORM arbees.note_repair($1.venue_account_id, $1.reconciliation_id,
		CASE WHEN w.state IN ('SENDING', 'UNKNOWN') THEN 'order_fate' ELSE 'order_ended' END,
		coalesce(o.venue_order_id, o.client_order_id), w.state, o.state::text)
	FROM (SELECT key::bigint AS order_id, value ->> 0 AS state, (value ->> 1)::bigint AS epoch
		FROM jsonb_each($1.working)) w
	JOIN arbees.orders o ON o.order_id = w.order_id AND o.portfolio_id = $2 AND o.mode = 'LIVE'
	WHERE (w.state = 'UNKNOWN' OR (w.state = 'SENDING' AND w.epoch <> $1.epoch)) AND o.state NOT IN ('SENDING', 'UNKNOWN')
		OR w.state IN ('OPEN', 'PARTIALLY_FILLED') AND o.state IN ('CANCELED', 'EXPIRED', 'REJECTED')
			AND o.cancel_requested_at IS NULL AND o.last_reason = 'found by inquiry';
END
$function$;

/* A difference that is believed: a row for as long as it stands, told of once, and the breaker of the portfolio. */
CREATE OR REPLACE FUNCTION arbees.keep_differences(reconciliation arbees.reconciliations, portfolio integer, found jsonb)
RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $function$
#variable_conflict use_column
DECLARE
	d	record;
	v_new	bigint := 0;
	v_told	text := '';
BEGIN
	FOR d IN
		INSERT INTO arbees.discrepancies AS x (reconciliation_id, last_reconciliation_id, venue_account_id, kind, subject,
			ours, theirs, action)
		-- A list that moved while it was read may name something twice.
		SELECT DISTINCT ON (f ->> 0, f ->> 1) $1.reconciliation_id, $1.reconciliation_id, $1.venue_account_id,
			f ->> 0, f ->> 1, f ->> 2, f ->> 3, CASE WHEN f ->> 0 = 'ended_order' THEN 'cancelled' ELSE 'reported' END
		FROM jsonb_array_elements($3) f
		ON CONFLICT (venue_account_id, kind, subject) WHERE resolved_at IS NULL DO UPDATE SET
			last_reconciliation_id = excluded.last_reconciliation_id, ours = excluded.ours, theirs = excluded.theirs,
			last_seen_at = clock_timestamp(), times_seen = x.times_seen + 1
		RETURNING x.*
	LOOP
		CONTINUE WHEN d.times_seen > 1;
		v_new := v_new + 1;
		v_told := v_told || CASE WHEN v_new > 5 THEN '' ELSE format('%s%s %s: ours %s, theirs %s',
			CASE WHEN v_new > 1 THEN '; ' END, d.kind, d.subject, coalesce(d.ours, 'none'), coalesce(d.theirs, 'none')) END;
		PERFORM arbees.write_journal('LIVE', 'discrepancy', $2, d.discrepancy_id,
			format('%s %s: ours %s, theirs %s', d.kind, d.subject, coalesce(d.ours, 'none'), coalesce(d.theirs, 'none')));
	END LOOP;
	IF v_new > 0 THEN
		PERFORM arbees.raise_alert('critical', 'reconciliation_differs',
			format('reconciliation %s of venue account %s found %s new differences: %s%s', $1.reconciliation_id,
				$1.venue_account_id, v_new, v_told, CASE WHEN v_new > 5 THEN '; see arbees.open_discrepancies' END));
	END IF;
	IF $2 IS NOT NULL AND EXISTS (SELECT FROM jsonb_array_elements($3) f WHERE f ->> 0 <> 'incomplete') THEN
		PERFORM arbees.trip_portfolio_breaker($2, format('reconciliation %s: our books and the venue differ, see arbees.open_discrepancies',
			$1.reconciliation_id));
	END IF;
END
$function$;

/* A complete comparison settles what it does not see any more. */
CREATE OR REPLACE FUNCTION arbees.settle_differences(reconciliation arbees.reconciliations, portfolio integer)
RETURNS void
LANGUAGE sql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $function$
	WITH settled AS (
		UPDATE arbees.discrepancies d SET resolved_at = clock_timestamp()
		WHERE d.venue_account_id = $1.venue_account_id AND d.resolved_at IS NULL
			AND d.last_reconciliation_id <> $1.reconciliation_id
		RETURNING d.*)
	SELECT arbees.write_journal('LIVE', 'discrepancy_settled', $2, s.discrepancy_id,
		format('%s %s: not seen by reconciliation %s', s.kind, s.subject, $1.reconciliation_id))
	FROM settled s
$function$;

/* Comparisons that say nothing any more: clean ones of last week, and repetitions of an unclean one. */
CREATE OR REPLACE FUNCTION arbees.forget_reconciliations(account integer, last bigint)
RETURNS void
LANGUAGE sql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $function$
	DELETE FROM arbees.reconciliations r
	WHERE r.venue_account_id = $1 AND r.reconciliation_id < $2 AND r.finished_at IS NOT NULL
		AND (r.finished_at < clock_timestamp() - interval '7 days'
			OR r.reconciliation_id IN (SELECT x.reconciliation_id FROM arbees.reconciliations x
				WHERE x.venue_account_id = $1 AND x.reconciliation_id < $2 AND NOT x.clean AND x.differences > 0
				ORDER BY x.reconciliation_id DESC LIMIT 10))
		AND NOT EXISTS (SELECT FROM arbees.discrepancies d WHERE d.reconciliation_id = r.reconciliation_id)
		AND NOT EXISTS (SELECT FROM arbees.discrepancies d WHERE d.last_reconciliation_id = r.reconciliation_id)
$function$;

CREATE OR REPLACE FUNCTION arbees.finish_reconciliation(
	account integer, epoch bigint, reconciliation bigint, rows_read integer, rows_mapped integer,
	rows_refused integer, cash numeric, symbols text[], holdings numeric[], open_order_ids text[],
	OUT clean boolean, OUT differences integer, OUT again_ms integer, OUT cancel_order_ids text[], OUT next_ms integer)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
#variable_conflict use_column
DECLARE
	r	arbees.reconciliations;
	p	arbees.portfolios;
	v_found	jsonb;
	v_seen	text;
	v_moving	boolean;
	v_repairs	bigint;
	-- Alike in three looks: news of a moment ago has come by then. What is still being settled gets a minute.
	believed_after	constant integer := 3;
	patience	constant integer := 20;
BEGIN
	-- What was not read cannot be clean.
	IF num_nulls($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) > 0 THEN
		RAISE EXCEPTION 'an argument of finish_reconciliation is NULL' USING ERRCODE = 'null_value_not_allowed';
	END IF;
	IF cardinality($8) <> cardinality($9) OR array_position($8, NULL) IS NOT NULL OR array_position($9, NULL) IS NOT NULL
		OR array_position($10, NULL) IS NOT NULL OR least($4, $5, $6) < 0 THEN
		RAISE EXCEPTION 'holdings, symbols and open orders of a reconciliation must be told one by one'
			USING ERRCODE = 'invalid_parameter_value';
	END IF;
	r := arbees.open_reconciliation($1, $2, $3);
	r.looks := r.looks + 1;
	clean := false;
	cancel_order_ids := '{}';
	SELECT * INTO p FROM arbees.portfolios x WHERE x.venue_account_id = $1 AND x.mode = 'LIVE';
	IF p.portfolio_id IS NOT NULL THEN
		PERFORM arbees.lock_portfolio(p.portfolio_id);
	END IF;
	IF $6 <> 0 THEN
		v_found := jsonb_build_array(jsonb_build_array('incomplete', 'rows refused', '0', $6::text));
	ELSIF p.portfolio_id IS NULL THEN
		-- Nobody trades here: what the wallet has is nobody's business.
		v_found := r.market_differences;
	ELSE
		SELECT coalesce(jsonb_agg(jsonb_build_array(c.kind, c.subject, c.ours, c.theirs)), '[]') || r.market_differences
		INTO v_found FROM arbees.compare_account(p.portfolio_id, $7, $8, $9, $10) c;
	END IF;
	differences := jsonb_array_length(v_found);
	v_seen := v_found::text;
	v_moving := EXISTS (SELECT FROM jsonb_array_elements(v_found) f WHERE f ->> 0 IN ('cash', 'holding'))
		AND arbees.is_settling(p.portfolio_id);
	IF $6 = 0 AND differences > 0 AND r.looks < patience
		AND (v_moving OR r.looks < believed_after OR r.seen IS DISTINCT FROM v_seen) THEN
		UPDATE arbees.reconciliations x SET looks = r.looks, seen = v_seen WHERE x.reconciliation_id = $3;
		PERFORM arbees.set_reconciled($1, $2, false);
		again_ms := CASE WHEN v_moving THEN 3000 ELSE 1000 END;
		RETURN;
	END IF;

	clean := differences = 0;
	IF $6 = 0 THEN
		PERFORM arbees.note_repairs(r, p.portfolio_id);
	END IF;
	PERFORM arbees.keep_differences(r, p.portfolio_id, v_found);
	IF $6 = 0 THEN
		PERFORM arbees.settle_differences(r, p.portfolio_id);
		SELECT coalesce(array_agg(f ->> 1), '{}') INTO cancel_order_ids
		FROM jsonb_array_elements(v_found) f WHERE f ->> 0 = 'ended_order';
	END IF;
	SELECT count(*) INTO v_repairs FROM arbees.discrepancies d WHERE d.reconciliation_id = $3 AND d.action = 'repaired';
	IF v_repairs > 0 THEN
		PERFORM arbees.raise_alert('warning', 'reconciliation_repaired',
			format('reconciliation %s of venue account %s took over %s facts from the venue', $3, $1, v_repairs));
	END IF;
	UPDATE arbees.reconciliations x SET finished_at = clock_timestamp(), rows_read = $4, rows_mapped = $5,
		rows_refused = $6, differences = finish_reconciliation.differences, clean = finish_reconciliation.clean,
		complete = $6 = 0, looks = r.looks, seen = NULL
	WHERE x.reconciliation_id = $3;
	PERFORM arbees.set_reconciled($1, $2, clean);
	IF clean THEN
		INSERT INTO arbees.trade_watermarks AS w (venue_account_id, trades_until, reconciliation_id)
		VALUES ($1, r.started_at, $3)
		ON CONFLICT (venue_account_id) DO UPDATE SET trades_until = greatest(w.trades_until, excluded.trades_until),
			reconciliation_id = excluded.reconciliation_id;
	END IF;
	PERFORM arbees.forget_reconciliations($1, $3);
	-- Under a driven clock nothing happens that is not part of the play.
	next_ms := CASE WHEN NOT clean THEN 5000
		WHEN EXISTS (SELECT FROM arbees.venue_accounts a JOIN arbees.venues v ON v.venue_id = a.venue_id
			WHERE a.venue_account_id = $1 AND v.clock_driven) THEN NULL
		ELSE (SELECT c.value::integer * 1000 FROM arbees.runtime_controls c WHERE c.key = 'reconcile_every_s') END;
END
$function$;
COMMENT ON FUNCTION arbees.finish_reconciliation(integer, bigint, bigint, integer, integer, integer, numeric, text[], numeric[], text[]) IS
	'compares the venue''s cash, holdings and open orders with ours; again_ms: read the venue again after that time and call again, else it is over; a clean result lets entries through';

CREATE OR REPLACE VIEW arbees.open_discrepancies AS
	SELECT d.discrepancy_id, a.name AS account, p.name AS portfolio, d.kind, d.subject, d.ours, d.theirs, d.action,
		d.first_seen_at, d.last_seen_at, d.times_seen,
		extract(epoch FROM clock_timestamp() - d.first_seen_at)::bigint AS age_s
	FROM arbees.discrepancies d
	JOIN arbees.venue_accounts a ON a.venue_account_id = d.venue_account_id
	LEFT JOIN arbees.portfolios p ON p.venue_account_id = d.venue_account_id AND p.mode = 'LIVE'
	WHERE d.resolved_at IS NULL;
COMMENT ON VIEW arbees.open_discrepancies IS 'where the venue''s accounts and our books differ now';

CREATE OR REPLACE FUNCTION arbees.trip_portfolio_breaker(portfolio integer, reason text)
RETURNS void
LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'arbees_trip_portfolio_breaker';

/* ---- shares that nothing of ours explains ---- */
CREATE OR REPLACE FUNCTION arbees.no_signal(arbees.market_state)
RETURNS arbees.signal
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $function$ SELECT NULL::arbees.signal $function$;
COMMENT ON FUNCTION arbees.no_signal(arbees.market_state) IS 'the strategy of adopted positions: it never enters';

/* Whose adopted positions are: nobody's who traded. Its deployment is paused and may enter nothing. */
CREATE OR REPLACE FUNCTION arbees.adopter(portfolio integer)
RETURNS integer
LANGUAGE plpgsql STRICT VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	v_strategy	integer := (SELECT s.strategy_id FROM arbees.strategies s WHERE s.name = 'adopted');
	id	integer;
BEGIN
	IF v_strategy IS NULL THEN
		v_strategy := @extschema@.arbees_register_strategy('adopted', 'arbees.no_signal(arbees.market_state)'::regprocedure,
			'{"limits": {"instruments": 0, "order_usd": 0, "day_orders": 0, "open_positions": 0, "venues": 0}}', NULL,
			'none: it never enters');
	END IF;
	SELECT d.deployment_id INTO id FROM arbees.deployments d WHERE d.strategy_id = v_strategy AND d.portfolio_id = $1;
	IF id IS NULL THEN
		id := @extschema@.arbees_deploy('adopted', (SELECT p.name FROM arbees.portfolios p WHERE p.portfolio_id = $1), '{}');
		UPDATE arbees.deployments d SET state = 'paused' WHERE d.deployment_id = id;
	END IF;
	RETURN id;
END
$function$;

CREATE OR REPLACE FUNCTION arbees.book_adoption(
	portfolio integer, deployment integer, instrument integer, qty numeric, money numeric, fee numeric, reference text)
RETURNS bigint
LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'arbees_book_adoption';
COMMENT ON FUNCTION arbees.book_adoption(integer, integer, integer, numeric, numeric, numeric, text) IS
	'the position and the ledger''s row of adopted shares; returns the position';

CREATE OR REPLACE FUNCTION @extschema@.arbees_adopt(portfolio text, symbol text, qty numeric, price numeric, reason text)
RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
#variable_conflict use_column
DECLARE
	p	arbees.portfolios;
	i	arbees.instruments;
	d	arbees.discrepancies;
	v_last	bigint;
	v_taken	numeric;
	v_left	numeric;
	v_orphans	record;
	v_money	numeric;
	v_fee	numeric := 0;
	v_reference	text;
	v_adoption	bigint;
	v_position	bigint;
BEGIN
	IF num_nulls($1, $2, $3, $4) > 0 OR coalesce(btrim($5), '') = '' THEN
		RAISE EXCEPTION 'portfolio, symbol, quantity, price and a reason must be given' USING ERRCODE = 'null_value_not_allowed';
	END IF;
	SELECT * INTO p FROM arbees.portfolios x WHERE x.portfolio_id = arbees.portfolio_id($1);
	IF p.mode <> 'LIVE' THEN
		RAISE EXCEPTION 'portfolio "%" is %: only LIVE has shares at a venue', $1, p.mode USING ERRCODE = 'invalid_parameter_value';
	END IF;
	SELECT * INTO i FROM arbees.instruments x WHERE x.venue_id = p.venue_id AND x.symbol = $2;
	IF i.instrument_id IS NULL THEN
		RAISE EXCEPTION 'instrument "%" does not exist at the venue of portfolio "%"', $2, $1 USING ERRCODE = 'no_data_found';
	END IF;
	IF NOT ($3 > 0 AND $3 < 'infinity' AND $4 >= 0 AND $4 < coalesce(i.max_price, 'infinity')) THEN
		RAISE EXCEPTION 'a quantity above 0 and a price the instrument can have must be given, not % at %', $3, $4
			USING ERRCODE = 'invalid_parameter_value';
	END IF;
	PERFORM arbees.lock_portfolio(p.portfolio_id);
	SELECT max(r.reconciliation_id) INTO v_last FROM arbees.reconciliations r
		WHERE r.venue_account_id = p.venue_account_id AND r.complete;
	SELECT * INTO d FROM arbees.discrepancies x WHERE x.venue_account_id = p.venue_account_id AND x.kind = 'holding'
		AND x.subject = $2 AND x.resolved_at IS NULL AND x.last_reconciliation_id = v_last;
	IF d.discrepancy_id IS NULL THEN
		RAISE EXCEPTION 'the last complete reconciliation does not show "%" as a difference', $2
			USING ERRCODE = 'object_not_in_prerequisite_state',
			DETAIL = format('It is reconciliation %s.', coalesce(v_last::text, 'none')),
			HINT = 'arbees.open_discrepancies lists what differs.';
	END IF;
	SELECT coalesce(sum(a.qty), 0) INTO v_taken FROM arbees.adoptions a
		WHERE a.discrepancy_id = d.discrepancy_id AND a.reconciliation_id = v_last;
	v_left := d.theirs::numeric - d.ours::numeric - v_taken;
	IF $3 > v_left THEN
		RAISE EXCEPTION 'no more than % of "%" can be adopted, not %', trim_scale(greatest(v_left, 0)), $2, $3
			USING ERRCODE = 'invalid_parameter_value',
			DETAIL = format('The venue has %s, our books had %s, %s were adopted since.', d.theirs, d.ours, trim_scale(v_taken));
	END IF;
	-- The fills these shares came from, when they add up to them, know what was paid; a person's price is checked by them.
	SELECT sum(CASE o.side WHEN 'BUY' THEN o.qty ELSE -o.qty END) AS qty, sum(CASE o.side WHEN 'BUY' THEN o.money ELSE -o.money END) AS money,
		sum(o.fee) AS fee INTO v_orphans
	FROM arbees.orphan_fills o
	WHERE o.venue_account_id = p.venue_account_id AND o.symbol = $2 AND o.adoption_id IS NULL AND o.status <> 'FAILED';
	v_money := round($3 * $4, 6);
	IF v_orphans.qty = $3 AND v_orphans.money >= 0 THEN
		IF abs(v_orphans.money - v_money) > i.tick_size * $3 THEN
			RAISE EXCEPTION 'the fills of these shares say another price than %', $4
				USING ERRCODE = 'invalid_parameter_value',
				DETAIL = format('%s shares were bought for %s, %s each.', $3, v_orphans.money, round(v_orphans.money / $3, 6));
		END IF;
		v_money := v_orphans.money;
		v_fee := v_orphans.fee;
	END IF;
	v_reference := format('adopt-%s-%s-%s', v_last, d.discrepancy_id, (SELECT count(*) + 1 FROM arbees.adoptions a
		WHERE a.discrepancy_id = d.discrepancy_id AND a.reconciliation_id = v_last));
	v_position := arbees.book_adoption(p.portfolio_id, arbees.adopter(p.portfolio_id), i.instrument_id, $3, v_money, v_fee, v_reference);
	INSERT INTO arbees.adoptions (reference, portfolio_id, position_id, instrument_id, discrepancy_id, reconciliation_id,
		qty, price, money, fee, adopted_by, reason)
	VALUES (v_reference, p.portfolio_id, v_position, i.instrument_id, d.discrepancy_id, v_last,
		$3, $4, v_money, v_fee, arbees.actor(), $5) RETURNING adoption_id INTO v_adoption;
	IF v_orphans.qty = $3 AND v_orphans.money >= 0 THEN
		UPDATE arbees.orphan_fills o SET adoption_id = v_adoption
		WHERE o.venue_account_id = p.venue_account_id AND o.symbol = $2 AND o.adoption_id IS NULL AND o.status <> 'FAILED';
	END IF;
	PERFORM arbees.write_journal('LIVE', 'adopted', p.portfolio_id, v_position,
		format('%s: %s %s for %s, fee %s: %s', v_reference, trim_scale($3), $2, trim_scale(v_money), trim_scale(v_fee), $5));
	RETURN v_position;
END
$function$;
COMMENT ON FUNCTION @extschema@.arbees_adopt(text, text, numeric, numeric, text) IS
	'takes shares that the last complete reconciliation found at the venue, and no order of ours explains, into a LIVE portfolio; returns the position';

REVOKE ALL ON FUNCTION @extschema@.arbees_adopt(text, text, numeric, numeric, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION @extschema@.arbees_adopt(text, text, numeric, numeric, text) TO arbees_risk;
GRANT EXECUTE ON FUNCTION
	arbees.held_symbols(integer, bigint), arbees.begin_reconciliation(integer, bigint, text),
	arbees.reconciliation_plan(integer, bigint, bigint),
	arbees.report_markets(integer, bigint, bigint, text[], text[], numeric[], numeric[], numeric[], integer[], boolean[]),
	arbees.finish_reconciliation(integer, bigint, bigint, integer, integer, integer, numeric, text[], numeric[], text[])
	TO arbees_worker;
GRANT EXECUTE ON FUNCTION arbees.no_signal(arbees.market_state) TO arbees_strategy;
