-- The health of bindings (A6): each problem is a row, and a broken binding never
-- keeps the view from being read; who reads it needs no right on the tables.
\set SHOW_CONTEXT never
SET pg_revops.now = '2026-03-02 09:00+00';
SET timezone = 'UTC';
SET datestyle = 'ISO';
SET client_min_messages = warning;

SELECT revops.create_workspace('acme', 'UTC', 'EUR');
SELECT revops.adopt_agreement(revops.draft_agreement(note => 'test'));
CREATE FUNCTION health(b text DEFAULT NULL) RETURNS TABLE (binding text, severity text, problem text, subject text, n bigint, since timestamptz, detail text) LANGUAGE sql AS $$
    SELECT h.binding, h.severity, h.problem, h.subject, h.n, h.since, h.detail FROM revops.binding_health h
    WHERE b IS NULL OR h.binding = b ORDER BY h.binding, h.problem, h.subject
$$;
CREATE SCHEMA crm;
CREATE ROLE health_owner;
GRANT revops_admin TO health_owner;
GRANT USAGE, CREATE ON SCHEMA crm TO health_owner;
CREATE TABLE crm.lead (id int PRIMARY KEY, email text, country text, score int, kind text);
CREATE TABLE crm.act (id int PRIMARY KEY, lead int, kind text, at timestamptz);
CREATE FUNCTION crm.band(int) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT ($1 / 10)::text';
SELECT revops.attach_lead('leads', 'crm.lead', '{"email": "email", "country": "upper(country)", "band": "crm.band(score)", "half": "100 / score"}', filter => 'kind = ''lead''');
SELECT revops.attach_touch('acts', 'crm.act', 'leads', '{"lead": "lead", "signal": "kind", "occurred_at": "at"}', mode => 'queued');
SELECT * FROM health();
SELECT * FROM revops.binding_problems((SELECT binding_id FROM revops.binding WHERE binding = 'leads'));
SELECT * FROM revops.binding_problems(4711);

-- ----- columns, functions -----------------------------------------------------------------
ALTER TABLE crm.lead RENAME country TO land;
SELECT * FROM health('leads');
ALTER TABLE crm.lead DROP COLUMN email;
SELECT * FROM health('leads');
DROP FUNCTION crm.band(int);
SELECT * FROM health('leads');
ALTER TABLE crm.lead ALTER land TYPE int USING 0;
SELECT * FROM health('leads');
ALTER TABLE crm.lead ALTER land TYPE text;
ALTER TABLE crm.lead DROP COLUMN kind;
SELECT * FROM health('leads');
ALTER TABLE crm.lead DROP COLUMN id;
SELECT * FROM health('leads');
-- the mapping is corrected
ALTER TABLE crm.lead ADD id int, ADD kind text DEFAULT 'lead', ADD email text;
CREATE FUNCTION crm.band(int) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT ($1 / 10)::text';
SELECT * FROM health('leads');
CREATE UNIQUE INDEX lead_id ON crm.lead (id);
SELECT * FROM health('leads');
DROP INDEX crm.lead_id;
SELECT * FROM health('leads');
ALTER TABLE crm.lead ADD PRIMARY KEY (id);

-- ----- triggers ----------------------------------------------------------------------------------
ALTER TABLE crm.lead DISABLE TRIGGER ALL;
SELECT * FROM health('leads');
ALTER TABLE crm.lead ENABLE REPLICA TRIGGER revops_0000000001_insert;
ALTER TABLE crm.lead ENABLE TRIGGER revops_0000000001_update;
ALTER TABLE crm.lead ENABLE ALWAYS TRIGGER revops_0000000001_delete;
DROP TRIGGER revops_0000000001_truncate ON crm.lead;
SELECT * FROM health('leads');
SELECT revops.repair_capture(1);
SELECT * FROM health('leads');
SELECT revops.enable_capture(1);
SELECT * FROM health('leads');

-- ----- faults, the inbox ---------------------------------------------------------------------------
INSERT INTO crm.lead (id, email, score) VALUES (1, 'a@x.example', 0), (2, 'b@x.example', 0);
INSERT INTO crm.act VALUES (1, 1, 'page_visit', '2026-03-02'), (2, 1, 'no_such_signal', '2026-03-02');
SELECT * FROM health();
SET pg_revops.now = '2026-03-02 09:02+00';
SELECT * FROM health();
CALL revops.settle();
INSERT INTO crm.act VALUES (3, 7, 'page_visit', '2026-03-02');
CALL revops.settle();
SELECT * FROM health();
SET pg_revops.now = '2026-03-04 09:00+00';
SELECT * FROM health();

-- ----- a backfill that was stopped: its row is what is left of it ---------------------------
CALL revops.backfill('leads');
SELECT problem FROM health('leads');
UPDATE revops.backfill SET finished_at = NULL, started_at = '2026-03-04 08:00+00';
SELECT problem, since FROM health('leads') WHERE problem LIKE 'backfill%';
DELETE FROM revops.backfill;

-- ----- tables ------------------------------------------------------------------------------------------
ALTER TABLE crm.lead RENAME TO person;
SELECT binding, problem, subject, detail FROM health('leads');
CREATE VIEW crm.lead AS SELECT * FROM crm.person;
SELECT binding, problem, subject, detail FROM health('leads');
DROP VIEW crm.lead;
DROP TABLE crm.act;
SELECT binding, problem, subject, detail FROM health('acts');

-- ----- who owns the binding -----------------------------------------------------------------------------
SET ROLE health_owner;
CREATE TABLE crm.own (id int PRIMARY KEY, country text);
SELECT revops.attach_lead('own', 'crm.own', '{"country": "lower(country)"}');
SELECT binding, problem FROM health('own');
RESET ROLE;
REVOKE SELECT ON crm.own FROM health_owner;
SELECT binding, problem, subject, detail FROM health('own');
ALTER TABLE crm.own OWNER TO CURRENT_USER;
REVOKE ALL ON SCHEMA crm FROM health_owner;
DROP OWNED BY health_owner;
DROP ROLE health_owner;
SELECT binding, problem, detail FROM health('own');

-- ----- a reader, without any right on the tables ------------------------------------------------------------
CREATE ROLE health_reader;
GRANT revops_reader TO health_reader;
SET ROLE health_reader;
SELECT binding, severity, problem FROM revops.binding_health ORDER BY 1, 3;
SELECT count(*) FROM revops.reconcile_run;
RESET ROLE;
DROP ROLE health_reader;
-- a detached binding has none
SELECT revops.detach('leads');
SELECT binding FROM health();

-- ----- roles that are looked up, and who looks them up: no table, no right, another column ----------
CREATE ROLE look_owner;
GRANT revops_admin TO look_owner;
CREATE SCHEMA look;
GRANT USAGE ON SCHEMA look TO look_owner;
CREATE TABLE look.company (id int PRIMARY KEY, country text);
CREATE TABLE look.person (id int PRIMARY KEY, company int);
GRANT SELECT, TRIGGER ON ALL TABLES IN SCHEMA look TO look_owner;
SET ROLE look_owner;
SELECT revops.attach_lead('people', 'look.person', '{"country": "(SELECT c.country FROM look.company c WHERE c.id = company)", "company": "company::text"}');
SELECT revops.attach_lookup('companies', 'look.company', 'people', '{"lead": "(SELECT array_agg(p.id::text) FROM look.person p WHERE p.company = company.id)"}');
RESET ROLE;
CREATE VIEW looked AS SELECT * FROM health() h WHERE h.binding IN ('people', 'companies');
SELECT * FROM looked;
REVOKE SELECT ON look.company FROM look_owner;
SELECT * FROM looked;
CALL revops.reconcile('people');
GRANT SELECT ON look.company TO look_owner;
REVOKE SELECT ON look.person FROM look_owner;
SELECT * FROM looked;
GRANT SELECT ON look.person TO look_owner;
ALTER TABLE look.company RENAME country TO land;
SELECT * FROM looked;
ALTER TABLE look.company RENAME land TO country;
ALTER TABLE look.company ALTER country TYPE int USING 1;
SELECT * FROM looked;
ALTER TABLE look.company ALTER country TYPE text;
ALTER TABLE look.company RENAME TO firm;
SELECT * FROM looked;
ALTER TABLE look.firm RENAME TO company;
SELECT * FROM looked;
DROP VIEW looked;
DROP SCHEMA look CASCADE;
DROP OWNED BY look_owner;
DROP ROLE look_owner;
