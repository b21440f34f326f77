/* The built-in strategies, registered like any other. */
SELECT @extschema@.arbees_register_strategy('always_trade_canary',
	'arbees.always_trade_canary(arbees.market_state)'::regprocedure,
	'{"seconds_before_close": 60, "amount": 1, "slippage": 0.02,
		"limits": {"instruments": 20, "order_usd": 5, "day_orders": 20000, "open_positions": 20, "venues": 1}}',
	'{"win_rate": [0.5, 1.0]}', 'none: it proves the path, not a theory')
WHERE coalesce(current_setting('arbees.maintenance', true), 'off') = 'off';
SELECT @extschema@.arbees_register_strategy('vwap',
	'arbees.vwap(arbees.market_state)'::regprocedure,
	'{"threshold_pct": 5, "min_volume": 10, "slippage": 0.02, "min_seconds_to_close": 30, "amount": 1,
		"limits": {"instruments": 20, "order_usd": 5, "day_orders": 20000, "open_positions": 20, "venues": 1},
		"kill": {"loss_usd": 10, "losses_in_row": 10},
		"sizing": {"kind": "fixed_usd", "value": 1, "cap_usd": 5, "ranges": {"value": [1, 5]},
			"drawdown": {"start_usd": 5, "zero_usd": 15},
			"stop": {"calm_pct": 0.05, "wild_pct": 0.25, "tightest": 0.5}}}',
	'{"win_rate": [0.4, 0.7]}', 'a loss of $10 or ten losses in a row')
WHERE coalesce(current_setting('arbees.maintenance', true), 'off') = 'off';
