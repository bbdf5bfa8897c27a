-- F1: business time against a clock that is walked minute by minute, in random
-- zones, years and hours.  ":zones" zones with 1,700 moments each; half of the
-- moments lie within four days of a change of the clocks, where there is one.
\if :{?zones}
\else
    \set zones 30
\endif
SET client_min_messages = warning;
SET TimeZone = 'UTC';
CREATE EXTENSION IF NOT EXISTS pg_revops;
CREATE FUNCTION naive_begin(text, timestamptz, int) RETURNS boolean LANGUAGE c STRICT AS 'test_calendar';
CREATE FUNCTION naive_change(int) RETURNS timestamptz LANGUAGE c STRICT AS 'test_calendar';
CREATE FUNCTION naive_open(date, time, time) RETURNS void LANGUAGE c STRICT AS 'test_calendar';
CREATE FUNCTION naive_add(timestamptz, int) RETURNS timestamptz LANGUAGE c STRICT AS 'test_calendar';
CREATE FUNCTION naive_between(timestamptz, timestamptz) RETURNS int LANGUAGE c STRICT AS 'test_calendar';
CREATE FUNCTION naive_is_open(timestamptz) RETURNS boolean LANGUAGE c STRICT AS 'test_calendar';
CREATE FUNCTION naive_next_open(timestamptz) RETURNS timestamptz LANGUAGE c STRICT AS 'test_calendar';
CREATE FUNCTION naive_next_close(timestamptz) RETURNS timestamptz LANGUAGE c STRICT AS 'test_calendar';
INSERT INTO revops.workspace (workspace_id, workspace, time_zone, currency) VALUES (1, 'main', 'UTC', 'EUR');

-- random by hash: the same in every run
CREATE FUNCTION pick(variadic salt int[]) RETURNS float8 LANGUAGE sql IMMUTABLE AS
$$ SELECT (hash_array_extended(salt, 20261123) & 1048575) / 1048576.0 $$;
CREATE FUNCTION pick_int(below int, variadic salt int[]) RETURNS int LANGUAGE sql IMMUTABLE AS
$$ SELECT floor(below * pick(variadic salt))::int $$;

-- hours of a weekday: up to three spans on a grid of five minutes, often at night, when the clocks change; the
-- last may end at 24:00 or the next day
CREATE FUNCTION random_hours(n int, season int, isodow int) RETURNS TABLE (opens time, closes time) LANGUAGE sql IMMUTABLE AS $$
    WITH t AS (SELECT m, row_number() OVER (ORDER BY m) AS r, count(*) OVER () AS all_of_them
               FROM (SELECT DISTINCT 5 * pick_int(CASE WHEN pick(n, season, isodow, i, 1) < 0.4 THEN 40 ELSE 288 END,
                                                  n, season, isodow, i) AS m
                     FROM generate_series(1, 2 * (1 + pick_int(3, n, season, isodow, 100))) i) x)
    SELECT time '00:00' + a.m * interval '1 minute',
           CASE WHEN b.r < b.all_of_them OR pick(n, season, isodow, 101) < 0.6 THEN time '00:00' + b.m * interval '1 minute'
                WHEN pick(n, season, isodow, 102) < 0.5 THEN time '24:00'
                ELSE time '00:00' + least(a.m, pick_int(288, n, season, isodow, 103) * 5) * interval '1 minute' END
    FROM t a JOIN t b ON b.r = a.r + 1
    WHERE a.r % 2 = 1 AND pick(n, season, isodow, 104) < 0.75
$$;

CREATE TABLE zone AS
SELECT row_number() OVER (ORDER BY hashtextextended(name, 7)) AS n, name
FROM pg_timezone_names WHERE name !~ '^(posix|right)/|localtime|posixrules';

CREATE TABLE answer
(
    n int, at timestamptz, minutes int,
    add timestamptz, back timestamptz, passed interval, is_open boolean, opening timestamptz, closing timestamptz,
    naive_add timestamptz, naive_back timestamptz, naive_passed interval, naive_is_open boolean, naive_opening timestamptz,
    naive_closing timestamptz
);

CREATE PROCEDURE one_zone(n int, zone text) LANGUAGE plpgsql AS $$
DECLARE
    year int := 1973 + pick_int(90, n, 1);
    since date := make_date(year, 1, 1);
    turn date := CASE WHEN pick(n, 2) < 0.5 THEN since + pick_int(365, n, 3) END;
    number int;
BEGIN
    INSERT INTO revops.calendar (calendar, time_zone) VALUES (n || ' ' || zone, zone) RETURNING calendar_id INTO number;
    INSERT INTO revops.calendar_hours
    SELECT number, d, opens, closes, COALESCE(s.since, '-infinity'), COALESCE(s.until, 'infinity')
    FROM (SELECT 1 AS season, NULL::date AS since, turn AS until
          UNION ALL SELECT 2, turn, NULL WHERE turn IS NOT NULL) s,
         generate_series(1, 7) d, random_hours(n, season, d);
    INSERT INTO revops.calendar_exception
    SELECT number, day, opens, closes
    FROM (SELECT DISTINCT since - 30 + pick_int(425, n, 5, i) AS day FROM generate_series(1, 25) i) x
         LEFT JOIN LATERAL random_hours(n, 3, EXTRACT(doy FROM day)::int) ON true;
    -- the reference knows the rows, and reads them as they are meant
    IF NOT naive_begin(zone, timestamptz 'epoch' + (since - date '1970-01-01' - 40) * interval '24 hours', 460) THEN
        RETURN;
    END IF;
    PERFORM naive_open(day, opens, closes)
    FROM (SELECT d::date AS day FROM generate_series(since::timestamp - interval '38 days', since::timestamp + interval '417 days',
                                                     '1 day') d) x,
         LATERAL (SELECT e.opens, e.closes FROM revops.calendar_exception e
                  WHERE e.calendar_id = number AND e.day = x.day AND e.opens IS NOT NULL
                  UNION ALL
                  SELECT h.opens, h.closes FROM revops.calendar_hours h
                  WHERE h.calendar_id = number AND h.isodow = EXTRACT(isodow FROM x.day)
                    AND h.since <= x.day AND x.day < h.until
                    AND NOT EXISTS (SELECT FROM revops.calendar_exception e
                                    WHERE e.calendar_id = number AND e.day = x.day)) hours;

    INSERT INTO answer
    SELECT one_zone.n, at, m,
           revops.business_add(number, at, m * interval '1 minute'), revops.business_add(number, at, -m * interval '1 minute'),
           revops.business_between(number, at, at + m * interval '3 minutes'),
           revops.is_open(number, at), revops.next_open(number, at), revops.next_close(number, at),
           naive_add(at, m), naive_add(at, -m),
           naive_between(at, at + m * interval '3 minutes') * interval '1 minute',
           naive_is_open(at), naive_next_open(at), naive_next_close(at)
    FROM (SELECT 1 + pick_int(3000, one_zone.n, 7, i) AS m,
                 CASE WHEN i % 2 = 0 OR change IS NULL OR change NOT BETWEEN since AND since + 365
                      THEN timestamptz 'epoch' + (since - date '1970-01-01') * interval '24 hours'
                           + pick_int(365 * 1440, one_zone.n, 8, i) * interval '1 minute'
                      ELSE change + (pick_int(8 * 1440, one_zone.n, 9, i) - 4 * 1440) * interval '1 minute' END AS at
          FROM generate_series(1, 1700) i,
               LATERAL (SELECT naive_change(1 + i / 2 % 2) AS change) c) x;
END
$$;

SELECT format('CALL one_zone(%s, %L)', n, name) FROM zone WHERE n <= :zones ORDER BY n
\gexec

SELECT count(*) >= 0.9 * 1700 * least(:zones, (SELECT count(*) FROM zone)) AS many_moments,
       count(naive_add) > 0.9 * count(*) AS most_are_compared,
       count(naive_back) > 0.9 * count(*) AS backward_too,
       count(naive_closing) > 0.95 * count(*) AS closings_too
FROM answer;
\echo wrong: business_add, forward and backward
SELECT * FROM answer WHERE naive_add <> add OR naive_back <> back LIMIT 10;
\echo wrong: business_between
SELECT * FROM answer WHERE naive_passed IS DISTINCT FROM passed LIMIT 10;
\echo wrong: is_open, next_open, next_close
SELECT * FROM answer WHERE naive_is_open <> is_open OR naive_opening <> opening OR naive_closing <> closing LIMIT 10;
