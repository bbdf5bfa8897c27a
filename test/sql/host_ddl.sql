-- A6: what a host does to its tables while they are attached: no statement of its
-- fails, no rule runs on what was not said, no false fact comes of it.
SET pg_revops.now = '2026-03-02 09:00+00';
SET timezone = 'UTC';
SET datestyle = 'ISO';
SET client_min_messages = warning;
SELECT revops.create_workspace('acme') AS workspace;
CREATE SCHEMA tw;
CREATE TYPE tw.stage_enum AS ENUM ('NEW', 'MQL', 'SQL');
CREATE PROCEDURE make_person(name text, mode text) LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('CREATE TABLE tw.%I (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), nr int UNIQUE, "companyName" text, stage tw.stage_enum NOT NULL DEFAULT ''NEW'')', name);
    PERFORM revops.attach_lead(name, format('tw.%I', name)::regclass, '{"stage": "CASE stage::text WHEN ''NEW'' THEN ''lead'' ELSE lower(stage::text) END", "company": "\"companyName\"", "raw": "stage"}',
        key => '{nr}', mode => mode);
    EXECUTE format('INSERT INTO tw.%I (nr, "companyName", stage) SELECT n, ''co '' || n, (ARRAY[''NEW'', ''MQL'', ''SQL''])[1 + n %% 3]::tw.stage_enum FROM generate_series(1, 6) n', name);
END
$$;
CALL make_person('inl', 'inline');
CALL make_person('que', 'queued');
CALL revops.settle();
-- one lead was moved here, which the host's column does not know
SELECT revops.accept(lead_id) FROM revops.lead WHERE key = '1' ORDER BY lead_id;
CREATE VIEW facts AS SELECT (SELECT count(*) FROM revops.stage_change) AS moves, (SELECT count(*) FROM revops.profile_change) AS profiles,
    (SELECT count(*) FROM revops.fault) AS faults, (SELECT count(*) FROM revops.event) AS events;
CREATE VIEW leads AS SELECT l.key, string_agg(l.stage, ' ' ORDER BY b.binding_id) AS stages, string_agg(l.moves::text, ' ' ORDER BY b.binding_id) AS moves,
    string_agg(p.profile ->> 'raw', ' ' ORDER BY b.binding_id) AS raw
    FROM revops.lead l JOIN revops.binding b USING (binding_id) JOIN revops.profile_change p ON p.change_id = l.profile_id
    WHERE b.binding IN ('inl', 'que') GROUP BY l.key ORDER BY l.key;
TABLE leads;

-- ----- Twenty's edit of a select field ---------------------------------------------
-- rename the column, add one of a new enum with the default, copy, drop: in one transaction no fact comes of it
CREATE TABLE was AS TABLE facts;
CREATE PROCEDURE edit(name text) LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('CREATE TYPE tw.%I AS ENUM (''NEW'', ''MQL'', ''SQL'', ''LOST'')', name || '_new');
    EXECUTE format('ALTER TABLE tw.%I RENAME COLUMN stage TO old_stage', name);
    EXECUTE format('ALTER TABLE tw.%I ADD COLUMN stage tw.%I NOT NULL DEFAULT ''NEW''', name, name || '_new');
    EXECUTE format('UPDATE tw.%I SET stage = old_stage::text::tw.%I', name, name || '_new');
    EXECUTE format('ALTER TABLE tw.%I DROP COLUMN old_stage', name);
END
$$;
CALL edit('inl');
CALL edit('que');
CALL revops.settle();
TABLE leads;
TABLE facts EXCEPT TABLE was;
-- the new column's number is taken when the role is written again, so that its next rename is followed
UPDATE revops.binding_role SET expression = expression;
SELECT b.binding, r.role, r.attnum, r.columns FROM revops.binding_role r JOIN revops.binding b USING (binding_id) WHERE role <> 'company' ORDER BY 1, 2;
-- what is written afterwards is news as ever
UPDATE tw.inl SET stage = 'SQL' WHERE nr = 3;
UPDATE tw.que SET stage = 'SQL' WHERE nr = 3;
UPDATE tw.inl SET "companyName" = 'new' WHERE nr = 1;
UPDATE tw.que SET "companyName" = 'new' WHERE nr = 1;
CALL revops.settle();
TABLE leads;
-- statement by statement, with an application that writes in between: what the row says then
-- (NEW) is what is recorded, and corrected by the copy; the others are left alone
DELETE FROM was;
INSERT INTO was TABLE facts;
ALTER TABLE tw.inl RENAME COLUMN stage TO old_stage;
ALTER TABLE tw.que RENAME COLUMN stage TO old_stage;
UPDATE tw.inl SET "companyName" = 'while renamed' WHERE nr = 4;
UPDATE tw.que SET "companyName" = 'while renamed' WHERE nr = 4;
ALTER TABLE tw.inl ADD COLUMN stage tw.inl_new NOT NULL DEFAULT 'NEW';
ALTER TABLE tw.que ADD COLUMN stage tw.que_new NOT NULL DEFAULT 'NEW';
UPDATE tw.inl SET "companyName" = 'between' WHERE nr = 5;
UPDATE tw.que SET "companyName" = 'between' WHERE nr = 5;
UPDATE tw.inl SET stage = old_stage;
UPDATE tw.que SET stage = old_stage;
ALTER TABLE tw.inl DROP COLUMN old_stage;
ALTER TABLE tw.que DROP COLUMN old_stage;
CALL revops.settle();
TABLE leads;
SELECT l.key, c.seq, c.from_stage, c.to_stage FROM revops.stage_change c JOIN revops.lead l USING (lead_id) JOIN revops.binding b ON b.binding_id = l.binding_id
    WHERE b.binding = 'inl' AND key IN ('4', '5') ORDER BY 1, 2;
SELECT object, message, occurrences FROM revops.fault;

-- ----- columns, names, places ---------------------------------------------------------
CREATE SCHEMA crm;
CREATE TABLE crm.lead (id int PRIMARY KEY, stage text, company text, size int, junk text, raw json,
    domain text GENERATED ALWAYS AS (lower(company)) STORED);
CREATE VIEW crm.good AS SELECT size, company FROM crm.lead WHERE stage <> 'disqualified';
PREPARE orm AS SELECT lead.* FROM crm.lead WHERE id = $1;
EXECUTE orm (1);
SELECT revops.attach_lead('leads', 'crm.lead', '{"stage": "stage", "company": "company", "company_size": "size", "domain": "domain", "kind": "raw ->> ''kind''"}') AS leads \gset
CREATE VIEW known AS SELECT l.key, l.stage, l.gone_at IS NOT NULL AS gone, l.moves, p.profile FROM revops.lead l JOIN revops.profile_change p ON p.change_id = l.profile_id
    WHERE l.binding_id = (SELECT binding_id FROM revops.binding WHERE binding = 'leads') ORDER BY 1;
-- attach changes no row's shape: what ORMs prepared goes on; a stored generated column is a role as any
EXECUTE orm (1);
INSERT INTO crm.lead VALUES (1, 'lead', 'ACME', 10, 'x', '{"kind": "web"}');
UPDATE crm.lead SET company = 'Ajax', raw = '{"kind": "ad"}';
TABLE known;
-- columns that are not mapped
ALTER TABLE crm.lead ADD version int NOT NULL DEFAULT 1;
ALTER TABLE crm.lead DROP junk;
ALTER TABLE crm.lead ALTER version TYPE bigint, ALTER raw TYPE jsonb;
ALTER TABLE crm.lead RENAME version TO lock_version;
UPDATE crm.lead SET lock_version = 2;
TABLE known;
-- the key: wider, renamed, back again
ALTER TABLE crm.lead ALTER id TYPE bigint;
UPDATE crm.lead SET size = 11;
ALTER TABLE crm.lead RENAME id TO pk;
INSERT INTO crm.lead (pk, stage) VALUES (5000000000, 'mql');
UPDATE crm.lead SET size = 12 WHERE pk = 1;
ALTER TABLE crm.lead RENAME pk TO id;
TABLE known;
-- a mapped column that a view uses, as Odoo changes its type: the view is the host's own matter
ALTER TABLE crm.lead ALTER size TYPE numeric;
DROP VIEW crm.good;
ALTER TABLE crm.lead DROP domain;
ALTER TABLE crm.lead ALTER company TYPE varchar(80), ALTER stage TYPE varchar(20), ALTER size TYPE numeric;
UPDATE crm.lead SET size = 13, stage = 'mql' WHERE id = 1;
TABLE known;
SELECT DISTINCT object, message FROM revops.fault;
DELETE FROM revops.fault;
-- the table: renamed, moved to another schema
ALTER TABLE crm.lead RENAME TO prospect;
ALTER TABLE crm.prospect SET SCHEMA tw;
ALTER SCHEMA tw RENAME TO workspace_1;
UPDATE workspace_1.prospect SET size = 14 WHERE id = 1;
SELECT key, profile ->> 'company_size' AS size FROM known;
ALTER TABLE workspace_1.prospect SET SCHEMA crm;
ALTER TABLE crm.prospect RENAME TO lead;

-- ----- swap by rename (Airbyte, dlt): the table that was attached stays so, under any name -----
CREATE TABLE crm.lead_new (LIKE crm.lead INCLUDING ALL);
INSERT INTO crm.lead_new SELECT * FROM crm.lead;
ALTER TABLE crm.lead RENAME TO lead_old;
ALTER TABLE crm.lead_new RENAME TO lead;
UPDATE crm.lead SET stage = 'sql' WHERE id = 1;
SELECT key, stage FROM known;
SELECT binding, host, host_name FROM revops.binding WHERE binding = 'leads';
-- attached anew under its name, the leads are the same; the old one is let go
SELECT revops.detach('leads');
SELECT revops.attach_lead('leads', 'crm.lead', '{"stage": "stage", "company": "company", "company_size": "size"}') = :leads AS same;
-- (what was missed meanwhile, the move to sql, shows with the row's next change)
UPDATE crm.lead SET size = 15 WHERE id = 1;
UPDATE crm.lead_old SET stage = 'nurture';
SELECT key, stage, gone, profile ->> 'company_size' AS size FROM known;
-- a binding that was turned to the new table by hand leaves triggers on the old one: they do nothing
ALTER TABLE crm.lead RENAME TO lead_older;
CREATE TABLE crm.lead (LIKE crm.lead_older INCLUDING ALL);
UPDATE revops.binding SET host = 'crm.lead', on_error = 'raise' WHERE binding = 'leads';
UPDATE crm.lead_older SET stage = 'nurture';
DELETE FROM crm.lead_older;
SELECT revops.repair_capture(:leads) AS made;
SELECT host, count(*) FROM revops.captures(:leads) GROUP BY host;
INSERT INTO crm.lead (id, stage, size) VALUES (1, 'sql', 16);
SELECT key, stage, gone, profile ->> 'company_size' AS size FROM known;

-- ----- dropped: DROP TABLE and DROP SCHEMA meet nothing of ours ---------------------------------
DROP TABLE crm.lead;
DROP SCHEMA workspace_1 CASCADE;
CALL revops.settle();
SELECT key, stage, gone FROM known;
SELECT revops.detach(binding) FROM revops.binding WHERE detached_at IS NULL;
SELECT object, message FROM revops.fault;
SELECT * FROM revops.verify();
