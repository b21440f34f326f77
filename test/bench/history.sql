-- test/bench/history.sql: the orders of years, as a restore would bring them.
--	psql -v n=ORDERS, in a database that test/bench/run set up and nobody trades.
--
-- Two entries in each instrument, two instruments to a window: filled, settled,
-- gone. One INSERT per table into the tables as they are, with their indexes;
-- keys ascend, so that these grow at their right edge.
\set ON_ERROR_STOP on
SET synchronous_commit = off;
SET arbees.maintenance = restore;
-- As in a restore that adds foreign keys last; the guards are in force.
SET session_replication_role = replica;
SELECT venue_id, portfolio_id, venue_account_id, deployment_id
FROM arbees.deployments JOIN arbees.portfolios USING (portfolio_id) WHERE portfolios.name = 'bench-1' \gset
SELECT (:n + 3) / 4 AS windows, (:n + 1) / 2 AS instruments,
	extract(epoch FROM date_trunc('day', now()))::bigint - 86400 AS last_epoch \gset
-- The conductor writes too: what is taken here is taken before it is used.
SELECT nextval('arbees.journal_seq') AS journal, nextval('arbees.decisions_seq') AS decisions \gset
SELECT setval('arbees.windows_seq', :windows), setval('arbees.instruments_seq', :instruments),
	setval('arbees.positions_seq', :n), setval('arbees.orders_seq', :n), setval('arbees.fills_seq', :n),
	setval('arbees.decisions_seq', :decisions + :n), setval('arbees.journal_seq', :journal + :n) \g /dev/null

INSERT INTO arbees.windows (window_id, venue_id, underlying, slug, window_epoch, opens_at, closes_at, state,
	condition_id, rule, open_price, open_price_at, close_price, close_price_at, our_outcome, venue_outcome, resolved_at)
SELECT g, :venue_id, 'BTC', 'btc-updown-5m-' || e, e, to_timestamp(e), to_timestamp(e + 300), 'REDEEMED',
	'0x1' || lpad(to_hex(g), 63, '0'), 'last_tick', 100000, to_timestamp(e), 99000, to_timestamp(e + 300),
	'DOWN', 'DOWN', to_timestamp(e + 310)
FROM generate_series(1, :windows) AS g, LATERAL (SELECT :last_epoch - 300 * (:windows - g) AS e) AS t;

INSERT INTO arbees.instruments (instrument_id, venue_id, symbol, name, underlying, window_id, outcome, tick_size,
	lot_size, min_qty, min_notional, fee_rate, fee_exponent, max_price)
SELECT g, :venue_id, '8' || lpad(g::text, 76, '0'), 'history ' || g, 'BTC', (g + 1) / 2,
	(CASE g % 2 WHEN 1 THEN 'UP' ELSE 'DOWN' END)::arbees.outcome, 0.01, 0.01, 5, 1, 0.07, 1, 1
FROM generate_series(1, :instruments) AS g;

-- One real decision, denied since nobody trades here yet, lends its bytes to all.
RESET session_replication_role;
RESET arbees.maintenance;
SELECT decision_id AS sample FROM arbees.submit_signal(:deployment_id,
	ROW('history', 1, 'BUY', 'money', 1, 0.51, 'FAK', 0, 'none', 0, NULL, NULL, NULL, NULL, NULL)::arbees.signal) \gset
SET arbees.maintenance = restore;
SET session_replication_role = replica;

INSERT INTO arbees.decisions_live (decision_id, portfolio_id, mode, deployment_id, signal_key, purpose, instrument_id,
	window_id, verdict, reason, market_time, decided_at, strategy_hash, gate_version, input, output)
SELECT :decisions + g, :portfolio_id, 'LIVE', :deployment_id, 'btc-updown-5m-' || g, 'ENTRY', (g + 1) / 2,
	(g + 3) / 4, 'accepted', NULL, w.opens_at, w.opens_at, s.strategy_hash, s.gate_version, s.input, s.output
FROM generate_series(1, :n) AS g JOIN arbees.windows AS w ON w.window_id = (g + 3) / 4,
	arbees.decisions_live AS s
WHERE s.decision_id = :sample
ORDER BY g;

INSERT INTO arbees.positions_live (position_id, portfolio_id, mode, deployment_id, venue_id, instrument_id, window_id,
	state, stop_loss_pct, take_profit_kind, take_profit_pct, entry_qty, entry_money, qty, cost, settled_qty,
	settled_money, opened_at, closed_at)
SELECT g, :portfolio_id, 'LIVE', :deployment_id, :venue_id, (g + 1) / 2, (g + 3) / 4,
	'CLOSED', 10, 'fixed', 30, 2, 1, 0, 0, 2, 1, w.opens_at, w.resolved_at
FROM generate_series(1, :n) AS g JOIN arbees.windows AS w ON w.window_id = (g + 3) / 4
ORDER BY g;

INSERT INTO arbees.orders_live (order_id, portfolio_id, mode, decision_id, deployment_id, position_id, venue_id,
	venue_account_id, instrument_id, window_id, purpose, entry_no, side, amount_kind, amount, limit_price,
	time_in_force, state, state_rule, client_order_id, venue_order_id, derives_order_id, body_hash, salt, signed_ms,
	reserved, filled_qty, filled_money, claimed_epoch, created_at, send_before, claimed_at, acknowledged_at, finished_at)
SELECT g, :portfolio_id, 'LIVE', :decisions + g, :deployment_id, g, :venue_id,
	:venue_account_id, (g + 1) / 2, (g + 3) / 4, 'ENTRY', (g - 1) % 2 + 1, 'BUY', 'money', 1, 0.51,
	'FAK', 'FILLED', 0, format('ab1-%s-%s', :portfolio_id, g), '0x1' || lpad(to_hex(g), 63, '0'), true,
	decode(lpad(to_hex(g), 64, '0'), 'hex'), g, window_epoch * 1000,
	0, 2, 1, 1, w.opens_at, w.opens_at, w.opens_at, w.opens_at, w.opens_at
FROM generate_series(1, :n) AS g JOIN arbees.windows AS w ON w.window_id = (g + 3) / 4
ORDER BY g;

INSERT INTO arbees.fills_live (fill_id, portfolio_id, mode, order_id, position_id, instrument_id, venue_trade_id, side,
	qty, price, money, fee, liquidity, settlement, matched_at, booked_at)
SELECT g, :portfolio_id, 'LIVE', g, g, (g + 1) / 2, 'trade-' || g, 'BUY',
	2, 0.5, 1, 0, 'TAKER', 'CONFIRMED', w.opens_at, w.opens_at
FROM generate_series(1, :n) AS g JOIN arbees.windows AS w ON w.window_id = (g + 3) / 4
ORDER BY g;

-- A deposit, then every order reserves and gives back: after each pair the totals are the deposit's.
INSERT INTO arbees.portfolio_ledger_live (portfolio_id, seq, mode, kind, order_id, position_id, entered_at, market_time,
	cash_change, claimable_change, reserved_change, cash, claimable, reserved, deposits, cost_open, fees, realized_pnl,
	session_pnl, day, day_pnl, day_peak, open_positions, open_orders, deployment_id, instrument_id, qty_change, heat,
	session, week, week_pnl, week_peak, day_net, day_value, day_qty, day_orders, day_fills, losses_in_row,
	d_realized, d_session_pnl, d_day_pnl, d_day_peak, d_week_pnl, d_week_peak, d_losses_in_row, d_trades, d_wins,
	d_day_orders, d_day_fills)
SELECT :portfolio_id, seq, 'LIVE', kind::arbees.ledger_kind, nullif(seq / 2, 0), nullif(seq / 2, 0), w.opens_at, w.opens_at,
	CASE kind WHEN 'DEPOSIT' THEN 1000000 ELSE 0 END, 0,
	CASE kind WHEN 'RESERVE' THEN 1.1 WHEN 'RELEASE' THEN -1.1 ELSE 0 END,
	1000000, 0, CASE kind WHEN 'RESERVE' THEN 1.1 ELSE 0 END, 1000000, 0, 0, 0,
	0, w.opens_at::date, 0, 0, 0, CASE kind WHEN 'RESERVE' THEN 1 ELSE 0 END,
	CASE WHEN seq > 1 THEN :deployment_id END, CASE WHEN seq > 1 THEN (seq / 2 + 1) / 2 END, 0, 0,
	1, date_trunc('week', w.opens_at)::date, 0, 0, 0, 0, 0, 0, 0, 0,
	d.zero, d.zero, d.zero, d.zero, d.zero, d.zero, d.zero, d.zero, d.zero, d.zero, d.zero
FROM generate_series(1, 2 * :n + 1) AS seq
	JOIN arbees.windows AS w ON w.window_id = (greatest(seq / 2, 1) + 3) / 4,
	LATERAL (SELECT CASE WHEN seq = 1 THEN 'DEPOSIT' WHEN seq % 2 = 0 THEN 'RESERVE' ELSE 'RELEASE' END AS kind) AS k,
	LATERAL (SELECT CASE WHEN seq > 1 THEN 0 END AS zero) AS d
ORDER BY seq;

-- Of a transaction before every seal's: the conductor does not seal these.
INSERT INTO arbees.journal_desk (journal_id, mode, at, xid, kind, portfolio_id, ref_id, actor, message, hash)
SELECT :journal + g, 'LIVE', w.opens_at, '3', 'decision_accepted', :portfolio_id, :decisions + g, 'postgres',
	'btc-updown-5m-' || g, decode(lpad(to_hex(g), 64, '0'), 'hex')
FROM generate_series(1, :n) AS g JOIN arbees.windows AS w ON w.window_id = (g + 3) / 4
ORDER BY g;

RESET session_replication_role;
RESET arbees.maintenance;
VACUUM (FREEZE, ANALYZE);
CHECKPOINT;
