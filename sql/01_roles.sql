-- Whoever owns the schema can drop and create what they like in it: somebody
-- who made it before the extension came would own the engine.
DO $$
DECLARE
    owner record;
BEGIN
    SELECT r.rolname, r.rolsuper INTO owner
    FROM pg_namespace n JOIN pg_roles r ON r.oid = n.nspowner WHERE n.nspname = 'revops';
    IF NOT owner.rolsuper AND owner.rolname <> current_user THEN
        RAISE object_not_in_prerequisite_state USING
            MESSAGE = format('schema "revops" belongs to role "%s"', owner.rolname),
            DETAIL = 'Its owner could replace every part of the extension.',
            HINT = 'ALTER SCHEMA revops OWNER TO CURRENT_USER, or rename that schema.';
    END IF;
END
$$;

-- Four groups that rights are granted to.  Roles belong to the whole cluster:
-- they are made when absent, never changed, and stay when the extension goes.
DO $$
DECLARE
    wanted text[] := '{revops_reader,revops_marketing,revops_sales,revops_admin}';
    group_name text;
BEGIN
    FOREACH group_name IN ARRAY wanted LOOP
        BEGIN
            IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = group_name) THEN
                EXECUTE format('CREATE ROLE %I NOLOGIN', group_name);
                EXECUTE format('COMMENT ON ROLE %I IS %L', group_name,
                               'Group of pg_revops; see its documentation for what it may do.');
            END IF;
        EXCEPTION
            -- the extension is being created in another database as well
            WHEN duplicate_object OR unique_violation THEN NULL;
        END;
    END LOOP;
    FOREACH group_name IN ARRAY wanted[2:] LOOP
        IF NOT pg_has_role(group_name, 'revops_reader', 'MEMBER') THEN
            EXECUTE format('GRANT revops_reader TO %I', group_name);
        END IF;
    END LOOP;
END
$$;
