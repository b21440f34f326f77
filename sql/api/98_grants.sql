/*
 * Reading is for everybody with the role; writing goes through functions.
 * PUBLIC gets nothing: what a part above forgot to take away goes here.
 */
GRANT SELECT ON ALL TABLES IN SCHEMA arbees TO arbees_viewer;
-- A signed order is worth money to whoever holds it, though it wants the account's own key to be posted.
REVOKE SELECT ON arbees.order_payloads, arbees.order_payloads_live, arbees.order_payloads_dry_run,
	arbees.order_payloads_paper, arbees.order_payloads_backtest FROM arbees_viewer;
GRANT SELECT ON arbees.order_payloads TO arbees_risk;
REVOKE ALL ON ALL ROUTINES IN SCHEMA arbees FROM PUBLIC;
REVOKE ALL ON FUNCTION @extschema@.arbees_replay(bigint), @extschema@.arbees_explain(bigint) FROM PUBLIC;
-- Behind the views, and to read decisions with: they change nothing.
GRANT EXECUTE ON FUNCTION
	@extschema@.arbees_replay(bigint), @extschema@.arbees_explain(bigint),
	arbees.actor(), arbees.portfolio_id(text), arbees.judge(bytea), arbees.decode_decision(bytea, bytea),
	arbees.check_decision(bytea), arbees.read_verdict(bytea), arbees.read_book(bytea), arbees.compose_input(jsonb),
	arbees.change_input(bytea, jsonb), arbees.judge_fields(jsonb), arbees.list_risk_checks(), arbees.list_order_transitions(),
	arbees.list_position_transitions(), arbees.effective_limits(integer, integer),
	arbees.list_limits(text, text, text, text, text)
	TO arbees_viewer;
GRANT EXECUTE ON FUNCTION arbees.always_trade_canary(arbees.market_state), arbees.vwap(arbees.market_state)
	TO arbees_strategy;
