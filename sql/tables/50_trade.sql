/*
 * What was judged, ordered, filled and held. Tables that carry mode are
 * partitioned by it; backtest runs have trees of their own beside these, one leaf
 * per run, so that a run is dropped at once and touches no index of the desk. Keys begin with the id, so that one index
 * serves a look-up by id alone; ids come from one sequence for all modes.
 *
 * Foreign keys run leaf to leaf (arbees.furnish_leaf): a check touches one
 * partition, whatever the number of runs. They point one way: fill -> order ->
 * position -> window, order -> decision.
 *
 * Constraints bind what we intend, never what a venue reports.
 */
CREATE SEQUENCE arbees.decisions_seq;
CREATE TABLE arbees.decisions (
	decision_id		bigint NOT NULL,
	portfolio_id	integer NOT NULL,
	mode			arbees.mode NOT NULL,
	deployment_id	integer NOT NULL,
	signal_key		text NOT NULL,
	purpose			arbees.order_purpose NOT NULL,
	instrument_id	integer NOT NULL,
	window_id		bigint,
	verdict			arbees.verdict NOT NULL,
	reason			text,
	market_time		timestamptz NOT NULL,
	decided_at		timestamptz NOT NULL,
	strategy_hash	text,
	gate_version	smallint NOT NULL,
	input			bytea NOT NULL,
	output			bytea NOT NULL,
	repeat_count	integer NOT NULL DEFAULT 0,
	last_repeat_at	timestamptz,
	confidence		numeric(20,8),
	confidence_unchanged	integer,
	target_qty		numeric(24,8),
	warnings		text,
	book			bytea,
	PRIMARY KEY (decision_id, portfolio_id, mode),
	CONSTRAINT decisions_signal_key UNIQUE (deployment_id, signal_key, portfolio_id, mode),
	CONSTRAINT decisions_reason_check CHECK ((verdict = 'accepted') = (reason IS NULL)),
	CONSTRAINT decisions_key_length_check CHECK (length(signal_key) BETWEEN 1 AND 128),
	CONSTRAINT decisions_input_size_check CHECK (octet_length(input) < 2048)
) PARTITION BY LIST (mode);
-- A deployment's last decision that had a confidence, so that a model that always says the same is noticed.
CREATE INDEX decisions_confidence_idx ON arbees.decisions (deployment_id, decision_id) WHERE confidence IS NOT NULL;
COMMENT ON COLUMN arbees.decisions.confidence_unchanged IS
	'decisions of the deployment just before this one that had the same confidence';
COMMENT ON COLUMN arbees.decisions.warnings IS 'checks beyond their soft level, or passed by an override; NULL when none';
COMMENT ON COLUMN arbees.decisions.book IS
	'an accepted decision''s order book, packed: up to ten levels a side; NULL where only the best were known; arbees.book_snapshots shows it';
COMMENT ON COLUMN arbees.decisions.target_qty IS 'shares the signal wanted to hold; NULL where it stated an amount';
-- The last target of each; most signals state an amount and are not in it.
CREATE INDEX decisions_target_idx ON arbees.decisions (deployment_id, instrument_id, decision_id)
	WHERE target_qty IS NOT NULL;

CREATE SEQUENCE arbees.positions_seq;
CREATE TABLE arbees.positions (
	position_id		bigint NOT NULL,
	portfolio_id	integer NOT NULL,
	mode			arbees.mode NOT NULL,
	deployment_id	integer NOT NULL,
	venue_id		integer NOT NULL,
	instrument_id	integer NOT NULL,
	window_id		bigint,
	state			arbees.position_state NOT NULL,
	stop_loss_pct		numeric(12,8) NOT NULL,
	take_profit_kind	arbees.take_profit_kind NOT NULL,
	take_profit_pct		numeric(14,8) NOT NULL,
	exit_at			timestamptz,
	entry_qty		numeric(24,8) NOT NULL DEFAULT 0,
	entry_money		numeric(24,8) NOT NULL DEFAULT 0,
	qty				numeric(24,8) NOT NULL DEFAULT 0,
	cost			numeric(24,8) NOT NULL DEFAULT 0,
	exit_qty		numeric(24,8) NOT NULL DEFAULT 0,
	exit_money		numeric(24,8) NOT NULL DEFAULT 0,
	settled_qty		numeric(24,8) NOT NULL DEFAULT 0,
	settled_money	numeric(24,8) NOT NULL DEFAULT 0,
	fees			numeric(24,8) NOT NULL DEFAULT 0,
	realized_pnl	numeric(24,8) NOT NULL DEFAULT 0,
	high_water		numeric(20,8),
	exit_reason		arbees.exit_reason,
	trigger_threshold	numeric(20,8),
	trigger_price	numeric(20,8),
	trigger_at		timestamptz,
	intended_price	numeric(20,8),
	exit_attempts	integer NOT NULL DEFAULT 0,
	opened_at		timestamptz NOT NULL,
	closed_at		timestamptz,
	stop_scale		numeric(9,8) NOT NULL DEFAULT 1,
	entry_volatility_pct	numeric(20,8),
	PRIMARY KEY (position_id, portfolio_id, mode),
	CONSTRAINT positions_closed_at_check CHECK ((state = 'CLOSED') = (closed_at IS NOT NULL)),
	CONSTRAINT positions_trigger_check CHECK (
		state NOT IN ('STOP_TRIGGERED', 'TP_TRIGGERED', 'EXPIRY', 'KILL_TRIGGERED', 'EXIT_PENDING')
		OR (exit_reason IS NOT NULL AND trigger_at IS NOT NULL)),
	CONSTRAINT positions_stop_loss_check CHECK (stop_loss_pct >= 0 AND stop_loss_pct <= 100),
	CONSTRAINT positions_stop_scale_check CHECK (stop_scale > 0 AND stop_scale <= 1),
	CONSTRAINT positions_take_profit_check CHECK (take_profit_pct >= 0 AND take_profit_pct <= 100000)
) PARTITION BY LIST (mode);
COMMENT ON COLUMN arbees.positions.stop_scale IS
	'what the strategy''s curve made of the declared stop: stop_loss_pct is the declared one times this';
COMMENT ON COLUMN arbees.positions.entry_volatility_pct IS
	'realised volatility when the position was entered, percent per square root of a minute; NULL where it was unknown';
-- Positions that still hold something, of a portfolio and by what moves them; the size of history does not matter.
CREATE INDEX positions_open_idx ON arbees.positions (portfolio_id, instrument_id)
	WHERE state <> 'CLOSED';
-- What a close left behind: less than a lot, until it is settled.
CREATE INDEX positions_dust_idx ON arbees.positions (portfolio_id)
	WHERE state = 'CLOSED' AND (qty <> 0 OR cost <> 0);
CREATE INDEX positions_unsettled_idx ON arbees.positions (window_id, position_id) WHERE qty <> 0;

CREATE SEQUENCE arbees.orders_seq;
CREATE TABLE arbees.orders (
	order_id		bigint NOT NULL,
	portfolio_id	integer NOT NULL,
	mode			arbees.mode NOT NULL,
	decision_id		bigint NOT NULL,
	deployment_id	integer NOT NULL,
	position_id		bigint NOT NULL,
	venue_id		integer NOT NULL,
	venue_account_id	integer,
	instrument_id	integer NOT NULL,
	window_id		bigint,
	purpose			arbees.order_purpose NOT NULL,
	entry_no		smallint,
	side			arbees.side NOT NULL,
	amount_kind		arbees.amount_kind NOT NULL,
	amount			numeric(24,8) NOT NULL,
	limit_price		numeric(20,8) NOT NULL,
	time_in_force	arbees.time_in_force NOT NULL,
	expires_at		timestamptz,
	state			arbees.order_state NOT NULL,
	state_rule		integer NOT NULL,
	client_order_id	text NOT NULL,
	venue_order_id	text,
	derives_order_id	boolean NOT NULL,
	body_hash		bytea,
	salt			bigint NOT NULL,
	signed_ms		bigint NOT NULL,
	reserved		numeric(24,8) NOT NULL,
	filled_qty		numeric(24,8) NOT NULL DEFAULT 0,
	filled_money	numeric(24,8) NOT NULL DEFAULT 0,
	fees			numeric(24,8) NOT NULL DEFAULT 0,
	venue_qty		numeric(24,8),
	claimed_epoch	bigint,
	created_at		timestamptz NOT NULL,
	send_before		timestamptz NOT NULL,
	claimed_at		timestamptz,
	acknowledged_at	timestamptz,
	finished_at		timestamptz,
	cancel_requested_at	timestamptz,
	cancel_sent_at	timestamptz,
	last_reason		text,
	PRIMARY KEY (order_id, portfolio_id, mode),
	-- Made of what is unique by itself, so it needs no index of its own.
	CONSTRAINT orders_client_order_id_check CHECK (client_order_id = 'ab1-' || portfolio_id::text || '-' || order_id::text),
	CONSTRAINT orders_entry_slot_key UNIQUE (window_id, instrument_id, portfolio_id, entry_no, mode),
	CONSTRAINT orders_entry_no_check CHECK (
		CASE WHEN purpose = 'ENTRY' AND window_id IS NOT NULL THEN entry_no IN (1, 2) AND entry_no IS NOT NULL
			 ELSE entry_no IS NULL END),
	CONSTRAINT orders_amount_positive_check CHECK (amount > 0 AND amount <> 'NaN'),
	CONSTRAINT orders_limit_price_check CHECK (limit_price > 0 AND limit_price <> 'NaN'),
	CONSTRAINT orders_money_is_buy_check CHECK (amount_kind = 'base' OR side = 'BUY'),
	CONSTRAINT orders_salt_check CHECK (salt >= 0 AND salt < 9007199254740992),
	CONSTRAINT orders_reserved_check CHECK (reserved >= 0 AND reserved <> 'NaN'),
	CONSTRAINT orders_expires_check CHECK ((time_in_force = 'GTD') = (expires_at IS NOT NULL)),
	CONSTRAINT orders_venue_order_id_check CHECK (
		CASE WHEN mode IN ('PAPER', 'BACKTEST') THEN true
			 WHEN venue_order_id IS NOT NULL THEN true
			 WHEN derives_order_id THEN state IN ('NEW', 'CANCELED', 'EXPIRED') AND claimed_at IS NULL
			 ELSE state IN ('NEW', 'SENDING', 'UNKNOWN', 'REJECTED', 'EXPIRED', 'CANCELED') END),
	CONSTRAINT orders_claimed_check CHECK (
		state IN ('NEW', 'CANCELED', 'EXPIRED') OR mode IN ('PAPER', 'BACKTEST')
		OR (claimed_at IS NOT NULL AND claimed_epoch IS NOT NULL AND body_hash IS NOT NULL)),
	CONSTRAINT orders_finished_check CHECK (
		(state IN ('FILLED', 'CANCELED', 'EXPIRED', 'REJECTED')) = (finished_at IS NOT NULL))
) PARTITION BY LIST (mode);
-- A fill finds its order by this: two orders must never share it.
CREATE UNIQUE INDEX orders_venue_order_id_key ON arbees.orders (venue_order_id, portfolio_id, mode)
	WHERE venue_order_id IS NOT NULL;
-- Orders that are still someone's business: the worker's list, the kill's list, the open count.
CREATE INDEX orders_working_idx ON arbees.orders (portfolio_id, order_id)
	WHERE finished_at IS NULL;
CREATE INDEX orders_unknown_idx ON arbees.orders (portfolio_id, window_id)
	WHERE state = 'UNKNOWN';
CREATE INDEX orders_position_idx ON arbees.orders (position_id);

CREATE SEQUENCE arbees.fills_seq;
CREATE TABLE arbees.fills (
	fill_id			bigint NOT NULL,
	portfolio_id	integer NOT NULL,
	mode			arbees.mode NOT NULL,
	order_id		bigint NOT NULL,
	position_id		bigint NOT NULL,
	instrument_id	integer NOT NULL,
	venue_trade_id	text NOT NULL,
	side			arbees.side NOT NULL,
	qty				numeric(24,8) NOT NULL,
	price			numeric(20,8) NOT NULL,
	money			numeric(24,8) NOT NULL,
	fee				numeric(24,8) NOT NULL,
	liquidity		text,
	settlement		arbees.settlement NOT NULL,
	matched_at		timestamptz NOT NULL,
	booked_at		timestamptz NOT NULL,
	voided_at		timestamptz,
	cost_change		numeric(24,8) NOT NULL,
	reserved_change	numeric(24,8) NOT NULL,
	PRIMARY KEY (fill_id, portfolio_id, mode),
	CONSTRAINT fills_venue_trade_key UNIQUE (order_id, venue_trade_id, portfolio_id, mode),
	CONSTRAINT fills_is_number_check CHECK (
		qty <> 'NaN' AND price <> 'NaN' AND money <> 'NaN' AND fee <> 'NaN'),
	CONSTRAINT fills_voided_check CHECK ((settlement = 'VOIDED') = (voided_at IS NOT NULL))
) PARTITION BY LIST (mode);
COMMENT ON COLUMN arbees.fills.cost_change IS
	'what it added to the cost of its position, negative for a sale; a void takes back exactly this';
COMMENT ON COLUMN arbees.fills.reserved_change IS
	'what it took of its order''s reservation, as a negative number; a void gives it back while the order works';
-- Fills that may still fail: their trades are read at the venue until they are final.
CREATE INDEX fills_provisional_idx ON arbees.fills (portfolio_id, matched_at) WHERE settlement = 'PROVISIONAL';

/* What was sent, or would have been: the request as the worker built it, stored with the claim. */
CREATE TABLE arbees.order_payloads (
	order_id		bigint NOT NULL,
	portfolio_id	integer NOT NULL,
	mode			arbees.mode NOT NULL,
	venue_order_id	text,
	body_hash		bytea NOT NULL,
	request			text NOT NULL,
	claimed_at		timestamptz NOT NULL,
	PRIMARY KEY (order_id, portfolio_id, mode),
	CONSTRAINT order_payloads_hash_check CHECK (octet_length(body_hash) = 32)
) PARTITION BY LIST (mode);
COMMENT ON TABLE arbees.order_payloads IS
	'the HTTP request of each order: method and path, the headers with secrets redacted, an empty line, the body byte for byte; LIVE sent it, the other modes did not';
COMMENT ON COLUMN arbees.order_payloads.venue_order_id IS 'the id derived from what was signed; NULL where nothing could be signed';
COMMENT ON COLUMN arbees.order_payloads.body_hash IS 'SHA-256 of the body, compared with it when the row was written';

/* What the venue says was traded on our account and no order of ours explains: booked here, alarmed, never dropped. */
CREATE SEQUENCE arbees.orphan_fills_seq;
CREATE TABLE arbees.orphan_fills (
	orphan_id		bigint PRIMARY KEY DEFAULT nextval('arbees.orphan_fills_seq'),
	venue_account_id	integer NOT NULL,
	venue_order_id	text NOT NULL,
	venue_trade_id	text NOT NULL,
	status			text NOT NULL,
	symbol			text NOT NULL,
	side			text NOT NULL,
	qty				numeric NOT NULL,
	price			numeric NOT NULL,
	money			numeric NOT NULL,
	fee				numeric NOT NULL,
	matched_at		timestamptz NOT NULL,
	reported_at		timestamptz NOT NULL DEFAULT clock_timestamp(),
	adoption_id		bigint,
	CONSTRAINT orphan_fills_venue_account_fkey FOREIGN KEY (venue_account_id) REFERENCES arbees.venue_accounts,
	CONSTRAINT orphan_fills_key UNIQUE (venue_account_id, venue_trade_id, venue_order_id)
);
CREATE INDEX orphan_fills_open_idx ON arbees.orphan_fills (venue_account_id, symbol) WHERE adoption_id IS NULL;
COMMENT ON COLUMN arbees.orphan_fills.adoption_id IS 'the adoption that took its shares into the books; NULL while nobody did';

/*
 * Shares at the venue that no order of ours explains, taken into the books by a
 * person's word. No order and no fill is invented for them: the position and this
 * row are all there is.
 */
CREATE SEQUENCE arbees.adoptions_seq;
CREATE TABLE arbees.adoptions (
	adoption_id		bigint PRIMARY KEY DEFAULT nextval('arbees.adoptions_seq'),
	reference		text NOT NULL,
	portfolio_id	integer NOT NULL,
	position_id		bigint NOT NULL,
	instrument_id	integer NOT NULL,
	discrepancy_id	bigint NOT NULL,
	reconciliation_id	bigint NOT NULL,
	qty				numeric(24,8) NOT NULL,
	price			numeric(20,8) NOT NULL,
	money			numeric(24,8) NOT NULL,
	fee				numeric(24,8) NOT NULL,
	adopted_by		text NOT NULL,
	adopted_at		timestamptz NOT NULL DEFAULT clock_timestamp(),
	reason			text NOT NULL,
	CONSTRAINT adoptions_reference_key UNIQUE (reference),
	CONSTRAINT adoptions_portfolio_fkey FOREIGN KEY (portfolio_id) REFERENCES arbees.portfolios,
	CONSTRAINT adoptions_instrument_fkey FOREIGN KEY (instrument_id) REFERENCES arbees.instruments,
	CONSTRAINT adoptions_amounts_check CHECK (qty > 0 AND qty <> 'NaN' AND money >= 0 AND money <> 'NaN'
		AND fee >= 0 AND fee <> 'NaN')
);
COMMENT ON COLUMN arbees.adoptions.reference IS 'made of the reconciliation and the difference it answers; the ledger''s row has it too';

/*
 * Totals of a portfolio: the row with the highest seq. Insert-only: an updated
 * row slows down under one old snapshot, a chain of inserts does not.
 */
CREATE TABLE arbees.portfolio_ledger (
	portfolio_id	integer NOT NULL,
	seq				bigint NOT NULL,
	mode			arbees.mode NOT NULL,
	kind			arbees.ledger_kind NOT NULL,
	order_id		bigint,
	position_id		bigint,
	reference		text,
	entered_at		timestamptz NOT NULL,
	market_time		timestamptz NOT NULL,
	cash_change		numeric(24,8) NOT NULL,
	claimable_change	numeric(24,8) NOT NULL,
	reserved_change	numeric(24,8) NOT NULL,
	cash			numeric(24,8) NOT NULL,
	claimable		numeric(24,8) NOT NULL,
	reserved		numeric(24,8) NOT NULL,
	deposits		numeric(24,8) NOT NULL,
	cost_open		numeric(24,8) NOT NULL,
	fees			numeric(24,8) NOT NULL,
	realized_pnl	numeric(24,8) NOT NULL,
	session_pnl		numeric(24,8) NOT NULL,
	day				date NOT NULL,
	day_pnl			numeric(24,8) NOT NULL,
	day_peak		numeric(24,8) NOT NULL,
	open_positions	integer NOT NULL,
	held_positions	integer NOT NULL DEFAULT 0,
	open_orders		integer NOT NULL,
	deployment_id	integer,
	instrument_id	integer,
	qty_change		numeric(24,8) NOT NULL,
	heat			numeric(24,8) NOT NULL,
	session			integer NOT NULL,
	week			date NOT NULL,
	week_pnl		numeric(24,8) NOT NULL,
	week_peak		numeric(24,8) NOT NULL,
	day_net			numeric(24,8) NOT NULL,
	day_value		numeric(24,8) NOT NULL,
	day_qty			numeric(24,8) NOT NULL,
	day_orders		integer NOT NULL,
	day_fills		integer NOT NULL,
	losses_in_row	integer NOT NULL,
	trade_pnl		numeric(24,8),
	d_realized		numeric(24,8),
	d_session_pnl	numeric(24,8),
	d_day_pnl		numeric(24,8),
	d_day_peak		numeric(24,8),
	d_week_pnl		numeric(24,8),
	d_week_peak		numeric(24,8),
	d_losses_in_row	integer,
	d_trades		integer,
	d_wins			integer,
	d_day_orders	integer,
	d_day_fills		integer,
	PRIMARY KEY (portfolio_id, seq, mode),
	CONSTRAINT portfolio_ledger_reserved_check CHECK (reserved >= 0),
	CONSTRAINT portfolio_ledger_deployment_check CHECK (
		num_nulls(deployment_id, d_realized, d_session_pnl, d_day_pnl, d_day_peak, d_week_pnl, d_week_peak,
			d_losses_in_row, d_trades, d_wins, d_day_orders, d_day_fills) IN (0, 12))
) PARTITION BY LIST (mode);
-- A deployment's last row: its totals, when a session does not know them yet.
CREATE INDEX portfolio_ledger_deployment_idx ON arbees.portfolio_ledger (deployment_id, seq)
	WHERE deployment_id IS NOT NULL;
COMMENT ON TABLE arbees.portfolio_ledger IS
	'insert-only; the last row of a portfolio holds its totals; cash + claimable + cost_open = deposits + realized_pnl at all times';
COMMENT ON COLUMN arbees.portfolio_ledger.heat IS
	'dollars at risk down to the stops: cost of open positions and reservations of working entries, each times its stop; all of it where there is none';
COMMENT ON COLUMN arbees.portfolio_ledger.day_net IS
	'dollars bought less sold today; what gains when its underlying falls counts with the opposite sign';
COMMENT ON COLUMN arbees.portfolio_ledger.session IS 'how many sessions were begun before this row';
COMMENT ON COLUMN arbees.portfolio_ledger.trade_pnl IS 'result of the position this row closed; NULL where none was';
COMMENT ON COLUMN arbees.portfolio_ledger.d_realized IS
	'as the other columns that begin with d_: totals of the row''s deployment; NULL in rows of no deployment';

/* Winning shares the venue has still to pay, and when it did; LIVE only, since simulated modes pay themselves. */
CREATE SEQUENCE arbees.redemptions_seq;
CREATE TABLE arbees.redemptions (
	redemption_id	bigint PRIMARY KEY DEFAULT nextval('arbees.redemptions_seq'),
	portfolio_id	integer NOT NULL,
	position_id		bigint NOT NULL,
	instrument_id	integer NOT NULL,
	shares			numeric(24,8) NOT NULL,
	settled_at		timestamptz NOT NULL,
	redeemed_at		timestamptz,
	evidence		text,
	CONSTRAINT redemptions_portfolio_fkey FOREIGN KEY (portfolio_id) REFERENCES arbees.portfolios,
	CONSTRAINT redemptions_instrument_fkey FOREIGN KEY (instrument_id) REFERENCES arbees.instruments,
	CONSTRAINT redemptions_evidence_check CHECK ((redeemed_at IS NULL) = (evidence IS NULL))
);
CREATE INDEX redemptions_open_idx ON arbees.redemptions (portfolio_id, instrument_id) WHERE redeemed_at IS NULL;
