-- What rules mean (B1, B6): a version in force is frozen by what its rules were
-- planned to; a change is told once; a role that breaks breaks its rules, by name.
\set VERBOSITY terse
SET datestyle = 'ISO';
SET timezone = 'UTC';
SET client_min_messages = warning;
SET pg_revops.now = '2026-03-02 09:00:00+00';
SELECT revops.create_workspace('meaning', 'UTC', 'EUR') AS workspace;

CREATE SCHEMA crm;
CREATE TABLE crm.lead (id int PRIMARY KEY, email text, "Company Size" int, phone text, country text, created timestamp);
CREATE FUNCTION crm.big(size bigint) RETURNS boolean IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN RETURN size > 100; END $$;
CREATE FUNCTION crm.europe(country text) RETURNS boolean IMMUTABLE LANGUAGE sql AS $$ SELECT country IN ('DE', 'FR') $$;
GRANT USAGE ON SCHEMA crm TO PUBLIC;
SELECT revops.attach_lead('leads', 'crm.lead', '{"email": "email", "company_size": "\"Company Size\"", "phone": "phone", "country": "upper(country)", "created_at": "created"}');

SELECT revops.draft_agreement() AS draft \gset
DELETE FROM revops.score_rule WHERE agreement_id = :draft AND kind <> 'intent';
INSERT INTO revops.score_rule (agreement_id, rule, kind, condition, points) VALUES
    (:draft, 'big', 'fit', 'crm.big(company_size)', 40),
    (:draft, 'europe', 'fit', 'crm.europe(country) -- our market', 30),
    (:draft, 'no phone', 'negative', 'phone IS NULL', -10),
    (:draft, 'old school', 'disqualify', $$email ~* '\.edu$'$$, 0),
    (:draft, 'a moment', 'fit', $$created_at < '2026-02-01 12:00+01'$$, 5);
INSERT INTO revops.score_group (agreement_id, score_group, kind, cap) VALUES (:draft, 'firm', 'fit', 45);
INSERT INTO revops.score_group (agreement_id, score_group, kind, cap, cap_period) VALUES (:draft, 'visits', 'intent', 20, 'week');
UPDATE revops.score_rule SET score_group = 'firm' WHERE agreement_id = :draft AND rule IN ('big', 'europe');
UPDATE revops.score_rule SET score_group = 'visits', cap = 10, cap_period = 'day' WHERE agreement_id = :draft AND signal = 'page_visit';
SELECT revops.adopt_agreement(:draft);

-- planned: functions in SQL are inlined, constants folded; digests of others
SELECT r.rule, regexp_replace(m.meaning, '[0-9a-f]{32}', '(digest)') AS meaning, m.fingerprint IS NOT NULL AS fingerprint, m.since
FROM revops.rule_meaning m JOIN revops.score_rule r USING (rule_id) WHERE m.agreement_id = :draft ORDER BY m.rule_id;
SELECT rule, sound, changed, changes FROM revops.rule_status ORDER BY rule;
SET timezone = 'Asia/Tokyo'; SET datestyle = 'German';
SELECT revops.note_meanings() AS told;
RESET timezone; RESET datestyle;
SET datestyle = 'ISO'; SET timezone = 'UTC';

-- the model as SQL gives what the engine gives
INSERT INTO crm.lead
SELECT i, CASE i % 7 WHEN 0 THEN 'a@b.edu' WHEN 1 THEN NULL ELSE 'x@y.com' END, nullif(i * 7 % 300, 3), CASE WHEN i % 3 > 0 THEN '1' END,
       (ARRAY['de', 'fr', 'us', NULL])[1 + i % 4], timestamp '2026-01-30' + i * interval '1 hour'
FROM generate_series(1, 100) i;
SELECT revops.model_sql();
CREATE TABLE model (row_key int, fit int, disqualified boolean);
SELECT 'INSERT INTO model ' || revops.model_sql(:draft, 'leads') AS query \gset
:query
SELECT count(*) AS leads, count(*) FILTER (WHERE (l.fit, l.disqualified) IS DISTINCT FROM (m.fit, m.disqualified)) AS differ,
       count(DISTINCT m.fit) AS fits, count(*) FILTER (WHERE m.disqualified) AS disqualified
FROM model m JOIN revops.lead l ON l.key = m.row_key::text;
SELECT revops.model_sql(999);
SELECT revops.model_sql(NULL, 'nobody');

-- a function is replaced: what the rule means has changed, and that is told once
SET pg_revops.now = '2026-03-03 09:00:00+00';
CREATE OR REPLACE FUNCTION crm.big(size bigint) RETURNS boolean IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN RETURN size > 200; END $$;
SELECT rule, sound, changed FROM revops.rule_status WHERE changed;
SELECT revops.run_due();
SELECT rule, sound, changed, meant_since, first_noted, changes FROM revops.rule_status WHERE changes > 0;
SELECT e.event, r.rule, e.at FROM revops.event e JOIN revops.score_rule r ON r.rule_id = e.seq WHERE e.event = 'rule_meaning_changed';
SELECT revops.run_due();
SELECT revops.note_meanings() AS told;
-- one that is inlined
CREATE OR REPLACE FUNCTION crm.europe(country text) RETURNS boolean IMMUTABLE LANGUAGE sql AS $$ SELECT country IN ('DE', 'FR', 'IT') $$;
SELECT revops.note_meanings() AS told;
SELECT r.rule, count(*) AS meanings FROM revops.rule_meaning JOIN revops.score_rule r USING (rule_id)
WHERE rule_meaning.agreement_id = :draft GROUP BY 1 ORDER BY 1;

-- a rename of a column changes nothing
ALTER TABLE crm.lead RENAME COLUMN "Company Size" TO headcount;
SELECT revops.note_meanings() AS told;
SELECT rule, sound, changed FROM revops.rule_status WHERE NOT sound OR changed;

-- a dropped column breaks the rules that read it, and no others: they do not match,
-- though "IS NULL" would
SET pg_revops.now = '2026-03-04 09:00:00+00';
ALTER TABLE crm.lead DROP COLUMN phone;
INSERT INTO crm.lead (id, email, headcount, country, created) VALUES (201, 'n@y.com', 250, 'de', '2026-03-01');
SELECT key, fit FROM revops.lead WHERE key = '201';
SELECT rule, sound, problem FROM revops.rule_status WHERE NOT sound;
SELECT revops.note_meanings() AS told;
SELECT binding, severity, problem, subject, detail FROM revops.binding_health WHERE problem LIKE 'r%' ORDER BY problem, subject;
SELECT object, message FROM revops.fault ORDER BY fault_id;
-- it is back: so are the rules
ALTER TABLE crm.lead ADD COLUMN phone text;
INSERT INTO crm.lead (id, email, headcount, country, created) VALUES (202, 'n@y.com', 250, 'de', '2026-03-01');
SELECT key, fit FROM revops.lead WHERE key = '202';
SELECT rule FROM revops.rule_status WHERE NOT sound;

-- what was written is history
UPDATE revops.rule_meaning SET meaning = NULL;
DELETE FROM revops.rule_meaning;

DROP SCHEMA crm CASCADE;
