-- One part of the reference, in Markdown; :part says which.  For
-- make_reference.sh.
SET search_path = pg_catalog, pg_temp;
-- loads the library, and with it the settings
SELECT revops.engine_now() AS engine_now \gset

SELECT :'part' = 'settings' AS settings, :'part' = 'views' AS views, :'part' = 'functions' AS functions,
       :'part' = 'kpis' AS kpis, :'part' = 'triggers' AS triggers, :'part' = 'sequences' AS sequences,
       :'part' IN ('definitions', 'facts', 'state') AS tables \gset

-- Text inside a cell of a table.
CREATE FUNCTION pg_temp.cell(said text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT replace(replace(coalesce(said, ''), '|', '\|'), E'\n', ' ')
$$;

-- The groups that hold a right, by an array in the order reader, marketing, sales, admin.
CREATE FUNCTION pg_temp.groups(holds boolean[]) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN holds[1] THEN 'reader'
                ELSE coalesce(nullif(concat_ws(', ', CASE WHEN holds[2] THEN 'marketing' END,
                                               CASE WHEN holds[3] THEN 'sales' END,
                                               CASE WHEN holds[4] THEN 'admin' END), ''), 'nobody') END
$$;
CREATE FUNCTION pg_temp.who(relation oid, privilege text) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT pg_temp.groups(array_agg(has_table_privilege(g.name, relation, privilege)
                                    OR (privilege = 'UPDATE' AND has_any_column_privilege(g.name, relation, privilege))
                                    ORDER BY g.n))
    FROM unnest('{revops_reader,revops_marketing,revops_sales,revops_admin}'::name[]) WITH ORDINALITY AS g (name, n)
$$;
CREATE FUNCTION pg_temp.who_calls(routine oid) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT pg_temp.groups(array_agg(has_function_privilege(g.name, routine, 'EXECUTE') ORDER BY g.n))
    FROM unnest('{revops_reader,revops_marketing,revops_sales,revops_admin}'::name[]) WITH ORDINALITY AS g (name, n)
$$;

-- Arguments as one would write them.
CREATE FUNCTION pg_temp.arguments(routine oid) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT replace(regexp_replace(pg_get_function_arguments(routine), '(NULL|''[^'']*'')::[a-z ]+(\[\])?', '\1', 'g'),
                   'timestamp with time zone', 'timestamptz')
$$;

-- The columns of a relation as rows of a table.
CREATE FUNCTION pg_temp.columns(relation oid) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT E'| column | type | what it is |\n|---|---|---|\n'
           || string_agg(format('| `%s` | %s%s | %s |', a.attname, replace(format_type(a.atttypid, a.atttypmod), 'timestamp with time zone', 'timestamptz'),
                                CASE WHEN c.relkind = 'r' AND NOT a.attnotnull THEN ', or NULL' END,
                                pg_temp.cell(col_description(a.attrelid, a.attnum))), E'\n' ORDER BY a.attnum)
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
    WHERE a.attrelid = relation AND a.attnum > 0 AND NOT a.attisdropped
$$;

\if :settings
SELECT format(E'\n### `%s`\n\n%s %s Default: %s. May be set by: %s.', s.name, s.short_desc, s.extra_desc,
              coalesce(nullif(s.boot_val, ''), 'empty'),
              CASE s.context WHEN 'superuser' THEN 'superusers, and roles that were given GRANT SET ON PARAMETER'
                             WHEN 'user' THEN 'everybody' ELSE s.context END)
FROM pg_settings s WHERE s.name LIKE 'pg_revops.%' ORDER BY s.name COLLATE "C";
\endif

\if :views
SELECT format(E'\n### `%s`\n\n%s May read: %s.\n\n%s', c.relname, obj_description(c.oid, 'pg_class'),
              pg_temp.who(c.oid, 'SELECT'), pg_temp.columns(c.oid))
FROM pg_class c
WHERE c.relnamespace = 'revops'::regnamespace AND c.relkind = 'v' AND c.relname NOT LIKE 'kpi\_%'
ORDER BY c.relname COLLATE "C";
\endif

\if :functions
SELECT format(E'\n### `%s`\n\n```sql\n%s revops.%s(%s)%s\n```\n\n%s May call: %s.', p.proname,
              CASE p.prokind WHEN 'p' THEN 'CALL' ELSE 'SELECT' END, p.proname,
              pg_temp.arguments(p.oid), ' RETURNS ' || pg_get_function_result(p.oid),
              obj_description(p.oid, 'pg_proc'), pg_temp.who_calls(p.oid))
FROM pg_proc p
WHERE p.pronamespace = 'revops'::regnamespace AND p.prorettype <> 'trigger'::regtype
  AND NOT (p.proretset AND p.proname LIKE 'kpi\_%')
ORDER BY p.proname COLLATE "C", pg_get_function_arguments(p.oid) COLLATE "C";
\endif

\if :kpis
SELECT format(E'\n### `%1$s`\n\n```sql\nrevops.%1$s(%2$s)\nrevops.%1$s_week\nrevops.%1$s_month\n```\n\n%3$s May call: %4$s.\n\n%5$s',
              p.proname, pg_temp.arguments(p.oid), obj_description(p.oid, 'pg_proc'),
              pg_temp.who_calls(p.oid), pg_temp.columns(t.typrelid))
FROM pg_proc p JOIN pg_type t ON t.oid = p.prorettype
WHERE p.pronamespace = 'revops'::regnamespace AND p.proretset AND p.proname LIKE 'kpi\_%'
ORDER BY p.proname COLLATE "C";
\endif

\if :tables
SELECT format(E'\n### `%s`\n\n%s Key: %s. May read: %s. May change: %s.\n\n%s', c.relname,
              obj_description(c.oid, 'pg_class'),
              coalesce((SELECT string_agg(a.attname, ', ' ORDER BY k.n)
                        FROM pg_index i, unnest(i.indkey::smallint[]) WITH ORDINALITY AS k (attnum, n), pg_attribute a
                        WHERE i.indrelid = c.oid AND i.indisprimary AND a.attrelid = c.oid AND a.attnum = k.attnum), 'none'),
              pg_temp.who(c.oid, 'SELECT'), pg_temp.who(c.oid, 'UPDATE'), pg_temp.columns(c.oid))
FROM pg_class c,
     LATERAL (SELECT CASE WHEN EXISTS (SELECT FROM pg_trigger t WHERE t.tgrelid = c.oid AND t.tgname = 'append_only') THEN 'facts'
                          WHEN EXISTS (SELECT FROM pg_trigger t WHERE t.tgrelid = c.oid AND t.tgname = 'log_change') THEN 'definitions'
                          ELSE 'state' END AS kind) k
WHERE c.relnamespace = 'revops'::regnamespace AND c.relkind IN ('r', 'p') AND k.kind = :'part'
ORDER BY c.relname COLLATE "C";
\endif

\if :triggers
SELECT format('| `%s` | %s |', p.proname, pg_temp.cell(obj_description(p.oid, 'pg_proc')))
FROM pg_proc p
WHERE p.pronamespace = 'revops'::regnamespace AND p.prorettype = 'trigger'::regtype
ORDER BY p.proname COLLATE "C";
\endif

\if :sequences
SELECT format('Numbers come from `%s`. '
              'Numbers have gaps, and between sessions they are not in order of time.',
              string_agg(c.relname, '`, `' ORDER BY c.relname COLLATE "C"))
FROM pg_class c
WHERE c.relnamespace = 'revops'::regnamespace AND c.relkind = 'S'
  AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype IN ('i', 'a'));
\endif
