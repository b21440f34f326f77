/* Calendars: what the gate keeps of them, and the verbs that change them. */
CREATE OR REPLACE FUNCTION arbees.calendar_changed()
RETURNS trigger
LANGUAGE C VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'arbees_calendar_changed';
COMMENT ON FUNCTION arbees.calendar_changed() IS 'tells every session that the calendars are other ones now';
REVOKE ALL ON FUNCTION arbees.calendar_changed() FROM PUBLIC;

CREATE OR REPLACE TRIGGER market_sessions_changed
	AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON arbees.market_sessions
	FOR EACH STATEMENT EXECUTE FUNCTION arbees.calendar_changed();
ALTER TABLE arbees.market_sessions ENABLE ALWAYS TRIGGER market_sessions_changed;

CREATE OR REPLACE FUNCTION @extschema@.arbees_add_session(
	calendar text, opens_at timestamptz, closes_at timestamptz, reason text)
RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
#variable_conflict use_column
DECLARE
	other	arbees.market_sessions;
BEGIN
	IF $1 IS NULL OR $2 IS NULL OR $3 IS NULL OR coalesce(btrim($4), '') = '' THEN
		RAISE EXCEPTION 'a calendar, when it opens and closes, and a reason must be given'
			USING ERRCODE = 'null_value_not_allowed';
	END IF;
	-- Two who add at once must see each other's session.
	LOCK TABLE arbees.market_sessions IN SHARE ROW EXCLUSIVE MODE;
	SELECT * INTO other FROM arbees.market_sessions s
		WHERE s.calendar = $1 AND s.opens_at < $3 AND s.closes_at > $2 LIMIT 1;
	IF FOUND THEN
		RAISE EXCEPTION 'calendar "%" has a session at that time', $1
			USING ERRCODE = 'exclusion_violation',
			DETAIL = format('It opens at %s and closes at %s.', other.opens_at, other.closes_at);
	END IF;
	INSERT INTO arbees.market_sessions VALUES ($1, $2, $3);
	PERFORM arbees.write_journal(NULL, 'session_added', NULL, NULL, format('%s %s to %s: %s', $1, $2, $3, $4));
END
$function$;
COMMENT ON FUNCTION @extschema@.arbees_add_session(text, timestamptz, timestamptz, text) IS
	'adds a time in which the markets of a calendar are open';

CREATE OR REPLACE FUNCTION @extschema@.arbees_remove_sessions(
	calendar text, opens_from timestamptz, opens_before timestamptz, reason text)
RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
#variable_conflict use_column
DECLARE
	n	bigint;
BEGIN
	IF $1 IS NULL OR $2 IS NULL OR $3 IS NULL OR coalesce(btrim($4), '') = '' THEN
		RAISE EXCEPTION 'a calendar, from when to when, and a reason must be given'
			USING ERRCODE = 'null_value_not_allowed';
	END IF;
	DELETE FROM arbees.market_sessions s WHERE s.calendar = $1 AND s.opens_at >= $2 AND s.opens_at < $3;
	GET DIAGNOSTICS n = ROW_COUNT;
	PERFORM arbees.write_journal(NULL, 'sessions_removed', NULL, NULL, format('%s %s to %s, %s of them: %s', $1, $2, $3, n, $4));
	RETURN n;
END
$function$;
COMMENT ON FUNCTION @extschema@.arbees_remove_sessions(text, timestamptz, timestamptz, text) IS
	'removes the sessions of a calendar that open between two times: the market is closed then; returns how many';

CREATE OR REPLACE FUNCTION @extschema@.arbees_set_calendar(venue text, calendar text, reason text)
RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
#variable_conflict use_column
BEGIN
	IF coalesce(btrim($3), '') = '' OR $2 = '' THEN
		RAISE EXCEPTION 'a venue, a calendar or NULL, and a reason must be given' USING ERRCODE = 'null_value_not_allowed';
	END IF;
	UPDATE arbees.venues SET calendar = $2 WHERE name = $1;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'venue "%" does not exist', $1 USING ERRCODE = 'no_data_found';
	END IF;
	PERFORM arbees.write_journal(NULL, 'calendar_set', NULL, NULL, format('%s: %s: %s', $1, coalesce($2, 'always open'), $3));
END
$function$;
COMMENT ON FUNCTION @extschema@.arbees_set_calendar(text, text, text) IS
	'gives a venue its calendar; NULL for a market that never closes';

/* What an instrument belongs to, and how large an order in it may be at the most. */
CREATE OR REPLACE FUNCTION @extschema@.arbees_describe_instrument(
	instrument integer, sector text, correlation_group text, max_qty numeric, max_notional numeric, reason text)
RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
#variable_conflict use_column
BEGIN
	IF coalesce(btrim($6), '') = '' THEN
		RAISE EXCEPTION 'a reason must be given' USING ERRCODE = 'null_value_not_allowed';
	END IF;
	UPDATE arbees.instruments SET sector = $2, correlation_group = $3, max_qty = $4, max_notional = $5
		WHERE instrument_id = $1;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'instrument % does not exist', $1 USING ERRCODE = 'no_data_found';
	END IF;
	PERFORM arbees.write_journal(NULL, 'instrument_described', NULL, $1,
		format('sector %s, group %s, most %s units and %s dollars an order: %s', coalesce($2, 'none'), coalesce($3, 'none'),
			coalesce($4::text, 'any'), coalesce($5::text, 'any'), $6));
END
$function$;
COMMENT ON FUNCTION @extschema@.arbees_describe_instrument(integer, text, text, numeric, numeric, text) IS
	'gives an instrument its sector, its correlation group and the venue''s largest order; NULL for none';

REVOKE ALL ON FUNCTION
	@extschema@.arbees_add_session(text, timestamptz, timestamptz, text),
	@extschema@.arbees_remove_sessions(text, timestamptz, timestamptz, text),
	@extschema@.arbees_set_calendar(text, text, text),
	@extschema@.arbees_describe_instrument(integer, text, text, numeric, numeric, text)
	FROM PUBLIC;
GRANT EXECUTE ON FUNCTION
	@extschema@.arbees_add_session(text, timestamptz, timestamptz, text),
	@extschema@.arbees_set_calendar(text, text, text),
	@extschema@.arbees_describe_instrument(integer, text, text, numeric, numeric, text)
	TO arbees_risk;
GRANT EXECUTE ON FUNCTION @extschema@.arbees_remove_sessions(text, timestamptz, timestamptz, text) TO arbees_operator;
