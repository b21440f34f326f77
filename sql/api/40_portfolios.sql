/* Venues, accounts, portfolios, strategies: the verbs that set a desk up. */
CREATE OR REPLACE FUNCTION @extschema@.arbees_create_venue(
	name text, is_simulator boolean, clock_driven boolean, endpoints jsonb, chain_id integer)
RETURNS integer
LANGUAGE sql VOLATILE PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
	INSERT INTO arbees.venues (name, is_simulator, clock_driven, derives_order_id, endpoints, chain_id)
	VALUES ($1, $2, $3, true, $4, $5) RETURNING venue_id
$function$;
COMMENT ON FUNCTION @extschema@.arbees_create_venue(text, boolean, boolean, jsonb, integer) IS
	'a venue that speaks Polymarket''s protocol at the given endpoints; returns its id';

CREATE OR REPLACE FUNCTION @extschema@.arbees_create_account(
	name text, venue text, address text, signature_type integer, capital_cap_usd numeric)
RETURNS integer
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
#variable_conflict use_column
DECLARE
	id	integer;
BEGIN
	INSERT INTO arbees.venue_accounts (name, venue_id, address, signature_type, capital_cap_usd)
	SELECT $1, v.venue_id, $3, $4, $5 FROM arbees.venues v WHERE v.name = $2
	RETURNING venue_account_id INTO id;
	IF id IS NULL THEN
		RAISE EXCEPTION 'venue "%" does not exist', $2 USING ERRCODE = 'no_data_found';
	END IF;
	RETURN id;
END
$function$;
COMMENT ON FUNCTION @extschema@.arbees_create_account(text, text, text, integer, numeric) IS
	'the wallet or brokerage account at a venue, with the most dollars that may be at work in it; returns its id';

CREATE OR REPLACE FUNCTION @extschema@.arbees_create_portfolio(name text, mode text, venue text, account text)
RETURNS integer
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
#variable_conflict use_column
DECLARE
	v_mode	arbees.mode := mode::arbees.mode;
	id		integer;
BEGIN
	IF v_mode = 'BACKTEST' THEN
		RAISE EXCEPTION 'mode % is not built yet', v_mode
			USING ERRCODE = 'RB008', HINT = 'PAPER, DRY_RUN and LIVE work.';
	END IF;
	IF v_mode = 'PAPER' AND account IS NOT NULL THEN
		RAISE EXCEPTION 'a PAPER portfolio has no venue account' USING ERRCODE = 'invalid_parameter_value';
	END IF;
	IF v_mode <> 'PAPER' AND account IS NULL THEN
		RAISE EXCEPTION 'a % portfolio needs a venue account', v_mode
			USING ERRCODE = 'invalid_parameter_value', HINT = 'arbees_create_account makes one.';
	END IF;
	INSERT INTO arbees.portfolios (name, mode, venue_id, venue_account_id)
	SELECT $1, v_mode, v.venue_id, a.venue_account_id
	FROM arbees.venues v LEFT JOIN arbees.venue_accounts a ON a.name = $4 AND a.venue_id = v.venue_id
	WHERE v.name = $3 AND ($4 IS NULL OR a.venue_account_id IS NOT NULL)
	RETURNING portfolio_id INTO id;
	IF id IS NULL THEN
		RAISE EXCEPTION 'venue "%" or its account "%" does not exist', $3, $4 USING ERRCODE = 'no_data_found';
	END IF;
	RETURN id;
END
$function$;
COMMENT ON FUNCTION @extschema@.arbees_create_portfolio(text, text, text, text) IS
	'all that is added up together: one mode, one run; LIVE and DRY_RUN need a venue account, PAPER takes NULL; returns its id';

CREATE OR REPLACE FUNCTION arbees.portfolio_id(name text)
RETURNS integer
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $function$
#variable_conflict use_column
DECLARE
	id	integer;
BEGIN
	SELECT portfolio_id INTO id FROM arbees.portfolios p WHERE p.name = $1;
	IF id IS NULL THEN
		RAISE EXCEPTION 'portfolio "%" does not exist', $1
			USING ERRCODE = 'no_data_found', HINT = 'SELECT name FROM arbees.portfolios lists them.';
	END IF;
	RETURN id;
END
$function$;

CREATE OR REPLACE FUNCTION arbees.book_transfer(portfolio integer, amount numeric, reason text)
RETURNS void
LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'arbees_book_transfer';
CREATE OR REPLACE FUNCTION arbees.book_new_session(portfolio integer)
RETURNS void
LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'arbees_book_new_session';

CREATE OR REPLACE FUNCTION @extschema@.arbees_deposit(portfolio text, amount numeric, reason text)
RETURNS void
LANGUAGE plpgsql STRICT VOLATILE PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
	IF $2 <= 0 THEN
		RAISE EXCEPTION 'the amount of a deposit must be above 0, not %', $2
			USING ERRCODE = 'invalid_parameter_value';
	END IF;
	PERFORM arbees.book_transfer(arbees.portfolio_id($1), $2, $3);
END
$function$;
COMMENT ON FUNCTION @extschema@.arbees_deposit(text, numeric, text) IS 'books money that came in, dollars; P&L does not change';

CREATE OR REPLACE FUNCTION @extschema@.arbees_withdraw(portfolio text, amount numeric, reason text)
RETURNS void
LANGUAGE plpgsql STRICT VOLATILE PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
	IF $2 <= 0 THEN
		RAISE EXCEPTION 'the amount of a withdrawal must be above 0, not %', $2
			USING ERRCODE = 'invalid_parameter_value';
	END IF;
	PERFORM arbees.book_transfer(arbees.portfolio_id($1), -$2, $3);
END
$function$;
COMMENT ON FUNCTION @extschema@.arbees_withdraw(text, numeric, text) IS 'books money that went out, dollars; P&L does not change';

CREATE OR REPLACE FUNCTION @extschema@.arbees_new_session(portfolio text)
RETURNS void
LANGUAGE sql STRICT VOLATILE PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$ SELECT arbees.book_new_session(arbees.portfolio_id($1)) $function$;
COMMENT ON FUNCTION @extschema@.arbees_new_session(text) IS 'the session loss is counted from here on';

CREATE OR REPLACE FUNCTION @extschema@.arbees_arm(portfolio text, statement text)
RETURNS void
LANGUAGE plpgsql STRICT VOLATILE PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	p	arbees.portfolios;
	cap	numeric;
BEGIN
	SELECT * INTO p FROM arbees.portfolios x WHERE x.portfolio_id = arbees.portfolio_id($1);
	IF p.mode <> 'LIVE' THEN
		RAISE EXCEPTION 'portfolio "%" is %, only LIVE is armed', $1, p.mode USING ERRCODE = 'invalid_parameter_value';
	END IF;
	SELECT capital_cap_usd INTO cap FROM arbees.venue_accounts a WHERE a.venue_account_id = p.venue_account_id;
	IF cap IS NULL THEN
		RAISE EXCEPTION 'venue account of portfolio "%" has no capital cap', $1
			USING ERRCODE = 'RB002', HINT = 'Set capital_cap_usd of the account first.';
	END IF;
	UPDATE arbees.arm_statements SET disarmed_at = clock_timestamp()
		WHERE portfolio_id = p.portfolio_id AND disarmed_at IS NULL;
	INSERT INTO arbees.arm_statements (portfolio_id, statement, armed_by)
		VALUES (p.portfolio_id, $2, arbees.actor());
	PERFORM arbees.write_journal('LIVE', 'armed', p.portfolio_id, NULL, $2);
END
$function$;
COMMENT ON FUNCTION @extschema@.arbees_arm(text, text) IS
	'records an operator''s statement that this LIVE portfolio may trade';

CREATE OR REPLACE FUNCTION @extschema@.arbees_disarm(portfolio text, reason text)
RETURNS void
LANGUAGE plpgsql STRICT VOLATILE PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
	UPDATE arbees.arm_statements SET disarmed_at = clock_timestamp()
		WHERE portfolio_id = arbees.portfolio_id($1) AND disarmed_at IS NULL;
	PERFORM arbees.write_journal('LIVE', 'disarmed', arbees.portfolio_id($1), NULL, $2);
END
$function$;
COMMENT ON FUNCTION @extschema@.arbees_disarm(text, text) IS 'takes the permission to trade LIVE back';

/*
 * Strategies. A function's version is the hash of its definition; registering
 * again after a change records the new version.
 */
CREATE OR REPLACE FUNCTION arbees.always_trade_canary(state arbees.market_state)
RETURNS arbees.signal
LANGUAGE C STRICT STABLE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'arbees_always_trade_canary';
COMMENT ON FUNCTION arbees.always_trade_canary(arbees.market_state) IS
	'buys the favoured side for $1 shortly before a window closes and holds it to settlement';

CREATE OR REPLACE FUNCTION arbees.vwap(state arbees.market_state)
RETURNS arbees.signal
LANGUAGE C STRICT STABLE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'arbees_vwap';
COMMENT ON FUNCTION arbees.vwap(arbees.market_state) IS
	'buys the side of the current window that is offered below the average price of its session by a threshold';

CREATE OR REPLACE FUNCTION arbees.sizing_of(
	parameters jsonb, params jsonb, OUT kind text, OUT value numeric, OUT cap_usd numeric)
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'arbees_sizing_of';
COMMENT ON FUNCTION arbees.sizing_of(jsonb, jsonb) IS
	'how a deployment with params sizes its orders under a strategy with parameters; raises 22023 for what cannot be read';

/* Limits that a strategy declares with its parameters: all five, whole numbers but for the dollars. */
CREATE OR REPLACE FUNCTION arbees.check_strategy_limits(limits jsonb)
RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	names	text[] := '{instruments,order_usd,day_orders,open_positions,venues}';
	k		text;
	n		numeric;
	most	numeric;
	digits	integer;
	complete	boolean;
BEGIN
	IF limits IS NULL THEN
		RETURN NULL;
	END IF;
	complete := CASE WHEN jsonb_typeof(limits) = 'object' THEN limits ?& names AND limits - names = '{}' ELSE false END;
	IF NOT complete THEN
		RAISE EXCEPTION 'the limits of a strategy are not complete'
			USING ERRCODE = 'invalid_parameter_value',
			DETAIL = 'They are an object of instruments, order_usd, day_orders, open_positions and venues.';
	END IF;
	FOREACH k IN ARRAY names LOOP
		n := CASE WHEN jsonb_typeof(limits -> k) = 'number' THEN (limits ->> k)::numeric END;
		most := CASE k WHEN 'order_usd' THEN 999999999 WHEN 'venues' THEN 1000 ELSE 1000000 END;
		digits := CASE k WHEN 'order_usd' THEN 8 ELSE 0 END;
		IF n IS NULL OR n < 0 OR n > most OR n <> round(n, digits) THEN
			RAISE EXCEPTION 'limit "%" of a strategy cannot be %', k, limits -> k
				USING ERRCODE = 'invalid_parameter_value',
				DETAIL = 'instruments, day_orders and open_positions are whole numbers to 1000000, venues to 1000, order_usd is in dollars, to 999999999.';
		END IF;
	END LOOP;
	RETURN limits;
END
$function$;

/* A kill criterion in numbers: whatever of it is declared. */
CREATE OR REPLACE FUNCTION arbees.check_kill_rules(rules jsonb)
RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	names	text[] := '{loss_usd,losses_in_row,win_pct,after_trades}';
	k		text;
	n		numeric;
	most	numeric;
	digits	integer;
	readable	boolean;
BEGIN
	IF rules IS NULL THEN
		RETURN NULL;
	END IF;
	readable := CASE WHEN jsonb_typeof(rules) = 'object' THEN rules - names = '{}' AND rules <> '{}'
		AND (rules ? 'win_pct') = (rules ? 'after_trades') ELSE false END;
	IF NOT readable THEN
		RAISE EXCEPTION 'the kill criterion of a strategy cannot be read'
			USING ERRCODE = 'invalid_parameter_value',
			DETAIL = 'It is an object of loss_usd, losses_in_row, and win_pct together with after_trades, or some of them.';
	END IF;
	FOR k IN SELECT jsonb_object_keys(rules) LOOP
		n := CASE WHEN jsonb_typeof(rules -> k) = 'number' THEN (rules ->> k)::numeric END;
		most := CASE k WHEN 'win_pct' THEN 100 ELSE 1000000 END;
		digits := CASE WHEN k IN ('loss_usd', 'win_pct') THEN 8 ELSE 0 END;
		IF n IS NULL OR n <= 0 OR n > most OR n <> round(n, digits) THEN
			RAISE EXCEPTION '"%" of a kill criterion cannot be %', k, rules -> k
				USING ERRCODE = 'invalid_parameter_value',
				DETAIL = 'losses_in_row and after_trades are whole numbers, loss_usd is in dollars, each above 0 and to 1000000; win_pct is to 100.';
		END IF;
	END LOOP;
	RETURN rules;
END
$function$;

CREATE OR REPLACE FUNCTION @extschema@.arbees_register_strategy(
	name text, function regprocedure, parameters jsonb, expectations jsonb, kill_criterion text)
RETURNS integer
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
#variable_conflict use_column
DECLARE
	f	pg_proc;
	id	integer;
	v_parameters jsonb;
	v_definition text;
	v_hash	text;
	v_limits jsonb := arbees.check_strategy_limits($3 -> 'limits');
	v_kill	jsonb := arbees.check_kill_rules($3 -> 'kill');
BEGIN
	SELECT * INTO STRICT f FROM pg_proc p WHERE p.oid = $2;
	IF f.pronargs <> 1 OR f.proargtypes[0] <> 'arbees.market_state'::regtype OR f.prorettype <> 'arbees.signal'::regtype
		OR f.proretset THEN
		RAISE EXCEPTION 'function % is no strategy', $2
			USING ERRCODE = 'invalid_parameter_value',
			DETAIL = 'A strategy takes one arbees.market_state and returns arbees.signal.';
	END IF;
	IF f.prosecdef THEN
		RAISE EXCEPTION 'function % is SECURITY DEFINER: a strategy must not bring power of its own', $2
			USING ERRCODE = 'invalid_parameter_value';
	END IF;
	SELECT s.parameters INTO v_parameters FROM arbees.strategies s WHERE s.name = $1;
	v_parameters := coalesce($3 - '{limits,kill}'::text[], v_parameters, '{}');
	-- What is deployed already must fit what is declared now.
	PERFORM arbees.sizing_of(v_parameters, p.params)
	FROM (SELECT '{}'::jsonb AS params UNION ALL
		SELECT d.params FROM arbees.deployments d JOIN arbees.strategies s ON s.strategy_id = d.strategy_id
		WHERE s.name = $1 AND d.state <> 'retired') p;
	v_definition := pg_get_functiondef($2);
	v_hash := encode(sha256(convert_to(v_definition, 'UTF8')), 'hex');
	INSERT INTO arbees.strategies AS s (name, function_name, run_as, parameters, expectations, kill_criterion, version_hash,
		limits, kill_rules)
	VALUES ($1, format('%s.%I(arbees.market_state)', f.pronamespace::regnamespace, f.proname),
		'arbees_strategy', v_parameters, $4, $5, v_hash, v_limits, v_kill)
	ON CONFLICT ON CONSTRAINT strategies_name_key DO UPDATE SET function_name = excluded.function_name,
		version_hash = excluded.version_hash, parameters = excluded.parameters,
		limits = coalesce(v_limits, s.limits), kill_rules = coalesce(v_kill, s.kill_rules),
		expectations = coalesce($4, s.expectations), kill_criterion = coalesce($5, s.kill_criterion)
	RETURNING s.strategy_id INTO id;
	INSERT INTO arbees.strategy_versions (strategy_id, hash, definition)
	VALUES (id, v_hash, v_definition)
	ON CONFLICT ON CONSTRAINT strategy_versions_hash_key DO NOTHING;
	UPDATE arbees.strategies SET version_certified = v.certified_at IS NOT NULL
	FROM arbees.strategy_versions v
	WHERE strategies.strategy_id = id AND v.strategy_id = id AND v.hash = v_hash
		AND version_certified <> (v.certified_at IS NOT NULL);
	RETURN id;
END
$function$;
COMMENT ON FUNCTION @extschema@.arbees_register_strategy(text, regprocedure, jsonb, jsonb, text) IS
	'registers a function f(arbees.market_state) returns arbees.signal as a strategy, or its new version; the keys limits and kill of its parameters declare what its deployments start with';

CREATE OR REPLACE FUNCTION @extschema@.arbees_deploy(strategy text, portfolio text, params jsonb)
RETURNS integer
LANGUAGE plpgsql STRICT VOLATILE PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
#variable_conflict use_column
DECLARE
	id	integer;
	v_mode	arbees.mode;
	s	arbees.strategies;
BEGIN
	SELECT mode INTO v_mode FROM arbees.portfolios p WHERE p.portfolio_id = arbees.portfolio_id($2);
	IF v_mode = 'BACKTEST' THEN
		RAISE EXCEPTION 'mode % is not built yet', v_mode
			USING ERRCODE = 'RB008', HINT = 'PAPER, DRY_RUN and LIVE work.';
	END IF;
	SELECT * INTO s FROM arbees.strategies x WHERE x.name = $1;
	IF s.strategy_id IS NULL THEN
		RAISE EXCEPTION 'strategy "%" does not exist', $1 USING ERRCODE = 'no_data_found';
	END IF;
	IF s.state = 'retired' THEN
		RAISE EXCEPTION 'strategy "%" is retired', $1 USING ERRCODE = 'object_not_in_prerequisite_state';
	END IF;
	IF $3 ?| '{limits,kill}' THEN
		RAISE EXCEPTION 'the limits and the kill criterion of a deployment are no parameters of it'
			USING ERRCODE = 'invalid_parameter_value',
			HINT = 'The strategy declares them; arbees_set_deployment_limits changes the limits.';
	END IF;
	PERFORM arbees.sizing_of(s.parameters, $3);
	INSERT INTO arbees.deployments (strategy_id, portfolio_id, mode, params,
		max_instruments, max_order_usd, max_day_orders, max_open_positions, max_venues,
		kill_loss_usd, kill_losses_in_row, kill_win_pct, kill_after_trades)
	SELECT s.strategy_id, p.portfolio_id, p.mode, $3, (s.limits ->> 'instruments')::integer,
		(s.limits ->> 'order_usd')::numeric, (s.limits ->> 'day_orders')::integer,
		(s.limits ->> 'open_positions')::integer, (s.limits ->> 'venues')::integer,
		(s.kill_rules ->> 'loss_usd')::numeric, (s.kill_rules ->> 'losses_in_row')::integer,
		(s.kill_rules ->> 'win_pct')::numeric, (s.kill_rules ->> 'after_trades')::integer
	FROM arbees.portfolios p
	WHERE p.portfolio_id = arbees.portfolio_id($2)
	ON CONFLICT (strategy_id, portfolio_id) WHERE state <> 'retired' DO NOTHING
	RETURNING deployment_id INTO id;
	IF id IS NULL THEN
		RAISE EXCEPTION 'strategy "%" is deployed in portfolio "%" already', $1, $2
			USING ERRCODE = 'unique_violation', DETAIL = (SELECT format('It is deployment %s, %s.', d.deployment_id, d.state)
				FROM arbees.deployments d WHERE d.strategy_id = s.strategy_id AND d.portfolio_id = arbees.portfolio_id($2) AND d.state <> 'retired');
	END IF;
	IF s.limits IS NULL THEN
		RAISE WARNING 'strategy "%" declares no limits: the gate denies its entries', $1
			USING HINT = format('SELECT arbees_set_deployment_limits(%s, instruments, order_usd, day_orders, open_positions, venues, reason)', id);
	END IF;
	PERFORM arbees.write_journal(v_mode, 'deployed', arbees.portfolio_id($2), id, $1);
	RETURN id;
END
$function$;
COMMENT ON FUNCTION @extschema@.arbees_deploy(text, text, jsonb) IS
	'runs a strategy in a portfolio with parameters, within the limits the strategy declares; returns the deployment''s id';

REVOKE ALL ON FUNCTION arbees.sizing_of(jsonb, jsonb) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION arbees.sizing_of(jsonb, jsonb) TO arbees_viewer;
CREATE OR REPLACE FUNCTION arbees.effective_limits(
	deployment integer, instrument integer,
	OUT key text, OUT value text, OUT decided_by text, OUT soft text, OUT soft_decided_by text)
RETURNS SETOF record
LANGUAGE sql STRICT STABLE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $function$
	SELECT l.*
	FROM arbees.deployments d
	JOIN arbees.strategies s USING (strategy_id)
	JOIN arbees.portfolios p USING (portfolio_id)
	JOIN arbees.venues v USING (venue_id)
	JOIN arbees.instruments i ON i.instrument_id = $2
	CROSS JOIN LATERAL arbees.list_limits(v.name, s.name, i.symbol, i.name, i.underlying) l
	WHERE d.deployment_id = $1
$function$;
COMMENT ON FUNCTION arbees.effective_limits(integer, integer) IS
	'the limits in force for a deployment''s orders in an instrument, and the scope each comes from';

REVOKE ALL ON FUNCTION
	@extschema@.arbees_create_venue(text, boolean, boolean, jsonb, integer),
	@extschema@.arbees_create_account(text, text, text, integer, numeric),
	@extschema@.arbees_create_portfolio(text, text, text, text),
	arbees.book_transfer(integer, numeric, text), arbees.book_new_session(integer),
	@extschema@.arbees_deposit(text, numeric, text), @extschema@.arbees_withdraw(text, numeric, text),
	@extschema@.arbees_new_session(text), @extschema@.arbees_arm(text, text), @extschema@.arbees_disarm(text, text),
	@extschema@.arbees_register_strategy(text, regprocedure, jsonb, jsonb, text),
	@extschema@.arbees_deploy(text, text, jsonb)
	FROM PUBLIC;
GRANT EXECUTE ON FUNCTION
	@extschema@.arbees_create_venue(text, boolean, boolean, jsonb, integer),
	@extschema@.arbees_create_account(text, text, text, integer, numeric),
	@extschema@.arbees_create_portfolio(text, text, text, text),
	@extschema@.arbees_deposit(text, numeric, text), @extschema@.arbees_withdraw(text, numeric, text),
	@extschema@.arbees_new_session(text), @extschema@.arbees_arm(text, text),
	@extschema@.arbees_register_strategy(text, regprocedure, jsonb, jsonb, text),
	@extschema@.arbees_deploy(text, text, jsonb)
	TO arbees_risk;
GRANT EXECUTE ON FUNCTION @extschema@.arbees_disarm(text, text) TO arbees_operator;

/* Backtest runs: their own leaves, dropped at once. The mode itself is not built yet. */
CREATE OR REPLACE FUNCTION arbees.create_run_leaves(portfolio integer)
RETURNS void
LANGUAGE plpgsql STRICT VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	t	text;
BEGIN
	-- A desk's leaf shows what a leaf has: columns, constraints, indexes.
	FOREACH t IN ARRAY ARRAY['decisions', 'positions', 'orders', 'fills', 'portfolio_ledger', 'order_payloads'] LOOP
		EXECUTE format('CREATE TABLE arbees.%I (LIKE arbees.%I INCLUDING ALL, CONSTRAINT %I CHECK (mode = ''BACKTEST''))',
			t || '_run_' || $1, t || '_paper', t || '_backtest_mode_check');
	END LOOP;
	EXECUTE format('CREATE TABLE arbees.%I (LIKE arbees.quotes_desk INCLUDING ALL)', 'quotes_run_' || $1);
	EXECUTE format('CREATE TABLE arbees.%I (LIKE arbees.ticks_desk INCLUDING ALL)', 'ticks_run_' || $1);
	FOREACH t IN ARRAY ARRAY['decisions', 'positions', 'orders', 'fills', 'portfolio_ledger', 'order_payloads', 'quotes', 'ticks'] LOOP
		EXECUTE format('ALTER TABLE arbees.%I ATTACH PARTITION arbees.%I FOR VALUES IN (%s)',
			t || '_backtest', t || '_run_' || $1, $1);
	END LOOP;
	PERFORM arbees.furnish_leaf('_run_' || $1);
	EXECUTE format('CREATE TABLE arbees.%I PARTITION OF arbees.journal_backtest FOR VALUES IN (%s)', 'journal_run_' || $1, $1);
END
$function$;
COMMENT ON FUNCTION arbees.create_run_leaves(integer) IS 'the partitions of one backtest run';

CREATE OR REPLACE FUNCTION arbees.drop_run_leaves(portfolio integer)
RETURNS void
LANGUAGE plpgsql STRICT VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	t	text;
BEGIN
	IF EXISTS (SELECT FROM arbees.portfolios p WHERE p.portfolio_id = $1 AND p.mode <> 'BACKTEST') THEN
		RAISE EXCEPTION 'portfolio % is no backtest run', $1 USING ERRCODE = 'invalid_parameter_value';
	END IF;
	FOREACH t IN ARRAY ARRAY['order_payloads', 'fills', 'orders', 'positions', 'decisions', 'portfolio_ledger', 'journal', 'quotes', 'ticks'] LOOP
		EXECUTE format('DROP TABLE arbees.%I', t || '_run_' || $1);
	END LOOP;
END
$function$;
COMMENT ON FUNCTION arbees.drop_run_leaves(integer) IS 'removes a backtest run''s rows at once, touching nothing of the desk';
REVOKE ALL ON FUNCTION arbees.create_run_leaves(integer), arbees.drop_run_leaves(integer) FROM PUBLIC;
