-- A8: a form's submission in one call.
\set SHOW_CONTEXT never
SET timezone = 'UTC';
SET datestyle = 'ISO';
SET pg_revops.now = '2026-03-02 09:00+00';
SELECT revops.capture('{"email": "a@b.example"}');
SELECT revops.create_workspace('acme', 'UTC', 'EUR');
SELECT revops.capture('{"email": "a@b.example"}');
SELECT revops.draft_agreement() AS draft \gset
INSERT INTO revops.score_rule (agreement_id, rule, kind, condition, points) VALUES
    (:draft, 'home', 'fit', 'country = ''DE''', 60), (:draft, 'broken', 'fit', '1 / (company_size - 13) > 1000', 10);
SELECT revops.adopt_agreement(:draft);
INSERT INTO revops.rep (rep) VALUES ('ann'), ('bob');
INSERT INTO revops.team (team) VALUES ('dach');
INSERT INTO revops.team_member (team_id, rep_id) SELECT team_id, rep_id FROM revops.team, revops.rep;
INSERT INTO revops.route (route, position, team_id) SELECT 'everything', 1, team_id FROM revops.team;

CREATE ROLE regress_revops_owner IN ROLE revops_admin;
CREATE ROLE regress_revops_web;
GRANT SET ON PARAMETER "pg_revops.now" TO regress_revops_owner, regress_revops_web;
DO $$ BEGIN EXECUTE format('GRANT CREATE ON DATABASE %I TO regress_revops_owner', current_database()); END $$;
SET ROLE regress_revops_owner;
SELECT binding FROM revops.create_crm();
ALTER TABLE crm.lead ALTER created_at SET DEFAULT '2026-03-02 09:00+00';

-- ----- what a web application needs, and no more ----------------------------------------------
SET ROLE regress_revops_web;
SELECT revops.capture('{"email": "a@b.example"}');
RESET ROLE;
GRANT USAGE ON SCHEMA revops TO regress_revops_web;
GRANT EXECUTE ON FUNCTION revops.capture(jsonb, text, text) TO regress_revops_web;
SET ROLE regress_revops_web;
SELECT revops.capture('{"email": "a@b.example"}');
RESET ROLE;
GRANT USAGE ON SCHEMA crm TO regress_revops_web;
GRANT SELECT, INSERT, UPDATE (phone) ON crm.lead TO regress_revops_web;
SET ROLE regress_revops_web;
\x
-- made, scored, routed, its clock started
SELECT * FROM revops.capture('{"email": " \"Mia Muster\" <Mia@Acme.example> ", "company": "Acme", "country": "DE",
    "utm_source": "ads", "utm_campaign": "spring", "company_size": 120, "phone": "  ", "title": null,
    "signal": "demo_request", "occurred_at": "2026-03-02 08:59:30+00"}');
-- found: what it lacks is filled in as far as the role may, what it has stays
SELECT * FROM revops.capture('{"email": "mia@ACME.example", "company": "ACME Inc.", "country": "DE", "phone": "+49 1", "city": "Ulm"}');
\x
SELECT email, person_name, company, country, source, campaign, company_size, phone, title, city FROM crm.lead;
SELECT * FROM revops.lead_status;
RESET ROLE;
SELECT signal, occurred_at, recorded_at, binding_id, source_key FROM revops.touch JOIN revops.signal USING (signal_id) ORDER BY touch_id;
SELECT from_stage, to_stage, cause, at, actor FROM revops.stage_change ORDER BY seq;
SELECT started_at, due_at FROM revops.sla_clock;

-- ----- what a form may say ---------------------------------------------------------------------
SET ROLE regress_revops_owner;
-- neither stage, owner, moments nor the key; nothing is lost without a word
SELECT created, stage, rep, ignored FROM revops.capture('{"email": "x1@b.example", "stage": "customer", "owner": "bob", "team": "dach",
    "created_at": "2020-01-01", "updated_at": "2020-01-01", "lead_id": 77, "deleted_at": "2020-01-01", "Email": "other@b.example",
    "utm_source": "ads", "source": "event", "nested": {"a": [1]}, "\"; DROP TABLE crm.lead; --": "x", "": "empty"}');
SELECT source, owner FROM crm.lead WHERE email = 'x1@b.example';
-- the argument names the signal: the form's does not count
SELECT ignored FROM revops.capture('{"email": "x1@b.example", "signal": "demo_request"}', signal => 'webinar');
SELECT signal FROM revops.touch JOIN revops.signal USING (signal_id) ORDER BY touch_id DESC LIMIT 1;
-- a person who makes trouble with quotes is a person
SELECT created FROM revops.capture('{"email": "o''brien+x@b.example", "person_name": "Robert''); DROP TABLE crm.lead; --", "company": "\\"}');
SELECT person_name, company FROM crm.lead WHERE email LIKE 'o''b%';
-- a rule that fails loses no form
SELECT created, fit FROM revops.capture('{"email": "x2@b.example", "company_size": 13, "country": "DE"}');
SELECT DISTINCT object, message FROM revops.fault;

CREATE PROCEDURE pg_temp.try(form jsonb, signal text DEFAULT NULL) LANGUAGE plpgsql AS $$
DECLARE
    said text; more text; key text;
BEGIN
    SELECT c.key || CASE WHEN c.created THEN ' new' ELSE ' found' END INTO key FROM revops.capture(form, NULL, signal) c;
    RAISE NOTICE '%: %', form, key;
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS said = MESSAGE_TEXT, more = PG_EXCEPTION_DETAIL;
    -- a row that is shown has the time of day in it
    RAISE NOTICE '% % (%)', SQLSTATE, said, CASE WHEN SQLSTATE <> '23514' THEN more END;
END
$$;
CALL pg_temp.try(NULL);
CALL pg_temp.try('[]');
CALL pg_temp.try('"a@b.example"');
CALL pg_temp.try('{}');
CALL pg_temp.try('{"company": "Acme"}');
CALL pg_temp.try('{"email": "  "}');
CALL pg_temp.try('{"email": null}');
DO $$
DECLARE
    e text;
BEGIN
    FOREACH e IN ARRAY array['mia', '@b.example', 'mia@', 'mia@b', 'mia@b.', 'mia@.example', 'mia@b..example', 'a@b@c.example', 'm ia@b.example',
        'mia@-b.example', 'mia@b-.example', 'a,b@c.example', 'a@b.example, c@d.example', '<a@b.example', 'a@b.example>', '"mia"@b.example',
        repeat('x', 65) || '@b.example', 'a@' || repeat('x', 64) || '.example', repeat('x', 60) || '@' || repeat(repeat('y', 60) || '.', 4) || 'example']
    LOOP
        CALL pg_temp.try(jsonb_build_object('email', e));
    END LOOP;
    FOREACH e IN ARRAY array['  Ok1@B.example', E'\tok1@b.example\n', 'Ok <OK1@b.example>', '"Q, R" <ok1@b.EXAMPLE>', '<ok1@b.example>', 'jörg@münchen.example', 'JÖRG@MÜNCHEN.example', 'a.b+c_d-e/f=g''h@x-y.z1.example']
    LOOP
        CALL pg_temp.try(jsonb_build_object('email', e));
    END LOOP;
END
$$;
CALL pg_temp.try('{"email": "x1@b.example", "company_size": "many"}');
CALL pg_temp.try('{"email": "x1@b.example", "company_size": 99999999999}');
CALL pg_temp.try('{"email": "x1@b.example", "company": ["a", "b"]}');
CALL pg_temp.try('{"email": "new1@b.example", "company_size": -1}');
CALL pg_temp.try('{"email": "x1@b.example", "occurred_at": "tomorrow is another day"}');
CALL pg_temp.try('{"email": "x1@b.example", "occurred_at": "2026-03-03 09:00+00"}');
CALL pg_temp.try('{"email": "x1@b.example", "occurred_at": "-infinity"}');
CALL pg_temp.try('{"email": "x1@b.example", "signal": "telepathy"}');
CALL pg_temp.try('{"email": "x1@b.example", "signal": "call"}');
CALL pg_temp.try('{"email": "x1@b.example"}', 'meeting');
CALL pg_temp.try('{"email": "x1@b.example", "company_size": true}');
SELECT count(*) AS none_of_those FROM crm.lead WHERE email IN ('new1@b.example', 'mia');
BEGIN READ ONLY;
SELECT revops.capture('{"email": "x1@b.example"}');
ROLLBACK;

-- ----- within a transaction: settled at once all the same, and undone with it ----------------------
BEGIN;
SELECT created, stage, intent, team FROM revops.capture('{"email": "block@b.example", "country": "DE", "signal": "trial_start"}');
SELECT created, stage, intent FROM revops.capture('{"email": "block@b.example", "signal": "webinar"}');
SAVEPOINT s;
SELECT created, stage, intent FROM revops.capture('{"email": "block@b.example", "signal": "demo_request"}');
SELECT created FROM revops.capture('{"email": "other@b.example"}');
ROLLBACK TO s;
SELECT created, stage, intent FROM revops.capture('{"email": "block@b.example", "signal": "page_visit"}');
COMMIT;
SELECT stage, intent, touches FROM revops.lead_status WHERE key = (SELECT lead_id::text FROM crm.lead WHERE email = 'block@b.example');
SELECT count(*) AS none FROM crm.lead WHERE email = 'other@b.example';

-- ----- who is found ---------------------------------------------------------------------------------
-- written by the application itself; deleted: a new one
INSERT INTO crm.lead (email, company) VALUES ('  App@B.example ', ' ');
SELECT created, stage_before, filled FROM revops.capture('{"email": "app@b.example", "company": "App"}');
UPDATE crm.lead SET deleted_at = '2026-03-02 09:00+00' WHERE company = 'App';
SELECT created, stage_before FROM revops.capture('{"email": "app@b.example"}');
SELECT count(*) AS rows, count(*) FILTER (WHERE deleted_at IS NULL) AS leads FROM crm.lead WHERE lower(btrim(email)) = 'app@b.example';
SELECT * FROM revops.verify();

-- ----- tables of others: quoted names, uuid keys, no unique index ---------------------------------
RESET ROLE;
CREATE SCHEMA "My app";
CREATE DOMAIN "My app".percent AS int CHECK (VALUE BETWEEN 0 AND 100);
CREATE TYPE "My app".plan AS ENUM ('free', 'paid');
CREATE TABLE "My app"."Lead ""T"".v2" (
    "Id" uuid PRIMARY KEY DEFAULT gen_random_uuid(), "e-Mail" varchar(40), "Größe" smallint, "order" "My app".plan, prefs jsonb, tags text[],
    odds "My app".percent, code char(3), upper_mail text GENERATED ALWAYS AS (upper("e-Mail")) STORED, kind text DEFAULT 'lead', tenant text DEFAULT 'a',
    made timestamptz DEFAULT '2026-03-02 09:00+00', "pg_revops: row" text);
INSERT INTO "My app"."Lead ""T"".v2" ("e-Mail", made, "Id") VALUES ('Old@b.example', '2026-02-01', '00000000-0000-0000-0000-00000000000b'),
    ('old@B.example ', '2026-01-01', '00000000-0000-0000-0000-00000000000c'), ('old@b.example', NULL, '00000000-0000-0000-0000-00000000000a');
SELECT revops.attach_lead('app', '"My app"."Lead ""T"".v2"', '{"email": "\"e-Mail\"", "company_size": "\"Größe\"", "plan": "\"order\"", "prefs": "prefs",
    "tags": "tags", "odds": "odds", "code": "code", "loud": "upper_mail", "country": "upper(code)", "created_at": "made", "kind": "kind"}', filter => 'kind = ''lead''');
CALL pg_temp.try('{"email": "old@b.example"}');
SELECT revops.capture('{"email": "old@b.example"}', 'apps');
SELECT revops.capture('{"email": "old@b.example"}', 'crm_activities');
SELECT revops.capture('{"email": "old@b.example"}', 'app');
-- indexes that do not serve: the plain column, another condition, another expression
CREATE INDEX ON "My app"."Lead ""T"".v2" ("e-Mail");
CREATE INDEX ON "My app"."Lead ""T"".v2" (upper("e-Mail"));
CREATE INDEX ON "My app"."Lead ""T"".v2" (lower(kind));
CREATE INDEX ON "My app"."Lead ""T"".v2" (lower(btrim("e-Mail"))) WHERE tenant = 'a';
SELECT revops.capture('{"email": "old@b.example"}', 'app');
-- one over lower() does, but for blanks; the one that the hint gives does
CREATE INDEX lowered ON "My app"."Lead ""T"".v2" (lower("e-Mail")) WHERE kind IS NOT NULL;
SELECT key, created, stage_before, stage FROM revops.capture('{"email": "OLD@b.example"}', 'app');
CREATE INDEX ON "My app"."Lead ""T"".v2" (lower(btrim("e-Mail"::text)));
-- of several the first to be created; rows that were there before the table was attached are taken in
SELECT key, created, stage_before, stage FROM revops.capture('{"email": "OLD@b.example", "odds": 7, "prefs": "red", "order": 1, "tags": "{a,b}", "plan": "paid", "loud": "X", "country": "DE"}', 'app');
SELECT "order", prefs, tags, odds FROM "My app"."Lead ""T"".v2" WHERE odds IS NOT NULL;
SELECT created, ignored FROM revops.capture('{"email": "new@b.example", "company_size": "12", "prefs": {"a": [1, "x"]}, "code": "ab", "Id": "x", "pg_revops: row": "y"}', 'app');
SELECT "Größe", prefs, code, "pg_revops: row" FROM "My app"."Lead ""T"".v2" WHERE "e-Mail" = 'new@b.example';
SELECT revops.capture('{"email": "new2@b.example", "odds": 101}', 'app');
SELECT revops.capture('{"email": "new2@b.example", "plan": "gold"}', 'app');
SELECT revops.capture('{"email": "new2@b.example", "code": "abcd"}', 'app');
SELECT revops.capture('{"email": "new2@b.example", "company_size": 40000}', 'app');
SELECT revops.capture('{"email": "a-rather-long-address-that-does-not-fit@b.example"}', 'app');
-- a row that is no lead
SELECT revops.capture('{"email": "new2@b.example", "kind": "contact"}', 'app');
-- a host's trigger that is against it, and a unique index that knows better
CREATE FUNCTION pg_temp.no() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
CREATE TRIGGER no BEFORE INSERT OR UPDATE ON "My app"."Lead ""T"".v2" FOR EACH ROW EXECUTE FUNCTION pg_temp.no();
SELECT revops.capture('{"email": "new2@b.example"}', 'app');
SELECT created, filled, ignored FROM revops.capture('{"email": "new@b.example", "odds": 3}', 'app');
DROP TRIGGER no ON "My app"."Lead ""T"".v2";
CREATE UNIQUE INDEX one_code ON "My app"."Lead ""T"".v2" (code);
SELECT revops.capture('{"email": "new2@b.example", "code": "ab"}', 'app');
-- a renamed column is followed
ALTER TABLE "My app"."Lead ""T"".v2" RENAME "e-Mail" TO "E Mail";
SELECT created FROM revops.capture('{"email": "new@b.example"}', 'app');
-- row-level security is the caller's
ALTER TABLE "My app"."Lead ""T"".v2" ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenants ON "My app"."Lead ""T"".v2" USING (tenant = current_setting('my.tenant')) WITH CHECK (tenant = current_setting('my.tenant'));
GRANT USAGE ON SCHEMA "My app" TO regress_revops_web;
GRANT SELECT, INSERT, UPDATE ON "My app"."Lead ""T"".v2" TO regress_revops_web;
SET ROLE regress_revops_web;
SET my.tenant = 'a';
SELECT created FROM revops.capture('{"email": "new@b.example"}', 'app');
SET my.tenant = 'b';
SELECT revops.capture('{"email": "new@b.example"}', 'app');
RESET ROLE;
-- an e-mail that is an expression can't be written
CREATE TABLE "My app".json_lead (id int PRIMARY KEY, body jsonb);
SELECT revops.attach_lead('json', '"My app".json_lead', '{"email": "body ->> ''email''"}');
SELECT revops.capture('{"email": "new@b.example"}', 'json');
DROP TABLE "My app"."Lead ""T"".v2";
SELECT revops.capture('{"email": "new@b.example"}', 'app');

-- ----- a queued binding: settled at once all the same ---------------------------------------------
CREATE TABLE q (id int GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, email text UNIQUE, country text, state text DEFAULT 'lead', phone text);
CREATE INDEX ON q USING hash (lower(btrim(email)));
SELECT revops.attach_lead('queued', 'q', '{"email": "email", "country": "country", "stage": "state", "phone": "phone"}', mode => 'queued');
SELECT key, created, stage, fit, intent, team IS NOT NULL AS routed, sla_due_at FROM revops.capture('{"email": "q1@b.example", "country": "DE", "signal": "demo_request"}', 'queued');
SELECT created, stage_before, stage, fit, intent, filled FROM revops.capture('{"email": "q1@b.example", "phone": "1"}', 'queued');
-- an application's row that nobody has settled yet
INSERT INTO q (email) VALUES ('q2@b.example');
SELECT created, stage_before, stage, fit, filled FROM revops.capture('{"email": "q2@b.example", "country": "DE"}', 'queued');
SELECT count(*) > 0 AS waiting FROM revops.inbox_entry;
CALL revops.settle();
SELECT count(*) AS waiting FROM revops.inbox_entry;
SELECT key, stage, fit, intent, touches FROM revops.lead_status WHERE binding = 'queued' ORDER BY key;
SELECT key, count(*) AS moves FROM revops.stage_change JOIN revops.lead USING (lead_id)
WHERE binding_id = (SELECT binding_id FROM revops.binding WHERE binding = 'queued') GROUP BY 1 ORDER BY 1;
SELECT * FROM revops.verify();
SELECT object, message FROM revops.fault WHERE object NOT LIKE '%broken%';

-- a partitioned table
CREATE TABLE parted (id int, region text DEFAULT 'eu', email text, phone text, PRIMARY KEY (id, region)) PARTITION BY LIST (region);
CREATE TABLE parted_eu PARTITION OF parted FOR VALUES IN ('eu');
CREATE TABLE parted_us (phone text, email text, region text NOT NULL, id int NOT NULL);
ALTER TABLE parted ATTACH PARTITION parted_us FOR VALUES IN ('us');
CREATE SEQUENCE parted_id;
ALTER TABLE parted ALTER id SET DEFAULT nextval('parted_id');
CREATE INDEX ON parted (lower(btrim(email)));
SELECT revops.attach_lead('parted', 'parted', '{"email": "email", "phone": "phone"}');
SELECT key, created FROM revops.capture('{"email": "p1@b.example"}', 'parted');
INSERT INTO parted (region, email) VALUES ('us', 'p2@b.example');
SELECT key, created, filled FROM revops.capture('{"email": "P2@b.example", "phone": "2"}', 'parted');
SELECT tableoid::regclass, * FROM parted ORDER BY id;
SELECT * FROM revops.verify();

DROP OWNED BY regress_revops_web;
SET client_min_messages = warning;
DROP SCHEMA crm, "My app" CASCADE;
DROP EXTENSION pg_revops CASCADE;
DROP OWNED BY regress_revops_owner;
DROP ROLE regress_revops_owner, regress_revops_web;
