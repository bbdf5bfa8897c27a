-- D3: MQLs that wait, hottest first; each row as lead_status has it, touches that wait to be folded counted.
\pset null (null)
SET timezone = 'UTC';
SET datestyle = 'ISO, YMD';
SET intervalstyle = 'postgres';
SET client_min_messages = warning;
SET pg_revops.now = '2026-03-02 10:00+00';
SELECT revops.create_workspace('main', 'UTC', 'EUR');
INSERT INTO revops.rep (rep) VALUES ('ann'), ('bob');
INSERT INTO revops.team (team) VALUES ('inbound'), ('empty');
INSERT INTO revops.team_member SELECT team_id, rep_id FROM revops.team, revops.rep WHERE team = 'inbound' AND rep = 'ann';
INSERT INTO revops.route (route, position, condition, team_id)
    SELECT team, team_id, CASE team WHEN 'inbound' THEN 'country = ''US''' END, team_id FROM revops.team;
SELECT revops.draft_agreement() AS draft \gset
INSERT INTO revops.score_rule (agreement_id, rule, kind, condition, points) VALUES (:draft, 'large', 'fit', 'company_size > 10', 60);
SELECT revops.adopt_agreement(:draft) IS NOT NULL AS adopted;
CREATE TABLE person (id int PRIMARY KEY, name text, country text, size int, stage text);
CREATE TABLE act (id int PRIMARY KEY, person int, kind text, at timestamptz);
SELECT revops.attach_lead('person', 'person', '{"person_name": "name", "country": "country", "company_size": "size", "stage": "stage"}') > 0
   AND revops.attach_touch('act', 'act', 'person', '{"lead": "person", "signal": "kind", "occurred_at": "at"}') > 0 AS attached;
CREATE FUNCTION pg_temp.id(key int) RETURNS bigint LANGUAGE sql AS $$ SELECT revops.lead_id('person', $1::text) $$;
CREATE VIEW differs AS
SELECT q.key FROM revops.handoff_queue q
FULL JOIN (SELECT s.* FROM revops.lead_status s WHERE s.stage = 'mql') s USING (lead_id)
WHERE (q.stage, q.waiting_since, q.team, q.rep, q.sla_due_at, q.sla_left, q.breached, q.score, q.grade, q.fit, q.intent, q.source,
       q.touches, q.last_touch_at, q.created_at, q.binding, q.workspace)
   IS DISTINCT FROM (s.stage, s.stage_since, s.team, s.rep, s.sla_due_at, s.sla_left, s.breached, s.score, s.grade, s.fit, s.intent, s.source,
       s.touches, s.last_touch_at, s.created_at, s.binding, s.workspace);
INSERT INTO person SELECT n, 'p' || n, CASE WHEN n < 4 THEN 'US' ELSE 'FR' END, 20, NULL FROM generate_series(1, 6) n;
INSERT INTO person VALUES (7, 'small', 'US', 1, NULL);
INSERT INTO act SELECT n, n, CASE WHEN n % 2 = 0 THEN 'demo_request' ELSE 'trial_start' END, '2026-03-02 09:00+00'::timestamptz - n * interval '1 day' FROM generate_series(1, 7) n;
SET pg_revops.now = '2026-03-02 12:00+00';
SELECT revops.assign(pg_temp.id(3), 'bob'), revops.accept(pg_temp.id(2)), revops.recycle(pg_temp.id(6), 'timing', '2026-04-01');
SELECT key, person_name, team, rep, stage, age, score, grade, fit, intent, sla_left, breached FROM revops.handoff_queue;
SELECT key, rep FROM revops.handoff_queue WHERE rep = 'bob';
SELECT * FROM differs;
-- of one transaction, not yet settled
BEGIN;
INSERT INTO act VALUES (20, 5, 'demo_request', '2026-03-02 11:00+00'), (21, 1, 'call', '2026-03-02 11:30+00');
SELECT key, score, touches, sla_due_at FROM revops.handoff_queue;
SELECT * FROM differs;
COMMIT;
SELECT key, score, touches, sla_due_at FROM revops.handoff_queue;
-- past due; deleted by the host
SET pg_revops.now = '2026-03-05 12:00+00';
DELETE FROM person WHERE id = 4;
SELECT key, rep, score, age, sla_left, breached FROM revops.handoff_queue;
SELECT * FROM differs;
