#!/bin/bash
#
# calendar.sh: business_add() against the day loop in PL/pgSQL that people
# write, on one calendar (Europe/Berlin, Monday to Friday 9:00 to 17:30, 180
# holidays).  CPU time of the backend, interleaved rounds, medians; the cost of
# scanning the moments is taken off both.  Both must give the same moments.
#
# Needs a server with the extension installed, given by PGHOST, PGPORT and so
# on, and a superuser (it reads the backend's own /proc/self/schedstat).
# Makes and drops a database of its own.  Prints a line to standard error and
# one JSON object to standard output; ends non-zero where the bar is missed.
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

CREATE TABLE moment AS
SELECT i, timestamptz '2024-01-01 00:00+00' + i * interval '157 seconds' AS at,
       (1 + i % 40) * interval '1 hour' + i % 7 * interval '1 minute' AS length
FROM generate_series(1, 400000) i;
VACUUM ANALYZE moment;

CREATE FUNCTION cpu() RETURNS float8 LANGUAGE sql AS
$$ SELECT split_part(pg_read_file('/proc/self/schedstat'), ' ', 1)::float8 $$;

CREATE TABLE round (n int, scan float8, ours float8, loop_scan float8, loop float8);
DO $$
DECLARE
    t float8[];
    few int := 4000;
BEGIN
    FOR n IN 0..7 LOOP
        t[0] := cpu();
        PERFORM count(length) FROM moment WHERE at IS NOT NULL;
        t[1] := cpu();
        PERFORM count(revops.business_add(1, at, length)) FROM moment WHERE at IS NOT NULL;
        t[2] := cpu();
        PERFORM count(length) FROM moment WHERE i <= few;
        t[3] := cpu();
        PERFORM count(add_by_days(at, length)) FROM moment WHERE i <= few;
        t[4] := cpu();
        -- the first round only warms up
        IF n > 0 THEN
            INSERT INTO round VALUES (n, (t[1] - t[0]) / 400000, (t[2] - t[1]) / 400000,
                                      (t[3] - t[2]) / few, (t[4] - t[3]) / few);
        END IF;
    END LOOP;
END $$;

DO $$
BEGIN
    IF EXISTS (SELECT FROM moment WHERE i % 97 = 0 AND revops.business_add(1, at, length) <> add_by_days(at, length)) THEN
        RAISE EXCEPTION 'business_add and the day loop disagree';
    END IF;
END $$;

CREATE TABLE median AS
SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY scan) AS scan,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY ours - scan) AS ours,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY loop - loop_scan) AS loop,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY (loop - loop_scan) / (ours - scan)) AS ratio
FROM round;
SELECT round(ours) AS ours, round(loop) AS loop, round(ratio::numeric, 1) AS ratio, ratio >= 100 AS passed FROM median
\gset
\warn business time, ns of CPU a call (medians of 7 rounds): business_add :ours, day loop in PL/pgSQL :loop, ratio :ratio (at least 100)
\echo {"bench":"deadline_vs_plpgsql","value"::ratio,"bar":100,"sense":">="}
\if :passed
\else
    \warn deadline_vs_plpgsql misses its bar
    DO $$ BEGIN RAISE EXCEPTION 'bar missed'; END $$;
\endif
SQL
