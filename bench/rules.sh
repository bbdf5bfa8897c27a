#!/bin/bash
#
# rules.sh: twenty realistic rules over a lead, evaluated by hand-written C, by
# ExprStates with the stock operators, and by a rule set; then 200 rules, regexes
# included, against 20, and 40 regex rules against 20, in three kinds: plain
# alternations, alternations of whole words, and regexes that only the regex
# machine can answer.  CPU time of the backend,
# interleaved rounds, medians.  All ways must give the same answers.
#
# Needs a server with the extension, given by PGHOST, PGPORT and so on, and a
# superuser.  Runs in the top folder of the tree.  Its C module is installed
# beside the extension:
#   PG_CONFIG      which PostgreSQL (default: pg_config)
#   REVOPS_STAGE   DESTDIR of the stage that the server reads; without it the
#                  module goes to PostgreSQL's own folder
# Makes and drops a database of its own.  Prints a table to standard error and
# one JSON object a line to standard output; ends non-zero where a bar is missed.
#
set -euo pipefail

make -s -C bench/rules install with_llvm=no PG_CONFIG="${PG_CONFIG:-pg_config}" \
	DESTDIR="${REVOPS_STAGE:-}" >&2

database=bench_rules_$$
admin="psql -Xq -v ON_ERROR_STOP=1 -d ${PGDATABASE:-postgres}"

cleanup()
{
	$admin -c "DROP DATABASE IF EXISTS $database" || true
}
trap cleanup EXIT

$admin -c "CREATE DATABASE $database"
psql -Xq -v ON_ERROR_STOP=1 -d "$database" -At <<'SQL'
SET client_min_messages = warning;
SET jit = off;
CREATE EXTENSION pg_revops;
LOAD 'pg_revops';
CREATE FUNCTION bench_rules(leads regclass, rules text[], ways text[], rounds int, loops int)
    RETURNS TABLE (round int, way text, ns float8, digest bigint)
    LANGUAGE c STRICT AS 'bench_rules';

-- 5000 leads, the same in every run; one title in 20 is missing, one phone in 3
CREATE FUNCTION pick(seed int, VARIADIC choices text[]) RETURNS text IMMUTABLE LANGUAGE sql AS
$$ SELECT choices[1 + abs(hashint4(seed)::bigint) % array_length(choices, 1)] $$;
CREATE TABLE lead AS
SELECT i::bigint AS id,
       pick(i * 16, 'anna', 'b.miller', 'carlos.garcia', 'dee', 'e.johansson') || i || '@' ||
       pick(i * 16 + 1, 'gmail.com', 'acme.example.com', 'university.edu', 'firm.co.uk', 'northwind.example') AS email,
       nullif(pick(i * 16 + 2, '', 'VP of Sales', 'Chief Marketing Officer', 'Software Engineer', 'Account Executive',
                   'Head of Growth', 'Office Manager', 'Regional Director, EMEA', 'Student', 'Data Analyst',
                   'Senior Product Manager', 'Customer Support Specialist', 'Consultant', 'Founder', 'Buyer',
                   'Assistant', 'Demand Generation Lead', 'Teacher', 'Accountant', 'IT Administrator'), '') AS title,
       pick(i * 16 + 3, 'Acme Corp', 'First National Bank of Iowa', 'Müller GmbH', 'Northwind Traders', 'Contoso Ltd', 'Globex',
            'Initech Holding plc', 'Umbrella Group', 'Stark Industries', 'Wayne Enterprises') AS company,
       pick(i * 16 + 4, 'US', 'US', 'CA', 'GB', 'DE', 'FR', 'JP', 'BR') AS country,
       pick(i * 16 + 5, 'software', 'fintech', 'health', 'retail', 'manufacturing', 'education') AS industry,
       pick(i * 16 + 6, 'webinar', 'referral', 'partner', 'organic', 'paid search', 'event') AS source,
       pick(i * 16 + 7, 'enterprise', 'mid-market', 'smb') AS segment,
       pick(i * 16 + 8, 'abm-finance-q3', 'newsletter-2026-10', 'brand', 'abm-health', 'retargeting') AS campaign,
       pick(i * 16 + 9, 'Asked for pricing of the team plan', 'Wants to know more', 'Visited the docs twice this week',
            'Please call me about a demo', 'No comment given', 'Is looking for a replacement of the current tool') AS notes,
       CASE WHEN i % 3 > 0 THEN '+1 555 0' || i END AS phone,
       abs(hashint4(i * 16 + 10)::bigint) % 3000 AS company_size,
       abs(hashint4(i * 16 + 11)::bigint) % 8 AS visits,
       (abs(hashint4(i * 16 + 12)::bigint) % 5000) * 1000.0::float8 AS revenue
FROM generate_series(1, 5000) AS i;
-- the first comparison is of ASCII subjects only, so that no regex answers
CREATE TABLE ascii_lead AS SELECT * FROM lead WHERE company <> 'Müller GmbH';

CREATE TABLE rule AS SELECT ARRAY[
    $$ title ~* '(vp|vice president|chief|head of|director)' $$,
    $$ title ~* '(revenue|sales|marketing|growth|demand)' $$,
    $$ company ~* '(gmbh|group|holding|plc)' $$,
    $$ notes ~* '(pricing|demo|trial|quote|budget)' $$,
    $$ email ~* '\.edu$' $$,
    $$ company ILIKE '%bank%' $$,
    $$ campaign LIKE 'abm-%' $$,
    $$ country IN ('US', 'CA', 'GB', 'DE') $$,
    $$ industry = ANY (ARRAY['software', 'fintech', 'health']) $$,
    $$ source IN ('webinar', 'referral', 'partner') $$,
    $$ country = 'US' $$,
    $$ industry = 'software' $$,
    $$ source = 'partner' $$,
    $$ segment = 'enterprise' $$,
    $$ company_size BETWEEN 50 AND 500 $$,
    $$ company_size > 1000 $$,
    $$ visits >= 3 $$,
    $$ revenue > 1e6 $$,
    $$ phone IS NOT NULL $$,
    $$ title IS NULL $$] AS rules;

-- n rules, each with two words of its own
CREATE FUNCTION regex_rules(n int, before text, after text) RETURNS text[] IMMUTABLE LANGUAGE sql AS $$
    SELECT array_agg(format('notes ~* %L', before || chr(97 + i % 26) || md5(i::text) || '|' || chr(97 + i * 7 % 26) || md5((-i)::text) || after) ORDER BY i)
    FROM generate_series(1, n) AS i
$$;

-- the twenty ten times, each time with other constants
CREATE FUNCTION many_rules() RETURNS text[] STABLE LANGUAGE sql AS $$
    SELECT array_agg(CASE WHEN n = 0 THEN r ELSE regexp_replace(r, '''([(%^]*)([^'']*)''', '''\1' || n || '\2''', 'g') END ORDER BY n, k)
    FROM generate_series(0, 9) AS n, rule, unnest(rules) WITH ORDINALITY AS u (r, k)
$$;

CREATE TABLE measured (test text, round int, way text, ns float8, digest bigint);
-- warm up, then measure
SELECT count(*) FROM rule, bench_rules('ascii_lead', rules, '{hand,stock,ours}', 1, 1) \g /dev/null
INSERT INTO measured SELECT 'ascii', b.* FROM rule, bench_rules('ascii_lead', rules, '{hand,stock,ours}', 11, 2) AS b;
INSERT INTO measured SELECT 'mixed', b.* FROM rule, bench_rules('lead', rules, '{hand,stock,ours}', 7, 2) AS b;
DO $$
DECLARE
    kind record;
BEGIN
    FOR n IN 1..7 LOOP
        INSERT INTO measured SELECT 'many', n, '20', ns, digest FROM rule, bench_rules('lead', rules, '{ours}', 1, 2);
        INSERT INTO measured SELECT 'many', n, '200', ns, digest FROM bench_rules('lead', many_rules(), '{ours}', 1, 2);
    END LOOP;
    FOR kind IN VALUES ('plain', '(', ')'), ('word', '\m(', ')\M'), ('regex', '(', ')[0-9]+x?') LOOP
        FOR n IN 1..7 LOOP
            INSERT INTO measured SELECT kind.column1, n, '20', ns, digest FROM bench_rules('ascii_lead', regex_rules(20, kind.column2, kind.column3), '{ours}', 1, 1);
            INSERT INTO measured SELECT kind.column1, n, '40', ns, digest FROM bench_rules('ascii_lead', regex_rules(40, kind.column2, kind.column3), '{ours}', 1, 1);
        END LOOP;
    END LOOP;
    IF EXISTS (SELECT FROM measured WHERE test IN ('ascii', 'mixed') GROUP BY test HAVING count(DISTINCT digest) > 1) THEN
        RAISE EXCEPTION 'the ways of evaluation disagree';
    END IF;
END $$;

CREATE TABLE median AS
SELECT test, way, percentile_cont(0.5) WITHIN GROUP (ORDER BY ns) AS ns FROM measured GROUP BY test, way;
CREATE TABLE ratio AS
SELECT m.test, m.way, percentile_cont(0.5) WITHIN GROUP (ORDER BY m.ns / b.ns) AS value
FROM measured m JOIN measured b ON b.test = m.test AND b.round = m.round AND
     b.way = CASE WHEN m.way = 'stock' THEN 'ours' WHEN m.way = 'ours' THEN 'hand' WHEN m.way IN ('40', '200') THEN '20' END
GROUP BY m.test, m.way;

CREATE TABLE bar AS
SELECT name, round(value::numeric, 2) AS value, bar, sense, CASE sense WHEN '<=' THEN value <= bar ELSE value >= bar END AS met
FROM (VALUES ('rules_vs_c', 'ascii', 'ours', 2.6, '<='), ('rules_stock_vs_ours', 'ascii', 'stock', 4, '>='),
             ('rules_vs_c_tenth_not_ascii', 'mixed', 'ours', 2.6, '<='), ('rules_200_vs_20', 'many', '200', 11, '<='),
             ('rules_40_vs_20_plain', 'plain', '40', 3, '<='), ('rules_40_vs_20_words', 'word', '40', 3, '<='),
             ('rules_40_vs_20_regex', 'regex', '40', 3, '<=')) AS b (name, test, way, bar, sense)
JOIN ratio USING (test, way);

SELECT string_agg(format('%s %s ns', rpad(test || ' ' || way, 14), lpad(round(ns)::text, 8)), E'\n' ORDER BY test, ns) AS figures FROM median
\gset
\warn rules, CPU time a row (medians):
\warn :figures
SELECT json_build_object('bench', name, 'value', value, 'bar', bar, 'sense', sense) FROM bar ORDER BY name DESC;
DO $$
DECLARE
    missed text := (SELECT string_agg(name, ', ') FROM bar WHERE NOT met);
BEGIN
    IF missed IS NOT NULL THEN
        RAISE EXCEPTION 'bar missed: %', missed;
    END IF;
END $$;
SQL
