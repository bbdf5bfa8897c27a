-- Roles that are scalar sub-selects (A5: e-mail in a child table, a stage's label
-- in another one), changes of what they read, and the zone of timestamps.
SET timezone = 'UTC';
SET datestyle = 'ISO';
SET client_min_messages = warning;
SET pg_revops.now = '2026-03-02 09:00+00';
\set SHOW_CONTEXT never
SELECT revops.create_workspace('acme');

CREATE FUNCTION leads(name text) RETURNS TABLE (key text, roles jsonb, personal jsonb, gone boolean) LANGUAGE sql AS $$
    SELECT l.key, (SELECT p.profile FROM revops.profile_change p WHERE p.lead_id = l.lead_id ORDER BY p.change_id DESC LIMIT 1),
           i.personal, l.gone_at IS NOT NULL
    FROM revops.lead l JOIN revops.binding b USING (binding_id) LEFT JOIN revops.lead_identity i USING (lead_id)
    WHERE b.binding = name ORDER BY length(l.key), l.key
$$;
CREATE FUNCTION waiting() RETURNS TABLE (binding text, key text, what text) LANGUAGE sql AS
    'SELECT b.binding, i.key, i.what FROM revops.inbox i JOIN revops.binding b USING (binding_id) ORDER BY inbox_id';
CREATE FUNCTION faults() RETURNS TABLE (object text, sqlstate text, message text, occurrences int) LANGUAGE sql AS $$
    WITH told AS (DELETE FROM revops.fault RETURNING *)
    SELECT object, sqlstate, message, occurrences FROM told ORDER BY fault_id
$$;
CREATE PROCEDURE try(statement text) LANGUAGE plpgsql AS $$
DECLARE
    state text; message text; detail text; hint text;
BEGIN
    EXECUTE statement;
    RAISE WARNING 'done';
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
    RAISE WARNING E'% %\n  detail: %\n  hint: %', state, message, detail, hint;
END
$$;

-- ----- stage as FK with a jsonb label, as Odoo has it --------------------------
CREATE TABLE crm_stage (id int PRIMARY KEY, name jsonb, is_won boolean DEFAULT false);
INSERT INTO crm_stage VALUES (1, '{"en_US": "lead", "de_DE": "Neu"}', false), (2, '{"en_US": "sql"}', false), (3, '{"en_US": "customer"}', true);
CREATE TABLE crm_lead (id int PRIMARY KEY, "user Id" int, stage_id int, email_from text, create_date timestamp, day date);

-- what is refused
CALL try($$SELECT revops.attach_lead('odoo', 'crm_lead', '{"stage": "(SELECT max(crm_lead.id) FROM public.crm_stage)"}')$$);
CALL try($$SELECT revops.attach_lead('odoo', 'crm_lead', '{"stage": "(SELECT s.name FROM crm_stage s WHERE s.id = stage_id)"}')$$);
CALL try($$SELECT revops.attach_lead('odoo', 'crm_lead', '{"stage": "(SELECT s.name FROM public.crm_stage s WHERE s.id = public.crm_lead.stage_id)"}')$$);
CALL try($$SELECT revops.attach_lead('odoo', 'crm_lead', '{"stage": "(SELECT s.title FROM public.crm_stage s)"}')$$);
CALL try($$SELECT revops.attach_lead('odoo', 'crm_lead', '{"stage": "(SELECT s.id, s.name FROM public.crm_stage s)"}')$$);
CALL try($$SELECT revops.attach_lead('odoo', 'crm_lead', '{"stage": "(SELECT s.name ->> ''en_US'' FROM public.crm_stage s FOR SHARE)"}')$$);
CALL try($$SELECT revops.attach_lead('odoo', 'crm_lead', '{"stage": "(SELECT $1 FROM public.crm_stage s)"}')$$);
CALL try($$SELECT revops.attach_lead('odoo', 'crm_lead', '{"stage": "(SELECT random() FROM public.crm_stage s)"}')$$);
CALL try($$SELECT revops.attach_lead('odoo', 'crm_lead', '{"stage": "(SELECT s.id FROM public.crm_stage s WHERE to_jsonb(crm_lead) ? ''a'')"}')$$);
CALL try($$SELECT revops.attach_lead('odoo', 'crm_lead', '{"amount": "(SELECT s.is_won FROM public.crm_stage s)"}')$$);
CALL try($$SELECT revops.attach_lead('odoo', 'crm_lead', '{"size": "generate_series(1, (SELECT 3))"}')$$);
CALL try($$SELECT revops.attach_lead('odoo', 'crm_lead', '{}', filter => 'EXISTS (SELECT FROM public.crm_stage)')$$);
SELECT revops.draft_agreement() AS draft \gset
CALL try(format($$INSERT INTO revops.score_rule (agreement_id, rule, kind, condition, points) VALUES (%s, 'r', 'fit', 'EXISTS (SELECT FROM public.crm_stage)', 1)$$, :draft));
CALL try($$SELECT revops.attach_lead('odoo', 'crm_lead', '{}', zone => 'Berlin')$$);
CALL try($$SELECT revops.attach_lead('odoo', 'crm_lead', '{}', zone => NULL)$$);

SELECT revops.attach_lead('odoo', 'crm_lead', '{
    "stage": "(SELECT s.name ->> ''en_US'' FROM public.crm_stage s WHERE s.id = crm_lead.stage_id)",
    "source": "coalesce((SELECT ''won '' || s.id FROM public.crm_stage s WHERE s.is_won AND s.id = stage_id), ''open'') -- a comment",
    "same_owner": "(SELECT count(*) FROM public.crm_lead o WHERE o.\"user Id\" = crm_lead.\"user Id\")",
    "email": "email_from", "created_at": "create_date", "shown": "to_char(create_date::timestamptz, ''HH24 TZ'')"}') AS odoo \gset
SELECT role, attnum, columns, role_type FROM revops.binding_role WHERE binding_id = :odoo ORDER BY role COLLATE "C";

-- the query sees what the statement has written
INSERT INTO crm_lead VALUES (1, 7, 1, 'a@x.example', '2026-01-01 10:00'), (2, 7, 2, 'b@x.example', '2026-01-01 10:00');
INSERT INTO crm_lead VALUES (3, NULL, NULL, NULL, NULL);
SELECT * FROM leads('odoo');
-- the FK changes; a row of no stage that exists
UPDATE crm_lead SET stage_id = 3 WHERE id = 1;
UPDATE crm_lead SET stage_id = 99 WHERE id = 3;
SELECT key, roles FROM leads('odoo');
SELECT key, stage FROM revops.lead_status WHERE key IN ('1', '2') ORDER BY key;
DELETE FROM crm_lead WHERE id = 3;
SELECT * FROM leads('odoo') WHERE key = '3';

-- a prepared statement, the kept plan, and DDL of both tables between
PREPARE add (int, int) AS INSERT INTO crm_lead (id, stage_id) VALUES ($1, $2);
EXECUTE add (10, 1);
ALTER TABLE crm_stage ADD COLUMN sequence int, ALTER COLUMN id TYPE bigint;
EXECUTE add (11, 2);
ALTER TABLE crm_lead DROP COLUMN day, ADD COLUMN note text;
EXECUTE add (12, 3);
ALTER TABLE crm_lead RENAME COLUMN stage_id TO phase;
INSERT INTO crm_lead (id, phase, "user Id") VALUES (13, 2, 7);
-- another role knows the column by its new name
UPDATE revops.binding_role SET expression = '(SELECT s.is_won::text FROM public.crm_stage s WHERE s.id = phase)' WHERE role = 'source';
INSERT INTO crm_lead (id, phase, "user Id") VALUES (14, 3, 7);
SELECT key, roles FROM leads('odoo') WHERE length(key) = 2;
ALTER TABLE crm_lead RENAME TO renamed;
INSERT INTO renamed (id, phase) VALUES (15, 2);
ALTER TABLE renamed RENAME TO crm_lead;
SELECT key, roles FROM leads('odoo') WHERE key = '15';
SELECT * FROM faults();

-- ----- lookups that fail cost their own roles --------------------------------------
CREATE TABLE twice (lead_id int, word text);
INSERT INTO twice VALUES (21, 'one'), (22, 'one'), (22, 'two');
INSERT INTO revops.binding_role (binding_id, role, expression, role_type) VALUES
    (:odoo, 'segment', '(SELECT t.word FROM public.twice t WHERE t.lead_id = crm_lead.id)', 'text');
-- more than one row: of that lead alone
INSERT INTO crm_lead (id, phase) VALUES (20, 1), (21, 1), (22, 1);
SELECT key, roles FROM leads('odoo') WHERE key IN ('20', '21', '22');
SELECT * FROM faults();
-- the table is gone, and there again
DROP TABLE twice;
INSERT INTO crm_lead (id, phase) VALUES (23, 1), (24, 2);
SELECT key, roles FROM leads('odoo') WHERE key IN ('23', '24');
SELECT * FROM faults();
CREATE TABLE twice (lead_id int, word text);
INSERT INTO twice VALUES (25, 'back');
INSERT INTO crm_lead (id, phase) VALUES (25, 1);
SELECT key, roles FROM leads('odoo') WHERE key = '25';
SELECT * FROM faults();
DELETE FROM revops.binding_role WHERE binding_id = :odoo AND role = 'segment';

-- ----- REPEATABLE READ: the transaction's own snapshot, and its own writes ---------
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT count(*) FROM crm_stage;
INSERT INTO crm_stage VALUES (4, '{"en_US": "opportunity"}');
INSERT INTO crm_lead (id, phase) VALUES (30, 4), (31, 4);
COMMIT;
SELECT key, roles ->> 'stage' AS stage FROM leads('odoo') WHERE key IN ('30', '31');

-- ----- COPY of many rows; queued says the same as inline ---------------------------
CREATE TABLE queued_lead (LIKE crm_lead INCLUDING ALL);
SELECT revops.attach_lead('queued', 'queued_lead', '{"segment": "(SELECT s.name ->> ''en_US'' FROM public.crm_stage s WHERE s.id = queued_lead.phase)"}',
    mode => 'queued') > 0 AS attached;
-- more than fits into memory
SET work_mem = '64kB';
\copy queued_lead (id, phase) from program 'seq 1000 3999 | sed "s/.*\(.\)$/&\t\1/"'
\copy crm_lead (id, phase) from program 'seq 1000 3999 | sed "s/.*\(.\)$/&\t\1/"'
RESET work_mem;
CALL revops.settle();
SELECT p.roles ->> 'stage' AS inline, q.roles ->> 'segment' AS queued, count(*)
FROM leads('odoo') p JOIN leads('queued') q USING (key) GROUP BY 1, 2 ORDER BY 1;
SELECT * FROM faults();

-- ----- a partition whose columns are in another order ------------------------------
CREATE TABLE parted (stage_id int, id int PRIMARY KEY) PARTITION BY RANGE (id);
CREATE TABLE part (id int NOT NULL, stage_id int);
ALTER TABLE parted ATTACH PARTITION part FOR VALUES FROM (0) TO (100);
SELECT revops.attach_lead('parted', 'parted', '{"segment": "(SELECT s.name ->> ''en_US'' FROM public.crm_stage s WHERE s.id = parted.stage_id)"}') > 0 AS attached;
INSERT INTO part VALUES (1, 3), (2, 2);
INSERT INTO parted VALUES (1, 3);
SELECT key, roles FROM leads('parted');

-- ----- e-mail two tables away, as EspoCRM has it ----------------------------------
CREATE TABLE lead (id varchar(17) PRIMARY KEY, name text, deleted boolean DEFAULT false);
CREATE TABLE email_address (id varchar(17) PRIMARY KEY, name text, lower text);
CREATE TABLE entity_email_address (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, entity_id varchar(17), entity_type text,
    email_address_id varchar(17), "primary" boolean DEFAULT true, deleted boolean DEFAULT false);
SELECT revops.attach_lead('espo', 'lead', '{"company": "name", "email": "(SELECT a.lower FROM public.entity_email_address e JOIN public.email_address a ON a.id = e.email_address_id WHERE e.entity_id = lead.id AND e.entity_type = ''Lead'' AND e.primary AND NOT e.deleted)"}',
    filter => 'NOT deleted') > 0 AS attached;
SELECT revops.attach_lookup('espo_link', 'entity_email_address', 'espo', '{"lead": "entity_id"}', filter => 'entity_type = ''Lead''') > 0 AS attached;
SELECT revops.attach_lookup('espo_address', 'email_address', 'espo', '{"lead": "(SELECT array_agg(e.entity_id) FROM public.entity_email_address e WHERE e.email_address_id = email_address.id AND e.entity_type = ''Lead'')"}') > 0 AS attached;
SELECT binding, kind, mode, key_columns, zone FROM revops.binding WHERE binding LIKE 'espo\_%' ORDER BY 1;
SELECT r.role, r.role_type, r.columns FROM revops.binding_role r JOIN revops.binding USING (binding_id) WHERE kind = 'lookup' ORDER BY binding;
-- first the lead, then what it looks up
BEGIN;
INSERT INTO lead VALUES ('L1', 'Acme'), ('L2', 'Beta');
INSERT INTO email_address VALUES ('A1', 'Mia@acme.example', 'mia@acme.example');
INSERT INTO entity_email_address (entity_id, entity_type, email_address_id) VALUES ('L1', 'Lead', 'A1'), ('C1', 'Contact', 'A1'), ('L9', 'Lead', 'A1');
COMMIT;
SELECT * FROM leads('espo');
SELECT * FROM waiting();
CALL revops.settle();
SELECT * FROM leads('espo');
SELECT * FROM waiting();
-- a change two tables away; one that changes nothing
UPDATE email_address SET name = 'Mia@b.example', lower = 'mia@b.example';
UPDATE email_address SET name = name;
SELECT * FROM waiting();
CALL revops.settle();
SELECT key, personal FROM leads('espo');
-- the link goes to the other lead: both read anew; each lead once a statement
UPDATE entity_email_address SET entity_id = CASE entity_id WHEN 'L1' THEN 'L2' ELSE 'L1' END WHERE entity_type = 'Lead' AND entity_id <> 'L9';
SELECT * FROM waiting();
CALL revops.settle();
SELECT key, personal FROM leads('espo');
DELETE FROM entity_email_address;
CALL revops.settle();
SELECT key, personal FROM leads('espo');
-- TRUNCATE tells nothing; a rollback takes back
TRUNCATE entity_email_address, email_address;
BEGIN;
INSERT INTO entity_email_address (entity_id, entity_type, email_address_id) VALUES ('L1', 'Lead', 'A1');
ROLLBACK;
SELECT * FROM waiting();
SELECT * FROM faults();

-- the same where leads are queued: the lead itself still waits
SELECT revops.detach('espo_link'), revops.detach('espo_address'), revops.detach('espo');
CREATE TABLE qlead (LIKE lead INCLUDING ALL);
SELECT revops.attach_lead('qespo', 'qlead', '{"company": "name", "email": "(SELECT a.lower FROM public.entity_email_address e JOIN public.email_address a ON a.id = e.email_address_id WHERE e.entity_id = qlead.id)"}', mode => 'queued') > 0 AS attached;
SELECT revops.attach_lookup('qespo_link', 'entity_email_address', 'qespo', '{"lead": "entity_id"}') > 0 AS attached;
BEGIN;
INSERT INTO qlead VALUES ('L1', 'Acme');
INSERT INTO email_address VALUES ('A1', 'Mia@acme.example', 'mia@acme.example');
INSERT INTO entity_email_address (entity_id, entity_type, email_address_id) VALUES ('L1', 'Lead', 'A1'), ('L9', 'Lead', 'A1');
COMMIT;
CALL revops.settle();
SELECT * FROM leads('qespo');
SELECT * FROM waiting();
SELECT count(*) AS triggers FROM pg_trigger WHERE tgrelid = 'entity_email_address'::regclass AND tgname LIKE 'revops%';
SELECT revops.detach('qespo_link');
SELECT count(*) AS triggers FROM pg_trigger WHERE tgrelid = 'entity_email_address'::regclass AND tgname LIKE 'revops%';
-- what is refused of it
CALL try($$SELECT revops.attach_lookup('x', 'email_address', 'qespo', '{}')$$);
CALL try($$SELECT revops.attach_lookup('x', 'email_address', 'qespo', '{"lead": "id", "email": "lower"}')$$);
CALL try($$SELECT revops.attach_lookup('x', 'email_address', 'nosuch', '{"lead": "id"}')$$);

-- ----- rights: the owner of the binding reads, the host's role needs none ---------
CREATE ROLE regress_revops_lookup_owner IN ROLE revops_admin;
CREATE ROLE regress_revops_lookup_app;
CREATE TABLE secret (lead_id int PRIMARY KEY, word text, tenant int);
INSERT INTO secret VALUES (1, 'one', 1), (2, 'two', 2);
CREATE TABLE guarded (id int PRIMARY KEY, n int);
GRANT SELECT, TRIGGER ON guarded TO regress_revops_lookup_owner;
GRANT INSERT, UPDATE, SELECT ON guarded TO regress_revops_lookup_app;
SET ROLE regress_revops_lookup_owner;
CALL try($$SELECT revops.attach_lead('guarded', 'guarded', '{"segment": "(SELECT s.word FROM public.secret s WHERE s.lead_id = guarded.id)"}')$$);
RESET ROLE;
GRANT SELECT ON secret TO regress_revops_lookup_owner;
ALTER TABLE secret ENABLE ROW LEVEL SECURITY;
CREATE POLICY one ON secret USING (tenant = 1);
SET ROLE regress_revops_lookup_owner;
SELECT revops.attach_lead('guarded', 'guarded', '{"segment": "(SELECT s.word FROM public.secret s WHERE s.lead_id = guarded.id)"}') > 0 AS attached;
SET ROLE regress_revops_lookup_app;
SET row_security = off;
INSERT INTO guarded VALUES (1), (2);
RESET row_security;
RESET ROLE;
SELECT key, roles FROM leads('guarded');
SELECT * FROM faults();
-- a right that is taken away is a fault, not the host's failure
REVOKE SELECT ON secret FROM regress_revops_lookup_owner;
SET ROLE regress_revops_lookup_app;
UPDATE guarded SET n = 1;
INSERT INTO guarded VALUES (3);
RESET ROLE;
SELECT key, roles FROM leads('guarded');
SELECT object, sqlstate, message FROM faults();

-- ----- zone: whatever the session's is ----------------------------------------------
CREATE TABLE zoned (id int PRIMARY KEY, at timestamp, day date, stage_id int);
SELECT revops.attach_lead('zoned', 'zoned', '{"created_at": "at", "updated_at": "day", "hour": "to_char(at::timestamptz AT TIME ZONE ''UTC'', ''HH24'')",
    "late": "at > ''2026-01-01 12:00+00''::timestamptz", "looked": "(SELECT zoned.at::timestamptz FROM public.crm_stage s WHERE s.id = zoned.stage_id)"}',
    filter => 'at IS NULL OR at < ''2026-07-01 00:00+00''::timestamptz', zone => 'America/New_York') AS zoned \gset
SET timezone = 'Asia/Tokyo';
-- 20:30 in New York of 30 June is past the filter's moment
INSERT INTO zoned VALUES (1, '2026-01-01 08:00', '2026-01-01', 1), (2, '2026-06-30 19:30', '2026-06-30', 1), (3, '2026-06-30 20:30', '2026-06-30', 1),
    (4, 'infinity', 'infinity', 1), (5, NULL, NULL, 1), (6, '-infinity', '-infinity', 1);
SHOW timezone;
SET timezone = 'UTC';
SELECT * FROM leads('zoned');
UPDATE revops.binding SET zone = 'Europe/Berlin' WHERE binding_id = :zoned;
INSERT INTO zoned VALUES (7, '2026-06-30 19:30', '2026-06-30', 1);
SELECT key, roles FROM leads('zoned') WHERE key = '7';
CALL try(format('UPDATE revops.binding SET zone = ''berlin'' WHERE binding_id = %s', :zoned));
SELECT * FROM revops.verify();
SELECT * FROM faults();
DROP OWNED BY regress_revops_lookup_owner, regress_revops_lookup_app;
SELECT revops.detach('guarded');
DROP ROLE regress_revops_lookup_owner, regress_revops_lookup_app;
