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

/* What an operator holds by hand. A row stands until it is lifted, and stays as its history. */
CREATE SEQUENCE arbees.operator_locks_seq;
CREATE TABLE arbees.operator_locks (
	lock_id			bigint PRIMARY KEY DEFAULT nextval('arbees.operator_locks_seq'),
	scope			text NOT NULL,
	name			text NOT NULL,
	reason			text NOT NULL,
	locked_by		text NOT NULL,
	locked_at		timestamptz NOT NULL,
	unlocked_by		text,
	unlocked_at		timestamptz,
	unlock_reason	text,
	CONSTRAINT operator_locks_scope_check CHECK (scope IN ('venue', 'strategy', 'instrument')),
	CONSTRAINT operator_locks_name_check CHECK (name <> '' AND strpos(name, ',') = 0),
	CONSTRAINT operator_locks_unlocked_check
		CHECK (num_nulls(unlocked_by, unlocked_at, unlock_reason) IN (0, 3))
);
CREATE UNIQUE INDEX operator_locks_standing_key ON arbees.operator_locks (scope, name) WHERE unlocked_at IS NULL;
COMMENT ON TABLE arbees.operator_locks IS
	'venues, strategies and instruments that an operator holds: no entries while unlocked_at is NULL; exits are never held';
COMMENT ON COLUMN arbees.operator_locks.name IS
	'venue or strategy; symbol, name or underlying of an instrument, exactly or as a prefix that ends in *';

CREATE SEQUENCE arbees.restricted_instruments_seq;
CREATE TABLE arbees.restricted_instruments (
	restriction_id	bigint PRIMARY KEY DEFAULT nextval('arbees.restricted_instruments_seq'),
	pattern			text NOT NULL,
	reason			text NOT NULL,
	restricted_by	text NOT NULL,
	restricted_at	timestamptz NOT NULL,
	lifted_by		text,
	lifted_at		timestamptz,
	lift_reason		text,
	CONSTRAINT restricted_instruments_pattern_check CHECK (pattern <> '' AND strpos(pattern, ',') = 0),
	CONSTRAINT restricted_instruments_lifted_check
		CHECK (num_nulls(lifted_by, lifted_at, lift_reason) IN (0, 3))
);
CREATE UNIQUE INDEX restricted_instruments_standing_key ON arbees.restricted_instruments (pattern) WHERE lifted_at IS NULL;
COMMENT ON TABLE arbees.restricted_instruments IS
	'the restricted list: symbols, names or underlyings, or prefixes that end in *, that may not be entered while lifted_at is NULL';
