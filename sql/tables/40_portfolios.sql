/* Portfolios, the strategies that run in them, and what makes LIVE possible. */
CREATE SEQUENCE arbees.portfolios_seq AS integer;
CREATE TABLE arbees.portfolios (
	portfolio_id		integer PRIMARY KEY DEFAULT nextval('arbees.portfolios_seq'),
	name				text NOT NULL,
	mode				arbees.mode NOT NULL,
	venue_id			integer NOT NULL,
	venue_account_id	integer,
	created_by			text NOT NULL DEFAULT session_user,
	created_at			timestamptz NOT NULL DEFAULT clock_timestamp(),
	kill_level			arbees.kill_level NOT NULL DEFAULT 'none',
	drill_level			arbees.kill_level NOT NULL DEFAULT 'none',
	CONSTRAINT portfolios_name_key UNIQUE (name),
	CONSTRAINT portfolios_mode_key UNIQUE (portfolio_id, mode),
	CONSTRAINT portfolios_venue_fkey FOREIGN KEY (venue_id) REFERENCES arbees.venues,
	CONSTRAINT portfolios_venue_account_fkey FOREIGN KEY (venue_account_id) REFERENCES arbees.venue_accounts,
	CONSTRAINT portfolios_account_check
		CHECK ((mode IN ('LIVE', 'DRY_RUN')) = (venue_account_id IS NOT NULL)),
	-- Real money is stopped by the kill switch of the desk, and by nothing weaker.
	CONSTRAINT portfolios_levels_check
		CHECK (mode IN ('PAPER', 'DRY_RUN') OR (kill_level = 'none' AND drill_level = 'none'))
);
COMMENT ON COLUMN arbees.portfolios.kill_level IS
	'a level of this PAPER or DRY_RUN portfolio alone, set by its losses; the strictest of it, drill_level and the kill switch binds';
COMMENT ON COLUMN arbees.portfolios.drill_level IS 'the level that a drill rehearses';
-- What a kill counts by: backtest runs may be many.
CREATE INDEX portfolios_desk_idx ON arbees.portfolios (portfolio_id) WHERE mode <> 'BACKTEST';
-- One wallet, one LIVE book: otherwise the venue's balance cannot be compared with ours.
CREATE UNIQUE INDEX portfolios_live_account_key ON arbees.portfolios (venue_account_id) WHERE mode = 'LIVE';

CREATE SEQUENCE arbees.arm_statements_seq;
CREATE TABLE arbees.arm_statements (
	arm_id			bigint PRIMARY KEY DEFAULT nextval('arbees.arm_statements_seq'),
	portfolio_id	integer NOT NULL,
	statement		text NOT NULL,
	armed_by		text NOT NULL,
	armed_at		timestamptz NOT NULL DEFAULT clock_timestamp(),
	disarmed_at		timestamptz,
	CONSTRAINT arm_statements_portfolio_fkey FOREIGN KEY (portfolio_id) REFERENCES arbees.portfolios,
	CONSTRAINT arm_statements_statement_check CHECK (length(btrim(statement)) >= 8)
);
CREATE UNIQUE INDEX arm_statements_active_key ON arbees.arm_statements (portfolio_id) WHERE disarmed_at IS NULL;

CREATE SEQUENCE arbees.strategies_seq AS integer;
CREATE TABLE arbees.strategies (
	strategy_id		integer PRIMARY KEY DEFAULT nextval('arbees.strategies_seq'),
	name			text NOT NULL,
	function_name	text NOT NULL,
	run_as			text NOT NULL,
	state			text NOT NULL DEFAULT 'active',
	parameters		jsonb NOT NULL DEFAULT '{}',
	expectations	jsonb,
	kill_criterion	text,
	version_hash	text NOT NULL,
	registered_by	text NOT NULL DEFAULT session_user,
	registered_at	timestamptz NOT NULL DEFAULT clock_timestamp(),
	limits			jsonb,
	kill_rules		jsonb,
	version_certified	boolean NOT NULL DEFAULT false,
	CONSTRAINT strategies_name_key UNIQUE (name),
	CONSTRAINT strategies_state_check CHECK (state IN ('active', 'retired'))
);

COMMENT ON COLUMN arbees.strategies.limits IS
	'the limits a deployment starts with: instruments, order_usd, day_orders, open_positions, venues';
COMMENT ON COLUMN arbees.strategies.kill_rules IS
	'the kill criterion in numbers, which its deployments start with: loss_usd, losses_in_row, win_pct with after_trades';
COMMENT ON COLUMN arbees.strategies.version_certified IS
	'what arbees.strategy_versions says of version_hash, where the gate reads it';

CREATE SEQUENCE arbees.strategy_versions_seq AS integer;
CREATE TABLE arbees.strategy_versions (
	version_id		integer PRIMARY KEY DEFAULT nextval('arbees.strategy_versions_seq'),
	strategy_id		integer NOT NULL,
	hash			text NOT NULL,
	definition		text NOT NULL,
	first_seen_at	timestamptz NOT NULL DEFAULT clock_timestamp(),
	registered_by	text NOT NULL DEFAULT session_user,
	certified_by	text,
	certified_at	timestamptz,
	certificate		text,
	CONSTRAINT strategy_versions_certified_check
		CHECK (num_nulls(certified_by, certified_at, certificate) IN (0, 3)),
	CONSTRAINT strategy_versions_two_people_check CHECK (certified_by <> registered_by),
	CONSTRAINT strategy_versions_strategy_fkey FOREIGN KEY (strategy_id) REFERENCES arbees.strategies,
	CONSTRAINT strategy_versions_hash_key UNIQUE (strategy_id, hash)
);

CREATE SEQUENCE arbees.deployments_seq AS integer;
CREATE TABLE arbees.deployments (
	deployment_id	integer PRIMARY KEY DEFAULT nextval('arbees.deployments_seq'),
	strategy_id		integer NOT NULL,
	portfolio_id	integer NOT NULL,
	mode			arbees.mode NOT NULL,
	params			jsonb NOT NULL DEFAULT '{}',
	state			text NOT NULL DEFAULT 'active',
	last_error		text,
	deployed_by		text NOT NULL DEFAULT session_user,
	deployed_at		timestamptz NOT NULL DEFAULT clock_timestamp(),
	max_instruments	integer,
	max_order_usd	numeric(24,8),
	max_day_orders	integer,
	max_open_positions	integer,
	max_venues		integer,
	risk_scaler		numeric(9,8) NOT NULL DEFAULT 1,
	kill_loss_usd	numeric(24,8),
	kill_losses_in_row	integer,
	kill_win_pct	numeric(12,8),
	kill_after_trades	integer,
	CONSTRAINT deployments_limits_check CHECK (
		num_nulls(max_instruments, max_order_usd, max_day_orders, max_open_positions, max_venues) IN (0, 5)
		AND max_instruments BETWEEN 0 AND 1000000 AND max_order_usd BETWEEN 0 AND 999999999
		AND max_day_orders BETWEEN 0 AND 1000000 AND max_open_positions BETWEEN 0 AND 1000000
		AND max_venues BETWEEN 0 AND 1000),
	CONSTRAINT deployments_risk_scaler_check CHECK (risk_scaler BETWEEN 0 AND 1),
	CONSTRAINT deployments_kill_check CHECK (kill_loss_usd > 0 AND kill_losses_in_row > 0
		AND kill_win_pct BETWEEN 0 AND 100 AND kill_after_trades > 0
		AND num_nulls(kill_win_pct, kill_after_trades) IN (0, 2)),
	CONSTRAINT deployments_strategy_fkey FOREIGN KEY (strategy_id) REFERENCES arbees.strategies,
	CONSTRAINT deployments_portfolio_fkey
		FOREIGN KEY (portfolio_id, mode) REFERENCES arbees.portfolios (portfolio_id, mode),
	CONSTRAINT deployments_state_check CHECK (state IN ('active', 'paused', 'retired')),
	CONSTRAINT deployments_params_check CHECK (jsonb_typeof(params) = 'object')
);
COMMENT ON COLUMN arbees.deployments.max_instruments IS
	'instruments at work at once; this and the four that follow are what RTS 6 art. 8 asks for before a deployment: without them the gate denies';
COMMENT ON COLUMN arbees.deployments.kill_loss_usd IS
	'loss of the deployment at which it enters no more; this and the three that follow are its kill criterion, NULL where there is none';
COMMENT ON COLUMN arbees.deployments.kill_win_pct IS 'percent of closed positions with a gain below which it enters no more, once kill_after_trades have closed';
COMMENT ON COLUMN arbees.deployments.risk_scaler IS 'what every entry''s size is multiplied by, 0 to 1';
-- One at a time: what was retired stays as a record and stands in nobody's way.
CREATE UNIQUE INDEX deployments_running_key ON arbees.deployments (strategy_id, portfolio_id) WHERE state <> 'retired';
CREATE INDEX deployments_portfolio_idx ON arbees.deployments (portfolio_id);

CREATE TABLE arbees.breakers (
	scope			text NOT NULL,
	scope_id		integer NOT NULL,
	state			arbees.breaker_state NOT NULL,
	reason			text,
	changed_by		text NOT NULL,
	changed_at		timestamptz NOT NULL,
	PRIMARY KEY (scope, scope_id),
	CONSTRAINT breakers_scope_check CHECK (scope IN ('desk', 'portfolio', 'venue', 'strategy')),
	CONSTRAINT breakers_desk_check CHECK (scope <> 'desk' OR scope_id = 0)
);
COMMENT ON TABLE arbees.breakers IS 'a missing row means CLOSED; scope_id is the id of the portfolio, venue or strategy, 0 for the desk, whose breaker stops every portfolio';

/* A limit of losses that was reached; cleared when the loss is back within it, so that it acts once. */
CREATE TABLE arbees.loss_stops (
	portfolio_id	integer NOT NULL,
	loss_limit		text NOT NULL,
	reached_at		timestamptz NOT NULL,
	loss			numeric(24,8) NOT NULL,
	limit_value		numeric(24,8) NOT NULL,
	action			text NOT NULL,
	cleared_at		timestamptz,
	PRIMARY KEY (portfolio_id, loss_limit, reached_at),
	CONSTRAINT loss_stops_portfolio_fkey FOREIGN KEY (portfolio_id) REFERENCES arbees.portfolios
);
CREATE UNIQUE INDEX loss_stops_standing_key ON arbees.loss_stops (portfolio_id, loss_limit) WHERE cleared_at IS NULL;
COMMENT ON TABLE arbees.loss_stops IS 'limits of losses that were reached, in dollars or losses in a row, and what was done about it';

/* Rehearsals of the kill switch, a row per level. */
CREATE SEQUENCE arbees.kill_drills_seq;
CREATE TABLE arbees.kill_drills (
	drill_id		bigint NOT NULL,
	level			arbees.kill_level NOT NULL,
	portfolio_id	integer NOT NULL,
	called_by		text NOT NULL,
	called_at		timestamptz NOT NULL,
	started_at		timestamptz,
	finished_at		timestamptz,
	ms_to_flat		bigint,
	ok				boolean,
	result			text,
	PRIMARY KEY (drill_id, level),
	CONSTRAINT kill_drills_portfolio_fkey FOREIGN KEY (portfolio_id) REFERENCES arbees.portfolios,
	CONSTRAINT kill_drills_finished_check CHECK ((finished_at IS NULL) = (ok IS NULL))
);
CREATE UNIQUE INDEX kill_drills_running_key ON arbees.kill_drills (portfolio_id, level) WHERE finished_at IS NULL;
COMMENT ON TABLE arbees.kill_drills IS
	'who rehearsed the kill switch in which portfolio, and the milliseconds until nothing was left: no order and no position (flatten), no order (emergency)';
