/* The order protocol of the worker, and the operators' verbs on orders and positions. */
-- Without SET search_path, which costs every call two settings: the library fixes it where a name is looked up.
CREATE OR REPLACE FUNCTION arbees.claim_order(
	account integer, epoch bigint, order_id bigint, venue_order_id text, body_hash bytea, request text,
	OUT claimed boolean, OUT reason text, OUT send_within_ms integer)
LANGUAGE C VOLATILE PARALLEL UNSAFE SECURITY DEFINER
AS 'MODULE_PATHNAME', 'arbees_claim_order';
COMMENT ON FUNCTION arbees.claim_order(integer, bigint, bigint, text, bytea, text) IS
	'NEW -> SENDING, with the request that is to be sent; only after its commit may a byte leave. A DRY_RUN order is filled here and never sent';

CREATE OR REPLACE FUNCTION arbees.record_payload(order_id bigint, venue_order_id text, body_hash bytea, request text)
RETURNS boolean
LANGUAGE C VOLATILE PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'arbees_record_payload';
COMMENT ON FUNCTION arbees.record_payload(bigint, text, bytea, text) IS
	'stores the request a PAPER order would have been; false when it is there already';

CREATE OR REPLACE FUNCTION arbees.unrecorded_orders(venue integer)
RETURNS SETOF arbees.order_ticket
LANGUAGE C STRICT STABLE PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'arbees_unrecorded_orders';
COMMENT ON FUNCTION arbees.unrecorded_orders(integer) IS
	'the youngest PAPER orders whose requests are not kept yet, for a worker to record';

CREATE OR REPLACE FUNCTION arbees.claim_again(
	account integer, epoch bigint, order_id bigint, body_hash bytea,
	OUT claimed boolean, OUT reason text, OUT send_within_ms integer)
LANGUAGE C VOLATILE PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'arbees_claim_again';
COMMENT ON FUNCTION arbees.claim_again(integer, bigint, bigint, bytea) IS
	'whether the same bytes of an order in question may be sent once more';

CREATE OR REPLACE FUNCTION arbees.trader_settings(
	account integer, epoch bigint,
	OUT confirm_timeout_ms integer, OUT send_deadline_ms integer, OUT balance_per_order boolean)
LANGUAGE C VOLATILE PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'arbees_trader_settings';
COMMENT ON FUNCTION arbees.trader_settings(integer, bigint) IS 'the controls a worker obeys, as they are now';

CREATE OR REPLACE FUNCTION arbees.report_order(
	account integer, epoch bigint, order_id bigint, event text, venue_order_id text, venue_qty numeric, reason text)
RETURNS text
LANGUAGE C VOLATILE PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'arbees_report_order';
COMMENT ON FUNCTION arbees.report_order(integer, bigint, bigint, text, text, numeric, text) IS
	'what the venue said of an order; returns the state it is in now';

CREATE OR REPLACE FUNCTION arbees.report_fill(
	account integer, epoch bigint, venue_order_id text, venue_trade_id text, status text, symbol text,
	side text, qty numeric, price numeric, money numeric, fee numeric, liquidity text, matched_ms bigint)
RETURNS text
LANGUAGE C VOLATILE PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'arbees_report_fill';
COMMENT ON FUNCTION arbees.report_fill(integer, bigint, text, text, text, text, text, numeric, numeric, numeric, numeric, text, bigint) IS
	'books, confirms or voids a fill, once; returns booked, duplicate, confirmed, voided or orphan';

CREATE OR REPLACE FUNCTION arbees.report_cancel_sent(account integer, epoch bigint, order_id bigint)
RETURNS void
LANGUAGE C VOLATILE PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'arbees_report_cancel_sent';
COMMENT ON FUNCTION arbees.report_cancel_sent(integer, bigint, bigint) IS 'a cancel went out; its effect is reported when the venue answers';

CREATE TYPE arbees.work_item AS (
	kind			text,
	age_ms			integer,
	venue_order_id	text,
	state			text,
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
CREATE OR REPLACE FUNCTION arbees.pending_work(account integer, epoch bigint)
RETURNS SETOF arbees.work_item
LANGUAGE C VOLATILE PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'arbees_pending_work';
COMMENT ON FUNCTION arbees.pending_work(integer, bigint) IS 'what a worker has to do, from the rows alone';

CREATE OR REPLACE FUNCTION arbees.report_balance(account integer, epoch bigint, cash numeric, quiet boolean)
RETURNS void
LANGUAGE C VOLATILE PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'arbees_report_balance';
COMMENT ON FUNCTION arbees.report_balance(integer, bigint, numeric, boolean) IS
	'cash the venue says the account has; the first one opens the LIVE portfolio''s books';

CREATE OR REPLACE FUNCTION arbees.report_redemption(account integer, epoch bigint, symbol text, amount numeric, evidence text)
RETURNS void
LANGUAGE C VOLATILE PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'arbees_report_redemption';
COMMENT ON FUNCTION arbees.report_redemption(integer, bigint, text, numeric, text) IS
	'the venue paid winning shares: claimable becomes cash, once';

CREATE OR REPLACE VIEW arbees.unredeemed AS
	SELECT portfolio_id, instrument_id, sum(shares) AS shares, min(settled_at) AS settled_at
	FROM arbees.redemptions WHERE redeemed_at IS NULL
	GROUP BY portfolio_id, instrument_id;
COMMENT ON VIEW arbees.unredeemed IS 'winning shares the venue has still to pay';

CREATE OR REPLACE FUNCTION arbees.lock_portfolio(portfolio integer)
RETURNS void
LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'arbees_lock_portfolio';
CREATE OR REPLACE FUNCTION arbees.require_trader(account integer, epoch bigint)
RETURNS void
LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'arbees_require_trader';
CREATE OR REPLACE FUNCTION arbees.set_reconciled(account integer, epoch bigint, clean boolean)
RETURNS void
LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'arbees_set_reconciled';

CREATE OR REPLACE FUNCTION @extschema@.arbees_cancel(order_id bigint)
RETURNS text
LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'arbees_cancel';
COMMENT ON FUNCTION @extschema@.arbees_cancel(bigint) IS
	'ends a working order: canceled (at once), requested (the worker cancels it at the venue) or already_ended';

CREATE OR REPLACE FUNCTION @extschema@.arbees_close(position_id bigint)
RETURNS text
LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'arbees_close';
COMMENT ON FUNCTION @extschema@.arbees_close(bigint) IS
	'sells what a position holds: closed, closing, not_filled_yet or already_closed';

CREATE OR REPLACE FUNCTION arbees.list_order_transitions(
	OUT rule integer, OUT from_state text, OUT event text, OUT to_state text, OUT meaning text)
RETURNS SETOF record
LANGUAGE C STABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'arbees_order_transitions';
CREATE OR REPLACE VIEW arbees.order_transitions AS SELECT * FROM arbees.list_order_transitions();
COMMENT ON VIEW arbees.order_transitions IS 'every way an order can move; orders.state_rule names the last one taken';
CREATE OR REPLACE FUNCTION arbees.list_position_transitions(
	OUT rule integer, OUT from_state text, OUT event text, OUT to_state text, OUT meaning text)
RETURNS SETOF record
LANGUAGE C STABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'arbees_position_transitions';
CREATE OR REPLACE VIEW arbees.position_transitions AS SELECT * FROM arbees.list_position_transitions();
COMMENT ON VIEW arbees.position_transitions IS 'every way a position can move';

CREATE OR REPLACE VIEW arbees.portfolio_totals AS
	SELECT p.portfolio_id, p.name, p.mode, l.cash, l.claimable, l.reserved, l.deposits, l.cost_open, l.fees,
		l.realized_pnl, l.session_pnl, l.day_pnl, l.open_positions, l.open_orders, u.unrealized_pnl,
		l.cash + l.claimable + l.cost_open + u.unrealized_pnl AS equity, l.entered_at
	FROM arbees.portfolios p
	CROSS JOIN LATERAL (
		SELECT * FROM arbees.portfolio_ledger x
		WHERE x.portfolio_id = p.portfolio_id AND x.mode = p.mode ORDER BY x.seq DESC LIMIT 1) l
	CROSS JOIN LATERAL (
		SELECT coalesce(sum(s.qty * coalesce(q.bid, 0) - s.cost), 0) AS unrealized_pnl
		FROM arbees.positions s LEFT JOIN arbees.quotes q ON q.instrument_id = s.instrument_id AND q.run_id = 0
		WHERE s.portfolio_id = p.portfolio_id AND s.mode = p.mode AND s.qty <> 0) u;
COMMENT ON VIEW arbees.portfolio_totals IS
	'where each portfolio stands; unrealized P&L marks what is held at the bid, computed as it is read';

CREATE OR REPLACE FUNCTION arbees.step_windows() RETURNS void
	LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'arbees_step_windows';
CREATE OR REPLACE FUNCTION arbees.step_orders() RETURNS void
	LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'arbees_step_orders';
CREATE OR REPLACE FUNCTION arbees.step_exits() RETURNS void
	LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'arbees_step_exits';
CREATE OR REPLACE FUNCTION arbees.step_settlement() RETURNS void
	LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'arbees_step_settlement';
COMMENT ON FUNCTION arbees.step_windows() IS 'opens and closes windows by the wall clock';
COMMENT ON FUNCTION arbees.step_orders() IS 'ends orders nobody may send any more, and calls overdue ones UNKNOWN';
COMMENT ON FUNCTION arbees.step_exits() IS 'makes the exits that kill switch, clock and retries demand';
COMMENT ON FUNCTION arbees.step_settlement() IS 'settles the positions of resolved windows';

REVOKE ALL ON FUNCTION
	arbees.claim_order(integer, bigint, bigint, text, bytea, text),
	arbees.record_payload(bigint, text, bytea, text), arbees.unrecorded_orders(integer),
	arbees.claim_again(integer, bigint, bigint, bytea), arbees.trader_settings(integer, bigint),
	arbees.report_order(integer, bigint, bigint, text, text, numeric, text),
	arbees.report_fill(integer, bigint, text, text, text, text, text, numeric, numeric, numeric, numeric, text, bigint),
	arbees.report_cancel_sent(integer, bigint, bigint), arbees.pending_work(integer, bigint),
	arbees.report_balance(integer, bigint, numeric, boolean),
	arbees.report_redemption(integer, bigint, text, numeric, text),
	arbees.lock_portfolio(integer), arbees.require_trader(integer, bigint), arbees.set_reconciled(integer, bigint, boolean),
	@extschema@.arbees_cancel(bigint), @extschema@.arbees_close(bigint),
	arbees.step_windows(), arbees.step_orders(), arbees.step_exits(), arbees.step_settlement()
	FROM PUBLIC;
GRANT EXECUTE ON FUNCTION
	arbees.claim_order(integer, bigint, bigint, text, bytea, text),
	arbees.record_payload(bigint, text, bytea, text), arbees.unrecorded_orders(integer),
	arbees.claim_again(integer, bigint, bigint, bytea), arbees.trader_settings(integer, bigint),
	arbees.report_order(integer, bigint, bigint, text, text, numeric, text),
	arbees.report_fill(integer, bigint, text, text, text, text, text, numeric, numeric, numeric, numeric, text, bigint),
	arbees.report_cancel_sent(integer, bigint, bigint), arbees.pending_work(integer, bigint),
	arbees.report_balance(integer, bigint, numeric, boolean),
	arbees.report_redemption(integer, bigint, text, numeric, text)
	TO arbees_worker;
GRANT EXECUTE ON FUNCTION @extschema@.arbees_cancel(bigint), @extschema@.arbees_close(bigint) TO arbees_operator;
