-- F1: what changes of the clocks, of a zone's rules and of the calendar's days have broken elsewhere, case by
-- case.  Expected values are worked out by hand; "ok" must be t in every row.
SET timezone = 'Asia/Tokyo';    -- the session's zone is none of the calendars'
SET datestyle = 'ISO, YMD';
SET intervalstyle = 'postgres';
SET client_min_messages = warning;
INSERT INTO revops.workspace (workspace_id, workspace, time_zone, currency) VALUES (1, 'main', 'UTC', 'EUR');
CREATE FUNCTION make_calendar(name text, zone text, days int[], VARIADIC spans text[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    number int;
BEGIN
    INSERT INTO revops.calendar (calendar, time_zone) VALUES (name, zone) RETURNING calendar_id INTO number;
    INSERT INTO revops.calendar_hours
    SELECT number, d, split_part(s, '-', 1)::time, split_part(s, '-', 2)::time FROM unnest(days) d, unnest(spans) s;
END $$;
SELECT count(make_calendar(name, zone, CASE week WHEN 7 THEN '{1,2,3,4,5,6,7}'::int[] ELSE '{1,2,3,4,5}' END, VARIADIC spans))
FROM (VALUES
    ('ny always',     'America/New_York',    7, '{00:00-24:00}'::text[]),
    ('ny office',     'America/New_York',    5, '{09:00-17:00}'),
    ('ny nights',     'America/New_York',    7, '{22:00-06:00}'),
    ('ny from gap',   'America/New_York',    7, '{02:30-04:00}'),
    ('ny into gap',   'America/New_York',    7, '{01:00-02:30}'),
    ('ny from fold',  'America/New_York',    7, '{01:30-03:00}'),
    ('ny into fold',  'America/New_York',    7, '{00:00-01:30}'),
    ('ny late',       'America/New_York',    7, '{18:00-24:00}'),
    ('lord howe',     'Australia/Lord_Howe', 7, '{00:00-24:00}'),
    ('apia',          'Pacific/Apia',        7, '{09:00-17:00}'),
    ('apia nights',   'Pacific/Apia',        7, '{22:00-06:00}'),
    ('kwajalein',     'Pacific/Kwajalein',   7, '{09:00-17:00}'),
    ('chatham',       'Pacific/Chatham',     7, '{00:00-24:00}'),
    ('casablanca',    'Africa/Casablanca',   7, '{00:00-24:00}'),
    ('casa office',   'Africa/Casablanca',   7, '{09:00-17:00}'),
    ('dublin',        'Europe/Dublin',       7, '{00:00-24:00}'),
    ('moscow',        'Europe/Moscow',       7, '{09:00-17:00}'),
    ('istanbul',      'Europe/Istanbul',     7, '{09:00-17:00}'),
    ('caracas',       'America/Caracas',     7, '{09:00-17:00}'),
    ('pyongyang',     'Asia/Pyongyang',      7, '{09:00-17:00}'),
    ('sao paulo',     'America/Sao_Paulo',   7, '{00:00-24:00}'),
    ('utc always',    'UTC',                 7, '{00:00-24:00}'),
    ('berlin office', 'Europe/Berlin',       5, '{09:00-17:00}'),
    ('berlin split',  'Europe/Berlin',       5, '{08:00-12:00,13:00-17:00}'),
    ('london office', 'Europe/London',       5, '{09:00-17:00}')) v(name, zone, week, spans);
INSERT INTO revops.calendar_exception SELECT calendar_id, '2026-12-25', NULL, NULL FROM revops.calendar WHERE calendar LIKE 'berlin%';

\echo business_between
WITH cases(what, calendar, since, until, expected) AS (VALUES
    ('forward: a day of 23 hours',             'ny always', '2026-03-08 00:00-05', '2026-03-09 00:00-04', '23:00'),
    ('back: a day of 25 hours',                'ny always', '2026-11-01 00:00-04', '2026-11-02 00:00-05', '25:00'),
    ('forward outside the hours',              'ny office', '2026-03-06 00:00-05', '2026-03-10 00:00-04', '16:00'),
    ('back outside the hours',                 'ny office', '2026-10-30 00:00-04', '2026-11-03 00:00-05', '16:00'),
    ('forward inside a night shift',           'ny nights', '2026-03-07 12:00-05', '2026-03-08 12:00-04', '7:00'),
    ('back inside a night shift',              'ny nights', '2026-10-31 12:00-04', '2026-11-01 12:00-05', '9:00'),
    ('span that opens in the gap',             'ny from gap', '2026-03-08 00:00-05', '2026-03-09 00:00-04', '0:30'),
    ('span that closes in the gap',            'ny into gap', '2026-03-08 00:00-05', '2026-03-09 00:00-04', '1:30'),
    ('span that opens in the overlap',         'ny from fold', '2026-11-01 00:00-04', '2026-11-02 00:00-05', '1:30'),
    ('span that closes in the overlap',        'ny into fold', '2026-11-01 00:00-04', '2026-11-02 00:00-05', '2:30'),
    ('24:00 loses no minute',                  'ny late', '2026-06-01 23:59-04', '2026-06-02 00:01-04', '0:01'),
    ('Lord Howe, half an hour forward',        'lord howe', '2026-10-04 00:00+10:30', '2026-10-05 00:00+11', '23:30'),
    ('Lord Howe, half an hour back',           'lord howe', '2026-04-05 00:00+11', '2026-04-06 00:00+10:30', '24:30'),
    ('Samoa skipped 30 December 2011',         'apia', '2011-12-29 00:00-10', '2012-01-01 00:00+14', '16:00'),
    ('Kwajalein skipped 21 August 1993',       'kwajalein', '1993-08-20 00:00-12', '1993-08-23 00:00+12', '16:00'),
    ('Chatham, forward',                       'chatham', '2026-09-27 00:00+12:45', '2026-09-28 00:00+13:45', '23:00'),
    ('Chatham, back',                          'chatham', '2026-04-05 00:00+13:45', '2026-04-06 00:00+12:45', '25:00'),
    ('Morocco, back for Ramadan',              'casablanca', '2024-03-10 00:00+01', '2024-03-11 00:00+00', '25:00'),
    ('Morocco, forward after Ramadan',         'casablanca', '2024-04-14 00:00+00', '2024-04-15 00:00+01', '23:00'),
    ('Dublin, negative daylight saving',       'dublin', '2026-10-25 00:00+01', '2026-10-26 00:00+00', '25:00'),
    ('Sao Paulo, midnight does not exist',     'sao paulo', '2018-11-03 00:00-03', '2018-11-05 00:00-02', '47:00'),
    ('Sao Paulo, midnight comes twice',        'sao paulo', '2018-02-17 00:00-02', '2018-02-19 00:00-03', '49:00'),
    ('Sao Paulo, no daylight saving any more', 'sao paulo', '2026-11-01 00:00-03', '2026-12-01 00:00-03', '720:00'),
    ('leap day',                               'utc always', '2028-02-28 00:00+00', '2028-03-01 00:00+00', '48:00'),
    ('no leap day in 2100',                    'utc always', '2100-02-28 00:00+00', '2100-03-01 00:00+00', '24:00'),
    ('over the year''s end',                   'utc always', '2026-12-31 23:00+00', '2027-01-01 01:00+00', '2:00'),
    ('first year of all',                      'utc always', '1900-01-01 00:00+00', '1901-01-01 00:00+00', '8760:00'),
    ('over a holiday',                         'berlin office', '2026-12-24 16:00+01', '2026-12-28 10:00+01', '2:00'),
    ('raised on a closed day',                 'berlin office', '2026-11-21 20:00+01', '2026-11-23 09:30+01', '0:30'),
    ('both moments on closed days',            'berlin office', '2026-11-21 08:00+01', '2026-11-22 20:00+01', '0'),
    ('past dates by the offset of then',       'london office', '2026-07-06 09:00+01', '2026-07-06 17:00+01', '8:00'))
SELECT what, revops.business_between(calendar, since::timestamptz, until::timestamptz) AS result,
       revops.business_between(calendar, since::timestamptz, until::timestamptz) = expected::interval AS ok
FROM cases;

\echo business_add, and back again
WITH cases(what, calendar, since, length, expected) AS (VALUES
    ('peers 24: 4 hours over forward',        'ny always', '2026-03-08 00:30-05', '4 hours', '2026-03-08 05:30-04'),
    ('peers 24: 4 hours over back',           'ny always', '2026-11-01 00:30-04', '4 hours', '2026-11-01 03:30-05'),
    ('peers 25: Saturday 15:00',              'berlin office', '2026-11-14 15:00+01', '4 hours', '2026-11-16 13:00+01'),
    ('peers 25: Saturday 18:00',              'berlin office', '2026-11-14 18:00+01', '4 hours', '2026-11-16 13:00+01'),
    ('peers 25: Saturday 08:00',              'berlin office', '2026-11-14 08:00+01', '4 hours', '2026-11-16 13:00+01'),
    ('peers 28: holidays count',              'berlin office', '2026-12-24 16:00+01', '2 hours', '2026-12-28 10:00+01'),
    ('peers 28: seconds are not rounded',     'berlin office', '2026-11-18 16:59:58+01', '3 seconds', '2026-11-19 09:00:01+01'),
    ('peers 28: more than 52 weeks',          'berlin office', '2023-01-02 09:00+01', '4000 hours', '2024-11-29 17:00+01'),
    ('peers 29: 24:00 loses no minute',       'utc always', '2026-11-18 23:59+00', '2 minutes', '2026-11-19 00:01+00'),
    ('peers 30: Friday 16:30 + 1 hour',       'berlin office', '2026-11-13 16:30+01', '1 hour', '2026-11-16 09:30+01'),
    ('peers 30: two windows a day',           'berlin split', '2026-11-18 11:30+01', '1 hour', '2026-11-18 13:30+01'),
    ('peers 31: from midnight',               'berlin office', '2026-11-18 00:00+01', '1 hour', '2026-11-18 10:00+01'),
    ('peers 32: over midnight',               'ny nights', '2026-06-01 23:00-04', '2 hours', '2026-06-02 01:00-04'),
    ('peers 32: midnight as the end',         'ny late', '2026-06-01 23:00-04', '2 hours', '2026-06-02 19:00-04'),
    ('peers 33: the local day, not UTC''s',   'ny office', '2026-06-01 20:00-04', '1 hour', '2026-06-02 10:00-04'),
    ('peers 33: over a month''s end',         'berlin office', '2026-01-30 16:00+01', '2 hours', '2026-02-02 10:00+01'),
    ('peers 33: British summer',              'london office', '2026-07-06 08:00+01', '1 hour', '2026-07-06 10:00+01'),
    ('peers 35: no whole-hour steps',         'berlin office', '2026-11-18 16:45+01', '30 minutes', '2026-11-19 09:15+01'),
    ('a due time that would not exist',       'ny always', '2026-03-08 01:30-05', '1 hour', '2026-03-08 03:30-04'),
    ('a due time in the second 01:30',        'ny always', '2026-11-01 00:30-04', '2 hours', '2026-11-01 01:30-05'),
    ('start on a closed day, late',           'berlin office', '2026-11-21 23:59:59+01', '1 second', '2026-11-23 09:00:01+01'),
    ('start exactly at closing',              'berlin office', '2026-11-20 17:00+01', '1 hour', '2026-11-23 10:00+01'),
    ('Lord Howe, forward',                    'lord howe', '2026-10-04 01:00+10:30', '2 hours', '2026-10-04 03:30+11'),
    ('Lord Howe, back',                       'lord howe', '2026-04-05 01:00+11', '2 hours', '2026-04-05 02:30+10:30'),
    ('Samoa: the night before the gap day',   'apia', '2011-12-29 16:00-10', '2 hours', '2011-12-31 10:00+14'),
    ('Morocco: office hours before Ramadan''s end', 'casa office', '2024-04-13 16:00+00', '2 hours', '2024-04-14 10:00+01'),
    ('Moscow 2011: summer time stays',        'moscow', '2011-11-01 16:00+04', '2 hours', '2011-11-02 10:00+04'),
    ('Moscow 2014: winter time stays',        'moscow', '2014-10-25 16:00+04', '2 hours', '2014-10-26 10:00+03'),
    ('Istanbul 2016: summer time stays',      'istanbul', '2016-11-01 16:00+03', '2 hours', '2016-11-02 10:00+03'),
    ('Caracas 2016: half an hour forward',    'caracas', '2016-04-30 16:00-04:30', '2 hours', '2016-05-01 10:00-04'),
    ('Pyongyang 2015: half an hour back',     'pyongyang', '2015-08-14 16:00+09', '2 hours', '2015-08-15 10:00+08:30'),
    ('leap day',                              'berlin office', '2028-02-28 16:00+01', '2 hours', '2028-02-29 10:00+01'))
SELECT what, revops.business_add(calendar, since::timestamptz, length::interval) AT TIME ZONE time_zone AS local,
       revops.business_add(calendar, since::timestamptz, length::interval) = expected::timestamptz AS ok,
       revops.business_between(calendar, since::timestamptz, expected::timestamptz) = length::interval AS same_arithmetic,
       revops.business_add(calendar, expected::timestamptz, -length::interval)
           = revops.next_open(calendar, since::timestamptz) AS back
FROM cases JOIN revops.calendar USING (calendar);

\echo next_open, next_close
WITH cases(calendar, at, opening, closing) AS (VALUES
    ('ny nights', '2026-03-08 12:00-04', '2026-03-08 22:00-04', '2026-03-09 06:00-04'),
    ('ny nights', '2026-03-07 23:00-05', '2026-03-07 23:00-05', '2026-03-08 06:00-04'),
    ('ny late', '2026-06-01 17:00-04', '2026-06-01 18:00-04', '2026-06-02 00:00-04'),
    ('ny late', '2026-06-02 00:00-04', '2026-06-02 18:00-04', '2026-06-03 00:00-04'),
    ('apia', '2011-12-29 17:00-10', '2011-12-31 09:00+14', '2011-12-31 17:00+14'),
    ('berlin split', '2026-11-18 11:59:59.999999+01', '2026-11-18 11:59:59.999999+01', '2026-11-18 12:00+01'),
    ('berlin split', '2026-11-18 12:00+01', '2026-11-18 13:00+01', '2026-11-18 17:00+01'),
    ('berlin office', '2026-12-24 17:00+01', '2026-12-28 09:00+01', '2026-12-28 17:00+01'))
SELECT calendar, at, revops.next_open(calendar, at::timestamptz) = opening::timestamptz AS opening_ok,
       revops.next_close(calendar, at::timestamptz) = closing::timestamptz AS closing_ok,
       revops.next_close(calendar_id, at::timestamptz) = closing::timestamptz AS by_number
FROM cases JOIN revops.calendar USING (calendar);
\set VERBOSITY terse
SELECT revops.next_close('utc always', '2026-01-01 00:00+00');
SELECT revops.next_close('utc always', 'infinity');
SELECT revops.next_open('utc always', '-infinity');
SELECT revops.business_add('utc always', 'infinity', '1 hour');
SELECT revops.business_between('utc always', '-infinity', 'infinity');
-- bounds of the years
SELECT revops.is_open('utc always', '1899-12-31 23:59:59.999999+00');
SELECT revops.is_open('utc always', '1900-01-01 00:00+00'), revops.is_open('utc always', '2299-12-31 23:59:59+00');
SELECT revops.is_open('utc always', '2300-01-01 00:00+00');
-- peers 25, 35: nothing is ever open: an error, no loop
INSERT INTO revops.calendar (calendar, time_zone) VALUES ('shut', 'UTC');
SELECT revops.business_add('shut', '2026-01-01 00:00+00', '1 hour');
