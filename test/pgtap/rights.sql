-- What PUBLIC may do, whose search_path counts, what the install script says.
BEGIN;
SELECT plan(9);

CREATE TEMPORARY TABLE routine AS
SELECT p.*, p.oid::regprocedure AS routine, l.lanname
FROM pg_catalog.pg_proc p
JOIN pg_catalog.pg_language l ON l.oid = p.prolang
JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_proc'::regclass AND d.objid = p.oid
JOIN pg_catalog.pg_extension e ON e.oid = d.refobjid AND e.extname = 'pg_revops'
WHERE d.refclassid = 'pg_catalog.pg_extension'::regclass AND d.deptype = 'e';

CREATE TEMPORARY TABLE relation AS
SELECT c.*, c.oid::regclass AS relation
FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = c.oid
JOIN pg_catalog.pg_extension e ON e.oid = d.refobjid AND e.extname = 'pg_revops'
WHERE d.refclassid = 'pg_catalog.pg_extension'::regclass AND d.deptype = 'e';

-- A trigger function cannot be called, only attached, and that needs the
-- right TRIGGER on the table; every other volatile function changes something.
SELECT is_empty($$
    SELECT routine FROM routine
    WHERE provolatile = 'v' AND prorettype <> 'trigger'::regtype
      AND pg_catalog.has_function_privilege('public', oid, 'EXECUTE')
    ORDER BY 1 $$, 'PUBLIC may execute nothing that changes anything');

SELECT is_empty($$
    SELECT routine FROM routine
    WHERE prokind = 'p' AND pg_catalog.has_function_privilege('public', oid, 'EXECUTE')
    ORDER BY 1 $$, 'PUBLIC may call no procedure');

SELECT is_empty($$
    SELECT relation FROM relation r, unnest(ARRAY['INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'TRIGGER', 'REFERENCES']) AS p(privilege)
    WHERE r.relkind IN ('r', 'p', 'v', 'm')
      AND pg_catalog.has_table_privilege('public', r.oid, p.privilege)
    ORDER BY 1 $$, 'PUBLIC may change no table');

SELECT is_empty($$
    SELECT relation FROM relation r
    WHERE r.relkind IN ('r', 'p', 'v', 'm') AND pg_catalog.has_table_privilege('public', r.oid, 'SELECT')
    ORDER BY 1 $$, 'PUBLIC may read no table or view: leads are personal');

SELECT is_empty($$
    SELECT relation FROM relation r, unnest(ARRAY['USAGE', 'UPDATE']) AS p(privilege)
    WHERE r.relkind = 'S' AND pg_catalog.has_sequence_privilege('public', r.oid, p.privilege)
    ORDER BY 1 $$, 'PUBLIC may move no sequence');

SELECT ok(NOT pg_catalog.has_schema_privilege('public', 'revops', 'CREATE'),
          'PUBLIC may create nothing in the schema');

-- Either a SET clause, or a body that was parsed when it was created.
SELECT is_empty($$
    SELECT routine FROM routine
    WHERE prokind <> 'p'
      AND (prosecdef OR lanname IN ('sql', 'plpgsql'))
      AND NOT EXISTS (SELECT FROM unnest(proconfig) AS s WHERE s LIKE 'search_path=%')
      AND (prosecdef OR prosqlbody IS NULL)
    ORDER BY 1 $$, 'every SECURITY DEFINER, SQL and PL/pgSQL function pins search_path');

SELECT is_empty($$
    SELECT routine, proconfig FROM routine, unnest(proconfig) AS s
    WHERE s LIKE 'search_path=%' AND s <> 'search_path=pg_catalog, pg_temp'
    ORDER BY 1 $$, '... to pg_catalog, pg_temp');

SELECT is_empty($$
    SELECT routine FROM routine WHERE prokind = 'p' AND prosecdef $$,
    'no procedure is SECURITY DEFINER');

SELECT * FROM finish();
ROLLBACK;
