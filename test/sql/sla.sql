-- Promises: clocks start, stop, are kept, late, void, breached; calendars; policies (F1 to F4).
\pset null (null)
SET timezone = 'UTC';
SET datestyle = 'ISO, YMD';
SET intervalstyle = 'postgres';
SET pg_revops.now = '2026-03-02 09:00+00';
SELECT revops.create_workspace('main', 'Europe/Berlin', 'EUR');
INSERT INTO revops.calendar (calendar, time_zone) VALUES ('berlin', 'Europe/Berlin'), ('new york', 'America/New_York');
INSERT INTO revops.calendar_hours (calendar_id, isodow, opens, closes)
SELECT calendar_id, d, '09:00', '17:00' FROM revops.calendar, generate_series(1, 5) d;
INSERT INTO revops.rep (rep, calendar_id) VALUES ('ann', NULL), ('bob', (SELECT calendar_id FROM revops.calendar WHERE calendar = 'new york'));
INSERT INTO revops.team (team) VALUES ('ann'), ('bob');
INSERT INTO revops.team_member SELECT team_id, rep_id FROM revops.team JOIN revops.rep ON rep = team;
INSERT INTO revops.route (route, position, condition, team_id)
SELECT 'to ' || team, team_id, CASE team WHEN 'bob' THEN 'country = ''US''' END, team_id + CASE team WHEN 'ann' THEN 0 ELSE 0 END FROM revops.team WHERE team = 'bob'
UNION ALL SELECT 'to ann', 1000, NULL, team_id FROM revops.team WHERE team = 'ann';
DO $$
DECLARE
    v int := revops.draft_agreement();
BEGIN
    DELETE FROM revops.sla_policy WHERE agreement_id = v;
    INSERT INTO revops.sla_policy (agreement_id, policy, position, condition, target, calendar_id) VALUES
        (v, 'demo', 1, 'source = ''demo''', '5 minutes', (SELECT calendar_id FROM revops.calendar WHERE calendar = 'berlin')),
        (v, 'wall', 2, 'source = ''wall''', '2 hours', NULL),
        (v, 'late demo', 3, 'source = ''demo'' or 1 / (company_size - 7) > 0', '1 minute', NULL),
        (v, 'rest', 4, 'coalesce(source, '''') <> ''none''', '8 hours', (SELECT calendar_id FROM revops.calendar WHERE calendar = 'berlin'));
    PERFORM revops.adopt_agreement(v);
END $$;
CREATE TABLE person (id int PRIMARY KEY, country text, source text, size int, stage text DEFAULT 'mql');
CREATE TABLE activity (id int PRIMARY KEY, person int, kind text, at timestamptz);
SELECT revops.attach_lead('person', 'person', '{"country": "country", "source": "source", "company_size": "size", "stage": "stage"}') > 0 AS attached;
SELECT revops.attach_touch('activity', 'activity', 'person', '{"lead": "person", "signal": "kind", "occurred_at": "at"}') > 0 AS attached;
CREATE VIEW clocks AS SELECT l.key::int AS key, c.seq, p.policy, k.calendar, r.rep, c.started_at, c.due_at, c.stopped_at, c.outcome, c.breached_at
FROM revops.sla_clock c JOIN revops.lead l USING (lead_id) JOIN revops.sla_policy p USING (policy_id) LEFT JOIN revops.calendar k ON k.calendar_id = c.calendar_id
LEFT JOIN revops.rep r ON r.rep_id = c.rep_id;
CREATE FUNCTION pg_temp.id(key int) RETURNS bigint LANGUAGE sql AS $$ SELECT revops.lead_id('person', $1::text) $$;

-- F2: the first policy that matches; the policy's calendar, the rep's own in its place, wall time for all; none: no clock
SET pg_revops.now = '2026-03-06 15:58+00';
INSERT INTO person (id, country, source, size) VALUES (1, 'DE', 'demo', NULL), (2, 'US', 'demo', NULL), (3, 'US', 'wall', NULL), (4, 'DE', NULL, NULL),
    (5, 'US', NULL, NULL), (6, 'DE', 'none', NULL), (7, 'DE', 'x', 7), (8, 'DE', 'x', 8);
SELECT key, policy, calendar, rep, started_at, due_at FROM clocks ORDER BY key;
SELECT object, sqlstate, message FROM revops.fault;
-- after hours, over a weekend, and over the change to summer time
SET pg_revops.now = '2026-03-07 12:00+00';
INSERT INTO person (id, country, source) VALUES (11, 'DE', 'demo'), (12, 'DE', NULL);
SET pg_revops.now = '2026-03-27 15:00+00';
INSERT INTO person (id, country, source) VALUES (13, 'DE', NULL), (14, 'US', NULL);
SELECT key, policy, calendar, started_at, due_at FROM clocks WHERE key > 10 ORDER BY key;

-- F3: the time left, and a breach that nobody had to tell
SET pg_revops.now = '2026-03-27 15:30+00';
SELECT key, sla_due_at, sla_left, breached FROM revops.lead_status WHERE key IN ('13', '14') ORDER BY key;
SET pg_revops.now = '2026-03-30 14:00+00';
SELECT key, sla_due_at, sla_left, breached FROM revops.lead_status WHERE key IN ('13', '14') ORDER BY key;
SELECT key, breached_at, outcome FROM clocks WHERE key = 13;

-- the first answering touch at or after the start stops it; others do not
SET pg_revops.now = '2026-06-01 08:00+00';
DELETE FROM person;
SELECT DISTINCT outcome, count(*) FROM clocks GROUP BY outcome;
INSERT INTO person (id, country, source) SELECT n, 'DE', 'wall' FROM generate_series(21, 34) n;
SET pg_revops.now = '2026-06-01 11:00+00';
INSERT INTO activity VALUES
    (1, 21, 'page_visit', '2026-06-01 08:30+00'), (2, 21, 'call', '2026-06-01 07:59:59+00'),   -- no answer, and one before
    (3, 22, 'call', '2026-06-01 08:00+00'),                                                      -- at once
    (4, 23, 'email', '2026-06-01 10:00+00'),                                                     -- at the last moment
    (5, 24, 'meeting', '2026-06-01 10:00:00.000001+00'),                                         -- just late
    (6, 25, 'call', '2026-06-01 10:30+00'), (7, 25, 'email', '2026-06-01 09:00+00'),             -- the earlier one counts
    (8, 26, 'demo_request', '2026-06-01 09:00+00');
SELECT key, due_at, stopped_at, outcome, breached_at FROM clocks WHERE key BETWEEN 21 AND 26 ORDER BY key;
-- F4: breaches are told once, at the due time; one that was answered in time is none, even if it is told late
SELECT revops.run_due() AS told, revops.run_due() AS again;
SELECT key, breached_at, outcome FROM clocks WHERE key BETWEEN 21 AND 34 ORDER BY key;
SELECT l.key, e.event, e.seq, e.at FROM revops.event e JOIN revops.lead l USING (lead_id) WHERE e.event = 'sla_breached' AND l.key::int > 20 ORDER BY l.key::int;
-- told late: the answer was in time, or late, as it says itself
INSERT INTO activity VALUES (11, 27, 'call', '2026-06-01 09:00+00'), (12, 28, 'call', '2026-06-01 10:45+00');
SELECT key, stopped_at, outcome, breached_at FROM clocks WHERE key IN (27, 28) ORDER BY key;
-- taken back: what was decided stays
DELETE FROM activity WHERE id = 11;
UPDATE activity SET kind = 'page_visit' WHERE id = 12;
SELECT key, stopped_at, outcome FROM clocks WHERE key IN (27, 28) ORDER BY key;
-- in one statement, taken back and told anew: only what stands answers
INSERT INTO activity VALUES (13, 29, 'page_visit', '2026-06-01 10:59+00');
BEGIN;
INSERT INTO activity VALUES (14, 29, 'page_visit', '2026-06-01 09:30+00');
UPDATE activity SET kind = CASE id WHEN 13 THEN 'call' ELSE kind END, at = CASE id WHEN 14 THEN at + interval '1 minute' ELSE at END WHERE person = 29;
COMMIT;
SELECT key, stopped_at, outcome FROM clocks WHERE key = 29;
-- an answer that waited for a busy lead: no breach is told of what was answered in time
BEGIN ISOLATION LEVEL REPEATABLE READ;
INSERT INTO person (id, country, source) VALUES (51, 'DE', 'wall'), (52, 'DE', 'wall');
SET pg_revops.now = '2026-06-01 13:30+00';
INSERT INTO activity VALUES (51, 51, 'call', '2026-06-01 12:00+00'), (52, 52, 'call', '2026-06-01 13:15+00');
COMMIT;
SELECT key, breached, sla_due_at FROM revops.lead_status WHERE key IN ('51', '52') ORDER BY key;
SELECT count(*) AS waiting FROM revops.lead_delta;
SELECT revops.run_due() AS told;
SELECT key, stopped_at, outcome, breached_at FROM clocks WHERE key IN (51, 52) ORDER BY key;
SELECT l.key, e.event FROM revops.event e JOIN revops.lead l USING (lead_id) WHERE e.event = 'sla_breached' AND l.key IN ('51', '52');

-- void: the lead leaves sales' hands; accepted or given to another rep it is still owed an answer
SELECT revops.reject(pg_temp.id(30), 'no_budget'), revops.recycle(pg_temp.id(31), 'timing', '2026-07-01'), revops.accept(pg_temp.id(32)), revops.assign(pg_temp.id(33), 'bob');
DELETE FROM person WHERE id = 34;
SELECT key, seq, rep, stopped_at, outcome FROM clocks WHERE key BETWEEN 30 AND 34 ORDER BY key, seq;
-- a new handoff, a new promise
SET pg_revops.now = '2026-06-02 08:00+00';
SELECT revops.advance(pg_temp.id(31), 'mql');
INSERT INTO person (id, country, source) VALUES (34, 'DE', 'wall');
SELECT key, seq, started_at, due_at, stopped_at, outcome FROM clocks WHERE key IN (31, 34) ORDER BY key, seq;
SELECT key, sla_due_at, breached FROM revops.lead_status WHERE key IN ('31', '32', '33', '34') ORDER BY key;
-- deleted and written again in one transaction: nobody gets more time
INSERT INTO person (id, country, source) VALUES (41, 'DE', 'wall'), (42, 'DE', 'wall'), (43, 'DE', 'wall');
INSERT INTO activity VALUES (41, 42, 'call', '2026-06-02 08:00+00');
SET pg_revops.now = '2026-06-02 09:00+00';
BEGIN;
DELETE FROM person WHERE id IN (41, 42);
INSERT INTO person (id, country, source) VALUES (41, 'DE', 'wall'), (42, 'DE', 'wall');
COMMIT;
SELECT key, seq, started_at, due_at, stopped_at, outcome FROM clocks WHERE key IN (41, 42) ORDER BY key, seq;
INSERT INTO activity VALUES (42, 41, 'call', '2026-06-02 08:30+00');
SELECT key, seq, stopped_at, outcome FROM clocks WHERE key = 41 ORDER BY key, seq;
-- a policy that raises in a verb costs the policy its match, not the person the verb
INSERT INTO person (id, country, source, size, stage) VALUES (61, 'DE', 'x', 7, 'lead');
SELECT revops.assign(pg_temp.id(61), 'ann');
SELECT revops.advance(pg_temp.id(61), 'mql');
SELECT key, policy, due_at FROM clocks WHERE key = 61;
-- running clocks are as many as the leads say, one a lead at most
SELECT count(*) AS wrong FROM revops.lead l LEFT JOIN LATERAL (SELECT count(*) AS n FROM revops.sla_clock c WHERE c.lead_id = l.lead_id AND c.stopped_at IS NULL) c ON true
WHERE l.running <> c.n OR c.n > 1;
SELECT * FROM revops.verify();
