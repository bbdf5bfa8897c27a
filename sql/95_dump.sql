-- All rows are the user's own, since this script inserts none: dump them all,
-- and what the sequences have come to.
DO $$
DECLARE
    own record;
BEGIN
    FOR own IN
        SELECT c.oid FROM pg_class c
        WHERE c.relnamespace = 'revops'::regnamespace AND c.relkind IN ('r', 'p', 'S')
        ORDER BY c.relname COLLATE "C"
    LOOP
        PERFORM pg_extension_config_dump(own.oid, '');
    END LOOP;
END
$$;
