\set ECHO none
\getenv dir PG_ABS_SRCDIR
\set desk :dir '/sql/desk.inc'
\i :desk
-- Rows written without an executor, amounts read as they lie, and names that mean ours: nothing gets past by it.

-- amounts are what numeric makes of them, to the byte
SELECT setseed(0.5) AS _ \gset
CREATE TABLE desk.amounts AS
	SELECT ((random() * 2 - 1) * 10 ^ (random() * 22 - 12)::integer)::numeric AS given FROM generate_series(1, 20000)
	UNION ALL SELECT round(((random() * 2 - 1) * 10 ^ (random() * 18 - 8)::integer)::numeric, (random() * 10)::integer) FROM generate_series(1, 20000)
	UNION ALL SELECT s * d * 10::numeric ^ e FROM unnest(ARRAY[-1, 1]) s, unnest(ARRAY[0, 1, 5, 9, 4999, 5000, 9999, 10000, 49995, 50005]) d, generate_series(-12, 5) e
	UNION ALL VALUES (92233720368.54775806), (-92233720368.54775806), (92233720368.547758064), (-0.000000004), (1e-100), (0.000000005), (-0.000000005), (0.0000000049999);
SELECT count(*) > 40000 AS many, count(*) FILTER (WHERE scale(given) > 8) > 10000 AS rounded FROM desk.amounts;
SELECT given, arbees.fixed_amount(given) AS counted, round(given, 8) AS expected FROM desk.amounts
	WHERE arbees.fixed_amount(given)::text <> round(given, 8)::text OR numeric_send(arbees.fixed_amount(given)) <> numeric_send(round(given, 8))
		OR hash_numeric(arbees.fixed_amount(given)) <> hash_numeric(round(given, 8)) OR pg_column_size(arbees.fixed_amount(given)) <> pg_column_size(round(given, 8));
SELECT given, desk.attempt(format('SELECT arbees.fixed_amount(%L)', given)) AS answer FROM unnest(ARRAY[
	'92233720368.54775807', '-92233720368.54775807', '-92233720368.54775808', '92233720368.547758065', '1e30', '-1e300', 'NaN', 'Infinity', '-Infinity']) given;

-- others point at these rows: they stay, and keep their keys
SELECT statement, desk.attempt(statement) AS answer FROM unnest(ARRAY[
	'DELETE FROM arbees.portfolios', 'UPDATE arbees.portfolios SET portfolio_id = 99', 'UPDATE arbees.portfolios SET mode = ''LIVE''',
	'UPDATE arbees.portfolios SET name = ''paper''', 'DELETE FROM arbees.windows', 'UPDATE arbees.windows SET window_id = 99',
	'UPDATE arbees.windows SET slug = slug', 'DELETE FROM arbees.instruments', 'UPDATE arbees.instruments SET instrument_id = -instrument_id',
	'UPDATE arbees.instruments SET neg_risk = neg_risk', 'TRUNCATE arbees.windows CASCADE']) statement;
SET session_replication_role = replica;
SELECT desk.attempt('DELETE FROM arbees.windows');
RESET session_replication_role;

-- what somebody adds to a table binds the gate's rows, too; keys that are refused leave nothing behind
SELECT count(*) AS _ FROM desk.quote('PAPER', 101, 'w.up', 0.50, 0.52) \gset
CREATE FUNCTION desk.decide(key text) RETURNS text LANGUAGE sql AS $$ SELECT desk.try(desk.signal(jsonb_build_object('key', $1))) $$;
ALTER TABLE arbees.decisions_paper ADD CONSTRAINT no_evil CHECK (signal_key <> 'evil');
SELECT desk.decide('evil') AS checked;
ALTER TABLE arbees.decisions_paper DROP CONSTRAINT no_evil;
CREATE UNIQUE INDEX only_one ON arbees.decisions_paper ((1));
SELECT desk.decide('one') AS first, desk.decide('two') AS second;
DROP INDEX arbees.only_one;
CREATE UNIQUE INDEX no_two ON arbees.decisions_paper (purpose) WHERE signal_key LIKE 't%';
SELECT desk.decide('t1') AS first, desk.decide('t2') AS second, desk.decide('u') AS other;
DROP INDEX arbees.no_two;
CREATE TABLE desk.keys (key text PRIMARY KEY);
INSERT INTO desk.keys SELECT signal_key FROM arbees.decisions UNION VALUES ('known');
ALTER TABLE arbees.decisions_paper ADD CONSTRAINT known FOREIGN KEY (signal_key) REFERENCES desk.keys;
SELECT desk.decide('known') AS known, desk.decide('unknown') AS unknown;
ALTER TABLE arbees.decisions_paper DROP CONSTRAINT known;
SELECT desk.decide('unknown') AS again;

-- a stranger's trigger fires, and its names are not the caller's
CREATE TABLE desk.told (what text, path text);
CREATE FUNCTION desk.tell() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO desk.told VALUES (TG_OP || ' ' || TG_TABLE_NAME, current_setting('search_path'));
	RETURN NULL;
END
$$;
CREATE TRIGGER stranger AFTER INSERT OR UPDATE ON arbees.decisions_paper FOR EACH ROW EXECUTE FUNCTION desk.tell();
CREATE SCHEMA evil;
CREATE FUNCTION evil.of_text(text, text) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE 'evil was called'; END $$;
CREATE FUNCTION evil.of_int4(integer, integer) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE 'evil was called'; END $$;
CREATE FUNCTION evil.of_int8(bigint, bigint) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE 'evil was called'; END $$;
CREATE OPERATOR evil.= (LEFTARG = text, RIGHTARG = text, FUNCTION = evil.of_text);
CREATE OPERATOR evil.= (LEFTARG = integer, RIGHTARG = integer, FUNCTION = evil.of_int4);
CREATE OPERATOR evil.= (LEFTARG = bigint, RIGHTARG = bigint, FUNCTION = evil.of_int8);
SELECT desk.make_window('other', 0, 300) AS _ \gset
SELECT count(*) AS _ FROM desk.quote('PAPER', 102, 'other.up', 0.50, 0.52) \gset
SELECT desk.deployment('paper', 'silent') AS deployment, desk.instrument('w.up') AS instrument, desk.instrument('other.up') AS other \gset
SET search_path = evil, pg_catalog, public;
SELECT verdict, reason FROM arbees.submit_signal(:deployment, ROW('strange', :instrument, 'BUY', 'money', 1, 0.53, 'FAK', 0, 'none', 0, NULL, NULL, NULL, NULL, NULL));
SELECT verdict, repeated FROM arbees.submit_signal(:deployment, ROW('strange', :instrument, 'BUY', 'money', 1, 0.53, 'FAK', 0, 'none', 0, NULL, NULL, NULL, NULL, NULL));
SELECT verdict, reason FROM arbees.submit_signal(:deployment, ROW('filled', :other, 'BUY', 'money', 1, 0.53, 'FAK', 0, 'none', 0, NULL, NULL, NULL, NULL, NULL));
SHOW search_path;
RESET search_path;
SELECT * FROM desk.told;
DROP TRIGGER stranger ON arbees.decisions_paper;
