#!/bin/bash
#
# timers.sh: timers that are due at one moment, fired by run_due() in calls of
# 1,000: breaches of promises, leads that fall through a border by decay alone,
# recycled leads that come back.  Figures are timers a second of the backend's CPU,
# everything they set off included (moves, facts, events, new timers).
#
#   BENCH_TIMERS  how many (default 100000)
#
# Needs a server with the extension, given by PGHOST, PGPORT and so on, and a
# superuser.  Prints a table to standard error, one JSON object for each to
# standard output; ends non-zero where the bar is missed.
#
set -euo pipefail

timers=${BENCH_TIMERS:-100000}
database=bench_timers_$$
trap 'psql -Xq -d "${PGDATABASE:-postgres}" -c "DROP DATABASE IF EXISTS $database WITH (FORCE)"' EXIT
psql -Xq -d "${PGDATABASE:-postgres}" -c "CREATE DATABASE $database"

psql -XqAt -v ON_ERROR_STOP=1 -v timers="$timers" -d "$database" <<'SQL'
SET client_min_messages = warning;
SET jit = off;
SET synchronous_commit = off;
CREATE EXTENSION pg_revops;
SET pg_revops.now = '2026-03-02 09:00+00';
SELECT revops.create_workspace('bench') \g /dev/null
CREATE TABLE lead (id int PRIMARY KEY, size int);
CREATE TABLE act (id int PRIMARY KEY, lead int, kind text, at timestamptz);
SELECT revops.draft_agreement() AS draft \gset
INSERT INTO revops.score_rule (agreement_id, rule, kind, condition, points)
VALUES (:draft, 'mid-size', 'fit', 'company_size > 10', 80);
SELECT revops.adopt_agreement(:draft) \g /dev/null
INSERT INTO revops.rep (rep) SELECT 'rep ' || n FROM generate_series(1, 12) n;
INSERT INTO revops.team (team) VALUES ('all');
INSERT INTO revops.team_member (team_id, rep_id) SELECT team_id, rep_id FROM revops.team, revops.rep;
INSERT INTO revops.route (route, position, team_id) SELECT 'everybody', 1, team_id FROM revops.team;
SELECT revops.attach_lead('leads', 'lead', '{"company_size": "size"}'),
       revops.attach_touch('acts', 'act', 'leads', '{"lead": "lead", "signal": "kind", "occurred_at": "at"}') \g /dev/null
INSERT INTO lead SELECT n, 100 FROM generate_series(1, :timers) n;
INSERT INTO act SELECT n, n, 'demo_request', revops.engine_now() FROM generate_series(1, :timers) n;

CREATE PROCEDURE fire(INOUT ns bigint, INOUT fired bigint) LANGUAGE plpgsql AS $$
DECLARE
    done int;
BEGIN
    ns := -split_part(pg_read_file('/proc/self/schedstat'), ' ', 1)::bigint;
    fired := 0;
    LOOP
        done := revops.run_due(1000);
        fired := fired + done;
        COMMIT;
        EXIT WHEN done = 0;
    END LOOP;
    ns := ns + split_part(pg_read_file('/proc/self/schedstat'), ' ', 1)::bigint;
END $$;
CREATE TABLE result (kind text, fired bigint, events bigint, ns bigint);

VACUUM ANALYZE;
SET pg_revops.now = '2026-03-04 09:00+00';
CALL fire(0, 0) \gset
INSERT INTO result SELECT 'breaches', :fired, count(*), :ns FROM revops.event WHERE event = 'sla_breached';
SET pg_revops.now = '2026-03-12 09:00+00';
VACUUM ANALYZE;
CALL fire(0, 0) \gset
INSERT INTO result SELECT 'falls', :fired, count(*), :ns FROM revops.event WHERE event = 'intent_fell';
SELECT count(revops.recycle(lead_id, 'timing', '2026-03-13 09:00+00')) FROM revops.lead \g /dev/null
SET pg_revops.now = '2026-03-13 09:00+00';
VACUUM ANALYZE;
CALL fire(0, 0) \gset
INSERT INTO result SELECT 'recycled', :fired, count(*), :ns FROM revops.event WHERE event = 'came_back';

SELECT bool_and(events = :timers) AND bool_and(fired >= :timers) AS all_fired, bool_and(fired * 1e9 / ns >= 20000) AS passed,
       string_agg(format('    %s: %s fired, %s a second of CPU', kind, fired, round(fired * 1e9 / ns)), E'\n') AS said FROM result \gset
\warn timers due at one moment, run_due(1000):
\warn :said
SELECT format('{"bench":"timers_%s_per_second","value":%s,"bar":20000,"sense":">="}', kind, round(fired * 1e9 / ns)) FROM result;
\if :all_fired
\else
    \warn some did not fire, or fired twice
    TABLE result;
    DO $$ BEGIN RAISE EXCEPTION 'timers and events differ'; END $$;
\endif
\if :passed
\else
    DO $$ BEGIN RAISE EXCEPTION 'bar missed'; END $$;
\endif
SQL
