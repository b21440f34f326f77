/* Facts about the market, from any worker with the feed role. */
CREATE OR REPLACE FUNCTION arbees.report_window(
	venue integer, slug text, underlying text, condition_id text, opens_ms bigint, closes_ms bigint,
	rule text, up_symbol text, down_symbol text, tick_size numeric, min_qty numeric,
	min_notional numeric, fee_rate numeric, fee_exponent integer, neg_risk boolean,
	OUT window_id bigint, OUT up_instrument integer, OUT down_instrument integer)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
#variable_conflict use_column
DECLARE
	v_opens timestamptz := to_timestamp(opens_ms / 1000.0);
BEGIN
	INSERT INTO arbees.windows AS w (venue_id, underlying, slug, window_epoch, opens_at, closes_at, condition_id, rule)
	VALUES ($1, $3, $2, $5 / 1000, v_opens, to_timestamp($6 / 1000.0), $4, $7)
	ON CONFLICT ON CONSTRAINT windows_slug_key DO UPDATE SET condition_id = coalesce(w.condition_id, excluded.condition_id)
	RETURNING w.window_id INTO window_id;
	INSERT INTO arbees.instruments AS i (venue_id, symbol, name, underlying, window_id, outcome, tick_size,
		lot_size, min_qty, min_notional, fee_rate, fee_exponent, neg_risk, max_price)
	VALUES ($1, $8, $2 || ' UP', $3, report_window.window_id, 'UP', $10, 0.01, $11, $12, $13, $14, $15, 1),
		   ($1, $9, $2 || ' DOWN', $3, report_window.window_id, 'DOWN', $10, 0.01, $11, $12, $13, $14, $15, 1)
	ON CONFLICT ON CONSTRAINT instruments_symbol_key DO UPDATE SET
		tick_size = excluded.tick_size, min_qty = excluded.min_qty, min_notional = excluded.min_notional,
		fee_rate = excluded.fee_rate, fee_exponent = excluded.fee_exponent, neg_risk = excluded.neg_risk;
	SELECT i.instrument_id INTO up_instrument FROM arbees.instruments i
		WHERE i.venue_id = $1 AND i.symbol = $8 AND i.window_id = report_window.window_id AND i.outcome = 'UP';
	SELECT i.instrument_id INTO down_instrument FROM arbees.instruments i
		WHERE i.venue_id = $1 AND i.symbol = $9 AND i.window_id = report_window.window_id AND i.outcome = 'DOWN';
	-- Nothing of such a report stays: a share that changes its window or its side is not what we hold.
	IF up_instrument IS NULL OR down_instrument IS NULL THEN
		RAISE EXCEPTION 'window "%" is reported with shares that are known otherwise', $2
			USING ERRCODE = 'invalid_parameter_value',
			DETAIL = 'A share belongs to one window and one outcome for good.';
	END IF;
END
$function$;
COMMENT ON FUNCTION arbees.report_window(integer, text, text, text, bigint, bigint, text, text, text, numeric, numeric, numeric, numeric, integer, boolean) IS
	'a window the venue offers and its two instruments; idempotent, changed tick sizes and fees are kept';

CREATE OR REPLACE FUNCTION arbees.outcome_of(
	opens_at timestamptz, open_price numeric, open_price_at timestamptz, venue_open_price numeric, close_price numeric)
RETURNS arbees.outcome
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $function$
	-- A tick of the opening second is the strike; without one the venue's word is better than our nearest tick.
	SELECT CASE WHEN $5 >= coalesce(CASE WHEN $3 = $1 THEN $2 END, $4, $2) THEN 'UP'
				WHEN $5 < coalesce(CASE WHEN $3 = $1 THEN $2 END, $4, $2) THEN 'DOWN' END::arbees.outcome
$function$;
COMMENT ON FUNCTION arbees.outcome_of(timestamptz, numeric, timestamptz, numeric, numeric) IS
	'our resolution of a window: UP when close >= open, a tie is UP; NULL while a price is missing';

CREATE OR REPLACE FUNCTION arbees.report_tick_size(venue integer, symbol text, tick_size numeric)
RETURNS void
LANGUAGE sql VOLATILE PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
	UPDATE arbees.instruments SET tick_size = $3 WHERE venue_id = $1 AND symbol = $2 AND instruments.tick_size <> $3
$function$;
COMMENT ON FUNCTION arbees.report_tick_size(integer, text, numeric) IS 'the venue changed an instrument''s price grid';

CREATE OR REPLACE FUNCTION arbees.report_resolution(
	venue integer, slug text, outcome text, open_price numeric, close_price numeric, resolved_ms bigint)
RETURNS text						-- resolved, duplicate, conflict or unknown_window
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
#variable_conflict use_column
DECLARE
	w	arbees.windows;
	v_outcome	arbees.outcome := outcome::arbees.outcome;
BEGIN
	SELECT * INTO w FROM arbees.windows x WHERE x.venue_id = $1 AND x.slug = $2 FOR UPDATE;
	IF NOT FOUND THEN
		RETURN 'unknown_window';
	END IF;
	IF w.venue_outcome IS NOT NULL THEN
		IF w.venue_outcome = v_outcome THEN
			RETURN 'duplicate';
		END IF;
		PERFORM arbees.raise_alert('critical', 'resolution_conflict',
			format('window %s was resolved %s and is now said to be %s', w.slug, w.venue_outcome, v_outcome));
		RETURN 'conflict';
	END IF;
	IF w.close_price IS NULL THEN
		-- No later tick came to close it: the last one known is the last at or before its end.
		SELECT u.price, u.source_at INTO w.close_price, w.close_price_at FROM arbees.underlying_prices u
		WHERE u.venue_id = w.venue_id AND u.underlying = w.underlying AND u.source_at BETWEEN w.opens_at AND w.closes_at;
	END IF;
	w.our_outcome := arbees.outcome_of(w.opens_at, w.open_price, w.open_price_at,
		coalesce($4, w.venue_open_price), w.close_price);
	UPDATE arbees.windows SET state = 'RESOLVED', venue_outcome = v_outcome,
		venue_open_price = coalesce($4, venue_open_price), venue_close_price = $5,
		close_price = w.close_price, close_price_at = w.close_price_at, our_outcome = w.our_outcome,
		resolved_at = to_timestamp($6 / 1000.0)
	WHERE window_id = w.window_id;
	IF w.our_outcome IS DISTINCT FROM v_outcome AND w.our_outcome IS NOT NULL THEN
		PERFORM arbees.raise_alert('warning', 'resolution_differs',
			format('window %s: the venue says %s, our prices say %s (open %s, close %s)',
				w.slug, v_outcome, w.our_outcome, w.open_price, w.close_price));
	END IF;
	RETURN 'resolved';
END
$function$;
COMMENT ON FUNCTION arbees.report_resolution(integer, text, text, numeric, numeric, bigint) IS
	'the venue''s final outcome of a window; settlement follows in the tick';

CREATE TYPE arbees.order_ticket AS (
	order_id		bigint,
	purpose			text,
	client_order_id	text,
	symbol			text,
	side			text,
	amount_kind		text,
	amount			numeric,
	limit_price		numeric,
	time_in_force	text,
	tick_size		numeric,
	neg_risk		boolean,
	salt			bigint,
	signed_ms		bigint,
	expires_s		bigint,
	condition_id	text,
	fee_rate		numeric,
	fee_exponent	integer,
	dry_run			boolean
);

CREATE OR REPLACE FUNCTION arbees.on_quotes(
	venue integer, mode arbees.mode, market_ms bigint, instruments integer[], bids numeric[],
	bid_sizes numeric[], asks numeric[], ask_sizes numeric[], source_ms bigint[],
	underlyings text[], prices numeric[], price_ms bigint[], books bytea[])
RETURNS SETOF arbees.order_ticket
LANGUAGE C VOLATILE PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'arbees_on_quotes';
COMMENT ON FUNCTION arbees.on_quotes(integer, arbees.mode, bigint, integer[], numeric[], numeric[], numeric[], numeric[], bigint[], text[], numeric[], bigint[], bytea[]) IS
	'one round of the desk: quotes with their books and prices in, exits, strategies, gate, new orders out';

CREATE OR REPLACE FUNCTION arbees.on_quotes(
	venue integer, mode arbees.mode, market_ms bigint, instruments integer[], bids numeric[],
	bid_sizes numeric[], asks numeric[], ask_sizes numeric[], source_ms bigint[],
	underlyings text[], prices numeric[], price_ms bigint[])
RETURNS SETOF arbees.order_ticket
LANGUAGE C VOLATILE PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'arbees_on_quotes';
COMMENT ON FUNCTION arbees.on_quotes(integer, arbees.mode, bigint, integer[], numeric[], numeric[], numeric[], numeric[], bigint[], text[], numeric[], bigint[]) IS
	'the same from a feed that knows the best prices alone';

CREATE OR REPLACE FUNCTION arbees.report_trades(
	venue integer, instruments integer[], prices numeric[], sizes numeric[], source_ms bigint[])
RETURNS bigint						-- how many were counted
LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'arbees_report_trades';
COMMENT ON FUNCTION arbees.report_trades(integer, integer[], numeric[], numeric[], bigint[]) IS
	'public trades the venue told of, added to the sums of their session; what is not younger than the last one counted is not counted again';

CREATE OR REPLACE VIEW arbees.session_prices AS
	SELECT s.instrument_id, i.symbol, s.session_start, round(s.value / s.qty, 8) AS vwap, s.qty, s.trades, s.last_at
	FROM arbees.session_volumes s JOIN arbees.instruments i USING (instrument_id);
COMMENT ON VIEW arbees.session_prices IS 'volume-weighted average price of each instrument''s session';

CREATE OR REPLACE FUNCTION arbees.curve_at(x numeric, x0 numeric, y0 numeric, x1 numeric, y1 numeric)
RETURNS numeric
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'arbees_curve_at';
COMMENT ON FUNCTION arbees.curve_at(numeric, numeric, numeric, numeric, numeric) IS
	'a straight line from (x0, y0) to (x1, y1), level beyond: what shrinks an order';

REVOKE ALL ON FUNCTION
	arbees.report_trades(integer, integer[], numeric[], numeric[], bigint[]),
	arbees.curve_at(numeric, numeric, numeric, numeric, numeric),
	arbees.outcome_of(timestamptz, numeric, timestamptz, numeric, numeric),
	arbees.report_window(integer, text, text, text, bigint, bigint, text, text, text, numeric, numeric, numeric, numeric, integer, boolean),
	arbees.report_tick_size(integer, text, numeric),
	arbees.report_resolution(integer, text, text, numeric, numeric, bigint),
	arbees.on_quotes(integer, arbees.mode, bigint, integer[], numeric[], numeric[], numeric[], numeric[], bigint[], text[], numeric[], bigint[], bytea[]),
	arbees.on_quotes(integer, arbees.mode, bigint, integer[], numeric[], numeric[], numeric[], numeric[], bigint[], text[], numeric[], bigint[])
	FROM PUBLIC;
GRANT EXECUTE ON FUNCTION arbees.curve_at(numeric, numeric, numeric, numeric, numeric) TO arbees_viewer;
GRANT EXECUTE ON FUNCTION
	arbees.report_trades(integer, integer[], numeric[], numeric[], bigint[]),
	arbees.report_window(integer, text, text, text, bigint, bigint, text, text, text, numeric, numeric, numeric, numeric, integer, boolean),
	arbees.report_tick_size(integer, text, numeric),
	arbees.report_resolution(integer, text, text, numeric, numeric, bigint),
	arbees.on_quotes(integer, arbees.mode, bigint, integer[], numeric[], numeric[], numeric[], numeric[], bigint[], text[], numeric[], bigint[], bytea[]),
	arbees.on_quotes(integer, arbees.mode, bigint, integer[], numeric[], numeric[], numeric[], numeric[], bigint[], text[], numeric[], bigint[])
	TO arbees_worker;
