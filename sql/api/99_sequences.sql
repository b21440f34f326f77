/*
 * A sequence that is used in the transaction that made it would, at wal_level =
 * minimal, count on values it never logged: after a crash it would hand out again
 * what rows already carry. setval begins anew with nothing counted on. Sequences of
 * an earlier transaction, as an update meets them, are left alone.
 */
DO $$
DECLARE
	sequence	pg_catalog.regclass;
	last_value	bigint;
BEGIN
	FOR sequence IN
		SELECT c.oid
		FROM pg_catalog.pg_class c
		WHERE c.relnamespace = 'arbees'::pg_catalog.regnamespace AND c.relkind = 'S'
			AND pg_catalog.age(c.xmin) <= 0
		ORDER BY c.oid
	LOOP
		last_value := pg_catalog.pg_sequence_last_value(sequence);
		IF last_value IS NOT NULL THEN
			PERFORM pg_catalog.setval(sequence, last_value);
		END IF;
	END LOOP;
END
$$;
