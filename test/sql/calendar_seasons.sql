-- F1: weekly hours with days of their own: a change of hours to come, summer
-- hours, hours that end.
SET client_min_messages = warning;
SET TimeZone = 'UTC';
SET datestyle = 'ISO';
INSERT INTO revops.workspace (workspace_id, workspace, time_zone, currency) VALUES (1, 'main', 'UTC', 'EUR');
INSERT INTO revops.calendar (calendar_id, calendar, time_zone) VALUES
    (1, 'summer', 'Europe/Berlin'), (2, 'ends', 'UTC'), (3, 'gap', 'UTC'), (4, 'nothing in it', 'UTC');

\echo F1 summer hours: June to August 7 to 13, else 9 to 17
INSERT INTO revops.calendar_hours (calendar_id, isodow, opens, closes, since, until)
SELECT 1, d, o::time, c::time, s::date, u::date
FROM generate_series(1, 5) d,
     (VALUES ('09:00', '17:00', '-infinity', '2026-06-01'), ('07:00', '13:00', '2026-06-01', '2026-09-01'),
             ('09:00', '17:00', '2026-09-01', 'infinity')) v(o, c, s, u);
SELECT at, revops.next_open(1, at AT TIME ZONE 'Europe/Berlin') AT TIME ZONE 'Europe/Berlin' AS opens,
       revops.next_close(1, at AT TIME ZONE 'Europe/Berlin') AT TIME ZONE 'Europe/Berlin' AS closes
FROM unnest('{2026-05-29 18:00,2026-06-01 00:00,2026-06-01 14:00,2026-08-31 12:59,2026-08-31 13:00}'::timestamp[]) at;
-- Friday 16:00, 8 h: 1 h on Friday, 6 h on Monday 7:00 to 13:00, 1 h on Tuesday
SELECT revops.business_add(1, '2026-05-29 16:00 Europe/Berlin', '8 hours') AT TIME ZONE 'Europe/Berlin' AS later,
       revops.business_add(1, '2026-06-02 08:00 Europe/Berlin', '-8 hours') AT TIME ZONE 'Europe/Berlin' AS earlier,
       revops.business_between(1, '2026-05-29 16:00 Europe/Berlin', '2026-06-02 08:00 Europe/Berlin') AS passed;

\echo F1 a change of hours to come says nothing about what was
SELECT revops.business_between(1, '2026-05-01', '2026-06-01') AS before \gset
UPDATE revops.calendar_hours SET until = '2027-01-01' WHERE calendar_id = 1 AND since = '2026-09-01';
INSERT INTO revops.calendar_hours SELECT 1, d, '10:00', '14:00', '2027-01-01' FROM generate_series(1, 6) d;
SELECT revops.business_between(1, '2026-05-01', '2026-06-01') = :'before' AS as_before,
       revops.business_between(1, '2026-12-31', '2027-01-03') AS over_the_change;

\echo F1 spans overlap only while both are in force
INSERT INTO revops.calendar_hours VALUES (1, 1, '12:00', '18:00', '2026-07-01', '2026-08-01');
INSERT INTO revops.calendar_hours VALUES (1, 1, '12:00', '18:00', '2027-02-01');
INSERT INTO revops.calendar_hours VALUES (1, 1, '08:00', '09:00', '2026-05-04', '2026-06-01'), (1, 1, '13:00', '14:00', '2026-06-01', '2026-06-08');
INSERT INTO revops.calendar_hours VALUES (1, 1, '09:30', '10:00', '2026-06-01', '2026-06-01');
SELECT revops.business_between(1, d, d + interval '1 day') AS monday
FROM unnest('{2026-04-27,2026-05-04,2026-06-01,2026-06-08}'::timestamptz[]) d;

\echo F1 hours that end: an error that names the last day, never a search without end
INSERT INTO revops.calendar_hours VALUES (2, 1, '09:00', '17:00', '2026-01-01', '2026-03-01'), (2, 3, '09:00', '17:00', '2026-01-01', '2026-03-01');
SELECT revops.business_add(2, '2026-02-23 09:00+00', '16 hours') AS to_the_last_minute;
SELECT revops.business_add(2, '2026-02-23 09:00+00', '16:01');
SELECT revops.next_open(2, '2026-02-25 17:00+00');
SELECT revops.business_add(2, '2026-01-05 17:00+00', '-8 hours') AS back_to_a_week_later_than_since;
SELECT revops.business_add(2, '2026-01-07 17:00+00', '-24:01');
SELECT revops.is_open(2, '2026-03-02 10:00+00') AS after, revops.is_open(2, '2026-02-23 10:00+00') AS within,
       revops.business_between(2, '2025-01-01', '2027-01-01') AS all_of_it;

\echo F1 a gap between two seasons is jumped, however wide
INSERT INTO revops.calendar_hours VALUES (3, 1, '09:00', '17:00', '-infinity', '2026-01-01'), (3, 2, '09:00', '17:00', '2031-01-01', 'infinity');
SELECT revops.business_add(3, '2025-12-29 16:00+00', '2 hours') AS later, revops.business_add(3, '2031-01-07 10:00+00', '-2 hours') AS earlier,
       revops.next_open(3, '2026-01-01') AS opens;

\echo F1 a season too short for its weekday opens nothing
INSERT INTO revops.calendar_hours VALUES (4, 1, '09:00', '17:00', '2026-01-06', '2026-01-10');
SELECT revops.calendar_problem(4);

\echo F1 views: no time left is NULL where the calendar has no answer
SELECT revops.business_left(1, '2026-06-01', 'infinity') AS endless, revops.business_left(1, '1800-01-01', '2026-06-01') AS long_ago,
       revops.business_left(4, '2026-06-01', '2026-06-02') AS problem, revops.business_left(1, '2026-06-01', '2026-06-02') AS sound;
