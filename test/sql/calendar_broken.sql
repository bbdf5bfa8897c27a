-- F1: a calendar with a problem takes its own times from the views, and nobody else's;
-- the problem is told in words by calendar_problem(), raised by what needs an answer.
\pset null (null)
SET timezone = 'UTC';
SET datestyle = 'ISO, YMD';
SET intervalstyle = 'postgres';
SET client_min_messages = warning;
SET pg_revops.now = '2026-03-02 09:00+00';
SELECT revops.create_workspace('main', 'Europe/Berlin', 'EUR');
INSERT INTO revops.calendar (calendar_id, calendar, time_zone) VALUES (1, 'berlin', 'Europe/Berlin'), (2, 'vienna', 'Europe/Vienna');
INSERT INTO revops.calendar_hours SELECT c, d, '09:00', '17:00' FROM generate_series(1, 2) c, generate_series(1, 5) d;
INSERT INTO revops.rep (rep) VALUES ('ann');
INSERT INTO revops.team (team) VALUES ('sales');
INSERT INTO revops.team_member SELECT team_id, rep_id FROM revops.team, revops.rep;
INSERT INTO revops.route (route, position, team_id) SELECT 'all', 1, team_id FROM revops.team;
DO $$
DECLARE
    v int := revops.draft_agreement();
BEGIN
    DELETE FROM revops.sla_policy WHERE agreement_id = v;
    INSERT INTO revops.sla_policy (agreement_id, policy, position, condition, target, calendar_id) VALUES
        (v, 'at', 1, 'country = ''AT''', '4 hours', 2), (v, 'rest', 2, NULL, '4 hours', 1);
    PERFORM revops.adopt_agreement(v);
END $$;
CREATE TABLE person (id int PRIMARY KEY, country text, stage text DEFAULT 'mql');
SELECT revops.attach_lead('person', 'person', '{"country": "country", "stage": "stage"}') > 0 AS attached;
INSERT INTO person VALUES (1, 'DE'), (2, 'AT');
SELECT key, sla_due_at, sla_left FROM revops.lead_status ORDER BY key::int;

-- the problems: none, no hours, then what a restore may load: see the messages
SELECT revops.calendar_problem(1), revops.calendar_problem(2);
BEGIN;
DELETE FROM revops.calendar_hours WHERE calendar_id = 2;
SELECT key, sla_due_at, sla_left FROM revops.lead_status ORDER BY key::int;
SELECT lead_id, calendar, due_at, time_left FROM revops.sla_due ORDER BY lead_id;
SELECT calendar, revops.calendar_problem(calendar_id) FROM revops.calendar ORDER BY calendar_id;
SELECT revops.business_left(1, '2026-03-02 09:00+00', '2026-03-02 11:00+00'), revops.business_left(2, '2026-03-02 09:00+00', '2026-03-02 11:00+00');
SAVEPOINT s;
SELECT revops.business_between(2, '2026-03-02 09:00+00', '2026-03-02 11:00+00');
ROLLBACK TO s;
SELECT revops.check_calendar(2);
ROLLBACK;
BEGIN;
SET LOCAL check_function_bodies = off;
UPDATE revops.calendar SET time_zone = 'Mars/Olympus' WHERE calendar_id = 2;
SELECT key, sla_left FROM revops.lead_status ORDER BY key::int;
SELECT revops.calendar_problem(2);
UPDATE revops.calendar SET time_zone = 'Europe/Vienna' WHERE calendar_id = 2;
INSERT INTO revops.calendar_hours VALUES (2, 3, '16:00', '18:00');
SELECT key, sla_left FROM revops.lead_status ORDER BY key::int;
SELECT revops.calendar_problem(2);
DELETE FROM revops.calendar_hours WHERE calendar_id = 2 AND opens = '16:00';
INSERT INTO revops.calendar_exception VALUES (2, '2026-03-03', '09:00', NULL);
SELECT revops.calendar_problem(2);
UPDATE revops.calendar_exception SET opens = NULL;
INSERT INTO revops.calendar_exception VALUES (2, '2026-03-03', '09:00', '12:00');
SELECT revops.calendar_problem(2);
DELETE FROM revops.calendar_exception;
INSERT INTO revops.calendar_hours SELECT 2, 7, time '00:00' + i * interval '1 minute', time '00:01' + i * interval '1 minute' FROM generate_series(0, 24) i;
SELECT revops.calendar_problem(2);
DELETE FROM revops.calendar_hours WHERE calendar_id = 2 AND isodow = 7;
-- repaired: answers again
SELECT key, sla_left FROM revops.lead_status ORDER BY key::int;
SELECT revops.calendar_problem(2);
ROLLBACK;
SELECT revops.calendar_problem(4711);
SELECT revops.business_left(4711, now(), now());

-- K3: answers by a calendar with a problem are answers, of unmeasured business time; the views say so too
SET pg_revops.now = '2026-03-02 11:30+00';
SELECT count(revops.record_touch(lead_id, signal, '2026-03-02 11:30+00')) AS answers
FROM revops.lead, (SELECT signal FROM revops.signal WHERE answers ORDER BY signal LIMIT 1) s;
SELECT rep, source, started, answered, sum_business_minutes AS business, mean_business_minutes AS mean, median_business_minutes AS median, sum_wall_minutes AS wall, unmeasured
FROM revops.kpi_response_time('month');
BEGIN;
DELETE FROM revops.calendar_hours WHERE calendar_id = 2;
SELECT rep, source, started, answered, sum_business_minutes AS business, mean_business_minutes AS mean, median_business_minutes AS median, sum_wall_minutes AS wall, unmeasured
FROM revops.kpi_response_time('month');
SELECT serve FROM revops.rollup_status;
SELECT started, answered, sum_business_minutes AS business, unmeasured FROM revops.kpi_response_time_month;
DO $$ BEGIN WHILE revops.roll_up() > 0 LOOP NULL; END LOOP; END $$;
SELECT serve FROM revops.rollup_status;
SELECT started, answered, sum_business_minutes AS business, mean_business_minutes AS mean, unmeasured FROM revops.kpi_response_time_month;
DELETE FROM revops.calendar_hours WHERE calendar_id = 1;
SELECT started, answered, sum_business_minutes AS business, mean_business_minutes AS mean, unmeasured FROM revops.kpi_response_time('month');
SELECT started, answered, sum_business_minutes AS business, mean_business_minutes AS mean, unmeasured FROM revops.kpi_response_time_month;
DO $$ BEGIN WHILE revops.roll_up() > 0 LOOP NULL; END LOOP; END $$;
SELECT started, answered, sum_business_minutes AS business, mean_business_minutes AS mean, unmeasured FROM revops.kpi_response_time_month;
ROLLBACK;
