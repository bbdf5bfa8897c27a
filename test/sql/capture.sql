-- Capture: whatever a host statement is, the leads that it wrote are settled when it ends (A1, A2).
\pset null (null)
SET timezone = 'UTC';
SET datestyle = 'ISO, YMD';
SET pg_revops.now = '2026-03-02 10:00+00';
SELECT revops.create_workspace('main');
INSERT INTO revops.rep (rep) VALUES ('ann');
INSERT INTO revops.team (team) VALUES ('inbound');
INSERT INTO revops.team_member SELECT team_id, rep_id FROM revops.team, revops.rep;
INSERT INTO revops.route (route, position, team_id) SELECT 'all', 1, team_id FROM revops.team;
DO $$
DECLARE
    v int := revops.draft_agreement();
BEGIN
    INSERT INTO revops.score_rule (agreement_id, rule, kind, condition, points) VALUES
        (v, 'home', 'fit', 'country = ''US''', 60), (v, 'big', 'fit', 'company_size > 100', 20);
    PERFORM revops.adopt_agreement(v);
END $$;
CREATE SCHEMA crm;
CREATE TABLE crm.person (id int PRIMARY KEY, country text, size int, stage text, lead boolean NOT NULL DEFAULT true, note text);
SELECT revops.attach_lead('person', 'crm.person', '{"country": "country", "company_size": "size", "stage": "stage"}', filter => 'lead') > 0 AS attached;
CREATE TABLE crm.activity (id int PRIMARY KEY, person int, kind text);
SELECT revops.attach_touch('activity', 'crm.activity', 'person', '{"lead": "person", "signal": "kind"}') > 0 AS attached;

-- rows of every side table since the last look
CREATE TEMP TABLE seen (side text PRIMARY KEY, n bigint);
CREATE VIEW pg_temp.sides AS
    SELECT 'lead' AS side, count(*) AS n FROM revops.lead
    UNION ALL SELECT 'lead_delta', count(*) FROM revops.lead_delta UNION ALL SELECT 'lead_identity', count(*) FROM revops.lead_identity
    UNION ALL SELECT 'profile_change', count(*) FROM revops.profile_change UNION ALL SELECT 'stage_change', count(*) FROM revops.stage_change
    UNION ALL SELECT 'assignment', count(*) FROM revops.assignment UNION ALL SELECT 'sla_clock', count(*) FROM revops.sla_clock
    UNION ALL SELECT 'event', count(*) FROM revops.event WHERE lead_id IS NOT NULL UNION ALL SELECT 'touch', count(*) FROM revops.touch
    UNION ALL SELECT 'timer', count(*) FROM revops.timer UNION ALL SELECT 'fault', count(*) FROM revops.fault
    UNION ALL SELECT 'inbox', count(*) FROM revops.inbox_entry;
CREATE FUNCTION pg_temp.news() RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    told text;
BEGIN
    SELECT string_agg(format('%s %s', s.side, CASE WHEN s.n > coalesce(o.n, 0) THEN '+' ELSE '' END || s.n - coalesce(o.n, 0)), ', ' ORDER BY s.side) INTO told
    FROM pg_temp.sides s LEFT JOIN seen o USING (side) WHERE s.n <> coalesce(o.n, 0);
    DELETE FROM seen;
    INSERT INTO seen SELECT * FROM pg_temp.sides;
    RETURN coalesce(told, 'nothing');
END $$;
CREATE VIEW pg_temp.leads AS
    SELECT l.lead_id, l.key, s.key IS NOT NULL AS shown, l.stage, l.fit, l.touches, l.moves FROM revops.lead l LEFT JOIN revops.lead_status s USING (lead_id)
    JOIN revops.binding b ON b.binding_id = l.binding_id AND b.binding <> 'queue';
SELECT pg_temp.news();

-- one row, several rows, a query, COPY
INSERT INTO crm.person VALUES (1, 'US', 10, NULL);
SELECT pg_temp.news();
INSERT INTO crm.person VALUES (2, 'US', 200, NULL), (3, 'FR', 200, NULL), (4, NULL, NULL, NULL);
SELECT pg_temp.news();
INSERT INTO crm.person SELECT n, 'US', n, 'subscriber' FROM generate_series(5, 7) n;
SELECT pg_temp.news();
COPY crm.person (id, country, size, stage) FROM stdin;
11	US	500	\N
12	FR	500	lead
13	US	1	mql
14	US	1	nurture
15	US	1	frobnicated
16	US	1	customer
17	US	1	subscriber
18	US	1	disqualified
19	US	1	sql
20	US	1	
\.
SELECT pg_temp.news();
SELECT object, sqlstate, message, occurrences FROM revops.fault;
SELECT key, shown, stage, fit, touches, moves FROM pg_temp.leads ORDER BY key::int;
-- where a host's stage says so, a new lead is handed off
SELECT key, team, rep, sla_due_at FROM revops.lead_status WHERE team IS NOT NULL ORDER BY key;
-- a COPY that fails in the middle leaves nothing
\set VERBOSITY terse
COPY crm.person (id, country) FROM stdin;
30	US
31	US
1	US
\.
SELECT pg_temp.news();
\set VERBOSITY default

-- upserts: what happened is what counts, not what was tried
INSERT INTO crm.person VALUES (1, 'FR', 11, NULL), (21, 'FR', 11, NULL) ON CONFLICT DO NOTHING;
SELECT pg_temp.news();
INSERT INTO crm.person VALUES (1, 'FR', 200, NULL), (22, 'FR', 11, NULL)
ON CONFLICT (id) DO UPDATE SET country = excluded.country, size = excluded.size;
SELECT pg_temp.news();
INSERT INTO crm.person VALUES (1, 'FR', 200, NULL) ON CONFLICT (id) DO UPDATE SET country = excluded.country WHERE person.country <> 'FR';
SELECT pg_temp.news();
MERGE INTO crm.person p USING (VALUES (21, 'US'), (22, 'DE'), (23, 'US')) AS s (id, country) ON p.id = s.id
WHEN MATCHED AND s.country = 'DE' THEN DELETE
WHEN MATCHED THEN UPDATE SET country = s.country
WHEN NOT MATCHED THEN INSERT (id, country, size) VALUES (s.id, s.country, 300);
SELECT pg_temp.news();
SELECT key, shown, stage, fit, touches, moves FROM pg_temp.leads WHERE key IN ('1', '21', '22', '23') ORDER BY key;

-- what does not concern a lead writes nothing
UPDATE crm.person SET note = 'seen';
SELECT pg_temp.news();
UPDATE crm.person SET size = size, country = country;
UPDATE crm.person SET size = 1 WHERE false;
DELETE FROM crm.person WHERE id < 0;
INSERT INTO crm.person SELECT * FROM crm.person WHERE false;
SELECT pg_temp.news();
-- WITH ... RETURNING sees the rows that it should
WITH changed AS (UPDATE crm.person SET size = 101 WHERE id < 5 RETURNING id, size)
SELECT count(*), sum(size) FROM changed;
SELECT pg_temp.news();
WITH made AS (INSERT INTO crm.person VALUES (24, 'US', 1, NULL) RETURNING id),
     gone AS (DELETE FROM crm.person WHERE id = 7 RETURNING id)
SELECT made.id, gone.id FROM made, gone;
SELECT pg_temp.news();
SELECT key, shown, stage, fit, touches, moves FROM pg_temp.leads WHERE key IN ('7', '24') ORDER BY key;

-- the key changes: the lead keeps its history
INSERT INTO crm.activity VALUES (1, 2, 'page_visit'), (2, 3, 'page_visit');
SELECT pg_temp.news();
UPDATE crm.person SET id = 102 WHERE id = 2;
UPDATE crm.person SET id = 103, country = 'US' WHERE id = 3;
SELECT pg_temp.news();
SELECT key, shown, stage, fit, touches, moves FROM pg_temp.leads WHERE key IN ('2', '3', '102', '103') ORDER BY key;
INSERT INTO crm.activity VALUES (3, 102, 'page_visit');
SELECT key, touches FROM pg_temp.leads WHERE key = '102';
-- keys that move up, each into the place of its neighbour
CREATE TABLE crm.queue (id int PRIMARY KEY, country text);
SELECT revops.attach_lead('queue', 'crm.queue', '{"country": "country"}') > 0 AS attached;
INSERT INTO crm.queue VALUES (3, 'FR'), (2, 'US'), (1, 'US');
UPDATE crm.queue SET id = id + 1;
SELECT key, fit, moves FROM revops.lead WHERE binding_id = (SELECT binding_id FROM revops.binding WHERE binding = 'queue') ORDER BY key;
-- a key that a deleted row had
DELETE FROM crm.queue WHERE id = 4;
UPDATE crm.queue SET id = 4 WHERE id = 3;
-- two that change places, which only a deferred constraint allows
ALTER TABLE crm.queue DROP CONSTRAINT queue_pkey, ADD UNIQUE (id) DEFERRABLE INITIALLY DEFERRED;
INSERT INTO crm.queue VALUES (7, 'FR'), (8, 'FR'), (9, 'US');
UPDATE crm.queue SET id = CASE id WHEN 7 THEN 8 WHEN 8 THEN 9 WHEN 9 THEN 7 END WHERE id > 6;
SELECT regexp_replace(key, '[0-9]+$', 'n') AS key, fit, gone_at IS NOT NULL AS gone FROM revops.lead WHERE gone_at IS NOT NULL AND binding_id = (SELECT binding_id FROM revops.binding WHERE binding = 'queue') ORDER BY key;
SELECT key FROM revops.lead_status WHERE binding = 'queue' ORDER BY key;
SELECT q.id, q.country, l.fit FROM crm.queue q JOIN revops.lead_status l ON l.binding = 'queue' AND l.key = q.id::text ORDER BY id;
SELECT object, message FROM revops.fault WHERE object = 'queue';
DROP TABLE crm.queue;
DELETE FROM revops.fault;
SELECT pg_temp.news() IS NOT NULL AS looked;

-- a touch that has no time of its own is known again by its row
SELECT key, touches FROM pg_temp.leads WHERE key = '12';
INSERT INTO crm.activity VALUES (5, 12, 'page_visit'), (6, 12, 'page_visit');
SET pg_revops.now = '2026-03-02 11:00+00';
UPDATE crm.activity SET kind = 'webinar' WHERE id = 5;
DELETE FROM crm.activity WHERE id = 6;
SELECT occurred_at, s.signal, sign FROM revops.touch JOIN revops.signal s USING (signal_id) WHERE source_key IN ('5', '6') ORDER BY occurred_at, touch_id;
SELECT key, touches, intent FROM revops.lead_status WHERE key = '12';
UPDATE crm.activity SET id = 7, person = 11 WHERE id = 5;
SELECT key, touches, intent FROM revops.lead_status WHERE key IN ('11', '12') ORDER BY key;
-- and one that an update of its lead's key took along is not counted twice
ALTER TABLE crm.activity ADD FOREIGN KEY (person) REFERENCES crm.person ON UPDATE CASCADE ON DELETE CASCADE NOT VALID;
UPDATE crm.person SET id = 111 WHERE id = 11;
SELECT key, touches, intent FROM revops.lead_status WHERE key IN ('11', '111') ORDER BY key;
DELETE FROM crm.person WHERE id = 111;
SELECT key, touches, gone_at IS NOT NULL AS gone FROM revops.lead WHERE key IN ('11', '111') ORDER BY key;
ALTER TABLE crm.activity DROP CONSTRAINT activity_person_fkey;
-- a row that is older than the binding is taken in when it changes, and takes nothing back
ALTER TABLE crm.activity DISABLE TRIGGER ALL;
INSERT INTO crm.activity VALUES (8, 12, 'page_visit'), (9, 12, 'page_visit');
ALTER TABLE crm.activity ENABLE TRIGGER ALL;
DELETE FROM crm.activity WHERE id = 8;
UPDATE crm.activity SET kind = 'webinar' WHERE id = 9;
SELECT key, touches, intent FROM revops.lead_status WHERE key = '12';
DELETE FROM crm.activity WHERE id = 9;
SET pg_revops.now = '2026-03-02 10:00+00';
SELECT pg_temp.news() IS NOT NULL AS looked;

-- deleted, and back: the same lead
DELETE FROM crm.person WHERE id = 1;
SELECT pg_temp.news();
SELECT key, shown, stage, fit, touches, moves FROM pg_temp.leads WHERE key = '1';
INSERT INTO crm.person VALUES (1, 'US', 10, NULL);
SELECT pg_temp.news();
SELECT key, shown, stage, fit, touches, moves FROM pg_temp.leads WHERE key = '1';
BEGIN;
DELETE FROM crm.person WHERE id = 1;
INSERT INTO crm.person VALUES (1, 'US', 200, NULL);
COMMIT;
SELECT key, shown, stage, fit, touches, moves FROM pg_temp.leads WHERE key = '1';
SELECT count(*) AS leads_of_key_1 FROM revops.lead WHERE key = '1';
-- in one statement
WITH gone AS (DELETE FROM crm.person WHERE id = 1 RETURNING *)
INSERT INTO crm.person SELECT 1001, country, size, stage FROM gone;
SELECT key, shown, stage, fit, touches, moves FROM pg_temp.leads WHERE key IN ('1', '1001') ORDER BY key;
DELETE FROM crm.person WHERE id = 1001;
-- loaded anew
CREATE TABLE crm.staging AS SELECT * FROM crm.person;
SELECT pg_temp.news() IS NOT NULL AS looked;
CREATE TEMP TABLE before AS TABLE pg_temp.leads;
BEGIN;
TRUNCATE crm.person;
SELECT count(*) FROM revops.lead_status WHERE binding = 'person';
INSERT INTO crm.person SELECT * FROM crm.staging;
COMMIT;
SELECT count(*) AS differ FROM before FULL JOIN pg_temp.leads l USING (lead_id)
WHERE (before.shown, before.stage, before.fit, before.touches, before.moves) IS DISTINCT FROM (l.shown, l.stage, l.fit, l.touches, l.moves);
SELECT pg_temp.news();
SELECT object, message FROM revops.fault;
-- a lead that is with sales is so after a reload, its promise still runs
SELECT key, team, rep, sla_due_at FROM revops.lead_status WHERE key = '13';

-- rolled back, in part or in whole: nothing remains
BEGIN;
INSERT INTO crm.person VALUES (40, 'US', 1, NULL);
SAVEPOINT a;
UPDATE crm.person SET size = 200 WHERE id = 40;
INSERT INTO crm.activity VALUES (40, 40, 'demo_request');
INSERT INTO crm.person VALUES (41, 'US', 1, NULL);
SELECT key, shown, stage, fit, touches, moves FROM pg_temp.leads WHERE key IN ('40', '41') ORDER BY key;
-- a touch counts at once, and moves its lead at commit
SELECT key, stage, intent, touches FROM revops.lead_status WHERE key IN ('40', '41') ORDER BY key;
ROLLBACK TO a;
SELECT key, shown, stage, fit, touches, moves FROM pg_temp.leads WHERE key IN ('40', '41') ORDER BY key;
INSERT INTO crm.activity VALUES (41, 40, 'page_visit');
RELEASE a;
COMMIT;
SELECT key, shown, stage, fit, touches, moves FROM pg_temp.leads WHERE key IN ('40', '41') ORDER BY key;
SELECT pg_temp.news();
BEGIN;
INSERT INTO crm.person VALUES (42, 'US', 1, NULL);
DELETE FROM crm.person WHERE id < 20;
TRUNCATE crm.activity;
ROLLBACK;
SELECT pg_temp.news();
\set VERBOSITY terse
INSERT INTO crm.person VALUES (43, 'US', 1, NULL), (40, 'US', 1, NULL);
\set VERBOSITY default
SELECT pg_temp.news();

-- rows enter and leave the filter
INSERT INTO crm.person VALUES (50, 'US', 1, NULL, false);
SELECT pg_temp.news();
INSERT INTO crm.activity VALUES (50, 50, 'page_visit');
SELECT pg_temp.news();
UPDATE crm.person SET lead = true WHERE id = 50;
SELECT pg_temp.news();
UPDATE crm.person SET lead = false, size = 500 WHERE id = 50;
SELECT pg_temp.news();
SELECT key, shown, stage, fit, touches, moves FROM pg_temp.leads WHERE key = '50';
UPDATE crm.person SET size = 400 WHERE id = 50;
DELETE FROM crm.person WHERE id = 50;
SELECT pg_temp.news();
INSERT INTO crm.person VALUES (50, 'US', 400, NULL, true);
SELECT key, shown, stage, fit, touches, moves FROM pg_temp.leads WHERE key = '50';

-- more rows than a batch
INSERT INTO crm.person SELECT n, CASE n % 3 WHEN 0 THEN 'US' END, n % 300, NULL FROM generate_series(10001, 12500) n;
SELECT pg_temp.news();
INSERT INTO crm.activity SELECT n, 10001 + n % 2500, 'demo_request' FROM generate_series(10001, 15000) n;
SELECT pg_temp.news();
SELECT stage, fit, count(*), sum(touches) FROM pg_temp.leads WHERE key ~ '^1[0-9]{4}$' AND key <> '10000' GROUP BY stage, fit ORDER BY stage, fit;
UPDATE crm.person SET country = 'US' WHERE id > 10000;
SELECT pg_temp.news();
SELECT stage, fit, count(*) FROM pg_temp.leads WHERE key ~ '^1[0-9]{4}$' AND key <> '10000' GROUP BY stage, fit ORDER BY stage, fit;
DELETE FROM crm.person WHERE id > 10000;
SELECT pg_temp.news();
SELECT count(*) FROM revops.lead_status WHERE binding = 'person' AND key::int > 10000;
SELECT * FROM revops.verify();

-- a host role needs no right on our schema; its search path, and that of a function, mean nothing to us
CREATE ROLE regress_revops_host;
GRANT USAGE ON SCHEMA crm TO regress_revops_host;
GRANT ALL ON crm.person, crm.activity TO regress_revops_host;
CREATE SCHEMA evil;
GRANT USAGE ON SCHEMA evil TO regress_revops_host;
CREATE FUNCTION evil.shout(text, text) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'evil was called'; END $$;
CREATE OPERATOR evil.= (LEFTARG = text, RIGHTARG = text, FUNCTION = evil.shout);
CREATE TABLE evil.lead (lead_id bigint);
CREATE FUNCTION crm.add_person(id int) RETURNS void LANGUAGE sql SECURITY DEFINER AS $$ INSERT INTO crm.person VALUES (id, 'US', 300) $$;
CREATE VIEW crm.us AS SELECT * FROM crm.person WHERE country OPERATOR(pg_catalog.=) 'US';
GRANT ALL ON crm.us TO regress_revops_host;
SET ROLE regress_revops_host;
SET search_path = evil, pg_catalog, crm;
SELECT has_schema_privilege('revops', 'USAGE') AS may_use, has_table_privilege('crm.person', 'TRUNCATE') AS may_truncate;
INSERT INTO person VALUES (60, 'US', 300, NULL);
UPDATE person SET size = 301 WHERE id OPERATOR(pg_catalog.=) 60;
INSERT INTO activity VALUES (60, 60, 'page_visit');
INSERT INTO crm.us VALUES (61, 'US', 300, NULL);
SELECT crm.add_person(62);
SELECT current_user, current_setting('search_path') AS path;
BEGIN;
TRUNCATE activity, person;
ROLLBACK;
RESET ROLE;
RESET search_path;
SELECT key, shown, stage, fit, touches, moves FROM pg_temp.leads WHERE key IN ('60', '61', '62') ORDER BY key;
SELECT key, cause, actor = 'regress_revops_host' AS by_app FROM revops.stage_change JOIN revops.lead USING (lead_id) WHERE key IN ('60', '61', '62') ORDER BY key;
DROP OWNED BY regress_revops_host;
DROP ROLE regress_revops_host;

-- keys that may be NULL: such a row is not yet a lead, and that is no fault
CREATE TABLE crm.synced (sfid text UNIQUE, country text);
SELECT revops.attach_lead('synced', 'crm.synced', '{"country": "country"}', key => '{sfid}') > 0 AS attached;
SELECT pg_temp.news() IS NOT NULL AS looked;
INSERT INTO crm.synced VALUES (NULL, 'US'), ('00Q1', 'US'), (NULL, 'FR');
SELECT pg_temp.news();
SELECT object, sqlstate, message, occurrences FROM revops.fault WHERE object = 'key';
UPDATE crm.synced SET sfid = '00Q2' WHERE sfid IS NULL AND country = 'FR';
SELECT pg_temp.news();
UPDATE crm.synced SET sfid = NULL WHERE sfid = '00Q1';
SELECT pg_temp.news();
DELETE FROM crm.synced;
SELECT pg_temp.news();
-- a composite key, and one that needs escaping
CREATE TABLE crm.pair (a text, b text, country text, PRIMARY KEY (a, b));
SELECT revops.attach_lead('pair', 'crm.pair', '{"country": "country"}') > 0 AS attached;
INSERT INTO crm.pair VALUES ('x|y', 'z', 'US'), ('x', 'y|z', 'FR'), ('\', '', 'US');
SELECT key, fit FROM revops.lead_status WHERE binding = 'pair' ORDER BY key COLLATE "C";
DELETE FROM crm.pair WHERE a = 'x';
SELECT key FROM revops.lead_status WHERE binding = 'pair' ORDER BY key COLLATE "C";

-- moments that are no moments, and empty or huge texts
CREATE TABLE crm.odd (id int PRIMARY KEY, country text, made timestamptz);
SELECT revops.attach_lead('odd', 'crm.odd', '{"country": "country", "created_at": "made"}') > 0 AS attached;
INSERT INTO crm.odd VALUES (1, '', '-infinity'), (2, repeat('x', 1000000), 'infinity'), (3, 'US', '2030-01-01'), (4, 'US', '0044-03-15 BC');
SELECT revops.advance(revops.lead_id('odd', id::text), 'mql') FROM crm.odd;
SELECT key, seq, to_stage, at, spent FROM revops.stage_change JOIN revops.lead USING (lead_id)
WHERE binding_id = (SELECT binding_id FROM revops.binding WHERE binding = 'odd') ORDER BY key, seq;
UPDATE crm.odd SET country = repeat('y', 1000000) WHERE id = 2;
SELECT * FROM revops.verify();
