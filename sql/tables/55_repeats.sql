/*
 * How often a strategy entered one instrument and side without a person looking,
 * where no window bounds it. The gate counts, under the portfolio's lock; the
 * row is updated at most max_repeats times between two words of a person.
 */
CREATE TABLE arbees.execution_repeats (
	portfolio_id	integer NOT NULL,
	deployment_id	integer NOT NULL,
	instrument_id	integer NOT NULL,
	side			arbees.side NOT NULL,
	repeats			integer NOT NULL,
	last_at			timestamptz NOT NULL,
	disabled_at		timestamptz,
	enabled_by		text,
	enabled_at		timestamptz,
	enabled_reason	text,
	PRIMARY KEY (portfolio_id, deployment_id, instrument_id, side),
	CONSTRAINT execution_repeats_portfolio_fkey FOREIGN KEY (portfolio_id) REFERENCES arbees.portfolios,
	CONSTRAINT execution_repeats_deployment_fkey FOREIGN KEY (deployment_id) REFERENCES arbees.deployments,
	CONSTRAINT execution_repeats_instrument_fkey FOREIGN KEY (instrument_id) REFERENCES arbees.instruments,
	CONSTRAINT execution_repeats_repeats_check CHECK (repeats >= 0),
	CONSTRAINT execution_repeats_enabled_check CHECK (num_nulls(enabled_by, enabled_at, enabled_reason) IN (0, 3))
) WITH (fillfactor = 50);
COMMENT ON TABLE arbees.execution_repeats IS
	'entries of a deployment into an instrument without a window since a person last enabled them; disabled_at stops them until arbees_enable_execution';
