/*
 * Limits of a scope. For each key the gate takes the tightest of
 *		the global row, where there is one;
 *		the venue's row, or the control of arbees.runtime_controls where the venue has none;
 *		the strategy's row, where there is one;
 *		every instrument row whose name is the instrument's symbol, name or
 *		underlying, or a prefix of one of them that ends in *.
 * So a venue's row may be looser than the control, rows of the other scopes only
 * tighten. To tighten everywhere, also where a venue has a row, set the global one.
 */
CREATE TABLE arbees.risk_limits (
	scope			text NOT NULL,
	name			text NOT NULL,
	key				text NOT NULL,
	value			text,
	is_none			boolean NOT NULL DEFAULT false,
	soft_value		text,
	changed_by		text NOT NULL DEFAULT session_user,
	changed_at		timestamptz NOT NULL DEFAULT clock_timestamp(),
	reason			text,
	PRIMARY KEY (scope, name, key),
	CONSTRAINT risk_limits_scope_check CHECK (scope IN ('global', 'venue', 'strategy', 'instrument')),
	CONSTRAINT risk_limits_name_check CHECK ((scope = 'global') = (name = '')),
	CONSTRAINT risk_limits_none_check CHECK (NOT is_none OR value IS NULL)
);
COMMENT ON TABLE arbees.risk_limits IS
	'limits of the gate for a scope; in force is the tightest of: global, the venue''s (or the control where it has none), the strategy''s, the instrument''s';
COMMENT ON COLUMN arbees.risk_limits.name IS
	'venue or strategy; symbol, name or underlying of an instrument, exactly or as a prefix that ends in *; empty for global';
