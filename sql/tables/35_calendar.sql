/* When markets are open. A venue without a calendar never closes. */
CREATE TABLE arbees.market_sessions (
	calendar		text NOT NULL,
	opens_at		timestamptz NOT NULL,
	closes_at		timestamptz NOT NULL,
	PRIMARY KEY (calendar, opens_at),
	CONSTRAINT market_sessions_calendar_check CHECK (calendar <> ''),
	CONSTRAINT market_sessions_times_check CHECK (closes_at > opens_at),
	CONSTRAINT market_sessions_finite_check CHECK (isfinite(opens_at) AND isfinite(closes_at))
);
COMMENT ON TABLE arbees.market_sessions IS
	'a venue with a calendar is open within its sessions, from opens_at on and before closes_at; a calendar without sessions is closed';
