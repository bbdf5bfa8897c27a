-- Attaching tables: every refusal, keys of all kinds, roles as columns and as
-- expressions, changes of the table underneath, detach, rights.
\set SHOW_CONTEXT never
SET pg_revops.now = '2026-03-02 09:00+00';
SET timezone = 'UTC';
SET client_min_messages = notice;

-- runs a statement and shows how it was refused
CREATE PROCEDURE try(statement text) LANGUAGE plpgsql AS $$
DECLARE
    state text; message text; detail text; hint text;
BEGIN
    EXECUTE statement;
    RAISE NOTICE 'done';
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT,
        detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
    RAISE NOTICE E'% %\n  detail: %\n  hint: %', state, message, detail, hint;
END
$$;
-- what the triggers of a table look like, beside the host's own
CREATE FUNCTION triggers(host regclass) RETURNS SETOF text LANGUAGE sql AS $$
    SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE tgrelid = host AND NOT tgisinternal ORDER BY tgname COLLATE "C"
$$;
-- the newest profile of each lead, with its key
CREATE FUNCTION profiles(binding text) RETURNS TABLE (key text, profile jsonb, personal jsonb) LANGUAGE sql AS $$
    SELECT DISTINCT ON (l.key) l.key, c.profile, i.personal
    FROM revops.binding b JOIN revops.lead l USING (binding_id)
    JOIN revops.profile_change c USING (lead_id) LEFT JOIN revops.lead_identity i USING (lead_id)
    WHERE b.binding = $1 ORDER BY l.key, c.change_id DESC
$$;
CREATE FUNCTION faults() RETURNS TABLE (object text, sqlstate text, message text) LANGUAGE sql AS $$
    WITH gone AS (DELETE FROM revops.fault RETURNING *)
    SELECT DISTINCT object, sqlstate, message FROM gone ORDER BY 1, 3
$$;

CREATE SCHEMA crm;
CREATE TABLE crm.lead (id bigint PRIMARY KEY, email varchar(80), company text, size int, state text);
CREATE TABLE crm.keyless (id int, email text);

-- ----- refusals --------------------------------------------------------------
CALL try($$SELECT revops.attach_lead('leads', 'crm.lead', '{"email": "email"}')$$);
SELECT revops.create_workspace('acme', 'Europe/Berlin', 'EUR');
CALL try($$SELECT revops.attach_lead('leads', 'crm.lead', '{"email": "email"}', workspace_id => 7)$$);

-- the table
CREATE VIEW crm.v AS SELECT * FROM crm.lead;
CREATE MATERIALIZED VIEW crm.m AS SELECT * FROM crm.lead;
CREATE FOREIGN DATA WRAPPER dummy;
CREATE SERVER elsewhere FOREIGN DATA WRAPPER dummy;
CREATE FOREIGN TABLE crm.f (id int) SERVER elsewhere;
CREATE TEMP TABLE short_lived (id int PRIMARY KEY);
CALL try($$SELECT revops.attach_lead('leads', 'crm.v', '{}')$$);
CALL try($$SELECT revops.attach_lead('leads', 'crm.m', '{}')$$);
CALL try($$SELECT revops.attach_lead('leads', 'crm.f', '{}')$$);
CALL try($$SELECT revops.attach_lead('leads', 'crm.lead_pkey', '{}')$$);
CALL try($$SELECT revops.attach_lead('leads', 'pg_temp.short_lived', '{}')$$);
CALL try($$SELECT revops.attach_lead('leads', 'pg_class', '{}')$$);
CALL try($$SELECT revops.attach_lead('leads', 'revops.lead', '{}')$$);
CALL try($$SELECT revops.attach_lead('leads', 99999999, '{}')$$);
CALL try($$SELECT revops.attach_lead('leads', NULL, '{}')$$);

-- the key
CALL try($$SELECT revops.attach_lead('leads', 'crm.keyless', '{}')$$);
CREATE UNIQUE INDEX ON crm.keyless (id);
CREATE UNIQUE INDEX ON crm.keyless (lower(email));
CALL try($$SELECT revops.attach_lead('leads', 'crm.keyless', '{}')$$);
ALTER TABLE crm.keyless ALTER id SET NOT NULL;
DROP INDEX crm.keyless_id_idx;
CREATE UNIQUE INDEX ON crm.keyless (id) WHERE email IS NOT NULL;
CALL try($$SELECT revops.attach_lead('leads', 'crm.keyless', '{}')$$);
CALL try($$SELECT revops.attach_lead('leads', 'crm.lead', '{}', key => '{ID}')$$);
CALL try($$SELECT revops.attach_lead('leads', 'crm.lead', '{}', key => '{}')$$);
CALL try($$SELECT revops.attach_lead('leads', 'crm.lead', '{}', key => '{id,id}')$$);
CALL try($$SELECT revops.attach_lead('leads', 'crm.lead', '{}', key => array[NULL])$$);
-- one that no unique index covers: rows of one key would be one lead
CALL try($$SELECT revops.attach_lead('leads', 'crm.keyless', '{}', key => '{id}')$$);
CALL try($$SELECT revops.attach_lead('leads', 'crm.lead', '{}', key => '{company,email}')$$);
CREATE TABLE crm.parted (id int, "Region" text, PRIMARY KEY (id, "Region")) PARTITION BY LIST ("Region");
CALL try($$SELECT revops.attach_lead('leads', 'crm.parted', '{}', key => '{Region}')$$);

-- roles and filter
CALL try($$SELECT revops.attach_lead('leads', 'crm.lead', NULL)$$);
CALL try($$SELECT revops.attach_lead('leads', 'crm.lead', '["email"]')$$);
CALL try($$SELECT revops.attach_lead('leads', 'crm.lead', '{"email": 5}')$$);
CALL try($$SELECT revops.attach_lead('leads', 'crm.lead', '{"": "email"}')$$);
CALL try($$SELECT revops.attach_lead('leads', 'crm.lead', '{"e-mail": "email"}')$$);
CALL try($$SELECT revops.attach_lead('leads', 'crm.lead', '{"CompanySize": "size"}')$$);
CALL try($$SELECT revops.attach_lead('leads', 'crm.lead', '{"email": "email"}', personal => '{phone}')$$);
CALL try($$SELECT revops.attach_lead('leads', 'crm.lead', '{"email": "mail"}')$$);
CALL try($$SELECT revops.attach_lead('leads', 'crm.lead', '{"email": ""}')$$);
CALL try($$SELECT revops.attach_lead('leads', 'crm.lead', '{"email": "lower(email"}')$$);
CALL try($$SELECT revops.attach_lead('leads', 'crm.lead', '{"company_size": "company"}')$$);
CALL try($$SELECT revops.attach_lead('leads', 'crm.lead', '{}', filter => 'id IN (SELECT 1)')$$);
CALL try($$SELECT revops.attach_lead('leads', 'crm.lead', '{"tier": "random()"}')$$);
CALL try($$SELECT revops.attach_lead('leads', 'crm.lead', '{"tier": "max(size)"}')$$);
CALL try($$SELECT revops.attach_lead('leads', 'crm.lead', '{"tier": "generate_series(1, size)"}')$$);
CALL try($$SELECT revops.attach_lead('leads', 'crm.lead', '{"tier": "*"}')$$);
CALL try($$SELECT revops.attach_lead('leads', 'crm.lead', '{"tier": "row(size, 1)"}')$$);
CALL try($$SELECT revops.attach_lead('leads', 'crm.lead', '{}', filter => 'state')$$);
CALL try($$SELECT revops.attach_lead('leads', 'crm.lead', '{}', filter => 'status = 1')$$);

-- the manner, the name
CALL try($$SELECT revops.attach_lead('', 'crm.lead', '{}')$$);
CALL try($$SELECT revops.attach_lead(NULL, 'crm.lead', '{}')$$);
CALL try($$SELECT revops.attach_lead('leads', 'crm.lead', '{}', on_violation => 'refuse')$$);
CALL try($$SELECT revops.attach_lead('leads', 'crm.lead', '{}', on_error => NULL)$$);

-- nothing half done
SELECT count(*) AS bindings FROM revops.binding;
SELECT * FROM triggers('crm.lead');

SELECT revops.attach_lead('leads', 'crm.lead',
    '{"email": "email", "company": "company", "company_size": "size", "domain": "split_part(lower(email), ''@'', 2)"}',
    filter => 'state is distinct from ''spam''', personal => '{domain}') AS leads \gset
CALL try($$SELECT revops.attach_lead('leads', 'crm.lead', '{}')$$);
CALL try($$SELECT revops.attach_lead('again', 'crm.lead', '{}', filter => 'state is distinct from ''spam''')$$);
CALL try($$SELECT revops.attach_touch('calls', 'crm.keyless', 'nobody', '{"lead": "id", "signal": "''call''"}')$$);
CALL try($$SELECT revops.attach_touch('calls', 'crm.keyless', 'leads', '{"lead": "id", "signal": "''call''"}')$$);
CALL try($$SELECT revops.attach_touch('calls', 'crm.keyless', 'leads', '{"lead": "id", "signal": "''call''"}', key => '{id}')$$);
ALTER TABLE crm.keyless ALTER id DROP NOT NULL, ADD UNIQUE (id);
CALL try($$SELECT revops.attach_touch('calls', 'crm.keyless', 'leads', '{"lead": "id", "signal": "''call''"}')$$);
CALL try($$SELECT revops.attach_touch('calls', 'crm.keyless', 'leads', '{"lead": "id"}', key => '{id}')$$);
CALL try($$SELECT revops.attach_touch('calls', 'crm.keyless', 'leads', '{"lead": "id", "signal": "''call''", "subject": "email"}', key => '{id}')$$);
CALL try($$SELECT revops.attach_opportunity('deals', 'crm.keyless', 'leads', '{"won": "true"}', key => '{id}')$$);
CALL try($$SELECT revops.attach_opportunity('deals', 'crm.keyless', 'leads', '{"lead": "id", "won": "email"}', key => '{id}')$$);
SELECT revops.attach_touch('calls', 'crm.keyless', 'leads', '{"lead": "id", "signal": "''call''"}', key => '{id}') > :leads AS attached;
CALL try($$SELECT revops.attach_touch('mails', 'crm.keyless', 'calls', '{"lead": "id", "signal": "''email''"}', key => '{id}')$$);
CALL try($$SELECT revops.detach('nobody')$$);
CALL try($$SELECT revops.detach(NULL)$$);
CALL try($$SELECT revops.lead_id('nobody', '1')$$);
CALL try($$SELECT revops.lead_id('leads', '1')$$);
CALL try($$SELECT revops.lead_id('leads', NULL)$$);

-- ----- what is made -------------------------------------------------------------
SELECT binding, kind, host, key_columns, key_attnums, filter, filter_columns, on_violation, on_error, owner = current_user::regrole AS own
FROM revops.binding ORDER BY binding;
SELECT binding, role, expression, attnum, columns, role_type, personal
FROM revops.binding_role JOIN revops.binding USING (binding_id) ORDER BY binding, role;
SELECT replace(t, :'leads', 'N') FROM triggers('crm.lead') AS t;

-- ----- keys -----------------------------------------------------------------------
CREATE TABLE crm.k_int (id int PRIMARY KEY);
CREATE TABLE crm.k_small (id smallint PRIMARY KEY);
CREATE TABLE crm.k_uuid (id uuid PRIMARY KEY);
CREATE TABLE crm.k_text (id text PRIMARY KEY);
CREATE TABLE crm.k_varchar (id varchar(40) PRIMARY KEY);
CREATE TABLE crm.k_char (id char(6) PRIMARY KEY);
CREATE TABLE crm.k_numeric (id numeric PRIMARY KEY);
CREATE TABLE crm.k_time (id timestamptz PRIMARY KEY);
CREATE DOMAIN crm.code AS varchar(9);
CREATE TABLE crm.k_domain (id crm.code PRIMARY KEY);
CREATE TABLE crm.k_composite ("Tenant" text, nr int, note text, UNIQUE (note), PRIMARY KEY ("Tenant", nr));
CREATE TABLE crm.k_unique (a int NOT NULL, b int NOT NULL, c int NOT NULL, UNIQUE (a, b), UNIQUE (c) INCLUDE (a));
DO $$
DECLARE
    host text;
BEGIN
    FOREACH host IN ARRAY '{int,small,uuid,text,varchar,char,numeric,time,domain,composite,unique}'::text[] LOOP
        PERFORM revops.attach_lead(host, format('crm.k_%s', host)::regclass, '{}');
    END LOOP;
END
$$;
INSERT INTO crm.k_int VALUES (-2147483648), (0), (7);
INSERT INTO crm.k_small VALUES (-32768), (7);
INSERT INTO crm.lead (id) VALUES (-9223372036854775808), (9223372036854775807);
INSERT INTO crm.k_uuid VALUES ('A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11');
INSERT INTO crm.k_text VALUES ('x|y\z'), (''), ('Grüße');
INSERT INTO crm.k_varchar VALUES ('SF-001');
INSERT INTO crm.k_char VALUES ('ab');
INSERT INTO crm.k_numeric VALUES (1.50), (100);
SET timezone = 'Asia/Tokyo';
SET datestyle = 'SQL, DMY';
INSERT INTO crm.k_time VALUES ('2026-03-01 12:00+00');
RESET datestyle;
SET timezone = 'UTC';
INSERT INTO crm.k_domain VALUES ('d1');
INSERT INTO crm.k_composite VALUES ('a|b', 1, 'x'), ('a\', 2, 'y');
INSERT INTO crm.k_unique VALUES (1, 2, 3);
SELECT b.binding, b.key_columns, l.key FROM revops.lead l JOIN revops.binding b USING (binding_id) ORDER BY b.binding, l.key;
SELECT count(DISTINCT id) AS found FROM (VALUES (revops.lead_id('composite', 'a\|b|1')), (revops.lead_id('int', '7')),
    (revops.lead_id('uuid', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11')), (revops.lead_id('time', '2026-03-01T12:00:00+00:00'))) AS v (id);
SELECT * FROM faults();

-- ----- roles: columns and expressions, their types ----------------------------
CREATE TYPE crm.stage AS ENUM ('lead', 'mql');
CREATE DOMAIN crm.mail AS text CHECK (VALUE LIKE '%@%');
CREATE TABLE crm."Person" (
    "Id" uuid PRIMARY KEY, "eMail" crm.mail, "Stage" crm.stage, employees smallint, country char(3), budget real,
    score int, tags text[], joined date, seen timestamp, wait interval, "createdAt" timestamptz, vip boolean, extra jsonb, revenue numeric(12,2));
SELECT revops.attach_lead('people', 'crm."Person"', '{
    "email": "\"eMail\"", "stage": "\"Stage\"", "company_size": "employees", "country": "country", "created_at": "\"createdAt\"",
    "amount": "revenue", "budget": "budget", "points": "score", "tags": "tags", "joined": "joined", "seen": "seen", "wait": "wait",
    "vip": "vip", "extra": "extra", "phase": "\"Stage\"", "first_tag": "tags[1]", "ratio": "score / employees", "constant": "''x''",
    "age": "extract(day FROM ''2026-03-02''::date - joined::timestamp)", "Seen At": "seen"}');
SELECT role, attnum, role_type, personal FROM revops.binding_role WHERE binding_id = (SELECT max(binding_id) FROM revops.binding) ORDER BY role COLLATE "C";
INSERT INTO crm."Person" VALUES ('00000000-0000-0000-0000-000000000001', 'a@b.example', 'lead', 10, 'DE', 0.1, 7, '{a,"b c"}', '2026-02-01',
    '2026-02-03 04:05:06.789', '1 mon 2 days 03:00', '2026-01-01 00:00+02', true, '{"k": [1, 2]}', 1234.50),
    ('00000000-0000-0000-0000-000000000002', NULL, NULL, 0, NULL, 'NaN', 1, '{}', 'infinity', '-infinity', NULL, NULL, false, 'null', 'NaN'),
    ('00000000-0000-0000-0000-000000000003', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
SELECT key, jsonb_pretty(profile) AS profile, personal FROM profiles('people');
SELECT * FROM faults();

-- ----- the table changes underneath -----------------------------------------------
DROP VIEW crm.v;
DROP MATERIALIZED VIEW crm.m;
-- a column and the key's column are renamed: followed
INSERT INTO crm.lead VALUES (1, 'Ann@Example.com', 'Acme', 30, 'new'), (2, 'Bob@Example.com', 'Acme', 31, 'spam');
SELECT * FROM profiles('leads') WHERE key IN ('1', '2');
ALTER TABLE crm.lead RENAME size TO employees;
ALTER TABLE crm.lead RENAME id TO lead_id;
UPDATE crm.lead SET employees = 40 WHERE lead_id = 1;
SELECT * FROM profiles('leads') WHERE key = '1';
-- renamed aside, with another one in its place: the name counts
ALTER TABLE crm.lead RENAME company TO company_moved;
ALTER TABLE crm.lead ADD company varchar(20);
UPDATE crm.lead SET company = 'New Acme' WHERE lead_id = 1;
SELECT * FROM profiles('leads') WHERE key = '1';
-- another type that still fits; one that does not; back again
ALTER TABLE crm.lead ALTER employees TYPE bigint;
UPDATE crm.lead SET employees = 5000000000 WHERE lead_id = 1;
SELECT * FROM profiles('leads') WHERE key = '1';
ALTER TABLE crm.lead ALTER employees TYPE text;
UPDATE crm.lead SET employees = 'many' WHERE lead_id = 1;
SELECT * FROM profiles('leads') WHERE key = '1';
SELECT * FROM faults();
ALTER TABLE crm.lead ALTER employees TYPE smallint USING 12;
UPDATE crm.lead SET company = 'Acme' WHERE lead_id = 1;
SELECT * FROM profiles('leads') WHERE key = '1';
-- dropped: the role is NULL and told, the others go on
ALTER TABLE crm.lead DROP employees;
UPDATE crm.lead SET company = 'Acme 2' WHERE lead_id = 1;
SELECT * FROM profiles('leads') WHERE key = '1';
SELECT * FROM faults();
-- rolled back: as if nothing had happened
BEGIN;
ALTER TABLE crm.lead DROP email;
UPDATE crm.lead SET company = 'Acme 3' WHERE lead_id = 1;
SELECT * FROM profiles('leads') WHERE key = '1';
ROLLBACK;
UPDATE crm.lead SET email = 'ann@third.example' WHERE lead_id = 1;
SELECT * FROM profiles('leads') WHERE key = '1';
-- columns of an expression and of the filter are renamed: followed
ALTER TABLE crm.lead RENAME email TO mail;
ALTER TABLE crm.lead RENAME state TO status;
UPDATE crm.lead SET mail = 'ann@fourth.example' WHERE lead_id = 1;
INSERT INTO crm.lead (lead_id, mail, status) VALUES (3, 'cid@example.com', 'spam');
SELECT * FROM profiles('leads') WHERE key IN ('1', '3');
SELECT * FROM faults();
UPDATE revops.binding_role SET personal = false, role_type = 'int' WHERE binding_id = :leads;
UPDATE revops.binding SET on_error = 'raise' WHERE binding_id = :leads;
UPDATE revops.binding SET on_error = 'record', host = host WHERE binding_id = :leads;
SELECT key_columns, key_attnums, filter_columns FROM revops.binding WHERE binding_id = :leads;
SELECT role, expression, attnum, columns, role_type, personal FROM revops.binding_role WHERE binding_id = :leads ORDER BY role;
-- an expression's column is dropped
ALTER TABLE crm.lead DROP mail;
UPDATE crm.lead SET company = 'Acme 4' WHERE lead_id = 1;
SELECT * FROM profiles('leads') WHERE key = '1';
SELECT * FROM faults();
-- the filter's column is dropped: rows wait until somebody says which are leads
ALTER TABLE crm.lead DROP status;
UPDATE crm.lead SET company = 'Acme 5' WHERE lead_id = 1;
SELECT * FROM profiles('leads') WHERE key = '1';
SELECT key FROM revops.inbox WHERE binding_id = :leads;
SELECT * FROM faults();
-- mended in the definitions
ALTER TABLE crm.lead ADD mail text;
UPDATE revops.binding SET filter = 'company IS NOT NULL' WHERE binding_id = :leads;
UPDATE revops.binding_role SET expression = 'split_part(mail, ''@'', 2)' WHERE role = 'domain' AND binding_id = :leads;
CALL try(format('UPDATE revops.binding_role SET expression = ''nosuch'' WHERE role = ''company_size'' AND binding_id = %s', :leads));
DELETE FROM revops.binding_role WHERE role IN ('company_size', 'email') AND binding_id = :leads;
UPDATE crm.lead SET mail = 'ann@fifth.example' WHERE lead_id = 1;
SELECT * FROM profiles('leads') WHERE key = '1';
SELECT * FROM faults();
-- a function that an expression uses changes
CREATE FUNCTION crm.shorten(t text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT left(t, 2)';
INSERT INTO revops.binding_role (binding_id, role, expression, role_type) VALUES (:leads, 'short', 'crm.shorten(company)', 'text');
UPDATE crm.lead SET mail = 'ann@sixth.example' WHERE lead_id = 1;
SELECT profile ->> 'short' AS short FROM profiles('leads') WHERE key = '1';
CREATE OR REPLACE FUNCTION crm.shorten(t text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT left(t, 3)';
UPDATE crm.lead SET mail = 'ann@seventh.example' WHERE lead_id = 1;
SELECT profile ->> 'short' AS short FROM profiles('leads') WHERE key = '1';
DROP FUNCTION crm.shorten(text);
UPDATE crm.lead SET mail = 'ann@eighth.example' WHERE lead_id = 1;
SELECT profile ->> 'short' AS short FROM profiles('leads') WHERE key = '1';
SELECT * FROM faults();

-- ----- detach -------------------------------------------------------------------------
CREATE FUNCTION crm.own() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TABLE crm.guest (id int PRIMARY KEY, email text);
CREATE TRIGGER own BEFORE INSERT ON crm.guest FOR EACH ROW EXECUTE FUNCTION crm.own();
CREATE TABLE was AS SELECT * FROM triggers('crm.guest') AS t;
SELECT relhastriggers, relacl, reltuples, relchecks INTO shape FROM pg_class WHERE oid = 'crm.guest'::regclass;
SELECT revops.attach_lead('guests', 'crm.guest', '{"email": "email"}') AS guests \gset
SELECT count(*) FROM triggers('crm.guest');
SELECT revops.detach('guests');
TABLE was EXCEPT SELECT * FROM triggers('crm.guest');
SELECT * FROM triggers('crm.guest') EXCEPT TABLE was;
SELECT relhastriggers, relacl, reltuples, relchecks FROM pg_class WHERE oid = 'crm.guest'::regclass EXCEPT TABLE shape;
SELECT count(*) AS rows_left FROM revops.binding WHERE binding = 'guests';
-- with leads the row stays, and lives again under its name and number
SELECT revops.attach_lead('guests', 'crm.guest', '{"email": "email"}') AS guests \gset
INSERT INTO crm.guest VALUES (1, 'a@b.example');
SELECT revops.detach('guests');
CALL try($$SELECT revops.detach('guests')$$);
INSERT INTO crm.guest VALUES (2, 'b@b.example');
SELECT l.key, b.detached_at IS NOT NULL AS detached FROM revops.lead l JOIN revops.binding b USING (binding_id) WHERE binding = 'guests';
CALL try($$SELECT revops.attach_touch('guests', 'crm.guest', 'leads', '{"lead": "id", "signal": "''call''"}')$$);
CALL try($$SELECT revops.attach_touch('visits', 'crm.guest', 'guests', '{"lead": "id", "signal": "''call''"}')$$);
SELECT revops.attach_lead('guests', 'crm.guest', '{"email": "email", "initial": "left(email, 1)"}', on_error => 'raise') = :guests AS same;
INSERT INTO crm.guest VALUES (3, 'c@b.example');
SELECT * FROM profiles('guests');
-- the table is dropped under it; then another one takes its place
DROP TABLE crm.guest;
SELECT revops.lead_id('guests', '3') IS NOT NULL AS still_known;
SELECT revops.detach('guests');
CREATE TABLE crm.guest (id int PRIMARY KEY, mail text);
SELECT revops.attach_lead('guests', 'crm.guest', '{"email": "mail"}') = :guests AS same;
INSERT INTO crm.guest VALUES (3, 'new@b.example');
SELECT * FROM profiles('guests');
SELECT * FROM faults();

-- ----- partitioned and unlogged tables -------------------------------------------------
CREATE TABLE crm.part (id int, region text, PRIMARY KEY (id, region)) PARTITION BY LIST (region);
CREATE TABLE crm.part_eu PARTITION OF crm.part FOR VALUES IN ('eu');
CREATE UNLOGGED TABLE crm.fast (id int PRIMARY KEY);
SELECT revops.attach_lead('part', 'crm.part', '{"region": "region"}') > 0 AS part,
       revops.attach_lead('fast', 'crm.fast', '{}') > 0 AS fast;
INSERT INTO crm.part VALUES (1, 'eu');
INSERT INTO crm.fast VALUES (1);
SELECT * FROM profiles('part');
SELECT revops.detach('part'), revops.detach('fast');
SELECT (SELECT count(*) FROM triggers('crm.part')) + (SELECT count(*) FROM triggers('crm.part_eu')) AS triggers_left;

-- ----- by hand ----------------------------------------------------------------------
-- a key is changed to one that is unique, or not at all; who marks a binding as
-- detached, or deletes it, while the table has its triggers is sent to detach()
CREATE TABLE crm.hand (id int PRIMARY KEY, a int, b int, UNIQUE (a, b) DEFERRABLE);
SELECT revops.attach_lead('hand', 'crm.hand', '{"company_size": "a"}') > 0 AS attached;
CALL try($$UPDATE revops.binding SET key_columns = '{a}' WHERE binding = 'hand'$$);
UPDATE revops.binding SET key_columns = '{b,a,id}' WHERE binding = 'hand';
CALL try($$UPDATE revops.binding SET detached_at = now() WHERE binding = 'hand'$$);
CALL try($$DELETE FROM revops.binding WHERE binding = 'hand'$$);
INSERT INTO crm.hand VALUES (1, 2, 3);
SELECT key FROM revops.lead_status WHERE binding = 'hand';
SELECT revops.detach('hand');
SELECT count(*) AS triggers FROM triggers('crm.hand');
SELECT detached_at IS NOT NULL AS detached FROM revops.binding WHERE binding = 'hand';

-- ----- the order of triggers ----------------------------------------------------------
-- a table that holds leads and their touches, bindings 99 and 100 on it: leads first
ALTER TABLE revops.binding ALTER binding_id RESTART WITH 99;
CREATE TABLE crm.form (id int PRIMARY KEY, company text);
SELECT revops.attach_lead('forms', 'crm.form', '{"company": "company"}') AS leads,
       revops.attach_touch('sent', 'crm.form', 'forms', '{"lead": "id", "signal": "''form_submit''"}') AS touches;
INSERT INTO crm.form VALUES (1, 'acme'), (2, 'acme');
SELECT l.key, l.touches FROM revops.lead l JOIN revops.binding USING (binding_id) WHERE binding = 'forms' ORDER BY l.key;
SELECT * FROM faults();
SELECT * FROM revops.verify();

-- ----- rights ----------------------------------------------------------------------------
CREATE ROLE regress_revops_owner;
CREATE ROLE regress_revops_admin IN ROLE revops_admin;
CREATE ROLE regress_revops_app;
GRANT USAGE, CREATE ON SCHEMA crm TO regress_revops_owner, regress_revops_admin, regress_revops_app;
CREATE TABLE crm.theirs (id int PRIMARY KEY, email text);
ALTER TABLE crm.theirs OWNER TO regress_revops_owner;
GRANT INSERT ON crm.theirs TO regress_revops_app;
GRANT EXECUTE ON PROCEDURE try(text) TO PUBLIC;
-- the owner of the table without the group
SET ROLE regress_revops_owner;
CALL try($$SELECT revops.attach_lead('theirs', 'crm.theirs', '{"email": "email"}')$$);
-- the group without rights on the table
SET ROLE regress_revops_admin;
CALL try($$SELECT revops.attach_lead('theirs', 'crm.theirs', '{"email": "email"}')$$);
RESET ROLE;
GRANT SELECT, TRIGGER ON crm.theirs TO regress_revops_admin;
SET ROLE regress_revops_admin;
CALL try($$SELECT revops.attach_lead('theirs', 'crm.theirs', '{"email": "email"}')$$);
-- whoever may not act as the owner maps no role of the binding, whose text runs as the owner
CALL try(format('INSERT INTO revops.binding_role (binding_id, role, expression, role_type) VALUES (%s, ''x'', ''1'', ''text'')', :leads));
-- triggers are dropped by the table's owner only
CALL try($$SELECT revops.detach('theirs')$$);
RESET ROLE;
-- the application's role needs no right of ours
SET ROLE regress_revops_app;
INSERT INTO crm.theirs VALUES (1, 'x@y.example');
CALL try($$SELECT revops.lead_id('theirs', '1')$$);
RESET ROLE;
SELECT * FROM profiles('theirs');
-- owner and group at once
GRANT revops_admin TO regress_revops_owner;
SET ROLE regress_revops_owner;
CALL try($$UPDATE revops.binding SET filter = 'id > 1' WHERE binding = 'theirs'$$);
SELECT revops.detach('theirs');
CREATE TABLE crm.mine (id int PRIMARY KEY, email text);
SELECT revops.attach_lead('mine', 'crm.mine', '{"who": "current_user::text"}') > 0 AS attached;
SELECT owner FROM revops.binding WHERE binding = 'mine';
RESET ROLE;
-- expressions run as the binding's owner, whoever writes
GRANT INSERT ON crm.mine TO regress_revops_app;
SET ROLE regress_revops_app;
INSERT INTO crm.mine VALUES (1);
RESET ROLE;
SELECT * FROM profiles('mine');
SELECT * FROM faults();

-- an owner that was dropped: columns are still read, expressions have no rights but PUBLIC's
CREATE TABLE crm.left_behind (id int PRIMARY KEY, email text);
GRANT SELECT, TRIGGER ON crm.left_behind TO regress_revops_admin;
SET ROLE regress_revops_admin;
SELECT revops.attach_lead('left_behind', 'crm.left_behind', '{"email": "email", "who": "current_user::text"}') > 0 AS attached;
RESET ROLE;
SET client_min_messages = warning;
DROP OWNED BY regress_revops_admin;
DROP ROLE regress_revops_admin;
SET client_min_messages = notice;
INSERT INTO crm.left_behind VALUES (1, 'x@y.example');
SELECT * FROM profiles('left_behind');
SELECT object, sqlstate, regexp_replace(message, '[0-9]+', 'N') AS message FROM faults();

SET client_min_messages = warning;
DROP SCHEMA crm CASCADE;
DROP EXTENSION pg_revops CASCADE;
DROP SERVER elsewhere CASCADE;
DROP FOREIGN DATA WRAPPER dummy;
DROP OWNED BY regress_revops_owner, regress_revops_app;
DROP ROLE regress_revops_owner, regress_revops_app;
