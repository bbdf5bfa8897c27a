-- CALL reconcile (A6; host behaviours 19-23): what triggers could not see is
-- found by comparison, and nothing else is touched.
\set SHOW_CONTEXT never
SET pg_revops.now = '2026-03-02 09:00+00';
SET timezone = 'UTC';
SET datestyle = 'ISO';
SET client_min_messages = warning;

SELECT revops.create_workspace('acme', 'UTC', 'EUR');
SELECT revops.draft_agreement(note => 'test') AS draft \gset
INSERT INTO revops.score_rule (agreement_id, rule, kind, condition, points) VALUES (:draft, 'home', 'fit', 'country = ''DE''', 70);
SELECT revops.adopt_agreement(:draft);
INSERT INTO revops.rep (rep) VALUES ('ann');
INSERT INTO revops.team (team) VALUES ('all');
INSERT INTO revops.team_member (team_id, rep_id) SELECT team_id, rep_id FROM revops.team, revops.rep;
INSERT INTO revops.route (route, position, team_id) SELECT 'all', 1, team_id FROM revops.team;

CREATE FUNCTION last_run(binding text, OUT since timestamptz, OUT followed boolean, OUT repaired int, OUT rows_read bigint, OUT updated_to timestamptz,
                         OUT taken_in bigint, OUT changed bigint, OUT returned bigint, OUT gone bigint, OUT finished boolean) LANGUAGE sql AS $$
    SELECT r.since, followed, repaired, rows_read, updated_to, taken_in, changed, returned, gone, finished_at IS NOT NULL
    FROM revops.reconcile_run r JOIN revops.binding b USING (binding_id) WHERE b.binding = $1 ORDER BY run_id DESC LIMIT 1
$$;
CREATE FUNCTION leads(binding text) RETURNS TABLE (key text, country text, email text, fit smallint, stage text, gone boolean, profiles bigint) LANGUAGE sql AS $$
    SELECT l.key, p.profile ->> 'country', i.personal ->> 'email', l.fit, l.stage, l.gone_at IS NOT NULL,
           (SELECT count(*) FROM revops.profile_change c WHERE c.lead_id = l.lead_id)
    FROM revops.lead l JOIN revops.binding b USING (binding_id)
    JOIN revops.profile_change p ON p.lead_id = l.lead_id AND p.change_id = l.profile_id
    LEFT JOIN revops.lead_identity i ON i.lead_id = l.lead_id
    WHERE b.binding = $1 ORDER BY length(l.key), l.key
$$;
CREATE SCHEMA crm;

-- ----- three rows of twenty thousand, written where no trigger fires --------------------
CREATE TABLE crm.lead (id bigint PRIMARY KEY, email text, country text, stage text, active boolean DEFAULT true, updated timestamptz DEFAULT '2026-03-01');
SELECT revops.attach_lead('leads', 'crm.lead', '{"email": "email", "country": "country", "stage": "stage", "updated_at": "updated"}', filter => 'active');
INSERT INTO crm.lead (id, email, country) SELECT n, 'p' || n || '@x.example', 'US' FROM generate_series(1, 20000) n;
CALL revops.reconcile('leads');
SELECT * FROM last_run('leads');
SELECT count(*), max(change_id) AS last_change FROM revops.profile_change \gset
SET session_replication_role = replica;
UPDATE crm.lead SET country = 'DE', updated = '2026-03-02 08:00+00' WHERE id = 7;
UPDATE crm.lead SET email = 'new@x.example', updated = '2026-03-02 08:10+00' WHERE id = 77;
UPDATE crm.lead SET stage = 'nurture', updated = '2026-03-02 08:20+00' WHERE id = 777;
-- no role says anything new
UPDATE crm.lead SET updated = '2026-03-02 08:30+00' WHERE id = 7777;
RESET session_replication_role;
CALL revops.reconcile('leads', batch => 2);
SELECT * FROM last_run('leads');
SELECT * FROM leads('leads') WHERE profiles > 1 OR key = '7777';
SELECT count(*) - :count AS new_profiles FROM revops.profile_change;
SELECT l.key, s.from_stage, s.to_stage, s.cause FROM revops.stage_change s JOIN revops.lead l USING (lead_id) WHERE from_stage IS NOT NULL;
CALL revops.reconcile('leads');
SELECT * FROM last_run('leads');

-- ----- from a time on --------------------------------------------------------------------
SELECT revops.reconciled_to('leads'), revops.reconciled_to('leads', '0'), revops.reconciled_to('none');
SET session_replication_role = replica;
UPDATE crm.lead SET country = 'AT', updated = '2026-03-02 08:25+00' WHERE id = 8;
UPDATE crm.lead SET country = 'AT' WHERE id = 9;
DELETE FROM crm.lead WHERE id = 10;
RESET session_replication_role;
CALL revops.reconcile('leads', since => revops.reconciled_to('leads'));
SELECT * FROM last_run('leads');
SELECT * FROM leads('leads') WHERE key IN ('8', '9', '10');

-- ----- rows that come, go and return, by the filter too --------------------------------------
SET session_replication_role = replica;
INSERT INTO crm.lead (id, email, country) VALUES (20001, 'a@x.example', 'DE'), (20002, 'b@x.example', 'DE');
INSERT INTO crm.lead (id, email, country, stage) VALUES (20004, 'd@x.example', 'DE', 'mql');
INSERT INTO crm.lead (id, email, country, active) VALUES (20003, 'c@x.example', 'DE', false);
UPDATE crm.lead SET active = false WHERE id = 11;
RESET session_replication_role;
CALL revops.reconcile('leads');
SELECT * FROM last_run('leads');
SELECT * FROM leads('leads') WHERE gone OR key >= '20001' AND length(key) = 5;
-- as if they had been written now: handed over and routed, with a promise that runs
SELECT key, stage, rep, sla_due_at IS NOT NULL AS promised FROM revops.lead_status WHERE key = '20004';
SET session_replication_role = replica;
UPDATE crm.lead SET active = true, country = 'DE' WHERE id = 11;
INSERT INTO crm.lead (id, email, country) VALUES (10, 'p10@x.example', 'US');
RESET session_replication_role;
CALL revops.reconcile('leads');
SELECT * FROM last_run('leads');
SELECT * FROM leads('leads') WHERE key IN ('10', '11');

-- a person who was forgotten stays so while the host does not write the row
SELECT revops.forget(revops.lead_id('leads', '77'));
CALL revops.reconcile('leads');
SELECT * FROM last_run('leads');
SET session_replication_role = replica;
UPDATE crm.lead SET updated = '2026-03-02 08:40+00' WHERE id = 77;
RESET session_replication_role;
CALL revops.reconcile('leads');
SELECT * FROM leads('leads') WHERE key = '77';

-- TRUNCATE and reload in a replica session: the same leads, untouched
SELECT max(change_id) AS last_change FROM revops.profile_change \gset
SET session_replication_role = replica;
CREATE TABLE crm.copy AS TABLE crm.lead;
TRUNCATE crm.lead;
INSERT INTO crm.lead SELECT * FROM crm.copy;
RESET session_replication_role;
CALL revops.reconcile('leads');
SELECT * FROM last_run('leads');
SELECT count(*) FROM revops.profile_change WHERE change_id > :last_change;
SET session_replication_role = replica;
TRUNCATE crm.lead;
RESET session_replication_role;
CALL revops.reconcile('leads');
SELECT * FROM last_run('leads');
SELECT count(*) FILTER (WHERE gone_at IS NULL) AS there FROM revops.lead;
SELECT * FROM revops.verify();
SELECT revops.detach('leads');

-- ----- triggers that were off, and those that are missing --------------------------------------
CREATE TABLE crm.small (id int PRIMARY KEY, email text, country text);
SELECT revops.attach_lead('small', 'crm.small', '{"email": "email", "country": "country"}');
INSERT INTO crm.small VALUES (1, 'a@x.example', 'US'), (2, 'b@x.example', 'US');
ALTER TABLE crm.small DISABLE TRIGGER ALL;
UPDATE crm.small SET country = 'DE' WHERE id = 1;
CALL revops.reconcile('small');
SELECT * FROM last_run('small');
SELECT problem, count(*) FROM revops.binding_health WHERE binding = 'small' GROUP BY 1;
CALL revops.reconcile('small', enable => true);
SELECT * FROM last_run('small');
SELECT problem FROM revops.binding_health WHERE binding = 'small';
UPDATE crm.small SET country = 'AT' WHERE id = 1;
SELECT * FROM leads('small');
ALTER TABLE crm.small DISABLE TRIGGER ALL;
UPDATE crm.small SET country = 'CH' WHERE id = 1;
ALTER TABLE crm.small ENABLE TRIGGER ALL;
SELECT format('DROP TRIGGER %I ON crm.small', tgname) FROM pg_trigger WHERE tgrelid = 'crm.small'::regclass AND tgname LIKE '%update' \gexec
CALL revops.reconcile('small');
SELECT * FROM last_run('small');
SELECT * FROM leads('small');

-- ----- swapped by rename: the name decides --------------------------------------------------
CREATE TABLE crm.small_new (country varchar(2), id bigint PRIMARY KEY, email text, more text);
INSERT INTO crm.small_new VALUES ('CH', 1, 'a@x.example'), ('FR', 3, 'c@x.example');
BEGIN;
ALTER TABLE crm.small RENAME TO small_old;
ALTER TABLE crm.small_new RENAME TO small;
COMMIT;
SELECT problem, subject, detail FROM revops.binding_health WHERE binding = 'small';
CALL revops.reconcile('small', since => '2020-01-01');
CALL revops.reconcile('small');
SELECT * FROM last_run('small');
SELECT * FROM leads('small');
SELECT c.host, c.trigger_name LIKE '%insert' AS ins FROM revops.captures((SELECT binding_id FROM revops.binding WHERE binding = 'small')) c WHERE c.trigger_name LIKE '%insert';
SELECT count(*) AS triggers_left FROM pg_trigger WHERE tgrelid = 'crm.small_old'::regclass;
UPDATE crm.small SET country = 'DE' WHERE id = 3;
DELETE FROM crm.small_old;
SELECT * FROM leads('small');

-- dropped and created again
DROP TABLE crm.small;
SELECT problem, subject, detail FROM revops.binding_health WHERE binding = 'small';
\set VERBOSITY terse
CALL revops.reconcile('small');
\set VERBOSITY default
CREATE TABLE crm.small (id bigint PRIMARY KEY, email text, land text);
CALL revops.reconcile('small');
SELECT problem, subject, detail FROM revops.binding_health WHERE binding = 'small';
ALTER TABLE crm.small RENAME land TO country;
INSERT INTO crm.small VALUES (1, 'a@x.example', 'CH'), (4, 'd@x.example', 'DE');
CALL revops.reconcile('small');
SELECT * FROM last_run('small');
SELECT * FROM leads('small');

-- only renamed: the table stays the binding's, and so does a column
ALTER TABLE crm.small RENAME TO prospects;
ALTER TABLE crm.prospects RENAME id TO prospect;
ALTER TABLE crm.prospects RENAME country TO land;
SET session_replication_role = replica;
UPDATE crm.prospects SET land = 'IT' WHERE prospect = 4;
RESET session_replication_role;
SELECT problem, subject, detail FROM revops.binding_health WHERE binding = 'small';
CALL revops.reconcile('small');
SELECT * FROM last_run('small');
SELECT host_name FROM revops.binding WHERE binding = 'small';
SELECT * FROM leads('small') WHERE key = '4';

-- a column's type changes; a column goes: nothing is read as NULL
ALTER TABLE crm.prospects ALTER land TYPE varchar(3);
CALL revops.reconcile('small');
SELECT * FROM last_run('small');
ALTER TABLE crm.prospects DROP land;
CALL revops.reconcile('small');
SELECT * FROM leads('small') WHERE NOT gone;

-- created again with keys of another type: no row can have those of before
DROP TABLE crm.prospects;
CREATE TABLE crm.prospects (id uuid PRIMARY KEY, email text, country text);
INSERT INTO crm.prospects VALUES ('00000000-0000-0000-0000-000000000001', 'u@x.example', 'DE');
CALL revops.reconcile('small');
SELECT * FROM last_run('small');
SELECT key, gone FROM leads('small') ORDER BY key;
SELECT count(*) FROM revops.inbox;

-- ----- partitions: one that is new, rows written straight into it ------------------------------
CREATE TABLE crm.parted (id int, region text, country text, PRIMARY KEY (id, region)) PARTITION BY LIST (region);
CREATE TABLE crm.parted_eu PARTITION OF crm.parted FOR VALUES IN ('eu');
SELECT revops.attach_lead('parted', 'crm.parted', '{"country": "country"}');
INSERT INTO crm.parted VALUES (1, 'eu', 'DE');
CREATE TABLE crm.parted_us (country text, region text NOT NULL, id int NOT NULL, PRIMARY KEY (id, region));
INSERT INTO crm.parted_us VALUES ('US', 'us', 1);
ALTER TABLE crm.parted ATTACH PARTITION crm.parted_us FOR VALUES IN ('us');
SELECT problem, subject, detail FROM revops.binding_health WHERE binding = 'parted' ORDER BY 3, 2;
CALL revops.reconcile('parted');
SELECT * FROM last_run('parted');
SELECT problem FROM revops.binding_health WHERE binding = 'parted';
SELECT * FROM leads('parted');
UPDATE crm.parted_us SET country = 'MX';
ALTER TABLE crm.parted DETACH PARTITION crm.parted_eu;
CALL revops.reconcile('parted');
SELECT * FROM last_run('parted');
SELECT * FROM leads('parted');

-- ----- what has no triggers: views, materialized views, foreign tables -------------------------
CREATE TABLE crm.person (id int, email text, country text, at timestamptz);
INSERT INTO crm.person VALUES (1, 'a@x.example', 'DE', '2026-03-01'), (2, 'b@x.example', 'US', '2026-03-01'), (NULL, 'nobody@x.example', 'US', NULL);
CREATE VIEW crm.person_view AS SELECT * FROM crm.person;
CREATE MATERIALIZED VIEW crm.person_mv AS SELECT * FROM crm.person;
SELECT revops.attach_lead('pv', 'crm.person_view', '{"email": "email", "country": "country", "updated_at": "at"}', key => '{id}', mode => 'scan');
SELECT revops.attach_lead('pm', 'crm.person_mv', '{"email": "email", "country": "country"}', key => '{id}', mode => 'scan');
SELECT revops.attach_lead('ps', 'crm.person', '{"email": "email", "country": "country"}', key => '{id}', mode => 'scan', on_violation => 'strict');
SELECT binding, mode, key_unique FROM revops.binding WHERE mode = 'scan' ORDER BY 1;
SELECT count(*) AS triggers FROM pg_trigger WHERE tgrelid IN ('crm.person'::regclass, 'crm.person_view'::regclass);
SELECT problem FROM revops.binding_health WHERE binding = 'pv';
CALL revops.reconcile('pv');
CALL revops.reconcile('pm');
SELECT * FROM leads('pv');
SELECT * FROM leads('pm');
-- rows of one key: the one that was written last counts
INSERT INTO crm.person VALUES (1, 'a2@x.example', 'AT', '2026-03-02'), (2, 'b2@x.example', 'CA', NULL);
DELETE FROM crm.person WHERE country = 'DE';
CALL revops.reconcile('pv');
SELECT * FROM leads('pv');
CALL revops.reconcile('pm');
SELECT * FROM last_run('pm');
REFRESH MATERIALIZED VIEW crm.person_mv;
CALL revops.reconcile('pm');
SELECT * FROM leads('pm');
CREATE OR REPLACE VIEW crm.person_view AS SELECT * FROM crm.person WHERE id = 2;
CALL revops.reconcile('pv');
SELECT key, gone FROM leads('pv');
-- dropped and created again
DROP VIEW crm.person_view;
CREATE VIEW crm.person_view AS SELECT * FROM crm.person;
CALL revops.reconcile('pv');
SELECT * FROM last_run('pv');

CREATE EXTENSION file_fdw;
CREATE SERVER files FOREIGN DATA WRAPPER file_fdw;
CREATE FOREIGN TABLE crm.far (id int, email text, country text) SERVER files OPTIONS (program 'echo 5,far@x.example,DE', format 'csv');
SELECT revops.attach_lead('far', 'crm.far', '{"email": "email", "country": "country"}', key => '{id}', mode => 'scan');
CALL revops.reconcile('far');
SELECT * FROM leads('far');
DROP EXTENSION file_fdw CASCADE;

-- ----- touches and deals, in each mode ----------------------------------------------------------
CREATE FUNCTION touches(b text) RETURNS TABLE (lead text, signal text, occurred_at timestamptz, source_key text, n bigint, facts bigint) LANGUAGE sql AS $$
    SELECT l.key, s.signal, t.occurred_at, t.source_key, sum(t.sign), count(*)
    FROM revops.touch t JOIN revops.lead l USING (lead_id) JOIN revops.signal s USING (signal_id)
    JOIN revops.binding b ON b.binding_id = t.binding_id WHERE b.binding = $1 GROUP BY 1, 2, 3, 4 ORDER BY 4, 1, 2, 3
$$;
CREATE FUNCTION deals(b text) RETURNS TABLE (lead text, status text, amount numeric, key text) LANGUAGE sql AS $$
    SELECT l.key, o.status, o.amount, o.key FROM revops.opportunity o JOIN revops.binding b ON b.binding_id = o.binding_id
    LEFT JOIN revops.lead l USING (lead_id) WHERE b.binding = $1 ORDER BY 4
$$;
CREATE PROCEDURE make_side(side text) LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('CREATE TABLE crm.%I (id int PRIMARY KEY, country text)', side || '_lead');
    EXECUTE format('CREATE TABLE crm.%I (id int PRIMARY KEY, lead int, kind text, at timestamptz)', side || '_act');
    EXECUTE format('CREATE TABLE crm.%I (id int PRIMARY KEY, lead int, won boolean, amount numeric)', side || '_deal');
    PERFORM revops.attach_lead(side || '_lead', format('crm.%I', side || '_lead')::regclass, '{"country": "country"}', mode => side);
    PERFORM revops.attach_touch(side || '_act', format('crm.%I', side || '_act')::regclass, side || '_lead', '{"lead": "lead", "signal": "kind", "occurred_at": "at"}');
    PERFORM revops.attach_opportunity(side || '_deal', format('crm.%I', side || '_deal')::regclass, side || '_lead', '{"lead": "lead", "won": "won", "amount": "amount"}');
    EXECUTE format('INSERT INTO crm.%I VALUES (1, ''US''), (2, ''US''), (3, ''US'')', side || '_lead');
    EXECUTE format('INSERT INTO crm.%I VALUES (1, 1, ''page_visit'', ''2026-03-01''), (2, 2, ''page_visit'', ''2026-03-01''), (3, 3, ''page_visit'', ''2026-03-01'')', side || '_act');
    EXECUTE format('INSERT INTO crm.%I VALUES (1, 1, false, 10), (2, 2, false, 20), (3, 3, false, 30)', side || '_deal');
END
$$;
CREATE PROCEDURE write_unseen(side text) LANGUAGE plpgsql AS $$
BEGIN
    SET LOCAL session_replication_role = replica;
    -- another signal; another lead; gone; new; of a lead that is not known; planned
    EXECUTE format('UPDATE crm.%I SET kind = ''demo_request'' WHERE id = 1', side || '_act');
    EXECUTE format('UPDATE crm.%I SET lead = 1 WHERE id = 2', side || '_act');
    EXECUTE format('DELETE FROM crm.%I WHERE id = 3', side || '_act');
    EXECUTE format('INSERT INTO crm.%I VALUES (4, 3, ''page_visit'', ''2026-03-02 08:00+00''), (5, 9, ''page_visit'', ''2026-03-02 08:00+00''), (6, 1, ''page_visit'', ''2026-04-01'')', side || '_act');
    EXECUTE format('UPDATE crm.%I SET amount = 11 WHERE id = 1', side || '_deal');
    EXECUTE format('UPDATE crm.%I SET won = true WHERE id = 2', side || '_deal');
    EXECUTE format('DELETE FROM crm.%I WHERE id = 3', side || '_deal');
    EXECUTE format('INSERT INTO crm.%I VALUES (4, 9, false, 40)', side || '_deal');
END
$$;
CALL make_side('inline');
CALL make_side('queued');
CALL make_side('scan');
CALL revops.reconcile('inline_act');
SELECT * FROM last_run('inline_act');
-- what is still to be settled is settled first
CALL revops.reconcile('queued_act');
SELECT * FROM last_run('queued_act');
CALL revops.reconcile('queued_deal');
SELECT * FROM last_run('queued_deal');
CALL revops.reconcile('scan_lead');
CALL revops.reconcile('scan_act');
CALL revops.reconcile('scan_deal');
SELECT * FROM last_run('scan_act');
CALL write_unseen('inline');
CALL write_unseen('queued');
CALL write_unseen('scan');
SET client_min_messages = error;
CALL revops.reconcile('inline_act');
CALL revops.reconcile('inline_deal');
CALL revops.reconcile('queued_act');
CALL revops.reconcile('queued_deal');
CALL revops.reconcile('scan_act');
CALL revops.reconcile('scan_deal');
SET client_min_messages = warning;
SELECT * FROM last_run('inline_act');
SELECT * FROM touches('inline_act');
SELECT * FROM touches('queued_act') EXCEPT SELECT * FROM touches('inline_act');
SELECT * FROM touches('scan_act') EXCEPT SELECT * FROM touches('inline_act');
SELECT count(*) FROM touches('queued_act') UNION ALL SELECT count(*) FROM touches('scan_act');
SELECT * FROM last_run('inline_deal');
SELECT * FROM deals('inline_deal');
SELECT * FROM deals('queued_deal') EXCEPT SELECT * FROM deals('inline_deal');
SELECT * FROM deals('scan_deal') EXCEPT SELECT * FROM deals('inline_deal');
-- once more: nothing, and what waits in the inbox is not doubled
CALL revops.reconcile('inline_act');
CALL revops.reconcile('queued_act');
CALL revops.reconcile('scan_act');
CALL revops.reconcile('scan_deal');
SELECT b.binding, r.taken_in, r.changed, r.returned, r.gone FROM revops.reconcile_run r JOIN revops.binding b USING (binding_id) ORDER BY run_id DESC LIMIT 4;
SELECT b.binding, i.key, count(*) FROM revops.inbox i JOIN revops.binding b USING (binding_id) GROUP BY 1, 2 ORDER BY 1, 2;
-- the lead arrives
INSERT INTO crm.inline_lead VALUES (9, 'DE');
INSERT INTO crm.queued_lead VALUES (9, 'DE');
INSERT INTO crm.scan_lead VALUES (9, 'DE');
CALL revops.settle();
CALL revops.reconcile('scan_lead');
SELECT 'inline', * FROM touches('inline_act') WHERE lead = '9' UNION ALL SELECT 'queued', * FROM touches('queued_act') WHERE lead = '9'
UNION ALL SELECT 'scan', * FROM touches('scan_act') WHERE lead = '9';
SELECT 'inline', * FROM deals('inline_deal') WHERE lead = '9' UNION ALL SELECT 'queued', * FROM deals('queued_deal') WHERE lead = '9'
UNION ALL SELECT 'scan', * FROM deals('scan_deal') WHERE lead = '9';
CALL revops.reconcile('inline_act', since => '2026-03-02');
SELECT * FROM last_run('inline_act');
SELECT * FROM revops.verify();

-- ----- what is refused ---------------------------------------------------------------------------
CALL revops.reconcile('none');
CALL revops.reconcile('inline_deal', since => '2026-03-02');
CALL revops.reconcile('inline_lead', since => '2026-03-02');
BEGIN;
CALL revops.reconcile('inline_lead');
ROLLBACK;

-- row-level security: never no rows without a word
CREATE ROLE reconcile_owner;
GRANT revops_admin TO reconcile_owner;
CREATE TABLE crm.secured (id int PRIMARY KEY, org int, country text);
ALTER TABLE crm.secured OWNER TO reconcile_owner;
GRANT USAGE ON SCHEMA crm TO reconcile_owner;
SET ROLE reconcile_owner;
SELECT revops.attach_lead('secured', 'crm.secured', '{"country": "country"}');
INSERT INTO crm.secured VALUES (1, 1, 'DE'), (2, 2, 'US');
CALL revops.reconcile('secured');
SELECT * FROM last_run('secured');
ALTER TABLE crm.secured ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON crm.secured USING (org = current_setting('app.org')::int);
CALL revops.reconcile('secured');
ALTER TABLE crm.secured FORCE ROW LEVEL SECURITY;
SELECT problem, severity, subject, detail FROM revops.binding_health WHERE binding = 'secured';
CALL revops.reconcile('secured');
RESET ROLE;
CALL revops.reconcile('secured');
SELECT count(*) FROM leads('secured') WHERE NOT gone;
CREATE VIEW crm.secured_view AS SELECT * FROM crm.secured;
ALTER VIEW crm.secured_view OWNER TO reconcile_owner;
SELECT revops.attach_lead('secured_view', 'crm.secured_view', '{"country": "country"}', key => '{id}', mode => 'scan');
\set VERBOSITY terse
CALL revops.reconcile('secured_view');
\set VERBOSITY default
ALTER ROLE reconcile_owner BYPASSRLS;
CALL revops.reconcile('secured');
SELECT * FROM last_run('secured');
-- the owner of the binding may not read the table any more
ALTER TABLE crm.secured OWNER TO CURRENT_USER;
CALL revops.reconcile('secured');
SELECT problem, severity, subject, detail FROM revops.binding_health WHERE binding = 'secured';
SELECT revops.detach('secured');
DROP VIEW crm.secured_view;
DROP TABLE crm.secured;
DELETE FROM revops.lead WHERE binding_id IN (SELECT binding_id FROM revops.binding WHERE binding = 'secured');
DELETE FROM revops.binding WHERE binding = 'secured';
DROP OWNED BY reconcile_owner;
DROP ROLE reconcile_owner;
