/*
 * Controls: every number that decides whether an order may leave, with its
 * bounds, who changed it and when. No environment variable, no setting.
 */
CREATE TABLE arbees.runtime_controls (
	key				text PRIMARY KEY,
	kind			text NOT NULL,
	value			text,
	is_none			boolean NOT NULL DEFAULT false,
	soft_value		text,
	unit			text,
	min_value		numeric,
	max_value		numeric,
	labels			text[],
	description		text NOT NULL,
	changed_by		text NOT NULL DEFAULT session_user,
	changed_at		timestamptz NOT NULL DEFAULT clock_timestamp(),
	reason			text,
	CONSTRAINT runtime_controls_kind_check
		CHECK (kind IN ('boolean', 'integer', 'numeric', 'label', 'list')),
	CONSTRAINT runtime_controls_none_check CHECK (NOT is_none OR value IS NULL)
);
COMMENT ON TABLE arbees.runtime_controls IS
	'limits and switches; is_none = explicitly no limit, a NULL value that is not none denies; beyond soft_value the gate warns';

CREATE SEQUENCE arbees.control_history_seq;
CREATE TABLE arbees.control_history (
	change_id		bigint PRIMARY KEY DEFAULT nextval('arbees.control_history_seq'),
	scope			text NOT NULL DEFAULT 'control',
	name			text NOT NULL DEFAULT '',
	key				text NOT NULL,
	old_value		text,
	old_is_none		boolean,
	old_soft		text,
	new_value		text,
	new_is_none		boolean,
	new_soft		text,
	changed_by		text NOT NULL,
	changed_at		timestamptz NOT NULL,
	reason			text
);
COMMENT ON TABLE arbees.control_history IS
	'every change of a control or a limit: of the control itself, or of the limit of a scope; old_is_none or new_is_none is NULL where there was, or is, no row';
CREATE INDEX control_history_key_idx ON arbees.control_history (key, change_id);

/*
 * The installation's own identity: a restored dump, a cloned disk or a promoted
 * standby finds a stranger's identity here and stays paused until arbees_resume.
 */
CREATE TABLE arbees.installation (
	only_row			boolean PRIMARY KEY DEFAULT true,
	system_identifier	bigint NOT NULL,
	timeline			integer NOT NULL,
	database_oid		oid NOT NULL,
	relation_oid		oid NOT NULL,
	place				text NOT NULL,
	bound_at			timestamptz NOT NULL,
	bound_by			text NOT NULL,
	CONSTRAINT installation_only_row_check CHECK (only_row)
);
COMMENT ON COLUMN arbees.installation.place IS
	'digest of the machine, the path of the data directory, and the inode and birth of its PG_VERSION: a copy of the files has another';

/* The kill level is the row with the highest seq; insert-only, so it is its own history. */
CREATE TABLE arbees.kill_levels (
	seq				bigint PRIMARY KEY,
	level			arbees.kill_level NOT NULL,
	reason			text,
	set_by			text NOT NULL,
	set_at			timestamptz NOT NULL
);
