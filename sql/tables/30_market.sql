/* Venues, underlyings, windows, instruments and what is known of their prices. */
CREATE SEQUENCE arbees.venues_seq AS integer;
CREATE TABLE arbees.venues (
	venue_id			integer PRIMARY KEY DEFAULT nextval('arbees.venues_seq'),
	name				text NOT NULL,
	is_simulator		boolean NOT NULL DEFAULT false,
	clock_driven		boolean NOT NULL DEFAULT false,
	derives_order_id	boolean NOT NULL,
	chain_id			integer,
	endpoints			jsonb NOT NULL,
	market_time			timestamptz,
	calendar			text,
	CONSTRAINT venues_name_key UNIQUE (name),
	CONSTRAINT venues_endpoints_object_check CHECK (jsonb_typeof(endpoints) = 'object'),
	CONSTRAINT venues_driven_is_simulator_check CHECK (NOT clock_driven OR is_simulator)
);
COMMENT ON COLUMN arbees.venues.calendar IS
	'whose sessions in arbees.market_sessions say when it is open; NULL for a market that never closes';
COMMENT ON COLUMN arbees.venues.market_time IS 'the driven clock''s last instant; NULL where the wall clock rules';

CREATE SEQUENCE arbees.venue_accounts_seq AS integer;
CREATE TABLE arbees.venue_accounts (
	venue_account_id	integer PRIMARY KEY DEFAULT nextval('arbees.venue_accounts_seq'),
	venue_id			integer NOT NULL,
	name				text NOT NULL,
	address				text,
	signature_type		integer NOT NULL DEFAULT 0,
	capital_cap_usd		numeric(24,8),
	checks				jsonb,
	checks_at			timestamptz,
	-- What the gate asks of the checks; what is missing among them is not good. trading_allowed is said only by a worker that was refused.
	checks_ok			boolean GENERATED ALWAYS AS (coalesce(checks @>
		'{"geoblock_ok": true, "closed_only": false, "allowance_ok": true, "signature_type_ok": true}'
		AND NOT checks @> '{"trading_allowed": false}', false)) STORED,
	clock_offset_ms		numeric GENERATED ALWAYS AS (CASE WHEN (checks ->> 'clock_offset_ms') IS NOT NULL
		THEN greatest(least((checks ->> 'clock_offset_ms')::numeric, 1e9), -1e9) END) STORED,
	CONSTRAINT venue_accounts_venue_fkey FOREIGN KEY (venue_id) REFERENCES arbees.venues,
	CONSTRAINT venue_accounts_name_key UNIQUE (name),
	CONSTRAINT venue_accounts_address_check CHECK (address ~ '^0x[0-9a-fA-F]{40}$'),
	CONSTRAINT venue_accounts_signature_type_check CHECK (signature_type BETWEEN 0 AND 3),
	CONSTRAINT venue_accounts_cap_check CHECK (capital_cap_usd > 0 AND capital_cap_usd <> 'NaN')
);

CREATE TABLE arbees.underlyings (
	underlying		text PRIMARY KEY,
	description		text,
	CONSTRAINT underlyings_name_check CHECK (underlying ~ '^[A-Z0-9./-]{1,32}$')
);

/* Last known price of an underlying at a venue's reference feed; one row each, HOT-updated. */
CREATE TABLE arbees.underlying_prices (
	venue_id		integer NOT NULL,
	underlying		text NOT NULL,
	price			numeric NOT NULL,
	source_at		timestamptz NOT NULL,
	received_at		timestamptz NOT NULL,
	variance		float8 NOT NULL DEFAULT 0,
	variance_weight	float8 NOT NULL DEFAULT 0,
	unchanged		integer NOT NULL DEFAULT 0,
	PRIMARY KEY (venue_id, underlying),
	CONSTRAINT underlying_prices_venue_fkey FOREIGN KEY (venue_id) REFERENCES arbees.venues,
	CONSTRAINT underlying_prices_underlying_fkey FOREIGN KEY (underlying) REFERENCES arbees.underlyings,
	CONSTRAINT underlying_prices_price_check CHECK (price > 0 AND price < 'infinity'),
	CONSTRAINT underlying_prices_variance_check CHECK (
		variance >= 0 AND variance < 'infinity' AND variance_weight >= 0 AND variance_weight <= 1),
	CONSTRAINT underlying_prices_unchanged_check CHECK (unchanged >= 0)
) WITH (fillfactor = 50);
COMMENT ON COLUMN arbees.underlying_prices.variance IS
	'sum of squared log returns per minute, each weighted by age (half-life five minutes); the variance is this over variance_weight';
COMMENT ON COLUMN arbees.underlying_prices.unchanged IS 'updates in a row that repeated the price';

CREATE SEQUENCE arbees.windows_seq;
CREATE TABLE arbees.windows (
	window_id		bigint PRIMARY KEY DEFAULT nextval('arbees.windows_seq'),
	venue_id		integer NOT NULL,
	underlying		text NOT NULL,
	slug			text NOT NULL,
	window_epoch	bigint NOT NULL,
	opens_at		timestamptz NOT NULL,
	closes_at		timestamptz NOT NULL,
	state			arbees.window_state NOT NULL DEFAULT 'SCHEDULED',
	condition_id	text,
	rule			text NOT NULL,
	open_price		numeric,
	open_price_at	timestamptz,
	close_price		numeric,
	close_price_at	timestamptz,
	our_outcome		arbees.outcome,
	venue_open_price	numeric,
	venue_close_price	numeric,
	venue_outcome	arbees.outcome,
	resolved_at		timestamptz,
	CONSTRAINT windows_venue_fkey FOREIGN KEY (venue_id) REFERENCES arbees.venues,
	CONSTRAINT windows_underlying_fkey FOREIGN KEY (underlying) REFERENCES arbees.underlyings,
	CONSTRAINT windows_slug_key UNIQUE (venue_id, slug),
	CONSTRAINT windows_times_check CHECK (closes_at > opens_at),
	CONSTRAINT windows_epoch_check CHECK (window_epoch = extract(epoch FROM opens_at)),
	CONSTRAINT windows_resolution_check
		CHECK ((state IN ('RESOLVED', 'REDEEMING', 'REDEEMED')) = (venue_outcome IS NOT NULL)),
	CONSTRAINT windows_rule_check CHECK (rule IN ('last_tick', 'twap_60s', 'candle_1h', 'candle_1m'))
);
-- Only windows that still wait for something: the tick and the price feed look here, whatever the history.
CREATE INDEX windows_waiting_idx ON arbees.windows (venue_id, underlying, closes_at)
	WHERE venue_outcome IS NULL;
CREATE INDEX windows_priceless_idx ON arbees.windows (venue_id, underlying, opens_at)
	WHERE close_price_at IS NULL;

CREATE SEQUENCE arbees.instruments_seq AS integer;
CREATE TABLE arbees.instruments (
	instrument_id	integer PRIMARY KEY DEFAULT nextval('arbees.instruments_seq'),
	venue_id		integer NOT NULL,
	symbol			text NOT NULL,
	name			text NOT NULL,
	underlying		text,
	window_id		bigint,
	outcome			arbees.outcome,
	tick_size		arbees.price NOT NULL,
	lot_size		arbees.qty NOT NULL,
	min_qty			arbees.qty NOT NULL,
	min_notional	arbees.money NOT NULL,
	fee_rate		numeric(12,8) NOT NULL,
	fee_exponent	integer NOT NULL,
	neg_risk		boolean NOT NULL DEFAULT false,
	max_price		arbees.price,
	sector			text,
	correlation_group	text,
	max_qty			arbees.qty,
	max_notional	arbees.money,
	CONSTRAINT instruments_venue_fkey FOREIGN KEY (venue_id) REFERENCES arbees.venues,
	CONSTRAINT instruments_window_fkey FOREIGN KEY (window_id) REFERENCES arbees.windows,
	CONSTRAINT instruments_underlying_fkey FOREIGN KEY (underlying) REFERENCES arbees.underlyings,
	CONSTRAINT instruments_symbol_key UNIQUE (venue_id, symbol),
	CONSTRAINT instruments_outcome_check CHECK ((window_id IS NULL) = (outcome IS NULL)),
	CONSTRAINT instruments_lot_check CHECK (lot_size > 0),
	CONSTRAINT instruments_fee_check CHECK (fee_rate >= 0 AND fee_rate < 1 AND fee_exponent BETWEEN 0 AND 4)
);
CREATE INDEX instruments_window_idx ON arbees.instruments (window_id) WHERE window_id IS NOT NULL;
COMMENT ON COLUMN arbees.instruments.correlation_group IS
	'instruments that move together; NULL: those of a window move with its underlying, others alone';
COMMENT ON COLUMN arbees.instruments.max_qty IS
	'most units the venue takes in one order; like max_notional, in dollars, NULL where it says nothing';
COMMENT ON COLUMN arbees.instruments.max_price IS
	'exclusive upper bound of a price, 1 for outcome shares; NULL where there is none';

/*
 * Last quote of an instrument, written at most once per instrument and 100 ms;
 * the gate judges by the quotes passed to its call. run_id 0 is the desk; a
 * backtest run has a leaf of its own, in a tree of its own.
 */
CREATE TABLE arbees.quotes (
	run_id			integer NOT NULL DEFAULT 0,
	instrument_id	integer NOT NULL,
	bid				numeric(20,8),
	bid_size		numeric(24,8),
	ask				numeric(20,8),
	ask_size		numeric(24,8),
	source_at		timestamptz NOT NULL,
	received_at		timestamptz NOT NULL,
	rolling_mid		numeric(20,8),
	unchanged		integer NOT NULL DEFAULT 0,
	book			bytea,
	PRIMARY KEY (instrument_id, run_id)
) PARTITION BY LIST (run_id);
COMMENT ON COLUMN arbees.quotes.rolling_mid IS
	'mean of the middle of bid and ask, each weighted by how long it stood and by its age (half-life rolling_collar_s)';
COMMENT ON COLUMN arbees.quotes.unchanged IS 'stored updates in a row that repeated bid, ask, sizes and levels';
COMMENT ON COLUMN arbees.quotes.book IS 'up to ten levels a side, packed; NULL where only the best are known';
CREATE TABLE arbees.quotes_desk PARTITION OF arbees.quotes (
	CONSTRAINT quotes_instrument_fkey FOREIGN KEY (instrument_id) REFERENCES arbees.instruments
) FOR VALUES IN (0) WITH (fillfactor = 50);

/*
 * Public trades of an instrument's session, summed: its window between opening
 * and closing, or the UTC day where it has no window. One row each, so that the
 * session's average price costs nothing to ask for.
 */
CREATE TABLE arbees.session_volumes (
	instrument_id	integer PRIMARY KEY,
	session_start	timestamptz NOT NULL,
	value			numeric NOT NULL,
	qty				numeric NOT NULL,
	trades			bigint NOT NULL,
	last_at			timestamptz NOT NULL,
	CONSTRAINT session_volumes_instrument_fkey FOREIGN KEY (instrument_id) REFERENCES arbees.instruments,
	CONSTRAINT session_volumes_sums_check CHECK (
		value > 0 AND value < 'infinity' AND qty > 0 AND qty < 'infinity' AND trades > 0)
) WITH (fillfactor = 50);
COMMENT ON TABLE arbees.session_volumes IS 'public trades of the session, summed; value / qty is the volume-weighted average price';
COMMENT ON COLUMN arbees.session_volumes.last_at IS
	'time of the last trade counted: what is not younger counts as told again';

/* Tick history, for analytics only (float8), filled by COPY. */
CREATE TABLE arbees.ticks (
	received_at		timestamptz NOT NULL,
	source_at		timestamptz,
	venue_id		integer NOT NULL,
	run_id			integer NOT NULL DEFAULT 0,
	kind			text NOT NULL,
	instrument_id	integer,
	underlying		text,
	price			float8,
	size			float8,
	bid				float8,
	ask				float8,
	CONSTRAINT ticks_kind_check CHECK (kind IN ('quote', 'trade', 'price')),
	CONSTRAINT ticks_finite_check CHECK (
		abs(coalesce(price, 0)) < 'infinity' AND abs(coalesce(size, 0)) < 'infinity' AND
		abs(coalesce(bid, 0)) < 'infinity' AND abs(coalesce(ask, 0)) < 'infinity')
) PARTITION BY LIST (run_id);
CREATE TABLE arbees.ticks_desk PARTITION OF arbees.ticks FOR VALUES IN (0);
CREATE INDEX ticks_received_idx ON arbees.ticks USING brin (received_at);
