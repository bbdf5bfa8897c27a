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
