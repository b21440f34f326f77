/*
 * Labels and number types. Labels are those of the design; C matches them by
 * name, never by position. Value domains refuse NaN and infinity at the door.
 */
CREATE SCHEMA arbees;

CREATE TYPE arbees.mode AS ENUM ('PAPER', 'DRY_RUN', 'LIVE', 'BACKTEST');
CREATE TYPE arbees.kill_level AS ENUM ('none', 'pause', 'flatten', 'emergency');
CREATE TYPE arbees.side AS ENUM ('BUY', 'SELL');
CREATE TYPE arbees.amount_kind AS ENUM ('base', 'money');
CREATE TYPE arbees.time_in_force AS ENUM ('GTC', 'GTD', 'FOK', 'FAK');
CREATE TYPE arbees.order_purpose AS ENUM ('ENTRY', 'EXIT');
CREATE TYPE arbees.verdict AS ENUM ('accepted', 'denied', 'monitored');
CREATE TYPE arbees.order_state AS ENUM (
	'NEW', 'SENDING', 'OPEN', 'PARTIALLY_FILLED', 'FILLED',
	'CANCELED', 'EXPIRED', 'REJECTED', 'UNKNOWN');
CREATE TYPE arbees.position_state AS ENUM (
	'ENTRY', 'MONITORING', 'STOP_TRIGGERED', 'TP_TRIGGERED', 'EXPIRY',
	'KILL_TRIGGERED', 'EXIT_PENDING', 'CLOSED');
CREATE TYPE arbees.window_state AS ENUM (
	'SCHEDULED', 'OPEN', 'CLOSED', 'RESOLVED', 'REDEEMING', 'REDEEMED');
CREATE TYPE arbees.breaker_state AS ENUM ('CLOSED', 'OPEN', 'HALF_OPEN');
CREATE TYPE arbees.outcome AS ENUM ('UP', 'DOWN');
CREATE TYPE arbees.settlement AS ENUM ('PROVISIONAL', 'CONFIRMED', 'VOIDED');
CREATE TYPE arbees.take_profit_kind AS ENUM ('fixed', 'trailing', 'none');
CREATE TYPE arbees.exit_reason AS ENUM ('kill', 'stop_loss', 'expiry', 'take_profit', 'trailing', 'operator');
CREATE TYPE arbees.ledger_kind AS ENUM (
	'DEPOSIT', 'WITHDRAWAL', 'RESERVE', 'RELEASE', 'FILL', 'VOID', 'SETTLE', 'REDEEM', 'DAY', 'ADOPT');

-- numeric(p,s) refuses infinity by itself, but takes NaN: NaN compares greater than everything.
CREATE DOMAIN arbees.price AS numeric(20,8)
	CONSTRAINT price_positive_check CHECK (VALUE > 0 AND VALUE <> 'NaN');
CREATE DOMAIN arbees.qty AS numeric(24,8)
	CONSTRAINT qty_not_negative_check CHECK (VALUE >= 0 AND VALUE <> 'NaN');
CREATE DOMAIN arbees.money AS numeric(24,8)
	CONSTRAINT money_is_number_check CHECK (VALUE <> 'NaN');

/* What a strategy sees: one window (or one instrument without a window) at one moment. */
CREATE TYPE arbees.market_state AS (
	market_time			timestamptz,
	mode				arbees.mode,
	portfolio_id		integer,
	deployment_id		integer,
	window_id			bigint,
	window_epoch		bigint,
	underlying			text,
	opens_at			timestamptz,
	closes_at			timestamptz,
	seconds_to_close	numeric,
	open_price			numeric,
	last_price			numeric,
	up_instrument		integer,
	up_bid				numeric,
	up_bid_size			numeric,
	up_ask				numeric,
	up_ask_size			numeric,
	down_instrument		integer,
	down_bid			numeric,
	down_bid_size		numeric,
	down_ask			numeric,
	down_ask_size		numeric,
	tick_size			numeric,
	entries				integer,
	params				jsonb,
	volatility_pct		numeric,
	up_rolling_mid		numeric,
	up_vwap				numeric,
	up_volume			numeric,
	down_rolling_mid	numeric,
	down_vwap			numeric,
	down_volume			numeric
);
COMMENT ON TYPE arbees.market_state IS
	'what a strategy sees; for an instrument without a window the up_ columns carry it and the down_ columns are NULL; volatility_pct is realised volatility, percent per square root of a minute, NULL while too little was seen; vwap and volume are of the session''s public trades';

/* What a strategy answers; NULL for nothing to do. NULL fields take the control's value. */
CREATE TYPE arbees.signal AS (
	key					text,
	instrument_id		integer,
	side				arbees.side,
	amount_kind			arbees.amount_kind,
	amount				numeric,
	limit_price			numeric,
	time_in_force		arbees.time_in_force,
	stop_loss_pct		numeric,
	take_profit_kind	arbees.take_profit_kind,
	take_profit_pct		numeric,
	exit_before_close_s	integer,
	confidence			numeric,
	note				text,
	as_of				timestamptz,
	target_position		numeric
);
COMMENT ON TYPE arbees.signal IS
	'a wish to trade; as_of is the market time at which the model computed it, NULL now; target_position states the shares to hold instead of an amount to trade; stop_loss_pct 0 declares no stop, take_profit_kind none declares no take-profit, exit_before_close_s NULL holds to settlement';
