/*
 * Every table that holds rows and every sequence travels with pg_dump; restore
 * with PGOPTIONS='-c arbees.maintenance=restore'.
 */
DO $$
DECLARE
	member pg_catalog.regclass;
BEGIN
	FOR member IN
		SELECT c.oid
		FROM pg_catalog.pg_depend d
		JOIN pg_catalog.pg_extension e ON e.oid = d.refobjid
		JOIN pg_catalog.pg_class c ON c.oid = d.objid
		WHERE e.extname = 'arbees'
			AND d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass
			AND d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
			AND d.deptype = 'e'
			AND c.relkind IN ('r', 'S')
		ORDER BY c.oid
	LOOP
		PERFORM pg_catalog.pg_extension_config_dump(member, '');
	END LOOP;
END
$$;
