-- test/bench/orders.sql: windows that the venue lists ahead of their time, and what a
-- benchmark does with them. :file holds what the simulator says of its windows.
CREATE SCHEMA bench;
CREATE TABLE bench.windows AS SELECT * FROM jsonb_to_recordset(pg_read_file(:'file')::jsonb) AS w
	(slug text, condition_id text, up_token text, down_token text, opens_s bigint, closes_s bigint, state text);
-- Open from now on: the gate takes entries in open windows, the venue takes orders in all it lists.
CREATE TABLE bench.listed AS
	SELECT r.up_instrument, r.down_instrument
	-- The first are the worker's own to tell of.
	FROM (SELECT * FROM bench.windows WHERE state = 'SCHEDULED' ORDER BY opens_s OFFSET 16) w,
		LATERAL arbees.report_window((SELECT venue_id FROM arbees.venues WHERE name = 'simulator'), w.slug, upper(split_part(w.slug, '-', 1)), w.condition_id,
			(floor(extract(epoch FROM now())) - 60)::bigint * 1000, w.closes_s * 1000, 'last_tick', w.up_token, w.down_token,
			0.01, 5, 1, 0.07, 1, false) r;
-- The gate takes two entries per window and instrument.
CREATE TABLE bench.pool (place bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, instrument_id integer NOT NULL);
INSERT INTO bench.pool (instrument_id)
	SELECT i FROM generate_series(1, 2) AS n, bench.listed, LATERAL (VALUES (up_instrument), (down_instrument)) v (i) ORDER BY n, i;
CREATE TABLE bench.mark (order_id bigint NOT NULL);
CREATE SEQUENCE bench.keys;

-- The worker's feed quotes what it follows; what is only listed is quoted here, as the house quotes it.
CREATE FUNCTION bench.quote() RETURNS bigint LANGUAGE sql AS $$
	SELECT count(*) FROM (SELECT array_agg(instrument_id) AS i
			FROM (SELECT instrument_id, row_number() OVER () / 1000 AS call FROM (SELECT DISTINCT instrument_id FROM bench.pool) d) p
			GROUP BY call) p,
		LATERAL arbees.on_quotes((SELECT venue_id FROM arbees.venues WHERE name = 'simulator'), 'PAPER', NULL, p.i,
			array_fill(0.49, ARRAY[cardinality(p.i)]), array_fill(500.0, ARRAY[cardinality(p.i)]),
			array_fill(0.51, ARRAY[cardinality(p.i)]), array_fill(500.0, ARRAY[cardinality(p.i)]),
			array_fill((extract(epoch FROM clock_timestamp()) * 1000)::bigint, ARRAY[cardinality(p.i)]), '{}', '{}', '{}')
$$;

-- So many orders for a dollar each, or an error that says why not.
CREATE FUNCTION bench.take(orders integer) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	taken	integer;
	why		text;
BEGIN
	WITH s AS (DELETE FROM bench.pool WHERE place IN (SELECT place FROM bench.pool ORDER BY place LIMIT orders) RETURNING instrument_id)
	SELECT count(d.order_id), min(d.reason) INTO taken, why
	FROM s, LATERAL arbees.submit_signal((SELECT deployment_id FROM arbees.deployments WHERE mode = 'LIVE'),
		ROW('bench-' || nextval('bench.keys'), s.instrument_id, 'BUY', 'money', 1, 0.60, 'FAK', 0, 'none', 0, NULL, NULL, NULL, NULL, NULL)::arbees.signal) d;
	IF taken <> orders THEN
		RAISE EXCEPTION '% of % orders were accepted: %', taken, orders, coalesce(why, 'the pool is empty');
	END IF;
END
$$;

-- Whether an order that was made after the mark is filled; tries another when none is under way.
CREATE FUNCTION bench.trades_again() RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
	since	bigint := (SELECT max(order_id) FROM bench.mark);
BEGIN
	IF EXISTS (SELECT FROM arbees.orders WHERE mode = 'LIVE' AND order_id > since AND filled_qty > 0) THEN
		RETURN true;
	END IF;
	IF NOT EXISTS (SELECT FROM arbees.orders WHERE mode = 'LIVE' AND order_id > since AND finished_at IS NULL) THEN
		PERFORM bench.take(1);
	END IF;
	RETURN false;
END
$$;
