/* What a kill or a resume answers; a count is NULL when the table was locked by somebody else. */
CREATE TYPE arbees.kill_result AS (
	level				arbees.kill_level,
	orders_to_cancel	bigint,
	positions_to_close	bigint,
	orders_in_flight	bigint,
	holders_terminated	text,
	warning				text
);
