-- A2: row-level security, enabled and forced; a host's role without any right on
-- our schema; host triggers at depth 2.
SET pg_revops.now = '2026-03-02 09:00+00';
SET timezone = 'UTC';
SET datestyle = 'ISO';
SET client_min_messages = warning;
SELECT revops.create_workspace('acme') AS workspace;
CREATE ROLE regress_revops_owner;
CREATE ROLE regress_revops_writer;
CREATE SCHEMA org AUTHORIZATION regress_revops_owner;
GRANT USAGE ON SCHEMA org TO regress_revops_writer;
GRANT revops_admin TO regress_revops_owner;
SET ROLE regress_revops_owner;
CREATE TABLE org.lead (id int PRIMARY KEY, org int NOT NULL, stage text);
CREATE TABLE org.sync (sfid text, org int NOT NULL, stage text);
GRANT ALL ON org.lead, org.sync TO regress_revops_writer;
ALTER TABLE org.lead ENABLE ROW LEVEL SECURITY;
ALTER TABLE org.sync ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON org.lead USING (org = current_setting('app.org', true)::int);
CREATE POLICY own ON org.sync USING (org = current_setting('app.org', true)::int);
SELECT revops.attach_lead('leads', 'org.lead', '{"stage": "stage"}') > 0 AS leads,
       revops.attach_lead('sync', 'org.sync', '{"stage": "stage"}', key => '{sfid}', mode => 'queued') > 0 AS sync;
INSERT INTO org.lead VALUES (1, 1, 'lead'), (2, 2, 'lead'), (3, 2, 'mql');
RESET ROLE;
CREATE VIEW leads AS SELECT b.binding, l.key, l.stage, l.gone_at IS NOT NULL AS gone FROM revops.lead l JOIN revops.binding b USING (binding_id) ORDER BY 1, 2;

-- ----- the writer sees some rows, we see those that its statement wrote -----------------
SET ROLE regress_revops_writer;
SELECT has_schema_privilege('revops', 'USAGE') AS may_use;
SET app.org = '2';
INSERT INTO org.lead VALUES (4, 2, 'lead');
INSERT INTO org.lead VALUES (5, 1, 'lead');
UPDATE org.lead SET stage = 'mql';
DELETE FROM org.lead WHERE id IN (1, 2);
INSERT INTO org.sync VALUES ('a', 2, 'lead'), ('a', 2, 'mql');
RESET ROLE;
CALL revops.settle();
TABLE leads;

-- ----- forced: whoever must read a row again may not see it; that is a fault, not a deletion ----
ALTER TABLE org.lead FORCE ROW LEVEL SECURITY;
ALTER TABLE org.sync FORCE ROW LEVEL SECURITY;
SET ROLE regress_revops_writer;
UPDATE org.lead SET stage = 'sql' WHERE id = 3;
UPDATE org.sync SET stage = 'sql';
RESET ROLE;
RESET app.org;
INSERT INTO revops.inbox (binding_id, at, key) SELECT binding_id, '2020-01-01', '4' FROM revops.binding WHERE binding = 'leads';
CALL revops.settle();
TABLE leads;
SELECT b.binding, i.what, i.key, i.tries FROM revops.inbox i JOIN revops.binding b USING (binding_id) ORDER BY inbox_id;
SELECT object, sqlstate, message, key FROM revops.fault ORDER BY key;
-- an owner that row-level security does not bind reads them
ALTER ROLE regress_revops_owner BYPASSRLS;
SET pg_revops.now = '2026-03-02 12:00+00';
CALL revops.settle();
TABLE leads;
SELECT count(*) AS waiting FROM revops.inbox;
DELETE FROM revops.fault;
ALTER ROLE regress_revops_owner NOBYPASSRLS;

-- ----- host triggers at depth 2 (Atomic: a note updates its contact) ------------------------------
CREATE TABLE org.contact (id int PRIMARY KEY, stage text, last_note timestamptz, notes int NOT NULL DEFAULT 0);
CREATE TABLE org.note (id int PRIMARY KEY, contact int, kind text);
CREATE FUNCTION org.noted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE org.contact SET notes = notes + 1, stage = CASE WHEN notes >= 1 THEN 'mql' ELSE stage END WHERE id = NEW.contact;
    INSERT INTO org.contact (id, stage) SELECT NEW.contact, 'lead' WHERE NOT FOUND;
    RETURN NULL;
END
$$;
CREATE TRIGGER noted AFTER INSERT ON org.note FOR EACH ROW EXECUTE FUNCTION org.noted();
CREATE FUNCTION org.lower_stage() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.stage := lower(NEW.stage); RETURN NEW; END $$;
CREATE TRIGGER lower_stage BEFORE INSERT OR UPDATE ON org.contact FOR EACH ROW EXECUTE FUNCTION org.lower_stage();
SELECT revops.attach_lead('contacts', 'org.contact', '{"stage": "stage", "company_size": "notes"}') > 0 AS contacts,
       revops.attach_touch('notes', 'org.note', 'contacts', '{"lead": "contact", "signal": "kind"}') > 0 AS notes;
GRANT ALL ON org.contact, org.note TO regress_revops_writer;
SET ROLE regress_revops_writer;
INSERT INTO org.contact VALUES (1, 'LEAD');
INSERT INTO org.note VALUES (1, 1, 'call'), (2, 1, 'page_visit'), (3, 2, 'call'), (4, 2, 'call');
RESET ROLE;
CALL revops.settle();
SELECT l.key, l.stage, l.touches, l.moves, p.profile FROM revops.lead l JOIN revops.profile_change p ON p.change_id = l.profile_id
    JOIN revops.binding b ON b.binding_id = l.binding_id WHERE b.binding = 'contacts' ORDER BY 1;
SELECT object, message FROM revops.fault;
SELECT * FROM revops.verify();

SET client_min_messages = error;
DROP SCHEMA org CASCADE;
DROP EXTENSION pg_revops CASCADE;
DROP OWNED BY regress_revops_owner, regress_revops_writer;
DROP ROLE regress_revops_owner, regress_revops_writer;
