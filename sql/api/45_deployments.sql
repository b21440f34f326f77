/* Deployments: their limits, and which versions of a strategy may trade real money. */
CREATE OR REPLACE FUNCTION arbees.guard_deployments()
RETURNS trigger
LANGUAGE C VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'arbees_guard_deployments';
COMMENT ON FUNCTION arbees.guard_deployments() IS 'refuses limits and a kill criterion of a deployment written by hand';
REVOKE ALL ON FUNCTION arbees.guard_deployments() FROM PUBLIC;

CREATE OR REPLACE TRIGGER deployments_limits_guard
	BEFORE UPDATE OF max_instruments, max_order_usd, max_day_orders, max_open_positions, max_venues, risk_scaler,
		kill_loss_usd, kill_losses_in_row, kill_win_pct, kill_after_trades
	ON arbees.deployments
	FOR EACH ROW EXECUTE FUNCTION arbees.guard_deployments();
ALTER TABLE arbees.deployments ENABLE ALWAYS TRIGGER deployments_limits_guard;

CREATE OR REPLACE FUNCTION @extschema@.arbees_set_deployment_limits(
	deployment integer, instruments integer, order_usd numeric, day_orders integer, open_positions integer,
	venues integer, reason text)
RETURNS void
LANGUAGE C VOLATILE PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'arbees_set_deployment_limits';
COMMENT ON FUNCTION @extschema@.arbees_set_deployment_limits(integer, integer, numeric, integer, integer, integer, text) IS
	'sets the limits of a deployment, NULL leaves one as it is; arbees_operator only to tighten';

CREATE OR REPLACE FUNCTION @extschema@.arbees_set_risk_scaler(deployment integer, scaler numeric, reason text)
RETURNS void
LANGUAGE C VOLATILE PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'arbees_set_risk_scaler';
COMMENT ON FUNCTION @extschema@.arbees_set_risk_scaler(integer, numeric, text) IS
	'what a deployment''s sizes are multiplied by, 0 to 1; arbees_operator only to lower';

/*
 * A version is certified by somebody of arbees_risk who did not register it; what
 * is registered anew is a new version, unless it is exactly an old one.
 */
CREATE OR REPLACE FUNCTION @extschema@.arbees_certify(strategy text, reason text)
RETURNS text
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
#variable_conflict use_column
DECLARE
	s	arbees.strategies;
	v	arbees.strategy_versions;
BEGIN
	IF coalesce(btrim($2), '') = '' THEN
		RAISE EXCEPTION 'a reason must be given' USING ERRCODE = 'null_value_not_allowed';
	END IF;
	SELECT * INTO s FROM arbees.strategies x WHERE x.name = $1 FOR UPDATE;
	IF s.strategy_id IS NULL THEN
		RAISE EXCEPTION 'strategy "%" does not exist', $1 USING ERRCODE = 'no_data_found';
	END IF;
	SELECT * INTO STRICT v FROM arbees.strategy_versions x
		WHERE x.strategy_id = s.strategy_id AND x.hash = s.version_hash;
	IF v.certified_at IS NOT NULL THEN
		RETURN format('version %s was certified already, by %s', left(v.hash, 12), v.certified_by);
	END IF;
	IF encode(sha256(convert_to(pg_get_functiondef(to_regprocedure(s.function_name)), 'UTF8')), 'hex')
		IS DISTINCT FROM s.version_hash THEN
		RAISE EXCEPTION 'the function of strategy "%" is not the one that was registered', $1
			USING ERRCODE = 'object_not_in_prerequisite_state',
			HINT = 'Register the strategy again, so that its new version can be certified.';
	END IF;
	-- The login counts: SET ROLE makes nobody a second person.
	IF session_user = v.registered_by THEN
		RAISE EXCEPTION 'strategy "%" cannot be certified by who registered it', $1
			USING ERRCODE = 'insufficient_privilege',
			DETAIL = format('Version %s was registered by %s.', left(v.hash, 12), v.registered_by);
	END IF;
	UPDATE arbees.strategy_versions SET certified_by = session_user, certified_at = clock_timestamp(), certificate = $2
		WHERE version_id = v.version_id;
	UPDATE arbees.strategies SET version_certified = true WHERE strategy_id = s.strategy_id;
	PERFORM arbees.write_journal(NULL, 'strategy_certified', NULL, s.strategy_id,
		format('%s, version %s, by %s: %s', $1, left(v.hash, 12), session_user, $2));
	RETURN format('version %s certified', left(v.hash, 12));
END
$function$;
COMMENT ON FUNCTION @extschema@.arbees_certify(text, text) IS
	'certifies the registered version of a strategy for real money; not by who registered it';

CREATE OR REPLACE FUNCTION @extschema@.arbees_retire(strategy text, reason text)
RETURNS text
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
#variable_conflict use_column
DECLARE
	s	arbees.strategies;
	n	bigint;
BEGIN
	IF coalesce(btrim($2), '') = '' THEN
		RAISE EXCEPTION 'a reason must be given' USING ERRCODE = 'null_value_not_allowed';
	END IF;
	SELECT * INTO s FROM arbees.strategies x WHERE x.name = $1 FOR UPDATE;
	IF s.strategy_id IS NULL THEN
		RAISE EXCEPTION 'strategy "%" does not exist', $1 USING ERRCODE = 'no_data_found';
	END IF;
	IF s.state = 'retired' THEN
		RETURN format('%s was retired already', $1);
	END IF;
	UPDATE arbees.strategies SET state = 'retired' WHERE strategy_id = s.strategy_id;
	UPDATE arbees.deployments SET state = 'retired' WHERE strategy_id = s.strategy_id AND state <> 'retired';
	GET DIAGNOSTICS n = ROW_COUNT;
	PERFORM arbees.write_journal(NULL, 'strategy_retired', NULL, s.strategy_id, format('%s: %s', $1, $2));
	RETURN format('%s retired; deployments ended: %s', $1, n);
END
$function$;
COMMENT ON FUNCTION @extschema@.arbees_retire(text, text) IS
	'ends a strategy and its deployments: no entries any more; their positions are still closed by their rules';

REVOKE ALL ON FUNCTION
	@extschema@.arbees_set_deployment_limits(integer, integer, numeric, integer, integer, integer, text),
	@extschema@.arbees_set_risk_scaler(integer, numeric, text),
	@extschema@.arbees_certify(text, text), @extschema@.arbees_retire(text, text)
	FROM PUBLIC;
GRANT EXECUTE ON FUNCTION
	@extschema@.arbees_set_deployment_limits(integer, integer, numeric, integer, integer, integer, text),
	@extschema@.arbees_set_risk_scaler(integer, numeric, text),
	@extschema@.arbees_retire(text, text)
	TO arbees_operator;
GRANT EXECUTE ON FUNCTION @extschema@.arbees_certify(text, text) TO arbees_risk;
