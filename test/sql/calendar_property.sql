-- Business time against plain SQL references, on thousands of pseudo-random
-- cases (from hashes: the same in every run), and the laws that it must obey.
-- Every query at the end prints what is wrong; nothing is.
SET client_min_messages = warning;
SET TimeZone = 'UTC';
SET IntervalStyle = 'postgres';

INSERT INTO revops.workspace (workspace_id, workspace, time_zone, currency) VALUES (1, 'main', 'UTC', 'EUR');
INSERT INTO revops.calendar (calendar_id, calendar, time_zone) VALUES
    (1, 'office', 'Europe/Berlin'), (2, 'always', 'Europe/Berlin'), (3, 'night', 'America/New_York'),
    (4, 'split', 'Europe/Dublin'), (5, 'half hours', 'Asia/Kolkata'), (6, 'half-hour clocks', 'Australia/Lord_Howe'),
    (7, 'saturday', 'Pacific/Auckland'), (8, 'in the gap', 'Europe/Berlin'), (9, 'overlapping nights', 'America/Sao_Paulo'),
    (10, 'odd seconds', 'Asia/Kathmandu'), (11, 'a whole day at noon', 'America/New_York');
INSERT INTO revops.calendar_hours
SELECT c, d, o::time, u::time
FROM (VALUES (1, 1, 5, '09:00', '17:30'), (2, 1, 7, '00:00', '24:00'), (3, 1, 7, '22:00', '06:00'),
             (4, 1, 5, '08:00', '12:00'), (4, 1, 5, '13:00', '17:00'), (4, 6, 6, '10:00', '13:00'),
             (5, 1, 6, '09:30', '18:30'), (6, 1, 7, '00:00', '00:00'), (7, 6, 6, '10:00', '14:00'),
             (8, 1, 7, '01:30', '02:30'), (8, 1, 7, '02:45', '03:15'), (9, 1, 7, '20:00', '07:00'),
             (9, 1, 7, '05:00', '06:00'), (9, 1, 5, '06:30', '12:00'), (10, 1, 5, '09:00:01.5', '17:00:59.25'),
             (11, 2, 2, '12:00', '12:00'), (11, 4, 4, '00:00', '24:00')) h(c, a, b, o, u),
     generate_series(a, b) d;
-- about one day in nine is a holiday, one in nine a half day
INSERT INTO revops.calendar_exception
SELECT c, day, CASE kind WHEN 1 THEN time '10:00' END, CASE kind WHEN 1 THEN time '12:45' END
FROM (SELECT c, day::date, abs(hashint8(c * 100000 + (day::date - '2024-01-01'))) % 9 AS kind
      FROM unnest('{1,3,4,5,7,9}'::int[]) c,
           generate_series(timestamp '2024-12-01', '2029-01-31', '1 day') day) x
WHERE kind < 2;

-- ------------------------------------------------------------ references
CREATE TABLE day_span AS
SELECT c.calendar_id, c.time_zone, d::date AS day, h.opens, h.closes
FROM revops.calendar c, generate_series(timestamp '2024-12-01', '2029-01-31', '1 day') d,
     LATERAL (SELECT opens, closes FROM revops.calendar_exception e
              WHERE e.calendar_id = c.calendar_id AND e.day = d::date
              UNION ALL
              SELECT opens, closes FROM revops.calendar_hours w
              WHERE w.calendar_id = c.calendar_id AND w.isodow = extract(isodow FROM d)
                AND NOT EXISTS (SELECT FROM revops.calendar_exception e
                                WHERE e.calendar_id = c.calendar_id AND e.day = d::date)) h
WHERE h.opens IS NOT NULL;

-- a: spans turned into instants, united
CREATE TABLE open_time AS
SELECT calendar_id, lower(r) AS s, upper(r) AS e
FROM (SELECT calendar_id, unnest(range_agg(tstzrange(s, e))) AS r
      FROM (SELECT calendar_id, (day + opens) AT TIME ZONE time_zone AS s,
                   (day + (closes <= opens)::int + closes) AT TIME ZONE time_zone AS e FROM day_span) x
      WHERE s < e GROUP BY calendar_id) x;
CREATE INDEX ON open_time (calendar_id, s);
CREATE INDEX ON day_span (calendar_id, day);
ANALYZE open_time;
ANALYZE day_span;

-- b: no span is turned into instants; each instant is looked at on the local clock
CREATE FUNCTION open_on_the_clock(number int, at timestamptz) RETURNS boolean STABLE LANGUAGE sql AS $$
    SELECT EXISTS (SELECT FROM (SELECT at AT TIME ZONE time_zone AS l FROM revops.calendar WHERE calendar_id = number) x,
                          day_span d
                   WHERE d.calendar_id = number AND
                         (d.day = l::date AND opens <= l::time AND (l::time < closes OR closes <= opens)
                          OR d.day = l::date - 1 AND closes <= opens AND l::time < closes))
$$;

-- ----------------------------------------------------------------- cases
CREATE FUNCTION chance(seed bigint, salt bigint) RETURNS float8 IMMUTABLE LANGUAGE sql AS
$$ SELECT (hashint8extended(seed, salt) & 1048575) / 1048576.0 $$;

-- moments: a third anywhere, a third on quarters of an hour, a third exactly on a boundary or a microsecond beside it
CREATE TABLE moment AS
SELECT c AS calendar_id, i, CASE i % 3
           WHEN 0 THEN at
           WHEN 1 THEN date_bin('15 minutes', at, '2025-01-01 00:00+00')
           ELSE coalesce((SELECT CASE WHEN i % 2 = 0 THEN s ELSE e END FROM open_time o
                          WHERE o.calendar_id = c AND s BETWEEN at - interval '30 days' AND at
                          ORDER BY s DESC LIMIT 1), date_trunc('day', at))
                + (i / 6 % 3 - 1) * interval '1 microsecond' END AS at,
       -- a length up to four weeks' worth
       CASE i % 2 WHEN 0 THEN 1 ELSE 0.25 END * interval '1 microsecond'
           * round(CASE i % 4 WHEN 0 THEN 4 * 3600e6 ELSE 900e6 END)
           * round(weekly * 4 * chance(i, 2000 + c) / CASE i % 4 WHEN 0 THEN 4 ELSE 1 END)
           + CASE i % 5 WHEN 0 THEN interval '1 microsecond' * round(chance(i, 3000 + c) * 1e9) ELSE '0' END AS length
FROM (SELECT calendar_id AS c, sum(extract(epoch FROM closes - opens
                                            + CASE WHEN closes <= opens THEN interval '24 hours' ELSE '0' END)) / 3600 AS weekly
      FROM revops.calendar_hours GROUP BY calendar_id) w,
     generate_series(1, 500) i,
     LATERAL (SELECT timestamptz '2025-04-01 00:00+00'
                     + chance(i, 1000 + c) * interval '1 microsecond' * 3.3e7 * 2.7e6 AS at) x;
SELECT count(*) AS cases, count(DISTINCT length) > 1000 AS many_lengths,
       min(at) < '2025-05-01' AND max(at) > '2027-10-01' AS wide, bool_and(extract(day FROM length) = 0) AS exact_lengths
FROM moment;

CREATE TABLE answer AS
SELECT *, revops.business_add(calendar_id, at, length) AS later, revops.business_add(calendar_id, at, -length) AS earlier,
       revops.business_between(calendar_id, at, at + length) AS between,
       revops.is_open(calendar_id, at) AS open, revops.next_open(calendar_id, at) AS opening
FROM moment;
ANALYZE answer;

-- -------------------------------------------- against the references
\echo wrong: business_between
SELECT * FROM answer a WHERE between IS DISTINCT FROM
    (SELECT coalesce(sum(least(e, at + length) - greatest(s, at)), '0') FROM open_time o
     WHERE o.calendar_id = a.calendar_id AND s < at + length AND e > at);
\echo wrong: business_add forward
SELECT * FROM answer a WHERE length > '0' AND later IS DISTINCT FROM
    (SELECT e - (passed - length)
     FROM (SELECT s, e, sum(e - greatest(s, at)) OVER (ORDER BY s) AS passed FROM open_time o
           WHERE o.calendar_id = a.calendar_id AND e > at AND s < at + interval '90 days') x
     WHERE passed >= length ORDER BY s LIMIT 1);
\echo wrong: business_add backward
SELECT * FROM answer a WHERE length > '0' AND earlier IS DISTINCT FROM
    (SELECT s + (passed - length)
     FROM (SELECT s, e, sum(least(e, at) - s) OVER (ORDER BY s DESC) AS passed FROM open_time o
           WHERE o.calendar_id = a.calendar_id AND s < at AND e > at - interval '90 days') x
     WHERE passed >= length ORDER BY s DESC LIMIT 1);
\echo wrong: is_open, next_open
SELECT * FROM answer a WHERE open IS DISTINCT FROM
    EXISTS (SELECT FROM open_time o WHERE o.calendar_id = a.calendar_id AND s <= at AND at < e);
SELECT * FROM answer a WHERE opening IS DISTINCT FROM
    (SELECT greatest(s, at) FROM open_time o WHERE o.calendar_id = a.calendar_id AND e > at ORDER BY s LIMIT 1);
\echo wrong on the clock: is_open
SELECT * FROM answer WHERE calendar_id <> 8 AND open IS DISTINCT FROM open_on_the_clock(calendar_id, at);
\echo wrong on the clock: business_between over changes of the clocks, minute by minute
CREATE TABLE on_the_clock AS
SELECT calendar_id, since, until, between, minutes
FROM (SELECT c AS calendar_id, since, until, revops.business_between(c, since, until) AS between,
             (SELECT count(*) * interval '1 minute' FROM generate_series(since, until - interval '1 minute', '1 minute') at
              WHERE open_on_the_clock(c, at)) AS minutes
      FROM (VALUES (1, '2026-03-27 20:00+00'), (2, '2026-03-28 20:00+00'), (2, '2026-10-24 20:00+00'),
                   (3, '2026-03-07 20:00+00'), (3, '2026-10-31 20:00+00'), (4, '2026-03-27 20:00+00'),
                   (6, '2026-04-04 06:00+00'), (6, '2026-10-03 06:00+00'), (7, '2026-04-03 22:00+00'),
                   (9, '2026-03-28 20:00+00'), (11, '2026-03-05 00:00+00'), (11, '2026-10-29 00:00+00')) v(c, a),
           LATERAL (SELECT a::timestamptz + round(chance(c, n) * 600) * interval '1 minute' AS since
                    FROM generate_series(1, 4) n) x,
           LATERAL (SELECT since + interval '31 hours' AS until) y) z;
SELECT count(*), sum(minutes) FROM on_the_clock;
SELECT * FROM on_the_clock WHERE between <> minutes;

-- ------------------------------------------------------------------ laws
\echo broken: between(a, add(a, d)) = d, forward and backward
SELECT * FROM answer WHERE revops.business_between(calendar_id, at, later) <> length
                        OR revops.business_between(calendar_id, earlier, at) <> length;
\echo broken: zero gives the next opening
SELECT * FROM answer WHERE revops.business_add(calendar_id, at, '0') <> opening OR open <> (opening = at);
\echo broken: time is added inside open hours, up to and including closing
SELECT * FROM answer WHERE length > '0' AND NOT revops.is_open(calendar_id, later - interval '1 microsecond')
                        OR length > '0' AND NOT revops.is_open(calendar_id, earlier);
\echo broken: monotone in the length
SELECT * FROM (SELECT *, revops.business_add(calendar_id, at, length + i % 2 * interval '1 microsecond') AS more FROM answer) x
WHERE more < later OR later < opening;
\echo broken: monotone in the moment
SELECT calendar_id, at FROM (SELECT calendar_id, at, lag(t) OVER w > t AS falls
      FROM (SELECT calendar_id, at, revops.business_add(calendar_id, at, '7 hours') AS t FROM answer) x
      WINDOW w AS (PARTITION BY calendar_id ORDER BY at)) y
WHERE falls;
\echo broken: between is additive and antisymmetric
SELECT * FROM (SELECT calendar_id, at AS a, lead(at) OVER w AS b, lead(at, 2) OVER w AS c
               FROM answer WINDOW w AS (PARTITION BY calendar_id ORDER BY i)) x
WHERE revops.business_between(calendar_id, a, b) + revops.business_between(calendar_id, b, c)
          <> revops.business_between(calendar_id, a, c)
   OR revops.business_between(calendar_id, a, b) <> -revops.business_between(calendar_id, b, a);
\echo broken: adding in two steps ends where one step does
SELECT * FROM (SELECT *, revops.business_add(calendar_id, revops.business_add(calendar_id, at, length / 2), length - length / 2) AS twice
               FROM answer WHERE length > '0') x
WHERE twice <> later;

-- answers do not depend on the order of the questions, nor on what was made before:
-- a new session, last question first, after questions at both ends of the range
\c -
SET client_min_messages = warning;
SET TimeZone = 'UTC';
SELECT DISTINCT revops.business_between(c, '1901-01-01 00:00+00', '1901-01-02 00:00+00') IS NOT NULL AS first,
                revops.business_between(c, '2299-01-01 00:00+00', '2299-01-02 00:00+00') IS NOT NULL AS last
FROM generate_series(1, 6) c;
\echo wrong: in another order
SELECT count(*) FILTER (WHERE (revops.business_add(calendar_id, at, length), revops.business_add(calendar_id, at, -length),
                               revops.business_between(calendar_id, at, at + length), revops.next_open(calendar_id, at))
                              IS DISTINCT FROM (later, earlier, between, opening)) AS different
FROM (SELECT * FROM answer ORDER BY at DESC OFFSET 0) x;
