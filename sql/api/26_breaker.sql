/* Breakers open by themselves and close by a person's word. */
CREATE OR REPLACE TRIGGER breakers_guard
	BEFORE INSERT OR UPDATE OR DELETE ON arbees.breakers
	FOR EACH ROW EXECUTE FUNCTION arbees.guard_rows('breakers', 'closed');
CREATE OR REPLACE TRIGGER breakers_truncate_guard
	BEFORE TRUNCATE ON arbees.breakers
	FOR EACH STATEMENT EXECUTE FUNCTION arbees.guard_rows('breakers', 'closed');
ALTER TABLE arbees.breakers ENABLE ALWAYS TRIGGER breakers_guard;
ALTER TABLE arbees.breakers ENABLE ALWAYS TRIGGER breakers_truncate_guard;

CREATE OR REPLACE FUNCTION @extschema@.arbees_reset_breaker(portfolio text, reason text)
RETURNS text
LANGUAGE C VOLATILE PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'arbees_reset_breaker';
COMMENT ON FUNCTION @extschema@.arbees_reset_breaker(text, text) IS
	'closes the breaker of a portfolio, of a venue (venue:name), of a strategy (strategy:name), or of the whole desk (desk)';
REVOKE ALL ON FUNCTION @extschema@.arbees_reset_breaker(text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION @extschema@.arbees_reset_breaker(text, text) TO arbees_risk;

CREATE OR REPLACE FUNCTION @extschema@.arbees_trip_breaker(portfolio text, reason text)
RETURNS text
LANGUAGE C VOLATILE PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'arbees_trip_breaker';
COMMENT ON FUNCTION @extschema@.arbees_trip_breaker(text, text) IS
	'opens a breaker by hand, of what arbees_reset_breaker closes: no entries until then';
REVOKE ALL ON FUNCTION @extschema@.arbees_trip_breaker(text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION @extschema@.arbees_trip_breaker(text, text) TO arbees_operator;
