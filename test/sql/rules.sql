--
-- Conditions: what is accepted, what is refused and how that is said.
--
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pg_revops;
RESET client_min_messages;
CREATE SCHEMA rules_test;

CREATE FUNCTION rules_test.check_it(condition text) RETURNS void LANGUAGE sql AS $$
    SELECT revops.check_condition('scoring rule', 'smb', condition,
                                  ARRAY['company_size', 'country', 'email', 'created_at', 'Custom Field'],
                                  ARRAY['bigint', 'text', 'text', 'timestamptz', 'jsonb']::regtype[])
$$;

-- everything that the error says: message, SQLSTATE, DETAIL, HINT
CREATE FUNCTION rules_test.refusal(condition text) RETURNS TABLE (said text) LANGUAGE plpgsql AS $$
DECLARE
    message text;
    state text;
    detail text;
    hint text;
BEGIN
    PERFORM rules_test.check_it(condition);
    RETURN QUERY VALUES ('accepted'::text);
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, state = RETURNED_SQLSTATE,
        detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
    RETURN QUERY VALUES (state || ' ' || message), ('D: ' || detail), ('H: ' || hint);
END $$;

-- ------------------------------------------------------------------
-- Accepted
-- ------------------------------------------------------------------
SELECT condition, said
FROM unnest(ARRAY[
    'company_size BETWEEN 50 AND 500 AND country IN (''US'', ''CA'')',
    'lead.country = ''DE''',
    'email ~* ''\.(edu|ac\.uk)$''',
    'email ILIKE ANY (ARRAY[''%bank%'', ''%union%''])',
    'email SIMILAR TO ''%(a|b)%''',
    'created_at > now() - interval ''30 days''',
    '"Custom Field" ->> ''tier'' = ''gold''',
    'lead."Custom Field" ? ''tier''',
    'true',
    'null',
    'CASE WHEN company_size > 5 THEN country = ''US'' END',
    '(country, company_size) = (''US'', 5)',
    'extract(year from created_at) = 2026',
    'country IS DISTINCT FROM ''US'' -- a remark']) WITH ORDINALITY AS c (condition, o),
    LATERAL rules_test.refusal(condition)
ORDER BY o;

-- ------------------------------------------------------------------
-- Refused: not one expression
-- ------------------------------------------------------------------
\t on
SELECT rules_test.refusal('');
SELECT rules_test.refusal(E' \t\n ');
SELECT rules_test.refusal('-- only a remark');
SELECT rules_test.refusal('company_size >');
SELECT rules_test.refusal('company_size > 5 AND country == ''US'' AND');
SELECT rules_test.refusal('true, false');
SELECT rules_test.refusal('true; DROP TABLE x');
SELECT rules_test.refusal('true AS yes');
SELECT rules_test.refusal('country US');
SELECT rules_test.refusal('true FROM pg_class');
SELECT rules_test.refusal('FROM pg_class');
SELECT rules_test.refusal('true WHERE true');
SELECT rules_test.refusal('DISTINCT true');
SELECT rules_test.refusal('true GROUP BY 1');
SELECT rules_test.refusal('true HAVING true');
SELECT rules_test.refusal('true ORDER BY 1');
SELECT rules_test.refusal('true LIMIT 1');
SELECT rules_test.refusal('true OFFSET 1');
SELECT rules_test.refusal('true FOR UPDATE');
SELECT rules_test.refusal('true WINDOW w AS ()');
SELECT rules_test.refusal('true UNION SELECT true');
SELECT rules_test.refusal('SELECT true');
SELECT rules_test.refusal('SELECT true INTO x');
SELECT rules_test.refusal('DEFAULT');

-- ------------------------------------------------------------------
-- Refused: stars, and what sees more than one lead
-- ------------------------------------------------------------------
SELECT rules_test.refusal('*');
SELECT rules_test.refusal('lead.*');
SELECT rules_test.refusal('(country).*');
SELECT rules_test.refusal('ROW(lead.*) IS NULL');
SELECT rules_test.refusal('coalesce(*)');
SELECT rules_test.refusal('EXISTS (SELECT 1)');
SELECT rules_test.refusal('company_size = (SELECT 1)');
SELECT rules_test.refusal('country IN (SELECT relname FROM pg_class)');
SELECT rules_test.refusal('ARRAY(SELECT 1) = ''{1}''');
SELECT rules_test.refusal('sum(company_size) > 5');
SELECT rules_test.refusal('count(*) > 5');
SELECT rules_test.refusal('rank() OVER () > 5');
SELECT rules_test.refusal('rank() > 5');
SELECT rules_test.refusal('generate_series(1, company_size) > 5');
SELECT rules_test.refusal('unnest(ARRAY[true])');

-- ------------------------------------------------------------------
-- Refused: names
-- ------------------------------------------------------------------
SELECT rules_test.refusal('compny_size > 5');
SELECT rules_test.refusal('country = "US"');
SELECT rules_test.refusal('custom_field IS NULL');
SELECT rules_test.refusal('xyzzy IS NULL');
SELECT rules_test.refusal('led.country = ''US''');
SELECT rules_test.refusal('a.lead.country = ''US''');
SELECT rules_test.refusal('lead IS NULL');
SELECT rules_test.refusal('ctid IS NULL');
SELECT rules_test.refusal('tableoid > 5');
SELECT rules_test.refusal('company_size > $1');
SELECT rules_test.refusal('tidy(country) = ''us''');
SELECT rules_test.refusal('nowhere.tidy(country) = ''us''');
SELECT rules_test.refusal('country @@@@ 5');
SELECT rules_test.refusal('country COLLATE "nix" > ''a''');
SELECT rules_test.refusal('country::nix IS NULL');

-- ------------------------------------------------------------------
-- Refused: types and values
-- ------------------------------------------------------------------
SELECT rules_test.refusal('company_size');
SELECT rules_test.refusal('''yes, of course''');
SELECT rules_test.refusal('country > 5');
SELECT rules_test.refusal('company_size = ''fifty''');
SELECT rules_test.refusal('created_at > ''yesterdayish''');
SELECT rules_test.refusal('company_size > 1 / 0');
SELECT rules_test.refusal('country ~ ''(US|CA''');
SELECT rules_test.refusal('country = ''é'' AND email ~* ''[''');
SELECT rules_test.refusal('email ~ ANY (ARRAY[''a'', ''b['' ])');
SELECT rules_test.refusal('company_size > 5 AND NOT country');
SELECT substr(said, 1, 38) FROM rules_test.refusal(repeat('(', 100000) || 'true' || repeat(')', 100000)) LIMIT 1;
SELECT substr(said, 1, 38) FROM rules_test.refusal(repeat('NOT ', 100000) || 'true') LIMIT 1;

-- ------------------------------------------------------------------
-- Refused: volatile, openly and hidden in a function
-- ------------------------------------------------------------------
SELECT rules_test.refusal('random() > 0.5');
SELECT rules_test.refusal('set_config(''a.b'', ''c'', false) IS NULL');
SELECT rules_test.refusal('country = ''é'' AND clock_timestamp() > created_at');
SELECT rules_test.refusal('false AND pg_sleep(10) IS NULL');
CREATE FUNCTION rules_test.dice() RETURNS boolean LANGUAGE sql AS 'SELECT random() > 0.5';
SELECT rules_test.refusal('rules_test.dice()');
CREATE FUNCTION rules_test.noisy(int, double precision DEFAULT random()) RETURNS boolean IMMUTABLE LANGUAGE sql RETURN $2 > $1;
SELECT rules_test.refusal('rules_test.noisy(company_size::int)');
SELECT rules_test.refusal('rules_test.noisy(company_size::int, 0.5)');
-- an inlined body that fails: the position is not one of the rule's text
CREATE FUNCTION rules_test.bad_body(bigint) RETURNS boolean IMMUTABLE LANGUAGE sql AS 'SELECT true';
UPDATE pg_proc SET prosrc = 'SELECT nix > 5' WHERE oid = 'rules_test.bad_body'::regproc;
SELECT rules_test.refusal('rules_test.bad_body(company_size)');
\t off

-- ------------------------------------------------------------------
-- psql points into the rule, not into the statement around it
-- ------------------------------------------------------------------
SELECT revops.check_condition('route', 'west', 'country = ''US'' AND sise > 5', ARRAY['country', 'size'], '{text,bigint}');

-- ------------------------------------------------------------------
-- The session's path decides nothing
-- ------------------------------------------------------------------
CREATE FUNCTION rules_test.lower(text) RETURNS int IMMUTABLE LANGUAGE sql RETURN 1;
CREATE FUNCTION rules_test.only_here(text) RETURNS boolean IMMUTABLE LANGUAGE sql RETURN true;
CREATE OPERATOR rules_test.=~ (LEFTARG = text, RIGHTARG = text, FUNCTION = texteq);
SET search_path = rules_test, pg_catalog, public;
SELECT said FROM rules_test.refusal('lower(country) = ''us''');
SELECT said FROM rules_test.refusal('only_here(country)');
SELECT said FROM rules_test.refusal('rules_test.only_here(country)');
SELECT said FROM rules_test.refusal('country =~ ''US''');
SELECT said FROM rules_test.refusal('country OPERATOR(rules_test.=~) ''US''');
SHOW search_path;
RESET search_path;

-- ------------------------------------------------------------------
-- Bad calls
-- ------------------------------------------------------------------
SELECT revops.check_condition('route', 'west', NULL, ARRAY['a'], '{text}');
SELECT revops.check_condition('route', 'west', 'true', ARRAY['a', 'b'], '{text}');
SELECT revops.check_condition('route', 'west', 'true', ARRAY['a', NULL], '{text,text}');
SELECT revops.check_condition('route', 'west', 'true', ARRAY['a', 'a'], '{text,text}');
SELECT revops.check_condition('route', 'west', 'true', ARRAY['a'], '{anyelement}');
SELECT revops.check_condition('route', 'west', 'true', ARRAY[''], '{text}');
SELECT revops.check_condition('route', 'west', 'a', '{}', '{}');
SELECT revops.check_condition(NULL, NULL, 'nix', '{}', '{}');

SET client_min_messages = warning;
DROP SCHEMA rules_test CASCADE;
