-- Business time: hours, holidays, changes of the clocks, bad input, edits.
-- Many cases are bugs that other systems had; the comments say what went wrong there.
\set VERBOSITY terse
SET client_min_messages = warning;
SET TimeZone = 'UTC';
SET DateStyle = 'ISO, YMD';
SET IntervalStyle = 'postgres';

-- what a statement raises: SQLSTATE, message, detail, hint
CREATE FUNCTION failure(statement text, OUT code text, OUT message text, OUT detail text, OUT hint text)
LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE statement;
    code := 'none';
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS code = RETURNED_SQLSTATE, message = MESSAGE_TEXT,
        detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
END $$;

INSERT INTO revops.workspace (workspace_id, workspace, time_zone, currency)
VALUES (1, 'main', 'Europe/Berlin', 'EUR'), (2, 'other', 'UTC', 'USD');

INSERT INTO revops.calendar (calendar_id, calendar, time_zone) VALUES
    (1, 'office', 'Europe/Berlin'),
    (2, 'always', 'Europe/Berlin'),
    (3, 'night', 'Europe/Berlin'),
    (4, 'new york', 'America/New_York'),
    (5, 'split', 'Europe/Berlin'),
    (6, 'kolkata', 'Asia/Kolkata'),
    (7, 'lord howe', 'Australia/Lord_Howe'),
    (8, 'saturday', 'UTC'),
    (9, 'in the gap', 'Europe/Berlin'),
    (10, 'up to the gap', 'Europe/Berlin'),
    (11, 'apia', 'Pacific/Apia'),
    (12, 'exceptional', 'UTC'),
    (13, 'empty', 'UTC'),
    (14, 'night and morning', 'UTC');
INSERT INTO revops.calendar_hours
SELECT c, d, o::time, u::time
FROM (VALUES (1, 1, 5, '09:00', '17:00'), (2, 1, 7, '00:00', '24:00'), (3, 1, 7, '22:00', '06:00'),
             (4, 1, 7, '00:00', '24:00'), (5, 1, 5, '08:00', '12:00'), (5, 1, 5, '13:00', '17:00'),
             (6, 1, 6, '09:30', '18:30'), (7, 1, 7, '00:00', '00:00'), (8, 6, 6, '10:00', '14:00'),
             (9, 7, 7, '02:15', '02:45'), (10, 7, 7, '01:00', '02:30'), (10, 7, 7, '03:00', '05:00'),
             (11, 1, 7, '09:00', '17:00'), (14, 1, 7, '22:00', '06:00'), (14, 1, 7, '05:00', '09:00')) h(c, a, b, o, u),
     generate_series(a, b) d;
INSERT INTO revops.calendar_exception VALUES
    (1, '2026-12-24', '09:00', '12:00'),                            -- half day
    (1, '2026-12-25', NULL, NULL),                                  -- holiday
    (1, '2026-11-28', '10:00', '11:00'), (1, '2026-11-28', '12:00', '13:00'),  -- open Saturday
    (12, '2026-06-01', '10:00', '12:00'), (12, '2026-06-03', '10:00', '12:00');

-- ---------------------------------------------------------------- adding
WITH cases(what, calendar, since, length, expected) AS (VALUES
    ('inside',                              'office', '2026-11-18 10:00+01', '2 hours', '2026-11-18 12:00+01'),
    ('ends exactly at closing',             'office', '2026-11-18 09:00+01', '8 hours', '2026-11-18 17:00+01'),
    ('one microsecond more',                'office', '2026-11-18 09:00+01', '8:00:00.000001', '2026-11-19 09:00:00.000001+01'),
    ('zero inside',                         'office', '2026-11-18 10:00+01', '0', '2026-11-18 10:00+01'),
    ('zero at opening',                     'office', '2026-11-18 09:00+01', '0', '2026-11-18 09:00+01'),
    ('zero at closing: next opening',       'office', '2026-11-20 17:00+01', '0', '2026-11-23 09:00+01'),
    ('zero on a closed day',                'office', '2026-11-21 15:00+01', '0', '2026-11-23 09:00+01'),
    -- closed-day starts kept their clock time elsewhere: Tuesday 11:00 and 13:00
    ('Saturday 15:00',                      'office', '2026-11-14 15:00+01', '4 hours', '2026-11-16 13:00+01'),
    ('Saturday 18:00',                      'office', '2026-11-14 18:00+01', '4 hours', '2026-11-16 13:00+01'),
    ('Saturday 08:00',                      'office', '2026-11-14 08:00+01', '4 hours', '2026-11-16 13:00+01'),
    ('over the weekend',                    'office', '2026-11-13 16:30+01', '1 hour', '2026-11-16 09:30+01'),
    ('over a month''s end',                 'office', '2026-01-30 16:00+01', '2 hours', '2026-02-02 10:00+01'),
    ('half day, holiday, weekend',          'office', '2026-12-24 11:00+01', '2 hours', '2026-12-28 10:00+01'),
    ('open Saturday of two spans',          'office', '2026-11-27 16:30+01', '2 hours', '2026-11-28 12:30+01'),
    ('seconds',                             'office', '2026-11-18 16:59:59+01', '2 seconds', '2026-11-19 09:00:01+01'),
    ('back inside',                         'office', '2026-11-18 12:00+01', '-2 hours', '2026-11-18 10:00+01'),
    ('back exactly to opening',             'office', '2026-11-18 17:00+01', '-8 hours', '2026-11-18 09:00+01'),
    ('back from a closed day',              'office', '2026-11-21 15:00+01', '-1 hour', '2026-11-20 16:00+01'),
    ('back over the holiday',               'office', '2026-12-28 10:00+01', '-2 hours', '2026-12-24 11:00+01'),
    ('a hundred hours',                     'office', '2026-11-16 09:00+01', '100 hours', '2026-12-02 11:00+01'),
    -- wall-clock arithmetic gave 3 and 5 real hours
    ('24x7, clocks forward',                'new york', '2026-03-08 00:30-05', '4 hours', '2026-03-08 05:30-04'),
    ('24x7, clocks back',                   'new york', '2026-11-01 00:30-04', '4 hours', '2026-11-01 03:30-05'),
    ('24x7 Berlin, clocks forward',         'always', '2026-03-29 00:30+01', '4 hours', '2026-03-29 05:30+02'),
    ('24x7 Berlin, clocks back',            'always', '2026-10-25 00:30+02', '4 hours', '2026-10-25 03:30+01'),
    ('night shift of 7 hours',              'night', '2026-03-28 22:00+01', '8 hours', '2026-03-29 23:00+02'),
    ('night shift of 9 hours',              'night', '2026-10-24 22:00+02', '9 hours', '2026-10-25 06:00+01'),
    ('night shift, after midnight',         'night', '2026-11-18 01:00+01', '6 hours', '2026-11-18 23:00+01'),
    ('night shift, at noon',                'night', '2026-11-18 12:00+01', '0', '2026-11-18 22:00+01'),
    ('lunch',                               'split', '2026-11-18 11:30+01', '1 hour', '2026-11-18 13:30+01'),
    ('zone of a half hour',                 'kolkata', '2026-11-20 18:00+05:30', '1 hour', '2026-11-21 10:00+05:30'),
    ('clocks forward by half an hour',      'lord howe', '2026-10-04 01:00+10:30', '2 hours', '2026-10-04 03:30+11'),
    ('clocks back by half an hour',         'lord howe', '2026-04-05 01:00+11', '2 hours', '2026-04-05 02:30+10:30'),
    ('Saturdays only',                      'saturday', '2026-11-22 00:00+00', '9 hours', '2026-12-12 11:00+00'),
    ('exceptional days only',               'exceptional', '2026-01-01 00:00+00', '3 hours', '2026-06-03 11:00+00'),
    ('night shift into the morning counts once', 'night and morning', '2026-11-18 04:00+00', '3 hours', '2026-11-18 07:00+00'),
    ('twenty years ahead',                  'always', '2026-01-01 00:00+00', '175320 hours', '2046-01-01 00:00+00'),
    ('thirty years back',                   'always', '2026-01-01 00:00+00', '-262968 hours', '1996-01-02 00:00+00'))
SELECT what, calendar, length, revops.business_add(calendar, since::timestamptz, length::interval) AS result,
       revops.business_add(calendar, since::timestamptz, length::interval) = expected::timestamptz AS ok
FROM cases;

-- --------------------------------------------------------------- between
WITH cases(what, calendar, since, until, expected) AS (VALUES
    ('a working week',                 'office', '2026-11-16 00:00+01', '2026-11-23 00:00+01', '40:00'),
    ('backwards',                      'office', '2026-11-23 00:00+01', '2026-11-16 00:00+01', '-40:00'),
    ('nothing on a closed day',        'office', '2026-11-21 08:00+01', '2026-11-22 23:00+01', '0'),
    ('raised on a closed day',         'office', '2026-11-21 20:00+01', '2026-11-23 10:00+01', '1:00'),
    ('the same moment',                'office', '2026-11-18 10:00+01', '2026-11-18 10:00+01', '0'),
    ('over Christmas',                 'office', '2026-12-24 00:00+01', '2026-12-29 00:00+01', '11:00'),
    ('clocks forward',                 'always', '2026-03-29 00:00+01', '2026-03-30 00:00+02', '23:00'),
    ('clocks back',                    'always', '2026-10-25 00:00+02', '2026-10-26 00:00+01', '25:00'),
    ('no minute lost at midnight',     'always', '2026-11-18 23:58+01', '2026-11-19 00:02+01', '0:04'),
    ('a year of 24x7',                 'always', '2026-01-01 00:00+01', '2027-01-01 00:00+01', '8760:00'),
    ('night shift of 7 hours',         'night', '2026-03-28 12:00+01', '2026-03-29 12:00+02', '7:00'),
    ('night shift of 9 hours',         'night', '2026-10-24 12:00+02', '2026-10-25 12:00+01', '9:00'),
    ('summer''s offset in winter',     'office', '2026-07-01 00:00+02', '2026-12-01 00:00+01', '874:00'),
    ('hours in the gap: 30 minutes as the offset before reads them', 'in the gap', '2026-03-29 00:00+01', '2026-03-30 00:00+02', '0:30'),
    ('hours in the overlap: once',     'in the gap', '2026-10-25 00:00+02', '2026-10-26 00:00+01', '0:30'),
    ('gap: spans that meet in UTC count once', 'up to the gap', '2026-03-29 00:00+01', '2026-03-30 00:00+02', '3:00'),
    ('a day that the zone skipped',    'apia', '2011-12-29 00:00-10', '2012-01-01 00:00+14', '16:00'),
    ('night shift and morning',        'night and morning', '2026-11-18 12:00+00', '2026-11-19 12:00+00', '11:00'),
    ('exceptional days only',          'exceptional', '2020-01-01 00:00+00', '2030-01-01 00:00+00', '4:00'))
SELECT what, calendar, revops.business_between(calendar, since::timestamptz, until::timestamptz) AS result,
       revops.business_between(calendar, since::timestamptz, until::timestamptz) = expected::interval AS ok
FROM cases;

-- ---------------------------------------------------- is open, next opening
SELECT at, calendar, revops.is_open(calendar, at::timestamptz), revops.next_open(calendar, at::timestamptz)
FROM (VALUES ('office', '2026-11-18 08:59:59.999999+01'), ('office', '2026-11-18 09:00+01'),
             ('office', '2026-11-18 16:59:59.999999+01'), ('office', '2026-11-18 17:00+01'),
             ('office', '2026-12-24 13:00+01'), ('office', '2026-12-25 10:00+01'),
             ('office', '2026-11-28 11:00+01'), ('night', '2026-11-18 05:59+01'),
             ('night', '2026-11-18 06:00+01'), ('always', '2026-03-29 01:30+00'),
             ('in the gap', '2026-03-29 01:15+00'), ('in the gap', '2026-10-25 00:15+00'),
             ('in the gap', '2026-10-25 01:15+00'), ('exceptional', '2026-06-02 00:00+00')) v(calendar, at);

-- calendars by number, and the session's zone changes nothing
SELECT revops.business_add(1, '2026-11-13 16:30+01', '1 hour'), revops.business_between(1, '2026-11-16', '2026-11-23'),
       revops.is_open(1, '2026-11-18 09:00+01'), revops.next_open(1, '2026-11-21');
SET TimeZone = 'America/Los_Angeles';
SELECT revops.business_add(1, '2026-11-13 16:30+01', '1 hour') = '2026-11-16 09:30+01' AS same;
SET TimeZone = 'UTC';
SELECT revops.business_add(NULL::int, now(), '1 hour') IS NULL AS null_in_null_out;

-- the same name in two workspaces
INSERT INTO revops.calendar (calendar_id, workspace_id, calendar, time_zone) VALUES (20, 2, 'office', 'UTC');
INSERT INTO revops.calendar_hours VALUES (20, 1, '00:00', '01:00');
SELECT w, revops.next_open('office', '2026-11-22 00:00+00', w) FROM (VALUES (1), (2), (1)) v(w);

-- ------------------------------------------------------------- bad input
SELECT * FROM failure($$SELECT revops.business_add('office', now(), '2 days')$$);
SELECT * FROM failure($$SELECT revops.business_add('office', now(), '1 mon 1 hour')$$);
SELECT code, message, hint FROM failure($$SELECT revops.next_open('nowhere', now())$$);
SELECT code, message, hint FROM failure($$SELECT revops.next_open('saturday', now(), 2)$$);
SELECT code, message, hint FROM failure($$SELECT revops.next_open(4711, now())$$);
SELECT * FROM failure($$SELECT revops.next_open('empty', now())$$);
SELECT * FROM failure($$SELECT revops.check_calendar('empty')$$);
SELECT * FROM failure($$SELECT revops.check_calendar(13)$$);
SELECT code FROM failure($$SELECT revops.check_calendar('office'), revops.check_calendar(2)$$);
SELECT * FROM failure($$SELECT revops.next_open('exceptional', '2026-06-03 12:00+00')$$);
SELECT * FROM failure($$SELECT revops.business_add('exceptional', '2026-06-01 11:00+00', '3:00:01')$$);
SELECT * FROM failure($$SELECT revops.business_add('exceptional', '2026-06-01 11:00+00', '-2 hours')$$);
SELECT * FROM failure($$SELECT revops.is_open('office', 'infinity')$$);
SELECT code, message FROM failure($$SELECT revops.business_between('office', '-infinity', now())$$);
SELECT code, message FROM failure($$SELECT revops.next_open('office', '0001-01-01 00:00+00')$$);
SELECT code, message FROM failure($$SELECT revops.next_open('office', '294276-01-01 00:00+00')$$);
SELECT code, message FROM failure($$SELECT revops.next_open('office', '1899-12-31 23:59:59+00')$$);
SELECT code FROM failure($$SELECT revops.next_open('office', '1900-01-01 00:00+00'), revops.next_open('office', '2299-12-20 00:00+00')$$);
SELECT * FROM failure($$SELECT revops.business_add('saturday', '2026-11-22 00:00+00', '1000000 hours')$$);
SELECT code, message FROM failure($$SELECT revops.business_add('saturday', '2026-11-22 00:00+00', '-1000000 hours')$$);
SELECT code, message FROM failure($$SELECT revops.business_add('always', '2026-11-22 00:00+00', '2562047788:00:54.775807')$$);
SELECT code, message FROM failure($$SELECT revops.business_add('always', '2026-11-22 00:00+00', '-2562047788:00:54.775807')$$);

SELECT * FROM failure($$INSERT INTO revops.calendar (calendar_id, calendar, time_zone) VALUES (99, 'x', 'Europe/Berlinn')$$);
SELECT code, message FROM failure($$UPDATE revops.calendar SET time_zone = '' WHERE calendar_id = 1$$);
SELECT * FROM failure($$INSERT INTO revops.calendar_hours VALUES (1, 3, '16:30', '18:00')$$);
SELECT * FROM failure($$INSERT INTO revops.calendar_hours VALUES (1, 3, '08:00', '06:00')$$);
SELECT code, message FROM failure($$UPDATE revops.calendar_hours SET closes = '14:00' WHERE calendar_id = 5 AND isodow = 2 AND opens = '08:00'$$);
SELECT code FROM failure($$UPDATE revops.calendar_hours SET closes = '13:00' WHERE calendar_id = 5 AND isodow = 2 AND opens = '08:00'$$);
SELECT * FROM failure($$INSERT INTO revops.calendar_exception VALUES (1, '2026-12-24', NULL, NULL)$$);
SELECT * FROM failure($$INSERT INTO revops.calendar_exception VALUES (1, '2026-12-31', '09:00', NULL)$$);
SELECT code, message, detail FROM failure($$INSERT INTO revops.calendar_exception VALUES (1, '2026-12-31', NULL, '12:00')$$);
SELECT code, message, detail FROM failure($$INSERT INTO revops.calendar_exception VALUES (1, '2026-12-31', '09:00', '12:00'), (1, '2026-12-31', '11:00', '13:00')$$);
SELECT code, message, hint FROM failure($$INSERT INTO revops.calendar_hours SELECT 13, 1, time '00:00' + i * interval '1 minute', time '00:01' + i * interval '1 minute' FROM generate_series(0, 24) i$$);
SELECT code FROM failure($$INSERT INTO revops.calendar_exception VALUES (1, '2026-12-25', NULL, NULL)$$);
SELECT code FROM failure($$INSERT INTO revops.calendar_exception VALUES (1, 'infinity', NULL, NULL)$$);
SELECT code FROM failure($$INSERT INTO revops.calendar_hours VALUES (1, 0, '09:00', '17:00')$$);
SELECT code FROM failure($$INSERT INTO revops.calendar_hours VALUES (1, 6, '24:00', '17:00')$$);
SELECT code FROM failure($$INSERT INTO revops.calendar_hours VALUES (4711, 6, '09:00', '17:00')$$);
SELECT code, message FROM failure($$SELECT revops.validate_calendar()$$);

-- a restore loads rows without these checks; then they are made at first use
SET check_function_bodies = off;
INSERT INTO revops.calendar VALUES (30, 1, 'broken zone', 'Mars/Olympus'), (31, 1, 'broken hours', 'UTC');
INSERT INTO revops.calendar_hours VALUES (31, 1, '09:00', '17:00'), (31, 1, '10:00', '12:00');
RESET check_function_bodies;
SELECT code, message FROM failure($$SELECT revops.check_calendar('broken zone')$$);
SELECT code, message FROM failure($$SELECT revops.is_open(31, now())$$);
DELETE FROM revops.calendar WHERE calendar_id IN (30, 31);

-- ---------------------------------------------------------------- edits
-- seen at once in the session that makes them, gone when it rolls back
SELECT revops.next_open('office', '2026-11-22 00:00+00') AS monday;
BEGIN;
UPDATE revops.calendar_hours SET opens = '07:00' WHERE calendar_id = 1;
SELECT revops.next_open('office', '2026-11-22 00:00+00') AS monday_at_seven;
SAVEPOINT s;
INSERT INTO revops.calendar_exception VALUES (1, '2026-11-23', NULL, NULL);
SELECT revops.next_open('office', '2026-11-22 00:00+00') AS tuesday_at_seven;
ROLLBACK TO s;
SELECT revops.next_open('office', '2026-11-22 00:00+00') AS monday_at_seven;
ROLLBACK;
SELECT revops.next_open('office', '2026-11-22 00:00+00') AS monday;
UPDATE revops.calendar SET time_zone = 'America/New_York' WHERE calendar_id = 1;
SELECT revops.next_open('office', '2026-11-22 00:00+00') AS monday_in_new_york;
UPDATE revops.calendar SET calendar = 'head office' WHERE calendar_id = 1;
SELECT code, message FROM failure($$SELECT revops.next_open('office', now())$$);
SELECT revops.next_open('head office', '2026-11-22 00:00+00') AS monday_in_new_york;
DELETE FROM revops.calendar_hours WHERE calendar_id = 8;
SELECT code, message FROM failure($$SELECT revops.next_open(8, now())$$);
DELETE FROM revops.calendar WHERE calendar_id = 8;
SELECT code, message FROM failure($$SELECT revops.next_open(8, now())$$);
SELECT count(*) AS exceptions FROM revops.calendar_exception WHERE calendar_id = 1;
TRUNCATE revops.calendar_exception;
SELECT revops.next_open(1, '2026-12-25 00:00+00') AS christmas;

-- ------------------------------------------- other roles, other processes
-- whoever may call the functions needs no right on the tables
CREATE ROLE regress_revops_caller;
GRANT revops_reader TO regress_revops_caller;
SET ROLE regress_revops_caller;
SELECT revops.next_open(2, '2026-11-22 00:00+00');
UPDATE revops.calendar SET time_zone = 'UTC';
-- names in the caller's path can't come between
RESET ROLE;
CREATE SCHEMA evil;
CREATE FUNCTION evil.eq(int, int) RETURNS boolean LANGUAGE sql AS 'SELECT true';
CREATE OPERATOR evil.= (FUNCTION = evil.eq, LEFTARG = int, RIGHTARG = int);
SET search_path = evil, pg_catalog;
SELECT code, message FROM public.failure($$SELECT revops.next_open(4711, now())$$);
RESET search_path;
DROP SCHEMA evil CASCADE;
DROP ROLE regress_revops_caller;

-- parallel workers, and the leader's cache after them
CREATE TABLE moment AS SELECT timestamptz '2026-01-01 00:00+00' + i * interval '1 minute' AS at FROM generate_series(1, 20000) i;
ANALYZE moment;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET max_parallel_workers_per_gather = 2;
EXPLAIN (COSTS OFF) SELECT sum(revops.business_between('always', at, at + interval '1 hour')) FROM moment;
SELECT sum(revops.business_between('always', at, at + interval '1 hour')) AS together FROM moment;
SELECT sum(revops.business_between('night', at, at + interval '1 hour')) AS together FROM moment;
