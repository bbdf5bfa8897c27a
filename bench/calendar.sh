#!/bin/bash
#
# calendar.sh: business_add() and business_between() against the day loops in
# PL/pgSQL that people write, on one calendar (Europe/Berlin, Monday to Friday
# 9:00 to 17:30, 180 holidays).  CPU time of the backend, interleaved rounds,
# medians; the cost of scanning the moments is taken off both.  Both must give
# the same moments and lengths.
#
# Needs a server with the extension installed, given by PGHOST, PGPORT and so
# on, and a superuser (it reads the backend's own /proc/self/schedstat).
# Makes and drops a database of its own.  Prints lines to standard error and
# JSON objects to standard output; ends non-zero where a bar is missed.
#
set -euo pipefail

database=bench_calendar_$$
admin="psql -Xq -v ON_ERROR_STOP=1 -d ${PGDATABASE:-postgres}"

cleanup()
{
	$admin -c "DROP DATABASE IF EXISTS $database" || true
}
trap cleanup EXIT

$admin -c "CREATE DATABASE $database"
psql -Xq -v ON_ERROR_STOP=1 -d "$database" -At <<'SQL'
SET client_min_messages = warning;
SET max_parallel_workers_per_gather = 0;
SET jit = off;
CREATE EXTENSION pg_revops;
INSERT INTO revops.workspace (workspace_id, workspace, time_zone, currency) VALUES (1, 'main', 'Europe/Berlin', 'EUR');
INSERT INTO revops.calendar (calendar_id, calendar, time_zone) VALUES (1, 'office', 'Europe/Berlin');
INSERT INTO revops.calendar_hours SELECT 1, d, '09:00', '17:30' FROM generate_series(1, 5) d;
INSERT INTO revops.calendar_exception SELECT 1, date '2018-01-01' + i * 26, NULL, NULL FROM generate_series(0, 179) i;
VACUUM ANALYZE revops.calendar_hours, revops.calendar_exception;

-- what people write: walk over local days until the time is used up
CREATE FUNCTION add_by_days(since timestamptz, length interval) RETURNS timestamptz STABLE LANGUAGE plpgsql AS $$
DECLARE
    today date := (since AT TIME ZONE 'Europe/Berlin')::date;
    span record;
    opening timestamptz;
    closing timestamptz;
    rest interval := length;
BEGIN
    LOOP
        IF NOT EXISTS (SELECT FROM revops.calendar_exception WHERE calendar_id = 1 AND day = today) THEN
            FOR span IN SELECT opens, closes FROM revops.calendar_hours
                        WHERE calendar_id = 1 AND isodow = extract(isodow FROM today) ORDER BY opens LOOP
                opening := greatest(since, (today + span.opens) AT TIME ZONE 'Europe/Berlin');
                closing := (today + span.closes) AT TIME ZONE 'Europe/Berlin';
                CONTINUE WHEN closing <= opening;
                IF closing - opening >= rest THEN
                    RETURN opening + rest;
                END IF;
                rest := rest - (closing - opening);
            END LOOP;
        END IF;
        today := today + 1;
    END LOOP;
END $$;

CREATE FUNCTION between_by_days(since timestamptz, until timestamptz) RETURNS interval STABLE LANGUAGE plpgsql AS $$
DECLARE
    today date := (since AT TIME ZONE 'Europe/Berlin')::date;
    span record;
    opening timestamptz;
    closing timestamptz;
    passed interval := '0';
BEGIN
    WHILE today <= (until AT TIME ZONE 'Europe/Berlin')::date LOOP
        IF NOT EXISTS (SELECT FROM revops.calendar_exception WHERE calendar_id = 1 AND day = today) THEN
            FOR span IN SELECT opens, closes FROM revops.calendar_hours
                        WHERE calendar_id = 1 AND isodow = extract(isodow FROM today) ORDER BY opens LOOP
                opening := greatest(since, (today + span.opens) AT TIME ZONE 'Europe/Berlin');
                closing := least(until, (today + span.closes) AT TIME ZONE 'Europe/Berlin');
                IF closing > opening THEN
                    passed := passed + (closing - opening);
                END IF;
            END LOOP;
        END IF;
        today := today + 1;
    END LOOP;
    RETURN passed;
END $$;

CREATE TABLE moment AS
SELECT i, at, length, at + length * 4.2 AS later
FROM (SELECT i, timestamptz '2024-01-01 00:00+00' + i * interval '157 seconds' AS at,
             (1 + i % 40) * interval '1 hour' + i % 7 * interval '1 minute' AS length
      FROM generate_series(1, 400000) i) x;
VACUUM ANALYZE moment;

CREATE FUNCTION cpu() RETURNS float8 LANGUAGE sql AS
$$ SELECT split_part(pg_read_file('/proc/self/schedstat'), ' ', 1)::float8 $$;

CREATE TABLE round (n int, scan float8, add float8, between_ float8, loop_scan float8, add_loop float8, between_loop float8);
DO $$
DECLARE
    t float8[];
    few int := 4000;
    many int := 400000;
BEGIN
    FOR n IN 0..7 LOOP
        t[0] := cpu();
        PERFORM count(length) FROM moment WHERE at IS NOT NULL;
        t[1] := cpu();
        PERFORM count(revops.business_add(1, at, length)) FROM moment WHERE at IS NOT NULL;
        t[2] := cpu();
        PERFORM count(revops.business_between(1, at, later)) FROM moment WHERE at IS NOT NULL;
        t[3] := cpu();
        PERFORM count(length) FROM moment WHERE i <= few;
        t[4] := cpu();
        PERFORM count(add_by_days(at, length)) FROM moment WHERE i <= few;
        t[5] := cpu();
        PERFORM count(between_by_days(at, later)) FROM moment WHERE i <= few;
        t[6] := cpu();
        -- the first round only warms up
        IF n > 0 THEN
            INSERT INTO round VALUES (n, (t[1] - t[0]) / many, (t[2] - t[1]) / many, (t[3] - t[2]) / many,
                                      (t[4] - t[3]) / few, (t[5] - t[4]) / few, (t[6] - t[5]) / few);
        END IF;
    END LOOP;
END $$;

DO $$
BEGIN
    IF EXISTS (SELECT FROM moment WHERE i % 97 = 0 AND revops.business_add(1, at, length) <> add_by_days(at, length)) THEN
        RAISE EXCEPTION 'business_add and the day loop disagree';
    END IF;
    IF EXISTS (SELECT FROM moment WHERE i % 97 = 0 AND revops.business_between(1, at, later) <> between_by_days(at, later)) THEN
        RAISE EXCEPTION 'business_between and the day loop disagree';
    END IF;
END $$;

CREATE TABLE median AS
SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY add - scan) AS add,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY add_loop - loop_scan) AS add_loop,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY (add_loop - loop_scan) / (add - scan)) AS add_ratio,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY between_ - scan) AS between_,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY between_loop - loop_scan) AS between_loop,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY (between_loop - loop_scan) / (between_ - scan)) AS between_ratio
FROM round;
SELECT round(add) AS add, round(add_loop) AS add_loop, round(add_ratio::numeric, 1) AS add_ratio,
       round(between_) AS between_, round(between_loop) AS between_loop, round(between_ratio::numeric, 1) AS between_ratio,
       add_ratio >= 200 AND between_ratio >= 200 AND add <= 2000 AND between_ <= 2000 AS passed FROM median
\gset
\warn business time, ns of CPU a call (medians of 7 rounds): business_add :add, day loop in PL/pgSQL :add_loop, ratio :add_ratio (at least 200)
\warn business time, ns of CPU a call (medians of 7 rounds): business_between :between_, day loop in PL/pgSQL :between_loop, ratio :between_ratio (at least 200)
\echo {"bench":"business_add_vs_plpgsql","value"::add_ratio,"bar":200,"sense":">="}
\echo {"bench":"business_add_ns","value"::add,"bar":2000,"sense":"<="}
\echo {"bench":"business_between_vs_plpgsql","value"::between_ratio,"bar":200,"sense":">="}
\echo {"bench":"business_between_ns","value"::between_,"bar":2000,"sense":"<="}
\if :passed
\else
    \warn business time misses a bar
    DO $$ BEGIN RAISE EXCEPTION 'bar missed'; END $$;
\endif
SQL
