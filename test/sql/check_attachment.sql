-- The dry run of attach (A1, host requirement 28): what would be refused, with
-- the very words of attach, and what is worth knowing; nothing is left behind.
\set SHOW_CONTEXT never
SET pg_revops.now = '2026-03-02 09:00+00';
SET timezone = 'UTC';
SET datestyle = 'ISO';
SET client_min_messages = warning;

CREATE SCHEMA crm;
CREATE TABLE crm.lead (id bigint PRIMARY KEY, email text, stage text, owner text, employees int, created timestamp, updated timestamptz,
                       version int DEFAULT 1, doubled int GENERATED ALWAYS AS (employees * 2) STORED);
INSERT INTO crm.lead (id, email, stage, owner, employees, created)
SELECT n, CASE WHEN n % 4 = 0 THEN '' WHEN n % 4 < 3 THEN 'p' || n || '@x.example' END,
       CASE n % 5 WHEN 0 THEN 'mql' WHEN 1 THEN 'Hot Lead' WHEN 2 THEN 'cold' WHEN 3 THEN 'cold' END,
       CASE WHEN n > 15 THEN 'ann' WHEN n > 12 THEN 'o''hara' ELSE '' END, n - 10, '2026-02-01' FROM generate_series(1, 20) n;

-- before there is a workspace
SELECT * FROM revops.check_attachment('crm.lead', roles => '{"email": "email"}');
SELECT revops.create_workspace('acme', 'UTC', 'EUR');
SELECT revops.adopt_agreement(revops.draft_agreement(note => 'test'));
INSERT INTO revops.rep (rep) VALUES ('ann');
CREATE FUNCTION marks(OUT bindings bigint, OUT roles bigint, OUT faults bigint, OUT changes bigint, OUT triggers bigint, OUT next_binding bigint) LANGUAGE sql AS $$
    SELECT (SELECT count(*) FROM revops.binding), (SELECT count(*) FROM revops.binding_role), (SELECT count(*) FROM revops.fault),
           (SELECT count(*) FROM revops.definition_change), (SELECT count(*) FROM pg_trigger WHERE tgname LIKE 'revops%'),
           (SELECT last_value FROM revops.binding_binding_id_seq)
$$;
SELECT * FROM marks() \gset before_

-- ----- a table as it comes -----------------------------------------------------------------------
SELECT * FROM revops.check_attachment('crm.lead');
SELECT * FROM revops.check_attachment('crm.lead', roles => '{"email": "email", "stage": "stage", "owner": "owner", "created_at": "created",
    "updated_at": "updated", "company_size": "100 / employees", "source": "''web''", "big": "employees > 5"}',
    mode => 'queued', stage_map => '{"Hot Lead": "mql", "cold": null}', filter => 'id <> 20');

-- ----- what is there already ------------------------------------------------------------------------
CREATE TABLE crm.note (id int PRIMARY KEY, lead_id bigint REFERENCES crm.lead ON UPDATE CASCADE);
CREATE VIEW crm.hot AS SELECT * FROM crm.lead WHERE stage = 'Hot Lead';
CREATE FUNCTION crm.stamp() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.version := OLD.version + 1; RETURN NEW; END';
CREATE TRIGGER stamp BEFORE UPDATE ON crm.lead FOR EACH ROW EXECUTE FUNCTION crm.stamp();
CREATE TRIGGER "Log It" AFTER INSERT ON crm.lead FOR EACH STATEMENT EXECUTE FUNCTION crm.stamp();
ALTER TABLE crm.lead DISABLE TRIGGER "Log It";
ALTER TABLE crm.lead ENABLE ROW LEVEL SECURITY;
SELECT severity, subject, finding, CASE subject WHEN 'row security' THEN split_part(detail, ' to ', 1) ELSE detail END AS detail
FROM revops.check_attachment('crm.lead', roles => '{"email": "email"}') WHERE subject NOT LIKE 'role %';

-- ----- keys -----------------------------------------------------------------------------------------------
CREATE TABLE crm.loose (id int, email text, at timestamptz);
INSERT INTO crm.loose VALUES (1, 'a'), (1, 'b'), (2, 'c'), (2, 'c'), (2, 'c'), (3, 'd'), (NULL, 'e');
SELECT * FROM revops.check_attachment('crm.loose', roles => '{"email": "email"}', mode => 'scan') WHERE severity = 'error';
SELECT severity, subject, finding, detail FROM revops.check_attachment('crm.loose', roles => '{"email": "email", "updated_at": "at"}', key => '{id}', mode => 'scan') WHERE subject IN ('key', 'rows');
SELECT subject, finding FROM revops.check_attachment('crm.loose', roles => '{"email": "email"}', key => '{id}') WHERE severity = 'error';
SELECT severity, subject, finding FROM revops.check_attachment('crm.loose', roles => '{"email": "email"}', key => '{no}', mode => 'scan') WHERE severity = 'error';
CREATE TABLE crm.parted (id int, "Region" text, PRIMARY KEY (id, "Region")) PARTITION BY LIST ("Region");
CREATE TABLE crm.parted_eu PARTITION OF crm.parted FOR VALUES IN ('eu');
CREATE TABLE crm.parted_us PARTITION OF crm.parted FOR VALUES IN ('us');
SELECT severity, subject, finding, detail FROM revops.check_attachment('crm.parted') WHERE subject NOT LIKE 'role %';
CREATE MATERIALIZED VIEW crm.mv AS SELECT * FROM crm.loose;
SELECT severity, subject, finding, detail FROM revops.check_attachment('crm.mv', roles => '{"email": "email"}', key => '{id}', mode => 'scan') WHERE subject NOT LIKE 'role %';

-- ----- errors: one does not hide the others, and attach says the same --------------------------------------------
SELECT subject, finding, detail, hint FROM revops.check_attachment('crm.hot', roles => '{"email": "emial", "Created-At": "created", "stage": "stage", "company_size": "email"}',
    filter => 'stagee = 1', workspace_id => 9) WHERE severity = 'error';
SELECT revops.attach_lead('x', 'crm.lead', '{"email": "emial"}');
SELECT subject, finding, detail, hint FROM revops.check_attachment('crm.lead', roles => '{"email": "emial"}') WHERE severity = 'error';
SELECT subject, finding FROM revops.check_attachment('crm.lead', roles => '[]') WHERE severity = 'error';
SELECT subject, finding FROM revops.check_attachment('crm.lead', mode => 'nightly') WHERE severity = 'error';
SELECT subject, finding FROM revops.check_attachment('crm.lead', kind => 'touch', roles => '{"lead": "id"}') WHERE severity = 'error';
SELECT subject, finding FROM revops.check_attachment('crm.lead', kind => 'campaign') WHERE severity = 'error';
SELECT subject, finding FROM revops.check_attachment(NULL);
SELECT subject, finding FROM revops.check_attachment('crm.lead', roles => '{"email": "email"}', stage_map => '{"Hot Lead": "no such stage"}') WHERE severity = 'error';
-- a filter that fails when it is run
SELECT severity, subject, finding FROM revops.check_attachment('crm.lead', filter => '1 / (id - 5) >= 0') WHERE subject = 'rows';

-- ----- touches and deals -----------------------------------------------------------------------------------------------
SELECT revops.attach_lead('leads', 'crm.lead', '{"email": "email", "stage": "stage"}');
SELECT subject, finding, hint FROM revops.check_attachment('crm.lead', roles => '{"email": "email"}') WHERE severity = 'error';
CREATE TABLE crm.act (id int PRIMARY KEY, lead bigint, kind text, at timestamp, amount numeric, won boolean);
INSERT INTO crm.act VALUES (1, 1, 'page_visit', '2026-03-01', 1, true), (2, 1, 'smoke signal', '2026-03-01', NULL, NULL), (3, NULL, 'page_visit', NULL, NULL, NULL);
SELECT * FROM revops.check_attachment('crm.act', 'touch', '{"lead": "lead", "signal": "kind", "occurred_at": "at"}', lead_binding => 'leads', zone => 'Europe/Berlin');
SELECT * FROM revops.check_attachment('crm.act', 'opportunity', '{"lead": "lead", "amount": "amount", "won": "won"}', lead_binding => 'leads');
SELECT revops.detach('leads');

-- ----- write-back, and a caller with few rights ----------------------------------------------------------------------------
CREATE ROLE check_caller;
GRANT revops_admin TO check_caller;
GRANT USAGE ON SCHEMA crm TO check_caller;
GRANT SELECT ON crm.loose TO check_caller;
GRANT SELECT, TRIGGER, UPDATE (owner) ON crm.lead TO check_caller;
CREATE POLICY few ON crm.lead FOR SELECT USING (id < 4);
SET ROLE check_caller;
SELECT * FROM revops.check_attachment('crm.loose', key => '{id}') WHERE severity = 'error';
SELECT * FROM revops.check_attachment('crm.lead', roles => '{"email": "email"}', mode => 'queued', write_back => '{"owner": "owner", "score": "employees"}')
WHERE subject LIKE 'write-back%' OR subject IN ('row security', 'rows') OR severity = 'error';
RESET ROLE;
REVOKE ALL ON crm.lead, crm.loose FROM check_caller;
DROP OWNED BY check_caller;
DROP ROLE check_caller;

-- nothing is left
DELETE FROM revops.binding;
SELECT bindings, roles, faults, triggers FROM marks();
