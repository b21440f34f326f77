/* Who trades, who lives: epochs, leases, heartbeats, feeds, reconciliations. */
CREATE TABLE arbees.trader_epochs (
	venue_account_id	integer PRIMARY KEY,
	epoch				bigint NOT NULL,
	holder				text NOT NULL,
	taken_at			timestamptz NOT NULL,
	reconciled_at		timestamptz,
	CONSTRAINT trader_epochs_venue_account_fkey FOREIGN KEY (venue_account_id) REFERENCES arbees.venue_accounts,
	CONSTRAINT trader_epochs_epoch_check CHECK (epoch > 0)
);
COMMENT ON TABLE arbees.trader_epochs IS 'changes only when a trader takes over (and when its reconciliation succeeds)';

CREATE TABLE arbees.trader_leases (
	venue_account_id	integer PRIMARY KEY,
	epoch				bigint NOT NULL,
	expires_at			timestamptz NOT NULL,
	renewed_at			timestamptz NOT NULL,
	CONSTRAINT trader_leases_venue_account_fkey FOREIGN KEY (venue_account_id) REFERENCES arbees.venue_accounts
) WITH (fillfactor = 50);

CREATE SEQUENCE arbees.worker_sessions_seq;
CREATE TABLE arbees.worker_sessions (
	session_id			bigint PRIMARY KEY DEFAULT nextval('arbees.worker_sessions_seq'),
	venue_account_id	integer NOT NULL,
	epoch				bigint NOT NULL,
	worker				text NOT NULL,
	previous_holder		text,
	started_at			timestamptz NOT NULL,
	ended_at			timestamptz,
	end_reason			text,
	CONSTRAINT worker_sessions_venue_account_fkey FOREIGN KEY (venue_account_id) REFERENCES arbees.venue_accounts,
	CONSTRAINT worker_sessions_epoch_key UNIQUE (venue_account_id, epoch)
);

CREATE TABLE arbees.workers (
	worker				text PRIMARY KEY,
	venue_id			integer NOT NULL,
	venue_account_id	integer,
	roles				text NOT NULL,
	pid					integer NOT NULL,
	started_at			timestamptz NOT NULL,
	seen_at				timestamptz NOT NULL,
	clock_offset_ms		numeric,
	CONSTRAINT workers_venue_fkey FOREIGN KEY (venue_id) REFERENCES arbees.venues,
	CONSTRAINT workers_venue_account_fkey FOREIGN KEY (venue_account_id) REFERENCES arbees.venue_accounts
) WITH (fillfactor = 50);

CREATE TABLE arbees.feeds (
	worker			text NOT NULL,
	channel			text NOT NULL,
	connected		boolean NOT NULL,
	messages		bigint NOT NULL DEFAULT 0,
	errors			bigint NOT NULL DEFAULT 0,
	reconnects		bigint NOT NULL DEFAULT 0,
	last_data_at	timestamptz,
	seen_at			timestamptz NOT NULL,
	PRIMARY KEY (worker, channel),
	CONSTRAINT feeds_worker_fkey FOREIGN KEY (worker) REFERENCES arbees.workers
) WITH (fillfactor = 50);

CREATE TABLE arbees.input_errors (
	worker			text NOT NULL,
	kind			text NOT NULL,
	count			bigint NOT NULL,
	first_at		timestamptz NOT NULL,
	last_at			timestamptz NOT NULL,
	last_context	text,
	PRIMARY KEY (worker, kind)
);

CREATE TABLE arbees.conductor (
	only_row		boolean PRIMARY KEY DEFAULT true,
	pid				integer NOT NULL,
	ticks			bigint NOT NULL,
	interval_ms		integer NOT NULL,
	started_at		timestamptz NOT NULL,
	beat_at			timestamptz NOT NULL,
	worker_pid		integer,
	CONSTRAINT conductor_only_row_check CHECK (only_row)
) WITH (fillfactor = 25);

CREATE TABLE arbees.tick_steps (
	position		integer PRIMARY KEY,
	name			text NOT NULL,
	function_name	text NOT NULL,
	is_safety		boolean NOT NULL,
	enabled			boolean NOT NULL DEFAULT true,
	description		text NOT NULL,
	CONSTRAINT tick_steps_name_key UNIQUE (name),
	CONSTRAINT tick_steps_safety_check CHECK (enabled OR NOT is_safety)
);

CREATE TABLE arbees.tick_errors (
	step			text PRIMARY KEY,
	count			bigint NOT NULL,
	last_at			timestamptz NOT NULL,
	last_sqlstate	text NOT NULL,
	last_message	text NOT NULL
);

CREATE SEQUENCE arbees.reconciliations_seq;
CREATE TABLE arbees.reconciliations (
	reconciliation_id	bigint PRIMARY KEY DEFAULT nextval('arbees.reconciliations_seq'),
	venue_account_id	integer NOT NULL,
	epoch				bigint NOT NULL,
	cause				text NOT NULL,
	started_at			timestamptz NOT NULL,
	finished_at			timestamptz,
	rows_read			integer,
	rows_mapped			integer,
	rows_refused		integer,
	differences			integer,
	clean				boolean,
	complete			boolean,
	looks				integer NOT NULL DEFAULT 0,
	seen				text,
	working				jsonb NOT NULL DEFAULT '{}',
	market_differences	jsonb NOT NULL DEFAULT '[]',
	CONSTRAINT reconciliations_venue_account_fkey FOREIGN KEY (venue_account_id) REFERENCES arbees.venue_accounts,
	CONSTRAINT reconciliations_clean_check CHECK (NOT clean OR (complete AND differences = 0))
);
CREATE INDEX reconciliations_account_idx ON arbees.reconciliations (venue_account_id, reconciliation_id);
COMMENT ON COLUMN arbees.reconciliations.complete IS
	'everything was read and no row refused: only such a comparison finds or settles a difference';
COMMENT ON COLUMN arbees.reconciliations.looks IS 'how often the venue was read: what differs is read again before it is believed';
COMMENT ON COLUMN arbees.reconciliations.seen IS 'what differed in the last look';
COMMENT ON COLUMN arbees.reconciliations.working IS 'orders that worked when it began, and their states';

/*
 * A difference is one row for as long as it stands, whatever the number of
 * comparisons that see it.
 */
CREATE SEQUENCE arbees.discrepancies_seq;
CREATE TABLE arbees.discrepancies (
	discrepancy_id		bigint PRIMARY KEY DEFAULT nextval('arbees.discrepancies_seq'),
	reconciliation_id	bigint NOT NULL,
	kind				text NOT NULL,
	subject				text NOT NULL,
	ours				text,
	theirs				text,
	venue_account_id	integer NOT NULL,
	last_reconciliation_id	bigint NOT NULL,
	action				text NOT NULL,
	first_seen_at		timestamptz NOT NULL DEFAULT clock_timestamp(),
	last_seen_at		timestamptz NOT NULL DEFAULT clock_timestamp(),
	times_seen			bigint NOT NULL DEFAULT 1,
	resolved_at			timestamptz,
	CONSTRAINT discrepancies_reconciliation_fkey
		FOREIGN KEY (reconciliation_id) REFERENCES arbees.reconciliations,
	CONSTRAINT discrepancies_last_reconciliation_fkey
		FOREIGN KEY (last_reconciliation_id) REFERENCES arbees.reconciliations,
	CONSTRAINT discrepancies_venue_account_fkey FOREIGN KEY (venue_account_id) REFERENCES arbees.venue_accounts,
	CONSTRAINT discrepancies_action_check CHECK (action IN ('repaired', 'cancelled', 'reported'))
);
CREATE UNIQUE INDEX discrepancies_open_key ON arbees.discrepancies (venue_account_id, kind, subject) WHERE resolved_at IS NULL;
CREATE INDEX discrepancies_reconciliation_idx ON arbees.discrepancies (reconciliation_id);
CREATE INDEX discrepancies_last_reconciliation_idx ON arbees.discrepancies (last_reconciliation_id);
COMMENT ON TABLE arbees.discrepancies IS 'where the venue''s account and our books differ, or differed';
COMMENT ON COLUMN arbees.discrepancies.action IS
	'repaired: the venue''s word was clear and is booked; cancelled: an order of ours that only the venue still had; reported: a person must decide';
COMMENT ON COLUMN arbees.discrepancies.reconciliation_id IS 'which found it; last_reconciliation_id is the last that saw it';

/* Up to when an account's trades are known to be in our books: set by a complete, clean reconciliation alone. */
CREATE TABLE arbees.trade_watermarks (
	venue_account_id	integer PRIMARY KEY,
	trades_until		timestamptz NOT NULL,
	reconciliation_id	bigint NOT NULL,
	CONSTRAINT trade_watermarks_venue_account_fkey FOREIGN KEY (venue_account_id) REFERENCES arbees.venue_accounts
) WITH (fillfactor = 50);

/* What the venue last said of an account's money; the account's own truth, apart from ours. */
CREATE TABLE arbees.venue_balances (
	venue_account_id	integer PRIMARY KEY,
	cash				numeric NOT NULL,
	quiet				boolean NOT NULL,
	read_at				timestamptz NOT NULL,
	CONSTRAINT venue_balances_venue_account_fkey FOREIGN KEY (venue_account_id) REFERENCES arbees.venue_accounts
) WITH (fillfactor = 50);

/* How many orders the venue's own list shows, as a worker read it while the kill switch was engaged. */
CREATE TABLE arbees.venue_open_orders (
	venue_account_id	integer PRIMARY KEY,
	open_orders			integer NOT NULL,
	read_at				timestamptz NOT NULL,
	CONSTRAINT venue_open_orders_venue_account_fkey FOREIGN KEY (venue_account_id) REFERENCES arbees.venue_accounts,
	CONSTRAINT venue_open_orders_count_check CHECK (open_orders >= 0)
) WITH (fillfactor = 50);
