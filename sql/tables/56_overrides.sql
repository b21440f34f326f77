/*
 * A denied entry let through once, by two people. A request lives until it
 * expires; its approval submits the entry again, and uses it up.
 */
CREATE SEQUENCE arbees.overrides_seq;
CREATE TABLE arbees.overrides (
	override_id		bigint PRIMARY KEY DEFAULT nextval('arbees.overrides_seq'),
	decision_id		bigint NOT NULL,
	portfolio_id	integer NOT NULL,
	checks			text NOT NULL,
	reason			text NOT NULL,
	requested_by	text NOT NULL,
	requested_at	timestamptz NOT NULL,
	expires_at		timestamptz NOT NULL,
	approved_by		text,
	approved_at		timestamptz,
	approve_reason	text,
	used_decision_id	bigint,
	CONSTRAINT overrides_portfolio_fkey FOREIGN KEY (portfolio_id) REFERENCES arbees.portfolios,
	CONSTRAINT overrides_expires_check CHECK (expires_at > requested_at AND expires_at <= requested_at + interval '1 day'),
	CONSTRAINT overrides_approved_check
		CHECK (num_nulls(approved_by, approved_at, approve_reason, used_decision_id) IN (0, 4)),
	CONSTRAINT overrides_two_people_check CHECK (approved_by <> requested_by)
);
CREATE UNIQUE INDEX overrides_used_key ON arbees.overrides (decision_id) WHERE used_decision_id IS NOT NULL;
COMMENT ON TABLE arbees.overrides IS
	'denied entries that an operator asked to let through and the risk role did, once; people by their login';
COMMENT ON COLUMN arbees.overrides.checks IS 'the checks that denied the entry, and that may pass';
