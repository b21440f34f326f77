/* The journal: append-only, hashed at insert, sealed into a chain by the conductor. */
CREATE SEQUENCE arbees.journal_seq;
CREATE TABLE arbees.journal (
	journal_id		bigint NOT NULL,
	mode			arbees.mode,
	at				timestamptz NOT NULL,
	xid				xid8 NOT NULL,
	kind			text NOT NULL,
	portfolio_id	integer,
	ref_id			bigint,
	actor			text NOT NULL,
	message			text NOT NULL,
	hash			bytea NOT NULL
) PARTITION BY LIST (mode);
CREATE TABLE arbees.journal_desk PARTITION OF arbees.journal (
	PRIMARY KEY (journal_id)
) FOR VALUES IN ('PAPER', 'DRY_RUN', 'LIVE', NULL);
CREATE TABLE arbees.journal_backtest PARTITION OF arbees.journal
	FOR VALUES IN ('BACKTEST') PARTITION BY LIST (portfolio_id);
CREATE INDEX journal_desk_seal_idx ON arbees.journal_desk (xid, journal_id);
-- What people and the seals look for; a decision's row is found by the decision.
CREATE INDEX journal_desk_kind_idx ON arbees.journal_desk (kind, journal_id)
	WHERE kind NOT IN ('decision_accepted', 'decision_refused');

CREATE TABLE arbees.journal_seals (
	seal_no			bigint PRIMARY KEY,
	era_after_id	bigint NOT NULL,
	through_xid		xid8 NOT NULL,
	through_id		bigint NOT NULL,
	row_count		bigint NOT NULL,
	previous_head	bytea NOT NULL,
	head			bytea NOT NULL,
	sealed_at		timestamptz NOT NULL,
	CONSTRAINT journal_seals_row_count_check CHECK (row_count > 0)
);
COMMENT ON TABLE arbees.journal_seals IS
	'head = SHA-256 over previous_head and the hashes of the rows sealed, in order of (xid, journal_id)';
COMMENT ON COLUMN arbees.journal_seals.era_after_id IS
	'transaction numbers start anew where a dump is restored, so order holds within an era: the rows after this journal_id';

CREATE SEQUENCE arbees.alerts_seq;
CREATE TABLE arbees.alerts (
	alert_id		bigint PRIMARY KEY DEFAULT nextval('arbees.alerts_seq'),
	raised_at		timestamptz NOT NULL DEFAULT clock_timestamp(),
	severity		text NOT NULL,
	kind			text NOT NULL,
	message			text NOT NULL,
	portfolio_id	integer,
	acknowledged_by	text,
	acknowledged_at	timestamptz,
	CONSTRAINT alerts_severity_check CHECK (severity IN ('info', 'warning', 'critical'))
);
CREATE INDEX alerts_open_idx ON arbees.alerts (alert_id) WHERE acknowledged_at IS NULL;
