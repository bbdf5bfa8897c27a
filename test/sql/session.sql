-- What a session keeps: its injected time, and which broken rules it has told of.
SET client_min_messages = warning;
\set SHOW_CONTEXT never

-- ----- engine time ---------------------------------------------------------
-- the text is read once, in the zone of then; who reads it again reads the same
SELECT revops.engine_now() = now() AS real;
SET timezone = 'Asia/Kolkata';
SET pg_revops.now = '2026-03-02 14:30';
SHOW pg_revops.now;
SET timezone = 'America/New_York';
SET datestyle = 'German';
SHOW pg_revops.now;
CREATE TABLE one AS SELECT 1 AS n;
SET force_parallel_mode = on;
SELECT revops.engine_now() = '2026-03-02 09:00+00' AS same FROM one;
RESET force_parallel_mode;
BEGIN;
SET LOCAL pg_revops.now = '2026-03-03 00:00';
SHOW pg_revops.now;
ROLLBACK;
SHOW pg_revops.now;
SET pg_revops.now = 'epoch';
SHOW pg_revops.now;
SET pg_revops.now = '12026-03-02T09:00:00.25 CET';
SHOW pg_revops.now;
SET force_parallel_mode = on;
SELECT revops.engine_now() = '12026-03-02 08:00:00.25+00' AS same FROM one;
RESET force_parallel_mode;
RESET datestyle;
SET timezone = 'UTC';
-- no moments
SET pg_revops.now = 'infinity';
SET pg_revops.now = '-infinity';
SET pg_revops.now = '0044-03-15 12:00+00 BC';
SET pg_revops.now = 'next spring';
SELECT revops.engine_now();
SET pg_revops.now = '';
SELECT revops.engine_now() = now() AS real;
SET pg_revops.now = '2026-03-02 09:00+00';
SELECT revops.create_workspace('acme', 'UTC', 'EUR') AS workspace;

-- ----- broken rules are told once, and again where that was rolled back -----
CREATE TABLE person (id int PRIMARY KEY, tier text);
SELECT revops.attach_lead('people', 'person', '{"tier": "tier"}');
SELECT revops.draft_agreement() AS v \gset
INSERT INTO revops.score_rule (agreement_id, rule, kind, condition, points) VALUES (:v, 'gold', 'fit', $$tier = 'gold'$$, 10);
SELECT revops.adopt_agreement(:v);
DELETE FROM revops.binding_role WHERE role = 'tier';
CREATE FUNCTION told() RETURNS bigint LANGUAGE sql AS $$ SELECT count(*) FROM revops.fault WHERE object = 'definition' $$;
-- the transaction that told
BEGIN;
INSERT INTO person VALUES (1, 'gold');
SELECT told();
ROLLBACK;
SELECT told();
INSERT INTO person VALUES (1, 'gold');
INSERT INTO person VALUES (2, 'gold');
SELECT told();
-- a savepoint that told
UPDATE revops.workspace SET workspace = 'acme 2';
BEGIN;
SAVEPOINT one;
INSERT INTO person VALUES (3, 'gold');
ROLLBACK TO one;
INSERT INTO person VALUES (4, 'gold');
INSERT INTO person VALUES (5, 'gold');
COMMIT;
SELECT told();
-- one that told and stays, inside one that goes
UPDATE revops.workspace SET workspace = 'acme 3';
BEGIN;
SAVEPOINT one;
SAVEPOINT two;
INSERT INTO person VALUES (6, 'gold');
RELEASE two;
SAVEPOINT three;
ROLLBACK TO three;
INSERT INTO person VALUES (7, 'gold');
SELECT told();
ROLLBACK TO one;
SELECT told();
INSERT INTO person VALUES (8, 'gold');
COMMIT;
INSERT INTO person VALUES (9, 'gold');
SELECT told();
SELECT DISTINCT sqlstate, message, detail FROM revops.fault;

-- ----- so is a rule that breaks later, once: its function may not be run any more, is dropped -----
CREATE SCHEMA lib;
GRANT USAGE ON SCHEMA lib TO revops_reader;
CREATE FUNCTION lib.rich(text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN $1 = 'gold'; END $$;
INSERT INTO revops.binding_role (binding_id, role, expression, role_type) SELECT binding_id, 'tier', 'tier', 'text' FROM revops.binding;
SELECT revops.draft_agreement() AS v \gset
UPDATE revops.score_rule SET condition = 'lib.rich(tier)' WHERE agreement_id = :v AND rule = 'gold';
SELECT revops.adopt_agreement(:v);
DELETE FROM revops.fault;
INSERT INTO person VALUES (10, 'gold');
SELECT key, fit FROM revops.lead_status WHERE key = '10';
SELECT told();
REVOKE EXECUTE ON FUNCTION lib.rich FROM public;
INSERT INTO person VALUES (11, 'gold');
INSERT INTO person VALUES (12, 'gold');
INSERT INTO person VALUES (13, 'gold');
SELECT key, fit FROM revops.lead_status WHERE key IN ('11', '12', '13');
SELECT told();
GRANT EXECUTE ON FUNCTION lib.rich TO public;
INSERT INTO person VALUES (14, 'gold');
INSERT INTO person VALUES (15, 'gold');
DROP FUNCTION lib.rich(text);
INSERT INTO person VALUES (16, 'gold');
INSERT INTO person VALUES (17, 'gold');
INSERT INTO person VALUES (18, 'gold');
SELECT key, fit FROM revops.lead_status WHERE key IN ('14', '15', '16', '17', '18');
SELECT told();
SELECT sqlstate, message, detail, occurrences FROM revops.fault ORDER BY fault_id;
