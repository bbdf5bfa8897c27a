-- Every object of the extension says what it is: tables, views, their columns,
-- functions, types, sequences that people use.
BEGIN;
SELECT plan(5);

CREATE TEMPORARY TABLE member AS
SELECT d.classid, d.objid, pg_catalog.pg_describe_object(d.classid, d.objid, 0) AS object
FROM pg_catalog.pg_depend d
JOIN pg_catalog.pg_extension e ON e.oid = d.refobjid AND e.extname = 'pg_revops'
WHERE d.refclassid = 'pg_catalog.pg_extension'::regclass AND d.deptype = 'e';

SELECT ok(count(*) > 50, 'the extension has objects') FROM member;

SELECT is_empty($$
    SELECT m.object FROM member m
    JOIN pg_catalog.pg_class c ON m.classid = 'pg_catalog.pg_class'::regclass AND c.oid = m.objid
    WHERE c.relkind IN ('r', 'p', 'v', 'm')
      AND pg_catalog.obj_description(c.oid, 'pg_class') IS NULL
    ORDER BY 1 $$, 'every table and view has a comment');

SELECT is_empty($$
    SELECT m.object, a.attname FROM member m
    JOIN pg_catalog.pg_class c ON m.classid = 'pg_catalog.pg_class'::regclass AND c.oid = m.objid
    JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    WHERE c.relkind IN ('r', 'p', 'v', 'm')
      AND pg_catalog.col_description(c.oid, a.attnum) IS NULL
    ORDER BY 1, 2 $$, 'every column of a table or view has a comment');

SELECT is_empty($$
    SELECT m.object FROM member m
    JOIN pg_catalog.pg_proc p ON m.classid = 'pg_catalog.pg_proc'::regclass AND p.oid = m.objid
    WHERE pg_catalog.obj_description(p.oid, 'pg_proc') IS NULL
    ORDER BY 1 $$, 'every function and procedure has a comment');

SELECT is_empty($$
    SELECT m.object FROM member m
    JOIN pg_catalog.pg_type t ON m.classid = 'pg_catalog.pg_type'::regclass AND t.oid = m.objid
    WHERE t.typelem = 0
      AND NOT EXISTS (SELECT FROM pg_catalog.pg_class c
                      WHERE c.reltype = t.oid AND c.relkind <> 'c')
      AND pg_catalog.obj_description(t.oid, 'pg_type') IS NULL
    ORDER BY 1 $$, 'every type has a comment');

SELECT * FROM finish();
ROLLBACK;
