\set ECHO none
\getenv dir PG_ABS_SRCDIR
\set desk :dir '/sql/desk.inc'
\i :desk
-- The market calendar: a venue without one never closes, one without sessions never opens.
\set SHOW_CONTEXT never
SELECT max(journal_id) AS row FROM arbees.journal_desk \gset
CREATE FUNCTION desk.at(sec numeric) RETURNS timestamptz LANGUAGE sql IMMUTABLE AS $$ SELECT '2026-01-01 00:00 UTC'::timestamptz + $1 * interval '1 second' $$;
-- Whether the gate sees the market open at a second.
CREATE FUNCTION desk.open(sec numeric) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	PERFORM desk.quote('PAPER', $1, 'w.up', 0.48, 0.52);
	PERFORM desk.try(desk.signal(jsonb_build_object('key', 'at-' || $1 || clock_timestamp())));
	RETURN (SELECT value FROM arbees.decision_details WHERE field = 'calendar_open'
		AND decision_id = (SELECT max(decision_id) FROM arbees.decisions));
END
$$;
GRANT USAGE ON SCHEMA desk TO arbees_viewer;
SELECT desk.open(100);

-- refusals
SELECT arbees_set_calendar('sin', 'NYSE', 'a typo');
\echo :LAST_ERROR_SQLSTATE
SELECT arbees_set_calendar('sim', '', 'x');
SELECT arbees_set_calendar('sim', 'NYSE', ' ');
SELECT arbees_add_session('NYSE', desk.at(110), desk.at(110), 'no time at all');
\echo :LAST_ERROR_SQLSTATE
SELECT arbees_add_session('NYSE', desk.at(110), 'infinity', 'for ever');
SELECT arbees_add_session('NYSE', NULL, desk.at(120), 'x');
SELECT arbees_add_session('NYSE', desk.at(110), desk.at(120), NULL);
SET ROLE arbees_operator;
SELECT arbees_set_calendar('sim', 'NYSE', 'not mine');
SELECT arbees_add_session('NYSE', now(), now() + interval '1 s', 'not mine');
INSERT INTO arbees.market_sessions VALUES ('NYSE', now(), 'infinity');
SELECT arbees_describe_instrument(1, 'x', NULL, NULL, NULL, 'not mine');
RESET ROLE;

-- from the calendar on, closed but within its sessions
SET ROLE arbees_risk;
SELECT arbees_set_calendar('sim', 'NYSE', 'it has hours');
RESET ROLE;
SELECT desk.open(101) AS no_session;
SET ROLE arbees_risk;
SELECT arbees_add_session('NYSE', desk.at(110), desk.at(120), 'a short day');
SELECT arbees_add_session('NYSE', desk.at(119), desk.at(125), 'overlaps');
\echo :LAST_ERROR_SQLSTATE
SELECT arbees_add_session('NYSE', desk.at(130), desk.at(140), 'another'), arbees_add_session('LSE', desk.at(0), desk.at(1000), 'elsewhere'),
	arbees_add_session('NYSE', desk.at(120), desk.at(121), 'right behind');
RESET ROLE;
SELECT desk.open(109.999) AS before, desk.open(110) AS opening, desk.open(119.999) AS late, desk.open(120.5) AS second, desk.open(121) AS between,
	desk.open(129) AS still, desk.open(135) AS third, desk.open(140) AS closing, desk.open(200) AS after;
-- a day that is taken away is closed at once
SELECT arbees_add_session('NYSE', desk.at(200), desk.at(300), 'late');
SELECT desk.open(201);
SET ROLE arbees_operator;
SELECT arbees_remove_sessions('NYSE', desk.at(0), desk.at(1000), 'a holiday');
RESET ROLE;
SELECT desk.open(202);
BEGIN;
SELECT arbees_set_calendar('sim', NULL, 'never closes');
SELECT desk.open(203);
ROLLBACK;
SELECT desk.open(204);
SELECT arbees_set_calendar('sim', 'LSE', 'other hours');
SELECT desk.open(205);
TRUNCATE arbees.market_sessions;
SELECT desk.open(206);
SELECT arbees_set_calendar('sim', NULL, 'never closes');
SELECT desk.open(207);

-- many sessions, each found
INSERT INTO arbees.market_sessions SELECT c, desk.at(i * 10), desk.at(i * 10 + 5) FROM generate_series(-300, 300) i, unnest(ARRAY['A', 'NYSE', 'Z']) c;
SELECT arbees_set_calendar('sim', 'NYSE', 'hours again');
SELECT string_agg(desk.open(s), ' ' ORDER BY s) FROM generate_series(208, 222) s;

-- what an instrument belongs to
SET ROLE arbees_risk;
SELECT arbees_describe_instrument(1000000, 'tech', 'semis', 100, 1000, 'x');
\echo :LAST_ERROR_SQLSTATE
SELECT arbees_describe_instrument(desk.instrument('w.up'), 'tech', 'semis', -1, 1000, 'x');
SELECT arbees_describe_instrument(desk.instrument('w.up'), 'tech', 'semis', 100, 1000, 'as the venue says');
RESET ROLE;
SELECT sector, correlation_group, trim_scale(max_qty) AS max_qty, trim_scale(max_notional) AS max_notional FROM arbees.instruments WHERE symbol LIKE 'w.%' ORDER BY symbol DESC;
SELECT kind, message FROM arbees.journal WHERE journal_id > :row AND kind ~ 'calendar|session|described' ORDER BY journal_id;
