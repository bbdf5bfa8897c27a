--
-- Rule sets as the engine uses them: patterns, lifetimes, errors.
--
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pg_revops;
LOAD 'pg_revops';
CREATE SCHEMA test_rules;
SET search_path = test_rules, public;
RESET client_min_messages;

CREATE FUNCTION texts(rule text, subjects text[]) RETURNS boolean[]
    LANGUAGE c STRICT AS 'test_rules', 'test_rules_texts';
CREATE FUNCTION define(rules text[], lead record) RETURNS int
    LANGUAGE c STRICT AS 'test_rules', 'test_rules_define';
CREATE FUNCTION match(lead record) RETURNS int[]
    LANGUAGE c STRICT AS 'test_rules', 'test_rules_match';
CREATE FUNCTION match_one(rule int, lead record) RETURNS boolean
    LANGUAGE c STRICT AS 'test_rules', 'test_rules_match_one';
CREATE FUNCTION careful(lead record) RETURNS int[]
    LANGUAGE c STRICT AS 'test_rules', 'test_rules_careful';
CREATE FUNCTION broken(rule int) RETURNS text
    LANGUAGE c STRICT AS 'test_rules', 'test_rules_broken';
CREATE FUNCTION roles() RETURNS int[]
    LANGUAGE c STRICT AS 'test_rules', 'test_rules_roles';
CREATE FUNCTION free() RETURNS void
    LANGUAGE c STRICT AS 'test_rules', 'test_rules_free';
CREATE TYPE lead AS (email text, title text, company_size bigint, created_at timestamptz);

-- ------------------------------------------------------------------
-- Patterns: the same answers, the same failures as the stock operators
-- ------------------------------------------------------------------

CREATE FUNCTION stock(operator text, pattern text, collation_clause text, subjects text[])
    RETURNS boolean[] LANGUAGE plpgsql AS $$
DECLARE
    answers boolean[];
BEGIN
    EXECUTE format('SELECT array_agg(coalesce(s %s %s %L, false) ORDER BY o) FROM unnest($1) WITH ORDINALITY u(s, o)',
                   collation_clause, operator, pattern)
        INTO answers USING subjects;
    RETURN answers;
EXCEPTION
    WHEN invalid_regular_expression OR invalid_escape_sequence THEN
        RETURN NULL;
END $$;

CREATE FUNCTION ours(operator text, pattern text, collation_clause text, subjects text[])
    RETURNS boolean[] LANGUAGE plpgsql AS $$
BEGIN
    RETURN texts(format('s %s %s %L', collation_clause, operator, pattern), subjects);
EXCEPTION
    WHEN invalid_regular_expression OR invalid_escape_sequence THEN
        RETURN NULL;
END $$;

-- Pseudo-random words, the same in every run.
CREATE FUNCTION words(seed bigint, count int, longest int, atoms text[])
    RETURNS text[] LANGUAGE plpgsql AS $$
DECLARE
    state bigint := seed;
    result text[] := '{}';
    word text;
BEGIN
    FOR i IN 1 .. count LOOP
        word := '';
        state := (state * 1103515245 + 12345) % 2147483648;
        FOR j IN 1 .. (state / 65536) % (longest + 1) LOOP
            state := (state * 1103515245 + 12345) % 2147483648;
            word := word || atoms[1 + (state / 65536) % array_length(atoms, 1)];
        END LOOP;
        result := result || word;
    END LOOP;
    RETURN result;
END $$;

CREATE TABLE subject AS
    SELECT array_agg(DISTINCT word) || NULL::text AS all_of_them
    FROM unnest(words(1, 60, 6, ARRAY['a', 'b', 'A', 'B', 'ab', 'vp', 'VP', ' ', '.', '_', '%', '\', E'\n',
                                      'k', 'K', 'i', 'I', 's', 'é', 'É', 'ß', U&'\212A', U&'\017F', U&'\0130', U&'\0131',
                                      '1', '-', '(', '|', '日本', U&'\+01F600'])
                || ARRAY['', 'x@mit.edu', 'X@MIT.EDU', 'edu', 'abm-2026', 'VP Sales', 'svp', 'VP_x', 'a', 'aa',
                         repeat('ab', 300) || 'vp', 'First Bank of Iowa', 'BANK', E'a\nb']) AS word;

CREATE TABLE pattern AS
    -- anything at all
    SELECT word FROM unnest(words(2, 5000, 5, ARRAY['a', 'b', 'A', 'ab', 'vp', 'k', 'i', 'I', 's', '.', '*', '+', '?', '|', '(', ')',
                                                    '^', '$', '\m', '\M', '\y', '\.', '\\', '\', '%', '_', '[', ']', '{', '}', '{1}',
                                                    ' ', E'\n', 'é', '\é', U&'\212A', U&'\017F', '1', '\1', '\_', '(?:', '(?i)', '[ab]', '-'])) AS word
    UNION
    -- what people write
    SELECT before || inner_word || after
    FROM unnest(words(3, 40, 3, ARRAY['a', 'B', 'vp', 'i', 'k', 'é', '\.', ' ', '%', '_', '-', '|', '\|', '日'])) AS inner_word,
         (VALUES ('', ''), ('^', ''), ('', '$'), ('^', '$'), ('(', ')'), ('(?:', ')'), ('\m(', ')\M'), ('\m', ''), ('', '\M'),
                 ('^(', ')$'), ('%', '%'), ('%', ''), ('', '%'), ('%%', '%'), ('^\m', '\M$'), ('(vp|', ')'), ('\mvp|', '')) AS around (before, after)
    UNION
    SELECT word FROM unnest(ARRAY['', '%', '%%', '_', '\.edu$', '(vp|director|head of)', 'vp|director', '%bank%', 'abm-%', '***=a', '***:a',
                                  '^', '$', '^$', '()', '(|a)', 'a||b', '|', 'a|', '(a|b', 'a)', '\', 'a\', '%\%', '\%', 'a%b']) AS word;

-- no rows: no difference
SELECT operator, collation_clause, word, ours(operator, word, collation_clause, all_of_them), stock(operator, word, collation_clause, all_of_them)
FROM pattern, subject,
     unnest(ARRAY['~', '~*', '!~', '!~*', '~~', '~~*', '!~~', '!~~*', '=', '<>']) AS operator,
     unnest(ARRAY['', 'COLLATE "C"', 'COLLATE "tr-x-icu"']) AS collation_clause
WHERE ours(operator, word, collation_clause, all_of_them)
      IS DISTINCT FROM stock(operator, word, collation_clause, all_of_them)
LIMIT 5;
SELECT count(*) > 2500 AS many_patterns, count(stock('~*', word, '', all_of_them)) > 2000 AS many_valid
FROM pattern, subject;

-- equality, arrays of patterns, patterns inside other expressions, null or false
CREATE FUNCTION stock_rule(rule text, subjects text[]) RETURNS boolean[] LANGUAGE plpgsql AS $$
DECLARE
    answers boolean[];
BEGIN
    EXECUTE 'SELECT array_agg(coalesce(' || rule || ', false) ORDER BY o) FROM unnest($1) WITH ORDINALITY u(s, o)'
        INTO answers USING subjects;
    RETURN answers;
END $$;
SELECT rule, texts(rule, all_of_them), stock_rule(rule, all_of_them)
FROM subject, pattern,
     unnest(ARRAY['s = %1$L', 's <> %1$L', '%1$L = s', 'lower(s) = %1$L', '(s = %1$L) IS NULL', 'NOT s = %1$L',
                  's = ANY (ARRAY[%1$L, ''a'', ''VP Sales''])', 's <> ALL (ARRAY[%1$L, ''a''])', 's <> ANY (ARRAY[%1$L, ''a''])',
                  's = ALL (ARRAY[%1$L])', 's IN (%1$L, ''x'')', 's NOT IN (%1$L, ''edu'')', 'NOT (s IN (%1$L, NULL))',
                  '(s IN (%1$L, NULL)) IS NULL', '(s = ANY (ARRAY[]::text[])) IS NULL', '(s NOT IN (%1$L, ''a'')) IS NULL',
                  's IN (%1$L, ''a'', ''b'', ''c'', ''d'', ''e'', ''f'', ''g'', ''h'', ''aa'', ''vp'')',
                  's COLLATE "tr-x-icu" = %1$L', 's LIKE ANY (ARRAY[%1$L, ''%%a%%'', NULL])', '(s LIKE ANY (ARRAY[%1$L, NULL])) IS NULL',
                  's ILIKE ALL (ARRAY[%1$L, ''%%a%%''])', '(s !~* ALL (ARRAY[''ab|vp'', ''\.'', NULL])) IS NULL',
                  's !~* ALL (ARRAY[''ab|vp'', ''\.''])', 'coalesce(nullif(s, ''a''), ''vp'') ~ ANY (ARRAY[''v'', ''é''])',
                  'CASE WHEN s ~* ''vp'' THEN upper(s) ~ ''VP$'' ELSE lower(s) LIKE %1$L END',
                  'lower(CASE WHEN s ~ ''a'' THEN upper(s) ELSE s END) ~ ''^a''', 's || %1$L ~ ''a(b|$)'' AND s <> ''ab''']) AS form,
     format(form, word) AS rule
WHERE word !~ '\\'
  AND texts(rule, all_of_them) IS DISTINCT FROM stock_rule(rule, all_of_them)
LIMIT 5;

-- a nondeterministic collation is left to the stock operators, errors and all
CREATE COLLATION loose (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
SELECT texts('s COLLATE test_rules.loose ~ ''a''', ARRAY['a']);
SELECT texts('s COLLATE test_rules.loose = ''a''', ARRAY['A', 'b']), texts('s COLLATE test_rules.loose IN (''a'', ''x'')', ARRAY['A', 'b']);

-- ------------------------------------------------------------------
-- A rule that does not compile, one that raises, the others
-- ------------------------------------------------------------------

SELECT define(ARRAY['company_size > 10', 'siez > 1', '100 / company_size > 5', 'email ~* ''\.edu$''', NULL::text IS NULL::text],
              ROW('', '', 1, now())::lead);
SELECT define(ARRAY['company_size > 10', 'siez > 1', '100 / company_size > 5', 'email ~* ''\.edu$''', 'null'],
              ROW('', '', 1, now())::lead);
SELECT broken(1), broken(2), broken(3);
SELECT roles();
SELECT match(ROW('x@MIT.edu', NULL, 12, NULL)::lead);
SELECT match(ROW(NULL, NULL, NULL, NULL)::lead);
SELECT match_one(4, ROW('x@MIT.edu', NULL, 12, NULL)::lead), match_one(1, ROW(NULL, NULL, 3, NULL)::lead);

-- the error says which rule; the set is usable again, in the same transaction too
BEGIN;
SAVEPOINT s;
SELECT match(ROW('x@MIT.edu', NULL, 0, NULL)::lead);
ROLLBACK TO s;
SELECT match_one(3, ROW('x@MIT.edu', NULL, 0, NULL)::lead);
ROLLBACK TO s;
SELECT match(ROW('x@MIT.edu', NULL, 12, NULL)::lead);
COMMIT;

-- a fault of one rule is told, and is that rule's alone
SELECT careful(ROW('x@MIT.edu', NULL, 0, NULL)::lead);
SELECT careful(ROW('x@MIT.edu', NULL, 12, NULL)::lead);

-- ten thousand faults in one transaction leave nothing behind
SET client_min_messages = warning;
BEGIN;
SELECT count(careful(ROW('x@MIT.edu', NULL, 0, NULL)::lead)) FROM generate_series(1, 10000);
SELECT sum(total_bytes) < 1000000 AS small FROM pg_backend_memory_contexts
WHERE name IN ('ExecutorState', 'rule that raised', 'pg_revops rule set', 'pg_revops rule', 'retired rules');
COMMIT;
RESET client_min_messages;
DO $$
BEGIN
    FOR i IN 1 .. 2000 LOOP
        BEGIN
            PERFORM test_rules.match(ROW('x', NULL, 0, NULL)::test_rules.lead);
        EXCEPTION WHEN division_by_zero THEN
            NULL;
        END;
    END LOOP;
    IF (SELECT sum(total_bytes) FROM pg_backend_memory_contexts WHERE name = 'ExecutorState') > 1000000 THEN
        RAISE 'rule sets leave memory behind';
    END IF;
END $$;

-- ------------------------------------------------------------------
-- Functions that rules use: changed, dropped, made again, forbidden
-- ------------------------------------------------------------------

CREATE FUNCTION tidy(text) RETURNS text IMMUTABLE LANGUAGE sql RETURN lower($1);
CREATE FUNCTION slow_tidy(text) RETURNS text IMMUTABLE LANGUAGE plpgsql AS 'BEGIN RETURN lower($1); END';
SELECT define(ARRAY['test_rules.tidy(email) = ''a''', 'test_rules.slow_tidy(email) = ''a''', 'true'], ROW('', '', 1, now())::lead);
SELECT match(ROW('A', NULL, 0, NULL)::lead);
CREATE OR REPLACE FUNCTION tidy(text) RETURNS text IMMUTABLE LANGUAGE sql RETURN upper($1);
CREATE OR REPLACE FUNCTION slow_tidy(text) RETURNS text IMMUTABLE LANGUAGE plpgsql AS 'BEGIN RETURN upper($1); END';
SELECT match(ROW('A', NULL, 0, NULL)::lead);
BEGIN;
CREATE OR REPLACE FUNCTION tidy(text) RETURNS text IMMUTABLE LANGUAGE sql RETURN lower($1);
SELECT match(ROW('A', NULL, 0, NULL)::lead);
ROLLBACK;
SELECT match(ROW('A', NULL, 0, NULL)::lead);
DROP FUNCTION tidy(text);
DROP FUNCTION slow_tidy(text);
SELECT match(ROW('A', NULL, 0, NULL)::lead), broken(1), broken(2);
CREATE FUNCTION tidy(text) RETURNS text IMMUTABLE LANGUAGE sql RETURN lower($1);
CREATE FUNCTION slow_tidy(text) RETURNS text IMMUTABLE LANGUAGE plpgsql AS 'BEGIN RETURN lower($1); END';
SELECT match(ROW('A', NULL, 0, NULL)::lead), broken(1), broken(2);

-- rights are those of the user who evaluates, not of the one who compiled
CREATE ROLE regress_test_rules;
GRANT USAGE ON SCHEMA test_rules TO regress_test_rules;
REVOKE EXECUTE ON FUNCTION slow_tidy(text) FROM PUBLIC;
BEGIN;
SELECT match(ROW('A', NULL, 0, NULL)::lead);
SET LOCAL ROLE regress_test_rules;
SELECT match(ROW('A', NULL, 0, NULL)::lead), broken(2);
RESET ROLE;
SELECT match(ROW('A', NULL, 0, NULL)::lead), broken(2);
COMMIT;
SET ROLE regress_test_rules;
SELECT match(ROW('A', NULL, 0, NULL)::lead), broken(2);
RESET ROLE;
GRANT EXECUTE ON FUNCTION slow_tidy(text) TO regress_test_rules;
SET ROLE regress_test_rules;
SELECT match(ROW('A', NULL, 0, NULL)::lead), broken(2);
RESET ROLE;

-- the session's path decides nothing, neither at first nor when compiled again
CREATE SCHEMA evil;
CREATE FUNCTION evil.lower(text) RETURNS text IMMUTABLE LANGUAGE sql RETURN 'captured';
CREATE FUNCTION evil.same(text, text) RETURNS boolean IMMUTABLE LANGUAGE sql RETURN true;
CREATE OPERATOR evil.= (LEFTARG = text, RIGHTARG = text, FUNCTION = evil.same);
CREATE FUNCTION pg_temp.lower(text) RETURNS text IMMUTABLE LANGUAGE sql RETURN 'captured';
SET search_path = evil, test_rules, pg_catalog, public;
SELECT define(ARRAY['lower(email) = ''captured''', 'lower(email) = ''a''', 'test_rules.tidy(email) = ''a'''], ROW('', '', 1, now())::lead);
SELECT match(ROW('A', NULL, 0, NULL)::lead);
CREATE OR REPLACE FUNCTION test_rules.tidy(text) RETURNS text IMMUTABLE LANGUAGE sql RETURN pg_catalog.lower($1) || '';
SELECT match(ROW('A', NULL, 0, NULL)::lead);
SET search_path = test_rules, public;

-- ------------------------------------------------------------------
-- A rule inside a rule
-- ------------------------------------------------------------------

CREATE FUNCTION inner_match(text) RETURNS int STABLE LANGUAGE plpgsql AS $$
BEGIN
    IF $1 = 'outer' THEN
        RETURN cardinality(test_rules.match(ROW('inner', NULL, 20, NULL)::test_rules.lead));
    ELSIF $1 = 'replace' THEN
        RETURN test_rules.define(ARRAY['false', 'company_size > 1'], ROW('', '', 1, now())::test_rules.lead);
    ELSIF $1 = 'fail' THEN
        BEGIN
            PERFORM test_rules.match(ROW('raise', NULL, 20, NULL)::test_rules.lead);
        EXCEPTION WHEN raise_exception THEN
            RETURN 1;
        END;
    ELSIF $1 = 'raise' THEN
        RAISE 'inner rule raises';
    END IF;
    RETURN 0;
END $$;
SELECT define(ARRAY['company_size > 10', 'test_rules.inner_match(email) > 0', 'company_size > 15'], ROW('', '', 1, now())::lead);
BEGIN;
SELECT match(ROW(e, NULL, 20, NULL)::lead) FROM unnest(ARRAY['outer', 'other', 'fail', 'outer', 'fail', 'other']) AS e;
SELECT careful(ROW(e, NULL, 20, NULL)::lead) FROM unnest(ARRAY['raise', 'outer', 'raise']) AS e;
COMMIT;
-- the set is replaced while it is used: the outer use goes on to its end
SELECT match(ROW('replace', NULL, 20, NULL)::lead);
SELECT match(ROW('replace', NULL, 20, NULL)::lead);
-- a function is changed while the set is used: the inner use sees it, the outer one ends as it began
CREATE FUNCTION weight(text) RETURNS int IMMUTABLE LANGUAGE sql RETURN 1;
CREATE FUNCTION change_weight() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE 'CREATE OR REPLACE FUNCTION test_rules.weight(text) RETURNS int IMMUTABLE LANGUAGE sql RETURN 2';
END $$;
CREATE FUNCTION change_and_match(text) RETURNS boolean STABLE LANGUAGE plpgsql AS $$
BEGIN
    IF $1 <> 'change' THEN
        RETURN false;
    END IF;
    PERFORM test_rules.change_weight();
    RAISE NOTICE 'inner: %', test_rules.match(ROW('inner', NULL, 20, NULL)::test_rules.lead);
    RETURN true;
END $$;
SELECT define(ARRAY['test_rules.weight(email) = 1', 'test_rules.change_and_match(email)', 'test_rules.weight(email) = 1', 'test_rules.weight(email) = 2'],
              ROW('', '', 1, now())::lead);
BEGIN;
SELECT match(ROW('change', NULL, 20, NULL)::lead);
SELECT match(ROW('later', NULL, 20, NULL)::lead);
COMMIT;

-- ------------------------------------------------------------------
-- Expressions over a host table
-- ------------------------------------------------------------------

CREATE FUNCTION expression(text, regclass, regtype) RETURNS regtype
    LANGUAGE c STRICT AS 'test_rules', 'test_rules_expression';
CREATE TABLE host (id int, "Size" int, name varchar(80), gone int, stamp timestamp, tags text[]);
ALTER TABLE host DROP COLUMN gone;
SELECT expression('"Size" + 1', 'host', 'bigint'), expression('"Size" / 2.5', 'host', '-'), expression('name', 'host', 'text'),
       expression('''web''', 'host', '-'), expression('null', 'host', 'numeric'), expression('stamp', 'host', 'timestamptz'),
       expression('id > 1 AND host.name <> ''x''', 'host', 'boolean');
SELECT expression('name', 'host', 'bigint');
SELECT expression('gone', 'host', '-');
SELECT expression('size', 'host', '-');
SELECT expression('ctid', 'host', '-');
SELECT expression('tableoid', 'host', 'bigint');
SELECT expression('host', 'host', '-');
SELECT expression('to_jsonb(host)', 'host', '-');
SELECT expression('host.*', 'host', '-');
SELECT expression('(select 1)', 'host', '-');
SELECT expression('row(1, 2)', 'host', '-');
SELECT expression('unnest(tags)', 'host', '-');
SELECT expression('id, name', 'host', '-');

-- what is nobody's fault goes through
CREATE FUNCTION endless() RETURNS boolean STABLE LANGUAGE plpgsql AS 'BEGIN LOOP NULL; END LOOP; END';
SELECT define(ARRAY['test_rules.endless()', 'true'], ROW('', '', 1, now())::lead);
SET statement_timeout = '50ms';
\set VERBOSITY terse
SELECT careful(ROW('', NULL, 20, NULL)::lead);
RESET statement_timeout;

-- more than one word of bits
SELECT define(array_agg(format('company_size %% %s = 0', i) ORDER BY i), ROW('', '', 1, now())::lead) FROM generate_series(1, 130) AS i;
SELECT match(ROW('', NULL, 13 * 128, NULL)::lead);

SELECT free();
DROP OWNED BY regress_test_rules;
DROP ROLE regress_test_rules;
SET client_min_messages = warning;
DROP SCHEMA evil CASCADE;
DROP SCHEMA test_rules CASCADE;
