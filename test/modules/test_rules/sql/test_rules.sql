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
    SELECT word FROM unnest(words(2, 1500, 5, ARRAY['a', 'b', 'A', 'ab', 'vp', 'k', 'i', 'I', 's', '.', '*', '+', '?', '|', '(', ')',
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
     unnest(ARRAY['~', '~*', '!~', '!~*', '~~', '~~*', '!~~', '!~~*']) AS operator,
     unnest(ARRAY['', 'COLLATE "C"', 'COLLATE "tr-x-icu"']) AS collation_clause
WHERE ours(operator, word, collation_clause, all_of_them)
      IS DISTINCT FROM stock(operator, word, collation_clause, all_of_them)
LIMIT 5;
SELECT count(*) > 1900 AS many_patterns, count(stock('~*', word, '', all_of_them)) > 900 AS many_valid
FROM pattern, subject;
