/* Amounts as the gate counts them. */
CREATE OR REPLACE FUNCTION arbees.fixed_amount(amount numeric)
RETURNS numeric
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'arbees_fixed_amount';
COMMENT ON FUNCTION arbees.fixed_amount(numeric) IS
	'an amount as the gate counts it: eight decimals, rounded half away from zero; an error beyond 92 billion';
REVOKE ALL ON FUNCTION arbees.fixed_amount(numeric) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION arbees.fixed_amount(numeric) TO arbees_viewer;
