-- A service desk's incidents as leads that are handed to groups: lifecycle,
-- hand-overs, promises.  Run by demo/run.sh after bank.sql.

\echo
\echo '== 2. A service desk works on 24,918 incidents (UCI incident event log, CC BY 4.0)'
\echo
SET TimeZone = 'UTC';

-- What the desk has: one row a case, kept up to date, and one row an event.
CREATE SCHEMA desk;
CREATE TABLE desk.incident
(
    number           text PRIMARY KEY,
    incident_state   text NOT NULL,
    assignment_group text,
    contact_type     text,
    priority         text,
    opened_at        timestamptz NOT NULL,
    updated_at       timestamptz NOT NULL,
    resolved_at      timestamptz,
    made_sla         boolean NOT NULL
);
CREATE TABLE desk.incident_event
(
    id             bigint PRIMARY KEY,
    number         text NOT NULL REFERENCES desk.incident,
    incident_state text NOT NULL,
    at             timestamptz NOT NULL
);

-- The tape to play: the file as it is, then in the order of time.  Times have
-- no zone in the file; we declare UTC.  "?" is missing and stays missing.
CREATE UNLOGGED TABLE desk.file
(
    line bigint GENERATED ALWAYS AS IDENTITY,
    number text, incident_state text, active text, reassignment_count text, reopen_count text,
    sys_mod_count text, made_sla text, caller_id text, opened_by text, opened_at text,
    sys_created_by text, sys_created_at text, sys_updated_by text, sys_updated_at text,
    contact_type text, location text, category text, subcategory text, u_symptom text, cmdb_ci text,
    impact text, urgency text, priority text, assignment_group text, assigned_to text, knowledge text,
    u_priority_confirmation text, notify text, problem_id text, rfc text, vendor text, caused_by text,
    closed_code text, resolved_by text, resolved_at text, closed_at text
);
\set copy 'COPY desk.file (number, incident_state, active, reassignment_count, reopen_count, sys_mod_count, made_sla, caller_id, opened_by, opened_at, sys_created_by, sys_created_at, sys_updated_by, sys_updated_at, contact_type, location, category, subcategory, u_symptom, cmdb_ci, impact, urgency, priority, assignment_group, assigned_to, knowledge, u_priority_confirmation, notify, problem_id, rfc, vendor, caused_by, closed_code, resolved_by, resolved_at, closed_at) FROM PROGRAM ' :'incident_program' ' WITH (FORMAT csv, HEADER, NULL ''?'')'
:copy;

-- Events of one minute are played in the order of the file.  A statement can
-- change a case once only, so each minute is played in as many steps as its
-- busiest case has events.
CREATE UNLOGGED TABLE desk.tape AS
SELECT dense_rank() OVER (ORDER BY at, place)::int AS step, *
FROM (
    SELECT line, number, incident_state, assignment_group, contact_type, priority,
           to_timestamp(opened_at, 'DD/MM/YYYY HH24:MI') AS opened_at,
           to_timestamp(sys_updated_at, 'DD/MM/YYYY HH24:MI') AS at,
           to_timestamp(resolved_at, 'DD/MM/YYYY HH24:MI') AS resolved_at,
           made_sla::boolean AS made_sla,
           row_number() OVER (PARTITION BY number, sys_updated_at ORDER BY line) AS place
    FROM desk.file) AS f
ORDER BY step, line;
CREATE INDEX ON desk.tape (step);
ANALYZE desk.tape;

-- Who works, when, and what the states mean.
SELECT revops.create_workspace('service desk', 'UTC', 'EUR', bare => true) AS desk \gset
SELECT agreement_id AS draft FROM revops.agreement WHERE workspace_id = :desk AND status = 'draft' \gset

INSERT INTO revops.calendar (workspace_id, calendar, time_zone) VALUES (:desk, 'office hours', 'UTC')
RETURNING calendar_id AS calendar \gset
INSERT INTO revops.calendar_hours (calendar_id, isodow, opens, closes)
SELECT :calendar, day, '08:00', '18:00' FROM generate_series(1, 5) AS day;

INSERT INTO revops.team (workspace_id, team)
SELECT DISTINCT :desk, assignment_group FROM desk.tape WHERE assignment_group IS NOT NULL ORDER BY 2;

INSERT INTO revops.score_model (agreement_id) VALUES (:draft);

-- The log's own vocabulary; "-100" is in the log too, and nobody says what it is.
INSERT INTO revops.stage (agreement_id, stage, position, purpose, owner_team) VALUES
    (:draft, 'New',                10, 'entry', 'sales'),
    (:draft, 'Active',             20, NULL, 'sales'),
    (:draft, 'Awaiting User Info', 30, NULL, 'sales'),
    (:draft, 'Awaiting Vendor',    40, NULL, 'sales'),
    (:draft, 'Awaiting Problem',   50, NULL, 'sales'),
    (:draft, 'Awaiting Evidence',  60, NULL, 'sales'),
    (:draft, 'Resolved',           70, NULL, 'sales'),
    (:draft, 'Closed',             80, 'won', 'sales'),
    (:draft, '-100',               90, NULL, 'sales');
INSERT INTO revops.transition (agreement_id, from_stage, to_stage)
SELECT :draft, f.stage, t.stage
FROM revops.stage f JOIN revops.stage t USING (agreement_id)
WHERE agreement_id = :draft AND f.stage <> t.stage
  AND ((f.stage IN ('New', 'Active') OR f.stage LIKE 'Awaiting%')
       AND (t.stage IN ('Active', 'Resolved') OR t.stage LIKE 'Awaiting%')
       OR f.stage = 'Resolved' AND t.stage IN ('Closed', 'Active'));

-- An event that shows work on the case is a response.
INSERT INTO revops.signal (workspace_id, signal, direction, answers)
SELECT :desk, stage, 'outbound', stage NOT IN ('New', '-100')
FROM revops.stage WHERE agreement_id = :draft;

-- The promise is ours, declared for this demo: a first response within 60
-- minutes of office time after the first assignment to a group.
INSERT INTO revops.sla_policy (agreement_id, policy, position, promise, target, calendar_id)
VALUES (:draft, 'first response', 10, 'first_response', '60 minutes', :calendar);

SELECT revops.attach_lead('incidents', 'desk.incident', '{
    "created_at": "opened_at",
    "stage": "incident_state",
    "team": "assignment_group",
    "source": "contact_type",
    "segment": "priority"
}', workspace_id => :desk) IS NOT NULL AS attached \gset
SELECT revops.attach_touch('incident events', 'desk.incident_event', 'incidents', '{
    "lead": "number",
    "signal": "incident_state",
    "occurred_at": "at"
}') IS NOT NULL AS attached \gset
SELECT revops.adopt_agreement(:draft) AS activated \gset

-- Play the tape: the engine's clock is set to the minute of each step.
CREATE PROCEDURE desk.play()
LANGUAGE plpgsql AS $$
DECLARE
    here record;
    month text := '';
BEGIN
    FOR here IN SELECT step, min(at) AS at FROM desk.tape GROUP BY step ORDER BY step LOOP
        IF to_char(here.at, 'YYYY-MM') <> month THEN
            month := to_char(here.at, 'YYYY-MM');
            COMMIT;
            RAISE INFO 'playing %', month;
        END IF;
        PERFORM set_config('pg_revops.now', here.at::text, false);
        INSERT INTO desk.incident AS i (number, incident_state, assignment_group, contact_type, priority,
                                        opened_at, updated_at, resolved_at, made_sla)
        SELECT number, incident_state, assignment_group, contact_type, priority, opened_at, at, resolved_at, made_sla
        FROM desk.tape WHERE step = here.step
        ON CONFLICT (number) DO UPDATE
        SET incident_state = excluded.incident_state,
            -- an event that names no group leaves the case where it was
            assignment_group = coalesce(excluded.assignment_group, i.assignment_group),
            priority = excluded.priority,
            updated_at = excluded.updated_at,
            resolved_at = excluded.resolved_at,
            made_sla = excluded.made_sla;
        INSERT INTO desk.incident_event (id, number, incident_state, at)
        SELECT line, number, incident_state, at FROM desk.tape WHERE step = here.step ORDER BY line;
    END LOOP;
END
$$;
\echo 'Playing 141,712 events in the order of time ...'
\timing on
CALL desk.play();
\timing off
CALL revops.settle();
-- autovacuum does this by itself within a minute; we do not wait for it
ANALYZE;

-- What came of it, from the engine's own tables.
CREATE VIEW desk.moved AS
SELECT count(*) AS moves, count(*) FILTER (WHERE violation) AS outside
FROM revops.stage_change WHERE workspace_id = :desk AND from_stage IS NOT NULL;

CREATE VIEW desk.handed AS
SELECT l.lead_id, count(a.lead_id) AS handovers
FROM revops.lead_status l
LEFT JOIN revops.assignment a ON a.lead_id = l.lead_id AND a.from_team_id IS NOT NULL AND a.team_id <> a.from_team_id
WHERE l.binding = 'incidents'
GROUP BY l.lead_id;

CREATE VIEW desk.first_work AS
SELECT l.lead_id, extract(epoch FROM min(t.occurred_at) - l.created_at)::float8 / 3600 AS hours
FROM revops.lead_status l
JOIN revops.touch t ON t.lead_id = l.lead_id AND t.sign = 1
JOIN revops.signal s ON s.signal_id = t.signal_id AND s.signal IN ('Active', 'Resolved', 'Closed')
WHERE l.binding = 'incidents'
GROUP BY l.lead_id, l.created_at;

CREATE VIEW desk.response AS
SELECT lead_id, outcome, extract(epoch FROM revops.business_between(calendar_id, started_at, stopped_at))::float8 / 60 AS minutes
FROM revops.sla_clock WHERE workspace_id = :desk;

CREATE VIEW desk.spread AS
SELECT part, measure, unit, count(value) AS n,
       round(percentile_cont(0.5) WITHIN GROUP (ORDER BY value)::numeric, 3) AS median,
       round(avg(value)::numeric, 3) AS mean,
       round(percentile_cont(0.9) WITHIN GROUP (ORDER BY value)::numeric, 3) AS p90
FROM (
    SELECT 1 AS part, 'opened to first work' AS measure, 'hours' AS unit, hours AS value FROM desk.first_work
    UNION ALL
    SELECT 2, 'opened to resolved (input)', 'hours', extract(epoch FROM resolved_at - opened_at)::float8 / 3600
    FROM desk.incident WHERE resolved_at IS NOT NULL
    UNION ALL
    SELECT 3, 'assigned to first response', 'working minutes', minutes FROM desk.response WHERE outcome IN ('kept', 'late')) AS v
GROUP BY part, measure, unit;

CREATE VIEW desk.promise_month AS
SELECT to_char(period, 'YYYY-MM') AS month, sum(kept)::bigint AS kept, sum(breached)::bigint AS late,
       sum(running)::bigint AS running, round(100.0 * sum(kept) / nullif(sum(kept) + sum(breached), 0), 2) AS compliance
FROM revops.kpi_sla_compliance('month', NULL, NULL)
WHERE workspace = 'service desk'
GROUP BY period;

CREATE VIEW desk.figures AS
SELECT row_number() OVER (ORDER BY part, line_order) AS n, line
FROM (
    SELECT 1 AS part, '1' AS line_order, 'cases||' || count(*) AS line FROM revops.lead_status WHERE binding = 'incidents'
    UNION ALL
    SELECT 1, '2', 'events||' || count(*) FROM revops.touch WHERE workspace_id = :desk AND sign = 1
    UNION ALL
    SELECT 2, stage, format('end state|%s|%s', stage, count(*)) FROM revops.lead_status WHERE binding = 'incidents' GROUP BY stage
    UNION ALL
    SELECT 3, '1', 'moves||' || moves FROM desk.moved
    UNION ALL
    SELECT 3, '2', 'moves outside the lifecycle||' || outside FROM desk.moved
    UNION ALL
    SELECT 4, CASE WHEN handovers >= 5 THEN '5 or more' ELSE handovers::text END,
           format('hand-overs|%s|%s', CASE WHEN handovers >= 5 THEN '5 or more' ELSE handovers::text END, count(*))
    FROM desk.handed GROUP BY CASE WHEN handovers >= 5 THEN '5 or more' ELSE handovers::text END
    UNION ALL
    SELECT 5, '', 'hand-overs in all||' || sum(handovers) FROM desk.handed
    UNION ALL
    SELECT 6 + part, '', format('%s|%s|%s|%s|%s|%s', measure, n, median, mean, p90, unit) FROM desk.spread
    UNION ALL
    SELECT 8, '1', 'no resolution time (input)||' || count(*) FROM desk.incident WHERE resolved_at IS NULL
    UNION ALL
    SELECT 10, '', 'no group named, no promise||' || count(*)
    FROM revops.lead_status l WHERE l.binding = 'incidents'
      AND NOT EXISTS (SELECT FROM revops.sla_clock c WHERE c.lead_id = l.lead_id)
    UNION ALL
    SELECT 11, o.place, format('promises %s||%s', o.outcome, count(r.lead_id))
    FROM (VALUES ('1', 'kept'), ('2', 'late'), ('3', 'running')) AS o (place, outcome)
    LEFT JOIN desk.response r ON coalesce(r.outcome, 'running') = o.outcome
    GROUP BY o.place, o.outcome
    UNION ALL
    SELECT 12, month, format('promises|%s|%s|%s|%s|%s', month, kept, late, running, compliance) FROM desk.promise_month
    UNION ALL
    SELECT 13, '', 'made_sla true at the end (input)||' || count(*) FROM desk.incident WHERE made_sla) AS lines;

\echo
\echo 'Cases by end state, and moves that the declared lifecycle does not know (written down, not refused)'
SELECT stage AS "end state", count(*) AS cases FROM revops.lead_status WHERE binding = 'incidents' GROUP BY stage;
SELECT from_stage AS "from", to_stage AS "to", count(*) AS moves
FROM revops.stage_change WHERE workspace_id = :desk AND violation GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2;
\echo 'Hand-overs between groups'
SELECT least(handovers, 5) || CASE WHEN least(handovers, 5) = 5 THEN ' or more' ELSE '' END AS "hand-overs", count(*) AS cases
FROM desk.handed GROUP BY least(handovers, 5) ORDER BY least(handovers, 5);
\echo 'Response and resolution.  "(input)" is a column of the log, shown beside our figures;'
\echo '1,556 cases have no resolution time in the log, and none is invented.'
SELECT measure, n AS cases, median, mean, p90, unit FROM desk.spread ORDER BY part;
\echo 'The promise: a first response within 60 minutes of office time (Monday to Friday, 08:00 to 18:00 UTC)'
\echo 'after the first assignment to a group.  By month in which it was due:'
SELECT month, kept, late AS breached, running, compliance AS "kept %" FROM desk.promise_month ORDER BY month;
SELECT count(*) FILTER (WHERE outcome = 'kept') AS kept, count(*) FILTER (WHERE outcome = 'late') AS breached,
       round(100.0 * count(*) FILTER (WHERE outcome = 'kept') / count(*), 2) AS "kept %",
       (SELECT count(*) FROM revops.lead_status WHERE binding = 'incidents') - count(*) AS "no group, no promise",
       (SELECT round(100.0 * count(*) FILTER (WHERE made_sla) / count(*), 2) FROM desk.incident) AS "made_sla % (input)"
FROM desk.response;
