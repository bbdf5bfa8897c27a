-- the columns of the plain views mean what the columns of the functions mean
DO $$
DECLARE
    c record;
BEGIN
    FOR c IN SELECT v.relname, a.attname, col_description(t.oid, a.attnum) AS comment
             FROM pg_class t
             JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum > 0
             JOIN pg_class v ON v.relnamespace = t.relnamespace AND v.relkind = 'v'
                            AND v.relname IN (replace(t.relname, '_row', '_week'), replace(t.relname, '_row', '_month'))
             WHERE t.relnamespace = 'revops'::regnamespace AND t.relkind = 'c' AND t.relname LIKE 'kpi\_%\_row'
    LOOP
        EXECUTE format('COMMENT ON COLUMN revops.%I.%I IS %L', c.relname, c.attname, c.comment);
    END LOOP;
END
$$;
