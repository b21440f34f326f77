/*
 * Who may do what. Roles belong to the cluster, so they are made when missing
 * and outlive the extension; none of them can log in by itself.
 */
DO $$
BEGIN
	IF pg_catalog.has_schema_privilege('public', '@extschema@'::pg_catalog.regnamespace::pg_catalog.oid, 'CREATE') THEN
		RAISE EXCEPTION 'extension arbees cannot be installed into a schema where PUBLIC may create objects'
			USING ERRCODE = 'insufficient_privilege',
				DETAIL = 'A look-alike of arbees_kill could be put beside it.',
				HINT = 'REVOKE CREATE ON SCHEMA @extschema@ FROM PUBLIC; then install again.';
	END IF;
END
$$;

DO $$
DECLARE
	name text;
BEGIN
	FOREACH name IN ARRAY ARRAY['arbees_viewer', 'arbees_operator', 'arbees_risk', 'arbees_worker', 'arbees_strategy'] LOOP
		BEGIN
			IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = name) THEN
				EXECUTE pg_catalog.format('CREATE ROLE %I NOLOGIN', name);
			END IF;
		EXCEPTION WHEN duplicate_object OR unique_violation THEN
			NULL;	-- another database installed it at the same moment
		END;
	END LOOP;
	IF NOT pg_catalog.pg_has_role('arbees_operator', 'arbees_viewer', 'MEMBER') THEN
		GRANT arbees_viewer TO arbees_operator;
	END IF;
	IF NOT pg_catalog.pg_has_role('arbees_risk', 'arbees_operator', 'MEMBER') THEN
		GRANT arbees_operator TO arbees_risk;
	END IF;
END
$$;

GRANT USAGE ON SCHEMA arbees TO arbees_viewer, arbees_worker, arbees_strategy;
