-- What a promise is reckoned by: since when, by whom, after hours; what becomes of clocks that run when the
-- agreement or a calendar changes, and of those that a touch told late has kept
-- (F2, F3; peers' bugs 25, 26, 29, 30, 33, 34: a start on a closed day, a response of 0 seconds, a calendar
-- change that is not reckoned, wall time for business time, hours in the wrong zone, a later reply that wins).
\pset null (null)
SET timezone = 'UTC';
SET datestyle = 'ISO, YMD';
SET intervalstyle = 'postgres';
SET pg_revops.now = '2026-03-02 09:00+00';
SELECT revops.create_workspace('main', 'UTC', 'EUR');
INSERT INTO revops.calendar (calendar, time_zone) VALUES ('office', 'UTC'), ('berlin', 'Europe/Berlin');
INSERT INTO revops.calendar_hours (calendar_id, isodow, opens, closes)
SELECT calendar_id, d, '09:00', '17:00' FROM revops.calendar, generate_series(1, 5) d;
INSERT INTO revops.rep (rep) VALUES ('ann');
INSERT INTO revops.team (team) VALUES ('ann');
INSERT INTO revops.team_member SELECT team_id, rep_id FROM revops.team, revops.rep;
INSERT INTO revops.route (route, position, team_id) SELECT 'all', 1, team_id FROM revops.team;
CREATE TABLE person (id int PRIMARY KEY, stage text DEFAULT 'lead', source text, created timestamptz);
CREATE TABLE activity (id int PRIMARY KEY, person int, kind text, at timestamptz);
SELECT revops.attach_lead('person', 'person', '{"stage": "stage", "source": "source", "created_at": "created"}') > 0 AS attached;
SELECT revops.attach_touch('activity', 'activity', 'person', '{"lead": "person", "signal": "kind", "occurred_at": "at"}') > 0 AS attached;
CREATE PROCEDURE try(query text) LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE query;
    RAISE NOTICE 'done';
EXCEPTION WHEN OTHERS THEN
    RAISE NOTICE '% %', sqlstate, sqlerrm;
END $$;

-- "5 minutes for demo requests in hours, next opening + 30 minutes after hours, 24 hours for the others"
SELECT revops.draft_agreement() AS draft \gset
DELETE FROM revops.sla_policy WHERE agreement_id = :draft;
CALL try(format('INSERT INTO revops.sla_policy (agreement_id, policy, position, target, after_hours_target) VALUES (%s, ''x'', 9, ''1 hour'', ''1 hour'')', :draft));
CALL try(format('INSERT INTO revops.sla_policy (agreement_id, policy, position, target, calendar_id, after_hours_target) VALUES (%s, ''x'', 9, ''1 hour'', 1, ''1 day'')', :draft));
CALL try(format('INSERT INTO revops.sla_policy (agreement_id, policy, position, target, after_hours_wall) VALUES (%s, ''x'', 9, ''1 hour'', true)', :draft));
INSERT INTO revops.sla_policy (agreement_id, policy, position, condition, target, calendar_id, after_hours_target, after_hours_wall, counts_from, answered_by, on_change) VALUES
    (:draft, 'demo', 1, 'source = ''demo''', '5 minutes', 1, '30 minutes', false, 'handoff', NULL, 'keep'),
    (:draft, 'night', 2, 'source = ''night''', '1 hour', 1, '10 hours', true, 'handoff', NULL, 'keep'),
    (:draft, 'request', 3, 'source = ''request''', '2 hours', 1, NULL, false, 'creation', '{call}', 'keep'),
    (:draft, 'berlin', 4, 'source = ''berlin''', '4 hours', 2, NULL, false, 'handoff', NULL, 'recompute'),
    (:draft, 'others', 5, NULL, '24 hours', NULL, NULL, false, 'handoff', NULL, 'recompute');
SELECT revops.adopt_agreement(:draft) IS NOT NULL AS adopted;
CREATE FUNCTION pg_temp.id(key int) RETURNS bigint LANGUAGE sql AS $$ SELECT revops.lead_id('person', $1::text) $$;
CREATE VIEW clocks AS SELECT l.key::int AS key, c.seq, p.policy, c.calendar_id, c.started_at, c.due_at, c.breached_at, c.stopped_at, c.outcome, c.fires_at
FROM revops.sla_clock c JOIN revops.lead l USING (lead_id) JOIN revops.sla_policy p USING (policy_id);
CREATE VIEW changes AS SELECT l.key::int AS key, h.no, h.seq, h.change, h.at, h.due_at, h.outcome, h.before_at, h.before_outcome
FROM revops.sla_clock_change h JOIN revops.lead l USING (lead_id);

-- Tuesday 10:00, in hours; 20:00, after them: on Wednesday at 9:30, and ten wall hours at night; Saturday 15:00 and 08:00: on Monday at 9:30
SET pg_revops.now = '2026-03-03 10:00+00';
INSERT INTO person VALUES (1, 'mql', 'demo'), (2, 'mql', 'night');
SET pg_revops.now = '2026-03-03 20:00+00';
INSERT INTO person VALUES (3, 'mql', 'demo'), (4, 'mql', 'night');
SET pg_revops.now = '2026-03-07 08:00+00';
INSERT INTO person VALUES (5, 'mql', 'demo');
SET pg_revops.now = '2026-03-07 15:00+00';
INSERT INTO person VALUES (6, 'mql', 'demo');
SELECT key, policy, calendar_id, started_at, due_at FROM clocks ORDER BY key;

-- since the request, not since somebody has it; only a call answers
SET pg_revops.now = '2026-03-09 12:00+00';
INSERT INTO person VALUES (7, 'lead', 'request', '2026-03-09 10:30+00');
UPDATE person SET stage = 'mql' WHERE id = 7;
SELECT policy, started_at, due_at FROM clocks WHERE key = 7;
SET pg_revops.now = '2026-03-09 12:20+00';
INSERT INTO activity VALUES (1, 7, 'meeting', '2026-03-09 12:10+00');
SELECT stopped_at FROM clocks WHERE key = 7;
INSERT INTO activity VALUES (2, 7, 'call', '2026-03-09 12:20+00');
SELECT stopped_at, outcome FROM clocks WHERE key = 7;
-- a response in the very moment is one (peers' bug 26)
SET pg_revops.now = '2026-03-09 13:00+00';
INSERT INTO person VALUES (8, 'mql', 'web');
INSERT INTO activity VALUES (3, 8, 'call', '2026-03-09 13:00+00');
SELECT stopped_at, outcome, stopped_at - started_at AS took FROM clocks WHERE key = 8;

-- told late: the earliest genuine answer counts, whatever the order in which they are told
SET pg_revops.now = '2026-03-09 14:00+00';
INSERT INTO person VALUES (10, 'mql', 'web'), (11, 'mql', 'web'), (12, 'mql', 'web'), (13, 'mql', 'web');
SET pg_revops.now = '2026-03-10 15:00+00';
SELECT revops.run_due() > 0 AS breached;
SELECT key, breached_at, stopped_at FROM clocks WHERE key BETWEEN 10 AND 13 ORDER BY key;
-- of 10 the breach was told before the call was; of 11 a late call ended it, and an earlier one is told now; 12 was rejected first
INSERT INTO activity VALUES (10, 10, 'call', '2026-03-10 13:59+00');
INSERT INTO activity VALUES (11, 11, 'call', '2026-03-10 14:30+00');
SELECT revops.reject(pg_temp.id(12), 'no_budget');
SELECT key, due_at, breached_at, stopped_at, outcome FROM clocks WHERE key BETWEEN 10 AND 13 ORDER BY key;
SET pg_revops.now = '2026-03-10 16:00+00';
INSERT INTO activity VALUES (12, 11, 'call', '2026-03-10 09:00+00');
INSERT INTO activity VALUES (13, 12, 'call', '2026-03-10 10:00+00');
INSERT INTO activity VALUES (14, 10, 'call', '2026-03-10 12:00+00'), (15, 10, 'page_visit', '2026-03-09 14:30+00');
SELECT key, due_at, breached_at, stopped_at, outcome FROM clocks WHERE key BETWEEN 10 AND 13 ORDER BY key;
SELECT key, no, change, outcome, before_at, before_outcome FROM changes WHERE key BETWEEN 10 AND 13 ORDER BY key, no;
SELECT l.key, e.event FROM revops.event e JOIN revops.lead l USING (lead_id) WHERE e.event = 'sla_repaired' ORDER BY e.event_id;
-- a later one changes nothing, and neither does one before the promise
INSERT INTO activity VALUES (16, 10, 'call', '2026-03-10 12:30+00'), (17, 10, 'call', '2026-03-09 13:00+00');
SELECT stopped_at, outcome FROM clocks WHERE key = 10;
SELECT policy, kept, breached FROM revops.kpi_sla_compliance('month') WHERE policy = 'others';

-- a newer version: "others" is recomputed from where the clock began, "demo" is kept as it began
SET pg_revops.now = '2026-03-16 10:00+00';
INSERT INTO person VALUES (20, 'mql', 'web'), (21, 'mql', 'demo'), (22, 'mql', 'web');
SELECT revops.draft_agreement() AS next \gset
UPDATE revops.sla_policy SET target = '48 hours' WHERE agreement_id = :next AND policy = 'others';
UPDATE revops.sla_policy SET target = '1 minute' WHERE agreement_id = :next AND policy = 'demo';
SET pg_revops.now = '2026-03-17 11:00+00';
SELECT revops.run_due() > 0 AS breached;
SELECT key, breached_at FROM clocks WHERE key BETWEEN 20 AND 22 ORDER BY key;
SELECT revops.adopt_agreement(:next) IS NOT NULL AS adopted;
CALL revops.rescore();
SELECT key, policy, started_at, due_at, breached_at, fires_at FROM clocks WHERE key BETWEEN 20 AND 22 ORDER BY key;
SELECT key, change, before_at, due_at FROM changes WHERE key BETWEEN 20 AND 22 ORDER BY key;
-- and is broken anew once that time is over
SET pg_revops.now = '2026-03-18 10:00+00';
SELECT revops.run_due() > 0 AS breached;
SELECT l.key, count(*) FROM revops.event e JOIN revops.lead l USING (lead_id) WHERE e.event = 'sla_breached' AND l.key IN ('20', '21', '22') GROUP BY 1 ORDER BY 1;

-- a calendar changes: Thursday in Berlin, 4 business hours from 16:00 are over on Friday at 12:00; Friday becomes a holiday, so on Monday;
-- the clock of another calendar, and one whose policy keeps, stay
SET pg_revops.now = '2026-03-19 15:00+00';
INSERT INTO person VALUES (30, 'mql', 'berlin'), (31, 'mql', 'request');
SELECT key, calendar_id, due_at FROM clocks WHERE key IN (30, 31) ORDER BY key;
INSERT INTO revops.calendar_exception (calendar_id, day) VALUES (2, '2026-03-20'), (1, '2026-03-20');
SELECT key, due_at FROM clocks WHERE key IN (30, 31) ORDER BY key;
SELECT count(*) AS waits FROM revops.timer WHERE timer = 'sla_recount';
SELECT revops.run_due() > 0 AS recounted;
SELECT key, due_at, fires_at FROM clocks WHERE key IN (30, 31) ORDER BY key;
SELECT count(*) AS waits FROM revops.timer WHERE timer = 'sla_recount';
-- summer time begins on the 29th; the zone itself is corrected: 11:00 in New York, four hours before 15:00
SET pg_revops.now = '2026-03-27 15:00+00';
INSERT INTO person VALUES (32, 'mql', 'berlin');
SELECT due_at FROM clocks WHERE key = 32;
UPDATE revops.calendar SET time_zone = 'America/New_York' WHERE calendar_id = 2;
SELECT revops.run_due() > 0 AS recounted;
SELECT due_at FROM clocks WHERE key = 32;
SELECT key, no, change, before_at, due_at FROM changes WHERE key IN (30, 31, 32) ORDER BY key, no;
-- holidays by the dozen, in one statement: each lead is asked once
INSERT INTO revops.calendar_exception (calendar_id, day) SELECT 2, '2026-12-20'::date + n FROM generate_series(1, 12) n;
SELECT count(*) AS waits, count(DISTINCT lead_id) AS leads FROM revops.timer WHERE timer = 'sla_recount';
SELECT revops.run_due() > 0 AS recounted;
SELECT * FROM revops.verify();
-- a promise by criteria that a newer version makes is made to leads that are there
SELECT revops.draft_agreement() AS next \gset
INSERT INTO revops.sla_policy (agreement_id, policy, position, promise, condition, kept_when, target) VALUES (:next, 'named', 9, 'criteria', 'source = ''night''', 'stage = ''sql''', '1 hour');
SELECT revops.adopt_agreement(:next) IS NOT NULL AS adopted;
CALL revops.rescore();
SELECT key, policy, started_at, due_at FROM clocks WHERE policy = 'named' ORDER BY key;
SELECT * FROM revops.verify();
