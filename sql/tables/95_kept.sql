/*
 * Rows that every session keeps until they change. The trigger tells all of a
 * change; a table without it is read each time. Arguments: '-column' is not kept,
 * so its changes do not count; '+column' may grow without notice.
 */
CREATE FUNCTION arbees.forget_rows() RETURNS trigger
	LANGUAGE C AS 'MODULE_PATHNAME', 'arbees_forget_rows';
COMMENT ON FUNCTION arbees.forget_rows() IS
	'tells every session that a row it may have kept is another one now';
REVOKE ALL ON FUNCTION arbees.forget_rows() FROM PUBLIC;

CREATE TRIGGER venues_forget BEFORE UPDATE OR DELETE ON arbees.venues
	FOR EACH ROW EXECUTE FUNCTION arbees.forget_rows('-market_time');
CREATE TRIGGER venue_accounts_forget BEFORE UPDATE OR DELETE ON arbees.venue_accounts
	FOR EACH ROW EXECUTE FUNCTION arbees.forget_rows();
CREATE TRIGGER instruments_forget BEFORE UPDATE OR DELETE ON arbees.instruments
	FOR EACH ROW EXECUTE FUNCTION arbees.forget_rows();
CREATE TRIGGER portfolios_forget BEFORE UPDATE OR DELETE ON arbees.portfolios
	FOR EACH ROW EXECUTE FUNCTION arbees.forget_rows();
CREATE TRIGGER arm_statements_forget BEFORE UPDATE OR DELETE ON arbees.arm_statements
	FOR EACH ROW EXECUTE FUNCTION arbees.forget_rows();
CREATE TRIGGER strategies_forget BEFORE UPDATE OR DELETE ON arbees.strategies
	FOR EACH ROW EXECUTE FUNCTION arbees.forget_rows();
CREATE TRIGGER deployments_forget BEFORE UPDATE OR DELETE ON arbees.deployments
	FOR EACH ROW EXECUTE FUNCTION arbees.forget_rows('-last_error');
CREATE TRIGGER breakers_forget BEFORE INSERT OR UPDATE OR DELETE ON arbees.breakers
	FOR EACH ROW EXECUTE FUNCTION arbees.forget_rows();
CREATE TRIGGER kill_levels_forget BEFORE INSERT OR UPDATE OR DELETE ON arbees.kill_levels
	FOR EACH ROW EXECUTE FUNCTION arbees.forget_rows();
CREATE TRIGGER trader_epochs_forget BEFORE UPDATE OR DELETE ON arbees.trader_epochs
	FOR EACH ROW EXECUTE FUNCTION arbees.forget_rows();
CREATE TRIGGER trader_leases_forget BEFORE UPDATE OR DELETE ON arbees.trader_leases
	FOR EACH ROW EXECUTE FUNCTION arbees.forget_rows('+expires_at', '-renewed_at');
CREATE TRIGGER conductor_forget BEFORE INSERT OR UPDATE OR DELETE ON arbees.conductor
	FOR EACH ROW EXECUTE FUNCTION arbees.forget_rows('+beat_at', '-ticks', '-worker_pid');

ALTER TABLE arbees.venues ENABLE ALWAYS TRIGGER venues_forget;
ALTER TABLE arbees.venue_accounts ENABLE ALWAYS TRIGGER venue_accounts_forget;
ALTER TABLE arbees.instruments ENABLE ALWAYS TRIGGER instruments_forget;
ALTER TABLE arbees.portfolios ENABLE ALWAYS TRIGGER portfolios_forget;
ALTER TABLE arbees.arm_statements ENABLE ALWAYS TRIGGER arm_statements_forget;
ALTER TABLE arbees.strategies ENABLE ALWAYS TRIGGER strategies_forget;
ALTER TABLE arbees.deployments ENABLE ALWAYS TRIGGER deployments_forget;
ALTER TABLE arbees.breakers ENABLE ALWAYS TRIGGER breakers_forget;
ALTER TABLE arbees.kill_levels ENABLE ALWAYS TRIGGER kill_levels_forget;
ALTER TABLE arbees.trader_epochs ENABLE ALWAYS TRIGGER trader_epochs_forget;
ALTER TABLE arbees.trader_leases ENABLE ALWAYS TRIGGER trader_leases_forget;
ALTER TABLE arbees.conductor ENABLE ALWAYS TRIGGER conductor_forget;
