/* The built-in strategies, registered like any other. */
SELECT @extschema@.arbees_register_strategy('always_trade_canary',
	'arbees.always_trade_canary(arbees.market_state)'::regprocedure,
	'{"seconds_before_close": 60, "amount": 1, "slippage": 0.02,
		"limits": {"instruments": 20, "order_usd": 5, "day_orders": 20000, "open_positions": 20, "venues": 1}}',
	'{"win_rate": [0.5, 1.0]}', 'none: it proves the path, not a theory')
WHERE coalesce(current_setting('arbees.maintenance', true), 'off') = 'off';
